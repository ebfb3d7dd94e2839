"""Budget workbooks for tests, and how they are imported into the small books of ``tests.books``."""

import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import xlsxwriter

from allocations.files.budgets.importing import BudgetImport, import_budgets, understand
from allocations.files.budgets.receivers import receivers
from allocations.files.budgets.understood import BudgetRefused, Request, Understood
from allocations.reading.cells import Workbook, read_workbook
from ledger.errors import Problem, Refused
from ledger.store.base import Store
from tests.books import APRIL, YEAR

# The first ICB of the small books holds £6,000.00 on core; its places are P1 and P2, and its network N1.
HELD = 600_000
PLAIN = (
    ("Place budgets 2025/26 (£)",),
    (),
    ("Code", "Place", "Budget"),
    ("P1", "First place", 2500.5),
    ("P2", "Second place", 3499.5),
    (None, "Total", 6000),
)


def written(path: Path, rows: Iterable[Sequence[Any]], *, sheet: str = "Plan") -> Path:
    """A workbook of one sheet with these rows; None is a blank cell."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    dates = book.add_format({"num_format": "dd/mm/yyyy"})
    page = book.add_worksheet(sheet)
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, date):
                page.write_datetime(number, place, value, dates)
            elif value is not None:
                page.write(number, place, value)
    book.close()
    return path


def with_openpyxl(path: Path, rows: Iterable[Sequence[Any]], change: Callable[[Any, Any], None]) -> Path:
    """The same, written by openpyxl, with a change of the book and its first sheet before it is saved."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Plan"
    for row in rows:
        sheet.append(list(row))
    change(book, sheet)
    book.save(path)
    return path


def rezipped(path: Path, change: Mapping[str, Callable[[bytes], bytes]], to: Path | None = None) -> Path:
    """A workbook with parts of its archive changed."""
    content = path.read_bytes()
    out = to or path
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change.get(name, bytes)(old.read(name)))
    return out


def asked(**given: Any) -> Request:
    """A request of the first ICB for core, on the first day of the year."""
    return Request(**{"payer": "ICB1", "year": YEAR, "fund": "core", "day": APRIL, **given})


def understood(store: Store, file: Path | Workbook, **given: Any) -> Understood:
    """What is made of a workbook, without the books' totals."""
    with store.read() as reader:
        request = asked(**given)
        books = receivers(reader, request.payer, request.day or APRIL)
        return understand(file if isinstance(file, Workbook) else read_workbook(file), books, request)


def bring_in(store: Store, file: Path, **given: Any) -> BudgetImport:
    """Import a workbook."""
    dry_run = given.pop("dry_run", False)
    return import_budgets(store, file, asked(**given), dry_run=dry_run)


def refusal(store: Store, file: Path, **given: Any) -> tuple[Problem, ...]:
    """The problems with which a workbook is refused; nothing may be posted, and nothing kept."""
    with store.read() as reader:
        before = reader.whole("SELECT count(*) FROM entry")
    try:
        bring_in(store, file, **given)
    except Refused as refused:
        with store.read() as reader:
            assert reader.whole("SELECT count(*) FROM entry") == before
        assert not list(store.path.with_name(f"{store.path.name}.files").glob("*"))
        assert all(problem.where and problem.found and problem.why and problem.fix for problem in refused.problems)
        assert isinstance(refused, BudgetRefused) or len(refused.problems) == 1
        return refused.problems
    raise AssertionError(f"{file.name} was imported")


def cells_of(problems: Iterable[Problem]) -> list[str]:
    """The cells that problems name, in order."""
    return [problem.where.rsplit("cell ", 1)[1] for problem in problems if "cell " in problem.where]
