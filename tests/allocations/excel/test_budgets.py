"""From a workbook to the books: three totals that tie, one entry, kept, traceable, undone by one reversal."""

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocations.files.budgets.importing import import_budgets
from allocations.files.budgets.mapping import BudgetMapping, Settings, read_mapping
from allocations.files.budgets.understood import Request
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.inputs import Input
from ledger.models import Organisation, Relationship, Succession
from ledger.reports import position, verify
from ledger.reports.trail import trail
from ledger.store import attachments
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.allocations.excel.workbooks import (
    HELD,
    PLAIN,
    asked,
    bring_in,
    cells_of,
    refusal,
    understood,
    with_openpyxl,
    written,
)
from tests.books import APRIL, LONG_AGO, YEAR, at, entry, held, texts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "budget.xlsx", PLAIN)


def changed(tmp_path: Path, cell: str, value: Any) -> Path:
    """The plain budget with one cell changed."""
    return with_openpyxl(tmp_path / "changed.xlsx", PLAIN, lambda _, sheet: sheet.__setitem__(cell, value))


def test_one_entry_whose_every_amount_names_its_cell(funded: Store, file: Path) -> None:
    outcome = bring_in(funded, file)
    assert held(funded)["P1", "core", "available"] == 250_050
    assert ("ICB1", "core", "available") not in held(funded)
    with funded.read() as reader:
        (row,) = reader.table(
            "SELECT kind, source, source_hash, reason FROM entry WHERE number = $n", {"n": outcome.posted.number}
        ).to_pylist()
        notes = reader.rows(
            "SELECT note FROM transfer WHERE entry_number = $n ORDER BY leg", {"n": outcome.posted.number}
        )
    assert row["kind"] == "devolve"
    assert (row["source"], row["source_hash"]) == ("budget.xlsx", hashlib.sha256(file.read_bytes()).hexdigest())
    assert notes == [("Plan!C4",), ("Plan!C5",)]
    assert "£6,000.00 in 2 amounts" in row["reason"]


def test_the_original_is_kept_whole_under_its_hash(funded: Store, file: Path) -> None:
    kept = bring_in(funded, file).kept
    assert kept is not None
    assert kept.parent == funded.path.with_name(f"{funded.path.name}.files")
    assert kept.read_bytes() == file.read_bytes()
    assert kept.name == f"{hashlib.sha256(file.read_bytes()).hexdigest()}.xlsx"
    assert attachments.kept(funded.path, kept.stem) == kept
    kept.write_bytes(b"other")
    with pytest.raises(attachments.KeptFileChanged):
        attachments.kept(funded.path, kept.stem)
    assert attachments.keep(funded.path, file.read_bytes(), ".xlsx") == (kept, True)
    assert attachments.kept(funded.path, "0" * 64) is None


def test_a_dry_run_says_the_same_and_keeps_nothing(funded: Store, file: Path) -> None:
    before = held(funded)
    rehearsed = bring_in(funded, file, dry_run=True)
    assert held(funded) == before
    assert not attachments.folder_of(funded.path).exists()
    posted = bring_in(funded, file)
    assert (posted.posted.number, posted.posted.content_hash) == (
        rehearsed.posted.number,
        rehearsed.posted.content_hash,
    )


def test_the_same_file_posts_once_and_again_after_a_reversal(funded: Store, file: Path) -> None:
    first = bring_in(funded, file).posted
    again = bring_in(funded, file).posted
    assert (again.number, again.replayed) == (first.number, True)
    reverse(funded, first.number, reason="a slip", actor="tests")
    assert held(funded)["ICB1", "core", "available"] == HELD
    third = bring_in(funded, file).posted
    assert (third.number, third.replayed) == (first.number + 2, False)
    assert bring_in(funded, file).posted.number == third.number
    with funded.read() as reader:
        assert verify.verify(reader, lambda _: None) == []


def test_the_same_file_read_otherwise_is_refused(funded: Store, file: Path) -> None:
    bring_in(funded, file)
    with pytest.raises(Refused, match=r"was imported before, as entry \d+, as £6,000.00"):
        bring_in(funded, file, unit="thousands")


