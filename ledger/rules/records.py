"""What must hold of what is recorded: who is part of whom, funds, terms, tiers, successions and agreements."""

from ledger.characters import IS_BLANK
from ledger.errors import Problem
from ledger.rules.rule import FUND_LINE, SINCE, Row, Rule
from ledger.structure import KNOWN_RELATIONSHIPS, LIFE
from ledger.words import DISCRETIONS, FIGURE_STANDINGS, GRADES, QUALITIES, RESOURCES, ROUTES
from ledger.years import FIRST_YEAR, LAST_YEAR

# As known by the newest entry that is judged.
_KNOWN, _LIFE = KNOWN_RELATIONSHIPS.replace("$known", "$last"), LIFE.replace("$known", "$last")

# Told of the newer of two that overlap: the older one stood.
_OVERLAPPING = f"""
WITH {_KNOWN}
SELECT DISTINCT n.entry_number, n.child, c.name, n.scheme, n.parent, o.parent AS other_parent,
       greatest(n.valid_from, o.valid_from) AS day
FROM known_relationship n JOIN organisation c ON c.code = n.child
JOIN known_relationship o ON o.child = n.child AND o.scheme = n.scheme AND o.id <> n.id
    AND n.valid_from < coalesce(o.valid_to, DATE '9999-12-31')
    AND o.valid_from < coalesce(n.valid_to, DATE '9999-12-31')
    AND (o.entry_number < n.entry_number OR (o.entry_number = n.entry_number AND o.id < n.id))
WHERE n.entry_number >= $first AND (n.part IS NULL OR o.part IS NULL OR n.parent = o.parent)
ORDER BY n.entry_number, n.child, n.scheme
"""

_UPWARD = """
SELECT r.entry_number, r.id, p.name AS parent_name, c.name AS child_name, r.valid_from, r.valid_to,
       pt.rank >= ct.rank AS upward
FROM relationship r JOIN organisation p ON p.code = r.parent JOIN tier pt ON pt.code = p.tier
JOIN organisation c ON c.code = r.child JOIN tier ct ON ct.code = c.tier
WHERE r.entry_number >= $first AND (pt.rank >= ct.rank OR r.valid_to <= r.valid_from)
ORDER BY r.entry_number, r.id
"""

_BAD_FUNDS = f"""
WITH RECURSIVE {FUND_LINE}
SELECT * FROM (SELECT f.entry_number, f.code, f.parent, f.resource,
       f.parent IS NOT NULL AND p.code IS NULL AS orphan,
       f.resource NOT IN {RESOURCES} AS bad_resource,
       EXISTS (SELECT 1 FROM fund_line l JOIN fund g ON g.code = l.fund
               WHERE l.ancestor = f.code AND l.fund <> f.code AND l.fund = f.parent) OR f.parent = f.code AS circular
FROM fund f LEFT JOIN fund p ON p.code = f.parent WHERE f.entry_number >= $first) AS judged
WHERE orphan OR bad_resource OR circular
ORDER BY code
"""

_BAD_TERMS = f"""
SELECT entry_number, id, fund, version, grade, route, quality, reason, source FROM terms
WHERE entry_number >= $first AND (grade NOT IN {GRADES} OR route NOT IN {ROUTES} OR quality NOT IN {QUALITIES}
    OR {IS_BLANK.format("reason")} OR {IS_BLANK.format("source")}
    OR version <> (SELECT count(*) FROM terms o WHERE o.fund = terms.fund AND o.effective_from = terms.effective_from
                   AND (o.entry_number < terms.entry_number OR (o.entry_number = terms.entry_number
                        AND o.version <= terms.version))))
ORDER BY entry_number, id
"""

# What terms need not say, and say in words of their own where they do.
_MONTHS = "mod(length(return_months), 3) <> 2 OR trim(return_months, '0123456789,') <> ''"
_TOLD = {
    "discretion": (f"discretion NOT IN {DISCRETIONS}", f"Use one of {', '.join(DISCRETIONS)}."),
    "standing": (f"standing NOT IN {FIGURE_STANDINGS}", f"Use one of {', '.join(FIGURE_STANDINGS)}."),
    "certain_to": (
        f"certain_to < {FIRST_YEAR} OR certain_to > {LAST_YEAR}",
        f"Give the year that it starts in, from {FIRST_YEAR} to {LAST_YEAR}.",
    ),
    "return_months": (_MONTHS, "Write the months by commas, with two digits each, as 07,10,01,04."),
}
_UNREADABLE_TERMS = f"""
SELECT entry_number, id,
       CASE {" ".join(f"WHEN {wrong} THEN '{name}'" for name, (wrong, _) in _TOLD.items())} END AS field,
       CASE {" ".join(f"WHEN {wrong} THEN CAST({name} AS VARCHAR)" for name, (wrong, _) in _TOLD.items())} END AS said
FROM terms WHERE entry_number >= $first AND ({" OR ".join(wrong for wrong, _ in _TOLD.values())})
ORDER BY entry_number, id
"""

