"""What the processes of the fault tests do to a ledger, until they are done or killed.

Each is given a way to say what the books have acknowledged, and says it as soon as they have.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from allocations.files.budgets.importing import import_budgets
from allocations.files.budgets.understood import Request
from ledger.entries.posting import post, reverse
from ledger.errors import AlreadyReversed, LedgerHeld, Refused
from ledger.store import backup
from ledger.store.address import Address
from ledger.store.base import Store
from tests.allocations.excel.workbooks import written
from tests.books import APRIL, YEAR, at, entry

Say = Callable[[str], None]


def batches(say: Say, address: Address, name: str) -> None:
    """Batches of three entries that rest on one another, until killed."""
    with Store.open(address) as store:
        for turn in count():
            key = f"{name}/{turn}"
            post(store, [
                entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 3, key=f"{key}/a"),
                entry("devolve", at("ICB2", "core"), at("P3", "core"), 2, key=f"{key}/b"),
                entry("allocate", at("NHS", "limit"), at("ICB2", "core"), 3, key=f"{key}/c"),
            ])  # fmt: skip
            say(key)


def batches_together(say: Say, address: Address, name: str) -> None:
    """Small entries from eight threads, committed together, until killed; each says what was acknowledged to it."""
    telling = threading.Lock()

    def one_after_another(store: Store, thread: int) -> None:
        for turn in count():
            key = f"{name}/{thread}/{turn}"
            post(store, [
                entry("devolve", at("ICB1", "core"), at("P1", "core"), 2, key=f"{key}/a"),
                entry("devolve", at("P1", "core"), at("N1", "core"), 1, key=f"{key}/b"),
            ])  # fmt: skip
            with telling:
                say(key)

    with Store.open(address) as store:
        threads = [threading.Thread(target=one_after_another, args=(store, nth), daemon=True) for nth in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def imports(say: Say, address: Address, name: str, folder: Path) -> None:
    """One budget workbook after another, each of two lines, its original kept beside the ledger."""
    os.environ["DEVOLUTION_FILES"] = str(folder)  # where a server's ledger keeps them
    with Store.open(address) as store:
        for turn in count():
            rows = (("Code", "Budget (£)"), ("P1", 0.01), ("P2", 0.01), (name, None), (f"Note {turn}", None))
            file = written(folder.with_name(f"{name} {turn}.xlsx"), rows)
            outcome = import_budgets(
                store, file, Request("ICB1", YEAR, "core", unit="pounds", day=APRIL, leave_rest=True, total_pence=2)
            )
            say(outcome.posted.key)


def migrates(say: Say, address: Address) -> None:
    """Every migration that the ledger lacks."""
    for step in backup.migrate(address):
        say(str(step.version))


def backs_up(say: Say, address: Address, file: Path) -> None:
    """The ledger into a file."""
    with Store.open(address, read_only=True) as store:
        say(backup.backup(store, file).head)


def restores(say: Say, file: Path, target: Address) -> None:
    """A backup to a new place."""
    say(backup.restore(file, target).head)


def devolves(say: Say, address: Address, name: str, pence: int) -> None:
    """Take from the first ICB until it refuses."""
    for turn in count():
        with in_turn(address) as store:
            for part in range(5):
                key = f"{name}/{turn}/{part}"
                try:
                    (posted,) = post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), pence, key=key)])
                except Refused as refused:
                    assert "below zero" in str(refused), refused
                    return
                say(f"{posted.number} {key}")


def undoes(say: Say, address: Address, name: str, first: int, last: int) -> None:
    """Reverse every entry of a range, in an order of one's own; somebody else may have been there before."""
    numbers = list(range(first, last + 1))
    random.Random(name).shuffle(numbers)
    for first_of_turn in range(0, len(numbers), 25):
        with in_turn(address) as store:
            for number in numbers[first_of_turn : first_of_turn + 25]:
                try:
                    posted = reverse(store, number, reason="entered twice", actor=name)
                except AlreadyReversed:
                    continue
                say(f"{posted.number} {number}")


def in_turn(address: Address) -> Store:
    """The ledger, opened to write as soon as nobody else holds its file: processes take turns."""
    while True:
        try:
            return Store.open(address)
        except LedgerHeld:
            time.sleep(0.02)


def opens(say: Say, address: Address) -> None:
    """Open a ledger to write, if nobody holds it."""
    try:
        Store.open(address).close()
    except LedgerHeld:
        say("held")
    else:
        say("open")


def migrates_or_hears(say: Say, address: Address) -> None:
    """Migrate a ledger that others are migrating."""
    try:
        migrates(say, address)
    except LedgerHeld:
        say("held")


def restores_or_hears(say: Say, file: Path, target: Address) -> None:
    """Restore a backup to where others are restoring it."""
    try:
        restores(say, file, target)
    except Refused as refused:
        assert "Nothing is ever written over" in str(refused), refused
        say("refused")


def pennies(say: Say, address: Address, name: str, times: int) -> None:
    """A penny to the same place in one entry after another."""
    with Store.open(address) as store:
        for turn in range(times):
            post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 1, key=f"{name}/{turn}")])
            say(f"{name}/{turn}")


def looks(say: Say, address: Address, folder: Path, times: int | None = None) -> None:
    """Open the ledger again and again as programs of one user do; what each saw: its entries, and a balance.

    Every other time what was kept is taken away first, so that there is always something to be kept.
    """
    os.environ["DEVOLUTION_MIRRORS"] = str(folder)
    for turn in count() if times is None else range(times):
        if turn % 2:
            for path in folder.glob("[!.]*"):
                path.unlink(missing_ok=True)
        with Store.open(address, read_only=True) as store, store.read() as reader:
            entries = reader.whole("SELECT entries FROM seal")
            balance = reader.whole(
                "SELECT coalesce(sum(t.amount_pence), 0)::BIGINT FROM transfer t JOIN account a ON a.id = t.to_account "
                "WHERE a.organisation = 'P1'"
            )
        say(f"{entries} {balance}")
