"""What open proposals keep of an account: nobody can move it elsewhere until they are decided."""

from ledger.errors import Problem
from ledger.inputs import Action
from ledger.money import MOST_MOVED_PENCE, exact_pounds
from ledger.rules.rule import Row, Rule
from ledger.years import FinancialYear

# What a proposal takes from an account less what it brings there, and the lowest that the account stands at from
# the proposal's first day on: as the limit itself, what is reserved holds for every day.
_SHORT = f"""
WITH legs AS (
    SELECT n.proposal, n.effective_date, t.from_organisation AS organisation, t.from_fund AS fund,
           t.from_year AS year, t.from_standing AS standing, t.amount_pence AS pence
    FROM proposed_transfer t JOIN proposed_entry n ON n.id = t.proposed_entry
    UNION ALL
    SELECT n.proposal, n.effective_date, t.to_organisation, t.to_fund, t.to_year, t.to_standing, -t.amount_pence
    FROM proposed_transfer t JOIN proposed_entry n ON n.id = t.proposed_entry
),
net AS (
    SELECT proposal, organisation, fund, year, standing, min(effective_date) AS day, sum(pence) AS pence
    FROM legs WHERE proposal NOT IN (SELECT proposal FROM proposal_end)
    GROUP BY proposal, organisation, fund, year, standing HAVING sum(pence) > 0
),
reserved AS (
    SELECT n.organisation, n.fund, n.year, n.standing, min(n.day) AS day, sum(n.pence) AS pence,
           string_agg(n.proposal, ' and ' ORDER BY n.proposal) AS proposals
    FROM net n JOIN organisation o ON o.code = n.organisation JOIN tier t ON t.code = o.tier
    WHERE NOT (t.may_go_below_zero AND n.standing = 'available')
    GROUP BY n.organisation, n.fund, n.year, n.standing
),
moved AS (
    SELECT a.organisation, a.fund, a.year, a.standing, d.day, d.in_pence - d.out_pence AS pence
    FROM account a JOIN account_day d ON d.account = a.id
    WHERE (a.organisation, a.fund, a.year, a.standing) IN (SELECT organisation, fund, year, standing FROM reserved)
),
daily AS (
    SELECT r.organisation, r.fund, r.year, r.standing,
           CASE WHEN m.day < r.day THEN r.day ELSE m.day END AS on_day, sum(m.pence) AS pence
    FROM reserved r JOIN moved m ON m.organisation = r.organisation AND m.fund = r.fund AND m.year = r.year
        AND m.standing = r.standing
    GROUP BY 1, 2, 3, 4, 5
),
running AS (
    SELECT organisation, fund, year, standing,
           sum(pence) OVER (PARTITION BY organisation, fund, year, standing ORDER BY on_day) AS pence
    FROM daily
)
SELECT r.organisation, o.name, r.fund, r.year, r.standing, r.proposals,
       CAST(least(r.pence, {MOST_MOVED_PENCE}) AS BIGINT) AS reserved_pence,
       CAST(coalesce(min(b.pence), 0) AS BIGINT) AS lowest_pence
FROM reserved r JOIN organisation o ON o.code = r.organisation
LEFT JOIN running b ON b.organisation = r.organisation AND b.fund = r.fund AND b.year = r.year
    AND b.standing = r.standing
GROUP BY r.organisation, o.name, r.fund, r.year, r.standing, r.proposals, r.pence
HAVING coalesce(min(b.pence), 0) < r.pence
ORDER BY 1, 3, 4, 5
"""


def _short(row: Row) -> Problem:
    return Problem(
        f"{row['name']} ({row['organisation']}), {row['fund']}, {FinancialYear(row['year'])}, {row['standing']}",
        f"£{exact_pounds(row['reserved_pence'])} of it is reserved by {row['proposals']}, and "
        f"£{exact_pounds(row['lowest_pence'])} would be there.",
        "Money of an open proposal is kept for it until it is decided.",
        f"Move or propose less, or decide what is open first: see {Action.PROPOSALS.done()}.",
    )


RULES = (
    Rule(
        "reserved/short",
        _SHORT,
        _short,
        frozenset({"transfer", "proposal", "proposed_entry", "proposed_transfer"}),
        about="amount",
        any="EXISTS (SELECT 1 FROM proposed_entry)",
    ),
)
