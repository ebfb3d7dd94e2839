"""What the money asks of one receiver, worked out by hand; and the same receiver over the years."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.entries.posting import post
from ledger.money import PENCE_PER_POUND
from ledger.reports.over_receivers import notice_and_ending, spread
from ledger.reports.position import moment, year_in_view
from ledger.reports.receivers import Received, last_part, received, returns_by_month, seen_by_each
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.report import pots
from tests.books import at, entry, new_terms, term
from tests.ledger.test_measures import GE6, row, table
from tests.shelves import small_file


def test_one_receiver_pot_by_pot() -> None:
    """The eleven pots of the measures' own example, with terms of three of them not known."""
    given = [
        {**one, **({"returns_per_year": None} if one["fund"] == "P02" else {})}
        | ({"notified_on": None} if one["fund"] in ("P03", "P11") else {})
        | ({"recurrent": None} if one["fund"] == "P04" else {})
        for one in GE6
    ]
    (one,) = seen_by_each({"X": table(*given)}, {}, "icb")
    pounds = {pot.code: pot.amount_pence // PENCE_PER_POUND for pot in one.pots}
    assert (one.values["pots"], one.values["streams"], one.values["penny_packets"]) == (11, 11, 6)
    assert float(one.values["effective_number"] or 0) == pytest.approx(2.4100967697256843, abs=1e-12)
    # 26,250 + 45,000 + 60,000 + 148,750 + 250,000 are 530,000 of 67.6 million; with 420,000 it would be 950,000, 1.4%.
    assert one.values["pots_in_last_1_percent"] == 5
    # With 420,000 and 1,650,000 it is 2.6 million, 3.8%; with 6.1 million more it would be 12.9%.
    assert one.values["streams_in_last_5_percent"] == Fraction(7, 11)
    in_year, dated = 950_000 - 26_250, 67_600_000 - 6_100_000 - 26_250
    assert one.values["in_year_share"] == Fraction(in_year, dated)
    assert one.values["non_recurrent_share"] == Fraction(950_000, 67_600_000 - pounds["P04"])
    # Of all that is asked for, 56, four were for P02, whose money is no part of it either.
    known = 67_600_000 - pounds["P02"]
    assert one.values["returns_per_year"] == 52
    assert one.values["returns_per_million"] == Fraction(52 * 1_000_000, known)
    # Of the six with a notice in the year five are left: 344, 134, 351, 180, 201; four from before 1 April have 365.
    assert one.values["days_to_spend"] == 351
    assert one.values["fewest_days_to_spend"] == 134
    assert (one.unknown["in_year_share"], one.unknown["non_recurrent_share"]) == (2, 1)
    assert (one.values["funders"], one.values["new_pots"], one.values["discontinued_pots"]) == (None, None, None)
    # Notice came 61 (three times) and 5 days before the year, and 14, 21, 164, 185 and 231 days into it.
    over = notice_and_ending([one])
    assert (over.pots, over.before, over.in_year, over.not_known, over.median_days) == (11, 4, 5, 2, Fraction(-14))
    assert (over.compared, over.discontinued, over.discontinued_share) == (0, 0, None)
    assert notice_and_ending([]).median_days is None


def test_when_returns_fall_due() -> None:
    assert returns_by_month(0) == (0,) * 12
    assert returns_by_month(1) == (0,) * 11 + (1,)
    assert returns_by_month(4) == (0, 0, 1) * 4
    assert returns_by_month(12) == (1,) * 12
    assert returns_by_month(24) == (2,) * 12
    assert returns_by_month(5) == (0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1)
    assert all(sum(returns_by_month(number)) == number for number in range(60))


def test_the_last_part_of_the_money() -> None:
    assert last_part([], 1) == 0
    assert last_part([100], 1) == 0
    # Exactly one hundredth is within it.
    assert last_part([99, 1], 1) == 1
    assert last_part([98, 1, 1], 1) == 1


def test_who_is_worst_and_best() -> None:
    def holder(code: str, *pence: int) -> Received:
        rows = [row(f"F{number}", pounds) for number, pounds in enumerate(pence)]
        return seen_by_each({code: table(*rows)}, {}, "icb")[0]

    found = [holder("A", 9, 9, 9), holder("B", 9), holder("C", 9, 9, 9), holder("D", 9, 9)]
    over = spread(found, "pots")
    assert over.median == Fraction(5, 2)
    assert [one.organisation for one in over.worst] == ["A", "C"]
    assert [one.organisation for one in over.best] == ["B"]
    # All alike in how long they have, and to have more money is not worse.
    assert (spread(found, "total").worst, spread(found, "days_to_spend").worst) == ((), ())


def test_one_receiver_over_three_years(tmp_path: Path) -> None:
    """Winter money comes three years running and never recurs; growth ends in 2025/26."""
    with Store.open(small_file(tmp_path / "books.duckdb")) as store:
        post(store, [new_terms(term("winter", "hard", version=2, recurrent=False, leave_by="vire,consolidate"))])
        held = {2023: {"winter": 1}, 2024: {"winter": 2, "growth": 3, "core": 5},
                2025: {"winter": 2, "growth": 4, "core": 5}, 2026: {"core": 6}}  # fmt: skip
        drafts = []
        for year, given in ((FinancialYear(start), given) for start, given in held.items()):
            day, giver = year.first_day, at("NHS", "limit", year=year)
            drafts.append(entry("mandate", at("GOV", "limit", year=year), giver, 99, day=day))
            drafts += [
                entry("allocate", giver, at("ICB1", fund, year=year), pence, day=day) for fund, pence in given.items()
            ]
        post(store, drafts)
        with store.read() as reader:
            now = moment(reader, date(2026, 6, 1))
            ((one,), _) = received(reader, now, "icb", organisation=None, year=2025)
            (first,), _ = received(reader, now, "icb", organisation=None, year=2023)
            listed = pots.listed(reader, now, organisation="ICB1", year=FinancialYear(2025)).shown[0]
    assert (one.values["funders"], one.funders) == (1, ("NHS England",))
    assert (one.new, one.discontinued) == ([], ["growth", "winter"])
    assert one.values["discontinued_share"] == Fraction(2, 3)
    # Of 2023/24 there is one pot, which goes on.
    over = notice_and_ending([one, first])
    assert (over.pots, over.compared, over.discontinued, over.discontinued_share) == (4, 4, 2, Fraction(1, 2))
    assert one.non_recurrent_years == {"winter": 3}
    assert one.values["recurring_one_offs"] == 1
    assert (first.new, first.discontinued, first.values["recurring_one_offs"]) == (None, [], None)
    said = [cell for line in listed.rows for cell in line]
    assert "non-recurrent, for the third year running" in said


def test_the_year_in_view_is_the_newest_in_which_an_icb_holds_money(tmp_path: Path) -> None:
    """Of 2026/27 there is national money alone, of 2025/26 some at an ICB."""
    with Store.open(small_file(tmp_path / "books.duckdb")) as store:
        drafts = [
            entry("mandate", at("GOV", "limit", year=year), at("NHS", "limit", year=year), 9, day=year.first_day)
            for year in map(FinancialYear, (2025, 2026))
        ]
        year = FinancialYear(2025)
        drafts.append(
            entry("allocate", at("NHS", "limit", year=year), at("ICB1", "core", year=year), 4, day=year.first_day)
        )
        post(store, drafts)
        with store.read() as reader:
            assert year_in_view(reader, moment(reader, date(2026, 7, 1))) == year
            # Before it begins there is nothing that has begun, and what an ICB will hold is more than nothing.
            assert year_in_view(reader, moment(reader, date(2025, 1, 1))) == year


def test_without_an_icb_the_year_in_view_is_the_newest_that_has_begun(tmp_path: Path) -> None:
    """NHS England has a mandate for both years, and in empty books there is the day's own year alone."""
    with Store.open(small_file(tmp_path / "books.duckdb")) as store:
        with store.read() as reader:
            assert year_in_view(reader, moment(reader, date(2031, 7, 1))) == FinancialYear(2031)
        post(store, [
            entry("mandate", at("GOV", "limit", year=year), at("NHS", "limit", year=year), 9, day=year.first_day)
            for year in map(FinancialYear, (2025, 2026))
        ])  # fmt: skip
        with store.read() as reader:
            days = (date(2025, 7, 1), date(2026, 7, 1), date(2031, 7, 1))
            assert [year_in_view(reader, moment(reader, day)).start for day in days] == [2025, 2026, 2026]
