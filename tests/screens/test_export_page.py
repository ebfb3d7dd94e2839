"""Taking files out, without a browser: each is made by the command line's own function, and says the head."""

import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from allocations.files.budgets.importing import write_problems
from ledger.errors import Problem
from screens.report.files.exports import EXPORTS
from screens.web.importing import common
from tests.allocations.excel.commands import run
from tests.screens.importing import NAME, field, funded
from tests.screens.pages import no_leftovers, page, said, tables, well

__all__ = ["no_leftovers"]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return funded(tmp_path_factory.mktemp("exports") / "ledger.duckdb")


def made(monkeypatch: pytest.MonkeyPatch, ledger: Path, file: str, **query: str) -> tuple[str, bytes, str]:
    """The name and content of a file that is made on the page, and the head that the page says."""
    app = page(monkeypatch, NAME, ledger, view="take", file=file, **query)
    assert EXPORTS[file].purpose in said(app)
    well(field(app.button, "Make the file").click().run())
    assert [one.value for one in app.error] == []
    _, name, content, answer = app.session_state["taken out"]
    assert f"{name} is made: {len(content):,} bytes." in app.success[-1].value
    assert answer.at.head in app.success[-1].value
    return name, content, answer.at.head


@pytest.mark.parametrize("file", [name for name in EXPORTS if name not in ("working", "scenario")])
def test_every_file_is_made_and_holds_the_head(monkeypatch: pytest.MonkeyPatch, ledger: Path, file: str) -> None:
    query = {"icb": "ICB1"} if file == "template" else {}
    name, content, head = made(monkeypatch, ledger, file, **query)
    assert name == name.lower()
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(io.BytesIO(content))
        texts = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
        assert any(head in text for text in texts)
    elif name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert sorted(archive.namelist()) == ["datapackage.json", "position-2025-26.csv"]
            assert head in archive.read("datapackage.json").decode()
    elif name.endswith(".json"):
        assert json.loads(content)["head"] == head
    else:
        assert b"Head of the chain" in content


def test_what_it_says_is_what_the_command_line_says(
    monkeypatch: pytest.MonkeyPatch, ledger: Path, tmp_path: Path
) -> None:
    name, content, head = made(monkeypatch, ledger, "position", icb="ICB1")
    out = tmp_path / name
    told = json.loads(
        run(
            "export",
            "position",
            "--organisation",
            "ICB1",
            "--year",
            "2025/26",
            "--out",
            out,
            "--ledger",
            ledger,
            "--json",
        )
    )
    assert told["head"] == head
    assert out.name == "position-icb1-2025-26.xlsx"
    here, there = (openpyxl.load_workbook(source)["Position"] for source in (io.BytesIO(content), out))
    assert [[cell.value for cell in row] for row in here] == [[cell.value for cell in row] for row in there]
    app = page(monkeypatch, NAME, ledger, view="take", file="position", icb="ICB1")
    well(field(app.button, "Make the file").click().run())
    assert told["rows"][0]["content_hash"] in tables(app)


def test_the_position_as_json_is_the_commands_own_document(monkeypatch: pytest.MonkeyPatch, ledger: Path) -> None:
    _, content, _ = made(monkeypatch, ledger, "position-json")
    found = json.loads(content)
    columns = ",".join(name for name in found["rows"][0] if name != "amount_pence")
    told = json.loads(run("position", "--year", "2025/26", "--by", columns, "--ledger", ledger, "--json"))
    assert found["rows"] == told["rows"]
    assert {name: found[name] for name in ("command", "head", "illustrative")} == {
        name: told[name] for name in ("command", "head", "illustrative")
    }


def test_a_file_is_offered_until_something_else_is_asked_for(monkeypatch: pytest.MonkeyPatch, ledger: Path) -> None:
    app = page(monkeypatch, NAME, ledger, view="take", file="position")
    well(field(app.button, "Make the file").click().run())
    assert field(app.download_button, "Download position-2025-26.xlsx")
    well(field(app.selectbox, "ICB").select("ICB2").run())
    assert not app.download_button
    assert app.query_params["icb"] in ("ICB2", ["ICB2"])


def test_what_the_books_refuse_is_said_and_nothing_is_made(monkeypatch: pytest.MonkeyPatch, ledger: Path) -> None:
    app = page(monkeypatch, NAME, ledger, view="take", file="working", icb="ICB1", fund="core")
    well(field(app.button, "Make the file").click().run())
    assert app.error[0].value == "The file was not made."
    assert not app.download_button


def test_a_working_workbook_and_a_scenario_are_made_from_the_demo(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    name, content, _ = made(monkeypatch, demo_ledger, "working", icb="QWO", fund="core-community", to="place")
    assert name == "working-qwo-2025-26.xlsx"
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    name, content, _ = made(monkeypatch, demo_ledger, "scenario")
    texts = [str(cell.value) for row in openpyxl.load_workbook(io.BytesIO(content))["Read me"] for cell in row]
    assert any("ypothetical" in text for text in texts)


def test_problems_go_out_as_text_and_never_as_formulas(tmp_path: Path) -> None:
    path = tmp_path / "problems.xlsx"
    write_problems(path, "=bad.xlsx", [Problem("=1+1", "@SUM", "+2", "=HYPERLINK(1)"), Problem("a", "b", "c", "d")])
    sheet = openpyxl.load_workbook(path)["Problems"]
    cells = [cell for row in sheet for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.value for cell in sheet[5]] == ["=1+1", "@SUM", "+2", "=HYPERLINK(1)"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [("budget.xlsx", "budget.xlsx"), ("../../etc/passwd", "passwd"), ("C:\\plans\\a b.csv", "a b.csv"), ("..", "file"),
     ("a\x00\n.csv", "a.csv"), ("", "file"), ("\u202egpj.xlsx", "gpj.xlsx"), ("x" * 300 + ".csv", "x" * 116 + ".csv")],
)  # fmt: skip
def test_a_files_own_name_cannot_lead_elsewhere(name: str, safe: str) -> None:
    assert common.safe_name(name) == safe
    with common.as_path(name, b"1") as path:
        assert path.read_bytes() == b"1"
        kept = path
    assert not kept.exists()
