"""Pot: set up a fund that the books do not hold, on terms of its own, so that it can be looked at and changed."""

from datetime import date
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import StrictModel, Whole, YesNo
from allocations.shares.apportion import apportion
from ledger.money import spoken
from ledger.reports.position import SCHEMA
from ledger.words import AVAILABLE
from ledger.years import FinancialYear
from scenarios.change import Change, Moves, restate, take_out, total
from scenarios.fields import CannotApply, Discretion, Grade, Light, Pounds, Route, Share, Text, Year
from scenarios.levers.amounts import mirrored
from scenarios.levers.base import Lever, Selecting, amounts_of, part_of, percent, spread, within_reach
from scenarios.levers.bids import costs, costs_in_words, with_bids
from scenarios.levers.earmarks import TERMS
from scenarios.levers.sharing import Sharing
from scenarios.selection import FREE_TO_MOVE, Funds, FundSelection, Mask, Organisations, select
from scenarios.world import LEVELS, World, WorldFund


class Instalment(StrictModel):
    """A part of a pot that comes in another year, or is known on another day."""

    share: Share
    year: Year | None = None
    notified_on: date | None = None
    spend_by: date | None = None


class Source(StrictModel):
    """Whose money the pot is taken from, and out of which fund."""

    organisation: str
    fund: str


