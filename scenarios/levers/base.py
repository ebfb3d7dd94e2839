"""What every lever shares: the money it selects, how much of it, and why."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import StrictModel
from allocations.shares.apportion import apportion, apportion_each
from ledger.money import round_half_up_fraction, spoken
from ledger.reports.summary import percent as shared_percent
from ledger.years import FinancialYear
from scenarios.change import Change, Pence, Rows
from scenarios.fields import CannotApply, Share, Text, Year, exact, years_on
from scenarios.selection import Funds, FundSelection, Mask, Organisations
from scenarios.weighing import check
from scenarios.world import World


class Lever(StrictModel, ABC):
    """One step of a scenario. ``apply`` is a pure function from a position to a position.

    Attributes:
        conserves: whether the step leaves as much money as it finds; the engine holds it to that.
    """

    conserves: ClassVar[bool] = True

    why: Text = Field(default="", description="why this step, for the reader")
    starts: Year | None = Field(default=None, description="in a scenario of several years, the first year of the step")
    ends: Year | None = Field(default=None, description="its last year")
    phased: dict[Year, Share] | None = Field(
        default=None, min_length=1, description="how much of the step is done in each year; the last named stays"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            raise ValueError(f"it ends in {self.ends}, before it starts in {self.starts}")
        return self

    def years_named(self) -> list[FinancialYear]:
        """Every year that the step names as one in which it is at work."""
        return [year for year in (self.starts, self.ends, *(self.phased or ())) if year is not None]

    def at_work(self, year: FinancialYear, first: FinancialYear) -> Self | None:
        """The step as it is done in a year of several; None where it is not at work then.

        Args:
            first: the first year of the scenario, in which steps start that do not say when.

        Raises:
            CannotApply: it is phased, and has no size of which a part could be done.
        """
        starts = self.starts or (min(self.phased) if self.phased else first)
        if year < starts or (self.ends is not None and year > self.ends):
            return None
        aged = self.aged(year.start - starts.start + 1)
        if not self.phased:
            return aged
        so_far = [named for named in self.phased if named <= year]
        part = self.phased[max(so_far)] if so_far else Decimal(0)
        return None if part == 0 else aged.scaled(part)

    def aged(self, years: int) -> Self:
        """The same so many years after it began, the first year counted: its days move along with the years."""
        moved = {
            name: years_on(day, years - 1)
            for name in ("on", "notified_on", "spend_by")
            if isinstance(day := getattr(self, name, None), date)
        }
        return self.model_copy(update=moved) if moved and years > 1 else self

    def scaled(self, part: Decimal) -> Self:
        """A part of the step.

        Raises:
            CannotApply: it has no size of which a part could be done.
        """
        sizes: dict[str, Any] = {}
        if getattr(self, "share", None) is not None:
            sizes["share"] = self.share * part  # type: ignore[attr-defined]
        for name in ("amount_pence", "each_pence"):
            if getattr(self, name, None) is not None:
                sizes[name] = round_half_up_fraction(getattr(self, name) * Fraction(part))
        if not sizes:
            raise CannotApply(
                f"it is phased, and a '{self.lever_name()}' has neither share nor pounds to phase.",
                "There is no part of it that could be done.",
                "Say 'starts' and 'ends' instead, or give it a share or an amount.",
                "phased",
            )
        return self.model_copy(update=sizes)

    def check(self, world: World) -> None:
        """Refuse what can be seen to be wrong before anything runs.

        Raises:
            CannotApply: a fund, organisation, tier or weighting that does not exist.
        """
        for value in (getattr(self, name) for name in type(self).model_fields):
            if isinstance(value, Funds | Organisations):
                value.check(world)
        by = getattr(self, "by", None)
        if by is not None:
            check(by, world)

    def lever_name(self) -> str:
        """The word by which a file names the lever."""
        return str(getattr(self, "lever", ""))

    def foretell(self, world: World) -> World:
        """The structure as far as it is known before the step is done: the funds and organisations it will make."""
        return world

    def resting_on(self, freed: Mapping[int, int]) -> "Lever":
        """The step as it is done after others.

        Args:
            freed: number of each step before it to the money that it freed, in pence.

        Raises:
            CannotApply: it rests on a step that is not before it.
        """
        del freed
        return self

    def reach(self, position: pa.Table, world: World) -> Mask | None:
        """Which rows the step may look at or take from, and perhaps more; None where that cannot be told beforehand.

        Money that it hands to somebody is added to what is there, whatever that is, and needs no looking at.

        Raises:
            CannotApply: it names what does not exist in this world.
        """
        del position, world
        return None

    @abstractmethod
    def apply(self, position: pa.Table, world: World) -> Change:
        """Do the step.

        Raises:
            CannotApply: it cannot be done to this position.
        """


class Selecting(Lever):
    """A lever on chosen funds of chosen organisations."""

    funds: FundSelection = Field(default_factory=Funds)
    organisations: Organisations = Field(default_factory=Organisations)

    def reach(self, position: pa.Table, world: World) -> Mask:
        """What is selected, whatever its size, its tier and its standing."""
        return within_reach(self.funds, self.organisations, position, world)


def within_reach(funds: Funds, organisations: Organisations, position: pa.Table, world: World) -> Mask:
    """Which rows a selection could find, whatever their size, tier and standing."""
    funds = funds.model_copy(update={"below_pence": None, "above_pence": None})
    organisations = organisations.model_copy(update={"tier": None, "standing": None})
    return funds.mask(position, world) & organisations.mask(position, world)


def part_of(amounts: Pence, share: Any) -> Pence:
    """A share of each amount in whole pence, by largest remainder; the rest stays."""
    part = exact(share)
    if part in (0, 1):
        return amounts * int(part)
    weights = {"taken": part.numerator, "kept": part.denominator - part.numerator}
    taken: Pence = apportion_each(amounts, [weights] * len(amounts))[2][::2]
    return taken


def spread(total_pence: int, amounts: Pence) -> Pence:
    """A total taken from rows in proportion to what is in them; never more than there is in any.

    Raises:
        CannotApply: the rows hold less than the total.
    """
    there = int(amounts.sum())
    if total_pence > there:
        raise CannotApply(
            f"it asks for {spoken(total_pence)} where {spoken(there)} is held.",
            "Nobody can pass on more than they hold.",
            f"Ask for at most {spoken(there)}, or choose more funds or organisations.",
            "pounds",
        )
    if total_pence == 0:
        return np.zeros(len(amounts), dtype=np.int64)
    parts = apportion(total_pence, {str(row): int(pence) for row, pence in enumerate(amounts)})
    return np.array(list(parts.values()), dtype=np.int64)


def refuse_unknown(codes: Iterable[str], world: World, why: str, fix: str = "Correct the code.", *, key: str) -> None:
    """Refuse organisations that the world of the scenario does not have.

    Raises:
        CannotApply: with the first of them.
    """
    for code in codes:
        if code not in world.organisations:
            raise CannotApply(f"there is no organisation '{code}'.", why, fix, key)


def amounts_of(position: pa.Table, rows: Rows) -> Pence:
    """What is in the rows."""
    return position["amount_pence"].to_numpy()[rows]


def percent(part: Any) -> str:
    """A share as people write it: 80%, 33.3%."""
    shown = shared_percent(exact(part))
    return shown.replace(".0%", "%")
