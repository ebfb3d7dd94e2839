"""The path of least disruption to a goal: found by a solver, proved in fractions, paid in whole pence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isqrt

from allocations.shares.apportion import apportion
from ledger.errors import Problem, Refused
from ledger.reports.summary import percent
from scenarios.solve import highs
from scenarios.solve.exact import FREE, NotProved, Path, Pattern, prove
from scenarios.solve.goal import Goal, check
from scenarios.solve.pence import Amounts, NoWholePence, broken, in_pence
from scenarios.solve.reach import Instead, instead

_LARGE = 300
"""With more unknowns than so many the equations are tried first from no limit binding: the solver takes seconds."""
_PLACES = 10**12


@dataclass(frozen=True)
class Way:
    """A path that keeps every limit to the penny.

    Attributes:
        pence: code to what it has in each year.
        patterns: which limits bind each.
        disruption: the mean over organisations and years, by opening budget, of the squared difference between a
            year's growth and equal growth, in parts of the opening budget. It is exact, of the path before rounding.
    """

    goal: Goal
    pence: Amounts
    patterns: Mapping[str, Pattern]
    disruption: Fraction

    @property
    def typical_points(self) -> Fraction:
        """The root of the disruption: by how much a budget typically grows faster or slower than all do, a year."""
        return Fraction(isqrt(int(self.disruption * _PLACES**2)), _PLACES)

    def moved_pence(self) -> list[int]:
        """What moves in each year: what those who gain by it have more than if all had grown alike from the year before."""
        found, before = [], dict(self.goal.opening_pence)
        for year, total in enumerate(self.goal.totals_pence):
            now = {code: pence[year] for code, pence in self.pence.items()}
            alike = apportion(total, before)
            found.append(sum(max(0, now[code] - alike[code]) for code in now))
            before = now
        return found

    def distance(self, code: str, year: int) -> Fraction:
        """How far somebody is from its fair share of a year's whole, above or below; year 0 is today."""
        whole = (self.goal.whole_pence, *self.goal.totals_pence)[year]
        return Fraction((self.goal.opening_pence[code], *self.pence[code])[year]) / (self.goal.target[code] * whole) - 1

    def growth(self, code: str, year: int) -> Fraction:
        """Somebody's growth in a year, the first being 1."""
        before, now = (self.goal.opening_pence[code], *self.pence[code])[year - 1 : year + 1]
        return Fraction(now, before) - 1


def solve(goal: Goal) -> Way:
    """The way to a goal.

    Raises:
        Refused: the goal is none, or cannot be reached; then what binds, and what could be reached instead.
    """
    check(goal)
    path = _proved(goal)
    if path is None:
        raise Refused([_unreachable(goal, instead(goal))])
    try:
        pence = in_pence(goal, {code: _grown(goal, own) for code, own in path.relative.items()})
    except NoWholePence:
        raise Refused([_too_narrow()]) from None
    if wrong := broken(goal, pence):
        raise AssertionError(wrong[0])
    return Way(goal, pence, path.patterns, disruption(goal, path.relative))


def disruption(goal: Goal, relative: Mapping[str, Sequence[Fraction]]) -> Fraction:
    """What a path costs, of whatever path.

    Args:
        relative: code to what it has in each year, relative to equal growth.
    """
    squares = (
        goal.opening_pence[code] * sum((now - before) ** 2 for before, now in pairwise((Fraction(1), *own)))
        for code, own in relative.items()
    )
    return Fraction(sum(squares)) / (goal.whole_pence * goal.years)


def _grown(goal: Goal, relative: Sequence[Fraction]) -> list[Fraction]:
    return [each * growth for each, growth in zip(relative, goal.growth_of_all, strict=True)]


def _proved(goal: Goal) -> Path | None:
    """The path, or None where there is none."""
    if len(goal.opening_pence) * goal.years > _LARGE:
        try:
            return prove(goal, dict.fromkeys(goal.opening_pence, Pattern((FREE,) * goal.years)))
        except NotProved:
            pass
    start = highs.guess(goal)
    if start is None:
        return None
    try:
        return prove(goal, start)
    except NotProved:
        raise Refused([_too_narrow()]) from None


def _too_narrow() -> Problem:
    sentence = "the limits leave a way in fractions of a penny alone."
    fix = "Give a little more room: a nearer floor, a farther cap, another year, or a wider distance from target."
    return Problem("limits", sentence, "What is paid is whole pence, and every limit is kept to the penny.", fix)


def _unreachable(goal: Goal, found: Instead) -> Problem:
    goal_said = f"not all can be within {percent(goal.within)} of their fair shares in {goal.years} years"
    far = list(found.out_of_reach.items())
    named = ", ".join(f"{code} {percent(abs(distance))} {'above' if distance > 0 else 'below'}" for code, distance in far[:3])
    more = f" and {len(far) - 3} more" if len(far) > 3 else ""  # noqa: PLR2004 - enough to know what it is about
    kept = f" It keeps {named}{more}, whatever the others have." if far else ""
    return Problem("goal", f"{goal_said}; what binds is {found.binds}.{kept}", "A path has to keep to every limit.", _said(found))


def _said(found: Instead) -> str:
    choices = [
        None if found.years is None else f"{found.years} years",
        None if found.within is None else f"within {_fine(found.within)}",
        None if found.floor is None else f"a floor of {_fine(found.floor)}",
        None if found.cap is None else f"a cap of {_fine(found.cap)}",
    ]
    said = ", or ".join(each for each in choices if each)
    return f"Any one of these would do, and no less: {said}." if said else "Change the money or the shares themselves."


def _fine(part: Fraction) -> str:
    return f"{float(part * 100):.2f}%"
