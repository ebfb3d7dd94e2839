"""Bars: in order with one marked, to either side of nothing, ranges with a mark to compare with, and the tornado."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screens.report.marks import Where
from screens.report.render.colours import Colour
from screens.report.report import Table
from screens.web.charts import kit

_BAR = 22
_AROUND = 56
# How much of the axis a figure at the end of a bar needs, and one with words.
_FIGURE, _WORDS, _WORDS_NARROW = 0.28, 0.45, 1.3


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it is, where it ends on the axis, and its figure as people write it."""

    label: str
    length: Where | None
    figure: str
    is_marked: bool = False


def ranked(
    bars: Sequence[Bar],
    *,
    name: str,
    sentence: str,
    axis: str,
    table: Table,
    key: str,
    marked: str = "",
    smaller: bool = False,
    with_words: bool = False,
) -> None:
    """Bars in the order given, which the caller has ranked.

    Args:
        bars: those without a length are in the table alone.
        axis: what the axis counts, with its unit.
        marked: what the marked bars are, where some are.
        smaller: whether the name is a heading inside a section.
        with_words: whether the figures at the ends of the bars have words in them, and need more of the axis.
    """
    spec = _ranked(_drawn(bars), axis, marked, with_words=with_words)
    kit.drawn(spec, height(bars), name=name, sentence=sentence, table=table, key=key, smaller=smaller)


def distances(
    bars: Sequence[Bar],
    *,
    name: str,
    sentence: str,
    axis: str,
    table: Table,
    key: str,
    smaller: bool = False,
    room: Where = _FIGURE,
) -> None:
    """Diverging bars: above nothing to the right and green, below it to the left and orange; the sign says it too.

    Args:
        room: how much of the axis the figures at the ends of the bars need.
    """
    spec = _diverging(_drawn(bars), axis, room)
    kit.drawn(spec, height(bars), name=name, sentence=sentence, table=table, key=key, smaller=smaller)


def height(bars: Sequence[Bar]) -> int:
    """How high a chart of so many bars is."""
    return _BAR * max(1, len(bars)) + _AROUND


def _drawn(bars: Sequence[Bar]) -> list[dict[str, Any]]:
    return [
        {
            "label": kit.short(bar.label),
            "length": bar.length,
            "figure": bar.figure,
            "marked": bar.is_marked,
            "at": place,
        }
        for place, bar in enumerate(bars)
        if bar.length is not None
    ]


def _ranked(rows: Sequence[Mapping[str, Any]], axis: str, marked: str, *, with_words: bool) -> dict[str, Any]:
    colour = kit.CHOSEN if marked else {"value": Colour.AMOUNT}
    low, high = kit.room([row["length"] for row in rows], _WORDS if with_words else _FIGURE)
    scale: dict[str, Any] = {"domain": [low, high]}
    if with_words:
        # On a telephone words take as much of the axis as the bars.
        _, narrow = kit.room([row["length"] for row in rows], _WORDS_NARROW)
        scale = {"domainMin": low, "domainMax": {"expr": f"{kit.NARROW} ? {narrow} : {high}"}}
    place = {"y": kit.names(rows), "x": kit.lengths("length", axis, scale, orient="top")}
    bars = {"mark": {"type": "bar", "height": {"band": 0.7}}, "encoding": {"color": colour}}
    return {"data": kit.data(rows), "encoding": place, "layer": [bars, kit.figures()]}


def _diverging(rows: Sequence[Mapping[str, Any]], axis: str, room: Where) -> dict[str, Any]:
    place, layer = kit.to_either_side(rows, axis, room)
    return {"data": kit.data(rows), "encoding": place, "layer": layer}


_RANGE = 24
# The axis with its title, and a legend that takes two lines on a telephone.
_AROUND_RANGES = 100


@dataclass(frozen=True, slots=True)
class Range:
    """One range on an axis of £ million: its ends, its middle, and a mark; with its figure as people write it."""

    label: str
    low: Where
    middle: Where
    high: Where
    mark: Where
    figure: str


@dataclass(frozen=True, slots=True)
class Swing:
    """One bar of a tornado: where the answer stands with an assumption at its low and at its high."""

    label: str
    at_low: Where
    at_high: Where
    figure: str


def spreads(
    ranges: Sequence[Range], *, middle: str, mark: str, name: str, sentence: str, table: Table, key: str
) -> None:
    """Ranges under each other.

    Args:
        middle: what the middle is, as ``Mean award``.
        mark: what the mark is, as ``Fair share``.
    """
    rows = [
        {"label": kit.short(one.label), "low": one.low, "high": one.high, "middle": one.middle, "mark": one.mark}
        for one in ranges
    ]
    height = _RANGE * len(rows) + _AROUND_RANGES
    kit.drawn(_spreads(rows, middle, mark), height, name=name, sentence=sentence, table=table, key=key)


def tornado(
    swings: Sequence[Swing], *, centre: Where, axis: str, name: str, sentence: str, table: Table, key: str
) -> None:
    """Swings under each other, the widest first, around the answer in the middle.

    Args:
        axis: what the axis counts, with its unit.
    """
    rows = [
        {
            "label": one.label[:1].upper() + one.label[1:],
            "from": one_end,
            "to": centre,
            "end": which,
            "figure": one.figure,
        }
        for one in swings
        for one_end, which in ((one.at_low, "At its low"), (one.at_high, "At its high"))
    ]
    height = 34 * len(swings) + _AROUND_RANGES
    kit.drawn(_tornado(rows, centre, axis), height, name=name, sentence=sentence, table=table, key=key)


def _spreads(rows: Sequence[dict[str, Any]], middle: str, mark: str) -> dict[str, Any]:
    points = [
        {"label": row["label"], "at": row[field], "what": said}
        for row in rows
        for field, said in (("middle", middle), ("mark", mark))
    ]
    names, both = kit.names(rows), (middle, mark)

    def across(field: str) -> dict[str, Any]:
        return kit.lengths(field, "£ million", {"zero": True})

    ranges = {
        "data": kit.data(rows),
        "mark": {"type": "bar", "height": 6, "color": Colour.BETWEEN},
        "encoding": {"y": names, "x": across("low"), "x2": {"field": "high"}},
    }
    dots = {
        "data": kit.data(points),
        "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
        "encoding": {
            "y": names,
            "x": across("at"),
            "color": kit.told_apart("what", both, [Colour.AMOUNT, Colour.COMPARED]),
            # Told apart by more than colour.
            "shape": kit.told_apart("what", both, ["circle", "diamond"]),
        },
    }
    return {"layer": [ranges, dots]}


def _tornado(rows: Sequence[dict[str, Any]], centre: Where, axis: str) -> dict[str, Any]:
    bars = {
        "mark": {"type": "bar", "height": {"band": 0.6}},
        "encoding": {
            "x": kit.lengths("from", axis, {"zero": False}),
            "x2": {"field": "to"},
            "color": kit.told_apart("end", ("At its low", "At its high"), [Colour.AT_LOW, Colour.AT_HIGH]),
        },
    }
    layer = [bars, kit.upright(centre, strokeWidth=2)]
    return {"data": kit.data(rows), "encoding": {"y": kit.names(rows)}, "layer": layer}
