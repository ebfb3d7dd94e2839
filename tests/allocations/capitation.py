"""The formula by other code: components brought together into a weighted population, and a need index, exactly.

The product shares by the weighted populations that NHS England publishes. These functions make them from their parts,
so that tests hold the shipped weights and the product's indices to what follows from the published formula.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from allocations.figures import tables
from allocations.shares.apportion import CannotApportion
from ledger.money import round_half_up_fraction

People = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a formula.

    Attributes:
        name: a weighting, such as ``mental_health``.
        weight: its part of national modelled expenditure; the parts of a formula make one.
        cost_adjusted: whether unavoidable cost, such as the market forces factor, scales it.
    """

    name: str
    weight: Fraction
    cost_adjusted: bool


@dataclass(frozen=True, slots=True)
class Index:
    """A need index and what it is relative to: 1 is the average of ``base``."""

    value: Fraction
    base: str

    def published(self) -> Decimal:
        """To three decimal places, halves up, as NHS England's place tool shows it."""
        return Decimal(round_half_up_fraction(self.value * 1000)).scaleb(-3)


def formula(stream: str, year: str, edition: str) -> tuple[Component, ...]:
    """The components of a stream's formula, in a year and edition, as shipped.

    Raises:
        KeyError: there is no such formula; with those there are.
    """
    rows = tables.table("capitation_weights").to_pylist()
    of_core = {"stream": "core", "edition": "estimated"}
    by_hand = {row["year"] for row in rows if row["stream"] == "core"}
    estimates = tables.table("estimated_weights").to_pylist()
    rows += [{**of_core, **row} for row in estimates if row["year"] not in by_hand]
    found = [row for row in rows if (row["stream"], row["year"], row["edition"]) == (stream, year, edition)]
    if not found:
        known = sorted({(row["stream"], row["year"], row["edition"]) for row in rows})
        raise KeyError(f"there is no formula {stream}, {year}, {edition}; known: {known}")
    return tuple(Component(row["component"], Fraction(row["weight"]), row["cost_adjusted"]) for row in found)


def normalised(need: People, people: People) -> dict[str, Fraction]:
    """Need-weighted people, brought back to the number of people there are.

    Args:
        need: need index of each place; relative to anything, for only proportions count.
        people: registered population of each place.
    """
    raw = {place: people[place] * need[place] for place in people}
    whole = sum(raw.values(), Fraction(0))
    if whole == 0:
        raise CannotApportion("weights_sum_zero", "Nobody has any need, so there is nothing to share by.")
    scale = sum(people.values(), Fraction(0)) / whole
    return {place: amount * scale for place, amount in raw.items()}


def combined(
    weighted: Mapping[str, People], components: tuple[Component, ...], cost: People | None = None
) -> dict[str, Fraction]:
    """The final weighted population of a formula.

    Args:
        weighted: component to weighted population of each place, each summing to the same people.
        components: the formula; its weights make one.
        cost: cost index of each place; without one nothing is scaled. What is scaled keeps its national sum.

    Raises:
        ValueError: weights that do not make one, a negative weight, or a missing component.
    """
    total = sum((component.weight for component in components), Fraction(0))
    if total != 1 or any(component.weight < 0 for component in components):
        raise ValueError(f"the weights of a formula are positive and make one; these sum to {total}")
    missing = [component.name for component in components if component.name not in weighted]
    if missing:
        raise ValueError(f"the weighted population of {', '.join(missing)} is missing, and missing is not zero")
    places = list(weighted[components[0].name])

    def block(*, adjusted: bool) -> dict[str, Fraction]:
        chosen = [component for component in components if component.cost_adjusted is adjusted]
        return {
            place: sum((part.weight * weighted[part.name][place] for part in chosen), Fraction(0)) for place in places
        }

    scaled, level = block(adjusted=True), block(adjusted=False)
    if cost is not None:
        before = sum(scaled.values(), Fraction(0))
        priced = {place: amount * cost[place] for place, amount in scaled.items()}
        after = sum(priced.values(), Fraction(0))
        scaled = {place: amount * before / after for place, amount in priced.items()}
    return {place: scaled[place] + level[place] for place in places}


def index(weighted: Fraction, people: Fraction, base_weighted: Fraction, base_people: Fraction, base: str) -> Index:
    """Need of a place relative to a base: weighted over registered people here, over the same there.

    Raises:
        ValueError: a place or a base with nobody in it has no index.
    """
    if people == 0 or base_people == 0 or base_weighted == 0:
        raise ValueError("a place or a base with nobody in it has no need index")
    return Index((weighted / people) / (base_weighted / base_people), base)
