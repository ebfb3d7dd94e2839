"""How a ledger grows: time for each transfer, time of a balance, size and memory, from ten thousand transfers up."""

import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.books import (
    DAY,
    FUNDS,
    HANDWRITTEN,
    ICBS,
    PRACTICES_EACH,
    bare_copy,
    bare_insert,
    million,
    resolved,
    seconds,
    structure,
)
from bench.rows import Row
from ledger import position
from ledger.drafts import Draft
from ledger.posting import post
from ledger.store import Store

BATCH = 1_000_000


def measure(largest: int) -> Iterator[Row]:
    """One ledger grown step by step beside bare DuckDB with the same tables, asked at each step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "ours.duckdb"
        table = million(min(largest, BATCH))
        with Store.create(path) as store:
            post(store, structure())
            opening = table.slice(0, min(largest, ICBS * PRACTICES_EACH * FUNDS))
            post(store, [Draft("open", "devolve", DAY, "bench", "open the accounts", transfers=opening)])
            store.checkpoint()
        bare = bare_copy(folder, path)
        rows = resolved(bare, table)
        with Store.open(path) as store:
            held, batch = 0, 0
            for size in (size for size in (10_000, 100_000, 1_000_000, 10_000_000) if size <= largest):
                mine = theirs = 0.0
                added = size - held
                while held < size:
                    many = min(BATCH, size - held)
                    draft = Draft(f"batch {batch}", "devolve", DAY, "bench", "a batch", transfers=table.slice(0, many))
                    mine += seconds(lambda draft=draft: post(store, [draft]))  # type: ignore[misc]
                    part = rows.slice(0, many)
                    theirs += seconds(lambda part=part, batch=batch: bare_insert(bare, part, 100 + batch))  # type: ignore[misc]
                    held, batch = held + many, batch + 1
                what, other = f"grown to {size:,} transfers", "bare DuckDB, same tables"
                yield Row(
                    f"{what}: posting each transfer", other, mine / added * 1e6, theirs / added * 1e6, "µs", at_most=3
                )
                yield Row(f"{what}: balance of all accounts", other + ", SQL by hand", *_balances(store), at_most=1.3)
                store.checkpoint()
                bare.execute("CHECKPOINT")
                size_of_bare = (folder / "bare.duckdb").stat().st_size
                yield Row(f"{what}: size of the file", other, path.stat().st_size / 2**20, size_of_bare / 2**20, "MiB")
        bare.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        yield Row("memory of the process that did both, at most", "", peak, None, "MiB")


def _balances(store: Store) -> tuple[float, float]:
    with store.read() as reader:
        at = position.moment(reader)
        mine, theirs = [], []
        for _ in range(5):
            start = time.perf_counter()
            ours = position.position(reader, at)
            middle = time.perf_counter()
            plain = reader.table(HANDWRITTEN)
            mine.append(middle - start)
            theirs.append(time.perf_counter() - middle)
        assert ours.num_rows == plain.num_rows
    return min(mine), min(theirs)
