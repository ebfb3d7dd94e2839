"""A table as a CSV file: figures plain and exact, texts kept from becoming formulas."""

import csv
import io
from datetime import date
from fractions import Fraction

from allocations.reading.safe_text import csv_text
from ledger.money import plain_decimal, plain_pounds
from screens.report.report import Cell, Column, ColumnKind, FigureCell, Link, Table


def document(table: Table) -> bytes:
    """A table as a file that Excel opens with its pound signs: UTF-8 with a byte order mark."""
    shown = table.for_files()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([csv_text(column.heading.replace("£ million", "£")) for column in shown.columns])
    writer.writerows(
        [in_file(column, cell) for column, cell in zip(shown.columns, row, strict=True)] for row in shown.rows
    )
    return out.getvalue().encode("utf-8-sig")


def in_file(column: Column, cell: Cell) -> str:
    """A cell as it stands in the file."""
    match cell:
        case FigureCell() | Link():
            return in_file(cell.column if isinstance(cell, FigureCell) else column, cell.value)
        case str():
            return csv_text(cell)
        case Fraction():
            return plain_decimal(cell, 6)
        case int() if column.kind is ColumnKind.MONEY:
            return plain_pounds(cell)
        case date() | int():
            return column.text(cell) if column.key == "year" or isinstance(cell, bool) else str(cell)
    return ""
