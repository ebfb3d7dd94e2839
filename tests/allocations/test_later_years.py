"""People, places and weights of 2026/27 to 2028/29, as shipped: 36 ICBs, every place with a name, weights estimated."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from allocations.figures import tables
from allocations.shares.populations import names_of, shipped, shipped_years
from allocations.shares.schedule import schedule
from allocations.shares.split import allocate
from ledger.errors import Refused
from ledger.years import FinancialYear
from tests.allocations import capitation

LATER = [FinancialYear(start) for start in (2026, 2027, 2028)]
TOTALS = {2026: "63916250.943", 2027: "64140941.876", 2028: "64396795.773"}


def test_the_years_that_are_shipped() -> None:
    assert [str(year) for year in shipped_years()] == ["2025/26", "2026/27", "2027/28", "2028/29"]
    assert shipped(FinancialYear(2022)).year == FinancialYear(2025)  # not shipped: whoever asks says so


@pytest.mark.parametrize("year", LATER)
def test_practices_come_to_the_control_total_and_the_primary_medical_identity_holds(year: FinancialYear) -> None:
    rows = shipped(year).table.to_pylist()
    assert len(rows) == 6281
    assert len({row["icb"] for row in rows}) == 36
    assert not any(row["icb"].startswith("T") and len(row["icb"]) == 3 for row in rows)
    for name in ("registered", "general_acute", "core", "primary_medical"):
        assert abs(sum(row[name] for row in rows) - Decimal(TOTALS[year.start])) < Decimal("0.001"), name
    for row in rows:
        identity = row["primary_medical_need"] * Decimal("0.85") + row["health_inequalities"] * Decimal("0.15")
        assert abs(identity - row["primary_medical"]) < Decimal("1e-5")


@pytest.mark.parametrize("year", LATER)
def test_every_place_and_network_of_every_icb_has_a_name(year: FinancialYear) -> None:
    people = shipped(year)
    for level in ("place", "pcn", "sub_icb"):
        names = names_of(level, year)
        assert all(names.get(code) and names[code] != code for code in people.table[level].to_pylist() if code), level
    assert people.table["place"].null_count == 0
    sizes = {row["place"]: row["practices"] for row in tables.table("places_2026_29").to_pylist()}
    assert sum(sizes.values()) == 6281


def test_a_billion_for_central_east_in_2026_27_names_its_places() -> None:
    year = LATER[0]
    found = allocate(
        icb="S1Y5D", year=year, fund="core-recurrent", level="place", by="core", amount_pence=10**11,
        populations=shipped(year),
    )  # fmt: skip
    pounds = {part.name: part.amount_pence // 100 for part in found.parts}
    assert pounds["Hertfordshire"] == 382_136_725
    assert pounds["Cambridgeshire"] == 217_534_095
    assert sum(pounds.values()) == 10**9
    assert {part.code.split("-")[0] for part in found.parts} == {"S1Y5D"}


def test_the_place_scheme_beside_it_is_by_sub_icb_location() -> None:
    year = LATER[0]
    given = {"icb": "S1Y5D", "fund": "core-recurrent", "level": "place", "by": "core", "amount_pence": 10**11}
    found = allocate(**given, year=year, populations=shipped(year), places_file=Path("sub-icb"))
    assert [part.name for part in found.parts] == [
        "Bedfordshire, Luton and Milton Keynes (M1J4Y)", "Cambridgeshire and Peterborough (06H)",
        "East and North Hertfordshire (06K)", "Herts Valleys (06N)", "In no place",
    ]  # fmt: skip
    assert sum(part.amount_pence for part in found.parts) == 10**11
    with pytest.raises(Refused, match="do not say in which sub-ICB location a practice is"):
        allocate(**{**given, "icb": "QWO"}, year=FinancialYear(2025), places_file=Path("sub-icb"))


@pytest.mark.parametrize(
    ("year", "general_acute", "community"),
    [(2025, "0.585", "0.045"), (2026, "0.542", "0.102"), (2027, "0.542", "0.102"), (2028, "0.542", "0.102")],
)
def test_weights_are_estimated_for_each_year(year: int, general_acute: str, community: str) -> None:
    """To half a percentage point: community services weigh twice what they did, and general and acute less."""
    of_year = str(FinancialYear(year))
    rows = [row for row in tables.table("estimated_weights").to_pylist() if row["year"] == of_year]
    weights = {row["component"]: row["weight"] for row in rows}
    assert sum(weights.values()) == 1
    assert abs(weights["general_acute"] - Decimal(general_acute)) <= Decimal("0.005")
    assert abs(weights["community"] - Decimal(community)) <= Decimal("0.005")
    components = {part.name: part.weight for part in capitation.formula("core", of_year, "estimated")}
    assert sum(components.values()) == 1
    if year > 2025:
        assert components["community"] == Fraction(weights["community"])


def test_whose_people_are_counted_is_said_where_they_are_not_the_years_own_or_are_projected() -> None:
    assert shipped(FinancialYear(2025)).note == ""
    assert "projected" in shipped(FinancialYear(2027)).note
    assert "People of 2024/25 are not shipped: those of 2025/26 stand in" in shipped(FinancialYear(2024)).note


def test_a_line_of_which_nothing_is_known_is_not_zero() -> None:
    with pytest.raises(Refused) as refused:
        schedule(icb="S1Y5D", year=FinancialYear(2026), level="place", funds=["core-community"])
    assert "nothing was issued of core-community, and no historic budget of it is given" in str(refused.value)
