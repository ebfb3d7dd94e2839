"""The app's address with values that mean harm: every page is drawn, and shows them as text if at all."""

import os
import random
from pathlib import Path

import pytest

from tests.hostile.values import EVERY
from tests.screens.pages import no_leftovers, page, tables  # noqa: F401 - the first is a fixture

PAGES = ("start", "overview", "places", "ring_fences", "bids", "national", "audit")
CHOICES = (
    "icb", "icbs", "year", "entry", "fund", "as_at", "known_at", "since", "by", "to", "kind", "view", "amount", "line", "need", "of", "packet",
    "pcn", "reversals", "scope", "show", "stream", "whom", "tied", "free", "away", "awards", "measure", "organisation", "scenario",
)  # fmt: skip
TIMES = 1 + int(os.environ.get("DEVOLUTION_FAULT_ROUNDS", "0")) // 10
_TEXTS = [value for value in EVERY if value.isprintable() and len(value) < 400]


@pytest.mark.parametrize("name", PAGES)
def test_an_address_that_means_harm_draws_the_page(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, name: str
) -> None:
    chance = random.Random(f"{name} {TIMES}")
    for _ in range(TIMES):
        query = {choice: chance.choice(_TEXTS) for choice in CHOICES}
        query["places"] = chance.choice(
            ("<script>alert(1)</script>:B85005", ";;;:::", "%00:B85005", "../../x:B1", "a:" + "B85005," * 500)
        )
        app = page(monkeypatch, name, demo_ledger, **query)
        assert app.title
        assert "<script" not in tables(app)
