"""`devolution record`: one decision by options, and the guide's table of them."""

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

import devolution
from ledger.entries.chain import books_hash
from ledger.entries.decisions.described import COMMON
from ledger.entries.decisions.every import DECISIONS
from ledger.store.base import Store
from screens.cli.record import option
from tests.test_commands import document, run

ROOT = Path(__file__).parents[2]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """West Yorkshire's own ledger of 2025/26, with a million pounds of service development funding."""
    ledger = tmp_path / "own.duckdb"
    document("new", "--year", "2025/26", "--icb", "QWO", "--ledger", ledger)
    received = document(
        "record", "receive", "--to", "QWO", "--fund", "core-sdf-transfers", "--from-fund", "nhs-revenue", "--amount", "1m",
        "--recurrent", "NR", "--reference", "M3/17", "--month", "2025-06", "--contact", "regional team",
        "--new-money", "yes", "--reason", "SDF, month 3", "--date", "2025-06-12", "--ledger", ledger,
    )  # fmt: skip
    assert [entry["replayed"] for entry in received["entries"]] == [False, False]
    return ledger


def devolve(*more: object) -> list[object]:
    return ["record", "devolve", "--from", "QWO", "--to", "QWO-E08000035", "--fund", "core-sdf-transfers", "--amount",
            "5k", "--recurrent", "NR", "--reason", "Agreed", "--date", "2025-06-13", *more]  # fmt: skip


def test_it_says_what_stands_before_and_after_and_posts_once(own: Path) -> None:
    tried = document(*devolve("--dry-run", "--ledger", own))
    assert [(row["organisation"], row["before_pence"], row["after_pence"]) for row in tried["rows"]] == [
        ("QWO", 100_000_000, 99_500_000), ("QWO-E08000035", 0, 500_000),
    ]  # fmt: skip
    assert tried["sentences"][1] == "Leeds (core-sdf-transfers, 2025/26, available): £0 before, £5,000 after."
    posted = document(*devolve("--ledger", own))
    assert posted["sentences"] == tried["sentences"]
    again = document(*devolve("--ledger", own))
    assert again["entries"][0]["replayed"]
    assert "recorded before" in again["sentences"][0]
    assert (
        document("position", "--organisation", "QWO-E08000035", "--ledger", own)["rows"][0]["amount_pence"] == 500_000
    )


def test_it_can_be_left_to_somebody_else(own: Path) -> None:
    proposed = document(*devolve("--propose", "--actor", "anna", "--ledger", own))
    assert proposed["proposed"]
    (waiting,) = document("proposal", "list", "--ledger", own)["rows"]
    assert waiting["amount_pence"] == 500_000


def test_everything_that_is_wrong_is_said_at_once(own: Path) -> None:
    done = run("record", "devolve", "--from", "QWQ", "--amount", "much", "--ledger", own, "--json")
    assert done.returncode == 1
    problems = json.loads(done.stdout)["problems"]
    assert [one["place"] for one in problems] == ["--from", "--to", "--fund", "--amount", "--recurrent", "--reason"]
    assert all(one["why"] and one["remedy"] for one in problems)


def test_a_rule_that_refuses_says_what_would_make_it_pass(own: Path) -> None:
    lift = ["record", "terms", "--fund", "core-discharge", "--grade", "none", "--reason", "x", "--date", "2025-06-02",
            "--ledger", own]  # fmt: skip
    refused = run(*lift)
    assert refused.returncode == 1
    assert "Name the authority (--authority), and let it say 2025-06-02" in refused.stderr
    assert document(*lift, "--authority", "Board, for 2025-06-02")["sentences"] == [
        "core-discharge was statutory, formula, not known whether it recurs, to be spent by 2026-03-31; from 2025-06-02 it "
        "is without a ring-fence, formula, not known whether it recurs, to be spent by 2026-03-31."
    ]


def test_a_register_goes_out_and_comes_in_by_its_name(own: Path, tmp_path: Path) -> None:
    register, other = tmp_path / "r.xlsx", tmp_path / "other.duckdb"
    document(*devolve("--ledger", own))
    out = document("export", "register", "--out", register, "--ledger", own)
    assert {row["kind"]: row["rows"] for row in out["rows"]} == {"allocate": 1, "devolve": 1, "mandate": 1}
    assert [row["entry"] for row in out["left_out"]] == [1, 2]
    document("new", "--year", "2025/26", "--icb", "QWO", "--ledger", other)
    tried = document("record", register, "--dry-run", "--ledger", other)
    assert tried["sentence"] == "3 rows make 3 entries: 3 would be posted."
    done = document("record", register, "--ledger", other)
    assert done["sentence"] == "3 rows make 3 entries: 3 are posted."
    hashes = []
    for ledger in (own, other):
        with Store.open(ledger, read_only=True) as store, store.read() as reader:
            hashes.append(books_hash(reader))
    assert hashes[0] == hashes[1]
    assert document("record", "register", register, "--ledger", other)["sentence"].endswith(": 0 are posted.")


