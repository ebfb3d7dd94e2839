"""The overview, without a browser."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger import clock
from ledger.entries import posting
from ledger.money import exact_pounds, spoken
from ledger.reports import position, summary
from ledger.store.base import Store
from tests.books import at, entry, small_books
from tests.screens.pages import asked, no_leftovers, page, said, tables, well
from tests.shelves import small_file

__all__ = ["no_leftovers"]
NAME = "overview"


def test_all_icbs_at_once(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, NAME, demo_ledger)
    assert app.title[0].value == "Where the money goes"
    assert "£160.2 billion to ICBs" in said(app)
    assert [(metric.label, metric.value) for metric in app.metric] == [
        ("Total", "£205.1 billion"), ("Local and free (illustrative)", "18.1%"),
        ("Ring-fenced, soft included (illustrative)", "29.3%"),
    ]  # fmt: skip
    assert "Illustrative" in said(app)
    assert "March 2025" in said(app)


def test_the_icb_is_in_the_address_both_ways(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO")
    assert app.selectbox(key="icb").value == "QWO"
    assert "NHS West Yorkshire ICB receives £6.7 billion" in said(app)
    well(app.selectbox(key="icb").select("QMM").run())
    assert asked(app, "icb") == "QMM"
    assert "Norfolk and Waveney" in said(app)
    app.selectbox(key="icb").select("").run()
    assert "icb" not in app.query_params


def test_the_tables_hold_every_figure_to_the_penny(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    shown = tables(page(monkeypatch, NAME, demo_ledger, icb="QWO", part="all"))
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        found = summary.take(reader, position.moment(reader), year=2025, icb="QWO")
    assert found.links
    for link in found.links:
        assert f'"{exact_pounds(link.amount_pence)}"' in shown
    assert "audit?view=made&amp;under=QWO&amp;year=2025&amp;tier=icb&amp;grade=none" in shown
    # Cards, bands of the flow and cells all lead to the balances that they are the sum of.
    assert f"What {spoken(found.local_and_free.pence)} is made of" in shown
    assert f"What {spoken(found.ring_fenced.pence)} is made of" in shown
    assert shown.count("audit?view=made") > len(found.links) + 3


def test_a_figure_of_the_overview_opens_as_what_it_is_made_of(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        found = summary.take(reader, position.moment(reader), year=2025, icb="QWO")
    for part in (found.local_and_free, found.links[-1]):
        app = page(monkeypatch, "audit", demo_ledger, view="made", under="QWO", year="2025", **part.only)
        pence = part.pence if isinstance(part, summary.ShareHeld) else part.amount_pence
        assert f">{exact_pounds(pence)}<" in tables(app)
        assert "narrowed to" in said(app)


def test_what_changed_since_a_day(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, NAME, demo_ledger, since="2025-06-30")
    assert "Nothing was recorded in these books by the end of 30 June 2025" in said(app)
    # Beside nothing everything is new: a column of zeros would say no more.
    assert "Held then and now" not in tables(app)
    wrong = page(monkeypatch, NAME, demo_ledger, since="31 June")
    assert "asks for the day '31 June'" in wrong.warning[0].value


def test_held_then_stands_beside_held_now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the end of 10 June an ICB had 1,000 pounds; two days later 250 more came."""
    ledger = tmp_path / "books.duckdb"
    with monkeypatch.context() as patch:
        for day, pounds in ((9, 1_000), (12, 250)):
            now = datetime(2025, 6, day, 9, 0, tzinfo=UTC)
            patch.setattr(clock, "machine", lambda now=now: now)
            patch.setattr(posting, "_now", lambda now=now: now)
            is_new = not ledger.exists()
            with Store.open_or_create(ledger) as store:
                if is_new:  # made here, and not copied: what is copied was recorded by the machine's own clock
                    small_books(store)
                posting.post(
                    store,
                    [
                        entry("mandate", at("GOV", "limit"), at("NHS", "limit"), pounds * 100),
                        entry("allocate", at("NHS", "limit"), at("ICB1", "core"), pounds * 100),
                    ],
                )
    shown = tables(page(monkeypatch, NAME, ledger, since="2025-06-10", part="all"))
    assert "Held then and now (since 10 June 2025)" in shown
    assert [exact_pounds(pence) in shown for pence in (100_000, 125_000, 25_000)] == [True] * 3


def test_an_address_with_an_unknown_icb_says_so(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, NAME, demo_ledger, icb="<script>")
    assert "which holds no money in this ledger" in app.warning[0].value
    assert app.selectbox(key="icb").value == ""


def test_without_a_ledger_it_offers_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = page(monkeypatch, NAME, tmp_path / "none.duckdb")
    assert "There is no ledger" in app.info[0].value
    assert "devolution demo --ledger" in app.code[0].value
    assert "devolution new --year 2025/26 --icb QWO --ledger" in app.code[1].value


def test_an_empty_ledger_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Store.create(tmp_path / "empty.duckdb").close()
    assert "The ledger is empty" in page(monkeypatch, NAME, tmp_path / "empty.duckdb").info[0].value


def test_a_ledger_that_is_held_says_who_holds_it(monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path) -> None:
    with Store.open(own_demo_ledger):
        app = page(monkeypatch, NAME, own_demo_ledger)
    assert "is held by" in app.warning[0].value


def test_a_file_that_is_no_ledger_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("no database at all " * 100)
    assert "cannot be read as a ledger" in page(monkeypatch, NAME, tmp_path / "x.duckdb").warning[0].value


def test_a_ledger_of_ones_own_without_money_says_how_it_is_filled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    small_file(tmp_path / "own.duckdb")
    app = page(monkeypatch, NAME, tmp_path / "own.duckdb")
    assert "No money stands in this ledger yet" in app.info[0].value
    assert "devolution template register" in app.code[0].value
