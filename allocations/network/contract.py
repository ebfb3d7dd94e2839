"""What the national network contract pays a primary care network for: the rates of each year, element by element.

The contract counts people three ways: as registered, adjusted by the primary medical care formula, and
weighted by the contractor formula; and beds in care homes. Each element has its own rate on its own count.
Rates are issued, and issued again and backdated: so each has a day from which it counts and a day on which
it was made known.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from allocations.figures import tables
from ledger.errors import refuse
from ledger.inputs import Input
from ledger.years import FinancialYear

BASES = ("registered", "adjusted", "contractor_weighted", "beds")
MONTHLY, ON_CLAIMS, ON_DECLARATION = "monthly", "on claims", "on declaration"
# The additional roles are reimbursed up to a maximum; improvement is paid when it is declared, for the whole year.
_PAID = {
    "arrs_maximum": ON_CLAIMS,
    "arrs_gps": ON_CLAIMS,
    "capacity_and_access_improvement": ON_DECLARATION,
}


@dataclass(frozen=True, slots=True)
class Rate:
    """A published rate.

    Attributes:
        basis: the count it is paid on, one of ``BASES``.
        pounds: for each head or bed, exact.
        months: the months that the rate pays for: 12, or fewer where it was set for part of a year.
        effective_from: the first month that it counts for, by its first day.
        notified_on: the day it was made known.
        note: what a reader of the figure should know.
    """

    element: str
    basis: str
    pounds: Decimal
    months: int
    effective_from: date
    notified_on: date
    source: str
    quality: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """An element of the contract of which no usable rate is shipped, and why."""

    element: str
    notified_on: date
    source: str
    note: str


def how_paid(element: str) -> str:
    """How an element reaches the network: month by month, on claims up to a maximum, or on declaration."""
    return _PAID.get(element, MONTHLY)


def title(element: str) -> str:
    """An element as people write it."""
    words = element.replace("_", " ").replace("arrs", "ARRS").replace(" gps", " for GPs")
    return words[:1].upper() + words[1:]


def published_rates(year: FinancialYear) -> tuple[Rate, ...]:
    """Every rate of a year, in all its issues, in the order of the contract."""
    return tuple(
        Rate(
            row["element"], row["population_basis"], row["rate_pounds"], row["months"],
            row["effective_from"], row["notified_on"], row["source"], row["quality"], row["note"],
        )
        for row in _rows(year)
        if row["rate_pounds"] is not None and row["population_basis"] is not None
    )  # fmt: skip


def gaps(year: FinancialYear, known_on: date | None = None) -> tuple[Gap, ...]:
    """What the contract of a year holds or held beside its rates, and cannot be worked out here."""
    return tuple(
        Gap(row["element"], row["notified_on"], row["source"], row["note"])
        for row in _rows(year)
        if (row["rate_pounds"] is None or row["population_basis"] is None)
        and (known_on is None or row["notified_on"] <= known_on)
    )


def refuse_unpublished(year: FinancialYear, known_on: date | None = None) -> None:
    """Refuse a year whose rates are not shipped: an amount without a rate is not known, which is not zero.

    Raises:
        Refused: with what is known of the year's contract, and the years that can be asked.
    """
    issued = [rate.notified_on for rate in published_rates(year)]
    why = "What a network is paid cannot be worked out without them, and is not zero."
    if issued and known_on is not None and min(issued) > known_on:
        found = (
            f"the rates of the network contract of {year} were not known on {known_on}; the first came {min(issued)}."
        )
        refuse(Input.KNOWN_ON, found, why, "Ask for a later day.")
    if not issued:
        told: dict[str, list[str]] = {}
        for gap in gaps(year, known_on):
            told.setdefault(gap.note, []).append(title(gap.element))
        listed = " ".join(f"{', '.join(elements)}: {note}." for note, elements in told.items())
        rows = tables.table("network_contract_rates").to_pylist()
        years = sorted({row["year"] for row in rows if row["rate_pounds"] is not None})
        found = f"the rates of the network contract of {year} are not published here."
        refuse(Input.YEAR, found, f"{why} {listed}".rstrip(), f"Ask for one of {', '.join(years)}.")


def rates(year: FinancialYear, known_on: date | None = None) -> dict[str, tuple[str, Decimal]]:
    """The rates of a year, in pounds for each head or bed: element to (population basis, rate).

    Args:
        year: the contract year.
        known_on: as they were known on a day; the newest known otherwise. Rates are re-issued in the
            year and backdated, so what was known in June need not be what was paid in the end.
    """
    found: dict[str, Rate] = {}
    for rate in published_rates(year):
        is_known = known_on is None or rate.notified_on <= known_on
        earlier = found.get(rate.element)
        if is_known and (earlier is None or rate.notified_on > earlier.notified_on):
            found[rate.element] = rate
    return {element: (rate.basis, rate.pounds) for element, rate in found.items()}


def _rows(year: FinancialYear) -> list[dict[str, Any]]:
    return [row for row in tables.table("network_contract_rates").to_pylist() if row["year"] == str(year)]
