"""Where a budget stands in a sheet and what its columns mean, worked out from the file itself.

A header is the row that names the most of what a budget needs; what its columns mean is read from their
headings and, for codes, names and funds, from what stands below them. What cannot be told is a ``Problem``
that says what to put into a mapping. Nothing is taken because it is probable.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import range_boundaries

from allocations.files.budgets.mapping import Heading, Meaning, SheetMapping, read_heading, recurrent_in
from allocations.files.budgets.receivers import Receivers
from allocations.reading import safety
from allocations.reading.amounts import Number, folded, tidy, unit_in, written_number
from allocations.reading.cells import Cell, Kind, Sheet, read_workbook
from allocations.reading.safety import refused
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.years import FinancialYear

DEEPEST_HEADER = 60
_SAMPLE = 400
_ALWAYS = 8 * 10  # in a hundred: how many of a column's texts must be codes for it to be one of codes
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What was made of a sheet: its mapping, or why there is none. Neither, where it is no budget at all."""

    mapping: SheetMapping | None = None
    problems: tuple[Problem, ...] = ()
    unit_from: str = ""


def find(
    file: str, sheet: Sheet, books: Receivers, year: FinancialYear, known: dict[str, str], unit: str | None
) -> Found:
    """Find the budget in a sheet.

    Args:
        known: the file's own names for organisations, folded, with their codes.
        unit: what the user says the amounts are in; found in the file otherwise.
    """
    groups = _groups(sheet)
    best: tuple[int, int, list[Heading]] | None = None
    for row in range(min(len(sheet.rows), DEEPEST_HEADER)):
        if any(cell.kind is Kind.NUMBER or _is_number(cell) for cell in sheet.rows[row]):
            continue  # a row with an amount heads nothing
        headings = _headings(sheet, row, groups, books, known)
        score = _score(sheet.rows[row], headings)
        if score and (best is None or score > best[0]):
            best = (score, row, headings)
    if best is None:
        return Found()
    _, row, headings = best
    below = [cells for cells in sheet.rows[row + 1 :] if any(cell.kind is not Kind.BLANK for cell in cells)]
    columns = _columns(headings, below, books, year)
    place = f"{file}, sheet {sheet.name}"
    if not any(column.meaning is Meaning.AMOUNT for column in columns):
        return Found()
    problems = _ambiguities(place, sheet.rows[row], columns)
    said, where = _unit(sheet, row, columns, unit)
    needs_unit = any(column.meaning is Meaning.AMOUNT and column.unit is None for column in columns)
    if said is None and needs_unit:
        problems.append(
            Problem(
                f"{place}, row {row + 1}",
                "neither a heading, nor a caption above it, nor the sheet's name says what the amounts are in.",
                "Pounds read as thousands are wrong a thousandfold.",
                f"Say it {Input.UNIT.given}, or in the heading: (£000).",
            )
        )
    same = Counter(_apart(column) for column in columns if column.meaning is Meaning.AMOUNT)
    mapping = SheetMapping.model_validate(
        {
            "sheet": sheet.name,
            "header_row": row + 1,
            "unit": said,
            "columns": {
                get_column_letter(index): _mapped(column, unit, undecided=same[_apart(column)] > 1)
                for index, column in enumerate(columns, start=1)
                if column.text or column.meaning is not Meaning.IGNORED
            },
        }
    )
    return Found(mapping, tuple(problems), where)


def _mapped(column: Heading, unit: str | None, *, undecided: bool) -> dict[str, object]:
    amounts = column.meaning in (Meaning.AMOUNT, Meaning.TOTAL)
    rival = undecided and column.meaning is Meaning.AMOUNT
    return {
        "heading": column.text,
        "meaning": Meaning.UNDECIDED if rival else column.meaning or Meaning.IGNORED,
        "month": column.month if column.meaning is Meaning.AMOUNT else None,
        "recurrent": column.recurrent if column.meaning is Meaning.AMOUNT else None,
        "organisation": column.organisation if column.meaning is Meaning.AMOUNT else None,
        "fund": column.fund if column.meaning is Meaning.AMOUNT else None,
        "unit": column.unit if amounts and unit is None else None,
    }


def _groups(sheet: Sheet) -> dict[tuple[int, int], str]:
    """The texts of cells merged across, by row and column from 0, for headings over several columns."""
    found: dict[tuple[int, int], str] = {}
    for area in sheet.merged:
        left, top, right, bottom = range_boundaries(area)
        if top is None or left is None or right is None or top != bottom or top > min(len(sheet.rows), DEEPEST_HEADER):
            continue
        cells = sheet.rows[top - 1]
        text = tidy(cells[left - 1].text) if left <= len(cells) else ""
        # A text over the first column too is the sheet's title, and speaks of no column.
        if text and left > 1:
            found.update({(top - 1, column - 1): text for column in range(left, right + 1)})
    return found


