"""The commands that look after a ledger: verify, stats, copy, backup, restore, migrate."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from ledger.entries import chain
from ledger.errors import Refused
from ledger.proofs.heads import Head
from ledger.reports import position, stats
from ledger.reports import verify as audit
from ledger.reports.position import moment
from ledger.store import backup as keeping
from ledger.store.address import SCHEMES
from ledger.store.base import Store
from screens.cli import options
from screens.cli.guard import guarded, opened
from screens.cli.options import DEFAULT_LEDGER, AnyLedger, Json, Ledger
from screens.report import proof_files, terminal
from screens.report.proof_files import SeenHead, Since
from screens.report.terminal import Answer, show


@guarded("stats")
def show_stats(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """How large the ledger is, and how fast its main questions are answered on this machine."""
    with Store.open(ledger, read_only=True) as store:
        rows = stats.of(store)
        with store.read() as reader:
            at = position.moment(reader)
    show(Answer("stats", str(ledger), rows, at), as_json=as_json)


@guarded("verify")
def verify(
    ledger: Ledger = DEFAULT_LEDGER,
    head: SeenHead = None,
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Ask every invariant of the whole ledger; exit with 1 if one does not hold, saying where.

    With --since only of the entries after that head, with all that they rest on: quick enough for every hour, and the
    whole for the night.
    """
    seen = None if head is None else proof_files.kept(head)
    with opened(ledger) as store, store.read_afresh() as reader:
        at = moment(reader)
        with terminal.progress("Verifying") as told:
            found = audit.verify(
                reader, lambda name: told(f"Checking {name}", 0, None), seen_head=seen, since=since, store=store
            )
        if found:
            raise Refused(found)
        content, entries, unseen = chain.books_hash(reader), chain.last_entry(reader), len(reader.unseen)
        new = entries if since is None else entries - audit.entry_with(reader, since)
    rows = [{"entries": entries, "problems": 0, "head": at.head, "content_hash": content}]
    hidden = f"{unseen} entries of proposals are not for you to see: their links were checked, and not what they hold."
    empty = "The ledger is empty: there is nothing that could fail."
    whole = (
        f"All {entries:,} entries hold: the chain is whole, money is conserved, every rule and control total is met."
    )
    part = (
        f"The newest {new:,} of {entries:,} entries hold, with all that they rest on." if new else "Nothing is newer."
    )
    title = empty if not entries else whole if since is None else part
    extra = {"unseen": unseen} if since is None else {"unseen": unseen, "since": since, "looked_at": new}
    answer = Answer("verify", str(ledger), rows, at, title=title, extra=extra)
    kept = [f"The head that was kept{seen.signed} is held."] if isinstance(seen, Head) else []
    show(replace(answer, after=[*kept, *([hidden] if unseen else [])]), as_json=as_json)


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
    as_json: Json = False,
) -> None:
    """Copy a ledger between a file and a server, either way: the same entries, the same head, verified."""
    with terminal.progress("Copying") as told, Store.open(source, read_only=True) as store:
        copied = keeping.copy(store, target, lambda step: told(step, 0, None))
    show(_answer("copy", str(source), str(target), copied), as_json=as_json)


@guarded("backup")
def backup(
    file: Annotated[Path, typer.Argument(help="A new file for the backup. It is itself a ledger.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    as_json: Json = False,
) -> None:
    """Copy the ledger, as it stands at one moment, into a new file, and verify the copy. It may be in use."""
    if str(file).startswith(SCHEMES):  # a path by now, which would put the address's password into a folder's name
        raise typer.BadParameter("a backup is a file; 'devolution copy' goes to a server", param_hint="FILE")
    with terminal.progress("Backing up") as told, Store.open(ledger, read_only=True) as store:
        copied = keeping.backup(store, file, lambda step: told(step, 0, None))
    show(_answer("backup", str(ledger), str(file), copied), as_json=as_json)


@guarded("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", dir_okay=False)],
    target: _To,
    head: SeenHead = None,
    as_json: Json = False,
) -> None:
    """Bring a backup back to a place without a ledger; every entry is verified before it counts."""
    seen = None if head is None else proof_files.kept(head)
    with terminal.progress("Restoring") as told:
        copied = keeping.restore(file, target, lambda step: told(step, 0, None), head=seen)
    show(_answer("restore", str(file), str(target), copied), as_json=as_json)


@guarded("migrate")
def migrate(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """Bring the tables of a ledger made by an earlier version up to this one. Take a backup first."""
    done = keeping.migrate(ledger)
    rows = [{"version": step.version, "what": step.name} for step in done]
    title = "" if rows else "Nothing to do: the ledger's tables are those of this version."
    show(Answer("migrate", str(ledger), rows, title=title), as_json=as_json)


def _answer(command: str, source: str, target: str, copied: keeping.Copied) -> Answer:
    row = {
        "from": source,
        "to": target,
        "entries": copied.entries,
        "transfers": copied.transfers,
        "content_hash": copied.content_hash,
    }
    after = [f"Verified. Keep this head, and give it to 'verify --head' or 'restore --head': {copied.head}"]
    return Answer(command, source, [row], after=after, extra={"head": copied.head})
