"""An entry before it is posted: what somebody asks the books to do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from ledger import characters
from ledger.entries import canonical
from ledger.words import AVAILABLE
from ledger.years import FinancialYear

if TYPE_CHECKING:
    # To speak of legs and drafts takes no tables, and to load them is to load all of SQLAlchemy.
    from sqlmodel import SQLModel

LEGS = pa.schema(
    [
        ("from_organisation", pa.string()),
        ("from_fund", pa.string()),
        ("from_year", pa.int32()),
        ("from_standing", pa.string()),
        ("to_organisation", pa.string()),
        ("to_fund", pa.string()),
        ("to_year", pa.int32()),
        ("to_standing", pa.string()),
        ("amount_pence", pa.int64()),
        ("recurrent", pa.bool_()),
        ("note", pa.string()),
    ]
)


class Place(NamedTuple):
    """Where money stands: the natural key of an account."""

    organisation: str
    fund: str
    year: FinancialYear
    standing: str = AVAILABLE


class Leg(NamedTuple):
    """One movement of money. ``note`` says where the amount came from: a cell, or its arithmetic."""

    source: Place
    destination: Place
    amount_pence: int
    recurrent: bool = True
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One decision, asked for.

    Attributes:
        key: made by whoever asks, and kept by them: asking twice with one key does the thing once.
        kind: one of ``ledger.entries.kinds.ALL_KINDS``.
        effective_date: when it counts. The books set for themselves when they knew.
        actor: who asks. A role or an account, not more of a person than the books need.
        reason: why, in a sentence.
        authority: who allowed it, where the kind or a fund's terms need that.
        source: the file or document it rests on; source_hash is its SHA-256.
        standing: what its figures rest on, one of ``ledger.words.FIGURE_STANDINGS``; None where nobody said.
        reverses: the number of the entry that this one undoes.
        transfers: legs as an Arrow table of schema ``LEGS``.
        records: rows for the other tables of the books, each an Arrow table without ``entry_number``.
    """

    key: str
    kind: str
    effective_date: date
    actor: str
    reason: str
    authority: str | None = None
    source: str | None = None
    source_hash: str | None = None
    reverses: int | None = None
    standing: str | None = None
    transfers: pa.Table | None = None
    records: Mapping["type[SQLModel]", pa.Table] = field(default_factory=dict)

    def legs(self) -> pa.Table:
        """The transfers as a table, empty where there are none."""
        return LEGS.empty_table() if self.transfers is None else self.transfers.select(LEGS.names).cast(LEGS)


def legs(movements: Iterable[Leg]) -> pa.Table:
    """A table of transfers from a handful of legs. For thousands, build the Arrow table directly."""
    return pa.Table.from_pylist(
        [
            {
                "from_organisation": leg.source.organisation,
                "from_fund": leg.source.fund,
                "from_year": leg.source.year.start,
                "from_standing": leg.source.standing,
                "to_organisation": leg.destination.organisation,
                "to_fund": leg.destination.fund,
                "to_year": leg.destination.year.start,
                "to_standing": leg.destination.standing,
                "amount_pence": leg.amount_pence,
                "recurrent": leg.recurrent,
                "note": leg.note,
            }
            for leg in movements
        ],
        schema=LEGS,
    )


def mirrored(moved: pa.Table) -> pa.Table:
    """Legs the other way round: what undoes them."""
    other = {
        name: name.replace("from_", "to_", 1) if name.startswith("from_") else name.replace("to_", "from_", 1)
        for name in LEGS.names
    }
    return pa.table({name: moved[other[name]] for name in LEGS.names})


def schema_of(model: "type[SQLModel]", form: int = canonical.FORM) -> pa.Schema:
    """The Arrow schema of a table of the books, without ``entry_number``, in the model's order.

    One schema for the writer and for the verifier, so that both hash the same text.

    Args:
        form: of the canonical text: an earlier one knew fewer columns.
    """
    from sqlalchemy import BigInteger, Boolean, Date, Integer  # noqa: PLC0415 - as said

    kinds = ((BigInteger, pa.int64()), (Integer, pa.int32()), (Boolean, pa.bool_()), (Date, pa.date32()))
    fields = []
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        if column.name != "entry_number" and column.info.get("form", 1) <= form:
            arrow = next((arrow for sql, arrow in kinds if isinstance(column.type, sql)), pa.string())
            fields.append(pa.field(column.name, arrow))
    return pa.schema(fields)


def hashed(model: "type[SQLModel]", rows: pa.Table) -> pa.Table:
    """The rows that one entry brought to a table, in the columns that are hashed.

    Columns that the table was given later are left out where no row holds any of them.

    Args:
        rows: of the schema that ``schema_of`` gives.
    """
    added = added_columns(model)
    holds = any(rows[name].null_count < rows.num_rows for name in added)
    return rows if holds else rows.drop_columns(list(added))


def added_columns(model: "type[SQLModel]") -> tuple[str, ...]:
    """The columns that a table was given after its rows were hashed in the second form; they come last in it."""
    return tuple(c.name for c in model.__table__.columns if c.info.get("added"))  # type: ignore[attr-defined]


def records(model: "type[SQLModel]", rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """A table of records from plain rows; a column that a row leaves out takes the model's default."""
    schema = schema_of(model)
    defaults = {
        name: info.default
        for name, info in model.model_fields.items()
        if not info.is_required() and name in schema.names
    }
    filled = [{**defaults, **row} for row in rows]
    for row in filled:
        unknown = row.keys() - set(schema.names)
        if unknown:
            raise KeyError(f"{model.__name__} has no {', '.join(sorted(unknown))}")
    return pa.Table.from_pylist(filled, schema=schema)


def primary_key(model: "type[SQLModel]") -> str:
    """The name of the column that identifies a record."""
    (column,) = model.__table__.primary_key.columns  # type: ignore[attr-defined]
    return str(column.name)


def because(drafts: Sequence[Draft], why: str) -> list[Draft]:
    """Drafts that record, after their own reason, what whoever posts them says; unchanged where nothing is said."""
    said = characters.normalise(" ".join(why.split()))
    return [replace(draft, reason=f"{draft.reason}. {said}") for draft in drafts] if said else list(drafts)
