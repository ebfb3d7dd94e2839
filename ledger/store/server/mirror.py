"""What a server's ledger looks like to DuckDB: a mirror of this process, which follows the books.

Rows of the books never change, so the mirror only ever adds what it has not seen: the entries after the
last one it knows, in one snapshot of the server. A book that went back, because a backup was restored
under a running program, is read anew from its beginning.

It begins with what an earlier program has kept (``kept_mirrors``), where that stands on an entry of these books, and
keeps what it has read for the next one. What was kept is never written to: each mirror works on a copy.

Proposals are not in it: one process may serve people who may not see each other's. They are asked of the server
in the name of whoever reads, and laid before that reader alone.
"""

import hashlib
import io
import os
import re
import secrets
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pyarrow import csv

from ledger.store.reading import CONFIGURATION, Cursor
from ledger.store.server.rows import Layout, fetch, layout, numbered_by
from ledger.words import TABLES, UNPUBLISHED

_VARIABLE, _OFF = "DEVOLUTION_MIRRORS", "off"
_NAME = re.compile(
    r"(?P<ledger>[0-9a-f]{32})-(?P<entries>\d{12})-(?P<head>[0-9a-f]{16})-(?P<bytes>[0-9a-f]{64})\.duckdb"
)
_UNFINISHED = ".unfinished-"
_BELIEVED_SECONDS = 24 * 3600
# What nobody has written to for so long was left by a program that was killed.
_SECONDS_TO_MAKE = 3600
_CHUNK = 1 << 20
_OWN, _PRIVATE, _OTHERS_MAY_WRITE = 0o700, 0o600, 0o022


@dataclass(frozen=True, slots=True)
class KeptMirror:
    """A kept file, as its name says.

    Attributes:
        entries: the number of the last entry in it.
        head: the beginning of that entry's hash.
        digest: the SHA-256 of its bytes.
        read_at: when the first of its rows was read from the server, in seconds since 1970.
    """

    path: Path
    entries: int
    head: str
    digest: str
    read_at: int


def folder() -> Path | None:
    """Where mirrors are kept: the folder that DEVOLUTION_MIRRORS names, or this user's cache.

    Returns:
        None where none are to be kept (``DEVOLUTION_MIRRORS=off``), or where the folder cannot be made, is not this
        user's own, or may be written to by others.
    """
    named = os.environ.get(_VARIABLE, "").strip()
    if named.lower() == _OFF:
        return None
    try:
        place = Path(named) if named else _cache() / "devolution"
        place.mkdir(mode=_OWN, parents=True, exist_ok=True)
        found = place.stat()
    except (OSError, RuntimeError):
        return None
    if sys.platform != "win32" and (found.st_uid != os.geteuid() or found.st_mode & _OTHERS_MAY_WRITE):
        return None
    return place if os.access(place, os.W_OK) else None


