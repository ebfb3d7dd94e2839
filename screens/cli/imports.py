"""What is brought into the books from files: published figures, structure, and positions of our own."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from allocations.figures import tables
from allocations.files.position import importing
from allocations.files.published import mergers
from allocations.files.published.importing import ACTOR, import_files
from allocations.files.published.understood import understand
from ledger.attributes import picked
from ledger.errors import Refused
from ledger.reports import position
from ledger.store.address import Address
from ledger.store.attachments import attaching
from ledger.store.base import Store
from screens.cli import options
from screens.cli.budget_imports import import_budgets
from screens.cli.guard import guarded, now_of
from screens.cli.options import DEFAULT_LEDGER, Actor, DryRun, Json, Ledger, Why, YearsOfFile
from screens.report.files import imports
from screens.report.render import terminal
from screens.report.report import Report, listed

app = typer.Typer(help="Bring files into the books.", no_args_is_help=True)
app.command("budgets")(import_budgets)


@app.command()
@guarded("import published")
def published(
    files: Annotated[list[Path], typer.Argument(help="Files as NHS England or ODS published them.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    year: Annotated[
        YearsOfFile | None,
        typer.Option(
            "--year",
            help="Of a file that has several years: one, as 2025/26, or 'all' that are whole.",
            parser=options.years_of_file,
        ),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="The sheet of a practice file, where several could be meant.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(help="NHS England's revenue limit, for a year for which none is shipped.", parser=options.pence),
    ] = None,
    actor: Actor = ACTOR,
    why: Why = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Report:
    """Read published files, say what was understood, and post what the books do not have: all of it or nothing."""
    one, every = (None, False) if year is None else (year.one, year.one is None)
    understood, problems = understand(files, year=one, sheet=sheet, every_year=every)
    if problems:
        if not as_json:
            terminal.show(imports.understood(understood))
        raise Refused(problems)
    with _ledger(ledger, dry_run=dry_run) as store:
        with terminal.progress("Posting") as told:
            told("Checking every rule", 0, None)
            with attaching(store.path, () if dry_run else files):
                imported = import_files(store, understood, actor=actor, limit_pence=limit, why=why, dry_run=dry_run)
        at = now_of(store)
    return imports.published(understood, imported, at, dry_run=dry_run)


@app.command()
@guarded("import structure")
def structure(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="The change summary of the ODS, a practice map of its day or later, and a practice file of before.",
            dir_okay=False,
        ),
    ],
    ledger: Ledger = DEFAULT_LEDGER,
    actor: Actor = ACTOR,
    why: Why = "",
    dry_run: DryRun = False,
    as_json: Json = False,
) -> Report:
    """Record mergers and splits of ICBs: who begins and ends, who follows whom by people, who is below whom then."""
    understood, problems = understand(files)
    if problems:
        if not as_json:
            terminal.show(imports.understood(understood))
        raise Refused(problems)
    with Store.open(ledger) as store:
        with terminal.progress("Posting") as told:
            told("Checking every rule", 0, None)
            with attaching(store.path, () if dry_run else files):
                brought = mergers.import_structure(store, understood, actor=actor, why=why, dry_run=dry_run)
        at = now_of(store)
    rows = [
        {
            **picked(step, "predecessor", "successor", "kind"),
            "registered_people": tables.whole_people(step.weight),
            "cell": step.cell,
        }
        for step in brought.steps
    ]
    report = Report([listed(rows)], at, sentences=[*imports.remarks(understood), *brought.sentences])
    return report.with_entries(brought.posted, dry_run=dry_run)


@app.command("position")
@guarded("import position")
def import_position(
    file: Annotated[Path, typer.Argument(help="A file that 'devolution export position' wrote.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    authority: Annotated[
        str | None, typer.Option(help="Who allows it, where money has to leave a ring-fence to come there.")
    ] = None,
    actor: Actor = "command line",
    why: Why = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go all the way and post nothing.")] = False,
) -> Report:
    """Bring an exported position into books that have its organisations and funds, and no money yet."""
    with Store.open(ledger) as store:
        done = importing.import_position(store, file, actor=actor, authority=authority, why=why, dry_run=dry_run)
        with store.read() as reader:
            at = position.moment(reader, done.file.as_at)
    return imports.position(done, at, dry_run=dry_run)


@contextmanager
def _ledger(path: Address, *, dry_run: bool) -> Iterator[Store]:
    """The ledger, made if there is none; one that was made for nothing, or for a dry run, is not left behind."""
    if Store.exists(path):
        with Store.open(path) as store:
            yield store
    elif dry_run:
        with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "rehearsal.duckdb") as store:
            yield store
    elif not isinstance(path, Path):
        with Store.open_or_create(path) as store:
            yield store
    else:
        try:
            with Store.create(path) as store:
                yield store
                store.checkpoint()
        except BaseException:
            for left in (path, path.with_name(f"{path.name}.wal")):
                left.unlink(missing_ok=True)
            raise
