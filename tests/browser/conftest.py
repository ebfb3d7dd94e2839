"""What every test in a browser starts from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visits import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window."""
    with chromium() as found:
        yield found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser, a server and a busy machine may miss each other once; what is wrong with a page stays wrong.

    So a test of a page that fails is run twice more, and the run prints how many were; no other test is.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=2))
