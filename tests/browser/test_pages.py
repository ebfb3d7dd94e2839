"""Every page in a real browser: what people meet, by eye and by keyboard, and what must never leave the machine."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ledger.money import exact_pounds
from tests.browser.reading import faults_of_print, faults_of_reading
from tests.browser.visits import PICTURES, ROOT, SCREENSHOTS, Hands, Visit, running
from tests.profiles import by_night, every
from tests.screens.pages import document

PAGES = {
    "start": "",
    "start-QWO": "?icb=QWO",
    "overview-QWO": "overview?icb=QWO&part=all",
    "places": "places?icb=QWO&part=all",
    "places-own": "places?icb=QWO&places=own&own=QWO|Ten:B82007,B82053;Twenty:B83002&part=all",
    "places-pcn": "places?icb=QWO&to=pcn&part=all",
    "ring-fences": "ring-fences?icb=QWO&part=all",
    "receivers": "receivers?receiver=QWO&together=tied&part=all",
    "scenarios": "scenarios?scenario=running-costs-halved",
    "scenarios-built": "scenarios?view=build&blocks=devolve,release-small&whose=QWO",
    "scenarios-compared": "scenarios?view=compare&with=devolve-80-at-once,running-costs-halved",
    "scenarios-refused": "scenarios?view=build&blocks=release&lines1=core-community",
    "scenarios-bring": "scenarios?view=bring",
    "scenarios-way": "scenarios?view=way",
    "scenarios-seek": "scenarios?view=seek&seek_value=27%25&seek_from=60%25",
    "bids": "bids?part=all",
    "national": "national?icb=QWO&part=all",
    "record": "record",
    "record-pot": "record?kind=pot",
    "record-register": "record?view=register",
    "month": "month?icb=QWO&of=2025-06&part=all",
    "month-arranged": "month?icb=QWO&view=arranged&part=all",
    "month-end": "month?view=end",
    "import-empty": "import-export?icb=QWO",
    "import-list": "import-export?view=undo",
    "import-cannot": "import-export?view=undo&entry=4",
    "export-template": "import-export?view=take&icb=QWO",
    "audit-trail": "audit?organisation=QWO&fund=core-recurrent",
    "audit-made": "audit?view=made&under=QWO&pot=better-care-fund",
    "audit-entry": "audit?view=entries&entry=4",
    "audit-data": "audit?view=data",
    "audit-about": "audit?view=about",
    "words": "words",
    "nowhere": "no/such/page",
}
# By day each page at one of its addresses, in the shape that has most on it; by night at all of them.
BY_DAY = (
    "start-QWO", "overview-QWO", "places-own", "ring-fences", "receivers", "scenarios-built", "bids", "national", "record-pot",
    "month", "import-empty", "audit-trail", "words", "nowhere",
)  # fmt: skip
# What the browser's tab says: the page, whose money, the product.
TABS = {
    "start": "Start: All ICBs - Devolution ledger",
    "overview-QWO": "Overview: NHS West Yorkshire ICB - Devolution ledger",
    "places": "Places: NHS West Yorkshire ICB - Devolution ledger",
    "month": "Month: NHS West Yorkshire ICB - Devolution ledger",
    "export-template": "Import and export: NHS West Yorkshire ICB - Devolution ledger",
    "bids": "Bids - Devolution ledger",
    "nowhere": "No page here - Devolution ledger",
}
# These also get their pictures on a telephone.
MAIN = (
    "start-QWO", "overview-QWO", "places", "ring-fences", "scenarios", "scenarios-compared", "bids", "national", "import-list",
    "export-template", "audit-trail",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(demo_ledger: Path) -> Iterator[str]:
    with running(demo_ledger) as url:
        yield url


def test_every_page_is_looked_at_by_day() -> None:
    assert {PAGES[name].partition("?")[0] for name in PAGES} == {PAGES[name].partition("?")[0] for name in BY_DAY}


@pytest.mark.parametrize("name", [*BY_DAY, *by_night(name for name in PAGES if name not in BY_DAY)])
def test_it_is_quiet_accessible_and_fits(browser: Any, address: str, name: str) -> None:
    visit = Visit(browser, f"{address}/{PAGES[name]}")
    if name in TABS:
        assert visit.page.title() == TABS[name]
    visit.picture(name, 1280)
    # The header stays within sight, however far down the page one goes: it moves up with the page as far as its place.
    header, began = visit.page.locator(".st-key-header"), visit.page.locator(".st-key-header").bounding_box()["y"]
    down = "main => { main.scrollTo(0, 1e6); return main.scrollTop; }"
    scrolled = visit.page.locator("[data-testid=stMain]").evaluate(down)
    assert header.bounding_box()["y"] == max(60, began - scrolled)
    visit.unfold()
    visit.drawn()
    assert visit.barriers() == []
    assert faults_of_reading(visit.page) == []
    for width in (375, 320):
        visit.fits(width)
        if width == 375 and name in MAIN:
            visit.picture(name, 375)
    assert visit.barriers() == []
    assert faults_of_print(visit.page) == []
    assert visit.outside() == []
    assert visit.complaints() == []
    visit.close()


# As somebody first sees each page, and each of the views and parts that are longest.
FIRST_SIGHT = (
    "", "overview", "places?icb=QWO&to=pcn&part=budgets", "ring-fences?part=kept", "receivers", "scenarios?scenario=devolve-80-in-three-years&part=years",
    "scenarios?view=build&blocks=devolve,release-small&whose=QWO", "bids", "national?icb=QWO&part=regions",
    "record", "month?icb=QWO&of=2025-06", "import-export?view=undo&entry=4", "audit?organisation=QWO",
)  # fmt: skip
_A_SCENARIO = "scenarios?scenario=devolve-80-at-once&part="
# Every other view and part of every page, through the night.
OTHERS = (
    "?icb=QWO", "overview?icb=QWO", "overview?part=matrix", "overview?icb=QWO&part=changed", "places?icb=QWO&part=need",
    "places?icb=QWO&part=budgets", "places?icb=QWO&part=take", "places?icb=QWO&to=pcn&part=contract",
    "places?icb=QWO&places=own&own=QWO|Ten:B82007,B82053;Twenty:B83002", "ring-fences?icb=QWO&show=all", "ring-fences?icb=QWO&part=deadlines",
    "ring-fences?part=deadlines", "ring-fences?icb=QWO&part=pieces", "ring-fences?part=pieces",
    "receivers?receiver=QWO&together=tied", "receivers?receiver=QWO&part=year", "scenarios", "scenarios?view=bring",
    *(_A_SCENARIO + part for part in ("drives", "gains", "steps", "money", "questions", "rests", "keep")),
    "scenarios?view=way", "scenarios?view=seek&seek_value=27%25&seek_from=60%25",
    *(f"scenarios?view=compare&compared={part}" for part in ("together", "differ", "steps", "gains", "measures", "files")),
    *(f"bids?part={part}" for part in ("account", "matters", "assumed")),
    *(f"national?icb=QWO&part={part}" for part in (
        "ranked", "map", "beside", "why", "alerts", "pots", "trend", "each", "targets")),
    "record?kind=pot", "record?view=register", "month?icb=QWO&view=arranged", "month?view=end", "import-export",
    "import-export?view=undo", "import-export?view=take&icb=QWO", "audit?organisation=QWO&fund=core-recurrent",
    "audit?view=made", "audit?view=entries", "audit?view=entries&entry=4", "audit?view=proposals", "audit?view=verify", "audit?view=data",
    "audit?view=about", "words", "no/such/page",
)  # fmt: skip


@pytest.mark.parametrize("paths", [FIRST_SIGHT, *by_night([(OTHERS,)])], ids=["day", "night"])
def test_no_page_is_longer_than_three_screens_before_somebody_asks_for_all_of_it(
    browser: Any, address: str, paths: tuple[str, ...]
) -> None:
    visit = Visit(browser, address)
    longer = {}
    for path in paths:
        visit.page.goto(f"{address}/{path}")
        for width, height in ((1280, 800), (768, 1024), (375, 812)):
            visit.page.set_viewport_size({"width": width, "height": height})
            visit.settled()
            visit.still()
            found = visit.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            if found > 3 * height:
                longer[path, width] = found
    visit.close()
    assert longer == {}


def test_a_long_table_unfolds_with_all_its_rows_by_keyboard_too(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/audit?organisation=QWO")
    rows = visit.page.locator("table tbody tr")
    assert rows.count() > sum(row.is_visible() for row in rows.all()) == 11
    assert visit.tab_to("e.tagName === 'SUMMARY' && e.textContent.startsWith('Show all')", 120)
    visit.page.keyboard.press("Enter")
    assert all(row.is_visible() for row in rows.all())
    visit.close()


def test_a_bar_leads_to_the_balances_that_it_is_the_sum_of(browser: Any, address: str, demo_ledger: Path) -> None:
    visit = Visit(browser, f"{address}/ring-fences?icb=QWO")
    visit.page.locator("[data-testid=stVegaLiteChart] .mark-rect path").first.click()
    visit.page.get_by_role("heading", name="What a figure is made of").wait_for(timeout=20_000)
    visit.settled()
    pots = document("pots", "--organisation", "QWO", "--year", "2025/26", "--ledger", demo_ledger)["rows"]
    largest = max(pot["amount_pence"] for pot in pots if pot["grade"] in ("soft", "hard", "statutory"))
    assert visit.page.locator("tr.whole", has_text=exact_pounds(largest)).count() == 1
    visit.close()


# A picture, its first mark that leads on (drawn in the order of its table), and the words that stand there.
LEADING = {
    "each": ("national?part=each", 0, ".layer_0_marks path", "every ICB", "All money in the ledger, national money too:"),
    "targets": ("national?part=targets", 0, ".layer_0_marks path", "who is above and below", "NHS Surrey Heartlands ICB"),
    "regions": ("national?part=regions", 0, ".layer_0_marks path", "region by region", "What ties NHS "),
    "map": ("national?part=map", 0, ".layer_0_marks path", "tile map", "What ties NHS "),
    "year": ("receivers?receiver=QWO&part=year", 0, ".layer_0_marks path[transform]", "the year", "balances come to £"),
    "streams": ("receivers?receiver=QWO&part=year", 1, ".marks path", "streams by size", "legs come to £"),
    "merged": ("receivers?receiver=QWO&together=tied", 0, ".marks path", "streams of NHS West Yorkshire ICB by size, after",
               "legs come to £"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), every([*LEADING], ["mouse", "keyboard"]))
def test_every_mark_leads_on_by_mouse_and_its_row_by_keyboard(browser: Any, address: str, name: str, kind: str) -> None:
    path, place, mark, table, words = LEADING[name]
    visit = Visit(browser, f"{address}/{path}")
    page = visit.page
    if kind == "mouse":
        page.locator("[data-testid=stVegaLiteChart] svg").nth(place).locator(mark).first.click(force=True)
    else:
        fold = page.locator("[data-testid=stExpander]", has=page.locator("summary", has_text=table)).first
        hands = Hands(visit, kind)
        hands.press(fold.locator("summary").first)
        hands.press(fold.locator("a[href]").first)
    page.wait_for_url(lambda url: not url.endswith(path))
    visit.settled()
    page.get_by_text(words).first.wait_for(timeout=20_000)
    assert visit.complaints() == []
    visit.close()


def test_a_link_shows_what_its_sender_saw_and_a_figure_leads_to_its_cell(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/overview?icb=QWO&part=all")
    page = visit.page
    page.get_by_text("NHS West Yorkshire ICB receives £6.7 billion").wait_for(timeout=20_000)
    visit.unfold()
    # To the penny what the books say: core money into West Yorkshire.
    page.locator("data[value='5,266,745,206.41']").first.wait_for(timeout=20_000)
    page.locator("a[href*='tier=icb&'][href*='grade=hard']").first.click()
    visit.settled()
    page.get_by_text("2 balances come to £26.7 million").wait_for(timeout=20_000)
    page.locator("a[href*='organisation=QWO']").first.click()
    visit.settled()
    page.locator("a[href*='entry=']").first.click()
    visit.settled()
    page.get_by_text("nhs_allocations_2025_26.xlsx").first.wait_for(timeout=20_000)
    assert page.get_by_text("(QWO)").count() >= 1
    visit.close()


def test_the_keyboard_alone_changes_the_icb_with_the_focus_in_sight(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    page = visit.page
    assert visit.tab_to("e.getAttribute('role') === 'combobox'")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.type("Norfolk")
    page.keyboard.press("Enter")
    page.get_by_text("NHS Norfolk and Waveney ICB receives").wait_for(timeout=20_000)
    assert "icb=QMM" in page.url
    # The choice goes along to the next page, which the keyboard reaches too.
    page.keyboard.press("Control+Home")
    page.evaluate("document.activeElement.blur()")
    assert visit.tab_to("e.tagName === 'A' && e.textContent.includes('Ring-fences')", 120)
    page.keyboard.press("Enter")
    page.get_by_text("NHS Norfolk and Waveney ICB:").wait_for(timeout=20_000)
    assert "icb=QMM" in page.url
    visit.close()


def test_the_keyboard_alone_moves_a_limit_and_the_alerts_follow(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/national?away=10&tied=100&free=0")
    page = visit.page
    page.get_by_text("No ICB is beyond these limits.").wait_for(timeout=20_000)
    page.get_by_role("slider", name="Above target, core: more than").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    page.get_by_text("4 alerts on 4 of 42 ICBs.").wait_for(timeout=20_000)
    # Five is what is usual, so the address is short again.
    assert "away" not in page.url
    visit.close()


def test_a_chart_has_a_name_for_those_who_do_not_see_it(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/national?part=all")
    named = visit.page.locator("[aria-label*='The table below gives every figure']")
    named.first.wait_for(timeout=20_000)
    assert named.count() >= 4
    visit.close()


def test_the_national_path_by_keyboard_alone_shows_what_the_command_says(
    browser: Any, address: str, demo_ledger: Path
) -> None:
    visit = Visit(browser, f"{address}/national?part=all")
    page = visit.page

    def on(role: str, label: str) -> None:
        """Tab to a control, and see that it can be seen to have the focus."""
        wanted = page.get_by_role(role, name=label).first.element_handle()
        for _ in range(200):
            page.keyboard.press("Tab")
            if page.evaluate("wanted => document.activeElement === wanted", wanted):
                break
        assert page.evaluate("wanted => document.activeElement === wanted", wanted), label
        ring = "(e => getComputedStyle(e).outlineWidth)(document.activeElement)"
        assert page.evaluate(ring) == "3px", label

    # Rank, and filter.
    on("combobox", "Compare by")
    page.keyboard.type("Devolved")
    page.keyboard.press("Enter")
    page.get_by_text("Devolved: from").wait_for(timeout=20_000)
    on("combobox", "Show")
    page.keyboard.type("London")
    page.keyboard.press("Enter")
    page.get_by_text("among 5 ICBs").wait_for(timeout=20_000)
    # Fold the table out.
    assert visit.tab_to("e.tagName === 'SUMMARY' && e.textContent.includes('ranked')")
    page.keyboard.press("Enter")
    page.locator("caption", has_text="All ICBs by devolved").wait_for(timeout=20_000)
    # Alert.
    on("slider", "Ring-fenced, soft included: more than")
    page.keyboard.press("ArrowRight")
    page.get_by_text("alerts on").filter(has_text="16 alerts on 12 of 42 ICBs.").wait_for(timeout=20_000)
    asked = {name: value for name, _, value in (pair.partition("=") for pair in page.url.split("?")[1].split("&"))}
    assert asked == {"part": "all", "measure": "devolved_share", "whom": "London", "tied": "31"}
    rows = document("national", "--rank", "devolved_share", "--region", "London", "--ledger", demo_ledger)["rows"]
    table = page.locator("table", has_text="All ICBs by devolved").locator("tbody tr")
    *told, together = table.all_inner_texts()
    assert [row.split("\t")[0] for row in told] == [row["name"] for row in rows]
    assert together.startswith("All ICBs together")
    whole = [cell.get_attribute("value") for cell in table.locator("data").all()][: len(rows)]
    assert whole == [exact_pounds(row["total_pence"]) for row in rows]
    limits = ("--above", "ring_fenced_share_with_soft=31", "--below", "untied_devolved_share=18", "--above")
    alerts = document("national", *limits, "closing_distance=5", "--ledger", demo_ledger)["alerts"]
    shown = page.locator("table", has_text="Alerts").locator("tbody th").all_inner_texts()
    # The page asks in the order of its sliders, the command first of what is above a limit.
    assert sorted(shown) == sorted(alert["name"] for alert in alerts)
    # And from a figure, by keyboard, to the balances that it is the sum of.
    page.evaluate("document.activeElement.blur()")
    assert visit.tab_to(
        f"e.tagName === 'A' && e.querySelector('data[value=\\'{exact_pounds(rows[0]['total_pence'])}\\']')", 200
    )
    page.keyboard.press("Enter")
    page.get_by_text("balances come to").wait_for(timeout=20_000)
    visit.settled()
    assert page.locator("tr.whole", has_text=exact_pounds(rows[0]["total_pence"])).count() == 1
    assert visit.outside() == []
    assert visit.complaints() == []
    visit.close()


def test_the_trend_follows_the_keyboard_and_is_the_commands(browser: Any, address: str, demo_ledger: Path) -> None:
    visit = Visit(browser, f"{address}/national?trend_of=QWO")
    page = visit.page
    visit.unfold()
    (first, *_) = document("trend", "--organisation", "QWO", "--ledger", demo_ledger)["rows"]
    trend = page.locator("table", has_text="The trend, point by point")
    assert trend.locator("tbody tr").count() == 12
    assert trend.locator("tbody tr").first.locator("data").first.get_attribute("value") == exact_pounds(
        first["total_pence"]
    )
    assert visit.tab_to(
        "e.type === 'radio' && e.closest('[role=radiogroup]')?.getAttribute('aria-label') === 'Over'", 200
    )
    page.keyboard.press("ArrowDown")
    page.get_by_text("there is one point so far, 31 March 2026").wait_for(timeout=20_000)
    assert "over=years" in page.url
    visit.close()


def test_back_and_forward_show_what_was_there_one_step_a_choice(browser: Any, address: str) -> None:
    visit = Visit(browser, address)
    page = visit.page
    titles = {"": "All ICBs", "?icb=QMM": "NHS Norfolk and Waveney ICB", "places?icb=QMM": "NHS Norfolk and Waveney ICB",
              "places": "NHS West Yorkshire ICB"}  # fmt: skip

    def is_at(path: str) -> None:
        page.wait_for_url(f"{address}/{path}")
        visit.settled()
        page.wait_for_url(f"{address}/{path}")
        if path in titles:
            page.wait_for_function(f"document.title.includes(': {titles[path]} -')")

    def choose(words: str) -> None:
        page.get_by_role("combobox", name="ICB").first.click()
        page.keyboard.type(words)
        page.keyboard.press("Enter")

    choose("Norfolk")
    is_at("?icb=QMM")
    page.get_by_role("link", name="Places", exact=True).first.click()
    is_at("places?icb=QMM")
    choose("West York")
    is_at("places")
    page.get_by_role("link", name="National", exact=True).first.click()
    is_at("national?icb=QWO")
    page.get_by_role("radiogroup", name="What to see").get_by_text("Alerts", exact=True).click()
    is_at("national?icb=QWO&part=alerts")
    page.get_by_role("slider", name="Above target, core: more than").focus()
    # Three presses on one slider are one choice.
    for limit in (6, 7, 8):
        page.keyboard.press("ArrowRight")
        is_at(f"national?icb=QWO&part=alerts&away={limit}")
    steps = ["", "?icb=QMM", "places?icb=QMM", "places", "national?icb=QWO", "national?icb=QWO&part=alerts",
             "national?icb=QWO&part=alerts&away=8"]  # fmt: skip
    for step in reversed(steps[:-1]):
        page.go_back()
        is_at(step)
    for step in steps[1:]:
        page.go_forward()
        is_at(step)
    page.reload()
    is_at(steps[-1])
    assert page.get_by_role("slider", name="Above target, core: more than").get_attribute("value") in ("8", None)
    assert visit.complaints() == []
    visit.close()


# What the README shows: the page, and between which headings.
README = {
    "overview": ("overview?icb=QWO&part=all", None, "What changed since a day"),
    "national": ("national?icb=QWO&part=all", "Tile map", "NHS West Yorkshire ICB beside others"),
    "start": ("?icb=QWO", None, "Or start from who you are"),
}


@pytest.mark.parametrize("name", README)
def test_the_pictures_of_the_readme_are_of_this_app(browser: Any, address: str, name: str) -> None:
    """Looked at from afar, so that a machine with other type passes and a page that has changed does not.

    With DEVOLUTION_PICTURES set, the pictures are made anew.
    """
    path, first, last = README[name]
    shown = ROOT / "docs" / "pictures" / f"{name}.png"
    visit = Visit(browser, f"{address}/{path}")
    visit.picture(f"readme-{name}", 1280, between=(first, last))
    visit.close()
    now = SCREENSHOTS / f"readme-{name}-1280.png"
    if PICTURES:
        shutil.copy(now, shown)
    before, after = (Image.open(file).convert("L").resize((40, 40)).tobytes() for file in (shown, now))
    apart = sum(abs(one - other) for one, other in zip(before, after, strict=True)) / len(before)
    assert apart < 6, f"docs/pictures/{name}.png is out of date: make it anew with DEVOLUTION_PICTURES=1"
