"""What the books know, as far as decisions rest on it: read once, and added to as decisions of one batch are made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft
from ledger.entries.kinds import RECORD_KINDS
from ledger.models import Agreement, Fund, Organisation, Relationship, Terms, Tier
from ledger.store.base import Reader
from ledger.structure import KNOWN_RELATIONSHIPS

_TABLES = {
    "tiers": "SELECT * FROM tier WHERE entry_number <= $known ORDER BY rank",
    "organisations": "SELECT * FROM organisation WHERE entry_number <= $known ORDER BY code",
    "funds": "SELECT * FROM fund WHERE entry_number <= $known ORDER BY code",
    "terms": "SELECT * FROM terms WHERE entry_number <= $known ORDER BY fund, effective_from, version",
    "agreements": "SELECT * FROM agreement a WHERE entry_number <= $known AND NOT EXISTS ("
    "SELECT 1 FROM agreement s WHERE s.supersedes = a.id AND s.entry_number <= $known) ORDER BY id",
    "relationships": f"WITH {KNOWN_RELATIONSHIPS} SELECT * FROM known_relationship ORDER BY id",
}
_RECORDED = f"SELECT key, number FROM entry WHERE kind IN ({', '.join(repr(kind) for kind in RECORD_KINDS)})"


@dataclass(slots=True)
class Known:
    """Records of the books, by their keys, as rows.

    Attributes:
        tiers, organisations, funds: by code.
        terms: those of each fund, in the order of their days and versions.
        agreements: those that none supersedes, by id.
        relationships: those that none supersedes, by child.
    """

    tiers: dict[str, dict[str, Any]]
    organisations: dict[str, dict[str, Any]]
    funds: dict[str, dict[str, Any]]
    terms: dict[str, list[dict[str, Any]]]
    agreements: dict[str, dict[str, Any]]
    relationships: dict[str, list[dict[str, Any]]]

    @property
    def source(self) -> str | None:
        """The organisation from which all money comes; None where the books have none."""
        tiers = {code for code, tier in self.tiers.items() if tier["may_go_below_zero"]}
        return next((code for code, one in self.organisations.items() if one["tier"] in tiers), None)

    @property
    def national(self) -> str | None:
        """The organisation just below the source of the money; None where there is none, or more than one."""
        below = sorted({child for child, rows in self.relationships.items() for row in rows
                        if row["parent"] == self.source})  # fmt: skip
        return below[0] if len(below) == 1 else None

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

    def learn(self, draft: Draft) -> None:
        """Take in what a draft would bring, so that later decisions of a batch can rest on it."""
        for model, table in draft.records.items():
            for row in table.to_pylist():
                if model is Tier:
                    self.tiers[row["code"]] = row
                elif model is Organisation:
                    self.organisations[row["code"]] = row
                elif model is Fund:
                    self.funds[row["code"]] = row
                elif model is Terms:
                    held = self.terms.setdefault(row["fund"], [])
                    held.append(row)
                    held.sort(key=lambda one: (one["effective_from"], one["version"]))
                elif model is Agreement:
                    self.agreements.pop(row["supersedes"] or "", None)
                    self.agreements[row["id"]] = row
                elif model is Relationship:
                    others = self.relationships.setdefault(row["child"], [])
                    others[:] = [one for one in others if one["id"] != row["supersedes"]] + [row]


def known(reader: Reader, at: int | None = None) -> Known:
    """What the books know by an entry, as far as decisions rest on it; by the newest where none is named."""
    at = last_entry(reader) if at is None else at
    rows = {name: reader.table(sql, {"known": at}).drop_columns("entry_number") for name, sql in _TABLES.items()}
    by_code = {
        name: {row["code"]: row for row in rows[name].to_pylist()} for name in ("tiers", "organisations", "funds")
    }
    terms: dict[str, list[dict[str, Any]]] = {}
    for row in rows["terms"].to_pylist():
        terms.setdefault(row["fund"], []).append(row)
    relationships: dict[str, list[dict[str, Any]]] = {}
    for row in rows["relationships"].to_pylist():
        relationships.setdefault(row["child"], []).append(row)
    agreements = {row["id"]: row for row in rows["agreements"].to_pylist()}
    return Known(by_code["tiers"], by_code["organisations"], by_code["funds"], terms, agreements, relationships)


def as_it_was(reader: Reader) -> Callable[[str], Known | None]:
    """From the key of a decision that was recorded before to what the books knew then; None for one that was not.

    A decision that comes back is made again from the same facts, so that it is known for the same.
    """
    numbers: dict[str, int] = {str(key): int(str(number)) for key, number in reader.rows(_RECORDED)}
    return lambda key: known(reader, numbers[key] - 1) if key in numbers else None
