"""What every test in a browser starts from."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.visits import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window."""
    with chromium() as found:
        yield found
