"""All ICBs beside each other, and the money over time: what is asked of the books, composed into reports."""

from collections.abc import Sequence
from datetime import date

from allocations.shares import national, restated
from ledger.errors import Problem, Refused
from ledger.inputs import Input
from ledger.readings import GradeReading
from ledger.reports import lines_over_years, position, register, trend
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report import national as reporting
from screens.report.report import Report


def side_by_side(
    reader: Reader,
    at: Moment,
    *,
    year: FinancialYear | None,
    rank: str,
    region: str | None,
    peers_of: str | None,
    limits: Sequence[national.Threshold],
    as_is: date | None,
    reading: GradeReading,
) -> Report:
    """ICBs ranked by a measure: all of them, those of a region, or one with its peers; and who is beyond limits.

    Args:
        year: otherwise the newest that has begun by the day and in which an ICB holds money.

    Raises:
        Refused: there is no such region, or no such ICB.
    """
    start = (year or position.year_in_view(reader, at)).start
    rows = national.standings(reader, at, start, as_is, reading)
    whole = national.together(reader, at, start, as_is, reading)
    return reporting.ranking(
        _chosen(rows, region, peers_of), at, rank=rank, limits=limits, year=start, as_is=as_is,
        changes=restated.changed_by(reader, at, as_is), together=whole, reading=reading,
    )  # fmt: skip


def what_became_of_pots(reader: Reader, at: Moment, year: FinancialYear | None) -> Report:
    """What became of every pot at every ICB, in a year, or the newest in which an ICB holds money."""
    return reporting.pots_of_icbs(reader, at, year or position.year_in_view(reader, at))


def over_time(
    reader: Reader,
    at: Moment,
    *,
    organisation: str | None,
    over: str,
    year: FinancialYear | None,
    known_then: bool,
    every_icb: bool,
    reading: GradeReading,
) -> Report:
    """The measures of an organisation, of England or of every ICB, at the ends of months or of years.

    Args:
        over: ``months`` or ``years``.
        year: for months; otherwise the newest that has begun by the day and in which an ICB holds money.
        known_then: whether each point is told as it was known at its own end.

    Raises:
        Refused: the organisation is unknown.
    """
    if over == trend.YEARS:
        points = trend.year_ends(reader, at, as_then=known_then)
    else:
        start = (year or position.year_in_view(reader, at)).start
        points = trend.month_ends(reader, at, start, as_then=known_then)
    if every_icb:
        icbs = {code: row["name"] for code, row in register.organisations(reader, national.TIER).items()}
        each = trend.trend(reader, points, sorted(icbs), reading)
        return reporting.trend_of_each(each, icbs, at, over=over, known_then=known_then, reading=reading)
    code = organisation or trend.WHOLE
    told = trend.trend(reader, points, [code], reading)[code]
    years, lines = lines_over_years.lines(reader, at, organisation) if over == trend.YEARS else ([], [])
    found = reporting.trend(told, at, organisation=organisation, over=over, known_then=known_then, reading=reading)
    return reporting.with_lines(found, years, lines)


def _chosen(
    rows: Sequence[national.IcbStanding], region: str | None, peers_of: str | None
) -> list[national.IcbStanding]:
    """The ICBs of a region, by name, and one with its peers, by code; all of them where neither is given.

    Raises:
        Refused: there is no such region, or no such ICB.
    """
    listed = list(rows)
    if peers_of is not None:
        if not any(row.code == peers_of for row in rows):
            found, remedy = f"there is no ICB '{peers_of}' with money of this year.", "Give a code such as QWO."
            raise Refused([Problem(Input.PEERS_OF, found, "It has no peers here.", remedy)])
        codes = {peers_of, *(row.code for row in national.peers(rows, peers_of))}
        listed = [row for row in listed if row.code in codes]
    if region is not None:
        regions = sorted({row.region for row in rows if row.region})
        known = {name.casefold(): name for name in regions}
        if region.casefold() not in known:
            remedy = f"Choose from {', '.join(regions) or 'none: no region is on record'}."
            raise Refused([Problem(Input.REGION, f"there is no region '{region}'.", "Nobody would be shown.", remedy)])
        listed = [row for row in listed if row.region == known[region.casefold()]]
    return listed
