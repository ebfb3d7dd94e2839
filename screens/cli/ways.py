"""The commands that ask for a way to a goal. They read the books and cannot write them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ledger.store.base import Reader
from scenarios.solve.file import read_goal
from scenarios.solve.seek import seek as seek_value
from screens.cli.guard import also_written, guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Ledger, Out
from screens.report.report import Report
from screens.report.scenarios import seeking
from screens.report.scenarios import ways as reporting


@guarded("scenario solve")
def solve(
    file: Annotated[Path, typer.Argument(help="A goal, as YAML.", dir_okay=False)],
    out: Out = None,
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """The least disruption by which all come near their fair shares in so many years, within a floor and a cap."""

    @contextmanager
    def books() -> Iterator[Reader]:
        with reading(ledger) as (reader, _):
            yield reader

    report, _ = reporting.solved(read_goal(file), books, str(file))
    return also_written(report, out)


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
    out: Out = None,
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Which value of one assumption makes a figure what is asked: just before it, at it, and just after."""
    with reading(ledger) as (reader, at):
        found = seek_value(reader, ledger, file, find, until, (low, high))
    return also_written(seeking.sought(found, at), out)
