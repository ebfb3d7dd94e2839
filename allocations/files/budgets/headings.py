"""The words by which people head the columns of a budget, and what each says."""

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from allocations.files.budgets.mapping import Meaning
from allocations.files.budgets.receivers import Receivers
from allocations.reading.amounts import Doubt, folded, per_head_in, tidy, unit_in
from allocations.reading.cells import Cell
from ledger.years import FinancialYear, parse_year

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(
    r"^(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?[\s'\u2019/-]*(?P<year>20\d{2}|\d{2})?$"
)
_NUMBERED = re.compile(r"^(?:m|p|mth|month|period)\s*0?(\d{1,2})$")
_UNIT_WORDS = r"(?:£|000|k\b|m\b|million|thousand|pounds|pence|gbp)"
_UNIT_STATED = re.compile(rf"[(\[][^)\]]*{_UNIT_WORDS}[^)\]]*[)\]]|£\s*['\u2019]?\s*(?:000s?|k|m)?\b|£")
_YEAR = re.compile(r"\b20\d{2}\s*[/-]\s*(?:20)?\d{2}\b|\b20\d{2} to 20\d{2}\b|\b\d{2}/\d{2}\b")

_TOTAL = re.compile(
    r"^(?:grand |overall |sub[- ]?|annual |full[- ]year |year |in[- ]year )*total\b|\btotal$|"
    r"^(?:full|whole)[- ]year\b|^annual\b|^sum\b|^fye?\b$"
)
_NON_RECURRENT = re.compile(r"\bnon[- ]?rec(?:urrent|urring)?\b|^nr\b|\bn/r\b|\bone[- ]off\b")
_RECURRENT = re.compile(r"\brec(?:urrent|urring)\b|^rec\b|^r$")
_WORDS = tuple(
    (meaning, re.compile(pattern))
    for meaning, pattern in (
        (Meaning.CODE, r"\bcode\b|^ods\b|\bods$|^org(?:anisation)? id$|^icb\d\d$|^gss\b"),
        (Meaning.YEAR, r"^(?:financial |fiscal )?year$|^fy$"),
        (Meaning.MONTH, r"^(?:month|period|mth)$"),
        (
            Meaning.FUND,
            r"^(?:(?:fund|funding)(?: code| name| stream)?|pot|stream|(?:allocation|budget) line|ring.?fence)$",
        ),
        (Meaning.LINE, r"^(?:(?:service )?line|service|programme|description|category|narrative|scheme|cost centre)$"),
        (Meaning.LINE, r"^(?:heading|purpose|item)$"),
        (Meaning.NAME, r"\bname\b|^(?:organi[sz]ation|org|places?|(?:gp )?practice|pcn|network|icb|locality)$"),
        (Meaning.NAME, r"^(?:neighbourhood|provider|recipient|receiver|partner|integrated care board(?: \(icb\))?)$"),
    )
)
_AMOUNT = re.compile(
    r"\b(?:amount|budget|allocation|allocated|value|funding|plan|award|share|envelope|control total|baseline)\b"
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


def years_in(text: str) -> tuple[FinancialYear, ...]:
    """The financial years that a heading names, in order."""
    found = []
    for match in _YEAR.finditer(tidy(text)):
        try:
            found.append(parse_year(match[0]))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


def read_heading(cell: Cell, group: str, books: Receivers, known: dict[str, str]) -> Heading:
    """What a heading says, with the heading that stands over it and others.

    Args:
        group: the text of a merged cell above, or nothing.
        known: the file's own names for organisations, folded, with their codes.
    """
    text = tidy(cell.text)
    plain = " ".join(_UNIT_STATED.sub(" ", folded(text)).split()).strip(" :-")
    recurrent = _recurrence(plain)
    said = Heading(
        text,
        recurrent=_recurrence(folded(group)) if recurrent is None else recurrent,
        unit=unit_in(text) or unit_in(group),
        years=years_in(text) or years_in(group),
    )
    if per_head_in(text) or "%" in text or "growth" in plain or "distance" in plain:
        return replace(said, meaning=Meaning.IGNORED)
    organisation = organisation_in(text, books, known) or organisation_in(plain, books, known)
    if organisation:
        return replace(said, meaning=Meaning.AMOUNT, organisation=organisation, strong=True)
    month = (cell.value.month, cell.value.year) if isinstance(cell.value, date) else month_in(plain)
    if month:
        years = said.years if month[1] is None else (_year_of(month[0], month[1]),)
        return replace(said, meaning=Meaning.AMOUNT, month=month[0], years=years, strong=True)
    fund = books.fund_words.get(folded(text)) or books.fund_words.get(plain)
    if fund:
        return replace(said, meaning=Meaning.AMOUNT, fund=fund, strong=True)
    return replace(said, **_of_words(plain, strong=recurrent is not None or unit_in(text) is not None, said=said))


def _of_words(plain: str, *, strong: bool, said: Heading) -> dict[str, Any]:
    """What the words of a heading make of its column, where it names neither a month nor an organisation."""
    without_year = _YEAR.sub(" ", plain).strip()
    if _TOTAL.search(without_year):
        return {"meaning": Meaning.TOTAL}
    for meaning, pattern in _WORDS:
        if pattern.search(plain):
            return {"meaning": meaning}
    if strong or _AMOUNT.search(plain) or (said.years and not without_year):
        return {"meaning": Meaning.AMOUNT, "strong": strong}
    return {}


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
