"""Who is below whom: one relation, in force on a day and as known by an entry, at one or many points.

Whoever is below an organisation and also below somebody outside, as a network in two ICBs is, is *shared*: it counts
there with what came to it from there alone (``ledger.reports.position``).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa

from ledger.store.base import Reader
from ledger.structure import KNOWN_RELATIONSHIPS

_POINTS = pa.schema([("point", pa.int32()), ("day", pa.date32()), ("known", pa.int64())])

# The relationships in force at each point: those that no later row, known by then, corrects.
_EDGE = """
corrected AS (
    SELECT supersedes AS id, min(entry_number) AS known_from FROM relationship WHERE supersedes IS NOT NULL GROUP BY 1
),
edge AS MATERIALIZED (
    SELECT p.point, r.parent, r.child FROM below_point p
    JOIN relationship r ON r.entry_number <= p.known
        AND r.valid_from <= p.day AND (r.valid_to IS NULL OR p.day < r.valid_to)
    LEFT JOIN corrected c ON c.id = r.id
    WHERE c.id IS NULL OR c.known_from > p.known
)
"""
_BELOW = f"""
WITH RECURSIVE {_EDGE},
below(point, root, organisation) AS (
    SELECT p.point, r.root, o.code FROM below_point p CROSS JOIN below_root r
    JOIN organisation o ON o.code = r.root AND o.entry_number <= p.known
    UNION
    SELECT b.point, b.root, e.child FROM below b JOIN edge e ON e.point = b.point AND e.parent = b.organisation
),
elsewhere AS (
    SELECT DISTINCT b.point, b.root, b.organisation FROM below b
    JOIN edge e ON e.point = b.point AND e.child = b.organisation
    LEFT JOIN below o ON o.point = b.point AND o.root = b.root AND o.organisation = e.parent
    WHERE b.organisation <> b.root AND o.organisation IS NULL
)
SELECT b.point, b.root, b.organisation, e.organisation IS NOT NULL AS shared
FROM below b LEFT JOIN elsewhere e ON e.point = b.point AND e.root = b.root AND e.organisation = b.organisation
"""
_IN_FORCE = f"""
WITH {KNOWN_RELATIONSHIPS}
SELECT r.parent, r.child, r.scheme, r.part, p.tier AS parent_tier FROM known_relationship r
JOIN organisation p ON p.code = r.parent
WHERE r.valid_from <= $day AND (r.valid_to IS NULL OR $day < r.valid_to)
ORDER BY r.child, r.scheme, r.parent
"""


class StructurePoint(NamedTuple):
    """A point at which it is asked who is below whom.

    Attributes:
        point: its number in the answer, such as a financial year.
        day: whose relationships are in force.
        known: the last entry that counts.
    """

    point: int
    day: date
    known: int


def below(reader: Reader, roots: Sequence[str], points: Sequence[StructurePoint]) -> pa.Table:
    """Everybody below organisations at points, each organisation itself included.

    Returns:
        A row for each: ``point``, ``root``, ``organisation``, and whether it is ``shared`` with somebody outside.
        None for an organisation that is unknown at the point.
    """
    reader.stage("below_root", pa.table({"root": pa.array(roots, pa.string())}))
    reader.stage("below_point", pa.Table.from_pylist([point._asdict() for point in points], schema=_POINTS))
    return reader.table(_BELOW)


def members(reader: Reader, organisation: str, day: date, known: int) -> set[str]:
    """An organisation and everyone below it on a day, as known by an entry; empty for an unknown code."""
    return set(below(reader, [organisation], [StructurePoint(0, day, known)])["organisation"].to_pylist())


def in_force(reader: Reader, day: date, known: int) -> pa.Table:
    """The relationships in force on a day, as known by an entry, by child, scheme and parent.

    Returns:
        ``parent``, ``child``, ``scheme``, ``part`` (registered population x 10^9, where a child is divided) and
        ``parent_tier``.
    """
    return reader.table(_IN_FORCE, {"day": day, "known": known})


def walk(children: Mapping[str, Iterable[str]], root: str) -> dict[str, int]:
    """Everybody below an organisation in any net of relationships, by how many steps; itself by none."""
    steps, edge = {root: 0}, [root]
    while edge:
        after = dict.fromkeys(child for parent in edge for child in children.get(parent, ()) if child not in steps)
        steps |= dict.fromkeys(after, steps[edge[0]] + 1)
        edge = list(after)
    return steps
