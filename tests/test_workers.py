"""One worker runs all tests of a file, and what is said of files is said of files that are there."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests import conftest, workers
from tests.workers import APART, LONGEST_FIRST, TOGETHER, piece_of

ROOT = Path(__file__).parent.parent
MANY = "import pytest\n\n\n@pytest.mark.parametrize('nth', range(12))\ndef test_one(nth): pass\n"


def test_one_worker_runs_all_tests_of_a_file(tmp_path: Path) -> None:
    """By a small run with the options and the scheduler of every run."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]["addopts"]
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = {options}\n", encoding="utf-8")
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text(MANY, encoding="utf-8")
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.workers", "-n2", "-vv"],
        cwd=tmp_path, env={**alone, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    ran = re.findall(r"^\[gw(\d)\].* PASSED (test_.)\.py::", done.stdout, re.MULTILINE)
    assert len(ran) == 24, done.stdout
    assert sorted(set(ran)) in ([("0", "test_a"), ("1", "test_b")], [("0", "test_b"), ("1", "test_a")]), done.stdout
    assert conftest.pytest_xdist_make_scheduler is workers.pytest_xdist_make_scheduler


def test_a_piece_is_a_file_but_where_something_else_is_said() -> None:
    assert piece_of("tests/ledger/test_store.py::test_a[file]") == "ledger/test_store.py"
    assert piece_of("tests/ledger/test_everything.py::test_a[file]") == "tests/ledger/test_everything.py::test_a[file]"
    assert piece_of("tests/ledger/test_views.py::test_a") == piece_of("tests/ledger/test_tampering.py::test_b[a@b]")


def test_every_file_that_is_named_is_there() -> None:
    named = {*APART, *LONGEST_FIRST, *(file for files in TOGETHER.values() for file in files)}
    assert [file for file in sorted(named) if not (ROOT / "tests" / file).is_file()] == []
