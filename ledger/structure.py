"""Who is part of whom, and whether what is recorded of it makes sense."""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import pyarrow as pa

from ledger.checks import FUND_LINE, MOST_SHOWN
from ledger.errors import Problem, Refused
from ledger.store import Reader
from ledger.vocabulary import GRADES, ROUTES

QUALITIES = ("red", "amber", "green")
RESOURCES = ("revenue", "capital")

# The relationships known by entry $known: those that no later row, known by then, corrects.
KNOWN_RELATIONSHIPS = """
known_relationship AS (
    SELECT r.* FROM relationship r
    WHERE r.entry_number <= $known AND NOT EXISTS (
        SELECT 1 FROM relationship s WHERE s.supersedes = r.id AND s.entry_number <= $known)
)
"""

# From when to when an organisation exists, as known by entry $known: the closing day learned last counts.
LIFE = """
life AS (
    SELECT o.code, o.name, o.tier, o.entry_number, o.valid_from, coalesce((
        SELECT max_by(c.valid_to, c.entry_number) FROM closure c
        WHERE c.organisation = o.code AND c.entry_number <= $known), o.valid_to) AS valid_to
    FROM organisation o WHERE o.entry_number <= $known
)
"""
_LIVES = f"""
WITH {LIFE}
SELECT l.code, l.name, l.tier, t.rank, t.depth, l.valid_from, l.valid_to FROM life l JOIN tier t ON t.code = l.tier
ORDER BY l.code
"""

_BELOW = f"""
WITH RECURSIVE {KNOWN_RELATIONSHIPS},
below(organisation) AS (
    SELECT code FROM organisation WHERE code = $organisation AND entry_number <= $known
    UNION
    SELECT r.child FROM below b JOIN known_relationship r ON r.parent = b.organisation
    WHERE r.valid_from <= $day AND (r.valid_to IS NULL OR $day < r.valid_to)
)
SELECT organisation FROM below ORDER BY organisation
"""

_SHARED = f"""
WITH {KNOWN_RELATIONSHIPS}
SELECT DISTINCT r.child FROM known_relationship r
WHERE r.child IN (SELECT organisation FROM members) AND r.child <> $organisation
  AND r.parent NOT IN (SELECT organisation FROM members)
  AND r.valid_from <= $day AND (r.valid_to IS NULL OR $day < r.valid_to)
"""

_SUCCESSIONS = """
SELECT effective_date, predecessor, successor, CAST(sum(weight) AS BIGINT) AS weight FROM succession
WHERE effective_date <= $day AND entry_number <= $known
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""

# The memberships in force on a day; and where a child has none in a scheme because its last ones ended on a day on
# which organisations were merged or split, those.
_MEMBERSHIPS = f"""
WITH {KNOWN_RELATIONSHIPS},
begun AS (
    SELECT r.child, r.parent, r.scheme, r.part, r.valid_to, pt.rank,
           r.valid_to IS NULL OR $day < r.valid_to AS in_force,
           bool_or(r.valid_to IS NULL OR $day < r.valid_to) OVER (PARTITION BY r.child, r.scheme) AS has_newer,
           max(r.valid_to) OVER (PARTITION BY r.child, r.scheme) AS last_end
    FROM known_relationship r JOIN organisation p ON p.code = r.parent JOIN tier pt ON pt.code = p.tier
    WHERE r.valid_from <= $day
)
SELECT child, parent, scheme, part, rank, CASE WHEN in_force THEN NULL ELSE valid_to END AS ended FROM begun
WHERE in_force OR (NOT has_newer AND valid_to = last_end AND valid_to IN (
    SELECT effective_date FROM succession WHERE effective_date <= $day AND entry_number <= $known))
ORDER BY child, scheme, parent
"""

_OVERLAPPING = f"""
WITH {KNOWN_RELATIONSHIPS}
SELECT DISTINCT n.entry_number, n.child, c.name, n.scheme, n.parent, o.parent AS other_parent,
       greatest(n.valid_from, o.valid_from) AS day
FROM known_relationship n JOIN organisation c ON c.code = n.child
JOIN known_relationship o ON o.child = n.child AND o.scheme = n.scheme AND o.id <> n.id
    AND n.valid_from < coalesce(o.valid_to, DATE '9999-12-31')
    AND o.valid_from < coalesce(n.valid_to, DATE '9999-12-31')
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
    OR trim(reason) = '' OR trim(source) = ''
    OR version <> (SELECT count(*) FROM terms o WHERE o.fund = terms.fund AND o.effective_from = terms.effective_from
                   AND (o.entry_number < terms.entry_number OR (o.entry_number = terms.entry_number
                        AND o.version <= terms.version))))
