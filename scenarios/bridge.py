"""From before to after, step by step: what each step does alone, and what they do only together.

A step's effect is measured on the baseline, as if it stood alone. The rest, up to the total change, is the
interaction of the steps; so a bridge always adds up, to the penny. A step that rests on an earlier one, as
a release of a fund that the step before it made does, has no effect alone: it is measured after those before it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ledger.errors import Refused
from ledger.reports.measures import UNTIED_GRADES
from ledger.reports.position import WITHOUT_AGREEMENT
from ledger.words import NO_CHOICE, RING_FENCED
from scenarios.change import Change, held
from scenarios.engine import Done, Run, apply
from scenarios.order import Pair, pairs_that_differ
from scenarios.world import World


@dataclass(frozen=True)
class Quantity:
    """An amount of money that can be read off a position."""

    name: str
    title: str
    keep: Callable[[pa.Table], pa.ChunkedArray]


def _grades(grades: tuple[str, ...]) -> Callable[[pa.Table], pa.ChunkedArray]:
    return lambda table: pc.is_in(table["grade"], value_set=pa.array(grades, pa.string()))


def _early(table: pa.Table) -> pa.ChunkedArray:
    """Notified before 1 April of its year; money without a day of notice does not count."""
    first_of_april = pc.strptime(
        pc.binary_join_element_wise(pc.cast(table["year"], pa.string()), pa.scalar("-04-01"), pa.scalar("")),
        format="%Y-%m-%d", unit="s",
    )  # fmt: skip
    return pc.less(table["notified_on"], pc.cast(first_of_april, pa.date32()))


def could_be_handed_on(table: pa.Table) -> pa.ChunkedArray:
    """Of which rows it is a choice to keep them, as ``ledger.reports.measures`` has it."""
    directed = pc.is_in(table["discretion"], value_set=pa.array(NO_CHOICE))
    return pc.and_(pc.greater(table["lowest_depth"], 0), pc.invert(directed))


def _kept(table: pa.Table) -> pa.ChunkedArray:
    """Kept without agreement of what could be handed on."""
    return pc.and_(pc.equal(table["standing"], WITHOUT_AGREEMENT), could_be_handed_on(table))


def _local(table: pa.Table) -> pa.ChunkedArray:
    return pc.greater(table["depth"], 0)


QUANTITIES = (
    Quantity("held", "Held in all", lambda table: pc.is_valid(table["fund"])),
    Quantity("by_population", "Allocated by formula", lambda table: pc.equal(table["route"], "formula")),
    Quantity("free", "Free of conditions", _grades(UNTIED_GRADES)),
    Quantity("ring_fenced", "Ring-fenced, hard or statutory", _grades(RING_FENCED)),
    Quantity("local", "Decided at place or below", _local),
    Quantity(
        "local_and_free", "Local and free", lambda table: pc.and_kleene(_local(table), _grades(UNTIED_GRADES)(table))
    ),
    Quantity("kept_without_agreement", "Kept without agreement", _kept),
    Quantity("known_before", "Known before the year starts", _early),
)  # fmt: skip


# What a position does not hold: see scenarios/bidding.py.
FRONT_LINE = Quantity(
    "front_line", "Left for the front line after the costs of bidding", lambda table: pc.is_valid(table["fund"])
)
# The columns of a position that its quantities ask for.
ASKED = [
    "fund",
    "year",
    "depth",
    "lowest_depth",
    "discretion",
    "standing",
    "grade",
    "route",
    "notified_on",
    "amount_pence",
]


@dataclass(frozen=True)
class BridgeStep:
    """One step of a bridge.

    Attributes:
        effect_pence: what the step does alone, or after the steps that it rests on.
        alone: whether it could be done alone.
    """

    step: int
    lever: str
    effect_pence: int
    alone: bool


@dataclass(frozen=True)
class Bridge:
    """The way of one quantity from before to after; ``before + bars + interaction = after``."""

    quantity: Quantity
    before_pence: int
    bars: tuple[BridgeStep, ...]
    interaction_pence: int
    after_pence: int

    @property
    def change_pence(self) -> int:
        """From before to after."""
        return self.after_pence - self.before_pence

    @property
    def can_be_seen(self) -> bool:
        """Whether the change is large enough, a two-hundredth or more, to be seen in a picture of before and after."""
        return bool(self.change_pence) and 200 * abs(self.change_pence) >= self.before_pence


@dataclass(frozen=True)
class Bridges:
    """Every bridge of a scenario, and whether the order of its steps matters.

    Attributes:
        pairs: the pairs of steps whose order matters; all that meet were tried on the baseline.
    """

    bridges: tuple[Bridge, ...]
    pairs: tuple[Pair, ...]

    @property
    def order_matters(self) -> bool:
        """Whether any two steps give another position when they change places."""
        return bool(self.pairs)


def quantities(*worlds: World) -> tuple[Quantity, ...]:
    """Every quantity; what is left for the front line only where something is bid for."""
    return (*QUANTITIES, FRONT_LINE) if any(world.bid_for for world in worlds) else QUANTITIES


def measured(table: pa.Table, world: World | None = None) -> dict[str, int]:
    """Every quantity of a position, in pence; in a world that is given, also what is left for the front line."""
    own = held(table.select(ASKED))
    amounts = own["amount_pence"]
    found = {each.name: _sum(amounts.filter(pc.fill_null(each.keep(own), False))) for each in QUANTITIES}
    costs = 0 if world is None else sum(world.costs_of_bidding().values())
    return {**found, FRONT_LINE.name: found["held"] - costs}


def _sum(amounts: pa.ChunkedArray) -> int:
    return pc.sum(amounts).as_py() or 0


def bridges(run: Run) -> Bridges:
    """The bridges of all quantities, and the order of the steps two by two."""
    before, after = measured(run.baseline.position, run.baseline.world), measured(run.position, run.world)
    alone = {done.number: _alone(run, done) for done in run.done}
    effects: dict[int, tuple[Mapping[str, int], bool]] = {}
    reached = before
    for done in run.done:
        by_itself = alone[done.number]
        following = _after(done.change) if by_itself is None or len(run.done) == 1 else None
        if by_itself is not None:
            seen = following or _after(by_itself)
            effects[done.number] = {name: seen[name] - before[name] for name in before}, True
        else:
            following = following or _after(done.change)
            effects[done.number] = {name: following[name] - reached[name] for name in before}, False
        reached = _after(done.change) if None in alone.values() else reached
    found = []
    for quantity in quantities(run.baseline.world, run.world):
        bars = tuple(
            BridgeStep(
                done.number, done.lever.lever_name(), effects[done.number][0][quantity.name], effects[done.number][1]
            )
            for done in run.done
        )
        rest = after[quantity.name] - before[quantity.name] - sum(bar.effect_pence for bar in bars)
        found.append(Bridge(quantity, before[quantity.name], bars, rest, after[quantity.name]))
    return Bridges(tuple(found), tuple(pairs_that_differ(run.baseline, run.done, alone)))


def _after(change: Change) -> dict[str, int]:
    return measured(change.position, change.world)


def _alone(run: Run, done: Done) -> Change | None:
    """A step on the baseline; None where it rests on earlier ones."""
    if done is run.done[0]:
        return done.change
    try:
        return apply(done.lever, run.baseline.position, run.baseline.world)
    except Refused:
        return None
