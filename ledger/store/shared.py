"""A ledger file that one program keeps open for many readers, and takes for itself only while it writes.

The web app reads all the time and writes now and then. Opened to write, the file would be closed to every command
that only looks; so it stands open to read, and a writer waits until nobody reads, opens the file to write, does
its work and lets go. Whoever asks meanwhile waits, and then sees what was written.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from ledger.errors import LedgerError, LedgerHeld, Problem
from ledger.store.base import Store
from ledger.store.reading import Reader, Writer

PATIENCE = 120
_READERS = "another part of this program, which is still reading"
_WRITER = "another part of this program, which is posting"


class SharedFile(Store):
    """A ledger file, open to read between one writing and the next.

    Args:
        read_only: whether this program may not write, though the file would let it.
        patience: how many seconds a reader or a writer waits for its turn.
    """

    path: Path
    posts_together = True

    def __init__(self, path: Path, *, read_only: bool = False, patience: int = PATIENCE) -> None:
        self.path = path
        self.read_only = read_only or not os.access(path, os.W_OK)
        self._patience = patience
        self._turn = threading.Condition()
        self._own = threading.local()
        self._open: Store | None = None
        self._opened_as: tuple[int, int] | None = None
        self._readers = 0
        self._waiting = 0
        self._is_writing = False
        with self._turn:
            self._current()

    @contextmanager
    def read(self, person: str | None = None) -> Iterator[Reader]:
        """A reader of the last committed state, as a person may see it.

        Raises:
            LedgerHeld: another program took the file while this one had let go of it.
        """
        depth = getattr(self._own, "depth", 0)
        with self._turn:
            if depth == 0:  # who reads already is not kept waiting behind a writer that waits for them
                self._wait(lambda: not self._is_writing and not self._waiting, _WRITER)
            store = self._current()
            self._readers += 1
        self._own.depth = depth + 1
        try:
            with store.read(self.person if person is None else person) as reader:
                yield reader
        finally:
            self._own.depth = depth
            with self._turn:
                self._readers -= 1
                self._turn.notify_all()

    @contextmanager
    def write(self, person: str | None = None) -> Iterator[Writer]:
        """The writer, in one transaction, when nobody reads.

        Raises:
            LedgerHeld: the file may only be read, or another program has it open.
        """
        with self._alone() as store, store.write(person) as writer:
            yield writer

    @contextmanager
    def rehearse(self, person: str | None = None) -> Iterator[Writer]:
        """A writer whose work is always thrown away; it takes the same turn as one whose work is kept."""
        with self._alone() as store, store.rehearse(person) as writer:
            yield writer

    def refuse_while_reading(self) -> None:
        """Refuse a thread that reads: it would wait for itself.

        Raises:
            LedgerError: it does.
        """
        if getattr(self._own, "depth", 0):
            raise LedgerError("Who is reading a ledger cannot write it before the reading has ended.")

    def engine(self) -> Engine:
        """A SQLAlchemy engine on what is open to read."""
        with self._turn:
            self._wait(lambda: not self._is_writing, _WRITER)
            return self._current().engine()

    def size_bytes(self) -> int:
        """How large the file is."""
        return self.path.stat().st_size

    def catalogue_problems(self) -> list[Problem]:
        """What the file's tables lack, and what the file holds besides them."""
        with self._turn:
            self._wait(lambda: not self._is_writing, _WRITER)
            return self._current().catalogue_problems()

    def checkpoint(self) -> None:
        """Nothing: the log is folded in whenever a writer lets go of the file."""

    def close(self) -> None:
        """Let go of the file."""
        with self._turn:
            self._let_go()

    @contextmanager
    def _alone(self) -> Iterator[Store]:
        if self.read_only:
            raise LedgerHeld(self.path, "this program, which opened it to read only")
        self.refuse_while_reading()
        with self._turn:
            self._waiting += 1
            try:
                self._wait(lambda: not self._is_writing and not self._readers, _READERS)
                self._is_writing = True
            finally:
                self._waiting -= 1
                self._turn.notify_all()
            self._let_go()
        try:
            with Store.open(self.path) as store:
                yield store
        finally:
            with self._turn:
                self._is_writing = False
                self._turn.notify_all()

    def _wait(self, until: Callable[[], bool], holder: str) -> None:
        if not self._turn.wait_for(until, self._patience):
            raise LedgerHeld(self.path, holder)

    def _current(self) -> Store:
        """What is open to read; opened anew after a writing, and where another file took the place of the first."""
        now = _sign_of(self.path)
        if self._open is not None and now != self._opened_as and not self._readers:
            self._let_go()
        if self._open is None:
            self._open = Store.open(self.path, read_only=True)
            self._opened_as = now
        return self._open

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _sign_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns
