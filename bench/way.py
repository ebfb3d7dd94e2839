"""A way to the goal for 187 places, 22 lines and five years, beside HiGHS alone on the same programmes, in one run.

    uv run --extra solve python -m bench.way [--rounds 3]

Every line of every ICB is shared among its places alone; what they hold is drawn around their share by core weighted
population. Ours proves each path in exact fractions and pays it in whole pence; HiGHS alone leaves floats. The goal for
the whole country at once, in one programme of 935 unknowns a line, is measured too. Each figure is the best of the rounds.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from fractions import Fraction

import numpy as np

from allocations.figures import tables
from ledger.money import round_half_up_fraction
from scenarios.solve import highs
from scenarios.solve.goal import Goal
from scenarios.solve.way import solve_all

LINES, YEARS = 22, 5
Goals = dict[tuple[str, str], Goal]


def people() -> dict[str, dict[str, int]]:
    """ICB to place to core weighted population, in billionths."""
    practices, found = tables.table("practices_2025_26"), defaultdict[str, dict[str, int]](lambda: defaultdict(int))
    columns = (practices[name].to_pylist() for name in ("icb", "place", "core"))
    for icb, place, weighted in zip(*columns, strict=True):
        found[icb][place] += tables.billionths(weighted)
    return {icb: dict(places) for icb, places in found.items()}


def goal(shares: Mapping[str, int], draw: np.random.Generator) -> Goal:
    """Places that hold a tenth more or less than their share, to be within 2.5% of it."""
    whole = sum(shares.values())
    opening = {
        place: round(weight / whole * 10**11 * float(draw.normal(1, 0.05))) for place, weight in sorted(shares.items())
    }
    totals, held = [], Fraction(sum(opening.values()))
    for _ in range(YEARS):
        held *= Fraction(103, 100)
        totals.append(round_half_up_fraction(held))
    target = {place: Fraction(weight, whole) for place, weight in sorted(shares.items())}
    return Goal(
        opening, target, tuple(totals), Fraction(25, 1000), Fraction(5, 1000), Fraction(8, 100), to_the_nearest=True
    )


def goals() -> tuple[Goals, Goals]:
    """For each line: one goal for each ICB with several places, and one for the whole country."""
    draw = np.random.default_rng(17)
    within: Goals = {}
    country: Goals = {}
    icbs = people()
    everybody = {place: weight for places in icbs.values() for place, weight in places.items()}
    for line in range(LINES):
        within |= {(f"line-{line}", icb): goal(places, draw) for icb, places in icbs.items() if len(places) > 1}
        country[f"line-{line}", ""] = goal(everybody, draw)
    return within, country


def best(act: Callable[[], object], rounds: int) -> float:
    """The least processor time of several rounds."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        act()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Run both and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    rounds = options.parse_args().rounds
    within, country = goals()
    places = len({place for each in within.values() for place in each.opening_pence})
    print(f"{places} places in ICBs with several, {LINES} lines, {YEARS} years: {len(within)} goals within ICBs")
    print(f"{'workload':62} {'ours':>9} {'HiGHS':>9} {'ratio':>6}")
    for what, asked in (("places within their ICBs, every line", within), ("all places together, every line", country)):
        ours = best(lambda asked=asked: solve_all(asked), rounds)  # type: ignore[misc]
        alone = best(lambda asked=asked: [highs.guess(each) for each in asked.values()], 1)  # type: ignore[misc]
        print(f"{what:62} {ours:8.3f}s {alone:8.3f}s {ours / alone:6.2f}")


if __name__ == "__main__":
    main()
