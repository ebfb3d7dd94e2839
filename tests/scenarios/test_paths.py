"""Scenarios of several years: what recurs, what falls away, what is at work when; beside plain arithmetic."""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.years import FinancialYear
from scenarios import outcome
from scenarios.change import total
from scenarios.document import document
from scenarios.files.scenario import Scenario, written
from scenarios.outcome import Outcome, YearOutcome
from screens.report.report import RangedCell
from screens.report.scenarios import years as by_year
from tests.scenarios.expected import json_text
from tests.scenarios.test_properties import positions, shares
from tests.scenarios.worlds import held_pence, play, position, row, same, sums, usual, world

SIX = "2025/26 to 2030/31"
GROUNDS = {"reason": "to test", "source": "the tests"}


def grows(rate: str, years: str = "2026/27 to 2030/31", **facts: Any) -> dict[str, Any]:
    return {"years": years, "rate": rate, "standing": "assumed", "certainty": "assumed", **GROUNDS, **facts}


def path(*steps: Mapping[str, Any], books: Any = None, years: str = SIX, **facts: Any) -> Outcome:
    """A scenario of several years on the small country."""
    asked = {
        "title": "Years", "question": "What if?", "baseline": {"year": "2025/26", "given": facts.pop("given", [])},
        "years": years, "steps": list(steps), "recurrence_not_known": "continues", **facts,
    }  # fmt: skip
    return outcome.explore(written(Scenario.model_validate(asked)), books or usual())


def nothing() -> dict[str, Any]:
    """A step that changes no money: 1 April is 1 April."""
    return {"lever": "grow", "share": 0, "funds": {}}


def after(each: YearOutcome) -> Any:
    return each.outcome.run.position


def test_what_recurs_grows_and_what_does_not_falls_away() -> None:
    found = path(nothing(), growth=[grows("10%", "2026/27", funds=["community"]), grows("2%", funds=["hospital"])])
    first, second, third, *_ = found.years
    # Winter does not recur: £20,000 is gone in the second year, and for good.
    assert (first.rolled.fell_away_pence, second.rolled.fell_away_pence) == (0, 20_000_00)
    assert second.rolled.fell_away == (("Winter", 20_000_00),)
    assert third.rolled.fell_away_pence == 0
    now = sums(second.rolled.books.position, "fund")
    # Community is 600,000.00 + 500,000.03 + 100,000.00, a tenth more to the nearest penny; hospital a fiftieth.
    assert now["community"] == 120_000_003 + 12_000_000
    assert now["hospital"] == 170_000_000 * 102 // 100
    assert now["roles"] == 75_000_01
    # The odd pence goes by largest remainder: 50,000,003 x 1.1 = 55,000,003.3 and the others are whole.
    assert sums(second.rolled.books.position, "organisation", "fund")["B", "community"] == 55_000_003
    assert second.rolled.no_rate_pence == now["medical"] + now["roles"] + now["care"] + now["limit"]
    assert total(second.rolled.books.position) == 0


def test_what_is_spent_is_there_again_and_nobody_knows_when_it_is_made_known() -> None:
    books = usual()
    found = path({"lever": "announce", "funds": ["community"], "days": 0, "ends": "2025/26"}, books=books)
    later = found.years[1].rolled.books.position
    assert set(later["notified_on"].to_pylist()) == {None}
    assert {day.year for day in later["spend_by"].to_pylist() if day} == {2027}
    assert set(later["year"].to_pylist()) == {2026}


def test_what_is_not_known_is_neither_and_has_to_be_said() -> None:
    books = position(row("A", "community", 700), row("A", "winter", 300, recurrent=None))
    start = outcome.baseline.baseline_of(books, world())
    with pytest.raises(Refused, match="it is not known of £3 whether it recurs: winter"):
        path(nothing(), books=start, recurrence_not_known=None)
    goes, stays = (path(nothing(), books=start, recurrence_not_known=word) for word in ("falls away", "continues"))
    assert [each.rolled.held_pence for each in goes.years] == [1000, 700, 700, 700, 700, 700]
    assert [each.rolled.held_pence for each in stays.years] == [1000] * 6
    assert [each.rolled.not_known_pence for each in stays.years] == [300] * 6
    assert [each.rolled.not_known_pence for each in goes.years] == [300, 300, 0, 0, 0, 0]
    assert "of £3 nobody knows whether it does" in goes.sentence


def test_published_projected_and_assumed_years_are_told_apart_in_every_heading() -> None:
    known = {"standing": "published", "certainty": "firm"}
    hoped = {"standing": "projected", "certainty": "indicative"}
    found = path(
        {"lever": "cut", "funds": ["community"], "share": 0.1},
        years="2025/26 to 2028/29",
        growth=[grows("1%", "2026/27", **known), grows("1%", "2027/28", **hoped), grows("1%", "2028/29", **known)],
    )
    told = [each.rolled.certainty_in_words for each in found.years]
    # A year is no better known than those before it, from which it grows.
    assert told == ["as the books hold it", "published; firm", "projected; indicative", "projected; indicative"]
    tables = by_year.tables(found)
    assert {"Years", "Amounts by year", "Steps by year", "icb by year"} <= tables.keys()
    for table in tables.values():
        headings = [column.heading for column in table.columns][-4:]
        assert [heading.removesuffix(" (£)") for heading in headings] == [each.rolled.heading for each in found.years]
    # Hospitals are £1,700,000 of £3,652,000.11 that recur.
    parts = path(nothing(), years="2025/26 to 2026/27", growth=[grows("0%", "2026/27", funds=["hospital"], **known)])
    assert parts.years[1].rolled.certainty_in_words == "46.5% published, 53.5% assumed"


