"""Each lever, in a case small enough to work out by hand."""

from datetime import date

import pyarrow.compute as pc
import pytest

from allocations.shares.apportion import apportion
from ledger.reports import measures
from ledger.reports.position import BY_AGREEMENT, WITHOUT_AGREEMENT
from scenarios.baseline import baseline_of
from scenarios.files.scenario import Scenario, written
from scenarios.outcome import explore
from tests.scenarios.worlds import MARCH, held_pence, play, position, row, same, sums, usual, world


def winter(done: object) -> dict[str, int]:
    found = sums(done.position, "organisation", "fund")  # type: ignore[attr-defined]
    return {code: pence for (code, fund), pence in found.items() if fund == "winter"}


def test_devolve_shares_an_icbs_line_by_people_among_its_own_places() -> None:
    done = play({"lever": "devolve", "funds": ["winter"], "to": "place", "share": 0.9, "by": "registered"})
    # 30,000 people in A: half of them in each place.
    assert winter(done) == {"A": 2_000_00, "P1": 9_000_00, "P2": 9_000_00}
    assert done.done[0].change.moved_pence == 18_000_00


def test_devolve_reaches_a_network_with_its_people_in_this_icb_alone() -> None:
    done = play({"lever": "devolve", "funds": ["winter"], "to": "pcn", "share": 1, "by": "registered"})
    # N1 has 15, N2 has 10; of N3's 20 thousand only 5 are A's.
    assert winter(done) == {"N1": 10_000_00, "N2": 666_667, "N3": 333_333}


def test_the_share_of_people_in_no_network_stays() -> None:
    start = baseline_of(position(row("B", "winter", 38_000_00)), world())
    done = play({"lever": "devolve", "funds": ["winter"], "to": "pcn", "share": 1, "by": "registered"}, books=start)
    assert winter(done)["B"] == 3_000_00
    assert done.done[0].change.details["left_for_nobody_pence"] == 3_000_00


def test_money_kept_by_agreement_stays_unless_it_is_asked_for() -> None:
    ask = {"lever": "devolve", "funds": ["hospital", "community"], "to": "place", "share": 1, "by": "registered"}
    assert sums(play(ask).position, "organisation", "fund")["A", "hospital"] == 900_000_00
    named = {**ask, "organisations": {"standing": [BY_AGREEMENT]}}
    assert ("A", "hospital") not in sums(play(named).position, "organisation", "fund")


def test_devolve_until_a_share_of_the_line_is_there() -> None:
    done = play({"lever": "devolve", "funds": ["community"], "to": "place", "until_share": 0.5, "by": "registered"})
    found = sums(done.position, "organisation", "fund")
    # A and its places hold 700,000, of which 100,000 is at P1 already.
    assert found["A", "community"] == 350_000_00
    assert found["P1", "community"] + found["P2", "community"] == 350_000_00
    assert found["B", "community"] == 500_000_03 - 250_000_01


def test_devolve_in_equal_parts_over_years() -> None:
    steps = {"lever": "devolve", "funds": ["winter"], "to": "place", "share": 1, "by": "equal", "over_years": 3}
    done = play({**steps, "in_year": 2})
    assert winter(done)["A"] == apportion(20_000_00, {"taken": 2, "kept": 1})["kept"]
    path = done.done[0].change.details["path"]
    assert [year["devolved_pence"] for year in path] == [666_666, 1_333_333, 2_000_000]


def test_devolve_by_the_fair_share_of_each_line() -> None:
    """The shipped policy shares prescribing by prescribing; a line with no component goes by core."""
    from scenarios.weighing import fitting

    assert fitting("core-prescribing", "core") == "prescribing"
    assert fitting("primary-medical-recurrent", "primary medical") == "primary_medical"
    assert fitting("running-costs", "running costs") == "core"


def test_retain_with_agreement_covers_what_was_kept_without() -> None:
    done = play({"lever": "retain", "funds": ["community"], "agreed": True, "partners": "P1, P2", "pounds": 110_000})
    kept = sums(done.position, "organisation", "fund", "standing")
    assert kept["A", "community", BY_AGREEMENT] + kept["B", "community", BY_AGREEMENT] == 110_000_00
    assert kept["A", "community", WITHOUT_AGREEMENT] == 600_000_00 - kept["A", "community", BY_AGREEMENT]


