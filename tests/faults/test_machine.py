"""What the machine may do to a ledger: no room, no right, a clock that runs back, a connection that is cut."""

import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from ledger.entries import chain, posting
from ledger.entries.posting import post
from ledger.errors import LedgerFault, LedgerUnreachable, NotALedger, Problem
from ledger.reports.verify import verify
from ledger.store import backup
from ledger.store.address import ServerAddress
from ledger.store.base import Reader, Store
from tests.books import at, entry, texts
from tests.faults.processes import Working
from tests.faults.test_killed import whole
from tests.shelves import Shelf, raw, set_clock

only_files = pytest.mark.parametrize("kind", ["file"])
only_servers = pytest.mark.parametrize("kind", ["server"])


def ten(key: str) -> list[posting.Draft]:
    return [entry("devolve", at("ICB1", "core"), at("P1", "core"), 1, key=f"{key}/{n}") for n in range(10)]


def keys_of(store: Store) -> set[str]:
    with store.read() as reader:
        return {str(key) for (key,) in reader.rows("SELECT key FROM entry")}


def fill_the_disk(say: Callable[[str], None], path: Path) -> None:
    """Post where files may grow by little, until it is refused; then once more with room."""
    # Python's own way to a full disk that needs no rights: a file may not grow beyond a size.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Store.open(path) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
        turn = 0
        while True:
            try:
                post(store, ten(f"turn {turn}"))
            except LedgerFault as fault:
                say(f"fault: {fault}")
                break
            say(f"turn {turn}")
            turn += 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        post(store, ten(f"turn {turn}"))
        say(f"turn {turn}")


