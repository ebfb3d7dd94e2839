"""A pot of money that is bid for: its bidders, its awards and what is assumed about them.

Amounts are whole pence; shares, exponents and numbers that are assumed are exact fractions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from allocations.shares.apportion import apportion

EQUAL, LISTED, BY_REQUEST = "equal", "listed", "by request"
LARGEST_POT_PENCE = 5 * 10**12  # £50 billion; with the most draws allowed, sums stay exact in 64 bits
MOST_DRAWS = 100_000
MOST_CELLS = 20_000_000


@dataclass(frozen=True, slots=True)
class Bidder:
    """Somebody who may bid.

    Attributes:
        people_billionths: weighted population, in billionths of a person; the fair share goes by it.
        capacity: for writing bids, relative to the others; 1 where nothing is known.
        size: as it counts for the chance of success; the weighted population unless said otherwise.
        past_wins: how many earlier pots it won.
        chance_of_bidding: that it bids at all; the pot's own assumption where None.
        request_pence: what it asks for, where awards go by request.
        daily_spend_pence: what it can spend in a day; the pot's own assumption where None.
    """

    code: str
    name: str
    people_billionths: int
    capacity: Fraction = Fraction(1)
    size: Fraction = Fraction(1)
    past_wins: int = 0
    chance_of_bidding: Fraction | None = None
    request_pence: int | None = None
    daily_spend_pence: int | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """One value for each assumption; the files name those in pounds ``..._pounds``.

    Attributes:
        cost_of_a_bid_pence: what one bidder spends to write one bid, won or lost.
        chance_of_bidding: that somebody who may bid does.
        pull_of_capacity: exponent of capacity in the strength of a bid; 0 means that it does not count.
        pull_of_size: the same for size.
        pull_of_past_wins: the same for one more than the past wins.
        returns_per_award: monitoring returns for one award over its life.
        administration_pence: what the funder spends on the pot whatever happens.
        administration_per_award_pence: what the funder spends on each award.
        match_share: what a winner must find of its own, as a share of its award.
        decision_delay_days: from the announcement to the day on which winners know.
        daily_spend_pence: what one bidder can spend in a day; None where nothing is said about it.
        benefit_of_competition: how much more good a pound does for having been won, as a share of a pound.
        returns_by_formula: returns that each receiver would make for the same money by formula.
        administration_by_formula_pence: what the funder would spend on the same money by formula.
    """

    cost_of_a_bid_pence: int
    cost_of_a_return_pence: int
    chance_of_bidding: Fraction = Fraction(1)
    pull_of_capacity: Fraction = Fraction(0)
    pull_of_size: Fraction = Fraction(0)
    pull_of_past_wins: Fraction = Fraction(0)
    returns_per_award: Fraction = Fraction(0)
    administration_pence: int = 0
    administration_per_award_pence: int = 0
    match_share: Fraction = Fraction(0)
    decision_delay_days: int = 0
    daily_spend_pence: int | None = None
    benefit_of_competition: Fraction = Fraction(0)
    returns_by_formula: Fraction = Fraction(0)
    administration_by_formula_pence: int = 0


@dataclass(frozen=True, slots=True)
class BidPot:
    """A pot, ready to be simulated.

    Attributes:
        bidders: in the order in which they are shown.
        awards: how many are made at most.
        sizes: ``equal``, ``listed`` or ``by request``.
        listed_pence: the sizes of the awards, the best bid's first, where they are listed.
        announced_on: the day on which the pot, or the same money by formula, becomes known.
        spend_by: the last day on which it can be spent.
    """

    amount_pence: int
    bidders: tuple[Bidder, ...]
    awards: int
    values: Values
    sizes: str = EQUAL
    listed_pence: tuple[int, ...] = ()
    announced_on: date | None = None
    spend_by: date | None = None

    def award_sizes(self) -> tuple[int, ...]:
        """The awards in pence, the best bid's first; for awards by request, what there is to give at most."""
        if self.sizes == LISTED:
            return self.listed_pence
        width = len(str(self.awards))
        return tuple(apportion(self.amount_pence, {f"{rank:0{width}}": 1 for rank in range(self.awards)}).values())

    def fair_shares(self) -> dict[str, int]:
        """The whole pot by weighted population, in pence, by largest remainder."""
        return apportion(self.amount_pence, {bidder.code: bidder.people_billionths for bidder in self.bidders})

    def days_to_spend(self, delay: int = 0) -> int | None:
        """Days from the announcement and a delay to the deadline, both counted; None without the two dates.

        Never below zero: money that is known after its deadline has no day left.
        """
        if self.announced_on is None or self.spend_by is None:
            return None
        return max(0, (self.spend_by - self.announced_on).days - delay + 1)

    def daily_spends(self) -> tuple[int, ...] | None:
        """What each bidder can spend in a day, in pence; None where it is not known of everybody."""
        found = [
            self.values.daily_spend_pence if bidder.daily_spend_pence is None else bidder.daily_spend_pence
            for bidder in self.bidders
        ]
        known = tuple(pence for pence in found if pence is not None)
        return known if len(known) == len(found) else None

    def chances_of_bidding(self) -> tuple[Fraction, ...]:
        """Each bidder's chance of bidding at all."""
        general = self.values.chance_of_bidding
        return tuple(
            general if bidder.chance_of_bidding is None else bidder.chance_of_bidding for bidder in self.bidders
        )


@dataclass(frozen=True, slots=True)
class PotAssumption:
    """What is assumed, how far it may be out, and on what grounds.

    Attributes:
        name: a field of ``Values``.
        value: the central value; with ``low`` and ``high`` in the units of that field.
        standing: published, derived, assumption or proxy from local government.
        quality: green, amber or red.
    """

    name: str
    value: Fraction
    low: Fraction
    high: Fraction
    standing: str
    quality: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class PotPlan:
    """A pot with what is assumed about it, as a file gives it.

    Attributes:
        assumptions: by name; those without a range have the same low, central and high.
    """

    title: str
    question: str
    pot: BidPot
    assumptions: Mapping[str, PotAssumption]
    seed: int
    draws: int
    notes: tuple[str, ...] = field(default=())
