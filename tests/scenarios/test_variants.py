"""Figures that are turned are named: in the heading, in the pack and in the name of its file."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from ledger.errors import Refused
from scenarios import outcome, saved
from scenarios.files.variants import changed_name, changed_sentence, parts, turned_name

NAME = "devolve-80-at-once"
TURNED = f"{NAME}@share_at_place=76%"


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


def test_a_name_with_turns_is_taken_apart_and_put_together() -> None:
    assert parts(f"{TURNED}+s1.to=pcn") == (NAME, {"share_at_place": "76%", "s1.to": "pcn"})
    assert turned_name(*parts(f"{TURNED}+s1.to=pcn")) == f"{TURNED}+s1.to=pcn"
    for name in (NAME, "people@home.yaml", "a@", "@a=1", "x@share", "x@a=1=2"):
        assert parts(name) == (name, {})
    assert turned_name(NAME, {}) == NAME


def test_what_is_turned_is_told_in_words_and_in_a_file_name(tmp_path: Path) -> None:
    written = saved.find(TURNED, tmp_path / "ledger.duckdb")
    assert written.scenario.title == "76% of every line at place, at once"
    assert written.scenario.based_on == NAME
    assert changed_sentence(written.changes) == "Changed from the library: share at place is 76%, not 80%."
    assert saved.name_of(changed_name(NAME, written.changes)) == "devolve-80-at-once-share-at-place-76"
    grade = saved.find("winter-fund-in-the-baseline@total=£400 million", tmp_path / "ledger.duckdb")
    assert changed_sentence(grade.changes) == "Changed from the library: total is £400 million, not £500 million."


def test_the_librarys_own_has_nothing_changed() -> None:
    assert all(outcome.find(name).changes == () for name in outcome.library())
    assert changed_sentence(()) == ""
    assert changed_name(NAME, ()) == NAME


def test_a_step_that_was_added_by_hand_is_told_too(tmp_path: Path) -> None:
    text = outcome.library()[NAME].read_text(encoding="utf-8").replace("question:", f"based_on: {NAME}\nquestion:", 1)
    file = tmp_path / "ours.yaml"
    file.write_text(text.replace("assumptions:", "  - {lever: release, funds: {grade: soft}}\nassumptions:", 1))
    told = changed_sentence(saved.find(str(file), tmp_path / "ledger.duckdb").changes)
    assert "step 2: lever is release, which the library does not say" in told
    file.write_text(text.replace(f"based_on: {NAME}", "based_on: ../secrets"))
    (change,) = saved.find(str(file), tmp_path / "ledger.duckdb").changes
    assert change.values == ("../secrets, which is not in this library", None)


@pytest.mark.parametrize(
    ("turns", "words"),
    [("colour=red", "it has no figure 'colour'."), ("s1.to=moon", "'s1.to' cannot be moon there.")],
)
def test_a_figure_that_is_not_there_is_refused(tmp_path: Path, turns: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        saved.find(f"{NAME}@{turns}", tmp_path / "ledger.duckdb")
    (problem,) = refused.value.problems
    assert problem.found == words
    assert "share_at_place" in problem.fix


def test_a_value_that_cannot_be_is_refused_as_in_a_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="less than or equal to 1"):
        saved.find(f"{NAME}@share_at_place=176%", tmp_path / "ledger.duckdb")


def test_commands_take_turned_figures_and_say_so(demo_ledger: Path, tmp_path: Path) -> None:
    words = "Changed from the library: share at place is 76%, not 80%."
    ran = run("scenario", "run", TURNED, "--ledger", demo_ledger)
    assert ran.stdout.splitlines()[:2] == ["76% of every line at place, at once", words]
    compared = run("scenario", "compare", NAME, TURNED, "--ledger", demo_ledger, "--json")
    found = json.loads(compared.stdout)
    assert found["changed_from_library"] == ["", words]
    assert [each["values"] for each in found["differences"] if each["what"].endswith("value")] == [["80%", "76%"]]
    page = tmp_path / "pack.html"
    assert run("scenario", "pack", TURNED, NAME, "--out", page, "--ledger", demo_ledger).exit_code == 0
    assert page.read_text(encoding="utf-8").count(words) == 2  # in the list in front, and over the scenario
    out = tmp_path / "turned.xlsx"
    exported = run("export", "scenario", TURNED, "--out", out, "--ledger", demo_ledger, "--json")
    assert json.loads(exported.stdout)["sentence"] in " ".join(ran.stdout.split("\n"))
    assert "76%" in json.loads(exported.stdout)["sentence"]
