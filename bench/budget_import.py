"""The import of a budget workbook beside a bare openpyxl pass over the same file, in one run on one machine.

    uv run python -m bench.budget_import [--rows 7000] [--tries 5]

Bare: ``openpyxl.load_workbook`` and a look at every value, which keeps neither what kind each cell is nor what it
means. Ours: the safety checks, every cell with its kind, the headings found, each amount parsed to the penny,
each row's organisation found, all totals checked; then the same with the posting of every amount as a transfer of
one entry, under every rule of the books. Each figure is the best of several tries; the ratio is what counts.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import xlsxwriter

from allocations.files.budgets.importing import BudgetImport, import_budgets, understand
from allocations.files.budgets.receivers import Receivers, receivers
from allocations.files.budgets.understood import Request, Understood
from allocations.reading.cells import read_workbook, without_collecting
from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.entries.posting import post, reverse
from ledger.models import Fund, Organisation, Relationship, Terms, Tier
from ledger.store.base import Store
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)
DAY = YEAR.first_day
MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")


def workbook(path: Path, rows: int) -> int:
    """A budget of so many practices by month, with totals; gives what it comes to in pence."""
    chance = random.Random(1)
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("Budget")
    sheet.write(0, 0, "Practice budgets 2025/26 (£)")
    sheet.write_row(2, 0, ["Practice code", "Practice name", *MONTHS, "Total"])
    sums = [0] * len(MONTHS)
    for number in range(rows):
        pence = [chance.randrange(1, 10**7) for _ in MONTHS]
        sums = [whole + part for whole, part in zip(sums, pence, strict=True)]
        amounts = [part / 100 for part in pence]
        sheet.write_row(3 + number, 0, [f"A{number:05}", f"Practice {number}", *amounts, sum(pence) / 100])
    sheet.write_row(3 + rows, 0, ["", "Total", *(whole / 100 for whole in sums), sum(sums) / 100])
    book.close()
    return sum(sums)


def books(store: Store, rows: int, pence: int) -> None:
    """One ICB with so many practices, which holds exactly what the budget comes to."""
    tiers = [("government", 0, True), ("national", 1, False), ("icb", 2, False), ("practice", 3, False)]
    codes = [f"A{number:05}" for number in range(rows)]
    who = [("GOV", "government"), ("NHS", "national"), ("QXX", "icb"), *((code, "practice") for code in codes)]
    pairs = [("GOV", "NHS"), ("NHS", "QXX"), *(("QXX", code) for code in codes)]
    post(store, [
        Draft("structure", "structure", DAY, "bench", "who there is", records={
            Tier: records(Tier, [{"code": c, "name": c, "rank": r, "depth": 0, "may_go_below_zero": s} for c, r, s in tiers]),
            Organisation: records(Organisation, [{"code": c, "name": f"Practice {int(c[1:])}" if t == "practice" else c, "tier": t, "valid_from": DAY} for c, t in who]),
            Relationship: records(Relationship, [{"id": f"{p}>{c}", "parent": p, "child": c, "scheme": "line", "valid_from": DAY} for p, c in pairs]),
        }),
        Draft("terms", "terms", DAY, "bench", "what there is", records={
            Fund: records(Fund, [{"code": "core", "name": "Core", "stream": "core", "resource": "revenue", "lowest_tier": "practice"}]),
            Terms: records(Terms, [{"id": "core", "fund": "core", "effective_from": DAY, "version": 1, "grade": "none", "route": "formula", "recurrent": True,
                                    "notified_on": DAY, "source": "bench", "reason": "bench", "quality": "green"}]),
        }),
        Draft("mandate", "mandate", DAY, "bench", "the limit", transfers=legs([Leg(Place("GOV", "core", YEAR), Place("NHS", "core", YEAR), pence)])),
        Draft("allocate", "allocate", DAY, "bench", "to the ICB", transfers=legs([Leg(Place("NHS", "core", YEAR), Place("QXX", "core", YEAR), pence)])),
    ])  # fmt: skip


def understood_of(path: Path, known: Receivers, request: Request) -> Understood:
    """Read and understood, as an import does it."""
    with without_collecting():
        return understand(read_workbook(path), known, request)


def bare(path: Path) -> int:
    """What openpyxl alone takes: every value looked at once."""
    book = openpyxl.load_workbook(path, data_only=True)
    return sum(1 for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None)


def seconds(act: Callable[[], object]) -> float:
    """How long it takes, once."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def peak() -> int:
    """The most memory this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Run the comparison and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=7_000)
    options.add_argument("--tries", type=int, default=5)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "budget.xlsx"
        pence = workbook(path, asked.rows)
        with Store.create(Path(name) / "ledger.duckdb") as store:
            books(store, asked.rows, pence)
            request = Request("QXX", YEAR, "core")
            with store.read() as reader:
                known = receivers(reader, "QXX", DAY)
            at_start = peak()
            read_workbook(path)
            after_ours = peak()
            plain, cells, understood, imported = [], [], [], []
            done: list[BudgetImport] = []
            for _ in range(asked.tries):
                plain.append(seconds(lambda: bare(path)))
                cells.append(seconds(lambda: read_workbook(path)))
                understood.append(seconds(lambda: understood_of(path, known, request)))
                imported.append(seconds(lambda: done.append(import_budgets(store, path, request))))
                reverse(store, done[-1].posted.number, reason="bench", actor="bench")
            legs_posted = done[-1].posted.transfers
        print(f"{'workload':58} {'ours':>8} {'bare':>8} {'ratio':>6}")
        for what, ours in (("every cell with its kind", cells), ("the same, understood and tied", understood),
                           (f"the same, posted as {legs_posted:,} transfers and kept", imported)):  # fmt: skip
            print(f"{what:58} {min(ours):7.2f}s {min(plain):7.2f}s {min(ours) / min(plain):6.2f}")
        print(f"peak memory: {at_start:,} MiB before reading, {after_ours:,} after our reading, {peak():,} in the end")


if __name__ == "__main__":
    main()
