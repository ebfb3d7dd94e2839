"""Need indices of all places at once: the same as one by one, each with its base, nobody lost on the way."""

from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from allocations.figures import tables
from allocations.shares import need
from ledger.money import round_half_up_fraction
from tests.allocations.capitation import index

PRACTICES = tables.table("practices_2025_26")


def rows(found: pa.Table, **wanted: object) -> list[dict[str, object]]:
    return [row for row in found.to_pylist() if all(row[name] == value for name, value in wanted.items())]


def regrouped(labels: list[str | None]) -> pa.Table:
    own = PRACTICES.filter(pc.equal(PRACTICES["icb"], "QWO"))
    return own.set_column(own.column_names.index("place"), "place", pa.array(labels, pa.string()))


def test_icbs_stand_relative_to_england_as_published() -> None:
    """GE10: West Yorkshire 1.0166, Cheshire and Merseyside 1.1226, Buckinghamshire and the others 0.8808."""
    found = need.indices(PRACTICES)
    core = {row["icb"]: row["index_thousandths"] for row in rows(found, group=None, component="core", base="England")}
    assert len(core) == 42
    assert (core["QWO"], core["QYG"], core["QU9"]) == (1017, 1123, 881)


def test_one_call_gives_what_each_alone_would() -> None:
    found = need.indices(PRACTICES)
    place = "QWO-E08000035"
    own = PRACTICES.filter(pc.equal(PRACTICES["place"], place))
    icb = PRACTICES.filter(pc.equal(PRACTICES["icb"], "QWO"))
    for component in need.COMPONENTS:
        here, there = (Fraction(pc.sum(table[component]).as_py()) for table in (own, icb))
        people_here, people_there = (Fraction(pc.sum(table["registered"]).as_py()) for table in (own, icb))
        (row,) = rows(found, group=place, component=component, base="QWO")
        alone = index(here, people_here, there, people_there, "QWO").published()
        assert Decimal(str(row["index_thousandths"])).scaleb(-3) == alone


def test_every_index_names_its_base_and_the_two_bases_differ() -> None:
    found = need.indices(PRACTICES)
    one = rows(found, group="QWO-E08000035", component="core")
    assert {row["base"] for row in one} == {"QWO", "England"}
    assert len({row["index_thousandths"] for row in one}) == 2


def test_a_group_with_nobody_in_it_has_no_index() -> None:
    one = PRACTICES.slice(0, 2)
    nobody = one.set_column(
        one.column_names.index("registered"), "registered", pa.array([Decimal(0), Decimal(5)], tables.POPULATION)
    ).set_column(one.column_names.index("place"), "place", pa.array(["empty", "full"]))
    found = need.indices(nobody)
    assert {row["index_thousandths"] for row in rows(found, group="empty")} == {None}
    assert None not in {row["index_thousandths"] for row in rows(found, group="full")}


@settings(max_examples=30, deadline=None)
@given(labels=st.lists(st.sampled_from(["A", "B", "C", None]), min_size=269, max_size=269))
def test_people_are_conserved_through_any_partition_and_the_base_is_their_average(labels: list[str | None]) -> None:
    found = need.indices(regrouped(labels))
    for component in need.COMPONENTS:
        (icb,) = rows(found, group=None, component=component)
        parts = [row for row in rows(found, component=component, base="QWO") if row["group"]]
        outside = pc.sum(
            PRACTICES.filter(pc.equal(PRACTICES["icb"], "QWO")).filter(pa.array([label is None for label in labels]))[
                component
            ]
        ).as_py() or Decimal(0)
        assert (
            sum(row["weighted_billionths"] for row in parts) + tables.billionths(outside) == icb["weighted_billionths"]
        )
        if None not in labels:
            mean = Fraction(
                sum(row["index_thousandths"] * row["registered_billionths"] for row in parts),
                sum(row["registered_billionths"] for row in parts),
            )
            assert abs(round_half_up_fraction(mean) - 1000) <= 1
