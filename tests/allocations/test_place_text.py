"""Places as text: in an address, in files, and made by hand; and groups beside each other."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocations.places import as_text
from allocations.places.division import UNASSIGNED, Division
from allocations.places.files import YearOfPlaces, read_division, shipped_membership
from allocations.shares import facts, need, schedule
from allocations.shares.schedule import Line
from ledger.errors import Refused
from screens.report.shares import bridge

SMALL = YearOfPlaces({f"P{place}": "Q1" for place in range(6)} | {"X1": "Q2"}, {"P0": "U1", "P1": "U1", "X1": "U1"}, {})
names = st.text(min_size=1, max_size=12).map(lambda text: " ".join(text.split())).filter(
    lambda text: text and text.casefold() != UNASSIGNED
)  # fmt: skip


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(sorted(set(SMALL.icb) - {"X1"})), names, min_size=1))
def test_a_division_comes_back_from_its_text(placed: dict[str, str]) -> None:
    spelling: dict[str, str] = {}
    placed = {code: spelling.setdefault(place.casefold(), place) for code, place in placed.items()}
    division = Division({code: placed.get(code, UNASSIGNED) for code in sorted(set(SMALL.icb) - {"X1"})}, ())
    again = as_text.from_text(as_text.to_text(division), "Q1", SMALL)
    assert {code for code, place in again.place_of.items() if place == UNASSIGNED} == set(again.unassigned)
    assert _grouped(again) == _grouped(division)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Leeds", "'Leeds' is not a place"),
        ("Leeds:X1", "belongs to Q2"),
        ("Leeds:P1;Bradford:P1", "P1 is here in Bradford, and in Leeds"),
        ("Leeds:P9", "there is no practice 'P9'"),
        (":P1", "has no place"),
    ],
)
def test_an_address_that_is_no_division_is_refused(text: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        as_text.from_text(text, "Q1", SMALL)
    assert why in str(refused.value)


def test_places_are_made_by_choosing_and_taken_apart() -> None:
    first = as_text.chosen(None, "Q1", " North  end ", ["P0", "P1"], SMALL)
    assert first.place_of["P0"] == "North end"
    assert len(first.unassigned) == 4
    second = as_text.chosen(first, "Q1", "South", ["P1", "P2"], SMALL)
    assert (second.place_of["P1"], second.place_of["P0"]) == ("South", "North end")
    left = as_text.without(second, "South", "Q1", SMALL)
    assert left is not None
    assert set(left.unassigned) == {"P1", "P2", "P3", "P4", "P5"}
    assert as_text.without(left, "North end", "Q1", SMALL) is None


@pytest.mark.parametrize(
    ("place", "practices", "why"),
    [("", ["P0"], "has no place"), ("North", [], "it has no practices"), ("North", ["X1"], "belongs to Q2")],
)
def test_a_place_that_cannot_be_made_says_why(place: str, practices: list[str], why: str) -> None:
    with pytest.raises(Refused) as refused:
        as_text.chosen(None, "Q1", place, practices, SMALL)
    assert why in str(refused.value)


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_what_is_downloaded_can_be_brought_again(tmp_path: Path, ending: str) -> None:
    members = shipped_membership()
    division = as_text.default_division("QWO", members)
    text = (
        as_text.as_csv(division)
        if ending == "csv"
        else as_text.as_place_tool(division, "NHS West Yorkshire Integrated Care Board")
    )
    path = tmp_path / f"places.{ending}"
    path.write_text(text, encoding="utf-8-sig" if ending == "csv" else "utf-8")
    assert read_division(path, "QWO", members).place_of == division.place_of


def test_the_place_tool_gets_its_own_form() -> None:
    division = as_text.chosen(None, "Q1", "North", ["P0", "P1"], SMALL)
    saved = json.loads(as_text.as_place_tool(division, "NHS One ICB"))
    assert saved == {"places": ["North"], "North": {"gps": ["P0: P0", "P1: P1"], "icb": "NHS One ICB"}}
    with pytest.raises(Refused, match="called 'places'"):
        as_text.as_place_tool(as_text.chosen(None, "Q1", "places", ["P0"], SMALL), "NHS One ICB")


def test_a_name_that_looks_like_a_formula_is_made_harmless_in_a_file() -> None:
    division = as_text.chosen(None, "Q1", "=1+1", ["P0"], SMALL)
    assert "P0,'=1+1" in as_text.as_csv(division)
    assert "P0,=1+1" in as_text.as_csv(division, guarded=False)


def test_choices_are_of_this_icb_alone() -> None:
    members = shipped_membership()
    for by in ("pcn", "district", "practice"):
        found = as_text.choices("QWO", members, by)
        chosen = [code for _, practices in found.values() for code in practices]
        assert len(chosen) == len(set(chosen))
        assert all(members.icb[code] == "QWO" for code in chosen)


@pytest.mark.parametrize("level", ["place", "pcn", "practice"])
def test_groups_hold_all_people_of_the_icb_and_the_indices_of_need(level: str) -> None:
    found = facts.groups("QE1", level)
    whole = facts.groups("QE1", "place")
    assert sum(group.registered_billionths for group in found) == sum(group.registered_billionths for group in whole)
    assert sum(group.practices for group in found) == sum(group.practices for group in whole)
    table = need.indices(facts.tables.table("practices_2025_26"), level).to_pylist()
    known = {(row["group"], row["component"]): row["index_thousandths"] for row in table if row["base"] == "QE1"}
    for group in found:
        if not group.is_unassigned:
            assert group.of_icb["core"] == known[group.code, "core"]


def test_practices_of_ones_own_places_that_are_in_none_are_shown_last() -> None:
    members = shipped_membership()
    some = [code for code, icb in members.icb.items() if icb == "QWO"][:10]
    division = as_text.chosen(None, "QWO", "Ten", some, members)
    found = facts.groups("QWO", "place", division)
    assert [group.code for group in found] == ["Ten", UNASSIGNED]
    assert found[0].practices == 10


def test_a_bridge_starts_from_what_is_known() -> None:
    fair = Line("f", "core", "A", "A", 1, 1, None, None, None, 120, 100)
    assert [(span.label, span.pence) for span in bridge(fair)] == [
        ("Fair share", 100), ("Distance from it", 20), ("Issued", 120),
    ]  # fmt: skip
    had = Line("f", "core", "A", "A", 1, 1, 90, 10, 20, 120, 100)
    assert [span.pence for span in bridge(had)] == [90, 10, 20, 120]
    assert bridge(Line("f", "core", "A", "A", 1, 1, 90, None, None, None, 100)) == []
    assert schedule.largest_line({("A", "f"): 5, ("B", "f"): 5, ("A", "g"): 9}) == "f"
    assert schedule.largest_line({}) is None


def _grouped(division: Division) -> set[frozenset[str]]:
    places = set(division.place_of.values()) - {UNASSIGNED}
    return {frozenset(code for code, its in division.place_of.items() if its == place) for place in places}
