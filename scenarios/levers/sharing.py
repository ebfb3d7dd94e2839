"""Who receives, and how much: by a weighting, in equal parts, by awards that are named, by lot, or by bids."""

from decimal import Decimal
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from allocations.places.division import UNASSIGNED
from allocations.reading.strict_yaml import StrictModel, Whole
from allocations.shares.apportion import apportion
from scenarios.fields import By, CannotApply, Probability, Share
from scenarios.levers.base import refuse_unknown
from scenarios.levers.bids import Bids, Won
from scenarios.weighing import check, weights
from scenarios.world import EQUAL, ICB, NATIONAL, PLURAL, World

Among = Literal["icb", "place", "pcn", "practice"]


class Sharing(StrictModel):
    """How money is shared: exactly one of a weighting (``by``), named ``awards``, ``winners``, ``chance`` and ``bids``.

    ``winners`` draws so many at random, ``chance`` lets each win with that probability; winners share equally, so in
    the mean all have the same, which is what is shown. ``bids`` also says what the bidding costs.

    A fund that was bid for goes to those who could bid, unless ``open_to`` says all: else it is no comparison.
    """

    among: Among = "icb"
    by: By | None = None
    awards: dict[str, Share] | None = Field(default=None, description="organisation to its share; they make one")
    winners: Whole | None = Field(default=None, ge=1)
    chance: Probability | None = None
    bids: Bids | None = None
    open_to: Literal["bidders", "all"] = Field(
        default="bidders", description="of a fund that was bid for: those who could bid, or all"
    )

    @model_validator(mode="after")
    def _one_way(self) -> "Sharing":
        ways = (self.by, self.awards, self.winners, self.chance, self.bids)
        if len([way for way in ways if way is not None]) != 1:
            raise ValueError("give one of by, awards, winners, chance and bids")
        if self.awards is not None and sum(self.awards.values(), Decimal(0)) != 1:
            raise ValueError(f"the awards sum to {sum(self.awards.values(), Decimal(0))}, and must sum to 1")
        return self

    def check(self, world: World) -> None:
        """Refuse weightings and winners that do not exist."""
        if self.by is not None:
            check(self.by, world)
        if self.bids is not None:
            self.bids.check(world)
        refuse_unknown(self.awards or (), world, "It cannot be given anything.", key="awards")
        if self.among == ICB and world.scope is not None:
            raise CannotApply(
                f"the baseline is {world.scope} alone.",
                "Money cannot be shared among ICBs that are not in it.",
                "Leave 'organisation' out of the baseline, or share among places.",
                "among",
            )

    def parts(
        self, total_pence: int, world: World, fund: str, stream: str, holder: str | None = None
    ) -> dict[str, int]:
        """Receiver to pence; the parts sum to the total.

        Args:
            holder: the ICB that shares among its own; the whole country where there is none.

        Raises:
            CannotApply: there is nobody to share among, or nobody wins.
        """
        if self.awards is not None:
            return apportion(total_pence, self.awards)
        if self.bids is not None:
            return self.bid_for(total_pence, world, fund, stream, holder).awards
        among = self._among(self.by or EQUAL, world, fund, stream, holder)
        if self.by is None:
            self._refuse_no_winners(len(among))
            among = dict.fromkeys(among, 1)
        return apportion(total_pence, among)

    def bid_for(self, total_pence: int, world: World, fund: str, stream: str, holder: str | None = None) -> Won:
        """A pot that is shared by ``bids``: who wins it, and what the bidding costs. Arguments as for ``parts``.

        Raises:
            CannotApply: there are fewer bidders than awards, or one who cannot bid.
        """
        assert self.bids is not None
        among = self._among(self.bids.by, world, fund, stream, holder)
        return self.bids.run(total_pence, among, [world.seed, *fund.encode(), *(holder or "").encode()], world)

    def _among(self, by: By, world: World, fund: str, stream: str, holder: str | None) -> dict[str, int]:
        """Everybody who could receive, with a weight."""
        tier, whose = (ICB, holder) if holder else (NATIONAL, world.national or NATIONAL)
        among = dict(weights(by, world, tier, self.among, fund, stream).get(whose, {}))
        among.pop(UNASSIGNED, None)
        if self.bids is None and self.open_to == "bidders" and fund in world.bid_for:
            could_bid = {code: weight for code, weight in among.items() if code in world.bid_for[fund].open_to}
            among = could_bid or among
        if not any(among.values()):
            raise CannotApply(
                f"there is no {self.among} to share among.",
                "The money would reach nobody.",
                "Choose another tier.",
                "among",
            )
        return among

    def _refuse_no_winners(self, bidders: int) -> None:
        if self.winners is not None and self.winners > bidders:
            raise CannotApply(
                f"{self.winners} are to win, and there are {bidders}.",
                "Nobody can win twice.",
                f"Give at most {bidders}.",
                "winners",
            )
        if self.chance == 0:
            raise CannotApply(
                "with a chance of 0 nobody wins.",
                "The money would reach nobody.",
                "Raise the chance, or say how many win with 'winners'.",
                "chance",
            )

    def in_words(self) -> str:
        """How it is shared, in words."""
        if self.bids is not None:
            return self.bids.in_words()
        if self.awards is not None:
            return f"to {len(self.awards)} named {PLURAL[self.among]}"
        if self.by is not None:
            by = self.by if isinstance(self.by, str) else "a mixture of measures"
            return (
                f"among {PLURAL[self.among]} by {by.replace('_', ' ')}"
                if self.by != EQUAL
                else f"in equal parts to {PLURAL[self.among]}"
            )
        whom = (
            f"to {self.winners} {'winner' if self.winners == 1 else 'winners'} drawn by lot"
            if self.winners
            else f"to those who win with a chance of {self.chance}"
        )
        return f"{whom}, each shown with its mean; who wins is not known"

    @property
    def is_drawn(self) -> bool:
        """Whether who gets it is a matter of luck, so that what each is shown with is a mean."""
        return self.winners is not None or self.chance is not None


def receivers_of(parts: dict[str, int]) -> tuple[list[str], Any]:
    """The receivers of something, and how much each gets."""
    some = {code: pence for code, pence in parts.items() if pence}
    return list(some), np.array(list(some.values()), dtype=np.int64)
