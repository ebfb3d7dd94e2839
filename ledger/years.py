"""The NHS financial year: 1 April to 31 March, written 2025/26, stored as the year it starts in; and its months.

Month 1 is April and month 12 is March. A month is written 2025-04, by the calendar, or M1 2025/26.
"""

import calendar
import re
from datetime import date, timedelta
from typing import NamedTuple

_PATTERNS = (
    re.compile(r"^(?:FY\s*)?(\d{4})\s*[/-]\s*(\d{2}|\d{4})$", re.IGNORECASE),
    re.compile(r"^(?:FY\s*)?(\d{2})\s*[/-]\s*(\d{2})$", re.IGNORECASE),
    re.compile(r"^(\d{4})\s+to\s+(\d{4})$", re.IGNORECASE),
)
_CENTURY = 100
LAST_YEAR = 2999
FIRST_YEAR = 1948  # the NHS began on 5 July 1948: an earlier year is a slip of the pen


class FinancialYear(NamedTuple):
    """One financial year, by the calendar year in which it starts."""

    start: int

    def __str__(self) -> str:
        return f"{self.start}/{(self.start + 1) % _CENTURY:02d}"

    @property
    def first_day(self) -> date:
        """1 April."""
        return date(self.start, 4, 1)

    @property
    def last_day(self) -> date:
        """31 March."""
        return date(self.start + 1, 3, 31)

    def contains(self, day: date) -> bool:
        """Whether the day falls in this year."""
        return self.first_day <= day <= self.last_day


def year_of(day: date) -> FinancialYear:
    """The financial year that a day falls in."""
    return FinancialYear(day.year if day >= date(day.year, 4, 1) else day.year - 1)


def today() -> date:
    """The working day of whoever asks, by their own calendar."""
    return date.today()  # noqa: DTZ011 - where they are


def working_day(year: FinancialYear) -> date:
    """When an entry counts unless somebody says: today where that lies in the year, its first day otherwise."""
    day = today()
    return day if year.contains(day) else year.first_day


def parse_year(text: str) -> FinancialYear:
    """Read ``2025/26``, ``2025-26``, ``25/26``, ``FY2025/26``, ``2025-2026`` or ``2025 to 2026``.

    Raises:
        ValueError: for anything else. ``2025/27`` is two years, and ``FY26`` is refused because some
            people mean the year that ends in 2026 and some the year that starts then.
    """
    cleaned = text.strip()
    for pattern in _PATTERNS:
        match = pattern.match(cleaned)
        if match:
            start = int(match[1]) if len(match[1]) > 2 else 2000 + int(match[1])  # noqa: PLR2004
            if (start + 1) % _CENTURY == int(match[2]) % _CENTURY and start >= FIRST_YEAR:
                return FinancialYear(start)
            break
    raise ValueError(f"'{text}' is not a financial year. Write it as 2025/26 (1 April 2025 to 31 March 2026).")


_MONTHS = (re.compile(r"^(\d{4})-(\d{2})$"), re.compile(r"^M(\d{1,2})\s+(\S+)$", re.IGNORECASE))
_MONTHS_OF_A_YEAR = 12
_BEFORE_APRIL = 3


class Month(NamedTuple):
    """One month, by the calendar."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        """The first of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    @property
    def following(self) -> "Month":
        """The month after it."""
        return month_of(self.last_day + timedelta(days=1))

    @property
    def ends_the_year(self) -> bool:
        """Whether it is March, month 12: its end is year end."""
        return self.month == _BEFORE_APRIL

    @property
    def spoken(self) -> str:
        """For people: ``April 2025 (month 1 of 2025/26)``."""
        nth = (self.month - _BEFORE_APRIL - 1) % _MONTHS_OF_A_YEAR + 1
        return f"{calendar.month_name[self.month]} {self.year} (month {nth} of {year_of(self.first_day)})"


def month_of(day: date) -> Month:
    """The month that a day falls in."""
    return Month(day.year, day.month)


def parse_month(text: str) -> Month:
    """Read ``2025-04``, or ``M1 2025/26`` as month-end timetables write it.

    Raises:
        ValueError: for anything else.
    """
    cleaned = text.strip()
    calendar_way, nhs_way = (pattern.match(cleaned) for pattern in _MONTHS)
    if calendar_way and FIRST_YEAR <= int(calendar_way[1]) <= LAST_YEAR:
        year, month = int(calendar_way[1]), int(calendar_way[2])
        if 1 <= month <= _MONTHS_OF_A_YEAR:
            return Month(year, month)
    if nhs_way and 1 <= int(nhs_way[1]) <= _MONTHS_OF_A_YEAR:
        start, nth = parse_year(nhs_way[2]).start, int(nhs_way[1])
        after = nth + _BEFORE_APRIL
        return Month(start + (after > _MONTHS_OF_A_YEAR), (after - 1) % _MONTHS_OF_A_YEAR + 1)
    raise ValueError(f"'{text}' is not a month. Write it as 2025-04, or M1 2025/26.")
