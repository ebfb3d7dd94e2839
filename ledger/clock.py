"""What time it is, as the books count it: never before what they have recorded.

A machine's clock can be put back, by mistake or on purpose. The books never go back: the time that counts for a
deadline is the machine's, or the newest recorded time where that is later.
"""

from datetime import UTC, date, datetime

from ledger.store.reading import Reader


def machine() -> datetime:
    """What the machine's clock says."""
    return datetime.now(UTC)


def now(reader: Reader) -> datetime:
    """The time, by the books."""
    ((latest,),) = reader.rows("SELECT max(recorded_at) FROM entry")
    return max(machine(), latest) if isinstance(latest, datetime) else machine()


def today(reader: Reader) -> date:
    """The day, by the books: in UTC, as every recorded time."""
    return now(reader).astimezone(UTC).date()
