"""What is refused, with its line and what to do: before anything runs, and as a step meets the money."""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest
from pydantic import BeforeValidator, Strict

import allocations
import scenarios
from allocations.reading.strict_yaml import StrictModel
from ledger.errors import Refused
from scenarios.engine import run
from scenarios.files.scenario import read_scenario
from tests.scenarios.worlds import refusal, usual

GOOD = """title: A case
question: What if?
baseline:
  year: 2025/26
steps:
  - lever: devolve
    funds: [community]
    to: place
    share: $part
    by: core
assumptions:
  - name: part
    value: 0.5
    reason: to test
    source: the tests
    quality: amber
    impact: green
"""


def said(folder: Path, text: str) -> str:
    file = folder / "case.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused) as refused:
        run(read_scenario(file), usual())
    problems = refused.value.problems
    assert all(problem.fix and problem.why and problem.found for problem in problems)
    return "\n".join(str(problem) for problem in problems)


def test_an_amount_with_a_nought_before_it_is_what_it_says(tmp_path: Path) -> None:
    """YAML takes 0100 for sixty-four."""
    (tmp_path / "case.yaml").write_text(GOOD.replace("share: $part", "pounds: 0100"), encoding="utf-8")
    assert run(read_scenario(tmp_path / "case.yaml"), usual()).done[0].change.moved_pence == 100_00


def test_no_file_counts_by_answers_or_answers_by_words() -> None:
    """A plain int takes true for 1, and a plain bool the word 'no': each field of each file says which it is."""
    for room in (allocations, scenarios):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)
    loose = [
        f"{model.__module__}.{model.__name__}.{name}"
        for model in _below(StrictModel)
        for name, field in model.model_fields.items()
        if _takes_anything(field.annotation, field.metadata) and not isinstance(field.annotation, str)
    ]
    assert loose == []


def _below(model: type) -> Iterator[Any]:
    for each in model.__subclasses__():
        yield each
        yield from _below(each)


def _takes_anything(annotation: Any, metadata: Sequence[Any] = ()) -> bool:
    if annotation in (bool, int):
        return not any(isinstance(mark, BeforeValidator | Strict) for mark in metadata)
    if get_origin(annotation) is Annotated:
        kind, *marks = get_args(annotation)
        return _takes_anything(kind, marks)
    if str in get_args(annotation):  # what was written, to be read by whoever uses it
        return False
    return any(_takes_anything(kind) for kind in get_args(annotation) if isinstance(kind, type) or get_origin(kind))


