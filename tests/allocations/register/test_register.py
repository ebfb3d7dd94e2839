"""A register: a row a decision, in and out again, and everything that is wrong with it by its cell."""

import csv
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from allocations.files.register.layout import CHECKS, LETTER, SHEET, columns, fields, title
from allocations.files.register.reading import read_register, refuse_unless_it_ties
from allocations.files.register.writing import lists, write_register
from ledger.entries import chain
from ledger.entries.decisions import batch
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.known import known
from ledger.entries.decisions.written import written
from ledger.errors import Problem, Refused
from ledger.reports import verify
from ledger.store.base import Store
from tests.books import fund_all, held
from tests.ledger.test_decisions import CASES
from tests.shelves import Shelf, small_books_on

DECIDED = {"date": "2025-06-01", "reason": "decided"}
DEVOLVED = {**DECIDED, "kind": "devolve", "from": "ICB1", "to": "P1", "fund": "core", "amount": "2", "recurrent": "NR"}
HARMFUL = ("=1+1", "@x", "'quoted", "-5", "St John\u2019s \u2013 South", "[link](x)")
ROWS = [{**DECIDED, "kind": name, **given} for name, given in CASES]


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def brought(store: Store, path: Path, rows: Sequence[Mapping[str, str]], *, dry_run: bool = False) -> batch.Recorded:
    with store.read() as reader:
        offered = lists(known(reader))
    write_register(path, rows, offered)
    return batch.record(store, read_register(path).rows, actor="tests", dry_run=dry_run)


def content(store: Store) -> str:
    with store.read() as reader:
        return chain.books_hash(reader)


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_out_and_in_again_is_the_same_books(shelf: Shelf, tmp_path: Path, suffix: str) -> None:
    """Every kind of decision, by register, then exported and brought into other books: the same content hash."""
    first, second = small_books_on(shelf), None
    with Store.open(shelf.copy(first, "first")) as store:
        fund_all(store)
        done = brought(store, tmp_path / f"in.{suffix}", ROWS)
        assert len(done.posted) == len(CASES) + 1  # new money is an entry of its own
        with store.read() as reader:
            out = written(reader, chain.last_entry(reader))
            offered = lists(known(reader))
        assert out.left_out == [(1, "structure"), (2, "terms")]
        write_register(tmp_path / f"out.{suffix}", out.rows, offered)
        before = content(store)
        with store.read_afresh() as reader:
            assert verify.verify(reader) == []
    second = shelf.copy(first, "second")
    with Store.open(second) as store:
        batch.record(store, read_register(tmp_path / f"out.{suffix}").rows, actor="somebody else")
        assert content(store) == before
        again = batch.record(store, read_register(tmp_path / f"out.{suffix}").rows, actor="somebody else")
        assert all(entry.replayed for entry in again.posted)


def test_rows_with_one_key_are_one_entry(funded: Store, tmp_path: Path) -> None:
    rows = [{**DEVOLVED, "key": "June", "to": place, "amount": amount} for place, amount in (("P1", "2"), ("P2", "3"))]
    done = brought(funded, tmp_path / "r.xlsx", rows)
    assert [entry.transfers for entry in done.posted] == [2]
    assert (held(funded)["P1", "core", "available"], held(funded)["P2", "core", "available"]) == (200, 300)


@pytest.mark.parametrize("kind", ["file"])
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_text_that_means_harm_comes_back_as_it_was(funded: Store, tmp_path: Path, suffix: str) -> None:
    rows = [{**DEVOLVED, "reason": text, "note": text, "key": str(nth)} for nth, text in enumerate(HARMFUL)]
    brought(funded, tmp_path / f"r.{suffix}", rows)
    with funded.read() as reader:
        assert [reason for (reason,) in reader.rows("SELECT reason FROM entry WHERE number > 5")] == list(HARMFUL)


def refusals(books: Store, path: Path, rows: Sequence[Mapping[str, str]]) -> dict[str, Problem]:
    """What is refused, by its cell; the books are as they were."""
    before = content(books)
    with pytest.raises(Refused) as refused:
        brought(books, path, rows)
    assert content(books) == before
    return {str(problem.where).rpartition(" ")[2]: problem for problem in refused.value.problems}


@pytest.mark.parametrize("kind", ["file"])
def test_every_row_that_is_wrong_is_told_by_its_cell_and_nothing_is_posted(funded: Store, tmp_path: Path) -> None:
    """One row for each way to be wrong, with good rows between them. Headings stand in row 4."""
    fenced = {**DEVOLVED, "kind": "vire", "organisation": "ICB1", "from": "", "to": "", "to_fund": "growth"}
    wrong: list[tuple[dict[str, str], str, str]] = [
        ({**DEVOLVED, "kind": "gift"}, "kind", "is no kind of decision"),
        ({**DEVOLVED, "to": "P9"}, "to", "there is no organisation 'P9'"),
        ({**DEVOLVED, "amount": "2.345"}, "amount", "not a whole number of pence"),
        ({**DEVOLVED, "reason": ""}, "reason", "nothing is given"),
        ({**DEVOLVED, "colour": "", "month": "2025-06"}, "month", "it holds '2025-06'"),
        ({**DEVOLVED, "to": "P3"}, "to", "is not below"),
        ({**DEVOLVED, "from": "ICB2", "to": "P3", "amount": "99,999"}, "amount", "below zero"),
        ({**DEVOLVED, "year": "2024/25"}, "date", "outside the year 2024/25"),
        ({**fenced, "fund": "care"}, "to_fund", "money would leave care"),
        ({**DECIDED, "kind": "terms", "fund": "care", "grade": "none"}, "authority", "would be graded none"),
        ({**DECIDED, "kind": "relate", "child": "P1", "part_of": "G1"}, "part_of", "goes up or across the tiers"),
        ({**DECIDED, "kind": "organisation", "code": "P1", "name": "x", "tier": "place"}, "code", "already"),
    ]  # fmt: skip
    rows, expected = [], {}
    for nth, (row, field, said) in enumerate(wrong):
        rows += [{**DEVOLVED, "key": f"good {nth}"}, {name: text for name, text in row.items() if name != "colour"}]
        letter = _letter(field)
        expected[f"{letter}{4 + len(rows)}"] = said
    found = refusals(funded, tmp_path / "r.xlsx", rows)
    for cell, said in expected.items():
        assert cell in found, (cell, said, sorted(found))
        assert said in found[cell].found, (cell, found[cell].found)
        assert found[cell].why
        assert found[cell].fix
    # A row may break two rules: no good row is told of.
    assert {_row(cell) for cell in found} == {_row(cell) for cell in expected}


