"""A devolution that awaits a signature, on the command line."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

import devolution


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_an_allocation_is_proposed_reserved_approved_and_then_held(own_demo_ledger: Path) -> None:
    ledger = ("--ledger", own_demo_ledger)
    split = ("allocate", "--icb", "QWO", "--by", "community", "--fund", "core-community", "--from", "retained",
             "--amount", "10m", *ledger)  # fmt: skip
    before = document("position", "--organisation", "QWO", "--by", "tier", *ledger)["rows"]
    document(*split, "--propose", "--actor", "preparer")
    assert document("position", "--organisation", "QWO", "--by", "tier", *ledger)["rows"] == before
    (proposal,) = document("proposal", "list", *ledger)["rows"]
    assert (proposal["amount_pence"], proposal["prepared_by"], proposal["outcome"]) == (10**9, "preparer", "open")
    key = proposal["proposal"]
    legs = document("proposal", "show", key, *ledger)["rows"]
    assert sum(leg["amount_pence"] for leg in legs) == 10**9
    everything = (*split[:-4], "--amount", "1bn", *ledger)
    refused = run(*everything, "--post", "--actor", "somebody")
    assert refused.exit_code == 1

    own = run("proposal", "approve", key, "--actor", "preparer", "--reason", "mine", *ledger)
    assert (own.exit_code, "Nobody decides on what they prepared" in own.stderr) == (1, True)
    tried = document("proposal", "approve", key, "--actor", "director", "--reason", "agreed", "--dry-run", *ledger)
    assert tried["entries"][0]["dry_run"]
    done = document("proposal", "approve", key, "--actor", "director", "--reason", "agreed", *ledger)
    assert [row["legs"] for row in done["rows"]] == [0, len(legs)]
    assert document("proposal", "list", *ledger)["rows"] == []
    (ended,) = document("proposal", "list", "--all", *ledger)["rows"]
    assert (ended["outcome"], ended["decided_by"], ended["reason"]) == ("posted", "director", "agreed")
    assert run("verify", *ledger).exit_code == 0


def test_what_is_rejected_or_withdrawn_leaves_nothing_reserved(own_demo_ledger: Path) -> None:
    ledger = ("--ledger", own_demo_ledger)
    split = ("allocate", "--icb", "QWO", "--by", "community", "--fund", "core-community", "--from", "retained", *ledger)
    for number, (how, who) in enumerate((("reject", "director"), ("withdraw", "preparer"))):
        document(*split, "--propose", "--actor", "preparer", "--key", f"attempt {number}")
        (proposal,) = document("proposal", "list", *ledger)["rows"]
        assert run("proposal", how, proposal["proposal"], "--actor", who, "--reason", "no", *ledger).exit_code == 0
    assert run(*split, "--post").exit_code == 0
    assert "No proposal is open" in run("proposal", "list", *ledger).stdout
    assert document("proposal", "expire", *ledger)["rows"] == []
    missing = run("proposal", "show", "nothing", *ledger)
    assert (missing.exit_code, "there is no such proposal" in missing.stderr) == (1, True)
