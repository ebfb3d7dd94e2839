"""How this program hands entries to a server: to its one function, several callers together.

Callers of one process who come at once are sent in one call, which costs little more than one of them, and each gets
its own answer. What the server refuses comes back as data, and is said in the words that a file's ledger uses.
"""

import json
import select
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pyarrow as pa
from sqlmodel import SQLModel

from ledger.entries import canonical, named_legs, ordinary, refusals
from ledger.entries.at_head import BooksMoved
from ledger.entries.door import PostingRequest
from ledger.entries.draft import Draft
from ledger.entries.ordinary import PlainRequest
from ledger.entries.posting import Posted, canonical_records
from ledger.entries.transfers import numbered_legs
from ledger.errors import AlreadyReversed, KeyReused, LedgerError, Problem, Refused
from ledger.money import LARGEST_PENCE
from ledger.rules import beforehand, in_order, rights_judged
from ledger.store.reading import Reader, contradiction
from ledger.store.server import arrays
from ledger.store.server import rules as server_rules
from ledger.store.server.door import MOST_BATCHES, MOST_ENTRIES, MOST_LEGS

Records = Mapping[type[SQLModel], pa.Table]


CALL = "SELECT ledger_post(%s::jsonb, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def arguments(together: "Sequence[_Waiting]") -> list[object]:
    """What ``ledger_post`` is given for some batches."""
    counts, legs = _sent_legs(together)
    its = iter(counts)
    told = [
        {
            "person": one.asked.person,
            "seen": one.asked.seen_head,
            "keep": one.asked.keep,
            "tried": one.asked.only_tried,
            "entries": [
                _facts(draft, each, next(its)) for draft, each in zip(one.asked.drafts, one.brought, strict=True)
            ],
        }
        for one in together
    ]
    return [json.dumps(told, default=str, ensure_ascii=False), *legs]


def _sent_legs(together: "Sequence[_Waiting]") -> tuple[Sequence[int], list[arrays.Sent]]:
    """How many legs each entry of some batches has, and all of them as they are sent."""
    plain = [one.plain for one in together if one.plain is not None]
    if len(plain) == len(together):
        each = [legs for request in plain for legs in request.legs]
        return [len(legs) for legs in each], arrays.of_plain([leg for legs in each for leg in legs])
    named = named_legs.of_drafts([draft for one in together for draft in one.asked.drafts])
    return named.counts, arrays.of_named(named)


def _facts(draft: Draft, brought: Records, legs: int) -> dict[str, object]:
    facts: dict[str, object] = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
    records = {str(model.__tablename__): table.to_pylist() for model, table in brought.items() if table.num_rows}
    return {**facts, "legs": legs, **({"records": records} if records else {})}


# What is sent together with others is small; anything larger is worth a call of its own.
_MOST_LEGS_TOGETHER = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Waiting:
    """A batch that waits to be sent, and what became of it."""

    def __init__(self, asked: PostingRequest, plain: PlainRequest | None) -> None:
        self.asked, self.plain = asked, plain
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

    def take(self, asked: PostingRequest) -> list[Posted]:
        """What became of each entry of a batch, in their order; see ``Door.take``."""
        if not asked.drafts:
            return []
        # What is plain has no fault that could be told without the books, and needs no table to be sent.
        plain = ordinary.asked(asked.drafts)
        if plain is None:
            _refuse_if(_problems(asked))
        waiting = _Waiting(asked, plain)
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
        found = self._server().execute(CALL, arguments(together)).fetchone()
        assert found is not None
        answers: list[Mapping[str, Any]] = found[0]
        # What cannot be taken as a whole is refused once for all of it.
        return answers if len(answers) == len(together) else [answers[0]] * len(together)

    def _server(self) -> psycopg.Connection:
        """The connection for posting; one that was lost while nobody spoke is made anew."""
        if self._connection is None or _is_lost(self._connection):
            self.close()
            self._connection = self._connect()
            arrays.let_through(self._connection)
        return self._connection

    def _asked_afterwards(self, waiting: _Waiting) -> list[Posted]:
        """Let the server do all of it, ask the last question of what it would keep, and only then let it keep it."""
        asked = waiting.asked
        server = self._server()
        assert asked.afterwards is not None
        try:
            server.execute("BEGIN")
            # The server undoes what it does not keep before anybody could look at it.
            kept = _Waiting(replace(asked, keep=True, afterwards=None), waiting.plain)
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

    def _told(self, asked: PostingRequest, answer: Mapping[str, Any]) -> list[Posted]:
        if "refused" in answer:
            with self._read(asked.person) as reader:
                raise refusal(answer["refused"], reader, seen_head=asked.seen_head) from None
        return [
            Posted(**{**row, "recorded_at": _EPOCH + timedelta(microseconds=row["recorded_at"])})
            for row in answer["posted"]
        ]


