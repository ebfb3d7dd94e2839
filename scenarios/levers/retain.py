"""Retain: keep money back, with the partners' agreement or without; or take it back from those below."""

from typing import Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import YesNo
from allocations.shares.apportion import apportion
from ledger.money import spoken
from ledger.reports.position import BY_AGREEMENT, WITHOUT_AGREEMENT
from ledger.words import AVAILABLE
from scenarios.change import Change, Moves, Pence, Rows, hand_over, restate
from scenarios.fields import By, CannotApply, Pounds, Share, Text
from scenarios.levers.base import Selecting, amounts_of, part_of, percent, spread
from scenarios.selection import select
from scenarios.weighing import weights
from scenarios.world import ICB, NATIONAL, World


class Retain(Selecting):
    """Keep back a share or an amount of what an ICB holds, or take it back from places, networks or practices.

    With ``agreed`` the partners who agreed are named, and money that is kept without agreement is covered by
    it too. Without, only what is available is kept back.
    """

    lever: Literal["retain"]
    agreed: YesNo
    partners: Text = Field(default="", description="who agreed")
    purpose: Text = ""
    decision: Text = Field(default="", description="where the decision is recorded")
    share: Share | None = None
    amount_pence: Pounds | None = Field(default=None, alias="pounds")
    back_from: Literal["place", "pcn", "practice"] | None = None
    by: By | None = Field(default=None, description="by what an amount is taken back; by what each holds otherwise")

    @model_validator(mode="after")
    def _whole(self) -> "Retain":
        if (self.share is None) == (self.amount_pence is None):
            raise ValueError("give either share or pounds")
        if self.agreed and not self.partners:
            raise ValueError("an agreement names its partners: add 'partners'")
        if self.by is not None and (self.amount_pence is None or self.back_from is None):
            raise ValueError("'by' says how an amount in pounds is taken back: give 'pounds' and 'back_from' too")
        return self

    def apply(self, position: pa.Table, world: World) -> Change:
        """Keep it back."""
        standing = BY_AGREEMENT if self.agreed else WITHOUT_AGREEMENT
        usual = (AVAILABLE, WITHOUT_AGREEMENT) if self.agreed and not self.back_from else (AVAILABLE,)
        tiers = [self.back_from or ICB]
        rows = select(position, world, self.funds, self.organisations, standings=usual, tiers=tiers)
        amounts = amounts_of(position, rows)
        if self.share is not None:
            taken = part_of(amounts, self.share)
        elif self.by is not None:
            taken = self._by_people(position, world, rows, amounts)
        else:
            taken = spread(self.amount_pence or 0, amounts)
        if self.back_from:
            after, moves = self._taken_back(position, world, rows, taken, standing)
        else:
            after, moves = restate(position, rows[taken > 0], taken[taken > 0], standing=standing)
        total = int(taken.sum())
        how = f"with the agreement of {self.partners}" if self.agreed else "without agreement"
        size = percent(self.share) if self.share is not None else spoken(total)
        whence = f" from {self.back_from}" if self.back_from else ""
        return Change(after, world, f"keeps {size}{whence} at the ICB {how}: {spoken(total)}", total, 0, moves)

    def _by_people(self, position: pa.Table, world: World, rows: Rows, amounts: Pence) -> Pence:
        """An amount taken back from holders by a weighting: the mirror of devolving it by the same."""
        assert self.by is not None
        assert self.back_from is not None
        chosen = position.take(pa.array(rows))
        holders = chosen["organisation"].to_pylist()
        fund, stream = chosen["fund"][0].as_py(), chosen["stream"][0].as_py()
        icbs = {world.icb_of(code) for code in holders}
        whole = {ICB: icbs.pop() or ""} if len(icbs) == 1 else {NATIONAL: world.national or NATIONAL}
        ((tier, code),) = whole.items()
        among = weights(self.by, world, tier, self.back_from, fund, stream).get(code, {})
        wanted = {holder: among.get(holder, 0) for holder in holders}
        taken = np.zeros(len(rows), dtype=np.int64)
        for holder, pence in apportion(self.amount_pence or 0, wanted).items():
            own = np.flatnonzero(np.array(holders) == holder)
            taken[own] = spread(pence, amounts[own])
        return taken

    @staticmethod
    def _taken_back(
        position: pa.Table, world: World, rows: Rows, taken: Pence, standing: str
    ) -> tuple[pa.Table, Moves]:
        """Money of a network in several ICBs goes back to each by its people there."""
        source, pence, receivers = [], [], []
        holders = position["organisation"].take(pa.array(rows)).to_pylist()
        for row, holder, part in zip(rows, holders, taken.tolist(), strict=True):
            parts = world.systems().get(holder)
            if not parts:
                raise CannotApply(
                    f"{holder} is in no ICB.", "There is nobody to take it back.", "Leave it out.", "organisations"
                )
            for icb, amount in apportion(part, parts).items():
                if amount:
                    source.append(row)
                    receivers.append(icb)
                    pence.append(amount)
        return hand_over(position, world, np.array(source), np.array(pence, np.int64), receivers, standing=standing)
