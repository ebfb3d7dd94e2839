"""Lines over time: a few measures at one point after another, each told apart by colour, dash and mark."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.reports.chart_marks import Where
from screens.report.tables import Table
from screens.web.charts import kit

_HEIGHT = 340
_DASHES = ([1, 0], [8, 4], [2, 3], [8, 3, 2, 3], [1, 0], [4, 4])
_MARKS = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def lines(
    points: Sequence[str],
    series: Mapping[str, Sequence[Where | None]],
    *,
    name: str,
    sentence: str,
    axis: str,
    table: Table,
    key: str,
    smaller: bool = False,
) -> None:
    """A line for each series; a point at which a series has no value is a gap, and never zero.

    Args:
        points: what is written under each point, in order.
        series: name of each line to where it stands at every point; at most six.
        axis: what the upright axis counts, with its unit. It starts at zero.
        smaller: whether the name is a heading inside a section.
    """
    rows = [
        {"point": point, "line": line, "length": length}
        for line, lengths in series.items()
        for point, length in zip(points, lengths, strict=True)
        if length is not None
    ]
    kit.frame(
        name,
        sentence,
        lambda alt: kit.vega(_spec(rows, points, list(series), axis), alt=alt, key=key, height=_HEIGHT),
        table,
        file_name=key,
        smaller=smaller,
    )


def _spec(rows: Sequence[Mapping[str, Any]], points: Sequence[str], names: Sequence[str], axis: str) -> dict[str, Any]:
    many = len(names)

    def told_apart(values: Sequence[Any]) -> dict[str, Any]:
        # One legend for all three: Vega joins those that have the same field, title and domain.
        scale = {"domain": list(names), "range": list(values[:many])}
        return {"field": "line", "type": "nominal", "title": None, "scale": scale}

    return {
        "data": kit.data(rows),
        "encoding": {
            "x": {
                "field": "point",
                "type": "ordinal",
                "sort": list(points),
                "scale": {"domain": list(points)},
                "title": None,
                "axis": {
                    "labelAngle": {"expr": f"{kit.NARROW} ? -90 : 0"},
                    "labelAlign": {"expr": f"{kit.NARROW} ? 'right' : 'center'"},
                    "labelBaseline": {"expr": f"{kit.NARROW} ? 'middle' : 'top'"},
                    "labelOverlap": False,
                },
            },
            "y": {
                "field": "length",
                "type": "quantitative",
                "title": axis,
                "axis": {"tickCount": 5},
                "scale": {"domain": kit.room([row["length"] for row in rows], 0.05)},
            },
            "color": told_apart(kit.PALETTE),
        },
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": {"strokeDash": told_apart(_DASHES)}},
            {
                "mark": {"type": "point", "filled": True, "size": 70},
                "encoding": {"shape": told_apart(_MARKS)},
            },
        ],
    }
