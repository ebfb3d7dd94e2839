"""When it counts and when we knew: both clocks, in every answer."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.reports.measures import measures
from ledger.reports.position import Moment, flows, moment, position
from ledger.store.base import Store
from tests.books import APRIL, JUNE, MAY, at, entry, fund_all, held, new_relations, new_terms, term, whole
from tests.shelves import set_clock


def test_what_counts_from_june_is_not_there_in_may(funded: Store) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10, day=JUNE)])
    assert ("P1", "core", "available") not in held(funded, as_at=date(2025, 5, 31))
    assert held(funded, as_at=JUNE)["P1", "core", "available"] == 10


def test_a_correction_changes_what_is_known_but_not_what_was(funded: Store) -> None:
    (wrong,) = post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10, day=MAY)])
    reverse(funded, wrong.number, reason="wrong place", actor="tests")
    assert ("P1", "core", "available") not in held(funded, as_at=JUNE)
    assert held(funded, as_at=JUNE, known_at=wrong.recorded_at)["P1", "core", "available"] == 10
    before = wrong.recorded_at - timedelta(microseconds=1)
    assert ("P1", "core", "available") not in held(funded, as_at=JUNE, known_at=before)


def test_recorded_times_rise_even_when_the_clock_is_put_back(books: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fund_all(books)[-1].recorded_at
    set_clock(books, monkeypatch, datetime(2020, 1, 1, tzinfo=UTC))
    (later,) = post(books, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
    assert later.recorded_at == first + timedelta(microseconds=1)


def test_what_will_be_known_is_not_settled(books: Store) -> None:
    with books.read() as reader, pytest.raises(Refused, match="is in the future"):
        moment(reader, known_at=datetime.now(UTC) + timedelta(hours=1))


def test_the_terms_shown_are_those_of_the_day(funded: Store) -> None:
    post(funded, [new_terms(term("core", "soft", effective_from=JUNE))])
    grades = {
        day: {row["grade"] for row in whole(funded, day).to_pylist() if row["fund"] == "core"} for day in (APRIL, JUNE)
    }
    assert grades == {APRIL: {"none"}, JUNE: {"soft"}}


def test_flows_read_downwards_and_take_off_what_went_back(funded: Store) -> None:
    post(funded, [entry("return", at("ICB1", "core"), at("NHS", "core"), 50_000)])
    with funded.read() as reader:
        rows = flows(reader, moment(reader), ["from_tier", "to_tier"]).to_pylist()
        by_icb = flows(reader, moment(reader), ["to_organisation"], organisation="ICB1").to_pylist()
    assert rows == [
        {"from_tier": "government", "to_tier": "national", "amount_pence": 1_000_000},
        {"from_tier": "national", "to_tier": "icb", "amount_pence": 850_000},
    ]
    assert by_icb == [{"to_organisation": "ICB1", "amount_pence": 550_000}]


def scoped(store: Store, code: str, as_at: date | None = None) -> dict[tuple[str, str], int]:
    with store.read() as reader:
        rows = position(reader, moment(reader, as_at), organisation=code).to_pylist()
    return {(row["organisation"], row["standing"]): row["amount_pence"] for row in rows}


def test_a_network_in_two_icbs_is_seen_by_each_with_its_own_money(funded: Store) -> None:
    post(
        funded,
        [
            entry("devolve", at("ICB1", "core"), at("N2", "core"), 70),
            entry("devolve", at("ICB2", "core"), at("N2", "core"), 30),
        ],
    )
    post(funded, [entry("spend", at("N2", "core"), at("N2", "core", "spent"), 90)])
    one, two = scoped(funded, "ICB1"), scoped(funded, "ICB2")
    assert (sum(one.values()), one["N2", "available"]) == (600_000, 70)
    assert (sum(two.values()), two["N2", "available"]) == (300_000, 30)
    assert scoped(funded, "N2") == {("N2", "available"): 10, ("N2", "spent"): 90}


def test_money_that_came_another_way_counts_where_it_is_held(funded: Store) -> None:
    post(funded, [entry("devolve", at("NHS", "limit"), at("P1", "core"), 1_000)])
    post(funded, [entry("spend", at("P1", "core"), at("P1", "core", "spent"), 400)])
    assert sum(scoped(funded, "ICB1").values()) == 601_000
    with funded.read() as reader:
        found = {m.name: m.value for m in measures(position(reader, moment(reader), organisation="ICB1"))}
    assert found["total"] == 601_000


def test_a_place_that_changes_its_icb_takes_its_money_along(funded: Store) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 1_000)])
    autumn = date(2025, 10, 1)
    post(funded, [new_relations(
        {"id": "until", "parent": "ICB1", "child": "P1", "scheme": "line", "supersedes": "ICB1>P1", "valid_from": date(2020, 4, 1), "valid_to": autumn},
        {"id": "from", "parent": "ICB2", "child": "P1", "scheme": "line", "valid_from": autumn})])  # fmt: skip
    for day, first, second in ((date(2025, 9, 30), 600_000, 300_000), (autumn, 599_000, 301_000)):
        assert (sum(scoped(funded, "ICB1", day).values()), sum(scoped(funded, "ICB2", day).values())) == (first, second)


def test_a_batch_is_known_all_at_once(books: Store) -> None:
    """An entry that rests on a later one of its batch is never seen without it."""
    posted = post(books, [
        entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 100),
        entry("devolve", at("ICB1", "core"), at("P1", "core"), 100),
        entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 100),
    ])  # fmt: skip
    assert len({entry_.recorded_at for entry_ in posted}) == 1
    assert held(books, known_at=posted[1].recorded_at)["P1", "core", "available"] == 100


def test_now_is_all_that_is_recorded_even_by_a_clock_that_ran_ahead(
    books: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=1)
    set_clock(books, monkeypatch, ahead)
    fund_all(books)
    assert held(books)["ICB1", "core", "available"] == 600_000


def test_before_the_first_entry_the_head_is_the_beginning(books: Store) -> None:
    with books.read() as reader:
        assert moment(reader, known_at=datetime(2000, 1, 1, tzinfo=UTC)).head == "0" * 64


def test_an_unknown_organisation_or_column_is_refused(funded: Store) -> None:
    with funded.read() as reader:
        now: Moment = moment(reader)
        with pytest.raises(Refused, match="there is no column 'tear'"):
            flows(reader, now, ["tear"])
        with pytest.raises(Refused, match="no organisation 'ICB9'"):
            flows(reader, now, ["fund"], organisation="ICB9")
