"""A trend says at each point what the books say of that point by themselves, on both clocks."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.reports.measures import PARTS, measures
from ledger.reports.position import moment, position
from ledger.reports.trend import MEASURES, WHOLE, month_ends, trend, year_ends
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.books import APRIL, ORGANISATIONS, at, entry, fund_all, new_relations, new_terms, small_books, term
from tests.shelves import Shelf, set_clock

NEXT = FinancialYear(2026)
CODES = [code for code, _, _ in ORGANISATIONS if code != "GOV"]
END = date(2026, 9, 15)


@pytest.fixture
def eventful(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Two years in which everything moves: money, terms, a place, and what was known of it."""
    store = Store.create(shelf.place("eventful"))
    set_clock(store, monkeypatch, datetime(2025, 3, 1, tzinfo=UTC))
    small_books(store)
    set_clock(store, monkeypatch, datetime(2025, 4, 1, tzinfo=UTC))
    fund_all(store)
    post(store, [entry("devolve", at("ICB1", "core"), at("N2", "core"), 70_000, day=date(2025, 4, 20)),
                 entry("devolve", at("ICB2", "core"), at("N2", "core"), 30_000, day=date(2025, 5, 20))])  # fmt: skip
    set_clock(store, monkeypatch, datetime(2025, 6, 1, tzinfo=UTC))
    late = term("winter", "hard", effective_from=date(2025, 6, 1), notified_on=date(2025, 6, 1), recurrent=False)
    post(store, [new_terms(late), new_terms(term("core", "soft", effective_from=date(2025, 9, 1)), key="autumn")])
    (wrong, _) = post(store, [
        entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 40_000, day=date(2025, 6, 10)),
        entry("devolve", at("ICB1", "core"), at("P1", "core"), 5_000, day=date(2025, 6, 10)),
    ])  # fmt: skip
    post(store, [entry("spend", at("N2", "core"), at("N2", "core", "spent"), 90_000, day=date(2025, 7, 1))])
    set_clock(store, monkeypatch, datetime(2025, 9, 20, tzinfo=UTC))
    # Dated back to June, and known in September alone.
    reverse(store, wrong.number, reason="not theirs", actor="tests")
    moved = date(2025, 10, 1)
    post(store, [new_relations(
        {"id": "until", "parent": "ICB1", "child": "P1", "scheme": "line", "supersedes": "ICB1>P1",
         "valid_from": date(2020, 4, 1), "valid_to": moved},
        {"id": "since", "parent": "ICB2", "child": "P1", "scheme": "line", "valid_from": moved})])  # fmt: skip
    set_clock(store, monkeypatch, datetime(2026, 4, 2, tzinfo=UTC))
    given = [entry("mandate", at("GOV", "limit", year=NEXT), at("NHS", "limit", year=NEXT), 900, day=NEXT.first_day),
             entry("allocate", at("NHS", "limit", year=NEXT), at("ICB2", "growth", year=NEXT), 300,
                   day=date(2026, 6, 1))]  # fmt: skip
    post(store, given)
    return store


@pytest.mark.parametrize("as_then", [False, True])
def test_every_point_is_what_the_books_say_of_it_alone(eventful: Store, *, as_then: bool) -> None:
    with eventful, eventful.read() as reader:
        now = moment(reader, END)
        points = [*month_ends(reader, now, 2025, as_then=as_then), *month_ends(reader, now, 2026, as_then=as_then)]
        found = trend(reader, points, [WHOLE, *CODES])
        seen = set()
        for place, point in enumerate(points):
            alone = moment(reader, point.as_at, point.known_at)
            assert alone.known == point.known
            for code in [WHOLE, *CODES]:
                held = position(reader, alone, organisation=code or None, year=point.year)
                values = {measure.name: measure.value for measure in measures(held)}
                standing = found[code][place]
                assert standing.total_pence == values["total"], (code, point)
                assert standing.values == {name: values[name] for name in MEASURES}, (code, point)
                seen.add(tuple(standing.values.values()))
    # Had nothing moved, the test would show nothing.
    assert len(seen) > 10


def test_months_end_with_the_moment_and_years_with_their_march(eventful: Store) -> None:
    with eventful, eventful.read() as reader:
        months = month_ends(reader, moment(reader, END), 2026)
        assert [point.as_at for point in months] == [
            date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), END
        ]  # fmt: skip
        assert len(month_ends(reader, moment(reader, END), 2025)) == 12
        assert month_ends(reader, moment(reader, date(2026, 3, 31)), 2026) == []
        years = year_ends(reader, moment(reader, END))
        assert [(point.year, point.as_at) for point in years] == [(2025, date(2026, 3, 31)), (2026, END)]
        whole = trend(reader, years)[WHOLE]
    assert [standing.total_pence for standing in whole] == [1_000_000, 900]


def test_what_was_known_then_differs_from_what_is_known_now(eventful: Store) -> None:
    with eventful, eventful.read() as reader:
        now = moment(reader, END)
        then, since = (
            trend(reader, month_ends(reader, now, 2025, as_then=as_then), ["ICB1"])["ICB1"][3]
            for as_then in (True, False)
        )
    # In July the winter money was still taken for theirs, and it was notified in the year.
    assert (then.total_pence, since.total_pence) == (640_000, 600_000)
    assert then.values["in_year_share"] == then.values["non_recurrent_share"] == Fraction(40_000, 640_000)
    assert since.values["in_year_share"] == 0


def test_before_anything_is_held_no_share_is_defined(books: Store) -> None:
    with books.read() as reader:
        points = month_ends(reader, moment(reader, date(2025, 5, 5)), 2025)
        (april, may) = trend(reader, points)[WHOLE]
    assert april.total_pence is may.total_pence is None
    assert set(april.values) == set(PARTS)
    assert set(april.values.values()) == {None}


def test_an_unknown_organisation_is_refused_with_the_nearest(funded: Store) -> None:
    with funded.read() as reader, pytest.raises(Refused, match=r"no organisation 'ICB11'.*Did you mean ICB1"):
        trend(reader, month_ends(reader, moment(reader, APRIL), 2025), ["ICB11"])
