"""What every entry and every row must be, held by the rules themselves: whoever writes, and by whatever way."""

import re
from datetime import date

import pyarrow as pa
import pytest

from ledger.entries import refusals
from ledger.entries.draft import Draft, Leg, legs, records
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.inputs import Action
from ledger.models import (
    Agreement,
    ClosedMonth,
    ControlTotal,
    Organisation,
    Proposal,
    ProposedEntry,
    ProposedTransfer,
    Relationship,
    SourceLimit,
    Succession,
    Terms,
    Upgrade,
)
from ledger.money import LARGEST_PENCE
from ledger.reports.verify import verify
from ledger.rules import in_order
from ledger.store.base import Store
from tests.books import APRIL, MAY, at, entry, new_terms, term

MOVES = legs([Leg(at("GOV", "limit"), at("NHS", "limit"), 5)])
AGREED = {"id": "a", "organisation": "ICB1", "fund": "core", "partners": "p", "decision_reference": "d", "purpose": "p"}


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Posting without its first look, as somebody would who writes by another way."""
    monkeypatch.setattr(refusals, "header_problems", lambda _: [])
    monkeypatch.setattr(refusals, "amount_problems", lambda *_: [])


def brings(model: type, row: dict[str, object], kind: str = "structure") -> Draft:
    return Draft("b", kind, APRIL, "tests", "a case", records={model: records(model, [row])})


@pytest.mark.usefixtures("unguarded")
@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (Draft("k", "gift", APRIL, "tests", "why", transfers=MOVES), "'gift' is not a kind of entry"),
        (Draft(" ", "mandate", APRIL, "tests", "why", transfers=MOVES), "no key, no actor or no reason"),
        (Draft("k", "mandate", APRIL, "", "why", transfers=MOVES), "no key, no actor or no reason"),
        (Draft("k", "mandate", APRIL, "tests", " ", transfers=MOVES), "no key, no actor or no reason"),
        (Draft("k", "terms", date(1899, 12, 31), "tests", "why"), "it is dated 1899-12-31"),
        (Draft("k", "terms", date(9991, 1, 1), "tests", "why"), "it is dated 9991-01-01"),
        (Draft("reverse:1", "reverse", APRIL, "tests", "why", transfers=MOVES), "only a reversal may"),
        (Draft("k", "mandate", APRIL, "tests", "why", reverses=1, transfers=MOVES), "only a reversal may"),
        (Draft("reverse:3", "mandate", APRIL, "tests", "why", transfers=MOVES), "its key begins 'reverse:'"),
        (Draft("k", "reverse", APRIL, "tests", "why", reverses=2, transfers=MOVES), "its key is not 'reverse:2'"),
        (Draft("k", "terms", APRIL, "tests", "why"), "it moves money or brings nothing"),
        (Draft("k", "terms", APRIL, "tests", "why", transfers=MOVES), "it moves money or brings nothing"),
        (Draft("k", "mandate", APRIL, "tests", "why"), "it has no legs, or brings records besides"),
        (Draft("k", "mandate", APRIL, "tests", "why", transfers=MOVES,
               records=new_terms(term("core", "soft", effective_from=MAY)).records), "brings records besides"),
        (Draft("k", "upgrade", APRIL, "tests", "why",
               records=new_terms(term("core", "soft", effective_from=MAY)).records), "of kind upgrade, and brings another"),
        (Draft("k", "mandate", APRIL, "tests", "why",
               transfers=legs([Leg(at("GOV", "limit"), at("NHS", "limit"), LARGEST_PENCE + 1)])), "at most 9007199254740991"),
    ],
)  # fmt: skip
def test_an_entry_is_what_its_kind_says(same_books: Store, draft: Draft, said: str) -> None:
    with pytest.raises(Refused, match=said):
        post(same_books, [draft])


def test_an_amount_that_is_too_large_is_told_the_largest(books: Store) -> None:
    move = legs([Leg(at("GOV", "limit"), at("NHS", "limit"), LARGEST_PENCE + 1)])
    with pytest.raises(Refused, match=r"it moves £90,071,992,547,409\.92\. A leg moves at most 9007199254740991 pence"):
        post(books, [Draft("k", "mandate", APRIL, "tests", "why", transfers=move)])


UPGRADE = {"id": "5", "name": "mine", "form": 3, "previous_head": "", "earlier": "[]"}


@pytest.mark.parametrize("kind", ["file"])
@pytest.mark.parametrize("of_kind", ["upgrade", "structure"])
def test_no_posting_changes_the_form_in_which_entries_are_hashed(books: Store, of_kind: str) -> None:
    """From such an entry on all the earlier ones would be hashed in another form, and no longer hold."""
    with pytest.raises(Refused, match=re.escape(Action.MIGRATE.done())):
        post(books, [brings(Upgrade, UPGRADE, of_kind)])


@pytest.mark.parametrize(
    ("model", "row", "said"),
    [
        (Organisation, {"code": "X", "name": "X", "tier": "icb", "valid_from": date(1, 1, 1)}, "valid_from is 0001-01-01"),
        (Organisation, {"code": "X", "name": "X", "tier": "icb", "valid_from": APRIL, "valid_to": date.max}, "valid_to is 9999-12-31"),
        (Relationship, {"id": "x", "parent": "P2", "child": "G1", "scheme": "s", "valid_from": date(1066, 10, 14)}, "valid_from is 1066-10-14"),
        (Relationship, {"id": "x", "parent": "P2", "child": "G1", "scheme": "s", "part": 0, "valid_from": MAY}, "part is 0"),
        (Terms, term("core", "soft", effective_from=date(9999, 1, 1)), "effective_from is 9999-01-01"),
        (Terms, term("core", "soft", effective_from=MAY, spend_by=date(9999, 1, 1)), "spend_by is 9999-01-01"),
        (Agreement, {**AGREED, "valid_from": date(202, 5, 1)}, "valid_from is 0202-05-01"),
        (Agreement, {**AGREED, "valid_from": MAY, "amount_pence": LARGEST_PENCE + 1}, "amount_pence is 9007199254740992"),
        (ControlTotal, {"id": "c", "description": "d", "year": 20250, "as_at": MAY, "from_tier": "a", "to_tier": "b",
                        "expected_pence": 0, "tolerance_pence": 0, "source": "s"}, "year is 20250"),
        (ControlTotal, {"id": "c", "description": "d", "year": 2025, "as_at": MAY, "from_tier": "a", "to_tier": "b",
                        "expected_pence": 2**63 - 1, "tolerance_pence": 0, "source": "s"}, "expected_pence is 9223372036854775807"),
        (SourceLimit, {"id": "l", "fund": "core", "year": 1900, "limit_pence": 1, "source": "s"}, "year is 1900"),
        (ClosedMonth, {"id": "1899-01", "last_day": date(1899, 1, 31)}, "last_day is 1899-01-31"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", ""),
)  # fmt: skip
def test_every_value_lies_where_the_books_can_work_with_it(
    same_books: Store, model: type, row: dict[str, object], said: str
) -> None:
    with pytest.raises(Refused, match=rf"its {said}"):
        post(same_books, [brings(model, row)])


@pytest.mark.parametrize("kind", ["file"])
def test_a_day_that_python_cannot_read_gets_nowhere(books: Store) -> None:
    row = records(Organisation, [{"code": "X", "name": "X", "tier": "icb", "valid_from": APRIL}])
    far = pa.array([10_000_000], pa.int32()).cast(pa.date32())  # in the year 29349
    table = row.set_column(row.schema.get_field_index("valid_from"), "valid_from", far)
    with pytest.raises(Refused, match=r"its valid_from is 29349-01-26"):
        post(books, [Draft("x", "structure", APRIL, "tests", "a case", records={Organisation: table})])


def proposal(*pence: int) -> Draft:
    made = {"id": "plan", "title": "A plan", "prepared_by": "tests"}
    wanted = {"id": "plan/1", "proposal": "plan", "nth": 1, "key": "k", "kind": "mandate", "effective_date": APRIL,
              "reason": "to give"}  # fmt: skip
    moved = [
        {"id": f"plan/1/{nth}", "proposed_entry": "plan/1", "leg": nth, "from_organisation": "GOV", "from_fund": "core",
         "from_year": 2025, "from_standing": "available", "to_organisation": "NHS", "to_fund": "core", "to_year": 2025,
         "to_standing": "available", "amount_pence": amount, "recurrent": True}
        for nth, amount in enumerate(pence, start=1)
    ]  # fmt: skip
    return Draft("propose", "propose", APRIL, "tests", "a plan", records={
        Proposal: records(Proposal, [made]), ProposedEntry: records(ProposedEntry, [wanted]),
        ProposedTransfer: records(ProposedTransfer, moved)})  # fmt: skip


def test_a_proposal_adds_up_to_a_sum_that_can_be_worked_with(books: Store) -> None:
    with pytest.raises(Refused, match="amount_pence is 9007199254740992"):
        post(books, [proposal(LARGEST_PENCE + 1)])
    with pytest.raises(Refused, match=f"proposal plan: its legs add up to {513 * LARGEST_PENCE}"):
        post(books, [proposal(*[LARGEST_PENCE] * 513)])
    post(books, [proposal(*[LARGEST_PENCE] * 512)])
    with books.read() as reader:
        assert verify(reader) == []


def test_what_became_of_somebody_adds_up_too(books: Store) -> None:
    rows = [
        {"id": f"s{nth}", "predecessor": "P2", "successor": successor, "effective_date": MAY, "kind": "split",
         "weight": LARGEST_PENCE, "basis": "people"}
        for nth, successor in enumerate(["P1", *["P2"] * 512])
    ]  # fmt: skip
    with pytest.raises(Refused, match="what became of it on that day adds up"):
        post(books, [Draft("s", "structure", MAY, "tests", "a case", records={Succession: records(Succession, rows)})])


@pytest.mark.parametrize("kind", ["file"])  # a server asks its own functions, which no test can change
def test_entries_of_an_earlier_form_are_judged_by_the_rules_of_their_time(
    funded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger may hold what only the newer rules refuse, from before there were any."""
    newer = [rule for rule in in_order.ALL if "upgrade" in rule.sql]
    assert {rule.name for rule in newer} >= {"shape/entry", "money/lowest-tier", "terms/loosened", "source/elsewhere"}
    monkeypatch.setattr(in_order, "AT_ONCE", tuple(rule for rule in in_order.AT_ONCE if rule not in newer))
    post(funded, [new_terms(term("winter", "none", effective_from=APRIL))])
    with funded.read() as reader:
        assert "somebody's authority" in str(verify(reader)[0])
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 1)])
    with funded.rehearse() as writer:
        upgrade = {**UPGRADE, "form": 2, "entry_number": 7}
        writer.append(Upgrade, pa.table({name: [value] for name, value in upgrade.items()}))
        assert in_order.problems(writer, 1, 6) == []
