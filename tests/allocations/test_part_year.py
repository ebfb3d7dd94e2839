"""Months that sum to the year, arrears, and a practice that moves: GE4, the pattern of GE5, and GE9."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from allocations.network.payments import arrears, monthly
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


@given(st.integers(-(10**12), 10**12))
def test_twelve_months_make_the_year_and_lie_within_a_penny(annual: int) -> None:
    payments = monthly(annual)
    assert sum(payments) == annual
    assert max(payments) - min(payments) <= 1
