"""Ledgers in every state that a page may meet: none, broken, held by nobody's fault, empty, and barely begun."""

from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb

from ledger.entries import posting
from ledger.store.base import Store
from tests.books import at, entry
from tests.shelves import small_file

PAGES = ("start", "overview", "places", "ring_fences", "bids", "national", "audit", "record", "month")


def _none(path: Path) -> None:
    """Nobody has made one."""
    path.unlink(missing_ok=True)


def _empty(path: Path) -> None:
    Store.create(path).close()


def _foreign(path: Path) -> None:
    path.write_text("no database at all " * 100)


def _versioned(path: Path, version: int) -> None:
    Store.create(path).close()
    with duckdb.connect(str(path)) as raw:
        raw.execute(f"UPDATE seal SET schema_version = {version}")


def _newer(path: Path) -> None:
    _versioned(path, 99)


def _older(path: Path) -> None:
    _versioned(path, 1)


def _national(path: Path) -> None:
    with Store.open(small_file(path)) as store:
        posting.post(store, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 500)])


def _one_icb(path: Path) -> None:
    _national(path)
    with Store.open(path) as store:
        posting.post(store, [entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 400)])


def _nothing_fenced(path: Path) -> None:
    """Two ICBs without a ring-fence, of whom no practice figures are published."""
    small_file(path, funded=True)


KINDS: Mapping[str, Callable[[Path], None]] = {
    "none": _none, "empty": _empty, "foreign": _foreign, "newer": _newer, "older": _older, "national": _national,
    "one-icb": _one_icb, "nothing-fenced": _nothing_fenced,
}  # fmt: skip


def made(kind: str, folder: Path) -> Path:
    """A ledger of a kind in a folder."""
    path = folder / f"{kind}.duckdb"
    KINDS[kind](path)
    return path
