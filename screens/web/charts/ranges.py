"""Ranges: from a low to a high with a middle, beside a mark to compare with; and the tornado of a sum of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ledger.reports.chart_marks import Where
from screens.report.tables import Table
from screens.web.charts import kit

_BAR = 24
_AROUND = 76


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
        lambda alt: kit.vega(_spreads(rows, middle, mark), alt=alt, key=key, height=_BAR * len(rows) + _AROUND),
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
        lambda alt: kit.vega(_tornado(rows, centre), alt=alt, key=key, height=34 * len(found) + _AROUND),
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
