"""Reports as is: what was held and what moved, restated to the boundaries of another day.

Reports are *as was* unless asked otherwise: they show the organisations of their time. As is, an organisation
that has been merged or split stands as those that came after it, each with the part of every amount that its
people are of the whole: weighted people, by the weighting that fits the line, and registered people where none
does. Each amount is split by largest remainder, so every sum is what it was, to the penny.
The books are not touched: a restatement is a way of looking at them, and says so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from allocations.shares.apportion import apportion
from allocations.shares.lines import succession_weights
from ledger import structure
from ledger.errors import refuse
from ledger.inputs import Input
from ledger.reports import position as as_was
from ledger.reports import register
from ledger.reports.below import walk
from ledger.reports.position import Moment
from ledger.store.base import Reader


def position(
    reader: Reader, at: Moment, day: date | None, *, organisation: str | None = None, year: int | None = None
) -> pa.Table:
    """A position of schema ``ledger.reports.position.SCHEMA``, restated to the organisations of a day.

    Args:
        at: the point on both clocks that the amounts and the successions are taken from.
        day: whose boundaries; none for those of the time, which is ``ledger.reports.position`` itself.
        organisation: only this organisation and those below it on that day; one that is divided between it
            and others, as a PCN is that straddles, counts by its part.
        year: only this financial year, by the year it starts in.

    Raises:
        Refused: the organisation is unknown, or did not exist on that day.
    """
    if day is None:
        return as_was.position(reader, at, organisation=organisation, year=year)
    table = _restated(reader, at, day, as_was.position(reader, at, year=year), "organisation")
    if organisation is not None:
        table = _within(table, *_parts(reader, at, day, organisation), organisation)
    return table.cast(as_was.SCHEMA)


def position_of_each(reader: Reader, at: Moment, day: date | None, tier: str, year: int) -> dict[str, pa.Table]:
    """The position of every organisation of a tier with all below it, by its code, as ``position`` gives each alone.

    Args:
        day: whose boundaries; none for those of the time.
        tier: the code of the tier, as ``icb``.
        year: by the year it starts in.
    """
    if day is None:
        return as_was.position_of_each(reader, at, tier, year)
    table = _restated(reader, at, day, as_was.position(reader, at, year=year), "organisation")
    held = _parents_on(reader, at, day)
    rank = register.tiers(reader)[tier]["rank"]
    found = {}
    for code in sorted({row["organisation"] for row in table.to_pylist() if row["tier"] == tier}):
        own = _within(table, *_parts_of(held, code, rank), code)
        found[code] = own.cast(as_was.SCHEMA)
    return found


def flows(
    reader: Reader,
    at: Moment,
    day: date | None,
    by: Sequence[str],
    *,
    organisation: str | None = None,
    year: int | None = None,
    within: bool = False,
) -> pa.Table:
    """What moved, as ``ledger.reports.position.flows`` has it, between the organisations of a day.

    Raises:
        Refused: as ``ledger.reports.position.flows``, or the organisation did not exist on that day.
    """
    if day is None:
        return as_was.flows(reader, at, by, organisation=organisation, year=year, within=within)
    sides = ("from_organisation", "from_name", "from_tier", "to_organisation", "to_name", "to_tier")
    # Each line goes by its own weighting, so lines are told apart until all is restated.
    columns = [*by, *(name for name in (*sides, "fund") if name not in by)]
    table = as_was.flows(reader, at, columns, year=year, within=within)
    for side in ("from_organisation", "to_organisation"):
        table = _restated(reader, at, day, table, side)
    if organisation is not None:
        members = sorted(_parts(reader, at, day, organisation)[0])
        table = table.filter(
            pc.or_(
                *(
                    pc.is_in(table[side], pa.array(members, pa.string()))
                    for side in ("from_organisation", "to_organisation")
                )
            )
        )
    if not within:
        # Two that have become one owe each other nothing any more.
        table = table.filter(pc.not_equal(table["from_organisation"], table["to_organisation"]))
    return _summed(table, list(by))


def changed_by(reader: Reader, at: Moment, day: date | None) -> list[date]:
    """The days of change that lie behind a restatement; none where everybody is still who they were."""
    if day is None:
        return []
    return [when for when, _ in structure.successions(reader, day, at.known)]


def _restated(reader: Reader, at: Moment, day: date, table: pa.Table, side: str) -> pa.Table:
    """The same rows with the organisations in one column replaced by those that came after them."""
    names = register.organisations(reader)
    facts = {
        "organisation": {"organisation_name": "name", "tier": "tier", "depth": "depth"},
        "from_organisation": {"from_name": "name", "from_tier": "tier"},
        "to_organisation": {"to_name": "name", "to_tier": "tier"},
    }[side]
    for when, step in structure.successions(reader, day, at.known):
        moved = pc.is_in(table[side], pa.array(list(step), pa.string()))
        fresh = []
        for row in table.filter(moved).to_pylist():
            weights = succession_weights(when, row[side], step[row[side]], row["fund"])
            for code, pence in apportion(row["amount_pence"], weights).items():
                told = {column: names[code][fact] for column, fact in facts.items() if column in row}
                fresh.append({**row, side: code, **told, "amount_pence": pence})
        kept = table.filter(pc.invert(moved))
        table = pa.concat_tables([kept, pa.Table.from_pylist(fresh, schema=table.schema)])
    return _summed(table, [name for name in table.column_names if name != "amount_pence"])


def _summed(table: pa.Table, by: Sequence[str]) -> pa.Table:
    found = (
        table.group_by(list(by))
        .aggregate([("amount_pence", "sum")])
        .rename_columns({"amount_pence_sum": "amount_pence"})
    )
    found = found.filter(pc.not_equal(found["amount_pence"], 0)).select([*by, "amount_pence"])
    return found.sort_by([(name, "ascending") for name in by])


Parents = Mapping[str, Fraction]
Held = Mapping[str, Mapping[tuple[int, str], Parents]]
_WHOLE = Fraction(1)


def _parts(reader: Reader, at: Moment, day: date, organisation: str) -> tuple[set[str], dict[str, Parents]]:
    """Everybody below an organisation on a day, itself included, and the parents that each is divided among."""
    _refuse_absent(reader, at, day, organisation)
    return _parts_of(_parents_on(reader, at, day), organisation, register.organisations(reader)[organisation]["rank"])


def _parts_of(held: Held, organisation: str, rank: int) -> tuple[set[str], dict[str, Parents]]:
    children: dict[str, set[str]] = defaultdict(set)
    for child, schemes in held.items():
        for parents in schemes.values():
            for parent in parents:
                children[parent].add(child)
    members = set(walk(children, organisation))
    # The parents in the scheme that lies nearest below the organisation: a network counts for an ICB by its parts
    # in ICBs, and for a place by its parts in places.
    parts: dict[str, Parents] = {
        child: held[child][min(scheme for scheme in held[child] if scheme[0] >= rank)]
        for child in members - {organisation}
    }
    return members, parts


def _parents_on(reader: Reader, at: Moment, day: date) -> dict[str, dict[tuple[int, str], dict[str, Fraction]]]:
    """Child to (rank of the parents, scheme) to parent to part; a parent that is no more by those that came after."""
    steps = structure.successions(reader, day, at.known)
    held: dict[str, dict[tuple[int, str], dict[str, Fraction]]] = defaultdict(lambda: defaultdict(dict))
    for one in structure.memberships(reader, day, at.known):
        parents = {one.parent: _WHOLE if one.part is None else Fraction(one.part)}
        for when, step in steps:
            if one.ended is not None and one.ended <= when:
                parents = _succeeded(parents, step)
        _add(held[one.child][one.rank, one.scheme], parents)
    return held


def _succeeded(parents: Parents, step: Mapping[str, Mapping[str, int]]) -> dict[str, Fraction]:
    divided: dict[str, Fraction] = {}
    for parent, part in parents.items():
        after = step.get(parent, {parent: 1})
        whole = sum(after.values())
        _add(divided, {code: part * Fraction(weight, whole) for code, weight in after.items()})
    return divided


def _add(sums: dict[str, Fraction], parts: Parents) -> None:
    """Add parts to sums. Most are the first of their parent, which an exact sum with nothing would only slow down."""
    for parent, part in parts.items():
        sums[parent] = sums[parent] + part if parent in sums else part


def _refuse_absent(reader: Reader, at: Moment, day: date, organisation: str) -> None:
    life = structure.lives(reader, at.known).get(organisation)
    if life is None:
        remedy = structure.suggestion(reader, organisation, "organisation")
        sentence = f"there is no organisation '{organisation}'."
        refuse(Input.ORGANISATION, sentence, "Its money cannot be shown.", remedy)
    if not life["valid_from"] <= day < (life["valid_to"] or date.max):
        after = sorted(
            {code for _, step in structure.successions(reader, day, at.known) for code in step.get(organisation, {})}
        )
        remedy = f"Ask for {' or '.join(after)}." if after else "Ask for a day on which it existed."
        sentence = f"{organisation} did not exist on {day}."
        refuse(Input.BOUNDARIES, sentence, "It has no boundaries of that day.", remedy)


def _within(table: pa.Table, members: set[str], parts: Mapping[str, Parents], organisation: str) -> pa.Table:
    """The rows of an organisation and of those below it; those that are divided with their part inside."""
    divided = {code for code, parents in parts.items() if not members.issuperset(parents)}
    kept = table.filter(
        pc.is_in(table["organisation"], pa.array(sorted({organisation, *members} - divided), pa.string()))
    )
    cut = []
    for row in table.filter(pc.is_in(table["organisation"], pa.array(sorted(divided), pa.string()))).to_pylist():
        shares = apportion(row["amount_pence"], parts[row["organisation"]])
        inside = sum(pence for parent, pence in shares.items() if parent in members)
        if inside:
            cut.append({**row, "amount_pence": inside})
    return pa.concat_tables([kept, pa.Table.from_pylist(cut, schema=table.schema)])
