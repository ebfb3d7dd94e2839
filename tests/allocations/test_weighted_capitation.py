"""Weighted capitation: the worked example GE2, the place tool's own indices, and what always holds."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocations.figures import tables
from allocations.shares.apportion import CannotApportion, apportion
from allocations.shares.need import weights
from tests.allocations.capitation import Component, combined, formula, index, normalised

NEED = {
    "North": ("182400", "1.08", "1.05", "0.96", "0.92", "1.03", "1.10", "1.22", "0.985"),
    "Central": ("241750", "0.94", "0.90", "1.21", "1.16", "0.98", "0.89", "1.31", "1.020"),
    "South": ("155850", "1.02", "1.10", "0.83", "0.88", "1.00", "1.04", "0.58", "0.990"),
}
COMPONENTS = (
    "general_acute",
    "community",
    "mental_health",
    "maternity",
    "primary_medical_need",
    "prescribing",
    "health_inequalities",
)
PEOPLE = {place: Fraction(row[0]) for place, row in NEED.items()}
COST = {place: Fraction(row[8]) for place, row in NEED.items()}


def weighted() -> dict[str, dict[str, Fraction]]:
    return {
        name: normalised({place: Fraction(row[at]) for place, row in NEED.items()}, PEOPLE)
        for at, name in enumerate(COMPONENTS, start=1)
    }


def test_ge2() -> None:
    parts = weighted()
    assert [round(float(x), 3) for x in parts["general_acute"].values()] == [195_909.767, 225_996.564, 158_093.669]
    assert [round(float(x), 3) for x in parts["health_inequalities"].values()] == [204_992.809, 291_737.153, 83_270.038]
    final = combined(parts, formula("core", "2025/26", "estimated"), COST)
    assert sum(final.values()) == 580_000
    assert [round(float(x), 6) for x in final.values()] == [190_183.512687, 244_695.637592, 145_120.849722]
    shares = apportion(1_046_500_000, final)
    assert shares == {"North": 343_150_079, "Central": 441_506_870, "South": 261_843_051}
    crude = apportion(1_046_500_000, PEOPLE)
    assert crude == {"North": 329_106_207, "Central": 436_192_026, "South": 281_201_767}
    assert [shares[place] - crude[place] for place in PEOPLE] == [14_043_872, 5_314_844, -19_358_716]
    indices = [index(final[place], PEOPLE[place], Fraction(1), Fraction(1), "England").published() for place in PEOPLE]
    assert indices == [Decimal("1.043"), Decimal("1.012"), Decimal("0.931")]


def test_ge10_the_place_tools_own_default_place_gives_its_own_indices() -> None:
    practices = tables.table("practices_2025_26").to_pylist()
    own = [row for row in practices if row["practice"] in ("B85005", "B85022", "B85061", "B85026")]
    icb = [row for row in practices if row["icb"] == "QWO"]

    def total(rows: list[dict], column: str) -> Fraction:
        return sum((Fraction(row[column]) for row in rows), Fraction(0))

    people, all_people = total(own, "registered"), total(icb, "registered")
    assert round(people) == 32_415
    expected = {
        "general_acute": "1.092", "community": "1.082", "mental_health": "0.659", "maternity": "0.667", "prescribing": "1.087",
        "core": "0.946", "primary_medical": "0.904", "primary_medical_need": "0.985", "health_inequalities": "0.547",
    }  # fmt: skip
    for column, value in expected.items():
        found = index(total(own, column), people, total(icb, column), all_people, "QWO")
        assert (found.published(), found.base) == (Decimal(value), "QWO"), column
    assert float(total(own, "core") / total(icb, "core")) == pytest.approx(0.011330, abs=5e-7)


def test_icb_indices_relative_to_england() -> None:
    practices = tables.table("practices_2025_26")
    core, people = weights(practices, "core", "icb"), weights(practices, "registered", "icb")
    whole, everybody = Fraction(sum(core.values())), Fraction(sum(people.values()))
    found = {
        icb: index(Fraction(core[icb]), Fraction(people[icb]), whole, everybody, "England")
        for icb in ("QWO", "QYG", "QU9")
    }
    assert [round(float(found[icb].value), 4) for icb in found] == [1.0166, 1.1226, 0.8808]


def test_primary_medical_is_its_own_formula() -> None:
    practices = tables.table("practices_2025_26").to_pylist()[:50]
    parts = {
        name: {row["practice"]: Fraction(row[name]) for row in practices}
        for name in ("primary_medical_need", "health_inequalities")
    }
    final = combined(parts, formula("primary medical", "2025/26", "published identity"))
    for row in practices:
        assert abs(final[row["practice"]] - Fraction(row["primary_medical"])) < Fraction(1, 50_000)


def test_what_makes_no_formula_is_refused() -> None:
    parts = weighted()
    with pytest.raises(ValueError, match="these sum to 1/2"):
        combined(parts, (Component("community", Fraction(1, 2), cost_adjusted=False),))
    with pytest.raises(ValueError, match="of dental is missing, and missing is not zero"):
        combined(parts, (Component("dental", Fraction(1), cost_adjusted=False),))
    negative = (
        Component("community", Fraction(2), cost_adjusted=False),
        Component("maternity", Fraction(-1), cost_adjusted=False),
    )
    with pytest.raises(ValueError, match="are positive"):
        combined(parts, negative)
    with pytest.raises(CannotApportion):
        normalised({"A": Fraction(0)}, {"A": Fraction(5)})
    with pytest.raises(ValueError, match="nobody in it"):
        index(Fraction(1), Fraction(0), Fraction(1), Fraction(1), "England")
    with pytest.raises(KeyError, match="there is no formula dental"):
        formula("dental", "2025/26", "estimated")


populations = st.dictionaries(
    st.sampled_from("ABCDEFGH"), st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=1
)


@given(populations)
def test_normalising_keeps_the_number_of_people(rows: dict[str, tuple[int, int]]) -> None:
    people = {place: Fraction(count) for place, (count, _) in rows.items()}
    need = {place: Fraction(amount, 1000) for place, (_, amount) in rows.items()}
    found = normalised(need, people)
    assert sum(found.values()) == sum(people.values())
    assert normalised({place: amount * 7 for place, amount in need.items()}, people) == found
