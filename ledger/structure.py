"""Who is part of whom, and whether what is recorded of it makes sense."""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

from ledger.errors import refuse
from ledger.inputs import Input
from ledger.store.reading import Reader

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
        SELECT c.valid_to FROM closure c WHERE c.organisation = o.code AND c.entry_number <= $known
        ORDER BY c.entry_number DESC, c.id DESC LIMIT 1), o.valid_to) AS valid_to
    FROM organisation o WHERE o.entry_number <= $known
)
"""
_LIVES = f"""
WITH {LIFE}
SELECT l.code, l.name, l.tier, t.rank, t.depth, l.valid_from, l.valid_to FROM life l JOIN tier t ON t.code = l.tier
ORDER BY l.code
"""

_RELATIONSHIPS = """
SELECT r.*, EXISTS (SELECT 1 FROM relationship s WHERE s.supersedes = r.id) AS is_corrected FROM relationship r
ORDER BY r.child, r.scheme, r.valid_from, r.id
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


def lives(reader: Reader, known: int) -> dict[str, dict[str, Any]]:
    """Every organisation known by an entry, by code.

    Returns:
        ``code``, ``name``, ``tier``, its ``rank`` and ``depth``, ``valid_from``, and ``valid_to``: the first day
        on which it is no more, or None.
    """
    return {row["code"]: row for row in reader.table(_LIVES, {"known": known}).to_pylist()}


def relationships(reader: Reader) -> list[dict[str, Any]]:
    """Every relationship that was ever recorded, as rows of their table, each with ``is_corrected``: by a later row."""
    rows: list[dict[str, Any]] = reader.table(_RELATIONSHIPS).to_pylist()
    return rows


def tier_of(reader: Reader, organisation: str, where: Input = Input.ORGANISATION) -> str:
    """The tier of an organisation.

    Args:
        where: by which name it was given.

    Raises:
        Refused: there is no such organisation; with the nearest that there are.
    """
    rows = reader.rows("SELECT tier FROM organisation WHERE code = $code", {"code": organisation})
    if not rows:
        remedy = suggestion(reader, organisation, "organisation")
        sentence = f"there is no organisation '{organisation}'."
        why = "Nobody holds the money." if where is Input.HOLDER else "It holds no money."
        refuse(where, sentence, why, remedy)
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
