"""Knobs turn what a file says, and leave the rest as it was written."""

from typing import Any

import pytest

from allocations.reading.strict_yaml import read_lines
from ledger.errors import Refused
from scenarios import outcome
from scenarios.engine import run
from scenarios.files.knobs import BLOCKS, CHOICE, POUNDS, as_text, built, knobs, turned
from scenarios.files.scenario import WrittenScenario, read_scenario
from scenarios.saved import read_text
from tests import demo_of_2025_26

NAMES = sorted(outcome.library())


def content(name: str) -> Any:
    return read_lines(outcome.library()[name])[0]


def read(found: Any) -> WrittenScenario:
    return read_text(as_text(found).encode())


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_written_again_says_the_same(name: str) -> None:
    again = read(content(name)).scenario
    assert again.content_hash() == read_scenario(outcome.library()[name]).scenario.content_hash()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_turned_stays_and_every_end_of_a_knob_can_be_read_alone(name: str) -> None:
    start = content(name)
    found = knobs(start)
    assert turned(start, {knob.key: knob.value for knob in found}) == start
    for knob in found:
        assert knob.value in knob.options
        for option in {knob.options[0], knob.options[-1]} - {knob.value}:
            changed = turned(start, {knob.key: option})
            assert changed != start
            if knob.kind != POUNDS:  # of an amount of nothing there is nothing more to turn
                assert {again.key: again.value for again in knobs(changed)}[knob.key] == option


def test_a_knob_of_an_assumption_turns_the_assumption_and_so_every_step_that_uses_it() -> None:
    start = content("devolve-80-at-once")
    (share,) = [knob for knob in knobs(start) if knob.key == "a.share_at_place"]
    assert (share.value, share.label) == ("80%", "Share at place")
    changed = turned(start, {"a.share_at_place": "55%"})
    assert changed["steps"][0]["until_share"] == "$share_at_place"
    scenario = read(changed).scenario
    assert str(scenario.steps[0].until_share) == "0.55"  # type: ignore[union-attr]
    assert scenario.assumptions[0].value == "55%"


def test_amounts_go_from_nothing_to_twice_as_much() -> None:
    (threshold,) = [knob for knob in knobs(content("lift-small-pots")) if knob.key == "a.threshold"]
    assert (threshold.options[0], threshold.value, threshold.options[-1]) == ("0", "1000000", "2000000")
    assert threshold.shown("1050000") == "£1,050,000"
    # Turned, it is still money, in every sentence that names it.
    changed = turned(content("lift-small-pots"), {"a.threshold": "1700000"})
    assert changed["assumptions"][0]["value"] == "£1,700,000"
    assert "pots under £1,700,000" in read(changed).scenario.title


def test_what_is_no_knob_and_no_option_is_passed_over() -> None:
    start = content("devolve-80-at-once")
    assert turned(start, {"a.share_at_place": "101%", "nobody": "1"}) == start
    assert turned(start, {"a.share_at_place": "80%"}) == start


@pytest.mark.parametrize("broken", [None, [], "text", {"steps": 3}, {"steps": [1, {"share": []}]}, {"assumptions": 1},
                                    {"steps": [{"lever": "devolve", "share": "$gone"}], "assumptions": [3]}])  # fmt: skip
def test_what_is_no_scenario_has_no_knobs(broken: Any) -> None:
    assert knobs(broken) == ()


@pytest.mark.parametrize("block", BLOCKS)
def test_each_building_block_is_a_scenario_with_something_to_turn(block: str) -> None:
    made = built([block], year="2025/26", organisation=None)
    scenario = read(made).scenario
    assert len(scenario.steps) == 1
    assert knobs(made) or block == "successor"
    assert all(each.quality == "red" for each in scenario.assumptions)


@pytest.mark.parametrize("block", BLOCKS)
def test_each_building_block_runs_on_the_position_of_an_icb(block: str) -> None:
    books = demo_of_2025_26.baseline()
    # Of health inequalities money, shared by need, no place could give up as much as another weighting would take.
    only = {0: ["core-community"]} if block == "reweigh" else None
    (done,) = run(read(built([block], year="2025/26", organisation="QWO", lines=only)), books).done
    assert (
        done.change.moved_pence
        or done.change.added_pence
        or block in ("successor", "release", "release-small", "announce")
    )


def test_a_block_that_names_bodies_names_all_of_the_icb_and_singles_nobody_out() -> None:
    (step,) = built(["capitate"], year="2025/26", organisation="QWO")["steps"]
    west_yorkshire = {"QWO-E08000032", "QWO-E08000033", "QWO-E08000034", "QWO-E08000035", "QWO-E08000036"}
    # And a part of Craven, which lies in North Yorkshire's authority.
    assert set(step["people_of"]) == {*west_yorkshire, "QWO-E06000065"}
    (everywhere,) = built(["instalments"], year="2025/26", organisation=None)["steps"]
    assert len(everywhere["missed"]) == 42
    with pytest.raises(Refused, match="they are in 42 ICBs"):
        run(read(built(["capitate"], year="2025/26", organisation=None)), demo_of_2025_26.baseline())


def test_who_receives_turns_among_those_of_its_kind() -> None:
    to = {knob.key: knob for knob in knobs(built(["devolve-to-mnp"], year="2025/26", organisation=None))}["s1.to"]
    assert to.options == ("iho", "local_authority", "pool", "mnp", "snp")
    local = {knob.key: knob for knob in knobs(built(["devolve"], year="2025/26", organisation=None))}["s1.to"]
    assert local.options == ("place", "pcn", "practice")


def test_blocks_stand_in_their_order_each_with_assumptions_of_its_own() -> None:
    made = built(["release", "devolve", "devolve"], year="2025/26", organisation="QWO", lines={1: ["core-community"]})
    scenario = read(made).scenario
    assert [step.lever_name() for step in scenario.steps] == ["release", "devolve", "devolve"]
    assert scenario.baseline.organisation == "QWO"
    assert len({each.name for each in scenario.assumptions}) == len(scenario.assumptions)
    assert scenario.steps[1].funds.codes == ("core-community",)  # type: ignore[union-attr]
    assert [knob.kind for knob in knobs(made) if knob.key == "s1.grade"] == [CHOICE]