@pytest.mark.parametrize(
    ("cell", "value", "cells", "words"),
    [
        ("C4", 2500.49, ["C6"], "the rows that it adds up sum to £5,999.99, so it is £0.01 too much"),
        ("C6", 5999, ["C6"], "£1.00 too little"),
        ("C4", 2500.504, ["C4"], "not a whole number of pence"),
        ("C4", "2500.5.0", ["C4"], "read one way only"),
        ("C4", "-", ["C4"], "there is a dash"),
        ("A4", "P9", ["A4"], "no organisation 'P9'"),
        ("A4", "P3", ["A4"], "is not below ICB1 (First ICB)"),
        ("A4", "ICB1", ["A4"], "is who pays"),
        ("A4", None, ["B4"], ""),
        ("B4", "Second place", ["B4"], "is P2, but A4 says P1"),
        ("A5", "P1", ["B5", "C4"], "stands 2 times"),
        ("B6", None, ["C6"], "no organisation beside it"),
        ("C4", "=1+1", ["C4"], "without a stored value"),
        ("C4", True, ["C4"], "TRUE or FALSE"),
        ("C4", date(2025, 4, 1), ["C4"], "a date"),
    ],
)
def test_each_slip_names_its_cell_and_what_to_do(
    cell: str, value: Any, cells: list[str], words: str, funded: Store, tmp_path: Path
) -> None:
    path = changed(tmp_path, cell, value)
    if cell == "A4" and value is None:
        assert bring_in(funded, path).posted.transfers == 2  # its name alone tells who it is
        return
    problems = refusal(funded, path)
    assert cells_of(problems) == cells
    assert words in texts(problems)


def test_a_cell_without_a_figure_is_set_aside_and_never_zero(funded: Store, tmp_path: Path) -> None:
    path = with_openpyxl(tmp_path / "tbc.xlsx", [*PLAIN[:5], ("N1", "Network one", "tbc"), PLAIN[5]], lambda *_: None)
    found = bring_in(funded, path).understood
    assert [(each.place.rsplit(" ", 1)[1], each.what) for each in found.set_aside][:1] == [("C6", "tbc")]
    assert "not zero" in found.set_aside[0].why
    assert ("N1", "core", "available") not in held(funded)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"fund": "winter"}, "ICB1 holds £0.00 available of winter in 2025/26; the file hands out £6,000.00, £6,000.00 too much"),
        ({"standing": "retained"}, "It also holds core £6,000.00 available"),
        ({"total_pence": 600_100}, "you said £6,001.00; £6,000.00 was read, £1.00 too little"),
        ({"fund": "kore"}, "Did you mean core"),
        ({"payer": "ICB9"}, "Did you mean"),
        ({"unit": "thousands"}, "a thousandfold off"),
        ({"year": FinancialYear(2026), "day": date(2026, 4, 1)}, "the file speaks of 2025/26 in A1"),
        ({"year": FinancialYear(2026), "day": date(2026, 4, 1), "settings": Settings(other_year="meant")}, "holds £0.00"),
    ],
)  # fmt: skip
def test_what_does_not_tie_to_the_books_is_refused(
    given: dict[str, Any], words: str, funded: Store, file: Path
) -> None:
    assert words in texts(refusal(funded, file, **given))


def test_too_little_is_refused_unless_the_rest_stays(funded: Store, file: Path, tmp_path: Path) -> None:
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 100)])
    assert "£1.00 too little" in texts(refusal(funded, file))
    no_total = written(tmp_path / "no total.xlsx", PLAIN[:5])
    assert "Say what it comes to with --total" in texts(refusal(funded, no_total, leave_rest=True))
    outcome = bring_in(funded, no_total, leave_rest=True, total_pence=600_000)
    assert outcome.understood.control is not None
    assert outcome.understood.control.rest_pence == 100
    assert held(funded)["ICB1", "core", "available"] == 100


