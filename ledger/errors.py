"""What can go wrong, said so that the reader knows what to do next.

Two kinds, kept apart on purpose. A fault in somebody's data is a value, a ``Problem``: all of them are
gathered and shown at once, and nothing is posted. A fault in how the program is used or in its
surroundings is an exception, one small class for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from ledger.inputs import Action, Input, Words, first_field, worded
from ledger.store.address import Address


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in the data, and what to do about it.

    Its sentences name no option, command or page: they carry the marks of ``ledger.inputs``.

    Attributes:
        where: as exactly as can be said: ``budget.xlsx, sheet Plan, cell D14``, ``leg 3``, or a field that was given.
        found: what is there.
        why: why it matters.
        fix: what to do.
        about: what of a record or a leg it is about, by the name of its column; empty where that cannot be said.
    """

    where: str | Input
    found: str
    why: str
    fix: str
    about: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.where}: {self.found} {self.why} {self.fix}"

    @property
    def field(self) -> Input | None:
        """The field that it is about: where it stands, or else the first by which it is mended."""
        return self.where if isinstance(self.where, Input) else first_field(self.fix)

    def told(self, words: Words) -> "Problem":
        """The problem in the words of one front door."""
        where = words.label(self.where) if isinstance(self.where, Input) else worded(self.where, words)
        found, why, fix = (worded(text, words) for text in (self.found, self.why, self.fix))
        return replace(self, where=where, found=found, why=why, fix=fix)


class LedgerError(Exception):
    """The base of every failure that this house names."""


class Refused(LedgerError):
    """The data were refused and nothing was posted.

    Attributes:
        problems: every problem found, in the order of the data.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def refuse(where: str | Input, found: str, why: str, fix: str) -> NoReturn:
    """Refuse for one problem.

    Raises:
        Refused: always.
    """
    raise Refused([Problem(where, found, why, fix)])


def refuse_any(problems: Sequence[Problem]) -> None:
    """Refuse for all the problems that were gathered, if there are any.

    Raises:
        Refused: there are.
    """
    if problems:
        raise Refused(problems)


class KeyReused(Refused):
    """An idempotency key came back with other content."""


class AlreadyReversed(Refused):
    """The entry has been reversed before; a second reversal would undo it twice."""


class LedgerHeld(LedgerError):
    """Another process holds the ledger file."""

    def __init__(self, path: Address, holder: str) -> None:
        self.path = path
        self.holder = holder
        super().__init__(
            f"The ledger {path} is held by {holder}. Only one process at a time can write a ledger file. "
            "Close the app or wait for the other command to finish, then try again."
        )


class LedgerMissing(LedgerError):
    """There is no ledger where one was expected."""

    def __init__(self, path: Address) -> None:
        self.path = path
        super().__init__(
            f"There is no ledger at {path}. Make one from the published figures with "
            f"{Action.DEMO_AT.done(path)}, or name another {Input.LEDGER.given}."
        )


class LedgerUnreachable(LedgerError):
    """The server that keeps the ledger does not answer, lets us wait too long, or does not let us in.

    Never made from a driver's own message, which may repeat the address with its password.
    """

    def __init__(self, path: Address, found: str, remedy: str) -> None:
        self.path = path
        super().__init__(f"The ledger {path} cannot be reached: {found} {remedy}")


class LedgerFault(LedgerError):
    """The machine under an open ledger failed: no room on the disk, no right to the file, a damaged block.

    What was being written is not kept, and what was kept before stays.
    """

    def __init__(self, path: Address, found: str, remedy: str) -> None:
        self.path = path
        super().__init__(f"The ledger {path} could not be read or written: {found} Nothing was changed. {remedy}")


class NeedsMigration(LedgerError):
    """An earlier version of this program made the ledger, and its tables have changed since."""

    def __init__(self, path: Address, version: int, known: int) -> None:
        self.path = path
        super().__init__(
            f"The ledger {path} was made by an earlier version of this program: its schema is version {version}, and "
            f"this program's is {known}. Take a backup, then run {Action.MIGRATE_AT.done(path)}."
        )


class NotALedger(LedgerError):
    """Something is there, but it is not a ledger this version can read."""

    def __init__(self, path: Address, found: str) -> None:
        self.path = path
        super().__init__(
            f"{path} cannot be read as a ledger: {found} Name a ledger made by this program "
            f"{Input.LEDGER.given}, or upgrade the program if the ledger was made by a later one."
        )


UNAVAILABLE = (LedgerFault, LedgerHeld, LedgerMissing, LedgerUnreachable, NeedsMigration, NotALedger)
