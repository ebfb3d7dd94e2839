"""Each rule is one text with one meaning: a file asks it, and so does a server, with nothing staged."""

from collections.abc import Iterator

import pytest

from ledger import rules
from ledger.models import TABLES
from ledger.rules import ALL, Rule
from ledger.store import Store
from tests.books import fund_all
from tests.shelves import ServerShelf, raw, server_is_there

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
    answer = server.execute(rules.for_server(rule, "1::bigint", "0::bigint"))
    assert answer.fetchall() == []
    server.execute(f"PREPARE rule (bigint, bigint) AS {rules.for_server(rule)}")
    server.execute("DEALLOCATE rule")


@pytest.mark.parametrize("kind", ["file"])
@EVERY_RULE
def test_a_file_answers_the_same_with_and_without_what_is_staged(rule: Rule, books: Store) -> None:
    fund_all(books)
    with books.read() as reader:
        assert rules.problems(reader, 1, 5, asked=[rule]) == []
        assert reader.rows(rules.for_server(rule, "1", "5")) == []
