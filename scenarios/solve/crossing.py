"""Where a figure crosses what is asked of it, on a scale of whole steps: by halving, and honest where there is none.

Halving finds a crossing; that it is the only one follows if the figure never turns. Nobody can see that of every point,
so some are looked at over the whole scale, and what was seen is said.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

_LOOKED_AT = 9
"""At how many points, spread evenly over the scale, the figure is looked at first."""


@dataclass(frozen=True)
class ScalePoint:
    """One point of the scale.

    Attributes:
        step: its number on the scale.
        figure: None where it has none there.
        is_met: whether what is asked holds; never where there is no figure.
    """

    step: int
    figure: Fraction | None
    is_met: bool


@dataclass(frozen=True)
class Crossing:
    """What was found.

    Attributes:
        at: the point nearest to today's on which it is met, beside one on which it is not; today's own where it is met
            at every point that was looked at; None where it is met at none of them.
        before: the next point to it on which it is not met, one step away; None where there is none.
        after: the next point on its other side; None at the end of the scale.
        looked_at: every point that was looked at, in order.
        turns: whether the figure both rises and falls among them.
        crossings: between how many neighbours among the points of the first look it changes whether it is met.
    """

    at: ScalePoint | None
    before: ScalePoint | None
    after: ScalePoint | None
    looked_at: tuple[ScalePoint, ...]
    turns: bool
    crossings: int

    @property
    def most(self) -> ScalePoint | None:
        """The point with the largest figure, of those that were looked at."""
        return max((point for point in self.looked_at if point.figure is not None), key=_figure, default=None)

    @property
    def least(self) -> ScalePoint | None:
        """The point with the smallest figure."""
        return min((point for point in self.looked_at if point.figure is not None), key=_figure, default=None)


def cross(
    figure: Callable[[int], Fraction | None], is_met: Callable[[Fraction], bool], low: int, high: int, today: int
) -> Crossing:
    """Look for the crossing that is nearest to today's point.

    Args:
        figure: the figure at a point of the scale; None where it has none.
        is_met: whether what is asked holds of a figure.
        low, high: the ends of the scale, which belong to it.
        today: where the scale stands now, between them.
    """
    seen: dict[int, ScalePoint] = {}

    def look(step: int) -> ScalePoint:
        if step not in seen:
            value = figure(step)
            seen[step] = ScalePoint(step, value, value is not None and is_met(value))
        return seen[step]

    spread = {low + (high - low) * place // (_LOOKED_AT - 1) for place in range(_LOOKED_AT)}
    look(today)
    first = [look(step) for step in sorted({*spread, today})]
    changes = [(left, right) for left, right in pairwise(first) if left.is_met != right.is_met]
    at = before = after = None
    if changes:
        left, right = min(changes, key=lambda pair: min(abs(pair[0].step - today), abs(pair[1].step - today)))
        while right.step - left.step > 1:
            middle = look(_between(left, right))
            left, right = (middle, right) if middle.is_met == left.is_met else (left, middle)
        at, before = (left, right) if left.is_met else (right, left)
        beyond = 2 * at.step - before.step
        after = look(beyond) if low <= beyond <= high else None
    elif first[0].is_met:
        at = look(today)
    points = tuple(seen[step] for step in sorted(seen))
    return Crossing(at, before, after, points, _turns(points), len(changes))


def _between(left: ScalePoint, right: ScalePoint) -> int:
    """The point in the middle."""
    return (left.step + right.step) // 2


def _turns(points: tuple[ScalePoint, ...]) -> bool:
    figures = [point.figure for point in points if point.figure is not None]
    return any(now > before for before, now in pairwise(figures)) and any(
        now < before for before, now in pairwise(figures)
    )


def _figure(point: ScalePoint) -> Fraction:
    assert point.figure is not None
    return point.figure
