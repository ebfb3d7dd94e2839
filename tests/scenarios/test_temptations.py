"""Scenarios that tempt the product into saying what is false: what each says is held to right answers worked out by hand.

Money of 'medical' is directed by a national contract; all other money in the small country is free.
"""

from typing import Any

import pytest

from ledger.errors import Refused
from scenarios.baseline import Baseline, baseline_of
from scenarios.files.scenario import written
from scenarios.outcome import Outcome, explore
from tests.scenarios.worlds import USUAL, position, scenario, world
from tests.temptations import GAINS, betrayed

MERGE: dict[str, Any] = {"lever": "merge", "funds": ["winter", "roles"], "into": {"code": "one", "name": "One"}, "inner": "dropped",
         "authority": "NHS England"}  # fmt: skip


def books() -> Baseline:
    whose = {"medical": "national contract"}
    rows = [{**row, "discretion": whose.get(row["fund"], "free")} for row in USUAL]
    return baseline_of(position(*rows), world())


def ask(*steps: dict[str, Any]) -> Outcome:
    found = explore(written(scenario(*steps)), books())
    assert not betrayed(found.sentence)
    return found


def test_who_merges_pots_and_raises_their_total_is_told_which_step_did_what() -> None:
    """£20,000 and £75,000.01 are put together and grown by a tenth: A has £60,000.01 of it and B £35,000."""
    merged, grown = ask(MERGE), ask(MERGE, {"lever": "grow", "funds": ["one"], "share": 0.1})
    assert "puts 2 pots with £95,000 together as One" in merged.sentence
    assert "No headline amount changes." in merged.sentence
    assert not GAINS.search(merged.sentence)
    assert "Step 2 adds 10%, £9,500 of new money." in grown.sentence
    assert "The money held in all rises by £9,500" in grown.sentence
    assert "2 gain and none lose; Icb A gains most (£6,000, 0.3%)" in grown.sentence
    # A pot that was announced in November is not announced earlier by it: of the new money £4,000 of A's 'roles' and
    # £3,500 of B's lie in parts that were known on 31 March.
    assert "Money known before the year starts rises by £7,500" in grown.sentence


def test_who_merges_ring_fenced_pots_without_authority_frees_nothing() -> None:
    with pytest.raises(Refused) as refused:
        ask({**MERGE, "into": {**MERGE["into"], "grade": "none"}, "authority": None})
    assert [problem.found for problem in refused.value.problems] == [
        "it takes £75,000 out of Roles, which is ring-fenced.",
        "it takes £20,000 out of Winter, which is ring-fenced.",
    ]


def test_who_devolves_what_is_not_a_choice_is_told_that_nobody_decides_over_it() -> None:
    """£300,000 for practices go by people, 15,000 in each of two places; P1 held £70,000 and £100,000: 88.2% more."""
    found = ask({"lever": "devolve", "funds": ["medical"], "to": "place", "share": 1.0, "by": "registered"})
    assert "2 would hold more and none less" in found.sentence
    assert "Place P1 most of all (£150,000, 88.2%; it would decide over none of it)" in found.sentence
    assert "would decide over more" not in found.sentence
    assert not GAINS.search(found.sentence)
    before, after = next(pair for pair in found.scorecard if pair[0].name == "kept_without_agreement")
    # Kept by A were £600,000 of community, £300,000 of the contract and £40,000.01 of roles: the contract is no choice.
    assert before.value == after.value


def test_who_devolves_what_is_free_gives_nobody_a_penny_more() -> None:
    found = ask({"lever": "devolve", "funds": ["winter"], "to": "place", "share": 1.0, "by": "registered"})
    assert "2 would decide over more and none over less; Place P1 most of all (£10,000, 5.9%)" in found.sentence
    assert not GAINS.search(found.sentence)


def test_who_calls_new_money_recurrent_and_gives_no_day_promises_nothing() -> None:
    """£68,000 by people, 30,000 in A and 38,000 in B: neither notice nor certainty follows from recurrence."""
    pot = {"lever": "pot", "code": "new", "name": "New pot", "grade": "hard", "route": "formula", "recurrent": True,
           "pounds": 68_000, "sharing": {"by": "registered"}}  # fmt: skip
    found = ask(pot)
    assert "2 gain and none lose; Icb B gains most (£38,000, 2.5%)" in found.sentence
    assert "known before the year" not in found.sentence
    tests = {before.name: (before, after) for before, after in found.scorecard}
    before, after = tests["known_before_the_year"]
    assert before.value == after.value
    assert after.note == "Not known of £68,000 of £3.7 million, which is left out of both sides."
    assert tests["certain_for_three_years"][1].value is None
    assert tests["certain_for_three_years"][1].note == "Not known of any of the money."
    # Nobody says how many returns it asks for, so the pots that do are those above and below the line.
    assert tests["returns_per_million"][0].value == tests["returns_per_million"][1].value


def test_who_weighs_anew_by_the_weights_that_are_used_moves_nothing() -> None:
    found = ask({"lever": "reweigh", "funds": ["community"], "from": "community", "to": "community", "among": "icb"})
    assert "£0 changes hands. No headline amount changes." in found.sentence
    assert not GAINS.search(found.sentence)


@pytest.mark.parametrize(
    ("sharing", "told"),
    [
        ({"winners": 1}, "it goes to 1 winner drawn by lot, each shown with its mean; who wins is not known."),
        ({"chance": 0.5},
         "it goes to those who win with a chance of 0.5, each shown with its mean; who wins is not known."),
    ],
)  # fmt: skip
def test_who_lets_luck_decide_is_told_that_nobody_knows_who_wins(sharing: dict[str, Any], told: str) -> None:
    """£10,000 to one of two: each has £5,000 in the mean, and in no draw."""
    pot = {"lever": "pot", "code": "lot", "name": "Lot", "grade": "hard", "route": "bid", "pounds": 10_000}
    found = ask({**pot, "sharing": sharing})
    assert told in found.sentence
    assert "(£5,000, 0.2%)" in found.sentence
