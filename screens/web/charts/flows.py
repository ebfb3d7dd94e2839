"""Where money goes and stands: a bridge of steps, a flow from left to right, a matrix, and a map of tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import streamlit as st

from ledger.money import spoken
from ledger.readings import RECORDED, GradeReading
from ledger.reports.summary import FlowBand, Picture, cell_shares, matrix_with_totals, percent
from screens.report import holdings
from screens.report.holdings import GRADES
from screens.report.marks import Span, Where, at_percent
from screens.report.render import page as tables
from screens.report.render.colours import INK, RULE, Colour
from screens.report.render.svg import FONT
from screens.report.report import Link, Table, columns, plain
from screens.web.charts import kit

_STEP = 40
_KINDS: Mapping[str, Colour] = {"Total": Colour.AMOUNT, "More": Colour.MORE, "Less": Colour.LESS}
# The axis with its title, and a legend that takes three lines on a telephone.
_AROUND, _LEGEND = 120, 40


def bridge(
    spans: Sequence[Span],
    *,
    name: str,
    sentence: str,
    key: str,
    smaller: bool = False,
    beside: Sequence[Sequence[Span]] = (),
    has_total: bool = True,
) -> None:
    """A bridge, with its table.

    Args:
        spans: the bars, as ``screens.report.marks.bridge`` places them.
        name: the chart's name.
        sentence: what it shows.
        key: a fixed name for the widget and its file.
        smaller: whether the name is a heading inside a section.
        beside: bridges that it is compared with, and whose axis it has.
        has_total: whether its last bar is the whole.
    """
    rows_of = [(span.label, span.pence) for span in spans]
    table = Table(name, columns("Step", "Amount (£)"), rows_of, has_total=has_total)
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
    # Where all bars are of one kind there is nothing to tell apart, and no legend.
    height = _STEP * len(rows) + (_AROUND if len({row["kind"] for row in rows}) > 1 else _AROUND - _LEGEND)
    ends = [end for each in (spans, *beside) for span in each for end in (span.from_millions, span.to_millions)]
    spec = _spec(rows, kit.room(ends, 0.6))
    kit.drawn(spec, height, name=name, sentence=sentence, table=table, key=key, smaller=smaller)


def _spec(rows: Sequence[dict[str, Any]], domain: Sequence[Where]) -> dict[str, Any]:
    kinds = [kind for kind in _KINDS if any(row["kind"] == kind for row in rows)]
    bars = {
        "mark": {"type": "bar", "height": {"band": 0.6}, "minBandSize": 2},
        "encoding": {
            "x": kit.lengths("from", "£ million; the axis starts at zero", {"domain": domain}),
            "x2": {"field": "to"},
            "color": kit.told_apart("kind", kinds, [_KINDS[kind] for kind in kinds])
            | ({} if len(kinds) > 1 else {"legend": None}),
        },
    }
    figures = {
        "transform": [{"calculate": "max(datum.from, datum.to)", "as": "end"}],
        "mark": {"type": "text", "align": "left", "dx": 4},
        "encoding": {"x": {"field": "end", "type": "quantitative"}, "text": {"field": "figure"}},
    }
    return {"data": kit.data(rows), "encoding": {"y": kit.names(rows)}, "layer": [bars, figures]}


def sankey(
    links: Sequence[FlowBand],
    *,
    name: str,
    sentence: str,
    key: str,
    under: str | None,
    year: int,
    reading: GradeReading = RECORDED,
) -> None:
    """A flow, with its table, in which each amount leads to the balances that it is the sum of.

    Args:
        links: the bands; names on the left and right make the nodes, in the order they appear.
        name: the chart's name.
        sentence: what it shows, for people who read rather than look.
        key: a fixed name for the widget and its file.
        under: whose money it is, for the links of its figures.
        year: of which year.
        reading: how grades are read on the page.
    """
    table = holdings.flow(links, name, under=under, year=year, reading=reading)
    kit.frame(name, sentence, lambda alt: _draw(links, alt, f"{key}-{under}", table), table, file_name=key)


def _draw(links: Sequence[FlowBand], alt: str, key: str, table: Table) -> None:
    """Draw the flow; a band, or an end of some, that somebody clicks is told below it, with where it leads."""
    state = st.echarts_chart(
        {
            "baseOption": {"animation": False, "series": [_series(links)]},
            # On a telephone there is no room beside the nodes: names break over lines in small type. A tablet has some.
            "media": [
                {
                    "query": {"minWidth": 601, "maxWidth": 960},
                    "option": {"series": [{"right": 240, "label": {"fontSize": 12}}]},
                },
                {
                    "query": {"maxWidth": 600},
                    "option": {
                        "series": [
                            {
                                "right": 96,
                                "bottom": 26,
                                "label": {"fontSize": 10, "width": 88, "overflow": "break", "lineHeight": 12},
                            }
                        ]
                    },
                },
            ],
        },
        height=520,
        key=key,
        alt=alt,
        on_select="rerun",
    )
    if rows := _chosen(links, state["selection"]["selected"], table):
        tables.show(Table("Chosen in the picture; each amount leads on", table.columns, rows))


def _chosen(links: Sequence[FlowBand], selected: Sequence[Mapping[str, Any]], table: Table) -> list[Any]:
    """The rows of the table that are chosen in the picture: of a band, or of all bands of an end."""
    at: dict[str, list[int]] = {group["data_type"]: list(group["data_indices"]) for group in selected}
    ends = [end.label for end in holdings.flow_ends(links)]
    named = {ends[index] for index in at.get("node", []) if index < len(ends)}
    return [
        row
        for index, (link, row) in enumerate(zip(links, table.rows, strict=True))
        if index in at.get("edge", []) or named & {holdings.flow_label(link.source), holdings.flow_label(link.target)}
    ]


def _nodes(links: Sequence[FlowBand]) -> list[dict[str, Any]]:
    """The ends of the bands, each with its colour and with what flows through it in words."""
    return [
        {"name": end.label, "itemStyle": {"color": end.colour}, "label": {"formatter": end.label_with_amount}}
        for end in holdings.flow_ends(links)
    ]


def _series(links: Sequence[FlowBand]) -> dict[str, Any]:
    return {
        "type": "sankey",
        "left": 8,
        "right": 310,
        "top": 12,
        "bottom": 12,
        "nodeGap": 14,
        "nodeAlign": "left",
        "draggable": False,
        "selectedMode": "single",
        "emphasis": {"focus": "adjacency"},
        "label": {"fontFamily": FONT, "fontSize": 14, "color": INK},
        # Of labels that would lie on each other one is left out; the table has every amount.
        "labelLayout": {"hideOverlap": True},
        "lineStyle": {"color": "source", "opacity": 0.35},
        "data": _nodes(links),
        # Pence give the widths of the bands.
        "links": [
            {
                "source": holdings.flow_label(link.source),
                "target": holdings.flow_label(link.target),
                "value": link.amount_pence,
            }
            for link in links
        ],
        "tooltip": {"show": False},
    }


_IN_A_WORD = "replace(datum.label, 'No ring-fence', 'None')"
_ROW_HEIGHT = 62


def matrix(
    picture: Picture,
    *,
    name: str,
    sentence: str,
    key: str,
    under: str | None,
    year: int,
    reading: GradeReading = RECORDED,
) -> None:
    """The devolution matrix, with its table.

    Args:
        picture: the picture that holds it.
        name: the chart's name.
        sentence: what it shows.
        key: a fixed name for the widget and its file.
        under: whose money it is, for the links of its figures.
        year: of which year.
        reading: how grades are read.
    """
    grades, rows = matrix_with_totals(picture)
    titles = [GRADES.get(grade, grade) for grade in grades]
    shares = cell_shares(picture)
    height, table = (
        _ROW_HEIGHT * (len(rows) - 1),
        holdings.matrix(picture, name, under=under, year=year, reading=reading),
    )
    leads = {
        (str(plain(row[0])), grade): cell.address
        for row in table.rows
        for grade, cell in zip(grades, row[1:], strict=False)
        if isinstance(cell, Link)
    }
    cells = [
        {
            "href": leads.get((tier, grade), ""),
            "tier": _short(tier),
            "grade": GRADES.get(grade, grade),
            "percent": at_percent(share),
            "amount": spoken(pence),
            "share": percent(share),
        }
        for tier, amounts in rows[:-1]
        for grade, pence in zip(grades, amounts, strict=False)
        if (share := shares.get((tier, grade))) is not None and pence
    ]
    tiers = [_short(tier) for tier, _ in rows[:-1]]
    kit.drawn(_matrix_spec(cells, tiers, titles), height, name=name, sentence=sentence, table=table, key=key)


def _short(tier: str) -> str:
    """A tier's short name, where it gives one in brackets: ICB."""
    before, bracket, after = tier.partition(" (")
    return after.removesuffix(")") if bracket else before.removesuffix(" partnership")


