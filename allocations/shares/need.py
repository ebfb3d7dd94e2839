"""Need: populations weighted for need, fair shares of them, and the need index of every place.

An index is weighted people over registered people, here, divided by the same over there. NHS England's place
tool shows places relative to their ICB and ICBs relative to England in one table, and warns that the two
cannot be compared; here each row names its base. Weighted populations are added up first and divided last.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from allocations.figures.tables import POPULATION, billionths
from allocations.figures.weightings import WEIGHTINGS
from allocations.shares.apportion import CannotApportion
from ledger.money import round_half_up_fraction


def weights(populations: pa.Table, by: str, group: str) -> dict[str, int]:
    """Weighted population of each group, in billionths of a person: exact, and ready to share by.

    Args:
        populations: rows with decimal columns named by ``WEIGHTINGS``, such as practices.
        by: the weighting.
        group: the column to add up over; rows without a value there are left out.
    """
    rows = populations.filter(pc.is_valid(populations[group])).select([group, by])
    summed = rows.set_column(1, by, pc.cast(rows[by], pa.decimal128(38, 9))).group_by(group).aggregate([(by, "sum")])
    pairs = zip(summed[group].to_pylist(), summed[f"{by}_sum"].to_pylist(), strict=True)
    return {code: billionths(population) for code, population in sorted(pairs)}


def share_note(people_billionths: int, whole_billionths: int, by: str) -> str:
    """The arithmetic behind a share, in whole people, for whoever follows the money back."""
    count = by.replace("_", " ") if by == "registered" else f"{by.replace('_', ' ')} weighted"
    return f"{people_billionths // 10**9:,} of {whole_billionths // 10**9:,} {count} people"


COMPONENTS = tuple(name for name in WEIGHTINGS if name != "registered")
SCHEMA = pa.schema(
    [
        ("icb", pa.string()),
        ("group", pa.string()),
        ("component", pa.string()),
        ("base", pa.string()),
        ("registered_billionths", pa.int64()),
        ("weighted_billionths", pa.int64()),
        ("index_thousandths", pa.int64()),
    ]
)
Row = tuple[str, str | None, str, str, int, int, int | None]

_BILLION = pa.scalar(10**9, pa.decimal128(10, 0))


def indices(populations: pa.Table, group: str = "place", *, whole: str = "England") -> pa.Table:
    """Every index of every group, relative to its ICB and relative to the whole; and of every ICB.

    Args:
        populations: practices, with ``icb``, the column to group by, and decimal columns named as in
            ``figures.WEIGHTINGS``, those that there are. A practice without a group counts in its ICB and in
            the whole alone.
        group: ``place``, ``pcn`` or another column of codes.
        whole: what to call all the practices together.

    Returns:
        A table of schema ``SCHEMA``, a row for each group, component and base; an ICB's own rows have no
        group. Indices are in thousandths, halves up, as the place tool rounds them. Where a group or its base
        has nobody in it there is no index, and the cell is empty.
    """
    counted = _counted(populations, group)
    icbs = {row["icb"]: row for row in _sums(counted, ["icb"])}
    everybody = {name: sum(row[name] for row in icbs.values()) for name in _counts(counted)}
    rows: list[Row] = []
    for row in _sums(counted.filter(pc.is_valid(counted[group])), ["icb", group]):
        rows.extend(_compared(row, row[group], row["icb"], icbs[row["icb"]]))
        rows.extend(_compared(row, row[group], whole, everybody))
    for row in icbs.values():
        rows.extend(_compared(row, None, whole, everybody))
    columns = zip(zip(*rows, strict=True), SCHEMA, strict=True)
    return pa.table([pa.array(column, field.type) for column, field in columns], schema=SCHEMA)


def _counted(populations: pa.Table, group: str) -> pa.Table:
    """The same in whole billionths of a person, which add up exactly and fast."""
    people = {
        name: pc.cast(pc.multiply(pc.cast(populations[name], POPULATION), _BILLION), pa.int64())
        for name in _counts(populations)
    }
    return pa.table({"icb": populations["icb"], group: populations[group], **people})


def _counts(table: pa.Table) -> list[str]:
    return [name for name in WEIGHTINGS if name in table.column_names]


def _sums(counted: pa.Table, by: list[str]) -> list[dict[str, Any]]:
    summed = counted.group_by(by).aggregate([(name, "sum") for name in _counts(counted)])
    named = summed.rename_columns({f"{name}_sum": name for name in _counts(counted)})
    rows: list[dict[str, Any]] = named.sort_by([(name, "ascending") for name in by]).to_pylist()
    return rows


def _compared(row: Mapping[str, Any], group: str | None, base_name: str, base: Mapping[str, Any]) -> Iterator[Row]:
    people, base_people = row["registered"], base["registered"]
    for component in (name for name in COMPONENTS if name in row):
        here, there = row[component] * base_people, people * base[component]
        # here/there to the nearest thousandth, halves up, in whole numbers.
        thousandths = (2000 * here + there) // (2 * there) if there else None
        yield row["icb"], group, component, base_name, people, row[component], thousandths


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
