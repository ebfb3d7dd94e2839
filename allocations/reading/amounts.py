"""What a cell of a budget means: an amount, a percentage or a year, or the reason why it is none.

Nothing here guesses. What can be read in two ways is a ``Doubt`` with what to do about it; what says of itself
that there is no figure is ``Missing``, which is never zero.
"""

import re
from datetime import date, datetime
from decimal import Decimal

from allocations.reading.cells import SUPERSCRIPT, Cell, CellKind
from allocations.reading.letters import tidy
from allocations.reading.numbers import (
    AMBIGUOUS,
    BLANK,
    DASHES,
    TYPE_PLAINLY,
    Blank,
    Doubt,
    Missing,
    Number,
    written_number,
)
from allocations.reading.units import MILLIONS, PENCE, POUNDS, THOUSANDS
from ledger.inputs import Input
from ledger.years import FinancialYear, parse_year, year_of

UNITS = {PENCE: Decimal("0.01"), POUNDS: Decimal(1), THOUSANDS: Decimal(1_000), MILLIONS: Decimal(1_000_000)}
UNIT_WORDS = {PENCE: "pence", POUNDS: "£", THOUSANDS: "£ thousand", MILLIONS: "£ million"}
DASH_IS_ZERO, YEAR_ENDS = "zero", "ends"


def money(cell: Cell, unit: str, *, dash: str | None = None) -> Decimal | Missing | Doubt | Blank:
    """An amount in pounds, exactly as the cell holds it; not rounded to the penny.

    Args:
        unit: what the column is in: one of ``UNITS``.
        dash: what a dash means in this file, ``zero`` or ``blank``, once somebody has said it.
    """
    kind = cell.kind
    if cell.mark == SUPERSCRIPT:
        return Doubt(f"'{cell.value}' has raised or lowered digits in it.", "They may be a note.", TYPE_PLAINLY)
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
    if dash and tidy(text) in DASHES:
        return Decimal(0) if dash == DASH_IS_ZERO else BLANK
    found = written_number(text)
    if not isinstance(found, Number):
        return found
    if found.percent:
        return Doubt(f"'{tidy(text)}' is a percentage.", "An amount of money is expected.", "Type the amount.")
    if found.scaled and unit != POUNDS:
        return Doubt(
            f"'{tidy(text)}' is scaled, in a column in {UNIT_WORDS[unit]}.",
            AMBIGUOUS,
            "Type the number that the column's unit asks for.",
        )
    return found.value * UNITS[unit]


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


def _bare_number(number: Decimal) -> Doubt:
    if _SERIAL_YEARS[0] <= number < _SERIAL_YEARS[1]:
        day = date.fromordinal(date(1899, 12, 30).toordinal() + int(number))
        return Doubt(
            f"{number} may be the day {day:%d %B %Y} as Excel counts days, in {year_of(day)}.",
            "It may as well be a number.",
            "Format the cell as a date, or write the year as 2025/26.",
        )
    return Doubt(f"'{number}' is not a financial year.", "The year must be beyond doubt.", "Write it as 2025/26.")
