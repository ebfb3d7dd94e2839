"""The commands that keep a ledger safe: copy, backup, restore, migrate."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.store import backup as keeping
from ledger.store.address import SCHEMES
from ledger.store.base import Store
from screens.cli import options
from screens.cli.guard import guarded
from screens.cli.options import DEFAULT_LEDGER, AnyLedger, Json, Ledger
from screens.report import proof_files, terminal
from screens.report.proof_files import SeenHead
from screens.report.terminal import Answer, show

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
