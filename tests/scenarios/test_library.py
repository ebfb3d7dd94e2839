"""The library, its expected results, and the commands that run it."""

import csv
import json
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

import devolution
from ledger.reports import position
from ledger.store.base import Store
from scenarios import outcome
from scenarios.change import held, tidied, total
from scenarios.compare import compare
from scenarios.files.scenario import read_scenario
from scenarios.files.variants import LIBRARY
from scenarios.order import differs
from tests.scenarios import expected
from tests.scenarios.schema import SCHEMA_FILE, schema, schema_text
from tests.scenarios.test_references import whole_library

NAMES = sorted(outcome.library())
REGENERATE = "if this is meant, run: python -m tests.scenarios.expected"


@cache
def answer(ledger: Path, name: str) -> outcome.Outcome:
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        return outcome.work_out(reader, outcome.find(name))


def command(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def document(*arguments: object) -> dict[str, Any]:
    code, out, err = command(*arguments, "--json")
    assert code in (0, 1), err
    return json.loads(out)


def test_the_library_asks_the_questions_that_were_promised() -> None:
    assert len(NAMES) >= 12
    assert {"womens-health-hubs", "lift-small-pots", "devolve-80-at-once", "devolve-80-in-three-years", "devolve-80-in-five-years",
            "capacity-funding-to-practices", "winter-fund-in-the-baseline", "competitive-pot", "april-2026-mergers"} <= set(NAMES)  # fmt: skip
    levers = {step.lever_name() for name in NAMES for step in read_scenario(outcome.library()[name]).scenario.steps}
    assert len(levers) >= 15


@pytest.mark.parametrize("name", NAMES)
def test_a_library_scenario_gives_its_expected_result(demo_ledger: Path, name: str) -> None:
    found = json.loads(expected.text(answer(demo_ledger, name)))
    told = json.loads(expected.file_of(name).read_text(encoding="utf-8"))
    assert found["sentence"] == told["sentence"], REGENERATE
    assert found == told, REGENERATE


@pytest.mark.parametrize("name", NAMES)
def test_a_library_scenario_keeps_the_published_schema(name: str) -> None:
    content = yaml.safe_load(json.dumps(yaml.load(outcome.library()[name].read_text(), Loader=_Words)))
    jsonschema.Draft202012Validator(schema()).validate(content)


class _Words(yaml.SafeLoader):
    """As an editor reads a file: numbers are numbers, days and years are text, 'on' is a word."""


_Words.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith((":timestamp", ":bool"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Words.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("^(true|false)$"), list("tf"))


def test_the_committed_schema_is_the_models() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), REGENERATE
    assert schema()["$id"].endswith(":1")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {"title": "x", "question": "y", "baseline": {"year": "2025/26"}, "steps": [], "colour": 1}, schema()
        )


def test_no_file_stands_alone() -> None:
    for file in LIBRARY.glob("*.expected.json"):
        assert file.name.removesuffix(".expected.json") in NAMES


def test_the_mergers_leave_thirty_six_icbs_and_every_penny(demo_ledger: Path) -> None:
    done = answer(demo_ledger, "april-2026-mergers").run
    assert len(set(done.world.people["icb"].to_pylist())) == 36
    assert total(held(done.position)) == total(held(done.baseline.position))


def test_hubs_by_formula_follow_people(demo_ledger: Path) -> None:
    done = answer(demo_ledger, "womens-health-hubs")
    assert done.run.given[0].change.added_pence == 42 * 595_000_00
    (icbs,) = (view for view in done.views if view.level == "icb")
    assert sum(gain.change_pence for gain in icbs.gains) == 0
    ranked = done.run.world.population("icb")
    assert icbs.gains[0].code == max(ranked, key=lambda code: ranked[code])
    assert icbs.gains[-1].code == min(ranked, key=lambda code: ranked[code])


def test_three_speeds_side_by_side(demo_ledger: Path) -> None:
    speeds = [answer(demo_ledger, f"devolve-80-{speed}") for speed in ("at-once", "in-three-years", "in-five-years")]
    found = compare(speeds)
    (local,) = (line for line in found.lines if line.name == "decided_locally")
    assert local.before < local.after[2] < local.after[1] < local.after[0]  # type: ignore[operator]
    assert found.same_baseline
    assert found.apart[0][2] == differs(speeds[0].run.position, speeds[1].run.position) > 0


