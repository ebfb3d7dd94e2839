"""What became of every pot at every ICB, worked out by hand; and of the demo, against the published total."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.entries.posting import post, reverse
from ledger.reports.monitoring import PotWatched, over_all, watched
from ledger.reports.position import moment
from ledger.store.base import Store
from tests.books import at, entry


def by_pot(found: list[PotWatched], organisation: str) -> dict[str, tuple[int, ...]]:
    return {
        one.pot: (
            one.allocated_pence, one.spent_pence, one.redirected_pence, one.brought_in_pence, one.returned_pence,
            one.not_reported_pence,
        )
        for one in found
        if one.organisation == organisation
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "server"])
def test_every_pot_with_what_became_of_it(funded: Store) -> None:
    """Of 90,000 of winter money 20,000 are spent, 30,000 put to growth, 10,000 sent back; of 30,000 nobody knows."""
    posted = post(
        funded,
        [
            entry("allocate", at("NHS", "limit"), at("ICB2", "winter"), 90_000),
            entry("devolve", at("ICB2", "winter"), at("P3", "winter"), 50_000),
            entry("spend", at("P3", "winter"), at("P3", "winter", "spent"), 20_000),
            entry("vire", at("ICB2", "winter"), at("ICB2", "growth"), 30_000, authority="the tests"),
            entry("return", at("ICB2", "winter"), at("NHS", "winter"), 10_000),
            entry("allocate", at("NHS", "limit"), at("ICB2", "winter"), 7_000, key="by mistake"),
        ],
    )
    reverse(funded, posted[-1].number, actor="tests", reason="by mistake")
    with funded.read() as reader:
        found = watched(reader, moment(reader), 2025)
    own = by_pot(found, "ICB2")
    assert own["winter"] == (90_000, 20_000, 30_000, 0, 10_000, 30_000)
    assert own["growth"] == (0, 0, 0, 30_000, 0, 30_000)
    (winter,) = [one for one in found if one.pot == "winter"]
    assert (winter.grade, winter.is_reported, winter.leaked) == ("hard", True, Fraction(1, 3))


def test_of_the_demo_nothing_is_reported_and_the_published_total_came(demo_ledger: Path) -> None:
    """Every ICB line of 2025/26 together, as NHS England published them, less what is below zero."""
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        found = watched(reader, moment(reader, date(2026, 3, 31)), 2025)
    assert len({one.organisation for one in found}) == 42
    assert sum(one.allocated_pence for one in found) == 16_024_116_447_831
    assert {one.spent_pence for one in found} == {0}
    # What stands below zero in the file was taken off, and put to no other use.
    assert {(one.redirected_pence, one.returned_pence, one.is_reported) for one in found} == {(0, 0, False)}
    assert [row.holders for row in over_all(found)][:3] == [42, 42, 42]
    assert all(one.pot != "core-technology-licence" for one in found)
    assert all(one.leaked is None for one in found)
