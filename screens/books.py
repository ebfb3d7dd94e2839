"""How a page reaches the books: one open ledger for the app, and answers kept until the books change."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from ledger.errors import LedgerError
from ledger.position import Moment, moment
from ledger.store import Reader, Store

T = TypeVar("T")


def path() -> Path:
    """The ledger file that the app was opened on."""
    return Path(os.environ.get("DEVOLUTION_LEDGER", "ledger.duckdb"))


@st.cache_resource(show_spinner=False, max_entries=1, on_release=lambda store: store.close())
def _open(file: str, version: int) -> Store:
    del version  # part of the key: a file that was replaced is opened anew
    # Read only: commands that only look may then run beside the app.
    return Store.open(Path(file), read_only=True)


def store() -> Store | None:
    """The open ledger; None, with the page told why, where there is none to open."""
    file = path()
    if not file.exists():
        st.info(
            f"There is no ledger at {file} yet. Build one from the published 2025/26 figures, then reload this page:"
        )
        st.code(f"devolution demo --ledger {file}", language="shell")
        return None
    try:
        return _open(str(file), file.stat().st_mtime_ns)
    except LedgerError as error:
        st.warning(str(error))
        return None


def ask(books: Store, question: Callable[[Reader, Moment], T]) -> T:
    """Put one question to the books, as they are now."""
    with books.read() as reader:
        return question(reader, moment(reader))
