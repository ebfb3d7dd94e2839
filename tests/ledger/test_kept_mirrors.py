"""What a program keeps of a server's ledger: the next opens with it, and nothing is believed that is not the ledger's."""

import hashlib
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from ledger.entries import chain
from ledger.entries.posting import post
from ledger.entries.proposals import submit
from ledger.errors import LedgerError, LedgerUnreachable
from ledger.reports import position
from ledger.reports.verify import verify
from ledger.store import backup
from ledger.store.address import ServerAddress
from ledger.store.base import Store
from ledger.store.migrations import SCHEMA_VERSION
from ledger.store.server import mirror
from ledger.words import TABLES, UNPUBLISHED
from tests.books import at, entry, fund_all, held, small_books, texts
from tests.shelves import ServerShelf, on_server, raw

pytestmark = pytest.mark.parametrize("kind", ["server"])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the programs of a test keep their mirrors."""
    place = tmp_path / "mirrors"
    monkeypatch.setenv("DEVOLUTION_MIRRORS", str(place))
    return place


def kept(folder: Path) -> list[Path]:
    """The files that are there, oldest entry first; nothing half made is ever left."""
    files = sorted(folder.iterdir(), key=lambda path: path.name.split("-")[1])
    assert not [path for path in files if path.name.startswith(".")]
    return files


def devolve(store: Store, pence: int, times: int = 1, to: str = "P1") -> None:
    post(store, [entry("devolve", at("ICB1", "core"), at(to, "core"), pence) for _ in range(times)])


class Opened:
    """A ledger as the next program opens it: what it holds, and where its rows came from."""

    def __init__(self, address: object) -> None:
        with Store.open(address, read_only=True) as store:
            self.held = held(store)
            self.is_from_kept = store._mirror.is_from_kept
            self.fetched = store._mirror.fetched


@pytest.fixture
def opened_once(books: Store, folder: Path) -> Store:
    """Funded books that a program has opened, and kept."""
    fund_all(books)
    first = Opened(books.path)
    assert not first.is_from_kept
    assert len(kept(folder)) == 1
    return books


def rows_of_the_small_books(store: Store) -> int:
    with raw(store.path) as server:
        return sum(
            server.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in TABLES if table != "seal"
        )


def test_the_second_opening_fetches_nothing_and_the_third_what_is_new(opened_once: Store, folder: Path) -> None:
    again = Opened(opened_once.path)
    assert (again.is_from_kept, again.fetched) == (True, 0)
    assert again.held["ICB1", "core", "available"] == 600_000
    devolve(opened_once, 10, times=2)
    third = Opened(opened_once.path)
    # Two entries, a leg of each, the account that they opened, the day of each account that they touched and of who did.
    assert (third.is_from_kept, third.fetched) == (True, 8)
    assert third.held["P1", "core", "available"] == 20
    assert third.held == held(opened_once)


def test_the_first_opening_fetches_every_row_once(funded: Store) -> None:
    assert Opened(funded.path).fetched == rows_of_the_small_books(funded)


def test_opened_again_after_ten_entries_it_is_what_a_copy_in_a_file_is(opened_once: Store, tmp_path: Path) -> None:
    devolve(opened_once, 7, times=10)
    file = tmp_path / "copy.duckdb"
    with Store.open(opened_once.path) as again:
        ours = answers(again)
        assert again._mirror.is_from_kept
    backup.copy(opened_once, file)
    with Store.open(file) as copied:
        assert answers(copied) == ours


def answers(store: Store) -> list[object]:
    with store.read() as reader:
        when = position.moment(reader)
        tables = [reader.table(f'SELECT * FROM "{name}"') for name in TABLES]
        rows = [sorted(table.select(sorted(table.column_names)).to_pylist(), key=repr) for table in tables]
        return [chain.head(reader), position.position(reader, when).to_pylist(), *rows]


def test_who_opens_with_what_is_kept_posts_and_follows_like_any_other(opened_once: Store) -> None:
    with Store.open(opened_once.path) as one, Store.open(opened_once.path) as two:
        assert held(one) == held(two)
        assert one._mirror.is_from_kept
        assert two._mirror.is_from_kept
        devolve(one, 3)
        devolve(two, 4)
        devolve(one, 5)
        assert held(two)["P1", "core", "available"] == 12
        assert held(one) == held(two) == held(opened_once)
    with opened_once.read_afresh() as reader:
        assert texts(verify(reader)) == ""


def test_it_is_kept_anew_when_it_has_grown_by_a_tenth_and_not_before(opened_once: Store, folder: Path) -> None:
    devolve(opened_once, 1, times=20)
    Opened(opened_once.path)
    (first,) = kept(folder)
    rows = rows_of_the_small_books(opened_once)
    devolve(opened_once, 1)  # an entry, a leg, and the day of each of the two accounts and of who did it
    assert Opened(opened_once.path).fetched == 5 < rows / 10
    assert kept(folder) == [first]
    devolve(opened_once, 1, times=10)
    assert Opened(opened_once.path).fetched == 25 > rows / 10
    (second,) = kept(folder)
    assert second != first
    assert Opened(opened_once.path).fetched == 0


def test_what_is_kept_is_this_users_alone(opened_once: Store, folder: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows keeps a user's folder by other means")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept(folder)} == {0o600}
    # Neither the user's name nor the ledger's can be read off a file's name.
    assert not [path for path in kept(folder) if "devolution" in path.name or "books" in path.name]


def test_proposals_are_in_no_kept_file(funded: Store, folder: Path) -> None:
    draft = entry("devolve", at("ICB1", "core"), at("P1", "core"), 5)
    submit(funded, [draft], key="secret plan", title="a secret title", prepared_by="anna")
    with Store.open(funded.path) as store, store.read_afresh() as reader:
        assert reader.whole("SELECT count(*) FROM proposal") == 1  # its owner is shown it all the same
    (file,) = kept(folder)
    with closing(duckdb.connect(str(file), read_only=True)) as found:
        for table in UNPUBLISHED:
            assert found.execute(f'SELECT count(*) FROM "{table}"').fetchall() == [(0,)]
        assert found.execute("SELECT entries FROM seal").fetchall() == [(6,)]
    assert Opened(funded.path).is_from_kept


# What may happen to a kept file.


def flip(path: Path, at_byte: int) -> None:
    content = bytearray(path.read_bytes())
    content[at_byte] ^= 0x10
    path.write_bytes(content)


def edit(path: Path, *statements: str) -> None:
    with closing(duckdb.connect(str(path))) as file:
        for statement in statements:
            file.execute(statement)


def named_for_its_bytes(path: Path, **parts: str) -> Path:
    """The file under the name that its present bytes should have, by somebody who knows how names are made."""
    ledger, entries, head, _ = path.stem.split("-")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    given = {"ledger": ledger, "entries": entries, "head": head} | parts
    return path.rename(path.with_name("-".join([*given.values(), digest]) + ".duckdb"))


MORE = "UPDATE transfer SET amount_pence = amount_pence + 1"
SPOILT: dict[str, Callable[[Path], object]] = {
    "first byte": lambda path: flip(path, 0),
    "a byte of a header": lambda path: flip(path, 5_000),
    "a byte in the middle": lambda path: flip(path, path.stat().st_size // 2),
    "the last byte": lambda path: flip(path, -1),
    "cut": lambda path: os.truncate(path, path.stat().st_size - 4_096),
    "empty": lambda path: os.truncate(path, 0),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"more"),
    "an amount": lambda path: edit(path, MORE),
    "a row taken out": lambda path: edit(path, "DELETE FROM transfer WHERE entry_number = 5"),
    "another file": lambda path: path.write_bytes(b"not a database at all" * 1_000),
    "another file, by its name": lambda path: [path.write_bytes(b"no database" * 999), named_for_its_bytes(path)],
    "no seal, by its name": lambda path: [edit(path, "DELETE FROM seal"), named_for_its_bytes(path)],
    "no table, by its name": lambda path: [edit(path, "DROP TABLE terms"), named_for_its_bytes(path)],
    "two seals, by its name": lambda path: [edit(path, "INSERT INTO seal SELECT * FROM seal"), named_for_its_bytes(path)],
    "another head, by its name": lambda path: [edit(path, "UPDATE seal SET head = 'f'"), named_for_its_bytes(path)],
    "another version, by its name": lambda path: [
        edit(path, f"UPDATE seal SET schema_version = {SCHEMA_VERSION + 1}"), named_for_its_bytes(path)],
    "fewer entries, by its name": lambda path: [
        edit(path, "DELETE FROM entry WHERE number = 2"), named_for_its_bytes(path)],
    "more entries, by its name": lambda path: [
        edit(path, "UPDATE seal SET entries = 4"), named_for_its_bytes(path)],
    "a proposal, by its name": lambda path: [
        edit(path, "INSERT INTO proposal_end SELECT key, key, key, key, key, NULL, NULL, number FROM entry"),
        named_for_its_bytes(path)],
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_file_that_was_altered_is_found_before_it_is_believed(
    opened_once: Store, folder: Path, spoil: Callable[[Path], object]
) -> None:
    right = held(opened_once)
    spoil(kept(folder)[0])
    (spoilt,) = kept(folder)
    opened = Opened(opened_once.path)
    assert (opened.held, opened.is_from_kept) == (right, False)
    assert not spoilt.exists() or hashlib.sha256(spoilt.read_bytes()).hexdigest() in spoilt.name
    assert Opened(opened_once.path).is_from_kept  # it was kept anew


def test_an_older_file_under_a_newer_name_is_found(opened_once: Store, folder: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    (first,) = kept(folder)
    older.write_bytes(first.read_bytes())
    devolve(opened_once, 9, times=10)
    assert Opened(opened_once.path).held["P1", "core", "available"] == 90
    (newer,) = kept(folder)
    newer.write_bytes(older.read_bytes())
    named_for_its_bytes(newer)
    opened = Opened(opened_once.path)
    assert (opened.held["P1", "core", "available"], opened.is_from_kept) == (90, False)


def test_a_file_of_another_ledger_is_found(opened_once: Store, folder: Path, shelf: ServerShelf) -> None:
    (ours,) = kept(folder)
    other = shelf.place("other")
    with Store.create(other) as store:
        small_books(store)
        fund_all(store, 2_000_000)
        Opened(other)
    (theirs,) = set(kept(folder)) - {ours}
    ledger, entries, head, _ = ours.stem.split("-")
    ours.unlink()
    named_for_its_bytes(theirs, ledger=ledger, entries=entries, head=head)
    opened = Opened(opened_once.path)
    assert (opened.held, opened.is_from_kept) == (held(opened_once), False)


def test_a_ledger_that_went_back_is_not_answered_from_what_was_kept_later(
    opened_once: Store, folder: Path, shelf: ServerShelf
) -> None:
    devolve(opened_once, 9, times=10)
    assert Opened(opened_once.path).held["P1", "core", "available"] == 90
    shelf.tamper(opened_once.path, "DELETE FROM transfer WHERE entry_number > 4", "DELETE FROM entry WHERE number > 4",
                 "UPDATE seal SET entries = 4, head = (SELECT hash FROM entry WHERE number = 4)")  # fmt: skip
    back = Opened(opened_once.path)
    assert (back.is_from_kept, "P1" in str(back.held)) == (False, False)
    assert back.held["NHS", "limit", "available"] == 400_000


def test_rows_changed_on_the_server_are_found_by_whoever_verifies_at_once(
    opened_once: Store, shelf: ServerShelf, folder: Path, tmp_path: Path
) -> None:
    """The chain is the same, so only who reads the rows themselves can see it; verifying does, and so does a backup."""
    shelf.tamper(opened_once.path, "UPDATE transfer SET amount_pence = 599999 WHERE entry_number = 4")
    with Store.open(opened_once.path, read_only=True) as store:
        with store.read() as reader:
            assert reader.is_from_kept
            with pytest.raises(LedgerError, match="read it afresh"):
                verify(reader)
        with store.read_afresh() as reader:
            assert not reader.is_from_kept
            assert "entry 4" in texts(verify(reader))
        with pytest.raises(LedgerError, match="entry 4"):
            backup.backup(store, tmp_path / "backup.duckdb")
    # What was kept is what was found: who opens it next sees what the server holds.
    (file,) = kept(folder)
    assert Opened(opened_once.path).held["ICB1", "core", "available"] == 599_999
    # And when it is put right, verifying puts right what is kept.
    shelf.tamper(opened_once.path, "UPDATE transfer SET amount_pence = 600000 WHERE entry_number = 4")
    with Store.open(opened_once.path, read_only=True) as store, store.read_afresh() as reader:
        assert texts(verify(reader)) == ""
    assert kept(folder) != [file]
    again = Opened(opened_once.path)
    assert (again.is_from_kept, again.held["ICB1", "core", "available"]) == (True, 600_000)


def test_what_is_older_than_a_day_is_read_again_and_taken_away(opened_once: Store, folder: Path) -> None:
    (file,) = kept(folder)
    theirs = folder / f"{'0' * 32}-{1:012}-{'0' * 16}-{'0' * 64}.duckdb"
    left, making, foreign = folder / ".unfinished-1.duckdb", folder / ".unfinished-2.duckdb", folder / "notes.txt"
    for path in (theirs, left, making, foreign):
        path.write_text("x")
    for path, hours in ((file, 25), (theirs, 25), (left, 2), (foreign, 999)):
        os.utime(path, times=(time.time() - hours * 3600,) * 2)
    opened = Opened(opened_once.path)
    assert (opened.is_from_kept, opened.held) == (False, held(opened_once))
    assert not theirs.exists()
    assert not left.exists()
    assert making.exists()  # somebody may be writing it
    assert foreign.exists()
    (anew,) = [path for path in folder.iterdir() if path not in (making, foreign)]
    assert time.time() - anew.stat().st_mtime < 60


def test_what_is_kept_anew_is_as_old_as_the_oldest_of_its_rows(opened_once: Store, folder: Path) -> None:
    """Otherwise a ledger that grows would be believed for ever, row by row."""
    yesterday = int(time.time()) - 20 * 3600
    os.utime(kept(folder)[0], times=(yesterday, yesterday))
    devolve(opened_once, 1, times=20)
    assert Opened(opened_once.path).is_from_kept
    (grown,) = kept(folder)
    assert int(grown.stat().st_mtime) == yesterday
    with Store.open(opened_once.path) as store:
        held(store)
        store._mirror._read_at -= 5 * 3600  # it has been open since then
        devolve(opened_once, 1, times=30)
        held(store)
    assert kept(folder) == [grown]
    os.utime(grown, times=(yesterday - 5 * 3600,) * 2)
    assert not Opened(opened_once.path).is_from_kept


def test_a_file_from_the_future_is_not_believed(opened_once: Store, folder: Path) -> None:
    os.utime(kept(folder)[0], times=(time.time() + 30 * 3600,) * 2)
    assert not Opened(opened_once.path).is_from_kept


@pytest.fixture(params=["off", "a file", "no right", "others write"])
def nowhere(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Reasons not to keep anything."""
    if request.param == "off":
        monkeypatch.setenv("DEVOLUTION_MIRRORS", "OFF")
    elif request.param == "a file":
        folder.write_text("here is no room for a folder")
    elif request.param == "no right":
        folder.mkdir(mode=0o700)
        monkeypatch.setattr(os, "access", lambda *_: False)
    else:
        if sys.platform == "win32":
            pytest.skip("Windows keeps a user's folder by other means")
        folder.mkdir()
        folder.chmod(0o777)
    yield request.param
    assert folder.is_file() or not folder.exists() or not list(folder.iterdir())


