"""Files as people bring them, on the pages that take them: each ends as it does by command."""

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from allocations.files.budgets.mapping import Meaning
from ledger.money import exact_pounds
from screens.web.importing.common import MEANINGS
from tests.allocations.excel.test_cases import CASES, EXPECTED, Comes, answered, pence_in
from tests.conftest import NOT_HERE
from tests.profiles import by_night
from tests.screens.importing import bringing, field, labels
from tests.screens.pages import asked, no_leftovers, page, tables, well

__all__ = ["no_leftovers"]
BUDGETS = [name for name in EXPECTED if not name.startswith(("h_", "p_", "claims"))]
HISTORIC = [name for name in EXPECTED if name.startswith("h_")]


def some(names: list[str]) -> list[Any]:
    """Of the files that are accepted, and of those that are refused, every fourth; the others go by page by night.

    By command every file goes by day too.
    """
    accepted = [name for name in names if isinstance(EXPECTED[name], Comes)]
    refused = [name for name in names if name not in accepted]
    chosen = [*accepted[::4], *refused[::4]]
    return [*chosen, *by_night(name for name in names if name not in chosen)]


@pytest.fixture(scope="module")
def copy(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo for the commands, beside the one that the app has open."""
    path = tmp_path_factory.mktemp("cases") / "demo.duckdb"
    shutil.copy(demo_ledger, path)
    return path


def rows(app: AppTest) -> list[str]:
    """The rows of all tables on a page, as text; of an amount that is rounded, the penny that the page keeps."""
    exact = re.sub(r'<data value="([^"]*)">[^<]*', r"\1", tables(app))
    found = re.findall(r"<tr.*?</tr>", exact, re.DOTALL)
    return [unescape(re.sub(r"<[^>]+>", " ", row)) for row in found]


def case(name: str, copy: Path) -> tuple[Path, int, dict[str, Any]]:
    """A file with the exit status and the answer of its command."""
    path = CASES / name
    if not path.is_file():
        pytest.skip(NOT_HERE)
    return path, *answered(path, copy, *EXPECTED[name].options)


def told_as_by_command(app: AppTest, name: str, answer: dict[str, Any]) -> None:
    """That a refusal on the page says what it must, and as many problems at the same places."""
    shown = rows(app)
    expected = EXPECTED[name]
    assert any(all(words in row for words in expected.says) for row in shown), shown
    number = len(answer["problems"])
    said = "One problem" if number == 1 else f"{number:,} problems"
    assert any(one.label.startswith(said) for one in app.get("download_button")), (number, app.error[0].value)
    assert any(answer["problems"][0]["place"] in row for row in shown), answer["problems"]


@pytest.mark.parametrize("name", some(BUDGETS))
def test_a_budget_ends_as_by_command(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, copy: Path, name: str) -> None:
    path, status, answer = case(name, copy)
    app = bringing(monkeypatch, demo_ledger, path, icb="QWO", year="2025", fund="core-community", standing="retained")
    for box in app.checkbox:
        if box.label.startswith("What is not handed out"):
            well(box.check().run())
    if EXPECTED[name].options:
        well(field(app.selectbox, "Its totals are rounded to").set_value(EXPECTED[name].options[1]).run())
    posts = [label for label in labels(app.button) if label.startswith("Post ")]
    if isinstance(EXPECTED[name], Comes):
        assert status == 0
        assert len(posts) == 1, (rows(app), [one.value for one in app.error])
        assert any(f" {exact_pounds(pence_in(path, answer))} " in row for row in rows(app)), rows(app)
        assert pence_in(path, answer) == EXPECTED[name].pence
        return
    assert (status, posts) == (1, [])
    told_as_by_command(app, name, answer)


def test_a_column_of_a_budget_can_be_called_whatever_it_may_be() -> None:
    assert set(MEANINGS) == set(Meaning)


@pytest.mark.parametrize("name", some(HISTORIC))
def test_historic_budgets_end_as_by_command(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, copy: Path, name: str
) -> None:
    path, status, answer = case(name, copy)
    app = page(monkeypatch, "places", demo_ledger, icb="QWO", line="core-community")
    well(field(app.file_uploader, "Historic budgets").set_value((path.name, path.read_bytes(), "")).run())
    if isinstance(EXPECTED[name], Comes):
        assert status == 0
        assert any(f" {exact_pounds(pence_in(path, answer))} " in row for row in rows(app)), rows(app)
        return
    assert status == 1
    assert any(all(words in row for words in EXPECTED[name].says) for row in rows(app)), rows(app)


def test_places_of_ones_own_end_as_by_command(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, copy: Path) -> None:
    path, status, _ = case("p_variants.csv", copy)
    app = page(monkeypatch, "places", demo_ledger, icb="QWO", places="own")
    well(field(app.file_uploader, "A file of places").set_value((path.name, path.read_bytes(), "")).run())
    assert (status, [one.value for one in app.error]) == (0, [])
    assert asked(app, "own").startswith("QWO|")
