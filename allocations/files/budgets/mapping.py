"""What the columns of somebody's budget mean, as a file: worked out once, saved, and used again next month."""

import hashlib
import re
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from openpyxl.utils import column_index_from_string, get_column_letter
from pydantic import Field, field_validator

from allocations.files.budgets.receivers import Receivers
from allocations.reading.amounts import Doubt
from allocations.reading.cells import Cell, Kind, Sheet, Workbook
from allocations.reading.header import Areas, ColumnHead, over
from allocations.reading.letters import folded, tidy
from allocations.reading.strict_yaml import StrictModel, read_model
from allocations.reading.units import per_head_in, unit_in
from allocations.reading.years_said import YearSaid, years_said
from ledger.errors import Problem, Refused
from ledger.inputs import Action, Input
from ledger.years import FinancialYear

Unit = Literal["pence", "pounds", "thousands", "millions"]
Letter = Annotated[str, Field(pattern=r"^[A-Z]{1,3}$")]


class Meaning(StrEnum):
    """What a column holds."""

    CODE = "code"  # of the organisation that receives
    NAME = "name"  # of that organisation
    PARENT = "parent"  # a code of who is above it: its rows of that code are subtotals
    FUND = "fund"
    LINE = "line"  # a description that tells rows of one organisation apart
    YEAR = "year"
    MONTH = "month"
    RECURRENT = "recurrent"  # whether the row's money recurs
    AMOUNT = "amount"
    PART = "part"  # of the amount beside it ("of which"): says what of it recurs, and adds nothing
    TOTAL = "total"  # of amounts in the row: checked, never posted
    IGNORED = "ignored"
    UNDECIDED = "undecided"  # an amount or not: written where that could not be told, and refused until it is said


class ColumnMapping(StrictModel):
    """One column.

    Attributes:
        heading: as it stood in the file; another heading means another shape.
        month: 4 for April; of an amount.
        recurrent: of an amount.
        organisation: the code of the receiver, where places stand across.
        fund: the code of the fund that the column's amounts belong to.
        unit: where it differs from the sheet's.
    """

    meaning: Meaning
    heading: str = ""
    month: int | None = Field(default=None, ge=1, le=12)
    recurrent: bool | None = None
    organisation: str | None = None
    fund: str | None = None
    unit: Unit | None = None


class LeftOut(StrictModel):
    """Rows that count in the file's own total and are not budgets: those with this text in this column."""

    column: Letter
    text: str
    reason: str


class SheetMapping(StrictModel):
    """One sheet: where its header stands, its unit, and its columns by their letters."""

    sheet: str
    header_row: int = Field(ge=1)
    unit: Unit | None = None
    columns: dict[Letter, ColumnMapping]
    left_out: tuple[LeftOut, ...] = ()

    def of(self, meaning: Meaning) -> dict[int, ColumnMapping]:
        """The columns of a meaning, by their place from 0, left to right."""
        found = {column_index_from_string(letter) - 1: column for letter, column in self.columns.items()}
        return {place: found[place] for place in sorted(found) if found[place].meaning is meaning}


class Settings(StrictModel):
    """What nobody should guess: said once for the file.

    Attributes:
        dash: what a dash in a column of amounts means.
        rounding: ``penny`` lets amounts that are not whole pence be rounded, halves away from zero; said and recorded.
        duplicates: ``add`` lets several rows stand for one organisation, fund and month.
        hidden: whether hidden rows and columns with amounts are read or left out.
        short_year: what the number in ``FY26`` is.
        other_year: ``meant`` where the file speaks of another year and its money is meant for the one asked for.
        months: whether amounts under months are ``each`` month's, or ``running`` up from the first.
        total_rounded_to: pounds to which the file's totals were rounded on purpose.
    """

    dash: Literal["zero", "blank"] | None = None
    rounding: Literal["penny"] | None = None
    duplicates: Literal["add"] | None = None
    hidden: Literal["read", "leave out"] | None = None
    short_year: Literal["ends", "starts"] | None = None
    other_year: Literal["meant"] | None = None
    months: Literal["each", "running"] | None = None
    total_rounded_to: int | None = Field(default=None, ge=1, le=1_000_000)


