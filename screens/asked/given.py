"""What is given in Python, read as analysts write it: years, days, moments, readings, and names to choose from."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from ledger.readings import GradeReading, named
from ledger.years import FinancialYear, parse_year

Year = FinancialYear | int | str | None
Day = date | str | None
Instant = datetime | str | None
Reading = GradeReading | str
File = Path | str
_DAY = "2025-06-30"


def year(given: Year) -> FinancialYear | None:
    """A financial year, from ``"2025/26"`` or the calendar year in which it starts.

    Raises:
        ValueError: it cannot be read as one.
    """
    if isinstance(given, str):
        return parse_year(given)
    return FinancialYear(given) if isinstance(given, int) else given


def day(given: Day) -> date | None:
    """A day, from a date or ``"2025-06-30"``. Of a moment its day counts.

    Raises:
        ValueError: it is no day.
    """
    if given is None:
        return None
    if isinstance(given, datetime):
        return given.date()
    if isinstance(given, date):
        return given
    try:
        return date.fromisoformat(given)
    except (TypeError, ValueError):
        raise ValueError(f"'{given}' is not a day. Write it as {_DAY}.") from None


def instant(given: Instant) -> datetime | None:
    """A moment, from a datetime or ``"2025-06-30T12:00"``. No time zone means UTC.

    Raises:
        ValueError: it is no moment.
    """
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    return None if given is None else moment_of(str(given))


def moment_of(text: str) -> datetime:
    """A moment from a text: a bare day means the end of that day, and a time without a zone is UTC.

    Raises:
        ValueError: it is no moment.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is not a time. Write it as {_DAY} or {_DAY}T12:00.") from None
    if len(text) == len(_DAY) and found.date() == datetime.now(UTC).date():
        return datetime.now(UTC)  # today is known up to now
    if len(text) == len(_DAY):
        found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reading(given: Reading) -> GradeReading:
    """A reading of the grades of ring-fences, from the name of a shipped one.

    Raises:
        ValueError: there is no such reading.
    """
    shipped = named()
    return shipped[choice("reading", given, shipped)] if isinstance(given, str) else given


def choice(name: str, given: str, known: Iterable[str]) -> str:
    """One of the words that something may be.

    Args:
        name: of the argument.

    Raises:
        ValueError: it is none of them.
    """
    listed = list(known)
    if given not in listed:
        raise ValueError(f"there is no {name} '{given}'. Choose from {', '.join(listed)}.")
    return given


def several(given: str | Sequence[str]) -> Sequence[str]:
    """Several words, or one that was given alone."""
    return [given] if isinstance(given, str) else given


def file(given: File | None) -> Path | None:
    """A file by its path."""
    return None if given is None else Path(given)
