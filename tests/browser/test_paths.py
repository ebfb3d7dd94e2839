"""Whole paths through the app, with a mouse on a wide screen and with the keyboard alone on a telephone; by day either.

After each step Back, Forward and loading the page anew show what was there; what is shown is what the command line says.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.money import exact_pounds
from tests.browser.visits import Hands, Visit, running
from tests.profiles import by_night
from tests.screens.pages import document
from tests.screens.test_receivers_page import practice_with_two_pots

SECONDS = 30_000
BY_MOUSE, BY_KEYBOARD = ("mouse", 1280), ("keyboard", 375)
WAYS = ("kind", "width")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small books in which a practice has two pots, for the paths that record."""
    return practice_with_two_pots(tmp_path_factory.mktemp("paths") / "own.duckdb")


@pytest.fixture(scope="module")
def address(own: Path) -> Iterator[str]:
    with running(own) as url:
        yield url


@pytest.fixture(scope="module")
def demo(demo_ledger: Path) -> Iterator[str]:
    with running(demo_ledger) as url:
        yield url


def stays(visit: Visit, before: str, shown: str, gone: str) -> None:
    """One step back is what was before, one forward is this again, and so it is where the page is loaded anew.

    Args:
        before: something that the page before shows.
        shown: something that this page shows, and ``gone`` what the one before does not.
    """
    page = visit.page
    here = page.url
    page.go_back()
    page.get_by_text(before).first.wait_for(timeout=SECONDS)
    page.get_by_text(gone).first.wait_for(state="hidden", timeout=SECONDS)
    page.go_forward()
    page.get_by_text(shown).first.wait_for(timeout=SECONDS)
    visit.settled()
    page.wait_for_url(lambda url: said(url) == said(here), timeout=SECONDS)
    page.reload()
    page.get_by_text(shown).first.wait_for(timeout=SECONDS)
    visit.settled()
    page.wait_for_url(lambda url: said(url) == said(here), timeout=SECONDS)


def exact(table: Any, column: int) -> list[str]:
    """The amounts of a column to the penny, which the page holds also where it shows them rounded."""
    found: list[str] = table.locator(f"td.number:nth-child({column})").evaluate_all(
        "cells => cells.map(cell => cell.querySelector('data')?.value ?? cell.textContent)"
    )
    return found


def said(address: str) -> set[str]:
    """What an address says, in whatever order."""
    return set(address.replace("?", "&").split("&"))


@pytest.mark.parametrize(WAYS, [BY_KEYBOARD, *by_night([BY_MOUSE])])
def test_a_practice_s_year_in_pieces(browser: Any, address: str, own: Path, kind: str, width: int) -> None:
    visit = Visit(browser, address, width)
    page, hands = visit.page, Hands(visit, kind)
    hands.press(page.get_by_role("link", name="In how many pieces does it come?"))
    page.get_by_role("heading", name="What receivers work with").wait_for(timeout=SECONDS)
    visit.settled()
    hands.choose_last("What to see", "Show all")
    page.get_by_text("First ICB works with").first.wait_for(timeout=SECONDS)
    visit.settled()
    hands.choose_last("Seen by each", "practice")
    works = "Practice one works with 2 pots. Notice of 1 came before the year, of 1 in it"
    page.get_by_text(works).first.wait_for(timeout=SECONDS)
    visit.settled()
    stays(visit, "First ICB works with", works, works)
    # From the picture to its table, from a stream to the entries that brought it.
    hands.press(page.locator("summary", has_text="streams by size"))
    (row,) = document("pots", "--seen-by", "practice", "--ledger", own)["rows"]
    table = page.locator("table", has_text="Streams of Practice one by size").first
    told = [int(text.replace(",", "").replace(".", "")) for text in exact(table, 2)]
    assert (sum(told), len(told)) == (row["total_pence"], row["streams"])
    hands.press(table.locator("a[href*='fund=winter']"))
    page.get_by_role("heading", name="Audit").wait_for(timeout=SECONDS)
    visit.settled()
    legs = document("trail", "--organisation", "G1", "--fund", "winter", "--ledger", own)["rows"]
    assert legs
    for leg in legs:
        assert page.get_by_text(exact_pounds(leg["amount_pence"]), exact=True).count() >= 1
    stays(visit, works, "Every entry behind a balance", "Every entry behind a balance")
    assert visit.complaints() == []
    visit.close()


