"""A pot that is bid for, inside a scenario: what bidders win and what all the bidding costs, as means over many draws.

Who would win is not known, so the position shows what each bidder has in the mean, and no draw's winners. Bids are paid
for from the bidders' own budgets, so the position holds the whole pot, and the costs stand beside it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from pydantic import Field

from allocations.reading.strict_yaml import StrictModel, Whole
from allocations.shares.apportion import apportion
from ledger.money import round_half_up_fraction, spoken
from ledger.reports.summary import percent
from scenarios.bids.assumptions import Assumed, gathered, values
from scenarios.bids.pot import Bidder, BidPot
from scenarios.bids.simulation import ByBidding, draw, reckon
from scenarios.fields import By, CannotApply, Pounds, Rate
from scenarios.weighing import FAIR_SHARE, check
from scenarios.world import NATIONAL, BidFor, World

_ASSUMED = (
    "cost_of_a_bid_pence", "cost_of_a_return_pence", "returns_per_award", "administration_pence",
    "administration_per_award_pence", "match_share", "pull_of_size",
)  # fmt: skip
# Summed over the pots of a step; shares are made of the sums.
_SUMMED = (
    "awarded_pence", "cost_of_bids_pence", "cost_of_returns_pence", "administration_pence", "overhead_pence",
    "front_line_pence", "match_pence",
)  # fmt: skip


class Bids(StrictModel):
    """The rules of a pot that is bid for. Whatever is left out is as in ``bidding_assumptions.csv``.

    Everybody who may bid does; ``bidders`` narrows who may. Awards are equal.
    """

    awards: Whole = Field(ge=1, description="how many win")
    bidders: tuple[str, ...] = Field(default=(), description="codes of those who may bid; all where left out")
    by: By = Field(default=FAIR_SHARE, description="the population by which fair shares and sizes go")
    draws: Whole = Field(default=1_000, ge=1, le=100_000)
    cost_of_a_bid_pence: Pounds | None = Field(default=None, alias="cost_of_a_bid_pounds")
    cost_of_a_return_pence: Pounds | None = Field(default=None, alias="cost_of_a_return_pounds")
    returns_per_award: Whole | None = Field(default=None, ge=0, le=3660)
    administration_pence: Pounds | None = Field(default=None, alias="administration_pounds")
    administration_per_award_pence: Pounds | None = Field(default=None, alias="administration_per_award_pounds")
    match_share: Rate | None = Field(default=None, ge=0)
    pull_of_size: Rate | None = Field(default=None, description="above 0, larger bidders win more often")

    def check(self, world: World) -> None:
        """Refuse a weighting or bidders that do not exist, and what cannot be assumed.

        Raises:
            CannotApply: with what was found, why it matters and what to do.
        """
        check(self.by, world, key="sharing")
        self._values(1)
        for code in self.bidders:
            if code not in world.organisations:
                raise CannotApply(f"there is no bidder '{code}'.", "It cannot win.", "Correct the code.", "sharing")

    def run(self, total_pence: int, weights: dict[str, int], seed: Sequence[int], world: World) -> "Won":
        """Draw the pot.

        Args:
            weights: everybody who may bid, with their weighted people.
            seed: what the generator starts from; the same gives the same.

        Raises:
            CannotApply: a bidder is not one of them, or there are more awards than bidders.
        """
        strangers = [code for code in self.bidders if code not in weights]
        if strangers:
            raise CannotApply(
                f"{', '.join(strangers)} cannot bid for it.",
                "It is open to others, or they have no people.",
                "Correct 'bidders', or 'among'.",
                "sharing",
            )
        chosen = {code: weights[code] for code in sorted(self.bidders or weights) if weights[code] > 0}
        if self.awards > len(chosen):
            raise CannotApply(
                f"there are {self.awards} awards for {len(chosen)} bidders.",
                "A bidder wins at most one.",
                f"Make at most {len(chosen)} awards.",
                "sharing",
            )
        bidders = tuple(
            Bidder(code, world.organisations[code].name, people, size=Fraction(people))
            for code, people in chosen.items()
        )
        pot = BidPot(total_pence, bidders, self.awards, values(self._values(total_pence)))
        drawn = draw(pot, self.draws, np.random.default_rng(list(seed)))
        in_the_mean = dict(zip(chosen, drawn.awards.sum(axis=0).tolist(), strict=True))
        if not pot.values.pull_of_size:
            in_the_mean = dict.fromkeys(chosen, 1)  # with equal chances the mean is known without drawing
        return Won(apportion(total_pence, in_the_mean), total_pence, pot, reckon(pot, drawn)[0])

    def _values(self, amount_pence: int) -> Any:
        given = {}
        for name, each in type(self).model_fields.items():
            value = getattr(self, name)
            if name in _ASSUMED and value is not None:
                scale = 100 if name.endswith("_pence") else 1
                given[each.alias or name] = _assumed(Fraction(value) / scale)
        # Everybody who may bid does, so that the whole pot is awarded in every draw.
        given["chance_of_bidding"] = _assumed(Fraction(1))
        found, problems = gathered(given, amount_pence, lambda keys: str(keys[-1]))
        if problems:
            first = problems[0]
            raise CannotApply(first.found, first.why, first.fix, "sharing")
        return found

    def in_words(self) -> str:
        """How it is shared, in words."""
        return f"to {self.awards} {'winner' if self.awards == 1 else 'winners'}"


def _assumed(value: Fraction) -> Assumed:
    # Its grounds stand under 'assumptions' of the scenario.
    here = "the scenario"
    return Assumed(value=value, standing="assumption", quality="amber", source=here, reason=here)


@dataclass(frozen=True)
class Won:
    """A pot that was bid for: what each bidder has of it in the mean, and what it costs."""

    awards: dict[str, int]
    pot_pence: int
    pot: BidPot
    bidding: ByBidding

    def overhead(self, funder: str) -> dict[str, int]:
        """Who pays to what it costs them, in pence: bids and returns the bidders, administration the funder."""
        bids = apportion(self.bidding.cost_of_bids_pence, dict.fromkeys(self.awards, 1))
        returns = apportion(self.bidding.cost_of_returns_pence, self.awards)
        found = {code: bids[code] + returns[code] for code in self.awards}
        return {**found, funder: found.get(funder, 0) + self.bidding.administration_pence}


def with_bids(world: World, fund: str, pots: Sequence[Won]) -> World:
    """The world in which a fund is bid for, in one pot or several."""
    costs_of: dict[str, int] = {}
    for pot in pots:
        for code, pence in pot.overhead(world.national or NATIONAL).items():
            costs_of[code] = costs_of.get(code, 0) + pence
    assumed = pots[0].pot.values
    known = BidFor(
        frozenset(code for pot in pots for code in pot.awards), sum(pot.pot_pence for pot in pots), costs_of,
        assumed.cost_of_a_return_pence, assumed.returns_per_award, assumed.administration_by_formula_pence,
    )  # fmt: skip
    return world.changed(bid_for={**world.bid_for, fund: known})


def without_bids(world: World, fund: str, receivers: Iterable[str], returns_per_year: int | None) -> World:
    """The world in which a fund that was bid for goes out otherwise: what remains are returns and administration."""
    if fund not in world.bid_for:
        return world
    before = world.bid_for[fund]
    returns = before.returns_per_award if returns_per_year is None else Fraction(returns_per_year)
    each = round_half_up_fraction(returns * before.cost_of_a_return_pence)
    funder = world.national or NATIONAL
    costs_of = dict.fromkeys(receivers, each) | {funder: before.administration_by_formula_pence}
    return world.changed(bid_for={**world.bid_for, fund: before._replace(overhead=costs_of)})


def costs(pots: Sequence[Won]) -> dict[str, Any]:
    """What the bidding for one or several pots costs: sums in pence, and shares of what the pots hold."""
    whole = sum(pot.pot_pence for pot in pots)
    found: dict[str, Any] = {
        "bids": sum((pot.bidding.bids for pot in pots), Fraction(0)),
        "awards": sum((pot.bidding.awards for pot in pots), Fraction(0)),
        **{name: sum(getattr(pot.bidding, name) for pot in pots) for name in _SUMMED},
    }
    found["bid_for_pence"] = whole
    found["cost_of_bids_share"] = Fraction(found["cost_of_bids_pence"], whole) if whole else None
    found["overhead_share"] = Fraction(found["overhead_pence"], whole) if whole else None
    found["success"] = Fraction(found["awards"]) / found["bids"]
    if len(pots) == 1:
        own = pots[0].bidding
        sizes = pots[0].pot.award_sizes()
        found["mean_of_a_bidder_pence"] = round_half_up_fraction(Fraction(whole, len(pots[0].awards)))
        found["lowest_award_pence"] = 0 if len(sizes) < len(pots[0].awards) else min(sizes)
        found["highest_award_pence"] = max(sizes)
        found["mean_award_pence"] = own.mean_award_pence
        found["break_even_probability"] = own.break_even_probability
        found["expected_net_per_bid_pence"] = own.expected_net_per_bid_pence
    return found


def costs_in_words(costs: dict[str, Any]) -> str:
    """The costs in a clause; they are assumptions, and it says so."""
    mean = ""
    if "highest_award_pence" in costs:
        mean = (
            f"who wins is not known: each bidder has {spoken(costs['mean_of_a_bidder_pence'])} in the mean, and in one "
            f"draw {spoken(costs['lowest_award_pence'])} or {spoken(costs['highest_award_pence'])}; "
        )
    return mean + (
        f"by our assumptions {int(costs['bids']):,} bids cost {spoken(costs['cost_of_bids_pence'])}, and with returns "
        f"and administration {spoken(costs['overhead_pence'])}, {percent(costs['overhead_share'])} of it"
    )
