"""A quick look at a workbook before anybody imports it: its sheets, whether they can be seen, and their first rows.

For eyes only. The quick reader turns errors and formulas without a stored value into blanks, so no amount of
money is ever taken from it; ``cells.read_workbook`` reads for that.
"""

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine
from openpyxl.utils import column_index_from_string

from allocations.reading import safety
from allocations.reading.cells import read_workbook
from allocations.reading.safety import refused

MOST_AREA = 3_000_000
_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"')


@dataclass(frozen=True, slots=True)
class SheetPreview:
    """The beginning of a sheet, as text.

    Attributes:
        height: how many rows its used range has, and ``width`` how many columns; blank ones at the end included.
    """

    name: str
    visible: bool
    height: int
    width: int
    rows: tuple[tuple[str, ...], ...]


def preview(path: Path, rows: int = 20) -> tuple[SheetPreview, ...]:
    """The sheets of a workbook or CSV file with their first rows, as quickly as can be.

    Raises:
        Refused: the file is of another kind, is not safe to open, or cannot be read.
    """
    if path.suffix.lower() not in (".xlsx", ".xlsm"):
        return _carefully(path, rows)
    content = safety.content_of(path)
    safety.inspect(path, content)
    if _area(content) > MOST_AREA:
        return _carefully(path, rows)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        found = []
        for sheet in book.sheets_metadata:
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
                cells = book.get_sheet_by_name(sheet.name)
                visible = sheet.visible == python_calamine.SheetVisibleEnum.Visible
                first = cells.to_python(skip_empty_area=False, nrows=rows)
                texts = tuple(tuple(_text(value) for value in row) for row in first)
                last_row, last_column = cells.end or (-1, -1)
                found.append(SheetPreview(sheet.name, visible, last_row + 1, last_column + 1, texts))
        return tuple(found)
    except Exception as error:  # the quick reader raises kinds of its own for damaged files
        found_text = "it is not a workbook that can be opened."
        raise refused(path, found_text, "Open it in Excel and save it anew.") from error


def _carefully(path: Path, rows: int) -> tuple[SheetPreview, ...]:
    """The same through the slower reader, which keeps only what is filled."""
    return tuple(
        SheetPreview(
            sheet.name,
            sheet.visible,
            len(sheet.rows),
            len(sheet.rows[0]) if sheet.rows else 0,
            tuple(tuple(cell.text for cell in row) for row in sheet.rows[:rows]),
        )
        for sheet in read_workbook(path).sheets
    )


def _area(content: bytes) -> int:
    """The largest rectangle that any sheet's cells span: the quick reader keeps all of it in memory."""
    largest = 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if "worksheets/" in name.lower() and name.lower().endswith(".xml"):
                width = height = 0
                for column, row in set(_CELL.findall(archive.read(name))):
                    height = max(height, int(row))
                    width = max(width, column_index_from_string(column.decode()))
                largest = max(largest, width * height)
    return largest


def _text(value: object) -> str:
    if isinstance(value, date | datetime | time | timedelta | bool | int):
        return str(value)
    text = f"{value:.15g}" if not isinstance(value, str) else value
    return " ".join(text.split())
