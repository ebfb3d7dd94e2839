"""``devolution scenario adopt``: from what if to a proposal, which is the way into the books."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ledger.entries.proposals import name_of, submit
from ledger.reports.position import moment
from ledger.store.base import Store
from scenarios import outcome as outcomes
from scenarios import proposal, saved
from scenarios.document import plain
from screens.asked.explored import worked_out
from screens.cli import options
from screens.cli.guard import guarded
from screens.cli.options import DEFAULT_LEDGER, Actor, EntryDay, Ledger
from screens.cli.scenarios import File
from screens.report.report import Report
from screens.report.scenarios import answers as reporting


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
    written = saved.find(file, ledger)
    digest = hashlib.sha256(saved.content(file, ledger)).hexdigest()
    with Store.open(ledger) as store:
        with store.read() as reader:
            at = moment(reader)
            found = worked_out(reader, [written])[0]
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
        text = json.dumps(proposal.document(asked), default=plain, ensure_ascii=False, indent=1)
        out.write_text(text + "\n", encoding="utf-8")
    report = reporting.proposed(found, proposal.proposed(asked), at, out=out, key=key)
    return report.with_entries([posted], dry_run=dry_run)


def _day_of(outcome: outcomes.Outcome) -> date:
    """The day that the baseline was taken on, if it is in the year; else the year's first."""
    at, year = outcome.run.books.at, outcome.run.written.scenario.baseline.year
    return at.as_at if at is not None and year.contains(at.as_at) else year.first_day