class BudgetMapping(StrictModel):
    """What a file of budgets means.

    Attributes:
        fingerprint: of the file's shape when the mapping was saved: its sheets' names, header rows and headings.
        funds: words of the file for funds, with the codes of the books.
        organisations: names of the file for organisations, with the codes of the books.
    """

    title: str = ""
    fingerprint: str | None = None
    settings: Settings = Settings()
    funds: dict[str, str] = Field(default_factory=dict)
    organisations: dict[str, str] = Field(default_factory=dict)
    sheets: tuple[SheetMapping, ...] = Field(min_length=1)

    @field_validator("sheets")
    @classmethod
    def _once(cls, sheets: tuple[SheetMapping, ...]) -> tuple[SheetMapping, ...]:
        names = [sheet.sheet for sheet in sheets]
        if len(set(names)) < len(names):
            raise ValueError("a sheet stands twice, and would be counted twice")
        for sheet in sheets:
            if not (sheet.of(Meaning.AMOUNT) or sheet.of(Meaning.UNDECIDED)):
                raise ValueError(f"sheet '{sheet.sheet}' has no column of amounts")
        return sheets


def read_mapping(path: Path) -> BudgetMapping:
    """A mapping from its file.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing or impossible.
    """
    return read_model(path, BudgetMapping)


def save_mapping(path: Path, mapping: BudgetMapping, workbook: Workbook) -> None:
    """Write a mapping to a file, with the fingerprint of the workbook it fits. A file that is there is replaced.

    Raises:
        Refused: it cannot be written.
    """
    fitted = mapping.model_copy(update={"fingerprint": fingerprint(mapping, workbook)})
    plain: dict[str, Any] = fitted.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
    try:
        path.write_text(
            f"# What the columns of a budget workbook mean. Check it, and give it with the next one.\n{text}", "utf-8"
        )
    except OSError as error:
        raise Refused(
            [Problem(str(path), "it cannot be written.", "The mapping would be lost.", "Name another file.")]
        ) from error


def headings(sheet: Sheet, header_row: int) -> dict[str, str]:
    """The headings of a sheet by their columns' letters, tidy; columns without one are left out."""
    if header_row > len(sheet.rows):
        return {}
    return {
        get_column_letter(place): tidy(above.cell.text)
        for place, above in enumerate(over(sheet, header_row - 1, Areas(sheet)), start=1)
        if above.cell.text
    }


def fingerprint(mapping: BudgetMapping, workbook: Workbook) -> str:
    """The SHA-256 of the shape that a mapping relies on: sheets by name, header rows, and every heading."""
    by_name = {sheet.name: sheet for sheet in workbook.sheets}
    lines = []
    for part in mapping.sheets:
        sheet = by_name.get(part.sheet)
        lines.append(f"{part.sheet}\x1f{part.header_row}")
        lines.extend(
            f"{letter}\x1f{text}" for letter, text in headings(sheet, part.header_row).items()
        ) if sheet else None
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def undecided(mapping: BudgetMapping, workbook: Workbook) -> list[Problem]:
    """The columns of which a mapping does not say what they are."""
    return [
        Problem(
            f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}",
            f"the mapping leaves undecided what '{column.heading}' is.",
            "Adding it up with others could count money twice.",
            "Write 'amount', 'total' or 'ignored' as its meaning.",
        )
        for part in mapping.sheets
        for letter, column in part.columns.items()
        if column.meaning is Meaning.UNDECIDED
    ]


