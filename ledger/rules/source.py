"""What must hold of the source of the money: what it may give, and what comes back to it from a ring-fence.

The source alone may go below zero, so nothing but these rules bounds it. Its limits are records, one for a fund and
a year; where none is recorded there is no limit. And hard or statutory money that went back to the source, by
whatever steps, comes out again on its own fund, or on another with an authority named.
"""

from ledger.characters import IS_BLANK
from ledger.entries.kinds import BRING, CARRY, REVERSE
from ledger.errors import Problem
from ledger.money import exact_pounds
from ledger.rules.rule import SINCE, Row, Rule, where
from ledger.words import RING_FENCED
from ledger.years import FinancialYear

# Each limit that no newer one has taken the place of, and the first day on which more was given. What the source
# gives counts on the fund on which it arrives; what comes back is taken off from the day on which it came.
_EXCEEDED = """
WITH newest AS (
    SELECT l.* FROM source_limit l
    WHERE l.entry_number <= $last AND NOT EXISTS (
        SELECT 1 FROM source_limit s WHERE s.supersedes = l.id AND s.entry_number <= $last)
),
crossed AS (
    SELECT t.entry_number, o.fund, o.year, t.amount_pence AS pence FROM transfer t
    JOIN source_account s ON s.id = t.from_account JOIN account o ON o.id = t.to_account
    WHERE o.id NOT IN (SELECT id FROM source_account)
    UNION ALL
    SELECT t.entry_number, f.fund, f.year, -t.amount_pence FROM transfer t
    JOIN source_account s ON s.id = t.to_account JOIN account f ON f.id = t.from_account
    WHERE f.id NOT IN (SELECT id FROM source_account)
),
daily AS (
    SELECT n.id, e.effective_date AS day, sum(c.pence) AS pence
    FROM newest n JOIN fund_inside i ON i.ancestor = n.fund
    JOIN crossed c ON c.fund = i.fund AND c.year = n.year JOIN entry e ON e.number = c.entry_number
    GROUP BY n.id, e.effective_date
),
running AS (SELECT id, day, sum(pence) OVER (PARTITION BY id ORDER BY day) AS pence FROM daily),
over_it AS (
    SELECT r.id, r.day, r.pence, row_number() OVER (PARTITION BY r.id ORDER BY r.day) AS nth
    FROM running r JOIN newest n ON n.id = r.id WHERE r.pence > n.limit_pence
)
SELECT n.entry_number, n.id, n.fund, f.name, n.year, n.limit_pence, n.source, v.day,
       CAST(v.pence AS BIGINT) AS given_pence
FROM over_it v JOIN newest n ON n.id = v.id JOIN fund f ON f.code = n.fund
WHERE v.nth = 1 ORDER BY n.fund, n.year
"""

# A limit of a fund and year that has one already takes the place of that one, so that one alone holds.
_SECOND = f"""
SELECT l.entry_number, l.id, l.fund, l.year, (
    SELECT min(o.id) FROM source_limit o WHERE o.fund = l.fund AND o.year = l.year AND o.id <> l.id
        AND (o.entry_number < l.entry_number OR (o.entry_number = l.entry_number AND o.id < l.id))) AS other
FROM source_limit l
WHERE l.entry_number >= {SINCE} AND l.entry_number <= $last AND l.supersedes IS NULL AND EXISTS (
    SELECT 1 FROM source_limit o WHERE o.fund = l.fund AND o.year = l.year AND o.id <> l.id
        AND (o.entry_number < l.entry_number OR (o.entry_number = l.entry_number AND o.id < l.id)))
ORDER BY l.entry_number, l.id
"""

