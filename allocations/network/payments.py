"""A year in parts: monthly payments that sum to the year, and what is owed for months that were paid on other figures.

Payments are rounded cumulatively: what has been paid after each month is the year's amount times the months
gone by, rounded; a month is the difference. So the year is met to the penny, and no month is off by more
than one.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TypeVar

from allocations.network.contract import MONTHLY, Rate, how_paid
from ledger.money import PENCE_PER_POUND, round_half_up_fraction
from ledger.years import FinancialYear

MONTHS = 12


def monthly(annual_pence: int) -> list[int]:
    """Twelve payments, April first, that sum to the year."""
    paid = [round_half_up_fraction(Fraction(annual_pence * month, MONTHS)) for month in range(MONTHS + 1)]
    return [after - before for before, after in pairwise(paid)]


def arrears(believed: Sequence[Fraction], corrected: Sequence[Fraction], months_paid: int) -> int:
    """What is owed, or due back, for months that were paid on figures since corrected; rounded once.

    Args:
        believed: each element's annual amount as it was paid, exact, in pence.
        corrected: the same as it should have been.
        months_paid: for how many months it was paid.
    """
    difference = sum(corrected, Fraction(0)) - sum(believed, Fraction(0))
    return round_half_up_fraction(difference * months_paid / MONTHS)


@dataclass(frozen=True, slots=True)
class Count:
    """How many people, or beds, a network is paid for.

    Attributes:
        network: PCN code.
        basis: one of ``network_contract.BASES``.
        people: exact, as given.
        effective_from: the first month that it counts for, by its first day.
        notified_on: the day it was made known.
        illustrative: it stands in for a count that is not to hand.
    """

    network: str
    basis: str
    people: Decimal
    effective_from: date
    notified_on: date
    source: str
    illustrative: bool = False


@dataclass(frozen=True, slots=True)
class Element:
    """What was believed of one element of the contract for a year.

    Attributes:
        rate: the rate in force at the end of the year.
        count: the people counted at the end of the year; None where no count was known.
        months: each month's part of the year, April first, exact, in pence; nought before the element
            begins, and None where its people were not counted.
    """

    rate: Rate
    count: Count | None
    months: tuple[Fraction | None, ...]

    @property
    def annual_pence(self) -> int | None:
        """The year's amount to the penny, halves up; None where the people of any month are missing."""
        exact = self.running()
        return None if exact is None else round_half_up_fraction(exact[-1])

    @property
    def missing(self) -> str | None:
        """What is missing, where something is."""
        without = [month for month, part in enumerate(self.months) if part is None]
        if not without:
            return None
        basis = self.rate.basis.replace("_", " ")
        begins = next(month for month, part in enumerate(self.months) if part is None or part)
        if len(without) == MONTHS - begins:
            return f"no {basis} count is known"
        return f"no {basis} count is known for {len(without)} of its months"

    def running(self) -> list[Fraction] | None:
        """What has fallen due, exact, after no month, after April, and so on to the whole year."""
        known = [part for part in self.months if part is not None]
        return list(accumulate(known, initial=Fraction(0))) if len(known) == MONTHS else None

    def due_pence(self) -> list[int] | None:
        """The same in whole pence: the year's rounded amount in proportion, each rounded, so that it meets the year."""
        exact, annual = self.running(), self.annual_pence
        if exact is None or annual is None:
            return None
        return [round_half_up_fraction(annual * part / exact[-1]) if exact[-1] else 0 for part in exact]


@dataclass(frozen=True, slots=True)
class Payment:
    """What a month pays of an element that is paid monthly.

    Attributes:
        month: its first day. A month after the year pays arrears only.
        pence: for the month itself; None where its people were not known by then.
        arrears_pence: for months before, paid on figures that have changed since; below zero, taken back.
        arrears_months: how many months those are.
    """

    element: str
    month: date
    pence: int | None
    arrears_pence: int = 0
    arrears_months: int = 0


def believed(
    year: FinancialYear, rates: Iterable[Rate], counts: Iterable[Count], known_on: date | None = None
) -> dict[str, Element]:
    """What was believed of each element on a day.

    Of several rates or counts for a month the one that counts from the latest day holds, and of those from
    one day the one made known last: a correction names the day of what it corrects.

    Args:
        rates: all rates of the year, in all their issues.
        counts: all counts of one network.
        known_on: the day; everything that is known now otherwise.
    """
    known_rates = [rate for rate in rates if known_on is None or rate.notified_on <= known_on]
    known_counts = [count for count in counts if known_on is None or count.notified_on <= known_on]
    found: dict[str, Element] = {}
    for name in dict.fromkeys(rate.element for rate in known_rates):
        own = [rate for rate in known_rates if rate.element == name]
        parts: list[Fraction | None] = []
        last_rate, last_count = own[-1], None
        for first in first_days(year):
            rate = _in_force(own, first)
            if rate is None:
                parts.append(Fraction(0))
                continue
            count = _in_force([count for count in known_counts if count.basis == rate.basis], first)
            last_rate, last_count = rate, count
            pounds = None if count is None else Fraction(count.people) * Fraction(rate.pounds)
            parts.append(None if pounds is None else pounds * PENCE_PER_POUND / rate.months)
        found[name] = Element(last_rate, last_count, tuple(parts))
    return found


