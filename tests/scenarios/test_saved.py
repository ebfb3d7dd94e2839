"""Scenarios that people save: nothing is lost, whoever saves, and what is saved is what the command line runs."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from ledger.errors import Refused
from ledger.store.attachments import SavedSince, Version, folder_of
from scenarios import outcome, saved

TEXT = outcome.library()["devolve-80-at-once"].read_bytes()


def changed(share: str) -> bytes:
    return TEXT.replace(b"value: 80%", f"value: {share}".encode())


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


def test_words_become_a_name() -> None:
    assert saved.name_of("  Our Winter & plan (2)! ") == "our-winter-plan-2"
    assert saved.name_of("…") == ""
    assert len(saved.name_of("long " * 40)) <= saved.LONGEST_NAME


def test_each_save_is_a_version_and_no_version_goes_away(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.duckdb"
    first = saved.save(ledger, "ours", changed("0.75"), opened=None)
    second = saved.save(ledger, "ours", changed("0.6"), opened=first.digest)
    assert [each.number for each in saved.versions(ledger, "ours")] == [1, 2]
    assert (first.content(), second.content()) == (changed("0.75"), changed("0.6"))
    assert saved.saved(ledger) == {"ours": second}
    assert saved.version(ledger, first.digest[:16]) == first
    assert saved.save(ledger, "ours", changed("0.6"), opened=None) == second
    assert not list(folder_of(ledger).rglob(".half*"))


def test_who_saves_second_hears_about_it_and_loses_nothing(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.duckdb"
    opened = saved.save(ledger, "ours", changed("0.75"), opened=None)
    theirs = saved.save(ledger, "ours", changed("0.6"), opened=opened.digest)
    with pytest.raises(SavedSince, match=r"somebody saved version 2 on .* after you opened it") as caught:
        saved.save(ledger, "ours", changed("0.7"), opened=opened.digest)
    assert caught.value.newest == theirs
    assert saved.saved(ledger)["ours"] == theirs
    # Having seen it, they replace it knowingly, and what they replaced is still there.
    mine = saved.save(ledger, "ours", changed("0.7"), opened=caught.value.newest.digest)
    assert (mine.number, saved.versions(ledger, "ours")[1]) == (3, theirs)


def test_a_new_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.duckdb"
    saved.save(ledger, "ours", changed("0.75"), opened=None)
    with pytest.raises(SavedSince, match="the name is taken: version 1 was saved on"):
        saved.save(ledger, "ours", changed("0.7"), opened=None)


def test_of_many_who_save_at_the_same_moment_one_wins(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.duckdb"
    opened = saved.save(ledger, "ours", changed("0.75"), opened=None)

    def attempt(number: int) -> Version | None:
        try:
            return saved.save(ledger, "ours", changed(f"0.6{number}"), opened=opened.digest)
        except SavedSince:
            return None

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(attempt, range(1, 9)))
    (winner,) = [each for each in done if each]
    assert [each.number for each in saved.versions(ledger, "ours")] == [1, 2]
    assert saved.saved(ledger)["ours"].digest == winner.digest


@pytest.mark.parametrize(("name", "found"), [("", "there is none"), ("../x", "cannot be a name"), ("Ours", "cannot be"),
                                             ("devolve-80-at-once", "is a scenario of the library"),
                                             ("a" * 12, "looks like a hash")])  # fmt: skip
def test_a_name_that_cannot_be_used_is_refused(tmp_path: Path, name: str, found: str) -> None:
    with pytest.raises(Refused, match=found):
        saved.save(tmp_path / "ledger.duckdb", name, TEXT, opened=None)
    assert not list(tmp_path.iterdir())


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        saved.save(
            tmp_path / "ledger.duckdb", "", TEXT.replace(b"80%", b"8").replace(b"to: place", b"to: moon"), opened=None
        )
    assert [problem.where for problem in caught.value.problems] == [
        "the name", "scenario.yaml, line 11, steps.0.to", "scenario.yaml, line 12, steps.0.until_share",
        "scenario.yaml, line 16, assumptions.0",
    ]  # fmt: skip


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger.duckdb.files").write_text("a file where the folder should be")
    with pytest.raises(Refused, match=r"it cannot be written .* Nothing was saved"):
        saved.save(tmp_path / "ledger.duckdb", "ours", TEXT, opened=None)


def test_the_command_line_runs_what_was_saved(own_demo_ledger: Path) -> None:
    version = saved.save(own_demo_ledger, "ours", TEXT, opened=None)
    wanted = json.loads(run("scenario", "run", "devolve-80-at-once", "--ledger", own_demo_ledger, "--json").stdout)
    for name in ("ours", version.digest[:20], version.path):
        assert json.loads(run("scenario", "run", name, "--ledger", own_demo_ledger, "--json").stdout) == wanted
    listed = json.loads(run("scenario", "list", "--ledger", own_demo_ledger, "--json").stdout)["rows"]
    assert [row["name"] for row in listed if row["kept"] == "saved"] == ["ours"]
    proposed = run("scenario", "adopt", "ours", "--ledger", own_demo_ledger, "--dry-run", "--actor", "someone")
    assert proposed.exit_code == 0, proposed.stderr


def test_a_name_that_is_nowhere_is_refused(own_demo_ledger: Path) -> None:
    done = run("scenario", "run", "nobody-saved-this", "--ledger", own_demo_ledger)
    assert done.exit_code == 1
    assert "nobody-saved-this" in done.stderr
