"""A report, made once: what programs get of it, what people get, and how each renderer writes the same cells."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from ledger.readings import PUBLISHED, STRICT
from ledger.reports.measures import OverReadings
from scenarios.ranges import MOVED, FigureRange
from screens.report.holdings import years_held
from screens.report.render import csv as as_csv
from screens.report.render import json as as_json
from screens.report.render import terminal, workbook
from screens.report.render.page import as_html
from screens.report.report import (
    ABSENT,
    FigureCell,
    Link,
    Report,
    Table,
    columns,
    data,
    figure,
    listed,
    money,
    ranged,
    share,
    text,
    traced,
)
from screens.report.scenarios.headlines import ends
from screens.report.scenarios.ranges import ends_of

HEADS = [*data("code"), text("Place", "name"), money("Issued (£)", "issued_pence"),
         share("From target", "distance", signed=True, places=2), text("Why")]  # fmt: skip
TABLE = Table(
    "Places",
    HEADS,
    [
        ("P1", "First", traced(123_456, organisation="P1"), Fraction(1, 80), "agreed"),
        ("P2", "Second", None, None, "asked for"),
        ("(all)", "All together", 123_456, Fraction(0), ""),
    ],
    ["Derived."],
    has_total=True,
)


def test_programs_get_keys_and_people_get_headings() -> None:
    assert TABLE.records() == [
        {"code": "P1", "name": "First", "issued_pence": 123_456, "distance": Fraction(1, 80)},
        {"code": "P2", "name": "Second", "issued_pence": None, "distance": None},
        {"code": "(all)", "name": "All together", "issued_pence": 123_456, "distance": 0},
    ]
    assert [column.heading for column in TABLE.for_people().columns] == [
        "Place",
        "Issued (£)",
        "From target",
        "Why",
    ]
    assert [row[0] for row in TABLE.with_only("Why", "Place").rows] == ["agreed", "asked for", ""]


def test_the_document_has_the_envelope_the_facts_and_the_rows() -> None:
    told = json.loads(as_json.document(Report([TABLE], facts={"icb": "Q1"}), command="schedule", ledger="books"))
    assert list(told) == ["command", "ledger", "as_at", "known_at", "head", "illustrative", "icb", "rows"]
    assert (told["command"], told["ledger"], told["head"]) == ("schedule", "books", None)
    assert told["rows"][0] == {"code": "P1", "name": "First", "issued_pence": 123_456, "distance": 0.0125}
    other = Report([TABLE], facts={"rows": [{"a": 1}]}, source="a file")
    told = json.loads(as_json.document(other, command="run", ledger="books"))
    assert (told["ledger"], told["rows"]) == ("a file", [{"a": 1}])


def test_a_row_may_lack_a_column_and_may_have_a_unit_of_its_own() -> None:
    heads = [*data("amount_pence", "value"), text("Value")]
    table = Table(
        "", heads, [(5, ABSENT, figure(5, "pence")), (ABSENT, Fraction(1, 2), figure(Fraction(1, 2), "share"))]
    )
    assert table.records() == [{"amount_pence": 5}, {"value": Fraction(1, 2)}]
    shown = table.for_people()
    assert [shown.columns[0].text(row[0]) for row in shown.rows] == ["0.05", "50.0%"]
    assert figure(None, "pence") == "not defined"


def test_the_same_cells_in_a_file_and_in_a_workbook() -> None:
    lines = as_csv.document(TABLE).decode("utf-8-sig").splitlines()
    assert lines == [
        "Place,Issued (£),From target,Why",
        "First,1234.56,0.012500,agreed",
        "Second,,,asked for",
        "All together,1234.56,0.000000,",
    ]
    sheet = workbook.sheet("Places", TABLE, "A note")
    assert sheet.rows[0] == ["First", Decimal("1234.56"), Fraction(1, 80), "agreed"]
    assert sheet.rows[1] == ["Second", None, "not available", "asked for"]


def test_the_terminal_cuts_no_figure_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show(Report([TABLE], title="Schedule", sentences=["That is all."]))
    printed = capsys.readouterr().out
    for words in ("Schedule", "1,234.56", "+1.25%", "not available", "Derived.", "That is all."):
        assert words in printed, words
    assert printed.index("Derived.") < printed.index("That is all.")


def test_people_are_shown_the_first_rows_and_the_whole() -> None:
    rows = [(str(number), number) for number in range(9)]
    table = Table("T", columns("Name", "Amount (£)"), [*rows, ("All", 36)], has_total=True, most=3)
    beginning, number = table.beginning()
    assert ([row[0] for row in beginning.rows], number) == (["0", "1", "2", "All"], 9)
    assert len(table.records()) == 10
    assert Table("T", table.columns, rows[:3], most=3).beginning()[1] == 0


def test_rows_that_are_the_same_for_both_name_their_columns_themselves() -> None:
    table = listed([{"year": 2025, "entry": 1234, "held_pence": None, "legs": 1234, "closed": True}])
    assert [column.heading for column in table.columns] == ["Year", "Entry", "Held (£)", "Legs", "Closed"]
    assert [column.text(cell) for column, cell in zip(table.columns, table.rows[0], strict=True)] == [
        "2025/26",
        "1234",
        "not available",
        "1,234",
        "yes",
    ]
    assert Report([listed([])]).shown == []


def test_a_link_is_its_value_everywhere_but_on_a_page() -> None:
    link = Link(FigureCell(Fraction(1, 4), share("")), "audit", {"fund": "a&b", "year": None})
    assert link.address == "audit?fund=a%26b"
    assert Table("", [text("Share", "share")], [(link,)]).records() == [{"share": Fraction(1, 4)}]
    assert text("Share").text(link) == "25.0%"


def test_a_table_that_is_too_wide_for_the_terminal_goes_on_below_with_its_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heads = [text("Pot"), *(money(f"In month {month} (£)") for month in range(1, 13)), text("Source")]
    row = ["Winter", *(month * 10_000_000_000_001 for month in range(1, 13)), "A letter"]
    terminal.show(Report([Table("Pots", heads, [row])]))
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 160
    told = [line.split() for line in lines if "Winter" in line]
    assert len(told) > 1
    assert [cell for line in told for cell in line if cell != "Winter"] == [
        *(f"{month * 100_000_000_000:,}.{month:02}" for month in range(1, 13)), "A", "letter"
    ]  # fmt: skip


def test_of_which_years_books_hold_money_is_said_in_words() -> None:
    assert years_held([]) == ""
    assert years_held([2025]) == "These books hold money of 2025/26 alone."
    assert years_held([2025, 2024]) == "These books hold money of 2024/25 and 2025/26."
    assert years_held([2025, 2023, 2022]) == "These books hold money of 2022/23, 2023/24 and 2025/26."


def test_a_figure_with_a_range_says_by_whose_reading_and_files_have_it_beside() -> None:
    over = OverReadings(Fraction(1, 200), STRICT, Fraction(9, 40), PUBLISHED)
    table = Table("Shares", [text("ICB", "icb"), share("Free", "free")],
                  [("A", ranged(Fraction(11, 50), over)), ("B", ranged(Fraction(1, 10), None))])  # fmt: skip
    assert table.columns[1].text(table.rows[0][1]) == "22.0% (0.5% strict, 22.5% as published)"
    assert table.records() == [
        {"icb": "A", "free": Fraction(11, 50), "free_lowest": Fraction(1, 200), "free_lowest_by": "strict",
         "free_highest": Fraction(9, 40), "free_highest_by": "published"},
        {"icb": "B", "free": Fraction(1, 10)},
    ]  # fmt: skip
    assert as_csv.document(table).decode("utf-8-sig").splitlines() == [
        'ICB,Free,"Free, lowest","Free, lowest by reading","Free, highest","Free, highest by reading"',
        "A,0.220000,0.005000,strict,0.225000,as published",
        "B,0.100000,,,,",
    ]


def test_two_ends_that_are_written_alike_are_no_range_for_people() -> None:
    """22.06% and 22.14% are both 22.1%; programs and files have them as they are."""
    over = OverReadings(Fraction(2206, 10_000), STRICT, Fraction(2214, 10_000), PUBLISHED)
    table = Table("Shares", [text("ICB", "icb"), share("Free", "free")], [("A", ranged(Fraction(221, 1000), over))])
    assert table.columns[1].text(table.rows[0][1]) == "22.1%"
    assert table.records()[0]["free_lowest"] == Fraction(2206, 10_000)
    assert (
        as_csv.document(table).decode("utf-8-sig").splitlines()[1] == "A,0.221000,0.220600,strict,0.221400,as published"
    )
    drawn = FigureRange("free", "Free", "share", Fraction(221, 1000), over.lowest, over.highest, ())
    assert ends(drawn) == "the same to the last digit shown"
    assert ends_of(replace(drawn, low=Fraction(21, 100)), "{} to {}") == "21.0% to 22.1%"
    moved = replace(drawn, name=MOVED, unit="pence", central=5_000_000_000, low=5_000_000_000, high=5_000_000_100)
    assert ends_of(moved, " (from {} to {})") == ""


def test_the_definitions_of_a_tables_figures_are_one_click_away() -> None:
    shown = as_html(Table("Shares", [text("ICB"), share("Free").defined("What is <free>.")], [("A", Fraction(1, 2))]))
    assert "<summary>What the figures are: Shares</summary>" in shown
    assert "<dt>Free</dt><dd>What is &lt;free&gt;.</dd>" in shown
    assert "<details>" not in as_html(Table("Shares", [text("ICB"), share("Free")], [("A", Fraction(1, 2))]))
