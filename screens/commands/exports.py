"""``devolution export ...`` and ``devolution template``: what goes out into workbooks and files."""

from pathlib import Path
from typing import Annotated, Any

import typer

from screens import arguments, exporting
from screens.arguments import DEFAULT_LEDGER, AsAt, Json, KnownAt, Ledger, Organisation, Year
from screens.commands.guard import guarded, reading
from screens.terminal import show

group = typer.Typer(
    name="export", help="Workbooks and files that say where their figures come from.", no_args_is_help=True
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
    if ledger == DEFAULT_LEDGER and not ledger.exists():
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
        typer.Option(help="Whole pounds, as 1bn; what the ICB received of the fund otherwise.", parser=arguments.pence),
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
        "ledger": str(ledger), "icbs": arguments.columns(icb), "year": year, "funds": arguments.columns(fund),
        "weightings": arguments.columns(by), "levels": arguments.levels(to), "amount_pence": amount, "places": places,
    }  # fmt: skip
    if ledger == DEFAULT_LEDGER and not ledger.exists():
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


@group.command("scenario")
@guarded("export scenario")
def export_scenario(
    name: Annotated[str, typer.Argument(help="A scenario of the library by name, or a file.")],
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    as_json: Json = False,
) -> None:
    """The position that a scenario leads to, as a tidy table with a summary; marked as hypothetical throughout."""
    with reading(ledger) as (reader, at):
        answer = exporting.scenario_file(reader, at, out, ledger=str(ledger), name=name)
    show(answer, as_json=as_json)


@group.command("published")
@guarded("export published")
def export_published(
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    icb: Annotated[str | None, typer.Option(help="The same for an ICB, by code.")] = None,
    year: Year = None,
    contact: Annotated[str | None, typer.Option(help="Who answers questions, for the cover.")] = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """An accessible workbook, values only: by tier and grade, ICBs by stream, ring-fenced pots, organisations."""
    with reading(ledger, as_at, known_at) as (reader, at):
        answer = exporting.published_file(
            reader, at, out, ledger=str(ledger), organisation=organisation or icb, year=year, contact=contact
        )
    show(answer, as_json=as_json)
