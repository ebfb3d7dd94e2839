"""A tracker of an ICB with column names of its own: read by a mapping, row by row, and what is wrong told by its cell."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from allocations.files.register.reading import refuse_unless_it_ties
from allocations.files.register.tracker import (
    TrackerMapping,
    asked_of_every_row,
    guessed,
    read_tracker,
    read_tracker_mapping,
    unknown_words,
)
from allocations.reading.cells import read_workbook
from allocations.reading.saved_mapping import save_mapping
from ledger.entries.decisions import batch
from ledger.entries.decisions.known import Known, known
from ledger.errors import Refused
from ledger.store.base import Store
from tests.books import held

HEADINGS = ("Ref", "M", "Programme", "R/NR", "Value (£000)", "Lead", "Narrative", "RAG")
ROWS: tuple[tuple[object, ...], ...] = (
    ("M3/17", "M3", "Winter money", "NR", 1.5, "regional team", "First half", "green"),
    ("M4/02", "July", "winter", "NR", 2, None, None, "amber"),
    ("Total", None, None, None, 3.5, None, None, None),
)
ALWAYS = {"kind": "receive", "to": "ICB1", "from_fund": "limit", "new_money": "yes", "reason": "Tracker of the ICB"}


def tracker(path: Path, rows: tuple[tuple[object, ...], ...] = ROWS, headings: tuple[str, ...] = HEADINGS) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = "Tracker"
    sheet.append(["Allocations of ICB1, 2025/26"])
    sheet.append([])
    for row in (headings, *rows):
        sheet.append(list(row))
    book.save(path)
    return path


def facts(store: Store) -> Known:
    with store.read() as reader:
        return known(reader)


def mapped(path: Path, **more: object) -> TrackerMapping:
    mapping = guessed(read_workbook(path))
    assert mapping is not None
    given = {"always": ALWAYS, "year": "2025/26", "words": {"fund": {"Winter money": "winter"}}}
    return mapping.model_copy(update={**given, **more})


def test_it_is_read_by_a_mapping_that_is_guessed_saved_and_used_again(funded: Store, tmp_path: Path) -> None:
    """Worked by hand: £1,500 of month 3 and £2,000 of month 4 come to the £3,500 of the tracker's own total."""
    before = held(funded).get(("ICB1", "winter", "available"), 0)
    path, kept = tracker(tmp_path / "tracker.xlsx"), tmp_path / "mapping.yaml"
    mapping = mapped(path)
    fields = {letter: column.field for letter, column in mapping.sheets[0].columns.items()}
    assert fields == {"A": "reference", "B": "month", "C": "fund", "D": "recurrent", "E": "amount", "F": "contact",
                      "G": "note"}  # fmt: skip
    assert asked_of_every_row("receive", mapping) == ["to", "reason"]
    save_mapping(kept, mapping, read_workbook(path))
    register = read_tracker(path, read_tracker_mapping(kept), facts(funded))
    assert (register.letter_pence, register.letter_where) == (350_000, "tracker.xlsx, sheet Tracker, cell E6")
    refuse_unless_it_ties(register, None)
    assert [(row.given["date"], row.given["month"]) for row in register.rows] == [
        ("2025-06-30", "2025-06"), ("2025-07-31", "2025-07"),
    ]  # fmt: skip
    done = batch.record(funded, register.rows, actor="tests")
    assert len(done.posted) == 4  # new money is an entry of its own
    assert held(funded)["ICB1", "winter", "available"] - before == 350_000
    again = batch.record(funded, register.rows, actor="tests")
    assert again.was_recorded


def test_words_that_the_books_do_not_know_are_named(books: Store, tmp_path: Path) -> None:
    path = tracker(tmp_path / "tracker.xlsx")
    assert unknown_words(read_workbook(path), mapped(path, words={}), facts(books)) == {"fund": ["Winter money"]}
    register = read_tracker(path, mapped(path, words={}), facts(books))
    with pytest.raises(Refused) as refused:
        batch.record(books, register.rows, actor="tests", dry_run=True)
    assert [(one.where, one.found) for one in refused.value.problems if "Winter" in one.found] == [
        ("tracker.xlsx, sheet Tracker, cell C4", "there is no fund 'Winter money'. Did you mean winter?")
    ]


@pytest.mark.parametrize(
    ("rows", "headings", "says"),
    [
        ((("M3/17", "M3", "winter", "NR", "tbc", None, None, None),), HEADINGS, ("cell E4", "to be confirmed")),
        ((("M3/17", "M3", "winter", "NR", "1,23", None, None, None),), HEADINGS, ("cell E4", "read one way only")),
        (ROWS, (*HEADINGS[:4], "Value", *HEADINGS[5:]), ("cell E3", "what the amounts are in")),
    ],
)
def test_what_cannot_be_read_is_told_by_its_cell(
    books: Store, tmp_path: Path, rows: tuple[tuple[object, ...], ...], headings: tuple[str, ...], says: tuple[str, str]
) -> None:
    path = tracker(tmp_path / "tracker.xlsx", rows, headings)
    with pytest.raises(Refused) as refused:
        read_tracker(path, mapped(path), facts(books))
    assert any(all(words in str(one) for words in says) for one in refused.value.problems), refused.value


def test_a_tracker_of_another_shape_is_refused(books: Store, tmp_path: Path) -> None:
    first, kept = tracker(tmp_path / "tracker.xlsx"), tmp_path / "mapping.yaml"
    save_mapping(kept, mapped(first), read_workbook(first))
    swapped = (*HEADINGS[:5], "Narrative", "Lead", "RAG")
    with pytest.raises(Refused) as refused:
        read_tracker(tracker(tmp_path / "next.xlsx", headings=swapped), read_tracker_mapping(kept), facts(books))
    assert "the heading was 'Lead' and is now 'Narrative'." in str(refused.value)


def test_a_total_that_its_rows_do_not_come_to_is_refused(books: Store, tmp_path: Path) -> None:
    path = tracker(tmp_path / "tracker.xlsx", (*ROWS[:2], ("Total", None, None, None, 4, None, None, None)))
    register = read_tracker(path, mapped(path), facts(books))
    with pytest.raises(Refused, match=r"£500\.00 less"):
        refuse_unless_it_ties(register, None)
