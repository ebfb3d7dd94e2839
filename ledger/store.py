"""Where the books are kept. Everything that only DuckDB does is in this file.

One process owns a ledger file for writing. Inside it one lock lets a single writer in at a time;
readers take their own cursor and see the last committed state. Several processes may read one file
together as long as nobody writes. Figures are read as Arrow tables: exact integers, no copies.
"""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa
from duckdb_sqlalchemy import ConnectionWrapper
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import NullPool
from sqlmodel import Session, SQLModel

from ledger.canonical import GENESIS
from ledger.errors import LedgerError, LedgerHeld, LedgerMissing, NotALedger, Problem, Refused
from ledger.models import TABLES

SCHEMA_VERSION = 1

# Nothing may be fetched at run time, so the engine is told not to look for extensions of its own.
_CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)(?: by user (?P<user>\S+?)\.?\s)?")


class Reader:
    """One cursor on the last committed state of the books."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def table(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """The answer to a question as an Arrow table. Parameters are named: ``$organisation``."""
        return self._run(sql, parameters).to_arrow_table()

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
        """The answer to a question as Python rows, for answers that are small."""
        return self._run(sql, parameters).fetchall()

    def whole(self, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        """The single whole number that a question answers with.

        Raises:
            TypeError: the question answered with anything else. Missing is never taken for zero.
        """
        ((value,),) = self.rows(sql, parameters)
        if not isinstance(value, int):
            raise TypeError(f"a whole number was expected, but the answer was {value!r}")
        return value

    def stage(self, name: str, table: pa.Table) -> None:
        """Let the following questions use an Arrow table under a name, without copying it."""
        self._cursor.register(name, table)

    def _run(self, sql: str, parameters: Mapping[str, object] | None) -> duckdb.DuckDBPyConnection:
        # DuckDB refuses parameters that a statement does not mention; most of ours share one set.
        used = {name: value for name, value in (parameters or {}).items() if re.search(rf"\${name}\b", sql)}
        return self._cursor.execute(sql, used) if used else self._cursor.execute(sql)


class Writer(Reader):
    """The one writer, inside its transaction."""

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Carry out a statement that answers nothing."""
        self._run(sql, parameters)

    def append(self, model: type[SQLModel], table: pa.Table) -> None:
        """Add all rows of an Arrow table to a table of the books, in one statement, under every constraint.

        The Arrow table's columns are the model's, in any order.
        """
        self.stage("appended_rows", table)
        columns = ", ".join(f'"{name}"' for name in table.column_names)
        try:
            self._cursor.execute(f'INSERT INTO "{model.__tablename__}" ({columns}) SELECT {columns} FROM appended_rows')
        except duckdb.ConstraintException as error:
            raise Refused([_constraint_problem(str(model.__tablename__), error)]) from error
        self._cursor.unregister("appended_rows")


