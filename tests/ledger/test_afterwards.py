"""A last question can be asked of the books as they would be, before anything is kept."""

import pytest

from ledger.entries.posting import post
from ledger.errors import Problem, Refused
from ledger.reports import position
from ledger.store.base import Reader, Store
from tests.books import at, entry, held


def test_whatever_the_last_question_finds_nothing_is_posted(books: Store) -> None:
    seen: list[int] = []

    def ask(reader: Reader) -> list[Problem]:
        table = position.position(reader, position.moment(reader))
        seen.extend(pence for pence in table["amount_pence"].to_pylist() if pence > 0)
        return [Problem("the books", "it is too much.", "So it was agreed.", "Post less.")] if max(seen) > 100 else []

    with pytest.raises(Refused, match="it is too much"):
        post(books, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 101)], afterwards=ask)
    assert held(books) == {}
    assert seen == [101]
    seen.clear()
    (posted,) = post(books, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 100)], afterwards=ask)
    assert (posted.replayed, held(books)["NHS", "limit", "available"]) == (False, 100)
