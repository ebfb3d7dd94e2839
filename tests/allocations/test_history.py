"""The years before 2025/26 in the demo's ledger: what was published, in its own year, to the penny."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from allocations.demo import build, history, practice_payments
from allocations.demo.stages import Stage
from allocations.figures import tables
from ledger.entries.draft import Draft, records
from ledger.models import Fund
from ledger.reports import position
from ledger.reports.over_receivers import middle, packets, spread
from ledger.reports.receivers import received
from ledger.reports.verify import verify
from ledger.store.base import Reader, Store

# As published, worked out beside the product: all lines, and what 12 practices paid back beyond what they were paid.
PUBLISHED, OWED = 1_101_198_663_011, 9_970_798
OWING = {
    "A81015": 262_876, "A82060": 15_697, "E82620": 252_875, "F85654": 11_761, "G82072": 7_530_420, "G85055": 7_735,
    "H85695": 369_578, "J82220": 4, "L84044": 198_101, "Y02501": 361_354, "Y02645": 9_270, "Y02786": 951_127,
}  # fmt: skip
# The 42 ICBs together, in pounds, added up cell by cell beside the product.
LINES: dict[int, dict[str, str]] = {
    2023: {
        "core-recurrent": "101260119000.00", "core-covid": "429375971.33", "core-elective-recovery": "2462717999.99",
        "core-discharge": "299999706.97", "core-capacity-funding": "590000000.00",
        "primary-medical-recurrent": "10611684000.00", "pod-recurrent": "5484993310.34",
        "running-costs": "1108760000.00",
    },
    2024: {
        "core-recurrent": "103817368000.00", "core-elective-recovery": "2543582999.97",
        "core-discharge": "500000000.00", "primary-medical-recurrent": "11008325000.00",
        "pod-recurrent": "5600652096.48", "running-costs": "908760000.00",
    },
}  # fmt: skip
# Pots of these years, which have tests of their own.
POTS = {row["pot"] for row in tables.table("pots").to_pylist() if row["held_already_on"] != row["pot"]}
ALL_ICBS = {2023: "122247649988.63", 2024: "124378688096.45"}


@pytest.fixture(scope="module")
def reader(all_years_ledger: Path) -> Iterator[Reader]:
    with Store.open(all_years_ledger, read_only=True) as store, store.read() as reader:
        yield reader


@pytest.fixture(scope="module")
def held(reader: Reader) -> dict[str, dict[str, int]]:
    """Practice to line to pence at the end of 2022/23; lines on which nothing is left are not there."""
    whole = position.position(reader, position.moment(reader), year=2022)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in position.grouped(reader, whole, ["organisation", "tier", "fund"]).to_pylist():
        if row["tier"] == "practice" and row["amount_pence"]:
            found[row["organisation"]][row["fund"]] = row["amount_pence"]
    return found


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, int]]:
    """Practice to line to pence, as shipped: a test of the shipped table ties each practice to its printed total."""
    rows = tables.table("practice_payments_2022_23").to_pylist()
    return {row["practice"]: {name: row[name] for name in row if name.startswith("practice-")} for row in rows}


def test_the_shipped_table_is_what_was_published(published: dict[str, dict[str, int]]) -> None:
    amounts = [pence for lines in published.values() for pence in lines.values()]
    assert len(published) == 6_669
    assert {len(lines) for lines in published.values()} == {43}
    assert sum(amounts) == PUBLISHED
    assert sum(pence > 0 for pence in amounts) == 134_450
    assert sum(pence < 0 for pence in amounts) == 1_298


def test_of_every_practice_the_lines_sum_to_the_printed_total(
    held: dict[str, dict[str, int]], published: dict[str, dict[str, int]]
) -> None:
    printed = {practice: sum(lines.values()) for practice, lines in published.items()}
    # What cannot be held in books without debts is listed, practice by practice.
    listed: dict[str, int] = defaultdict(int)
    for recovery in practice_payments.not_met():
        listed[recovery.practice] += recovery.not_met_pence
    assert listed == OWING
    assert {practice: -total for practice, total in printed.items() if total < 0} == OWING
    for practice, total in printed.items():
        assert sum(held.get(practice, {}).values()) - OWING.get(practice, 0) == total, practice


def test_nationally_what_went_out_less_what_came_back_is_what_was_published(reader: Reader) -> None:
    at = position.moment(reader)
    rows = position.flows(reader, at, ["from_tier", "to_tier", "year"], year=2022).to_pylist()
    to_practices = {row["to_tier"]: row["amount_pence"] for row in rows}["practice"]
    assert to_practices - OWED == PUBLISHED
    assert sum(OWING.values()) == OWED


def test_a_recovery_is_a_return_of_its_line(reader: Reader, published: dict[str, dict[str, int]]) -> None:
    at = position.moment(reader)
    moved = position.flows(reader, at, ["to_organisation", "to_tier", "fund", "kind"], year=2022).to_pylist()
    returned = {(row["to_organisation"], row["fund"]): -row["amount_pence"] for row in moved if row["kind"] == "return"}
    below_zero = {
        (practice, fund): -pence for practice, lines in published.items() for fund, pence in lines.items() if pence < 0
    }
    for recovery in practice_payments.not_met():
        below_zero[recovery.practice, recovery.fund] -= recovery.not_met_pence
    assert returned == {key: pence for key, pence in below_zero.items() if pence}
    assert sum(returned.values()) + OWED == 3_064_869_890


def test_how_scattered_the_money_of_practices_is(held: dict[str, dict[str, int]]) -> None:
    """The right values of the published file, by arithmetic that is none of the product's."""
    practices = [sorted(lines.values()) for lines in held.values()]
    streams = [pence for lines in practices for pence in lines]
    counts = [len(lines) for lines in practices] + [0] * (6_669 - len(practices))
    assert median(counts) == 20
    assert max(counts) == 32
    assert round(median(share_that_brings(lines, Fraction(5, 100)) for lines in practices), 2) == Fraction("0.65")
    assert round(median(share_that_brings(lines, Fraction(1, 100)) for lines in practices), 2) == Fraction("0.39")
    small = [pence for pence in streams if pence < 500_000]
    assert round(Fraction(len(small), len(streams)), 2) == Fraction("0.44")
    assert round(Fraction(sum(small), sum(streams)), 3) == Fraction("0.009")
    effective = [Fraction(sum(lines) ** 2, sum(pence**2 for pence in lines)) for lines in practices]
    assert round(median(effective), 2) == Fraction("2.39")


