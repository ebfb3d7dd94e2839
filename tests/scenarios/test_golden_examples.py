"""The golden examples that a scenario has to give: fragmentation, devolution, clawback, a mixture of measures."""

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow.compute as pc
import pytest

from allocations.figures import tables
from ledger.reports.measures import measures
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios import baseline, outcome
from scenarios.baseline import baseline_of
from scenarios.change import total
from scenarios.engine import run
from scenarios.world import WorldOrganisation
from tests.scenarios.worlds import play, position, row, sums, world

# GE6: pot, pounds, grade, route, recurrent, returns, known.
POTS = (
    ("core-discretionary", 41_200_000, "none", "formula", True, 4, "2025-01-30"),
    ("mental-health-standard", 9_800_000, "soft", "formula", True, 4, "2025-01-30"),
    ("better-care", 6_100_000, "hard", "formula", True, 4, "2025-01-30"),
    ("primary-medical", 7_900_000, "soft", "formula", True, 4, "2025-01-30"),
    ("additional-roles", 1_650_000, "hard", "claim", True, 12, "2025-03-27"),
    ("cancer", 420_000, "hard", "formula", False, 4, "2025-04-22"),
    ("winter-discharge", 250_000, "hard", "bid", False, 8, "2025-11-18"),
    ("womens-hub", 148_750, "hard", "formula", False, 4, "2025-04-15"),
    ("cyber", 60_000, "hard", "bid", False, 2, "2025-10-03"),
    ("inequalities-pilot", 45_000, "hard", "bid", False, 4, "2025-09-12"),
    ("digital", 26_250, "hard", "bid", False, 6, "2026-01-09"),
)


def pot_steps() -> list[dict[str, object]]:
    return [
        {"lever": "pot", "code": code, "name": code, "grade": grade, "route": route, "recurrent": recurrent,
         "notified_on": known, "spend_by": "2026-03-31", "returns_per_year": returns, "each_pounds": pounds,
         "receivers": {"codes": ["P1"]}}
        for code, pounds, grade, route, recurrent, returns, known in POTS
    ]  # fmt: skip


def values(table: object, scope: str = "all") -> dict[str, object]:
    return {measure.name: measure.value for measure in measures(table, scope)}


def test_ge6_eleven_pots_set_up_by_a_scenario_are_as_scattered_as_the_example_says() -> None:
    done = play(*pot_steps(), books=baseline_of(position(), world()))
    found = values(done.position)
    assert found["total"] == 67_600_000_00
    assert found["pots"] == 11
    assert float(found["effective_number"]) == pytest.approx(2.4100967697256843, abs=1e-9)  # type: ignore[arg-type]
    assert found["effective_number_shannon"] == pytest.approx(3.3878948552792205, abs=1e-9)
    assert float(found["gini"]) == pytest.approx(0.7576956697149004, abs=1e-9)  # type: ignore[arg-type]
    assert found["median_pot"] == 420_000_00
    assert found["ring_fenced_share"] == Fraction(8_700_000, 67_600_000)
    assert found["ring_fenced_share_with_soft"] == Fraction(26_400_000, 67_600_000)
    assert (found["penny_packets"], found["in_year_share"]) == (6, Fraction(950_000, 67_600_000))
    assert (found["returns_per_year"], found["bid_pots"], found["bid_pot_value"]) == (56, 4, 381_250_00)
    assert float(found["spend_window"]) == pytest.approx(265.46184210526314, abs=1e-9)  # type: ignore[arg-type]
    assert sum(step.change.added_pence for step in done.done) == 67_600_000_00


def test_ge6_merging_the_four_pots_that_are_bid_for_makes_one_of_them() -> None:
    merge = {"lever": "merge", "funds": {"route": "bid"}, "into": {"code": "one", "name": "One"}, "inner": "kept"}
    done = play(merge, given=pot_steps(), books=baseline_of(position(), world()))
    before, after = values(done.baseline.position), values(done.position)
    assert (before["pots"], after["pots"]) == (11, 8)
    assert after["effective_number"] < before["effective_number"]  # type: ignore[operator]
    assert after["total"] == before["total"]
    assert after["ring_fenced_share"] == before["ring_fenced_share"]


