"""Limits of the source of the money: the most that it may give on a fund in a year."""

from typing import Annotated

import typer

from ledger.entries import limits
from ledger.money import spoken
from ledger.reports.position import moment
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.cli import options
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Actor, EntryDay, Json, Ledger
from screens.report import answers
from screens.report.terminal import Answer, show

app = typer.Typer(help="Limits: the most that the source may give on a fund in a year.", no_args_is_help=True)
NONE = "No limit is recorded: the source may give as much as anybody asks for."


@app.command("set")
@guarded("limit set")
def set_(
    fund: Annotated[str, typer.Argument(help="The fund; every fund inside it counts with it.")],
    amount: Annotated[int, typer.Argument(help="The most that may be given, as 160.2bn.", parser=options.pence)],
    year: Annotated[FinancialYear, typer.Option(help="The financial year, as 2025/26.", parser=options.year)],
    source: Annotated[str, typer.Option(help="The document that sets it, as the mandate or financial directions.")],
    reason: Annotated[str, typer.Option(help="Why it is set.")],
    ledger: Ledger = DEFAULT_LEDGER,
    authority: Annotated[str | None, typer.Option(help="Who allows it.")] = None,
    day: EntryDay = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go through it and keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Set the most that the source may give on a fund in a year; it takes the place of the limit before it."""
    with Store.open(ledger) as store:
        posted = limits.set_limit(
            store, fund, year, amount, source=source, actor=actor, reason=reason, authority=authority, day=day,
            dry_run=dry_run,
        )  # fmt: skip
        with store.read() as reader:
            at = moment(reader)
    row = {"fund": fund, "year": str(year), "limit_pence": amount, "entry": posted.number, "set": not dry_run}
    said = f"The source may give {spoken(amount)} on {fund} in {year}, with every fund inside it."
    answer = Answer("limit set", str(ledger), [row], at, title=said)
    show(answers.with_entries(answer, [posted], dry_run=dry_run), as_json=as_json)


@app.command("list")
@guarded("limit list")
def show_list(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """The limits in force, and what has been given of each."""
    with reading(ledger) as (reader, at):
        rows = [{**row, "year": str(FinancialYear(row["year"]))} for row in limits.listed(reader, at.known)]
    after = [*([] if rows else [NONE]), *answers.about(at)]
    show(Answer("limit list", str(ledger), rows, at, after=after), as_json=as_json)
