"""A ledger that many share: a database on a PostgreSQL server, which is the system of record.

Questions are asked of DuckDB, in the mirror that every opening of the ledger has of its own. Entries are handed to
the server's one door (``server_posting``), which checks and writes them itself. Only a copy of a whole ledger is
written from here, by the owner of the tables.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa

from ledger.entries.canonical import GENESIS
from ledger.errors import (
    LedgerError,
    LedgerHeld,
    LedgerMissing,
    LedgerUnreachable,
    NeedsMigration,
    NotALedger,
    Problem,
    Refused,
)
from ledger.store import migrations, unpublished
from ledger.store.address import ServerAddress
from ledger.store.base import Store
from ledger.store.reading import Cursor, Reader, Writer, contradiction
from ledger.store.server.mirror import Mirror, let_go, send
from ledger.store.server.shown import Private, Shown

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import SQLModel

    from ledger.store.server.posting import ServerDoor

_SECONDS_TO_CONNECT = 10
# A writer that died with its machine, or that was stopped in the middle, must not keep the others out for long.
_SESSION = (
    "SET timezone = 'UTC'",
    "SET lock_timeout = '60s'",
    "SET idle_in_transaction_session_timeout = '10min'",
    "SET tcp_keepalives_idle = 30",
)
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# So that two who make the ledger at once do not meet in the middle: any number that everyone uses.
_MAKING = 7_205_759
_NAMED = re.compile(r"\$(\w+)")
# The schema of the ledger before all others, and nothing that a session made before it.
_OWN_NAMES = """
SELECT set_config('search_path', quote_ident(n.nspname) || ', pg_temp', false)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass('seal') AND c.relpersistence <> 't'
"""


class _Pouring(Writer):
    """The writer of a copy, by the owner: rows go to the server as they come, and into a mirror of its own."""

    def __init__(self, cursor: Cursor, server: psycopg.Connection) -> None:
        super().__init__(cursor)
        self._server = server

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Carry out a statement on both."""
        super().execute(sql, parameters)
        with _taken_by("of the books"):
            self._server.execute(_NAMED.sub(r"%(\1)s", sql), parameters)

    def append(self, model: "type[SQLModel]", table: pa.Table) -> None:
        """Add all rows of an Arrow table to a table of the books, on both."""
        super().append(model, table)
        with _taken_by(str(model.__tablename__)):
            send(self._server, str(model.__tablename__), table)


@contextmanager
def _taken_by(table: str) -> Iterator[None]:
    """Say in a sentence that the server itself would not take a row."""
    try:
        yield
    except psycopg.errors.IntegrityError as error:
        raise Refused([contradiction(table, _told(error))]) from None


