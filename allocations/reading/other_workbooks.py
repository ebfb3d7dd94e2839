"""Workbooks of other programs and times (.xls, .xlsb, .ods), read through calamine into the same cells.

Their values are read exactly. What a reader does not see there (hidden rows, struck letters, colours), how numbers
are shown and which of them are formulas cannot be told; a remark says so. What can be told without reading their
values, that rows are hidden or a cell holds an error, is refused: such a file must be saved as an .xlsx.
"""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from openpyxl.utils import get_column_letter

from allocations.reading import safety
from allocations.reading.safety import refused

SUFFIXES = {
    ".xls": "an Excel workbook of before 2007 (.xls)",
    ".xlsb": "a binary workbook (.xlsb)",
    ".ods": "an OpenDocument spreadsheet (.ods)",
}
SAVE_AS = "Open it in Excel and save it as an 'Excel Workbook (*.xlsx)'."
MOST_AREA = 3_000_000
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_ROW_HEADER, _COLUMNS, _ERRORS, _CELLS = 0, 60, (3, 11), range(1, 12)
_WEB_PAGE = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|\?xml|table|head|meta)", re.IGNORECASE)


class OtherSheet(NamedTuple):
    """One sheet: its values as calamine gives them, row by row from A1, and its merged ranges, as ``B2:D2``."""

    name: str
    is_visible: bool
    rows: list[list[Any]]
    merged: tuple[str, ...]


class _Shape(NamedTuple):
    """What is known of a file before its values are read: how far out cells stand, what is hidden, and errors."""

    area: int = 0
    has_hidden: bool = False
    errors: int = 0


def remark(suffix: str) -> str:
    """What cannot be told of a file of this kind."""
    unseen = "" if suffix == ".xls" else "Nothing in it is hidden. "
    what = (
        "whether rows are hidden, cells are struck out or coloured" if suffix == ".xls" else "struck or white letters"
    )
    errors = ", and a cell with an error looks empty" if suffix == ".xls" else ""
    return (
        f"It is {SUFFIXES[suffix]}. {unseen}It cannot be told there: {what}, how numbers are shown (as thousands or "
        f"euros), and which of them are formulas{errors}."
    )


def other_sheets(path: Path, content: bytes) -> Iterator[OtherSheet]:
    """Every worksheet of a workbook that is no .xlsx.

    Raises:
        Refused: it is another kind of file than its name says, is protected, damaged or too large, has hidden rows
            or columns, or holds an error.
    """
    suffix = path.suffix.lower()
    _refuse_others(path, suffix, content)
    shape = _shape(path, suffix, content)
    if shape.area > MOST_AREA:
        raise refused(
            path,
            f"its values span more than {MOST_AREA:,} cells, blank ones between included.",
            "Delete what stands far from the budget, and save the workbook.",
        )
    if shape.has_hidden:
        raise refused(
            path,
            "rows or columns of it are hidden, and in a file of this kind it cannot be told which.",
            f"Unhide or delete them. Or: {SAVE_AS}",
            "What is hidden often is something that another line replaced.",
        )
    if shape.errors:
        raise refused(
            path,
            f"{shape.errors:,} of its cells hold an error, such as #REF!.",
            "Correct the formulas behind them.",
            "In a file of this kind such a cell looks empty, and its money would be lost in silence.",
        )
    yield from _read(path, content)


def _read(path: Path, content: bytes) -> Iterator[OtherSheet]:
    import python_calamine  # noqa: PLC0415 - takes a while to load, and few files need it

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for sheet in book.sheets_metadata:
            if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet:
                cells = book.get_sheet_by_name(sheet.name)
                merged = tuple(_range(*area) for area in cells.merged_cell_ranges or ())
                is_visible = sheet.visible == python_calamine.SheetVisibleEnum.Visible
                yield OtherSheet(sheet.name, is_visible, cells.to_python(skip_empty_area=False), merged)
    except python_calamine.PasswordError as error:
        raise refused(path, "it is protected by a password.", "Save it without one.") from error
    except Exception as error:  # the library raises kinds of its own for damaged files
        raise refused(path, f"it cannot be opened as {SUFFIXES[path.suffix.lower()]}.", SAVE_AS) from error


def _range(first: tuple[int, int], last: tuple[int, int]) -> str:
    (top, left), (bottom, right) = first, last
    return f"{get_column_letter(left + 1)}{top + 1}:{get_column_letter(right + 1)}{bottom + 1}"


