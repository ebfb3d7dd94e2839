"""The commands that ask for a way to a goal. They read the books and cannot write them."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.reports.position import Moment
from scenarios.solve.file import ALONE, HeldGoal, read_goal
from scenarios.solve.published import beside
from scenarios.solve.seek import seek as seek_value
from scenarios.solve.way import solve_all
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Ledger
from screens.report import seeking
from screens.report import ways as reporting
from screens.report.report import Report


@guarded("scenario solve")
def solve(
    file: Annotated[Path, typer.Argument(help="A goal, as YAML.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """The least disruption by which all come near their fair shares in so many years, within a floor and a cap."""
    goal = read_goal(file)
    at: Moment | None = None
    if isinstance(goal.asked, HeldGoal):
        with reading(ledger) as (reader, _):
            goals, at = goal.asked.read(reader)
        stream = None
    else:
        goals, stream = {ALONE: goal.asked.alone()}, goal.asked.stream
    ways = solve_all(goals)
    published = None if stream is None else beside(ways[ALONE], stream)
    return reporting.way(goal.asked, ways, published, source=str(file), digest=goal.sha256, at=at)


@guarded("scenario seek")
def seek(
    file: Annotated[str, typer.Argument(help="A scenario by name (of the library, or saved), or a file of your own.")],
    find: Annotated[str, typer.Option("--find", help="The assumption whose value is looked for, by name.")],
    until: Annotated[
        str, typer.Option("--until", help="A measure or question, >= or <=, and a value: 'devolved_share >= 50%'.")
    ],
    low: Annotated[str | None, typer.Option("--from", help="Look from this value; from none otherwise.")] = None,
    high: Annotated[
        str | None,
        typer.Option("--to", help="Look up to this value; a share to 100%, all else to twice its own value."),
    ] = None,
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Which value of one assumption makes a figure what is asked: just before it, at it, and just after."""
    with reading(ledger) as (reader, at):
        found = seek_value(reader, ledger, file, find, until, (low, high))
    return seeking.sought(found, at)