class ServerStore(Store):
    """A ledger on a server, open."""

    path: ServerAddress

    def __init__(
        self, address: ServerAddress, connection: psycopg.Connection, *, read_only: bool, afresh: bool = False
    ) -> None:
        self.path = address
        self.read_only = read_only
        self._mirror = Mirror(afresh=afresh)
        self._private = Private(self._mirror, connection)
        self._read_connection = connection
        self._door: ServerDoor | None = None

    @property
    def door(self) -> "ServerDoor":
        """The one way in, which the server keeps.

        Raises:
            LedgerHeld: the ledger was opened to read only.
        """
        if self.read_only:
            raise LedgerHeld(self.path, "this program, which opened it to read only")
        if self._door is None:
            # To post takes the tables and every rule, which take longer to load than most questions.
            from ledger.store.server.posting import ServerDoor  # noqa: PLC0415 - as said

            self._door = ServerDoor(
                lambda: _connect(self.path, autocommit=True), lambda: spoken_to(self.path), self.read, self._imagined
            )
        return self._door

    @contextmanager
    def read(self, person: str | None = None) -> Iterator[Reader]:
        """A reader of the last committed state, with the proposals that a person may see.

        Raises:
            Refused: the login would read in another's name, and is no app.
        """
        with self._mirror.lock:
            shown = self._follow(self.person if person is None else person)
            cursor = self._mirror.cursor()
            cursor.execute("BEGIN")
            # DuckDB takes its snapshot at the first question, and it must be this state.
            cursor.execute("SELECT entries FROM seal").fetchall()
            is_from_kept = self._mirror.is_from_kept
        try:
            reader = shown.before(cursor)
            reader.is_from_kept = is_from_kept
            yield reader
        finally:
            cursor.close()
        self._mirror.keep()

    @contextmanager
    def read_afresh(self, person: str | None = None) -> Iterator[Reader]:
        """A reader of what the server holds, every row of it fetched anew; what earlier programs kept is replaced."""
        with spoken_to(self.path):
            connection = _connect(self.path, autocommit=True)
        with (
            ServerStore(self.path, connection, read_only=True, afresh=True) as store,
            store.read(self.person if person is None else person) as reader,
        ):
            yield reader

    @contextmanager
    def write(self, person: str | None = None) -> Iterator[Writer]:
        """The writer of a copy of a whole ledger, in one transaction: the owner's, for entries go through the door.

        Raises:
            LedgerUnreachable: the server went away, or does not let this user write to the tables.
            Refused: the server itself would not take the rows.
        """
        if self.read_only:
            raise LedgerHeld(self.path, "this program, which opened it to read only")
        with spoken_to(self.path):
            server = _connect(self.path, autocommit=False)
        try:
            with spoken_to(self.path):
                server.execute("SELECT 1 FROM seal FOR UPDATE")
                with self._imagined_cursor(server, person) as cursor:
                    yield _Pouring(cursor, server)
                    server.commit()
        finally:
            server.close()

    def rehearse(self, person: str | None = None) -> AbstractContextManager[Writer]:
        """Nothing: what is only tried is handed to the door as well."""
        del person
        raise LedgerError("Entries of a server's ledger are tried by its door.")

    def engine(self) -> "Engine":
        """A SQLAlchemy engine on the server, for SQLModel."""
        # SQLAlchemy takes longer to load than most questions take, which need nothing of it.
        from sqlalchemy import create_engine  # noqa: PLC0415 - as said
        from sqlalchemy.pool import NullPool  # noqa: PLC0415 - as said

        return create_engine(
            "postgresql+psycopg://", creator=lambda: _connect(self.path, autocommit=False), poolclass=NullPool
        )

    def size_bytes(self) -> int:
        """How large the database is, with its indexes."""
        with self._mirror.lock, spoken_to(self.path):
            found = self._read_connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert found is not None
        return int(found[0])

    def catalogue_problems(self) -> list[Problem]:
        """Functions, triggers, policies, constraints, indexes and rights that are not as this program makes them."""
        # What there should be is known from the models and the rules, which take longer to load than most questions.
        from ledger.store.server import catalogue  # noqa: PLC0415 - as said

        with self._mirror.lock, spoken_to(self.path):
            return catalogue.problems(self._read_connection)

    def checkpoint(self) -> None:
        """Nothing: the server writes its own log and files."""

    def count_rows(self) -> None:
        """Let the server count its rows anew: until it does by itself, it plans for the empty tables that it knew."""
        with spoken_to(self.path), _connect(self.path, autocommit=True) as server:
            server.execute("ANALYZE")

    def close(self) -> None:
        """Let go of the server and of the mirror."""
        self._read_connection.close()
        if self._door is not None:
            self._door.close()
        self._mirror.close()

    def _follow(self, person: str | None) -> Shown:
        """Bring the mirror up to date, on a new connection if the old one was lost; what a person is shown besides."""
        with spoken_to(self.path):
            try:
                return self._follow_snapshot(person)
            except psycopg.OperationalError:
                if not self._read_connection.closed:
                    raise
                self._read_connection = _connect(self.path, autocommit=True)
                return self._follow_snapshot(person)

    def _follow_snapshot(self, person: str | None) -> Shown:
        self._read_connection.execute(_SNAPSHOT)
        try:
            self._mirror.follow(self._read_connection)
            return self._private.shown_to(self._read_connection, person)
        finally:
            with suppress(psycopg.Error):
                self._read_connection.execute("COMMIT")

    @contextmanager
    def _imagined(self, server: psycopg.Connection, person: str | None) -> Iterator[Reader]:
        """A reader of what a transaction of the server would leave, which nobody else can see yet."""
        with self._imagined_cursor(server, person) as cursor:
            yield Reader(cursor)

    @contextmanager
    def _imagined_cursor(self, server: psycopg.Connection, person: str | None) -> Iterator[Cursor]:
        # The mirror itself only ever follows what is kept.
        self._follow(person)
        cursor = self._mirror.imagine(server)
        try:
            unpublished.lay(cursor, self._private.shown_inside(server, person, cursor).rows)
            yield cursor
        finally:
            let_go(cursor)


def create(address: ServerAddress) -> ServerStore:
    """Make the ledger's tables in a database that has none."""
    # To make or to alter tables takes them as models; to read and to follow them does not.
    from ledger.store.server import schema as server_schema  # noqa: PLC0415 - as said

    with spoken_to(address):
        connection = _connect(address, autocommit=False)
        with connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            # Whoever was quicker may be writing already, and must not be stopped by making the same anew.
            if not _has_seal(connection):
                schema = _home(connection)
                for statement in (*server_schema.tables(), *server_schema.statements(schema)):
                    connection.execute(statement)
                connection.execute(
                    "INSERT INTO seal (id, schema_version, entries, head, moved_pence) VALUES (1, %s, 0, %s, 0)",
                    (migrations.SCHEMA_VERSION, GENESIS),
                )
    return open_(address)


