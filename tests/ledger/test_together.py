"""Small entries of many callers committed together: each has its own answer, and nobody fails for another."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from ledger.entries import group_commit, memory, ordinary, posting
from ledger.entries.draft import Draft, Leg, legs
from ledger.entries.ordinary import period_of
from ledger.entries.posting import Posted, post, reverse
from ledger.errors import KeyReused, LedgerError, Refused
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.store.reading import Writer
from ledger.store.shared import SharedFile
from tests.books import APRIL, agreement, at, entry, held, new_terms, term
from tests.shelves import Shelf


@pytest.fixture(autouse=True)
def _only_files(shelf: Shelf) -> None:
    if shelf.kind == "server":
        pytest.skip("a server's entries are posted by the server")


@pytest.fixture
def questions_asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a batch was posted in the way that asks every question, as the length of a list."""
    asked: list[int] = []
    real = posting._post

    def counted(writer: Writer, drafts: list[Draft], **given: bool) -> list[Posted]:
        asked.append(len(drafts))
        return real(writer, drafts, **given)

    monkeypatch.setattr(posting, "_post", counted)
    return asked


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many batches each commit of ordinary entries held."""
    sizes: list[int] = []
    real = group_commit.Together._posted

    def counted(self: group_commit.Together, writer: Writer, group: list, now: Callable) -> list:
        sizes.append(len(group))
        return real(self, writer, group, now)

    monkeypatch.setattr(group_commit.Together, "_posted", counted)
    return sizes


def small(key: str, pence: int = 1, who: str = "P1") -> Draft:
    return entry("devolve", at("ICB1", "core"), at(who, "core"), pence, key=key)


def holds(store: Store) -> None:
    with store.read() as reader:
        assert verify(reader) == []


def at_once(acts: list[Callable[[], object]]) -> list[object]:
    """Every act in a thread of its own, all begun before the first is done; what each gave or raised."""
    ready = threading.Barrier(len(acts))

    def act(what: Callable[[], object]) -> object:
        ready.wait()
        try:
            return what()
        except (Refused, MemoryError) as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def test_a_small_entry_asks_no_questions(funded: Store, questions_asked: list[int]) -> None:
    questions_asked.clear()
    (posted,) = post(funded, [small("one", 10)])
    post(funded, [small("two", 5), entry("return", at("P1", "core"), at("ICB1", "core"), 3, key="three")])
    assert questions_asked == []
    assert (posted.number, posted.transfers, posted.replayed) == (6, 1, False)
    assert held(funded)["P1", "core", "available"] == 12
    holds(funded)


def test_what_is_asked_for_again_is_answered_with_the_first_result(funded: Store) -> None:
    (first,) = post(funded, [small("one", 10)])
    (again,) = post(funded, [small("one", 10)])
    assert (again.number, again.hash, again.replayed) == (first.number, first.hash, True)
    with pytest.raises(KeyReused):
        post(funded, [small("one", 11)])
    (after,) = post(funded, [small("two", 1)])
    assert after.number == first.number + 1
    holds(funded)


def test_what_others_posted_meanwhile_is_taken_in(funded: Store, questions_asked: list[int]) -> None:
    post(funded, [small("one", 10)])
    reverse(funded, 6, reason="a mistake", actor="tests")  # money alone, by questions
    post(funded, [new_terms(term("growth", "hard", version=2))])  # records, by questions
    questions_asked.clear()
    post(funded, [small("two", 600_000)])  # all there is, the mistake included
    with pytest.raises(Refused, match="below zero"):
        post(funded, [small("three", 1)])
    assert questions_asked == [1]  # the refusal alone, so that it says why
    holds(funded)


def test_a_store_that_nobody_else_writes_reads_the_books_once(funded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[memory.Memory] = []
    real = memory.Memory.__init__

    def counted(self: memory.Memory, reader: Writer) -> None:
        read.append(self)
        real(self, reader)

    monkeypatch.setattr(memory.Memory, "__init__", counted)
    for nth in range(4):
        post(funded, [small(f"one {nth}")])
    reverse(funded, 7, reason="a mistake", actor="tests")
    post(funded, [small("after a reversal")])
    assert len(read) == 1
    post(funded, [agreement(organisation="ICB1", fund="core")])
    post(funded, [small("after a record")])
    assert len(read) == 2
    holds(funded)


def test_many_threads_are_committed_together(funded: Store, commits: list[int]) -> None:
    acts = [lambda key=f"entry {nth}": post(funded, [small(key)]) for nth in range(60)]
    with funded.write():  # while somebody writes, the others gather
        threads = [threading.Thread(target=act) for act in acts]
        for thread in threads:
            thread.start()
        while len(group_commit.queue_of(funded)._waiting) < len(acts):
            pass
    for thread in threads:
        thread.join()
    assert commits == [60]
    assert held(funded)["P1", "core", "available"] == 60
    holds(funded)


def test_nobody_fails_for_another(funded: Store, commits: list[int]) -> None:
    """Of the money there is for three, three get theirs; whoever breaks a rule hears which; a key is one decision."""
    acts = [
        *(lambda key=f"large {nth}": post(funded, [small(key, 199_990)]) for nth in range(5)),
        *(lambda: post(funded, [small("the same", 0 + 7, who="P2")]) for _ in range(4)),
        lambda: post(funded, [entry("devolve", at("P1", "core"), at("ICB1", "core"), 1, key="upwards")]),
        lambda: post(funded, [small("a strange\N{ZERO WIDTH SPACE} key")]),
        *(lambda key=f"other {nth}": post(funded, [entry("devolve", at("ICB2", "core"), at("P3", "core"), 2, key=key)]) for nth in range(6)),
    ]  # fmt: skip
    commits.clear()
    found = at_once(acts)
    large, same, upwards, strange, other = found[:5], found[5:9], found[9], found[10], found[11:]
    kept = [one for one in large if not isinstance(one, Refused)]
    took = held(funded)["P1", "core", "available"]
    # Of £6,000.00 three take £1,999.90 each, and what is left is enough for the small one, whoever comes first.
    assert (len(kept), took) == (3, 3 * 199_990)
    assert all("below zero" in str(one) for one in large if isinstance(one, Refused))
    assert len({posted.number for (posted,) in same}) == 1
    assert sorted(posted.replayed for (posted,) in same) == [False, True, True, True]
    assert "not below" in str(upwards)
    assert "cannot be seen" in str(strange)
    assert len({posted.number for (posted,) in other}) == 6
    assert held(funded)["P3", "core", "available"] == 12
    holds(funded)


def test_a_key_that_the_books_know_leaves_the_others_their_entries(funded: Store) -> None:
    """The database refuses the rows of all, and each caller posts alone."""
    post(funded, [small("known", 3)])
    acts = [lambda key=key: post(funded, [small(key, 3)]) for key in ("known", "a", "b", "c")]
    found = at_once(acts)
    assert [posted.replayed for (posted,) in found] == [True, False, False, False]
    assert held(funded)["P1", "core", "available"] == 12
    holds(funded)


def test_a_failure_is_told_to_who_led_and_the_others_go_on(funded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failed = ordinary.PlainBatch.write, []

    def fails_once(self: ordinary.PlainBatch, writer: Writer) -> None:
        real(self, writer)
        if not failed:
            failed.append(self)
            raise MemoryError("no more")

    monkeypatch.setattr(ordinary.PlainBatch, "write", fails_once)
    found = at_once([lambda key=f"entry {nth}": post(funded, [small(key)]) for nth in range(8)])
    assert [type(one) for one in found if isinstance(one, Exception)] == [MemoryError]
    assert held(funded)["P1", "core", "available"] == 7
    holds(funded)


def test_a_shared_file_is_taken_once_for_all_who_wait(funded: Store, commits: list[int]) -> None:
    path = funded.path
    funded.close()
    shared = SharedFile(path)
    with shared.read() as reader:
        reader.whole("SELECT count(*) FROM entry")
        threads = [threading.Thread(target=lambda key=f"entry {nth}": post(shared, [small(key)])) for nth in range(20)]
        for thread in threads:
            thread.start()
        while len(group_commit.queue_of(shared)._waiting) < len(threads):
            pass
    for thread in threads:
        thread.join()
    assert commits == [20]
    assert held(shared)["P1", "core", "available"] == 20
    holds(shared)
    shared.close()


def test_who_reads_a_shared_file_is_told_so_and_keeps_nobody_waiting(funded: Store) -> None:
    path = funded.path
    funded.close()
    shared = SharedFile(path, patience=20)
    with shared.read():
        other = threading.Thread(target=lambda: post(shared, [small("other")]))
        other.start()
        while not shared._waiting:
            pass
        with pytest.raises(LedgerError, match="before the reading has ended"):
            post(shared, [small("mine")])
    other.join()
    assert held(shared)["P1", "core", "available"] == 1
    shared.close()


@pytest.mark.parametrize("code", ["no such", "a\N{ZERO WIDTH SPACE}b", "", None])
def test_a_strange_code_is_refused_to_its_own_caller(funded: Store, code: str | None) -> None:
    strange = small("strange")
    legs_to = strange.transfers.drop(["to_organisation"]).append_column(
        "to_organisation", pa.array([code], pa.string())
    )
    found = at_once([
        lambda: post(funded, [replace(strange, transfers=legs_to)]),
        *(lambda key=f"plain {nth}": post(funded, [small(key)]) for nth in range(4)),
    ])  # fmt: skip
    assert "there is no organisation" in str(found[0])
    assert [posted.replayed for (posted,) in found[1:]] == [False] * 4
    holds(funded)


@pytest.mark.parametrize(
    ("name", "day", "first", "after"),
    [
        ("day", date(2025, 12, 31), date(2025, 12, 31), date(2026, 1, 1)),
        ("month", date(2025, 12, 31), date(2025, 12, 1), date(2026, 1, 1)),
        ("year", date(2026, 3, 31), date(2025, 4, 1), date(2026, 4, 1)),
        ("year", date(2026, 4, 1), date(2026, 4, 1), date(2027, 4, 1)),
    ],
)
def test_periods_of_recorded_time(name: str, day: date, first: date, after: date) -> None:
    since, until = period_of(name, day)
    assert (since.date(), until.date()) == (first, after)
    assert since.isoformat().endswith("T00:00:00+00:00")


def test_a_batch_is_ordinary_by_what_it_is(books: Store) -> None:
    mandate = entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 1)
    twice = [small("a"), Draft("b", "spend", APRIL, "anna", "another's", transfers=small("x").transfers)]
    many = Draft(
        "many", "devolve", APRIL, "tests", "x", transfers=legs([Leg(at("ICB1", "core"), at("P1", "core"), 1)] * 501)
    )
    for unusual in ([], [mandate], [agreement(organisation="ICB1", fund="core")], twice, [many], [small(" ")]):
        assert ordinary.asked(unusual) is None
    assert ordinary.asked([small("a"), small("b")]) is not None
