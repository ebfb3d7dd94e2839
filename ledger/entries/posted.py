"""What became of an entry that was asked for, and the rows by which it is linked into the chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.entries import canonical
from ledger.entries.draft import Draft


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
