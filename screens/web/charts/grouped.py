"""Bars in groups on one axis: the same figure in each of several answers, next to each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from screens.report.report import Table
from screens.web.charts import kit
from screens.web.charts.bars import Bar

_BAR, _BETWEEN, _AROUND = 20, 12, 60


def grouped(
    groups: Mapping[str, Sequence[Bar]], *, name: str, sentence: str, axis: str, table: Table, key: str
) -> None:
    """A group of bars for each figure; each bar's own words stand at its end, so that no colour has to tell them.

    Args:
        groups: what a group is about to its bars, in order. Bars without a length are in the table alone.
        axis: what the axis counts, with its unit.
    """
    rows = [
        {"label": kit.short(group), "place": place, "length": bar.length, "figure": f"{bar.label}: {bar.figure}"}
        for group, bars in groups.items()
        for place, bar in enumerate(bars)
        if bar.length is not None
    ]
    height = _BAR * len(rows) + _BETWEEN * len(groups) + _AROUND
    kit.drawn(_spec(rows, axis), height, name=name, sentence=sentence, table=table, key=key)


def _spec(rows: Sequence[Mapping[str, Any]], axis: str) -> dict[str, Any]:
    place, layer = kit.to_either_side(rows, axis, 0.6)
    place["yOffset"] = {"field": "place", "type": "ordinal"}
    return {"data": kit.data(rows), "encoding": place, "layer": layer}