# How much of each ring-fence's money of a year waits at the source: what came back, by whatever kind of entry, less
# what went out again on a fund inside the fence. A fence is one on the day on which the money came, as known then.
# What is known at once, as a batch is, counts at once. What is carried forward waits in its own year and in the next.
# It rests on a relation ``counted``, of the entries that count.
WAITING = f"""
came_back AS (
    SELECT t.entry_number, f.fund, f.year, sum(t.amount_pence) AS pence FROM transfer t
    JOIN source_account s ON s.id = t.to_account JOIN account f ON f.id = t.from_account
    WHERE t.entry_number IN (SELECT number FROM counted) AND f.id NOT IN (SELECT id FROM source_account)
    GROUP BY t.entry_number, f.fund, f.year
),
graded AS (
    SELECT b.entry_number, b.year, b.pence, l.ancestor AS fence, t.grade, row_number() OVER (
        PARTITION BY b.entry_number, b.fund, b.year, l.ancestor ORDER BY t.effective_from DESC, t.version DESC) AS nth
    FROM came_back b JOIN entry e ON e.number = b.entry_number JOIN fund_inside l ON l.fund = b.fund
    JOIN terms t ON t.fund = l.ancestor AND t.effective_from <= e.effective_date AND t.entry_number <= b.entry_number
),
fenced AS (
    SELECT entry_number, fence, year, pence FROM graded WHERE nth = 1 AND grade IN {RING_FENCED}
),
gone_out AS (
    SELECT t.entry_number, o.fund, o.year, sum(t.amount_pence) AS pence FROM transfer t
    JOIN source_account s ON s.id = t.from_account JOIN account o ON o.id = t.to_account
    WHERE t.entry_number IN (SELECT number FROM counted) AND o.id NOT IN (SELECT id FROM source_account)
    GROUP BY t.entry_number, o.fund, o.year
),
both_ways AS (
    SELECT entry_number, fence, year, pence FROM fenced
    UNION ALL
    SELECT g.entry_number, l.ancestor, g.year, -g.pence FROM gone_out g JOIN fund_inside l ON l.fund = g.fund
    WHERE l.ancestor IN (SELECT fence FROM fenced)
),
by_year AS (
    SELECT entry_number, fence, year, pence FROM both_ways
    UNION ALL
    SELECT b.entry_number, b.fence, b.year + y.years, b.pence
    FROM both_ways b JOIN entry e ON e.number = b.entry_number LEFT JOIN entry u ON u.number = e.reverses
    JOIN (VALUES ('{CARRY}', 1), ('{BRING}', -1)) AS y(kind, years) ON y.kind = coalesce(u.kind, e.kind)
),
at_once AS (
    SELECT b.fence, b.year, e.recorded_at, sum(b.pence) AS pence
    FROM by_year b JOIN entry e ON e.number = b.entry_number GROUP BY b.fence, b.year, e.recorded_at
),
summed AS (
    SELECT fence, year, recorded_at, sum(pence) OVER (PARTITION BY fence, year ORDER BY recorded_at) AS pence
    FROM at_once
),
waiting AS (
    SELECT fence, year, recorded_at AS known_from,
           lead(recorded_at) OVER (PARTITION BY fence, year ORDER BY recorded_at) AS known_to,
           pence - least(0, min(pence) OVER (PARTITION BY fence, year ORDER BY recorded_at)) AS pence
    FROM summed
)
"""

# What was given back or brought forward already moved once, on its own fund; a reversal only puts it back.
_ELSEWHERE = f"""
WITH counted AS (SELECT number FROM entry WHERE number <= $last),
{WAITING}
SELECT p.entry_number, p.leg, p.note, p.key, p.to_fund, p.to_year, w.fence, CAST(w.pence AS BIGINT) AS waiting_pence
FROM pairs p JOIN entry e ON e.number = p.entry_number
JOIN waiting w ON w.year = p.to_year AND w.known_from <= e.recorded_at
    AND (w.known_to IS NULL OR e.recorded_at < w.known_to)
WHERE p.entry_number >= {SINCE} AND p.from_source AND NOT p.to_source AND p.kind NOT IN ('{REVERSE}', '{BRING}')
  AND w.pence > 0 AND {IS_BLANK.format("coalesce(p.authority, '')")}
  AND NOT EXISTS (SELECT 1 FROM fund_inside i WHERE i.fund = p.to_fund AND i.ancestor = w.fence)
ORDER BY p.entry_number, p.leg, w.fence
"""


def _exceeded(row: Row) -> Problem:
    year = FinancialYear(row["year"])
    given, limit = exact_pounds(row["given_pence"]), exact_pounds(row["limit_pence"])
    return Problem(
        f"the source, {row['name']} ({row['fund']}), {year}",
        f"£{given} would be given by {row['day']}, and the limit is £{limit} (entry {row['entry_number']}, "
        f"{row['source']}).",
        "The source gives no more on a fund, with every fund inside it, than its limit for the year.",
        "Give less, or record a newer limit that supersedes this one.",
    )


def _second(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, source limit {row['id']}"
    found = f"{row['fund']} has the limit {row['other']} for {FinancialYear(row['year'])} already."
    return Problem(place, found, "One limit holds at a time.", "Let it say in 'supersedes' which one it takes after.")


def _elsewhere(row: Row) -> Problem:
    year, pence = FinancialYear(row["to_year"]), exact_pounds(row["waiting_pence"])
    return Problem(
        where(row),
        f"the source gives money on {row['to_fund']}, while £{pence} of {row['fence']} that went back to it in {year} "
        f"has not gone out again on {row['fence']}.",
        "Ring-fenced money does not come out on another fund by going back first.",
        f"Give it on {row['fence']} again, or name the authority that lets this go elsewhere.",
    )


# Where nothing was ever hard or statutory, nothing of a ring-fence waits at the source.
_ANY_FENCE = f"EXISTS (SELECT 1 FROM terms WHERE grade IN {RING_FENCED})"
_CROSSES, _LEAVES = "from_source <> to_source", "from_source AND NOT to_source"
RULES = (
    Rule(
        "source/limit",
        _EXCEEDED,
        _exceeded,
        frozenset({"transfer", "source_limit"}),
        where_pairs=_CROSSES,
        about="amount",
        any="EXISTS (SELECT 1 FROM source_limit)",
    ),
    Rule("source/one-limit", _SECOND, _second, frozenset({"source_limit"})),
    Rule(
        "source/elsewhere",
        _ELSEWHERE,
        _elsewhere,
        frozenset({"transfer"}),
        where_pairs=_LEAVES,
        about="authority",
        any=_ANY_FENCE,
    ),
)
