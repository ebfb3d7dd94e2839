"""The measures, against worked examples (GE6, GE8) and against what must always hold."""

from datetime import date
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from ledger.reports.measures import Measure, measures, pots, spend_window
from ledger.reports.position import BY_AGREEMENT, SCHEMA, WITHOUT_AGREEMENT

POUNDS = 100
EARLY = date(2025, 1, 30)
END = date(2026, 3, 31)


def row(fund: str, pounds: int, **given: Any) -> dict[str, Any]:
    return {
        "organisation": "P", "organisation_name": "A place", "tier": "place", "depth": 1, "fund": fund, "fund_name": fund,
        "pot": fund, "stream": "core", "resource": "revenue", "lowest_depth": 1, "year": 2025, "standing": "available",
        "grade": "none", "route": "formula", "recurrent": True, "notified_on": EARLY, "spend_by": END,
        "returns_per_year": None, "quality": "green", "amount_pence": pounds * POUNDS, **given,
    }  # fmt: skip


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


def by_name(found: list[Measure]) -> dict[str, Any]:
    return {measure.name: measure.value for measure in found}


# One ICB place, £67.6 million: the worked example of ring-fence share and effective number.
GE6 = (
    row("P01", 41_200_000, returns_per_year=4),
    row("P02", 9_800_000, grade="soft", returns_per_year=4),
    row("P03", 6_100_000, grade="hard", returns_per_year=4),
    row("P04", 7_900_000, grade="soft", returns_per_year=4),
    row("P05", 1_650_000, grade="hard", route="claim", returns_per_year=12, notified_on=date(2025, 3, 27)),
    row("P06", 420_000, grade="hard", returns_per_year=4, recurrent=False, notified_on=date(2025, 4, 22)),
    row("P07", 250_000, grade="hard", route="bid", returns_per_year=8, recurrent=False, notified_on=date(2025, 11, 18)),
    row("P08", 148_750, grade="hard", returns_per_year=4, recurrent=False, notified_on=date(2025, 4, 15)),
    row("P09", 60_000, grade="hard", route="bid", returns_per_year=2, recurrent=False, notified_on=date(2025, 10, 3)),
    row("P10", 45_000, grade="hard", route="bid", returns_per_year=4, recurrent=False, notified_on=date(2025, 9, 12)),
    row("P11", 26_250, grade="hard", route="bid", returns_per_year=6, recurrent=False, notified_on=date(2026, 1, 9)),
)


def test_ge6_ring_fences_and_fragments() -> None:
    found = by_name(measures(table(*GE6)))
    assert found["total"] == 67_600_000 * POUNDS
    assert found["pots"] == 11
    assert float(found["concentration"]) == pytest.approx(0.41492109883779454, abs=1e-12)
    assert float(found["effective_number"]) == pytest.approx(2.4100967697256843, abs=1e-9)
    assert found["effective_number_shannon"] == pytest.approx(3.3878948552792205, abs=1e-9)
    assert float(found["gini"]) == pytest.approx(0.7576956697149004, abs=1e-9)
    assert found["median_pot"] == 420_000 * POUNDS
    assert found["mean_pot"] == 614_545_455
    assert found["smallest_pot"] == 26_250 * POUNDS
    assert found["ring_fenced_share"] == Fraction(8_700_000, 67_600_000)
    assert found["ring_fenced_share_with_soft"] == Fraction(26_400_000, 67_600_000)
    assert found["penny_packets"] == 6
    assert found["penny_packet_share_of_count"] == Fraction(6, 11)
    assert found["penny_packet_share_of_value"] == Fraction(950_000, 67_600_000)
    assert found["in_year_share"] == Fraction(950_000, 67_600_000)
    assert found["non_recurrent_share"] == Fraction(950_000, 67_600_000)
    assert found["returns_per_year"] == 56
    assert float(found["returns_per_million"]) == pytest.approx(0.828, abs=5e-4)
    assert (found["bid_pots"], found["bid_pot_value"]) == (4, 381_250 * POUNDS)
    assert float(found["spend_window"]) == pytest.approx(265.4618, abs=5e-5)


def test_ge6_windows_and_the_hard_pots_alone() -> None:
    windows = {pot["fund"]: spend_window(pot) for pot in GE6[5:]}
    assert windows == {"P06": 344, "P07": 134, "P08": 351, "P09": 180, "P10": 201, "P11": 82}
    hard = by_name(measures(table(*(pot for pot in GE6 if pot["grade"] == "hard"))))
    assert hard["pots"] == 8
    assert float(hard["effective_number"]) == pytest.approx(1.8828432855260853, abs=1e-9)


def test_ge6_earmarked_funding_is_seen_apart() -> None:
    found = by_name(measures(table(*GE6), "earmarked"))
    assert (found["total"], found["pots"]) == (26_400_000 * POUNDS, 10)
    assert found["ring_fenced_share_with_soft"] == 1


def test_what_is_not_known_is_in_neither_part_and_is_counted_and_said() -> None:
    """£70 of which the grade is known, £20 of it hard; £30 of which no source says how tied or given out it is."""
    held = table(
        row("free", 50), row("fenced", 20, grade="hard"), row("silent", 30, grade=None, route=None, quality="red")
    )
    found = {one.name: one for one in measures(held)}
    assert found["ring_fenced_share"].value == Fraction(20, 70)
    assert found["untied_devolved_share"].value == Fraction(50, 70)
    left_out = "Not known for 1 of 3 pots with £30, which is left out of both sides."
    assert found["ring_fenced_share"].note == found["untied_devolved_share"].note == left_out
    assert found["bid_pots"].value == 0
    assert found["bid_pots"].note == found["bid_pot_value"].note == "Not known for 1 of 3 pots, which are not counted."
    tied = {one.name: one for one in measures(held, "earmarked")}
    assert tied["total"].value == 20 * POUNDS
    assert tied["total"].note == "Whether £30 more is earmarked is not known: 1 pot has no known grade."


