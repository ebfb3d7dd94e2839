"""A ledger moved, saved, brought back and migrated is the same ledger, or it is refused."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from ledger import plans
from ledger.entries import chain
from ledger.entries.appointments import appoint
from ledger.entries.draft import added_columns
from ledger.entries.posting import post, reverse
from ledger.errors import LedgerMissing, NeedsMigration, NotALedger, Refused
from ledger.models import RECORDS, TABLES, Account, Entry, Transfer
from ledger.reports.verify import verify
from ledger.store import backup, migrations
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.store.migrations import Migration
from tests import form_1
from tests.books import at, entry, fund_all, held
from tests.earlier_books import without
from tests.shelves import FileShelf, Shelf, raw, shelf_of

AFTER_VERSION_1 = (
    "proposal", "proposed_entry", "proposed_transfer", "proposal_end", "closed_month", "appointment", "dismissal",
    "source_limit", "upgrade", *(model.__tablename__ for model in plans.RECORDS),
)  # fmt: skip
VERSION_1 = Path(__file__).parent / "schema_version_1.sql"
# The real ones, and two that are made up.
REAL = migrations.SCHEMA_VERSION
NEXT, LAST = REAL + 1, REAL + 2
MADE_UP = (
    *migrations.MIGRATIONS,
    Migration(NEXT, "a remark on an entry", ("CREATE TABLE remark (entry_number BIGINT, remark VARCHAR)",)),
    Migration(
        LAST,
        "who's remarks",
        ("ALTER TABLE remark ADD COLUMN who VARCHAR",),
        server_statements=("CREATE INDEX ON remark (who)",),
    ),
)


def head_of(address: Address) -> str:
    with Store.open(address, read_only=True) as store, store.read() as reader:
        assert verify(reader) == []
        return chain.head(reader)


@pytest.mark.parametrize("other", ["file", "server"])
def test_a_copy_there_and_back_has_the_same_head_and_goes_on(
    funded: Store, shelf: Shelf, other: str, tmp_path: Path
) -> None:
    elsewhere = shelf_of(other, tmp_path)
    there, back = elsewhere.place("there"), shelf.place("back")
    copied = backup.copy(funded, there)
    with Store.open(there) as store:
        again = backup.copy(store, back)
        assert held(store) == held(funded)
    with funded.read() as reader:
        assert {copied.head, again.head, head_of(there), head_of(back)} == {chain.head(reader)}
        rows = {model: reader.rows(f'SELECT * FROM "{model.__tablename__}" ORDER BY ALL') for model in TABLES}
    with Store.open(back) as store:
        with store.read() as reader:
            for model, wanted in rows.items():
                assert reader.rows(f'SELECT * FROM "{model.__tablename__}" ORDER BY ALL') == wanted
        reverse(store, 5, reason="it goes on", actor="tests")
    head_of(back)
    elsewhere.clear()


def test_nothing_is_copied_over_entries(funded: Store, shelf: Shelf) -> None:
    occupied = shelf.place("occupied")
    with Store.create(occupied):
        pass
    backup.copy(funded, occupied)  # an empty ledger may be filled
    with pytest.raises(Refused, match=r"holds a ledger with entries.*Nothing is ever written over"):
        backup.copy(funded, occupied)
    with pytest.raises(Refused, match="it is the ledger itself"):
        backup.copy(funded, funded.path)


def test_a_backup_of_a_ledger_in_use_is_restored_and_proves_itself(funded: Store, shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "backup.duckdb"
    with funded.read() as reader:
        before = chain.head(reader)
        saved = backup.backup(funded, file)
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
        assert saved.head == before == chain.head(reader)
    with pytest.raises(Refused, match="there is a file of that name"):
        backup.backup(funded, file)
    target = shelf.place("restored")
    with pytest.raises(Refused, match="no entry of these books has it"):
        backup.restore(file, target, head="abcd" * 4)
    assert backup.restore(file, target, head=saved.head[:16]) == saved
    assert head_of(target) == saved.head
    with pytest.raises(LedgerMissing):
        backup.restore(tmp_path / "none.duckdb", shelf.place("nowhere"))


def test_a_backup_that_was_changed_is_not_restored(funded: Store, shelf: Shelf, tmp_path: Path) -> None:
    file = tmp_path / "backup.duckdb"
    backup.backup(funded, file)
    FileShelf(tmp_path).tamper(file, "UPDATE transfer SET amount_pence = amount_pence + 1 WHERE entry_number = 4")
    target = shelf.place("restored")
    with pytest.raises(Refused, match=r"A copy is as good as what it was made from.*\nentry 4 "):
        backup.restore(file, target)
    if isinstance(target, Path):
        assert list(target.parent.glob(f"{target.name}*")) == []
    else:
        with Store.open(target) as store, store.read() as reader:
            assert reader.whole("SELECT count(*) FROM entry") == 0


def tables_of_version_1(shelf: Shelf, books: Store) -> Address:
    """A ledger in the tables that version 1 made, kept as SQL so that it stays as it was, with entries."""
    place = shelf.place("version_1")
    sql = VERSION_1.read_text(encoding="utf-8")
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as old:
            old.execute(sql)
    else:
        with raw(place) as server:
            server.execute(sql.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"))
    fund_all(books)
    _pour(books, place)
    return place


def _pour(books: Store, place: Address) -> None:
    """Rows as version 1 wrote them: it knew fewer tables, and hashed in the first form."""
    with books.read() as reader:
        rows = {
            str(model.__tablename__): without(
                added_columns(model), reader.table(f'SELECT * FROM "{model.__tablename__}"').to_pylist()
            )
            for model in (Entry, *RECORDS, Account, Transfer)
            if model.__tablename__ not in AFTER_VERSION_1
        }
    brought = {name: its for name, its in rows.items() if name not in ("entry", "account", "transfer")}
    rows["entry"] = form_1.rehashed(rows["entry"], brought, rows["account"], rows["transfer"])
    for name, its in rows.items():
        if not its:
            continue
        columns, marks = ", ".join(its[0]), ", ".join(["{}"] * len(its[0]))
        sql = f'INSERT INTO "{name}" ({columns}) VALUES ({marks})'
        if isinstance(place, Path):
            with duckdb.connect(str(place)) as old:
                old.execute("SET TimeZone = 'UTC'")
                old.executemany(sql.replace("{}", "?"), [tuple(row.values()) for row in its])
        else:
            with raw(place) as server, server.cursor() as cursor:
                cursor.executemany(sql.replace("{}", "%s"), [tuple(row.values()) for row in its])
    seal = f"UPDATE seal SET entries = {len(rows['entry'])}, head = '{rows['entry'][-1]['hash']}'"
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as old:
            old.execute(seal)
    else:
        with raw(place) as server:
            server.execute(seal)


def heads_of(address: Address) -> list[str]:
    """Every head that a ledger ever had."""
    with Store.open(address, read_only=True) as store, store.read() as reader:
        return [str(link) for (link,) in reader.rows("SELECT hash FROM entry ORDER BY number")]


def test_a_ledger_of_version_1_is_migrated_step_by_step(
    books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tables_of_version_1(shelf, books)
    before = seal_of(place, "head")
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", LAST)
    with pytest.raises(NeedsMigration, match=rf"schema is version 1, and this program's is {LAST}\. Take a backup"):
        Store.open(place)
    assert [step.version for step in backup.migrate(place, MADE_UP)] == list(range(2, LAST + 1))
    assert backup.migrate(place, MADE_UP) == []
    head = head_of(place)
    # What was there is what was there; the change of the hashed text is itself the next entry.
    assert heads_of(place)[-2:] == [before, head]
    with Store.open(place, read_only=True) as store, store.read() as reader:
        ((form, previous, earlier),) = reader.rows("SELECT form, previous_head, earlier FROM upgrade")
    assert (form, previous) == (2, before)
    assert [row["version"] for row in json.loads(earlier)] == [2, 3, 4]
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", 1)
    with pytest.raises(NotALedger, match=f"its schema is version {LAST}"):
        Store.open(place)


def test_a_migration_that_fails_leaves_the_version_before(
    books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tables_of_version_1(shelf, books)
    broken = (
        *MADE_UP[:-1],
        Migration(LAST, "a slip", ("CREATE TABLE half (a INTEGER)", "SELECT nonsense FROM nowhere")),
    )
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", LAST)
    with pytest.raises(Exception, match="nowhere"):
        backup.migrate(place, broken)
    with pytest.raises(NeedsMigration, match=f"schema is version {NEXT}"):
        Store.open(place)
    assert [step.version for step in backup.migrate(place, MADE_UP)] == [LAST]
    with Store.open(place) as store:
        post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
    head_of(place)


@pytest.mark.parametrize("version", [1, 2])
def test_a_ledger_of_an_earlier_version_has_rights_after_its_migration(
    books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    place = tables_of_version_1(shelf, books)
    if version > 1:
        with monkeypatch.context() as earlier:
            earlier.setattr(migrations, "SCHEMA_VERSION", version)
            backup.migrate(place, migrations.MIGRATIONS[: version - 1])
        assert version_of(place) == version
    with pytest.raises(NeedsMigration, match=f"schema is version {version}"):
        Store.open(place)
    backup.migrate(place)
    with Store.open(place) as store:
        appoint(store, "chief", "administrator", by="setting up", reason="x", day=date(2020, 1, 1))
        with pytest.raises(Refused, match="tests may not post money"):
            post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
    head_of(place)


def version_of(place: Address) -> int:
    """The version that a closed ledger's seal says."""
    return seal_of(place, "schema_version")


def seal_of(place: Address, column: str) -> object:
    """What a closed ledger's seal says, of whatever version it is."""
    asked = f"SELECT {column} FROM seal"
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as old:
            return old.execute(asked).fetchall()[0][0]
    with raw(place) as server:
        return server.execute(asked).fetchone()[0]
