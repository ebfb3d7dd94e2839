"""An import one step at a time: where a file leads, what is shown, and problems that are answered with one click."""

import re
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from screens.web.importing.wizard import STEPS
from tests.allocations.excel.workbooks import written
from tests.screens.importing import balances, bringing, field, funded, labels, post
from tests.screens.pages import no_leftovers, tables, well

__all__ = ["no_leftovers"]
PLAIN = (("Code", "Budget (£)"), ("P1", 2500.5), ("P2", 3499.5), ("Total", 6000))
DASH = (("Code", "Budget (£)"), ("P1", 6000), ("P2", "-"), ("Total", 6000))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return funded(tmp_path / "ledger.duckdb")


def step(app: AppTest) -> str:
    """The step that is shown: the one that the page's style does not hide."""
    (style,) = re.findall(r"<style>(\[class.*?) \{display: none\}", "".join(one.proto.body for one in app.get("html")))
    (shown,) = [name for name in STEPS if f"st-key-import-{name}-" not in style]
    assert field(app.radio, "Step of the import").value == shown
    return shown


def states(app: AppTest) -> list[str]:
    return list(field(app.radio, "Step of the import").options)


def test_a_file_that_is_understood_leads_from_its_grid_to_the_record(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    app = bringing(monkeypatch, ledger, written(tmp_path / "plain.xlsx", PLAIN))
    assert step(app) == "columns"
    assert states(app) == ["1. File", "2. Sheet and columns", "3. Problems: none", "4. Before and after: tie",
                           "5. Record: ready"]  # fmt: skip
    # The sheet itself, each column under what it was taken for.
    shown = unescape(tables(app))
    assert ">A: Code of who receives</th>" in shown
    assert ">B: Amount</th>" in shown
    for way, then in (("problems", "problems"), ("before and after", "totals"), ("record", "record")):
        well(field(app.button, f"Next: {way}").click().run())
        assert step(app) == then
    well(field(app.button, "Back: before and after").click().run())
    assert step(app) == "totals"
    # By hand: the ICB has £6,000.00 and hands out all of it; the places had nothing.
    assert [re.sub(r"<[^>]+>", " ", row).split()[-4:] for row in re.findall(r"<tr role=\"row\"[^>]*><th.*?</tr>", shown)
            if ">available<" in row] == [
        ["available", "0.00", "2,500.50", "2,500.50"],
        ["available", "0.00", "3,499.50", "3,499.50"],
        ["available", "6,000.00", "-6,000.00", "0.00"],
    ]  # fmt: skip
    well(field(app.radio, "Step of the import").set_value("record").run())
    post(app, "Post £6,000")
    assert states(app)[-1] == "5. Record: in the books already"
    assert balances(ledger)["P2", "core", "available"] == 349_950


def test_a_problem_is_answered_with_one_click_and_the_way_goes_on(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    app = bringing(monkeypatch, ledger, written(tmp_path / "dash.xlsx", DASH))
    assert step(app) == "problems"
    assert states(app)[2] == "3. Problems: 1 found"
    assert "5. Record: ready" not in states(app)
    assert "A dash means: No amount" in labels(app.button)
    well(field(app.button, "A dash means: Zero").click().run())
    assert step(app) == "problems"  # nobody is carried off
    assert states(app)[2:] == ["3. Problems: none", "4. Before and after: tie", "5. Record: ready"]
    assert field(app.selectbox, "A dash means").value == "zero"


def test_a_link_to_a_step_opens_there_and_the_next_file_where_it_leads(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    plain, dash = written(tmp_path / "plain.xlsx", PLAIN), written(tmp_path / "dash.xlsx", DASH)
    app = bringing(monkeypatch, ledger, plain, step="totals")
    assert step(app) == "totals"
    well(app.file_uploader[0].set_value([(dash.name, dash.read_bytes(), "")]).run())
    assert step(app) == "problems"
    well(app.file_uploader[0].set_value([(plain.name, plain.read_bytes(), "")]).run())
    assert step(app) == "columns"
