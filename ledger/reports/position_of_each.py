"""The positions of all organisations of a tier, as ``position`` gives each alone, but from one look at the books."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from ledger import structure
from ledger.reports.position import SCHEMA, Moment, flows, position
from ledger.store.base import Reader
from ledger.words import RETAINED
from ledger.years import FinancialYear

_SIDES = ("from_organisation", "to_organisation", "fund", "from_standing", "to_standing")
Key = tuple[str, str, str]


def position_of_each(reader: Reader, at: Moment, tier: str, year: int) -> dict[str, pa.Table]:
    """The position of every organisation of a tier with all below it, by its code, in a financial year.

    What is below one of them alone is taken from the position of everything. One that is below several, as a
    network in two ICBs is, counts in each with what came to it from there, as in ``position``.

    Args:
        tier: the code of the tier, as ``icb``.
        year: by the year it starts in.
    """
    whole = position(reader, at, year=year).to_pylist()
    below = _everybody_below(reader, at, tier, year)
    held: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in whole:
        held[row["organisation"]].append(row)
    moved = flows(reader, at, _SIDES, year=year).to_pylist()
    found = {}
    for root, (own, shared) in below.items():
        rows = [row for code in own for row in held[code]]
        if shared:
            divided = _divided(moved, own | shared, shared)
            extra = _rows(divided, held)
            if extra is None:
                found[root] = position(reader, at, organisation=root, year=year)
                continue
            rows += extra
        if rows:
            found[root] = pa.Table.from_pylist(rows, schema=SCHEMA)
    return found


def _everybody_below(reader: Reader, at: Moment, tier: str, year: int) -> dict[str, tuple[set[str], set[str]]]:
    """Each of the tier, with those below it alone, itself included, and those below others too."""
    day = min(at.as_at, FinancialYear(year).last_day)
    parents: dict[str, set[str]] = defaultdict(set)
    children: dict[str, set[str]] = defaultdict(set)
    for one in structure.memberships(reader, day, at.known):
        if one.ended is None:
            parents[one.child].add(one.parent)
            children[one.parent].add(one.child)
    roots = reader.rows(
        "SELECT code FROM organisation WHERE tier = $tier AND entry_number <= $known ORDER BY code",
        {"tier": tier, "known": at.known},
    )
    found = {}
    for (code,) in roots:
        root = str(code)
        members, fresh = {root}, {root}
        while fresh:
            fresh = {child for parent in fresh for child in children[parent]} - members
            members |= fresh
        shared = {member for member in members - {root} if parents[member] - members}
        found[root] = (members - shared, shared)
    return found


def _divided(moved: list[dict[str, Any]], members: set[str], shared: set[str]) -> dict[Key, int]:
    """What those that are shared hold of what came to them from here, less what they passed on here."""
    pence: dict[Key, int] = defaultdict(int)
    for row in moved:
        source, target = row["from_organisation"], row["to_organisation"]
        if source in members and target in members:
            if target in shared:
                pence[target, row["fund"], row["to_standing"]] += row["amount_pence"]
            if source in shared:
                pence[source, row["fund"], row["from_standing"]] -= row["amount_pence"]
    return {key: amount for key, amount in pence.items() if amount}


def _rows(divided: Mapping[Key, int], held: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]] | None:
    """The divided amounts as rows of a position; None where what is known of them does not tell how they stand."""
    rows = []
    for (organisation, fund, standing), pence in divided.items():
        like = [row for row in held.get(organisation, ()) if (row["fund"], row["standing"]) == (fund, standing)]
        if standing == RETAINED or len(like) != 1:
            return None
        rows.append({**like[0], "amount_pence": pence})
    return rows
