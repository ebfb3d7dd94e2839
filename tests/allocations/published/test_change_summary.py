"""A change summary as it may come next: with codes, and with tables that contradict each other."""

from datetime import date
from pathlib import Path

import openpyxl

from allocations.files.published import change_summary
from allocations.files.published.change_summary import ChangeSummary
from allocations.reading.cells import read_workbook
from tests.allocations.published import small
from tests.books import texts


def summary(folder: Path, change=lambda _: None) -> ChangeSummary:
    """Two ICBs merge, and one is split between the new one and one that stays."""
    sheets: dict[str, small.Rows] = {
        "Summary": [
            ["The changes will come into effect on 1 April 2027."],
            [],
            ["NHSE Region Code", "New ICB Code", "New ICB Name"],
            ["Y60", "A1B2C", "NHS Middle Integrated Care Board"],
            ["Ask us if in doubt"],
            ["Current ICB Code", "Current ICB Name", "Proposed new ICB / boundary changes"],
            ["QAA", "NHS North Middle ICB", "NHS Middle Integrated Care Board"],
            ["QBB", "NHS South Middle ICB", "NHS Middle ICB"],
            ["QCC", "NHS East ICB\n(2 way split)", None],
            ["QDD", "NHS Coast & Sea ICB", "Eastern LSOAs from East to existing QDD (Coast)"],
        ],
        "Areas": [
            ["There are a total of 2 LSOAs moving from East into Middle."],
            ["LSOA21CD", "ICB26CDH", "ICB27CDH", "ICB27NM"],
            ["E01000001", "QCC", "A1B2C", "NHS Middle Integrated Care Board"],
            ["E01000002", "QCC", "A1B2C", "NHS Middle Integrated Care Board"],
            ["E01000003", "QCC", "QDD", "NHS Coast and Sea Integrated Care Board"],
        ],
        "Practices": [
            ["GP moves from East"],
            ["Receiving Sub ICB Location Name", "Receiving SICB Location Code", "Total PCC moves into ICB"],
            ["NHS MIDDLE ICB - 01A", "01A", 1],
            ["Grand Total", None, 1],
            ["Commissioner as at 1 Apr 2027", "PCC Code", "Prescribing Setting"],
            ["NHS MIDDLE ICB - 01A", "A81001", "GP PRACTICE"],
        ],
    }
    change(sheets)
    path = folder / "ods change summary.xlsx"
    small.workbook(path, sheets)
    book = openpyxl.load_workbook(path)
    book["Summary"].merge_cells("C8:C9")  # one new ICB, shown for two rows
    book.save(path)
    return change_summary.read(read_workbook(path))


def test_codes_are_read_where_they_are_confirmed_and_kinds_are_worked_out(tmp_path: Path) -> None:
    found = summary(tmp_path)
    assert texts(found.problems) == ""
    assert found.effective_date == date(2027, 4, 1)
    assert [(pair.predecessor, pair.successor, pair.kind, pair.areas) for pair in found.successions] == [
        ("QAA", "A1B2C", "merge", None),
        ("QBB", "A1B2C", "merge", None),
        ("QCC", "QDD", "split", 1),
        ("QCC", "A1B2C", "split", 2),
    ]
    (merged,) = [pair for pair in found.successions if (pair.predecessor, pair.successor) == ("QCC", "A1B2C")]
    assert (merged.sheet, merged.cell) == ("Summary", "C8")  # the cell that the merged area shows
    assert [(move.code, move.origin, move.destination, move.destination_sub_icb) for move in found.practices] == [
        ("A81001", "QCC", "A1B2C", "01A")
    ]
    assert {row.why for row in found.set_aside} >= {"a note, not a row of the table"}
    assert any("QDD stays and takes in small areas" in row.why for row in found.set_aside)


def test_a_list_that_does_not_come_to_its_own_total_is_refused(tmp_path: Path) -> None:
    def fewer(sheets: dict[str, small.Rows]) -> None:
        sheets["Areas"].pop(2)
        sheets["Practices"][3][2] = 3

    told = texts(summary(tmp_path, fewer).problems)
    assert "sheet Areas, cell A1: small areas from east to middle: the file says 2 and lists 1, 1 fewer." in told
    assert "sheet Practices, cell C4: moves, Grand Total: the file says 3 and lists 1, 2 fewer." in told


def test_a_name_or_a_code_that_is_not_introduced_is_refused(tmp_path: Path) -> None:
    def strange(sheets: dict[str, small.Rows]) -> None:
        sheets["Summary"][6][2] = "NHS Nowhere Integrated Care Board"
        sheets["Practices"][5][0] = "NHS ELSEWHERE ICB - 09Z"
        sheets["Areas"][4][2] = "where?"

    told = texts(summary(tmp_path, strange).problems)
    assert "sheet Summary, cell C7: 'NHS Nowhere Integrated Care Board' names no ICB that the file introduces." in told
    assert "sheet Practices, cell A6: 'NHS ELSEWHERE ICB - 09Z' names no ICB" in told
    assert (
        "sheet Areas, cell A5: the row 'E01000003 | QCC | where? | NHS Coast and Sea Integrated Care Board' is not"
        in told
    )


def test_a_summary_without_a_day_or_with_two_is_refused(tmp_path: Path) -> None:
    def undated(sheets: dict[str, small.Rows]) -> None:
        sheets["Summary"][0] = ["Soon"]

    def twice(sheets: dict[str, small.Rows]) -> None:
        sheets["Summary"][1] = ["They come into effect on 1 May 2027"]

    assert "it names no day on which it takes effect." in texts(summary(tmp_path, undated).problems)
    assert "it names several days: 1 april 2027, 1 may 2027." in texts(summary(tmp_path, twice).problems)
