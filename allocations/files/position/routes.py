"""By which way money can have come down to an organisation: the shortest line of relationships from the source."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from allocations.shares.apportion import apportion
from ledger.reports.structure import KNOWN_RELATIONSHIPS, LIFE
from ledger.store.base import Reader

Path = tuple[str, ...]

_EDGES = f"""
WITH {KNOWN_RELATIONSHIPS},
{LIFE},
alive AS (SELECT code FROM life WHERE valid_from <= $day AND (valid_to IS NULL OR $day < valid_to))
SELECT r.parent, r.child, r.scheme, r.part FROM known_relationship r
WHERE r.valid_from <= $day AND (r.valid_to IS NULL OR $day < r.valid_to)
  AND r.parent IN (SELECT code FROM alive) AND r.child IN (SELECT code FROM alive)
ORDER BY r.child, r.scheme, r.parent
"""


class Routes:
    """The relationships of one day, as a net to send money down."""

    def __init__(self, reader: Reader, day: date, known: int) -> None:
        self._parents: dict[str, list[tuple[str, str, int | None]]] = defaultdict(list)
        self._children: dict[str, list[str]] = defaultdict(list)
        for row in reader.table(_EDGES, {"day": day, "known": known}).to_pylist():
            self._parents[row["child"]].append((row["parent"], row["scheme"], row["part"]))
            self._children[row["parent"]].append(row["child"])
        self._steps: dict[str, Mapping[str, int]] = {}

    def reaches(self, source: str, organisation: str) -> bool:
        """Whether money can come down from one to the other."""
        return organisation in self._steps_from(source)

    def ways(self, source: str, organisation: str, pence: int) -> Sequence[tuple[Path, int]]:
        """The ways from the source to an organisation, with the part of the money that each takes.

        The shortest way; where an organisation is divided between parents, as a network in two places is, by the
        parts that the books record; else the first parent by scheme and code.
        """
        if organisation == source:
            return [((source,), pence)]
        found = []
        for parent, part in self._shares(source, organisation, pence):
            found += [((*way, organisation), amount) for way, amount in self.ways(source, parent, part)]
        return found

    def _shares(self, source: str, organisation: str, pence: int) -> Sequence[tuple[str, int]]:
        steps = self._steps_from(source)
        nearer = [row for row in self._parents[organisation] if steps.get(row[0]) == steps[organisation] - 1]
        scheme = min(scheme for _, scheme, _ in nearer)
        parts = {parent: part for parent, its, part in nearer if its == scheme}
        whole = {parent: part for parent, part in parts.items() if part}
        if len(parts) == 1 or len(whole) != len(parts):
            return [(min(parts), pence)]
        return [(parent, amount) for parent, amount in sorted(apportion(pence, whole).items()) if amount]

    def _steps_from(self, source: str) -> Mapping[str, int]:
        """How many steps each organisation is below the source."""
        if source not in self._steps:
            steps, edge = {source: 0}, [source]
            while edge:
                after = [child for parent in edge for child in self._children[parent] if child not in steps]
                steps |= dict.fromkeys(after, steps[edge[0]] + 1)
                edge = list(dict.fromkeys(after))
            self._steps[source] = steps
        return self._steps[source]
