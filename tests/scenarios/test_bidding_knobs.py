"""Numbers of a bidding pot that are turned by hand."""

from fractions import Fraction
from pathlib import Path

import pytest

from ledger.errors import Refused
from scenarios.bids.assumptions import COST, cost_pounds, turned
from scenarios.bids.file import read_bids
from scenarios.bids.pot import PotPlan

EXAMPLE = Path(__file__).parent.parent.parent / "scenarios" / "bids" / "example.yaml"


@pytest.fixture(scope="module")
def plan() -> PotPlan:
    return read_bids(EXAMPLE, 100)[0]


def test_left_alone_a_plan_is_as_its_file_says(plan: PotPlan) -> None:
    assert turned(plan) == plan
    assert turned(plan, awards=plan.pot.awards, cost_of_a_bid_pounds=cost_pounds(plan)) == plan


def test_a_cost_turned_by_hand_says_so_and_widens_its_range(plan: PotPlan) -> None:
    found = turned(plan, awards=5, cost_of_a_bid_pounds=50_000)
    assert found.pot.awards == 5
    assert found.pot.values.cost_of_a_bid_pence == 5_000_000
    assumed = found.assumptions[COST]
    assert (assumed.value, assumed.high, assumed.standing) == (Fraction(5_000_000), Fraction(5_000_000), "assumption")
    assert plan.assumptions[COST].source in assumed.reason


@pytest.mark.parametrize("awards", [0, 29])
def test_more_awards_than_bidders_are_refused(plan: PotPlan, awards: int) -> None:
    with pytest.raises(Refused, match="for 28 bidders"):
        turned(plan, awards=awards)
