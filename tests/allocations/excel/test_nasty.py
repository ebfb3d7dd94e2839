"""One workbook with everything that budgets are known to hold, and what is said of it, cell by cell."""

from datetime import datetime
from pathlib import Path
from typing import Any

from allocations.files.budgets.mapping import Settings
from ledger.store.base import Store
from tests.allocations.excel.workbooks import rezipped, understood, with_openpyxl
from tests.books import texts

ROWS: tuple[tuple[Any, ...], ...] = (
    ("First ICB: core budgets\u00a02025/26  (£)",),  # 1: a title with a no-break space
    ("Version 3\nfor the board",),  # 2: a line break
    (),
    ("Code", "Place \nname", "Year", "Line", "Budget", "Per cent", "Comment"),  # 4
    ("P1", "First place", "2025/26", "a", 1000, 0.025, None),  # 5: plain
    ("p1 ", "First\u00a0place", "2025-26", "b", "1,234", None, "lower case, trailing space, no-break space"),  # 6
    ("P1", "First place", "25/26", "c", "£3,456.70", None, None),  # 7
    ("P1", "First place", "2025 to 2026", "d", "(56)", None, "brackets are a minus"),  # 8
    ("P1", "First place", datetime(2025, 4, 1), "e", " 12.5k ", None, None),  # 9  # noqa: DTZ001
    ("P2", "Second place", "2025/26", "a", "-", None, "a dash"),  # 10
    ("P2", "Second place", "2025/26", "b", "n/a", None, "not applicable"),  # 11
    ("P2", "Second place", "2025/26", "c", "2.5%", None, "a percentage as text"),  # 12
    ("P2", "Second place", "2025/26", "d", 0.025, None, "a percentage by its format"),  # 13
    ("P2", "Second place", "FY26", "e", 1, None, "which year?"),  # 14
    ("P2", "Second place", 45748, "f", 1, None, "a day as Excel counts"),  # 15
    ("P2", "Second place", "2025/27", "g", 1, None, "two years"),  # 16
    ("P2", "Second place", "2025/26", "h", "#REF!", None, "an error as text"),  # 17
    ("P2", "Second place", "2025/26", "i", "=1+1", None, "nobody calculated it"),  # 18
    ("P2", "Second place", "2025/26", "j", "1.234,56", None, "continental"),  # 19
    ("P2", "Second place", "2025/26", "k", True, None, None),  # 20
    ("P2", "Second place", "2025/26", "l", datetime(2025, 4, 1), None, None),  # 21  # noqa: DTZ001
    ("007", "Nobody", "2025/26", "a", 1, None, "leading zeros"),  # 22
    ("1E5", "Nobody", "2025/26", "a", 1, None, "a code that looks like a number"),  # 23
    ("P1", "First place", "2025/26", "a", 5, None, "the same line again"),  # 24
    ("N1", "Network one", "2025/26", "a", 10, None, "merged down over two rows"),  # 25
    (None, None, "2025/26", "b", 20, None, None),  # 26
    ("N1", "Network one", "2025/26", "z", 99, None, "hidden: an old line"),  # 27
    ("P3", "Third place", "2025/26", "a", 1, None, "of another ICB"),  # 28
    ("N1", "Network one", "2025/26", "y", 0.005, None, "half a penny"),  # 29
    (None, "No code and no known name", "2025/26", "a", 1, None, None),  # 30
    (None, None, None, None, 7, None, "nobody"),  # 31
    (None, "Sub-total", None, None, 123456, None, "adds up what cannot be read"),  # 32
    ("Note: figures subject to audit",),  # 33
)


def nasty(path: Path) -> Path:
    def change(book: Any, sheet: Any) -> None:
        sheet["F5"].number_format = sheet["E13"].number_format = "0.0%"
        sheet.merge_cells("A25:A26")
        sheet.merge_cells("B25:B26")
        sheet.row_dimensions[27].hidden = True
        sheet.column_dimensions["G"].hidden = True  # comments: no amounts, so nothing to ask
        book.create_sheet("Old plan").sheet_state = "hidden"
        book.create_sheet("Workings").sheet_state = "veryHidden"
        sheet["G5"] = '=HYPERLINK("http://x")'

    return with_openpyxl(path, ROWS, change)


