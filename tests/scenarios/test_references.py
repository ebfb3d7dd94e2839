"""Library scenarios beside a second working, written from their definition and from the shipped tables alone.

An expected result that the engine itself has written shows that nothing changed, and not that it was right.
"""

import csv
import json
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
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


def held(ledger: Path, *funds: str) -> list[dict[str, Any]]:
    rows = answer("position", "--ledger", ledger, "--by", "organisation,tier,fund,standing")["rows"]
    return [row for row in rows if row["fund"] in funds] if funds else rows


def test_autonomy_is_no_list_of_icbs_by_alphabet(demo_ledger: Path) -> None:
    """Of 42 systems 1, 19, 17 and 5 in four segments: each has (0.9 + 19 x 0.6 + 17 x 0.3) / 42 in the mean."""
    mean = (Fraction(9, 10) + 19 * Fraction(6, 10) + 17 * Fraction(3, 10)) / 42
    said = answer("scenario", "run", "earned-autonomy", "--ledger", demo_ledger)
    placeable = {row["code"] for row in _csv("funds") if row["lowest_tier"] in ("place", "pcn", "practice")}
    could = [row["amount_pence"] for row in held(demo_ledger) if row["tier"] == "icb" and row["fund"] in placeable
             and row["standing"] in ("available", "retained without agreement")]  # fmt: skip
    (step,) = said["steps"]
    assert abs(step["moved_pence"] - mean * sum(could)) <= len(could)
    assert step["details"]["low_pence"] < step["moved_pence"] < step["details"]["high_pence"]
    # Whichever 24 ICBs were the largest, no more than nine tenths could move.
    assert step["details"]["high_pence"] < 0.9 * sum(could)
    assert "would decide over" in said["sentence"]
    assert "gain" not in said["sentence"]
    presumed = answer("scenario", "run", "presumed-autonomy", "--ledger", demo_ledger)["steps"][0]
    assert abs(presumed["moved_pence"] - (37 * Fraction(9, 10) + 5 * Fraction(3, 10)) / 42 * sum(could)) <= len(could)


def _csv(name: str) -> list[dict[str, str]]:
    with (tables.FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_icb_convergence(demo_ledger: Path) -> None:
    """Three years from the published distances, against three years of 2.9% for all: what convergence alone moves."""
    distance = {
        row["icb"]: float(row["closing_distance"]) for row in _csv("convergence_2025_26") if row["stream"] == "core"
    }
    held_now = {row["organisation"]: row["amount_pence"] / 100 for row in held(demo_ledger, "core-general-acute")}
    grown = {icb: pounds * 1.029**3 for icb, pounds in held_now.items()}
    fair = {icb: pounds / (1 + distance[icb]) for icb, pounds in held_now.items()}
    share = {icb: each / sum(fair.values()) for icb, each in fair.items()}
    knots = [(-0.05, 0.01), (-0.025, 0.005), (0.0, 0.0), (0.05, -0.005)]

    def curve(at: float) -> float:
        at = min(max(at, knots[0][0]), knots[-1][0])
        (left, high), (right, low) = next(pair for pair in pairwise(knots) if at <= pair[1][0])
        return high + (low - high) * (at - left) / (right - left)

    now = held_now
    for _ in range(3):
        quantum = sum(now.values()) * 1.029
        raw = {icb: 0.029 + curve(now[icb] * 1.029 / (share[icb] * quantum) - 1) for icb in now}
        low, high = -1.0, 1.0
        for _ in range(100):  # growth for all is moved until the money is spent
            middle = (low + high) / 2
            spent = sum(now[icb] * (1 + min(max(raw[icb] + middle, 0.01), 0.06)) for icb in now)
            low, high = (middle, high) if spent < quantum else (low, middle)
        now = {icb: now[icb] * (1 + min(max(raw[icb] + low, 0.01), 0.06)) for icb in now}
    wanted = {icb: now[icb] - grown[icb] for icb in now}

    said = answer("scenario", "run", "icb-convergence", "--ledger", demo_ledger)
    (view,) = (view for view in said["gainers"] if view["level"] == "icb")
    changed = {row["organisation"]: row["change_pence"] / 100 for row in view["changes"]}
    assert changed.keys() == wanted.keys()
    assert all(abs(changed[icb] - wanted[icb]) < 1 for icb in wanted)
    assert abs(sum(changed.values())) < 0.005
    # Some gain and some lose, where growth alone would have made 42 gainers.
    assert 0 < sum(pounds > 0 for pounds in wanted.values()) < 42


def test_running_costs_give_what_they_save_whatever_is_cut(demo_ledger: Path, tmp_path: Path) -> None:
    text = outcome.library()["running-costs-halved"].read_text(encoding="utf-8")
    running = sum(row["amount_pence"] for row in held(demo_ledger, "running-costs"))
    for cut in ("50%", "30%"):
        file = tmp_path / f"cut-{cut[:2]}.yaml"
        file.write_text(text.replace("value: 50%", f"value: {cut}"), encoding="utf-8")
        said = answer("scenario", "run", file, "--ledger", demo_ledger)
        saved, given = (step["added_pence"] for step in said["steps"])
        assert abs(-saved - running * Fraction(cut[:2]) / 100) <= 42
        assert given == -saved
        assert cut in said["title"]
        assert cut in said["question"]
        (held_in_all,) = (each for each in said["bridges"] if each["quantity"] == "held")
        assert held_in_all["before_pence"] == held_in_all["after_pence"]


def test_what_is_withdrawn_or_late_is_no_improvement(demo_ledger: Path) -> None:
    for name in ("winter-fund-withdrawn", "winter-fund-sixty-days-later"):
        said = answer("scenario", "run", name, "--ledger", demo_ledger)
        for each in said["scorecard"]:
            if each["before"] is not None:
                better = (
                    each["after"] - each["before"] if each["better"] == "higher" else each["before"] - each["after"]
                )
                assert better <= 0, (name, each["test"])
    late = {each["test"]: each for each in said["scorecard"]}["days_of_late_money"]
    # 18 November to 31 March, both counted; and from 17 January.
    assert (late["before"], late["after"]) == (134.0, 74.0)
    withdrawn = answer("scenario", "run", "winter-fund-withdrawn", "--ledger", demo_ledger)
    paid = {each["test"]: each for each in withdrawn["scorecard"]}["announced_is_paid"]
    # 67 of 134 days are gone on 24 January.
    assert (paid["before"], round(paid["after"], 6)) == (1.0, 0.5)


def test_a_settlement_makes_nothing_less_certain(demo_ledger: Path) -> None:
    said = answer("scenario", "run", "integrated-settlement", "--ledger", demo_ledger)
    tests = {each["test"]: each for each in said["scorecard"]}
    for name in ("certain_for_three_years", "by_population", "kept_without_agreement", "known_before_the_year"):
        assert tests[name]["before"] == tests[name]["after"], name
