"""What is in a cell, told apart; and files that are refused before any of them is parsed."""

import subprocess
import sys
import time
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocations.reading.cells import CellKind, Workbook, read_workbook
from ledger.errors import Refused
from tests.allocations.excel.workbooks import PLAIN, rezipped, with_openpyxl, written

SHEET = "xl/worksheets/sheet1.xml"


def refused(path: Path) -> str:
    """The one sentence with which a file is refused, within two seconds of work."""
    start = time.process_time()
    with pytest.raises(Refused) as caught:
        read_workbook(path)
    assert time.process_time() - start < 2
    (problem,) = caught.value.problems
    assert problem.fix
    assert path.name in problem.where
    return str(problem)


def kinds(book: Workbook) -> dict[str, tuple[CellKind, Any]]:
    return {cell.address: (cell.kind, cell.value) for row in book.sheets[0].rows for cell in row}


def test_every_kind_of_cell_is_told_apart(tmp_path: Path) -> None:
    def change(_: Any, sheet: Any) -> None:
        sheet["A1"], sheet["B1"], sheet["C1"], sheet["D1"] = "text", 0.1, True, date(2025, 4, 1)
        sheet["E1"], sheet["F1"], sheet["H1"] = "#REF!", "=B1*2", "007"
        sheet["E1"].data_type = "e"
        sheet["A2"], sheet["B2"] = 0.025, 1234567
        sheet["A2"].number_format, sheet["B2"].number_format = "0.0%", "£#,##0"

    book = read_workbook(with_openpyxl(tmp_path / "kinds.xlsx", [], change))
    found = kinds(book)
    assert found["A1"] == (CellKind.TEXT, "text")
    assert found["B1"] == (CellKind.NUMBER, Decimal("0.1"))
    assert found["C1"] == (CellKind.BOOLEAN, True)
    assert (found["D1"][0], found["D1"][1].date()) == (CellKind.DATE, date(2025, 4, 1))
    assert found["E1"] == (CellKind.ERROR, "#REF!")
    assert found["F1"] == (CellKind.UNCALCULATED, None)
    assert found["G1"] == (CellKind.BLANK, None)
    assert found["H1"] == (CellKind.TEXT, "007")
    (_, second) = book.sheets[0].rows
    assert [cell.number_format for cell in second[:3]] == ["0.0%", "£#,##0", "General"]
    assert len(second) == 8
    assert book.sheets[0].rows[0][5].formula == "B1*2"


def test_a_formula_keeps_its_stored_value_and_its_text(tmp_path: Path) -> None:
    import xlsxwriter

    path = tmp_path / "formulas.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_formula("A1", "=1/8", None, 0.125)
        sheet.write_formula("A2", '=""', None, "x")
        sheet.write_formula("A3", "=NA()", None, "#N/A")
        sheet.write_formula("A4", "=TRUE()", None, True)
    rezipped(path, {SHEET: lambda xml: xml.replace(b"<v>x</v>", b"<v></v>")})
    cells = [row[0] for row in read_workbook(path).sheets[0].rows]
    assert [(cell.kind, cell.value) for cell in cells] == [
        (CellKind.NUMBER, Decimal("0.125")), (CellKind.BLANK, None), (CellKind.ERROR, "#N/A"), (CellKind.BOOLEAN, True),
    ]  # fmt: skip
    assert cells[0].formula == "1/8"


def test_merged_and_hidden_things_are_seen(tmp_path: Path) -> None:
    def change(book: Any, sheet: Any) -> None:
        sheet.merge_cells("A4:A5")
        sheet.row_dimensions[5].hidden = True
        for letter in "BC":
            sheet.column_dimensions[letter].hidden = True
        sheet.column_dimensions.group("B", "C", hidden=True)
        book.create_sheet("Old").sheet_state = "hidden"
        book.create_sheet("Older").sheet_state = "veryHidden"

    book = read_workbook(with_openpyxl(tmp_path / "hidden.xlsx", PLAIN, change))
    plan = book.sheets[0]
    assert (plan.merged, plan.hidden_rows, plan.hidden_columns) == (("A4:A5",), {5: "hidden"}, {"B", "C"})
    assert [(sheet.name, sheet.visible) for sheet in book.sheets] == [("Plan", True), ("Old", False), ("Older", False)]


