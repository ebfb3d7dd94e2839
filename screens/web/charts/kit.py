"""What all charts share: colours, type, and the frame with name, sentence, table and download."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from ledger.money import spoken
from screens.report.render import page as tables
from screens.report.report import Table
from screens.web.charts.marks import Span, Where

# Analysis Function palette: every colour stands out on white by 3 to 1 or more.
PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
MAIN, SECOND, MARKED, WARM, GREY = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3], "#6F777B"
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
    import streamlit as st  # noqa: PLC0415 - the board pack draws too, and needs none

    (st.subheader if smaller else st.header)(name, anchor=False)
    st.write(sentence)
    draw(f"{name}. {sentence} The table below gives every figure.")
    with st.expander(f"Table and download: {name[0].lower()}{name[1:]}", expanded=is_open):
        tables.show(table, file_name)


def vega(spec: Mapping[str, Any], *, alt: str, key: str, height: int) -> None:
    """Draw a Vega-Lite chart in the house's type."""
    import streamlit as st  # noqa: PLC0415 - as said

    st.vega_lite_chart(
        spec={**spec, "height": height, "config": _CONFIG}, alt=alt, key=key, theme=None, width="stretch"
    )


def drawn(
    spec: Mapping[str, Any], height: int, *, name: str, sentence: str, table: Table, key: str, smaller: bool = False
) -> None:
    """A Vega-Lite chart with its frame; the arguments are those of ``frame`` and ``vega``."""
    frame(
        name, sentence, lambda alt: vega(spec, alt=alt, key=key, height=height), table, file_name=key, smaller=smaller
    )


def names(rows: Sequence[Mapping[str, Any]], **axis: Any) -> dict[str, Any]:
    """The axis on which rows stand by name, in their order."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    shown = {"labelLimit": NAME_LIMIT, "ticks": False, "domain": False, **axis}
    return {"field": "label", "type": "nominal", "sort": labels, "title": None, "axis": shown}


def lengths(field: str, title: str, scale: Mapping[str, Any], **axis: Any) -> dict[str, Any]:
    """An axis on which lengths are measured."""
    shown = {"tickCount": 4, **axis}
    return {"field": field, "type": "quantitative", "title": title, "axis": shown, "scale": dict(scale)}


def told_apart(field: str, values: Sequence[str], marks: Sequence[Any]) -> dict[str, Any]:
    """What tells the values of a field apart: a colour, a shape or a dash for each."""
    return {"field": field, "type": "nominal", "title": None, "scale": {"domain": list(values), "range": list(marks)}}


def figures(only: str = "", *, is_left: bool = False, **mark: Any) -> dict[str, Any]:
    """The figures at the ends of bars, to their right unless they point to the left.

    Args:
        only: which of them, as Vega asks it.
    """
    shown = {"type": "text", "align": "right" if is_left else "left", "dx": -4 if is_left else 4, **mark}
    layer = {"mark": shown, "encoding": {"text": {"field": "figure"}}}
    return {"transform": [{"filter": only}], **layer} if only else layer


def upright(at: Where, **mark: Any) -> dict[str, Any]:
    """A line from top to bottom."""
    place = {"x": {"datum": at}, "y": {"value": 0}, "y2": {"value": "height"}}
    return {"mark": {"type": "rule", "color": INK, **mark}, "encoding": place}


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


_WIDTH, _NAMES, _FIGURES = 720, 250, 110
_ROW, _BAR, _TOP = 30, 18, 6


def bridge(spans: Sequence[Span], *, name: str) -> str:
    """A bridge as SVG, as wide as the page lets it be.

    Args:
        spans: the bars, as ``screens.web.charts.marks.bridge`` places them.
        name: what it shows, in a sentence.
    """
    ends = [end for span in spans for end in (span.from_millions, span.to_millions)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    scale = (_WIDTH - _NAMES - _FIGURES) / ((high - low) or 1)

    def across(where: Where) -> str:
        return f"{_NAMES + (where - low) * scale:.2f}"

    parts = []
    for place, span in enumerate(spans):
        left, right = sorted((span.from_millions, span.to_millions))
        top = _TOP + place * _ROW
        width = max((right - left) * scale, 1.0)
        colour = MAIN if span.is_total else WARM if span.to_millions < span.from_millions else SECOND
        sign = "+" if not span.is_total and span.to_millions > span.from_millions else ""
        parts.append(
            f'<text x="{_NAMES - 8}" y="{top + 13}" text-anchor="end">{escape(span.label)}</text>'
            f'<rect x="{across(left)}" y="{top}" width="{width:.2f}" height="{_BAR}" fill="{colour}"/>'
            f'<text x="{across(right + 6 / scale)}" y="{top + 13}">{escape(f"{sign}{spoken(span.pence)}")}</text>'
        )
    height = _TOP + len(spans) * _ROW
    axis = f'<line x1="{across(0.0)}" x2="{across(0.0)}" y1="0" y2="{height}" stroke="#4C6272"/>'
    return (
        f'<svg role="img" aria-label="{escape(name)}" viewBox="0 0 {_WIDTH} {height}" width="100%" '
        f'font-family="{FONT}" font-size="13" fill="{INK}">{"".join(parts)}{axis}</svg>'
    )
