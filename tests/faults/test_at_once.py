"""Many processes on one ledger: an account is never overdrawn, an entry never reversed twice, nothing made over."""

import random
from pathlib import Path

import pytest

from ledger.entries.draft import Leg, legs
from ledger.entries.posting import Draft, post
from ledger.reports.verify import verify
from ledger.store import backup
from ledger.store.base import Store
from ledger.store.migrations import MIGRATIONS
from tests.books import APRIL, at, fund_all, held, texts
from tests.faults import work
from tests.faults.conftest import ASKED
from tests.faults.processes import Working
from tests.faults.test_killed import Tell, whole
from tests.ledger.test_keeping import heads_of, seal_of, tables_of_version_1
from tests.profiles import times
from tests.shelves import Shelf

# Few on a busy machine; hundreds where rounds are asked for.
PROCESSES, COUNT, PENCE = (6, 300, 2_500) if ASKED else (3, times(quick=12, ci=12, nightly=30), 95_000)


def test_an_account_is_emptied_by_many_and_never_overdrawn(funded: Store, record_property: Tell, shelf: Shelf) -> None:
    address, pence = funded.path, PENCE
    funded.close()
    workers = [Working(work.devolves, address, f"team {number}", pence) for number in range(PROCESSES)]
    told = [line for worker in workers for line in worker.finished()]
    with Store.open(address) as store:
        left = held(store)
        with store.read() as reader:
            kept = {f"{number} {key}" for number, key in reader.rows("SELECT number, key FROM entry")}
            problems = verify(reader)
    lost = [line for line in told if line not in kept]
    record_property(
        "figures",
        f"emptied by {PROCESSES} processes, {shelf.kind}: {len(told)} entries acknowledged, {len(lost)} lost, "
        f"below its limit: never",
    )
    assert texts(problems) == ""
    assert left.get(("ICB1", "core", "available"), 0) == 600_000 % pence
    assert left["P1", "core", "available"] == 600_000 - 600_000 % pence
    assert (len(told), lost) == (600_000 // pence, [])


def test_entries_reversed_by_many_at_once_are_reversed_once_each(
    funded: Store, record_property: Tell, shelf: Shelf
) -> None:
    before, address = held(funded), funded.path
    chance = random.Random(7)
    posted = post(funded, [
        Draft(f"mistake {n}", "devolve", APRIL, "tests", "a mistake", transfers=legs([
            Leg(at("ICB1", "core"), at(to, "core"), chance.randrange(1, 900)) for to in ("P1", "N1")]))
        for n in range(COUNT)
    ])  # fmt: skip
    funded.close()
    span = (posted[0].number, posted[-1].number)
    workers = [Working(work.undoes, address, name, *span) for name in ("one", "two")]
    told = [line for worker in workers for line in worker.finished()]
    with Store.open(address) as store:
        after = held(store)
        with store.read() as reader:
            undone = [number for (number,) in reader.rows("SELECT reverses FROM entry WHERE reverses IS NOT NULL")]
            problems = verify(reader)
    record_property(
        "figures",
        f"{COUNT} random entries reversed by two at once, {shelf.kind}: {len(undone)} reversals, "
        f"{len(undone) - len(set(undone))} twice",
    )
    assert texts(problems) == ""
    assert (after, sum(after.values())) == (before, 0)
    assert sorted(undone) == [entry.number for entry in posted]
    assert len(told) == COUNT


def test_two_migrations_at_once_are_one(books: Store, shelf: Shelf) -> None:
    """On a server the second waits and finds it done; of a file it hears that it is held, or finds it done."""
    place = tables_of_version_1(shelf, books)
    head = seal_of(place, "head")
    workers = [Working(work.migrates_or_hears, place) for _ in range(3)]
    told = [line for worker in workers for line in worker.finished()]
    steps = [line for line in told if line != "held"]
    assert sorted(steps, key=int) == [str(step.version) for step in MIGRATIONS]  # each once, by whichever of them
    assert shelf.kind == "file" or "held" not in told
    whole(place)
    # The last step is itself sealed, by one entry after those that were there.
    assert heads_of(place)[-2:-1] == [head]


def test_two_restores_at_once_to_one_place_make_one_ledger(funded: Store, shelf: Shelf, tmp_path: Path) -> None:
    file, target = tmp_path / "backup.duckdb", shelf.place("restored")
    head = backup.backup(funded, file).head
    told = [
        line
        for worker in [Working(work.restores_or_hears, file, target) for _ in range(3)]
        for line in worker.finished()
    ]
    assert told.count(head) == 1
    assert sorted(set(told)) == sorted({head, "refused"})
    assert whole(target) == head


def test_who_comes_second_to_a_file_hears_who_holds_it(books: Store, shelf: Shelf) -> None:
    if shelf.kind == "server":
        pytest.skip("a server lets many in")
    fund_all(books)
    assert Working(work.opens, books.path).finished() == ["held"]
    books.close()
    assert Working(work.opens, books.path).finished() == ["open"]
