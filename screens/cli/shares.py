"""Who should get what: schedules, paces, need indices, every ICB's target, and the network contract."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import typer

from allocations.figures import tables
from allocations.figures.weightings import weighting
from allocations.places.division import UNASSIGNED, with_places
from allocations.places.files import read_division
from allocations.shares import issue, need
from allocations.shares.historic import read_historic
from allocations.shares.pace import plan, read_pace, read_rule
from allocations.shares.populations import SHIPPED_YEAR, shipped
from allocations.shares.schedule import issued_in_books, schedule
from allocations.shares.split import allocate
from ledger.entries import posting
from ledger.entries.draft import Draft
from ledger.entries.posting import Posted
from ledger.money import PENCE_PER_POUND
from ledger.reports.position import Moment, moment
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.structure import tier_of
from screens.cli import options
from screens.cli.guard import guarded, reading
from screens.cli.options import (
    DEFAULT_LEDGER,
    Actor,
    AsAt,
    AsIs,
    EntryDay,
    Figures,
    KnownAt,
    Ledger,
    Level,
    Standing,
    Year,
    icb_codes,
)
from screens.python import Ledger as Books
from screens.report import shares
from screens.report.report import Report


class TargetStream(StrEnum):
    """A stream with published targets."""

    CORE = "core"
    SPECIALISED = "specialised"
    PRIMARY_MEDICAL = "primary medical"


@guarded("schedule")
def show_schedule(
    icb: Annotated[str, typer.Option(help="The ICB's code, as QWO.", autocompletion=icb_codes)],
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
    to: Annotated[Level, typer.Option(help="Whose budgets.")] = Level.PLACE,
    fund: Annotated[list[str] | None, typer.Option(help="Only this line; may be given again.")] = None,
    historic: Annotated[
        Path | None, typer.Option(help="Historic budgets: a workbook or CSV with organisation, fund, amount.")
    ] = None,
    pace: Annotated[
        Path | None, typer.Option(help="A pace of change, as YAML: plan from historic budgets towards fair shares.")
    ] = None,
    places: Annotated[Path | None, typer.Option(help="Your own places.", dir_okay=False)] = None,
    people: Figures = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    post: Annotated[bool, typer.Option("--post", help="Issue what --pace plans: one entry for each line.")] = False,
    standing: Annotated[Standing, typer.Option("--from", help="Which of the ICB's money.")] = Standing.AVAILABLE,
    day: EntryDay = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go through posting and keep nothing.")] = False,
) -> Report:
    """For every place and line: historic budget, fair share, distance from target, issued budget and the bridge."""
    populations = shipped(year or SHIPPED_YEAR) if people is None else options.read_figures(people, year, icb)
    year = year or populations.year
    one_pound = allocate(
        icb=icb, year=year, fund="core", level=to, by="registered", amount_pence=PENCE_PER_POUND, places_file=places,
        populations=populations,
    )  # fmt: skip
    organisations = {part.code: part.name for part in one_pound.parts if part.code != UNASSIGNED}
    funds = {row["code"]: row["name"] for row in tables.table("funds").to_pylist()}
    had = None if historic is None else read_historic(historic, organisations, funds)
    at: Moment | None = None
    issued = None
    if Store.exists(ledger) and pace is None:
        with reading(ledger, as_at, known_at) as (reader, at):
            issued = issued_in_books(reader, at, icb, year, to)
    issuing = post or dry_run
    if issuing and (pace is None or had is None):
        raise typer.BadParameter("what is issued is planned: give --pace and --historic", param_hint="--post")
    rule, digest = (None, "") if pace is None else read_rule(pace)
    found = schedule(
        icb=icb,
        year=year,
        level=to,
        funds=fund or (),
        historic=had,
        issued=issued,
        pace=rule,
        places_file=places,
        populations=populations,
    )
    posted: list[Posted] = []
    if issuing and had is not None and pace is not None:
        drafts = issue.of_schedule(
            found, had, pace_file=pace.name, pace_hash=digest, standing=standing, actor=actor, day=day
        )
        with reading(ledger) as (reader, before):
            issue.refuse_issued(reader, drafts, issued_in_books(reader, before, icb, year, to), found)
        posted, at = _post(ledger, drafts, dry_run=dry_run)
    brought = None if had is None else (had.file, had.sha256)
    report = shares.schedule(found, at, historic=brought, people=populations, is_planned=pace is not None)
    return report.with_entries(posted, dry_run=dry_run)


@guarded("pace")
def show_pace(
    file: Annotated[Path, typer.Argument(help="A pace of change, as YAML.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    post: Annotated[bool, typer.Option("--post", help="Issue it: one entry, from the holder to all.")] = False,
    holder: Annotated[str | None, typer.Option("--from", help="Who holds the money, by code; to issue it.")] = None,
    fund: Annotated[str | None, typer.Option(help="On which fund; to issue it.")] = None,
    year: Year = None,
    day: EntryDay = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go through posting and keep nothing.")] = False,
) -> Report:
    """Targets, distance from target and pace of change, balanced to the unit within a floor and a cap."""
    asked, digest = read_pace(file)
    outcome = plan(asked.plan())
    posted: list[Posted] = []
    at: Moment | None = None
    if post or dry_run:
        if holder is None or fund is None or year is None:
            raise typer.BadParameter("to issue it, say from whom, on which fund and in which year", param_hint="--post")
        with reading(ledger) as (reader, _):
            tier = tier_of(reader, holder)
        draft = issue.of_pace(
            asked, outcome, holder=holder, tier=tier, fund=fund, year=year, file=file.name, digest=digest,
            standing=Standing.AVAILABLE, actor=actor, day=day,
        )  # fmt: skip
        posted, at = _post(ledger, [draft], dry_run=dry_run)
    report = shares.pace(asked, outcome, source=str(file), digest=digest, at=at)
    return report.with_entries(posted, dry_run=dry_run)


def _post(ledger: Address, drafts: list[Draft], *, dry_run: bool) -> tuple[list[Posted], Moment]:
    with Store.open(ledger) as store:
        posted = posting.post(store, drafts, dry_run=dry_run)
        with store.read() as reader:
            return posted, moment(reader)


@guarded("need")
def show_need(
    icb: Annotated[
        str | None, typer.Option(help="Only this ICB, by code; all of them otherwise.", autocompletion=icb_codes)
    ] = None,
    to: Annotated[Level, typer.Option(help="Whose indices.")] = Level.PLACE,
    component: Annotated[str | None, typer.Option(help="Only this component, as mental_health.")] = None,
    people: Figures = None,
    places: Annotated[
        Path | None, typer.Option(help="Your own places, with --icb; the place tool's JSON too.", dir_okay=False)
    ] = None,
    year: Year = None,
) -> Report:
    """Need indices of every place, network or practice, each with the base that it is relative to."""
    populations = shipped(year or SHIPPED_YEAR) if people is None else options.read_figures(people, year)
    table = populations.table
    if places is not None:
        if icb is None or to != Level.PLACE:
            raise typer.BadParameter("places divide one ICB: give --icb, and --to place", param_hint="--places")
        division = read_division(places, icb, populations.membership())
        own = with_places(table.filter(pc.equal(table["icb"], icb)), division)
        rest = table.filter(pc.not_equal(table["icb"], icb))
        table = pa.concat_tables([own.select(table.column_names), rest]).unify_dictionaries()
    found = need.indices(table, to)
    if icb is not None:
        found = found.filter(pc.equal(found["icb"], icb))
    if component is not None:
        found = found.filter(pc.equal(found["component"], weighting(component)))
    if not found.num_rows:
        raise typer.BadParameter(f"there is no ICB '{icb}' in {populations.year}", param_hint="--icb")
    return shares.need(found, icb=icb or "all ICBs", group=to, people=populations)


@guarded("targets")
def show_targets(
    stream: Annotated[TargetStream, typer.Option(help="Which stream.")] = TargetStream.CORE,
    as_is: AsIs = None,
    year: Year = None,
) -> Report:
    """Target, distance from target and pace of change of all ICBs at once, as published for 2025/26."""
    return Books.targets(stream, year=year, as_is=as_is)


@guarded("network")
def network(
    pcn: Annotated[str, typer.Argument(help="The network's code, as U12345.")],
    year: Year = None,
    counts: Annotated[
        Path | None,
        typer.Option(help="Your own counts: CSV with pcn, basis, people, effective_from, notified_on, source."),
    ] = None,
    claims: Annotated[
        Path | None, typer.Option(help="Claims for additional roles: CSV with pcn, month and amount.")
    ] = None,
    posts: Annotated[
        Path | None, typer.Option(help="Posts of additional roles: CSV with pcn, role, wte and months.")
    ] = None,
    maximums: Annotated[
        Path | None, typer.Option(help="The most that each role is reimbursed: CSV with role and maximum, £ a year.")
    ] = None,
    known_on: Annotated[
        date | None,
        typer.Option("--known-on", help="As rates and counts were known on a day; now otherwise.", parser=options.day),
    ] = None,
    monthly: Annotated[bool, typer.Option("--monthly", help="Show what each month pays, with arrears.")] = False,
) -> Report:
    """What the network contract pays a PCN: each element on its own count of people. Needs no ledger."""
    return Books.network(
        pcn, year=year, counts=counts, claims=claims, posts=posts, maximums=maximums, known_on=known_on, monthly=monthly
    )
