"""What comes over the wire from a server is what stands there, whatever a row holds."""

import pyarrow as pa
import pytest

from ledger.drafts import Draft, Leg, legs
from ledger.mirror import arrow_schema
from ledger.models import RECORDS, TABLES, Entry, Transfer
from ledger.posting import post
from ledger.server_rows import fetch
from ledger.store import Store
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
def noted(books: Store) -> Store:
    """Books in which rows hold every awkward text, over more rows than one message takes."""
    fund_all(books)
    many = [
        Leg(at("ICB1", "core"), at("P1", "core"), 1 + n % 5, n % 3 == 0, NOTES[n % len(NOTES)]) for n in range(2_500)
    ]
    draft = Draft("many", "devolve", APRIL, "tests", "a \"b\", 'c' £", source="x, y", transfers=legs(many))
    post(books, [draft])
    post(books, [agreement(organisation="ICB1", fund="core", share_ppm=5), agreement(organisation="ICB2", fund="core")])
    return books


def test_every_row_of_every_table_is_what_the_server_holds(noted: Store) -> None:
    with raw(noted.path) as server:
        server.execute("SET timezone = 'UTC'")
        for model in TABLES:
            schema = arrow_schema(model)
            found = fetch(server, model, schema, "")
            names = ", ".join(f'"{name}"' for name in schema.names)
            expected = server.execute(f'SELECT {names} FROM "{model.__tablename__}"').fetchall()
            assert found.schema == schema
            found.validate(full=True)
            rows = [tuple(row.values()) for row in found.to_pylist()]
            assert sorted(rows, key=repr) == sorted(expected, key=repr), model
            assert model is not Transfer or len(rows) > 2_500


def test_only_what_is_asked_for_comes(noted: Store) -> None:
    with raw(noted.path) as server:
        newest = fetch(server, Entry, arrow_schema(Entry), "WHERE number > 5")
        assert newest["number"].to_pylist() == sorted(newest["number"].to_pylist()) != []
        assert min(newest["number"].to_pylist()) == 6
        nothing = fetch(server, RECORDS[0], arrow_schema(RECORDS[0]), "WHERE false")
    assert (nothing.num_rows, nothing.schema) == (0, arrow_schema(RECORDS[0]))


def test_the_mirror_of_awkward_rows_verifies(noted: Store) -> None:
    from ledger.audit import verify

    with Store.open(noted.path, read_only=True) as afresh, afresh.read() as reader:
        assert verify(reader) == []
        notes = reader.table("SELECT note FROM transfer WHERE entry_number = 6 ORDER BY leg")["note"]
    assert isinstance(notes, pa.ChunkedArray)
    assert notes.to_pylist() == [NOTES[n % len(NOTES)] for n in range(2_500)]
