"""All ICBs beside each other, with alerts; and how the money changed over months and years."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from allocations.shares import national, restated
from allocations.shares.national import ABOVE, BELOW, TITLES, IcbStanding, Threshold
from ledger.errors import Problem, Refused
from ledger.reports import lines_over_years, position, register, trend
from ledger.years import FinancialYear
from screens.cli.guard import guarded, reading
from screens.cli.options import (
    AS_RECORDED,
    DEFAULT_LEDGER,
    AsAt,
    AsIs,
    AsRead,
    KnownAt,
    Ledger,
    Organisation,
    Year,
    grade_reading,
)
from screens.report import national as reporting
from screens.report.report import Report

_USUAL = "ring_fenced_share_with_soft"


class Over(StrEnum):
    """What the points of a trend are."""

    MONTHS = trend.MONTHS
    YEARS = trend.YEARS


def _measure(text: str) -> str:
    if text not in TITLES:
        raise typer.BadParameter(f"choose {', '.join(TITLES)}")
    return text


def _limits(texts: Sequence[str] | None, side: str) -> list[Threshold]:
    try:
        return [national.threshold(text, side) for text in texts or ()]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=f"--{side}") from None


@guarded("national")
def show_national(
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
    rank: Annotated[str, typer.Option(help="The measure to rank by.", parser=_measure)] = _USUAL,
    region: Annotated[str | None, typer.Option(help="Only the ICBs of this region, by name.")] = None,
    peers_of: Annotated[str | None, typer.Option(help="Only this ICB, by code, and the five nearest to it.")] = None,
    above: Annotated[
        list[str] | None, typer.Option(help="Alert on those above a limit: MEASURE=PERCENT; may be given again.")
    ] = None,
    below: Annotated[
        list[str] | None, typer.Option(help="Alert on those below a limit: MEASURE=PERCENT; may be given again.")
    ] = None,
    pots: Annotated[
        bool, typer.Option("--pots", help="In place of the ranking, what became of every pot at every ICB.")
    ] = False,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    as_read: AsRead = AS_RECORDED,
) -> Report:
    """All ICBs ranked by a measure, or those of a region, or one with its peers; and who is beyond your limits."""
    limits, graded = [*_limits(above, ABOVE), *_limits(below, BELOW)], grade_reading(as_read)
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year.start if year else position.latest_year(reader)
        if pots:
            shown = position.year_in_view(reader, at) if start is None else FinancialYear(start)
            return reporting.pots_of_icbs(reader, at, shown)
        rows = [] if start is None else national.standings(reader, at, start, as_is, graded)
        whole = None if start is None else national.together(reader, at, start, as_is, graded)
        changes = restated.changed_by(reader, at, as_is)
    listed = _listed(rows, region, peers_of)
    return reporting.ranking(
        listed, at, rank=rank, limits=limits, year=start, as_is=as_is, changes=changes, together=whole, reading=graded
    )


def _listed(rows: Sequence[IcbStanding], region: str | None, peers_of: str | None) -> list[IcbStanding]:
    listed = list(rows)
    if peers_of is not None:
        if not any(row.code == peers_of for row in rows):
            found, remedy = f"there is no ICB '{peers_of}' with money of this year.", "Give a code such as QWO."
            raise Refused([Problem("--peers-of", found, "It has no peers here.", remedy)])
        codes = {peers_of, *(row.code for row in national.peers(rows, peers_of))}
        listed = [row for row in listed if row.code in codes]
    if region is not None:
        regions = sorted({row.region for row in rows if row.region})
        known = {name.casefold(): name for name in regions}
        if region.casefold() not in known:
            remedy = f"Choose from {', '.join(regions) or 'none: no region is on record'}."
            raise Refused([Problem("--region", f"there is no region '{region}'.", "Nobody would be shown.", remedy)])
        listed = [row for row in listed if row.region == known[region.casefold()]]
    return listed


@guarded("trend")
def show_trend(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    over: Annotated[Over, typer.Option(help="The ends of the months of a year, or of all years.")] = Over.MONTHS,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    known_then: Annotated[
        bool, typer.Option("--known-then", help="Each point as it was known at its own end; as known now otherwise.")
    ] = False,
    every_icb: Annotated[bool, typer.Option("--every-icb", help="Every ICB at every point, side by side.")] = False,
    as_read: AsRead = AS_RECORDED,
) -> Report:
    """How tied, late, lasting and devolved the money was, month by month or year by year."""
    code, graded = organisation or trend.WHOLE, grade_reading(as_read)
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year.start if year else position.latest_year(reader)
        if over is Over.YEARS:
            points = trend.year_ends(reader, at, as_then=known_then)
        else:
            points = [] if start is None else trend.month_ends(reader, at, start, as_then=known_then)
        if every_icb:
            icbs = {code: row["name"] for code, row in register.organisations(reader, national.TIER).items()}
            each = trend.trend(reader, points, sorted(icbs), graded)
            return reporting.trend_of_each(each, icbs, at, over=over.value, known_then=known_then, reading=graded)
        standings = trend.trend(reader, points, [code], graded)[code]
        years, lines = lines_over_years.lines(reader, at, organisation) if over is Over.YEARS else ([], [])
    found = reporting.trend(
        standings, at, organisation=organisation, over=over.value, known_then=known_then, reading=graded
    )
    return reporting.with_lines(found, years, lines)
