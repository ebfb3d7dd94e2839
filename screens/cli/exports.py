"""``devolution export ...`` and ``devolution template``: what goes out into workbooks and files."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from allocations.files.out.sheets import refuse_other_suffix
from scenarios import saved
from screens.asked.explored import worked_out
from screens.cli import options
from screens.cli.guard import guarded, reading
from screens.cli.options import (
    DEFAULT_LEDGER,
    AsAt,
    KnownAt,
    Ledger,
    Organisation,
    OwnReading,
    Year,
    icb_codes,
    own_reading,
)
from screens.report.files import board_pack, registers
from screens.report.files.exports import EXPORTS, JOURNAL, BooksAt, Export, ExportRequest
from screens.report.report import Report
from screens.report.scenarios import answers as reporting

group = typer.Typer(
    name="export", help="Workbooks and files that say where their figures come from.", no_args_is_help=True
)


Out = Annotated[Path, typer.Option("--out", help="The file to write.", dir_okay=False)]


def _write(
    export: Export, out: Path, asked: ExportRequest, ledger: Ledger, as_at: AsAt = None, known_at: KnownAt = None
) -> Report:
    if export.from_figures is not None and ledger == DEFAULT_LEDGER and not DEFAULT_LEDGER.exists():
        return export.write(None, out, asked)
    with reading(ledger, as_at, known_at) as (reader, at):
        return export.write(BooksAt(reader, at), out, asked)


@guarded("template")
def template(
    out: Out,
    what: Annotated[
        Literal["budget", "register"],
        typer.Argument(help="What is to be filled in: a budget, or a register of decisions."),
    ] = ("budget"),
    icb: Annotated[
        str | None, typer.Option(help="The ICB's code, as QWO; a budget is of one.", autocompletion=icb_codes)
    ] = None,
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
) -> Report:
    """A workbook to fill in, with lists and checks: a budget for 'import budgets', or a register for 'record FILE'."""
    if what == "register":
        with reading(ledger) as (reader, at):
            return registers.template_of(reader, at, out)
    if icb is None:
        raise typer.BadParameter("say whose budget it is: --icb QWO", param_hint="--icb")
    return _write(EXPORTS["template"], out, ExportRequest(icb=icb, year=year), ledger)


@group.command("allocations", help=EXPORTS["working"].purpose)
@guarded("export allocations")
def _allocations(
    icb: Annotated[
        str, typer.Option(help="The ICB's code, as QWO; several with commas; or all.", autocompletion=icb_codes)
    ],
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
) -> Report:
    asked = ExportRequest(
        icb=",".join(options.columns(icb)), year=year, funds=tuple(options.columns(fund)),
        weightings=tuple(options.columns(by)), levels=tuple(options.levels(to)), amount_pence=amount, places=places,
    )  # fmt: skip
    return _write(EXPORTS["working"], out, asked, ledger, as_at, known_at)


@group.command("position", help=EXPORTS["position"].purpose)
@guarded("export position")
def _position(
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
) -> Report:
    return _write(EXPORTS["position"], out, ExportRequest(icb=organisation, year=year), ledger, as_at, known_at)


@group.command("published", help=EXPORTS["published"].purpose)
@guarded("export published")
def _published(
    out: Out,
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    icb: Annotated[str | None, typer.Option(help="The same for an ICB, by code.", autocompletion=icb_codes)] = None,
    year: Year = None,
    contact: Annotated[str | None, typer.Option(help="Who answers questions, for the cover.")] = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
) -> Report:
    asked = ExportRequest(icb=organisation or icb, year=year, contact=contact)
    return _write(EXPORTS["published"], out, asked, ledger, as_at, known_at)


@group.command("journal", help=JOURNAL.purpose)
@guarded("export journal")
def _journal(out: Out, ledger: Ledger = DEFAULT_LEDGER, known_at: KnownAt = None) -> Report:
    return _write(JOURNAL, out, ExportRequest(), ledger, None, known_at)


@group.command("register")
@guarded("export register")
def _register(out: Out, ledger: Ledger = DEFAULT_LEDGER, known_at: KnownAt = None) -> Report:
    """Every decision as a row of a register (.xlsx or .csv), which 'devolution record FILE' brings in again exactly."""
    with reading(ledger, None, known_at, as_recorded=True) as (reader, at):
        return registers.decisions_of(reader, at, out)


@group.command("scenario", help=EXPORTS["scenario"].purpose)
@guarded("export scenario")
def _scenario(
    name: Annotated[str, typer.Argument(help="A scenario by name (of the library, or saved), or a file of your own.")],
    out: Out,
    as_read: OwnReading = None,
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    path = saved.locate(name, ledger)
    content = None if path.exists() else saved.content(name, ledger)
    asked = ExportRequest(scenario=str(path), scenario_content=content, reading=own_reading(as_read))
    return _write(EXPORTS["scenario"], out, asked, ledger)


@guarded("scenario pack")
def pack(
    files: Annotated[list[str], typer.Argument(help="One scenario or several, by name or file.")],
    out: Annotated[
        Path, typer.Option("--out", "--output", help="The file: .html to print, or .xlsx of one.", dir_okay=False)
    ],
    as_read: OwnReading = None,
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Write the board pack: a page that prints on A4 and needs no network, or a workbook; what the app offers too."""
    refuse_other_suffix(out, ".html", *([".xlsx"] if len(files) == 1 else []))
    written = saved.find_all(files, ledger)
    with reading(ledger) as (reader, at):
        found = worked_out(reader, written, own_reading(as_read))
        if out.suffix.lower() == ".xlsx":
            board_pack.workbook(reader, found[0], saved.content(files[0], ledger), out)
        else:
            board_pack.printable(found, at, out)
    return reporting.pack(found, at, out)