# The cell, and words of what is said of it.
EXPECTED = [
    ("E10", "there is a dash"),
    ("E12", "is a percentage"),
    ("E13", "shown as a percentage"),
    ("C14", "'FY26' may be"),
    ("C15", "45748 may be the day 01 April 2025"),
    ("C16", "'2025/27' is not a financial year"),
    ("E17", "the error #REF!"),
    ("E18", "a formula without a stored value"),
    ("E19", "read one way only"),
    ("E20", "TRUE or FALSE"),
    ("E21", "holds a date"),
    ("A22", "no organisation '007'"),
    ("A23", "no organisation '1E5'"),
    ("E27", "row 27 is hidden"),
    ("A28", "is not below ICB1"),
    ("E29", "£0.005 is not a whole number of pence"),
    ("B30", "no organisation 'No code and no known name'"),
    ("E31", "no organisation beside it"),
    ("E5", "stands 2 times for the same money: in E5, E24"),
]


def test_the_nasty_workbook_cell_by_cell(funded: Store, tmp_path: Path) -> None:
    found = understood(funded, nasty(tmp_path / "nasty.xlsx"))
    said = [(problem.where.rsplit("cell ", 1)[1], problem.found) for problem in found.problems]
    assert [cell for cell, _ in said] == [cell for cell, _ in EXPECTED], texts(found.problems)
    for (cell, words), (_, sentence) in zip(EXPECTED, said, strict=True):
        assert words in sentence, cell
    assert all(problem.why and problem.fix for problem in found.problems)
    aside = [(each.place.rsplit(", ", 1)[1], each.why.split(":")[0]) for each in found.set_aside]
    assert aside == [
        ("sheet Old plan", "hidden, and not imported"),
        ("sheet Workings", "hidden, and not imported"),
        ("cell E11", "no amount"),
        ("row 32", "a total ('Sub-total')"),
        ("row 33", "no amount"),
    ]
    read = {line.cell: line.amount_pence for line in found.lines if line.organisation == "P1"}
    assert sum(read.values()) == 100_000 + 123_400 + 345_670 - 5_600 + 1_250_000 + 500
    filled = {line.cell: line.organisation for line in found.lines if line.cell in ("E25", "E26")}
    assert filled == {"E25": "N1", "E26": "N1"}
    assert any("stood as text" in remark for remark in found.remarks)
    assert any("A25:A26" in remark for remark in found.remarks)


def test_what_was_asked_can_be_answered_once_for_the_file(books: Store, tmp_path: Path) -> None:
    answers = Settings(dash="zero", rounding="penny", duplicates="add", hidden="leave out", short_year="ends")
    found = understood(books, nasty(tmp_path / "nasty.xlsx"), settings=answers)
    answered = {"E10", "C14", "E27", "E29", "E5"}
    said = [problem.where.rsplit("cell ", 1)[1] for problem in found.problems]
    assert said == [cell for cell, _ in EXPECTED if cell not in answered]


def test_a_workbook_that_nobody_calculated_says_so(books: Store, tmp_path: Path) -> None:
    rows = (("Code", "Budget (£)"), ("P1", "=1+1"), ("P2", "=2+2"), ("Total", "=SUM(B2:B3)"))
    found = understood(books, with_openpyxl(tmp_path / "formulas.xlsx", rows, lambda *_: None))
    said = {problem.where.rsplit("cell ", 1)[1]: problem for problem in found.problems}
    assert {"B2", "B3"} <= said.keys()
    assert all(
        "without a stored value" in problem.found and "Open the file in Excel" in problem.fix
        for problem in said.values()
    )
    only = (("=A2", "=B2"), ("=1+1", "=2+2"))
    (problem,) = understood(books, with_openpyxl(tmp_path / "only.xlsx", only, lambda *_: None)).problems
    assert "4 cells hold formulas with no stored values" in problem.found


def test_a_calculated_copy_is_read(books: Store, tmp_path: Path) -> None:
    """The same workbook as Excel would have saved it: each formula beside the value it gave."""
    rows = (("Code", "Budget (£)"), ("P1", "=1+1"), ("P2", "=2+2"), ("Total", "=SUM(B2:B3)"))
    path = with_openpyxl(tmp_path / "formulas.xlsx", rows, lambda *_: None)

    def calculated(xml: bytes) -> bytes:
        for formula, value in ((b"1+1", b"2"), (b"2+2", b"4"), (b"SUM(B2:B3)", b"6")):
            xml = xml.replace(b"<f>" + formula + b"</f><v />", b"<f>" + formula + b"</f><v>" + value + b"</v>")
            xml = xml.replace(b"<f>" + formula + b"</f><v/>", b"<f>" + formula + b"</f><v>" + value + b"</v>")
        return xml

    found = understood(books, rezipped(path, {"xl/worksheets/sheet1.xml": calculated}))
    assert found.problems == []
    assert (found.read_pence, found.file_pence) == (600, 600)
