"""The path of least disruption to a goal: found by a solver, proved in fractions, paid in whole pence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import isqrt

from allocations.shares.apportion import apportion
from ledger.errors import Problem, Refused, refuse_any
from ledger.money import plain_decimal
from scenarios.solve import highs
from scenarios.solve.exact import FREE, NotProved, Path, Pattern, prove
from scenarios.solve.goal import Goal, check
from scenarios.solve.pence import Amounts, NoWholePence, broken, in_pence
from scenarios.solve.reach import Instead, instead

_LARGE = 300
"""With more unknowns than so many the equations are tried first from no limit binding: the solver takes seconds."""
_PLACES = 10**12
_MOST_NAMED = 3
_MOST_EXPLAINED = 5
"""Of so many goals that cannot be reached it is worked out what could be instead; it takes many runs of the solver."""


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
        return root(self.disruption)

    def moved_pence(self) -> list[int]:
        """What moves in each year: what some have more than if all had grown alike from the year before."""
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


def root(square: Fraction) -> Fraction:
    """A square root to twelve decimals, rounded down."""
    return Fraction(isqrt(int(square * _PLACES**2)), _PLACES)


def solve(goal: Goal, *, explain: bool = True) -> Way:
    """The way to a goal.

    Args:
        explain: whether to work out what could be reached instead of a goal that cannot.

    Raises:
        Refused: the goal is none, or cannot be reached; then what binds, and what could be reached instead.
    """
    check(goal)
    path = _proved(goal)
    if path is None:
        raise Refused([_unreachable(goal, instead(goal) if explain else None)])
    try:
        pence = in_pence(goal, path.relative)
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


def _proved(goal: Goal) -> Path | None:
    """The path, or None where there is none."""
    nobody = dict.fromkeys(goal.opening_pence, Pattern((FREE,) * goal.years))
    large = len(goal.opening_pence) * goal.years > _LARGE
    if large and (path := _proved_from(goal, nobody)):
        return path
    try:
        start = highs.guess(goal)
    except highs.Undecided:
        start = nobody
    if start is None:
        return None
    path = _proved_from(goal, start) or _proved_from(goal, nobody)
    if path is None:
        raise Refused([_too_narrow()])
    return path


def _proved_from(goal: Goal, start: Mapping[str, Pattern]) -> Path | None:
    try:
        return prove(goal, start)
    except NotProved:
        return None


def _too_narrow() -> Problem:
    sentence = "the limits leave so little room that no path in whole pence is proved."
    fix = "Give a little more room: a lower floor, a higher cap, another year, or a wider distance from target."
    return Problem("limits", sentence, "What is paid is whole pence, and every limit is kept to the penny.", fix)


def _unreachable(goal: Goal, nearest: Instead | None) -> Problem:
    said = f"not all can be within {_fine(goal.within)} of their fair shares in {goal.years} years"
    why = "A path keeps to every limit in every year, or it is none."
    if nearest is None:
        return Problem("goal", f"{said}.", why, "Look at the goals above, or ask for this one alone.")
    far = list(nearest.out_of_reach.items())
    named = [f"{code} {_fine(abs(distance))} {'above' if distance > 0 else 'below'}" for code, distance in far]
    more = f" and {len(far) - _MOST_NAMED} more" if len(far) > _MOST_NAMED else ""
    kept = f" It keeps {', '.join(named[:_MOST_NAMED])}{more}, whatever the others have." if far else ""
    return Problem("goal", f"{said}; what binds is {nearest.binds}.{kept}", why, _alternatives(nearest))


def _alternatives(nearest: Instead) -> str:
    choices = [
        None if nearest.years is None else f"{nearest.years} years",
        None if nearest.within is None else f"within {_fine(nearest.within)}",
        None if nearest.floor is None else f"a floor of {_fine(nearest.floor)}",
        None if nearest.cap is None else f"a cap of {_fine(nearest.cap)}",
    ]
    said = ", or ".join(each for each in choices if each)
    return f"Any one of these would do, and no less: {said}." if said else "Change the money or the shares themselves."


def _fine(part: Fraction) -> str:
    return f"{plain_decimal(part * 100, 2)}%"


def solve_all(goals: Mapping[tuple[str, str], Goal]) -> dict[tuple[str, str], Way]:
    """The way to each of several goals, which have nothing to do with each other.

    Args:
        goals: fund and ICB to a goal.

    Raises:
        Refused: with every goal that cannot be reached; of the first few also what could be reached instead.
    """
    found, problems = {}, list[Problem]()
    for (fund, icb), goal in goals.items():
        try:
            found[fund, icb] = solve(goal, explain=len(problems) < _MOST_EXPLAINED)
        except Refused as refused:
            whose = ", ".join(name for name in (fund, icb) if name)
            problems += [
                replace(each, where=f"{whose}, {each.where}" if whose else each.where) for each in refused.problems
            ]
    refuse_any(problems)
    return found
