"""What the national network contract pays a primary care network, element by element.

The contract counts people three ways: as registered, adjusted by the primary medical care formula, and
weighted by the contractor formula. Each element has its own rate on its own count.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from allocations import figures
from ledger.money import pence_from_pounds
from ledger.years import FinancialYear


def rates(year: FinancialYear, known_on: date | None = None) -> dict[str, tuple[str, Decimal]]:
    """The rates of a year, in pounds for each head or bed: element to (population basis, rate).

    Args:
        year: the contract year.
        known_on: as they were known on a day; the newest known otherwise. Rates are re-issued in the
            year and backdated, so what was known in June need not be what was paid in the end.
    """
    found: dict[str, tuple[date, str, Decimal]] = {}
    for row in figures.table("network_contract_rates").to_pylist():
        is_known = known_on is None or row["notified_on"] <= known_on
        if row["year"] == str(year) and is_known:
            earlier = found.get(row["element"])
            if earlier is None or row["notified_on"] > earlier[0]:
                found[row["element"]] = (row["notified_on"], row["population_basis"], row["rate_pounds"])
    return {element: (basis, rate) for element, (_, basis, rate) in found.items()}


def annual_pence(
    populations: Mapping[str, Decimal], year: FinancialYear, elements: Iterable[str] | None = None
) -> dict[str, int]:
    """What each element comes to in a year, rounded to the penny on its own, halves up.

    Args:
        populations: count by basis: ``registered``, ``adjusted``, ``contractor_weighted``, ``beds``.
        year: the contract year.
        elements: which; all of the year's otherwise.

    Raises:
        KeyError: an element has no rate in that year, or its population is missing. A missing
            population is missing, not zero.
    """
    known = rates(year)
    annual = {}
    for element in known if elements is None else elements:
        if element not in known:
            raise KeyError(f"the network contract of {year} has no rate for {element}")
        basis, rate = known[element]
        if basis not in populations:
            raise KeyError(f"{element} is paid by {basis} population, which is missing")
        annual[element] = pence_from_pounds(populations[basis] * rate)
    return annual
