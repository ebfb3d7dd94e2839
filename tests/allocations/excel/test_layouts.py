"""Budgets as people keep them, each found in its sheet and read to the penny."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from allocations.files.budgets.mapping import Meaning
from allocations.files.budgets.understood import Understood
from ledger.inputs import Input
from ledger.store.base import Store
from tests.allocations.excel.workbooks import (
    PLAIN,
    asked,
    bring_in,
    cells_of,
    refusal,
    understood,
    with_openpyxl,
    written,
)
from tests.books import texts


def sums(found: Understood) -> dict[tuple[str, str], int]:
    """What each organisation gets of each fund, in pence."""
    whole: dict[tuple[str, str], int] = {}
    for line in found.lines:
        whole[line.organisation, line.fund] = whole.get((line.organisation, line.fund), 0) + line.amount_pence
    return whole


EXPECTED = {("P1", "core"): 250_050, ("P2", "core"): 349_950}
MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")


def by_month(headings: tuple[Any, ...]) -> tuple[tuple[Any, ...], ...]:
    first, second = [200] * 11 + [300.5], [300] * 11 + [199.5]
    return (
        ("Budget (£)",),
        ("Code", "Place", *headings, "Full year"),
        ("P1", "First place", *first, 2500.5),
        ("P2", "Second place", *second, 3499.5),
        ("Total", None, *[500] * 12, 6000),
    )


LAYOUTS: dict[str, tuple[tuple[Any, ...], ...]] = {
    "long": PLAIN,
    "names without codes": (("Place", "Amount (£)"), ("First place", 2500.5), ("second  PLACE ", 3499.5), ("Grand total", 6000)),
    "months across": by_month(MONTHS),
    "months as dates": by_month(tuple(date(2025 + (n > 8), (n + 3) % 12 + 1, 1) for n in range(12))),
    "months with years": by_month(tuple(f"{m}-{25 + (n > 8)}" for n, m in enumerate(MONTHS))),
    "numbered months": by_month(tuple(f"M{n}" for n in range(1, 13))),
    "places across": (("Core budgets £",), ("Fund", "P1", "P2", "Total"), ("core", 2500.5, 3499.5, 6000), ("Total", 2500.5, 3499.5, 6000)),
    "places across by name": (("Fund", "First place (£)", "Second place (£)"), ("Core", 2500.5, 3499.5)),
    "recurrent in two columns": (
        ("Code", "Recurrent (£)", "Non-recurrent (£)", "Total (£)"), ("P1", 2000, 500.5, 2500.5), ("P2", 3499.5, None, 3499.5),
        ("Total", 5499.5, 500.5, 6000),
    ),
    "recurrent in one column": (
        ("Code", "Type", "Recurrent?", "£"), ("P1", "a", "Recurrent", 2000), ("P1", "b", "Non-recurrent", 500.5), ("P2", "a", "R", 3499.5),
        ("Total", None, None, 6000),
    ),
    "month in a column": (
        ("Code", "Month", "Amount (£)"), ("P1", "Apr-25", 2000), ("P1", "May-25", 500.5), ("P2", "Apr-25", 3499.5), (None, "Total", 6000),
    ),
    "subtotals and sections": (
        ("Plan (£)",), ("Code", "Service line", "Budget"), ("North", None, None), ("P1", "beds", 2000), ("P1", "homes", 500.5),
        (None, "Sub-total", 2500.5), (), ("South", None, None), ("P2", "beds", 3499.5), (None, "Subtotal", 3499.5), (),
        (None, "Grand total", 6000), ("Source: the finance team",),
    ),
    "total on top": (("Code", "Budget (£)"), ("Total", 6000), ("P1", 2500.5), ("P2", 3499.5)),
    "an unlabelled currency in the caption, thousands": (
        ("All figures in £000",), ("Code", "Budget"), ("P1", 2.5005), ("P2", 3.4995), ("Total", 6),
    ),
    "texts for numbers": (("Code", "Budget"), ("p1", "£2,500.50"), ("P2 ", " 3,499.50 "), ("Total", "£6,000.00")),
    "a title, a note and the year before": (
        ("First ICB",), ("Version 3, for the board",), (), ("Ref", "Code", "2024/25 budget (£)", "2025/26 budget (£)", "Growth %", "£ per head"),
        (1, "P1", 2400, 2500.5, 0.04, 12.5), (2, "P2", 3400, 3499.5, 0.03, 14), (None, "Total", 5800, 6000, 0.034, 13.2),
    ),
    "funds across": (("Code", "core", "winter"), ("P1", 2500.5, None), ("P2", 3499.5, None), ("Total", 6000, 0)),
    "a pcn beside its place": (("PCN", "Place code", "Budget (£)"), ("X1", "P1", 2500.5), ("X1", "P2", 3499.5), (None, "Total", 6000)),
}  # fmt: skip
NEED = {
    "texts for numbers": {"unit": "pounds"},
    "funds across": {"unit": "pounds"},
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_understood_and_posted(name: str, funded: Store, tmp_path: Path) -> None:
    file = written(tmp_path / "budget.xlsx", LAYOUTS[name])
    outcome = bring_in(funded, file, **NEED.get(name, {}))
    found = outcome.understood
    assert found.problems == []
    assert sums(found) == EXPECTED
    assert found.read_pence == 600_000
    assert found.file_pence in (600_000, None)
    assert not outcome.posted.replayed


def test_without_a_unit_it_is_asked_for(funded: Store, tmp_path: Path) -> None:
    file = written(tmp_path / "budget.xlsx", (("Code", "Budget"), ("P1", 2500.5), ("P2", 3499.5)))
    problems = refusal(funded, file)
    assert [problem.field for problem in problems] == [Input.UNIT]
    assert sums(bring_in(funded, file, unit="pounds").understood) == EXPECTED


def test_merged_cells_are_filled_down_and_said(books: Store, tmp_path: Path) -> None:
    rows = (
        ("Code", "Service line", "Budget (£)"),
        ("P1", "beds", 2000),
        (None, "homes", 500.5),
        ("P2", "beds", 3499.5),
        ("Total", None, 6000),
    )
    merged = with_openpyxl(tmp_path / "merged.xlsx", rows, lambda _, sheet: sheet.merge_cells("A2:A3"))
    found = understood(books, merged)
    assert sums(found) == EXPECTED
    assert "A2:A3 stands for each of its rows" in found.remarks[0]
    unmerged = written(tmp_path / "unmerged.xlsx", rows)
    assert cells_of(refusal(books, unmerged)) == ["C3"]


def test_groups_over_months_say_what_recurs(books: Store, tmp_path: Path) -> None:
    rows = (
        ("Budget (£)",),
        (None, "Recurrent", None, "Non-recurrent", None),
        ("Code", "Apr", "May", "Apr", "May"),
        ("P1", 1, 2, 3, 4),
    )

    def change(_: Any, sheet: Any) -> None:
        sheet.merge_cells("B2:C2")
        sheet.merge_cells("D2:E2")

    found = understood(books, with_openpyxl(tmp_path / "groups.xlsx", rows, change))
    assert [(line.cell, line.month, line.recurrent) for line in found.lines] == [
        ("B4", 4, True), ("C4", 5, True), ("D4", 4, False), ("E4", 5, False),
    ]  # fmt: skip


def test_several_budget_sheets_are_asked_about(funded: Store, tmp_path: Path) -> None:

    def change(book: Any, _: Any) -> None:
        other = book.create_sheet("Last year")
        for row in PLAIN:
            other.append(list(row))

    file = with_openpyxl(tmp_path / "two.xlsx", PLAIN, change)
    assert "'Plan', 'Last year'" in texts(refusal(funded, file))
    assert sums(bring_in(funded, file, sheets=("plan",)).understood) == EXPECTED
    assert "there is no such sheet" in texts(refusal_without_posting(funded, file, sheets=("Nowhere",)))


def refusal_without_posting(store: Store, file: Path, **given: Any) -> tuple[Any, ...]:
    return tuple(understood(store, file, **given).problems)


def test_two_columns_that_could_be_the_budget_are_asked_about(books: Store, tmp_path: Path) -> None:
    rows = (("Code", "Baseline (£)", "Uplift (£)", "Budget (£)"), ("P1", 1, 2, 3))
    problems = refusal(books, written(tmp_path / "three.xlsx", rows))
    assert "2 columns could each be the budget: B1 'Baseline (£)', D1 'Budget (£)'" in texts(problems)


def test_meanings_are_read_from_what_stands_below(books: Store, tmp_path: Path) -> None:
    rows = (("Ref", "Who", "What", "2025/26 £"), (1, "P1", "core", 5), (2, "P2", "winter", 6))
    found = understood(books, written(tmp_path / "odd.xlsx", rows), fund=None)
    (sheet,) = found.mapping.sheets if found.mapping else ()
    assert {letter: column.meaning for letter, column in sheet.columns.items()} == {
        "A": Meaning.IGNORED, "B": Meaning.CODE, "C": Meaning.FUND, "D": Meaning.AMOUNT,
    }  # fmt: skip
    assert sums(found) == {("P1", "core"): 500, ("P2", "winter"): 600}


def test_a_sheet_without_a_budget_says_so(books: Store, tmp_path: Path) -> None:
    file = written(tmp_path / "notes.xlsx", (("Minutes of the meeting",), ("We agreed.",)))
    assert "no row of it heads a budget" in texts(refusal(books, file))
    empty = with_openpyxl(tmp_path / "empty.xlsx", (), lambda *_: None)
    assert "no visible sheet with anything on it" in texts(refusal(books, empty))


def test_csv_is_read_in_the_same_way(funded: Store, tmp_path: Path) -> None:
    file = tmp_path / "budget.csv"
    file.write_text('Code,Budget (£)\nP1,"2,500.50"\nP2,"3,499.50"\nTotal,"6,000.00"\n', encoding="utf-8-sig")
    assert sums(bring_in(funded, file).understood) == EXPECTED
    assert asked().payer == "ICB1"
