"""Books to test with, and where the published files are."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from allocations.demo import build, history
from ledger.entries.posting import post
from ledger.store import reading
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import fund_all
from tests.profiles import EVERY_TEST, PROFILE, left_to_the_night
from tests.shelves import Opened, Shelf, Template, left_alone, made_once, opened_once, shelf_of, small_books_on
from tests.workers import place_of, pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_make_scheduler"]  # a hook, found here by the run

# What a test reads of a server comes from the server, unless it is about what is kept; processes that it starts too.
os.environ["DEVOLUTION_MIRRORS"] = "off"
settings.load_profile(PROFILE)
reading.read_staged_rows_itself()  # as the app and the commands do
ROOT = Path(__file__).parent.parent
PUBLISHED = Path(os.environ.get("DEVOLUTION_PUBLISHED_DATA", ROOT.parent / "shared" / "data"))
NOT_HERE = f"the published files are not at {PUBLISHED}; set DEVOLUTION_PUBLISHED_DATA to their folder to run this test"


@pytest.fixture(scope="session", autouse=True)
def _one_thread_each() -> None:
    """The books of tests are small, and the tests themselves run side by side: more threads only get in the way."""
    # The mirror of a server's ledger shares this mapping.
    reading.CONFIGURATION["threads"] = "1"


@pytest.fixture(scope="session")
def published() -> Path:
    """The folder of published files; the test says plainly where they are missing."""
    if not PUBLISHED.is_dir():
        pytest.skip(NOT_HERE)
    return PUBLISHED


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """The small books on a shelf of a kind, made once and then copied."""
    yield from made_once(tmp_path_factory.mktemp("small"), small_books_on)


@pytest.fixture(scope="session")
def funded_template(tmp_path_factory: pytest.TempPathFactory, template: Template) -> Iterator[Template]:
    """The same with ``fund_all`` posted, made once and then copied."""

    def make(shelf: Shelf) -> Address:
        address = shelf.copy(template(shelf.kind), "funded")
        with Store.open(address) as store:
            fund_all(store)
            store.checkpoint()
        return address

    yield from made_once(tmp_path_factory.mktemp("funded"), make)


@pytest.fixture
def kind() -> str:
    """The kind of store that the test keeps its ledgers in; the tests of the ledger itself run on both."""
    return "file"


@pytest.fixture
def shelf(kind: str, tmp_path: Path) -> Iterator[Shelf]:
    """Where the test keeps its ledgers."""
    shelf = shelf_of(kind, tmp_path)
    yield shelf
    shelf.clear()


@pytest.fixture
def books(shelf: Shelf, template: Template) -> Iterator[Store]:
    """A department, NHS England, two ICBs, places, a network that straddles, and a practice; no money yet."""
    with Store.open(shelf.copy(template(shelf.kind), "books")) as store:
        yield store


@pytest.fixture
def funded(shelf: Shelf, funded_template: Template) -> Iterator[Store]:
    """The same with money: ``fund_all`` is posted."""
    with Store.open(shelf.copy(funded_template(shelf.kind), "books")) as store:
        yield store


@pytest.fixture(scope="session")
def _open_books(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    yield from opened_once(tmp_path_factory.mktemp("open"), template)


@pytest.fixture(scope="session")
def _open_funded(funded_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    yield from opened_once(tmp_path_factory.mktemp("open_funded"), funded_template)


@pytest.fixture
def same_books(kind: str, _open_books: Opened) -> Iterator[Store]:
    """The small books, opened once for all tests in which everything is refused; each leaves them as they were."""
    yield from left_alone(_open_books(kind))


@pytest.fixture
def same_funded(kind: str, _open_funded: Opened) -> Iterator[Store]:
    """The same with money."""
    yield from left_alone(_open_funded(kind))


@pytest.fixture(scope="session")
def _demo_file(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The demo's ledger, built by the first of the workers that needs it."""

    def make(store: Store) -> None:
        build.build(store)

    return _built_by_one(tmp_path_factory, worker_id, "demo", make)


