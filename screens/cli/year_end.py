"""Limits of what the source may give, months that close, and what is carried forward into the next year."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.attributes import picked
from ledger.entries import limits, months, posting
from ledger.money import spoken
from ledger.reports.position import Moment
from ledger.rules import periods
from ledger.store.base import Store
from ledger.years import FinancialYear, Month, parse_month
from scenarios.year_end import carry_forward as carrying
from scenarios.year_end.rule import read_rule
from screens.cli import options
from screens.cli.guard import guarded, now_of, reading
from screens.cli.options import DEFAULT_LEDGER, Actor, DryRun, EntryDay, KnownAt, Ledger
from screens.report.month import shown
from screens.report.report import Report, listed

app = typer.Typer(help="Months: which are closed, and closing the next one.", no_args_is_help=True)


def _month(text: str | Month) -> Month:
    """A month."""
    if isinstance(text, Month):
        return text
    try:
        return parse_month(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@app.command()
@guarded("month close")
def close(
    month: Annotated[Month, typer.Argument(help="The month, as 2025-04 or 'M1 2025/26'.", parser=_month)],
    reason: Annotated[str, typer.Option(help="Why it is closed now, as the month-end timetable.")],
    ledger: Ledger = DEFAULT_LEDGER,
    authority: Annotated[str | None, typer.Option(help="Who allows it.")] = None,
    actor: Actor = "command line",
    dry_run: DryRun = False,
) -> Report:
    """Close a month for the whole ledger: no later entry is dated in it, and it is never opened again."""
    with Store.open(ledger) as store:
        with store.read(actor) as reader:  # who is told of open proposals by name
            told = months.in_words(reader, month)
            left = months.left_over(reader, FinancialYear(month.last_day.year - 1)) if month.ends_the_year else []
        posted = months.close(store, month, actor=actor, reason=reason, authority=authority, dry_run=dry_run)
        at = now_of(store)
    row = {"month": str(month), "closed_to": month.last_day, "entry": posted.number, "closed": not dry_run}
    report = Report([listed([row])], at, month.spoken, told, {"left": left})
    return report.with_entries([posted], dry_run=dry_run)


@app.command("list")
@guarded("month list")
def show_list(ledger: Ledger = DEFAULT_LEDGER) -> Report:
    """The months that are closed: when, by whom, why and on whose authority."""
    with reading(ledger) as (reader, at):
        rows = periods.listed(reader)
        first = periods.first_open_day(reader)
    told = "No month is closed." if first is None else f"The first open day is {first}; every day before it is closed."
    return Report([listed(rows)], at, sentences=[told], facts={"first_open_day": first})


@app.command("show")
@guarded("month show")
def show_month(
    month: Annotated[Month, typer.Argument(help="The month, as 2025-04 or 'M1 2025/26'.", parser=_month)],
    organisation: Annotated[str, typer.Option(help="Whose month, by its code, with all below it.")],
    ledger: Ledger = DEFAULT_LEDGER,
    as_at: Annotated[
        date | None,
        typer.Option("--as-at", help="Count the entries up to this day; up to the month's last day otherwise.",
                     parser=options.day),
    ] = None,
    known_at: KnownAt = None,
) -> Report:  # fmt: skip
    """A month's end: its letter line by line, what must be spent by when, forecasts, and next year's baseline."""
    with reading(ledger, as_at or month.last_day, known_at) as (reader, at):
        return shown(reader, at, month, organisation)


@guarded("carry-forward")
def carry_forward(
    into: Annotated[
        FinancialYear, typer.Argument(help="The year that it is carried into, as 2026/27.", parser=options.year)
    ],
    rule: Annotated[Path, typer.Option(help="The rule: what is carried forward, how much, for whom.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    underspends: Annotated[
        Path | None,
        typer.Option(help="What was not spent, as CSV: organisation, fund, amount in pounds.", dir_okay=False),
    ] = None,
    actor: Actor = "command line",
    dry_run: DryRun = False,
) -> Report:
    """Carry what a rule names into the next year, and tell what stays behind. Money that recurs never goes."""
    written = read_rule(rule, underspends)
    found, posted = None, []
    with Store.open(ledger) as store:
        with store.read() as reader:
            before = carrying.posted_before(reader, written, into)
            if not before:
                found = carrying.plan(reader, written, into)
                if not dry_run:
                    carrying.refuse_too_early(reader, found.year)
        if found is not None:
            posted = posting.post(store, carrying.drafts(found, actor=actor), dry_run=dry_run)
        at = now_of(store)
    if found is None:
        return Report([listed(before)], at, sentences=["This rule was carried out before; nothing was posted."])
    return _of_plan(found, at).with_entries(posted, dry_run=dry_run)


def _of_plan(plan: carrying.CarryForwardPlan, at: Moment) -> Report:
    behind: list[dict[str, Any]] = [
        {"fund": each.fund, "why": each.why, "holders": each.organisations, "amount_pence": each.pence}
        for each in plan.behind
    ]
    went = f"Carried from {plan.year} into {plan.following}: {spoken(plan.carried_pence)}"
    after: Sequence[str] = [
        f"{went}, on the authority of {plan.written.rule.authority}.",
        f"Not carried forward, and staying in {plan.year}: {spoken(plan.behind_pence)}.",
        *(f"  {row['fund']}: {spoken(row['amount_pence'])}; {row['why']}." for row in behind),
        *plan.warnings,
    ]
    rows = [
        {
            **picked(each, "line", "fund", "organisation", "standing", "left_pence"),
            "carried_pence": each.pence,
            "to": ", ".join(each.to),
        }
        for each in plan.carried
    ]
    extra = {
        "from_year": str(plan.year),
        "into_year": str(plan.following),
        "authority": plan.written.rule.authority,
        "carried_pence": plan.carried_pence,
        "not_carried_pence": plan.behind_pence,
        "not_carried": behind,
    }
    return Report([listed(rows)], at, plan.written.rule.title, after, extra)


limits_app = typer.Typer(help="Limits: the most that the source may give on a fund in a year.", no_args_is_help=True)
NONE = "No limit is recorded: the source may give as much as anybody asks for."


@limits_app.command("set")
@guarded("limit set")
def set_limit(
    fund: Annotated[str, typer.Argument(help="The fund; every fund inside it counts with it.")],
    amount: Annotated[int, typer.Argument(help="The most that may be given, as 160.2bn.", parser=options.pence)],
    year: Annotated[FinancialYear, typer.Option(help="The financial year, as 2025/26.", parser=options.year)],
    source: Annotated[str, typer.Option(help="The document that sets it, as the mandate or financial directions.")],
    reason: Annotated[str, typer.Option(help="Why it is set.")],
    ledger: Ledger = DEFAULT_LEDGER,
    authority: Annotated[str | None, typer.Option(help="Who allows it.")] = None,
    day: EntryDay = None,
    actor: Actor = "command line",
    dry_run: DryRun = False,
) -> Report:
    """Set the most that the source may give on a fund in a year; it takes the place of the limit before it."""
    with Store.open(ledger) as store:
        posted = limits.set_limit(
            store, fund, year, amount, source=source, actor=actor, reason=reason, authority=authority, day=day,
            dry_run=dry_run,
        )  # fmt: skip
        at = now_of(store)
    row = {"fund": fund, "year": str(year), "limit_pence": amount, "entry": posted.number, "set": not dry_run}
    said = f"The source may give {spoken(amount)} on {fund} in {year}, with every fund inside it."
    return Report([listed([row])], at, said).with_entries([posted], dry_run=dry_run)


@limits_app.command("list")
@guarded("limit list")
def show_limits(ledger: Ledger = DEFAULT_LEDGER) -> Report:
    """The limits in force, and what has been given of each."""
    with reading(ledger) as (reader, at):
        rows = [{**row, "year": str(FinancialYear(row["year"]))} for row in limits.listed(reader, at.known)]
    return Report([listed(rows)], at, sentences=[] if rows else [NONE])
