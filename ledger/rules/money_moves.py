"""What must hold of money that moves: on which day, between whom, on which fund, and how much of it there is.

Each rule is one question over *pairs* (the distinct account pairs of each entry), so a million transfers cost
little more than the decisions behind them.
"""

from collections.abc import Iterable

from ledger.characters import IS_BLANK
from ledger.entries.kinds import DOWN, INSIDE, MONEY_KINDS, OTHER, REVERSE, SAME, SAME_OR_INSIDE, UP, WITHIN
from ledger.errors import Problem
from ledger.inputs import Action
from ledger.money import exact_pounds
from ledger.rules.rule import SINCE, Row, Rule, where
from ledger.words import AVAILABLE, RETAINED, RING_FENCED
from ledger.years import FinancialYear


def _listed(values: Iterable[str]) -> str:
    return "(" + ", ".join(f"'{value}'" for value in sorted(values)) + ")"


def _kinds(about: str, *values: str) -> str:
    """The kinds of entries that are so, as SQL lists them."""
    return _listed(kind.name for kind in MONEY_KINDS.values() if getattr(kind, about) in values)


# From which standing to which each kind of entry goes.
_WAYS = _listed(f"{kind.name}/{source}/{target}" for kind in MONEY_KINDS.values() for source, target in kind.standings)

# A reversal on the entry's own day says that it never was; on a later day it moves money then, and a ring-fence
# asks for an authority. A reversal is the mirror of an entry that passed every other rule, so it is checked
# against that entry alone (_REVERSALS), and against what is still there to take back (_OVERDRAWN).
_OTHER_YEAR = """from_year <> to_year
   OR effective_date < make_date(from_year, 4, 1) OR effective_date >= make_date(from_year + 1, 4, 1)"""
_DATED = f"""
SELECT * FROM pairs
WHERE {_OTHER_YEAR}
ORDER BY entry_number, leg
"""

NOT_OPEN = """effective_date < from_opened OR effective_date >= coalesce(from_closed, DATE '9999-12-31')
   OR effective_date < to_opened OR effective_date >= coalesce(to_closed, DATE '9999-12-31')"""
_CLOSED = f"""
SELECT *, effective_date < from_opened OR effective_date >= coalesce(from_closed, DATE '9999-12-31') AS payer_is_closed
FROM pairs
WHERE {NOT_OPEN}
ORDER BY entry_number, leg
"""

# From an organisation that is open to one directly below it.
_STEP = """
JOIN organisation o ON o.code = {node} AND o.valid_from <= {at}.effective_date
LEFT JOIN closing c ON c.organisation = {node} AND c.known_from <= {at}.epoch AND {at}.epoch < c.known_to
JOIN relationship l ON l.parent = {node} AND l.entry_number <= {at}.epoch AND l.valid_from <= {at}.effective_date
    AND (l.valid_to IS NULL OR {at}.effective_date < l.valid_to)
WHERE {at}.effective_date < coalesce(c.valid_to, o.valid_to, DATE '9999-12-31')
    AND NOT EXISTS (SELECT 1 FROM relationship x WHERE x.supersedes = l.id AND x.entry_number <= {at}.epoch)
"""

# Who is below whom, as it stood on the effective date and as it was known when the entry was posted. Most money goes
# to somebody directly below, and only of the others all that is below has to be found.
_UNRELATED = f"""
WITH RECURSIVE vertical AS MATERIALIZED (
    SELECT p.*, CASE WHEN k.direction = '{UP}' THEN p.to_organisation ELSE p.from_organisation END AS upper,
           CASE WHEN k.direction = '{UP}' THEN p.from_organisation ELSE p.to_organisation END AS lower
    FROM pairs p JOIN kind_direction k ON k.kind = p.kind WHERE k.direction <> '{WITHIN}'
),
sought AS (SELECT DISTINCT epoch, effective_date, upper, lower FROM vertical),
directly AS (
    SELECT DISTINCT s.epoch, s.effective_date, s.upper, s.lower FROM sought s
    {_STEP.format(node="s.upper", at="s")} AND l.child = s.lower
),
beyond AS (SELECT epoch, effective_date, upper, lower FROM sought EXCEPT SELECT * FROM directly),
reach(epoch, effective_date, upper, node) AS (
    SELECT DISTINCT epoch, effective_date, upper, upper FROM beyond
    UNION
    SELECT r.epoch, r.effective_date, r.upper, l.child FROM reach r {_STEP.format(node="r.node", at="r")}
),
unrelated AS MATERIALIZED (
    SELECT b.* FROM beyond b LEFT JOIN reach r ON r.node = b.lower AND r.upper = b.upper
        AND r.effective_date = b.effective_date AND r.epoch = b.epoch
    WHERE r.node IS NULL OR b.upper = b.lower
)
SELECT v.* FROM vertical v JOIN unrelated u USING (epoch, effective_date, upper, lower)
ORDER BY v.entry_number, v.leg
"""

