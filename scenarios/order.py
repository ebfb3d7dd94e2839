"""Whether the order of steps matters: which two of them give another position when they change places.

Only two steps that meet can do so: one changes what the other looks at. All other pairs are passed over, so that many
small steps at many places are as quick to judge as they are to do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ledger.errors import Refused
from ledger.words import RING_FENCED
from scenarios.baseline import Baseline
from scenarios.change import Change, held, put, summed, tidied
from scenarios.engine import Done, apply
from scenarios.fields import CannotApply
from scenarios.selection import Mask, system_column

# The smallest thing that steps meet in: an ICB with all below it (empty for all ICBs), a fund and a year.
Line: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True)
class Pair:
    """Two steps whose order was tried. ``differs_pence`` is None where only one order can be done."""

    first: int
    second: int
    differs_pence: int | None


def pairs_that_differ(start: Baseline, done: Sequence[Done], alone: Mapping[int, Change | None]) -> list[Pair]:
    """Pairs whose order matters: the later step before the earlier one, against the order of the file.

    Args:
        alone: number of a step to what it does on the baseline; None where it cannot be done there.
    """
    found = []
    for one, other in _that_meet(start, done, alone):
        forward = _then(alone[one.number], other)
        backward = _then(alone[other.number], one)
        if forward is None and backward is None:
            continue  # neither order can be done on the baseline alone; the file's own order stands
        if forward is None or backward is None:
            found.append(Pair(one.number, other.number, None))
            continue
        apart = differs(forward.position, backward.position)
        if apart:
            found.append(Pair(one.number, other.number, apart))
    return found


def differs(one: pa.Table, other: pa.Table) -> int:
    """How much money stands elsewhere, or on other terms, in one position than in another; in pence.

    Half of what differs, because what is missing in one place is found in another; rounded up.
    """
    left = summed(_joined(one, other))
    return ((pc.sum(pc.abs(left["amount_pence"])).as_py() or 0) + 1) // 2


def _apart(one: pa.Table, other: pa.Table) -> pa.Table:
    """What one position has more than another, and, below zero, what it has less."""
    return tidied(_joined(one, other))


def _joined(one: pa.Table, other: pa.Table) -> pa.Table:
    return pa.concat_tables([one, put(other, amount_pence=pc.negate(other["amount_pence"]))])


def _then(first: Change | None, then: Done) -> Change | None:
    if first is None:
        return None
    try:
        return apply(then.lever, first.position, first.world)
    except Refused:
        return None


def _that_meet(
    start: Baseline, done: Sequence[Done], alone: Mapping[int, Change | None]
) -> Iterator[tuple[Done, Done]]:
    """The pairs of which one step changes what the other looks at, and those of which that cannot be told."""
    if len(done) <= 1:
        return
    changes = {number: _changes(start, change) for number, change in alone.items()}
    told = {number: table for number, table in changes.items() if table is not None}
    every = held(pa.concat_tables([start.position, *told.values()]))
    lines = _lines(every, start)
    whose = np.concatenate(
        [np.zeros(held(start.position).num_rows, np.int64)]
        + [np.full(held(table).num_rows, number, np.int64) for number, table in told.items()]
    )
    writes = {number: _lines_of(lines, whose == number) for number in told}
    reads = {each.number: _reached(each, every, start, lines) for each in done}
    for one, other in combinations(done, 2):
        first, second = one.number, other.number
        unknown = reads[first] is None or reads[second] is None or not {first, second} <= told.keys()
        if unknown or writes[first] & (reads[second] or set()) or writes[second] & (reads[first] or set()):
            yield one, other


def _changes(start: Baseline, change: Change | None) -> pa.Table | None:
    """The rows that a step alone makes or ends; None where it cannot be done alone, or alters the structure."""
    if change is None or change.world is not start.world:
        return None
    return _apart(change.position, start.position)


def _lines(every: pa.Table, start: Baseline) -> list[set[Line]]:
    """The lines that each row is of."""
    systems = system_column(every, start.world).to_pylist()
    keys = list(zip(every["fund"].to_pylist(), every["year"].to_pylist(), strict=True))
    grades = dict[tuple[str, int], set[bool]]()
    for key, grade in zip(keys, every["grade"].to_pylist(), strict=True):
        grades.setdefault(key, set()).add(grade in RING_FENCED)
    # Of a fund that is ring-fenced in part, what may leave hangs on all that is held of it.
    return [
        {(system, *key)} if len(grades[key]) == 1 else {(system, *key), ("", *key)}
        for system, key in zip(systems, keys, strict=True)
    ]


def _reached(step: Done, every: pa.Table, start: Baseline, lines: Sequence[set[Line]]) -> set[Line] | None:
    try:
        mask = step.lever.reach(every, start.world)
    except CannotApply:
        return None  # it names what an earlier step makes
    return None if mask is None else _lines_of(lines, mask)


def _lines_of(lines: Sequence[set[Line]], mask: Mask) -> set[Line]:
    return set().union(*(lines[row] for row in np.flatnonzero(mask).tolist()))