def test_the_good_file_runs(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(GOOD, encoding="utf-8")
    assert run(read_scenario(tmp_path / "case.yaml"), usual()).done[0].change.moved_pence > 0


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("    share: $part", "    shar: $part", "line 9, steps.0.shar", "Did you mean 'share'?"),
        ("question: What if?", "question: What if?\nquestion: Why?", "line 3", "the key 'question' stands twice"),
        ("question: What if?\n", "", "line 1, question", "Add 'question'"),
        ("value: 0.5", "value: 1.2", "line 9, steps.0.share", "Give a number that is less than or equal to 1"),
        ("value: 0.5", "value: -1", "line 9, steps.0.share", "Give a number that is greater than or equal to 0"),
        ("value: 0.5", "value: .nan", "line 9, steps.0.share", "found '.nan'"),
        ("share: $part", "share: $parts", "line 9, steps.0.share", "there is no assumption '$parts'"),
        ("year: 2025/26", "year: 2025/27", "line 4, baseline.year", "is not a financial year"),
        ("to: place", "to: region", "line 8, steps.0.to", "'mnp' or 'snp'"),
        ("lever: devolve", "lever: devole", "line 6, steps.0", "'devolve'"),
        ("quality: amber", "quality: blue", "line 16, assumptions.0.quality", "'red', 'amber' or 'green'"),
        ("    reason: to test\n", "", "line 12, assumptions.0.reason", "Add 'reason'"),
        ("funds: [community]", "funds: {colour: red}", "line 7, steps.0.funds.colour", "The keys are"),
        ("funds: [community]", "funds: [comunity]", "line 7, steps.0.funds", "Did you mean community?"),
        ("funds: [community]", "funds: {stream: corre}", "line 7, steps.0.funds", "Did you mean core?"),
        ("funds: [community]", "funds: {grade: firm}", "line 7, steps.0.funds.grade", "'none', 'monitored', 'soft'"),
        ("- lever: devolve\n    funds: [community]\n    to: place\n    share: $part\n    by: core",
         "- lever: reweigh\n    funds: [community]\n    among: icb\n    from: core", "line 6, steps.0", "give 'from' and 'to', or 'by'"),
        ("- lever: devolve\n    funds: [community]\n    to: place\n    share: $part\n    by: core",
         "- lever: reweigh\n    funds: [community]\n    among: icb\n    from: core\n    to: equal\n    by: core", "line 6, steps.0",
         "give 'from' and 'to', or 'by'"),
        ("by: core", "by: coree", "line 10, steps.0.by", "Did you mean core?"),
        ("by: core", "by: {core: 0.5, registered: 0.4}", "line 10, steps.0.by", "sum to 0.9"),
        ("    by: core", "    over_years: 2\n    in_year: 3", "line 6, steps.0", "in_year lies after over_years"),
        ("    by: core", "    pounds: 5", "line 6, steps.0", "give one of share, until_share and pounds"),
        ("share: $part", "pounds: ten", "line 9, steps.0.pounds", "is not an amount of money"),
        ("share: $part", "pounds: 1:30", "line 9, steps.0.pounds", "'1:30' is not an amount of money"),
        ("share: $part", "pounds: 0x64", "line 9, steps.0.pounds", "'0x64' is not an amount of money"),
        ("    by: core", "    over_years: yes", "line 10, steps.0.over_years", "'yes' is not a whole number"),
        ("    by: core", "    over_years: true", "line 10, steps.0.over_years", "True is not a whole number"),
        ("    by: core", "    over_years: 010", "line 10, steps.0.over_years", "'010' is not a whole number"),
        ("    by: core", "    over_years: 1:10", "line 10, steps.0.over_years", "'1:10' is not a whole number"),
        ("funds: [community]", "funds: {recurrent: no}", "line 7, steps.0.funds.recurrent", "'no' is neither true nor false"),
        ("funds: [community]", "funds: {recurrent: 1}", "line 7, steps.0.funds.recurrent", "1 is neither true nor false"),
        ("steps:\n", "steps: []\nthese:\n", "line 5, steps", "at least 1 item"),
        ("    by: core", "    by: core\n    organisations: {tier: borough}", "line 11, steps.0.organisations", "there is no tier"),
        ("    by: core", "    by: core\n    organisations: {codes: [Q99]}", "line 11, steps.0.organisations", "no organisation 'Q99'"),
        ("    by: core", "    by: core\n    organisations: {codes: [P3], within: A}", "line 11, steps.0.organisations",
         "P3 is not in A; it is in B."),
        ("    by: core", "    by: core\n    organisations: {segment: [1]}", "line 11, steps.0.organisations", "Add 'segments'"),
        ("title: A case", "title: [", "line 2", "The file cannot be understood"),
        ("title: A case", "title: &a [*a]", "line 1", "an alias"),
        ("title: A case", "title: " + "[" * 200 + "]" * 200, "line 1", "nested too deeply"),
        ("title: A case", 'title: "a\\u202eb"', "line 1, title", "U+202E cannot be seen"),
        ("title: A case", "title: 2025-02-30", "case.yaml", "day is out of range"),
    ],
)  # fmt: skip
def test_a_file_with_a_slip_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, place: str, words: str
) -> None:
    assert old in GOOD
    told = said(tmp_path, GOOD.replace(old, new, 1))
    assert f"case.yaml, {place}" in told or told.startswith(place), told
    assert words in told, told


