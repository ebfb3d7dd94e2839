"""Whoever changes a row behind the books' back is found out by ``verify``, or by the head that was printed before.

Each change is made in a transaction that is thrown away, to a ledger without any of the guards that its tables have:
what the database itself would refuse must be seen as well.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from ledger.entries import chain
from ledger.errors import NotALedger
from ledger.models import TABLES
from ledger.reports import chain_links
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.store.reading import Reader
from tests.books import texts
from tests.hands import Hands
from tests.profiles import SEED, chances, times
from tests.tampering import SUMMED_ANEW, Rows, Tampering, resealed

Shown = Mapping[str, list[str]]


def test_the_ledger_that_is_tampered_with_holds_and_has_a_row_in_every_table(rich: Path) -> None:
    with Store.open(rich, read_only=True) as store, store.read() as reader:
        assert texts(verify(reader, store=store)) == ""
        assert [m for m in TABLES if not reader.whole(f'SELECT count(*) FROM "{m.__tablename__}"')] == []


def test_whatever_is_done_to_a_row_is_named_or_changes_the_head(hands: Hands, kind: str) -> None:
    tamper_at_random(hands, kind, times(quick=30, ci=40, nightly=3000))


def tamper_at_random(hands: Hands, name: str, rounds: int) -> None:
    chance = chances(name)
    with hands() as hand, hand.reading() as reader:
        rows, known = Rows(reader), chain.head(reader)
        # Whatever a hand does is thrown away: every hand begins with these.
        before = {table: rows_of(reader, table) for table in rows.rows}
    ways = rows.ways()
    done = 0
    while done < rounds:
        chance.shuffle(ways)
        for way in ways[: rounds - done]:
            tampering = way(chance)
            if tampering is not None:
                done += try_out(hands, rows, before, tampering, known, reseal=chance.random() < 0.5)


def try_out(hands: Hands, rows: Rows, before: Shown, tampering: Tampering, known: str, *, reseal: bool) -> int:
    """Do it, and see that it is found out; 1, or 0 where it changed nothing.

    Args:
        before: the rows of every table, as nobody has touched them.
        known: the head that was printed before.
        reseal: whether every hash and sum is worked out anew besides, as somebody would who knows how they are made.
    """
    try:
        return _try_out(hands, rows, before, tampering, known, reseal=reseal)
    except NotALedger:
        return 1  # it cannot even be opened, which says so


def _try_out(hands: Hands, rows: Rows, before: Shown, tampering: Tampering, known: str, *, reseal: bool) -> int:
    told = f"seed {SEED}: {tampering.name}"
    touched = sorted({*tampering.tables, *(("entry", "seal", "account_day", "person_day") if reseal else ())})
    with hands() as hand:
        for statement in tampering.statements:
            hand.do(statement)
        with hand.reading() as reader:
            if all(rows_of(reader, table) == before[table] for table in touched):
                return 0
            problems = verify(reader)
            assert rows.is_named(tampering, problems), f"{told}\n{texts(problems)}"
            after = resealing(reader) if reseal else []
        for statement in after:
            hand.do(statement)
        if after:
            with hand.reading() as reader:
                # To work out what was changed is to mend it.
                if any(rows_of(reader, table) != before[table] for table in touched):
                    is_another_head = reader.rows("SELECT head FROM seal") != [(known,)]
                    assert is_another_head or verify(reader), f"{told}, and sealed anew"
    return 1


def rows_of(reader: Reader, table: str) -> list[str]:
    return sorted(map(repr, reader.rows(f'SELECT * FROM "{table}"')))


def resealing(reader: Reader) -> list[str]:
    try:
        return resealed(reader)
    except (TypeError, ValueError, AttributeError, duckdb.Error):
        return []  # what is left of the books has no hash


@pytest.mark.parametrize("column", ["entries", "head", "moved_pence", "schema_version"])
def test_a_seal_that_no_longer_says_what_it_sealed_is_named(hands: Hands, column: str) -> None:
    """The books are opened still, so that verify can say what is wrong with them, or that is said in opening them."""
    with hands() as hand:
        hand.do(f"UPDATE seal SET {column} = NULL")
        try:
            with hand.reading() as reader:
                assert "seal" in texts(verify(reader))
        except NotALedger as error:
            assert "cannot be read as a ledger" in str(error)


def test_a_leg_that_is_hidden_in_the_note_of_another_is_found(hands: Hands) -> None:
    """The first form's hash stays as it was: money that was kept back by agreement would be available again."""
    with hands() as hand:
        with hand.reading() as reader:
            number = reader.whole("SELECT min(number) FROM entry WHERE kind = 'retain'")
            head, trick = chain.head(reader), Rows(reader).leg_hidden(number, 2)
        for statement in (*trick.statements, *SUMMED_ANEW):
            hand.do(statement)
        with hand.reading() as reader:
            assert chain_links.problems(reader) == []
            assert chain.head(reader) == head
            assert texts(verify(reader)).startswith(
                f"entry {number}, leg 1, note: it holds characters that cannot be seen (U+001E, U+001F)"
            )


def test_a_hard_ring_fence_that_is_hidden_in_the_reason_of_other_terms_is_found(hands: Hands) -> None:
    with hands() as hand:
        with hand.reading() as reader:
            head, rows = chain.head(reader), Rows(reader)
        trick = rows.row_hidden("terms", "reason", "winter/2020-04-01/1")
        for statement in trick.statements:
            hand.do(statement)
        with hand.reading() as reader:
            assert chain_links.problems(reader) == []
            assert chain.head(reader) == head
            assert texts(verify(reader)).startswith(
                "terms limit/2020-04-01/1, reason: it holds characters that cannot be seen (U+001F, U+001E"
            )