# A new tier is looked at beside those that were there.
_BAD_TIERS = """
SELECT t.entry_number, t.code FROM tier t
WHERE t.may_go_below_zero AND EXISTS (
    SELECT 1 FROM tier o WHERE o.code <> t.code AND (o.may_go_below_zero OR o.rank <= t.rank)
        AND (t.entry_number >= $first OR o.entry_number >= $first))
ORDER BY 1, 2
"""

_BAD_SUCCESSORS = """
SELECT r.entry_number, 'relationship' AS what, r.id, r.supersedes FROM relationship r
WHERE r.entry_number >= $first AND r.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM relationship o WHERE o.id = r.supersedes AND o.id <> r.id AND o.child = r.child
        AND o.scheme = r.scheme AND o.entry_number < r.entry_number)
UNION ALL
SELECT a.entry_number, 'agreement', a.id, a.supersedes FROM agreement a
WHERE a.entry_number >= $first AND a.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM agreement o WHERE o.id = a.supersedes AND o.organisation = a.organisation AND o.fund = a.fund
        AND o.entry_number < a.entry_number)
UNION ALL
SELECT l.entry_number, 'source limit', l.id, l.supersedes FROM source_limit l
WHERE l.entry_number >= $first AND l.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM source_limit o WHERE o.id = l.supersedes AND o.fund = l.fund AND o.year = l.year
        AND o.entry_number < l.entry_number)
UNION ALL
SELECT c.entry_number, 'control total', c.id, c.supersedes FROM control_total c
WHERE c.entry_number >= $first AND c.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM control_total o WHERE o.id = c.supersedes AND o.entry_number < c.entry_number)
ORDER BY 1, 2, 3
"""

# Who lives on beyond a day of succession must keep something, and whoever comes after must be there to take it. A
# closure learned later, and another row of the same day, speak of the rows that were there as well.
_BAD_SUCCESSIONS = f"""
WITH {_LIFE},
ended AS (SELECT code, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to FROM life)
SELECT s.entry_number, s.id, s.predecessor, s.successor, s.effective_date,
       CASE WHEN s.effective_date < n.valid_from OR n.valid_to <= s.effective_date THEN 'absent'
            WHEN s.effective_date < p.valid_to AND kept.weight IS NULL THEN 'nothing kept'
            WHEN p.valid_to <= s.effective_date AND kept.weight IS NOT NULL THEN 'kept by nobody'
            ELSE 'goes nowhere' END AS fault
FROM succession s JOIN ended p ON p.code = s.predecessor JOIN ended n ON n.code = s.successor
LEFT JOIN (SELECT DISTINCT predecessor, effective_date, weight FROM succession WHERE predecessor = successor) kept
    ON kept.predecessor = s.predecessor AND kept.effective_date = s.effective_date
WHERE (s.entry_number >= $first
    OR EXISTS (SELECT 1 FROM closure c WHERE c.entry_number >= $first
        AND c.organisation IN (s.predecessor, s.successor))
    OR EXISTS (SELECT 1 FROM succession o WHERE o.predecessor = s.predecessor AND o.effective_date = s.effective_date
        AND o.entry_number >= $first))
  AND (
    s.effective_date < n.valid_from OR n.valid_to <= s.effective_date
    OR (s.effective_date < p.valid_to) <> (kept.weight IS NOT NULL)
    OR (s.predecessor = s.successor AND NOT EXISTS (
        SELECT 1 FROM succession o WHERE o.predecessor = s.predecessor AND o.effective_date = s.effective_date
            AND o.successor <> o.predecessor)))
ORDER BY 1, 2
"""
_SUCCESSION_FAULTS = {
    "absent": ("{successor} does not exist on that day.", "Record when it exists, or correct the day."),
    "nothing kept": (
        "{predecessor} goes on after that day, and what it keeps is not said.",
        "Add a row from it to itself with what it keeps, or close it on that day.",
    ),
    "kept by nobody": (
        "{predecessor} keeps a part, and no longer exists on that day.",
        "Take out the row from it to itself, or correct the day on which it ends.",
    ),
    "goes nowhere": ("{predecessor} becomes itself alone.", "Name who takes a part of it."),
}

# Of two closing days that one entry brings nobody could say which was learned last.
_CLOSED_TWICE = f"""
SELECT entry_number, organisation, min(valid_to) AS one_day, max(valid_to) AS other_day FROM closure
WHERE entry_number >= {SINCE} AND entry_number <= $last
GROUP BY entry_number, organisation HAVING count(*) > 1 ORDER BY entry_number, organisation
"""

_BAD_AGREEMENTS = """
SELECT entry_number, id, amount_pence, share_ppm, valid_from, valid_to FROM agreement
WHERE entry_number >= $first AND (amount_pence < 0 OR share_ppm < 0 OR share_ppm > 1000000 OR valid_to <= valid_from
    OR (amount_pence IS NOT NULL AND share_ppm IS NOT NULL))
ORDER BY 1, 2
"""


