"""What the bench writes: one journal in every form, and a table that does not flatter."""

from pathlib import Path

import duckdb
import pytest

from bench import entries, peers, running, verifying
from bench.journal import WATCHED, write
from bench.rows import Row, page
from bench.running import Worker, beside
from ledger.entries import chain
from ledger.store.base import Store

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


def test_an_aim_of_its_own_is_met_or_missed() -> None:
    assert Row("file", "bare", 180.0, 20.0, "MiB", limit=200).cells()[5] == "at most 200 MiB, met"
    assert Row("file", "bare", 201.0, 20.0, "MiB", limit=200).cells()[5] == "at most 200 MiB, **missed**"


def test_bare_writes_are_the_rows_of_a_small_entry(tmp_path: Path) -> None:
    """Ours brings one entry and one leg; the bare write brings the same two rows under numbers of its own."""
    leg = entries.almost_empty(tmp_path / "ledger.duckdb")
    with Store.open(tmp_path / "ledger.duckdb") as store:
        row, moved = entries.own_rows(store, entries.poster(store, entries.PEOPLE[0], leg))
        store.checkpoint()
    entries.bare_in_file(tmp_path / "ledger.duckdb", row, moved)()
    with duckdb.connect(str(tmp_path / "ledger.duckdb")) as raw:
        (ours, bare) = raw.execute("SELECT * FROM entry ORDER BY number DESC LIMIT 2").fetchall()[::-1]
        assert ours == row
        assert bare == (1_000_000, "bare 1000000", *row[2:])
        (ours, bare) = raw.execute("SELECT * FROM transfer ORDER BY entry_number DESC LIMIT 2").fetchall()[::-1]
        assert ours == moved
        assert bare == (1_000_000, *moved[1:])


def test_both_sides_grow_by_the_same_transfers(tmp_path: Path) -> None:
    """Eighty transfers open the accounts, and sixty more are posted; the bare side has its primary keys alone."""
    ours, bare = tmp_path / "ours.duckdb", tmp_path / "bare.duckdb"
    with Worker("grow", str(ours), str(bare), "with", "60") as growing:
        growing.told()
        found = growing.next()
    assert found["bytes"] > 0 < found["verify"]
    with Worker("grow_bare", str(bare), "keys", "60") as growing:
        growing.told()
        growing.next()
    for path in (ours, tmp_path / "keys.duckdb"):
        with duckdb.connect(str(path), read_only=True) as raw:
            last = "(SELECT max(entry_number) FROM transfer)"
            totals = raw.execute(
                f"SELECT count(*), sum(amount_pence) FROM transfer WHERE entry_number = {last}"
            ).fetchall()
            # The amounts run from a penny up.
            assert totals == [(60, 60 * 61 // 2)], path
    with duckdb.connect(str(tmp_path / "keys.duckdb"), read_only=True) as raw:
        kinds = raw.execute("SELECT DISTINCT constraint_type FROM duckdb_constraints()").fetchall()
        assert {kind for (kind,) in kinds} == {"PRIMARY KEY", "NOT NULL"}


def test_a_worker_measures_the_checkout_that_it_is_given(tmp_path: Path) -> None:
    with beside(Path(running.__file__).parent.parent) as checkout:
        assert checkout is not None
        with Worker("verify_demo", str(tmp_path / "demo.duckdb"), checkout=checkout) as worker:
            worker.told()
            assert worker.next()["questions"] > 0


def test_verify_is_measured_whole_and_from_a_checkpoint(tmp_path: Path) -> None:
    entries.almost_empty(tmp_path / "ledger.duckdb")
    with Store.open(tmp_path / "ledger.duckdb") as store:
        with store.read() as reader:
            head = chain.head(reader)
        since, whole = verifying._since(store, head)
    assert min(*since, *whole) > 0
