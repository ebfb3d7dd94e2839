"""All ICBs beside each other: how tied, how late, how lasting and how devolved their money is, and who is like whom."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil, floor
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from allocations.shares import restated
from allocations.shares.targets import targets
from ledger.readings import RECORDED, GradeReading
from ledger.reports import register
from ledger.reports.measures import (
    CATALOGUE,
    Measure,
    OverReadings,
    measures,
    parts_over_readings,
    summed_over_holders,
)
from ledger.reports.position import SOURCE, Moment
from ledger.store.base import Reader

# What is compared, in the order in which it is shown. All are shares of an ICB's money with all below it.
COMPARED = (
    "ring_fenced_share",
    "ring_fenced_share_with_soft",
    "in_year_share",
    "non_recurrent_share",
    "devolved_share",
    "untied_devolved_share",
    "retained_without_agreement_share",
)
DISTANCE = "closing_distance"
DISTANCE_TITLE = "Distance from target, core"
TITLES: Mapping[str, str] = {
    **{measure.name: measure.title for measure in CATALOGUE if measure.name in COMPARED},
    DISTANCE: DISTANCE_TITLE,
}
DEFINITIONS: Mapping[str, str] = {
    **{measure.name: measure.definition for measure in CATALOGUE if measure.name in COMPARED},
    DISTANCE: "What an ICB is allocated for core services over its target, less one, as published for 2025/26.",
}
MOST_PEERS = 5
ABOVE, BELOW = "above", "below"
TIER = "icb"
TOGETHER = "All ICBs together"


@dataclass(frozen=True, slots=True)
class IcbStanding:
    """One ICB beside the others.

    Attributes:
        region: the name of its region; None where it is not on record.
        registered_billionths: registered people, in billionths of a person; None where they are not known.
        values: name of the measure to its value; None where it is not defined or not available.
        over: name of each measure that rests on grades to its range over how they are read.
        notes: name of each measure of which something is not known to how much that leaves out, in words.
    """

    code: str
    name: str
    region: str | None
    total_pence: int | None
    registered_billionths: int | None
    values: Mapping[str, Fraction | None]
    over: Mapping[str, OverReadings] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """One ICB beyond a threshold; ``over`` is the range of its value over readings of grades, where it has one."""

    code: str
    name: str
    measure: str
    value: Fraction
    threshold: Fraction
    side: str
    over: OverReadings | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that the user sets on a measure: an alert is raised by a value above it, or below it."""

    measure: str
    limit: Fraction
    side: str


@dataclass(frozen=True, slots=True)
class Beside:
    """One ICB's measure beside those of others.

    Attributes:
        own: its value; None where it is not defined.
        rank: its place from the top, one more than there are above it; None likewise.
        equal: how many others have the same value, and so the same place.
        of: how many are ranked.
        peers, region, everybody: the median of the nearest in population, of its region and of all; each without
            those for whom the measure is not defined, and None where nobody is left.
    """

    measure: str
    own: Fraction | None
    rank: int | None
    equal: int
    of: int
    peers: Fraction | None
    region: Fraction | None
    everybody: Fraction | None


def standings(
    reader: Reader, at: Moment, year: int, as_is: date | None = None, reading: GradeReading = RECORDED
) -> list[IcbStanding]:
    """Every ICB with money in a year, by name.

    Args:
        as_is: restated to the ICBs of this day; as they were otherwise.
        reading: how grades are read.
    """
    rows = {row["code"]: row for row in tables.table("organisations").to_pylist()}
    regions = {code: row["name"] for code, row in rows.items() if row["tier"] == "region"}
    names = {code: row["name"] for code, row in register.organisations(reader, TIER).items()}
    aims = {aim.icb: aim for aim in targets("core", as_is)}
    found = []
    for code, held in restated.position_of_each(reader, at, as_is, TIER, year).items():
        total_pence, values, over, notes = _measured(held, reading)
        aim = aims.get(code)
        region = rows[code]["region"] if code in rows else None
        found.append(
            IcbStanding(
                code=code,
                name=names[code],
                region=regions.get(region),
                total_pence=total_pence,
                registered_billionths=None if aim is None else aim.registered_billionths,
                values={**values, DISTANCE: None if aim is None else aim.closing_distance},
                over=over,
                notes=notes,
            )
        )
    return sorted(found, key=lambda one: one.name)


def together(
    reader: Reader, at: Moment, year: int, as_is: date | None = None, reading: GradeReading = RECORDED
) -> IcbStanding | None:
    """All ICBs as one holder, by the same denominators as each: without what the national body itself holds.

    So it lies between the lowest and the highest of them. None where no ICB has money of the year.
    """
    held = restated.position_of_each(reader, at, as_is, TIER, year)
    if not held:
        return None
    total_pence, values, over, notes = _measured(pa.concat_tables(held.values()), reading)
    return IcbStanding("", TOGETHER, None, total_pence, None, {**values, DISTANCE: None}, over, notes)


