"""A small country to try levers on: two ICBs, four places, a network that straddles, and positions made by hand."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import yaml

from allocations.figures.weightings import WEIGHTINGS
from ledger.errors import Refused
from ledger.reports.position import SCHEMA
from ledger.years import FinancialYear
from scenarios.baseline import Baseline, baseline_of
from scenarios.change import held, tidied, total
from scenarios.engine import Run, run
from scenarios.files.scenario import Scenario, written
from scenarios.world import World, WorldFund, WorldOrganisation, WorldTier

YEAR = FinancialYear(2025)
MARCH, APRIL_15, NOVEMBER = date(2025, 3, 31), date(2025, 4, 15), date(2025, 11, 18)
LAST = date(2026, 3, 31)

TIERS = (("government", 0, 0), ("national", 1, 0), ("icb", 2, 0), ("place", 3, 1), ("pcn", 4, 2), ("practice", 5, 3))
# Practice, network, place, ICB, registered people in thousands. Network N3 lies in both ICBs; G8 is in none.
PRACTICES = (
    ("G1", "N1", "P1", "A", 6), ("G2", "N1", "P1", "A", 9), ("G3", "N2", "P2", "A", 10), ("G4", "N3", "P2", "A", 5),
    ("G5", "N3", "P3", "B", 15), ("G6", "N4", "P3", "B", 8), ("G7", "N5", "P4", "B", 12), ("G8", None, "P4", "B", 3),
)  # fmt: skip
# Fund, parent, lowest depth, grade, route, recurrent, known, returns a year.
FUNDS = (
    ("limit", None, 3, "none", "direction", True, MARCH, None),
    ("core", "limit", 1, "none", "formula", True, MARCH, None),
    ("community", "core", 1, "none", "formula", True, MARCH, None),
    ("hospital", "core", 0, "none", "formula", True, MARCH, None),
    ("medical", "limit", 3, "soft", "formula", True, MARCH, 4),
    ("roles", "limit", 2, "hard", "claim", True, MARCH, 12),
    ("care", "limit", 1, "statutory", "direction", True, MARCH, 4),
    ("winter", "limit", 1, "hard", "bid", False, NOVEMBER, 8),
)


def world(**facts: Any) -> World:
    """Who there is."""
    codes = {"government": ["GOV"], "national": ["NHS"], "icb": ["A", "B", "C"]}
    codes["place"] = sorted({row[2] for row in PRACTICES})
    codes["pcn"] = sorted({row[1] for row in PRACTICES if row[1]})
    codes["practice"] = [row[0] for row in PRACTICES]
    columns: dict[str, Any] = {
        "practice": pa.array([row[0] for row in PRACTICES]), "pcn": pa.array([row[1] for row in PRACTICES], pa.string()),
        "place": pa.array([row[2] for row in PRACTICES]), "icb": pa.array([row[3] for row in PRACTICES]),
    }  # fmt: skip
    for number, name in enumerate(WEIGHTINGS):
        # Need differs from weighting to weighting and from practice to practice; registered is as it says.
        people = [row[4] * 10**12 + number * 10**11 * (at % 3) for at, row in enumerate(PRACTICES)]
        columns[name] = pa.array(people, pa.int64())
    given: dict[str, Any] = {
        "year": YEAR,
        "tiers": {code: WorldTier(code, code, rank, depth) for code, rank, depth in TIERS},
        "organisations": {
            code: WorldOrganisation(code, f"{tier.capitalize()} {code}", tier)
            for tier, each in codes.items()
            for code in each
        },
        "funds": {row[0]: WorldFund(row[0], row[0].capitalize(), row[1], "core", "revenue", row[2]) for row in FUNDS},
        "people": pa.table(columns),
        "people_year": YEAR,
    }
    return World(**{**given, **facts})


def row(organisation: str, fund: str, pence: int, standing: str = "available", **given: Any) -> dict[str, Any]:
    """One row of a position, on the terms of its fund."""
    here = world()
    facts = {each[0]: each for each in FUNDS}[fund]
    tier = here.organisations[organisation].tier
    pot = "core" if fund in ("core", "community", "hospital") else fund
    return {
        "organisation": organisation, "organisation_name": here.organisations[organisation].name, "tier": tier,
        "depth": here.depth(tier), "fund": fund, "fund_name": fund.capitalize(), "pot": pot, "stream": "core",
        "resource": "revenue", "lowest_depth": facts[2], "year": 2025, "standing": standing, "grade": facts[3],
        "route": facts[4], "recurrent": facts[5], "notified_on": facts[6], "spend_by": LAST,
        "returns_per_year": facts[7], "quality": "amber", "amount_pence": pence, **given,
    }  # fmt: skip


def position(*rows: Mapping[str, Any], source: bool = True) -> pa.Table:
    """A position of such rows, with the source that gave them below zero."""
    listed = [dict(each) for each in rows]
    if source:
        given = sum(each["amount_pence"] for each in listed)
        listed.append(row("GOV", "limit", -given, "source", grade=None, route=None, notified_on=None, spend_by=None))
    return pa.Table.from_pylist(listed, schema=SCHEMA)


USUAL = (
    row("NHS", "limit", 50_000_00),
    row("A", "community", 600_000_00, "retained without agreement"),
    row("A", "hospital", 900_000_00, "retained by agreement"),
    row("A", "medical", 300_000_00, "retained without agreement"),
    row("A", "roles", 40_000_01, "retained without agreement"),
    row("A", "winter", 20_000_00),
    row("B", "community", 500_000_03),
    row("B", "hospital", 800_000_00, "retained by agreement"),
    row("B", "roles", 35_000_00),
    row("P1", "care", 70_000_00),
    row("P2", "care", 60_000_00),
    row("P3", "care", 90_000_00),
    row("P4", "care", 80_000_00),
    row("P1", "community", 100_000_00),
    row("N1", "medical", 12_000_00),
    row("N3", "medical", 15_000_07),
)


def usual(**facts: Any) -> Baseline:
    """The usual position of the small country."""
    return baseline_of(position(*USUAL), world(**facts))


def scenario(*steps: Mapping[str, Any] | str, **facts: Any) -> Scenario:
    """A scenario of such steps, each a mapping or a line of YAML."""
    listed = [yaml.safe_load(step) if isinstance(step, str) else dict(step) for step in steps]
    given = facts.pop("given", [])
    start = {"year": "2025/26", "given": [yaml.safe_load(step) if isinstance(step, str) else step for step in given]}
    return Scenario.model_validate(
        {"title": "A case", "question": "What if?", "baseline": start, "steps": listed, **facts}
    )


def play(*steps: Mapping[str, Any] | str, books: Baseline | None = None, **facts: Any) -> Run:
    """Run steps on the usual position, or on another."""
    return run(written(scenario(*steps, **facts)), books or usual())


def sums(table: pa.Table, *by: str) -> dict[Any, int]:
    """What is held, by some columns; a single column gives its words, several give tuples."""
    found: dict[Any, int] = {}
    for each in held(table).to_pylist():
        key = each[by[0]] if len(by) == 1 else tuple(each[name] for name in by)
        found[key] = found.get(key, 0) + each["amount_pence"]
    return {key: pence for key, pence in found.items() if pence}


def held_pence(table: pa.Table) -> int:
    """All that is held."""
    return total(held(table))


def same(one: pa.Table, other: pa.Table) -> bool:
    """Whether two positions hold the same, whatever the order of their rows."""
    return bool(tidied(one).equals(tidied(other)))


def refusal(*steps: Mapping[str, Any] | str, **facts: Any) -> str:
    """What a scenario is refused with."""
    try:
        play(*steps, **facts)
    except Refused as refused:
        return "\n".join(str(problem) for problem in refused.problems)
    raise AssertionError("it was not refused")


def names(found: Sequence[Any]) -> list[str]:
    """The names of measures or tests."""
    return [each.name for each in found]
