"""Decisions are recorded in a real browser by the keyboard: each takes under a minute, wide or narrow, for everybody."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.allocations.excel.commands import run
from tests.browser.test_importing import sound
from tests.browser.visits import STANDS_AT, Visit, running

SECONDS = 30_000
MINUTE = 60
# What a person types in it, at five keys a second.
MOST_KEYS = 300
# Boxes by the beginning of their labels, with what is typed; a day is typed as its digits.
LIFTED = {"Fund": "core-discharge", "Reason": "No longer needed", "Grade": "None", "Authority": "Board, for 2025-04-01"}
AGREED = {"Organisation": "QWO", "Fund": "core-sdf-transfers", "Partners": "All five places", "Reference": "Board, 7.2",
          "Purpose": "Shared digital team", "Reason": "Agreed", "Amount": "250k"}  # fmt: skip
POT = {"Code": "winter-2025", "Name": "Winter pressures", "Reason": "Letter of June", "Parent": "core", "Grade": "Hard",
       "Route": "Direction", "Recurrent": "No", "Notified on": "12062025", "Spend by": "31032026", "Quality": "Green",
       "Source": "Letter M3/WIN/002"}  # fmt: skip


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """West Yorkshire's own ledger of 2025/26, with a million pounds of service development funding."""
    path = tmp_path_factory.mktemp("recording") / "own.duckdb"
    run("new", "--year", "2025/26", "--icb", "QWO", "--ledger", path)
    run("record", "receive", "--to", "QWO", "--fund", "core-sdf-transfers", "--from-fund", "nhs-revenue", "--amount", "1m",
        "--recurrent", "NR", "--reference", "M3/17", "--new-money", "yes", "--reason", "SDF", "--date", "2025-04-01",
        "--ledger", path)  # fmt: skip
    return path


@pytest.fixture(scope="module")
def address(ledger: Path) -> Iterator[str]:
    with running(ledger) as url:
        yield url


def type_in(visit: Visit, name: str, text: str) -> int:
    """Type into the box whose label begins so, found by the Tab key alone; how many keys that took."""
    label = "(e.getAttribute('aria-label') || e.labels?.[0]?.textContent || '')"
    named = f"{label}.trim() === '{name}' || {label}.includes('{name}: ')"
    tabs = visit.tab_to(named, 120)
    assert tabs, name
    box = visit.page.evaluate_handle("document.activeElement")
    if box.get_attribute("role") == "combobox":
        # A page that is drawn anew closes a list that was opened meanwhile.
        visit.still()
        visit.page.keyboard.type(text)
        visit.page.wait_for_function(STANDS_AT, arg=[box, text], timeout=SECONDS)
    else:
        visit.page.keyboard.type(text)
    visit.page.keyboard.press("Enter")
    return tabs + len(text) + 1


@pytest.mark.parametrize(
    ("kind", "given", "says"),
    [
        ("terms", LIFTED, "core-discharge was statutory, formula, not known whether it recurs"),
        ("agree", AGREED, "QWO keeps money of core-sdf-transfers by agreement from 2025-04-01."),
        ("pot", POT, "winter-2025 had no terms; from 2025-04-01 it is hard, direction, non-recurrent"),
    ],
)
def test_it_takes_under_a_minute(
    browser: Any, address: str, ledger: Path, kind: str, given: dict[str, str], says: str
) -> None:
    visit = Visit(browser, f"{address}/record?kind={kind}")
    page = visit.page
    sound(visit, f"record-{kind}-empty")
    page.evaluate("document.activeElement.blur()")
    began = time.monotonic()
    keys = sum(type_in(visit, name, text) for name, text in [*given.items(), ("Who records it", "Finance")])
    page.get_by_text(says).wait_for(timeout=SECONDS)
    tabs = visit.tab_to("e.tagName === 'BUTTON' && e.textContent.includes('Post it')", 120)
    assert tabs
    page.keyboard.press("Enter")
    page.get_by_text("It is recorded.").wait_for(timeout=SECONDS)
    assert time.monotonic() - began < MINUTE
    assert keys + tabs < MOST_KEYS
    sound(visit, f"record-{kind}-done")
    visit.close()
    assert json.loads(run("verify", "--ledger", ledger, "--json"))["rows"][0]["problems"] == 0


def test_what_is_wrong_stands_at_its_box_for_everybody(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/record?kind=terms&with-fund=nowhere&with-returns_per_year=many")
    visit.page.get_by_text("there is no fund 'nowhere'").first.wait_for(timeout=SECONDS)
    assert visit.page.get_by_text("Give a whole number, as 4.").count() == 2  # at the box, and in the list of all
    sound(visit, "record-refused")
    visit.close()
