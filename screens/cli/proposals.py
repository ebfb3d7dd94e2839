"""Proposals: what awaits a decision, and the decision."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer

from ledger import clock
from ledger.entries import proposals
from ledger.entries.posting import Posted
from ledger.reports.position import moment
from ledger.store.base import Store
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, PERSON, Actor, As, Json, Ledger
from screens.cli.options import day as read_day
from screens.report import answers
from screens.report.exporting import proposal_row, proposals_answer
from screens.report.terminal import Answer, show

app = typer.Typer(help="Proposals: entries that await a decision, their money reserved.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="The proposal, by its name.")]
Reason = Annotated[str, typer.Option(help="Why it is decided so.")]
DecidedOn = Annotated[
    date | None, typer.Option("--date", help="The day of the decision; today otherwise.", parser=read_day)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Go through it and keep nothing.")]


@app.command("list")
@guarded("proposal list")
def show_list(
    ledger: Ledger = DEFAULT_LEDGER,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    person: As = None,
    as_json: Json = False,
) -> None:
    """What awaits a decision, and how much money it reserves; once there are roles, only what one may see."""
    with reading(ledger, person=person) as (reader, at):
        answer = proposals_answer(reader, at, ledger=str(ledger), everything=everything)
    show(answer, as_json=as_json)


@app.command("show")
@guarded("proposal show")
def show_one(key: Key, ledger: Ledger = DEFAULT_LEDGER, person: As = None, as_json: Json = False) -> None:
    """The entries of a proposal, leg by leg, as they would be posted."""
    with reading(ledger, person=person) as (reader, at):
        found = proposals.proposal_named(reader, key)
        drafts = proposals.drafts_of(reader, key)
    rows = [
        {
            "entry": nth,
            "kind": draft.kind,
            "effective_date": draft.effective_date,
            "from": f"{leg['from_organisation']}, {leg['from_fund']}, {leg['from_standing']}",
            "to": f"{leg['to_organisation']}, {leg['to_fund']}, {leg['to_standing']}",
            "amount_pence": leg["amount_pence"],
            "note": leg["note"],
        }
        for nth, draft in enumerate(drafts, start=1)
        for leg in draft.legs().to_pylist()
    ]
    brings = [
        f"Entry {nth} records {table.num_rows} {model.__name__.lower()}: {draft.reason}."
        for nth, draft in enumerate(drafts, start=1)
        for model, table in draft.records.items()
    ]
    title = f"{found.title}, prepared by {found.prepared_by}: {found.outcome or 'open'}"
    extra = {"proposal": proposal_row(found)}
    answer = Answer(
        "proposal show", str(ledger), rows, at, title=title, after=[*brings, *answers.about(at)], extra=extra
    )
    show(answer, as_json=as_json)


@app.command()
@guarded("proposal approve")
def approve(
    key: Key,
    actor: Annotated[str, typer.Option("--actor", envvar=PERSON, help="Who approves: not who prepared it.")],
    reason: Reason,
    ledger: Ledger = DEFAULT_LEDGER,
    only: Annotated[list[int] | None, typer.Option(help="Only this entry of it; may be given again.")] = None,
    authority: Annotated[str | None, typer.Option(help="On whose authority, where a ring-fence needs one.")] = None,
    day: DecidedOn = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Approve a proposal: its entries are posted with the decision, all of them or those named."""
    outcome = proposals.PART_POSTED if only else proposals.POSTED
    with Store.open(ledger) as store:
        posted = proposals.decide(
            store, key, outcome=outcome, decided_by=actor, reason=reason, day=day, only=only or (),
            authority=authority, dry_run=dry_run,
        )  # fmt: skip
        _tell("approve", store, ledger, key, outcome, posted, dry_run=dry_run, as_json=as_json)


@app.command()
@guarded("proposal reject")
def reject(
    key: Key,
    actor: Annotated[str, typer.Option("--actor", envvar=PERSON, help="Who rejects: not who prepared it.")],
    reason: Reason,
    ledger: Ledger = DEFAULT_LEDGER,
    day: DecidedOn = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Reject a proposal: its money is free again."""
    _end("reject", proposals.REJECTED, ledger, key, actor, reason, day, dry_run=dry_run, as_json=as_json)


@app.command()
@guarded("proposal withdraw")
def withdraw(
    key: Key,
    actor: Annotated[str, typer.Option("--actor", envvar=PERSON, help="Who prepared it.")],
    reason: Reason,
    ledger: Ledger = DEFAULT_LEDGER,
    day: DecidedOn = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Take back a proposal of one's own: its money is free again."""
    _end("withdraw", proposals.WITHDRAWN, ledger, key, actor, reason, day, dry_run=dry_run, as_json=as_json)


@app.command()
@guarded("proposal expire")
def expire(
    ledger: Ledger = DEFAULT_LEDGER,
    actor: Actor = "command line",
    day: DecidedOn = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """End every proposal whose last day has passed: its money is free again."""
    with Store.open(ledger) as store:
        posted = proposals.expire(store, day=day, decided_by=actor, dry_run=dry_run)
        with store.read() as reader:
            at, on = moment(reader), day or clock.today(reader)
    rows = [{"entry": entry.number, "key": entry.key} for entry in posted]
    after = [f"{len(posted)} proposals have expired by {on}."]
    show(Answer("proposal expire", str(ledger), rows, at, after=after), as_json=as_json)


def _end(
    command: str, outcome: str, ledger: Any, key: str, actor: str, reason: str, day: date | None, *, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    with Store.open(ledger) as store:
        posted = proposals.decide(
            store, key, outcome=outcome, decided_by=actor, reason=reason, day=day, dry_run=dry_run
        )
        _tell(command, store, ledger, key, outcome, posted, dry_run=dry_run, as_json=as_json)


def _tell(
    command: str, store: Store, ledger: Any, key: str, outcome: str, posted: Sequence[Posted], *, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    with store.read() as reader:
        at = moment(reader)
    rows = [{"entry": entry.number, "key": entry.key, "legs": entry.transfers} for entry in posted]
    title = f"Proposal {key}: {'would be ' if dry_run else ''}{outcome}"
    answer = Answer(
        f"proposal {command}", str(ledger), rows, at, title=title, extra={"proposal": key, "outcome": outcome}
    )
    show(answers.with_entries(answer, posted, dry_run=dry_run), as_json=as_json)
