"""The web app, measured: first render, a rerun after a slider, ten people at once, and memory for each of them.

The first text, reruns and ten people at once are measured beside Streamlit's own hello page, in turn with it.

    uv run python -m bench.app

Starts the app on a ledger of its own. Times at the server are those of one page script, by Streamlit's own test
harness; times in the browser are to the last words of the page, in a Chromium without a window.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import streamlit
from playwright.sync_api import sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from allocations.demo import build
from ledger.store.base import Store

ROOT = Path(__file__).parent.parent
PORT = 8599
PEOPLE, TURNS, THINKING = 10, 5, 0.5
MANY = 40
HELLO = Path(streamlit.__file__).parent / "hello" / "streamlit_app.py"
TIMES = 9
SCRIPT = "from screens.web.pages import {page}\n{page}.page()"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "bench.duckdb"
        with Store.open_or_create(ledger) as store:
            build.build(store)
            store.checkpoint()
        os.environ["DEVOLUTION_LEDGER"] = str(ledger)
        os.chdir(ROOT)
        at_the_server()
        in_the_browser(ledger)


def at_the_server() -> None:
    """Reruns of a page's script after a slider, one person alone."""
    for page, slider in (("national", "tied"), ("bids", "awards")):
        one_person(page, slider)


def one_person(page: str, slider: str) -> None:
    """A page, and then the same after each move of a slider."""
    app = AppTest.from_string(SCRIPT.format(page=page), default_timeout=120)
    # A page shows one part at a time; with all of them it is as slow as it can be.
    app.query_params["part"] = "all"
    first = _timed(app.run)
    again = [_timed(lambda turn=turn: _move(app, slider, turn)) for turn in range(2, 22)]
    print(f"{page}: first run {first:.2f} s, rerun of the whole page after a slider, median {median(again):.3f} s")


def in_the_browser(ledger: Path) -> None:
    """From the address to the last words, and what each open page costs the server."""
    # As people start it.
    command = [sys.executable, "devolution.py", "app", "--ledger", str(ledger), "--port", str(PORT), "--no-browser"]
    # As 'streamlit hello' starts it, but that it opens no browser and tells nobody.
    plain = [sys.executable, "-m", "streamlit", "run", str(HELLO), "--server.port", str(PORT + 1),
             "--server.headless", "true", "--browser.gatherUsageStats", "false"]  # fmt: skip
    with _started(command, ledger) as app, _started(plain, ledger):
        url, hello = (f"http://127.0.0.1:{port}" for port in (PORT, PORT + 1))
        _wait(url)
        _wait(hello)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            first = _visit(browser, url)
            empty = _memory(app.pid)
            later = [_visit(browser, url) for _ in range(3)]
            pages = {
                name: _visit(browser, f"{url}/{name}")
                for name in ("places", "ring-fences", "bids", "national", "audit")
            }
            texts = [(_first_text(browser, f"{url}/overview"), _first_text(browser, hello)) for _ in range(TIMES)]
            browser.close()
        print(f"first page in the browser: first of all {first:.2f} s, then {median(later):.2f} s; each page first: "
              + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in pages.items()))  # fmt: skip
        beside("first text in a browser", *zip(*texts, strict=True))
        beside("rerun of the whole Overview, one person", reruns(url, "overview"), reruns(hello, ""))
        beside(f"{PEOPLE} people at once, {THINKING} s to think", crowd(url, "overview"), crowd(hello, ""))
        print(
            f"memory: {empty:.0f} MB after the first page, {each_person(url, app.pid):.2f} MB for each further person"
        )


@contextmanager
def _started(command: Sequence[str], ledger: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An app, which is stopped afterwards."""
    app = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           env={**os.environ, "DEVOLUTION_LEDGER": str(ledger)})  # fmt: skip
    try:
        yield app
    finally:
        app.terminate()
        app.wait(timeout=20)


def beside(what: str, ours: Sequence[float], hello: Sequence[float]) -> None:
    """Medians of ours and of the hello page, and how many times the one is the other."""
    print(f"{what}: median {median(ours):.3f} s (worst {max(ours):.3f}), hello page {median(hello):.3f} s "
          f"(worst {max(hello):.3f}), {median(ours) / median(hello):.2f} times it")  # fmt: skip


def reruns(url: str, page: str) -> list[float]:
    """One person who has a page open and asks it again."""
    with _line(url) as line:
        _ask(line, "icb=QWO", page)
        return [_timed(lambda: _ask(line, "icb=QWO", page)) for _ in range(2 * TIMES)]


def each_person(url: str, pid: int) -> float:
    """Memory for each person who has a page open, in MB, over many of them."""
    with ExitStack() as open_pages:
        _ask(open_pages.enter_context(_line(url)), "icb=QWO")
        before = _memory(pid)
        for _ in range(MANY):
            _ask(open_pages.enter_context(_line(url)), "icb=QWO")
        return (_memory(pid) - before) / MANY


def crowd(url: str, page: str) -> list[float]:
    """Ten people at once, each looking at one ICB after another, by what their browsers send and get."""

    def person(number: int) -> list[float]:
        taken = []
        with _line(url) as line:
            _ask(line, "", page)
            for turn in range(TURNS):
                time.sleep(THINKING)
                code = ("QWO", "QMM", "QE1", "QHM")[(number + turn) % 4]
                taken.append(_timed(lambda code=code: _ask(line, f"icb={code}", page)))
        return taken

    with ThreadPoolExecutor(PEOPLE) as pool:
        return [seconds for taken in pool.map(person, range(PEOPLE)) for seconds in taken]


def _line(url: str) -> ClientConnection:
    """A browser's line to the app."""
    return connect(
        f"{url.replace('http', 'ws')}/_stcore/stream", subprotocols=[Subprotocol("streamlit")], max_size=None
    )


def _ask(line: ClientConnection, query: str, page: str = "") -> None:
    """Have the page run, and wait until it has."""
    asked = BackMsg()
    asked.rerun_script.query_string = query
    asked.rerun_script.page_name = page
    line.send(asked.SerializeToString())
    while True:
        told = ForwardMsg.FromString(line.recv(timeout=120))
        if told.WhichOneof("type") == "script_finished":
            return


def _move(app: AppTest, key: str, value: int) -> None:
    next(slider for slider in app.slider if slider.key == key).set_value(value).run()


def _visit(browser: object, url: str) -> float:
    page = browser.new_page()  # type: ignore[attr-defined]

    def go() -> None:
        page.goto(url)
        page.get_by_role("heading", name="What these figures are").wait_for(timeout=120_000)

    seconds = _timed(go)
    page.close()
    return seconds


def _first_text(browser: object, url: str) -> float:
    """From the address to the first words in the middle of the page."""
    page = browser.new_page()  # type: ignore[attr-defined]

    def go() -> None:
        page.goto(url, wait_until="commit")
        page.wait_for_function("document.querySelector('[data-testid=stMain]')?.innerText.trim()", timeout=120_000)

    seconds = _timed(go)
    page.close()
    return seconds


def _timed(ask: object) -> float:
    start = time.perf_counter()
    ask()  # type: ignore[operator]
    return time.perf_counter() - start


def _memory(pid: int) -> float:
    """Resident memory in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def _wait(url: str) -> None:
    limit = time.monotonic() + 60
    while not _answers(url):
        assert time.monotonic() < limit, "the app did not start"
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
