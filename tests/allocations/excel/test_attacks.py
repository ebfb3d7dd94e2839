"""Files as somebody would write them to get a wrong number through: each is refused for its true reason, or read right.

Every file is one more of the kinds of ``test_kinds``, after workbooks that finance teams keep; the first ICB of the
small books holds £6,000.00 on core. At the end, files are rewritten at random.
"""

import re
import zipfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.styles import Font, PatternFill

from allocations.files.budgets.mapping import Settings
from ledger.store.base import Store
from tests.allocations.excel.test_kinds import HELD, MONTHS, Rows, months, table, told
from tests.allocations.excel.workbooks import bring_in, refusal, understood, with_openpyxl, written
from tests.books import texts


def columns(*headed: tuple[str, Any, Any]) -> list[list[Any]]:
    """P1 and P2 with columns of these headings and amounts."""
    return [["Code", *(each[0] for each in headed)], ["P1", *(each[1] for each in headed)],
            ["P2", *(each[2] for each in headed)]]  # fmt: skip


def one(heading: str) -> list[list[Any]]:
    return columns((heading, 2500.5, 3499.5))


BUDGET = ("Budget (£)", 2500.5, 3499.5)
RISING = [100 * n for n in range(1, 13)]

REFUSED: dict[str, tuple[Rows, tuple[str, ...]]] = {
    # K1: a year in other words, and years that are several
    "a year's end in figures": (table("Budget (£)", "Budget for y/e 31.03.25"), ("2024/25", "A1")),
    "twelve months": (table("Budget (£)", "For the 12 months ended 31 March 2025"), ("2024/25", "A1")),
    "from a day to a day": (table("Budget (£)", "Period: 01/04/2024 to 31/03/2025"), ("2024/25", "A1")),
    "a note below": ([*one("Budget (£)"), [], ["Budgets as agreed for 2024/25"]], ("2024/25", "A5")),
    "a year between tables": (
        [*one("Budget (£)"), [], ["2024/25"], ["Code", "Budget (£)"], ["N1", 5]], ("2024/25", "A5", "2025/26"),
    ),
    "three years in one": (table("Budget (£)", "Budgets 2025/26 to 2027/28"), ("2025/26 and 2026/27 and 2027/28", "A1")),
    "two years in a heading": (one("Budget 2025-27 (£)"), ("2025/26 and 2026/27", "B1")),
    "a calendar year": (
        [["Budgets (£)"], ["Code", *(date(2025, n, 1) for n in range(1, 13))], ["P1", *[1] * 12], ["P2", *[1] * 12]],
        ("9 are of 2025/26", "3 are not"),
    ),
    # K4: what is no budget, by its heading
    **{
        f"'{heading}' alone": (one(f"{heading} (£)"), ("B1", "reads as"))
        for heading in (
            "Requested", "Bid amount", "Indicative budget", "Target allocation", "Fair share", "Slippage", "Accrual",
            "Income", "Invoice value", "Deficit", "Month 6 budget", "Q1 budget", "Hourly rate", "Budget per 1,000",
            "Weekly budget", "Monthly budget", "Budget per month", "Budget pcm", "Maximum claim", "Two-year budget",
            "Capital budget", "Next year budget", "Budget not yet approved", "Savings plan",
        )
    },
    # K4: by its title, its sheet's name or a cell beside it
    **{
        f"titled '{title}'": (table("Value (£)", title), ("A1", what))
        for title, what in {
            "DRAFT - not for circulation": "a draft", "Actual spend by place": "money spent",
            "Variance by place": "a variance", "Forecast outturn": "a forecast", "Savings plan": "savings",
            "Bids received": "what was asked for", "Quarter 1": "a part of a year", "Cumulative to month 6": "to date",
            "Withdrawn: do not use": "superseded",
        }.items()
    },
    "a row that was withdrawn": (columns(("Status", "Approved", "Withdrawn"), BUDGET), ("B3", "not agreed")),
    "a note that it was replaced": (columns(BUDGET, ("Comment", "Superseded", None)), ("C2", "not agreed")),
    "a credit": (columns(("Dr/Cr", "Dr", "Cr"), ("Amount (£)", 5, 2)), ("B3", "minus sign")),
    "a deduction": (columns(("Item", "Core", "Less: efficiency"), BUDGET), ("B3", "deduction")),
    # K6: units and currencies in other words and places
    **{
        f"in '{caption}'": (table("Budget (£)", caption), ("A1", what))
        for caption, what in {
            "figures x£1000": "£ thousand", "£'Ms": "£ million", "1,000s": "£ thousand", "Scale: 1000": "£ thousand",
            "TGBP": "£ thousand", "in ks": "£ thousand", "Multiply by 1,000": "£ thousand", "x 10^6": "£ million",
            "£ in thousands": "£ thousand", "in hundreds of pounds": "hundreds", "£00s": "hundreds",
            "£ tn": "billions", "£ in lakhs": "ten thousands", "AUD": "another currency", "Currency: CAD": "another",
        }.items()
    },
    "a unit in the corner": ([["Place budgets", None, "£'000"], *one("Budget (£)")], ("C1", "£ thousand")),
    "a unit in the total's label": ([*one("Budget (£)"), ["Total (£000)", 6000]], ("A4", "£ thousand")),
    "a unit of each row": (columns(("Unit", "£k", "£"), BUDGET), ("B2", "£ thousand")),
    "a currency of each row": (columns(("Currency", "EUR", "GBP"), BUDGET), ("B2", "euros")),
    "a currency in a note": ([*one("Budget (£)"), [], ["All figures in euros"]], ("A5", "euros")),
    # K7: running totals with a correction, and down the rows
    "months that run up but once": (
        [["Budgets (£)"], ["Code", *MONTHS], ["P1", *RISING[:-1], 1099], ["P2", *RISING]], ("run up", "B2", "M2"),
    ),
    "months that run up in rows": (
        [["Code", "Month", "Budget (£)"], *(["P1", month, 100 * n] for n, month in enumerate(MONTHS, 1))],
        ("run up", "C2", "C13"),
    ),
}  # fmt: skip
READ: dict[str, tuple[Rows, int]] = {
    "a line of units below the headings": ([["Code", "Budget"], [None, "£'000"], ["P1", 1], ["P2", 2]], 300_000),
    "pounds in thousands": (table("Budget", "£ in thousands", first=2.5005, second=3.4995, total=6), HELD),
    "rounded, and in pounds": (table("Budget", "£, rounded to the nearest thousand", first=2000, second=4000), HELD),
    "last year's in other words": (columns(("Prior yr budget (£)", 1, 2), ("Current yr budget (£)", 2500.5, 3499.5)), HELD),
    "final, after a draft": (table("Budget (£)", "Final budgets, after draft 3"), HELD),
    "a monthly report of the year's budget": (table("Annual budget (£)", "Month 6 report"), HELD),
    "months under a title of months": ([["Monthly budgets (£)"], *months(MONTHS)], HELD),
    "a note on what it grew from": ([*one("Budget (£)"), [], ["Budgets were uplifted from 2024/25"]], HELD),
    "twelve months of this year and three of the next": (
        [["Budgets (£)"], ["Code", *(f"{m}-{25 + (n > 8)}" for n, m in enumerate(MONTHS)), "Apr-26", "May-26"],
         ["P1", *[500] * 12, 7, 7]], HELD,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_does_not_get_through(name: str, same_funded: Store, tmp_path: Path) -> None:
    rows, words = REFUSED[name]
    problems = told(refusal(same_funded, written(tmp_path / "file.xlsx", rows), leave_rest=True))
    assert any(all(word in problem for word in words) for problem in problems), problems


@pytest.mark.parametrize("name", READ)
def test_it_is_read(name: str, same_funded: Store, tmp_path: Path) -> None:
    rows, pence = READ[name]
    found = understood(same_funded, written(tmp_path / "file.xlsx", rows))
    assert not found.problems, texts(found.problems)
    assert found.read_pence == pence


@pytest.mark.parametrize(
    ("file", "sheet", "words"),
    [
        ("file.xlsx", "Draft budget", "a draft"),
        ("file.xlsx", "Spend", "money spent"),
        ("file.xlsx", "Q1", "a part of a year"),
        ("Budget DRAFT v2.xlsx", "Plan", "a draft"),
        ("budgets_£k.xlsx", "Plan", "£ thousand"),
        ("budgets 2425.xlsx", "Plan", "2024/25"),
        ("Plan 2025-28.xlsx", "Plan", "2026/27"),
    ],
)
def test_names_are_evidence_too(file: str, sheet: str, words: str, same_funded: Store, tmp_path: Path) -> None:
    rows = one("£") if words == "money spent" else one("Budget (£)")
    assert words in texts(refusal(same_funded, written(tmp_path / file, rows, sheet=sheet)))


@pytest.mark.parametrize("title", ["Draft 3", "Quarter 1", "Cumulative to month 6"])
def test_what_a_title_says_can_be_meant_otherwise_and_is_recorded(title: str, funded: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "file.xlsx", table("Budget (£)", title))
    posted = bring_in(funded, path, settings=Settings(purpose="meant")).posted
    with funded.read() as reader:
        ((reason,),) = reader.rows("SELECT reason FROM entry WHERE number = $n", {"n": posted.number})
    assert f"A1 ('{title}')" in str(reason)
    assert "meant as the year's budget" in str(reason)


@pytest.mark.parametrize(
    "look",
    [
        {"font": Font(color="FFFFFFFF"), "fill": PatternFill("solid", fgColor="FFFFFFFF")},
        {"font": Font(color="FF4472C4"), "fill": PatternFill("solid", fgColor="FF4472C4")},
        {"font": Font(color="FFF2F2F2")},
        {"font": Font(size=1)},
    ],
)
def test_an_amount_that_nobody_can_see_is_asked_about(look: dict[str, Any], same_funded: Store, tmp_path: Path) -> None:
    def hide(_: Any, sheet: Any) -> None:
        for name, value in look.items():
            setattr(sheet["B3"], name, value)

    assert "shown as nothing" in texts(
        refusal(same_funded, with_openpyxl(tmp_path / "file.xlsx", one("Budget (£)"), hide))
    )


def test_letters_that_stand_out_from_their_ground_are_read(same_funded: Store, tmp_path: Path) -> None:
    def show(_: Any, sheet: Any) -> None:
        sheet["B3"].font, sheet["B3"].fill = Font(color="FFFFFFFF"), PatternFill("solid", fgColor="FF005EB8")

    path = with_openpyxl(tmp_path / "file.xlsx", one("Budget (£)"), show)
    assert bring_in(same_funded, path, dry_run=True).understood.read_pence == HELD


def test_a_code_that_is_struck_out_is_asked_about(same_funded: Store, tmp_path: Path) -> None:
    def strike(_: Any, sheet: Any) -> None:
        sheet["A3"].font = Font(strike=True)

    path = with_openpyxl(tmp_path / "file.xlsx", one("Budget (£)"), strike)
    assert "struck out" in texts(refusal(same_funded, path))


@pytest.mark.parametrize("number_format", ['#,##0",000"', "#,##0\\,\\0\\0\\0", '#,##0"ths"', '0.0"m"', "0.0\\k"])
def test_zeros_that_a_format_adds_are_a_unit(number_format: str, same_funded: Store, tmp_path: Path) -> None:
    def show(_: Any, sheet: Any) -> None:
        sheet["B2"].number_format = sheet["B3"].number_format = number_format

    problems = texts(refusal(same_funded, with_openpyxl(tmp_path / "file.xlsx", one("Budget (£)"), show)))
    assert "£ thousand" in problems or "£ million" in problems


# --- K3 and K13 --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", ["2500.5²", "25①0.5", "2500.5ⁿ", "\uff12\uff15\uff10\uff10.5", "2500½", "₂500.5"])
def test_signs_that_look_like_digits_are_no_digits_of_an_amount(
    amount: str, same_funded: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "file.xlsx", [["Code", "Budget (£)"], ["P1", amount], ["P2", 3499.5]])
    assert "B2" in texts(refusal(same_funded, path))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sign=st.sampled_from("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃①②③ⅠⅡ٢٣२३½¾"), at=st.integers(0, 6), where=st.sampled_from(["amount", "total"])
)
def test_no_raised_lowered_or_foreign_digit_gets_into_a_total(
    sign: str, at: int, where: str, books: Store, tmp_path: Path
) -> None:
    amounts = {"amount": "2500.5", "total": "6000"}
    amounts[where] = f"{amounts[where][:at]}{sign}{amounts[where][at:]}"
    rows = [["Code", "Budget (£)"], ["P1", amounts["amount"]], ["P2", "3499.5"], ["Total", amounts["total"]]]
    assert understood(books, written(tmp_path / "file.xlsx", rows)).problems


@pytest.mark.parametrize("empty", ['=""', '=IF(1=1,"","x")', '=REPT(" ",3)'])
def test_what_a_formula_leaves_empty_is_no_row(empty: str, same_funded: Store, tmp_path: Path) -> None:
    rows = [
        ["Code", "Budget (£)"],
        ["P1", 2500.5],
        [empty, empty],
        ["P2", 3499.5],
        [empty, empty],
        ["Total", 6000],
        [empty, empty],
    ]
    found = bring_in(same_funded, _with_formulas(tmp_path / "file.xlsx", rows), dry_run=True).understood
    assert (found.read_pence, len(found.lines), found.file_pence) == (HELD, 2, HELD)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spots=st.lists(st.integers(1, 3), max_size=6))