def test_retain_takes_back_from_a_network_in_two_icbs_what_belongs_to_each() -> None:
    done = play({"lever": "retain", "funds": ["medical"], "agreed": False, "share": 1, "back_from": "pcn"})
    gained = {code: done_ - before for code, before, done_ in (
        (code, sums(usual().position, "organisation").get(code, 0), sums(done.position, "organisation").get(code, 0))
        for code in ("A", "B", "N1", "N3"))}  # fmt: skip
    # N3's £15,000.07: a quarter of its people are A's.
    assert gained == {"A": 12_000_00 + 3_750_02, "B": 11_250_05, "N1": -12_000_00, "N3": -15_000_07}


def test_release_changes_the_grade_and_leaves_the_returns() -> None:
    done = play({"lever": "release", "funds": {"route": "claim"}, "grade": "monitored"})
    found = {(each["fund"], each["grade"], each["returns_per_year"]) for each in done.position.to_pylist()}
    assert ("roles", "monitored", 12) in found
    assert not any(fund == "roles" and grade == "hard" for fund, grade, _ in found)
    lighter = play({"lever": "release", "funds": ["roles"], "grade": "monitored", "returns_per_year": 1})
    assert {each["returns_per_year"] for each in lighter.position.to_pylist() if each["fund"] == "roles"} == {1}


def test_release_by_what_an_icb_sees_of_a_fund() -> None:
    """A and its networks see £327,000.07 of medical and £40,000.01 of roles; N3 counts with B, where most of it lives."""
    small = play({"lever": "release", "funds": {"below_pounds": 36_000, "grade": ["hard"]}})
    freed = {(each["organisation"], each["fund"]) for each in small.position.to_pylist() if each["grade"] == "none"}
    assert ("B", "roles") in freed
    assert ("A", "winter") in freed
    assert ("A", "roles") not in freed


def test_announce_moves_the_notice_and_says_what_is_left() -> None:
    done = play({"lever": "announce", "funds": ["winter"], "days": 60})
    (found,) = (each for each in done.position.to_pylist() if each["fund"] == "winter")
    assert found["notified_on"] == date(2026, 1, 17)
    assert done.done[0].change.details["days_to_spend"] == [{"fund": "winter", "before": 134, "after": 74}]
    early = play({"lever": "announce", "funds": ["winter"], "on": "2025-03-31"})
    assert "with 365 days to spend it instead of 134" in early.done[0].change.says


def test_merge_says_of_no_part_what_holds_of_another() -> None:
    done = play({"lever": "merge", "funds": ["winter", "roles"], "into": {"code": "one", "name": "One"}, "inner": "dropped",
                 "authority": "NHS England"})  # fmt: skip
    found = [each for each in done.position.to_pylist() if each["fund"] == "one"]
    merged = sums(done.position, "organisation", "fund")
    assert (merged["A", "one"], merged["B", "one"]) == (60_000_01, 35_000_00)
    # One grade and one count of returns for the pot; its route, whether it recurs and its day stay each part's own.
    terms = {
        (each["grade"], each["route"], each["recurrent"], each["returns_per_year"], each["notified_on"])
        for each in found
    }
    assert terms == {("hard", "claim", True, 12, MARCH), ("hard", "bid", False, 12, date(2025, 11, 18))}
    told = {"lever": "merge", "funds": ["winter", "roles"], "inner": "dropped", "authority": "NHS England",
            "into": {"code": "one", "name": "One", "route": "formula", "recurrent": True}}  # fmt: skip
    found = [each for each in play(told).position.to_pylist() if each["fund"] == "one"]
    assert {(each["route"], each["recurrent"]) for each in found} == {("formula", True)}


