"""One journal loaded and added up: ours, the programs of plain-text accounting, pandas, bare DuckDB and bare PostgreSQL.

Each program runs as a process of its own, where it is installed. Plain-text programs read their whole file each
time that they are asked, so their balance is one figure; ours is asked of a ledger that is there. Everyone must find the same balance.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.journal import WATCHED, Journal, write
from bench.rows import Row
from bench.running import Ran, ours, program, run
from bench.server import URL, database

_ACCOUNT = f"Assets:{WATCHED[0]}:{WATCHED[1].capitalize()}"
# A balance of a million transfers at least fifty times faster; with the loading on both sides, ten times, and of
# ledger, which checks and keeps least, twice.
BALANCE_AIM, LOADED_AIM = 1 / 50, {"hledger": 1 / 10, "ledger": 1 / 2, "beancount": 1 / 10}


def measure(transfers: int, most_seconds: float) -> Iterator[Row]:
    """Every row of the comparison."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        journal = write(transfers, folder)
        mine, ran = _worker(journal, most_seconds * 4, "books", str(folder / "ours.duckdb"))
        opened = json.loads(run(ours("opened", str(folder / "ours.duckdb")), most_seconds).text)["balance"]
        # The further balances, of the ledger that is open, are no part of loading and asking once.
        whole, processor = ran.seconds - mine["again"], ran.processor - mine["again processor"]
        what = f"{transfers:,} transfers"
        for other, asked in _plain(journal).items():
            if asked is None:
                yield Row(
                    f"{what}: load and balance", other, whole, None, at_most=LOADED_AIM[other], note="not installed"
                )
                continue
            done = run(asked, most_seconds, {"BEANCOUNT_DISABLE_LOAD_CACHE": "1"})
            if not done.stopped:
                assert _found(done.text) == journal.watched, f"{other} found {_found(done.text)}, not {journal.watched}"
            yield Row(
                f"{what}: load and balance", other, whole, done.seconds, at_most=LOADED_AIM[other], least=done.stopped
            )
            yield Row(
                f"{what}: balance, the ledger open",
                other,
                mine["balance"],
                done.seconds,
                at_most=BALANCE_AIM,
                least=done.stopped,
            )
            yield Row(f"{what}: balance, the ledger opened for it", other, opened, done.seconds, least=done.stopped)
            if not done.stopped:
                yield Row(f"{what}: load and balance, processor time", other, processor, done.processor)
                yield Row(f"{what}: memory, load and balance", other, ran.mebibytes, done.mebibytes, "MiB")
        for other, worker, place in _bare(folder):
            if place is None:
                yield Row(f"{what}: load and balance", other, whole, None, note="no server given")
                continue
            theirs, done = _worker(journal, most_seconds * 4, worker, *place)
            yield Row(f"{what}: load, every check", other, mine["load"], theirs["load"])
            yield Row(f"{what}: balance, the ledger open", other, mine["balance"], theirs["balance"])
            if worker != "postgres":
                yield Row(f"{what}: memory, load and balance", other, ran.mebibytes, done.mebibytes, "MiB")
            if "bytes" in theirs:
                yield Row(f"{what}: size of the file", other, mine["bytes"] / 2**20, theirs["bytes"] / 2**20, "MiB")


def _plain(journal: Journal) -> dict[str, Sequence[str] | None]:
    """How each program of plain-text accounting is asked for every balance; none where it is not installed."""
    known: dict[str, tuple[str, Callable[[str], Sequence[str]]]] = {
        "hledger": ("hledger", lambda at: [at, "balance", "-f", str(journal.plain), "--flat", "--no-total"]),
        "ledger": ("ledger", lambda at: [at, "balance", "-f", str(journal.plain), "--flat", "--no-total"]),
        "beancount": (
            "bean-query",
            lambda at: [
                at,
                "--format",
                "text",
                str(journal.beancount),
                "SELECT account, sum(position) AS held GROUP BY account",
            ],
        ),
    }
    return {other: ask(at) if (at := program(name)) else None for other, (name, ask) in known.items()}


def _bare(folder: Path) -> Iterator[tuple[str, str, list[str] | None]]:
    yield "pandas, nothing checked", "pandas", []
    yield "bare DuckDB, same keys and checks", "duckdb", [str(folder / "bare.duckdb")]
    yield "bare PostgreSQL, same keys and checks", "postgres", [database("bench_bare").url] if URL else None


def _worker(journal: Journal, most_seconds: float, name: str, *more: str) -> tuple[dict[str, Any], Ran]:
    done = run(ours(name, str(journal.rows), *more), most_seconds)
    if done.stopped:
        raise RuntimeError(f"{name} did not end in {most_seconds:.0f} s")
    found = json.loads(done.text)
    assert found["watched"] == journal.watched, f"{name} found {found['watched']}, not {journal.watched}"
    return found, done


def _found(text: str) -> int | None:
    """The watched account's balance in pence, in what a program printed."""
    for line in text.splitlines():
        words = line.split()
        if _ACCOUNT in words:
            (pounds,) = [word for word in words if word.replace(".", "").replace(",", "").isdigit()]
            whole, _, pence = pounds.replace(",", "").partition(".")
            return int(whole) * 100 + int(pence.ljust(2, "0"))
    return None
