"""A table as a sheet of a workbook: amounts in pounds, exactly, and shares as numbers."""

from decimal import Decimal
from fractions import Fraction

from allocations.files.out.sheets import MoreSheet
from ledger.money import plain_pounds
from screens.report.report import Cell, Column, ColumnKind, FigureCell, Link, Table


def sheet(name: str, table: Table, note: str) -> MoreSheet:
    """A table as a sheet.

    Args:
        note: the sentence above it.
    """
    shown = table.for_files()
    rows = [[_value(column, cell) for column, cell in zip(shown.columns, row, strict=True)] for row in shown.rows]
    return MoreSheet(name, table.name, note, [column.heading for column in shown.columns], rows)


def _value(column: Column, cell: Cell) -> str | int | Decimal | Fraction | None:
    if isinstance(cell, FigureCell):
        return _value(cell.column, cell.value)
    if isinstance(cell, Link):
        return _value(column, cell.value)
    if cell is None and column.kind is not ColumnKind.SHARE:
        return None
    if isinstance(cell, int) and column.kind is ColumnKind.MONEY:
        return Decimal(plain_pounds(cell))
    if (isinstance(cell, int | str) and not isinstance(cell, bool)) or (
        isinstance(cell, Fraction) and column.kind is ColumnKind.SHARE
    ):
        return cell
    return column.text(cell)
