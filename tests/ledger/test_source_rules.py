"""What the source may give: its limits by fund and year, and ring-fenced money that went back to it."""

from dataclasses import replace
from datetime import date

import pytest

from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.models import Fund, SourceLimit
from ledger.reports import position
from ledger.reports.returned import Returned, returned, sentence
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.books import APRIL, JUNE, MAY, at, entry, new_terms, term

LAST, NEXT = date(2026, 3, 31), FinancialYear(2026)


def limit(fund: str, pence: int, *, year: int = 2025, supersedes: str | None = None) -> Draft:
    row = {"id": f"{fund}/{year}/{pence}", "fund": fund, "year": year, "limit_pence": pence, "source": "the mandate",
           "supersedes": supersedes}  # fmt: skip
    return Draft(
        f"limit {row['id']}", "limit", APRIL, "tests", "what may be given",
        records={SourceLimit: records(SourceLimit, [row])},
    )  # fmt: skip


def mandate(fund: str, pence: int, **given: object) -> Draft:
    return entry("mandate", at("GOV", fund), at("NHS", fund), pence, **given)


def back(fund: str, pence: int, **given: object) -> Draft:
    return entry("return", at("NHS", fund), at("GOV", fund), pence, **given)


def holds(store: Store) -> None:
    with store.read() as reader:
        assert verify(reader) == []


def reported(store: Store, as_at: date | None = None) -> list[Returned]:
    with store.read() as reader:
        return returned(reader, position.moment(reader, as_at))


# --- limits ----------------------------------------------------------------------------------------------------------


def test_without_a_limit_on_record_the_source_is_not_limited(books: Store) -> None:
    post(books, [mandate("limit", 10**14)])
    holds(books)


def test_the_source_gives_no_more_than_its_limit(books: Store) -> None:
    post(books, [limit("winter", 100), mandate("winter", 60)])
    with pytest.raises(Refused, match=r"£1\.01 would be given by 2025-05-01, and the limit is £1\.00 \(entry 3"):
        post(books, [mandate("winter", 41, day=MAY)])
    next_years = entry(
        "mandate", at("GOV", "winter", year=NEXT), at("NHS", "winter", year=NEXT), 500, day=date(2026, 4, 1)
    )
    post(books, [mandate("winter", 40, day=MAY), next_years])
    holds(books)


def test_a_limit_covers_every_fund_inside_and_what_comes_back_is_taken_off(books: Store) -> None:
    post(books, [limit("core", 100)])
    narrowed = entry("mandate", at("GOV", "limit"), at("NHS", "care-inner"), 70)
    post(books, [narrowed, mandate("growth", 1_000)])
    with pytest.raises(Refused, match=r"£1\.10 would be given"):
        post(books, [mandate("core", 40)])
    post(books, [back("care-inner", 20, day=MAY)])
    # What came back in May makes no room in April.
    with pytest.raises(Refused, match=r"£1\.10 would be given by 2025-04-01"):
        post(books, [mandate("core", 40, authority="the Secretary of State")])
    post(books, [mandate("core", 30, authority="the Secretary of State")])
    post(books, [mandate("core", 20, day=JUNE, authority="the Secretary of State")])
    holds(books)


def test_a_limit_below_what_is_given_is_refused(books: Store) -> None:
    post(books, [mandate("winter", 100)])
    with pytest.raises(Refused, match=r"£1\.00 would be given by 2025-04-01, and the limit is £0\.99"):
        post(books, [limit("winter", 99)])
    post(books, [limit("winter", 100)])
    holds(books)


def test_a_newer_limit_takes_the_place_of_the_older_one(books: Store) -> None:
    post(books, [limit("winter", 100), mandate("winter", 100)])
    with pytest.raises(Refused, match="winter has the limit winter/2025/100 for 2025/26 already"):
        post(books, [limit("winter", 200)])
    with pytest.raises(Refused, match="no earlier source limit of the same"):
        post(books, [limit("core", 200, supersedes="winter/2025/100")])
    with pytest.raises(Refused, match=r"the limit is £0\.50"):
        post(books, [limit("winter", 50, supersedes="winter/2025/100")])
    post(books, [limit("winter", 200, supersedes="winter/2025/100"), mandate("winter", 100)])
    holds(books)


