"""From a figure back to its entries, what changed since a day, and all positions of a tier at once."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.entries import posting
from ledger.errors import Refused
from ledger.reports import journal, position, summary
from ledger.reports.position import position_of_each
from ledger.reports.trail import any_of, rows_behind, total_pence, trail
from ledger.store.base import Store
from tests.books import at, entry, fund_all, whole


def test_entries_are_listed_the_newest_first_with_what_they_move(funded: Store) -> None:
    with funded.read() as reader:
        found = journal.entries(reader, position.moment(reader))
        assert [row["kind"] for row in found.rows[:3]] == ["allocate", "allocate", "mandate"]
        assert [row["moved_pence"] for row in found.rows[:3]] == [300_000, 600_000, 1_000_000]
        assert found.total == len(found.rows) == 5
        assert journal.entries(reader, position.moment(reader), kind="mandate").total == 1
        assert journal.kinds(reader) == ["allocate", "mandate", "structure", "terms"]


def test_an_entry_has_its_legs_and_an_unknown_one_is_refused(books: Store) -> None:
    posted = fund_all(books)
    with books.read() as reader:
        (leg,) = journal.legs(reader, posted[1].number)
        assert (leg["from_organisation"], leg["to_organisation"], leg["amount_pence"]) == ("NHS", "ICB1", 600_000)
        assert journal.entry(reader, posted[1].number)["legs"] == 1
        with pytest.raises(Refused, match="there is no entry 99"):
            journal.entry(reader, 99)


def test_a_reversal_is_seen_from_both_sides(books: Store) -> None:
    posted = fund_all(books)
    undone = posting.reverse(books, posted[2].number, reason="entered twice", actor="tests")
    with books.read() as reader:
        assert journal.entry(reader, posted[2].number)["reversed_by"] == undone.number
        found = journal.entries(reader, position.moment(reader), only_reversals=True)
        assert {row["number"] for row in found.rows} == {posted[2].number, undone.number}


def test_a_trail_sums_to_the_balance(funded: Store) -> None:
    posting.post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 250_000)])
    with funded.read() as reader:
        found = trail(reader, position.moment(reader), "ICB1", fund="core")
    assert position.total_pence(found) == 350_000
    assert sorted(found["amount_pence"].to_pylist()) == [-250_000, 600_000]


def test_who_held_money_on_which_lines_and_in_which_years(funded: Store) -> None:
    with funded.read() as reader:
        assert list(journal.organisations(reader)) == ["GOV", "NHS", "ICB1", "ICB2"]
        assert journal.funds(reader, "ICB1") == {"core": "Core"}
        assert journal.years(reader) == [2025]


def test_sources_say_what_they_rest_on(demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        found = journal.sources(reader, position.moment(reader))
    assert [(name[:28], standing) for name, standing in found] == [
        ("Financial directions to NHS ", "published"),
        ("NHS England, ICB allocations", "published"),
        ("Illustrative devolution poli", "illustrative"),
    ]


def test_a_word_in_a_files_name_makes_nothing_illustrative_and_what_was_undone_is_no_source(funded: Store) -> None:
    own = {"source": "our plan (illustrative).xlsx", "standing": "own"}
    given, made_up = (entry("devolve", at("ICB1", "core"), at("P1", "core"), pence) for pence in (100, 200))
    _, second = posting.post(
        funded, [replace(given, **own), replace(made_up, source="A sketch", standing="illustrative")]
    )
    with funded.read() as reader:
        now = position.moment(reader)
        assert journal.sources(reader, now)[-2:] == [
            ("our plan (illustrative).xlsx", "own"), ("A sketch", "illustrative")
        ]  # fmt: skip
        assert now.illustrative
    posting.reverse(funded, second.number, actor="anna", reason="A slip")
    with funded.read() as reader:
        after = position.moment(reader)
        assert journal.sources(reader, after)[-1] == ("our plan (illustrative).xlsx", "own")
        assert not after.illustrative
        then = position.moment(reader, known_at=now.known_at)
        assert then.illustrative


def test_what_a_figure_is_made_of_sums_to_it(funded: Store) -> None:
    posting.post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 250_000)])
    held = whole(funded)
    rows = rows_behind(held, {"tier": "icb"})
    assert [(row["organisation"], row["amount_pence"]) for row in rows] == [("ICB1", 350_000), ("ICB2", 300_000)]
    assert total_pence(rows_behind(held, {})) == 1_000_000
    with pytest.raises(KeyError):
        rows_behind(held, {"organisation": "ICB1"})
    assert total_pence(rows_behind(held, {"held_by": any_of(["ICB2", "ICB1", "ICB1"])})) == 650_000


def test_changes_since_a_day_count_later_days_and_later_knowledge(funded: Store) -> None:
    tomorrow = position.datetime.now(position.UTC).date() + timedelta(days=1)
    with funded.read() as reader:
        now = position.moment(reader)
        found = summary.since(reader, date(2025, 4, 1), now)
        # Nothing had been recorded then, though it counts from that day.
        assert found.entries == 5
        assert {(row.tier, row.change_pence) for row in found.rows} == {
            ("National", 100_000), ("Integrated care board", 900_000),
        }  # fmt: skip
        assert summary.since(reader, now.as_at, now).rows == ()
        with pytest.raises(Refused, match="in the future"):
            summary.since(reader, tomorrow, now)


def test_all_positions_of_a_tier_are_those_of_each(funded: Store) -> None:
    """A network below two ICBs counts in each with what came from there."""
    posting.post(
        funded,
        [
            entry("devolve", at("ICB1", "core"), at("P1", "core"), 250_000),
            entry("devolve", at("P1", "core"), at("N2", "core"), 70_000),
            entry("devolve", at("ICB2", "core"), at("P3", "core"), 90_000),
            entry("devolve", at("P3", "core"), at("N2", "core"), 20_000),
            entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 10_000),
        ],
    )
    with funded.read() as reader:
        now = position.moment(reader)
        each = position_of_each(reader, now, "icb", 2025)
        for code in ("ICB1", "ICB2"):
            alone = position.position(reader, now, organisation=code, year=2025).to_pylist()
            assert _plain(each[code].to_pylist()) == _plain(alone)
        assert sum(row["amount_pence"] for row in each["ICB2"].to_pylist()) == 300_000


def test_a_network_that_keeps_money_is_still_divided_as_alone(funded: Store) -> None:
    posting.post(
        funded,
        [
            entry("devolve", at("ICB1", "core"), at("P1", "core"), 250_000),
            entry("devolve", at("P1", "core"), at("N2", "core"), 70_000),
            entry("retain", at("N2", "core"), at("N2", "core", "retained"), 30_000),
        ],
    )
    with funded.read() as reader:
        now = position.moment(reader)
        alone = position.position(reader, now, organisation="ICB1", year=2025).to_pylist()
        assert _plain(position_of_each(reader, now, "icb", 2025)["ICB1"].to_pylist()) == _plain(alone)


def test_all_icbs_of_the_demo_are_as_each_alone(demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        now = position.moment(reader)
        each = position_of_each(reader, now, "icb", 2025)
        assert len(each) == 42
        for code in ("QE1", "QMM"):
            alone = position.position(reader, now, organisation=code, year=2025).to_pylist()
            assert _plain(each[code].to_pylist()) == _plain(alone)


def _plain(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return sorted(
        (row["organisation"], row["fund"], row["standing"], row["grade"], row["amount_pence"]) for row in rows
    )


@pytest.mark.parametrize("icb", [None, "QWO", "QHM", "QE1"])
def test_every_band_and_card_of_the_overview_is_the_sum_of_what_it_leads_to(demo_ledger: Path, icb: str | None) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        now = position.moment(reader)
        found = summary.take(reader, now, year=2025, icb=icb)
        held = position.position(reader, now, organisation=icb, year=2025)
    assert len(found.links) > 8
    for link in found.links:
        assert total_pence(rows_behind(held, link.only)) == link.amount_pence, link
    for part in (found.local_and_free, found.ring_fenced):
        assert 0 < total_pence(rows_behind(held, part.only)) == part.pence
