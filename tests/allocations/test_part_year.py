"""Months that sum to the year, arrears, and a practice that moves: GE4, the pattern of GE5, and GE9."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocations.network.payments import arrears, by_days, by_months, monthly
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)


def test_ge4_monthly_payments() -> None:
    core = monthly(13_680_406)
    assert [month for month, pence in enumerate(core, start=1) if pence == 1_140_033] == [4, 10]
    assert set(core) == {1_140_034, 1_140_033}
    assert monthly(39_500_214) == [3_291_685, 3_291_684] * 6
    support = monthly(15_036_987)
    assert [month for month, pence in enumerate(support, start=1) if pence == 1_253_083] == [2, 6, 10]


def test_ge5_a_corrected_population_gives_arrears_for_the_months_paid() -> None:
    rate = Fraction("0.733") * 100
    believed, corrected = [rate * Fraction("46873.4")], [rate * Fraction("47311.9")]
    assert arrears(believed, corrected, 2) == 5_357
    assert arrears(corrected, believed, 2) == -5_357
    assert arrears(believed, believed, 2) == 0


def test_ge9_a_practice_moves_on_1_october() -> None:
    assert by_days(120_000, YEAR, date(2025, 10, 1)) == (60_164, 59_836)
    assert by_months(120_000, YEAR, date(2025, 10, 1)) == (60_000, 60_000)
    for wrong in (date(2025, 4, 1), date(2026, 4, 1)):
        with pytest.raises(ValueError, match="does not divide"):
            by_days(1, YEAR, wrong)
    with pytest.raises(ValueError, match="between two months"):
        by_months(1, YEAR, date(2025, 10, 2))


@given(st.integers(-(10**12), 10**12))
def test_twelve_months_make_the_year_and_lie_within_a_penny(annual: int) -> None:
    payments = monthly(annual)
    assert sum(payments) == annual
    assert max(payments) - min(payments) <= 1


@given(st.integers(0, 10**12), st.dates(date(2025, 4, 2), date(2026, 3, 31)))
def test_the_parts_of_a_year_make_it(annual: int, day: date) -> None:
    assert sum(by_days(annual, YEAR, day)) == annual
    if day.day == 1:
        assert sum(by_months(annual, YEAR, day)) == annual
