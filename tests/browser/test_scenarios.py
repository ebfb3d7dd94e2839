"""A board member's path in a real browser: a shared link, a slider, a comparison, the pack; and two who save at once."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from allocations.reading.cells import read_workbook
from ledger.money import exact_pounds, millions
from scenarios import outcome, saved
from tests.browser.visits import Hands, Visit, running
from tests.profiles import by_night

NAME = "devolve-80-at-once"
TEXT = outcome.library()[NAME].read_bytes()


@pytest.fixture(scope="module")
def ledger(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of this module's own, beside which scenarios are saved."""
    path = tmp_path_factory.mktemp("scenarios") / "ledger.duckdb"
    shutil.copy(demo_ledger, path)
    return path


@pytest.fixture(scope="module")
def address(ledger: Path) -> Iterator[str]:
    with running(ledger) as url:
        yield url


def told(ledger: Path, *arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(devolution.app, [str(each) for each in (*arguments, "--ledger", ledger, "--json")])
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def downloaded(visit: Visit, label: str, path: Path) -> Path:
    with visit.page.expect_download(timeout=60_000) as caught:
        visit.page.get_by_role("button", name=label, exact=True).click()
    caught.value.save_as(path)
    return path


def nothing_amiss(visit: Visit) -> None:
    assert visit.barriers() == []
    assert visit.outside() == []
    assert visit.complaints() == []


def back_to(page: Any, label: str) -> None:
    """Walk backwards with the keyboard to a button."""
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent").strip() == label:
            return
    raise AssertionError(f"the keyboard does not come back to '{label}'")


def turn(visit: Visit, name: str, key: str, times: int) -> None:
    """Turn a slider with the keyboard."""
    visit.page.get_by_role("slider", name=name).focus()
    for _ in range(times):
        visit.page.keyboard.press(key)


def test_a_board_members_path(browser: Any, address: str, ledger: Path, tmp_path: Path) -> None:
    """Open a shared link, move a slider, compare two, take both packs: all of it as the command line says."""
    visit = Visit(browser, f"{address}/scenarios?scenario={NAME}&a.share_at_place=75%25&part=steps")
    page = visit.page
    page.get_by_role("heading", name="75% of every line at place").wait_for(timeout=30_000)
    turn(visit, "Share at place", "ArrowLeft", 5)
    page.get_by_role("heading", name="70% of every line at place").wait_for(timeout=30_000)
    page.wait_for_url("**a.share_at_place=70**")
    own = tmp_path / "own.yaml"
    own.write_bytes(TEXT.replace(b"value: 80%", b"value: 70%"))
    wanted = told(ledger, "scenario", "run", own)
    visit.settled()
    visit.unfold()
    page.get_by_text(wanted["sentence"]).first.wait_for(timeout=30_000)
    seen = page.locator("[data-testid=stMain]").inner_html()
    for bridge in wanted["bridges"]:
        assert exact_pounds(bridge["after_pence"]) in seen
    # Both packs, and the file itself, which the command line runs to the same result.
    printed = downloaded(visit, "Board pack to print (HTML)", tmp_path / "pack.html").read_text(encoding="utf-8")
    book = read_workbook(downloaded(visit, "Board pack (Excel)", tmp_path / "pack.xlsx"))
    Hands(visit, "mouse").pick("What to see", "Save it, and take it further")
    page.get_by_role("heading", name="From here towards a decision").wait_for(timeout=30_000)
    visit.settled()
    visit.still()
    visit.unfold()
    file = downloaded(visit, "This scenario as a file", tmp_path / "mine.yaml")
    assert told(ledger, "scenario", "run", file)["hashes"]["result"] == wanted["hashes"]["result"]
    cells = {cell.text for sheet in book.sheets for row in sheet.rows for cell in row}
    places = next(view for view in wanted["gainers"] if view["level"] == "place")
    for gain in (places["changes"][0], places["changes"][1]):
        assert f">{millions(gain['change_pence'])}<" in printed
        assert gain["name"] in cells
    assert wanted["sentence"] in cells
    told(ledger, "scenario", "pack", file, "--out", tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == printed.replace(
        f"{NAME}@a.share_at_place=70%", "mine.yaml"
    )
    nothing_amiss(visit)
    # Compare it with the library's own.
    page.get_by_text("Compare several", exact=True).click()
    visit.settled()
    both = told(ledger, "scenario", "compare", NAME, own)
    page.get_by_text("end £1.5 billion apart").wait_for(timeout=30_000)
    Hands(visit, "mouse").pick("What to see", "Amounts and questions")
    page.get_by_text("Amounts and questions that differ").first.wait_for(timeout=30_000)
    visit.settled()
    visit.unfold()
    seen = page.locator("[data-testid=stMain]").inner_html()
    for row in both["rows"]:
        if row["kind"] == "amount" and row["scenario_1_pence"] != row["scenario_2_pence"]:
            assert exact_pounds(row["scenario_1_pence"]) in seen
            assert exact_pounds(row["scenario_2_pence"]) in seen
    pack = downloaded(visit, "Board pack of all, to print (HTML)", tmp_path / "two.html").read_text(encoding="utf-8")
    assert "2 scenarios side by side" in pack
    nothing_amiss(visit)
    visit.close()


def test_the_pack_asks_for_nothing_and_has_no_barriers(browser: Any, ledger: Path, tmp_path: Path) -> None:
    told(ledger, "scenario", "pack", NAME, "running-costs-halved", "--out", tmp_path / "pack.html")
    page = browser.new_page(viewport={"width": 320, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "pack.html").as_uri())
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    assert [one["id"] for one in violations if one["impact"] in ("serious", "critical")] == []
    assert asked == [(tmp_path / "pack.html").as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    # On A4 nothing is wider than the paper, and headings of tables come again.
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 900})  # 180 mm at 96 dots to the inch
    assert page.evaluate(
        "[...document.querySelectorAll('table, svg')].every(e => e.getBoundingClientRect().right <= 680)"
    )
    assert page.evaluate("getComputedStyle(document.querySelector('thead')).display") == "table-header-group"
    page.close()


def test_two_tabs_that_save_one_name(browser: Any, address: str, ledger: Path) -> None:
    """The second hears about it, sees what differs, and loses nothing; and all of it without a mouse."""
    saved.save(ledger, "ours", TEXT, opened=None)
    one, two = (Visit(browser, f"{address}/scenarios?scenario=ours&part=keep") for _ in range(2))
    for visit, times, share in ((one, 20, 60), (two, 10, 70)):
        turn(visit, "Share at place", "ArrowLeft", times)
        visit.page.get_by_role("heading", name=f"{share}% of every line at place").wait_for(timeout=30_000)
    one.page.get_by_role("button", name="Save", exact=True).press("Enter")
    one.page.get_by_text("Saved as ours, version 2.").wait_for(timeout=30_000)
    two.page.get_by_role("button", name="Save", exact=True).press("Enter")
    two.page.get_by_text("It is not saved yet, and nothing is lost.").wait_for(timeout=30_000)
    two.page.locator(".house td", has_text="60%").first.wait_for()
    two.settled()
    two.picture("scenarios-second-tab", 1280)
    nothing_amiss(two)
    two.page.get_by_label("Another name for yours").fill("Mine")
    two.page.get_by_role("button", name="Save under the other name").press("Enter")
    two.page.get_by_text("Saved as mine, version 1.").wait_for(timeout=30_000)
    two.page.get_by_role("heading", name="70% of every line at place").wait_for(timeout=30_000)
    assert "scenario=mine" in two.page.url
    assert [b"value: 60%" in each.content() for each in saved.versions(ledger, "ours")] == [False, True]
    assert b"70%" in saved.saved(ledger)["mine"].content()
    one.close()
    two.close()


def test_by_keyboard_alone_with_the_focus_in_sight(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/scenarios?scenario={NAME}")
    page = visit.page
    assert visit.tab_to("e.getAttribute('aria-label')?.startsWith('Scenario') && e.getAttribute('role') === 'combobox'")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.type("Running costs")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Running costs cut by 50%").wait_for(timeout=30_000)
    visit.settled()
    assert visit.tab_to("e.type === 'range'")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**a.cut=49**", timeout=30_000)
    visit.settled()
    # The pack stands above the figures that can be turned.
    back_to(page, "Board pack to print (HTML)")
    with page.expect_download(timeout=60_000) as caught:
        page.keyboard.press("Enter")
    name = caught.value.suggested_filename
    assert name.startswith("running-costs-halved")
    assert "49" in name
    # Back up to the choice of views, and over to the comparison.
    page.get_by_role("radio", name="Choose one").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_text("apart: so much stands elsewhere").wait_for(timeout=30_000)
    visit.close()


def test_a_file_that_is_wrong_is_refused_without_barriers(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/scenarios?view=bring")
    visit.unfold()
    visit.page.get_by_label("YAML").fill(TEXT.replace(b"to: place", b"to: moon").decode())
    visit.page.keyboard.press("Control+Enter")
    visit.page.get_by_text("This scenario cannot be read").wait_for(timeout=30_000)
    visit.page.get_by_text("Line 11 of the scenario: step 1, to").first.wait_for()
    visit.settled()
    visit.picture("scenarios-wrong", 1280)
    nothing_amiss(visit)
    visit.close()


@pytest.mark.parametrize("width", [375, *by_night([1280])])
def test_from_the_first_page_to_the_pack_in_two_clicks(
    browser: Any, address: str, ledger: Path, tmp_path: Path, width: int
) -> None:
    """What if we lifted the strings of small pots: by mouse, then by the keyboard alone; and back, forward and anew."""
    told(ledger, "scenario", "pack", "lift-small-pots", "--out", tmp_path / "wanted.html")
    visit = Visit(browser, address, width)
    page = visit.page
    page.get_by_role("link", name="What if we lifted strings?").click()
    page.get_by_role("heading", name="No strings on pots under £1 million").wait_for(timeout=30_000)
    by_mouse = downloaded(visit, "Board pack to print (HTML)", tmp_path / "mouse.html")
    assert by_mouse.read_text(encoding="utf-8") == (tmp_path / "wanted.html").read_text(encoding="utf-8")
    visit.settled()
    Hands(visit, "mouse").pick("What to see", "Who gains and who loses")
    page.get_by_text("Nobody's total changes: what moves").wait_for(timeout=30_000)
    visit.settled()
    page.go_back()
    page.get_by_text("Nobody's total changes: what moves").wait_for(state="hidden", timeout=30_000)
    seen = page.locator("[data-testid=stSelectbox]").filter(has_text="What to see").locator("input")
    assert seen.input_value() == "Before and after"
    page.go_forward()
    page.get_by_text("Nobody's total changes: what moves").wait_for(timeout=30_000)
    page.reload()
    page.get_by_text("Nobody's total changes: what moves").wait_for(timeout=30_000)
    page.goto(address)
    visit.settled()
    assert visit.tab_to("e.tagName === 'A' && e.textContent === 'What if we lifted strings?'", 120)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="No strings on pots under £1 million").wait_for(timeout=30_000)
    visit.settled()
    assert visit.tab_to("e.tagName === 'BUTTON' && e.textContent.trim() === 'Board pack to print (HTML)'", 120)
    with page.expect_download(timeout=60_000) as caught:
        page.keyboard.press("Enter")
    assert caught.value.suggested_filename == "lift-small-pots.html"
    visit.close()
