"""`devolution import budgets`, as people and programs use it."""

import json
from pathlib import Path

import pytest

from ledger.store.base import Store
from tests.allocations.excel.commands import run
from tests.allocations.excel.workbooks import PLAIN, with_openpyxl, written


@pytest.fixture
def ledger(funded: Store) -> Path:
    funded.close()
    return funded.path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "budget.xlsx", PLAIN)


def options(ledger: Path, *more: object) -> tuple[object, ...]:
    return ("--icb", "icb1", "--year", "2025/26", "--fund", "core", "--date", "2025-04-01", "--ledger", ledger, *more)


def test_people_see_what_was_understood_three_totals_and_what_became_of_it(ledger: Path, file: Path) -> None:
    dry = run("import", "budgets", file, *options(ledger, "--dry-run"))
    for words in ("Sheet 'Plan', headings in row 3, amounts in £, in A1", "a total ('Total'): checked, not posted", "Three totals",
                  "its own total", "what ICB1 holds, available, of core", "£6,000.00", "Nothing was posted"):  # fmt: skip
        assert words in dry, words
    posted = run("import", "budgets", file, *options(ledger))
    assert "Undo it with: devolution reverse 6 --reason" in posted
    assert "Nothing to add: the books have this file as entry 6" in run("import", "budgets", file, *options(ledger))
    traced = run("trail", "--organisation", "P1", "--ledger", ledger)
    assert "budget.xlsx: Plan!C4" in traced
    run("reverse", 6, "--reason", "a slip", "--ledger", ledger)
    assert "as entry 8" in run("import", "budgets", file, *options(ledger))


def test_programs_get_one_document(ledger: Path, file: Path) -> None:
    answer = json.loads(run("import", "budgets", file, *options(ledger, "--json")))
    assert answer["command"] == "import budgets"
    assert answer["rows"] == [
        {"organisation": "P1", "fund": "core", "recurrent": True, "amount_pence": 250_050},
        {"organisation": "P2", "fund": "core", "recurrent": True, "amount_pence": 349_950},
    ]
    assert {answer[f"{name}_total_pence"] for name in ("file", "read", "control")} == {600_000}
    assert (answer["rest_pence"], answer["problems"], answer["rows_read"]) == (0, [], {"Plan": 2})
    (entry,) = answer["entries"]
    assert (entry["number"], entry["replayed"], entry["transfers"]) == (6, False, 2)
    assert Path(answer["kept_file"]).read_bytes() == file.read_bytes()


def test_a_refusal_lists_every_problem_and_posts_nothing(ledger: Path, tmp_path: Path) -> None:
    path = with_openpyxl(
        tmp_path / "slips.xlsx",
        PLAIN,
        lambda _, sheet: (sheet.__setitem__("A4", "P9"), sheet.__setitem__("C5", "1,23")),
    )
    told = run("import", "budgets", path, *options(ledger), status=1)
    for words in (
        "what was understood",
        "slips.xlsx, sheet Plan, cell A4",
        "cell C5",
        "2 problems. Nothing was posted.",
    ):
        assert words in told, words
    document = json.loads(run("import", "budgets", path, *options(ledger, "--json"), status=1))
    assert [problem["place"].rsplit(" ", 1)[1] for problem in document["problems"]] == ["A4", "C5"]
    assert json.loads(run("position", "--organisation", "P2", "--ledger", ledger, "--json"))["rows"] == []


def test_a_mapping_can_be_saved_from_a_refused_file(ledger: Path, tmp_path: Path) -> None:
    path = written(
        tmp_path / "two.xlsx",
        (("Code", "Plan (£)", "Budget (£)"), ("P1", 1, 2500.5), ("P2", 2, 3499.5), ("Total", 3, 6000)),
    )
    saved = tmp_path / "mapping.yaml"
    run("import", "budgets", path, *options(ledger, "--save-mapping", saved), status=1)
    # What could not be told must be decided by somebody: the file as it was saved is refused.
    told = run("import", "budgets", path, *options(ledger, "--mapping", saved), status=1)
    assert "cell B1: the mapping leaves undecided what 'Plan (£)' is" in " ".join(told.split())
    text = saved.read_text(encoding="utf-8").replace("undecided", "ignored", 1).replace("undecided", "amount", 1)
    saved.write_text(text, encoding="utf-8")
    assert "entry 6" in run("import", "budgets", path, *options(ledger, "--mapping", saved))


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        (("--from", "NHS"), 2, "name who pays"),
        (("--unit", "guineas"), 2, "pounds"),
        (("--unit", "pounds", "--mapping", __file__), 2, "the mapping says which sheets and units"),
        (("--mapping", "none.yaml"), 2, "does not exist"),
        (("--total", "lots"), 2, "not an amount of money"),
    ],
)
def test_wrong_usage_is_said(more: tuple[str, ...], status: int, words: str, ledger: Path, file: Path) -> None:
    told = " ".join(run("import", "budgets", file, *options(ledger, *more), status=status).replace("│", " ").split())
    assert words in told


def test_what_nobody_should_guess_is_said_with_options(ledger: Path, tmp_path: Path) -> None:
    rows = (
        ("Code", "Year", "Budget"),
        ("P1", "FY26", 2500.4999),
        ("P2", "FY26", 3499.5),
        ("P2", "FY26", "-"),
        ("Total", "", 6000),
    )
    path = written(tmp_path / "asked.xlsx", rows)
    saved = tmp_path / "mapping.yaml"
    answers = (
        "--dash",
        "zero",
        "--round",
        "penny",
        "--duplicates",
        "add",
        "--hidden",
        "leave out",
        "--short-year",
        "ends",
    )
    told = run("import", "budgets", path, *options(ledger, "--unit", "pounds", "--save-mapping", saved, *answers))
    assert "1 amounts were rounded to the penny, by £+0.0001 in all" in told
    again = run("import", "budgets", path, *options(ledger, "--mapping", saved))
    assert "Nothing to add" in again  # the mapping holds the answers too


def test_a_file_that_cannot_be_read_is_a_sentence(ledger: Path, tmp_path: Path) -> None:
    path = tmp_path / "budget.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0")
    told = run("import", "budgets", path, *options(ledger, "--json"), status=1)
    assert "before 2007" in json.loads(told)["problems"][0]["found"]
    assert "no such file" in run("import", "budgets", tmp_path / "none.xlsx", *options(ledger), status=1).lower()


def test_a_changed_copy_of_the_original_is_said(ledger: Path, file: Path) -> None:
    kept = Path(json.loads(run("import", "budgets", file, *options(ledger, "--json")))["kept_file"])
    kept.write_bytes(b"other")
    assert "has been changed since it was imported" in run("trail", "--organisation", "P1", "--ledger", ledger)
