"""The app in a real browser: how it is started, and a page with all that it asked of the network."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parent.parent.parent
# Pictures are for people: they are taken where this is set, and those that the README shows always.
PICTURES = os.environ.get("DEVOLUTION_PICTURES")
SCREENSHOTS = ROOT / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
         "--disable-quic", "--disable-gpu"]  # fmt: skip
# Streamlit asks for these under a page's own address before it falls back to the root; it says so itself.
HARMLESS = ("/_stcore/health", "/_stcore/host-config")
LAST_WORDS = "What these figures are"


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(ledger: Path, port: int, *options: str) -> list[str]:
    """The app as people start it: the installed command."""
    installed = shutil.which("devolution", path=str(Path(sys.executable).parent))
    start = [installed] if installed else [sys.executable, str(ROOT / "devolution.py")]
    return [*start, "app", "--ledger", str(ledger), "--port", str(port), "--no-browser", *options]


@contextmanager
def running(
    ledger: Path, *options: str, port: int | None = None, home: Path | None = None, log: Path | None = None
) -> Iterator[str]:
    """The app on a ledger, at its address; nobody listens there afterwards.

    Args:
        home: the home folder of whom the app runs for, in which it finds its settings; usually the tests' own.
        log: a file for what the app says to who runs it; usually nobody hears.
    """
    port = port or free_port()
    environment = os.environ if home is None else {**os.environ, "HOME": str(home)}
    with (log or Path(os.devnull)).open("wb") as told:
        # From a folder of their own.
        app = subprocess.Popen(
            command(ledger, port, *options), cwd=ledger.parent, env=environment, stdout=told, stderr=told
        )
    url = f"http://127.0.0.1:{port}"
    try:
        limit = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
                break
            except OSError:
                assert time.monotonic() < limit, "the app did not start"
                time.sleep(0.05)
        yield url
    finally:
        app.terminate()
        app.wait(timeout=20)
        # Who stops the command stops the app: nobody listens there any more.
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)


def barriers(page: Any) -> list[tuple[str, str]]:
    """What axe finds on a page as it is now that is serious or critical: the rule, and the first that breaks it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser without a window; the test says plainly where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; .ci/run installs one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@cache
def shared_context(browser: Any) -> Any:
    """The context that all visits in a browser share: what it keeps from one to the next.

    That is the program's own files above all: to fetch and compile them anew takes as long as all else in a visit.
    """
    return browser.new_context(reduced_motion="reduce")