class Store:
    """A ledger file, open."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._connection = connection
        self._writing = threading.Lock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new, empty ledger at a path where there is none."""
        path.parent.mkdir(parents=True, exist_ok=True)
        store = cls(path, _connect(path, read_only=False), read_only=False)
        SQLModel.metadata.create_all(store.engine(), [model.__table__ for model in TABLES])  # type: ignore[attr-defined]
        with store.write() as writer:
            writer.execute(
                "INSERT INTO seal (id, schema_version, entries, head) "
                "SELECT 1, $version, 0, $head WHERE NOT EXISTS (SELECT 1 FROM seal)",
                {"version": SCHEMA_VERSION, "head": GENESIS},
            )
        # The write-ahead log is weakest around changes of schema: fold it in before any money moves.
        store.checkpoint()
        return store

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open an existing ledger.

        Raises:
            LedgerMissing: there is no file.
            LedgerHeld: another process is writing it (or, to write, reading it).
            NotALedger: the file is something else, or of a later version.
        """
        if not path.exists():
            raise LedgerMissing(path)
        store = cls(path, _connect(path, read_only=read_only), read_only=read_only)
        try:
            with store.read() as reader:
                version = reader.whole("SELECT schema_version FROM seal")
        except (duckdb.Error, ValueError) as error:
            store.close()
            raise NotALedger(path, "it has none of the ledger's tables.") from error
        if version > SCHEMA_VERSION:
            store.close()
            raise NotALedger(path, f"its schema is version {version}, and this program knows {SCHEMA_VERSION}.")
        return store

    @classmethod
    def open_or_create(cls, path: Path) -> Self:
        """Open the ledger to write, making it first where there is none.

        A file whose making was cut short before its seal was written holds no decision, and is made anew.
        """
        if not path.exists():
            return cls.create(path)
        try:
            return cls.open(path)
        except NotALedger:
            if _holds_nothing(path):
                return cls.create(path)
            raise

    @contextmanager
    def read(self) -> Iterator[Reader]:
        """A reader of the last committed state."""
        cursor = self._cursor()
        try:
            cursor.execute("BEGIN")
            yield Reader(cursor)
        finally:
            cursor.close()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """The writer, in one transaction: all of it is kept, or none of it where anything is raised."""
        if self.read_only:
            raise LedgerHeld(self.path, "this program, which opened it to read only")
        with self._writing:
            cursor = self._cursor()
            try:
                cursor.execute("BEGIN")
                yield Writer(cursor)
                cursor.execute("COMMIT")
            except BaseException:
                _roll_back(cursor)
                raise
            finally:
                cursor.close()

    @contextmanager
    def rehearse(self) -> Iterator[Writer]:
        """A writer whose work is always thrown away: the real path, for a dry run."""
        with self._writing:
            cursor = self._cursor()
            try:
                cursor.execute("BEGIN")
                yield Writer(cursor)
            finally:
                _roll_back(cursor)
                cursor.close()

    def engine(self) -> Engine:
        """A SQLAlchemy engine on this open ledger, for SQLModel."""
        return create_engine(
            "duckdb:///:memory:", creator=lambda: ConnectionWrapper(self._cursor()), poolclass=NullPool
        )

    def session(self) -> Session:
        """A SQLModel session, for reading rows as their models. It refuses to write: entries are posted."""
        session = Session(self.engine())
        event.listen(session, "before_flush", _refuse_to_flush)
        return session

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self._writing:
            self._connection.execute("CHECKPOINT")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    # DuckDB opens a CSV or Parquet file as a database in memory, and would lose what is posted there.
    if path.is_dir() or (path.exists() and path.stat().st_size and _magic(path) != b"DUCK"):
        raise NotALedger(path, "it is another kind of file.")
    try:
        return duckdb.connect(str(path), read_only=read_only, config=_CONFIGURATION)
    except duckdb.ConnectionException as error:
        raise LedgerHeld(path, "another part of this program") from error
    except duckdb.IOException as error:
        match = _HOLDER.search(f"{error} ")
        if match:
            user = f", user {match['user']}" if match["user"] else ""
            raise LedgerHeld(path, f"process {match['pid']} ({Path(match['program']).name}{user})") from error
        if "lock" in str(error).lower():
            raise LedgerHeld(path, "another process") from error
        raise NotALedger(path, "it is not a DuckDB file, or the folder cannot be read and written.") from error
    except duckdb.Error as error:
        raise NotALedger(path, "DuckDB cannot open it.") from error


def _magic(path: Path) -> bytes:
    """The bytes by which a DuckDB file is known."""
    with path.open("rb") as file:
        return file.read(12)[8:]


def _constraint_problem(table: str, error: duckdb.ConstraintException) -> Problem:
    told = str(error).splitlines()[0].removeprefix("Constraint Error: ")
    return Problem(
        f"table {table}",
        f"the database refused a row: {told}",
        "The rows would contradict each other.",
        "Correct the row that it names.",
    )


def _refuse_to_flush(*_: object) -> None:
    raise LedgerError("A session only reads. Entries get into the books through ledger.posting.")


def _holds_nothing(path: Path) -> bool:
    """Whether a file that is no ledger has no rows in any table, so that making it anew loses nothing."""
    try:
        connection = _connect(path, read_only=False)
    except NotALedger:
        return False
    with connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        ours = {str(model.__tablename__) for model in TABLES}
        return all(
            name in ours and connection.execute(f'SELECT count(*) = 0 FROM "{name}"').fetchone() == (True,)
            for (name,) in tables
        )


def _roll_back(cursor: duckdb.DuckDBPyConnection) -> None:
    try:
        cursor.execute("ROLLBACK")
    except duckdb.TransactionException:
        # The failure has already ended the transaction; there is nothing left to undo.
        return
