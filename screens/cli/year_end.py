"""Month end and year end: months that close, and what is carried forward into the next year."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.entries import months, posting
from ledger.money import spoken
from ledger.reports.position import moment
from ledger.rules import periods
from ledger.store.base import Store
from ledger.years import FinancialYear, Month, parse_month
from scenarios.year_end import carry_forward as carrying
from scenarios.year_end.rule import read_rule
from screens.cli import options
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Actor, Json, Ledger
from screens.report import answers
from screens.report.terminal import Answer, show

app = typer.Typer(help="Months: which are closed, and closing the next one.", no_args_is_help=True)

DryRun = Annotated[bool, typer.Option("--dry-run", help="Go through it and keep nothing.")]


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
    as_json: Json = False,
) -> None:
    """Close a month for the whole ledger: no later entry is dated in it, and it is never opened again."""
    with Store.open(ledger) as store:
        with store.read(actor) as reader:  # who is told of open proposals by name
            told = months.told(reader, month)
            left = months.left_over(reader, FinancialYear(month.last_day.year - 1)) if month.ends_the_year else []
        posted = months.close(store, month, actor=actor, reason=reason, authority=authority, dry_run=dry_run)
        with store.read() as reader:
            at = moment(reader)
    row = {"month": str(month), "closed_to": month.last_day, "entry": posted.number, "closed": not dry_run}
    answer = Answer("month close", str(ledger), [row], at, title=month.spoken, after=told, extra={"left": left})
    show(answers.with_entries(answer, [posted], dry_run=dry_run), as_json=as_json)


@app.command("list")
@guarded("month list")
def show_list(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """The months that are closed: when, by whom, why and on whose authority."""
    with reading(ledger) as (reader, at):
        rows = periods.listed(reader)
        first = periods.first_open_day(reader)
    told = "No month is closed." if first is None else f"The first open day is {first}; every day before it is closed."
    after = [told, *answers.about(at)]
    show(Answer("month list", str(ledger), rows, at, after=after, extra={"first_open_day": first}), as_json=as_json)


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
    as_json: Json = False,
) -> None:
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
        with store.read() as reader:
            at = moment(reader)
    if found is None:
        after = ["This rule was carried out before; nothing was posted."]
        show(Answer("carry-forward", str(ledger), before, at, after=after), as_json=as_json)
        return
    answer = _of_plan(found, str(ledger), as_json=as_json)
    answer.at = at
    show(answers.with_entries(answer, posted, dry_run=dry_run), as_json=as_json)


def _of_plan(found: carrying.Plan, ledger: str, *, as_json: bool) -> Answer:
    behind: list[dict[str, Any]] = [
        {"fund": each.fund, "why": each.why, "holders": each.organisations, "amount_pence": each.pence}
        for each in found.behind
    ]
    went = f"Carried from {found.year} into {found.following}: {spoken(found.carried_pence)}"
    after: Sequence[str] = [
        f"{went}, on the authority of {found.written.rule.authority}.",
        f"Not carried forward, and staying in {found.year}: {spoken(found.behind_pence)}.",
        *([] if as_json else [f"  {row['fund']}: {spoken(row['amount_pence'])}; {row['why']}." for row in behind]),
        *found.warnings,
    ]
    rows = [
        {
            "line": each.line,
            "fund": each.fund,
            "organisation": each.organisation,
            "standing": each.standing,
            "left_pence": each.left_pence,
            "carried_pence": each.pence,
            "to": ", ".join(each.to),
        }
        for each in found.carried
    ]
    extra = {
        "from_year": str(found.year),
        "into_year": str(found.following),
        "authority": found.written.rule.authority,
        "carried_pence": found.carried_pence,
        "not_carried_pence": found.behind_pence,
        "not_carried": behind,
    }
    return Answer("carry-forward", ledger, rows, title=found.written.rule.title, after=after, extra=extra)
