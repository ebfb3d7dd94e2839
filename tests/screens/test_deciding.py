"""Deciding on a proposal through the app: what the command would post, by who may, and by nobody else."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ledger import clock
from ledger.entries.appointments import appoint
from ledger.entries.draft import Draft
from ledger.entries.posting import post as post_entries
from ledger.entries.proposals import decide, submit
from ledger.store.base import Store
from scenarios.outcome import library
from screens.web.audit import proposals as deciding
from tests.allocations.excel.commands import run
from tests.allocations.excel.workbooks import PLAIN, written
from tests.books import MAY, agreement, at, entry, fund_all, small_books
from tests.ledger.test_rights import LONG_AGO, devolve
from tests.screens.importing import balances, bringing, field, funded, headings, labels, sha
from tests.screens.pages import asked, no_leftovers, page, said, tables, well
from tests.shelves import small_file

__all__ = ["no_leftovers"]
PEOPLE = (
    ("anna", "preparer", "ICB1", None), ("bert", "approver", "ICB1", None), ("vera", "viewer", "ICB1", None),
    ("carl", "approver", "ICB1", 499), ("otto", "preparer", "ICB2", None), ("olga", "approver", "ICB2", None),
    ("nick", "preparer", "NHS", None), ("nora", "approver", "NHS", None),
)  # fmt: skip
PLAN, PARTS, THEIRS = "anna/plan", "anna/in parts", "otto/theirs"
# What an entry says, and what only its place in the chain makes of it: a quiet key, its hashes, its time.
CONTENT = "SELECT number, kind, effective_date, actor, reason, authority, source, source_hash, reverses FROM entry"
LEGS = "SELECT * FROM transfer"
ENDS = "SELECT proposal, prepared_by, outcome, decided_by, reason, entry_number FROM proposal_end"


def furnish(path: Path) -> Path:
    """Books with people of two ICBs, and three proposals of theirs."""
    with Store.open(small_file(path, funded=True)) as store:
        appointed(store)
        propose(store, PLAN, "anna", devolve(500), source="plan.yaml", source_hash="a" * 64)
        propose(store, PARTS, "anna", devolve(300, "one"), devolve(200, "two", place="P2"))
        propose(store, THEIRS, "otto", devolve(700, "far", "ICB2", "P3"))
        store.checkpoint()
    return path


def appointed(store: Store) -> None:
    """From here on rights count."""
    appoint(store, "chief", "administrator", by="setting up", reason="x", day=LONG_AGO)
    for name, role, icb, limit in PEOPLE:
        appoint(store, name, role, by="chief", reason="x", day=LONG_AGO, organisation=icb, limit_pence=limit)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(tmp_path_factory.mktemp("deciding") / "office.duckdb")


@pytest.fixture
def office(furnished: Path, tmp_path: Path) -> Path:
    """A copy of those books, on which the app is opened."""
    return Path(shutil.copy(furnished, tmp_path / "office.duckdb"))


def propose(store: Store, key: str, by: str, *drafts: Draft, **given: Any) -> None:
    submit(store, drafts, key=key, title=f"Secret {key}", prepared_by=by, **given)


def by_address(monkeypatch: pytest.MonkeyPatch, ledger: Path, name: str | None, key: str = PLAN) -> AppTest:
    """The proposal as somebody meets it who opens its address."""
    if name is None:
        monkeypatch.delenv("DEVOLUTION_PERSON", raising=False)
    else:
        monkeypatch.setenv("DEVOLUTION_PERSON", name)
    return page(monkeypatch, "audit", ledger, view="proposals", proposal=key)


def choose(app: AppTest, decision: str) -> AppTest:
    return well(field(app.radio, "Your decision").set_value(decision).run())


def press(app: AppTest, button: str, why: str = "The board agreed", who: str | None = None) -> AppTest:
    """Say why, and who where nobody signs in, and press the last button."""
    if who is not None:
        field(app.text_input, "Who decides").input(who)
    field(app.text_input, "Why it is decided so").input(why)
    return well(field(app.button, button).click().run())


def last_buttons(app: AppTest) -> list[str]:
    return [label for label in labels(app.button) if label.startswith(("Approve", "Reject", "Withdraw", "Let it"))]


def rows(ledger: Path, *questions: str) -> list[list[tuple[object, ...]]]:
    st.cache_resource.clear()
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        return [sorted(reader.rows(question), key=str) for question in questions]


def everything(ledger: Path) -> list[list[tuple[object, ...]]]:
    return rows(ledger, CONTENT, LEGS, ENDS)


def test_it_says_what_it_would_do_before_anybody_decides(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    app = by_address(monkeypatch, office, "bert")
    shown = tables(app)
    for part in ("Secret anna/plan", "anna", "plan.yaml", "a" * 64, "First ICB (ICB1): core, available, 2025/26",
                 "First place (P1): core, available, 2025/26", ">5.00<", "no limit"):  # fmt: skip
        assert part in shown.replace("Core", "core"), part
    assert "Tried against every rule of the books: it can be done" in said(app)
    assert "Tried against" not in said(by_address(monkeypatch, office, "bert", ""))
    assert last_buttons(app) == ["Approve it: post £5.00"]


@pytest.mark.parametrize(
    ("decision", "key", "who", "button", "command"),
    [
        ("posted", PLAN, "bert", "Approve it: post £5.00", ("approve",)),
        ("part-posted", PARTS, "bert", "Approve 2 of its 2 entries", ("approve", "--only", 2)),
        ("rejected", PLAN, "bert", "Reject it", ("reject",)),
        ("withdrawn", PLAN, "anna", "Withdraw it", ("withdraw",)),
    ],
)
def test_what_is_decided_here_is_what_the_command_would_have_posted(
    monkeypatch: pytest.MonkeyPatch, office: Path, decision: str, key: str, who: str, button: str, command: tuple[str]
) -> None:
    copy = Path(shutil.copy(office, office.with_name("copy.duckdb")))
    how, *more = command
    run("proposal", how, key, "--actor", who, "--reason", "The board agreed", *more, "--ledger", copy)
    app = by_address(monkeypatch, office, who, key)
    app = choose(app, decision)
    if more:
        assert last_buttons(app) == []
        well(field(app.multiselect, "Which of its entries").set_value([2]).run())
    well(field(app.button, button).click().run())
    assert "Say why." in app.error[0].value
    press(app, button)
    posted, _, ends = after = everything(office)
    assert after == everything(copy)
    assert balances(office) == balances(copy)
    # The list says so from the books, with the way to the entries.
    (end,) = ends
    assert end[:5] == (key, "anna", decision, who, "The board agreed")
    assert f'view=entries&amp;entry={end[5]}" target="_self">{decision}</a>' in tables(app)
    assert "How it ended" in headings(app)
    assert not app.warning
    followed = [row[0] for row in posted if int(str(row[0])) > int(str(end[5]))]
    assert len(followed) == (1 if "posted" in decision else 0)
    assert all(f"Entry {number}, leg by leg" in tables(app) for number in followed)


@pytest.mark.parametrize(
    ("name", "reason", "left"),
    [
        ("anna", "Nobody decides on what they prepared.", {"rejected": False, "withdrawn": True}),
        ("vera", "vera may not approve for First ICB (ICB1), £5.00 in all.", {"rejected": False, "withdrawn": False}),
        ("carl", "carl may not approve for First ICB (ICB1), £5.00 in all.", {"rejected": True, "withdrawn": False}),
    ],
)
def test_who_may_not_is_told_why_before_pressing_and_has_no_button(
    monkeypatch: pytest.MonkeyPatch, office: Path, name: str, reason: str, left: dict[str, bool]
) -> None:
    """A preparer takes back what is theirs, an approver rejects what is above their limit, a viewer does nothing."""
    before = everything(office)
    app = by_address(monkeypatch, office, name)
    if name == "anna":
        assert "You prepared it" in said(app)
        assert "£5.00 would be reserved no longer" in said(app)
        assert last_buttons(app) == ["Withdraw it"]
    choose(app, "posted")
    assert f"It cannot be approved by {name} as things stand" in app.error[0].value
    assert reason in tables(app)
    assert last_buttons(app) == []
    assert "Why it is decided so" not in labels(app.text_input)
    assert {decision: bool(last_buttons(choose(app, decision))) for decision in left} == left
    assert everything(office) == before


def test_one_icb_neither_sees_anothers_proposal_in_the_list_nor_by_its_address(
    monkeypatch: pytest.MonkeyPatch, office: Path
) -> None:
    for name, key in (("otto", PLAN), ("olga", PLAN), ("bert", THEIRS)):
        app, unknown = (by_address(monkeypatch, office, name, one) for one in (key, "no such thing"))
        assert app.warning[0].value.replace(key, "KEY") == unknown.warning[0].value.replace("no such thing", "KEY")
        shown = tables(app) + said(app) + "".join(option for box in app.selectbox for option in box.options)
        assert shown == tables(unknown) + said(unknown) + "".join(o for box in unknown.selectbox for o in box.options)
        assert f"Secret {key}" not in shown
        assert last_buttons(app) == []
    for name in ("a stranger", None):
        app = by_address(monkeypatch, office, name)
        assert [info.value for info in app.info] == ["No proposal is here for you to see."]
        assert "Secret" not in tables(app) + said(app)
        assert last_buttons(app) == []


def test_of_a_proposal_of_several_payers_each_sees_their_legs_and_is_told_so(
    monkeypatch: pytest.MonkeyPatch, office: Path
) -> None:
    with Store.open(office) as store:
        propose(store, "national", "nick", devolve(5, "near"), devolve(7, "away", "ICB2", "P3"))
    app = by_address(monkeypatch, office, "bert", "nick/national")
    assert "Others pay in it too" in app.warning[0].value
    assert "Third place" not in tables(app)
    assert "money of organisations over which bert has no right" in tables(app)
    assert last_buttons(app) == []
    assert last_buttons(by_address(monkeypatch, office, "nora", "nick/national")) == ["Approve it: post £0.12"]


def test_of_two_tabs_that_decide_the_second_hears_that_it_is_decided(
    monkeypatch: pytest.MonkeyPatch, office: Path
) -> None:
    first, second = (by_address(monkeypatch, office, "bert") for _ in range(2))
    choose(second, "rejected")
    press(first, "Approve it")
    before = everything(office)
    press(second, "Reject it", why="Too late")
    assert "It was decided while you looked at it. Nothing of yours was posted" in second.warning[0].value
    assert "It was approved by bert: The board agreed" in said(second)
    assert last_buttons(second) == []
    assert everything(office) == before


@pytest.mark.parametrize(
    ("meanwhile", "said_then"),
    [
        (lambda store: decide(store, PLAN, outcome="rejected", decided_by="nora", reason="no"), "rejected by nora"),
        (lambda store: propose(store, "another", "anna", devolve(1, "another")), "The books have moved on"),
    ],
)
def test_who_comes_between_the_page_and_its_posting_is_heard_of(
    monkeypatch: pytest.MonkeyPatch, office: Path, meanwhile: Callable[[Store], object], said_then: str
) -> None:
    """Closer than two tabs: after the page was drawn for the press, before the books are written."""
    app = by_address(monkeypatch, office, "bert")
    real = deciding.decide

    def late(store: Store, *about: Any, dry_run: bool, **given: Any) -> object:
        if not dry_run:
            monkeypatch.setattr(deciding, "decide", real)
            meanwhile(deciding_store())
        return real(store, *about, dry_run=dry_run, **given)

    def deciding_store() -> Store:
        from screens.web.shell import open_ledger

        found = open_ledger.store()
        assert found is not None
        return found

    monkeypatch.setattr(deciding, "decide", late)
    press(app, "Approve it")
    told = "".join(warning.value for warning in app.warning) + tables(app)
    assert said_then in told
    assert ("P1", "core", "available") not in balances(office)


def test_a_proposal_past_its_day_is_not_approved_but_let_to_expire(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, yesterday = tmp_path / "late.duckdb", datetime.now(UTC).date() - timedelta(days=1)
    with Store.create(path) as store, monkeypatch.context() as then:
        then.setattr(clock, "now", lambda _: datetime(2025, 6, 1, 12, tzinfo=UTC))
        small_books(store)
        fund_all(store)
        propose(store, PLAN, "anna", devolve(5), expires_on=yesterday)
    app = by_address(monkeypatch, path, None)
    assert f"it could be approved until {yesterday}" in tables(app)
    assert "Its figures may be out of date." in tables(app)
    assert last_buttons(app) == []
    press(choose(app, "expired"), "Let it expire", who="Finance")
    assert rows(path, "SELECT outcome, decided_by FROM proposal_end") == [[("expired", "Finance")]]


def test_where_nobody_signs_in_it_is_asked_who_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = funded(tmp_path / "own.duckdb")
    with Store.open(path) as store:
        propose(store, PLAN.upper(), "Finance", devolve(5, "x"))
        propose(store, PLAN, "Finance", devolve(7), agreement(organisation="ICB1", fund="core", amount_pence=12345))
    app = by_address(monkeypatch, path, None)
    assert asked(app, "proposal") == PLAN  # and not the other, whose name differs by a capital alone
    assert "Entry 2 of it records: agreement" in tables(app)
    assert "amount £123.45; " in tables(app)
    well(field(app.button, "Approve it").click().run())
    assert "Say who decides and why." in app.error[0].value
    press(app, "Approve it", who="Finance")
    assert "Nobody decides on what they prepared." in tables(app)
    assert ("P1", "core", "available") not in balances(path)
    press(app, "Approve it", who="  The   board ")
    assert balances(path)["P1", "core", "available"] == 7
    assert rows(path, "SELECT decided_by FROM proposal_end") == [[("The board",)]]


def test_an_authority_is_named_on_the_entries_that_have_none_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = funded(tmp_path / "fenced.duckdb")
    with Store.open(path) as store:
        post_entries(store, [entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 50)])
        out = entry("vire", at("ICB1", "winter"), at("ICB1", "core"), 5, day=MAY, key="out of it", authority="Minute 7")
        propose(store, PLAN, "anna", out, devolve(5))
    app = by_address(monkeypatch, path, None)
    assert "Minute 7" in tables(app)
    field(app.text_input, "On whose authority").input("The director")
    press(well(app.run()), "Approve it", who="bert")
    found = rows(path, "SELECT key, authority FROM entry WHERE actor = 'bert' AND authority IS NOT NULL")
    assert found == [[(f"decide/{PLAN}", "The director"), ("devolve it", "The director"), ("out of it", "Minute 7")]]


def test_it_leads_to_the_scenario_that_it_comes_from_where_that_is_still_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, (name, file) = funded(tmp_path / "own.duckdb"), next(iter(library().items()))
    with Store.open(path) as store:
        for key, digest in (("same", sha(file)), ("changed", "c" * 64)):
            propose(store, key, "anna", devolve(5, key), source=file.name, source_hash=digest)
    link = f'href="scenarios?scenario={name}"'
    assert link in tables(by_address(monkeypatch, path, None, "same"))
    changed = tables(by_address(monkeypatch, path, None, "changed"))
    assert link not in changed
    assert file.name in changed


def test_an_app_that_only_reads_names_the_command(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    monkeypatch.setenv("DEVOLUTION_READ_ONLY", "1")
    st.cache_resource.clear()
    app = by_address(monkeypatch, office, "bert", PARTS)
    assert last_buttons(app) == []
    assert "devolution proposal approve 'anna/in parts' --actor WHO --reason '...'" in app.code[0].value
    st.cache_resource.clear()


def test_a_viewer_and_a_preparer_post_nothing_and_undo_nothing_on_the_page_of_imports(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, budget = funded(tmp_path / "imports.duckdb"), written(tmp_path / "budget.xlsx", PLAIN)
    with Store.open(path) as store:
        given = entry("allocate", at("NHS", "limit"), at("ICB1", "growth"), 500)
        (done,) = post_entries(store, [replace(given, source="growth.xlsx", source_hash="b" * 64)])
        appointed(store)
        appoint(store, "nora", "approver", by="chief", reason="x", day=LONG_AGO, organisation="NHS", alone=True)
    before = everything(path)
    # What is worked out for one person is not what the next one sees.
    for name, may in (("nora", True), ("vera", False), ("anna", False)):
        monkeypatch.setenv("DEVOLUTION_PERSON", name)
        app = page(monkeypatch, "import_export", path, view="undo", entry=str(done.number))
        assert (f"Undo entry {done.number}" in labels(app.button)) == may
        assert (f"{name} may not reverse an entry of NHS England (NHS), £5.00 in all." in tables(app)) != may
        app = bringing(monkeypatch, path, budget)
        assert ("Post £6,000 as one entry" in labels(app.button)) == may
        assert (f"{name} may not post money of First ICB (ICB1) without a proposal" in tables(app)) != may
    assert everything(path) == before