def test_run_from_the_command_line_and_from_python_is_one_answer(demo_ledger: Path) -> None:
    told = document("scenario", "run", "womens-health-hubs", "--ledger", demo_ledger)
    here = json.loads(expected.json_text(answer(demo_ledger, "womens-health-hubs")))
    assert told["rows"] == here.pop("measures")
    assert {key: told[key] for key in here} == here
    assert told["command"] == "scenario run"


def test_several_in_one_process_are_the_answers_of_each(demo_ledger: Path) -> None:
    names = ["womens-health-hubs", "keep-by-agreement"]
    told = document("scenario", "run", *names, names[0], "--ledger", demo_ledger)
    assert [each["name"] for each in told["scenarios"]] == [row["name"] for row in told["rows"]] == names
    for name, each in zip(names, told["scenarios"], strict=True):
        assert {"name": name, **json.loads(expected.json_text(answer(demo_ledger, name)))} == each
    code, out, _ = command("scenario", "run", *names, "--ledger", demo_ledger)
    assert (code, out.count("It rests on")) == (0, 2)


def test_the_library_is_run_by_one_word_and_all_faults_are_told_at_once(demo_ledger: Path) -> None:
    told = whole_library(demo_ledger)
    assert [row["name"] for row in told["rows"]] == NAMES
    assert all(row["result"] == json.loads(expected.file_of(row["name"]).read_text())["hashes"]["result"]
               for row in told["rows"])  # fmt: skip
    refused = document("scenario", "run", "no-such", "keep-by-agreement", "nor-such", "--ledger", demo_ledger)
    assert [Path(each["place"]).name for each in refused["problems"]] == ["no-such", "nor-such"]
    assert command("scenario", "run", "--ledger", demo_ledger)[0] == 2


def test_json_has_everything_that_the_paragraph_says(demo_ledger: Path) -> None:
    """Every amount in the sentence is in the document, in pence, as the sentence writes it."""
    import re

    from ledger.money import spoken

    for name in NAMES:
        found = json.loads(expected.json_text(answer(demo_ledger, name)))
        amounts: set[str] = set()

        def gather(part: Any, amounts: set[str] = amounts) -> None:
            if isinstance(part, dict):
                for key, value in part.items():
                    if key.endswith("_pence") and isinstance(value, int):
                        amounts.update((spoken(value), spoken(abs(value))))
                    gather(value)
                if (
                    "before_pence" in part
                    and isinstance(part.get("after_pence"), int)
                    and isinstance(part["before_pence"], int)
                ):
                    amounts.add(spoken(abs(part["after_pence"] - part["before_pence"])))
            elif isinstance(part, list):
                for value in part:
                    gather(value)

        gather({key: value for key, value in found.items() if key != "sentence"})
        scenario_text = json.dumps(found["scenario"])
        for amount in re.findall(r"£[\d.,]*\d(?: (?:million|billion))?", found["sentence"]):
            each = amount.replace("£", "").replace(",", "")
            assert amount in amounts or each in scenario_text, (name, amount)


def test_the_commands_for_people(demo_ledger: Path) -> None:
    code, out, _ = command("scenario", "list")
    assert (code, "womens-health-hubs" in out) == (0, True)
    code, out, _ = command("scenario", "run", "competitive-pot", "--ledger", demo_ledger)
    assert code == 0
    for words in (
        "Who would have what if £5 million",
        "£760,711 changes hands",
        "The books have not changed",
        "Head of the chain",
    ):
        assert words in out, words
    code, out, _ = command(
        "scenario", "compare", "keep-by-agreement", "keep-without-agreement", "--ledger", demo_ledger
    )
    assert (code, "Scenarios 1 and 2 end" in out) == (0, True)


def test_what_is_refused_on_the_command_line(demo_ledger: Path, tmp_path: Path) -> None:
    code, _, err = command("scenario", "run", "no-such-scenario", "--ledger", demo_ledger)
    told = " ".join(err.split())
    assert (code, "there is no scenario 'no-such-scenario' in the library or saved" in told) == (1, True)
    assert "Name a file that is there, or one of" in told
    code, _, err = command("scenario", "run", "devolve-80-at-one", "--ledger", demo_ledger)
    assert (code, "Did you mean devolve-80-at-once" in " ".join(err.split())) == (1, True)
    code, _, err = command("scenario", "run", "competitive-pot", "--ledger", tmp_path / "none.duckdb")
    assert (code, "There is no ledger" in err) == (3, True)
    code, _, err = command("scenario", "compare", "competitive-pot", "--ledger", demo_ledger)
    assert (code, "There is nothing to compare" in err) == (1, True)
    file = tmp_path / "later.yaml"
    file.write_text(outcome.library()["lift-development-funding"].read_text().replace("2025/26", "2031/32", 1))
    file.write_text(file.read_text().replace("year: 2025/26", "year: 2031/32"))
    code, _, err = command("scenario", "run", file, "--ledger", demo_ledger)
    assert (code, "the books hold nothing in 2031/32" in err) == (1, True)
    refused = document("scenario", "run", file, "--ledger", demo_ledger)
    assert refused["problems"][0]["remedy"]


