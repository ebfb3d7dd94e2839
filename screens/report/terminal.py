"""What the command line shows: tables for people, one JSON document for programs, progress on the side."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from ledger.errors import Problem
from ledger.money import exact_pounds, millions, spoken
from ledger.reports.position import Moment
from ledger.reports.summary import TOTAL, Picture, matrix_with_totals, percent
from ledger.store.address import discreet
from ledger.years import FinancialYear
from screens.report.wording import COMMAND_LINE

messages = Console(stderr=True, soft_wrap=True)


@dataclass
class Answer:
    """A command's answer, for either reader.

    Attributes:
        rows: one object per row, money in whole pence under names that end in ``_pence``.
        title: a sentence above the table.
        after: sentences below it.
    """

    command: str
    ledger: str
    rows: Sequence[Mapping[str, Any]]
    at: Moment | None = None
    title: str = ""
    after: Sequence[str] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer on standard output."""
    if as_json:
        print(discreet(one_document(answer)))  # noqa: T201
        return
    console = _console()
    if answer.title:
        console.print(answer.title, markup=False)
    if answer.rows:
        console.print(rows_table(answer.rows))
    for sentence in answer.after:
        console.print(sentence, markup=False)


def one_document(answer: Answer) -> str:
    """An answer as the one JSON document that ``--json`` prints."""
    return json.dumps(document(answer), default=_plain, ensure_ascii=False)


def document(answer: Answer) -> dict[str, Any]:
    """The JSON document of an answer: the same envelope for every command."""
    at = answer.at
    return {
        "command": answer.command,
        "ledger": answer.ledger,
        "as_at": None if at is None else at.as_at,
        "known_at": None if at is None else at.known_at,
        "head": None if at is None else at.head,
        "illustrative": None if at is None else at.illustrative,
        **answer.extra,
        "rows": [dict(row) for row in answer.rows],
    }


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Problems as programs get them: under the names that the command line has always given them."""
    return [
        {"place": one.where, "found": one.found, "why": one.why, "remedy": one.fix}
        for one in COMMAND_LINE.problems(problems)
    ]


def show_problems(problems: Sequence[Problem], *, command: str, ledger: str, as_json: bool) -> None:
    """Every problem: to people on standard error, to programs in the document."""
    if as_json:
        show(Answer(command, ledger, [], extra={"problems": problem_rows(problems)}), as_json=True)
    for problem in COMMAND_LINE.problems(problems):
        place, found = (_escape(discreet(text)) for text in (problem.where, problem.found))
        messages.print(f"[bold]{place}[/bold]: {found}", highlight=False)
        messages.print(f"    {_escape(discreet(f'{problem.why} {problem.fix}'))}".rstrip(), highlight=False)


def rows_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows as a table: money in pounds and pence with the unit in the header, numbers to the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False)
    for name in rows[0]:
        numeric = name.endswith("_pence") or isinstance(rows[0][name], int | float | Fraction | Decimal)
        # A figure is never cut in two; names give way.
        table.add_column(
            heading(name), justify="right" if numeric else "left", overflow="fold", no_wrap=name.endswith("_pence")
        )
    for row in rows:
        table.add_row(*(_escape(cell(name, value)) for name, value in row.items()))
    return table


def show_picture(picture: Picture, *, ledger: str, new_entries: int) -> None:
    """The demo's table, as a finance lead would read it, and what to do next."""
    console = _console()
    grades, rows = matrix_with_totals(picture)
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        title="Where the money is decided, and how free it is (£ million)",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("Decided at")
    for grade in grades:
        table.add_column(_GRADE_HEADINGS.get(grade, grade.capitalize()), justify="right")
    table.add_column("Total", justify="right")
    for name, amounts in rows:
        table.add_row(name, *(millions(pence) for pence in amounts), style="bold" if name == TOTAL else None)
    console.print(f"\n{picture.sentence}\n")
    console.print(table)
    facts = Table(box=None, show_header=False)
    if picture.largest:
        facts.add_row("Largest ICB", f"{picture.largest[0]}, {spoken(picture.largest[1])}")
    if picture.smallest_pot:
        name, fund, pence = picture.smallest_pot
        facts.add_row("Smallest pot of an ICB", f"{spoken(pence)}: {fund}, {name}")
    facts.add_row("Ring-fenced, soft included (illustrative)", percent(picture.ring_fenced.share))
    facts.add_row("Both local and free (illustrative)", percent(picture.local_and_free.share))
    console.print(facts)
    console.print(
        "\nPublished: the national limit and every ICB line (NHS England, 2025/26). Illustrative: how free each line "
        "is, the default places, and what ICBs devolve and keep. Sums may differ in the last digit shown."
    )
    done = f"{new_entries:,} entries posted" if new_entries else "Nothing to add: the ledger was built before"
    # Who came in through uv goes on through uv.
    front_door = "uv run devolution" if "UV" in os.environ else "devolution"
    console.print(f"{done}. Now look around:  {front_door} app --ledger {ledger}")


@contextmanager
def progress(title: str) -> Iterator[Any]:
    """A progress bar on standard error; yields a function (step, done, of)."""
    columns = (
        TextColumn("{task.description:<34}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=messages, transient=not sys.stderr.isatty()) as bar:
        task = bar.add_task(title, total=None)
        yield lambda step, done, of: bar.update(task, description=step, completed=done, total=of)


_GRADE_HEADINGS = {
    "none": "No ring-fence",
    "monitored": "Monitored",
    "soft": "Soft",
    "hard": "Hard",
    "statutory": "Statutory",
    "not graded": "Not graded",
}


def _console() -> Console:
    # A pipe has no width of its own: never cut a figure to fit eighty columns.
    return Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else 160)


def heading(name: str) -> str:
    """A column's name as people read it, with its unit."""
    if name.endswith("_pence"):
        return f"{name.removesuffix('_pence').replace('_', ' ').capitalize()} (£)"
    return name.replace("_", " ").capitalize()


def cell(name: str, value: Any) -> str:
    """A value of a column as people read it."""
    if name.endswith("_pence"):
        return "not available" if value is None else exact_pounds(value)
    if value is None:
        return ""
    if name == "year":
        return str(FinancialYear(value))
    if isinstance(value, Decimal | Fraction | float):
        return f"{value:,f}" if isinstance(value, Decimal) else f"{float(value):,.6g}"
    if isinstance(value, int) and not isinstance(value, bool) and name != "entry":
        return f"{value:,}"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, Decimal):
        return f"{value:f}"  # as text, for a reader's floats would not hold it exactly
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
