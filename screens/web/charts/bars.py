"""Bars in order, one marked; and bars to either side of nothing, for distances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.reports.chart_marks import Where
from screens.report.tables import Table
from screens.web.charts import kit

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
