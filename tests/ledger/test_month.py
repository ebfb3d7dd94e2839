"""A month's end: every amount of this story is worked out by hand, and asked of both kinds of store."""

from datetime import date

import pytest

from ledger.entries.decisions.described import make
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.known import known
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.reports.month import MonthAnswer, month
from ledger.reports.position import moment
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.years import Month
from screens.report import month as report
from tests.books import texts

JUNE = Month(2025, 6)
R, NR = {"recurrent": "R"}, {"recurrent": "NR"}
NEW = {"to": "ICB1", "from_fund": "limit", "new_money": "yes"}
# The first ICB begins with £6,000 of core (recurrent, April). The letter of June has four lines.
STORY: tuple[tuple[str, dict[str, str]], ...] = (
    ("letter", {"reference": "M3/1", "month": "2025-06", "to": "ICB1", "fund": "core", "line_amount": "1000", **NR,
                "anticipated_on": "2025-05-20", "contact": "regional team"}),
    ("letter", {"reference": "M3/1", "month": "2025-06", "to": "ICB1", "fund": "core", "line_amount": "900", **NR,
                "notified_on": "2025-06-12", "contact": "regional team"}),
    ("letter", {"reference": "M3/2", "month": "2025-06", "to": "ICB1", "fund": "winter", "line_amount": "300", **R,
                "notified_on": "2025-06-12"}),
    ("letter", {"reference": "M3/3", "month": "2025-06", "to": "ICB1", "fund": "core", "line_amount": "70", **NR,
                "anticipated_on": "2025-06-12"}),
    ("letter", {"reference": "M3/4", "month": "2025-06", "to": "ICB1", "fund": "core", "line_amount": "-50", **R,
                "notified_on": "2025-06-12"}),
    # Another month's, and another's: neither stands in this letter.
    ("letter", {"reference": "M4/1", "month": "2025-07", "to": "ICB1", "fund": "core", "line_amount": "5", **NR,
                "notified_on": "2025-06-12"}),
    ("letter", {"reference": "M3/2", "month": "2025-06", "to": "ICB2", "fund": "core", "line_amount": "8", **NR,
                "notified_on": "2025-06-12"}),
    ("receive", {**NEW, "fund": "core", "amount": "600", "reference": "M3/1", "month": "2025-06", **NR}),
    ("receive", {**NEW, "fund": "winter", "amount": "300", "reference": "M3/2", "month": "2025-06", **R}),
    # Nobody knows what M3/9 is; and M3/1 is not M3/11.
    ("receive", {**NEW, "fund": "core", "amount": "40", "reference": "M3/11", "month": "2025-06", **NR}),
    ("return", {"from": "ICB1", "to": "NHS", "fund": "core", "amount": "50", "source": "Allocation letter M3/4", **R}),
    ("devolve", {"from": "ICB1", "to": "P1", "fund": "core", "amount": "250", "source": "Allocation letter M3/1; minute 4",
                 **NR}),
    ("return", {"from": "P1", "to": "ICB1", "fund": "core", "amount": "30", "source": "Allocation letter M3/1", **NR}),
    ("spend", {"organisation": "P1", "fund": "core", "amount": "25", "source": "Allocation letter M3/1", **NR}),
    ("spend", {"organisation": "ICB1", "fund": "core", "amount": "10", "source": "Allocation letter M3/1", **NR}),
    ("vire", {"organisation": "ICB1", "fund": "winter", "to_fund": "core", "amount": "60", "authority": "Board", **NR}),
    ("forecast", {"organisation": "P1", "fund": "core", "month": "2025-05", "expected": "500"}),
    ("forecast", {"organisation": "P1", "fund": "core", "month": "2025-06", "expected": "230"}),
    ("forecast", {"organisation": "P1", "fund": "core", "month": "2025-07", "expected": "999"}),
    ("forecast", {"organisation": "ICB1", "fund": "core", "month": "2025-06", "expected": "6000"}),
    # July is not June.
    ("spend", {"organisation": "P1", "fund": "core", "amount": "5", "source": "Allocation letter M3/1", **NR,
               "date": "2025-07-10"}),
)  # fmt: skip


