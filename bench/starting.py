"""How long a command takes as a whole process, beside a bare process that opens the same file with DuckDB and sums.

Processor time, each side's median of processes that took turns, so that other work on the machine falls on all of
them. What is measured is loading above all, so byte code is kept, as it is where people work.
"""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.rows import Row

_ROOT = Path(__file__).parent.parent
_BARE = (
    "import duckdb, sys; "
    "print(duckdb.connect(sys.argv[1], read_only=True).execute('SELECT sum(amount_pence) FROM transfer').fetchall())"
)


def measure(rounds: int) -> Iterator[Row]:
    """``position`` beside bare DuckDB, and ``scenario run`` beside ``position``, on the demo's ledger."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = str(Path(folder) / "demo.duckdb")
        _seconds([sys.executable, "-m", "devolution", "demo", "--ledger", ledger])
        front, asked = [sys.executable, "-m", "devolution"], ["--ledger", ledger, "--json"]
        sides = {
            "bare": [sys.executable, "-c", _BARE, ledger],
            "list": [*front, "--help"],
            "position": [*front, "position", *asked],
            "run": [*front, "scenario", "run", "lift-small-pots", *asked],
        }
        for command in sides.values():  # once, so that byte code and the file are where they will be
            _seconds(command)
        taken: dict[str, list[float]] = {name: [] for name in sides}
        for _ in range(rounds):
            for name, command in sides.items():
                taken[name].append(_seconds(command))
    bare, listed, position, run = (median(taken[name]) for name in sides)
    beside = "a bare process that opens the file with DuckDB and sums"
    yield Row("devolution --help: processor time", beside, listed, bare)
    yield Row("devolution position of the demo: processor time", beside, position, bare, at_most=4)
    more = "the same of position"
    yield Row("devolution scenario run: processor time", more, run, position)
    yield Row("devolution scenario run: more than position", "", run - position, None, limit=0.4)


def _seconds(command: list[str]) -> float:
    """The processor time of a process and its children."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
