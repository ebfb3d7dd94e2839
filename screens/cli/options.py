"""What the command line takes: options that commands share, how each is read, and how a shell completes them."""

import csv
import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from ledger.money import parse_pounds
from ledger.readings import RECORDED, GradeReading, named
from ledger.reports import measures, position
from ledger.store.address import Address, parse
from ledger.years import FinancialYear, parse_year
from screens.asked.given import moment_of
from screens.report.wording import PERSON

DEFAULT_LEDGER = Path("ledger.duckdb")
_DAY = "2025-06-30"
_ROOT = Path(__file__).parents[2]
_ORGANISATIONS = _ROOT / "allocations" / "figures" / "reference" / "organisations.csv"
_LIBRARY = _ROOT / "scenarios" / "library"


# Nothing is loaded to complete a name beyond these lists: a shell asks at every key.
def icb_codes(incomplete: str) -> list[tuple[str, str]]:
    """Codes of ICBs, each with its name; by the beginning of either."""
    with _ORGANISATIONS.open(encoding="utf-8", newline="") as file:
        return _that_begin(
            ((row["code"], row["name"]) for row in csv.DictReader(file) if row["tier"] == "icb"), incomplete
        )


def scenario_names(incomplete: str) -> list[tuple[str, str]]:
    """Names of the scenarios of the library, each with its title."""
    named = ((path.stem, _title(path)) for path in sorted(_LIBRARY.glob("*.yaml")))
    return _that_begin(named, incomplete)


def _title(scenario: Path) -> str:
    """The title of a scenario, with its assumptions put in, read without loading what reads scenarios."""
    text = scenario.read_text(encoding="utf-8")
    title = next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("title:")), "")
    assumed = dict(re.findall(r"- name: (\w+)\n +value: (.+)", text))
    return re.sub(r"\$(\w+)", lambda named: assumed.get(named[1], named[0]), title)


