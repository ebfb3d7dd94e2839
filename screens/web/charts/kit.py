"""What all charts share: colours, type, and the frame with name, sentence, table and download."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from ledger.reports.chart_marks import Where
from screens.report import tables
from screens.report.tables import Table

# Analysis Function palette: every colour stands out on white by 3 to 1 or more.
PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
MAIN, SECOND, MARKED, WARM, GREY = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3], "#6F777B"
# Sequential blues of the same house; dark enough from the third on for white letters.
BLUES = ("#D9E8F6", "#A9CDEC", "#2073BC", "#12436D", "#0A2845")
INK = "#212B32"
# Whether a chart has only the width of a telephone, as Vega asks it.
NARROW = "(containerSize()[0] < 560)"
NAME_LIMIT = {"expr": f"{NARROW} ? 130 : 290"}
FONT = "Arial, sans-serif"
_CONFIG: Mapping[str, Any] = {
    "font": FONT,
    "background": "#FFFFFF",
    # The picture has one name; its marks would be read out one by one, without any.
    "mark": {"aria": False},
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "gridColor": "#D8DDE0",
        "domainColor": "#4C6272",
        "tickColor": "#4C6272",
        "labelLimit": 190,
        "labelPadding": 6,
        # A number that would be cut off at the end of an axis is left out.
        "labelBound": True,
    },
    "padding": {"left": 2, "right": 16, "top": 4, "bottom": 4},
    "legend": {
        "columns": {"expr": f"{NARROW} ? 1 : 0"},
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "orient": "top",
    },
    "header": {"labelColor": INK, "labelFontSize": 13},
    "text": {"color": INK, "fontSize": 12, "font": FONT},
}


def frame(
    name: str,
    sentence: str,
    draw: Callable[[str], object],
    table: Table,
    *,
    file_name: str,
    is_open: bool = False,
    smaller: bool = False,
) -> None:
    """A chart as a reader meets it: its name, what it shows in a sentence, the picture, and every figure beneath.

    Args:
        draw: draws the picture, given its name for those who do not see it.
        file_name: of the download, without its ending.
        is_open: whether the table is unfolded.
        smaller: whether the name is a heading inside a section.
    """
    (st.subheader if smaller else st.header)(name, anchor=False)
    st.write(sentence)
    draw(f"{name}. {sentence} The table below gives every figure.")
    with st.expander(f"Table and download: {name[0].lower()}{name[1:]}", expanded=is_open):
        tables.show_with_download(table, file_name)


def vega(spec: Mapping[str, Any], *, alt: str, key: str, height: int) -> None:
    """Draw a Vega-Lite chart in the house's type."""
    st.vega_lite_chart(
        spec={**spec, "height": height, "config": _CONFIG}, alt=alt, key=key, theme=None, width="stretch"
    )


def data(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Rows as a chart takes them."""
    return {"values": [dict(row) for row in rows]}


def room(lengths: Sequence[Where], part: Where = 0.28) -> list[Where]:
    """The ends of an axis that holds these lengths and nothing, with room for the figures at the ends of the bars.

    Args:
        part: how much of the axis the figures need. An axis is never shorter than one unit, so that bars of no
            length still have one.
    """
    high, low = max([*lengths, 0.0]), min([*lengths, 0.0])
    if high - low == 0:
        high = 1.0
    space = part * (high - low)
    return [low - space if low < 0 else 0.0, high + space]


def short(name: str) -> str:
    """An ICB's name where there is little room."""
    return name.removeprefix("NHS ").removesuffix(" ICB")
