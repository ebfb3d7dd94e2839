"""How a pound is split: the worked example GE1, and what always holds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocations.shares.apportion import CannotApportion, apportion, apportion_each


@pytest.mark.parametrize(
    ("total", "weights", "expected"),
    [
        (100, {"A": 1, "B": 1, "C": 1}, [34, 33, 33]),
        (1_000_001, {"P1": 41_250, "P2": 38_600, "P3": 20_150}, [412_501, 386_000, 201_500]),
        (10, {"A": 0, "B": 1, "C": 2}, [0, 3, 7]),
        (-100, {"A": 1, "B": 1, "C": 1}, [-34, -33, -33]),
        (7, {"A": Decimal("0.5"), "B": Decimal("0.5"), "C": 1}, [2, 2, 3]),
        (5, {"A": 1, "B": 1}, [3, 2]),
        (0, {"A": 3, "B": 2}, [0, 0]),
        (1, {"C": 1, "A": 1, "B": 1}, [0, 1, 0]),
    ],
)
def test_ge1(total: int, weights: dict, expected: list[int]) -> None:
    assert list(apportion(total, weights).values()) == expected


@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ({"A": 0, "B": 0}, "weights_sum_zero"),
        ({"A": 2, "B": -1}, "negative_weight"),
        ({}, "no_weights"),
        ({"A": 1.5}, "float_weight"),
        ({"A": Decimal("NaN"), "B": 1}, "missing_weight"),
        ({"A": None, "B": 1}, "missing_weight"),
        ({"A": "1", "B": 1}, "float_weight"),
    ],
)
def test_weights_that_divide_nothing_are_refused(weights: dict, reason: str) -> None:
    for total in (10, 0):
        with pytest.raises(CannotApportion) as refused:
            apportion(total, weights)
        assert refused.value.reason == reason
        assert str(refused.value).endswith(".")


weights = st.dictionaries(
    st.text("ABCDEFGH", min_size=1, max_size=3),
    st.one_of(st.integers(0, 10**9), st.fractions(0, 10**6, max_denominator=10**4), st.decimals(0, 10**6, places=9)),
    min_size=1,
    max_size=40,
).filter(lambda w: sum(Fraction(x) for x in w.values()) > 0)
totals = st.integers(-(10**15), 10**15)


@given(totals, weights)
def test_the_parts_sum_to_the_whole_and_lie_within_one_of_their_quotas(total: int, given_weights: dict) -> None:
    parts = apportion(total, given_weights)
    whole = sum(Fraction(weight) for weight in given_weights.values())
    assert sum(parts.values()) == total
    assert list(parts) == list(given_weights)
    for code, part in parts.items():
        assert abs(part - total * Fraction(given_weights[code]) / whole) < 1


@given(totals, weights, st.randoms())
def test_neither_order_nor_unit_of_the_weights_matters(total: int, given_weights: dict, random) -> None:
    shuffled = list(given_weights.items())
    random.shuffle(shuffled)
    scaled = {code: Fraction(weight) * Fraction(7, 3) for code, weight in shuffled}
    assert apportion(total, scaled) == apportion(total, given_weights)


@given(totals, weights)
def test_a_clawback_mirrors_a_payment(total: int, given_weights: dict) -> None:
    forth, back = apportion(total, given_weights), apportion(-total, given_weights)
    assert all(forth[code] == -back[code] for code in forth)


def test_a_total_that_is_not_whole_is_refused() -> None:
    for total in (10.5, Decimal(10), True):
        with pytest.raises(CannotApportion, match="not a whole number of units"):
            apportion(total, {"A": 1})


many = st.lists(
    st.tuples(
        st.one_of(st.integers(-5, 50), st.integers(0, 10**15)),
        st.dictionaries(
            st.text("ABC", min_size=1, max_size=2), st.one_of(st.integers(0, 4), st.integers(0, 10**17)), min_size=1,
            max_size=9,
        ).filter(lambda its: sum(its.values()) > 0),
    ),
    max_size=6,
)  # fmt: skip


@given(many)
def test_many_totals_at_once_are_split_as_each_alone(asked: list[tuple[int, dict[str, int]]]) -> None:
    """With ties, weights of nothing, and products far too large for eight bytes."""
    whose, codes, parts = apportion_each([total for total, _ in asked], [its for _, its in asked])
    found = list(zip(whose.tolist(), codes, parts.tolist(), strict=True))
    wanted = [
        (place, code, part) for place, (total, its) in enumerate(asked) for code, part in apportion(total, its).items()
    ]
    assert found == wanted


def test_many_totals_are_refused_as_one_is() -> None:
    with pytest.raises(CannotApportion, match="sum to zero"):
        apportion_each([1, 2], [{"A": 1}, {"A": 0}])
    with pytest.raises(CannotApportion, match="negative"):
        apportion_each([1], [{"A": 2, "B": -1}])
