"""A server's ledger beside bare PostgreSQL and beside a file, in one run on one machine.

    DEVOLUTION_TEST_POSTGRES=postgresql://... uv run --extra server python -m bench.server [--transfers 1000000]

Posting: one entry of a million transfers through every check, ours and the server's, against a bare ``COPY`` of the
same rows into the same tables with the same keys, foreign keys, checks and indexes, the triggers turned off. Questions:
the same ones of a server's ledger, through the mirror, and of the same ledger in a file. *Opened* counts opening the ledger,
as one command does, and *a whole command* starting the program too: for the first time, when every row is fetched and kept, and again
after ten new entries, when what was kept is followed by what is new. *Open* is what every further question costs, as in the app.
"""

import argparse
import io
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pyarrow as pa
from pyarrow import csv

from bench.books import DAY, FUNDS, ICBS, PRACTICES_EACH, million, seconds, structure
from bench.running import run
from ledger.entries.draft import Draft
from ledger.entries.posting import post
from ledger.reports import position, verify
from ledger.store import backup
from ledger.store.address import Address, ServerAddress, in_full
from ledger.store.base import Reader, Store

URL = os.environ.get("DEVOLUTION_TEST_POSTGRES", "")
ROOT = Path(__file__).parent.parent
RESOLVED = """
SELECT row_number() OVER () AS leg, f.id AS from_account, t.id AS to_account, amount_pence, recurrent, note FROM legs l
JOIN account f ON f.organisation = l.from_organisation AND f.fund = l.from_fund AND f.standing = 'available'
JOIN account t ON t.organisation = l.to_organisation AND t.fund = l.to_fund AND t.standing = 'available'
"""


APP, PEOPLE = "bench_app", tuple(f"bench_{number:02}" for number in range(16))