def test_money_kept_back_is_handed_out_when_it_is_asked_for(funded: Store, file: Path) -> None:
    post(funded, [entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), HELD)])
    assert "It also holds core £6,000.00 retained" in texts(refusal(funded, file))
    bring_in(funded, file, standing="retained")
    assert held(funded)["P1", "core", "available"] == 250_050


def test_what_the_books_refuse_is_refused_with_what_was_understood(funded: Store, tmp_path: Path) -> None:
    """Capital money cannot come out of a revenue fund: the books say so, and nothing is kept."""
    rows = (("Code", "Fund", "Budget (£)"), ("P1", "estate", 2500.5), ("P2", "core", 3499.5), ("Total", None, 6000))
    problems = refusal(funded, written(tmp_path / "capital.xlsx", rows))
    assert "estate" in texts(problems)


def test_a_hidden_sheet_is_read_only_when_it_is_named(funded: Store, tmp_path: Path) -> None:
    def hide(book: Any, sheet: Any) -> None:
        book.create_sheet("Cover")["A1"] = "Cover"
        sheet.sheet_state = "hidden"
        book.active = 1

    path = with_openpyxl(tmp_path / "hidden.xlsx", PLAIN, hide)
    assert "no row of it heads a budget" in texts(refusal(funded, path))
    found = bring_in(funded, path, sheets=("Plan",), payer="icb1").understood
    assert [each.place for each in found.set_aside if "whole sheet" in each.what] == []


def test_rounding_is_said_and_recorded(funded: Store, tmp_path: Path) -> None:
    path = changed(tmp_path, "C4", 2500.4999)
    problems = refusal(funded, path)
    assert cells_of(problems) == ["C4"]
    assert problems[0].field is Input.ROUNDING
    outcome = bring_in(funded, path, settings=Settings(rounding="penny"))
    assert outcome.understood.rounded == 1
    assert str(outcome.understood.rounding_pounds) == "0.0001"
    with funded.read() as reader:
        (note,) = reader.rows("SELECT note FROM transfer WHERE note LIKE '%rounded%'")
        ((reason,),) = reader.rows("SELECT reason FROM entry WHERE number = $n", {"n": outcome.posted.number})
    assert note == ("Plan!C4 holds £2500.4999, rounded to the penny",)
    assert "1 amounts rounded" in str(reason)


def test_negatives_are_netted_or_refused(funded: Store, tmp_path: Path) -> None:
    rows = (
        ("Code", "Line", "Budget (£)"),
        ("P1", "beds", 3000),
        ("P1", "savings", "(499.50)"),
        ("P2", "beds", 3499.5),
        ("Total", None, 6000),
    )
    outcome = bring_in(funded, written(tmp_path / "savings.xlsx", rows))
    assert held(funded)["P1", "core", "available"] == 250_050
    with funded.read() as reader:
        notes = [
            note
            for (note,) in reader.rows(
                "SELECT note FROM transfer WHERE entry_number = $n", {"n": outcome.posted.number}
            )
        ]
    assert "Plan!C2 £3,000.00; C3 £-499.50; netted" in notes


def test_more_back_than_down_is_refused(funded: Store, tmp_path: Path) -> None:
    rows = (("Code", "Budget (£)"), ("P1", -5), ("P2", 6005), ("Total", 6000))
    problems = refusal(funded, written(tmp_path / "back.xlsx", rows))
    assert cells_of(problems) == ["B2"]
    assert "P1 would get £-5.00" in problems[0].found


def test_hidden_rows_and_columns_are_asked_about(funded: Store, tmp_path: Path) -> None:
    def hide_row(_: Any, sheet: Any) -> None:
        sheet.row_dimensions[5].hidden = True

    path = with_openpyxl(tmp_path / "hidden.xlsx", PLAIN, hide_row)
    assert cells_of(refusal(funded, path))[0] == "C5"
    left_out = understood(funded, path, settings=Settings(hidden="leave out"))
    assert cells_of(left_out.problems) == ["C6"]  # the file's own total counts the hidden row
    assert bring_in(funded, path, settings=Settings(hidden="read")).posted.transfers == 2


