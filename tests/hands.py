"""A hand on the rows of a ledger behind the books' back, in a transaction that is thrown away, on either kind of store.

The ledgers have none of the guards that tables have: what the database itself would refuse must be seen as well.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import duckdb

from ledger.models import TABLES
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.store.reading import Reader
from tests.shelves import FileShelf, ServerShelf, Shelf, raw

_NAMES = [str(model.__tablename__) for model in TABLES]
_CONSTRAINTS = """
SELECT conrelid::regclass, conname FROM pg_constraint
WHERE contype IN ('f', 'u', 'c', 'p') AND connamespace = current_schema()::regnamespace ORDER BY contype <> 'f'
"""
_NEVER_MISSING = """
SELECT attrelid::regclass, attname FROM pg_attribute
WHERE attnotnull AND attnum > 0 AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace)
"""


class Hand:
    """A hand on the rows of a ledger.

    Attributes:
        do: carries out a statement.
        reading: a reader of the rows as they are now.
    """

    def __init__(self, do: Callable[[str], object], reading: Callable[[], AbstractContextManager[Reader]]) -> None:
        self.do, self.reading = do, reading


Hands = Callable[[], AbstractContextManager[Hand]]


@contextmanager
def hands_on(shelf: Shelf, rich: Path) -> Iterator[Hands]:
    """Hands on a ledger with the rows of a file, one after another, each on the rows as they were."""
    if isinstance(shelf, FileShelf):
        with Store.open(_bare_file(shelf, rich)) as store:
            yield lambda: _on_file(store)
    else:
        address = _bare_server(shelf, rich)
        yield lambda: _on_server(address)


def _bare_file(shelf: FileShelf, rich: Path) -> Path:
    bare = shelf.place("bare")
    with duckdb.connect(str(bare)) as file:
        file.execute(f"ATTACH '{rich}' AS rich (READ_ONLY)")
        for name in (*_NAMES, "migration"):
            file.execute(f'CREATE TABLE "{name}" AS SELECT * FROM rich."{name}"')
    return bare


@contextmanager
def _on_file(store: Store) -> Iterator[Hand]:
    with store.rehearse() as writer:

        @contextmanager
        def reading() -> Iterator[Reader]:
            yield writer

        yield Hand(writer.execute, reading)


def _bare_server(shelf: ServerShelf, rich: Path) -> Address:
    address = shelf.place("bare")
    Store.create(address).close()
    with raw(address) as server, Store.open(rich, read_only=True) as store, store.read() as reader:
        server.execute("SET session_replication_role = replica")
        for table, constraint in server.execute(_CONSTRAINTS).fetchall():
            server.execute(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{constraint}" CASCADE')
        for table, column in server.execute(_NEVER_MISSING).fetchall():
            server.execute(f'ALTER TABLE {table} ALTER "{column}" DROP NOT NULL')
        server.execute("DELETE FROM seal")
        for name in _NAMES:
            rows = reader.table(f'SELECT * FROM "{name}"').to_pylist()
            columns, marks = ", ".join(f'"{column}"' for column in rows[0]), ", ".join(["%s"] * len(rows[0]))
            with server.cursor() as cursor:
                cursor.executemany(
                    f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', [[*row.values()] for row in rows]
                )
    return address


@contextmanager
def _on_server(address: Address) -> Iterator[Hand]:
    from ledger.store.server import store as server_store
    from ledger.store.server.mirror import Mirror
    from ledger.store.server.shown import Private

    with raw(address) as server:
        server.execute("SET timezone = 'UTC'")
        server.execute("BEGIN")
        server.execute("SET LOCAL session_replication_role = replica")

        @contextmanager
        def reading() -> Iterator[Reader]:
            # It is opened, and every row is read anew, as verify has it.
            server_store.version_of(address, server)
            mirror = Mirror(afresh=True)
            try:
                mirror.follow(server)
                cursor = mirror.cursor()
                yield Private(mirror, server).shown_to(server, None).before(cursor)
            finally:
                mirror.close()

        try:
            yield Hand(server.execute, reading)
        finally:
            server.execute("ROLLBACK")
