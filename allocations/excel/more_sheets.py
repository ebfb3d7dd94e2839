"""Further tables in a working workbook: a title, a sentence, headings and rows, each value as what it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from allocations.excel.sheets import FIRST_ROW, Book

_FIRST, _OTHERS, _LONGEST = 44, 22, 80


@dataclass(frozen=True, slots=True)
class MoreSheet:
    """A table for a workbook.

    Attributes:
        rows: texts, whole numbers, amounts as decimals of pounds, shares as fractions; None is not available.
    """

    name: str
    title: str
    note: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str | int | Decimal | Fraction | None]]


def add(book: Book, table: MoreSheet) -> None:
    """Write a table on a sheet of its own."""
    widths = [_FIRST if number == 0 else _width(table, number) for number in range(len(table.headings))]
    sheet = book.sheet(table.name, table.title, table.note, table.headings, widths)
    for row, cells in enumerate(table.rows, start=FIRST_ROW):
        for column, value in enumerate(cells):
            if value is None:
                sheet.write_string(row, column, "not available")
            elif isinstance(value, str):
                sheet.write_string(row, column, value, book.look("wrap"))
            elif isinstance(value, Decimal):
                sheet.write_number(row, column, value, book.look("pence"))
            elif isinstance(value, Fraction):
                # A workbook keeps a share in its own fifteen digits; the exact one is on the command line.
                share = Decimal(value.numerator) / Decimal(value.denominator)
                sheet.write_number(row, column, share, book.look("share"))
            else:
                sheet.write_number(row, column, value, book.look("count"))


def _width(table: MoreSheet, column: int) -> int:
    longest = max((len(cell) for row in table.rows if isinstance(cell := row[column], str)), default=0)
    return min(max(_OTHERS, longest), _LONGEST)
