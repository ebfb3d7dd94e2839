"""How entries are handed in where a ledger is not ours to write: to a door that writes, and answers.

A ledger in a file has none: this program writes it. One on a server has one, and nobody writes past it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from ledger.entries import canonical
from ledger.entries.draft import Draft
from ledger.errors import Problem
from ledger.store.reading import Reader


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a draft.

    Attributes:
        number: the entry's number in the books.
        transfers: how many legs it has.
        replayed: true when the books had this entry already and nothing was added.
    """

    number: int
    key: str
    content_hash: str
    hash: str
    recorded_at: datetime
    transfers: int
    replayed: bool = False


def moment_after(latest: object, now: datetime) -> datetime:
    """When a batch is recorded: now, or just after the newest recorded time where the machine's clock was put back.

    A batch is known all at once: a later entry in it may bring the money that an earlier one passes on.
    """
    return max(now, latest + timedelta(microseconds=1)) if isinstance(latest, datetime) else now


def linked(
    previous: str, first: int, moment: datetime, entries: Sequence[tuple[Draft, str, int]]
) -> tuple[list[dict[str, object]], list[Posted]]:
    """Consecutive entries as rows of their table, each linked to the one before, and what became of each.

    Args:
        previous: the head of the chain.
        first: the number of the first of them.
        moment: when all of them are recorded.
        entries: each with its content hash and its number of legs.
    """
    rows: list[dict[str, object]] = []
    posted: list[Posted] = []
    for number, (draft, content, legs) in enumerate(entries, start=first):
        link = canonical.chain_hash(previous, number, moment, content)
        facts = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
        row = {"recorded_at": moment, "content_hash": content, "previous_hash": previous, "hash": link}
        rows.append({"number": number, **facts, **row})
        posted.append(Posted(number, draft.key, content, link, moment, legs))
        previous = link
    return rows, posted


@dataclass(frozen=True, slots=True)
class PostingRequest:
    """A batch of entries that somebody hands in, to be kept whole or not at all.

    Attributes:
        person: in whose name; None where its entries name several people.
        keep: whether it is kept; otherwise everything is done, and nothing stays.
        only_tried: whether whoever asks need have no right to it; it is never kept.
        seen_head: the head at which it was looked at; it is refused at any other.
        afterwards: a last question, asked of the books as they would be.
    """

    drafts: Sequence[Draft]
    person: str | None
    keep: bool = True
    only_tried: bool = False
    seen_head: str | None = None
    afterwards: Callable[[Reader], Sequence[Problem]] | None = None


class Door(Protocol):
    """What takes batches of entries into the books."""

    def take(self, asked: PostingRequest) -> list[Posted]:
        """What became of each entry, in their order.

        Raises:
            Refused: with every problem found; nothing is kept.
            BooksMoved: the head is another than was seen.
        """


class Queue(Protocol):
    """What commits small entries of many callers together."""

    def post(self, drafts: Sequence[Draft], now: Callable[[], datetime]) -> list[Posted] | None:
        """What became of each entry; None where its caller is to post them alone."""


@dataclass(frozen=True, slots=True)
class DoorAtHead:
    """A door that takes a batch only at the head that somebody saw."""

    door: Door
    seen: str

    def take(self, asked: PostingRequest) -> list[Posted]:
        """As ``Door.take``."""
        return self.door.take(replace(asked, seen_head=self.seen) if asked.keep else asked)
