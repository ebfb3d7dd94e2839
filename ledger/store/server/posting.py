"""How this program hands entries to a server: to its one function, several callers together.

Callers of one process who come at once are sent in one call, which costs little more than one of them, and each gets
its own answer. What the server refuses comes back as data, and is said in the words that a file's ledger uses.
"""

import select
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from ledger.entries import named_legs, refusals
from ledger.entries.door import Asked
from ledger.entries.posting import Posted, canonical_records
from ledger.entries.transfers import numbered_legs
from ledger.errors import Problem, Refused
from ledger.store.reading import Reader
from ledger.store.server import batches, sentences
from ledger.store.server.door import MOST_BATCHES, MOST_ENTRIES, MOST_LEGS

# What is sent together with others is small; anything larger is worth a call of its own.
_MOST_LEGS_TOGETHER = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Waiting:
    """A batch that waits to be sent, and what became of it."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.brought = [canonical_records(draft) for draft in asked.drafts]
        self.legs = sum(0 if draft.transfers is None else draft.transfers.num_rows for draft in asked.drafts)
        self.answer: Mapping[str, Any] | None = None
        self.failure: BaseException | None = None

    @property
    def done(self) -> bool:
        return self.answer is not None or self.failure is not None

    @property
    def alone(self) -> bool:
        """Whether it is sent by itself: because it is large, is not kept, or may only be kept at one head."""
        return not self.asked.keep or self.asked.seen_head is not None or self.legs > _MOST_LEGS_TOGETHER


class ServerDoor:
    """The way in to a ledger on a server.

    Args:
        connect: a connection for posting, which commits by itself.
        spoken_to: turns the driver's failures into sentences.
        read: a reader of the books as they are.
        imagined: a reader of the books as they would be, inside a transaction that is open.
    """

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection],
        spoken_to: Callable[[], AbstractContextManager[None]],
        read: Callable[[str | None], AbstractContextManager[Reader]],
        imagined: Callable[[psycopg.Connection, str | None], AbstractContextManager[Reader]],
    ) -> None:
        self._connect, self._spoken_to, self._read, self._imagined = connect, spoken_to, read, imagined
        self._connection: psycopg.Connection | None = None
        self._turn = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._coming = threading.Lock()

    def take(self, asked: Asked) -> list[Posted]:
        """What became of each entry of a batch, in their order; see ``Door.take``."""
        if not asked.drafts:
            return []
        _refuse_if(_problems(asked))
        waiting = _Waiting(asked)
        if asked.afterwards is not None:
            with self._turn, self._spoken_to():
                return self._asked_afterwards(waiting)
        with self._coming:
            self._waiting.append(waiting)
        # Whoever has the turn sends all who are waiting then; the others find that they were sent.
        with self._turn:
            while not waiting.done:
                self._send(self._next())
        if waiting.failure is not None:
            raise waiting.failure
        assert waiting.answer is not None
        return self._told(asked, waiting.answer)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()

    def _next(self) -> list[_Waiting]:
        with self._coming:
            first = self._waiting.pop(0)
            together = [first]
            legs, entries = first.legs, len(first.asked.drafts)
            while self._waiting and not first.alone and not self._waiting[0].alone and len(together) < MOST_BATCHES:
                legs += self._waiting[0].legs
                entries += len(self._waiting[0].asked.drafts)
                if legs > _MOST_LEGS_TOGETHER or entries > MOST_ENTRIES:
                    break
                together.append(self._waiting.pop(0))
            return together

    def _send(self, together: Sequence[_Waiting]) -> None:
        try:
            with self._spoken_to():
                answers = self._call(together)
        except BaseException as error:
            for waiting in together:
                waiting.failure = error
            if not isinstance(error, Exception):
                raise
            return
        for waiting, answer in zip(together, answers, strict=True):
            waiting.answer = answer

    def _call(self, together: Sequence[_Waiting]) -> list[Mapping[str, Any]]:
        given = batches.arguments([one.asked for one in together], [one.brought for one in together])
        found = self._server().execute(batches.CALL, given).fetchone()
        assert found is not None
        answers: list[Mapping[str, Any]] = found[0]
        # What cannot be taken as a whole is refused once for all of it.
        return answers if len(answers) == len(together) else [answers[0]] * len(together)

    def _server(self) -> psycopg.Connection:
        """The connection for posting; one that was lost while nobody spoke is made anew."""
        if self._connection is None or _is_lost(self._connection):
            self.close()
            self._connection = self._connect()
            batches.let_through(self._connection)
        return self._connection

    def _asked_afterwards(self, waiting: _Waiting) -> list[Posted]:
        """Let the server do all of it, ask the last question of what it would keep, and only then let it keep it."""
        asked = waiting.asked
        server = self._server()
        assert asked.afterwards is not None
        try:
            server.execute("BEGIN")
            # The server undoes what it does not keep before anybody could look at it.
            kept = _Waiting(replace(asked, keep=True, afterwards=None))
            (answer,) = self._call([kept])
            posted = self._told(asked, answer)
            with self._imagined(server, asked.person) as reader:
                _refuse_if(asked.afterwards(reader))
            if asked.keep:
                server.execute("COMMIT")
            return posted
        finally:
            with suppress(psycopg.Error):
                server.rollback()

    def _told(self, asked: Asked, answer: Mapping[str, Any]) -> list[Posted]:
        if "refused" in answer:
            with self._read(asked.person) as reader:
                raise sentences.refusal(answer["refused"], reader, seen_head=asked.seen_head) from None
        return [
            Posted(**{**row, "recorded_at": _EPOCH + timedelta(microseconds=row["recorded_at"])})
            for row in answer["posted"]
        ]


def _is_lost(server: psycopg.Connection) -> bool:
    """Whether a connection on which nobody speaks has come to its end: a server has nothing else to say then."""
    return server.closed or bool(select.select([server.pgconn.socket], [], [], 0)[0])


def _problems(asked: Asked) -> list[Problem]:
    """What is wrong with a batch itself, whatever the books hold; the server judges it again, in fewer words."""
    found = refusals.header_problems(asked.drafts)
    if found:
        return found
    keys = {nth: draft.key for nth, draft in enumerate(asked.drafts)}
    legs = numbered_legs(named_legs.of_drafts(asked.drafts), list(keys))
    found = [*refusals.nameless_problems(legs, keys), *refusals.amount_problems(legs, keys)]
    if legs.num_rows > MOST_LEGS:
        found.append(_too_many("legs", legs.num_rows, MOST_LEGS))
    if len(asked.drafts) > MOST_ENTRIES:
        found.append(_too_many("entries", len(asked.drafts), MOST_ENTRIES))
    return found


def _too_many(what: str, found: int, most: int) -> Problem:
    why = f"A server takes {most:,} at once, so that nobody else waits for too long."
    return Problem("this batch", f"it has {found:,} {what}.", why, "Post it in several batches.")


def _refuse_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused(problems)