def test_where_nothing_can_be_kept_the_ledger_is_read_as_it_is(funded: Store, nowhere: str) -> None:
    for _ in range(2):
        opened = Opened(funded.path)
        assert (opened.is_from_kept, opened.held["ICB1", "core", "available"]) == (False, 600_000)


def test_a_folder_that_goes_away_or_fills_up_changes_no_answer(
    opened_once: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(mirror.KeptMirrors, "publish", no_room)
        full.setattr(mirror.KeptMirrors, "working_copy", lambda *_: None)
        assert Opened(opened_once.path).held == held(opened_once)
        assert len(kept(folder)) == 1
    with Store.open(opened_once.path) as store:
        before = held(store)
        for path in kept(folder):
            path.unlink()
        folder.rmdir()
        devolve(store, 1, times=20)
        assert held(store)["ICB1", "core", "available"] == before["ICB1", "core", "available"] - 20
    assert Opened(opened_once.path).held == held(opened_once)


def test_a_disk_that_fails_under_the_working_copy_changes_no_answer(
    opened_once: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = []

    def insert(cursor: duckdb.DuckDBPyConnection, table: str, rows: object) -> None:
        if not failed:
            failed.append(table)
            raise duckdb.IOException("Could not write file: no space left on device")
        really(cursor, table, rows)

    really = mirror._insert
    with Store.open(opened_once.path) as store:
        before = held(store)
        assert store._mirror.is_from_kept
        with store.read() as reader:
            devolve(opened_once, 10, times=2)
            monkeypatch.setattr(mirror, "_insert", insert)
            after = held(store)
            # Who was reading when it failed goes on reading what they saw.
            assert reader.whole("SELECT entries FROM seal") == 5
        assert failed == ["entry"]
        assert (after["P1", "core", "available"], before["ICB1", "core", "available"]) == (20, 600_000)
        devolve(store, 5)
        assert held(store) == held(opened_once)


def test_the_cache_is_where_the_system_has_it(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform == "win32":
        pytest.skip("told by other variables")
    monkeypatch.delenv("DEVOLUTION_MIRRORS")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert mirror.folder() == tmp_path / "cache" / "devolution"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert mirror.folder() == tmp_path / "home" / ".cache" / "devolution"


def test_who_may_not_read_a_table_is_not_shown_it_by_a_file(opened_once: Store, folder: Path) -> None:
    """The file is this user's, but the login is another: what the server would not say, no file says."""
    assert isinstance(opened_once.path, ServerAddress)
    database = opened_once.path.url.rpartition("/")[2]
    login = f"{database}_half"[-60:]
    with raw(opened_once.path) as server:
        server.execute(f'CREATE ROLE "{login}" LOGIN')
        server.execute("SELECT ledger_admit(%s, 'reads')", (login,))
        try:
            assert Opened(on_server(database, login)).is_from_kept
            server.execute(f'REVOKE SELECT ON transfer FROM "{login}"')
            with pytest.raises(LedgerUnreachable, match="does not allow this user"):
                Opened(on_server(database, login))
            # Shown some rows and not others, the login gets those that the server gives it.
            server.execute(f'GRANT SELECT ON transfer TO "{login}"')
            server.execute("ALTER TABLE transfer ENABLE ROW LEVEL SECURITY")
            server.execute("CREATE POLICY few ON transfer FOR SELECT USING (entry_number <> 5)")
            few = Opened(on_server(database, login))
            assert (few.is_from_kept, few.held.get(("ICB2", "core", "available"))) == (False, None)
            assert Opened(opened_once.path).held["ICB2", "core", "available"] == 300_000
        finally:
            server.execute(f'DROP OWNED BY "{login}"')
            server.execute(f'DROP ROLE "{login}"')
