"""Amounts under months: each month's own, or running up from the first of the year."""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from allocations.files.budgets.mapping import ColumnMapping
from allocations.files.budgets.sheet import BudgetLine
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


def _runs_up(amounts: Sequence[Decimal]) -> bool:
    """Whether amounts of months in their order look like running totals, one correction among them allowed."""
    rises = sum(first < then for first, then in pairwise(amounts))
    falls = sum(first > then for first, then in pairwise(amounts))
    steps = len(amounts) - 1
    is_steep = amounts[-1] > 0 and amounts[0] >= 0 and amounts[-1] >= _MANIFOLD * amounts[0]
    return len(amounts) >= _FEWEST and falls <= 1 and rises * 2 >= steps and rises > 1 and is_steep


def running_down(lines: Sequence[BudgetLine]) -> tuple[BudgetLine, BudgetLine] | None:
    """The first and last of months in rows that run up, in most of the money; none where they do not."""
    series: dict[tuple[object, ...], list[BudgetLine]] = {}
    for line in lines:
        if line.month is not None:
            series.setdefault((line.organisation, line.fund, line.recurrent), []).append(line)
    running: list[list[BudgetLine]] = []
    for each in series.values():
        each.sort(key=lambda line: ((line.month or _APRIL) - _APRIL) % _MONTHS)
        if len({line.month for line in each}) == len(each) and _runs_up([Decimal(line.amount_pence) for line in each]):
            running.append(each)
    up = sum(line.amount_pence for each in running for line in each)
    if not running or up * 2 <= sum(line.amount_pence for each in series.values() for line in each):
        return None
    return running[0][0], running[0][-1]


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
        self._running_up = self._in_all = _NOTHING

    def own_amounts(self, pounds: dict[int, Decimal]) -> dict[int, Decimal]:
        """A row's amounts, each month's own: where they run up, what each adds to the one before."""
        for places in self._series:
            row = [pounds.get(place, _NOTHING) for place in places]
            self._never_falls = self._never_falls and all(first <= then for first, then in pairwise(row))
            self._in_all += sum(row, _NOTHING)
            self._running_up += sum(row, _NOTHING) if _runs_up(row) else _NOTHING
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
        if self._said is not None or totals.adds_across():
            return None
        if not self._never_falls and self._running_up * 2 <= self._in_all:
            return None
        for places in self._series:
            first, last = self._sums.get(places[0], _NOTHING), self._sums.get(places[-1], _NOTHING)
            if last > 0 and first >= 0 and last >= _MANIFOLD * first:
                added = sum((self._sums[place] for place in places), _NOTHING)
                return Running(heading[places[0]], heading[places[-1]], last, added)
        return None