def _that_begin(offered: Iterable[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    """Those whose code, or name without what all names begin with, begins with what was typed."""
    typed = incomplete.casefold()
    return [
        (code, name)
        for code, name in offered
        if code.casefold().startswith(typed) or name.removeprefix("NHS ").casefold().startswith(typed)
    ]


def ledger_path(text: str | Address) -> Address:
    """Where the ledger is kept: a file, or a database on a server."""
    if not isinstance(text, str):
        return text
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def columns(text: str) -> list[str]:
    """Names divided by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def levels(text: str) -> list[str]:
    """Places, networks or both, each once."""
    known = ["place", "pcn"]
    found = list(dict.fromkeys(columns(text)))
    if not found or any(name not in known for name in found):
        raise typer.BadParameter(f"choose {', '.join(known)} or both with a comma", param_hint="--to")
    return found


# Typer reads a default through the same function as what is typed, so a value may arrive as itself.


def year(text: str | FinancialYear) -> FinancialYear:
    """A financial year."""
    if isinstance(text, FinancialYear):
        return text
    try:
        return parse_year(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


class YearsOfFile(NamedTuple):
    """Which years of a file to take: one, or with none every year that is whole."""

    one: FinancialYear | None


def years_of_file(text: str | YearsOfFile) -> YearsOfFile:
    """A financial year, or ``all``."""
    if isinstance(text, YearsOfFile):
        return text
    return YearsOfFile(None if text.strip().casefold() == "all" else year(text))


def day(text: str) -> date:
    """A day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day. Write it as {_DAY}.") from None


def instant(text: str) -> datetime:
    """A moment; a bare day means the end of that day, and a time without a zone is UTC."""
    try:
        return moment_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def pence(text: str | int) -> int:
    """An amount of money, in pence."""
    if isinstance(text, int):
        return text
    try:
        return parse_pounds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def scope(text: str) -> str:
    """A scope of measures."""
    if text not in measures.SCOPES:
        raise typer.BadParameter(f"choose {' or '.join(measures.SCOPES)}")
    return text


def own_reading(text: str | None) -> GradeReading | None:
    """A reading of one's own from a file, where one is given.

    Raises:
        Refused: the file has faults.
    """
    if text is None:
        return None
    if text in named():
        raise typer.BadParameter(
            "every range has the shipped readings; name a file of your own", param_hint="--reading"
        )
    return grade_reading(text)


def grade_reading(text: str) -> GradeReading:
    """How grades are read: a shipped reading by its name, or one's own from a file.

    Raises:
        Refused: the file has faults.
    """
    shipped = named()
    if text in shipped:
        return shipped[text]
    if Path(text).suffix.casefold() not in (".yaml", ".yml"):
        raise typer.BadParameter(
            f"choose {', '.join(shipped)}, or name a file of your own (.yaml)", param_hint="--reading"
        )
    # What reads files is loaded for those who give one.
    from allocations.files.own_reading import read_own  # noqa: PLC0415 - as said

    return read_own(Path(text))


_positions, _flows = ", ".join(position.POSITION_COLUMNS), ", ".join(position.FLOW_COLUMNS)
# Typer knows no unions; what it gives is what the parser made.
if TYPE_CHECKING:
    AnyLedger = Address
else:
    AnyLedger = Path
# Who shares an amount.
Level = Literal["place", "pcn", "practice"]
# Which of an organisation's money.
Standing = Literal["available", "retained"]
Ledger = Annotated[
    AnyLedger,
    typer.Option("--ledger", help="The ledger: a file, or postgresql://user@host/database.", parser=ledger_path),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output; money in whole pence.")]
Organisation = Annotated[
    str | None,
    typer.Option(
        "--organisation", help="Only this organisation and those below it, by code.", autocompletion=icb_codes
    ),
]
AsAt = Annotated[
    date | None, typer.Option("--as-at", help=f"The last day that counts, as {_DAY}; today otherwise.", parser=day)
]
KnownAt = Annotated[
    datetime | None,
    typer.Option("--known-at", help=f"As known then (UTC): {_DAY} or {_DAY}T12:00; now otherwise.", parser=instant),
]
AsIs = Annotated[
    date | None,
    typer.Option(
        "--as-is", help="Restate to the boundaries of this day, as 2026-04-01; as it was otherwise.", parser=day
    ),
]
Figures = Annotated[
    Path | None,
    typer.Option(
        "--figures",
        help="A published practice file with the people to share by; the shipped 2025/26 otherwise.",
        dir_okay=False,
    ),
]
AsRead = Annotated[
    str,
    typer.Option(
        "--reading",
        help=f"How the grades of ring-fences are read: {', '.join(named())}, or a file of your own (.yaml).",
    ),
]
AS_RECORDED = RECORDED.name
OwnReading = Annotated[
    str | None,
    typer.Option(
        "--reading",
        help="A reading of grades of your own (.yaml): ranges are over it too, beside the shipped ones.",
    ),
]
Year = Annotated[FinancialYear | None, typer.Option("--year", help="A financial year, as 2025/26.", parser=year)]
PositionColumns = Annotated[str | None, typer.Option("--by", help=f"Columns to sum by, from: {_positions}.")]
FlowColumns = Annotated[str, typer.Option("--by", help=f"Columns to sum by, from: {_flows}.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", help="Also write it to a file: .xlsx of all tables, .csv of the first.", dir_okay=False),
]
Actor = Annotated[
    str, typer.Option("--actor", envvar=PERSON, help="Who posts it, as the sign-in or the server names them.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Go through it and keep nothing.")]
Why = Annotated[str, typer.Option("--reason", help="Why it is posted: recorded after what the file brings.")]
As = Annotated[
    str | None,
    typer.Option("--as", envvar=PERSON, help="For whom it is shown: a name of the sign-in or the server."),
]
EntryDay = Annotated[
    date | None,
    typer.Option("--date", help=f"When it counts, as {_DAY}; else today if in the year, or its first day.", parser=day),
]
