"""The Record page without a browser: what it says and posts is what `devolution record` says and posts."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from allocations.files.register import layout
from ledger.entries.chain import books_hash
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.kinds import ALL_KINDS
from ledger.models import RECORDS, Proposal, ProposalEnd, ProposedEntry, ProposedTransfer, Upgrade
from ledger.store.base import Store
from screens.web.record.boxes import label
from tests.ledger.test_decisions import ELSEWHERE
from tests.screens.importing import field
from tests.screens.pages import ROOT, document, no_leftovers, page, said, tables, well
from tests.screens.test_deciding import furnish

__all__ = ["no_leftovers"]
NAME = "record"


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """West Yorkshire's own ledger of 2025/26, with a million pounds of service development funding."""
    ledger = tmp_path_factory.mktemp("own") / "own.duckdb"
    document("new", "--year", "2025/26", "--icb", "QWO", "--ledger", ledger)
    document(
        "record", "receive", "--to", "QWO", "--fund", "core-sdf-transfers", "--from-fund", "nhs-revenue", "--amount", "1m",
        "--recurrent", "NR", "--reference", "M3/17", "--new-money", "yes", "--reason", "SDF, month 3",
        "--date", "2025-06-12", "--ledger", ledger,
    )  # fmt: skip
    return ledger