def shape_problems(mapping: BudgetMapping, workbook: Workbook) -> list[Problem]:
    """Where a workbook has another shape than the one a mapping was made for; empty where it fits."""
    found: list[Problem] = []
    by_name = {sheet.name: sheet for sheet in workbook.sheets}
    why = "The mapping was made for a file of another shape, and could read the wrong column."
    remedy = f"Check the file; if it is meant, {Action.NEW_MAPPING.done()}."
    for part in mapping.sheets:
        sheet = by_name.get(part.sheet)
        if sheet is None:
            known = ", ".join(by_name) or "none"
            place = f"{workbook.file}, sheet {part.sheet}"
            found.append(Problem(place, f"there is no such sheet; there are {known}.", why, remedy))
            continue
        now = headings(sheet, part.header_row)
        width = len(sheet.rows[0]) if sheet.rows else 0
        if part.header_row > len(sheet.rows) or any(place >= width for place in part.of(Meaning.AMOUNT)):
            place = f"{workbook.file}, sheet {part.sheet}"
            sentence = f"it has {len(sheet.rows)} rows and {width} columns, and the mapping speaks of more."
            found.append(Problem(place, sentence, why, remedy))
            continue
        for letter, column in part.columns.items():
            was, at_present = tidy(column.heading), now.pop(letter, "")
            if was != at_present:
                place = f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}"
                found.append(Problem(place, f"the heading was '{was}' and is now '{at_present}'.", why, remedy))
        if mapping.fingerprint is not None and mapping.fingerprint != fingerprint(mapping, workbook):
            for letter, text in now.items():
                place = f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}"
                found.append(Problem(place, f"there is a column '{text}' that the mapping does not know.", why, remedy))
    if not found and mapping.fingerprint is not None and mapping.fingerprint != fingerprint(mapping, workbook):
        found.append(Problem(workbook.file, "its headings are not those the mapping was saved with.", why, remedy))
    return found


def cell_place(workbook: str, sheet: str, cell: Cell | str) -> str:
    """Where a cell stands, as every message says it: ``budget.xlsx, sheet Plan, cell D14``."""
    return f"{workbook}, sheet {sheet}, cell {cell if isinstance(cell, str) else cell.address}"


MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(
    r"^(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?[\s'\u2019/-]*(?P<year>20\d{2}|\d{2})?$"
)
_NUMBERED = re.compile(r"^(?:m|p|mth|month|period)\s*0?(\d{1,2})$")
_UNIT_WORDS = r"(?:£|000|k\b|m\b|million|thousand|pounds|pence|gbp)"
_UNIT_STATED = re.compile(rf"[(\[][^)\]]*{_UNIT_WORDS}[^)\]]*[)\]]|£\s*['\u2019]?\s*(?:000s?|k|m)?\b|£")
_TOTAL = re.compile(
    r"^(?:grand |overall |sub[- ]?|annual |full[- ]year |year |in[- ]year )*total\b|\btotal$|"
    r"^(?:full|whole)[- ]year\b|^annual\b|^sum\b|^fye?\b$"
)
# A total of months where there are months; beside what was spent so far it is the budget itself.
_OF_THE_YEAR = re.compile(r"^(?:full|whole|annual|year)\b")
_PIVOT = re.compile(r"^(?:sum|total) of ")
_PART = re.compile(r"^(?:of which|o/w|thereof|memo(?:randum)?\b|including|incl\b|included|being\b)")
_RECURRENCE = re.compile(
    r"^r ?(?:/|or) ?nr$|^rec(?:urrent|urring)? ?(?:/|or) ?non[- ]?rec(?:urrent|urring)?$|"
    r"^recurrence ?\??$|^recurr(?:ent|ing) ?\?$|^r ?/ ?n$"
)
_NON_RECURRENT = re.compile(r"\bnon[- ]?rec(?:urrent|urring)?\b|^nr\b|\bn/r\b|\bone[- ]off\b")
_RECURRENT = re.compile(r"\brec(?:urrent|urring)\b|^rec\b|^r$")
_WORDS = tuple(
    (meaning, re.compile(pattern))
    for meaning, pattern in (
        (Meaning.PART, _PART.pattern),
        (Meaning.CODE, r"\bcode\b|^ods\b|\bods$|^org(?:anisation)? id$|^icb\d\d$|^gss\b"),
        (Meaning.YEAR, r"^(?:financial |fiscal )?year$|^fy$"),
        (Meaning.MONTH, r"^(?:month|period|mth)$"),
        (
            Meaning.FUND,
            r"^(?:(?:fund|funding)(?: code| name| stream)?|pot|stream|(?:allocation|budget) line|ring.?fence)$",
        ),
        (Meaning.LINE, r"^(?:(?:service )?line|service|programme|description|category|narrative|scheme|cost centre)$"),
        (Meaning.LINE, r"^(?:heading|purpose|item)$"),
        (Meaning.NAME, r"^row labels?$"),
        (Meaning.NAME, r"\bname\b|^(?:organi[sz]ation|org|places?|(?:gp )?practice|pcn|network|icb|locality)$"),
        (Meaning.NAME, r"^(?:neighbourhood|provider|recipient|receiver|partner|integrated care board(?: \(icb\))?)$"),
    )
)
_AMOUNT = re.compile(
    r"\b(?:amounts?|budgets?|allocations?|allocated|value|funding|plan|planned|award|share|envelope|control total|"
    r"baseline|final|revised|approved|agreed)\b"
)
# What a column of numbers is that is no budget, whatever else its heading says.
_NO_BUDGET = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (r"\bvar(?:iance|iation)?\b|\b(?:over|under)[ /-]*(?:under)?spends?\b|\bdiff(?:erence)?\b", "a variance"),
        (r"\bytd\b|\bto[- ]date\b|\bcumulative\b|\bso far\b", "money to date"),
        (r"\bforecast\b|\bfot\b|\boutturn\b|\bprojected\b|\bprojection\b", "a forecast"),
        (r"\bactuals?\b|\bspen[dt]\b|\bexpenditure\b|\bpaid\b|\binvoiced\b|\bcommit(?:ted|ments?)\b", "money spent"),
        (r"\bdraft\b|\bproposed\b|\bproposal\b|\bsuperseded\b", "a draft"),
        (r"\b(?:last|prior|previous) year\b|\bpy\b", "last year's money"),
        (r"\bremaining\b|\buncommitted\b|\bbalance\b", "what is left"),
    )
)
# What it is unless its heading says that it is a budget too.
_NO_AMOUNT = tuple(
    (re.compile(pattern), what)
    for pattern, what in (
        (
            r"\bgrowth\b|\buplift\b|\b(?:in|de)crease\b|\bchange\b|\bmovement\b|\binflation\b|\bconvergence\b",
            "a change",
        ),
        (r"\bdistance\b|\bsavings?\b|\befficienc(?:y|ies)\b|\bcip\b|\badjustments?\b", "a change"),
    )
)
_NO_MONEY = re.compile(
    r"\blist sizes?\b|\bpatients?\b|\bpopulation\b|\bpeople\b|\bregistered\b|\bweighted\b|\bheadcount\b|"
    r"\bw?fte\b|\bwte\b|"
    r"\bnumber of\b|\bno\.? of\b|\bcount\b|\bpractices\b|\bsites\b|\baverage\b|\brank\b"
)
TOTAL_LABEL = re.compile(
    r"^(?:grand |overall |sub[- ]?)*totals?\b|\b(?:sub[- ]?)?total$|"
    r"^(?:all|sum of) (?:places|practices|pcns|icbs|networks|rows|lines)\b|^sum\b|^england$"
)
BARE_TOTAL = re.compile(r"^(?:grand |overall |sub[- ]?)*totals?$")
_RECURRENT_WORDS = {
    **dict.fromkeys(("recurrent", "recurring", "rec", "r", "yes", "y", "true"), True),
    **dict.fromkeys(("non-recurrent", "non recurrent", "nonrecurrent", "non-recurring", "non-rec", "nr"), False),
    **dict.fromkeys(("no", "n", "false", "one-off", "one off"), False),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading says.

    Attributes:
        month: the calendar month of the column's amounts.
        years: the financial years that it names.
        strong: whether it names amounts beyond doubt: a month, an organisation, recurrent or not, or a unit.
        doubts: years that it may mean, as ``FY25`` and ``2025`` do.
        aside: what its column is that looks like money and is no budget, as ``a variance``.
        of_the_year: whether it is a total of months, if there are months.
        where: the cell in which it stands.
    """

    text: str
    meaning: Meaning | None = None
    month: int | None = None
    recurrent: bool | None = None
    organisation: str | None = None
    fund: str | None = None
    unit: str | None = None
    years: tuple[FinancialYear, ...] = ()
    strong: bool = False
    doubts: tuple[YearSaid, ...] = ()
    aside: str = ""
    of_the_year: bool = False
    where: str = ""


def month_in(text: str) -> tuple[int, int | None] | None:
    """The month that a text names, with its calendar year where it names that: ``Apr-25`` is (4, 2025)."""
    plain = folded(text)
    found = _MONTH.match(plain)
    if found:
        year = found["year"]
        return MONTHS.index(found["name"][:3]) + 1, None if year is None else int(year) % 100 + 2000
    numbered = _NUMBERED.match(plain)
    if numbered and 1 <= int(numbered[1]) <= 12:  # noqa: PLR2004 - months
        return (int(numbered[1]) + 2) % 12 + 1, None
    return None


def recurrent_in(text: str) -> bool | None:
    """Whether a cell's word says that the money recurs; none where it says neither."""
    return _RECURRENT_WORDS.get(folded(text))


def read_heading(
    above: ColumnHead, books: Receivers, known: dict[str, str], typed: tuple[int, int] | None = None
) -> Heading:
    """What a heading says, with the headings that stand over it and others.

    Args:
        known: the file's own names for organisations, folded, with their codes.
        typed: the month and calendar year that its date was typed as, where it was.
    """
    cell = above.cell
    text, group = tidy(cell.text), " ".join(tidy(each.text) for each in reversed(above.groups))
    plain = " ".join(_UNIT_STATED.sub(" ", folded(text)).split()).strip(" :-")
    recurrent = _recurrence(plain)
    said = Heading(
        text,
        recurrent=_recurrence(folded(group)) if recurrent is None else recurrent,
        unit=unit_in(text) or unit_in(group),
        years=_years(text) or _years(group),
        doubts=tuple(each for each in (*years_said(text), *years_said(group)) if len(each.years) > 1),
        where=cell.address,
    )
    if per_head_in(text) or "%" in text:
        return replace(said, meaning=Meaning.IGNORED)
    organisation = organisation_in(text, books, known) or organisation_in(plain, books, known)
    if organisation:
        return replace(said, meaning=Meaning.AMOUNT, organisation=organisation, strong=True)
    month = typed or _month(cell, plain)
    if month:
        years = said.years if month[1] is None else (_year_of(month[0], month[1]),)
        aside = next((what for pattern, what in _NO_BUDGET if pattern.search(folded(group))), "")
        meaning = Meaning.IGNORED if aside else Meaning.AMOUNT
        return replace(said, meaning=meaning, aside=aside, month=month[0], years=years, doubts=(), strong=True)
    fund = books.line(text) or books.line(plain)
    if fund:
        return replace(said, meaning=Meaning.AMOUNT, fund=fund, strong=True)
    return replace(
        said, **_of_words(plain, folded(group), strong=recurrent is not None or unit_in(text) is not None, said=said)
    )


def _month(cell: Cell, plain: str) -> tuple[int, int | None] | None:
    if isinstance(cell.value, date):
        return cell.value.month, cell.value.year
    if isinstance(cell.value, Decimal):
        return month_in(f"m{cell.value:f}")
    return month_in(plain)


def _years(text: str) -> tuple[FinancialYear, ...]:
    return tuple(dict.fromkeys(each.years[0] for each in years_said(text) if len(each.years) == 1))


def _of_words(plain: str, group: str, *, strong: bool, said: Heading) -> dict[str, Any]:
    """What the words of a heading make of its column, where it names neither a month nor an organisation."""
    without_year = plain
    for each in years_said(plain):
        without_year = without_year.replace(each.text, " ")
    without_year = _PIVOT.sub("", " ".join(without_year.split()))
    is_amount = _AMOUNT.search(without_year) is not None
    aside = next((what for pattern, what in _NO_BUDGET if pattern.search(without_year) or pattern.search(group)), "")
    if not aside and not is_amount:
        aside = next((what for pattern, what in _NO_AMOUNT if pattern.search(without_year)), "")
    if aside or (not strong and not is_amount and _NO_MONEY.search(without_year)):
        return {"meaning": Meaning.IGNORED, "aside": aside}
    if _TOTAL.search(without_year) and not _PART.search(plain):
        return {"meaning": Meaning.TOTAL, "of_the_year": _OF_THE_YEAR.search(without_year) is not None}
    if _RECURRENCE.search(plain):
        return {"meaning": Meaning.RECURRENT, "recurrent": None}
    meaning = next((meaning for meaning, pattern in _WORDS if pattern.search(plain)), None)
    if meaning is not None:
        return {"meaning": meaning}
    names_a_year = bool(said.years or said.doubts) and not without_year
    return {"meaning": Meaning.AMOUNT, "strong": strong} if strong or is_amount or names_a_year else {}


def organisation_in(text: str, books: Receivers, known: dict[str, str]) -> str | None:
    """The organisation that a heading names by code or name, exactly."""
    plain = folded(text)
    code = known.get(plain) or books.codes.get(plain)
    if code is None:
        found = books.by_name(text) if plain in books.names else None
        code = None if isinstance(found, Doubt) else found
    return code if code in books.below or (code is not None and books.closed(code)) else None


def _recurrence(plain: str) -> bool | None:
    if _NON_RECURRENT.search(plain):
        return False
    return True if _RECURRENT.search(plain) else None


def _year_of(month: int, year: int) -> FinancialYear:
    return FinancialYear(year if month >= 4 else year - 1)  # noqa: PLR2004 - April


_AMOUNTS = (Meaning.AMOUNT, Meaning.UNDECIDED)
_SAMPLE = 3


def changed(mapping: BudgetMapping, meanings: Map[tuple[str, str], Meaning], unit: Unit | None) -> BudgetMapping:
    """A mapping with other meanings for some of its columns.

    Args:
        meanings: what columns mean, by sheet and letter; the others mean what they did.
        unit: what all amounts are in; what the mapping says otherwise.

    What a column said of its amounts (month, fund, whether they recur) stays while it holds amounts.
    """
    return mapping.model_copy(
        update={"fingerprint": None, "sheets": tuple(_sheet(part, meanings, unit) for part in mapping.sheets)}
    )


def _sheet(part: SheetMapping, meanings: Map[tuple[str, str], Meaning], unit: Unit | None) -> SheetMapping:
    columns = {
        letter: _column(column, meanings.get((part.sheet, letter), column.meaning), unit)
        for letter, column in part.columns.items()
    }
    return part.model_copy(update={"columns": columns, "unit": unit or part.unit})


def _column(column: ColumnMapping, meaning: Meaning, unit: Unit | None) -> ColumnMapping:
    kept: dict[str, object] = {"meaning": meaning}
    if meaning not in (*_AMOUNTS, Meaning.TOTAL, Meaning.PART):
        kept |= {"month": None, "recurrent": None, "organisation": None, "fund": None, "unit": None}
    elif unit is not None:
        kept["unit"] = None
    return column.model_copy(update=kept)


def begun(file: str, sheet: Sheet, header_row: int) -> BudgetMapping:
    """A mapping begun by hand: the headings of a row, columns of numbers undecided and all others ignored."""
    found: dict[str, ColumnMapping] = {}
    for letter, heading in headings(sheet, header_row).items():
        place = column_index_from_string(letter) - 1
        below = [row[place] for row in sheet.rows[header_row:]]
        has_numbers = any(cell.kind is Kind.NUMBER for cell in below)
        found[letter] = ColumnMapping(meaning=Meaning.UNDECIDED if has_numbers else Meaning.IGNORED, heading=heading)
    part = SheetMapping(sheet=sheet.name, header_row=header_row, columns=found)
    # Built without the check that a column holds amounts: which one does is what is asked next.
    return BudgetMapping.model_construct(title=f"{file}, begun by hand", sheets=(part,))


def gaps(file: str, mapping: BudgetMapping) -> list[Problem]:
    """What a changed mapping still leaves open, before any row is read: columns of amounts, and their unit."""
    found = []
    for part in mapping.sheets:
        place = f"{file}, sheet {part.sheet}"
        amounts = part.of(Meaning.AMOUNT)
        if not amounts and not part.of(Meaning.UNDECIDED):
            why, remedy = "There is nothing to hand out.", "Say which column holds the amounts, or leave the sheet out."
            found.append(Problem(place, "no column holds amounts.", why, remedy))
        if part.unit is None and any(column.unit is None for column in amounts.values()):
            why = "Pounds read as thousands are wrong a thousandfold."
            remedy = f"Say it {Input.UNIT.given}, or in the heading: (£000)."
            found.append(Problem(place, "nothing says what the amounts are in.", why, remedy))
    return found


def sample(sheet: Sheet, header_row: int, letter: str) -> str:
    """The first values below a heading, as text, for people to know the column by."""
    place = column_index_from_string(letter) - 1
    texts = (row[place].text for row in sheet.rows[header_row:] if place < len(row) and row[place].text)
    return ", ".join(text for text, _ in zip(texts, range(_SAMPLE), strict=False))