ORDER BY entry_number, id
"""


_BAD_TIERS = """
SELECT t.entry_number, t.code FROM tier t
WHERE t.entry_number >= $first AND t.may_go_below_zero
  AND EXISTS (SELECT 1 FROM tier o WHERE o.code <> t.code AND (o.may_go_below_zero OR o.rank <= t.rank))
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
SELECT c.entry_number, 'control total', c.id, c.supersedes FROM control_total c
WHERE c.entry_number >= $first AND c.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM control_total o WHERE o.id = c.supersedes AND o.entry_number < c.entry_number)
ORDER BY 1, 2, 3
"""

# Who lives on beyond a day of succession must keep something, and whoever comes after must be there to take it.
_BAD_SUCCESSIONS = f"""
WITH {LIFE},
ended AS (SELECT code, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to FROM life)
SELECT s.entry_number, s.id, s.predecessor, s.successor, s.effective_date,
       CASE WHEN s.effective_date < n.valid_from OR n.valid_to <= s.effective_date THEN 'absent'
            WHEN s.effective_date < p.valid_to AND kept.weight IS NULL THEN 'nothing kept'
            WHEN p.valid_to <= s.effective_date AND kept.weight IS NOT NULL THEN 'kept by nobody'
            ELSE 'goes nowhere' END AS fault
FROM succession s JOIN ended p ON p.code = s.predecessor JOIN ended n ON n.code = s.successor
LEFT JOIN (SELECT DISTINCT predecessor, effective_date, weight FROM succession WHERE predecessor = successor) kept
    ON kept.predecessor = s.predecessor AND kept.effective_date = s.effective_date
