"""What the books answer, before it is laid out: a function for each question, which pages and publications ask here.

Methods of ``screens.asked`` answer with a report of the same name. A function takes a reader, the point on both clocks,
and what is asked about; a year is the one in which it starts. ``held`` is a position that was asked for already, with
the grades of the books. What answers is loaded when it is asked.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from ledger.readings import RECORDED, GradeReading
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear

if TYPE_CHECKING:
    import pyarrow as pa

    from allocations.shares.national import IcbStanding
    from allocations.shares.why_tied import TiedLine
    from ledger.reports.journal import ListedEntries
    from ledger.reports.lines_over_years import LineOverYears
    from ledger.reports.measures import Measure
    from ledger.reports.monitoring import PotWatched
    from ledger.reports.pots import Fence, Kept
    from ledger.reports.put_together import PutTogether
    from ledger.reports.receivers import Received
    from ledger.reports.summary import Changed, Picture
    from ledger.reports.trend import Point, TrendPoint
    from screens.report.report import Report

# --- position and flows -----------------------------------------------------------------------------------------------


def position(reader: Reader, at: Moment, organisation: str | None, year: int | None) -> "pa.Table":
    """What an organisation with all below it holds, or everybody: of schema ``ledger.reports.position.SCHEMA``.

    Raises:
        Refused: the organisation is unknown.
    """
    from ledger.reports import position as holding

    return holding.position(reader, at, organisation=organisation, year=year)


def position_of_each(reader: Reader, at: Moment, tier: str, year: int) -> "dict[str, pa.Table]":
    """What every organisation of a tier with all below it holds, by its code."""
    from ledger.reports import position as holding

    return holding.position_of_each(reader, at, tier, year)


def flows(reader: Reader, at: Moment, by: Sequence[str], year: int) -> "pa.Table":
    """What moved in a year, also inside one organisation, summed by columns of the flows, in whole pence."""
    from ledger.reports import position as holding

    return holding.flows(reader, at, by, year=year, within=True)


def picture(
    reader: Reader, at: Moment, icb: str | None, year: int, reading: GradeReading = RECORDED, *,
    held: "pa.Table | None" = None,
) -> "Picture":  # fmt: skip
    """Where the money of an ICB, or of everybody, is decided, how free it is, and how it got there.

    Raises:
        Refused: the ICB is unknown.
    """
    from ledger.reports import summary
    from screens.report import whole

    said = whole.of_money(reader, at, FinancialYear(year)) if icb is None else ""
    return summary.take(reader, at, year=year, icb=icb, held=held, reading=reading, whole=said)


def since(
    reader: Reader, at: Moment, day: date, organisation: str | None, year: int, reading: GradeReading, *,
    held: "pa.Table",
) -> "Changed":  # fmt: skip
    """What has changed since the end of a day, on both clocks.

    Raises:
        Refused: the day lies in the future, or the organisation is unknown.
    """
    from ledger.reports import summary

    return summary.since(reader, day, at, organisation=organisation, year=year, held=held, reading=reading)


def trail(
    reader: Reader, at: Moment, organisation: str, fund: str | None, year: int | None, **named: Any
) -> "Report":  # fmt: skip
    """Each entry behind what an organisation itself holds, as ``screens.report.holdings.trail`` tells it.

    Raises:
        Refused: the organisation or the line is unknown.
    """
    from screens.report import holdings

    return holdings.trail(reader, at, organisation, fund=fund, year=year, **named)


# --- measures and pots ------------------------------------------------------------------------------------------------


def measures(
    reader: Reader, at: Moment, organisation: str | None, year: int, scope: str, packet_pence: int,
    reading: GradeReading = RECORDED, *, held: "pa.Table | None" = None,
) -> "list[Measure]":  # fmt: skip
    """Every measure in a scope, with its range over readings of the grades.

    Args:
        packet_pence: a pot below this many pence is a penny packet.

    Raises:
        Refused: the organisation is unknown.
    """
    from ledger.reports import measures as measuring

    rows = position(reader, at, organisation, year) if held is None else held
    return measuring.measures_as_read(rows, scope, penny_packet_pence=packet_pence, reading=reading)


def fences(
    reader: Reader, at: Moment, organisation: str | None, year: int, day: date, reading: GradeReading = RECORDED, *,
    held: "pa.Table | None" = None,
) -> "list[Fence]":  # fmt: skip
    """Every pot with its terms, the largest first, with its days counted from a day.

    Raises:
        Refused: the organisation is unknown.
    """
    from ledger.reports import pots

    rows = position(reader, at, organisation, year) if held is None else held
    return pots.fences(reader, reading.read(rows), day)


def kept(
    reader: Reader, at: Moment, organisation: str | None, year: int, *, held: "pa.Table | None" = None
) -> "list[Kept]":
    """What is kept back, with and without agreement, the most first.

    Raises:
        Refused: the organisation is unknown.
    """
    from ledger.reports import pots

    rows = position(reader, at, organisation, year) if held is None else held
    return pots.kept(reader, at, rows, FinancialYear(year).last_day)


def pots(reader: Reader, at: Moment, organisation: str | None, year: FinancialYear | None) -> "Report":
    """The register of pots.

    Raises:
        Refused: the organisation is unknown.
    """
    from screens.report import pots as register

    return register.listed(reader, at, organisation=organisation, year=year)


def pots_seen_by(
    reader: Reader, at: Moment, tier: str, organisation: str | None, year: FinancialYear | None,
    reading: GradeReading = RECORDED,
) -> "Report":  # fmt: skip
    """How scattered the pots are for each receiver of a tier.

    Raises:
        Refused: the organisation is unknown.
    """
    from screens.report import pots as register

    return register.seen_by(reader, at, tier, organisation=organisation, year=year, reading=reading)


def received(
    reader: Reader, at: Moment, tier: str, organisation: str | None, year: int, reading: GradeReading = RECORDED
) -> "tuple[list[Received], list[str]]":
    """What every receiver of a tier works with, the most scattered first, and the names of those that hold nothing.

    Raises:
        Refused: the organisation is unknown.
    """
    from ledger.reports import receivers

    return receivers.received(reader, at, tier, organisation=organisation, year=year, reading=reading)


def put_together(
    reader: Reader, at: Moment, receiver: str, pots: str | Sequence[str], year: int,
    reading: GradeReading = RECORDED, *, found: "Sequence[Received] | None" = None,
) -> "PutTogether":  # fmt: skip
    """What some pots of one ICB, place, PCN or practice would ask of it if they were one.

    Args:
        pots: which: ``small``, ``one-off`` or ``tied``, or their codes.
        found: receivers that were measured already, this one among them.

    Raises:
        Refused: there is no such receiver, it holds no money of the year, or none of such a pot.
    """
    from ledger.reports import put_together as merging

    return merging.of_receiver(reader, at, receiver, pots, year, reading, found)


def pots_put_together(
    reader: Reader, at: Moment, receiver: str, pots: str | Sequence[str], year: FinancialYear | None,
    reading: GradeReading = RECORDED,
) -> "Report":  # fmt: skip
    """The same with every measure before and after.

    Raises:
        Refused: there is no such receiver, it holds no money of the year, or none of such a pot.
    """
    from ledger.reports.position import year_in_view
    from screens.report import receivers as reporting

    held = year or year_in_view(reader, at)
    return reporting.put_together(put_together(reader, at, receiver, pots, held.start, reading), at, held, reading)


def pots_without_amount(reader: Reader, at: Moment, year: int) -> dict[str, str]:
    """The pots of a year of which no entry gives anybody an amount: code to name."""
    from ledger.reports import pots_over_years

    return pots_over_years.without_amount(reader, at, year)


# --- all of them side by side, and over time --------------------------------------------------------------------------


def standings(
    reader: Reader, at: Moment, year: int, as_is: date | None = None, reading: GradeReading = RECORDED
) -> "list[IcbStanding]":
    """The measures of every ICB with money of a year, by name."""
    from allocations.shares import national

    return national.standings(reader, at, year, as_is, reading)


def together(
    reader: Reader, at: Moment, year: int, as_is: date | None = None, reading: GradeReading = RECORDED
) -> "IcbStanding | None":
    """The measures of all ICBs as one; None where none has money of the year."""
    from allocations.shares import national

    return national.together(reader, at, year, as_is, reading)


def watched(reader: Reader, at: Moment, year: int) -> "list[PotWatched]":
    """What became of every pot at every ICB, in whole pence."""
    from ledger.reports import monitoring

    return monitoring.watched(reader, at, year)


def why_tied(
    reader: Reader, at: Moment, icb: str, year: int, reading: GradeReading
) -> "tuple[list[TiedLine], int]":  # fmt: skip
    """The lines that tie an ICB, what ties it more than others first, and the first year in the books."""
    from allocations.shares import why_tied as reasons

    return reasons.why_tied(reader, at, icb, year, reading)


def points(reader: Reader, at: Moment, over: str, year: int, *, known_then: bool = False) -> "list[Point]":
    """The points of a trend: the ends of the months of a year, or of every year with money."""
    from ledger.reports import trend as over_time

    if over == over_time.YEARS:
        return over_time.year_ends(reader, at, as_then=known_then)
    return over_time.month_ends(reader, at, year, as_then=known_then)


def trend(
    reader: Reader, at: Moment, organisations: Sequence[str], over: str, year: int, known_then: bool = False,
    reading: GradeReading = RECORDED, *, among: Sequence[int] = (),
) -> "dict[str, list[TrendPoint]]":  # fmt: skip
    """The measures of organisations at each point; of everything under the empty code.

    Args:
        among: of years only these; a trend has two points or none then.
    """
    from ledger.reports import trend as over_time

    found = points(reader, at, over, year, known_then=known_then)
    if among:
        found = [point for point in found if point.year in among]
        if len(found) < 2:  # noqa: PLR2004 - one point is no trend
            return {}
    return over_time.trend(reader, found, list(organisations), reading)


def lines_over_years(reader: Reader, at: Moment, organisation: str | None) -> "tuple[list[int], list[LineOverYears]]":
    """What stands on each line in one year after another, in whole pence."""
    from ledger.reports import lines_over_years as lines

    return lines.lines(reader, at, organisation)


# --- the journal ------------------------------------------------------------------------------------------------------


def journal(reader: Reader, at: Moment) -> "pa.Table":
    """Every leg of every entry that counts, the oldest first, in whole pence."""
    from ledger.reports import journal as book

    return book.every_leg(reader, at)


def entries(reader: Reader, at: Moment, kind: str | None, only_reversals: bool = False) -> "ListedEntries":
    """The entries that count, the newest first; of one kind, or only reversals."""
    from ledger.reports import journal as book

    return book.entries(reader, at, kind=kind, only_reversals=only_reversals)


def entry(reader: Reader, at: Moment, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One entry, whenever it counts, and its legs.

    Raises:
        Refused: there is no such entry.
    """
    from ledger.reports import journal as book

    del at
    return book.entry(reader, number), book.legs(reader, number)
