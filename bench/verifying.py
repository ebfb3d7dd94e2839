"""Verify: the whole of a ledger beside what came after a checkpoint of yesterday, and the demo's with its questions counted."""

import inspect
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

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
from ledger.store.reading import Reader

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
        note = "" if since else f"not available; the whole takes {whole:.2f} s"
        yield Row(what, "the whole", since, whole if since else None, at_most=SINCE_AIM, note=note)


def _since(store: Store, head: str) -> tuple[float | None, float]:
    """Seconds of verify from a head on, where there is such a thing, and of the whole; the least of several in turn."""
    known = "since" in inspect.signature(verify.verify).parameters
    spent: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(_TIMES):
        for part in (True, False) if known else (False,):
            with store.read() as reader:
                start = time.perf_counter()
                assert verify.verify(reader, **({"since": head} if part else {})) == []  # type: ignore[arg-type]
                spent[part].append(time.perf_counter() - start)
    return min(spent[True], default=None), min(spent[False])


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
    for kind, unit, aim in (("seconds", "s", EARLIER_AIM), ("processor time", "s", None), ("questions", "", None)):
        least = [min(turn[side][kind] for turn in told) for side in range(len(workers))]
        before = least[1] if earlier else None
        yield Row(f"verify of the demo's ledger: {kind}", "an earlier version", least[0], before, unit, aim, note=note)


def asked(reader: Reader) -> int:
    """How many questions in SQL a verify asks."""
    questions = 0

    def counted(ask: Callable[..., object]) -> Callable[..., object]:
        def act(*arguments: object) -> object:
            nonlocal questions
            questions += 1
            return ask(*arguments)

        return act

    for name in ("table", "rows"):
        setattr(reader, name, counted(getattr(reader, name)))
    verify.verify(reader)
    return questions