def test_a_figure_that_rests_on_grades_has_its_range_in_every_year() -> None:
    """What is cut is graded, so shares change; each is told with its ends over how grades are read."""
    found = path(
        {"lever": "cut", "funds": ["community"], "share": 0.5, "starts": "2026/27"}, years="2025/26 to 2026/27"
    )
    table = by_year.measures(found.years)
    cells = [cell for line in table.rows for cell in line[1:]]
    over = [each.before.over for one in found.years for each in one.outcome.measures if each.before.over is not None]
    assert over
    assert any(isinstance(cell, RangedCell) for cell in cells)


def test_a_step_is_at_work_from_its_start_to_its_end_and_leaves_nothing() -> None:
    cut = {"lever": "cut", "funds": ["community"], "share": 0.25, "starts": "2027/28", "ends": "2028/29"}
    found = path(cut, growth=[grows("3%")])
    changed = [each.outcome.bridges.bridges[0].change_pence for each in found.years]
    assert [bool(pence) for pence in changed] == [False, False, True, True, False, False]
    for each in (*found.years[:2], *found.years[4:]):
        assert same(after(each), each.rolled.books.position)
    # It is the answer of the last year that is told, and no step is at work in it.
    assert "No headline amount changes." in found.sentence
    table = by_year.bars(found.years)
    assert [list(line[2:]) for line in table.rows if line[0] == "Held in all"] == [
        ["not at work", "not at work", *changed[2:4], "not at work", "not at work"]
    ]


def test_a_taper_a_transition_and_double_running_are_phases() -> None:
    taper = {
        "lever": "cut",
        "funds": ["hospital"],
        "share": 1,
        "phased": {"2026/27": 0.25, "2027/28": 0.5, "2029/30": 1},
    }
    left = [sums(after(each), "fund").get("hospital", 0) for each in path(taper).years]
    assert left == [1_700_000_00, 1_275_000_00, 850_000_00, 850_000_00, 0, 0]
    # A pot that is paid twice, while the old and the new run side by side.
    pot = {
        "lever": "pot", "code": "double", "name": "Double running", "grade": "none", "route": "direction",
        "recurrent": False, "pounds": 1000, "sharing": {"among": "icb", "by": "registered"},
        "starts": "2026/27", "ends": "2027/28", "notified_on": "2026-05-01",
    }  # fmt: skip
    paid = path(pot).years
    assert [sums(after(each), "fund").get("double", 0) for each in paid] == [0, 100_000, 100_000, 0, 0, 0]
    days = {day for each in paid for day in after(each)["notified_on"].to_pylist() if day and day.month == 5}
    assert {day.year for day in days} == {2026, 2027}
    # From one weighting to another in two stages: after half of the way half of the money has moved.
    shift = {
        "lever": "reweigh", "funds": ["community"], "among": "icb", "from": "registered", "to": "health_inequalities",
        "phased": {"2026/27": 0.5, "2027/28": 1},
    }  # fmt: skip
    moved = [each.outcome.run.done[0].change.moved_pence if each.outcome.run.done else 0 for each in path(shift).years]
    assert moved[0] == 0
    assert abs(2 * moved[1] - moved[2]) <= 4
    assert moved[2:] == [moved[2]] * 4


def test_what_takes_years_by_itself_is_as_far_as_it_has_come() -> None:
    found = path(
        {"lever": "devolve", "funds": ["community"], "to": "place", "share": 0.9, "over_years": 3, "starts": "2026/27"}
    )
    local = [sums(after(each), "tier")["place"] - sums(after(found.years[0]), "tier")["place"] for each in found.years]
    third = 110_000_003 * 3 // 10
    assert [round(each / third) for each in local] == [0, 1, 2, 3, 3, 3]


def test_what_cannot_be_phased_or_lies_outside_is_refused() -> None:
    with pytest.raises(Refused, match="neither share nor pounds to phase"):
        path({"lever": "release", "funds": ["medical"], "grade": "none", "phased": {"2026/27": 0.5}})
    with pytest.raises(ValueError, match="2031/32 is not among its years"):
        path({**nothing(), "starts": "2031/32"})
    with pytest.raises(ValueError, match="the years begin in 2026/27"):
        path(nothing(), years="2026/27 to 2027/28")
    with pytest.raises(ValueError, match="does not say which years: add 'years'"):
        play({**nothing(), "starts": "2026/27"})
    with pytest.raises(ValueError, match="before it starts"):
        path({**nothing(), "starts": "2027/28", "ends": "2026/27"})
    with pytest.raises(ValueError, match="not a span of at most 15 years"):
        path(nothing(), years="2025/26 to 2045/46")


