"""The house's charts. Each comes with a name, a sentence that says what it shows, and a table."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ledger.money import exact_pounds
from ledger.picture import Link

# Analysis Function palette: every colour stands out on white by 3 to 1 or more.
PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")


def sankey(links: Sequence[Link], *, name: str, sentence: str, key: str) -> None:
    """A flow from left to right, with its table beneath.

    Args:
        links: the bands; names on the left and right make the nodes, in the order they appear.
        name: the chart's name.
        sentence: what it shows, for people who read rather than look.
        key: a fixed name for the widget.
    """
    st.header(name)
    st.write(sentence)
    names = list(dict.fromkeys(part for link in links for part in (link.source, link.target)))
    st.echarts_chart(
        {
            "baseOption": {"series": [_sankey_series(links, names)]},
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
        alt=f"{name}. {sentence} The table below gives every figure.",
    )
    st.table(
        {
            "From": [link.source for link in links],
            "To": [link.target for link in links],
            "Amount (£)": [exact_pounds(link.amount_pence) for link in links],
        },
        hide_index=True,
        alt=f"Table of {name.lower()}",
    )


def _sankey_series(links: Sequence[Link], names: Sequence[str]) -> dict[str, Any]:
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
        "label": {"fontFamily": "Arial, sans-serif", "fontSize": 14, "color": "#212B32"},
        "lineStyle": {"color": "source", "opacity": 0.35},
        "data": [{"name": node, "itemStyle": {"color": PALETTE[at % len(PALETTE)]}} for at, node in enumerate(names)],
        # Pence give the widths of the bands; the figures to read are in the table.
        "links": [{"source": link.source, "target": link.target, "value": link.amount_pence} for link in links],
        "tooltip": {"show": False},
    }
