"""The commands that ask what if, of a scenario or of a bidding pot. They read the books and cannot write them."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.errors import Refused
from ledger.readings import RECORDED
from scenarios import outcome as outcomes
from scenarios import saved
from scenarios.bids.pot import MOST_DRAWS
from scenarios.files.scenario import read_scenario
from scenarios.ranges import DRAWS
from screens.asked.what_if import AskedLedger
from screens.cli.guard import asked, guarded
from screens.cli.lazy import Lazy, group_of
from screens.cli.options import DEFAULT_LEDGER, Ledger, OwnReading, own_reading, scenario_names
from screens.report.report import Report, listed
from screens.report.wording import COMMAND_LINE

# What writes files, and what prepares entries, takes libraries that the others have no use for.
group = typer.Typer(
    cls=group_of(
        {
            "pack": Lazy("exports:pack"),
            "adopt": Lazy("adoption:adopt"),
            "solve": Lazy("ways:solve"),
            "seek": Lazy("ways:seek"),
        }
    ),
    help="What if: run, compare and check scenarios. The books stay as they are.",
    no_args_is_help=True,
)
File = Annotated[
    str,
    typer.Argument(
        help="A scenario by name (of the library, or saved), or a file of your own.", autocompletion=scenario_names
    ),
]


@group.command("list")
@guarded("scenario list")
def list_library(ledger: Ledger = DEFAULT_LEDGER) -> Report:
    """The scenarios that the project ships and those saved beside the ledger, each with its question."""
    known = [
        *((name, "library", path) for name, path in outcomes.library().items()),
        *((name, "saved", version.path) for name, version in saved.saved(ledger).items()),
    ]
    rows = [{"name": name, "kept": kept, **_title_and_question(path)} for name, kept, path in known]
    after = ["Run one with 'devolution scenario run NAME'; each is a file to copy and change."]
    return Report([listed(rows)], sentences=after, source="")


def _title_and_question(path: Path) -> dict[str, str]:
    """A scenario's title and question; one broken file does not hide the others."""
    try:
        scenario = read_scenario(path).scenario
    except Refused as refused:
        return {"title": "cannot be read", "question": str(refused.problems[0].told(COMMAND_LINE))}
    return {"title": scenario.title, "question": scenario.question}


@group.command("run")
@guarded("scenario run")
def run(
    files: Annotated[
        list[str] | None,
        typer.Argument(help="One scenario or several, by name or file.", autocompletion=scenario_names),
    ] = None,
    library: Annotated[bool, typer.Option("--library", help="Run every scenario of the library.")] = False,
    ranges: Annotated[bool, typer.Option("--ranges", help="Between which values it lies, and what drives it.")] = False,
    draws: Annotated[int, typer.Option(help="How often to draw, with --ranges.", min=20, max=MOST_DRAWS)] = DRAWS,
    as_read: OwnReading = None,
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Run a scenario: the new position, every measure before and after, who gains and loses, and why."""
    names = list(dict.fromkeys([*(outcomes.library() if library else ()), *(files or ())]))
    if not names:
        raise typer.BadParameter("name a scenario or a file, or give --library.")
    if ranges and len(names) > 1:
        raise typer.BadParameter("ranges are told of one scenario at a time.", param_hint="--ranges")
    with asked(ledger) as books:
        return books.scenario(*names, ranges=ranges, draws=draws, reading=own_reading(as_read) or RECORDED)


@group.command("compare")
@guarded("scenario compare")
def compare(
    files: Annotated[
        list[str], typer.Argument(help="Two or more scenarios, by name or file.", autocompletion=scenario_names)
    ],
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Put scenarios side by side: the same propositions, amounts and measures, and how far apart they end."""
    with asked(ledger) as books:
        return books.compare_scenarios(*files)


@group.command("check")
@guarded("scenario check")
def check(
    file: File,
    result: Annotated[Path, typer.Argument(help="What 'scenario run --json' gave before.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
) -> Report:
    """Run a scenario again and say whether an old result still matches, or what differs. Exit with 1 if it does."""
    with asked(ledger) as books:
        return books.check_scenario(file, result)


@guarded("bids")
def bids(
    file: Annotated[Path, typer.Argument(help="A bidding pot, as YAML.", dir_okay=False)],
    draws: Annotated[int | None, typer.Option(help="How often to draw.", min=1, max=MOST_DRAWS)] = None,
) -> Report:
    """Simulate a bidding pot, beside the same money by formula: costs, winners, fairness, time, break-even."""
    return AskedLedger.bids(file, draws=draws)
