"""What all charts share: type, and the frame with name, sentence, table and download."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from screens.report.marks import Where
from screens.report.render import page as tables
from screens.report.render.colours import FIRST_DARK_SHADE, GRID, INK, PAPER, RULE, SHADES, Colour
from screens.report.render.svg import FONT
from screens.report.report import Link, Table, plain

# Whether a chart has only the width of a telephone, as Vega asks it, and asks again whenever the width changes.
NARROW = "(width > 0 && containerSize()[0] < 560)"
# Whether it has not more than that of a tablet.
MIDDLE = "(width > 0 && containerSize()[0] < 960)"
_MILLIONS, _BILLION = "£ million", 1_000
_NARROW_LIMIT = 145
NAME_LIMIT = {"expr": f"{NARROW} ? {_NARROW_LIMIT} : 380"}
# About how wide a letter of a name is, in pixels, and by how much wider a capital.
_LETTER, _CAPITAL = 6, 2
_CONFIG: Mapping[str, Any] = {
    "font": FONT,
    "background": PAPER,
    # The picture has one name; its marks would be read out one by one, without any.
    "mark": {"aria": False},
    "view": {"stroke": None},
    "axis": {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": RULE,
        "tickColor": RULE,
        "labelLimit": 190,
        "labelPadding": 6,
        # A number that would be cut off at the end of an axis is left out.
        "labelBound": True,
    },
    # A long title goes on under the names on a telephone, where the axis itself is short.
    "axisX": {"labelSeparation": 8, "titleAnchor": "end", "titleFontSize": {"expr": f"{NARROW} ? 11 : 13"}},
    # Upright there is room: an axis that starts at zero says so.
    "axisYQuantitative": {"labelBound": False},
    "padding": {"left": 2, "right": 16, "top": 4, "bottom": 4},
    "legend": {
        "columns": {"expr": f"{NARROW} ? 1 : 0"},
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 13,
        "titleFontSize": 13,
        "labelLimit": 320,
        "titleLimit": 320,
        "orient": "top",
    },
    "header": {"labelColor": INK, "labelFontSize": 13},
    "text": {"color": INK, "fontSize": 12, "font": FONT},
}
# Bars of which the reader may have chosen some.
CHOSEN: Mapping[str, Any] = {
    "condition": {"test": "datum.marked", "value": Colour.CHOSEN}, "value": Colour.AMOUNT,
}  # fmt: skip


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
        tables.show(table, file_name, folds=False)


def vega(spec: Mapping[str, Any], *, alt: str, key: str, height: int) -> None:
    """Draw a Vega-Lite chart in the house's type."""
    import streamlit as st  # noqa: PLC0415 - as said

    st.vega_lite_chart(
        spec={**spec, "height": height, "config": _CONFIG}, alt=alt, key=key, theme=None, width="stretch"
    )


def drawn(
    spec: Mapping[str, Any], height: int, *, name: str, sentence: str, table: Table, key: str, smaller: bool = False
) -> None:
    """A Vega-Lite chart with its frame; the arguments are those of ``frame`` and ``vega``.

    A mark leads where the row of its name in the table leads, for those who click; who uses a keyboard has the table.
    """
    shown = leading(spec, table)
    frame(
        name, sentence, lambda alt: vega(shown, alt=alt, key=key, height=height), table, file_name=key, smaller=smaller
    )


