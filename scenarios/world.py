"""What a scenario knows besides the position: who is part of whom, which funds there are, and who lives where.

A world never changes; a lever that alters the structure returns another one.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures.weightings import WEIGHTINGS
from allocations.places.division import UNASSIGNED
from allocations.shares.apportion import apportion
from ledger.years import FinancialYear

NATIONAL, ICB, PLACE, PCN, PRACTICE = "national", "icb", "place", "pcn", "practice"
# Who can share money out to whom, from the top down, by the columns of the people table.
LEVELS = (NATIONAL, ICB, PLACE, PCN, PRACTICE)
# Who else may hold money in a scenario, from the top down; a step that needs them makes them.
HOLDERS = ("iho", "local_authority", "pool", "provider", "mnp", "snp")
EQUAL = "equal"
PLURAL = {
    ICB: "ICBs", PLACE: "places", PCN: "networks", PRACTICE: "practices", "iho": "integrated health organisations",
    "local_authority": "councils", "pool": "pools", "provider": "providers", "mnp": "multi-neighbourhood providers",
    "snp": "single-neighbourhood providers",
}  # fmt: skip
T = TypeVar("T")


class WorldOrganisation(NamedTuple):
    """Somebody who can hold money. ``icb`` is the ICB above, the one with most of its people if it has several."""

    code: str
    name: str
    tier: str
    icb: str | None = None


class WorldTier(NamedTuple):
    """A level at which money is decided."""

    code: str
    name: str
    rank: int
    depth: int


class WorldFund(NamedTuple):
    """A line of money."""

    code: str
    name: str
    parent: str | None
    stream: str
    resource: str
    lowest_depth: int


class BidFor(NamedTuple):
    """A fund that is bid for, or was until a step gave it out otherwise.

    Attributes:
        open_to: who could bid: what it is compared with goes to the same.
        pot_pence: what could be won.
        overhead: who pays to what it costs them, the funder included, as the mean over all draws.
        cost_of_a_return_pence, returns_per_award, administration_by_formula_pence: as was assumed of the bids.
    """

    open_to: frozenset[str]
    pot_pence: int
    overhead: Mapping[str, int]
    cost_of_a_return_pence: int
    returns_per_award: Fraction
    administration_by_formula_pence: int


@dataclass(frozen=True, eq=False)
class World:
    """Structure and people, as a scenario sees them.

    Attributes:
        year: the financial year of the position.
        people_year: the year of the weighted populations; None where there are none.
        borrows_people: whether the people of another year stand in for those of this one, because none are shipped.
        people: one row per practice: ``practice``, ``pcn``, ``place``, ``icb`` and each weighting as whole
            billionths of a person.
        given: measures that the scenario file brings: name to code to value.
        segments: oversight segment of each ICB, where the file gives them.
        segment_counts: how many ICBs are in each segment, where no more than that is known.
        seed: what every draw by chance starts from.
        scope: the organisation that the position is limited to; None for all.
        purposes: fund to what a step says that it is for, such as prevention.
        withdrawn: the rows of money that was announced, and taken back in the year.
        bid_for: funds that are bid for in this scenario, by code.
        came_from: organisation in several ICBs to what steps have moved to it (above zero) and from it, by ICB.
    """

    year: FinancialYear
    tiers: Mapping[str, WorldTier]
    organisations: Mapping[str, WorldOrganisation]
    funds: Mapping[str, WorldFund]
    people: pa.Table
    people_year: FinancialYear | None
    given: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    segments: Mapping[str, int] = field(default_factory=dict)
    segment_counts: Mapping[int, int] = field(default_factory=dict)
    seed: int = 0
    scope: str | None = None
    withdrawn: pa.Table | None = None
    bid_for: Mapping[str, BidFor] = field(default_factory=dict)
    borrows_people: bool = False
    purposes: Mapping[str, str] = field(default_factory=dict)
    came_from: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    _memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def changed(self, **facts: Any) -> "World":
        """The same world with other facts."""
        found = replace(self, **facts)
        if not facts.keys() & {"people", "organisations"} and found.given == self.given:
            # Shared, so that what is worked out from one of them is there in all: a scenario is run many times.
            object.__setattr__(found, "_memo", self._memo)
        return found

    @property
    def national(self) -> str | None:
        """The code of the national body, where there is one."""
        return next((each.code for each in self.organisations.values() if each.tier == NATIONAL), None)

    def depth(self, tier: str) -> int:
        """Steps below the ICB."""
        return self.tiers[tier].depth

    def people_of(self, weighting: str, holders: str, receivers: str) -> dict[str, dict[str, int]]:
        """Weighted people in billionths: holder to receiver to people, over all holders of a tier at once.

        Practices that are in no receiver, such as those in no PCN, stand under ``UNASSIGNED``.
        """
        return self.remember((weighting, holders, receivers), lambda: self._people_of(weighting, holders, receivers))

    def remember(self, key: Hashable, work_out: Callable[[], T]) -> T:
        """What was worked out before from this world, which never changes, or now."""
        if key not in self._memo:
            self._memo[key] = work_out()
        found: T = self._memo[key]
        return found

    def _people_of(self, weighting: str, holders: str, receivers: str) -> dict[str, dict[str, int]]:
        if holders == receivers:
            each = self.people_of(weighting, NATIONAL, receivers).get(self.national or NATIONAL, {})
            return {code: {code: people} for code, people in each.items() if code != UNASSIGNED}
        levels = [receivers] if holders == NATIONAL else [holders, receivers]
        summed = self.people.group_by(levels).aggregate([(weighting, "sum")])
        codes = pc.fill_null(summed[receivers], UNASSIGNED).to_pylist()
        whose = [self.national or NATIONAL] * len(codes) if holders == NATIONAL else summed[holders].to_pylist()
        found: dict[str, dict[str, int]] = {}
        for holder, code, people in zip(whose, codes, summed[f"{weighting}_sum"].to_pylist(), strict=True):
            if holder is not None:
                found.setdefault(holder, {})[code] = people
        return found

    def population(self, tier: str) -> dict[str, int]:
        """Registered people of every organisation of a tier, in billionths; empty where that is not known."""
        if tier not in self.people.column_names:
            return {}
        return {code: sum(each.values()) for code, each in self.people_of("registered", tier, PRACTICE).items()}

    def systems(self) -> dict[str, dict[str, int]]:
        """Organisation to the ICBs it belongs to, with its registered people in each: what a share of it is."""
        return self.remember("systems", self._systems)

    def _systems(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        for tier in (PLACE, PCN, PRACTICE, *(name for name in HOLDERS if name in self.people.column_names)):
            for icb, members in self.people_of("registered", ICB, tier).items():
                for code, people in members.items():
                    if code != UNASSIGNED and people:
                        found.setdefault(code, {})[icb] = people
        for code, organisation in self.organisations.items():
            if organisation.tier == ICB:
                found[code] = {code: 1}
            elif code not in found and organisation.icb is not None:
                found[code] = {organisation.icb: 1}
        return found

    def only_icbs(self) -> dict[str, str]:
        """The ICB of everybody who belongs to one and no other."""
        return self.remember(
            "only ICBs", lambda: {code: next(iter(parts)) for code, parts in self.systems().items() if len(parts) == 1}
        )

    def inside_of(self, icb: str) -> list[str]:
        """An ICB and everybody who belongs to it, if only with some of its people."""
        return self.remember(("inside of", icb), lambda: [code for code, its in self.systems().items() if icb in its])

    def in_several(self) -> frozenset[str]:
        """Who belongs to more than one ICB, as a network across a border does."""
        return self.remember(
            "in several", lambda: frozenset(code for code, parts in self.systems().items() if len(parts) > 1)
        )

    def of_each_system(self, code: str, pence: int) -> dict[str, int]:
        """What an organisation has, by ICB: what steps moved there is the ICB's that gave it, the rest goes by people.

        So what one ICB hands to a network that lies in two is no gain of the other. Empty where it is in no ICB.
        """
        parts = self.systems().get(code, {})
        if code not in self.in_several():
            return dict.fromkeys(parts, pence)
        moved = {icb: moved for icb, moved in self.came_from.get(code, {}).items() if icb in parts}
        rest = apportion(pence - sum(moved.values()), parts)
        return {icb: rest[icb] + moved.get(icb, 0) for icb in parts}

    def icb_of(self, code: str) -> str | None:
        """The ICB of an organisation; the one with most of its people where it has several."""
        return self.main_icbs().get(code)

    def main_icbs(self) -> dict[str, str]:
        """The ICB of every organisation that is in one, as ``icb_of`` has it."""
        return self.remember("main ICBs", self._main_icbs)

    def _main_icbs(self) -> dict[str, str]:
        return {code: max(sorted(parts), key=lambda icb: parts[icb]) for code, parts in self.systems().items() if parts}

    def costs_of_bidding(self) -> dict[str, int]:
        """Who pays to what bids, returns and administration cost them over all funds that are bid for, in pence."""
        found: dict[str, int] = {}
        for each in self.bid_for.values():
            for code, pence in each.overhead.items():
                found[code] = found.get(code, 0) + pence
        return found

    def inside(self, fund: str) -> set[str]:
        """A fund and every fund inside it."""
        found = {fund}
        grown = True
        while grown:
            more = {code for code, each in self.funds.items() if each.parent in found} - found
            found |= more
            grown = bool(more)
        return found


def no_people() -> pa.Table:
    """A people table with nobody in it."""
    names = {name: pa.array([], pa.string()) for name in (PRACTICE, PCN, PLACE, ICB)}
    return pa.table({**names, **{name: pa.array([], pa.int64()) for name in WEIGHTINGS}})
