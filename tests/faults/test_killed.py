"""kill -9 in the middle of everything that writes: what was acknowledged is there, and nothing by halves."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.entries import chain
from ledger.errors import LedgerMissing, NeedsMigration
from ledger.reports.verify import verify
from ledger.store import backup
from ledger.store.address import Address
from ledger.store.attachments import folder_of
from ledger.store.base import Store
from ledger.store.migrations import MIGRATIONS, SCHEMA_VERSION
from tests.books import fund_all, texts
from tests.faults import work
from tests.faults.processes import Rounds, Working, seconds_of
from tests.ledger.test_keeping import heads_of, seal_of, tables_of_version_1
from tests.shelves import Shelf

Tell = Callable[[str, str], None]


def whole(address: Address) -> str:
    """The head of a ledger that opens and holds."""
    with Store.open(address, read_only=True) as store, store.read() as reader:
        assert texts(verify(reader)) == ""
        return chain.head(reader)


def test_posting(funded: Store, rounds: Rounds, record_property: Tell, shelf: Shelf) -> None:
    address = funded.path
    funded.close()
    acknowledged: list[str] = []
    for turn in rounds:
        worker = Working(work.batches, address, f"round {turn}")
        acknowledged += worker.killed_after(rounds.chance.uniform(0, 0.3), of_its_first_word=turn % 3 > 0)
        with Store.open(address) as store, store.read() as reader:
            keys = {str(key) for (key,) in reader.rows("SELECT key FROM entry")}
        halves = {key.rpartition("/")[0] for key in keys if key.startswith("round")}
        rounds.broken += sum(not {f"{key}/a", f"{key}/b", f"{key}/c"} <= keys for key in halves)
        rounds.lost += sum(f"{key}/c" not in keys for key in acknowledged)
    rounds.acknowledged = len(acknowledged)
    assert acknowledged
    record_property("figures", rounds.figures("posting", shelf.kind, "batches"))
    whole(address)
    assert (rounds.lost, rounds.broken) == (0, 0)


def test_posting_together(books: Store, rounds: Rounds, record_property: Tell, shelf: Shelf) -> None:
    """Of what many threads post in one commit nothing that was acknowledged is lost, and no batch is there by half."""
    if shelf.kind == "server":
        pytest.skip("a server commits what many processes post")
    fund_all(books)
    address = books.path
    books.close()
    acknowledged: list[str] = []
    for turn in rounds:
        worker = Working(work.batches_together, address, f"round {turn}")
        acknowledged += worker.killed_after(rounds.chance.uniform(0, 0.3), of_its_first_word=turn % 3 > 0)
        with Store.open(address) as store, store.read() as reader:
            keys = {str(key) for (key,) in reader.rows("SELECT key FROM entry")}
        batches = {key.rpartition("/")[0] for key in keys if key.startswith("round")}
        rounds.broken += sum(not {f"{key}/a", f"{key}/b"} <= keys for key in batches)
        rounds.lost += sum(f"{key}/b" not in keys for key in acknowledged)
    rounds.acknowledged = len(acknowledged)
    assert acknowledged
    record_property("figures", rounds.figures("posting together", shelf.kind, "batches"))
    whole(address)
    assert (rounds.lost, rounds.broken) == (0, 0)


def test_importing(
    books: Store, rounds: Rounds, record_property: Tell, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry of an import has both its legs and its original, whole; no kept file is anything but its own hash."""
    monkeypatch.setenv("DEVOLUTION_FILES", str(tmp_path / "kept"))
    fund_all(books)
    address = books.path
    books.close()
    folder = tmp_path / "kept"
    acknowledged: list[str] = []
    for turn in rounds:
        worker = Working(work.imports, address, f"round {turn}", folder)
        acknowledged += worker.killed_after(rounds.chance.uniform(0, 0.3), of_its_first_word=turn % 3 > 0)
        with Store.open(address) as store, store.read() as reader:
            posted = {
                str(key): (digest, legs)
                for key, digest, legs in reader.rows(
                    "SELECT e.key, e.source_hash, count(*) FROM entry e JOIN transfer t ON t.entry_number = e.number "
                    "WHERE e.source LIKE 'round%' GROUP BY ALL"
                )
            }
        kept = {path.stem: path for path in folder_of(address).glob("[!.]*")}
        rounds.lost += sum(key not in posted for key in acknowledged)
        rounds.broken += sum(legs != 2 or digest not in kept for digest, legs in posted.values())
        rounds.broken += sum(hashlib.sha256(path.read_bytes()).hexdigest() != stem for stem, path in kept.items())
    rounds.acknowledged = len(acknowledged)
    assert acknowledged
    record_property("figures", rounds.figures("importing", shelf.kind, "imports"))
    whole(address)
    assert (rounds.lost, rounds.broken) == (0, 0)


