"""Closing a month: one entry, in the order of months, for the whole ledger.

Closing month 12 is year end. What is left of the year then stays in the year; it is told, and goes into the next
one only where a rule carried it forward before (``scenarios.year_end.carry_forward``).
"""

from typing import Any

import pyarrow as pa
from sqlmodel import SQLModel

from ledger import clock
from ledger.entries.draft import Draft, records
from ledger.entries.kinds import CLOSE
from ledger.entries.posting import Posted, post
from ledger.errors import KeyReused, Problem, Refused
from ledger.models import ClosedMonth
from ledger.money import exact_pounds
from ledger.rules import periods
from ledger.store.base import Reader, Store
from ledger.years import FinancialYear, Month, month_of

_LEFT = """
SELECT a.fund, f.name AS fund_name, a.standing, count(DISTINCT a.organisation) AS organisations,
       CAST(sum(m.pence) AS BIGINT) AS amount_pence
FROM (
    SELECT t.to_account AS account, t.amount_pence AS pence, t.entry_number FROM transfer t
    UNION ALL SELECT t.from_account, -t.amount_pence, t.entry_number FROM transfer t
) m JOIN account a ON a.id = m.account JOIN fund f ON f.code = a.fund
WHERE a.year = $year AND a.floor_pence IS NOT NULL AND a.standing <> 'spent'
GROUP BY a.fund, f.name, a.standing HAVING sum(m.pence) <> 0 ORDER BY 1, 3
"""
_WAITING = """
SELECT DISTINCT n.proposal FROM proposed_entry n
WHERE n.effective_date <= $day AND n.proposal NOT IN (SELECT proposal FROM proposal_end) ORDER BY 1
"""
_SPENT = "SELECT count(*) FROM entry WHERE kind = 'spend' AND effective_date BETWEEN $first_day AND $last_day"


def close(
    store: Store, month: Month, *, actor: str, reason: str, authority: str | None = None, dry_run: bool = False
) -> Posted:
    """Close a month, and with the first one every month before it.

    Args:
        authority: who allows it, where the scheme of delegation asks for that.
        dry_run: do everything and keep nothing.

    Raises:
        Refused: it has not ended, by the clock of the books; it is not the next one; or it was closed before,
            by somebody else or for another reason.
    """
    with store.read() as reader:
        today = clock.today(reader)
    if today <= month.last_day:
        found = f"it has not ended: by the clock of the books it is {today}."
        why = "Entries of the rest of the month would have nowhere to go."
        raise Refused([Problem(f"month {month}", found, why, f"Close it from {month.following.first_day} on.")])
    draft = Draft(
        f"{CLOSE}/{month}", CLOSE, month.last_day, actor, reason, authority=authority, records=what_closes(month)
    )
    try:
        (posted,) = post(store, [draft], dry_run=dry_run)
    except KeyReused:
        with store.read() as reader:
            closed = next(row for row in periods.listed(reader) if row["month"] == str(month))
        found = f"{closed['actor']} closed it on {closed['recorded_at']:%d %B %Y}, by entry {closed['entry']}."
        why = "A month is closed once, and never opened again."
        raise Refused([Problem(f"month {month}", found, why, "There is nothing left to do.")]) from None
    return posted


def what_closes(month: Month) -> dict[type[SQLModel], pa.Table]:
    """What the entry brings by which a month closes."""
    return {ClosedMonth: records(ClosedMonth, [{"id": str(month), "last_day": month.last_day}])}


def of_year(year: FinancialYear) -> list[Month]:
    """The twelve months of a financial year, in order."""
    found = [month_of(year.first_day)]
    while not found[-1].ends_the_year:
        found.append(found[-1].following)
    return found


def closable(reader: Reader) -> list[Month]:
    """The months that may be closed next, the last that has ended first.

    Once a month is closed it is the one after it alone; before, any that has ended since the first year of the books.
    """
    first = periods.first_open_day(reader)
    begun = reader.rows("SELECT min(year) FROM account")[0][0]
    if first is None and begun is None:
        return []
    month = month_of(first or FinancialYear(int(str(begun))).first_day)
    today = clock.today(reader)
    ended: list[Month] = []
    while month.last_day < today and not (first and ended):
        ended.append(month)
        month = month.following
    return ended[::-1]


def left_over(reader: Reader, year: FinancialYear) -> list[dict[str, Any]]:
    """What of a year's money stands with anybody but its source and is not spent: a row for each fund and standing."""
    rows: list[dict[str, Any]] = reader.table(_LEFT, {"year": year.start}).to_pylist()
    return rows


def in_words(reader: Reader, month: Month) -> list[str]:
    """What whoever closes a month should know: what can no longer be approved, and at year end what stays behind."""
    said = []
    waiting = [str(key) for (key,) in reader.rows(_WAITING, {"day": month.last_day})]
    if waiting:
        names = ", ".join(waiting)
        said.append(f"Open proposals with entries to {month.last_day}, which can no longer be approved: {names}.")
    if month.ends_the_year:
        year = FinancialYear(month.last_day.year - 1)
        left = sum(row["amount_pence"] for row in left_over(reader, year))
        said.append(
            f"This ends {year}. £{exact_pounds(left)} of it is left, is not carried forward and stays in {year}."
        )
        given = {"first_day": year.first_day, "last_day": year.last_day}
        if left and not reader.whole(_SPENT, given):
            said.append("No spending is recorded in that year: what is left is what was held, not what was unspent.")
    return said
