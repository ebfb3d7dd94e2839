"""Every option of every command with values that mean harm: a sentence and a status, and the books as they were."""

import hashlib
import os
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import devolution
from tests.hostile.calls import Calls, commands, good_calls
from tests.hostile.values import EVERY
from tests.profiles import times

ASKED = int(os.environ.get("DEVOLUTION_FAULT_ROUNDS", "0"))
SECONDS, FEWEST = (120, 400) if ASKED else (times(quick=0, ci=0, nightly=6), 25)
SECRET = "postgresql://u:secret@127.0.0.1:1/x"
# What was found by trying, and mended: command, option, value.
FOUND = (
    ("verify", "--ledger", "x" * 5000),
    ("position", "--organisation", "\ud800"),
    ("trail", "--organisation", "a\x00b"),
    ("measures", "--penny-packet", "1e999999999"),
    ("allocate", "--amount", "1e-999999999"),
    ("allocate", "--amount", "٣"),
    ("allocate", "--by", f"people {'9' * 5000}+"),
    ("allocate", "--by", f"1/{'9' * 5000} core"),
    ("network", "--counts", "/dev/full"),
    ("bids", "argument 1", "/dev/full"),
    ("backup", "argument 1", SECRET),
    ("restore", "argument 1", SECRET),
    ("export published", "--out", SECRET),
    ("position", "--ledger", SECRET),
    ("position", "--ledger", ":memory:"),
    ("export allocations", "--icb", "\x85"),
)


@pytest.fixture
def calls(own_demo_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Good calls, from a folder deep enough that no path leads out of the test's own."""
    folder, deep = tmp_path / "files", tmp_path / "a/b/c/d"
    folder.mkdir()
    deep.mkdir(parents=True)
    made = good_calls(folder, own_demo_ledger)
    monkeypatch.chdir(deep)

    def no_app(*_: object) -> None:
        raise SystemExit(0)

    monkeypatch.setattr(devolution.os, "execve", no_app)
    monkeypatch.setattr(devolution.os, "chdir", lambda _: None)
    return made


def content(ledger: Path) -> str:
    return hashlib.sha256(ledger.read_bytes()).hexdigest()


def asked(name: str, *arguments: str) -> Result:
    for left in Path.cwd().iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    return CliRunner().invoke(devolution.app, [*name.split(), *arguments])


def told_well(done: Result, what: object) -> None:
    assert done.exception is None or isinstance(done.exception, SystemExit), (what, repr(done.exception))
    assert done.exit_code in (0, 1, 2, 3), what
    assert done.exit_code == 0 or done.output.strip(), what
    assert "Traceback" not in done.output, what


def every(calls: Calls) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Every option with every value, in an order that is always the same; the demo is built by other tests."""
    spots = [
        (name, option, value, make)
        for name in calls.good
        if name != "demo"
        for option, make in calls.spoilt(name)
        for value in EVERY
    ]
    random.Random(20251122 + ASKED).shuffle(spots)
    for name, option, value, make in spots:
        yield name, option, value, make(value)


def test_every_command_is_walked() -> None:
    assert len(commands()) >= 40


def test_every_option_with_what_means_harm(calls: Calls, own_demo_ledger: Path) -> None:
    before, until = content(own_demo_ledger), time.monotonic() + SECONDS
    for tried, (name, option, value, arguments) in enumerate(every(calls)):
        if tried >= FEWEST and time.monotonic() > until:
            break
        told_well(asked(name, *arguments), (name, option, value[:80]))
    assert content(own_demo_ledger) == before


def test_what_was_found_stays_mended(calls: Calls, own_demo_ledger: Path) -> None:
    before = content(own_demo_ledger)
    for name, option, value in FOUND:
        make = dict(calls.spoilt(name))[option]
        done = asked(name, *make(value))
        told_well(done, (name, option, value[:80]))
        assert done.exit_code != 0, (name, option, value[:80], done.output)
        assert "secret" not in done.output, (name, option)
    assert content(own_demo_ledger) == before
