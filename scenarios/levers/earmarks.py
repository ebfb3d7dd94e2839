"""Prevention: move so much of the money to what prevents illness. Cap: keep national programmes below a share."""

from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from allocations.reading.strict_yaml import Whole
from ledger.money import spoken
from ledger.reports.summary import percent as shown
from scenarios.change import Change, Moves, Pence, Rows, held, restate, total
from scenarios.fields import CannotApply, Share, Text, exact
from scenarios.levers.base import Selecting, amounts_of, part_of, percent, spread
from scenarios.selection import FREE_TO_MOVE, STANDINGS, Funds, FundSelection, Mask, select
from scenarios.world import World

PREVENTION = "prevention"
# What is said of a fund wherever it is held.
TERMS = (
    "fund", "fund_name", "pot", "stream", "lowest_depth", "grade", "route", "recurrent", "notified_on", "spend_by",
    "returns_per_year", "discretion", "certain_to",
)  # fmt: skip


def put_into(position: pa.Table, rows: Rows, pence: Pence, fund: str) -> tuple[pa.Table, Moves]:
    """Money that stays where it is and goes into another fund, on the terms that most of that fund is on.

    Raises:
        CannotApply: nobody holds any of the fund, so that its terms are not known.
    """
    its = held(position.filter(pc.equal(position["fund"], fund)))
    if not its.num_rows:
        raise CannotApply(
            f"nobody holds any of '{fund}'.", "On which terms the money would go there is not known.",
            "Name a fund that is held, or make one by a pot before.", "into",
        )  # fmt: skip
    pattern = its.sort_by([("amount_pence", "descending"), ("organisation", "ascending")]).slice(0, 1).to_pylist()[0]
    some = pence > 0
    return restate(position, rows[some], pence[some], **{name: pattern[name] for name in (*TERMS, "quality")})


class Prevention(Selecting):
    """Move ``points`` of all that is selected and tagged into a fund that prevents, over so many years.

    ``tagged`` are the funds that count as prevention already. The tag goes into the statement of who gets what for
    which purpose. Every holder gives in proportion to what it holds.
    """

    lever: Literal["prevention"]
    tagged: tuple[str, ...] = Field(min_length=1, description="funds that are spent on prevention")
    into: str = Field(description="which of them it goes into")
    points: Share
    over_years: Whole = Field(default=5, ge=1, le=15)
    in_year: Whole = Field(default=1, ge=1, le=15)

    def aged(self, years: int) -> Self:
        """As many of its equal parts as there were years."""
        return super().aged(years).model_copy(update={"in_year": min(years, self.over_years)})

    def check(self, world: World) -> None:
        """Funds that exist."""
        super().check(world)
        Funds(codes=(*self.tagged, self.into)).check(world)
        if self.into not in self.tagged:
            raise CannotApply(
                f"'{self.into}' is not tagged.", "It would prevent nothing.", "Add it to 'tagged'.", "into"
            )

    def reach(self, position: pa.Table, world: World) -> Mask:
        """What is selected, and what is tagged already."""
        return super().reach(position, world) | Funds(codes=self.tagged).mask(position, world)

    def apply(self, position: pa.Table, world: World) -> Change:
        """From what each holder has, in proportion."""
        known = world.changed(purposes={**world.purposes, **dict.fromkeys(self.tagged, PREVENTION)})
        tagged = Funds(codes=self.tagged).mask(position, world)
        rows = select(position, world, self.funds, self.organisations)
        rows = rows[~tagged[rows]]
        amounts = amounts_of(position, rows)
        theirs = pc.is_in(position["organisation"], pc.unique(position["organisation"].take(pa.array(rows))))
        already = total(held(position.filter(pa.array(tagged)).filter(theirs.filter(pa.array(tagged)))))
        whole = int(amounts.sum()) + already
        wanted = int(whole * exact(self.points) * self.in_year // self.over_years)
        after, moves = put_into(position, rows, spread(wanted, amounts), self.into)
        share = [shown(exact(pence) / whole) for pence in (already, already + wanted)]
        years = "" if self.over_years == 1 else f" (year {self.in_year} of {self.over_years})"
        says = f"moves {spoken(wanted)} to prevention{years}: {share[1]} of {spoken(whole)} instead of {share[0]}"
        return Change(after, known, says, wanted, 0, moves, {"before_pence": already, "whole_pence": whole})


class Cap(Selecting):
    """Let chosen programmes be at most a share of all money; what is above goes into a fund of the same holder.

    Out of a ring-fence only with the ``authority`` that allows it.
    """

    lever: Literal["cap"]
    share: Share = Field(description="of all that is held of 'of'")
    whole: FundSelection = Field(default_factory=Funds, alias="of")
    into: str
    authority: Text = ""

    def check(self, world: World) -> None:
        """Funds that exist."""
        super().check(world)
        self.whole.check(world)
        Funds(codes=(self.into,)).check(world)

    def reach(self, position: pa.Table, world: World) -> Mask:
        """The programmes and the whole of which they are a share."""
        return super().reach(position, world) | self.whole.mask(position, world)

    def apply(self, position: pa.Table, world: World) -> Change:
        """From each in proportion to what it holds of the programmes."""
        rows = select(position, world, self.funds, self.organisations, standings=FREE_TO_MOVE)
        amounts = amounts_of(position, rows)
        everything = select(position, world, self.whole, self.organisations, standings=STANDINGS)
        whole, now = int(amounts_of(position, everything).sum()), int(amounts.sum())
        most = int(part_of(np.array([whole]), self.share)[0])
        if now <= most:
            raise CannotApply(
                f"they are {shown(exact(now) / whole)} of the money already.",
                "There is nothing above the cap.",
                f"Give a share below {shown(exact(now) / whole)}.",
                "share",
            )
        after, moves = put_into(position, rows, spread(now - most, amounts), self.into)
        freed = spoken(now - most)
        size = f"{percent(self.share)} of {spoken(whole)}"
        says = f"keeps programmes of {spoken(now)} to {size}: {freed} goes into {self.into}"
        details: dict[str, Any] = {"programmes_pence": now, "whole_pence": whole, "freed_pence": now - most}
        return Change(after, world, says, now - most, 0, moves, details, frees=bool(self.authority))