@pytest.mark.parametrize(WAYS, [BY_MOUSE, *by_night([BY_KEYBOARD])])
def test_a_month_is_recorded(browser: Any, address: str, own: Path, kind: str, width: int) -> None:
    """June first, with the mouse; then the next one, which the keyboard finds chosen."""
    visit = Visit(browser, f"{address}/month?view=end", width)
    page, hands = visit.page, Hands(visit, kind)
    before = len(document("month", "list", "--ledger", own)["rows"])
    # A path that is walked again closes the month after those that are closed.
    month = f"{('June', 'July', 'August', 'September', 'October', 'November')[before]} 2025"
    if before == 0:
        hands.pick("Month to close", "June 2025")
        page.get_by_role("button", name="Close June 2025").wait_for(timeout=SECONDS)
        visit.settled()
        stays(visit, "Close a month", "Close June 2025", "Close June 2025")
    hands.write("Who closes it", "Finance")
    hands.write("Why it is closed now", "Month-end timetable")
    hands.press(page.get_by_role("button", name=f"Close {month}"))
    page.get_by_text("is closed, by entry").wait_for(timeout=SECONDS)
    visit.settled()
    closed = document("month", "list", "--ledger", own)["rows"]
    assert len(closed) == before + 1
    assert (closed[-1]["actor"], closed[-1]["reason"]) == ("Finance", "Month-end timetable")
    page.reload()
    visit.settled()
    assert page.locator("table", has_text="Closed months").locator("tbody tr").count() == before + 1
    assert visit.complaints() == []
    visit.close()


@pytest.mark.parametrize(WAYS, [BY_MOUSE, *by_night([BY_KEYBOARD])])
def test_the_most_tied_icb_why_since_when_and_its_briefing(
    browser: Any, demo: str, demo_ledger: Path, kind: str, width: int
) -> None:
    visit = Visit(browser, demo, width)
    page, hands = visit.page, Hands(visit, kind)
    hands.press(page.get_by_role("link", name="Rank them by how tied their money is"))
    (first, *_) = document("national", "--rank", "ring_fenced_share_with_soft", "--ledger", demo_ledger)["rows"]
    hands.press(page.get_by_role("link", name=f"Why {first['name']} is as tied"))
    why = f"What ties {first['name']} most beside others is"
    page.get_by_text(why).first.wait_for(timeout=SECONDS)
    visit.settled()
    rows = document("position", "--organisation", first["icb"], "--by", "tier,fund", "--ledger", demo_ledger)["rows"]
    held = {
        exact_pounds(sum(row["amount_pence"] for row in rows if row["fund"] == fund))
        for fund in {row["fund"] for row in rows}
    }
    table = page.locator("table", has_text=f"What ties {first['name']}").first
    told = exact(table, 3)
    assert len(told) > 5
    assert held.issuperset(told)
    hands.pick("The reasons for", "West York")
    other = "What ties NHS West Yorkshire ICB most beside others is"
    page.get_by_text(other).first.wait_for(timeout=SECONDS)
    visit.settled()
    stays(visit, why, other, other)
    page.go_back()
    page.get_by_text(why).first.wait_for(timeout=SECONDS)
    visit.settled()
    taken = hands.take(page.get_by_role("button", name=f"Briefing on {first['name']}"))
    briefing = taken.read_text("utf-8")
    assert f"{first['name']} is number 1 with" in briefing
    paper = browser.new_page()
    paper.set_content(briefing)
    assert len(re.findall(rb"/Type\s*/Page\b", paper.pdf(prefer_css_page_size=True))) == 1
    paper.close()
    assert visit.complaints() == []
    visit.close()
