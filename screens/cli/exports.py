"""``devolution export ...`` and ``devolution template``: what goes out into workbooks and files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from allocations.files.out import journal
from scenarios import saved
from screens.cli import options
from screens.cli.guard import guarded, reading
from screens.cli.lazy import Late, group_of
from screens.cli.options import DEFAULT_LEDGER, AsAt, Json, KnownAt, Ledger, Organisation, Year
from screens.report import exporting, workbooks
from screens.report.terminal import show

# The libraries of the accessible workbook take as long to load as everything else here.
_PUBLISHED = Late(
    "screens.cli.published_export:export_published",
    "An accessible workbook, values only: by tier and grade, ICBs by stream, ring-fenced pots, organisations.",
)
group = typer.Typer(
    name="export",
    cls=group_of({"published": _PUBLISHED}),
    help="Workbooks and files that say where their figures come from.",
    no_args_is_help=True,
)

Out = Annotated[Path, typer.Option("--out", help="The file to write.", dir_okay=False)]


@guarded("template")
def template(
    icb: Annotated[str, typer.Option(help="The ICB's code, as QWO.")],
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
    as_json: Json = False,
) -> None:
    """A budget workbook to fill in, with lists and checks, that 'devolution import budgets' reads as it is."""
    asked: dict[str, Any] = {"ledger": str(ledger), "icb": icb, "year": year}
    if ledger == DEFAULT_LEDGER and not DEFAULT_LEDGER.exists():
        answer = exporting.template_file(None, None, out, **asked)
    else:
        with reading(ledger) as (reader, at):
            answer = exporting.template_file(reader, at, out, **asked)
    show(answer, as_json=as_json)


@group.command("allocations")
@guarded("export allocations")
def export_allocations(
    icb: Annotated[str, typer.Option(help="The ICB's code, as QWO; several with commas; or all.")],
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
    fund: Annotated[str, typer.Option(help="The fund, by code; several with commas.")] = "core-recurrent",
    by: Annotated[
        str, typer.Option(help="The weighted population to share by; one for all funds or one each.")
    ] = "core",
    to: Annotated[str, typer.Option(help="Who shares: place, pcn or both with a comma.")] = "place,pcn",
    amount: Annotated[
        int | None,
        typer.Option(help="Whole pounds, as 1bn; what the ICB received of the fund otherwise.", parser=options.pence),
    ] = None,
    places: Annotated[
        Path | None, typer.Option(help="Your own places: CSV with practice_code and place.", dir_okay=False)
    ] = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """A working workbook with live formulas: population, weight, share, pounds. Without a ledger, published amounts."""
    asked: dict[str, Any] = {
        "ledger": str(ledger), "icbs": options.columns(icb), "year": year, "funds": options.columns(fund),
        "weightings": options.columns(by), "levels": options.levels(to), "amount_pence": amount, "places": places,
    }  # fmt: skip
    if ledger == DEFAULT_LEDGER and not DEFAULT_LEDGER.exists():
        answer = exporting.working_file(None, None, out, **asked)
    else:
        with reading(ledger, as_at, known_at) as (reader, at):
            answer = exporting.working_file(reader, at, out, **asked)
    show(answer, as_json=as_json)


@group.command("position")
@guarded("export position")
def export_position(
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """What is held where, as a tidy table with a summary; as .xlsx, or as .csv with a data package beside it."""
    with reading(ledger, as_at, known_at) as (reader, at):
        answer = exporting.position_file(reader, at, out, ledger=str(ledger), organisation=organisation, year=year)
    show(answer, as_json=as_json)


@group.command("journal")
@guarded("export journal")
def export_journal(out: Out, ledger: Ledger = DEFAULT_LEDGER, known_at: KnownAt = None, as_json: Json = False) -> None:
    """Every entry with all that it brought, as CSV: from it anybody can work out the head again, without a ledger."""
    with reading(ledger, None, known_at) as (reader, at):
        written = journal.write_journal(reader, at, out)
    show(workbooks.of_journal(written, ledger=str(ledger), at=at), as_json=as_json)


@group.command("scenario")
@guarded("export scenario")
def export_scenario(
    name: Annotated[str, typer.Argument(help="A scenario by name (of the library, or saved), or a file of your own.")],
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    as_json: Json = False,
) -> None:
    """The position that a scenario leads to, as a tidy table with a summary; marked as hypothetical throughout."""
    with reading(ledger) as (reader, at):
        answer = exporting.scenario_file(reader, at, out, ledger=str(ledger), path=saved.locate(name, ledger))
    show(answer, as_json=as_json)