def _overlapping(row: Row) -> Problem:
    return Problem(
        f"entry {row['entry_number']}, {row['name']} ({row['child']})",
        f"it is in {row['parent']} and in {row['other_parent']} at once from {row['day']}, "
        f"in the scheme {row['scheme']}.",
        "It would be counted twice.",
        "End one membership where the other begins, or give each the part that belongs to it.",
    )


def _upward(row: Row) -> Problem:
    what = "goes up or across the tiers" if row["upward"] else "ends on or before the day it begins"
    return Problem(
        f"entry {row['entry_number']}, relationship {row['id']}",
        f"{row['parent_name']} over {row['child_name']} {what}.",
        "Money would have nowhere to flow down.",
        "Correct the parent and child, or the dates.",
    )


def _bad_fund(row: Row) -> Problem:
    what = (
        f"its parent {row['parent']} is not a fund."
        if row["orphan"]
        else "it is inside itself."
        if row["circular"]
        else f"'{row['resource']}' is neither revenue nor capital."
    )
    place = f"entry {row['entry_number']}, fund {row['code']}"
    return Problem(place, what, "Its money could not be placed.", "Correct the fund.")


def _bad_terms(row: Row) -> Problem:
    return Problem(
        f"entry {row['entry_number']}, terms {row['id']}",
        f"version {row['version']}, grade '{row['grade'] or ''}', route '{row['route'] or ''}', "
        f"quality '{row['quality']}', source '{row['source']}', reason '{row['reason']}'.",
        "A grade and a route are ones of the books, or empty where they are not known. Every classification needs a "
        "quality, a source and a reason, and each "
        "version of a day's terms follows the one before.",
        f"Grades: {', '.join(GRADES)}. Routes: {', '.join(ROUTES)}. Qualities: {', '.join(QUALITIES)}.",
    )


def _unreadable_terms(row: Row) -> Problem:
    found = f"its {row['field']} is '{row['said']}'."
    why = "Nobody could read it; what is not known is left empty."
    return Problem(f"entry {row['entry_number']}, terms {row['id']}", found, why, _TOLD[row["field"]][1])


def _bad_tier(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, tier {row['code']}"
    sentence = "it may go below zero, and is not the one tier above all others."
    return Problem(place, sentence, "Money has one source.", "Let only the topmost tier go below zero.")


def _bad_successor(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, {row['what']} {row['id']}"
    sentence = f"it supersedes '{row['supersedes']}', which is no earlier {row['what']} of the same."
    return Problem(place, sentence, "It would correct nothing, or itself.", "Name the row that it corrects.")


def _bad_succession(row: Row) -> Problem:
    sentence, remedy = _SUCCESSION_FAULTS[row["fault"]]
    place = f"entry {row['entry_number']}, succession {row['id']}"
    why = f"Amounts could not be restated across {row['effective_date']} without loss."
    return Problem(place, sentence.format(**row), why, remedy)


def _closed_twice(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, closure of {row['organisation']}"
    found = f"it would close it twice, on {row['one_day']} and on {row['other_day']}."
    return Problem(place, found, "The closing day that was learned last counts.", "Keep one of them.")


def _bad_agreement(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, agreement {row['id']}"
    sentence = (
        f"amount {row['amount_pence']} pence, share {row['share_ppm']} parts per million, "
        f"from {row['valid_from']} to {row['valid_to']}."
    )
    why = "An agreement is for a positive amount or a share up to the whole, over at least a day."
    return Problem(place, sentence, why, "Correct the amount, the share or the days.")


RULES = (
    Rule("structure/once", _OVERLAPPING, _overlapping, frozenset({"relationship"}), about="child"),
    Rule("structure/downward", _UPWARD, _upward, frozenset({"relationship"}), about="parent"),
    Rule("structure/funds", _BAD_FUNDS, _bad_fund, frozenset({"fund"})),
    Rule("structure/terms", _BAD_TERMS, _bad_terms, frozenset({"terms"})),
    # A decision chooses the others from lists.
    Rule("structure/told", _UNREADABLE_TERMS, _unreadable_terms, frozenset({"terms"}), about="return_months"),
    Rule("structure/tiers", _BAD_TIERS, _bad_tier, frozenset({"tier"}), about="rank"),
    Rule(
        "structure/superseded",
        _BAD_SUCCESSORS,
        _bad_successor,
        frozenset({"relationship", "agreement", "control_total", "source_limit"}),
    ),
    Rule(
        "structure/successions",
        _BAD_SUCCESSIONS,
        _bad_succession,
        frozenset({"succession", "closure"}),
        about="predecessor",
    ),
    Rule("structure/closed-once", _CLOSED_TWICE, _closed_twice, frozenset({"closure"})),
    Rule("structure/agreements", _BAD_AGREEMENTS, _bad_agreement, frozenset({"agreement"}), about="valid_to"),
)
