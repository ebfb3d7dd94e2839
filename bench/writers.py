"""Many writers at once: small entries each in its own transaction, from one, four and sixteen processes, on a server."""

import json
import subprocess
from collections.abc import Iterator

import psycopg

from bench.books import DAY, million, structure
from bench.rows import Row
from bench.running import ours
from bench.server import URL, database
from ledger.address import ServerAddress
from ledger.drafts import Draft
from ledger.posting import post
from ledger.store import Store

WRITERS = (1, 4, 16)


def measure(lasting: int) -> Iterator[Row]:
    """Milliseconds from one acknowledged entry to the next, of all writers together."""
    if not URL:
        yield Row("small entries on a server", "bare PostgreSQL", None, None, note="no server given")
        return
    address = database("bench_ours")
    assert isinstance(address, ServerAddress)
    with Store.create(address) as store:
        post(store, structure())
        post(store, [Draft("open", "devolve", DAY, "bench", "open the accounts", transfers=million(1))])
    bare = database("bench_bare", "bench_ours")
    assert isinstance(bare, ServerAddress)
    with psycopg.connect(bare.url, autocommit=True) as server:
        for name in ("entry", "transfer", "account"):
            server.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    for many in WRITERS:
        mine = _together("write_ours", address.url, many, lasting)
        theirs = _together("write_bare", bare.url, many, lasting)
        note = f"{many} writer{'s' if many > 1 else ''}: a small entry, {mine:,.0f} and {theirs:,.0f} a second"
        yield Row(note, "bare PostgreSQL, same tables, no queue, no chain", 1000 / mine, 1000 / theirs, "ms")


def _together(worker: str, url: str, many: int, lasting: int) -> float:
    """Entries a second, all writers together; no two writers of a run share a number. They begin together, when every one of them is ready."""
    started = [
        subprocess.Popen(
            ours(worker, url, str(lasting), str(1000 * many + number)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(many)
    ]
    for child in started:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
    for child in started:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    done: int = sum(json.loads(child.communicate()[0].splitlines()[-1])["done"] for child in started)
    return done / lasting
