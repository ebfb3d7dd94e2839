"""A bidding pot as a YAML file: the pot, who may bid, the awards, and what is assumed, with its grounds."""

import hashlib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import Field

from allocations.figures.weightings import UnknownWeighting, weighting
from allocations.reading.strict_yaml import StrictModel, place_of, read_lines, read_model
from ledger.errors import Problem, refuse_any
from ledger.money import spoken
from scenarios.bids.assumptions import Assumed, Where, gathered, values
from scenarios.bids.bidders import Facts, ListedBidder, listed, shipped
from scenarios.bids.pot import BY_REQUEST, LARGEST_POT_PENCE, LISTED, MOST_CELLS, MOST_DRAWS, Bidder, BidPot, PotPlan

# A pot to copy and change.
EXAMPLE = Path(__file__).parent / "example.yaml"


class PotPart(StrictModel):
    """The money: how much, and when it is known and must be spent."""

    amount_pounds: Decimal = Field(gt=0)
    announced_on: date | None = None
    spend_by: date | None = None


class AwardsPart(StrictModel):
    """How many awards, and how large: equal, as listed (the best bid's first), or what each bidder asks for."""

    number: int = Field(ge=1, strict=True)
    sizes: Literal["equal", "listed", "by request"] = "equal"
    listed_pounds: tuple[Decimal, ...] = ()


class BiddersPart(StrictModel):
    """Who may bid: ICBs, places or networks of the shipped figures, or those that the file lists.

    ``of`` narrows the shipped ones: regions for ICBs, ICBs for places and networks. ``facts`` says of single
    ones, by code, what differs from the rest.
    """

    who: Literal["icbs", "places", "pcns", "listed"]
    of: tuple[str, ...] = ()
    weighting: str = "core"
    facts: dict[str, Facts] = Field(default_factory=dict)
    listed: tuple[ListedBidder, ...] = ()


class BidsFile(StrictModel):
    """What a bidding pot is simulated from."""

    title: str = Field(min_length=1)
    question: str = ""
    pot: PotPart
    awards: AwardsPart
    bidders: BiddersPart
    assumptions: dict[str, Assumed] = Field(default_factory=dict)
    seed: int = Field(ge=0, lt=2**63, strict=True)
    draws: int = Field(default=10_000, ge=1, le=MOST_DRAWS, strict=True)


def read_bids(path: Path, draws: int | None = None) -> tuple[PotPlan, str]:
    """A bidding pot from its file, with the SHA-256 of the file.

    Args:
        draws: how often to draw, in place of what the file says.

    Raises:
        Refused: what the file says cannot be read, is unknown or impossible; everything that is, each
            with its line.
    """
    asked = read_model(path, BidsFile)
    _, lines = read_lines(path)

    def where(keys: Sequence[str | int]) -> str:
        return place_of(path, lines, tuple(keys))

    problems: list[Problem] = []
    amount = _pence(asked.pot.amount_pounds, where(("pot", "amount_pounds")), problems)
    assumptions, faults = gathered(asked.assumptions, amount, where)
    bidders = _bidders(asked.bidders, where, problems)
    problems += [*faults, *_date_faults(asked.pot, where)]
    sizes = tuple(
        _pence(pounds, where(("awards", "listed_pounds", number)), problems)
        for number, pounds in enumerate(asked.awards.listed_pounds)
    )
    if bidders:
        problems += _award_faults(asked, amount, sizes, bidders, where)
    count = draws or asked.draws
    if count * len(bidders) > MOST_CELLS:
        sentence = f"{count:,} draws of {len(bidders):,} bidders are asked for."
        remedy = f"Ask for at most {MOST_CELLS // len(bidders):,} draws."
        problems.append(Problem(where(("draws",)), sentence, "They would not fit in memory.", remedy))
    refuse_any(problems)
    pot = BidPot(
        amount_pence=amount,
        bidders=bidders,
        awards=asked.awards.number,
        values=values(assumptions),
        sizes=asked.awards.sizes,
        listed_pence=sizes,
        announced_on=asked.pot.announced_on,
        spend_by=asked.pot.spend_by,
    )
    plan = PotPlan(asked.title, asked.question, pot, assumptions, asked.seed, count)
    return plan, hashlib.sha256(path.read_bytes()).hexdigest()


