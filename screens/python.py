"""The Python interface: a ledger opened to read, and a method for each question that the command line answers too.

    >>> from devolution import Ledger
    >>> with Ledger.open("ledger.duckdb") as ledger:
    ...     held = ledger.position("tier", "standing", year="2025/26").to_pandas()

Every method answers with a ``Report``: the same that the command of its name prints, which asks here too. ``to_arrow``
and ``to_pandas`` give its rows: money in whole pence as 64-bit integers, in columns that end in ``_pence``; shares as
fractions of one; null where something is not known or not defined. Whatever reads Arrow takes a report as it takes a
table, as ``polars.DataFrame(report)`` or ``pyarrow.table(report)``. ``title`` and ``sentences`` say in words what the
figures hold, ``facts`` has what stands beside the rows, and ``at`` the day, the moment and the head of the chain that
it is all for. A notebook shows a report as its words and rows.

What is not recorded gives no rows: of a year or a day for which nothing stands in the books a method answers with none,
and ``sentences`` says so; a measure of nothing is null, never zero. Figures that are shipped, as the people that shares
rest on, are refused where they are not there, or ``sentences`` says which stand in for them.

A year is given as ``"2025/26"`` or as the calendar year in which it starts, a day as a ``date`` or ``"2025-06-30"``, a
moment as a ``datetime`` or ``"2025-06-30T12:00"`` (UTC unless it says otherwise), a file by its path.

What goes wrong is a ``LedgerError``, or a ``ValueError`` where an argument cannot be read. Both say what to do.
``Refused`` is the ``LedgerError`` of what was asked for and is not there, or has faults: ``problems`` lists them, each
with ``where``, ``found``, ``why`` and ``fix``. ``from devolution import LedgerError, Refused`` gives both names.

The names here are kept: one is taken away or given another meaning only with a new first number of the version.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from ledger.errors import LedgerError, Refused
from screens.asked.what_if import AskedLedger
from screens.report.wording import PYTHON

__all__ = ["Ledger", "LedgerError", "Refused"]

Kind = TypeVar("Kind", bound=type)


def _in_words_of_python(asked: type) -> Callable[[Kind], Kind]:
    """Give a class the methods of another, with what they refuse in the words of whoever asks in Python."""

    def with_methods(kind: Kind) -> Kind:
        members = {name: member for each in reversed(asked.__mro__[:-1]) for name, member in vars(each).items()}
        for name, member in members.items():
            if name.startswith("_"):
                continue
            if isinstance(member, classmethod | staticmethod):
                setattr(kind, name, type(member)(_spoken(member.__func__)))
            elif callable(member):
                setattr(kind, name, _spoken(member))
        return kind

    return with_methods


def _spoken(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def ask(*args: Any, **given: Any) -> Any:
        try:
            return method(*args, **given)
        except LedgerError as error:
            if isinstance(error, Refused):
                error.problems = tuple(PYTHON.problems(error.problems))
                error.args = ("\n".join(str(problem) for problem in error.problems),)
            else:
                error.args = (PYTHON.text(error),)
            # What was refused is for whoever asked, and how it was found out is not.
            raise error.with_traceback(None) from None

    return ask


@_in_words_of_python(AskedLedger)
class Ledger(AskedLedger):
    """A ledger, open to read. It is closed by ``close``, or at the end of a ``with``.

    Attributes:
        address: where it is kept: a file's path, or a server's address, which prints without its secrets.
    """
