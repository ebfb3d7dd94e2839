"""Who may do what: every entry by somebody with a right to it, on both kinds of store."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.entries.appointments import appoint, dismiss
from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft, records
from ledger.entries.months import close
from ledger.entries.posting import post, reverse
from ledger.entries.proposals import decide, drafts_of, expire, listed, submit
from ledger.errors import Refused
from ledger.models import Appointment, ProposalEnd, ProposedTransfer
from ledger.proofs import inclusion
from ledger.reports import verify
from ledger.rules import rights, rights_judged
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.years import Month
from tests.books import MAY, agreement, at, entry, fund_all, held, new_relations, new_terms, structure, term
from tests.shelves import Opened, Shelf, Template, left_alone, made_once, opened_once

LONG_AGO = date(2020, 1, 1)
TODAY = datetime.now(UTC).date()
ICB = ("ICB1", "core", "available")


def give(books: Store, person: str, role: str, organisation: str | None = None, *, by: str = "chief", **given: object):
    return appoint(books, person, role, by=by, reason="the board agreed", day=given.pop("day", LONG_AGO),  # type: ignore[arg-type]
                   organisation=organisation, **given)  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture(scope="module")
def furnished(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Funded books with an administrator, and people of two ICBs: made once for a kind of store, closed, to be copied."""

    def make(shelf: Shelf) -> Address:
        place = shelf.copy(template(shelf.kind), "furnished")
        with Store.open(place) as books:
            fund_all(books)
            give(books, "chief", "administrator", by="setting up")
            for person, role, organisation in (
                ("anna", "preparer", "ICB1"), ("bert", "approver", "ICB1"), ("vera", "viewer", "ICB1"),
                ("otto", "preparer", "ICB2"), ("olga", "approver", "ICB2"), ("nina", "viewer", "NHS"),
            ):  # fmt: skip
                give(books, person, role, organisation)
            books.checkpoint()
        return place

    yield from made_once(tmp_path_factory.mktemp("office"), make)


