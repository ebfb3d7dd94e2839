"""What is carried forward: out of a year by its last day, into the next on its first, and never more than went out."""

from datetime import date

import pytest

from ledger.entries.draft import Draft, Leg, legs
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.reports import verify
from ledger.rules import carrying_forward
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.books import APRIL, at, entry, held

NEXT = FinancialYear(2026)
LAST_DAY, FIRST_DAY = date(2026, 3, 31), date(2026, 4, 1)


def carry(
    pence: int = 100, *, day: date = LAST_DAY, recurrent: bool = False, to: str = "GOV", key: str = "out"
) -> Draft:
    moved = legs([Leg(at("ICB1", "core"), at(to, "core"), pence, recurrent)])
    return Draft(key, "carry", day, "finance", "year end", authority="Board", transfers=moved)


def bring(pence: int = 100, *, day: date = FIRST_DAY, giver: str = "GOV", to: str = "ICB1", key: str = "in") -> Draft:
    moved = legs([Leg(at(giver, "core", year=NEXT), at(to, "core", year=NEXT), pence, recurrent=False)])
    return Draft(key, "bring", day, "finance", "year end", authority="Board", transfers=moved)


def test_both_sides_are_ordinary_entries_and_each_year_sums_to_nothing(funded: Store) -> None:
    out, back = post(funded, [carry(), bring()])
    assert held(funded, as_at=LAST_DAY)["ICB1", "core", "available"] == 599_900
    with funded.read() as reader:
        sides = (
            "SELECT CAST(sum(t.amount_pence) AS BIGINT) FROM transfer t JOIN account a ON a.id = {} WHERE a.year = {}"
        )
        for year in (2025, 2026):
            came, went = (reader.whole(sides.format(side, year)) for side in ("t.to_account", "t.from_account"))
            assert came == went
        assert [(row["entry"], row["kind"], row["amount_pence"]) for row in carrying_forward.carried(reader, FinancialYear(2025))] == [
            (out.number, "carry", 100), (back.number, "bring", 100),
        ]  # fmt: skip
        assert verify.verify(reader) == []


@pytest.mark.parametrize(
    ("drafts", "said"),
    [
        ([bring()], r"core, carried forward from 2025/26: £1.00 would come, and £0.00 was carried"),
        ([carry(99), bring()], r"£1.00 would come, and £0.99 was carried\. No more comes into a year than was carried"),
        (
            [carry(day=APRIL)],
            r"to carry is dated 2025-04-01, which is not the last day of the year.*Date it 2026-03-31",
        ),
        (
            [carry(), bring(day=date(2026, 4, 2))],
            r"to bring is dated 2026-04-02, which is not the first day of the year",
        ),
        ([carry(recurrent=True)], r"to carry moves recurrent money.*would be counted twice"),
        ([carry(to="NHS")], r"to carry has another side than the source"),
        ([carry(600_001)], r"would be £0.01 below zero"),
    ],
)
def test_what_is_no_year_end_is_refused(same_funded: Store, drafts: list[Draft], said: str) -> None:
    with pytest.raises(Refused, match=said):
        post(same_funded, drafts)


def test_what_is_brought_comes_from_the_source(funded: Store) -> None:
    given = entry("mandate", at("GOV", "core", year=NEXT), at("NHS", "core", year=NEXT), 500, day=FIRST_DAY)
    with pytest.raises(Refused, match="to bring has another side than the source"):
        post(funded, [given, carry(), bring(giver="NHS")])


def test_what_came_is_reversed_before_what_went(funded: Store) -> None:
    out, back = post(funded, [carry(), bring()])
    with pytest.raises(Refused, match="Reverse what was brought before what was carried"):
        reverse(funded, out.number, reason="wrong", actor="tests")
    reverse(funded, back.number, reason="wrong", actor="tests")
    reverse(funded, out.number, reason="wrong", actor="tests")
    assert held(funded)["ICB1", "core", "available"] == 600_000
    with funded.read() as reader:
        assert carrying_forward.carried(reader, FinancialYear(2025)) == []
        assert verify.verify(reader) == []
