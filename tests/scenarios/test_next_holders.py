"""The levers of the next years: who else holds money, for what, for how long, and what has to be earned. By hand."""

from pathlib import Path
from typing import Any

import pytest

from ledger.errors import Refused
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios import baseline, outcome
from scenarios.engine import run
from scenarios.files.scenario import Scenario, written
from scenarios.movements import movements
from tests.scenarios.test_paths import after, path
from tests.scenarios.worlds import MARCH, held_pence, play, position, refusal, row, scenario, sums, usual, world

ALL_ICB = {"standing": ["available", "retained by agreement", "retained without agreement"], "tier": "icb"}


def details(done: Any) -> Any:
    return done.done[-1].change.details


def test_a_network_hands_all_to_the_neighbourhood_provider_of_its_people() -> None:
    done = play({"lever": "devolve", "funds": ["medical"], "organisations": {"tier": "pcn"}, "to": "snp", "share": 1})
    found = sums(done.position, "organisation", "fund")
    assert (found["SNP-N1", "medical"], found["SNP-N3", "medical"]) == (12_000_00, 15_000_07)
    assert not any(code.startswith("N") and fund == "medical" for code, fund in found)
    assert done.world.organisations["SNP-N1"].name == "Single-neighbourhood provider: Pcn N1"
    # A network of two ICBs was in both, and so is its provider.
    assert done.world.systems()["SNP-N3"] == done.baseline.world.systems()["N3"]
    assert held_pence(done.position) == held_pence(done.baseline.position)


def test_an_icb_hands_on_by_people_to_providers_of_places_and_to_one_of_its_own() -> None:
    done = play({"lever": "devolve", "funds": ["community"], "to": "mnp", "share": 1, "by": "registered"})
    found = sums(done.position, "organisation", "fund")
    # Of A's 30,000 people 15,000 live in each of its places; of B's 38,000 there are 23,000 in P3.
    assert (found["MNP-P1", "community"], found["MNP-P2", "community"]) == (300_000_00, 300_000_00)
    assert found["MNP-P3", "community"] == round(500_000_03 * 23 / 38)
    whole = play({"lever": "devolve", "funds": ["community"], "to": "iho", "share": 1})
    assert sums(whole.position, "organisation", "fund")["IHO-A", "community"] == 600_000_00


NAMED = {"R1": {"name": "First", "share": "60%", "icb": "A"}, "R2": {"name": "Second", "share": "40%", "icb": "A"}}


def test_providers_are_named_with_their_parts() -> None:
    step = {"lever": "devolve", "funds": ["community"], "organisations": {"within": "A", "tier": "icb"}, "to": "provider",
            "share": 0.5, "holders": {"named": NAMED}}  # fmt: skip
    found = outcome.explore(written(scenario(step)), usual(tiers=world().tiers))
    held = sums(found.run.position, "organisation")
    assert (held["R1"], held["R2"]) == (180_000_00, 120_000_00)
    # They are of A: nobody gains, and everybody appears in the statement of what moved.
    (icbs,) = (view for view in found.views if view.level == "icb")
    assert not icbs.gains
    (providers,) = (view for view in found.views if view.level == "provider")
    assert [(gain.code, gain.change_pence) for gain in providers.gains] == [("R1", 180_000_00), ("R2", 120_000_00)]
    assert [(each.organisation, each.purpose, each.change_pence) for each in found.movements] == [
        ("A", "Community", -300_000_00), ("R1", "Community", 180_000_00), ("R2", "Community", 120_000_00),
    ]  # fmt: skip
    assert sum(each.change_pence for each in found.movements) == 0
    assert "it is not said which providers receive" in refusal({**step, "holders": None})
    assert "B is in no ICB of those named" in refusal({**step, "organisations": {"tier": "icb"}})
    assert "there is an organisation 'A' already" in refusal(
        {**step, "holders": {"named": {"A": {**NAMED["R1"], "share": 1}}}}
    )
    with pytest.raises(ValueError, match="must sum to 1"):
        play({**step, "holders": {"named": {"R1": NAMED["R1"]}}})
    with pytest.raises(ValueError, match="the books hold every place"):
        play({**step, "to": "place"})
    assert "it is not known which authority P1 is part of" in refusal(
        {**step, "to": "local_authority", "holders": None}
    )


