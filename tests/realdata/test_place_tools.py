"""The seven practice files of NHS England's place tool, each read as its own year with no option.

What is expected is worked out here from the rows by hand.
"""

import csv
import json
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

import pytest

from allocations.files.published import practices
from allocations.files.published.practices import PracticeFile
from allocations.places.files import icb_code, read_division
from allocations.reading.cells import read_workbook
from allocations.shares import need
from allocations.shares.populations import shipped
from ledger.years import FinancialYear
from tests.books import texts

EARLIER, LATER = "place_tool_earlier", "place_tool_2026_29"
# Start of the year, file, columns of the ICB and of people, practices, ICBs, and the control total.
FILES = (
    (2022, f"{EARLIER}/2022_2023_wp_data_2022LAD.csv", "ICS22", "pop 2022/23", 6554, 42, "61498822.04"),
    (2023, f"{EARLIER}/2023_2024.csv", "ICS22", "pop 2022/23", 6553, 42, "61903547.32"),
    (2024, f"{EARLIER}/2024_2025.csv", "ICS22", "pop 2022/23", 6553, 42, "62154630.31"),
    (2025, "place_tool_2025_26.csv", "ICB", "Population", 6348, 42, "63849324.21"),
    (2026, f"{LATER}/2026_2027.csv", "ICB", "Registered Patients", 6281, 36, "63916250.94"),
    (2027, f"{LATER}/2027_2028.csv", "ICB", "Registered Patients", 6281, 36, "64140941.88"),
    (2028, f"{LATER}/2028_2029.csv", "ICB", "Registered Patients", 6281, 36, "64396795.77"),
)
COMPONENTS = {
    "general_acute": "G&A WP", "community": "CS WP", "mental_health": "MH WP", "maternity": "Mat WP",
    "prescribing": "Prescr WP", "health_inequalities": "Health Ineq WP",
}  # fmt: skip
PROVISIONAL = {"T01": "S1Y5D", "T02": "D7T5G", "T03": "T6Y0W", "T04": "Z9B2Z", "T05": "S0E4D", "T07": "S9B9J"}


@cache
def read(path: Path) -> PracticeFile:
    return practices.read(read_workbook(path))


@pytest.mark.parametrize(("start", "file", "icb", "people", "rows", "icbs", "whole"), FILES)
def test_it_is_read_as_its_own_year(
    published: Path, start: int, file: str, icb: str, people: str, rows: int, icbs: int, whole: str
) -> None:
    found = read(published / file)
    assert texts(found.problems) == ""
    assert found.year == FinancialYear(start)
    assert found.table.num_rows == rows
    assert len(set(found.table["icb"].to_pylist())) == icbs
    assert round(sum(found.table["registered"].to_pylist()), 2) == Decimal(whole)
    stale = [remark for remark in found.remarks if "'pop 2022/23' (U1) says 2022/23" in remark]
    assert len(stale) == (start in (2023, 2024))


@pytest.mark.parametrize(("start", "file", "icb", "people", "rows", "icbs", "whole"), FILES)
def test_its_indices_are_the_tools_own_for_every_practice_and_icb(
    published: Path, start: int, file: str, icb: str, people: str, rows: int, icbs: int, whole: str
) -> None:
    """A need index is weighted people for each registered person, here relative to England as a whole."""
    named = {**COMPONENTS, "core": "Core WP" if start >= 2026 else "Final WP"}
    if start > 2022:
        named |= {"primary_medical_need": "Primary Medical Care WP", "primary_medical": "Final PMC WP"}
    sums: dict[str, dict[str, Decimal]] = {name: defaultdict(Decimal) for name in (people, *named.values())}
    by_hand: dict[tuple[str, str, str], Decimal] = {}
    with (published / file).open(encoding="utf-8-sig", newline="") as opened:
        lines = list(csv.DictReader(opened))
    for name, by_whom in sums.items():
        for line in lines:
            for whom in (line["Practice_Code"], PROVISIONAL.get(line[icb], line[icb]), "England"):
                by_whom[whom] += Decimal(line[name] or 0)
    for component, name in named.items():
        england = sums[name]["England"] / sums[people]["England"]
        for whose in sums[people]:
            by_hand[component, whose] = sums[name][whose] / sums[people][whose] / england
    checked = 0
    for row in need.indices(read(published / file).table, "practice").to_pylist():
        whose = row["group"] or row["icb"]
        if row["base"] != "England" or (row["component"], whose) not in by_hand:
            continue
        # To three decimals, halves up, as the tool rounds; people who are nobody have no index.
        thousandths = (by_hand[row["component"], whose] * 1000).quantize(Decimal(1), ROUND_HALF_UP)
        assert row["index_thousandths"] == thousandths, (row["component"], whose)
        checked += 1
    assert checked == len(named) * (rows + icbs)


def test_seventeen_blanks_of_2022_are_zeros_that_the_columns_total_proves(published: Path) -> None:
    found = read(published / FILES[0][1])
    assert sum(value == 0 for value in found.table["maternity"].to_pylist()) >= 17
    (told,) = [remark for remark in found.remarks if "blank cells are zeros" in remark]
    assert told.startswith(
        "17 blank cells are zeros (Y1310, Y1685, Y2208 and 14 more): without them the column 'Mat WP'"
    )


@pytest.mark.parametrize("file", [file for start, file, *_ in FILES if start >= 2026])
def test_a_provisional_code_is_told_once_for_each_icb(published: Path, file: str) -> None:
    found = read(published / file)
    taken = {remark.split(",")[0]: remark for remark in found.remarks if ": taken for " in remark}
    assert {code: told.split(": taken for ")[1][:5] for code, told in taken.items()} == PROVISIONAL
    assert taken["T01"].startswith("T01, NHS Central East ICB, 272 practices: taken for S1Y5D, by its name")
    assert "NHS North Central and West London ICB, 521 practices: taken for Z9B2Z, by its name" in taken["T04"]


def test_places_saved_by_the_new_tool_are_read_for_every_icb_that_it_names(published: Path, tmp_path: Path) -> None:
    """The tool writes an ICB's name as its data do: one of them was renamed since."""
    people = shipped(FinancialYear(2026)).membership()
    by_name: dict[str, list[str]] = {}
    with (published / "place_tool_2026_29" / "2026_2027.csv").open(encoding="utf-8-sig") as lines:
        for row in csv.DictReader(lines):
            by_name.setdefault(row["ICBname"], []).append(next(iter(row.values())))
    assert len(by_name) == 36
    for name, own in by_name.items():
        code = icb_code(name)
        assert code is not None, name
        saved = tmp_path / "saved.json"
        saved.write_text(json.dumps({"Here": {"gps": own[:3], "icb": name}, "places": ["Here"]}), "utf-8")
        division = read_division(saved, code, people)
        assert [division.place_of[practice] for practice in own[:3]] == ["Here"] * 3
