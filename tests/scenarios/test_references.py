"""Library scenarios beside a second working, written from their definition and from the shipped tables alone.

An expected result that the engine itself has written shows that nothing changed, and not that it was right.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

import devolution
from allocations.figures import tables
from scenarios import outcome

FREE = ("available", "retained without agreement")
AGREED = "retained by agreement"


def answer(*words: object) -> Any:
    done = CliRunner().invoke(devolution.app, [*map(str, words), "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@cache
def whole_library(ledger: Path) -> dict[str, Any]:
    """What the library answers when it is run by one word: run once for all tests of it."""
    return answer("scenario", "run", "--library", "--ledger", ledger)  # type: ignore[no-any-return]


def library(ledger: Path) -> dict[str, Any]:
    """Every answer of the library, by name."""
    return {each["name"]: each for each in whole_library(ledger)["scenarios"]}


@cache
def books(ledger: Path) -> list[dict[str, Any]]:
    """What is held, by everything that a reference asks."""
    by = "organisation,tier,fund,standing,grade,lowest_depth"
    rows = answer("position", "--ledger", ledger, "--by", by)["rows"]
    return [row for row in rows if row["standing"] != "source"]


def held(ledger: Path, *funds: str, **asked: Any) -> list[dict[str, Any]]:
    """Those rows of some funds, of all where none is named, that are as is asked."""
    wanted = {key: value if isinstance(value, tuple) else (value,) for key, value in asked.items()}
    return [row for row in books(ledger) if (not funds or row["fund"] in funds)
            and all(row[key] in values for key, values in wanted.items())]  # fmt: skip


def pence(rows: Iterable[Mapping[str, Any]]) -> int:
    return sum(row["amount_pence"] for row in rows)


def changes(said: Mapping[str, Any], level: str) -> dict[str, int]:
    """Who gains or loses how much at a level."""
    (view,) = (view for view in said["gainers"] if view["level"] == level)
    return {row["organisation"]: row["change_pence"] for row in view["changes"]}


def bridge(said: Mapping[str, Any], quantity: str) -> int:
    """By how much a quantity changes."""
    (found,) = (each for each in said["bridges"] if each["quantity"] == quantity)
    return int(found["after_pence"] - found["before_pence"])


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
    """A tenth of what all ICBs keep for hospitals, less the 10.3% that is weighed so already, by an ICB's two shares."""
    rows = held(demo_ledger, "core-general-acute")
    kept = {row["organisation"]: row["amount_pence"] for row in rows}
    # No agreement is known, so none is on record.
    assert {row["standing"] for row in rows} == {"retained without agreement"}
    share = people("core", "health_inequalities")
    wanted = {
        icb: sum(kept.values()) * (share["health_inequalities"][icb] - share["core"][icb]) * 0.0897 for icb in kept
    }

    said = library(demo_ledger)["more-by-health-inequality"]
    changed = changes(said, "icb")
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
    said = library(demo_ledger)["competitive-pot"]
    changed = changes(said, "icb")
    assert changed.keys() == wanted.keys()
    assert all(abs(changed[icb] - wanted[icb]) < 4 for icb in wanted)
    assert sum(changed.values()) == 100 * (bids + returns - by_formula)
    assert bridge(said, "front_line") == 100 * (1_054_800 - by_formula)
    (proposition,) = (each for each in said["scorecard"] if each["test"] == "front_line")
    assert (proposition["before"], proposition["after"]) == (0.78904, 0.99328)
    assert "in one draw £0 or £555,556" in said["sentence"]


def test_autonomy_is_no_list_of_icbs_by_alphabet(demo_ledger: Path) -> None:
    """Of 42 systems 1, 19, 17 and 5 in four segments: each has (0.9 + 19 x 0.6 + 17 x 0.3) / 42 in the mean."""
    mean = (Fraction(9, 10) + 19 * Fraction(6, 10) + 17 * Fraction(3, 10)) / 42
    said = library(demo_ledger)["earned-autonomy"]
    could = [row["amount_pence"] for row in held(demo_ledger, tier="icb", standing=FREE) if row["lowest_depth"] > 0]
    (step,) = said["steps"]
    assert abs(step["moved_pence"] - mean * sum(could)) <= len(could)
    assert step["details"]["low_pence"] < step["moved_pence"] < step["details"]["high_pence"]
    # Whichever 24 ICBs were the largest, no more than nine tenths could move.
    assert step["details"]["high_pence"] < 0.9 * sum(could)
    assert "would hold" in said["sentence"]
    assert "gain" not in said["sentence"]
    presumed = library(demo_ledger)["presumed-autonomy"]["steps"][0]
    assert abs(presumed["moved_pence"] - (37 * Fraction(9, 10) + 5 * Fraction(3, 10)) / 42 * sum(could)) <= len(could)


