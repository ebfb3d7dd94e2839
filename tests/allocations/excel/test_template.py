"""The budget template: what it offers to choose from, and that it reads as a plain long table."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from allocations.files.out import template
from allocations.files.out.sheets import FIRST_ROW, HEADING_ROW, YELLOW
from allocations.files.out.template import from_books, from_figures
from allocations.reading.cells import CellKind, read_workbook
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.reports.position import moment
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.books import YEAR, at, entry


@pytest.fixture
def written(tmp_path: Path) -> Path:
    plan = from_figures("QWO", YEAR)
    template.write_template(plan, template.provenance(plan), tmp_path / "template.xlsx")
    return tmp_path / "template.xlsx"


def test_without_a_ledger_it_offers_the_published_lines(written: Path) -> None:
    sheets = {sheet.name: sheet for sheet in read_workbook(written).sheets}
    assert list(sheets) == ["Read me", "Budget", "Checks", "Organisations", "Lines", "Sources"]
    lines = [row[0].text for row in sheets["Lines"].rows[FIRST_ROW:]]
    assert lines == ["core-recurrent", "core-sdf-transfers", "core-discharge", "primary-medical-recurrent",
                     "primary-medical-remaining-growth", "primary-medical-arrs-additional", "primary-medical-arrs-gps"]  # fmt: skip
    tiers = [row[2].text for row in sheets["Organisations"].rows[FIRST_ROW:]]
    assert (tiers.count("place"), tiers.count("pcn")) == (6, 52)
    held = {
        row[0].text: row[4].value for row in sheets["Checks"].rows if len(row) > 4 and row[4].kind is CellKind.NUMBER
    }
    assert held["core-recurrent: no more is handed out than the ICB has"] == Decimal(4_929_405_000)


def test_the_budget_is_a_plain_long_table(written: Path) -> None:
    (budget,) = [sheet for sheet in read_workbook(written).sheets if sheet.name == "Budget"]
    assert [cell.text for cell in budget.rows[HEADING_ROW]] == list(template.BUDGET)
    body = [row for row in budget.rows[FIRST_ROW:] if row[0].kind is not CellKind.BLANK]
    *rows, total = body
    assert len(rows) == 6 * 7
    assert all(row[template.AMOUNT].kind is CellKind.BLANK for row in rows)
    assert {row[template.YEAR].text for row in rows} == {"2025/26"}
    assert {row[template.RECURRENT].text for row in rows} == {"yes", ""}
    assert not any(cell.formula for row in rows for cell in row)
    assert total[0].text == "Total"
    assert total[template.AMOUNT].formula.startswith("SUM(")
    assert total[template.AMOUNT].value == 0


def test_inputs_are_yellow_unlocked_and_choose_from_lists(written: Path) -> None:
    sheet = openpyxl.load_workbook(written)["Budget"]
    assert sheet.protection.sheet
    for column in range(1, 7):
        for row in (FIRST_ROW + 1, FIRST_ROW + 42 + template.FREE_ROWS):
            cell = sheet.cell(row, column)
            assert cell.fill.fgColor.rgb == "FF" + YELLOW.removeprefix("#"), cell.coordinate
            assert not cell.protection.locked
    rules = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    assert rules["A5"].formula1 == "Organisations!$A$5:$A$62"
    assert rules["C5"].formula1 == "Lines!$A$5:$A$11"
    assert rules["D5"].formula1 == '"2025/26"'
    assert rules["E5"].formula1 == '"yes,no"'
    assert (rules["F5"].type, rules["F5"].formula1) == ("decimal", "0")


def test_from_books_it_offers_what_the_icb_holds(funded: Store, tmp_path: Path) -> None:
    post(funded, [entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 40)])
    with funded.read() as reader:
        now = moment(reader)
        plan = from_books(reader, now, "ICB1", YEAR)
        source = template.provenance(plan, reader, now)
    assert [(line.fund, line.held_pence, line.recurrent) for line in plan.lines] == [("core", 600_000, True)]
    assert {receiver.code for receiver in plan.receivers} == {"P1", "P2", "N1", "N2"}
    assert {receiver.code for receiver in plan.places} == {"P1", "P2"}
    template.write_template(plan, source, tmp_path / "t.xlsx")
    text = " ".join(
        cell.text for sheet in read_workbook(tmp_path / "t.xlsx").sheets for row in sheet.rows for cell in row
    )
    assert now.head in text
    assert f"as at {now.as_at}" in text


@pytest.mark.parametrize(("icb", "year", "said"), [
    ("QQQ", YEAR, "there is no ICB 'QQQ'"),
    ("P1", YEAR, "there is no ICB 'P1'"),
    ("ICB1", FinancialYear(2024), "holds no money of 2024/25"),
])  # fmt: skip
def test_books_without_an_answer(funded: Store, icb: str, year: FinancialYear, said: str) -> None:
    with funded.read() as reader, pytest.raises(Refused, match=said):
        from_books(reader, moment(reader, date(2025, 6, 1)), icb, year)


def test_figures_without_an_answer() -> None:
    with pytest.raises(Refused, match="no lines of 'QQQ' for 2025/26"):
        from_figures("QQQ", YEAR)
    with pytest.raises(Refused, match="for 2026/27"):
        from_figures("QWO", FinancialYear(2026))
