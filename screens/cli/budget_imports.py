"""`devolution import budgets`: a budget workbook, shown as it was understood, and posted only if it ties."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from allocations.files.budgets.importing import import_budgets as bring_in
from allocations.files.budgets.mapping import Settings, read_mapping
from allocations.files.budgets.understood import BudgetRefused, Request
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.cli import options
from screens.cli.guard import REFUSED, guarded, now_of
from screens.cli.options import DEFAULT_LEDGER, Actor, EntryDay, Json, Ledger, Standing, Why
from screens.report.causes import cause_rows
from screens.report.files import imports
from screens.report.render import terminal
from screens.report.render.json import problem_rows
from screens.report.report import Report
from screens.report.wording import COMMAND_LINE

_COMMAND = "import budgets"


File = Annotated[
    Path, typer.Argument(help="A workbook (.xlsx, .xlsm, .xls, .xlsb, .ods) or a CSV file.", dir_okay=False)
]
BudgetYear = Annotated[
    FinancialYear, typer.Option("--year", help="The financial year, as 2025/26.", parser=options.year)
]
Icb = Annotated[
    str | None, typer.Option(help="The ICB whose money is handed out, as QWO; told from who receives if left out.")
]
Payer = Annotated[str | None, typer.Option("--from", help="Who hands the money out, where it is no ICB, as X24.")]
Fund = Annotated[str | None, typer.Option(help="The fund that pays, by code; rows that name no fund are on it.")]
PayersStanding = Annotated[
    Standing | None, typer.Option("--standing", help="Which of the payer's money; told from what it holds if left out.")
]
Unit = Annotated[
    Literal["pence", "pounds", "thousands", "millions"] | None,
    typer.Option(help="What amounts are in, where the file does not say."),
]
Sheets = Annotated[list[str] | None, typer.Option(help="A sheet to read; once for each.")]
Given = Annotated[Path | None, typer.Option(help="What the columns mean, as YAML.", exists=True, dir_okay=False)]
Saved = Annotated[
    Path | None, typer.Option(help="Write what the columns were taken to mean to this file.", dir_okay=False)
]
DashOption = Annotated[Literal["zero", "blank"] | None, typer.Option(help="What a dash in a column of amounts means.")]
Round = Annotated[
    Literal["penny"] | None, typer.Option("--round", help="Round amounts that are not whole pence, and record it.")
]
Twice = Annotated[Literal["add"] | None, typer.Option(help="Add up several rows for one organisation and fund.")]
HiddenOption = Annotated[
    Literal["read", "leave out"] | None, typer.Option(help="What to do with hidden rows and columns of amounts.")
]
Short = Annotated[Literal["ends", "starts"] | None, typer.Option(help="Whether FY26 ends or starts in 2026.")]
AnotherYear = Annotated[
    Literal["meant"] | None,
    typer.Option("--other-year", help="The file speaks of another year, and is meant for this one."),
]
ForPurpose = Annotated[
    Literal["meant"] | None,
    typer.Option("--purpose", help="The file calls itself a draft, spend or a part of a year, and is the budget."),
]
MonthsAre = Annotated[
    Literal["each", "running"] | None,
    typer.Option("--months", help="Whether months are each month's own or run up from the first."),
]
RoundedTo = Annotated[
    int | None,
    typer.Option("--total-rounded-to", help="Pounds to which the file's totals are rounded on purpose.", min=1),
]
Successors = Annotated[
    bool, typer.Option("--accept-successors", help="Money for closed organisations goes to those who took over.")
]
Rest = Annotated[bool, typer.Option("--leave-rest", help="What the file does not hand out stays with the payer.")]
Total = Annotated[
    int | None, typer.Option(help="What the file comes to, in pounds, if it has no total.", parser=options.pence)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the same and post nothing.")]


@guarded(_COMMAND)
def import_budgets(
    file: File,
    year: BudgetYear,
    icb: Icb = None,
    payer: Payer = None,
    ledger: Ledger = DEFAULT_LEDGER,
    fund: Fund = None,
    standing: PayersStanding = None,
    unit: Unit = None,
    sheet: Sheets = None,
    mapping: Given = None,
    save_mapping: Saved = None,
    dash: DashOption = None,
    rounding: Round = None,
    duplicates: Twice = None,
    hidden: HiddenOption = None,
    short_year: Short = None,
    other_year: AnotherYear = None,
    purpose: ForPurpose = None,
    months: MonthsAre = None,
    total_rounded_to: RoundedTo = None,
    accept_successors: Successors = False,
    leave_rest: Rest = False,
    total: Total = None,
    day: EntryDay = None,
    actor: Actor = "command line",
    why: Why = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Report:
    """Hand out money by a budget workbook: one entry, every amount traceable to its cell, or nothing at all."""
    if icb is not None and payer is not None:
        raise typer.BadParameter("name who pays: --icb CODE, or --from CODE for another", param_hint="--icb")
    if mapping is not None and (sheet or unit):
        raise typer.BadParameter("the mapping says which sheets and units: change it there", param_hint="--mapping")
    settings = Settings(
        dash=dash, rounding=rounding, duplicates=duplicates, hidden=hidden, short_year=short_year,
        other_year=other_year, purpose=purpose, months=months, total_rounded_to=total_rounded_to,
    )  # fmt: skip
    request = Request(
        payer=(icb or payer or "").strip(),
        year=year,
        fund=fund,
        standing=standing or "",
        unit=unit,
        sheets=tuple(sheet or ()),
        mapping=read_mapping(mapping) if mapping else None,
        settings=settings,
        accept_successors=accept_successors,
        leave_rest=leave_rest,
        total_pence=total,
        day=day,
        actor=actor,
        why=why,
        save_mapping=save_mapping,
    )
    with Store.open(ledger) as store:
        try:
            outcome = bring_in(store, file, request, dry_run=dry_run)
        except BudgetRefused as refused:
            _show_refused(refused, str(ledger), as_json=as_json)
            raise typer.Exit(REFUSED) from None
        at = now_of(store)
    return imports.budget_posted(outcome, at, dry_run=dry_run)


def _show_refused(refused: BudgetRefused, ledger: str, *, as_json: bool) -> None:
    report = imports.budget(refused.understood)
    causes = cause_rows(COMMAND_LINE.problems(refused.problems))
    facts = {**report.facts, "problems": problem_rows(refused.problems), "causes": causes, "entries": []}
    terminal.show(replace(report, facts=facts), command=_COMMAND, ledger=ledger, as_json=as_json)
    terminal.show_problems(refused.problems, command=_COMMAND, ledger=ledger, as_json=False)
    count, kinds = len(refused.problems), len(causes)
    several = f"{count:,} problems" if kinds == count else f"{count:,} problems, with {kinds:,} causes"
    told = "1 problem. Nothing was posted." if count == 1 else f"{several}. Nothing was posted."
    terminal.messages().print(told, markup=False)
