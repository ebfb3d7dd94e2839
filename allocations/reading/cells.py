"""A workbook, cell by cell: what is in each, what kind of thing it is, and where it stands.

Spreadsheet libraries turn an error, a formula nobody calculated and an empty cell into the same blank. Here
they are told apart. Numbers become exact decimals through their shortest text, which is the number that the
person typed: 0.1 is one tenth, not the binary fraction nearest to it. CSV files, alone or in a zip archive,
are read into the same shape, with every filled cell a text.
"""

import csv
import gc
import hashlib
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from openpyxl.utils import get_column_letter

from allocations.reading import safety
from allocations.reading.safety import refused

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


class Cell(NamedTuple):
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
    """One sheet: rows of cells from A1, every row of the same length, without blank rows and columns at the end.

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
    """A file as it was read. ``sha256`` is the hash of its bytes.

    Attributes:
        remarks: what a reader should know of it: macros that were not run, data from elsewhere not fetched.
    """

    file: str
    sha256: str
    sheets: tuple[Sheet, ...]
    remarks: tuple[str, ...] = ()


@contextmanager
def without_collecting() -> Iterator[None]:
    """Hold the garbage collector back: cells hold no circles, and going through them all takes half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_workbook(path: Path) -> Workbook:
    """Read a workbook (.xlsx, .xlsm), a CSV file, or a zip archive of CSV files.

    Nothing is parsed before ``safety`` has found the file within its limits. Macros are never run and links
    never followed.

    Raises:
        Refused: it does not exist, is of another kind, is not safe to open, or cannot be read.
    """
    # The parser of workbooks is needed for workbooks alone, and takes a while to load.
    from allocations.reading.parser import excel_sheets  # noqa: PLC0415

    content = safety.content_of(path)
    digest = hashlib.sha256(content).hexdigest()
    suffix = path.suffix.lower()
    remarks: tuple[str, ...] = ()
    if suffix in (".xlsx", ".xlsm"):
        inspection = safety.inspect(path, content)
        remarks = _remarks(inspection)
        with without_collecting():
            sheets = tuple(excel_sheets(path, content))
    elif suffix == ".csv":
        sheets = (_text_sheet(path, path.stem, content),)
    elif suffix == ".zip":
        sheets = tuple(_archived(path, content))
    else:
        found, remedy = _UNREAD.get(suffix, (f"a file that ends in '{suffix}' is not read.", ""))
        raise refused(path, found, remedy or "Give .xlsx, .xlsm, .csv or .zip.")
    return Workbook(path.name, digest, sheets, remarks)


_SAVE_AS = "Open it in Excel and save it as an 'Excel Workbook (*.xlsx)'."
_UNREAD = {
    ".xls": ("it is an Excel workbook of before 2007 (.xls).", _SAVE_AS),
    ".xlsb": ("it is a binary workbook (.xlsb).", _SAVE_AS),
    ".ods": ("it is an OpenDocument spreadsheet (.ods).", _SAVE_AS),
}


def _remarks(inspection: safety.Inspection) -> tuple[str, ...]:
    found = []
    if inspection.macros:
        found.append("It holds macros. They were not run, and are kept only in the original file.")
    if inspection.connections:
        found.append("It links to other files or sources. Nothing was fetched: the stored values were read.")
    return tuple(found)


def _archived(path: Path, content: bytes) -> Iterator[Sheet]:
    if not safety.is_archive(content):
        raise refused(path, "it is not a zip archive.", "Download it again.")
    with safety.opened(path, content) as archive:
        names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
        for name in names:
            try:
                text = archive.read(name)
            except Exception as error:  # zipfile and zlib raise a dozen kinds for damaged archives
                raise refused(path, f"it is damaged: {name} cannot be unpacked.", "Copy it again, whole.") from error
            yield _text_sheet(path, Path(name).stem, text)
    if not names:
        raise refused(path, "the archive holds no CSV file.", "Give the archive as it was published.")


def _text_sheet(path: Path, name: str, content: bytes) -> Sheet:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(path, "it is not text in UTF-8.", "Save it as 'CSV UTF-8'.") from error
    if "\x00" in text:
        raise refused(path, "it is not a text file, whatever its name says.", "Save it as 'CSV UTF-8'.")
    try:
        return Sheet(name, tuple(_text_rows(csv.reader(io.StringIO(text, newline="")))))
    except csv.Error as error:
        raise refused(path, f"it cannot be read as CSV ({error}).", "Save it as 'CSV UTF-8'.") from error


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
