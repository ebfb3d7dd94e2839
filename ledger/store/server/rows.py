"""Rows of a server's tables, fetched column by column as the bytes that they are.

The server puts a thousand rows into one message, and in it each column's values end to end, in the form in which
PostgreSQL itself sends them. Row by row the driver would take longer than the server; as text the server would
take longer to write the numbers down than to find them.

What columns a table has is asked of the server too: to know it from the models would be to load SQLAlchemy, which
takes longer than most questions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import psycopg
import pyarrow as pa

from ledger.errors import LedgerError

# PostgreSQL counts days and microseconds from the beginning of 2000, Arrow from the beginning of 1970.
_DAYS, _MICROSECONDS = 10_957, 946_684_800_000_000
# A message holds so many rows, transfers of so many entries, and texts of so many bytes. PostgreSQL ends at a gigabyte.
_ROWS, _ENTRIES = 1_000, 100
MOST_BYTES = 2**26


class _Sent(NamedTuple):
    """How values of a type are sent.

    Attributes:
        sql: the bytes of one value, which is named ``{0}``.
        instead: what is sent where a value is missing, as SQL.
        number: what the bytes are.
        later: what to add, where the two count from different beginnings.
    """

    sql: str
    instead: str
    number: str
    later: int = 0


_SENT = {
    pa.int64(): _Sent("int8send(({0})::bigint)", "0", ">i8"),
    pa.int32(): _Sent("int4send(({0})::integer)", "0", ">i4"),
    pa.bool_(): _Sent("boolsend({0})", "false", "?"),
    pa.date32(): _Sent("date_send({0})", "DATE '2000-01-01'", ">i4", _DAYS),
    pa.timestamp("us", tz="UTC"): _Sent("timestamptz_send({0})", "TIMESTAMPTZ '2000-01-01Z'", ">i8", _MICROSECONDS),
}
_TYPES = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "character varying": pa.string(),
    "text": pa.string(),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
}
_COLUMNS = """
SELECT asked.name, a.attname, format_type(a.atttypid, NULL), NOT a.attnotnull,
       has_table_privilege(a.attrelid, 'SELECT') AND NOT row_security_active(a.attrelid)
FROM unnest(%s::text[]) WITH ORDINALITY AS asked (name, nth)
JOIN pg_attribute a ON a.attrelid = to_regclass(quote_ident(asked.name)) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY asked.nth, a.attnum
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """What tables a server has, and who may see them.

    Attributes:
        schemas: the columns of each table, those that may be empty marked as nullable.
        whole: the tables of which this login is shown every row.
    """

    schemas: Mapping[str, pa.Schema]
    whole: frozenset[str]


def layout(server: psycopg.Connection, tables: Iterable[str]) -> Layout:
    """The columns of tables on the server, in their order there.

    Raises:
        LedgerError: a table is not there, or has a column of a kind that no table of the books has.
    """
    names = list(tables)
    fields: dict[str, list[pa.Field]] = {name: [] for name in names}
    whole = set()
    for table, column, kind, may_miss, is_shown in server.execute(_COLUMNS, (names,)).fetchall():
        if kind not in _TYPES:
            raise LedgerError(f"The server's table {table} has a column {column} of type {kind}, which is not ours.")
        fields[table].append(pa.field(column, _TYPES[kind], nullable=may_miss))
        if is_shown:
            whole.add(table)
    missing = [name for name in names if not fields[name]]
    if missing:
        raise LedgerError(f"The server has no table {missing[0]}. Ask its administrator who took it away.")
    return Layout({name: pa.schema(found) for name, found in fields.items()}, frozenset(whole))


def numbered_by(table: str) -> str:
    """The whole number, as SQL of its columns, by which the rows of a table come after one another."""
    others = {"entry": "number", "account": "id", "account_day": "account", "person_day": "(day - DATE '1970-01-01')"}
    return {**others, "seal": "id"}.get(table, "entry_number")


