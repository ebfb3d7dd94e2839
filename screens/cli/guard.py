"""What every command shares: how it opens a ledger to read, and how a refusal becomes sentences and a status."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import typer

from allocations.shares.need import UnknownWeighting
from ledger.errors import UNAVAILABLE, Problem, Refused
from ledger.reports.position import Moment, moment
from ledger.store.address import Address, discreet
from ledger.store.base import Reader, Store
from screens.cli.options import PERSON
from screens.report import terminal
from screens.report.terminal import Answer, show
from screens.report.wording import COMMAND_LINE

REFUSED, UNREACHABLE = 1, 3
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
Parameters = ParamSpec("Parameters")


def guarded(name: str) -> Callable[[Callable[Parameters, None]], Callable[Parameters, None]]:
    """Turn what the house refuses into sentences and an exit status.

    Args:
        name: the command as it is typed, which the JSON document names too.
    """

    def around(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
        @wraps(command)
        def run(*args: Parameters.args, **given: Parameters.kwargs) -> None:
            ledger, as_json = str(given.get("ledger", "")), bool(given.get("as_json"))
            _refuse_what_is_no_text(given)
            try:
                command(*args, **given)
            except Refused as refused:
                terminal.show_problems(refused.problems, command=name, ledger=ledger, as_json=as_json)
                raise typer.Exit(REFUSED) from None
            except UNAVAILABLE as error:
                told = COMMAND_LINE.text(error)
                terminal.messages.print(discreet(told), markup=False, highlight=False)
                if as_json:
                    show(Answer(name, ledger, [], extra={"unreachable": told}), as_json=True)
                raise typer.Exit(UNREACHABLE) from None
            except OSError as error:
                terminal.show_problems([_of_the_machine(error)], command=name, ledger=ledger, as_json=as_json)
                raise typer.Exit(REFUSED) from None
            except UnknownWeighting as error:
                raise typer.BadParameter(str(error), param_hint="--by") from None

        return run

    return around


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


@contextmanager
def reading(
    ledger: Address, as_at: date | None = None, known_at: datetime | None = None, *, person: str | None = None
) -> Iterator[tuple[Reader, Moment]]:
    """A ledger opened to read, and the point on both clocks that is asked for.

    Args:
        person: for whom it is read, where rights count.
    """
    with opened(ledger, person) as store, store.read() as reader:
        yield reader, moment(reader, as_at, known_at)
