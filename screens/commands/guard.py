"""What every command shares: how it opens a ledger to read, and how a refusal becomes sentences and a status."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import wraps
from typing import ParamSpec

import typer

from allocations.fair_shares import UnknownWeighting
from ledger.address import Address
from ledger.errors import UNAVAILABLE, Refused
from ledger.position import Moment, moment
from ledger.store import Reader, Store
from screens import terminal
from screens.arguments import PERSON
from screens.terminal import Answer, show

REFUSED, UNREACHABLE = 1, 3
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
            try:
                command(*args, **given)
            except Refused as refused:
                terminal.show_problems(refused.problems, command=name, ledger=ledger, as_json=as_json)
                raise typer.Exit(REFUSED) from None
            except UNAVAILABLE as error:
                terminal.messages.print(str(error), markup=False, highlight=False)
                if as_json:
                    show(Answer(name, ledger, [], extra={"unreachable": str(error)}), as_json=True)
                raise typer.Exit(UNREACHABLE) from None
            except UnknownWeighting as error:
                raise typer.BadParameter(str(error), param_hint="--by") from None

        return run

    return around


@contextmanager
def reading(
    ledger: Address, as_at: date | None = None, known_at: datetime | None = None, *, person: str | None = None
) -> Iterator[tuple[Reader, Moment]]:
    """A ledger opened to read, and the point on both clocks that is asked for.

    Args:
        person: for whom it is read, where rights count.
    """
    with Store.open(ledger, read_only=True, person=person or os.environ.get(PERSON)) as store, store.read() as reader:
        yield reader, moment(reader, as_at, known_at)
