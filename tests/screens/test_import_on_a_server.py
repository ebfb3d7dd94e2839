"""The page of imports on a ledger that many share: it posts with the right to, and says plainly where it has none."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.address import ServerAddress, in_full
from ledger.store.base import Store
from tests.allocations.excel.workbooks import PLAIN, written
from tests.books import held
from tests.screens.importing import ASKED, NAME, headings, labels, post, upload
from tests.screens.pages import ROOT, no_leftovers, page
from tests.shelves import ServerShelf, Template, administrator, on_server, raw

__all__ = ["no_leftovers"]
pytestmark = pytest.mark.parametrize("kind", ["server"])


@pytest.fixture
def ledger(shelf: ServerShelf, funded_template: Template) -> ServerAddress:
    return shelf.copy(funded_template(shelf.kind), "app")


@pytest.fixture
def reading_user(ledger: ServerAddress) -> Iterator[str]:
    """A user with the rights that the guide for servers gives to those who read."""
    name = f"{ledger.url.rpartition('/')[2]}_reads"
    guide = (ROOT / "docs" / "server.md").read_text("utf-8")
    (admits,) = re.findall(r"^(SELECT ledger_admit)\('devolution_reads', 'reads'\);$", guide, re.MULTILINE)
    with administrator() as server:
        server.execute(f'CREATE ROLE "{name}" LOGIN')
    with raw(ledger) as database:
        database.execute(f"{admits}('{name}', 'reads')")
    yield name
    with raw(ledger) as database:
        database.execute(f'DROP OWNED BY "{name}"')
    with administrator() as server:
        server.execute(f'DROP ROLE "{name}"')


def test_the_reading_user_sees_all_of_it_and_is_told_that_the_database_refuses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ledger: ServerAddress, reading_user: str
) -> None:
    address = on_server(ledger.url.rpartition("/")[2], reading_user)
    budget = written(tmp_path / "budget.xlsx", PLAIN)
    app = upload(page(monkeypatch, NAME, in_full(address), **ASKED), budget)
    assert "The first three tie, to the penny: £6,000.00." in [one.value for one in app.success]
    assert "does not allow this user to do that" in app.warning[0].value
    assert "Post £6,000 as one entry" not in labels(app.button)


def test_the_posting_user_posts_and_a_second_app_hears_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ledger: ServerAddress
) -> None:
    budget = written(tmp_path / "budget.xlsx", PLAIN)
    monkeypatch.setenv("DEVOLUTION_FILES", str(tmp_path / "kept"))
    app = upload(page(monkeypatch, NAME, in_full(ledger), **ASKED), budget)
    with Store.open(ledger) as other:
        assert held(other)["ICB1", "core", "available"] == 600_000
        post(app, "Post £6,000")
        assert "The books have this file as entry 6" in app.success[-1].value
        assert held(other)["P1", "core", "available"] == 250_050
    assert "Post it" not in headings(app)
    assert len(list((tmp_path / "kept").iterdir())) == 1