@pytest.fixture(scope="module")
def _open_office(furnished: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    yield from opened_once(tmp_path_factory.mktemp("same_office"), furnished)


@pytest.fixture
def same_office(kind: str, _open_office: Opened) -> Iterator[Store]:
    """Those books, opened once for all tests in which everything is refused."""
    yield from left_alone(_open_office(kind))


@pytest.fixture
def office(shelf: Shelf, furnished: Template) -> Iterator[Store]:
    """A copy of those books, open."""
    with Store.open(shelf.copy(furnished(shelf.kind), "office")) as store:
        yield store


def devolve(pence: int, key: str = "devolve it", icb: str = "ICB1", place: str = "P1") -> Draft:
    return entry("devolve", at(icb, "core"), at(place, "core"), pence, day=MAY, key=key)


def propose(books: Store, by: str, *drafts: Draft, key: str = "plan", **given: object) -> None:
    submit(books, drafts, key=key, title=f"Secret {key}", prepared_by=by, **given)  # type: ignore[arg-type]


PLAN = "anna/plan"


def approve(books: Store, by: str, key: str = PLAN, outcome: str = "posted", **given: object) -> None:
    decide(books, key, outcome=outcome, decided_by=by, reason="so decided", day=TODAY, **given)  # type: ignore[arg-type]


def by(actor: str, draft: Draft) -> Draft:
    return replace(draft, actor=actor)


def problems(books: Store) -> list[object]:
    with books.read() as reader:
        return verify.verify(reader)


def refused(act: Callable[[], object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        act()


def seen_by(books: Store, person: str) -> list[str]:
    with books.read(person) as reader:
        return [found.id for found in listed(reader)]


def test_until_somebody_is_appointed_everything_is_allowed(funded: Store) -> None:
    with funded.read() as reader:
        assert not rights.in_force(reader)
        assert rights_judged.problems(reader, 1) == []
    propose(funded, "anybody", devolve(5))
    approve(funded, "somebody", "plan")
    with funded.read() as reader:
        assert rights_judged.kept(reader) == []


@pytest.mark.parametrize(
    ("role", "given"),
    [("approver", {}), ("administrator", {"organisation": "NHS"}), ("administrator", {"until": date(2099, 1, 1)})],
)
def test_the_first_appointment_is_an_administrator_over_the_whole(
    books: Store, role: str, given: dict[str, object]
) -> None:
    refused(lambda: give(books, "x", role, by="setting up", **given), "First appoint an administrator over the whole")
    with books.read() as reader:
        assert not rights.in_force(reader)


def test_the_last_administrator_stays_and_nobody_appoints_themselves(office: Store) -> None:
    refused(lambda: dismiss(office, "chief", by="chief", reason="x", day=TODAY), "nobody would be administrator")
    give(office, "second", "administrator")
    refused(lambda: give(office, "second", "approver", by="second"), "second would appoint themselves approver")
    give(office, "second", "approver", by="chief")
    (ended,) = dismiss(office, "chief", by="second", reason="she left", day=TODAY)
    assert ended.role == "administrator"
    refused(lambda: give(office, "x", "viewer"), r"chief may not appoint or dismiss for the whole of the books")
    refused(
        lambda: dismiss(office, "second", by="second", reason="x", day=TODAY + timedelta(days=9), role="administrator"),
        "nobody would be administrator over the whole",
    )
    assert problems(office) == []


def test_an_administrator_of_one_organisation_appoints_for_it_and_below_alone(office: Store) -> None:
    give(office, "local", "administrator", "ICB1")
    give(office, "newcomer", "preparer", "N1", by="local")
    for organisation in ("ICB2", "NHS", None):
        refused(lambda o=organisation: give(office, "newcomer", "preparer", o, by="local"), "local may not appoint")
    refused(lambda: dismiss(office, "otto", by="local", reason="x", day=TODAY), "local may not appoint or dismiss")
    assert problems(office) == []


@pytest.mark.parametrize("who", ["vera", "anna", "otto", "olga", "chief", "nobody", "bert"])
def test_money_is_not_posted_past_a_proposal(same_office: Store, who: str) -> None:
    """A viewer, a preparer, another ICB's people, an administrator, a stranger, and an approver alone."""
    refused(lambda: post(same_office, [by(who, devolve(5))]), f"{who} may not post money of First ICB")
    assert held(same_office)[ICB] == 600_000


def test_a_preparer_proposes_and_an_approver_of_the_same_organisation_approves(office: Store) -> None:
    for stranger in ("vera", "bert", "otto", "nobody"):
        refused(lambda w=stranger: propose(office, w, devolve(5)), f"{stranger} may not propose for First ICB")
    propose(office, "anna", devolve(500))
    for stranger in ("vera", "nina", "chief"):
        refused(lambda w=stranger: approve(office, w), f"{stranger} may not approve for First ICB")
        refused(lambda w=stranger: approve(office, w, outcome="rejected"), f"{stranger} may not reject for First ICB")
    for outsider in ("olga", "nobody"):
        refused(lambda w=outsider: approve(office, w), "there is no such proposal, or you may not see it")
    refused(lambda: approve(office, "anna"), "Nobody decides on what they prepared")
    approve(office, "bert")
    assert held(office)["P1", "core", "available"] == 500
    assert problems(office) == []


def test_who_may_prepare_and_approve_still_does_not_approve_their_own(office: Store) -> None:
    give(office, "bert", "preparer", "ICB1")
    propose(office, "bert", devolve(5))
    refused(lambda: approve(office, "bert", "bert/plan"), "Nobody decides on what they prepared")
    approve(office, "bert", "bert/plan", outcome="withdrawn")
    assert problems(office) == []


def test_a_reversal_is_somebody_elses_and_needs_both_sides(office: Store) -> None:
    with office.read() as reader:
        money = last_entry(reader) - 9  # the allocation to the first ICB
        assert reader.rows("SELECT kind FROM entry WHERE number = $n", {"n": money}) == [("mandate",)]
    number = money + 1
    for who in ("anna", "bert", "vera", "olga", "nobody"):
        refused(
            lambda w=who: reverse(office, number, reason="wrong", actor=w), f"{who} may not reverse an entry of NHS"
        )
    give(office, "nora", "approver", "NHS")
    reverse(office, number, reason="wrong", actor="nora")
    give(office, "solo", "approver", "ICB2", alone=True)
    done = post(office, [by("solo", devolve(7, "own", "ICB2", "P3"))])[0].number
    give(office, "olga", "approver", "P3")
    reverse(office, done, reason="wrong", actor="olga")
    assert problems(office) == []


def test_structure_terms_and_agreements_are_their_organisations(office: Store) -> None:
    give(office, "local", "administrator", "ICB1")
    move = new_relations(
        {"id": "theft", "parent": "P1", "child": "P3", "scheme": "own", "valid_from": MAY}, key="theft"
    )
    inside = new_relations({"id": "ok", "parent": "P1", "child": "G1", "scheme": "own", "valid_from": MAY}, key="in")
    refused(lambda: post(office, [by("local", move)]), r"local may not change the structure of Third place|tiers")
    post(office, [by("local", inside)])
    lift = new_terms(term("winter", "none", version=2, effective_from=MAY), key="lift it")
    agreed = agreement(organisation="ICB1", fund="core", amount_pence=5)
    for draft in (lift, agreed, replace(structure(), key="again")):
        with pytest.raises(Refused):
            post(office, [by("local", draft)])
    propose(office, "anna", agreed)
    approve(office, "bert")
    assert problems(office) == []


def test_rights_begin_and_end_on_their_days(office: Store) -> None:
    give(office, "soon", "preparer", "ICB1", day=TODAY + timedelta(days=1))
    give(office, "over", "preparer", "ICB1", until=TODAY)
    refused(lambda: propose(office, "soon", devolve(5)), "soon may not propose")
    refused(lambda: propose(office, "over", devolve(5)), "over may not propose")
    propose(office, "anna", devolve(5))
    dismiss(office, "anna", by="chief", reason="moved on", day=TODAY)
    refused(lambda: propose(office, "anna", devolve(6), key="late"), "anna may not propose")
    assert problems(office) == []  # what she did while she might stays right


def test_one_organisation_does_not_see_anothers_proposals(office: Store) -> None:
    propose(office, "anna", devolve(5))
    propose(office, "otto", devolve(7, "other", "ICB2", "P3"), key="theirs")
    assert seen_by(office, "anna") == seen_by(office, "bert") == seen_by(office, "vera") == [PLAN]
    assert seen_by(office, "otto") == seen_by(office, "olga") == ["otto/theirs"]
    assert seen_by(office, "nina") == [PLAN, "otto/theirs"]
    assert seen_by(office, "nobody") == []
    with office.read("olga") as reader:
        assert drafts_of(reader, "otto/theirs")
        for table in ("proposal", "proposed_entry", "proposed_transfer"):
            (row,) = reader.rows(f"SELECT * FROM {table}")
            assert "plan" not in str(row)
        (hidden,) = reader.unseen
        with pytest.raises(Refused, match=f"entry {hidden}: part of it is not for you to see"):
            inclusion.inclusion(reader, hidden)
        assert verify.verify(reader) == []
        assert "plan" not in str(reader.rows("SELECT * FROM entry")).lower()
    dismiss(office, "vera", by="chief", reason="moved on", day=TODAY)
    assert seen_by(office, "vera") == []


def test_a_proposal_of_several_payers_shows_each_its_own_legs(office: Store) -> None:
    give(office, "nick", "preparer", "NHS")
    propose(office, "nick", devolve(5), devolve(7, "other", "ICB2", "P3"), key="national")
    refused(lambda: approve(office, "bert", "nick/national"), "money of organisations over which bert has no right")
    with office.read("bert") as reader:
        assert reader.rows("SELECT from_organisation, amount_pence FROM proposed_transfer") == [("ICB1", 5)]
    with office.read("nick") as reader:
        assert reader.whole("SELECT count(*) FROM proposed_transfer") == 2


def test_what_is_tried_past_the_functions_is_refused_all_the_same(office: Store) -> None:
    """Drafts made by hand: a false name, a leg slipped into another's proposal."""
    propose(office, "anna", devolve(5))
    leg = {"id": f"{PLAN}/1/2", "proposed_entry": f"{PLAN}/1", "leg": 2, "from_organisation": "ICB2", "from_fund": "core",
           "from_year": 2025, "from_standing": "available", "to_organisation": "P3", "to_fund": "core", "to_year": 2025,
           "to_standing": "available", "amount_pence": 9, "recurrent": True}  # fmt: skip
    slipped = Draft("s", "propose", MAY, "otto", "x", records={ProposedTransfer: records(ProposedTransfer, [leg])})
    refused(lambda: post(office, [slipped]), "it adds to a proposal that it does not bring itself")
    end = {"proposal": PLAN, "prepared_by": "anna", "outcome": "posted", "decided_by": "bert", "reason": "x"}
    false = Draft("f", "decide", MAY, "nina", "x", records={ProposalEnd: records(ProposalEnd, [end])})
    refused(lambda: post(office, [false]), "nina posted it, and it says that bert did")
    own = {"id": "mine", "person": "vera", "role": "approver", "organisation": None, "valid_from": LONG_AGO}
    self_made = Draft("o", "terms", MAY, "vera", "x", records={Appointment: records(Appointment, [own])})
    refused(lambda: post(office, [self_made]), "vera may not appoint|vera would appoint themselves")
    assert problems(office) == []


def test_what_has_expired_is_ended_by_its_own_people_after_its_day(office: Store) -> None:
    propose(office, "anna", devolve(5), expires_on=TODAY)
    tomorrow = TODAY + timedelta(days=1)
    refused(lambda: expire(office, day=tomorrow, decided_by="anna"), "whose last day has not passed")
    propose(office, "anna", devolve(6, "late"), key="late", expires_on=date(2025, 6, 1))
    refused(lambda: expire(office, day=date(2025, 7, 1), decided_by="nina"), "nina may not let a proposal .* expire")
    assert expire(office, day=date(2025, 7, 1), decided_by="otto") == []
    assert len(expire(office, day=date(2025, 7, 1), decided_by="anna")) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"role": "boss"}, "there is no role 'boss'"),
        ({"organisation": "ICB9"}, "Did you mean ICB"),
        ({"role": "viewer", "limit_pence": 5}, "Only preparers and approvers move money"),
        ({"role": "preparer", "alone": True}, "Only an approver posts"),
        ({"role": "app"}, "names who is at its screen"),
        ({"until": LONG_AGO}, "It would never hold"),
        ({"person": " "}, "it is empty, or has spaces around it"),
        ({"person": "anna/x"}, "the name 'anna/x' holds a '/'"),
        ({"limit_pence": 5, "limit_period": "week"}, "Give a limit, and one of day, month, year"),
        ({"limit_period": "month"}, "no limit per 'month'"),
        ({"role": "approver", "limit_pence": -1}, "Only preparers and approvers move money"),
    ],
)
def test_a_right_that_makes_no_sense_is_refused(same_office: Store, given: dict[str, object], said: str) -> None:
    asked = {"person": "x", "role": "approver", "organisation": "ICB1", **given}
    with pytest.raises(Refused, match=said):
        give(same_office, **asked)  # type: ignore[arg-type]


def test_who_gave_which_right_when_and_why_is_in_the_books(office: Store) -> None:
    dismiss(office, "anna", by="chief", reason="moved on", day=TODAY)
    with office.read() as reader:
        found = {(right.person, right.role): right for right in rights.given(reader, last_entry(reader))}
    anna = found["anna", "preparer"]
    assert (anna.organisation_name, anna.given_by, anna.reason) == ("First ICB", "chief", "the board agreed")
    assert anna.holds(TODAY - timedelta(days=1))
    assert not anna.holds(TODAY)
    assert found["bert", "approver"].valid_to is None


def test_a_month_is_closed_by_an_administrator_of_the_whole(office: Store) -> None:
    """Whatever else an entry of that kind brings, the month is the whole's."""
    month = Month(2025, 4)
    refused(
        lambda: close(office, month, reason="in time", actor="bert"), "bert may not change the structure of the whole"
    )
    assert close(office, month, reason="in time", actor="chief", dry_run=True).number
