"""Six years and 1,000 draws of the national position, beside bare NumPy that works out every draw in full, in one run.

    uv run python -m bench.draws [--draws 1000] [--rounds 3]

Both draw two rates of growth, the share that is devolved to places and a cut, and say between which values 90 of 100
draws lie: of every amount before and after, of what each ICB loses, and of the propositions. Bare NumPy has one column
for each draw of each row of the position, in floats. Ours runs the engine at both ends of each assumption, holds every
step to its promises there, and estimates between the ends; it also tells the tornado and all readings of grades. The last line says how far the
two are apart. Each figure is processor time, the best of the rounds.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.what_if import demo
from ledger.reports.measures import EARMARKED_GRADES
from ledger.reports.receivers import PENNY_PACKETS
from ledger.words import NO_CHOICE, RING_FENCED
from scenarios.baseline import Baseline
from scenarios.change import held
from scenarios.outcome import Outcome, explore
from scenarios.ranges import Ranges, ranged
from scenarios.saved import read_text
from scenarios.selection import system_column

SIX_YEARS = """
title: Six years
question: What is held, where and how freely, over six years?
baseline: {year: 2025/26}
years: 2025/26 to 2030/31
recurrence_not_known: continues
growth:
  - {funds: {stream: core}, years: 2026/27 to 2030/31, rate: $core, standing: assumed, certainty: assumed,
     reason: r, source: s}
  - {funds: {stream: primary medical}, years: 2026/27 to 2030/31, rate: $medical, standing: assumed, certainty: assumed,
     reason: r, source: s}
steps:
  - {lever: devolve, funds: {stream: core, placeable: true}, to: place, share: $share, by: core}
  - {lever: cut, funds: [running-costs], share: $cut}
assumptions:
  - {name: core, value: 2.8%, low: 1%, high: 5%, reason: r, source: s, quality: red, impact: red}
  - {name: medical, value: 2%, low: 1%, high: 4%, reason: r, source: s, quality: red, impact: red}
  - {name: share, value: 80%, low: 50%, high: 100%, reason: r, source: s, quality: red, impact: red}
  - {name: cut, value: 30%, low: 10%, high: 50%, reason: r, source: s, quality: red, impact: red}
