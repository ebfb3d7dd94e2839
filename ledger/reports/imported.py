"""What was brought into the books from files: batch by batch, the newest first, and whether it stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.entries.kinds import RECORD_KINDS, REVERSE
from ledger.reports.position import Moment
from ledger.store.base import Reader

MOST_LISTED = 200

_BATCHES = """
WITH moved AS (
    SELECT entry_number, count(*) AS legs, CAST(sum(amount_pence) AS BIGINT) AS pence FROM transfer GROUP BY ALL
)
SELECT e.source_hash, e.recorded_at, min(e.source) AS source, min(e.actor) AS actor, min(e.reason) AS reason,
       list(e.number ORDER BY e.number) AS numbers, list(e.kind ORDER BY e.number) AS kinds,
       list(coalesce(r.number, 0) ORDER BY e.number) AS reversals,
       CAST(coalesce(sum(m.legs), 0) AS BIGINT) AS legs, CAST(coalesce(sum(m.pence), 0) AS BIGINT) AS moved_pence
FROM entry e LEFT JOIN entry r ON r.reverses = e.number LEFT JOIN moved m ON m.entry_number = e.number
WHERE e.source_hash IS NOT NULL AND e.kind <> $reverse AND e.number <= $known
  AND ($digest IS NULL OR e.source_hash = $digest)
GROUP BY e.source_hash, e.recorded_at ORDER BY min(e.number) DESC LIMIT {limit}
"""
_SINCE = """
SELECT e.number, e.kind, e.actor, e.reason, e.recorded_at,
       (SELECT CAST(coalesce(sum(t.amount_pence), 0) AS BIGINT) FROM transfer t WHERE t.entry_number = e.number)
           AS moved_pence
FROM entry e WHERE e.number > $seen ORDER BY e.number LIMIT {limit}
"""
_PAYERS = """
SELECT o.code, o.name FROM organisation o JOIN tier t ON t.code = o.tier
WHERE t.depth <= 1 AND NOT t.may_go_below_zero
  AND o.code IN (SELECT organisation FROM account WHERE year = $year)
ORDER BY CASE WHEN o.tier = 'icb' THEN 0 ELSE 1 END, t.rank, o.name, o.code
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one file brought in one posting.

    Attributes:
        source: the file's name, or what the entries call their source.
        digest: SHA-256 of the file.
        entries: the numbers of its entries, rising.
        to_undo: those that move money and stand, the newest first.
        undone_by: the reversals of its entries.
        moved_pence: what its entries moved in all, in pence.
    """

    source: str
    digest: str
    actor: str
    reason: str
    recorded_at: datetime
    entries: tuple[int, ...]
    to_undo: tuple[int, ...]
    undone_by: tuple[int, ...]
    legs: int
    moved_pence: int

    @property
    def stands(self) -> str:
        """Whether it counts, in a few words."""
        if self.undone_by:
            return "undone in part" if self.to_undo else "undone"
        return "stands" if self.to_undo else "stands; it moved no money"


def batches(reader: Reader, at: Moment, *, digest: str | None = None) -> list[Batch]:
    """What files brought, the newest first; at most ``MOST_LISTED``.

    Args:
        at: what was recorded by then.
        digest: only what came from the file of this SHA-256.
    """
    given = {"known": at.known, "digest": digest, "reverse": REVERSE}
    return [_batch(row) for row in reader.table(_BATCHES.format(limit=MOST_LISTED), given).to_pylist()]


def _batch(row: dict[str, Any]) -> Batch:
    standing = [
        number
        for number, kind, reversal in zip(row["numbers"], row["kinds"], row["reversals"], strict=True)
        if not reversal and kind not in RECORD_KINDS
    ]
    return Batch(
        row["source"] or "not named",
        row["source_hash"],
        row["actor"],
        row["reason"],
        row["recorded_at"],
        tuple(row["numbers"]),
        tuple(reversed(standing)),
        tuple(sorted(number for number in row["reversals"] if number)),
        row["legs"],
        row["moved_pence"],
    )


def since(reader: Reader, seen: int) -> list[dict[str, Any]]:
    """The entries that were recorded after an entry, in order: number, kind, actor, reason and what they moved."""
    rows: list[dict[str, Any]] = reader.table(_SINCE.format(limit=MOST_LISTED), {"seen": seen}).to_pylist()
    return rows


def names(reader: Reader) -> dict[str, str]:
    """Code to name of every organisation in the books."""
    return {str(code): str(name) for code, name in reader.rows("SELECT code, name FROM organisation")}


def payers(reader: Reader, year: int) -> dict[str, str]:
    """Code to name of everybody who could hand money of a year down: ICBs first, then those above, then places."""
    return {str(code): str(name) for code, name in reader.rows(_PAYERS, {"year": year})}
