"""Pooled funds, contracts, instalments and breaking even alone: what was arranged beside what became of it."""

from dataclasses import replace
from datetime import date
from itertools import count
from typing import Any

import pytest
from sqlmodel import SQLModel

from allocations.shares.pooled import shares_of_what_is_left
from ledger.entries.draft import Draft, records
from ledger.entries.kinds import ARRANGE, FORECAST
from ledger.entries.posting import post, reverse
from ledger.models import Organisation, Relationship, Tier
from ledger.plans import Contract, Contribution, Forecast, TestedInstalment
from ledger.reports import arrangements, breakeven
from ledger.reports.position import moment
from ledger.reports.verify import verify
from ledger.store.base import Store
from screens.report import arrangements as shown
from tests.books import APRIL, JUNE, LONG_AGO, YEAR, at, entry

_serial = count()
pytestmark = pytest.mark.parametrize("kind", ["file", "server"])


def brings(model: type[SQLModel], **row: Any) -> Draft:
    key = f"arranged {next(_serial)}"
    kind = FORECAST if model is Forecast else ARRANGE
    return Draft(key, kind, APRIL, "tests", "a case", records={model: records(model, [{"id": key, **row}])})


def council() -> Draft:
    """A council beside the ICB, with the first place below both."""
    return Draft(
        "council", "structure", APRIL, "tests", "who else there is",
        records={
            Tier: records(Tier, [{"code": "council", "name": "Council", "rank": 2, "depth": 0,
                                  "may_go_below_zero": False}]),
            Organisation: records(Organisation, [{"code": "LA1", "name": "The council", "tier": "council",
                                                  "valid_from": LONG_AGO}]),
            Relationship: records(Relationship, [
                {"id": f"{a}>{b}", "parent": a, "child": b, "scheme": "pool", "valid_from": LONG_AGO}
                for a, b in (("GOV", "LA1"), ("LA1", "P1"))]),
        },
    )  # fmt: skip


def contribution(payer: str, agreed: int, minimum: int | None) -> Draft:
    return brings(
        Contribution, pool="P1", payer=payer, fund="care", year=2025, agreed_pence=agreed, minimum_pence=minimum
    )


# --- a pool with two payers -----------------------------------------------------------------------


def pool(books: Store) -> None:
    """The ICB pays 2,500 pounds and gets 100 back, the council pays 1,001; 900 are set aside inside, 501 spent."""
    post(books, [council(), contribution("ICB1", 250_000, None)])
    # What is agreed later takes the place of what was agreed first.
    post(books, [contribution("ICB1", 300_000, 100_000), contribution("LA1", 100_000, 20_000)])
    post(
        books,
        [
            entry("mandate", at("GOV", "limit"), at("NHS", "care"), 250_000),
            entry("mandate", at("GOV", "limit"), at("LA1", "care"), 100_100),
            entry("allocate", at("NHS", "care"), at("ICB1", "care"), 250_000),
            entry("allocate", at("ICB1", "care"), at("P1", "care"), 200_000),
            entry("devolve", at("ICB1", "care"), at("P1", "care"), 50_000),
            entry("allocate", at("LA1", "care"), at("P1", "care"), 100_100),
            entry("return", at("P1", "care"), at("ICB1", "care"), 10_000),
            entry("earmark", at("P1", "care"), at("P1", "care-inner"), 90_000),
            entry("spend", at("P1", "care"), at("P1", "care", "spent"), 40_100),
            entry("spend", at("P1", "care-inner"), at("P1", "care-inner", "spent"), 10_000),
        ],
    )


