"""Proposals: what awaits a decision, and the decision."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from ledger import clock
from ledger.entries import proposals
from ledger.entries.posting import Posted
from ledger.reports.position import moment
from ledger.store.address import Address
from ledger.store.base import Store
from screens.cli.guard import guarded, now_of, reading
from screens.cli.options import DEFAULT_LEDGER, Actor, As, DryRun, Ledger
from screens.cli.options import day as read_day
from screens.report import decisions
from screens.report.report import Report, listed
from screens.report.wording import PERSON

app = typer.Typer(help="Proposals: entries that await a decision, their money reserved.", no_args_is_help=True)

Key = Annotated[str, typer.Argument(help="The proposal, by its name.")]
Reason = Annotated[str, typer.Option(help="Why it is decided so.")]
DecidedOn = Annotated[
    date | None, typer.Option("--date", help="The day of the decision; today otherwise.", parser=read_day)
]


@app.command("list")
@guarded("proposal list")
def show_list(
    ledger: Ledger = DEFAULT_LEDGER,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended too.")] = False,
    person: As = None,
) -> Report:
    """What awaits a decision, and how much money it reserves; once there are roles, only what one may see."""
    with reading(ledger, person=person) as (reader, at):
        return decisions.waiting(reader, at, everything=everything)


@app.command("show")
@guarded("proposal show")
def show_one(key: Key, ledger: Ledger = DEFAULT_LEDGER, person: As = None) -> Report:
    """The entries of a proposal, leg by leg, as they would be posted."""
    with reading(ledger, person=person) as (reader, at):
        return decisions.proposal(reader, at, key)


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
) -> Report:
    """Approve a proposal: its entries are posted with the decision, all of them or those named."""
    outcome = proposals.PART_POSTED if only else proposals.POSTED
    with Store.open(ledger) as store:
        posted = proposals.decide(
            store, key, outcome=outcome, decided_by=actor, reason=reason, day=day, only=only or (),
            authority=authority, dry_run=dry_run,
        )  # fmt: skip
        return _decided(store, key, outcome, posted, dry_run=dry_run)


@app.command()
@guarded("proposal reject")
def reject(
    key: Key,
    actor: Annotated[str, typer.Option("--actor", envvar=PERSON, help="Who rejects: not who prepared it.")],
    reason: Reason,
    ledger: Ledger = DEFAULT_LEDGER,
    day: DecidedOn = None,
    dry_run: DryRun = False,
) -> Report:
    """Reject a proposal: its money is free again."""
    return _end(proposals.REJECTED, ledger, key, actor, reason, day, dry_run=dry_run)


@app.command()
@guarded("proposal withdraw")
def withdraw(
    key: Key,
    actor: Annotated[str, typer.Option("--actor", envvar=PERSON, help="Who prepared it.")],
    reason: Reason,
    ledger: Ledger = DEFAULT_LEDGER,
    day: DecidedOn = None,
    dry_run: DryRun = False,
) -> Report:
    """Take back a proposal of one's own: its money is free again."""
    return _end(proposals.WITHDRAWN, ledger, key, actor, reason, day, dry_run=dry_run)


@app.command()
@guarded("proposal expire")
def expire(
    ledger: Ledger = DEFAULT_LEDGER,
    actor: Actor = "command line",
    day: DecidedOn = None,
    dry_run: DryRun = False,
) -> Report:
    """End every proposal whose last day has passed: its money is free again."""
    with Store.open(ledger) as store:
        posted = proposals.expire(store, day=day, decided_by=actor, dry_run=dry_run)
        with store.read() as reader:
            at, on = moment(reader), day or clock.today(reader)
    rows = [{"entry": entry.number, "key": entry.key} for entry in posted]
    return Report([listed(rows)], at, sentences=[f"{len(posted)} proposals have expired by {on}."])


def _end(
    outcome: str, ledger: Address, key: str, actor: str, reason: str, day: date | None, *, dry_run: bool
) -> Report:
    with Store.open(ledger) as store:
        posted = proposals.decide(
            store, key, outcome=outcome, decided_by=actor, reason=reason, day=day, dry_run=dry_run
        )
        return _decided(store, key, outcome, posted, dry_run=dry_run)


def _decided(store: Store, key: str, outcome: str, posted: Sequence[Posted], *, dry_run: bool) -> Report:
    at = now_of(store)
    rows = [{"entry": entry.number, "key": entry.key, "legs": entry.transfers} for entry in posted]
    title = f"Proposal {key}: {'would be ' if dry_run else ''}{outcome}"
    report = Report([listed(rows)], at, title, facts={"proposal": key, "outcome": outcome})
    return report.with_entries(posted, dry_run=dry_run)
