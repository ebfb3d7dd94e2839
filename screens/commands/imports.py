"""``devolution import ...``: what comes in from files, checked whole, and posted whole or not at all."""

from pathlib import Path
from typing import Annotated

import typer

from allocations.excel import position_import
from ledger.position import moment
from ledger.store import Store
from screens import answers
from screens.arguments import DEFAULT_LEDGER, Actor, Json, Ledger
from screens.commands.guard import guarded
from screens.terminal import show

group = typer.Typer(name="import", help="Files that come in, each cell traceable.", no_args_is_help=True)


@group.command("position")
@guarded("import position")
def import_position(
    file: Annotated[Path, typer.Argument(help="A file that 'devolution export position' wrote.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    authority: Annotated[
        str | None, typer.Option(help="Who allows it, where money has to leave a ring-fence to come there.")
    ] = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go all the way and post nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Bring an exported position into books that have its organisations and funds, and no money yet."""
    with Store.open(ledger) as store:
        done = position_import.import_position(store, file, actor=actor, authority=authority, dry_run=dry_run)
        with store.read() as reader:
            at = moment(reader, done.file.as_at)
    show(answers.of_position_import(done, ledger=str(ledger), at=at, dry_run=dry_run), as_json=as_json)
