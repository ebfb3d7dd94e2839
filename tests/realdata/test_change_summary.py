"""The change summary for the ICB mergers of April 2026, as published."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from allocations.figures import tables
from allocations.files.published import change_summary
from allocations.files.published.change_summary import ChangeSummary
from allocations.reading.cells import read_workbook


@pytest.fixture(scope="module")
def summary(published: Path) -> ChangeSummary:
    return change_summary.read(read_workbook(published / "ods_change_summary_icb_mergers_apr2026.xlsx"))


def test_twelve_icbs_become_six_and_one_takes_a_part(summary: ChangeSummary) -> None:
    assert summary.problems == ()
    assert summary.effective_date == date(2026, 4, 1)
    assert len(summary.new_icbs) == 6
    assert all(icb.code is None for icb in summary.new_icbs)  # a draft: to be confirmed
    assert len({pair.predecessor for pair in summary.successions}) == 12
    assert {pair.successor for pair in summary.successions} == {None, "QRL"}


def test_the_successions_are_those_of_the_practices_on_both_sides(summary: ChangeSummary) -> None:
    """Codes from the reference list, by name; kinds and pairs as the practice maps of both years show them."""
    names = {row["name"].removesuffix(" ICB"): row["code"] for row in tables.table("organisations").to_pylist()}
    found = {
        (
            pair.predecessor,
            pair.successor or names[pair.successor_name.removesuffix(" Integrated Care Board")],
            pair.kind,
        )
        for pair in summary.successions
    }
    shipped = {(row["predecessor"], row["successor"], row["kind"]) for row in tables.table("successions").to_pylist()}
    assert found == shipped


def test_frimley_goes_three_ways(summary: ChangeSummary) -> None:
    areas = {pair.successor_name: pair.areas for pair in summary.successions if pair.predecessor == "QNQ"}
    assert areas == {
        "NHS Hampshire and Isle of Wight ICB": 101,
        "NHS Surrey and Sussex Integrated Care Board": 95,
        "NHS Thames Valley Integrated Care Board": 244,
    }
    assert len(summary.areas) == 440
    assert len(summary.networks) == 16
    moved = Counter(move.destination_name for move in summary.practices)
    assert sorted(moved.values()) == [18, 23, 74]
    assert {move.origin for move in summary.practices} == {"QNQ"}
    assert len([row for row in summary.set_aside if "moves to nobody" in row.why]) == 12
    (first,) = [move for move in summary.practices if move.code == "J82015"]
    assert (first.sheet, first.cell, first.destination, first.setting) == (
        "GP Practice Moves",
        "B53",
        "QRL",
        "GP PRACTICE",
    )


def test_what_the_file_prints_about_itself_ties(summary: ChangeSummary) -> None:
    assert len(summary.ties) == 8
    assert "small areas from frimley to thames valley: 244, as printed in B35." in summary.ties