def test_a_pool_with_two_payers_is_one_account_and_each_has_a_share_of_what_is_left(books: Store) -> None:
    """Left are 3,401 - 501 = 2,900 pounds: by 2,400 and 1,001, 204,645.69 and 85,354.31 pence."""
    pool(books)
    with books.read() as reader:
        (found,) = arrangements.pools(reader, moment(reader, JUNE), organisation="LA1", year=YEAR)
        assert verify(reader) == []
        report = shown.pools(reader, moment(reader, JUNE), organisation=None, year=YEAR)
    paid = {payer.organisation: (payer.agreed_pence, payer.paid_pence, payer.to_pay_pence) for payer in found.payers}
    assert paid == {"ICB1": (300_000, 240_000, 60_000), "LA1": (100_000, 100_100, -100)}
    assert (found.host, found.left_pence, found.spent_pence, found.passed_pence) == ("P1", 290_000, 50_100, 0)
    assert shares_of_what_is_left(found) == {"ICB1": 204_646, "LA1": 85_354}
    assert (found.minimum_pence, found.inner_pence, found.short_pence, found.inner_spent_pence) == (
        120_000, 90_000, 30_000, 10_000,
    )  # fmt: skip
    said = " ".join(report.sentences)
    assert "£900.00 stands on funds inside it of the least of £1,200.00, which is £300.00 short; £100.00" in said
    assert [row["share_of_left_pence"] for row in report.rows.records()] == [204_646, 85_354]


def test_a_pool_tells_what_was_passed_on_what_came_from_others_and_what_was_undone(books: Store) -> None:
    """Of 2,000 pounds 300 are passed on; 50 from nobody's agreement have a share; an undone payment does not count."""
    post(books, [council(), contribution("LA1", 200_000, 0)])
    post(
        books,
        [
            entry("mandate", at("GOV", "limit"), at("LA1", "care"), 300_000),
            entry("mandate", at("GOV", "limit"), at("NHS", "care"), 5_000),
            entry("allocate", at("NHS", "care"), at("ICB1", "care"), 5_000),
            entry("allocate", at("ICB1", "care"), at("P1", "care"), 5_000),
            entry("allocate", at("LA1", "care"), at("P1", "care"), 200_000),
            entry("allocate", at("P1", "care"), at("N1", "care"), 30_000),
        ],
    )
    (undone,) = post(books, [entry("allocate", at("LA1", "care"), at("P1", "care"), 1_000)])
    reverse(books, undone.number, reason="a slip", actor="tests", authority="the tests, 1 April 2025")
    with books.read() as reader:
        (found,) = arrangements.pools(reader, moment(reader, JUNE), organisation=None, year=YEAR)
        report = shown.pools(reader, moment(reader, JUNE), organisation="ICB2", year=YEAR)
    assert (found.paid_in_pence, found.others_pence, found.passed_pence, found.left_pence) == (
        205_000, 5_000, 30_000, 175_000,
    )  # fmt: skip
    # 175,000 x 200 / 205 = 170,731.71, and 4,268.29.
    assert shares_of_what_is_left(found) == {"LA1": 170_732, "(others)": 4_268}
    assert found.short_pence == 0
    assert report.sentences == ["No contribution to a pool is recorded."]


def test_a_pool_into_which_nobody_has_paid_has_no_shares(books: Store) -> None:
    post(books, [contribution("ICB1", 300_000, None)])
    with books.read() as reader:
        (found,) = arrangements.pools(reader, moment(reader, JUNE), organisation=None, year=YEAR)
        report = shown.pools(reader, moment(reader, JUNE), organisation=None, year=YEAR)
    assert (shares_of_what_is_left(found), found.left_pence, found.short_pence) == (None, 0, None)
    assert report.rows.records()[0]["share_of_left_pence"] is None
    assert "no least amount for an inner purpose is recorded" in report.sentences[0]


# --- contracts ------------------------------------------------------------------------------------


def contract(code: str, kind: str, holder: str, commissioner: str, **given: Any) -> Draft:
    row = {"code": code, "kind": kind, "holder": holder, "commissioner": commissioner, "fund": "core",
           "valid_from": APRIL, **given}  # fmt: skip
    return brings(Contract, **row)


