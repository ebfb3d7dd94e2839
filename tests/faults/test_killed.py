"""kill -9 in the middle of posting, round after round: what was acknowledged is there, and nothing by halves."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from ledger.address import Address, in_full
from ledger.audit import verify
from ledger.store import Store
from tests.books import fund_all, texts
from tests.conftest import ROOT
from tests.shelves import Shelf

# However slow the machine is: rounds that do not fit are not run, and the line that is printed says how many were.
SECONDS = 30
_round = count()


@contextmanager
def working(address: Address, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.faults.worker", in_full(address), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def killed_at_random(address: Address, chance: random.Random) -> list[str]:
    """The batches that were acknowledged before the process was killed."""
    with working(address, "batches", f"round {next(_round)}") as process:
        assert process.stdout is not None
        opened = process.stdout.readline()
        assert opened == "open\n", process.stderr.read()
        first = process.stdout.readline()  # the slow part, planning the first questions, is over
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        told = [first, *process.stdout.readlines()]
    return [line.split(" ", 1)[1].rstrip("\n") for line in told if line.endswith("\n")]


def test_no_acknowledged_entry_is_lost_and_none_is_half_there(
    books: Store, rounds: int, record_property: Callable[[str, str], None], shelf: Shelf
) -> None:
    fund_all(books)
    address = books.path
    books.close()
    chance, until = random.Random(20251122), time.monotonic() + SECONDS
    acknowledged: list[str] = []
    ran = lost = broken = 0
    for _ in range(rounds):
        if time.monotonic() > until and ran:
            break
        ran += 1
        acknowledged += killed_at_random(address, chance)
        with Store.open(address) as store, store.read() as reader:
            keys = {str(key) for (key,) in reader.rows("SELECT key FROM entry")}
            halves = {key.rpartition("/")[0] for key in keys if key.startswith("round")}
            broken += sum(not {f"{key}/a", f"{key}/b", f"{key}/c"} <= keys for key in halves)
            lost += sum(f"{key}/c" not in keys for key in acknowledged)
    with Store.open(address) as store, store.read() as reader:
        problems = verify(reader)
    record_property(
        "figures",
        f"kill -9 while posting, {shelf.kind}: {ran} rounds, {len(acknowledged)} batches acknowledged, "
        f"{lost} lost, {broken} broken",
    )
    assert texts(problems) == ""
    assert (lost, broken) == (0, 0)
    assert len(acknowledged) >= ran
