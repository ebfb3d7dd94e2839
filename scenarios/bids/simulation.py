"""What a bidding pot costs and does, beside the same money by formula.

Every pound of the pot ends in one of four ways, and they sum to it:

    pot = to the front line + overhead + not awarded + not spent in time

*Overhead* is the cost of all bids, won or lost, of the winners' returns and of the funder's administration,
whoever pays for it. Bids are paid for from the bidders' own budgets, not from the pot; but that is money of
the same service for the same people, so what the service is better off by, the front line, is what it spends
of the pot less what all of them spent on the way. Where overhead is more than is spent, that is below zero.
Match funding is not overhead: it is spent on the purpose, but it ties money that was free, and stands apart.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ledger.money import round_half_up_fraction
from scenarios.bids.pot import BY_REQUEST, BidPot

Pence = NDArray[np.int64]
# Blocks that fit in a processor's cache. A constant: the numbers drawn must not depend on the machine.
_CELLS_AT_A_TIME = 1 << 17
_LEAST_STRENGTH = 1e-300
QUANTILES = (5, 50, 95)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of every draw.

    Attributes:
        awards: draws by bidders, in pence; 0 where a bidder got nothing.
        bids: for each draw, how many bid.
    """

    awards: Pence
    bids: NDArray[np.int64]


def strengths(pot: BidPot) -> NDArray[np.float64]:
    """The strength of each bidder's bid, the strongest being 1."""
    values = pot.values
    capacity = np.array([bidder.capacity for bidder in pot.bidders], np.float64)
    size = np.array([bidder.size for bidder in pot.bidders], np.float64)
    wins = np.array([bidder.past_wins for bidder in pot.bidders], np.float64)
    exponents = np.array([values.pull_of_capacity, values.pull_of_size, values.pull_of_past_wins], np.float64)
    # In logarithms, so that no exponent is too large.
    logarithm = exponents @ np.log(np.stack([capacity, size / size.mean(), 1 + wins]))
    return np.asarray(np.maximum(np.exp(logarithm - logarithm.max()), _LEAST_STRENGTH))


