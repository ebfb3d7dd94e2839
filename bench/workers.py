"""What is measured in a process of its own: ``python -m bench.workers NAME ...`` prints what it found as JSON.

Each loads the rows of a journal and asks for every balance, so that loading, balance and memory can be told apart.
"""

# ruff: noqa: PLC0415 - each worker loads what it measures and no more, since its memory is measured too

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

WATCHED = ("Q00P000", "fund-00")


def books(rows: str, ledger: str) -> dict[str, Any]:
    """Ours: a new ledger, its structure, every transfer through every check, and the position."""
    import pyarrow as pa
    from pyarrow import csv

    from bench.books import DAY, YEAR, structure
    from ledger.entries.draft import LEGS, Draft
    from ledger.entries.posting import post
    from ledger.reports import position
    from ledger.store.base import Store

    start = time.perf_counter()
    read = csv.read_csv(rows)
    many = len(read)
    same = {
        "from_year": YEAR.start, "to_year": YEAR.start, "from_standing": "available", "to_standing": "available",
        "recurrent": True,
    }  # fmt: skip
    columns = {name: pa.repeat(pa.scalar(value, LEGS.field(name).type), many) for name, value in same.items()}
    columns |= {name: read[name] for name in ("from_organisation", "to_organisation", "to_fund", "amount_pence")}
    columns |= {"from_fund": read["to_fund"], "note": pa.nulls(many, pa.string())}
    transfers = pa.table([columns[name] for name in LEGS.names], names=LEGS.names).cast(LEGS)
    with Store.create(Path(ledger)) as store:
        post(store, [*structure(), Draft("journal", "devolve", DAY, "bench", "a journal", transfers=transfers)])
        store.checkpoint()
        loaded = time.perf_counter()
        with store.read() as reader:
            first = position.position(reader, position.moment(reader))
        asked, used = time.perf_counter(), time.process_time()
        again = []
        for _ in range(3):
            begun = time.perf_counter()
            with store.read() as reader:
                position.position(reader, position.moment(reader))
            again.append(time.perf_counter() - begun)
        used = time.process_time() - used
    watched = [
        row["amount_pence"]
        for row in first.select(["organisation", "fund", "amount_pence"]).to_pylist()
        if (row["organisation"], row["fund"]) == WATCHED
    ]
    return {"load": loaded - start, "balance": min(again), "first": asked - loaded, "again": sum(again), "again processor": used, "watched": watched[0],
            "bytes": Path(ledger).stat().st_size}  # fmt: skip


def opened(ledger: str) -> dict[str, Any]:
    """Ours, by another process: the ledger is there, and is opened and asked."""
    from ledger.reports import position
    from ledger.store.base import Store

    start = time.perf_counter()
    with Store.open(Path(ledger), read_only=True) as store, store.read() as reader:
        position.position(reader, position.moment(reader))
    return {"balance": time.perf_counter() - start}


def pandas(rows: str) -> dict[str, Any]:
    """pandas: a table in memory, without a constraint, and two sums by account."""
    import pandas as pd

    start = time.perf_counter()
    table = pd.read_csv(rows)
    loaded = time.perf_counter()
    received = table.groupby(["to_organisation", "to_fund"])["amount_pence"].sum()
    paid = table.groupby(["from_organisation", "to_fund"])["amount_pence"].sum()
    held = received.rename_axis(["who", "fund"]).sub(paid.rename_axis(["who", "fund"]), fill_value=0).astype("int64")
    return {"load": loaded - start, "balance": time.perf_counter() - loaded, "watched": int(held[WATCHED])}


_TABLES = (
    """CREATE TABLE account (id INTEGER PRIMARY KEY, organisation VARCHAR(20) NOT NULL, fund VARCHAR(20) NOT NULL,
    UNIQUE (organisation, fund))""",
    """CREATE TABLE transfer (leg INTEGER PRIMARY KEY, from_account INTEGER NOT NULL REFERENCES account (id),
    to_account INTEGER NOT NULL REFERENCES account (id), amount_pence BIGINT NOT NULL CHECK (amount_pence > 0),
    CHECK (from_account <> to_account))""",
)
_ACCOUNTS = (
    "INSERT INTO account SELECT row_number() OVER (), who, fund FROM (SELECT from_organisation AS who, to_fund AS fund FROM loaded "
    "UNION SELECT to_organisation, to_fund FROM loaded) AS each_one"
)
_TRANSFERS = (
    "INSERT INTO transfer SELECT row_number() OVER (), f.id, t.id, l.amount_pence FROM loaded l "
    "JOIN account f ON f.organisation = l.from_organisation AND f.fund = l.to_fund "
    "JOIN account t ON t.organisation = l.to_organisation AND t.fund = l.to_fund"
)
_BALANCES = (
    "SELECT a.organisation, a.fund, sum(x.pence) AS pence FROM (SELECT to_account AS account, sum(amount_pence) AS pence FROM transfer "
    "GROUP BY to_account UNION ALL SELECT from_account, -sum(amount_pence) FROM transfer GROUP BY from_account) x "
    "JOIN account a ON a.id = x.account GROUP BY a.organisation, a.fund"
)