def payments(
    year: FinancialYear, rates: Sequence[Rate], counts: Sequence[Count], known_on: date | None = None
) -> tuple[Payment, ...]:
    """What each month of a year pays, as it was believed on a day: what was paid by then, and what was to come.

    Arrears are the exact difference of the months already paid, rounded once, halves away from zero. The
    payment beside them takes up what rounding leaves over, so that payments and arrears sum to the year's
    amount to the penny. A correction that comes after the year has no payment beside it: there the arrears
    themselves close the year to the penny.

    Args:
        known_on: the day; later months are told as they were expected then.

    Returns:
        By element in the order of the contract, then by month. Elements that are paid on claims or on
        declaration have no monthly payments.
    """
    days = [day.replace(day=monthrange(day.year, day.month)[1]) for day in first_days(year)]
    notified = {rate.notified_on for rate in rates} | {count.notified_on for count in counts}
    days += sorted(day for day in notified if day > year.last_day and (known_on is None or day <= known_on))
    beliefs = [believed(year, rates, counts, day if known_on is None else min(day, known_on)) for day in days]
    names = dict.fromkeys(name for belief in beliefs for name in belief if how_paid(name) == MONTHLY)
    return tuple(
        payment
        for name in names
        for payment in _payments_of(
            name, days, [belief.get(name) for belief in beliefs], [_due_pence(name, belief) for belief in beliefs]
        )
    )


# The contract pays these as one core payment.
_CORE = ("core_registered", "clinical_director", "leadership_and_management", "core_adjusted")


def _due_pence(name: str, belief: Mapping[str, Element]) -> list[int] | None:
    """What has fallen due of an element after each month, in whole pence.

    The parts of the core payment come to the core payment's own months, rounded as one (GE4): the last part
    takes what the others leave.
    """
    element = belief.get(name)
    parts = [belief[part] for part in _CORE if part in belief]
    own = None if element is None else element.due_pence()
    if own is None or len(parts) < 2 or element is not parts[-1]:  # noqa: PLR2004 - one part is the whole
        return own
    dues, running = [part.due_pence() for part in parts], [part.running() for part in parts]
    known = [(due, exact) for due, exact in zip(dues, running, strict=True) if due is not None and exact is not None]
    if len(known) < len(parts):
        return own
    annual = sum(due[-1] for due, _ in known)
    whole = [sum(steps, Fraction(0)) for steps in zip(*(exact for _, exact in known), strict=True)]
    together = [round_half_up_fraction(annual * part / whole[-1]) if whole[-1] else 0 for part in whole]
    others = [sum(steps) for steps in zip(*(due for due, _ in known[:-1]), strict=True)]
    return [due - other for due, other in zip(together, others, strict=True)]


def first_days(year: FinancialYear) -> list[date]:
    """The first day of each month of a year, April first."""
    return [date(year.start + (month > MONTHS), (month - 1) % MONTHS + 1, 1) for month in range(4, 4 + MONTHS)]


def _payments_of(
    name: str, days: Sequence[date], beliefs: Sequence[Element | None], dues: Sequence[list[int] | None]
) -> Iterable[Payment]:
    paid, before = 0, [Fraction(0)] * (MONTHS + 1)
    for month, (day, belief, due) in enumerate(zip(days, beliefs, dues, strict=True)):
        exact = belief.running() if belief else None
        first = day.replace(day=1)
        if exact is None or due is None:
            # People not counted are missing; an element that nobody knew of paid nothing.
            yield Payment(name, first, None if belief and month < MONTHS else 0)
            continue
        if month < MONTHS:
            arrears = round_half_up_fraction(exact[month] - before[month])
            pence = due[month + 1] - paid - arrears
        else:
            arrears, pence = due[-1] - paid, 0
        changed = sum(exact[at + 1] - exact[at] != before[at + 1] - before[at] for at in range(min(month, MONTHS)))
        if month < MONTHS or arrears:
            yield Payment(name, first, pence, arrears, changed if arrears else 0)
        paid += pence + arrears
        before = exact


Known = TypeVar("Known", Rate, Count)


def _in_force(rows: Iterable[Known], first: date) -> Known | None:
    begun = [row for row in rows if row.effective_from <= first]
    return max(begun, key=lambda row: (row.effective_from, row.notified_on), default=None)
