"""An exact path in whole pence: each year sums to its total, and nobody leaves a limit by a penny.

Every year is apportioned as everything is (``allocations.shares.apportion``). Where that would put somebody a penny
below the floor, above the cap or too far from the end, the penny is put back and taken from, or given to, those with
room, in proportion to their room. What room there is looks ahead: nobody is given what later years could not follow.
Nor are all together: floors are rounded up and caps down in every year, so that a year may have a penny less than those
at their limits need. Then a penny goes, a year before, from somebody whose need it makes to somebody with room.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import ceil, floor

from allocations.shares.apportion import apportion
from scenarios.solve.goal import Goal

Amounts = Mapping[str, tuple[int, ...]]
"""Code to what somebody has in each year, in pence."""
Between = tuple[int, int]
"""The least and the most, in pence."""


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
        held = _with_room_later(goal, _kept_within(apportion(total, exact), room), room, limits, year)
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


def _ahead(goal: Goal, code: str) -> list[Between]:
    """Between what somebody may be in each year, so that floor and cap can still lead to where it should end."""
    low, high = goal.end_pence(code)
    limits = [(low, high)]
    for _ in range(goal.years - 1):
        low = 0 if goal.cap is None else ceil(low / (1 + goal.cap))
        high = floor(high / (1 + goal.floor))
        limits.append((low, high))
    return limits[::-1]


def _room(goal: Goal, before: int, ahead: Between) -> Between:
    most = goal.most_pence(before)
    low, high = max(goal.least_pence(before), ahead[0]), ahead[1] if most is None else min(ahead[1], most)
    if low > high:
        raise NoWholePence
    return low, high


def _kept_within(parts: Mapping[str, int], room: Mapping[str, Between]) -> dict[str, int]:
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


def _with_room_later(
    goal: Goal, held: dict[str, int], room: Mapping[str, Between], limits: Mapping[str, list[Between]], year: int
) -> dict[str, int]:
    """The same year, with pennies moved so that the money of each later year lies between what all need and may have.

    Raises:
        NoWholePence: no penny that could be moved would help.
    """
    chains = {code: _chain(goal, limits[code], year, pence) for code, pence in held.items()}
    for later in range(goal.years - 1 - year):
        total = goal.totals_pence[year + 1 + later]
        while wanted := _missing(total, [chain[later] for chain in chains.values()]):
            pair = _helpful(goal, held, room, limits, (year, later), chains, sign=-1 if wanted < 0 else 1)
            for code, penny in zip(pair, (-1, 1), strict=True):
                held[code] += penny
                chains[code] = _chain(goal, limits[code], year, held[code])
    return held


def _chain(goal: Goal, ahead: Sequence[Between], year: int, pence: int) -> list[Between]:
    """Between what somebody with so much in a year may be in each year after it."""
    found, least, most = [], pence, pence
    for low, high in ahead[year + 1 :]:
        may = goal.most_pence(most)
        least, most = max(goal.least_pence(least), low), high if may is None else min(may, high)
        found.append((least, most))
    return found


def _missing(total: int, between: Sequence[Between]) -> int:
    """By how much all together need more than there is (above zero), or may not have all that there is (below)."""
    need, may = sum(least for least, _ in between), sum(most for _, most in between)
    return max(need - total, 0) or min(may - total, 0)


def _helpful(
    goal: Goal, held: Mapping[str, int], room: Mapping[str, Between], limits: Mapping[str, list[Between]],
    when: tuple[int, int], chains: Mapping[str, list[Between]], *, sign: int,
) -> tuple[str, str]:  # fmt: skip
    """Who gives a penny to whom in a year, so that a later year has room for all.

    Args:
        when: the year, and how many years after the next the later one is.
        sign: 1 where what all need there has to fall, and -1 where what all may have has to rise.

    Raises:
        NoWholePence: nobody can.
    """
    (year, later), end = when, 0 if sign > 0 else 1

    def changes(code: str, penny: int) -> int:
        now = _chain(goal, limits[code], year, held[code] + penny)
        return sign * (now[later][end] - chains[code][later][end])

    givers = sorted((changes(code, -1), code) for code, pence in held.items() if pence > room[code][0])
    receivers = sorted((changes(code, 1), code) for code, pence in held.items() if pence < room[code][1])
    # Two of each are enough, for nobody gives to itself.
    pairs = product(givers[:2], receivers[:2])
    best = min(
        ((one + other, giver, receiver) for (one, giver), (other, receiver) in pairs if giver != receiver), default=None
    )
    if best is None or best[0] >= 0:
        raise NoWholePence
    return best[1:]
