"""A workbook, cell by cell: what is in each, what kind of thing it is, and where it stands.

Spreadsheet libraries turn an error, a formula nobody calculated and an empty cell into the same blank. Here
they are told apart. Numbers become exact decimals through their shortest text, which is the number that the
person typed: 0.1 is one tenth, not the binary fraction nearest to it. CSV files, alone or in a zip archive,
are read into the same shape, with every filled cell a text.
"""

import csv
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from ledger.errors import Problem, Refused

Value = str | Decimal | bool | date | datetime | time | None


class Kind(StrEnum):
    """What kind of thing is in a cell."""

    BLANK = "blank"
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    ERROR = "error"
    UNCALCULATED = "a formula without a stored value"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        address: as ``D14``; in a CSV file the column's letter and the line.
        value: a decimal for a number, the text as it stands for a text; none for blank and uncalculated cells.
        number_format: as Excel keeps it; ``General`` where there is none.
        formula: the formula's text, where the value is the stored result of one.
    """

    address: str
    kind: Kind
    value: Value
    number_format: str = "General"
    formula: str | None = None

    @property
    def text(self) -> str:
        """The value as text, spaces made single and the ends trimmed; empty for a blank."""
        return "" if self.value is None else " ".join(str(self.value).split())


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of cells from A1, every row of the same length.

    Attributes:
        visible: false for hidden and very hidden sheets.
        merged: merged ranges, as ``B2:D2``; the value stands in the first cell alone.
        hidden_rows: their numbers, from 1.
        hidden_columns: their letters.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    visible: bool = True
    merged: tuple[str, ...] = ()
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Workbook:
    """A file as it was read. ``sha256`` is the hash of its bytes."""

    file: str
    sha256: str
    sheets: tuple[Sheet, ...]


def read_workbook(path: Path) -> Workbook:
    """Read a workbook (.xlsx, .xlsm), a CSV file, or a zip archive of CSV files.

    Raises:
        Refused: it does not exist, is of another kind, or cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unreadable(
            path, f"it cannot be opened ({error.strerror or 'no such file'}).", "Check the name."
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    suffix = path.suffix.lower()
    if suffix in (".xlsx", ".xlsm"):
        sheets = tuple(_excel_sheets(path, content))
    elif suffix == ".csv":
        sheets = (_text_sheet(path, path.stem, content),)
    elif suffix == ".zip":
        sheets = tuple(_archived(path, content))
    else:
        raise _unreadable(path, f"a file that ends in '{suffix}' is not read.", "Give .xlsx, .xlsm, .csv or .zip.")
    return Workbook(path.name, digest, sheets)


def _unreadable(path: Path, found: str, remedy: str) -> Refused:
    return Refused([Problem(path.name, found, "Nothing of it can be used.", remedy)])


def _excel_sheets(path: Path, content: bytes) -> Iterator[Sheet]:
    try:
        results = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
        formulas = openpyxl.load_workbook(io.BytesIO(content), data_only=False)
    except Exception as error:
        raise _unreadable(
            path, "it is not a workbook that can be opened.", "Open it in Excel and save it anew."
        ) from error
    for sheet in results.worksheets:
        asked = formulas[sheet.title]
        yield Sheet(
            sheet.title,
            tuple(
                tuple(_cell(cell, source) for cell, source in zip(row, sources, strict=True))
                for row, sources in zip(sheet.iter_rows(), asked.iter_rows(), strict=True)
            ),
            visible=sheet.sheet_state == "visible",
            merged=tuple(str(area) for area in sheet.merged_cells.ranges),
            hidden_rows=frozenset(number for number, row in sheet.row_dimensions.items() if row.hidden),
            hidden_columns=frozenset(letter for letter, column in sheet.column_dimensions.items() if column.hidden),
        )


def _cell(cell: Any, source: Any) -> Cell:
    address = cell.coordinate
    formula = str(source.value) if source.data_type == "f" else None
    value = cell.value
    if value is None:
        return Cell(address, Kind.UNCALCULATED if formula else Kind.BLANK, None, formula=formula)
    if cell.data_type == "e":
        return Cell(address, Kind.ERROR, str(value), formula=formula)
    if isinstance(value, bool):
        return Cell(address, Kind.BOOLEAN, value, formula=formula)
    if isinstance(value, int | float):
        return Cell(address, Kind.NUMBER, Decimal(repr(value)), cell.number_format, formula)
    if isinstance(value, date | datetime | time):
        return Cell(address, Kind.DATE, value, cell.number_format, formula)
    return Cell(address, Kind.TEXT, str(value), cell.number_format, formula)


def _archived(path: Path, content: bytes) -> Iterator[Sheet]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
            for name in names:
                yield _text_sheet(path, Path(name).stem, archive.read(name))
    except zipfile.BadZipFile as error:
        raise _unreadable(path, "it is not a zip archive.", "Download it again.") from error
    if not names:
        raise _unreadable(path, "the archive holds no CSV file.", "Give the archive as it was published.")


def _text_sheet(path: Path, name: str, content: bytes) -> Sheet:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not text in UTF-8.", "Save it as 'CSV UTF-8'.") from error
    return Sheet(name, tuple(_text_rows(csv.reader(io.StringIO(text, newline="")))))


def _text_rows(lines: Iterable[list[str]]) -> Iterator[tuple[Cell, ...]]:
    rows = list(lines)
    width = max((len(row) for row in rows), default=0)
    letters = [get_column_letter(column) for column in range(1, width + 1)]
    for number, row in enumerate(rows, start=1):
        padded = row + [""] * (width - len(row))
        yield tuple(
            Cell(f"{letter}{number}", Kind.TEXT if text.strip() else Kind.BLANK, text if text.strip() else None)
            for letter, text in zip(letters, padded, strict=True)
        )
