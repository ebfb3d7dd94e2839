"""The small books, made once and copied for each test: imports are tried in many."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store.base import Store
from tests.books import fund_all, small_books


@pytest.fixture(scope="session")
def _templates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("small books")
    without, funded = folder / "without.duckdb", folder / "funded.duckdb"
    with Store.create(without) as store:
        small_books(store)
        store.checkpoint()
    funded.write_bytes(without.read_bytes())
    with Store.open(funded) as store:
        fund_all(store)
        store.checkpoint()
    return without, funded


@pytest.fixture
def books(_templates: tuple[Path, Path], tmp_path: Path) -> Iterator[Store]:
    """The small books, without money."""
    path = tmp_path / "books.duckdb"
    path.write_bytes(_templates[0].read_bytes())
    with Store.open(path) as store:
        yield store


@pytest.fixture
def funded(_templates: tuple[Path, Path], tmp_path: Path) -> Iterator[Store]:
    """The small books, whose first ICB holds £6,000.00 on core."""
    path = tmp_path / "books.duckdb"
    path.write_bytes(_templates[1].read_bytes())
    with Store.open(path) as store:
        yield store