"""
ENDS = {"core": (0.01, 0.028, 0.05), "medical": (0.01, 0.02, 0.04), "share": (0.5, 0.8, 1), "cut": (0.1, 0.3, 0.5)}
Found = dict[str, tuple[float, float]]
Numbers = NDArray[Any]


class ByHand:
    """The same scenario in NumPy: a column for each draw of each row, prepared beforehand."""

    def __init__(self, answer: Outcome) -> None:
        first = answer.years[0].rolled.books
        rows = held(first.position)
        self.pence = rows["amount_pence"].to_numpy().astype(float)
        self.years = len(answer.years)
        self.recurs = np.array([value is not False for value in rows["recurrent"].to_pylist()])
        stream, fund, tier = (rows[name].to_numpy() for name in ("stream", "fund", "tier"))
        self.core, self.medical = stream == "core", stream == "primary medical"
        self.tier, depth, lowest = tier, rows["depth"].to_numpy(), rows["lowest_depth"].to_numpy()
        free_hand = np.isin(rows["standing"].to_numpy(), ("available", "retained without agreement"))
        self.devolved = np.flatnonzero(self.core & (lowest > 0) & (tier == "icb") & free_hand)
        self.cut = np.flatnonzero((fund == "running-costs") & free_hand & (tier == "icb"))
        grade, route = rows["grade"].to_numpy(), rows["route"].to_numpy()
        untied, local = np.isin(grade, ("none", "monitored")), depth > 0
        kept = (rows["standing"].to_numpy() == "retained without agreement") & (lowest > 0)
        kept &= ~np.isin(rows["discretion"].to_numpy(), NO_CHOICE)
        early = np.array([day is not None and str(day) < "2025-04-01" for day in rows["notified_on"].to_pylist()])
        self.marks = {
            "held": np.ones(len(self.pence), bool), "by_population": route == "formula", "free": untied,
            "ring_fenced": np.isin(grade, RING_FENCED), "local": local, "local_and_free": local & untied,
            "kept_without_agreement": kept, "known_before": early,
        }  # fmt: skip
        self.known = {"by_population": route != None, "free_of_conditions": grade != None}  # noqa: E711 - by element
        self.icbs = np.array(system_column(rows, first.world).to_pylist(), dtype=object)
        pots, returns = rows["pot"].to_numpy(), rows["returns_per_year"].to_pylist()
        self.strings = np.isin(grade, EARMARKED_GRADES)
        self.returns = np.array([np.nan if one is None else one for one in returns], float)
        below = np.flatnonzero((tier != "national") & np.array([one is not None for one in self.icbs]))
        keys = np.array([f"{self.icbs[row]}\t{pots[row]}" for row in below])
        self.below = below[np.argsort(keys, kind="stable")]
        names, self.starts = np.unique(np.sort(keys), return_index=True)
        self.whose = np.unique([name.split("\t")[0] for name in names], return_inverse=True)
        self.places = [self._places(each.rolled.books.world.people.to_pydict()) for each in answer.years]

    def _places(self, people: dict[str, list[Any]]) -> tuple[Numbers, Numbers]:
        """For each row that is devolved and each place below its holder: the row, and the place's share of it."""
        weights: dict[str, dict[str, int]] = {}
        for icb, place, core in zip(people["icb"], people["place"], people["core"], strict=True):
            weights.setdefault(icb, {})
            weights[icb][place] = weights[icb].get(place, 0) + core
        whole = {icb: sum(its.values()) for icb, its in weights.items()}
        pairs = [
            (row, weight / whole[self.icbs[row]])
            for row in self.devolved
            for place, weight in weights[self.icbs[row]].items()
            if place is not None
        ]
        return np.array([row for row, _ in pairs]), np.array([part for _, part in pairs])

    def ranges(self, draws: int) -> list[Found]:
        """Each year's figures: name to the fifth and the ninety-fifth percentile."""
        generator = np.random.default_rng(0)
        values = {name: generator.triangular(*ends, draws) for name, ends in ENDS.items()}
        return [self._year(number, values) for number in range(self.years)]

    def _year(self, number: int, values: dict[str, Numbers]) -> Found:
        stays = self.recurs if number else np.ones(len(self.pence), bool)
        before = np.where(stays, self.pence, 0)[:, None] * np.ones(len(values["core"]))
        before[self.core] *= (1 + values["core"]) ** number
        before[self.medical] *= (1 + values["medical"]) ** number
        whose, part = self.places[number]
        after = before.copy()
        arrived = before[whose] * values["share"] * part[:, None]
        np.subtract.at(after, whose, arrived)
        after[self.cut] *= 1 - values["cut"]
        figures: dict[str, Numbers] = {}
        for name, mark in self.marks.items():
            if name == "known_before" and number:
                mark = np.zeros(len(mark), bool)  # noqa: PLW2901 - nobody knows yet when a later year is told
            there = arrived.sum(axis=0) if name == "local" else (
                np.zeros(len(values["core"])) if name == "kept_without_agreement" else
                arrived[self.marks["free" if name == "local_and_free" else name][whose]].sum(axis=0)
            )  # fmt: skip
            figures[f"{name}_after_pence"] = mark @ after + there
            figures[f"{name}_pence"] = figures[f"{name}_after_pence"] - mark @ before
        figures |= self._of_icbs(before, after, arrived, whose)
        return {name: tuple(np.percentile(drawn, (5, 95), method="inverted_cdf")) for name, drawn in figures.items()}

    def _of_icbs(self, before: Numbers, after: Numbers, arrived: Numbers, whose: Numbers) -> dict[str, Numbers]:
        """What each ICB loses, and the propositions: shares of the money, and medians over ICBs of their pots."""
        there = after.copy()
        np.add.at(there, whose, arrived)
        rows, (codes, number) = self.below, self.whose
        firsts = np.searchsorted(number, np.arange(len(codes)))
        found: dict[str, Numbers] = {}
        change = np.add.reduceat(np.add.reduceat(there[rows] - before[rows], self.starts), firsts)
        found |= {f"icb {code}": change[place] for place, code in enumerate(codes)}
        pots = np.add.reduceat(there[rows], self.starts)
        holds, first = pots > 0, rows[self.starts]
        small, tied = holds & (pots < PENNY_PACKETS["icb"]), holds & self.strings[first][:, None]
        asked, reported = np.nan_to_num(self.returns[first])[:, None] * holds, ~np.isnan(self.returns[first])
        counts = {"pots_per_icb": holds, "packets_per_icb": small, "strings_per_icb": tied, "returns_per_icb": asked}
        sums = {name: np.add.reduceat(each.astype(float), firsts) for name, each in counts.items()}
        found |= {name: np.median(each, axis=0) for name, each in sums.items()}
        money = np.add.reduceat(pots * reported[:, None], firsts)
        found["returns_per_million"] = np.nanmedian(
            sums["returns_per_icb"] * 1e8 / np.where(money, money, np.nan), axis=0
        )
        own = self.tier != "national"
        whole = own @ there
        found["by_population"] = ((own & self.marks["by_population"]) @ there) / (
            (own & self.known["by_population"]) @ there
        )
        found["free_of_conditions"] = ((own & self.marks["free"]) @ there) / (
            (own & self.known["free_of_conditions"]) @ there
        )
        found["decided_locally"] = ((own & self.marks["local"]) @ after + arrived.sum(axis=0)) / whole
        return found