def _matrix_spec(cells: Sequence[Mapping[str, Any]], tiers: Sequence[str], titles: Sequence[str]) -> dict[str, Any]:
    place: dict[str, Any] = {
        "y": {
            "field": "tier",
            "type": "nominal",
            "sort": list(tiers),
            "title": None,
            "axis": {"labelLimit": 110, "ticks": False},
        },
        "x": {
            "field": "grade",
            "type": "nominal",
            "sort": list(titles),
            "title": None,
            "axis": {
                "orient": "top",
                "labelAngle": 0,
                "labelOverlap": False,
                "ticks": False,
                # On a telephone there is room for a word.
                "labelExpr": f"{kit.NARROW} ? {_IN_A_WORD} : datum.label",
                "labelFontSize": {"expr": f"{kit.NARROW} ? 10 : 13"},
            },
            "scale": {"domain": list(titles)},
        },
    }
    area, ink = kit.shaded("percent", 0, 100)
    return {
        "data": kit.data(cells),
        "encoding": place,
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3, "stroke": RULE, "strokeWidth": 1},
                "encoding": {"color": area},
            },
            {
                "mark": {
                    "type": "text",
                    "dy": {"expr": f"{kit.NARROW} ? 0 : -8"},
                    "fontSize": 12,
                    "fontWeight": "bold",
                },
                "encoding": {"text": {"field": "share"}, "color": ink},
            },
            {
                # There is no room for it on a telephone; the table has it.
                "mark": {"type": "text", "dy": 10, "fontSize": 12, "opacity": {"expr": f"{kit.NARROW} ? 0 : 1"}},
                "encoding": {"text": {"field": "amount"}, "color": ink},
            },
        ],
    }


