"""One process holds a ledger to write; others are told who, and what to do."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest
from sqlmodel import select

from ledger.entries import chain
from ledger.entries.posting import post
from ledger.errors import LedgerError, LedgerHeld, LedgerMissing, NotALedger, Refused
from ledger.models import Entry, Organisation
from ledger.reports.verify import verify
from ledger.store import file
from ledger.store.base import Store
from tests.books import at, entry, held, texts

OPEN = "import sys; from pathlib import Path; from ledger.store.base import Store; Store.open(Path(sys.argv[1]), read_only={})"


only_files = pytest.mark.parametrize("kind", ["file"])


def other_process(path: Path, *, read_only: bool) -> str:
    code = OPEN.format(read_only)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False)
    return done.stderr


@only_files
def test_a_second_process_is_told_who_holds_the_ledger(books: Store) -> None:

    for read_only in (True, False):
        said = other_process(books.path, read_only=read_only)
        assert f"is held by process {os.getpid()}" in said
        assert "Close the app or wait for the other command to finish" in said


@only_files
def test_several_processes_may_read_together_and_none_may_write_then(books: Store) -> None:
    books.close()
    with Store.open(books.path, read_only=True):
        assert other_process(books.path, read_only=True) == ""
        assert "is held by process" in other_process(books.path, read_only=False)


@only_files
def test_the_same_process_may_not_open_it_twice_in_two_ways(books: Store) -> None:
    with pytest.raises(LedgerHeld, match="another part of this program"):
        Store.open(books.path, read_only=True)


@only_files
def test_a_missing_a_foreign_and_a_later_ledger_are_named(tmp_path: Path, books: Store) -> None:
    with pytest.raises(LedgerMissing, match="There is no ledger at"):
        Store.open(tmp_path / "none.duckdb")
    (tmp_path / "text.duckdb").write_text("not a database, but long enough to be looked at as one" * 100)
    with pytest.raises(NotALedger, match="cannot be read as a ledger"):
        Store.open(tmp_path / "text.duckdb")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    with pytest.raises(NotALedger, match="another kind of file"):  # which DuckDB alone would open, and lose
        Store.open_or_create(tmp_path / "table.csv")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as raw:
        raw.execute("CREATE TABLE mine (a INTEGER); INSERT INTO mine VALUES (1)")
    with pytest.raises(NotALedger, match="none of the ledger's tables"):
        Store.open(tmp_path / "other.duckdb")
    with pytest.raises(NotALedger):  # and somebody else's tables are never written over
        Store.open_or_create(tmp_path / "other.duckdb")
    with books.write() as writer:
        writer.execute("UPDATE seal SET schema_version = 99")
    books.close()
    with pytest.raises(NotALedger, match="its schema is version 99"):
        Store.open(books.path)


def test_a_making_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "half.duckdb"
    with duckdb.connect(str(path)) as raw:
        raw.execute("CREATE TABLE entry (number BIGINT PRIMARY KEY)")
    path.unlink()
    Store.create(path).close()
    with duckdb.connect(str(path)) as raw:
        raw.execute("DELETE FROM seal")
    with Store.open_or_create(path) as store, store.read() as reader:
        assert reader.whole("SELECT entries FROM seal") == 0


def test_what_fails_in_the_middle_leaves_nothing(funded: Store) -> None:
    with pytest.raises(RuntimeError), funded.write() as writer:
        writer.execute("UPDATE seal SET entries = 999")
        raise RuntimeError
    with funded.read() as reader:
        assert verify(reader) == []


def test_writers_in_threads_take_turns_and_never_overdraw(funded: Store) -> None:
    refused = []

    def devolve(worker: int) -> None:
        for turn in range(5):
            try:
                post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 20_000, key=f"{worker}/{turn}")])
            except Refused:
                refused.append(worker)

    workers = [threading.Thread(target=devolve, args=(worker,)) for worker in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(refused) == 10
    assert held(funded)["P1", "core", "available"] == 600_000
    with funded.read() as reader:
        assert verify(reader) == []


def test_an_entry_reversed_by_many_at_once_is_reversed_once(funded: Store) -> None:
    from ledger.entries.posting import reverse

    posted = [post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])[0].number for _ in range(10)]
    done, refused = [], []

    def undo() -> None:
        for number in posted:
            try:
                done.append(reverse(funded, number, reason="twice", actor="tests").number)
            except Refused:
                refused.append(number)

    workers = [threading.Thread(target=undo) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (len(done), len(refused)) == (10, 30)
    assert ("P1", "core", "available") not in held(funded)


def test_the_models_read_the_books_through_sqlmodel(funded: Store) -> None:
    with funded.session() as session:
        first = session.exec(select(Organisation).where(Organisation.code == "ICB1")).one()
        entries = session.exec(select(Entry).order_by(Entry.number)).all()
    assert first.name == "First ICB"
    assert [row.kind for row in entries] == ["structure", "terms", "mandate", "allocate", "allocate"]
    with funded.read() as reader:
        assert entries[-1].hash == chain.head(reader)


def test_a_session_reads_and_refuses_to_write(funded: Store) -> None:
    with funded.session() as session:
        session.exec(select(Organisation).where(Organisation.code == "P1")).one().name = "Somebody else"
        with pytest.raises(LedgerError, match="only reads"):
            session.commit()


def test_a_ledger_opened_to_read_is_not_written(books: Store) -> None:
    books.close()
    with Store.open(books.path, read_only=True) as store, pytest.raises(LedgerHeld, match="opened it to read only"):
        post(store, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 1)])


def test_the_database_itself_refuses_what_may_never_be(funded: Store) -> None:
    forbidden = [
        "INSERT INTO transfer SELECT entry_number, 9, from_account, to_account, -1, true, NULL FROM transfer LIMIT 1",
        "INSERT INTO transfer SELECT entry_number, 9, from_account, from_account, 1, true, NULL FROM transfer LIMIT 1",
        "INSERT INTO entry SELECT number + 100, key || '2', 'reverse', effective_date, recorded_at, actor, reason, "
        "authority, source, source_hash, 4, content_hash, previous_hash, hash, standing FROM entry WHERE number IN (3, 4)",
        "INSERT INTO account VALUES (999, 'P1', 'core', 2025, 'borrowed', 0)",
    ]
    orphan = "INSERT INTO transfer SELECT 999, 9, from_account, to_account, 1, true, NULL FROM transfer LIMIT 1"
    if isinstance(funded.path, Path):  # where a foreign key would cost half of all posting, and verify looks instead
        with funded.rehearse() as writer:
            writer.execute(orphan)
            assert "entry 999, leg 9: its entry_number is entry 999, which is not there." in texts(verify(writer))
    else:
        forbidden.append(orphan)
    for sql in forbidden:
        with pytest.raises((duckdb.ConstraintException, Refused)), funded.write() as writer:
            writer.execute(sql)
    with funded.read() as reader:
        assert verify(reader) == []


def cut_short(folder: Path, size: int) -> Path:
    """A file as DuckDB leaves it when it is killed before it has written its three headers, long ago."""
    whole, path = folder / "whole.duckdb", folder / "ledger.duckdb"
    duckdb.connect(str(whole)).close()
    path.write_bytes(whole.read_bytes()[:size])
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


@pytest.mark.parametrize("size", [0, 4096, 8192])
def test_a_file_that_was_cut_short_before_it_held_anything_is_made_a_ledger(tmp_path: Path, size: int) -> None:
    path = cut_short(tmp_path, size)
    with pytest.raises(NotALedger):
        Store.open(path)
    with Store.open_or_create(path) as store, store.read() as reader:
        assert verify(reader, store=store) == []
        assert reader.rows("SELECT block_size FROM pragma_database_size()") == [(65536,)]


def test_a_file_that_another_process_is_making_is_left_to_it(tmp_path: Path) -> None:
    """It has made and locked the file, and has written nothing yet."""
    path = cut_short(tmp_path, 0)
    code = "import fcntl, sys; file = open(sys.argv[1], 'r+b'); fcntl.lockf(file, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        assert maker.stdin is not None
        assert maker.stdout is not None
        maker.stdout.readline()
        with pytest.raises(LedgerHeld, match=f"process {maker.pid}"):
            Store.open_or_create(path)
        assert path.read_bytes() == b""
        maker.stdin.close()


def test_a_file_that_is_being_made_just_now_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever makes it writes its headers while we wait; they are not written over."""
    path = cut_short(tmp_path, 0)
    path.touch()
    made = tmp_path / "made.duckdb"
    with duckdb.connect(str(made)) as other:
        other.execute("CREATE TABLE mine AS SELECT 7 AS a")
    monkeypatch.setattr(file.time, "sleep", lambda _: made.replace(path) if made.exists() else None)
    monkeypatch.setattr(file, "_SECONDS_TO_BEGIN", 60.0)
    with pytest.raises(NotALedger):
        Store.open_or_create(path)
    with duckdb.connect(str(path)) as other:
        assert other.execute("SELECT a FROM mine").fetchall() == [(7,)]