def duckdb(rows: str, file: str) -> dict[str, Any]:
    """Bare DuckDB: two tables with keys, foreign keys and checks, and one question."""
    import duckdb as engine

    start = time.perf_counter()
    with engine.connect(file) as connection:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"CREATE TEMP TABLE loaded AS SELECT * FROM read_csv('{rows}')")
        connection.execute(_ACCOUNTS)
        connection.execute(_TRANSFERS)
        connection.execute("CHECKPOINT")
        loaded = time.perf_counter()
        held = connection.execute(_BALANCES).fetch_arrow_table().to_pylist()
        took = time.perf_counter() - loaded
    watched = [int(row["pence"]) for row in held if (row["organisation"], row["fund"]) == WATCHED]
    return {"load": loaded - start, "balance": took, "watched": watched[0], "bytes": Path(file).stat().st_size}


def postgres(rows: str, url: str) -> dict[str, Any]:
    """Bare PostgreSQL: the same two tables, COPY and one question."""
    import psycopg

    start = time.perf_counter()
    with psycopg.connect(url) as connection:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(
            "CREATE TEMP TABLE loaded (from_organisation text, to_organisation text, to_fund text, amount_pence bigint)"
        )
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY loaded FROM STDIN (FORMAT csv, HEADER)") as sink,
            Path(rows).open("rb") as text,
        ):
            while block := text.read(1 << 20):
                sink.write(block)
        connection.execute("ANALYZE loaded")
        connection.execute(_ACCOUNTS)
        connection.execute("ANALYZE account")
        connection.execute(_TRANSFERS)
        connection.commit()
        loaded = time.perf_counter()
        held = connection.execute(_BALANCES).fetchall()
        took = time.perf_counter() - loaded
    watched = [int(pence) for who, fund, pence in held if (who, fund) == WATCHED]
    return {"load": loaded - start, "balance": took, "watched": watched[0]}


def write_ours(url: str, seconds: str, *people: str) -> Iterator[dict[str, Any]]:
    """Writers of one open ledger on a server, each a thread: one small entry after another, until the time is over."""
    from concurrent.futures import ThreadPoolExecutor

    from bench.entries import SMALL, poster
    from ledger.store.address import ServerAddress
    from ledger.store.base import Store

    with Store.open(ServerAddress(url)) as store, ThreadPoolExecutor(len(people)) as threads:
        for person in people:
            poster(store, person, SMALL)()
        yield {"ready": True}
        until = time.perf_counter() + int(seconds)

        def write(person: str) -> int:
            act, done = poster(store, person, SMALL), 0
            while True:
                act()
                # One that is acknowledged when the time is over was not posted in it.
                if time.perf_counter() > until:
                    return done
                done += 1

        yield {"done": sum(threads.map(write, people))}


def write_bare(url: str, seconds: str, name: str) -> Iterator[dict[str, Any]]:
    """A writer of bare tables with the same keys and checks: an entry and its transfer, committed, over and over."""
    import psycopg

    from bench.entries import bare_on_server

    with psycopg.connect(url) as server:
        row, leg = (
            server.execute(f"SELECT * FROM {table} ORDER BY 1 DESC LIMIT 1").fetchone()
            for table in ("entry", "transfer")
        )
        assert row is not None
        assert leg is not None
        act, done = bare_on_server(server, row, leg, 1_000_000 * (1 + int(name))), 0
        yield {"ready": True}
        until = time.perf_counter() + int(seconds)
        while time.perf_counter() < until:
            act()
            done += 1
        yield {"done": done}


