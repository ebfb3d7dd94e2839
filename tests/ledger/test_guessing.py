"""Who guesses the name of a proposal that is not for them to see hears what they would hear of one that is not there."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlmodel import SQLModel

from ledger.entries import proposals
from ledger.entries.draft import Draft, records
from ledger.entries.posting import could_be_posted, post, reverse
from ledger.entries.proposals import decide, drafts_of, expire, is_whole, name_of, submit
from ledger.errors import Refused
from ledger.models import Proposal, ProposalEnd, ProposedEntry, ProposedTransfer
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import MAY
from tests.ledger.test_rights import TODAY, approve, by, devolve, furnished, give, propose
from tests.shelves import Opened, Shelf, Template, left_alone, made_once, opened_once

__all__ = ["furnished"]
OUTCOMES = ("posted", "part-posted", "rejected", "withdrawn", "expired")
# Open, approved, rejected, and of several payers; and one that is not there.
HIDDEN, MISSING = ("anna/plan", "anna/done", "anna/gone"), "anna/nill"
SEVERAL = "nick/both"
# People of another organisation, a login that nobody appointed, and an administrator of elsewhere.
GUESSING = ("otto", "olga", "stranger", "far")
LEG = {"leg": 1, "from_organisation": "ICB2", "from_fund": "core", "from_year": 2025, "from_standing": "available",
       "to_organisation": "P3", "to_fund": "core", "to_year": 2025, "to_standing": "available", "amount_pence": 9,
       "recurrent": True}  # fmt: skip
ENTRY = {"nth": 1, "key": "x", "kind": "devolve", "effective_date": MAY, "reason": "x"}


@pytest.fixture(scope="module")
def _open_hiding(furnished: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    def make(shelf: Shelf) -> Address:
        place = shelf.copy(furnished(shelf.kind), "hiding")
        with Store.open(place) as office:
            give(office, "far", "administrator", "ICB2")
            give(office, "nick", "preparer", "NHS")
            propose(office, "anna", devolve(300_000))
            propose(office, "anna", devolve(5, "done"), key="done")
            approve(office, "bert", "anna/done")
            propose(office, "anna", devolve(6, "gone"), key="gone")
            approve(office, "bert", "anna/gone", outcome="rejected")
            propose(office, "nick", devolve(70, "near"), devolve(80, "away", "ICB2", "P3"), key="both")
            office.checkpoint()
        return place

    folder = tmp_path_factory.mktemp("hiding")
    for template in made_once(folder, make):
        yield from opened_once(folder, template)


@pytest.fixture
def hiding(kind: str, _open_hiding: Opened) -> Iterator[Store]:
    """Books with proposals of the first ICB that are open and ended, and one in which both ICBs pay.

    Opened once for all tests: whatever is tried here is refused, or kept by nobody.
    """
    yield from left_alone(_open_hiding(kind))


def told(act: Callable[[], object], name: str) -> str:
    """What somebody is told, with the guessed name, hashes and times left out."""
    try:
        answer = str(act())
    except Refused as error:
        answer = str(error)
    answer = re.sub(r"datetime\.datetime\([^)]*\)|[0-9a-f]{32,64}", "...", answer)
    return answer.replace(name, "NAME")


def brought(actor: str, kind: str, **rows: list[dict[str, Any]]) -> Draft:
    models: dict[str, type[SQLModel]] = {
        "proposal": Proposal, "entry": ProposedEntry, "leg": ProposedTransfer, "end": ProposalEnd,
    }  # fmt: skip
    tables = {models[name]: records(models[name], given) for name, given in rows.items()}
    return Draft("a try", kind, MAY, actor, "x", records=tables)


def ways(books: Store, who: str, name: str) -> dict[str, Callable[[], object]]:
    """Everything that a person can do with the name of a proposal."""
    found: dict[str, Callable[[], object]] = {}
    for outcome in OUTCOMES:
        found[f"decide {outcome}"] = lambda outcome=outcome: decide(
            books, name, outcome=outcome, decided_by=who, reason="x", day=TODAY, only=[1], dry_run=True
        )
        for prepared_by in ("anna", who):
            end = {"proposal": name, "prepared_by": prepared_by, "outcome": outcome, "decided_by": who, "reason": "x",
                   "posted": "1" if outcome == "posted" else None}  # fmt: skip
            found[f"end it as {outcome}, of {prepared_by}"] = lambda end=end: post(
                books, [brought(who, "decide", end=[end]), by(who, devolve(5, "fresh"))], dry_run=True
            )
            found[f"try to end it as {outcome}, of {prepared_by}"] = lambda end=end: could_be_posted(
                books, [brought(who, "decide", end=[end])]
            )
    own = {"id": f"{who}/own", "title": "x", "prepared_by": who}
    one = ENTRY | {"id": f"{who}/own/1", "proposal": f"{who}/own"}
    raw: dict[str, dict[str, list[dict[str, Any]]]] = {
        "take its name": {"proposal": [own | {"id": name}], "entry": [ENTRY | {"id": f"{name}/1", "proposal": name}]},
        "add an entry": {"entry": [ENTRY | {"id": f"{name}/2", "proposal": name, "nth": 2}]},
        "add its entry": {"entry": [ENTRY | {"id": f"{name}/1", "proposal": name}]},
        "add a leg": {"leg": [LEG | {"id": f"{name}/1/1", "proposed_entry": f"{name}/1"}]},
        "an entry's name": {"proposal": [own], "entry": [one | {"id": f"{name}/1"}]},
        "a leg's name": {"proposal": [own], "entry": [one],
                         "leg": [LEG | {"id": f"{name}/1/1", "proposed_entry": f"{who}/own/1"}]},
    }  # fmt: skip
    for what, rows in raw.items():
        found[what] = lambda rows=rows: post(books, [brought(who, "propose", **rows)], dry_run=True)
    for icb, place in (("ICB1", "P1"), ("ICB2", "P3")):
        found[f"submit for {icb}"] = lambda icb=icb, place=place: submit(
            books, [devolve(5, "a new one", icb, place)], key=name, title="x", prepared_by=who, dry_run=True
        )
    for asked in (proposals.entries, proposals.legs, drafts_of, is_whole):
        found[asked.__name__] = lambda asked=asked: read(books, who, lambda reader: asked(reader, name))
    found["show"] = lambda: read(books, who, lambda reader: proposals.proposal_named(reader, name))
    found["name_of"] = lambda: read(books, who, lambda reader: name_of(reader, name, who))
    return found


def read(books: Store, who: str, ask: Callable[[Any], object]) -> object:
    with books.read(who) as reader:
        return ask(reader)


@pytest.mark.parametrize("who", GUESSING)
def test_a_hidden_proposal_is_answered_as_one_that_is_not_there(hiding: Store, who: str) -> None:
    missing = {what: told(act, MISSING) for what, act in ways(hiding, who, MISSING).items()}
    assert all(missing.values())
    for name in HIDDEN:
        for what, act in ways(hiding, who, name).items():
            assert told(act, name) == missing[what], (name, what)


def test_who_sees_a_part_is_not_told_who_else_pays(hiding: Store) -> None:
    for what, act in ways(hiding, "bert", SEVERAL).items():
        answer = told(act, SEVERAL)
        for other in ("ICB2", "Second", "P3", "Third", "0.80", "1.50"):
            assert other not in answer or "for ICB2" in what, (what, answer)
    assert "organisations over which bert has no right" in told(
        ways(hiding, "bert", SEVERAL)["decide rejected"], SEVERAL
    )


@pytest.mark.parametrize("who", GUESSING)
def test_nobody_is_told_what_is_reserved_of_anothers_money(hiding: Store, who: str) -> None:
    """£3,000 of £6,000 are reserved: who has no right to them hears of the right alone, above and below that."""
    tries: dict[str, Callable[[int], object]] = {
        "post": lambda pence: post(hiding, [by(who, devolve(pence, "much"))], dry_run=True),
        "try": lambda pence: could_be_posted(hiding, [by(who, devolve(pence, "much"))]),
        "propose": lambda pence: submit(
            hiding, [devolve(pence, "much")], key="much", title="x", prepared_by=who, dry_run=True
        ),
    }  # fmt: skip
    for what, act in tries.items():
        answers = {told(lambda act=act, pence=pence: act(pence), "-") for pence in (299_000, 301_000)}
        assert len({re.sub(r"£[\d,.]+", "£", answer) for answer in answers}) == 1, (what, answers)
        assert not any("reserved" in answer for answer in answers), (what, answers)


def test_nobody_is_told_of_anothers_proposals_by_what_expires_or_is_reversed(hiding: Store) -> None:
    for who in GUESSING:
        assert expire(hiding, decided_by=who) == []
    with hiding.read() as reader:
        (done,) = reader.rows("SELECT number FROM entry WHERE key = 'done'")[0]
    assert "anna" not in told(lambda: reverse(hiding, int(str(done)), reason="x", actor="olga"), "-")
