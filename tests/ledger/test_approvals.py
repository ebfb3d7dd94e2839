"""An approval binds what was proposed: the same content, to the last word, directly after the decision, and no more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from ledger.entries import posting, proposals
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post, reverse
from ledger.entries.proposals import decide, drafts_of, submit
from ledger.models import Agreement, Proposal, ProposalEnd, ProposedEntry, ProposedTransfer
from ledger.store.base import Store
from tests.books import JUNE, MAY, Leg, agreement, at, entry, held, legs
from tests.ledger.test_proposals import devolve, settle
from tests.ledger.test_rights import (
    PLAN,
    approve,
    by,
    furnished,
    give,
    office,
    problems,
    propose,
    refused,
)  # fmt: skip

__all__ = ["furnished", "office"]


def two_legs(key: str = "devolve it") -> Draft:
    movements = [
        Leg(at("ICB1", "core"), at("P1", "core"), 300, note="sheet Plan, cell D4"),
        Leg(at("ICB1", "core"), at("P2", "core"), 200, recurrent=False),
    ]
    one = entry("devolve", at("ICB1", "core"), at("P1", "core"), 1, day=MAY, key=key)
    return replace(one, source="scenario.yaml, step 1", source_hash="a" * 64, transfers=legs(movements))


def proposal_of(office: Store, *drafts: Draft) -> tuple[Draft, list[Draft]]:
    """A proposal of anna's, and what the program would post for bert's approval of it: decision and entries."""
    propose(office, "anna", *drafts)
    caught: list[list[Draft]] = []
    real = posting._taken

    def catch(store: Store, given: list[Draft], **options: Any) -> object:
        caught.append(list(given))
        return real(store, given, **options)

    with pytest.MonkeyPatch.context() as watching:
        watching.setattr(posting, "_taken", catch)
        approve(office, "bert", dry_run=True)
    decision, *entries = caught[-1]
    return decision, entries


def ended(decision: Draft, **change: object) -> Draft:
    """The decision with other facts in its row."""
    (row,) = decision.records[ProposalEnd].to_pylist()
    return replace(decision, records={ProposalEnd: records(ProposalEnd, [row | change])})


def changed(draft: Draft, column: str, values: list[object]) -> Draft:
    """An entry with other values in a column of its legs."""
    rows = [row | {column: value} for row, value in zip(draft.legs().to_pylist(), values, strict=True)]
    return replace(draft, transfers=draft.legs().from_pylist(rows, schema=draft.legs().schema))


# What somebody who may approve tries to post instead of what was proposed, and the word for it.
INSTEAD: dict[str, tuple[Callable[[Draft], Draft], str]] = {
    "date": (lambda draft: replace(draft, effective_date=JUNE), "the date"),
    "reason": (lambda draft: replace(draft, reason="as the Secretary of State directs"), "the reason"),
    "authority": (lambda draft: replace(draft, authority="direction 12 of the Secretary of State"), "the authority"),
    "source": (lambda draft: replace(draft, source="another.yaml"), "the source"),
    "no source": (lambda draft: replace(draft, source=None), "the source"),
    "source hash": (lambda draft: replace(draft, source_hash="b" * 64), "the SHA-256 of the source"),
    "key": (lambda draft: replace(draft, key="another"), "the key"),
    "kind": (lambda draft: replace(draft, kind="allocate"), "the kind"),
    "amount": (lambda draft: changed(draft, "amount_pence", [299, 201]), "the legs"),
    "receiver": (lambda draft: changed(draft, "to_organisation", ["P2", "P1"]), "the legs"),
    "lasting": (lambda draft: changed(draft, "recurrent", [True, True]), "the legs"),
    "note": (lambda draft: changed(draft, "note", ["sheet Plan, cell D5", None]), "the legs"),
    "no note": (lambda draft: changed(draft, "note", [None, None]), "the legs"),
    "a leg less": (lambda draft: replace(draft, transfers=draft.legs().slice(0, 1)), "the legs"),
    "author": (lambda draft: by("carl", draft), "who posts it"),
}  # fmt: skip


def test_nothing_else_is_posted_with_an_approval(office: Store) -> None:
    give(office, "carl", "approver", "ICB1", alone=True)
    decision, (right,) = proposal_of(office, two_legs())
    for change, said in INSTEAD.values():
        refused(
            lambda change=change: post(office, [decision, change(right)]),
            rf"entry \d+ is not entry 1 of the proposal as it was proposed: {said}\.",
        )
    post(office, [decision, right])
    assert held(office)["P1", "core", "available"] == 300
    assert problems(office) == []


def test_what_is_approved_stands_directly_after_the_decision_and_in_its_order(office: Store) -> None:
    give(office, "bert", "approver", "ICB1", alone=True)  # who may post whatever it is
    first, second = devolve(5, key="first"), devolve(6, key="second")
    decision, (one, two) = proposal_of(office, first, second)
    other = by("bert", devolve(7, key="other"))
    for batch, said in (
        ([decision, two, one], "entry 1 of the proposal as it was proposed: the key"),
        ([decision, one], "entry 2 of the proposal as it was proposed: all of it"),
        ([decision], "entry 1 of the proposal as it was proposed: all of it"),
        ([decision, other, one, two], "entry 1 of the proposal as it was proposed: the key"),
        ([one, two, decision], "entry 1 of the proposal as it was proposed: all of it"),
    ):
        refused(lambda batch=batch: post(office, batch), said)
    post(office, [decision, one, two, other])
    assert problems(office) == []


# What a decision may not say of a proposal of two entries, and the words for it.
MISSAID: list[tuple[dict[str, object], str]] = [
    ({"content_hash": None}, "it was taken on the content of nothing"),
    ({"content_hash": "c" * 64}, "it was taken on the content cccc.*An approval binds what was proposed"),
    ({"posted": None}, "it was posted, and names the entries none"),
    ({"posted": "1"}, "it was posted, and names the entries 1 as"),
    ({"posted": "2,1"}, "names the entries 2,1 as"),
    ({"posted": "1,2,3"}, "names the entries 1,2,3 as"),
    ({"posted": "1,1,2"}, "names the entries 1,1,2 as"),
    ({"outcome": "part-posted"}, "it was part-posted, and names the entries 1,2 as"),
    ({"outcome": "part-posted", "posted": None}, "it was part-posted, and names the entries none as"),
    ({"outcome": "part-posted", "posted": "3"}, "it was part-posted, and names the entries 3 as"),
    ({"outcome": "rejected"}, "it was rejected, and names the entries 1,2 as"),
    ({"outcome": "rejected", "posted": None, "content_hash": None}, "it was taken on the content of nothing"),
]


def test_a_decision_says_what_it_was_taken_on_and_what_is_posted(office: Store) -> None:
    decision, entries = proposal_of(office, devolve(5, key="first"), devolve(6, key="second"))
    for change, said in MISSAID:
        refused(lambda change=change: post(office, [ended(decision, **change), *entries]), said)
    assert problems(office) == []


def test_an_authority_is_the_proposed_one_or_that_of_the_decision(office: Store) -> None:
    named = replace(devolve(6, key="second"), authority="minute 3")
    decision, (one, two) = proposal_of(office, devolve(5, key="first"), named)
    refused(lambda: post(office, [decision, replace(one, authority="minute 9"), two]), "the authority")
    refused(lambda: post(office, [replace(decision, authority="minute 9"), one, replace(two, authority="minute 9")]),
            "the authority")  # fmt: skip
    approve(office, "bert", authority="minute 9")
    with office.read() as reader:
        found = reader.rows("SELECT kind, authority FROM entry ORDER BY number DESC LIMIT 3")
    assert found == [("devolve", "minute 3"), ("devolve", "minute 9"), ("decide", "minute 9")]
    assert problems(office) == []


def test_records_are_those_that_were_proposed(office: Store) -> None:
    ask = agreement(
        organisation="ICB1", fund="core", amount_pence=500, purpose='the "winter" \\ risk', partners="P1, P2"
    )
    second = agreement(organisation="ICB1", fund="winter", share_ppm=5, purpose="Élan")
    rows = [*ask.records[Agreement].to_pylist(), *second.records[Agreement].to_pylist()]
    both = replace(ask, records={Agreement: records(Agreement, reversed(rows))})
    decision, (right,) = proposal_of(office, both)
    others = {"purpose": "another", "amount_pence": 501, "valid_from": MAY, "valid_to": date(2027, 1, 1), "id": "another",
              "partners": "another"}  # fmt: skip
    wrong = [[rows[0] | {column: other}, rows[1]] for column, other in others.items()]
    for instead in (*wrong, rows[:1]):
        draft = replace(right, records={Agreement: records(Agreement, instead)})
        refused(lambda draft=draft: post(office, [decision, draft]), "as it was proposed: the records")
    post(office, [decision, right])
    with office.read() as reader:
        assert reader.whole("SELECT count(*) FROM agreement") == 2
    assert problems(office) == []


def test_what_a_part_left_out_is_an_ordinary_entry_afterwards(office: Store) -> None:
    """It was refused by verify for ever once it was posted, with backup and copy; or passed as approved."""
    give(office, "carl", "approver", "ICB1", limit_pence=1_000, alone=True)
    propose(office, "anna", devolve(400, key="first"), devolve(500, key="second"))
    approve(office, "carl", outcome="part-posted", only=[1])
    late = replace(devolve(500, key="second", day=JUNE), authority="forged")
    refused(lambda: post(office, [by("bert", late)]), "bert may not post money of First ICB")
    third = replace(late, key="third")
    refused(
        lambda: post(office, [by("carl", third), by("carl", late)]), "£9.00 of it is moved already, and £1.00 remains"
    )
    posted = post(office, [by("carl", late)])[0].number
    with office.read() as reader:
        assert [row["posted_as"] for row in proposals.entries(reader, PLAN)] == [posted - 1, None]
    assert problems(office) == []
    reverse(office, posted, reason="wrong", actor="bert")
    assert problems(office) == []


def test_in_a_ledger_of_one_an_entry_left_out_can_be_posted_too(funded: Store) -> None:
    submit(
        funded, [devolve(5, key="first"), devolve(6, key="second")], key="plan", title="A plan", prepared_by="preparer"
    )
    settle(funded, "part-posted", only=[2])
    post(funded, [devolve(7, key="first", day=JUNE)])
    assert problems(funded) == []
    with funded.read() as reader:
        assert [row["posted_as"] for row in proposals.entries(reader, "plan")] == [None, 8]


def test_an_approved_key_that_is_taken_is_not_passed_over(office: Store) -> None:
    """The same entry under the same key would be answered with the first, and something else would be approved."""
    give(office, "bert", "approver", "ICB1", alone=True)
    propose(office, "anna", devolve(5, key="first"))
    post(office, [replace(by("bert", devolve(5, key="first")), reason="a case")])
    refused(lambda: approve(office, "bert"), "entry 1 of the proposal as it was proposed: all of it")
    approve(office, "bert", outcome="rejected")
    assert problems(office) == []


def test_a_proposal_is_whole_in_the_entry_that_brings_it(funded: Store) -> None:
    """Also where nobody is appointed: what is decided on has one content hash."""
    submit(funded, [devolve(5)], key="plan", title="A plan", prepared_by="preparer")
    leg = {"id": "plan/1/2", "proposed_entry": "plan/1", "leg": 2, "from_organisation": "ICB1", "from_fund": "core",
           "from_year": 2025, "from_standing": "available", "to_organisation": "P1", "to_fund": "core", "to_year": 2025,
           "to_standing": "available", "amount_pence": 9, "recurrent": True}  # fmt: skip
    more = {
        "id": "plan/2",
        "proposal": "plan",
        "nth": 2,
        "key": "more",
        "kind": "devolve",
        "effective_date": MAY,
        "reason": "x",
    }
    own = {"id": "own", "title": "x", "prepared_by": "tests"}
    first = more | {"id": "own/1", "proposal": "own", "nth": 1}
    for brought, said in (
        ({ProposedTransfer: [leg]}, "it adds to a proposal that it does not bring itself"),
        ({ProposedEntry: [more]}, "it adds to a proposal that it does not bring itself"),
        ({Proposal: [own]}, "it has no entries"),
        ({Proposal: [own], ProposedEntry: [first | {"nth": 2}]}, "not named after it and numbered from 1"),
        ({Proposal: [own], ProposedEntry: [first | {"id": "x"}]}, "not named after it and numbered from 1"),
        ({Proposal: [own], ProposedEntry: [first], ProposedTransfer: [leg | {"id": "own/1/2", "proposed_entry": "own/1"}]},
         "not named after it and numbered from 1"),
    ):  # fmt: skip
        tables = {model: records(model, rows) for model, rows in brought.items()}
        refused(lambda tables=tables: post(funded, [Draft("x", "propose", MAY, "tests", "x", records=tables)]), said)
    with funded.read() as reader:
        assert len(drafts_of(reader, "plan")) == 1
    assert problems(funded) == []


def test_a_decision_is_somebody_elses_in_any_spelling(funded: Store) -> None:
    submit(funded, [devolve(5)], key="plan", title="A plan", prepared_by="Élodie")
    for name in ("élodie", "ÉLODIE", "ELODIE ", "élodie "):
        refused(lambda name=name: decide(funded, "plan", outcome="posted", decided_by=name, reason="x"),
                r"Nobody decides on what they prepared|the books know|spaces around it")  # fmt: skip
    assert problems(funded) == []