def test_every_council_has_its_part_and_no_icb_gains(demo_ledger: Path) -> None:
    """By the demo's places: an authority in several ICBs has its part in each, so that what one gives stays in it."""
    asked = Scenario.model_validate({
        "title": "Councils", "question": "?", "baseline": {"year": "2025/26"},
        "steps": [{"lever": "devolve", "funds": ["core-community"], "to": "local_authority", "share": 0.1}],
    })  # fmt: skip
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        books = baseline.read(reader, year=FinancialYear(2025))
    done = run(written(asked), books)
    councils = {code: pence for code, pence in sums(done.position, "organisation").items() if code[0] == "E"}
    assert len(councils) == len({code for code in books.world.people["place"].to_pylist() if code})
    assert len({code[:9] for code in councils}) == 153
    assert sum(councils.values()) == done.done[0].change.moved_pence
    given: dict[str, int] = {}
    for code, pence in councils.items():
        icb = done.world.icb_of(code)
        assert icb is not None
        assert list(done.world.systems()[code]) == [icb]
        given[icb] = given.get(icb, 0) + pence
    had = {icb: pence for (icb, fund), pence in sums(books.position, "organisation", "fund").items()
           if fund == "core-community" and len(icb) == 3}  # fmt: skip
    assert all(abs(10 * given[icb] - pence) <= 10 for icb, pence in had.items())


def test_a_taper_leaves_what_it_says_and_the_rest_goes_where_it_says() -> None:
    back = play({"lever": "taper", "funds": ["hospital"], "left": "75%"})
    assert sums(back.position, "fund")["hospital"] == 1_275_000_00
    assert held_pence(back.position) == held_pence(back.baseline.position) - 425_000_00
    into = play({"lever": "taper", "funds": ["hospital"], "left": "75%", "into": "community"})
    assert sums(into.position, "organisation", "fund")["B", "community"] == 500_000_03 + 200_000_00
    years = {"lever": "taper", "funds": ["hospital"], "left": {"2026/27": "75%", "2028/29": 0}}
    left = [sums(after(each), "fund").get("hospital", 0) for each in path(years).years]
    assert left == [1_700_000_00, 1_275_000_00, 1_275_000_00, 0, 0, 0]
    with pytest.raises(ValueError, match="add 'years'"):
        play(years)


def test_what_is_not_earned_goes_to_those_who_earned_all() -> None:
    """A has £600,000 and misses two quarters of four: £300,000 goes to B and to place P1 as they hold 500,000.03 to 100,000."""
    step = {"lever": "instalments", "funds": ["community"], "test": "break even", "missed": {"A": [3, 4]}}
    done = play(step)
    found = sums(done.position, "organisation", "fund")
    assert found["A", "community"] == 300_000_00
    # 30,000,000 pence x 50,000,003 / 60,000,003 = 25,000,000.25; the odd penny is nobody's but by remainder.
    assert (found["B", "community"], found["P1", "community"]) == (500_000_03 + 25_000_000, 100_000_00 + 5_000_000)
    assert details(done) == {"withheld_pence": 300_000_00, "held_pence": 1_200_000_03}
    lost = play({**step, "withheld": "source", "parts": ["10%", "90%"], "missed": {"B": [1]}})
    assert held_pence(lost.position) == held_pence(lost.baseline.position) - 50_000_00
    assert "nobody earned every part" in refusal({**step, "missed": {"A": [1], "B": [1], "P1": [1]}})
    assert "C holds none of it" in refusal({**step, "missed": {"C": [1]}})
    assert "there is no organisation 'Q'" in refusal({**step, "missed": {"Q": [1]}})
    for wrong in ({"A": [5]}, {"A": []}, {"A": [1, 1]}):
        with pytest.raises(ValueError, match="misses some of the parts 1 to 4, each once"):
            play({**step, "missed": wrong})
    with pytest.raises(ValueError, match="the parts must sum to 1"):
        play({**step, "parts": ["50%"]})


BUDGET = {
    "lever": "capitate", "funds": ["community"], "people_of": ["P1"], "code": "budget", "name": "One budget",
    "to": {"tier": "iho", "code": "I1", "name": "The organisation"}, "by": "registered", "term_years": 2,
    "risk_share": "25%", "surplus": "shared",
}  # fmt: skip


def test_a_budget_for_people_is_what_they_weigh_in_each_line_for_a_term() -> None:
    """Half of A's people live in P1: £300,000 of its £600,000, £20 a head of 15,000."""
    done = play(BUDGET)
    budget = [each for each in done.position.to_pylist() if each["fund"] == "budget"]
    assert [(each["organisation"], each["amount_pence"], each["certain_to"]) for each in budget] == [
        ("I1", 300_000_00, 2026)
    ]
    assert details(done) == {"budget_pence": 300_000_00, "per_head_pence": 2000, "people": 15_000}
    found = path({**BUDGET, "starts": "2026/27"}).years
    assert [sums(after(each), "fund").get("budget", 0) for each in found] == [0, 300_000_00, 300_000_00, 0, 0, 0]
    until = {each["certain_to"] for one in found for each in after(one).to_pylist() if each["fund"] == "budget"}
    assert until == {2027}


