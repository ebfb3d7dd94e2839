"""Every ICB's target at once, as published and as is."""

from datetime import date
from fractions import Fraction

import pytest

from allocations.figures import tables
from allocations.shares.targets import STREAMS, changes, targets
from ledger.errors import Refused
from ledger.years import FinancialYear

CHANGE = date(2026, 4, 1)
AMOUNTS = (
    "baseline_pence",
    "opening_target_pence",
    "allocation_pence",
    "closing_target_pence",
    "registered_billionths",
)


@pytest.mark.parametrize("stream", STREAMS)
def test_as_is_restates_42_icbs_to_36_and_every_sum_stays(stream: str) -> None:
    was, is_now = targets(stream), targets(stream, CHANGE)
    assert (len(was), len(is_now)) == (42, 36)
    for name in AMOUNTS:
        assert sum(getattr(row, name) for row in was) == sum(getattr(row, name) for row in is_now)


def test_the_published_distances_stand_as_published_and_tie_to_the_pounds() -> None:
    by_icb = {row.icb: row for row in targets("core")}
    published = {row["icb"]: row for row in tables.table("convergence_2025_26").to_pylist() if row["stream"] == "core"}
    for icb, row in by_icb.items():
        assert row.opening_distance == Fraction(published[icb]["opening_distance"])
        assert float(Fraction(row.baseline_pence, row.opening_target_pence) - 1) == pytest.approx(
            float(row.opening_distance), abs=1e-9
        )
        assert row.allocation_pence == row.closing_target_pence + row.closing_pence


def test_after_a_merger_the_distance_comes_from_the_sums_and_not_from_an_average() -> None:
    """North Central and North West London became West and North London whole."""
    was = {row.icb: row for row in targets("core")}
    merged = {row.icb: row for row in targets("core", CHANGE)}["Z9B2Z"]
    parts = [was["QMJ"], was["QRV"]]
    assert merged.allocation_pence == sum(part.allocation_pence for part in parts)
    target = sum(part.closing_target_pence for part in parts)
    assert merged.closing_distance == Fraction(merged.allocation_pence, target) - 1
    assert merged.closing_distance != sum(part.closing_distance for part in parts) / 2
    assert (merged.growth, merged.convergence) == (None, None)


def test_before_the_mergers_nothing_is_restated() -> None:
    assert targets("core", date(2026, 3, 31)) == targets("core")
    assert changes(date(2026, 3, 31)) == []
    assert changes(CHANGE) == [CHANGE]


@pytest.mark.parametrize("start", [2024, 2026, 2028])
def test_targets_of_a_year_that_is_not_here_are_said_to_be_unknown(start: int) -> None:
    with pytest.raises(Refused) as refused:
        targets("core", year=FinancialYear(start))
    assert f"the targets of {FinancialYear(start)} in pounds are not known here" in str(refused.value)
