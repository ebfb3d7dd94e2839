"""What a header means, whatever year's edition it stands in.

``2025/26 Recurrent allocation (£k)``, ``Recurrent  allocation £'000`` and ``RECURRENT ALLOCATION 2024-25``
are one meaning: the words, with the year and the unit told apart from them.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from ledger.years import FinancialYear, parse_year

_ICB = re.compile(r"Q[A-Z0-9]{2}|[A-Z]\d[A-Z]\d[A-Z]")
_SUB_ICB = re.compile(r"\d{2}[A-Z]|[A-Z]\d[A-Z]\d[A-Z]")
_REGION = re.compile(r"Y\d{2}")
_PRACTICE = re.compile(r"[A-Z]\d{5}")
_PCN = re.compile(r"U\d{5}")
_NOT_YET = re.compile(r"\btbc\b|\bto be confirmed\b|\[anana\]|^\[?tbd\]?$", re.IGNORECASE)

NOT_ALLOCATED = "U"  # in the column of PCN codes: the practice is in no network


def code(text: str) -> str:
    """A code as it is written: capitals, without spaces around it."""
    return text.strip().upper()


def is_icb(text: str) -> bool:
    """Whether it has the shape of an ICB's code: ``QWO``, or ``D7T5G`` since April 2026."""
    return bool(_ICB.fullmatch(text))


def is_sub_icb(text: str) -> bool:
    """Whether it has the shape of a sub-ICB location's code: ``16C`` or ``D4U1Y``."""
    return bool(_SUB_ICB.fullmatch(text))


def is_region(text: str) -> bool:
    """Whether it has the shape of a region's code: ``Y63``."""
    return bool(_REGION.fullmatch(text))


def is_practice(text: str) -> bool:
    """Whether it has the shape of a practice's code: ``A81001``."""
    return bool(_PRACTICE.fullmatch(text))


def is_pcn(text: str) -> bool:
    """Whether it has the shape of a primary care network's code: ``U89141``."""
    return bool(_PCN.fullmatch(text))


def not_yet(text: str) -> bool:
    """Whether the text says that a code is still to be confirmed."""
    return bool(_NOT_YET.search(text))


def plain_name(text: str) -> str:
    """An organisation's name without case, ``NHS``, kind and punctuation, so that two spellings can be compared."""
    name = folded(text).replace("integrated care board", " ").replace(",", " ")
    name = re.sub(r"\bicb\b|\bnhs\b|\bthe\b", " ", name)
    return " ".join(name.split())


def is_whole(text: str) -> bool:
    """Whether it stands for the whole country rather than an organisation: ``Total``, ``ENGLAND``, ``NHS England``."""
    return folded(text) in {"total", "england", "england total", "grand total", "nhs england", "all", "total england"}


class HeaderUnit(StrEnum):
    """What a column counts in, as its header says."""

    POUNDS = "pounds"
    THOUSANDS = "thousands of pounds"
    MILLIONS = "millions of pounds"
    PER_HEAD = "pounds per head"
    PERCENT = "per cent"


POUNDS_IN = {
    HeaderUnit.POUNDS: Decimal(1),
    HeaderUnit.THOUSANDS: Decimal(1_000),
    HeaderUnit.MILLIONS: Decimal(1_000_000),
}

