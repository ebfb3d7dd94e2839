"""A heat map: a row for each of many, a column for each point in time, the darker the higher, on one scale."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ledger.reports.summary import percent
from screens.report.marks import at_percent
from screens.report.render.colours import RULE, SHADES
from screens.report.report import Table
from screens.web.charts import kit

_ROW, _AROUND = 20, 150
# How wide names of rows are at most, and how wide a column has to be for its figures.
_NAMES, _COLUMN = 300, 44


def by_time(
    points: Sequence[str],
    rows: Mapping[str, Sequence[Fraction | None]],
    *,
    name: str,
    sentence: str,
    scale: str,
    table: Table,
    key: str,
    smaller: bool = False,
) -> None:
    """Shares by row and point; each area bears its figure where there is room, so that colour is never alone.

    Args:
        points: what is written above each column, in order.
        rows: name of each row to its share at every point, in order; an area without one stays empty.
        scale: what the shades count, with its unit.
        smaller: whether the name is a heading inside a section.
    """
    cells = [
        {"label": kit.short(row), "point": point, "level": at_percent(share), "figure": percent(share)}
        for row, shares in rows.items()
        for point, share in zip(points, shares, strict=True)
        if share is not None
    ]
    spec = _spec(cells, points, scale)
    kit.drawn(spec, _ROW * len(rows) + _AROUND, name=name, sentence=sentence, table=table, key=key, smaller=smaller)


def _spec(cells: Sequence[Mapping[str, Any]], points: Sequence[str], scale: str) -> dict[str, Any]:
    levels = [cell["level"] for cell in cells]
    low, high = min(levels, default=0.0), max(levels, default=1.0)
    area, ink = kit.shaded("level", low, high)
    # Where the figures and the points' names would touch each other.
    little = f"({kit.NARROW} || containerSize()[0] < {_NAMES + _COLUMN * len(points)})"
    # Ends of shades that lie close together are told apart.
    legend = {
        "title": scale,
        "format": ".2f" if high - low < len(SHADES) / 2 else ".1f",
        "symbolStrokeColor": RULE,
        "symbolStrokeWidth": 1,
    }
    along = {
        "orient": "top",
        "ticks": False,
        "domain": False,
        "labelAngle": {"expr": f"{little} ? -90 : 0"},
        "labelAlign": {"expr": f"{little} ? 'left' : 'center'"},
        "labelBaseline": {"expr": f"{little} ? 'middle' : 'bottom'"},
        "labelOverlap": False,
    }
    return {
        "data": kit.data(cells),
        "encoding": {
            "y": kit.names(cells),
            "x": {"field": "point", "type": "ordinal", "sort": list(points), "scale": {"domain": list(points)},
                  "title": None, "axis": along},
        },
        "layer": [
            {
                "mark": {"type": "rect", "stroke": RULE, "strokeWidth": 0.5},
                "encoding": {"color": {**area, "legend": legend}},
            },
            {
                # On a telephone there is no room for it; the table has it.
                "mark": {"type": "text", "fontSize": 11, "opacity": {"expr": f"{little} ? 0 : 1"}},
                "encoding": {"text": {"field": "figure"}, "color": ink},
            },
        ],
    }  # fmt: skip
