"""Months that are closed: what they say stays as it is.

Closing a month closes the whole ledger up to its last day, for everybody. An entry that is recorded afterwards
is dated later, whatever it does; and what it brings may not change what stood before: who belonged to whom,
the terms of a fund, an agreement. The rule is asked of new entries inside their transaction, and by ``verify``
of all of them; on a server triggers hold the dates of entries besides. A closed month is never opened again.
"""

from datetime import date, timedelta
from typing import Any

from ledger.entries.kinds import CLOSE, REVERSE
from ledger.errors import Problem
from ledger.inputs import Action, Input
from ledger.rules.rule import SINCE, Row, Rule, recorded_on
from ledger.store.reading import Reader
from ledger.years import month_of, year_of

_CLOSED_TO = "SELECT max(last_day) FROM closed_month"
_LISTED = """
SELECT c.id AS month, c.last_day, e.number AS entry, e.recorded_at, e.actor, e.reason, e.authority
FROM closed_month c JOIN entry e ON e.number = c.entry_number ORDER BY c.last_day
"""

_LATE = """
SELECT e.number, e.key, e.kind, e.effective_date, max(c.last_day) AS closed_to
FROM entry e JOIN closed_month c ON c.entry_number < e.number AND e.effective_date <= c.last_day
WHERE e.number >= $first AND e.number <= $last GROUP BY e.number, e.key, e.kind, e.effective_date ORDER BY e.number
"""

_MONTHS = f"""
WITH judged AS (
    SELECT c.id, c.last_day, c.entry_number, e.kind, (
        SELECT max(o.last_day) FROM closed_month o WHERE o.entry_number < c.entry_number
           OR (o.entry_number = c.entry_number AND o.last_day < c.last_day)) AS before,
        CAST(date_trunc('month', c.last_day) AS DATE) AS first_day,
        CAST(extract(year FROM c.last_day) AS INTEGER) AS year,
        CAST(extract(month FROM c.last_day) AS INTEGER) AS month
    FROM closed_month c JOIN entry e ON e.number = c.entry_number
    WHERE c.entry_number >= $first AND c.entry_number <= $last
)
SELECT id, last_day, entry_number, kind, before FROM judged
WHERE kind <> '{CLOSE}' OR last_day <> CAST(first_day + INTERVAL '1 month' - INTERVAL '1 day' AS DATE)
   OR id <> lpad(CAST(year AS VARCHAR), 4, '0') || '-' || lpad(CAST(month AS VARCHAR), 2, '0')
   OR before <> CAST(first_day - INTERVAL '1 day' AS DATE)
ORDER BY entry_number, last_day
"""

# A month is closed by the clock of the books when it has ended; one closed ahead would keep everybody out of it.
_AHEAD = f"""
SELECT c.id, c.last_day, c.entry_number, {recorded_on("e")} AS recorded_on
FROM closed_month c JOIN entry e ON e.number = c.entry_number
WHERE c.entry_number >= {SINCE} AND c.entry_number <= $last AND c.last_day >= {recorded_on("e")}
ORDER BY c.entry_number, c.last_day
"""

