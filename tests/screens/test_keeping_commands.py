"""Copy, backup, restore and migrate as typed; and a server's ledger answers every command as the file does."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from ledger.store.address import in_full
from tests.shelves import shelf_of

QUESTIONS = (
    ("position", "--by", "tier,fund,standing"),
    ("position", "--organisation", "QWO"),
    ("flows", "--by", "from_tier,to_tier,fund"),
    ("flows", "--organisation", "QWO", "--as-at", "2025-06-30"),
    ("measures",),
    ("verify",),
    ("allocate", "--icb", "QWO", "--by", "core", "--amount", "1bn"),
    ("reverse", "160", "--reason", "twice", "--dry-run"),
)


def run(*arguments: object) -> tuple[int, dict[str, Any], str]:
    done = CliRunner().invoke(devolution.app, [*(str(argument) for argument in arguments), "--json"])
    return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr


def test_the_demo_goes_to_a_server_and_back_with_the_same_head_and_the_same_answers(
    demo_ledger: Path, tmp_path: Path
) -> None:
    shelf = shelf_of("server", tmp_path)
    server, back = shelf.place("demo"), tmp_path / "back.duckdb"
    try:
        status, there, said = run("copy", demo_ledger, in_full(server))
        assert status == 0, said
        status, again, said = run("copy", in_full(server), back)
        assert status == 0, said
        assert there["head"] == again["head"]
        for question in QUESTIONS:
            _, first, _ = run(*question, "--ledger", demo_ledger)
            for other in (in_full(server), back):
                status, found, said = run(*question, "--ledger", other)
                assert status == 0, said
                assert found["head"] == there["head"]
                for document in (first, found):
                    document.pop("ledger", None)
                assert found == first, question
    finally:
        shelf.clear()


def test_a_backup_is_restored_and_shows_its_head(own_demo_ledger: Path, tmp_path: Path) -> None:
    status, saved, said = run("backup", tmp_path / "saved.duckdb", "--ledger", own_demo_ledger)
    assert status == 0, said
    (row,) = saved["rows"]
    assert (row["entries"], len(saved["head"])) == (163, 64)
    status, refused, said = run("backup", tmp_path / "saved.duckdb", "--ledger", own_demo_ledger)
    assert (status, refused["problems"][0]["found"]) == (1, "there is a file of that name.")
    wrong = run("restore", tmp_path / "saved.duckdb", tmp_path / "new.duckdb", "--head", "feed" * 4)
    assert wrong[0] == 1
    assert not (tmp_path / "new.duckdb").exists()
    status, restored, said = run("restore", tmp_path / "saved.duckdb", tmp_path / "new.duckdb", "--head", saved["head"])
    assert (status, restored["head"]) == (0, saved["head"]), said
    assert run("migrate", "--ledger", tmp_path / "new.duckdb")[1]["rows"] == []


def test_no_command_prints_a_password() -> None:
    pytest.importorskip("psycopg")
    address = "postgresql://someone:s3cret@127.0.0.1:1/ledger?sslpassword=s3cret"
    for command in (("verify",), ("position",), ("backup", "never.duckdb"), ("migrate",)):
        status, document, said = run(*command, "--ledger", address)
        assert status == 3
        assert "s3cret" not in json.dumps(document) + said
        assert "postgresql://someone@127.0.0.1:1/ledger cannot be reached" in said
        assert document["ledger"] == "postgresql://someone@127.0.0.1:1/ledger"
    status, _, said = run("verify", "--ledger", "mysql://someone:s3cret@127.0.0.1/ledger")
    assert status == 2
    assert "s3cret" not in said