class KeptMirrors:
    """The kept files of one ledger.

    Args:
        place: the folder, from ``folder()``.
        ledger: what tells this ledger, and the shape of its tables, from any other; it is kept as a hash alone.
    """

    def __init__(self, place: Path, *ledger: object) -> None:
        self._place = place
        self._ledger = hashlib.sha256(repr(ledger).encode()).hexdigest()[:32]

    def newest_first(self) -> Iterator[KeptMirror]:
        """The kept files that may be believed. What is too old, of any ledger, is taken away."""
        with suppress(OSError):
            _sweep(self._place)
        yield from sorted(self._kept(), key=lambda kept: kept.entries, reverse=True)

    def working_copy(self, kept: KeptMirror) -> Path | None:
        """Copy a kept file for oneself.

        Returns:
            The copy, whose bytes are those that were promised; its owner deletes it. None where they are not (the
            kept file is then taken away), or where it cannot be read or copied.
        """
        copy = self.unfinished()
        digest = hashlib.sha256()
        try:
            with kept.path.open("rb") as source, copy.open("xb") as target:
                copy.chmod(_PRIVATE)
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
        except OSError:
            discard(copy)
            return None
        if digest.hexdigest() != kept.digest:
            discard(copy)
            discard(kept.path)
            return None
        return copy

    def unfinished(self) -> Path:
        """A name for a file that does not count yet."""
        return self._place / f"{_UNFINISHED}{secrets.token_hex(8)}.duckdb"

    def publish(self, written: Path, entries: int, head: str, read_at: int) -> None:
        """Give a file that is whole its name, and take away those that it replaces.

        Args:
            written: the file, under a name from ``unfinished``.
            entries: the number of the last entry in it.
            head: that entry's hash.
            read_at: when the first of its rows was read from the server, in seconds since 1970.

        Raises:
            OSError: it could not be read or renamed.
        """
        written.chmod(_PRIVATE)
        os.utime(written, (read_at, read_at))
        with written.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        path = self._place / f"{self._ledger}-{entries:012d}-{head[:16]}-{digest}.duckdb"
        written.replace(path)
        for kept in self._kept():
            if kept.entries <= entries and kept.path != path:
                discard(kept.path)

    def _kept(self) -> list[KeptMirror]:
        found = []
        for path in self._place.glob(f"{self._ledger}-*"):
            if match := _NAME.fullmatch(path.name):
                with suppress(FileNotFoundError):  # another program has just replaced it
                    read_at = int(path.stat().st_mtime)
                    found.append(KeptMirror(path, int(match["entries"]), match["head"], match["bytes"], read_at))
        return found


def is_believed(read_at: int) -> bool:
    """Whether rows that were read at a time still stand for what the server holds."""
    # A time to come was told by another clock, and its age cannot be known.
    return abs(time.time() - read_at) <= _BELIEVED_SECONDS


def discard(path: Path) -> None:
    """Take a file away. One that another program has open stays on Windows, until it is swept away later."""
    with suppress(OSError):
        path.unlink()


def _sweep(place: Path) -> None:
    """Take away what is too old to be believed, and what programs left that were killed; nothing that is not ours."""
    for path in place.iterdir():
        is_left = path.name.startswith(_UNFINISHED)
        if is_left or _NAME.fullmatch(path.name):
            with suppress(OSError):
                written = int(path.stat().st_mtime)
                if abs(time.time() - written) > _SECONDS_TO_MAKE if is_left else not is_believed(written):
                    path.unlink()