def test_receivers_tell_the_same_of_practices(reader: Reader) -> None:
    """The view of any receiver, by practice, against the same right values of the published file."""
    found, _ = received(reader, position.moment(reader), "practice", organisation=None, year=2022)
    assert middle(found, "streams") == middle(found, "pots") == 20
    assert round(middle(found, "streams_in_last_5_percent") or 0, 2) == Fraction("0.65")
    assert round(middle(found, "streams_in_last_1_percent") or 0, 2) == Fraction("0.39")
    assert round(middle(found, "effective_number") or 0, 2) == Fraction("2.39")
    assert spread(found, "streams").worst[0].values["streams"] == 32
    small = packets(found)
    assert (round(small.of_pots or 0, 2), round(small.of_money or 0, 3)) == (Fraction("0.44"), Fraction("0.009"))
    # Of none is it known when notice came or how many returns it asks for, and that is told and is no zero.
    assert middle(found, "returns_per_year") is middle(found, "in_year_share") is None
    assert all(one.unknown["returns_per_year"] == len(one.pots) for one in found)


def share_that_brings(ascending: list[int], last: Fraction) -> Fraction:
    """Of the streams of a practice those that together bring no more than the last part of its money."""
    brought, count = 0, 0
    for pence in ascending:
        brought += pence
        if brought > last * sum(ascending):
            break
        count += 1
    return Fraction(count, len(ascending))


