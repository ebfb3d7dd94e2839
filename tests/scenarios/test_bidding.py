"""Bidding pots: the worked example GE7, pots small enough to solve by hand, and what always holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.money import round_half_up_fraction
from scenarios.bids.file import read_bids
from scenarios.bids.pot import BY_REQUEST, EQUAL, LISTED, Bidder, BidPot, Values
from scenarios.bids.simulation import PotOutcome, draw, simulate, spread
from scenarios.bids.tornado import tornado, with_value

EXAMPLE = Path(__file__).parent.parent.parent / "scenarios" / "bids" / "example.yaml"
FREE = Values(cost_of_a_bid_pence=0, cost_of_a_return_pence=0)
CAPACITY_COUNTS = replace(FREE, pull_of_capacity=Fraction(1))


def bidders(*capacities: int) -> tuple[Bidder, ...]:
    return tuple(
        Bidder(f"B{number:02}", f"Bidder {number}", (number + 1) * 10**12, capacity=Fraction(capacity))
        for number, capacity in enumerate(capacities)
    )


def pot(*capacities: int, awards: int = 1, amount: int = 1_000_000, values: Values = FREE, **given) -> BidPot:
    return BidPot(amount, bidders(*capacities), awards, values, **given)


def run(asked: BidPot, draws: int = 20_000, seed: int = 7) -> PotOutcome:
    return simulate(asked, draws, np.random.default_rng(seed))


def by_hand(asked: BidPot, amounts_by_rank: Mapping[tuple[int, ...], tuple[int, ...]] | None = None) -> list[Fraction]:
    """The exact mean award of each bidder, over every order in which strengths can draw them."""
    strengths = [bidder.capacity**asked.values.pull_of_capacity for bidder in asked.bidders]
    means = [Fraction(0)] * len(strengths)
    for order in permutations(range(len(strengths)), asked.awards):
        chance, left = Fraction(1), sum(strengths, Fraction(0))
        for bidder in order:
            chance *= strengths[bidder] / left
            left -= strengths[bidder]
        sizes = amounts_by_rank[order] if amounts_by_rank else asked.award_sizes()
        for bidder, size in zip(order, sizes, strict=True):
            means[bidder] += chance * size
    return means


def assert_within_three_standard_errors(outcome: PotOutcome, exact: list[Fraction]) -> None:
    for receiver, mean in zip(outcome.receivers, exact, strict=True):
        assert receiver.standard_error_pence > 0
        assert abs(receiver.award.mean_pence - mean) <= 3 * receiver.standard_error_pence, receiver


def test_ge7() -> None:
    plan, _ = read_bids(EXAMPLE)
    outcome = simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed))
    bidding, pounds = outcome.bidding, 100
    assert (bidding.bids, bidding.awards) == (28, 9)
    assert bidding.cost_of_bids_pence == 840_000 * pounds
    assert outcome.cost_of_bids_share == Fraction("0.168")
    assert bidding.success is not None
    assert round_half_up_fraction(bidding.success * 10_000) == 3214
    assert bidding.mean_award_pence == 55_555_556
    assert bidding.break_even_probability == Fraction("0.054")
    assert bidding.expected_net_per_bid_pence == 14_857_143
    assert bidding.cost_of_returns_pence == 64_800 * pounds
    assert bidding.overhead_pence == 1_054_800 * pounds
    assert outcome.overhead_share == Fraction("0.21096")
    assert bidding.front_line_pence == 3_945_200 * pounds
    assert (outcome.formula.overhead_pence, outcome.formula.front_line_pence) == (0, 5_000_000 * pounds)
    assert outcome.comparison.break_even_benefit == Fraction("0.21096")
    assert outcome.comparison.advantage_pence == -1_054_800 * pounds


def test_equal_chances_come_out_equal() -> None:
    asked = pot(1, 1, 1, 1, 1, awards=2)
    assert by_hand(asked) == [200_000] * 5
    assert_within_three_standard_errors(run(asked), by_hand(asked))


@pytest.mark.parametrize("awards", [1, 2])
def test_strength_counts_as_by_hand(awards: int) -> None:
    asked = pot(1, 2, 5, awards=awards, values=CAPACITY_COUNTS)
    exact = by_hand(asked)
    if awards == 1:
        assert exact == [125_000, 250_000, 625_000]
    else:
        # The weakest is in by (1, 2), (1, 5), (2, 1) or (5, 1); 2 of 3 written out.
        first = Fraction(1, 8)
        second = Fraction(2, 8) * Fraction(1, 6) + Fraction(5, 8) * Fraction(1, 3)
        assert exact[0] == (first + second) * 500_000
    outcome = run(asked)
    assert_within_three_standard_errors(outcome, exact)
    for receiver, mean in zip(outcome.receivers, exact, strict=True):
        chance = 1 - mean * awards / 1_000_000
        assert float(receiver.chance_of_nothing) == pytest.approx(float(chance), abs=0.011)


def test_size_and_past_wins_count_as_the_formula_says() -> None:
    # Sizes 1, 2, 3 of a mean of 2; past wins 3, 0, 0, whose square root counts: strengths 2 x 1, 1 x 2, 1 x 3.
    values = replace(FREE, pull_of_size=Fraction(1), pull_of_past_wins=Fraction(1, 2))
    asked = pot(1, 1, 1, values=values)
    own = (replace(b, size=Fraction(n), past_wins=3 if n == 1 else 0) for n, b in enumerate(asked.bidders, 1))
    outcome = run(replace(asked, bidders=tuple(own)))
    assert_within_three_standard_errors(outcome, [Fraction(1_000_000 * part, 7) for part in (2, 2, 3)])


def test_the_formula_has_costs_too_where_they_are_assumed() -> None:
    values = replace(
        FREE, cost_of_a_return_pence=300, returns_by_formula=Fraction(4), administration_by_formula_pence=70
    )
    formula = run(pot(1, 1, 1, values=values), draws=5).formula
    assert (formula.cost_of_returns_pence, formula.administration_pence) == (3 * 4 * 300, 70)
    assert formula.front_line_pence == 1_000_000 - 3_670


def test_listed_awards_go_to_the_best_first() -> None:
    asked = pot(1, 2, 5, awards=2, values=CAPACITY_COUNTS, sizes=LISTED, listed_pence=(700_000, 200_000))
    outcome = run(asked)
    assert_within_three_standard_errors(outcome, by_hand(asked))
    assert outcome.bidding.not_awarded_pence == 100_000


def test_requests_are_met_in_order_until_the_money_is_out() -> None:
    asked = pot(1, 2, 5, awards=3, values=CAPACITY_COUNTS, sizes=BY_REQUEST)
    wants = (600_000, 500_000, 300_000)
    asked = replace(
        asked, bidders=tuple(replace(b, request_pence=want) for b, want in zip(asked.bidders, wants, strict=True))
    )
    paid = {}
    for order in permutations(range(3)):
        left, given = 1_000_000, []
        for bidder in order:
            given.append(min(wants[bidder], left))
            left -= given[-1]
        paid[order] = tuple(given)
    outcome = run(asked)
    assert_within_three_standard_errors(outcome, by_hand(asked, paid))
    assert outcome.bidding.awarded_pence == 1_000_000


def test_only_those_who_bid_cost_and_win() -> None:
    asked = pot(1, 1, 1, 1, awards=3, values=replace(FREE, cost_of_a_bid_pence=100, chance_of_bidding=Fraction(1, 2)))
    asked = replace(asked, bidders=(replace(asked.bidders[0], chance_of_bidding=Fraction(0)), *asked.bidders[1:]))
    drawn = draw(asked, 20_000, np.random.default_rng(3))
    assert not drawn.awards[:, 0].any()
    assert (np.count_nonzero(drawn.awards, axis=1) == drawn.bids).all()
    outcome = run(asked)
    # Three bidders, half of the time each: 1.5 bids, and every bid wins one of three awards.
    assert float(outcome.bidding.bids) == pytest.approx(1.5, abs=3 * (0.75 / 20_000) ** 0.5)
    assert outcome.bidding.success == 1
    assert outcome.receivers[0].chance_of_nothing == 1
    assert outcome.bidding.not_awarded_pence == 1_000_000 - outcome.bidding.awarded_pence > 0


def test_nobody_bids() -> None:
    outcome = run(pot(1, 1, values=replace(FREE, chance_of_bidding=Fraction(0), administration_pence=500)), draws=10)
    bidding = outcome.bidding
    assert (bidding.success, bidding.mean_award_pence, bidding.break_even_probability) == (None, None, None)
    assert (bidding.not_awarded_pence, bidding.front_line_pence) == (1_000_000, -500)
    assert outcome.comparison.break_even_benefit is None


def test_days_and_what_they_leave_unspent() -> None:
    values = replace(FREE, decision_delay_days=90, daily_spend_pence=2_000)
    asked = pot(1, 1, 1, 1, awards=2, values=values, announced_on=date(2025, 7, 1), spend_by=date(2026, 3, 31))
    outcome = run(asked, draws=50)
    # From 29 September to 31 March, both counted, are 184 days: 368,000 of each award of 500,000.
    assert outcome.bidding.days_to_spend == 184
    assert outcome.bidding.unspent is not None
    assert outcome.bidding.unspent.mean_pence == 2 * (500_000 - 368_000)
    assert outcome.bidding.front_line_pence == 2 * 368_000
    # By formula 100,000 to 400,000 over 274 days, at 548,000 at most.
    assert (outcome.formula.days_to_spend, outcome.formula.unspent_pence) == (274, 0)
    late = replace(asked, values=replace(values, decision_delay_days=400))
    assert run(late, draws=5).bidding.front_line_pence == 0


def test_what_is_not_known_of_time_is_not_zero() -> None:
    outcome = run(pot(1, 1, 1), draws=5)
    assert (outcome.bidding.days_to_spend, outcome.bidding.unspent, outcome.formula.unspent_pence) == (None,) * 3


def test_misplaced_money_is_the_hoover_index() -> None:
    # Fair shares 1 : 3; one award of all. Either the small one lacks 250,000 or the large one 750,000.
    asked = replace(pot(1, 1), bidders=(bidders(1, 1)[0], replace(bidders(1, 1)[1], people_billionths=3 * 10**12)))
    outcome = run(asked)
    misplaced = outcome.bidding.misplaced
    assert (misplaced.percentile_5_pence, misplaced.percentile_95_pence) == (250_000, 750_000)
    assert misplaced.mean_pence == pytest.approx(500_000, abs=3 * 250_000 / 20_000**0.5)
    # Over many rounds each has a half, and a quarter of the pot stands wrong for ever.
    assert outcome.bidding.misplaced_over_rounds_pence == pytest.approx(250_000, abs=3 * 500_000 / 20_000**0.5)


def test_percentiles_are_amounts_that_were_drawn() -> None:
    amounts = np.arange(1, 101, dtype=np.int64)[::-1, None]
    assert spread(amounts).ravel().tolist() == [5, 50, 95]
    assert spread(np.array([[3]], np.int64)).ravel().tolist() == [3, 3, 3]


def test_a_benefit_at_the_break_even_makes_both_worth_the_same() -> None:
    plan, _ = read_bids(EXAMPLE, draws=100)
    needed = run(plan.pot, 100).comparison.break_even_benefit
    assert needed is not None
    assert run(with_value(plan.pot, "benefit_of_competition", needed), 100).comparison.advantage_pence == 0
    more = needed + Fraction(1, 100)
    assert run(with_value(plan.pot, "benefit_of_competition", more), 100).comparison.advantage_pence > 0


def test_the_same_seed_gives_the_same_and_another_does_not() -> None:
    asked = pot(1, 2, 3, 4, awards=2, values=CAPACITY_COUNTS)
    assert run(asked, 500, 1) == run(asked, 500, 1)
    assert run(asked, 500, 1) != run(asked, 500, 2)


def test_draws_in_several_blocks_are_all_drawn_and_none_twice() -> None:
    plan, _ = read_bids(EXAMPLE)
    drawn = draw(plan.pot, 10_000, np.random.default_rng(plan.seed))
    assert (np.count_nonzero(drawn.awards, axis=1) == 9).all()
    assert (drawn.awards.sum(axis=1) == plan.pot.amount_pence).all()
    # Of some 6.9 million ways to choose 9 of 28, and more with the odd pennies, 10,000 draws repeat a few at most.
    assert len(np.unique(drawn.awards, axis=0)) > 9_900


def test_the_tornado_stands_in_order_and_says_what_moves_what() -> None:
    plan, _ = read_bids(EXAMPLE, draws=200)
    bars = {bar.assumption.name: bar for bar in tornado(plan)}
    swings = [bar.swing_pence for bar in tornado(plan)]
    assert swings == sorted(swings, reverse=True)
    bid = bars["cost_of_a_bid_pence"]
    assert bid.swing_pence == 28 * 10_000 * 100
    assert bid.high.advantage_pence - bid.low.advantage_pence == -28 * 10_000 * 100
    size = bars["pull_of_size"]
    assert size.swing_pence == 0
    assert size.high.misplaced_pence < size.low.misplaced_pence
    assert not bars["pull_of_capacity"].moves
    assert "administration_per_award_pence" not in bars


names = st.sampled_from(["cost_of_a_bid_pence", "cost_of_a_return_pence", "administration_pence"])
shares = st.fractions(0, 1, max_denominator=7)


@st.composite
def pots(drawing: st.DrawFn) -> BidPot:
    count = drawing(st.integers(1, 7))
    amount = drawing(st.integers(count, 10**9))
    sizes = drawing(st.sampled_from([EQUAL, LISTED, BY_REQUEST]))
    awards = drawing(st.integers(1, count))
    cut = sorted((drawing(st.integers(1, amount // count)) for _ in range(awards)), reverse=True)
    own = tuple(
        Bidder(
            f"B{number}",
            f"B{number}",
            drawing(st.integers(1, 10**15)),
            drawing(st.fractions("1/10", 10, max_denominator=10)),
            drawing(st.fractions("1/10", 10, max_denominator=10)),
            drawing(st.integers(0, 9)),
            drawing(st.none() | shares),
            drawing(st.integers(1, amount)),
        )
        for number in range(count)
    )
    values = Values(
        cost_of_a_bid_pence=drawing(st.integers(0, 10**7)),
        cost_of_a_return_pence=drawing(st.integers(0, 10**6)),
        chance_of_bidding=drawing(shares),
        pull_of_capacity=drawing(st.fractions(-2, 2, max_denominator=3)),
        pull_of_size=drawing(st.fractions(-2, 2, max_denominator=3)),
        pull_of_past_wins=drawing(st.fractions(-2, 2, max_denominator=3)),
        returns_per_award=drawing(st.fractions(0, 12, max_denominator=2)),
        administration_pence=drawing(st.integers(0, 10**6)),
        administration_per_award_pence=drawing(st.integers(0, 10**6)),
        decision_delay_days=drawing(st.integers(0, 400)),
        daily_spend_pence=drawing(st.none() | st.integers(0, 10**6)),
        returns_by_formula=drawing(st.fractions(0, 4, max_denominator=2)),
    )
    listed = tuple(cut) if sizes == LISTED else ()
    return BidPot(amount, own, awards, values, sizes, listed, date(2025, 6, 1), date(2026, 3, 31))


@settings(max_examples=120, deadline=None)
@given(asked=pots(), seed=st.integers(0, 2**32))
def test_every_draw_stays_within_the_pot_and_every_pound_is_accounted_for(asked: BidPot, seed: int) -> None:
    drawn = draw(asked, 40, np.random.default_rng(seed))
    assert (drawn.awards >= 0).all()
    assert (drawn.awards.sum(axis=1) <= asked.amount_pence).all()
    winners = np.count_nonzero(drawn.awards, axis=1)
    assert (winners <= np.minimum(drawn.bids, asked.awards)).all()
    outcome = simulate(asked, 40, np.random.default_rng(seed))
    for column in zip(*outcome.account().values(), strict=True):
        assert sum(part or 0 for part in column) == asked.amount_pence
    assert sum(receiver.fair_share_pence for receiver in outcome.receivers) == asked.amount_pence
    assert 0 <= outcome.bidding.misplaced.mean_pence <= asked.amount_pence


@settings(max_examples=60, deadline=None)
@given(asked=pots(), seed=st.integers(0, 2**32), name=names, more=st.integers(1, 10**6))
def test_more_cost_never_lowers_overhead_and_moves_no_award(asked: BidPot, seed: int, name: str, more: int) -> None:
    dearer = with_value(asked, name, Fraction(getattr(asked.values, name) + more))
    before = simulate(asked, 40, np.random.default_rng(seed)).bidding
    after = simulate(dearer, 40, np.random.default_rng(seed)).bidding
    assert after.overhead_pence >= before.overhead_pence
    assert after.front_line_pence <= before.front_line_pence
    assert after.awarded_pence == before.awarded_pence


@settings(max_examples=60, deadline=None)
@given(asked=pots(), seed=st.integers(0, 2**32))
def test_more_capacity_never_wins_less_where_capacity_counts(asked: BidPot, seed: int) -> None:
    sizes = EQUAL if asked.sizes == BY_REQUEST else asked.sizes
    asked = replace(asked, sizes=sizes, values=replace(asked.values, pull_of_capacity=Fraction(1)))
    first = asked.bidders[0]
    stronger = replace(asked, bidders=(replace(first, capacity=first.capacity * 3), *asked.bidders[1:]))
    before = draw(asked, 40, np.random.default_rng(seed)).awards[:, 0]
    after = draw(stronger, 40, np.random.default_rng(seed)).awards[:, 0]
    assert (after >= before).all()
