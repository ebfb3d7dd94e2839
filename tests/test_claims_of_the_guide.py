"""What people say about this money: every claim of the guide has a command that puts a figure on it."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import devolution

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
TABLE = GUIDE.partition("## What people say about this money")[2].partition("\n## ")[0]
CLAIMS = re.findall(r"^\| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$", TABLE, re.MULTILINE)
# Of these nothing is read from a ledger.
WITHOUT_BOOKS = ("targets", "need", "bids")


def test_there_are_thirty_claims_and_none_twice() -> None:
    assert len(CLAIMS) >= 30
    assert len({claim for claim, _, _ in CLAIMS}) == len({command for _, _, command in CLAIMS}) == len(CLAIMS)


@pytest.mark.parametrize("command", [command for _, _, command in CLAIMS])
def test_a_claim_has_its_figure(demo_ledger: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.chdir(ROOT)
    words = shlex.split(command)
    books = [] if words[0] in WITHOUT_BOOKS else ["--ledger", str(demo_ledger)]
    done = CliRunner().invoke(devolution.app, [*words, *books, "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["rows"]
