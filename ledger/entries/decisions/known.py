"""What the books know, as far as decisions rest on it: read once, and added to as decisions of one batch are made."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa

from ledger.entries.canonical import ENTRY_FIELDS
from ledger.entries.chain import LEGS_OF, last_entry
from ledger.entries.draft import LEGS, Draft
from ledger.entries.kinds import RECORD_KINDS
from ledger.models import (
    Agreement,
    Appointment,
    Dismissal,
    Fund,
    Organisation,
    Relationship,
    SourceLimit,
    Terms,
    Tier,
)
from ledger.plans import Contract, Letter, TestedInstalment
from ledger.store.base import Reader
from ledger.structure import KNOWN_RELATIONSHIPS
from ledger.words import LETTER_SOURCE
from ledger.years import today

_TABLES = {
    "tiers": "SELECT * FROM tier WHERE entry_number <= $known ORDER BY rank",
    "organisations": "SELECT * FROM organisation WHERE entry_number <= $known ORDER BY code",
    "funds": "SELECT * FROM fund WHERE entry_number <= $known ORDER BY code",
    "terms": "SELECT * FROM terms WHERE entry_number <= $known ORDER BY fund, effective_from, version",
    "agreements": "SELECT * FROM agreement a WHERE entry_number <= $known AND NOT EXISTS ("
    "SELECT 1 FROM agreement s WHERE s.supersedes = a.id AND s.entry_number <= $known) ORDER BY id",
    "letters": "SELECT * FROM letter WHERE entry_number <= $known ORDER BY entry_number, id",
    "instalments": "SELECT * FROM instalment WHERE entry_number <= $known ORDER BY entry_number, id",
    "contracts": "SELECT * FROM contract WHERE entry_number <= $known ORDER BY entry_number, id",
    "relationships": f"WITH {KNOWN_RELATIONSHIPS} SELECT * FROM known_relationship ORDER BY id",
}
_BY_ID = {
    "appointments": "SELECT a.id, a.person, a.role, a.organisation, "
    "CASE WHEN d.ends IS NULL OR a.valid_to < d.ends THEN a.valid_to ELSE d.ends END AS valid_to FROM appointment a "
    "LEFT JOIN (SELECT appointment, min(valid_to) AS ends FROM dismissal WHERE entry_number <= $known GROUP BY 1) d "
    "ON d.appointment = a.id WHERE a.entry_number <= $known ORDER BY a.entry_number, a.id",
    "limits": "SELECT id, fund, year FROM source_limit WHERE entry_number <= $known ORDER BY entry_number, id",
}
# What organisations and funds are called today, the newest name last.
_RENAMED = """
SELECT organisation, fund, name FROM renaming WHERE entry_number <= $known AND valid_from <= $day
ORDER BY valid_from, entry_number
"""
_KEYED = "SELECT key, number FROM entry WHERE key IN (SELECT key FROM wanted_keys) AND number <= $known"
# Those that rest on what the books held of something else: records, and what names a line of a letter.
_RECORDED = f"""
SELECT key, number FROM entry WHERE kind IN ({", ".join(repr(kind) for kind in RECORD_KINDS)})
    OR starts_with(source, '{LETTER_SOURCE}')
