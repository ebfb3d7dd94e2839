"""Lines over years on small books, against what was posted."""

from datetime import date

from ledger.entries.posting import post
from ledger.reports.lines_over_years import lines, steps
from ledger.reports.position import moment
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.report import national
from screens.report.report import Report
from tests.books import at, entry, new_terms, term

NEXT = FinancialYear(2026)
JUNE = date(2026, 6, 1)
END = date(2027, 3, 31)


def two_years(store: Store) -> None:
    """Core in both years, winter in the first, growth in the second; winter's terms are lifted in between."""
    post(store, [
        entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 2_000),
        entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 500),
        entry("allocate", at("NHS", "limit"), at("ICB2", "core"), 300),
        entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 70),
        entry("return", at("ICB1", "winter"), at("NHS", "winter"), 20),
        entry("mandate", at("GOV", "limit", year=NEXT), at("NHS", "limit", year=NEXT), 2_000, day=NEXT.first_day),
        entry("allocate", at("NHS", "limit", year=NEXT), at("ICB1", "core", year=NEXT), 900, day=JUNE),
        entry("allocate", at("NHS", "limit", year=NEXT), at("ICB1", "growth", year=NEXT), 40, day=JUNE),
        entry("devolve", at("ICB1", "growth", year=NEXT), at("P1", "growth", year=NEXT), 15, day=JUNE),
    ])  # fmt: skip
    lifted = term("growth", "monitored", effective_from=NEXT.first_day)
    post(store, [new_terms(lifted, authority=f"the board, from {NEXT.first_day}")])


def test_what_is_alike_and_what_is_not(books: Store) -> None:
    two_years(books)
    with books.read() as reader:
        now = moment(reader, END)
        years, found = lines(reader, now)
        assert years == [2025, 2026]
        assert {line.fund: dict(line.received) for line in found} == {
            "core": {2025: 800, 2026: 900}, "winter": {2025: 50}, "growth": {2026: 40},
        }  # fmt: skip
        # Winter ended with its year, so that it is not graded after it; growth was graded before it had money.
        assert {line.fund: dict(line.grades) for line in found} == {
            "core": {2025: "none", 2026: "none"}, "winter": {2025: "hard"}, "growth": {2025: "soft", 2026: "monitored"},
        }  # fmt: skip
        (step,) = steps(years, found)
        assert [[line.fund for line in part] for part in (step.common, step.gone, step.new)] == [
            ["core"], ["winter"], ["growth"],
        ]  # fmt: skip
        assert [line.fund for line in step.loosened] == ["growth"]
        assert step.tightened == ()
        _, of_one = lines(reader, now, "P1")
        assert {line.fund: dict(line.received) for line in of_one} == {"growth": {2026: 15}}


def test_of_a_grade_that_is_not_known_nobody_says_that_it_changed(books: Store) -> None:
    two_years(books)
    unread = term("core", None, effective_from=NEXT.first_day)
    post(books, [new_terms(unread, key="unread")])
    with books.read() as reader:
        years, found = lines(reader, moment(reader, END))
    (core,) = (line for line in found if line.fund == "core")
    assert core.grades == {2025: "none", 2026: None}
    (step,) = steps(years, found)
    assert ([line.fund for line in step.loosened], step.tightened) == (["growth"], ())
    (table,) = national.with_lines(Report(), years, found).tables
    assert table.rows[0][-1] == "none from 2025/26, not known from 2026/27"


def test_the_report_says_what_is_not_alike(books: Store) -> None:
    two_years(books)
    with books.read() as reader:
        years, found = lines(reader, moment(reader, END))
    report = national.with_lines(Report(), years, found)
    alike, loosened = report.sentences
    assert alike == (
        "Lines in both 2025/26 and 2026/27: 1, with £8 and then £9; in 2025/26 alone: 1 (£0.50); in 2026/27 alone: 1 "
        "(£0.40). Shares of the two years are shares of that money, and not of the same."
    )
    assert loosened == "Loosened: Growth: soft in 2025/26, monitored in 2026/27, with £0.40."
    (core, growth, _) = report.facts["lines"]
    assert (core["received_2025_pence"], core["grade_2026"]) == (800, "none")
    assert (growth["received_2025_pence"], growth["grade_2025"]) == (None, "soft")
    # One year has nothing to be compared with.
    assert national.with_lines(Report(), years[:1], found) == Report()
