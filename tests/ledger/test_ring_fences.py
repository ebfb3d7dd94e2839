"""Pots with their terms, their deadlines and daily rates; what is kept back; and where marks stand."""

from datetime import date
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entries import posting
from ledger.reports import position
from ledger.reports import pots as ring_fences
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.report import marks
from tests.books import agreement, at, entry, fund_all, new_terms, term

LAST = date(2026, 3, 31)
amounts = st.lists(st.integers(0, 10**12), min_size=1, max_size=40).filter(any)


def fences(books: Store, today: date) -> dict[str, ring_fences.Fence]:
    with books.read() as reader:
        held = position.position(reader, position.moment(reader), year=2025)
        return {one.code: one for one in ring_fences.fences(reader, held, today)}


@pytest.fixture
def dated(books: Store) -> Store:
    """The first ICB holds 600,000 of winter money, to be spent by 31 March, and has spent 240,000 of it."""
    posting.post(books, [new_terms(term("winter", "hard", version=2, spend_by=LAST, leave_by="vire,consolidate"))])
    posting.post(
        books,
        [
            entry("mandate", at("GOV", "winter"), at("NHS", "winter"), 600_000),
            entry("allocate", at("NHS", "winter"), at("ICB1", "winter"), 600_000),
            entry("spend", at("ICB1", "winter"), at("ICB1", "winter", "spent"), 240_000),
        ],
    )
    return books


def test_the_rate_is_what_is_left_over_the_days_left(dated: Store) -> None:
    fence = fences(dated, date(2026, 3, 22))["winter"]
    assert (fence.amount_pence, fence.left_pence, fence.window_days) == (600_000, 360_000, 365)
    assert (fence.days_left, fence.rate_pence) == (10, 36_000)
    assert fence.whole_rate_pence == 1644  # 600,000 over 365 days
    assert fence.is_earmarked


def test_a_deadline_that_has_passed_has_no_rate(dated: Store) -> None:
    fence = fences(dated, date(2026, 4, 1))["winter"]
    assert (fence.days_left, fence.rate_pence, fence.has_passed) == (0, None, True)


def test_before_the_window_opens_there_are_as_many_days_as_it_has(dated: Store) -> None:
    assert fences(dated, date(2024, 1, 1))["winter"].days_left == 365


def test_another_day_to_count_from_gives_the_same_as_asking_then(dated: Store) -> None:
    (moved,) = [
        one for one in ring_fences.on_day(fences(dated, LAST).values(), date(2026, 3, 22)) if one.code == "winter"
    ]
    assert moved == fences(dated, date(2026, 3, 22))["winter"]
    assert ring_fences.usual_day(date(2025, 9, 1), FinancialYear(2025)) == date(2025, 9, 1)
    assert ring_fences.usual_day(date(2026, 9, 1), FinancialYear(2025)) == date(2025, 4, 1)


def test_what_is_kept_is_told_by_agreement(funded: Store) -> None:
    posting.post(
        funded,
        [
            agreement(organisation="ICB1", fund="core", amount_pence=40_000),
            entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 100_000),
            entry("retain", at("ICB2", "core"), at("ICB2", "core", "retained"), 50_000),
        ],
    )
    with funded.read() as reader:
        now = position.moment(reader)
        found = ring_fences.kept(reader, now, position.position(reader, now), LAST)
    assert [(one.organisation, one.agreed_pence, one.not_agreed_pence, one.decision) for one in found] == [
        ("ICB1", 40_000, 60_000, "minute 7"), ("ICB2", 0, 50_000, None),
    ]  # fmt: skip
    totals = (sum(row.agreed_pence for row in found), sum(row.not_agreed_pence for row in found))
    assert totals == (40_000, 110_000)
    assert not any(row.not_a_choice_pence for row in found)


def test_nothing_held_is_told_apart_from_something(books: Store) -> None:
    with books.read() as reader:
        assert not ring_fences.held_at_all(position.position(reader, position.moment(reader)))
    fund_all(books)
    with books.read() as reader:
        assert ring_fences.held_at_all(position.position(reader, position.moment(reader)))


@given(amounts)
def test_a_lorenz_curve_rises_below_the_line_of_equals(pence: list[int]) -> None:
    points = marks.lorenz(pence)
    assert points[0] == (0, 0)
    assert points[-1] == (100, 100)
    assert all(money <= pots + 1e-9 for pots, money in points)
    assert [money for _, money in points] == sorted(money for _, money in points)


@given(amounts)
def test_the_smaller_half_holds_at_most_half(pence: list[int]) -> None:
    assert 0 <= ring_fences.smaller_half(pence) <= Fraction(1, 2)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(-(10**12), 10**12), max_size=6))
def test_a_bridge_stands_where_its_steps_lead(start: int, steps: list[int]) -> None:
    end = start + sum(steps)
    spans = marks.bridge(("a", start), [(str(place), pence) for place, pence in enumerate(steps)], ("z", end))
    assert sum(span.pence for span in spans[:-1]) == spans[-1].pence
    for before, after in pairwise(spans[:-1]):
        assert before.to_millions == after.from_millions
    with pytest.raises(ValueError, match="the bridge ends at"):
        marks.bridge(("a", start), [], ("z", start + 1))


def test_a_curve_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no money"):
        marks.lorenz([0, 0])
