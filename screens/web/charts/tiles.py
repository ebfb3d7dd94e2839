"""A tile map: a square for each area, roughly where it lies. No map is fetched from anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.reports.chart_marks import Where
from screens.report.tables import Table
from screens.web.charts import kit

_SIDE = 56


@dataclass(frozen=True, slots=True)
class Tile:
    """One area: its place, where it stands on the scale, and its figure as people write it."""

    code: str
    name: str
    column: int
    row: int
    level: Where | None
    figure: str
    is_marked: bool = False


def tiles(found: Sequence[Tile], *, name: str, sentence: str, table: Table, key: str) -> None:
    """A tile map, with its table. Each tile bears its code and figure, so that colour is never alone."""
    rows = [
        {
            "code": tile.code,
            "name": tile.name,
            "column": tile.column,
            "row": tile.row,
            "level": tile.level,
            "figure": tile.figure,
            "marked": tile.is_marked,
        }
        for tile in found
    ]
    levels = [tile.level for tile in found if tile.level is not None]
    low, high = (min(levels), max(levels)) if levels else (0.0, 1.0)
    ink = {
        "condition": {
            "test": f"datum.level !== null && (datum.level - {low}) > 0.7 * {high - low}",
            "value": "#FFFFFF",
        },
        "value": kit.INK,
    }
    flat = {"axis": None, "scale": {"paddingInner": 0.06}}
    spec = {
        "data": kit.data(rows),
        "encoding": {
            "x": {"field": "column", "type": "ordinal", **flat},
            "y": {"field": "row", "type": "ordinal", **flat},
            "tooltip": [{"field": "name", "title": "ICB"}, {"field": "figure", "title": "Figure"}],
        },
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 4},
                "encoding": {
                    "color": {
                        "field": "level",
                        "type": "quantitative",
                        "scale": {"domain": [low, high], "range": ["#EEF4FA", "#6BACE6", "#12436D"]},
                        "legend": None,
                    },
                    "stroke": {"condition": {"test": "datum.marked", "value": kit.WARM}, "value": "#4C6272"},
                    "strokeWidth": {"condition": {"test": "datum.marked", "value": 4}, "value": 0.8},
                },
            },
            {
                "mark": {"type": "text", "dy": -8, "fontSize": 11, "fontWeight": "bold"},
                "encoding": {"text": {"field": "code"}, "color": ink},
            },
            {
                "mark": {"type": "text", "dy": 9, "fontSize": 11},
                "encoding": {"text": {"field": "figure"}, "color": ink},
            },
        ],
    }
    height = _SIDE * (1 + max((tile.row for tile in found), default=0))
    kit.frame(name, sentence, lambda alt: kit.vega(spec, alt=alt, key=key, height=height), table, file_name=key)
