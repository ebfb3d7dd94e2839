"""What makes up a balance: every transfer in and out, each with its entry and the cell that it came from."""

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from ledger.errors import refuse
from ledger.inputs import Input
from ledger.reports.position import SOURCE, Moment
from ledger.store.base import Reader
from ledger.structure import suggestion

SCHEMA = pa.schema(
    [
        ("entry", pa.int64()),
        ("leg", pa.int32()),
        ("kind", pa.string()),
        ("effective_date", pa.date32()),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
        ("actor", pa.string()),
        ("reason", pa.string()),
        ("source", pa.string()),
        ("source_hash", pa.string()),
        ("note", pa.string()),
        ("other", pa.string()),
        ("fund", pa.string()),
        ("year", pa.int32()),
        ("standing", pa.string()),
        ("recurrent", pa.bool_()),
        ("amount_pence", pa.int64()),
    ]
)

# Each leg once for the account it leaves, below zero, and once for the account it reaches.
_TRAIL = """
WITH own AS (SELECT * FROM account WHERE organisation = $organisation {fund} {year}),
sides AS (
    SELECT t.entry_number, t.leg, t.note, t.recurrent, t.amount_pence, o.fund, o.year, o.standing,
           t.from_account AS other
    FROM transfer t JOIN own o ON o.id = t.to_account
    UNION ALL
    SELECT t.entry_number, t.leg, t.note, t.recurrent, -t.amount_pence, o.fund, o.year, o.standing, t.to_account
    FROM transfer t JOIN own o ON o.id = t.from_account
)
SELECT e.number AS entry, s.leg, e.kind, e.effective_date, e.recorded_at, e.actor, e.reason, e.source, e.source_hash,
       s.note, a.organisation AS other, s.fund, s.year, s.standing, s.recurrent, s.amount_pence
FROM sides s JOIN entry e ON e.number = s.entry_number JOIN account a ON a.id = s.other
WHERE e.number <= $known AND e.effective_date <= $as_at
ORDER BY e.effective_date, e.number, s.leg, s.amount_pence
"""


def trail(
    reader: Reader, at: Moment, organisation: str, *, fund: str | None = None, year: int | None = None
) -> pa.Table:
    """The transfers behind what an organisation itself holds: a table of schema ``SCHEMA``.

    Amounts are signed: what came is positive and what went negative, so they sum to its position. ``other`` is
    who it came from or went to, and ``note`` the sheet and cell, or the arithmetic.

    Args:
        fund: only this fund's accounts, by its code.
        year: only this financial year, by the year it starts in.

    Raises:
        Refused: the organisation or the fund is unknown.
    """
    for field, code, table in ((Input.ORGANISATION, organisation, "organisation"), (Input.LINE, fund, "fund")):
        if code is not None and not reader.rows(f"SELECT 1 FROM {table} WHERE code = $code", {"code": code}):
            remedy = suggestion(reader, code, table)
            refuse(field, f"there is no {table} '{code}'.", "Its money cannot be traced.", remedy)
    given: dict[str, object] = {"organisation": organisation, "known": at.known, "as_at": at.as_at}
    given |= {name: value for name, value in (("fund", fund), ("year", year)) if value is not None}
    sql = _TRAIL.format(
        fund="AND fund = $fund" if fund is not None else "", year="AND year = $year" if year is not None else ""
    )
    return reader.table(sql, given).cast(SCHEMA)


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


def rows_behind(position: pa.Table, only: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of a position that a figure is the sum of, the largest first; never the source of the money.

    Args:
        position: a table of schema ``ledger.reports.position.SCHEMA``.
        only: one of ``NARROWED_BY`` to the value that its rows have, or to several from ``any_of``; ``not graded``
            stands for no terms, and for terms that do not say.

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
