"""The commands that ask what if. They read the books and cannot write them."""

from pathlib import Path
from typing import Annotated

import typer

from scenarios import compare as comparing
from scenarios import outcome as outcomes
from scenarios.recheck import read_result, recheck
from screens import scenario_answers as answers
from screens.arguments import DEFAULT_LEDGER, Json, Ledger
from screens.commands.guard import REFUSED, guarded, reading
from screens.commands.late import Late, group_of
from screens.terminal import Answer, show

# The adoption takes a scenario's file as the commands here do, and so is loaded after them.
_ADOPT = Late(
    "screens.commands.adopt:adopt",
    "Turn a scenario into a proposal: its entries, tried against every rule, their money reserved, nothing posted.",
)
group = typer.Typer(
    cls=group_of({"adopt": _ADOPT}),
    help="What if: run, compare and check scenarios. The books stay as they are.",
    no_args_is_help=True,
)
File = Annotated[str, typer.Argument(help="A scenario of the library by name, or a file of your own.")]


@group.command("list")
@guarded("scenario list")
def list_library(as_json: Json = False) -> None:
    """The scenarios that the project ships, each with its question."""
    rows = [
        {"name": name, "title": written.scenario.title, "question": written.scenario.question}
        for name, written in ((name, outcomes.find(name)) for name in outcomes.library())
    ]
    after = ["Run one with 'devolution scenario run NAME'; each is a file to copy and change."]
    show(Answer("scenario list", "", rows, after=after), as_json=as_json)


@group.command("run")
@guarded("scenario run")
def run(file: File, ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """Run a scenario: the new position, every measure before and after, who gains and loses, and why."""
    written = outcomes.find(file)
    with reading(ledger) as (reader, _):
        found = outcomes.work_out(reader, written)
    show(answers.of_outcome(found, ledger=str(ledger), as_json=as_json), as_json=as_json)


@group.command("compare")
@guarded("scenario compare")
def compare(
    files: Annotated[list[str], typer.Argument(help="Two or more scenarios, by name or file.")],
    ledger: Ledger = DEFAULT_LEDGER,
    as_json: Json = False,
) -> None:
    """Put scenarios side by side: the same propositions, amounts and measures, and how far apart they end."""
    written = [outcomes.find(file) for file in files]
    with reading(ledger) as (reader, at):
        found = comparing.compare([outcomes.work_out(reader, each) for each in written])
    show(answers.of_comparison(found, ledger=str(ledger), at=at, as_json=as_json), as_json=as_json)


@group.command("check")
@guarded("scenario check")
def check(
    file: File,
    result: Annotated[Path, typer.Argument(help="What 'scenario run --json' gave before.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    as_json: Json = False,
) -> None:
    """Run a scenario again and say whether an old result still matches, or what differs. Exit with 1 if it does."""
    old = read_result(result)
    written = outcomes.find(file)
    with reading(ledger) as (reader, at):
        verdict = recheck(outcomes.work_out(reader, written), old)
    show(answers.of_verdict(verdict, ledger=str(ledger), at=at, name=result.name), as_json=as_json)
    if not verdict.matches:
        raise typer.Exit(REFUSED)