def test_macros_are_read_past_and_said(tmp_path: Path) -> None:
    path = written(tmp_path / "plain.xlsx", PLAIN)
    with_macros = tmp_path / "macros.xlsm"
    with_macros.write_bytes(path.read_bytes())
    with zipfile.ZipFile(with_macros, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"Sub Auto_Open()")
    assert "macros" in read_workbook(with_macros).remarks[0]
    assert read_workbook(path).remarks == ()


def test_cells_are_told_as_text(tmp_path: Path) -> None:
    (sheet,) = read_workbook(written(tmp_path / "plain.xlsx", PLAIN)).sheets
    assert sheet.name == "Plan"
    assert len(sheet.rows) == 6
    assert [cell.text for cell in sheet.rows[3]] == ["P1", "First place", "2500.5"]
    csv = tmp_path / "plain.csv"
    csv.write_text("Code,Budget\nP1,5\n", encoding="utf-8")
    told = [[cell.text for cell in row] for row in read_workbook(csv).sheets[0].rows]
    assert told == [["Code", "Budget"], ["P1", "5"]]


# --- refused before parsing ------------------------------------------------------------------------


def grown(path: Path, to: Path, rows: int) -> Path:
    """A workbook whose sheet has so many rows more, each the same: small packed, large unpacked."""
    row = b'<row r="7"><c r="A7"><v>1</v></c></row>'
    return rezipped(path, {SHEET: lambda xml: xml.replace(b"</sheetData>", row * rows + b"</sheetData>")}, to)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the process's memory is read from /proc")
def test_a_zip_bomb_is_refused_in_two_seconds_and_300_megabytes(tmp_path: Path) -> None:
    bomb = grown(written(tmp_path / "plain.xlsx", PLAIN), tmp_path / "bomb.xlsx", 2_500_000)
    assert bomb.stat().st_size < 1_000_000
    program = (
        "import sys, time; from pathlib import Path\n"
        "from allocations.reading.cells import read_workbook\nfrom ledger.errors import Refused\n"
        "start = time.process_time()\n"
        "try:\n    read_workbook(Path(sys.argv[1]))\n"
        "except Refused as refused:\n    print(refused)\n"
        "print(time.process_time() - start)\n"
        "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')][0])\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program, str(bomb)], capture_output=True, text=True, check=True, cwd=root
    )
    said, seconds, kibibytes = done.stdout.strip().split("\n")
    assert "times its size" in said
    assert float(seconds) < 2
    assert int(kibibytes) < 300 * 1024


def test_a_bomb_below_the_ratio_is_refused_by_its_rows(tmp_path: Path) -> None:
    import random

    chance = random.Random(1)
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><v>%d</v></c></row>' % (n, n, chance.randrange(10**9)) for n in range(7, 200_010)
    )
    path = rezipped(
        written(tmp_path / "plain.xlsx", PLAIN),
        {SHEET: lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>")},
    )
    assert "more than 200,000 rows" in refused(path)


def test_a_used_range_down_to_the_last_row_is_refused_or_read_at_once(tmp_path: Path) -> None:
    def far(value: int | None) -> Any:
        def change(_: Any, sheet: Any) -> None:
            sheet["H1048576"].number_format = "0.00"
            sheet["H1048576"] = value

        return change

    blank = with_openpyxl(tmp_path / "blank.xlsx", PLAIN, far(None))
    start = time.process_time()
    rows = read_workbook(blank).sheets[0].rows
    assert (len(rows), rows[3][0].text) == (6, "P1")
    assert time.process_time() - start < 2
    filled = with_openpyxl(tmp_path / "filled.xlsx", PLAIN, far(1))
    assert "cell H1048576" in refused(filled)


def test_formatted_rows_down_to_the_last_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "plain.xlsx", PLAIN)
    rows = b"".join(b'<row r="%d"><c r="H%d" s="1"/></row>' % (n, n) for n in range(7, 1_048_577))
    path = rezipped(path, {SHEET: lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>")})
    assert "Delete the empty formatted rows" in refused(path)


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "xl/workbook.xml"])
def test_an_entity_bomb_is_refused(tmp_path: Path, part: str) -> None:
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    path = rezipped(
        written(tmp_path / "plain.xlsx", PLAIN), {part: lambda xml: xml.replace(b"?>", b"?>" + entities, 1)}
    )
    assert "entities of its own" in refused(path)


