"""All ICBs beside each other, with alerts; and how the money changed over months and years."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from allocations.shares import national, restated
from allocations.shares.national import ABOVE, BELOW, TITLES, Alert, Standing, Threshold
from ledger.errors import Problem, Refused
from ledger.reports import position, trend
from ledger.reports.summary import percent
from ledger.years import FinancialYear
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, AsAt, AsIs, Json, KnownAt, Ledger, Organisation, Year
from screens.report import answers
from screens.report.terminal import Answer, show

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
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    as_json: Json = False,
) -> None:
    """All ICBs ranked by a measure, or those of a region, or one with its peers; and who is beyond your limits."""
    limits = [*_limits(above, ABOVE), *_limits(below, BELOW)]
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year.start if year else position.latest_year(reader)
        rows = [] if start is None else national.standings(reader, at, start, as_is)
        told = answers.boundaries(as_is, restated.changed_by(reader, at, as_is))
    listed = _listed(rows, region, peers_of)
    order = [row for row, _ in national.ranked(listed, rank)]
    order += [row for row in listed if row not in order]
    found = national.alerts(listed, limits)
    shown = [_program_row(row) if as_json else _people_row(row, rank) for row in order]
    after = [] if shown else [answers.NOTHING]
    if limits:
        after += [national.told(found, len(listed)), *map(_told, found)]
    extra = {
        "year": None if start is None else str(FinancialYear(start)),
        "rank": rank,
        "as_is": as_is,
        "alerts": [_alert_row(alert) for alert in found],
    }
    title = f"ICBs by {TITLES[rank].lower()}, the highest first"
    after += [*told, *answers.about(at)]
    show(Answer("national", str(ledger), shown, at, title=title, after=after, extra=extra), as_json=as_json)


def _listed(rows: Sequence[Standing], region: str | None, peers_of: str | None) -> list[Standing]:
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


def _program_row(row: Standing) -> dict[str, Any]:
    return {"icb": row.code, "name": row.name, "region": row.region, "total_pence": row.total_pence, **row.values}


def _people_row(row: Standing, rank: str) -> dict[str, Any]:
    told = {"icb": row.code, "name": row.name, "region": row.region or "not on record", "total_pence": row.total_pence}
    return {**told, TITLES[rank]: percent(row.values[rank])}


def _told(alert: Alert) -> str:
    value, limit = percent(alert.value), percent(alert.threshold)
    return f"{alert.name} ({alert.code}): {TITLES[alert.measure]} is {value}, {alert.side} {limit}."


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "icb": alert.code,
        "name": alert.name,
        "measure": alert.measure,
        "value": alert.value,
        "limit": alert.threshold,
        "side": alert.side,
    }


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
    as_json: Json = False,
) -> None:
    """How tied, late, lasting and devolved the money was, month by month or year by year."""
    code = organisation or trend.WHOLE
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year.start if year else position.latest_year(reader)
        if over is Over.YEARS:
            points = trend.year_ends(reader, at, as_then=known_then)
        else:
            points = [] if start is None else trend.month_ends(reader, at, start, as_then=known_then)
        standings = trend.trend(reader, points, [code])[code]
    rows = [_trend_row(standing, as_json=as_json) for standing in standings]
    whose = organisation or "Everything in the ledger, national money included"
    title = f"{whose}: at the end of each of the {over}, as known {'then' if known_then else 'now'}"
    after = [*([] if rows else [answers.NOTHING]), *answers.about(at)]
    extra = {"organisation": organisation, "over": over.value, "known_then": known_then}
    show(Answer("trend", str(ledger), rows, at, title=title, after=after, extra=extra), as_json=as_json)


def _trend_row(standing: trend.Standing, *, as_json: bool) -> dict[str, Any]:
    point = standing.point
    if as_json:
        clocks = {"as_at": point.as_at, "known_at": point.known_at, "year": str(FinancialYear(point.year))}
        return {**clocks, "total_pence": standing.total_pence, **standing.values}
    shares = {title: percent(standing.values[name]) for name, title in trend.MEASURES.items()}
    return {"as_at": point.as_at, "total_pence": standing.total_pence, **shares}