def test_contracts_with_their_sub_contracts_and_a_budget_for_each_person(funded: Store) -> None:
    """An IHO of 1,000 people gets 5,000 pounds and lets 1,200 on to an MNP of 400, which lets 300 on to an SNP."""
    post(funded, [contract("IHO", "iho", "P1", "ICB1", population=1_000, valid_to=date(2028, 4, 1))])
    post(funded, [contract("MNP", "mnp", "N1", "P1", population=400, part_of="IHO")])
    post(funded, [contract("SNP", "snp", "G1", "N1", part_of="MNP")])
    post(funded, [contract("ended", "other", "P2", "ICB1", valid_to=date(2025, 5, 1))])
    post(
        funded,
        [
            entry("devolve", at("ICB1", "core"), at("P1", "core"), 500_000),
            entry("devolve", at("P1", "core"), at("N1", "core"), 130_000),
            entry("return", at("N1", "core"), at("P1", "core"), 10_000),
            entry("devolve", at("N1", "core"), at("G1", "core"), 30_000),
        ],
    )
    with funded.read() as reader:
        found = arrangements.contracts(reader, moment(reader, JUNE), organisation=None, year=YEAR)
        own = arrangements.contracts(reader, moment(reader, JUNE), organisation="N1", year=YEAR)
        report = shown.contracts(reader, moment(reader, JUNE), organisation=None, year=YEAR)
    assert [(one.code, one.depth, one.in_force, one.budget_pence, one.per_head_pence, one.let_on_pence, one.kept_pence,
             one.let_on_population) for one in found] == [
        ("IHO", 0, True, 500_000, 500, 120_000, 380_000, 400),
        ("MNP", 1, True, 120_000, 300, 30_000, 90_000, None),
        ("SNP", 2, True, 30_000, None, None, None, None),
        ("ended", 0, False, 0, None, None, None, None),
    ]  # fmt: skip
    assert [one.code for one in own] == ["MNP", "SNP"]
    assert len(report.rows.records()) == 4


# --- instalments ----------------------------------------------------------------------------------


def instalment(quarter: int, due_on: date, **given: Any) -> Draft:
    row = {"code": f"A/Q{quarter}", "fund": "core", "payer": "ICB1", "receiver": "P1", "year": 2025, "due_on": due_on,
           "amount_pence": 100_000, "test": "9 of 10 reviews done", "outcome": "due", **given}  # fmt: skip
    return brings(TestedInstalment, **row)


def naming(source: str, draft: Draft) -> Draft:
    return replace(draft, source=source)


def test_instalments_and_money_tie_or_say_by_how_much_not(funded: Store) -> None:
    """Q1 earned and paid; Q2 withheld; Q3 moved, and 600 short; 10 of Q4 paid before its day; Q5 has passed unsaid."""
    days = (APRIL, date(2025, 7, 31), date(2025, 10, 31), date(2026, 1, 31), date(2025, 5, 1))
    post(funded, [instalment(number, day) for number, day in enumerate(days, 1)])
    post(
        funded,
        [
            instalment(1, days[0], outcome="earned"),
            instalment(2, days[1], outcome="withheld"),
            instalment(3, days[2], outcome="moved", moved_to="P2"),
        ],
    )
    paid = [
        naming("Instalment A/Q1; the June return", entry("devolve", at("ICB1", "core"), at("P1", "core"), 100_000)),
        naming("Instalment A/Q3", entry("devolve", at("ICB1", "core"), at("P2", "core"), 40_000)),
        naming("Instalment A/Q4", entry("devolve", at("ICB1", "core"), at("P1", "core"), 1_000)),
        # Other money to the same place, and what was undone, are no instalments.
        entry("devolve", at("ICB1", "core"), at("P1", "core"), 7_000),
        naming("Instalment A/Q2", entry("devolve", at("ICB1", "core"), at("P1", "core"), 9_000)),
    ]
    *_, undone = post(funded, paid)
    reverse(funded, undone.number, reason="it was withheld", actor="tests")
    with funded.read() as reader:
        at_day = moment(reader, JUNE)
        found = arrangements.instalments(reader, at_day, organisation=None, year=YEAR)
        of_other = arrangements.instalments(reader, at_day, organisation="P2", year=YEAR)
        report = shown.instalments(reader, at_day, organisation=None, year=YEAR)
        assert verify(reader) == []
    assert {one.code: (one.outcome, one.quarter, one.paid_pence, one.apart, one.is_late) for one in found} == {
        "A/Q1": ("earned", "Q1", 100_000, {}, False),
        "A/Q5": ("due", "Q1", 0, {}, True),
        "A/Q2": ("withheld", "Q2", 0, {}, False),
        "A/Q3": ("moved", "Q3", 40_000, {"P2": -60_000}, False),
        "A/Q4": ("due", "Q4", 1_000, {"P1": 1_000}, False),
    }
    assert [one.code for one in of_other] == ["A/Q3"]
    said = " ".join(report.sentences)
    assert "A/Q3 is moved: £600.00 is still to be paid to P2." in said
    assert "A/Q4 is due: £10.00 was paid to P1 that its outcome does not give it." in said
    assert "A/Q5 was due on 2025-05-01, and nobody has said what became of it." in said
    first = report.facts["quarters"][0]
    assert (first["quarter"], first["earned_pence"], first["due_pence"], first["paid_pence"]) == (
        "Q1", 100_000, 100_000, 100_000,
    )  # fmt: skip