def test_what_changes_fund_at_the_source_makes_no_room(books: Store) -> None:
    post(books, [limit("growth", 100), mandate("growth", 100)])
    post(books, [entry("vire", at("GOV", "core"), at("GOV", "growth"), 50)])
    with pytest.raises(Refused, match="the limit is"):
        post(books, [mandate("growth", 1)])


def test_a_reversal_counts_as_what_it_brings_back_and_gives_again(books: Store) -> None:
    post(books, [limit("core", 100)])
    (given,) = post(books, [mandate("core", 100)])
    reverse(books, given.number, reason="a mistake", actor="tests")
    post(books, [mandate("core", 100)])
    (gone,) = post(books, [back("core", 60, day=MAY)])
    post(books, [mandate("core", 60, day=MAY)])
    with pytest.raises(Refused, match=r"£1\.60 would be given"):
        reverse(books, gone.number, reason="it was right", actor="tests")
    holds(books)


# --- what went back from a ring-fence --------------------------------------------------------------------------------


@pytest.fixture
def gone_back(books: Store) -> Store:
    """The first ICB had 100 of winter money, returned 60 of it, and the national body returned that to its source."""
    post(
        books,
        [
            mandate("winter", 100),
            mandate("limit", 1_000),
            entry("allocate", at("NHS", "winter"), at("ICB1", "winter"), 100),
            entry("return", at("ICB1", "winter"), at("NHS", "winter"), 60, day=MAY),
        ],
    )
    post(books, [back("winter", 60, day=MAY, key="back")])
    return books


@pytest.mark.parametrize("fund", ["core", "limit", "growth", "care"])
def test_it_does_not_come_out_on_another_fund_without_an_authority(gone_back: Store, fund: str) -> None:
    said = rf"the source gives money on {fund}, while £0\.60 of winter that went back to it in 2025/26 has not gone out"
    with pytest.raises(Refused, match=said):
        post(gone_back, [mandate(fund, 1, day=JUNE)])
    with pytest.raises(Refused, match=said):
        post(gone_back, [mandate(fund, 1, day=JUNE, authority="  ")])
    (given,) = post(gone_back, [mandate(fund, 1, day=JUNE, authority="the Secretary of State")])
    (row,) = reported(gone_back)
    assert (row.fund, row.year, row.back_pence, row.waiting_pence) == ("winter", 2025, 60, 60)
    assert [(one.entry, one.fund, one.amount_pence, one.authority) for one in row.elsewhere] == [
        (given.number, fund, 1, "the Secretary of State")
    ]
    holds(gone_back)


def test_it_may_go_out_again_on_its_own_fund_and_then_others_are_free(gone_back: Store) -> None:
    post(gone_back, [mandate("winter", 59, day=JUNE)])
    with pytest.raises(Refused, match=r"while £0\.01 of winter"):
        post(gone_back, [mandate("core", 1, day=JUNE)])
    post(gone_back, [entry("mandate", at("GOV", "limit"), at("NHS", "winter"), 1, day=JUNE)])
    post(gone_back, [mandate("core", 1_000, day=JUNE)])
    (row,) = reported(gone_back)
    assert (row.back_pence, row.waiting_pence, row.elsewhere) == (60, 0, ())
    holds(gone_back)


def test_a_date_before_it_came_back_is_no_way_round(gone_back: Store) -> None:
    with pytest.raises(Refused, match="has not gone out again"):
        post(gone_back, [mandate("core", 1, day=APRIL)])


def test_another_kind_of_entry_and_another_fund_are_no_way_round(gone_back: Store) -> None:
    open_fund = {"code": "open", "name": "Open", "stream": "core", "resource": "revenue", "lowest_tier": "practice"}
    made = new_terms(term("open", "none"), key="open")
    post(gone_back, [replace(made, records={Fund: records(Fund, [open_fund]), **made.records})])
    for draft in (
        entry("allocate", at("GOV", "core"), at("ICB1", "core"), 1, day=JUNE),
        entry("devolve", at("GOV", "core"), at("ICB1", "core"), 1, day=JUNE),
        mandate("open", 1, day=JUNE),
    ):
        with pytest.raises(Refused, match="has not gone out again"):
            post(gone_back, [draft])


