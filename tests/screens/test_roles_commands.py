"""Roles on the command line: given, shown, held and taken, by people who are named."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution


def run(*arguments: object, person: str | None = None) -> Any:
    return CliRunner(env={"DEVOLUTION_PERSON": person}).invoke(devolution.app, [str(each) for each in arguments])


@pytest.fixture
def ledger(own_demo_ledger: Path) -> tuple[str, Path]:
    """The demo with an administrator, and people of two ICBs."""
    option = ("--ledger", own_demo_ledger)
    assert run("appoint", "chief@dept", "administrator", "--reason", "setting up", *option).exit_code == 0
    for person, role, icb in (
        ("anna@qwo", "preparer", "QWO"), ("bert@qwo", "approver", "QWO"), ("vera@qwo", "viewer", "QWO"),
        ("olga@qhm", "approver", "QHM"),
    ):  # fmt: skip
        done = run(
            "appoint", person, role, "--reason", "board minute 7", "--organisation", icb, *option, person="chief@dept"
        )
        assert done.exit_code == 0, done.stderr
    return option


SPLIT = (
    "allocate",
    "--icb",
    "QWO",
    "--by",
    "community",
    "--fund",
    "core-community",
    "--from",
    "retained",
    "--amount",
    "10m",
)


def told(ledger: tuple[str, Path], *arguments: object, person: str | None = None) -> dict[str, Any]:
    done = run(*arguments, *ledger, "--json", person=person)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_ledger_of_one_says_so(own_demo_ledger: Path) -> None:
    for command in (("roles",), ("may", "anybody")):
        assert "everything is allowed" in run(*command, "--ledger", own_demo_ledger).stdout


def test_a_preparer_cannot_approve_a_viewer_cannot_post_and_others_see_nothing(ledger: tuple[str, Path]) -> None:
    for person in ("vera@qwo", "anna@qwo", "olga@qhm", None):
        refused = run(*SPLIT, "--post", *ledger, person=person)
        assert (refused.exit_code, "may not post money" in refused.stderr) == (1, True), refused.output
    assert run(*SPLIT, "--propose", *ledger, person="vera@qwo").exit_code == 1
    told(ledger, *SPLIT, "--propose", person="anna@qwo")
    (proposal,) = told(ledger, "proposal", "list", person="bert@qwo")["rows"]
    key = proposal["proposal"]
    for person, said in (("anna@qwo", "Nobody decides on what they prepared"), ("vera@qwo", "vera@qwo may not approve"),
                         ("olga@qhm", "there is no such proposal")):  # fmt: skip
        refused = run("proposal", "approve", key, "--reason", "x", *ledger, person=person)
        assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    for person in ("olga@qhm", "stranger"):
        assert told(ledger, "proposal", "list", "--all", person=person)["rows"] == []
        assert run("proposal", "show", key, *ledger, "--as", person).exit_code == 1
    assert told(ledger, "proposal", "approve", key, "--reason", "agreed", person="bert@qwo")["outcome"] == "posted"
    assert run("verify", *ledger).exit_code == 0
    partly = run("verify", *ledger, person="olga@qhm")
    assert (partly.exit_code, "2 entries of proposals are not for you to see" in partly.stdout) == (0, True)


def test_roles_and_may_say_who_gave_what_and_why(ledger: tuple[str, Path]) -> None:
    found = told(ledger, "roles")
    assert [row["role"] for row in found["rows"]] == ["administrator", "preparer", "approver", "viewer", "approver"]
    bert = next(row for row in found["rows"] if row["person"] == "bert@qwo")
    assert (bert["given_by"], bert["reason"], bert["limit_pence"]) == ("chief@dept", "board minute 7", None)
    limit = (
        "appoint",
        "dora@qwo",
        "approver",
        "--reason",
        "minute 8",
        "--organisation",
        "QWO",
        "--limit",
        "5m",
        "--alone",
    )
    assert told(ledger, *limit, "--dry-run", person="chief@dept")["entries"][0]["dry_run"]
    told(ledger, *limit, person="chief@dept")
    (sentence,) = told(ledger, "may", "dora@qwo")["sentences"]
    assert "up to £5,000,000.00 a month" in sentence
    for_a_day = (*limit[:1], "dora@qwo", "preparer", *limit[3:-1], "--per", "day", "--dry-run")
    assert told(ledger, *for_a_day, person="chief@dept")["rows"] == []
    assert run(*limit[:7], "--per", "day", *ledger, person="chief@dept").exit_code == 1
    assert run(*for_a_day[:-2], "week", *ledger, person="chief@dept").exit_code == 2
    assert "no right in this ledger" in run("may", "stranger", *ledger).stdout
    assert run("dismiss", "dora@qwo", "--reason", "left", *ledger, person="bert@qwo").exit_code == 1
    told(ledger, "dismiss", "dora@qwo", "--reason", "left", "--dry-run", person="chief@dept")
    assert told(ledger, "may", "dora@qwo")["rows"]
    told(ledger, "dismiss", "dora@qwo", "--reason", "left", person="chief@dept")
    assert told(ledger, "may", "dora@qwo")["rows"] == []
    assert not next(row for row in told(ledger, "roles", "--all")["rows"] if row["person"] == "dora@qwo")["in_force"]
    last = run("dismiss", "chief@dept", "--reason", "x", *ledger, person="chief@dept")
    assert (last.exit_code, "nobody would be administrator" in last.stderr) == (1, True)


def test_commands_say_of_a_hidden_proposal_what_they_say_of_none(ledger: tuple[str, Path]) -> None:
    told(ledger, *SPLIT, "--propose", person="anna@qwo")
    (proposal,) = told(ledger, "proposal", "list", person="bert@qwo")["rows"]
    hidden, missing = proposal["proposal"], "anna@qwo/none"
    assert hidden.startswith("anna@qwo/allocate")
    asked: tuple[tuple[object, ...], ...] = (
        ("proposal", "show", "KEY"), *(("proposal", how, "KEY", "--reason", "x") for how in ("approve", "reject", "withdraw")),
        ("proposal", "approve", "KEY", "--reason", "x", "--only", 1), ("proposal", "expire"), ("may", "KEY"), ("roles",),
        ("proposal", "list", "--all"), ("trail", "--organisation", "QHM"), ("verify",),
        (*SPLIT[:-1], "900bn", "--propose"), (*SPLIT, "--propose", "--key", "KEY"), (*SPLIT, "--post", "--key", "KEY"),
    )  # fmt: skip
    for person in ("olga@qhm", "stranger"):
        for arguments in asked:
            answers = []
            # What names no proposal is asked once.
            for key in (hidden, missing) if "KEY" in arguments else (hidden,):
                done = run(*(key if part == "KEY" else part for part in arguments), *ledger, person=person)
                answers.append((done.exit_code, (done.stdout + done.stderr).replace(key, "KEY")))
            assert answers[0] == answers[-1], arguments
            assert "anna@qwo" not in answers[0][1].replace("KEY", "") or arguments[0] == "roles", answers