def test_ge8_devolution() -> None:
    def held(pounds: int, tier: str, depth: int, untied: Fraction, **given: Any) -> list[dict[str, Any]]:
        free = int(pounds * untied)
        rows = [("free", free, "none"), ("tied", pounds - free, "hard")]
        return [row(f, p, tier=tier, depth=depth, grade=g, organisation=tier, **given) for f, p, g in rows if p]

    million = 1_000_000
    found = by_name(
        measures(
            table(
                *held(132 * million, "icb", 0, Fraction(1), standing=WITHOUT_AGREEMENT),
                *held(90 * million, "icb", 0, Fraction(1), standing=BY_AGREEMENT),
                *held(620 * million, "place", 1, Fraction(55, 100)),
                *held(48 * million, "pcn", 2, Fraction(12, 100)),
                *held(110 * million, "practice", 3, Fraction(7, 10)),
            )
        )
    )
    assert found["devolved_share"] == Fraction(778, 1000)
    assert found["retained_without_agreement_share"] == Fraction(132, 1000)
    assert found["consented_retention_ratio"] == Fraction(90, 222)
    assert found["devolution_depth"] == Fraction(1046, 3000)
    assert found["untied_devolved_share"] == Fraction(42_376, 100_000)


@pytest.mark.parametrize("agreed", [False, True])
def test_no_agreement_on_record_is_not_told_as_none_made(agreed: bool) -> None:
    kept = [row("A", 100, standing=WITHOUT_AGREEMENT, lowest_depth=1)]
    kept += [row("B", 50, standing=BY_AGREEMENT, lowest_depth=1)] if agreed else []
    notes = {one.name: one.note for one in measures(table(*kept))}
    told = "" if agreed else "No agreement to keep any of it is on record here; whether one was made is not known."
    assert notes["retained_with_agreement"] == notes["consented_retention_ratio"] == told
    assert notes["retained_without_agreement"] == ""


@pytest.mark.parametrize(
    ("sizes", "effective", "gini"),
    [((7, 7, 7, 7, 7), 5, 0), ((60, 20, 10, 10), Fraction(100, 42), None), ((5,), 1, 0)],
)
def test_reference_cases_of_the_effective_number(sizes: tuple[int, ...], effective: Fraction, gini: int | None) -> None:
    found = by_name(measures(table(*(row(f"F{i}", size) for i, size in enumerate(sizes)))))
    assert found["effective_number"] == effective
    assert gini is None or found["gini"] == gini


def test_an_empty_scope_is_not_defined_and_never_zero() -> None:
    assert all(measure.value is None for measure in measures(table()))
    assert all(measure.value is None for measure in measures(table(row("free", 5)), "earmarked"))
    source = row("limit", -5, standing="source")
    assert all(measure.value is None for measure in measures(table(source)))


def test_unknown_returns_are_left_out_and_said_so() -> None:
    found = {m.name: m for m in measures(table(row("a", 5, returns_per_year=3), row("b", 5)))}
    assert found["returns_per_year"].value == 3
    assert "Not known for 1 of 2 pots" in found["returns_per_year"].note
    assert by_name(measures(table(row("b", 5))))["returns_per_year"] is None


def test_the_threshold_of_a_penny_packet_is_the_readers() -> None:
    assert by_name(measures(table(*GE6), penny_packet_pence=30_000 * POUNDS))["penny_packets"] == 1


def test_an_unknown_scope_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="is not a scope"):
        measures(table(), "some")


amounts = st.lists(st.integers(1, 10**12), min_size=1, max_size=30)


@given(amounts)
def test_the_effective_number_lies_between_one_and_the_number_of_pots(sizes: list[int]) -> None:
    rows = [row(f"F{i}", 0, amount_pence=size) for i, size in enumerate(sizes)]
    found = by_name(measures(table(*rows)))
    assert 1 <= found["effective_number"] <= len(sizes)
    assert 0 <= found["gini"] <= Fraction(len(sizes) - 1, len(sizes))
    assert by_name(measures(table(*reversed(rows)))) == found


@given(amounts, st.integers(0, 29), st.integers(0, 29))
def test_merging_two_pots_never_raises_the_effective_number(sizes: list[int], one: int, other: int) -> None:
    one, other = one % len(sizes), other % len(sizes)
    apart = [row(f"F{i}", 0, amount_pence=size) for i, size in enumerate(sizes)]
    merged = [{**r, "pot": f"F{one}"} if i == other else r for i, r in enumerate(apart)]
    before, after = by_name(measures(table(*apart))), by_name(measures(table(*merged)))
    assert after["effective_number"] <= before["effective_number"]
    assert after["total"] == before["total"]


@given(amounts)
def test_headings_inside_a_pot_are_one_pot(sizes: list[int]) -> None:
    inside = table(*(row(f"F{i}", 0, pot="whole", amount_pence=size) for i, size in enumerate(sizes)))
    (pot,) = pots(inside)
    assert (pot.code, pot.amount_pence) == ("whole", sum(sizes))
    assert by_name(measures(inside))["effective_number"] == 1
