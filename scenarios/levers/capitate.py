"""Capitate: carve lines for a population into one budget, held by one body, for a term and with a share of the risk."""

from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from allocations.places.division import UNASSIGNED
from allocations.reading.strict_yaml import StrictModel, Whole
from allocations.shares.apportion import apportion
from ledger.money import round_half_up_fraction, spoken
from ledger.words import AVAILABLE
from ledger.years import FinancialYear
from scenarios.change import Change, hand_over
from scenarios.fields import By, CannotApply, Rate, Share, Text, exact
from scenarios.levers.base import Selecting, amounts_of, percent, refuse_unknown
from scenarios.levers.holders import Holder, Holders, NamedHolder, with_holders
from scenarios.selection import FundSelection, select
from scenarios.weighing import FAIR_SHARE, weights
from scenarios.world import ICB, LEVELS, World, WorldFund


class BudgetHolder(StrictModel):
    """Who is to hold the budget."""

    tier: Holder
    code: str
    name: Text


class Capitate(Selecting):
    """One budget for the people of some places, networks or practices of one ICB, out of the lines that its ICB holds.

    Each line gives what its people weigh in it. After ``term_years`` the budget ends and the lines are the ICB's again.
    ``spent`` is an assumption of how much of the budget is spent: a surplus is ``kept`` by the holder, ``returned`` to
    the ICB, or ``shared`` by ``risk_share``, the holder's part of a surplus and of a deficit.
    """

    lever: Literal["capitate"]
    funds: FundSelection
    people_of: tuple[str, ...] = Field(min_length=1, description="places, networks or practices, all of one kind")
    to: BudgetHolder
    code: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: Text
    by: By = FAIR_SHARE
    term_years: Whole = Field(ge=1, le=15)
    risk_share: Share
    surplus: Literal["kept", "returned", "shared"]
    spent: Rate | None = Field(default=None, ge=0, description="of the budget, as an assumption")

    @model_validator(mode="after")
    def _each_once(self) -> "Capitate":
        if len(set(self.people_of)) < len(self.people_of):
            raise ValueError("people_of names somebody twice: their people would be counted twice")
        return self

    def at_work(self, year: FinancialYear, first: FinancialYear) -> Self | None:
        """Until its term is over."""
        begun = self.starts or first
        over = year.start - begun.start >= self.term_years
        return None if over else super().at_work(year, first)

    def aged(self, years: int) -> Self:
        """With so many years of its term behind it."""
        return super().aged(years).model_copy(update={"term_years": self.term_years - years + 1})

    def check(self, world: World) -> None:
        """Names that exist, and a fund that does not."""
        super().check(world)
        refuse_unknown(self.people_of, world, "It has no people.", "Correct it.", key="people_of")
        tiers = {world.organisations[code].tier for code in self.people_of}
        if len(tiers) > 1 or not tiers <= set(LEVELS[2:]):
            raise CannotApply(
                f"it names {', '.join(sorted(tiers))}.", "Somebody's people would be counted twice, or not known.",
                "Name places, or networks, or practices.", "people_of",
            )  # fmt: skip
        icbs = {icb for code in self.people_of for icb in world.systems().get(code, {})}
        if len(icbs) != 1:
            raise CannotApply(
                f"they are in {len(icbs)} ICBs.", "A budget is carved from what one ICB holds.",
                "Make a budget for each.", "people_of",
            )  # fmt: skip
        if self.code in world.funds:
            raise CannotApply(
                f"there is a fund '{self.code}' already.", "Two funds would have one code.", "Choose another.", "code"
            )
        Holders(named={self.to.code: self._named(world)}).check(world)

    def _icb(self, world: World) -> str:
        return world.icb_of(self.people_of[0]) or ""

    def _named(self, world: World) -> NamedHolder:
        return NamedHolder.model_validate({"name": self.to.name, "share": 1, "icb": self._icb(world)})

    def foretell(self, world: World) -> World:
        """The budget and who holds it."""
        known = with_holders(world, self.to.tier, Holders(named={self.to.code: self._named(world)}))
        fund = WorldFund(self.code, self.name, None, "capitated", "revenue", known.depth(self.to.tier))
        return known.changed(funds={**known.funds, self.code: fund})

    def apply(self, position: pa.Table, world: World) -> Change:
        """Carve the budget out, and say what becomes of a surplus."""
        icb, known = self._icb(world), self.foretell(world)
        whose = self.organisations.model_copy(update={"codes": self.organisations.codes or (icb,)})
        rows = select(position, world, self.funds, whose)
        pence = np.array(self._parts(position, world, rows, icb), np.int64)
        some = pence > 0
        budget = int(pence.sum())
        terms: dict[str, Any] = {
            "fund": self.code, "fund_name": self.name, "pot": self.code, "stream": "capitated", "grade": "none",
            "route": "formula", "lowest_depth": known.depth(self.to.tier), "discretion": None, "returns_per_year": None,
            "certain_to": world.year.start + self.term_years - 1,
        }  # fmt: skip
        after, moves = hand_over(
            position, known, rows[some], pence[some], [self.to.code] * int(some.sum()), standing=AVAILABLE, **terms
        )
        people = sum(world.people_of("registered", ICB, world.organisations[self.people_of[0]].tier)[icb][code]
                     for code in self.people_of)  # fmt: skip
        a_head = round_half_up_fraction(exact(budget) * 10**9 / people)
        says = (
            f"carves {spoken(budget)} in {len(set(position['fund'].take(pa.array(rows)).to_pylist()))} lines into one "
            f"budget of {self.to.name} for {people // 10**9:,} people, {spoken(a_head)} a head, to "
            f"{FinancialYear(world.year.start + self.term_years - 1)}"
        )
        details: dict[str, Any] = {"budget_pence": budget, "per_head_pence": a_head, "people": people // 10**9}
        if self.spent is None:
            return Change(after, known, says, budget, 0, moves, details)
        back, told, more = self._outturn(budget)
        if back > 0:
            theirs = np.arange(position.num_rows, after.num_rows)
            given = apportion(back, {str(at): int(amount) for at, amount in enumerate(amounts_of(after, theirs))})
            parts = np.array(list(given.values()), np.int64)
            there = parts > 0
            after, _ = hand_over(after, known, theirs[there], parts[there], [icb] * int(there.sum()))
        return Change(after, known, f"{says}; {told}", budget, 0, None, {**details, **more})

    def _parts(self, position: pa.Table, world: World, rows: Any, icb: str) -> list[int]:
        """What each line gives: what the people weigh in it."""
        tier = world.organisations[self.people_of[0]].tier
        lines = position.take(pa.array(rows))
        found = []
        for fund, stream, amount in zip(
            *(lines[name].to_pylist() for name in ("fund", "stream", "amount_pence")), strict=True
        ):
            among = weights(self.by, world, ICB, tier, fund, stream)[icb]
            inside = sum(among.get(code, 0) for code in self.people_of if code != UNASSIGNED)
            found.append(apportion(amount, {"inside": inside, "outside": sum(among.values()) - inside})["inside"])
        if not any(found):
            raise CannotApply(
                "nobody lives there.", "There is nothing to carve out.", "Name somebody with people.", "people_of"
            )
        return found

    def _outturn(self, budget: int) -> tuple[int, str, dict[str, Any]]:
        """What goes back to the ICB, in words, and in figures."""
        left = budget - round_half_up_fraction(budget * exact(self.spent or 0))
        own = {"kept": exact(1), "returned": exact(0), "shared": exact(self.risk_share)}[self.surplus]
        mine = round_half_up_fraction(left * (own if left >= 0 else exact(self.risk_share)))
        word = "surplus" if left >= 0 else "deficit"
        told = (
            f"if {percent(self.spent)} is spent, of a {word} of {spoken(abs(left))} the holder's part is "
            f"{spoken(abs(mine))} and the ICB's {spoken(abs(left - mine))}"
        )
        figures = {"left_pence": left, "holder_pence": mine, "icb_pence": left - mine}
        return max(left - mine, 0), told, figures
