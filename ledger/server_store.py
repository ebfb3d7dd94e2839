"""A ledger that many share: a database on a PostgreSQL server, which is the system of record.

Writers come one after another: each takes the seal's row first, so that what it checks cannot change under
it. Questions and checks are asked of DuckDB, in the mirror that every opening of the ledger has
of its own; what passes them is written to the server under its own keys, foreign keys and triggers, and
counts once the server has committed it.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg

from ledger import migrations, unpublished
from ledger.address import ServerAddress
from ledger.canonical import GENESIS
from ledger.errors import LedgerError, LedgerHeld, LedgerMissing, LedgerUnreachable, NeedsMigration, NotALedger, Refused
from ledger.mirror import APPENDED, Mirror, last_row, let_go, sealed_state, send
from ledger.reading import Cursor, Reader, Writer, contradiction
from ledger.server_private import Private, Shown
from ledger.store import Store

if TYPE_CHECKING:
    from sqlalchemy import Engine

_SECONDS_TO_CONNECT = 10
# A writer that died with its machine, or that was stopped in the middle, must not keep the others out for long.
_SESSION = (
    "SET timezone = 'UTC'",
    "SET lock_timeout = '60s'",
    "SET idle_in_transaction_session_timeout = '10min'",
    "SET tcp_keepalives_idle = 30",
)
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_ROWS_AT_ONCE = 100_000
# So that two who make the ledger at once do not meet in the middle: any number that everyone uses.
_MAKING = 7_205_759
_NEW_ROWS = re.compile(r"\s*(INSERT INTO|UPDATE seal)\b")


class _ServerWriter(Writer):
    """The writer on the mirror. Only new rows and the seal can be carried over to the server."""

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        if not _NEW_ROWS.match(sql):
            raise LedgerError("Rows of the books are only ever added.")
        super().execute(sql, parameters)


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
        self._writing = threading.Lock()
        self._write_connection: psycopg.Connection | None = None
        self._read_connection = connection

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
        with _spoken_to(self.path):
            connection = _connect(self.path, autocommit=True)
        with (
            ServerStore(self.path, connection, read_only=True, afresh=True) as store,
            store.read(self.person if person is None else person) as reader,
        ):
            yield reader

    @contextmanager
    def write(self, person: str | None = None) -> Iterator[Writer]:
        """The writer, in one transaction: all of it is kept, or none of it where anything is raised.

        Args:
            person: in whose name; an app's login may name anybody, another only itself.

        Raises:
            LedgerUnreachable: the server went away, or another writer took longer than a minute. Where that
                came at the very end nobody knows whether the entries were kept: asking again with the same
                keys does them once.
            Refused: the server itself would not take the rows.
        """
        if self.read_only:
            raise LedgerHeld(self.path, "this program, which opened it to read only")
        with self._transaction(person, keep=True) as writer:
            yield writer

    @contextmanager
    def rehearse(self, person: str | None = None) -> Iterator[Writer]:
        """A writer whose work is always thrown away: the real path up to the server's last check, for a dry run."""
        with self._transaction(person, keep=False) as writer:
            yield writer

    @contextmanager
    def imagine(self, person: str | None = None) -> Iterator[Writer]:
        """A writer on the mirror alone, whose work is thrown away: what its author may not post is not sent."""
        with self._transaction(person, keep=False, sent=False) as writer:
            yield writer

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
        with self._mirror.lock, _spoken_to(self.path):
            found = self._read_connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert found is not None
        return int(found[0])

    def checkpoint(self) -> None:
        """Nothing: the server writes its own log and files."""

    def close(self) -> None:
        """Let go of the server and of the mirror."""
        for connection in (self._read_connection, self._write_connection):
            if connection is not None:
                connection.close()
        self._mirror.close()

    def _follow(self, person: str | None) -> Shown:
        """Bring the mirror up to date, on a new connection if the old one was lost; what a person is shown besides."""
        with _spoken_to(self.path):
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
    def _transaction(self, person: str | None, *, keep: bool, sent: bool = True) -> Iterator[Writer]:
        with self._writing:
            with _spoken_to(self.path):
                server = self._taken()
            cursor: Cursor | None = None
            try:
                with _spoken_to(self.path), self._mirror.lock:
                    self._mirror.follow(server)
                    shown = self._private.shown_to(server, person)
                cursor = self._mirror.cursor()
                cursor.execute("BEGIN")
                unpublished.lay(cursor, shown.rows)
                before = {table: last_row(cursor, table) for table in APPENDED}
                sealed = sealed_state(cursor)
                yield _ServerWriter(cursor)
                if not sent:
                    return
                with _spoken_to(self.path):
                    self._send(server, cursor, before, sealed)
                    _last_checks(server)
                    if keep:
                        self._commit(server, cursor)
            finally:
                if cursor is not None:
                    let_go(cursor)
                with suppress(psycopg.Error):
                    server.rollback()

    def _taken(self) -> psycopg.Connection:
        """The connection for writing, in a transaction that holds the seal; a lost one is made anew."""
        if self._write_connection is not None and not self._write_connection.closed:
            try:
                self._write_connection.execute("SELECT 1 FROM seal FOR UPDATE")
            except psycopg.OperationalError:
                if not self._write_connection.closed:
                    self._write_connection.rollback()
                    raise
            else:
                return self._write_connection
        self._write_connection = _connect(self.path, autocommit=False)
        self._write_connection.execute("SELECT 1 FROM seal FOR UPDATE")
        return self._write_connection

    def _send(
        self,
        server: psycopg.Connection,
        cursor: Cursor,
        before: Mapping[str, int],
        sealed: tuple[object, ...],
    ) -> None:
        for name in APPENDED:
            cursor.execute(f'SELECT * FROM "{name}" WHERE rowid > {before[name]}')
            rows = cursor.to_arrow_reader(_ROWS_AT_ONCE)
            try:
                send(server, name, rows)
            except psycopg.errors.IntegrityError as error:
                raise Refused([contradiction(name, _told(error))]) from None
        now = sealed_state(cursor)
        if now != sealed:
            # Only what changed: the role that posts may not touch the version.
            names = ("schema_version", "entries", "head")
            changed = [(name, new) for name, new, old in zip(names, now, sealed, strict=True) if new != old]
            setting = ", ".join(f"{name} = %s" for name, _ in changed)
            server.execute(f"UPDATE seal SET {setting}", [value for _, value in changed])

    def _commit(self, server: psycopg.Connection, cursor: Cursor) -> None:
        # Between the two nobody may follow the server, or the rows would be in the mirror twice.
        with self._mirror.lock:
            server.commit()
            cursor.execute("COMMIT")


