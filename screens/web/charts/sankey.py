"""A flow from left to right."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ledger.reports.summary import Link
from screens.report.tables import Money, Table, composed
from screens.web.charts import kit


def sankey(links: Sequence[Link], *, name: str, sentence: str, key: str, under: str | None, year: int) -> None:
    """A flow, with its table, in which each amount leads to the balances that it is the sum of.

    Args:
        links: the bands; names on the left and right make the nodes, in the order they appear.
        name: the chart's name.
        sentence: what it shows, for people who read rather than look.
        key: a fixed name for the widget and its file.
        under: whose money it is, for the links of its figures.
        year: of which year.
    """
    rows = [
        (link.source, link.target, composed(Money(link.amount_pence), under=under, year=year, **link.only))
        for link in links
    ]
    table = Table(name, ("From", "To", "Amount (£)"), rows)
    kit.frame(name, sentence, lambda alt: _draw(links, alt, key), table, file_name=key)


def _draw(links: Sequence[Link], alt: str, key: str) -> None:
    names = list(dict.fromkeys(part for link in links for part in (link.source, link.target)))
    st.echarts_chart(
        {
            "baseOption": {"animation": False, "series": [_series(links, names)]},
            # On a telephone there is no room beside the nodes: names break over lines in small type.
            "media": [
                {
                    "query": {"maxWidth": 600},
                    "option": {
                        "series": [
                            {
                                "right": 96,
                                "label": {"fontSize": 10, "width": 88, "overflow": "break", "lineHeight": 12},
                            }
                        ]
                    },
                }
            ],
        },
        height=520,
        key=key,
        alt=alt,
    )


def _series(links: Sequence[Link], names: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "sankey",
        "left": 8,
        "right": 230,
        "top": 12,
        "bottom": 12,
        "nodeGap": 14,
        "nodeAlign": "left",
        "draggable": False,
        "emphasis": {"focus": "adjacency"},
        "label": {"fontFamily": kit.FONT, "fontSize": 14, "color": kit.INK},
        "lineStyle": {"color": "source", "opacity": 0.35},
        "data": [
            {"name": node, "itemStyle": {"color": kit.PALETTE[at % len(kit.PALETTE)]}} for at, node in enumerate(names)
        ],
        # Pence give the widths of the bands; the figures to read are in the table.
        "links": [{"source": link.source, "target": link.target, "value": link.amount_pence} for link in links],
        "tooltip": {"show": False},
    }
