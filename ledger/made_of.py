"""What a figure is made of: the rows of a position behind it, each of which leads to its entries."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from ledger.position import SOURCE

# What a figure may be narrowed to, by name, each with its column of a position.
NARROWED_BY: Mapping[str, str] = {
    **{name: name for name in ("tier", "grade", "pot", "stream", "standing", "fund")},
    "held_by": "organisation",
}
NOT_GRADED = "not graded"
# Between the values where a figure is the sum of several.
OR = "|"


def any_of(values: Iterable[str]) -> str:
    """Several values of a column, as one text that a figure is narrowed to."""
    return OR.join(sorted(set(values)))


def made_of(position: pa.Table, only: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a position that a figure is the sum of, the largest first; never the source of the money.

    Args:
        position: a table of schema ``ledger.position.SCHEMA``.
        only: one of ``NARROWED_BY`` to the value that its rows have, or to several from ``any_of``; ``not graded``
            stands for no terms.

    Raises:
        KeyError: a name that figures are not narrowed to.
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
    return all((row[NARROWED_BY[name]] or NOT_GRADED) in value.split(OR) for name, value in only.items())