def test_what_is_posted_together_counts_together(books: Store) -> None:
    post(books, [mandate("winter", 100)])
    with pytest.raises(Refused, match="has not gone out again"):
        post(books, [mandate("core", 100), back("winter", 100)])
    post(books, [back("winter", 100), mandate("core", 100), mandate("winter", 100)])
    holds(books)


def test_the_next_years_money_is_another_years(gone_back: Store) -> None:
    post(gone_back, [
        entry("mandate", at("GOV", "core", year=NEXT), at("NHS", "core", year=NEXT), 100, day=date(2026, 4, 1))
    ])  # fmt: skip
    holds(gone_back)


def test_a_reversal_brings_it_back_as_well_and_puts_it_out_again(books: Store) -> None:
    (given,) = post(books, [mandate("winter", 100)])
    reverse(books, given.number, reason="entered twice", actor="tests")
    with pytest.raises(Refused, match=r"while £1\.00 of winter"):
        post(books, [mandate("core", 100)])
    post(books, [mandate("winter", 100)])
    (gone,) = post(books, [back("winter", 40)])
    reverse(books, gone.number, reason="a mistake", actor="tests")
    post(books, [mandate("core", 100)])
    (row,) = reported(books)
    assert (row.back_pence, row.waiting_pence) == (140, 0)
    holds(books)


def test_money_without_a_ring_fence_may_go_back_and_come_out_elsewhere(books: Store) -> None:
    post(books, [mandate("growth", 100), mandate("core", 100)])
    post(books, [back("growth", 100)])
    post(books, [back("core", 100)])
    post(books, [mandate("limit", 200)])
    assert reported(books) == []


def test_each_ring_fence_around_a_fund_counts(books: Store) -> None:
    """Care money of an inner fence comes out on care: still care money, and not the inner fence's."""
    post(books, [mandate("care-inner", 100)])
    post(books, [back("care-inner", 100)])
    with pytest.raises(Refused, match="of care-inner that went back") as refused:
        post(books, [mandate("care", 100)])
    assert len(refused.value.problems) == 1
    with pytest.raises(Refused) as refused:
        post(books, [mandate("core", 100)])
    assert len(refused.value.problems) == 2
    holds(books)


def test_what_was_fenced_when_it_came_back_stays_so(gone_back: Store) -> None:
    lifted = term("winter", "none", effective_from=MAY)
    post(gone_back, [new_terms(lifted, authority="the Secretary of State, from 2025-05-01")])
    with pytest.raises(Refused, match="has not gone out again"):
        post(gone_back, [mandate("core", 1, day=JUNE)])


def test_what_is_carried_forward_waits_in_both_years_until_it_is_brought(books: Store) -> None:
    post(books, [mandate("winter", 100), mandate("core", 100)])
    post(books, [once("carry", at("NHS", "winter"), at("GOV", "winter"), LAST)])
    first, after = date(2026, 4, 1), date(2026, 5, 1)
    with pytest.raises(Refused, match="has not gone out again"):
        post(books, [mandate("core", 1, day=LAST)])
    later = entry("mandate", at("GOV", "core", year=NEXT), at("NHS", "core", year=NEXT), 1, day=after)
    with pytest.raises(Refused, match="went back to it in 2026/27"):
        post(books, [later])
    post(books, [once("bring", at("GOV", "winter", year=NEXT), at("NHS", "winter", year=NEXT), first)])
    post(books, [later, mandate("core", 1, day=LAST)])
    holds(books)


def once(kind: str, source: Place, destination: Place, day: date) -> Draft:
    moved = legs([Leg(source, destination, 30, recurrent=False)])
    return Draft(kind, kind, day, "tests", "a case", transfers=moved)


def test_the_report_is_of_a_moment_on_both_clocks(gone_back: Store) -> None:
    assert reported(gone_back, APRIL) == []
    (row,) = reported(gone_back, MAY)
    assert sentence(row) == (
        "Ring-fenced money of Winter for 2025/26 went back to its source: £0.60, of which £0.60 has not gone out "
        "again on it."
    )
    (given,) = post(gone_back, [mandate("core", 12_345, day=JUNE, authority="the Secretary of State")])
    assert reported(gone_back, MAY)[0].elsewhere == ()
    assert sentence(reported(gone_back)[0]).endswith(
        f"Given elsewhere since: entry {given.number}, £123 on core, on the authority of the Secretary of State."
    )
