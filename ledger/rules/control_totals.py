"""Published control totals: assertions that the books tie, to the penny, to what was published."""

from ledger.errors import Problem
from ledger.inputs import Action
from ledger.money import exact_pounds
from ledger.rules.rule import FUND_LINE, Row, Rule

# Every total in force that new entries brought or touched, with what the books show of it. Money is read down the
# tiers, so what went back up is taken off; it counts by the total's day, as known now. Money stays in its year, so no
# other year's is read; and it is summed once, with those organisations apart that some total names: a hundred
# thousand payments to practices are a few rows then.
_NOT_MET = f"""
WITH RECURSIVE {FUND_LINE},
moved AS (
    SELECT a.year FROM transfer t JOIN account a ON a.id = t.from_account WHERE t.entry_number >= $first
    UNION SELECT a.year FROM transfer t JOIN account a ON a.id = t.to_account WHERE t.entry_number >= $first
),
in_force AS MATERIALIZED (
    SELECT c.* FROM control_total c WHERE NOT EXISTS (SELECT 1 FROM control_total s WHERE s.supersedes = c.id)
        AND (c.entry_number >= $first OR c.year IN (SELECT year FROM moved))
),
tiers AS (
    SELECT from_tier AS upper, to_tier AS lower FROM in_force UNION SELECT to_tier, from_tier FROM in_force
),
holder AS (
    SELECT a.id, a.organisation, a.fund, a.year, o.tier, t.rank
    FROM account a JOIN organisation o ON o.code = a.organisation JOIN tier t ON t.code = o.tier
    WHERE o.tier IN (SELECT upper FROM tiers) AND a.year IN (SELECT year FROM in_force)
),
-- What no total speaks of is left out only afterwards: who pays whom must not be joined by their tiers first.
passed AS MATERIALIZED (
    SELECT m.amount_pence AS pence, e.number, e.effective_date, f.rank > g.rank AS upward, f.tier AS from_tier,
           g.tier AS to_tier, f.organisation AS from_organisation, g.organisation AS to_organisation,
           f.fund AS from_fund, g.fund AS to_fund, f.year AS from_year, g.year AS to_year
    FROM transfer m JOIN entry e ON e.number = m.entry_number
    JOIN holder f ON f.id = m.from_account JOIN holder g ON g.id = m.to_account
    WHERE f.organisation <> g.organisation
),
each_way AS (
    SELECT number, effective_date, to_organisation AS organisation, from_tier, to_tier, to_fund AS fund,
           to_year AS year, pence
    FROM passed WHERE NOT upward
    UNION ALL
    SELECT number, effective_date, from_organisation, to_tier, from_tier, from_fund, from_year, -pence
    FROM passed WHERE upward
),
flow AS MATERIALIZED (
    SELECT w.effective_date, n.organisation, w.from_tier, w.to_tier, w.fund, w.year, sum(w.pence) AS pence,
           max(w.number) AS newest
    FROM each_way w LEFT JOIN (
        SELECT DISTINCT organisation FROM in_force WHERE organisation IS NOT NULL) n ON n.organisation = w.organisation
    GROUP BY w.effective_date, n.organisation, w.from_tier, w.to_tier, w.fund, w.year
),
asked AS (
    SELECT c.* FROM in_force c WHERE c.entry_number >= $first OR EXISTS (
        SELECT 1 FROM flow m WHERE m.newest >= $first AND m.from_tier = c.from_tier AND m.to_tier = c.to_tier
            AND m.year = c.year AND m.effective_date <= c.as_at)
),
shown AS (
    SELECT c.id, sum(m.pence) AS pence
    FROM asked c JOIN flow m ON m.from_tier = c.from_tier AND m.to_tier = c.to_tier AND m.year = c.year
        AND m.effective_date <= c.as_at AND (c.organisation IS NULL OR m.organisation = c.organisation)
    LEFT JOIN fund_line l ON l.fund = m.fund AND l.ancestor = c.fund
    WHERE c.fund IS NULL OR l.fund IS NOT NULL
    GROUP BY c.id
)
SELECT c.entry_number, e.key, c.description, c.source, c.expected_pence, c.tolerance_pence,
       CAST(coalesce(s.pence, 0) AS BIGINT) AS shown_pence
FROM asked c JOIN entry e ON e.number = c.entry_number LEFT JOIN shown s ON s.id = c.id
WHERE coalesce(s.pence, 0) - c.expected_pence NOT BETWEEN -c.tolerance_pence AND c.tolerance_pence
ORDER BY c.entry_number, c.id
"""


def _problem(row: Row) -> Problem:
    shown, expected = row["shown_pence"], row["expected_pence"]
    way = "too much" if shown > expected else "too little"
    return Problem(
        f"entry {row['entry_number']} ({row['key']}), control total '{row['description']}'",
        f"the books show £{exact_pounds(shown)}, which is £{exact_pounds(abs(shown - expected))} {way}.",
        f"{row['source']} says £{exact_pounds(expected)}.",
        f"Correct the entries behind the difference ({Action.FLOWS.done()}), or record a newer "
        "total with them if the published figure has changed.",
    )


RULES = (
    Rule(
        "published/totals",
        _NOT_MET,
        _problem,
        frozenset({"transfer", "control_total"}),
        about="amount",
        any="EXISTS (SELECT 1 FROM control_total)",
    ),
)
