"""The command line, as other programs use it: names, JSON, exit statuses."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from allocations.figures import tables as figures
from ledger.store.base import Store
from tests.allocations.test_figures import ALL_ICBS

ROOT = Path(__file__).parent.parent


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command in this process, for a process takes longer to start than most commands take to answer."""
    done = CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def run_apart(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, as a user's shell starts it."""
    command = [sys.executable, "-m", "devolution", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=120)


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SOUTH = "St John\u2019s \u2013 South"


@pytest.fixture(scope="module")
def ledger(demo_ledger: Path) -> Path:
    return demo_ledger


def test_flows_and_position_as_a_contract(ledger: Path) -> None:
    flows = document("flows", "--by", "from_tier,to_tier", "--ledger", ledger)
    assert {"command", "ledger", "as_at", "known_at", "head", "rows"} <= set(flows)
    assert flows["command"] == "flows"
    assert {"from_tier": "national", "to_tier": "icb", "amount_pence": ALL_ICBS} in flows["rows"]
    apart = run_apart("position", "--by", "tier", "--ledger", ledger, "--json")
    position = json.loads(apart.stdout)
    assert {"tier": "national", "amount_pence": 4_486_983_552_169} in position["rows"]
    assert sum(row["amount_pence"] for row in position["rows"]) == 0
    assert position["head"] == flows["head"]


def test_west_yorkshires_flow(ledger: Path) -> None:
    rows = document("flows", "--organisation", "QWO", "--ledger", ledger)["rows"]
    assert {"from_tier": "national", "to_tier": "icb", "amount_pence": 672_633_873_697} in rows


def test_demo_again_adds_nothing_and_prints_the_picture(own_demo_ledger: Path) -> None:
    again = document("demo", "--ledger", own_demo_ledger)
    assert again["entries_posted"] == 0
    printed = run("demo", "--ledger", own_demo_ledger).stdout
    for words in ("£ million", "Integrated care board", "Largest ICB", "Smallest pot", "Local and free", "160.2 billion",
                  "Illustrative", f"app --ledger {own_demo_ledger}"):  # fmt: skip
        assert words in printed, words


def test_a_billion_by_the_users_own_places(ledger: Path, tmp_path: Path) -> None:
    district = {"E07000163": "Bradford District and Craven", "E08000032": "Bradford District and Craven", "E08000033": "Calderdale",
                "E08000034": "Kirklees", "E08000035": "Leeds", "E08000036": "Wakefield"}  # fmt: skip
    own = [row for row in figures.table("practices_2025_26").to_pylist() if row["icb"] == "QWO"]
    lines = [f"{row['practice']},{district[row['district']]}" for row in own]
    file = tmp_path / "places.csv"
    file.write_text("practice_code,place\n" + "\n".join(lines) + "\n", encoding="utf-8")
    options = ("--icb", "QWO", "--by", "core", "--places", file, "--amount", "1000000000")
    expected = {"Bradford District and Craven": 252_315_064, "Calderdale": 85_759_319, "Kirklees": 169_280_650,
                "Leeds": 347_733_038, "Wakefield": 144_911_929}  # fmt: skip
    for where in (ledger, tmp_path / "no ledger is needed.duckdb"):
        answer = document("allocate", *options, "--ledger", where)
        assert {row["name"]: row["amount_pence"] // 100 for row in answer["rows"]} == expected
        assert answer["total_pence"] == 100_000_000_000


def test_an_allocation_is_posted_once_and_can_be_reversed(own_demo_ledger: Path, tmp_path: Path) -> None:
    options = ("--icb", "QWO", "--by", "rx", "--fund", "core-community", "--from", "retained", "--amount", "1m")
    split = document("allocate", *options, "--ledger", own_demo_ledger, "--post")
    (entry,) = split["entries"]
    again = document("allocate", *options, "--ledger", own_demo_ledger, "--post")
    assert again["entries"] == [{**entry, "replayed": True}]
    flows = document("flows", "--by", "entry,to_tier", "--ledger", own_demo_ledger)["rows"]
    assert {"entry": entry["number"], "to_tier": "place", "amount_pence": 100_000_000} in flows
    undone = document("reverse", entry["number"], "--reason", "to try it", "--ledger", own_demo_ledger)
    assert undone["rows"][0]["reversed"] == entry["number"]
    twice = run("reverse", entry["number"], "--reason", "again", "--ledger", own_demo_ledger)
    assert (twice.returncode, "already reversed" in twice.stderr) == (1, True)
    assert document("verify", "--ledger", own_demo_ledger)["rows"][0]["problems"] == 0


def test_a_pot_by_a_mixture_beside_weighted_population(own_demo_ledger: Path, tmp_path: Path) -> None:
    """The least amount, who took the average and who gets more, by command; and the posting keeps the mixture."""
    options = ("--icb", "QWO", "--fund", "core-community", "--from", "retained", "--amount", "1m", "--to", "place")
    mixed = (*options, "--by", "60% registered, 40% women 15-49", "--floor", "95k", "--ledger", own_demo_ledger)
    refused = run("allocate", *mixed)
    assert (refused.returncode, "--missing average" in refused.stderr) == (1, True)
    answer = document("allocate", *mixed, "--missing", "average", "--post")
    rows = answer["rows"]
    assert sum(row["amount_pence"] for row in rows) == sum(row["plain_pence"] for row in rows) == 100_000_000
    assert sum(row["difference_pence"] for row in rows) == 0
    lifted = [row for row in rows if row["at_floor"]]
    assert lifted
    assert all(row["amount_pence"] == 9_500_000 for row in lifted)
    assert (answer["by"], answer["beside"]) == ("60% registered, 40% women 15-49", "community")
    assert len(answer["terms"][1]["averaged"]) == 6
    again = document("allocate", *mixed, "--missing", "average", "--post")
    assert [entry["replayed"] for entry in again["entries"]] == [True]
    said = run("allocate", *mixed, "--missing", "average").stdout
    assert "gains most" in said
    impossible = run("allocate", *mixed, "--missing", "average", "--floor", "300k")
    assert (impossible.returncode, "more than the £1,000,000.00" in impossible.stderr) == (1, True)


def test_the_users_places_are_recorded_with_the_posting(own_demo_ledger: Path, tmp_path: Path) -> None:
    own = [row["practice"] for row in figures.table("practices_2025_26").to_pylist() if row["icb"] == "QWO"]
    file = tmp_path / "halves.csv"
    file.write_text(
        "practice,place\n" + "\n".join(f"{code},{'North' if n % 2 else SOUTH}" for n, code in enumerate(own)),
        encoding="utf-8",
    )
    options = ("--icb", "QWO", "--by", "core", "--places", file, "--fund", "core-community", "--from", "retained")
    options = (*options, "--amount", "10.01", "--ledger", own_demo_ledger)
    dry = document("allocate", *options, "--dry-run")
    assert dry["unit"] == "penny"
    assert [entry["dry_run"] for entry in dry["entries"]] == [True, True]
    document("allocate", *options, "--post")
    rows = document("position", "--organisation", "QWO:North", "--ledger", own_demo_ledger)["rows"]
    north = next(row["amount_pence"] for row in dry["rows"] if row["name"] == "North")
    assert rows == [{"organisation": "QWO:North", "organisation_name": "North", "fund": "core-community", "standing": "available",
                     "amount_pence": north}]  # fmt: skip
    # The name stays as it is written; the code is one that can be typed.
    (south,) = document("position", "--organisation", "QWO:St John's - South", "--ledger", own_demo_ledger)["rows"]
    assert (south["organisation_name"], south["amount_pence"]) == (SOUTH, 1001 - north)
    # With one practice left out nothing may be posted, but the split still shows it.
    file.write_text("practice,place\n" + "\n".join(f"{code},North" for code in own[1:]))
    shown = document("allocate", *options)
    assert shown["unassigned"] == own[:1]
    refused = run("allocate", *options, "--post")
    assert (refused.returncode, "1 practices are in no place" in refused.stderr) == (1, True)


def test_measures_come_in_both_scopes_with_their_definitions(ledger: Path) -> None:
    rows = document("measures", "--organisation", "QWO", "--ledger", ledger)["rows"]
    assert {row["scope"] for row in rows} == {"all", "earmarked"}
    total = next(row for row in rows if (row["scope"], row["measure"]) == ("all", "total"))
    assert total["amount_pence"] == 672_633_873_697
    assert all(row["definition"] for row in rows)
    nothing = document("measures", "--as-at", "2025-03-31", "--ledger", ledger)["rows"]
    assert all(not row["defined"] and row.get("value", row.get("amount_pence")) is None for row in nothing)


def test_pace_of_change_in_whole_pence() -> None:
    answer = document("pace", ROOT / "docs" / "pace_of_change_example.yaml")
    assert sum(row["amount_pence"] for row in answer["rows"]) == answer["quantum_pence"]
    assert answer["at_floor"] == [row["organisation"] for row in answer["rows"] if row["limit"] == "floor"]
    shown = run("pace", ROOT / "docs" / "pace_of_change_example.yaml").stdout
    assert "At the floor: QXU, QNX." in shown


def test_a_head_that_a_report_printed_can_be_checked(ledger: Path) -> None:
    head = document("position", "--ledger", ledger)["head"]
    assert run("verify", "--ledger", ledger, "--head", head[:16]).returncode == 0
    lost = run("verify", "--ledger", ledger, "--head", "0123456789abcdef")
    assert (lost.returncode, "no entry of these books has it" in lost.stderr) == (1, True)


def test_stats_tell_the_rows_and_the_speed(ledger: Path) -> None:
    rows = {row["what"]: row["value"] for row in document("stats", "--ledger", ledger)["rows"]}
    assert rows["rows: entry"] == 163
    assert rows["position of everything"] > 0
    recorded = [value for what, value in rows.items() if what.startswith("recorded in") and what.endswith("transfers")]
    assert sum(recorded) == rows["rows: transfer"]
    assert rows["size on disk for each transfer"] == rows["size on disk"] // rows["rows: transfer"]
    assert rows["memory at its most"] is None or rows["memory at its most"] > 10**7
    assert rows["months that are closed"] == rows["proposals that are open"] == 0


def test_what_was_known_before_the_first_entry_is_nothing(ledger: Path) -> None:
    assert document("position", "--known-at", "2020-01-01", "--ledger", ledger)["rows"] == []


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("position", "--ledger", "none.duckdb"), 3, "There is no ledger at none.duckdb"),
        (("position", "--year", "2025/27"), 2, "is not a financial year"),
        (("position", "--as-at", "soon"), 2, "is not a day"),
        (("position", "--known-at", "soon"), 2, "is not a time"),
        (("position", "--ledger", "mysql://x/y"), 2, "postgresql://user@host/database"),
        (("measures", "--scope", "some"), 2, "choose all or earmarked"),
        (("allocate", "--icb", "QWO", "--by", "luck", "--amount", "1"), 2, "no weighting 'luck'"),
        (("allocate", "--icb", "QWX", "--by", "core", "--amount", "1"), 1, "no ICB 'QWX'"),
        (("allocate", "--icb", "QWO", "--by", "core", "--amount", "one"), 2, "is not an amount of money"),
        (
            ("allocate", "--icb", "QWO", "--by", "core", "--amount", "1.50", "--unit", "pound"),
            1,
            "whole number of units",
        ),
        (
            ("allocate", "--icb", "QWO", "--by", "core", "--amount", "1", "--year", "2030/31"),
            1,
            "no population figures for 2030/31",
        ),
        (("allocate", "--icb", "QWO", "--by", "core", "--amount", "1,00"), 2, "commas do not divide thousands"),
        (
            ("allocate", "--icb", "QWO", "--by", "core", "--amount", "1", "--places", "none.csv"),
            1,
            "there is no such file",
        ),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_exit_statuses_and_sentences(arguments: tuple[str, ...], status: int, sentence: str) -> None:
    done = run(*arguments)
    assert done.returncode == status, done.stderr
    # Usage errors are drawn in a box, whose border may fall inside a sentence.
    plain = " ".join(done.stderr.replace("│", " ").split())
    assert sentence in plain
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(("position", "--ledger", "none.duckdb"), 3), (("allocate", "--icb", "QWX", "--by", "core", "--amount", "1"), 1)],
)
def test_a_shell_is_told_the_status_too(arguments: tuple[str, ...], status: int) -> None:
    done = run_apart(*arguments)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (status, "", False)


