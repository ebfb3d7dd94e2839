"""A register of ten thousand rows, brought in by ``devolution record FILE`` as a whole process.

As an entry for each decision, and as one batch: the rows share a key. Beside it stands what reads the same file with
Python's csv and inserts its rows into one table of bare DuckDB. By the clock, and in processor time: trust that one
where the machine is not quiet.
"""

import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row
from bench.running import run

_ROOT = Path(__file__).parent.parent
_BARE = """
import csv, duckdb, sys
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    rows = [tuple(row) for row in csv.reader(file)]
with duckdb.connect(sys.argv[2]) as books:
    books.execute(f"CREATE TABLE rows ({', '.join(f'c{nth} VARCHAR' for nth in range(len(rows[0])))})")
    books.executemany(f"INSERT INTO rows VALUES ({', '.join('?' * len(rows[0]))})", rows[1:])
"""
_HEADINGS = ("Kind", "Date", "Reason", "Organisation", "From", "To", "Fund", "Amount", "Recurrent", "Note", "Key")
_PLACES = ("QWO-E08000032", "QWO-E08000033", "QWO-E08000034", "QWO-E08000035", "QWO-E08000036")
_AIM_SECONDS = 10


def measure(rows: int) -> Iterator[Row]:
    """Ten thousand rows, an entry for each and all in one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        front = [sys.executable, "-m", "devolution"]
        begun = folder / "begun.duckdb"
        _quiet([*front, "new", "--year", "2025/26", "--icb", "QWO", "--ledger", str(begun)])
        opening = ["--to", "QWO", "--fund", "core-community", "--amount", "400000000", "--recurrent", "R", "--new-money",
                   "yes", "--reference", "M1/1", "--from-fund", "nhs-revenue", "--reason", "Opening"]  # fmt: skip
        _quiet([*front, "record", "receive", *opening, "--date", "2025-04-01", "--ledger", str(begun)])
        for how, one_entry in (("an entry for each", False), ("one entry", True)):
            register = folder / "register.csv"
            _write(register, rows, one_entry=one_entry)
            own = folder / f"{how}.duckdb"
            own.write_bytes(begun.read_bytes())
            ours = run([*front, "record", str(register), "--ledger", str(own)], 600)
            bare = run([sys.executable, "-c", _BARE, str(register), str(folder / f"{how} bare.duckdb")], 600)
            beside = "csv and bare DuckDB, one table without keys"
            what = f"a register of {rows:,} rows, {how}"
            yield Row(f"{what}: by the clock", beside, ours.seconds, bare.seconds, limit=_AIM_SECONDS)
            yield Row(f"{what}: processor time", beside, ours.processor, bare.processor, limit=_AIM_SECONDS)


def _write(path: Path, rows: int, *, one_entry: bool) -> None:
    """Money to five places in turn, a spending of theirs after every four; with one key they are all of one kind."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(_HEADINGS)
        for nth in range(rows):
            place, day = _PLACES[nth % 5], f"2025-{4 + nth * 9 // rows:02}-{1 + nth % 28:02}"
            if not one_entry and nth % 5 == 4:
                out.writerow(
                    ("spend", day, "Invoice", _PLACES[3], "", "", "core-community", "1.25", "R", f"line {nth}", nth)
                )
            else:
                day, key = ("2025-04-01", "all") if one_entry else (day, nth)
                out.writerow(("devolve", day, "Schedule of the month", "", "QWO", place, "core-community",
                              f"{100 + nth % 900}.50", "R", f"line {nth}", key))  # fmt: skip


def _quiet(command: list[str]) -> None:
    subprocess.run(command, cwd=_ROOT, stdout=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    start = time.perf_counter()
    for row in measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000):
        print(" | ".join(row.cells()))
    print(f"{time.perf_counter() - start:.0f} s")
