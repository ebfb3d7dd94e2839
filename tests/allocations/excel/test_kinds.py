"""Each kind of fault in files that people bring, in small files made here: refused for the true reason, or read right.

The first ICB of the small books holds £6,000.00 on core; P1 gets £2,500.50 of it and P2 £3,499.50.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocations.files.budgets.mapping import Settings
from allocations.files.budgets.understood import BudgetRefused, Understood, in_one_sentence
from allocations.shares.historic import read_historic
from ledger.errors import Problem, Refused
from ledger.store.base import Store
from screens.report.causes import by_cause
from tests.allocations.excel.workbooks import PLAIN, bring_in, refusal, understood, with_openpyxl, written
from tests.books import texts

HELD = 600_000
MONTHS = ("Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb", "Mar")
Rows = Sequence[Sequence[Any]]


def table(
    heading: Any, *captions: Any, first: Any = 2500.5, second: Any = 3499.5, total: Any = 6000
) -> list[list[Any]]:
    """A budget of one column under captions."""
    return [*([caption] for caption in captions), ["Code", heading], ["P1", first], ["P2", second], ["Total", total]]


def beside(*headings: str, add: Sequence[Sequence[Any]] = ((), ())) -> list[list[Any]]:
    """A budget with other columns beside it; ``add`` are what P1 and P2 have under them."""
    return [["Code", "Budget (£)", *headings], ["P1", 2500.5, *add[0]], ["P2", 3499.5, *add[1]]]


def months(headings: Sequence[Any]) -> list[list[Any]]:
    """A budget by month, which comes to £6,000.00, with a total for each row."""
    first, second = [200] * 11 + [300.5], [300] * 11 + [199.5]
    return [["Code", *headings, "Total (£)"], ["P1", *first, 2500.5], ["P2", *second, 3499.5]]


def of_year(start: int) -> list[date]:
    return [date(start + (n > 8), (n + 3) % 12 + 1, 1) for n in range(12)]


REFUSED: dict[str, tuple[Rows, tuple[str, ...]]] = {
    # K1: the year
    "year in a caption": (table("Budget (£)", "Place budgets 2024-25"), ("2024/25", "A1", "2025/26")),
    "year of last year's months": (months([f"{m}-{24 + (n > 8)}" for n, m in enumerate(MONTHS)]), ("2024/25", "B1")),
    "year in words": (table("Budget (£)", "Year ending 31 March 2027"), ("2026/27", "A1")),
    "year by itself": (table("Budget 2023 (£)"), ("2022/23 or 2023/24", "B1")),
    "year against a year": (table("Budget 24/25 (£)", "Budgets 2025/26"), ("2024/25", "A1", "2025/26")),
    "year that may be either": (table("FY26 budget (£)"), ("FY26", "2025/26 or 2026/27", "short_year")),
    # K2: a part
    "parts that are larger": (beside("of which recurrent (£)", add=((2600,), (0,))), ("C2", "within it")),
    "money that recurs beside money that may": (beside("Non-recurrent (£)", add=((1,), (1,))), ("B1", "C1")),
    "parts beside months": (
        [["Code", "Apr (£)", "May (£)", "of which NR (£)"], ["P1", 1, 2, 1]], ("D1", "a part of one of 2 columns"),
    ),
    # K3: letters that are no digits
    "superscript": (table("Budget (£)", first="2500.5²"), ("B2", "2500.5²")),
    "a half": (table("Budget (£)", first="2500½"), ("B2", "2500½")),
    "digits of another script": (table("Budget (£)", first="\uff12\uff15\uff10\uff10"), ("B2",)),
    # K4: which column
    "two budgets": ([["Code", "Original budget (£)", "Revised budget (£)"], ["P1", 1, 2], ["P2", 2, 3]], ("B1", "C1")),
    "a variance alone": ([["Code", "Variance (£)"], ["P1", 1], ["P2", 2]], ("B1", "a variance")),
    "spend alone": ([["Code", "Actual spend (£)"], ["P1", 1], ["P2", 2]], ("B1", "money spent")),
    # K6: unit and currency
    "heading against caption": (table("Budget (£)", "All figures in £000s"), ("B2", "A1", "£ thousand")),
    "heading against note below": ([*table("Budget (£)"), [], ["All figures are in £'000"]], ("A6", "£ thousand")),
    "billions": (table("Budget (£bn)"), ("B1", "billions")),
    "dollars": (table("Budget ($)"), ("dollars", "B1")),
    "euros in a caption": (table("Budget (£)", "Figures in euros"), ("euros", "A1")),
    "an amount is no unit": (table("Budget", "Bids over £500k go to the board"), ("what the amounts are in",)),
    # K7: months that run up
    "running totals": (
        [["Budgets (£)"], ["Code", *MONTHS], ["P1", *range(100, 1300, 100)], ["P2", *range(10, 130, 10)]],
        ("run up", "B2", "M2"),
    ),
    # K10: numbers as headings
    "years as numbers": ([["Place budgets (£)"], ["Code", 2025, 2026], ["P1", 1, 2], ["P2", 2, 3]], ("C2", "2025/26 or 2026/27")),
    # K17: the payer is no total where it is not the sum
    "payer that is no sum": ([*table("Budget (£)")[:3], ["ICB1", 5999]], ("A4", "is who pays")),
}  # fmt: skip
READ: dict[str, tuple[Rows, str]] = {
    # K2, K16
    "of which": (beside("o/w non-recurrent (£)", add=((500.5,), (0,))), "of which in column C"),
    "both parts": (
        [["Code", "Budget (£)", "of which recurrent (£)", "of which NR (£)"], ["P1", 2500.5, 2000, 500.5], ["P2", 3499.5, 3499.5, 0]],
        "of which in column C and D",
    ),
    "recurrence in a column": ([["Code", "R/NR", "Budget (£)"], ["P1", "R", 2500.5], ["P2", "NR", 3499.5]], "column C"),
    # K4, K9
    "the month-end report": (
        [["Code", "Annual Budget (£)", "YTD Budget (£)", "YTD Actual (£)", "Variance (£)"], ["P1", 2500.5, 1, 2, -1], ["P2", 3499.5, 1, 2, -1]],
        "budget in column B",
    ),
    "people beside money": ([["Code", "Total list size", "Budget (£)"], ["P1", 900, 2500.5], ["P2", 80, 3499.5]], "column C"),
    "growth beside a budget": (beside("Inflation (£)", "Uplift %", add=((1, 0.1), (2, 0.1))), "budget in column B"),
    "a draft beside the final": ([["Code", "Draft budget (£)", "Final budget (£)"], ["P1", 1, 2500.5], ["P2", 2, 3499.5]], "column C"),
    # K6
    "thousands with a comma": (table("Budget (£,000)", first=2.5005, second=3.4995, total=6), "£ thousand, 2025/26"),
    "thousands in words": (table("Budget", "In thousands of pounds", first=2.5005, second=3.4995, total=6), "£ thousand"),
    "millions with zeros": (table("Budget £000,000", first=0.0025005, second=0.0034995, total=0.006), "£ million"),
    # K10, K12
    "numbered months": ([["Budgets (£)"], ["Code", *range(1, 13)], ["P1", *[200] * 11, 300.5], ["P2", *[300] * 11, 199.5]], "months Apr to Mar"),
    "two levels, not merged": (
        [[None, "Recurrent", None, "Non-recurrent"], ["Code", "Apr (£)", "May (£)", "Apr (£)"], ["P1", 1000, 1500.5, 0], ["P2", 2000, 0, 1499.5]],
        "budget in columns B to D",
    ),
    # K17 and pivots
    "the payer's row is the total": ([*table("Budget (£)")[:3], ["First ICB", 6000]], "total in row 4"),
    "a pivot": ([["Row Labels", "Sum of Budget (£)"], ["First place", 2500.5], ["Second place", 3499.5], ["Grand Total", 6000]], "total in row 4"),
}  # fmt: skip


def told(problems: Iterable[Problem]) -> list[str]:
    return [f"{problem.where}: {problem.found} {problem.why} {problem.fix}" for problem in problems]


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_and_the_places_are_named(name: str, same_funded: Store, tmp_path: Path) -> None:
    rows, words = REFUSED[name]
    problems = told(refusal(same_funded, written(tmp_path / "file.xlsx", rows)))
    assert any(all(word in one for word in words) for one in problems), problems


@pytest.mark.parametrize("name", READ)
def test_it_is_read_and_said_in_one_sentence(name: str, same_funded: Store, tmp_path: Path) -> None:
    rows, words = READ[name]
    found = bring_in(same_funded, written(tmp_path / "file.xlsx", rows), dry_run=True).understood
    assert found.read_pence == HELD
    assert words in in_one_sentence(found)


def test_what_the_file_says_can_be_meant_otherwise_and_is_recorded(funded: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "file.xlsx", table("Budget (£)", "Place budgets 2024/25"))
    said = Settings(other_year="meant")
    posted = bring_in(funded, path, settings=said).posted
    with funded.read() as reader:
        ((reason,),) = reader.rows("SELECT reason FROM entry WHERE number = $n", {"n": posted.number})
    assert "the file speaks of 2024/25 in A1" in str(reason)
    assert "meant for 2025/26" in str(reason)


def test_a_saved_mapping_does_not_carry_one_years_file_into_another(same_funded: Store, tmp_path: Path) -> None:
    this, last = (
        written(tmp_path / f"{name}.xlsx", table("Budget", f"Budgets {name} ({unit})"))
        for name, unit in (("2025-26", "£"), ("2024-25", "£"))
    )
    mapping = understood(same_funded, this).mapping
    assert understood(same_funded, this, mapping=mapping).problems == []
    assert "2024/25" in texts(understood(same_funded, last, mapping=mapping).problems)


def test_months_that_excel_took_for_days_are_recognised_and_said(same_funded: Store, tmp_path: Path) -> None:
    typed = [date(2025, (n + 3) % 12 + 1, 25 + (n > 8)) for n in range(12)]
    found = bring_in(same_funded, written(tmp_path / "file.xlsx", months(typed)), dry_run=True).understood
    assert "months Apr to Mar" in in_one_sentence(found)
    assert "Jan-26" in " ".join(found.remarks)


def test_months_that_run_up_are_read_once_somebody_says_so(same_funded: Store, tmp_path: Path) -> None:
    first, second = [200.5 * n for n in range(1, 12)] + [2500.5], [300 * n for n in range(1, 12)] + [3499.5]
    rows = [["Budgets (£)"], ["Code", *MONTHS], ["P1", *first], ["P2", *second]]
    path = written(tmp_path / "file.xlsx", rows)
    assert "run up" in texts(refusal(same_funded, path))
    found = bring_in(same_funded, path, settings=Settings(months="running"), dry_run=True).understood
    assert (found.read_pence, found.lines[-1].amount_pence) == (HELD, 19_950)


@pytest.mark.parametrize(
    ("hide", "how"),
    [
        (lambda sheet: setattr(sheet.row_dimensions[5], "hidden", True), "hidden"),
        (lambda sheet: setattr(sheet.row_dimensions[5], "height", 0), "of no height"),
        (lambda sheet: setattr(sheet.sheet_format, "zeroHeight", True), "hidden by default"),
        (lambda sheet: setattr(sheet["C5"], "font", sheet["C5"].font.copy(strike=True)), "struck out"),
        (lambda sheet: setattr(sheet["C5"], "number_format", ";;;"), "shown as nothing"),
        (lambda sheet: setattr(sheet["C5"], "font", sheet["C5"].font.copy(color="FFFFFFFF")), "shown as nothing"),
    ],
)
def test_what_a_reader_does_not_see_is_asked_about(
    hide: Callable[[Any], None], how: str, same_funded: Store, tmp_path: Path
) -> None:
    path = with_openpyxl(tmp_path / "file.xlsx", PLAIN, lambda _, sheet: hide(sheet))
    assert how in texts(refusal(same_funded, path))
    read = bring_in(same_funded, path, settings=Settings(hidden="read"), dry_run=True)
    assert read.understood.read_pence == HELD


def test_a_raised_digit_of_rich_text_is_no_digit(same_funded: Store, tmp_path: Path) -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    note = CellRichText("2500.5", TextBlock(InlineFont(vertAlign="superscript"), "2"))
    path = with_openpyxl(tmp_path / "file.xlsx", PLAIN, lambda _, sheet: sheet.__setitem__("C4", note))
    assert "raised or lowered digits" in texts(refusal(same_funded, path))


@pytest.mark.parametrize(
    ("number_format", "words"),
    [('#,##0.0"k"', "£ thousand"), ("#,##0,", "£ thousand"), ("[$€-2] #,##0.00", "euros"), ("$#,##0", "dollars")],
)
def test_a_number_format_is_evidence_too(number_format: str, words: str, same_funded: Store, tmp_path: Path) -> None:
    heading = "Budget (£000)" if number_format.endswith(",") else "Budget (£)"

    def change(_: Any, sheet: Any) -> None:
        for row in (2, 3, 4):
            sheet.cell(row, 2).number_format = number_format

    path = with_openpyxl(tmp_path / "file.xlsx", table(heading), change)
    assert words in texts(refusal(same_funded, path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Code,Budget (£)\nP1,2,500.50\nP2,3,499.50\n", ("line 2", "3 cells")),
        ("Code,Budget (£),Note\nP1,2500.50\nP2,3499.50,x\n", ("line 2", "2 cells")),
        ('Code,Budget (£),Note\nP1,2500.50,"a\nP2,3499.50,b\nN1,1,c"\n', ("line 2", "line 4", "quotation mark")),
        ("Code;Budget (£)\nP1;2500,50\nP2;3499,50\n", ("semicolons", "2500,50")),
        ('Code,Budget (£)\nP1,"2500.50\nP2,3499.50\n', ("line 2", "quotation mark")),
    ],
)
def test_a_line_that_was_cut_wrongly_is_refused_with_its_number(
    text: str, words: tuple[str, ...], same_funded: Store, tmp_path: Path
) -> None:
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    problems: Sequence[Problem] = ()
    try:
        bring_in(same_funded, path, dry_run=True)
    except Refused as refused:
        problems = refused.problems
    assert all(word in texts(problems) for word in words), texts(problems)


@pytest.mark.parametrize("divider", [";", "\t", ","])
def test_a_text_file_is_read_whatever_divides_its_cells(divider: str, same_funded: Store, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Code,Budget (£)\nP1,2500.50\nP2,3499.50\nTotal,6000\n".replace(",", divider), encoding="utf-8")
    assert bring_in(same_funded, path, dry_run=True).understood.read_pence == HELD


def test_a_total_rounded_on_purpose_is_taken_when_it_is_said(funded: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "file.xlsx", table("Budget (£)", total=6010))
    assert "£10.00 too much" in texts(refusal(funded, path))
    assert "too much" in texts(refusal(funded, path, settings=Settings(total_rounded_to=10)))
    outcome = bring_in(funded, path, settings=Settings(total_rounded_to=100))
    with funded.read() as reader:
        ((reason,),) = reader.rows("SELECT reason FROM entry WHERE number = $n", {"n": outcome.posted.number})
    assert "£6,010.00 is rounded to £100" in str(reason)


def test_two_hundred_rows_with_one_fault_are_one_cause() -> None:
    problems = [Problem(f"f.xlsx, sheet A, cell B{n}", f"'{n}.x' is no amount.", "Why.", "Fix.") for n in range(2, 202)]
    (cause,) = by_cause(problems)
    assert (len(cause.places), cause.more) == (
        200,
        "199 more like it: cell B3, cell B4, cell B5, cell B6, cell B7 and so on.",
    )


ORGANISATIONS, FUNDS = {"P1": "First place", "P2": "Second place"}, {"core": "Core"}
HISTORIC: dict[str, tuple[Rows, tuple[str, ...] | int]] = {
    "thousands in the caption": ([["Budgets (£000)"], ["Place", "Fund", "Budget"], ["P1", "core", 2.5]], 250_000),
    "a total that holds": ([["Place", "Fund", "Budget"], ["P1", "core", 2], ["P2", "core", 3], ["Total", None, 5]], 500),
    "a total that does not": ([["Place", "Fund", "Budget"], ["P1", "core", 2], ["Total", None, 5]], ("C3", "£5.00", "£2.00")),
    "two columns": ([["Place", "Fund", "Budget (£)", "Amount (£)"], ["P1", "core", 2, 3]], ("C1", "D1")),
    "euros": ([["Place", "Fund", "Budget (€)"], ["P1", "core", 2]], ("euros", "C1")),
    "superscript": ([["Place", "Fund", "Budget (£)"], ["P1", "core", "2²"]], ("2²", "C2")),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIC)
def test_historic_budgets_go_through_the_same_reader(name: str, tmp_path: Path) -> None:
    rows, expected = HISTORIC[name]
    path = written(tmp_path / "file.xlsx", rows)
    if isinstance(expected, int):
        assert sum(read_historic(path, ORGANISATIONS, FUNDS).pence.values()) == expected
        return
    with pytest.raises(Refused) as refused:
        read_historic(path, ORGANISATIONS, FUNDS)
    assert all(word in texts(refused.value.problems) for word in expected)


# --- by random change -----------------------------------------------------------------------------

_UNITS = (
    "Budget (£)",
    "Budget (£000)",
    "Budget £m",
    "Budget (£,000)",
    "Budget (€)",
    "Budget ($000)",
    "Budget",
    "Budget (k)",
)
_CAPTIONS = (
    "Budgets 2025/26",
    "Budgets 2024/25",
    "FY25 plan",
    "In £000",
    "All figures in pounds",
    "2026-27",
    "March 2025",
    "",
)
_BESIDE = (
    "Variance (£)",
    "Draft budget (£)",
    "of which NR (£)",
    "Total list size",
    "YTD Actual (£)",
    "Growth (£)",
    "2024/25 (£)",
    "Note",
)
_SCALE = {"000": 1000, "k)": 1000, "£m": 1_000_000}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heading=st.sampled_from(_UNITS), caption=st.sampled_from(_CAPTIONS), column=st.sampled_from(_BESIDE),
       at=st.integers(0, 2), seed=st.integers(0, 10**6))  # fmt: skip
def test_a_file_rewritten_as_another_year_unit_or_with_a_column_never_yields_a_silent_wrong_total(
    heading: str, caption: str, column: str, at: int, seed: int, books: Store, tmp_path: Path
) -> None:
    """What the file says is worked out here by its words alone: read so, or refused."""
    chance = random.Random(seed)
    amounts = [chance.randrange(1, 10**6), chance.randrange(1, 10**6)]
    rows: list[list[Any]] = [["Code", heading], ["P1", amounts[0]], ["P2", amounts[1]]]
    for row, value in zip(rows, (column, chance.randrange(1, amounts[0] + 1), 1), strict=True):
        row.insert(max(at, 1), value)
    path = written(tmp_path / f"{seed}.xlsx", [[caption], *rows])
    found: Understood = understood(books, path)
    if found.problems:
        return
    assert "24/25" not in caption
    assert "26-27" not in caption
    assert "FY25" not in caption
    assert not any(sign in heading for sign in "€$")
    said = {scale for word, scale in _SCALE.items() if word in heading or word in caption}
    said |= {1} if "(£)" in heading or "pounds" in caption else set()
    scale = said.pop() if said else 1  # by the heading beside it
    assert not said, "two units were said, and one was taken"
    assert found.read_pence == sum(amounts) * 100 * scale


def test_the_refusal_of_a_rewritten_file_posts_nothing(same_funded: Store, tmp_path: Path) -> None:
    with pytest.raises(BudgetRefused) as refused:
        bring_in(same_funded, written(tmp_path / "file.xlsx", table("Budget (€'000)")))
    assert "euros" in texts(refused.value.problems)
