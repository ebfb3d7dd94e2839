"""What is made of a run: bridges, who gains, the scorecard, comparison; and that nothing here can write."""

import ast
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from ledger.readings import SHIPPED
from scenarios import order
from scenarios.baseline import baseline_of
from scenarios.bridge import bridges, measured
from scenarios.engine import apply
from scenarios.files.scenario import Scenario, written
from scenarios.gainers import BY_IMD, BY_NEED, views
from scenarios.outcome import explore
from scenarios.scorecard import scorecard
from scenarios.world import World
from tests.scenarios.worlds import play, position, row, scenario, usual, world

ROOM = Path(__file__).parent.parent.parent / "scenarios"
DEVOLVE = {"lever": "devolve", "funds": ["winter"], "to": "place", "share": 0.5, "by": "registered"}
RELEASE = {"lever": "release", "funds": ["winter"]}


@pytest.mark.parametrize("file", sorted(ROOM.rglob("*.py")), ids=lambda file: str(file.relative_to(ROOM)))
def test_no_scenario_can_write_the_books(file: Path) -> None:
    """Nothing in the room imports posting or a store that writes, or calls what opens one to write."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {alias.name for alias in node.names}
            assert node.module != "ledger.entries.posting"
            assert not (node.module == "ledger" and "posting" in names)
            assert not (node.module == "ledger.store.base" and names - {"Reader"})
        if isinstance(node, ast.Attribute):
            assert node.attr not in ("write", "rehearse", "execute", "append_rows", "session"), ast.unparse(node)


def test_two_steps_that_meet_have_an_interaction() -> None:
    """Half of the fund goes to places and all of it is freed: local *and* free is what only both together bring."""
    found = bridges(play(DEVOLVE, RELEASE))
    bridge = next(each for each in found.bridges if each.quantity.name == "local_and_free")
    assert [bar.effect_pence for bar in bridge.bars] == [0, 0]
    assert bridge.interaction_pence == bridge.after_pence - bridge.before_pence == 10_000_00
    local = next(each for each in found.bridges if each.quantity.name == "local")
    assert ([bar.effect_pence for bar in local.bars], local.interaction_pence) == ([10_000_00, 0], 0)
    assert not found.order_matters


def test_the_order_of_steps_that_take_from_one_fund_matters() -> None:
    share = {**DEVOLVE, "share": 0.5}
    amount = {"lever": "devolve", "funds": ["winter"], "to": "place", "pounds": 5_000, "by": "registered"}
    found = bridges(play(share, amount))
    (pair,) = found.pairs
    # Half first and then 5,000 leaves 5,000; 5,000 first and then half leaves 7,500.
    assert (pair.first, pair.second, pair.differs_pence) == (1, 2, 2_500_00)


def test_a_step_that_rests_on_another_is_measured_after_it_and_says_so() -> None:
    merge = {"lever": "merge", "funds": ["winter", "roles"], "into": {"code": "one", "name": "One"}, "inner": "dropped",
             "authority": "NHS England"}  # fmt: skip
    found = bridges(play(merge, {"lever": "release", "funds": ["one"]}))
    free = next(each for each in found.bridges if each.quantity.name == "free")
    assert [bar.alone for bar in free.bars] == [True, False]
    assert free.bars[1].effect_pence == 95_000_01
    (pair,) = found.pairs
    assert pair.differs_pence is None


def test_only_steps_that_meet_are_tried_in_both_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three steps at A, three at B, on other funds: of 15 pairs only the one of two steps on A's roles is tried."""
    tried = []
    monkeypatch.setattr(order, "apply", lambda lever, *rest: tried.append(lever) or apply(lever, *rest))
    cuts = [("A", "roles"), ("A", "hospital"), ("A", "medical"), ("B", "roles"), ("B", "hospital"), ("A", "roles")]
    kept = ["available", "retained by agreement", "retained without agreement"]
    done = play(*({"lever": "cut", "funds": [fund], "organisations": {"within": icb, "standing": kept}, "pounds": 10}
                  for icb, fund in cuts))  # fmt: skip
    assert not bridges(done).order_matters
    assert len(tried) == 2


def test_quantities_are_read_off_a_position() -> None:
    found = measured(usual().position)
    assert found["ring_fenced"] == (40_000_01 + 35_000_00 + 20_000_00) + 300_000_00  # hard, and care
    assert found["held"] - found["known_before"] == 20_000_00
    assert found["local"] == 300_000_00 + 100_000_00 + 12_000_00 + 15_000_07


