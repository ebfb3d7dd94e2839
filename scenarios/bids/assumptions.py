"""What is assumed about a pot: the shipped assumptions, and those that a file puts in their place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from allocations.figures import tables
from allocations.reading.strict_yaml import StrictModel
from ledger.errors import Problem, refuse
from ledger.money import PENCE_PER_POUND
from scenarios.bids.pot import LISTED, PotAssumption, PotPlan, Values
from scenarios.bids.tornado import with_value

PROXY = "proxy from local government"
SMALL_POT_PENCE = 25_000_000
_SMALL_BID, _BID = "cost_of_a_small_bid_pounds", "cost_of_a_bid_pounds"
_DAILY_SPEND = "daily_spend_pounds"
_LONGEST_NUMBER = 30
_LARGEST_POUNDS = 10**9
_STEEPEST_PULL = 10
Where = Callable[[Sequence[str | int]], str]


def exact(written: object) -> Fraction:
    """A number as it was written, exactly: ``25000``, ``0.05`` or ``2/3``.

    Raises:
        ValueError: it is no number, or one with an endless row of digits.
    """
    text = str(written).strip()
    if isinstance(written, bool) or len(text) > _LONGEST_NUMBER or "e" in text.lower():
        raise ValueError("this is not a number; write it as 25000, 0.05 or 2/3")
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError("this is not a number; write it as 25000, 0.05 or 2/3") from error


Exact = Annotated[Fraction, BeforeValidator(exact)]
Words = Annotated[str, Field(min_length=1)]


class Assumed(StrictModel):
    """An assumption of the file's own: its value, how far it may be out, and on what grounds."""

    value: Exact
    low: Exact | None = None
    high: Exact | None = None
    standing: Literal["published", "derived", "assumption", "proxy from local government"]
    quality: Literal["green", "amber", "red"]
    source: Words
    reason: Words

    def named(self, name: str) -> PotAssumption:
        """The same in the units of ``Values``: pounds become pence."""
        scale = 100 if name.endswith("_pounds") else 1
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return PotAssumption(
            name=_field(name),
            value=self.value * scale,
            low=low * scale,
            high=high * scale,
            standing=self.standing,
            quality=self.quality,
            source=self.source,
            reason=self.reason,
        )


def known_names() -> list[str]:
    """What may be assumed, as a file names it."""
    return [*(name for name in _shipped() if name != _SMALL_BID), _DAILY_SPEND]


def gathered(
    given: Mapping[str, Assumed], amount_pence: int, where: Where
) -> tuple[dict[str, PotAssumption], list[Problem]]:
    """The shipped assumptions with the file's own in their place, and what is wrong with the latter.

    Args:
        given: by the file's names, such as ``cost_of_a_bid_pounds``.
        amount_pence: of the pot; a small one has shorter forms.
        where: names a place in the file.
    """
    shipped = _shipped()
    small = shipped.pop(_SMALL_BID)
    if amount_pence < SMALL_POT_PENCE:
        shipped[_BID] = small
    problems = []
    for name, assumed in given.items():
        place = where(("assumptions", name))
        known = known_names()
        if name not in known:
            near = get_close_matches(name, known, 1)
            remedy = f"Did you mean '{near[0]}'?" if near else f"What may be assumed: {', '.join(known)}."
            problems.append(Problem(place, f"nothing called '{name}' is assumed.", "It would change nothing.", remedy))
        else:
            problems.extend(_faults(name, assumed, place))
    if problems:
        return {}, problems
    chosen = {**shipped, **given}
    return {_field(name): assumed.named(name) for name, assumed in chosen.items()}, []


def values(assumptions: Mapping[str, PotAssumption]) -> Values:
    """The central value of each."""
    central: dict[str, Any] = {
        name: int(assumption.value) if name.endswith(("_pence", "_days")) else assumption.value
        for name, assumption in assumptions.items()
    }
    return Values(**central)


def _shipped() -> dict[str, Assumed]:
    rows = tables.table("bidding_assumptions").to_pylist()
    return {row.pop("assumption"): Assumed.model_validate(row) for row in rows}


def _field(name: str) -> str:
    return f"{name.removesuffix('_pounds')}_pence" if name.endswith("_pounds") else name


def _faults(name: str, assumed: Assumed, place: str) -> list[Problem]:
    """What cannot be: outside its bounds, a part of a day or of a penny, a range that leaves out its value."""
    numbers = [number for number in (assumed.low, assumed.value, assumed.high) if number is not None]
    low, high = bounds(name)
    found = []
    for number in numbers:
        if not low <= number <= high:
            what = "is a probability" if name == "chance_of_bidding" else "has limits"
            sentence = f"{name} is {_plain(number)}."
            found.append(Problem(place, sentence, f"It {what}.", f"Give a number from {low} to {high}."))
        elif name.endswith("_pounds") and (number * 100).denominator != 1:
            sentence = f"{name} is {_plain(number)}, which is not a whole number of pence."
            found.append(Problem(place, sentence, "Money is kept in pence.", "Round it to the penny."))
        elif name.endswith("_days") and number.denominator != 1:
            sentence = f"{name} is {_plain(number)}."
            found.append(Problem(place, sentence, "Days are counted whole.", "Give a whole number of days."))
    if numbers != sorted(numbers):
        sentence = f"low, value and high are {', '.join(_plain(number) for number in numbers)}."
        found.append(Problem(place, sentence, "A range holds its own value.", "Put them in rising order."))
    return found


def bounds(name: str) -> tuple[int, int]:
    """Between what an assumption must lie, both included."""
    if name == "chance_of_bidding":
        return 0, 1
    if name.startswith("pull_of_"):
        return -_STEEPEST_PULL, _STEEPEST_PULL
    if name == "benefit_of_competition":
        return -1, 100
    if name.endswith("_pounds"):
        return 0, _LARGEST_POUNDS
    return 0, 3660


def _plain(number: Fraction) -> str:
    return f"{number.numerator}" if number.denominator == 1 else f"{number.numerator / number.denominator:g}"


COST = "cost_of_a_bid_pence"


def turned(plan: PotPlan, *, awards: int | None = None, cost_of_a_bid_pounds: int | None = None) -> PotPlan:
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


def _with_awards(plan: PotPlan, awards: int) -> PotPlan:
    if plan.pot.sizes == LISTED:
        why, remedy = "Each award listed has its own size.", "Change the list in the file."
        refuse("awards", "the file lists the size of each award.", why, remedy)
    if not 1 <= awards <= len(plan.pot.bidders):
        why = "A bidder wins at most one award."
        remedy = f"Make from 1 to {len(plan.pot.bidders)} awards."
        refuse("awards", f"{awards} awards for {len(plan.pot.bidders)} bidders.", why, remedy)
    return replace(plan, pot=replace(plan.pot, awards=awards))


def cost_pounds(plan: PotPlan) -> int:
    """The cost of a bid in whole pounds, to stand on a slider."""
    return int(plan.assumptions[COST].value) // PENCE_PER_POUND
