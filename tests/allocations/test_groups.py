"""Receivers told apart by region, deprivation and size: counted again from the shipped figures by pandas."""

import pandas as pd

from allocations.figures import tables
from allocations.shares.groups import DEPRIVATION, REGION, SIZE, groups


def test_icbs_by_their_published_score_and_by_people() -> None:
    found = groups("icb")
    scores = tables.table("deprivation_2025").to_pandas().astype({"average_score": float}).set_index("icb")
    order = list(scores["average_score"].sort_values().index)
    assert {code for code, group in found[DEPRIVATION].items() if group.startswith("1")} == set(order[:14])
    assert {code for code, group in found[DEPRIVATION].items() if group.startswith("3")} == set(order[28:])
    people = tables.table("practices_2025_26").to_pandas().astype({"registered": float})
    largest = people.groupby("icb")["registered"].sum().nlargest(14).index
    assert {code for code, group in found[SIZE].items() if group.startswith("3")} == set(largest)
    assert (found[REGION]["QWO"], found[REGION]["QMJ"]) == ("North East and Yorkshire", "London")


def test_networks_by_the_scores_of_their_practices() -> None:
    """The score of a network is that of its practices by people of April 2026; those without one have no part in it."""
    practices = tables.table("practices_2025_26").to_pandas()[["practice", "pcn"]]
    ages = tables.table("practice_ages").to_pandas().drop(columns="sex").groupby("practice").sum().sum(axis=1)
    scores = tables.table("practice_indicators").to_pandas().set_index("practice")["deprivation"].astype(float)
    own = practices.assign(people=practices["practice"].map(ages), score=practices["practice"].map(scores))
    sums = own.dropna(subset=["score"]).groupby("pcn")[["score", "people"]].sum()
    order = (sums["score"] / sums["people"]).sort_values()
    found = groups("pcn")[DEPRIVATION]
    assert len(found) == len(order) > 1_200
    third = len(order) // 3
    assert {found[code] for code in order.index[: third - 1]} == {"1 least deprived third"}
    assert {found[code] for code in order.index[-third + 1 :]} == {"3 most deprived third"}
    # A network over two regions is where most of its people are.
    assert isinstance(order, pd.Series)
    assert set(found) <= set(groups("pcn")[REGION])
