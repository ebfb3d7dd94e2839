"""Recording in an app on a ledger that many share: the same people may, and the same are refused."""

import pytest

from ledger.store.address import in_full
from ledger.store.base import Store
from tests.books import held
from tests.screens.importing import field
from tests.screens.pages import document, no_leftovers, page, tables, well
from tests.screens.test_deciding import appointed
from tests.screens.test_record_page import fill
from tests.shelves import ServerShelf, Template

__all__ = ["no_leftovers"]
pytestmark = pytest.mark.parametrize("kind", ["server"])
GIVEN = {"from": "ICB1", "to": "P1", "fund": "core", "amount": "3", "recurrent": "no", "date": "2025-06-13",
         "reason": "Agreed"}  # fmt: skip


def test_a_server_takes_what_somebody_may_record(
    monkeypatch: pytest.MonkeyPatch, shelf: ServerShelf, funded_template: Template
) -> None:
    """Before anybody is appointed all may post; afterwards Anna proposes for the first ICB, and Olga has no right there."""
    place = shelf.copy(funded_template(shelf.kind), "recording")
    monkeypatch.setenv("DEVOLUTION_PERSON", "bert")
    app = fill(page(monkeypatch, "record", in_full(place), kind="devolve"), **GIVEN)
    well(field(app.button, "Post it").click().run())
    assert app.success[0].value == "It is recorded."
    with Store.open(place) as store:
        assert held(store)["P1", "core", "available"] == 300
        appointed(store)
    given = {**GIVEN, "amount": "4"}
    monkeypatch.setenv("DEVOLUTION_PERSON", "olga")
    app = fill(page(monkeypatch, "record", in_full(place), kind="devolve"), **given)
    assert "olga may not" in tables(app)
    assert not app.button
    monkeypatch.setenv("DEVOLUTION_PERSON", "anna")
    app = fill(page(monkeypatch, "record", in_full(place), kind="devolve"), **given)
    assert "It can be proposed, and not posted: " in app.info[0].value
    well(field(app.button, "Propose it").click().run())
    assert "It is proposed" in app.success[0].value
    waiting = document("proposal", "list", "--ledger", in_full(place))["rows"]
    assert [(one["prepared_by"], one["amount_pence"]) for one in waiting] == [("anna", 400)]