def database(name: str, template: str = "template0") -> ServerAddress:
    """A new database for the bench."""
    with psycopg.connect(URL, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return ServerAddress(urlunsplit(urlsplit(URL)._replace(path=f"/{name}")))


def shared(file: Path, name: str) -> ServerAddress:
    """A ledger's file copied to the server, with a login for each of ``PEOPLE`` and for ``APP`` as the guide admits them."""
    address = database(name)
    with Store.open(file, read_only=True) as store:
        backup.copy(store, address)
    with psycopg.connect(address.url, autocommit=True) as server:
        for who in (APP, *PEOPLE):
            with suppress(psycopg.errors.DuplicateObject):
                server.execute(f'CREATE ROLE "{who}" LOGIN')
            server.execute("SELECT ledger_admit(%s, 'posts')", (who,))
        # As the server does by itself after a minute or so: until then it plans with no idea of what is there.
        server.execute("ANALYZE")
    return address


def login(address: ServerAddress, who: str) -> ServerAddress:
    """The same ledger, for a login of ``shared``."""
    parts = urlsplit(address.url)
    return ServerAddress(urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc.rpartition('@')[2]}")))


def quiet(address: ServerAddress) -> None:
    """Turn our triggers off where bare rows are written."""
    with psycopg.connect(address.url, autocommit=True) as server:
        for name in ("entry", "transfer", "account"):
            server.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")


@cache
def _first_process() -> Path | None:
    """The server's first process, where it runs on this machine and its processes can be looked at."""
    if not URL:
        return None
    with psycopg.connect(URL) as server:
        found = server.execute("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)").fetchone()
    assert found is not None
    place = Path("/proc") / found[0] / "task" / found[0]
    return place if (place / "schedstat").exists() else None


def processor_seconds() -> float:
    """Processor time of the server's processes that are there now; 0 where they cannot be seen."""
    first, spent = _first_process(), 0
    for number in (first / "children").read_text("ascii").split() if first else ():
        with suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
            spent += int((Path("/proc") / number / "schedstat").read_text("ascii").split()[0])
    return spent / 1e9


def durable() -> str:
    """Whether the server waits for its disk, in words."""
    with psycopg.connect(URL) as server:
        told = {name: server.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")}
    return ", ".join(f"{name} {value[0]}" for name, value in told.items() if value)


def bare_copy(server: psycopg.Connection, text: bytes, entry: int) -> None:
    """One entry row and a million transfers into the constrained tables, and nothing else."""
    server.execute(
        "INSERT INTO entry SELECT %s, 'bare ' || %s::text, kind, effective_date, recorded_at, actor, reason, authority, "
        "source, source_hash, NULL, content_hash, previous_hash, hash, standing FROM entry WHERE number = 4", (entry, entry),
    )  # fmt: skip
    with server.cursor() as cursor, cursor.copy("COPY transfer FROM STDIN (FORMAT csv)") as sink:
        sink.write(text)
    server.commit()


def resolved(store: Store, table: pa.Table, entry: int) -> bytes:
    """The transfers as a bare COPY would be given them."""
    with store.read() as reader:
        reader.stage("legs", table)
        rows = reader.table(RESOLVED)
    rows = rows.add_column(0, "entry_number", pa.array([entry] * rows.num_rows, pa.int64()))
    text = io.BytesIO()
    csv.write_csv(rows, text, csv.WriteOptions(include_header=False))
    return text.getvalue()


def report(what: str, ours: float, other: float) -> None:
    """One line of the table."""
    print(f"{what:66} {ours:8.3f}s {other:8.3f}s {ours / other:6.2f}", flush=True)


def one_by_one(table: pa.Table, name: str = "small") -> list[Draft]:
    """A few small entries."""
    return [Draft(f"{name} {n}", "devolve", DAY, "bench", "small", transfers=table.slice(n, 1)) for n in range(10)]


def posting(transfers: int, batches: int) -> ServerAddress:
    """Post, beside bare COPY; the ledger is left for the questions."""
    ours = database("bench_ours")
    with Store.create(ours) as store:
        post(store, structure())
        table = million(transfers)
        opening = table.slice(0, ICBS * PRACTICES_EACH * FUNDS)
        post(store, [Draft("open", "devolve", DAY, "bench", "open the accounts", transfers=opening)])
    bare = database("bench_bare", "bench_ours")
    quiet(bare)
    spent_ours, spent_bare = [], []
    with Store.open(ours) as store, psycopg.connect(bare.url) as server:
        for batch in range(batches):
            draft = Draft(f"batch {batch}", "devolve", DAY, "bench", "a batch", transfers=table)
            text = resolved(store, table, 100 + batch)
            spent_ours.append(seconds(lambda draft=draft: post(store, [draft])))  # type: ignore[misc]
            spent_bare.append(seconds(lambda text=text, batch=batch: bare_copy(server, text, 100 + batch)))  # type: ignore[misc]
            report(f"post {transfers:,} transfers, batch {batch + 1}", spent_ours[-1], spent_bare[-1])
        small = [seconds(lambda draft=draft: post(store, [draft])) for draft in one_by_one(table)]  # type: ignore[misc]
    report(f"all {batches} batches", sum(spent_ours), sum(spent_bare))
    print(f"one small entry into this ledger: {sorted(small)[5]:.3f}s")
    return ours


def questions(server: Address, file: Path) -> None:
    """The same questions of the server's ledger and of the file."""
    with Store.open(server) as store:
        print(f"copied into a file in {seconds(lambda: backup.copy(store, file)):.1f}s, verified twice")
    asked: tuple[tuple[str, Callable[[Reader], object]], ...] = (
        ("position", lambda r: position.position(r, position.moment(r))),
        ("flows from tier to tier", lambda r: position.flows(r, position.moment(r), ("from_tier", "to_tier"))),
        (
            "flows by organisation and fund",
            lambda r: position.flows(r, position.moment(r), ("to_organisation", "fund")),
        ),
        ("verify", verify.verify),
    )

    def opened(address: Address) -> float:
        start = time.perf_counter()
        with Store.open(address, read_only=True) as store, store.read() as reader:
            asked[0][1](reader)
        return time.perf_counter() - start

    def command(address: Address) -> float:
        told = [str(ROOT / "devolution.py"), "position", "--json", "--ledger", in_full(address)]
        return run([sys.executable, *told], 600).seconds

    openings("position, opened", server, file, opened)
    openings("position, a whole command", server, file, command)
    # From here on every row comes from the server, for verify asks nothing else.
    os.environ["DEVOLUTION_MIRRORS"] = "off"
    with Store.open(server, read_only=True) as shared, Store.open(file, read_only=True) as own:
        for name, ask in asked:
            times: dict[str, list[float]] = {"server": [], "file": []}
            for _ in range(5 if name != "verify" else 2):
                for kind, store in (("server", shared), ("file", own)):
                    start = time.perf_counter()
                    with store.read() as reader:
                        ask(reader)
                    times[kind].append(time.perf_counter() - start)
            report(f"{name}, open", min(times["server"]), min(times["file"]))


def openings(what: str, server: Address, file: Path, opened: Callable[[Address], float], rounds: int = 3) -> None:
    """Open a ledger in turn from the file, from the server with nothing kept, and again after ten new entries."""
    table, times = million(10), []
    for turn in range(rounds):
        shutil.rmtree(os.environ["DEVOLUTION_MIRRORS"], ignore_errors=True)
        first = opened(server)
        with Store.open(server) as store:
            post(store, one_by_one(table, f"{what} {turn}"))
        times.append((opened(file), first, opened(server)))
    own, first, again = (min(column) for column in zip(*times, strict=True))
    report(f"{what}, for the first time", first, own)
    report(f"{what}, again after 10 new entries", again, own)


def main() -> None:
    """Run both comparisons and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--transfers", type=int, default=1_000_000)
    options.add_argument("--batches", type=int, default=3)
    asked = options.parse_args()
    if not URL:
        raise SystemExit("Set DEVOLUTION_TEST_POSTGRES to a superuser's URL of a server that may be written to.")
    # What other programs keep on this machine is no part of it.
    os.environ["DEVOLUTION_MIRRORS"] = "off"
    print(f"{'workload':66} {'ours':>9} {'other':>9} {'ratio':>6}")
    server = posting(asked.transfers, asked.batches)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DEVOLUTION_MIRRORS"] = str(Path(folder) / "mirrors")
        questions(server, Path(folder) / "bench.duckdb")


if __name__ == "__main__":
    main()
