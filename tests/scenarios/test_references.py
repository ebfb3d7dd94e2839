"""Library scenarios beside a second working, written from their definition and from the shipped tables alone.

An expected result that the engine itself has written shows that nothing changed, and not that it was right.
"""

import csv
import json
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml
from typer.testing import CliRunner

import devolution
from allocations.figures import tables
from scenarios import outcome


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


def test_competitive_pot(demo_ledger: Path) -> None:
    """£5 million to the 28 who could bid: by core population, against one in 28 each, and what either way costs them."""
    file = yaml.safe_load(outcome.library()["competitive-pot"].read_text(encoding="utf-8"))
    bidders = file["baseline"]["given"][0]["sharing"]["bids"]["bidders"]
    core = people("core")["core"]
    whole = sum(core[icb] for icb in bidders)
    # 28 bids at £30,000, nine awards with six returns at £1,200, £150,000 to run it; by formula 28 returns.
    bids, returns, administration, by_formula = 28 * 30_000, 9 * 6 * 1_200, 150_000, 28 * 1_200
    assert bids + returns + administration == 1_054_800
    wanted = {
        icb: 100 * (5_000_000 * (core[icb] / whole - Fraction(1, 28)) + Fraction(bids + returns - by_formula, 28))
        for icb in bidders
    }
    said = answer("scenario", "run", "competitive-pot", "--ledger", demo_ledger)
    (view,) = (view for view in said["gainers"] if view["level"] == "icb")
    changed = {row["organisation"]: row["change_pence"] for row in view["changes"]}
    assert changed.keys() == wanted.keys()
    assert all(abs(changed[icb] - wanted[icb]) < 4 for icb in wanted)
    assert sum(changed.values()) == 100 * (bids + returns - by_formula)
    (bridge,) = (each for each in said["bridges"] if each["quantity"] == "front_line")
    assert bridge["after_pence"] - bridge["before_pence"] == 100 * (1_054_800 - by_formula)
    (proposition,) = (each for each in said["scorecard"] if each["test"] == "front_line")
    assert (proposition["before"], proposition["after"]) == (0.78904, 0.99328)
    assert "in one draw £0 or £555,556" in said["sentence"]
