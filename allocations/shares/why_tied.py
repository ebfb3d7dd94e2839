"""Why an ICB is as tied as it is: line by line, what of its money is ring-fenced, beside all ICBs, and since when."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from allocations.shares.national import TIER
from ledger.readings import RECORDED, GradeReading
from ledger.reports import lines_over_years
from ledger.reports.measures import EARMARKED_GRADES, Row, part_and_whole, share
from ledger.reports.position import SOURCE, Moment, position_of_each
from ledger.store.base import Reader

_MEASURE = "ring_fenced_share_with_soft"


@dataclass(frozen=True, slots=True)
class TiedLine:
    """A line of money that is ring-fenced, soft included, at one ICB and those below it.

    Attributes:
        grade: the strictest of what is on it.
        own: its part of the ICB's money whose grade is known; the parts of all lines sum to the measure.
        everybody: the same part for all ICBs together.
        since: the first year, by the year it starts in, from which on it has been ring-fenced in these books; None
            where no terms of its own are on record.
    """

    fund: str
    name: str
    grade: str
    amount_pence: int
    own: Fraction
    everybody: Fraction
    since: int | None


def why_tied(
    reader: Reader, at: Moment, icb: str, year: int, reading: GradeReading = RECORDED
) -> tuple[list[TiedLine], int]:
    """The lines that tie an ICB, what ties it more than all ICBs together first, and the first year in the books.

    Args:
        year: by the year it starts in; one in which the ICB has money.
        reading: how grades are read; since when is told of grades as they are recorded.
    """
    held = position_of_each(reader, at, TIER, year)
    own, everybody = _rows(held[icb], reading), _rows(pa.concat_tables(held.values()), reading)
    mine, theirs = _by_fund(own), _by_fund(everybody)
    whole, all_whole = part_and_whole(own, _MEASURE)[1], part_and_whole(everybody, _MEASURE)[1]
    years, lines = lines_over_years.lines(reader, at)
    grades = {line.fund: line.grades for line in lines}
    found = [
        TiedLine(
            fund=fund,
            name=rows[0]["fund_name"],
            grade=max((row["grade"] for row in rows), key=EARMARKED_GRADES.index),
            amount_pence=(pence := _pence(rows)),
            own=share(pence, whole) or Fraction(0),
            everybody=share(_pence(theirs[fund]), all_whole) or Fraction(0),
            since=_since(grades.get(fund, {}), years, year),
        )
        for fund, rows in mine.items()
    ]
    return sorted(found, key=lambda line: (line.everybody - line.own, line.fund)), min(years)


def _rows(held: pa.Table, reading: GradeReading) -> list[Row]:
    rows: list[Row] = reading.read(held.filter(pc.not_equal(held["standing"], SOURCE))).to_pylist()
    return rows


def _by_fund(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows that are ring-fenced, by fund; every other fund has none."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["grade"] in EARMARKED_GRADES and row["amount_pence"]:
            found[row["fund"]].append(row)
    return found


def _pence(rows: Sequence[Row]) -> int:
    return sum(row["amount_pence"] for row in rows)


def _since(grades: Mapping[int, str | None], years: Sequence[int], year: int) -> int | None:
    """The first of the years up to one in all of which a line has been ring-fenced."""
    since = None
    for one in reversed([each for each in years if each <= year]):
        if grades.get(one) not in EARMARKED_GRADES:
            break
        since = one
    return since
