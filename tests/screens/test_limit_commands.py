"""Limits of the source as commands, and ring-fenced money that went back to it under the measures."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

import devolution
from ledger.entries.posting import post
from ledger.store.base import Store
from tests.books import JUNE, MAY, at, entry
from tests.shelves import small_file


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_a_limit_is_set_and_set_anew_and_listed_with_what_is_given(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.duckdb"
    with Store.open(small_file(ledger)) as store:
        post(store, [entry("mandate", at("GOV", "winter"), at("NHS", "winter"), 60_000)])
    assert "may give as much as anybody asks for" in run("limit", "list", "--ledger", ledger).stdout
    set_ = ("limit", "set", "winter", "1000", "--year", "2025/26", "--source", "Directions", "--reason", "as directed")
    tried = document(*set_, "--ledger", ledger, "--dry-run")
    assert tried["rows"][0]["set"] is False
    assert document("limit", "list", "--ledger", ledger)["rows"] == []
    for amount in ("1000", "2000"):
        document(*set_[:3], amount, *set_[4:], "--ledger", ledger)
    (row,) = document("limit", "list", "--ledger", ledger)["rows"]
    assert (row["fund"], row["year"], row["limit_pence"], row["given_pence"]) == ("winter", "2025/26", 200_000, 60_000)
    below = run(*set_[:3], "599.99", *set_[4:], "--ledger", ledger)
    assert (below.exit_code, "£600.00 would be given by" in " ".join(below.stderr.split())) == (1, True)
    unknown = run("limit", "set", "wintr", *set_[3:], "--ledger", ledger)
    assert (unknown.exit_code, "Did you mean winter" in " ".join(unknown.stderr.split())) == (1, True)


def test_measures_tell_of_ring_fenced_money_that_went_back(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.duckdb"
    with Store.open(small_file(ledger)) as store:
        post(store, [entry("mandate", at("GOV", "winter"), at("NHS", "winter"), 60_000)])
    assert "returned_to_source" not in document("measures", "--ledger", ledger)
    with Store.open(ledger) as store:
        post(store, [entry("return", at("NHS", "winter"), at("GOV", "winter"), 50_000, day=MAY)])
        elsewhere = entry(
            "mandate", at("GOV", "core"), at("NHS", "core"), 40_000, day=JUNE, authority="the Secretary of State"
        )
        (given,) = post(store, [elsewhere])
    told = document("measures", "--ledger", ledger)["returned_to_source"]
    assert [(row["fund"], row["back_pence"], row["waiting_pence"]) for row in told] == [("winter", 50_000, 50_000)]
    assert [(one["entry"], one["amount_pence"], one["authority"]) for one in told[0]["elsewhere"]] == [
        (given.number, 40_000, "the Secretary of State")
    ]
    printed = " ".join(run("measures", "--ledger", ledger).stdout.split())
    assert "Ring-fenced money of Winter for 2025/26 went back to its source: £500" in printed
    assert f"entry {given.number}, £400 on core, on the authority of the Secretary of State" in printed
