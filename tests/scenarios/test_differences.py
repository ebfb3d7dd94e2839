"""What differs between files is told in the order of a file, and nothing else is."""

from scenarios import outcome
from scenarios.compare import compare, differences
from scenarios.files.scenario import Scenario, read_scenario, written
from scenarios.outcome import explore
from tests.scenarios.worlds import scenario, usual

RELEASE = {"lever": "release", "funds": ["winter"]}
DEVOLVE = {"lever": "devolve", "funds": ["winter"], "to": "place", "share": 0.5, "by": "registered"}


def library(name: str) -> Scenario:
    return read_scenario(outcome.library()[name]).scenario


def test_files_that_say_the_same_do_not_differ() -> None:
    same = library("devolve-80-at-once")
    assert differences([same, same.model_copy(update={"title": "Another name", "question": "Another?"})]) == ()


def test_speeds_differ_in_their_years_alone() -> None:
    (found,) = differences([library(f"devolve-80-{speed}") for speed in ("at-once", "in-three-years", "in-five-years")])
    assert (found.what, found.values) == ("step 1: over_years", (None, "3", "5"))


def test_steps_come_before_assumptions_and_a_lever_before_its_values() -> None:
    found = differences([library("devolve-80-at-once"), library("running-costs-halved")])
    heads = [each.what.partition(":")[0] for each in found]
    assert heads == sorted(heads, key=["step 1", "step 2", "assumption share_at_place", "assumption cut"].index)
    assert (found[0].what, found[0].values) == ("step 1: lever", ("devolve", "cut"))


def test_gains_stand_side_by_side_the_largest_first_and_nothing_where_nothing_changes() -> None:
    books = usual()
    compared = compare([explore(written(scenario(*steps)), books) for steps in ((RELEASE,), (DEVOLVE,))])
    (places,) = [level for level in compared.levels if level.level == "place"]
    assert all(row[0] is None for row in places.gains)
    changes = [row[1].change_pence for row in places.gains if row[1]]
    assert changes == sorted(changes, key=lambda pence: -abs(pence))
    assert sum(changes) == 10_000_00


def test_a_scenario_compared_with_itself_differs_in_nothing() -> None:
    books = usual()
    twice = [explore(written(scenario(DEVOLVE)), books) for _ in range(2)]
    compared = compare(twice)
    assert differences([each.run.written.scenario for each in twice]) == ()
    for level in compared.levels:
        for first, second in level.gains:
            assert first == second
    assert twice[0].result_hash == twice[1].result_hash
    nothing = explore(written(scenario({"lever": "announce", "funds": ["winter"], "days": 0})), books)
    assert not nothing.by_fund
    assert not nothing.movements
    assert all(not view.gains for view in nothing.views)
    assert all(not bridge.change_pence for bridge in nothing.bridges.bridges)