@pytest.mark.parametrize("start", LINES)
def test_the_workbook_years_tie_line_by_line(reader: Reader, start: int) -> None:
    at = position.moment(reader)
    rows = position.flows(reader, at, ["from_tier", "to_tier", "fund"], year=start).to_pylist()
    to_icbs = {row["fund"]: row["amount_pence"] for row in rows if row["to_tier"] == "icb" and row["fund"] not in POTS}
    assert to_icbs == {fund: int(Decimal(pounds) * 100) for fund, pounds in LINES[start].items()}
    assert sum(to_icbs.values()) == int(Decimal(ALL_ICBS[start]) * 100)
    held = position.position(reader, at, year=start)
    of_icbs = {
        (row["organisation"], row["fund"]): row["amount_pence"]
        for row in position.grouped(reader, held, ["tier", "organisation", "fund"]).to_pylist()
        if row["tier"] == "icb" and row["fund"] not in POTS
    }
    # The shipped table is the published cells, byte for byte, by a test of its own; no line of these years is negative.
    shipped = tables.table(f"allocations_{start}_{start % 100 + 1}").to_pylist()
    printed = {(row["holder"], row["fund"]): row["amount_pence"] for row in shipped if row["holder"] == row["about"]}
    assert of_icbs == printed


def test_every_invariant_and_every_printed_total_holds(reader: Reader) -> None:
    assert verify(reader) == []
    totals = dict(reader.rows("SELECT year, count(*) FROM control_total WHERE id NOT LIKE 'pots/%' GROUP BY year"))
    # 43 lines and all of them; lines and 42 ICBs by 4 streams; the demo's own.
    assert totals == {2022: 44, 2023: 8 + 4 * 42, 2024: 6 + 4 * 42, 2025: 232}


def test_nothing_of_other_years_is_poured_into_2025_26(reader: Reader, demo_ledger: Path) -> None:
    columns = ["organisation", "fund", "standing", "grade", "recurrent"]

    def of_2025(reader: Reader) -> list[dict[str, Any]]:
        whole = position.position(reader, position.moment(reader), year=2025)
        return [row for row in position.grouped(reader, whole, columns).to_pylist() if row["fund"] not in POTS]

    with Store.open(demo_ledger, read_only=True) as store, store.read() as alone:
        assert of_2025(reader) == of_2025(alone)


def test_every_line_has_its_grounds_and_what_is_not_known_is_not_filled_in() -> None:
    for name in ("practice_payment_lines", "terms_2023_25"):
        for row in tables.table(name).to_pylist():
            assert row["reason"], row
            assert row["source"], row
            assert row["quality"] in ("red", "amber", "green"), row
            assert row.get("notified_on") is None
            assert row.get("returns_per_year") is None


def test_the_history_is_built_after_the_year_or_again_and_adds_only_what_is_missing(
    own_demo_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a part of the list, so that it is quick: every part is a function that gives stages."""
    old = {
        "code": "old",
        "name": "Of old",
        "parent": "core",
        "stream": "core",
        "resource": "revenue",
        "lowest_tier": "icb",
    }
    draft = Draft(
        key="demo/of old",
        kind="terms",
        effective_date=build.YEAR.first_day,
        actor="t",
        reason="to test",
        records={Fund: records(Fund, [old])},
    )
    monkeypatch.setattr(history, "PARTS", (lambda: (Stage("Of old", lambda: [draft]),),))
    told: list[str] = []
    with Store.open(own_demo_ledger) as store:
        first = build.build(store, all_years=True, progress=lambda name, _done, _all: told.append(name))
        assert [entry.key for entry in first if not entry.replayed] == ["demo/of old"]
        assert all(entry.replayed for entry in build.build(store, all_years=True))
    assert told[-2:] == ["Of old", "Done"]
