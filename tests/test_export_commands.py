"""The commands that write files, as people and programs use them."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import Result
from typer.testing import CliRunner

import devolution
from ledger.entries.draft import Draft, schema_of
from ledger.entries.posting import post
from ledger.models import Agreement, Fund, Organisation, Relationship, Succession, Terms, Tier
from ledger.store.base import Store
from ledger.years import FinancialYear

runner = CliRunner()
DAY = FinancialYear(2025).first_day


def run(*arguments: object) -> Result:
    return runner.invoke(devolution.app, [str(argument) for argument in arguments])


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def fresh(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with the demo's structure and no money."""
    path = tmp_path_factory.mktemp("fresh") / "fresh.duckdb"
    with Store.open(demo_ledger, read_only=True) as demo, Store.create(path) as store, demo.read() as reader:
        for kind, models in (
            ("structure", (Tier, Organisation, Relationship, Succession)),
            ("terms", (Fund, Terms)),
            ("agree", (Agreement,)),
        ):
            rows = {
                model: reader.table(f'SELECT * FROM "{model.__tablename__}"').select(schema_of(model).names)
                for model in models
            }
            # Of agreements the demo has none.
            if any(len(table) for table in rows.values()):
                post(store, [Draft(kind, kind, DAY, "tests", "as in the demo", records=rows)])
        store.checkpoint()
    return path


def test_allocations_from_the_ledger(demo_ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "qwo.xlsx"
    answer = document(
        "export", "allocations", "--icb", "QWO", "--year", "2025/26", "--out", out, "--ledger", demo_ledger
    )
    assert answer["rows"] == [{"icb": "QWO", "fund": "core-recurrent", "by": "core", "amount_pence": 492_940_500_000,
                               "place rows": 6, "pcn rows": 53, "amount from": "received from above, by the ledger"}]  # fmt: skip
    book = openpyxl.load_workbook(out)
    assert book.sheetnames == [
        "Read me",
        "Checks",
        "Inputs",
        "Practices",
        "Places",
        "PCNs",
        "Flows",
        "Sources",
        "Change log",
    ]
    facts = {row[0].value: row[1].value for row in book["Read me"].iter_rows() if row[0].value}
    assert facts["Ledger head"] == answer["head"]
    assert "illustrative" in facts["Illustrative"]
    assert "populations November 2023 to October 2024" in facts["Data"]


@pytest.mark.parametrize(("options", "said"), [
    (("--icb", "QQQ"), "there is no ICB 'QQQ'"),
    (("--icb", "QWO", "--fund", "core-recurent"), "there is no fund 'core-recurent'"),
    (("--icb", "QWO", "--fund", "core-recurrent,core-recurrent"), "or one twice"),
    (("--icb", "QWO", "--fund", "better-care-fund", "--by", "core,rx"), "2 weightings are given for 1 funds"),
    (("--icb", "QWO", "--amount", "10.50"), "not a positive number of whole pounds"),
    (("--icb", "QWO", "--amount", "200bn"), "is outside what the workbook can split"),
    (("--icb", "QWO,QHM", "--amount", "5m"), "one amount is given for several"),
    (("--icb", "QWO", "--year", "2026/27"), "there are no population figures for 2026/27"),
    (("--icb", "QWO", "--fund", "network-core-payment"), "it received nothing of it"),
    (("--icb", "QWO", "--out", "allocations.csv"), "promise another format"),
    (("--icb", "QWO", "--out", "no such folder/allocations.xlsx"), "its folder does not exist"),
])  # fmt: skip
def test_allocations_refused(demo_ledger: Path, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    out = () if "--out" in options else ("--out", tmp_path / "x.xlsx")
    done = run("export", "allocations", *options, *out, "--ledger", demo_ledger)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage(demo_ledger: Path, tmp_path: Path) -> None:
    options = ("export", "allocations", "--icb", "QWO", "--out", tmp_path / "x.xlsx", "--ledger", demo_ledger)
    assert run(*options, "--to", "practice").exit_code == 2
    told = " ".join(run(*options, "--by", "prescribin").stderr.replace("│", " ").split())
    assert "Did you mean prescribing" in told
    assert run("export", "position", "--out", tmp_path / "x.csv", "--ledger", tmp_path / "none.duckdb").exit_code == 3


def test_the_demos_position_comes_back_by_command(demo_ledger: Path, fresh: Path, tmp_path: Path) -> None:
    out, ledger = tmp_path / "position.csv", tmp_path / "fresh.duckdb"
    ledger.write_bytes(fresh.read_bytes())
    exported = document("export", "position", "--out", out, "--ledger", demo_ledger)
    tried = document("import", "position", out, "--ledger", ledger, "--dry-run")
    assert tried["dry_run"]
    done = document("import", "position", out, "--ledger", ledger)
    assert done["content_hash"] == tried["content_hash"] == exported["rows"][0]["content_hash"]
    assert done["exported_head"] == exported["head"]
    assert done["illustrative"]
    assert document("verify", "--ledger", ledger)["rows"][0]["problems"] == 0
    by = ("position", "--by", "tier,fund,standing")
    assert document(*by, "--ledger", ledger)["rows"] == document(*by, "--ledger", demo_ledger)["rows"]
    refused = run("import", "position", out, "--ledger", demo_ledger)
    assert (refused.exit_code, "money stands in it already" in refused.stderr) == (1, True)


def test_published_and_template(demo_ledger: Path, tmp_path: Path) -> None:
    out = tmp_path / "published.xlsx"
    answer = document(
        "export", "published", "--icb", "QWO", "--contact", "finance team", "--out", out, "--ledger", demo_ledger
    )
    assert [row["sheet"] for row in answer["rows"]] == [
        "Tier and grade",
        "Readings of grades",
        "ICBs by stream",
        "Ring-fenced pots",
        "Organisations",
    ]
    assert "finance team" in {row[0].value for row in openpyxl.load_workbook(out)["Cover"].iter_rows()}
    filled = document(
        "template", "--icb", "QWO", "--year", "2025/26", "--out", tmp_path / "t.xlsx", "--ledger", demo_ledger
    )
    assert {"fund": "core-prescribing", "name": "Core services: prescribing", "held_pence": 4_457_867_468} in filled[
        "rows"
    ]
    refused = run("export", "published", "--icb", "QQQ", "--out", out, "--ledger", demo_ledger, "--json")
    assert refused.exit_code == 1
    assert "there is no organisation 'QQQ'" in json.loads(refused.stdout)["problems"][0]["found"]
