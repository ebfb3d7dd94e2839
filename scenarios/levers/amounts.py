"""Grow, cut and withdraw: the levers that do not conserve money. Each says by how much."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import Whole
from allocations.shares.apportion import apportion
from ledger.money import spoken
from ledger.reports.position import BY_AGREEMENT, SOURCE, WITHOUT_AGREEMENT
from ledger.words import AVAILABLE, SPENT
from ledger.years import FinancialYear
from scenarios.change import Change, Pence, Rows, hand_over, put, restate, take_out
from scenarios.fields import PROCEEDS, By, CannotApply, Pounds, Rate, Share
from scenarios.levers.base import Selecting, amounts_of, part_of, percent, spread
from scenarios.selection import select
from scenarios.weighing import weights
from scenarios.world import NATIONAL, World

UNSPENT = (AVAILABLE, BY_AGREEMENT, WITHOUT_AGREEMENT)


class _Sized(Selecting):
    conserves: ClassVar[bool] = False

    share: Rate | None = Field(default=None, ge=0)
    amount_pence: Pounds | None = Field(default=None, alias="pounds")

    @model_validator(mode="after")
    def _one(self) -> "_Sized":
        if len([each for each in self._given() if each is not None]) != 1:
            raise ValueError("give either share or pounds")
        return self

    def _given(self) -> list[Any]:
        return [self.share, self.amount_pence]

    def _size(self) -> str:
        return "" if self.share is None else f"{percent(self.share)}, "


class Grow(_Sized):
    """Add new money to what is held: a share of it each year, or an amount, in proportion or by a weighting.

    ``proceeds_of`` is the number of a step before, whose savings are given out; ``pounds: proceeds of step 1`` says the
    same.
    """

    lever: Literal["grow"]
    by: By | None = None
    years: Whole = Field(default=1, ge=1, le=30)
    proceeds_of: Whole | None = Field(default=None, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _proceeds(cls, written: Any) -> Any:
        said = written.get("pounds") if isinstance(written, dict) else None
        step = PROCEEDS.fullmatch(said.strip()) if isinstance(said, str) else None
        if step is None:
            return written
        return {**{key: value for key, value in written.items() if key != "pounds"}, "proceeds_of": int(step[1])}

    def _given(self) -> list[Any]:
        return [*super()._given(), self.proceeds_of]

    def resting_on(self, freed: Mapping[int, int]) -> "Grow":
        """The same with the proceeds of the step that it names as its amount."""
        if self.proceeds_of is None:
            return self
        if not freed.get(self.proceeds_of):
            raise CannotApply(
                f"step {self.proceeds_of} comes before it and frees no money."
                if self.proceeds_of in freed
                else f"there is no step {self.proceeds_of} before it.",
                "There is nothing to give out.",
                "Name a step before this one that cuts or withdraws.",
                "proceeds_of",
            )
        return self.model_copy(update={"amount_pence": freed[self.proceeds_of], "proceeds_of": None})

    def aged(self, years: int) -> Self:
        """Grown for as many of its years as there were."""
        return super().aged(years).model_copy(update={"years": min(years, self.years)})

    def apply(self, position: pa.Table, world: World) -> Change:
        """Add it. The source of the money gives as much more."""
        rows = select(position, world, self.funds, self.organisations, standings=UNSPENT)
        amounts = amounts_of(position, rows)
        if self.share is not None:
            whole = (1 + Fraction(self.share)) ** self.years - 1
            # Growth may be more than all that is there, which a share of a whole may not.
            more = amounts * int(whole) + part_of(amounts, whole - int(whole))
        elif self.by is None:
            parts = apportion(self.amount_pence or 0, {str(row): int(pence) for row, pence in enumerate(amounts)})
            more = np.array(list(parts.values()), dtype=np.int64)
        else:
            more = self._by_people(position, world, rows)
        added = int(more.sum())
        after = mirrored(take_out(position, rows, -more), position, rows, more)
        size = self._size() if self.years == 1 else f"{percent(self.share)} a year for {self.years} years, "
        says = f"adds {size}{spoken(added)} of new money"
        return Change(after, world, says, 0, added)

    def _by_people(self, position: pa.Table, world: World, rows: Rows) -> Pence:
        chosen = position.take(pa.array(rows))
        holders, tiers = chosen["organisation"].to_pylist(), pc.unique(chosen["tier"]).to_pylist()
        if len(tiers) > 1 or len(set(holders)) < len(holders):
            raise CannotApply(
                "it selects several tiers, or several lines of one holder.",
                "An amount is shared by a weighting among one line at one tier.",
                "Choose one fund and one tier.",
                "funds",
            )
        among = weights(
            self.by or "core", world, NATIONAL, tiers[0], chosen["fund"][0].as_py(), chosen["stream"][0].as_py()
        )
        people = among[world.national or NATIONAL]
        parts = apportion(self.amount_pence or 0, {code: people.get(code, 0) for code in holders})
        return np.array([parts[code] for code in holders], dtype=np.int64)


class Cut(_Sized):
    """Take money away for good: a share of what is held, or an amount in proportion to it."""

    lever: Literal["cut"]

    @model_validator(mode="after")
    def _at_most_all(self) -> "Cut":
        if self.share is not None and self.share > 1:
            raise ValueError("a cut of more than all that is held cannot be made: a share is at most 1")
        return self

    def apply(self, position: pa.Table, world: World) -> Change:
        """Take it. The source of the money gives as much less."""
        rows = select(position, world, self.funds, self.organisations, standings=UNSPENT)
        amounts = amounts_of(position, rows)
        less = part_of(amounts, self.share) if self.share is not None else spread(self.amount_pence or 0, amounts)
        gone = int(less.sum())
        after = mirrored(take_out(position, rows, less), position, rows, -less)
        return Change(after, world, f"cuts {self._size()}{spoken(gone)}", 0, -gone)


class Withdraw(Selecting):
    """Take back in the year what is not spent yet.

    What is spent by then is a share, an amount at each organisation, or follows from the day (``on``) if it is
    spent evenly from its notice to its deadline. The rest goes back to the funder and is lost (``source``), or
    to the national body on the same fund (``national``). ``share`` or ``pounds`` take back only so much.
    """

    conserves: ClassVar[bool] = False

    lever: Literal["withdraw"]
    on: date | None = None
    spent_share: Share | None = None
    spent_pence: Pounds | None = Field(default=None, alias="spent_pounds", description="at each organisation")
    share: Share | None = Field(default=None, description="of what is not spent")
    amount_pence: Pounds | None = Field(default=None, alias="pounds")
    back_to: Literal["source", "national"] = "source"

    @model_validator(mode="after")
    def _one(self) -> "Withdraw":
        spending = [each for each in (self.on, self.spent_share, self.spent_pence) if each is not None]
        if len(spending) > 1 or (self.share is not None and self.amount_pence is not None):
            raise ValueError("give at most one of on, spent_share and spent_pounds, and one of share and pounds")
        return self

    def apply(self, position: pa.Table, world: World) -> Change:
        """Mark what is spent; take back the rest."""
        rows = select(position, world, self.funds, self.organisations, standings=UNSPENT)
        spent = self._spent(position, rows)
        unspent = amounts_of(position, rows) - spent
        if self.amount_pence is not None:
            back = spread(self.amount_pence, unspent)
        else:
            back = part_of(unspent, 1 if self.share is None else self.share)
        some = spent > 0
        after, _ = restate(position, rows[some], spent[some], standing=SPENT) if some.any() else (position, None)
        gone = int(back.sum())
        says = f"takes back {spoken(gone)} of what is not spent; {spoken(int(spent.sum()))} is spent by then"
        details = {"withdrawn_pence": gone, "spent_pence": int(spent.sum())}
        if self.back_to == "national":
            national = world.national
            if national is None:
                raise CannotApply("there is no national body.", "Nobody could hold it.", "Use 'source'.", "back_to")
            taken = back > 0
            after, _ = hand_over(
                after, world, rows[taken], back[taken], [national] * int(taken.sum()), standing=AVAILABLE
            )
            return Change(after, world, f"{says}, to the national body", gone, 0, details=details)
        after = mirrored(take_out(after, rows, back), position, rows, -back)
        back_then = put(position.take(pa.array(rows)), amount_pence=back)
        before = [world.withdrawn] if world.withdrawn is not None else []
        known = world.changed(withdrawn=pa.concat_tables([*before, back_then]))
        return Change(after, known, says, 0, -gone, details=details)

    def _spent(self, position: pa.Table, rows: Rows) -> Pence:
        amounts = amounts_of(position, rows)
        if self.spent_share is not None:
            return part_of(amounts, self.spent_share)
        if self.spent_pence is not None:
            return self._spent_by_each(position, rows, amounts)
        if self.on is not None:
            return self._spent_by_days(position, rows, amounts)
        return np.zeros(len(rows), dtype=np.int64)

    def _spent_by_each(self, position: pa.Table, rows: Rows, amounts: Pence) -> Pence:
        holders = np.array(position["organisation"].take(pa.array(rows)).to_pylist())
        spent = np.zeros(len(rows), dtype=np.int64)
        for holder in sorted(set(holders)):
            own = np.flatnonzero(holders == holder)
            there = int(amounts[own].sum())
            if there < (self.spent_pence or 0):
                raise CannotApply(
                    f"{holder} would have spent {spoken(self.spent_pence or 0)} and holds {spoken(there)}.",
                    "Nobody can spend more than they hold.",
                    f"Give at most {spoken(there)}.",
                    "spent_pounds",
                )
            spent[own] = spread(self.spent_pence or 0, amounts[own])
        return spent

    def _spent_by_days(self, position: pa.Table, rows: Rows, amounts: Pence) -> Pence:
        """What is spent before the day, if spending is even over the days from notice to deadline."""
        assert self.on is not None
        names = ("year", "notified_on", "spend_by")
        columns = (position[name].take(pa.array(rows)).to_pylist() for name in names)
        spent = []
        for pence, year, notice, deadline in zip(amounts.tolist(), *columns, strict=True):
            first = max(notice or FinancialYear(year).first_day, FinancialYear(year).first_day)
            last = deadline or FinancialYear(year).last_day
            days = max((last - first).days + 1, 1)
            gone = min(max((self.on - first).days, 0), days)
            spent.append(apportion(pence, {"spent": gone, "left": days - gone})["spent"])
        return np.array(spent, dtype=np.int64)


def mirrored(after: pa.Table, before: pa.Table, rows: Rows, more: Pence) -> pa.Table:
    """The source of the money gives as much more as is held more, year by year, where it stands in the position."""
    sources = np.flatnonzero(pc.equal(after["standing"], SOURCE).to_numpy(zero_copy_only=False))
    if not len(sources):
        return after
    years = before["year"].take(pa.array(rows)).to_numpy()
    source_years = after["year"].to_numpy()[sources]
    for year in np.unique(years):
        pence = int(more[years == year].sum())
        its = sources[source_years == year]
        if len(its):
            after = take_out(after, its[:1], np.array([pence]))
        else:
            pattern = put(after.take(pa.array(sources[:1])), year=int(year), amount_pence=-pence)
            after = pa.concat_tables([after, pattern])
    return after
