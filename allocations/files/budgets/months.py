"""Amounts under months: each month's own, or running up from the first of the year."""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from allocations.files.budgets.mapping import ColumnMapping
from allocations.files.budgets.totals import Totals
from allocations.reading.cells import Cell

_FEWEST = 3
_MANIFOLD = 2  # what runs up ends at many times what it begins with; what grows from month to month does not
_NOTHING = Decimal(0)
_MONTHS, _APRIL = 12, 4


class Running(NamedTuple):
    """Months that run up: the first and last of their headings, what the last comes to, and what all of them do."""

    first: Cell
    last: Cell
    once: Decimal
    added: Decimal


class Months:
    """The columns of months of a sheet, in the order of the year, and what their rows have shown so far.

    Args:
        said: ``each`` or ``running``, once somebody has said what they are.
    """

    def __init__(self, columns: Map[int, ColumnMapping], amounts: Sequence[int], said: str | None) -> None:
        series: dict[tuple[object, ...], list[tuple[int, int]]] = {}
        for place in amounts:
            column = columns[place]
            if column.month is not None:
                key = (column.recurrent, column.organisation, column.fund)
                series.setdefault(key, []).append(((column.month - _APRIL) % _MONTHS, place))
        self._series = [[place for _, place in sorted(pairs)] for pairs in series.values() if len(pairs) >= _FEWEST]
        self._said = said
        self._never_falls = True
        self._sums: dict[int, Decimal] = {}

    def each(self, pounds: dict[int, Decimal]) -> dict[int, Decimal]:
        """A row's amounts, each month's own: where they run up, what each adds to the one before."""
        for places in self._series:
            row = [pounds.get(place, _NOTHING) for place in places]
            self._never_falls = self._never_falls and all(first <= then for first, then in pairwise(row))
            for place, amount in zip(places, row, strict=True):
                self._sums[place] = self._sums.get(place, _NOTHING) + amount
            if self._said == "running":
                before = [_NOTHING, *row]
                pounds |= {
                    place: amount - before[at] for at, (place, amount) in enumerate(zip(places, row, strict=True))
                }
        return pounds

    def running(self, heading: Sequence[Cell], totals: Totals) -> Running | None:
        """The months that run up, where nobody has said that they do and no total shows that they do not."""
        if self._said is not None or not self._never_falls or totals.adds_across():
            return None
        for places in self._series:
            first, last = self._sums.get(places[0], _NOTHING), self._sums.get(places[-1], _NOTHING)
            if last > 0 and first >= 0 and last >= _MANIFOLD * first:
                added = sum((self._sums[place] for place in places), _NOTHING)
                return Running(heading[places[0]], heading[places[-1]], last, added)
        return None
