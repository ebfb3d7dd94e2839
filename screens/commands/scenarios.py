"""The commands that ask what if. They read the books and cannot write them."""

from typing import Annotated

import typer

from scenarios import outcome as outcomes
from screens import scenario_answers as answers
from screens.arguments import DEFAULT_LEDGER, Json, Ledger
from screens.commands.guard import guarded, reading
from screens.terminal import show

group = typer.Typer(help="What if: run, compare and check scenarios. The books stay as they are.", no_args_is_help=True)
File = Annotated[str, typer.Argument(help="A scenario of the library by name, or a file of your own.")]


@group.command("run")
@guarded("scenario run")
def run(file: File, ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """Run a scenario: the new position, every measure before and after, who gains and loses, and why."""
    written = outcomes.find(file)
    with reading(ledger) as (reader, _):
        found = outcomes.work_out(reader, written)
    show(answers.of_outcome(found, ledger=str(ledger), as_json=as_json), as_json=as_json)
