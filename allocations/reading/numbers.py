"""A number that a person typed as text: what it is, or why it cannot be read one way only."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from allocations.reading.letters import spaced
from allocations.reading.units import currency_in
from ledger.inputs import Input


class Missing(NamedTuple):
    """There is no figure, and the cell says so. Never zero."""

    reason: str


class Doubt(NamedTuple):
    """What cannot be read one way only.

    Attributes:
        found: what is there, as part of a sentence that begins with the cell.
        why: why it was not taken.
        fix: what to do.
    """

    found: str
    why: str
    fix: str


class Blank(NamedTuple):
    """Nothing is there."""


BLANK = Blank()
_SHORTHAND = {
    "n/a": "not applicable (n/a)",
    "na": "not applicable (na)",
    "n.a.": "not applicable (n.a.)",
    "not applicable": "not applicable",
    "tbc": "to be confirmed (tbc)",
    "to be confirmed": "to be confirmed",
    "tba": "to be announced (tba)",
    "tbd": "to be decided (tbd)",
    "[x]": "not available ([x])",
    "[c]": "confidential ([c])",
    "[z]": "not applicable ([z])",
    "[u]": "of low reliability ([u])",
    "[w]": "none recorded ([w])",
    "[low]": "too low to show ([low])",
    "..": "not available (..)",
    "…": "not available (…)",
}
# Hyphens and dashes of every length, and the minus sign.
DASHES = {"-", "--", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212"}
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))
_SCALES = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "millions": 6, "bn": 9, "billion": 9, "billions": 9,
}  # fmt: skip
_DIGITS = re.compile(r"\d{1,3}(?P<by>[, ])\d{3}(?:(?P=by)\d{3})*(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+", re.ASCII)
_LONGEST = 24  # of a number written out: more digits than any budget has, and few enough to stay exact
_SCALE = re.compile(r"(?P<digits>.*?)\s*(?P<scale>[a-z]+)$")
_ERRORS = re.compile(r"^#[A-Z0-9/_?!]+[!?]?$")
AMBIGUOUS = "It could mean more than one amount."
TYPE_PLAINLY = "Type it as a plain number, such as 1234.50."


class Number(NamedTuple):
    """A number as it was written.

    Attributes:
        value: what stands there, scaled by its own word (``12.5k`` is 12500), a percentage as a share of one.
        scaled: whether a word such as k or million scaled it.
        percent: whether it is a percentage.
    """

    value: Decimal
    scaled: bool = False
    percent: bool = False


@lru_cache(maxsize=4096)
def written_number(text: str) -> Number | Missing | Doubt | Blank:
    """A number that a person typed as text.

    Signs may be a minus (of any kind, before or after) or brackets; pounds, spaces and commas between thousands
    are taken off; ``k``, ``m``, ``bn`` and their words scale it; a percentage is a share of one. Letters stand for
    themselves alone: a raised 2 is a note, and no digit.
    """
    whole = spaced(text)
    if not whole:
        return BLANK
    if whole in DASHES:
        return Doubt(f"there is a dash ('{whole}').", "It may mean zero or nothing.", f"Say which {Input.DASH.given}.")
    shorthand = _SHORTHAND.get(whole.casefold())
    if shorthand:
        return Missing(shorthand)
    if _ERRORS.match(whole):
        return Doubt(f"it holds the error {whole}.", "There is no amount in it.", "Correct the formula behind it.")
    if currency_in(whole):
        return Doubt(f"'{whole}' is in another currency.", "The books are in pounds.", "Give it in pounds.")
    return _signed(whole)


def _signed(whole: str) -> Number | Doubt:
    rest = whole.translate(_MINUS).casefold()
    percent = rest.endswith("%")
    rest = rest.removesuffix("%").strip()
    signs = 0
    if rest.startswith("£(") and rest.endswith(")"):
        rest = rest[1:]
    if rest.startswith("(") and rest.endswith(")"):
        rest, signs = rest[1:-1].strip(), signs + 1
    if rest.endswith("%") and not percent:
        percent, rest = True, rest[:-1].strip()
    rest, signs, pounds = _unsigned(rest, signs)
    scale = _SCALE.fullmatch(rest)
    power = 0
    if scale and scale["scale"] in _SCALES:
        rest, power = scale["digits"].strip(), _SCALES[scale["scale"]]
    odd = signs > 1 or (percent and (pounds or power))
    if odd or len(rest) > _LONGEST or not _DIGITS.fullmatch(rest):
        return Doubt(f"'{whole}' is not an amount that can be read one way only.", AMBIGUOUS, TYPE_PLAINLY)
    value = Decimal(rest.replace(",", "").replace(" ", "")).scaleb(power - (2 if percent else 0))
    return Number(-value if signs else value, scaled=power > 0, percent=percent)


def _unsigned(rest: str, signs: int) -> tuple[str, int, bool]:
    """What is left without pound and sign, before or after; how many signs there were; whether in pounds."""
    pounds = 0
    for _ in range(2):
        if rest.startswith("£"):
            rest, pounds = rest[1:].strip(), pounds + 1
        elif rest.startswith("-"):
            rest, signs = rest[1:].strip(), signs + 1
        elif rest.startswith("+"):
            rest = rest[1:].strip()
    if rest.endswith("-"):
        rest, signs = rest[:-1].strip(), signs + 1
    # Two pounds, as two signs, say that something else was meant.
    return rest, signs + (2 if pounds > 1 else 0), pounds > 0
