"""Where the books are kept: a file of one's own, or a database that many share. The address decides.

The two kinds answer the same questions and take the same entries under the same rules; what only one of
them does is in ``store.file`` and in ``store.server.store``.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Self

from ledger.errors import LedgerError, LedgerUnreachable, Problem
from ledger.inputs import Action
from ledger.store.address import Address, ServerAddress
from ledger.store.reading import Reader, Writer

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    # To read takes no entries, and to load what they are made of is to load all of SQLAlchemy.
    from ledger.entries.door import Door, Queue

__all__ = ["Reader", "Store", "Writer"]


class Store(ABC):
    """A ledger, open.

    Attributes:
        path: where it is kept: a file's path or a server's address, which prints without its secrets.
        read_only: whether this opening of it may not write.
        person: for whom it is read, where rights count: who sees only the proposals of their organisations.
            None on a file: its owner, who sees all of it. On a server the login decides, and an app's names who
            is at its screen.
        posts_together: whether small entries of many callers are committed together, by ``queue``.
    """

    path: Address
    read_only: bool
    person: str | None = None
    posts_together: bool = False
    queue: "Queue | None" = None

    @property
    def door(self) -> "Door | None":
        """What takes entries in, where this program does not write them itself."""
        return None

    @staticmethod
    def exists(address: Address) -> bool:
        """Whether there is a ledger, or for a file anything, at an address.

        Raises:
            LedgerUnreachable: the server cannot be asked.
        """
        return bool(kind_of(address).exists(address)) if isinstance(address, ServerAddress) else address.exists()

    @classmethod
    def create(cls, address: Address) -> "Store":
        """Make a new, empty ledger where there is none."""
        return kind_of(address).create(address)  # type: ignore[no-any-return]

    @classmethod
    def open(cls, address: Address, *, read_only: bool = False, person: str | None = None) -> "Store":
        """Open an existing ledger.

        Args:
            address: where it is kept.
            read_only: it will not be written to.
            person: for whom it is read; see ``Store.person``.

        Raises:
            LedgerMissing: there is none.
            LedgerHeld: another process is writing the file (or, to write, reading it).
            LedgerUnreachable: the server does not answer, or does not let us in.
            NotALedger: what is there is something else, or of a later version.
            NeedsMigration: an earlier version of this program made it.
        """
        store: Store = kind_of(address).open_(address, read_only=read_only)
        store.person = person
        return store

    @classmethod
    def open_or_create(cls, address: Address) -> "Store":
        """Open the ledger to write, making it first where there is none.

        One whose making was cut short before its seal was written holds no decision, and is made anew.
        """
        return kind_of(address).open_or_create(address)  # type: ignore[no-any-return]

    @abstractmethod
    def read(self, person: str | None = None) -> AbstractContextManager[Reader]:
        """A reader of the last committed state, as ``person`` may see it; for whom the ledger was opened otherwise."""

    def read_afresh(self, person: str | None = None) -> AbstractContextManager[Reader]:
        """A reader of every row as it is where the ledger is kept: for whoever verifies or copies it.

        What a program has kept of a server's ledger to open it faster has no part in it.
        """
        return self.read(person)

    def catalogue_problems(self) -> list[Problem]:
        """What is not as this program makes it in the tables themselves, whatever rows they hold; for ``verify``."""
        return []

    @abstractmethod
    def write(self, person: str | None = None) -> AbstractContextManager[Writer]:
        """The writer, in one transaction: all of it is kept, or none of it where anything is raised.

        Args:
            person: in whose name it is written.
        """

    def refuse_while_reading(self) -> None:  # noqa: B027 - most kinds refuse nobody
        """Refuse whoever must end what they read before they may write; most stores let both be done at once.

        Raises:
            LedgerError: the same thread is reading.
        """

    @abstractmethod
    def rehearse(self, person: str | None = None) -> AbstractContextManager[Writer]:
        """A writer whose work is always thrown away: the real path, for a dry run."""

    @abstractmethod
    def engine(self) -> "Engine":
        """A SQLAlchemy engine on this open ledger, for SQLModel."""

    @abstractmethod
    def size_bytes(self) -> int:
        """How much room the ledger takes where it is kept."""

    @abstractmethod
    def checkpoint(self) -> None:
        """Bring the file itself up to date. A server sees to that by itself."""

    def count_rows(self) -> None:  # noqa: B027 - most kinds count as they write
        """Let the database count its rows anew, after very many have come, so that it plans for what there is."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the ledger."""

    def session(self) -> "Session":
        """A SQLModel session, for reading rows as their models. It refuses to write: entries are posted."""
        # Most questions are asked in SQL, and SQLModel takes longer to load than they take.
        from sqlalchemy import event  # noqa: PLC0415 - as said
        from sqlmodel import Session  # noqa: PLC0415 - as said

        session = Session(self.engine())
        event.listen(session, "before_flush", _refuse_to_flush)
        return session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def kind_of(address: Address) -> ModuleType:
    """The module of the kind of store that an address names: it makes, opens and migrates them.

    Raises:
        LedgerUnreachable: it is a server's, and this installation has no driver for servers.
    """
    # Loaded when asked for: whoever keeps a file needs no driver for servers, and both modules name this one's class.
    if isinstance(address, ServerAddress):
        try:
            return import_module("ledger.store.server.store")
        except ModuleNotFoundError:
            found = "this installation has no driver for servers."
            raise LedgerUnreachable(
                address, found, f"Install the extra 'server': {Action.INSTALL.done('server')}."
            ) from None
    return import_module("ledger.store.file")


def _refuse_to_flush(*_: object) -> None:
    raise LedgerError("A session only reads. Entries get into the books through ledger.entries.posting.")
