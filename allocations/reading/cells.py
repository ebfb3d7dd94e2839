"""A workbook, cell by cell: what is in each, what kind of thing it is, and where it stands.

Spreadsheet libraries turn an error, a formula nobody calculated and an empty cell into the same blank. Here
they are told apart. Numbers become exact decimals through their shortest text, which is the number that the
person typed: 0.1 is one tenth, not the binary fraction nearest to it. CSV files, alone or in a zip archive,
are read into the same shape, with every filled cell a text.
"""

import gc
import hashlib
import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import from_excel, from_ISO8601

from allocations.reading import other_workbooks, safety
from allocations.reading.delimited import divided, text_of
from allocations.reading.safety import refused
from allocations.reading.units import format_says
from ledger.errors import Problem, Refused

Value = str | Decimal | bool | date | datetime | time | None


class CellKind(StrEnum):
    """What kind of thing is in a cell."""

    BLANK = "blank"
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    ERROR = "error"
    UNCALCULATED = "a formula without a stored value"


# What a reader does not see, or sees as no part of the figure.
STRUCK, SUPERSCRIPT, INVISIBLE = "struck out", "raised or lowered letters", "shown as nothing"


class Cell(NamedTuple):
    """One cell.

    Attributes:
        address: as ``D14``; in a CSV file the column's letter and the line.
        value: a decimal for a number, the text as it stands for a text; none for blank and uncalculated cells.
        number_format: as Excel keeps it; ``General`` where there is none.
        formula: the formula's text, where the value is the stored result of one.
        mark: ``STRUCK``, ``SUPERSCRIPT`` or ``INVISIBLE`` where the cell is formatted so.
    """

    address: str
    kind: CellKind
    value: Value
    number_format: str = "General"
    formula: str | None = None
    mark: str | None = None

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
        hidden_rows: their numbers, from 1, and how each is hidden: ``hidden``, ``of no height``, ``hidden by default``.
        hidden_columns: their letters.
        counts: how many cells each line of a text file has; empty for a workbook.
    """

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    visible: bool = True
    merged: tuple[str, ...] = ()
    hidden_rows: Mapping[int, str] = field(default_factory=dict, hash=False)
    hidden_columns: frozenset[str] = frozenset()
    counts: tuple[int, ...] = ()


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
    """Read a workbook (.xlsx, .xlsm; .xls, .xlsb, .ods with what can be told there), a CSV file, or a zip of such.

    Nothing is parsed before ``safety`` has found the file within its limits. Macros are never run and links
    never followed.

    Raises:
        Refused: it does not exist, is of another kind, is not safe to open, or cannot be read.
    """
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
    elif suffix in other_workbooks.SUFFIXES:
        sheets = tuple(_other_sheet(sheet) for sheet in other_workbooks.other_sheets(path, content))
        remarks = (other_workbooks.remark(suffix),)
    else:
        found = f"a file that ends in '{suffix}' is not read."
        raise refused(path, found, "Give .xlsx, .xlsm, .xls, .xlsb, .ods, .csv or .zip.")
    return Workbook(path.name, digest, sheets, remarks)


def _other_sheet(sheet: other_workbooks.OtherSheet) -> Sheet:
    rows = [[_other_cell(value) for value in row] for row in sheet.rows]
    while rows and all(kind is CellKind.BLANK for kind, _ in rows[-1]):
        rows.pop()
    width = max(
        (place + 1 for row in rows for place, (kind, _) in enumerate(row) if kind is not CellKind.BLANK), default=0
    )
    letters = [get_column_letter(column) for column in range(1, width + 1)]
    cells = tuple(
        tuple(Cell(f"{letter}{number}", *each) for letter, each in zip(letters, row[:width], strict=True))
        for number, row in enumerate(rows, start=1)
    )
    return Sheet(sheet.name, cells, visible=sheet.is_visible, merged=sheet.merged)


def _other_cell(value: object) -> tuple[CellKind, Value]:
    if isinstance(value, bool):
        return CellKind.BOOLEAN, value
    if isinstance(value, int | float):
        found = number(repr(value))
        return (CellKind.ERROR, str(value)) if found is None else (CellKind.NUMBER, found)
    if isinstance(value, date):
        return CellKind.DATE, value
    text = str(value)
    return (CellKind.TEXT, text) if text.strip() else (CellKind.BLANK, None)


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
    lines = divided(text_of(path, content), path.name).lines
    # Where a cell holds line breaks, the numbers of rows and of lines part; rows are what a spreadsheet shows.
    rows = [row for _, row in lines]
    return Sheet(name, tuple(_text_rows(rows)), counts=tuple(len(row) for row in rows))


def _text_rows(rows: list[list[str]]) -> Iterator[tuple[Cell, ...]]:
    width = max((len(row) for row in rows), default=0)
    letters = [get_column_letter(column) for column in range(1, width + 1)]
    for number, row in enumerate(rows, start=1):
        padded = row + [""] * (width - len(row))
        yield tuple(
            Cell(f"{letter}{number}", CellKind.TEXT if text.strip() else CellKind.BLANK, text if text.strip() else None)
            for letter, text in zip(letters, padded, strict=True)
        )


MOST_AREA = 3_000_000
MOST_COLUMNS = 16_384
_EXACT_DIGITS = 15
_NAMESPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _V, _F, _IS, _T, _MERGE, _COL, _DEFAULTS = (
    f"{_NAMESPACE}{tag}" for tag in ("row", "v", "f", "is", "t", "mergeCell", "col", "sheetFormatPr")
)
_TRUE = ("1", "true")
_RAISED = ("superscript", "subscript")
_WHITE = (255, 255, 255)
_NEAR = 20  # of 255: greys that nobody tells from white
_SMALLEST = 3  # points: a letter of less cannot be read
_RGB = re.compile(r"(?:[0-9A-Fa-f]{2})?[0-9A-Fa-f]{6}")
_WHITE_THEME = 0
_AREA = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}(:[A-Z]{1,3}[1-9][0-9]{0,6})?")


_Valued = tuple[CellKind, Value, str | None]


class _Misplaced(Exception):
    """A cell that stands where another stands, or nowhere."""


def excel_sheets(path: Path, content: bytes) -> Iterator[Sheet]:
    """Every worksheet of a workbook whose bytes were found safe.

    Raises:
        Refused: it cannot be opened, or a value stands so far out that the sheet would not fit.
    """
    try:
        with warnings.catch_warnings():
            # What openpyxl does not know, such as data validation of a newer Excel, has no bearing on values.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False, rich_text=True
            )
            for sheet in _worksheets(book):
                yield _sheet(path, book, sheet)
            book.close()
    except Refused:
        raise
    except _Misplaced as error:
        raise refused(
            path, f"it is damaged: {error}.", "Open it in Excel, let it repair the file, and save it."
        ) from None
    except Exception as error:  # whatever a damaged part of somebody's file makes the library raise
        raise refused(path, "it is not a workbook that can be opened.", "Open it in Excel and save it anew.") from error


def _worksheets(book: Any) -> list[Any]:
    if not book.worksheets:
        raise _Misplaced("it names no sheet of cells")
    return list(book.worksheets)


def number(text: str) -> Decimal | None:
    """A stored number, exactly, by the shortest decimal that means it; none if it is not a finite number.

    Excel keeps numbers as binary fractions and writes up to 17 digits: ``0.10000000000000001`` is 0.1.
    """
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _EXACT_DIGITS:
        return Decimal(text)
    try:
        found = float(text)
    except ValueError:
        return None
    if not isfinite(found):
        return None
    return Decimal(int(found)) if found.is_integer() else Decimal(repr(found))


class _Rows:
    """The rows of one sheet's XML, with what is said beside them of merged ranges and what is hidden."""

    def __init__(self, sheet: Any, book: Any) -> None:
        self.source = sheet._get_source()  # noqa: SLF001 - see the module's text
        self.title = sheet.title
        self.strings = sheet._shared_strings  # noqa: SLF001
        self.epoch = book.epoch
        self.date_formats = book._date_formats  # noqa: SLF001
        self.duration_formats = book._timedelta_formats  # noqa: SLF001
        self.formats = _formats(book)
        self.marks = _marks(book, self.formats)
        self.merged: list[str] = []
        self.hidden_rows: dict[int, str] = {}
        self.rows_by_default: str | None = None
        self.hidden_columns: list[tuple[int, int]] = []
        self.columns: dict[str, int] = {}

    def read(self) -> Iterator[tuple[int, list[tuple[int, Cell]]]]:
        """Each row that holds something: its number, and its filled cells with their columns."""
        row = 0
        # The C parser, four times as fast as the hardened one: the part was looked through for entities before.
        for _, element in ET.iterparse(self.source):  # noqa: S314
            tag = element.tag
            if tag == _ROW:
                row = int(element.get("r", row + 1))
                if row < 1:
                    raise _Misplaced(f"sheet {self.title}, a row calls itself {row}")
                how = self._how_hidden(element)
                if how is not None:
                    self.hidden_rows[row] = how
                if len(element):
                    cells = self._cells(row, element)
                    if cells:
                        yield row, cells
                element.clear()
            elif tag in (_MERGE, _DEFAULTS, _COL):
                self._beside(tag, element)

    def _beside(self, tag: str, element: Any) -> None:
        """What stands beside the rows: merged cells, and what is hidden."""
        if tag == _MERGE:
            area = element.get("ref", "")
            if not _AREA.fullmatch(area):
                raise _Misplaced(f"sheet {self.title}, cells are merged over '{area[:30]}'")
            self.merged.append(area)
        elif tag == _DEFAULTS and element.get("zeroHeight") in _TRUE:
            self.rows_by_default = "hidden by default"
        elif tag == _COL and (element.get("hidden") in _TRUE or _is_nothing(element.get("width"))):
            self.hidden_columns.append((int(element.get("min", 0)), int(element.get("max", 0))))

    def _how_hidden(self, row: Any) -> str | None:
        """How a row is hidden; none where it shows. A height that was set by hand and is not there is none."""
        if row.get("hidden") in _TRUE:
            return "hidden"
        height = row.get("ht")
        if _is_nothing(height) or (height is None and row.get("customHeight") in _TRUE):
            return "of no height"
        return self.rows_by_default if height is None and row.get("hidden") is None else None

    def _cells(self, row: int, element: Any) -> list[tuple[int, Cell]]:
        found = []
        column, number_of_row = 0, str(row)
        for cell in element:
            address = cell.get("r")
            if address is None:
                column += 1
                address = f"{get_column_letter(column)}{row}"
            else:
                column = self._column(address, number_of_row)
            stored = formula = inline = None
            for child in cell:
                tag = child.tag
                if tag == _V:
                    stored = child.text or ""
                elif tag == _F:
                    formula = child.text or "="
                elif tag == _IS:
                    inline = child
            if stored is None and formula is None and inline is None:
                continue
            style = int(cell.get("s", 0))
            kind, value, mark = self._value(cell.get("t", "n"), stored, inline, style)
            if kind is CellKind.BLANK:
                if formula is None or value == "":
                    continue  # what a formula gives as an empty text is shown as nothing, and is nothing
                kind = CellKind.UNCALCULATED
            mark = self.marks(style) or mark
            found.append((column, Cell(address, kind, value, self.formats(style), formula, mark)))
        return found

    def _column(self, address: str, row: str) -> int:
        letters = address[: -len(row)]
        if letters not in self.columns:
            if not letters.isalpha():
                raise _Misplaced(f"sheet {self.title}, a cell of row {row} calls itself {address[:20]}")
            self.columns[letters] = column_index_from_string(letters)
        if not address.endswith(row):
            raise _Misplaced(f"sheet {self.title}, a cell of row {row} calls itself {address[:20]}")
        return self.columns[letters]

    def _value(self, kind: str, stored: str | None, inline: Any, style: int) -> _Valued:  # noqa: PLR0911
        if kind == "inlineStr":
            return _texted(_inline(inline))
        if stored is None or stored == "":
            # What a formula gives as an empty text is a stored value, and no formula that nobody calculated.
            return CellKind.BLANK, "" if kind == "str" else None, None
        if kind == "n":
            return *self._number(stored, style), None
        if kind == "s":
            return _texted(self.strings[int(stored)])
        if kind == "str":
            return (CellKind.TEXT, stored, None) if stored.strip() else (CellKind.BLANK, "", None)
        if kind == "b":
            return CellKind.BOOLEAN, stored.strip() in _TRUE, None
        if kind == "d":
            return CellKind.DATE, from_ISO8601(stored), None  # type: ignore[no-untyped-call]
        return CellKind.ERROR, stored, None

    def _number(self, stored: str, style: int) -> tuple[CellKind, Value]:
        found = number(stored)
        if found is None:
            return CellKind.ERROR, stored
        if style not in self.date_formats:
            return CellKind.NUMBER, found
        try:
            day = from_excel(float(found), self.epoch, timedelta=style in self.duration_formats)
        except (OverflowError, ValueError):
            return CellKind.ERROR, "#VALUE!"
        return (CellKind.TEXT, str(day)) if isinstance(day, timedelta) else (CellKind.DATE, day)


def _texted(text: str | CellRichText | None) -> _Valued:
    """A text as it shows, and how it is marked: letters raised as a note are left out of it, and told."""
    if text is None:
        return CellKind.BLANK, None, None
    mark = None
    if not isinstance(text, str):
        raised = [part for part in text if isinstance(part, TextBlock) and part.font.vertAlign in _RAISED]
        struck = [part for part in text if isinstance(part, TextBlock) and part.font.strike and str(part).strip()]
        mark = SUPERSCRIPT if any(str(part).strip() for part in raised) else STRUCK if struck else None
        text = "".join(str(part) for part in text if not any(part is each for each in raised))
    return (CellKind.TEXT, text, mark) if text.strip() else (CellKind.BLANK, None, None)


def _inline(element: Any) -> str | CellRichText | None:
    if element is None:
        return None
    if len(element) == 1 and element[0].tag == _T:
        return str(element[0].text or "")
    return CellRichText.from_tree(element)


def _is_nothing(size: str | None) -> bool:
    """Whether a height or a width, in points or letters, is too small to show anything."""
    return size is not None and Decimal(size) < 1


def _sheet(path: Path, book: Any, sheet: Any) -> Sheet:
    rows = _Rows(sheet, book)
    filled: dict[int, list[tuple[int, Cell]]] = {}
    width = 0
    for row, cells in rows.read():
        if row in filled:
            raise _Misplaced(f"sheet {sheet.title}, row {row} stands twice")
        filled[row] = cells
        width = max(width, *(column for column, _ in cells))
    height = max(filled, default=0)
    if height * width > MOST_AREA or width > MOST_COLUMNS:
        raise Refused([_too_wide(path, sheet.title, filled, height, width)])
    letters = [get_column_letter(column) for column in range(1, width + 1)]
    places = list(range(1, width + 1))
    return Sheet(
        sheet.title,
        tuple(_row(sheet.title, row, filled.get(row, []), letters, places) for row in range(1, height + 1)),
        visible=sheet.sheet_state == "visible",
        merged=tuple(rows.merged),
        hidden_rows={row: how for row, how in rows.hidden_rows.items() if row <= height},
        hidden_columns=frozenset(
            get_column_letter(column)
            for first, last in rows.hidden_columns
            for column in range(max(first, 1), min(last, width) + 1)
        ),
    )


