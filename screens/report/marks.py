"""Where the marks of a chart stand. These numbers place bars and lines; they are never figures to be read.

Every figure that people read is written from whole pence or exact fractions. A screen needs floats to draw,
so this is the one file in which money becomes a float, for that alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

# Where a mark stands on an axis, in the axis's own unit: never an amount of money.
Where: TypeAlias = float

_PENCE_PER_POUND, _PENCE_PER_MILLION = 100, 100_000_000


def at_millions(pence: int) -> float:
    """Where an amount stands on an axis of £ million."""
    return pence / _PENCE_PER_MILLION


def at_pounds(pence: int) -> float:
    """Where an amount stands on an axis of pounds."""
    return pence / _PENCE_PER_POUND


def pounds_apart(pence: int) -> str:
    """A change in whole pounds, or in pence below a pound, with its sign, for where there is room for no more."""
    if abs(pence) < _PENCE_PER_POUND:
        return f"{pence:+d}p" if pence else "£0"
    text = f"{at_pounds(pence):+,.0f}"
    return f"{text[0]}£{text[1:]}"


def at_percent(part: Fraction) -> float:
    """Where a share stands on an axis of percent."""
    return float(part * 100)


def at_unit(value: Fraction, unit: str) -> float:
    """Where a figure stands on an axis of its unit: £ million, percent, or the number itself."""
    if unit == "pence":
        return at_millions(int(value))
    return at_percent(value) if unit == "share" else float(value)


@dataclass(frozen=True, slots=True)
class Span:
    """One bar of a bridge.

    Attributes:
        label: what the bar is.
        pence: its own amount: the whole of a total, the change of a step.
        is_total: whether it stands on the axis.
        from_millions, to_millions: where it begins and ends.
    """

    label: str
    pence: int
    is_total: bool
    from_millions: float
    to_millions: float


def bridge(start: tuple[str, int], steps: Iterable[tuple[str, int]], end: tuple[str, int]) -> list[Span]:
    """The bars of a bridge from one total to another.

    Raises:
        ValueError: the steps do not lead from the first total to the last.
    """
    spans = [Span(*start, is_total=True, from_millions=0.0, to_millions=at_millions(start[1]))]
    reached = start[1]
    for label, pence in steps:
        after = reached + pence
        spans.append(Span(label, pence, False, at_millions(reached), at_millions(after)))
        reached = after
    if reached != end[1]:
        raise ValueError(f"the steps lead to {reached} pence, and the bridge ends at {end[1]}.")
    return [*spans, Span(*end, is_total=True, from_millions=0.0, to_millions=at_millions(end[1]))]


def lorenz(amounts: Sequence[int]) -> list[tuple[float, float]]:
    """The points of a Lorenz curve: percent of the pots, smallest first, and percent of the money in them.

    Raises:
        ValueError: there is nothing to draw: no amounts, or none above zero.
    """
    ascending, total = sorted(amounts), sum(amounts)
    if not total:
        raise ValueError("there is no money to draw a curve of.")
    points, reached = [(0.0, 0.0)], 0
    for place, pence in enumerate(ascending, 1):
        reached += pence
        points.append((at_percent(Fraction(place, len(ascending))), at_percent(Fraction(reached, total))))
    return points