def _pence(pounds: Decimal, place: str, problems: list[Problem]) -> int:
    pence = Fraction(pounds) * 100 if pounds.adjusted() < 20 else Fraction(-1)  # noqa: PLR2004 - beyond any money
    if not 0 < pence <= LARGEST_POT_PENCE:
        limit = spoken(LARGEST_POT_PENCE)
        problems.append(Problem(place, f"it is £{pounds}.", "It cannot be simulated.", f"Give up to {limit}."))
    elif pence.denominator != 1:
        sentence = f"£{pounds} is not a whole number of pence."
        problems.append(Problem(place, sentence, "Money is kept in pence.", "Round it to the penny."))
    return int(pence)


def _date_faults(pot: PotPart, where: Where) -> list[Problem]:
    if (pot.announced_on is None) != (pot.spend_by is None):
        sentence = "only one of announced_on and spend_by is given."
        remedy = "Give both, or neither."
        return [Problem(where(("pot",)), sentence, "The days left to spend lie between the two.", remedy)]
    if pot.announced_on and pot.spend_by and pot.spend_by < pot.announced_on:
        sentence = f"it must be spent by {pot.spend_by}, before it is announced on {pot.announced_on}."
        why, remedy = "Nobody could spend it.", "Correct one of the two days."
        return [Problem(where(("pot", "spend_by")), sentence, why, remedy)]
    return []


def _bidders(asked: BiddersPart, where: Where, problems: list[Problem]) -> tuple[Bidder, ...]:
    try:
        by = weighting(asked.weighting)
    except UnknownWeighting as error:
        place = where(("bidders", "weighting"))
        problems.append(Problem(place, str(error), "Fair shares go by it.", "Choose one of those."))
        return ()
    if asked.who == "listed":
        return listed(asked.listed, asked.of, asked.facts, where, problems)
    if asked.listed:
        sentence = f"bidders are listed, but who may bid is '{asked.who}'."
        place = where(("bidders", "listed"))
        problems.append(Problem(place, sentence, "They would be ignored.", "Write 'who: listed', or take them out."))
    return shipped(asked.who, asked.of, by, asked.facts, where, problems)


def _award_faults(
    asked: BidsFile, amount: int, sizes: Sequence[int], bidders: Sequence[Bidder], where: Where
) -> list[Problem]:
    awards, found = asked.awards, []
    if awards.number > len(bidders):
        sentence = f"there are {awards.number} awards for {len(bidders)} bidders."
        remedy = f"Make at most {len(bidders)} awards."
        place = where(("awards", "number"))
        found.append(Problem(place, sentence, "A bidder wins at most one, so some could go to nobody.", remedy))
    if (awards.sizes == LISTED) != bool(awards.listed_pounds):
        sentence = f"sizes are '{awards.sizes}', and {len(sizes)} sizes are listed."
        remedy = "Write 'sizes: listed' with listed_pounds, or neither."
        key = "sizes" if awards.sizes == LISTED else "listed_pounds"
        found.append(Problem(where(("awards", key)), sentence, "One of the two would be ignored.", remedy))
    elif awards.sizes == LISTED and len(sizes) != awards.number:
        sentence = f"{len(sizes)} sizes are listed for {awards.number} awards."
        place = where(("awards", "listed_pounds"))
        found.append(Problem(place, sentence, "Each award has one.", f"List {awards.number} sizes."))
    if sum(sizes) > amount:
        sentence = f"the awards listed sum to {spoken(sum(sizes))}, and the pot is {spoken(amount)}."
        place = where(("awards", "listed_pounds"))
        found.append(Problem(place, sentence, "More cannot be given than there is.", "Lower the awards."))
    silent = [bidder.code for bidder in bidders if bidder.request_pence is None]
    if awards.sizes == BY_REQUEST and silent:
        sentence = f"{len(silent)} bidders ask for nothing: {', '.join(silent[:5])}."
        remedy = "Give each a request_pounds, or make the awards equal."
        found.append(Problem(where(("bidders",)), sentence, "Awards go by request.", remedy))
    return found
