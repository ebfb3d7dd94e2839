"""Reroute: another way by which money reaches people. Reweigh: the same way, by other people or other need."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import Whole
from allocations.shares.apportion import apportion
from ledger.money import spoken
from ledger.words import AVAILABLE
from scenarios.change import Change, Rows, hand_over, put, take_out, total
from scenarios.fields import By, CannotApply, Route, Year
from scenarios.levers.base import Selecting, amounts_of, percent
from scenarios.levers.bids import Won, costs, costs_in_words, with_bids, without_bids
from scenarios.levers.sharing import Among, Sharing, receivers_of
from scenarios.selection import FundSelection, in_words, select, system_column
from scenarios.weighing import check
from scenarios.world import EQUAL, ICB, PLURAL, World


class Reroute(Selecting):
    """Take what is held of chosen funds, whoever holds it, and give it out anew by another route.

    Among ICBs the whole country shares; among places, networks or practices each ICB's part stays in that ICB.
    """

    lever: Literal["reroute"]
    to: Route
    sharing: Sharing
    returns_per_year: Whole | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> "Reroute":
        by_formula, weighed = self.to in ("formula", "equal shares"), self.sharing.by is not None
        if by_formula and not weighed:
            raise ValueError(f"the route '{self.to}' shares by something: give sharing.by")
        if self.to == "bid" and weighed:
            raise ValueError("a bid is won: give sharing.awards, winners, chance or bids")
        return self

    def check(self, world: World) -> None:
        """Names that exist."""
        super().check(world)
        self.sharing.check(world)

    def apply(self, position: pa.Table, world: World) -> Change:
        """Gather each fund and give it out anew."""
        rows = select(position, world, self.funds, self.organisations)
        columns: dict[str, Any] = {"route": self.to, "standing": AVAILABLE}
        if self.returns_per_year is not None:
            columns["returns_per_year"] = self.returns_per_year
        after, moved, receivers, bid_for = _given_anew(position, world, rows, self.sharing, columns)
        how = (
            f"by {self.to}, {self.sharing.in_words()}{self._eligible(world, receivers)}; {spoken(moved)} changes hands"
        )
        says = f"takes {in_words(position, rows)} and gives it out {how}"
        details: dict[str, Any] = {"selected_pence": int(amounts_of(position, rows).sum())}
        known = world
        for fund, codes in receivers.items():
            own = bid_for.get(fund)
            known = with_bids(known, fund, own) if own else without_bids(known, fund, codes, self.returns_per_year)
        if bid_for:
            details["bidding"] = costs([pot for pots in bid_for.values() for pot in pots])
            says = f"{says}; {costs_in_words(details['bidding'])}"
        return Change(after, known, says, moved, details=details)

    def _eligible(self, world: World, receivers: Mapping[str, set[str]]) -> str:
        """Who could bid for it, where it was bid for and goes to the same."""
        before = [world.bid_for[fund] for fund in receivers if fund in world.bid_for]
        if not before or self.sharing.open_to == "all" or self.sharing.bids is not None:
            return ""
        return f" to the {len(set().union(*(each.open_to for each in before)))} that could bid for it"


def _given_anew(
    position: pa.Table, world: World, rows: Rows, sharing: Sharing, columns: dict[str, Any]
) -> tuple[pa.Table, int, dict[str, set[str]], dict[str, list[Won]]]:
    """Every fund's money gathered and given out.

    Returns:
        The new position, how much of it reaches somebody else than before, who receives each fund, and what of
        each was bid for.
    """
    amounts = amounts_of(position, rows)
    keys = _keys(position, world, rows, sharing.among)
    after = take_out(position, rows, amounts)
    tables, moved = [after], 0
    received, bid_for = dict[str, set[str]](), dict[str, list[Won]]()
    for key in sorted(set(keys)):
        own = np.flatnonzero([each == key for each in keys])
        pattern_row = rows[own[np.argmax(amounts[own])]]
        pattern = position.slice(int(pattern_row), 1).to_pylist()[0]
        pot = int(amounts[own].sum()), world, key[0], pattern["stream"], key[2] or None
        parts = sharing.parts(*pot)
        if sharing.bids is not None:
            bid_for.setdefault(key[0], []).append(sharing.bid_for(*pot))
        codes, pence = receivers_of(parts)
        received.setdefault(key[0], set()).update(codes)
        spots = np.full(len(codes), pattern_row)
        # Nothing is taken from the pattern row, which only lends its terms.
        with_parts, moves = hand_over(position, world, spots, pence, codes, **columns)
        del with_parts
        tables.append(moves.arrived)
        had = _by_holder(position, rows[own])
        moved += sum(max(part - had.get(code, 0), 0) for code, part in zip(codes, pence.tolist(), strict=True))
    return pa.concat_tables(tables), moved, received, bid_for


def _keys(position: pa.Table, world: World, rows: Rows, among: str) -> list[tuple[str, int, str]]:
    """What is shared as one: fund and year, and the ICB unless ICBs share."""
    chosen = position.take(pa.array(rows))
    icbs = [""] * len(rows) if among == ICB else system_column(chosen, world).to_pylist()
    for icb in set(icbs) - {""}:
        if icb not in world.organisations or world.organisations[icb].tier != ICB:
            raise CannotApply(
                f"{icb} holds some of it and is in no ICB.",
                f"Money is shared among each {among} of an ICB.",
                "Choose money at ICBs and below ('organisations').",
                "organisations",
            )
    return list(zip(chosen["fund"].to_pylist(), chosen["year"].to_pylist(), icbs, strict=True))


def _by_holder(position: pa.Table, rows: Rows) -> dict[str, int]:
    chosen = position.take(pa.array(rows)).group_by("organisation").aggregate([("amount_pence", "sum")])
    return dict(zip(chosen["organisation"].to_pylist(), chosen["amount_pence_sum"].to_pylist(), strict=True))


class Reweigh(Selecting):
    """Change by whose population or need chosen funds are shared among those who hold them.

    With ``from`` and ``to``, each gets the total times the difference of its two shares, and all else that made the
    amounts what they are stays: pace of change, history, what was never shared by a formula. Nothing moves where both
    are the same. With ``by``, everything is shared anew, which also ends all of that.

    Among ICBs, each with all below it keeps its inner proportions; among places, networks or practices each
    ICB's part at that tier stays in that ICB.
    """

    lever: Literal["reweigh"]
    funds: FundSelection
    among: Among
    by: By | None = None
    was: By | None = Field(default=None, alias="from")
    to: By | None = None
    population_year: Year | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "Reweigh":
        if (self.by is None) == (self.was is None and self.to is None) or (self.was is None) != (self.to is None):
            raise ValueError("give 'from' and 'to', or 'by' to share all of it anew")
        return self

    def scaled(self, part: Decimal) -> Self:
        """So far on the way from the one weighting to the other, as a transition between them is."""
        if self.was is None or self.to is None:
            return super().scaled(part)
        mixed: dict[str, Decimal] = {}
        for by, weight in ((self.was, 1 - part), (self.to, part)):
            for name, share in ({by: Decimal(1)} if isinstance(by, str) else by).items():
                mixed[name] = mixed.get(name, Decimal(0)) + share * weight
        return self.model_copy(update={"to": {name: share for name, share in mixed.items() if share}})

    def check(self, world: World) -> None:
        """Names that exist, and populations of the year."""
        super().check(world)
        Sharing(among=self.among, by=EQUAL).check(world)
        for key, by in (("from", self.was), ("to", self.to)):
            if by is not None:
                check(by, world, key=key)
        if self.population_year is not None and self.population_year != world.people_year:
            raise CannotApply(
                f"there are no weighted populations for {self.population_year}.",
                f"Those shipped are for {world.people_year or 'another year'}.",
                "Leave 'population_year' out, or bring values of your own under 'measures'.",
                "population_year",
            )

    def apply(self, position: pa.Table, world: World) -> Change:
        """Work out what each should have; scale what is there."""
        tiers = [] if self.among == ICB else [self.among]
        rows = select(position, world, self.funds, self.organisations, tiers=tiers)
        chosen = position.take(pa.array(rows))
        if self.among == ICB:
            inside = pc.is_in(chosen["organisation"], value_set=pa.array(list(world.systems()), pa.string()))
            rows = rows[inside.to_numpy(zero_copy_only=False)]
            chosen = position.take(pa.array(rows))
        amounts = amounts_of(position, rows)
        wanted = np.zeros(len(rows), dtype=np.int64)
        fresh: list[pa.Table] = []
        for (fund, _, icb), members in sorted(_groups(chosen, world, self.among).items()):
            had = {code: int(amounts[own].sum()) for code, own in members.items()}
            first = next(iter(members.values()))[0]
            parts = self._parts(had, world, fund, chosen["stream"][first].as_py(), icb or None)
            for code, pence in parts.items():
                own = members.get(code)
                if own is None:
                    fresh += _new_row(position, world, rows[first], code, pence)
                    continue
                inner = {str(at): int(amounts[at]) for at in own}
                for at, part in apportion(pence, inner).items():
                    wanted[int(at)] = part
        moved = int(np.maximum(amounts - wanted, 0).sum())
        after = pa.concat_tables([take_out(position, rows, amounts - wanted), *fresh])
        says = f"{self._change_in_words(position, rows)}; {spoken(moved)} changes hands"
        details = {"selected_pence": int(amounts.sum())}
        return Change(after, world, says, moved, total(after) - total(position), details=details)

    def _parts(
        self, had: Mapping[str, int], world: World, fund: str, stream: str, holder: str | None
    ) -> dict[str, int]:
        """Receiver to what it should have, of what all of them have."""
        whole = sum(had.values())
        by, was = (
            None if each is None else Sharing(among=self.among, by=each).parts(whole, world, fund, stream, holder)
            for each in (self.by or self.to, self.was)
        )
        assert by is not None
        if was is None:
            return by
        parts = {code: had.get(code, 0) + by.get(code, 0) - was.get(code, 0) for code in [*had, *(by.keys() - had)]}
        short = sorted(code for code, pence in parts.items() if pence < 0)
        if short:
            raise CannotApply(
                f"{short[0]} has {spoken(had.get(short[0], 0))} of {fund}, and would give up more than that"
                + (f"; so would {len(short) - 1} others." if short[1:] else "."),
                "Nobody can be left with less than nothing.",
                "Choose more of its funds, or move less by mixing the two: {core: 0.9, health_inequalities: 0.1}.",
                "to",
            )
        return parts

    def _change_in_words(self, position: pa.Table, rows: Rows) -> str:
        among = PLURAL[self.among]
        if self.by is not None:
            return f"shares {in_words(position, rows)} anew among {among} by {_named(self.by)}"
        assert self.was is not None
        assert self.to is not None
        return f"weighs {in_words(position, rows)} among {among} by {_named(self.to)} instead of {_named(self.was)}"


def _named(by: By) -> str:
    """A weighting in words: ``core``, or ``90% core and 10% health inequalities``."""
    if isinstance(by, str):
        return by.replace("_", " ")
    return " and ".join(f"{percent(part)} {name.replace('_', ' ')}" for name, part in by.items())


def _groups(chosen: pa.Table, world: World, among: str) -> dict[tuple[str, int, str], dict[str, list[int]]]:
    """What is shared as one (fund, year, ICB) to those who hold it, to their rows."""
    icbs = system_column(chosen, world).to_pylist()
    holders = icbs if among == ICB else chosen["organisation"].to_pylist()
    whole = [""] * len(icbs) if among == ICB else icbs
    groups: dict[tuple[str, int, str], dict[str, list[int]]] = {}
    keys = zip(chosen["fund"].to_pylist(), chosen["year"].to_pylist(), whole, strict=True)
    for at, (key, holder) in enumerate(zip(keys, holders, strict=True)):
        groups.setdefault(key, {}).setdefault(holder, []).append(at)
    return groups


def _new_row(position: pa.Table, world: World, pattern: int, code: str, pence: int) -> list[pa.Table]:
    """Money for somebody who had none of it: on the same terms, to decide upon."""
    if not pence:
        return []
    known = world.organisations[code]
    return [
        put(
            position.slice(int(pattern), 1),
            organisation=code,
            organisation_name=known.name,
            tier=known.tier,
            depth=world.depth(known.tier),
            standing=AVAILABLE,
            amount_pence=pence,
        )
    ]