# The first that fits is taken out of the text, so that "£ per head" is not read as pounds.
_UNITS = (
    (re.compile(r"£\s*(?:/|per)\s*head(?: of population)?|\bper head\b(?:\s*\(£\))?"), HeaderUnit.PER_HEAD),
    (re.compile(r"£\s*k\b|£\s*['\u2018\u2019]?\s*000\s*['\u2018\u2019]?s?|\bk£|£\s*thousands?"), HeaderUnit.THOUSANDS),
    (re.compile(r"£\s*m(?:illions?|n)?\b"), HeaderUnit.MILLIONS),
    (re.compile(r"%|\bper ?cent(?:age)?\b"), HeaderUnit.PERCENT),
    (re.compile(r"£"), HeaderUnit.POUNDS),
)
# Four figures, a stroke and two or four more claim to be a year; two and two do so with a stroke, or as 25-26.
_YEAR = re.compile(r"(?<![\d/-])((?:19|20)\d{2})\s*(?:[/_-]|\bto\b)\s*(\d{4}|\d{2})(?![\d])")
_SHORT_YEAR = re.compile(r"(?<![\d/-])([1-3]\d)\s*([/-])\s*([1-3]\d)(?![\d/-])")
# ICB23, LAD21 and ICB22CDH name the edition of a list of codes; the list is what matters.
_EDITION = re.compile(r"\b([a-z]{1,6})([1-3]\d)(cdh|cd|nm)?\b")
# A day in a header says when, as a year does: "Commissioner as at 1 Apr 2026".
_DAY = re.compile(r"\b(?:as at |as of |from |on )?\d{1,2} [a-z]{3,9} (?:19|20)\d{2}\b")
# "Combined allocation (inc. COVID and capacity)" is the combined allocation; what it has in it changes every year.
_INCLUDED = re.compile(r"\(?\binc(?:l|luding)?\b\.?[^()]*\)?")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")
_LITTLE = frozenset({"the", "of", "for", "a", "in", "to", "from", "at", "by", "and"})


@dataclass(frozen=True, slots=True)
class HeaderMeaning:
    """A header, understood.

    Attributes:
        words: what it says, without order, year, unit and little words.
        main: the same without what it says to be included, as "(inc. COVID)".
        in_order: its words as they follow one another, little words left in.
        years: the financial years it names.
        not_years: texts in it that claim to be a year and are none, as ``2025/27``.
        edition: of the list of codes that it names: 22 for ``ICB22CDH``.
    """

    words: frozenset[str]
    main: frozenset[str]
    in_order: tuple[str, ...]
    years: tuple[FinancialYear, ...] = ()
    not_years: tuple[str, ...] = ()
    unit: HeaderUnit | None = None
    edition: int | None = None


@lru_cache(maxsize=20_000)
def meaning(text: str) -> HeaderMeaning:
    """Understand a header, a sheet's name or a title."""
    plain = folded(text)
    years, not_years, plain = _years(plain)
    unit = None
    for pattern, said in _UNITS:
        if pattern.search(plain):
            unit, plain = said, pattern.sub(" ", plain)
            break
    plain = _DAY.sub(" ", plain)
    edition = _EDITION.search(plain)
    plain = _EDITION.sub(lambda match: f"{match[1]} {match[3] or ''}", plain)
    in_order = tuple(_NOT_WORDS.sub(" ", plain).split())
    main = frozenset(_NOT_WORDS.sub(" ", _INCLUDED.sub(" ", plain)).split())
    return HeaderMeaning(
        frozenset(in_order) - _LITTLE,
        main - _LITTLE,
        in_order,
        years,
        not_years,
        unit,
        int(edition[2]) if edition else None,
    )


def folded(text: str) -> str:
    """The text with compatibility forms, case, line breaks and runs of spaces made alike; ``&`` becomes "and"."""
    alike = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return " ".join(alike.split())


def years_in(text: str) -> tuple[tuple[FinancialYear, ...], tuple[str, ...]]:
    """The financial years that a text names, and what in it claims to be a year and is none."""
    years, not_years, _ = _years(folded(text))
    return years, not_years


def _years(plain: str) -> tuple[tuple[FinancialYear, ...], tuple[str, ...], str]:
    years: list[FinancialYear] = []
    not_years: list[str] = []

    def claim(first: str, second: str, shown: str) -> str:
        try:
            years.append(parse_year(f"{first}/{second}"))
        except ValueError:
            not_years.append(shown)
        return " "

    plain = _YEAR.sub(lambda match: claim(match[1], match[2], match[0]), plain)

    def short(match: re.Match[str]) -> str:
        follows = int(match[2 + 1]) == int(match[1]) + 1
        return claim(match[1], match[3], match[0]) if follows or match[2] == "/" else match[0]

    plain = _SHORT_YEAR.sub(short, plain)
    return tuple(dict.fromkeys(years)), tuple(not_years), plain
