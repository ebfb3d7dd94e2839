"""Whoever loosens a ring-fence names an authority, and one that says so for days that are past."""

from datetime import date, timedelta

import pytest

from ledger import clock
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.inputs import Input
from ledger.reports.verify import verify
from ledger.store.base import Store
from tests.books import APRIL, JUNE, LONG_AGO, MAY, at, entry, new_terms, term

SAYS_WHEN = "Directions of the Secretary of State, from 2025-05-01"


def tomorrow(books: Store) -> date:
    with books.read() as reader:
        return clock.today(reader) + timedelta(days=1)


@pytest.mark.parametrize(
    ("fund", "grade"),
    [("winter", "none"), ("winter", "soft"), ("care", "hard"), ("growth", "monitored"), ("growth", "none")],
)
def test_a_looser_grade_needs_an_authority(books: Store, fund: str, grade: str) -> None:
    loosened = term(fund, grade, effective_from=tomorrow(books))
    with pytest.raises(
        Refused, match=rf"{fund} would be graded {grade}, and it was .*loosened on somebody's authority"
    ):
        post(books, [new_terms(loosened)])
    with pytest.raises(Refused, match="somebody's authority"):
        post(books, [new_terms(loosened, authority=" ")])
    post(books, [new_terms(loosened, authority="the board")])
    with books.read() as reader:
        assert verify(reader) == []


@pytest.mark.parametrize("fund", ["winter", "care", "growth"])
def test_to_say_of_tied_money_that_its_grade_is_not_known_needs_an_authority(books: Store, fund: str) -> None:
    unread = term(fund, None, effective_from=tomorrow(books))
    with pytest.raises(Refused, match=rf"{fund} would be graded as not known, and it was .*on somebody's authority"):
        post(books, [new_terms(unread)])
    post(books, [new_terms(unread, authority="the board")])


def test_what_is_learned_of_a_grade_that_was_not_known_needs_nobody(books: Store) -> None:
    """Nothing was tied that anybody knew of, and money without a ring-fence has none to lose."""
    later = tomorrow(books)
    post(books, [new_terms(term("core", None, effective_from=later))])
    post(books, [new_terms(term("core", "none", version=2, effective_from=later), key="learned")])
    with books.read() as reader:
        assert verify(reader) == []


def test_for_days_past_the_authority_says_the_day(books: Store) -> None:
    lifted = term("winter", "none", effective_from=MAY)
    with pytest.raises(
        Refused,
        match=rf"Name the authority \({Input.AUTHORITY.named}\), and let it say 2025-05-01, since it is recorded on",
    ):
        post(books, [new_terms(lifted)])
    for says_another in ("the board", "the board, from 2025-05-02", "from 1 May 2025"):
        with pytest.raises(Refused, match=r"names no such day\..*unless who allows it says so"):
            post(books, [new_terms(lifted, authority=says_another)])
    post(books, [new_terms(lifted, authority=SAYS_WHEN)])
    with books.read() as reader:
        assert verify(reader) == []


def test_more_ways_out_need_an_authority(books: Store) -> None:
    later = tomorrow(books)
    more = term("winter", "hard", effective_from=later, leave_by="consolidate,vire,return")
    said = "money could leave winter by consolidate or vire or return, and it was vire or consolidate"
    with pytest.raises(Refused, match=said):
        post(books, [new_terms(more)])
    post(books, [new_terms(more, authority="the board")])
    # Fewer ways, or the same in another order, need nobody.
    post(books, [new_terms(term("winter", "hard", version=2, effective_from=later, leave_by="vire"), key="fewer")])


def test_to_tighten_needs_nobody(books: Store) -> None:
    rows = [
        term("winter", "statutory", effective_from=APRIL, leave_by="vire,consolidate"),
        term("growth", "hard", effective_from=APRIL, leave_by="vire"),
        term("core", "monitored", effective_from=APRIL),
        term("care", "statutory", effective_from=APRIL, returns_per_year=12),
    ]
    post(books, [new_terms(*rows)])
    with books.read() as reader:
        assert verify(reader) == []


def test_what_held_on_the_day_counts_and_not_what_holds_now(books: Store) -> None:
    """Terms between two others hold until the next ones: what is looser on those days alone is looser."""
    post(books, [new_terms(term("growth", "hard", effective_from=JUNE), key="tighter")])
    post(books, [new_terms(term("growth", "soft", effective_from=APRIL), key="as before")])
    with pytest.raises(Refused, match="from 2025-04-15 on growth would be graded none, and it was soft"):
        post(books, [new_terms(term("growth", "none", effective_from=date(2025, 4, 15)))])
    with pytest.raises(Refused, match="from 2025-06-01 on growth would be graded soft, and it was hard"):
        post(books, [new_terms(term("growth", "soft", version=2, effective_from=JUNE))])
    post(books, [new_terms(term("growth", "monitored", effective_from=date(2019, 1, 1)), key="before there were any")])
    with books.read() as reader:
        assert verify(reader) == []


def test_two_versions_of_one_entry_count_as_the_last(books: Store) -> None:
    rows = [term("winter", "hard", version=2), term("winter", "none", version=3)]
    with pytest.raises(Refused, match="from 2020-04-01 on winter would be graded none, and it was hard"):
        post(books, [new_terms(*rows)])
    # What is tightened at once was never looser.
    post(books, [new_terms(term("winter", "none", version=2), term("winter", "hard", version=3))])


def test_a_step_by_step_way_needs_an_authority_for_each_step(books: Store) -> None:
    with pytest.raises(Refused, match="would be graded soft, and it was hard"):
        post(books, [
            new_terms(term("winter", "soft", version=2), key="one", authority="board"),
            new_terms(term("winter", "none", version=3), key="two", authority=f"board, from {LONG_AGO}"),
        ])  # fmt: skip


def test_no_money_leaves_under_terms_loosened_without_an_authority(funded: Store) -> None:
    """The finding: from hard to none, backdated, by anybody; and the money goes."""
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 100)])
    with pytest.raises(Refused):
        post(funded, [
            new_terms(term("winter", "none", effective_from=APRIL)),
            entry("vire", at("ICB1", "winter"), at("ICB1", "core"), 100),
        ])  # fmt: skip
    with funded.read() as reader:
        assert reader.whole("SELECT count(*) FROM terms WHERE fund = 'winter'") == 1
