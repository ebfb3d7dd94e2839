"""The published workbook meets the list for accessible spreadsheets, and the checker sees where one does not."""

import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.table import Table as ExcelTable

from allocations.files.out import accessible, accessible_tables
from allocations.files.out.accessible_tables import tables
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.reports.position import moment, year_in_view
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.allocations.excel.accessible_checker import faults, rules
from tests.allocations.excel.test_position_round_trip import NASTY, nasty_books, nasty_money
from tests.allocations.test_figures import ALL_ICBS
from tests.books import YEAR, at, entry, fund_all, texts
from tests.shelves import small_file


def write(store: Store, path: Path, *, organisation: str | None = None) -> Path:
    with store.read() as reader:
        now = moment(reader)
        made = tables(reader, now, year=YEAR, organisation=organisation)
        source = accessible.provenance(
            reader, now, year=YEAR, whose=accessible_tables.whose_money(reader, organisation)
        )
    accessible.write_published(made, source, path)
    return path


@pytest.fixture(scope="module")
def national(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Store.open(demo_ledger, read_only=True) as store:
        return write(store, tmp_path_factory.mktemp("published") / "published.xlsx")


@pytest.fixture(scope="module")
def regional(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with Store.open(demo_ledger, read_only=True) as store:
        return write(store, tmp_path_factory.mktemp("published") / "west-yorkshire.xlsx", organisation="QWO")


def rows_of(path: Path, sheet: str) -> list[dict[str, Any]]:
    page = openpyxl.load_workbook(path)[sheet]
    (table,) = page.tables.values()
    first, *rest = [[cell.value for cell in row] for row in page[table.ref]]
    return [dict(zip(first, row, strict=True)) for row in rest]


@pytest.mark.parametrize("which", ["national", "regional"])
def test_it_meets_the_whole_list(which: str, request: pytest.FixtureRequest) -> None:
    assert faults(request.getfixturevalue(which)) == []


def test_sheets_come_in_the_order_of_the_list(national: Path) -> None:
    names = openpyxl.load_workbook(national).sheetnames
    assert names == [
        "Cover",
        "Contents",
        "Notes",
        "Tier and grade",
        "Readings of grades",
        "ICBs by stream",
        "Ring-fenced pots",
        "Organisations",
        "Sources",
    ]


def test_its_totals_are_the_published_ones(national: Path) -> None:
    (total,) = [row for row in rows_of(national, "ICBs by stream") if row["Code"] == "Total"]
    assert Decimal(str(total["Total (£)"])) == Decimal(ALL_ICBS).scaleb(-2)
    (all_tiers,) = [row for row in rows_of(national, "Tier and grade") if row["Tier"] == "Total"]
    (all_holders,) = [row for row in rows_of(national, "Organisations") if row["Code"] == "Total"]
    assert all_tiers["Total (£)"] == all_holders["Total (£)"] == 205_111_000_000
    pots = rows_of(national, "Ring-fenced pots")
    grades = [row["Grade"] for row in pots[:-1]]
    assert grades == sorted(grades, key=["Statutory", "Hard", "Soft"].index)
    named = {row["Pot"]: row["Amount (£)"] for row in pots}
    assert named["Better Care Fund: NHS minimum contribution"] == 5_114_000_000


def test_shares_that_rest_on_grades_have_their_range_over_readings(national: Path) -> None:
    """As on the first page of the app: 18.1%, and 0.5% where money without a ring-fence is read as soft."""
    rows = {row["Share of the money"]: row for row in rows_of(national, "Readings of grades")}
    assert list(rows) == ["Ring-fenced, hard", "Ring-fenced, soft included", "Local and free"]
    free = rows["Local and free"]
    assert (free["As recorded (%)"], free["Lowest (%)"], free["Lowest where read"]) == (18.1, 0.5, "Strict")
    assert (free["Highest (%)"], free["Highest where read"]) == (18.6, "As published")


def test_the_cover_says_where_it_comes_from(national: Path, demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        now = moment(reader)
    cover = texts([cell.value for (cell,) in openpyxl.load_workbook(national)["Cover"].iter_rows(max_col=1)])
    for words in (
        now.head,
        now.as_at.isoformat(),
        f"{now.known_at:%Y-%m-%d %H:%M:%S}",
        "devolution-ledger/2",
        "llustrative",
        "Pounds sterling",
    ):
        assert words in cover, words
    vintages = {row["Vintage"] for row in rows_of(national, "Sources")}
    assert "2025/26, March 2025" in vintages
    assert {row["Standing"] for row in rows_of(national, "Sources")} == {
        "Published figure",
        "Derived figure",
        "Illustrative assumption",
    }


def test_nasty_names_stay_names(books: Store, tmp_path: Path) -> None:
    nasty_books(books)
    fund_all(books)
    post(books, [*nasty_money(), entry("retain", at("ICB2", "core"), at("ICB2", "core", "retained"), 3)])
    path = write(books, tmp_path / "nasty.xlsx", organisation="ICB1")
    assert faults(path) == []
    names = {row["Organisation"] for row in rows_of(path, "Organisations")}
    assert names >= set(NASTY)


def test_a_link_a_note_mark_or_bare_symbols_in_a_name_do_nothing(tmp_path: Path) -> None:
    assert published_tables_text("[click](http://x.example)") == "[click] (http://x.example)"
    assert published_tables_text("$$grade$$") == "$ $grade$ $"
    assert published_tables_text("***") == "named ***"


def published_tables_text(text: str) -> str:
    return accessible.published_text(text)


@pytest.mark.parametrize(("given", "said"), [
    ({"organisation": "QQQ"}, "there is no organisation 'QQQ'"),
    ({"year": FinancialYear(2031)}, "no money of 2031/32 stands with anybody"),
])  # fmt: skip
def test_nothing_to_publish(funded: Store, given: dict[str, Any], said: str) -> None:
    with funded.read() as reader, pytest.raises(Refused, match=said):
        tables(reader, moment(reader), **{"year": YEAR, **given})


def test_of_empty_books_there_is_nothing_to_publish(books: Store) -> None:
    with books.read() as reader, pytest.raises(Refused, match=r"no money of 20../.. stands with anybody"):
        tables(reader, moment(reader), year=year_in_view(reader, moment(reader)))


# --- the checker itself: one rule broken at a time -------------------------------------------------


def _table(sheet: Any) -> ExcelTable:
    (table,) = sheet.tables.values()
    return table


def _first(sheet: Any, column: int = 1, down: int = 1) -> Any:
    """A cell of the table's body."""
    cells = sheet[_table(sheet).ref]
    return cells[down][column]


def _all(*changes: Callable[[Any], None]) -> Callable[[Any], None]:
    def together(book: Any) -> None:
        for change in changes:
            change(book)

    return together


def _sheet(book: Any) -> Any:
    return book["Tier and grade"]


def _set(where: Callable[[Any], Any], value: object) -> Callable[[Any], None]:
    def change(book: Any) -> None:
        where(book).value = value

    return change


def _rename_table(book: Any) -> None:
    sheet = _sheet(book)
    table = _table(sheet)
    del sheet.tables[table.displayName]
    table.displayName = table.name = "Table1"
    sheet.tables.add(table)


def _shift_table(book: Any) -> None:
    _sheet(book).insert_cols(1)
    sheet = _sheet(book)
    table = _table(sheet)
    left, right = table.ref.split(":")
    table.ref = f"{chr(ord(left[0]) + 1)}{left[1:]}:{chr(ord(right[0]) + 1)}{right[1:]}"
    for row in range(1, 4):
        sheet.cell(row, 1).value = sheet.cell(row, 2).value
        sheet.cell(row, 2).value = None


def _second_table(book: Any) -> None:
    sheet = _sheet(book)
    sheet["K20"], sheet["K21"] = "extra", "one"
    sheet.add_table(ExcelTable(displayName="another_table", ref="K20:K21"))


def _unmark(book: Any) -> None:
    sheet = _sheet(book)
    del sheet.tables[_table(sheet).displayName]


def _two_header_rows(book: Any) -> None:
    _table(_sheet(book)).headerRowCount = 2


def _blank_row(book: Any) -> None:
    sheet = _sheet(book)
    for cell in sheet[_table(sheet).ref][2]:
        cell.value = None


def _blank_column(book: Any) -> None:
    sheet = _sheet(book)
    for row in sheet[_table(sheet).ref][1:]:
        row[2].value = None


def _blank_sheet(book: Any) -> None:
    book.create_sheet("Empty one")


def _rename(book: Any) -> None:
    book["Organisations"].title = "Holdings of all of the figures."


def _hide_row(book: Any) -> None:
    _sheet(book).row_dimensions[5].hidden = True


def _hide_column(book: Any) -> None:
    _sheet(book).column_dimensions["B"].hidden = True


def _hide_sheet(book: Any) -> None:
    _sheet(book).sheet_state = "hidden"


def _header(book: Any) -> None:
    _sheet(book).oddHeader.center.text = "Draft"


def _fill(book: Any) -> None:
    _first(_sheet(book)).fill = PatternFill("solid", fgColor="FFFF0000")


def _red(book: Any) -> None:
    _first(_sheet(book)).font = Font(color="FFFF0000")


def _conditional(book: Any) -> None:
    _sheet(book).conditional_formatting.add(
        "B5:B9", CellIsRule(operator="lessThan", formula=["0"], font=Font(color="FFFF0000"))
    )


def _superscript(book: Any) -> None:
    _first(_sheet(book)).font = Font(vertAlign="superscript")


def _comment(book: Any) -> None:
    _first(_sheet(book)).comment = Comment("look", "me")


def _no_wrap(book: Any) -> None:
    sheet = _sheet(book)
    cell = sheet[_table(sheet).ref][0][1]
    cell.alignment = Alignment(wrap_text=False)


def _general(book: Any) -> None:
    _first(_sheet(book)).number_format = "General"


def _no_unit(book: Any) -> None:
    sheet = _sheet(book)
    sheet[_table(sheet).ref][0][1].value = "No ring-fence"


def _freeze(book: Any) -> None:
    _sheet(book).freeze_panes = "B6"


def _filter(book: Any) -> None:
    _sheet(book).auto_filter.ref = _table(_sheet(book)).ref


def _no_title(book: Any) -> None:
    book.properties.title = None


def _elsewhere(book: Any) -> None:
    book.active = 3


def _cursor(book: Any) -> None:
    selection = book.worksheets[0].sheet_view.selection[0]
    selection.activeCell = selection.sqref = "C7"


def _drop(name: str) -> Callable[[Any], None]:
    return lambda book: book.remove(book[name])


def _merge(book: Any) -> None:
    _sheet(book).merge_cells("A1:C1")


def _unlist(book: Any) -> None:
    sheet = book["Contents"]
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value == "Organisations":
                cell.hyperlink = None


def _same_name(book: Any) -> None:
    sheet = _sheet(book)
    table = _table(sheet)
    del sheet.tables[table.displayName]
    table.displayName = table.name = "HELD_by_organisation"
    sheet.tables.add(table)


BROKEN: dict[str, tuple[str, Callable[[Any], None]]] = {
    "no title": ("document title", _no_title),
    "opens elsewhere": ("cursor in A1", _elsewhere),
    "cursor elsewhere": ("cursor in A1", _cursor),
    "no cover": ("cover", _drop("Cover")),
    "no contents": ("contents", _drop("Contents")),
    "contents without a link": ("contents", _unlist),
    "no notes": ("notes", _drop("Notes")),
    "a note nobody explains": ("notes", _set(lambda book: _sheet(book)["A1"], "Title of the table [note 1] [note 2] [note 9]")),
    "a note nobody refers to": ("notes", _set(lambda book: book["ICBs by stream"]["A1"], "Title of the table")),
    "table not marked": ("one marked table", _unmark),
    "two tables": ("one marked table", _second_table),
    "table named Table1": ("table names", _rename_table),
    "two tables of one name": ("opens without repair", _same_name),
    "two header rows": ("one header row", _two_header_rows),
    "table in column B": ("table in column A", _shift_table),
    "merged": ("no merged cells", _merge),
    "blank row": ("no blank rows", _blank_row),
    "blank column": ("no blank columns", _blank_column),
    "empty cell": ("explained empty cells", _set(lambda book: _first(_sheet(book)), None)),
    "shorthand nobody explains": ("explained empty cells", _set(lambda book: _first(_sheet(book)), "[low]")),
    "blank sheet": ("no blank sheets", _blank_sheet),
    "no sheet title": ("sheet titles", _set(lambda book: _sheet(book)["A1"], None)),
    "long sheet name": ("sheet names", _rename),
    "hidden row": ("nothing hidden", _hide_row),
    "hidden column": ("nothing hidden", _hide_column),
    "hidden sheet": ("nothing hidden", _hide_sheet),
    "frozen": ("no frozen panes", _freeze),
    "filtered": ("no filters", _filter),
    "page header": ("no headers or footers", _header),
    "filled cell": ("colour is not the only signal", _fill),
    "red text": ("colour is not the only signal", _red),
    "conditional colour": ("colour is not the only signal", _conditional),
    "superscript": ("no symbols for notes", _superscript),
    "asterisk": ("no symbols for notes", _set(lambda book: _first(_sheet(book), 0), "Place *")),
    "comment": ("nothing floating", _comment),
    "formula": ("values only", _set(lambda book: _first(_sheet(book)), "=1+1")),
    "heading does not wrap": ("wrapped text", _no_wrap),
    "no number format": ("readable numbers", _general),
    "no unit": ("units in headings", _no_unit),
    "number as text": ("numbers are numbers", _set(lambda book: _first(_sheet(book)), "1,234")),
    "something below": ("nothing beside or below the table", _set(lambda book: _sheet(book)["A40"], "Source: us")),
    "something beside": ("nothing beside or below the table", _set(lambda book: _sheet(book)["M6"], 3)),
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small good workbook, as openpyxl saves it."""
    folder = tmp_path_factory.mktemp("small")
    with Store.open(small_file(folder / "books.duckdb", funded=True)) as store:
        post(store, [entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 100)])
        write(store, folder / "good.xlsx")
    book = openpyxl.load_workbook(folder / "good.xlsx")
    book.save(folder / "saved.xlsx")
    return folder / "saved.xlsx"


def test_the_checker_finds_nothing_in_the_small_workbook(small: Path) -> None:
    assert faults(small) == []


@pytest.mark.parametrize("how", BROKEN)
def test_the_checker_names_the_rule_that_is_broken(small: Path, tmp_path: Path, how: str) -> None:
    rule, change = BROKEN[how]
    book = openpyxl.load_workbook(small)
    change(book)
    book.save(tmp_path / "bad.xlsx")
    assert rule in rules(tmp_path / "bad.xlsx")


def test_the_checker_sees_macros(small: Path, tmp_path: Path) -> None:
    bad = tmp_path / "macros.xlsx"
    bad.write_bytes(small.read_bytes())
    with zipfile.ZipFile(bad, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"macro")
    assert rules(bad) == {"no macros"}


def test_a_day_is_written_out() -> None:
    assert accessible_tables._day(date(2026, 3, 31)) == "31 March 2026"
    assert accessible_tables._day(None) == "[x]"
