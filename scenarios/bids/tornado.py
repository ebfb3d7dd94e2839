"""Which assumption matters most: each taken to its low and its high, the others left in the middle.

Every run meets the same luck, so that a swing is the assumption's and not the draws'.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from scenarios.bids.pot import BidPot, PotAssumption, PotPlan
from scenarios.bids.simulation import PotOutcome, draw, reckon, simulate

_CHANGES_THE_DRAWS = ("chance_of_bidding", "pull_of_capacity", "pull_of_size", "pull_of_past_wins")


@dataclass(frozen=True, slots=True)
class End:
    """The answer with one assumption at one end of its range.

    Attributes:
        advantage_pence: what bidding is worth more than the formula.
        overhead_pence: cost of bids, returns and administration.
        front_line_pence: what reaches the front line by bidding.
        misplaced_pence: what those below their fair share lack, in a mean round.
    """

    advantage_pence: int
    overhead_pence: int
    front_line_pence: int
    misplaced_pence: int


@dataclass(frozen=True, slots=True)
class TornadoBar:
    """One bar of the tornado: an assumption, and the answer at both ends of its range.

    Attributes:
        swing_pence: between the two advantages; bars stand in the order of it, the widest first.
    """

    assumption: PotAssumption
    low: End
    high: End
    swing_pence: int

    @property
    def moves(self) -> bool:
        """Whether anything is other at one end than at the other."""
        return self.low != self.high


def drawn(plan: PotPlan) -> tuple[PotOutcome, tuple[TornadoBar, ...]]:
    """A pot that is bid for, in all its draws, and what its answer turns on; the same plan gives the same answer."""
    return simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed)), tornado(plan)


def tornado(plan: PotPlan) -> tuple[TornadoBar, ...]:
    """Every assumption that has a range, by how far it swings what bidding is worth against the formula.

    Equal swings are put in order of what they do to the misplaced money, and then by name.
    """
    middle = draw(plan.pot, plan.draws, np.random.default_rng(plan.seed))

    def at(assumption: PotAssumption, value: Fraction) -> End:
        pot = with_value(plan.pot, assumption.name, value)
        again = assumption.name in _CHANGES_THE_DRAWS and value != assumption.value
        draws = draw(pot, plan.draws, np.random.default_rng(plan.seed)) if again else middle
        bidding, _, comparison = reckon(pot, draws)
        return End(
            comparison.advantage_pence,
            bidding.overhead_pence,
            bidding.front_line_pence,
            bidding.misplaced.mean_pence,
        )

    bars = []
    for assumption in plan.assumptions.values():
        if assumption.low < assumption.high:
            low, high = at(assumption, assumption.low), at(assumption, assumption.high)
            bars.append(TornadoBar(assumption, low, high, abs(high.advantage_pence - low.advantage_pence)))
    return tuple(
        sorted(
            bars,
            key=lambda bar: (
                -bar.swing_pence,
                -abs(bar.high.misplaced_pence - bar.low.misplaced_pence),
                bar.assumption.name,
            ),
        )
    )


def with_value(pot: BidPot, name: str, value: Fraction) -> BidPot:
    """The same pot with one assumption changed."""
    kept: Any = int(value) if name.endswith(("_pence", "_days")) else value
    return replace(pot, values=replace(pot.values, **{name: kept}))