def _is_lost(server: psycopg.Connection) -> bool:
    """Whether a connection on which nobody speaks has come to its end: a server has nothing else to say then."""
    return server.closed or bool(select.select([server.pgconn.socket], [], [], 0)[0])


def _problems(asked: PostingRequest) -> list[Problem]:
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


Fault = Mapping[str, Any]
_RULES = {rule.name: rule for rule in server_rules.ASKED}
_DAY = len("2025-04-01")
# What this program never sends: whoever sends it speaks to the server in other ways.
_OURS = "The books take entries as this program writes them, and nothing else."
_WITH_IT = "Post it with this program."
_FAULTS = {
    "twice": "its key is used twice in one batch.",
    "unclear": "one of its texts holds characters that cannot be seen, or an unusual form of a letter.",
    "table": "it brings rows of a table that nobody posts to.",
    "legs": f"its legs are not whole: each moves 1 to at most {LARGEST_PENCE} pence between two accounts.",
    "size": "it is more than is taken at once, or is not whole.",
    "unclear row": "it holds characters that cannot be seen.",
}  # fmt: skip


def refusal(faults: Sequence[Fault], reader: Reader, *, seen_head: str | None = None) -> LedgerError:
    """What is raised for what a server refused.

    Args:
        reader: the books as they are, for names.
        seen_head: the head at which the batch was looked at.
    """
    kind = faults[0]["fault"]
    if kind == "moved":
        return BooksMoved(seen_head or "", faults[0]["head"])
    if kind == "key":
        return KeyReused([refusals.key_reused(one["key"], one["number"]) for one in faults])
    if kind == "reversed":
        by = ((one["number"], one["by"] or "another one in this batch") for one in faults)
        return AlreadyReversed([refusals.reversed_before(*each) for each in sorted(by, key=lambda each: int(each[0]))])
    if kind == "rule":
        return Refused(in_order.in_words((_RULES[one["rule"]], _typed(one["rows"]), one["in_all"]) for one in faults))
    if kind == "right":
        return Refused(rights_judged.in_words(reader, _typed(one["row"] for one in faults)))
    return Refused([_problem(one, reader) for one in faults])


def _typed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with days as days, which JSON has as texts. A text that looks like a day is written as one all the same."""
    return [{name: _day(value) for name, value in row.items()} for row in rows]


def _day(value: Any) -> Any:
    if isinstance(value, str) and len(value) == _DAY and value[4] == value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _problem(fault: Fault, reader: Reader) -> Problem:
    where = f"entry '{fault['key']}'" if fault.get("key") else "this batch"
    row = f"{fault.get('table')} {fault.get('id')}"
    said = {
        "unknown leg": lambda: refusals.unknown(
            reader, f"{where}, leg {fault['leg']}", str(fault["code"]), fault["target"]
        ),
        "unknown": lambda: refusals.unknown(reader, row, str(fault["code"]), fault["target"]),
        "taken": lambda: refusals.taken(fault["table"], fault["id"]),
        "sum": lambda: refusals.too_much_in_all(int(fault["moved_pence"]), int(fault["pence"])),
        "hidden": lambda: beforehand.not_seen(fault["proposal"], fault["reason"], fault["person"]),
        "speaker": lambda: refusals.another_speaks(fault["login"], fault["named"]),
        "name": lambda: _in_the_name(where, fault),
        "database": lambda: contradiction(str(fault["table"] or "of the books"), str(fault["said"])),
    }
    if fault["fault"] in said:
        return said[fault["fault"]]()
    return Problem(row if fault.get("table") else where, _FAULTS[fault["fault"]], _OURS, _WITH_IT)


def _in_the_name(where: str, fault: Fault) -> Problem:
    found = f"it is in the name of {fault['actor']}, and this connection speaks for {fault['speaker'] or 'nobody'}."
    return Problem(where, found, "Nobody acts under another's name.", "Let whoever it names post it.")
