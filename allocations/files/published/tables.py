"""A table in a sheet, found by what its headers mean, and every row of it accounted for.

A reader says which columns it wants and by which phrases they go. Here the header row is found, wherever it
stands and in whatever order its columns are; what is missing or ambiguous is a problem with its sheet and
cell; and a row that a reader does not take is set aside with a reason, never dropped.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl.utils.cell import range_boundaries

from allocations.files.published.headings import HeaderMeaning, HeaderUnit, meaning
from allocations.reading.cells import Cell, CellKind, Sheet, Workbook
from ledger.errors import Problem
from ledger.years import FinancialYear

HEADER_WITHIN = 20
_NUMBER = re.compile(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?([eE][-+]?\d{1,3})?", re.ASCII)
_DASHES = frozenset({"-", "\u2010", "\u2011", "\u2013", "\u2014", "\u2212"})
_MISSING = frozenset({"n/a", "na", "nil return", "tbc", "[x]", "[c]", "[z]", "not available", ".."})
_SHOWN = 60
_BEYOND = 10**15  # pounds or people: more than any published figure, and what exact sums can hold
ANY_UNIT = frozenset({None, *HeaderUnit})
MONEY = frozenset({None, HeaderUnit.POUNDS, HeaderUnit.THOUSANDS, HeaderUnit.MILLIONS})
PER_HEAD = frozenset({HeaderUnit.PER_HEAD})
PERCENT = frozenset({None, HeaderUnit.PERCENT})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A column that a reader looks for.

    Attributes:
        name: what the reader calls it; also what a problem calls it.
        phrases: headers that mean it; years, units, case, order and punctuation do not matter.
        key: a row without it is no header of this table.
        needed: without it there is a problem.
        edition: where the header is there for two editions of a list of codes, take the "older" or the "newer".
        units: what it may count in; a header that says no unit fits where none is excluded by name.
        this_year: a header that names other years than the one asked for does not mean it.
    """

    name: str
    phrases: tuple[str, ...]
    key: bool = False
    needed: bool = True
    edition: str | None = None
    units: frozenset[HeaderUnit | None] = ANY_UNIT
    this_year: bool = False

    def meant_by(self, header: HeaderMeaning) -> bool:
        """Whether a header means this column."""
        if header.unit not in self.units:
            return False
        return any(meaning(phrase).words in (header.words, header.main) for phrase in self.phrases)


@dataclass(frozen=True, slots=True)
class ColumnHeader:
    """One column's header. ``column`` counts from 0."""

    text: str
    meaning: HeaderMeaning
    column: int
    cell: str


