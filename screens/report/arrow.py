"""The rows of a report as an Arrow table: whole pence as 64-bit integers, and no value ever guessed."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa

# Of nothing but missing values, what they would be is known from the kind of the column alone.
_OF_KIND = {"money": pa.int64(), "count": pa.int64(), "share": pa.float64(), "ratio": pa.float64(), "day": pa.date32()}


def table_of(records: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]) -> pa.Table:
    """Rows as an Arrow table; null where a row does not have a value.

    Args:
        records: each row by the names of its columns.
        kinds: of those columns whose kind is known what their values are, as ``money``.
    """
    names = dict.fromkeys(name for row in records for name in row)
    return pa.table({name: _column([row.get(name) for row in records], name, kinds) for name in names or kinds})


def _column(values: Sequence[Any], name: str, kinds: Mapping[str, str]) -> pa.Array:
    made = [_value(value) for value in values]
    if name.endswith("_pence"):
        return pa.array(made, pa.int64())
    if any(value is not None for value in made):
        return pa.array(made)
    return pa.array(made, _OF_KIND.get(kinds.get(name, ""), pa.string()))


def _value(value: Any) -> Any:
    """A value that Arrow has a type for: an exact fraction as a number, also inside what is nested."""
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, Mapping):
        return {str(name): _value(inner) for name, inner in value.items()}
    return [_value(inner) for inner in value] if isinstance(value, list | tuple) else value
