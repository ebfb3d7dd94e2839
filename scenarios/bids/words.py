"""A bidding pot in plain words, and on what each figure rests."""

from collections.abc import Iterable
from fractions import Fraction

from ledger.money import spoken
from ledger.reports.summary import percent
from scenarios.bids.assumptions import PROXY
from scenarios.bids.pot import PotAssumption, PotPlan
from scenarios.bids.simulation import PotOutcome, decided_on

# Which assumptions each line of the account is made of.
RESTS_ON = {
    "cost_of_bids_pence": ("cost_of_a_bid_pence", "chance_of_bidding"),
    "cost_of_returns_pence": ("cost_of_a_return_pence", "returns_per_award", "returns_by_formula"),
    "administration_pence": (
        "administration_pence",
        "administration_per_award_pence",
        "administration_by_formula_pence",
    ),
    "not_awarded_pence": ("chance_of_bidding",),
    "unspent_pence": ("decision_delay_days", "daily_spend_pence"),
}
RESTS_ON["overhead_pence"] = tuple(
    name for part in ("cost_of_bids_pence", "cost_of_returns_pence", "administration_pence") for name in RESTS_ON[part]
)
RESTS_ON["front_line_pence"] = tuple(dict.fromkeys(name for names in RESTS_ON.values() for name in names))


def basis(plan: PotPlan, figure: str) -> str:
    """What a figure rests on: ``proxy from local government`` wherever one is in it, and what else."""
    return _standings(plan, RESTS_ON[figure])


def bases(plan: PotPlan) -> dict[str, str]:
    """The same for every figure that has one."""
    return {figure: basis(plan, figure) for figure in RESTS_ON}


def provenance(plan: PotPlan) -> str:
    """One sentence that says which costs are not the NHS's own."""
    proxies = [words(name) for name, assumed in plan.assumptions.items() if assumed.standing == PROXY]
    if not proxies:
        return "No cost here is a proxy: each assumption names its own source."
    return f"{_listed(proxies).capitalize()}: {PROXY}. No figure for the NHS was found."


def sentences(plan: PotPlan, outcome: PotOutcome) -> list[str]:
    """The answer as a board member would read it."""
    pot, bidding, formula = plan.pot, outcome.bidding, outcome.formula
    cost = plan.assumptions["cost_of_a_bid_pence"].standing
    said = []
    said.append(
        f"Of {spoken(outcome.pot_pence)} for {number(pot.awards)} of {number(len(pot.bidders))} bidders, "
        f"{spoken(bidding.overhead_pence)} ({percent(outcome.overhead_share)}) goes into bids, returns and "
        f"administration; {spoken(bidding.cost_of_bids_pence)} ({percent(outcome.cost_of_bids_share)}) of it into "
        f"{number(bidding.bids)} bids ({cost}). {_front_line(bidding.front_line_pence)}; "
        f"by formula {spoken(formula.front_line_pence)} would."
    )
    if bidding.match_pence:
        said.append(f"Winners must find {spoken(bidding.match_pence)} of their own to match what they win.")
    if bidding.success is not None and bidding.break_even_probability is not None:
        said.append(
            f"{percent(bidding.success)} of bids win, and {number(len(pot.bidders) - bidding.awards)} bidders get "
            f"nothing. A bid pays for itself from a chance of {percent(bidding.break_even_probability)} on; "
            f"{_losing(bidding.losing_bidders)}."
        )
    said.append(
        f"In a usual round {spoken(bidding.misplaced.mean_pence)} ({percent(outcome.misplaced_share)} of the pot) goes "
        "elsewhere than by weighted population. That would give "
        f"{spoken(outcome.fair_per_thousand_pence)} for 1,000 people. Over many rounds "
        f"{spoken(bidding.misplaced_over_rounds_pence)} still goes elsewhere."
    )
    return [*said, *_time(plan, outcome), _worth(plan, outcome)]


def _front_line(pence: int) -> str:
    if pence < 0:
        return f"The service is {spoken(-pence)} worse off than without the pot, for nothing reaches the front line"
    return f"{spoken(pence)} reaches the front line"


def _losing(bidders: int) -> str:
    if bidders == 0:
        return "no bidder spends more on bidding than it can expect to win"
    if bidders == 1:
        return "one bidder spends more on bidding than it can expect to win"
    return f"{bidders:,} bidders spend more on bidding than they can expect to win"


def _time(plan: PotPlan, outcome: PotOutcome) -> list[str]:
    bidding, formula = outcome.bidding, outcome.formula
    day = decided_on(plan.pot)
    if day is None or bidding.days_to_spend is None:
        return ["The days left to spend are not available: the file gives no dates."]
    known = (
        f"Winners know on {day:%-d %B %Y}, with {bidding.days_to_spend} days left to spend; "
        f"by formula there are {formula.days_to_spend}."
    )
    if bidding.unspent is None or formula.unspent_pence is None:
        return [f"{known} What is left unspent is not available: no daily spend is given."]
    by_bids, by_formula = spoken(bidding.unspent.mean_pence), spoken(formula.unspent_pence)
    return [f"{known} {by_bids} is left unspent by bids, {by_formula} by formula."]


def _worth(plan: PotPlan, outcome: PotOutcome) -> str:
    needed, assumed = outcome.comparison.break_even_benefit, plan.pot.values.benefit_of_competition
    if needed is None:
        return "No benefit of competition would make bidding worth it: nothing of the pot is put to use."
    advantage = outcome.comparison.advantage_pence
    verdict = "worth it" if advantage > 0 else "not worth it"
    by_how_much = f"it is {verdict}, by {spoken(abs(advantage))}" if advantage else "the two are worth the same"
    return (
        f"Bidding is worth it where a pound does {percent(needed)} more good for having been won. "
        f"This run takes it as {percent(assumed)}, so {by_how_much}."
    )


def _standings(plan: PotPlan, names: Iterable[str]) -> str:
    found = {plan.assumptions[name].standing for name in names if name in plan.assumptions}
    return ", ".join(sorted(found, key=lambda standing: (standing != PROXY, standing))) or "not available"


def number(count: Fraction | int, places: int = 1) -> str:
    """A number as people read it, without places where it is whole."""
    exact = Fraction(count)
    return f"{exact.numerator:,}" if exact.denominator == 1 else f"{exact.numerator / exact.denominator:,.{places}f}"


def value(assumed: PotAssumption, amount: Fraction) -> str:
    """A value of an assumption as people write it."""
    return spoken(int(amount)) if assumed.name.endswith("_pence") else number(amount, 2)


def words(name: str) -> str:
    """An assumption's name in words."""
    return name.removesuffix("_pence").replace("_", " ")


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
