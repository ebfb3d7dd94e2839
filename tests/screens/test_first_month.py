"""The guide's chapter "Your first month", done as it says."""

import re
import shlex
from pathlib import Path

import pytest

from tests.test_commands import document, run

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"


def steps() -> list[list[str]]:
    """The commands of the chapter, in order, without the word that they begin with."""
    chapter = GUIDE.read_text(encoding="utf-8").split("\n## Your first month\n")[1].split("\n## ")[0]
    block = re.search(r"```\n(.*?)```", chapter, re.DOTALL)
    assert block
    lines = block[1].replace("\\\n", " ").strip().splitlines()
    return [shlex.split(line)[1:] for line in lines]


def test_the_first_month_goes_as_the_guide_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Worked by hand: of 1,200,000 the ICB keeps 300,000; of 300,000 for winter it hands on 90,000, of which 12,345.67
    is spent."""
    monkeypatch.chdir(tmp_path)
    for step in steps():
        done = run(*step)
        assert done.returncode == 0, (step, done.stderr)
    rows = document("position", "--organisation", "QWO", "--by", "organisation,fund,standing", "--year", "2025/26",
                    "--as-at", "2025-07-01")["rows"]  # fmt: skip
    assert {(row["organisation"], row["fund"], row["standing"]): row["amount_pence"] for row in rows} == {
        ("QWO", "core-sdf-transfers", "available"): 90_000_000,
        ("QWO", "core-sdf-transfers", "retained by agreement"): 30_000_000,
        ("QWO", "winter-2025", "available"): 21_000_000,
        ("QWO-E08000035", "winter-2025", "available"): 7_765_433,
        ("QWO-E08000035", "winter-2025", "spent"): 1_234_567,
    }
    pots = {
        row["fund"]: row
        for row in document("pots", "--organisation", "QWO", "--year", "2025/26", "--as-at", "2025-07-01")["rows"]
    }
    # From 1 July to 31 March there are 274 days: 28,765,433 pence over them.
    winter = pots["winter-2025"]
    assert (winter["grade"], winter["left_pence"], winter["days_left"]) == ("none", 28_765_433, 274)
    assert winter["rate_pence"] == 104_983
    assert (tmp_path / "june.xlsx").exists()
    late = ("record", "spend", "--organisation", "QWO-E08000035", "--fund", "winter-2025", "--amount", "1", "--recurrent", "NR",
            "--date", "2025-06-30", "--reason", "late")  # fmt: skip
    assert run(*late).returncode == 1
