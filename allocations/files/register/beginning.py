"""A ledger of one's own: who there is and what lines of money there are, from the shipped tables. No money is in it.

Nothing in it is illustrative. What the shipped tables do not know of a year is said, and not filled in: it is recorded
when it is known.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
from sqlmodel import SQLModel

from allocations.figures import later_structure, structure, tables
from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft, records
from ledger.entries.posting import Posted, post
from ledger.errors import refuse
from ledger.models import Fund, Organisation, Relationship, Succession, Terms, Tier
from ledger.reports import register
from ledger.store.base import Store
from ledger.years import FinancialYear

ACTOR = "devolution new"
# Years for which the shipped tables know the ICBs: as published for 2025/26, and as they are from 1 April 2026.
YEARS = (FinancialYear(2025), FinancialYear(2026))
_ABOVE = ("government", "national")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new ledger begins with.

    Attributes:
        drafts: the entries, in order.
        counts: how many organisations of each tier there are, and how many funds and terms.
        unknown: sentences that say what the shipped tables do not know for the year.
    """

    drafts: tuple[Draft, ...]
    counts: Mapping[str, int]
    unknown: tuple[str, ...]


def beginning(year: FinancialYear, icbs: Collection[str] = (), *, only_national: bool = False) -> Beginning:
    """The entries with which a ledger of one's own begins.

    Args:
        year: the financial year from whose first day on they count.
        icbs: the ICBs, by code, with all that are below them; all ICBs where none is named.
        only_national: go down to the ICBs and no further.

    Raises:
        Refused: the year or an ICB is not known.
    """
    if year not in YEARS:
        known = " and ".join(map(str, YEARS))
        why = f"The shipped tables know the ICBs of {known}."
        refuse("the year", f"it is {year}.", why, f"Begin with one of them, as {YEARS[-1]}, and record later changes.")
    shipped, tied = _shipped(year)
    everyone = {row["code"]: row for row in shipped if _exists(row, year)}
    ties = [row for row in tied if _exists(row, year)]
    all_icbs = set(_icbs(everyone.values()))
    chosen = set(icbs) or all_icbs
    for code in sorted(chosen - all_icbs):
        near = get_close_matches(code.upper(), all_icbs, 3, 0.3)
        hint = f"Did you mean {' or '.join(near)}?" if near else f"ICBs: {', '.join(sorted(all_icbs))}."
        why = f"It is not among the {len(all_icbs)} ICBs of the year."
        refuse("the ICB", f"there is no ICB '{code}' in {year}.", why, hint)
    below = set() if only_national else {row["child"] for row in ties if row["parent"] in chosen}
    # Whoever an ICB becomes belongs to it, so that its figures can be restated.
    ended = [row for row in structure.successions() if row["predecessor"] in chosen]
    heirs = {row["successor"] for row in ended}
    above = {row["parent"] for row in tied if row["child"] in chosen | heirs}
    always = {code for code, row in everyone.items() if row["tier"] in _ABOVE or (not icbs and row["tier"] == "region")}
    codes = always | above | chosen | heirs | below
    who = [row for row in shipped if row["code"] in codes]
    related = [row for row in tied if {row["parent"], row["child"]} <= codes]
    return _drafted(year, who, related, ended, only_national=only_national)


def begin(store: Store, beginning: Beginning) -> list[Posted]:
    """Post what a new ledger begins with. Doing it twice adds nothing.

    Raises:
        Refused: there is something else in the ledger already.
    """
    with store.read() as reader:
        count = last_entry(reader)
        known = register.keyed(reader, beginning.drafts[0].key)
    if count and all(entry["number"] != 1 for entry in known.values()):
        why = "A ledger of one's own begins empty."
        refuse(str(store.path), f"there are {count:,} entries in it already.", why, "Name a new file for it.")
    return post(store, beginning.drafts)


def _shipped(year: FinancialYear) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Everybody, and who is part of whom, by the tables of the year: below ICBs each edition is whole of itself."""
    who, ties = list(structure.organisations()), list(structure.relationships())
    if year == structure.YEAR:
        return who, ties
    above = {row["code"] for row in who if row["tier"] in (*_ABOVE, "region", "icb")}
    later_who, later_ties = later_structure.below_icbs()
    who = [row for row in who if row["code"] in above]
    return [*who, *later_who], [*(row for row in ties if row["child"] in above), *later_ties]


def icbs_of(year: FinancialYear) -> dict[str, str]:
    """The ICBs of a year that the shipped tables know, by code, with their names, in the order of the names."""
    icbs = _icbs(row for row in tables.table("organisations").to_pylist() if _exists(row, year))
    return dict(sorted(icbs.items(), key=lambda pair: pair[1]))


def _icbs(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {row["code"]: row["name"] for row in rows if row["tier"] == "icb"}


def _exists(row: Mapping[str, Any], year: FinancialYear) -> bool:
    return row["valid_from"] <= year.last_day and (row.get("valid_to") is None or row["valid_to"] > year.first_day)


def _drafted(
    year: FinancialYear,
    who: list[dict[str, Any]],
    related: list[dict[str, Any]],
    ended: list[dict[str, Any]],
    *,
    only_national: bool,
) -> Beginning:
    terms = [row for row in structure.terms() if row["effective_from"] == year.first_day]
    funds = tables.table("funds").to_pylist()
    brought: dict[type[SQLModel], pa.Table] = {
        Tier: records(Tier, tables.table("tiers").to_pylist()),
        Organisation: records(Organisation, who),
        Relationship: records(Relationship, related),
        Succession: records(Succession, ended),
    }
    structure_entry = Draft(
        key=f"new/{year}/structure",
        kind="structure",
        effective_date=year.first_day,
        actor=ACTOR,
        reason="Who there is and who is part of whom; places are upper-tier authorities, which is an assumption",
        source="NHS England and ONS, as described in allocations/figures/reference/tables.yaml",
        records={model: table for model, table in brought.items() if table.num_rows},
    )
    lines = Draft(
        key=f"new/{year}/funds and terms",
        kind="terms",
        effective_date=year.first_day,
        actor=ACTOR,
        reason="The lines of money and how free each is; the grades are this project's reading"
        if terms
        else "The lines of money; how free each is in this year is not known",
        source="allocations/figures/reference/terms.csv" if terms else "allocations/figures/reference/funds.csv",
        records={Fund: records(Fund, funds), **({Terms: records(Terms, terms)} if terms else {})},
    )
    counts: dict[str, int] = {}
    for row in who:
        counts[row["tier"]] = counts.get(row["tier"], 0) + 1
    counts |= {"funds": len(funds), "terms": len(terms)}
    unknown = _unknown(year, has_terms=bool(terms), only_national=only_national)
    return Beginning((structure_entry, lines), counts, tuple(unknown))


def _unknown(year: FinancialYear, *, has_terms: bool, only_national: bool) -> list[str]:
    said = []
    if not has_terms:
        said.append(
            f"How free each line is in {year}, when it was notified and by when it must be spent is not known: "
            "record the terms of each fund when its letter is there."
        )
    if year != structure.YEAR and not only_national:
        said.append("Places, networks and practices are those of 1 August 2026: what changed before it is not known.")
    return said
