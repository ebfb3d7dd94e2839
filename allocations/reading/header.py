"""Header rows: which text stands over each column, at one level or more, merged down, merged across or not merged.

A row with amounts heads nothing. Whole numbers can be headings where they are months (1 to 12) or years; and dates
that Excel made of ``Jan-26`` are taken for the months that somebody typed.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from openpyxl.utils.cell import range_boundaries

from allocations.reading.cells import Cell, CellKind, Sheet

DEEPEST = 60
_LEVELS = 2  # of groups above a row of headings
_MONTHS_OF_A_YEAR = 12
_FIRST_YEAR, _LAST_YEAR = 2000, 2099
_FEWEST_MONTHS = 3
_CENTURY = 2000


class ColumnHead(NamedTuple):
    """What stands over a column.

    Attributes:
        cell: its own heading; where cells are merged downwards, the first of them.
        groups: the headings over it and others, the nearest first.
    """

    cell: Cell
    groups: tuple[Cell, ...] = ()


class Areas:
    """The merged cells of the upper part of a sheet: what each cell of them shows."""

    def __init__(self, sheet: Sheet) -> None:
        self._first: dict[tuple[int, int], tuple[Cell, int, int]] = {}
        for area in sheet.merged:
            left, top, right, bottom = range_boundaries(area)
            if left is None or top is None or right is None or bottom is None:
                continue
            if top > min(len(sheet.rows), DEEPEST) or left > len(sheet.rows[0]):
                continue
            first = sheet.rows[top - 1][left - 1]
            for row in range(top - 1, min(bottom, DEEPEST)):
                for column in range(left - 1, min(right, len(sheet.rows[0]))):
                    self._first[row, column] = first, left - 1, right - left + 1

    def shown(self, cell: Cell, row: int, column: int) -> Cell:
        """The cell itself, or the first of those that it is merged with."""
        return self._first[row, column][0] if (row, column) in self._first else cell

    def begins_at(self, row: int, column: int) -> int:
        """The column in which what a cell shows begins."""
        return self._first[row, column][1] if (row, column) in self._first else column

    def is_wide(self, row: int, column: int) -> bool:
        """Whether a cell is merged with others beside it."""
        return (row, column) in self._first and self._first[row, column][2] > 1


def can_head(cells: Sequence[Cell]) -> bool:
    """Whether a row of cells may be one of headings: it has no amount, and its numbers are months or years."""
    numbers = [cell.value for cell in cells if cell.kind is CellKind.NUMBER]
    return not numbers or are_months(numbers) or are_years(numbers)


def are_months(numbers: Sequence[object]) -> bool:
    """Whether numbers in a row are those of months, one after another."""
    whole = [int(number) for number in numbers if isinstance(number, Decimal) and number == int(number)]
    first = whole[0] if whole else 0
    consecutive = whole == list(range(first, first + len(numbers)))
    return len(numbers) >= _FEWEST_MONTHS and consecutive and first >= 1 and whole[-1] <= _MONTHS_OF_A_YEAR


def are_years(numbers: Sequence[object]) -> bool:
    """Whether numbers in a row are calendar years, each once."""
    years = [number for number in numbers if isinstance(number, Decimal) and _FIRST_YEAR <= number <= _LAST_YEAR]
    return bool(numbers) and len(years) == len(numbers) == len(set(years)) and all(year == int(year) for year in years)


def over(sheet: Sheet, row: int, areas: Areas) -> list[ColumnHead]:
    """What stands over each column of a sheet, if this row (from 0) is its header."""
    levels = _levels(sheet, row, areas)
    found = []
    for column, cell in enumerate(sheet.rows[row]):
        # Merged across, a heading of this row stands over its first column alone: the row below says the rest.
        own = areas.shown(cell, row, column) if areas.begins_at(row, column) == column else cell
        groups = tuple(level[column] for level in levels if level[column].kind is not CellKind.BLANK)
        found.append(ColumnHead(own, tuple(group for group in groups if group.address != own.address)))
    return found


def _levels(sheet: Sheet, row: int, areas: Areas) -> list[list[Cell]]:
    """The rows above a header that group its columns, the nearest first, each filled to the right."""
    found = []
    for above in range(row - 1, max(row - 1 - _LEVELS, -1), -1):
        cells = sheet.rows[above]
        filled = [place for place, cell in enumerate(cells) if cell.kind is not CellKind.BLANK]
        if not filled or not can_head(cells):
            break
        if filled == [0] or areas.begins_at(above, 0) != areas.begins_at(above, len(cells) - 1) == 0:
            break  # a title
        level = [areas.shown(cell, above, place) for place, cell in enumerate(cells)]
        if all(areas.begins_at(above, place) == 0 for place in filled):
            break
        # A title over the first column too speaks of no column; and one text alone, not merged, of its own.
        level = [
            cell if areas.begins_at(above, place) > 0 or not areas.is_wide(above, place) else _blank(cells[place])
            for place, cell in enumerate(level)
        ]
        if len(filled) > 1:
            level = _filled_right(level)
        found.append(level)
    return found


def _blank(cell: Cell) -> Cell:
    return Cell(cell.address, CellKind.BLANK, None)


def _filled_right(level: list[Cell]) -> list[Cell]:
    """A heading stands over the blank cells to its right too; what heads the first column heads that alone."""
    found = level[:1]
    for place, cell in enumerate(level[1:], start=1):
        takes = cell.kind is CellKind.BLANK and place > 1 and found[-1].kind is not CellKind.BLANK
        found.append(found[-1] if takes else cell)
    return found


def typed_months(cells: Mapping[int, Cell]) -> dict[int, tuple[int, int]]:
    """Months that Excel took for days: ``Jan-26``, typed in 2025, is kept as 26 January 2025.

    Args:
        cells: headings by their columns.

    Returns:
        The month and the calendar year by column, where all dates read so are months one after another and not
        all are the first of theirs; nothing otherwise.
    """
    dates = {column: cell.value for column, cell in cells.items() if isinstance(cell.value, date)}
    read = {column: (day.month, _CENTURY + day.day) for column, day in sorted(dates.items())}
    counted = [year * _MONTHS_OF_A_YEAR + month for month, year in read.values()]
    days = {day.day for day in dates.values()}
    as_days = [day.year * _MONTHS_OF_A_YEAR + day.month for _, day in sorted(dates.items())]
    one_by_one = counted == list(range(counted[0], counted[0] + len(counted))) if counted else False
    literal = as_days == list(range(as_days[0], as_days[0] + len(as_days))) if as_days else False
    if len(counted) < _FEWEST_MONTHS or not one_by_one or min(days) == 1 or (literal and len(days) == 1):
        return {}
    return read