class Pot(Lever):
    """Make a fund and give it out. Without ``from`` it is new money, and the step says how much it adds.

    ``each_pounds`` is what every receiver gets; ``pounds`` is the whole, shared as ``sharing`` says.
    """

    conserves: ClassVar[bool] = False

    lever: Literal["pot"]
    code: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: Text
    stream: Text = "core"
    resource: Literal["revenue", "capital"] = "revenue"
    inside: str | None = Field(default=None, description="the fund around it")
    lowest_tier: str = "place"
    grade: Grade
    route: Route
    recurrent: YesNo | None = None
    notified_on: date | None = None
    spend_by: date | None = None
    returns_per_year: Whole | None = Field(default=None, ge=0)
    discretion: Discretion | None = None
    certain_to: Year | None = Field(default=None, description="the last year for which it is promised")
    quality: Light = "amber"
    source: Source | None = Field(default=None, alias="from")
    amount_pence: Pounds | None = Field(default=None, alias="pounds")
    each_pence: Pounds | None = Field(default=None, alias="each_pounds")
    receivers: Organisations | None = Field(default=None, description="who gets each_pounds")
    sharing: Sharing | None = None
    instalments: tuple[Instalment, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Pot":
        if (self.amount_pence is None) == (self.each_pence is None):
            raise ValueError("give either pounds or each_pounds")
        if self.amount_pence is not None and self.sharing is None:
            raise ValueError("an amount is shared somehow: add 'sharing'")
        if self.each_pence is not None and (self.receivers is None or self.sharing is not None):
            raise ValueError("each_pounds goes to somebody: add 'receivers', and leave out 'sharing'")
        if self.instalments and sum(part.share for part in self.instalments) != 1:
            raise ValueError("the instalments must sum to 1")
        return self

    def check(self, world: World) -> None:
        """Names that exist, and a code that does not."""
        super().check(world)
        if self.code in world.funds:
            raise CannotApply(
                f"there is a fund '{self.code}' already.", "Two funds would have one code.", "Choose another.", "code"
            )
        if self.lowest_tier not in world.tiers:
            raise CannotApply(
                f"there is no tier '{self.lowest_tier}'.",
                "It says how far down the money could be held.",
                f"There are {', '.join(world.tiers)}.",
                "lowest_tier",
            )
        if self.source is not None:
            Funds(codes=(self.source.fund,)).check(world)
            Organisations(codes=(self.source.organisation,)).check(world)
        if self.sharing is not None:
            self.sharing.check(world)

    def at_work(self, year: FinancialYear, first: FinancialYear) -> Self | None:
        """The pot of one year of several; what comes in other years is said by 'phased'."""
        if self.instalments:
            raise CannotApply(
                "it is paid in instalments, in a scenario of several years.",
                "In a scenario of several years each year is looked at by itself.",
                "Say how much is paid in each year under 'phased', and leave 'instalments' out.",
                "instalments",
            )
        return super().at_work(year, first)

    def foretell(self, world: World) -> World:
        """The new fund."""
        depth = world.depth(self.lowest_tier) if self.lowest_tier in world.tiers else 0
        fund = WorldFund(self.code, self.name, self.inside, self.stream, self.resource, depth)
        return world.changed(funds={**world.funds, self.code: fund})

    def apply(self, position: pa.Table, world: World) -> Change:
        """Give it out, from new money or from what somebody holds."""
        parts = self._parts(world)
        fresh = pa.concat_tables([self._rows(world, parts, each) for each in self.instalments or (None,)])
        whole = total(fresh)
        known = self.foretell(world)
        size = f"{spoken(self.each_pence)} each, " if self.each_pence is not None else ""
        whom = f"{len(parts):,} organisations, graded {self.grade}, by {self.route}"
        says = f"sets up {self.name}: {size}{spoken(whole)} to {whom}"
        details: dict[str, Any] = {"receivers": len(parts), "pot_pence": whole}
        bidding = ""
        if self.sharing is not None and self.sharing.bids is not None:
            won = self.sharing.bid_for(whole, world, self.code, self.stream)
            found = costs([won])
            known = with_bids(known, self.code, [won])
            details["bidding"] = found
            bidding = f"; {costs_in_words(found)}"
        elif self.sharing is not None and self.sharing.is_drawn:
            bidding = f"; it goes {self.sharing.in_words()}"
        if self.source is None:
            joined = pa.concat_tables([position, fresh])
            rows = np.arange(position.num_rows, joined.num_rows)
            after = mirrored(joined, joined, rows, amounts_of(joined, rows))
            return Change(after, known, f"{says}, of new money{bidding}", 0, whole, details=details)
        after, moves = self._taken(position, world, self.source, fresh, whole)
        return Change(after, known, f"{says}, out of {self.source.fund}{bidding}", whole, 0, moves, details)

    def _parts(self, world: World) -> dict[str, int]:
        if self.each_pence is not None:
            assert self.receivers is not None
            parts = dict.fromkeys(self._listed(self.receivers, world), self.each_pence)
        else:
            assert self.sharing is not None
            shared = self.sharing.parts(self.amount_pence or 0, world, self.code, self.stream)
            parts = {code: pence for code, pence in shared.items() if pence}
        elsewhere = sorted(parts.keys() - world.organisations.keys())
        if elsewhere:
            raise CannotApply(
                f"of its {len(parts):,} receivers {len(elsewhere):,} are not in these books, such as {elsewhere[0]}.",
                "Their part of the pot would be lost, or be given to others.",
                "Name receivers that are in these books, or run it on books that hold all of them.",
                "sharing" if self.receivers is None else "receivers",
            )
        return parts

    def _listed(self, receivers: Organisations, world: World) -> list[str]:
        receivers.check(world)
        if receivers.codes is not None:
            return list(receivers.codes)
        wanted = set(receivers.within or ())
        tiers = receivers.tier or ()
        if world.people.num_rows:
            # Only who has people: the list of organisations holds those that closed or are yet to open.
            living = {code for tier in tiers if tier in LEVELS[1:] for code in world.population(tier)}
        else:
            living = {each.code for each in world.organisations.values() if each.tier in tiers}
        found = sorted(code for code in living if not wanted or set(world.systems().get(code, ())) & wanted)
        if not found:
            raise CannotApply(
                "it has no receivers.",
                "The pot would reach nobody.",
                "Name tiers or codes that have people.",
                "receivers",
            )
        return found

    def _rows(self, world: World, parts: dict[str, int], part: Instalment | None) -> pa.Table:
        """The pot's rows of one instalment; each receiver's instalments sum to its part."""
        year = world.year if part is None or part.year is None else part.year
        number = 0 if part is None else self.instalments.index(part)
        shares = {str(at): each.share for at, each in enumerate(self.instalments)}
        rows: list[dict[str, Any]] = []
        for code, pence in parts.items():
            amount = pence if part is None else apportion(pence, shares)[str(number)]
            known = world.organisations[code]
            rows.append(
                {
                    "organisation": code, "organisation_name": known.name, "tier": known.tier,
                    "depth": world.depth(known.tier), "fund": self.code, "fund_name": self.name, "pot": self.code,
                    "stream": self.stream, "resource": self.resource, "lowest_depth": world.depth(self.lowest_tier),
                    "year": year.start, "standing": AVAILABLE, "grade": self.grade, "route": self.route,
                    "recurrent": self.recurrent,
                    "notified_on": (part and part.notified_on) or self.notified_on,
                    "spend_by": (part and part.spend_by) or self.spend_by,
                    "returns_per_year": self.returns_per_year, "quality": self.quality, "amount_pence": amount,
                    "discretion": self.discretion, "certain_to": self.certain_to and self.certain_to.start,
                }
            )  # fmt: skip
        return pa.Table.from_pylist([row for row in rows if row["amount_pence"]], schema=SCHEMA)

    def _taken(
        self, position: pa.Table, world: World, source: Source, fresh: pa.Table, whole: int
    ) -> tuple[pa.Table, Moves | None]:
        years = sorted(set(fresh["year"].to_pylist()))
        if years != [world.year.start]:
            raise CannotApply(
                f"it is taken from money of {world.year}, and paid in other years too.",
                "Money stays in its year.",
                "Leave 'from' out, so that it is new money.",
                "from",
            )
        whose = Organisations(codes=(source.organisation,))
        rows = select(position, world, Funds(codes=(source.fund,)), whose)
        taken = spread(whole, amounts_of(position, rows))
        return pa.concat_tables([take_out(position, rows, taken), fresh]), None


class Match(Selecting):
    """Tie own money to a pot: for each pound of the pot so much of one's own, on the terms of the pot.

    ``own`` says which of the same organisation's money may be used, in the order of what there is most of.
    """

    lever: Literal["match"]
    share: Share = Field(description="of each pound of the pot")
    own: FundSelection

    def reach(self, position: pa.Table, world: World) -> Mask:
        """The pot, and one's own money that meets it."""
        return super().reach(position, world) | within_reach(self.own, self.organisations, position, world)

    def apply(self, position: pa.Table, world: World) -> Change:
        """Move own money into the pot, organisation by organisation."""
        rows = select(position, world, self.funds, self.organisations)
        pots = _by_organisation(position, rows)
        spare = select(position, world, self.own, Organisations(codes=tuple(pots)), standings=FREE_TO_MOVE)
        spare = spare[~np.isin(spare, rows)]
        own = _by_organisation(position, spare)
        short: list[str] = []
        source: list[Any] = []
        pence: list[Any] = []
        patterns: list[int] = []
        for code, its in pots.items():
            needed = int(part_of(np.array([int(amounts_of(position, its).sum())]), self.share)[0])
            there = own.get(code, np.array([], dtype=np.int64))
            if int(amounts_of(position, there).sum()) < needed:
                short.append(f"{code} needs {spoken(needed)} and has {spoken(int(amounts_of(position, there).sum()))}")
                continue
            # The match follows the lines of the pot, and each line is met from every own fund alike.
            lines = apportion(
                needed, {str(row): int(amount) for row, amount in zip(its, amounts_of(position, its), strict=True)}
            )
            left = amounts_of(position, there).copy()
            for row, part in lines.items():
                taken = spread(part, left)
                left -= taken
                source += there.tolist()
                pence += taken.tolist()
                patterns += [int(row)] * len(there)
        if short:
            raise CannotApply(
                f"{len(short)} cannot match it: {'; '.join(short[:5])}.",
                "Nobody can put in more than they hold.",
                "Lower the share, allow more of their own funds, or leave them out.",
                "own",
            )
        some = np.array(pence, np.int64) > 0
        terms = position.take(pa.array(np.array(patterns, np.int64)[some]))
        columns = {name: terms[name] for name in TERMS}
        after, _ = restate(
            position, np.array(source, np.int64)[some], np.array(pence, np.int64)[some], standing=AVAILABLE, **columns
        )
        moved = int(sum(pence))
        whose = f"{spoken(moved)} of {len(pots):,} organisations' own money"
        says = f"ties {percent(self.share)} of each pound as a match: {whose}"
        return Change(after, world, says, moved)


def _by_organisation(position: pa.Table, rows: Any) -> dict[str, Any]:
    holders = np.array(position["organisation"].take(pa.array(rows)).to_pylist())
    return {code: rows[holders == code] for code in sorted(set(holders.tolist()))}
