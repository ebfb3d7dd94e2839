"""The financial years that a text speaks of: a title, a heading, the name of a sheet or a file.

A day says nothing of the year that the money is for (budgets are printed before their year begins), unless it ends
a year. ``FY25`` and a bare ``2025`` may each be either of two years, and are told apart from a year in full.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from allocations.reading.units import unified
from ledger.years import FinancialYear

_MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?"
)
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_APRIL = 4
_CENTURY = 2000
_LONGEST_SPAN = 10  # years in one plan


class YearSaid(NamedTuple):
    """What a text says of a financial year.

    Attributes:
        text: the words that say it.
        years: the one year that it is, or the two that it may be.
        all_of_them: whether it speaks of all these years together, as ``2025-28`` does.
        short: whether it is written as ``FY25``, which people use for either.
    """

    text: str
    years: tuple[FinancialYear, ...]
    short: bool = False
    all_of_them: bool = False


def _ends(match: re.Match[str]) -> tuple[FinancialYear, ...]:
    year = int(match["year"])
    return (FinancialYear(year + (_CENTURY if year < _CENTURY else 0) - 1),)


def _whole(match: re.Match[str]) -> tuple[FinancialYear, ...]:
    start, end = int(match["start"]), match["end"]
    start += _CENTURY if start < _CENTURY else 0
    return (FinancialYear(start),) if str(start + 1).endswith(end) else ()


def _span(match: re.Match[str]) -> tuple[FinancialYear, ...]:
    """Every financial year from one to another: of ``2025/26 to 2027/28`` three, and of ``2025-28`` three too."""
    start, end = (int(match[name]) % 100 for name in ("start", "end"))
    if match["to"]:
        end += 1  # written as two years in full
    if not 1 < end - start <= _LONGEST_SPAN:
        return ()
    return tuple(FinancialYear(_CENTURY + year) for year in range(start, end))


def _either(match: re.Match[str]) -> tuple[FinancialYear, ...]:
    year = int(match["year"])
    year += _CENTURY if year < _CENTURY else 0
    return FinancialYear(year - 1), FinancialYear(year)


def _of_month(match: re.Match[str]) -> tuple[FinancialYear, ...]:
    year = int(match["year"])
    year += _CENTURY if year < _CENTURY else 0
    month = _NAMES.index(match["month"][:3].lower()) + 1
    return (FinancialYear(year if month >= _APRIL else year - 1),)


def _nothing(_: re.Match[str]) -> tuple[FinancialYear, ...]:
    return ()


_TO = r"\s*(?:[/_\-\u2010-\u2015]|to|and)\s*"
_NO_AGE = r"(?!\s*(?:years?|yrs?)\b)"
_PATTERNS = tuple(
    (re.compile(pattern, re.IGNORECASE), read)
    for pattern, read in (
        (rf"\b0?1(?:st)?\s+apr(?:il)?\s+(?P<start>20\d\d){_TO}31(?:st)?\s+mar(?:ch)?\s+20(?P<end>\d\d)\b", _whole),
        (
            r"(?<!\d)0?1[./-]0?4[./-](?:20)?(?P<start>\d\d)\s*(?:to|-|\u2013)\s*31[./-]0?3[./-](?:20)?(?P<end>\d\d)(?!\d)",
            _whole,
        ),
        (
            (
                r"\b(?:year[- ](?:ended|ending|end|to)|y/?e|(?:12|twelve) months (?:ended|ending|to))\s+"
                r"(?:(?:the\s+)?31(?:st)?(?:\s+of)?[\s./-]+)?(?:mar(?:ch)?|0?3)[\s.,/'-]+(?P<year>20\d\d|\d\d)\b"
            ),
            _ends,
        ),
        (
            r"(?<![\d.,£])(?:fy\s*)?(?:20)?(?P<start>\d\d)/(?P<to>\d\d)\s*(?:to|-|\u2013|\u2014)\s*(?:20)?(?P<end>\d\d)/\d\d(?!\d)",
            _span,
        ),
        (rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{_MONTHS})\.?,?\s+(?:20)?\d\d\b", _nothing),
        (r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:20)?\d\d(?!\d)", _nothing),
        (r"(?<!\d)20\d\d-\d\d-\d\d(?!\d)|(?<!\d)20[2-9]\d[01]\d[0-3]\d(?!\d)", _nothing),
        (rf"(?<![\d.,£])(?:fy\s*)?(?P<start>20\d\d){_TO}(?P<end>20\d\d|\d\d|\d)(?![\d.,]\d|\d)", _whole),
        (
            r"(?<![\d.,£])(?P<start>20[12]\d)(?P<to>)\s*(?:/|to|-|\u2013|\u2014)\s*(?P<end>20[2-4]\d|[2-4]\d)(?![\d.,/-]\d|\d)",
            _span,
        ),
        (rf"(?<![\d.,£/-])(?:fy\s*)?'?(?P<start>1[5-9]|[2-4]\d){_TO}'?(?P<end>[1-4]\d)(?![\d/-]){_NO_AGE}", _whole),
        (rf"(?<![a-z])(?P<month>{_MONTHS})\.?[\s'_/-]*(?P<year>20\d\d|[1-4]\d)(?!\d)", _of_month),
    )
)
_SHORT = re.compile(r"(?<![a-z])fy\s*'?(?P<year>20\d\d|\d\d)(?!\d)", re.IGNORECASE)
_BARE = re.compile(r"(?<![\d£€$,.])(?P<year>20[0-4]\d)(?![\d,%])(?!\.\d)", re.IGNORECASE)
_COMPACT = re.compile(r"(?<!\d)(?P<start>2[1-9]|3\d)(?P<end>2[2-9]|[34]\d)(?!\d)")


@lru_cache(maxsize=2048)
def years_said(text: str, *, is_name: bool = False) -> tuple[YearSaid, ...]:
    """Every financial year that a text speaks of, those in full first.

    Args:
        is_name: whether it is the name of a sheet or a file, where ``2526`` is a year too.
    """
    rest = unified(text)
    found: list[YearSaid] = []
    patterns = [*_PATTERNS, *([(_COMPACT, _whole)] if is_name else []), (_SHORT, _either), (_BARE, _either)]
    for pattern, read in patterns:
        for match in pattern.finditer(rest):
            years = read(match)
            if years:
                found.append(YearSaid(match[0].strip(), years, pattern is _SHORT, read is _span))
        # What is no year by one way of writing is left to be read in another.
        tries = read if read in (_whole, _span) else None
        rest = pattern.sub(lambda match, tries=tries: match[0] if tries and not tries(match) else " ; ", rest)  # type: ignore[misc]
    return tuple(found)
