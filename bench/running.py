"""Programs as processes of their own: how long each took, and how much memory it had."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
found = [took, used.ru_maxrss / 1024, bool(over), os.waitstatus_to_exitcode(status)]
with open(told, "w") as file:
    json.dump(found, file)
"""


@dataclass(frozen=True)
class Ran:
    """A process that has ended.

    Attributes:
        seconds: from its start to its end.
        mebibytes: its largest resident memory.
        text: what it wrote on standard output.
        stopped: whether it was stopped, having had all the time there was.
    """

    seconds: float
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
        seconds, mebibytes, stopped, status = json.loads(told.read_text(encoding="ascii"))
        if status and not stopped:
            raise RuntimeError(f"{command[0]} ended with {status}: {errors.read_text(encoding='utf-8')[-2000:]}")
        out.seek(0)
        return Ran(seconds, mebibytes, out.read(), stopped)


def ours(*arguments: str) -> list[str]:
    """A worker of the bench, by its name."""
    return [sys.executable, "-m", "bench.workers", *arguments]


def program(name: str) -> str | None:
    """Where a program is, if it is installed."""
    return shutil.which(name)
