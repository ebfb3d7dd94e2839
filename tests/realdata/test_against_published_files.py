"""The shipped figures against the published files themselves, where they are to be had."""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from allocations.figures import tables
from allocations.figures.reference import build
from allocations.shares.apportion import apportion


def test_the_figures_come_out_of_the_published_files_byte_for_byte(published: Path, tmp_path: Path) -> None:
    build.main([str(published), str(tmp_path)])
    made = {path.name: path.read_bytes() for path in tmp_path.glob("*.csv")}
    assert set(made) == {
        f"{name}.csv"
        for name in ("published_files", "organisations", "successions", "allocations_2025_26", "published_totals_2025_26",
                     "convergence_2025_26", "practices_2025_26", "places_2025_26", "pcns_2025_26", "pcn_parts_2025_26",
                     "districts", "deprivation_2025", "places_2026_29", "sub_icbs_2026_29", "pcns_2026_29",
                     "estimated_weights", "practices_2026_27", "practices_2027_28", "practices_2028_29", "practice_ages",
                     "practice_indicators", "practice_payments_2022_23", "icb_people_2022_25", "pot_parts",
                     "allocations_2023_24", "allocations_2024_25", "published_totals_2023_24", "published_totals_2024_25")
    }  # fmt: skip
    for name, content in made.items():
        assert content == (tables.FOLDER / name).read_bytes(), name


def test_a_billion_for_west_yorkshire_from_the_place_tool_itself(published: Path) -> None:
    """GE10: five places, Craven's practices with Bradford's."""
    people: dict[str, Decimal] = defaultdict(Decimal)
    with (published / "place_tool_2025_26.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["ICB"] == "QWO":
                people[row["LTLA"].replace("Craven", "Bradford")] += Decimal(row["Final WP"])
    assert apportion(1_000_000_000, people) == {
        "Bradford": 252_315_064, "Calderdale": 85_759_319, "Kirklees": 169_280_650, "Leeds": 347_733_038, "Wakefield": 144_911_929,
    }  # fmt: skip


def test_the_named_cells_hold_the_figures(published: Path) -> None:
    """Every amount in the books can be followed to a cell, and the cell holds it."""
    import openpyxl

    workbook = openpyxl.load_workbook(published / build.WORKBOOK, data_only=True)
    for row in tables.table("allocations_2025_26").to_pylist():
        value = Decimal(repr(workbook[row["sheet"]][row["cell"]].value))
        assert abs(value * 100_000 - row["amount_pence"]) <= Decimal("0.5")
