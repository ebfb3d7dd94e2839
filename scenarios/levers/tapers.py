"""Taper: let money run out year by year. Instalments: pay it in parts, each for a test that has to be met."""

from decimal import Decimal
from typing import ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import Whole
from allocations.shares.apportion import apportion
from ledger.money import spoken
from ledger.words import AVAILABLE
from ledger.years import FinancialYear
from scenarios.change import Change, Moves, Pence, Rows, hand_over, take_out
from scenarios.fields import CannotApply, Share, Text, Year
from scenarios.levers.amounts import UNSPENT, mirrored
from scenarios.levers.base import Selecting, amounts_of, part_of, percent, refuse_unknown
from scenarios.levers.earmarks import put_into
from scenarios.selection import FundSelection, select
from scenarios.world import World

_QUARTERS = (Decimal("0.25"),) * 4


class Taper(Selecting):
    """Leave a share of chosen money in each year; the last year that is named stays.

    The rest goes back to its source, or into another fund of the same holder.
    """

    conserves: ClassVar[bool] = False

    lever: Literal["taper"]
    funds: FundSelection
    left: Share | dict[Year, Share] = Field(description="of what there would be otherwise; by year, or in one year")
    into: str | None = Field(default=None, description="the fund that gets what is not left")

    def years_named(self) -> list[FinancialYear]:
        """Also those of the taper."""
        return [*super().years_named(), *(self.left if isinstance(self.left, dict) else ())]

    def at_work(self, year: FinancialYear, first: FinancialYear) -> Self | None:
        """With what is left in the year; before the first that is named all of it is, and nothing is done."""
        working = super().at_work(year, first)
        if working is None or not isinstance(self.left, dict):
            return working
        so_far = [named for named in self.left if named <= year]
        left = self.left[max(so_far)] if so_far else Decimal(1)
        return None if left == 1 else working.model_copy(update={"left": left})

    def apply(self, position: pa.Table, world: World) -> Change:
        """Take away what is not left."""
        if isinstance(self.left, dict):
            raise CannotApply(
                "it says what is left by year, and one year is looked at.", "It is not known which of them is meant.",
                "Add 'years' to the file, or give one share.", "left",
            )  # fmt: skip
        rows = select(position, world, self.funds, self.organisations, standings=UNSPENT)
        amounts = amounts_of(position, rows)
        less = amounts - part_of(amounts, self.left)
        gone = int(less.sum())
        says = f"leaves {percent(self.left)}, {spoken(int(amounts.sum()) - gone)}, and {spoken(gone)} goes"
        if self.into is not None:
            after, moves = put_into(position, rows, less, self.into)
            return Change(after, world, f"{says} into {self.into}", gone, 0, moves)
        return Change(mirrored(take_out(position, rows, less), position, rows, -less), world, f"{says} back", 0, -gone)


class Instalments(Selecting):
    """Pay a fund in parts, each of which is earned by a test: quarters unless ``parts`` says otherwise.

    ``missed`` says who fails which parts, counted from 1. What is withheld goes back to the source, or in proportion
    to ``those who earned`` every part.
    """

    conserves: ClassVar[bool] = False

    lever: Literal["instalments"]
    funds: FundSelection
    test: Text = Field(min_length=1, description="what has to be met for a part to be paid")
    parts: tuple[Share, ...] = Field(default=_QUARTERS, min_length=1)
    missed: dict[str, tuple[Whole, ...]] = Field(min_length=1, description="who, and which parts they do not earn")
    withheld: Literal["source", "those who earned"] = "those who earned"

    @model_validator(mode="after")
    def _whole(self) -> "Instalments":
        if sum(self.parts, Decimal(0)) != 1:
            raise ValueError("the parts must sum to 1")
        for code, numbers in self.missed.items():
            if (
                not numbers
                or len(set(numbers)) < len(numbers)
                or not set(numbers) <= set(range(1, len(self.parts) + 1))
            ):
                raise ValueError(f"{code} misses some of the parts 1 to {len(self.parts)}, each once")
        return self

    def check(self, world: World) -> None:
        """Who exists."""
        super().check(world)
        refuse_unknown(self.missed, world, "It can miss nothing.", key="missed")

    def apply(self, position: pa.Table, world: World) -> Change:
        """Withhold what is not earned, line by line."""
        rows = select(position, world, self.funds, self.organisations)
        amounts = amounts_of(position, rows)
        holders = position["organisation"].take(pa.array(rows)).to_pylist()
        absent = sorted(set(self.missed) - set(holders))
        if absent:
            raise CannotApply(
                f"{absent[0]} holds none of it.", "It can miss nothing.", "Leave it out, or choose its funds.", "missed"
            )
        less = np.zeros(len(rows), dtype=np.int64)
        for at, code in enumerate(holders):
            if code in self.missed:
                share = sum((self.parts[number - 1] for number in self.missed[code]), Decimal(0))
                less[at] = part_of(amounts[at : at + 1], share)[0]
        gone = int(less.sum())
        who = f"{len(self.missed)} of {len(set(holders)):,} holders miss some of {len(self.parts)} instalments"
        says = f"pays {spoken(int(amounts.sum()))} by {self.test}: {who}, and {spoken(gone)} is withheld"
        details = {"withheld_pence": gone, "held_pence": int(amounts.sum())}
        if self.withheld == "source":
            after = mirrored(take_out(position, rows, less), position, rows, -less)
            return Change(after, world, f"{says} and goes back", 0, -gone, details=details)
        after, moves = self._to_those_who_earned(position, world, rows, holders, amounts, less)
        return Change(after, world, f"{says} for those who earned all", gone, 0, moves, details)

    def _to_those_who_earned(
        self, position: pa.Table, world: World, rows: Rows, holders: list[str], amounts: Pence, less: Pence
    ) -> tuple[pa.Table, Moves | None]:
        funds = list(zip(*(position[name].take(pa.array(rows)).to_pylist() for name in ("fund", "year")), strict=True))
        source, receivers, pence = [], [], []
        for key in sorted(set(funds)):
            its = [at for at, fund in enumerate(funds) if fund == key]
            earned: dict[str, int] = {}
            for at in its:
                if holders[at] not in self.missed:
                    earned[holders[at]] = earned.get(holders[at], 0) + int(amounts[at])
            for at in its:
                if less[at] and not earned:
                    raise CannotApply(
                        "nobody earned every part.",
                        "There is nobody to give it to.",
                        "Say 'withheld: source'.",
                        "withheld",
                    )
                for code, part in apportion(int(less[at]), earned).items() if less[at] else ():
                    if part:
                        source.append(int(rows[at]))
                        receivers.append(code)
                        pence.append(part)
        if not pence:
            return position, None
        return hand_over(position, world, np.array(source), np.array(pence, np.int64), receivers, standing=AVAILABLE)
