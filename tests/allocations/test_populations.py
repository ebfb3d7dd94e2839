"""Shares by the people of a published practice file of the user's own."""

from dataclasses import replace
from pathlib import Path

import pytest

from allocations.shares import need
from allocations.shares.populations import shipped
from allocations.shares.populations_file import read_populations
from allocations.shares.schedule import schedule
from allocations.shares.split import allocate
from ledger.errors import Refused
from ledger.inputs import Input
from ledger.years import FinancialYear

HEADER = "Practice_Code,ICS,LAD21,Population,G&A WP,CS WP,MH WP,Mat WP,Health Ineq  WP,Prescr WP,Final WP ,Primary Medical Care WP,Final PMC WP"
# Two practices of Leeds and one of Bradford, in another year.
ROWS = ("A81001,QWO,E08000035,100,100,100,100,100,100,100,120,100,100", "A81002,QWO,E08000035,50,50,50,50,50,50,50,50,50,50",
        "A81004,QWO,E08000032,100,100,100,100,100,100,100,80,100,100")  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "practices_2024_25.csv"
    path.write_text("\n".join([HEADER, *ROWS]), encoding="utf-8")
    return path


def test_another_years_people_share_another_years_money(file: Path) -> None:
    year = FinancialYear(2024)
    people = read_populations(file, year)
    split = allocate(
        icb="QWO", year=year, fund="core", level="place", by="core", amount_pence=25_000, populations=people
    )
    assert {part.name: part.amount_pence for part in split.parts} == {"Leeds": 17_000, "Bradford": 8_000}
    assert (people.year, people.source, len(people.sha256 or "")) == (year, file.name, 64)
    assert "Where the file does not say a practice's PCN" in people.note
    with pytest.raises(Refused, match=f"bring a published practice file of 2024/25 {Input.FIGURES.given}"):
        allocate(icb="QWO", year=year, fund="core", level="place", by="core", amount_pence=25_000)


def test_a_weighting_that_the_figures_do_not_have_is_refused_and_not_zero(file: Path) -> None:
    people = read_populations(file, FinancialYear(2024))
    people = replace(people, table=people.table.drop_columns(["primary_medical", "primary_medical_need"]))
    with pytest.raises(Refused, match=r"has no weighted population 'primary_medical'\. Missing is not zero"):
        allocate(icb="QWO", year=people.year, fund="x", level="place", by="pmc", amount_pence=1, populations=people)
    with pytest.raises(Refused, match="has no weighted population 'primary_medical'"):
        schedule(
            icb="QWO", year=people.year, level="place", funds=["primary-medical-recurrent"],
            issued={("QWO-E08000035", "primary-medical-recurrent"): 5}, populations=people,
        )  # fmt: skip
    components = set(need.indices(people.table)["component"].to_pylist())
    assert "core" in components
    assert "primary_medical" not in components


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Refused):
        read_populations(path)


def test_the_published_file_itself_gives_the_shipped_shares(published: Path) -> None:
    people = read_populations(published / "place_tool_2025_26.csv")
    given = {"icb": "QWO", "year": people.year, "fund": "core", "level": "pcn", "by": "core", "amount_pence": 10**11}
    ours = {part.code: part.amount_pence for part in allocate(**given).parts}
    assert {part.code: part.amount_pence for part in allocate(**given, populations=people).parts} == ours
    assert people.weightings == shipped().weightings
