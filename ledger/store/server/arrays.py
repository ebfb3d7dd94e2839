"""Legs as PostgreSQL itself sends arrays, so that nobody reads or writes a number as text on the way to a server.

Legs name their accounts by places in arrays of their own: payers, payees, amounts, recurrents, notes, and of the
accounts organisations, funds, years and standings. Many are written as whole columns. A few are written one by one,
which takes a small part of the time that columns take to be made for them; both ways give the same bytes.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from struct import Struct
from typing import Any, ClassVar

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg.adapt import Dumper
from psycopg.pq import Format

from ledger.entries.memory import Key
from ledger.entries.named_legs import REST, NamedLegs
from ledger.entries.ordinary import PlainLeg

_LARGE = pa.large_binary()
_HEAD, _LENGTH = Struct(">5i"), Struct(">i")
_MISSING = _LENGTH.pack(-1)


class Sent(bytes):
    """An array in the form in which PostgreSQL itself sends one: its type, and that of its elements.

    Attributes:
        oid: PostgreSQL's number for the type.
        element: its number for that of the elements.
        one: of elements of one width, an element with its width before it.
    """

    oid: ClassVar[int]
    element: ClassVar[int]
    one: ClassVar[Struct]


class _Integers(Sent):
    oid, element, one = 1007, 23, Struct(">ii")


class _Bigints(Sent):
    oid, element, one = 1016, 20, Struct(">iq")


class _Booleans(Sent):
    oid, element, one = 1000, 16, Struct(">i?")


class _Texts(Sent):
    oid, element = 1009, 25


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


def of_named(legs: NamedLegs) -> list[Sent]:
    """Legs as columns, in the order in which the server's function takes them."""
    if legs.table.num_rows == 0:
        kinds = (_Integers, _Integers, _Bigints, _Booleans, _Texts, _Texts, _Texts, _Integers, _Texts)
        return [kind(np.array([0, 0, kind.element], ">i4").tobytes()) for kind in kinds]
    payers, payees = ((side.to_numpy() + 1).astype(">i4") for side in (legs.payers, legs.payees))
    amounts, recurrents, notes = (legs.table[name] for name in REST)
    return [
        _column(_Integers, payers), _column(_Integers, payees),
        _column(_Bigints, amounts.to_numpy().astype(">i8")), _column(_Booleans, recurrents.to_numpy().astype("u1")),
        _text_column(notes), _text_column(legs.accounts["organisation"]), _text_column(legs.accounts["fund"]),
        _column(_Integers, legs.accounts["year"].to_numpy().astype(">i4")),
        _text_column(legs.accounts["standing"]),
    ]  # fmt: skip


def of_plain(legs: Sequence[PlainLeg]) -> list[Sent]:
    """The same of a few legs, at least one."""
    places: dict[Key, int] = {}
    sides = zip(*(leg[:2] for leg in legs), strict=True)
    payers, payees = ([places.setdefault(key, len(places) + 1) for key in side] for side in sides)
    _, _, amounts, recurrents, notes = zip(*legs, strict=True)
    organisations, funds, years, standings = zip(*places, strict=True)
    return [
        _one_by_one(_Integers, payers), _one_by_one(_Integers, payees), _one_by_one(_Bigints, amounts),
        _one_by_one(_Booleans, recurrents), _texts(notes), _texts(organisations), _texts(funds),
        _one_by_one(_Integers, years), _texts(standings),
    ]  # fmt: skip


def _head(kind: type[Sent], size: int, *, may_miss: bool = False) -> bytes:
    """The beginning of an array of one dimension: dimensions, whether values are missing, type, size, first place."""
    return _HEAD.pack(1, may_miss, kind.element, size, 1)


def _column(kind: type[Sent], values: "np.ndarray[Any, np.dtype[Any]]") -> Sent:
    """Values of one width, each with its width before it."""
    sent = np.empty(len(values), np.dtype([("width", ">i4"), ("value", values.dtype)]))
    sent["width"], sent["value"] = values.dtype.itemsize, values
    return kind(_head(kind, len(values)) + sent.tobytes())


def _text_column(texts: pa.ChunkedArray) -> Sent:
    """Texts, each with its length before it; -1 stands for one that is missing."""
    said = texts.combine_chunks().cast(pa.large_string()).cast(_LARGE)
    lengths = pc.fill_null(pc.binary_length(said), -1).to_numpy().astype(">i4")
    before = pa.Array.from_buffers(pa.binary(4), len(said), [None, pa.py_buffer(lengths)]).cast(_LARGE)
    joined = pc.binary_join_element_wise(before, pc.fill_null(said, b""), pa.scalar(b"", _LARGE))
    _, offsets, data = joined.buffers()
    begin, end = (int(np.frombuffer(offsets, np.int64)[joined.offset + at]) for at in (0, len(joined)))
    head = _head(_Texts, len(said), may_miss=said.null_count > 0)
    return _Texts(head + memoryview(data)[begin:end].tobytes())


def _one_by_one(kind: type[Sent], values: Sequence[int]) -> Sent:
    width = kind.one.size - _LENGTH.size
    return kind(_head(kind, len(values)) + b"".join(kind.one.pack(width, value) for value in values))


def _texts(values: Sequence[str | None]) -> Sent:
    written: Iterable[bytes] = chain.from_iterable(
        (_MISSING,) if text is None else (_LENGTH.pack(len(text)), text)
        for text in (None if value is None else value.encode() for value in values)
    )
    return _Texts(_head(_Texts, len(values), may_miss=None in values) + b"".join(written))
