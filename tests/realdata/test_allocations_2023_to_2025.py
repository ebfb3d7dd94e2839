"""The allocations of 2023/24 and 2024/25 as published, two years in one workbook: read, posted, and held to itself.

What is expected is worked out here from the cells by hand, or stands in the brief; nothing of the reader is used.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from allocations.files.published import allocations_workbook, totals_of
from allocations.files.published.allocations_workbook import AllocationsWorkbook
from allocations.files.published.importing import import_files
from allocations.files.published.understood import understand
from allocations.reading.cells import read_workbook
from ledger.reports import position
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.books import texts

FILE = "nhs_allocations_2023_2025.xlsx"
CORE, PMC, POD, RUNNING = (
    "ICB Core Allocations {}", "PMC Allocations {}", "Other Primary Care", "ICB running cost allowance",
)  # fmt: skip
# Line, sheet and column of each year, and what the 42 ICBs come to in pounds.
LINES: dict[int, dict[str, tuple[str, str, str]]] = {
    2023: {
        "core-recurrent": (CORE, "K", "101260119000.00"),
        "core-covid": (CORE, "O", "429375971.33"),
        "core-elective-recovery": (CORE, "P", "2462717999.99"),
        "core-discharge": (CORE, "S", "299999706.97"),
        "core-capacity-funding": (CORE, "T", "590000000.00"),
        "primary-medical-recurrent": (PMC, "K", "10611684000.00"),
        "pod-recurrent": (POD, "J", "5484993310.34"),
        "running-costs": (RUNNING, "E", "1108760000.00"),
    },
    2024: {
        "core-recurrent": (CORE, "K", "103817368000.00"),
        "core-elective-recovery": (CORE, "O", "2543582999.97"),
        "core-discharge": (CORE, "R", "500000000.00"),
        "primary-medical-recurrent": (PMC, "K", "11008325000.00"),
        "pod-recurrent": (POD, "P", "5600652096.48"),
        "running-costs": (RUNNING, "F", "908760000.00"),
    },
}
ALL = {2023: "122247649988.63", 2024: "124378688096.45"}
# The total and the combined total that are printed for an ICB, and NHS England's own rows of POD.
PRINTED = {
    2023: (("Q", "104152212971.30"), ("U", "105042212678.32")),
    2024: (("P", "106360950999.97"), ("S", "106860950999.98")),
}
POD_OF_NHS_ENGLAND = {2023: ("J", "111910863.36"), 2024: ("P", "114266640.57")}
SHEETS_OF = {2023: "2023-24", 2024: "2024-25"}


@pytest.fixture(scope="module")
def cells(published: Path) -> Any:
    return openpyxl.load_workbook(published / FILE, data_only=True)


@pytest.fixture(scope="module")
def years(published: Path) -> dict[int, AllocationsWorkbook]:
    workbook = read_workbook(published / FILE)
    return {start: allocations_workbook.read(workbook, year=FinancialYear(start)) for start in LINES}


def column(book: Any, sheet: str, letter: str, start: int) -> dict[str, Decimal]:
    """By ICB, thousands of pounds or whatever the column counts, as the shortest decimal text of the number."""
    return {
        row[0].value: Decimal(repr(row[1].value))
        for row in rows_of(book[sheet.format(SHEETS_OF[start])], letter)
        if row[0].value and str(row[0].value).startswith("Q")
    }


def rows_of(sheet: Any, letter: str) -> Iterator[tuple[Any, Any]]:
    for number in range(5, 47):
        yield sheet[f"C{number}"], sheet[f"{letter}{number}"]


def to_the_penny(thousands: Decimal) -> Decimal:
    return (thousands * 1000).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def weighted(path: Path, name: str = "Final WP") -> dict[str, Decimal]:
    """Weighted people by ICB, from a practice file."""
    people: dict[str, Decimal] = defaultdict(Decimal)
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            people[row["ICS22"]] += Decimal(row[name])
    return people


def shares(amounts: dict[str, Decimal]) -> dict[str, Decimal]:
    whole = sum(amounts.values())
    return {icb: amount / whole for icb, amount in amounts.items()}


def farthest(one: dict[str, Decimal], other: dict[str, Decimal]) -> Decimal:
    first, second = shares(one), shares(other)
    assert first.keys() == second.keys()
    return max(abs(first[icb] / second[icb] - 1) for icb in first)


@pytest.mark.parametrize("start", LINES)
def test_each_line_of_every_icb_is_its_cell_to_the_penny(
    years: dict[int, AllocationsWorkbook], cells: Any, start: int
) -> None:
    found = years[start]
    assert texts(found.problems) == ""
    assert found.year == FinancialYear(start)
    got: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for figure in found.figures:
        if figure.holder == figure.about:
            got[figure.fund][figure.about] = Decimal(figure.amount_pence) / 100
    assert got.keys() == LINES[start].keys()
    for fund, (sheet, letter, whole) in LINES[start].items():
        by_hand = {icb: to_the_penny(value) for icb, value in column(cells, sheet, letter, start).items()}
        assert len(by_hand) == 42
        assert got[fund] == by_hand, fund
        assert sum(by_hand.values()) == Decimal(whole), fund
    assert sum(sum(amounts.values()) for amounts in got.values()) == Decimal(ALL[start])


@pytest.mark.parametrize("start", LINES)
def test_both_totals_that_are_printed_for_an_icb_are_what_its_lines_come_to(
    years: dict[int, AllocationsWorkbook], cells: Any, start: int
) -> None:
    found = years[start]
    (_, total), (letter, combined) = PRINTED[start]
    printed = [column(cells, CORE, letter, start) for letter, _ in PRINTED[start]]
    assert [sum(map(to_the_penny, amounts.values())) for amounts in printed] == [Decimal(total), Decimal(combined)]
    kept = {each.organisation: each for each in found.totals if each.fund == "core" and each.organisation}
    assert {icb: each.pounds for icb, each in kept.items()} == {icb: value * 1000 for icb, value in printed[1].items()}
    assert {each.cell.rstrip("0123456789") for each in kept.values()} == {letter}
    told = "\n".join(found.ties)
    assert "core: the lines of each of 42 ICBs sum to its printed total." in told
    assert "core: so do the lines before '" in told


def test_totals_of_england_in_whole_thousands_are_tied_to_a_whole_thousand(
    years: dict[int, AllocationsWorkbook],
) -> None:
    of_england = {each.fund: each for each in years[2023].totals if not each.organisation}
    assert {fund: (each.pounds, each.rounded_to) for fund, each in of_england.items() if each.rounded_to} == {
        "core-covid": (429_376_000, 1000),
        "core-discharge": (300_000_000, 1000),
        "pod-recurrent": (5_596_904_000 - Decimal("111910863.356458978"), 1000),
    }
    assert any(
        "4 of these totals are printed in whole £1,000, and tie to that." in told for told in years[2023].remarks
    )


@pytest.mark.parametrize("start", LINES)
def test_pod_of_nhs_england_itself_stays_with_it(years: dict[int, AllocationsWorkbook], cells: Any, start: int) -> None:
    own = [figure for figure in years[start].figures if figure.fund == "pod-nhs-england"]
    assert len(own) == 7
    letter, whole = POD_OF_NHS_ENGLAND[start]
    by_hand = sum(Decimal(repr(cells[POD][f"{letter}{number}"].value)) for number in range(47, 54))
    assert to_the_penny(by_hand) == Decimal(whole)
    assert sum(figure.pounds for figure in own) == by_hand * 1000


def test_what_is_in_the_baseline_is_not_posted_again(years: dict[int, AllocationsWorkbook], cells: Any) -> None:
    """Improving Access, £210,729,000 from development funding, is column J of how the baseline was made."""
    here, there = (column(cells, sheet, letter, 2023) for sheet, letter in ((PMC, "O"), ("PMC Baseline {}", "J")))
    assert here == there
    assert round(sum(here.values())) == 210_729
    told = "\n".join(years[2023].remarks)
    assert (
        "'2022/23 Improving Access (from SDF)' (O3) is of 2022/23: it is in the baseline already, as '2022/23 Transfer of "
        "GP access from SDF (£k)' of sheet PMC Baseline 2023-24, and is not posted again." in told
    )


def test_both_years_at_once_into_one_ledger_with_the_year_that_follows(published: Path, tmp_path: Path) -> None:
    files, problems = understand([published / FILE], every_year=True)
    assert problems == []
    assert [file.period for file in files] == ["2023/24", "2024/25"]
    with Store.create(tmp_path / "ledger.duckdb") as store:
        brought = import_files(store, files)
        totals = totals_of.published_totals(files, brought)
        assert totals is not None
        assert totals.ties
        assert import_files(store, files).posted == ()
        later, _ = understand([published / "nhs_allocations_2025_26.xlsx"])
        import_files(store, later)
        with store.read() as reader:
            assert verify(reader) == []
            flows = position.flows(reader, position.moment(reader), ["from_tier", "to_tier", "year"]).to_pylist()
            assertions = dict(reader.rows("SELECT year, count(*) FROM control_total GROUP BY ALL"))
    to_icbs = {row["year"]: row["amount_pence"] for row in flows if row["to_tier"] == "icb"}
    assert to_icbs == {
        **{start: int(Decimal(whole) * 100) for start, whole in ALL.items()}, 2025: 16_024_116_447_831,
    }  # fmt: skip
    assert assertions == {2023: 8 + 4 * 42, 2024: 6 + 4 * 42, 2025: 232}


@pytest.mark.parametrize("start", LINES)
def test_a_single_years_edition_without_the_other_years_sheets_reads_the_same(
    published: Path, tmp_path: Path, years: dict[int, AllocationsWorkbook], start: int
) -> None:
    book = openpyxl.load_workbook(published / FILE)
    for name in book.sheetnames:
        if SHEETS_OF[4047 - start] in name:
            del book[name]
    path = tmp_path / f"allocations_{start}.xlsx"
    book.save(path)
    found = allocations_workbook.read(read_workbook(path))
    assert texts(found.problems) == ""
    # Saving writes seventeen figures of a number at most, so amounts are compared to the penny.
    amounts = [
        [(each.fund, each.holder, each.amount_pence, each.cell) for each in one.figures]
        for one in (found, years[start])
    ]
    assert amounts[0] == amounts[1]
    asked = allocations_workbook.read(read_workbook(path), year=FinancialYear(4047 - start))
    assert len(asked.problems) == 1


def test_an_edition_with_a_part_of_its_sheets_says_the_one_reason(published: Path, tmp_path: Path) -> None:
    """Of 2025/26 it has running costs; of a stream whose allocations were taken out it says which."""
    whole = read_workbook(published / FILE)
    for year, reason in (
        (FinancialYear(2025), "of 2025/26 it has running costs alone: core is of 2023/24, 2024/25;"),
        (FinancialYear(2021), "it was asked for as 2021/22, but its sheets' names speak of 2023/24, 2024/25."),
        (None, "its sheets' names speak of several years: 2023/24, 2024/25. One import is of one year."),
    ):
        (problem,) = allocations_workbook.read(whole, year=year).problems
        assert reason in str(problem)
    book = openpyxl.load_workbook(published / FILE)
    for name in book.sheetnames:
        if "2024-25" in name or name == "PMC Allocations 2023-24":
            del book[name]
    book.save(tmp_path / "part.xlsx")
    (problem,) = allocations_workbook.read(read_workbook(tmp_path / "part.xlsx")).problems
    assert "there is no sheet of primary medical allocations, and sheet PMC Baseline 2023-24 is of that stream" in str(
        problem
    )


@pytest.mark.parametrize(
    ("stream", "words"),
    [("ICB Core", "core"), ("PMC", "primary medical"), ("Other Primary", "pod"), ("ICB running", "running costs")],
)
def test_a_single_years_edition_without_a_whole_stream_has_the_others_and_says_which_is_missing(
    stream: str, words: str, published: Path, tmp_path: Path, years: dict[int, AllocationsWorkbook]
) -> None:
    book = openpyxl.load_workbook(published / FILE)
    for name in book.sheetnames:
        if "2024-25" in name or name.startswith(stream):
            del book[name]
    book.save(tmp_path / "without.xlsx")
    found = allocations_workbook.read(read_workbook(tmp_path / "without.xlsx"))
    assert not found.problems, found.problems
    assert any("no sheet for" in said and words in said.casefold() for said in found.remarks), found.remarks
    whole = {(each.fund, each.holder): each.amount_pence for each in years[2023].figures}
    own = {(each.fund, each.holder): each.amount_pence for each in found.figures}
    assert own.items() <= whole.items()
    assert len(own) < len(whole)


# --- what the published files prove together ---------------------------------------------------------------


@pytest.mark.parametrize(("sheet", "start"), [(CORE, 2023), (CORE, 2024), (PMC, 2023), (PMC, 2024)])
def test_v2_growth_and_convergence_multiply(cells: Any, sheet: str, start: int) -> None:
    baseline, growth, convergence, recurrent = (column(cells, sheet, letter, start) for letter in "EIJK")
    for icb, thousands in recurrent.items():
        assert abs(baseline[icb] * (1 + growth[icb]) * (1 + convergence[icb]) - thousands) < Decimal("0.5"), icb


def test_v4_the_target_of_2024_follows_the_people_of_2023(published: Path, cells: Any) -> None:
    people = weighted(published / "place_tool_earlier" / "2023_2024.csv")
    assert farthest(column(cells, CORE, "F", 2024), people) < Decimal("5e-5")


def test_v6_additional_elective_money_of_2023_follows_the_people_of_2023(published: Path, cells: Any) -> None:
    people = weighted(published / "place_tool_earlier" / "2023_2024.csv")
    assert farthest(column(cells, CORE, "P", 2023), people) < Decimal("5e-5")


@pytest.mark.parametrize("letter", ["O", "R"])
def test_v7_elective_and_discharge_money_of_2024_follow_the_people_of_2024(
    published: Path, cells: Any, letter: str
) -> None:
    people = weighted(published / "place_tool_earlier" / "2024_2025.csv")
    assert farthest(column(cells, CORE, letter, 2024), people) < Decimal("5e-5")


def test_v10_covid_money_of_2023_follows_the_recurrent_allocation(cells: Any) -> None:
    assert farthest(column(cells, CORE, "O", 2023), column(cells, CORE, "K", 2023)) < Decimal("5e-5")


def test_v19_the_pace_of_change_of_2023(cells: Any) -> None:
    """Above target the distance, at most 0.71%, is taken off; below it a fifteenth, at most 0.20%, is put on."""
    distance, convergence = (column(cells, CORE, letter, 2023) for letter in "GJ")
    for icb, said in convergence.items():
        away = distance[icb]
        by_rule = -min(away, Decimal("0.0071")) if away > 0 else min(-away / 15, Decimal("0.0020"))
        assert abs(said - by_rule) <= Decimal("2.3e-16"), icb