def test_a_hidden_column_of_amounts_is_asked_about(books: Store, tmp_path: Path) -> None:
    def hide(_: Any, sheet: Any) -> None:
        sheet.column_dimensions["B"].hidden = True

    path = with_openpyxl(tmp_path / "hidden.xlsx", (("Code", "Apr (£)", "May (£)"), ("P1", 1, 2)), hide)
    assert cells_of(understood(books, path).problems) == ["B1"]
    assert [line.cell for line in understood(books, path, settings=Settings(hidden="leave out")).lines] == ["C2"]


def test_a_row_of_another_year_is_refused_and_fy26_is_asked_about(books: Store, tmp_path: Path) -> None:
    rows = (("Code", "Year", "£"), ("P1", "2024/25", 1), ("P2", "FY26", 2), ("N1", 45748, 3), ("G1", "2025/26", 4))
    path = written(tmp_path / "years.xlsx", rows)
    assert cells_of(understood(books, path).problems) == ["B2", "B3", "B4"]
    assert cells_of(understood(books, path, settings=Settings(short_year="ends")).problems) == ["B2", "B4"]


# --- the mapping ----------------------------------------------------------------------------------


def test_a_mapping_is_saved_used_again_and_says_when_the_shape_has_changed(
    funded: Store, file: Path, tmp_path: Path
) -> None:
    saved = tmp_path / "mapping.yaml"
    bring_in(funded, file, save_mapping=saved, dry_run=True)
    mapping = read_mapping(saved)
    assert mapping.fingerprint is not None
    assert bring_in(funded, file, mapping=mapping, dry_run=True).posted.transfers == 2
    longer = written(
        tmp_path / "longer.xlsx", (*PLAIN[:4], ("N1", "Network one", 5), *PLAIN[4:5], ("Total", None, 6005))
    )
    assert understood(funded, longer, mapping=mapping).problems == []  # more rows are no other shape
    for cell, value, words in (
        ("C3", "Spent", "was 'Budget' and is now 'Spent'"),
        ("D3", "Notes", "a column 'Notes' that the mapping does not know"),
        ("A3", None, "was 'Code' and is now ''"),
    ):
        found = understood(funded, changed(tmp_path, cell, value), mapping=mapping)
        assert words in texts(found.problems)
        assert found.lines == []
    other = written(tmp_path / "other.xlsx", PLAIN, sheet="Sheet1")
    assert "no such sheet" in texts(understood(funded, other, mapping=mapping).problems)


def test_a_mapping_with_words_of_the_files_own(funded: Store, tmp_path: Path) -> None:
    rows = (("Who", "What", "How much"), ("Up north", "Beds", 2.5005), ("Down south", "Beds", 3.4995), ("All", "", 6))
    mapping = BudgetMapping.model_validate(
        {
            "organisations": {"up north": "P1", "Down South": "P2"},
            "funds": {"beds": "core"},
            "sheets": [
                {
                    "sheet": "Plan",
                    "header_row": 1,
                    "unit": "thousands",
                    "columns": {
                        "A": {"meaning": "name", "heading": "Who"},
                        "B": {"meaning": "fund", "heading": "What"},
                        "C": {"meaning": "amount", "heading": "How much"},
                    },
                    "left_out": [{"column": "A", "text": "All", "reason": "a total in the file's own words"}],
                }
            ],
        }
    )
    outcome = bring_in(funded, written(tmp_path / "own.xlsx", rows), fund=None, mapping=mapping)
    assert held(funded)["P2", "core", "available"] == 349_950
    assert outcome.understood.set_aside[0].why == "a total in the file's own words"


