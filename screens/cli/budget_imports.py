"""`devolution import budgets`: a budget workbook, shown as it was understood, and posted only if it ties."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from allocations.files.budgets.importing import Outcome
from allocations.files.budgets.importing import import_budgets as bring_in
from allocations.files.budgets.mapping import Settings, read_mapping
from allocations.files.budgets.understood import BudgetRefused, Request, Understood, meanings, summary
from ledger.entries.posting import Posted
from ledger.money import exact_pounds
from ledger.reports import position
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.cli import options
from screens.cli.guard import REFUSED, guarded
from screens.cli.options import DEFAULT_LEDGER, Actor, EntryDay, Json, Ledger, Standing, Why
from screens.report import answers, terminal
from screens.report.budget_totals import rests
from screens.report.terminal import Answer, show

_COMMAND = "import budgets"
_MOST_SHOWN = 60


class UnitOfAmounts(StrEnum):
    """What amounts are in."""

    PENCE = "pence"
    POUNDS = "pounds"
    THOUSANDS = "thousands"
    MILLIONS = "millions"


class Dash(StrEnum):
    """What a dash means."""

    ZERO = "zero"
    BLANK = "blank"


class Rounding(StrEnum):
    """How amounts that are not whole pence are rounded."""

    PENNY = "penny"


class Duplicates(StrEnum):
    """What to do with several rows for one organisation and fund."""

    ADD = "add"


class Hidden(StrEnum):
    """What to do with hidden rows and columns that hold amounts."""

    READ = "read"
    LEAVE_OUT = "leave out"


class ShortYear(StrEnum):
    """What the number in FY26 is."""

    ENDS = "ends"
    STARTS = "starts"


File = Annotated[Path, typer.Argument(help="A workbook (.xlsx, .xlsm) or a CSV file.", dir_okay=False)]
BudgetYear = Annotated[
    FinancialYear, typer.Option("--year", help="The financial year, as 2025/26.", parser=options.year)
]
Icb = Annotated[str | None, typer.Option(help="The ICB whose money is handed out, as QWO.")]
Payer = Annotated[str | None, typer.Option("--from", help="Who hands the money out, where it is no ICB, as X24.")]
Fund = Annotated[str | None, typer.Option(help="The fund that pays, by code; rows that name no fund are on it.")]
PayersStanding = Annotated[Standing, typer.Option("--standing", help="Which of the payer's money.")]
Unit = Annotated[UnitOfAmounts | None, typer.Option(help="What amounts are in, where the file does not say.")]
Sheets = Annotated[list[str] | None, typer.Option(help="A sheet to read; once for each.")]
Given = Annotated[Path | None, typer.Option(help="What the columns mean, as YAML.", exists=True, dir_okay=False)]
Saved = Annotated[
    Path | None, typer.Option(help="Write what the columns were taken to mean to this file.", dir_okay=False)
]
DashOption = Annotated[Dash | None, typer.Option(help="What a dash in a column of amounts means.")]
Round = Annotated[
    Rounding | None, typer.Option("--round", help="Round amounts that are not whole pence, and record it.")
]
Twice = Annotated[Duplicates | None, typer.Option(help="Add up several rows for one organisation and fund.")]
HiddenOption = Annotated[Hidden | None, typer.Option(help="What to do with hidden rows and columns of amounts.")]
Short = Annotated[ShortYear | None, typer.Option(help="Whether FY26 ends or starts in 2026.")]
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
    standing: PayersStanding = Standing.AVAILABLE,
    unit: Unit = None,
    sheet: Sheets = None,
    mapping: Given = None,
    save_mapping: Saved = None,
    dash: DashOption = None,
    rounding: Round = None,
    duplicates: Twice = None,
    hidden: HiddenOption = None,
    short_year: Short = None,
    accept_successors: Successors = False,
    leave_rest: Rest = False,
    total: Total = None,
    day: EntryDay = None,
    actor: Actor = "command line",
    why: Why = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Hand out money by a budget workbook: one entry, every amount traceable to its cell, or nothing at all."""
    if (icb is None) == (payer is None):
        raise typer.BadParameter("name who pays: --icb CODE, or --from CODE for another", param_hint="--icb")
    if mapping is not None and (sheet or unit):
        raise typer.BadParameter("the mapping says which sheets and units: change it there", param_hint="--mapping")
    settings = Settings.model_validate(
        {
            "dash": dash,
            "rounding": rounding,
            "duplicates": duplicates,
            "hidden": hidden,
            "short_year": short_year,
        }
    )
    request = Request(
        payer=str(icb or payer).strip(),
        year=year,
        fund=fund,
        standing=standing.value,
        unit=unit.value if unit else None,
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
        with store.read() as reader:
            at = position.moment(reader)
    _show_outcome(outcome, str(ledger), at, dry_run=dry_run, as_json=as_json)


def _show_refused(refused: BudgetRefused, ledger: str, *, as_json: bool) -> None:
    if as_json:
        problems = terminal.problem_rows(refused.problems)
        extra = {**_facts(refused.understood), "problems": problems, "entries": []}
        show(Answer(_COMMAND, ledger, summary(refused.understood), extra=extra), as_json=True)
    else:
        _show_understood(refused.understood, ledger)
    terminal.show_problems(refused.problems, command=_COMMAND, ledger=ledger, as_json=False)
    count = len(refused.problems)
    told = "1 problem. Nothing was posted." if count == 1 else f"{count:,} problems. Nothing was posted."
    terminal.messages.print(told, markup=False)


def _show_outcome(outcome: Outcome, ledger: str, at: position.Moment, *, dry_run: bool, as_json: bool) -> None:
    found, posted = outcome.understood, outcome.posted
    rows = summary(found)
    entry = {"number": posted.number, "key": posted.key, "replayed": posted.replayed, "dry_run": dry_run,
             "transfers": posted.transfers}  # fmt: skip
    extra = {**_facts(found), "problems": [], "entries": [entry], "kept_file": outcome.kept and str(outcome.kept)}
    if as_json:
        show(Answer(_COMMAND, ledger, rows, at, extra=extra), as_json=True)
        return
    _show_understood(found, ledger)
    after = [*_more(len(rows)), _became(posted, outcome, dry_run=dry_run), *answers.about(at)]
    show(Answer(_COMMAND, ledger, rows[:_MOST_SHOWN], at, title="\nWhat each receives:", after=after), as_json=False)


def _became(posted: Posted, outcome: Outcome, *, dry_run: bool) -> str:
    if posted.replayed:
        return f"Nothing to add: the books have this file as entry {posted.number}."
    if dry_run:
        return f"It would be posted as one entry with {posted.transfers:,} transfers. Nothing was posted."
    return (
        f"Posted as entry {posted.number} with {posted.transfers:,} transfers; the file is kept as {outcome.kept}. "
        f"Undo it with: devolution reverse {posted.number} --reason '...'"
    )


def _show_understood(found: Understood, ledger: str) -> None:
    read = meanings(found)
    title = f"{found.file}, budgets of {found.request.payer} for {found.request.year}: what was understood"
    headers = [f"Sheet '{part.sheet}', headings in row {part.header_row}, amounts in {found.units.get(part.sheet, '')}."
               for part in (found.mapping.sheets if found.mapping else ())]  # fmt: skip
    show(Answer(_COMMAND, ledger, read[:_MOST_SHOWN], title=title, after=[*_more(len(read)), *headers]), as_json=False)
    if found.set_aside:
        aside = [{"place": each.place, "what": each.what, "why": each.why} for each in found.set_aside]
        show(
            Answer(_COMMAND, ledger, aside[:_MOST_SHOWN], title="\nSet aside:", after=_more(len(aside))), as_json=False
        )
    lines = [f"{reading.sheet}: {reading.rows:,} rows read." for reading in found.readings]
    show(Answer(_COMMAND, ledger, [], after=[*lines, *found.remarks]), as_json=False)
    if found.lines:
        show(Answer(_COMMAND, ledger, _totals(found), title="\nThree totals:", after=rests(found)), as_json=False)


def _more(count: int) -> list[str]:
    return [f"and more: {count:,} in all; --json gives every one."] if count > _MOST_SHOWN else []


def _totals(found: Understood) -> list[dict[str, Any]]:
    request = found.request
    said = "as you said" if all(each.file_pounds is None for each in found.readings) else "its own total"
    held = f"what {request.payer} holds, {request.standing}, of {request.fund or 'the funds named'} in {request.year}"
    return [
        {"total": "the file", "what": said, "amount": _or_none(found.file_pence)},
        {"total": "read", "what": "what would be posted", "amount": _or_none(found.read_pence)},
        {
            "total": "the books",
            "what": held,
            "amount": _or_none(None if found.control is None else found.control.held_pence),
        },
    ]


def _or_none(pence: int | None) -> str:
    return "not available" if pence is None else f"£{exact_pounds(pence)}"


def _facts(found: Understood) -> dict[str, Any]:
    control = found.control
    return {
        "file": found.file,
        "sha256": found.sha256,
        "payer": found.request.payer,
        "year": str(found.request.year),
        "fund": found.request.fund,
        "standing": found.request.standing,
        "columns": meanings(found),
        "units": found.units,
        "rows_read": {reading.sheet: reading.rows for reading in found.readings},
        "set_aside": [{"place": each.place, "what": each.what, "why": each.why} for each in found.set_aside],
        "remarks": found.remarks,
        "file_total_pence": found.file_pence,
        "read_total_pence": found.read_pence,
        "control_total_pence": None if control is None else control.held_pence,
        "rest_pence": None if control is None else control.rest_pence,
        "pounds_per_head": found.per_head_text,
        "amounts_rounded": found.rounded,
        "rounding_pounds": f"{found.rounding_pounds:f}",
        "successors": {code: list(into) for code, into in found.moved_on.items()},
    }
