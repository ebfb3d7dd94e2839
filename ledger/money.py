"""Money is whole pence, always; this is the one place that turns pence into words and back.

No float is ever an amount. A number that arrives as a float (from a spreadsheet cell) becomes pence
through its shortest decimal text, which is the number its author saw.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import floor

PENCE_PER_POUND = 100
# Excel and JSON readers hold integers exactly below 2**53; 90 trillion pounds is enough for the NHS.
LARGEST_PENCE = 2**53 - 1
# All amounts of a ledger together fit into a database's whole number with room to spare, and so does any sum of them.
MOST_MOVED_PENCE = 2**62
_SHOWN = 40

_THOUSANDS = re.compile(r"^-?\d{1,3}(,\d{3})+(\.\d+)?\s*[a-z]*$")
_SCALES = (
    (Decimal(10) ** 9, "billion"),
    (Decimal(10) ** 6, "million"),
)
_NUMBER = re.compile(r"[-+]?(\d{1,20}\.?\d{0,20}|\.\d{1,20})(e[-+]?\d{1,2})?", re.ASCII)
_SUFFIXES = {"k": 3, "m": 6, "mn": 6, "million": 6, "bn": 9, "b": 9, "billion": 9}


def round_half_up(value: Decimal) -> int:
    """Round to the nearest whole number, halves away from zero, as Excel does.

    Python's own ``round`` goes to the nearest even number and would not tie to a published table.
    """
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def round_half_up_fraction(value: Fraction | int) -> int:
    """An exact fraction to the nearest whole number, halves away from zero."""
    whole = floor(abs(Fraction(value)) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def pence_from_pounds(pounds: Decimal) -> int:
    """Whole pence of an amount in pounds, halves away from zero.

    Raises:
        ValueError: the amount is beyond what integers hold exactly everywhere (2**53 pence).
    """
    if abs(pounds) > LARGEST_PENCE // PENCE_PER_POUND:
        raise ValueError(f"£{pounds} is more than the ledger can hold exactly.")
    return round_half_up(pounds * PENCE_PER_POUND)


def parse_pounds(text: str) -> int:
    """Pence of an amount that a person typed: ``1,000,000``, ``£1bn``, ``£2.5 million``, ``12.34``.

    This reads options of the command line, not spreadsheets; a fraction of a penny is refused, for
    nobody types one on purpose.

    Raises:
        ValueError: with a sentence that says what was found and what is expected.
    """
    cleaned = text.strip().lower().replace("£", "").strip()
    if "," in cleaned and not _THOUSANDS.match(cleaned):
        raise ValueError(f"'{text}' is not an amount of money: its commas do not divide thousands. Write 1,000.00.")
    cleaned = cleaned.replace(",", "")
    power = 0
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if cleaned.endswith(suffix):
            power = _SUFFIXES[suffix]
            cleaned = cleaned[: -len(suffix)].strip()
            break
    if not _NUMBER.fullmatch(cleaned):
        text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        raise ValueError(f"'{text}' is not an amount of money. Write it as 1000000, 1,000,000.00 or 1m.")
    amount = Decimal(cleaned).scaleb(power)
    if amount * PENCE_PER_POUND != (amount * PENCE_PER_POUND).to_integral_value():
        raise ValueError(f"'{text}' is not a whole number of pence. Round it to the penny first.")
    return pence_from_pounds(amount)


def exact_pounds(pence: int) -> str:
    """Pounds and pence for tables that must tie: ``1,234.50``, negatives ``-1,234.50``."""
    return f"{Decimal(pence) / PENCE_PER_POUND:,.2f}"


def plain_pounds(pence: int) -> str:
    """Pounds and pence for files that programs read: ``1234.50``, negatives ``-1234.50``."""
    return f"{Decimal(pence) / PENCE_PER_POUND:.2f}"


def plain_decimal(value: Fraction, places: int) -> str:
    """An exact number to so many places, halves away from zero: ``1.043``."""
    return f"{Decimal(round_half_up_fraction(value * 10**places)).scaleb(-places):.{places}f}"


def millions(pence: int) -> str:
    """Pounds in millions to one decimal, for tables whose header says £ million.

    What would be written as nothing and is something has its own unit: ``£22,000``.
    """
    shown = (Decimal(pence) / 10**8).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
    return f"{shown:,}" if shown or not pence else spoken(pence)


def whole_pounds(pence: int) -> str:
    """Whole pounds for tables whose header says £; less than half a pound that is not nothing in pence: ``12p``."""
    pounds = round_half_up(Decimal(pence) / PENCE_PER_POUND)
    return f"{pounds:,}" if pounds or not pence else f"{pence}p"


def signed_percent(part: Fraction, places: int) -> str:
    """A fraction of one as a percentage with its sign, halves away from zero: ``+4.37%``."""
    return f"{Decimal(round_half_up_fraction(part * 10 ** (places + 2))).scaleb(-places):+.{places}f}%"


def spoken(pence: int) -> str:
    """The amount as people write it in a sentence: ``£160.2 billion``, ``£1.2 million``, ``-£56``.

    Below a million the amount is in whole pounds with commas; pence appear below £100 only, and only
    where there are any.
    """
    sign = "-" if pence < 0 else ""
    pounds = abs(Decimal(pence)) / PENCE_PER_POUND
    for index, (scale, word) in enumerate(_SCALES):
        shown = (pounds / scale).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        if shown >= 1 and pounds >= scale * Decimal("0.99995"):
            if index > 0 and shown >= 1000:  # noqa: PLR2004 - £999.97 million reads as £1 billion
                return f"{sign}£1 billion"
            return f"{sign}£{_trim(shown)} {word}"
    if pounds < 100 and pounds != pounds.to_integral_value():  # noqa: PLR2004
        return f"{sign}£{pounds:.2f}"
    return f"{sign}£{pounds.quantize(Decimal(1), rounding=ROUND_HALF_UP):,}"


def _trim(shown: Decimal) -> str:
    text = f"{shown:,}"
    return text.removesuffix(".0")
