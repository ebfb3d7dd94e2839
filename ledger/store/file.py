"""A ledger kept in a file: one DuckDB database of one's own.

One process owns a ledger file for writing. Inside it one lock lets a single writer in at a time;
readers take their own cursor and see the last committed state. Several processes may read one file
together as long as nobody writes.
"""

import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb

from ledger.entries.canonical import GENESIS
from ledger.errors import LedgerFault, LedgerHeld, LedgerMissing, NeedsMigration, NotALedger, Problem, Refused
from ledger.inputs import Action
from ledger.store import migrations, unpublished, views
from ledger.store.base import Store
from ledger.store.reading import CONFIGURATION, Reader, Writer


class Item(NamedTuple):
    """One thing that a file holds.

    Attributes:
        kind: ``table``, ``column``, ``constraint``, ``index``, ``view``, ``macro``, ``type``, ``sequence``, ``schema``.
        table: the table that it belongs to; nothing for what stands alone.
        name: what it is called; of a constraint, what it says.
        definition: of a column, its type and whether it may be missing; of a view, its question and what is said of it
            and of its columns; of other things, nothing.
    """

    kind: str
    table: str
    name: str
    definition: str


Catalogue = frozenset[Item]

_OURS = "NOT internal AND database_name NOT IN ('system', 'temp')"
_ITEMS = f"""
SELECT 'table', '', CASE WHEN schema_name = 'main' THEN '' ELSE schema_name || '.' END || table_name, ''
FROM duckdb_tables() WHERE {_OURS}
UNION ALL
SELECT 'column', table_name, column_name, concat_ws(', ', data_type, CASE WHEN is_nullable THEN 'may be missing'
    ELSE 'never missing' END, 'by default ' || column_default)
FROM duckdb_columns() WHERE {_OURS} AND schema_name = 'main'
    AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE {_OURS})
UNION ALL
SELECT 'constraint', table_name, constraint_text, ''
FROM duckdb_constraints() WHERE database_name NOT IN ('system', 'temp') AND schema_name = 'main'
    AND constraint_type <> 'NOT NULL'
UNION ALL
SELECT 'index', table_name, index_name, '' FROM duckdb_indexes() WHERE database_name NOT IN ('system', 'temp')
UNION ALL
SELECT 'view', '', view_name, concat_ws(chr(10), replace(sql, '"', ''), comment, (
    SELECT string_agg(concat_ws(' ', c.column_name, c.comment), chr(10) ORDER BY c.column_index)
    FROM duckdb_columns() c WHERE c.database_oid = v.database_oid AND c.table_oid = v.view_oid))
FROM duckdb_views() v WHERE {_OURS}
UNION ALL
SELECT 'macro', '', function_name, '' FROM duckdb_functions() WHERE {_OURS}
UNION ALL
SELECT 'type', '', type_name, '' FROM duckdb_types() WHERE {_OURS}
UNION ALL
SELECT 'sequence', '', sequence_name, '' FROM duckdb_sequences() WHERE database_name NOT IN ('system', 'temp')
UNION ALL
SELECT 'schema', '', schema_name, '' FROM duckdb_schemas() WHERE {_OURS} AND schema_name <> 'main'
"""
_IN_ORDER = ("table", "column", "constraint", "index", "view", "macro", "type", "sequence", "schema")
# A ledger that an older program made has a record of its migrations.
_MAY_BE_THERE = "migration"
_REMEDY = (
    f"Copy the ledger with {Action.COPY.done()}, which makes the tables anew and verifies every row; and find out who "
    "could write to the file."
)


def read(reader: Reader) -> Catalogue:
    """Everything that the file of a reader holds besides rows."""
    return frozenset(Item(*map(str, row)) for row in reader.rows(_ITEMS))


