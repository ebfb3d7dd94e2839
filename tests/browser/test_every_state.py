"""Every state that a page can be brought into by whoever uses it, gone through in one window: axe looks at each.

What pages are without doing anything is looked at by test_pages and test_states; importing, recording, deciding, signing
in and the pack are looked at, step by step, by the tests that walk those ways.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visits import ROOT, Visit, running
from tests.profiles import by_night, times

SECONDS = 30_000
READING = (ROOT / "docs" / "reading_example.yaml").read_bytes()
# Through the night also on a telephone.
WIDTHS = (1280, 320)[: times(quick=1, ci=1, nightly=2)]


def sees(page: Any, words: str) -> None:
    page.get_by_text(words).first.wait_for(timeout=SECONDS)


def opens_a_list(page: Any) -> None:
    page.get_by_role("combobox", name="ICB").first.click()
    page.get_by_role("option", name="NHS Birmingham and Solihull ICB").wait_for(timeout=SECONDS)


def opens_the_calendar(page: Any) -> None:
    page.get_by_role("button", name="Choose date").first.click()
    page.get_by_role("grid").first.wait_for(timeout=SECONDS)


def asks_for_help(page: Any) -> None:
    page.locator("[data-testid=stTooltipIcon]").first.hover()
    page.get_by_role("tooltip").first.wait_for(timeout=SECONDS)
    # It fades in, and words that are half there have no contrast yet.
    page.wait_for_function(
        """() => { for (let e = document.querySelector('[role=tooltip]'); e; e = e.parentElement)
                       if (getComputedStyle(e).opacity !== '1') return false;
                   const help = document.querySelector('[role=tooltip]');
                   return help !== null && [...help.querySelectorAll('*')].every(e => getComputedStyle(e).opacity === '1'); }""",
        timeout=SECONDS,
    )


def opens_the_navigation(page: Any) -> None:
    page.set_viewport_size({"width": 375, "height": 900})
    page.locator("[data-testid=stExpandSidebarButton]").click()
    page.get_by_role("link", name="Ring-fences").first.wait_for(timeout=SECONDS)


def writes_a_pot_that_is_none(page: Any) -> None:
    page.locator("summary", has_text="For analysts: the pot").click()
    page.get_by_label("YAML").fill("awards: many")
    page.keyboard.press("Control+Enter")
    sees(page, "This pot cannot be simulated")


def brings(label: str, name: str, content: bytes, words: str) -> Callable[[Any], None]:
    """Bring a file where a field asks for it, and wait for what is said of it."""

    def bring(page: Any) -> None:
        page.locator("[data-testid=stFileUploader]", has_text=label).locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "text/plain", "buffer": content}
        )
        sees(page, words)

    return bring


def after(first: Callable[[Any], None], then: Callable[[Any], None]) -> Callable[[Any], None]:
    def both(page: Any) -> None:
        first(page)
        then(page)

    return both


def unfolds(words: str) -> Callable[[Any], None]:
    return lambda page: page.locator("summary", has_text=words).first.click()


def presses(name: str, words: str) -> Callable[[Any], None]:
    def press(page: Any) -> None:
        page.get_by_role("button", name=name).first.click()
        sees(page, words)

    return press


def chooses_a_month(page: Any) -> None:
    page.get_by_role("combobox", name="Month to close").click()
    page.keyboard.type("June 2025")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close June 2025").wait_for(timeout=SECONDS)


def takes_the_pack(page: Any) -> None:
    with page.expect_download():
        page.get_by_role("button", name="Board pack to print").click()


def is_a_dark_machine(page: Any) -> None:
    page.emulate_media(color_scheme="dark")


def is_printed(page: Any) -> None:
    page.emulate_media(media="print", color_scheme="light")


OWN_READING = "A file with a reading of your own"
# Where somebody is, and what they do there; what they see then is waited for.
STATES: Mapping[str, tuple[str, Callable[[Any], None] | None]] = {
    "a list is open": ("overview", opens_a_list),
    "a calendar is open": ("overview?icb=QWO&part=changed", opens_the_calendar),
    "help is open": ("overview?icb=QWO", asks_for_help),
    "the navigation is open on a telephone": ("words", opens_the_navigation),
    "the machine is dark": ("overview?icb=QWO", is_a_dark_machine),
    "the page is printed": ("overview?icb=QWO", is_printed),
    "a reading of one's own": (
        "ring-fences?icb=QWO", after(unfolds("How ring-fences may be read"), brings(OWN_READING, "mine.yaml", READING, "as our board")),
    ),
    "a reading with a fault": (
        "ring-fences?icb=QWO",
        after(unfolds("How ring-fences may be read"),
              brings(OWN_READING, "mine.yaml", READING.replace(b"grade: soft", b"grade: firm", 1), "cannot be used")),
    ),
    "limits that nobody is beyond": ("national?part=alerts&away=10&tied=100&free=0", None),
    "nothing to compare": ("scenarios?view=compare", None),
    "nothing built yet": ("scenarios?view=build", None),
    "a way that cannot be": ("scenarios?view=way&goal_within=0.1%25&goal_years=1", None),
    "a figure that nothing makes": ("scenarios?view=seek&seek_value=99%25", None),
    "the pack is taken": ("scenarios?scenario=running-costs-halved", takes_the_pack),
    "a pot that cannot be read": ("bids", writes_a_pot_that_is_none),
    "places with a fault": (
        "places?icb=QWO&places=own",
        after(lambda page: page.get_by_role("tab", name="Bring a file").click(),
              brings("A file of places", "places.csv", b"place,practice_code\nNorth,X99999\n", "cannot be used")),
    ),
    "a register with faults": (
        "record?view=register", brings("Register", "register.csv", b"kind,reason\nmoon,because\n", "One problem in register.csv"),
    ),
    "a file that does not say who pays": (
        "import-export", brings("Files to bring in", "notes.csv", b"nothing,at all\n", "Who pays could not be told"),
    ),
    "a file that is no budget": ("import-export", brings("Files to bring in", "notes.txt", b"nothing at all", "One problem in notes.txt")),
    "a month about to be closed": ("month?view=end", chooses_a_month),
    "books that are verified": ("audit?view=verify", presses("Verify everything", "entries hold")),
}  # fmt: skip


@pytest.mark.parametrize("states", [tuple(STATES)[::2], *by_night([(tuple(STATES)[1::2],)])], ids=["day", "night"])
def test_nothing_serious_stands_in_anybodys_way_in_any_state(
    browser: Any, demo_ledger: Path, states: tuple[str, ...]
) -> None:
    met: dict[str, list[tuple[str, str]]] = {}
    with running(demo_ledger) as address:
        visit = Visit(browser, address)
        page = visit.page
        for name in states:
            path, act = STATES[name]
            page.emulate_media(media="screen", color_scheme="light")
            page.set_viewport_size({"width": 1280, "height": 900})
            # Each from a page that is loaded anew.
            page.goto(f"{address}/{path}")
            visit.settled()
            if act is not None:
                act(page)
                visit.still()
            for width in WIDTHS:
                if width != WIDTHS[0]:
                    page.set_viewport_size({"width": width, "height": 900})
                if found := visit.barriers():
                    met[f"{name}, {width}"] = found
        assert page.locator("[data-testid=stException]").count() == 0
        assert visit.outside() == []
        assert visit.complaints() == []
        visit.close()
    assert met == {}
