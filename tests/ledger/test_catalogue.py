"""What a file holds besides its rows is what this program made, or verify names it; and it changes no answer."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.reports.verify import verify
from ledger.store import backup
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import at, entry, fund_all, held, texts
from tests.shelves import FileShelf


@pytest.fixture
def kind() -> str:
    """Files alone: a server's catalogue is another."""
    return "file"


@pytest.fixture
def file(shelf: FileShelf, template: Callable[[str], Address]) -> Path:
    """A closed ledger in which money has moved."""
    path = shelf.copy(template("file"))
    with Store.open(path) as store:
        fund_all(store)
    return path


def named(path: Path) -> list[str]:
    with Store.open(path, read_only=True) as store:
        return [str(problem) for problem in store.catalogue_problems()]


def test_a_ledger_that_was_made_or_migrated_has_what_it_needs_and_no_more(file: Path, tmp_path: Path) -> None:
    assert named(file) == []
    old = tmp_path / "old.duckdb"
    with duckdb.connect(str(old)) as raw:
        raw.execute((Path(__file__).parent / "schema_version_1.sql").read_text(encoding="utf-8"))
    with duckdb.connect(str(old)) as raw:
        raw.execute("CREATE MACRO sum(x) AS 0")
    with pytest.raises(Refused, match="macro sum: this program did not make it"):
        backup.migrate(old)
    with duckdb.connect(str(old)) as raw:
        raw.execute("DROP MACRO sum")
    backup.migrate(old)
    assert named(old) == []


@pytest.mark.parametrize(
    ("change", "place", "found"),
    [
        ("CREATE TABLE mine (a INTEGER)", "table mine", "this program did not make it."),
        ("CREATE SCHEMA other; CREATE TABLE other.entry (a INTEGER)", "table other.entry", "this program did not make it."),
        ("CREATE SCHEMA other", "schema other", "this program did not make it."),
        ("CREATE VIEW pairs AS SELECT 1", "view pairs", "this program did not make it."),
        ("DROP VIEW v_flows", "view v_flows", "it is not there."),
        ("CREATE OR REPLACE VIEW v_pots AS SELECT * FROM fund", "view v_pots",
         "it asks or says something else than it was made to."),
        ("COMMENT ON COLUMN v_position.amount_pence IS 'in pounds'", "view v_position",
         "it asks or says something else than it was made to."),
        ("COMMENT ON VIEW v_flows IS NULL", "view v_flows", "it asks or says something else than it was made to."),
        ("CREATE MACRO sum(x) AS 0", "macro sum", "this program did not make it."),
        ("CREATE MACRO entries() AS TABLE SELECT 1", "macro entries", "this program did not make it."),
        ("CREATE TYPE grade AS ENUM ('none')", "type grade", "this program did not make it."),
        ("CREATE SEQUENCE numbers", "sequence numbers", "this program did not make it."),
        ("CREATE INDEX mine ON transfer (leg)", "table transfer, index mine", "this program did not make it."),
        ("ALTER TABLE account_day ADD COLUMN remark VARCHAR", "table account_day, column remark",
         "this program did not make it."),
        ("ALTER TABLE account_day ALTER in_pence SET DEFAULT 7", "table account_day, column in_pence",
         "it is not as it was made (BIGINT, never missing), and is BIGINT, never missing, by default 7."),
        ("ALTER TABLE account_day ALTER in_pence DROP NOT NULL", "table account_day, column in_pence",
         "it is not as it was made (BIGINT, never missing), and is BIGINT, may be missing."),
        ("ALTER TABLE account_day ALTER in_pence TYPE HUGEINT", "table account_day, column in_pence",
         "it is not as it was made (BIGINT, never missing), and is HUGEINT, never missing."),
        ("CREATE TABLE t AS SELECT * FROM transfer; DROP TABLE transfer; ALTER TABLE t RENAME TO transfer",
         "table transfer", "it no longer holds its rows to 'CHECK((amount_pence > 0))'."),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_tables_is_named(
    file: Path, shelf: FileShelf, change: str, place: str, found: str
) -> None:
    shelf.tamper(file, change)
    assert any(line.startswith(f"{place}: {found}") for line in named(file)), named(file)


def test_what_cannot_be_asked_without_a_table_is_said_and_the_rest_is_asked(file: Path, shelf: FileShelf) -> None:
    shelf.tamper(file, "DROP TABLE closed_month", "ALTER TABLE agreement RENAME COLUMN purpose TO why")
    with Store.open(file, read_only=True) as store, store.read() as reader:
        said = texts(verify(reader, store=store))
    assert said.startswith("table closed_month: it is not there.")
    assert "table agreement, column purpose: it is not there." in said
    assert "months that are closed: it could not be looked at. What is named before it stands in the way." in said


def test_what_somebody_put_into_the_file_changes_no_answer(file: Path, shelf: FileShelf) -> None:
    """DuckDB would take these for its own: every sum, every sign and verify itself would say what they say."""
    with Store.open(file) as store:
        before = held(store)
    shelf.tamper(
        file,
        "UPDATE transfer SET amount_pence = amount_pence + 1 WHERE entry_number = 4",
        "UPDATE account_day SET in_pence = in_pence + 1",
        "CREATE MACRO sum(x) AS 0",
        "CREATE MACRO count(x) AS 0",
        'CREATE MACRO "+"(a, b) AS 0',
        'CREATE MACRO "||"(a, b) AS \'\'',
        "CREATE MACRO max(x) AS 1",
        "CREATE MACRO coalesce(x, y) AS 0",
        "CREATE MACRO min(x) AS 1",
        "CREATE MACRO duckdb_functions() AS TABLE SELECT 1 AS function_name, true AS internal, '' AS database_name LIMIT 0",
        "CREATE TABLE pairs (a INTEGER)",
    )  # fmt: skip
    with Store.open(file) as store:
        assert held(store)["ICB1", "core", "available"] == before["ICB1", "core", "available"] + 1
        with store.read() as reader:
            said = texts(verify(reader, store=store))
        post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
        assert held(store)["P1", "core", "available"] == 10
    for found in (
        "macro sum:",
        "macro +:",
        "macro duckdb_functions:",
        "table pairs:",
        "entry 4 ",
        "the seal: it says that",
    ):
        assert f"\n{found}" in f"\n{said}", found
