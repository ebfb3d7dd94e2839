"""Need: populations weighted for need, fair shares of them, and the need index of every place.

An index is weighted people over registered people, here, divided by the same over there. NHS England's place
tool shows places relative to their ICB and ICBs relative to England in one table, and warns that the two
cannot be compared; here each row names its base. Weighted populations are added up first and divided last.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures.tables import POPULATION, billionths
from allocations.figures.weightings import WEIGHTINGS


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
