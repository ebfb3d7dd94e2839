"""Proposals: reserved at once, ended once, and never approved by who prepared them."""

from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import clock
from ledger.entries import proposals
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.entries.proposals import decide, drafts_of, listed, submit
from ledger.errors import KeyReused, Refused
from ledger.models import ProposalEnd
from ledger.reports import verify
from ledger.store.base import Store
from tests.books import APRIL, JUNE, MAY, agreement, at, entry, held, new_terms, term
from tests.shelves import Shelf, small_file

ICB, PLACE = ("ICB1", "core", "available"), ("P1", "core", "available")


def devolve(pence: int, *, key: str = "devolve it", day: date = MAY) -> Draft:
    return entry("devolve", at("ICB1", "core"), at("P1", "core"), pence, day=day, key=key)


def propose(store: Store, *drafts: Draft, key: str = "plan", by: str = "preparer", **given: object) -> None:
    submit(store, drafts, key=key, title="A plan", prepared_by=by, **given)  # type: ignore[arg-type]


def settle(store: Store, outcome: str, by: str = "approver", key: str = "plan", day: date = JUNE, **given: object):
    return decide(store, key, outcome=outcome, decided_by=by, reason="so it was decided", day=day, **given)


def problems(store: Store) -> list[object]:
    with store.read() as reader:
        return verify.verify(reader)


def test_a_proposal_moves_nothing_until_somebody_else_approves_it(funded: Store) -> None:
    propose(funded, devolve(500_000), source="scenario.yaml", source_hash="a" * 64)
    assert held(funded)[ICB] == 600_000
    assert PLACE not in held(funded)
    decision, posted = settle(funded, "posted")
    assert (held(funded)[ICB], held(funded)[PLACE]) == (100_000, 500_000)
    assert (decision.key, posted.key) == ("decide/plan", "devolve it")
    with funded.read() as reader:
        (found,) = listed(reader)
        assert (found.outcome, found.prepared_by, found.decided_by) == ("posted", "preparer", "approver")
        assert reader.rows("SELECT actor FROM entry WHERE key = 'devolve it'") == [("approver",)]
    assert problems(funded) == []


def test_the_money_is_reserved_at_once_and_free_again_when_it_is_rejected(funded: Store) -> None:
    propose(funded, devolve(500_000))
    with pytest.raises(
        Refused, match=r"First ICB \(ICB1\), core, .*£5,000.00 of it is reserved by plan, and £4,000.00"
    ):
        post(funded, [devolve(200_000, key="another")])
    post(funded, [devolve(100_000, key="what is left")])
    with pytest.raises(Refused, match="reserved by plan"):
        propose(funded, devolve(1, key="one more"), key="second")
    settle(funded, "rejected")
    post(funded, [devolve(500_000, key="free again")])
    assert ICB not in held(funded)
    assert problems(funded) == []


def test_what_is_spent_on_an_earlier_day_counts_against_what_is_reserved(funded: Store) -> None:
    propose(funded, devolve(500_000, day=JUNE))
    with pytest.raises(Refused, match="reserved by plan"):
        post(funded, [devolve(200_000, key="backdated", day=APRIL)])


def test_what_a_proposal_brings_to_an_account_is_not_taken_from_it_twice(funded: Store) -> None:
    """From the ICB to the place and on to the network: the place needs nothing of its own."""
    onward = entry("devolve", at("P1", "core"), at("N1", "core"), 400, day=MAY, key="onward")
    propose(funded, devolve(400), onward)
    settle(funded, "posted")
    assert held(funded)[("N1", "core", "available")] == 400


