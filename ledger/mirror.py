"""What a server's ledger looks like to DuckDB: a mirror in memory that follows the books.

Rows of the books never change, so the mirror only ever adds what it has not seen: the entries after the
last one it knows, in one snapshot of the server. A book that went back, because a backup was restored
under a running program, is read anew from its beginning. Nothing of it is written to disk.

Proposals are not in it: one process may serve people who may not see each other's. They are asked of the server
in the name of whoever reads, and laid before that reader alone.
"""

import io
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from pyarrow import csv
from sqlmodel import SQLModel

from ledger.drafts import schema_of
from ledger.models import RECORDS, TABLES, UNPUBLISHED, Account, AccountDay, Entry, Seal, Transfer
from ledger.reading import CONFIGURATION, Cursor
from ledger.server_rows import fetch, numbered_by

_TYPES = {
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.string(): "VARCHAR",
    pa.timestamp("us", tz="UTC"): "TIMESTAMP WITH TIME ZONE",
}
_SEALED = "SELECT schema_version, entries, head FROM seal"
_ROWS_AT_ONCE = 100_000
# The order in which rows must be written, so that none names one that is not there yet.
APPENDED: tuple[type[SQLModel], ...] = (Entry, *RECORDS, Account, Transfer)


def arrow_schema(model: type[SQLModel]) -> pa.Schema:
    """The Arrow schema of all columns of a table of the books."""
    schema = schema_of(model)
    fields = []
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        if column.name == "entry_number":
            fields.append(pa.field("entry_number", pa.int64()))
        elif column.name == "recorded_at":
            fields.append(pa.field("recorded_at", pa.timestamp("us", tz="UTC")))
        else:
            fields.append(schema.field(column.name))
    return pa.schema(fields)


class Mirror:
    """The books of one server, in this process's memory."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connection = duckdb.connect(":memory:", config=CONFIGURATION)
        for model in TABLES:
            columns = ", ".join(f'"{field.name}" {_TYPES[field.type]}' for field in arrow_schema(model))
            self.connection.execute(f'CREATE TABLE "{model.__tablename__}" ({columns})')

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own, in UTC."""
        cursor = self.connection.cursor()
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor

    def follow(self, server: psycopg.Connection) -> None:
        """Bring the mirror up to what a server's transaction sees.

        The transaction must see one state throughout: a snapshot, or the state under the writers' lock.
        """
        with self.lock:
            cursor = self.cursor()
            cursor.execute("BEGIN")
            try:
                self.follow_into(cursor, server)
                cursor.execute("COMMIT")
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            finally:
                cursor.close()

    def follow_into(self, cursor: duckdb.DuckDBPyConnection, server: psycopg.Connection) -> None:
        """Bring a transaction on the mirror up to what a server's transaction sees, and nobody else's."""
        sealed = server.execute(_SEALED).fetchone()
        known = cursor.execute(_SEALED).fetchone()
        if sealed == known:
            return
        if known is None or not self._continues(server, known):
            for model in TABLES:
                cursor.execute(f'DELETE FROM "{model.__tablename__}"')
            known = None
        for model in (model for model in APPENDED if model not in UNPUBLISHED):
            self._add(cursor, server, model, from_the_beginning=known is None)
        cursor.execute('DELETE FROM "account_day"')
        _insert(cursor, AccountDay, fetch(server, AccountDay, arrow_schema(AccountDay), ""))
        cursor.execute("DELETE FROM seal")
        _insert(cursor, Seal, fetch(server, Seal, arrow_schema(Seal), ""))

    def _continues(self, server: psycopg.Connection, known: Sequence[Any]) -> bool:
        _, entries, head = known
        if entries == 0:
            return False
        found = server.execute("SELECT hash FROM entry WHERE number = %s", (entries,)).fetchone()
        return found == (head,)

    def _add(
        self,
        cursor: duckdb.DuckDBPyConnection,
        server: psycopg.Connection,
        model: type[SQLModel],
        *,
        from_the_beginning: bool,
    ) -> None:
        column = numbered_by(model)
        newer = ""
        if not from_the_beginning:
            seen = "coalesce(max(id), 0) FROM account" if model is Account else "entries FROM seal"
            ((last,),) = cursor.execute(f"SELECT {seen}").fetchall()
            newer = f"WHERE {column} > {int(last)}"
        rows = fetch(server, model, arrow_schema(model), newer)
        if rows.num_rows:
            _insert(cursor, model, rows)


def send(server: psycopg.Connection, model: type[SQLModel], rows: pa.Table) -> None:
    """Write rows to a table on the server, as its owner."""
    columns = ", ".join(f'"{name}"' for name in rows.schema.names)
    with (
        server.cursor() as cursor,
        cursor.copy(f'COPY "{model.__tablename__}" ({columns}) FROM STDIN (FORMAT csv)') as sink,
    ):
        for batch in rows.to_batches(_ROWS_AT_ONCE):
            text = io.BytesIO()
            csv.write_csv(batch, text, csv.WriteOptions(include_header=False, quoting_style="needed"))
            sink.write(text.getbuffer())


def _insert(cursor: duckdb.DuckDBPyConnection, model: type[SQLModel], rows: pa.Table) -> None:
    cursor.register("followed_rows", rows)
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    cursor.execute(f'INSERT INTO "{model.__tablename__}" ({columns}) SELECT {columns} FROM followed_rows')
    cursor.unregister("followed_rows")


def sealed_state(cursor: Cursor) -> tuple[object, ...]:
    """The seal as a cursor sees it: version, entries, head."""
    (row,) = cursor.execute(_SEALED).fetchall()
    return tuple(row)


def let_go(cursor: Cursor) -> None:
    """Throw away what a cursor did and was not kept, and close it."""
    with suppress(duckdb.TransactionException):
        cursor.execute("ROLLBACK")
    cursor.close()
