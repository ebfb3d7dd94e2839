"""The path of least disruption in exact fractions, and the proof that none is less disruptive.

A budget is counted relative to equal growth: 1 is what it would be if all grew alike. The disruption is the sum over
years and organisations of (opening budget) x (this year's figure - last year's figure)**2. It is strictly convex, so
there is one path and no other, whichever solver looks for it. A solver that works in floats says which limits bind.
Here the equations that follow are solved in fractions, and every limit and the sign of every multiplier is looked at
(the conditions of Karush, Kuhn and Tucker, which are enough in a convex programme). What is wrong is put right, until
all hold.

For a given price of each year's money an organisation's best path depends on nothing but its own limits, and is a
linear function of the prices wherever the same limits bind. So all with the same binding limits share one table of
coefficients, and the prices follow from as many equations as there are years.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from operator import mul

from scenarios.solve.goal import Goal

FREE, FLOOR, CAP = "", "floor", "cap"
LOW, HIGH, FIXED = "low", "high", "fixed"
_MOST_ROUNDS = 80
_ONE = Fraction(1)


class NotProved(Exception):
    """No set of binding limits was found with which all conditions hold."""


@dataclass(frozen=True)
class Pattern:
    """Which limits bind somebody.

    Attributes:
        ties: for each year ``floor``, ``cap`` or nothing.
        end: at the end of the last year ``low``, ``high`` or nothing; ``fixed`` where both are one.
        only_way: whether floor or cap in every year is the only path that the limits allow.
    """

    ties: tuple[str, ...]
    end: str = FREE
    only_way: bool = False


@dataclass(frozen=True)
class Path:
    """What everybody has in each year, relative to equal growth, and the pattern of each."""

    relative: Mapping[str, tuple[Fraction, ...]]
    patterns: Mapping[str, Pattern]


Vector = list[Fraction]
Coefficients = list[Vector]


def prove(goal: Goal, start: Mapping[str, Pattern]) -> Path:
    """The one path of least disruption.

    Args:
        start: which limits seem to bind each; a good guess saves rounds and changes nothing else.

    Raises:
        NotProved: the guess could not be put right within ``_MOST_ROUNDS``.
    """
    ends = {code: _ends(goal, code) for code in goal.opening_pence}
    patterns = {code: _forced(goal, code, ends[code]) or start[code] for code in goal.opening_pence}
    known: dict[Pattern, Coefficients] = {}
    seen: set[tuple[Pattern, ...]] = set()
    for _ in range(_MOST_ROUNDS):
        for pattern in set(patterns.values()) - known.keys():
            known[pattern] = _coefficients(goal, pattern)
        prices = _prices(goal, patterns, known, ends)
        right = _put_right(goal, patterns, known, ends, prices)
        if right == patterns:
            return Path(_paths(patterns, known, ends, prices), patterns)
        state = tuple(right.values())
        if state in seen:
            break
        seen.add(state)
        patterns = right
    raise NotProved


def _ends(goal: Goal, code: str) -> tuple[Fraction, Fraction]:
    alike = goal.opening_pence[code] * goal.growth_of_all[-1]
    low, high = goal.end(code)
    return low / alike, high / alike


def _forced(goal: Goal, code: str, ends: tuple[Fraction, Fraction]) -> Pattern | None:
    """The pattern of somebody whom the limits leave one way, whatever the prices are."""
    for limits, end, tie in ((goal.least, ends[1], FLOOR), (goal.most, ends[0], CAP)):
        if limits is not None and list(accumulate(limits, mul))[-1] == end:
            return Pattern((tie,) * goal.years, only_way=True)
    del code
    return None


def _factors(goal: Goal, pattern: Pattern) -> list[Fraction | None]:
    """By what each year that is tied multiplies the year before; None for a year that is free."""
    most = goal.most or goal.least
    return [
        goal.least[year] if tie == FLOOR else most[year] if tie == CAP else None
        for year, tie in enumerate(pattern.ties)
    ]


def _coefficients(goal: Goal, pattern: Pattern) -> Coefficients:
    """For each year how the best path follows from the prices of all years, from 1, and from where it must end.

    The years fall into blocks of a free year and those tied to it; each block has one unknown, and each unknown is
    coupled with its neighbours alone, so the equations are solved from the first to the last and back.
    """
    years = goal.years
    part, block = [_ONE], [0]
    for factor in _factors(goal, pattern):
        part.append(_ONE if factor is None else part[-1] * factor)
        block.append(block[-1] + (factor is None))
    last = [max(year for year in range(years + 1) if block[year] == number) for number in range(block[-1] + 1)]
    values: list[Vector] = [_unit(years, years)]
    values += [[Fraction(0)] * (years + 2) for _ in range(block[-1])]
    unknown = block[-1]
    if pattern.end and unknown:
        values[unknown] = [each / part[years] for each in _unit(years, years + 1)]
        unknown -= 1
    own: list[Fraction] = []
    right: list[Vector] = []
    for number in range(1, unknown + 1):
        members = [year for year in range(years + 1) if block[year] == number]
        steps = sum(((part[year] - part[year - 1]) ** 2 for year in members[1:]), _ONE)
        own.append(steps + (part[last[number]] ** 2 if last[number] < years else 0))
        row = [Fraction(0)] * (years + 2)
        for year in members:
            row[year - 1] = part[year]
        for other, coupled in ((number - 1, part[last[number - 1]]), (number + 1, part[last[number]])):
            if other == 0 or (other > unknown and other < len(values)):
                row = [each + coupled * value for each, value in zip(row, values[other], strict=True)]
        right.append(row)
    for number in range(1, unknown):
        coupled = part[last[number]] / own[number - 1]
        own[number] -= coupled * part[last[number]]
        right[number] = [each + coupled * before for each, before in zip(right[number], right[number - 1], strict=True)]
    for number in range(unknown, 0, -1):
        row = right[number - 1]
        if number < unknown:
            row = [each + part[last[number]] * after for each, after in zip(row, values[number + 1], strict=True)]
        values[number] = [each / own[number - 1] for each in row]
    return [[part[year] * each for each in values[block[year]]] for year in range(1, years + 1)]


def _unit(years: int, place: int) -> Vector:
    return [Fraction(int(each == place)) for each in range(years + 2)]


def _must_end(pattern: Pattern, ends: tuple[Fraction, Fraction]) -> Fraction:
    return ends[0] if pattern.end in (LOW, FIXED) else ends[1] if pattern.end == HIGH else Fraction(0)


def _prices(
    goal: Goal,
    patterns: Mapping[str, Pattern],
    known: Mapping[Pattern, Coefficients],
    ends: Mapping[str, tuple[Fraction, Fraction]],
) -> Vector:
    """The price of each year's money at which all together have what there is."""
    years = goal.years
    weight: dict[Pattern, int] = defaultdict(int)
    ending: dict[Pattern, Fraction] = defaultdict(Fraction)
    for code, pattern in patterns.items():
        weight[pattern] += goal.opening_pence[code]
        ending[pattern] += goal.opening_pence[code] * _must_end(pattern, ends[code])
    rows = []
    for year in range(years):
        row = [sum(weight[pattern] * known[pattern][year][price] for pattern in weight) for price in range(years)]
        given = sum(
            weight[pattern] * known[pattern][year][years] + ending[pattern] * known[pattern][year][years + 1]
            for pattern in weight
        )
        rows.append([*(Fraction(each) for each in row), goal.whole_pence - Fraction(given)])
    return _solved(rows)


