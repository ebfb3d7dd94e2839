"""The outcome of a scenario goes out like a position, and never comes back as if it were one."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from allocations.files.position.importing import read_position
from allocations.reading.cells import read_workbook
from ledger.errors import Refused


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


OWN = Path(__file__).parents[2] / "docs" / "reading_example.yaml"


def _words(sheets: list[Any]) -> str:
    return " ".join(cell.text for sheet in sheets for row in sheet.rows for cell in row)


@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_a_scenarios_position_is_exported_and_cannot_be_imported(
    demo_ledger: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"scenario{suffix}"
    done = run("export", "scenario", "devolve-80-at-once", "--out", out, "--ledger", demo_ledger, "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    ran = json.loads(run("scenario", "run", "devolve-80-at-once", "--ledger", demo_ledger, "--json").stdout)
    assert told["command"] == "export scenario"
    assert told["sentence"] == ran["sentence"]
    with pytest.raises(Refused, match="the outcome of a scenario, which nobody has decided"):
        read_position(out)
    if suffix == ".xlsx":
        (about,) = [sheet for sheet in read_workbook(out).sheets if sheet.name == "Read me"]
        words = " ".join(cell.text for row in about.rows for cell in row)
        assert "All of it is hypothetical" in words
        assert "devolve-80-at-once.yaml, SHA-256" in words
        measures = [sheet for sheet in read_workbook(out).sheets if sheet.name == "Measures"]
        assert "as our board reads it" not in _words(measures)
        own = run("export", "scenario", "devolve-80-at-once", "--reading", OWN, "--out", out, "--ledger", demo_ledger)
        assert own.exit_code == 0, own.stderr
        measures = [sheet for sheet in read_workbook(out).sheets if sheet.name in ("Measures", "Ranges")]
        assert "as our board reads it" in _words(measures[:1])
        assert "and your own (as our board reads it)" in _words(measures[1:])
        shipped = run("export", "scenario", "devolve-80-at-once", "--reading", "strict", "--out", out)
        assert shipped.exit_code == 2
    else:
        package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
        assert "What if" in json.dumps(package)