@pytest.mark.parametrize("inner", ["kept", "dropped"])
def test_where_returns_are_known_of_a_part_of_a_pot_nobody_can_tell_them_by_million(inner: str) -> None:
    """Of 'roles' 12 returns are known and £75,000.01; of the core pot none: nobody knows what the one pot asks for."""
    done = play({"lever": "merge", "funds": ["core", "community", "hospital", "roles"], "inner": inner,
                 "into": {"code": "one", "name": "One"}, "authority": "NHS England"})  # fmt: skip
    assert "it asks for 12 returns at the least, for of 1 of them it is not known how many" in done.done[0].change.says
    rows = [each for each in done.position.to_pylist() if each["pot"] == "one" and each["standing"] != "source"]
    reported = {each["returns_per_year"]: 0 for each in rows}
    for each in rows:
        reported[each["returns_per_year"]] += each["amount_pence"]
    assert reported.keys() == {12, None}
    assert reported[12] == 40_000_01 + 35_000_00
    values = {one.name: one.value for one in measures.measures(done.position)}
    # Beside it medical asks for 4, care for 4 and winter for 8. Without the one pot they would be 16 for their money, as
    # if the merger had taken 12 away; with it, 28 for money of which most asks for nobody knows what.
    others = sums(done.position.filter(pc.not_equal(done.position["standing"], "source")), "fund")
    asked = sum(others[fund] for fund in ("medical", "care", "winter"))
    assert values["returns_per_year"] == 12 + 4 + 4 + 8
    assert values["returns_per_million"] is None
    notes = {one.name: one.note for one in measures.measures(done.position)}
    # The one pot, and what the national body has left, of which nothing is known.
    assert round((sum(others.values()) - asked) / 100) in range(2_950_000, 3_050_000)
    left_out = "Not known for 2 of 5 pots with £3 million"
    alone = "Of a pot it is known of a part alone, so for each £1 million nobody can tell."
    assert notes["returns_per_million"] == f"{left_out}. {alone}"
    more = "Where it is known of a part of a pot, those are counted: there may be more."
    assert notes["returns_per_year"] == f"{left_out}. {more}"


def test_merge_with_inner_ring_fences_keeps_each_purpose() -> None:
    done = play(
        {"lever": "merge", "funds": ["medical", "roles"], "into": {"code": "one", "name": "One"}, "inner": "kept"}
    )
    found = {(each["fund"], each["pot"], each["grade"]) for each in done.position.to_pylist() if each["pot"] == "one"}
    assert found == {("medical", "one", "soft"), ("roles", "one", "hard")}
    again = {"lever": "release", "funds": {"in": "one"}, "grade": "none"}
    inside = play(
        {"lever": "merge", "funds": ["medical", "roles"], "into": {"code": "one", "name": "One"}, "inner": "kept"},
        again,
    )
    assert {each["grade"] for each in inside.position.to_pylist() if each["pot"] == "one"} == {"none"}


def test_settlement_moves_its_tenth_and_no_more() -> None:
    themes = [
        {"code": "near", "name": "Near", "funds": ["medical", "roles"]},
        {"code": "far", "name": "Far", "funds": ["winter"]},
    ]
    done = play({"lever": "settlement", "themes": themes, "movable": "10%", "moves": [{"from": "near", "to": "far", "share": "10%"}],
                 "authority": "the Treasury"})  # fmt: skip
    before, found = 402_000_08, sums(done.position, "fund")
    assert found["near"] == before - before // 10
    assert found["far"] == 20_000_00 + before // 10
    assert {each["grade"] for each in done.position.to_pylist() if each["fund"] in ("near", "far")} == {"monitored"}


def test_reroute_from_one_winner_to_all_by_people() -> None:
    done = play({"lever": "reroute", "funds": ["winter"], "to": "formula", "sharing": {"by": "registered"}})
    # 30 thousand people in A and 38 in B.
    assert winter(done) == apportion(20_000_00, {"A": 30, "B": 38})
    (route,) = {each["route"] for each in done.position.to_pylist() if each["fund"] == "winter"}
    assert route == "formula"