WHERE s.entry_number >= $first AND (
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

_BAD_AGREEMENTS = """
SELECT entry_number, id, amount_pence, share_ppm, valid_from, valid_to FROM agreement
WHERE entry_number >= $first AND (amount_pence < 0 OR share_ppm < 0 OR share_ppm > 1000000 OR valid_to <= valid_from
    OR (amount_pence IS NOT NULL AND share_ppm IS NOT NULL))
ORDER BY 1, 2
"""


def below(reader: Reader, organisation: str, day: date, known: int) -> list[str]:
    """An organisation and everyone below it on a day, as known by an entry; empty for an unknown code."""
    found = reader.table(_BELOW, {"organisation": organisation, "day": day, "known": known})
    return list(found["organisation"].to_pylist())


def shared(reader: Reader, members: list[str], organisation: str, day: date, known: int) -> set[str]:
    """Those below an organisation who are on that day also below somebody outside."""
    reader.stage("members", pa.table({"organisation": pa.array(members, pa.string())}))
    given = {"organisation": organisation, "day": day, "known": known}
    return {str(code) for (code,) in reader.rows(_SHARED, given)}


def lives(reader: Reader, known: int) -> dict[str, dict[str, Any]]:
    """Every organisation known by an entry, by code.

    Returns:
        ``code``, ``name``, ``tier``, its ``rank`` and ``depth``, ``valid_from``, and ``valid_to``: the first day
        on which it is no more, or None.
    """
    return {row["code"]: row for row in reader.table(_LIVES, {"known": known}).to_pylist()}


def tier_of(reader: Reader, organisation: str) -> str:
    """The tier of an organisation.

    Raises:
        Refused: there is no such organisation; with the nearest that there are.
    """
    rows = reader.rows("SELECT tier FROM organisation WHERE code = $code", {"code": organisation})
    if not rows:
        remedy = suggestion(reader, organisation, "organisation")
        sentence = f"there is no organisation '{organisation}'."
        raise Refused([Problem("--from", sentence, "Nobody holds the money.", remedy)])
    return str(rows[0][0])


def successions(reader: Reader, day: date, known: int) -> list[tuple[date, dict[str, dict[str, int]]]]:
    """Who has become whom by a day: for each date of change, predecessor to successor to weight, oldest date first.

    A predecessor that goes on, having given up a part, stands among its own successors with what it kept.
    """
    found: dict[date, dict[str, dict[str, int]]] = {}
    for row in reader.table(_SUCCESSIONS, {"day": day, "known": known}).to_pylist():
        step = found.setdefault(row["effective_date"], {})
        step.setdefault(row["predecessor"], {})[row["successor"]] = row["weight"]
    return list(found.items())


@dataclass(frozen=True, slots=True)
class Membership:
    """Part of a child in a parent.

    Attributes:
        part: registered population x 10^9 in this parent; none where the child belongs to it whole.
        rank: the rank of the parent's tier.
        ended: the day of change on which it ended, where nothing has come in its place; none while in force.
    """

    child: str
    parent: str
    scheme: str
    part: int | None
    rank: int
    ended: date | None


def memberships(reader: Reader, day: date, known: int) -> list[Membership]:
    """Every membership in force on a day, as known by an entry.

    A child whose memberships in a scheme ended on a day on which organisations were merged or split, and
    that has no newer one, stands with its last: whoever asks can see from ``successions`` who came after.
    """
    return [Membership(**row) for row in reader.table(_MEMBERSHIPS, {"day": day, "known": known}).to_pylist()]


def problems(reader: Reader, first: int, known: int) -> list[Problem]:
    """What is wrong with the structure, funds and terms that entries from ``first`` on brought."""
    given = {"first": first, "known": known}
    found: list[Problem] = []
    for row in reader.table(_OVERLAPPING, given).to_pylist()[:MOST_SHOWN]:
        found.append(
            Problem(
                f"entry {row['entry_number']}, {row['name']} ({row['child']})",
                f"it is in {row['parent']} and in {row['other_parent']} at once from {row['day']}, "
                f"in the scheme {row['scheme']}.",
                "It would be counted twice.",
                "End one membership where the other begins, or give each the part that belongs to it.",
            )
        )
    for row in reader.table(_UPWARD, given).to_pylist()[:MOST_SHOWN]:
        what = "goes up or across the tiers" if row["upward"] else "ends on or before the day it begins"
        found.append(
            Problem(
                f"entry {row['entry_number']}, relationship {row['id']}",
                f"{row['parent_name']} over {row['child_name']} {what}.",
                "Money would have nowhere to flow down.",
                "Correct the parent and child, or the dates.",
            )
        )
    for row in reader.table(_BAD_FUNDS, given).to_pylist()[:MOST_SHOWN]:
        what = (
            f"its parent {row['parent']} is not a fund."
            if row["orphan"]
            else "it is inside itself."
            if row["circular"]
            else f"'{row['resource']}' is neither revenue nor capital."
        )
        place = f"entry {row['entry_number']}, fund {row['code']}"
        found.append(Problem(place, what, "Its money could not be placed.", "Correct the fund."))
    for row in reader.table(_BAD_TERMS, given).to_pylist()[:MOST_SHOWN]:
        found.append(
            Problem(
                f"entry {row['entry_number']}, terms {row['id']}",
                f"version {row['version']}, grade '{row['grade']}', route '{row['route']}', "
                f"quality '{row['quality']}', source '{row['source']}', reason '{row['reason']}'.",
                "Every classification needs a known grade, route and quality, a source and a reason, and each "
                "version of a day's terms follows the one before.",
                f"Grades: {', '.join(GRADES)}. Routes: {', '.join(ROUTES)}. Qualities: {', '.join(QUALITIES)}.",
            )
        )
    found.extend(_record_problems(reader, given))
    return found


def _record_problems(reader: Reader, given: dict[str, int]) -> list[Problem]:
    found = []
    for row in reader.table(_BAD_TIERS, given).to_pylist():
        place = f"entry {row['entry_number']}, tier {row['code']}"
        sentence = "it may go below zero, and is not the one tier above all others."
        found.append(Problem(place, sentence, "Money has one source.", "Let only the topmost tier go below zero."))
    for row in reader.table(_BAD_SUCCESSORS, given).to_pylist()[:MOST_SHOWN]:
        place = f"entry {row['entry_number']}, {row['what']} {row['id']}"
        sentence = f"it supersedes '{row['supersedes']}', which is no earlier {row['what']} of the same."
        found.append(Problem(place, sentence, "It would correct nothing, or itself.", "Name the row that it corrects."))
    for row in reader.table(_BAD_SUCCESSIONS, given).to_pylist()[:MOST_SHOWN]:
        sentence, remedy = _SUCCESSION_FAULTS[row["fault"]]
        place = f"entry {row['entry_number']}, succession {row['id']}"
        why = f"Amounts could not be restated across {row['effective_date']} without loss."
        found.append(Problem(place, sentence.format(**row), why, remedy))
    for row in reader.table(_BAD_AGREEMENTS, given).to_pylist()[:MOST_SHOWN]:
        place = f"entry {row['entry_number']}, agreement {row['id']}"
        sentence = (
            f"amount {row['amount_pence']} pence, share {row['share_ppm']} parts per million, "
            f"from {row['valid_from']} to {row['valid_to']}."
        )
        why = "An agreement is for a positive amount or a share up to the whole, over at least a day."
        found.append(Problem(place, sentence, why, "Correct the amount, the share or the days."))
    return found


def suggestion(reader: Reader, code: str, table: str) -> str:
    """What to do about an unknown code: the nearest ones that are known, with their names."""
    names = {str(known): str(name) for known, name in reader.rows(f"SELECT code, name FROM {table}")}
    near = get_close_matches(code.upper(), names, 3, 0.5) or get_close_matches(code, names, 3, 0.5)
    if not near:
        lowered = {name.lower(): known for known, name in names.items()}
        near = [lowered[name] for name in get_close_matches(code.lower(), lowered, 3, 0.5)]
    if not near:
        return f"Correct the code, or record the {table} first."
    return "Did you mean " + " or ".join(f"{known} ({names[known]})" for known in near) + "?"
