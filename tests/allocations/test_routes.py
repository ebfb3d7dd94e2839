"""Routes of the lines of 2025/26 against the figures: what is called formula follows one, and what follows none does not.

How far a line is from a weighted population: the largest relative difference, over the 42 ICBs, between an ICB's share
of the line and its share of the people. A formula whose pace of change is published is known by that.
"""

from collections import defaultdict
from fractions import Fraction

import pytest

from allocations.figures import tables
from allocations.figures.tables import WEIGHTINGS

ROUTES = {row["fund"]: row["route"] for row in tables.table("terms").to_pylist()}
# Baseline, target, growth and convergence of these are published (``convergence_2025_26``): the target is the formula.
BY_TARGET = {"core-recurrent", "specialised-physical", "primary-medical-recurrent"}
NEAR = Fraction(5, 100)

Shares = dict[str, Fraction]


def shares(amounts: dict[str, Fraction]) -> Shares:
    whole = sum(amounts.values())
    return {icb: amount / whole for icb, amount in amounts.items()} if whole else {}


def people() -> dict[str, Shares]:
    sums: dict[str, dict[str, Fraction]] = {name: defaultdict(Fraction) for name in WEIGHTINGS}
    for row in tables.table("practices_2025_26").to_pylist():
        for name, by_icb in sums.items():
            by_icb[row["icb"]] += Fraction(row[name])
    return {name: shares(by_icb) for name, by_icb in sums.items()}


def lines() -> dict[str, Shares]:
    sums: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for row in tables.table("allocations_2025_26").to_pylist():
        if row["holder"] == row["about"]:
            sums[row["fund"]][row["about"]] = Fraction(row["amount_pence"])
    return {fund: shares(amounts) for fund, amounts in sums.items()}


def farthest(line: Shares, other: Shares) -> Fraction:
    return max(abs(line.get(icb, Fraction(0)) / share - 1) for icb, share in other.items())


PEOPLE, LINES = people(), lines()
NEAREST = {fund: min(farthest(line, by) for by in PEOPLE.values()) for fund, line in LINES.items() if line}


@pytest.mark.parametrize("fund", sorted(fund for fund in LINES if ROUTES[fund] == "formula"))
def test_a_line_that_is_called_formula_follows_one(fund: str) -> None:
    by_another = any(farthest(LINES[fund], LINES[line]) < NEAR for line in BY_TARGET - {fund})
    assert fund in BY_TARGET or NEAREST[fund] < NEAR or by_another


@pytest.mark.parametrize("fund", sorted(fund for fund in LINES if ROUTES[fund] == "historic"))
def test_a_line_that_is_called_historic_follows_none(fund: str) -> None:
    assert fund not in NEAREST or NEAREST[fund] > 2 * NEAR


def test_what_was_taken_for_a_formula_and_is_none() -> None:
    historic = {fund for fund in LINES if ROUTES[fund] == "historic"}
    assert {"core-elective-recovery-additional", "core-pay-other-income"} <= historic
    # By the people of 2025/26; by those of 2024/25, which elective money still followed, 77% and 50%.
    of_core = {fund: round(float(farthest(LINES[fund], PEOPLE["core"])), 2) for fund in historic if LINES[fund]}
    assert (of_core["core-elective-recovery-additional"], of_core["core-pay-other-income"]) == (0.79, 0.5)
    assert "core-overseas-visitors" in historic - NEAREST.keys()  # it sums to nothing, so it has no shares
