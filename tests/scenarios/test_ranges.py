"""Ranges: bounds worked out by hand, draws that are the same again, and no draw's names told."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.readings import GradeReading, Regrade
from scenarios import ranges, saved
from scenarios.document import document, plain, ranges_document
from scenarios.engine import run
from scenarios.files.knobs import as_text
from scenarios.files.scenario import revalued
from scenarios.files.shapes import drawn
from scenarios.outcome import Outcome, explore
from scenarios.ranges import GAINING, LOSING, MOVED, READINGS, ranged
from scenarios.saved import read_text
from screens.report.scenarios.ranges import range_sentence
from tests.scenarios.worlds import scenario, usual

DEVOLVE = {"lever": "devolve", "funds": ["winter"], "to": "place", "share": "$share", "by": "registered"}
GROUNDS = {"reason": "r", "source": "s", "quality": "red"}
SHARE = {"name": "share", "value": "50%", "low": "20%", "high": "60%", "impact": "red", **GROUNDS}


def answer(*steps: dict[str, Any], assumptions: list[dict[str, Any]], **more: Any) -> Outcome:
    said = {"title": "t", "question": "q", "baseline": {"year": "2025/26"}, "steps": list(steps),
            "assumptions": assumptions, **more}  # fmt: skip
    return explore(read_text(as_text(said).encode()), usual())


def test_the_tornado_is_exact_and_the_range_lies_between_its_ends() -> None:
    """The winter fund is £20,000: 20%, 50% and 60% of it are £4,000, £10,000 and £12,000."""
    found = ranged(answer(DEVOLVE, assumptions=[SHARE]))
    local = found.named("local_pence")
    assert local is not None
    (driver,) = [each for each in local.drivers if each.name == "share"]
    assert (driver.low, local.central, driver.high) == (4_000_00, 10_000_00, 12_000_00)
    assert 4_000_00 - 1_000_00 <= local.low < local.central < local.high <= 12_000_00 + 1_000_00
    # Devolving is the same straight line all the way: an estimate between its ends is off by rounding alone.
    assert found.off_pence <= 1
    assert found.rests_on == ("share from 20% to 60%: a triangle with its peak at 50%",)


def test_a_range_is_where_ninety_of_a_hundred_draws_lie() -> None:
    """Of a uniform share from 10% to 90% the fifth and the ninety-fifth percentile are 14% and 86%, but for luck."""
    even = {**SHARE, "low": "10%", "high": "90%", "shape": "uniform"}
    steps = {**DEVOLVE, "funds": ["community"], "share": "$share"}
    found = ranged(answer(steps, assumptions=[even]), 4000).named("local_pence")
    assert found is not None
    whole = 2 * found.central
    assert abs(found.low / whole - Fraction(14, 100)) < Fraction(2, 100)
    assert abs(found.high / whole - Fraction(86, 100)) < Fraction(2, 100)


def test_how_grades_are_read_moves_what_is_free_and_nothing_else() -> None:
    """Places get half of a fund: whatever reading, what is local is the same, and what is free is not."""
    found = ranged(answer({**DEVOLVE, "funds": ["community"], "share": "50%"}, assumptions=[]))
    free, local = found.named("free_of_conditions"), found.named("local_pence")
    assert free is not None
    assert local is not None
    assert [each.name for each in free.drivers] == [READINGS]
    assert free.low <= free.central <= free.high
    assert local.low == local.central == local.high
    assert (found.rests_on, found.checked) == ((), 0)


def test_a_reading_of_ones_own_is_an_end_of_the_range_and_changes_no_answer() -> None:
    """It takes community care as a pot of its own: one pot more for each ICB, of which there were five and four."""
    plain_answer = answer({**DEVOLVE, "funds": ["community"], "share": "50%"}, assumptions=[])
    rule = Regrade("soft", headings=("community",))
    own = GradeReading("own", "as our board reads it", "Community care stands apart.", "It has a floor.", (rule,))
    read = explore(plain_answer.run.written, replace(plain_answer.run.books, own=own))
    ours, of_all = (ranged(each).named("pots_per_icb") for each in (read, plain_answer))
    assert ours is not None
    assert of_all is not None
    assert (of_all.central, of_all.low, of_all.high) == (Fraction(9, 2),) * 3
    assert (ours.central, ours.low, ours.high) == (Fraction(9, 2), Fraction(9, 2), Fraction(11, 2))
    assert [each.says for each in ours.drivers] == ["as recorded, as our board reads it"]
    (test,) = [after for _, after in read.scorecard if after.name == "pots_per_icb"]
    assert test.over is not None
    assert (test.over.highest, test.over.highest_by) == (Fraction(11, 2), own)
    (pots,) = [each.after for each in read.measures if (each.scope, each.after.name) == ("all", "pots")]
    assert pots.over is not None
    assert (pots.value, pots.over.highest, pots.over.highest_by) == (6, 7, own)
    assert read.result_hash == plain_answer.result_hash
    assert document(read)["readings"] == ["recorded", "strict", "published", "lenient", "mhis", "own"]
    told = range_sentence(ranged(read))
    assert told.startswith(
        "The answer reads ring-fences as recorded. Each range also holds it by the other readings: strict, as "
        "published, lenient, MHIS as a floor and your own (as our board reads it)"
    )
    assert "your own" not in range_sentence(ranged(plain_answer))


def test_people_who_may_be_miscounted_move_what_follows_them() -> None:
    by_people = {"lever": "reroute", "funds": ["winter"], "to": "formula", "sharing": {"by": "registered"}}
    spread = {"weighting": "registered", "spread": "2%", **GROUNDS}
    found = ranged(answer(by_people, assumptions=[], people=[spread]))
    (gain, loss) = [each for each in found.figures if each.is_of_an_icb]
    assert gain.central == -loss.central
    assert gain.low < gain.central < gain.high
    assert [each.name for each in gain.drivers] == ["registered people"]
    # With its people 2% more, A (of A and B) has 1.02 a / (1.02 a + b) of the fund: both move alike.
    assert abs((gain.high - gain.low) - (loss.high - loss.low)) <= 2 * 100_000
    # What is registered moves every weighting; another weighting moves none of this.
    other = ranged(answer(by_people, assumptions=[], people=[{**spread, "weighting": "prescribing"}]))
    assert [each.low == each.high for each in other.figures if each.is_of_an_icb] == [True, True]
    assert other.rests_on == ()


def test_no_draws_names_are_told() -> None:
    """How many gain has a range, and each has its own: who gained in one draw is nowhere to be read."""
    by_people = {"lever": "reroute", "funds": ["winter"], "to": "formula", "sharing": {"by": "registered"}}
    found = ranged(answer(by_people, assumptions=[], people=[{"weighting": "registered", "spread": "20%", **GROUNDS}]))
    assert {each.name for each in found.figures} >= {GAINING, LOSING}
    text = json.dumps(ranges_document(found), default=plain)
    for word in ("winner", "loser", "in draw", "per_draw"):
        assert word not in text
    values = [part for each in ranges_document(found)["figures"] for part in each.values()]
    assert not [part for part in values if isinstance(part, list) and part and not isinstance(part[0], dict)]


@settings(max_examples=12, deadline=None)
@given(
    ends=st.tuples(st.integers(1, 50), st.integers(50, 100)),
    shape=st.sampled_from(("uniform", "triangular", "pert", "normal")),
    seed=st.integers(0, 99),
)
def test_a_range_holds_its_central_answer_and_one_seed_gives_the_same_bytes(
    ends: tuple[int, int], shape: str, seed: int
) -> None:
    share = {**SHARE, "low": f"{ends[0]}%", "high": f"{ends[1]}%", "shape": shape}
    asked = answer(DEVOLVE, assumptions=[share], seed=seed)
    found = ranged(asked, 60)
    assert all(each.low <= each.central <= each.high for each in found.figures)
    assert all(min(each.central, d.low, d.high) <= each.central for each in found.figures for d in each.drivers)
    again = [json.dumps(ranges_document(each), default=plain) for each in (found, ranged(asked, 60))]
    assert again[0] == again[1]


@pytest.mark.parametrize("shape", ["uniform", "triangular", "pert", "normal"])
def test_shapes_keep_their_bounds_and_have_their_means(shape: Any) -> None:
    """Means of 0 to 10 with 2 most likely: 5, (0 + 2 + 10) / 3, (0 + 8 + 10) / 6; the normal leans to its longer side."""
    values = drawn(shape, 0.0, 2.0, 10.0, 40_000, np.random.default_rng(1))
    assert values.min() >= 0
    assert values.max() <= 10
    # Of a normal around 2 with deviation 2.5, cut at 0 and 10: 2 + 2.5 (d(-0.8) - d(3.2)) / (P(3.2) - P(-0.8)).
    wanted = {"uniform": 5.0, "triangular": 4.0, "pert": 3.0, "normal": 2 + 2.5 * (0.28969 - 0.00238) / 0.78746}[shape]
    assert abs(values.mean() - wanted) < 0.05
    assert (drawn(shape, 3.0, 3.0, 3.0, 5, np.random.default_rng(1)) == 3).all()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"low": "60%", "high": "70%"}, "does not lie from 60% to 70%"),
        ({"low": "60%", "high": None}, "must be three numbers"),
        ({"low": None, "high": None, "shape": "pert"}, "a shape needs a low and a high"),
        ({"low": "a", "high": "b"}, "must be three numbers"),
    ],
)
def test_bounds_that_are_none_are_refused(said: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        answer(DEVOLVE, assumptions=[{key: value for key, value in {**SHARE, **said}.items() if value is not None}])


def test_an_end_that_a_step_cannot_have_is_refused_with_its_value() -> None:
    with pytest.raises(Refused, match="with share 160% it cannot be read"):
        ranged(answer(DEVOLVE, assumptions=[{**SHARE, "high": "160%"}]))


def test_a_scenario_made_in_python_has_readings_alone() -> None:
    from scenarios.files.scenario import written

    made = explore(written(scenario({**DEVOLVE, "share": "0.5"})), usual())
    assert ranged(made).rests_on == ()
    assert ranged(made).named(MOVED) is not None
    assert ranges.DRAWS == 1000


def test_what_is_turned_beyond_its_range_takes_the_range_with_it() -> None:
    found = saved.find("devolve-80-at-once@share_at_place=95%", Path("ledger.duckdb")).scenario.assumptions[0]
    assert (found.low, found.value, found.high) == ("60%", "95%", "95%")


def test_an_amount_that_is_turned_to_a_plain_number_is_still_money() -> None:
    """Winter is all that is hard and below: draws are whole pence, however the middle is written."""
    release = {"lever": "release", "funds": {"below_pounds": "$small", "grade": ["hard"]}}
    small = {"name": "small", "low": "£36,000", "high": "£72,000", "impact": "red", **GROUNDS}
    plainly, as_money = (
        ranged(answer(release, assumptions=[{**small, "value": value}])) for value in (50001, "£50,001")
    )
    assert plainly.figures == as_money.figures


def growing(**values: Any) -> dict[str, Any]:
    """A rule of growth for community services, and its assumption."""
    rule = {"funds": ["community"], "years": "2026/27 to 2027/28", "rate": "$growth", "standing": "assumed",
            "certainty": "assumed", "reason": "r", "source": "s"}  # fmt: skip
    return {"years": "2025/26 to 2027/28", "recurrence_not_known": "continues", "growth": [rule], **values}


GROWTH = {"name": "growth", "value": "10%", "low": "0%", "high": "20%", "impact": "red", **GROUNDS}
CUT = {"lever": "cut", "funds": ["community"], "share": "$cut", "starts": "2026/27"}
HOW_MUCH = {"name": "cut", "value": "50%", "low": "40%", "high": "50%", "impact": "red", **GROUNDS}


def test_every_year_has_its_ranges_and_its_tornado() -> None:
    """Community services are £1,200,000.03 of £3,672,000.14: after a year at 0%, 10%, 20%, and half of it cut."""
    found = ranged(answer(CUT, assumptions=[GROWTH, HOW_MUCH], **growing()), 200)
    assert [str(each.year) for each in found.years] == ["2025/26", "2026/27", "2027/28"]
    first, second, third = found.years
    assert [each.low == each.high for each in first.figures if each.unit == "pence"] == [True] * sum(
        each.unit == "pence" for each in first.figures
    )
    for year, growth in ((second, (0, 10, 20)), (third, (0, 21, 44))):
        held = year.named("held_pence")
        assert held is not None
        drivers = {each.name: (each.low, each.high) for each in held.drivers}
        low, high = drivers["growth"]
        # Half of what has grown is taken away, to the nearest penny at each of three holders.
        wanted = [-Fraction(120_000_003) * (100 + rate) / 200 for rate in growth]
        assert all(abs(one - other) <= 3 for one, other in zip((low, held.central, high), wanted, strict=True))
        cut = drivers["cut"]
        assert abs(cut[0] - Fraction(4, 5) * wanted[1]) <= 3
        assert cut[1] == held.central
        after = year.named("held_after_pence")
        assert after is not None
        assert after.low < after.central < after.high
    assert found.figures == third.figures


def test_ranges_over_years_are_those_of_draws_that_are_worked_out_in_full() -> None:
    """Nine of ten of other draws, each worked out by plain arithmetic, lie in the range of each year."""
    found = ranged(answer(CUT, assumptions=[GROWTH, HOW_MUCH], **growing()), 2000)
    generator = np.random.default_rng(5)
    growth, cut = (generator.triangular(*ends, 20_000) for ends in ((0, 0.1, 0.2), (0.4, 0.5, 0.5)))
    for years, each in enumerate(found.years):
        held = each.named("held_pence")
        assert held is not None
        full = -120_000_003 * (1 + growth) ** years * cut * (years > 0)
        inside = ((float(held.low) <= full) & (full <= float(held.high))).mean()
        assert 0.88 <= inside <= 0.94 or years == 0


@settings(max_examples=3, deadline=None)
@given(
    growth=st.tuples(st.integers(0, 5), st.integers(5, 9)), cut=st.tuples(st.integers(0, 30), st.integers(30, 60)),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_ranges_of_every_year_hold_the_answer_and_one_seed_gives_the_same_bytes(
    growth: tuple[int, int], cut: tuple[int, int], seed: int
) -> None:
    unsure = [
        {**GROWTH, "value": "5%", "low": f"{growth[0]}%", "high": f"{growth[1]}%"},
        {**HOW_MUCH, "value": "30%", "low": f"{cut[0]}%", "high": f"{cut[1]}%"},
    ]
    people = [{"weighting": "registered", "spread": "2%", **GROUNDS}]
    by_people = {"lever": "reroute", "funds": ["community"], "to": "formula", "sharing": {"by": "registered"}}
    asked = answer(CUT, by_people, assumptions=unsure, people=people, **growing(seed=seed))
    found = ranged(asked, 40)
    for year, known in zip(found.years, asked.years, strict=True):
        assert all(each.low <= each.central <= each.high for each in year.figures)
        local = year.named("local_pence")
        assert local is not None
        change = next(one for one in known.outcome.bridges.bridges if one.quantity.name == "local").change_pence
        assert local.central == change
    again = [json.dumps(ranges_document(each), default=plain) for each in (found, ranged(asked, 40))]
    assert again[0] == again[1]
    assert len(json.loads(again[0])["years"]) == 3


def test_what_is_kept_of_an_earlier_run_is_what_a_run_from_the_start_would_do() -> None:
    """Of steps that rest on each other, and of what is taken as given, whichever assumption is turned."""
    first = {"lever": "cut", "funds": ["hospital"], "share": "$given"}
    steps = [{**DEVOLVE, "funds": ["community"]}, {"lever": "cut", "funds": ["medical"], "share": "$cut"},
             {"lever": "grow", "funds": ["winter"], "pounds": "proceeds of step 2"}]  # fmt: skip
    unsure = [
        SHARE,
        {**HOW_MUCH, "value": "40%"},
        {**HOW_MUCH, "name": "given", "value": "5%", "low": "0%", "high": "9%"},
    ]
    found = answer(*steps, assumptions=unsure, baseline={"year": "2025/26", "given": [first]})
    for name, value in (("share", "30%"), ("cut", "45%"), ("given", "7%"), ("share", "50%")):
        turned = revalued(found.run.written, {name: value})
        kept, whole = run(turned, usual(), found.run), run(turned, usual())
        assert kept.position.equals(whole.position), name
        assert kept.baseline.position.equals(whole.baseline.position), name
        assert [each.change.says for each in kept.done] == [each.change.says for each in whole.done], name
    assert run(revalued(found.run.written, {"cut": "45%"}), usual(), found.run).done[0] is found.run.done[0]


def test_the_table_of_ranges_has_a_column_a_year() -> None:
    from screens.report.scenarios.ranges import every_range, every_swing, in_ranges, in_year, swings

    found = ranged(answer(CUT, assumptions=[GROWTH, HOW_MUCH], **growing()), 60)
    table, tornado = in_ranges(found)
    assert [each.heading for each in table.columns][1:] == [each.heading for each in found.years]
    held = next(row for row in table.rows if row[0] == "Held in all, after")
    assert " to " in held[3]
    assert {row[0] for row in tornado.rows} >= {"growth", "cut"}
    # Each year has a tornado of its own, and the workbook has every figure of all of them.
    second = swings(in_year(found, found.years[1]))
    assert second is not None
    assert {row[0] for row in second.rows} >= {"growth", "cut"}
    assert second.rows != tornado.rows
    assert {row[0] for row in every_range(found).rows} >= {"2026/27", "2027/28"}
    driven = {(row[0], row[2]) for row in every_swing(found).rows}
    assert driven >= {(year, name) for year in ("2026/27", "2027/28") for name in ("growth", "cut")}