@pytest.fixture(scope="session")
def all_years_ledger(_demo_file: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The demo's ledger with all years, a copy for each worker: for tests that only read."""

    def make(store: Store) -> None:
        for stage in history.stages():
            post(store, stage.drafts())

    built = _built_by_one(tmp_path_factory, worker_id, "all_years", make, begun_from=_demo_file)
    path = tmp_path_factory.mktemp("all_years_ledger") / "all_years.duckdb"
    path.write_bytes(built.read_bytes())
    return path


def _built_by_one(
    factory: pytest.TempPathFactory, worker_id: str, name: str, make: Callable[[Store], None],
    begun_from: Path | None = None,
) -> Path:  # fmt: skip
    """A ledger that one of the workers builds; the others wait for it."""
    # The workers' folders lie side by side in one that is the run's own.
    folder = factory.mktemp(name) if worker_id == "master" else factory.getbasetemp().parent
    path = folder / f"{name}.duckdb"
    try:
        path.with_suffix(".begun").touch(exist_ok=False)
    except FileExistsError:
        limit = time.monotonic() + 300
        while not path.exists():
            assert time.monotonic() < limit, f"another worker began to build {path.name}, and did not end"
            time.sleep(0.1)
        return path
    unfinished = path.with_suffix(".unfinished")
    if begun_from is not None:
        unfinished.write_bytes(begun_from.read_bytes())
    with Store.open_or_create(unfinished) as store:
        make(store)
        store.checkpoint()
    return unfinished.rename(path)


@pytest.fixture(scope="session")
def demo_ledger(_demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's ledger, built once, and a copy for each worker: for tests that only read, or are refused.

    Who is refused has opened it to write, and would stand in the way of the other worker's readers.
    """
    path = tmp_path_factory.mktemp("demo_ledger") / "demo.duckdb"
    path.write_bytes(_demo_file.read_bytes())
    return path


@pytest.fixture
def own_demo_ledger(_demo_file: Path, tmp_path: Path) -> Path:
    """A copy of the demo's ledger: for tests that write."""
    path = tmp_path / "ledger.duckdb"
    path.write_bytes(_demo_file.read_bytes())
    return path


@pytest.fixture(scope="session")
def of_the_demo(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The publication of the demo, with its journal: for tests that only read it."""
    from typer.testing import CliRunner

    import devolution

    folder = tmp_path_factory.mktemp("publication") / "out"
    done = CliRunner().invoke(devolution.app, ["publish", str(folder), "--ledger", str(demo_ledger), "--journal"])
    assert done.exit_code == 0, done.output
    return folder


# Fixtures that lay a ledger before a test.
_OF_A_LEDGER = {
    "books", "funded", "same_books", "same_funded", "shelf", "template", "demo_ledger", "own_demo_ledger",
    "all_years_ledger",
}  # fmt: skip


def pytest_collection_finish() -> None:
    """What was loaded and collected stays to the end: it need not be looked through again for what could be freed."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> None:
    """Leave to the night what is the night's, put the long tests first, and mark each by what it needs."""
    chosen_by = "nightly" if EVERY_TEST in os.environ else PROFILE
    left = {id(item) for item in left_to_the_night(items, chosen_by)}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in left])
    items[:] = [item for item in items if id(item) not in left]
    items.sort(key=lambda item: place_of(item.nodeid))
    for item in items:
        rooms = item.path.relative_to(ROOT).parts
        if "browser" in rooms:
            mark = "browser"
        elif "faults" in rooms or {"subprocess", "CliRunner"} & set(vars(item.module)):
            mark = "process"
        elif "screens" in rooms:
            mark = "page"
        elif "Store" in vars(item.module) or _OF_A_LEDGER & set(getattr(item, "fixturenames", ())):
            mark = "store"
        else:
            mark = "unit"
        item.add_marker(mark)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was left to the night, and what the tests of faults counted: rounds, acknowledged, lost, broken."""
    if PROFILE != "nightly":
        terminalreporter.write_line(
            f"Profile {PROFILE}: what DEVOLUTION_PROFILE=nightly tries besides was left out (CONTRIBUTING.md)."
        )
    told = [
        str(value)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "figures" and report.when == "call"
    ]
    if told:
        terminalreporter.section("Faults")
        for line in sorted(told):
            terminalreporter.write_line(line)
