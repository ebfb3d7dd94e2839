"""A ledger that version 5 or 6 of the tables made is migrated: what was there stays, and is hashed as it was."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger import characters
from ledger.entries import chain
from ledger.entries.appointments import appoint
from ledger.entries.draft import Draft, added_columns
from ledger.entries.posting import post
from ledger.errors import NeedsMigration, Refused
from ledger.models import TABLES
from ledger.plans import RECORDS
from ledger.reports.verify import verify
from ledger.store import backup, migrations
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.store.server import schema
from tests.books import JUNE, LONG_AGO, at, entry, fund_all, new_terms, structure, term, terms
from tests.earlier_books import without
from tests.rich_books import first_half
from tests.shelves import Shelf, raw

VERSION_1 = Path(__file__).parent / "schema_version_1.sql"
# Tables that version 5 did not have.
LATER = {"person_day", *(str(model.__tablename__) for model in RECORDS)}
VERSIONS = (5, 6, 7, 8, 9, 10)


def earlier(version: int, books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Address:
    """A closed ledger in the tables of an earlier version, with the rows of another, which hold nothing newer."""
    place = shelf.place(f"version_{version}")
    sql = VERSION_1.read_text(encoding="utf-8")
    if isinstance(place, Path):
        with duckdb.connect(str(place)) as old:
            old.execute(sql)
    else:
        with raw(place) as server:
            server.execute(sql.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"))
    with monkeypatch.context() as then:
        then.setattr(migrations, "SCHEMA_VERSION", version)
        backup.migrate(place, migrations.MIGRATIONS[: version - 1])
    with books.read() as reader:
        rows = {str(model.__tablename__): without(added_columns(model), reader.table(
                    f'SELECT * FROM "{model.__tablename__}"').to_pylist())
                for model in TABLES[1:] if version > min(VERSIONS) or model.__tablename__ not in LATER}  # fmt: skip
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


@pytest.mark.parametrize("version", VERSIONS)
def test_what_was_there_stays_and_what_people_moved_is_summed(
    version: int, books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_half(books)
    place = earlier(version, books, shelf, monkeypatch)
    with pytest.raises(NeedsMigration, match=rf"schema is version {version}, and this program's is 11"):
        Store.open(place)
    assert [step.version for step in backup.migrate(place)] == list(range(version + 1, 12))
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
    place = earlier(5, books, shelf, monkeypatch)
    backup.migrate(place)
    with Store.open(place) as store:
        with pytest.raises(Refused, match=r"£60\.00 of it is moved already, and £40\.00 remains"):
            post(store, [devolved(40_01)])
        post(store, [devolved(40_00)])
        with store.read_afresh() as reader:
            assert verify(reader) == []
            assert reader.rows("SELECT sum(moved_pence) FROM person_day WHERE person = 'ann'") == [(100_00,)]


def test_what_a_source_does_not_say_is_kept_as_not_known_and_nothing_is_guessed_of_earlier_rows(
    books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(books, [structure(), terms()])
    place = earlier(6, books, shelf, monkeypatch)
    backup.migrate(place)
    silent = term("growth", "soft", effective_from=JUNE, recurrent=None, notified_on=None)
    told = term("winter", "hard", effective_from=JUNE, certain_to=2027, discretion="local contract",
                announced_on=LONG_AGO, bid_by=JUNE, return_months="07,10,01,04", standing="published")  # fmt: skip
    with Store.open(place) as store:
        # An entry from before the migration, asked for again, is the one that is there.
        assert [posted.replayed for posted in post(store, [structure(), terms()])] == [True, True]
        post(store, [replace(new_terms(silent), standing="own"), new_terms(told, key="told")])
        with store.read_afresh() as reader:
            assert verify(reader) == []
            found = "SELECT recurrent, notified_on, certain_to, standing FROM terms WHERE id = $id"
            assert reader.rows(found, {"id": silent["id"]}) == [(None, None, None, None)]
            assert reader.rows(found, {"id": told["id"]}) == [(True, LONG_AGO, 2027, "published")]
            assert reader.rows("SELECT standing FROM entry ORDER BY number") == [(None,), (None,), ("own",), (None,)]
            assert reader.rows("SELECT count(*) FROM terms WHERE standing IS NOT NULL") == [(1,)]


def test_a_match_and_a_clawback_that_no_source_names_are_not_known_and_earlier_rows_say_what_they_said(
    books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(books, [structure(), terms()])
    place = earlier(7, books, shelf, monkeypatch)
    backup.migrate(place)
    silent = term("core", "none", effective_from=JUNE, match_percent=None, clawback=None)
    with Store.open(place) as store:
        post(store, [new_terms(silent)])
        with store.read_afresh() as reader:
            assert verify(reader) == []
            assert store.catalogue_problems() == []
            found = "SELECT match_percent, clawback FROM terms WHERE fund = 'core' ORDER BY effective_from"
            assert reader.rows(found) == [(0, "none"), (None, None)]


def test_a_grade_and_a_route_that_no_source_says_are_not_known_and_earlier_rows_say_what_they_said(
    books: Store, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(books, [structure(), terms()])
    place = earlier(9, books, shelf, monkeypatch)
    backup.migrate(place)
    silent = term("core", None, effective_from=JUNE, route=None)
    with Store.open(place) as store:
        post(store, [new_terms(silent)])
        with store.read_afresh() as reader:
            assert verify(reader) == []
            assert store.catalogue_problems() == []
            found = "SELECT grade, route FROM terms WHERE fund = 'core' ORDER BY effective_from"
            assert reader.rows(found) == [("none", "formula"), (None, None)]


@pytest.mark.parametrize("kind", ["server"])
def test_a_server_s_functions_of_before_give_way(shelf: Shelf, books: Store) -> None:
    """Whatever the text of a function was before: of each of them another is there, and one of arguments of before."""
    fund_all(books)
    place = books.path
    books.close()
    others = [
        statement
        for function in schema.functions()
        for statement in replace(function, body=f"-- as before\n{function.body.strip()}").create("public")[:1]
    ]
    before = "CREATE FUNCTION ledger_may(first_new bigint, speakers text[], numbers bigint[]) RETURNS jsonb"
    shelf.tamper(
        place, *others, f"{before} LANGUAGE sql AS 'SELECT NULL::jsonb'",
        "DROP FUNCTION ledger_faults_of_money(bigint)", "UPDATE seal SET schema_version = 10",
    )  # fmt: skip
    assert [step.version for step in backup.migrate(place)] == [11]
    with Store.open(place) as store:
        assert store.catalogue_problems() == []
        post(store, [devolved(1)])
        with store.read_afresh() as reader:
            assert verify(reader) == []


@pytest.mark.parametrize("kind", ["server"])
def test_a_server_s_functions_that_take_wide_spaces_for_words_give_way(shelf: Shelf, books: Store) -> None:
    """Functions as they were told when ``trim`` looked for blank texts: with them a ledger takes what verify refuses."""
    fund_all(books)
    place = books.path
    books.close()
    head, _, tail = characters.IS_BLANK.partition("{0}")
    older = [
        statement
        for function in schema.functions()
        if head in function.body
        for statement in replace(function, body=function.body.replace(tail, ") = ''").replace(head, "trim(")).create(
            "public")[:1]
    ]  # fmt: skip
    assert len(older) > 5
    shelf.tamper(place, *older)
    with Store.open(place) as store:
        assert len(store.catalogue_problems()) == len(older)
    shelf.tamper(place, "UPDATE seal SET schema_version = 10")
    assert [step.version for step in backup.migrate(place)] == [11]
    with Store.open(place) as store:
        assert store.catalogue_problems() == []
        with pytest.raises(Refused, match="reason"):
            post(store, [replace(devolved(1), reason="\u2003")])


@pytest.mark.parametrize("kind", ["server"])
def test_what_moves_money_alone_is_judged_on_a_server_as_by_the_whole_question(shelf: Shelf, books: Store) -> None:
    """Entries that were posted lawfully, and whose author's right is taken away, or limited, behind the books' back."""
    fund_all(books)
    appoint(books, "chief", "administrator", by="setting up", reason="x", day=LONG_AGO)
    appoint(books, "ann", "approver", by="chief", reason="x", day=LONG_AGO, alone=True)
    (first, *_) = (post(books, [devolved(pence)])[0].number for pence in (1_00, 60_00, 39_00))
    place = books.path
    books.close()
    found = []
    for change in (
        "",
        "limit_pence = 6099, limit_period = 'month'",
        "limit_pence = 10, limit_period = 'day'",
        "limit_pence = 10, limit_period = NULL",
        "person = 'amy'",
    ):
        if change:
            shelf.tamper(place, f"UPDATE appointment SET {change} WHERE role = 'approver'")
        with raw(place) as server:
            whole, short = (
                [server.execute(f"SELECT * FROM {name}({number})").fetchall() for number in range(first, first + 3)]
                for name in ("ledger_faults", "ledger_faults_of_money")
            )
        assert short == whole
        found.append([len(rows) for rows in whole])
    # By hand: none; what is beyond £60.99 in all; each beyond ten pence, as often as it is asked of; none has a right.
    assert found == [[0, 0, 0], [2, 2, 1], [3, 2, 1], [3, 2, 1], [3, 2, 1]]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"discretion": "whatever"}, "its discretion is 'whatever'"),
        ({"standing": "rumoured"}, "its standing is 'rumoured'"),
        ({"certain_to": 27}, "its certain_to is '27'"),
        ({"return_months": "7,10"}, "its return_months is '7,10'"),
    ],
)
def test_terms_say_nothing_that_nobody_can_read(books: Store, wrong: dict[str, Any], told: str) -> None:
    post(books, [structure(), terms()])
    with pytest.raises(Refused, match=told):
        post(books, [new_terms(term("growth", "soft", effective_from=JUNE, **wrong))])


def test_an_entry_says_in_known_words_what_its_figures_rest_on(books: Store) -> None:
    with pytest.raises(Refused, match="its figures are 'rumoured'"):
        post(books, [replace(structure(), standing="rumoured")])
