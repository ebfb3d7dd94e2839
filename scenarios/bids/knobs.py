"""A bidding pot with some of its numbers turned by hand, everything else as its file says."""

from dataclasses import replace
from fractions import Fraction

from ledger.errors import Problem, Refused
from ledger.money import PENCE_PER_POUND
from scenarios.bids.pot import LISTED, Plan
from scenarios.tornado import with_value

COST = "cost_of_a_bid_pence"


def turned(plan: Plan, *, awards: int | None = None, cost_of_a_bid_pounds: int | None = None) -> Plan:
    """The same plan with another number of awards, or another cost of a bid; the cost's range is widened to hold it.

    Raises:
        Refused: more awards than bidders, or another number where the file lists the sizes one by one.
    """
    if awards is not None and awards != plan.pot.awards:
        plan = _with_awards(plan, awards)
    if cost_of_a_bid_pounds is None:
        return plan
    pence = Fraction(cost_of_a_bid_pounds * PENCE_PER_POUND)
    before = plan.assumptions[COST]
    if pence == before.value:
        return plan
    now = replace(
        before,
        value=pence,
        low=min(before.low, pence),
        high=max(before.high, pence),
        standing="assumption",
        source="the reader of this page",
        reason=f"Set by hand, in place of {before.source}",
    )
    return replace(plan, pot=with_value(plan.pot, COST, pence), assumptions={**plan.assumptions, COST: now})


def _with_awards(plan: Plan, awards: int) -> Plan:
    if plan.pot.sizes == LISTED:
        why, remedy = "Each award listed has its own size.", "Change the list in the file."
        raise Refused([Problem("awards", "the file lists the size of each award.", why, remedy)])
    if not 1 <= awards <= len(plan.pot.bidders):
        why = "A bidder wins at most one award."
        remedy = f"Make from 1 to {len(plan.pot.bidders)} awards."
        raise Refused([Problem("awards", f"{awards} awards for {len(plan.pot.bidders)} bidders.", why, remedy)])
    return replace(plan, pot=replace(plan.pot, awards=awards))


def cost_pounds(plan: Plan) -> int:
    """The cost of a bid in whole pounds, to stand on a slider."""
    return int(plan.assumptions[COST].value) // PENCE_PER_POUND
