"""The real pots in the books: each in its own year, tied to what was published, and told by the register."""

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from allocations.demo import history as beside
from allocations.demo import pots
from allocations.figures import tables
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.money import spoken
from ledger.reports import position
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.years import FinancialYear, parse_year
from screens.asked import answers
from screens.report import month, whole
from screens.report import pots as register
from tests.screens.pages import page
from tests.screens.pages import said as said_on
from tests.temptations import betrayed
from tests.test_commands import document, run

POUNDS = 100
MILLION = 1_000_000 * POUNDS
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def listed(all_years_ledger: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Year to pot to its row in the register of everybody's pots."""
    with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
        at = position.moment(reader, date(2026, 11, 30))
        found = {
            year: register.listed(reader, at, organisation=None, year=parse_year(year)).rows.records()
            for year in ("2021/22", "2022/23", "2023/24", "2024/25", "2025/26", "2026/27")
        }
    return {year: {row["fund"]: row for row in rows} for year, rows in found.items()}


def _held(all_years_ledger: Path, year: int, fund: str) -> dict[str, int]:
    with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
        rows = position.position(reader, position.moment(reader, date(2026, 11, 30)), year=year).to_pylist()
    return {row["organisation"]: row["amount_pence"] for row in rows if row["fund"] == fund and row["amount_pence"] > 0}


def test_nothing_is_wrong_and_every_published_total_ties(all_years_ledger: Path) -> None:
    with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
        assert [str(problem) for problem in verify(reader)] == []
        totals = reader.rows("SELECT description, expected_pence FROM control_total WHERE id LIKE 'pots/%'")
    assert ("Unified Tech Fund, 2021/22", 94_830_000_000) in totals
    assert len(totals) > 30


def test_2025_26_is_what_it_was(all_years_ledger: Path, demo_ledger: Path) -> None:
    """Of what NHS England's revenue limit gave nothing moved; only pots of the year itself have come beside it."""

    def year(path: Path) -> dict[tuple[str, str, str], int]:
        with Store.open(path, read_only=True) as store, store.read() as reader:
            rows = position.position(reader, position.moment(reader, date(2026, 3, 31)), year=2025).to_pylist()
        return {(row["organisation"], row["fund"], row["standing"]): row["amount_pence"] for row in rows}

    before, after = year(demo_ledger), year(all_years_ledger)
    assert {key: pence for key, pence in after.items() if key in before} == before
    own = {row["pot"] for row in tables.table("pots").to_pylist() if row["year"] == "2025/26"}
    assert {fund for _, fund, _ in after.keys() - before.keys()} <= own


def test_each_icb_gets_three_quarters_of_595_thousand_and_then_a_quarter(all_years_ledger: Path) -> None:
    """0.75 x 595,000 = 446,250.00 and 0.25 x 595,000 = 148,750.00, for each of 42."""
    first, second = (_held(all_years_ledger, year, "womens-health-hubs") for year in (2023, 2024))
    assert len(first) == len(second) == 42
    assert set(first.values()) == {446_250 * POUNDS}
    assert set(second.values()) == {148_750 * POUNDS}


def test_a_quarter_of_the_discharge_fund_is_shared_and_three_quarters_stay(all_years_ledger: Path) -> None:
    """300 million for ICBs: 75 by weighted people, in two payments of 30 and 45; 225 by a count that is not at hand."""
    shared, stayed = (
        _held(all_years_ledger, 2022, "discharge-fund-2022"),
        _held(all_years_ledger, 2022, "discharge-fund-2022-delays"),
    )
    assert len(shared) == 42
    assert sum(shared.values()) == 75 * MILLION
    assert stayed == {"X24": 225 * MILLION}
    people = {
        row["icb"]: row["core"] for row in tables.table("icb_people_2022_25").to_pylist() if row["year"] == "2022/23"
    }
    quota = Fraction(people["QWO"]) / sum(map(Fraction, people.values())) * 75 * MILLION
    # Two payments, each within a penny of its share.
    assert abs(shared["QWO"] - quota) < 2
    with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
        paid = position.flows(
            reader, position.moment(reader), ["effective_date", "to_tier", "fund"]
        ).to_pylist()  # fmt: skip
    days = {
        str(row["effective_date"]): row["amount_pence"]
        for row in paid
        if (row["fund"], row["to_tier"]) == ("discharge-fund-2022", "icb")
    }
    assert days == {"2022-12-31": 30 * MILLION, "2023-03-31": 45 * MILLION}


def test_money_of_councils_and_providers_is_with_them(all_years_ledger: Path) -> None:
    """In millions of pounds: 2,640 + 251.3 + 58.7 + 3,858 of grants are revenue, 711 capital."""
    councils = {
        fund: _held(all_years_ledger, 2025, fund)
        for fund in ("la-better-care-grant", "drug-and-alcohol", "rough-sleeping-drug-and-alcohol", "public-health-grant",
                     "disabled-facilities-grant")
    }  # fmt: skip
    assert {holder for held in councils.values() for holder in held} == {"LA-ENGLAND"}
    assert sum(pence for held in councils.values() for pence in held.values()) == (2_640 + 310 + 3_858 + 711) * MILLION
    assert _held(all_years_ledger, 2026, "estates-safety") == {"PROVIDERS-ENGLAND": 750 * MILLION}
    assert _held(all_years_ledger, 2021, "unified-tech-elective") == {"X24": 250 * MILLION}


def test_what_goes_past_the_icbs_is_neither_theirs_nor_handed_on_by_them(all_years_ledger: Path) -> None:
    """By hand from the flows: 7,519 million of ministries to councils and 20 of NHS England to providers in 2025/26."""
    for year, sentence in (
        ("2025/26", "Of £212.8 billion in these books, NHS England keeps £45 billion and passes £160.2 billion to ICBs. "
         "£7.5 billion goes to councils and providers, past the ICBs. ICBs pass on £34.9 billion to places and networks. "
         "18.1% of what ICBs have is both local and free"),
        ("2024/25", "Of £196.4 billion in these books, NHS England keeps £71.8 billion and passes £124.5 billion to ICBs. "
         "£150 million goes to councils and providers, past the ICBs. What ICBs pass on to places and networks is not "
         "recorded here"),
        ("2022/23", "Of £14.5 billion in these books, NHS England keeps £618 million and passes £13.6 billion to ICBs. "
         "£250 million goes to councils and providers, past the ICBs. ICBs pass on £11 billion to practices."),
        ("2026/27", "Of £770 million in these books, NHS England keeps £0 and no ICB has any. £770 million goes to "
         "councils and providers, past the ICBs."),
    ):  # fmt: skip
        with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
            picture = answers.picture(reader, position.moment(reader), None, parse_year(year).start)
        assert picture.sentence.startswith(sentence), (year, picture.sentence)
        if year != "2026/27":
            assert sum(band.amount_pence for band in picture.links if band.source == "national") < picture.total_pence
    # All of England is what has every ICB and the whole revenue limit; of 2022/23 no limit is shipped.
    with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
        at = position.moment(reader)
        called = {
            name: whole.named(reader, at, parse_year(name)) for name in ("2022/23", "2024/25", "2025/26", "2026/27")
        }
        covers = whole.covers(reader, at, parse_year("2022/23"))
    theirs = "All of these books"
    assert called == {"2022/23": theirs, "2024/25": "England", "2025/26": "England", "2026/27": theirs}
    assert covers == (
        "These books hold money of 2022/23 of all 42 ICBs in England. Whether that is all money of 2022/23 is not known, "
        "for the limit of that year is not shipped. A total of all is of what these books hold, and not of England."
    )
    # 34,860 of 160,241 million are decided below the ICB: a share in which what councils were paid is on neither side.
    rows = document("measures", "--year", "2025/26", "--scope", "all", "--ledger", all_years_ledger)["rows"]
    assert [round(row["value"], 4) for row in rows if row["measure"] == "devolved_share"] == [0.2175]


def test_the_register_says_how_parts_were_worked_out_and_what_is_not_known(listed: dict[str, Any]) -> None:
    year = listed["2022/23"]
    assert year["elective-recovery-2022"]["parts"] == "published for each ICB"
    assert year["discharge-step-down-2023"]["parts"] == "published total and published rule"
    assert year["virtual-wards"]["parts"] == "published total and our rule"
    assert year["arrs-central"]["parts"] == "parts not published"
    assert year["arrs-central"]["given_by"] == "Department of Health and Social Care"
    assert year["virtual-wards"]["notified_on"] is None
    assert (year["virtual-wards"]["match_percent"], listed["2023/24"]["virtual-wards"]["match_percent"]) == (None, 50)
    assert (year["discharge-step-down-2023"]["notified_on"], year["discharge-step-down-2023"]["spend_by"]) == (
        date(2023, 1, 13), date(2023, 3, 31),
    )  # fmt: skip
    assert year["sdf-training-hubs"]["amount_pence"] is None
    assert listed["2025/26"]["la-better-care-grant"]["given_by"].startswith("Ministry of Housing")
    assert listed["2021/22"]["unified-tech-shared-care"]["bid_by"] == date(2022, 3, 22)
    # A pot that was to be spent before the year, and of which nothing is held, is none of the year's.
    assert "unified-tech-fund" not in year


def test_an_icb_is_told_of_which_pots_of_the_year_nobody_has_an_amount(
    all_years_ledger: Path, listed: dict[str, Any]
) -> None:
    """By the shipped table and that of practices' payments; whether any of them came to the ICB nobody can say."""
    # In the table of payments nobody was paid two lines; service development funding was outside core until 2025/26.
    unpaid = {"2022/23": {"practice-covid-support", "practice-study-leave"}, "2023/24": {"core-sdf-transfers"}}
    with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
        at = position.moment(reader, date(2026, 11, 30))
        for name in ("2022/23", "2023/24", "2025/26"):
            year = parse_year(name)
            without = {row["pot"] for row in pots.shipped_pots() if row["year"] == name and row["amount_pence"] is None}
            # What goes on in the general allocation has an amount there, and no fund of its own with terms.
            expected = {pot for pot in without if not listed[name].get(pot, {}).get("amount_pence")} & listed[
                name
            ].keys()
            expected |= unpaid.get(name, set())
            assert len(expected) == {"2022/23": 11, "2023/24": 5, "2025/26": 4}[name]
            titles = {listed[name][pot]["name"] for pot in expected}
            answers = (
                register.listed(reader, at, organisation="QWO", year=year),
                register.seen_by(reader, at, "icb", organisation="QWO", year=year),
                month.shown(reader, at, month.newest_month(year.start, at.as_at), "QWO"),
            )
            for answer in answers:
                (said,) = (one for one in answer.sentences if "no entry gives anybody an amount" in one)
                assert set(said.rstrip(".").partition(": ")[2].split("; ")) == titles
            assert set(answers[0].facts["without_amount"]) == expected
            assert expected.isdisjoint({row["fund"] for row in answers[0].rows.records()})
            # Nor are lines of other years told as pots of this one: what practices were paid in 2022/23 above all.
            if name != "2022/23":
                assert not [pot for pot in listed[name] if pot.startswith("practice-")]


def test_what_ended_what_went_on_and_what_cannot_be_told(listed: dict[str, Any]) -> None:
    def told(year: str, pot: str) -> tuple[Any, Any]:
        return listed[year][pot]["discontinued"], listed[year][pot]["successors"]

    assert told("2022/23", "virtual-wards") == (False, None)
    assert told("2023/24", "virtual-wards") == (True, None)
    assert told("2022/23", "sdf-gp-transformational-support") == (True, "primary-care-transformation")
    assert told("2024/25", "arrs-central") == (True, "primary-medical-arrs-additional")
    assert told("2022/23", "discharge-fund-2022") == (True, "core-discharge")
    assert told("2022/23", "elective-recovery-2022") == (True, "core-elective-recovery")
    assert told("2022/23", "health-inequalities-2022") == (True, "core-recurrent")
    # It goes on, its amount was not found; nothing of the line around it, or no pot of its kind, is in the books of the
    # next year; nobody who holds it has any money of the next year there.
    for year, pot in (("2024/25", "gp-fellowships"), ("2024/25", "womens-health-hubs"), ("2022/23", "arrs-central"), ("2024/25", "primary-care-transformation"),
                      ("2022/23", "practice-seniority"), ("2022/23", "practice-global-sum"),
                      ("2025/26", "public-health-grant"), ("2025/26", "core-recurrent")):  # fmt: skip
        assert told(year, pot) == (None, None), pot


@pytest.mark.parametrize(
    ("year", "new", "not_known"),
    [
        # Of capacity, COVID, pharmacy and the like, primary medical care and running costs nothing of their kind is in
        # the books of 2022/23, which hold what practices were paid and single pots: only the hubs are known to be new.
        ("2023/24", {"womens-health-hubs"}, 5),
        # The transformation money of 2023/24 has no amount in the books.
        ("2024/25", set(), 1),
        # Nothing of the Better Care Fund, of specialised services and of what practices give networks is told of 2024/25.
        ("2025/26", {"core-covid-testing", "core-elective-recovery-additional", "core-overseas-visitors",
                     "core-pay-other-income", "core-sdf-transfers", "pod-lfd-testing", "primary-medical-arrs-additional",
                     "primary-medical-arrs-gps", "primary-medical-remaining-growth"}, 4),
    ],
)  # fmt: skip
def test_a_pot_is_new_only_where_the_year_before_records_others_beside_it(
    all_years_ledger: Path, year: str, new: set[str], not_known: int
) -> None:
    rows = document("pots", "--seen-by", "icb", "--year", year, "--ledger", all_years_ledger)["rows"]
    assert {pot for row in rows for pot in row["new"]} == new
    assert {row["not_known"]["new_pots"] for row in rows} == {not_known}


@pytest.mark.parametrize(
    ("year", "ended", "told"),
    [
        # Of the lines that practices were paid nothing is in the books of 2023/24: whether they go on is not known. The
        # January fund ended; money of discharge, elective recovery, health inequalities and wards went on.
        ("2022/23", {"discharge-step-down-2023"}, None),
        ("2023/24", {"core-capacity-funding", "core-covid", "virtual-wards"}, 10),
        # Transformation goes on and its amount was not found. No single pot beside the hubs is in the books of 2025/26,
        # which hold the lines of the workbook alone: whether the hubs go on is not known.
        ("2024/25", set(), 6),
    ],
)
def test_what_is_not_recorded_again_is_not_told_as_discontinued(
    all_years_ledger: Path, year: str, ended: set[str], told: int | None
) -> None:
    answer = document("national", "--pots", "--year", year, "--ledger", all_years_ledger)["discontinued"]
    rows = document("pots", "--seen-by", "icb", "--year", year, "--ledger", all_years_ledger)["rows"]
    assert {pot for row in rows for pot in row["discontinued"]} == ended
    assert answer["pots"] == 42 * len(ended)
    assert told is None or answer["of"] == 42 * told
    if told is None:
        lines = sum(row["not_known"]["discontinued_share"] for row in rows)
        assert answer["of"] == sum(row["pots"] for row in rows) - lines
        assert lines == answer["not_known"] > 1_000


def test_no_page_of_another_year_gives_in_to_a_temptation(
    monkeypatch: pytest.MonkeyPatch, all_years_ledger: Path
) -> None:
    """Of 2023/24 the workbook gives what ICBs have: what they passed on is in no book, which is not that it is nothing."""
    said = {}
    for name, icb in (("overview", ""), ("overview", "QWO"), ("ring_fences", ""), ("ring_fences", "QWO")):
        query = {"icb": icb} if icb else {}
        app = page(monkeypatch, name, all_years_ledger, year="2023/24", **query)
        said[f"{name} {icb}"] = "\n".join([said_on(app), *(f"{one.label}: {one.value}" for one in app.metric)])
    assert not {where: found for where, words in said.items() if (found := betrayed(words))}
    for where in ("overview ", "overview QWO"):
        assert "passes on £0" not in said[where]
        assert "pass on £0" not in said[where]
        assert re.search(r"What (they|it) pass(es)? on to places and networks is not recorded here", said[where])
    # 8 of 10 pots are graded; one of the others has no grade on record.
    assert "8 of 10 pots are tied to a purpose, softly or firmly; of 1 it is not known." in said["ring_fences "]


def test_eight_allocations_one_allocation_and_none_of_its_own(listed: dict[str, Any]) -> None:
    """The chapter of the guide about it says what is counted here."""
    chapter = (ROOT / "docs/guide.md").read_text("utf-8").partition("## A natural experiment")[2].partition("\n## ")[0]
    for year, fenced, grade in (
        ("2022/23", 8, "hard"),
        ("2023/24", 1, "hard"),
        ("2024/25", 1, "hard"),
        ("2025/26", 0, "monitored"),
    ):
        rows = [row for row in listed[year].values() if "primary-care-transformation" in (row["fund"], row["inside"])]
        assert {row["grade"] for row in rows} == {grade}
        assert sum(row["grade"] == "hard" for row in rows) == fenced
        assert {row["returns_per_year"] for row in rows} == {None}
        known = [row["amount_pence"] for row in rows if row["amount_pence"] is not None]
        held = "not recorded" if not known else f"{sum(known) / 100:,.2f}" + (" of one of them" if fenced > 1 else "")
        assert f"| {year} | {fenced} | {held} | {grade} |" in chapter
    moved = listed["2025/26"]["core-sdf-transfers"]
    assert moved["grade"] == "monitored"
    assert f"£{moved['amount_pence'] / 100:,.2f}" in chapter


def test_posting_again_changes_nothing(all_years_ledger: Path, tmp_path: Path) -> None:
    path = tmp_path / "again.duckdb"
    path.write_bytes(all_years_ledger.read_bytes())
    with Store.open(path) as store:
        for stage in beside.stages()[-7:]:
            assert all(posted.replayed for posted in post(store, stage.drafts()))


def test_a_total_that_does_not_tie_is_refused(all_years_ledger: Path, tmp_path: Path) -> None:
    """The same money given twice, and the published total of the year says so."""
    path = tmp_path / "more.duckdb"
    path.write_bytes(all_years_ledger.read_bytes())
    (stage,) = (one for one in beside.stages() if one.name == "Pots of 2023/24")
    (given,) = (one for one in stage.drafts() if one.key.endswith("womens-health-hubs/paid 1"))
    (set_aside,) = (one for one in stage.drafts() if one.key.endswith("womens-health-hubs/given"))
    with Store.open(path) as store, pytest.raises(Refused, match=r"Women's health hubs, 2023/24"):
        post(store, [replace(set_aside, key="once more"), replace(given, key="once more, paid")])


def test_every_year_of_the_pots_is_a_year_of_the_table() -> None:
    years = {FinancialYear(2021 + step) for step in range(6)}
    assert {parse_year(row["year"]) for row in pots.shipped_pots()} == years


KNOWN_BY = {"Notified in the year": "notified_on", "Non-recurrent": "recurrent", "Ring-fenced, hard": "grade"}
YEARS = ("2022/23", "2023/24", "2024/25", "2025/26")


def test_a_share_of_what_little_is_known_says_of_how_little(all_years_ledger: Path) -> None:
    """By pandas from the position of each year: of what money a day of notice, a grade or a lasting is known."""
    said = " ".join(run("trend", "--over", "years", "--ledger", all_years_ledger).stdout.split())
    few = 0
    for year in YEARS:
        asked = ("position", "--by", "tier,standing,notified_on,recurrent,grade", "--year", year)
        held = pd.DataFrame(document(*asked, "--ledger", all_years_ledger)["rows"])
        held = held[~held.tier.isin(["government", "national", "region", "past_icbs"]) & (held.standing != "source")]
        whole = int(held.amount_pence.sum())
        for title, column in KNOWN_BY.items():
            known = int(held[held[column].notna()].amount_pence.sum())
            words = f"of {spoken(known)} of {spoken(whole)} in {year}"
            (told,) = re.findall(rf"{title} is a share of what is known: (.*?)\. [A-Z]", said) or [""]
            assert (words in told) == (0 < known < whole * 995 // 1000), (title, year)
            few += known < whole // 100
    assert few >= 3
    # No ICB passed any of the money of two years on in these books, which nobody reads as a finding about ICBs.
    assert "In 2023/24 and 2024/25 nothing that ICBs passed on is recorded" in said


@pytest.mark.parametrize("year", YEARS)
def test_no_answer_about_another_year_gives_in_to_a_temptation(all_years_ledger: Path, year: str) -> None:
    asked = ("--year", year, "--ledger", all_years_ledger)
    for command in (("measures",), ("national", "--rank", "in_year_share"), ("national", "--rank", "non_recurrent_share"),
                    ("pots", "--seen-by", "icb"), ("pots", "--organisation", "QWO", "--merge", "tied"),
                    ("national", "--pots")):  # fmt: skip
        assert not betrayed(run(*command, *asked).stdout), command
