"""Amounts on pages: £ million to one place, or whole pounds; pence in the audit, before posting, and in files."""

import re
from pathlib import Path

import pytest

from ledger.money import millions, whole_pounds
from screens.report.render import csv, page
from screens.report.report import FigureCell, Link, Table, columns, money, share
from tests.screens.every_page import NAMES, Made, made

# Where amounts are traced, or about to be posted, they are to the penny.
EXACT = ("audit", "import", "record", "export")
BOARD = tuple(name for name in NAMES if not name.startswith(EXACT))
# £100 or more with pence.
PENCE = re.compile(r"£\d[\d,]*\d{2}\.\d\d(?!\d)")
CELL = re.compile(r'<td [^>]*?data-label="([^"]*)"[^>]*>(.*?)</td>')


@pytest.mark.parametrize(
    ("pence", "in_millions", "in_pounds"),
    [
        (0, "0.0", "0"),
        (660_000_000_000, "6,600.0", "6,600,000,000"),
        # Half up, as Excel does.
        (525_000_000, "5.3", "5,250,000"),
        (-525_000_000, "-5.3", "-5,250,000"),
        # What would be nothing is something.
        (2_200_000, "£22,000", "22,000"),
        (-2_200_000, "-£22,000", "-22,000"),
        (12, "£0.12", "12p"),
        (-49, "-£0.49", "-49p"),
        (50, "£0.50", "1"),
    ],
)
def test_an_amount_is_never_written_as_nothing(pence: int, in_millions: str, in_pounds: str) -> None:
    assert millions(pence) == in_millions
    assert whole_pounds(pence) == in_pounds


def test_the_largest_amount_of_a_table_chooses_its_unit() -> None:
    heads = [*columns("Who"), money("Held (£)"), money("Given (£)"), money("Per head (£)"), *columns("Value")]
    rows = [
        ("A", Link(123_456_789_012, "audit", {}), 99_999_999, 1_653, FigureCell(123_456_789_012, money(""))),
        ("B", 2_200_000, None, -25, FigureCell(1_999, money(""))),
        ("C", 0, 149, 0, FigureCell(None, share(""))),
    ]
    table = Table("T", heads, rows)
    shown = table.on_screen()
    assert [column.heading for column in shown.columns] == [
        "Who", "Held (£ million)", "Given (£ million)", "Per head (£)", "Value",
    ]  # fmt: skip
    said = [[column.text(cell) for column, cell in zip(shown.columns, row, strict=True)] for row in shown.rows]
    assert said == [
        ["A", "1,234.6", "1.0", "16.53", "£1.2 billion"],
        ["B", "£22,000", "not available", "-0.25", "£19.99"],
        ["C", "0.0", "£1.49", "0.00", "not available"],
    ]
    # The page keeps the penny for programs, the link to the audit, and the file has it for people.
    html = page.as_html(shown)
    assert '<a href="audit" target="_self"><data value="1,234,567,890.12">1,234.6</data></a>' in html
    assert b"1234567890.12" in csv.document(table)


def cells(of: Made) -> list[tuple[str, str]]:
    """The cells of a page's tables, each with the heading that it is under."""
    found = [CELL.findall(piece.text) for piece in of.of("html") if "<table" in piece.text]
    return [(label, re.sub("<[^>]+>", "", cell)) for table in found for label, cell in table]


@pytest.mark.parametrize("name", BOARD)
def test_no_amount_of_a_page_has_pence(demo_ledger: Path, name: str) -> None:
    shown = made(name, demo_ledger)
    for label, cell in cells(shown):
        assert PENCE.search(f"£{cell}" if "£" in label else cell) is None, (label, cell)
        if "(£ million)" in label and re.fullmatch(r"-?[\d,]+(\.\d+)?", cell):
            assert re.fullmatch(r"-?\d{1,3}(,\d{3})*\.\d", cell), (label, cell)
    for piece in shown.of("metric", "markdown", "header", "subheader", "info", "warning", "success", "text"):
        assert PENCE.search(piece.text) is None, piece.text
    for piece in shown.of("html"):
        if "<table" not in piece.text:
            assert PENCE.search(re.sub("<[^>]+>", " ", piece.text)) is None, piece.text


def test_pages_that_trace_have_pence(demo_ledger: Path) -> None:
    for name in ("audit-trail", "audit-made", "audit-entry"):
        assert any("£" in label and re.search(r"\.\d\d$", cell) for label, cell in cells(made(name, demo_ledger))), name


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_has_its_table_and_its_file(demo_ledger: Path, name: str) -> None:
    pieces = list(made(name, demo_ledger).pieces)
    drawn = [place for place, piece in enumerate(pieces) if piece.kind in ("vega_lite_chart", "echarts_chart")]
    for place in drawn:
        # Small charts of one kind stand side by side over one table.
        after = next(
            piece for piece in pieces[place + 1 :] if piece.kind not in ("vega_lite_chart", "subheader", "empty")
        )
        assert after.kind == "html"
        assert "<table" in after.text
        assert after.folds[-1].startswith("Table and download: ")
        assert pieces[pieces.index(after) + 1].kind in ("download_button", "markdown")


def test_a_flow_says_its_pounds(demo_ledger: Path) -> None:
    (flow,) = made("overview-QWO", demo_ledger).flows()
    said = [node["label"]["formatter"] for node in flow["data"]]
    assert "NHS England, £6.7 billion" in said
    assert "Leeds, £506.8 million" in said
    assert all(re.search(r", £[\d.,]+ ?(billion|million)?$", label) for label in said)