def _csv(name: str) -> list[dict[str, str]]:
    with (tables.FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def converged(
    now: dict[str, float], share: Mapping[str, float], knots: list[tuple[float, float]], *, growth: float, floor: float,
    cap: float, years: int = 3,
) -> dict[str, float]:  # fmt: skip
    """Everybody after so many years of a pace of change, in pounds, as docs/levers.md defines it."""

    def curve(at: float) -> float:
        at = min(max(at, knots[0][0]), knots[-1][0])
        (left, high), (right, low) = next(pair for pair in pairwise(knots) if at <= pair[1][0])
        return high + (low - high) * (at - left) / (right - left)

    for _ in range(years):
        quantum = sum(now.values()) * (1 + growth)
        raw = {code: growth + curve(now[code] * (1 + growth) / (share[code] * quantum) - 1) for code in now}
        low, high = -1.0, 1.0
        for _ in range(100):  # growth for all is moved until the money is spent
            middle = (low + high) / 2
            spent = sum(now[code] * (1 + min(max(raw[code] + middle, floor), cap)) for code in now)
            low, high = (middle, high) if spent < quantum else (low, middle)
        now = {code: now[code] * (1 + min(max(raw[code] + low, floor), cap)) for code in now}
    return now


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
    now = converged(held_now, share, knots, growth=0.029, floor=0.01, cap=0.06)
    wanted = {icb: now[icb] - grown[icb] for icb in now}

    said = library(demo_ledger)["icb-convergence"]
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
        assert bridge(said, "held") == 0


def test_what_is_withdrawn_or_late_is_no_improvement(demo_ledger: Path) -> None:
    for name in ("winter-fund-withdrawn", "winter-fund-sixty-days-later"):
        said = library(demo_ledger)[name]
        for each in said["scorecard"]:
            if each["before"] is not None:
                better = (
                    each["after"] - each["before"] if each["better"] == "higher" else each["before"] - each["after"]
                )
                assert better <= 0, (name, each["test"])
    late = {each["test"]: each for each in said["scorecard"]}["days_of_late_money"]
    # 18 November to 31 March, both counted; and from 17 January.
    assert (late["before"], late["after"]) == (134.0, 74.0)
    withdrawn = library(demo_ledger)["winter-fund-withdrawn"]
    paid = {each["test"]: each for each in withdrawn["scorecard"]}["announced_is_paid"]
    # 67 of 134 days are gone on 24 January.
    assert (paid["before"], round(paid["after"], 6)) == (1.0, 0.5)


def test_a_settlement_makes_nothing_less_certain(demo_ledger: Path) -> None:
    said = library(demo_ledger)["integrated-settlement"]
    tests = {each["test"]: each for each in said["scorecard"]}
    for name in ("certain_for_three_years", "by_population", "kept_without_agreement", "known_before_the_year"):
        assert tests[name]["before"] == tests[name]["after"], name


def test_place_convergence(demo_ledger: Path) -> None:
    by_place: dict[str, Fraction] = defaultdict(Fraction)
    for row in _csv("practices_2025_26"):
        if row["icb"] == "QWO":
            by_place[row["place"]] += Fraction(row["core"])
    now = {row["organisation"]: row["amount_pence"] / 100 for row in held(demo_ledger, "core-community", tier="place")
           if row["organisation"] in by_place}  # fmt: skip
    share = {code: float(each / sum(by_place.values())) for code, each in by_place.items()}
    after = converged(now, share, [(-0.05, 0.03), (0.0, 0.0), (0.05, -0.03)], growth=0.027, floor=0, cap=0.06)
    changed = changes(library(demo_ledger)["place-convergence"], "place")
    assert changed.keys() == now.keys()
    assert all(abs(changed[code] / 100 - (after[code] - now[code] * 1.027**3)) < 1 for code in now)


@cache
def homes() -> dict[str, str]:
    """Everybody's ICB; of a network in several the one with most of its people."""
    parts: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for row in _csv("practices_2025_26"):
        for column in ("practice", "pcn", "place", "icb"):
            parts[row[column]][row["icb"]] += Fraction(row["registered"])
    return {code: max(sorted(icbs), key=lambda icb: icbs[icb]) for code, icbs in parts.items()}


@pytest.mark.parametrize(("name", "years"), [("at-once", 1), ("in-three-years", 3), ("in-five-years", 5)])
def test_devolve_80(demo_ledger: Path, name: str, years: int) -> None:
    """Each line of each ICB lacks so much until four fifths of it are at place or below; at most what is free to move."""
    home = homes()
    whole, below, free = defaultdict[tuple[str, str], int](int), defaultdict[tuple[str, str], int](int), set()
    spare = defaultdict[tuple[str, str], int](int)
    for row in held(demo_ledger):
        key = home.get(row["organisation"], row["organisation"]), row["fund"]
        whole[key] += row["amount_pence"]
        below[key] += row["amount_pence"] if row["tier"] in ("place", "pcn", "practice") else 0
        if row["tier"] == "icb" and row["standing"] in FREE and row["lowest_depth"] > 0:
            spare[key] += row["amount_pence"]
            free.add(key)
    lacking = {key: min(max(whole[key] * 4 // 5 - below[key], 0), spare[key]) for key in free}
    said = library(demo_ledger)[f"devolve-80-{name}"]
    (step,) = said["steps"]
    assert abs(step["moved_pence"] - Fraction(sum(lacking.values()), years)) <= len(free)
    assert bridge(said, "local") == step["moved_pence"]
    # The flagship is general practice for the most part, and the table by fund says so.
    general_practice = sum(pence for (_, fund), pence in lacking.items() if fund.startswith("primary-medical"))
    told = {line["code"]: line["local_after_pence"] - line["local_before_pence"] for line in said["by_fund"]}
    assert sum(told.values()) == step["moved_pence"]
    ours = sum(pence for fund, pence in told.items() if fund.startswith("primary-medical"))
    assert abs(ours - Fraction(general_practice, years)) <= len(free)
    assert round(100 * ours / step["moved_pence"]) == 95


def test_what_is_kept(demo_ledger: Path) -> None:
    lines = ("core-community", "core-mental-health", "core-primary-care")
    kept = pence(held(demo_ledger, *lines, tier="icb", standing=FREE))
    said = library(demo_ledger)["keep-by-agreement"]
    assert said["steps"][0]["moved_pence"] == -bridge(said, "kept_without_agreement") == kept
    # What is given is the same agreement, and its end undoes it.
    assert held(demo_ledger, standing=AGREED) == []
    said = library(demo_ledger)["keep-without-agreement"]
    assert said["given"][0]["moved_pence"] == said["steps"][0]["moved_pence"] == kept
    assert bridge(said, "kept_without_agreement") == kept


def test_what_is_released(demo_ledger: Path) -> None:
    said = library(demo_ledger)["lift-development-funding"]
    assert said["steps"][0]["details"]["selected_pence"] == pence(held(demo_ledger, "core-sdf-transfers"))
    # Small pots: the two that are given, and whatever else an ICB and those below it have less than £1 million of.
    given = 42 * 446_250_00, 44_300_000_00
    registered = people("registered")["registered"]
    small = given[0] + sum(each for icb in registered if (each := given[1] * registered[icb]) < 100_000_000)
    assert max(registered.values()) * given[1] > 100_000_000 > min(registered.values()) * given[1]
    whole = defaultdict[tuple[str, str], int](int)
    for row in held(demo_ledger):
        whole[homes().get(row["organisation"], row["organisation"]), row["fund"]] += row["amount_pence"]
    tied = held(demo_ledger, tier="icb", grade=("soft", "hard"))
    small += pence(row for row in tied if whole[row["organisation"], row["fund"]] < 100_000_000)
    said = library(demo_ledger)["lift-small-pots"]
    assert abs(said["steps"][0]["details"]["selected_pence"] - small) <= 42


def test_capacity_funding(demo_ledger: Path) -> None:
    """What reached networks, with what they had, goes to their practices; people in no network leave theirs behind."""
    said = library(demo_ledger)["capacity-funding-to-practices"]
    (given,), (step,) = said["given"], said["steps"]
    assert given["moved_pence"] + given["details"]["left_for_nobody_pence"] == 292_000_000_00
    there = pence(held(demo_ledger, "primary-medical-recurrent", tier="pcn", standing=FREE))
    assert step["moved_pence"] == given["moved_pence"] + there
    assert sum(changes(said, "practice").values()) == step["moved_pence"] == -sum(changes(said, "pcn").values())


def test_funds_that_are_given(demo_ledger: Path) -> None:
    share = people("core", "registered")
    hubs = changes(library(demo_ledger)["womens-health-hubs"], "icb")
    assert all(abs(hubs[icb] - (42 * 595_000_00 * each - 595_000_00)) < 3 for icb, each in share["registered"].items())
    withdrawn = changes(library(demo_ledger)["winter-fund-withdrawn"], "icb")
    assert all(abs(withdrawn[icb] + 250_000_000_00 * each) < 3 for icb, each in share["core"].items())
    known = library(demo_ledger)["winter-fund-in-the-baseline"]
    assert (bridge(known, "known_before"), bridge(known, "free"), bridge(known, "held")) == (5 * 10**10, 5 * 10**10, 0)
    matched = library(demo_ledger)["match-funding"]
    assert matched["steps"][0]["moved_pence"] == 250_000_000_00
    assert changes(matched, "icb") == {}
    assert bridge(matched, "ring_fenced") == 250_000_000_00


def test_a_capitated_budget(demo_ledger: Path) -> None:
    rest = ("core-community", "core-mental-health")
    hospital = pence(held(demo_ledger, "core-general-acute", organisation="QWO", standing=FREE))
    others = pence(held(demo_ledger, *rest, organisation="QWO", standing=FREE))
    said = library(demo_ledger)["neighbourhood-contract"]
    assert abs(bridge(said, "local") - hospital / 4 - others) <= 1


def test_pots_put_together(demo_ledger: Path) -> None:
    team = ("primary-medical-arrs-additional", "primary-medical-arrs-gps", "primary-medical-remaining-growth")
    whole = pence(held(demo_ledger, *team))
    for inner in ("with", "without"):
        said = library(demo_ledger)[f"merge-{inner}-inner-ring-fences"]
        assert said["steps"][0]["details"]["selected_pence"] == whole
        fenced = pence(held(demo_ledger, *team, grade=("hard", "statutory"))) if inner == "without" else 0
        assert bridge(said, "ring_fenced") == -fenced
        assert bridge(said, "held") == 0
    elective = ("core-elective-recovery", "core-elective-recovery-additional", "core-covid-testing")
    theirs = pence(held(demo_ledger, *elective, tier=("icb", "place", "pcn")))
    assert library(demo_ledger)["integrated-settlement"]["steps"][0]["moved_pence"] == theirs // 10


def test_the_mergers(demo_ledger: Path) -> None:
    rows = [row for row in _csv("successions") if row["effective_date"] == "2026-04-01"]
    gone = {row["predecessor"] for row in rows} - {row["successor"] for row in rows}
    said = library(demo_ledger)["april-2026-mergers"]
    (view,) = (view for view in said["gainers"] if view["level"] == "icb")
    assert {row["organisation"] for row in view["ended"]} == gone
    assert len(people("core")["core"]) - len(gone) + len(view["began"]) == 36
    assert bridge(said, "held") == 0


def test_every_library_scenario_has_a_reference() -> None:
    here = Path(__file__).parent
    said = "".join((here / f"{name}.py").read_text("utf-8") for name in ("test_references", "test_references_of_years"))
    named = {name for name in outcome.library() if f'"{name}"' in said}
    by_pattern = {"devolve-80-at-once", "devolve-80-in-three-years", "devolve-80-in-five-years",
                  "merge-with-inner-ring-fences", "merge-without-inner-ring-fences"}  # fmt: skip
    assert named | by_pattern == set(outcome.library())