# --- each alone -----------------------------------------------------------------------------------


def test_each_body_breaks_even_alone_or_not_or_it_is_not_known(funded: Store) -> None:
    """ICB1 has 5,000 and expects 4,500; ICB2 has 3,000 and expects 3,200; P1 has spent its 1,000; NHS said nothing."""
    post(
        funded,
        [
            entry("devolve", at("ICB1", "core"), at("P1", "core"), 100_000),
            entry("spend", at("P1", "core"), at("P1", "core", "spent"), 100_000),
            brings(
                Forecast, organisation="ICB1", fund="core", year=2025, as_at=date(2025, 4, 30), amount_pence=600_000
            ),
            brings(
                Forecast, organisation="ICB1", fund="core", year=2025, as_at=date(2025, 5, 31), amount_pence=450_000
            ),
            brings(
                Forecast, organisation="ICB2", fund="core", year=2025, as_at=date(2025, 5, 31), amount_pence=320_000
            ),
        ],
    )
    with funded.read() as reader:
        at_day = moment(reader, JUNE)
        found = breakeven.each_alone(reader, at_day, organisation=None, tier=None, year=YEAR)
        below = breakeven.each_alone(reader, at_day, organisation="ICB1", tier=None, year=YEAR)
        icbs = breakeven.each_alone(reader, at_day, organisation=None, tier="icb", year=YEAR)
        report = shown.each_alone(reader, at_day, organisation=None, tier=None, year=YEAR)
    assert [(one.organisation, one.held_pence, one.spent_pence, one.under_pence, one.breaks_even) for one in found] == [
        ("ICB2", 300_000, None, -20_000, False),
        ("NHS", 100_000, None, None, None),
        ("ICB1", 500_000, None, 50_000, True),
        ("P1", 100_000, 100_000, 0, True),
    ]
    assert {one.organisation for one in below} == {"ICB1", "P1"}
    assert [one.organisation for one in icbs] == ["ICB2", "ICB1"]
    assert breakeven.together(found) == (30_000, 20_000)
    said = " ".join(report.sentences)
    assert "Second ICB (ICB2) is £200.00 over what it has." in said
    assert "Of 1 it is not known" in said


def test_part_of_a_body_that_is_not_known_makes_the_whole_unknown(funded: Store) -> None:
    """ICB1 forecasts its core, and says nothing of its winter money; once winter is spent, nothing is unknown."""
    core = brings(Forecast, organisation="ICB1", fund="core", year=2025, as_at=date(2025, 4, 30), amount_pence=1)
    post(funded, [core, entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 50_000)])
    with funded.read() as reader:
        (before,) = breakeven.each_alone(reader, moment(reader, JUNE), organisation="ICB1", tier=None, year=YEAR)
    assert (before.breaks_even, before.unknown_pence) == (None, 50_000)
    post(funded, [
        entry("spend", at("ICB1", "winter"), at("ICB1", "winter", "spent"), 50_000),
        entry("spend", at("ICB1", "core"), at("ICB1", "core", "spent"), 10_000),
    ])  # fmt: skip
    with funded.read() as reader:
        (after,) = breakeven.each_alone(reader, moment(reader, JUNE), organisation="ICB1", tier=None, year=YEAR)
    # What is spent of core is more than was forecast of it.
    assert (after.breaks_even, after.expected_pence, after.under_pence) == (True, 60_000, 590_000)