def test_empty_rows_of_formulas_change_nothing_wherever_they_stand(
    spots: list[int], books: Store, tmp_path: Path
) -> None:
    rows: list[list[Any]] = [["Code", "Budget (£)"], ["P1", 2500.5], ["P2", 3499.5]]
    for spot in spots:
        rows.insert(spot, ['=""', '=""'])
    found = understood(books, _with_formulas(tmp_path / "file.xlsx", rows))
    assert not found.problems, texts(found.problems)
    assert (found.read_pence, len(found.lines)) == (HELD, 2)


def _with_formulas(path: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """A workbook whose formulas have been worked out, as Excel leaves it: each gives an empty text."""
    made = path.with_suffix(".made.xlsx")
    with xlsxwriter.Workbook(made) as workbook:
        sheet = workbook.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str) and value.startswith("="):
                    sheet.write_formula(at, column, value, None, "   " if "REPT" in value else "")
                else:
                    sheet.write(at, column, value)
    # Excel says of an empty result that it is a text; the library that wrote it leaves that out.
    with zipfile.ZipFile(made) as parts, zipfile.ZipFile(path, "w") as file:
        for name in parts.namelist():
            file.writestr(name, re.sub(rb'(<c r="[A-Z]+[0-9]+")><f>', rb'\1 t="str"><f>', parts.read(name)))
    return path