def problems(catalogue: Catalogue, made: Catalogue) -> list[Problem]:
    """What a ledger lacks of what one that has just been made holds, and what it holds besides."""
    tables = {item.name for item in catalogue if item.kind == "table"}
    missing = {item for item in made - catalogue if item.table in tables or not item.table}
    missing = {item for item in missing if _MAY_BE_THERE not in (item.name, item.table) or _MAY_BE_THERE in tables}
    besides = {item for item in catalogue - made if item.table in {one.name for one in made} or not item.table}
    return [_lacks(item, besides) for item in _sorted(missing)] + [
        _is_not_ours(item) for item in _sorted(besides) if not _changed(item, missing)
    ]


def strangers(catalogue: Catalogue) -> list[Problem]:
    """What a ledger of any version never holds: it could stand in for what the statements of a migration mean.

    Views under the names of ours could not: no statement but their own names them.
    """
    return [
        _is_not_ours(item)
        for item in _sorted(catalogue)
        if item.kind in ("view", "macro", "type", "sequence", "schema") and item.name not in views.NAMES
    ]


def _sorted(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (_IN_ORDER.index(item.kind), item))


def _changed(item: Item, others: Collection[Item]) -> Item | None:
    """The column or the view that has an item's name, among others."""
    same = (other for other in others if item.kind in ("column", "view") and other[:3] == item[:3])
    return next(same, None)


def _lacks(item: Item, besides: Collection[Item]) -> Problem:
    if item.kind == "table":
        return Problem(f"table {item.name}", "it is not there.", "Its rows are part of the books.", _RESTORE)
    if item.kind == "column":
        found = _changed(item, besides)
        said = f"it is not as it was made ({item.definition})" if found else "it is not there"
        now = f", and is {found.definition}." if found else "."
        return Problem(f"table {item.table}, column {item.name}", said + now, "What is kept in it counts.", _RESTORE)
    if item.kind == "view":
        said = "it asks or says something else than it was made to." if _changed(item, besides) else "it is not there."
        return Problem(f"view {item.name}", said, "People and programs read the books by it in plain SQL.", _REMEDY)
    what = f"it no longer holds its rows to '{item.name}'."
    return Problem(f"table {item.table}", what, "Rows could be written that contradict each other.", _REMEDY)


_RESTORE = "Restore the ledger from a backup, and find out who could write to the file."


def _is_not_ours(item: Item) -> Problem:
    place = f"{item.kind} {item.name}"
    if item.kind == "constraint":
        place, found = f"table {item.table}", f"it holds its rows to '{item.name}', which is not ours."
        return Problem(place, found, "An entry that the rules allow could be refused.", _REMEDY)
    if item.table:
        place = f"table {item.table}, {place}"
    why = "What is not the books' own could stand in for what a question of theirs means."
    return Problem(place, "this program did not make it.", why, _REMEDY)


try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from sqlalchemy import Engine

_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<pid>\d+)\)(?: by user (?P<user>\S+?)\.?\s)?")
# A table takes at least a block for each of its columns, and most tables of a ledger are small: by DuckDB's own blocks
# of 256 KiB a ledger without money would take 11 MiB. A file keeps the size that it was made with.
_BYTES_IN_A_BLOCK = "65536"
# A DuckDB file begins with three headers. A program that was killed before it had written them leaves less.
_BYTES_OF_HEADERS = 3 * 4096
# Between making a file and locking it a program does nothing else, so one that is alive does not take so long.
_SECONDS_TO_BEGIN = 1.0


