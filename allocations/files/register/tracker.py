"""A tracker: a table of decisions with column names of its own, read by a saved mapping.

ICBs keep what arrives in a workbook of their own: a row an allocation, a column for its reference, its month, whether
it recurs. A mapping says which field of a register each column holds, and what every row says that no column does.
"""

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl.utils import column_index_from_string
from pydantic import Field, field_validator

from allocations.files.register.layout import KIND, columns, fields
from allocations.files.register.reading import Register, row_of, where_in
from allocations.reading.amounts import money
from allocations.reading.cells import Cell, CellKind, Sheet, Workbook, read_workbook
from allocations.reading.header import DEEPEST, can_head
from allocations.reading.letters import folded
from allocations.reading.numbers import Blank, Doubt, Missing
from allocations.reading.saved_mapping import LeftOut, Letter, SavedMapping, Unit, headings, shape_problems
from allocations.reading.strict_yaml import StrictModel, Whole, read_model
from allocations.reading.units import unit_in
from ledger.entries.decisions.batch import DecisionRow
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import MONEY, Holds
from ledger.entries.decisions.fields import Field as AnyField
from ledger.entries.decisions.known import Known
from ledger.errors import Problem, refuse_any
from ledger.money import parse_pounds
from ledger.years import FinancialYear, Month, parse_month, parse_year

_FEWEST = 3
_ANY = AnyField("", Holds.TEXT, "", "")
_TOTAL = re.compile(r"^(grand |sub-?\s?)?totals?\b", re.IGNORECASE)
_NTH_MONTH = re.compile(r"^(?:m|month)?\s*(\d{1,2})$", re.IGNORECASE)
# Words of headings for fields of a register, besides the fields' own names.
_HEADED: Mapping[str, tuple[str, ...]] = {
    "amount": ("amount", "value", "allocation", "total", "£", "£000", "£k", "£m"),
    "recurrent": ("r/nr", "rec/nr", "r or nr", "recurrent/non-recurrent", "recurrence"),
    "reference": ("ref", "allocation ref", "letter", "schedule ref", "letter reference"),
    "month": ("month received", "allocation month", "m"),
    "fund": ("pot", "budget line", "programme", "funding stream", "line"),
    "note": ("description", "detail", "details", "narrative", "comment", "comments", "notes"),
    "contact": ("lead", "owner", "named contact", "nhse lead", "nhs england lead", "contact name"),
    "to": ("recipient", "paid to", "allocated to", "receiving organisation"),
}


class TrackerColumn(StrictModel):
    """One column: the field of a register that it holds, and its heading as it stood."""

    field: str
    heading: str = ""

    @field_validator("field")
    @classmethod
    def _known(cls, field: str) -> str:
        if field not in columns():
            raise ValueError(f"no decision is asked for '{field}'")
        return field


class TrackerSheet(StrictModel):
    """One sheet: where its headings stand, what its amounts are in, and its columns by their letters."""

    sheet: str
    header_row: Whole = Field(ge=1)
    unit: Unit | None = None
    columns: dict[Letter, TrackerColumn] = Field(min_length=1)
    left_out: tuple[LeftOut, ...] = ()

    @property
    def needed(self) -> list[str]:
        """The letters of all its columns."""
        return list(self.columns)


