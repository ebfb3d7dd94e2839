"""`devolution bids`, as people and programs use it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from devolution import app

EXAMPLE = Path(__file__).parent.parent.parent / "scenarios" / "bids" / "example.yaml"


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["bids", *(str(argument) for argument in arguments)])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def document() -> str:
    status, printed = run(EXAMPLE, "--draws", 500, "--json")
    assert status == 0
    return printed


def test_the_document_gives_everything_that_the_sentences_say(document: str) -> None:
    answer = json.loads(document)
    assert {"command", "ledger", "as_at", "known_at", "head", "rows"} <= set(answer)
    assert (answer["command"], answer["draws"], answer["seed"], len(answer["rows"])) == ("bids", 500, 2025, 28)
    assert answer["bidding"]["overhead_pence"] == 105_480_000
    assert answer["bidding"]["overhead_share"] == 0.21096
    assert answer["bidding"]["break_even_probability"] == 0.054
    assert answer["bidding"]["front_line_pence"] == 394_520_000
    assert answer["formula"]["front_line_pence"] == 500_000_000
    assert answer["comparison"]["break_even_benefit"] == 0.21096
    assert (answer["bidding"]["days_to_spend"], answer["formula"]["days_to_spend"]) == (184, 274)
    assert sum(row["fair_share_pence"] for row in answer["rows"]) == 500_000_000
    assert sum(row["mean_award_pence"] for row in answer["rows"]) == pytest.approx(500_000_000, abs=28)
    assert all(isinstance(row["mean_award_pence"], int) for row in answer["rows"])
    swings = [bar["swing_pence"] for bar in answer["tornado"]]
    assert swings == sorted(swings, reverse=True)
    for assumed in answer["assumptions"]:
        assert all(assumed[key] for key in ("standing", "quality", "source", "reason")), assumed
    said = " ".join(answer["sentences"])
    for words in (
        "£1.1 million (21.1%)",
        "£840,000 (16.8%)",
        "32.1% of bids win",
        "19 bidders",
        "5.4%",
        "29 September 2025",
        "184 days",
    ):
        assert words in said


def test_costs_from_local_government_are_called_so_wherever_they_count(document: str) -> None:
    answer = json.loads(document)
    proxy = "proxy from local government"
    assert proxy in answer["provenance"]
    assert proxy in answer["sentences"][0]
    for figure in ("cost_of_bids_pence", "overhead_pence", "front_line_pence"):
        assert proxy in answer["basis"][figure]
    # The example says of its returns that they are its own assumption.
    assert proxy not in answer["basis"]["cost_of_returns_pence"]
    _, printed = run(EXAMPLE, "--draws", 50)
    shown = [line.split("  ") for line in printed.replace("│", " ").splitlines()]
    for label in ("Bids", "To the front line", "cost of a bid"):
        rows = ["  ".join(parts) for parts in shown if parts[0].strip() == label]
        assert any(proxy in row for row in rows), label


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(document: str, tmp_path: Path) -> None:
    assert run(EXAMPLE, "--draws", 500, "--json")[1] == document
    other = tmp_path / "bids_example.yaml"
    other.write_text(EXAMPLE.read_text(encoding="utf-8").replace("seed: 2025", "seed: 2026"), encoding="utf-8")
    rows = json.loads(run(other, "--draws", 500, "--json")[1])["rows"]
    assert rows != json.loads(document)["rows"]


def test_people_get_four_tables(tmp_path: Path) -> None:
    status, printed = run(EXAMPLE, "--draws", 50)
    assert status == 0
    for words in ("To the front line", "3,945,200.00", "5,000,000.00", "Chance of nothing", "NHS Kent and Medway ICB",
                  "What bidding is worth against the formula", "Without effect here: pull of capacity", "What is assumed"):  # fmt: skip
        assert words in printed, words
    timeless = tmp_path / "pot.yaml"
    text = EXAMPLE.read_text(encoding="utf-8")
    timeless.write_text(
        "\n".join(line for line in text.splitlines() if "2025-07" not in line and "2026-03" not in line)
    )
    assert "days left to spend are not available" in run(timeless, "--draws", 50)[1]


def test_a_refusal_is_sentences_and_a_status(tmp_path: Path) -> None:
    slip = tmp_path / "pot.yaml"
    slip.write_text(EXAMPLE.read_text(encoding="utf-8").replace("number: 9", "number: 29"), encoding="utf-8")
    status, printed = run(slip)
    assert status == 1
    assert "29 awards for 28 bidders" in printed
    status, printed = run(slip, "--json")
    assert status == 1
    assert "Make at most 28 awards." in printed
    assert run(EXAMPLE, "--draws", 0)[0] == 2