def test_an_unknown_fund_is_refused_with_the_nearest(ledger: Path) -> None:
    done = run(
        "allocate", "--icb", "QWO", "--by", "core", "--fund", "core-recurent", "--amount", "5", "--ledger", ledger
    )
    assert (done.returncode, "core-recurrent (Core services: recurrent allocation)" in done.stderr) == (1, True)


def test_illustrative_books_say_so_everywhere(ledger: Path) -> None:
    assert document("position", "--organisation", "QWO", "--ledger", ledger)["illustrative"] is True
    assert "Part of these books is illustrative" in run("position", "--organisation", "QWO", "--ledger", ledger).stdout


def test_the_installed_command_runs_this_house() -> None:
    """What people start is the file in the clone, not a copy of it."""
    import shutil

    command = shutil.which("devolution", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("the project is not installed in this environment; uv run installs it")
    where = [sys.executable, "-c", "import devolution; print(devolution.__file__)"]
    done = subprocess.run(where, capture_output=True, text=True, check=True, cwd="/")
    assert Path(done.stdout.strip()) == ROOT / "devolution.py"


def test_refusals_are_listed_in_json_too(ledger: Path) -> None:
    done = run("position", "--by", "tear", "--ledger", ledger, "--json")
    assert done.returncode == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert problem["found"] == "there is no column 'tear'."


def test_a_ledger_that_is_held_says_who_holds_it(own_demo_ledger: Path) -> None:
    import os

    with Store.open(own_demo_ledger):
        for command in ("position", "verify", "demo"):
            done = run_apart(command, "--ledger", own_demo_ledger)
            assert done.returncode == 3
            assert f"held by process {os.getpid()}" in done.stderr


def test_an_overdraft_by_command_is_one_clear_sentence(own_demo_ledger: Path) -> None:
    done = run("allocate", "--icb", "QWO", "--by", "core", "--amount", "1bn", "--post", "--ledger", own_demo_ledger)
    assert done.returncode == 1
    assert "below zero" in done.stderr
    nothing = run("allocate", "--icb", "QWO", "--by", "core", "--ledger", own_demo_ledger)
    assert "it holds nothing available of it" in nothing.stderr


def test_a_tampered_copy_is_found_out(own_demo_ledger: Path) -> None:
    import duckdb

    with duckdb.connect(str(own_demo_ledger)) as raw:
        raw.execute("UPDATE transfer SET amount_pence = amount_pence + 1 WHERE entry_number = 40 AND leg = 3")
    done = run("verify", "--ledger", own_demo_ledger)
    assert done.returncode == 1
    assert "entry 40 (" in done.stderr


def test_a_ledger_of_ones_own_begins_without_money(tmp_path: Path) -> None:
    own = tmp_path / "own.duckdb"
    begun = document("new", "--year", "2026/27", "--icb", "S1Y5D", "--ledger", own)
    assert {row["what"]: row["count"] for row in begun["rows"]}["icb"] == 1
    assert not begun["illustrative"]
    assert len(begun["not_known"]) == 2
    assert document("position", "--ledger", own)["rows"] == []
    refused = run("new", "--year", "2026/27", "--icb", "QHG", "--ledger", own)
    assert refused.returncode == 1
    assert "there is no ICB 'QHG' in 2026/27" in refused.stderr
