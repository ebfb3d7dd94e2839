"""Library scenarios beside a second working, written from their definition and from the shipped tables alone.

An expected result that the engine itself has written shows that nothing changed, and not that it was right.
"""

import csv
import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

import devolution
from allocations.figures import tables


def answer(*words: object) -> Any:
    done = CliRunner().invoke(devolution.app, [*map(str, words), "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def people(*columns: str) -> dict[str, dict[str, Fraction]]:
    """Column to ICB to its part of England."""
    found: dict[str, dict[str, Fraction]] = {column: defaultdict(Fraction) for column in columns}
    with (tables.FOLDER / "practices_2025_26.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for column in columns:
                found[column][row["icb"]] += Fraction(row[column])
    return {
        column: {icb: each / sum(by_icb.values()) for icb, each in by_icb.items()} for column, by_icb in found.items()
    }


def test_more_by_health_inequality(demo_ledger: Path) -> None:
    """A tenth of what all ICBs keep for hospitals, times the difference of an ICB's two shares of England."""
    held = answer("position", "--ledger", demo_ledger, "--by", "organisation,fund,standing")["rows"]
    kept = {row["organisation"]: row["amount_pence"] for row in held if row["fund"] == "core-general-acute"}
    assert {row["standing"] for row in held if row["fund"] == "core-general-acute"} == {"retained by agreement"}
    share = people("core", "health_inequalities")
    wanted = {icb: sum(kept.values()) * (share["health_inequalities"][icb] - share["core"][icb]) / 10 for icb in kept}

    said = answer("scenario", "run", "more-by-health-inequality", "--ledger", demo_ledger)
    (view,) = (view for view in said["gainers"] if view["level"] == "icb")
    changed = {row["organisation"]: row["change_pence"] for row in view["changes"]}
    assert changed.keys() == wanted.keys()
    # Two splits to the penny, each less than a penny away from its exact shares.
    assert all(abs(changed[icb] - wanted[icb]) < 2 for icb in wanted)
    assert sum(changed.values()) == 0
    millions = {icb: round(pence / 100_000_000, 1) for icb, pence in changed.items()}
    assert (millions["QYG"], millions["QE1"], millions["QU9"]) == (56.5, 39.3, -37.4)
    assert min(millions.values()) == -37.4
    assert round(sum(pence for pence in changed.values() if pence > 0) / 100_000_000, 1) == 518.8
