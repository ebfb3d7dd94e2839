"""Pools, contracts, instalments and each body alone, as they are recorded and asked by command."""

from pathlib import Path

from tests.test_commands import document, run

LEEDS, BRADFORD = "QWO-E08000035", "QWO-E08000032"
DAY = ("--date", "2025-06-30", "--reason", "a case")


def record(ledger: Path, kind: str, *options: object) -> None:
    done = run("record", kind, *options, *DAY, "--ledger", ledger)
    assert done.returncode == 0, done.stderr


def devolved(ledger: Path, place: str, pounds: int, *more: object) -> None:
    given = ("--from", "QWO", "--to", place, "--fund", "core-community", "--amount", pounds, "--recurrent", "NR")
    record(ledger, "devolve", *given, "--standing", "retained", *more)


def test_from_what_is_recorded_to_what_it_comes_to(own_demo_ledger: Path) -> None:
    ledger = own_demo_ledger
    asked = ("--organisation", LEEDS, "--year", "2025/26", "--as-at", "2026-03-31", "--ledger", ledger)
    before = document("position", "--organisation", LEEDS, "--by", "organisation,fund", *asked[2:])["rows"]
    had = next(row["amount_pence"] for row in before if (row["organisation"], row["fund"]) == (LEEDS, "core-community"))
    record(ledger, "contribution", "--pool", LEEDS, "--payer", "QWO", "--fund", "core-community", "--year", "2025/26",
           "--agreed", 1_000_000_000)  # fmt: skip
    record(ledger, "contract", "--contract", "Leeds-MNP", "--contract-kind", "mnp", "--holder", LEEDS, "--commissioner",
           "QWO", "--fund", "core-community", "--population", 250_000, "--until", "2028-04-01")  # fmt: skip
    record(ledger, "instalment", "--instalment", "Leeds/Q2", "--fund", "core-community", "--from", "QWO", "--to", LEEDS,
           "--due-on", "2025-09-30", "--amount", 5_000, "--test", "the plan is agreed")  # fmt: skip
    record(ledger, "outcome", "--instalment", "Leeds/Q2", "--outcome", "moved", "--moved-to", BRADFORD)
    devolved(ledger, BRADFORD, 4_000, "--source", "Instalment Leeds/Q2")
    devolved(ledger, LEEDS, 7)
    (pool,) = document("pools", *asked)["pools"]
    assert (pool["paid_in_pence"], pool["left_pence"]) == (had + 700, had + 700)
    (contract,) = document("contracts", *asked)["rows"]
    assert (contract["budget_pence"], contract["in_force"]) == (had + 700, True)
    assert contract["per_head_pence"] == (2 * (had + 700) + 250_000) // 500_000
    found = document("instalments", *asked)
    assert found["apart"] == [{"instalment": "Leeds/Q2", "organisation": BRADFORD, "apart_pence": -100_000}]
    assert "£1,000.00 is still to be paid" in " ".join(run("instalments", *asked).stdout.split())
    record(ledger, "forecast", "--organisation", LEEDS, "--fund", "core-community", "--month", "2025-06", "--expected",
           1_000_000_000)  # fmt: skip
    alone = document("breakeven", "--tier", "place", *asked)["rows"]
    # It expects to spend a billion on one fund, and has said nothing of its others.
    assert [(row["organisation"], row["breaks_even"]) for row in alone] == [(LEEDS, None)]
    assert "not known" in run("breakeven", *asked).stdout
    assert run("breakeven", "--organisation", "QXX", *asked[2:]).returncode == 1