def _headings(
    sheet: Sheet, row: int, groups: dict[tuple[int, int], str], books: Receivers, known: dict[str, str]
) -> list[Heading]:
    return [
        read_heading(cell, groups.get((row - 1, column), ""), books, known)
        if cell.kind in (Kind.TEXT, Kind.DATE)
        else Heading("", None)
        for column, cell in enumerate(sheet.rows[row])
    ]


def _score(cells: Sequence[Cell], headings: Sequence[Heading]) -> int:
    """How many columns a row names as a header would; 0 where it is none."""
    named = [heading for heading in headings if heading.meaning]
    organisations = {heading.organisation for heading in named if heading.organisation}
    if len(organisations) == 1:
        # One organisation alone, or its code and its name, is a row of the budget.
        named = [heading for heading in named if not heading.organisation]
    amounts = [heading for heading in named if heading.meaning is Meaning.AMOUNT]
    keys = [heading for heading in named if heading.meaning in _KEYS]
    texts = [cell for cell in cells if cell.kind in (Kind.TEXT, Kind.DATE)]
    return len(named) if amounts and (keys or len(organisations) > 1 or len(texts) > len(amounts)) else 0


_KEYS = (Meaning.CODE, Meaning.NAME, Meaning.FUND, Meaning.LINE)


def _is_number(cell: Cell) -> bool:
    return cell.kind is Kind.TEXT and isinstance(written_number(str(cell.value)), Number)


def _columns(
    headings: Sequence[Heading], below: Sequence[Sequence[Cell]], books: Receivers, year: FinancialYear
) -> list[Heading]:
    """Each column's meaning, from its heading and from what stands below it."""
    found = [replace(heading, meaning=heading.meaning or Meaning.IGNORED) for heading in headings]
    sample = below[:_SAMPLE]
    codes: list[tuple[int, int, int]] = []
    for place, heading in enumerate(found):
        cells = [cells[place] for cells in sample if cells[place].kind is not Kind.BLANK]
        texts = [folded(cell.text) for cell in cells if cell.kind is Kind.TEXT]
        numbers = sum(cell.kind is Kind.NUMBER or _is_number(cell) for cell in cells)
        if heading.meaning is Meaning.AMOUNT and texts and not numbers and not (heading.organisation or heading.fund):
            found[place] = replace(heading, meaning=_textual(heading, texts))
        elif heading.meaning is Meaning.AMOUNT and heading.years and year not in heading.years:
            found[place] = replace(heading, meaning=Meaning.IGNORED)
        elif heading.meaning in (None, Meaning.IGNORED, Meaning.CODE, Meaning.NAME, Meaning.LINE, Meaning.FUND):
            receivers = [text for text in texts if books.codes.get(text) in books.below or _is_closed(text, books)]
            if receivers and len(receivers) * 2 >= len(texts):
                codes.append((len(set(receivers)), -place, place))
            elif heading.meaning is not Meaning.CODE and any(text in books.fund_words for text in texts):
                found[place] = replace(heading, meaning=Meaning.FUND)
            elif heading.meaning is Meaning.IGNORED and _are_parents(texts, books):
                found[place] = replace(heading, meaning=Meaning.PARENT)
    return _settled(found, codes)


def _settled(found: list[Heading], codes: list[tuple[int, int, int]]) -> list[Heading]:
    """One column of codes and one of names; and amounts that belong to no place or fund set aside where others do."""
    if codes:
        # Those who receive are in the column that tells the most apart; the others say who is above them.
        chosen = max(codes)[2]
        others = {place for _, _, place in codes} | {
            place for place, heading in enumerate(found) if heading.meaning is Meaning.CODE
        }
        for place in others:
            found[place] = replace(found[place], meaning=Meaning.CODE if place == chosen else Meaning.PARENT)
    for place in [place for place, heading in enumerate(found) if heading.meaning is Meaning.NAME][:-1]:
        found[place] = replace(found[place], meaning=Meaning.IGNORED)
    for belongs in ("organisation", "fund"):
        across = any(getattr(heading, belongs) for heading in found if heading.meaning is Meaning.AMOUNT)
        for place, heading in enumerate(found):
            if across and heading.meaning is Meaning.AMOUNT and getattr(heading, belongs) is None:
                found[place] = replace(heading, meaning=Meaning.IGNORED)
    totals = [place for place, heading in enumerate(found) if heading.meaning is Meaning.TOTAL]
    if len(totals) == 1 and not any(heading.meaning is Meaning.AMOUNT for heading in found):
        found[totals[0]] = replace(found[totals[0]], meaning=Meaning.AMOUNT)
    return found


