"""What must hold of forecasts, letters, contracts, instalments and new names; and who may record them."""

from datetime import date
from typing import Any

import pytest

from ledger import plans
from ledger.entries.appointments import appoint
from ledger.entries.draft import Draft, records
from ledger.entries.kinds import ARRANGE, FORECAST, LETTER
from ledger.entries.posting import post
from ledger.entries.proposals import decide, submit
from ledger.errors import Refused
from ledger.reports.verify import verify
from ledger.store.base import Store
from tests.books import LONG_AGO, texts

JUNE = date(2025, 6, 1)
KINDS = {
    plans.Renaming: "structure", plans.Forecast: FORECAST, plans.Letter: LETTER, plans.Contribution: ARRANGE,
    plans.Contract: ARRANGE, plans.TestedInstalment: ARRANGE,
}  # fmt: skip
PAY = {"fund": "core", "year": 2025}
RENAMED = {"organisation": "P1", "name": "First", "valid_from": JUNE}
EXPECTED = {**PAY, "organisation": "P1", "as_at": date(2025, 6, 30), "amount_pence": 5}
LINE = {**PAY, "reference": "M3/1", "month": date(2025, 6, 30), "from_organisation": "NHS", "to_organisation": "ICB1",
        "amount_pence": 5, "recurrent": True, "notified_on": JUNE}  # fmt: skip
POOLED = {**PAY, "pool": "P1", "payer": "ICB1", "agreed_pence": 10}
HELD = {"code": "A", "kind": "iho", "holder": "P1", "commissioner": "ICB1", "fund": "core", "valid_from": JUNE}
PART = {**HELD, "code": "B", "holder": "N1", "commissioner": "P1", "part_of": "A"}
DUE = {**PAY, "code": "Q2", "payer": "ICB1", "receiver": "P1", "due_on": JUNE, "amount_pence": 7, "test": "it is done"}
VALID = ((plans.Renaming, RENAMED), (plans.Forecast, EXPECTED), (plans.Letter, LINE), (plans.Contribution, POOLED),
         (plans.Contract, HELD), (plans.TestedInstalment, DUE))  # fmt: skip


def brings(model: Any, *rows: dict[str, Any], key: str = "", actor: str = "tests") -> Draft:
    key = key or f"{model.__tablename__} {rows[0].get('outcome', '')}"
    its = [{"id": f"{key}/{nth}", **row} for nth, row in enumerate(rows)]
    return Draft(key, KINDS[model], JUNE, actor, "decided", records={model: records(model, its)})


