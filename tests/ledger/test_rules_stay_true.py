"""What posting accepts, verify accepts for ever: no later row makes an earlier decision wrong.

Each case once left a ledger that could be neither verified nor backed up, though every posting was accepted.
"""

from dataclasses import replace
from datetime import date

import pytest

from ledger.entries.draft import Draft, Leg, legs, records
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.models import (
    ClosedMonth,
    Closure,
    Organisation,
    Proposal,
    ProposedEntry,
    ProposedTransfer,
    Relationship,
    Succession,
    Tier,
)
from ledger.reports.verify import verify
from ledger.store.base import Store
from tests.books import APRIL, LONG_AGO, MAY, at, entry, fund_all, new_relations, small_books
from tests.shelves import Shelf

JULY = date(2025, 7, 1)


def holds(store: Store) -> None:
    with store.read() as reader:
        assert verify(reader) == []


def closed(month: str, last_day: date) -> Draft:
    row = {"id": month, "last_day": last_day}
    return Draft(
        f"close/{month}", "close", last_day, "tests", "it has ended", records={ClosedMonth: records(ClosedMonth, [row])}
    )


def brings(key: str, model: type, *rows: dict[str, object], kind: str = "structure") -> Draft:
    return Draft(key, kind, MAY, "tests", "what is recorded", records={model: records(model, rows)})


def becomes(predecessor: str, successor: str, day: date, weight: int = 1, **given: object) -> dict[str, object]:
    return {
        "id": f"{predecessor}={successor}={day}", "predecessor": predecessor, "successor": successor,
        "effective_date": day, "kind": "merge", "weight": weight, "basis": "people", **given,
    }  # fmt: skip


def closing(organisation: str, day: date, nth: int = 1) -> dict[str, object]:
    return {"id": f"{organisation}!{day}!{nth}", "organisation": organisation, "valid_to": day}


def test_a_late_membership_of_nobody_with_money_stays_right_when_somebody_with_money_joins_it(funded: Store) -> None:
    """The new body held nothing in the closed months, and who had money then came below it only afterwards."""
    post(funded, [entry("allocate", at("ICB1", "core"), at("G1", "core"), 100), closed("2025-04", date(2025, 4, 30))])
    new = {"code": "NEW", "name": "New network", "tier": "pcn", "valid_from": LONG_AGO}
    tie = {"id": "P1>NEW", "parent": "P1", "child": "NEW", "scheme": "line", "valid_from": LONG_AGO}
    post(funded, [
        Draft("late", "structure", MAY, "tests", "recorded late",
              records={Organisation: records(Organisation, [new]), Relationship: records(Relationship, [tie])})
    ])  # fmt: skip
    joins = {"id": "NEW>G1", "parent": "NEW", "child": "G1", "scheme": "other", "valid_from": MAY}
    post(funded, [replace(new_relations(joins), effective_date=MAY)])
    post(funded, [entry("allocate", at("ICB1", "core"), at("NEW", "core"), 100, day=MAY)])
    holds(funded)


def test_a_late_membership_of_somebody_with_money_is_still_refused(funded: Store) -> None:
    post(funded, [entry("allocate", at("ICB1", "core"), at("G1", "core"), 100), closed("2025-04", date(2025, 4, 30))])
    tie = {"id": "P2>G1", "parent": "P2", "child": "G1", "scheme": "other", "valid_from": APRIL}
    with pytest.raises(Refused, match="would change what those months say"):
        post(funded, [new_relations(tie)])


def test_a_closure_is_looked_at_beside_the_successions_that_were_there(books: Store) -> None:
    split = [becomes("P2", "P1", JULY), becomes("P2", "P2", JULY, 3)]
    post(books, [brings("split", Succession, *split)])
    holds(books)
    with pytest.raises(Refused, match="P2 keeps a part, and no longer exists on that day"):
        post(books, [brings("closed", Closure, closing("P2", JULY))])
    with pytest.raises(Refused, match="P1 does not exist on that day"):
        post(books, [brings("heir closed", Closure, closing("P1", MAY))])
    post(books, [brings("closed later", Closure, closing("P2", date(2025, 9, 1)))])
    holds(books)


def test_a_closing_day_that_is_corrected_is_looked_at_beside_the_successions_that_were_there(books: Store) -> None:
    post(books, [
        Draft("merge", "structure", MAY, "tests", "they merge",
              records={Closure: records(Closure, [closing("P2", JULY)]),
                       Succession: records(Succession, [becomes("P2", "P1", JULY)])})
    ])  # fmt: skip
    holds(books)
    with pytest.raises(Refused, match="P2 goes on after that day, and what it keeps is not said"):
        post(books, [brings("later", Closure, closing("P2", date(2025, 9, 1)))])