def _solved(rows: Sequence[Vector]) -> Vector:
    """Equations solved by elimination. What nothing depends on is nothing; what contradicts itself is not proved."""
    number, rows, pivots = len(rows), [list(row) for row in rows], []
    free = list(range(number))
    for column in range(number):
        pivot = next((place for place in free if rows[place][column]), None)
        if pivot is None:
            continue
        free.remove(pivot)
        pivots.append((pivot, column))
        for place in range(number):
            if place != pivot and rows[place][column]:
                times = rows[place][column] / rows[pivot][column]
                rows[place] = [each - times * own for each, own in zip(rows[place], rows[pivot], strict=True)]
    if any(rows[place][number] for place in free):
        raise NotProved
    found = [Fraction(0)] * number
    for pivot, column in pivots:
        found[column] = rows[pivot][number] / rows[pivot][column]
    return found


def _paths(
    patterns: Mapping[str, Pattern],
    known: Mapping[Pattern, Coefficients],
    ends: Mapping[str, tuple[Fraction, Fraction]],
    prices: Vector,
) -> dict[str, tuple[Fraction, ...]]:
    point = [*prices, _ONE]
    shared = {
        pattern: [sum((each * at for each, at in zip(row, point, strict=False)), Fraction(0)) for row in known[pattern]]
        for pattern in set(patterns.values())
    }
    return {
        code: tuple(
            own + row[-1] * end if end else own
            for own, row in zip(shared[pattern], known[pattern], strict=True)
            for end in (_must_end(pattern, ends[code]),)
        )
        for code, pattern in patterns.items()
    }


