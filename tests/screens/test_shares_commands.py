"""Schedules, need and targets on the command line: what is planned can be issued, once, and followed back."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from ledger.entries import posting
from ledger.store.base import Store

RULE = """
title: Half a point a year
reason: to test
base_growth: 0.03
floor: 0.02
cap: 0.045
curve: [[-0.05, 0.01], [0.05, -0.01]]
"""
PLACES = ("Bradford", "Calderdale", "Kirklees", "Leeds", "North Yorkshire", "Wakefield")


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    budgets, rule = tmp_path / "budgets.csv", tmp_path / "rule.yaml"
    lines = [f"{place},core-general-acute,{(row + 1) * 100_000}" for row, place in enumerate(PLACES)]
    budgets.write_text("\n".join(["organisation,fund,amount", *lines]), encoding="utf-8")
    rule.write_text(RULE, encoding="utf-8")
    return budgets, rule


def test_a_plan_is_issued_once_and_each_leg_names_its_cell(own_demo_ledger: Path, files: tuple[Path, Path]) -> None:
    budgets, rule = files
    # General and acute money is held no further down than an ICB, and the demo issued the others already.
    with Store.open(own_demo_ledger) as store:
        with store.read() as reader:
            ((number,),) = reader.rows(
                "SELECT DISTINCT t.entry_number FROM transfer t JOIN account a ON a.id = t.from_account "
                "JOIN entry e ON e.number = t.entry_number "
                "WHERE a.organisation = 'QWO' AND a.fund = 'core-primary-care' AND e.kind = 'devolve'"
            )
        posting.reverse(store, number, reason="to issue it anew", actor="tests")
    budgets.write_text(budgets.read_text(encoding="utf-8").replace("general-acute", "primary-care"), encoding="utf-8")
    asked = ("schedule", "--icb", "QWO", "--historic", budgets, "--pace", rule, "--from", "retained")
    planned = document(*asked, "--dry-run", "--ledger", own_demo_ledger)
    first = document(*asked, "--post", "--ledger", own_demo_ledger)
    again = document(*asked, "--post", "--ledger", own_demo_ledger)
    assert planned["entries"][0]["dry_run"]
    assert [first["entries"][0][name] for name in ("replayed", "dry_run")] == [False, False]
    assert again["entries"] == [{**first["entries"][0], "replayed": True}]
    with Store.open(own_demo_ledger, read_only=True) as store, store.read() as reader:
        number = first["entries"][0]["number"]
        legs = reader.rows(
            "SELECT amount_pence, note FROM transfer WHERE entry_number = $n ORDER BY leg", {"n": number}
        )
    issued = {row["organisation"]: row["issued_pence"] for row in first["rows"] if not row["is_sum"]}
    assert sorted(pence for pence, _ in legs) == sorted(issued.values())
    assert any(str(note).startswith("budgets!C2: £100,000.00 + growth £") for _, note in legs)
    assert run("verify", "--ledger", own_demo_ledger).exit_code == 0


def test_a_line_is_not_issued_further_down_than_it_may_be_held(own_demo_ledger: Path, files: tuple[Path, Path]) -> None:
    budgets, rule = files
    asked = ("schedule", "--icb", "QWO", "--historic", budgets, "--pace", rule, "--from", "retained")
    done = run(*asked, "--post", "--ledger", own_demo_ledger)
    said = "core-general-acute is held no further down than: Integrated care board (ICB)"
    assert (done.exit_code, said in " ".join(done.stderr.split())) == (1, True)


def test_a_line_that_is_issued_already_is_not_issued_on_top(own_demo_ledger: Path, files: tuple[Path, Path]) -> None:
    budgets, rule = files
    budgets.write_text(budgets.read_text(encoding="utf-8").replace("general-acute", "community"), encoding="utf-8")
    asked = ("schedule", "--icb", "QWO", "--historic", budgets, "--pace", rule, "--from", "retained")
    done = run(*asked, "--post", "--ledger", own_demo_ledger)
    assert (done.exit_code, "of core-community is issued already" in done.stderr) == (1, True)


def test_the_money_there_is_can_be_given_for_one_line(files: tuple[Path, Path], tmp_path: Path) -> None:
    budgets, rule = files
    rule.write_text(RULE + "quantum_pounds: 2150000\n", encoding="utf-8")
    asked = ("schedule", "--icb", "QWO", "--historic", budgets, "--pace", rule, "--ledger", tmp_path / "none")
    (whole,) = [row for row in document(*asked)["rows"] if row["organisation"] == "(all)" and row["fund"] == "(all)"]
    assert (whole["issued_pence"], whole["historic_pence"]) == (215_000_000, 210_000_000)
    with budgets.open("a", encoding="utf-8") as file:
        file.write("\nLeeds,core-maternity,5")
    assert "Choose the line with --fund" in run(*asked).stderr


def test_networks_are_planned_though_some_practices_are_in_none(tmp_path: Path, files: tuple[Path, Path]) -> None:
    """Four practices of West Yorkshire are in no network: their money stays with the ICB, and it is said."""
    networks = document(
        "allocate", "--icb", "QWO", "--by", "pmc", "--to", "pcn", "--amount", "1m", "--ledger", tmp_path / "none"
    )
    codes = [row["organisation"] for row in networks["rows"] if row["organisation"] != "(unassigned)"]
    assert len(codes) < len(networks["rows"])
    budgets = tmp_path / "networks.csv"
    lines = [f"{code},primary-medical-recurrent,{100_000 + place}" for place, code in enumerate(codes)]
    budgets.write_text("\n".join(["pcn,fund,amount", *lines]), encoding="utf-8")
    asked = (
        "schedule",
        "--icb",
        "QWO",
        "--to",
        "pcn",
        "--historic",
        budgets,
        "--pace",
        files[1],
        "--ledger",
        tmp_path / "none",
    )
    found = document(*asked)
    assert {row["organisation"] for row in found["rows"]} == {*codes, "(all)"}
    assert "4 practices in no pcn are outside it" in found["basis"]["primary-medical-recurrent"]
    for row in found["rows"]:
        assert row["historic_pence"] + row["growth_pence"] + row["movement_pence"] == row["issued_pence"]


def test_the_place_tools_own_places_give_its_own_indices(tmp_path: Path) -> None:
    """GE10, from the file that the tool saves to the command's answer."""
    file = tmp_path / "session.json"
    practices = [f"{code}: A NAME" for code in ("B85005", "B85022", "B85061", "B85026")]
    saved = {"Default Place": {"gps": practices, "icb": "NHS West Yorkshire ICB"}, "places": ["Default Place"]}
    file.write_text(json.dumps(saved), encoding="utf-8")
    rows = document("need", "--icb", "QWO", "--places", file)["rows"]
    found = {
        row["component"]: row["index_thousandths"]
        for row in rows
        if (row["group"], row["base"]) == ("Default Place", "QWO")
    }
    assert found == {
        "general_acute": 1092, "community": 1082, "mental_health": 659, "maternity": 667, "prescribing": 1087, "core": 946,
        "primary_medical": 904, "primary_medical_need": 985, "health_inequalities": 547,
    }  # fmt: skip
    assert "give --icb" in run("need", "--places", file).stderr


