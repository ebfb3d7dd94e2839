"""Pence in, pence out, and the financial year."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import exact_pounds, millions, parse_pounds, pence_from_pounds, round_half_up, spoken
from ledger.years import FinancialYear, parse_year, year_of


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("1", 100), ("1,234.50", 123_450), ("£1,234", 123_400), ("1bn", 10**11), ("£2.5 million", 25 * 10**7), ("12.5k", 1_250_000),
        ("-3", -300), ("1000000000", 10**11), (" £ 7 ", 700),
    ],
)  # fmt: skip
def test_amounts_that_people_type(text: str, pence: int) -> None:
    assert parse_pounds(text) == pence


@pytest.mark.parametrize("text", ["", "ten", "1.234", "nan", "inf", "1.2.3", "1e999", "1/2", "0x10", "99999999999bn"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|whole number of pence|more than the ledger"):
        parse_pounds(text)


@pytest.mark.parametrize(
    ("pence", "text"),
    [
        (16_024_116_447_831, "£160.2 billion"), (100_000_000_000, "£1 billion"), (99_997_000_000, "£1 billion"),
        (99_990_000_000, "£999.9 million"), (120_000_000, "£1.2 million"), (45_300_000, "£453,000"), (99_999_999, "£1 million"),
        (0, "£0"), (56, "£0.56"), (5_600, "£56"), (-5_600, "-£56"), (-120_000_000, "-£1.2 million"), (12_345, "£123"),
    ],
)  # fmt: skip
def test_amounts_as_people_write_them(pence: int, text: str) -> None:
    assert spoken(pence) == text


def test_tables_tie_to_the_penny() -> None:
    assert exact_pounds(-123_456_789_01) == "-123,456,789.01"
    assert millions(16_024_116_447_831) == "160,241.2"
    assert millions(-27_144_000_00) == "-27.1"


def test_halves_go_away_from_zero_as_in_excel() -> None:
    assert [round_half_up(Decimal(x)) for x in ("0.5", "1.5", "2.5", "-0.5", "-2.5")] == [1, 2, 3, -1, -3]
    assert pence_from_pounds(Decimal("1.005")) == 101
    with pytest.raises(ValueError, match="more than the ledger can hold"):
        pence_from_pounds(Decimal(10) ** 15)


@given(st.integers(-(10**15), 10**15))
def test_pounds_and_pence_go_round(pence: int) -> None:
    assert parse_pounds(exact_pounds(pence)) == pence


@pytest.mark.parametrize(
    "text", ["2025/26", "2025-26", "25/26", "FY2025/26", "2025-2026", "2025 to 2026", " 2025/26 ", "1999/00"]
)
def test_years_as_people_write_them(text: str) -> None:
    assert parse_year(text).start in (2025, 1999)


@pytest.mark.parametrize("text", ["2025/27", "FY26", "45748", "2025", "2025/25", "26/25", "", "1900/01", "2025/126"])
def test_what_is_no_year_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a financial year"):
        parse_year(text)


def test_a_year_runs_from_april_to_march() -> None:
    year = FinancialYear(2025)
    assert (str(year), year.first_day, year.last_day) == ("2025/26", date(2025, 4, 1), date(2026, 3, 31))
    assert year_of(date(2026, 3, 31)) == year
    assert year_of(date(2026, 4, 1)) == FinancialYear(2026)
    assert year.contains(date(2025, 4, 1))
    assert not year.contains(date(2026, 4, 1))
    assert str(FinancialYear(1999)) == "1999/00"