def test_ge7_a_pot_of_five_million_is_bid_for_in_a_scenario(demo_ledger: Path) -> None:
    asked = outcome.find("competitive-pot")
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        done = run(asked, outcome.read_baseline(reader, asked))
    found = done.given[0].change.details["bidding"]
    assert (found["bids"], found["awards"]) == (28, 9)
    assert (found["cost_of_bids_pence"], found["cost_of_bids_share"]) == (840_000_00, Fraction("0.168"))
    assert round(found["success"] * 10_000) == 3214
    assert found["mean_award_pence"] == 555_555_56
    assert found["break_even_probability"] == Fraction("0.054")
    assert found["expected_net_per_bid_pence"] == 148_571_43
    assert found["cost_of_returns_pence"] == 64_800_00
    assert (found["overhead_pence"], found["overhead_share"]) == (1_054_800_00, Fraction("0.21096"))
    assert found["front_line_pence"] == 3_945_200_00
    # By formula nobody bids, and the step that makes it so says no such cost.
    assert "bidding" not in done.done[0].change.details
    # Who would win is not known: each of the 28 holds what it has in the mean, and together they hold all of it.
    held = done.baseline.position.filter(pc.equal(done.baseline.position["fund"], "competitive-pot"))
    assert sorted(held["amount_pence"].to_pylist()) == [178_571_42] * 4 + [178_571_43] * 24


def test_ge7_bids_for_several_pots_cost_what_each_costs() -> None:
    """Two ICBs bid for two pots: twice the bids, and shares of both together."""
    rules = {"awards": 1, "cost_of_a_bid_pounds": 100, "cost_of_a_return_pounds": 10, "returns_per_award": 3,
             "administration_per_award_pounds": 7, "administration_pounds": 20}  # fmt: skip
    sharing = {"among": "icb", "bids": rules}
    books = baseline_of(position(row("A", "winter", 1_000_00), row("B", "roles", 3_000_00)), world())
    done = play({"lever": "reroute", "funds": ["winter", "roles"], "to": "bid", "sharing": sharing}, books=books)
    found = done.done[0].change.details["bidding"]
    assert (found["bids"], found["awards"], found["bid_for_pence"]) == (4, 2, 4_000_00)
    assert (found["cost_of_bids_pence"], found["cost_of_returns_pence"]) == (400_00, 60_00)
    assert (found["administration_pence"], found["overhead_pence"]) == (54_00, 514_00)
    assert found["overhead_share"] == Fraction(514, 4_000)
    assert found["success"] == Fraction(1, 2)
    assert "mean_award_pence" not in found


def test_ge8_a_thousand_million_devolved_and_kept() -> None:
    """620 to place, 48 to networks, 110 to practices; 90 kept by agreement, 132 without. Each in a free and a tied part."""
    start = position(
        row("A", "core", 423_760_000_00, lowest_depth=3),
        row("A", "medical", 354_240_000_00, lowest_depth=3),
        row("A", "limit", 222_000_000_00, lowest_depth=3),
    )
    steps = [
        {"lever": "devolve", "funds": [fund], "to": to, "pounds": pounds, "by": "registered"}
        for fund, to, pounds in (
            ("core", "place", 341_000_000), ("medical", "place", 279_000_000), ("core", "pcn", 5_760_000),
            ("medical", "pcn", 42_240_000), ("core", "practice", 77_000_000), ("medical", "practice", 33_000_000),
        )
    ]  # fmt: skip
    keep = {"lever": "retain", "funds": ["limit"], "agreed": True, "partners": "all places", "pounds": 90_000_000}
    without = {"lever": "retain", "funds": ["limit"], "agreed": False, "share": 1}
    found = values(play(*steps, keep, without, books=baseline_of(start, world())).position)
    assert found["devolved_share"] == Fraction(778, 1000)
    assert found["retained_without_agreement_share"] == Fraction(132, 1000)
    assert found["consented_retention_ratio"] == Fraction(90, 222)
    assert found["devolution_depth"] == Fraction(1046, 3000)
    assert found["untied_devolved_share"] == Fraction(42_376, 100_000)