# --- K14, K15, K18 and K19: more files of our own ----------------------------------------------------------------

TEXT_FILES: dict[str, tuple[bytes, int | tuple[str, ...]]] = {
    "tabs, as Excel saves 'Unicode text'": ("Code\tBudget (£)\nP1\t2500.50\nP2\t3499.50\n".encode("utf-16"), ("UTF-8",)),
    "an older alphabet": ("Code,Budget (£)\nP1,2500.50\nP2,3499.50\n".encode("cp1252"), ("UTF-8",)),
    "strokes": ("Code|Budget (£)\nP1|2500.50\nP2|3499.50\n".encode(), HELD),
    "tabs": ('\ufeffCode\tBudget (£)\r\nP1\t"2,500.50"\r\nP2\t"3,499.50"\r\n'.encode(), HELD),
    "a web page": (b"<html><table><tr><td>Code</td><td>Budget</td></tr></table></html>", ("heads a budget",)),
    "nothing": (b"", ("nothing", "empty", "visible sheet")),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXT_FILES)
def test_a_text_file_is_read_or_refused_for_the_true_reason(name: str, same_funded: Store, tmp_path: Path) -> None:
    content, expected = TEXT_FILES[name]
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    if isinstance(expected, int):
        assert bring_in(same_funded, path, dry_run=True).understood.read_pence == expected
        return
    problems = texts(refusal(same_funded, path))
    assert any(word in problems for word in expected), problems


