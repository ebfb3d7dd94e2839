"""Five whole paths through the app, with a mouse or the keyboard alone, on a wide screen or a telephone.

After each step Back, Forward and loading the page anew show what was there; what is shown is what the command line says.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import pytest

from ledger.money import exact_pounds
from tests.allocations.excel.test_payer import fill_in
from tests.browser.test_importing import held
from tests.browser.visits import running
from tests.browser.walk import WAYS, Walk
from tests.screens.pages import document
from tests.screens.test_receivers_page import practice_with_two_pots
from tests.test_commands import run

pytestmark = pytest.mark.parametrize(("kind", "width"), WAYS)
SMALL_POTS = "lift-small-pots"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small books in which a practice has two pots, for the paths that record."""
    return practice_with_two_pots(tmp_path_factory.mktemp("paths") / "own.duckdb")


@pytest.fixture(scope="module")
def address(own: Path) -> Iterator[str]:
    with running(own) as url:
        yield url


@pytest.fixture(scope="module")
def ledger(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's books of this module's own, into which a budget is brought."""
    path = tmp_path_factory.mktemp("paths of the demo") / "demo.duckdb"
    shutil.copy(demo_ledger, path)
    return path


@pytest.fixture(scope="module")
def demo(ledger: Path) -> Iterator[str]:
    with running(ledger) as url:
        yield url


def exact(table: Any, column: int) -> list[str]:
    """The amounts of a column to the penny, which the page holds also where it shows them rounded."""
    found: list[str] = table.locator(f"td.number:nth-child({column})").evaluate_all(
        "cells => cells.map(cell => cell.querySelector('data')?.value ?? cell.textContent)"
    )
    return found


def test_a_practice_s_year_in_pieces(browser: Any, address: str, own: Path, kind: str, width: int) -> None:
    walk = Walk(browser, address, kind, width)
    page, hands = walk.page, walk.hands
    hands.press(page.get_by_role("link", name="In how many pieces does it come?"))
    walk.step("What receivers work with")
    hands.select("What to see", "Show all")
    walk.step("First ICB works with")
    hands.select("Seen by each", "practice")
    walk.step("Practice one works with 2 pots. Notice of 1 came before the year, of 1 in it")
    # From the picture to its table, from a stream to the entries that brought it.
    hands.press(page.locator("summary", has_text="streams by size"))
    (row,) = document("pots", "--seen-by", "practice", "--ledger", own)["rows"]
    table = page.locator("table", has_text="Streams of Practice one by size").first
    told = [int(text.replace(",", "").replace(".", "")) for text in exact(table, 2)]
    assert (sum(told), len(told)) == (row["total_pence"], row["streams"])
    hands.press(table.locator("a[href*='fund=winter']"))
    walk.step("Every entry behind a balance")
    legs = document("trail", "--organisation", "G1", "--fund", "winter", "--ledger", own)["rows"]
    assert legs
    for leg in legs:
        assert page.get_by_text(exact_pounds(leg["amount_pence"]), exact=True).count() >= 1
    walk.end()


def test_a_month_is_recorded(browser: Any, address: str, own: Path, kind: str, width: int) -> None:
    """A line of its letter, what arrived of it, how the month stands then, and its end: the first month that is open."""
    closed = len(document("month", "list", "--ledger", own)["rows"])
    named, number = f"{('June', 'July', 'August', 'September')[closed]} 2025", 6 + closed
    of, reference, day = f"2025-{number:02}", f"M{number - 3}/WIN/1", f"28{number:02}2025"
    stands = f"{named} (month {number - 3} of 2025/26): First ICB (ICB1)"
    walk = Walk(browser, address, kind, width)
    page, hands = walk.page, walk.hands
    hands.press(page.get_by_role("link", name="What came in this month?"))
    walk.step("March 2026 (month 12 of 2025/26): First ICB (ICB1)")
    hands.press(page.get_by_role("link", name="Record a line of its letter"))
    walk.step("Still needed: Reference, Month, To")
    line = {"Reference: ": reference, "Month: ": of, "To: ": "ICB1", "Fund: ": "winter", "Line amount: ": "1,200.34",
            "Recurrent: ": "No", "Date: ": day, "Reason: ": "Letter of the month", "Notified on: ": day,
            "Who records it": "Finance"}  # fmt: skip
    hands.fill(line)
    hands.press(page.get_by_role("button", name="Post it"))
    walk.stays("It is recorded.", again="Still needed: ")
    walk.back()
    hands.press(page.get_by_role("link", name="Record what arrived"))
    walk.step("Still needed: ")
    came = {"To: ": "ICB1", "Fund: ": "winter", "Amount: ": "1,000.12", "Recurrent: ": "No", "Reference: ": reference,
            "Month: ": of, "From fund: ": "limit", "New money: ": "Yes", "Date: ": day, "Reason: ": "It arrived",
            "Who records it": "Finance"}  # fmt: skip
    hands.fill(came)
    hands.press(page.get_by_role("button", name="Post it"))
    page.get_by_text("It is recorded.").wait_for(timeout=60_000)
    walk.look()
    hands.press(page.get_by_role("link", name="How the month stands"))
    walk.step(stands, left="is not recorded is lost when this page is opened anew")
    totals = document("month", "show", of, "--organisation", "ICB1", "--ledger", own)["totals"]
    assert (totals["notified_pence"], totals["received_pence"], totals["came_pence"]) == (120_034, 100_012, 100_012)
    for pence in (120_034, 100_012, 20_022):
        assert page.locator(f"data[value='{exact_pounds(pence)}']").count() >= 1
    hands.select("What to see", "Month end: close it")
    walk.step("Close a month")
    if closed == 0:
        # Nobody finds the first month chosen: it closes all before it.
        hands.pick("Month to close", named)
        walk.step(f"Close {named}")
    hands.fill({"Who closes it": "Finance"})
    hands.write("Why it is closed now", "Month-end timetable")
    hands.press(page.get_by_role("button", name=f"Close {named}"))
    walk.stays("is closed, by entry", again="Closed months")
    assert page.locator("table", has_text="Closed months").locator("tbody tr").count() == closed + 1
    rows = document("month", "list", "--ledger", own)["rows"]
    assert [(row["actor"], row["reason"]) for row in rows[closed:]] == [("Finance", "Month-end timetable")]
    walk.end()


def test_what_if_we_lifted_the_strings_of_small_pots(
    browser: Any, demo: str, ledger: Path, tmp_path: Path, kind: str, width: int
) -> None:
    """From the first page to the pack in two clicks, and with a figure of one's own in four."""
    walk = Walk(browser, demo, kind, width)
    page, hands = walk.page, walk.hands
    hands.press(page.get_by_role("link", name="What if we lifted strings?"))
    walk.step("No strings on pots under £1 million")
    pack = page.get_by_role("button", name="Board pack to print (HTML)")
    _is_the_pack_of(hands.take(pack), SMALL_POTS, ledger, tmp_path)
    hands.turn("Threshold")
    walk.step("changed from the library")
    (turned,) = [part for part in page.url.replace("?", "&").split("&") if part.startswith("a.threshold=")]
    name = f"{SMALL_POTS}@{unquote_plus(turned)}"
    _is_the_pack_of(hands.take(pack), name, ledger, tmp_path)
    hands.pick("What to see", "Who gains and who loses")
    walk.step("Nobody's total changes: what moves")
    hands.pick("What to see", "Step by step")
    walk.step("Amounts before and after")
    told = document("scenario", "run", name, "--ledger", ledger)
    seen = page.locator("[data-testid=stMain]").inner_html()
    for bridge in told["bridges"]:
        assert exact_pounds(bridge["after_pence"]) in seen
    walk.end()


def _is_the_pack_of(taken: Path, scenario: str, ledger: Path, folder: Path) -> None:
    wanted = folder / "wanted.html"
    done = run("scenario", "pack", scenario, "--out", wanted, "--ledger", ledger)
    assert done.returncode == 0, done.stderr
    assert taken.read_text("utf-8") == wanted.read_text("utf-8")


def test_the_most_tied_icb_why_since_when_and_its_briefing(
    browser: Any, demo: str, ledger: Path, kind: str, width: int
) -> None:
    walk = Walk(browser, demo, kind, width)
    page, hands = walk.page, walk.hands
    hands.press(page.get_by_role("link", name="Rank them by how tied their money is"))
    walk.step("All ICBs side by side")
    (first, *_) = document("national", "--rank", "ring_fenced_share_with_soft", "--ledger", ledger)["rows"]
    hands.press(page.get_by_role("link", name=f"Why {first['name']} is as tied"))
    walk.step(f"What ties {first['name']} most beside others is")
    rows = document("position", "--organisation", first["icb"], "--by", "tier,fund", "--ledger", ledger)["rows"]
    sums = {
        exact_pounds(sum(row["amount_pence"] for row in rows if row["fund"] == fund))
        for fund in {row["fund"] for row in rows}
    }
    told = exact(page.locator("table", has_text=f"What ties {first['name']}").first, 3)
    assert len(told) > 5
    assert sums.issuperset(told)
    hands.pick("The reasons for", "West York")
    walk.step("What ties NHS West Yorkshire ICB most beside others is")
    walk.back()
    briefing = hands.take(page.get_by_role("button", name=f"Briefing on {first['name']}")).read_text("utf-8")
    assert f"{first['name']} is number 1 with" in briefing
    paper = browser.new_page()
    paper.set_content(briefing)
    assert len(re.findall(rb"/Type\s*/Page\b", paper.pdf(prefer_css_page_size=True))) == 1
    paper.close()
    walk.end()


def test_a_template_goes_out_and_comes_in_at_the_first_try(
    browser: Any, demo_ledger: Path, tmp_path: Path, kind: str, width: int
) -> None:
    """Nobody is asked who pays, or from what; and what was brought in is undone, each in books of its own."""
    ledger, file = tmp_path / "ledger.duckdb", tmp_path / "filled in.xlsx"
    shutil.copy(demo_ledger, ledger)
    before = held(ledger)
    with running(ledger) as address:
        walk = Walk(browser, address, kind, width)
        page, hands = walk.page, walk.hands

        def again() -> None:
            hands.bring(file)

        hands.press(page.get_by_role("link", name="Take the template for your budget"))
        walk.step("Make the file")
        hands.pick("ICB", "West York")
        walk.step("Make the file")
        hands.press(page.get_by_role("button", name="Make the file"))
        page.get_by_text("is made:").wait_for(timeout=60_000)
        shutil.copy(hands.take(page.get_by_role("button", name="Download budget-template-qwo")), file)
        walk.look()
        fill_in(file, ledger)
        hands.select("What to do", "Bring a file in")
        walk.step("No file is chosen yet")
        again()
        walk.stays("2. Sheet and columns", anew=again)
        for way, shown in (("problems", "None: every cell that counts was understood."),
                           ("before and after", "The first three tie, to the penny: £91,782,391.62."),
                           ("record", "Nothing is posted yet.")):  # fmt: skip
            hands.press(page.get_by_role("button", name=f"Next: {way}"))
            walk.step(shown, anew=again)
        hands.write("Who posts it", "Finance lead")
        hands.write("Why: recorded", "Agreed by the board on 4 June")
        hands.press(page.get_by_role("button", name="Post £91.8 million"))
        walk.stays("The books have this file as entry", anew=again)
        after = held(ledger)
        moved = {key: pence - before.get(key, 0) for key, pence in after.items() if pence != before.get(key, 0)}
        # What the ICB keeps of the two lines: £47,203,716.94 and £44,578,674.68.
        assert sorted(moved.values()) == [4_457_867_468, 4_720_371_694]
        hands.press(page.get_by_role("link", name="Undo it"))
        walk.step("What would be posted", left="A page that is loaded anew has no file: choose it again")
        hands.write("Who posts it", "Finance lead")
        hands.write("Why it is undone", "The board took it back")
        hands.press(page.get_by_role("button", name="Undo entry"))
        walk.stays("It is undone already")
        assert held(ledger) == before
        walk.end()
