"""How the legs of a batch get into the books: their accounts are opened where they are new, and their days grow."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries import refusals
from ledger.entries.named_legs import REST, NamedLegs
from ledger.errors import Problem, Refused
from ledger.models import Transfer
from ledger.store.base import Writer

_OPEN_ACCOUNTS = """
INSERT INTO account (id, organisation, fund, year, standing, floor_pence)
SELECT (SELECT coalesce(max(id), 0) FROM account)
           + row_number() OVER (ORDER BY n.organisation, n.fund, n.year, n.standing),
       n.organisation, n.fund, n.year, n.standing,
       CASE WHEN t.may_go_below_zero AND n.standing = 'available' THEN NULL ELSE 0 END
FROM named_accounts n JOIN organisation o ON o.code = n.organisation JOIN tier t ON t.code = o.tier
WHERE NOT EXISTS (
    SELECT 1 FROM account a WHERE a.organisation = n.organisation AND a.fund = n.fund
        AND a.year = n.year AND a.standing = n.standing)
"""
_NUMBERS = """
SELECT a.id FROM named_accounts n
JOIN account a ON a.organisation = n.organisation AND a.fund = n.fund AND a.year = n.year AND a.standing = n.standing
ORDER BY n.place
"""

# What the new legs bring to each account and take from it, day by day; the rows that are there already grow.
_ADD_TO_DAYS = """
INSERT INTO account_day (account, day, in_pence, out_pence)
SELECT m.account, e.effective_date, CAST(sum(m.came) AS BIGINT), CAST(sum(m.went) AS BIGINT) FROM (
    SELECT entry_number, to_account AS account, sum(amount_pence) AS came, 0 AS went FROM new_transfers
    GROUP BY entry_number, to_account
    UNION ALL
    SELECT entry_number, from_account, 0, sum(amount_pence) FROM new_transfers
    GROUP BY entry_number, from_account
) m JOIN entry e ON e.number = m.entry_number GROUP BY m.account, e.effective_date
ON CONFLICT (account, day) DO UPDATE SET in_pence = account_day.in_pence + excluded.in_pence,
    out_pence = account_day.out_pence + excluded.out_pence
"""

# What the new legs add to what their authors moved on the day on which they were recorded.
_ADD_TO_PEOPLE = """
INSERT INTO person_day (person, day, moved_pence)
SELECT e.actor, CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE), CAST(sum(m.pence) AS BIGINT)
FROM (SELECT entry_number, sum(amount_pence) AS pence FROM new_transfers GROUP BY entry_number) m
JOIN entry e ON e.number = m.entry_number GROUP BY e.actor, CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)
ON CONFLICT (person, day) DO UPDATE SET moved_pence = person_day.moved_pence + excluded.moved_pence
"""


def write(writer: Writer, legs: NamedLegs, numbers: Sequence[int], keys: Mapping[int, str]) -> None:
    """Write the legs of entries that are in the books, open the accounts that are new, and add to what is kept of sums.

    Args:
        writer: the books.
        legs: those of the entries, in order.
        numbers: of the entries.
        keys: by number.

    Raises:
        Refused: an amount, an account or a code is impossible, or the sum of all that was ever moved too large.
    """
    if not legs.table.num_rows:
        return
    numbered = numbered_legs(legs, numbers)
    _refuse_if(refusals.amount_problems(numbered, keys))
    _refuse_if(refusals.unknown_codes(writer, legs, numbered, keys))
    moved, problems = refusals.sum_problems(writer, numbered)
    _refuse_if(problems)
    places = pa.array(range(legs.accounts.num_rows), pa.int64())
    writer.stage("named_accounts", legs.accounts.append_column("place", places))
    writer.execute(_OPEN_ACCOUNTS)
    ids = writer.table(_NUMBERS)["id"].combine_chunks()
    rows = (
        numbered.select(["entry_number", "leg", *REST])
        .append_column("from_account", pc.take(ids, legs.payers))
        .append_column("to_account", pc.take(ids, legs.payees))
    )
    writer.append(Transfer, rows)
    writer.stage("new_transfers", rows)
    writer.execute(_ADD_TO_DAYS)
    writer.execute(_ADD_TO_PEOPLE)
    writer.execute("UPDATE seal SET moved_pence = moved_pence + $moved", {"moved": moved})


def numbered_legs(legs: NamedLegs, numbers: Sequence[int]) -> pa.Table:
    """The legs with the numbers of their entries, and each with its own in its entry, from 1."""
    entries = [pa.repeat(pa.scalar(n, pa.int64()), count) for n, count in zip(numbers, legs.counts, strict=True)]
    order = [pc.cumulative_sum(pa.repeat(pa.scalar(1, pa.int32()), count)) for count in legs.counts]
    return legs.table.append_column("entry_number", pa.concat_arrays(entries)).append_column(
        "leg", pa.concat_arrays(order)
    )


def _refuse_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused(problems)
