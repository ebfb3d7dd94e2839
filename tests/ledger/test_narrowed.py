"""A question that is asked of what new entries bring alone has the answer of the whole question."""

import pytest
from sqlalchemy import BigInteger, Date

from ledger.entries.chain import form_2_from, last_entry
from ledger.models import RECORDS
from ledger.reports import chain_links
from ledger.rules import decisions, in_order, rights, rights_questions, shapes
from ledger.rules.in_order import alone
from tests.books import texts
from tests.hands import Hands

HIGH_UP = "UPDATE fund SET lowest_tier = (SELECT code FROM tier ORDER BY rank LIMIT 1)"


@pytest.fixture
def kind() -> str:
    """A server asks the whole question; what is told of a file and of a server is compared elsewhere."""
    return "file"


def test_rights_are_judged_alike(hands: Hands) -> None:
    with hands() as hand:
        hand.do(
            "UPDATE appointment SET person = person || '.' WHERE entry_number > (SELECT min(entry_number) FROM appointment)"
        )
        with hand.reading() as reader:
            last, found = last_entry(reader), 0
            for first in range(form_2_from(reader), last + 1, 7):
                given = {
                    "first": first, "day": "CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)", "named": rights.NAMED,
                    "approved_entry": decisions.approved_from(str(first)),
                }  # fmt: skip
                brought = frozenset(chain_links.brought(reader, first))
                whole = reader.rows(rights_questions.FAULTS.format(**given))
                narrowed = rights_questions.narrowed(brought, counts=True).format(**given)
                assert reader.rows(narrowed) == whole
                found += len(whole)
    assert found > 0


def test_what_an_entry_brings_is_judged_alike(hands: Hands) -> None:
    rule = next(rule for rule in shapes.RULES if rule.narrowed is not None)
    assert rule.narrowed is not None
    with hands() as hand:
        hand.do(
            "UPDATE entry SET kind = CASE kind WHEN 'terms' THEN 'devolve' WHEN 'devolve' THEN 'terms' ELSE kind END"
        )
        with hand.reading() as reader:
            last, found = last_entry(reader), 0
            for first in range(form_2_from(reader), last + 1, 7):
                brought = frozenset(chain_links.brought(reader, first))
                whole = reader.rows(alone(rule.sql, str(first), str(last)))
                assert reader.rows(alone(rule.narrowed(brought), str(first), str(last))) == whole
                found += len(whole)
    assert found > 0


@pytest.mark.parametrize(
    "brings", ["entry", "transfer", "terms", "relationship", "proposal", "proposal_end", "appointment"]
)
@pytest.mark.parametrize("counts", [True, False])
def test_every_narrowed_question_can_be_asked(hands: Hands, brings: str, counts: bool) -> None:
    given = {"first": 10**6, "day": "CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)", "named": rights.NAMED,
             "approved_entry": decisions.approved_from("1000000")}  # fmt: skip
    with hands() as hand, hand.reading() as reader:
        question = rights_questions.narrowed(frozenset({"entry", brings}), counts=counts).format(**given)
        assert reader.rows(question) == reader.rows(rights_questions.FAULTS.format(**given))


def test_what_lies_outside_is_found_in_each_of_many_tables(hands: Hands) -> None:
    """One look says in which tables something does; those alone are asked what it is."""
    looked = [rule for rule in shapes.RULES if rule.any]
    models = {str(model.__tablename__): model for model in RECORDS}
    spoilt = {}
    with hands() as hand:
        for rule in looked[::2]:
            (table,) = rule.concerns
            column, value = next(
                (column.name, "DATE '1800-01-01'" if isinstance(column.type, Date) else -(2**63 - 1))
                for column in models[table].__table__.columns  # type: ignore[attr-defined]
                if isinstance(column.type, Date | BigInteger) and column.name != "entry_number"
            )
            hand.do(f'UPDATE "{table}" SET "{column}" = {value}')
            spoilt[table] = column
        with hand.reading() as reader:
            late = form_2_from(reader)
            held = {table for table in spoilt if reader.rows(f'SELECT 1 FROM "{table}" WHERE entry_number >= {late}')}
            brought = chain_links.brought(reader)
            found = in_order.problems(reader, 1, last_entry(reader), tables=brought, asked=looked)
    assert len(held) > 5
    said = texts(found)
    assert {table for table in spoilt if f", {table.replace('_', ' ')} " in said} == held
    assert all(f"its {spoilt[table]} is " in said for table in held)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET effective_date = effective_date + INTERVAL 3 YEAR",
        "UPDATE organisation SET valid_from = DATE '2090-01-01'",
        "UPDATE account SET standing = 'elsewhere' WHERE id % 2 = 0",
        "UPDATE entry SET kind = 'mandate'",
        "UPDATE fund SET resource = 'capital' WHERE parent IS NOT NULL",
        HIGH_UP,
        "UPDATE entry SET reason = reason",
    ],
)
def test_a_rule_is_asked_wherever_a_pair_breaks_it(hands: Hands, change: str) -> None:
    """One look at the pairs says which rules any of them may break; those alone are asked."""
    guarded = [rule for rule in in_order.ALL if rule.in_pairs]
    with hands() as hand:
        hand.do(change)
        with hand.reading() as reader:
            last = last_entry(reader)
            breaking = {rule.name for rule in guarded if reader.rows(alone(rule.sql, "1", str(last)))}
            told = in_order.problems(reader, 1, last, tables=chain_links.brought(reader), asked=guarded)
    assert bool(told) == bool(breaking)
    assert breaking or change.endswith("reason = reason")


def test_every_rule_of_pairs_that_is_not_always_asked_finds_something(hands: Hands) -> None:
    guarded = [rule for rule in in_order.ALL if rule.in_pairs]
    with hands() as hand:
        hand.do("UPDATE entry SET effective_date = effective_date + INTERVAL 3 YEAR")
        hand.do("UPDATE organisation SET valid_to = DATE '2020-01-01'")
        hand.do("UPDATE account SET standing = 'elsewhere' WHERE id % 2 = 0")
        hand.do(HIGH_UP)
        with hand.reading() as reader:
            last, brought = last_entry(reader), chain_links.brought(reader)
            for rule in guarded:
                assert in_order.problems(reader, 1, last, tables=brought, asked=[rule]), rule.name