def test_entities_cannot_hide_in_another_encoding(tmp_path: Path) -> None:
    hidden = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'.encode("utf-16")
    path = rezipped(written(tmp_path / "plain.xlsx", PLAIN), {SHEET: lambda _: hidden})
    assert "not text in UTF-8" in refused(path)


def test_other_kinds_of_file_are_told_apart(tmp_path: Path) -> None:
    plain = written(tmp_path / "plain.xlsx", PLAIN).read_bytes()
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
    archive = tmp_path / "x.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        made.writestr("content.xml", "<x/>")
    open_document = archive.read_bytes()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("notes.txt", "no workbook")
    for content, words in (
        (b"", "empty"),
        (old + "EncryptedPackage".encode("utf-16-le"), "password"),
        (old + "Workbook".encode("utf-16-le"), "before 2007"),
        (open_document, "OpenDocument"),
        (archive.read_bytes(), "without a workbook"),
        (b"Code,Budget\nP1,5\n", "not an Excel workbook"),
        (b"<html><table></table></html>", "not an Excel workbook"),
        (plain[: len(plain) // 2], "damaged"),
        (plain[:-4000] + b"\x00" * 4000, "damaged"),
    ):
        path = tmp_path / "file.xlsx"
        path.write_bytes(content)
        assert words in refused(path), words
    for name, words in (("a.xls", "before 2007"), ("a.ods", "OpenDocument"), ("a.xlsb", "binary"), ("a.pdf", "'.pdf'"),
                        ("a.zip", "not a zip"), ("a.csv", "not text in UTF-8")):  # fmt: skip
        path = tmp_path / name
        path.write_bytes(b"\xff\xfe\x00x")
        assert words in refused(path), name
    assert "no such file" in refused(tmp_path / "none.xlsx").lower()


def test_a_damaged_part_is_a_sentence(tmp_path: Path) -> None:
    plain = written(tmp_path / "plain.xlsx", PLAIN)
    for part, change in (
        (SHEET, lambda xml: xml[: len(xml) // 2]),
        (SHEET, lambda xml: xml.replace(b'r="A4"', b'r="B4"')),
        (SHEET, lambda xml: xml.replace(b'r="A4"', b'r="A5"')),
        (SHEET, lambda xml: xml.replace(b'<row r="5"', b'<row r="4"')),
        (SHEET, lambda xml: xml.replace(b'<row r="5"', b'<row r="-5"')),
        (
            SHEET,
            lambda xml: xml.replace(
                b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="ZZZZ9:A"/></mergeCells>'
            ),
        ),
        (SHEET, lambda xml: xml.replace(b't="s"><v>0<', b't="s"><v>99999<')),
        ("xl/workbook.xml", lambda _: b"<x/>"),
        ("xl/styles.xml", lambda _: b"not xml"),
        ("xl/sharedStrings.xml", lambda xml: xml[:-20]),
    ):
        assert "Open it in Excel" in refused(rezipped(plain, {part: change}, tmp_path / "damaged.xlsx")), part


def test_strict_open_xml_is_refused_not_read_as_empty(tmp_path: Path) -> None:
    strict = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    usual = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    path = rezipped(written(tmp_path / "plain.xlsx", PLAIN), {SHEET: lambda xml: xml.replace(usual, strict)})
    assert "Strict Open XML" in refused(path)
