"""Many receivers at once: the median, the worst and the best of each measure, group by group, and over readings."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ledger.reports.measures import OverReadings, over, returns_of, share
from ledger.reports.receivers import HIGHEST, MEASURES, Received, ReceiverMeasure
from ledger.years import FinancialYear


@dataclass(frozen=True, slots=True)
class NoticeAndEnding:
    """When notice of pots came and how many ended, over receivers at once: each pot counted at each who holds it.

    Attributes:
        pots: how many there are.
        before, in_year, not_known: of how many notice came before their year, from its first day on, and of how many
            the day is not known.
        median_days: days from notice to 1 April, below zero where it came in the year: the pot in the middle of those
            of which it is known.
        compared: at receivers whose next year is in the books; ``discontinued`` of how many nothing goes on there.
    """

    pots: int
    before: int
    in_year: int
    not_known: int
    median_days: Fraction | None
    compared: int
    discontinued: int

    @property
    def discontinued_share(self) -> Fraction | None:
        """Of the pots that can be compared; None where none can."""
        return share(self.discontinued, self.compared)


def notice_and_ending(receivers: Sequence[Received]) -> NoticeAndEnding:
    """When notice of the pots of all these receivers came, and how many of them end."""
    pots_ = [pot for one in receivers for pot in one.pots]
    days = [
        (FinancialYear(pot.row["year"]).first_day - pot.row["notified_on"]).days
        for pot in pots_
        if pot.row["notified_on"] is not None
    ]
    comparable = [one for one in receivers if one.discontinued is not None]
    return NoticeAndEnding(
        pots=len(pots_),
        before=sum(number > 0 for number in days),
        in_year=sum(number <= 0 for number in days),
        not_known=len(pots_) - len(days),
        median_days=_in_the_middle(days),
        compared=sum(len(one.pots) - one.unknown["discontinued_share"] for one in comparable),
        discontinued=sum(len(one.discontinued or ()) for one in comparable),
    )


@dataclass(frozen=True, slots=True)
class ReceiverSpread:
    """One measure over many receivers.

    Attributes:
        known: of how many receivers it is known.
        median: the middle of them; None where nobody has it. ``over`` is its range over readings of grades, where it
            rests on them.
        worst, best: the receivers at its two ends, by code; none where no end is worse, or all are alike.
    """

    measure: ReceiverMeasure
    known: int
    median: Fraction | None
    over: OverReadings | None = None
    worst: Sequence[Received] = ()
    best: Sequence[Received] = ()


def spread(receivers: Sequence[Received], name: str) -> ReceiverSpread:
    """One measure over receivers: its median, and who is worst and best."""
    measure = MEASURES[name]
    by_value: dict[Fraction | int, list[Received]] = defaultdict(list)
    for one in sorted(receivers, key=lambda one: one.organisation):
        value = one.values[name]
        if value is not None:
            by_value[value].append(one)
    ends: list[Sequence[Received]] = [(), ()]
    if measure.worst and len(by_value) > 1:
        ends = [by_value[max(by_value)], by_value[min(by_value)]]
    worst, best = ends if measure.worst == HIGHEST else reversed(ends)
    return ReceiverSpread(
        measure, sum(map(len, by_value.values())), middle(receivers, name), middle_over(receivers, name), worst, best
    )


@dataclass(frozen=True, slots=True)
class Packets:
    """The penny packets of all receivers together.

    Attributes:
        packets, pots: how many pots are below the threshold, and how many there are.
        packets_pence, pence: the money in them, and all of it.
    """

    packets: int
    pots: int
    packets_pence: int
    pence: int

    @property
    def of_pots(self) -> Fraction | None:
        """What part of all pots they are."""
        return share(self.packets, self.pots)

    @property
    def of_money(self) -> Fraction | None:
        """What part of all the money they hold."""
        return share(self.packets_pence, self.pence)


def packets(receivers: Sequence[Received]) -> Packets:
    """The penny packets of all receivers together: each pot counted at each receiver."""
    small = [pot.amount_pence for one in receivers for pot in one.pots if pot.amount_pence < one.penny_packet_pence]
    every = [pot.amount_pence for one in receivers for pot in one.pots]
    return Packets(len(small), len(every), sum(small), sum(every))


def returns_not_known_pence(receivers: Sequence[Received]) -> int:
    """The money in the pots of which it is not known how many returns they ask for, in pence."""
    return sum(returns_of(one.pots).unknown_pence for one in receivers)


def middle(receivers: Sequence[Received], name: str) -> Fraction | None:
    """The median over receivers of one measure; None where nobody has it."""
    return _in_the_middle([value for one in receivers if (value := one.values[name]) is not None])


def _in_the_middle(values: Sequence[Fraction | int]) -> Fraction | None:
    """The exact median; None of nothing. ``statistics.median`` would halve two whole numbers as a float."""
    if not values:
        return None
    ordered = sorted(values)
    return Fraction(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2], 2)


def middle_over(receivers: Sequence[Received], name: str) -> OverReadings | None:
    """The range of that median over readings of grades; None where it does not rest on them, or they were not asked."""
    if not receivers or name not in receivers[0].resting_on_grades:
        return None
    told = []
    for reading in receivers[0].by_reading:
        values = [value for one in receivers if (value := one.as_read(name, reading)) is not None]
        told.append((_in_the_middle(values), reading))
    return over(told)


def by_group(receivers: Sequence[Received], groups: Mapping[str, str]) -> dict[str, list[Received]]:
    """Receivers by the group that each is in, groups in order; those in no group are left out."""
    grouped: dict[str, list[Received]] = defaultdict(list)
    for one in receivers:
        if one.organisation in groups:
            grouped[groups[one.organisation]].append(one)
    return dict(sorted(grouped.items()))