def test_every_figure_comes_in_pounds_percent_and_per_head(files: tuple[Path, Path], tmp_path: Path) -> None:
    budgets, rule = files
    found = document("schedule", "--icb", "QWO", "--historic", budgets, "--pace", rule, "--ledger", tmp_path / "none")
    (leeds,) = [row for row in found["rows"] if row["name"] == "Leeds" and row["fund"] == "core-general-acute"]
    for name in ("historic", "fair", "opening_distance", "growth", "movement", "issued", "closing_distance"):
        assert isinstance(leeds[f"{name}_pence"], int), name
        assert isinstance(leeds[f"{name}_per_head_pence"], int), name
    assert leeds["by"] == "general_acute"
    assert found["historic_file"]["file"] == "budgets.csv"
    printed = run(
        "schedule", "--icb", "QWO", "--historic", budgets, "--pace", rule, "--ledger", tmp_path / "none"
    ).stdout
    assert "planned, not issued: Half a point a year" in printed
    assert "assumption" in printed


def test_what_the_books_do_not_know_is_said_to_be_not_available(demo_ledger: Path) -> None:
    done = run("schedule", "--icb", "QWO", "--to", "pcn", "--ledger", demo_ledger)
    assert done.exit_code == 0
    assert "not available" in done.stdout
    row = document("schedule", "--icb", "QWO", "--to", "pcn", "--ledger", demo_ledger)["rows"][0]
    assert (row["historic_pence"], row["opening_distance"]) == (None, None)


def test_a_pace_of_change_is_issued_from_who_holds_the_money(own_demo_ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "pace.yaml"
    file.write_text(
        RULE + "organisations:\n"
        "  - {code: QWO-E08000035, baseline_pounds: 3000, target_share: 0.6}\n"
        "  - {code: QWO-E08000034, baseline_pounds: 2000, target_share: 0.4}\n",
        encoding="utf-8",
    )
    asked = ("pace", file, "--ledger", own_demo_ledger, "--fund", "specialised-physical", "--year", "2025/26")
    refused = run(*asked, "--post", "--from", "QWO")
    assert refused.exit_code == 1
    assert "below zero" in refused.stderr
    assert "issue it, say from whom" in run("pace", file, "--post").stderr
    assert "no organisation 'QXX'" in run(*asked, "--post", "--from", "QXX").stderr
    core = ("pace", file, "--ledger", own_demo_ledger, "--fund", "core-recurrent", "--year", "2025/26")
    assert "below zero" in run(*core, "--dry-run", "--from", "QWO").stderr


def test_posting_needs_a_plan(demo_ledger: Path) -> None:
    done = run("schedule", "--icb", "QWO", "--post", "--ledger", demo_ledger)
    assert done.exit_code == 2
    assert "--pace" in done.stderr


def test_need_and_targets_for_all_icbs_at_once() -> None:
    need = document("need")
    assert len({row["icb"] for row in need["rows"]}) == 42
    assert {row["base"] for row in document("need", "--icb", "QWO", "--component", "rx")["rows"]} == {"QWO", "England"}
    refused = run("need", "--icb", "QXX")
    assert refused.exit_code == 1
    assert "there is no ICB 'QXX' in 2025/26" in refused.stderr
    assert len(document("targets")["rows"]) == 42
    assert len(document("targets", "--as-is", "2026-04-01", "--stream", "specialised")["rows"]) == 36
    printed = run("targets", "--as-is", "2026-04-01").stdout
    assert "derived figures" in printed
    assert "Published:" in printed


def test_position_flows_and_measures_as_is(demo_ledger: Path) -> None:
    as_is = ("--as-is", "2026-04-01", "--ledger", demo_ledger)
    found = document("position", "--by", "organisation,tier", *as_is)
    assert len({row["organisation"] for row in found["rows"] if row["tier"] == "icb"}) == 36
    assert found["as_is"] == "2026-04-01"
    assert sum(row["amount_pence"] for row in found["rows"]) == 0
    assert "derived figures" in run("flows", "--organisation", "Z9B2Z", *as_is).stdout
    assert "Ask for QRL or S0E4D or S9B9J" in run("measures", "--organisation", "QNQ", *as_is).stderr
