"""The one text that is hashed.

Hash chains elsewhere broke when the hashed form depended on a JSON encoder or a database's way with dates. Here
the form is explicit, versioned and made in one place, for the writer and for the verifier. Version 2, which this
module writes, is a sequence of *fields*, each saying what it is and how long it is, so that no value can be made to
look like another, whatever characters it holds:

* a field is a letter for its type, the number of bytes of its text in UTF-8, a colon, and the text: ``s5:hello``
  (text), ``i3:-42`` (whole number), ``b4:true`` (yes or no), ``d10:2025-04-01`` (day); a missing value is ``n``;
* a row is its fields in the order of the table's columns;
* a table is its name (s), the number of its columns (i), the number of its rows (i), and then, for every
  ``ROWS_IN_A_BLOCK`` rows, the SHA-256 of their text in hexadecimal digits (s);
* an entry is the version (s), its own facts in the order of ``ENTRY_FIELDS``, and the tables that it brought.

Columns that a table was given later come last in it, and an entry whose rows hold none of them is hashed without them:
the number of columns tells the two apart, and what was hashed before they came keeps its hash. The same holds of a
fact of the entry itself that came later (``ADDED_FACTS``): a text that stands before a table's name is one.

Entries that were posted before version 2 keep the hashes that they have: ``ledger.entries.canonical_1`` is their form.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import accumulate

import pyarrow as pa
import pyarrow.compute as pc

FORM = 2
VERSION = f"devolution-ledger/{FORM}"
GENESIS = "0" * 64
# Rows are hashed in blocks, so that neither a program nor a database must hold the text of a million at once.
ROWS_IN_A_BLOCK = 10_000

ENTRY_FIELDS = (
    "key",
    "kind",
    "effective_date",
    "actor",
    "reason",
    "authority",
    "source",
    "source_hash",
    "reverses",
    "standing",
)
ADDED_FACTS = ("standing",)
TRANSFER_FIELDS = (
    "from_organisation",
    "from_fund",
    "from_year",
    "from_standing",
    "to_organisation",
    "to_fund",
    "to_year",
    "to_standing",
    "amount_pence",
    "recurrent",
    "note",
)
_MISSING = "n"


def field(value: object) -> str:
    """One value as a field.

    Raises:
        TypeError: it is neither text, a whole number, yes or no, nor a day.
    """
    if value is None:
        return _MISSING
    if isinstance(value, bool):
        letter, text = "b", "true" if value else "false"
    elif isinstance(value, int):
        letter, text = "i", str(value)
    elif isinstance(value, str):
        letter, text = "s", value
    elif type(value) is date:
        letter, text = "d", value.isoformat()
    else:
        raise TypeError(f"{value!r} has no canonical text")
    return f"{letter}{len(text.encode())}:{text}"


def header(entry: Mapping[str, object]) -> bytes:
    """The canonical text of an entry's own facts; recorded time and number are left out."""
    return "".join([field(VERSION), *(field(entry[name]) for name in facts_said(entry))]).encode()


def facts_said(entry: Mapping[str, object]) -> tuple[str, ...]:
    """The facts of an entry that are in its text: all but those that came later and that it does not have."""
    return tuple(name for name in ENTRY_FIELDS if name not in ADDED_FACTS or entry.get(name) is not None)


def rows(table: pa.Table) -> tuple[memoryview, Sequence[int]]:
    """The canonical text of a table's rows, all columns in their order.

    Returns:
        One buffer with the rows end to end, and the offsets at which they begin and end
        (one more than there are rows). The buffer is Arrow's own: nothing is copied row by row.
    """
    if table.num_rows == 0:
        return memoryview(b""), [0]
    return end_to_end(joined([fields(column.combine_chunks()) for column in table.columns]))


def joined(texts: Sequence[pa.Array]) -> pa.Array:
    """Columns of text put together row by row."""
    return pc.binary_join_element_wise(*texts, pa.scalar("", pa.large_string()))


def end_to_end(texts: pa.Array) -> tuple[memoryview, Sequence[int]]:
    """The texts of rows as one buffer, and the offsets at which they begin and end. Nothing is copied."""
    _, offsets, data = texts.buffers()
    starts = memoryview(offsets).cast("q")
    return memoryview(data or b""), starts[texts.offset : texts.offset + len(texts) + 1]


