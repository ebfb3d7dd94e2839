"""What must hold of entries: the same questions for one about to be posted and for all there ever were.

Posting asks them of the new entries inside its transaction; ``verify`` asks them of the whole ledger.
Each is one question in SQL over *pairs* (the distinct account pairs of each entry), so a million
transfers cost little more than the decisions behind them.
"""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.errors import Problem
from ledger.kinds import DOWN, INSIDE, MONEY_KINDS, OTHER, REVERSE, SAME, SAME_OR_INSIDE, UP, WITHIN
from ledger.money import exact_pounds
from ledger.store import Reader
from ledger.vocabulary import AVAILABLE, RING_FENCED
from ledger.years import FinancialYear

Row = dict[str, Any]
MOST_SHOWN = 100

_PAIRS = """
WITH moved AS (
    SELECT entry_number, from_account, to_account, min(leg) AS leg
    FROM transfer WHERE entry_number >= $first
    GROUP BY entry_number, from_account, to_account
)
SELECT m.entry_number, m.leg, t.note, e.key, e.kind, e.effective_date, e.authority, e.reverses,
       (SELECT max(known.entry_number) FROM (SELECT entry_number FROM relationship
            UNION SELECT entry_number FROM closure) AS known WHERE known.entry_number <= m.entry_number) AS epoch,
       fo.code AS from_organisation, fo.name AS from_name, ft.may_go_below_zero AS from_source,
       fo.valid_from AS from_opened, coalesce(fc.valid_to, fo.valid_to) AS from_closed,
       fa.fund AS from_fund, fa.year AS from_year, fa.standing AS from_standing, ff.resource AS from_resource,
       o.code AS to_organisation, o.name AS to_name,
       o.valid_from AS to_opened, coalesce(tc.valid_to, o.valid_to) AS to_closed,
       ta.fund AS to_fund, ta.year AS to_year, ta.standing AS to_standing, tf.resource AS to_resource
FROM moved m
JOIN transfer t ON t.entry_number = m.entry_number AND t.leg = m.leg AND t.entry_number >= $first
JOIN entry e ON e.number = m.entry_number
JOIN account fa ON fa.id = m.from_account JOIN account ta ON ta.id = m.to_account
JOIN organisation fo ON fo.code = fa.organisation JOIN tier ft ON ft.code = fo.tier
JOIN organisation o ON o.code = ta.organisation
JOIN fund ff ON ff.code = fa.fund JOIN fund tf ON tf.code = ta.fund
LEFT JOIN closing fc ON fc.organisation = fo.code AND fc.known_from <= m.entry_number AND m.entry_number < fc.known_to
LEFT JOIN closing tc ON tc.organisation = o.code AND tc.known_from <= m.entry_number AND m.entry_number < tc.known_to
"""

# Each closing day that was learned later, with the entries between which it was the newest known.
_CLOSING = """
SELECT organisation, valid_to, entry_number AS known_from,
       lead(entry_number, 1, 9223372036854775807) OVER (PARTITION BY organisation ORDER BY entry_number) AS known_to
FROM closure
"""

FUND_LINE = """
fund_line(fund, ancestor) AS (
    SELECT code, code FROM fund
    UNION
    SELECT l.fund, f.parent FROM fund_line l JOIN fund f ON f.code = l.ancestor WHERE f.parent IS NOT NULL
)
"""

_FUND_INSIDE = f"WITH RECURSIVE {FUND_LINE} SELECT fund, ancestor FROM fund_line"
_FUND_ITSELF = "SELECT code AS fund, code AS ancestor FROM fund"

# A reversal on the entry's own day says that it never was; on a later day it moves money then, and a ring-fence
# asks for an authority. A reversal is the mirror of an entry that passed every other rule, so it is checked
# against that entry alone (_REVERSALS), and against what is still there to take back (_OVERDRAWN).
_DATED = """
SELECT * FROM pairs
WHERE from_year <> to_year
   OR effective_date < make_date(from_year, 4, 1) OR effective_date >= make_date(from_year + 1, 4, 1)
ORDER BY entry_number, leg
"""

_CLOSED = """
SELECT *, effective_date < from_opened OR effective_date >= coalesce(from_closed, DATE '9999-12-31') AS payer_is_closed
FROM pairs
WHERE effective_date < from_opened OR effective_date >= coalesce(from_closed, DATE '9999-12-31')
   OR effective_date < to_opened OR effective_date >= coalesce(to_closed, DATE '9999-12-31')
ORDER BY entry_number, leg
"""