def fetch(server: psycopg.Connection, table: str, schema: pa.Schema, condition: str) -> pa.Table:
    """Rows of a table on the server, as Arrow, in no particular order.

    Args:
        table: its name.
        schema: its columns, as ``layout`` found them.
        condition: a WHERE clause of our own making, or nothing.
    """
    asked = [part for field in schema for part in _parts(field)]
    parts: list[list[bytes]] = [[] for _ in asked]
    with server.cursor() as cursor, cursor.copy(_in_blocks(table, schema, condition)) as blocks:
        blocks.set_types(["bytea"] * len(asked))
        for block in blocks.rows():
            for part, found in zip(parts, block, strict=True):
                part.append(found or b"")
    joined = iter([b"".join(part) for part in parts])
    arrays = []
    for field in schema:
        if pa.types.is_string(field.type):
            arrays.append(_texts(next(joined), next(joined)))
        else:
            arrays.append(_numbers(field.type, next(joined), next(joined) if field.nullable else None))
    return pa.Table.from_arrays(arrays, schema=schema)


def _parts(field: pa.Field) -> list[str]:
    """What is sent of a column: a text's length and bytes; other bytes and, where one may be missing, whether it is."""
    name = f'"{field.name}"'
    if pa.types.is_string(field.type):
        text = f"convert_to({name}, 'UTF8')"
        return [f"int4send(coalesce(octet_length({text}), -1))", text]
    sent = _SENT[field.type]
    if field.nullable:
        return [sent.sql.format(f"coalesce({name}, {sent.instead})"), f"boolsend({name} IS NULL)"]
    return [sent.sql.format(name)]


def _texts(lengths_sent: bytes, values: bytes) -> pa.Array:
    lengths = np.frombuffer(lengths_sent, ">i4").astype(np.int64)
    missing = lengths < 0
    ends = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.where(missing, 0, lengths))])
    if int(ends[-1]) != len(values):
        raise ValueError("the server's texts are not as long as it says")
    # More than two gigabytes of text in one column need the wider offsets on their way.
    buffers = [_present(missing), pa.py_buffer(ends), pa.py_buffer(values)]
    return pa.Array.from_buffers(pa.large_string(), len(lengths), buffers).cast(pa.string())


def _numbers(kind: pa.DataType, values: bytes, missing_sent: bytes | None) -> pa.Array:
    sent = _SENT[kind]
    numbers = np.frombuffer(values, sent.number)
    if pa.types.is_boolean(kind):
        data = np.packbits(numbers, bitorder="little")
    else:
        data = numbers.astype(numbers.dtype.newbyteorder("="))
        data += sent.later
    present = None if missing_sent is None else _present(np.frombuffer(missing_sent, "?"))
    return pa.Array.from_buffers(kind, len(numbers), [present, pa.py_buffer(data)])


def _present(missing: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> pa.Buffer | None:
    return pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None


def _in_blocks(table: str, schema: pa.Schema, condition: str) -> str:
    """The statement that sends rows in blocks: some thousand rows each, and fewer of those with long texts.

    Rows are told apart by how long their texts are: the first class holds what may go into whole blocks, and each
    further one rows of up to twice the length, half as many to a block. So no block holds much more than
    ``MOST_BYTES`` of text, unless one row alone does.
    """
    asked = [part for field in schema for part in _parts(field)]
    texts = [f'coalesce(octet_length("{field.name}"), 0)' for field in schema if pa.types.is_string(field.type)]
    limits = [MOST_BYTES // _ROWS << times for times in range(_ROWS.bit_length())]
    if table == "transfer":
        # Many entries have few legs, so a block of short ones is of a hundred entries.
        limits.insert(0, limits[0] // _ENTRIES)
        block = f"entry_number / CASE lengths WHEN 0 THEN {_ENTRIES} ELSE 1 END, "
        block += f"leg / greatest(1, {_ROWS} >> greatest(0, lengths - 1))"
    else:
        block = f"{numbered_by(table)} / greatest(1, {_ROWS} >> lengths)"
    lengths = f"width_bucket({' + '.join(texts)}, ARRAY{limits})" if texts else "0"
    # All sums of one group see its rows in one order, so the values of a row stand at one place in each.
    sums = ", ".join(f"string_agg({part}, ''::bytea)" for part in asked)
    rows = f'SELECT *, {lengths} AS lengths FROM "{table}" {condition}'
    return f"COPY (SELECT {sums} FROM ({rows}) AS sized GROUP BY lengths, {block}) TO STDOUT (FORMAT binary)"
