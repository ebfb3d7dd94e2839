"""A file that many read and one writes in its turn; and books that take an entry only at the head that was seen."""

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.entries.at_head import BooksMoved, StoreAtHead
from ledger.entries.chain import head
from ledger.entries.posting import post, reverse_all
from ledger.errors import LedgerError, LedgerHeld, LedgerMissing, Refused
from ledger.reports import imported, position
from ledger.reports.position import moment
from ledger.store.base import Store
from ledger.store.shared import SharedFile
from tests.books import at, entry, fund_all, held
from tests.shelves import small_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return small_file(tmp_path / "ledger.duckdb")


def head_of(store: Store) -> str:
    with store.read() as reader:
        return head(reader)


def test_what_is_posted_is_read_next_and_others_may_read_beside_it(file: Path) -> None:
    shared = SharedFile(file)
    with Store.open(file, read_only=True):
        assert head_of(shared) == head_of(shared)
    before = head_of(shared)
    fund_all(shared)
    assert head_of(shared) != before
    assert held(shared)["ICB1", "core", "available"] == 600_000
    # The file is closed to nobody who only looks, and holds all of it.
    with Store.open(file, read_only=True) as other:
        assert head_of(other) == head_of(shared)
    shared.close()


def test_a_writer_waits_for_readers_and_they_for_it(file: Path) -> None:
    shared = SharedFile(file)
    order: list[str] = []
    reading, may_end = threading.Event(), threading.Event()

    def read() -> None:
        with shared.read() as reader:
            reading.set()
            assert may_end.wait(10)
            reader.rows("SELECT count(*) FROM entry")
            order.append("read")

    def write() -> None:
        fund_all(shared)
        order.append("written")

    reader, writer = threading.Thread(target=read), threading.Thread(target=write)
    reader.start()
    assert reading.wait(10)
    writer.start()
    writer.join(0.2)
    assert order == []
    may_end.set()
    reader.join(10)
    writer.join(10)
    assert order == ["read", "written"]
    shared.close()


def test_who_waits_too_long_is_told(file: Path) -> None:
    shared = SharedFile(file, patience=0)
    done: list[object] = []

    def write() -> None:
        try:
            fund_all(shared)
        except LedgerHeld as error:
            done.append(str(error))

    with shared.read():
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(10)
        # In one thread it would wait for itself for ever.
        with pytest.raises(LedgerError, match="before the reading has ended"):
            fund_all(shared)
    assert "still reading" in str(done[0])
    fund_all(shared)
    shared.close()


def test_many_threads_post_and_read_and_nothing_is_lost(file: Path) -> None:
    shared = SharedFile(file)
    fund_all(shared)

    def one(number: int) -> None:
        for nth in range(2):
            held(shared)
            post(shared, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 100, key=f"{number}/{nth}")])

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert held(shared)["P1", "core", "available"] == 800
    shared.close()


def test_another_program_that_reads_keeps_the_writer_out_and_reading_goes_on(file: Path) -> None:
    shared = SharedFile(file)
    program = f"import duckdb\nheld = duckdb.connect({str(file)!r}, read_only=True)\nprint('open', flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(LedgerHeld, match=str(other.pid)):
            fund_all(shared)
        assert held(shared) == {}
        other.communicate(b"\n", timeout=20)
    fund_all(shared)
    assert held(shared)["ICB1", "core", "available"] == 600_000
    shared.close()


def test_a_program_that_was_told_to_read_only_writes_nothing(file: Path) -> None:
    shared = SharedFile(file, read_only=True)
    with pytest.raises(LedgerHeld, match="read only"):
        fund_all(shared)
    assert held(shared) == {}
    shared.close()


def test_a_file_that_was_replaced_is_opened_anew_and_one_that_is_gone_is_said_to_be(file: Path, tmp_path: Path) -> None:
    shared = SharedFile(file)
    before = head_of(shared)
    other = tmp_path / "other.duckdb"
    other.write_bytes(file.read_bytes())
    with Store.open(other) as store:
        fund_all(store)
        store.checkpoint()
    other.replace(file)
    assert head_of(shared) != before
    file.unlink()
    with pytest.raises(LedgerMissing):
        head_of(shared)


def test_books_that_moved_since_they_were_seen_take_nothing(books: Store) -> None:
    seen = head_of(books)
    with books.read() as reader:
        known = moment(reader).known
    fund_all(StoreAtHead(books, seen))
    draft = entry("devolve", at("ICB1", "core"), at("P1", "core"), 100)
    with pytest.raises(BooksMoved, match="moved on since you looked"):
        post(StoreAtHead(books, seen), [draft])
    assert ("P1", "core", "available") not in held(books)
    with books.read() as reader:
        since = imported.since(reader, known)
    assert [row["kind"] for row in since] == ["mandate", "allocate", "allocate"]
    assert [row["moved_pence"] for row in since] == [1_000_000, 600_000, 300_000]
    post(StoreAtHead(books, head_of(books)), [draft])
    assert held(books)["P1", "core", "available"] == 100


def test_what_a_file_brought_is_undone_as_one_and_every_balance_comes_back(funded: Store) -> None:
    before = held(funded)
    drafts = [
        entry("devolve", at("ICB1", "core"), at("P1", "core"), 500),
        entry("devolve", at("ICB1", "core"), at("P2", "core"), 700),
    ]
    first, second = post(funded, [replace(one, source="budget.xlsx", source_hash="a" * 64) for one in drafts])
    post(funded, [entry("devolve", at("P1", "core"), at("N1", "core"), 500, key="built on it")])
    with funded.read() as reader:
        (batch,) = imported.batches(reader, moment(reader))
    assert (batch.entries, batch.to_undo) == ((first.number, second.number), (second.number, first.number))
    assert (batch.moved_pence, batch.legs, batch.stands) == (1_200, 2, "stands")
    # What was built on it is in the way, and all of it stays.
    standing = held(funded)
    with pytest.raises(Refused, match="P1"):
        reverse_all(funded, batch.to_undo, reason="a slip", actor="tests")
    assert held(funded) == standing
    with funded.read() as reader:
        ((number,),) = reader.rows("SELECT number FROM entry WHERE key = 'built on it'")
    reverse_all(funded, [int(str(number))], reason="a slip", actor="tests")
    undone = reverse_all(funded, batch.to_undo, reason="a slip", actor="tests")
    assert {key: pence for key, pence in held(funded).items() if pence} == before
    with funded.read() as reader:
        (batch,) = imported.batches(reader, moment(reader), digest="a" * 64)
        assert position.total_pence(position.position(reader, moment(reader))) == 0
    assert (batch.stands, batch.to_undo) == ("undone", ())
    assert batch.undone_by == tuple(sorted(one.number for one in undone))
