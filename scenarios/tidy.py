"""One form for a position: one row for each key, none of them empty, in one order; so that two can be compared."""

import pyarrow as pa
import pyarrow.compute as pc

from ledger.position import POSITION_COLUMNS, SCHEMA, SOURCE

_ORDER = [(name, "ascending") for name in ("organisation", "fund", "year", "standing", "pot", "grade", "route")]
_REST = [(name, "ascending") for name in ("notified_on", "spend_by", "returns_per_year", "recurrent", "amount_pence")]


def tidied(table: pa.Table) -> pa.Table:
    """The same position with rows of one key added up, empty rows left out, and sorted."""
    summed = table.select(SCHEMA.names).group_by(list(POSITION_COLUMNS)).aggregate([("amount_pence", "sum")])
    named = summed.rename_columns([*POSITION_COLUMNS, "amount_pence"]).select(SCHEMA.names)
    kept = named.filter(pc.not_equal(named["amount_pence"], 0))
    return kept.sort_by(_ORDER + _REST).cast(SCHEMA).combine_chunks()


def held(table: pa.Table) -> pa.Table:
    """Everything but the source of the money."""
    return table.filter(pc.not_equal(table["standing"], SOURCE))


def total(table: pa.Table) -> int:
    """The sum of the amounts, in pence; zero for no rows."""
    return pc.sum(table["amount_pence"]).as_py() or 0