"""


@dataclass(slots=True)
class Known:
    """Records of the books, by their keys, as rows.

    Attributes:
        tiers, organisations, funds: by code.
        terms: those of each fund, in the order of their days and versions.
        agreements: those that none supersedes, by id.
        relationships: those that none supersedes, by child.
        appointments: the rights that were given, by id, each with the day on which it ends, dismissals included.
        limits: the newest limit of the source, by fund and year.
        last: the number of the newest entry.
        learned: the entries that were added, by key, each as the drafts that it is put together from.
        numbers: of the books, the numbers of the entries of some keys, by key.
        posted: of the books, the entry of a number.
        letters: the newest row of each line of a letter, by reference and receiver.
        instalments: the newest row of each instalment, by its code.
        contracts: the newest row of each contract, by its code.
        worked_out: what follows from who there is, by name, until a decision changes it: each row of a long register
            asks for it.
    """

    tiers: dict[str, dict[str, Any]]
    organisations: dict[str, dict[str, Any]]
    funds: dict[str, dict[str, Any]]
    terms: dict[str, list[dict[str, Any]]]
    agreements: dict[str, dict[str, Any]]
    relationships: dict[str, list[dict[str, Any]]]
    appointments: dict[str, dict[str, Any]] = field(default_factory=dict)
    limits: dict[tuple[str, int], str] = field(default_factory=dict)
    last: int = 0
    learned: dict[str, list[Draft]] = field(default_factory=dict)
    numbers: Callable[[Iterable[str]], dict[str, int]] = lambda _keys: {}
    posted: Callable[[int], Draft] | None = None
    letters: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    instalments: dict[str, dict[str, Any]] = field(default_factory=dict)
    contracts: dict[str, dict[str, Any]] = field(default_factory=dict)
    worked_out: dict[str, str | None] = field(default_factory=dict)

    @property
    def source(self) -> str | None:
        """The organisation from which all money comes; None where the books have none."""
        if "source" not in self.worked_out:
            tiers = {code for code, tier in self.tiers.items() if tier["may_go_below_zero"]}
            of_them = (code for code, one in self.organisations.items() if one["tier"] in tiers)
            self.worked_out["source"] = next(of_them, None)
        return self.worked_out["source"]

    @property
    def national(self) -> str | None:
        """The organisation just below the source of the money; None where there is none, or more than one."""
        if "national" not in self.worked_out:
            source = self.source
            below = {child for child, rows in self.relationships.items() for row in rows if row["parent"] == source}
            self.worked_out["national"] = below.pop() if len(below) == 1 else None
        return self.worked_out["national"]

    def terms_held(self, fund: str, day: date) -> dict[str, Any] | None:
        """The terms that hold on a fund on a day: its own, or those of the nearest fund around it."""
        line: str | None = fund
        seen: set[str] = set()
        while line is not None and line not in seen:
            seen.add(line)
            begun = [row for row in self.terms.get(line, []) if row["effective_from"] <= day]
            if begun:
                return begun[-1]
            line = self.funds.get(line, {}).get("parent")
        return None

    def version_after(self, fund: str, day: date) -> int:
        """The version that the next terms of a fund from a day on have."""
        return len([row for row in self.terms.get(fund, []) if row["effective_from"] == day]) + 1

    def entry(self, key: str) -> tuple[int, Draft] | None:
        """The entry of a key, of the books or of what was added, with the number that it has or will have."""
        before = list(self.learned)
        if key in self.learned:
            before = before[: before.index(key)]
        there = self.numbers([*before, key])
        if key in there:
            assert self.posted is not None
            return there[key], self.posted(there[key])
        if key not in self.learned:
            return None
        parts = self.learned[key]
        moved = pa.concat_tables([part.legs() for part in parts])
        new = [one for one in before if one not in there]
        return self.last + len(new) + 1, replace(parts[0], transfers=moved)

    def learn(self, draft: Draft) -> None:
        """Take in what a draft would bring, so that later decisions of a batch can rest on it."""
        self.learned.setdefault(draft.key, []).append(draft)
        for model, table in draft.records.items():
            if model not in _LEARNED:
                continue
            self.worked_out.clear()
            for row in table.to_pylist():
                _LEARNED[model](self, row)


Row = dict[str, Any]


def _terms(known: Known, row: Row) -> None:
    held = known.terms.setdefault(row["fund"], [])
    held.append(row)
    held.sort(key=lambda one: (one["effective_from"], one["version"]))


def _agreement(known: Known, row: Row) -> None:
    known.agreements.pop(row["supersedes"] or "", None)
    known.agreements[row["id"]] = row


def _dismissal(known: Known, row: Row) -> None:
    right = known.appointments[row["appointment"]]
    right["valid_to"] = min(row["valid_to"], right["valid_to"] or row["valid_to"])


def _relationship(known: Known, row: Row) -> None:
    others = known.relationships.setdefault(row["child"], [])
    others[:] = [one for one in others if one["id"] != row["supersedes"]] + [row]


_LEARNED: dict[Any, Callable[[Known, Row], None]] = {
    Tier: lambda known, row: known.tiers.update({row["code"]: row}),
    Organisation: lambda known, row: known.organisations.update({row["code"]: row}),
    Fund: lambda known, row: known.funds.update({row["code"]: row}),
    Terms: _terms,
    Agreement: _agreement,
    Appointment: lambda known, row: known.appointments.update({row["id"]: row}),
    Dismissal: _dismissal,
    SourceLimit: lambda known, row: known.limits.update({(row["fund"], row["year"]): row["id"]}),
    Relationship: _relationship,
    Letter: lambda known, row: known.letters.update({(row["reference"], row["to_organisation"]): row}),
    Contract: lambda known, row: known.contracts.update({row["code"]: row}),
    TestedInstalment: lambda known, row: known.instalments.update({row["code"]: row}),
}


def known(reader: Reader, at: int | None = None) -> Known:
    """What the books know by an entry, as far as decisions rest on it; by the newest where none is named."""
    at = last_entry(reader) if at is None else at
    rows = {name: reader.table(sql, {"known": at}).drop_columns("entry_number") for name, sql in _TABLES.items()}
    by_code = {
        name: {row["code"]: row for row in rows[name].to_pylist()} for name in ("tiers", "organisations", "funds")
    }
    for row in reader.table(_RENAMED, {"known": at, "day": today()}).to_pylist():
        what, code = ("funds", row["fund"]) if row["organisation"] is None else ("organisations", row["organisation"])
        by_code[what][code]["name"] = row["name"]
    terms: dict[str, list[dict[str, Any]]] = {}
    for row in rows["terms"].to_pylist():
        terms.setdefault(row["fund"], []).append(row)
    relationships: dict[str, list[dict[str, Any]]] = {}
    for row in rows["relationships"].to_pylist():
        relationships.setdefault(row["child"], []).append(row)
    agreements = {row["id"]: row for row in rows["agreements"].to_pylist()}
    appointments, limits = (reader.table(sql, {"known": at}).to_pylist() for sql in _BY_ID.values())
    return Known(
        by_code["tiers"], by_code["organisations"], by_code["funds"], terms, agreements, relationships,
        {row["id"]: row for row in appointments}, {(row["fund"], row["year"]): row["id"] for row in limits},
        at, numbers=lambda keys: _numbers(reader, keys, at), posted=lambda number: _posted(reader, number),
        letters={(row["reference"], row["to_organisation"]): row for row in rows["letters"].to_pylist()},
        instalments={row["code"]: row for row in rows["instalments"].to_pylist()},
        contracts={row["code"]: row for row in rows["contracts"].to_pylist()},
    )  # fmt: skip


def _numbers(reader: Reader, keys: Iterable[str], at: int) -> dict[str, int]:
    reader.stage("wanted_keys", pa.table({"key": pa.array(keys, pa.string())}))
    return {str(key): int(str(number)) for key, number in reader.rows(_KEYED, {"known": at})}


def _posted(reader: Reader, number: int) -> Draft:
    """An entry that moves money, as it would be posted again."""
    (row,) = reader.table("SELECT * FROM entry WHERE number = $number", {"number": number}).to_pylist()
    moved = reader.table(LEGS_OF, {"first": number, "last": number})
    said = {name: row[name] for name in ENTRY_FIELDS}
    return Draft(**said, transfers=moved.select(LEGS.names) if moved.num_rows else None)


def as_it_was(reader: Reader) -> Callable[[str], Known | None]:
    """From the key of a decision that was recorded before to what the books knew then; None for one that was not.

    A decision that comes back is made again from the same facts, so that it is known for the same.
    """
    numbers: dict[str, int] = {str(key): int(str(number)) for key, number in reader.rows(_RECORDED)}
    return lambda key: known(reader, numbers[key] - 1) if key in numbers else None
