"""Names change and codes stay: a question of a day is answered with the names of that day, and what was recorded stays."""

from datetime import date

import pytest

from allocations.files.budgets.receivers import receivers
from ledger.entries.decisions.described import make
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.known import known
from ledger.entries.posting import post
from ledger.proofs import inclusion
from ledger.reports import register
from ledger.reports.position import moment, position
from ledger.reports.register import as_on, every_name
from ledger.reports.verify import verify
from ledger.store.base import Store
from screens.cli.guard import reading
from tests.books import texts

JUNE, JULY, SEPTEMBER = date(2025, 6, 30), date(2025, 7, 1), date(2025, 9, 1)


def rename(books: Store, name: str, day: date, **whose: str) -> None:
    with books.read() as reader:
        given = {"date": str(day), "reason": "its partners agreed", "name": name, **whose}
        made = make(DECISIONS["rename"], given, known(reader), actor="tests", where=str)
    assert not made.problems, texts(made.problems)
    post(books, made.drafts)


@pytest.fixture
def renamed(funded: Store) -> Store:
    rename(funded, "North ICB", JULY, organisation="ICB1")
    rename(funded, "North and West ICB", SEPTEMBER, organisation="ICB1")
    rename(funded, "Core, all of it", JULY, fund="core")
    return funded


def called(books: Store, day: date) -> set[tuple[str, str]]:
    with books.read() as reader:
        at = moment(reader, day)
        as_on(reader, at)
        rows = position(reader, at, organisation="ICB1").to_pylist()
    return {(row["organisation_name"], row["fund_name"]) for row in rows if row["organisation"] == "ICB1"}


def test_a_question_of_a_day_has_the_names_of_that_day(renamed: Store) -> None:
    assert called(renamed, JUNE) == {("First ICB", "Core")}
    assert called(renamed, JULY) == {("North ICB", "Core, all of it")}
    assert called(renamed, SEPTEMBER) == {("North and West ICB", "Core, all of it")}
    with renamed.read() as reader:
        assert every_name(reader, moment(reader).known)["ICB1"] == ["First ICB", "North ICB", "North and West ICB"]
        # One reader may be asked of several days, and of none.
        for day, name in ((SEPTEMBER, "North and West ICB"), (JUNE, "First ICB"), (JULY, "North ICB")):
            as_on(reader, moment(reader, day))
            assert register.organisations(reader)["ICB1"]["name"] == name
    with renamed.read() as reader:
        assert register.organisations(reader)["ICB1"]["name"] == "First ICB"


@pytest.mark.parametrize("kind", ["file"])
def test_a_file_may_use_any_name_that_somebody_had(renamed: Store) -> None:
    with renamed.read() as reader:
        books = receivers(reader, "NHS", JULY)
    assert {books.by_name(name) for name in ("First ICB", "north icb", "North and West ICB")} == {"ICB1"}


def test_a_corrected_name_holds_from_the_same_day_as_it_is_known(renamed: Store) -> None:
    with renamed.read() as reader:
        before = moment(reader, JULY)
    rename(renamed, "Northern ICB", JULY, organisation="ICB1")
    assert called(renamed, JULY) == {("Northern ICB", "Core, all of it")}
    with renamed.read() as reader:
        as_on(reader, before)
        assert register.organisations(reader)["ICB1"]["name"] == "North ICB"


def test_what_checks_the_books_finds_what_was_recorded(renamed: Store) -> None:
    with renamed.read_afresh() as reader:
        assert texts(verify(reader)) == ""
    with renamed.read() as reader:
        proof = inclusion.inclusion(reader, 1)
    renamed.close()
    with reading(renamed.path, as_recorded=True) as (reader, _):
        assert inclusion.inclusion(reader, 1) == proof
    with reading(renamed.path) as (reader, _):
        assert register.organisations(reader)["ICB1"]["name"] == "North and West ICB"
