"""Pace of change: the worked examples GE3, GE3b and GE3c, and what always holds."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from allocations.figures import tables
from allocations.shares.need import weights
from allocations.shares.pace import Curve, PacePlan, plan, published_allocation, read_pace
from ledger.errors import Refused

BASELINE = {"A": 412_000_000, "B": 655_000_000, "C": 288_000_000, "D": 530_000_000, "E": 365_000_000}
SHARE = {
    "A": Fraction(107, 625),
    "B": Fraction(601, 2000),
    "C": Fraction(337, 2500),
    "D": Fraction(459, 2000),
    "E": Fraction(41, 250),
}
CURVE = Curve(
    tuple(
        (Fraction(d), Fraction(c)) for d, c in (("-0.05", "0.01"), ("-0.025", "0.005"), ("0", "0"), ("0.05", "-0.005"))
    )
)


def asked(floor: str = "0.03", cap: str = "0.06", **given) -> PacePlan:
    return PacePlan(
        {code: pounds * 100 for code, pounds in BASELINE.items()},
        SHARE,
        Fraction("0.044"),
        CURVE,
        Fraction(floor),
        Fraction(cap),
        **given,
    )


def percent(value: Fraction) -> float:
    return round(float(value * 100), 4)


def test_ge3() -> None:
    outcome = plan(asked())
    rows = {row.code: row for row in outcome.rows}
    assert outcome.quantum_pence == 2_349_000_000 * 100
    assert float(outcome.scaling) == pytest.approx(-0.001913720148670228, abs=1e-15)
    assert outcome.scaling_is_unique
    assert {code: row.allocation_pence // 100 for code, row in rows.items()} == {
        "A": 427_279_547, "B": 686_659_506, "C": 303_000_849, "D": 550_907_278, "E": 381_152_820,
    }  # fmt: skip
    expected = {
        "A": (402_148_800, 6.9574, -0.5, 3.7086, 6.2491), "B": (705_874_500, -3.1244, 0.6249, 4.8335, -2.7222),
        "C": (316_645_200, -5.0445, 1.0, 5.2086, -4.3090), "D": (539_095_500, 2.6386, -0.2639, 3.9448, 2.1910),
        "E": (385_236_000, -1.0840, 0.2168, 4.4254, -1.0599),
    }  # fmt: skip
    for code, (target, opening, convergence, growth, closing) in expected.items():
        row = rows[code]
        assert row.target_pence == target * 100
        found = tuple(percent(x) for x in (row.opening_distance, row.convergence, row.growth, row.closing_distance))
        assert found == (opening, convergence, growth, closing)
        assert abs(row.closing_distance) < abs(row.opening_distance)
        assert row.limit == ""


def test_ge3b_a_floor_and_a_cap_that_bind() -> None:
    outcome = plan(asked("0.04", "0.05"))
    limits = {row.code: row.limit for row in outcome.rows}
    assert limits["A"] == "floor"
    assert limits["C"] == "cap"
    assert "" in limits.values()
    assert sum(row.allocation_pence for row in outcome.rows) == outcome.quantum_pence
    for row in outcome.rows:
        assert Fraction("0.04") <= row.growth <= Fraction("0.05")


def test_ge3c_what_cannot_be_is_refused_with_both_bounds() -> None:
    with pytest.raises(Refused) as refused:
        plan(asked("0.045"))
    said = str(refused.value)
    assert "£2,349,000,000.00" in said
    assert "£2,351,250,000.00 to £2,385,000,000.00" in said
    with pytest.raises(Refused, match="Change the cap"):
        plan(asked("0.01", "0.02"))


def test_all_at_a_limit_leaves_the_scaling_open_and_says_so() -> None:
    outcome = plan(asked("0.044", "0.06"))
    assert not outcome.scaling_is_unique
    assert {row.limit for row in outcome.rows} == {"floor"}
    assert sum(row.allocation_pence for row in outcome.rows) == outcome.quantum_pence


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"target_share": {**SHARE, "A": Fraction(1, 2)}}, "the target shares sum to"),
        (
            {"target_share": {code: share for code, share in SHARE.items() if code != "A"}},
            "A has a baseline or a target share",
        ),
        ({"baseline_pence": {**dict.fromkeys(SHARE, 5), "A": 0}}, "its baseline is £0.00"),
        ({"floor": Fraction(1)}, "Nobody could meet both"),
        ({"quantum_pence": 234_900_000_001}, "not in whole units"),
        ({"curve": Curve(())}, "it has no knots"),
        ({"curve": Curve(((Fraction(0), Fraction(0)), (Fraction(1), Fraction(1))))}, "may not grow faster"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict, sentence: str) -> None:
    from dataclasses import replace

    with pytest.raises(Refused, match=sentence):
        plan(replace(asked(), **changed))


amounts = st.integers(10**8, 10**13)


@given(
    st.lists(st.tuples(amounts, st.integers(1, 10**6)), min_size=1, max_size=20),
    st.integers(-30, 60),
    st.integers(0, 60),
)
def test_it_always_balances_and_keeps_to_the_limits(rows: list[tuple[int, int]], floor: int, width: int) -> None:
    whole = sum(share for _, share in rows)
    baseline = {f"O{i:02}": pence for i, (pence, _) in enumerate(rows)}
    shares = {f"O{i:02}": Fraction(share, whole) for i, (_, share) in enumerate(rows)}
    limits = Fraction(floor, 1000), Fraction(floor + width, 1000)
    assume(limits[0] <= Fraction("0.044") <= limits[1])
    outcome = plan(PacePlan(baseline, shares, Fraction("0.044"), CURVE, *limits, unit_pence=1))
    assert sum(row.allocation_pence for row in outcome.rows) == outcome.quantum_pence
    by_distance = sorted(outcome.rows, key=lambda row: row.opening_distance)
    for nearer, further in pairwise(by_distance):
        assert nearer.growth >= further.growth
    for row in outcome.rows:
        assert limits[0] <= row.growth <= limits[1]
        assert abs(row.allocation_pence - row.baseline_pence * (1 + row.growth)) < 1 + Fraction(1, 10**6) + abs(
            outcome.quantum_pence - sum(r.baseline_pence * (1 + r.growth) for r in outcome.rows)
        )


def test_the_published_form_is_multiplied_not_added() -> None:
    # West Yorkshire's core line of 2025/26, in £1,000.
    baseline, growth, convergence = Fraction("4717805.098469856"), Fraction("0.0437"), Fraction("0.001103051639825825")
    assert published_allocation(baseline, growth, convergence) == 4_929_405
    assert round(baseline * (1 + growth + convergence)) != 4_929_405


def test_the_published_allocations_of_all_42_icbs_come_out_of_their_baselines() -> None:
    """V2: core, specialised (physical health with high-cost drugs) and primary medical care, exactly."""
    rows = tables.table("convergence_2025_26").to_pylist()
    assert len(rows) == 3 * 42
    for row in rows:
        baseline, growth, convergence = (
            Fraction(row[name]) for name in ("baseline_thousands", "base_growth", "convergence")
        )
        assert published_allocation(baseline, growth, convergence) == int(row["allocation_thousands"]), row["icb"]


def test_v12_the_core_target_follows_the_core_weighted_population() -> None:
    people = weights(tables.table("practices_2025_26"), "core", "icb")
    core = {
        row["icb"]: Fraction(row["target_thousands"])
        for row in tables.table("convergence_2025_26").to_pylist()
        if row["stream"] == "core"
    }
    whole, target = sum(people.values()), sum(core.values())
    for icb, amount in core.items():
        assert abs(amount / target / Fraction(people[icb], whole) - 1) < Fraction("0.00135"), icb


GE3_FILE = """
title: GE3
reason: the worked example
base_growth: 0.044
floor: 0.03
cap: 0.06
curve: [[-0.05, 0.01], [-0.025, 0.005], [0, 0], [0.05, -0.005]]
organisations:
""" + "".join(
    f"  - {{code: {code}, baseline_pounds: {BASELINE[code]}, target_share: {SHARE[code]}}}\n" for code in SHARE
)


def test_ge3_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ge3.yaml"
    file.write_text(GE3_FILE)
    asked_for, digest = read_pace(file)
    assert plan(asked_for.plan()) == plan(asked())
    assert len(digest) == 64


def test_targets_may_be_given_in_pounds(tmp_path: Path) -> None:
    file = tmp_path / "pounds.yaml"
    lines = "".join(
        f"  - {{code: {code}, baseline_pounds: {BASELINE[code]}, target_pounds: {SHARE[code] * 10**7}}}\n"
        for code in SHARE
    )
    file.write_text(GE3_FILE[: GE3_FILE.index("organisations:")] + "organisations:\n" + lines)
    assert plan(read_pace(file)[0].plan()) == plan(asked())


def test_the_published_baselines_of_a_stream(tmp_path: Path) -> None:
    example = Path(__file__).parent.parent.parent / "docs" / "pace_of_change_example.yaml"
    outcome = plan(read_pace(example)[0].plan())
    assert len(outcome.rows) == 42
    assert sum(row.allocation_pence for row in outcome.rows) == outcome.quantum_pence
    assert {row.limit for row in outcome.rows} == {"", "floor"}
    assert all(row.allocation_pence % 100_000 == 0 for row in outcome.rows)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("floor: 0.03", "floor: 0.03\nfloor: 0.04", "line 6: the key 'floor' stands twice"),
        ("reason: the worked example", "", "reason: Field required"),
        ("code: A,", "code: B,", "an organisation stands twice"),
        ("target_share: 107/625", "target_pounds: 5", "every organisation target_share, or every one"),
        ("target_share: 107/625", "", "give either target_share or target_pounds"),
        ("baseline_pounds: 412000000", "baseline_pounds: -1", "greater than 0"),
        ("title: GE3", "title: GE3\ncolour: red", "Extra inputs are not permitted"),
        ("curve: [[", "curve: [", "The file cannot be understood"),
    ],
)
def test_a_pace_file_with_a_slip_is_refused_with_its_place(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    file = tmp_path / "slip.yaml"
    assert old in GE3_FILE
    file.write_text(GE3_FILE.replace(old, new, 1))
    with pytest.raises(Refused, match=sentence):
        read_pace(file)


def test_an_unknown_stream_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    file = tmp_path / "stream.yaml"
    file.write_text(GE3_FILE[: GE3_FILE.index("organisations:")] + "organisations: published 2025/26 dental\n")
    with pytest.raises(Refused, match="'published 2025/26 core'"):
        read_pace(file)
