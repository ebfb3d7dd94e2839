"""How large a ledger is, how it grows and how fast it answers, measured on the user's own machine and data."""

import sys
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

from ledger.models import TABLES
from ledger.reports import position, verify
from ledger.store.base import Reader, Store

try:
    import resource
except ImportError:  # there is no such module on Windows
    resource = None  # type: ignore[assignment]

_REPEATS = 3
_KIBIBYTE = 1024
# Months of recording, the newest last: what has come into the books lately.
_MONTHS_SHOWN = 12
_GROWTH = """
SELECT strftime(e.recorded_at, '%Y-%m') AS month, count(DISTINCT e.number) AS entries, count(t.leg) AS transfers
FROM entry e LEFT JOIN transfer t ON t.entry_number = e.number GROUP BY 1 ORDER BY 1 DESC LIMIT $months
"""
_LARGEST = "SELECT coalesce(max(legs), 0) FROM (SELECT count(*) AS legs FROM transfer GROUP BY entry_number) AS each"
_WHAT_THERE_IS = (
    ("transfers in the largest entry", _LARGEST),
    ("organisations that hold or held money", "SELECT count(DISTINCT organisation) FROM account"),
    ("funds that money stands or stood on", "SELECT count(DISTINCT fund) FROM account"),
    ("financial years with money", "SELECT count(DISTINCT year) FROM account"),
    ("entries that are reversed", "SELECT count(*) FROM entry WHERE reverses IS NOT NULL"),
    ("proposals that are open", "SELECT count(*) FROM proposal WHERE id NOT IN (SELECT proposal FROM proposal_end)"),
    ("months that are closed", "SELECT count(*) FROM closed_month"),
)  # fmt: skip


def statistics(store: Store) -> list[dict[str, Any]]:
    """Rows, size and growth of the ledger; the time of each main question (the best of three); memory.

    What cannot be measured here has the value None, and is never taken for zero.
    """
    with store.read_afresh() as reader:
        return [*_size(reader, store.size_bytes()), *_growth(reader), *_speed(reader), *_memory()]


def _row(what: str, value: float | None, unit: str) -> dict[str, Any]:
    return {"what": what, "value": value, "unit": unit}


def _size(reader: Reader, size: int) -> Iterator[dict[str, Any]]:
    for model in TABLES:
        name = model.__tablename__
        yield _row(f"rows: {name}", reader.whole(f'SELECT count(*) FROM "{name}"'), "rows")
    for what, question in _WHAT_THERE_IS:
        yield _row(what, reader.whole(question), "")
    yield _row("size on disk", size, "bytes")
    transfers = reader.whole("SELECT count(*) FROM transfer")
    yield _row("size on disk for each transfer", size // transfers if transfers else None, "bytes")


def _growth(reader: Reader) -> Iterator[dict[str, Any]]:
    for month, entries, transfers in reversed(reader.rows(_GROWTH, {"months": _MONTHS_SHOWN})):
        yield _row(f"recorded in {month}: entries", int(str(entries)), "entries")
        yield _row(f"recorded in {month}: transfers", int(str(transfers)), "transfers")


def _speed(reader: Reader) -> Iterator[dict[str, Any]]:
    at = position.moment(reader)
    questions: tuple[tuple[str, Callable[[], object]], ...] = (
        ("position of everything", lambda: position.position(reader, at)),
        ("flows from tier to tier", lambda: position.flows(reader, at, ("from_tier", "to_tier"))),
        ("flows by organisation and fund", lambda: position.flows(reader, at, ("to_organisation", "fund"))),
    )
    for name, ask in questions:
        yield _row(name, min(_timed(ask) for _ in range(_REPEATS)), "seconds")
    transfers = reader.whole("SELECT count(*) FROM transfer")
    seconds = _timed(lambda: verify.verify(reader))
    yield _row("verify everything", seconds, "seconds")
    yield _row("transfers verified", transfers / seconds, "a second")


def _memory() -> Iterator[dict[str, Any]]:
    """The most that this program has held at once, the questions above included."""
    peak = None
    if resource is not None:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak = most if sys.platform == "darwin" else most * _KIBIBYTE
    yield _row("memory at its most", peak, "bytes")


def _timed(ask: Callable[[], object]) -> float:
    start = perf_counter()
    ask()
    return perf_counter() - start
