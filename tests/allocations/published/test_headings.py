"""What headers mean: words, with year, unit, edition and day told apart from them."""

import pytest

from allocations.files.published.headings import HeaderUnit, meaning
from allocations.files.published.tables import plain_number


@pytest.mark.parametrize(
    "text",
    [
        "2025/26 Recurrent allocation (£k)",
        "Recurrent  allocation £'000",
        "RECURRENT\nALLOCATION 2024-25 (£000s)",
        "allocation, recurrent - 24/25 - £k",
        "Recurrent allocation 2025_26 £\u2019000",
    ],
)
def test_the_same_meaning_in_other_words(text: str) -> None:
    assert meaning(text).words == {"recurrent", "allocation"}
    assert meaning(text).unit is HeaderUnit.THOUSANDS


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("2025/26 Recurrent allocation £/head", HeaderUnit.PER_HEAD),
        ("Recurrent allocation (£ per head)", HeaderUnit.PER_HEAD),
        ("Base growth (%)", HeaderUnit.PERCENT),
        ("Total £m", HeaderUnit.MILLIONS),
        ("Total (£)", HeaderUnit.POUNDS),
        ("Discharge", None),
    ],
)
def test_units(text: str, unit: HeaderUnit | None) -> None:
    assert meaning(text).unit is unit


@pytest.mark.parametrize(
    ("text", "years", "not_years"),
    [
        ("2025/26 Discharge", ["2025/26"], ()),
        ("pop 22/23", ["2022/23"], ()),
        ("from 2024/25 to 2025/26", ["2024/25", "2025/26"], ()),
        ("2025_2026", ["2025/26"], ()),
        ("2025/27 Discharge", [], ("2025/27",)),
        ("Ages 18-64", [], ()),
        ("M07 - M08 adjustments", [], ()),
        ("Covid-19 testing", [], ()),
    ],
)
def test_years_and_what_only_claims_to_be_one(text: str, years: list[str], not_years: tuple[str, ...]) -> None:
    assert [str(year) for year in meaning(text).years] == years
    assert meaning(text).not_years == not_years


def test_editions_of_lists_of_codes() -> None:
    assert meaning("ICB22CDH").words == meaning("ICB25CDH").words == {"icb", "cdh"}
    assert (meaning("ICB22CDH").edition, meaning("LAD21").edition, meaning("ICB").edition) == (22, 21, None)
    assert meaning("ICB23").words == meaning("icb").words
    assert meaning("Commissioner as at 1 Apr 2026").words == meaning("Commissioner as at 1 April 2027").words
    assert meaning("North East & Yorkshire").words == meaning("north east and  yorkshire").words


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.5", "1234.5"), ("£1,234", "1234"), ("(56)", "-56"), ("\u221256", "-56"), ("1e3", "1E+3"), ("12", "12"),
        ("1,23", None), ("1.234,56", None), ("12.5k", None), ("", None), ("--5", None), ("2.5%", None), ("nan", None),
    ],
)  # fmt: skip
def test_numbers_in_text(text: str, number: str | None) -> None:
    found = plain_number(text)
    assert (None if found is None else str(found)) == number