def _put_right(
    goal: Goal,
    patterns: Mapping[str, Pattern],
    known: Mapping[Pattern, Coefficients],
    ends: Mapping[str, tuple[Fraction, Fraction]],
    prices: Vector,
) -> dict[str, Pattern]:
    """The patterns without limits that do not bind and with those that are broken; the same where all is right."""
    paths = _paths(patterns, known, ends, prices)
    alike: dict[tuple[Pattern, tuple[Fraction, ...]], tuple[str, ...]] = {}
    found = {}
    for code, pattern in patterns.items():
        if pattern.only_way:
            found[code] = pattern
            continue
        path = paths[code]
        # Who shares a pattern that does not hang on the end shares the path and the multipliers.
        shared = (pattern, path)
        if shared not in alike:
            alike[shared] = _ties_put_right(goal, pattern, path, prices)
        *ties, end = alike[shared]
        found[code] = _end_put_right(pattern, Pattern(tuple(ties), end), path[-1], ends[code])
    return found


def _end_put_right(pattern: Pattern, ties: Pattern, last: Fraction, ends: tuple[Fraction, Fraction]) -> Pattern:
    """The same with the limit at the end, where it is broken; a tie that leaves no room for it is loosed."""
    low, high = ends
    if all(pattern.ties) and not low <= last <= high:
        wrong = FLOOR if last < low else CAP
        return Pattern(tuple(FREE if tie == wrong else tie for tie in pattern.ties), LOW if last < low else HIGH)
    if ties.end and any(tie == FREE for tie in pattern.ties):
        return ties
    end = FIXED if low == high else LOW if last < low else HIGH if last > high else FREE
    return Pattern(ties.ties, end)


def _ties_put_right(goal: Goal, pattern: Pattern, path: Sequence[Fraction], prices: Vector) -> tuple[str, ...]:
    """The ties of each year and the end, put right."""
    years = goal.years
    relative = (_ONE, *path)
    steps = [now - before for before, now in pairwise(relative)]
    slope = [step - after - price for step, after, price in zip(steps, [*steps[1:], Fraction(0)], prices, strict=True)]
    factors = _factors(goal, pattern)
    end = _multiplier_of_the_end(slope, factors) if pattern.end else Fraction(0)
    pulls = [Fraction(0)] * years
    for year in range(years - 1, -1, -1):
        if factors[year] is not None:
            after = pulls[year + 1] * (factors[year + 1] or 0) if year + 1 < years else -end
            pulls[year] = slope[year] + after
    ties = []
    for year, tie in enumerate(pattern.ties):
        low, high = goal.least[year] * relative[year], None if goal.most is None else goal.most[year] * relative[year]
        if (tie == FLOOR and pulls[year] < 0) or (tie == CAP and pulls[year] > 0):
            ties.append(FREE)
        elif tie == FREE and relative[year + 1] < low:
            ties.append(FLOOR)
        elif tie == FREE and high is not None and relative[year + 1] > high:
            ties.append(CAP)
        else:
            ties.append(tie)
    wrong = (pattern.end == LOW and end < 0) or (pattern.end == HIGH and end > 0)
    return (*ties, FREE if wrong else pattern.end)


def _multiplier_of_the_end(slope: Sequence[Fraction], factors: Sequence[Fraction | None]) -> Fraction:
    """What the limit at the end pulls with: whatever the free year before it, and those tied to it, leave over."""
    pull, product = Fraction(0), _ONE
    for year in range(len(slope) - 1, -1, -1):
        factor = factors[year]
        pull = slope[year] + pull
        if factor is None:
            return pull / product
        pull, product = pull * factor, product * factor
    # Nobody is free in any year: the end follows from the ties, and needs no multiplier of its own.
    return Fraction(0)