def fields(column: pa.Array) -> pa.Array:
    """A column's values as fields. Columns of codes repeat a few values, so each distinct value is written once."""
    distinct = column if pa.types.is_dictionary(column.type) else pc.dictionary_encode(column)
    values = distinct.dictionary
    letter = letter_of(values.type)
    large = pa.large_string()
    text = pc.cast(values, large)
    lengths = pc.cast(pc.binary_length(text), large)
    written = joined([pa.scalar(letter, large), lengths, pa.scalar(":", large), text])
    return pc.fill_null(pc.take(written, distinct.indices), pa.scalar(_MISSING, large))


def letter_of(kind: pa.DataType) -> str:
    """The letter of a column's type.

    Raises:
        TypeError: such a column has no canonical text.
    """
    if pa.types.is_boolean(kind):
        return "b"
    if pa.types.is_integer(kind):
        return "i"
    if pa.types.is_date(kind):
        return "d"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "s"
    raise TypeError(f"a column of {kind} has no canonical text")


def part(name: str, columns: int, text: memoryview, offsets: Sequence[int]) -> bytes:
    """The canonical text of a table: its name, its shape, and the hashes of its blocks of rows.

    Args:
        name: the table's.
        columns: how many it has.
        text: its rows end to end, as ``rows`` makes them.
        offsets: where each row begins in it, and where the last one ends.
    """
    return part_of_blocks(name, columns, len(offsets) - 1, blocks(text, offsets))


def part_of_blocks(name: str, columns: int, count: int, hashes: Iterable[str]) -> bytes:
    """The canonical text of a table, from the hashes of its blocks of rows."""
    return "".join([field(name), field(columns), field(count), *map(field, hashes)]).encode()


def blocks(text: memoryview, offsets: Sequence[int]) -> list[str]:
    """The hash of every ``ROWS_IN_A_BLOCK`` rows of a table, the last block as long as it is."""
    count = len(offsets) - 1
    return [
        hashlib.sha256(text[offsets[at] : offsets[min(at + ROWS_IN_A_BLOCK, count)]]).hexdigest()
        for at in range(0, count, ROWS_IN_A_BLOCK)
    ]


def part_of(name: str, table: pa.Table) -> bytes:
    """The canonical text of a table, all columns in their order and the rows as they stand."""
    return part(name, table.num_columns, *rows(table))


def part_of_rows(name: str, rows: Sequence[Sequence[object]]) -> bytes:
    """As ``part_of``, of a few rows that are no table."""
    texts = ["".join(map(field, row)).encode() for row in rows]
    offsets = [0, *accumulate(map(len, texts))]
    return part(name, len(rows[0]), memoryview(b"".join(texts)), offsets)


def content_hash(entry: Mapping[str, object], parts: Sequence[bytes]) -> str:
    """SHA-256 of an entry's content: its facts, then each table that it brought, in the given order."""
    digest = hashlib.sha256(header(entry))
    for text in parts:
        digest.update(text)
    return digest.hexdigest()


def table_hash(name: str, table: pa.Table) -> str:
    """SHA-256 of a table's rows in whatever order they come: equal for the same rows, asked for twice.

    The name and the columns are hashed too, so that no other table can pass for it.
    """
    said = [field(VERSION), field(name), *map(field, table.column_names), field(table.num_rows)]
    digest = hashlib.sha256("".join(said).encode())
    for row in sorted(row_texts(table)):
        digest.update(row)
    return digest.hexdigest()


def row_texts(table: pa.Table) -> list[bytes]:
    """The canonical text of each row, in the table's order."""
    text, offsets = rows(table)
    return [bytes(text[offsets[nth] : offsets[nth + 1]]) for nth in range(table.num_rows)]


def chain_hash(previous: str, number: int, recorded_at: datetime, content: str) -> str:
    """The link that ties an entry, and when it was recorded, to all before it."""
    said = (field(VERSION), field(previous), field(number), field(microseconds(recorded_at)), field(content))
    return hashlib.sha256("".join(said).encode()).hexdigest()


def books_hash(contents: Sequence[str]) -> str:
    """One hash over the content of every entry in order: equal for the same books made twice."""
    return hashlib.sha256("".join([field(VERSION), *map(field, contents)]).encode()).hexdigest()


def microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC, without passing through a float."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def slices(
    text: memoryview, offsets: Sequence[int], counts: Sequence[int]
) -> Iterator[tuple[memoryview, Sequence[int]]]:
    """Cut rows into consecutive groups of the given numbers of rows: for each the same text, and its own offsets."""
    at = 0
    for count in counts:
        yield text, offsets[at : at + count + 1]
        at += count
