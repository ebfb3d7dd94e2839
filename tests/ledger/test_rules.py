"""Each rule is one text with one meaning: a file asks it, and so does a server, with nothing staged."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from ledger.entries import chain
from ledger.models import TABLES
from ledger.rules import in_order
from ledger.rules.in_order import ALL, Rule
from ledger.store.base import Reader, Store
from tests.ledger import everything
from tests.profiles import times
from tests.shelves import FileShelf, ServerShelf, raw, server_is_there

EVERY_RULE = pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)


@pytest.fixture(scope="module")
def server() -> Iterator[object]:
    """A database with the tables of a ledger and no rows."""
    if not server_is_there():
        pytest.skip("there is no PostgreSQL server to test with")
    shelf = ServerShelf()
    address = shelf.place("rules")
    Store.create(address).close()
    with raw(address) as connection:
        yield connection
    shelf.clear()


def test_names_are_stable_and_unlike() -> None:
    names = [rule.name for rule in ALL]
    assert len(names) == len(set(names))
    assert all(name.count("/") == 1 for name in names)
    tables = {str(model.__tablename__) for model in TABLES}
    assert all(rule.concerns and rule.concerns <= tables for rule in ALL)


@EVERY_RULE
def test_a_server_understands_every_rule(rule: Rule, server: object) -> None:
    answer = server.execute(in_order.for_server(rule, "1::bigint", "0::bigint"))
    assert answer.fetchall() == []
    server.execute(f"PREPARE rule (bigint, bigint) AS {in_order.for_server(rule)}")
    server.execute("DEALLOCATE rule")


@pytest.mark.parametrize("kind", ["file"])
@EVERY_RULE
def test_a_file_answers_the_same_with_and_without_what_is_staged(rule: Rule, same_funded: Store) -> None:
    with same_funded.read() as reader:
        assert in_order.problems(reader, 1, 5, asked=[rule]) == []
        assert reader.rows(in_order.for_server(rule, "1", "5")) == []


@pytest.mark.parametrize("kind", ["file"])
def test_both_databases_answer_alike_of_whatever_was_written(
    server: object, shelf: FileShelf, books: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random decisions are written down without being judged, right and wrong; then both are asked the same."""
    monkeypatch.setattr(in_order, "problems", lambda *_, **__: [])
    books.close()
    answered: Counter[str] = Counter()

    @settings(max_examples=times(quick=10, ci=20, nightly=500), deadline=None, suppress_health_check=list(HealthCheck))
    @given(everything.SEQUENCES)
    def alike(steps: list[object]) -> None:
        address = shelf.copy(books.path, "unjudged")
        with Store.open(address) as store:
            world = everything.World(store)
            for step in steps:
                everything.carry_out(world, step)
            with store.read() as reader:
                last = chain.last_entry(reader)
                _write_over(server, reader)
                for rule in ALL:
                    text = in_order.for_server(rule, "1", str(last))
                    rows = _plain(reader.rows(text))
                    assert _plain(server.execute(text).fetchall()) == rows, rule.name
                    answered[rule.name] += len(rows)
        shelf.discard(address)

    alike()
    assert len([name for name, rows in answered.items() if rows]) > len(ALL) // 5, answered


def _write_over(server: object, reader: Reader) -> None:
    """Let the server's tables hold what a file's do, with no guard of theirs in the way."""
    server.execute("SET session_replication_role = replica")
    names = [str(model.__tablename__) for model in TABLES]
    server.execute(f"TRUNCATE {', '.join(names)}")
    for name in names:
        columns = [column for column, *_ in reader.rows(f"DESCRIBE {name}")]
        marks = ", ".join(["%s"] * len(columns))
        with server.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {name} ({', '.join(map(str, columns))}) VALUES ({marks})",
                reader.rows(f"SELECT {', '.join(map(str, columns))} FROM {name}"),
            )


def _plain(rows: Sequence[Sequence[object]]) -> list[str]:
    """Rows as text that is the same for both: PostgreSQL's sums are decimals."""
    return sorted(str([int(value) if isinstance(value, Decimal) else value for value in row]) for row in rows)
