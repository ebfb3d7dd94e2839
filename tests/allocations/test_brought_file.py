"""What kind of file somebody brings, told by what stands in it."""

import zipfile
from pathlib import Path

import pytest

from allocations.files.recognise import ImportKind, kind_of
from ledger.errors import Refused
from tests.allocations.excel.workbooks import PLAIN, written

KINDS = {
    "nhs_allocations_2025_26.xlsx": ImportKind.PUBLISHED,
    "place_tool_2025_26.csv": ImportKind.PUBLISHED,
    "gp-reg-pat-prac-map.zip": ImportKind.PUBLISHED,
    "gp-reg-pat-prac-sing-age-regions.zip": ImportKind.PUBLISHED,
    "ods_change_summary_icb_mergers_apr2026.xlsx": ImportKind.STRUCTURE,
    "sub_icb_list_2024.csv": ImportKind.BUDGETS,
}


@pytest.mark.parametrize("name", KINDS)
def test_published_files_are_told_apart(published: Path, name: str) -> None:
    assert kind_of([published / name]) is KINDS[name]


def test_a_merger_is_one_whatever_comes_with_it(published: Path) -> None:
    files = ("gp-reg-pat-prac-map.zip", "ods_change_summary_icb_mergers_apr2026.xlsx")
    assert kind_of([published / name for name in files]) is ImportKind.STRUCTURE


def test_everything_else_is_taken_for_a_budget_which_says_what_it_lacks(tmp_path: Path) -> None:
    assert kind_of([written(tmp_path / "plain.xlsx", PLAIN)]) is ImportKind.BUDGETS
    long = tmp_path / "long.csv"
    long.write_text("Code,Budget\n" + "P1,1\n" * 50_000, "utf-8")
    assert kind_of([long]) is ImportKind.BUDGETS


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("long.csv", "".join(f"{number},x\n" for number in range(40_000)))
    content = bytearray(path.read_bytes())
    content[2_000:2_100] = b"\xff" * 100
    path.write_bytes(bytes(content))
    with pytest.raises(Refused, match=r"damaged|UTF-8"):
        kind_of([path])
    path.write_bytes(b"no archive at all" * 10_000)
    with pytest.raises(Refused, match="not a zip archive"):
        kind_of([path])