def _row(
    sheet: str, row: int, cells: list[tuple[int, Cell]], letters: list[str], places: list[int]
) -> tuple[Cell, ...]:
    if [column for column, _ in cells] == places:
        return tuple([cell for _, cell in cells])
    standing = dict(cells)
    if len(standing) != len(cells):
        raise _Misplaced(f"sheet {sheet}, a cell of row {row} stands twice")
    return tuple(
        standing.get(column) or Cell(f"{letter}{row}", CellKind.BLANK, None)
        for column, letter in zip(places, letters, strict=True)
    )


def _too_wide(path: Path, sheet: str, filled: dict[int, list[tuple[int, Cell]]], height: int, width: int) -> Problem:
    lowest = filled[height][-1][1].address
    return Problem(
        f"{path.name}, sheet {sheet}, cell {lowest}",
        f"values stand as far out as row {height:,} and column {get_column_letter(min(width, MOST_COLUMNS))}.",
        f"A sheet of up to {MOST_AREA:,} cells is read, blank ones between included.",
        "Delete what stands far from the budget, and save the workbook.",
    )


def _formats(book: Any) -> Callable[[int], str]:
    known: dict[int, str] = {}

    def format_of(style: int) -> str:
        if style not in known:
            identity = book._cell_styles[style].numFmtId  # noqa: SLF001 - see the module's text
            if identity < BUILTIN_FORMATS_MAX_SIZE:
                # What Excel keeps for these as a dollar is the currency of whoever looks: here the pound.
                known[style] = BUILTIN_FORMATS.get(identity, "General").replace('"$"', '"£"')
            else:
                known[style] = book._number_formats[identity - BUILTIN_FORMATS_MAX_SIZE]  # noqa: SLF001
        return known[style]

    return format_of