def test_who_gains_and_who_loses() -> None:
    done = play({"lever": "reroute", "funds": ["winter"], "to": "formula", "sharing": {"by": "registered"}})
    found = {view.level: view for view in views(done.baseline.position, done.position, done.baseline.world, done.world)}
    (gain, loss) = found["icb"].gains
    assert (gain.code, gain.change_pence) == ("B", 1_117_647)
    assert (loss.code, loss.change_pence) == ("A", -1_117_647)
    assert gain.per_head_pence == round(1_117_647 / 38_000)
    assert loss.change == Fraction(-1_117_647, loss.before_pence)
    assert found["place"].gains == ()
    assert found["place"].same == 4


def test_what_a_contract_directs_is_held_and_not_decided_over() -> None:
    """Two places of 15,000 people each: half of 600,000 free, 300,000 by contract, and 40,000 of which nobody says."""
    books = baseline_of(
        position(
            row("A", "community", 600_000_00, discretion="free"),
            row("A", "medical", 300_000_00, discretion="national contract"),
            row("A", "roles", 40_000_00, discretion=None),
        ),
        world(),
    )
    found = explore(written(scenario({**DEVOLVE, "share": 1, "funds": ["community", "medical", "roles"]})), books)
    places = next(view for view in found.views if view.level == "place")
    told = [(one.change_pence, one.decided_pence, one.directed_pence, one.not_known_pence) for one in places.gains]
    assert told == [(470_000_00, 300_000_00, 150_000_00, 20_000_00)] * 2
    assert (
        "2 would hold more and none less; Place P1 most of all "
        "(£470,000; it would decide over £300,000 of it, and of £20,000 that is not known)."
    ) in found.sentence
    free = explore(written(scenario({**DEVOLVE, "share": 1, "funds": ["community"]})), books)
    assert "2 would decide over more and none over less; Place P1 most of all (£300,000)" in free.sentence


def test_a_network_in_two_icbs_counts_in_each_by_its_people() -> None:
    done = play(RELEASE)
    found = {view.level: view for view in views(done.baseline.position, done.position, done.baseline.world, done.world)}
    assert found["icb"].same == 2
    from scenarios.change import held
    from scenarios.gainers import by_system

    systems = by_system(held(usual().position), world())
    without = by_system(
        held(usual().position).filter(
            [code != "N3" for code in usual().position["organisation"].to_pylist() if code != "GOV"]
        ),
        world(),
    )
    assert systems["A"] - without["A"] == 3_750_02
    assert systems["B"] - without["B"] == 11_250_05


def test_fifths_hold_all_the_people_and_all_the_change(demo_ledger: Path) -> None:
    from ledger.store.base import Store
    from scenarios import outcome

    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        found = outcome.work_out(reader, outcome.find("more-by-health-inequality"))
        one = outcome.work_out(reader, outcome.find("neighbourhood-contract"))
    (icbs,) = (view for view in found.views if view.level == "icb")
    assert icbs.basis == BY_IMD
    assert sum(fifth.organisations for fifth in icbs.fifths) == 42
    assert sum(fifth.change_pence for fifth in icbs.fifths) == 0
    # More by avoidable mortality goes to the more deprived: the first fifth gains, the last loses.
    assert icbs.fifths[0].per_head_pence > 0 > icbs.fifths[-1].per_head_pence  # type: ignore[operator]
    (places,) = (view for view in one.views if view.level == "place")
    assert places.basis == BY_NEED
    assert sum(fifth.change_pence for fifth in places.fifths) == sum(gain.change_pence for gain in places.gains)
    assert sum(fifth.organisations for fifth in places.fifths) == 6


def test_the_scorecard_is_worked_out_as_it_says() -> None:
    found = {test.name: test for test in scorecard(usual().position, world())}
    below = sum(
        each["amount_pence"] for each in usual().position.to_pylist() if each["tier"] not in ("government", "national")
    )
    assert found["decided_locally"].value == Fraction(427_000_07, below)
    assert found["known_before_the_year"].value == 1 - Fraction(20_000_00, below)
    assert found["pots_per_icb"].value == 5 - Fraction(
        1, 2
    )  # A: core, medical, roles, winter, care; B: core, medical, roles, care
    # Strings on medical, roles, winter and care at A, and on three of them at B; all of these below £500,000.
    assert found["strings_per_icb"].value == Fraction(7, 2)
    # At A 600,000 and 900,000 of core are the only pot above it; at B its core is.
    assert found["packets_per_icb"].value == Fraction(7, 2)
    assert found["returns_per_icb"].value == Fraction(28 + 20, 2)
    # That money recurs is no promise: no terms here say until when it is certain.
    assert found["certain_for_three_years"].value is None
    assert found["certain_for_three_years"].note == "Not known of any of the money."
    assert found["returns_by_segment"].value is None
    assert "no oversight segments" in found["returns_by_segment"].note
    assert all(test.formula and test.moves and test.better in ("higher", "lower") for test in found.values())