def told(books: Store, name: str, given: dict[str, str], day: str = "2025-06-20") -> list[int]:
    """Record a decision; the numbers of its entries."""
    with books.read() as reader:
        made = make(
            DECISIONS[name], {"date": day, "reason": "decided", **given}, known(reader), actor="tests", where=str
        )
    assert not made.problems, texts(made.problems)
    return [one.number for one in post(books, made.drafts)]


def asked(books: Store, organisation: str = "ICB1", as_at: date | None = None) -> MonthAnswer:
    with books.read() as reader:
        return month(reader, moment(reader, as_at or JUNE.last_day), JUNE, organisation)


def pounds(*amounts: int) -> list[int]:
    return [100 * amount for amount in amounts]


def test_a_month_by_hand(funded: Store) -> None:
    for name, given in STORY:
        told(funded, name, given)
    # Passed on and undone again: it never was.
    (slip,) = told(funded, "devolve", {"from": "ICB1", "to": "P2", "fund": "core", "amount": "99",
                                      "source": "Allocation letter M3/1", **NR})  # fmt: skip
    reverse(funded, slip, reason="typed twice", actor="tests")
    found = asked(funded)
    lines = {one.reference: one for one in found.lines}
    assert list(lines) == ["M3/1", "M3/2", "M3/3", "M3/4"]

    def amounts(reference: str) -> list[int]:
        one = lines[reference]
        return [one.anticipated_pence, one.notified_pence, one.received_pence, one.outstanding_pence,
                one.distributed_pence, one.spent_pence, one.held_pence]  # fmt: skip

    # Of 900 notified 600 came; 250 went down and 30 came back up; 25 is spent below and 10 here: 600 - 220 - 10 are here.
    assert amounts("M3/1") == pounds(0, 900, 600, 300, 220, 35, 370)
    assert amounts("M3/2") == pounds(0, 300, 300, 0, 0, 0, 300)
    assert amounts("M3/3") == pounds(70, 0, 0, 0, 0, 0, 0)
    assert amounts("M3/4") == pounds(0, -50, -50, 0, 0, 0, -50)
    assert found.totals == {
        "anticipated_pence": 70_00, "notified_pence": 1150_00, "received_pence": 850_00, "outstanding_pence": 300_00,
        "distributed_pence": 220_00, "spent_pence": 35_00, "held_pence": 620_00, "came_pence": 890_00,
        "unexplained_pence": 40_00,
    }  # fmt: skip
    assert [(one.source, one.amount_pence) for one in found.unexplained] == [("Allocation letter M3/11", 40_00)]
    purposes = {one.pot: one for one in found.purposes}
    winter, core = purposes["winter"], purposes["core"]
    assert [winter.given_pence, winter.redirected_pence, winter.left_pence] == pounds(300, 60, 240)
    # 6,000 in April, 600 and 40 in June, and 60 from winter; 35 is spent and 50 went back.
    assert [core.given_pence, core.spent_pence, core.returned_pence, core.left_pence] == pounds(6700, 35, 50, 6615)
    outlooks = {(one.organisation, one.fund): one for one in found.outlooks}
    ours, place = outlooks["ICB1", "core"], outlooks["P1", "core"]
    # 6,000 + 640 + 60 - 50 - 250 + 30.
    assert [ours.budget_pence, ours.spent_pence, ours.forecast_pence, ours.under_pence] == pounds(6430, 10, 6000, 430)
    assert [place.budget_pence, place.spent_pence, place.forecast_pence, place.under_pence] == pounds(220, 25, 230, -10)
    assert place.as_at == date(2025, 6, 30)
    baselines = {one.fund: (one.recurrent_pence, one.falls_away_pence) for one in found.baselines}
    # What recurs of core: 6,000 less the 50 that are taken off. What was vired once falls away on both sides.
    assert baselines == {"core": (5950_00, 700_00), "winter": (300_00, -60_00)}
    with funded.read_afresh() as reader:
        assert verify(reader) == []