# Every row that reaches back into closed months and says another thing of them than the row that it corrects; a
# membership that ends later on is written as a new row, and says the same of every day that is closed.
_REACHING_BACK = """
tops AS (
    SELECT n.number AS entry_number, (SELECT max(c.last_day) FROM closed_month c WHERE c.entry_number < n.number)
        AS closed_to
    FROM (SELECT entry_number AS number FROM terms UNION SELECT entry_number FROM agreement
          UNION SELECT entry_number FROM relationship UNION SELECT entry_number FROM closure
          UNION SELECT entry_number FROM succession) n
    WHERE n.number >= $first AND n.number <= $last
),
since AS (SELECT entry_number, closed_to, CAST(closed_to + 1 AS DATE) AS open_from FROM tops
          WHERE closed_to IS NOT NULL),
ties AS (
    SELECT r.id, r.supersedes, r.entry_number, s.closed_to, r.valid_from, r.child,
           CASE WHEN r.valid_from <= s.closed_to THEN concat_ws('|', r.parent, r.child, r.scheme,
               coalesce(CAST(r.part AS VARCHAR), 'whole'), r.valid_from,
               least(coalesce(r.valid_to, DATE '9999-12-31'), s.open_from)) END AS says,
           CASE WHEN o.valid_from <= s.closed_to THEN concat_ws('|', o.parent, o.child, o.scheme,
               coalesce(CAST(o.part AS VARCHAR), 'whole'), o.valid_from,
               least(coalesce(o.valid_to, DATE '9999-12-31'), s.open_from)) END AS said
    FROM relationship r JOIN since s USING (entry_number) LEFT JOIN relationship o ON o.id = r.supersedes
),
agreed AS (
    SELECT a.id, a.entry_number, s.closed_to, a.valid_from, a.organisation, a.fund,
           CASE WHEN a.valid_from <= s.closed_to THEN concat_ws('|', coalesce(CAST(a.amount_pence AS VARCHAR), 'all'),
               coalesce(CAST(a.share_ppm AS VARCHAR), 'all'), a.valid_from,
               least(coalesce(a.valid_to, DATE '9999-12-31'), s.open_from)) END AS says,
           CASE WHEN o.valid_from <= s.closed_to THEN concat_ws('|', coalesce(CAST(o.amount_pence AS VARCHAR), 'all'),
               coalesce(CAST(o.share_ppm AS VARCHAR), 'all'), o.valid_from,
               least(coalesce(o.valid_to, DATE '9999-12-31'), s.open_from)) END AS said
    FROM agreement a JOIN since s USING (entry_number) LEFT JOIN agreement o ON o.id = a.supersedes
),
reaching_back AS (
SELECT entry_number, 'relationship' AS what, id, valid_from AS day, closed_to, child AS organisation, NULL AS fund
FROM ties WHERE says IS DISTINCT FROM said
UNION ALL
SELECT entry_number, 'agreement', id, valid_from, closed_to, organisation, fund FROM agreed
WHERE says IS DISTINCT FROM said
UNION ALL
SELECT t.entry_number, 'terms', t.id, t.effective_from, s.closed_to, NULL, t.fund
FROM terms t JOIN since s USING (entry_number) WHERE t.effective_from <= s.closed_to
UNION ALL
SELECT c.entry_number, 'closure', c.id, c.valid_to, s.closed_to, c.organisation, NULL
FROM closure c JOIN since s USING (entry_number) WHERE c.valid_to <= s.closed_to
UNION ALL
SELECT x.entry_number, 'succession', x.id, x.effective_date, s.closed_to, x.predecessor, NULL
FROM succession x JOIN since s USING (entry_number) WHERE x.effective_date <= s.closed_to
)
"""

# Of those, the rows that speak of money which stood in a closed month: on the fund or one inside it, with the
# organisation or one that was ever below it. What never held money then may still be recorded as it was.
_TOUCHES_MONEY = f"""
WITH RECURSIVE {_REACHING_BACK},
settled AS (
    SELECT a.organisation, a.fund, a.standing, min(d.day) AS first_day
    FROM account_day d JOIN account a ON a.id = d.account GROUP BY a.organisation, a.fund, a.standing
),
beneath(known, top, node) AS (
    SELECT DISTINCT entry_number, organisation, organisation FROM reaching_back WHERE organisation IS NOT NULL
    UNION
    SELECT b.known, b.top, r.child FROM beneath b JOIN relationship r ON r.parent = b.node AND r.entry_number <= b.known
)
SELECT DISTINCT b.* FROM reaching_back b JOIN settled s ON s.first_day <= b.closed_to
WHERE CASE b.what
    WHEN 'terms' THEN (s.fund, b.fund) IN (SELECT fund, ancestor FROM fund_inside)
    WHEN 'agreement' THEN s.organisation = b.organisation AND s.fund = b.fund AND s.standing = 'retained'
    WHEN 'relationship' THEN
        (b.entry_number, b.organisation, s.organisation) IN (SELECT known, top, node FROM beneath)
    ELSE s.organisation = b.organisation END
ORDER BY b.entry_number, b.what, b.id
"""