def test_another_row_of_the_day_is_looked_at_beside_those_that_were_there(books: Store) -> None:
    post(books, [
        Draft("merge", "structure", MAY, "tests", "they merge",
              records={Closure: records(Closure, [closing("P2", JULY)]),
                       Succession: records(Succession, [becomes("P2", "P1", JULY)])})
    ])  # fmt: skip
    with pytest.raises(Refused, match="P2 keeps a part") as refused:
        post(books, [brings("itself", Succession, becomes("P2", "P2", JULY))])
    assert len(refused.value.problems) == 2


def test_one_entry_closes_an_organisation_once(books: Store) -> None:
    """Which of two days of one entry was learned last nobody could say, and each reading might say another."""
    with pytest.raises(Refused, match="it would close it twice, on 2025-07-01 and on 2025-09-01"):
        post(books, [brings("twice", Closure, closing("P2", JULY), closing("P2", date(2025, 9, 1)))])
    post(books, [
        brings("once", Closure, closing("P2", JULY)), brings("again", Closure, closing("P2", date(2025, 9, 1)))
    ])  # fmt: skip
    holds(books)


@pytest.mark.parametrize(("rank", "source"), [(0, False), (-1, False), (9, True)])
def test_a_new_tier_is_looked_at_beside_the_source(books: Store, rank: int, source: bool) -> None:
    new = {"code": "new", "name": "New tier", "rank": rank, "depth": 0, "may_go_below_zero": source}
    with pytest.raises(Refused, match="is not the one tier above all others"):
        post(books, [brings("tier", Tier, new)])


def test_nothing_is_added_to_a_proposal_by_another_entry(funded: Store) -> None:
    """Rows of a proposal that another entry brought would be decided on unseen."""
    proposal = {"id": "plan", "title": "A plan", "prepared_by": "tests"}
    first = {"id": "plan/1", "proposal": "plan", "nth": 1, "key": "k1", "kind": "devolve", "effective_date": APRIL,
             "reason": "to devolve"}  # fmt: skip
    post(funded, [
        Draft("propose", "propose", APRIL, "tests", "a plan",
              records={Proposal: records(Proposal, [proposal]), ProposedEntry: records(ProposedEntry, [first])})
    ])  # fmt: skip
    leg = {
        "id": "plan/1/1", "proposed_entry": "plan/1", "leg": 1, "from_organisation": "ICB1", "from_fund": "core",
        "from_year": 2025, "from_standing": "available", "to_organisation": "P1", "to_fund": "core", "to_year": 2025,
        "to_standing": "available", "amount_pence": 600_001, "recurrent": True,
    }  # fmt: skip
    with pytest.raises(Refused, match="adds to a proposal that it does not bring itself"):
        post(funded, [brings("more of it", ProposedTransfer, leg, kind="propose")])


def test_a_reversal_follows_what_it_undoes(funded: Store) -> None:
    undone = entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)
    mirror = Draft(
        "reverse:7", "reverse", APRIL, "tests", "before its time", reverses=7,
        transfers=legs([Leg(at("P1", "core"), at("ICB1", "core"), 10)]),
    )  # fmt: skip
    with pytest.raises(Refused, match="must name an earlier entry that it undoes"):
        post(funded, [mirror, undone])


def test_a_reversal_goes_by_the_key_of_the_entry_that_it_undoes(funded: Store) -> None:
    """Under another one's key it would keep that one from ever being reversed."""
    for _ in range(2):
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
    mirror = Draft(
        "reverse:7", "reverse", APRIL, "tests", "under another key", reverses=6,
        transfers=legs([Leg(at("P1", "core"), at("ICB1", "core"), 10)]),
    )  # fmt: skip
    with pytest.raises(Refused, match="Those keys are kept for reversals"):
        post(funded, [mirror])
    reverse(funded, 7, reason="a mistake", actor="tests")
    holds(funded)


def test_a_month_that_has_not_ended_is_not_closed(books: Store) -> None:
    """Closed ahead, it would keep everybody out of the books until then."""
    with pytest.raises(Refused, match="it has not ended: by the clock of the books it is"):
        post(books, [closed("2990-04", date(2990, 4, 30))])


def test_an_account_keeps_what_was_known_of_its_organisation(shelf: Shelf) -> None:
    """Money that moved before the closing day was learned stays where it went."""
    with Store.create(shelf.place("life")) as store:
        small_books(store)
        fund_all(store)
        post(store, [entry("allocate", at("ICB1", "core"), at("P2", "core"), 5, day=date(2025, 8, 1))])
        post(store, [brings("closed", Closure, closing("P2", JULY))])
        holds(store)
        with pytest.raises(Refused, match="does not exist on 2025-08-01"):
            post(store, [entry("allocate", at("ICB1", "core"), at("P2", "core"), 5, day=date(2025, 8, 1))])
