"""Everything side by side, written to one table: ``python -m bench``.

    uv run --extra server python -m bench [--parts peers,growth,writers,server,entry,limits,since,bulk,scenarios,register,rest] [--small]

Without options all parts run at their full size, which takes about ten minutes on two quiet cores: a journal of a
million transfers beside hledger, ledger, beancount, pandas, bare DuckDB and bare PostgreSQL; growth to ten million
transfers; writers at once on a server; bulk posting and questions of a server's ledger; a small entry, alone and by its
payer's history; verify, whole and from a checkpoint; a million transfers at once; scenarios, from the start of a command to
ranges over years; and the measurements of single workloads. A part replaces its rows of an earlier run in ``bench/results.md`` and leaves the others. Set
DEVOLUTION_TEST_POSTGRES to a superuser's URL of a server that may be written to; rows that need one say so otherwise.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import entries, growth, peers, register, starting, verifying, writers
from bench.rows import PAGE, Row, keep, machine
from bench.server import URL

_LINE = re.compile(r"^(?P<what>\S.{5,}?)\s+(?P<ours>[\d.]+)s(?:\s+(?P<theirs>[\d.]+)s\s+[\d.]+\b|$)")
_REST: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("fair_shares", "a pandas loop", ()),
    ("bids", "bare NumPy", ()),
    ("budget_import", "a bare openpyxl pass", ()),
    ("exports", "bare XlsxWriter", ()),
)
_SCENARIOS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("what_if", "SQL by hand", ()),
    ("draws", "bare NumPy, every draw in full", ()),
    ("way", "HiGHS alone", ()),
)


def script(name: str, beside: str, *options: str) -> Iterator[Row]:
    """The rows that a script of this folder prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *options], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"bench.{name} ended with {done.returncode}: {done.stderr[-2000:]}")
    for line in done.stdout.splitlines():
        if found := _LINE.match(line):
            yield Row(
                found["what"],
                beside,
                float(found["ours"]),
                float(found["theirs"]) if found["theirs"] else None,
                at_most=AIMS.get(name, {}).get(found["what"], (None, None))[0],
                limit=AIMS.get(name, {}).get(found["what"], (None, None))[1],
            )


# How a workload's name begins and ends, and how many times the other it may take; the first opening that counts is that of
# a whole command, for opened in a program that runs already it is the time of fetching every row and nothing else.
_AIMS_OF_A_SERVER = (
    ("all", "batches", 2.5),
    ("position, opened", "first time", None),
    ("position, a whole command", "first time", 2.0),
    ("position", "new entries", 1.3),
)
# A workload to how many times the other it may take, and how many seconds.
AIMS: dict[str, dict[str, tuple[float | None, float | None]]] = {
    "what_if": {"five steps": (2.0, 0.5), "sixty small steps, the whole answer": (None, 5.0)},
    "draws": {"6 years by 1,000 draws of the national position": (1.5, 20.0)},
    "way": {"places within their ICBs, every line": (None, 10.0), "all places together, every line": (None, 10.0)},
}


def rest() -> Iterator[Row]:
    for name, beside, options in _REST:
        yield from script(name, beside, *options)


def scenarios(rounds: int) -> Iterator[Row]:
    """All that is promised of scenarios: as a command, in the engine, with ranges over years, and to a goal."""
    yield from starting.measure(rounds)
    for name, beside, options in _SCENARIOS:
        yield from script(name, beside, *options)


def server(transfers: int) -> Iterator[Row]:
    """Bulk posting and questions of a server's ledger."""
    if not URL:
        yield Row("a server's ledger", "bare COPY; the same ledger in a file", None, None, note="no server given")
        return
    for row in script("server", "", "--transfers", str(transfers), "--batches", "2"):
        bulk = "batch" in row.workload
        beside = "bare COPY, same keys, checks and indexes" if bulk else "the same ledger in a file"
        aim = None if bulk else 3.0
        for begins, ends, most in _AIMS_OF_A_SERVER:
            if row.workload.startswith(begins) and row.workload.endswith(ends):
                aim = most
        yield Row(row.workload, beside, row.ours, row.theirs, at_most=aim)


def main() -> None:
    """Run the parts that are asked for, and write the page after each."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--parts", default="peers,growth,writers,server,entry,limits,since,bulk,scenarios,register,rest"
    )
    options.add_argument("--small", action="store_true", help="a tenth of everything, to try it out")
    options.add_argument("--peer-transfers", type=int, default=1_000_000)
    options.add_argument("--peer-seconds", type=float, default=75, help="when another program is stopped")
    options.add_argument("--millions", default="0.01,0.1,1,10", help="how far a ledger is grown, step by step")
    options.add_argument("--beside", type=Path, help="a checkout of an earlier version, measured beside this one")
    asked = options.parse_args()
    part = 10 if asked.small else 1
    parts: dict[str, Callable[[], Iterator[Row]]] = {
        "peers": lambda: peers.measure(asked.peer_transfers // part, asked.peer_seconds),
        "growth": lambda: growth.measure([int(float(step) * 1_000_000 / part) for step in asked.millions.split(",")]),
        "writers": lambda: writers.measure(10 // (1 if part == 1 else 3)),
        "server": lambda: server(200_000 // part),
        "entry": lambda: entries.entry(50 // part),
        "limits": lambda: entries.limits(300_000 // part, 50 // part),
        "since": lambda: verifying.measure(1_000_000 // part, asked.beside),
        "bulk": lambda: growth.bulk(1_000_000 // part, 10, asked.beside),
        "scenarios": lambda: scenarios(15 // (1 if part == 1 else 5)),
        "register": lambda: register.measure(10_000 // part),
        "rest": rest,
    }
    for name in asked.parts.split(","):
        if name not in parts:
            raise SystemExit(f"There is no part '{name}'. Choose from {', '.join(parts)}.")
    for name in asked.parts.split(","):
        where, start, rows = machine(), time.perf_counter(), []
        for row in parts[name]():
            rows.append(row)
            print(" | ".join(row.cells()), flush=True)
        keep(name, rows, where)
        print(f"-- {name}: {time.perf_counter() - start:.0f} s\n", flush=True)
    print(f"Written to {PAGE}")


if __name__ == "__main__":
    main()
