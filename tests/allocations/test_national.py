"""All ICBs side by side: the same figures as each has alone, ranks, peers and alerts."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from allocations.shares import national, restated
from allocations.shares.national import ABOVE, BELOW, IcbStanding, Threshold
from ledger.reports import measures, position
from ledger.store.base import Reader, Store

TIED = "ring_fenced_share_with_soft"


@pytest.fixture(scope="module")
def reader(demo_ledger: Path) -> Iterator[Reader]:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as found:
        yield found


@pytest.fixture(scope="module")
def rows(reader: Reader) -> list[IcbStanding]:
    return national.standings(reader, position.moment(reader), 2025)


def test_each_icb_has_the_measures_that_it_has_alone(reader: Reader, rows: list[IcbStanding]) -> None:
    assert len(rows) == 42
    (own,) = [row for row in rows if row.code == "QWO"]
    alone = position.position(reader, position.moment(reader), organisation="QWO", year=2025)
    for measure in measures.measures(alone):
        if measure.name in national.COMPARED:
            assert own.values[measure.name] == measure.value
    assert own.total_pence == 672_633_873_697
    assert own.region == "North East and Yorkshire"


def test_as_is_there_are_36_with_the_same_money(reader: Reader, rows: list[IcbStanding]) -> None:
    day = date(2026, 4, 1)
    now = national.standings(reader, position.moment(reader), 2025, day)
    assert len(now) == 36
    # What straddles ICBs is counted by its parts there, so the whole is what all ICBs hold.
    (essex,) = [row for row in now if row.code == "D7T5G"]
    alone = restated.position(reader, position.moment(reader), day, organisation="D7T5G", year=2025)
    for measure in measures.measures(alone):
        if measure.name in national.COMPARED:
            assert essex.values[measure.name] == measure.value
    assert sum(row.total_pence for row in now) == sum(row.total_pence for row in rows)


def test_ranks_run_from_high_to_low_and_leave_out_the_undefined(rows: list[IcbStanding]) -> None:
    order = [value for _, value in national.ranked(rows, TIED)]
    assert order == sorted(order, reverse=True)
    assert [row.code for row, _ in national.ranked([_icb("A", 1), _icb("B", 1, "0.5")], TIED)] == ["B"]


def test_peers_are_the_nearest_in_population() -> None:
    found = national.peers([_icb("A", 10), _icb("B", 11), _icb("C", 30), _icb("D", None), _icb("E", 8)], "A")
    assert [row.code for row in found] == ["B", "E", "C"]
    assert national.peers([_icb("A", 10)], "nobody") == []


def test_alerts_name_those_beyond_a_limit_and_nobody_at_it() -> None:
    rows = [_icb("A", 1, "0.3"), _icb("B", 1, "0.5"), _icb("C", 1, "0.4"), _icb("D", 1, None)]
    above = national.alerts(rows, [Threshold(TIED, Fraction("0.3"), ABOVE)])
    assert [alert.code for alert in above] == ["B", "C"]
    below = national.alerts(rows, [Threshold(TIED, Fraction("0.5"), BELOW)])
    assert [alert.code for alert in below] == ["A", "C"]


def test_every_icb_has_a_square_of_its_own(rows: list[IcbStanding]) -> None:
    squares = national.squares()
    was = [squares[row.code] for row in rows]
    assert len(set(was)) == 42


def _icb(code: str, people: int | None, tied: str | None = None) -> IcbStanding:
    value = None if tied is None else Fraction(tied)
    return IcbStanding(code, f"ICB {code}", None, 1, None if people is None else people * 10**9, {TIED: value})


def test_all_together_are_measured_by_the_same_money_as_each(reader: Reader, rows: list[IcbStanding]) -> None:
    """Counted again by pandas from all that is held below the national body; so it lies between its ICBs."""
    whole = national.together(reader, position.moment(reader), 2025)
    assert whole is not None
    held = position.position(reader, position.moment(reader), year=2025).to_pandas()
    below = held[~held["tier"].isin(["government", "national"])]
    total = int(below["amount_pence"].sum())
    tied = int(below[below["grade"].isin(["soft", "hard", "statutory"])]["amount_pence"].sum())
    free = below[below["grade"].isin(["none", "monitored"]) & (below["depth"] > 0)]
    assert whole.total_pence == total == sum(row.total_pence or 0 for row in rows)
    assert whole.values[TIED] == Fraction(tied, total)
    assert whole.values["untied_devolved_share"] == Fraction(int(free["amount_pence"].sum()), total)
    for name in (TIED, "untied_devolved_share", "retained_without_agreement_share", "devolved_share"):
        order = [value for _, value in national.ranked(rows, name)]
        assert order[-1] <= (whole.values[name] or 0) <= order[0]


def test_a_limit_near_the_data_is_passed_by_a_tenth() -> None:
    """Of 20 ICBs with 10.5% to 29.5% two lie above 28%, and two below 12%; where all are alike there is no limit."""
    rows = [_icb(f"A{number:02}", 1, f"0.{105 + 10 * number}") for number in range(20)]
    above, below = national.near(rows, TIED, ABOVE), national.near(rows, TIED, BELOW)
    assert (above, below) == (28, 12)
    for side, limit in ((ABOVE, 28), (BELOW, 12)):
        assert len(national.alerts(rows, [Threshold(TIED, Fraction(limit, 100), side)])) == 2
    # At a whole percent itself the limit lies just beside it, for a value at a limit raises no alert.
    assert national.near([_icb("A", 1, "0.2"), _icb("B", 1, "0.3")], TIED, ABOVE) == 29
    assert national.near([_icb("A", 1, "0.2"), _icb("B", 1, "0.2")], TIED, ABOVE) is None
