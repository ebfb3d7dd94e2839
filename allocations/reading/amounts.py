"""What a cell of a budget means: an amount, a percentage or a year, or the reason why it is none.

Nothing here guesses. What can be read in two ways is a ``Doubt`` with what to do about it; what says of itself
that there is no figure is ``Missing``, which is never zero.
"""

import re
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from allocations.reading.cells import SUPERSCRIPT, Cell, CellKind
from allocations.reading.letters import spaced, tidy
from allocations.reading.units import MILLIONS, PENCE, POUNDS, THOUSANDS, currency_in
from ledger.inputs import Input
from ledger.years import FinancialYear, parse_year, year_of

UNITS = {PENCE: Decimal("0.01"), POUNDS: Decimal(1), THOUSANDS: Decimal(1_000), MILLIONS: Decimal(1_000_000)}
UNIT_WORDS = {PENCE: "pence", POUNDS: "£", THOUSANDS: "£ thousand", MILLIONS: "£ million"}
DASH_IS_ZERO, DASH_IS_BLANK = "zero", "blank"
YEAR_ENDS, YEAR_STARTS = "ends", "starts"


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
_DASHES = {"-", "--", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212"}
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))
_SCALES = {
    "k": 3, "thousand": 3, "m": 6, "mn": 6, "million": 6, "millions": 6, "bn": 9, "billion": 9, "billions": 9,
}  # fmt: skip
_DIGITS = re.compile(r"\d{1,3}(?P<by>[, ])\d{3}(?:(?P=by)\d{3})*(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+", re.ASCII)
_LONGEST = 24  # of a number written out: more digits than any budget has, and few enough to stay exact
_SCALE = re.compile(r"(?P<digits>.*?)\s*(?P<scale>[a-z]+)$")
_ERRORS = re.compile(r"^#[A-Z0-9/_?!]+[!?]?$")
_AMBIGUOUS = "It could mean more than one amount."
_PLAIN = "Type it as a plain number, such as 1234.50."


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
    if whole in _DASHES:
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
        return Doubt(f"'{whole}' is not an amount that can be read one way only.", _AMBIGUOUS, _PLAIN)
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


def money(cell: Cell, unit: str, *, dash: str | None = None) -> Decimal | Missing | Doubt | Blank:
    """An amount in pounds, exactly as the cell holds it; not rounded to the penny.

    Args:
        unit: what the column is in: one of ``UNITS``.
        dash: what a dash means in this file, ``zero`` or ``blank``, once somebody has said it.
    """
    kind = cell.kind
    if cell.mark == SUPERSCRIPT:
        return Doubt(f"'{cell.value}' has raised or lowered digits in it.", "They may be a note.", _PLAIN)
    if kind is CellKind.NUMBER:
        if "%" in cell.number_format:
            return Doubt(
                f"{cell.value} is shown as a percentage.",
                "An amount of money is expected.",
                "Change the format of the cell, or leave the column out.",
            )
        assert isinstance(cell.value, Decimal)
        return cell.value * UNITS[unit]
    if kind is CellKind.BLANK:
        return BLANK
    if kind is not CellKind.TEXT:
        return _no_amount(cell)
    return _money_in_text(cell, unit, dash)


def _no_amount(cell: Cell) -> Doubt:
    if cell.kind is CellKind.ERROR:
        return Doubt(f"it holds the error {cell.value}.", "There is no amount in it.", "Correct the formula behind it.")
    if cell.kind is CellKind.UNCALCULATED:
        return Doubt(
            "it holds a formula without a stored value.",
            "The program that wrote the file did not work it out.",
            "Open the file in Excel, save it, and import it again.",
        )
    what = "a date" if cell.kind is CellKind.DATE else "TRUE or FALSE"
    return Doubt(f"it holds {what} ({cell.value}).", "An amount of money is expected.", "Type the amount.")


