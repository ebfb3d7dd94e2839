"""The one text that is hashed.

Hash chains elsewhere broke when the hashed form depended on a JSON encoder or a database's way with
dates. Here the form is explicit, versioned and made in one place, for the writer and for the verifier:
fields joined by U+001F, a missing field written as U+0015, each row closed by U+001E, each table headed
by its name and U+001D. Text that people give may not contain control characters, so nothing can be
made to look like something else.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

VERSION = "devolution-ledger/1"
GENESIS = "0" * 64

_FIELD, _ROW, _TABLE, _MISSING = "\x1f", "\x1e", "\x1d", "\x15"

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
)
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


def normalise(text: str) -> str:
    """Unicode NFC, so that the same name typed on two keyboards hashes the same."""
    return unicodedata.normalize("NFC", text)


def has_control_characters(text: str) -> bool:
    """Whether the text holds a character that could disturb the canonical form or a terminal."""
    return any(unicodedata.category(character) == "Cc" for character in text)


def header(entry: Mapping[str, object]) -> bytes:
    """The canonical text of an entry's own facts; recorded time and number are left out."""
    fields = (VERSION, *(_text(entry[name]) for name in ENTRY_FIELDS))
    return (_FIELD.join(fields) + _ROW).encode()


def rows(table: pa.Table) -> tuple[memoryview, Sequence[int]]:
    """The canonical text of a table's rows, all columns in their order.

    Returns:
        One buffer with the rows end to end, and the offsets at which they begin and end
        (one more than there are rows). The buffer is Arrow's own: nothing is copied row by row.
    """
    if table.num_rows == 0:
        return memoryview(b""), [0]
    columns = [pc.cast(column.combine_chunks(), pa.large_string()) for column in table.columns]
    missing = pa.scalar(_MISSING, pa.large_string())
    filled = [pc.fill_null(column, missing) for column in columns]
    joined = pc.binary_join_element_wise(*filled, pa.scalar(_FIELD, pa.large_string()))
    closed = pc.binary_join_element_wise(joined, pa.scalar(_ROW, pa.large_string()), pa.scalar("", pa.large_string()))
    _, offsets, data = closed.buffers()
    starts = memoryview(offsets).cast("q")
    return memoryview(data), starts[closed.offset : closed.offset + len(closed) + 1]


def content_hash(entry: Mapping[str, object], parts: Sequence[tuple[str, memoryview]]) -> str:
    """SHA-256 of an entry's content: its facts, then each table that it brought, in the given order."""
    digest = hashlib.sha256(header(entry))
    for name, text in parts:
        digest.update((name + _TABLE).encode())
        digest.update(text)
    return digest.hexdigest()


def table_hash(name: str, table: pa.Table) -> str:
    """SHA-256 of a table's rows in whatever order they come: equal for the same rows, asked for twice.

    The name and the columns are hashed too, so that no other table can pass for it.
    """
    digest = hashlib.sha256((_FIELD.join((VERSION, name, *table.column_names)) + _TABLE).encode())
    for row in sorted(row_texts(table)):
        digest.update(row)
    return digest.hexdigest()


def row_texts(table: pa.Table) -> list[bytes]:
    """The canonical text of each row, in the table's order."""
    text, offsets = rows(table)
    return [bytes(piece) for piece in slices(text, offsets, [1] * table.num_rows)]


def chain_hash(previous: str, number: int, recorded_at: datetime, content: str) -> str:
    """The link that ties an entry, and when it was recorded, to all before it."""
    microseconds = round_microseconds(recorded_at)
    return hashlib.sha256(_FIELD.join((previous, str(number), str(microseconds), content)).encode()).hexdigest()


def books_hash(contents: Sequence[str]) -> str:
    """One hash over the content of every entry in order: equal for the same books made twice."""
    return hashlib.sha256(_FIELD.join((VERSION, *contents)).encode()).hexdigest()


def round_microseconds(moment: datetime) -> int:
    """Whole microseconds since 1970 UTC, without passing through a float."""
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def slices(text: memoryview, offsets: Sequence[int], counts: Sequence[int]) -> Iterator[memoryview]:
    """Cut a buffer of rows into consecutive groups with the given numbers of rows."""
    at = 0
    for count in counts:
        yield text[offsets[at] : offsets[at + count]]
        at += count


def _text(value: object) -> str:
    return _MISSING if value is None else str(value)
