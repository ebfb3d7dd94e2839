"""A way to a goal: exact, the least disruptive, to the penny; and honest where there is none."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, floor
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import devolution
from allocations.figures import tables
from ledger.errors import Refused
from scenarios.solve import highs
from scenarios.solve.exact import FREE, NotProved, Pattern, prove
from scenarios.solve.file import ListedGoal, read_goal
from scenarios.solve.goal import Goal
from scenarios.solve.published import beside, nearest_rule
from scenarios.solve.way import Way, disruption, solve, solve_all


def goal_of(
    opening: Sequence[int],
    target: Sequence[int],
    *,
    years: int = 3,
    within: str = "0.025",
    growth: str = "0.03",
    floor: str = "0",
    cap: str | None = None,
    nearest: bool = False,
) -> Goal:
    codes = [f"P{number}" for number in range(len(opening))]
    totals, whole = [], sum(opening)
    for _ in range(years):
        totals.append(round((totals[-1] if totals else whole) * (1 + Fraction(growth))))
    return Goal(
        dict(zip(codes, opening, strict=True)),
        {code: Fraction(each, sum(target)) for code, each in zip(codes, target, strict=True)},
        tuple(totals), Fraction(within), Fraction(floor), None if cap is None else Fraction(cap), nearest,
    )  # fmt: skip


def drawn(seed: int, number: int, *, farther: float = 0.05, **rest: object) -> Goal:
    draw = np.random.default_rng(seed)
    opening = draw.lognormal(16, 0.7, number)
    target = opening * np.exp(draw.normal(0, farther, number))
    return goal_of([int(each) for each in opening], [int(each) for each in target], **rest)  # type: ignore[arg-type]


def costs(goal: Goal, pence: Mapping[str, Sequence[int | Fraction]]) -> Fraction:
    """The disruption by its definition, in plain sums: shares of each year's whole, against last year's."""
    sums = Fraction(0)
    for code, path in pence.items():
        shares = [Fraction(goal.opening_pence[code], sum(goal.opening_pence.values()))]
        shares += [Fraction(each) / total for each, total in zip(path, goal.totals_pence, strict=True)]
        steps = [(now - before) / shares[0] for before, now in pairwise(shares)]
        sums += shares[0] * sum(step * step for step in steps)
    return sums / goal.years


def keeps(goal: Goal, pence: Mapping[str, Sequence[int]]) -> None:
    """Every limit, to the penny, in whole numbers."""
    for year, total in enumerate(goal.totals_pence):
        assert sum(path[year] for path in pence.values()) == total
    for code, path in pence.items():
        target = goal.target[code] * goal.totals_pence[-1]
        # A target between two pennies is met by either.
        reached = abs(path[-1] - target) <= max(goal.within * target, 1)
        for before, now in zip([goal.opening_pence[code], *path], path, strict=False):
            assert type(now) is int
            assert now >= before * (1 + goal.floor)
            assert goal.cap is None or now <= before * (1 + goal.cap)
        assert reached or goal.to_the_nearest


def test_with_nothing_in_the_way_every_year_moves_as_much() -> None:
    """Half and half, to be 60 and 40: ten points in four years are two and a half a year."""
    way = solve(goal_of([10**9, 10**9], [60, 40], years=4, within="0", growth="0", floor="-0.5"))
    assert way.pence["P0"] == (1_050_000_000, 1_100_000_000, 1_150_000_000, 1_200_000_000)
    assert way.pence["P1"] == (950_000_000, 900_000_000, 850_000_000, 800_000_000)
    # A step is 5% of the opening budget for either.
    assert way.disruption == Fraction(1, 400)
    assert way.typical_points == Fraction(1, 20)
    assert way.moved_pence() == [50_000_000] * 4


def test_who_need_not_move_gives_only_what_those_below_need() -> None:
    """One is 10% below; the two others, within reach already, give in proportion to what they have."""
    way = solve(goal_of([900, 2000, 1100], [1000, 1950, 1050], years=1, within="0", growth="0", floor="-0.5"))
    assert {code: path[0] for code, path in way.pence.items()} == {"P0": 1000, "P1": 1950, "P2": 1050}
    loose = solve(
        replace(
            goal_of([90_000, 200_000, 110_000], [100_000, 195_000, 105_000], years=1, growth="0", floor="-0.5"),
            within=Fraction(5, 100),
        )
    )
    # 95,000 is within 5% of 100,000; what is needed, 5,000, comes from 200,000 and 110,000.
    assert loose.pence == {"P0": (95_000,), "P1": (200_000 - 3226,), "P2": (110_000 - 1774,)}


@pytest.mark.parametrize("years", [2, 3, 7])
def test_a_floor_that_binds_every_year_follows_the_closed_form(years: int) -> None:
    """The share of the move that is done by year t is (1 - rho^t) / (1 - rho^n), with rho = (1 + floor) / (1 + growth)."""
    growth, floor = Fraction(4, 100), Fraction(1, 100)
    rho = (1 + floor) / (1 + growth)
    opening = {"above": 6 * 10**14, "below": 3 * 10**14, "lower": 10**14}
    whole = sum(opening.values())
    totals = tuple(whole * (1 + growth) ** year for year in range(1, years + 1))
    assert all(total.denominator == 1 for total in totals)
    end = opening["above"] * rho**years / whole
    target = {"above": end, "below": Fraction(3, 4) * (1 - end), "lower": Fraction(1, 4) * (1 - end)}
    goal = Goal(opening, target, tuple(int(total) for total in totals), Fraction(0), floor, None)
    start = highs.guess(goal)
    assert start is not None
    path = prove(goal, start).relative
    for year in range(1, years + 1):
        done = (1 - rho**year) / (1 - rho**years)
        for code, relative in path.items():
            begins, ends = Fraction(opening[code], whole), target[code]
            assert relative[year - 1] * begins == begins + done * (ends - begins)


def grid(goal: Goal, reach: int) -> tuple[int, Fraction]:
    """The least disruption of all paths in whole pence within some pence of the solved one, and how many there are."""
    found = solve(goal).pence
    *others, last = goal.opening_pence
    spans = [
        range(found[code][year] - reach, found[code][year] + reach + 1) for code in others for year in range(goal.years)
    ]
    least, number = None, 0
    for chosen in product(*spans):
        paths = {code: chosen[place * goal.years : (place + 1) * goal.years] for place, code in enumerate(others)}
        paths[last] = tuple(
            total - sum(path[year] for path in paths.values()) for year, total in enumerate(goal.totals_pence)
        )
        try:
            keeps(goal, paths)
        except AssertionError:
            continue
        number += 1
        cost = costs(goal, paths)
        least = cost if least is None else min(least, cost)
    assert least is not None
    return number, least


@pytest.mark.parametrize(
    ("goal", "reach"),
    [
        (goal_of([700, 300], [600, 400], years=2, within="0.05", growth="0.02", floor="-0.05"), 20),
        (goal_of([700, 300], [600, 400], years=2, within="0.05", growth="0.10", floor="0.02", cap="0.30"), 20),
        (goal_of([500, 300, 200], [400, 350, 250], years=1, within="0.04", growth="0.05", floor="-0.15"), 30),
        (goal_of([600, 400], [450, 550], years=3, within="0.1", growth="0.05", floor="-0.09", cap="0.15"), 6),
    ],
)
def test_of_all_paths_of_a_tiny_case_none_is_cheaper(goal: Goal, reach: int) -> None:
    way = solve(goal)
    keeps(goal, way.pence)
    number, least = grid(goal, reach)
    assert number > 20
    # The exact path is no dearer than any in whole pence; and the one that is paid is no more than the pennies away.
    assert way.disruption <= least
    assert costs(goal, way.pence) - least <= Fraction(1, 10_000)


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 6])
def test_no_cheaper_path_is_found_by_chance(seed: int) -> None:
    """From the exact path in every direction that conserves money, farther and farther until a limit is met."""
    goal = drawn(seed, 5, floor="0.005", cap="0.07", within="0.04")
    start = highs.guess(goal)
    assert start is not None
    path = prove(goal, start).relative
    whole, draw = sum(goal.opening_pence.values()), Random(seed)
    exact = {
        code: [goal.opening_pence[code] * each * Fraction(total, whole) for each, total in zip(own, goal.totals_pence, strict=True)]
        for code, own in path.items()
    }  # fmt: skip
    best = costs(goal, exact)
    assert best == disruption(goal, path)
    codes, kept = list(exact), 0
    for _ in range(400):
        other = {code: list(own) for code, own in exact.items()}
        for _ in range(draw.randint(1, 3)):
            giver, receiver = draw.sample(codes, 2)
            year, pence = draw.randrange(goal.years), draw.randint(1, 10 ** draw.randint(2, 6))
            for later in range(year, draw.randint(year, goal.years - 1) + 1):
                other[giver][later] -= pence
                other[receiver][later] += pence
        if within_limits(goal, other):
            kept += 1
            assert costs(goal, other) >= best
    assert kept > 20


def within_limits(goal: Goal, paths: Mapping[str, Sequence[Fraction]]) -> bool:
    for code, path in paths.items():
        target = goal.target[code] * goal.totals_pence[-1]
        if abs(path[-1] - target) > goal.within * target:
            return False
        for before, now in zip([goal.opening_pence[code], *path], path, strict=False):
            if now < before * (1 + goal.floor) or (goal.cap is not None and now > before * (1 + goal.cap)):
                return False
    return True


@pytest.mark.parametrize("seed", range(12))
def test_every_limit_is_kept_to_the_penny(seed: int) -> None:
    number, years = (3, 5, 8, 20)[seed % 4], (1, 2, 5, 8)[seed // 3]
    goal = drawn(seed, number, years=years, floor="0.0117", cap="0.0613", within="0.03", nearest=True)
    try:
        way = solve(goal)
    except Refused as refused:
        assert "what binds is" in refused.problems[0].found
        return
    keeps(goal, way.pence)
    assert abs(costs(goal, way.pence) - way.disruption) < Fraction(1, 10**9)


def test_a_large_goal_is_proved_from_either_start() -> None:
    goal = drawn(4, 40, years=8, floor="0.002", cap="0.08", within="0.04")
    start = highs.guess(goal)
    assert start is not None
    proved = prove(goal, start)
    nobody = dict.fromkeys(goal.opening_pence, Pattern((FREE,) * goal.years))
    assert prove(goal, nobody).relative == proved.relative
    assert solve(goal).disruption == disruption(goal, proved.relative)


def test_where_the_solver_comes_to_no_end_the_equations_are_tried_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    goal = goal_of([10**9, 10**9], [60, 40], years=4, within="0", growth="0", floor="-0.5")
    expected = solve(goal)
    monkeypatch.setattr("scenarios.solve.highs._MOST_STEPS", 0)
    with pytest.raises(highs.Undecided):
        highs.guess(goal)
    assert solve(goal).pence == expected.pence


def test_small_beside_large_is_no_harder() -> None:
    """Two small places beside one of two hundred times their size, on which a solver went round in circles."""
    opening, target = [455_627_061, 774_449_222, 101_403_416_374], [500_916_000, 834_580_000, 101_297_996_657]
    goal = goal_of(opening, target, years=5, floor="0.005", cap="0.08", nearest=True)
    keeps(goal, solve(goal).pence)


def test_a_start_that_cannot_be_put_right_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    goal = drawn(1, 3, floor="0.01", cap="0.06")
    monkeypatch.setattr("scenarios.solve.exact._MOST_ROUNDS", 0)
    with pytest.raises(NotProved):
        prove(goal, dict.fromkeys(goal.opening_pence, Pattern((FREE,) * goal.years)))


UNREACHABLE = goal_of([10**9, 10**9], [55, 45], years=3, growth="0.03", floor="0.015")


def test_a_goal_out_of_reach_says_what_binds_and_what_would_do() -> None:
    """At 1.5% where all grow by 3%, P1 comes from 11.1% above to (1.015/1.03)^3 / 0.9 - 1 = 6.33% above in three years."""
    with pytest.raises(Refused) as refused:
        solve(UNREACHABLE)
    (problem,) = refused.value.problems
    assert "what binds is floor" in problem.found
    assert "P1 6.33% above" in problem.found
    # By hand: (1.015/1.03)^n / 0.9 <= 1.025 from n = 6 on; a floor f with ((1+f)/1.03)^3 = 0.9225 is 0.267%.
    assert "6 years, or within 6.33%, or a floor of 0.26%" in problem.fix


@pytest.mark.parametrize(
    "other",
    [
        UNREACHABLE.in_years(6),
        replace(UNREACHABLE, within=Fraction(633, 10_000)),
        replace(UNREACHABLE, floor=Fraction(26, 10_000)),
    ],
)
def test_what_would_do_does(other: Goal) -> None:
    keeps(other, solve(other).pence)


@pytest.mark.parametrize(
    "other",
    [
        UNREACHABLE.in_years(5),
        replace(UNREACHABLE, within=Fraction(632, 10_000)),
        replace(UNREACHABLE, floor=Fraction(27, 10_000)),
    ],
)
def test_what_would_do_is_the_least_that_does(other: Goal) -> None:
    assert not highs.reachable(other)


def test_a_cap_that_binds_is_named() -> None:
    with pytest.raises(Refused, match=r"what binds is cap.*P0 .* below"):
        solve(goal_of([10**9, 10**9], [60, 40], years=2, growth="0.03", floor="-0.2", cap="0.05"))


def test_who_is_out_of_reach_may_be_taken_as_near_as_the_limits_allow() -> None:
    asked = goal_of([10**9 + 7, 10**9, 5 * 10**9], [15, 10, 75], floor="0.015", within="0.07")
    with pytest.raises(Refused, match=r"P1 .* above"):
        solve(asked)
    way = solve(replace(asked, to_the_nearest=True))
    keeps(way.goal, way.pence)
    pence = 10**9
    for year in range(3):
        # The floor to the penny, rounded up, in every year.
        pence = -(-pence * 1015 // 1000)
        assert way.pence["P1"][year] == pence
    assert abs(way.distance("P0", 3)) <= Fraction(7, 100) >= abs(way.distance("P2", 3))


@pytest.mark.parametrize(
    ("goal", "said"),
    [
        (goal_of([100, 0], [1, 1]), "£0.00 today"),
        (goal_of([100, 100], [1, 0]), "its fair share is 0"),
        (goal_of([100, 100], [1, 1], floor="-1"), "nothing would be left"),
        (goal_of([100, 100], [1, 1], growth="-1"), "nothing would be left"),
        (goal_of([100, 100], [1, 1], floor="0.05", cap="0.05"), "the floor is 5.0000% and the cap 5.0000%"),
        (goal_of([10_000, 10_000], [1, 1], floor="0.05"), "the floor makes £210.00 of the year before, and there is £206.00"),
        (goal_of([10_000, 10_000], [1, 1], cap="0.01"), "the cap makes £202.00 of the year before, and there is £206.00"),
    ],
)  # fmt: skip
def test_what_is_no_goal_is_refused(goal: Goal, said: str) -> None:
    with pytest.raises(Refused, match=said):
        solve(goal)


def test_limits_that_leave_no_whole_penny_are_refused() -> None:
    """A penny that grows by 10% at least is two, and two are three: of four pence in all."""
    with pytest.raises(Refused, match="no path in whole pence is proved"):
        solve(goal_of([1, 2], [1, 2], years=1, growth="0.34", floor="0.1", within="0.3"))


@pytest.mark.parametrize(
    "goal",
    [
        goal_of(
            [6_362_761, 12_856_893, 2_261_401, 5_991_767, 5_067_018, 7_351_561, 28_987_658, 10_068_565],
            [7_296_596, 16_555_983, 2_335_942, 5_032_337, 4_815_036, 6_372_462, 23_979_330, 9_154_549],
            floor="0.01", cap="0.08", within="0.025", nearest=True,
        ),
        goal_of(
            [18_964_953, 3_737_109, 11_457_045, 23_863_251, 6_865_034, 3_774_026],
            [18_258_406, 3_603_593, 11_184_760, 25_845_025, 6_671_532, 3_786_559],
            years=2, floor="0.0117", cap="0.0613", within="0.005", nearest=True,
        ),
    ],
)  # fmt: skip
def test_pennies_of_a_year_leave_room_for_the_floors_of_the_next(goal: Goal) -> None:
    """Found by random search: almost all at a limit, whose whole pence left the last year a penny short."""
    keeps(goal, solve(goal).pence)


def whole_pence_exist(goal: Goal, held: Mapping[str, int], year: int = 0) -> bool:
    """Whether any path in whole pence keeps to every limit, by trying all."""
    if year == goal.years:
        ends = {code: goal.end_pence(code) for code in held}
        return all(ends[code][0] <= pence <= ends[code][1] for code, pence in held.items())
    spans = [range(ceil(pence * (1 + goal.floor)), floor(pence * (1 + (goal.cap or 1))) + 1) for pence in held.values()]
    for chosen in product(*spans[:-1]):
        last = goal.totals_pence[year] - sum(chosen)
        if last in spans[-1] and whole_pence_exist(goal, dict(zip(held, (*chosen, last), strict=True)), year + 1):
            return True
    return False


def test_of_tiny_goals_only_those_without_a_path_in_whole_pence_are_refused_for_it() -> None:
    """A few pence each, where every rounding is felt."""
    draw, paid, refused = Random(17), 0, 0
    for _ in range(150):
        opening = [draw.randint(40, 200) for _ in range(draw.choice((2, 3)))]
        goal = goal_of(
            opening, [max(1, round(each * draw.uniform(0.93, 1.07))) for each in opening], years=draw.choice((1, 2)),
            within=draw.choice(("0.02", "0.05")), floor=draw.choice(("-0.02", "0", "0.01")),
            cap=draw.choice(("0.05", "0.08")), nearest=True,
        )  # fmt: skip
        try:
            keeps(goal, solve(goal, explain=False).pence)
            paid += 1
        except Refused as error:
            if "whole pence" in error.problems[0].found:
                assert not whole_pence_exist(goal, goal.opening_pence)
                refused += 1
    assert paid > 40
    assert refused


def test_a_target_between_two_pennies_is_met_by_either() -> None:
    """A third of £1.00 each, of 50, 30 and 20 pence."""
    way = solve(goal_of([50, 30, 20], [1, 1, 1], years=1, within="0", growth="0", floor="-0.5"))
    assert sorted(path[0] for path in way.pence.values()) == [33, 33, 34]


def test_of_many_goals_out_of_reach_the_first_are_explained() -> None:
    goals = {(f"fund-{number}", "QWO"): UNREACHABLE for number in range(7)}
    with pytest.raises(Refused) as refused:
        solve_all(goals)
    assert [problem.where for problem in refused.value.problems] == [f"fund-{number}, QWO, goal" for number in range(7)]
    assert ["what binds" in problem.found for problem in refused.value.problems] == [True] * 5 + [False] * 2


def test_without_the_solver_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(Refused, match="Install the extra 'solve'"):
        solve(UNREACHABLE)


# --- beside what was published ---------------------------------------------------------------------------------------

# NHS England's own floor and cap are base growth times one less, and one more, half a point.
AS_PUBLISHED = {
    "core": {"target_growth": "0.0437", "floor": "0.0384815", "cap": "0.0489185", "totals_pounds": ["116741038000"], "growth": "0.0413"},
    "primary medical": {"target_growth": "0.0309", "floor": "0.0257455", "cap": "0.0360545", "totals_pounds": ["11927659000"], "growth": "0.0309"},
}  # fmt: skip


def published_way(stream: str) -> Way:
    asked = ListedGoal.model_validate(
        {
            "title": "As published", "reason": "To compare.", "organisations": f"published 2025/26 {stream}",
            "targets": "as published", "within": "0.002", "years": 5, "out_of_reach": "nearest", **AS_PUBLISHED[stream],
        }
    )  # fmt: skip
    return solve(asked.alone())


@pytest.mark.parametrize("stream", AS_PUBLISHED)
def test_with_the_published_limits_every_icb_is_within_a_thousandth_of_its_allocation(stream: str) -> None:
    way = published_way(stream)
    keeps(way.goal, way.pence)
    rows = [row for row in tables.table("convergence_2025_26").to_pylist() if row["stream"] == stream]
    assert len(rows) == 42
    apart = {
        row["icb"]: way.pence[row["icb"]][0] / (Fraction(row["allocation_thousands"]) * 100_000) - 1 for row in rows
    }
    assert max(abs(each) for each in apart.values()) < Fraction(1, 1000)
    found = beside(way, stream)
    assert max(abs(found.difference[code] - each) for code, each in apart.items()) < Fraction(1, 10**9)


@pytest.mark.parametrize(("stream", "years"), [("core", 5), ("primary medical", 5), ("specialised", 7)])
def test_the_rule_that_was_needed_is_said(stream: str, years: int) -> None:
    """A fifth of the distance, at most half a point, gives core and primary medical within 0.03%, in floats worked out here."""
    rule = nearest_rule(stream)
    assert rule.years == years
    worst = 0.0
    for row in tables.table("convergence_2025_26").to_pylist():
        if row["stream"] == stream:
            base, growth, distance = (
                float(row[name]) for name in ("baseline_thousands", "base_growth", "opening_distance")
            )
            limit = float(rule.limit)
            given = base * (1 + growth) * (1 - max(-limit, min(limit, distance / years)))
            worst = max(worst, abs(given / float(row["allocation_thousands"]) - 1))
    assert abs(float(rule.farthest) - worst) < 1e-5
    assert worst < 0.001
    assert stream == "specialised" or (worst < 0.0003 and abs(float(rule.limit) - 0.005) < 1e-9)


# --- files, ledgers and the command ----------------------------------------------------------------------------------

DOCS = Path(__file__).parent.parent.parent / "docs"


def asked(*arguments: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(devolution.app, ["scenario", "solve", *arguments, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_places_of_a_ledger_are_solved_fund_by_fund(demo_ledger: Path) -> None:
    status, found = asked(str(DOCS / "solve_places_example.yaml"), "--ledger", str(demo_ledger))
    assert status == 0
    assert found["goals"] == 2
    assert {row["fund"] for row in found["rows"]} == {"core-community", "core-prescribing"}
    assert {row["icb"] for row in found["rows"]} == {"QWO"}
    for year in found["years"]:
        assert sum(row[f"year_{year['year']}_pence"] for row in found["rows"]) == year["total_pence"]
    for row in found["rows"]:
        paid = [row["opening_pence"], *(row[f"year_{year}_pence"] for year in range(1, 6))]
        assert all(now * 100 >= before * 101 for before, now in pairwise(paid))
        assert abs(row["closing_distance"]) <= 0.02 or row["limits"].startswith("floor in 5 of 5 years")


def test_a_list_of_ones_own_is_solved(tmp_path: Path) -> None:
    file = tmp_path / "goal.yaml"
    file.write_text(
        "title: Two\nreason: To test\nwithin: 0%\nyears: 2\ngrowth: [0%, 10%]\nfloor: -10%\norganisations:\n"
        "  - {code: A, baseline_pounds: 600, target_share: 0.5}\n  - {code: B, baseline_pounds: 400, target_share: 0.5}\n",
        encoding="utf-8",
    )
    status, found = asked(str(file))
    assert status == 0
    # 60 and 40 to be 50 and 50: five points of the whole each year, of £1,000 and then of £1,100.
    assert [row["year_1_pence"] for row in found["rows"]] == [55_000, 45_000]
    assert [row["year_2_pence"] for row in found["rows"]] == [55_000, 55_000]
    assert found["moved_pence"] == 5_000 + 5_500
    assert found["published"] is None
    # (5/60)^2 of 600 and (5/40)^2 of 400, in either year, over 1,000.
    assert found["disruption"]["mean_square"] == pytest.approx((600 / 144 + 400 / 64) / 1000)


BASE = "title: T\nreason: R\nwithin: 1%\nyears: 2\nfloor: 0%\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{BASE}growth: [1%]\norganisations: published 2025/26 core\n", "one for each of 2 years; 1 are given"),
        (f"{BASE}growth: 1%\norganisations: published 2025/26 core\ntargets: as published\n", "give target_growth with"),
        (
            f"{BASE}growth: 1%\ntargets: as published\ntarget_growth: 1%\n"
            "organisations: [{code: A, baseline_pounds: 1, target_pounds: 1}]\n",
            "have targets as published",
        ),
        (f"{BASE}growth: 1%\norganisations: published 2025/26 core\ntotals_pounds: [1, 2, 3]\n", "there are 2 years, and 3 totals"),
        (f"{BASE}growth: 1%\norganisations: published 2024/25 core\n", "organisations are a list, or one of"),
    ],
)  # fmt: skip
def test_a_file_that_says_no_goal_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "goal.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=said):
        read_goal(tmp_path / "goal.yaml")


@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("{year: 2025/26, organisation: QWO, funds: [core-community], among: place, organisations: {codes: [QWO-E08000032]}}",
         "nobody shares any of it with another place"),
        ("{year: 2025/26, organisation: QWO, funds: [no-such-fund]}", "no-such-fund"),
    ],
)  # fmt: skip
def test_money_that_nobody_shares_is_refused(demo_ledger: Path, tmp_path: Path, held: str, said: str) -> None:
    (tmp_path / "goal.yaml").write_text(f"{BASE}growth: 1%\nheld: {held}\n", encoding="utf-8")
    status, found = asked(str(tmp_path / "goal.yaml"), "--ledger", str(demo_ledger))
    assert status == 1
    assert said in json.dumps(found)
