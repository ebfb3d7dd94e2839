"""Every fact of terms and pots has a source and a standing, and what no source says is nowhere filled in."""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from typer.testing import CliRunner

import devolution
from allocations.figures import tables
from allocations.files.published.entries import Steps, further_funds
from allocations.files.published.streams import FurtherLine
from allocations.files.register.tracker import TrackerMapping, read_tracker
from ledger.entries.decisions import batch
from ledger.entries.decisions.known import known
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.models import Fund, Terms
from ledger.store.base import Store
from ledger.words import DISCRETIONS, FIGURE_STANDINGS, QUALITIES
from ledger.years import FinancialYear
from tests.books import APRIL, structure, terms

# What a source may say of terms, or leave out.
SILENT = ("grade", "route", "recurrent", "notified_on", "spend_by", "returns_per_year", "match_percent", "clawback", "discretion",
          "certain_to", "announced_on", "bid_by", "return_months")  # fmt: skip
TERMS = f"SELECT fund, effective_from, source, reason, quality, standing, {', '.join(SILENT)} FROM terms"


def of_the_books(ledger: Path) -> dict[tuple[str, date], dict[str, Any]]:
    """Fund and day to the terms that the books hold, of which the demo has one version each."""
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        rows = reader.table(TERMS).to_pylist()
    found = {(row["fund"], row["effective_from"]): row for row in rows}
    assert len(found) == len(rows) > 0
    return found


