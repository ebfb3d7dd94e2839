"""Deciding on a proposal in an app on a ledger that many share: the same people may, and the same are refused."""

import pytest

from ledger.store.address import in_full
from ledger.store.base import Store
from tests.books import held
from tests.ledger.test_rights import devolve
from tests.screens.pages import no_leftovers, page, said, tables
from tests.screens.test_deciding import PLAN, appointed, choose, last_buttons, press, propose
from tests.shelves import ServerShelf, Template

__all__ = ["no_leftovers"]
pytestmark = pytest.mark.parametrize("kind", ["server"])


def test_a_server_takes_the_decision_of_who_may_and_shows_it_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch, shelf: ServerShelf, funded_template: Template
) -> None:
    place = shelf.copy(funded_template(shelf.kind), "deciding")
    with Store.open(place) as store:
        appointed(store)
        propose(store, PLAN, "anna", devolve(500))
    for name, told in (("vera", "vera may not approve for First ICB"), ("anna", "Nobody decides on what they prepared"),
                       ("olga", "No proposal is here"), ("bert", "Tried against every rule")):  # fmt: skip
        monkeypatch.setenv("DEVOLUTION_PERSON", name)
        app = page(monkeypatch, "audit", in_full(place), view="proposals", proposal=PLAN)
        if name == "anna":
            choose(app, "posted")
        shown = tables(app) + said(app) + "".join(info.value for info in app.info)
        assert told in shown, name
        assert ("Secret" in shown) == (name != "olga")
        assert bool(last_buttons(app)) == (name == "bert")
    press(app, "Approve it")
    assert "It was approved by bert: The board agreed" in said(app)
    with Store.open(place) as store:
        assert held(store)["P1", "core", "available"] == 500
