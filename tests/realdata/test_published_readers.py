"""The readers of published files on the published files themselves."""

from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from allocations.figures import tables
from allocations.files.published import allocations_workbook, pcn_memberships, practices, registered_patients
from allocations.files.published.allocations_workbook import AllocationsWorkbook
from allocations.files.published.importing import import_files
from allocations.files.published.practices import PracticeFile
from allocations.files.published.recognise import FileKind
from allocations.files.published.understood import understand
from allocations.reading.cells import read_workbook
from ledger.reports import position
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.allocations.test_figures import ALL_ICBS, LINES

WORKBOOK = "nhs_allocations_2025_26.xlsx"


@pytest.fixture(scope="module")
def workbook(published: Path) -> AllocationsWorkbook:
    return allocations_workbook.read(read_workbook(published / WORKBOOK))


@pytest.fixture(scope="module")
def people(published: Path) -> PracticeFile:
    return practices.read(read_workbook(published / "place_tool_2025_26.csv"))


def test_every_line_of_all_icbs_and_its_exact_sum(workbook: AllocationsWorkbook) -> None:
    assert workbook.problems == ()
    assert workbook.year == FinancialYear(2025)
    sums: dict[str, int] = defaultdict(int)
    for figure in workbook.figures:
        if figure.holder == figure.about:
            sums[figure.fund] += figure.amount_pence
    assert {fund: pence for fund, pence in sums.items() if pence} == {
        fund: pence for fund, pence in LINES.items() if pence
    }
    assert sum(sums.values()) == ALL_ICBS
    assert len({figure.about for figure in workbook.figures if figure.holder == figure.about}) == 42


def test_the_workbook_ties_to_everything_it_prints(workbook: AllocationsWorkbook) -> None:
    told = "\n".join(workbook.ties)
    for stream, totals in (
        ("core", 96),
        ("specialised", 40),
        ("primary medical", 48),
        ("POD", 24),
        ("running costs", 2),
    ):
        assert f"{stream}: {totals} totals of regions and England are the sums of their ICBs." in told
    assert told.count("sum to its printed total") == 4
    assert told.count("are those that the allocation starts from") == 3
    assert len(workbook.totals) == 22 + 5 * 42
    assert {row.why for row in workbook.set_aside} == {"blank"}
    assert sum(row.last - row.first + 1 for row in workbook.set_aside) == 4


def test_v1_people_implied_by_the_money_are_the_people_of_the_practices(
    workbook: AllocationsWorkbook, people: PracticeFile
) -> None:
    """V1: recurrent £ / £ per head = the practices' registered people, for all 42 ICBs and each stream with both.

    The largest difference is 4.099e-11, in Somerset, the same in every stream: the practices' figures are printed
    with ten figures each.
    """
    counted: dict[str, Fraction] = defaultdict(Fraction)
    for row in people.table.to_pylist():
        counted[row["icb"]] += Fraction(row["registered"])
    found = defaultdict(set)
    for implied in workbook.populations:
        found[implied.stream].add(implied.icb)
        assert abs(implied.people / counted[implied.icb] - 1) < Fraction(41, 10**12), (implied.stream, implied.icb)
    assert {stream: len(icbs) for stream, icbs in found.items()} == {
        "core": 42,
        "specialised": 42,
        "primary medical": 42,
    }


def test_the_practice_file_is_whole(people: PracticeFile) -> None:
    assert people.problems == ()
    assert people.set_aside == ()
    assert people.ties == ("9 weighted populations each sum to the registered population, 63,849,324.211.",)
    shipped = tables.table("practices_2025_26").drop_columns(["place", "pcn"])
    assert people.table.equals(shipped)


def test_the_practice_map_of_august_2026(published: Path) -> None:
    found = registered_patients.read_map(read_workbook(published / "gp-reg-pat-prac-map.zip"))
    assert found.problems == ()
    assert found.day == date(2026, 8, 1)
    assert found.table.num_rows == 6129
    assert len(set(found.table["icb"].to_pylist())) == 36
    assert found.table["pcn"].null_count == 52
    assert found.remarks == (
        "52 practices in 26 ICBs are in no network.",
        "PCN U41591 lies in QJK and QT6: it is shared by its practices.",
    )


def test_single_ages_hold_everybody_once_at_each_of_four_levels(published: Path) -> None:
    found = registered_patients.read_ages(read_workbook(published / "gp-reg-pat-prac-sing-age-regions.zip"))
    assert found.problems == ()
    assert found.total == 63_237_908
    assert {level: sum(table["registered"].to_pylist()) for level, table in found.levels.items()} == dict.fromkeys(
        ("region", "icb", "sub_icb", "pcn"), 63_237_908
    )
    assert sum(table.num_rows for table in found.levels.values()) == 277_909


def test_networks_and_memberships_of_january_2023(published: Path) -> None:
    found = pcn_memberships.read(read_workbook(published / "epcn_january_2023.xlsx"))
    assert found.problems == ()
    assert (len(found.networks), len(found.memberships)) == (1329, 7455)
    day = date(2023, 1, 27)
    assert len({m.practice for m in found.memberships if m.began <= day <= (m.ended or date.max)}) == len(
        {m.practice for m in found.memberships if m.ended is None}
    )
    assert found.remarks == (
        "Practice F82001 leaves U86966 and joins U11211 on 2022-07-01: "
        "that day counts for U11211 (PCN Core Partner Details!2726).",
    )


def test_all_of_them_into_one_ledger_that_verifies(published: Path, tmp_path: Path) -> None:
    names = (WORKBOOK, "place_tool_2025_26.csv", "gp-reg-pat-prac-map.zip", "epcn_january_2023.xlsx")
    files, problems = understand([published / name for name in names])
    assert problems == []
    assert [file.kind for file in files] == [
        FileKind.ALLOCATIONS, FileKind.PRACTICES, FileKind.PRACTICE_MAP, FileKind.NETWORKS,
    ]  # fmt: skip
    with Store.create(tmp_path / "ledger.duckdb") as store:
        imported = import_files(store, files)
        assert len(imported.posted) == 38
        assert import_files(store, files).posted == ()
        with store.read() as reader:
            flows = position.flows(reader, position.moment(reader), ["from_tier", "to_tier"]).to_pylist()
            assert flows[1] == {"from_tier": "national", "to_tier": "icb", "amount_pence": ALL_ICBS}
            assert verify(reader) == []


def test_the_demos_ledger_holds_the_workbook_and_the_practices_already(published: Path, own_demo_ledger: Path) -> None:
    files, problems = understand([published / WORKBOOK, published / "place_tool_2025_26.csv"])
    assert problems == []
    with Store.open(own_demo_ledger) as store:
        imported = import_files(store, files)
    assert imported.posted == ()
    assert imported.sentences == (
        f"{WORKBOOK}: the books hold it already (entries 4 to 34); nothing is added.",
        "place_tool_2025_26.csv: the books have all that it says; nothing is added.",
    )


@pytest.mark.parametrize(
    ("name", "looks"),
    [
        ("icb_reference_36_from_apr2026.csv", "a list of ICBs"),
        ("sub_icb_list_2024.csv", "a list of sub-ICB locations"),
        ("ltla23_utla23.csv", "a lookup of local authorities"),
    ],
)
def test_other_files_of_the_folder_are_told_apart(published: Path, name: str, looks: str) -> None:
    _, problems = understand([published / name])
    assert [problem.where for problem in problems] == [name]
    assert f"it looks like {looks}" in problems[0].found
