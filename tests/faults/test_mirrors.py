"""Programs of one user that open a server's ledger, keep its mirror, and are killed: nothing wrong is ever believed."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from ledger.entries.posting import post
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import at, entry
from tests.faults import work
from tests.faults.conftest import ASKED
from tests.faults.processes import Rounds, Working
from tests.faults.test_killed import Tell
from tests.shelves import Shelf, raw

pytestmark = pytest.mark.parametrize("kind", ["server"])
# Every entry after the first five moves a penny to the same place, so what it holds tells how many there are.
FUNDED = 5
PROCESSES, PENNIES = (6, 200) if ASKED else (3, 15)


def false_names(folder: Path) -> list[str]:
    """The kept files whose bytes are not those that their names promise."""
    return [
        path.name for path in folder.glob("[!.]*")
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.stem.rpartition("-")[2]
    ]  # fmt: skip


def looked(address: Address, folder: Path) -> list[str]:
    """What a program sees that is left in peace and may use what others kept."""
    return Working(work.looks, address, folder, 1).finished()


def test_killed_while_following_and_keeping(
    funded: Store, rounds: Rounds, record_property: Tell, shelf: Shelf, tmp_path: Path
) -> None:
    folder = tmp_path / "mirrors"
    for turn in rounds:
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 1) for _ in range(3)])
        worker = Working(work.looks, funded.path, folder)
        told = worker.killed_after(rounds.chance.uniform(0, 0.3), of_its_first_word=True)
        rounds.acknowledged += len(told)
        right = f"{FUNDED + 3 * turn} {3 * turn}"
        rounds.broken += [*told, *looked(funded.path, folder)] != [right] * (len(told) + 1)
        rounds.broken += len(false_names(folder))
    record_property("figures", rounds.figures("following a server and keeping its mirror", shelf.kind, "openings"))
    assert (rounds.acknowledged > 0, rounds.broken) == (True, 0)
    # What the killed have left is taken away by whoever opens the ledger an hour later.
    for path in folder.glob(".unfinished-*"):
        os.utime(path, times=(time.time() - 4_000,) * 2)
    looked(funded.path, folder)
    assert not list(folder.glob(".unfinished-*"))
    assert len(list(folder.iterdir())) == 1


def test_many_open_and_keep_while_one_posts(funded: Store, record_property: Tell, shelf: Shelf, tmp_path: Path) -> None:
    folder = tmp_path / "mirrors"
    folder.mkdir(mode=0o700)
    poster = Working(work.pennies, funded.path, "penny", PENNIES)
    lookers = [Working(work.looks, funded.path, folder, PENNIES) for _ in range(PROCESSES)]
    posted = poster.finished()
    told = [[tuple(map(int, line.split())) for line in looker.finished()] for looker in lookers]
    wrong = [(entries, pence) for each in told for entries, pence in each if entries - FUNDED != pence]
    record_property(
        "figures",
        f"{PROCESSES} processes open and keep while one posts, {shelf.kind}: {sum(map(len, told))} openings, "
        f"{len(wrong)} wrong",
    )
    assert wrong == []
    # Nobody who has seen an entry sees a ledger without it later.
    assert all(each == sorted(each) for each in told)
    assert false_names(folder) == []
    assert looked(funded.path, folder) == [f"{FUNDED + len(posted)} {len(posted)}"]
    assert not list(folder.glob(".*"))
    with raw(funded.path) as server:
        assert server.execute("SELECT entries FROM seal").fetchall() == [(FUNDED + PENNIES,)]