def leading(spec: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """A chart whose marks lead where the rows of their names in its table lead."""
    return _with_ways(spec, ways(table))


def ways(table: Table) -> dict[str, str]:
    """Where the rows of a table lead, by their names as charts have them: the first link of each, where it has one."""
    shown = table.for_people().rows
    links = {short(str(plain(row[0]))): [cell for cell in row if isinstance(cell, Link)] for row in shown}
    found = {name: its[0].address for name, its in links.items() if its}
    # A name in a table may have its code beside it.
    return {name.rpartition(" (")[0] or name: leads for name, leads in found.items()} | found


def _with_ways(spec: Mapping[str, Any], leads: Mapping[str, str]) -> dict[str, Any]:
    """A chart, or a layer of one, whose marks lead somewhere by their ``label`` or by a ``href`` that they have."""
    found = dict(spec)
    if "layer" in spec:
        found["layer"] = [_with_ways(layer, leads) if "data" in layer else layer for layer in spec["layer"]]
    if "data" not in spec:
        return found
    rows = [{"href": leads.get(row.get("label", ""), ""), **row} for row in spec["data"]["values"]]
    if not any(row["href"] for row in rows):
        return found
    href = {"field": "href", "type": "nominal"}
    if all("data" not in layer for layer in spec.get("layer", ())):
        return {**found, "data": {"values": rows}, "encoding": {**spec.get("encoding", {}), "href": href}}
    found["layer"] = [
        layer if "data" in layer else {**layer, "encoding": {**layer.get("encoding", {}), "href": href}}
        for layer in found["layer"]
    ]
    return {**found, "data": {"values": rows}}


def names(rows: Sequence[Mapping[str, Any]], **axis: Any) -> dict[str, Any]:
    """The axis on which rows stand by name, in their order; on a telephone a long name takes two lines."""
    labels = list(dict.fromkeys(row["label"] for row in rows))
    two = json.dumps({label: _in_two_lines(label) for label in labels if _is_long(label)})
    is_long = f"{NARROW} && isValid(({two})[datum.label])"
    size = {"condition": {"test": is_long, "value": 10}, "expr": f"{NARROW} ? 12 : 13"}
    shown = {"labelLimit": NAME_LIMIT, "labelFontSize": size, "labelLineHeight": 10, "ticks": False, "domain": False,
             # Two lines stand around the middle of their row.
             "labelOffset": {"condition": {"test": is_long, "value": -4}, "value": 0},
             "labelExpr": f"{is_long} ? ({two})[datum.label] : datum.label", **axis}  # fmt: skip
    return {"field": "label", "type": "nominal", "sort": labels, "title": None, "axis": shown}


def _is_long(name: str) -> bool:
    capitals = [letter for letter in name if letter.isupper()]
    return _LETTER * len(name) + _CAPITAL * len(capitals) > _NARROW_LIMIT


def _in_two_lines(name: str) -> list[str]:
    """A name broken at the space that leaves the shorter of its longest lines; one without a space is one line."""
    words = name.split()
    breaks = [[" ".join(words[:at]), " ".join(words[at:])] for at in range(1, len(words))]
    return min(breaks, key=lambda lines: max(map(len, lines)), default=[name])


def lengths(field: str, title: str, scale: Mapping[str, Any], **axis: Any) -> dict[str, Any]:
    """An axis on which lengths are measured: £ million become £ billion where they are many, as in the figures."""
    shown = {"tickCount": 4, **axis}
    if _MILLIONS in title and max((abs(end) for end in scale.get("domain", ())), default=0) >= _BILLION:
        shown["labelExpr"], title = f"format(datum.value / {_BILLION}, ',.1~f')", title.replace(_MILLIONS, "£ billion")
    return {"field": field, "type": "quantitative", "title": title, "axis": shown, "scale": dict(scale)}


def told_apart(field: str, values: Sequence[str], marks: Sequence[Any]) -> dict[str, Any]:
    """What tells the values of a field apart: a colour, a shape or a dash for each."""
    return {"field": field, "type": "nominal", "title": None, "scale": {"domain": list(values), "range": list(marks)}}


def shaded(field: str, low: Where, high: Where) -> tuple[dict[str, Any], dict[str, Any]]:
    """What shades areas by a field, the darker the more, and what keeps the figures in them legible."""
    scale = {"type": "quantize", "domain": [low, high], "range": list(SHADES)}
    dark = low + (high - low) * FIRST_DARK_SHADE / len(SHADES)
    area = {"field": field, "type": "quantitative", "scale": scale, "legend": None}
    test = f"datum.{field} !== null && datum.{field} >= {dark}"
    return area, {"condition": {"test": test, "value": PAPER}, "value": INK}


def figures(only: str = "", *, is_left: bool = False, **mark: Any) -> dict[str, Any]:
    """The figures at the ends of bars, to their right unless they point to the left.

    Args:
        only: which of them, as Vega asks it.
    """
    shown = {"type": "text", "align": "right" if is_left else "left", "dx": -4 if is_left else 4, **mark}
    layer = {"mark": shown, "encoding": {"text": {"field": "figure"}}}
    return {"transform": [{"filter": only}], **layer} if only else layer


def to_either_side(rows: Sequence[Mapping[str, Any]], axis: str, part: Where) -> tuple[dict[str, Any], list[Any]]:
    """Where bars to either side of nothing lie, and their layers: the bars, the figures at their ends, and nothing.

    On a telephone there is no room for figures on both sides: those of bars that point to the left stand to the right
    of nothing, where such a bar leaves room.

    Args:
        rows: with ``length`` and ``figure`` each.
        part: how much of the axis the figures need.
    """
    ends = [row["length"] for row in rows]
    low, high = room(ends, part)
    least, most = min([*ends, 0.0]), max([*ends, 0.0])
    wide, narrow = high - least, 1.2 * ((most - least) or 1.0)
    domain = {"domainMin": {"expr": f"{NARROW} ? {1.05 * least} : {low}"},
              "domainMax": {"expr": f"{NARROW} ? {max(least + wide, most + narrow)} : {high}"}}  # fmt: skip
    place = {"y": names(rows), "x": lengths("length", axis, {"domain": [low, high]}, orient="top")}
    place["x"]["scale"] = domain
    colour = {"condition": {"test": "datum.length < 0", "value": Colour.LESS}, "value": Colour.MORE}
    beside = figures("datum.length < 0", is_left=True, opacity={"expr": f"{NARROW} ? 0 : 1"})
    across = figures("datum.length < 0", opacity={"expr": f"{NARROW} ? 1 : 0"})
    across["encoding"] = {**across["encoding"], "x": {"datum": 0}}
    bars = {"mark": {"type": "bar", "height": {"band": 0.75}}, "encoding": {"color": colour}}
    return place, [bars, figures("datum.length >= 0"), beside, across, upright(0)]


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