def _marks(book: Any, formats: Callable[[int], str]) -> Callable[[int], str | None]:
    """How a style marks a cell: struck out, raised, or shown as nothing."""
    known: dict[int, str | None] = {}

    def mark_of(style: int) -> str | None:
        if style not in known:
            looks = book._cell_styles[style]  # noqa: SLF001 - see the module's text
            font, fill = book._fonts[looks.fontId], book._fills[looks.fillId]  # noqa: SLF001
            known[style] = _mark(font, fill, formats(style))
        return known[style]

    return mark_of


def _mark(font: Any, fill: Any, number_format: str) -> str | None:
    if font.strike:
        return STRUCK
    if font.vertAlign in _RAISED:
        return SUPERSCRIPT
    is_nothing = _is_like_its_ground(font.color, fill) or (font.sz is not None and font.sz < _SMALLEST)
    return INVISIBLE if is_nothing or format_says(number_format).hides else None


def _is_like_its_ground(color: Any, fill: Any) -> bool:
    """Whether letters have the colour of what they stand on: white on nothing, or any colour on the same."""
    if color is None or getattr(fill, "stop", None):
        return False
    on = getattr(fill, "fgColor", None) if getattr(fill, "patternType", None) == "solid" else None
    if on is None and getattr(fill, "patternType", None) is not None:
        return False  # a pattern, of two colours
    if on is not None and color.type == on.type == "theme":
        return bool(color.theme == on.theme and color.tint == on.tint)
    letters, ground = _shade(color), _WHITE if on is None else _shade(on)
    if letters is None or ground is None:
        return False
    return all(abs(one - other) <= _NEAR for one, other in zip(letters, ground, strict=True))


def _shade(color: Any) -> tuple[int, ...] | None:
    """Red, green and blue; none where the colour is one of a palette that is not here."""
    if color.type == "rgb" and isinstance(color.rgb, str) and _RGB.fullmatch(color.rgb):
        return tuple(bytes.fromhex(color.rgb[-6:]))
    if color.type == "theme" and color.theme == _WHITE_THEME and not color.tint:
        return _WHITE
    return None