def test_what_is_set_aside_inside_a_pot_is_not_moved_to_another_and_no_spending_is_not_none(funded: Store) -> None:
    """Of £6,000 of core £400 is set aside for care, which lies inside it; nobody has recorded what was spent."""
    told(funded, "earmark", {"organisation": "ICB1", "fund": "core", "to_fund": "care", "amount": "400", **R})
    found = asked(funded)
    purposes = {one.pot: one for one in found.purposes}
    core, care = purposes["core"], purposes["care"]
    assert [core.given_pence, core.redirected_pence, core.set_aside_pence, core.left_pence] == pounds(
        6000, 0, 400, 5600
    )
    assert [care.given_pence, care.left_pence] == pounds(400, 400)
    assert found.redirected_pence == 0
    assert not found.has_spending
    with funded.read() as reader:
        shown = report.shown(reader, moment(reader, date(2025, 6, 30)), JUNE, "ICB1")
    assert "No spending of the year is recorded, so what is not spent is not known." in shown.sentences
    assert all(one["spent_pence"] is None for one in shown.facts["purposes"] + shown.facts["outlooks"])
    assert all(one["rate_pence"] is None for one in shown.facts["deadlines"])


def test_a_later_day_says_what_became_of_the_letter_since(funded: Store) -> None:
    for name, given in STORY:
        told(funded, name, given)
    told(funded, "receive", {**NEW, "fund": "core", "amount": "300", "reference": "M3/1", **NR}, day="2025-07-15")
    (line, *_) = asked(funded, as_at=date(2025, 7, 31)).lines
    assert [line.received_pence, line.outstanding_pence, line.spent_pence] == pounds(900, 0, 40)
    assert asked(funded, as_at=date(2025, 7, 31)).totals["came_pence"] == 890_00  # in June


@pytest.mark.parametrize("kind", ["file"])
def test_a_pot_with_a_deadline_has_a_rate_a_day(funded: Store) -> None:
    """From 30 June to 31 March, both included, are 275 days: £275 are £1 a day."""
    told(funded, "terms", {"fund": "winter", "spend_by": "2026-03-31"}, day="2025-06-10")
    told(funded, "receive", {**NEW, "fund": "winter", "amount": "275", "reference": "M3/2", **NR})
    (fence,) = [one for one in asked(funded).deadlines if one.code == "winter"]
    assert [fence.left_pence, fence.days_left, fence.rate_pence] == [275_00, 275, 1_00]


@pytest.mark.parametrize("kind", ["file"])
def test_people_and_programs_are_told_the_same(funded: Store) -> None:
    for name, given in STORY:
        told(funded, name, given)
    with funded.read() as reader:
        shown = report.shown(reader, moment(reader, JUNE.last_day), JUNE, "ICB1")
        with pytest.raises(Refused, match="ICB9"):
            report.shown(reader, moment(reader, JUNE.last_day), JUNE, "ICB9")
    assert [row["held_pence"] for row in shown.rows.records()] == pounds(370, 300, 0, -50)
    assert shown.facts["totals"]["unexplained_pence"] == 40_00
    assert [row["amount_pence"] for row in shown.facts["unexplained"]] == [40_00]
    assert (
        shown.sentences[1] == "In the month £890 came from outside, £40 of it without naming a known line of a letter."
    )
    with funded.read() as reader:
        empty = report.shown(reader, moment(reader, JUNE.last_day), Month(2025, 5), "ICB2")
    assert empty.sentences[0].startswith("No line of a letter is recorded for this month")