class Visit:
    """A page, with all that it asked of the network and said on its console."""

    def __init__(self, browser: Any, address: str, width: int = 1280) -> None:
        self.page = shared_context(browser).new_page()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on(
            "console", lambda said: self.errors.append(f"{said.text} {said.location}") if said.type == "error" else None
        )
        self.page.goto(address)
        self.settled()

    def settled(self) -> None:
        """Wait until the page is whole: its last words are there and nothing runs."""
        # While a page is drawn anew its old last words may stand beside the new ones.
        self.page.get_by_role("heading", name=LAST_WORDS).last.wait_for(timeout=60_000)
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        self.drawn()

    def drawn(self) -> None:
        """Wait until every chart has been drawn and nothing holds its place any more."""
        self.page.wait_for_function(
            "[...document.querySelectorAll('[data-testid=stVegaLiteChart], [data-testid=stEChartsChart]')]"
            ".every(chart => chart.querySelector('svg, canvas')) && !document.querySelector('[data-testid=stSkeleton]')",
            timeout=60_000,
        )

    def still(self) -> None:
        """Wait until nothing is drawn anew, fades or moves: words that are half there have no contrast yet."""
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=60_000)
        self.page.wait_for_function(
            "!document.querySelector('[data-stale=true]') && document.getAnimations().every("
            "one => one.playState !== 'running' || one.effect.getComputedTiming().iterations === Infinity)",
            timeout=60_000,
        )

    def outside(self) -> list[str]:
        """Every request that did not go to this machine."""
        hosts = [urlsplit(url) for url in self.requests if not url.startswith(("data:", "blob:"))]
        return [url.geturl() for url in hosts if url.hostname not in ("127.0.0.1", "localhost")]

    def complaints(self) -> list[str]:
        """What the console said that Streamlit does not say of itself."""
        return [said for said in self.errors if not any(known in said for known in HARMLESS)]

    def unfold(self) -> None:
        """Open everything that is folded, so that nothing goes unseen."""
        self.page.evaluate("document.querySelectorAll('details:not([open]) > summary').forEach(s => s.click())")

    def fits(self, width: int) -> None:
        """Make the window narrow, and wait until nothing is wider than it: charts find their new width a little later.

        Raises:
            AssertionError: something stays wider than the window.
        """
        from playwright.sync_api import TimeoutError as TooLate

        self.page.set_viewport_size({"width": width, "height": 900})
        try:
            self.page.wait_for_function(
                f"document.documentElement.scrollWidth <= {width} && (main => main.scrollWidth <= main.clientWidth)"
                "(document.querySelector('[data-testid=stMain]'))",
                timeout=15_000,
            )
        except TooLate as late:
            raise AssertionError(f"{self.page.url} scrolls sideways at {width}") from late

    def barriers(self) -> list[tuple[str, str]]:
        """What axe finds that is serious or critical."""
        return barriers(self.page)

    def picture(self, name: str, width: int, between: tuple[str | None, str] | None = None) -> None:
        """A picture of the whole page, or of what is between two headings; none for the first is from the top."""
        if PICTURES is None and between is None:
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        height = self.page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        self.page.set_viewport_size({"width": width, "height": min(height + 80, 6_000)})
        self.drawn()
        self.page.wait_for_timeout(700)
        clip = None
        if between is not None:
            first, last = (0 if heading is None else self._above(heading) for heading in between)
            clip = {"x": 0, "y": first, "width": width, "height": last - first}
        self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}.png", clip=clip)
        self.page.set_viewport_size({"width": width, "height": 900})

    def _above(self, heading: str) -> float:
        """Where a heading begins, with a little room above it."""
        box = self.page.get_by_role("heading", name=heading, exact=True).first.bounding_box()
        return float(box["y"]) - 12

    def tab_to(self, script: str, most: int = 80) -> int:
        """Press Tab until what a script asks of the focused element is true: how often that took; 0 where it never is."""
        for pressed in range(1, most + 1):
            self.page.keyboard.press("Tab")
            if self.page.evaluate(f"(e => {script})(document.activeElement)"):
                return pressed
        return 0

    def choose(self, file: Path, again: Callable[[], None]) -> None:
        """Press Enter on the button that asks for a file, and give it one.

        A page that is drawn anew just then takes the key with it: then a person goes back there and presses again.
        What asks for the file is listened for all the time: a dialog that opens late, on a busy machine, would
        otherwise open with nobody to answer it, and none can be opened beside it.
        """
        dialogs: list[Any] = []

        def opened(dialog: Any) -> None:
            dialogs.append(dialog)

        self.page.on("filechooser", opened)
        for attempt in range(4):
            if attempt:
                self.settled()
                again()
            self.page.keyboard.press("Enter")
            for _ in range(60):
                self.page.wait_for_timeout(250)
                if dialogs:
                    dialogs[0].set_files(file)
                    return
        raise AssertionError("Enter on the button that asks for a file opened no dialog.")

    def close(self) -> None:
        """Leave."""
        self.page.close()


# Whether a list stands at an option that has some words: it finds it a little after the last letter, and Enter takes it.
STANDS_AT = """([box, words]) => {
    const option = document.getElementById(box.getAttribute('aria-activedescendant') ?? '');
    return option !== null && option.textContent.toLowerCase().includes(words.toLowerCase());
}"""


_RINGED = """() => {
    for (let one = document.activeElement; one && one !== document.body; one = one.parentElement) {
        const style = getComputedStyle(one);
        if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) return true;
    }
    return false;
}"""