def shipped(name: str) -> list[dict[str, str]]:
    """A shipped table as it stands in its file, read without the product."""
    with (tables.FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def in_words(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def assert_nothing_is_filled(held: Mapping[str, Any], said: Mapping[str, str]) -> None:
    """A column that the file has is in the books as it is there, and one that it has not is empty."""
    for name in SILENT:
        assert in_words(held[name]) == said.get(name, ""), (held["fund"], name)


@pytest.mark.parametrize("books", ["demo_ledger", "all_years_ledger"])
def test_every_row_of_terms_has_a_source_a_reason_and_a_standing(books: str, request: pytest.FixtureRequest) -> None:
    for row in of_the_books(request.getfixturevalue(books)).values():
        assert row["source"].strip(), row
        assert row["reason"].strip(), row
        assert row["quality"] in QUALITIES, row
        assert row["standing"] in FIGURE_STANDINGS, row


def test_terms_of_2025_26_are_in_the_books_as_they_are_shipped(demo_ledger: Path) -> None:
    held = of_the_books(demo_ledger)
    said = shipped("terms")
    assert {(row["fund"], date.fromisoformat(row["effective_from"])) for row in said} == held.keys()
    for row in said:
        assert_nothing_is_filled(held[row["fund"], date.fromisoformat(row["effective_from"])], row)
        # Of every line it is said whose decision it is, and why.
        assert row["discretion"] in DISCRETIONS, row


def test_terms_of_other_years_are_in_the_books_as_they_are_shipped(all_years_ledger: Path) -> None:
    held = of_the_books(all_years_ledger)
    years = ((row, date.fromisoformat(row["effective_from"])) for row in shipped("terms_2023_25"))
    payments = ((row, date(2022, 4, 1)) for row in shipped("practice_payment_lines"))
    for row, day in (*years, *payments):
        assert_nothing_is_filled(held[row["fund"], day], row)


def test_pots_are_in_the_books_as_they_are_shipped(all_years_ledger: Path) -> None:
    held, lines = of_the_books(all_years_ledger), {row["fund"] for row in shipped("terms")}
    seen = 0
    for row in shipped("pots"):
        assert row["source"].strip(), row
        assert row["standing"] in FIGURE_STANDINGS, row
        day = date(int(row["year"][:4]), 4, 1)
        # Pots that are one of the shipped lines have the line's terms; those of earlier years are not posted.
        if row["grade"] and row["pot"] not in lines and (row["pot"], day) in held:
            seen += 1
            assert_nothing_is_filled(held[row["pot"], day], row)
    assert seen > 30


def test_no_default_stands_in_the_shipped_tables() -> None:
    """Nobody has said of a line that nothing must be added or goes back; nor is a day of notice typed for all."""
    for name in ("terms", "terms_2023_25", "practice_payment_lines", "pots"):
        for row in shipped(name):
            assert row.get("match_percent") != "0", row
            assert row["clawback"] not in ("none", "not known"), row
    assert {row["notified_on"] for row in shipped("terms")} == {""}


@pytest.mark.parametrize("books", ["demo_ledger", "all_years_ledger"])
def test_every_pot_that_is_listed_has_a_source_and_says_what_it_rests_on(
    books: str, request: pytest.FixtureRequest
) -> None:
    ledger = request.getfixturevalue(books)
    years = ("2025/26",) if books == "demo_ledger" else ("2022/23", "2023/24", "2024/25", "2025/26")
    for year in years:
        rows = answer("pots", "--year", year, "--ledger", ledger)["rows"]
        assert rows
        for row in rows:
            # A line without terms of its own has nothing that could rest on anything.
            if row["grade"] != "no terms on record":
                assert row["source"], row
                assert row["standing"] in FIGURE_STANDINGS, row


def test_lines_that_are_nobodys_budget_and_agreements_that_nobody_made_are_not_in_the_demo(demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        assert reader.rows("SELECT count(*) FROM agreement") == [(0,)]
        assert reader.rows("SELECT code FROM fund WHERE code LIKE '%inequalit%'") == []


# --- what comes in from outside -------------------------------------------------------------------


def answer(*words: object) -> Any:
    done = CliRunner().invoke(devolution.app, [*map(str, words), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


# The least that can be said of a pot.
LEAST = {"kind": "pot", "code": "silent", "name": "A silent pot", "parent": "core",
         "quality": "amber", "date": "2025-06-01", "reason": "Letter", "source": "Letter of 1 June 2025"}  # fmt: skip


def by_program(path: Path, _folder: Path) -> None:
    """Terms that a program posts, with what they must say and no more."""
    fund = {"code": "silent", "name": "A silent pot", "parent": "core", "stream": "core", "resource": "revenue",
            "lowest_tier": "practice"}  # fmt: skip
    terms = {"id": "silent/1", "fund": "silent", "effective_from": APRIL, "version": 1,
             "source": "Letter", "reason": "Letter", "quality": "amber"}  # fmt: skip
    draft = Draft("silent", "terms", APRIL, "tests", "Letter",
                  records={Fund: records(Fund, [fund]), Terms: records(Terms, [terms])})  # fmt: skip
    with Store.open(path) as store:
        post(store, [draft])


def by_command(path: Path, _folder: Path) -> None:
    words = [word for name, text in LEAST.items() if name != "kind" for word in (f"--{name}", text)]
    answer("record", "pot", *words, "--ledger", path)


def by_register(path: Path, folder: Path) -> None:
    """A register without the columns."""
    file = folder / "register.csv"
    with file.open("w", encoding="utf-8", newline="") as written:
        writer = csv.DictWriter(written, LEAST)
        writer.writeheader()
        writer.writerow(LEAST)
    answer("record", file, "--ledger", path)


def by_template(path: Path, folder: Path) -> None:
    """The register's template, which has all columns: one row, and nothing in most of them."""
    file = folder / "template.xlsx"
    answer("template", "register", "--out", file, "--ledger", path)
    book = load_workbook(file)
    sheet = book["Register"]
    heads = {str(cell.value).lower().replace(" ", "_"): cell for row in sheet.iter_rows() for cell in row if cell.value}
    for name, text in LEAST.items():
        sheet.cell(heads[name].row + 1, heads[name].column, text)
    book.save(file)
    answer("record", file, "--ledger", path)


def by_tracker(path: Path, folder: Path) -> None:
    """An ICB's own tracker, whose columns mean what a mapping says."""
    file = folder / "tracker.xlsx"
    book = Workbook()
    book.active.append(["Pot", "Title"])
    book.active.append(["silent", "A silent pot"])
    book.save(file)
    sheet = {"sheet": "Sheet", "header_row": 1, "columns": {"A": {"field": "code", "heading": "Pot"},
                                                        "B": {"field": "name", "heading": "Title"}}}  # fmt: skip
    always = {name: text for name, text in LEAST.items() if name not in ("code", "name")}
    mapping = TrackerMapping.model_validate({"sheets": [sheet], "always": always})
    with Store.open(path) as store, store.read() as reader:
        rows = read_tracker(file, mapping, known(reader)).rows
    with Store.open(path) as store:
        batch.record(store, rows, actor="tests")


WAYS: tuple[Callable[[Path, Path], None], ...] = (by_program, by_command, by_register, by_template, by_tracker)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_comes_in_without_a_column_is_not_known(
    way: Callable[[Path, Path], None], tmp_path: Path, small_file: Path
) -> None:
    way(small_file, tmp_path)
    (held,) = (row for (fund, _), row in of_the_books(small_file).items() if fund == "silent")
    assert_nothing_is_filled(held, {})
    (row,) = (row for row in answer("pots", "--ledger", small_file)["rows"] if row["fund"] == "silent")
    assert {row[name] for name in ("grade", "route", "recurrent", "notified_on", "spend_by", "returns_per_year", "match_percent", "clawback")} == {None}  # fmt: skip


@pytest.fixture
def small_file(tmp_path: Path) -> Path:
    path = tmp_path / "small.duckdb"
    with Store.create(path) as store:
        post(store, [structure(), terms()])
    return path


def test_a_line_of_a_workbook_that_is_not_shipped_says_nothing_that_the_workbook_does_not() -> None:
    steps = Steps("tests", FinancialYear(2026), "tests", {})
    line = FurtherLine("core-new-line", "Core services: a new line", "core", "core")
    draft = further_funds(steps, [line], source="A workbook", source_hash="0" * 64)
    (row,) = draft.records[Terms].to_pylist()
    assert_nothing_is_filled(row, {})
    assert row["standing"] == "published"