def _row(cell: str) -> str:
    return cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _letter(field: str) -> str:
    return get_column_letter(columns().index(field) + 1)


@pytest.mark.parametrize("kind", ["file"])
def test_the_same_row_twice_is_not_taken_for_two(funded: Store, tmp_path: Path) -> None:
    found = refusals(funded, tmp_path / "r.xlsx", [DEVOLVED, DEVOLVED, {**DEVOLVED, "key": "k"},
                                                  {**DEVOLVED, "key": "k", "reason": "other"}])  # fmt: skip
    assert "the same decision stands at" in found["A6"].found
    assert "another reason" in found[f"{_letter('key')}8"].found


@pytest.mark.parametrize("kind", ["file"])
def test_rows_that_were_recorded_before_do_not_move_the_others(funded: Store, tmp_path: Path) -> None:
    """Ten rows are in the books already; the eleventh alone is new, and is the one that is told of."""
    before = [{**DEVOLVED, "key": str(nth)} for nth in range(10)]
    brought(funded, tmp_path / "before.xlsx", before)
    upward = {**DECIDED, "kind": "relate", "child": "P1", "part_of": "G1"}
    assert set(refusals(funded, tmp_path / "r.xlsx", [*before, upward])) == {f"{_letter('part_of')}15"}


@pytest.mark.parametrize("kind", ["file"])
def test_it_ties_to_the_letter_or_is_refused(books: Store, tmp_path: Path) -> None:
    path = tmp_path / "r.xlsx"
    received = {**DECIDED, "kind": "receive", **dict(CASES)["receive"]}
    with books.read() as reader:
        write_register(path, [received], lists(known(reader)))
    refuse_unless_it_ties(read_register(path), None)
    book = load_workbook(path)
    (total,) = [row[1] for row in book[CHECKS].iter_rows() if row[0].value == LETTER]
    total.value = 1_000.01
    book.save(path)
    with pytest.raises(Refused, match=r"come to £1,000\.00: £0\.01 less\. The letter's total is £1,000\.01"):
        refuse_unless_it_ties(read_register(path), None)
    refuse_unless_it_ties(read_register(path), 100_000)


def test_headings_that_no_decision_has_are_told(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("Kind,Dat,Amount,Amount,Colour\ndevolve,2025-06-01,1,1,red\n", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_register(path)
    assert [(str(one.where).rpartition(" ")[2], one.fix) for one in refused.value.problems] == [
        ("B1", "Did you mean 'Date'?"), ("D1", "Keep one."),
        ("E1", "Take the column out, or use a heading of the template."),
    ]  # fmt: skip
    path.write_text("nothing\n", encoding="utf-8")
    with pytest.raises(Refused, match="there is no row of headings"):
        read_register(path)


def test_the_columns_are_the_fields_of_the_decisions() -> None:
    assert set(columns()) == {"kind", "recorded_by"} | {
        field.name for one in DECISIONS.values() for field in one.fields
    }
    assert len({title(name) for name in columns()}) == len(columns())
    for one in DECISIONS.values():
        for field in one.fields:
            assert fields()[field.name].holds == field.holds, (one.name, field.name)


@pytest.mark.parametrize("kind", ["file"])
def test_the_template_has_lists_and_no_rows(books: Store, tmp_path: Path) -> None:
    with books.read() as reader:
        write_register(tmp_path / "t.xlsx", (), lists(known(reader)))
    assert read_register(tmp_path / "t.xlsx").rows == []
    sheet = load_workbook(tmp_path / "t.xlsx")[SHEET]
    assert {title("kind"), title("amount")} <= {cell.value for cell in sheet[4]}
    assert len(sheet.data_validations.dataValidation) > 5


@pytest.mark.parametrize("kind", ["file"])
@pytest.mark.parametrize("one_entry", [False, True])
def test_ten_thousand_rows_in_seconds(books: Store, tmp_path: Path, one_entry: bool) -> None:
    """Under ten seconds on two quiet cores; here only that it is not another order of magnitude."""
    fund_all(books, pence=100_000_000)
    path = tmp_path / "r.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [title(name) for name in (*DEVOLVED, "key")])
        out.writeheader()
        for nth in range(10_000):
            row = {**DEVOLVED, "amount": "0.01", "key": "all" if one_entry else str(nth)}
            out.writerow({title(name): text for name, text in row.items()})
    told: list[tuple[str, int, int]] = []
    began = time.monotonic()
    done = batch.record(books, read_register(path).rows, actor="tests", progress=lambda *step: told.append(step))
    took = time.monotonic() - began
    assert len(done.posted) == (1 if one_entry else 10_000)
    assert held(books)["P1", "core", "available"] == 10_000
    assert ("Reading", 9_500, 10_000) in told
    assert took < 60, took
