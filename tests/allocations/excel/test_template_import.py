"""A template that somebody filled in comes back as a budget, without a mapping."""

from pathlib import Path

import openpyxl
import pytest

from allocations.files.budgets.importing import import_budgets
from allocations.files.budgets.understood import BudgetRefused, Request
from allocations.files.out import template
from allocations.files.out.sheets import FIRST_ROW, HEADING_ROW
from allocations.files.out.template import from_books
from ledger.reports import trail
from ledger.reports.position import moment
from ledger.store.base import Store
from tests.books import YEAR, held


def filled(store: Store, path: Path, pounds: dict[str, str]) -> Path:
    """A template of the books with an amount for core money in each place, and its total as Excel would store it."""
    with store.read() as reader:
        plan = from_books(reader, moment(reader), "ICB1", YEAR)
        template.write_template(plan, template.provenance(plan), path)
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Budget"]
    columns = {cell.value: cell.column for cell in sheet[HEADING_ROW + 1]}
    amount, total = columns["Amount (£)"], 0.0
    for row in sheet.iter_rows(min_row=FIRST_ROW + 1):
        code, fund = (row[columns[name] - 1].value for name in ("Organisation code", "Fund"))
        if code in pounds and fund == "core":
            row[amount - 1].value = float(pounds[code])
            total += float(pounds[code])
        if code == "Total":
            row[amount - 1].value = total
    workbook.save(path)
    return path


def test_a_filled_template_is_imported_as_it_is(funded: Store, tmp_path: Path) -> None:
    path = filled(funded, tmp_path / "template.xlsx", {"P1": "3500.25", "P2": "2499.75"})
    outcome = import_budgets(funded, path, Request(payer="ICB1", year=YEAR, fund="core"))
    assert outcome.posted.transfers == 2
    now = held(funded)
    assert (now["P1", "core", "available"], now["P2", "core", "available"]) == (350_025, 249_975)
    assert ("ICB1", "core", "available") not in now
    with funded.read() as reader:
        rows = trail.trail(reader, moment(reader), "P1").to_pylist()
    assert any("Budget!" in str(row) for row in rows)


def test_a_template_that_hands_out_too_much_is_refused(funded: Store, tmp_path: Path) -> None:
    path = filled(funded, tmp_path / "template.xlsx", {"P1": "6000.01"})
    with pytest.raises(BudgetRefused, match=r"0\.01"):
        import_budgets(funded, path, Request(payer="ICB1", year=YEAR, fund="core"))
    assert ("P1", "core", "available") not in held(funded)
