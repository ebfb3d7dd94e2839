"""The ledger's own tests run on every kind of store."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.hands import Hands, hands_on
from tests.rich_books import rich_file
from tests.shelves import shelf_of


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file ledger with rows in every table, half of them in the first form of the hashed text; made once."""
    return rich_file(tmp_path_factory.mktemp("rich"))


@pytest.fixture(scope="session")
def _bare(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Hands]]:
    with ExitStack() as stack:

        @cache
        def made(kind: str) -> Hands:
            shelf = shelf_of(kind, tmp_path_factory.mktemp("bare"))
            stack.callback(shelf.clear)
            return stack.enter_context(hands_on(shelf, rich))

        yield made


@pytest.fixture
def hands(kind: str, _bare: Callable[[str], Hands]) -> Hands:
    """Hands on the rows of that ledger, on a store whose tables hold them to nothing."""
    return _bare(kind)
