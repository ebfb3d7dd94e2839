"""A national working workbook beside bare XlsxWriter writing the same cells, in one run on one machine.

    uv run python -m bench.exports [--tries 5]

Ours: every ICB, place and network of 2025/26, worked out exactly and written with formulas, results, formats,
validation and checks. Bare: the same texts, numbers and formulas with their results, put into a workbook in a loop with
nothing else: what any program that uses the library has to pay. Each figure is the best of several tries, taken
in turn.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter

from allocations.files.out import working
from allocations.files.out.working_plan import WorkingPlan, lines, plan
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)
Cells = dict[str, list[tuple[int, int, Any, Any]]]


def seconds(act: Callable[[], object]) -> float:
    """How long it takes, once."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def national() -> WorkingPlan:
    """The core line of all ICBs, split among places and among networks."""
    made = lines(icbs=["all"], year=YEAR, funds=["core-recurrent"], weightings=["core"])
    return plan(year=YEAR, lines=made)


def write(made: WorkingPlan, path: Path) -> None:
    """The workbook, as the command writes it."""
    working.write_working(made, working.provenance(made, None), path)


def cells_of(path: Path) -> Cells:
    """Every cell that holds something, with the stored result of a formula."""
    formulas, results = openpyxl.load_workbook(path), openpyxl.load_workbook(path, data_only=True)
    return {
        sheet.title: [
            (cell.row - 1, cell.column - 1, cell.value, results[sheet.title][cell.coordinate].value)
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        ]
        for sheet in formulas.worksheets
    }


def bare(cells: Cells, path: Path) -> None:
    """The same cells, and nothing else."""
    book = xlsxwriter.Workbook(str(path))
    for name, found in cells.items():
        sheet = book.add_worksheet(name)
        for row, column, value, result in found:
            if isinstance(value, str) and value.startswith("="):
                sheet.write_formula(row, column, value, None, result)
            elif isinstance(value, str):
                sheet.write_string(row, column, value)
            else:
                sheet.write_number(row, column, value)
    book.close()


def main() -> None:
    """Run the comparison and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--tries", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ours_path, bare_path = Path(name) / "ours.xlsx", Path(name) / "bare.xlsx"
        made = national()
        write(made, ours_path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        cells = cells_of(ours_path)
        count = sum(len(found) for found in cells.values())
        formulas = sum(str(value).startswith("=") for found in cells.values() for _, _, value, _ in found)
        print(f"{count:,} cells, {formulas:,} of them formulas; {ours_path.stat().st_size // 1024:,} KiB")
        planned, written, plain = [], [], []
        for _ in range(asked.tries):
            planned.append(seconds(national))
            written.append(seconds(lambda: write(made, ours_path)))
            plain.append(seconds(lambda: bare(cells, bare_path)))
        print(f"{'workload':44} {'ours':>9} {'bare':>9} {'ratio':>6}")
        report("worked out and written", min(planned) + min(written), min(plain))
        report("written alone", min(written), min(plain))
        print(f"worked out alone: {min(planned):.3f}s; peak memory of this process after writing once: {peak:,} MiB")


def report(what: str, ours: float, other: float) -> None:
    """One line of the table."""
    print(f"{what:44} {ours:8.3f}s {other:8.3f}s {ours / other:6.2f}")


if __name__ == "__main__":
    main()
