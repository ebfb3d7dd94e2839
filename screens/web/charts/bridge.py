"""A bridge: from one amount to another by steps that tie."""

from collections.abc import Sequence
from typing import Any

from ledger.money import spoken
from ledger.reports.chart_marks import Span
from screens.report.tables import Money, Table
from screens.web.charts import kit

_STEP = 40
# The axis with its title, and a legend that takes three lines on a telephone.
_AROUND = 120


def bridge(spans: Sequence[Span], *, name: str, sentence: str, key: str, smaller: bool = False) -> None:
    """A bridge, with its table.

    Args:
        spans: the bars, as ``ledger.reports.chart_marks.bridge`` places them.
        name: the chart's name.
        sentence: what it shows.
        key: a fixed name for the widget and its file.
        smaller: whether the name is a heading inside a section.
    """
    table = Table(name, ("Step", "Amount (£)"), [(span.label, Money(span.pence)) for span in spans], has_total=True)
    rows = [
        {
            "label": span.label,
            "from": span.from_millions,
            "to": span.to_millions,
            "kind": "Total" if span.is_total else "Less" if span.pence < 0 else "More",
            "figure": spoken(span.pence) if span.is_total or span.pence <= 0 else f"+{spoken(span.pence)}",
        }
        for span in spans
    ]
    kit.frame(
        name,
        sentence,
        lambda alt: kit.vega(_spec(rows), alt=alt, key=key, height=_STEP * len(rows) + _AROUND),
        table,
        file_name=key,
        smaller=smaller,
    )


def _spec(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "data": kit.data(rows),
        "encoding": {
            "y": {
                "field": "label",
                "type": "nominal",
                "sort": [row["label"] for row in rows],
                "title": None,
                "axis": {"labelLimit": kit.NAME_LIMIT, "ticks": False, "domain": False},
            }
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.6}, "minBandSize": 2},
                "encoding": {
                    "x": {
                        "field": "from",
                        "type": "quantitative",
                        "title": "£ million; the axis starts at zero",
                        "axis": {"tickCount": 4},
                        "scale": {"domain": kit.room([row[end] for row in rows for end in ("from", "to")], 0.6)},
                    },
                    "x2": {"field": "to"},
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "title": None,
                        "scale": {"domain": ["Total", "More", "Less"], "range": [kit.MAIN, kit.SECOND, kit.WARM]},
                    },
                },
            },
            {
                "transform": [{"calculate": "max(datum.from, datum.to)", "as": "end"}],
                "mark": {"type": "text", "align": "left", "dx": 4},
                "encoding": {"x": {"field": "end", "type": "quantitative"}, "text": {"field": "figure"}},
            },
        ],
    }