def test_reroute_to_named_awards_and_equal_parts() -> None:
    awards = play(
        {"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"awards": {"A": "25%", "B": "75%"}}}
    )
    assert winter(awards) == {"A": 5_000_00, "B": 15_000_00}
    equal = play({"lever": "reroute", "funds": ["winter"], "to": "equal shares", "sharing": {"by": "equal"}})
    assert winter(equal) == {"A": 10_000_00, "B": 10_000_00}


def test_reweigh_scales_an_icb_with_all_below_it() -> None:
    done = play({"lever": "reweigh", "funds": ["community"], "among": "icb", "by": "registered",
                 "organisations": {"standing": ["available", WITHOUT_AGREEMENT]}})  # fmt: skip
    whole = 600_000_00 + 100_000_00 + 500_000_03
    wanted = apportion(whole, {"A": 30, "B": 38})
    found = sums(done.position, "organisation", "fund")
    assert found["B", "community"] == wanted["B"]
    assert {"A": found["A", "community"], "P1": found["P1", "community"]} == apportion(
        wanted["A"], {"A": 600_000_00, "P1": 100_000_00}
    )


def test_reweigh_moves_the_difference_of_two_shares_and_nothing_else() -> None:
    """Equal parts instead of registered people (30 to 38 thousand): half less 30/68 of the whole goes to A."""
    step = {"lever": "reweigh", "funds": ["community"], "among": "icb", "from": "registered", "to": "equal",
            "organisations": {"standing": ["available", WITHOUT_AGREEMENT]}}  # fmt: skip
    before, done = sums(usual().position, "organisation", "fund"), play(step)
    found = sums(done.position, "organisation", "fund")
    whole = 600_000_00 + 100_000_00 + 500_000_03
    gain = apportion(whole, {"A": 1, "B": 1})["A"] - apportion(whole, {"A": 30, "B": 38})["A"]
    assert gain == 70_588_24  # 60,000,001.5 pence less 52,941,177.8, each rounded by largest remainder
    assert found["A", "community"] + found["P1", "community"] == 700_000_00 + gain
    assert found["B", "community"] == before["B", "community"] - gain
    assert done.done[0].change.moved_pence == gain


def test_reweigh_from_a_weighting_to_itself_moves_nothing() -> None:
    for among in ("icb", "place"):
        step = {"lever": "reweigh", "funds": ["care"], "among": among, "from": "core", "to": {"core": 1}}
        done = play(step)
        assert done.done[0].change.moved_pence == 0
        assert sums(done.position, "organisation", "fund") == sums(usual().position, "organisation", "fund")


def test_reweigh_among_places_keeps_each_icbs_part() -> None:
    done = play({"lever": "reweigh", "funds": ["care"], "among": "place", "by": "registered"})
    found = sums(done.position, "organisation", "fund")
    assert [found[code, "care"] for code in ("P1", "P2")] == [65_000_00, 65_000_00]
    assert {code: found[code, "care"] for code in ("P3", "P4")} == apportion(170_000_00, {"P3": 23, "P4": 15})


def test_converge_moves_towards_target_and_balances() -> None:
    """Community money is 700 to 500 where people are 30 to 38: A stands over, B under its share."""
    done = play({"lever": "converge", "funds": ["community"], "among": "icb", "by": "registered", "years": 3, "growth": 0,
                 "floor": "-5%", "cap": "5%", "curve": [["-10%", "5%"], [0, 0], ["10%", "-5%"]]})  # fmt: skip
    before, after = ({code: found["A", "community"] + found["P1", "community"] if code == "A" else found["B", "community"]
                      for code in ("A", "B")} for found in (sums(each, "organisation", "fund")
                                                            for each in (usual().position, done.position)))  # fmt: skip
    assert sum(after.values()) == sum(before.values())
    assert before["A"] * 0.85 < after["A"] < before["A"]
    path = done.done[0].change.details["path"]
    distances = [each["farthest_from_target"] for each in path]
    assert distances == sorted(distances, reverse=True)
    assert done.done[0].change.added_pence == 0


def test_grow_and_cut_say_by_how_much() -> None:
    done = play(
        {"lever": "grow", "funds": ["winter"], "share": "150%"}, {"lever": "cut", "funds": ["winter"], "share": 0.5}
    )
    assert [each.change.added_pence for each in done.done] == [30_000_00, -25_000_00]
    assert winter(done) == {"A": 25_000_00}
    shared = play({"lever": "grow", "funds": ["care"], "pounds": 680, "by": "registered"})
    gained = {code: sums(shared.position, "organisation", "fund")[code, "care"] - each["amount_pence"]
              for each in usual().position.to_pylist() if each["fund"] == "care" for code in [each["organisation"]]}  # fmt: skip
    assert gained == {"P1": 150_00, "P2": 150_00, "P3": 230_00, "P4": 150_00}


def test_withdraw_by_the_days_that_are_gone() -> None:
    """Known on 18 November, to be spent by 31 March: 134 days, of which 67 are gone on 24 January."""
    done = play({"lever": "withdraw", "funds": ["winter"], "on": "2026-01-24"})
    assert done.done[0].change.details == {"withdrawn_pence": 10_000_00, "spent_pence": 10_000_00}
    assert done.done[0].change.added_pence == -10_000_00
    back = play({"lever": "withdraw", "funds": ["winter"], "spent_share": "25%", "back_to": "national"})
    assert winter(back) == {"A": 5_000_00, "NHS": 15_000_00}
    assert back.done[0].change.added_pence == 0


def test_match_ties_a_pound_for_a_pound() -> None:
    done = play({"lever": "match", "funds": ["winter"], "share": 1, "own": ["community"]})
    found = sums(done.position, "organisation", "fund", "grade")
    assert found["A", "winter", "hard"] == 40_000_00
    assert found["A", "community", "none"] == 580_000_00


def test_restructure_merges_two_icbs_with_their_people() -> None:
    merge = {"lever": "restructure", "merge": {"code": "Z", "name": "ICB Z", "of": ["A", "B"]}}
    share = {"lever": "devolve", "funds": ["winter"], "to": "place", "share": 1, "by": "registered"}
    done = play(merge, share)
    assert sums(done.position, "organisation").keys().isdisjoint({"A", "B"})
    # The winter money of A is now shared among the places of both.
    assert winter(done) == apportion(20_000_00, {"P1": 15, "P2": 15, "P3": 23, "P4": 15})
    assert done.world.icb_of("P3") == "Z"


def test_restructure_splits_an_icb_by_the_people_of_its_places() -> None:
    split = {"lever": "restructure", "split": {"code": "A", "places": {"P1": "B", "P2": "Z"}, "names": {"Z": "ICB Z"}}}
    done = play(split)
    assert winter(done) == {"B": 10_000_00, "Z": 10_000_00}
    assert (done.world.icb_of("P1"), done.world.icb_of("P2")) == ("B", "Z")


def test_restructure_moves_a_practice_with_its_part_of_the_places_money() -> None:
    done = play({"lever": "restructure", "move": {"code": "G1", "to": "P2", "by": "registered"}})
    found = sums(done.position, "organisation", "fund")
    # G1 has 6 of the 15 thousand people of P1.
    assert (found["P1", "care"], found["P2", "care"]) == (42_000_00, 88_000_00)
    place_of = {each["practice"]: each["place"] for each in done.world.people.to_pylist()}
    assert place_of["G1"] == "P2"


@pytest.mark.parametrize(("step", "devolved"), [
    ({"shares": {1: 1, 2: 0.5}}, {"P1": 1, "P3": 0.5}), ({"presumed": 1, "shares": {2: 0}}, {"P1": 1, "P3": 0}),
])  # fmt: skip
def test_autonomy_follows_the_segment_of_the_icb(step: dict[str, object], devolved: dict[str, float]) -> None:
    start = baseline_of(position(row("A", "winter", 300_00), row("B", "winter", 380_00)), world())
    segments = {
        "values": {"A": 1, "B": 2},
        "otherwise": 4,
        "reason": "to test",
        "source": "the tests",
        "quality": "red",
    }
    done = play(
        {"lever": "autonomy", "funds": ["winter"], "to": "place", "by": "registered", **step},
        books=start,
        segments=segments,
    )
    got = winter(done)
    assert got.get("P1", 0) == 150_00 * devolved["P1"]
    assert got.get("P3", 0) == 230_00 * devolved["P3"]


def test_a_pot_out_of_what_is_held_is_no_new_money() -> None:
    pot = {"lever": "pot", "code": "new", "name": "New", "grade": "none", "route": "formula", "recurrent": True,
           "notified_on": "2025-04-01", "from": {"organisation": "NHS", "fund": "limit"}, "pounds": 1_000,
           "sharing": {"among": "icb", "by": "registered"}}  # fmt: skip
    done = play(pot)
    assert done.done[0].change.added_pence == 0
    assert held_pence(done.position) == held_pence(usual().position)
    assert sums(done.position, "organisation", "fund")["NHS", "limit"] == 49_000_00
    back = play(pot, {"lever": "cut", "funds": ["new"], "share": 1}, {"lever": "grow", "funds": ["limit"], "organisations": {"codes": ["NHS"]},
                "pounds": 1_000})  # fmt: skip
    assert same(back.position, usual().position)


def test_what_cuts_everything_is_answered_with_nothing_and_no_figure_made_up() -> None:
    """Nobody holds anything: no share is defined, and every line of the answer is there still."""
    cut = {
        "title": "Cut",
        "question": "?",
        "baseline": {"year": "2025/26"},
        "steps": [{"lever": "cut", "share": "100%"}],
    }
    for segments in (
        {},
        {"segments": {"values": {"A": 1, "B": 2}, "otherwise": 3, "reason": "r", "source": "s", "quality": "red"}},
    ):
        outcome = explore(written(Scenario.model_validate({**cut, **segments})), usual())
        assert held_pence(outcome.run.position) == 0
        assert [after.name for _, after in outcome.scorecard] == [before.name for before, _ in outcome.scorecard]
        assert all(after.value is None for _, after in outcome.scorecard)