def test_a_mapping_with_a_slip_names_it(tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text(
        "sheets:\n  - sheet: Plan\n    header_row: 1\n    columns: {A: {meaning: amounts}}\n", encoding="utf-8"
    )
    with pytest.raises(Refused, match=r"mapping.yaml, line 4, sheets.0.columns.A.meaning"):
        read_mapping(path)
    path.write_text("sheets:\n  - {sheet: Plan, header_row: 1, columns: {A: {meaning: code}}}\n", encoding="utf-8")
    with pytest.raises(Refused, match="no column of amounts"):
        read_mapping(path)


@pytest.mark.parametrize(
    "sheets",
    [
        {"header_row": 99, "columns": {"C": {"meaning": "amount"}}},
        {"header_row": 3, "columns": {"ZZ": {"meaning": "amount"}}},
        {
            "header_row": 3,
            "columns": {"C": {"meaning": "amount", "heading": "Budget", "fund": "none", "organisation": "P9"}},
        },
    ],
)
def test_a_mapping_that_points_nowhere_is_refused(sheets: dict[str, Any], books: Store, file: Path) -> None:
    mapping = BudgetMapping.model_validate({"sheets": [{"sheet": "Plan", **sheets}]})
    assert understood(books, file, mapping=mapping).problems != []


# --- who closed -----------------------------------------------------------------------------------


def closed_books(store: Store) -> None:
    """P2 closed on 1 June 2025: three people in four went to P4, and one to P5."""
    june = date(2025, 6, 1)
    post(
        store,
        [
            Draft(
                "later", "structure", june, "tests", "P2 is divided",
                records={
                    Organisation: records(Organisation, [{"code": code, "name": f"{code} place", "tier": "place", "valid_from": LONG_AGO,
                                                          "valid_to": june if code == "P6" else None} for code in ("P4", "P5", "P6")]),
                    Relationship: records(Relationship, [{"id": f"ICB1>{code}", "parent": "ICB1", "child": code, "scheme": "line",
                                                          "valid_from": LONG_AGO, "valid_to": june if code == "P6" else None}
                                                         for code in ("P4", "P5", "P6")]),
                    Succession: records(Succession, [{"id": f"P6>{code}", "predecessor": "P6", "successor": code, "effective_date": june,
                                                      "kind": "split", "weight": weight, "basis": "people"}
                                                     for code, weight in (("P4", 3), ("P5", 1))]),
                },
            )
        ],
    )  # fmt: skip


def test_money_for_who_closed_goes_to_who_took_over_only_after_saying_so(funded: Store, tmp_path: Path) -> None:
    closed_books(funded)
    path = written(
        tmp_path / "closed.xlsx", (("Code", "Budget (£)"), ("P1", 2500.5), ("P6", 3499.51), ("Total", 6000.01))
    )
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 1)])
    day = date(2025, 6, 1)
    problems = refusal(funded, path, day=day)
    assert cells_of(problems) == ["A3"]
    assert "closed on 2025-06-01; P4, P5 took over" in problems[0].found
    assert problems[0].field is Input.SUCCESSORS
    outcome = bring_in(funded, path, day=day, accept_successors=True)
    assert outcome.understood.moved_on == {"P6": ("P4", "P5")}
    now = held(funded, as_at=day)
    assert (now["P4", "core", "available"], now["P5", "core", "available"]) == (262_463, 87_488)
    with funded.read() as reader:
        notes = {note for (note,) in reader.rows("SELECT note FROM transfer WHERE note LIKE '%P6%'")}
        ((reason,),) = reader.rows("SELECT reason FROM entry WHERE number = $n", {"n": outcome.posted.number})
    assert notes == {"Plan!B3 (P6)"}
    assert "P6 to P4, P5" in str(reason)


# --- the trail ------------------------------------------------------------------------------------


def test_a_balance_can_be_followed_to_its_cells(funded: Store, file: Path) -> None:
    bring_in(funded, file)
    post(funded, [entry("spend", at("P1", "core"), at("P1", "core", "spent"), 50)])
    with funded.read() as reader:
        moment = position.moment(reader)
        for code in ("P1", "ICB1", "NHS", "GOV"):
            rows = trail(reader, moment, code)
            here = [row for row in position.position(reader, moment).to_pylist() if row["organisation"] == code]
            assert position.total_pence(rows) == sum(row["amount_pence"] for row in here)
        rows = trail(reader, moment, "P1", fund="core", year=YEAR.start).to_pylist()
        assert [(row["note"], row["source"], row["other"], row["amount_pence"]) for row in rows] == [
            ("Plan!C4", "budget.xlsx", "ICB1", 250_050), (None, None, "P1", -50), (None, None, "P1", 50),
        ]  # fmt: skip
        assert trail(reader, moment, "P1", fund="winter").num_rows == 0
        for wrong in ({"organisation": "P9"}, {"organisation": "P1", "fund": "kore"}):
            with pytest.raises(Refused):
                trail(reader, moment, **wrong)


