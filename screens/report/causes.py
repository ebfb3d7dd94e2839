"""Problems by their cause: what is amiss in two hundred rows is told once, with a count and the first places."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.errors import Problem

_DIFFERS = re.compile(r"'[^']*'|£?-?[\d,]*\d(?:\.\d+)?|\b[A-Z]{1,3}\d+\b")
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """Problems that differ in their places, names and figures alone.

    Attributes:
        first: the first of them, as it stands.
        places: where they are, in the order of the data.
    """

    first: Problem
    places: tuple[str, ...]

    @property
    def more(self) -> str:
        """How many more there are, and the first of their places; empty where there is one alone."""
        others = self.places[1:]
        if not others:
            return ""
        shown = ", ".join(place.rsplit(", ", 1)[-1] for place in others[:_SHOWN])
        return f"{len(others):,} more like it: {shown}{' and so on' if len(others) > _SHOWN else ''}."


def by_cause(problems: Sequence[Problem]) -> list[Cause]:
    """Problems with one cause as one, in the order of the first of each."""
    found: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        found.setdefault((_DIFFERS.sub("", problem.found), problem.why, problem.fix), []).append(problem)
    return [Cause(same[0], tuple(str(each.where) for each in same)) for same in found.values()]


def cause_rows(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """Causes as programs get them."""
    return [
        {
            "place": str(cause.first.where),
            "found": cause.first.found,
            "why": cause.first.why,
            "remedy": cause.first.fix,
            "count": len(cause.places),
            "first_places": list(cause.places[:_SHOWN]),
        }
        for cause in by_cause(problems)
    ]
