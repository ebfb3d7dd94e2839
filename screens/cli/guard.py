"""What every command shares: how it opens a ledger to read, and how a refusal becomes sentences and a status."""

import gc
import inspect
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import typer

from allocations.figures.weightings import UnknownWeighting
from ledger.errors import UNAVAILABLE, Problem, Refused
from ledger.reports.position import Moment, moment
from ledger.reports.register import as_on
from ledger.store.address import Address, discreet
from ledger.store.base import Reader, Store
from screens.asked.what_if import AskedLedger
from screens.cli.options import Json
from screens.report.render import terminal
from screens.report.report import Report
from screens.report.wording import COMMAND_LINE, PERSON

REFUSED, UNREACHABLE = 1, 3
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


def guarded(name: str) -> Callable[[Callable[..., Report | None]], Callable[..., None]]:
    """Render the report that a command answers with, and turn what the house refuses into sentences and a status.

    Every command so takes ``--json``; one that has to know declares it itself.

    Args:
        name: the command as it is typed, which the JSON document names too.
    """

    def around(command: Callable[..., Report | None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        knows = "as_json" in signature.parameters

        @wraps(command)
        def run(**given: Any) -> None:
            _collect_from_now_on()
            ledger, as_json = str(given.get("ledger", "")), bool(given.get("as_json"))
            if not knows:
                given.pop("as_json", None)
            _refuse_what_is_no_text(given)
            with _refusals(name, ledger, as_json=as_json):
                report = command(**given)
            if report is not None:
                terminal.show(report, command=name, ledger=ledger, as_json=as_json)
                if report.is_refused:
                    raise typer.Exit(REFUSED)

        if not knows:
            # As Typer reads what a command takes.
            option = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json)
            taken = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
            run.__signature__ = signature.replace(parameters=[*taken, option])  # type: ignore[attr-defined]
            run.__annotations__ = {**command.__annotations__, "as_json": Json}
        return run

    return around


def _collect_from_now_on() -> None:
    """Begin to collect garbage, where the front door put it off: what is loaded by now stays, and is passed by."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


@contextmanager
def _refusals(command: str, ledger: str, *, as_json: bool) -> Iterator[None]:
    try:
        yield
    except Refused as refused:
        terminal.show_problems(refused.problems, command=command, ledger=ledger, as_json=as_json)
        raise typer.Exit(REFUSED) from None
    except UNAVAILABLE as error:
        told = COMMAND_LINE.text(error)
        terminal.messages().print(discreet(told), markup=False, highlight=False)
        if as_json:
            terminal.show(Report(facts={"unreachable": told}), command=command, ledger=ledger, as_json=True)
        raise typer.Exit(UNREACHABLE) from None
    except OSError as error:
        terminal.show_problems([_of_the_machine(error)], command=command, ledger=ledger, as_json=as_json)
        raise typer.Exit(REFUSED) from None
    except UnknownWeighting as error:
        raise typer.BadParameter(str(error), param_hint="--by") from None


def _refuse_what_is_no_text(given: Mapping[str, object]) -> None:
    """Refuse what could neither be kept nor printed: bytes that are no UTF-8, and null characters."""
    for name, value in given.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, str | Path) and _NO_TEXT.search(str(one)):
                why = "it holds a null character, or bytes that are not text in UTF-8. Write it, or rename the file."
                raise typer.BadParameter(why, param_hint=name.replace("_", "-"))


def _of_the_machine(error: OSError) -> Problem:
    """What the machine said when a file could not be read or written: no room, no right, no such name."""
    named = f"'{error.filename}'" if error.filename else "a file"
    said = error.strerror or type(error).__name__
    why = "It could not be read or written, so nothing was done with it."
    return Problem(
        named, f"{said[:1].lower()}{said[1:]}.", why, "Check its name, your right to it and the room on the disk."
    )


def opened(ledger: Address, person: str | None = None) -> Store:
    """A ledger opened to read, for whoever is named or is at the terminal."""
    return Store.open(ledger, read_only=True, person=person or os.environ.get(PERSON))


def asked(ledger: Address) -> AskedLedger:
    """A ledger opened to read for whoever is at the terminal, by the methods that answer in Python too."""
    return AskedLedger.open(ledger)


def also_written(report: Report, out: Path | None) -> Report:
    """A report, written to a file too where one is named.

    Raises:
        Refused: the file cannot be written.
    """
    if out is None:
        return report
    from screens.report.files import answers  # noqa: PLC0415 - what writes workbooks takes libraries that others do not

    return answers.written(report, out)


def now_of(store: Store) -> Moment:
    """Where an open ledger stands now on both clocks."""
    with store.read() as reader:
        return moment(reader)


@contextmanager
def reading(
    ledger: Address,
    as_at: date | None = None,
    known_at: datetime | None = None,
    *,
    person: str | None = None,
    as_recorded: bool = False,
) -> Iterator[tuple[Reader, Moment]]:
    """A ledger opened to read, with names as they are on the day, and the point on both clocks that is asked for.

    Args:
        person: for whom it is read, where rights count.
        as_recorded: whether rows are wanted as they were recorded, for whoever hashes them or writes them out again.
    """
    with opened(ledger, person) as store, store.read() as reader:
        at = moment(reader, as_at, known_at)
        if not as_recorded:
            as_on(reader, at)
        yield reader, at
