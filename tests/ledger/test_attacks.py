"""Ways in which somebody would get round what the books hold, tried on both kinds of store: none gets through.

Limits at the edges of their period, reversals that undo reversals, ring-fenced money over several funds, and approvals
in parts that are reversed. The amounts are worked out by hand.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import date

from ledger.entries.draft import Draft, records
from ledger.entries.posting import post, reverse, reverse_all
from ledger.entries.proposals import decide, submit
from ledger.errors import Refused
from ledger.models import Fund, Terms
from ledger.store.address import ServerAddress
from ledger.store.base import Store
from tests.books import APRIL, JUNE, MAY, at, entry, held, term
from tests.ledger.test_rights import (
    ICB,
    TODAY,
    approve,
    by,
    devolve,
    furnished,
    give,
    office,
    problems,
    propose,
    refused,
)
from tests.ledger.test_source_rules import back, gone_back, holds, mandate, reported

__all__ = ["furnished", "gone_back", "office"]


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_date_either_side_of_a_period_is_no_way_round(office: Store) -> None:
    """A limit counts when it was recorded: what is dated in other months, and other days, is of one."""
    give(office, "carl", "approver", "ICB1", limit_pence=100, alone=True)
    days = (date(2025, 4, 30), date(2025, 5, 1), date(2025, 5, 31), date(2025, 6, 1))
    pieces = [by("carl", replace(devolve(25 + (day == days[-1]), f"of {day}"), effective_date=day)) for day in days]
    refused(lambda: post(office, pieces), r"£0\.26 in all.*£0\.75 of it is moved already, and £0\.25 remains")
    for piece in pieces[:3]:
        post(office, [piece])
    refused(lambda: post(office, pieces[3:]), r"£0\.75 of it is moved already, and £0\.25 remains")
    refused(
        lambda: post(office, [by("carl", replace(devolve(26, "backdated"), effective_date=APRIL))]),
        r"£0\.75 of it is moved already, and £0\.25 remains",
    )
    assert problems(office) == []


def test_pieces_that_many_post_at_once_add_up(office: Store) -> None:
    """Of eight pieces of £0.30 under a limit of £1.00 three are moved, whoever comes first; a server hears each alone."""
    give(office, "carl", "approver", "ICB1", limit_pence=100, alone=True)

    def attempt(nth: int) -> str:
        own = isinstance(office.path, ServerAddress)
        try:
            with Store.open(office.path) if own else nullcontext(office) as store:
                post(store, [by("carl", devolve(30, f"piece {nth}"))])
        except Refused as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(8) as many:
        told = list(many.map(attempt, range(8)))
    assert told.count("") == 3
    assert all("£0.90 of it is moved already, and £0.10 remains" in said for said in told if said)
    assert held(office)["P1", "core", "available"] == 90
    assert problems(office) == []


# --- reversals -------------------------------------------------------------------------------------------------------


def test_a_reversal_is_not_undone_by_whoever_asks_and_in_no_way(office: Store) -> None:
    give(office, "nora", "approver", alone=True)
    give(office, "bert", "approver", alone=True)
    done = post(office, [by("bert", devolve(40, "own"))])[0].number
    before = held(office)
    (first,) = [reverse(office, done, reason="wrong", actor="nora").number]
    undone = held(office)
    mirror = replace(devolve(40, f"reverse:{first}"), kind="reverse", reverses=first)
    for act, said in (
        (lambda: reverse(office, first, reason="again", actor="bert"), "undoes a reversal|it is of kind reverse"),
        (lambda: reverse_all(office, [first], reason="again", actor="bert"), "undoes a reversal|it is of kind reverse"),
        (lambda: reverse(office, done, reason="again", actor="bert"), "already reversed"),
        (lambda: post(office, [by("bert", mirror)]), "undoes a reversal|it is of kind reverse"),
        (lambda: post(office, [by("bert", replace(mirror, effective_date=JUNE))]), "undoes a reversal"),
        (lambda: propose(office, "anna", mirror), "undoes a reversal|it is of kind reverse"),
        (lambda: post(office, [by("bert", replace(mirror, reverses=None))]), "must name the entry it undoes"),
        (lambda: post(office, [by("bert", replace(mirror, key="another"))]), "does not begin with 'reverse:'"),
    ):
        refused(act, said)
        assert held(office) == undone != before
    # The same entry asked for again is the one that was there: it brings nothing back.
    assert post(office, [by("bert", devolve(40, "own"))])[0].replayed
    assert held(office) == undone
    assert problems(office) == []


# --- approvals in parts ----------------------------------------------------------------------------------------------


def test_what_a_part_brought_is_reversed_and_comes_by_no_second_approval(office: Store) -> None:
    give(office, "nora", "approver")
    before = held(office)[ICB]
    propose(office, "anna", devolve(30, "a"), devolve(20, "b"))
    approve(office, "bert", outcome="part-posted", only=[1])
    with office.read() as reader:
        ((decision, posted),) = reader.rows(
            "SELECT min(number), max(number) FROM entry WHERE number > (SELECT max(entry_number) FROM proposal)"
        )
    # Who prepared it, and who decided, do not take it back by themselves.
    for who in ("anna", "vera", "olga", "nobody"):
        refused(lambda w=who: reverse(office, posted, reason="wrong", actor=w), f"{who} may not reverse")
    reverse(office, posted, reason="wrong", actor="nora")
    assert held(office)[ICB] == before
    refused(lambda: reverse(office, decision, reason="wrong", actor="nora"), "it is of kind decide")
    refused(lambda: reverse(office, decision - 1, reason="wrong", actor="nora"), "it is of kind propose")
    for outcome, only in (("posted", ()), ("part-posted", (1,)), ("part-posted", (2,)), ("rejected", ())):
        refused(lambda o=outcome, n=only: approve(office, "nora", outcome=o, only=n), "A proposal ends once")
    # The entry that was left out, and the one that was reversed, are nobody's to post without a new decision.
    for actor in ("anna", "bert", "nora"):
        refused(lambda w=actor: post(office, [by(w, devolve(20, "b"))]), f"{actor} may not post")
        refused(lambda w=actor: post(office, [by(w, devolve(30, "again"))]), f"{actor} may not post")
    assert post(office, [by("bert", devolve(30, "a"))])[0].replayed
    assert held(office)[ICB] == before
    # All of it is free again: a second proposal reserves it, to the penny.
    propose(office, "anna", devolve(before, "all"), key="second")
    refused(lambda: propose(office, "anna", devolve(1, "more"), key="third"), r"below zero|reserve")
    approve(office, "bert", "anna/second")
    assert held(office).get(ICB, 0) == 0
    assert problems(office) == []


def test_a_part_that_is_reversed_leaves_its_approver_no_more_than_the_limit(office: Store) -> None:
    give(office, "carl", "approver", limit_pence=100)
    give(office, "nora", "approver")
    for nth, pence in enumerate((60, 41)):
        propose(office, "anna", devolve(pence, f"a {nth}"), devolve(5, f"b {nth}"), key=f"plan {nth}")
    approve(office, "carl", "anna/plan 0", outcome="part-posted", only=[1])
    with office.read() as reader:
        number = reader.whole("SELECT max(number) FROM entry")
    reverse(office, number, reason="wrong", actor="nora")
    refused(
        lambda: approve(office, "carl", "anna/plan 1", outcome="part-posted", only=[1]),
        r"£0\.60 of it is moved already, and £0\.40 remains",
    )
    approve(office, "carl", "anna/plan 1", outcome="part-posted", only=[2])
    assert problems(office) == []


# --- ring-fenced money over several funds ----------------------------------------------------------------------------

SAID = "the source gives money on core, while .* of winter that went back to it in 2025/26 has not gone out"


def test_money_of_three_ring_fences_goes_out_on_each_of_them_first(gone_back: Store) -> None:
    """Winter and care wait; what goes out on one, or on a third, frees nothing of the other."""
    post(gone_back, [mandate("care-inner", 40, authority="a letter")])
    post(gone_back, [back("care-inner", 40, day=MAY)])
    refused(lambda: post(gone_back, [mandate("core", 1, day=JUNE)]), SAID)
    refused(lambda: post(gone_back, [mandate("winter", 60, day=JUNE)]), "of care.* that went back")
    post(gone_back, [mandate("winter", 60, day=JUNE, authority="a letter")])
    refused(lambda: post(gone_back, [mandate("growth", 1, day=JUNE)]), "of care.* that went back")
    refused(lambda: post(gone_back, [mandate("core", 1, day=JUNE)]), "of care.* that went back")
    refused(lambda: post(gone_back, [mandate("care", 1, day=JUNE)]), "of care-inner that went back")
    post(gone_back, [mandate("care-inner", 40, day=JUNE)])
    post(gone_back, [mandate("core", 1, day=JUNE)])
    holds(gone_back)


def test_a_new_fund_inside_the_fence_is_no_way_out_of_it(gone_back: Store) -> None:
    """Winter money that waits goes out on a new fund inside winter, whose own terms are none, and stays fenced."""
    new = Draft(
        "new fund", "terms", MAY, "tests", "a part of winter",
        records={Fund: records(Fund, [{"code": "snow", "name": "Snow", "parent": "winter", "stream": "core",
                                       "lowest_tier": "practice", "resource": "revenue"}]),
                 Terms: records(Terms, [term("snow", "none", leave_by="vire,consolidate")])},
    )  # fmt: skip
    post(gone_back, [new, mandate("snow", 60, day=JUNE)])
    for kind in ("vire", "consolidate"):
        refused(
            lambda k=kind: post(gone_back, [entry(k, at("NHS", "snow"), at("NHS", "core"), 60, day=JUNE)]), "winter"
        )
    refused(
        lambda: post(gone_back, [entry("allocate", at("NHS", "snow"), at("ICB1", "core"), 60, day=JUNE)]),
        "snow|winter|inside",
    )
    post(gone_back, [back("snow", 60, day=JUNE)])
    refused(lambda: post(gone_back, [mandate("core", 1, day=JUNE)]), SAID)
    refused(lambda: post(gone_back, [entry("vire", at("GOV", "winter"), at("GOV", "core"), 1, day=JUNE)]), "winter")
    holds(gone_back)


def test_what_goes_out_and_comes_back_in_one_batch_makes_no_room(gone_back: Store) -> None:
    """The winter money goes out and comes back around another mandate: it waits all the while."""
    out, again = mandate("winter", 60, day=JUNE, key="out"), back("winter", 60, day=JUNE, key="again")
    refused(lambda: post(gone_back, [out, mandate("core", 60, day=JUNE), again]), SAID)
    (given,) = post(gone_back, [out])
    # While it is out nothing waits; as soon as it is back, by whichever way, nothing goes out on another fund.
    reverse(gone_back, given.number, reason="wrong", actor="tests")
    refused(lambda: post(gone_back, [mandate("core", 1, day=JUNE)]), SAID)
    refused(lambda: post(gone_back, [mandate("core", 1, day=APRIL)]), SAID)
    (row,) = reported(gone_back)
    assert row.waiting_pence == 60
    holds(gone_back)


def test_a_proposal_of_before_it_came_back_is_judged_when_it_is_approved(books: Store) -> None:
    post(books, [mandate("winter", 100)])
    submit(books, [mandate("core", 60, day=JUNE, key="later")], key="plan", title="t", prepared_by="anna")
    post(books, [back("winter", 60, day=MAY)])
    given = {"outcome": "posted", "decided_by": "bert", "reason": "so decided", "day": TODAY}
    refused(lambda: decide(books, "plan", **given), SAID)  # type: ignore[arg-type]
    refused(lambda: decide(books, "plan", **given, authority="\u2003"), SAID)  # type: ignore[arg-type]
    decide(books, "plan", **given, authority="the Secretary of State")  # type: ignore[arg-type]
    (row,) = reported(books)
    assert (row.back_pence, row.waiting_pence) == (60, 60)
    holds(books)
