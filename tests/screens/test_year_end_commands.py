"""Month end and year end as typed: what is closed, what goes on, what stays behind; refusals that teach."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from tests.conftest import ROOT

EXAMPLE = ROOT / "docs" / "carry_forward_example.yaml"


def run(*arguments: object) -> tuple[int, dict[str, Any], str]:
    done = CliRunner().invoke(devolution.app, [*(str(argument) for argument in arguments), "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr


def for_once(ledger: Path) -> None:
    """Whether the example's line recurs no source says, so whoever carries it forward has recorded that it does not."""
    told = (
        "--fund",
        "core-sdf-transfers",
        "--recurrent",
        "NR",
        "--reason",
        "for this year alone",
        "--date",
        "2025-04-01",
    )
    assert run("record", "terms", *told, "--ledger", ledger)[0] == 0


def test_a_year_is_carried_forward_by_the_example_and_closed(own_demo_ledger: Path) -> None:
    ledger = ("--ledger", own_demo_ledger)
    assert run("month", "list", *ledger)[1]["rows"] == []
    status, _, said = run("carry-forward", "2026/27", "--rule", EXAMPLE, "--dry-run", *ledger)
    assert (status, "whether it recurs is not known" in said) == (1, True)
    for_once(own_demo_ledger)
    status, tried, said = run("carry-forward", "2026/27", "--rule", EXAMPLE, "--dry-run", *ledger)
    assert status == 0, said
    status, done, said = run("carry-forward", "2026/27", "--rule", EXAMPLE, *ledger)
    assert status == 0, said
    assert (done["carried_pence"], done["rows"]) == (tried["carried_pence"], tried["rows"])
    assert done["carried_pence"] == sum(row["carried_pence"] for row in done["rows"]) == 20_000_000 * 100
    assert done["not_carried_pence"] == sum(row["amount_pence"] for row in done["not_carried"])
    _, again, _ = run("carry-forward", "2026/27", "--rule", EXAMPLE, *ledger)
    assert again["head"] == done["head"]
    assert sum(row["amount_pence"] for row in again["rows"] if row["kind"] == "bring") == done["carried_pence"]
    _, flows, _ = run("flows", "--year", "2026/27", *ledger)
    assert [row["amount_pence"] for row in flows["rows"]] == [done["carried_pence"]]

    status, closed, said = run("month", "close", "M12 2025/26", "--reason", "year end", *ledger)
    assert status == 0, said
    assert closed["rows"] == [{"month": "2026-03", "closed_to": "2026-03-31", "entry": 167, "closed": True}]
    assert sum(row["amount_pence"] for row in closed["left"]) == done["not_carried_pence"]
    _, listed, _ = run("month", "list", *ledger)
    assert (listed["first_open_day"], listed["rows"][0]["reason"]) == ("2026-04-01", "year end")
    status, refused, _ = run("reverse", 160, "--reason", "late", *ledger)
    assert (status, refused["problems"][0]["remedy"][:20]) == (1, "2025/26 has ended. D")
    assert run("verify", *ledger)[0] == 0


def test_what_is_kept_of_a_dry_run_is_nothing(own_demo_ledger: Path) -> None:
    ledger = ("--ledger", own_demo_ledger)
    for_once(own_demo_ledger)
    _, before, _ = run("position", *ledger)
    assert run("carry-forward", "2026/27", "--rule", EXAMPLE, "--dry-run", *ledger)[0] == 0
    _, tried, _ = run("month", "close", "2025-04", "--reason", "try", "--dry-run", *ledger)
    assert tried["rows"][0]["closed"] is False
    assert run("position", *ledger)[1]["head"] == before["head"]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("month", "close", "April", "--reason", "x"), 2, "is not a month. Write it as 2025-04, or M1 2025/26."),
        (("month", "close", "2031-01", "--reason", "x"), 1, "it has not ended: by the clock of the books"),
        (("carry-forward", "2026/28", "--rule", EXAMPLE), 2, "is not a financial year"),
        (("carry-forward", "2028/29", "--rule", EXAMPLE, "--dry-run"), 1, "the books hold nothing in 2027/28"),
        (("carry-forward", "2026/27", "--rule", "none.yaml"), 1, "there is no such file"),
    ],
)
def test_what_cannot_be_done_is_said(
    own_demo_ledger: Path, arguments: tuple[object, ...], status: int, said: str
) -> None:
    code, _, told = run(*arguments, "--ledger", own_demo_ledger)
    assert code == status
    assert said in " ".join(told.replace("│", " ").split())