def test_every_slip_is_told_at_once(tmp_path: Path) -> None:
    told = said(tmp_path, GOOD.replace("2025/26", "now").replace("to: place", "to: moon").replace("amber", "blue"))
    assert len(told.splitlines()) == 3
    told = said(tmp_path, GOOD.replace("[community]", "[nothing]") + "")
    assert "there is no fund 'nothing'" in told


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no such file"):
        read_scenario(tmp_path / "none.yaml")
    (tmp_path / "big.yaml").write_text("#" * 1_100_000)
    with pytest.raises(Refused, match="one small file"):
        read_scenario(tmp_path / "big.yaml")
    for text in ("", "just words", "[1, 2]", "\x00"):
        (tmp_path / "odd.yaml").write_text(text)
        with pytest.raises(Refused):
            read_scenario(tmp_path / "odd.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(Refused):
        read_scenario(tmp_path / "bytes.yaml")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        # A hard ring-fence is not broken without saying so.
        ({"lever": "merge", "funds": ["roles", "medical"], "into": {"code": "one", "name": "One"}, "inner": "dropped"},
         ("takes £75,000 out of Roles, which is ring-fenced", "release step before it")),
        ({"lever": "settlement", "movable": 0.1, "themes": [{"code": "t", "name": "T", "funds": ["winter", "community"]}]},
         ("out of Winter", "name the 'authority'")),
        ({"lever": "match", "funds": ["winter"], "share": 1, "own": ["roles"]},
         ("takes £20,000 out of Roles", "Ring-fenced money leaves its fund only by a step that says so")),
        ({"lever": "pot", "code": "new", "name": "New", "grade": "none", "route": "formula", "recurrent": True,
          "notified_on": "2025-04-01", "from": {"organisation": "A", "fund": "roles"}, "pounds": 1, "sharing": {"by": "core"}},
         ("takes £1 out of Roles",)),
        ({"lever": "release", "funds": ["care"]}, ("under a statutory ring-fence", "Name the 'authority'")),
        # More than is held.
        ({"lever": "devolve", "funds": ["winter"], "to": "place", "pounds": "20000.01"},
         (".pounds", "it asks for £20,000", "Ask for at most £20,000")),
        ({"lever": "cut", "funds": ["winter"], "pounds": "£1bn"}, ("where £20,000 is held",)),
        ({"lever": "retain", "funds": ["winter"], "agreed": False, "pounds": 20_001}, ("where £20,000 is held",)),
        ({"lever": "withdraw", "funds": ["winter"], "spent_pounds": 20_001}, ("A would have spent £20,001 and holds £20,000",)),
        ({"lever": "withdraw", "funds": ["winter"], "spent_pounds": 1, "pounds": 20_000}, ("where £19,999 is held",)),
        ({"lever": "match", "funds": ["care"], "share": 1, "own": ["community"]},
         ("3 cannot match it: P2 needs £60,000 and has £0", "Lower the share")),
        # Selections that find nothing say what there is.
        ({"lever": "devolve", "funds": ["winter"], "organisations": {"tier": "icb", "standing": "spent"}, "to": "place", "share": 1},
         ("nobody who holds money", "There is icb, available: £555,000")),
        ({"lever": "devolve", "funds": {"route": "prize"}, "to": "place", "share": 1}, ("no fund that is held", "winter (hard, by bid)")),
        ({"lever": "devolve", "funds": ["winter"], "organisations": {"codes": ["B"]}, "to": "place", "share": 1},
         ("hold none of those funds", "icb, available: £20,000")),
        ({"lever": "release", "funds": {"below_pounds": 1}}, ("selects no fund", "There is care (statutory")),
        # Whom money may go to.
        ({"lever": "devolve", "funds": ["care"], "organisations": {"tier": "place"}, "to": "icb", "share": 1},
         ("P1 is a place, which is not above a icb",)),
        ({"lever": "devolve", "funds": ["core"], "organisations": {"codes": ["C"]}, "to": "place", "share": 1}, ("neither a fund nor a holder",)),
        ({"lever": "restructure", "move": {"code": "P1", "to": "N1"}}, ("P1 is a place and N1 a pcn",)),
        ({"lever": "restructure", "move": {"code": "P1", "to": "A"}}, ("P1 is in A", "nothing to move")),
        ({"lever": "restructure", "split": {"code": "A", "places": {"P1": "B"}}}, ("not said where P2 go", "Add them under 'places'")),
        ({"lever": "restructure", "split": {"code": "A", "places": {"P1": "B", "P2": "B", "P3": "B"}}}, ("P3 is not in A; it is in B",)),
        ({"lever": "restructure", "succession": "2031-04-01"}, ("no succession is known", "2026-04-01")),
        ({"lever": "restructure", "merge": {"code": "Z", "name": "Z", "of": ["A", "Q"]}}, ("there is no organisation 'Q'",)),
        # Pots are merged whole, and revenue stays revenue.
        ({"lever": "merge", "funds": ["community", "medical"], "into": {"code": "one", "name": "One"}, "inner": "kept"},
         ("only a part of the pot core", "A pot is merged whole")),
        ({"lever": "merge", "funds": ["medical"], "into": {"code": "one", "name": "One"}, "inner": "kept"}, ("one pot only, medical",)),
        ({"lever": "merge", "funds": ["medical", "roles"], "into": {"code": "care", "name": "One"}, "inner": "kept"},
         ("there is a fund 'care' already",)),
        # Themes, bids, autonomy.
        ({"lever": "settlement", "movable": "10%", "authority": "x", "themes": [{"code": "t", "name": "T", "funds": ["winter"]},
          {"code": "u", "name": "U", "funds": ["care"]}], "moves": [{"from": "t", "to": "u", "share": "11%"}]},
         ("£2,200 would leave the theme t", "10% of it may move, which is £2,000")),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"winners": 3}}, ("3 are to win, and there are 2",)),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"bids": {"awards": 3}}}, ("3 awards for 2 bidders",)),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"bids": {"awards": 1, "bidders": ["Q"]}}}, ("no bidder 'Q'",)),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"bids": {"awards": 1, "bidders": ["P1"]}}},
         ("P1 cannot bid for it",)),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid",
          "sharing": {"bids": {"awards": 1, "cost_of_a_bid_pounds": "£20 billion"}}}, ("cost_of_a_bid_pounds is 20000000000",)),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"chance": 0}}, ("nobody wins", "Raise the chance")),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"awards": {"Q": 1}}}, ("no organisation 'Q'",)),
        ({"lever": "autonomy", "funds": ["community"], "to": "place", "presumed": 1}, ("gives no oversight segments",)),
        ({"lever": "announce", "funds": ["limit"], "days": 1, "organisations": {"codes": ["A"]}}, ("hold none of those funds",)),
        ({"lever": "release", "funds": ["roles"], "grade": "hard"}, ("graded hard already",)),
        ({"lever": "reweigh", "funds": ["care"], "among": "place", "from": "core", "to": "cores"}, ("steps.0.to", "core")),
        ({"lever": "reweigh", "funds": ["care"], "among": "place", "by": "core", "population_year": "2024/25"},
         ("no weighted populations for 2024/25", "Those shipped are for 2025/26")),
        ({"lever": "converge", "funds": ["care"], "among": "place", "years": 1, "growth": 0, "floor": "1%", "cap": "2%",
          "curve": [[0, 0]]}, ("Floor and cap allow", "Change the floor")),
        ({"lever": "grow", "funds": {"in": "core"}, "pounds": 5, "by": "core"}, ("several tiers, or several lines",)),
    ],
)  # fmt: skip
def test_a_step_that_cannot_be_done_says_why_and_what_to_do(step: dict[str, object], words: tuple[str, ...]) -> None:
    told = refusal(step)
    assert told.startswith("scenario.steps.0"), told
    for each in words:
        assert each in told, told


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"chance": 1.01}}, "less than or equal to 1"),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"chance": -0.01}}, "greater than or equal to 0"),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"awards": {"A": 0.5, "B": 0.6}}}, "the awards sum to 1.1"),
        ({"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"by": "core"}}, "a bid is won"),
        ({"lever": "reroute", "funds": ["winter"], "to": "formula", "sharing": {"winners": 2}}, "give sharing.by"),
        ({"lever": "retain", "funds": ["winter"], "agreed": True, "share": 1}, "an agreement names its partners"),
        ({"lever": "cut", "funds": ["winter"], "share": "110%"}, "a share is at most 1"),
        ({"lever": "announce", "funds": ["winter"]}, "give either days or on"),
        ({"lever": "autonomy", "funds": ["winter"], "to": "place", "shares": {5: 1}}, "a segment is 1, 2, 3 or 4"),
        ({"lever": "restructure"}, "give one of succession, merge, split, move and successor"),
    ],
)  # fmt: skip
def test_an_impossible_value_never_becomes_a_step(step: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        refusal(step)


def test_a_weighting_that_does_not_exist_for_the_year() -> None:
    from scenarios.baseline import baseline_of
    from scenarios.world import no_people
    from tests.scenarios.worlds import USUAL, position, world

    without = baseline_of(position(*USUAL), world(people=no_people(), people_year=None))
    step = {"lever": "devolve", "funds": ["community"], "to": "place", "share": 1, "by": "core"}
    told = refusal(step, books=without)
    assert "there is no weighting 'core' for 2025/26" in told
    assert "bring values of your own under 'measures'" in told
    short = {"values": {"P1": 1}, "reason": "to test", "source": "the tests", "quality": "red"}
    missing = refusal({**step, "by": "visits"}, measures={"visits": short})
    assert "the measure 'visits' has no value for P2" in missing


def test_a_refusal_in_the_middle_leaves_nothing_behind() -> None:
    books = usual()
    before = books.position.to_pylist()
    told = refusal(
        {"lever": "release", "funds": ["roles"]}, {"lever": "cut", "funds": ["roles"], "pounds": "1bn"}, books=books
    )
    assert told.startswith("scenario.steps.1")
    assert books.position.to_pylist() == before


def test_a_baseline_of_one_icb_shares_nothing_with_others() -> None:
    from dataclasses import replace

    one = replace(usual(), organisation="A")
    told = refusal({"lever": "reweigh", "funds": ["community"], "among": "icb", "by": "core"}, books=one)
    assert "the baseline is A alone" in told
