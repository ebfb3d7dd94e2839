"""`devolution pots`: every pot with its terms, and what is left of it."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from ledger.entries.draft import Draft, records
from ledger.entries.kinds import LETTER
from ledger.entries.posting import post
from ledger.money import round_half_up_fraction
from ledger.plans import Letter
from ledger.reports import position
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.report import pots
from tests.books import at, entry
from tests.shelves import small_file
from tests.test_commands import document, run


def test_every_pot_with_its_terms_and_what_is_left(tmp_path: Path) -> None:
    """Of 6,000 of core the first ICB spends 1,000; on 1 June it has 5,000 left, and nobody said by when."""
    ledger = tmp_path / "books.duckdb"
    with Store.open(small_file(ledger, funded=True)) as store:
        post(store, [entry("spend", at("ICB1", "core"), at("ICB1", "core", "spent"), 100_000)])
    asked = ("pots", "--year", "2025/26", "--as-at", "2025-06-01", "--ledger", ledger)
    rows = {row["fund"]: row for row in document(*asked)["rows"]}
    assert set(rows) == {"limit", "core", "care", "care-inner", "winter", "growth", "estate"}
    assert (rows["winter"]["grade"], rows["winter"]["leave_by"]) == ("hard", "vire,consolidate")
    own = document(*asked, "--organisation", "ICB1")["rows"]
    assert [(row["fund"], row["amount_pence"], row["left_pence"]) for row in own] == [("core", 600_000, 500_000)]
    assert own[0]["spend_by"] is None
    assert own[0]["returns_per_year"] is None
    said = run(*asked).stdout
    assert "not known" in said
    assert "Who answers for a pot" in said
    assert run(*asked, "--organisation", "ICB9").returncode == 1


def test_without_a_year_the_one_with_money_is_shown_whatever_the_day(tmp_path: Path) -> None:
    """The books hold 2025/26 alone: years later that is still what there is to see, and before it what will come."""
    ledger = tmp_path / "books.duckdb"
    with Store.open(small_file(ledger, funded=True)) as store, store.read() as reader:
        years = {
            day: position.year_in_view(reader, position.moment(reader, date.fromisoformat(day)))
            for day in ("2024-12-31", "2025-04-01", "2026-03-31", "2028-07-01")
        }
    found = [str(year) for year in years.values()]
    assert found == ["2025/26", "2025/26", "2025/26", "2025/26"]
    assert document("pots", "--as-at", "2028-07-01", "--ledger", ledger)["rows"]


def test_days_and_a_daily_rate_to_the_deadline(demo_ledger: Path) -> None:
    """From 1 March 2026 to 31 March there are 31 days, both counted."""
    rows = document(
        "pots", "--organisation", "QWO", "--year", "2025/26", "--as-at", "2026-03-01", "--ledger", demo_ledger
    )["rows"]
    better_care = next(row for row in rows if row["fund"] == "better-care-fund")
    assert (better_care["grade"], better_care["returns_per_year"], better_care["days_left"]) == ("statutory", 4, 31)
    assert better_care["rate_pence"] == (better_care["left_pence"] * 2 + 31) // 62


NEXT = FinancialYear(2026)


@pytest.mark.parametrize("kind", ["file", "server"])
def test_who_gave_a_pot_what_it_goes_on_in_and_whether_it_is_discontinued(funded: Store) -> None:
    """Winter money is put together into growth in 2025/26, and only core comes again in 2026/27."""
    winter = entry("consolidate", at("ICB2", "winter"), at("ICB2", "growth"), 100_000, authority="the tests")
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB2", "winter"), 100_000), winter])

    def register(organisation: str | None = None) -> dict[str, dict[str, Any]]:
        with funded.read() as reader:
            moment = position.moment(reader, date(2026, 6, 1))
            found = pots.listed(reader, moment, organisation=organisation, year=FinancialYear(2025))
        return {row["fund"]: row for row in found.rows.records()}

    letter = {"id": "L", "reference": "M3/7", "month": date(2025, 6, 30), "from_organisation": "NHS",
              "to_organisation": "ICB2", "fund": "winter", "year": 2025, "amount_pence": 100_000, "recurrent": False,
              "contact": "winter team", "notified_on": date(2025, 6, 1)}  # fmt: skip
    post(funded, [Draft("L", LETTER, date(2025, 6, 30), "tests", "M3", records={Letter: records(Letter, [letter])})])
    rows = register()
    assert (rows["winter"]["owner"], rows["core"]["owner"]) == ("winter team", None)
    assert register("ICB1")["core"]["owner"] is None
    assert (rows["core"]["given_by"], rows["core"]["successors"]) == ("NHS England", None)
    assert rows["winter"]["successors"] == "growth"
    # Nobody has money of 2026/27 yet: whether a pot goes on is not known.
    assert rows["core"]["discontinued"] is None
    following = {"day": date(2026, 4, 1)}
    limit = entry("mandate", at("GOV", "limit", year=NEXT), at("NHS", "limit", year=NEXT), 500_000, **following)
    core = entry("allocate", at("NHS", "limit", year=NEXT), at("ICB1", "core", year=NEXT), 500_000, **following)
    post(funded, [limit, core])
    rows = register()
    assert (rows["core"]["discontinued"], rows["winter"]["discontinued"]) == (False, True)
    # Nothing of it was held in 2025/26, so nothing ended.
    assert rows["estate"]["discontinued"] is None
    # The second ICB has nothing of the next year at all.
    assert register("ICB2")["growth"]["discontinued"] is None
    with funded.read() as reader:
        seen = pots.seen_by(reader, position.moment(reader), "icb", organisation=None, year=FinancialYear(2025))
    # ICB2 holds 300,000 of core and 100,000 of growth: 16 / (9 + 1) equal pots; ICB1 has one.
    assert [(row["organisation"], row["pots"], row["effective_number"]) for row in seen.rows.records()] == [
        ("ICB2", 2, Fraction(8, 5)), ("ICB1", 1, 1),
    ]  # fmt: skip


def test_pots_as_each_receiver_sees_them(demo_ledger: Path) -> None:
    """Counted again from the position: an ICB's pots, its median pot and its share of penny packets."""
    options = ("--year", "2025/26", "--ledger", demo_ledger)
    found = document("pots", "--seen-by", "icb", *options)
    assert len(found["rows"]) == 42
    assert found["without"] == []
    held: dict[str, int] = {}
    for row in document("pots", "--organisation", "QT1", *options)["rows"]:
        if row["amount_pence"] > 0:
            held[row["fund"]] = row["amount_pence"]
    own = next(row for row in found["rows"] if row["organisation"] == "QT1")
    total = sum(held.values())
    assert (own["pots"], own["total_pence"]) == (len(held), total)
    expected = Fraction(total * total, sum(pence * pence for pence in held.values()))
    assert own["effective_number"] == pytest.approx(float(expected))
    assert own["median_pot_pence"] == round_half_up_fraction(Fraction(median(map(Fraction, held.values()))))
    assert own["penny_packets"] == sum(pence < 50_000_000 for pence in held.values())
    places = document("pots", "--seen-by", "place", "--organisation", "QWO", *options)
    assert {row["organisation"][:4] for row in places["rows"]} == {"QWO-"}
    said = run("pots", "--seen-by", "place", "--organisation", "QWO", *options).stdout
    assert "Of 6 the median place works with" in " ".join(said.split())
    assert "No practice holds" in run("pots", "--seen-by", "practice", *options).stdout
    assert run("pots", "--seen-by", "place", "--organisation", "QXX", *options).returncode == 1
