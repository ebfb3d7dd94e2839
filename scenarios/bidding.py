"""The proposition that money which is bid for reaches the front line, where a scenario knows a pot that is bid for."""

from dataclasses import replace
from fractions import Fraction

from scenarios.scorecard import Test
from scenarios.world import World

_TEST = Test(
    "front_line", "Money that is bid for reaches the front line",
    "Pots that are, or were, bid for, less what bids, returns and administration cost whoever pays, over these pots",
    "reroute bids to a formula; fewer bidders, larger awards, fewer returns", "share", "higher",
    note="Means over all draws, by the assumptions of the file.",
)  # fmt: skip


def tests(before: World, after: World) -> list[tuple[Test, Test]]:
    """The proposition before and after; none where no pot is bid for."""
    return [(_tested(before), _tested(after))] if before.bid_for or after.bid_for else []


def _tested(world: World) -> Test:
    pots = sum(each.pot_pence for each in world.bid_for.values())
    return replace(_TEST, value=Fraction(pots - sum(world.costs_of_bidding().values()), pots) if pots else None)