# --- whatever the amounts -------------------------------------------------------------------------


@given(
    amounts=st.lists(st.tuples(st.sampled_from(["P1", "P2", "N1"]), st.integers(1, 10**11)), min_size=1, max_size=12),
    unit=st.sampled_from(["pounds", "thousands", "millions"]),
    as_text=st.booleans(),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_amount_of_pence_comes_through_any_unit(
    books: Store, tmp_path: Path, amounts: list[tuple[str, int]], unit: str, as_text: bool
) -> None:
    from decimal import Decimal

    scale = {"pounds": 100, "thousands": 10**5, "millions": 10**8}[unit]
    cells = [Decimal(pence) / scale for _, pence in amounts]
    rows = [("Code", "Line", "Budget"), *((code, f"line {n}", f"{cell:f}" if as_text else float(cell))
            for n, ((code, _), cell) in enumerate(zip(amounts, cells, strict=True)))]  # fmt: skip
    found = understood(books, written(tmp_path / "any.xlsx", rows), unit=unit)
    assert found.problems == []
    assert [(line.organisation, line.amount_pence) for line in found.lines] == amounts


def test_an_import_is_one_of_a_request(funded: Store, file: Path) -> None:
    request = asked()
    assert isinstance(request, Request)
    assert import_budgets(funded, file, request).draft is not None
    assert request.day == APRIL


@pytest.mark.parametrize(
    ("rows", "given", "words"),
    [
        (PLAIN, {"settings": Settings(dash="zero")}, "a dash was said to mean zero"),
        (PLAIN, {"settings": Settings(duplicates="add")}, "were added up, as was said"),
        (PLAIN, {"settings": Settings(hidden="read")}, "hidden rows and columns were read, as was said"),
        (PLAIN, {"settings": Settings(hidden="leave out")}, "were left out, as was said"),
        (PLAIN, {"settings": Settings(short_year="ends")}, "the one that ends then"),
        (PLAIN, {"settings": Settings(months="each")}, "each month's own"),
        (PLAIN, {"settings": Settings(months="running")}, "said to run up"),
        (PLAIN, {"unit": "pounds"}, "amounts were said to be in pounds"),
        (PLAIN, {"sheets": ("Plan",)}, "read from Plan alone"),
        (PLAIN, {"total_pence": 600_000}, "it was said to come to £6,000.00"),
        (PLAIN, {"leave_rest": True}, "was said to stay with ICB1"),
        ((("Budgets 2024/25",), *PLAIN[2:]), {"settings": Settings(other_year="meant"), "unit": "pounds"}, "2024/25"),
        ((("Draft (£)",), *PLAIN[2:]), {"settings": Settings(purpose="meant")}, "calls it a draft"),
        ((("In £000",), *PLAIN[2:]), {"unit": "pounds"}, "amounts were said to be in pounds, though"),
        (
            (*PLAIN[:-1], (None, "Total", 6010)),
            {"settings": Settings(total_rounded_to=100)},
            "rounded to £100, as was said",
        ),
    ],
)
def test_whatever_somebody_says_of_a_file_is_in_the_entrys_reason(
    rows: Sequence[Sequence[Any]], given: dict[str, Any], words: str, funded: Store, tmp_path: Path
) -> None:
    posted = bring_in(funded, written(tmp_path / "budget.xlsx", rows), **given).posted
    with funded.read() as reader:
        ((reason,),) = reader.rows("SELECT reason FROM entry WHERE number = $n", {"n": posted.number})
    assert words in str(reason)
