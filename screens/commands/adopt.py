"""The one scenario command that looks towards the books: what would be posted if a scenario were adopted.

It goes all the way through posting and keeps nothing. Sign-off is for people, and comes after.
"""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ledger import posting
from ledger.position import moment
from ledger.store import Store
from scenarios import outcome as outcomes
from scenarios import proposal
from screens import scenario_answers as answers
from screens.arguments import DEFAULT_LEDGER, Actor, EntryDay, Json, Ledger
from screens.commands.guard import guarded
from screens.commands.scenarios import File
from screens.terminal import show


@guarded("scenario adopt")
def adopt(
    file: File,
    ledger: Ledger = DEFAULT_LEDGER,
    day: EntryDay = None,
    actor: Actor = "command line",
    out: Annotated[Path | None, typer.Option(help="Write the proposal here, as JSON.", dir_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Turn a scenario into a proposal: the entries it would post, tried against every rule and not posted."""
    written = outcomes.find(file)
    path = outcomes.library_file(file) or Path(file)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with Store.open(ledger) as store:
        with store.read() as reader:
            at = moment(reader)
            found = outcomes.work_out(reader, written)
            counts = day or _day_of(found)
            asked = proposal.drafts(reader, found, day=counts, actor=actor, source_hash=digest)
        posting.post(store, asked, dry_run=True)
    if out is not None:
        text = json.dumps(proposal.document(asked), default=outcomes.plain, ensure_ascii=False, indent=1)
        out.write_text(text + "\n", encoding="utf-8")
    show(answers.of_proposal(found, proposal.proposed(asked), ledger=str(ledger), at=at, out=out), as_json=as_json)


def _day_of(found: outcomes.Outcome) -> date:
    """The day that the baseline was taken on, if it is in the year; else the year's first."""
    at, year = found.run.books.at, found.run.written.scenario.baseline.year
    return at.as_at if at is not None and year.contains(at.as_at) else year.first_day
