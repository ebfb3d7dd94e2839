"""Small multiples: the same small chart for each group, on one scale. They stand side by side where there is room."""

from collections.abc import Mapping, Sequence

import streamlit as st

from ledger.reports.chart_marks import Where
from screens.report.tables import Table
from screens.web.charts import kit
from screens.web.charts.bars import Bar

_ACROSS = 3
_BAR = 20


def multiples(
    panels: Mapping[str, Sequence[Bar]], *, name: str, sentence: str, axis: str, table: Table, key: str
) -> None:
    """A panel of bars for each group.

    Args:
        panels: name of each group to its bars, which the caller has ranked.
        axis: what the axis counts, with its unit; the same scale everywhere.
    """

    def draw(alt: str) -> None:
        lengths = [bar.length for bars in panels.values() for bar in bars if bar.length is not None]
        domain = kit.room(lengths)
        columns = st.columns(_ACROSS)
        for place, (group, bars) in enumerate(panels.items()):
            with columns[place % _ACROSS]:
                st.subheader(group, anchor=False)
                _panel(bars, domain, axis, f"{group}. {alt}", f"{key} {group}")

    kit.frame(name, sentence, draw, table, file_name=key)


def _panel(bars: Sequence[Bar], domain: Sequence[Where], axis: str, alt: str, key: str) -> None:
    rows = [
        {"label": kit.short(bar.label), "length": bar.length, "figure": bar.figure, "marked": bar.is_marked}
        for bar in bars
        if bar.length is not None
    ]
    spec = {
        "data": kit.data(rows),
        "encoding": {
            "y": {
                "field": "label",
                "type": "nominal",
                "sort": [row["label"] for row in rows],
                "title": None,
                "axis": {"labelLimit": 140, "labelFontSize": 12, "ticks": False, "domain": False},
            },
            "x": {
                "field": "length",
                "type": "quantitative",
                "title": axis,
                "axis": {"tickCount": 3, "titleFontSize": 11, "labelFontSize": 11},
                "scale": {"domain": list(domain)},
            },
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {"color": {"condition": {"test": "datum.marked", "value": kit.WARM}, "value": kit.MAIN}},
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 3, "fontSize": 11},
                "encoding": {"text": {"field": "figure"}},
            },
        ],
    }
    kit.vega(spec, alt=alt, key=key, height=_BAR * max(1, len(rows)) + 44)
