"""A good budget, spoilt in thousands of ways: each is read as it was meant, or refused with a cell and a remedy.

Most spoil the workbook as it was read, which is quick; some spoil real files, down to their bytes. What may never
happen: a traceback, an amount that changed in silence, half an import.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocations.files.budgets.importing import understand
from allocations.files.budgets.receivers import Receivers, receivers
from allocations.files.budgets.understood import Understood
from allocations.reading.cells import Cell, CellKind, Sheet, Workbook, read_workbook
from ledger.errors import Refused
from ledger.store.base import Store
from tests.allocations.excel.workbooks import asked, bring_in, written
from tests.books import APRIL, held

GOOD: tuple[tuple[Any, ...], ...] = (
    ("First ICB: budgets 2025/26 (£)",),
    (),
    ("Code", "Name", "Line", "Apr", "May", "Jun", "Full year"),
    ("P1", "First place", "beds", 100.25, 200.5, 300, 600.75),
    ("P1", "First place", "homes", 110.1, 210.2, 310.3, 630.6),
    (None, "Sub-total", None, 210.35, 410.7, 610.3, 1231.35),
    ("P2", "Second place", "beds", 1000, 1000.01, 999.99, 3000),
    ("N1", "Network one", "beds", 256.2, 256.22, 256.23, 768.65),
    ("G1", "Practice one", "beds", 333.33, 333.33, 333.34, 1000),
    (None, "Total", None, 1799.88, 2000.26, 2199.86, 6000),
)
TRUE_LINES = {
    (row[0], row[2], month): int(Decimal(str(row[place])) * 100)
    for row in GOOD[3:]
    if row[0]
    for place, month in ((3, 4), (4, 5), (5, 6))
}
TRUE_TOTAL = 600_000
THOUSANDS_OF_THEM = 2_000
REAL_FILES = 30

Change = Callable[[random.Random, list[list[Cell]]], None]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return written(tmp_path / "good.xlsx", GOOD)


def test_the_good_budget_is_good(funded: Store, good: Path) -> None:
    outcome = bring_in(funded, good)
    assert outcome.understood.read_pence == sum(TRUE_LINES.values()) == TRUE_TOTAL
    assert outcome.posted.transfers == len(TRUE_LINES) == 15


# --- ways to spoil it -----------------------------------------------------------------------------

_ODD_VALUES: tuple[tuple[CellKind, Any], ...] = (
    (CellKind.BLANK, None), (CellKind.TEXT, "-"), (CellKind.TEXT, "n/a"), (CellKind.TEXT, "tbc"), (CellKind.TEXT, "[x]"), (CellKind.TEXT, "#REF!"), (CellKind.ERROR, "#DIV/0!"),
    (CellKind.TEXT, "1,23"), (CellKind.TEXT, "1.234,56"), (CellKind.TEXT, "£1,234"), (CellKind.TEXT, "(56)"), (CellKind.TEXT, "12.5k"), (CellKind.TEXT, "2.5%"),
    (CellKind.TEXT, "5 CR"), (CellKind.TEXT, "Total"), (CellKind.TEXT, "P1"), (CellKind.TEXT, "First place"), (CellKind.TEXT, "core"), (CellKind.TEXT, "Apr"),
    (CellKind.TEXT, "2025/26"), (CellKind.TEXT, "=1+1"), (CellKind.TEXT, "\u202e"), (CellKind.TEXT, "x" * 400), (CellKind.BOOLEAN, True), (CellKind.BOOLEAN, False),
    (CellKind.DATE, datetime(2025, 4, 1)), (CellKind.UNCALCULATED, None), (CellKind.NUMBER, Decimal(0)), (CellKind.NUMBER, Decimal(-5)),  # noqa: DTZ001
    (CellKind.NUMBER, Decimal("0.005")), (CellKind.NUMBER, Decimal(45748)), (CellKind.NUMBER, Decimal("1E+20")), (CellKind.NUMBER, Decimal("100.25")),
    (CellKind.TEXT, "£"), (CellKind.TEXT, "None"), (CellKind.TEXT, "nan"),
)  # fmt: skip


def odd_cell(chance: random.Random, rows: list[list[Cell]]) -> None:
    row, column = chance.randrange(len(rows)), chance.randrange(len(rows[0]))
    kind, value = chance.choice(_ODD_VALUES)
    rows[row][column] = rows[row][column]._replace(kind=kind, value=value)


def other_number(chance: random.Random, rows: list[list[Cell]]) -> None:
    """A slip of the pen: a digit more, a digit less, two swapped, a sign, a shifted point."""
    numbers = [(r, c) for r, row in enumerate(rows) for c, cell in enumerate(row) if cell.kind is CellKind.NUMBER]
    row, column = chance.choice(numbers)
    value = rows[row][column].value
    assert isinstance(value, Decimal)
    slips = (
        value * 10,
        value / 10,
        -value,
        value + 1,
        value - Decimal("0.01"),
        value * 1000,
        value / 1000,
        value + Decimal("0.001"),
    )
    rows[row][column] = rows[row][column]._replace(value=chance.choice(slips))


def swapped_cells(chance: random.Random, rows: list[list[Cell]]) -> None:
    first, second = ((chance.randrange(len(rows)), chance.randrange(len(rows[0]))) for _ in range(2))
    one, two = rows[first[0]][first[1]], rows[second[0]][second[1]]
    rows[first[0]][first[1]] = two._replace(address=one.address)
    rows[second[0]][second[1]] = one._replace(address=two.address)


def lost_row(chance: random.Random, rows: list[list[Cell]]) -> None:
    del rows[chance.randrange(len(rows))]


def doubled_row(chance: random.Random, rows: list[list[Cell]]) -> None:
    row = chance.randrange(len(rows))
    rows.insert(chance.randrange(len(rows) + 1), list(rows[row]))


def moved_row(chance: random.Random, rows: list[list[Cell]]) -> None:
    rows.insert(chance.randrange(len(rows)), rows.pop(chance.randrange(len(rows))))


def lost_column(chance: random.Random, rows: list[list[Cell]]) -> None:
    column = chance.randrange(len(rows[0]))
    for row in rows:
        del row[column]


def doubled_column(chance: random.Random, rows: list[list[Cell]]) -> None:
    column, to = chance.randrange(len(rows[0])), chance.randrange(len(rows[0]) + 1)
    for row in rows:
        row.insert(to, row[column])


def moved_column(chance: random.Random, rows: list[list[Cell]]) -> None:
    column, to = chance.randrange(len(rows[0])), chance.randrange(len(rows[0]))
    for row in rows:
        row.insert(to, row.pop(column))


def sorted_rows(chance: random.Random, rows: list[list[Cell]]) -> None:
    chance.shuffle(rows)


def nothing(_chance: random.Random, _rows: list[list[Cell]]) -> None:
    """Left as it is: some workbooks are only hidden or merged."""


CHANGES: Sequence[Change] = (
    odd_cell, odd_cell, odd_cell, other_number, other_number, swapped_cells, lost_row, doubled_row, moved_row, lost_column, doubled_column,
    moved_column, sorted_rows, nothing,
)  # fmt: skip


def spoilt(chance: random.Random, book: Workbook) -> Workbook:
    """The workbook, spoilt in one to three ways, with its addresses made right again."""
    (sheet,) = book.sheets
    rows = [list(row) for row in sheet.rows]
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if len(rows) > 1 and rows[0]:
            chance.choice(CHANGES)(chance, rows)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    cells = tuple(
        tuple(cell._replace(address=f"{letters[c]}{r}") for c, cell in enumerate(row))
        for r, row in enumerate(rows, start=1)
    )
    hidden = {chance.randrange(4, 11): "hidden"} if chance.random() < 0.1 else {}
    merged = (f"A{(row := chance.randrange(4, 9))}:A{row + 1}",) if chance.random() < 0.1 else ()
    columns = frozenset({chance.choice("ABCDEFG")}) if chance.random() < 0.05 else frozenset()
    return Workbook(book.file, book.sha256, (Sheet(sheet.name, cells, True, merged, hidden, columns),))


# --- what may and may not happen ------------------------------------------------------------------


def holds_together(found: Understood) -> bool:
    """Whether it would be posted; where it would not, each problem says where, what, why, and what to do."""
    if found.problems:
        for problem in found.problems:
            assert problem.found
            assert problem.why
            assert problem.fix
            assert problem.where.startswith("good.xlsx")
        return False
    return True


def as_meant(found: Understood, spoilt_rows: tuple[tuple[Cell, ...], ...]) -> None:
    """What would be posted is what the spoilt file itself says, cell by cell, and its own total."""
    by_address = {cell.address: cell for row in spoilt_rows for cell in row}
    for line in found.lines:
        for address in line.cell.replace(";", "").split()[:1]:
            cell = by_address[address]
            if cell.kind is CellKind.NUMBER and "netted" not in line.cell:
                assert isinstance(cell.value, Decimal)
                assert cell.value * 100 == line.amount_pence
    if found.file_pence is not None:
        assert found.file_pence == found.read_pence


def known(store: Store) -> Receivers:
    with store.read() as reader:
        return receivers(reader, "ICB1", APRIL)


def test_thousands_of_spoilt_budgets_tie_or_are_refused(books: Store, good: Path) -> None:
    """The control total is what the books hold: what ties to it and to itself has the money of the good budget."""
    who, book = known(books), read_workbook(good)
    chance = random.Random(20_251_122)
    fine = tied = 0
    for _ in range(THOUSANDS_OF_THEM):
        one = spoilt(chance, book)
        found = understand(one, who, asked())
        if not holds_together(found):
            continue
        as_meant(found, one.sheets[0].rows)
        fine += 1
        whole: dict[str, int] = {}
        for line in found.lines:
            whole[line.organisation] = whole.get(line.organisation, 0) + line.amount_pence
        if found.read_pence == TRUE_TOTAL and found.file_pence == TRUE_TOTAL:
            # Any other total is refused when it is compared with what the books hold.
            tied += 1
            assert whole == {"P1": 123_135, "P2": 300_000, "N1": 76_865, "G1": 100_000}
    assert THOUSANDS_OF_THEM // 10 < tied < fine < THOUSANDS_OF_THEM * 3 // 4


def test_spoilt_files_are_imported_whole_or_not_at_all(funded: Store, good: Path, tmp_path: Path) -> None:
    """Real files with bytes changed, cut and overwritten: the funded hold all of it or none."""
    content, chance = good.read_bytes(), random.Random(7)
    before = held(funded)
    for number in range(REAL_FILES):
        spoilt_bytes = bytearray(content)
        for _ in range(chance.choice((1, 3, 20))):
            spoilt_bytes[chance.randrange(len(spoilt_bytes))] = chance.randrange(256)
        if number % 5 == 0:
            del spoilt_bytes[chance.randrange(len(spoilt_bytes)) :]
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(bytes(spoilt_bytes))
        try:
            outcome = bring_in(funded, path, dry_run=True)
        except Refused as refused:
            assert all(problem.where.startswith(path.name) and problem.fix for problem in refused.problems)
        else:
            lines = outcome.understood.lines
            assert sum(line.amount_pence for line in lines) == outcome.understood.file_pence == TRUE_TOTAL
        assert held(funded) == before


def test_random_csv_is_read_or_refused(books: Store, tmp_path: Path) -> None:
    chance, who = random.Random(3), known(books)
    words = [
        "P1",
        "P2",
        "Code",
        "Budget (£)",
        "Total",
        "1,234.50",
        "(5)",
        "-",
        "",
        '"',
        "\n",
        ",",
        ";",
        "\t",
        "£",
        "Apr",
        "core",
        "\ufeff",
        "'=1",
    ]
    for number in range(300):
        path = tmp_path / f"{number % 2}.csv"
        path.write_text(",".join(chance.choice(words) for _ in range(chance.randrange(40))), encoding="utf-8")
        try:
            found = understand(read_workbook(path), who, asked())
        except Refused as refused:
            assert refused.problems[0].fix
        else:
            assert all(problem.fix for problem in found.problems)
            assert found.problems or found.lines
