"""Limits of what somebody's decisions move in a day, a month or a year: an amount in pieces is as large as before."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.models import Appointment
from ledger.reports import verify
from ledger.rules import rights
from ledger.store.base import Store
from tests.ledger.test_rights import (
    LONG_AGO,
    approve,
    by,
    devolve,
    furnished,
    give,
    office,
    problems,
    propose,
    refused,
)  # fmt: skip
from tests.shelves import set_clock

__all__ = ["furnished", "office"]


def test_an_amount_in_pieces_is_as_large_as_whole(office: Store) -> None:
    give(office, "carl", "approver", "ICB1", limit_pence=100, alone=True)
    post(office, [by("carl", devolve(60, "one"))])
    refused(
        lambda: post(office, [by("carl", devolve(41, "two"))]),
        r"carl may not post money of First ICB \(ICB1\) without a proposal, £0\.41 in all\. .* and the limit is "
        r"£1\.00 a month: £0\.60 of it is moved already, and £0\.40 remains\.",
    )
    post(office, [by("carl", devolve(40, "two"))])
    refused(
        lambda: post(office, [by("carl", devolve(1, "three"))]), r"£1\.00 of it is moved already, and £0\.00 remains"
    )
    assert problems(office) == []


def test_pieces_of_one_batch_add_up(office: Store) -> None:
    give(office, "carl", "approver", "ICB1", limit_pence=100, alone=True)
    pieces = [by("carl", devolve(30, f"piece {nth}")) for nth in range(4)]
    refused(lambda: post(office, pieces), r"£0\.30 in all.*£0\.90 of it is moved already, and £0\.10 remains")
    post(office, pieces[:3])
    assert problems(office) == []


def test_what_is_posted_approved_and_reversed_counts_together_and_what_others_do_does_not(office: Store) -> None:
    give(office, "carl", "approver", "NHS", limit_pence=100, alone=True)
    give(office, "dora", "approver", "ICB1", limit_pence=50, alone=True)
    done = post(office, [by("dora", devolve(50, "of dora"))])[0].number
    post(office, [by("carl", devolve(20, "of carl"))])
    reverse(office, done, reason="wrong", actor="carl")
    propose(office, "anna", devolve(25, "a"), devolve(6, "b"))
    refused(
        lambda: approve(office, "carl"),
        r"carl may not approve for First ICB \(ICB1\), £0\.31 in all.*£0\.70 of it is moved already, and £0\.30 remains",
    )
    approve(office, "carl", outcome="part-posted", only=[1])
    propose(office, "anna", devolve(6, "c"), key="last")
    refused(lambda: approve(office, "carl", "anna/last"), r"£0\.95 of it is moved already, and £0\.05 remains")
    approve(office, "carl", "anna/last", outcome="rejected")  # which moves nothing
    assert problems(office) == []


def test_what_is_proposed_counts_until_it_ends_without_being_posted(office: Store) -> None:
    give(office, "dora", "preparer", "ICB1", limit_pence=100)
    propose(office, "dora", devolve(60, "a"), key="a")
    refused(
        lambda: propose(office, "dora", devolve(41, "b"), key="b"),
        r"dora may not propose for First ICB \(ICB1\), £0\.41 in all.*£0\.60 of it is proposed already, and £0\.40 remains",
    )
    approve(office, "dora", "dora/a", outcome="withdrawn")
    propose(office, "dora", devolve(50, "c"), devolve(50, "d"), key="c")
    approve(office, "bert", "dora/c", outcome="part-posted", only=[1])
    refused(lambda: propose(office, "dora", devolve(1, "e"), key="e"), r"£1\.00 of it is proposed already")
    assert problems(office) == []


def test_of_several_rights_the_widest_counts(office: Store) -> None:
    for limit, period in ((10, "day"), (500, "year")):
        give(office, "carl", "approver", "ICB1", limit_pence=limit, limit_period=period, alone=True)
    post(office, [by("carl", devolve(400, "a"))])
    refused(
        lambda: post(office, [by("carl", devolve(101, "b"))]), r"£5\.00 a financial year: £4\.00 of it is moved already"
    )
    give(office, "carl", "approver", "P1", alone=True)
    refused(lambda: post(office, [by("carl", devolve(101, "b"))]), "carl may not post money of First ICB")
    assert problems(office) == []


@pytest.mark.parametrize(
    ("period", "last", "first"),
    [
        ("day", datetime(2031, 5, 3, 23, 59, 59, 999_998, tzinfo=UTC), datetime(2031, 5, 4, tzinfo=UTC)),
        ("month", datetime(2031, 2, 28, 23, 59, 59, 999_998, tzinfo=UTC), datetime(2031, 3, 1, tzinfo=UTC)),
        ("year", datetime(2031, 3, 31, 23, 59, 59, 999_998, tzinfo=UTC), datetime(2031, 4, 1, tzinfo=UTC)),
    ],
)
def test_a_period_begins_on_its_first_day_in_utc(
    office: Store, monkeypatch: pytest.MonkeyPatch, period: str, last: datetime, first: datetime
) -> None:
    give(office, "carl", "approver", "ICB1", limit_pence=100, limit_period=period, alone=True)
    # Recorded times rise by a millionth of a second at least: what follows stands at the very end of the period.
    set_clock(office, monkeypatch, last)
    post(office, [by("carl", devolve(100, "before"))])
    refused(lambda: post(office, [by("carl", devolve(1, "too much"))]), "£0.00 remains")
    set_clock(office, monkeypatch, first)
    post(office, [by("carl", devolve(100, "after"))])
    refused(lambda: post(office, [by("carl", devolve(1, "too much"))]), "£0.00 remains")
    assert problems(office) == []


def test_a_day_later_is_the_same_month(office: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    give(office, "carl", "approver", "ICB1", limit_pence=100, alone=True)
    start = datetime(2031, 5, 3, 12, tzinfo=UTC)
    for day in range(4):
        set_clock(office, monkeypatch, start + timedelta(days=day))
        post(office, [by("carl", devolve(25, f"day {day}"))])
    refused(lambda: post(office, [by("carl", devolve(1, "more"))]), r"£1\.00 a month: £1\.00 of it is moved already")


def test_a_new_limit_has_a_period(office: Store) -> None:
    row = {
        "id": "x",
        "person": "carl",
        "role": "approver",
        "organisation": "ICB1",
        "limit_pence": 5,
        "valid_from": LONG_AGO,
    }
    draft = Draft("x", "appoint", date(2025, 5, 1), "chief", "x", records={Appointment: records(Appointment, [row])})
    with pytest.raises(Refused, match=r"carl would be approver with a limit of £0\.05, in no period.*Say for how long"):
        post(office, [draft])
    give(office, "carl", "approver", "ICB1", limit_pence=500_000_000)
    with office.read() as reader:
        held = rights.given(reader, last_entry(reader))[-1]
        assert verify.verify(reader) == []
    assert (held.limit_pence, held.limit_period) == (500_000_000, "month")
    assert ", up to £5,000,000.00 a month, from" in rights.in_words(held)