@settings(max_examples=15, deadline=None)
@given(positions, st.integers(-500, 1500), st.sampled_from(["continues", "falls away"]))
def test_each_fund_grows_to_the_penny_whoever_holds_it(books: Any, rate: int, unknown: str) -> None:
    """Beside plain Python: every fund as a whole, half a penny up, and no row further than a penny from its part."""
    found = path(nothing(), books=books, years="2025/26 to 2027/28", recurrence_not_known=unknown,
                 growth=[grows(f"{rate / 100}%", "2026/27 to 2027/28")])  # fmt: skip
    part = 1 + Fraction(rate, 10_000)
    for before, now in zip(found.years, found.years[1:], strict=False):
        rows = [each for each in before.rolled.books.position.to_pylist() if each["standing"] != "source"]
        whole: dict[str, int] = defaultdict(int)
        for each in rows:
            if each["recurrent"] if each["recurrent"] is not None else unknown == "continues":
                whole[each["fund"]] += each["amount_pence"]
        wanted = {fund: (2 * pence * part + 1) // 2 for fund, pence in whole.items()}
        assert sums(now.rolled.books.position, "fund") == {fund: pence for fund, pence in wanted.items() if pence}
        assert total(now.rolled.books.position) == 0
        assert now.rolled.held_pence - before.rolled.held_pence == now.rolled.grew_pence - now.rolled.fell_away_pence


@settings(max_examples=15, deadline=None)
@given(positions, shares, st.sampled_from(["place", "pcn", "practice"]))
def test_in_every_year_the_sum_over_receivers_is_the_total(books: Any, share: Any, tier: str) -> None:
    steps = [
        {"lever": "cut", "funds": {}, "share": share, "starts": "2026/27"},
        {"lever": "devolve", "funds": {}, "to": tier, "share": share, "phased": {"2026/27": 0.5, "2028/29": 1}},
    ]
    try:
        found = path(*steps, books=books, years="2025/26 to 2028/29", growth=[grows("2.5%", "2026/27 to 2028/29")])
    except Refused:
        return
    for each in found.years:
        view = {bridge.quantity.name: bridge for bridge in each.outcome.bridges.bridges}["held"]
        assert view.after_pence == held_pence(after(each)) == sum(sums(after(each), "organisation").values())
        assert view.before_pence == each.rolled.held_pence
        assert (
            view.before_pence + sum(bar.effect_pence for bar in view.bars) + view.interaction_pence == view.after_pence
        )
        assert total(after(each)) == 0


@settings(max_examples=15, deadline=None)
@given(positions, shares)
def test_doing_and_undoing_over_years_ends_where_it_began(books: Any, share: Any) -> None:
    """Handed down and taken back, in every year; and what has ended leaves no trace in the years after.

    By places, each of which is in one ICB: what a network of two ICBs gives back goes to each by its people there.
    """
    tier = "place"
    free = {"standing": "available", "tier": "icb"}
    down = {"lever": "devolve", "funds": ["community"], "organisations": free, "to": tier, "share": share}
    only = [each for each in books.position.to_pylist() if each["tier"] not in ("place", "pcn", "practice")]
    start = outcome.baseline.baseline_of(position(*(each for each in only if each["standing"] != "source")), world())
    back = {"lever": "retain", "funds": ["community"], "agreed": False, "back_from": tier, "share": 1}
    try:
        found = path({**down, "ends": "2026/27"}, {**back, "ends": "2026/27"}, books=start, growth=[grows("2%")])
    except Refused:
        return
    for each in found.years:
        assert sums(after(each), "organisation", "fund") == sums(each.rolled.books.position, "organisation", "fund")
    for each in found.years[2:]:
        assert same(after(each), each.rolled.books.position)


def test_a_scenario_compared_with_itself_is_empty_in_every_year() -> None:
    cut = {"lever": "cut", "funds": ["community"], "share": 0.1}
    found = path(nothing(), given=[cut], growth=[grows("2%")])
    for each in found.years:
        run = each.outcome.run
        assert same(run.position, run.baseline.position)
        assert all(not bridge.change_pence for bridge in each.outcome.bridges.bridges)
        assert not each.outcome.by_fund
        assert all(not view.gains for view in each.outcome.views)
    assert json_text(found) == json_text(path(nothing(), given=[cut], growth=[grows("2%")]))


def test_the_document_has_every_year_and_the_hash_hangs_on_all_of_them() -> None:
    cut = {"lever": "cut", "funds": ["community"], "share": 0.1, "ends": "2026/27"}
    told = document(path(cut))
    assert [each["year"] for each in told["years"]] == [str(FinancialYear(year)) for year in range(2025, 2031)]
    assert told["years"][1]["steps"][0]["added_pence"] == -120_000_00
    assert told["years"][5]["steps"] == told["steps"] == []
    assert told["hashes"]["result"] != document(path({**cut, "ends": "2025/26"}))["hashes"]["result"]