def test_an_old_result_is_checked(demo_ledger: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    result.write_text(command("scenario", "run", "competitive-pot", "--ledger", demo_ledger, "--json")[1])
    code, out, _ = command("scenario", "check", "competitive-pot", result, "--ledger", demo_ledger)
    assert (code, "matches" in out) == (0, True)
    other = tmp_path / "other.yaml"
    other.write_text(outcome.library()["competitive-pot"].read_text().replace("value: 9", "value: 10"))
    verdict = document("scenario", "check", other, result, "--ledger", demo_ledger)
    assert (verdict["matches"], verdict["differs"][0]) == (False, "scenario")
    assert {"what": "scenario.baseline.given.0.sharing.bids.awards", "then": 9, "now": 10} in verdict["rows"]
    assert command("scenario", "check", other, result, "--ledger", demo_ledger)[0] == 1
    # The same file with other words around it says the same.
    same = tmp_path / "same.yaml"
    same.write_text(
        "# a note\n"
        + outcome.library()["competitive-pot"].read_text().replace("pounds: 5 million", "pounds: 5,000,000")
    )
    assert document("scenario", "check", same, result, "--ledger", demo_ledger)["matches"]
    for text in ("no JSON", "[]", '{"hashes": 1}'):
        result.write_text(text)
        assert command("scenario", "check", other, result, "--ledger", demo_ledger)[0] == 1


def test_other_books_are_told_apart_from_another_file(own_demo_ledger: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    result.write_text(command("scenario", "run", "lift-development-funding", "--ledger", own_demo_ledger, "--json")[1])
    options = ("--icb", "QWO", "--by", "core", "--fund", "core-sdf-transfers", "--from", "retained", "--amount", "1m")
    assert command("allocate", *options, "--ledger", own_demo_ledger, "--post")[0] == 0
    verdict = document("scenario", "check", "lift-development-funding", result, "--ledger", own_demo_ledger)
    assert verdict["differs"] == ["baseline", "result"]


def adopted(ledger: Path, name: str) -> None:
    """Post what a proposal would post, as sign-off will."""
    from datetime import date

    from ledger.entries import posting
    from scenarios import proposal

    with Store.open(ledger) as store:
        with store.read() as reader:
            found = outcome.work_out(reader, outcome.find(name))
            asked = proposal.drafts(reader, found, day=date(2026, 3, 31), actor="tests", source_hash="0" * 64,
                                     authority="the board, from 2026-03-31")  # fmt: skip
        posting.post(store, asked)
        with store.read() as reader:
            at = position.moment(reader, date(2026, 3, 31))
            after = position.position(reader, at, year=2025)
    assert differs(after, found.run.position) == 0, name


@pytest.mark.parametrize("name", ["devolve-80-at-once", "keep-by-agreement", "lift-development-funding"])
def test_what_a_proposal_would_post_is_what_the_scenario_showed(own_demo_ledger: Path, name: str) -> None:
    adopted(own_demo_ledger, name)


def test_an_adopted_scenario_is_a_proposal_until_somebody_else_signs_it(own_demo_ledger: Path) -> None:
    ledger = ("--ledger", own_demo_ledger)
    before = document("position", "--by", "tier", *ledger)["rows"]
    adopt = ("scenario", "adopt", "devolve-80-at-once", "--actor", "preparer", *ledger)
    told = document(*adopt)
    assert document(*adopt)["entries"][0]["replayed"]
    assert document("position", "--by", "tier", *ledger)["rows"] == before
    (waiting,) = document("proposal", "list", *ledger)["rows"]
    assert (waiting["proposal"], waiting["amount_pence"]) == (told["proposal"], told["rows"][0]["amount_pence"])
    sign = ("proposal", "approve", told["proposal"], "--reason", "agreed by the board", *ledger)
    assert command(*sign, "--actor", "preparer")[0] == 1
    assert command(*sign, "--actor", "board")[0] == 0
    after = {row["tier"]: row["amount_pence"] for row in document("position", "--by", "tier", *ledger)["rows"]}
    moved = {row["tier"]: after[row["tier"]] - row["amount_pence"] for row in before}
    assert (moved["place"], moved["icb"]) == (waiting["amount_pence"], -waiting["amount_pence"])


def test_adopt_tries_everything_and_posts_nothing(own_demo_ledger: Path, tmp_path: Path) -> None:
    head = document("position", "--ledger", own_demo_ledger)["head"]
    out = tmp_path / "proposal.json"
    told = document("scenario", "adopt", "devolve-80-at-once", "--dry-run", "--ledger", own_demo_ledger, "--out", out)
    assert (told["posted"], told["rows"][0]["kind"]) == (False, "devolve")
    (entry,) = json.loads(out.read_text())
    assert (
        sum(leg["amount_pence"] for leg in entry["transfers"]) == told["rows"][0]["amount_pence"] == 10_796_366_586_43
    )
    fewer = "devolve-80-at-once@share_at_place=70%"
    (step,) = document("scenario", "run", fewer, "--ledger", own_demo_ledger)["steps"]
    told = document("scenario", "adopt", fewer, "--dry-run", "--ledger", own_demo_ledger)
    assert told["rows"][0]["amount_pence"] == step["moved_pence"] < 10_796_366_586_43
    assert document("position", "--ledger", own_demo_ledger)["head"] == head
    code, _, err = command("scenario", "adopt", "competitive-pot", "--ledger", own_demo_ledger)
    assert code == 1
    assert "takes as given what the books do not hold" in err
    assert "the step 'reroute' cannot be proposed" in err
    code, _, err = command("scenario", "adopt", "keep-without-agreement", "--ledger", own_demo_ledger)
    assert (code, "ends an agreement cannot be proposed" in err) == (1, True)
    code, _, err = command(
        "scenario", "adopt", "devolve-80-at-once", "--ledger", own_demo_ledger, "--date", "2030-01-01"
    )
    assert (code, "2030-01-01 is not in 2025/26" in err) == (1, True)
    code, _, err = command("scenario", "adopt", "lift-small-pots", "--ledger", own_demo_ledger)
    assert code == 1


def test_a_library_file_and_the_position_are_only_read(own_demo_ledger: Path) -> None:
    before = own_demo_ledger.read_bytes()
    for name in ("devolve-80-at-once", "april-2026-mergers"):
        assert command("scenario", "run", name, "--ledger", own_demo_ledger)[0] == 0
    assert own_demo_ledger.read_bytes() == before


def test_a_run_leaves_its_baseline_as_it_was(demo_ledger: Path) -> None:
    done = answer(demo_ledger, "integrated-settlement").run
    assert tidied(done.books.position).equals(done.books.position)
    assert done.baseline.content_hash == done.books.content_hash


def test_a_scenario_can_start_from_what_was_known_then(own_demo_ledger: Path, tmp_path: Path) -> None:
    """A bare day is its end, a time without a zone is UTC; and a title is text, whatever it looks like."""
    file = tmp_path / "then.yaml"
    text = (
        outcome.library()["lift-development-funding"]
        .read_text()
        .replace("title: Service", "title: The [bold]Service", 1)
    )
    with Store.open(own_demo_ledger, read_only=True) as store, store.read() as reader:
        recorded = position.moment(reader).known_at
    moment = recorded.astimezone(UTC).replace(tzinfo=None).isoformat()
    file.write_text(text.replace("  year: 2025/26", f"  year: 2025/26\n  known_at: {moment}"))
    code, out, err = command("scenario", "run", file, "--ledger", own_demo_ledger)
    assert (code, "[bold]Service" in out) == (0, True), err
    file.write_text(text.replace("  year: 2025/26", "  year: 2025/26\n  known_at: 2020-01-01"))
    code, _, err = command("scenario", "run", file, "--ledger", own_demo_ledger)
    assert (code, "the books hold nothing in 2025/26" in err) == (1, True)


def test_no_pot_of_a_scenario_has_the_code_of_one_that_books_of_several_years_hold() -> None:
    shipped = (LIBRARY.parents[1] / "allocations" / "figures" / "reference").glob("*.csv")
    files = (csv.reader(path.open()) for path in shipped if path.stem in ("pots", "funds"))
    held = {code for rows in files for code, *_ in rows}
    assert {"womens-health-hubs", "core-recurrent"} <= held
    for path in LIBRARY.glob("*.yaml"):
        written = yaml.safe_load(path.read_text())
        given = [step["code"] for step in written.get("baseline", {}).get("given", ()) if step["lever"] == "pot"]
        assert not held & {*given}, path.name