def _textual(heading: Heading, texts: Sequence[str]) -> Meaning:
    """What a column is that is headed like amounts and holds words."""
    if all(recurrent_in(text) is not None for text in texts):
        return Meaning.RECURRENT
    return Meaning.AMOUNT if heading.strong else Meaning.FUND if "fund" in folded(heading.text) else Meaning.LINE


def _is_closed(text: str, books: Receivers) -> bool:
    code = books.codes.get(text)
    return code is not None and books.closed(code)


def _are_parents(texts: Sequence[str], books: Receivers) -> bool:
    """Whether most of a column are codes of somebody, though of nobody who could receive."""
    known = sum(text in books.codes for text in texts)
    return bool(texts) and known * _HUNDRED >= len(texts) * _ALWAYS and len(set(texts)) < len(texts)


def _apart(column: Heading) -> tuple[object, ...]:
    """What tells one column of amounts from another."""
    return column.month, column.recurrent, column.organisation, column.fund


def _ambiguities(place: str, cells: Sequence[Cell], columns: Sequence[Heading]) -> list[Problem]:
    """What a header leaves open: two columns that could each be the budget, or nobody who receives."""
    amounts = [(cell, column) for cell, column in zip(cells, columns, strict=True) if column.meaning is Meaning.AMOUNT]
    same = Counter(_apart(column) for _, column in amounts)
    found = []
    for key, count in same.items():
        if count > 1:
            rivals = [cell for cell, column in amounts if _apart(column) == key]
            listed = ", ".join(f"{cell.address} '{tidy(cell.text)}'" for cell in rivals)
            found.append(
                Problem(
                    f"{place}, cell {rivals[0].address}",
                    f"{count} columns could each be the budget: {listed}.",
                    "Adding them up could count money twice.",
                    f"Say {Input.COLUMNS.given} which are amounts and which are ignored.",
                )
            )
    if len({column.recurrent for _, column in amounts}) == 3:  # noqa: PLR2004 - yes, no and not said
        cell = next(cell for cell, column in amounts if column.recurrent is None)
        found.append(
            Problem(
                f"{place}, cell {cell.address}",
                f"'{tidy(cell.text)}' stands beside recurrent and non-recurrent columns.",
                "It may be their total, or money besides them.",
                f"Head it 'Total', or say {Input.COLUMNS.given} what it is.",
            )
        )
    across = any(column.organisation for _, column in amounts)
    if not across and not any(column.meaning in (Meaning.CODE, Meaning.NAME) for column in columns):
        found.append(
            Problem(
                f"{place}, cell {cells[0].address}",
                "no column holds codes or names of organisations.",
                "Nobody would receive the money.",
                f"Head it 'Code' or 'Organisation', or say {Input.COLUMNS.given} which column it is.",
            )
        )
    return found


def _unit(sheet: Sheet, row: int, columns: Sequence[Heading], given: str | None) -> tuple[str | None, str]:
    """The unit of a sheet's amounts and where it was said: by the user, a heading, a caption, the sheet's name."""
    if given is not None:
        return given, "as you said"
    said = {column.unit for column in columns if column.meaning is Meaning.AMOUNT and column.unit}
    if len(said) == 1 and all(column.unit for column in columns if column.meaning is Meaning.AMOUNT):
        return said.pop(), "in the headings"
    for cells in (*reversed(sheet.rows[:row]), *sheet.rows[row + 1 : row + 2]):
        for cell in cells:
            unit = unit_in(cell.text) if cell.kind is Kind.TEXT and not _is_number(cell) else None
            if unit:
                return unit, f"in {cell.address}"
    unit = unit_in(sheet.name)
    if unit:
        return unit, "in the sheet's name"
    formats = {
        cells[place].number_format
        for cells in sheet.rows[row + 1 :]
        for place, column in enumerate(columns)
        if column.meaning is Meaning.AMOUNT and cells[place].kind is Kind.NUMBER
    }
    # A format with a comma at its end shows thousands of what the cell holds: the cell itself is in pounds.
    if formats and all("£" in text for text in formats):
        return "pounds", "by the cells' format"
    return None, ""


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
