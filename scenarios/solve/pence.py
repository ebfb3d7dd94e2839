"""An exact path in whole pence: each year sums to its total, and nobody leaves a limit by a penny.

Every year is apportioned as everything is (``allocations.shares.apportion``). Where that would put somebody a penny
below the floor, above the cap or too far from the end, the penny is put back and taken from, or given to, those with
room, in proportion to their room. What room there is looks ahead: nobody is given what later years could not follow.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

from allocations.shares.apportion import apportion
from scenarios.solve.goal import Goal

Amounts = Mapping[str, tuple[int, ...]]
"""Code to what somebody has in each year, in pence."""


class NoWholePence(Exception):
    """The limits leave a way in fractions of a penny, and none in pence."""


def in_pence(goal: Goal, relative: Mapping[str, Sequence[Fraction]]) -> Amounts:
    """A path in whole pence.

    Args:
        relative: code to what it has in each year, relative to equal growth.

    Raises:
        NoWholePence: the limits are so narrow that whole pence cannot keep to them.
    """
    held = dict(goal.opening_pence)
    limits = {code: _ahead(goal, code) for code in held}
    found: dict[str, list[int]] = {code: [] for code in held}
    for year, total in enumerate(goal.totals_pence):
        exact = {code: goal.opening_pence[code] * relative[code][year] for code in held}
        room = {code: _room(goal, before, limits[code][year]) for code, before in held.items()}
        held = _kept_within(apportion(total, exact), room)
        for code, pence in held.items():
            found[code].append(pence)
    return {code: tuple(pence) for code, pence in found.items()}


def broken(goal: Goal, amounts: Amounts) -> list[str]:
    """Every limit that amounts do not keep to, in words; none where all is kept to the penny."""
    found = []
    for year, total in enumerate(goal.totals_pence):
        given = sum(pence[year] for pence in amounts.values())
        if given != total:
            found.append(f"year {year + 1} gives {given} of {total}")
    for code, pence in amounts.items():
        low, high = goal.end_pence(code)
        if not low <= pence[-1] <= high:
            found.append(f"{code} ends with {pence[-1]}, not within {low} and {high}")
        before = goal.opening_pence[code]
        for year, now in enumerate(pence, 1):
            if now < before * (1 + goal.floor):
                found.append(f"{code} is below the floor in year {year}")
            if goal.cap is not None and now > before * (1 + goal.cap):
                found.append(f"{code} is above the cap in year {year}")
            before = now
    return found


def _ahead(goal: Goal, code: str) -> list[tuple[int, int | None]]:
    """Between what somebody may be in each year, so that floor and cap can still lead to where it should end."""
    low, high = goal.end_pence(code)
    limits: list[tuple[int, int | None]] = [(low, high)]
    for _ in range(goal.years - 1):
        low = 0 if goal.cap is None else ceil(low / (1 + goal.cap))
        high = floor(high / (1 + goal.floor))
        limits.append((low, high))
    return limits[::-1]


def _room(goal: Goal, before: int, ahead: tuple[int, int | None]) -> tuple[int, int]:
    low, high = max(goal.least_pence(before), ahead[0]), ahead[1]
    most = goal.most_pence(before)
    high = most if high is None else high if most is None else min(high, most)
    if high is None or low > high:
        raise NoWholePence
    return low, high


def _kept_within(parts: Mapping[str, int], room: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """The parts within their room, with the same sum."""
    kept = {code: min(max(pence, room[code][0]), room[code][1]) for code, pence in parts.items()}
    left = sum(parts.values()) - sum(kept.values())
    if not left:
        return kept
    free = {code: room[code][1] - pence if left > 0 else pence - room[code][0] for code, pence in kept.items()}
    if sum(free.values()) < abs(left):
        raise NoWholePence
    # In proportion to the room nobody is given more than it: a share of a whole number, rounded up, is no larger.
    more = apportion(left, free)
    return {code: pence + more[code] for code, pence in kept.items()}
