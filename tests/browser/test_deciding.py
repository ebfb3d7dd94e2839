"""A proposal is decided in a real browser, by the keyboard alone: what stands open, what is refused, how it ended."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.allocations.excel.commands import run
from tests.browser.test_importing import sound
from tests.browser.visits import Visit, chromium, running


@pytest.fixture
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def test_who_did_not_prepare_it_approves_it_by_keyboard_alone(browser: Any, demo_ledger: Path, tmp_path: Path) -> None:
    ledger = Path(shutil.copy(demo_ledger, tmp_path / "ledger.duckdb"))
    split = ("allocate", "--icb", "QWO", "--by", "community", "--fund", "core-community", "--from", "retained")
    run(*split, "--amount", "10m", "--propose", "--actor", "finance", "--ledger", ledger)
    (proposal,) = json.loads(run("proposal", "list", "--ledger", ledger, "--json"))["rows"]
    with running(ledger) as address:
        visit = Visit(browser, f"{address}/audit?view=proposals&proposal={quote(proposal['proposal'], safe='')}")
        page = visit.page
        page.get_by_text("Tried against every rule of the books: it can be done").wait_for(timeout=20_000)
        sound(visit, "proposal-open")
        for who, button, then in (
            ("finance", "Approve it", "Nobody decides on what they prepared."),
            ("The board", "Approve it", "It was approved by The board: Agreed"),
        ):
            page.get_by_label("Who decides").evaluate("e => e.blur()")
            assert visit.tab_to("e.getAttribute('aria-label')?.startsWith('Who decides')", 200)
            page.keyboard.press("Control+A")
            page.keyboard.type(who)
            assert visit.tab_to("e.getAttribute('aria-label')?.startsWith('Why it is decided so')")
            page.keyboard.press("Control+A")
            page.keyboard.type("Agreed")
            assert visit.tab_to(f"e.tagName === 'BUTTON' && e.textContent.includes('{button}')")
            # The focus is in sight, and so are the words that have it.
            style = "(({outlineStyle, outlineWidth, color, backgroundColor}) => "
            style += "[outlineStyle, outlineWidth, color, backgroundColor])(getComputedStyle(document.activeElement))"
            meant = ["solid", "3px", "rgb(33, 43, 50)", "rgb(255, 235, 59)"]
            page.wait_for_function(f"JSON.stringify({style}) === JSON.stringify({meant})")
            page.keyboard.press("Enter")
            page.get_by_text(then).first.wait_for(timeout=30_000)
            sound(visit, f"proposal-{'refused' if who == 'finance' else 'ended'}")
        visit.close()
    told = json.loads(run("proposal", "list", "--all", "--ledger", ledger, "--json"))["rows"]
    assert [(row["outcome"], row["decided_by"], row["reason"]) for row in told] == [("posted", "The board", "Agreed")]
