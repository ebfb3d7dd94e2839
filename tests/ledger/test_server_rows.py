"""What comes over the wire from a server is what stands there, whatever a row holds."""

import pyarrow as pa
import pytest

from ledger import words
from ledger.entries.draft import Draft, Leg, legs
from ledger.entries.posting import post
from ledger.models import TABLES, UNPUBLISHED
from ledger.store.base import Store
from ledger.store.server import rows
from ledger.store.server.rows import fetch, layout
from tests.books import APRIL, agreement, at, fund_all
from tests.shelves import raw

pytestmark = pytest.mark.parametrize("kind", ["server"])
NOTES = [
    None,
    "",
    "plain",
    'a "quoted" note',
    "a comma, and \\ a stroke\\",
    "£ and ✓ and \U0001f3e5",
    "ends in a space ",
    None,
]


@pytest.fixture
def noted(funded: Store) -> Store:
    """Books in which rows hold every awkward text, over more rows than one message takes."""
    many = [
        Leg(at("ICB1", "core"), at("P1", "core"), 1 + n % 5, n % 3 == 0, NOTES[n % len(NOTES)]) for n in range(2_500)
    ]
    draft = Draft("many", "devolve", APRIL, "tests", "a \"b\", 'c' £", source="x, y", transfers=legs(many))
    post(funded, [draft])
    post(
        funded, [agreement(organisation="ICB1", fund="core", share_ppm=5), agreement(organisation="ICB2", fund="core")]
    )
    return funded


def test_every_row_of_every_table_is_what_the_server_holds(noted: Store) -> None:
    with raw(noted.path) as server:
        server.execute("SET timezone = 'UTC'")
        for table, schema in layout(server, words.TABLES).schemas.items():
            found = fetch(server, table, schema, "")
            names = ", ".join(f'"{name}"' for name in schema.names)
            expected = server.execute(f'SELECT {names} FROM "{table}"').fetchall()
            assert found.schema == schema
            found.validate(full=True)
            kept = [tuple(row.values()) for row in found.to_pylist()]
            assert sorted(kept, key=repr) == sorted(expected, key=repr), table
            assert table != "transfer" or len(kept) > 2_500


def test_only_what_is_asked_for_comes(noted: Store) -> None:
    with raw(noted.path) as server:
        schemas = layout(server, ("entry", "tier")).schemas
        newest = fetch(server, "entry", schemas["entry"], "WHERE number > 5")
        assert newest["number"].to_pylist() == sorted(newest["number"].to_pylist()) != []
        assert min(newest["number"].to_pylist()) == 6
        nothing = fetch(server, "tier", schemas["tier"], "WHERE false")
    assert (nothing.num_rows, nothing.schema) == (0, schemas["tier"])


def test_what_is_known_without_the_models_is_what_the_models_say(books: Store) -> None:
    """Names, columns and what may be empty; a server that was migrated may have its columns in another order."""
    names = [str(model.__tablename__) for model in TABLES]
    assert list(words.TABLES) == names
    assert list(words.UNPUBLISHED) == [model.__tablename__ for model in UNPUBLISHED]
    with raw(books.path) as server:
        found = layout(server, names)
    assert found.whole == set(names)
    for model in TABLES:
        columns = {column.name: bool(column.nullable) for column in model.__table__.columns}
        assert {field.name: field.nullable for field in found.schemas[model.__tablename__]} == columns


def test_the_mirror_of_awkward_rows_verifies(noted: Store) -> None:
    from ledger.reports.verify import verify

    with Store.open(noted.path, read_only=True) as afresh, afresh.read() as reader:
        assert verify(reader) == []
        notes = reader.table("SELECT note FROM transfer WHERE entry_number = 6 ORDER BY leg")["note"]
    assert isinstance(notes, pa.ChunkedArray)
    assert notes.to_pylist() == [NOTES[n % len(NOTES)] for n in range(2_500)]


def test_long_texts_come_in_messages_of_their_own(books: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the texts are, no message holds more of them than is set, unless a row alone does."""
    monkeypatch.setattr(rows, "MOST_BYTES", 2**18)
    fund_all(books)
    long = [Leg(at("ICB1", "core"), at("P1", "core"), 1, note="n" * (4 ** (n % 10))) for n in range(40)]
    post(
        books,
        [Draft(f"long {n}", "devolve", APRIL, "tests", "r" * (1 + 9_000 * n), transfers=legs(long)) for n in range(9)],
    )
    with raw(books.path) as server:
        for table, schema in layout(server, ("entry", "transfer")).schemas.items():
            with server.cursor() as cursor, cursor.copy(rows._in_blocks(table, schema, "")) as blocks:
                blocks.set_types(["bytea"] * sum(len(rows._parts(field)) for field in schema))
                sizes = [sum(len(part or b"") for part in block) for block in blocks.rows()]
            assert len(sizes) > 3
            assert max(sizes) < 2 * 2**18
            found = fetch(server, table, schema, "").to_pylist()
            names = ", ".join(f'"{name}"' for name in schema.names)
            expected = [
                dict(zip(schema.names, row, strict=True)) for row in server.execute(f'SELECT {names} FROM "{table}"')
            ]
            assert sorted(found, key=repr) == sorted(expected, key=repr)