def test_migrating(books: Store, rounds: Rounds, record_property: Tell, shelf: Shelf) -> None:
    """Each step is done with its record or not done, and going on does the rest once."""
    old = tables_of_version_1(shelf, books)
    head = str(seal_of(old, "head"))
    usual = seconds_of(work.migrates, shelf.copy(old))
    for _ in rounds:
        place = shelf.copy(old)
        told = Working(work.migrates, place).killed_after(rounds.chance.uniform(0, usual))
        rounds.acknowledged += len(told)
        try:
            Store.open(place).close()
            left = 0
        except NeedsMigration as waiting:
            left = SCHEMA_VERSION - int(str(waiting).split("schema is version ")[1].split(",")[0])
        done = [step.version for step in backup.migrate(place)]
        rounds.lost += len(told) > len(MIGRATIONS) - left
        with Store.open(place) as store, store.read() as reader:
            recorded = [version for (version,) in reader.rows("SELECT version FROM migration ORDER BY 1")] \
                if shelf.kind == "file" else [step.version for step in MIGRATIONS]  # fmt: skip
        rounds.broken += len(done) != left or recorded != [step.version for step in MIGRATIONS]
        whole(place)
        # The last step is itself sealed, by one entry after those that were there.
        rounds.broken += heads_of(place)[-2:-1] != [head]
    record_property("figures", rounds.figures("migrating", shelf.kind, "steps"))
    assert (rounds.lost, rounds.broken) == (0, 0)


def test_backing_up(funded: Store, rounds: Rounds, record_property: Tell, shelf: Shelf, tmp_path: Path) -> None:
    """A backup has its name only when it is whole."""
    address = funded.path
    funded.close()
    head = whole(address)
    usual = seconds_of(work.backs_up, address, tmp_path / "usual.duckdb")
    for turn in rounds:
        file = tmp_path / f"backup {turn}.duckdb"
        told = Working(work.backs_up, address, file).killed_after(rounds.chance.uniform(0, usual * 1.2))
        rounds.acknowledged += len(told)
        rounds.lost += bool(told) and not file.exists()
        rounds.broken += file.exists() and whole(file) != head
    record_property("figures", rounds.figures("backing up", shelf.kind, "backups"))
    assert whole(address) == head
    assert (rounds.lost, rounds.broken) == (0, 0)


def test_restoring(funded: Store, rounds: Rounds, record_property: Tell, shelf: Shelf, tmp_path: Path) -> None:
    """What was restored is the whole ledger, or nothing that counts; and it can be restored there again."""
    file = tmp_path / "backup.duckdb"
    head = backup.backup(funded, file).head
    usual = seconds_of(work.restores, file, shelf.place("usual"))
    for _ in rounds:
        place = shelf.place("restored")
        told = Working(work.restores, file, place).killed_after(rounds.chance.uniform(0, usual * 1.2))
        rounds.acknowledged += len(told)
        found = entries_in(place)
        rounds.lost += bool(told) and not found
        if not found:
            backup.restore(file, place)
        rounds.broken += whole(place) != head
    record_property("figures", rounds.figures("restoring", shelf.kind, "restores"))
    assert (rounds.lost, rounds.broken) == (0, 0)


def entries_in(place: Address) -> int:
    """How many entries there are; none where there is no ledger yet."""
    try:
        with Store.open(place, read_only=True) as store, store.read() as reader:
            return chain.last_entry(reader)
    except LedgerMissing:
        return 0
