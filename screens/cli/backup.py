"""The commands that look after a ledger: verify, stats, copy, backup, restore, migrate."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.attributes import picked
from ledger.entries import chain
from ledger.errors import refuse_any
from ledger.proofs.heads import Head
from ledger.reports import stats
from ledger.reports import verify as audit
from ledger.reports.position import moment
from ledger.store import backup as copies
from ledger.store.address import SCHEMES
from ledger.store.base import Store
from screens.cli import options, proofs
from screens.cli.guard import guarded, now_of, opened
from screens.cli.options import DEFAULT_LEDGER, AnyLedger, Ledger
from screens.cli.proofs import SeenHead, Since
from screens.report.holdings import verified
from screens.report.render import terminal
from screens.report.report import Report, listed


@guarded("stats")
def show_stats(ledger: Ledger = DEFAULT_LEDGER) -> Report:
    """How large the ledger is, and how fast its main questions are answered on this machine."""
    with Store.open(ledger, read_only=True) as store:
        rows = stats.statistics(store)
        at = now_of(store)
    return Report([listed(rows)], at)


@guarded("verify")
def verify(
    ledger: Ledger = DEFAULT_LEDGER,
    head: SeenHead = None,
    since: Since = None,
) -> Report:
    """Ask every invariant of the whole ledger; exit with 1 if one does not hold, saying where.

    With --since only of the entries after that head, with all that they rest on: quick enough for every hour, and the
    whole for the night.
    """
    seen = None if head is None else proofs.kept(head)
    with opened(ledger) as store, store.read_afresh() as reader:
        at = moment(reader)
        with terminal.progress("Verifying") as told:
            found = audit.verify(
                reader, lambda name: told(f"Checking {name}", 0, None), seen_head=seen, since=since, store=store
            )
        refuse_any(found)
        content, entries, unseen = chain.books_hash(reader), chain.last_entry(reader), len(reader.unseen)
        new = entries if since is None else entries - audit.entry_with(reader, since)
    rows = [{"entries": entries, "problems": 0, "head": at.head, "content_hash": content}]
    hidden = f"{unseen} entries of proposals are not for you to see: their links were checked, and not what they hold."
    empty = "The ledger is empty: there is nothing that could fail."
    part = (
        f"The newest {new:,} of {entries:,} entries hold, with all that they rest on." if new else "Nothing is newer."
    )
    title = empty if not entries else verified(entries) if since is None else part
    extra = {"unseen": unseen} if since is None else {"unseen": unseen, "since": since, "looked_at": new}
    kept = [f"The head that was kept{seen.signed} is held."] if isinstance(seen, Head) else []
    return Report([listed(rows)], at, title, [*kept, *([hidden] if unseen else [])], extra)


_To = Annotated[
    AnyLedger,
    typer.Argument(
        metavar="TO",
        help="A file that is not there yet, or postgresql://user@host/database without a ledger.",
        parser=options.ledger_path,
    ),
]


@guarded("copy")
def copy(
    source: Annotated[AnyLedger, typer.Argument(metavar="FROM", help="The ledger.", parser=options.ledger_path)],
    target: _To,
) -> Report:
    """Copy a ledger between a file and a server, either way: the same entries, the same head, verified."""
    with terminal.progress("Copying") as told, Store.open(source, read_only=True) as store:
        copied = copies.copy(store, target, lambda step: told(step, 0, None))
    return _copied(str(source), str(target), copied)


@guarded("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the backup. It is itself a ledger.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Copy the ledger, as it stands at one moment, into a new file, and verify the copy. It may be in use."""
    if str(file).startswith(SCHEMES):  # a path by now, which would put the address's password into a folder's name
        raise typer.BadParameter("a backup is a file; 'devolution copy' goes to a server", param_hint="FILE")
    with terminal.progress("Backing up") as told, Store.open(ledger, read_only=True) as store:
        copied = copies.backup(store, file, lambda step: told(step, 0, None))
    return _copied(str(ledger), str(file), copied)


@guarded("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", dir_okay=False)],
    target: _To,
    head: SeenHead = None,
) -> Report:
    """Bring a backup back to a place without a ledger; every entry is verified before it counts."""
    seen = None if head is None else proofs.kept(head)
    with terminal.progress("Restoring") as told:
        copied = copies.restore(file, target, lambda step: told(step, 0, None), head=seen)
    return _copied(str(file), str(target), copied)


@guarded("migrate")
def migrate(ledger: Ledger = DEFAULT_LEDGER) -> Report:
    """Bring the tables of a ledger made by an earlier version up to this one. Take a backup first."""
    done = copies.migrate(ledger)
    rows = [{"version": step.version, "what": step.name} for step in done]
    title = "" if rows else "Nothing to do: the ledger's tables are those of this version."
    return Report([listed(rows)], title=title)


def _copied(source: str, target: str, copied: copies.Copied) -> Report:
    row = {"from": source, "to": target, **picked(copied, "entries", "transfers", "content_hash")}
    after = [f"Verified. Keep this head, and give it to 'verify --head' or 'restore --head': {copied.head}"]
    return Report([listed([row])], sentences=after, facts={"head": copied.head}, source=source)
