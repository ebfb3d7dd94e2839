"""Limits of the source of the money: the most that it may give on a fund, with every fund inside it, in a year.

A limit is a record, and a newer one takes its place. Where none is recorded the source is not limited. What holds of
them is in ``ledger.rules.source``.
"""

from datetime import date
from typing import Any

from ledger import clock
from ledger.entries.draft import Draft, records
from ledger.entries.kinds import LIMIT
from ledger.entries.posting import Posted, post
from ledger.errors import Problem, Refused
from ledger.models import SourceLimit
from ledger.money import exact_pounds
from ledger.rules.rule import inlined
from ledger.store.base import Reader, Store
from ledger.structure import suggestion
from ledger.years import FinancialYear

# What was given is what arrived on the fund and those inside it from the source, less what went back to it.
_LISTED = """
WITH crossed AS (
    SELECT o.fund, o.year, t.amount_pence AS pence FROM transfer t
    JOIN source_account s ON s.id = t.from_account JOIN account o ON o.id = t.to_account
    WHERE t.entry_number <= $known AND o.id NOT IN (SELECT id FROM source_account)
    UNION ALL
    SELECT f.fund, f.year, -t.amount_pence FROM transfer t
    JOIN source_account s ON s.id = t.to_account JOIN account f ON f.id = t.from_account
    WHERE t.entry_number <= $known AND f.id NOT IN (SELECT id FROM source_account)
)
SELECT l.id, l.fund, f.name, l.year, l.limit_pence, CAST(coalesce(sum(c.pence), 0) AS BIGINT) AS given_pence, l.source,
       l.entry_number AS entry, e.actor, e.reason, e.authority
FROM source_limit l JOIN fund f ON f.code = l.fund JOIN entry e ON e.number = l.entry_number
JOIN fund_inside i ON i.ancestor = l.fund LEFT JOIN crossed c ON c.fund = i.fund AND c.year = l.year
WHERE l.entry_number <= $known AND NOT EXISTS (
    SELECT 1 FROM source_limit s WHERE s.supersedes = l.id AND s.entry_number <= $known)
GROUP BY l.id, l.fund, f.name, l.year, l.limit_pence, l.source, l.entry_number, e.actor, e.reason, e.authority
ORDER BY l.year, l.fund
"""


def listed(reader: Reader, known: int) -> list[dict[str, Any]]:
    """Every limit in force by entry ``known``: fund, year, limit, what is given by all its days, source, and entry."""
    rows: list[dict[str, Any]] = reader.table(inlined(_LISTED), {"known": known}).to_pylist()
    return rows


def set_limit(
    store: Store,
    fund: str,
    year: FinancialYear,
    pence: int,
    *,
    source: str,
    actor: str,
    reason: str,
    authority: str | None = None,
    day: date | None = None,
    dry_run: bool = False,
) -> Posted:
    """Record the most that the source may give on a fund in a year; the limit before it holds no more.

    Args:
        store: the ledger.
        pence: the limit, on any day of the year.
        source: the document that sets it.
        day: of the entry; today by the clock of the books otherwise. A limit holds for the whole of its year.

    Raises:
        Refused: more was given already, or there is no such fund.
    """
    with store.read(actor) as reader:
        if not reader.rows("SELECT 1 FROM fund WHERE code = $fund", {"fund": fund}):
            why, remedy = "A limit is of a fund.", suggestion(reader, fund, "fund")
            raise Refused([Problem("the fund", f"there is no fund '{fund}'.", why, remedy)])
        if pence < 0:
            found = f"the limit is £{exact_pounds(pence)}."
            raise Refused([Problem("the limit", found, "Nobody can give less than nothing.", "Give 0 or more.")])
        rows = reader.rows(
            "SELECT id FROM source_limit l WHERE fund = $fund AND year = $year "
            "AND NOT EXISTS (SELECT 1 FROM source_limit s WHERE s.supersedes = l.id)",
            {"fund": fund, "year": year.start},
        )
        before = str(rows[0][0]) if rows else None
        count = reader.whole("SELECT count(*) FROM source_limit")
        day = clock.today(reader) if day is None else day
    key = f"{LIMIT}/{fund}/{year}/{count + 1}"
    row = {
        "id": key, "fund": fund, "year": year.start, "limit_pence": pence, "source": source, "supersedes": before,
    }  # fmt: skip
    draft = Draft(
        key, LIMIT, day, actor, reason, authority=authority, source=source,
        records={SourceLimit: records(SourceLimit, [row])},
    )  # fmt: skip
    (posted,) = post(store, [draft], dry_run=dry_run)
    return posted