def _money_in_text(cell: Cell, unit: str, dash: str | None) -> Decimal | Missing | Doubt | Blank:
    text = str(cell.value)
    if dash and tidy(text) in _DASHES:
        return Decimal(0) if dash == DASH_IS_ZERO else BLANK
    found = written_number(text)
    if not isinstance(found, Number):
        return found
    if found.percent:
        return Doubt(f"'{tidy(text)}' is a percentage.", "An amount of money is expected.", "Type the amount.")
    if found.scaled and unit != POUNDS:
        return Doubt(
            f"'{tidy(text)}' is scaled, in a column in {UNIT_WORDS[unit]}.",
            _AMBIGUOUS,
            "Type the number that the column's unit asks for.",
        )
    return found.value * UNITS[unit]


def share(cell: Cell, unit: str | None) -> Decimal | Missing | Doubt | Blank:
    """A percentage as a share of one: ``2.5%`` and a number shown as a percentage say what they are.

    Args:
        unit: for plain numbers, ``percent`` (2.5 is 0.025) or ``share`` (0.025 is itself), once somebody said it.
    """
    if cell.kind is CellKind.BLANK:
        return BLANK
    if cell.kind is CellKind.TEXT:
        found = written_number(str(cell.value))
        if not isinstance(found, Number):
            return found
        value, said = found.value, found.percent
    elif cell.kind is CellKind.NUMBER and isinstance(cell.value, Decimal):
        value, said = cell.value, "%" in cell.number_format
    else:
        return _no_amount(cell)._replace(why="A percentage is expected.", fix="Type the percentage.")
    if said or unit == "share":
        return value
    if unit == "percent":
        return value.scaleb(-2)
    return Doubt(
        f"{value} may be {value} per cent or a share of one.",
        "The two differ a hundredfold.",
        "Format the column as percentages, or say which it is.",
    )


_SHORT_YEAR = re.compile(r"^fy\s*'?(\d{2}|\d{4})$", re.IGNORECASE)
_SERIAL_YEARS = (Decimal(36_526), Decimal(73_051))  # 1 January 2000 to 1 January 2100 as Excel counts days
_CENTURY = 2000


def year(cell: Cell, *, short_year: str | None = None) -> FinancialYear | Doubt | Blank:  # noqa: PLR0911 - one return for each way to write a year
    """A financial year, from text, a date or a number.

    Args:
        short_year: what the number in ``FY26`` is, ``ends`` or ``starts``, once somebody has confirmed it for
            the file. Most people mean the year that ends in 2026.
    """
    if cell.kind is CellKind.BLANK:
        return BLANK
    if cell.kind is CellKind.DATE and isinstance(cell.value, date):
        return year_of(cell.value.date() if isinstance(cell.value, datetime) else cell.value)
    if cell.kind is CellKind.NUMBER and isinstance(cell.value, Decimal):
        return _bare_number(cell.value)
    if cell.kind is not CellKind.TEXT:
        return _no_amount(cell)._replace(why="A financial year is expected.", fix="Type it as 2025/26.")
    text = tidy(str(cell.value))
    if text.isascii() and text.isdigit():
        return _bare_number(Decimal(text))
    short = _SHORT_YEAR.match(text)
    if short:
        number = int(short[1]) + (0 if int(short[1]) >= _CENTURY else _CENTURY)
        if short_year is None:
            return Doubt(
                f"'{text}' may be the year that ends in {number} or the one that starts then.",
                f"Most people mean {FinancialYear(number - 1)}, but not all.",
                f"Write {FinancialYear(number - 1)}, or confirm it once for the file {Input.SHORT_YEAR.given}.",
            )
        return FinancialYear(number - 1 if short_year == YEAR_ENDS else number)
    try:
        return year_of(date.fromisoformat(text))
    except ValueError:
        pass
    try:
        return parse_year(text)
    except ValueError as error:
        return Doubt(str(error).split(". ")[0] + ".", "The year must be beyond doubt.", "Write it as 2025/26.")


def _bare_number(found: Decimal) -> Doubt:
    if _SERIAL_YEARS[0] <= found < _SERIAL_YEARS[1]:
        day = date.fromordinal(date(1899, 12, 30).toordinal() + int(found))
        return Doubt(
            f"{found} may be the day {day:%d %B %Y} as Excel counts days, in {year_of(day)}.",
            "It may as well be a number.",
            "Format the cell as a date, or write the year as 2025/26.",
        )
    return Doubt(f"'{found}' is not a financial year.", "The year must be beyond doubt.", "Write it as 2025/26.")
