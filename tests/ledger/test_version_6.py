"""A ledger that version 5 of the tables made is migrated: what was there stays, and the kept sums are made from it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger.entries import chain
from ledger.entries.appointments import appoint
from ledger.entries.draft import Draft
from ledger.entries.posting import post
from ledger.errors import NeedsMigration, Refused
from ledger.models import TABLES
from ledger.plans import RECORDS
from ledger.reports.verify import verify
from ledger.store import backup, migrations
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import LONG_AGO, at, entry, fund_all
from tests.rich_books import first_half
from tests.shelves import Shelf, raw

VERSION_1 = Path(__file__).parent / "schema_version_1.sql"
LATER = {"person_day", *(str(model.__tablename__) for model in RECORDS)}


def version_5(books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Address:
    """A closed ledger in the tables of version 5, with the rows of another."""
    place = shelf.place("version_5")
    sql = VERSION_1.read_text(encoding="utf-8")
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as old:
            old.execute(sql)
    else:
        with raw(place) as server:
            server.execute(sql.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"))
    with monkeypatch.context() as then:
        then.setattr(migrations, "SCHEMA_VERSION", 5)
        backup.migrate(place, migrations.MIGRATIONS[:4])
    with books.read() as reader:
        rows = {str(model.__tablename__): reader.table(f'SELECT * FROM "{model.__tablename__}"').to_pylist()
                for model in TABLES[1:] if model.__tablename__ not in LATER}  # fmt: skip
        ((entries, head, moved),) = reader.rows("SELECT entries, head, moved_pence FROM seal")
    seal = f"UPDATE seal SET entries = {entries}, head = '{head}', moved_pence = {moved}"
    _pour(place, rows, seal)
    return place


def _pour(place: Address, rows: dict[str, list[dict[str, Any]]], seal: str) -> None:
    mark = "?" if isinstance(place, Path) else "%s"
    statements = [
        (f'INSERT INTO "{name}" ({", ".join(its[0])}) VALUES ({", ".join([mark] * len(its[0]))})',
         [tuple(row.values()) for row in its])
        for name, its in rows.items() if its
    ]  # fmt: skip
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as old:
            old.execute("SET TimeZone = 'UTC'")
            for sql, values in statements:
                old.executemany(sql, values)
            old.execute(seal)
    else:
        with raw(place) as server, server.cursor() as cursor:
            for sql, values in statements:
                cursor.executemany(sql, values)
            cursor.execute(seal)


def devolved(pence: int) -> Draft:
    """Money that Ann passes on."""
    return replace(entry("devolve", at("ICB1", "core"), at("P1", "core"), pence), actor="ann")


def test_what_was_there_stays_and_what_people_moved_is_summed(
    books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_half(books)
    place = version_5(books, shelf, monkeypatch)
    with pytest.raises(NeedsMigration, match=r"schema is version 5, and this program's is 6"):
        Store.open(place)
    assert [step.version for step in backup.migrate(place)] == [6]
    with books.read() as before, Store.open(place) as store, store.read_afresh() as reader:
        assert store.catalogue_problems() == []
        assert verify(reader) == []
        assert chain.head(reader) == chain.head(before)
        days = "SELECT person, day, moved_pence FROM person_day ORDER BY 1, 2"
        assert reader.rows(days) == before.rows(days)


def test_limits_go_on_from_what_was_moved_before(books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of £100 a month £60 are moved before the migration, so that £40 are left after it, and not a penny more."""
    fund_all(books)
    appoint(books, "chief", "administrator", by="setting up", reason="x", day=LONG_AGO)
    appoint(books, "ann", "approver", by="chief", reason="x", day=LONG_AGO, alone=True, limit_pence=100_00,
            limit_period="month")  # fmt: skip
    post(books, [devolved(60_00)])
    place = version_5(books, shelf, monkeypatch)
    backup.migrate(place)
    with Store.open(place) as store:
        with pytest.raises(Refused, match=r"£60\.00 of it is moved already, and £40\.00 remains"):
            post(store, [devolved(40_01)])
        post(store, [devolved(40_00)])
        with store.read_afresh() as reader:
            assert verify(reader) == []
            assert reader.rows("SELECT sum(moved_pence) FROM person_day WHERE person = 'ann'") == [(100_00,)]
