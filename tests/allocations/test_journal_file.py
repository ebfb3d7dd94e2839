"""A head is checked by somebody who has a journal and no ledger, with the lines that docs/checking.md shows."""

import csv
import json
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import devolution
from allocations.files.out.journal import guarded, write_journal
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.reports.position import moment
from ledger.store import backup
from ledger.store.base import Store
from tests.books import agreement, at, entry, fund_all, whole
from tests.conftest import ROOT
from tests.ledger.test_keeping import seal_of, tables_of_version_1
from tests.shelves import Shelf

PAGE = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
LINES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def check(folder: Path, journal: Path, head: str) -> subprocess.CompletedProcess[str]:
    """The page's lines, by a Python that sees nothing but its standard library."""
    lines = LINES[0]
    script = folder / "check.py"
    script.write_text(lines, encoding="utf-8")
    command = [sys.executable, "-I", "-S", str(script), str(journal), head]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def written(store: Store, folder: Path) -> tuple[Path, str]:
    journal = folder / "journal.csv"
    with store.read() as reader:
        now = moment(reader)
        assert write_journal(reader, now, journal).head == now.head
    return journal, now.head


def awkward(store: Store) -> None:
    fund_all(store)
    moved = entry("devolve", at("ICB1", "core"), at("P1", "core"), 123, authority="")
    moved = replace(moved, source="'quoted', \"twice\"")
    post(
        store,
        [moved, agreement(organisation="ICB1", fund="core", amount_pence=5, purpose="=HYPERLINK(1)", partners="@a")],
    )


def test_the_page_is_short_enough_to_be_read() -> None:
    lines = LINES[0]
    assert len([line for line in lines.splitlines() if line.strip()]) <= 50
    assert set(re.findall(r"^(?:import|from) (.+)", lines, re.MULTILINE)) == {
        "csv, hashlib, sys", "datetime import datetime, timedelta, timezone",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["file", "server"])
def test_the_head_is_worked_out_again_from_the_journal_alone(books: Store, tmp_path: Path) -> None:
    awkward(books)
    journal, head = written(books, tmp_path)
    done = check(tmp_path, journal, head[:16])
    assert (done.returncode, done.stdout) == (0, f"7 entries; the head is {head}\n{head[:16]} stands on entry 7\n"), (
        done.stderr
    )
    with books.read() as reader:
        ((earlier,),) = reader.rows("SELECT hash FROM entry WHERE number = 5")
    assert "stands on entry 5" in check(tmp_path, journal, str(earlier)).stdout
    assert check(tmp_path, journal, head[:8]).returncode == 1  # too little of it to mean anything


def test_the_journal_of_a_ledger_that_was_begun_in_the_first_form_is_checked_whole(
    books: Store, shelf: Shelf, tmp_path: Path
) -> None:
    place = tables_of_version_1(shelf, books)
    before = str(seal_of(place, "head"))
    backup.migrate(place)
    with Store.open(place) as store:
        post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 123)])
        journal, head = written(store, tmp_path)
    for wanted, number in ((before, 5), (head, 7)):
        assert f"{wanted} stands on entry {number}" in check(tmp_path, journal, wanted).stdout
    journal.write_text(journal.read_text(encoding="utf-8").replace(",600000,", ",600001,"), encoding="utf-8")
    assert check(tmp_path, journal, before).returncode == 1


@pytest.mark.parametrize(
    ("find", "put"),
    [
        (",ICB1,core,2025,available,600000,", ",ICB1,core,2025,available,600001,"),
        ("2025-04-01,tests,a case", "2025-04-02,tests,a case"),
        ("+00:00", "+01:00"),
        (",transfer,GOV,", ",transfer,NHS,"),
        ("'=HYPERLINK(1)", "HYPERLINK(1)"),
        ("ICB1,core,5,", "ICB1,core,,"),
        ("ICB1,core,5,,", "ICB1,core,,5,"),
        ("\n4,entry", "\n5,entry"),
        ("'@a", "'@a\x1f"),
    ],
)
def test_whatever_is_changed_is_found(books: Store, tmp_path: Path, find: str, put: str) -> None:
    awkward(books)
    journal, head = written(books, tmp_path)
    top, text = journal.read_text(encoding="utf-8").split("\n1,entry", 1)
    assert find in text
    journal.write_text(f"{top}\n1,entry{text.replace(find, put, 1)}", encoding="utf-8")
    assert check(tmp_path, journal, head).returncode == 1


