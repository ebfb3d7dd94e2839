"""What the books say: position, flows, measures, and the trail behind a balance."""

from typing import Annotated, Literal

import typer

from ledger.readings import RECORDED, all_with
from ledger.reports import measures
from screens.asked.books import MERGERS
from screens.cli import options
from screens.cli.guard import also_written, asked, guarded
from screens.cli.options import (
    AS_RECORDED,
    DEFAULT_LEDGER,
    AsAt,
    AsIs,
    AsRead,
    KnownAt,
    Ledger,
    Organisation,
    Out,
    Year,
)
from screens.report import readings as reporting
from screens.report.report import Report


@guarded("position")
def show_position(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    year: Year = None,
    by: options.PositionColumns = None,
    as_read: AsRead = AS_RECORDED,
) -> Report:
    """What is held where. The whole sums to zero: the source of the money stands in it below zero."""
    usual = "tier,standing" if organisation is None else "organisation,organisation_name,fund,standing"
    columns, graded = options.columns(by or usual), options.grade_reading(as_read)
    with asked(ledger) as books:
        return books.position(
            *columns, organisation=organisation, year=year, as_at=as_at, known_at=known_at, as_is=as_is, reading=graded
        )


@guarded("flows")
def show_flows(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    year: Year = None,
    by: options.FlowColumns = "from_tier,to_tier",
    within: Annotated[
        bool, typer.Option("--within", help="Also moves inside one organisation: set aside, kept back, spent.")
    ] = False,
) -> Report:
    """What moved, read down the tiers; money that went back is taken off."""
    columns = options.columns(by)
    with asked(ledger) as books:
        return books.flows(
            *columns, organisation=organisation, year=year, as_at=as_at, known_at=known_at, as_is=as_is, within=within
        )


@guarded("pots")
def show_pots(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    seen_by: Annotated[
        Literal["icb", "place", "pcn", "practice"] | None,
        typer.Option("--seen-by", help="In place of the pots, how scattered they are for each of these."),
    ] = None,
    merge: Annotated[
        str | None,
        typer.Option(
            help="In place of the pots, what some would ask of the organisation as one: small, one-off or tied, or "
            "their codes with commas."
        ),
    ] = None,
    as_read: AsRead = AS_RECORDED,
    out: Out = None,
) -> Report:
    """The register of pots: each fund with terms of its own, what is held, and by when it must be spent."""
    graded = options.grade_reading(as_read)
    if graded is not RECORDED and seen_by is None and merge is None:
        why = "the register shows terms as they are recorded; give --seen-by or --merge too"
        raise typer.BadParameter(why, param_hint="--reading")
    if merge is not None and (organisation is None or seen_by is not None):
        why = "pots are put together for one organisation; give --organisation, and no --seen-by"
        raise typer.BadParameter(why, param_hint="--merge")
    if out is not None and merge is None:
        raise typer.BadParameter("only what --merge answers is written", param_hint="--out")
    with asked(ledger) as books:
        report = books.pots(
            organisation=organisation, year=year, as_at=as_at, known_at=known_at, seen_by=seen_by, reading=graded,
            merge=() if merge is None else merge if merge in MERGERS else options.columns(merge),
        )  # fmt: skip
    return also_written(report, out)


@guarded("measures")
def show_measures(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    scope: Annotated[str | None, typer.Option(help="all or earmarked; both otherwise.", parser=options.scope)] = None,
    penny_packet: Annotated[
        int,
        typer.Option(
            help="A pot below this many pounds is a penny packet.", parser=options.pence, show_default="500000"
        ),
    ] = measures.PENNY_PACKET_PENCE,
    as_read: AsRead = AS_RECORDED,
) -> Report:
    """How much is ring-fenced, devolved, kept back and in pieces. Funding as a whole and earmarked funding apart."""
    scopes, graded = [scope] if scope else list(measures.SCOPES), options.grade_reading(as_read)
    with asked(ledger) as books:
        return books.measures(
            organisation=organisation, year=year, as_at=as_at, known_at=known_at, as_is=as_is, scopes=scopes,
            penny_packet_pence=penny_packet, reading=graded,
        )  # fmt: skip


@guarded("readings")
def show_readings(as_read: AsRead = AS_RECORDED) -> Report:
    """How ring-fences may be read: what each named reading reads otherwise, and why somebody would."""
    return reporting.listed(all_with(options.grade_reading(as_read)))


@guarded("trail")
def show_trail(
    organisation: Annotated[str, typer.Option("--organisation", help="Whose balance, by code.")],
    ledger: Ledger = DEFAULT_LEDGER,
    fund: Annotated[str | None, typer.Option(help="Only this fund, by code.")] = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
) -> Report:
    """What makes up a balance: each entry, who, why, and the file, sheet and cell it came from."""
    with asked(ledger) as books:
        return books.trail(organisation, fund=fund, year=year, as_at=as_at, known_at=known_at)