# How high a square is, and how many letters a line of the name in it has.
# How high a tile is, and how many letters its lines have on a wide screen and on a tablet.
_SIDE, _LETTERS, _LETTERS_MIDDLE = 62, 24, 16


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


def _in_lines(name: str, letters: int) -> str:
    """A name over lines of so many letters, no word broken."""
    return "\n".join(wrap(name, letters, break_long_words=False, break_on_hyphens=False))


def tiles(tiles: Sequence[Tile], *, name: str, sentence: str, table: Table, key: str) -> None:
    """A tile map, with its table. Each tile bears its code and figure, so that colour is never alone."""
    rows = [
        {
            "label": kit.short(tile.name),
            "code": tile.code,
            "name": tile.name,
            "lines": _in_lines(kit.short(tile.name), _LETTERS),
            "more_lines": _in_lines(kit.short(tile.name), _LETTERS_MIDDLE),
            "column": tile.column,
            "row": tile.row,
            "level": tile.level,
            "figure": tile.figure,
            "marked": tile.is_marked,
        }
        for tile in tiles
    ]
    levels = [tile.level for tile in tiles if tile.level is not None]
    low, high = (min(levels), max(levels)) if levels else (0.0, 1.0)
    area, ink = kit.shaded("level", low, high)
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
                    "color": area,
                    "stroke": {"condition": {"test": "datum.marked", "value": Colour.CHOSEN}, "value": RULE},
                    "strokeWidth": {"condition": {"test": "datum.marked", "value": 4}, "value": 0.8},
                },
            },
            {
                # On a telephone there is room for a code alone.
                "mark": {
                    "type": "text",
                    "dy": -8,
                    "fontSize": 11,
                    "fontWeight": "bold",
                    "opacity": {"expr": f"{kit.NARROW} ? 1 : 0"},
                },
                "encoding": {"text": {"field": "code"}, "color": ink},
            },
            *(
                {
                    "mark": {
                        "type": "text",
                        "baseline": "top",
                        "dy": below - _SIDE // 2,
                        "fontSize": size,
                        "lineHeight": 10,
                        "lineBreak": "\n",
                        "opacity": {"expr": f"!{kit.NARROW} && {where} ? 1 : 0"},
                    },
                    "encoding": {"text": {"field": lines}, "color": ink},
                }
                # So far below the edge; of four lines the last would meet the figure sooner.
                for lines, size, below, where in (("lines", 10, 7, f"!{kit.MIDDLE}"), ("more_lines", 9, 4, kit.MIDDLE))
            ),
            {
                "mark": {"type": "text", "dy": {"expr": f"{kit.NARROW} ? 9 : 19"}, "fontSize": 11},
                "encoding": {"text": {"field": "figure"}, "color": ink},
            },
        ],
    }
    height = _SIDE * (1 + max((tile.row for tile in tiles), default=0))
    kit.drawn(spec, height, name=name, sentence=sentence, table=table, key=key)
