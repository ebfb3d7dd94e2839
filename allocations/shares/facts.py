"""Places, networks or practices of an ICB beside each other: people, and need relative to the ICB and to England."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS
from allocations.places.division import IN_NONE, UNASSIGNED, Division, with_places
from allocations.shares import need
from allocations.shares.schedule import Line

WHOLE = "England"
# Below this many people a group's indices say little; NHS England's own tool warns of them too.
SMALL_PEOPLE = 1_000


@dataclass(frozen=True, slots=True)
class Group:
    """One place, network or practice.

    Attributes:
        registered_billionths: registered people, in billionths of a person.
        of_icb: component of need to its index relative to the ICB, in thousandths; None where there is none.
        of_england: the same relative to England.
    """

    code: str
    name: str
    practices: int
    registered_billionths: int
    of_icb: Mapping[str, int | None]
    of_england: Mapping[str, int | None]

    @property
    def is_small(self) -> bool:
        """Whether it has so few people that its indices are uncertain."""
        return self.registered_billionths < SMALL_PEOPLE * 10**9

    @property
    def is_unassigned(self) -> bool:
        """Whether these are the practices that no place has."""
        return self.code == UNASSIGNED


def groups(icb: str, level: str, division: Division | None = None) -> list[Group]:
    """Every group of an ICB, by name; last those practices that are in none, where there are any.

    Args:
        level: ``place``, ``pcn`` or ``practice``.
        division: the user's own places, where the level is ``place``; the default places otherwise.
    """
    table = tables.table("practices_2025_26")
    own = table.filter(pc.equal(table["icb"], icb))
    if division is not None and level == "place":
        own = with_places(own, division)
    filled = pc.fill_null(own[level], UNASSIGNED)
    own = own.set_column(own.column_names.index(level), level, filled)
    others = table.filter(pc.not_equal(table["icb"], icb))
    counted = pa.concat_tables([own.select(_columns(level)), others.select(_columns(level))])
    found = need.indices(counted, level, whole=WHOLE)
    rows = found.filter(pc.and_(pc.equal(found["icb"], icb), pc.is_valid(found["group"]))).to_pylist()
    practices = pc.value_counts(filled).to_pylist()
    counts = {row["values"]: row["counts"] for row in practices}
    names = {**_names(level), UNASSIGNED: IN_NONE.get(level, UNASSIGNED)}
    grouped: dict[str, dict[str, dict[str, int | None]]] = {}
    people: dict[str, int] = {}
    for row in rows:
        bases = grouped.setdefault(row["group"], {icb: {}, WHOLE: {}})
        bases[row["base"]][row["component"]] = row["index_thousandths"]
        people[row["group"]] = row["registered_billionths"]
    listed = [
        Group(code, names.get(code, code), counts[code], people[code], bases[icb], bases[WHOLE])
        for code, bases in grouped.items()
    ]
    return sorted(listed, key=lambda group: (group.is_unassigned, group.name, group.code))


def index(thousandths: int | None) -> Fraction | None:
    """An index as a number: 1.043 from 1043."""
    return None if thousandths is None else Fraction(thousandths, 1000)


def furthest(groups: Sequence[Group], component: str, most: int) -> list[tuple[Group, int]]:
    """The groups with an index relative to their ICB, highest first; where there are many, those furthest from 1."""
    known = [(group, value) for group in groups if (value := group.of_icb.get(component)) is not None]
    far = sorted(known, key=lambda pair: (-abs(pair[1] - 1000), pair[0].code))[:most]
    return sorted(far, key=lambda pair: (-pair[1], pair[0].code))


def furthest_from_target(lines: Sequence[Line], most: int) -> list[Line]:
    """The lines with a distance, the furthest above its fair share first; where there are many, the furthest off."""
    known = [(line, part) for line in lines if (part := line.of_target(line.distance_pence)) is not None]
    far = sorted(known, key=lambda pair: (-abs(pair[1]), pair[0].name))[:most]
    return [line for line, _ in sorted(far, key=lambda pair: (-pair[1], pair[0].name))]


def icb_names() -> dict[str, str]:
    """Code to name of every ICB whose practices the figures of the year hold, by name."""
    with_practices = set(tables.table("practices_2025_26")["icb"].to_pylist())
    rows = tables.table("organisations").to_pylist()
    found = {row["code"]: row["name"] for row in rows if row["code"] in with_practices}
    return dict(sorted(found.items(), key=lambda pair: pair[1]))


def _columns(level: str) -> list[str]:
    return list(dict.fromkeys(["practice", "icb", level, *WEIGHTINGS]))


def _names(level: str) -> dict[str, str]:
    if level == "practice":
        return {}
    table = {"place": "places_2025_26", "pcn": "pcns_2025_26"}[level]
    return {row[level]: row["name"] for row in tables.table(table).to_pylist()}
