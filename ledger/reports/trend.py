"""How tied, late, lasting and devolved the money was at one point after another, from one look at the books.

At every point the figures are those of ``ledger.reports.measures`` for the position of that point, on both clocks. The
transfers are added up once for all points: entries between the same two points count alike.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from fractions import Fraction
from statistics import median
from typing import Any

import pyarrow as pa

from ledger.errors import Problem, Refused
from ledger.inputs import Input
from ledger.readings import RECORDED, GradeReading, all_with
from ledger.reports import below, measures
from ledger.reports.journal import years as years_with_money
from ledger.reports.position import HELD_BELOW, TERMS_HELD, Moment
from ledger.store.base import Reader
from ledger.structure import suggestion
from ledger.years import FinancialYear

MONTHS, YEARS = "months", "years"
# What a trend is made of, and what each is called.
MEASURES: Mapping[str, str] = {one.name: one.title for one in measures.CATALOGUE if one.name in measures.PARTS}
WHOLE = ""

_POINTS = pa.schema(
    [("point", pa.int32()), ("year", pa.int32()), ("as_at", pa.date32()), ("known", pa.int64()), ("day", pa.date32()),
     ("days", pa.int32()), ("recordings", pa.int32())]
)  # fmt: skip

# An entry counts at a point when its day has come by then and it had been recorded. So all entries between the same
# two days and the same two recordings count at the same points, and their transfers are added up together.
_MOVED = """
cut AS (
    SELECT e.number, (SELECT count(DISTINCT as_at) FROM trend_point WHERE as_at < e.effective_date) AS days,
           (SELECT count(DISTINCT known) FROM trend_point WHERE known < e.number) AS recordings
    FROM entry e WHERE e.number <= (SELECT max(known) FROM trend_point)
),
moved AS (
    SELECT c.days, c.recordings, t.from_account, t.to_account, sum(t.amount_pence) AS pence
    FROM transfer t JOIN cut c ON c.number = t.entry_number
    GROUP BY ALL
),
between_accounts AS (
    SELECT p.point, m.from_account, m.to_account, sum(m.pence) AS pence
    FROM moved m JOIN account a ON a.id = m.to_account
    JOIN trend_point p ON p.year = a.year AND m.days <= p.days AND m.recordings <= p.recordings
    GROUP BY ALL
)
"""

_HELD_BY_ALL = """
held AS (
    SELECT '' AS root, point, account, sum(pence) AS amount_pence FROM (
        SELECT point, to_account AS account, pence FROM between_accounts
        UNION ALL
        SELECT point, from_account, -pence FROM between_accounts
    ) AS sides GROUP BY ALL
)
"""

# The source of the money, whose accounts have no limit, is no holder of it.
_TREND = """
WITH RECURSIVE {moved}, {held},
judged AS (
    SELECT DISTINCT a.fund, a.year, p.point, p.day, p.known FROM account a JOIN trend_point p ON p.year = a.year
),
{terms}
SELECT h.root, h.point, a.year, t.code AS tier, t.depth, m.grade, m.notified_on, m.recurrent,
       a.fund, coalesce(m.pot, a.fund) AS pot, m.quality, m.discretion,
       CAST(sum(h.amount_pence) AS BIGINT) AS amount_pence