def _cache() -> Path:
    """The folder for what this user's programs may lose."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    # The specification says that a path which is not absolute is to be passed over.
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"


_TYPES = {
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.string(): "VARCHAR",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}
_ROWS_AT_ONCE = 100_000
# The order in which rows must be written, so that none names one that is not there yet.
APPENDED = tuple(name for name in TABLES if name != "seal")
_PUBLISHED = tuple(name for name in APPENDED if name not in UNPUBLISHED)
# Tables of sums, whose rows grow: each with the column by which they are read anew.
_GROWING = {"account_day": "account", "person_day": "day"}
# A mirror is kept anew when it has grown by a tenth: until then reading what is new costs less than writing all.
_GROWTH_KEPT = 10
# Nothing of a mirror need survive its process, and waiting for the disk at every entry would be for nothing.
_WITHOUT_LOG = "(RECOVERY_MODE no_wal_writes)"
_SEALED = "SELECT schema_version, entries, head FROM seal"


class Mirror:
    """The books of one server, as this process follows them.

    Args:
        afresh: whether every row is to come from the server, whatever earlier programs have kept.

    Attributes:
        is_from_kept: whether some of its rows come from a kept file.
        fetched: how many rows have come from the server so far.
    """

    def __init__(self, *, afresh: bool = False) -> None:
        self.lock = threading.RLock()
        self.connection = duckdb.connect(":memory:", config=CONFIGURATION)
        # A copy that nobody will open again need not be brought up to date when it is let go.
        self.connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        self.is_from_kept = False
        self.fetched = 0
        self._afresh = afresh
        self._layout: Layout | None = None
        self._kept: KeptMirrors | None = None
        # How many rows the newest kept file that we know has, and how many we had fetched when it was kept.
        self._rows_kept = self._fetched_when_kept = 0
        self._read_at = int(time.time())
        self._held: Path | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own, in UTC, on the mirror of a server that has been followed."""
        cursor = self.connection.cursor()
        cursor.execute("USE books")
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    def schema(self, table: str) -> pa.Schema:
        """The columns of a table of the server that has been followed."""
        assert self._layout is not None
        return self._layout.schemas[table]

    def follow(self, server: psycopg.Connection) -> None:
        """Bring the mirror up to what a server's transaction sees.

        The transaction must see one state throughout: a snapshot, or the state under the writers' lock.
        """
        with self.lock:
            sealed = server.execute(_SEALED).fetchone()
            if self._layout is None:
                self._layout = self._begin(server, sealed or (0, 0, ""))
            if self.connection.execute(_SEALED).fetchone() == sealed:
                return
            try:
                self._catch_up(server)
            except duckdb.Error:
                if self._held is None:
                    raise
                # There is no room, or no more right, where the copy lies; in memory nothing of that counts.
                self.connection.execute("USE memory")
                self.connection.execute("DETACH books")
                self._lay_out_in_memory(self._layout.schemas)
                self._let_go_of_the_copy()
                self._catch_up(server)

    def keep(self) -> None:
        """Keep the mirror for the programs to come, if it has grown enough; where it cannot be kept nothing is said."""
        with self.lock:
            grown = self.fetched - self._fetched_when_kept
            if self._kept is None or grown == 0 or grown * _GROWTH_KEPT < self._rows_kept:
                return
            if not is_believed(self._read_at):
                return
            self._rows_kept, self._fetched_when_kept = self._rows_kept + grown, self.fetched
            kept, written, cursor = self._kept, self._kept.unfinished(), self.cursor()
            cursor.execute("BEGIN")
            # DuckDB takes its snapshot at the first question.
            _, entries, head = sealed_state(cursor)
            read_at = self._read_at
        try:
            _write(cursor, written)
            kept.publish(written, int(str(entries)), str(head), read_at)
        except (duckdb.Error, OSError):
            discard(written)
            # A checkpoint that fails, for want of room, leaves its log.
            discard(written.with_name(f"{written.name}.wal"))
        finally:
            let_go(cursor)

    def close(self) -> None:
        """Let go of it."""
        self.connection.close()
        self._let_go_of_the_copy()

    def _let_go_of_the_copy(self) -> None:
        if self._held is not None:
            discard(self._held)
        self._held = None

    def _begin(self, server: psycopg.Connection, sealed: Sequence[Any]) -> Layout:
        """Lay out the tables as the server has them, with the rows that an earlier program has kept, if any."""
        found = layout(server, TABLES)
        place = folder()
        first = server.execute("SELECT hash FROM entry WHERE number = 1").fetchone()
        # Who is not shown every row by the server is shown none by a file.
        if place is not None and first is not None and found.whole >= {"seal", *_PUBLISHED}:
            at, tables = server.info, [(name, str(found.schemas[name])) for name in TABLES]
            self._kept = KeptMirrors(place, at.host, at.port, at.dbname, first, sealed[0], tables, duckdb.__version__)
        if self._take_up(server, sealed):
            self.connection.execute("USE books")
        else:
            self._lay_out_in_memory(found.schemas)
        return found

    def _lay_out_in_memory(self, schemas: Mapping[str, pa.Schema]) -> None:
        self.connection.execute("ATTACH ':memory:' AS books")
        self.connection.execute("USE books")
        for name in TABLES:
            columns = ", ".join(f'"{field.name}" {_TYPES[field.type]}' for field in schemas[name])
            self.connection.execute(f'CREATE TABLE "{name}" ({columns})')

    def _take_up(self, server: psycopg.Connection, sealed: Sequence[Any]) -> bool:
        """Begin with the newest kept file that stands on an entry of these books, and is what it says."""
        if self._kept is None or self._afresh:
            return False
        for kept in self._kept.newest_first():
            found = server.execute("SELECT hash FROM entry WHERE number = %s", (kept.entries,)).fetchone()
            # One that stands beyond these books may be right for whoever sees a later state of them.
            if found is None or not str(found[0]).startswith(kept.head):
                continue
            copy = self._kept.working_copy(kept)
            if copy is None:
                continue
            if self._stands_at(copy, (sealed[0], kept.entries, found[0])):
                self.is_from_kept, self._read_at = True, kept.read_at
                return True
            discard(kept.path)
        return False

    def _stands_at(self, copy: Path, state: tuple[Any, ...]) -> bool:
        """Whether a copy can be opened, and its seal and rows stand at a state; then it is the mirror's."""
        try:
            self.connection.execute(f"ATTACH '{_quoted(copy)}' AS books {_WITHOUT_LOG}")
        except duckdb.Error:
            discard(copy)
            return False
        if sys.platform != "win32":
            # It stays there for as long as it is open, and whoever is killed leaves nothing behind.
            discard(copy)
        try:
            rows = self.connection.execute(
                "SELECT s.schema_version, s.entries, s.head, e.hash, (SELECT count(*) FROM books.entry) "
                "FROM books.seal s LEFT JOIN books.entry e ON e.number = s.entries"
            ).fetchall()
            names = [f'SELECT count(*) FROM books."{name}"' for name in TABLES]
            counts = self.connection.execute(f"SELECT {', '.join(f'({name})' for name in names)}").fetchone()
            assert counts is not None
            if rows == [(*state, state[2], state[1])] and not any(counts[TABLES.index(name)] for name in UNPUBLISHED):
                self._rows_kept, self._held = sum(counts), copy
                return True
        except duckdb.Error:
            pass
        self.connection.execute("DETACH books")
        discard(copy)
        return False

    def imagine(self, server: psycopg.Connection) -> duckdb.DuckDBPyConnection:
        """The mirror as an open transaction of the server would leave it, which has been followed before that.

        The cursor has it in a transaction of its own, which is thrown away with it.
        """
        with self.lock:
            cursor = self.cursor()
            cursor.execute("BEGIN")
            try:
                self._bring(cursor, server, from_the_beginning=not self._continues(server, sealed_state(cursor)))
            except BaseException:
                let_go(cursor)
                raise
            return cursor

    def _catch_up(self, server: psycopg.Connection) -> None:
        """Add what is newer on the server, in one transaction; all of it where the mirror stands on no entry there."""
        cursor = self.cursor()
        cursor.execute("BEGIN")
        try:
            known = cursor.execute(_SEALED).fetchone()
            continues = known is not None and self._continues(server, known)
            if not continues:
                self._rows_kept, self._fetched_when_kept, self.is_from_kept = 0, self.fetched, False
                self._read_at = int(time.time())
            self._bring(cursor, server, from_the_beginning=not continues)
            cursor.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.TransactionException):
                cursor.execute("ROLLBACK")
            raise
        finally:
            cursor.close()

    def _bring(
        self, cursor: duckdb.DuckDBPyConnection, server: psycopg.Connection, *, from_the_beginning: bool
    ) -> None:
        if from_the_beginning:
            for name in TABLES:
                cursor.execute(f'DELETE FROM "{name}"')
        self._add_newer(cursor, server, from_the_beginning=from_the_beginning)
        cursor.execute("DELETE FROM seal")
        _insert(cursor, "seal", fetch(server, "seal", self.schema("seal"), ""))

    def _continues(self, server: psycopg.Connection, known: Sequence[Any]) -> bool:
        _, entries, head = known
        if entries == 0:
            return False
        found = server.execute("SELECT hash FROM entry WHERE number = %s", (entries,)).fetchone()
        return found == (head,)

    def _add_newer(
        self, cursor: duckdb.DuckDBPyConnection, server: psycopg.Connection, *, from_the_beginning: bool
    ) -> None:
        """Add the rows that the mirror has not seen. Which tables have any is asked in one question."""
        after = dict.fromkeys(_PUBLISHED, "")
        if not from_the_beginning:
            ((entries, accounts),) = cursor.execute(
                "SELECT entries, (SELECT coalesce(max(id), 0) FROM account) FROM seal"
            ).fetchall()
            last = {name: int(accounts if name == "account" else entries) for name in _PUBLISHED}
            after = {name: f"WHERE {numbered_by(name)} > {last[name]}" for name in _PUBLISHED}
            # Days of accounts are no rows of an entry: those of every account that new transfers touch are read anew.
            touched = f"FROM transfer {after['transfer']}"
            after["account_day"] = f"WHERE account IN (SELECT from_account {touched} UNION SELECT to_account {touched})"
            # The days of people go with recorded time, which never falls: the newest one known may have grown.
            newest = f"SELECT CAST(recorded_at AT TIME ZONE 'UTC' AS DATE) FROM entry WHERE number = {entries}"
            after["person_day"] = f"WHERE day >= ({newest}) AND EXISTS (SELECT 1 {touched})"
            newer = " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\" {after[name]})" for name in _PUBLISHED
            )
            having = {name for (name,) in server.execute(newer).fetchall()}
            after = {name: condition for name, condition in after.items() if name in having}
        for name, condition in after.items():
            rows = fetch(server, name, self.schema(name), condition)
            self.fetched += rows.num_rows
            if name in _GROWING:
                column = _GROWING[name]
                cursor.register("followed_rows", rows)
                cursor.execute(f"DELETE FROM {name} WHERE {column} IN (SELECT {column} FROM followed_rows)")
                cursor.unregister("followed_rows")
            if rows.num_rows:
                _insert(cursor, name, rows)


