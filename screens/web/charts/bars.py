"""Bars: in order with one marked, to either side of nothing, ranges with a mark to compare with, and the tornado."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screens.report.report import Table
from screens.web.charts import kit
from screens.web.charts.marks import Where

_BAR = 22
_AROUND = 56


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
) -> None:
    """Bars in the order given, which the caller has ranked.

    Args:
        bars: those without a length are in the table alone.
        axis: what the axis counts, with its unit.
        marked: what the marked bars are, where some are.
        smaller: whether the name is a heading inside a section.
    """
    kit.frame(
        name,
        sentence,
        lambda alt: kit.vega(_ranked(_drawn(bars), axis, marked), alt=alt, key=key, height=height(bars)),
        table,
        file_name=key,
        smaller=smaller,
    )


def distances(
    bars: Sequence[Bar],
    *,
    name: str,
    sentence: str,
    axis: str,
    table: Table,
    key: str,
    smaller: bool = False,
    room: Where = 0.28,
) -> None:
    """Diverging bars: above nothing to the right and dark, below it to the left and orange; the sign says it too.

    Args:
        room: how much of the axis the figures at the ends of the bars need.
    """
    kit.frame(
        name,
        sentence,
        lambda alt: kit.vega(_diverging(_drawn(bars), axis, room), alt=alt, key=key, height=height(bars)),
        table,
        file_name=key,
        smaller=smaller,
    )


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


def _label_axis(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "field": "label",
        "type": "nominal",
        "sort": [row["label"] for row in rows],
        "title": None,
        "axis": {"labelLimit": kit.NAME_LIMIT, "ticks": False, "domain": False},
    }


def _length_axis(title: str, domain: object) -> dict[str, Any]:
    return {
        "field": "length",
        "type": "quantitative",
        "title": title,
        "axis": {"tickCount": 4, "orient": "top"},
        "scale": {"domain": domain},
    }


def _ranked(rows: Sequence[Mapping[str, Any]], axis: str, marked: str) -> dict[str, Any]:
    colour: dict[str, Any] = {"value": kit.MAIN}
    if marked:
        colour = {"condition": {"test": "datum.marked", "value": kit.WARM}, "value": kit.MAIN}
    return {
        "data": kit.data(rows),
        "encoding": {
            "y": _label_axis(rows),
            "x": _length_axis(axis, kit.room([row["length"] for row in rows])),
        },
        "layer": [
            {"mark": {"type": "bar", "height": {"band": 0.7}}, "encoding": {"color": colour}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"text": {"field": "figure"}},
            },
        ],
    }


def _diverging(rows: Sequence[Mapping[str, Any]], axis: str, room: Where) -> dict[str, Any]:
    return {
        "data": kit.data(rows),
        "encoding": {
            "y": _label_axis(rows),
            "x": _length_axis(axis, kit.room([row["length"] for row in rows], room)),
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {
                    "color": {"condition": {"test": "datum.length < 0", "value": kit.WARM}, "value": kit.MAIN}
                },
            },
            {
                "transform": [{"filter": "datum.length >= 0"}],
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"text": {"field": "figure"}},
            },
            {
                "transform": [{"filter": "datum.length < 0"}],
                "mark": {"type": "text", "align": "right", "dx": -4},
                "encoding": {"text": {"field": "figure"}},
            },
            {
                "mark": {"type": "rule", "color": kit.INK},
                "encoding": {"x": {"datum": 0}, "y": {"value": 0}, "y2": {"value": "height"}},
            },
        ],
    }


_RANGE = 24
_AROUND_RANGES = 76


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
    found: Sequence[Range], *, middle: str, mark: str, name: str, sentence: str, table: Table, key: str
) -> None:
    """Ranges under each other.

    Args:
        middle: what the middle is, as ``Mean award``.
        mark: what the mark is, as ``Fair share``.
    """
    rows = [
        {"label": kit.short(one.label), "low": one.low, "high": one.high, "middle": one.middle, "mark": one.mark}
        for one in found
    ]
    kit.frame(
        name,
        sentence,
        lambda alt: kit.vega(
            _spreads(rows, middle, mark), alt=alt, key=key, height=_RANGE * len(rows) + _AROUND_RANGES
        ),
        table,
        file_name=key,
    )


def tornado(found: Sequence[Swing], *, centre: Where, name: str, sentence: str, table: Table, key: str) -> None:
    """Swings under each other, the widest first, around the answer in the middle."""
    rows = [
        {"label": one.label, "from": one_end, "to": centre, "end": which, "figure": one.figure}
        for one in found
        for one_end, which in ((one.at_low, "At its low"), (one.at_high, "At its high"))
    ]
    kit.frame(
        name,
        sentence,
        lambda alt: kit.vega(_tornado(rows, centre), alt=alt, key=key, height=34 * len(found) + _AROUND_RANGES),
        table,
        file_name=key,
    )


def _names(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "field": "label",
        "type": "nominal",
        "sort": list(dict.fromkeys(row["label"] for row in rows)),
        "title": None,
        "axis": {"labelLimit": kit.NAME_LIMIT, "ticks": False, "domain": False},
    }


def _spreads(rows: Sequence[dict[str, Any]], middle: str, mark: str) -> dict[str, Any]:
    points = [
        {"label": row["label"], "at": row[field], "what": said}
        for row in rows
        for field, said in (("middle", middle), ("mark", mark))
    ]
    axis = {"type": "quantitative", "title": "£ million", "axis": {"tickCount": 4}, "scale": {"zero": True}}
    names = _names(rows)
    return {
        "layer": [
            {
                "data": kit.data(rows),
                "mark": {"type": "bar", "height": 6, "color": "#9FB4C7"},
                "encoding": {"y": names, "x": {"field": "low", **axis}, "x2": {"field": "high"}},
            },
            {
                "data": kit.data(points),
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "y": names,
                    "x": {"field": "at", **axis},
                    "color": {
                        "field": "what",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": [middle, mark], "range": [kit.MAIN, kit.WARM]},
                    },
                    # Told apart by more than colour.
                    "shape": {
                        "field": "what",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": [middle, mark], "range": ["circle", "diamond"]},
                    },
                },
            },
        ],
    }


def _tornado(rows: Sequence[dict[str, Any]], centre: Where) -> dict[str, Any]:
    return {
        "data": kit.data(rows),
        "encoding": {"y": _names(rows)},
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.6}},
                "encoding": {
                    "x": {
                        "field": "from",
                        "type": "quantitative",
                        "title": "Worth more than the formula (£ million)",
                        "axis": {"tickCount": 4},
                        "scale": {"zero": False},
                    },
                    "x2": {"field": "to"},
                    "color": {
                        "field": "end",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": ["At its low", "At its high"], "range": [kit.SECOND, kit.MAIN]},
                    },
                },
            },
            {
                "mark": {"type": "rule", "color": kit.INK, "strokeWidth": 2},
                "encoding": {"x": {"datum": centre}, "y": {"value": 0}, "y2": {"value": "height"}},
            },
        ],
    }
