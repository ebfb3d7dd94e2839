"""What only a server's ledger has to hold: raw writers, rights, secrets, lost connections."""

from contextlib import closing
from dataclasses import replace

import psycopg
import pytest

from ledger.entries.posting import post
from ledger.errors import LedgerMissing, LedgerUnreachable, NotALedger
from ledger.reports.verify import verify
from ledger.store.address import ServerAddress, parse
from ledger.store.base import Store
from tests.books import at, entry, held, texts
from tests.shelves import ServerShelf, on_server, raw

pytestmark = pytest.mark.parametrize("kind", ["server"])


def write(books: Store, *statements: str) -> None:
    """All in one transaction, past the books, by the owner of the tables."""
    with raw(books.path) as server, server.transaction():
        for statement in statements:
            server.execute(statement)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE transfer SET amount_pence = 1", "a row of transfer never changes"),
        ("DELETE FROM entry", "a row of entry never changes"),
        ("TRUNCATE agreement", "a row of agreement never changes"),
        ("UPDATE account SET floor_pence = -5", "a row of account never changes"),
        ("DELETE FROM account_day", "a row of account_day never changes"),
        ("DELETE FROM seal", "a row of seal never changes"),
        ("UPDATE seal SET entries = entries - 1", "the seal moves forwards alone"),
    ],
)
def test_even_the_owner_does_not_change_a_row_by_mistake(funded: Store, statement: str, said: str) -> None:
    with pytest.raises(psycopg.Error, match=said):
        write(funded, statement)
    with Store.open(funded.path) as store, store.read() as reader:
        assert verify(reader) == []


def test_what_the_owner_writes_past_the_door_is_found_by_verify(funded: Store) -> None:
    write(
        funded,
        "INSERT INTO entry SELECT number + 1, 'raw', 'devolve', effective_date, recorded_at, actor, reason, authority, "
        "source, source_hash, NULL, content_hash, hash, hash FROM entry ORDER BY number DESC LIMIT 1",
        "UPDATE seal SET entries = 6",
    )
    with Store.open(funded.path) as store, store.read() as reader:
        assert "entry 6 (raw): its link to the entry before it is broken." in texts(verify(reader))


def test_several_openings_follow_one_another(funded: Store) -> None:
    with Store.open(funded.path) as other:
        post(other, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
        assert held(funded)["P1", "core", "available"] == 10
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 5)])
        assert held(other)["P1", "core", "available"] == 15


def test_a_reader_sees_one_state_while_others_write(funded: Store) -> None:
    with funded.read() as reader, Store.open(funded.path) as other:
        before = reader.whole("SELECT count(*) FROM transfer")
        post(other, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
        assert reader.whole("SELECT count(*) FROM transfer") == before
    with funded.read() as reader:
        assert reader.whole("SELECT count(*) FROM transfer") == before + 2


def test_a_ledger_that_was_replaced_under_a_reader_is_read_anew(funded: Store, shelf: ServerShelf) -> None:
    assert held(funded)
    funded._read_connection.close()
    shelf.tamper(funded.path, "DELETE FROM transfer", "DELETE FROM entry WHERE number > 2",
                 "UPDATE seal SET entries = 2, head = (SELECT hash FROM entry WHERE number = 2)")  # fmt: skip
    assert held(funded) == {}


def test_a_connection_that_was_lost_meanwhile_is_made_anew(funded: Store) -> None:
    with raw(funded.path) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    draft = entry("devolve", at("ICB1", "core"), at("P1", "core"), 10, key="cut")
    assert post(funded, [draft])[0].replayed is False
    assert post(funded, [draft])[0].replayed is True
    with funded.read() as reader:
        assert verify(reader) == []


def test_nobody_is_told_a_password(shelf: ServerShelf) -> None:
    secret = "s3cr%40t"
    for text in (
        f"postgresql://nobody:{secret}@127.0.0.1:1/ledger?password={secret}",
        f"postgresql://nobody:{secret}@127.0.0.1:1/ledger?surprise={secret}",
    ):
        address = parse(text)
        assert str(address) == "postgresql://nobody@127.0.0.1:1/ledger"
        with pytest.raises(LedgerUnreachable) as caught:
            Store.open(address)
        for shown in (repr(address), str(caught.value), repr(caught.value), str(caught.value.__cause__)):
            assert "s3cr" not in shown


def test_what_cannot_be_reached_or_read_is_said_in_a_sentence(shelf: ServerShelf) -> None:
    with pytest.raises(LedgerUnreachable, match="no such database"):
        Store.open(on_server("there_is_none"))
    with pytest.raises(LedgerUnreachable, match="does not know this user"):
        Store.open(on_server("postgres", "stranger"))
    with pytest.raises(LedgerUnreachable, match="the server does not answer"):
        Store.open(ServerAddress("postgresql://127.0.0.1:1/ledger"))
    empty = shelf.place()
    assert not Store.exists(empty)
    with pytest.raises(LedgerMissing, match="There is no ledger at postgresql://"):
        Store.open(empty)
    with raw(empty) as server:
        server.execute("CREATE TABLE seal (mine integer)")
    with pytest.raises(NotALedger, match="not a ledger's"):
        Store.open(empty)


def test_a_later_version_is_not_opened(books: Store) -> None:
    write(books, "UPDATE seal SET schema_version = 99")
    with pytest.raises(NotALedger, match="its schema is version 99"):
        Store.open(books.path)


def test_text_of_every_kind_survives_the_way_there_and_back(funded: Store) -> None:
    odd = "it's \"quoted\", with \\N and \\. and 𝄞, é; '--'"
    draft = entry("devolve", at("ICB1", "core"), at("P1", "core"), 10, key=odd)
    post(funded, [replace(draft, source="", authority="NULL")])
    with Store.open(funded.path) as store, store.read() as reader:
        ((key, source, authority, document),) = reader.rows(
            "SELECT key, source, authority, source_hash FROM entry ORDER BY number DESC LIMIT 1"
        )
        assert (key, source, authority, document) == (odd, "", "NULL", None)
        assert verify(reader) == []


def test_whoever_makes_it_twice_finds_it_made(funded: Store) -> None:
    with closing(Store.create(funded.path)) as again:
        assert held(again) == held(funded)