def send(server: psycopg.Connection, table: str, rows: pa.Table) -> None:
    """Write rows to a table on the server, as its owner."""
    columns = ", ".join(f'"{name}"' for name in rows.schema.names)
    with (
        server.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN (FORMAT csv)') as sink,
    ):
        for batch in rows.to_batches(_ROWS_AT_ONCE):
            text = io.BytesIO()
            csv.write_csv(batch, text, csv.WriteOptions(include_header=False, quoting_style="needed"))
            sink.write(text.getbuffer())


def _insert(cursor: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    cursor.register("followed_rows", rows)
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    cursor.execute(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM followed_rows')
    cursor.unregister("followed_rows")


def _write(cursor: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the books as a cursor's transaction sees them, which it ends, to a file of their own."""
    cursor.execute(f"ATTACH '{_quoted(path)}' AS kept {_WITHOUT_LOG}")
    try:
        for name in TABLES:
            cursor.execute(f'CREATE TABLE kept."{name}" AS SELECT * FROM books."{name}"')
        cursor.execute("COMMIT")
        cursor.execute("CHECKPOINT kept")
    finally:
        with suppress(duckdb.TransactionException):
            cursor.execute("ROLLBACK")
        cursor.execute("DETACH kept")


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("'", "''")


def sealed_state(cursor: Cursor) -> tuple[object, ...]:
    """The seal as a cursor sees it: version, entries, head."""
    (row,) = cursor.execute(_SEALED).fetchall()
    return tuple(row)


def let_go(cursor: Cursor) -> None:
    """Throw away what a cursor did and was not kept, and close it."""
    with suppress(duckdb.TransactionException):
        cursor.execute("ROLLBACK")
    cursor.close()
