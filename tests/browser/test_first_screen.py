"""The first screen in a real browser: what people meet, and what must never leave the machine."""

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.xdist_group("browser")

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
         "--disable-quic", "--disable-gpu"]  # fmt: skip
# Streamlit asks for these under a page's own address before it falls back to the root; it says so itself.
HARMLESS = ("/_stcore/health", "/_stcore/host-config")


@pytest.fixture(scope="module")
def address(demo_ledger: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # As people start it: the installed command, from a folder of their own.
    installed = shutil.which("devolution", path=str(Path(sys.executable).parent))
    start = [installed] if installed else [sys.executable, str(ROOT / "devolution.py")]
    command = [
        *start,
        "app",
        "--ledger",
        str(demo_ledger),
        "--port",
        str(port),
        "--no-browser",
    ]
    app = subprocess.Popen(command, cwd=demo_ledger.parent, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        limit = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
                break
            except OSError:
                assert time.monotonic() < limit, "the app did not start"
                time.sleep(0.2)
        yield url
    finally:
        app.terminate()
        app.wait(timeout=20)
        # Who stops the command stops the app: nobody listens there any more.
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; .ci/run installs one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


class Visit:
    """A page, with all that it asked of the network and said on its console."""

    def __init__(self, browser: Any, address: str, width: int) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on(
            "console", lambda said: self.errors.append(f"{said.text} {said.location}") if said.type == "error" else None
        )
        self.page.goto(address)
        self.page.get_by_role("heading", name="What these figures are").wait_for(timeout=60_000)
        self.page.locator("canvas").first.wait_for(timeout=60_000)

    def outside(self) -> list[str]:
        hosts = [urlsplit(url) for url in self.requests if not url.startswith(("data:", "blob:"))]
        return [url.geturl() for url in hosts if url.hostname not in ("127.0.0.1", "localhost")]


@pytest.mark.parametrize("width", [1280, 375, 320])
@pytest.mark.parametrize("query", ["", "?icb=QWO"])
def test_it_is_quiet_accessible_and_fits(browser: Any, address: str, width: int, query: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    visit = Visit(browser, address + query, width)
    visit.page.wait_for_timeout(1_500)
    SCREENSHOTS.mkdir(exist_ok=True)
    visit.page.screenshot(path=SCREENSHOTS / f"overview{'-QWO' if query else ''}-{width}.png")
    assert visit.outside() == []
    assert [said for said in visit.errors if not any(known in said for known in HARMLESS)] == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    violations = Axe().run(visit.page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations if v["impact"] in ("serious", "critical")] == []
    visit.page.close()


def test_a_link_shows_what_its_sender_saw(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}?icb=QWO", 1280)
    visit.page.get_by_text("NHS West Yorkshire ICB receives £6.7 billion").wait_for(timeout=20_000)
    # To the penny what the books say: core money into West Yorkshire.
    visit.page.get_by_text("5,266,745,206.41", exact=True).wait_for(timeout=20_000)
    visit.page.close()


def test_the_keyboard_alone_changes_the_icb_with_the_focus_in_sight(browser: Any, address: str) -> None:
    visit = Visit(browser, address, 1280)
    page = visit.page
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "combobox":
            break
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    page.keyboard.type("Norfolk")
    page.keyboard.press("Enter")
    page.get_by_text("NHS Norfolk and Waveney ICB receives").wait_for(timeout=20_000)
    assert "icb=QMM" in page.url
    page.close()


def test_the_chart_has_a_name_for_those_who_do_not_see_it(browser: Any, address: str) -> None:
    visit = Visit(browser, address, 1280)
    named = visit.page.locator("[aria-label*='The table below gives every figure']")
    assert named.count() >= 1
    visit.page.close()
