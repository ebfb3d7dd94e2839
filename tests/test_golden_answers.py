"""The JSON of every command on the demo, as it is kept in ``tests/golden``: equal, or the change is one that was meant.

Set DEVOLUTION_GOLDEN=write to keep what the commands answer now; then read the difference before it is committed.
"""

import json
import os
import re
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

import devolution
from tests.test_same_answers import MOMENTS, QUESTIONS

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden"
# Commands that ask no ledger anything.
BESIDES = {
    "need": ("--icb QWO", "--icb QNX"),
    "targets": ("",),
    "network": ("U41591", "U41591 --year 2024/25 --monthly"),
    "bids": (f"{ROOT}/scenarios/bids/example.yaml", "no-such-pot"),
    "readings": ("", f"--reading {ROOT}/docs/reading_example.yaml"),
    "pace": (f"{ROOT}/docs/pace_of_change_example.yaml",),
    "scenario solve": (f"{ROOT}/docs/solve_example.yaml", f"{ROOT}/docs/solve_published_example.yaml"),
}
# What differs from one making of the demo to the next: hashes over recorded times, and the day on which it is asked.
TODAY = time.strftime("%Y-%m-%d")
HASHES = re.compile(r"\b[0-9a-f]{64}\b")


def answered(ledger: Path, words: str, arguments: str) -> dict[str, object]:
    """What one command answers, without what differs from day to day."""
    named = ["--ledger", str(ledger)] if words in QUESTIONS else []
    done = CliRunner().invoke(devolution.app, [*words.split(), *arguments.split(), *named, "--json"])
    told = done.stdout.replace(str(ledger), "LEDGER").replace(str(ROOT), "HERE")
    told = HASHES.sub("HASH", MOMENTS.sub("WHEN", told)).replace(TODAY, "TODAY")
    return {
        "asked": f"{words} {arguments}".replace(str(ROOT), "HERE").strip(),
        "exit_code": done.exit_code,
        "told": told,
    }


@pytest.mark.parametrize("words", [*QUESTIONS, *BESIDES])
def test_the_answers_are_those_that_are_kept(demo_ledger: Path, words: str) -> None:
    given = [answered(demo_ledger, words, arguments) for arguments in (QUESTIONS | BESIDES)[words]]
    kept = GOLDEN / f"{words.replace(' ', '_')}.json"
    if os.environ.get("DEVOLUTION_GOLDEN") == "write":
        lines = [{**one, "told": _shown(str(one["told"]))} for one in given]
        kept.write_text(json.dumps(lines, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for one, before in zip(given, json.loads(kept.read_text("utf-8")), strict=True):
        assert {**one, "told": _shown(str(one["told"]))} == before


def _shown(told: str) -> list[str]:
    """The text cut at its rows, so that a difference is a line: nothing is left out, so it is still byte by byte."""
    return re.split(r"(?<=\}), (?=\{)", told)
