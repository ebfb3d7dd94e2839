"""One form for a position: one row for each key, none of them empty, in one order; so that two can be compared."""

import pyarrow as pa
import pyarrow.compute as pc

from ledger.reports.position import POSITION_COLUMNS, SCHEMA, SOURCE

_ORDER = [(name, "ascending") for name in ("organisation", "fund", "year", "standing", "pot", "grade", "route")]
_REST = [(name, "ascending") for name in ("notified_on", "spend_by", "returns_per_year", "recurrent", "amount_pence")]


def tidied(table: pa.Table) -> pa.Table:
    """The same position with rows of one key added up, empty rows left out, and sorted."""
    summed = table.select(SCHEMA.names).group_by(list(POSITION_COLUMNS)).aggregate([("amount_pence", "sum")])
    named = summed.rename_columns([*POSITION_COLUMNS, "amount_pence"]).select(SCHEMA.names)
    kept = named.filter(pc.not_equal(named["amount_pence"], 0))
    return kept.sort_by(_ORDER + _REST).cast(SCHEMA).combine_chunks()


def condensed(table: pa.Table) -> pa.Table:
    """The same position with those of one depth added up, whoever they are: all that a measure asks, in few rows.

    The largest come first, so that a pot that is on several terms is described by those that most of it is on.
    """
    who = {"organisation", "organisation_name", "tier"}
    columns = [name for name in POSITION_COLUMNS if name not in who]
    summed = table.group_by(columns).aggregate([("amount_pence", "sum")]).rename_columns([*columns, "amount_pence"])
    for name in who:
        summed = summed.append_column(name, pa.nulls(summed.num_rows, pa.string()))
    return summed.select(SCHEMA.names).sort_by([("amount_pence", "descending"), *_ORDER[1:]])


def held(table: pa.Table) -> pa.Table:
    """Everything but the source of the money."""
    return table.filter(pc.not_equal(table["standing"], SOURCE))


def total(table: pa.Table) -> int:
    """The sum of the amounts, in pence; zero for no rows."""
    return pc.sum(table["amount_pence"]).as_py() or 0
