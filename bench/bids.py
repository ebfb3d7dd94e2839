"""Forty bidding pots beside the bare NumPy that they need, in one run on one machine.

    uv run python -m bench.bids [--pots 40] [--bidders 42] [--draws 10000]

Bare is NumPy written by hand for the same figures: waiting times, their order, awards in pence, and of these
each bidder's mean, standard error, chance of nothing and percentiles, and each draw's misplaced and unspent
money with their percentiles. It knows no exact fractions, no requests, no turnout and no words. Each figure is
the best of several tries, taken in turn; the ratio is what counts.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date
from fractions import Fraction

import numpy as np

from scenarios.bids.pot import Bidder, BidPot, Values
from scenarios.bids.simulation import simulate, strengths

AIM = 1.5


def pots(count: int, bidders: int) -> list[BidPot]:
    """Pots of different sizes, for bidders of different size, capacity and luck so far."""
    own = tuple(
        Bidder(
            f"B{number:03}",
            f"Bidder {number}",
            (500_000 + 37_000 * number) * 10**9,
            capacity=Fraction(2 + number % 5, 4),
            size=Fraction(500_000 + 37_000 * number),
            past_wins=number % 3,
        )
        for number in range(bidders)
    )
    values = Values(
        cost_of_a_bid_pence=2_500_000,
        cost_of_a_return_pence=30_000,
        pull_of_capacity=Fraction(1),
        pull_of_size=Fraction(1, 2),
        pull_of_past_wins=Fraction(1, 2),
        returns_per_award=Fraction(4),
        administration_per_award_pence=200_000,
        decision_delay_days=90,
        daily_spend_pence=250_000,
    )
    most = max(2, bidders // 3)
    return [
        BidPot(
            amount_pence=(1 + number) * 50_000_000,
            bidders=own,
            awards=2 + number % (most - 1),
            values=values,
            announced_on=date(2025, 7, 1),
            spend_by=date(2026, 3, 31),
        )
        for number in range(count)
    ]


def bare(strength: np.ndarray, fair: np.ndarray, sizes: np.ndarray, limit: int, draws: int, seed: int) -> list[object]:
    """The same figures in NumPy alone."""
    count, awards = len(strength), len(sizes)
    generator = np.random.default_rng(seed)
    times = generator.standard_exponential((draws, count)) / strength
    winners = np.argsort(times, axis=1)[:, :awards]
    given = np.zeros((draws, count), np.int64)
    np.put_along_axis(given, winners, sizes[None, :], axis=1)
    places = [draws // 20 - 1, draws // 2 - 1, draws - draws // 20 - 1]
    misplaced = fair.sum() - np.minimum(given, fair).sum(axis=1)
    unspent = np.maximum(given - limit, 0).sum(axis=1)
    return [
        given.mean(axis=0),
        given.std(axis=0) / draws**0.5,
        (given == 0).mean(axis=0),
        np.partition(given, places, axis=0)[places],
        misplaced.mean(),
        np.partition(misplaced, places)[places],
        unspent.mean(),
        np.partition(unspent, places)[places],
    ]


def seconds(act: Callable[[], object]) -> float:
    """How long it takes, once."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Run both and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pots", type=int, default=40)
    options.add_argument("--bidders", type=int, default=42)
    options.add_argument("--draws", type=int, default=10_000)
    options.add_argument("--tries", type=int, default=5)
    asked = options.parse_args()
    made = pots(asked.pots, asked.bidders)
    plain = [
        (
            strengths(pot),
            np.array(list(pot.fair_shares().values()), np.int64),
            np.array(pot.award_sizes(), np.int64),
            (pot.values.daily_spend_pence or 0) * (pot.days_to_spend(pot.values.decision_delay_days) or 0),
        )
        for pot in made
    ]

    def ours() -> object:
        return [simulate(pot, asked.draws, np.random.default_rng(seed)) for seed, pot in enumerate(made)]

    def by_hand() -> object:
        return [bare(*given, asked.draws, seed) for seed, given in enumerate(plain)]

    pairs = [(seconds(ours), seconds(by_hand)) for _ in range(asked.tries)]
    best_ours, best_bare = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    what = f"{asked.draws:,} draws of {asked.pots} pots with {asked.bidders} bidders each"
    print(f"{'workload':62} {'ours':>9} {'bare':>9} {'ratio':>6}   aim")
    print(f"{what:62} {best_ours:8.3f}s {best_bare:8.3f}s {best_ours / best_bare:6.2f}   at most {AIM}")


if __name__ == "__main__":
    main()