HUBS = """
lever: pot
code: hubs
name: Women's health hubs
grade: hard
route: equal shares
recurrent: false
notified_on: 2023-07-01
returns_per_year: 4
each_pounds: 595000
receivers: {tier: icb}
instalments: [{share: 0.75, year: 2023/24, spend_by: 2024-03-31}, {share: 0.25, year: 2024/25, spend_by: 2025-03-31}]
"""


def test_ge11_the_underspend_of_a_hub_is_taken_back_and_the_pot_closes() -> None:
    many = {f"Q{number:02}": WorldOrganisation(f"Q{number:02}", f"ICB {number}", "icb") for number in range(42)}
    people = world().people.slice(0, 0)
    some = position(row("NHS", "limit", 100))
    above = {code: world().organisations[code] for code in ("GOV", "NHS")}
    books = baseline_of(some, world(organisations={**many, **above}, people=people))
    back = {"lever": "withdraw", "funds": {"codes": ["hubs"], "year": "2024/25"}, "organisations": {"codes": ["Q07"]},
            "spent_pounds": 121_400}  # fmt: skip
    done = play(back, given=[HUBS], books=books)
    one = sums(done.baseline.position, "organisation", "year")
    assert (one["Q07", 2023], one["Q07", 2024]) == (446_250_00, 148_750_00)
    given = done.given[0].change
    assert given.added_pence == 24_990_000_00
    assert given.added_pence - 25_000_000_00 == -10_000_00
    assert done.done[0].change.added_pence == -27_350_00
    closed = sums(done.position, "organisation", "year", "standing")
    assert closed["Q07", 2024, "spent"] == 121_400_00
    assert ("Q07", 2024, "available") not in closed
    assert total(done.position) == 0  # the source gave, and took back, in each year


def test_ge12_a_fund_shared_by_a_mixture_in_two_tranches(demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        books = baseline.read(reader, year=FinancialYear(2025))
    icbs = sorted(set(tables.table("practices_2025_26")["icb"].to_pylist()))
    delay = {icb: 7 + 13 * number % 29 for number, icb in enumerate(icbs)}
    measure = {"values": delay, "reason": "made up", "source": "the tests", "quality": "red"}
    pot = {
        "lever": "pot", "code": "discharge", "name": "Discharge", "grade": "hard", "route": "formula", "recurrent": False,
        "notified_on": "2025-11-18", "pounds": 300_000_000, "sharing": {"by": {"core": 0.25, "delay": 0.75}},
        "instalments": [{"share": 0.4, "notified_on": "2025-12-01"}, {"share": 0.6, "notified_on": "2026-01-31"}],
    }  # fmt: skip
    done = play(pot, books=books, measures={"delay": measure})
    people = books.world.people_of("core", "national", "icb")["X24"]
    discharge = done.position.filter([fund == "discharge" for fund in done.position["fund"].to_pylist()])
    got, tranches = sums(discharge, "organisation"), sums(discharge, "notified_on")
    for icb in icbs:
        share = Fraction(1, 4) * Fraction(people[icb], sum(people.values())) + Fraction(3, 4) * Fraction(
            delay[icb], sum(delay.values())
        )
        assert abs(got[icb] - share * 300_000_000_00) < 1
    assert sum(got.values()) == 300_000_000_00
    first = tranches[date(2025, 12, 1)]
    assert abs(first - 120_000_000_00) <= 42  # each ICB's own two tranches are rounded to the penny
    assert first + tranches[date(2026, 1, 31)] == 300_000_000_00


def test_the_example_figures_are_those_of_the_shared_file(published: Path) -> None:
    """GE6 as it is written down elsewhere, so that the table above cannot drift."""
    told = json.loads((published.parent / "golden_examples.json").read_text())["GE6_fragmentation"]["pots"]
    assert [pot["amount"] for pot in told] == [pot[1] for pot in POTS]
