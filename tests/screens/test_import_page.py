"""Bringing files in and undoing it, without a browser: what the page says is what the command line says."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import streamlit as st

from allocations.files.budgets.mapping import read_mapping
from ledger.entries.posting import post as post_entries
from ledger.money import exact_pounds
from ledger.store.base import Store
from tests.allocations.excel.commands import run
from tests.allocations.excel.test_payer import west_yorkshire
from tests.allocations.excel.workbooks import PLAIN, with_openpyxl, written
from tests.books import at, entry
from tests.screens.importing import NAME, balances, bringing, field, funded, headings, labels, post, sha, upload
from tests.screens.pages import no_leftovers, page, said, tables, well
from tests.shelves import small_file

__all__ = ["no_leftovers"]
TWO_AMOUNTS = (
    ("Place budgets 2025/26 (£)",),
    (),
    ("Code", "Budget", "Plan"),
    ("P1", 2500.5, 2000),
    ("P2", 3499.5, 4000),
    ("Total", 6000, 6000),
)
IN_THOUSANDS = (("Code", "Budget"), ("P1", 2.5), ("P2", 3.5), ("Total", 6))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return funded(tmp_path / "ledger.duckdb")


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    return written(tmp_path / "budget.xlsx", PLAIN)


def asked_of_the_command_line(ledger: Path, file: Path, *more: str, status: int = 0) -> dict[str, object]:
    """What the command line says of the same file, on a copy of the books."""
    copy = ledger.with_name("copy.duckdb")
    shutil.copy(ledger, copy)
    given = ("--year", "2025/26", "--icb", "ICB1", "--fund", "core", "--dry-run", "--json")
    found: dict[str, object] = json.loads(
        run("import", "budgets", file, "--ledger", copy, *given, *more, status=status)
    )
    return found


def test_nothing_is_chosen_and_nothing_was_brought_in(monkeypatch: pytest.MonkeyPatch, ledger: Path) -> None:
    app = page(monkeypatch, NAME, ledger)
    assert "No file is chosen yet" in app.info[0].value
    app = page(monkeypatch, NAME, ledger, view="undo")
    assert "Nothing was brought into these books from a file yet" in app.info[0].value


def test_without_a_ledger_the_demo_is_offered_and_two_files_can_be_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "none.duckdb"
    app = page(monkeypatch, NAME, missing)
    assert "There is no ledger" in app.info[0].value
    assert f"devolution demo --ledger {missing}" in app.code[0].value
    app = page(monkeypatch, NAME, missing, view="take", file="template", icb="QWO")
    assert "There is no ledger" in app.info[0].value
    well(field(app.button, "Make the file").click().run())
    assert "budget-template-qwo-2025-26.xlsx is made" in app.success[0].value
    assert not missing.exists()


def test_books_without_money_hand_nothing_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, budget: Path) -> None:
    path = tmp_path / "empty.duckdb"
    small_file(path)
    app = bringing(monkeypatch, path, budget)
    assert "No money stands in these books yet" in app.info[0].value
    assert "Post it" not in headings(app)


def test_a_budget_is_shown_as_the_command_line_shows_it_and_posted_as_one_entry(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, budget: Path
) -> None:
    answer = asked_of_the_command_line(ledger, budget)
    app = bringing(monkeypatch, ledger, budget)
    assert headings(app)[-4:-1] == ["Totals", "What each receives", "Post it"]
    shown = tables(app)
    for total in ("file", "read", "control"):
        assert answer[f"{total}_total_pence"] == 600_000
    # Four totals, and what the payer has before it.
    assert shown.count(">6,000.00<") == 5
    assert "The first three tie, to the penny: £6,000.00." in [one.value for one in app.success]
    for row in answer["rows"]:
        assert f"({row['organisation']})</th>" in shown
        assert f">{exact_pounds(row['amount_pence'])}<" in shown
    assert sha(budget) in shown
    # Nothing is posted, and nothing kept, before somebody says who and why.
    well(field(app.button, "Post £6,000").click().run())
    assert "Say who posts it and why." in app.error[0].value
    assert not ledger.with_name("ledger.duckdb.files").exists()
    post(app, "Post £6,000")
    assert "The books have this file as entry 6, with 2 transfers." in app.success[-1].value
    assert "Post £6,000 as one entry" not in labels(app.button)
    assert balances(ledger)["P1", "core", "available"] == 250_050
    (kept,) = ledger.with_name("ledger.duckdb.files").iterdir()
    assert kept.name == f"{sha(budget)}.xlsx"
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        ((actor, reason, key),) = reader.rows("SELECT actor, reason, key FROM entry WHERE number = 6")
    assert (actor, key) == ("Finance", answer["entries"][0]["key"])
    assert reason == "Budgets of ICB1 for 2025/26: £6,000.00 in 2 amounts. Agreed by the board"


def test_a_second_tab_hears_that_it_is_posted_already(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, budget: Path
) -> None:
    first, second = (bringing(monkeypatch, ledger, budget) for _ in range(2))
    post(first, "Post £6,000")
    before = balances(ledger)
    post(second, "Post £6,000", who="Another", why="The same")
    assert "The books have this file as entry 6" in second.success[-1].value
    assert "Post it" not in headings(second)
    assert balances(ledger) == before


def test_books_that_moved_since_the_preview_take_nothing_and_say_what_changed(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, budget: Path
) -> None:
    app = bringing(monkeypatch, ledger, budget)
    st.cache_resource.clear()
    with Store.open(ledger) as store:
        post_entries(store, [entry("allocate", at("NHS", "limit"), at("ICB2", "core"), 500)])
    before = balances(ledger)
    post(app, "Post £6,000")
    assert "The books have moved on since you looked" in app.warning[0].value
    assert "Recorded since you looked" in tables(app)
    assert ">5.00<" in tables(app)
    assert balances(ledger) == before
    post(app, "Post £6,000")
    assert "The books have this file as entry 7" in app.success[-1].value


def test_every_problem_is_shown_at_once_and_can_be_taken_away(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    file = written(
        tmp_path / "bad <b>.xlsx",
        (("Code", "Budget (£)"), ("P1", "about a million"), ("P9", 20), ("P2", "-"), ("Total", 6000)),
    )
    answer = asked_of_the_command_line(ledger, file, status=1)
    app = bringing(monkeypatch, ledger, file)
    shown = tables(app)
    assert len(answer["problems"]) >= 3
    for problem in answer["problems"]:
        assert problem["place"].replace("<", "&lt;").replace(">", "&gt;") in shown
    assert "<b>" not in shown
    # Options of the command line are fields of the page here.
    assert "--dash" not in shown
    assert "Say which under &#x27;A dash means&#x27;." in shown
    assert "Post it" not in headings(app)


def test_what_nobody_should_guess_is_said_on_the_page(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    file = written(tmp_path / "dash.xlsx", (("Code", "Budget (£)"), ("P1", 6000), ("P2", "-"), ("Total", 6000)))
    app = bringing(monkeypatch, ledger, file)
    assert "Post it" not in headings(app)
    well(field(app.selectbox, "A dash means").select("zero").run())
    assert "Post it" in headings(app)
    assert asked_of_the_command_line(ledger, file, "--dash", "zero")["read_total_pence"] == 600_000


@pytest.mark.parametrize(("unit", "factor"), [("thousands", 1), ("pence", 100_000)])
def test_a_unit_that_the_file_does_not_say_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path, unit: str, factor: int
) -> None:
    rows = [(row[0], row[1] * factor if isinstance(row[1], float | int) else row[1]) for row in IN_THOUSANDS]
    file = written(tmp_path / "units.xlsx", rows)
    app = bringing(monkeypatch, ledger, file)
    assert "Say it under &#x27;Amounts are in&#x27;" in tables(app)
    assert "Post it" not in headings(app)
    well(field(app.selectbox, "Amounts are in").select(unit).run())
    assert tables(app).count(">6,000.00<") == 5
    assert asked_of_the_command_line(ledger, file, "--unit", unit)["read_total_pence"] == 600_000


def test_columns_that_could_both_be_the_budget_are_settled_and_saved_for_next_month(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    file = written(tmp_path / "two.xlsx", TWO_AMOUNTS)
    app = bringing(monkeypatch, ledger, file)
    assert "Post it" not in headings(app)
    well(field(app.selectbox, "B: Budget").select("amount").run())
    well(field(app.selectbox, "C: Plan").select("ignored").run())
    assert "Post it" in headings(app)
    assert ">2,500.50<" in tables(app)
    well(field(app.selectbox, "C: Plan").select("amount").run())
    well(field(app.selectbox, "B: Budget").select("ignored").run())
    assert ">2,000.00<" in tables(app)
    # A mapping of the command line's is used as it uses it.
    saved = tmp_path / "mapping.yaml"
    asked_of_the_command_line(ledger, written(tmp_path / "one.xlsx", PLAIN), "--save-mapping", str(saved))
    assert read_mapping(saved).sheets[0].sheet == "Plan"
    other = bringing(monkeypatch, ledger, tmp_path / "one.xlsx")
    well(other.file_uploader[1].set_value([("mapping.yaml", saved.read_bytes(), "")]).run())
    assert "Post it" in headings(other)
    well(other.file_uploader[1].set_value([("mapping.yaml", b"sheets: []", "")]).run())
    assert "The mapping cannot be used" in other.error[0].value


def test_headings_that_nobody_could_tell_are_said_by_hand(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    file = written(tmp_path / "odd.xlsx", (("Xyz", "Qrs"), ("P1", 2500), ("P2", 3500)))
    app = bringing(monkeypatch, ledger, file)
    assert "No headings of a budget could be told" in said(app)
    well(field(app.number_input, "Row of the headings").set_value(1).run())
    well(field(app.selectbox, "A: Xyz").select("code").run())
    well(field(app.selectbox, "B: Qrs").select("amount").run())
    assert "nothing says what the amounts are in" in tables(app)
    well(field(app.selectbox, "Amounts are in").select("pounds").run())
    assert "Post it" in headings(app)
    post(app, "Post £6,000")
    assert balances(ledger)["P2", "core", "available"] == 350_000


def test_undoing_restores_every_balance_and_says_why_when_it_cannot(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, budget: Path
) -> None:
    before = balances(ledger)
    post(bringing(monkeypatch, ledger, budget), "Post £6,000")
    built = balances(ledger)
    st.cache_resource.clear()
    with Store.open(ledger) as store:
        (spent,) = post_entries(store, [entry("devolve", at("P1", "core"), at("N1", "core"), 250_050)])
    app = page(monkeypatch, NAME, ledger, view="undo", entry="6")
    assert sha(budget) in [each.value for each in app.code]
    assert "kept beside the ledger" in tables(app)
    assert "It cannot be undone" in app.error[0].value
    assert "P1" in tables(app)
    assert "Undo entry 6" not in labels(app.button)
    st.cache_resource.clear()
    run("reverse", spent.number, "--reason", "to undo what came before", "--ledger", ledger)
    assert balances(ledger) == built
    app = page(monkeypatch, NAME, ledger, view="undo", entry="6")
    assert "2 legs back" in tables(app)
    post(app, "Undo entry 6", why="A slip in the file")
    assert balances(ledger) == before
    assert "It is undone already" in app.info[0].value
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        ((reason,),) = reader.rows("SELECT reason FROM entry WHERE reverses = 6")
    assert reason == "A slip in the file"
    # The same file may be decided anew.
    post(bringing(monkeypatch, ledger, budget), "Post £6,000")
    assert balances(ledger) == built


def test_an_app_that_only_reads_names_the_command(monkeypatch: pytest.MonkeyPatch, ledger: Path, budget: Path) -> None:
    monkeypatch.setenv("DEVOLUTION_READ_ONLY", "yes")
    app = bringing(monkeypatch, ledger, budget)
    assert "has the ledger open to read only" in app.info[0].value
    assert app.code[0].value.startswith("devolution import budgets FILE")
    assert "The first three tie, to the penny: £6,000.00." in [one.value for one in app.success]


def test_a_ledger_that_another_program_holds_is_said_to_be_held(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, budget: Path
) -> None:
    program = (
        f"import duckdb\nheld = duckdb.connect({str(ledger)!r}, read_only=True)\nprint('open', flush=True)\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        app = bringing(monkeypatch, ledger, budget)
        assert f"held by process {other.pid}" in app.warning[0].value
        assert "Nothing was posted." in app.warning[0].value
        assert "Totals" in headings(app)
        other.communicate(b"\n", timeout=20)
    well(field(app.button, "Look again").click().run())
    assert "Post £6,000 as one entry" in labels(app.button)


def test_files_that_are_not_safe_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    uncalculated = with_openpyxl(
        tmp_path / "formulas.xlsx", (("Code", "Budget (£)"), ("P1", "=1+1"), ("P2", "=2+2")), lambda *_: None
    )
    files = {
        "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "before 2007"),
        "empty.xlsx": (b"", "it is empty"),
        "not.xlsx": (b"hello", "not an Excel workbook"),
        "note.docx": (b"hello", "is not read"),
        "formulas.xlsx": (uncalculated.read_bytes(), "open the file in excel"),
        f"../../{'n' * 300}.csv": (b"Code,Budget\nP1,\xff\xfe", "UTF-8"),
    }
    app = page(monkeypatch, NAME, ledger, icb="ICB1", fund="core")
    for name, (content, words) in files.items():
        well(app.file_uploader[0].set_value([(name, content, "")]).run())
        assert "Nothing was posted" in app.error[0].value, name
        assert words.lower() in tables(app).lower(), name
        assert "Post it" not in headings(app)
    well(app.file_uploader[0].set_value([("one.csv", b"a", ""), ("one.csv", b"b", "")]).run())
    assert "two files have this name" in tables(app)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == []


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_an_exported_position_begins_another_ledger(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path, kind: str
) -> None:
    out = tmp_path / f"position.{kind}"
    told = json.loads(run("export", "position", "--out", out, "--ledger", ledger, "--json"))
    brought = out
    if kind == "csv":
        brought = tmp_path / "position.zip"  # as the page hands it out
        with zipfile.ZipFile(brought, "w") as archive:
            for path in (out, tmp_path / "datapackage.json"):
                archive.write(path, path.name)
    empty = tmp_path / "empty.duckdb"
    small_file(empty)
    app = bringing(monkeypatch, empty, brought)
    assert told["rows"][0]["content_hash"] in tables(app)
    post(app, "Post")
    assert "The books have all of it already" in app.success[-1].value
    assert balances(empty) == balances(ledger)
    app = page(monkeypatch, NAME, empty, view="undo")
    assert out.name in tables(app)


def test_published_files_are_recognised_tied_and_posted(
    monkeypatch: pytest.MonkeyPatch, published: Path, tmp_path: Path
) -> None:
    path = tmp_path / "new.duckdb"
    Store.create(path).close()
    file = published / "nhs_allocations_2025_26.xlsx"
    told = json.loads(run("import", "published", file, "--ledger", tmp_path / "other.duckdb", "--json"))
    app = bringing(monkeypatch, path, file)
    assert "They tie: £160.2 billion." in app.success[0].value
    assert ">160,241,164,478.31<" in tables(app)
    post(app, "Post 35 entries", who="devolution import")
    assert len(told["entries"]) == 35
    assert "There is nothing to add to the books" in app.success[-1].value
    assert "the books hold it already" in "".join(one.value for one in app.text)
    with Store.open(path, read_only=True) as store, store.read() as reader:
        found = reader.rows("SELECT number, key, source_hash FROM entry ORDER BY number")
    with Store.open(tmp_path / "other.duckdb", read_only=True) as store, store.read() as reader:
        assert found == reader.rows("SELECT number, key, source_hash FROM entry ORDER BY number")
    assert (path.with_name("new.duckdb.files") / f"{sha(file)}.xlsx").exists()
    app = page(monkeypatch, NAME, path, view="undo", entry="1")
    assert "cannot be undone" in app.error[0].value or "nothing to reverse" in app.info[0].value
    if app.error:
        assert "control total" in tables(app)


def test_the_template_of_west_yorkshire_is_taken_at_the_first_try(
    monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path, tmp_path: Path
) -> None:
    path = west_yorkshire(own_demo_ledger, tmp_path)
    app = upload(page(monkeypatch, NAME, own_demo_ledger), path)
    assert field(app.selectbox, "Who pays").value == "QWO"
    assert field(app.selectbox, "Which of it").value == "retained"
    assert "Who pays was inferred from who receives: NHS West Yorkshire ICB (QWO)" in said(app)
    post(app, "Post ")
    assert "The books have this file as entry" in app.success[-1].value
    assert field(app.selectbox, "Who pays").value == "QWO"


def test_a_file_of_two_icbs_asks_who_pays_and_chooses_nobody(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    path = written(tmp_path / "two.xlsx", (("Code", "Budget (£)"), ("P1", 4000), ("P3", 2000), ("Total", 6000)))
    app = upload(page(monkeypatch, NAME, ledger, fund="core"), path)
    assert field(app.selectbox, "Who pays").value == ""
    assert "Who pays could not be told from the file." in app.error[0].value
    assert "First ICB (ICB1) or Second ICB (ICB2)" in tables(app)
    assert "Post it" not in headings(app)
