"""The text that entries before version 2 were hashed in: read and checked, never written.

Fields joined by U+001F, a missing field written as U+0015, each row closed by U+001E, each table headed by its name
and U+001D. It can be misread where a stored text holds such a character: posting never took one, and ``verify``
refuses any that stands in the books (``ledger.characters``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries.canonical import ADDED_FACTS, ENTRY_FIELDS, microseconds

VERSION = "devolution-ledger/1"
FACTS = tuple(name for name in ENTRY_FIELDS if name not in ADDED_FACTS)

_FIELD, _ROW, _TABLE, _MISSING = "\x1f", "\x1e", "\x1d", "\x15"


def rows(table: pa.Table) -> tuple[memoryview, Sequence[int]]:
    """The text of a table's rows end to end, and where each begins, as ``ledger.entries.canonical.rows``."""
    if table.num_rows == 0:
        return memoryview(b""), [0]
    large = pa.large_string()
    columns = [pc.fill_null(pc.cast(column.combine_chunks(), large), _MISSING) for column in table.columns]
    joined = pc.binary_join_element_wise(*columns, pa.scalar(_FIELD, large))
    closed = pc.binary_join_element_wise(joined, pa.scalar(_ROW, large), pa.scalar("", large))
    _, offsets, data = closed.buffers()
    starts = memoryview(offsets).cast("q")
    return memoryview(data), starts[closed.offset : closed.offset + len(closed) + 1]


def part(name: str, columns: int, text: memoryview, offsets: Sequence[int]) -> bytes:
    """The text of a table that an entry brought; the number of its columns was not said then."""
    del columns
    return (name + _TABLE).encode() + bytes(text[offsets[0] : offsets[-1]])


def content_hash(entry: Mapping[str, object], parts: Sequence[bytes]) -> str:
    """SHA-256 of an entry's content: its facts, then each table that it brought."""
    facts = (VERSION, *(_MISSING if entry[name] is None else str(entry[name]) for name in FACTS))
    return hashlib.sha256((_FIELD.join(facts) + _ROW).encode() + b"".join(parts)).hexdigest()


def chain_hash(previous: str, number: int, recorded_at: datetime, content: str) -> str:
    """The link that ties an entry, and when it was recorded, to all before it."""
    said = (previous, str(number), str(microseconds(recorded_at)), content)
    return hashlib.sha256(_FIELD.join(said).encode()).hexdigest()
