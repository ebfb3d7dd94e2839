"""How a page reaches the books: one open ledger for the app, and answers kept until the books change."""

import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import streamlit as st

from ledger.errors import UNAVAILABLE, LedgerError
from ledger.readings import RECORDED, GradeReading
from ledger.reports.position import Moment, moment
from ledger.reports.register import as_on
from ledger.rules.rights import NOBODY
from ledger.store.address import Address, parse
from ledger.store.base import Reader, Store
from ledger.store.shared import SharedFile
from screens.asked import answers
from screens.report.wording import PAGE

T = TypeVar("T")


def path() -> Address:
    """The ledger that the app was opened on: a file or a server's database."""
    return parse(os.environ.get("DEVOLUTION_LEDGER", "ledger.duckdb"))


@st.cache_resource(show_spinner=False, max_entries=1, on_release=lambda store: store.close())
def _open(_address: Address, name: str) -> Store:
    del name  # the key: a password is no part of it
    # A file stands open to read, so that commands that only look may run beside the app, and is written in turns.
    opened: Store = (
        SharedFile(_address, read_only=only_reads())
        if isinstance(_address, Path)
        else Store.open(_address, read_only=only_reads())
    )
    # One store serves everybody at every screen: whoever does not say for whom is shown no proposal, once rights count.
    opened.person = NOBODY
    return opened


def only_reads() -> bool:
    """Whether the app was told never to write, by ``devolution app --read-only``."""
    return bool(os.environ.get("DEVOLUTION_READ_ONLY"))


def store() -> Store | None:
    """The open ledger; None, with the page told why, where there is none to open."""
    address = path()
    try:
        if not Store.exists(address):
            st.info(
                f"There is no ledger at {address} yet. Build one from the published 2025/26 figures, then reload "
                "this page:"
            )
            st.code(f"devolution demo --ledger {address}", language=None, wrap_lines=True)
            from screens.web.shell.ones_own import offer_of_ones_own  # noqa: PLC0415 - which posts, and asks who signs in

            offer_of_ones_own(address)
            return None
        return _open(address, str(address))
    except LedgerError as error:
        st.warning(PAGE.text(error))
        return None


def ask(books: Store, question: Callable[[Reader, Moment], T]) -> T:
    """Put one question to the books, as they are now; where a server went away, say so and stop the page."""
    try:
        with books.read(NOBODY) as reader:
            at = moment(reader)
            as_on(reader, at)
            return question(reader, at)
    except UNAVAILABLE as error:
        st.warning(PAGE.text(error))
        st.stop()


@dataclass(frozen=True, slots=True)
class Books:
    """The open books, at the moment for which a page is made.

    Attributes:
        at: the moment, on both clocks.
        year: the financial year in view, by the year it starts in.
        icbs: code to name of every ICB that money of the year went to.
        reading: how the grades of ring-fences are read.
    """

    store: Store
    at: Moment
    year: int
    icbs: dict[str, str]
    reading: GradeReading = RECORDED

    def answer(self, name: str, question: Callable[[Reader, Moment], T], *about: Hashable, told: str = "") -> T:
        """The answer to a question, kept until the books or the day change.

        Args:
            name: the question's name; with ``about`` and the head of the chain it is what the answer is kept by.
            about: all that the question depends on besides the books.
            told: what the reader is told while it takes a moment.

        The answer is shared by all who ask: it is to be read, not changed. So it is asked in nobody's name, and
        knows no proposal once rights count; what is for one person alone is asked by ``own``.
        """
        with st.spinner(told or "Adding up the books"):
            found: T = _kept(name, self.at.head, self.at.as_at, about, _ask=lambda: self._ask(question))
        return found

    def ask(self, question: Callable[..., T], *about: Hashable, told: str = "", **known: Any) -> T:
        """The answer to a question of ``screens.asked``, kept as ``answer`` keeps it by what it is asked about.

        Args:
            about: what the question takes after the reader and the moment.
            known: what it takes by name and what follows from the rest, as a position that is held already.
        """
        name = f"{question.__module__}.{question.__qualname__}"
        return self.answer(name, lambda reader, at: question(reader, at, *about, **known), *about, told=told)

    def held(self, organisation: str | None) -> pa.Table:
        """The position of the year with the grades of the books: of an organisation with all below it, or everything.

        Raises:
            Refused: the organisation is unknown.
        """
        return self.ask(answers.position, organisation, self.year)

    def read(self, organisation: str | None) -> pa.Table:
        """The same position with its grades as they are read on this page.

        Raises:
            Refused: the organisation is unknown.
        """
        return self.reading.read(self.held(organisation))

    def own(self, person: str | None, question: Callable[[Reader], T]) -> T:
        """The answer to a question in the name of who is at the screen: proposals among it, and kept for nobody."""
        try:
            with self.store.read(person) as reader:
                return question(reader)
        except UNAVAILABLE as error:
            st.warning(PAGE.text(error))
            st.stop()

    def _ask(self, question: Callable[[Reader, Moment], T]) -> T:
        try:
            with self.store.read(NOBODY) as reader:
                as_on(reader, self.at)
                return question(reader, self.at)
        except UNAVAILABLE as error:
            st.warning(PAGE.text(error))
            st.stop()


@st.cache_resource(show_spinner=False, max_entries=400)
def _kept(name: str, head: str, day: date, about: tuple[Hashable, ...], _ask: Callable[[], Any]) -> Any:
    """An answer under its key: a new entry makes a new head, and so a new answer."""
    del name, head, day, about
    return _ask()