_RULES = f"""
SELECT * FROM (SELECT p.*, s.kind IS NULL AS wrong_standing,
       k.direction = '{WITHIN}' AND p.from_organisation <> p.to_organisation AS wrong_organisation,
       (k.fund = '{SAME}' AND p.from_fund <> p.to_fund)
       OR (k.fund IN ('{INSIDE}', '{SAME_OR_INSIDE}') AND i.fund IS NULL)
       OR (k.fund IN ('{INSIDE}', '{OTHER}') AND p.from_fund = p.to_fund) AS wrong_fund,
       p.kind = 'mandate' AND NOT p.from_source AS wrong_source
FROM pairs p JOIN kind_direction k USING (kind)
LEFT JOIN kind_standing s ON s.kind = p.kind AND s.from_standing = p.from_standing AND s.to_standing = p.to_standing
LEFT JOIN fund_inside i ON i.fund = p.to_fund AND i.ancestor = p.from_fund) AS judged
WHERE wrong_standing OR wrong_organisation OR wrong_fund OR wrong_source OR from_resource <> to_resource
ORDER BY entry_number, leg
"""
# What a pair does that breaks what its kind may do, and some pairs more: those that change fund, which most do not.
_UNUSUAL = f"""from_fund <> to_fund OR from_resource <> to_resource OR (kind = 'mandate' AND NOT from_source)
   OR (kind IN {_kinds("direction", WITHIN)} AND from_organisation <> to_organisation)
   OR kind IN {_kinds("fund", INSIDE, OTHER)}
   OR NOT coalesce(concat_ws('/', kind, from_standing, to_standing) IN {_WAYS}, false)"""

_FENCED = f"""
WITH crossed AS (
    SELECT p.*, l.ancestor AS fence FROM pairs p JOIN fund_inside l ON l.fund = p.from_fund
    LEFT JOIN entry undone ON undone.number = p.reverses
    WHERE (p.kind <> '{REVERSE}' OR undone.effective_date <> p.effective_date) AND p.from_fund <> p.to_fund
      AND NOT EXISTS (SELECT 1 FROM fund_inside o WHERE o.fund = p.to_fund AND o.ancestor = l.ancestor)
),
dated AS (
    SELECT c.*, t.grade, t.leave_by, row_number() OVER (
        PARTITION BY c.entry_number, c.leg, c.fence ORDER BY t.effective_from DESC, t.version DESC) AS newest
    FROM crossed c JOIN terms t ON t.fund = c.fence AND t.effective_from <= c.effective_date
        AND t.entry_number <= c.entry_number
)
SELECT * FROM (
    SELECT *, kind = '{REVERSE}' OR (',' || leave_by || ',') LIKE ('%,' || kind || ',%') AS allowed FROM dated
) AS judged
WHERE newest = 1 AND grade IN {RING_FENCED} AND ({IS_BLANK.format("coalesce(authority, '')")} OR NOT allowed)
ORDER BY entry_number, leg, fence
"""

