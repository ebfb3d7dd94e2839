"""The file of a bidding pot: what it may say, and what is refused, with its line and a remedy."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from allocations.figures import tables
from ledger.errors import Refused
from scenarios.bids.file import read_bids
from scenarios.bids.pot import PotPlan
from scenarios.bids.simulation import simulate
from scenarios.bids.tornado import with_value
from scenarios.bids.words import sentences

EXAMPLE = Path(__file__).parent.parent.parent / "scenarios" / "bids" / "example.yaml"
SMALL = """\
title: A small pot
seed: 1
pot:
  amount_pounds: 1000
  announced_on: 2025-07-01
  spend_by: 2026-03-31
awards:
  number: 2
bidders:
  who: listed
  listed:
    - {code: A, weighted_people: 100.5}
    - {code: B, weighted_people: 200, capacity: 3/2, past_wins: 2}
    - {code: C, weighted_people: 300, request_pounds: 12.34}
assumptions:
  chance_of_bidding:
    value: 0.9
    low: 0.5
    high: 1
    standing: assumption
    quality: red
    source: a test
    reason: to see
"""
OF_ICBS = SMALL[: SMALL.index("  who:")] + "  who: icbs\n" + SMALL[SMALL.index("assumptions:") :]


def read(folder: Path, text: str, draws: int | None = None) -> PotPlan:
    file = folder / "pot.yaml"
    file.write_text(text, encoding="utf-8")
    return read_bids(file, draws)[0]


def refusals(folder: Path, text: str, draws: int | None = None) -> list[str]:
    with pytest.raises(Refused) as refused:
        read(folder, text, draws)
    return [str(problem) for problem in refused.value.problems]


def test_a_file_is_read_exactly(tmp_path: Path) -> None:
    plan = read(tmp_path, SMALL)
    first, second, third = plan.pot.bidders
    assert (plan.pot.amount_pence, plan.draws) == (100_000, 10_000)
    assert (first.people_billionths, first.size) == (100_500_000_000, 201 / 2)
    assert (second.capacity, second.past_wins) == (3 / 2, 2)
    assert third.request_pence == 1234
    assert plan.pot.award_sizes() == (50_000, 50_000)
    assert plan.pot.values.chance_of_bidding * 10 == 9
    assert read(tmp_path, SMALL, draws=7).draws == 7


def test_a_small_pot_has_a_smaller_bid_and_both_are_proxies(tmp_path: Path) -> None:
    small = read(tmp_path, SMALL).assumptions["cost_of_a_bid_pence"]
    large = read(tmp_path, SMALL.replace("1000", "250000")).assumptions["cost_of_a_bid_pence"]
    assert (small.low, small.value, small.high) == (500_000, 750_000, 1_000_000)
    assert (large.low, large.value, large.high) == (2_000_000, 2_500_000, 3_000_000)
    assert small.standing == large.standing == "proxy from local government"
    returned = read(tmp_path, SMALL).assumptions["cost_of_a_return_pence"]
    assert (returned.low, returned.high, returned.standing) == (20_000, 40_000, "proxy from local government")


def test_shipped_bidders_carry_their_weighted_population(tmp_path: Path) -> None:
    icbs = read(tmp_path, OF_ICBS).pot.bidders
    published = tables.table("practices_2025_26")["core"].to_pylist()
    assert len(icbs) == 42
    assert sum(bidder.people_billionths for bidder in icbs) == sum(int(people.scaleb(9)) for people in published)
    places = read(tmp_path, OF_ICBS.replace("who: icbs", "who: places\n  of: [QWO]")).pot.bidders
    known = {row["place"] for row in tables.table("places_2025_26").to_pylist() if row["icb"] == "QWO"}
    assert {bidder.code for bidder in places} == known
    plan, _ = read_bids(EXAMPLE)
    assert len(plan.pot.bidders) == 28


def test_facts_speak_of_single_bidders(tmp_path: Path) -> None:
    text = OF_ICBS.replace("who: icbs", "who: icbs\n  facts:\n    QWO: {capacity: 2, daily_spend_pounds: 10}")
    bidders = {bidder.code: bidder for bidder in read(tmp_path, text).pot.bidders}
    assert (bidders["QWO"].capacity, bidders["QWO"].daily_spend_pence) == (2, 1000)
    assert (bidders["QOP"].capacity, bidders["QOP"].daily_spend_pence) == (1, None)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("title:", "titel:", 1, ("titel", "Did you mean 'title'?")),
        ("seed: 1\n", "", 1, ("seed", "Field required", "Add 'seed'")),
        ("seed: 1", "seed: -1", 2, ("greater than or equal to 0",)),
        ("amount_pounds: 1000", "amount_pounds: 0", 4, ("greater than 0",)),
        ("amount_pounds: 1000", "amount_pounds: 0.001", 4, ("not a whole number of pence", "Round it")),
        ("amount_pounds: 1000", "amount_pounds: 1e30", 4, ("cannot be simulated", "£50 billion")),
        ("spend_by: 2026-03-31", "spend_by: 2025-06-30", 6, ("before it is announced on 2025-07-01", "Correct one")),
        ("  spend_by: 2026-03-31\n", "", 3, ("only one of announced_on and spend_by", "Give both")),
        ("number: 2", "number: 4", 8, ("4 awards for 3 bidders", "at most 3")),
        ("number: 2", "number: 0", 8, ("greater than or equal to 1",)),
        ("number: 2", "number: 2\n  sizes: listed", 9, ("'listed', and 0 sizes", "listed_pounds")),
        ("number: 2", "number: 2\n  listed_pounds: [1, 2]", 9, ("'equal', and 2 sizes", "sizes: listed")),
        ("number: 2", "number: 2\n  sizes: listed\n  listed_pounds: [1]", 10, ("1 sizes are listed for 2 awards",)),
        ("number: 2", "number: 2\n  sizes: listed\n  listed_pounds: [900, 200]", 10, ("sum to £1,100", "Lower")),
        ("number: 2", "number: 2\n  sizes: by request", 10, ("2 bidders ask for nothing: A, B", "request_pounds")),
        ("who: listed", "who: nobody", 10, ("'icbs', 'places', 'pcns' or 'listed'",)),
        ("who: listed", "who: icbs", 11, ("bidders are listed, but who may bid is 'icbs'",)),
        ("who: listed", "who: listed\n  of: [QWO]", 11, ("'of' is given for bidders that are listed",)),
        ("who: listed", "who: listed\n  weighting: beer", 11, ("no weighting 'beer'", "Choose")),
        ("code: B", "code: A", 13, ("'A' stands twice", "Keep one")),
        ("weighted_people: 200", "weighted_people: 0", 13, ("greater than 0",)),
        ("weighted_people: 100.5", "weighted_people: 0.0000000001", 12, ("more than nine places", "Round")),
        ("capacity: 3/2", "capacity: 0", 13, ("capacity is 0", "above 0")),
        ("capacity: 3/2", "capacity: 1/0", 13, ("not a number",)),
        ("capacity: 3/2", "capacity: 1e9999999", 13, ("a number beyond all sense",)),
        ("capacity: 3/2", "chance_of_bidding: 1.2", 13, ("It is a probability", "from 0 to 1")),
        ("request_pounds: 12.34", "request_pounds: -1", 14, ("request_pounds is -1", "not below 0")),
        ("request_pounds: 12.34", "daily_spend_pounds: 0.001", 14, ("daily_spend_pounds", "whole pence")),
        ("    high: 1\n", "    high: 1.5\n", 16, ("chance_of_bidding is 1.5", "It is a probability", "from 0 to 1")),
        ("    low: 0.5\n", "    low: 0.95\n", 16, ("low, value and high are 0.95, 0.9, 1", "rising order")),
        ("    reason: to see\n", "", 16, ("reason", "Field required")),
        ("standing: assumption", "standing: guess", 20, ("'published'", "proxy from local government")),
        ("chance_of_bidding:\n", "chance_of_biding:\n", 16, ("'chance_of_biding'", "Did you mean 'chance_of_bidding'?")),
        ("chance_of_bidding:\n", "weather:\n", 16, ("nothing called 'weather'", "What may be assumed: cost_of_a_bid")),
        ("chance_of_bidding:\n    value: 0.9\n    low: 0.5", "cost_of_a_bid_pounds:\n    value: 1\n    low: -5", 16, ("is -5", "from 0")),
        ("chance_of_bidding:\n    value: 0.9", "cost_of_a_bid_pounds:\n    value: 0.901", 16, ("whole number of pence",)),
        ("chance_of_bidding:\n    value: 0.9", "decision_delay_days:\n    value: 0.9", 16, ("Days are counted whole",)),
        ("seed: 1", "seed: 1\nseed: 2", 3, ("'seed' stands twice",)),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, old: str, new: str, line: int, words: tuple[str, ...]) -> None:
    assert old in SMALL
    said = refusals(tmp_path, SMALL.replace(old, new, 1))
    assert any(text.startswith(f"pot.yaml, line {line}") and all(word in text for word in words) for text in said), said


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("who: icbs\n  of: [QWO]", ("there is no region 'QWO'", "Choose from Y")),
        ("who: places\n  of: [Y56]", ("there is no ICB 'Y56'", "QWO")),
        ("who: icbs\n  facts: {QWOO: {capacity: 2}}", ("'QWOO' is none of the 42 bidders", "Did you mean QWO?")),
        ("who: icbs\n  facts: {QWO: {capacity: -2}}", ("capacity is -2", "above 0")),
        ("who: listed", ("there are no bidders", "List them")),
    ],
)
def test_what_is_refused_of_the_choice_of_bidders(tmp_path: Path, new: str, words: tuple[str, ...]) -> None:
    said = refusals(tmp_path, OF_ICBS.replace("who: icbs", new))
    assert any(text.startswith("pot.yaml, line ") and all(word in text for word in words) for text in said), said


def test_more_overhead_than_pot_is_said_in_words(tmp_path: Path) -> None:
    plan = read(tmp_path, OF_ICBS, draws=20)
    outcome = simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed))
    assert outcome.overhead_share > 1
    first, *_ = sentences(plan, outcome)
    assert "worse off than without the pot, for nothing reaches the front line; by formula £1,000 would." in first


def test_match_funding_is_said_in_words_and_is_no_overhead(tmp_path: Path) -> None:
    text = SMALL.replace(
        "chance_of_bidding:\n    value: 0.9\n    low: 0.5", "match_share:\n    value: 0.5\n    low: 0.5"
    )
    plan = read(tmp_path, text, draws=20)
    outcome = simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed))
    assert outcome.bidding.match_pence == 50_000
    assert "Winners must find £500 of their own to match what they win." in sentences(plan, outcome)
    without = simulate(with_value(plan.pot, "match_share", Fraction(0)), 20, np.random.default_rng(plan.seed))
    assert without.bidding.overhead_pence == outcome.bidding.overhead_pence


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = SMALL.replace("number: 2", "number: 9").replace("2026-03-31", "2025-01-01").replace("value: 0.9", "value: 2")
    said = refusals(tmp_path, text)
    assert {text.split(",")[1] for text in said} == {" line 6", " line 8", " line 16"}


def test_more_draws_than_fit_are_refused(tmp_path: Path) -> None:
    said = refusals(tmp_path, OF_ICBS.replace("who: icbs", "who: pcns"), draws=100_000)
    assert "They would not fit in memory." in said[0]
    assert "at most 15," in said[0]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no such file"):
        read_bids(tmp_path / "none.yaml")
