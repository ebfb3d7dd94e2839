"""The commands that ask for a way to a goal. They read the books and cannot write them."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.reports.position import Moment
from scenarios.solve.file import ALONE, HeldGoal, read_goal
from scenarios.solve.published import beside
from scenarios.solve.way import solve_all
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Ledger
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
