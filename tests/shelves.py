"""Where the tests keep their ledgers: files in a folder, or databases on a server made for the tests.

The server is named by DEVOLUTION_TEST_POSTGRES, a superuser's URL; ``.ci/run`` starts one. Where there is
none the tests that need it say so and are not run.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import duckdb
import pytest

from ledger.entries import chain, posting
from ledger.store.address import Address, ServerAddress, parse
from ledger.store.base import Store
from tests.books import fund_all, small_books

SERVER = os.environ.get("DEVOLUTION_TEST_POSTGRES", "")
NO_SERVER = "there is no PostgreSQL server to test with; set DEVOLUTION_TEST_POSTGRES to a superuser's URL to run this"
_serial = count()
_OWN = f"{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"


class FileShelf:
    """Ledgers in files of one folder."""

    kind = "file"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def place(self, name: str = "ledger") -> Path:
        """Where a ledger may be made."""
        return self.folder / f"{name}_{next(_serial)}.duckdb"

    def copy(self, source: Address, name: str = "copy") -> Path:
        """A copy of a closed ledger, to be changed."""
        place = self.place(name)
        shutil.copy(source, place)
        return place

    def tamper(self, address: Address, *changes: str) -> None:
        """Change a closed ledger behind the books' back, by somebody who may do anything."""
        for change in changes:
            with duckdb.connect(str(address)) as raw:
                raw.execute(change)

    def discard(self, address: Address) -> None:
        """Throw a closed ledger away, where a test makes many."""
        assert isinstance(address, Path)
        address.unlink()

    def clear(self) -> None:
        """Nothing: the folder is the test's own."""


class ServerShelf:
    """Ledgers in databases of the test server."""

    kind = "server"

    def __init__(self) -> None:
        self.made: list[str] = []

    def place(self, name: str = "ledger") -> ServerAddress:
        """An empty database, where a ledger may be made."""
        return self._make(name, "template0")

    def copy(self, source: Address, name: str = "copy") -> ServerAddress:
        """A copy of a closed ledger, to be changed."""
        assert isinstance(source, ServerAddress)
        return self._make(name, urlsplit(source.url).path.strip("/"))

    def tamper(self, address: Address, *changes: str) -> None:
        """Change a ledger behind the books' back, by a superuser who turns every guard off."""
        with raw(address) as server:
            server.execute("SET session_replication_role = replica")
            for change in changes:
                server.execute(change)

    def discard(self, address: Address) -> None:
        """Throw a ledger away, where a test makes many."""
        assert isinstance(address, ServerAddress)
        self._drop(urlsplit(address.url).path.strip("/"))

    def clear(self) -> None:
        """Drop what was made."""
        for name in list(self.made):
            self._drop(name)

    def _drop(self, name: str) -> None:
        with administrator() as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.made.remove(name)

    def _make(self, name: str, template: str) -> ServerAddress:
        database = f"test_{name}_{_OWN}_{next(_serial)}".lower()
        with administrator() as server:
            # Files are copied in a third of the processor time that a log of each of their pages takes; servers
            # before 15 know no other way.
            how = "STRATEGY FILE_COPY" if server.info.server_version >= 150_000 else ""
            server.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" {how}')
            if template != "template0":  # rights to a database are not copied with it
                server.execute(f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC')
        self.made.append(database)
        return on_server(database)


Shelf = FileShelf | ServerShelf


def on_server(database: str, user: str | None = None) -> ServerAddress:
    """The address of a database on the test server."""
    parts = urlsplit(SERVER)
    host = parts.netloc.rpartition("@")[2]
    address = parse(urlunsplit(parts._replace(path=f"/{database}", netloc=f"{user}@{host}" if user else parts.netloc)))
    assert isinstance(address, ServerAddress)
    return address


def set_clock(store: Store, monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """Let the clock that a ledger's recorded times rest on stand at a moment: this machine's, or the server's.

    A server's is a function that only the tables' owner can make anew; ``verify`` finds that somebody has.
    """
    if isinstance(store.path, ServerAddress):
        with raw(store.path) as server:
            server.execute(
                "CREATE OR REPLACE FUNCTION ledger_clock() RETURNS timestamptz LANGUAGE sql VOLATILE "
                f"AS $ledger$SELECT TIMESTAMPTZ '{moment.isoformat()}'$ledger$"
            )
    else:
        monkeypatch.setattr(posting, "_now", lambda: moment)


@contextmanager
def raw(address: Address) -> Iterator[object]:
    """A plain connection to a database, past the books."""
    import psycopg

    assert isinstance(address, ServerAddress)
    with psycopg.connect(address.url, autocommit=True) as server:
        yield server


def administrator():
    """A connection to the test server itself."""
    import psycopg

    return psycopg.connect(SERVER, autocommit=True)


@cache
def server_is_there() -> bool:
    """Whether the test server answers; asked once."""
    if not SERVER:
        return False
    administrator().close()  # a server that was promised and is not there is a failure, not a skipped test
    return True


def shelf_of(kind: str, folder: Path) -> Shelf:
    """A shelf of a kind, or a skipped test where there is no server."""
    if kind == "server":
        if not server_is_there():
            pytest.skip(NO_SERVER)
        return ServerShelf()
    return FileShelf(folder)


Template = Callable[[str], Address]
Opened = Callable[[str], Store]


def made_once(folder: Path, make: Callable[[Shelf], Address]) -> Iterator[Template]:
    """A closed ledger on a shelf of each kind, made when it is first asked for, to be copied."""
    shelves: list[Shelf] = []

    @cache
    def made(kind: str) -> Address:
        shelves.append(shelf_of(kind, folder))
        return make(shelves[-1])

    yield made
    for shelf in shelves:
        shelf.clear()


def opened_once(folder: Path, template: Template) -> Iterator[Opened]:
    """A copy of a ledger of each kind, open for all who ask; see ``left_alone``."""
    stores: list[Store] = []
    shelves: list[Shelf] = []

    @cache
    def opened(kind: str) -> Store:
        shelves.append(shelf_of(kind, folder))
        stores.append(Store.open(shelves[-1].copy(template(kind), "open")))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()
    for shelf in shelves:
        shelf.clear()


def left_alone(store: Store) -> Iterator[Store]:
    """An open ledger for a test that may change nothing; it fails where it did."""

    def head() -> str:
        with store.read() as reader:
            return chain.head(reader)

    before = head()
    yield store
    assert head() == before, "the test changed a ledger that other tests read"


def small_books_on(shelf: Shelf) -> Address:
    """A ledger with the small books, closed, to be copied."""
    place = shelf.place("small")
    with Store.create(place) as store:
        small_books(store)
        store.checkpoint()
    return place


def small_file(path: Path, *, funded: bool = False) -> Path:
    """A file with the small books, a copy of what was made once; ``fund_all`` is posted in it where that is asked."""
    path.write_bytes(_small_file(funded=funded))
    return path


@cache
def _small_file(*, funded: bool) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "small.duckdb"
        with Store.create(path) as store:
            small_books(store)
            if funded:
                fund_all(store)
            store.checkpoint()
        return path.read_bytes()
