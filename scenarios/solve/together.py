"""Several ways at once: what they move in each year, and how far from target everybody ends."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from scenarios.solve.exact import CAP, FLOOR
from scenarios.solve.way import Way, root

Ways = Mapping[tuple[str, str], Way]
"""Fund and ICB to the way of those who share it."""


@dataclass(frozen=True)
class YearOfWays:
    """One year of all ways.

    Attributes:
        year: 1 for the first.
        moved_pence: what some have more than if all who share had grown alike from the year before.
        farthest: the largest distance from target, above or below.
        at_floor, at_cap: how many may not get less, or more.
    """

    year: int
    total_pence: int
    moved_pence: int
    farthest: Fraction
    at_floor: int
    at_cap: int


@dataclass(frozen=True)
class AllWays:
    """All ways of one question.

    Attributes:
        disruption: the mean of all, by what each shares out today.
        closing: how far everybody ends from target, without a sign.
        beyond: the same of those who end farther away than was asked.
        moved_pence: over all years.
    """

    years: tuple[YearOfWays, ...]
    disruption: Fraction
    closing: tuple[Fraction, ...]
    beyond: tuple[Fraction, ...]
    moved_pence: int

    @property
    def typical_points(self) -> Fraction:
        """The root of the disruption, in parts of one a year."""
        return root(self.disruption)


def together(ways: Ways) -> AllWays:
    """The sums over all ways, which have the same number of years."""
    number = next(iter(ways.values())).goal.years
    moved = [way.moved_pence() for way in ways.values()]
    years = tuple(_year(ways, year, [each[year - 1] for each in moved]) for year in range(1, number + 1))
    whole = sum(way.goal.whole_pence for way in ways.values())
    squares = sum((way.disruption * way.goal.whole_pence for way in ways.values()), Fraction(0))
    ends = [(way, abs(way.distance(code, number))) for way in ways.values() for code in way.goal.opening_pence]
    return AllWays(
        years,
        squares / whole,
        tuple(distance for _, distance in ends),
        tuple(distance for way, distance in ends if distance > way.goal.within),
        sum(year.moved_pence for year in years),
    )


def _year(ways: Ways, year: int, moved: list[int]) -> YearOfWays:
    ties = [pattern.ties[year - 1] for way in ways.values() for pattern in way.patterns.values()]
    return YearOfWays(
        year,
        sum(way.goal.totals_pence[year - 1] for way in ways.values()),
        sum(moved),
        max(abs(way.distance(code, year)) for way in ways.values() for code in way.goal.opening_pence),
        ties.count(FLOOR),
        ties.count(CAP),
    )
