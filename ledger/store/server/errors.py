"""What a server's driver says when something fails, turned into sentences that hold no secret."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from ledger.errors import LedgerUnreachable
from ledger.store.address import ServerAddress

# What a server may say when it lets nobody in, in the driver's words, and what it means to the reader.
_UNREACHABLE: tuple[tuple[str, str, str], ...] = (
    ("password authentication failed", "the server does not accept this user and password.", "Check both."),
    ("no password supplied", "the server asks for a password.", "Give it in PGPASSWORD or in the password file."),
    ("no pg_hba.conf entry", "the server lets nobody in from this machine.", "Ask its administrator."),
    ("database", "there is no such database on the server.", "Ask its administrator to make it, or correct the name."),
    ("role", "the server does not know this user.", "Ask its administrator to make it, or correct the name."),
    ("too many", "the server has no connection left.", "Try again in a while."),
    ("starting up", "the server is starting.", "Try again in a while."),
)


def _unreachable(address: ServerAddress, error: psycopg.Error) -> LedgerUnreachable:
    told = str(error)
    if isinstance(error, psycopg.errors.LockNotAvailable):
        sentence = "another writer has kept it for more than a minute."
        return LedgerUnreachable(address, sentence, "Try again when it has finished.")
    if isinstance(error, (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)):
        sentence = "another writer changed it at the same moment, and nothing of this was kept."
        return LedgerUnreachable(address, sentence, "Try again.")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        sentence = "the server does not allow this user to do that."
        return LedgerUnreachable(address, sentence, "Ask its administrator for the right, or use another user.")
    if error.sqlstate is None:
        for sign, found, remedy in _UNREACHABLE:
            if sign in told and ("does not exist" in told or sign not in ("database", "role")):
                return LedgerUnreachable(address, found, remedy)
    return LedgerUnreachable(
        address,
        "the server does not answer, or the connection was lost.",
        "Check that it runs and that this machine may reach it, then ask again: the same keys are never done twice.",
    )


@contextmanager
def spoken_to(address: ServerAddress) -> Iterator[None]:
    """Turn the driver's failures into sentences that hold no secret."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.InsufficientPrivilege) as error:
        raise _unreachable(address, error) from None
    except psycopg.ProgrammingError as error:
        if error.sqlstate is None:
            # The address itself could not be read. The driver's words would repeat it.
            raise LedgerUnreachable(
                address, "the address has a fault in it.", "Write postgresql://user@host/database."
            ) from None
        raise
