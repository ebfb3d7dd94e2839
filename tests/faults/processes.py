"""Processes that are started by the score and killed at random.

They come from a server that has loaded the program and opened nothing, so that each is there in milliseconds.
"""

import multiprocessing
import random
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_CONTEXT = multiprocessing.get_context("forkserver")
# What each would load by itself as soon as it opens a ledger and asks: the store of servers, and pandas for DuckDB and Arrow.
_CONTEXT.set_forkserver_preload(["tests.faults.work", "ledger.store.server.store", "pandas", "pyarrow.dataset"])


_PATIENCE = 60
_FEWEST = 3


def _carry_out(work: Callable[..., None], told: Connection, arguments: tuple[Any, ...]) -> None:
    work(told.send, *arguments)
    told.close()


class Working:
    """A process at work, and what it has said."""

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self._told, telling = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_carry_out, args=(work, telling, arguments), daemon=True)
        self._process.start()
        telling.close()

    def killed_after(self, seconds: float, *, of_its_first_word: bool = False) -> list[str]:
        """Kill it as the machine would, with no warning; what it had said before."""
        if of_its_first_word:
            self._told.poll(_PATIENCE)
        time.sleep(seconds)
        self._process.kill()
        return self._said()

    def finished(self) -> list[str]:
        """Wait until it is done; what it said."""
        told = self._said()
        assert self._process.exitcode == 0, f"it ended with {self._process.exitcode}"
        return told

    def _said(self) -> list[str]:
        told = []
        try:
            while True:
                told.append(self._told.recv())
        except EOFError:
            self._process.join()
            return told


def seconds_of(work: Callable[..., None], *arguments: Any) -> float:
    """How long a process takes that is left in peace."""
    before = time.monotonic()
    Working(work, *arguments).finished()
    return time.monotonic() - before


class Rounds:
    """Rounds of a fault within a bounded time, and what came of them."""

    def __init__(self, rounds: int, seconds: float) -> None:
        self.ran = self.acknowledged = self.lost = self.broken = 0
        self.chance = random.Random(20251122)
        self._rounds, self._until = rounds, time.monotonic() + seconds

    def __iter__(self) -> "Rounds":
        return self

    def __next__(self) -> int:
        """The next round's number; a slow machine runs fewer, and the line that is printed says how many."""
        if self.ran >= self._rounds or (self.ran >= _FEWEST and time.monotonic() > self._until):
            raise StopIteration
        self.ran += 1
        return self.ran

    def figures(self, what: str, kind: str, things: str) -> str:
        """The line that is printed."""
        return (
            f"kill -9 during {what}, {kind}: {self.ran} rounds, {self.acknowledged} {things} acknowledged, "
            f"{self.lost} lost, {self.broken} broken"
        )
