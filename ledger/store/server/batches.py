"""Batches of entries as they go to a server: facts and records as JSON, legs as arrays in the server's own form.

Millions of legs are written as bytes column by column; nothing is done for each of them in Python.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.adapt import Dumper
from psycopg.pq import Format
from sqlmodel import SQLModel

from ledger.entries import canonical, named_legs
from ledger.entries.door import Asked
from ledger.entries.draft import Draft
from ledger.entries.named_legs import REST, NamedLegs

_LARGE = pa.large_binary()
Records = Mapping[type[SQLModel], pa.Table]


class _Sent(bytes):
    """An array in the form in which PostgreSQL itself sends one: its type, and that of its elements."""

    oid: ClassVar[int]
    element: ClassVar[int]


class _Integers(_Sent):
    oid = 1007
    element = 23


class _Bigints(_Sent):
    oid = 1016
    element = 20


class _Booleans(_Sent):
    oid = 1000
    element = 16


class _Texts(_Sent):
    oid = 1009
    element = 25


class _SentDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Any) -> bytes:
        return bytes(obj)


class _IntegersDumper(_SentDumper):
    oid = _Integers.oid


class _BigintsDumper(_SentDumper):
    oid = _Bigints.oid


class _BooleansDumper(_SentDumper):
    oid = _Booleans.oid


class _TextsDumper(_SentDumper):
    oid = _Texts.oid


def let_through(connection: psycopg.Connection) -> None:
    """Let a connection send arrays that are bytes already."""
    for kind, dumper in (
        (_Integers, _IntegersDumper), (_Bigints, _BigintsDumper), (_Booleans, _BooleansDumper), (_Texts, _TextsDumper),
    ):  # fmt: skip
        connection.adapters.register_dumper(kind, dumper)


CALL = "SELECT ledger_post(%s::jsonb, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def arguments(batches: Sequence[Asked], brought: Sequence[Sequence[Records]]) -> list[object]:
    """What ``ledger_post`` is given for some batches.

    Args:
        brought: for each batch, what each of its entries brings besides legs, in canonical order.
    """
    legs = named_legs.of_drafts([draft for batch in batches for draft in batch.drafts])
    counts = iter(legs.counts)
    told = [
        {
            "person": batch.person,
            "seen": batch.seen_head,
            "keep": batch.keep,
            "tried": batch.only_tried,
            "entries": [_facts(draft, its, next(counts)) for draft, its in zip(batch.drafts, each, strict=True)],
        }
        for batch, each in zip(batches, brought, strict=True)
    ]
    return [json.dumps(told, default=str, ensure_ascii=False), *_arrays(legs)]


def _facts(draft: Draft, brought: Records, legs: int) -> dict[str, object]:
    facts: dict[str, object] = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
    records = {str(model.__tablename__): table.to_pylist() for model, table in brought.items() if table.num_rows}
    return {**facts, "legs": legs, **({"records": records} if records else {})}


def _arrays(legs: NamedLegs) -> list[_Sent]:
    """Legs with their accounts named by places in arrays of their own: payers, payees, amounts, ..., standings."""
    if legs.table.num_rows == 0:
        kinds = (_Integers, _Integers, _Bigints, _Booleans, _Texts, _Texts, _Texts, _Integers, _Texts)
        return [kind(_empty(kind.element)) for kind in kinds]
    payers, payees = ((side.to_numpy() + 1).astype(">i4") for side in (legs.payers, legs.payees))
    amounts, recurrents, notes = (legs.table[name] for name in REST)
    return [
        _Integers(_fixed(23, payers)), _Integers(_fixed(23, payees)),
        _Bigints(_fixed(20, amounts.to_numpy().astype(">i8"))),
        _Booleans(_fixed(16, recurrents.to_numpy().astype("u1"))),
        _Texts(_varied(notes)), _Texts(_varied(legs.accounts["organisation"])), _Texts(_varied(legs.accounts["fund"])),
        _Integers(_fixed(23, legs.accounts["year"].to_numpy().astype(">i4"))),
        _Texts(_varied(legs.accounts["standing"])),
    ]  # fmt: skip


def _head(kind: int, size: int, *, may_miss: bool = False) -> bytes:
    """The beginning of an array of one dimension: dimensions, whether values are missing, type, size, first place."""
    return np.array([1, int(may_miss), kind, size, 1], ">i4").tobytes()


def _empty(kind: int) -> bytes:
    return np.array([0, 0, kind], ">i4").tobytes()


def _fixed(kind: int, values: "np.ndarray[Any, np.dtype[Any]]") -> bytes:
    """Values of one width, each with its width before it."""
    sent = np.empty(len(values), np.dtype([("width", ">i4"), ("value", values.dtype)]))
    sent["width"], sent["value"] = values.dtype.itemsize, values
    return _head(kind, len(values)) + sent.tobytes()


def _varied(texts: pa.ChunkedArray) -> bytes:
    """Texts, each with its length before it; -1 stands for one that is missing."""
    said = texts.combine_chunks().cast(pa.large_string()).cast(_LARGE)
    lengths = pc.fill_null(pc.binary_length(said), -1).to_numpy().astype(">i4")
    before = pa.Array.from_buffers(pa.binary(4), len(said), [None, pa.py_buffer(lengths)]).cast(_LARGE)
    joined = pc.binary_join_element_wise(before, pc.fill_null(said, b""), pa.scalar(b"", _LARGE))
    _, offsets, data = joined.buffers()
    begin, end = (int(np.frombuffer(offsets, np.int64)[joined.offset + at]) for at in (0, len(joined)))
    return _head(25, len(said), may_miss=said.null_count > 0) + memoryview(data)[begin:end].tobytes()
