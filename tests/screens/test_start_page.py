"""The first page, without a browser: what it asks, and that its headlines are what the pages and commands say."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ledger.store.base import Store
from screens.report.questions import QUESTIONS, WAYS, WHAT_IFS
from tests.screens.pages import ROOT, document, no_leftovers, page, tables, well

__all__ = ["no_leftovers"]


def test_every_question_has_the_headline_of_its_answer(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "start", demo_ledger, icb="QWO")
    assert app.title[0].value == "What do you want to know?"
    shown = tables(app)
    for question in (*QUESTIONS, *WHAT_IFS):
        assert f">{question.asked}</a></h2>" in shown
    assert "overview?icb=QWO" in shown
    # What the overview says, and the command.
    assert "NHS West Yorkshire ICB receives £6.7 billion and passes on £1.5 billion" in shown
    # Published: opening distance and convergence of West Yorkshire, core services.
    (target,) = [row for row in document("targets")["rows"] if row["icb"] == "QWO"]
    assert -0.005 < target["closing_distance"] < -0.003
    assert "ends the year 0.4% below its target for core services (published)" in shown
    (pots,) = [row["pots"] for row in document("pots", "--seen-by", "icb", "--organisation", "QWO", "--ledger",
                                               demo_ledger)["rows"]]  # fmt: skip
    assert f"In {pots} pots. They ask for" in shown
    assert "Nothing is recorded that came in March 2026" in shown
    # The expected results of the library scenarios: £10.8 billion more at place; 18 pots become 16.
    assert "Decided at place or below rises by £10.8 billion, to £45.7 billion." in shown
    assert "Local and free rises by £501.9 million, to £29.6 billion." in shown
    assert "With how many pots does an ICB work? Today, 18; after the change, 16." in shown
    # Today is what the books hold in each of them: 32 returns, and 8 more with two pots that one takes as given.
    starts = re.findall(r"returns are asked of an ICB in a year\? Today, (\d+);", shown)
    assert starts == ["32", "32"]
    assert "Today, 32; with 2 pots added, 40; after the change, 32." in shown
    assert "With 1 pot added, 78.9%; after the change, 99.3%." in shown


def test_of_all_icbs_it_says_what_is_told_of_one_alone(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    shown = tables(page(monkeypatch, "start", demo_ledger))
    assert "A month is told for one ICB." in shown
    assert "at the ICB in the middle of 42" in shown
    assert "icb=" not in shown


def test_nobody_needs_more_than_three_steps() -> None:
    assert [len(way.steps) for way in WAYS] == [3, 3, 3]


def test_without_money_it_still_shows_the_ways(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Store.create(tmp_path / "empty.duckdb").close()
    app = page(monkeypatch, "start", tmp_path / "empty.duckdb")
    assert "The ledger is empty" in app.info[0].value
    assert "You sit on a board" in tables(app)


def test_it_is_the_first_page_and_the_navigation_fits_a_line(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    monkeypatch.setenv("DEVOLUTION_LEDGER", str(demo_ledger))
    monkeypatch.chdir(ROOT)
    app = well(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run())
    assert app.title[0].value == "What do you want to know?"
    source = (ROOT / "streamlit_app.py").read_text()
    # Twelve names take 1,050 of a screen's 1,280 pixels.
    assert 1 < source.count("st.Page(") - source.count('visibility="hidden"') <= 12