class Hands:
    """How somebody works on a page: with a mouse, or with the keyboard alone, which reaches everything by Tab."""

    def __init__(self, visit: Visit, kind: str) -> None:
        self.page = visit.page
        self.visit = visit
        self.is_keyboard = kind == "keyboard"

    def press(self, wanted: Any) -> None:
        """Press a link, a button or a summary."""
        if self.is_keyboard:
            self.reach(wanted)
            self.page.keyboard.press("Enter")
        else:
            wanted.click()

    def pick(self, label: str, words: str) -> None:
        """Pick from a list by the beginning of what one types into it."""
        box = self.page.get_by_role("combobox", name=label).first
        self.reach(box) if self.is_keyboard else box.click()
        self.page.keyboard.type(words)
        self.page.wait_for_function(STANDS_AT, arg=[box.element_handle(), words], timeout=30_000)
        self.page.keyboard.press("Enter")

    def take(self, wanted: Any) -> Path:
        """Press what gives a file, and take it; the way there by Tab, which may be long, is not waited for as the file is."""
        if self.is_keyboard:
            self.reach(wanted)
        with self.page.expect_download() as coming:
            self.page.keyboard.press("Enter") if self.is_keyboard else wanted.click()
        return Path(coming.value.path())

    def write(self, label: str, words: str) -> None:
        """Write into the box whose label begins so; where it is folded away, unfold that first."""
        box = self.page.get_by_label(label).first
        box.wait_for(state="attached", timeout=30_000)
        if not box.is_visible():
            # What was typed last may just begin to be worked out, and then takes the focus along.
            self.page.wait_for_timeout(500)
            self.visit.settled()
            self.visit.still()
        if not box.is_visible():
            self.press(self.page.locator("details", has=box).locator("summary").first)
            box.wait_for(timeout=30_000)
        if box.get_attribute("role") == "group":
            # A day has a box for each of its parts, and is typed from the first on.
            box = box.get_by_role("spinbutton").first
        self.reach(box) if self.is_keyboard else box.click()
        self.page.keyboard.type(words)

    def select(self, label: str, words: str) -> None:
        """Select one of some radio buttons, the nearer way round; an arrow selects what it comes to."""
        group = self.page.get_by_role("radiogroup", name=label).first
        group.wait_for(timeout=30_000)
        if not self.is_keyboard:
            group.get_by_text(words, exact=True).click()
            return
        each = group.locator("label:has(input)").all_inner_texts()
        self.reach(group.locator("input:checked"))
        now = group.locator("input").evaluate_all("all => all.findIndex(one => one.checked)")
        ahead = (each.index(words) - now) % len(each)
        key, times = ("ArrowDown", ahead) if ahead <= len(each) / 2 else ("ArrowUp", len(each) - ahead)
        for _ in range(times):
            self.page.keyboard.press(key)

    def bring(self, file: Path) -> None:
        """Choose a file in the box that asks for files to bring in."""
        if not self.is_keyboard:
            self.page.set_input_files("[data-testid=stFileUploaderDropzoneInput]", file)
            return
        button = self.page.locator("[data-testid=stFileUploader] button").first
        self.reach(button)
        self.visit.choose(file, lambda: self.reach(button))

    def fill(self, boxes: Mapping[str, str]) -> None:
        """Fill in boxes by the beginnings of their labels, each taken by Enter."""
        for label, words in boxes.items():
            self.write(label, words)
            self.page.keyboard.press("Enter")

    def turn(self, label: str) -> None:
        """Turn a slider up: drag it a little way, or press an arrow three times."""
        slider = self.page.get_by_role("slider", name=label).first
        if self.is_keyboard:
            self.reach(slider)
            for _ in range(3):
                self.page.keyboard.press("ArrowRight")
            return
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        at, high = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(at, high)
        self.page.mouse.down()
        for far in range(10, 121, 10):
            self.page.mouse.move(at + far, high)
        self.page.mouse.up()

    def reach(self, wanted: Any, most: int = 300) -> None:
        """Press Tab from the top of the page until something has the focus.

        Raises:
            AssertionError: Tab does not lead there.
        """
        wanted.wait_for(timeout=30_000)
        self.page.evaluate("document.activeElement.blur()")
        for _ in range(most):
            self.page.keyboard.press("Tab")
            # Asked of whatever it is now: a page that is drawn anew puts another element in its place.
            if wanted.evaluate("wanted => document.activeElement === wanted"):
                assert self.page.evaluate(_RINGED), f"no ring around {wanted}"
                return
        raise AssertionError(f"Tab does not lead to {wanted}")
