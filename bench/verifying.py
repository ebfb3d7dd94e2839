"""Verify: the whole of a ledger beside what came after a checkpoint of yesterday, and the demo's with its questions counted."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from bench.books import batch, million, structure
from bench.entries import SMALL, appoint_all, demonstration, poster
from bench.rows import Row
from bench.running import Worker, beside
from bench.server import PEOPLE
from ledger.entries import chain
from ledger.entries.draft import Leg
from ledger.entries.posting import post
from ledger.reports import verify
from ledger.store.base import Store

_TODAY, _ENTRIES, _TIMES = 20, 100, 5
SINCE_AIM, EARLIER_AIM = 1 / 10, 1 / 2


def measure(transfers: int, earlier: Path | None) -> Iterator[Row]:
    """Verify of the demo's ledger beside an earlier version's; of it and of a large one beside verify from a checkpoint."""
    yield from _demo(earlier)

    def large(path: Path) -> Leg:
        table, many = million(transfers), transfers // _ENTRIES
        with Store.create(path) as store:
            post(store, structure())
            post(store, [batch(f"batch {nth}", table.slice(nth * many, many)) for nth in range(_ENTRIES)])
            appoint_all(store)
        return SMALL

    makers: tuple[tuple[str, Callable[[Path], Leg]], ...] = (
        ("the demo's ledger", demonstration),
        (f"{transfers:,} transfers", large),
    )
    for called, make in makers:
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "ledger.duckdb"
            leg = make(path)
            with Store.open(path) as store:
                with store.read() as reader:
                    yesterday = chain.head(reader)
                for _ in range(_TODAY):
                    poster(store, PEOPLE[0], leg)()
                since, whole = _since(store, yesterday)
        what = f"verify of {called} from a checkpoint, {_TODAY} entries ago"
        yield Row(what, "the whole", since.seconds, whole.seconds, at_most=SINCE_AIM)
        yield Row(f"{what}: processor time", "the whole", since.processor, whole.processor, at_most=SINCE_AIM)


class _Spent(NamedTuple):
    """Seconds by the clock, and of processor time."""

    seconds: float
    processor: float


def _since(store: Store, head: str) -> tuple[_Spent, _Spent]:
    """What verify takes from a head on, and of the whole; the least of several in turn."""
    spent: dict[str | None, list[_Spent]] = {head: [], None: []}
    for _ in range(_TIMES):
        for since, took in spent.items():
            with store.read() as reader:
                start, used = time.perf_counter(), time.process_time()
                assert verify.verify(reader, since=since) == []
                took.append(_Spent(time.perf_counter() - start, time.process_time() - used))
    first, whole = (_Spent(*map(min, zip(*took, strict=True))) for took in spent.values())
    return first, whole


def _demo(earlier: Path | None) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name, beside(earlier) as checkout, ExitStack() as all_of_them:
        places = [None, checkout] if checkout else [None]
        workers = [
            all_of_them.enter_context(Worker("verify_demo", f"{name}/{nth}.duckdb", checkout=place))
            for nth, place in enumerate(places)
        ]
        for worker in workers:
            worker.told()
        told = [[worker.next() for worker in workers] for _ in range(_TIMES)]
    note = "" if earlier else "none given: --beside"
    for kind, unit, aim in (
        ("seconds", "s", EARLIER_AIM),
        ("processor time", "s", EARLIER_AIM),
        ("questions", "", None),
    ):
        least = [min(turn[side][kind] for turn in told) for side in range(len(workers))]
        before = least[1] if earlier else None
        yield Row(f"verify of the demo's ledger: {kind}", "an earlier version", least[0], before, unit, aim, note=note)