class FileStore(Store):
    """A ledger file, open."""

    path: Path
    posts_together = True

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self._connection = connection
        self._writing = threading.Lock()
        self._search_path = _search_path(connection)

    @contextmanager
    def read(self, person: str | None = None) -> Iterator[Reader]:
        """A reader of the last committed state, without the proposals that a person may not see."""
        with _on_the_machine(self.path):
            cursor = self._cursor()
            try:
                cursor.execute("BEGIN")
                person = self.person if person is None else person
                yield Reader(cursor) if person is None else unpublished.hidden_from(cursor, person)
            finally:
                cursor.close()

    @contextmanager
    def write(self, person: str | None = None) -> Iterator[Writer]:
        """The writer, in one transaction: all of it is kept, or none of it where anything is raised."""
        del person  # a file cannot tell who writes; the rights of an entry's author are asked before it is kept
        if self.read_only:
            raise LedgerHeld(self.path, "this program, which opened it to read only")
        with self._transaction() as cursor:
            yield Writer(cursor)

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._writing, _on_the_machine(self.path):
            cursor = self._cursor()
            try:
                cursor.execute("BEGIN")
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                _roll_back(cursor)
                raise
            finally:
                cursor.close()

    @contextmanager
    def rehearse(self, person: str | None = None) -> Iterator[Writer]:
        """A writer whose work is always thrown away: the real path, for a dry run."""
        del person
        with self._writing, _on_the_machine(self.path):
            cursor = self._cursor()
            try:
                cursor.execute("BEGIN")
                yield Writer(cursor)
            finally:
                _roll_back(cursor)
                cursor.close()

    def engine(self) -> "Engine":
        """A SQLAlchemy engine on this open ledger, for SQLModel."""
        return _engine_on(self._cursor)

    def alter(self, act: Callable[[migrations.Alteration], migrations.Migration | None]) -> migrations.Migration | None:
        """One change of the tables, in one transaction."""
        with self._transaction() as cursor:
            # New tables are made in the file.
            cursor.execute("RESET search_path")
            return act(_Alteration(cursor))

    def catalogue_problems(self) -> list[Problem]:
        """What the file's tables lack, and what the file holds besides them."""
        with _on_the_machine(self.path), self._cursor() as cursor:
            return problems(read(Reader(cursor)), _as_made())

    def size_bytes(self) -> int:
        """How large the file is."""
        return self.path.stat().st_size

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self._writing, _on_the_machine(self.path):
            self._connection.execute("CHECKPOINT")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute(f"SET search_path = '{self._search_path}'")
        return cursor


