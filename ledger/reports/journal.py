"""The entries one by one, for people who follow a figure back: who, when, why, and every leg with its cell."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries import canonical, canonical_1, chain
from ledger.entries.chain import LEGS_OF, NOT_UNDONE, STANDING_OF
from ledger.entries.draft import LEGS, added_columns, schema_of
from ledger.errors import Problem, Refused
from ledger.models import RECORDS
from ledger.reports import chain_links
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
class ListedEntries:
    """Entries of the books, the newest first.

    Attributes:
        rows: number, kind, days, actor, reason, source, how many legs and what they move in all.
        total: how many there are; more than ``rows`` where the list was cut.
    """

    rows: tuple[dict[str, Any], ...]
    total: int


def entries(reader: Reader, at: Moment, *, kind: str | None = None, only_reversals: bool = False) -> ListedEntries:
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
    return ListedEntries(tuple(rows), total)


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


_EVERY_LEG = """
SELECT e.number AS entry, t.leg, e.kind, e.effective_date, e.recorded_at, e.actor, e.reason, e.authority, e.source,
       e.source_hash, e.reverses, f.organisation AS from_organisation, f.fund AS from_fund,
       f.standing AS from_standing, o.organisation AS to_organisation, o.fund AS to_fund, o.standing AS to_standing,
       o.year, t.recurrent, t.note, t.amount_pence
FROM entry e JOIN transfer t ON t.entry_number = e.number
JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account
WHERE e.number <= $known AND e.effective_date <= $as_at ORDER BY e.number, t.leg
"""


def every_leg(reader: Reader, at: Moment) -> pa.Table:
    """Every leg of every entry that counts at a moment, the oldest first, with the facts of its entry beside it.

    Returns:
        A row for each leg: who, when, why and on whose word, from which account to which, and ``amount_pence``. An
        entry without legs, as one that records terms, has no row.
    """
    return reader.table(_EVERY_LEG, {"known": at.known, "as_at": at.as_at})


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


def sources(reader: Reader, at: Moment) -> list[tuple[str, str | None]]:
    """Every source that an entry which moved money names, in the order in which they came.

    What was undone is no source, and neither is the undoing.

    Returns:
        (source, what its figures rest on: one of ``ledger.words.FIGURE_STANDINGS``, or None where it is not recorded).
    """
    rows = reader.rows(
        f"SELECT e.source, {STANDING_OF}, min(e.number) FROM entry e WHERE {NOT_UNDONE} AND e.source IS NOT NULL "
        "AND e.number IN (SELECT entry_number FROM transfer) GROUP BY 1, 2 ORDER BY 3",
        {"known": at.known},
    )
    return [(str(source), None if standing is None else str(standing)) for source, standing, _ in rows]


ENTRY = "entry"
TRANSFER = "transfer"
# Transfers become text in slices of so many, so that a journal of any size is written in bounded memory.
_AT_ONCE = 50_000
_ALL_ENTRIES = "SELECT * FROM entry WHERE number <= $known ORDER BY number"


class JournalLine(NamedTuple):
    """One line: the entry that it belongs to, the table, and the values as text; None where one is missing."""

    entry: int
    table: str
    values: tuple[str | None, ...]


def columns() -> dict[str, tuple[str, ...]]:
    """Table to the names of its values, in the order in which they are hashed.

    A recorded time stands after the facts that every entry has. Values that came later come last, and are left out
    where they are left out of the hashed text.
    """
    brought = {str(model.__tablename__): tuple(schema_of(model).names) for model in RECORDS}
    facts = (*canonical_1.FACTS, "recorded_at", *canonical.ADDED_FACTS)
    return {ENTRY: facts, **brought, TRANSFER: canonical.TRANSFER_FIELDS}


def types() -> dict[str, tuple[str, ...]]:
    """Table to the letters of its values' types in the second form of the hashed text, recorded times left out."""
    facts = ("s", "s", "d", "s", "s", "s", "s", "s", "i", "s")
    legs = tuple(canonical.letter_of(LEGS.field(name).type) for name in canonical.TRANSFER_FIELDS)
    brought = {
        str(model.__tablename__): tuple(canonical.letter_of(field.type) for field in schema_of(model))
        for model in RECORDS
    }
    return {ENTRY: facts, **brought, TRANSFER: legs}


def lines(reader: Reader, at: Moment) -> Iterator[JournalLine]:
    """Every line of the journal up to the last entry that was known at a moment, whenever the entries count."""
    entries = reader.table(_ALL_ENTRIES, {"known": at.known}).to_pylist()
    brought = _brought(reader, at.known, chain.form_2_from(reader))
    by_number = {entry["number"]: entry for entry in entries}
    for first, last in chain_links.groups(reader, list(by_number)):
        legs = reader.table(chain.LEGS_OF, {"first": first, "last": last})
        start = 0
        counts = {row["values"]: row["counts"] for row in pc.value_counts(legs["entry_number"]).to_pylist()}
        for number in range(first, last + 1):
            yield _entry(by_number[number])
            for table, values in brought.pop(number, ()):
                yield JournalLine(number, table, values)
            count = counts.get(number, 0)
            for values in _texts(legs.slice(start, count), canonical.TRANSFER_FIELDS):
                yield JournalLine(number, TRANSFER, values)
            start += count


def _entry(entry: dict[str, Any]) -> JournalLine:
    facts = [None if entry[name] is None else str(entry[name]) for name in canonical.facts_said(entry)]
    recorded = entry["recorded_at"].astimezone(UTC).isoformat(timespec="microseconds")
    always = len(canonical_1.FACTS)
    return JournalLine(entry["number"], ENTRY, (*facts[:always], recorded, *facts[always:]))


def _brought(reader: Reader, known: int, form_2: int) -> dict[int, list[tuple[str, tuple[str | None, ...]]]]:
    found: dict[int, list[tuple[str, tuple[str | None, ...]]]] = defaultdict(list)
    for model in RECORDS:
        table = chain_links.records_by_entry(reader, model)
        table = table.filter(pc.less_equal(table["entry_number"], known))
        added, earlier = added_columns(model), set(schema_of(model, 1).names)
        for fuller, rows in chain_links.by_columns(table, added):
            names = [name for name in schema_of(model).names if fuller or name not in added]
            for number, values in zip(rows["entry_number"].to_pylist(), _texts(rows, names), strict=True):
                if number < form_2:  # hashed without the columns that came later
                    values = tuple(value for name, value in zip(names, values, strict=True) if name in earlier)  # noqa: PLW2901
                found[number].append((str(model.__tablename__), values))
    return found


def _texts(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
    """The rows as they were hashed, by the same conversion."""
    for start in range(0, table.num_rows, _AT_ONCE):
        part = table.slice(start, _AT_ONCE).select(list(names))
        yield from zip(*(pc.cast(column, pa.large_string()).to_pylist() for column in part.columns), strict=True)
