"""What makes up a balance: every transfer in and out, each with its entry and the cell that it came from."""

import pyarrow as pa

from ledger.errors import Problem, Refused
from ledger.position import Moment
from ledger.store import Reader
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
    for option, code, table in (("--organisation", organisation, "organisation"), ("--fund", fund, "fund")):
        if code is not None and not reader.rows(f"SELECT 1 FROM {table} WHERE code = $code", {"code": code}):
            remedy = suggestion(reader, code, table)
            raise Refused([Problem(option, f"there is no {table} '{code}'.", "Its money cannot be traced.", remedy)])
    given: dict[str, object] = {"organisation": organisation, "known": at.known, "as_at": at.as_at}
    given |= {name: value for name, value in (("fund", fund), ("year", year)) if value is not None}
    sql = _TRAIL.format(
        fund="AND fund = $fund" if fund is not None else "", year="AND year = $year" if year is not None else ""
    )
    return reader.table(sql, given).cast(SCHEMA)
