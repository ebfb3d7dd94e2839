"""The whole journal as lines of text: each value as it was hashed, so that anybody can work out the head again.

One line for each entry, then one for each row that it brought and each leg, in the order of the hash
(``entries.canonical``). Who has the lines and a head needs neither this program nor the ledger to check one by the
other: docs/checking.md has thirty lines that do.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries import canonical, chain
from ledger.entries.draft import LEGS, schema_of
from ledger.models import RECORDS
from ledger.reports import chain_links
from ledger.reports.position import Moment
from ledger.store.base import Reader

ENTRY = "entry"
TRANSFER = "transfer"
# Transfers become text in slices of so many, so that a journal of any size is written in bounded memory.
_AT_ONCE = 50_000
_ENTRIES = "SELECT * FROM entry WHERE number <= $known ORDER BY number"


class Line(NamedTuple):
    """One line: the entry that it belongs to, the table, and the values as text; None where one is missing."""

    entry: int
    table: str
    values: tuple[str | None, ...]


def columns() -> dict[str, tuple[str, ...]]:
    """Table to the names of its values, in the order in which they are hashed; a recorded time comes last."""
    brought = {str(model.__tablename__): tuple(schema_of(model).names) for model in RECORDS}
    return {ENTRY: (*canonical.ENTRY_FIELDS, "recorded_at"), **brought, TRANSFER: canonical.TRANSFER_FIELDS}


def types() -> dict[str, tuple[str, ...]]:
    """Table to the letters of its values' types in the second form of the hashed text, in the order of ``columns``."""
    facts = ("s", "s", "d", "s", "s", "s", "s", "s", "i")
    legs = tuple(canonical.letter_of(LEGS.field(name).type) for name in canonical.TRANSFER_FIELDS)
    brought = {
        str(model.__tablename__): tuple(canonical.letter_of(field.type) for field in schema_of(model))
        for model in RECORDS
    }
    return {ENTRY: facts, **brought, TRANSFER: legs}


def lines(reader: Reader, at: Moment) -> Iterator[Line]:
    """Every line of the journal up to the last entry that was known at a moment, whenever the entries count."""
    entries = reader.table(_ENTRIES, {"known": at.known}).to_pylist()
    brought = _brought(reader, at.known, chain.form_2_from(reader))
    by_number = {entry["number"]: entry for entry in entries}
    for first, last in chain_links.groups(reader, list(by_number)):
        legs = reader.table(chain.LEGS_OF, {"first": first, "last": last})
        start = 0
        counts = {row["values"]: row["counts"] for row in pc.value_counts(legs["entry_number"]).to_pylist()}
        for number in range(first, last + 1):
            yield _entry(by_number[number])
            for table, values in brought.pop(number, ()):
                yield Line(number, table, values)
            count = counts.get(number, 0)
            for values in _texts(legs.slice(start, count), canonical.TRANSFER_FIELDS):
                yield Line(number, TRANSFER, values)
            start += count


def _entry(entry: dict[str, Any]) -> Line:
    facts = [None if entry[name] is None else str(entry[name]) for name in canonical.ENTRY_FIELDS]
    recorded = entry["recorded_at"].astimezone(UTC).isoformat(timespec="microseconds")
    return Line(entry["number"], ENTRY, (*facts, recorded))


def _brought(reader: Reader, known: int, form_2: int) -> dict[int, list[tuple[str, tuple[str | None, ...]]]]:
    found: dict[int, list[tuple[str, tuple[str | None, ...]]]] = defaultdict(list)
    for model in RECORDS:
        table = chain_links.records_by_entry(reader, model)
        table = table.filter(pc.less_equal(table["entry_number"], known))
        numbers = table["entry_number"].to_pylist()
        names, earlier = schema_of(model).names, set(schema_of(model, 1).names)
        for number, values in zip(numbers, _texts(table, names), strict=True):
            if number < form_2:  # hashed without the columns that came later
                values = tuple(value for name, value in zip(names, values, strict=True) if name in earlier)  # noqa: PLW2901
            found[number].append((str(model.__tablename__), values))
    return found


def _texts(table: pa.Table, names: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
    """The rows as they were hashed, by the same conversion."""
    for start in range(0, table.num_rows, _AT_ONCE):
        part = table.slice(start, _AT_ONCE).select(list(names))
        yield from zip(*(pc.cast(column, pa.large_string()).to_pylist() for column in part.columns), strict=True)