FROM held h JOIN account a ON a.id = h.account
JOIN organisation o ON o.code = a.organisation JOIN tier t ON t.code = o.tier
LEFT JOIN terms_held m ON m.fund = a.fund AND m.year = a.year AND m.point = h.point
WHERE h.amount_pence <> 0 AND a.floor_pence IS NOT NULL
GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a trend, on both clocks.

    Attributes:
        year: whose money, by the year it starts in.
        as_at: the last day whose entries count.
        known_at: the last instant whose recordings count.
        known: the number of the last entry recorded by then.
    """

    year: int
    as_at: date
    known_at: datetime
    known: int


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """What was held at one point.

    Attributes:
        total_pence: all that was held, spent money included; None where nothing was.
        values: name of each of ``MEASURES`` to its share; None where nothing was held.
        over: name of each that rests on grades to its range over how they are read.
        known: name of each to the pence of which it is known, and the pence of all ICBs and those below them.
    """

    point: Point
    total_pence: int | None
    values: Mapping[str, Fraction | None]
    over: Mapping[str, measures.OverReadings] = field(default_factory=dict)
    known: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def month_ends(reader: Reader, at: Moment, year: int, *, as_then: bool = False) -> list[Point]:
    """The end of every month of a year up to the moment; the month that it falls in ends with it.

    Args:
        as_then: each as it was known at the end of its own last day; as known at the moment otherwise.

    Returns:
        None before the year begins: nothing of it counts by then.
    """
    whole = FinancialYear(year)
    # The day before the first of each next month; April of the next year closes March.
    firsts = [date(year + month // 12, month % 12 + 1, 1) for month in range(4, 16)]
    days = [date.fromordinal(first.toordinal() - 1) for first in firsts]
    past = [day for day in days if day <= at.as_at]
    if whole.contains(at.as_at) and at.as_at not in past:
        past.append(at.as_at)
    return [_point(reader, at, year, day, as_then=as_then) for day in past]


def year_ends(reader: Reader, at: Moment, *, as_then: bool = False) -> list[Point]:
    """The end of every year in which money stands, the oldest first; a year that is not over ends with the moment.

    Args:
        as_then: as for ``month_ends``.
    """
    starts = [year for year in sorted(years_with_money(reader)) if FinancialYear(year).first_day <= at.as_at]
    return [_point(reader, at, year, min(FinancialYear(year).last_day, at.as_at), as_then=as_then) for year in starts]


def trend(
    reader: Reader,
    points: Sequence[Point],
    organisations: Sequence[str] = (WHOLE,),
    reading: GradeReading = RECORDED,
) -> dict[str, list[TrendPoint]]:
    """What organisations with all below them held at each point, from one look at the books.

    Args:
        points: from ``month_ends`` or ``year_ends``.
        organisations: their codes; ``WHOLE`` for everything in the ledger.
        reading: how grades are read.

    Returns:
        Each organisation to its standings, one for each point, in the order of the points. At a point at which an
        organisation was not yet known, nothing was held.

    Raises:
        Refused: an organisation is unknown.
    """
    _refuse_unknown(reader, [code for code in organisations if code])
    rows: dict[GradeReading, dict[tuple[str, int], list[dict[str, Any]]]] = {
        one: defaultdict(list) for one in all_with(reading)
    }
    if points:
        _stage(reader, points)
        asked = []
        if WHOLE in organisations:
            asked.append(_HELD_BY_ALL)
        if roots := [code for code in organisations if code]:
            asked_at = ((number, _judged_on(point), point.known) for number, point in enumerate(points))
            reader.stage("scope", below.below(reader, roots, [below.StructurePoint(*each) for each in asked_at]))
            asked.append(HELD_BELOW)
        for held in asked:
            found = reader.table(_TREND.format(moved=_MOVED, held=held, terms=TERMS_HELD))
            for one, its in rows.items():
                for row in _summed(one.read(found)).to_pylist():
                    its[row["root"], row["point"]].append(row)
    return {
        code: [
            _standing(point, {one: its[code, number] for one, its in rows.items()}, reading)
            for number, point in enumerate(points)
        ]
        for code in organisations
    }


# What the measures of a trend ask of the money.
_ASKED = ["root", "point", "year", "tier", "depth", "grade", "notified_on", "recurrent"]


def _summed(read: pa.Table) -> pa.Table:
    """The money summed over what the measures of a trend do not ask."""
    summed = read.group_by(_ASKED, use_threads=False).aggregate([("amount_pence", "sum")])
    return summed.rename_columns([*_ASKED, "amount_pence"])


def ends(found: Mapping[str, Sequence[TrendPoint]], measure: str) -> list[tuple[Fraction, Fraction, Fraction] | None]:
    """The lowest, the median and the highest of a measure over organisations, point by point; None where nobody has it.

    Args:
        found: from ``trend``, with as many points for each.
    """
    places = range(max(map(len, found.values()), default=0))
    known = [
        [value for points in found.values() if (value := points[place].values[measure]) is not None] for place in places
    ]
    return [(min(values), Fraction(median(values)), max(values)) if values else None for values in known]


def _point(reader: Reader, at: Moment, year: int, day: date, *, as_then: bool) -> Point:
    known_at = min(datetime.combine(day, time.max, UTC), at.known_at) if as_then else at.known_at
    known = reader.whole(
        "SELECT coalesce(max(number), 0) FROM entry WHERE recorded_at <= $known_at AND number <= $known",
        {"known_at": known_at, "known": at.known},
    )
    return Point(year, day, known_at, known)


def _stage(reader: Reader, points: Sequence[Point]) -> None:
    days, recordings = sorted({point.as_at for point in points}), sorted({point.known for point in points})
    rows = [
        {
            "point": number,
            "year": point.year,
            "as_at": point.as_at,
            "known": point.known,
            "day": _judged_on(point),
            "days": days.index(point.as_at),
            "recordings": recordings.index(point.known),
        }
        for number, point in enumerate(points)
    ]
    reader.stage("trend_point", pa.Table.from_pylist(rows, schema=_POINTS))


def _judged_on(point: Point) -> date:
    """Who is below whom, and which terms hold, is judged within the money's own year."""
    return min(point.as_at, FinancialYear(point.year).last_day)


def _standing(
    point: Point, read: Mapping[GradeReading, Sequence[Mapping[str, Any]]], reading: GradeReading
) -> TrendPoint:
    rows = read[reading]
    total = sum(row["amount_pence"] for row in rows) if rows else None
    values = {one: measures.parts(its) for one, its in read.items()}
    over = {name: measures.over([(its[name], one) for one, its in values.items()]) for name in measures.PARTS}
    whole = sum(row["amount_pence"] for row in measures.of_icbs(rows))
    known = {name: (measures.part_and_whole(rows, name)[1], whole) for name in measures.PARTS}
    return TrendPoint(
        point, total, values[reading], {name: its for name, its in over.items() if its is not None}, known
    )


def _refuse_unknown(reader: Reader, codes: Sequence[str]) -> None:
    known = {str(code) for (code,) in reader.rows("SELECT code FROM organisation")}
    wrong = [code for code in codes if code not in known]
    if wrong:
        raise Refused(
            [
                Problem(
                    Input.ORGANISATION,
                    f"there is no organisation '{code}'.",
                    "Its trend cannot be shown.",
                    suggestion(reader, code, "organisation"),
                )
                for code in wrong
            ]
        )
