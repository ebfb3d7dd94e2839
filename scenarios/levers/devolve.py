"""Devolve: hand money, and the decision over it, to those below, by population."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import compress
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from allocations.places.division import UNASSIGNED
from allocations.reading.strict_yaml import Whole
from allocations.shares.apportion import apportion, apportion_each
from ledger.money import spoken
from ledger.words import AVAILABLE
from scenarios.change import Change, Pence, Rows, hand_over
from scenarios.fields import By, CannotApply, Pounds, Share, exact
from scenarios.levers.base import Selecting, amounts_of, part_of, percent, spread
from scenarios.levers.holders import Holders, usual, with_holders
from scenarios.selection import select, system_column
from scenarios.weighing import FAIR_SHARE, tier_above, weights
from scenarios.world import ICB, LEVELS, PLURAL, World


class Devolve(Selecting):
    """Hand a share, an amount, or as much as brings a line to a share, to places, networks or practices.

    Money kept by agreement stays unless ``standing`` asks for it. Who holds is the ICB unless
    ``organisations`` says otherwise. ``over_years`` hands over an equal part each year; the position is
    that of the first, unless ``in_year`` names a later one.
    """

    lever: Literal["devolve"]
    to: Literal["icb", "place", "pcn", "practice", "local_authority", "provider", "pool", "iho", "mnp", "snp"]
    holders: Holders | None = Field(
        default=None, description="who receives where the books do not hold them: one for each, or those named"
    )
    share: Share | None = None
    until_share: Share | None = Field(
        default=None, description="share of the whole line that ends at this tier or below"
    )
    amount_pence: Pounds | None = Field(default=None, alias="pounds")
    by: By = FAIR_SHARE
    over_years: Whole = Field(default=1, ge=1, le=10)
    in_year: Whole = Field(default=1, ge=1, le=10)

    @model_validator(mode="after")
    def _one_size(self) -> "Devolve":
        given = [each for each in (self.share, self.until_share, self.amount_pence) if each is not None]
        if len(given) != 1:
            raise ValueError("give one of share, until_share and pounds")
        if self.holders is not None and self.to in LEVELS:
            raise ValueError(f"the books hold every {self.to}: leave 'holders' out")
        if self.in_year > self.over_years:
            raise ValueError("in_year lies after over_years")
        return self

    def aged(self, years: int) -> Self:
        """As many of its equal parts as there are years."""
        return super().aged(years).model_copy(update={"in_year": min(years, self.over_years)})

    def check(self, world: World) -> None:
        """Names that exist."""
        super().check(world)
        if self.to not in LEVELS:
            (self.holders or usual(self.to)).check(world)

    def foretell(self, world: World) -> World:
        """Those who receive, where the books do not hold them; what is wrong with them is said by ``check``."""
        try:
            return self._receiving(world)
        except CannotApply:
            return world

    def _receiving(self, world: World) -> World:
        return world if self.to in LEVELS else with_holders(world, self.to, self.holders or usual(self.to))

    def apply(self, position: pa.Table, world: World) -> Change:
        """Hand the money over, by weighted population, each line of each holder on its own."""
        rows = select(position, world, self.funds, self.organisations, tiers=[ICB])
        full = self._taken(position, world, rows)
        taken = part_of(full, Fraction(self.in_year, self.over_years))
        known, what = self._receiving(world), f"devolves {self._size()}"
        if self.holders is None or self.holders.named is None:
            return shared_out(position, known, rows, taken, self.to, self.by, self._path(full), what)
        return self._named(position, known, rows, taken, what)

    def _named(self, position: pa.Table, world: World, rows: Rows, taken: Pence, what: str) -> Change:
        """What each row hands over, to those named in its ICB, by their parts."""
        assert self.holders is not None
        parts: dict[str | None, dict[str, Any]] = {}
        for code, each in (self.holders.named or {}).items():
            parts.setdefault(each.icb, {})[code] = each.share
        source, receivers, pence = [], [], []
        holders = position["organisation"].take(pa.array(rows)).to_pylist()
        for row, holder, amount in zip(rows.tolist(), holders, taken.tolist(), strict=True):
            among = parts.get(world.icb_of(holder))
            if among is None:
                raise CannotApply(
                    f"{holder} is in no ICB of those named.",
                    "Its money would reach nobody.",
                    "Choose holders 'within' the ICBs of those named.",
                    "organisations",
                )
            for code, part in apportion(amount, among).items():
                if part:
                    source.append(row)
                    receivers.append(code)
                    pence.append(part)
        return _handed_over(position, world, source, receivers, pence, 0, self.to, {}, what)

    def _size(self) -> str:
        if self.amount_pence is not None:
            size = spoken(self.amount_pence)
        elif self.share is not None:
            size = percent(self.share)
        else:
            size = f"what brings each line to {percent(self.until_share)}"
        return size if self.over_years == 1 else f"{size} over {self.over_years} years (year {self.in_year})"

    def _taken(self, position: pa.Table, world: World, rows: Rows) -> Pence:
        amounts = amounts_of(position, rows)
        if self.amount_pence is not None:
            return spread(self.amount_pence, amounts)
        if self.share is not None:
            return part_of(amounts, self.share)
        return self._missing(position, world, rows)

    def _missing(self, position: pa.Table, world: World, rows: Rows) -> Pence:
        """What each holder lacks until the share of the line is at the tier or below."""
        depth = world.depth(self.to)
        whose, lines = system_column(position, world).to_pylist(), position["fund"].to_pylist()
        years, standings = position["year"].to_pylist(), position["standing"].to_pylist()
        depths, pence = position["depth"].to_pylist(), position["amount_pence"].to_pylist()
        whole: dict[tuple[str, str, int], int] = {}
        below: dict[tuple[str, str, int], int] = {}
        for key, deep, amount, standing in zip(
            zip(whose, lines, years, strict=True), depths, pence, standings, strict=True
        ):
            if standing != "source":
                whole[key] = whole.get(key, 0) + amount
                below[key] = below.get(key, 0) + (amount if deep >= depth else 0)
        wanted = exact(self.until_share or 0)
        chosen: dict[tuple[str, str, int], list[int]] = {}
        for at, row in enumerate(rows):
            chosen.setdefault((whose[row], lines[row], years[row]), []).append(at)
        taken = np.zeros(len(rows), dtype=np.int64)
        for key, members in chosen.items():
            lacking = int(whole[key] * wanted) - below[key]
            there = amounts_of(position, rows[members])
            taken[members] = spread(min(max(lacking, 0), int(there.sum())), there)
        return taken

    def _path(self, full: Pence) -> dict[str, Any]:
        if self.over_years == 1:
            return {}
        total = int(full.sum())
        path = [total * year // self.over_years for year in range(1, self.over_years + 1)]
        return {"path": [{"year": year, "devolved_pence": pence} for year, pence in enumerate(path, 1)]}


def shared_out(
    position: pa.Table, world: World, rows: Rows, taken: Pence, to: str, by: By, details: dict[str, Any], what: str
) -> Change:
    """Share what is taken from each row among those below its holder.

    Raises:
        CannotApply: a holder is not above the tier, or has nobody there.
    """
    tiers = position["tier"].take(pa.array(rows)).to_pylist()
    holders = position["organisation"].take(pa.array(rows)).to_pylist()
    funds = position["fund"].take(pa.array(rows)).to_pylist()
    streams = position["stream"].take(pa.array(rows)).to_pylist()
    above = tier_above(to)
    some = taken != 0
    among: list[Mapping[str, int]] = []
    shared_by: dict[tuple[str, str, str], Mapping[str, Mapping[str, int]]] = {}
    for holder, *line in compress(zip(holders, tiers, funds, streams, strict=True), some.tolist()):
        tier, fund, stream = key = (line[0], line[1], line[2])
        if key not in shared_by:
            shared_by[key] = weights(by, world, tier, to, fund, stream) if tier in above else {}
        its = shared_by[key].get(holder)
        if not its or not any(its.values()):
            raise _nobody(holder, tier, to)
        among.append(its)
    whose, codes, parts = apportion_each(taken[some], among)
    receivers = pa.array(codes, pa.string())
    nobody = pc.equal(receivers, UNASSIGNED).to_numpy(zero_copy_only=False)
    reached = (parts != 0) & ~nobody
    given = receivers.filter(pa.array(reached)).to_pylist()
    left = int(parts[nobody].sum())
    return _handed_over(position, world, rows[some][whose[reached]], given, parts[reached], left, to, details, what)


def _handed_over(
    position: pa.Table, world: World, source_rows: Sequence[int] | Rows, receivers: list[str],
    parts: Sequence[int] | Pence, left: int, to: str, details: dict[str, Any], what: str,
) -> Change:  # fmt: skip
    if not len(parts):
        raise CannotApply(
            "there is nothing to hand over.",
            "Nothing would change.",
            "Choose money that is not there already.",
            "funds",
        )
    moved = np.array(parts, dtype=np.int64)
    after, moves = hand_over(position, world, np.array(source_rows), moved, receivers, standing=AVAILABLE)
    total = int(moved.sum())
    told = f"{what}, {spoken(total)}, to {len(set(receivers)):,} {PLURAL[to]}"
    kept = f"; {spoken(left)} stays, for people in no {PLURAL[to].removesuffix('s')}" if left else ""
    return Change(after, world, told + kept, total, 0, moves, {**details, "left_for_nobody_pence": left})


def _nobody(holder: str, tier: str, to: str) -> CannotApply:
    if tier not in tier_above(to):
        return CannotApply(
            f"{holder} is a {tier}, which is not above a {to}.",
            "Money is devolved downwards.",
            f"Choose holders among {', '.join(tier_above(to))}.",
            "organisations",
        )
    return CannotApply(
        f"{holder} has no {to} with people in it.",
        "There is nobody to share among.",
        "Choose another tier, or leave this holder out.",
        "to",
    )
