"""The shape of an exported position: a tidy table with one row for each organisation, fund and standing.

Its columns are those of ``position.SCHEMA``, with the amount in pounds, and two that guard the rest: each
row carries a short check of its own content, and the file the hash of all rows. A cell that was changed on the
way is noticed, and its row named.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ledger.entries import canonical
from ledger.reports.position import SCHEMA
from ledger.years import FinancialYear

AMOUNT, CHECK = "amount_pounds", "row_check"
COLUMNS = (*(name for name in SCHEMA.names if name != "amount_pence"), AMOUNT, CHECK)
KEY = ("organisation", "fund", "year", "standing")
HASH_NAME = "position"
CHECK_DIGITS = 12

# What each column holds, for the reader of the file; money and years have their unit.
MEANINGS: Mapping[str, str] = {
    "organisation": "Code of who holds the money: ODS code where one exists",
    "organisation_name": "Its name",
    "tier": "The level at which it decides",
    "depth": "Steps below the ICB: ICB and above 0, place 1, PCN 2, practice 3",
    "fund": "Code of the line of money",
    "fund_name": "Its name",
    "pot": "The fund whose terms hold: the fund itself or the nearest around it with terms",
    "stream": "Funding stream",
    "resource": "Revenue or capital",
    "lowest_depth": "How far down the fund could be held",
    "year": "Financial year, 1 April to 31 March",
    "standing": "Available, retained by or without agreement, spent; source for the giver, below zero",
    "grade": "How ring-fenced: none, monitored, soft, hard or statutory",
    "route": "How the money is given out",
    "recurrent": "Whether it recurs",
    "notified_on": "Day on which the receiver was told",
    "spend_by": "Last day to spend it",
    "returns_per_year": "Reports asked for in a year",
    "quality": "How sure the classification is: red, amber or green",
    AMOUNT: "Amount in pounds sterling, to the penny; a negative amount was given out",
    CHECK: "Check of the row, so that a changed cell is noticed",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """What the file says of its rows as a whole."""

    rows: int
    sum_pounds: Decimal
    content_hash: str


def content_hash(table: pa.Table) -> str:
    """The content hash of a position: of all its rows and columns, in whatever order they come."""
    return canonical.table_hash(HASH_NAME, table.select(SCHEMA.names).cast(SCHEMA))


def row_checks(table: pa.Table) -> list[str]:
    """A short check of each row, in the table's order."""
    texts = canonical.row_texts(table.select(SCHEMA.names).cast(SCHEMA))
    return [hashlib.sha256(text).hexdigest()[:CHECK_DIGITS] for text in texts]


def guard(table: pa.Table) -> Guard:
    """What to say of a position as a whole."""
    pence = sum(table["amount_pence"].to_pylist())
    return Guard(table.num_rows, Decimal(pence).scaleb(-2), content_hash(table))


def in_order(table: pa.Table) -> pa.Table:
    """The rows from the top down, in an order that depends on nothing else."""
    by = ("year", "depth", "tier", "organisation", "fund", "standing")
    return table.sort_by([(name, "ascending") for name in by])


def values(table: pa.Table) -> Sequence[tuple[Any, ...]]:
    """The rows as they stand in a file: years in words, amounts as decimals of pounds, the check last."""
    return [
        (
            *(_shown(name, row[name]) for name in SCHEMA.names if name != "amount_pence"),
            Decimal(row["amount_pence"]).scaleb(-2),
            check,
        )
        for row, check in zip(table.to_pylist(), row_checks(table), strict=True)
    ]


def _shown(name: str, value: str | int | bool | date | None) -> str | int | bool | date | None:
    return str(FinancialYear(value)) if name == "year" and isinstance(value, int) else value
