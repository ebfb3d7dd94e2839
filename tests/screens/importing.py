"""The page of imports and exports as somebody uses it, without a browser."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ledger.store.base import Store
from tests.books import held
from tests.screens.pages import page, well
from tests.shelves import small_file

NAME = "import_export"
ASKED = {"icb": "ICB1", "fund": "core"}


def funded(path: Path) -> Path:
    """The small books, whose first ICB holds £6,000.00 on core."""
    small_file(path, funded=True)
    return path


def bringing(monkeypatch: pytest.MonkeyPatch, ledger: Path, *files: Path, **query: str) -> AppTest:
    """The page with files chosen, as far as it leads by itself."""
    app = page(monkeypatch, NAME, ledger, **{**ASKED, **query})
    return upload(app, *files)


def upload(app: AppTest, *files: Path) -> AppTest:
    """Choose files."""
    return well(app.file_uploader[0].set_value([(one.name, one.read_bytes(), "") for one in files]).run())


def field(elements: Any, label: str) -> Any:
    """The field whose label begins so."""
    return next(one for one in elements if one.label.startswith(label))


def labels(elements: Any) -> list[str]:
    """The labels of fields."""
    return [one.label for one in elements]


def headings(app: AppTest) -> list[str]:
    """The headings of the page's sections."""
    return [one.value for one in app.header]


def post(app: AppTest, button: str, who: str = "Finance", why: str = "Agreed by the board") -> AppTest:
    """Say who and why, and press the last button."""
    field(app.text_input, "Who posts it").input(who)
    field(app.text_input, "Why").input(why)
    return well(field(app.button, button).click().run())


def balances(ledger: Path) -> dict[tuple[str, str, str], int]:
    """What stands where, without what is nothing."""
    with Store.open(ledger, read_only=True) as store:
        return {key: pence for key, pence in held(store).items() if pence}


def sha(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
