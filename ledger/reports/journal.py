"""The entries one by one, for people who follow a figure back: who, when, why, and every leg with its cell."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.entries.chain import LEGS_OF
from ledger.errors import Problem, Refused
from ledger.reports.position import Moment
from ledger.store.base import Reader

MOST_LISTED = 500

_ENTRIES = """
SELECT e.number, e.kind, e.effective_date, e.recorded_at, e.actor, e.reason, e.authority, e.source, e.source_hash,
       e.reverses, r.number AS reversed_by, count(t.leg) AS legs,
       CAST(coalesce(sum(t.amount_pence), 0) AS BIGINT) AS moved_pence
FROM entry e LEFT JOIN entry r ON r.reverses = e.number AND r.number <= $known
LEFT JOIN transfer t ON t.entry_number = e.number
WHERE e.number <= $known AND e.effective_date <= $as_at {which}
GROUP BY ALL ORDER BY e.number DESC LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """Entries of the books, the newest first.

    Attributes:
        rows: number, kind, days, actor, reason, source, how many legs and what they move in all.
        total: how many there are; more than ``rows`` where the list was cut.
    """

    rows: tuple[dict[str, Any], ...]
    total: int


def entries(reader: Reader, at: Moment, *, kind: str | None = None, only_reversals: bool = False) -> Listed:
    """The entries that count at a moment, the newest first, at most ``MOST_LISTED``.

    Args:
        kind: only entries of this kind.
        only_reversals: only entries that undo another, or have been undone.
    """
    which = "AND e.kind = $kind" if kind else ""
    if only_reversals:
        which += " AND (e.reverses IS NOT NULL OR r.number IS NOT NULL)"
    given: dict[str, object] = {"known": at.known, "as_at": at.as_at, "kind": kind}
    rows = reader.table(_ENTRIES.format(which=which, limit=MOST_LISTED), given).to_pylist()
    total = reader.whole(f"SELECT count(*) FROM ({_ENTRIES.format(which=which, limit=10**9)}) AS listed", given)
    return Listed(tuple(rows), total)


def kinds(reader: Reader) -> list[str]:
    """The kinds of entry that the books hold, by name."""
    return [str(kind) for (kind,) in reader.rows("SELECT DISTINCT kind FROM entry ORDER BY kind")]


def entry(reader: Reader, number: int) -> dict[str, Any]:
    """One entry, with the entry that it undoes or that undid it.

    Raises:
        Refused: there is no such entry.
    """
    given = {"known": number + 10**12, "as_at": date.max, "number": number}
    rows = reader.table(_ENTRIES.format(which="AND e.number = $number", limit=1), given).to_pylist()
    if not rows:
        newest = reader.whole("SELECT coalesce(max(number), 0) FROM entry")
        remedy = f"Entries are numbered from 1 to {newest}." if newest else "The ledger is empty."
        raise Refused([Problem("entry", f"there is no entry {number}.", "It has nothing to show.", remedy)])
    found: dict[str, Any] = rows[0]
    return found


def legs(reader: Reader, number: int) -> list[dict[str, Any]]:
    """Every leg of an entry: from whom and to whom, on which fund and standing, how much, and from which cell."""
    rows: list[dict[str, Any]] = reader.table(LEGS_OF, {"first": number, "last": number}).to_pylist()
    return rows


def organisations(reader: Reader) -> dict[str, str]:
    """Code to name of every organisation that has ever held money, the larger tiers first and then by name."""
    rows = reader.rows(
        "SELECT o.code, o.name FROM organisation o JOIN tier t ON t.code = o.tier "
        "WHERE o.code IN (SELECT organisation FROM account) ORDER BY t.rank, o.name, o.code"
    )
    return {str(code): str(name) for code, name in rows}


def funds(reader: Reader, organisation: str | None = None) -> dict[str, str]:
    """Code to name of every fund that money has stood on, of all organisations or of one; by name."""
    rows = reader.rows(
        "SELECT DISTINCT f.code, f.name FROM fund f JOIN account a ON a.fund = f.code "
        "WHERE ($organisation IS NULL OR a.organisation = $organisation) ORDER BY f.name, f.code",
        {"organisation": organisation},
    )
    return {str(code): str(name) for code, name in rows}


def years(reader: Reader) -> list[int]:
    """The financial years in which money stands, by the year each starts in, the newest first."""
    return [int(str(year)) for (year,) in reader.rows("SELECT DISTINCT year FROM account ORDER BY year DESC")]


def sources(reader: Reader, at: Moment) -> list[tuple[str, bool]]:
    """Every source that an entry which moved money names, and whether it says of itself that it is illustrative."""
    rows = reader.rows(
        "SELECT e.source, min(e.number) FROM entry e WHERE e.source IS NOT NULL AND e.number <= $known "
        "AND e.number IN (SELECT entry_number FROM transfer) GROUP BY e.source ORDER BY 2",
        {"known": at.known},
    )
    return [(str(source), "(illustrative)" in str(source)) for source, _ in rows]
