"""Who wins what, drawn at random many times over, in whole pence.

A bid's strength is ``capacity ** a * (size / mean size) ** b * (1 + past wins) ** c``. Awards are given one
after the other, each to one of the bids that are left, with a chance in proportion to strength: weighted
sampling without replacement. It is drawn all at once, by giving each bid a waiting time, exponential with
its strength as the rate, and taking the bids in the order of their times: the first of several exponential
times is any one of them with a chance in proportion to its rate, and what is left forgets the time gone by.
With all exponents 0 the chances are equal.

Source of the method: P. Efraimidis and P. Spirakis, Weighted random sampling with a reservoir,
Information Processing Letters 97 (2006); the order so drawn is the Plackett-Luce model.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.bids.pot import BY_REQUEST, Pot

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


def strengths(pot: Pot) -> NDArray[np.float64]:
    """The strength of each bidder's bid, the strongest being 1."""
    values = pot.values
    capacity = np.array([bidder.capacity for bidder in pot.bidders], np.float64)
    size = np.array([bidder.size for bidder in pot.bidders], np.float64)
    wins = np.array([bidder.past_wins for bidder in pot.bidders], np.float64)
    exponents = np.array([values.pull_of_capacity, values.pull_of_size, values.pull_of_past_wins], np.float64)
    # In logarithms, so that no exponent is too large.
    logarithm = exponents @ np.log(np.stack([capacity, size / size.mean(), 1 + wins]))
    return np.asarray(np.maximum(np.exp(logarithm - logarithm.max()), _LEAST_STRENGTH))


def draw(pot: Pot, draws: int, generator: np.random.Generator) -> Drawn:
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


def _requested(pot: Pot, order: NDArray[np.intp]) -> Pence:
    requests = np.array([bidder.request_pence or 0 for bidder in pot.bidders], np.int64)
    return requests[order]


def spread(amounts: Pence) -> Pence:
    """The 5th, 50th and 95th percentiles down the first axis, each an amount that was drawn.

    The percentile is the smallest amount that at least that part of the draws do not exceed.
    """
    places = [-(-len(amounts) * percent // 100) - 1 for percent in QUANTILES]
    return np.asarray(np.partition(amounts, places, axis=0)[places])
