"""A report for the terminal: tables for people on standard output, problems and progress on standard error."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from ledger.errors import Problem
from ledger.store.address import discreet
from screens.report.causes import by_cause
from screens.report.render import json
from screens.report.report import NUMBERS, Cell, Column, Report, Table, plain
from screens.report.wording import COMMAND_LINE

_MANY, _WIDE_HEADING, _NARROW_HEADING = 8, 18, 12
# Words may be folded, but not to less than this; and this is between two columns.
_NARROWEST_WORDS, _BETWEEN = 14, 3
if TYPE_CHECKING:
    # Loaded when something is drawn with it: a program that asks for JSON need not wait for it.
    from rich.console import Console
    from rich.table import Table as Drawn


@cache
def messages() -> "Console":
    """Standard error, for people."""
    from rich.console import Console  # noqa: PLC0415 - as said

    return Console(stderr=True, soft_wrap=True)


def show(report: Report, *, command: str = "", ledger: str = "", as_json: bool = False) -> None:
    """Print a report on standard output."""
    if as_json:
        print(discreet(json.document(report, command=command, ledger=ledger)))  # noqa: T201
        return
    from rich.console import Console  # noqa: PLC0415 - as said

    # A pipe has no width of its own: never cut a figure to fit eighty columns.
    console = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)
    if report.title:
        console.print(report.title, markup=False)
    tables = report.shown
    for table in tables:
        if len(tables) > 1 and table.name:
            console.print(f"\n{table.name}", markup=False)
        beginning, number = table.beginning()
        for part in _parts(beginning, console.width):
            console.print(_drawn(part))
        more = [f"and more: {number:,} in all; --json gives every one."] if number else []
        for note in (*more, *table.notes):
            console.print(note, markup=False)
    for sentence in (*report.sentences, *report.foot):
        console.print(sentence, markup=False)


def show_problems(problems: Sequence[Problem], *, command: str, ledger: str, as_json: bool) -> None:
    """Every problem: to people on standard error, once for each cause; to programs in the document."""
    if as_json:
        show(Report(facts={"problems": json.problem_rows(problems)}), command=command, ledger=ledger, as_json=True)
    for cause in by_cause(COMMAND_LINE.problems(problems)):
        problem = cause.first
        place, found = (_escape(discreet(text)) for text in (problem.where, problem.found))
        messages().print(f"[bold]{place}[/bold]: {found}", highlight=False)
        if cause.more:
            messages().print(f"    {_escape(discreet(cause.more))}", highlight=False)
        messages().print(f"    {_escape(discreet(f'{problem.why} {problem.fix}'))}".rstrip(), highlight=False)


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """A progress bar on standard error; yields a function (step, done, of)."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415 - as said

    shown = (
        TextColumn("{task.description:<34}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*shown, console=messages(), transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda step, done, of: bar.update(task, description=step, completed=done, total=of)


def _parts(table: Table, width: int) -> list[Table]:
    """A table that is too wide in several below one another, each of which begins with the first column.

    Otherwise the names would be folded away to make room for the figures, which are never cut.
    """
    parts: list[list[int]] = [[]]
    left = width
    for place in range(len(table.columns)):
        need = _least_width(table, place) + _BETWEEN
        if need > left and parts[-1] and place > 1:
            parts.append([0])
            left = width - _least_width(table, 0) - _BETWEEN
        parts[-1].append(place)
        left -= need
    if len(parts) == 1:
        return [table]
    return [
        replace(
            table,
            columns=[table.columns[place] for place in part],
            rows=[tuple(row[place] for place in part) for row in table.rows],
        )
        for part in parts
    ]


def _least_width(table: Table, place: int) -> int:
    """How many characters a column needs: a figure all of its own, words as many as they can be folded to."""
    column = table.columns[place]
    longest = max((len(_text(column, row[place])) for row in table.rows), default=0)
    if column.kind in NUMBERS:
        return max(longest, *(len(line) for line in _in_lines(column.heading, _NARROW_HEADING).split("\n")))
    return min(max(longest, len(column.heading)), _NARROWEST_WORDS)


def _drawn(table: Table) -> "Drawn":
    """Money in pounds and pence with the unit in the header, numbers to the right."""
    from rich import box  # noqa: PLC0415 - as said
    from rich.table import Table as Drawn  # noqa: PLC0415 - as said

    drawn = Drawn(box=box.SIMPLE_HEAD, show_edge=False)
    figures = [column for column in table.columns if column.kind in NUMBERS]
    widest = _WIDE_HEADING if len(figures) < _MANY else _NARROW_HEADING
    for column in table.columns:
        # A figure is never cut in two; headings and names give way.
        is_number = column.kind in NUMBERS
        drawn.add_column(
            _escape(_in_lines(column.heading, widest) if is_number else column.heading),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number,
        )
    for place, row in enumerate(table.rows, 1):
        is_whole = table.has_total and place == len(table.rows)
        cells = (_escape(_text(column, cell)) for column, cell in zip(table.columns, row, strict=True))
        drawn.add_row(*cells, style="bold" if is_whole else None)
    return drawn


def _in_lines(heading: str, widest: int) -> str:
    """A heading over several lines, the unit on its own."""
    words, bracket, unit = heading.partition(" (£")
    return "\n".join([*wrap(words, widest), *([f"(£{unit}"] if bracket else [])])


def _text(column: Column, cell: Cell) -> str:
    value = plain(cell)
    return str(value) if isinstance(value, date) else column.text(cell)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")
