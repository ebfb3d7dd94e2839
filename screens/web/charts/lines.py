"""Lines: over time, of evenness (Lorenz), and the same small chart for each group."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from screens.report.marks import Where
from screens.report.render.colours import Colour
from screens.report.report import Table
from screens.web.charts import kit
from screens.web.charts.bars import Bar

_HEIGHT = 340
_DASHES = ([1, 0], [8, 4], [2, 3], [8, 3, 2, 3], [1, 0], [4, 4])
_MARKS = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")


def lines(
    points: Sequence[str],
    series: Mapping[str, Sequence[Where | None]],
    colours: Sequence[Colour],
    *,
    name: str,
    sentence: str,
    axis: str,
    table: Table,
    key: str,
    smaller: bool = False,
    along: Sequence[Where] | None = None,
    along_what: str = "",
) -> None:
    """A line for each series; a point at which a series has no value is a gap, and never zero.

    Args:
        points: what is written under each point, in order.
        series: name of each line to where it stands at every point; at most six.
        colours: of the lines, in their order. Two lines may have one: dashes and marks tell all of them apart.
        axis: what the upright axis counts, with its unit. It starts at zero.
        smaller: whether the name is a heading inside a section.
        along: where the points stand, where they are not evenly spaced: the scale below them then has its own numbers.
        along_what: what that scale counts, with its unit.
    """
    rows = [
        {"point": point, "line": line, "length": length, **({} if along is None else {"along": along[place]})}
        for line, lengths in series.items()
        for place, (point, length) in enumerate(zip(points, lengths, strict=True))
        if length is not None
    ]
    spec = _spec(rows, points, list(series), colours, axis)
    if along is not None:
        spec["encoding"]["x"] = {"field": "along", "type": "quantitative", "title": along_what,
                                 "scale": {"zero": False}, "axis": {"tickCount": 6}}  # fmt: skip
    kit.drawn(spec, _HEIGHT, name=name, sentence=sentence, table=table, key=key, smaller=smaller)


def _spec(
    rows: Sequence[Mapping[str, Any]], points: Sequence[str], names: Sequence[str], colours: Sequence[Colour], axis: str
) -> dict[str, Any]:
    many = len(names)

    def told_apart(values: Sequence[Any]) -> dict[str, Any]:
        # One legend for all three: Vega joins those that have the same field, title and domain.
        scale = {"domain": list(names), "range": list(values[:many])}
        return {"field": "line", "type": "nominal", "title": None, "scale": scale}

    return {
        "data": kit.data(rows),
        "encoding": {
            "x": {
                "field": "point",
                "type": "ordinal",
                "sort": list(points),
                "scale": {"domain": list(points)},
                "title": None,
                "axis": {
                    "labelAngle": {"expr": f"{kit.NARROW} ? -90 : 0"},
                    "labelAlign": {"expr": f"{kit.NARROW} ? 'right' : 'center'"},
                    "labelBaseline": {"expr": f"{kit.NARROW} ? 'middle' : 'top'"},
                    "labelOverlap": False,
                },
            },
            "y": kit.lengths("length", axis, {"domain": kit.room([row["length"] for row in rows], 0.05)}, tickCount=5),
            "color": told_apart(colours),
        },
        "layer": [
            {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": {"strokeDash": told_apart(_DASHES)}},
            {
                "mark": {"type": "point", "filled": True, "size": 70},
                "encoding": {"shape": told_apart(_MARKS)},
            },
        ],
    }


def lorenz(
    points: Sequence[tuple[Where, Where]], *, things: str, name: str, sentence: str, table: Table, key: str
) -> None:
    """A curve: so many of the things, smallest first, have so much of the money.

    Args:
        points: percent of things and percent of money, as ``screens.report.marks.lorenz`` places them.
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
                "scale": {"domain": ["As it is", equal], "range": [Colour.AMOUNT, Colour.COMPARED]},
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
    kit.drawn(spec, _HEIGHT, name=name, sentence=sentence, table=table, key=key)


_ACROSS = 3
_BAR, _AROUND_PANEL = 20, 28


def multiples(panels: Mapping[str, Sequence[Bar]], *, name: str, sentence: str, table: Table, key: str) -> None:
    """A panel of bars for each group, on one scale.

    Args:
        panels: name of each group to its bars, which the caller has ranked.
        sentence: what it shows, and what the scale counts, with its unit.
    """

    def draw(alt: str) -> None:
        lengths = [bar.length for bars in panels.values() for bar in bars if bar.length is not None]
        domain = kit.room(lengths)
        # Side by side as many as a screen has room for.
        columns = st.container(key="panels").columns(_ACROSS)
        for place, (group, bars) in enumerate(panels.items()):
            with columns[place % _ACROSS]:
                st.subheader(group, anchor=False)
                spec, height = _panel(bars, domain), _BAR * max(1, len(bars)) + _AROUND_PANEL
                kit.vega(kit.leading(spec, table), alt=f"{group}. {alt}", key=f"{key} {group}", height=height)

    kit.frame(name, sentence, draw, table, file_name=key)


def _panel(bars: Sequence[Bar], domain: Sequence[Where]) -> dict[str, Any]:
    rows = [
        {"label": kit.short(bar.label), "length": bar.length, "figure": bar.figure, "marked": bar.is_marked}
        for bar in bars
        if bar.length is not None
    ]
    return {
        "data": kit.data(rows),
        "encoding": {
            "y": kit.names(rows, labelFontSize=9.5, labelLineHeight=9),
            "x": {
                **kit.lengths(
                    "length",
                    "",
                    {"domain": list(domain)},
                    tickCount=3,
                    labelFontSize=11,
                    # A number at the very end would be cut off by the panel beside it.
                    labelExpr=f"datum.value > {0.93 * domain[-1]} ? '' : datum.label",
                ),
                "title": None,
            },
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": {"band": 0.7}},
                "encoding": {"color": kit.CHOSEN},
            },
            kit.figures(dx=3, fontSize=11),
        ],
    }
