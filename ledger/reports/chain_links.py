"""Whether every link of the chain of entries still holds."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import SQLModel

from ledger.entries import canonical, canonical_1
from ledger.entries.chain import LEGS_OF, form_2_from
from ledger.entries.draft import added_columns, primary_key, schema_of
from ledger.entries.named_legs import ACCOUNT, NamedLegs
from ledger.errors import Problem
from ledger.models import RECORDS
from ledger.store.base import Reader

# Transfers are read back in groups of entries, so that a ledger of any size is verified in bounded memory.
TRANSFERS_AT_ONCE = 1_000_000
MOST_SHOWN = 100
_TABLES = ("entry", "transfer", *(str(model.__tablename__) for model in RECORDS))
# A row that was put there behind the books' back may name no entry, or one before the first.
_BROUGHT = "SELECT " + ", ".join(
    f'EXISTS (SELECT 1 FROM "{table}" WHERE $first = 1 OR {number} >= $first)'
    for table, number in zip(_TABLES, ("number", *["entry_number"] * (len(_TABLES) - 1)), strict=True)
)
_TRANSFERS = """
SELECT entry_number, leg, from_account, to_account, amount_pence, recurrent, note FROM transfer
WHERE entry_number BETWEEN $first AND $last ORDER BY entry_number, leg
"""


def problems(reader: Reader, first: int = 1) -> list[Problem]:
    """Every link that does not hold: a changed fact, a missing row, a cut tail. Each names its entry.

    Args:
        reader: the books.
        first: the entry to begin with; those before it are taken as they are.
    """
    entries = reader.table("SELECT * FROM entry WHERE number >= $first ORDER BY number", {"first": first}).to_pylist()
    before = reader.rows("SELECT hash, recorded_at FROM entry WHERE number = $before", {"before": first - 1})
    ((previous, latest),) = before or [(canonical.GENESIS, datetime.min.replace(tzinfo=UTC))]
    found = _sequence_problems(reader, entries, first, str(previous))
    form_2 = form_2_from(reader)
    misnumbered: list[int] = []
    contents = _contents(reader, entries, misnumbered)
    found.extend(
        Problem(
            f"entry {number}, its legs",
            "they are not numbered 1, 2, 3 and so on.",
            "The hash of an entry rests on their order.",
            "Restore the ledger from a backup, and find out who could write to it.",
        )
        for number in misnumbered[:MOST_SHOWN]
    )
    for entry in entries:
        place = f"entry {entry['number']} ({entry['key']})"
        # What is hidden from the reader cannot be compared; its link still is.
        if entry["number"] not in reader.unseen and contents[entry["number"]] != entry["content_hash"]:
            found.append(
                Problem(
                    place,
                    "its facts, its transfers or the records it brought are not what was posted.",
                    "Somebody or something has changed, added or deleted a row since.",
                    "Restore the ledger from a backup, and find out who could write to the file.",
                )
            )
        form = canonical if entry["number"] >= form_2 else canonical_1
        link = form.chain_hash(entry["previous_hash"], entry["number"], entry["recorded_at"], entry["content_hash"])
        if entry["previous_hash"] != previous or link != entry["hash"]:
            found.append(
                Problem(
                    place,
                    "its link to the entry before it is broken.",
                    "An entry before it was changed or removed, or its own recorded time was.",
                    "Restore the ledger from a backup.",
                )
            )
        if entry["recorded_at"] < latest:
            found.append(
                Problem(
                    place,
                    f"it was recorded at {entry['recorded_at']}, before the entry before it.",
                    "Recorded times never fall.",
                    "Restore the ledger from a backup.",
                )
            )
        previous, latest = entry["hash"], entry["recorded_at"]
    return found


def brought(reader: Reader, first: int = 1) -> set[str]:
    """The names of the tables to which entries from ``first`` on brought rows."""
    (there,) = reader.rows(_BROUGHT, {"first": first})
    return {table for table, has_rows in zip(_TABLES, there, strict=True) if has_rows}


def _sequence_problems(reader: Reader, entries: Sequence[dict[str, Any]], first: int, previous: str) -> list[Problem]:
    found = []
    numbers = [entry["number"] for entry in entries]
    ((sealed, sealed_head),) = reader.rows("SELECT entries, head FROM seal")
    for missing in islice(_gaps(numbers, first, int(str(sealed))), MOST_SHOWN):
        found.append(
            Problem(
                f"entry {missing}",
                "it is missing.",
                "Entries are numbered without gaps and never deleted.",
                "Restore the ledger from a backup.",
            )
        )
    last_hash = entries[-1]["hash"] if entries else previous
    if not found and (last_hash != sealed_head or len(numbers) != int(str(sealed)) - first + 1):
        found.append(
            Problem(
                f"entry {numbers[-1] if numbers else first - 1}",
                "it is not the entry that the seal was set on.",
                "Entries were added or removed behind the books' back.",
                "Restore the ledger from a backup.",
            )
        )
    return found


def _gaps(numbers: Sequence[int], first: int, last: int) -> Iterator[int]:
    """The numbers from first to last that are missing from rising ones. The last may be any that somebody put there."""
    expected = first
    for number in numbers:
        yield from range(expected, number)
        expected = number + 1
    yield from range(expected, last + 1)


def _contents(
    reader: Reader, entries: Sequence[dict[str, Any]], misnumbered: list[int] | None = None
) -> dict[int, str]:
    """The content hash of each entry, worked out anew from the rows of the books, in the form that was its own.

    Args:
        misnumbered: takes the entries whose legs are not numbered 1, 2, 3 and so on. The hash rests on their order.
    """
    form_2 = form_2_from(reader)
    parts: dict[int, list[bytes]] = {entry["number"]: [] for entry in entries}
    first_of_all = entries[0]["number"] if entries else 1
    there = brought(reader, first_of_all)
    for model in (model for model in RECORDS if model.__tablename__ in there):
        name, names, added = str(model.__tablename__), schema_of(model).names, added_columns(model)
        table = records_by_entry(reader, model, first_of_all)
        for fuller, rows in by_columns(table, added):
            columns = schema_of(model, 1).names, names if fuller else [one for one in names if one not in added]
            _add_parts(parts, name, rows, columns, form_2)
    hashes: dict[int, str] = {}
    accounts = reader.table(f"SELECT id, {', '.join(ACCOUNT)} FROM account")
    for first, last in groups(reader, [entry["number"] for entry in entries]):
        table = reader.table(_TRANSFERS, {"first": first, "last": last})
        if misnumbered is not None:
            misnumbered.extend(_misnumbered(table))
        if first < form_2:
            names = canonical.TRANSFER_FIELDS
            before = {"first": first, "last": min(last, form_2 - 1)}
            _add_parts(parts, "transfer", reader.table(LEGS_OF, before), (names, names), form_2)
            table = table.filter(pc.greater_equal(table["entry_number"], form_2))
        for number, text in _transfer_parts(table, accounts):
            if number in parts:
                parts[number].append(text)
        for entry in entries:
            if first <= entry["number"] <= last:
                form = canonical if entry["number"] >= form_2 else canonical_1
                # Of two entries with one number the second has nothing left; verify names both.
                hashes[entry["number"]] = form.content_hash(entry, parts.pop(entry["number"], []))
    return hashes


def _transfer_parts(table: pa.Table, accounts: pa.Table) -> Iterator[tuple[int, bytes]]:
    """The canonical text of the transfers of each entry that has any.

    Args:
        table: transfers, sorted by entry and leg.
        accounts: all there are. One that is missing is hashed as nothing, for nothing is known of it.
    """
    nowhere = pa.Table.from_pylist([dict.fromkeys(ACCOUNT)], schema=accounts.select(ACCOUNT).schema)
    ids = accounts["id"].combine_chunks()
    payers, payees = (
        pc.fill_null(pc.cast(pc.index_in(table[side].combine_chunks(), value_set=ids), pa.int64()), len(ids))
        for side in ("from_account", "to_account")
    )
    numbers, counts = _runs(table)
    named = pa.concat_tables([accounts.select(ACCOUNT), nowhere])
    return zip(numbers, NamedLegs(table, counts, named, payers, payees).parts(), strict=True)


def _runs(table: pa.Table) -> tuple[list[int], list[int]]:
    """The entries of a table that is sorted by them, and how many rows each has."""
    runs = pc.run_end_encode(table["entry_number"].combine_chunks())
    ends = runs.run_ends.to_pylist()
    return runs.values.to_pylist(), [end - start for start, end in pairwise([0, *ends])]


def _misnumbered(legs: pa.Table) -> list[int]:
    """The entries whose legs, which come in their order, are not numbered from 1 without a gap, each once."""
    entries, numbers = legs["entry_number"].to_numpy(), legs["leg"].to_numpy()
    firsts = np.flatnonzero(np.diff(entries, prepend=-1))
    lengths = np.diff(np.append(firsts, len(entries)))
    wanted = np.arange(len(entries)) - np.repeat(firsts, lengths) + 1
    return [int(number) for number in np.unique(entries[numbers != wanted])]


def records_by_entry(reader: Reader, model: type[SQLModel], first: int = 1) -> pa.Table:
    """The rows that entries from ``first`` on brought to a table, in the order in which they are hashed."""
    schema = schema_of(model)
    table = reader.table(f'SELECT * FROM "{model.__tablename__}" WHERE entry_number >= $first', {"first": first})
    numbers = table["entry_number"]
    return (
        table.select(schema.names)
        .cast(schema)
        .append_column("entry_number", numbers)
        .sort_by([("entry_number", "ascending"), (primary_key(model), "ascending")])
    )


def by_columns(table: pa.Table, added: Sequence[str]) -> list[tuple[bool, pa.Table]]:
    """Rows of a table by whether their entry holds any of the columns that came later, and is hashed with them.

    Args:
        table: with ``entry_number``; the order of the rows is kept.
        added: the columns that came later.
    """
    if not added:
        return [(False, table)]
    holds = pc.is_valid(table[added[0]])
    for name in added[1:]:
        holds = pc.or_(holds, pc.is_valid(table[name]))
    numbers = pc.unique(table["entry_number"].filter(holds))
    fuller = pc.is_in(table["entry_number"], value_set=numbers)
    return [(False, table.filter(pc.invert(fuller))), (True, table.filter(fuller))]


def _add_parts(
    parts: dict[int, list[bytes]],
    name: str,
    table: pa.Table,
    columns: tuple[Sequence[str], Sequence[str]],
    form_2: int,
) -> None:
    """Cut a table, sorted by entry, into the canonical text that each entry brought.

    Args:
        columns: those that are hashed in the first form, and in the second.
        form_2: the first entry in the second form.
    """
    earlier = pc.less(table["entry_number"], form_2)
    halves = (canonical_1, table.filter(earlier), columns[0]), (canonical, table.filter(pc.invert(earlier)), columns[1])
    for form, half, names in halves:
        if half.num_rows == 0:
            continue
        numbers, counts = _runs(half)
        text, offsets = form.rows(half.select(list(names)))
        for number, (its_text, its_offsets) in zip(numbers, canonical.slices(text, offsets, counts), strict=True):
            if number in parts:
                parts[number].append(form.part(name, len(names), its_text, its_offsets))


def groups(reader: Reader, numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Consecutive runs of entries with about a million transfers each."""
    counted = "SELECT entry_number, count(*) FROM transfer WHERE entry_number >= $first GROUP BY 1"
    sizes = {int(str(n)): int(str(c)) for n, c in reader.rows(counted, {"first": numbers[0] if numbers else 1})}
    groups: list[tuple[int, int]] = []
    start, held = None, 0
    for number in numbers:
        start = number if start is None else start
        held += sizes.get(number, 0)
        if held >= TRANSFERS_AT_ONCE:
            groups.append((start, number))
            start, held = None, 0
    if start is not None:
        groups.append((start, numbers[-1]))
    return groups
