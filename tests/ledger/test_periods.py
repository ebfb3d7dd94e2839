"""Months close, in order and for everybody; what a closed month says stays as it is."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import clock
from ledger.entries import chain, months, proposals
from ledger.entries.draft import Draft, records
from ledger.entries.posting import Posted, post, reverse
from ledger.errors import KeyReused, Refused
from ledger.inputs import Action, Input
from ledger.models import ClosedMonth, Closure, Relationship, Succession
from ledger.reports import verify
from ledger.rules import periods
from ledger.store import backup, migrations
from ledger.store.base import Store
from ledger.years import FinancialYear, Month, month_of, parse_month
from tests import books as small
from tests.books import (
    APRIL,
    JUNE,
    LONG_AGO,
    MAY,
    agreement,
    at,
    entry,
    fund_all,
    held,
    new_terms,
    term,
    whole,
)
from tests.ledger.test_keeping import head_of, tables_of_version_1
from tests.shelves import Shelf, small_file

APRIL_2025, MAY_2025 = Month(2025, 4), Month(2025, 5)


def close(store: Store, month: Month = APRIL_2025, **given: object) -> Posted:
    return months.close(store, month, actor="finance", reason="month end", **given)  # type: ignore[arg-type]


def devolve(pence: int = 10, day: date = APRIL, **given: object) -> Draft:
    return entry("devolve", at("ICB1", "core"), at("P1", "core"), pence, day=day, **given)  # type: ignore[arg-type]


def sound(store: Store) -> bool:
    with store.read() as reader:
        return verify.verify(reader) == []


@pytest.mark.parametrize(
    ("text", "month"),
    [("2025-04", APRIL_2025), ("M1 2025/26", APRIL_2025), ("m12 2025/26", Month(2026, 3)), ("M9 2025/26", Month(2025, 12)),
     ("M10 2025/26", Month(2026, 1))],
)  # fmt: skip
def test_a_month_is_read_as_people_write_it(text: str, month: Month) -> None:
    assert parse_month(text) == month
    assert parse_month(str(month)) == month
    assert month_of(month.last_day) == month == month_of(month.first_day)
    assert month.following.first_day - month.last_day == timedelta(days=1)


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "M13 2025/26", "M0 2025/26", "April", "25-04", "1900-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is not a month"):
        parse_month(text)


def test_a_month_speaks_of_its_place_in_the_year() -> None:
    assert [Month(2025, 4).spoken, Month(2026, 3).spoken, Month(2025, 12).spoken] == [
        "April 2025 (month 1 of 2025/26)", "March 2026 (month 12 of 2025/26)", "December 2025 (month 9 of 2025/26)",
    ]  # fmt: skip
    assert Month(2026, 3).ends_the_year
    assert not Month(2026, 4).ends_the_year


def test_a_closed_month_takes_no_entry_and_the_next_one_does(funded: Store) -> None:
    close(funded)
    with pytest.raises(
        Refused,
        match=r"entry \d+ \(late\): it is dated 2025-04-30, and the months to April 2025 \(month 1 of 2025/26\) are closed. "
        r"A closed month takes no entry, .* Date it in the first open month: from 2025-05-01 on.",
    ):
        post(funded, [devolve(day=date(2025, 4, 30), key="late")])
    post(funded, [devolve(day=MAY)])
    assert held(funded)["P1", "core", "available"] == 10
    assert sound(funded)


def test_every_way_of_dating_something_in_a_closed_month_is_refused(books: Store) -> None:
    posted = fund_all(books)
    (given,) = post(books, [devolve(key="given")])
    proposals.submit(books, [devolve(key="proposed")], key="plan", title="A plan", prepared_by="preparer")
    close(books)
    with pytest.raises(
        Refused, match=f"Correct it in an open month: reverse it with {Input.DATE.set_to('2025-05-01')} or later"
    ):
        reverse(books, given.number, reason="wrong", actor="tests")
    with pytest.raises(Refused, match=r"\(proposed\): it is dated 2025-04-01"):
        proposals.decide(books, "plan", outcome="posted", decided_by="approver", reason="fine", day=MAY)
    with pytest.raises(Refused, match=r"\(decide/plan\): it is dated 2025-04-01"):
        proposals.decide(books, "plan", outcome="rejected", decided_by="approver", reason="no", day=APRIL)
    with pytest.raises(Refused, match=r"\(again\): it is dated 2025-04-01"):
        proposals.submit(books, [devolve(key="again")], key="plan 2", title="A plan", prepared_by="preparer")
    with pytest.raises(Refused, match="months to April 2025"):
        post(books, [new_terms(term("growth", "none", version=2, effective_from=JUNE))])
    proposals.decide(books, "plan", outcome="rejected", decided_by="approver", reason="too late", day=MAY)
    reverse(books, given.number, reason="wrong", actor="tests", effective_date=MAY)
    assert held(books, as_at=date(2025, 4, 30))["P1", "core", "available"] == 10
    assert ("P1", "core", "available") not in held(books, as_at=MAY)
    assert sound(books)
    assert posted[0].number < given.number


def test_what_was_posted_before_the_close_is_answered_as_ever(funded: Store) -> None:
    (before,) = post(funded, [devolve(key="once")])
    close(funded)
    (again,) = post(funded, [devolve(key="once")])
    assert again.replayed
    assert again.number == before.number
    with pytest.raises(KeyReused):
        post(funded, [devolve(11, key="once")])


def test_months_close_in_order_once_and_when_they_have_ended(funded: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    close(funded)
    assert close(funded).replayed
    with pytest.raises(
        Refused, match=r"month 2025-04: finance closed it on .* A month is closed once, and never opened"
    ):
        months.close(funded, APRIL_2025, actor="somebody", reason="again")
    with pytest.raises(
        Refused, match=re.escape(f"Close May 2025 (month 2 of 2025/26) next: {Action.MONTH_CLOSE.done('2025-05')}.")
    ):
        close(funded, Month(2025, 6))
    with pytest.raises(Refused, match="Close May 2025"):
        close(funded, Month(2025, 3))
    monkeypatch.setattr(clock, "machine", lambda: datetime(2025, 5, 31, 12, tzinfo=UTC))
    with funded.read() as reader:
        recorded = clock.today(reader)
    assert recorded >= date(2026, 1, 1)  # the clock was put back, and the books were not
    close(funded, MAY_2025)
    with pytest.raises(Refused, match=r"it has not ended: by the clock of the books it is"):
        close(funded, month_of(recorded))
    with funded.read() as reader:
        assert [(row["month"], row["actor"], row["reason"]) for row in periods.listed(reader)] == [
            ("2025-04", "finance", "month end"), ("2025-05", "finance", "month end"),
        ]  # fmt: skip
        assert periods.first_open_day(reader) == JUNE
    assert sound(funded)


def test_the_first_close_closes_everything_before_it(funded: Store) -> None:
    close(funded, MAY_2025)
    with pytest.raises(Refused, match="months to May 2025"):
        post(funded, [devolve()])


def test_a_dry_run_closes_nothing(funded: Store) -> None:
    close(funded, dry_run=True)
    post(funded, [devolve()])


def test_a_month_is_closed_whole_and_by_a_decision_of_its_own(books: Store) -> None:
    def draft(key: str, kind: str, month: str, last_day: date) -> Draft:
        rows = records(ClosedMonth, [{"id": month, "last_day": last_day}])
        return Draft(key, kind, MAY, "tests", "by the back door", records={ClosedMonth: rows})

    for kind, month, day, said in (
        ("structure", "2025-04", date(2025, 4, 30), f"Use {Action.MONTH_CLOSE.done()}"),
        ("close", "2025-04", date(2025, 4, 29), "Months are closed whole"),
        ("close", "2025-05", date(2025, 4, 30), "Months are closed whole"),
    ):
        with pytest.raises(Refused, match=said):
            post(books, [draft("x", kind, month, day)])


def test_a_close_cannot_be_reversed(books: Store) -> None:
    closed = close(books)
    with pytest.raises(Refused, match="it is of kind close"):
        reverse(books, closed.number, reason="sorry", actor="tests")


def test_a_batch_keeps_its_own_close(funded: Store) -> None:
    """What stands before the close in a batch may be dated in the month; what stands after it may not."""
    rows = records(ClosedMonth, [{"id": "2025-04", "last_day": date(2025, 4, 30)}])
    end = Draft("end", "close", date(2025, 4, 30), "tests", "month end", records={ClosedMonth: rows})
    with pytest.raises(Refused, match=r"\(after\): it is dated 2025-04-01"):
        post(funded, [devolve(key="before"), end, devolve(key="after")])
    post(funded, [devolve(key="before"), end])
    assert sound(funded)


def test_nothing_recorded_later_changes_what_a_closed_month_says(funded: Store) -> None:
    post(funded, [devolve(), entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 50)])
    close(funded)
    closed_day = date(2025, 4, 30)
    before = whole(funded, closed_day).sort_by("organisation").to_pylist()
    relation = {"parent": "ICB1", "child": "P1", "scheme": "line", "supersedes": "ICB1>P1", "valid_from": LONG_AGO}
    back = date(2025, 4, 15)

    def brings(model: type, key: str, row: dict[str, object], kind: str = "structure") -> Draft:
        return Draft(key, kind, MAY, "tests", "a case", records={model: records(model, [row])})

    refused = {
        "terms core": brings(small.Terms, "t", term("core", "hard", version=1, effective_from=back), "terms"),
        "terms limit": brings(small.Terms, "u", term("limit", "soft", version=1, effective_from=back), "terms"),
        "relationship": brings(Relationship, "r", {"id": "other", **relation, "valid_to": back}),
        "relationship other": brings(Relationship, "s", {"id": "other", **relation, "valid_from": MAY}),
        "agreement": brings(
            small.Agreement, "a",
            {"id": "a", "organisation": "ICB1", "fund": "core", "partners": "P1", "decision_reference": "m", "purpose": "p",
             "valid_from": back}, "agree"),
        "closure": brings(Closure, "c", {"id": "c", "organisation": "P1", "valid_to": back}),
        "succession": brings(
            Succession, "x",
            {"id": "x", "predecessor": "P1", "successor": "P2", "effective_date": back, "kind": "merge", "weight": 1,
             "basis": "people"}),
    }  # fmt: skip
    for what, draft in refused.items():
        with pytest.raises(
            Refused, match=rf"{what}.*It would change what those months say .* Let it count from 2025-05-01"
        ):
            post(funded, [draft])
    post(
        funded,
        [
            brings(small.Terms, "t2", term("core", "hard", effective_from=MAY), "terms"),
            brings(small.Terms, "t3", term("growth", "hard", version=1, effective_from=back), "terms"),
            brings(Relationship, "r2", {"id": "until", **relation, "valid_to": JUNE}),
            brings(
                Relationship, "r3", {"id": "new", "parent": "ICB2", "child": "P1", "scheme": "line", "valid_from": JUNE}
            ),
            brings(Closure, "c2", {"id": "c2", "organisation": "P3", "valid_to": date(2025, 4, 2)}),
            brings(Closure, "c3", {"id": "c3", "organisation": "P1", "valid_to": date(2025, 9, 1)}),
        ],
    )
    assert whole(funded, closed_day).sort_by("organisation").to_pylist() == before
    assert sound(funded)


def test_an_agreement_that_ends_later_leaves_the_closed_month_as_it_was(funded: Store) -> None:
    post(funded, [entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 50)])
    first = agreement(organisation="ICB1", fund="core", id="first")
    post(funded, [first])
    close(funded)
    row = {"organisation": "ICB1", "fund": "core", "partners": "P1, P2", "decision_reference": "m", "purpose": "p",
           "supersedes": "first"}  # fmt: skip

    def ends(name: str, **given: object) -> Draft:
        table = records(small.Agreement, [{"id": name, **row, **given}])
        return Draft(name, "agree", MAY, "tests", "it ends", records={small.Agreement: table})

    for name, given_ in (("later", {"valid_from": MAY}), ("other", {"valid_from": APRIL, "amount_pence": 1})):
        with pytest.raises(Refused, match=f"agreement {name}"):
            post(funded, [ends(name, **given_)])
    post(funded, [ends("ended", valid_from=APRIL, valid_to=JUNE)])
    assert held(funded, as_at=date(2025, 4, 30))["ICB1", "core", "retained by agreement"] == 50
    assert held(funded, as_at=JUNE)["ICB1", "core", "retained without agreement"] == 50


def test_a_report_of_a_closed_month_is_the_same_for_ever(funded: Store) -> None:
    post(funded, [devolve()])
    closed = close(funded)
    day = date(2025, 4, 30)
    then = whole(funded, day, closed.recorded_at).sort_by([("organisation", "ascending"), ("fund", "ascending")])
    post(funded, [devolve(7, day=MAY), entry("vire", at("ICB1", "core"), at("ICB1", "growth"), 3, day=JUNE)])
    later = whole(funded, day).sort_by([("organisation", "ascending"), ("fund", "ascending")])
    again = whole(funded, day, closed.recorded_at).sort_by([("organisation", "ascending"), ("fund", "ascending")])
    assert then.equals(later)
    assert then.equals(again)
    assert held(funded, as_at=day) != held(funded)


def test_verify_sees_an_entry_that_was_slipped_into_a_closed_month(funded: Store, shelf: Shelf) -> None:
    close(funded)
    post(funded, [devolve(day=MAY)])
    funded.checkpoint()
    funded.close()
    shelf.tamper(funded.path, "UPDATE entry SET effective_date = DATE '2025-04-30' WHERE kind = 'devolve'")
    with Store.open(funded.path, read_only=True) as store, store.read() as reader:
        assert any("A closed month takes no entry" in str(problem) for problem in verify.verify(reader))


def test_the_end_of_a_year_tells_what_is_left_of_it(funded: Store) -> None:
    proposals.submit(funded, [devolve(key="proposed")], key="plan", title="A plan", prepared_by="preparer")
    close(funded)
    with funded.read() as reader:
        said = months.in_words(reader, Month(2026, 3))
        left = months.left_over(reader, FinancialYear(2025))
    assert said[0] == "Open proposals with entries to 2026-03-31, which can no longer be approved: plan."
    assert said[1] == "This ends 2025/26. £10,000.00 of it is left, is not carried forward and stays in 2025/26."
    assert "No spending is recorded" in said[2]
    assert sum(row["amount_pence"] for row in left) == 1_000_000
    with pytest.raises(Refused, match=r"2025/26 has ended\. Decide it anew in 2026/27"):
        _year_ends(funded)
        post(funded, [devolve()])


def _year_ends(books: Store) -> None:
    month = MAY_2025
    while month <= Month(2026, 3):
        close(books, month)
        month = month.following


def test_the_ledgers_of_earlier_versions_are_migrated_and_close_their_months(books: Store, shelf: Shelf) -> None:
    place = tables_of_version_1(shelf, books)
    assert [step.version for step in backup.migrate(place, migrations.MIGRATIONS[:1])] == [2]
    rest = [step.version for step in migrations.MIGRATIONS[1:]]
    assert [step.version for step in backup.migrate(place)] == rest
    with Store.open(place) as store:
        with store.read() as reader:
            head = chain.head(reader)
        close(store)
        with pytest.raises(Refused, match="A closed month takes no entry"):
            post(store, [devolve()])
        with store.read() as reader:
            assert reader.rows("SELECT hash FROM entry WHERE number = (SELECT max(number) - 1 FROM entry)") == [(head,)]
    head_of(place)


@settings(max_examples=5, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.just("close"),
            st.tuples(st.sampled_from(["post", "reverse", "terms"]), st.integers(0, 200)),
        ),
        max_size=8,
    )
)
def test_no_order_of_closes_and_posts_puts_anything_into_a_closed_month(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str | tuple[str, int]]
) -> None:
    with Store.open(small_file(tmp_path_factory.mktemp("months") / "books.duckdb", funded=True)) as store:
        month, open_from, said = APRIL_2025, APRIL, {}
        made: list[Posted] = []
        for nth, step in enumerate(steps):
            if step == "close":
                close(store, month)
                said[month] = whole(store, month.last_day).sort_by(
                    [("organisation", "ascending"), ("fund", "ascending")]
                )
                month, open_from = month.following, month.following.first_day
                continue
            what, days = step
            day = APRIL + timedelta(days=days)
            try:
                if what == "post":
                    made += post(store, [devolve(1 + days, day=day, key=f"step {nth}")])
                elif what == "reverse" and made:
                    reverse(store, made.pop().number, reason="undone", actor="tests", effective_date=day)
                elif what == "terms":
                    rows = records(small.Terms, [term("core", "soft", effective_from=day, version=1, id=f"t{nth}")])
                    post(
                        store,
                        [Draft(f"t{nth}", "terms", max(day, open_from), "tests", "x", records={small.Terms: rows})],
                    )
            except Refused as refused:
                assert day < open_from or "months to" not in str(refused)
            else:
                assert day >= open_from or what == "reverse"
        for closed, before in said.items():
            assert (
                whole(store, closed.last_day)
                .sort_by([("organisation", "ascending"), ("fund", "ascending")])
                .equals(before)
            )
        with store.read() as reader:
            late = "SELECT count(*) FROM entry e JOIN closed_month c ON c.entry_number < e.number AND e.effective_date <= c.last_day"
            assert reader.whole(late) == 0
            assert verify.verify(reader) == []