def draw(pot: BidPot, draws: int, generator: np.random.Generator) -> Drawn:
    """Draw who bids and who wins what.

    Args:
        draws: how often.
        generator: where the random numbers come from. Waiting times and turnout have a stream each, so
            that two pots with the same seed meet the same luck, and differ only by what is assumed.

    Returns:
        Awards that in no draw sum to more than the pot.
    """
    luck, turnout = generator.spawn(2)
    count = len(pot.bidders)
    strength = strengths(pot)
    chances = np.array(pot.chances_of_bidding(), np.float64)
    everybody = bool((chances == 1).all())
    sizes = np.array(pot.award_sizes(), np.int64)
    awards = np.zeros((draws, count), np.int64)
    bids = np.full(draws, count, np.int64)
    rows = max(1, _CELLS_AT_A_TIME // count)
    for start in range(0, draws, rows):
        block = slice(start, min(start + rows, draws))
        shape = (block.stop - block.start, count)
        times = luck.standard_exponential(shape)
        times /= strength
        if not everybody:
            out = turnout.random(shape) >= chances
            times[out] = np.inf
            bids[block] = count - np.count_nonzero(out, axis=1)
        order = np.argsort(times, axis=1)[:, : pot.awards]
        given = _requested(pot, order) if pot.sizes == BY_REQUEST else np.broadcast_to(sizes, order.shape)
        if not everybody:
            # An award goes to a bid: whoever did not bid stands at the end of the order.
            given = given * (np.arange(pot.awards) < bids[block, None])
        if pot.sizes == BY_REQUEST:
            before = np.cumsum(given, axis=1) - given
            given = np.clip(pot.amount_pence - before, 0, given)
        np.put_along_axis(awards[block], order, given, axis=1)
    return Drawn(awards, bids)


def _requested(pot: BidPot, order: NDArray[np.intp]) -> Pence:
    requests = np.array([bidder.request_pence or 0 for bidder in pot.bidders], np.int64)
    return requests[order]


def spread(amounts: Pence) -> Pence:
    """The 5th, 50th and 95th percentiles down the first axis, each an amount that was drawn.

    The percentile is the smallest amount that at least that part of the draws do not exceed.
    """
    places = [-(-len(amounts) * percent // 100) - 1 for percent in QUANTILES]
    return np.asarray(np.partition(amounts, places, axis=0)[places])


@dataclass(frozen=True, slots=True)
class Spread:
    """A sum over all draws: its mean, and what it does not exceed in 5, 50 and 95 of 100 draws; in pence."""

    mean_pence: int
    percentile_5_pence: int
    median_pence: int
    percentile_95_pence: int


@dataclass(frozen=True, slots=True)
class BidderProspect:
    """What one bidder can look forward to.

    Attributes:
        fair_share_pence: its part of the same pot by formula.
        award: what it wins, draws without an award included.
        standard_error_pence: how far the mean may be out by the luck of the draws.
        chance_of_nothing: part of the draws in which it got nothing, not having bid included.
        expected_net_pence: mean award less the cost of the bids it writes. Below zero, bidding costs it
            more than it brings.
        times_fair_share: mean award over fair share; None where the fair share is nothing.
        award_per_thousand_pence: mean award for 1,000 weighted people; None where there are none.
    """

    code: str
    name: str
    people_billionths: int
    fair_share_pence: int
    award: Spread
    standard_error_pence: int
    chance_of_nothing: Fraction
    expected_net_pence: int
    times_fair_share: Fraction | None
    award_per_thousand_pence: int | None


@dataclass(frozen=True, slots=True)
class ByBidding:
    """The pot as it is bid for; means over all draws, in whole pence.

    Attributes:
        success: awards over bids.
        mean_award_pence: of those that are made; None where none is.
        break_even_probability: cost of a bid over the mean award; below this chance a bid loses money.
        expected_net_per_bid_pence: what is awarded, shared over all bids, less the cost of a bid.
        losing_bidders: how many have less than nothing to expect from bidding.
        days_to_spend: from the decision to the deadline; None without dates.
        unspent: what winners cannot spend by then; None without dates or without a daily spend.
        front_line_pence: the pot less overhead, what is not awarded and what is not spent.
        match_pence: what winners must find of their own.
        misplaced: what those below their fair share lack, in one round. Over the pot it is the Hoover index
            of awards against weighted population: the part of the pot that would have to move.
        misplaced_over_rounds_pence: the same for mean awards: what no number of rounds evens out.
    """

    bids: Fraction
    awards: Fraction
    success: Fraction | None
    awarded_pence: int
    not_awarded_pence: int
    cost_of_bids_pence: int
    cost_of_returns_pence: int
    administration_pence: int
    overhead_pence: int
    mean_award_pence: int | None
    break_even_probability: Fraction | None
    expected_net_per_bid_pence: int | None
    losing_bidders: int
    days_to_spend: int | None
    unspent: Spread | None
    front_line_pence: int
    match_pence: int
    misplaced: Spread
    misplaced_over_rounds_pence: int


@dataclass(frozen=True, slots=True)
class ByFormula:
    """The same pot by weighted population: no bids, known on the day of the announcement."""

    cost_of_returns_pence: int
    administration_pence: int
    overhead_pence: int
    days_to_spend: int | None
    unspent_pence: int | None
    front_line_pence: int


@dataclass(frozen=True, slots=True)
class BidsOrFormula:
    """Which of the two is worth more.

    Attributes:
        bidding_pence: what is spent of the pot, times one and the benefit of competition, less overhead.
        formula_pence: what is spent of it by formula, less overhead.
        advantage_pence: the first less the second; above zero, bidding is worth it.
        break_even_benefit: the benefit of competition at which the two are worth the same; None where
            bidding puts nothing to use, and no benefit would do.
    """

    bidding_pence: int
    formula_pence: int
    advantage_pence: int
    break_even_benefit: Fraction | None


@dataclass(frozen=True, slots=True)
class PotOutcome:
    """A pot both ways, and what came of it for each bidder."""

    pot_pence: int
    bidding: ByBidding
    formula: ByFormula
    comparison: BidsOrFormula
    receivers: tuple[BidderProspect, ...]

    @property
    def overhead_share(self) -> Fraction:
        """Overhead of bidding as a share of the pot; above 1 where it costs more than there is."""
        return Fraction(self.bidding.overhead_pence, self.pot_pence)

    @property
    def cost_of_bids_share(self) -> Fraction:
        """What all bids cost, won or lost, as a share of the pot."""
        return Fraction(self.bidding.cost_of_bids_pence, self.pot_pence)

    @property
    def fair_per_thousand_pence(self) -> int:
        """The fair share of 1,000 weighted people, the same wherever they live."""
        people = Fraction(sum(row.people_billionths for row in self.receivers), 10**9)
        return round_half_up_fraction(self.pot_pence * 1000 / people)

    @property
    def misplaced_share(self) -> Fraction:
        """The Hoover index of a mean round."""
        return Fraction(self.bidding.misplaced.mean_pence, self.pot_pence)

    def account(self) -> dict[str, tuple[int | None, int | None]]:
        """Where the pot goes, by bidding and by formula, in pence; what is not available is None.

        Each column sums to the pot.
        """
        bidding, formula = self.bidding, self.formula
        return {
            "cost_of_bids_pence": (bidding.cost_of_bids_pence, 0),
            "cost_of_returns_pence": (bidding.cost_of_returns_pence, formula.cost_of_returns_pence),
            "administration_pence": (bidding.administration_pence, formula.administration_pence),
            "not_awarded_pence": (bidding.not_awarded_pence, 0),
            "unspent_pence": (bidding.unspent.mean_pence if bidding.unspent else None, formula.unspent_pence),
            "front_line_pence": (bidding.front_line_pence, formula.front_line_pence),
        }


def simulate(pot: BidPot, draws: int, generator: np.random.Generator) -> PotOutcome:
    """Run a pot many times over.

    Args:
        draws: how often, at least 1.
        generator: an explicit one, such as ``numpy.random.default_rng(seed)``. The same seed gives the
            same outcome.
    """
    drawn = draw(pot, draws, generator)
    by_bidding, by_formula, comparison = reckon(pot, drawn)
    return PotOutcome(pot.amount_pence, by_bidding, by_formula, comparison, receivers(pot, drawn))


def reckon(pot: BidPot, drawn: Drawn) -> tuple[ByBidding, ByFormula, BidsOrFormula]:
    """What the pot costs and does both ways, from awards that were drawn for it."""
    by_bidding, by_formula = _by_bidding(pot, drawn), _by_formula(pot)
    spent = by_bidding.awarded_pence - (by_bidding.unspent.mean_pence if by_bidding.unspent else 0)
    bidding = round_half_up_fraction(spent * (1 + pot.values.benefit_of_competition)) - by_bidding.overhead_pence
    formula = by_formula.front_line_pence
    lost = formula + by_bidding.overhead_pence - spent
    return (
        by_bidding,
        by_formula,
        BidsOrFormula(bidding, formula, bidding - formula, Fraction(lost, spent) if spent else None),
    )


def _by_bidding(pot: BidPot, drawn: Drawn) -> ByBidding:
    values, draws, fair = pot.values, len(drawn.bids), pot.fair_shares()
    totals = drawn.awards.sum(axis=0)
    awarded_in_all, awards_in_all = int(totals.sum()), int(np.count_nonzero(drawn.awards))
    bids_in_all = int(drawn.bids.sum())
    bids, awards = Fraction(bids_in_all, draws), Fraction(awards_in_all, draws)
    awarded = round_half_up_fraction(Fraction(awarded_in_all, draws))
    cost_of_bids = round_half_up_fraction(bids * values.cost_of_a_bid_pence)
    cost_of_returns = round_half_up_fraction(awards * values.returns_per_award * values.cost_of_a_return_pence)
    administration = values.administration_pence + round_half_up_fraction(
        awards * values.administration_per_award_pence
    )
    overhead = cost_of_bids + cost_of_returns + administration
    mean_award = Fraction(awarded_in_all, awards_in_all) if awards_in_all else None
    days = pot.days_to_spend(values.decision_delay_days)
    unspent = _unspent(pot, drawn.awards, days)
    within_fair_share = np.minimum(drawn.awards, np.array(list(fair.values()), np.int64)).sum(axis=1)
    chances = pot.chances_of_bidding()
    over_rounds = sum(
        max(Fraction(0), fair[bidder.code] - Fraction(int(total), draws))
        for bidder, total in zip(pot.bidders, totals, strict=True)
    )
    losing = [
        bidder.code
        for bidder, total, chance in zip(pot.bidders, totals, chances, strict=True)
        if Fraction(int(total), draws) < chance * values.cost_of_a_bid_pence
    ]
    return ByBidding(
        bids=bids,
        awards=awards,
        success=Fraction(awards_in_all, bids_in_all) if bids_in_all else None,
        awarded_pence=awarded,
        not_awarded_pence=pot.amount_pence - awarded,
        cost_of_bids_pence=cost_of_bids,
        cost_of_returns_pence=cost_of_returns,
        administration_pence=administration,
        overhead_pence=overhead,
        mean_award_pence=None if mean_award is None else round_half_up_fraction(mean_award),
        break_even_probability=None if mean_award is None else values.cost_of_a_bid_pence / mean_award,
        expected_net_per_bid_pence=(
            round_half_up_fraction(Fraction(awarded_in_all, bids_in_all) - values.cost_of_a_bid_pence)
            if bids_in_all
            else None
        ),
        losing_bidders=len(losing),
        days_to_spend=days,
        unspent=unspent,
        front_line_pence=awarded - overhead - (unspent.mean_pence if unspent else 0),
        match_pence=round_half_up_fraction(Fraction(awarded_in_all, draws) * values.match_share),
        misplaced=_spread(pot.amount_pence - within_fair_share),
        misplaced_over_rounds_pence=round_half_up_fraction(over_rounds),
    )


def _by_formula(pot: BidPot) -> ByFormula:
    values, fair = pot.values, pot.fair_shares()
    days, daily = pot.days_to_spend(), pot.daily_spends()
    receiving = sum(1 for pence in fair.values() if pence)
    returns = round_half_up_fraction(receiving * values.returns_by_formula * values.cost_of_a_return_pence)
    overhead = returns + values.administration_by_formula_pence
    unspent = None
    if days is not None and daily is not None:
        unspent = sum(max(0, part - pence * days) for part, pence in zip(fair.values(), daily, strict=True))
    return ByFormula(
        cost_of_returns_pence=returns,
        administration_pence=values.administration_by_formula_pence,
        overhead_pence=overhead,
        days_to_spend=days,
        unspent_pence=unspent,
        front_line_pence=pot.amount_pence - overhead - (unspent or 0),
    )


def receivers(pot: BidPot, drawn: Drawn) -> tuple[BidderProspect, ...]:
    """Each bidder's awards over all draws, against its fair share."""
    draws, fair = len(drawn.bids), pot.fair_shares()
    totals, winning = drawn.awards.sum(axis=0), np.count_nonzero(drawn.awards, axis=0)
    low, middle, high = spread(drawn.awards)
    errors = drawn.awards.std(axis=0) / np.sqrt(draws)
    found = []
    for place, (bidder, chance) in enumerate(zip(pot.bidders, pot.chances_of_bidding(), strict=True)):
        mean, own = Fraction(int(totals[place]), draws), fair[bidder.code]
        people = Fraction(bidder.people_billionths, 10**9)
        found.append(
            BidderProspect(
                code=bidder.code,
                name=bidder.name,
                people_billionths=bidder.people_billionths,
                fair_share_pence=own,
                award=Spread(round_half_up_fraction(mean), int(low[place]), int(middle[place]), int(high[place])),
                standard_error_pence=round_half_up_fraction(Fraction(errors[place].item())),
                chance_of_nothing=Fraction(draws - int(winning[place]), draws),
                expected_net_pence=round_half_up_fraction(mean - chance * pot.values.cost_of_a_bid_pence),
                times_fair_share=mean / own if own else None,
                award_per_thousand_pence=round_half_up_fraction(mean * 1000 / people) if people else None,
            )
        )
    return tuple(found)


def _unspent(pot: BidPot, awards: Pence, days: int | None) -> Spread | None:
    """What winners cannot spend between the decision and the deadline, at so much a day."""
    daily = pot.daily_spends()
    if days is None or daily is None:
        return None
    return _spread(np.maximum(awards - np.array(daily, np.int64) * days, 0).sum(axis=1))


def _spread(amounts: Pence) -> Spread:
    low, middle, high = (int(pence) for pence in spread(amounts))
    return Spread(round_half_up_fraction(Fraction(int(amounts.sum()), len(amounts))), low, middle, high)


def decided_on(pot: BidPot) -> date | None:
    """The day on which winners know; None without dates."""
    if pot.announced_on is None:
        return None
    return pot.announced_on + timedelta(days=pot.values.decision_delay_days)