# Who is below whom, as it stood on the effective date and as it was known when the entry was posted.
_UNRELATED = f"""
WITH RECURSIVE wanted AS (
    SELECT p.*, CASE WHEN kind_direction.direction = '{UP}' THEN to_organisation ELSE from_organisation END AS upper,
           CASE WHEN kind_direction.direction = '{UP}' THEN from_organisation ELSE to_organisation END AS lower
    FROM pairs p JOIN kind_direction USING (kind)
    WHERE kind_direction.direction <> '{WITHIN}'
),
reach(epoch, effective_date, upper, node) AS (
    SELECT DISTINCT epoch, effective_date, upper, upper FROM wanted
    UNION
    SELECT r.epoch, r.effective_date, r.upper, l.child
    FROM reach r
    JOIN organisation o ON o.code = r.node AND o.valid_from <= r.effective_date
    LEFT JOIN closing c ON c.organisation = r.node AND c.known_from <= r.epoch AND r.epoch < c.known_to
    JOIN relationship l ON l.parent = r.node AND l.entry_number <= r.epoch
        AND l.valid_from <= r.effective_date
        AND (l.valid_to IS NULL OR r.effective_date < l.valid_to)
    WHERE r.effective_date < coalesce(c.valid_to, o.valid_to, DATE '9999-12-31')
      AND NOT EXISTS (SELECT 1 FROM relationship s WHERE s.supersedes = l.id AND s.entry_number <= r.epoch)
)
SELECT w.* FROM wanted w
LEFT JOIN reach r ON r.node = w.lower AND r.upper = w.upper AND r.effective_date = w.effective_date
    AND r.epoch = w.epoch
WHERE r.node IS NULL OR w.upper = w.lower
ORDER BY w.entry_number, w.leg
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
WHERE newest = 1 AND grade IN {RING_FENCED} AND (trim(coalesce(authority, '')) = '' OR NOT allowed)
ORDER BY entry_number, leg, fence
"""

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
# The newest entry that moved an account's money on a day: whom to name where it is short.
_LAST_OF_DAY = """
SELECT e.number AS entry_number, e.key FROM entry e WHERE e.number = (
    SELECT max(o.number) FROM entry o JOIN transfer t ON t.entry_number = o.number
    WHERE o.effective_date = $effective_date AND (t.from_account = $account OR t.to_account = $account))
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


def problems(reader: Reader, first: int) -> list[Problem]:
    """Every rule that an entry from number ``first`` on breaks.

    Args:
        reader: the books, with the entries to be checked already written.
        first: the number of the first entry to check; 1 for all of them.
    """
    reader.stage("kind_direction", _kind_directions())
    reader.stage("kind_standing", _kind_standings())
    reader.stage("closing", reader.table(_CLOSING))
    pairs = reader.table(_PAIRS, {"first": first})
    if pairs.num_rows == 0:
        return []
    reader.stage("pairs", pairs)
    # Most entries keep their fund; only the others need to know which fund lies inside which.
    changes_fund = pc.any(pc.not_equal(pairs["from_fund"], pairs["to_fund"])).as_py()
    reader.stage("fund_inside", reader.table(_FUND_INSIDE if changes_fund else _FUND_ITSELF))
    reverses = pc.any(pc.equal(pairs["kind"], REVERSE)).as_py()
    questions: tuple[tuple[bool, str, Callable[[Row], Problem]], ...] = (
        (True, _DATED, _date_problem),
        (True, _CLOSED, _closed_problem),
        (True, _RULES, _rule_problem),
        (True, _UNRELATED, _unrelated_problem),
        (changes_fund, _FENCED, _fence_problem),
        (True, _OVERDRAWN, _overdraft_problem),
        (reverses, _REVERSALS, _reversal_problem),
    )
    found: list[Problem] = []
    blamed: set[tuple[int, int]] = set()
    for applies, sql, describe in questions:
        if not applies:
            continue
        answers = reader.table(sql, {"first": first}).to_pylist()
        if describe is _overdraft_problem:
            answers = sorted((_with_entry(reader, row) for row in answers), key=lambda row: int(row["entry_number"]))
        # A leg that breaks one rule is not blamed for what follows from it.
        answers = [
            row for row in answers if (row["entry_number"], row.get("leg")) not in blamed or describe is _fence_problem
        ]
        blamed.update((row["entry_number"], row["leg"]) for row in answers if "leg" in row)
        if describe is _overdraft_problem:
            answers = [{**row, "retained_pence": _retained(reader, row)} for row in answers]
        found.extend(describe(row) for row in answers[:MOST_SHOWN])
        if len(answers) > MOST_SHOWN:
            more = len(answers) - MOST_SHOWN
            found.append(Problem("the same rule", f"{more} more legs break it.", "", "Mend these first."))
    return found


def _with_entry(reader: Reader, row: Row) -> Row:
    return {**row, **reader.table(_LAST_OF_DAY, row).to_pylist()[0]}


def _retained(reader: Reader, row: Row) -> int:
    """What could be released to an account that is short: asked only for those, since it reads all transfers."""
    if row["standing"] != AVAILABLE:
        return 0
    given = {name: row[name] for name in ("organisation", "fund", "year")}
    return reader.whole(
        "SELECT CAST(coalesce(sum(CASE WHEN t.to_account = k.id THEN t.amount_pence ELSE -t.amount_pence END), 0) "
        "AS BIGINT) FROM account k JOIN transfer t ON t.from_account = k.id OR t.to_account = k.id "
        "WHERE k.organisation = $organisation AND k.fund = $fund AND k.year = $year AND k.standing = 'retained'",
        given,
    )


def where(row: Row) -> str:
    """The place of a leg, as a reader would look for it."""
    note = f", {row['note']}" if row.get("note") else ""
    return f"entry {row['entry_number']} ({row['key']}), leg {row['leg']}{note}"


def _kind_directions() -> pa.Table:
    return pa.Table.from_pylist(
        [{"kind": kind.name, "direction": kind.direction, "fund": kind.fund} for kind in MONEY_KINDS.values()]
    )


def _kind_standings() -> pa.Table:
    return pa.Table.from_pylist(
        [
            {"kind": kind.name, "from_standing": source, "to_standing": destination}
            for kind in MONEY_KINDS.values()
            for source, destination in sorted(kind.standings)
        ]
    )


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


def _fence_problem(row: Row) -> Problem:
    found = f"money would leave {row['fence']} for {row['to_fund']}."
    if row["allowed"]:
        why = f"{row['fence']} is a {row['grade']} ring-fence, and no authority is named."
        return Problem(where(row), found, why, "Name the authority that allows it.")
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
        "Reverse the entry with 'devolution reverse', which builds the mirror.",
    )
