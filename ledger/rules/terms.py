"""Whoever loosens the terms of a fund does so on somebody's authority, and not for days past without saying so.

A ring-fence is lifted by new terms. They are looser than what held where their grade is, or where money may leave
the fund by more kinds of entry. They are compared with what held on their first day, as known before them: no other
terms of the fund begin before the next ones do, so that is what held on every day of theirs. A fund's first own terms
loosen nothing: a fund inside a ring-fence is no freer than the fence. Nor do terms after ones whose grade is not known;
but to say of money that was tied that its grade is not known is to loosen it.
"""

from ledger.characters import IS_BLANK
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.rules.rule import SINCE, Row, Rule, iso, recorded_on
from ledger.words import RING_FENCED, STRICTNESS

NOT_KNOWN = "as not known"
_STRICTNESS = ", ".join(f"('{grade}', {strictness})" for grade, strictness in STRICTNESS.items() if grade)

_LOOSENED = f"""
WITH strictness(grade, strictness) AS (VALUES {_STRICTNESS}),
fresh AS (
    SELECT t.entry_number, e.key, t.id, t.fund, t.effective_from, t.grade, t.leave_by, e.authority,
           {recorded_on("e")} AS recorded_on
    FROM terms t JOIN entry e ON e.number = t.entry_number
    WHERE t.entry_number >= {SINCE} AND t.entry_number <= $last AND NOT EXISTS (
        SELECT 1 FROM terms o WHERE o.fund = t.fund AND o.effective_from = t.effective_from
            AND o.entry_number = t.entry_number AND o.version > t.version)
),
held AS (
    SELECT f.id, b.grade AS held_grade, b.leave_by AS held_leave_by, row_number() OVER (
        PARTITION BY f.id ORDER BY b.effective_from DESC, b.version DESC) AS nth
    FROM fresh f JOIN terms b ON b.fund = f.fund AND b.entry_number < f.entry_number
        AND b.effective_from <= f.effective_from
),
judged AS (
    SELECT f.*, h.held_grade, h.held_leave_by,
           coalesce(s.strictness, {STRICTNESS[None]}) < w.strictness AS looser_grade,
           h.held_grade IN {RING_FENCED} AND EXISTS (
               SELECT 1 FROM kind_direction k WHERE (',' || f.leave_by || ',') LIKE ('%,' || k.kind || ',%')
                   AND NOT (',' || h.held_leave_by || ',') LIKE ('%,' || k.kind || ',%')) AS more_ways
    FROM fresh f JOIN held h ON h.id = f.id AND h.nth = 1
    LEFT JOIN strictness s ON s.grade = f.grade LEFT JOIN strictness w ON w.grade = h.held_grade
)
SELECT *, {IS_BLANK.format("coalesce(authority, '')")} AS unsaid FROM judged
WHERE (looser_grade OR more_ways) AND ({IS_BLANK.format("coalesce(authority, '')")} OR (
    effective_from < recorded_on AND NOT authority LIKE ('%' || {iso("effective_from")} || '%')))
ORDER BY entry_number, id
"""


def _loosened(row: Row) -> Problem:
    place = f"entry {row['entry_number']} ({row['key']}), terms {row['id']}"
    day, fund = row["effective_from"], row["fund"]
    if row["looser_grade"]:
        found = f"from {day} on {fund} would be graded {row['grade'] or NOT_KNOWN}, and it was {row['held_grade']}."
    else:
        ways, before = (row[name].replace(",", " or ") or "no kind of entry" for name in ("leave_by", "held_leave_by"))
        found = f"from {day} on money could leave {fund} by {ways}, and it was {before}."
    if row["unsaid"]:
        back = f", and let it say {day}, since it is recorded on {row['recorded_on']}" if _is_back(row) else ""
        return Problem(
            place,
            found,
            "Terms are loosened on somebody's authority.",
            f"Name the authority ({Input.AUTHORITY.named}){back}.",
        )
    return Problem(
        place,
        f"{found} It is recorded on {row['recorded_on']}, and the authority '{row['authority']}' names no such day.",
        "Terms are not loosened for days past, unless who allows it says so.",
        f"Let the authority say the day: {day}. Or let the terms begin on {row['recorded_on']} or later.",
    )


def _is_back(row: Row) -> bool:
    return bool(row["effective_from"] < row["recorded_on"])


RULES = (Rule("terms/loosened", _LOOSENED, _loosened, frozenset({"terms"}), about="authority"),)
