"""A year in parts: monthly payments that sum to the year, and years divided where somebody moves.

Payments are rounded cumulatively: what has been paid after each month is the year's amount times the months
gone by, rounded; a month is the difference. So the year is met to the penny, and no month is off by more
than one.
"""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise

from allocations.apportion import apportion
from ledger.money import round_half_up_fraction
from ledger.years import FinancialYear

MONTHS = 12


def monthly(annual_pence: int) -> list[int]:
    """Twelve payments, April first, that sum to the year."""
    paid = [round_half_up_fraction(Fraction(annual_pence * month, MONTHS)) for month in range(MONTHS + 1)]
    return [after - before for before, after in pairwise(paid)]


def arrears(believed: Sequence[Fraction], corrected: Sequence[Fraction], months_paid: int) -> int:
    """What is owed, or due back, for months that were paid on figures since corrected; rounded once.

    Args:
        believed: each element's annual amount as it was paid, exact, in pence.
        corrected: the same as it should have been.
        months_paid: for how many months it was paid.
    """
    difference = sum(corrected, Fraction(0)) - sum(believed, Fraction(0))
    return round_half_up_fraction(difference * months_paid / MONTHS)


def by_days(annual_pence: int, year: FinancialYear, moves_on: date) -> tuple[int, int]:
    """A year's amount before and from a day on, by days; the two sum to it.

    Raises:
        ValueError: the day is not in the year, or is its first day, when nothing lies before it.
    """
    if not year.contains(moves_on) or moves_on == year.first_day:
        raise ValueError(f"{moves_on} does not divide {year} in two")
    before = (moves_on - year.first_day).days
    after = (year.last_day - moves_on).days + 1
    parts = apportion(annual_pence, {"before": before, "from": after})
    return parts["before"], parts["from"]


def by_months(annual_pence: int, year: FinancialYear, moves_on: date) -> tuple[int, int]:
    """A year's amount before and from the first of a month on, as it would be paid month by month.

    Raises:
        ValueError: the day is not in the year, is not the first of a month, or is the year's first day.
    """
    if not year.contains(moves_on) or moves_on == year.first_day or moves_on.day != 1:
        raise ValueError(f"{moves_on} does not divide {year} between two months")
    gone = (moves_on.year - year.start) * MONTHS + moves_on.month - year.first_day.month
    payments = monthly(annual_pence)
    return sum(payments[:gone]), sum(payments[gone:])
