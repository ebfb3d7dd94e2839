"""What the books know, as far as decisions rest on it: read once, and added to as decisions of one batch are made."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.entries.draft import Draft
from ledger.models import Agreement, Fund, Organisation, Relationship, Terms, Tier
from ledger.store.base import Reader
from ledger.structure import KNOWN_RELATIONSHIPS

_TABLES = {
    "tiers": "SELECT * FROM tier ORDER BY rank",
    "organisations": "SELECT code, name, tier, valid_from FROM organisation ORDER BY code",
    "funds": "SELECT * FROM fund ORDER BY code",
    "terms": "SELECT * FROM terms ORDER BY fund, effective_from, version",
    "agreements": "SELECT * FROM agreement a WHERE NOT EXISTS (SELECT 1 FROM agreement s WHERE s.supersedes = a.id) "
    "ORDER BY id",
    "relationships": f"WITH {KNOWN_RELATIONSHIPS.replace('$known', '(SELECT entries FROM seal)')} "
    "SELECT * FROM known_relationship ORDER BY id",
}


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


def known(reader: Reader) -> Known:
    """What the books know now, as far as decisions rest on it."""
    rows = {name: reader.table(sql).drop_columns("entry_number") if "*" in sql else reader.table(sql)
            for name, sql in _TABLES.items()}  # fmt: skip
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
