"""What a figure is made of: the rows of a position behind it, each of which leads to its entries."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ledger.position import SOURCE

# What a figure may be narrowed to, each a column of a position.
NARROWED_BY = ("tier", "grade", "pot", "stream", "standing", "fund")
NOT_GRADED = "not graded"


def made_of(position: pa.Table, only: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a position that a figure is the sum of, the largest first; never the source of the money.

    Args:
        position: a table of schema ``ledger.position.SCHEMA``.
        only: column, one of ``NARROWED_BY``, to the value that its rows have; ``not graded`` stands for no terms.

    Raises:
        KeyError: a column that figures are not narrowed to.
    """
    for name in only:
        if name not in NARROWED_BY:
            raise KeyError(name)
    rows = [row for row in position.to_pylist() if row["standing"] != SOURCE and _is_meant(row, only)]
    return sorted(rows, key=lambda row: (-row["amount_pence"], row["organisation"], row["fund"], row["standing"]))


def total_pence(rows: list[dict[str, Any]]) -> int:
    """What the rows come to."""
    return sum(row["amount_pence"] for row in rows)


def _is_meant(row: Mapping[str, Any], only: Mapping[str, str]) -> bool:
    return all((row[name] or NOT_GRADED if name == "grade" else row[name]) == value for name, value in only.items())
