"""What the bench writes: one journal in every form, and a table that does not flatter."""

from pathlib import Path

import pytest

from bench import peers, running
from bench.journal import WATCHED, write
from bench.rows import Row, page

COUNT = 80


def test_every_form_of_the_journal_holds_the_same_transfers(tmp_path: Path) -> None:
    journal = write(COUNT, tmp_path)
    rows = [line.replace('"', "").split(",") for line in journal.rows.read_text().splitlines()][1:]
    pence = sum(int(row[3]) for row in rows)
    assert len(rows) == COUNT
    assert sum(int(row[3]) for row in rows if (row[1], row[2]) == WATCHED) == journal.watched > 0
    for form in (journal.plain, journal.beancount):
        lines = form.read_text().splitlines()
        amounts = [line.split()[1] for line in lines if line.endswith(" GBP") and line.startswith(" ")]
        assert sum(int(amount.replace(".", "")) for amount in amounts) == pence
        assert len(amounts) == COUNT
    opened = [line.split()[2] for line in journal.beancount.read_text().splitlines() if " open " in line]
    assert len(opened) == len(set(opened)) == len({f"{who}{row[2]}" for row in rows for who in row[:2]})


@pytest.mark.parametrize("program", ["hledger", "ledger", "beancount"])
def test_a_program_that_is_installed_finds_the_same_balance(program: str, tmp_path: Path) -> None:
    journal = write(COUNT, tmp_path)
    asked = peers._plain(journal)[program]
    if asked is None:
        pytest.skip(f"{program} is not installed; the bench's row says so too")
    assert peers._found(running.run(asked, 60).text) == journal.watched


def test_a_program_that_takes_too_long_is_stopped_and_its_row_says_so() -> None:
    ran = running.run(["sleep", "60"], 0.2)
    assert ran.stopped
    row = Row("balance", "a slow one", 1.0, ran.seconds * 100, at_most=0.5, least=ran.stopped)
    assert "over" in row.cells()[3]
    assert row.cells()[4].startswith("at most ")


def test_the_page_says_what_was_missed_and_what_was_not_there() -> None:
    rows = [
        {"workload": "posting", "other": "bare", "ours": 5.0, "theirs": 2.0, "at_most": 2.0},
        {"workload": "balance", "other": "bare", "ours": 1.0, "theirs": 80.0, "at_most": 0.02},
        {"workload": "balance", "other": "another", "ours": 1.0, "theirs": None, "note": "not installed"},
    ]
    told = page({"peers": {"on": "2026-11-22", "machine": "two cores", "rows": rows}})
    assert "| posting | 5.00 s | bare | 2.00 s | 2.50 | at most 2, **missed** | A |" in told
    assert "at most 0.02 (50 times faster), met" in told
    assert "| not installed |" in told
    assert "- **A** (peers, 2026-11-22): two cores." in told
