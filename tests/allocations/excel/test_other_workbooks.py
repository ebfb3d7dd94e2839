"""Workbooks of other programs: .xls and .ods made by LibreOffice, .xlsb put together here, each read as its .xlsx is."""

import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from allocations.reading.cells import CellKind, read_workbook
from ledger.errors import Refused
from ledger.store.base import Store
from tests.allocations.excel.libreoffice import converted
from tests.allocations.excel.workbooks import HELD, PLAIN, bring_in, refusal, with_openpyxl, written
from tests.books import texts

SUFFIXES = ("xls", "ods")


def _record(kind: int, body: bytes) -> bytes:
    """One record of a binary workbook: its kind and its length, seven bits a byte, and its bytes."""

    def small(number: int) -> bytes:
        found = bytearray()
        while True:
            number, low = number >> 7, number & 0x7F
            found.append(low | (0x80 if number else 0))
            if not number:
                return bytes(found)

    return small(kind) + small(len(body)) + body


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def binary_workbook(
    path: Path, rows: Sequence[Sequence[Any]], *, hidden: int = -1, error: tuple[int, int] = (-1, -1)
) -> Path:
    """A binary workbook of one sheet, 'Plan'; None is a blank cell."""
    body = _record(0x81, b"") + _record(0x94, struct.pack("<4I", 0, len(rows) - 1, 0, 9)) + _record(0x91, b"")
    for number, row in enumerate(rows):
        flags = 0x10 if number == hidden else 0
        body += _record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, flags, 0, 0))
        for column, value in enumerate(row):
            head = struct.pack("<II", column, 0)
            if (number, column) == error:
                body += _record(3, head + b"\x17")
            elif isinstance(value, str):
                body += _record(6, head + _text(value))
            elif value is not None:
                body += _record(5, head + struct.pack("<d", value))
    body += _record(0x92, b"") + _record(0x82, b"")
    book = (
        _record(0x83, b"")
        + _record(0x8F, b"")
        + _record(0x9C, struct.pack("<II", 0, 1) + _text("rId1") + _text("Plan"))
    )
    book += _record(0x90, b"") + _record(0x84, b"")
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relation = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kinds}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>'
    )
    types = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", relation)
        archive.writestr("xl/worksheets/sheet1.bin", body)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Workbooks in the formats that LibreOffice writes; the test says plainly where it is missing."""
    folder = tmp_path_factory.mktemp("other")
    kinds = (("A1", "Budgets 2025/26 (£)"), ("A2", 0.1), ("A3", True), ("A4", "=1/0"))

    def with_kinds(_: Any, sheet: Any) -> None:
        for address, value in kinds:
            sheet[address] = value
        sheet.merge_cells("A1:B1")

    def with_hidden(_: Any, sheet: Any) -> None:
        sheet.row_dimensions[5].hidden = True

    files = [
        written(folder / "plain.xlsx", PLAIN),
        with_openpyxl(folder / "kinds.xlsx", (), with_kinds),
        with_openpyxl(folder / "hidden.xlsx", PLAIN, with_hidden),
        written(folder / "last.xlsx", (("Place budgets 2024/25 (£)",), *PLAIN[1:])),
    ]
    return {
        f"{file.stem}.{suffix}": path
        for suffix in SUFFIXES
        for file, path in zip(files, converted(files, suffix, folder), strict=True)
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_it_comes_to_the_same_and_what_cannot_be_told_is_said(
    suffix: str, made: Mapping[str, Path], funded: Store
) -> None:
    found = bring_in(funded, made[f"plain.{suffix}"]).understood
    assert (found.read_pence, found.file_pence) == (HELD, HELD)
    assert "cannot be told" in " ".join(found.remarks)
    assert [line.cell for line in found.lines] == ["C4", "C5"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_the_file_says_of_itself_holds_there_too(suffix: str, made: Mapping[str, Path], funded: Store) -> None:
    assert "2024/25" in texts(refusal(funded, made[f"last.{suffix}"]))


def test_cells_are_of_their_kind(made: Mapping[str, Path]) -> None:
    sheet = read_workbook(made["kinds.xls"]).sheets[0]
    assert [row[0].kind for row in sheet.rows] == [CellKind.TEXT, CellKind.NUMBER, CellKind.BOOLEAN]
    assert str(sheet.rows[1][0].value) == "0.1"
    assert sheet.merged == ("A1:B1",)


def test_what_is_hidden_and_what_is_an_error_is_refused_where_it_can_be_told(made: Mapping[str, Path]) -> None:
    for name, words in (("hidden.ods", "hidden"), ("kinds.ods", "hold an error")):
        with pytest.raises(Refused) as refused:
            read_workbook(made[name])
        assert words in texts(refused.value.problems)


def test_a_binary_workbook_is_read(funded: Store, tmp_path: Path) -> None:
    found = bring_in(funded, binary_workbook(tmp_path / "budget.xlsb", PLAIN)).understood
    assert (found.read_pence, found.file_pence) == (HELD, HELD)
    assert "binary workbook (.xlsb)" in " ".join(found.remarks)


@pytest.mark.parametrize(
    ("given", "words"), [({"hidden": 4}, "hidden"), ({"error": (4, 2)}, "1 of its cells hold an error")]
)
def test_a_binary_workbook_with_something_unseen_is_refused(
    given: dict[str, Any], words: str, funded: Store, tmp_path: Path
) -> None:
    assert words in texts(refusal(funded, binary_workbook(tmp_path / "budget.xlsb", PLAIN, **given)))


def test_a_cell_far_out_would_take_all_memory_and_is_refused(funded: Store, tmp_path: Path) -> None:
    rows = [[*row, *[None] * 5] for row in PLAIN]
    path = binary_workbook(tmp_path / "budget.xlsb", rows)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    far = _record(0, struct.pack("<IIHBBBI", 1_048_575, 0, 300, 0, 0, 0, 0)) + _record(
        5, struct.pack("<IId", 16_383, 0, 1.0)
    )
    parts["xl/worksheets/sheet1.bin"] = parts["xl/worksheets/sheet1.bin"].replace(
        _record(0x92, b""), far + _record(0x92, b"")
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert "3,000,000 cells" in texts(refusal(funded, path))


OPEN_DOCUMENT = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Plan"><table:table-row table:number-rows-repeated="1000000">'
    '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="1000"/>'
    "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
)


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("page.xls", lambda: b"<html><table><tr><td>Code</td></tr></table></html>", "web page"),
        ("xml.xls", lambda: b"<?xml version='1.0'?><Workbook/>", "web page or a file of XML"),
        ("text.xls", lambda: b"Code\tBudget\n", "whatever its name says"),
        ("empty.ods", lambda: b"", "it is empty"),
        ("old.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "cannot be opened"),
        ("secret.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("not.xlsb", lambda: b"PK\x03\x04 and no more", "damaged"),
    ],
)  # fmt: skip
def test_what_it_is_not_is_said(
    name: str, make: Callable[[], bytes], words: str, funded: Store, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    assert words in texts(refusal(funded, path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (OPEN_DOCUMENT, "3,000,000 cells"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + OPEN_DOCUMENT, "entities"),
        (OPEN_DOCUMENT[:200], "damaged"),
    ],
)
def test_a_spreadsheet_that_grows_without_end_is_refused(
    content: str, words: str, funded: Store, tmp_path: Path
) -> None:
    path = tmp_path / "budget.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", content)
    assert words in texts(refusal(funded, path))


def test_a_workbook_under_another_name_is_told_what_it_is(funded: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "plain.xlsx", PLAIN)
    other = path.with_suffix(".xls")
    other.write_bytes(path.read_bytes())
    problems = texts(refusal(funded, other))
    assert "whatever its name says" in problems
    assert ".xlsx" in problems
