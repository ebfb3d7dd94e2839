"""How even: a Lorenz curve beside the line of equal parts."""

from collections.abc import Sequence

from ledger.reports.chart_marks import Where
from screens.report.tables import Table
from screens.web.charts import kit


def lorenz(
    points: Sequence[tuple[Where, Where]], *, things: str, name: str, sentence: str, table: Table, key: str
) -> None:
    """A curve: so many of the things, smallest first, have so much of the money.

    Args:
        points: percent of things and percent of money, as ``ledger.reports.chart_marks.lorenz`` places them.
        things: what is counted, in the plural.
    """
    equal = "If all were equal"
    rows = [{"things": x, "money": y, "line": "As it is"} for x, y in points]
    rows += [{"things": end, "money": end, "line": equal} for end in (0, 100)]
    spec = {
        "data": kit.data(rows),
        "mark": {"type": "line", "strokeWidth": 2.5, "interpolate": "linear"},
        "encoding": {
            "x": {
                "field": "things",
                "type": "quantitative",
                "title": f"{things}, smallest first (%)",
                "scale": {"domain": [0, 100]},
                "axis": {"tickCount": 5},
            },
            "y": {
                "field": "money",
                "type": "quantitative",
                "title": "Money (%)",
                "scale": {"domain": [0, 100]},
                "axis": {"tickCount": 5},
            },
            "color": {
                "field": "line",
                "type": "nominal",
                "title": None,
                "scale": {"domain": ["As it is", equal], "range": [kit.MAIN, kit.WARM]},
            },
            # Told apart by more than colour.
            "strokeDash": {
                "field": "line",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": ["As it is", equal], "range": [[1, 0], [6, 4]]},
            },
        },
    }
    kit.frame(name, sentence, lambda alt: kit.vega(spec, alt=alt, key=key, height=340), table, file_name=key)