def furthest(ours: Ranges, theirs: list[Found]) -> tuple[float, str, int]:
    """How far an end of a range of money is from the other side's at most, of what is held; where; and how many agree."""
    apart, at, seen = 0.0, "", 0
    for year, found in zip(ours.years, theirs, strict=True):
        for figure in year.figures:
            if figure.name not in found or any(one.name == "how grades are read" for one in figure.drivers):
                continue
            seen += 1
            for end, other in zip((figure.low, figure.high), sorted(found[figure.name]), strict=True):
                scale = max(abs(float(figure.central)), 1e8 if figure.unit == "pence" else 1e-9)
                if (gap := abs(float(end) - other) / scale) > apart:
                    apart, at = gap, f"{figure.name} of {year.year}"
    return apart, at, seen


def processor(act: Callable[[], Any], rounds: int) -> tuple[float, Any]:
    """The least processor time of several rounds, and what was found."""
    times = []
    for _ in range(rounds):
        start = time.process_time()
        found = act()
        times.append(time.process_time() - start)
    return min(times), found


def prepared(books: Baseline) -> tuple[Outcome, ByHand]:
    """The central answer, from which both sides start."""
    answer = explore(read_text(SIX_YEARS.encode()), books)
    return answer, ByHand(answer)


def main() -> None:
    """Run both and print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--draws", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    books = demo()
    answer, hand = prepared(books)
    ours, found = processor(lambda: ranged(answer, asked.draws), asked.rounds)
    theirs, other = processor(lambda: hand.ranges(asked.draws), asked.rounds)
    rows = sum(each.rolled.books.position.num_rows for each in answer.years)
    print(f"{rows:,} rows in {len(answer.years)} years, {asked.draws:,} draws")
    print(f"{'workload':62} {'ours':>9} {'NumPy':>9} {'ratio':>6}")
    what = f"{len(answer.years)} years by {asked.draws:,} draws of the national position"
    print(f"{what:62} {ours:8.3f}s {theirs:8.3f}s {ours / theirs:6.2f}")
    apart, at, seen = furthest(found, other)
    print(f"Of {seen} figures the ends are at most {apart:.1%} apart ({at})")


if __name__ == "__main__":
    main()