class TrackerMapping(SavedMapping):
    """What a tracker means.

    Attributes:
        always: what every row says, by field, where its columns do not: the kind of decision, who receives.
        words: words of the file by field, with what a register says instead: codes of funds and organisations.
        year: the financial year of months that are written without one.
    """

    always: dict[str, str] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)
    year: str | None = None
    sheets: tuple[TrackerSheet, ...] = Field(min_length=1)

    @property
    def parts(self) -> tuple[TrackerSheet, ...]:
        """The sheets."""
        return self.sheets

    @field_validator("always", "words")
    @classmethod
    def _known(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            if name not in columns():
                raise ValueError(f"no decision is asked for '{name}'")
        return value


def read_tracker_mapping(path: Path) -> TrackerMapping:
    """A mapping from its file.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing or impossible.
    """
    return read_model(path, TrackerMapping)


def guessed(book: Workbook) -> TrackerMapping | None:
    """A mapping to begin with, by the headings of the first sheet that looks like a tracker; None where none does.

    It is a proposal for somebody to check: nothing is posted by it before they have seen what it makes.
    """
    for sheet in book.sheets:
        if not sheet.visible:
            continue
        rows = [row for row in range(1, min(len(sheet.rows), DEEPEST) + 1) if can_head(sheet.rows[row - 1])]
        best = max(((len(_guess(sheet, row)), -row) for row in rows), default=(0, 0))
        if best[0] >= _FEWEST:
            row = -best[1]
            part = TrackerSheet(sheet=sheet.name, header_row=row, columns=_guess(sheet, row))
            return TrackerMapping(title=book.file, always={}, sheets=(part,))
    return None


def _guess(sheet: Sheet, row: int) -> dict[str, TrackerColumn]:
    known = {folded(name.replace("_", " ")): name for name in columns()}
    known |= {folded(word): name for name, words in _HEADED.items() for word in words if folded(word) not in known}
    taken: dict[str, TrackerColumn] = {}
    for letter, heading in headings(sheet, row).items():
        plain = folded(heading)
        bare = plain.partition("(")[0].strip() or plain
        name = known.get(plain) or known.get(bare)
        if name and name not in {column.field for column in taken.values()}:
            taken[letter] = TrackerColumn(field=name, heading=heading)
    return taken


def read_tracker(path: Path, mapping: TrackerMapping, known: Known) -> Register:
    """Read a tracker as a register.

    Rows that begin with a total are no decisions; where there is one such row alone, the rows are tied to it. Names of
    funds and organisations are taken for the codes of the books, where one alone has the name. A row without a date
    counts from the last day of its month.

    Raises:
        Refused: the file is of another shape than the mapping, or cells cannot be read; all of them.
    """
    book = read_workbook(path)
    problems = shape_problems(mapping, book)
    refuse_any(problems)
    by_name = {sheet.name: sheet for sheet in book.sheets}
    rows: list[DecisionRow] = []
    totals: list[tuple[str, str]] = []
    for part in mapping.sheets:
        reading = _Reading(book.file, by_name[part.sheet], part, mapping, known, is_text=path.suffix.lower() == ".csv")
        rows += reading.rows()
        totals += reading.totals
        problems += reading.problems
    refuse_any(problems)
    (where, total), *more = totals or [("", "")]
    letter = parse_pounds(total) if total and not more else None
    return Register(book.file, book.sha256, rows, letter, where if letter is not None else "")


class _Reading:
    """One sheet of a tracker as it is read: its problems, and its total rows with the place and amount of each."""

    def __init__(
        self, file: str, sheet: Sheet, part: TrackerSheet, mapping: TrackerMapping, known: Known, *, is_text: bool
    ) -> None:
        self._there = file if is_text else f"{file}, sheet {sheet.name}"
        self._sheet, self._part, self._mapping, self._is_text = sheet, part, mapping, is_text
        self._names = {column_index_from_string(letter) - 1: one.field for letter, one in part.columns.items()}
        self._words = _words(mapping, known)
        self.problems: list[Problem] = []
        self.totals: list[tuple[str, str]] = []
        self._units = {column.field: self._unit(letter, column) for letter, column in part.columns.items()
                       if fields().get(column.field, _ANY).holds in MONEY}  # fmt: skip

    def _unit(self, letter: str, column: TrackerColumn) -> str:
        """What a column of amounts is in, as the mapping or else its heading says."""
        unit = self._part.unit or unit_in(column.heading)
        if unit is None:
            found, why = "nothing says what the amounts are in.", "Pounds read as thousands are wrong a thousandfold."
            fix = "Write unit: pounds, or thousands, into the mapping, or say it in the heading: (£000)."
            self.problems.append(Problem(f"{self._there}, cell {letter}{self._part.header_row}", found, why, fix))
        return unit or "pounds"

    def rows(self) -> list[DecisionRow]:
        """The decisions of the sheet."""
        made = []
        for number, cells in enumerate(self._sheet.rows, start=1):
            if number <= self._part.header_row or not self._counts(number, cells):
                continue
            row, problems = row_of(
                [self._plain(place, cell) for place, cell in enumerate(cells)], self._names, self._there,
                is_text=self._is_text,
            )  # fmt: skip
            self.problems += problems
            given = {**self._mapping.always, **row.given}
            kind = given.pop(KIND, "").strip().lower() if not row.name else row.name
            where = where_in(self._there, {self._names[place]: cells[place].address for place in self._names},
                             cells[0].address)  # fmt: skip
            made.append(DecisionRow(kind, self._finished(given), where, row.actor))
        return made

    def _counts(self, number: int, cells: Sequence[Cell]) -> bool:
        """Whether a row is a decision: neither blank, nor a total, nor left out by the mapping."""
        held = [cells[place] for place in self._names if cells[place].kind is not CellKind.BLANK]
        if not held:
            return False
        for one in self._part.left_out:
            if folded(cells[column_index_from_string(one.column) - 1].text) == folded(one.text):
                return False
        first = next(cell for cell in cells if cell.kind is not CellKind.BLANK)
        if _TOTAL.match(first.text):
            for place, name in self._names.items():
                if name in self._units and cells[place].kind is not CellKind.BLANK:
                    plain = self._plain(place, cells[place])
                    self.totals.append((f"{self._there}, cell {plain.address}", plain.text))
            return False
        if number in self._sheet.hidden_rows:
            found = f"row {number} is {self._sheet.hidden_rows[number]}, and holds a decision."
            fix = "Show it where it counts; take it out where it does not."
            why = "Nobody who looks at the sheet sees it."
            self.problems.append(Problem(f"{self._there}, cell {cells[0].address}", found, why, fix))
        return True

    def _plain(self, place: int, cell: Cell) -> Cell:
        """A cell as a register would hold it: pounds for amounts, codes for the file's own words."""
        name = self._names.get(place)
        if name is None or cell.kind in (CellKind.BLANK, CellKind.ERROR, CellKind.UNCALCULATED):
            return cell
        if name in self._units:
            return self._pounds(cell, self._units[name])
        own = self._words.get(name, {}).get(folded(cell.text))
        return cell if own is None else cell._replace(kind=CellKind.TEXT, value=own)

    def _pounds(self, cell: Cell, unit: str) -> Cell:
        read = money(cell, unit)
        if isinstance(read, Doubt):
            self.problems.append(Problem(f"{self._there}, cell {cell.address}", read.found, read.why, read.fix))
        if isinstance(read, Missing):
            found, why = f"it says: {read.reason}.", "Without an amount there is nothing to record."
            fix = "Give the amount, or take the row out until it is known."
            self.problems.append(Problem(f"{self._there}, cell {cell.address}", found, why, fix))
        if isinstance(read, Doubt | Missing | Blank):
            return cell._replace(kind=CellKind.BLANK, value=None)
        return cell._replace(kind=CellKind.TEXT, value=f"{read.normalize():f}")

    def _finished(self, given: dict[str, str]) -> dict[str, str]:
        """What a row gives, with months by the calendar and a date where it has none."""
        month = _month(given.get("month", ""), self._mapping.year or given.get("year"))
        if month is not None:
            given["month"] = str(month)
            given.setdefault("date", str(month.last_day))
        return given


def _words(mapping: TrackerMapping, known: Known) -> dict[str, dict[str, str]]:
    """By field, the file's own words folded, with what a register says: the mapping's, then names of the books."""
    kept: dict[str, dict[str, str]] = {}
    for name, field in fields().items():
        rows = {Holds.ORGANISATION: known.organisations, Holds.FUND: known.funds}.get(field.holds, {})
        kept[name] = _once((folded(str(one["name"])), code) for code, one in rows.items())
        kept[name] |= {folded(code): code for code in rows}
        kept[name] |= {folded(word): said for word, said in mapping.words.get(name, {}).items()}
    kept[KIND] = {folded(word): said for word, said in mapping.words.get(KIND, {}).items()}
    return kept


def _once(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names that one code alone has."""
    codes: dict[str, set[str]] = {}
    for name, code in pairs:
        codes.setdefault(name, set()).add(code)
    return {name: next(iter(found)) for name, found in codes.items() if len(found) == 1}


def _month(text: str, year: str | None) -> Month | None:
    """A month as trackers write it: ``2025-06``, a day in it, ``M3`` or ``June`` of a year; None where it is none."""
    plain = text.strip()
    try:
        return parse_month(plain[:7] if re.match(r"^\d{4}-\d\d-\d\d$", plain) else plain)
    except ValueError:
        pass
    if year is None:
        return None
    nth = _NTH_MONTH.match(plain)
    try:
        if nth:
            return parse_month(f"M{nth[1]} {year}")
        return _named(plain, parse_year(year))
    except ValueError:
        return None


def _named(text: str, year: FinancialYear) -> Month | None:
    for number, names in enumerate(zip(calendar.month_name, calendar.month_abbr, strict=True)):
        if number and folded(text) in {folded(name) for name in names}:
            return Month(year.first_day.year + (number < year.first_day.month), number)
    return None


def unknown_words(book: Workbook, mapping: TrackerMapping, known: Known) -> dict[str, list[str]]:
    """The words of a tracker's columns of organisations and funds that stand for no code, by field, each once."""
    by_name, words = {sheet.name: sheet for sheet in book.sheets}, _words(mapping, known)
    found: dict[str, dict[str, None]] = {}
    for part in mapping.sheets:
        sheet = by_name.get(part.sheet)
        for letter, column in part.columns.items() if sheet else ():
            if fields().get(column.field, _ANY).holds not in (Holds.ORGANISATION, Holds.FUND):
                continue
            place = column_index_from_string(letter) - 1
            for cells in sheet.rows[part.header_row :] if sheet else ():
                first = next((cell.text for cell in cells if cell.text), "")
                text = cells[place].text
                if text and not _TOTAL.match(first) and folded(text) not in words[column.field]:
                    found.setdefault(column.field, {})[text] = None
    return {name: list(texts) for name, texts in found.items()}


def looks_like_a_tracker(book: Workbook) -> bool:
    """Whether a file has no row of headings of a register, so that a mapping has to say what its columns hold."""
    return not any(any(folded(cell.text) == KIND for cell in cells) for sheet in book.sheets for cells in sheet.rows)


def asked_of_every_row(name: str, mapping: TrackerMapping) -> list[str]:
    """The fields that a decision needs and no column of a tracker holds: what every row has to be given."""
    held = {column.field for part in mapping.sheets for column in part.columns.values()}
    held |= {"date"} if "month" in held else set()
    return [field.name for field in DECISIONS[name].fields if field.required and field.name not in held]