def _refuse_others(path: Path, suffix: str, content: bytes) -> None:
    """Refuse what its name does not say, told apart by its bytes: people rename files, and programs misname them."""
    if not content:
        raise refused(path, "it is empty.", "Save it again, and copy it whole.")
    if _WEB_PAGE.match(content):
        found = "it is a web page or a file of XML that a program gave the name of a workbook."
        raise refused(path, found, SAVE_AS)
    if content.startswith(safety.OLD_CONTAINER) and "EncryptedPackage".encode("utf-16-le") in content:
        raise refused(path, "it is protected by a password.", "Save it without one.")
    is_old = content.startswith(safety.OLD_CONTAINER)
    if is_old != (suffix == ".xls") or not (is_old or safety.is_archive(content)):
        fix = f"Rename it to what it is, .xls or .xlsx, or: {SAVE_AS}"
        raise refused(path, f"it is not {SUFFIXES[suffix]}, whatever its name says.", fix)


def _shape(path: Path, suffix: str, content: bytes) -> _Shape:
    if suffix == ".xls":
        return _Shape()  # its sheets have at most 65,536 rows and 256 columns
    try:
        with safety.opened(path, content) as archive:
            names = archive.namelist()
            if suffix == ".ods":
                safety.refuse_entities(path, archive)
                with archive.open("content.xml") as part:
                    return _of_open_document(part)
            sheets = [name for name in names if name.startswith("xl/worksheets/") and name.endswith(".bin")]
            shapes = [_of_binary(archive.read(name)) for name in sheets]
    except (KeyError, IndexError, ET.ParseError) as error:
        raise refused(path, f"it is not {SUFFIXES[suffix]}, or damaged.", SAVE_AS) from error
    if not shapes:
        raise refused(path, f"it is not {SUFFIXES[suffix]}, whatever its name says.", SAVE_AS)
    return _Shape(
        max(shape.area for shape in shapes),
        any(shape.has_hidden for shape in shapes),
        sum(shape.errors for shape in shapes),
    )


def _of_open_document(part: Any) -> _Shape:
    """The shape of an OpenDocument spreadsheet. A cell or row can stand for a million like it, written once."""
    area = height = width = rows = errors = 0
    has_hidden = False
    for event, element in ET.iterparse(part, events=("start", "end")):  # noqa: S314 - looked through for entities
        if element.tag == f"{_TABLE}table" and event == "start":
            height = width = rows = 0
        elif element.tag == f"{_TABLE}table-column":
            has_hidden |= _is_hidden(element)
        elif element.tag == f"{_TABLE}table-row" and event == "end":
            rows += int(element.get(f"{_TABLE}number-rows-repeated", 1))
            filled, wrong = _of_row(element)
            if filled:
                height, width = rows, max(width, filled)
                has_hidden |= _is_hidden(element)
            errors += wrong
            area = max(area, height * width)
            element.clear()
    return _Shape(area, has_hidden, errors)


def _of_row(row: Any) -> tuple[int, int]:
    """How far out the last filled cell of a row stands, and how many of its cells hold an error."""
    column = filled = errors = 0
    for cell in row:
        column += int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        if cell.get(f"{_OFFICE}value-type") is not None:
            filled = column
            errors += cell.get(f"{_CALC}value-type") == "error"
    return filled, errors


def _is_hidden(element: Any) -> bool:
    return bool(element.get(f"{_TABLE}visibility", "visible") != "visible")


def _of_binary(content: bytes) -> _Shape:
    """The shape of one sheet of a binary workbook: a run of records, each with its kind, its length and its bytes."""
    at = row = height = width = errors = 0
    is_hidden = has_hidden = False
    while at < len(content):
        kind, at = _small(content, at, 2)
        length, at = _small(content, at, 4)
        body = content[at : at + length]
        at += length
        if kind == _ROW_HEADER:
            row, is_hidden = int.from_bytes(body[:4], "little"), bool(body[11] & 0x10)
        elif kind in _CELLS:
            height, width = max(height, row + 1), max(width, int.from_bytes(body[:4], "little") + 1)
            errors += kind in _ERRORS
            has_hidden |= is_hidden
        elif kind == _COLUMNS:
            has_hidden |= bool(body[16] & 0x01)
    return _Shape(height * width, has_hidden, errors)


def _small(content: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of seven bits a byte, the least first, and where the next byte stands."""
    found = 0
    for place in range(most):
        byte = content[at]
        at += 1
        found |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            break
    return found, at