def test_what_rests_on_grades_has_its_lowest_and_highest_value_over_readings() -> None:
    ends = {test.name: test.over for test in scorecard(usual().position, world())}
    each = [
        {test.name: test.value for test in scorecard(one.read(usual().position), world(), with_ranges=False)}
        for one in SHIPPED
    ]
    for name, its in ends.items():
        values = sorted(value for found in each if (value := found[name]) is not None)
        assert ([its.lowest, its.highest] if its else values[:1]) == ([values[0], values[-1]] if its else values[-1:])
    assert {name for name, its in ends.items() if its} >= {"free_of_conditions", "strings_per_icb"}


def test_returns_stand_beside_the_segment_of_the_icb() -> None:
    with_segments: World = world(segments={"A": 1, "B": 3})
    found = {test.name: test.value for test in scorecard(usual().position, with_segments)}
    assert {"returns_in_segment_1", "returns_in_segment_3"} <= set(found)
    # A with all below it: medical 4, roles 12, winter 8 and care 4 returns; N3 counts with B. Of core nobody knows.
    mine = sum(
        each["amount_pence"]
        for each in usual().position.to_pylist()
        if world().icb_of(each["organisation"]) == "A" and each["pot"] != "core"
    )
    assert found["returns_in_segment_1"] == Fraction(28 * 10**8, mine)


def test_an_empty_position_has_no_score() -> None:
    nothing = scorecard(usual().position.slice(0, 0), world())
    assert all(test.value is None and test.note for test in nothing)


def test_the_paragraph_tells_what_is_weak_and_what_is_given() -> None:
    case = scenario(
        DEVOLVE, RELEASE,
        given=[{"lever": "grow", "funds": ["winter"], "pounds": 5_000}],
        assumptions=[{"name": "part", "value": "0.5", "reason": "x", "source": "y", "quality": "red", "impact": "green"}],
    )  # fmt: skip
    said = explore(written(case), usual()).sentence
    for words in ("Taken as given, though the books do not hold it: adds £5,000 of new money", "Step 1 devolves 50%, £12,500, to 2 places",
                  "The order of the steps does not matter", "It rests on 1 assumption; look first at part."):  # fmt: skip
        assert words in said, said


def of_icbs(*steps: dict[str, Any]) -> dict[str, int]:
    """ICB to what it gains with all below it."""
    said = {"title": "t", "question": "q", "baseline": {"year": "2025/26"}, "steps": list(steps)}
    found = explore(written(Scenario.model_validate(said)), usual())
    (view,) = (view for view in found.views if view.level == "icb")
    return {gain.code: gain.change_pence for gain in view.gains}


@pytest.mark.parametrize("to", ["pcn", "snp", "practice", "place"])
def test_what_an_icb_hands_to_a_network_in_two_is_no_gain_of_the_other(to: str) -> None:
    """A of £600,000 hands half to its networks; N3, with 5 of its 30 thousand people and 15 of B's, gets £50,000.

    By N3's people £37,500 of it would be B's, which has not a penny more.
    """
    half = {"lever": "devolve", "funds": ["community"], "to": to, "share": "0.5", "organisations": {"codes": ["A"]}}
    assert of_icbs(half) == {}
    assert of_icbs({**half, "organisations": {}}) == {}


def test_what_a_network_in_two_hands_on_or_back_is_no_gain_of_either() -> None:
    down = {"lever": "devolve", "funds": ["medical"], "organisations": {"tier": "pcn"}, "to": "practice", "share": "1"}
    assert of_icbs(down) == {}
    back = {"lever": "retain", "funds": ["medical"], "agreed": False, "back_from": "pcn", "share": "1"}
    assert of_icbs(back) == {}


def test_what_is_cut_at_a_network_in_two_is_lost_by_both() -> None:
    """Half of the £15,000.07 of N3, the half penny left, is £7,500.03; A with a quarter of its people loses £1,875.01."""
    cut = {"lever": "cut", "funds": ["medical"], "organisations": {"codes": ["N3"]}, "share": "0.5"}
    lost = of_icbs(cut)
    assert lost == {"A": -1_875_01, "B": -5_625_02}


def test_what_cuts_everything_says_of_which_year_and_tells_no_fifth_that_it_gains_nothing_a_head() -> None:
    gone = explore(written(scenario({"lever": "cut", "funds": {}, "share": "1"})), usual())
    assert "in 2025/26." in gone.sentence
    assert "£0 a head" not in gone.sentence
