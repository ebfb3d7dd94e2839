"""The NHS financial year: 1 April to 31 March, written 2025/26, stored as the year it starts in."""

import re
from datetime import date
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
