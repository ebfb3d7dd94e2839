"""Additional roles: what a network claims month by month, reimbursed up to what it is entitled to in the year."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from ledger.money import round_half_up_fraction


@dataclass(frozen=True, slots=True)
class Claim:
    """What a network claimed for a month.

    Attributes:
        element: the entitlement it is claimed against, as ``arrs_maximum``.
        month: its first day.
        where: the line that says so, for messages.
    """

    network: str
    element: str
    month: date
    pence: int
    where: str = ""


@dataclass(frozen=True, slots=True)
class MonthClaimed:
    """A month's claims, and what of them could be reimbursed; None where the entitlement is not known."""

    month: date
    claimed_pence: int
    reimbursed_pence: int | None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Claims of a year against an entitlement.

    Attributes:
        entitlement_pence: the most that is reimbursed in the year; None where it is not known, and then
            nothing that follows from it is known either.
        above_pence: claimed beyond the entitlement, and so not reimbursed.
        unclaimed_pence: what of the entitlement nobody has claimed.
        used: the part of the entitlement that is reimbursed; None also where there is none.
    """

    element: str
    claimed_pence: int
    entitlement_pence: int | None
    reimbursed_pence: int | None
    above_pence: int | None
    unclaimed_pence: int | None
    used: Fraction | None
    months: tuple[MonthClaimed, ...]

    @property
    def used_percent(self) -> Decimal | None:
        """The part used, in per cent to two places, halves up."""
        return None if self.used is None else Decimal(round_half_up_fraction(self.used * 10_000)).scaleb(-2)


def settle(element: str, claims: Iterable[Claim], entitlement_pence: int | None) -> Settlement:
    """Reimburse claims in the order of their months until the year's entitlement is used up.

    Args:
        element: the entitlement.
        claims: a network's claims of one year against it.
        entitlement_pence: the year's most; None where it is not known.
    """
    by_month: dict[date, int] = {}
    for claim in claims:
        by_month[claim.month] = by_month.get(claim.month, 0) + claim.pence
    months: list[MonthClaimed] = []
    reimbursed = 0
    for month, pence in sorted(by_month.items()):
        now = None if entitlement_pence is None else min(pence, entitlement_pence - reimbursed)
        reimbursed += now or 0
        months.append(MonthClaimed(month, pence, now))
    claimed = sum(by_month.values())
    if entitlement_pence is None:
        return Settlement(element, claimed, None, None, None, None, None, tuple(months))
    return Settlement(
        element,
        claimed,
        entitlement_pence,
        reimbursed,
        claimed - reimbursed,
        entitlement_pence - reimbursed,
        Fraction(reimbursed, entitlement_pence) if entitlement_pence else None,
        tuple(months),
    )