# Money goes no further down than its fund may be held; what is there already may be spent, or go back up.
_TOO_DEEP = f"""
SELECT p.*, l.name AS lowest_name, t.name AS tier_name FROM pairs p JOIN kind_direction k ON k.kind = p.kind
JOIN fund f ON f.code = p.to_fund JOIN tier l ON l.code = f.lowest_tier
JOIN organisation o ON o.code = p.to_organisation JOIN tier t ON t.code = o.tier
WHERE p.entry_number >= {SINCE} AND t.rank > l.rank AND k.direction <> '{UP}'
  AND (p.from_organisation <> p.to_organisation OR p.from_fund <> p.to_fund)
ORDER BY p.entry_number, p.leg
"""
_DEEPER = "to_rank > lowest_rank"
# Every account that loses money in these entries, on every day from which it would be short. What happened on each
# day is summed in account_day, so that an account's past costs no more than its days.
_OVERDRAWN = """
WITH touched AS (
    SELECT DISTINCT a.id, a.floor_pence FROM transfer t JOIN account a ON a.id = t.from_account
    WHERE t.entry_number >= $first AND a.floor_pence IS NOT NULL
),
running AS (
    SELECT d.account, d.day, t.floor_pence,
           sum(d.in_pence - d.out_pence) OVER (PARTITION BY d.account ORDER BY d.day) AS balance_pence
    FROM touched t JOIN account_day d ON d.account = t.id
),
short AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.account ORDER BY r.day) AS nth
    FROM running r WHERE r.balance_pence < r.floor_pence
)
SELECT a.id AS account, a.organisation, o.name, a.fund, a.year, a.standing, s.day AS effective_date,
       CAST(s.balance_pence AS BIGINT) AS balance_pence
FROM short s JOIN account a ON a.id = s.account JOIN organisation o ON o.code = a.organisation
WHERE s.nth = 1
ORDER BY s.day, a.organisation, a.fund, a.year, a.standing
"""
# Of an account that is short: the entry since which it is, in the order in which they were recorded, and what could be
# released to it. Whoever took a little afterwards is not told of what another took too much.
_BEHIND_IT = f"""
WITH moved AS (
    SELECT o.number, sum(CASE WHEN t.to_account = $account THEN t.amount_pence ELSE -t.amount_pence END) AS pence
    FROM transfer t JOIN entry o ON o.number = t.entry_number
    WHERE o.effective_date <= $effective_date AND (t.from_account = $account OR t.to_account = $account)
    GROUP BY o.number
),
so_far AS (SELECT number, sum(pence) OVER (ORDER BY number) AS pence FROM moved)
SELECT coalesce(m.number, 0) AS entry_number, coalesce(e.key, 'no entry of that day') AS key,
       CASE WHEN $standing <> '{AVAILABLE}' THEN 0 ELSE (
           SELECT CAST(coalesce(sum(d.in_pence - d.out_pence), 0) AS BIGINT) FROM account k
           JOIN account_day d ON d.account = k.id
           WHERE k.organisation = $organisation AND k.fund = $fund AND k.year = $year AND k.standing = '{RETAINED}')
       END AS retained_pence
FROM (
    SELECT min(number) AS number FROM so_far
    WHERE number > coalesce((SELECT max(number) FROM so_far WHERE pence >= 0), 0)
) m LEFT JOIN entry e ON e.number = m.number
"""

_REVERSALS = f"""
WITH undone AS (SELECT number, key, reverses FROM entry WHERE kind = '{REVERSE}' AND number >= $first),
mirrored AS (
    SELECT u.number, u.key, u.reverses, t.from_account, t.to_account, t.amount_pence, t.leg, t.recurrent
    FROM undone u JOIN transfer t ON t.entry_number = u.number
),
wanted AS (
    SELECT u.number, u.key, u.reverses, t.to_account AS from_account, t.from_account AS to_account,
           t.amount_pence, t.leg, t.recurrent
    FROM undone u JOIN transfer t ON t.entry_number = u.reverses
)
SELECT DISTINCT number AS entry_number, key, reverses
FROM ((SELECT * FROM mirrored EXCEPT SELECT * FROM wanted)
      UNION ALL (SELECT * FROM wanted EXCEPT SELECT * FROM mirrored)) AS unequal
UNION
SELECT r.number, r.key, r.reverses FROM entry r LEFT JOIN entry o ON o.number = r.reverses
WHERE r.kind = '{REVERSE}' AND r.number >= $first
  AND (o.number IS NULL OR o.kind = '{REVERSE}' OR r.effective_date < o.effective_date)
ORDER BY entry_number
"""


def _rule_problem(row: Row) -> Problem:
    kind = MONEY_KINDS[row["kind"]]
    if row["from_resource"] != row["to_resource"]:
        found = f"{row['from_resource']} money on {row['from_fund']} goes to {row['to_resource']} on {row['to_fund']}."
        return Problem(where(row), found, "Revenue and capital never mix.", "Choose a fund of the same kind.")
    if row["wrong_organisation"]:
        found = f"money goes from {row['from_name']} to {row['to_name']}."
        why = f"To {kind.name} means that {kind.meaning}, within one organisation."
        return Problem(where(row), found, why, "Use devolve, allocate or return to pass money on.")
    if row["wrong_source"]:
        found = f"{row['from_name']} ({row['from_organisation']}) gives a mandate."
        return Problem(where(row), found, "Only the source of the money gives one.", "Use allocate or devolve.")
    if row["wrong_fund"]:
        found = f"money on {row['from_fund']} goes to {row['to_fund']}."
        rule = {
            SAME: "stays on its fund",
            INSIDE: "goes to a fund inside its own",
            SAME_OR_INSIDE: "stays on its fund or goes to one inside it",
            OTHER: "changes fund",
        }[kind.fund]
        why = f"To {kind.name} means that {kind.meaning}, and the money {rule}."
        return Problem(where(row), found, why, "Correct the fund, or use vire to change fund.")
    allowed = " or ".join(f"{source} to {destination}" for source, destination in sorted(kind.standings))
    found = f"money goes from {row['from_standing']} to {row['to_standing']}."
    return Problem(where(row), found, f"To {kind.name} moves money from {allowed}.", "Correct the standing.")


