"""Many processes on one server's ledger: an account is never overdrawn, and an entry never reversed twice."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from ledger.address import Address, in_full
from ledger.audit import verify
from ledger.drafts import Leg, legs
from ledger.posting import Draft, post
from ledger.store import Store
from tests.books import APRIL, at, fund_all, held, texts
from tests.conftest import ROOT

PROCESSES = 6
pytestmark = pytest.mark.parametrize("kind", ["server"])


def all_at_once(address: Address, calls: list[list[str]]) -> list[str]:
    """Start a process for each call and wait for all; the lines that they acknowledged."""
    command = [sys.executable, "-m", "tests.faults.worker", in_full(address)]
    started = [
        subprocess.Popen([*command, *call], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        for call in calls
    ]
    told = [process.communicate(timeout=900) for process in started]
    assert [error for _, error in told] == [""] * len(calls)
    return [line for output, _ in told for line in output.splitlines() if line != "open"]


def test_an_account_is_emptied_by_many_and_never_overdrawn(
    books: Store, record_property: Callable[[str, str], None]
) -> None:
    fund_all(books)
    pence = 9_000
    calls = [["devolve", f"team {number}", "--pence", str(pence)] for number in range(PROCESSES)]
    told = all_at_once(books.path, calls)
    assert held(books)["ICB1", "core", "available"] == 600_000 % pence
    assert held(books)["P1", "core", "available"] == 600_000 - 600_000 % pence
    with books.read() as reader:
        kept = {f"{number} {key}" for number, key in reader.rows("SELECT number, key FROM entry")}
        problems = verify(reader)
    lost = [line for line in told if line not in kept]
    record_property(
        "figures",
        f"emptied by {PROCESSES} processes: {len(told)} entries acknowledged, {len(lost)} lost, below its limit: never",
    )
    assert texts(problems) == ""
    assert (len(told), lost) == (600_000 // pence, [])


def test_entries_reversed_by_many_at_once_are_reversed_once_each(
    books: Store, record_property: Callable[[str, str], None]
) -> None:
    fund_all(books)
    before = held(books)
    count = 200
    posted = post(books, [
        Draft(f"mistake {n}", "devolve", APRIL, "tests", "a mistake", transfers=legs([
            Leg(at("ICB1", "core"), at("P1", "core"), n + 1), Leg(at("ICB1", "core"), at("N1", "core"), n + 1)]))
        for n in range(count)
    ])  # fmt: skip
    span = ["--first", str(posted[0].number), "--last", str(posted[-1].number)]
    told = all_at_once(books.path, [["undo", "one", *span], ["undo", "two", *span]])
    assert held(books) == before
    assert sum(before.values()) == 0
    with books.read() as reader:
        undone = [number for (number,) in reader.rows("SELECT reverses FROM entry WHERE reverses IS NOT NULL")]
        problems = verify(reader)
    record_property(
        "figures",
        f"{count} entries reversed by two at once: {len(undone)} reversals, {len(undone) - len(set(undone))} twice",
    )
    assert texts(problems) == ""
    assert sorted(undone) == [entry.number for entry in posted]
    assert len(told) == count
