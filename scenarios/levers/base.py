"""What every lever shares: the money it selects, how much of it, and why."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from allocations.reading.strict_yaml import StrictModel
from allocations.shares.apportion import apportion
from ledger.money import spoken
from ledger.reports.summary import percent as shared_percent
from scenarios.change import Change, Pence, Rows
from scenarios.fields import CannotApply, Text, exact
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
    return np.array([apportion(int(pence), weights)["taken"] for pence in amounts], dtype=np.int64)


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


def amounts_of(position: pa.Table, rows: Rows) -> Pence:
    """What is in the rows."""
    return position["amount_pence"].to_numpy()[rows]


def percent(part: Any) -> str:
    """A share as people write it: 80%, 33.3%."""
    shown = shared_percent(exact(part))
    return shown.replace(".0%", "%")
