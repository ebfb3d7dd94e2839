"""The words by which people head the columns of a budget, and what each says."""

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from allocations.files.budgets.mapping import Meaning
from allocations.files.budgets.receivers import Receivers
from allocations.reading.cells import Cell
from allocations.reading.header import ColumnHead
from allocations.reading.letters import folded, tidy
from allocations.reading.numbers import Doubt
from allocations.reading.purposes import BUDGET, Purpose, purpose_in
from allocations.reading.units import per_head_in, unit_in
from allocations.reading.years_said import YearSaid, years_said
from ledger.years import FinancialYear

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
        doubtful: what an amount says that it is, as ``a rate``, where it may be no budget and is asked about.
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
    doubtful: str = ""
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
        aside, doubtful = _no_budget(purpose_in(group) if group else None)
        meaning = Meaning.IGNORED if aside else Meaning.AMOUNT
        said = replace(said, aside=aside, doubtful=doubtful, years=years, doubts=())
        return replace(said, meaning=meaning, month=month[0], strong=True)
    fund = books.line(text) or books.line(plain)
    if fund:
        return replace(said, meaning=Meaning.AMOUNT, fund=fund, strong=True)
    return replace(
        said, **_of_words(plain, folded(group), strong=recurrent is not None or unit_in(text) is not None, heading=said)
    )


def _month(cell: Cell, plain: str) -> tuple[int, int | None] | None:
    if isinstance(cell.value, date):
        return cell.value.month, cell.value.year
    if isinstance(cell.value, Decimal):
        return month_in(f"m{cell.value:f}")
    return month_in(plain)


def _years(text: str) -> tuple[FinancialYear, ...]:
    return tuple(dict.fromkeys(each.years[0] for each in years_said(text) if len(each.years) == 1))


def _of_words(plain: str, group: str, *, strong: bool, heading: Heading) -> dict[str, Any]:
    """What the words of a heading make of its column, where it names neither a month nor an organisation."""
    without_year = plain
    for each in years_said(plain):
        without_year = without_year.replace(each.text, " ")
    without_year = _PIVOT.sub("", " ".join(without_year.split()))
    is_amount = BUDGET.search(without_year) is not None
    aside, doubtful = _no_budget(purpose_in(without_year, group))
    if aside or (not strong and not is_amount and _NO_MONEY.search(without_year)):
        return {"meaning": Meaning.IGNORED, "aside": aside}
    if _TOTAL.search(without_year) and not _PART.search(plain):
        return {"meaning": Meaning.TOTAL, "of_the_year": _OF_THE_YEAR.search(without_year) is not None}
    if _RECURRENCE.search(plain):
        return {"meaning": Meaning.RECURRENT, "recurrent": None}
    meaning = next((meaning for meaning, pattern in _WORDS if pattern.search(plain)), None)
    if meaning is not None:
        return {"meaning": meaning}
    names_a_year = bool(heading.years or heading.doubts) and not without_year
    if not (strong or is_amount or names_a_year):
        return {}
    return {"meaning": Meaning.AMOUNT, "strong": strong, "doubtful": doubtful}


def _no_budget(purpose: Purpose | None) -> tuple[str, str]:
    """What a column is that is set aside; and what one is that is asked about."""
    if purpose is None:
        return "", ""
    return ("", purpose.what) if purpose.is_asked else (purpose.what, "")


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