def _last_checks(server: psycopg.Connection) -> None:
    """Let the server look at what it would look at when the transaction ends, while it can still be refused."""
    try:
        server.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.errors.IntegrityError as error:
        raise Refused([contradiction("transfer", _told(error))]) from None


def create(address: ServerAddress) -> ServerStore:
    """Make the ledger's tables in a database that has none."""
    # To make or to alter tables takes them as models; to read and to follow them does not.
    from ledger import server_schema  # noqa: PLC0415 - as said

    with _spoken_to(address):
        connection = _connect(address, autocommit=False)
        with connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
            # Whoever was quicker may be writing already, and must not be stopped by making the same anew.
            if not _has_seal(connection):
                for statement in (*server_schema.tables(), *server_schema.statements()):
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
    with _spoken_to(address), _connect(address, autocommit=True) as connection:
        return _has_seal(connection)


def migrate(address: ServerAddress, known: tuple[migrations.Migration, ...]) -> list[migrations.Migration]:
    """Carry out every migration that the ledger lacks, each in its own transaction; those that were carried out."""
    connection, _ = _opened(address)
    connection.close()
    done = []
    with _spoken_to(address):
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
    from ledger import server_schema  # noqa: PLC0415 - as in ``create``

    with connection.transaction():
        # Writers, and whoever else would migrate, wait here.
        connection.execute("SELECT 1 FROM seal FOR UPDATE")
        applied = migrations.apply_next(_Alteration(connection), known)
        if applied:
            found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
            for statement in server_schema.statements({name for (name,) in found}):
                connection.execute(statement)
        return applied


def _opened(address: ServerAddress) -> tuple[psycopg.Connection, int]:
    with _spoken_to(address):
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
    version = int(found[0][0])
    if version > migrations.SCHEMA_VERSION:
        known = migrations.SCHEMA_VERSION
        raise NotALedger(address, f"its schema is version {version}, and this program knows {known}.")
    return version


def _has_seal(connection: psycopg.Connection) -> bool:
    found = connection.execute("SELECT to_regclass('seal') IS NOT NULL").fetchone()
    return found == (True,)


def _connect(address: ServerAddress, *, autocommit: bool) -> psycopg.Connection:
    connection = psycopg.connect(address.url, connect_timeout=_SECONDS_TO_CONNECT, application_name="devolution")
    connection.autocommit = True
    for setting in _SESSION:
        connection.execute(setting)
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
def _spoken_to(address: ServerAddress) -> Iterator[None]:
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
