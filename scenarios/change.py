"""What a lever gives back: a new position, and what it did to get there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries.draft import LEGS
from ledger.reports.position import BY_AGREEMENT, POSITION_COLUMNS, SCHEMA, SOURCE, WITHOUT_AGREEMENT
from scenarios.world import World

Rows = Any  # row numbers of a position: a NumPy array
Pence = Any  # whole pence, one for each row number: a NumPy array


class Moves(NamedTuple):
    """Money that moved between accounts: for each movement the row it came from, and the row it became."""

    source: pa.Table
    arrived: pa.Table


@dataclass(frozen=True)
class Change:
    """The outcome of one step.

    Attributes:
        position: the position after the step; it may hold several rows of one key until it is tidied.
        world: the structure after the step.
        says: what the step did, in a sentence.
        moved_pence: how much money changed hands, fund or standing.
        added_pence: how much more is held than before; below zero where money was taken out.
        moves: what moved between accounts, where a lever can say so.
        details: figures that belong to this step alone.
        frees: whether the step says openly that ring-fenced money leaves its fund.
    """

    position: pa.Table
    world: World
    says: str
    moved_pence: int = 0
    added_pence: int = 0
    moves: Moves | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    frees: bool = False


def put(table: pa.Table, **columns: Any) -> pa.Table:
    """The same rows with other values in the named columns; a single value stands for all rows."""
    for name, values in columns.items():
        kind = SCHEMA.field(name).type
        if isinstance(values, pa.Array | pa.ChunkedArray):
            column = values.cast(kind)
        elif isinstance(values, np.ndarray) or (isinstance(values, Sequence) and not isinstance(values, str)):
            column = pa.array(values, kind)
        elif values is None:
            column = pa.nulls(table.num_rows, kind)
        else:
            column = pa.repeat(pa.scalar(values, kind), table.num_rows)
        table = table.set_column(SCHEMA.get_field_index(name), SCHEMA.field(name), column)
    return table


def put_where(table: pa.Table, rows: Rows, **columns: Any) -> pa.Table:
    """The same table, with one other value in the named columns of some rows."""
    chosen = np.zeros(table.num_rows, dtype=bool)
    chosen[rows] = True
    mask = pa.array(chosen)
    changed = {
        name: pc.if_else(mask, pa.scalar(value, SCHEMA.field(name).type), table[name])
        for name, value in columns.items()
    }
    return put(table, **changed)


def take_out(position: pa.Table, rows: Rows, pence: Pence) -> pa.Table:
    """The position with so much less in the rows of the given numbers, which may be named several times."""
    amounts = position["amount_pence"].to_numpy().copy()
    np.subtract.at(amounts, np.asarray(rows, np.int64), np.asarray(pence, np.int64))
    return put(position, amount_pence=amounts)


def _numbers(values: Any) -> pa.Array:
    """Whole numbers as Arrow has them, also where there are none."""
    return pa.array(np.asarray(values, np.int64))


def hand_over(
    position: pa.Table, world: World, rows: Rows, pence: Pence, receivers: Sequence[str], **columns: Any
) -> tuple[pa.Table, Moves]:
    """Move money from rows to other organisations, on the same terms.

    Args:
        rows: the row that each movement comes from.
        pence: how much each movement is; all above zero.
        receivers: the organisation that each movement goes to.
        columns: what is different about the money there, such as its standing.
    """
    theirs = put(position.take(_numbers(rows)), amount_pence=_numbers(pence))
    names = pa.array(receivers, pa.string()).dictionary_encode()
    known = [world.organisations[code] for code in names.dictionary.to_pylist()]
    arrived = put(
        theirs,
        organisation=names.cast(pa.string()),
        organisation_name=pa.array([each.name for each in known], pa.string()).take(names.indices),
        tier=pa.array([each.tier for each in known], pa.string()).take(names.indices),
        depth=pa.array([world.depth(each.tier) for each in known], pa.int32()).take(names.indices),
        **columns,
    )
    return pa.concat_tables([take_out(position, rows, pence), arrived]), Moves(theirs, arrived)


def restate(position: pa.Table, rows: Rows, pence: Pence, **columns: Any) -> tuple[pa.Table, Moves]:
    """Change what is said of money that stays where it is: its standing, fund or terms."""
    theirs = put(position.take(_numbers(rows)), amount_pence=_numbers(pence))
    arrived = put(theirs, **columns)
    return pa.concat_tables([take_out(position, rows, pence), arrived]), Moves(theirs, arrived)


def legs(moves: Moves, note: str) -> pa.Table:
    """Movements as transfers of the books, of schema ``ledger.entries.draft.LEGS``."""
    booked = {BY_AGREEMENT: "retained", WITHOUT_AGREEMENT: "retained"}

    def standings(table: pa.Table) -> pa.Array:
        return pa.array([booked.get(word, word) for word in table["standing"].to_pylist()], pa.string())

    source, arrived = moves
    # A movement says whether it recurs; where its terms do not, it is booked as a budget line without terms is.
    recurs = pc.fill_null(arrived["recurrent"], True)
    return pa.table(
        {
            "from_organisation": source["organisation"], "from_fund": source["fund"], "from_year": source["year"],
            "from_standing": standings(source),
            "to_organisation": arrived["organisation"], "to_fund": arrived["fund"], "to_year": arrived["year"],
            "to_standing": standings(arrived),
            "amount_pence": arrived["amount_pence"], "recurrent": recurs,
            "note": pa.repeat(note, arrived.num_rows),
        }
    ).cast(LEGS)  # fmt: skip


_ORDER = [(name, "ascending") for name in ("organisation", "fund", "year", "standing", "pot", "grade", "route")]
_REST = [
    (name, "ascending")
    for name in ("notified_on", "spend_by", "returns_per_year", "recurrent", "discretion", "certain_to", "amount_pence")
]


def tidied(table: pa.Table) -> pa.Table:
    """The same position with rows of one key added up, empty rows left out, and sorted."""
    named = summed(table).select(SCHEMA.names)
    kept = named.filter(pc.not_equal(named["amount_pence"], 0))
    return kept.sort_by(_ORDER + _REST).cast(SCHEMA).combine_chunks()


def summed(table: pa.Table) -> pa.Table:
    """The same position with rows of one key added up, in no order."""
    # Named one by one: no row is copied for it, and a small table is done sooner by one thread.
    found = table.group_by(list(POSITION_COLUMNS), use_threads=False).aggregate([("amount_pence", "sum")])
    return found.rename_columns([*POSITION_COLUMNS, "amount_pence"])


def condensed(table: pa.Table) -> pa.Table:
    """The same position with those of one tier added up, whoever they are: all that a measure asks, in few rows.

    The largest come first, so that a pot that is on several terms is described by those that most of it is on.
    """
    who = {"organisation", "organisation_name"}
    columns = [name for name in POSITION_COLUMNS if name not in who]
    found = table.group_by(columns).aggregate([("amount_pence", "sum")]).rename_columns([*columns, "amount_pence"])
    for name in who:
        found = found.append_column(name, pa.nulls(found.num_rows, pa.string()))
    return found.select(SCHEMA.names).sort_by([("amount_pence", "descending"), *_ORDER[1:]])


def held(table: pa.Table) -> pa.Table:
    """Everything but the source of the money."""
    return table.filter(pc.not_equal(table["standing"], SOURCE))


def total(table: pa.Table) -> int:
    """The sum of the amounts, in pence; zero for no rows."""
    return pc.sum(table["amount_pence"]).as_py() or 0
