"""`devolution pots`: every pot with its terms, and what is left of it."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from ledger.entries.draft import Draft, records
from ledger.entries.kinds import LETTER
from ledger.entries.posting import post
from ledger.money import round_half_up_fraction, spoken
from ledger.plans import Letter
from ledger.reports import position
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.python import Ledger, Refused
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


TIED = ("soft", "hard", "statutory")


def counted(rows: pd.DataFrame) -> dict[str, Any]:
    """What pots of an ICB ask of it, by pandas: a row for each pot."""
    money = rows.amount_pence.sum()
    known = rows[rows.returns_per_year.notna()]
    return {
        "pots": len(rows), "smallest_pot": rows.amount_pence.min(), "penny_packets": (rows.amount_pence < 50_000_000).sum(),
        "pots_in_last_1_percent": (rows.amount_pence.sort_values().cumsum() * 100 <= money).sum(),
        "effective_number": pytest.approx(1 / ((rows.amount_pence / money) ** 2).sum()),
        "tied_pots": rows.grade.isin(TIED).sum(), "returns_per_year": known.returns_per_year.sum() or None, "total": money,
    }  # fmt: skip


@pytest.mark.parametrize(
    "named", ["tied", "small", "core-covid-testing,core-discharge,pod-lfd-testing", "better-care-fund,core-discharge"]
)
def test_pots_put_together(demo_ledger: Path, tmp_path: Path, named: str) -> None:
    """Before and after by pandas from the register of pots; what is not known of a part is told and fills nothing."""
    options = ("--organisation", "QWO", "--year", "2025/26", "--ledger", demo_ledger)
    rows = pd.DataFrame(document("pots", *options)["rows"]).query("amount_pence > 0")
    chosen = {"tied": rows.grade.isin(TIED), "small": rows.amount_pence < 50_000_000}.get(
        named, rows.fund.isin(named.split(","))
    )
    parts = rows[chosen]
    answer = document("pots", "--merge", named, *options)
    assert {part["pot"] for part in answer["parts"]} == set(parts.fund)
    unknown = {name: int(parts[name].isna().sum()) for name in ("returns_per_year", "notified_on", "recurrent")}
    assert answer["not_known_of_parts"] == {**unknown, "grade": 0}
    told = {row["measure"]: row for row in answer["rows"]}
    assert {name: told[name]["before"] for name in counted(rows)} == counted(rows)
    if len(parts) < 2:
        assert all(row["before"] == row["after"] for row in answer["rows"])
        assert "has 1 such pot, so there is nothing to put together" in " ".join(
            run("pots", "--merge", named, *options).stdout.split()
        )
        return
    strictest = max(parts.grade, key=["none", "monitored", "soft", "hard", "statutory"].index)
    one = {"fund": "one-pot", "amount_pence": parts.amount_pence.sum(), "grade": strictest,
           "returns_per_year": parts.returns_per_year.max()}  # fmt: skip
    after = counted(pd.concat([rows[~chosen], pd.DataFrame([one])]))
    assert {name: told[name]["after"] for name in after} == after
    # Where it is known of a part of the one pot alone, nobody can tell; else the same pots are on both sides.
    whole = rows[~chosen & rows.returns_per_year.notna()]
    if not unknown["returns_per_year"]:
        whole = pd.concat([whole, pd.DataFrame([one])])
    cannot_be_told = not len(whole) or 0 < unknown["returns_per_year"] < len(parts)
    each_million = None if cannot_be_told else whole.returns_per_year.sum() * 1e8 / whole.amount_pence.sum()
    assert told["returns_per_million"]["after"] == (None if each_million is None else pytest.approx(each_million))
    assert told["in_year_share"]["after"] is None
    out = tmp_path / "one.xlsx"
    words = " ".join(run("pots", "--merge", named, *options, "--out", out).stdout.split())
    least = "at least " if unknown["returns_per_year"] else ""
    assert f"after, {after['pots']} pots and {least}{int(after['returns_per_year'])} returns that are known" in words
    assert f"when notice came ({len(parts)}, with {spoken(int(parts.amount_pence.sum()))})" in words
    book = CalamineWorkbook.from_path(out)
    cells = [row for sheet in book.sheet_names for row in book.get_sheet_by_name(sheet).to_python()]
    assert any("hypothetical" in str(row) for row in cells)
    (found,) = [row for row in cells if row[0] == "Pots that share the last 1%"]
    assert after["pots_in_last_1_percent"] in found
    with Ledger.open(str(demo_ledger)) as ledger:
        merge = named if named == "tied" else named.split(",")
        in_python = ledger.pots(organisation="QWO", year=2025, merge=merge).records()
    as_numbers = [
        {key: float(one) if isinstance(one, Fraction) else one for key, one in row.items()} for row in in_python
    ]
    assert as_numbers == answer["rows"]


def test_what_cannot_be_put_together_is_refused(demo_ledger: Path) -> None:
    with Ledger.open(str(demo_ledger)) as ledger:
        with pytest.raises(ValueError, match="give organisation"):
            ledger.pots(merge="tied")
        with pytest.raises(Refused, match="holds no pot 'core'"):
            ledger.pots(organisation="QWO", merge=["core", "core-discharge"])
        with pytest.raises(Refused, match="tier 'national'"):
            ledger.pots(organisation="X24", merge="tied")
        with pytest.raises(Refused, match="QWO holds no money of 2030/31"):
            ledger.pots(organisation="QWO", merge="tied", year=2030)
    for wrong in (("--merge", "tied"), ("--merge", "tied", "--seen-by", "icb", "--organisation", "QWO"),
                  ("--out", "a.xlsx", "--organisation", "QWO")):  # fmt: skip
        assert run("pots", *wrong, "--ledger", demo_ledger).returncode == 2, wrong
    unknown = run("pots", "--merge", "tied", "--organisation", "QXX", "--ledger", demo_ledger)
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("--organisation: there is no organisation 'QXX'.")