def test_records_come_back_as_they_were_proposed(funded: Store) -> None:
    lifted = term("growth", "none", version=1, effective_from=MAY)
    terms = new_terms(lifted, key="lift it", authority="the board, from 2025-05-01")
    agreed = agreement(organisation="ICB1", fund="core", amount_pence=5)
    propose(funded, terms, agreed)
    with funded.read() as reader:
        again = drafts_of(reader, "plan")
    for before, after in zip((terms, agreed), again, strict=True):
        assert {model: table.to_pylist() for model, table in before.records.items()} == {
            model: table.to_pylist() for model, table in after.records.items()
        }
        assert (before.key, before.kind, before.effective_date, before.reason) == (
            after.key, after.kind, after.effective_date, after.reason,
        )  # fmt: skip
    settle(funded, "posted")
    with funded.read() as reader:
        assert reader.whole("SELECT count(*) FROM terms WHERE fund = 'growth'") == 2
    assert problems(funded) == []


@pytest.mark.parametrize(
    ("outcome", "by", "day", "said"),
    [
        ("posted", "preparer", JUNE, "preparer prepared it. Nobody decides on what they prepared"),
        ("rejected", "preparer", JUNE, "Nobody decides on what they prepared"),
        ("withdrawn", "approver", JUNE, "Only who prepared it takes it back"),
        ("posted", "approver", date(2025, 7, 1), "it could be approved until 2025-06-30, and it is 2025-07-01"),
        ("expired", "approver", JUNE, "It has not expired"),
        ("part-posted", "approver", JUNE, "A part is some of them"),
    ],
)
def test_who_may_not_decide_does_not(
    funded: Store, monkeypatch: pytest.MonkeyPatch, outcome: str, by: str, day: date, said: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda _: datetime(2025, 6, 1, 12, tzinfo=UTC))
    propose(funded, devolve(5), expires_on=date(2025, 6, 30))
    with pytest.raises(Refused, match=said):
        settle(funded, outcome, by, day=day)
    with pytest.raises(Refused, match="there is no such proposal"):
        settle(funded, outcome, by, key="nothing")


def test_the_database_itself_refuses_a_self_approval_and_a_false_name(funded: Store) -> None:
    propose(funded, devolve(5))
    for prepared_by, decided_by in (("preparer", "preparer"), ("somebody", "preparer")):
        end = {
            "proposal": "plan",
            "prepared_by": prepared_by,
            "outcome": "posted",
            "decided_by": decided_by,
            "reason": "x",
        }
        draft = Draft("by the back door", "decide", JUNE, "x", "x", records={ProposalEnd: records(ProposalEnd, [end])})
        with pytest.raises(Refused, match=r"the database refused a row|no proposal 'somebody'"):
            post(funded, [draft])


def test_a_proposal_ends_once(funded: Store) -> None:
    propose(funded, devolve(5))
    settle(funded, "withdrawn", "preparer")
    with pytest.raises(Refused, match=r"it was withdrawn by preparer\. A proposal ends once"):
        settle(funded, "posted")
    assert PLACE not in held(funded)


def test_a_part_is_posted_and_the_rest_is_free(funded: Store) -> None:
    propose(funded, devolve(300_000, key="first"), devolve(200_000, key="second"))
    settle(funded, "part-posted", only=[2])
    assert held(funded)[PLACE] == 200_000
    post(funded, [devolve(400_000, key="the rest")])
    assert problems(funded) == []


