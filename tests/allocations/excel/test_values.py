"""Amounts, percentages, years and units as people write them: a value, or a reason."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocations.reading.amounts import MILLIONS, POUNDS, THOUSANDS, money, year
from allocations.reading.cells import Cell, CellKind, number
from allocations.reading.numbers import BLANK, Doubt, Missing, Number, written_number
from allocations.reading.units import unit_in
from ledger.inputs import Input
from ledger.years import FinancialYear

NBSP, THIN, MINUS, EN, EM = "\u00a0", "\u2009", "\u2212", "\u2013", "\u2014"


def text(value: str) -> Cell:
    return Cell("D14", CellKind.TEXT, value)


def stored(value: str, number_format: str = "General") -> Cell:
    return Cell("D14", CellKind.NUMBER, Decimal(value), number_format)


@pytest.mark.parametrize(
    ("written", "pounds"),
    [
        ("1,234", "1234"), ("£1,234", "1234"), ("£ 1,234.50", "1234.50"), (f"£{NBSP}1,234", "1234"), (f"1{THIN}234", "1234"),
        ("(56)", "-56"), ("£(56)", "-56"), ("(£56)", "-56"), ("-56", "-56"), (f"{MINUS}56", "-56"), ("56-", "-56"), ("-£56", "-56"),
        ("£-56", "-56"), (f"{MINUS}£1,234.50", "-1234.50"), ("(1,234.50)", "-1234.50"), ("£3,456.70", "3456.70"), ("+56", "56"),
        ("12.5k", "12500"), (" 12.5k ", "12500"), ("1.2m", "1200000"), ("£1.2bn", "1200000000"), ("£1.2 million", "1200000"),
        ("(1.2m)", "-1200000"), ("007", "7"), (".5", "0.5"),
    ],
)  # fmt: skip
def test_an_amount_of_pounds_is_read(written: str, pounds: str) -> None:
    assert money(text(written), POUNDS) == Decimal(pounds)


@pytest.mark.parametrize("written", ["12.5k", "1.2m", "£1.2bn", "£1.2 million"])
def test_a_scaled_amount_in_a_scaled_column_is_refused(written: str) -> None:
    found = money(text(written), THOUSANDS)
    assert isinstance(found, Doubt)
    assert "£ thousand" in found.found


@pytest.mark.parametrize("dash", ["-", EN, EM, MINUS, "--"])
def test_a_dash_is_asked_about_and_then_believed(dash: str) -> None:
    found = money(text(dash), POUNDS)
    assert isinstance(found, Doubt)
    assert Input.DASH.given in found.fix
    assert money(text(dash), POUNDS, dash="zero") == 0
    assert money(text(f" {dash} "), POUNDS, dash="blank") is BLANK


@pytest.mark.parametrize(
    ("written", "reason"),
    [("n/a", "not applicable"), ("N/A", "not applicable"), ("tbc", "to be confirmed"), ("TBC", "to be confirmed"),
     ("[x]", "not available"), ("[c]", "confidential")],
)  # fmt: skip
def test_shorthand_is_missing_with_its_reason_and_never_zero(written: str, reason: str) -> None:
    found = money(text(written), POUNDS)
    assert isinstance(found, Missing)
    assert reason in found.reason


@pytest.mark.parametrize(
    "written",
    ["1.234,56", "1,23", "1,234,56", "12,34,567", "12 34", "1.2.3", "--5", "(-56)", "-56-", "((56))", "(56", "56)", "££5", "5 CR", "56 DR",
     "1e5", "5%%", "£", "five", "1,234.5.6", "1/2", "0x1F", "1_000", "1'234", "9" * 40, "infinity", "nan"],
)  # fmt: skip
def test_what_could_be_two_amounts_or_none_is_refused(written: str) -> None:
    found = money(text(written), POUNDS)
    assert isinstance(found, Doubt), found
    assert found.fix


@pytest.mark.parametrize("written", ["$5", "€5", "5 EUR", "USD 5"])
def test_another_currency_is_refused(written: str) -> None:
    found = money(text(written), POUNDS)
    assert isinstance(found, Doubt)
    assert "another currency" in found.found


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (Cell("D14", CellKind.ERROR, "#REF!"), "#REF!"),
        (Cell("D14", CellKind.ERROR, "#N/A"), "#N/A"),
        (text("#REF!"), "#REF!"),
        (text("#N/A"), "#N/A"),
        (text("#DIV/0!"), "#DIV/0!"),
        (Cell("D14", CellKind.BOOLEAN, True), "TRUE or FALSE"),
        (Cell("D14", CellKind.DATE, datetime(2025, 4, 1)), "a date"),  # noqa: DTZ001 - as Excel keeps it
        (Cell("D14", CellKind.UNCALCULATED, None, formula="A1"), "without a stored value"),
        (stored("0.025", "0.0%"), "percentage"),
        (text("2.5%"), "percentage"),
        (text("(7.58)%"), "percentage"),
    ],
)
def test_what_is_no_amount_is_refused(cell: Cell, found: str) -> None:
    refused = money(cell, POUNDS)
    assert isinstance(refused, Doubt)
    assert found in refused.found


def test_a_stored_number_is_exact_in_its_unit() -> None:
    assert money(stored("0.1"), POUNDS) == Decimal("0.1")
    assert money(stored("3646032.595295848"), THOUSANDS) == Decimal("3646032595.295848")
    assert money(stored("-1.5"), MILLIONS) == Decimal(-1_500_000)
    assert money(Cell("D14", CellKind.BLANK, None), POUNDS) is BLANK


@given(st.integers(-(10**13), 10**13))
def test_every_amount_of_pence_survives_excels_floats(pence: int) -> None:
    """Excel keeps 1234.56 as the nearest binary fraction, written with up to 17 digits."""
    pounds = Decimal(pence) / 100
    as_stored = f"{float(pounds):.17g}"
    assert number(as_stored) == pounds


def test_a_stored_number_that_is_none_is_none() -> None:
    assert [number(text) for text in ("1E400", "nan", "inf", "x", "")] == [None] * 5
    assert number("0.10000000000000001") == Decimal("0.1")
    assert number("1E3") == 1000


@pytest.mark.parametrize(
    ("written", "value"), [("(7.58)%", "-0.0758"), ("-7.58%", "-0.0758"), ("2.5%", "0.025"), ("(7.58%)", "-0.0758")]
)
def test_a_percentage_says_what_it_is(written: str, value: str) -> None:
    assert written_number(written) == Number(Decimal(value), percent=True)


@pytest.mark.parametrize(
    "cell",
    [text("2025/26"), text("2025-26"), text("25/26"), text("FY2025/26"), text("2025 to 2026"), text(" 2025/26 "), text("2025/2026"),
     text("2025-04-01"), Cell("A1", CellKind.DATE, datetime(2025, 4, 1)), Cell("A1", CellKind.DATE, date(2026, 3, 31))],  # noqa: DTZ001
)  # fmt: skip
def test_a_year_is_read(cell: Cell) -> None:
    assert year(cell) == FinancialYear(2025)


def test_fy26_is_confirmed_once_for_the_file() -> None:
    asked = year(text("FY26"))
    assert isinstance(asked, Doubt)
    assert "2025/26" in asked.fix
    assert year(text("FY26"), short_year="ends") == FinancialYear(2025)
    assert year(text("FY 2026"), short_year="starts") == FinancialYear(2026)


@pytest.mark.parametrize(("cell", "words"), [(stored("45748"), "01 April 2025"), (text("45748"), "01 April 2025"), (text("2025/27"), "2025/27"),
                                             (text("2025"), "not a financial year"), (stored("7"), "not a financial year"),
                                             (Cell("A1", CellKind.ERROR, "#REF!"), "#REF!")])  # fmt: skip
def test_what_may_be_another_year_is_queried(cell: Cell, words: str) -> None:
    found = year(cell)
    assert isinstance(found, Doubt)
    assert words in found.found


@pytest.mark.parametrize(
    ("heading", "unit"),
    [("Budget (£000)", THOUSANDS), ("£'000", THOUSANDS), ("£\u2019000", THOUSANDS), ("2025/26 (£k)", THOUSANDS), ("£000s", THOUSANDS),
     ("All figures in thousands", THOUSANDS), ("(000s)", THOUSANDS), ("£ thousand", THOUSANDS), ("£m", MILLIONS), ("£ million", MILLIONS),
     ("Amount (£)", POUNDS), ("Total £", POUNDS), ("GBP", POUNDS), ("Recurrent allocation £/head", None), ("£ per head", None),
     ("Budget", None), ("Months", None), ("£ and £000", None)],
)  # fmt: skip
def test_a_unit_is_what_a_heading_says_and_nothing_else(heading: str, unit: str | None) -> None:
    assert unit_in(heading) == unit


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(written: str) -> None:
    for unit in (POUNDS, THOUSANDS):
        found = money(text(written), unit)
        assert isinstance(found, Decimal | Doubt | Missing) or found is BLANK
    year(text(written))
    written_number(written)
