"""The rows of a ledger file in the plain tables of a PostgreSQL database: to ask both databases the same question."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ledger.models import TABLES
from ledger.store.base import Reader
from ledger.store.server import schema
from tests.shelves import ServerShelf, raw


@contextmanager
def poured(reader: Reader) -> Iterator[Any]:
    """A connection to a database with the ledger's tables and rows, and none of its functions and triggers."""
    shelf = ServerShelf()
    try:
        indexes = (said for _, said in schema.indexes("public").values())
        with raw(shelf.place("poured")) as server:
            for statement in (*schema.tables(), *indexes):
                server.execute(statement)
            server.execute("SET timezone = 'UTC'")
            server.execute("SET session_replication_role = replica")
            for model in TABLES:
                rows = reader.table(f'SELECT * FROM "{model.__tablename__}"').to_pylist()
                if rows:
                    columns = ", ".join(f'"{name}"' for name in rows[0])
                    with server.cursor().copy(f'COPY "{model.__tablename__}" ({columns}) FROM STDIN') as copy:
                        for row in rows:
                            copy.write_row(list(row.values()))
            server.execute("ANALYZE")
            yield server
    finally:
        shelf.clear()
