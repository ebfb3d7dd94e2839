"""Who there was from the beginning of ICBs on 1 July 2022 to the first year of the demo, and who was part of whom."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any

from allocations.demo.stages import Stage
from allocations.figures import structure, tables
from allocations.figures.structure import ACTOR, FIRST_YEAR, NATIONAL, relation
from ledger.entries.draft import Draft, records
from ledger.models import Organisation, Relationship
from ledger.words import DERIVED
from ledger.years import FinancialYear

_END = FinancialYear(FIRST_YEAR.start + 1).first_day
SUB_ICB_SCHEME = "place: sub-ICB location"
_SOURCE = "NHS England, as described in allocations/figures/reference/tables.yaml"


def stages() -> Sequence[Stage]:
    """One stage: organisations that have gone since, and the relationships of the years before 2025/26."""
    return (Stage("Who there was before 2025/26", _drafts),)


def _drafts() -> list[Draft]:
    return [
        Draft(
            key="demo/earlier years/structure",
            kind="structure",
            effective_date=FIRST_YEAR.last_day,
            actor=ACTOR,
            reason="Who there was and who was part of whom before 2025/26, as far as the published figures say",
            source=_SOURCE,
            standing=DERIVED,
            records={
                Organisation: records(Organisation, sorted(_organisations(), key=itemgetter("code"))),
                Relationship: records(Relationship, [*_above_icbs(), *_below_icbs()]),
            },
        )
    ]


def _organisations() -> Iterator[dict[str, Any]]:
    """Sub-ICB locations, as places; and networks and practices that are not among those of 2025/26."""
    life = {"valid_from": FIRST_YEAR.first_day, "valid_to": structure.YEAR.first_day}
    names = {row["sub_icb"]: row["name"] for row in tables.table("sub_icbs_2026_29").to_pylist()}
    for code in _codes("practice_payments_2022_23", "sub_icb"):
        yield {"code": code, "name": names.get(code, code), "tier": "place", **life}
    for code in _codes("practice_payments_2022_23", "pcn") - _codes("pcns_2025_26", "pcn"):
        yield {"code": code, "name": f"Network {code}", "tier": "pcn", **life}
    for code in _codes("practice_payments_2022_23", "practice") - _codes("practices_2025_26", "practice"):
        yield {"code": code, "name": f"Practice {code}", "tier": "practice", **life}


def _codes(table: str, column: str) -> set[str]:
    return set(tables.table(table)[column].drop_null().to_pylist())


def _above_icbs() -> Iterator[dict[str, Any]]:
    """From the beginning of ICBs until 2025/26, from when the demo has its own."""
    known = tables.table("organisations").to_pylist()
    life = {"valid_from": FIRST_YEAR.first_day, "valid_to": structure.YEAR.first_day}
    yield relation("DHSC", NATIONAL, "funding", life)
    for row in known:
        if row["tier"] == "region":
            yield relation(NATIONAL, row["code"], "region", life)
    for icb in known:
        if icb["tier"] == "icb" and icb["valid_from"] < structure.YEAR.first_day:
            own = {**life, "valid_from": icb["valid_from"]}
            yield relation(NATIONAL, icb["code"], "funding", own)
            yield relation(icb["region"], icb["code"], "region", own)


def _below_icbs() -> Iterator[dict[str, Any]]:
    """Whose a practice was in the one year that shows it: its network's, that its location's, and that its ICB's.

    What practices were paid counts for each of them. A network in several locations is divided by its practices'
    people, and its practices belong to their locations themselves, as those in no network do.
    """
    begun = {row["code"]: row["valid_from"] for row in tables.table("organisations").to_pylist()}
    rows = tables.table("practice_payments_2022_23").select(["practice", "icb", "sub_icb", "pcn", "registered"])
    life = {row["sub_icb"]: {"valid_from": begun[row["icb"]], "valid_to": _END} for row in rows.to_pylist()}
    people: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows.to_pylist():
        if row["pcn"]:
            people[row["pcn"]][row["sub_icb"]] += row["registered"]
    for sub_icb, icb in sorted({row["sub_icb"]: row["icb"] for row in rows.to_pylist()}.items()):
        yield relation(icb, sub_icb, "icb", life[sub_icb])
    for pcn, locations in people.items():
        # Of practices without registered people their network has no part.
        peopled = {sub_icb: count for sub_icb, count in locations.items() if count or len(locations) == 1}
        for sub_icb, count in peopled.items():
            part = tables.billionths(count) if len(peopled) > 1 else None
            yield {**relation(sub_icb, pcn, SUB_ICB_SCHEME, life[sub_icb]), "part": part}
    for row in rows.to_pylist():
        if row["pcn"]:
            yield relation(row["pcn"], row["practice"], "pcn", life[row["sub_icb"]])
        if len(people.get(row["pcn"], ())) != 1:
            yield relation(row["sub_icb"], row["practice"], SUB_ICB_SCHEME, life[row["sub_icb"]])