def grow(file: str, bare: str, questions: str, *sizes: str) -> Iterator[dict[str, Any]]:
    """Ours, grown to each size: posting and, ``with`` questions, a balance beside SQL by hand, and verify; time and memory."""
    import shutil

    from bench.books import BATCH, balances, batch, million, opened_accounts, seconds
    from bench.running import forget_peak, peak_mebibytes
    from ledger.entries.posting import post
    from ledger.reports import verify as audit
    from ledger.store.base import Store

    path, table = Path(file), million(min(int(sizes[-1]), BATCH))
    opened_accounts(path, table)
    shutil.copy(path, bare)
    yield {"ready": True}
    with Store.open(path) as store:
        held = 0
        for size in map(int, sizes):
            found: dict[str, Any] = {"posting": 0.0, "processor": 0.0}
            forget_peak()
            while held < size:
                draft = batch(f"batch {held}", table.slice(0, min(BATCH, size - held)))
                used = time.process_time()
                found["posting"] += seconds(lambda draft=draft: post(store, [draft]))  # type: ignore[misc]
                found["processor"] += time.process_time() - used
                held += draft.legs().num_rows
            store.checkpoint()
            found |= {"memory of posting": peak_mebibytes(), "bytes": path.stat().st_size}
            if questions != "with":
                yield found
                continue
            found["position"], found["by hand"] = balances(store)
            forget_peak()
            with store.read() as reader:
                start = time.perf_counter()
                assert audit.verify(reader) == []
                found |= {"verify": time.perf_counter() - start, "memory of verify": peak_mebibytes()}
            yield found


def grow_bare(bare: str, constraints: str, *sizes: str) -> Iterator[dict[str, Any]]:
    """Bare DuckDB, grown likewise: with the constraints of ours, or with its primary keys alone."""
    import duckdb as engine

    from bench.books import BATCH, bare_insert, million, primary_keys_alone, resolved, seconds

    path = Path(bare)
    if constraints == "keys":
        path = primary_keys_alone(path)
    with engine.connect(str(path)) as raw:
        rows = resolved(raw, million(min(int(sizes[-1]), BATCH)))
        yield {"ready": True}
        held = 0
        for size in map(int, sizes):
            found: dict[str, Any] = {"posting": 0.0, "processor": 0.0}
            while held < size:
                part, number = rows.slice(0, min(BATCH, size - held)), 100 + held
                used = time.process_time()
                found["posting"] += seconds(lambda part=part, number=number: bare_insert(raw, part, number))  # type: ignore[misc]
                found["processor"] += time.process_time() - used
                held += part.num_rows
            raw.execute("CHECKPOINT")
            yield found | {"bytes": path.stat().st_size}


def verify_demo(file: str) -> Iterator[dict[str, Any]]:
    """The demo's ledger verified, once each step, and how many questions in SQL that asks."""
    demo, audit, base = _of_any_version("allocations.demo.build", "ledger.reports.verify", "ledger.store.base")
    with base.Store.create(Path(file)) as store:
        demo.build(store)
        store.checkpoint()
        with store.read() as reader:
            questions = _asked(reader, audit)
        yield {"ready": True}
        while True:
            with store.read() as reader:
                start, used = time.perf_counter(), time.process_time()
                assert audit.verify(reader) == []
                spent = {"seconds": time.perf_counter() - start, "processor time": time.process_time() - used}
            yield spent | {"questions": questions}


# Where earlier versions, which are measured beside this one, had what has a room of its own now.
_EARLIER = {
    "allocations.demo.build": "allocations.demo", "ledger.reports.verify": "ledger.audit", "ledger.store.base": "ledger.store",
}  # fmt: skip


def _of_any_version(*names: str) -> list[Any]:
    """Modules of the version that is measured, by their names in this one."""
    try:
        return [import_module(name) for name in names]
    except ModuleNotFoundError:
        return [import_module(_EARLIER[name]) for name in names]


def _asked(reader: Any, audit: Any) -> int:
    """How many questions in SQL a verify asks."""
    questions = 0

    def counted(ask: Callable[..., object]) -> Callable[..., object]:
        def act(*arguments: object) -> object:
            nonlocal questions
            questions += 1
            return ask(*arguments)

        return act

    for name in ("table", "rows"):
        setattr(reader, name, counted(getattr(reader, name)))
    audit.verify(reader)
    return questions


WORKERS: dict[str, Callable[..., dict[str, Any] | Iterator[dict[str, Any]]]] = {
    "books": books,
    "opened": opened,
    "pandas": pandas,
    "duckdb": duckdb,
    "postgres": postgres,
    "write_ours": write_ours,
    "write_bare": write_bare,
    "grow": grow,
    "grow_bare": grow_bare,
    "verify_demo": verify_demo,
}


def main() -> None:
    """Print what a worker found; one that goes by steps waits for a word before each but its first."""
    told = WORKERS[sys.argv[1]](*sys.argv[2:])
    if isinstance(told, dict):
        print(json.dumps(told), flush=True)
        return
    for found in told:
        print(json.dumps(found), flush=True)
        if not sys.stdin.readline():
            return


if __name__ == "__main__":
    main()
