"""Why a goal cannot be reached, and what could be instead: each answer changes one thing and leaves the rest."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from scenarios.solve.goal import MOST_YEARS, Goal
from scenarios.solve.highs import Undecided, reachable

_STEP = Fraction(1, 10_000)
"""To what part of one an answer is found: a hundredth of a percentage point."""
_LOWEST = Fraction(-1, 2)
_HIGHEST = Fraction(2)


@dataclass(frozen=True)
class Instead:
    """What would be within reach, if it alone were changed; None where nothing sensible would be.

    Attributes:
        binds: ``floor``, ``cap``, ``floor and cap``, or ``the money`` where neither is to blame.
        out_of_reach: who could not come near enough even alone, code to how far from target floor or cap keeps it.
        years: the fewest years.
        within: the nearest to target.
        floor, cap: the highest floor and the lowest cap.
    """

    binds: str
    out_of_reach: dict[str, Fraction]
    years: int | None
    within: Fraction | None
    floor: Fraction | None
    cap: Fraction | None


def instead(goal: Goal) -> Instead:
    """What binds a goal that cannot be reached, and what could be reached instead."""
    without_cap = replace(goal, cap=None)
    alone = {
        "floor": replace(goal, floor=_LOWEST),
        "cap": without_cap,
        "floor and cap": replace(without_cap, floor=_LOWEST),
    }
    binds = next((name for name, loosened in alone.items() if loosened != goal and _possible(loosened)), "the money")
    years = (years for years in range(goal.years + 1, MOST_YEARS + 1) if _possible(goal.in_years(years)))
    return Instead(
        binds,
        _out_of_reach(goal),
        next(years, None),
        _least(lambda within: _possible(replace(goal, within=within)), goal.within, Fraction(1)),
        _turned(_least(lambda down: _possible(replace(goal, floor=-down)), -goal.floor, -_LOWEST)),
        None if goal.cap is None else _least(lambda cap: _possible(replace(goal, cap=cap)), goal.cap, _HIGHEST),
    )


def _possible(goal: Goal) -> bool:
    try:
        return not goal.problems() and reachable(goal)
    except Undecided:
        return False


def _out_of_reach(goal: Goal) -> dict[str, Fraction]:
    """Who is kept too far away by floor or cap, whatever all others have."""
    found = {}
    for code, opening in goal.opening_pence.items():
        target = goal.target[code] * goal.totals_pence[-1]
        low, high = goal.end(code)
        least = opening * (1 + goal.floor) ** goal.years
        most = None if goal.cap is None else opening * (1 + goal.cap) ** goal.years
        if least > high:
            found[code] = least / target - 1
        elif most is not None and most < low:
            found[code] = most / target - 1
    return dict(sorted(found.items(), key=lambda pair: (-abs(pair[1]), pair[0])))


def _least(works: Callable[[Fraction], bool], fails_at: Fraction, limit: Fraction) -> Fraction | None:
    """The least multiple of the step above ``fails_at`` that works, by halving; None where ``limit`` does not."""
    low, high = int(fails_at // _STEP), int(limit // _STEP)
    if not works(high * _STEP):
        return None
    return (low + 1 + bisect_left(range(low + 1, high), True, key=lambda steps: works(steps * _STEP))) * _STEP


def _turned(down: Fraction | None) -> Fraction | None:
    return None if down is None else -down
