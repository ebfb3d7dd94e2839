"""A checker of the Analysis Function's list for accessible spreadsheets, on the file as it is.

It reads the workbook's own XML and openpyxl's view of it, and shares no code with what writes our workbooks. Each
rule has a name, so that a test can break one rule and see that one named.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

import openpyxl
from openpyxl.utils import range_boundaries

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_NOTE = re.compile(r"\[note (\d+)\]", re.IGNORECASE)
_SHORTHAND = re.compile(r"^\[(?!note)[a-z]{1,4}\]$")
_SYMBOLS = re.compile(r"[*†‡§¹²³⁴⁵]\s*$")
_GENERIC = re.compile(r"^(table|sheet)\s*_?\d*$", re.IGNORECASE)
LONGEST_NAME = 30
FRONT = ("Cover", "Contents", "Notes")


class Fault(NamedTuple):
    """One rule that the workbook breaks, and where."""

    rule: str
    sheet: str
    what: str


def faults(path: Path) -> list[Fault]:
    """Everything on the list that the workbook does not meet; empty where it meets all."""
    try:
        book = openpyxl.load_workbook(path, rich_text=True)
    except ValueError as error:
        return [Fault("opens without repair", "", str(error))]
    found = [*_of_package(path), *_of_book(book), *_of_notes(book)]
    for sheet in book.worksheets:
        found += [Fault(rule, sheet.title, what) for rule, what in (*_of_sheet(sheet), *_of_table(sheet))]
    return found


def rules(path: Path) -> set[str]:
    """The names of the rules that are broken."""
    return {fault.rule for fault in faults(path)}


def _of_package(path: Path) -> Iterator[Fault]:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        core = ET.fromstring(archive.read("docProps/core.xml"))
        title = core.findtext("{http://purl.org/dc/elements/1.1/}title")
        if not (title or "").strip():
            yield Fault("document title", "", "the properties name no title")
        if any("vbaProject" in name for name in names) or path.suffix != ".xlsx":
            yield Fault("no macros", "", "it can carry macros")
        for name in names:
            if "/drawings/" in name or "/media/" in name or "comments" in name.lower():
                yield Fault("nothing floating", name, "images, boxes or comments lie over the cells")
            if name.startswith("xl/worksheets/sheet"):
                yield from _of_sheet_xml(name, ET.fromstring(archive.read(name)))


def _of_sheet_xml(name: str, root: ET.Element) -> Iterator[Fault]:
    headers = root.find(f"{_MAIN}headerFooter")
    if headers is not None and any((part.text or "").strip() for part in headers):
        yield Fault("no headers or footers", name, "text stands in a header or footer")
    if root.find(f"{_MAIN}conditionalFormatting") is not None:
        yield Fault("colour is not the only signal", name, "conditional formats colour cells")
    for view in root.iter(f"{_MAIN}sheetView"):
        for selection in view.iter(f"{_MAIN}selection"):
            if selection.get("activeCell", "A1") != "A1":
                yield Fault("cursor in A1", name, f"it stands in {selection.get('activeCell')}")


def _of_book(book: Any) -> Iterator[Fault]:
    names = book.sheetnames
    if any(count > 1 for count in Counter(name.casefold() for name in names).values()):
        yield Fault("unique sheet names", "", "two sheets have one name")
    if book.active is not book.worksheets[0]:
        yield Fault("cursor in A1", book.active.title, "another sheet than the first is open")
    for wanted, rule in zip(FRONT, ("cover", "contents", "notes"), strict=True):
        if wanted not in names:
            yield Fault(rule, "", f"there is no sheet {wanted}")
    if names[0] != "Cover":
        yield Fault("cover", names[0], "the cover is not the first sheet")
    if "Contents" in names:
        yield from _of_contents(book)
    tables = [table for sheet in book.worksheets for table in sheet.tables]
    for table, count in Counter(name.casefold() for name in tables).items():
        if count > 1 or _GENERIC.match(table):
            yield Fault("table names", "", f"'{table}' names nothing, or two tables")


def _of_contents(book: Any) -> Iterator[Fault]:
    cells = [cell for row in book["Contents"].iter_rows() for cell in row if cell.value is not None]
    listed = {str(cell.value) for cell in cells}
    linked = {cell.hyperlink.location.split("!")[0].strip("'") for cell in cells if cell.hyperlink is not None}
    for name in book.sheetnames:
        if name not in FRONT and (name not in listed or name not in linked):
            yield Fault("contents", name, "the contents do not list it with a link")


def _of_notes(book: Any) -> Iterator[Fault]:
    used = {int(number) for sheet in book.worksheets if sheet.title != "Notes" for text in _texts(sheet)
            for number in _NOTE.findall(text)}  # fmt: skip
    told: set[int] = set()
    if "Notes" in book.sheetnames:
        told = {row[0].value for row in book["Notes"].iter_rows() if isinstance(row[0].value, int) and row[1].value}
    for number in sorted(used - told):
        yield Fault("notes", "Notes", f"note {number} is referred to and not explained")
    for number in sorted(told - used):
        yield Fault("notes", "Notes", f"note {number} is explained and not referred to")


def _texts(sheet: Any) -> list[str]:
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def _of_sheet(sheet: Any) -> Iterator[tuple[str, str]]:
    if not any(cell.value is not None for row in sheet.iter_rows() for cell in row):
        yield "no blank sheets", "nothing stands in it"
        return
    if not (isinstance(sheet["A1"].value, str) and len(sheet["A1"].value.strip()) > 3):
        yield "sheet titles", "A1 holds no title"
    if len(sheet.title) > LONGEST_NAME or _GENERIC.match(sheet.title):
        yield "sheet names", "its name is too long or says nothing"
    if sheet.merged_cells.ranges:
        yield "no merged cells", ", ".join(map(str, sheet.merged_cells.ranges))
    yield from _of_view(sheet)
    looks: dict[Any, tuple[tuple[str, str], ...]] = {}
    for row in sheet.iter_rows():
        for cell in row:
            yield from _of_cell(cell)
            # There are few looks and many cells: each look is judged once, where it is met first.
            look = (cell.style_id, cell.hyperlink is not None)
            if look not in looks:
                looks[look] = tuple(_of_look(cell))
                yield from looks[look]


def _of_view(sheet: Any) -> Iterator[tuple[str, str]]:
    if sheet.sheet_state != "visible":
        yield "nothing hidden", "the sheet is hidden"
    if any(row.hidden for row in sheet.row_dimensions.values()):
        yield "nothing hidden", "rows are hidden"
    if any(column.hidden for column in sheet.column_dimensions.values()):
        yield "nothing hidden", "columns are hidden"
    if sheet.freeze_panes is not None:
        yield "no frozen panes", f"frozen at {sheet.freeze_panes}"
    if sheet.auto_filter.ref or any(table.autoFilter is not None for table in sheet.tables.values()):
        yield "no filters", "a filter is set"


def _of_cell(cell: Any) -> Iterator[tuple[str, str]]:
    where = cell.coordinate
    if cell.data_type == "f":
        yield "values only", f"{where} is a formula"
    if isinstance(cell.value, str) and _SYMBOLS.search(cell.value):
        yield "no symbols for notes", f"{where} ends in a symbol"
    if cell.comment is not None:
        yield "nothing floating", f"{where} has a comment"


def _of_look(cell: Any) -> Iterator[tuple[str, str]]:
    where = cell.coordinate
    if cell.fill is not None and cell.fill.fill_type not in (None, "none"):
        yield "colour is not the only signal", f"{where} is filled"
    colour = cell.font.color if cell.font is not None else None
    shade = colour.rgb if colour is not None and colour.type == "rgb" else None
    if shade not in (None, "FF000000", "00000000") and not (cell.hyperlink is not None and cell.font.underline):
        yield "colour is not the only signal", f"{where} has a coloured font"
    if cell.font is not None and cell.font.vertAlign in ("superscript", "subscript"):
        yield "no symbols for notes", f"{where} is raised or lowered"


def _of_table(sheet: Any) -> Iterator[tuple[str, str]]:
    if sheet.title == "Cover":
        return
    if len(sheet.tables) != 1:
        yield "one marked table", f"it has {len(sheet.tables)} marked tables"
        return
    (table,) = sheet.tables.values()
    left, top, right, bottom = range_boundaries(table.ref)
    if (table.headerRowCount if table.headerRowCount is not None else 1) != 1 or table.totalsRowCount:
        yield "one header row", f"{table.headerRowCount} header rows"
    if left != 1:
        yield "table in column A", f"it begins in {table.ref}"
    headings = [sheet.cell(top, column).value for column in range(left, right + 1)]
    if any(not isinstance(name, str) or not name.strip() for name in headings) or len(set(headings)) < len(headings):
        yield "one header row", "a heading is empty, no text, or stands twice"
    if any(not sheet.cell(top, column).alignment.wrap_text for column in range(left, right + 1)):
        yield "wrapped text", "a heading does not wrap"
    above = [str(sheet.cell(row, 1).value or "") for row in range(1, top)]
    if any(not text for text in above):
        yield "no blank rows", "a row above the table is blank"
    yield from _of_body(sheet, (left, top, right, bottom), headings, " ".join(above))
    yield from _around(sheet, (left, top, right, bottom))


def _around(sheet: Any, box: tuple[int, int, int, int]) -> Iterator[tuple[str, str]]:
    left, top, right, bottom = box
    for row in sheet.iter_rows():
        for cell in row:
            inside = top <= cell.row <= bottom and left <= cell.column <= right
            if cell.value is not None and not inside and (cell.row > bottom or cell.column > 1):
                yield "nothing beside or below the table", f"{cell.coordinate} holds something"


def _of_body(sheet: Any, box: tuple[int, int, int, int], headings: list[Any], above: str) -> Iterator[tuple[str, str]]:
    left, top, right, bottom = box
    rows = [[sheet.cell(row, column).value for column in range(left, right + 1)] for row in range(top + 1, bottom + 1)]
    if not rows or any(all(value is None for value in row) for row in rows):
        yield "no blank rows", "a row of the table is blank"
    for column, (name, values) in enumerate(zip(headings, zip(*rows, strict=True), strict=True)):
        if all(value is None for value in values):
            yield "no blank columns", f"column {name} is blank"
        elif any(value is None for value in values):
            yield "explained empty cells", f"column {name} has empty cells without a shorthand"
        for sign in {value for value in values if isinstance(value, str) and _SHORTHAND.match(value)}:
            if sign not in above:
                yield "explained empty cells", f"{sign} in column {name} is not explained above the table"
        numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        if numbers and column and not re.search(r"\([^)]+\)", str(name)):
            yield "units in headings", f"column {name} holds numbers of no unit"
        if (
            numbers
            and column
            and sheet.cell(top + 1 + list(values).index(numbers[0]), left + column).number_format == "General"
        ):
            yield "readable numbers", f"column {name} has no number format"
        counted = numbers or re.search(r"\([^)]+\)", str(name))
        if counted and any(isinstance(value, str) and re.fullmatch(r"[-£\d,.\s()%]+", value) for value in values):
            yield "numbers are numbers", f"column {name} holds numbers as text"