def test_every_record_is_taken_and_a_later_one_beside_it(books: Store) -> None:
    for nth in ("first", "again"):
        for model, row in VALID:
            post(books, [brings(model, row, key=f"{model.__tablename__} {nth}")])
    post(books, [brings(plans.Contract, PART, key="part")])
    for outcome in ("withheld", "earned"):
        post(books, [brings(plans.TestedInstalment, {**DUE, "outcome": outcome})])
    with books.read_afresh() as reader:
        assert texts(verify(reader)) == ""
        assert [outcome for (outcome,) in reader.rows("SELECT outcome FROM instalment ORDER BY entry_number")] == [
            "due", "due", "withheld", "earned"]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "rows", "found"),
    [
        (plans.Renaming, [{**RENAMED, "name": " "}], "its name is empty."),
        (plans.Renaming, [{**RENAMED, "fund": "core"}], "the database refused a row"),
        (plans.Renaming, [{**RENAMED, "organisation": None}], "the database refused a row"),
        (plans.Forecast, [{**EXPECTED, "as_at": date(2025, 6, 29)}], "its as_at is 2025-06-29."),
        (plans.Forecast, [{**EXPECTED, "amount_pence": -1}], "the database refused a row"),
        (plans.Forecast, [EXPECTED, EXPECTED], "the database refused a row"),
        (plans.Forecast, [{**EXPECTED, "year": 1900}], "its year is 1900."),
        (plans.Letter, [{**LINE, "reference": ""}], "its reference is empty."),
        (plans.Letter, [{**LINE, "reference": "M3; 1"}], "its reference 'M3; 1' has a semicolon."),
        (plans.Letter, [{**LINE, "month": JUNE}], "its month is 2025-06-01."),
        (plans.Letter, [{**LINE, "amount_pence": 0}], "the database refused a row"),
        (plans.Letter, [{**LINE, "notified_on": None}], "the database refused a row"),
        (plans.Letter, [{**LINE, "to_organisation": "NHS"}], "the database refused a row"),
        (plans.Contribution, [{**POOLED, "minimum_pence": 11}], "the database refused a row"),
        (plans.Contract, [{**HELD, "kind": "gift"}], "the database refused a row"),
        (plans.Contract, [{**HELD, "population": 0}], "the database refused a row"),
        (plans.Contract, [{**HELD, "valid_to": JUNE}], "the database refused a row"),
        (plans.Contract, [PART], "it is part of 'A', which is no earlier contract."),
        (plans.Contract, [{**HELD, "part_of": "A"}], "it is part of 'A', which is no earlier contract."),
        (plans.TestedInstalment, [{**DUE, "test": ""}], "its test is empty."),
        (plans.TestedInstalment, [{**DUE, "outcome": "earned"}], "no earlier entry brought that instalment."),
        (plans.TestedInstalment, [{**DUE, "outcome": "moved"}], "the database refused a row"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["file"])
def test_what_makes_no_sense_is_refused(same_books: Store, model: Any, rows: list[dict[str, Any]], found: str) -> None:
    with pytest.raises(Refused) as refused:
        post(same_books, [brings(model, *rows)])
    assert found in texts(refused.value.problems)


def test_a_sub_contract_is_let_by_who_holds_the_contract(books: Store) -> None:
    post(books, [brings(plans.Contract, HELD, key="whole")])
    with pytest.raises(Refused, match="ICB1 lets it, and A is held by P1"):
        post(books, [brings(plans.Contract, {**PART, "commissioner": "ICB1"}, key="part")])
    # Who holds it now counts, and not who did when the sub-contract was let.
    post(books, [brings(plans.Contract, PART, key="part")])
    post(books, [brings(plans.Contract, {**HELD, "holder": "P2"}, key="moves on")])
    with pytest.raises(Refused, match="P1 lets it, and A is held by P2"):
        post(books, [brings(plans.Contract, {**PART, "code": "C"}, key="another part")])
    with books.read_afresh() as reader:
        assert texts(verify(reader)) == ""


def test_what_was_due_is_not_changed_with_its_outcome(books: Store) -> None:
    post(books, [brings(plans.TestedInstalment, DUE)])
    with pytest.raises(Refused, match="'Q2' is withheld, and changes something else of it"):
        post(books, [brings(plans.TestedInstalment, {**DUE, "outcome": "withheld", "amount_pence": 6})])
    post(books, [brings(plans.TestedInstalment, {**DUE, "amount_pence": 8}, key="corrected while it is due")])
    post(books, [brings(plans.TestedInstalment, {**DUE, "amount_pence": 8, "outcome": "moved", "moved_to": "P2"})])
    with pytest.raises(Refused, match="'Q2' is due, and it is moved already"):
        post(books, [brings(plans.TestedInstalment, DUE, key="due again")])


def test_who_may_record_what(books: Store) -> None:
    """An approver of the ICB records what is its own; names are an administrator's; others propose."""

    def allow(person: str, role: str, organisation: str | None = None, **given: Any) -> None:
        appoint(books, person, role, by="setting up" if person == "chief" else "chief", reason="x", day=LONG_AGO,
                organisation=organisation, **given)  # fmt: skip

    allow("chief", "administrator")
    allow("ann", "approver", "ICB1", alone=True, limit_pence=1, limit_period="day")
    allow("bob", "approver", "ICB2", alone=True)
    allow("cat", "preparer", "ICB1")
    allow("dan", "approver", "ICB1")
    for model, row in VALID[1:]:
        with pytest.raises(Refused, match="bob may not change terms or agreements of"):
            post(books, [brings(model, row, actor="bob")])
        post(books, [brings(model, row, actor="ann")])
    with pytest.raises(Refused, match="ann may not change the structure of"):
        post(books, [brings(plans.Renaming, RENAMED, actor="ann")])
    post(books, [brings(plans.Renaming, RENAMED, actor="chief")])
    for nth, (model, row) in enumerate(VALID[1:]):
        key = f"cat/{nth}"
        submit(books, [brings(model, row, key=f"proposed {nth}", actor="cat")], key=key, title="x", prepared_by="cat")
        # Whoever has no right over what it is about does not see it.
        with pytest.raises(Refused, match="there is no such proposal, or you may not see it"):
            decide(books, key, outcome="posted", decided_by="bob", reason="agreed")
        decide(books, key, outcome="posted", decided_by="dan", reason="agreed")
    with books.read_afresh() as reader:
        assert texts(verify(reader)) == ""
