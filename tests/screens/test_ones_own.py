"""A ledger of one's own from the app: the same ledger as `devolution new` makes."""

from pathlib import Path

import pytest

from ledger.store.base import Store
from tests.screens.importing import field
from tests.screens.pages import document, no_leftovers, page, said, well
from tests.screens.test_record_page import same_books

__all__ = ["no_leftovers"]


@pytest.mark.parametrize("is_there", [False, True])
def test_it_begins_on_the_page_as_by_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, is_there: bool
) -> None:
    ledger, other = tmp_path / "mine.duckdb", tmp_path / "other.duckdb"
    if is_there:
        Store.create(ledger).close()
    app = page(monkeypatch, "overview", ledger)
    well(field(app.button, "Begin this ledger").click().run())
    assert app.error[0].value == "Choose at least one ICB. Nothing was made."
    assert ledger.exists() is is_there
    field(app.multiselect, "ICBs").set_value(["QWO"])
    well(app.run())
    well(field(app.button, "Begin this ledger").click().run())
    assert "No money stands in this ledger yet." in app.info[0].value
    document("new", "--year", "2025/26", "--icb", "QWO", "--ledger", other)
    assert same_books(ledger, other)


def test_the_year_has_its_own_icbs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = page(monkeypatch, "overview", tmp_path / "mine.duckdb")
    assert len(field(app.multiselect, "ICBs").options) == 42
    field(app.selectbox, "Year that it begins").select_index(1)
    well(app.run())
    assert len(field(app.multiselect, "ICBs").options) == 36


def test_an_app_that_only_reads_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEVOLUTION_READ_ONLY", "yes")
    app = page(monkeypatch, "overview", tmp_path / "mine.duckdb")
    assert "begin a ledger of your own" in said(app)
    assert f"devolution new --year 2025/26 --icb QWO --ledger {tmp_path / 'mine.duckdb'}" in [
        one.value for one in app.code
    ]
    assert not app.button
