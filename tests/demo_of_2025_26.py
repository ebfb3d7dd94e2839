"""The demo's position of 2025/26 as it was when the receiver's measures were made, kept whole: 3,744 rows, two tables.

What the demo holds may change; what was measured on it then may not. ``amounts.csv`` has who holds what in whole pence,
``funds.csv`` each line with its terms, which every holder of it had alike.
"""

import csv
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from allocations.figures import tables
from ledger.reports.position import SCHEMA, SOURCE
from ledger.years import FinancialYear
from scenarios.baseline import Baseline, baseline_of, people
from scenarios.selection import system_column
from scenarios.world import World, WorldFund, WorldOrganisation, WorldTier

KEPT = Path(__file__).parent / "position_of_2025_26"
YEAR = FinancialYear(2025)
_TERMS = ("grade", "route", "recurrent", "notified_on", "spend_by", "returns_per_year", "quality")


def _rows(name: str) -> list[dict[str, str]]:
    with (KEPT / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _term(name: str, text: str) -> Any:
    if not text:
        return None
    if name in ("notified_on", "spend_by"):
        return date.fromisoformat(text)
    return {"recurrent": text == "yes", "returns_per_year": text.isdecimal() and int(text)}.get(name, text)


@cache
def world() -> World:
    """Who there was: the tiers, organisations and people that are shipped, and the funds that are kept."""
    tiers = [
        WorldTier(row["code"], row["name"], row["rank"], row["depth"]) for row in tables.table("tiers").to_pylist()
    ]
    practices = tables.table("practices_2025_26")
    listed = [(row["code"], row["name"], row["tier"]) for row in tables.table("organisations").to_pylist()]
    listed += [(row["place"], row["name"], "place") for row in tables.table("places_2025_26").to_pylist()]
    listed += [(row["pcn"], row["name"], "pcn") for row in tables.table("pcns_2025_26").to_pylist()]
    return World(
        year=YEAR,
        tiers={tier.code: tier for tier in tiers},
        organisations={code: WorldOrganisation(code, name, tier) for code, name, tier in listed},
        funds={
            row["fund"]: WorldFund(
                row["fund"], row["name"], row["parent"] or None, row["stream"], row["resource"],
                int(row["lowest_depth"]),
            )
            for row in _rows("funds.csv")
        },
        people=people(practices),
        people_year=YEAR,
    )  # fmt: skip


@cache
def position() -> pa.Table:
    """The position, of schema ``ledger.reports.position.SCHEMA``; a column that came later is empty."""
    here, funds = world(), {row["fund"]: row for row in _rows("funds.csv")}
    empty = dict.fromkeys(SCHEMA.names)
    rows = []
    for amount in _rows("amounts.csv"):
        fund, whose = funds[amount["fund"]], here.organisations[amount["organisation"]]
        rows.append(
            {
                **empty, "organisation": whose.code, "organisation_name": whose.name, "tier": whose.tier,
                "depth": here.depth(whose.tier), "fund": fund["fund"], "fund_name": fund["name"],
                "pot": fund["pot"] or fund["fund"], "stream": fund["stream"], "resource": fund["resource"],
                "lowest_depth": int(fund["lowest_depth"]), "year": YEAR.start, "standing": amount["standing"],
                **{name: _term(name, fund[name]) for name in _TERMS}, "amount_pence": int(amount["amount_pence"]),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def baseline() -> Baseline:
    """The position with the world around it, for scenarios."""
    return baseline_of(position(), world())


def by_icb(table: pa.Table, here: World) -> dict[str, pa.Table]:
    """Each ICB to what it and those below it hold; a network in two ICBs counts where most of its people are."""
    systems = system_column(table, here).to_pylist()
    rows: dict[str, list[int]] = {}
    for number, (icb, standing) in enumerate(zip(systems, table["standing"].to_pylist(), strict=True)):
        if standing != SOURCE and here.organisations[icb].tier == "icb":
            rows.setdefault(icb, []).append(number)
    return {icb: table.take(pa.array(numbers)) for icb, numbers in rows.items()}
