"""Who should get what: schedules, paces, need indices, every ICB's target, and the network contract."""

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import typer

from allocations.shares import issue
from allocations.shares.pace import plan, read_pace
from allocations.shares.planned import ScheduleAsked, read_asked
from ledger.entries import posting
from ledger.entries.draft import Draft
from ledger.entries.posting import Posted
from ledger.inputs import Input
from ledger.reports.position import Moment, moment
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.structure import tier_of
from screens.asked.shares import issued as issued_in_books
from screens.asked.shares import people as people_of
from screens.asked.what_if import AskedLedger
from screens.cli import options
from screens.cli.guard import asked, guarded, reading
from screens.cli.options import (
    DEFAULT_LEDGER,
    Actor,
    AsAt,
    AsIs,
    DryRun,
    EntryDay,
    Figures,
    KnownAt,
    Ledger,
    Level,
    Standing,
    Year,
    icb_codes,
)
from screens.report import shares
from screens.report.report import Report


@guarded("schedule")
def show_schedule(
    icb: Annotated[str, typer.Option(help="The ICB's code, as QWO.", autocompletion=icb_codes)],
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
    to: Annotated[Level, typer.Option(help="Whose budgets.")] = "place",
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
    standing: Annotated[Standing, typer.Option("--from", help="Which of the ICB's money.")] = "available",
    day: EntryDay = None,
    actor: Actor = "command line",
    dry_run: DryRun = False,
) -> Report:
    """For every place and line: historic budget, fair share, distance from target, issued budget and the bridge."""
    if Store.exists(ledger) and pace is None and not (post or dry_run):
        with asked(ledger) as books:
            return books.schedule(
                icb, to=to, funds=fund or (), year=year, historic=historic, places=places, figures=people, as_at=as_at,
                known_at=known_at,
            ).with_entries([], dry_run=False)  # fmt: skip
    wanted = read_asked(
        icb, people_of(people, year, icb), year=year, level=to, funds=fund or (), historic=historic, pace=pace,
        places=places,
    )  # fmt: skip
    if not (post or dry_run):
        return shares.scheduled(wanted).with_entries([], dry_run=False)
    posted, at = _issue(wanted, ledger, pace, standing=standing, actor=actor, day=day, dry_run=dry_run)
    return shares.scheduled(wanted, at=at).with_entries(posted, dry_run=dry_run)


def _issue(
    wanted: ScheduleAsked, ledger: Address, pace: Path | None, *, standing: Standing, actor: str, day: date | None,
    dry_run: bool,
) -> tuple[list[Posted], Moment]:  # fmt: skip
    """Issue what a pace of change plans: one entry for each line."""
    if pace is None or wanted.historic is None:
        raise typer.BadParameter("what is issued is planned: give --pace and --historic", param_hint="--post")
    found = wanted.worked_out()
    drafts = issue.of_schedule(
        found, wanted.historic, pace_file=pace.name, pace_hash=wanted.pace_hash, standing=standing, actor=actor,
        day=day,
    )  # fmt: skip
    with reading(ledger) as (reader, before):
        issued = issued_in_books(reader, before, wanted.icb, wanted.year, wanted.level)
        issue.refuse_issued(reader, drafts, issued, found)
    return _post(ledger, drafts, dry_run=dry_run)


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
    dry_run: DryRun = False,
) -> Report:
    """Targets, distance from target and pace of change, balanced to the unit within a floor and a cap."""
    paced, digest = read_pace(file)
    outcome = plan(paced.plan())
    posted: list[Posted] = []
    at: Moment | None = None
    if post or dry_run:
        if holder is None or fund is None or year is None:
            raise typer.BadParameter("to issue it, say from whom, on which fund and in which year", param_hint="--post")
        with reading(ledger) as (reader, _):
            tier = tier_of(reader, holder, Input.HOLDER)
        draft = issue.of_pace(
            paced, outcome, holder=holder, tier=tier, fund=fund, year=year, file=file.name, digest=digest,
            standing="available", actor=actor, day=day,
        )  # fmt: skip
        posted, at = _post(ledger, [draft], dry_run=dry_run)
    report = shares.pace(paced, outcome, source=str(file), digest=digest, at=at)
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
    to: Annotated[Level, typer.Option(help="Whose indices.")] = "place",
    component: Annotated[str | None, typer.Option(help="Only this component, as mental_health.")] = None,
    people: Figures = None,
    places: Annotated[
        Path | None, typer.Option(help="Your own places, with --icb; the place tool's JSON too.", dir_okay=False)
    ] = None,
    year: Year = None,
) -> Report:
    """Need indices of every place, network or practice, each with the base that it is relative to."""
    if places is not None and (icb is None or to != "place"):
        raise typer.BadParameter("places divide one ICB: give --icb, and --to place", param_hint="--places")
    return AskedLedger.need(icb=icb, to=to, component=component, year=year, figures=people, places=places)


@guarded("targets")
def show_targets(
    stream: Annotated[Literal["core", "specialised", "primary medical"], typer.Option(help="Which stream.")] = "core",
    as_is: AsIs = None,
    year: Year = None,
) -> Report:
    """Target, distance from target and pace of change of all ICBs at once, as published for 2025/26."""
    return AskedLedger.targets(stream, year=year, as_is=as_is)


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
    return AskedLedger.network(
        pcn, year=year, counts=counts, claims=claims, posts=posts, maximums=maximums, known_on=known_on, monthly=monthly
    )
