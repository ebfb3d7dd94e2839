"""Many callers committed together: small entries of a file's ledger, from however many threads.

Whoever comes first leads: when it is its turn to write it takes all batches that wait, judges each in memory after
those before it, and writes those that may be posted in one transaction with one commit. Each caller has its own
answer. What memory is not certain of is posted by its own caller alone, in the way that asks every question, so that
nobody fails for another's batch.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.entries import ordinary
from ledger.entries.door import Posted, Queue
from ledger.entries.draft import Draft
from ledger.entries.memory import Memory
from ledger.errors import Refused
from ledger.store.base import Store
from ledger.store.reading import Writer

_MAKING = threading.Lock()


@dataclass(slots=True, eq=False)
class _Request:
    """A batch that waits for its turn; answered by what became of it, or by nothing where its caller is to go alone."""

    batch: ordinary.PlainRequest
    is_answered: bool = False
    posted: list[Posted] | None = None


class Together:
    """The queue of a store, and what is remembered of its books between one turn and the next."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turn = threading.Condition()
        self._waiting: list[_Request] = []
        self._is_led = False
        self._facts: Memory | None = None

    def post(self, drafts: Sequence[Draft], now: Callable[[], datetime]) -> list[Posted] | None:
        """Post a batch with those of others; None where its caller is to post it alone.

        Raises:
            LedgerError: as ``Store.write``; and whatever else fails in writing. Nothing of the batch is kept then.
        """
        batch = ordinary.asked(drafts)
        if batch is None:
            return None
        # Whoever leads may have to wait until nobody reads, and so never for one who waits for the leader.
        self._store.refuse_while_reading()
        request = _Request(batch)
        with self._turn:
            self._waiting.append(request)
            self._turn.wait_for(lambda: request.is_answered or not self._is_led)
            if request.is_answered:
                return request.posted
            self._is_led = True
        try:
            self._lead(now)
        finally:
            with self._turn:
                self._is_led = False
                self._turn.notify_all()
        return request.posted

    def _lead(self, now: Callable[[], datetime]) -> None:
        """Post all that wait. Where that fails, each of them is left to its caller."""
        group: list[_Request] = []
        answers: list[list[Posted] | None] = []
        try:
            with self._store.write() as writer:
                # Others have come while this one waited for its turn to write.
                group = self._all_that_wait()
                answers = self._posted(writer, group, now)
        except BaseException as error:
            self._facts, answers = None, []
            # A row that contradicts another is told to whoever brought it.
            if not isinstance(error, Refused):
                raise
        finally:
            group = group or self._all_that_wait()
            with self._turn:
                for request, posted in zip(group, answers or [None] * len(group), strict=True):
                    request.posted, request.is_answered = posted, True

    def _posted(
        self, writer: Writer, group: Sequence[_Request], now: Callable[[], datetime]
    ) -> list[list[Posted] | None]:
        if self._facts is None or not self._facts.follow(writer):
            self._facts = Memory(writer)
        self._facts.learn(writer, [key for request in group for key in request.batch.accounts()])
        batch = ordinary.PlainBatch(self._facts, writer)
        answers = [batch.take(request.batch, now()) for request in group]
        batch.write(writer)
        return answers

    def _all_that_wait(self) -> list[_Request]:
        with self._turn:
            group, self._waiting = self._waiting, []
        return group


def queue_of(store: Store) -> Queue | None:
    """The queue of a store; None for one that posts in another way."""
    if not store.posts_together:
        return None
    with _MAKING:
        if store.queue is None:
            store.queue = Together(store)
    return store.queue