def test_a_whole_register_can_be_left_to_somebody_else(own: Path, tmp_path: Path) -> None:
    register = tmp_path / "r.csv"
    register.write_text(
        "Kind,Date,Reason,From,To,Fund,Amount,Recurrent\n"
        "devolve,2025-06-13,Agreed,QWO,QWO-E08000035,core-sdf-transfers,5000,NR\n"
        "devolve,2025-06-13,Agreed,QWO,QWO-E08000032,core-sdf-transfers,6000,NR\n",
        encoding="utf-8",
    )
    document("record", register, "--propose", "--actor", "anna", "--ledger", own)
    (waiting,) = document("proposal", "list", "--ledger", own)["rows"]
    assert (waiting["entries"], waiting["amount_pence"]) == (2, 1_100_000)
    refused = run("record", register, "--total", "5", "--ledger", own)
    assert refused.returncode == 1
    assert "£5.00 less" in refused.stderr


def test_a_tracker_comes_in_by_a_mapping(own: Path, tmp_path: Path) -> None:
    """Worked by hand: £2,000 in thousands, and £500 of it left, is what the ICB gets on top."""
    path, kept = tmp_path / "tracker.csv", tmp_path / "mapping.yaml"
    path.write_text(
        "Ref,Month,Programme,R/NR,Value (£000),Narrative\nM4/1,M4,core-sdf-transfers,NR,1.5,x\n"
        "M4/2,M4,core-sdf-transfers,NR,0.5,y\nTotal,,,,2,\n", encoding="utf-8",
    )  # fmt: skip
    begun = document("record", path, "--save-mapping", kept)
    assert [row["field"] for row in begun["rows"]] == ["reference", "month", "fund", "recurrent", "amount", "note"]
    assert begun["needed"] == ["to", "reason"]
    text = kept.read_text("utf-8")
    for name, value in (("to", "QWO"), ("reason", "Tracker")):
        assert f"  {name}: ''" in text
        text = text.replace(f"  {name}: ''", f"  {name}: {value}\n  from_fund: nhs-revenue\n  new_money: 'yes'"
                            if name == "to" else f"  {name}: {value}")  # fmt: skip
    kept.write_text(f"{text}year: 2025/26\n", "utf-8")
    done = document("record", path, "--mapping", kept, "--ledger", own)
    assert done["sentence"] == "2 rows make 4 entries: 4 are posted."
    rows = document(
        "position", "--organisation", "QWO", "--by", "organisation,fund", "--year", "2025/26", "--ledger", own
    )["rows"]
    assert [row["amount_pence"] for row in rows if row["fund"] == "core-sdf-transfers"] == [100_200_000]


def test_the_template_of_a_register_has_the_lists_of_the_ledger(own: Path, tmp_path: Path) -> None:
    out = tmp_path / "t.xlsx"
    document("template", "register", "--out", out, "--ledger", own)
    assert "QWO-E08000035" in {row[0].value for row in load_workbook(out)["Organisations"].iter_rows()}
    assert run("template", "--out", out, "--ledger", own).returncode == 2


@pytest.mark.parametrize("name", DECISIONS)
def test_every_decision_explains_its_options(name: str) -> None:
    shown = CliRunner().invoke(devolution.app, ["record", name, "--help"], env={"COLUMNS": "200"}).stdout
    for field in DECISIONS[name].fields:
        assert option(field.name) in shown


def table_of_decisions() -> str:
    """The guide's table, from the descriptions."""
    shared = {field.name for field in COMMON}
    lines = ["| Command | What it records | Options |", "|---|---|---|"]
    for one in DECISIONS.values():
        own = [field for field in one.fields if field.name not in shared]
        told = ", ".join(f"**{option(each.name)}**" if each.required else option(each.name) for each in own)
        lines.append(f"| `devolution record {one.name}` | {one.meaning.rstrip('.')} | {told} |")
    return "\n".join(lines)


def test_the_guides_table_is_made_from_the_descriptions() -> None:
    assert table_of_decisions() in (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
