"""All ICBs beside each other, with alerts; and how the money changed over months and years."""

from collections.abc import Sequence
from typing import Annotated, Literal

import typer

from allocations.shares import national
from allocations.shares.national import ABOVE, BELOW, TITLES
from screens.cli.guard import asked, guarded
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
from screens.report.report import Report

_USUAL = "ring_fenced_share_with_soft"


def _measure(text: str) -> str:
    if text not in TITLES:
        raise typer.BadParameter(f"choose {', '.join(TITLES)}")
    return text


def _check_limits(texts: Sequence[str] | None, side: str) -> None:
    try:
        for text in texts or ():
            national.threshold(text, side)
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
    _check_limits(above, ABOVE)
    _check_limits(below, BELOW)
    graded = grade_reading(as_read)
    with asked(ledger) as books:
        return books.national(
            year=year, rank=rank, pots=pots, region=region, peers_of=peers_of, above=above or (), below=below or (),
            as_at=as_at, known_at=known_at, as_is=as_is, reading=graded,
        )  # fmt: skip


@guarded("trend")
def show_trend(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    over: Annotated[
        Literal["months", "years"], typer.Option(help="The ends of the months of a year, or of all years.")
    ] = "months",
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
    graded = grade_reading(as_read)
    with asked(ledger) as books:
        return books.trend(
            organisation=organisation, over=over, year=year, as_at=as_at, known_at=known_at,
            known_then=known_then, every_icb=every_icb, reading=graded,
        )  # fmt: skip
