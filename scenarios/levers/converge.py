"""Converge: move shares towards fair shares over several years, at a pace that everybody can bear."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field

from allocations.figures import tables
from allocations.reading.strict_yaml import Whole
from allocations.shares.apportion import apportion
from allocations.shares.pace import Curve, PaceOutcome, PacePlan, plan
from ledger.errors import Refused
from ledger.money import round_half_up_fraction, spoken
from ledger.reports.summary import percent
from scenarios.change import Change, take_out
from scenarios.fields import By, CannotApply, Rate, exact
from scenarios.levers.amounts import mirrored
from scenarios.levers.base import Selecting, amounts_of
from scenarios.levers.reroute import _groups
from scenarios.levers.sharing import Among, Sharing
from scenarios.selection import FundSelection, select
from scenarios.weighing import FAIR_SHARE
from scenarios.world import ICB, World


class Converge(Selecting):
    """Apply a pace of change for so many years; the position is that of the last.

    Each year everybody grows by ``growth`` plus what ``curve`` gives at their distance from target, within
    ``floor`` and ``cap``, scaled so that the whole grows by ``growth``. The fair share is that of today's people; with
    ``targets: published`` everybody starts as far from it as NHS England says they are.

    ``against: equal growth`` takes the growth as given already, by a step before, and moves only what convergence
    moves: who gains by it is not hidden by growth for all.
    """

    conserves: ClassVar[bool] = False

    lever: Literal["converge"]
    funds: FundSelection
    among: Among
    by: By = FAIR_SHARE
    targets: Literal["published"] | None = None
    against: Literal["today", "equal growth"] = "today"
    years: Whole = Field(ge=1, le=30)
    growth: Rate
    floor: Rate
    cap: Rate
    curve: tuple[tuple[Rate, Rate], ...] = Field(min_length=1, description="distance from target to convergence")

    def aged(self, years: int) -> Self:
        """As far as it has come after so many of its years."""
        return super().aged(years).model_copy(update={"years": min(years, self.years)})

    def check(self, world: World) -> None:
        """Names that exist."""
        super().check(world)
        if self.targets and self.among != ICB:
            raise CannotApply(
                f"no target of a {self.among} is published.",
                "There is nothing to start from.",
                "Leave 'targets' out, or converge among ICBs.",
                "targets",
            )
        Sharing(among=self.among, by=self.by).check(world)

    def apply(self, position: pa.Table, world: World) -> Change:
        """Year by year, each fund on its own."""
        tiers = [] if self.among == ICB else [self.among]
        rows = select(position, world, self.funds, self.organisations, tiers=tiers)
        if self.among == ICB:
            codes = position["organisation"].take(pa.array(rows)).to_pylist()
            rows = rows[[code in world.systems() for code in codes]]
        chosen = position.take(pa.array(rows))
        amounts = amounts_of(position, rows)
        wanted = np.zeros(len(rows), dtype=np.int64)
        path: list[list[Any]] = [[0, Fraction(0), 0] for _ in range(self.years)]
        for (fund, _, icb), members in sorted(_groups(chosen, world, self.among).items()):
            opening = {code: int(amounts[own].sum()) for code, own in members.items()}
            stream = chosen["stream"][next(iter(members.values()))[0]].as_py()
            if self.against == "equal growth":
                closing = self._against_equal_growth(opening, world, fund, stream, icb or None, path)
            else:
                closing = self._years(opening, self._targets(opening, world, fund, stream, icb or None), path)
            for code, own in members.items():
                for at, part in apportion(closing[code], {str(at): int(amounts[at]) for at in own}).items():
                    wanted[int(at)] = part
        more = wanted - amounts
        added, moved = int(more.sum()), int(np.maximum(-more, 0).sum())
        after = mirrored(take_out(position, rows, -more), position, rows, more)
        farthest = f"; nobody is further from target than {percent(path[-1][1])}"
        done = (
            f"{spoken(added)} of growth" if self.against == "today" else f"{spoken(moved)} moves against equal growth"
        )
        says = f"converges for {self.years} years: {done}{farthest}"
        told = [
            {"year": year, "held_pence": held, "farthest_from_target": far, "below_target": below}
            for year, (held, far, below) in enumerate(path, 1)
        ]
        return Change(after, world, says, moved, added, details={"path": told})

    def _against_equal_growth(
        self, grown: dict[str, int], world: World, fund: str, stream: str, icb: str | None, path: list[list[Any]]
    ) -> dict[str, int]:
        """What all hold after equal growth, shared as it would be after convergence from where that growth began."""
        whole = sum(grown.values())
        began = round_half_up_fraction(whole / (1 + exact(self.growth)) ** self.years)
        opening = apportion(began, grown)
        return apportion(whole, self._years(opening, self._targets(opening, world, fund, stream, icb), path))

    def _targets(
        self, opening: dict[str, int], world: World, fund: str, stream: str, icb: str | None
    ) -> dict[str, Fraction]:
        """Fair shares, which make one."""
        if self.targets:
            distances = _published_distances(stream)
            missing = sorted(opening.keys() - distances.keys())
            if missing:
                raise CannotApply(
                    f"no distance from target is published for {missing[0]} ({stream}).",
                    "It is not known how far it is from its fair share.",
                    "Leave 'targets' out, or choose funds of a stream with published targets at ICBs of 2025/26.",
                    "targets",
                )
            fair = {code: opening[code] / (1 + distances[code]) for code in opening}
            return {code: each / sum(fair.values()) for code, each in fair.items()}
        return fair_shares(opening, world, Sharing(among=self.among, by=self.by), fund, stream, icb)

    def _years(self, opening: dict[str, int], target: dict[str, Fraction], path: list[list[Any]]) -> dict[str, int]:
        """One fund's way, year by year; notes on the path how far the farthest still is."""
        held = opening
        for year in range(self.years):
            outcome = self._one_year(held, target)
            held = {row.code: row.allocation_pence for row in outcome.rows}
            distances = [row.closing_distance for row in outcome.rows]
            path[year][0] += outcome.quantum_pence
            path[year][1] = max(path[year][1], *(abs(distance) for distance in distances))
            path[year][2] += len([distance for distance in distances if distance < 0])
        return held

    def _one_year(self, held: dict[str, int], target: dict[str, Fraction]) -> PaceOutcome:
        curve = Curve(tuple((exact(distance), exact(convergence)) for distance, convergence in self.curve))
        asked = PacePlan(held, target, exact(self.growth), curve, exact(self.floor), exact(self.cap), unit_pence=1)
        try:
            return plan(asked)
        except Refused as refused:
            first = refused.problems[0]
            raise CannotApply(first.found, first.why, first.fix, first.where.split(",")[0]) from refused


def fair_shares(
    opening: Iterable[str], world: World, sharing: Sharing, fund: str, stream: str, icb: str | None
) -> dict[str, Fraction]:
    """The fair shares of those who hold some of a fund, which make one.

    Args:
        icb: whose places or networks share; all ICBs otherwise.

    Raises:
        CannotApply: somebody holds some and has no fair share of it.
    """
    holders = list(opening)
    shares = sharing.parts(10**15, world, fund, stream, icb)
    whole = sum(shares.get(code, 0) for code in holders)
    without = sorted(code for code in holders if not shares.get(code))
    if without:
        raise CannotApply(
            f"{without[0]} holds some of {fund} and has no fair share of it.",
            "There is no target to move towards.",
            "Leave it out, or choose another weighting.",
            "organisations",
        )
    return {code: Fraction(shares[code], whole) for code in holders}


def _published_distances(stream: str) -> dict[str, Fraction]:
    """ICB to its distance from target after the allocations of 2025/26, as NHS England published it."""
    rows = tables.table("convergence_2025_26").to_pylist()
    return {row["icb"]: Fraction(str(row["closing_distance"])) for row in rows if row["stream"] == stream}