def _date_problem(row: Row) -> Problem:
    source, destination = FinancialYear(row["from_year"]), FinancialYear(row["to_year"])
    if source != destination:
        found = f"money of {source} goes to {destination}."
        return Problem(where(row), found, "A year's money stays in its year.", "Use one year on both sides.")
    return Problem(
        where(row),
        f"the date {row['effective_date']} is outside the year {source}.",
        f"Money of {source} moves from {source.first_day} to {source.last_day}.",
        "Correct the date or the year.",
    )


def _closed_problem(row: Row) -> Problem:
    side = "from" if row["payer_is_closed"] else "to"
    name, code = row[f"{side}_name"], row[f"{side}_organisation"]
    opened, closed = row[f"{side}_opened"], row[f"{side}_closed"]
    life = f"It is open from {opened}" + (f" and closed on {closed}." if closed else ".")
    return Problem(
        where(row),
        f"{name} ({code}) does not exist on {row['effective_date']}.",
        life,
        "Correct the date, or use the organisation that exists then.",
    )


def _unrelated_problem(row: Row) -> Problem:
    direction = MONEY_KINDS[row["kind"]].direction
    relation = "below" if direction == DOWN else "above"
    return Problem(
        where(row),
        f"{row['to_name']} ({row['to_organisation']}) is not {relation} {row['from_name']} "
        f"({row['from_organisation']}) on {row['effective_date']}.",
        "Money moves only along a relationship in force on that day.",
        "Correct the organisation or the date, or record the relationship first.",
    )


def _deep_problem(row: Row) -> Problem:
    return Problem(
        where(row),
        f"money on {row['to_fund']} goes to {row['to_name']} ({row['to_organisation']}): {row['tier_name']}.",
        f"{row['to_fund']} is held no further down than: {row['lowest_name']}.",
        "Keep it at that tier or above, or use a fund that goes further down.",
    )


def _fence_problem(row: Row) -> Problem:
    found = f"money would leave {row['fence']} for {row['to_fund']}."
    if row["allowed"]:
        why = f"{row['fence']} is a {row['grade']} ring-fence, and no authority is named."
        return Problem(where(row), found, why, "Name the authority that allows it.", "authority")
    ways = row["leave_by"].replace(",", " or ") or "no kind of entry"
    why = f"{row['fence']} is a {row['grade']} ring-fence; its terms let money leave by {ways}."
    return Problem(where(row), found, why, "Keep the money on its fund, or record new terms that lift the ring-fence.")


def _overdraft_problem(row: Row) -> Problem:
    short = exact_pounds(-row["balance_pence"])
    account = f"{row['name']} ({row['organisation']}), {row['fund']}, {FinancialYear(row['year'])}, {row['standing']}"
    remedy = "Move less, or bring money in first."
    if row["retained_pence"] > 0:
        remedy = (
            f"Move less, or release some of the £{exact_pounds(row['retained_pence'])} that it retains of this fund."
        )
    return Problem(
        f"entry {row['entry_number']} ({row['key']})",
        f"{account} would be £{short} below zero on {row['effective_date']}.",
        "No account but the source may be overdrawn, on any day.",
        remedy,
    )


def _reversal_problem(row: Row) -> Problem:
    return Problem(
        f"entry {row['entry_number']} ({row['key']})",
        f"it does not mirror entry {row['reverses']} leg by leg, is dated before it, or undoes a reversal.",
        "A reversal is equal and opposite, from the entry's day on, or it corrects nothing.",
        f"Reverse the entry with {Action.REVERSE_ENTRY.done()}, which builds the mirror.",
    )


_MOVED = frozenset({"transfer"})
RULES = (
    Rule("money/dated", _DATED, _date_problem, _MOVED, in_pairs=_OTHER_YEAR, about="effective_date"),
    Rule("money/closed", _CLOSED, _closed_problem, _MOVED, in_pairs=NOT_OPEN),
    Rule("money/kind", _RULES, _rule_problem, _MOVED, in_pairs=_UNUSUAL),
    Rule("money/related", _UNRELATED, _unrelated_problem, _MOVED),
    Rule("money/lowest-tier", _TOO_DEEP, _deep_problem, _MOVED, in_pairs=_DEEPER, about="to_organisation"),
    # Most entries keep their fund, and undo nothing.
    Rule("money/fenced", _FENCED, _fence_problem, _MOVED, besides=True, where_pairs="from_fund <> to_fund"),
    Rule("money/overdrawn", _OVERDRAWN, _overdraft_problem, _MOVED, more=_BEHIND_IT, about="amount"),
    Rule("money/reversed", _REVERSALS, _reversal_problem, _MOVED, where_pairs=f"kind = '{REVERSE}'", about="reverses"),
)