@pytest.mark.parametrize("letter", ["\u200b", "\u00ad", "\u2060", "\ufeff", "\u200e"])
@pytest.mark.parametrize("where", ["code", "heading", "total"])
def test_a_letter_that_nobody_sees_changes_nothing(letter: str, where: str, same_funded: Store, tmp_path: Path) -> None:
    def with_it(word: str, at: str) -> str:
        return f"{word[0]}{letter}{word[1:]}{letter}" if at == where else word

    rows = [["Code", with_it("Budget (£)", "heading")], [with_it("P1", "code"), 2500.5], ["P2", 3499.5],
            [with_it("Total", "total"), 6000]]  # fmt: skip
    found = bring_in(same_funded, written(tmp_path / "file.xlsx", rows), dry_run=True).understood
    assert (found.read_pence, found.file_pence) == (HELD, HELD)


@pytest.mark.parametrize("code", ["\u0420\u0031", "P\u0406", "\u13e2\u0031"])
def test_letters_of_another_alphabet_are_other_letters(code: str, same_funded: Store, tmp_path: Path) -> None:
    rows = [["Code", "Budget (£)"], [code, 2500.5], ["P2", 3499.5]]
    assert "A2" in texts(refusal(same_funded, written(tmp_path / "file.xlsx", rows)))