def test_what_expires_frees_its_money(funded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    propose(funded, devolve(600_000), expires_on=JUNE)
    monkeypatch.setattr(clock, "now", lambda _: datetime(2025, 6, 1, 23, 59, tzinfo=UTC))
    assert proposals.expire(funded, decided_by="clock") == []
    with pytest.raises(Refused, match=r"by the clock of the books it is 2025-06-01\..*Give a day that has come"):
        proposals.expire(funded, decided_by="clock", day=date(2025, 6, 2))
    monkeypatch.setattr(clock, "now", lambda _: datetime(2025, 6, 2, tzinfo=UTC))
    assert len(proposals.expire(funded, decided_by="clock", dry_run=True)) == 1
    assert proposals.expire(funded, decided_by="clock", day=JUNE) == []
    assert len(proposals.expire(funded, decided_by="clock")) == 1
    assert proposals.expire(funded, decided_by="clock") == []
    with funded.read() as reader:
        (found,) = listed(reader)
    assert (found.outcome, found.decided_by, found.reason) == ("expired", "clock", "its last day was 2025-06-01")
    post(funded, [devolve(600_000, key="free again")])


def test_neither_an_earlier_date_nor_a_clock_put_back_revives_what_has_expired(
    funded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The books recorded the proposal long after that day: no machine's clock makes it earlier."""
    propose(funded, devolve(5), expires_on=JUNE)
    monkeypatch.setattr(clock, "machine", lambda: datetime(2025, 5, 31, tzinfo=UTC))
    for given_ in ({"day": MAY}, {"day": None}):
        with pytest.raises(Refused, match=r"it could be approved until 2025-06-01, and it is 20(2[6-9]|[3-9])"):
            settle(funded, "posted", **given_)
    assert len(proposals.expire(funded, decided_by="clock")) == 1
    assert problems(funded) == []


def test_what_could_not_be_posted_cannot_be_proposed(funded: Store) -> None:
    with pytest.raises(Refused, match="below zero"):
        propose(funded, devolve(600_001))
    with pytest.raises(Refused, match="no organisation 'P9'"):
        propose(funded, entry("devolve", at("ICB1", "core"), at("P9", "core"), 5, day=MAY))
    with funded.read() as reader:
        assert listed(reader) == []


def test_submitting_again_changes_nothing_and_other_content_is_refused(funded: Store) -> None:
    propose(funded, devolve(500_000))
    propose(funded, devolve(500_000))
    with pytest.raises(KeyReused):
        propose(funded, devolve(400_000))
    with funded.read() as reader:
        assert [found.amount_pence for found in listed(reader)] == [500_000]


def test_verify_sees_a_decision_that_was_tampered_with(funded: Store, shelf: Shelf) -> None:
    propose(funded, devolve(5))
    settle(funded, "posted")
    funded.checkpoint()
    funded.close()
    shelf.tamper(
        funded.path,
        "DELETE FROM transfer WHERE entry_number = (SELECT number FROM entry WHERE key = 'devolve it')",
        "DELETE FROM entry WHERE key = 'devolve it'",
    )
    with Store.open(funded.path, read_only=True) as store:
        assert any("as it was proposed: all of it" in str(problem) for problem in problems(store))


@settings(max_examples=10, deadline=None)
@given(
    plans=st.lists(
        st.tuples(st.integers(1, 400_000), st.sampled_from(["posted", "rejected", "withdrawn", "open"])), max_size=6
    )
)
def test_no_order_of_proposals_and_decisions_overdraws_or_loses_money(
    tmp_path_factory: pytest.TempPathFactory, plans: list[tuple[int, str]]
) -> None:
    with Store.open(small_file(Path(tmp_path_factory.mktemp("plans")) / "books.duckdb", funded=True)) as store:
        free, moved, ends = 600_000, 0, Counter[str]()
        for number, (pence, outcome) in enumerate(plans):
            key = f"plan {number}"
            if pence > free:
                with pytest.raises(Refused, match=r"reserved by|below zero"):
                    propose(store, devolve(pence, key=key), key=key)
                continue
            propose(store, devolve(pence, key=key), key=key)
            if outcome != "open":
                settle(store, outcome, "preparer" if outcome == "withdrawn" else "approver", key)
            free -= pence if outcome in ("posted", "open") else 0
            moved += pence if outcome == "posted" else 0
            ends[outcome] += 1
        stands = held(store)
        assert stands[ICB] == 600_000 - moved
        assert stands.get(PLACE, 0) == moved
        assert sum(stands.values()) == 0
        with store.read() as reader:
            assert Counter(found.outcome or "open" for found in listed(reader)) == ends
        assert problems(store) == []