def test_a_type_hides_no_text(funded: Store, tmp_path: Path) -> None:
    """A purpose that reads as a length and a text: with a type made up for it, its first letters would not be shown."""
    post(funded, [agreement(organisation="ICB1", fund="core", amount_pence=5, purpose="not1:b")])
    journal, head = written(funded, tmp_path)
    assert check(tmp_path, journal, head).returncode == 0
    lines = journal.read_text(encoding="utf-8").splitlines()
    (columns,) = [line.split(",") for line in lines if line.startswith(",columns,agreement,")]
    for number, line in enumerate(lines):
        cells = line.split(",")
        if line.startswith(",types,agreement,"):
            cells[columns.index("purpose")] = "s6:not"
        lines[number] = ",".join(cells).replace("not1:b", "b")
    journal.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = check(tmp_path, journal, head)
    assert (done.returncode, done.stderr) == (1, "types of agreement: a type that is none\n")


def test_a_line_that_is_left_out_or_moved_is_found(books: Store, tmp_path: Path) -> None:
    awkward(books)
    journal, head = written(books, tmp_path)
    lines = journal.read_text(encoding="utf-8").splitlines()
    transfers = [number for number, line in enumerate(lines) if ",transfer," in line and line[0] != ","]
    swapped = list(lines)
    swapped[transfers[0]], swapped[transfers[1]] = swapped[transfers[1]], swapped[transfers[0]]
    for changed in (lines[: transfers[0]] + lines[transfers[0] + 1 :], swapped, lines[: transfers[-1] - 1]):
        journal.write_text("\n".join(changed) + "\n", encoding="utf-8")
        assert check(tmp_path, journal, head).returncode == 1


def test_what_anybody_holds_follows_from_the_journal(books: Store, tmp_path: Path) -> None:
    awkward(books)
    journal, _ = written(books, tmp_path)
    held: dict[tuple[str, str], int] = defaultdict(int)
    with journal.open(encoding="utf-8", newline="") as file:
        for number, table, *cells in csv.reader(file):
            if number and table == "transfer":
                held[cells[0], cells[1]] -= int(cells[8])
                held[cells[4], cells[5]] += int(cells[8])
    wanted = {(row["organisation"], row["fund"]): row["amount_pence"] for row in whole(books).to_pylist()}
    assert {key: pence for key, pence in held.items() if pence} == wanted


def test_the_demo_is_checked_as_the_guide_says(demo_ledger: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.csv"
    done = CliRunner().invoke(
        devolution.app, ["export", "journal", "--ledger", str(demo_ledger), "--out", str(journal), "--json"]
    )
    document = json.loads(done.stdout)
    assert done.exit_code == 0
    assert document["rows"][0]["entries"] == 163
    assert check(tmp_path, journal, document["head"]).returncode == 0


def test_a_cell_says_what_it_says_and_calculates_nothing() -> None:
    values = ("", None, "a", "=1", "'a", "''", "-5", "+5", "@a", "1", "true")
    cells = [guarded(value) for value in values]
    assert len(set(cells)) == len(values)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)
    assert [None if cell == "" else cell.removeprefix("'") for cell in cells] == list(values)


def test_a_journal_is_a_csv_file(books: Store, tmp_path: Path) -> None:
    with books.read() as reader:
        for name in ("journal.xlsx", "nowhere/journal.csv"):
            with pytest.raises(Refused, match=r"the journal is written as a \.csv file into a folder that is there"):
                write_journal(reader, moment(reader), tmp_path / name)