@pytest.mark.parametrize(
    ("rows", "rounded_to", "is_read"),
    [
        (table("Budget (£)", total=6000.4), 1, True),
        (table("Budget (£)", total=5000), 1000, False),  # £1,000 off is no rounding to £1,000
        (table("Budget (£000)", first=2.5005, second=3.4995, total=6), 1000, True),
        (months(MONTHS)[:1] + [[*row[:-1], round(row[-1], -2)] for row in months(MONTHS)[1:]], 100, True),
        (table("Budget (£)", total=6500), 1000, True),
        (table("Budget (£)", total=6501), 1000, False),
    ],
)
def test_a_total_is_as_near_as_its_rounding(
    rows: Rows, rounded_to: int, is_read: bool, same_funded: Store, tmp_path: Path
) -> None:
    path = written(tmp_path / "file.xlsx", [["Budgets (£)"], *rows] if "Apr" in rows[0] else rows)
    found = understood(same_funded, path, settings=Settings(total_rounded_to=rounded_to))
    assert (not found.problems) == is_read, texts(found.problems)
    if is_read:
        assert found.read_pence == HELD


MATRICES: dict[str, tuple[Rows, dict[tuple[str, str], int] | str]] = {
    "places down, lines across, in thousands": (
        [["Budgets 2025/26 (£000)"], ["Place", "Core", "Growth"], ["First place", 2, 3], ["Second place", 4, 5]],
        {("P1", "core"): 200_000, ("P1", "growth"): 300_000, ("P2", "core"): 400_000, ("P2", "growth"): 500_000},
    ),
    "lines down, places across": (
        [["£"], ["Fund", "P1", "P2", "Total"], ["core", 2, 3, 5], ["growth", 4, 5, 9], ["Total", 6, 8, 14]],
        {("P1", "core"): 200, ("P2", "core"): 300, ("P1", "growth"): 400, ("P2", "growth"): 500},
    ),
    "under one merged heading": (
        [[None, "Lines (£)", "Lines (£)"], ["Code", "core", "winter"], ["P1", 2, 3], ["P2", 4, 5]],
        {("P1", "core"): 200, ("P1", "winter"): 300, ("P2", "core"): 400, ("P2", "winter"): 500},
    ),
    "a line that the books do not know": (
        [["£"], ["Place", "Core", "Podiatry (£)"], ["First place", 2, 3]], "Podiatry",
    ),
    "a unit of one line": (
        [["£"], ["Place", "Core", "Growth (£000)"], ["First place", 2, 3]], "thousand",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_is_read_line_by_line_or_asked_about(name: str, books: Store, tmp_path: Path) -> None:
    rows, expected = MATRICES[name]
    found = understood(books, written(tmp_path / "file.xlsx", rows), fund=None)
    if isinstance(expected, str):
        assert expected in texts(found.problems) or expected in str(found.set_aside), texts(found.problems)
        return
    assert not found.problems, texts(found.problems)
    assert {(line.organisation, line.fund): line.amount_pence for line in found.lines} == expected
