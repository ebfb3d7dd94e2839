"""Books that take an entry only while they still are what its preview was made from."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy import Engine

from ledger.entries.chain import head
from ledger.entries.door import Door, DoorAtHead
from ledger.errors import LedgerError
from ledger.store.base import Store
from ledger.store.reading import Reader, Writer


class BooksMoved(LedgerError):
    """Somebody posted between the preview and the posting.

    Attributes:
        seen: the head that the preview was made at.
    """

    def __init__(self, seen: str, now: str) -> None:
        self.seen = seen
        super().__init__(
            f"The books have moved on since you looked: their head was {seen[:16]} and is {now[:16]}. Nothing was "
            "posted. Look again at what would be posted now."
        )


class StoreAtHead(Store):
    """A ledger whose writer is let in only at the head that somebody saw; everything else is the ledger's own.

    The head is compared inside the writing transaction, so nobody can come between.
    """

    def __init__(self, store: Store, seen: str) -> None:
        self._store = store
        self._seen = seen
        self.path, self.read_only, self.person = store.path, store.read_only, store.person

    @property
    def door(self) -> Door | None:
        """The ledger's own door, which takes entries only at that head."""
        return None if self._store.door is None else DoorAtHead(self._store.door, self._seen)

    @contextmanager
    def write(self, person: str | None = None) -> Iterator[Writer]:
        """The writer.

        Raises:
            BooksMoved: the head is another.
        """
        with self._store.write(person) as writer:
            now = head(writer)
            if now != self._seen:
                raise BooksMoved(self._seen, now)
            yield writer

    def read(self, person: str | None = None) -> AbstractContextManager[Reader]:
        """A reader of the last committed state, whatever it is."""
        return self._store.read(person)

    def rehearse(self, person: str | None = None) -> AbstractContextManager[Writer]:
        """A writer whose work is always thrown away."""
        return self._store.rehearse(person)

    def engine(self) -> Engine:
        """A SQLAlchemy engine on the ledger."""
        return self._store.engine()

    def size_bytes(self) -> int:
        """How much room the ledger takes."""
        return self._store.size_bytes()

    def checkpoint(self) -> None:
        """Bring the file itself up to date."""
        self._store.checkpoint()

    def close(self) -> None:
        """Nothing: whoever opened the ledger lets go of it."""
