"""When it counts and when we knew: both clocks, in every answer."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger import posting
from ledger.errors import Refused
from ledger.position import Moment, flows, moment
from ledger.posting import post, reverse
from ledger.store import Store
from tests.books import APRIL, JUNE, MAY, at, entry, fund_all, held, new_terms, term, whole


def test_what_counts_from_june_is_not_there_in_may(books: Store) -> None:
    fund_all(books)
    post(books, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10, day=JUNE)])
    assert ("P1", "core", "available") not in held(books, as_at=date(2025, 5, 31))
    assert held(books, as_at=JUNE)["P1", "core", "available"] == 10


def test_a_correction_changes_what_is_known_but_not_what_was(books: Store) -> None:
    fund_all(books)
    (wrong,) = post(books, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10, day=MAY)])
    reverse(books, wrong.number, reason="wrong place", actor="tests")
    assert ("P1", "core", "available") not in held(books, as_at=JUNE)
    assert held(books, as_at=JUNE, known_at=wrong.recorded_at)["P1", "core", "available"] == 10
    before = wrong.recorded_at - timedelta(microseconds=1)
    assert ("P1", "core", "available") not in held(books, as_at=JUNE, known_at=before)


def test_recorded_times_rise_even_when_the_clock_is_put_back(books: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fund_all(books)[-1].recorded_at
    monkeypatch.setattr(posting, "_now", lambda: datetime(2020, 1, 1, tzinfo=UTC))
    (later,) = post(books, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
    assert later.recorded_at == first + timedelta(microseconds=1)


def test_what_will_be_known_is_not_settled(books: Store) -> None:
    with books.read() as reader, pytest.raises(Refused, match="is in the future"):
        moment(reader, known_at=datetime.now(UTC) + timedelta(hours=1))


def test_the_terms_shown_are_those_of_the_day(books: Store) -> None:
    fund_all(books)
    post(books, [new_terms(term("core", "soft", effective_from=JUNE))])
    grades = {
        day: {row["grade"] for row in whole(books, day).to_pylist() if row["fund"] == "core"} for day in (APRIL, JUNE)
    }
    assert grades == {APRIL: {"none"}, JUNE: {"soft"}}


def test_flows_read_downwards_and_take_off_what_went_back(books: Store) -> None:
    fund_all(books)
    post(books, [entry("return", at("ICB1", "core"), at("NHS", "core"), 50_000)])
    with books.read() as reader:
        rows = flows(reader, moment(reader), ["from_tier", "to_tier"]).to_pylist()
        by_icb = flows(reader, moment(reader), ["to_organisation"], organisation="ICB1").to_pylist()
    assert rows == [
        {"from_tier": "government", "to_tier": "national", "amount_pence": 1_000_000},
        {"from_tier": "national", "to_tier": "icb", "amount_pence": 850_000},
    ]
    assert by_icb == [{"to_organisation": "ICB1", "amount_pence": 550_000}]


def test_a_network_in_two_icbs_is_seen_by_each_with_its_own_money(books: Store) -> None:
    fund_all(books)
    post(
        books,
        [
            entry("devolve", at("ICB1", "core"), at("N2", "core"), 70),
            entry("devolve", at("ICB2", "core"), at("N2", "core"), 30),
        ],
    )
    totals = {}
    with books.read() as reader:
        from ledger.position import position, total_pence

        at_now = moment(reader)
        for code in ("ICB1", "ICB2", "N2"):
            table = position(reader, at_now, organisation=code)
            totals[code] = (
                total_pence(table),
                {r["organisation"]: r["amount_pence"] for r in table.to_pylist()}.get("N2"),
            )
    assert totals == {"ICB1": (600_000, 70), "ICB2": (300_000, 30), "N2": (100, 100)}


def test_an_unknown_organisation_or_column_is_refused(books: Store) -> None:
    fund_all(books)
    with books.read() as reader:
        now: Moment = moment(reader)
        with pytest.raises(Refused, match="there is no column 'tear'"):
            flows(reader, now, ["tear"])
        with pytest.raises(Refused, match="no organisation 'ICB9'"):
            flows(reader, now, ["fund"], organisation="ICB9")