@pytest.mark.parametrize(
    ("surplus", "spent", "holder", "left"),
    [
        ("kept", "90%", 30_000_00, 300_000_00),
        ("returned", "90%", 0, 270_000_00),
        ("shared", "90%", 7_500_00, 277_500_00),
        # Of a deficit of £30,000 the holder bears a quarter, whatever becomes of a surplus.
        ("kept", "110%", -7_500_00, 300_000_00),
    ],
)
def test_what_becomes_of_a_surplus_is_a_rule(surplus: str, spent: str, holder: int, left: int) -> None:
    done = play({**BUDGET, "surplus": surplus, "spent": spent})
    assert details(done)["holder_pence"] == holder
    held = sums(done.position, "organisation", "fund")
    assert held["I1", "budget"] == left
    assert held.get(("A", "budget"), 0) == 300_000_00 - left


def test_people_are_counted_once_and_are_of_one_icb() -> None:
    assert "they are in 2 ICBs" in refusal({**BUDGET, "people_of": ["P1", "P3"]})
    assert "it names pcn, place" in refusal({**BUDGET, "people_of": ["P1", "N1"]})
    assert "there is a fund 'winter' already" in refusal({**BUDGET, "code": "winter"})
    with pytest.raises(ValueError, match="would be counted twice"):
        play({**BUDGET, "people_of": ["P1", "P1"]})


def test_prevention_is_one_point_of_all_over_five_years() -> None:
    """Of £1,100,000.03 of community at ICBs and £1,700,000 of hospitals a point is £28,000 in five years, £5,600 in one."""
    step = {"lever": "prevention", "funds": ["hospital"], "organisations": ALL_ICB, "tagged": ["community"],
            "into": "community", "points": "1%"}  # fmt: skip
    moved = [each.outcome.run.done[0].change.moved_pence for each in path({**step, "starts": "2025/26"}).years]
    assert moved == [5_600_00, 11_200_00, 16_800_00, 22_400_00, 28_000_00, 28_000_00]
    done = play({**step, "over_years": 1})
    assert "39.3%" in done.done[0].change.says  # 1,100,000.03 of 2,800,000.03 is 39.29%, and then 40.29%
    assert "40.3%" in done.done[0].change.says
    found = movements(done.baseline.position, done.position, done.world)
    assert {each.purpose for each in found} == {"prevention", "Hospital"}
    assert sum(each.change_pence for each in found if each.purpose == "prevention") == 28_000_00
    assert "'hospital' is not tagged" in refusal({**step, "into": "hospital"})


def test_a_cap_frees_what_is_above_it_with_an_authority() -> None:
    """Roles are £75,000.01 of £2,895,000.04 that ICBs have available; a fiftieth of all that they hold is £63,900."""
    step = {"lever": "cap", "funds": ["roles"], "organisations": {"tier": "icb"}, "share": "2%", "into": "community"}
    assert "which is ring-fenced" in refusal(step)
    done = play({**step, "authority": "the Secretary of State"})
    whole = sum(pence for (tier, _), pence in sums(usual().position, "tier", "fund").items() if tier == "icb")
    assert sums(done.position, "fund")["roles"] == round(whole / 50)
    assert held_pence(done.position) == held_pence(done.baseline.position)
    assert "There is nothing above the cap" in refusal({**step, "share": "50%"})


def test_capital_is_a_resource_of_its_own() -> None:
    new = {"lever": "pot", "code": "estates", "name": "Estates", "resource": "capital", "grade": "none",
           "route": "direction", "recurrent": False, "pounds": 1000, "notified_on": str(MARCH),
           "sharing": {"among": "icb", "by": "registered"}}  # fmt: skip
    mixed = {"lever": "taper", "funds": ["estates"], "left": 0, "into": "community"}
    # Money keeps its resource when it goes into another fund; a step that would make one of the other is refused.
    done = play(new, mixed)
    capital = [each for each in done.position.to_pylist() if each["resource"] == "capital" and each["tier"] == "icb"]
    assert sum(each["amount_pence"] for each in capital) == 1000_00
    assert "it makes capital of £1,000 of revenue" in refusal({**new, "from": {"organisation": "NHS", "fund": "limit"}})


def test_somebody_follows_the_national_body_and_nothing_else_changes() -> None:
    done = play({"lever": "restructure", "successor": {"code": "SOS", "name": "The Secretary of State", "of": "NHS"}})
    assert sums(done.position, "organisation", "fund")["SOS", "limit"] == 50_000_00
    assert "NHS" not in sums(done.position, "organisation")
    assert done.world.national == "SOS"
    again = play(
        {"lever": "restructure", "successor": {"code": "SOS", "name": "The Secretary of State", "of": "NHS"}},
        {"lever": "restructure", "successor": {"code": "NHS", "name": "National NHS", "of": "SOS"}},
    )
    assert again.position.equals(again.baseline.position)


def test_nothing_is_refused_without_a_remedy() -> None:
    with pytest.raises(Refused) as refused:
        run(written(scenario({**BUDGET, "people_of": ["Q"]})), usual())
    assert all(problem.remedy if hasattr(problem, "remedy") else problem.fix for problem in refused.value.problems)
    assert position(row("A", "community", 1)).num_rows == 2