def closed_to(reader: Reader) -> date | None:
    """The last day that is closed; None while no month is."""
    ((day,),) = reader.rows(_CLOSED_TO)
    return day if isinstance(day, date) else None


def first_open_day(reader: Reader) -> date | None:
    """The first day on which an entry may count; None while every day is open."""
    closed = closed_to(reader)
    return None if closed is None else closed + timedelta(days=1)


def open_from(reader: Reader, day: date) -> date:
    """A day, or the first open one where that day is closed: for what may as well begin later."""
    first = first_open_day(reader)
    return day if first is None else max(day, first)


def listed(reader: Reader) -> list[dict[str, Any]]:
    """Every closed month in order: month, last day, entry, when it was recorded, who, why, on whose authority."""
    rows: list[dict[str, Any]] = reader.table(_LISTED).to_pylist()
    return rows


def _late(row: Row) -> Problem:
    day, open_from = row["effective_date"], row["closed_to"] + timedelta(days=1)
    if year_of(day) != year_of(open_from):
        remedy = f"{year_of(day)} has ended. Decide it anew in {year_of(open_from)}, with the money of that year."
    elif row["kind"] == REVERSE:
        remedy = f"Correct it in an open month: reverse it with {Input.DATE.set_to(open_from)} or later."
    else:
        remedy = f"Date it in the first open month: from {open_from} on."
    return Problem(
        f"entry {row['number']} ({row['key']})",
        f"it is dated {day}, and the months to {month_of(row['closed_to']).spoken} are closed.",
        "A closed month takes no entry, so that what was reported of it stays true.",
        remedy,
    )


def _out_of_order(row: Row) -> Problem:
    month, before = month_of(row["last_day"]), row["before"]
    place = f"entry {row['entry_number']}, month {row['id']}"
    if row["kind"] != CLOSE:
        found = f"an entry of kind {row['kind']} would close it."
        return Problem(place, found, "A month is closed by a decision of its own.", f"Use {Action.MONTH_CLOSE.done()}.")
    if row["last_day"] != month.last_day or row["id"] != str(month):
        why = "Months are closed whole."
        return Problem(place, f"its last day is {row['last_day']}.", why, f"Close {month} to {month.last_day}.")
    following = month_of(before).following
    found = f"the newest month that is closed is {month_of(before).spoken}."
    why = "Months are closed in their order, each once."
    return Problem(place, found, why, f"Close {following.spoken} next: {Action.MONTH_CLOSE.done(following)}.")


def _ahead(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, month {row['id']}"
    found = f"it has not ended: by the clock of the books it is {row['recorded_on']}."
    why = "Entries of the rest of the month would have nowhere to go."
    return Problem(place, found, why, f"Close it from {row['last_day'] + timedelta(days=1)} on.")


def _changes_the_past(row: Row) -> Problem:
    open_from = row["closed_to"] + timedelta(days=1)
    return Problem(
        f"entry {row['entry_number']}, {row['what']} {row['id']}",
        f"it counts from {row['day']}, and the months to {month_of(row['closed_to']).spoken} are closed.",
        "It would change what those months say of money that stood in them.",
        f"Let it count from {open_from} on.",
    )


RULES = (
    Rule("closed/late", _LATE, _late, frozenset({"entry"}), about="effective_date"),
    Rule("closed/order", _MONTHS, _out_of_order, frozenset({"closed_month"}), about="month"),
    Rule("closed/ahead", _AHEAD, _ahead, frozenset({"closed_month"}), about="month"),
    Rule(
        "closed/past",
        _TOUCHES_MONEY,
        _changes_the_past,
        frozenset({"relationship", "agreement", "terms", "closure", "succession"}),
        about="effective_date",
    ),
)
