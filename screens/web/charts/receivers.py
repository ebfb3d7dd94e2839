"""The charts of one receiver: its year as a calendar, and its streams as a strip of ticks by size."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from screens.report.marks import Where
from screens.report.render.colours import COUNTED, INK, RULE, Colour
from screens.report.report import Link, Table, plain
from screens.web.charts import kit

_ROW, _AROUND = 56, 60
# 1,000,000 as people write it, as Vega asks it.
_POUNDS = "replace(replace(replace(format(datum.value, '~s'), 'G', ' billion'), 'M', ' million'), 'k', ',000')"
# On a tablet there is room for three letters.
_MONTHS = {
    "orient": "top", "labelAngle": 0, "labelOverlap": False, "labelFontSize": {"expr": f"{kit.NARROW} ? 10 : 13"},
    "labelExpr": f"{kit.MIDDLE} ? slice(datum.label, 0, 3) : datum.label",
}  # fmt: skip
_LAST, _OTHERS = "In the last 1% of the money", "Others"


def calendar(kinds: Sequence[str], *, name: str, sentence: str, table: Table, key: str) -> None:
    """A square for each month and kind of event, the larger the more there are, with their number in it.

    Each leads where its number in the table leads.

    Args:
        kinds: what happens, which are columns of the table.
        table: a row for each month, in order, its name first.
    """
    place = {column.heading: number for number, column in enumerate(table.columns)}
    cells = [(what, str(row[0]), row[place[what]]) for what in kinds for row in table.rows]
    marks = [
        {"what": what, "month": month, "number": plain(cell), "href": cell.address if isinstance(cell, Link) else ""}
        for what, month, cell in cells
        if plain(cell)
    ]
    months = [str(row[0]) for row in table.rows]
    spec = {
        "data": kit.data(marks),
        "encoding": {
            "x": {
                "field": "month", "type": "ordinal", "sort": months, "title": None, "scale": {"domain": months},
                "axis": _MONTHS,
            },
            "y": {
                "field": "what", "type": "nominal", "sort": list(kinds), "title": None,
                "scale": {"domain": list(kinds)}, "axis": {"ticks": False, "domain": False},
            },
        },
        "layer": [
            {
                "mark": {"type": "square", "fill": COUNTED, "stroke": RULE, "strokeWidth": 1, "opacity": 1},
                "encoding": {"size": {"field": "number", "type": "quantitative", "legend": None,
                                      "scale": {"range": [150, 1100], "zero": True}}},
            },
            {"mark": {"type": "text", "color": INK}, "encoding": {"text": {"field": "number"}}},
        ],
    }  # fmt: skip
    kit.drawn(spec, _ROW * len(kinds) + _AROUND, name=name, sentence=sentence, table=table, key=key, smaller=True)


@dataclass(frozen=True, slots=True)
class Tick:
    """One stream on a strip: its name, where it stands in pounds, its figure, and whether it is in the last 1%."""

    label: str
    pounds: Where
    figure: str
    is_last: bool


def strip(
    strips: Mapping[str, Sequence[Tick]],
    *,
    name: str,
    sentence: str,
    table: Table,
    key: str,
    ways: Mapping[str, str] | None = None,
) -> None:
    """A tick for each stream on an axis on which every step is ten times the one before; one strip under another.

    Args:
        strips: name of each strip to its ticks, such as before and after.
        ways: where ticks lead, by their names, where the table is not of them.
    """
    rows = [
        {"strip": title, "label": tick.label, "pounds": tick.pounds, "figure": tick.figure,
         "part": _LAST if tick.is_last else _OTHERS} | ({"href": way} if (way := (ways or {}).get(tick.label)) else {})
        for title, ticks in strips.items()
        for tick in ticks
    ]  # fmt: skip
    parts = (_LAST, _OTHERS)
    spec = {
        "data": kit.data(rows),
        "mark": {"type": "tick", "thickness": 2},
        "encoding": {
            "x": kit.lengths("pounds", "£, each step ten times the one before", {"type": "log"}, labelExpr=_POUNDS),
            "y": {"field": "strip", "type": "nominal", "sort": list(strips), "title": None,
                  "axis": {"ticks": False, "domain": False}},
            "color": kit.told_apart("part", parts, [Colour.SMALLEST, Colour.AMOUNT]),
            # Told apart by more than colour: the last are short.
            "size": kit.told_apart("part", parts, [14, 34]),
            "tooltip": [{"field": "label", "title": "Stream"}, {"field": "figure", "title": "Amount"}],
        },
    }  # fmt: skip
    kit.drawn(spec, _ROW * len(strips) + _AROUND, name=name, sentence=sentence, table=table, key=key, smaller=True)
