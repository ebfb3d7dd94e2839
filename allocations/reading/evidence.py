"""What a file says of itself beside its amounts, and whether it agrees: its year, its unit, its currency.

Each statement is kept with its place. Headings come first, then captions, then the names of the sheet and of the
file. Agreement is silent. A contradiction is a problem that names both places; somebody can say what is meant.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from allocations.reading.amounts import UNIT_WORDS, YEAR_ENDS
from allocations.reading.cells import Cell, CellKind, Sheet
from allocations.reading.letters import tidy
from allocations.reading.units import POUNDS, UNREAD, currency_in, format_says, units_in
from allocations.reading.years_said import YearSaid, years_said
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.years import FinancialYear

HEADING, CAPTION, SHEET_NAME, FILE_NAME, NOTE, FORMAT = range(6)
_ABOUT_ALL = ("figures", "amounts", "all ", "values", "budgets", "numbers", "£")
# A note that compares names another year and says nothing of its own.
_COMPARES = (
    "uplift",
    "compar",
    "previous",
    "prior",
    "last year",
    "baseline",
    "based on",
    "from ",
    "since",
    "growth",
    "prices",
    "source",
    "outturn",
)
_IN_POUNDS = re.compile(
    r"\b(?:figures|amounts|values|budgets|numbers|all)\b.*\b(?:are|in|is)\b\W{0,4}(?:in )?\W{0,3}(?:pounds|£)"
)
_LONGEST = 300  # of a caption: what is longer is prose
_NOTE_CELLS = 2  # 'Note 1' and what it says
_BESIDE_A_YEAR = 8  # letters: 'FY', 'Year:'


class Text(NamedTuple):
    """A text that may say something of the amounts.

    Attributes:
        where: as a sentence says it: ``A1``, ``the sheet's name``.
        place: as a problem says it: ``budget.xlsx, sheet Plan, cell A1``.
        rank: of ``HEADING``, ``CAPTION``, ``SHEET_NAME``, ``FILE_NAME``: the lower, the nearer to the amounts.
    """

    where: str
    place: str
    text: str
    rank: int

    @property
    def quoted(self) -> str:
        """The text with where it stands, for a sentence."""
        return f"{self.where} ('{self.text[:80]}')"


class UnitSaid(NamedTuple):
    """A unit, and what says so."""

    unit: str
    by: Text


def texts_of(file: str, sheet: Sheet, header_row: int, headings: Sequence[Text]) -> list[Text]:
    """The headings given, the captions above a header (its row from 0), and the names of the sheet and of the file.

    A line of units right below the header counts as a caption.
    """
    heads = {text.where for text in headings}
    found = list(headings)
    for row in (*sheet.rows[:header_row], *sheet.rows[header_row + 1 : header_row + 2]):
        texts = [cell for cell in row if cell.kind is CellKind.TEXT]
        if row is not sheet.rows[header_row] and any(cell.kind is CellKind.NUMBER for cell in row) and texts:
            texts = texts[:1] if row in sheet.rows[:header_row] else []
        for cell in texts:
            if cell.address not in heads and len(cell.text) <= _LONGEST:
                found.append(caption(file, sheet, cell))
    stem = file.rsplit(".", 1)[0]
    found.append(Text("the sheet's name", f"{file}, sheet {sheet.name}", tidy(sheet.name), SHEET_NAME))
    if sheet.name != stem:
        found.append(Text("the file's name", file, tidy(stem), FILE_NAME))
    return found


def caption(file: str, sheet: Sheet, cell: Cell, rank: int = CAPTION) -> Text:
    """The text of a cell, with its place."""
    return Text(cell.address, f"{file}, sheet {sheet.name}, cell {cell.address}", tidy(cell.text), rank)


def notes_of(file: str, sheet: Sheet, first_row: int) -> list[Text]:
    """Lines of text alone, below a header, that say of all amounts in what they are, or for which year.

    A line that is a unit or a year and nothing else says it of what stands below it.
    """
    found: list[Text] = []
    for row in sheet.rows[first_row:]:
        cells = [cell for cell in row if cell.kind is not CellKind.BLANK]
        if len(cells) > _NOTE_CELLS or any(
            cell.kind is not CellKind.TEXT or len(cell.text) > _LONGEST for cell in cells
        ):
            continue
        found.extend(caption(file, sheet, cell, NOTE) for cell in cells if _is_note(tidy(cell.text)))
    return found


def _is_note(text: str) -> bool:
    plain = text.casefold()
    units, years = units_in(text), years_said(text)
    is_about_all = any(word in plain for word in _ABOUT_ALL)
    if (units and units != (POUNDS,)) or currency_in(text):
        return is_about_all
    if units and _IN_POUNDS.search(plain):
        return True
    is_year_alone = len(years) == 1 and len(plain) - len(years[0].text) <= _BESIDE_A_YEAR
    return bool(years) and (is_year_alone or (is_about_all and not any(word in plain for word in _COMPARES)))


# --- years ------------------------------------------------------------------------------------------


def year_problems(texts: Iterable[Text], asked: FinancialYear, *, short_year: str | None = None) -> list[Problem]:
    """Where a file speaks of another year than the one asked for, or of one that may be another.

    Args:
        short_year: what the number in ``FY26`` is, ``ends`` or ``starts``, once somebody has said it.
    """
    said = [(text, _settled(each, short_year)) for text in texts for each in _years_in(text)]
    agreeing = next((text for text, each in said if each.years == (asked,)), None)
    problems: list[Problem] = []
    for rank in sorted({text.rank for text, _ in said}):
        here = [(text, each) for text, each in said if text.rank == rank]
        if any(each.years == (asked,) for _, each in here):
            problems.extend(_beside_it(here, asked, said))
            continue
        may_be = [(text, each) for text, each in here if asked in each.years and not each.all_of_them]
        if not may_be:
            problems.append(_other_year(here[0][0], here[0][1], asked, agreeing))
        elif agreeing is None and any(each.short for _, each in may_be):
            text, each = next(pair for pair in may_be if pair[1].short)
            problems.append(_short_year(text, each))
    return problems[:1]


def _beside_it(
    texts: Sequence[tuple[Text, YearSaid]], asked: FinancialYear, years: Sequence[tuple[Text, YearSaid]]
) -> Iterator[Problem]:
    """Another year beside the one asked for: in a text of its own, or in one that is the only one to name both."""
    both = {text for text, each in texts if each.years == (asked,)}
    alone = {text for text, _ in years if {each.years for other, each in years if other == text} == {(asked,)}}
    agreeing = next(iter(alone or both))
    for text, each in texts:
        is_other = asked not in each.years and not any(word in text.text.casefold() for word in _COMPARES)
        # Columns of other years stand beside this year's; each title speaks of everything.
        if is_other and (not alone if text in both else text.rank != HEADING):
            yield _other_year(text, each, asked, None if text in both else agreeing)


def _years_in(text: Text) -> tuple[YearSaid, ...]:
    return years_said(text.text, is_name=text.rank in (SHEET_NAME, FILE_NAME))


def _settled(year: YearSaid, short_year: str | None) -> YearSaid:
    if len(year.years) == 1 or short_year is None or year.all_of_them:
        return year
    return year._replace(years=year.years[:1] if short_year == YEAR_ENDS else year.years[1:])


def _other_year(text: Text, stated: YearSaid, asked: FinancialYear, agreeing: Text | None) -> Problem:
    years = (" and " if stated.all_of_them else " or ").join(str(year) for year in stated.years)
    beside = f"; {agreeing.quoted} says {asked}" if agreeing else ""
    return Problem(
        text.place,
        f"the file speaks of {years} in {text.quoted}, and {asked} was asked for{beside}.",
        "Money of one year cannot stand in another.",
        f"Bring it in for its own year; if it is meant for {asked} all the same, say so {Input.OTHER_YEAR.given}.",
    )


def _short_year(text: Text, year: YearSaid) -> Problem:
    first, second = year.years
    return Problem(
        text.place,
        f"'{year.text}' in {text.where} may be {first} or {second}.",
        f"Most people mean {first}, the year that ends then, but not all.",
        f"Write {first} or {second}, or confirm it once for the file {Input.SHORT_YEAR.given}.",
    )


# --- units and currencies ---------------------------------------------------------------------------


def units_said(texts: Iterable[Text]) -> list[UnitSaid]:
    """Every unit that texts state."""
    return [UnitSaid(unit, text) for text in texts for unit in units_in(text.text)]


def formats_of(file: str, sheet: Sheet, cells: Iterable[Cell]) -> list[Text]:
    """The formats of cells of numbers, each once, with the first cell that has it."""
    first: dict[str, Cell] = {}
    for cell in cells:
        if cell.kind is CellKind.NUMBER and cell.number_format not in first:
            first[cell.number_format] = cell
    return [
        Text(f"the format of {cell.address}", f"{file}, sheet {sheet.name}, cell {cell.address}", number_format, FORMAT)
        for number_format, cell in first.items()
    ]


def unit_of_format(text: Text) -> list[UnitSaid]:
    """The unit of the numbers themselves, where their format tells it."""
    unit = format_says(text.text).unit
    return [] if unit is None else [UnitSaid(unit, text)]


def unit_problem(units: Sequence[UnitSaid]) -> Problem | None:
    """Where two statements of the unit contradict each other, or one is of a unit that is not read."""
    unread = next((each for each in units if each.unit in UNREAD), None)
    if unread is not None:
        return Problem(
            unread.by.place,
            f"{unread.by.quoted} says {unread.unit}.",
            "Amounts are read in pence, pounds, thousands or millions.",
            "Give them in one of these.",
        )
    first = units[0] if units else None
    other = next((each for each in units if first is not None and each.unit != first.unit), None)
    if first is None or other is None:
        return None
    return Problem(
        other.by.place,
        f"{first.by.quoted} says {spoken(first.unit)}, and {other.by.quoted} says {spoken(other.unit)}.",
        "Pounds read as thousands are wrong a thousandfold.",
        f"Say what the amounts are in {Input.UNIT.given}.",
    )


def spoken(unit: str) -> str:
    """A unit as a sentence says it."""
    return "pounds" if unit == POUNDS else UNIT_WORDS[unit]


def currency_problem(texts: Iterable[Text]) -> Problem | None:
    """The first text or format that names another currency."""
    for text in texts:
        currency = format_says(text.text).currency if text.rank == FORMAT else currency_in(text.text)
        if currency is not None:
            return Problem(
                text.place,
                f"{text.quoted} says that the amounts are in {currency}.",
                "The books are in pounds, and nothing is converted.",
                "Give the amounts in pounds.",
            )
    return None
