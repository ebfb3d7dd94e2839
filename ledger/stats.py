"""How large a ledger is and how fast it answers, on the user's own machine and data."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from ledger import audit, position
from ledger.models import TABLES
from ledger.store import Reader, Store

_REPEATS = 3


def of(store: Store) -> list[dict[str, Any]]:
    """Rows and size of the ledger, then the time that each main question takes (the best of three)."""
    with store.read() as reader:
        return _measured(reader, store.size_bytes())


def _measured(reader: Reader, size: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {
            "what": f"rows: {model.__tablename__}",
            "value": reader.whole(f'SELECT count(*) FROM "{model.__tablename__}"'),
            "unit": "rows",
        }
        for model in TABLES
    ]
    rows.append({"what": "size on disk", "value": size, "unit": "bytes"})
    at = position.moment(reader)
    questions: tuple[tuple[str, Callable[[], object]], ...] = (
        ("position of everything", lambda: position.position(reader, at)),
        ("flows from tier to tier", lambda: position.flows(reader, at, ("from_tier", "to_tier"))),
        ("flows by organisation and fund", lambda: position.flows(reader, at, ("to_organisation", "fund"))),
    )
    for name, ask in questions:
        rows.append({"what": name, "value": min(_timed(ask) for _ in range(_REPEATS)), "unit": "seconds"})
    transfers = reader.whole("SELECT count(*) FROM transfer")
    seconds = _timed(lambda: audit.verify(reader))
    rows.append({"what": "verify everything", "value": seconds, "unit": "seconds"})
    rows.append({"what": "transfers verified", "value": transfers / seconds, "unit": "a second"})
    return rows


def _timed(ask: Callable[[], object]) -> float:
    start = perf_counter()
    ask()
    return perf_counter() - start
