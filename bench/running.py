"""Programs as processes of their own: how long each took, and how much memory it had."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

# A process counts as its own the memory of whoever started it, so somebody small has to start it.
_STARTER = """
import json, os, signal, sys, time
most, told, command = float(sys.argv[1]), sys.argv[2], sys.argv[3:]
start = time.perf_counter()
child = os.fork()
if not child:
    os.execvp(command[0], command)
over = []
signal.signal(signal.SIGALRM, lambda *_: (over.append(True), os.kill(child, signal.SIGKILL)))
signal.setitimer(signal.ITIMER_REAL, most)
_, status, used = os.wait4(child, 0)
took = time.perf_counter() - start
signal.setitimer(signal.ITIMER_REAL, 0)
found = [took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, bool(over), os.waitstatus_to_exitcode(status)]
with open(told, "w") as file:
    json.dump(found, file)
"""


@dataclass(frozen=True)
class Ran:
    """A process that has ended.

    Attributes:
        seconds: from its start to its end.
        processor: seconds of processor time that it took.
        mebibytes: its largest resident memory.
        text: what it wrote on standard output.
        stopped: whether it was stopped, having had all the time there was.
    """

    seconds: float
    processor: float
    mebibytes: float
    text: str
    stopped: bool


def run(command: Sequence[str], most_seconds: float, environment: Mapping[str, str] | None = None) -> Ran:
    """Run a program to its end, or stop it when its time is over."""
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        told = Path(name) / "told.json"
        starter = [sys.executable, "-S", "-c", _STARTER, str(most_seconds), str(told), *command]
        errors = Path(name) / "errors"
        with errors.open("w") as sink:
            subprocess.run(starter, stdout=out, stderr=sink, env={**os.environ, **(environment or {})}, check=True)
        seconds, processor, mebibytes, stopped, status = json.loads(told.read_text(encoding="ascii"))
        if status and not stopped:
            raise RuntimeError(f"{command[0]} ended with {status}: {errors.read_text(encoding='utf-8')[-2000:]}")
        out.seek(0)
        return Ran(seconds, processor, mebibytes, out.read(), stopped)


def ours(*arguments: str) -> list[str]:
    """A worker of the bench, by its name."""
    return [sys.executable, "-m", "bench.workers", *arguments]


def program(name: str) -> str | None:
    """Where a program is, if it is installed."""
    return shutil.which(name)


class Worker:
    """A worker of the bench that tells what it found step by step, each step when it is told to go on.

    Args:
        arguments: the worker's name and its arguments.
        checkout: a folder with another version of the program, to be measured in place of this one.
    """

    def __init__(self, *arguments: str, checkout: Path | None = None) -> None:
        place = {} if checkout is None else {"PYTHONPATH": str(checkout)}
        self._process = subprocess.Popen(
            ours(*arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=checkout,
            env={**os.environ, **place},
        )

    def told(self) -> dict[str, Any]:
        """What it found next."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker ended with {self._process.wait()} before it had told what it found")
        found: dict[str, Any] = json.loads(line)
        return found

    def go(self) -> None:
        """Let it take its next step."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def next(self) -> dict[str, Any]:
        """Let it take its next step, and what it found."""
        self.go()
        return self.told()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Whoever is done ends when there is nothing more to hear; a writer that waits for its word is let go.
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def beside(earlier: Path | None) -> Iterator[Path | None]:
    """A folder in which the rooms of an earlier checkout stand beside this bench, so that it measures that version."""
    if earlier is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as name:
        for room in ("ledger", "allocations", "scenarios"):
            (Path(name) / room).symlink_to(earlier.resolve() / room)
        (Path(name) / "bench").symlink_to(Path(__file__).parent)
        yield Path(name)


def peak_mebibytes() -> float:
    """This process's largest resident memory since ``forget_peak``."""
    (line,) = (line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def forget_peak() -> None:
    """From now on the largest memory is counted anew."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