def open_(address: ServerAddress, *, read_only: bool = False) -> ServerStore:
    """Open an existing ledger; ``Store.open`` says what it raises."""
    connection, version = _opened(address)
    if version < migrations.SCHEMA_VERSION:
        connection.close()
        raise NeedsMigration(address, version, migrations.SCHEMA_VERSION)
    return ServerStore(address, connection, read_only=read_only)


def open_or_create(address: ServerAddress) -> ServerStore:
    """Open the ledger to write, making it first in a database that has none."""
    try:
        return open_(address)
    except LedgerMissing:
        return create(address)


def exists(address: ServerAddress) -> bool:
    """Whether the database has a ledger's seal."""
    with spoken_to(address), _connect(address, autocommit=True) as connection:
        return _has_seal(connection)


def migrate(address: ServerAddress, known: tuple[migrations.Migration, ...]) -> list[migrations.Migration]:
    """Carry out every migration that the ledger lacks, each in its own transaction; those that were carried out."""
    connection, _ = _opened(address)
    connection.close()
    done = []
    with spoken_to(address):
        connection = _connect(address, autocommit=False)
        try:
            while applied := _altered(connection, known):
                done.append(applied)
        finally:
            connection.close()
    return done


class _Alteration:
    """A change of the tables on a server, inside its transaction."""

    server = True

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str) -> None:
        self._connection.execute(sql)

    def whole(self, sql: str) -> int:
        found = self._connection.execute(sql).fetchone()
        assert found is not None
        return int(found[0])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join("%s" for _ in row)
        self._connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def _altered(connection: psycopg.Connection, known: tuple[migrations.Migration, ...]) -> migrations.Migration | None:
    from ledger.store.server import schema as server_schema  # noqa: PLC0415 - as in ``create``

    with connection.transaction():
        # Writers, and whoever else would migrate, wait here. The whole table is locked: whoever waited for its row
        # alone would hold a weak lock on it already, and a change of the table would wait for them in a circle.
        connection.execute("LOCK TABLE seal IN ACCESS EXCLUSIVE MODE")
        applied = migrations.apply_next(_Alteration(connection), known)
        # What the server holds by itself rests on every table of this program's version.
        if applied and applied.version >= migrations.MIGRATIONS[-1].version:
            for statement in server_schema.statements(_home(connection)):
                connection.execute(statement)
        return applied


def _opened(address: ServerAddress) -> tuple[psycopg.Connection, int]:
    with spoken_to(address):
        connection = _connect(address, autocommit=True)
        if not _has_seal(connection):
            connection.close()
            raise LedgerMissing(address)
        try:
            return connection, version_of(address, connection)
        except NotALedger:
            connection.close()
            raise


def version_of(address: ServerAddress, connection: psycopg.Connection) -> int:
    """The version of the tables that the seal says.

    Raises:
        NotALedger: it is a later one, or there is not one seal.
    """
    try:
        found = connection.execute("SELECT schema_version FROM seal").fetchall()
    except psycopg.errors.UndefinedColumn:
        found = []
    if len(found) != 1:
        raise NotALedger(address, f"its table 'seal' is not a ledger's: it has {len(found)} rows of one.")
    if found[0][0] is None:
        raise NotALedger(address, "its table 'seal' does not say of which version its tables are.")
    version = int(found[0][0])
    if version > migrations.SCHEMA_VERSION:
        known = migrations.SCHEMA_VERSION
        raise NotALedger(address, f"its schema is version {version}, and this program knows {known}.")
    return version


def _has_seal(connection: psycopg.Connection) -> bool:
    found = connection.execute("SELECT to_regclass('seal') IS NOT NULL").fetchone()
    return found == (True,)


def _home(connection: psycopg.Connection) -> str:
    """The schema in which the ledger is, or is to be, as the server quotes its name."""
    found = connection.execute("SELECT quote_ident(current_schema())").fetchone()
    assert found is not None
    return str(found[0])


def _connect(address: ServerAddress, *, autocommit: bool) -> psycopg.Connection:
    connection = psycopg.connect(address.url, connect_timeout=_SECONDS_TO_CONNECT, application_name="devolution")
    connection.autocommit = True
    for setting in _SESSION:
        connection.execute(setting)
    connection.execute(_OWN_NAMES)
    connection.autocommit = autocommit
    return connection


def _told(error: psycopg.Error) -> str:
    """What the server said of a row: its first sentence and its detail, which name the row."""
    parts = (error.diag.message_primary, error.diag.message_detail)
    return " ".join(part for part in parts if part)


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
