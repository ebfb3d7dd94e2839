"""Many writers at once on a server, with roles on: small entries each in its own transaction.

Sixteen writers are sixteen threads of one process that share one open ledger, as an app's people do, whose login names
who is at its screen; or sixteen processes, each under a login of its own.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench.entries import almost_empty
from bench.rows import Row
from bench.running import Worker
from bench.server import APP, PEOPLE, URL, database, durable, login, quiet, shared

WRITERS = (1, 4, 16)
# At least two hundred entries a second with all of them.
AIM_MS = 5


def measure(lasting: int) -> Iterator[Row]:
    """Milliseconds from one acknowledged entry to the next, of all writers together."""
    if not URL:
        yield Row("small entries on a server", "bare PostgreSQL", None, None, note="no server given")
        return
    with tempfile.TemporaryDirectory() as name:
        almost_empty(Path(name) / "ledger.duckdb")
        address = shared(Path(name) / "ledger.duckdb", "bench_ours")
    bare = database("bench_bare", "bench_ours")
    quiet(bare)
    for many in WRITERS:
        people = PEOPLE[:many]
        theirs = _together([("write_bare", bare.url, str(lasting), str(100 * many + n)) for n in range(many)], lasting)
        ways: dict[str, list[Sequence[str]]] = {
            "threads sharing one open ledger": [("write_ours", login(address, APP).url, str(lasting), *people)],
            "processes": [("write_ours", login(address, who).url, str(lasting), who) for who in people],
        }
        for way, workers in ways.items():
            mine = _together(workers, lasting)
            what = (
                f"{many} writer{'s' if many > 1 else ''}, {way}: a small entry, {mine:,.0f} and {theirs:,.0f} a second"
            )
            other = f"bare PostgreSQL, as many processes, same tables, no queue, no chain, {durable()}"
            yield Row(
                what,
                other,
                1000 / mine if mine else None,
                1000 / theirs,
                "ms",
                limit=AIM_MS if many == max(WRITERS) else None,
            )


def _together(workers: Sequence[Sequence[str]], lasting: int) -> float:
    """Entries a second of all workers, who begin together when every one of them is ready."""
    with ExitStack() as all_of_them:
        started = [all_of_them.enter_context(Worker(*worker)) for worker in workers]
        for worker in started:
            worker.told()
        for worker in started:
            worker.go()
        done: int = sum(worker.told()["done"] for worker in started)
    return done / lasting