@pytest.fixture
def own(shipped: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "own.duckdb"
    shutil.copy(shipped, copy)
    return copy


def fill(app: AppTest, **given: str) -> AppTest:
    """Fill boxes by the names of their fields, one after another as people do."""
    for name, text in given.items():
        title = name.replace("_", " ").capitalize()
        for kind in (app.selectbox, app.date_input, app.text_input, app.multiselect):
            boxes = [one for one in kind if one.label.partition(":")[0] == title]
            if boxes:
                boxes[0].set_value(text)
                break
        else:
            raise AssertionError(f"there is no box {title}")
        well(app.run())
    return app


def upload_one(app: AppTest, file: Path) -> AppTest:
    return well(app.file_uploader[0].set_value((file.name, file.read_bytes(), "")).run())


def texts(app: AppTest) -> str:
    return "\n".join(one.value for one in app.text)


def press(app: AppTest, button: str, who: str = "Finance") -> AppTest:
    field(app.text_input, "Who records it").input(who)
    well(app.run())
    return well(field(app.button, button).click().run())


def same_books(one: Path, other: Path) -> bool:
    hashes = []
    for ledger in (one, other):
        with Store.open(ledger, read_only=True) as store, store.read() as reader:
            hashes.append(books_hash(reader))
    return hashes[0] == hashes[1]


def command(kind: str, given: dict[str, str], ledger: Path, *more: str) -> dict[str, Any]:
    options = [word for name, text in given.items() for word in (f"--{name.replace('_', '-')}", text)]
    return document("record", kind, *options, *more, "--actor", "Finance", "--ledger", ledger)


LIFTED = {"fund": "core-discharge", "date": "2025-06-02", "reason": "No longer needed", "grade": "none",
          "authority": "Board, for 2025-06-02"}  # fmt: skip
AGREED = {"organisation": "QWO", "fund": "core-sdf-transfers", "partners": "All five places",
          "reference": "Board 14 May 2025, 7.2", "purpose": "Shared digital team", "date": "2025-06-13",
          "reason": "Agreed", "amount": "250000"}  # fmt: skip
DEVOLVED = {"from": "QWO", "to": "QWO-E08000035", "fund": "core-sdf-transfers", "amount": "5000", "recurrent": "no",
            "date": "2025-06-13", "reason": "Agreed"}  # fmt: skip
POT = {"code": "winter-2025", "name": "Winter pressures", "date": "2025-06-12", "reason": "Letter", "parent": "core",
       "grade": "hard", "route": "direction", "recurrent": "no", "notified_on": "2025-06-12", "quality": "green",
       "spend_by": "2026-03-31", "source": "Letter of 12 June 2025"}  # fmt: skip


@pytest.mark.parametrize(("kind", "given"), [("terms", LIFTED), ("agree", AGREED), ("pot", POT)])
def test_it_says_and_posts_what_the_command_does(
    monkeypatch: pytest.MonkeyPatch, own: Path, tmp_path: Path, kind: str, given: dict[str, str]
) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copy(own, other)
    answer = command(kind, given, other)
    app = fill(page(monkeypatch, NAME, own, kind=kind), **given)
    assert not app.error
    for sentence in answer["sentences"]:
        assert sentence in texts(app)
    press(app, "Post it")
    assert "It is recorded." in [one.value for one in app.success]
    assert same_books(own, other)


# What a letter announced, and other records that later decisions speak of by their names.
SPOKEN_OF = (
    "Kind,Date,Reason,Reference,Month,To,Fund,Line amount,Recurrent,Notified on,Instalment,From,Due on,Amount,Test,"
    "Contract,Contract kind,Holder,Commissioner,Organisation,Name,Contact,Key,Partners,Purpose\n"
    "letter,2025-06-12,SDF,M4/1,2025-07,QWO,core-sdf-transfers,300,NR,2025-06-12,,,,,,,,,,,,regional team,,,\n"
    "instalment,2025-06-12,By the quarter,,,QWO-E08000035,core-sdf-transfers,,,,wy/Q2,QWO,2025-09-30,250,On plan,,,,,,,,,,\n"
    "contract,2025-06-12,Let,,,,core-sdf-transfers,,,,,,,,,WY-IHO,iho,QWO-E08000035,QWO,,,,,,\n"
    "agree,2025-06-12,Agreed,B 7.2,,,core-sdf-transfers,,,,,,,9,,,,,,QWO,,,our agreement,All places,Digital team\n"
    "rename,2025-06-12,As the council asked,,,,,,,,,,,,,,,,,QWO-E08000035,Leeds and its neighbours,,,,\n"
)


def test_what_the_books_hold_is_chosen_and_what_a_letter_says_need_not_be_given(
    monkeypatch: pytest.MonkeyPatch, own: Path, tmp_path: Path
) -> None:
    register, other = tmp_path / "held.csv", tmp_path / "other.duckdb"
    register.write_text(SPOKEN_OF, encoding="utf-8")
    document("record", register, "--actor", "Finance", "--ledger", own)
    shutil.copy(own, other)
    given = {"to": "QWO", "reference": "M4/1", "date": "2025-07-10", "reason": "It came", "from_fund": "nhs-revenue",
             "new_money": "yes"}  # fmt: skip
    answer = command("receive", given, other)
    app = fill(page(monkeypatch, NAME, own, kind="receive"), **given)
    assert field(app.selectbox, "Reference").options == ["M4/1"]
    assert "as the books know it: Fund core-sdf-transfers, Amount 300.00, Recurrent no, Month 2025-07" in texts(app)
    for sentence in answer["sentences"]:
        assert sentence in texts(app)
    press(app, "Post it")
    assert same_books(own, other)
    app = page(monkeypatch, NAME, own, kind="outcome")
    assert field(app.selectbox, "Instalment").options == ["wy/Q2"]
    assert "Leeds and its neighbours (QWO-E08000035)" in field(app.selectbox, "Moved to").options
    app = page(monkeypatch, NAME, own, kind="contract")
    assert field(app.selectbox, "Sub contract of").options == ["WY-IHO"]
    app = page(monkeypatch, NAME, own, kind="end-agreement")
    assert field(app.selectbox, "Agreement").options == ["our agreement"]


def test_a_link_brings_a_decision_half_filled(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    app = page(monkeypatch, NAME, own, kind="terms", **{"with-fund": "core-discharge", "with-grade": "none"})
    assert (field(app.selectbox, "Fund:").value, field(app.selectbox, "Grade:").value) == ("core-discharge", "none")
    assert app.info[0].value == "Still needed: Reason."
    wrong = page(monkeypatch, NAME, own, kind="terms", **{"with-fund": "nowhere", "with-grade": "iron"})
    assert "there is no fund 'nowhere'" in wrong.error[0].value


def test_a_decision_that_has_its_own_day_needs_none(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    given = {"month": "2025-06", "reason": "month-end timetable"}
    app = fill(page(monkeypatch, NAME, own, kind="close-month"), **given)
    press(app, "Post it")
    assert app.success[0].value == "It is recorded."
    assert document("month", "list", "--ledger", own)["rows"][0]["last_day"] == "2025-06-30"


def test_it_can_be_left_to_somebody_else(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    app = fill(page(monkeypatch, NAME, own, kind="devolve"), **DEVOLVED)
    press(app, "Propose it", "anna")
    assert "It is proposed" in app.success[0].value
    (waiting,) = document("proposal", "list", "--ledger", own)["rows"]
    assert (waiting["amount_pence"], waiting["prepared_by"]) == (500_000, "anna")
    well(field(app.button, "Record another").click().run())
    assert app.info[0].value == "Still needed: From, To, Fund, Amount, Recurrent, Reason."


def test_what_is_wrong_is_said_at_its_box_and_nothing_is_posted(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    app = page(monkeypatch, NAME, own, kind="devolve")
    assert not app.error
    fill(app, amount="much", year="2025/26")
    assert len(app.error) == 2  # at the box, and in the list of all
    assert "Give an amount in pounds, as 250000." in app.error[0].value
    fill(app, **{**DEVOLVED, "amount": "2m"})
    assert "below zero" in app.error[0].value
    assert ">Amount</th>" in tables(app)
    assert not [one for one in app.button if one.label == "Post it"]
    app = fill(page(monkeypatch, NAME, own, kind="terms"), **{**LIFTED, "authority": ""})
    # The remedy names the box of this page, and stands at it.
    assert "Name the authority ('Authority')" in app.error[0].value
    assert ">Authority</th>" in tables(app)


def test_who_is_asked_for_and_the_books_may_have_moved(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    app = fill(page(monkeypatch, NAME, own, kind="devolve"), **DEVOLVED)
    well(field(app.button, "Post it").click().run())
    assert "Say who records it." in app.error[0].value
    field(app.text_input, "Who records it").input("Finance")
    well(app.run())
    press(fill(page(monkeypatch, NAME, own, kind="devolve"), **{**DEVOLVED, "amount": "7000"}), "Post it")
    well(field(app.button, "Post it").click().run())
    assert "The books have moved on since you looked" in app.warning[0].value
    well(field(app.button, "Post it").click().run())
    assert app.success[0].value == "It is recorded."


def test_who_may_only_propose_is_offered_that_and_who_may_not_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Anna prepares for the first ICB, Vera prepares nothing, and everybody acts in the name that they signed in with."""
    ledger = furnish(tmp_path / "office.duckdb")
    given = {"from": "ICB1", "to": "P1", "fund": "core", "amount": "3", "recurrent": "no", "date": "2025-06-13",
             "reason": "Agreed"}  # fmt: skip
    monkeypatch.setenv("DEVOLUTION_PERSON", "vera")
    app = fill(page(monkeypatch, NAME, ledger, kind="devolve"), **given)
    assert "vera may not" in app.error[-1].value + tables(app)
    assert not app.button
    monkeypatch.setenv("DEVOLUTION_PERSON", "anna")
    app = fill(page(monkeypatch, NAME, ledger, kind="devolve"), **given)
    assert "It can be proposed, and not posted: " in app.info[0].value
    assert not [one for one in app.button if one.label == "Post it"]
    well(field(app.button, "Propose it").click().run())
    assert "It is proposed" in app.success[0].value
    waiting = document("proposal", "list", "--ledger", ledger)["rows"]
    assert ("anna", 300) in [(one["prepared_by"], one["amount_pence"]) for one in waiting]


def test_an_app_that_only_reads_names_the_command(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    monkeypatch.setenv("DEVOLUTION_READ_ONLY", "yes")
    app = page(monkeypatch, NAME, own, kind="spend")
    assert app.code[0].value == f"devolution record spend --ledger {own}"
    assert not app.text_input


# What no decision makes: the page on which it is done. The rest is for whoever runs a ledger, by command alone.
PAGES = {
    "propose": "record", "decide": "audit", Proposal: "record", ProposedEntry: "record", ProposedTransfer: "record",
    ProposalEnd: "audit",
}  # fmt: skip
BY_COMMAND = {"upgrade", Upgrade}


def test_whatever_the_books_can_hold_has_a_row_of_a_register_and_a_page() -> None:
    """Its command is asked for in the tests of decisions; what is new in the books, and has neither, fails here."""
    assert PAGES.keys() | BY_COMMAND == ELSEWHERE.keys()
    done = {one for each in DECISIONS.values() for one in (*each.makes, *each.brings)}
    assert done | ELSEWHERE.keys() == {*ALL_KINDS, *RECORDS}
    assert all((ROOT / "screens" / "web" / "pages" / f"{name}.py").is_file() for name in PAGES.values())
    by_name = layout.fields()
    for decision in DECISIONS.values():
        assert {field.name for field in decision.fields} <= set(by_name) <= set(layout.columns())


@pytest.mark.parametrize("kind", DECISIONS)
def test_every_kind_has_boxes_for_all_that_it_is_asked(
    monkeypatch: pytest.MonkeyPatch, shipped: Path, kind: str
) -> None:
    """A kind that is new in the books has its page by itself; one that the page does not offer fails here."""
    app = page(monkeypatch, NAME, shipped, kind=kind)
    assert not app.warning
    assert field(app.radio, "What happened").value == kind
    shown = {one.label for group in (app.selectbox, app.date_input, app.text_input, app.multiselect) for one in group}
    assert {label(one) for one in DECISIONS[kind].fields} <= shown


def test_a_register_is_brought_in_whole_and_only_once(
    monkeypatch: pytest.MonkeyPatch, own: Path, tmp_path: Path
) -> None:
    other, register = tmp_path / "other.duckdb", tmp_path / "june.csv"
    shutil.copy(own, other)
    register.write_text(
        "Kind,Date,Reason,From,To,Fund,Amount,Recurrent\n"
        "devolve,2025-06-13,Agreed,QWO,QWO-E08000035,core-sdf-transfers,5000,NR\n"
        "devolve,2025-06-13,Agreed,QWO,QWO-E08000032,core-sdf-transfers,6000,NR\n",
        encoding="utf-8",
    )
    answer = document("record", register, "--actor", "Finance", "--ledger", other)
    app = upload_one(page(monkeypatch, NAME, own, view="register"), register)
    assert "2 rows make 2 entries: 2 would be posted." in said(app)
    press(app, "Post 2 entries")
    assert app.success[0].value == answer["sentence"]
    assert same_books(own, other)
    again = page(monkeypatch, NAME, own, view="register")
    upload_one(again, register)
    field(again.text_input, "Who records it").input("Finance")
    well(again.run())
    assert "The books have all of it already" in again.success[0].value


def test_a_register_that_is_wrong_is_refused_with_every_cell(
    monkeypatch: pytest.MonkeyPatch, own: Path, tmp_path: Path
) -> None:
    register = tmp_path / "wrong.csv"
    register.write_text(
        "Kind,Date,Reason,From,To,Fund,Amount,Recurrent\n"
        "devolve,2025-06-13,Agreed,QWO,QWO-NOWHERE,core-sdf-transfers,5000,NR\n"
        "devolve,2025-06-13,Agreed,QWO,QWO-E08000032,core-sdf-transfers,2m,NR\n",
        encoding="utf-8",
    )
    app = upload_one(page(monkeypatch, NAME, own, view="register"), register)
    assert "2 problems in wrong" in app.error[0].value
    assert "cell E2" in tables(app)
    assert "cell G3" in tables(app)
    assert document("proposal", "list", "--ledger", own)["rows"] == []


def test_the_total_of_the_letter_is_tied(monkeypatch: pytest.MonkeyPatch, own: Path, tmp_path: Path) -> None:
    register = tmp_path / "june.csv"
    register.write_text(
        "Kind,Date,Reason,To,Fund,From fund,Amount,Recurrent,Reference,New money\n"
        "receive,2025-06-13,Letter,QWO,core-sdf-transfers,nhs-revenue,5000,NR,M3/18,yes\n", encoding="utf-8",
    )  # fmt: skip
    app = upload_one(page(monkeypatch, NAME, own, view="register"), register)
    field(app.text_input, "Total of the allocation letter").input("5001")
    well(app.run())
    assert "£1.00 less" in tables(app)
    field(app.text_input, "Total of the allocation letter").input("5k")
    well(app.run())
    assert "1 row makes 2 entries: 2 would be posted." in said(app)


def test_a_tracker_comes_in_by_what_its_columns_hold(
    monkeypatch: pytest.MonkeyPatch, own: Path, tmp_path: Path
) -> None:
    """Worked by hand: of £2,000 in thousands, all is received; a mapping does the same by command, and on the page."""
    other, path, kept = tmp_path / "other.duckdb", tmp_path / "tracker.csv", tmp_path / "mapping.yaml"
    shutil.copy(own, other)
    path.write_text(
        "Ref,Month,Programme,R/NR,Worth,Narrative\nM4/1,M4,Service development,NR,1.5,x\n"
        "M4/2,M4,Service development,NR,0.5,y\nTotal,,,,2,\n", encoding="utf-8",
    )  # fmt: skip
    kept.write_text(
        "year: 2025/26\nalways: {kind: receive, to: QWO, reason: Tracker, from_fund: nhs-revenue, new_money: 'yes'}\n"
        "words: {fund: {Service development: core-sdf-transfers}}\nsheets:\n- sheet: tracker\n  header_row: 1\n"
        "  unit: thousands\n  columns:\n"
        "    A: {field: reference, heading: Ref}\n    B: {field: month, heading: Month}\n"
        "    C: {field: fund, heading: Programme}\n    D: {field: recurrent, heading: R/NR}\n"
        "    E: {field: amount, heading: Worth}\n    F: {field: note, heading: Narrative}\n", encoding="utf-8",
    )  # fmt: skip
    app = upload_one(page(monkeypatch, NAME, own, view="register"), path)
    well(field(app.selectbox, "E: Worth").set_value("amount").run())
    well(field(app.selectbox, "Amounts are in").set_value("thousands").run())
    fill(app, to="QWO", reason="Tracker", from_fund="nhs-revenue", new_money="yes")
    well(field(app.selectbox, "Year of months").set_value("2025/26").run())
    well(field(app.selectbox, "Fund 'Service development'").set_value("core-sdf-transfers").run())
    assert "2 rows make 4 entries: 4 would be posted." in said(app), [one.value for one in app.error]
    assert "The file says that its letter comes to £2,000." in said(app)
    with_mapping = upload_one(page(monkeypatch, NAME, own, view="register"), path)
    well(with_mapping.file_uploader[1].set_value((kept.name, kept.read_bytes(), "")).run())
    assert "2 rows make 4 entries: 4 would be posted." in said(with_mapping)
    press(app, "Post 4 entries")
    assert app.success[0].value == "2 rows make 4 entries: 4 are posted."
    document("record", path, "--mapping", kept, "--actor", "Finance", "--ledger", other)
    assert same_books(own, other)
