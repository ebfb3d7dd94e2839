"""What the books answer, before it is laid out: a function for each question, which pages and publications ask here.

Methods of ``screens.asked`` answer with a report of the same name. A function takes a reader, the point on both clocks,
and what is asked about; a year is the one in which it starts. ``held`` is a position that was asked for already, with
the grades of the books. A question that needs no more than its answer's own function is that function.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from allocations.shares.national import standings, together
from allocations.shares.why_tied import why_tied
from ledger.readings import RECORDED, GradeReading
from ledger.reports import journal as book
from ledger.reports import measures as measuring
from ledger.reports import position as holding
from ledger.reports import pots as ring_fences
from ledger.reports import receivers, summary
from ledger.reports import trend as over_time
from ledger.reports.journal import ListedEntries
from ledger.reports.journal import every_leg as journal
from ledger.reports.lines_over_years import lines as lines_over_years
from ledger.reports.measures import Measure
from ledger.reports.monitoring import watched
from ledger.reports.position import Moment, position_of_each
from ledger.reports.pots import Fence, Kept
from ledger.reports.pots_over_years import without_amount as pots_without_amount
from ledger.reports.put_together import of_receiver as put_together
from ledger.reports.receivers import Received
from ledger.reports.summary import Changed, Picture
from ledger.reports.trend import Point, TrendPoint
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report import holdings, whole
from screens.report import pots as register
from screens.report.report import Report

__all__ = [
    "entries", "entry", "fences", "flows", "journal", "kept", "lines_over_years", "measures", "picture",
    "points", "position", "position_of_each", "pots", "pots_seen_by", "pots_without_amount",
    "put_together", "received", "since", "standings", "together", "trail", "trend", "watched", "why_tied",
]  # fmt: skip

# --- position and flows -----------------------------------------------------------------------------------------------


def position(reader: Reader, at: Moment, organisation: str | None, year: int | None) -> pa.Table:
    """What an organisation with all below it holds, or everybody: of schema ``ledger.reports.position.SCHEMA``.

    Raises:
        Refused: the organisation is unknown.
    """
    return holding.position(reader, at, organisation=organisation, year=year)


def flows(reader: Reader, at: Moment, by: Sequence[str], year: int) -> pa.Table:
    """What moved in a year, also inside one organisation, summed by columns of the flows, in whole pence."""
    return holding.flows(reader, at, by, year=year, within=True)


def picture(
    reader: Reader, at: Moment, icb: str | None, year: int, reading: GradeReading = RECORDED, *,
    held: pa.Table | None = None,
) -> Picture:  # fmt: skip
    """Where the money of an ICB, or of everybody, is decided, how free it is, and how it got there.

    Raises:
        Refused: the ICB is unknown.
    """
    said = whole.of_money(reader, at, FinancialYear(year)) if icb is None else ""
    return summary.take(reader, at, year=year, icb=icb, held=held, reading=reading, whole=said)


def since(
    reader: Reader, at: Moment, day: date, organisation: str | None, year: int, reading: GradeReading, *,
    held: pa.Table,
) -> Changed:  # fmt: skip
    """What has changed since the end of a day, on both clocks.

    Raises:
        Refused: the day lies in the future, or the organisation is unknown.
    """
    return summary.since(reader, day, at, organisation=organisation, year=year, held=held, reading=reading)


def trail(
    reader: Reader, at: Moment, organisation: str, fund: str | None, year: int | None, **named: Any
) -> Report:  # fmt: skip
    """Each entry behind what an organisation itself holds, as ``screens.report.holdings.trail`` tells it.

    Raises:
        Refused: the organisation or the line is unknown.
    """
    return holdings.trail(reader, at, organisation, fund=fund, year=year, **named)


# --- measures and pots ------------------------------------------------------------------------------------------------


def measures(
    reader: Reader, at: Moment, organisation: str | None, year: int, scope: str, packet_pence: int,
    reading: GradeReading = RECORDED, *, held: pa.Table | None = None,
) -> list[Measure]:  # fmt: skip
    """Every measure in a scope, with its range over readings of the grades.

    Args:
        packet_pence: a pot below this many pence is a penny packet.

    Raises:
        Refused: the organisation is unknown.
    """
    rows = position(reader, at, organisation, year) if held is None else held
    return measuring.measures_as_read(rows, scope, penny_packet_pence=packet_pence, reading=reading)


def fences(
    reader: Reader, at: Moment, organisation: str | None, year: int, day: date, reading: GradeReading = RECORDED, *,
    held: pa.Table | None = None,
) -> list[Fence]:  # fmt: skip
    """Every pot with its terms, the largest first, with its days counted from a day.

    Raises:
        Refused: the organisation is unknown.
    """
    rows = position(reader, at, organisation, year) if held is None else held
    return ring_fences.fences(reader, reading.read(rows), day)


def kept(
    reader: Reader, at: Moment, organisation: str | None, year: int, *, held: pa.Table | None = None
) -> list[Kept]:
    """What is kept back, with and without agreement, the most first.

    Raises:
        Refused: the organisation is unknown.
    """
    rows = position(reader, at, organisation, year) if held is None else held
    return ring_fences.kept(reader, at, rows, FinancialYear(year).last_day)


def pots(reader: Reader, at: Moment, organisation: str | None, year: FinancialYear | None) -> Report:
    """The register of pots.

    Raises:
        Refused: the organisation is unknown.
    """
    return register.listed(reader, at, organisation=organisation, year=year)


def pots_seen_by(
    reader: Reader, at: Moment, tier: str, organisation: str | None, year: FinancialYear | None,
    reading: GradeReading = RECORDED,
) -> Report:  # fmt: skip
    """How scattered the pots are for each receiver of a tier.

    Raises:
        Refused: the organisation is unknown.
    """
    return register.seen_by(reader, at, tier, organisation=organisation, year=year, reading=reading)


def received(
    reader: Reader, at: Moment, tier: str, organisation: str | None, year: int, reading: GradeReading = RECORDED
) -> tuple[list[Received], list[str]]:
    """What every receiver of a tier works with, the most scattered first, and the names of those that hold nothing.

    Raises:
        Refused: the organisation is unknown.
    """
    return receivers.received(reader, at, tier, organisation=organisation, year=year, reading=reading)


# --- all of them side by side, and over time --------------------------------------------------------------------------


def points(reader: Reader, at: Moment, over: str, year: int, *, known_then: bool = False) -> list[Point]:
    """The points of a trend: the ends of the months of a year, or of every year with money."""
    if over == over_time.YEARS:
        return over_time.year_ends(reader, at, as_then=known_then)
    return over_time.month_ends(reader, at, year, as_then=known_then)


def trend(
    reader: Reader, at: Moment, organisations: Sequence[str], over: str, year: int, known_then: bool = False,
    reading: GradeReading = RECORDED, *, among: Sequence[int] = (),
) -> dict[str, list[TrendPoint]]:  # fmt: skip
    """The measures of organisations at each point; of everything under the empty code.

    Args:
        among: of years only these; a trend has two points or none then.
    """
    found = points(reader, at, over, year, known_then=known_then)
    if among:
        found = [point for point in found if point.year in among]
        if len(found) < 2:  # noqa: PLR2004 - one point is no trend
            return {}
    return over_time.trend(reader, found, list(organisations), reading)


# --- the journal ------------------------------------------------------------------------------------------------------


def entries(reader: Reader, at: Moment, kind: str | None, only_reversals: bool = False) -> ListedEntries:
    """The entries that count, the newest first; of one kind, or only reversals."""
    return book.entries(reader, at, kind=kind, only_reversals=only_reversals)


def entry(reader: Reader, at: Moment, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One entry, whenever it counts, and its legs.

    Raises:
        Refused: there is no such entry.
    """
    del at
    return book.entry(reader, number), book.legs(reader, number)
