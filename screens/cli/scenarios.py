"""The commands that ask what if, of a scenario or of a bidding pot. They read the books and cannot write them."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from allocations.files.out.sheets import refuse_other_suffix
from ledger.entries.proposals import name_of, submit
from ledger.errors import Refused
from ledger.reports.position import moment
from ledger.store.base import Store
from scenarios import compare as comparing
from scenarios import outcome as outcomes
from scenarios import proposal, saved
from scenarios.bids.file import read_bids
from scenarios.bids.pot import MOST_DRAWS
from scenarios.bids.simulation import simulate
from scenarios.bids.tornado import tornado
from scenarios.saved import read_result, recheck
from scenarios.scenario import read_scenario
from screens.cli import options
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Actor, EntryDay, Ledger
from screens.report import board_pack
from screens.report import scenarios as reporting
from screens.report.bids import pot
from screens.report.report import Report, listed
from screens.report.wording import COMMAND_LINE

group = typer.Typer(
    help="What if: run, compare and check scenarios. The books stay as they are.",
    no_args_is_help=True,
)
File = Annotated[str, typer.Argument(help="A scenario by name (of the library, or saved), or a file of your own.")]


@group.command("list")
@guarded("scenario list")
def list_library(ledger: Ledger = DEFAULT_LEDGER) -> Report:
    """The scenarios that the project ships and those saved beside the ledger, each with its question."""
    known = [
        *((name, "library", path) for name, path in outcomes.library().items()),
        *((name, "saved", version.path) for name, version in saved.saved(ledger).items()),
    ]
    rows = [{"name": name, "kept": kept, **_told(path)} for name, kept, path in known]
    after = ["Run one with 'devolution scenario run NAME'; each is a file to copy and change."]
    return Report([listed(rows)], sentences=after, source="")


def _told(path: Path) -> dict[str, str]:
    """A scenario's title and question; one broken file does not hide the others."""
    try:
        scenario = read_scenario(path).scenario
    except Refused as refused:
        return {"title": "cannot be read", "question": str(refused.problems[0].told(COMMAND_LINE))}
    return {"title": scenario.title, "question": scenario.question}


@group.command("run")
@guarded("scenario run")
def run(file: File, ledger: Ledger = DEFAULT_LEDGER) -> Report:
    """Run a scenario: the new position, every measure before and after, who gains and loses, and why."""
    written = saved.find(file, ledger)
    with reading(ledger) as (reader, _):
        found = outcomes.work_out(reader, written)
    return reporting.run(found)


@group.command("compare")
@guarded("scenario compare")
def compare(
    files: Annotated[list[str], typer.Argument(help="Two or more scenarios, by name or file.")],
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Put scenarios side by side: the same propositions, amounts and measures, and how far apart they end."""
    written = [saved.find(file, ledger) for file in files]
    with reading(ledger) as (reader, at):
        found = comparing.compare([outcomes.work_out(reader, each) for each in written])
    return reporting.compared(found, at)


@group.command("pack")
@guarded("scenario pack")
def pack(
    files: Annotated[list[str], typer.Argument(help="One scenario or several, by name or file.")],
    out: Annotated[
        Path, typer.Option("--out", "--output", help="The file: .html to print, or .xlsx of one.", dir_okay=False)
    ],
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Write the board pack: a page that prints on A4 and needs no network, or a workbook; what the app offers too."""
    refuse_other_suffix(out, ".html", *([".xlsx"] if len(files) == 1 else []))
    paths = [saved.locate(each, ledger) for each in files]
    written = [read_scenario(path) for path in paths]
    with reading(ledger) as (reader, at):
        found = [outcomes.work_out(reader, each) for each in written]
        if out.suffix.lower() == ".xlsx":
            board_pack.workbook(reader, found[0], paths[0].read_bytes(), out)
        else:
            board_pack.printable(found, at, out)
    return reporting.pack(found, at, out)


@group.command("check")
@guarded("scenario check")
def check(
    file: File,
    result: Annotated[Path, typer.Argument(help="What 'scenario run --json' gave before.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Run a scenario again and say whether an old result still matches, or what differs. Exit with 1 if it does."""
    old = read_result(result)
    written = saved.find(file, ledger)
    with reading(ledger) as (reader, at):
        verdict = recheck(outcomes.work_out(reader, written), old)
    return reporting.checked(verdict, at, result.name)


@group.command("adopt")
@guarded("scenario adopt")
def adopt(
    file: File,
    ledger: Ledger = DEFAULT_LEDGER,
    day: EntryDay = None,
    actor: Actor = "command line",
    expires: Annotated[
        date | None, typer.Option(help="The last day on which it can be approved.", parser=options.day)
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option(
            help="Who allows it that a ring-fence is loosened; for days past it names the day, as 2025-04-01."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Try it against every rule and keep nothing.")] = False,
    out: Annotated[Path | None, typer.Option(help="Write the proposal here, as JSON.", dir_okay=False)] = None,
) -> Report:
    """Turn a scenario into a proposal: its entries, tried against every rule, their money reserved, nothing posted."""
    path = saved.locate(file, ledger)
    written = read_scenario(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with Store.open(ledger) as store:
        with store.read() as reader:
            at = moment(reader)
            found = outcomes.work_out(reader, written)
            counts = day or _day_of(found)
            asked = proposal.drafts(reader, found, day=counts, actor=actor, source_hash=digest, authority=authority)
            key = name_of(reader, proposal.key_of(found, counts), actor)
        posted = submit(
            store,
            asked,
            key=key,
            title=found.run.written.scenario.title,
            prepared_by=actor,
            expires_on=expires,
            source=found.run.written.name,
            source_hash=digest,
            dry_run=dry_run,
        )
    if out is not None:
        text = json.dumps(proposal.document(asked), default=outcomes.plain, ensure_ascii=False, indent=1)
        out.write_text(text + "\n", encoding="utf-8")
    report = reporting.proposed(found, proposal.proposed(asked), at, out=out, key=key)
    return report.with_entries([posted], dry_run=dry_run)


def _day_of(found: outcomes.Outcome) -> date:
    """The day that the baseline was taken on, if it is in the year; else the year's first."""
    at, year = found.run.books.at, found.run.written.scenario.baseline.year
    return at.as_at if at is not None and year.contains(at.as_at) else year.first_day


@guarded("bids")
def bids(
    file: Annotated[Path, typer.Argument(help="A bidding pot, as YAML.", dir_okay=False)],
    draws: Annotated[int | None, typer.Option(help="How often to draw.", min=1, max=MOST_DRAWS)] = None,
) -> Report:
    """Simulate a bidding pot, beside the same money by formula: costs, winners, fairness, time, break-even."""
    plan, digest = read_bids(file, draws)
    outcome = simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed))
    return pot(plan, outcome, tornado(plan), source=str(file), digest=digest)