def _measured(
    held: pa.Table, reading: GradeReading
) -> tuple[int | None, dict[str, Fraction | None], Mapping[str, OverReadings], dict[str, str]]:
    """The total of a position, what is compared, the ranges of what of it rests on grades, and what is not known."""
    few = summed_over_holders(held)
    _, over = parts_over_readings(few.filter(pc.not_equal(few["standing"], SOURCE)), reading)
    values = {measure.name: measure for measure in measures(reading.read(few))}
    notes = {name: values[name].note for name in COMPARED if values[name].note}
    return _whole(values["total"]), {name: _share(values[name]) for name in COMPARED}, over, notes


def near(rows: Iterable[IcbStanding], measure: str, side: str) -> int | None:
    """A limit in whole percent near the data: a tenth of the ICBs, and at least one, are beyond it.

    None where it is not defined for two of them that differ: then no limit tells any of them apart.
    """
    order = [value for _, value in ranked(rows, measure)]
    if len(set(order)) < 2:  # noqa: PLR2004 - as said
        return None
    number = max(1, len(order) // 10)
    return ceil(order[number - 1] * 100) - 1 if side == ABOVE else floor(order[-number] * 100) + 1


def ranked(rows: Iterable[IcbStanding], measure: str) -> list[tuple[IcbStanding, Fraction]]:
    """Those for whom a measure is defined, the highest first; equal ones by name."""
    known = [(row, value) for row in rows if (value := row.values[measure]) is not None]
    return sorted(known, key=lambda pair: (-pair[1], pair[0].name))


def peers(rows: Sequence[IcbStanding], code: str) -> list[IcbStanding]:
    """The ICBs nearest in registered population to one, the nearest first, at most ``MOST_PEERS``; without itself."""
    own = next((row.registered_billionths for row in rows if row.code == code), None)
    if own is None:
        return []
    known = [
        (abs(row.registered_billionths - own), row.name, row)
        for row in rows
        if row.code != code and row.registered_billionths is not None
    ]
    return [row for _, _, row in sorted(known, key=lambda one: one[:2])[:MOST_PEERS]]


def beside(rows: Sequence[IcbStanding], code: str) -> list[Beside]:
    """One ICB, measure by measure, beside its peers, its region and all.

    Raises:
        StopIteration: there is no such ICB among the rows.
    """
    one = next(row for row in rows if row.code == code)
    near = peers(rows, code)
    around = [row for row in rows if row.region is not None and row.region == one.region]
    found = []
    for name in one.values:
        order = [value for _, value in ranked(rows, name)]
        own = one.values[name]
        found.append(
            Beside(
                measure=name,
                own=own,
                rank=None if own is None else order.index(own) + 1,
                equal=0 if own is None else order.count(own) - 1,
                of=len(order),
                peers=_median(near, name),
                region=_median(around, name),
                everybody=_median(rows, name),
            )
        )
    return found


def _median(rows: Iterable[IcbStanding], measure: str) -> Fraction | None:
    known = [value for row in rows if (value := row.values[measure]) is not None]
    return median(known) if known else None


def threshold(text: str, side: str) -> Threshold:
    """Read a limit as it is typed, ``in_year_share=5``, in percent.

    Raises:
        ValueError: the measure is not compared, or the limit is not a number.
    """
    name, equals, limit = text.partition("=")
    if name.strip() not in TITLES or not equals:
        raise ValueError(f"'{text}' names no measure. Write it as MEASURE=PERCENT, with one of {', '.join(TITLES)}.")
    try:
        percent = Decimal(limit.strip().removesuffix("%"))
    except InvalidOperation:
        raise ValueError(f"'{limit}' is not a number of percent. Write it as {name}=5 or {name}=12.5.") from None
    if not percent.is_finite():
        raise ValueError(f"'{limit}' is not a number of percent. Write it as {name}=5 or {name}=12.5.")
    return Threshold(name.strip(), Fraction(percent) / 100, side)


def alerts(rows: Iterable[IcbStanding], thresholds: Sequence[Threshold]) -> list[Alert]:
    """Every ICB beyond a threshold, threshold by threshold, the furthest beyond first.

    A value at the threshold raises no alert; one that is not defined neither.
    """
    listed = list(rows)
    found: list[Alert] = []
    for threshold in thresholds:
        order = ranked(listed, threshold.measure)
        beyond = [
            Alert(
                row.code,
                row.name,
                threshold.measure,
                value,
                threshold.limit,
                threshold.side,
                row.over.get(threshold.measure),
            )
            for row, value in (order if threshold.side == ABOVE else reversed(order))
            if (value > threshold.limit if threshold.side == ABOVE else value < threshold.limit)
        ]
        found.extend(beyond)
    return found


def alerts_in_words(alerts: Sequence[Alert], icbs: int) -> str:
    """How many alerts there are, on how many of so many ICBs."""
    codes = {alert.code for alert in alerts}
    return f"{len(alerts)} {'alert' if len(alerts) == 1 else 'alerts'} on {len(codes)} of {icbs} ICBs."


def squares() -> dict[str, tuple[int, int]]:
    """Code of each ICB to the column and the row of its square on the tile map."""
    return {row["icb"]: (row["tile_column"], row["tile_row"]) for row in tables.table("tile_map").to_pylist()}


def _share(measure: Measure) -> Fraction | None:
    return measure.value if isinstance(measure.value, Fraction) else None


def _whole(measure: Measure) -> int | None:
    return measure.value if isinstance(measure.value, int) else None
