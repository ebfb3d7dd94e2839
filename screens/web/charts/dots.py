"""Dots on one axis: what each had, its fair share and what it gets, with the distance drawn between them."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.money import signed_percent
from screens.report.marks import at_percent, at_pounds
from screens.report.render.colours import Colour
from screens.report.report import Table
from screens.report.shares import FAIR, HISTORIC, ISSUED, PerHead
from screens.web.charts import kit

_ROW, _AROUND = 26, 110
_AXIS = "£ a head; the axis {} at zero"
# Told apart by more than colour.
_MARKS: Mapping[str, tuple[Colour, str]] = {
    FAIR: (Colour.COMPARED, "diamond"), HISTORIC: (Colour.AMOUNT, "square"), ISSUED: (Colour.AMOUNT, "circle"),
}  # fmt: skip
# The fair share is a frame, in which what is issued is seen where it is the same.
_FORMS: Mapping[bool, Mapping[str, Any]] = {
    True: {"filled": False, "size": 200}, False: {"filled": True, "size": 60},
}  # fmt: skip


def per_head(
    heads: Sequence[PerHead], *, name: str, sentence: str, table: Table, key: str, smaller: bool = False
) -> None:
    """A row for each organisation, with its budgets for each registered person on the axis that all rows share.

    Args:
        heads: of the organisations, in order; those without registered people are in the table alone.
        smaller: whether the name is a heading inside a section.
    """
    drawn = [one for one in heads if one.pence]
    spec = _spec(drawn)
    kit.drawn(spec, _ROW * len(drawn) + _AROUND, name=name, sentence=sentence, table=table, key=key, smaller=smaller)


def _spec(heads: Sequence[PerHead]) -> dict[str, Any]:
    dots: list[dict[str, Any]] = [
        {"label": kit.short(one.name), "at": at_pounds(pence), "what": what}
        for one in heads
        for what, pence in one.pence.items()
    ]
    measured = {ISSUED in one.pence for one in heads}
    gaps = [
        {
            "label": kit.short(one.name),
            "from": at_pounds(one.pence[FAIR]),
            "to": at_pounds(one.pence.get(ISSUED, one.pence[FAIR])),
            "length": 0.0 if one.distance is None else at_percent(one.distance),
            "end": at_pounds(max(one.pence.values())),
            "figure": _figure(one, is_alone=len(measured) == 1),
        }
        for one in heads
    ]
    shown = [what for what in _MARKS if any(what in one.pence for one in heads)]
    ends = [dot["at"] for dot in dots]
    apart = (max(ends) - min(ends)) or 1.0
    # What is nothing is drawn, and a telephone has room for the figure beside the last of them.
    begins = min(ends) - 0.05 * apart if min(ends) > 0 else min(ends)
    across = {"domain": [begins, max(ends) + 0.45 * apart], "nice": False, "zero": False}
    named = _AXIS.format("does not start" if begins > 0 else "starts")
    names, axis = kit.names(dots), kit.lengths("at", named, across)
    colour = {"condition": {"test": "datum.length < 0", "value": Colour.LESS}, "value": Colour.MORE}
    legend: dict[str, Any] = {
        "color": kit.told_apart("what", shown, [_MARKS[what][0] for what in shown]),
        "shape": kit.told_apart("what", shown, [_MARKS[what][1] for what in shown]),
    }
    points: list[dict[str, Any]] = [
        {
            "transform": [{"filter": f"datum.what === '{what}'"}],
            "mark": {"type": "point", "opacity": 1, "strokeWidth": 2, **_FORMS[what == FAIR]},
            "encoding": {"y": names, "x": axis, **legend},
        }
        for what in shown
    ]
    layers: list[dict[str, Any]] = [
        {
            "data": kit.data(gaps),
            "mark": {"type": "rule", "strokeWidth": 4},
            "encoding": {"y": names, "x": {**axis, "field": "from"}, "x2": {"field": "to"}, "color": colour},
        },
        *points,
        {
            "data": kit.data(gaps),
            "mark": {"type": "text", "align": "left", "dx": 12},
            "encoding": {"y": names, "x": {**axis, "field": "end"}, "text": {"field": "figure"}},
        },
    ]
    return {"data": kit.data(dots), "layer": layers}


def _figure(one: PerHead, *, is_alone: bool) -> str:
    """How far it is from its fair share, and what is, where not all of them say the same of it."""
    if one.distance is None:
        return ""
    told = signed_percent(one.distance, 1)
    return told if is_alone else f"{(ISSUED if ISSUED in one.pence else HISTORIC).lower()} {told}"