@dataclass(frozen=True, slots=True)
class RowsNotRead:
    """Rows that were not read, and why; ``last`` is ``first`` for a single row."""

    sheet: str
    first: int
    last: int
    why: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRead:
    """What is said of every file that was read, beside its figures.

    Attributes:
        problems: what is wrong with it; with any, nothing of it is posted.
        set_aside: rows that were not read, with the reason.
        remarks: what a reader of its figures should know.
        ties: what in it sums to what it should, in sentences.
    """

    problems: tuple[Problem, ...]
    set_aside: tuple[RowsNotRead, ...]
    remarks: tuple[str, ...]
    ties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row below a header. ``number`` is the sheet's own, from 1."""

    number: int
    cells: tuple[Cell, ...]
    columns: dict[str, ColumnHeader]
    filled: Mapping[tuple[int, int], Cell]

    def __getitem__(self, name: str) -> Cell:
        """The cell in a column; in a merged area, the cell that the area shows."""
        column = self.columns[name].column
        cell = self.cells[column]
        if cell.kind is CellKind.BLANK and self.filled:
            return self.filled.get((self.number, column), cell)
        return cell

    def text(self, name: str) -> str:
        """The text in a column; empty where the cell is blank or the table has no such column."""
        return self[name].text if name in self.columns else ""

    @property
    def blank(self) -> bool:
        """Whether nothing stands in the row."""
        return all(cell.kind is CellKind.BLANK or not cell.text for cell in self.cells)

    @property
    def texts(self) -> list[str]:
        """What stands in the row, in order, without blanks."""
        return [cell.text for cell in self.cells if cell.text]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table that was found.

    Attributes:
        columns: by the name of the wanted column; its rows share them, so that a column which is understood
            later is known to every row.
        headings: every header.
        titles: the filled cells above the header, up to the table before.
    """

    sheet: Sheet
    header_row: int
    columns: dict[str, ColumnHeader]
    headings: tuple[ColumnHeader, ...]
    rows: tuple[Row, ...]
    titles: tuple[Cell, ...] = ()

    @property
    def others(self) -> tuple[ColumnHeader, ...]:
        """Headers that nobody asked for."""
        taken = {heading.column for heading in self.columns.values()}
        return tuple(heading for heading in self.headings if heading.column not in taken)


@dataclass
class Notes:
    """What a reader finds beside its figures, gathered for a ``FileRead``."""

    file: str
    problems: list[Problem] = field(default_factory=list)
    set_aside: list[RowsNotRead] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    ties: list[str] = field(default_factory=list)

    def gathered(self) -> dict[str, Any]:
        """All of it, by the names of a ``FileRead``."""
        return {each.name: tuple(getattr(self, each.name)) for each in fields(FileRead)}

    def place(self, sheet: Sheet | None = None, cell: str | None = None) -> str:
        """File, sheet and cell. A CSV file's only sheet has the file's name and is not said twice."""
        named = "" if sheet is None or sheet.name == Path(self.file).stem else f", sheet {sheet.name}"
        return f"{self.file}{named}{f', cell {cell}' if cell else ''}"

    def problem(self, sheet: Sheet | None, cell: str | None, found: str, why: str, remedy: str) -> None:
        """Note a fault, with its place."""
        self.problems.append(Problem(self.place(sheet, cell), found, why, remedy))

    def aside(self, sheet: Sheet, row: Row, why: str) -> None:
        """Set a row aside; rows that follow one another for one reason and hold nothing are said as a range."""
        text = " | ".join(row.texts)[:_SHOWN]
        if self.set_aside and not text:
            before = self.set_aside[-1]
            if before.sheet == sheet.name and before.why == why and before.last == row.number - 1 and not before.text:
                self.set_aside[-1] = RowsNotRead(sheet.name, before.first, row.number, why)
                return
        self.set_aside.append(RowsNotRead(sheet.name, row.number, row.number, why, text))

    def number(self, sheet: Sheet, cell: Cell, what: str, *, dash_is_missing: bool = False) -> Decimal | None:
        """The exact number in a cell; none, with a problem, where there is no number.

        Args:
            what: the column's name, for the problem.
            dash_is_missing: a dash says that there is no such figure, and is no problem.
        """
        found = exact_number(cell)
        if found is not None and abs(found) < _BEYOND:
            return found
        text = cell.text
        if dash_is_missing and cell.kind is CellKind.TEXT and text in _DASHES:
            return None
        shown = _in_words(cell)
        why = "A figure that is missing is never taken as zero." if _absent(cell) else "A number is needed here."
        self.problem(sheet, cell.address, f"{what} is {shown}.", why, "Correct the cell, or ask the publisher for it.")
        return None


def exact_number(cell: Cell) -> Decimal | None:
    """The number that a cell holds, as a number or as text; none for anything else."""
    if cell.kind is CellKind.NUMBER:
        return Decimal(str(cell.value))
    return plain_number(cell.text) if cell.kind is CellKind.TEXT else None


def plain_number(text: str) -> Decimal | None:
    """The number that a text is: ``1,234.5``, ``-56``, ``\u221256``, ``(56)``; none for anything else."""
    cleaned = text.replace("\u2212", "-").replace("£", "").strip()
    negative = cleaned.startswith("(") and cleaned.endswith(")")
    cleaned = cleaned[1:-1].strip() if negative else cleaned
    if not _NUMBER.fullmatch(cleaned):
        return None
    found = Decimal(cleaned.replace(",", ""))
    return -found if negative else found


def _absent(cell: Cell) -> bool:
    return cell.kind is CellKind.BLANK or cell.text in _DASHES or cell.text.casefold() in _MISSING


def _in_words(cell: Cell) -> str:
    if cell.kind is CellKind.BLANK:
        return "empty"
    if cell.kind is CellKind.UNCALCULATED:
        return "a formula that was never calculated"
    return f"'{cell.text[:_SHOWN]}'"


def find(
    sheet: Sheet,
    wanted: Sequence[Wanted],
    notes: Notes,
    *,
    within: int | None = HEADER_WITHIN,
    ends: Sequence[int] = (),
    year: FinancialYear | None = None,
) -> list[PublishedTable]:
    """Every table in a sheet whose header has all key columns.

    A header that is missing a needed column, or says one twice, is a problem; the table is still returned,
    so that its other faults are found as well. A header may take two rows, the upper one merged over several
    columns.

    Args:
        within: look for the header in so many rows; none looks in all, for sheets with several tables.
        ends: rows, from 1, at which a table ends because another begins.
        year: where a column is there for several years, the one to take.
    """
    filled = merged_cells(sheet)
    found: list[tuple[int, dict[str, ColumnHeader], tuple[ColumnHeader, ...]]] = []
    for index in range(len(sheet.rows) if within is None else min(within, len(sheet.rows))):
        header = _header(sheet, index, wanted, filled, notes, year)
        if header is not None:
            found.append((index, *header))
            if within is not None:
                break
    stops = sorted({*(index for index, _, _ in found), *(row - 1 for row in ends), len(sheet.rows)})
    tables = []
    above = 0
    for index, columns, headings in found:
        stop = min(stop for stop in stops if stop > index)
        rows = tuple(Row(at + 1, sheet.rows[at], columns, filled) for at in range(index + 1, stop))
        titles = tuple(cell for row in sheet.rows[above:index] for cell in row if cell.text)
        tables.append(PublishedTable(sheet, index + 1, columns, headings, rows, titles))
        above = stop
    return tables


def header_rows(sheet: Sheet, shapes: Sequence[Sequence[Wanted]]) -> list[int]:
    """The rows, from 1, that have every key column of one of several tables: there a table begins."""
    keys = [
        [[meaning(phrase).words for phrase in column.phrases] for column in wanted if column.key] for wanted in shapes
    ]
    found = []
    for number, row in enumerate(sheet.rows, start=1):
        words = {meaning(cell.text).words for cell in row if cell.kind is CellKind.TEXT}
        if any(all(any(phrase in words for phrase in column) for column in wanted) for wanted in keys):
            found.append(number)
    return found


def _header(
    sheet: Sheet,
    index: int,
    wanted: Sequence[Wanted],
    filled: Mapping[tuple[int, int], Cell],
    notes: Notes,
    year: FinancialYear | None,
) -> tuple[dict[str, ColumnHeader], tuple[ColumnHeader, ...]] | None:
    for headings in _readings(sheet, index, filled, wanted):
        fits = {column.name: [heading for heading in headings if column.meant_by(heading.meaning)] for column in wanted}
        if all(fits[column.name] for column in wanted if column.key):
            columns = {}
            for column in wanted:
                chosen = _choose(sheet, column, fits[column.name], headings, notes, year)
                if chosen is not None:
                    columns[column.name] = chosen
            return columns, tuple(headings)
    return None


def _readings(
    sheet: Sheet, index: int, filled: Mapping[tuple[int, int], Cell], wanted: Sequence[Wanted]
) -> Iterator[list[ColumnHeader]]:
    """The row as a header of its own, and then together with the row above it, if that could be one."""
    row = sheet.rows[index]
    yield [_heading(cell.text, number, cell) for number, cell in enumerate(row) if cell.kind is CellKind.TEXT]
    if index == 0:
        return
    over = [filled.get((index, number), cell) for number, cell in enumerate(sheet.rows[index - 1])]
    words = frozenset().union(*(meaning(cell.text).words for cell in (*over, *row) if cell.kind is CellKind.TEXT))
    if not all(any(meaning(phrase).words <= words for phrase in column.phrases) for column in wanted if column.key):
        return
    both = []
    for number, pair in enumerate(zip(over, row, strict=True)):
        text = " ".join(part.text for part in pair if part.kind is CellKind.TEXT)
        if text:
            both.append(_heading(text, number, pair[1]))
    yield both


def _heading(text: str, column: int, cell: Cell) -> ColumnHeader:
    return ColumnHeader(text, meaning(text), column, cell.address)


def _choose(
    sheet: Sheet,
    column: Wanted,
    fits: Sequence[ColumnHeader],
    headings: Sequence[ColumnHeader],
    notes: Notes,
    year: FinancialYear | None,
) -> ColumnHeader | None:
    if year is not None and column.this_year:
        fits = [heading for heading in fits if not heading.meaning.years or year in heading.meaning.years]
    if year is not None and len(fits) > 1:
        of_year = [heading for heading in fits if year in heading.meaning.years]
        fits = of_year or fits
    editions = [heading.meaning.edition or 0 for heading in fits]
    if column.edition and len(fits) > 1:
        wanted = min(editions) if column.edition == "older" else max(editions)
        fits = [heading for heading in fits if heading.meaning.edition == wanted]
    if len(fits) == 1:
        return fits[0]
    if fits:
        cells = ", ".join(heading.cell for heading in fits)
        notes.problem(
            sheet,
            fits[0].cell,
            f"the column '{column.name}' is there {len(fits)} times: {cells}.",
            "It cannot be told which one is meant.",
            "Rename or remove the others.",
        )
    elif column.needed:
        first = headings[0].cell if headings else None
        seen = ", ".join(f"'{heading.text}' ({heading.cell})" for heading in headings)
        notes.problem(
            sheet,
            first,
            f"there is no column for '{column.name}' in this header row.",
            f"It is needed. The headers are: {seen}.",
            f"Name a column '{column.phrases[0]}', or give the file as it was published.",
        )
    return None


def merged_cells(sheet: Sheet) -> dict[tuple[int, int], Cell]:
    """For each cell hidden by a merged area, (row from 1, column from 0), the cell that the area shows."""
    shown = {}
    for area in sheet.merged:
        left, top, right, bottom = (int(bound or 0) for bound in range_boundaries(area))
        if not left or not top or top > len(sheet.rows) or left > len(sheet.rows[top - 1]):
            continue
        first = sheet.rows[top - 1][left - 1]
        for row in range(top, bottom + 1):
            for column in range(left - 1, right):
                if (row, column) != (top, left - 1):
                    shown[row, column] = first
    return shown


def visible_sheets(workbook: Workbook, notes: Notes) -> list[Sheet]:
    """The sheets to read. Hidden ones are not read, and that is said."""
    for sheet in workbook.sheets:
        if not sheet.visible:
            notes.remarks.append(f"Sheet {sheet.name} is hidden and was not read.")
    return [sheet for sheet in workbook.sheets if sheet.visible]
