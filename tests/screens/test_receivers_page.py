"""The Receivers page says what the command says, and draws one receiver's year, streams and a merger of its pots."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from ledger.entries import posting
from ledger.money import spoken
from ledger.store.base import Store
from screens.web.charts import kit
from tests.books import at, entry, new_terms, term
from tests.screens.pages import document, no_leftovers, page, said, tables
from tests.shelves import small_file

__all__ = ["no_leftovers"]
SEPTEMBER = date(2025, 9, 30)


def test_the_page_says_what_the_command_says(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "receivers", demo_ledger, receiver="QWO", together="tied", part="all")
    answer = document("pots", "--seen-by", "icb", "--ledger", demo_ledger)
    (own,) = [row for row in answer["rows"] if row["organisation"] == "QWO"]
    shown = tables(app)
    spread = {row["measure"]: row for row in answer["spread"]}
    assert f"Of 42 the median ICB works with {spread['pots']['median']}" in said(app)
    assert f">{spoken(spread['median_pot']['median'])} (" in shown
    assert "North East and Yorkshire" in shown
    assert "most deprived third" in shown
    assert f"NHS West Yorkshire ICB works with {own['pots']} pots." in said(app)
    last = round(own["streams_in_last_1_percent"] * own["streams"])
    assert f"Of {own['streams']} streams, {last} share the last 1% of the money" in said(app)
    assert f"{own['tied_pots']} pots as one, with £" in said(app)
    assert f"before, {own['pots']} pots and {own['returns_per_year']} returns" in said(app)
    # All but the tied ones, and the one that they became; it asks for the twelve returns that one of them asks for.
    after = own["pots"] - own["tied_pots"] + 1
    assert f"after, {after} pots and at least 12 returns" in said(app)
    # Tied are the one that they became and, where nothing is read as free, the pots that stayed as they were.
    *_, (before, after) = re.findall(r"Pots with strings</t[hd]><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td>", shown)
    assert own["tied_pots_highest_by"] == "strict"
    tied, strictly = own["tied_pots"], own["tied_pots_highest"]
    assert before == f"{tied} ({own['tied_pots_lowest']} as published, {strictly} strict)"
    assert after == f"1 (1 as recorded, {strictly - tied + 1} strict)"


def practice_with_two_pots(path: Path) -> Path:
    """Books in which a practice has £900 of a claim and £900 of core; the claim is told in June, to be spent by
    September, with four returns a year; of the other pot nobody knows."""
    with Store.open(small_file(path, funded=True)) as store:
        late = term("winter", "hard", version=2, notified_on=date(2025, 6, 2), spend_by=SEPTEMBER, returns_per_year=4)
        funds = {"winter": 300_000, "core": 700_000}
        ways = (("NHS", "ICB1"), ("ICB1", "P1"), ("P1", "N1"), ("N1", "G1"))
        drafts = [new_terms(late)]
        for giver, receiver in ways:
            for fund, pence in funds.items():
                from_fund = "limit" if giver == "NHS" else fund
                kind = "allocate" if giver == "NHS" else "devolve"
                if (giver, fund) != ("NHS", "core"):
                    drafts.append(entry(kind, at(giver, from_fund), at(receiver, fund), min(pence, 90_000)))
        posting.post(store, drafts)
    return path


def test_one_practice_has_its_year_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = practice_with_two_pots(tmp_path / "books.duckdb")
    drawn, draw = {}, kit.vega
    monkeypatch.setattr(kit, "vega", lambda spec, **how: (drawn.update({how["key"]: spec}), draw(spec, **how)))
    app = page(monkeypatch, "receivers", path, tier="practice", together="small", part="all")
    assert "Practice one works with 2 pots. Notice of 1 came before the year, of 1 in it" in said(app)
    assert "1 has a deadline. 4 returns are asked for; of 1 pot it is not known how many." in said(app)
    calendar = next(json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart") if "month" in chart.proto.spec)
    assert calendar["layer"][1]["mark"]["type"] == "text"
    assert "2 pots as one, with £1,800" in said(app)
    assert "before, 2 pots and 4 returns that are known; after, 1 pot and at least 4 returns" in said(app)
    assert "Of the 2 pots it is not known: how many returns they ask for (1, with £900)" in said(app)
    # Each stream leads to the entries that brought it, the pot that two became to both, and each month to its pots.
    assert 'href="audit?organisation=G1&amp;fund=winter"' in tables(app)
    assert '<a href="audit?view=made&amp;under=G1&amp;year=2025" target="_self">One pot</a>' in tables(app)
    winter, both = ("audit?view=made&under=G1&year=2025&pot=winter", "audit?view=made&under=G1&year=2025")
    led = {(row["what"], row["month"]): row["href"] for row in drawn["year-G1"]["data"]["values"]}
    # Four returns a year fall due at the ends of its quarters.
    quarters = dict.fromkeys((("Returns", month) for month in ("June", "September", "December", "March")), winter)
    assert led == {("Letters", "June"): winter, ("Deadlines", "September"): winter, **quarters}
    ticks = [(row["strip"], row["label"], row["href"]) for row in drawn["merger-small-G1"]["data"]["values"]]
    assert ("After", "One pot", both) in ticks
    assert sorted(strip for strip, _, led in ticks if led) == ["After", "Before", "Before"]


def test_where_nobody_of_a_tier_holds_money_the_page_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "books.duckdb"
    small_file(path, funded=True)
    app = page(monkeypatch, "receivers", path, tier="pcn")
    assert "No PCN holds any money of 2025/26 here." in app.info[0].value