def copy_without_room(say: Callable[[str], None], path: Path, target: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Store.open(path, read_only=True) as store:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
        try:
            backup.copy(store, target)
        except LedgerFault as fault:
            say(f"fault: {fault}")


@only_files
def test_a_full_disk_is_said_and_loses_nothing(funded: Store) -> None:
    funded.checkpoint()
    path = funded.path
    funded.close()
    assert isinstance(path, Path)
    told = Working(fill_the_disk, path).finished()
    (fault,) = [line for line in told if line.startswith("fault")]
    assert "there is no room on the disk. Nothing was changed. Make room, then do it again" in fault
    whole(path)
    with Store.open(path) as store:
        kept = {key.partition("/")[0] for key in keys_of(store) if key.startswith("turn")}
        assert kept == {line for line in told if line.startswith("turn")}


@only_files
def test_a_backup_for_which_there_is_no_room_leaves_nothing_behind(funded: Store, tmp_path: Path) -> None:
    funded.checkpoint()
    path, folder = funded.path, tmp_path / "backups"
    funded.close()
    folder.mkdir()
    (fault,) = Working(copy_without_room, path, folder / "backup.duckdb").finished()
    assert "there is no room on the disk" in fault
    assert list(folder.iterdir()) == []


@only_files
def test_a_ledger_that_may_only_be_read_is_read_and_takes_no_entry(funded: Store) -> None:
    funded.checkpoint()
    path = funded.path
    funded.close()
    assert isinstance(path, Path)
    with protected(path):
        head = whole(path)
        with pytest.raises(LedgerFault, match="may not write there"):
            Store.open(path)
        with pytest.raises(LedgerFault, match="may not write there"), Store.open(path, read_only=True) as store:
            backup.copy(store, path.with_name("copy.duckdb"))
    assert whole(path) == head


@contextmanager
def protected(path: Path) -> Iterator[None]:
    """The folder of a file, and the file, without the right to write; for an administrator, who may always, a mount."""
    if os.geteuid() == 0:
        if os.system(f"mount --bind -o ro '{path.parent}' '{path.parent}' 2>/dev/null") != 0:
            pytest.skip("this machine lets nobody make a folder that an administrator cannot write to")
        try:
            yield
        finally:
            assert os.system(f"umount '{path.parent}'") == 0
    else:
        path.chmod(0o400)
        path.parent.chmod(0o500)
        try:
            yield
        finally:
            path.parent.chmod(0o700)
            path.chmod(0o600)


@only_files
def test_a_damaged_file_is_said_to_be_damaged(funded: Store) -> None:
    funded.checkpoint()
    path = funded.path
    funded.close()
    assert isinstance(path, Path)
    good = path.read_bytes()
    heard = 0
    for at_byte in range(4096, len(good), len(good) // 40):
        path.write_bytes(good[:at_byte] + bytes(200) + good[at_byte + 200 :])
        try:
            with Store.open(path, read_only=True) as store, store.read() as reader:
                heard += bool(verify(reader))
        except (NotALedger, LedgerFault):
            heard += 1
    path.write_bytes(good)
    whole(path)
    assert heard > 0


def test_a_clock_that_runs_back_breaks_no_chain(funded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded times only rise; the chain, which holds them, is whole, and so is a copy of it."""
    for year in (2040, 2001, 1970, 2039):
        set_clock(funded, monkeypatch, datetime(year, 1, 1, tzinfo=UTC))
        post(funded, ten(f"in {year}"))
    with funded.read() as reader:
        times = [when for (when,) in reader.rows("SELECT DISTINCT recorded_at FROM entry ORDER BY number")]
        assert texts(verify(reader)) == ""
        head = chain.head(reader)
    assert times == sorted(times)
    assert backup.copy(funded, tmp_path / "copy.duckdb").head == head


def nothing(_: Reader) -> list[Problem]:
    """A last question that finds nothing: so that what the server has done is kept by a word of its own."""
    return []


class Cutting:
    """A way to the server that lets everything through until it is told at which word of the client to drop the line."""

    def __init__(self, address: ServerAddress) -> None:
        parts = urlsplit(address.url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.word, self.before = b"", False
        host = f"{parts.username}@127.0.0.1:{self._door.getsockname()[1]}"
        self.address = ServerAddress(urlunsplit(parts._replace(netloc=host)))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            client, _ = self._door.accept()
            server = socket.create_connection(self._server)
            for one, other, is_client in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pass_on, args=(one, other), kwargs={"is_client": is_client}, daemon=True
                ).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, *, is_client: bool) -> None:
        try:
            while said := one.recv(1 << 16):
                cut = is_client and bool(self.word) and self.word in said
                if cut:
                    # The client never hears back, however quickly the server would answer.
                    one.shutdown(socket.SHUT_RDWR)
                if not (cut and self.before):
                    other.sendall(said)
                if cut:
                    break
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


@only_servers
@pytest.mark.parametrize(("word", "ask"), [(b"ledger_post", None), (b"ledger_post", nothing), (b"COMMIT", nothing)])
@pytest.mark.parametrize("before", [True, False], ids=["unheard", "heard"])
def test_a_line_that_is_cut_keeps_all_or_nothing_and_asking_again_does_it_once(
    funded: Store, word: bytes, ask: Callable[[Reader], list[Problem]] | None, before: bool
) -> None:
    assert isinstance(funded.path, ServerAddress)
    way = Cutting(funded.path)
    with Store.open(way.address) as store:
        post(store, ten("first"))
        way.word, way.before = word, before
        with pytest.raises(LedgerUnreachable, match="ask again: the same keys are never done twice"):
            post(store, ten("cut"), afterwards=ask)
        way.word = b""
        kept = [key for key in keys_of(funded) if key.startswith("cut")]
        assert len(kept) in (0, 10)
        posted = post(store, ten("cut"))
        (replayed,) = {each.replayed for each in posted}
        if kept or before:
            assert replayed == bool(kept)
        # Otherwise the server has heard it, and may have done it only after we looked.
        with store.read() as reader:
            assert texts(verify(reader)) == ""
    assert sum(key.startswith("cut") for key in keys_of(funded)) == 10


@only_servers
def test_a_session_that_the_administrator_ends_while_copying_keeps_nothing(funded: Store, shelf: Shelf) -> None:
    target = shelf.place("cut")

    def end(step: str) -> None:
        if step.startswith("Copying transfers"):
            with raw(target) as server:
                server.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    with pytest.raises(LedgerUnreachable):
        backup.copy(funded, target, end)
    backup.copy(funded, target)
    with funded.read() as reader:
        assert whole(target) == chain.head(reader)
