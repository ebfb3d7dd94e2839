"""By which weighted population each line of money is shared, between places and between the ICBs that follow others."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS

REGISTERED = "registered"


def weighting_of(fund: str) -> str:
    """The weighting by which a line is shared: its own, or that of the line around it, or core."""
    own = {row["fund"]: row["by"] for row in tables.table("line_weightings").to_pylist()}
    parent = {row["code"]: row["parent"] for row in tables.table("funds").to_pylist()}
    line: str | None = fund
    while line is not None:
        if line in own:
            return str(own[line])
        line = parent.get(line)
    return "core"


def succession_weights(day: date, predecessor: str, recorded: Mapping[str, int], fund: str) -> Mapping[str, int]:
    """Successor to weight, by which money of a line follows its people when an ICB ends.

    The books record a succession with one weight, registered people. Where it is one that is shipped, the people
    are known by every weighting, and the money of a line goes by the one that fits it; else by what is recorded.

    Args:
        day: of the succession.
        predecessor: whose money it is.
        recorded: successor to weight, as the books have it.
        fund: the line.
    """
    shipped = _shipped().get((day, predecessor), {})
    registered = {successor: weights[REGISTERED] for successor, weights in shipped.items()}
    if registered != dict(recorded):
        return recorded
    by = weighting_of(fund) if fund in _funds() else REGISTERED
    return {successor: weights[by] for successor, weights in shipped.items()}


@cache
def _funds() -> frozenset[str]:
    return frozenset(tables.table("funds")["code"].to_pylist())


@cache
def _shipped() -> dict[tuple[date, str], dict[str, dict[str, int]]]:
    """Day and predecessor to successor to weighting to people, in billionths."""
    found: dict[tuple[date, str], dict[str, dict[str, int]]] = {}
    for row in tables.table("successions").to_pylist():
        weights = {name: tables.billionths(row[name]) for name in WEIGHTINGS}
        found.setdefault((row["effective_date"], row["predecessor"]), {})[row["successor"]] = weights
    return found