def create(path: Path) -> FileStore:
    """Make a new, empty ledger at a path where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path, read_only=False)
    _make_tables(connection)
    store = FileStore(path, connection, read_only=False)
    with store.write() as writer:
        writer.execute(
            "INSERT INTO seal (id, schema_version, entries, head, moved_pence) "
            "SELECT 1, $version, 0, $head, 0 WHERE NOT EXISTS (SELECT 1 FROM seal)",
            {"version": migrations.SCHEMA_VERSION, "head": GENESIS},
        )
    # The write-ahead log is weakest around changes of schema: fold it in before any money moves.
    store.checkpoint()
    return store


def _make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    # To make a ledger takes its tables as models; to open one does not.
    from ledger.models import TABLES, Account, Transfer  # noqa: PLC0415 - as said

    tables = [model.__table__ for model in TABLES if model not in (Account, Transfer)]  # type: ignore[attr-defined]
    Transfer.metadata.create_all(_engine_on(connection.cursor), tables)
    # Made here and not from their models, which have keys that a file does without (docs/decisions/0021).
    connection.execute(f"CREATE TABLE IF NOT EXISTS account ({migrations.ACCOUNT_OF_A_FILE})")
    connection.execute(f"CREATE TABLE IF NOT EXISTS transfer ({migrations.TRANSFER_OF_A_FILE})")
    # Together: each statement alone would be written to the disk by itself.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for statement in views.statements(views.FILE_WORDS):
            cursor.execute(statement)
        cursor.execute("COMMIT")


@cache
def _as_made() -> Catalogue:
    """What a file holds that this program has just made, with the record of migrations that older ones have besides."""
    with duckdb.connect(":memory:", config=CONFIGURATION) as connection:
        _make_tables(connection)
        connection.execute(migrations.RECORDS)
        return read(Reader(connection))


def _engine_on(cursor: Callable[[], duckdb.DuckDBPyConnection]) -> "Engine":
    # SQLAlchemy and its dialect take longer to load than most questions take, which need neither.
    from duckdb_sqlalchemy import ConnectionWrapper  # noqa: PLC0415 - as said
    from sqlalchemy import create_engine  # noqa: PLC0415 - as said
    from sqlalchemy.pool import NullPool  # noqa: PLC0415 - as said

    return create_engine("duckdb:///:memory:", creator=lambda: ConnectionWrapper(cursor()), poolclass=NullPool)


def _search_path(connection: duckdb.DuckDBPyConnection) -> str:
    """Where names are looked up, so that a question means the same whatever somebody has put into the file.

    DuckDB would look into the file first: a macro kept there under the name of sum, or of +, would stand in for it in
    every question, those of verify among them. So what was laid before the reader comes first, then what is
    DuckDB's own, and the file's tables last.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = 'temp.main'")
        ((name,),) = cursor.execute("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall()
    quoted = '"' + str(name).replace('"', '""').replace("'", "''") + '"'
    return f"temp.main,system.main,{quoted}.main"


def open_(path: Path, *, read_only: bool = False) -> FileStore:
    """Open an existing ledger; ``Store.open`` says what it raises."""
    store, version = _opened(path, read_only=read_only)
    if version < migrations.SCHEMA_VERSION:
        store.close()
        raise NeedsMigration(path, version, migrations.SCHEMA_VERSION)
    return store


def open_or_create(path: Path) -> FileStore:
    """Open the ledger to write, making it first where there is none or where its making was cut short."""
    if not path.exists():
        return create(path)
    if _has_not_begun(path):
        _begin(path)
    try:
        return open_(path)
    except NotALedger:
        if _holds_nothing(path):
            return create(path)
        raise


def migrate(path: Path, known: tuple[migrations.Migration, ...]) -> list[migrations.Migration]:
    """Carry out every migration that the file lacks, each in its own transaction; those that were carried out.

    Raises:
        Refused: somebody has put into the file what could stand in for what a migration's statements mean.
    """
    store, _ = _opened(path, read_only=False)
    done = []
    try:
        with store.read() as reader:
            unknown = strangers(read(reader))
        if unknown:
            raise Refused(unknown)
        while applied := store.alter(lambda alteration: migrations.apply_next(alteration, known)):
            done.append(applied)
            # The write-ahead log is weakest around changes of schema.
            store.checkpoint()
    finally:
        store.close()
    return done


def _opened(path: Path, *, read_only: bool) -> tuple[FileStore, int]:
    if not path.exists():
        raise LedgerMissing(path)
    store = FileStore(path, _connect(path, read_only=read_only), read_only=read_only)
    try:
        with store.read() as reader:
            versions = [int(str(version)) for (version,) in reader.rows("SELECT schema_version FROM seal")]
    except (duckdb.Error, ValueError) as error:
        store.close()
        raise NotALedger(path, "it has none of the ledger's tables.") from error
    if len(versions) != 1:
        store.close()
        raise NotALedger(path, f"its table 'seal' is not a ledger's: it has {len(versions)} rows of one.")
    (version,) = versions
    if version > migrations.SCHEMA_VERSION:
        store.close()
        known = migrations.SCHEMA_VERSION
        raise NotALedger(path, f"its schema is version {version}, and this program knows {known}.")
    return store, version


class _Alteration:
    """A change of the tables of a file, inside its transaction."""

    server = False

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def execute(self, sql: str) -> None:
        self._cursor.execute(sql)

    def whole(self, sql: str) -> int:
        return Reader(self._cursor).whole(sql)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._cursor.execute(sql).fetchall()

    def insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join("?" for _ in row)
        self._cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    # DuckDB opens a CSV or Parquet file as a database in memory, and would lose what is posted there.
    if path.is_dir() or (path.exists() and path.stat().st_size and _magic(path) != b"DUCK"):
        raise NotALedger(path, "it is another kind of file.")
    try:
        settings = CONFIGURATION if path.exists() else {**CONFIGURATION, "default_block_size": _BYTES_IN_A_BLOCK}
        # In full: DuckDB takes names such as ':memory:' and 'md:' for other things than files.
        return duckdb.connect(str(path.absolute()), read_only=read_only, config=settings)
    except duckdb.ConnectionException as error:
        raise LedgerHeld(path, "another part of this program") from error
    except duckdb.IOException as error:
        match = _HOLDER.search(f"{error} ")
        if match:
            user = f", user {match['user']}" if match["user"] else ""
            raise LedgerHeld(path, f"process {match['pid']} ({Path(match['program']).name}{user})") from error
        if re.search(r"\block\b", str(error).lower()):  # and not a block that is damaged
            raise LedgerHeld(path, "another process") from error
        _refuse_if_of_the_machine(path, error)
        raise NotALedger(path, "it is not a DuckDB file, or the folder cannot be read and written.") from error
    except duckdb.Error as error:
        raise NotALedger(path, "DuckDB cannot open it.") from error


# What DuckDB says when it is the machine that failed, and not the data. A commit that cannot be written to the
# log is an error of the transaction.
_OF_THE_MACHINE = (
    duckdb.IOException,
    duckdb.TransactionException,
    duckdb.FatalException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
    duckdb.SerializationException,
)
_AGAIN = "then do it again: the same keys are never done twice."
_FAULTS = (
    (("no space left", "file too large", "quota"), "there is no room on the disk.", f"Make room, {_AGAIN}"),
    (("read-only file system", "permission denied"), "this user may not write there.", f"Get that right, {_AGAIN}"),
    (("out of memory",), "the memory of this machine is not enough.", f"Close other programs, {_AGAIN}"),
)  # fmt: skip


@contextmanager
def _on_the_machine(path: Path) -> Iterator[None]:
    """Turn a failure of the machine under the file into a sentence."""
    try:
        yield
    except _OF_THE_MACHINE as error:
        _refuse_if_of_the_machine(path, error)
        remedy = f"Run {Action.VERIFY.done()} on it; where that fails too, restore a backup."
        raise LedgerFault(path, "a part of the file cannot be read, or is damaged.", remedy) from error


def _refuse_if_of_the_machine(path: Path, error: duckdb.Error) -> None:
    told = str(error).lower()
    for signs, found, remedy in _FAULTS:
        if any(sign in told for sign in signs):
            raise LedgerFault(path, found, remedy) from error


def _magic(path: Path) -> bytes:
    """The bytes by which a DuckDB file is known."""
    with path.open("rb") as file:
        return file.read(12)[8:]


def _has_not_begun(path: Path) -> bool:
    """Whether a file is what DuckDB leaves when it is stopped before it has written its headers."""
    return (
        path.is_file() and (size := path.stat().st_size) < _BYTES_OF_HEADERS and (not size or _magic(path) == b"DUCK")
    )


def _begin(path: Path) -> None:
    """Write the headers of an empty database into a file that was cut short before it had them.

    Another program may be making the file just now. It has a second to go on, is kept out while the headers are
    written, and is left alone where it has locked the file: then to open the file says who has it.
    """
    waits_until = time.monotonic() + _SECONDS_TO_BEGIN
    while _has_not_begun(path) and abs(time.time() - path.stat().st_mtime) < _SECONDS_TO_BEGIN:
        if time.monotonic() > waits_until:
            break
        time.sleep(0.02)
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.duckdb"
        _connect(empty, read_only=False).close()
        headers = empty.read_bytes()
    with suppress(OSError), path.open("r+b", buffering=0) as file:
        if fcntl is not None:  # on Windows a file that is open elsewhere cannot be opened to write
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(file.fileno()).st_size < _BYTES_OF_HEADERS:
            file.write(headers)


def _holds_nothing(path: Path) -> bool:
    """Whether a file that is no ledger has no rows in any table, so that making it anew loses nothing."""
    try:
        connection = _connect(path, read_only=False)
    except NotALedger:
        return False
    from ledger.models import TABLES  # noqa: PLC0415 - which load SQLAlchemy, and nobody else here needs it

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
