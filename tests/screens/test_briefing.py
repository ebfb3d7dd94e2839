"""Why an ICB is as tied as it is, since when, and the briefing of one page: as the command line says, to the penny."""

from fractions import Fraction
from pathlib import Path

import pytest

from allocations.shares import national
from allocations.shares.why_tied import why_tied
from ledger.money import exact_pounds
from ledger.reports import position, trend
from ledger.store.base import Store
from screens.report.files import briefing
from tests.screens.pages import document, no_leftovers, page, said, tables

__all__ = ["no_leftovers"]
TIED = ("soft", "hard", "statutory")


def test_the_lines_that_tie_an_icb_are_what_the_command_says_and_sum_to_its_share(demo_ledger: Path) -> None:
    (first, *_) = document("national", "--rank", briefing.MEASURE, "--ledger", demo_ledger)["rows"]
    by = ("--by", "tier,fund,grade,standing", "--year", "2025/26", "--ledger", demo_ledger)
    rows = document("position", "--organisation", first["icb"], *by)["rows"]
    held = [row for row in rows if row["standing"] != "source" and row["grade"] is not None]
    told: dict[str, int] = {}
    for row in held:
        if row["grade"] in TIED:
            told[row["fund"]] = told.get(row["fund"], 0) + row["amount_pence"]
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        at = position.moment(reader)
        standings, whole = national.standings(reader, at, 2025), national.together(reader, at, 2025)
        lines, first_year = why_tied(reader, at, first["icb"], 2025)
        points = trend.trend(reader, trend.month_ends(reader, at, 2025), [first["icb"]])[first["icb"]]
    assert briefing.most_tied(standings) == first["icb"]
    assert {line.fund: line.amount_pence for line in lines} == {fund: pence for fund, pence in told.items() if pence}
    assert sum(line.own for line in lines) == Fraction(sum(told.values()), sum(row["amount_pence"] for row in held))
    assert first_year == 2025
    assert {line.since for line in lines} == {2025, None}
    shown = briefing.page(standings, first["icb"], whole, lines, points, at, first_year=first_year, year=2025)
    assert f"<h1>{first['name']}: how tied is it?</h1>" in shown
    assert f"{first['name']} is number 1 with " in shown
    assert f"What ties {first['name']} most beside others is {lines[0].name}" in shown
    assert shown.count("<tr") == 1 + 5 + 1 + 6  # the five lines that count most, and six measures
    assert str(at.head)[:16] in shown


def test_the_page_gives_the_reasons_for_the_most_tied_and_for_whom_is_asked(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, "national", demo_ledger, why="QWO")
    rows = document("position", "--organisation", "QWO", "--by", "tier,fund,grade", "--ledger", demo_ledger)["rows"]
    hard = [row for row in rows if row["fund"] == "core-discharge" and row["grade"] == "statutory"]
    assert f'value="{exact_pounds(sum(row["amount_pence"] for row in hard))}"' in tables(app)
    assert "What ties NHS West Yorkshire ICB most beside others is" in said(app)
    assert any(button.label.startswith("Briefing on NHS West Yorkshire ICB") for button in app.get("download_button"))
