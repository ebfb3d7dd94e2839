"""A year end by its rule: what goes on, what stays behind and why, to the penny."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import clock
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.inputs import Input
from ledger.models import Closure, Organisation, Relationship, Succession
from ledger.reports import verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios.year_end.carry_forward import (
    NOT_NAMED,
    RECURS,
    CarryForwardPlan,
    drafts,
    plan,
    posted_before,
    refuse_too_early,
)
from scenarios.year_end.rule import read_rule
from tests.books import APRIL, LONG_AGO, MAY, at, entry, new_terms, term, whole
from tests.shelves import small_file

INTO = FinancialYear(2026)
HEAD = "title: Year end\nauthority: Board\nreason: it was agreed\nlines:\n"
ALL_GROWTH = HEAD + "  - {funds: [growth], of: held}\n"


@pytest.fixture
def money(funded: Store) -> Store:
    """Core recurs; growth and winter are for once. The place has spent some of its growth money."""
    once = {"recurrent": False, "effective_from": APRIL}
    post(
        funded,
        [
            new_terms(term("growth", "soft", **once), term("winter", "hard", spend_by=date(2026, 3, 31), **once)),
            entry("allocate", at("NHS", "limit"), at("ICB1", "growth"), 50_001),
            entry("allocate", at("NHS", "limit"), at("ICB2", "growth"), 20_000),
            entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 9_999),
            entry("devolve", at("ICB1", "growth"), at("P1", "growth"), 10_000, day=MAY),
            entry("retain", at("ICB1", "growth"), at("ICB1", "growth", "retained"), 15_000, day=MAY),
        ],
    )
    return funded


def worked_out(store: Store, tmp_path: Path, text: str, underspends: str | None = None) -> CarryForwardPlan:
    rule, listed = tmp_path / "rule.yaml", None
    rule.write_text(text, encoding="utf-8")
    if underspends is not None:
        listed = tmp_path / "underspends.csv"
        listed.write_text(underspends, encoding="utf-8")
    with store.read() as reader:
        return plan(reader, read_rule(rule, listed), INTO)


def carried(found: CarryForwardPlan) -> dict[tuple[str, str, str], int]:
    return {(each.organisation, each.fund, each.standing): each.pence for each in found.carried}


def stands(store: Store, year: int) -> dict[tuple[str, str, str], int]:
    rows = whole(store, date(2026, 4, 1)).to_pylist()
    found: dict[tuple[str, str, str], int] = {}
    for row in rows:
        if row["year"] == year and row["standing"] != "source":
            key = (row["organisation"], row["fund"], row["standing"])
            found[key] = found.get(key, 0) + row["amount_pence"]
    return found


def test_what_is_named_goes_on_and_all_else_is_told_with_its_amount(money: Store, tmp_path: Path) -> None:
    found = worked_out(money, tmp_path, ALL_GROWTH)
    assert carried(found) == {
        ("ICB1", "growth", "available"): 25_001,
        ("ICB1", "growth", "retained without agreement"): 15_000,
        ("ICB2", "growth", "available"): 20_000,
        ("P1", "growth", "available"): 10_000,
    }
    assert {(each.fund, each.why, each.pence) for each in found.behind} == {
        ("core", RECURS, 900_000), ("limit", RECURS, 20_000), ("winter", NOT_NAMED, 9_999),
    }  # fmt: skip
    assert found.warnings == (
        "No spending of growth is recorded: what is carried forward was held, maybe not unspent.",
    )
    post(money, drafts(found, actor="finance"))
    assert stands(money, 2026) == {
        ("ICB1", "growth", "available"): 25_001,
        ("ICB1", "growth", "retained without agreement"): 15_000,
        ("ICB2", "growth", "available"): 20_000,
        ("P1", "growth", "available"): 10_000,
    }
    assert {key for key in stands(money, 2025) if key[1] == "growth"} == set()
    with money.read() as reader:
        assert verify.verify(reader) == []


def test_a_share_and_a_limit_are_split_to_the_penny(money: Store, tmp_path: Path) -> None:
    text = HEAD + "  - {funds: [growth], organisations: {tier: icb, standing: available}, share: 50%, of: held}\n"
    assert sum(carried(worked_out(money, tmp_path, text)).values()) == 22_500  # half of 45,001, rounded down
    found = worked_out(money, tmp_path, text.replace("of: held", "of: held, up_to_pounds: 100.01"))
    assert carried(found) == {("ICB1", "growth", "available"): 5_556, ("ICB2", "growth", "available"): 4_445}
    assert ("growth", "it is beyond what line 1 lets through", 35_000) in {
        (each.fund, each.why, each.pence) for each in found.behind
    }


def test_what_is_unspent_is_known_where_spending_is_recorded(money: Store, tmp_path: Path) -> None:
    text = HEAD + "  - {funds: [growth]}\n"
    with pytest.raises(
        Refused, match=r"lines.0.of: no spending of growth is recorded in 2025/26.*What stands there was held"
    ):
        worked_out(money, tmp_path, text)
    post(money, [entry("spend", at("P1", "growth"), at("P1", "growth", "spent"), 4_000, day=MAY)])
    found = worked_out(money, tmp_path, text)
    assert carried(found)["P1", "growth", "available"] == 6_000
    assert found.warnings == ()
    with pytest.raises(Refused, match="it names money that is spent"):
        worked_out(money, tmp_path, HEAD + "  - {funds: [growth], organisations: {standing: spent}}\n")


def test_a_list_of_underspends_is_taken_at_its_word_and_no_further(money: Store, tmp_path: Path) -> None:
    text = HEAD + "  - {funds: [growth], of: listed, share: 50%}\n"
    with pytest.raises(Refused, match=f"Give the file of underspends {Input.UNDERSPENDS.given}"):
        worked_out(money, tmp_path, text)
    found = worked_out(money, tmp_path, text, "Organisation,Fund,Amount\nICB1,growth,£300\nP1,growth,20.00\n")
    assert carried(found) == {
        ("ICB1", "growth", "available"): 12_501, ("ICB1", "growth", "retained without agreement"): 2_499,
        ("P1", "growth", "available"): 1_000,
    }  # fmt: skip
    for rows, said in (
        ("ICB1,growth,400.02", r"of £400.02 that is listed, £0.01 has nothing to come from"),
        ("ICB1,core,1", r"ICB1, core: of £1.00 that is listed, £1.00 has nothing to come from"),
        ("ICB1,growth,1\nICB1,growth,2", "line 3: ICB1 and growth stand twice"),
        ("ICB1,growth,lots", "line 2, amount: 'lots' is not an amount"),
        ("ICB1,growth,-5", "An overspend is not carried forward"),
    ):
        with pytest.raises(Refused, match=said):
            worked_out(money, tmp_path, text, f"organisation,fund,amount\n{rows}\n")
    with pytest.raises(Refused, match="there is no column fund"):
        worked_out(money, tmp_path, text, "organisation,amount\nICB1,5\n")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("  - {funds: [core], of: held}", r"rule.yaml, line 5, lines.0.funds: nothing that it names .*it recurs"),
        ("  - {funds: [grwth], of: held}", "there is no fund 'grwth'. It selects nothing. Did you mean growth"),
        ("  - {funds: [estate], of: held}", "it selects no fund that is held"),
        (
            "  - {funds: [growth], of: held}\n  - {funds: {grade: soft}, of: held}",
            "it names money that line 1 names too",
        ),
        ("  - {funds: [growth], of: hold}", "lines.0.of"),
        ("  - {funds: [growth], share: 120%}", "lines.0.share"),
        ("  - {fund: [growth]}", "Did you mean 'funds'"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_line(
    money: Store, tmp_path: Path, lines: str, said: str
) -> None:
    with pytest.raises(Refused, match=said):
        worked_out(money, tmp_path, HEAD + lines + "\n")


def test_a_rule_needs_an_authority_and_a_file(money: Store, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Add 'authority'"):
        worked_out(money, tmp_path, ALL_GROWTH.replace("authority: Board\n", ""))
    with pytest.raises(Refused, match="there is no such file"):
        read_rule(tmp_path / "none.yaml")


def test_the_same_rule_is_carried_out_once_and_another_takes_nothing_twice(money: Store, tmp_path: Path) -> None:
    found = worked_out(money, tmp_path, ALL_GROWTH)
    with money.read() as reader:
        assert posted_before(reader, found.written, INTO) == []
    posted = post(money, drafts(found, actor="finance"))
    with money.read() as reader:
        again = posted_before(reader, found.written, INTO)
    assert {row["entry"] for row in again} == {each.number for each in posted}
    assert sum(row["amount_pence"] for row in again if row["kind"] == "bring") == found.carried_pence == 70_001
    post(money, [entry("allocate", at("NHS", "limit"), at("ICB1", "growth"), 500)])
    with pytest.raises(Refused, match=rf"entry {posted[0].number} has carried forward from ICB1, growth, before"):
        worked_out(money, tmp_path, ALL_GROWTH + "# a remark\n")


def test_it_goes_to_the_icb_where_the_rule_says_so(money: Store, tmp_path: Path) -> None:
    text = HEAD + "  - {funds: [growth], organisations: {tier: place}, of: held, to: icb}\n"
    post(money, drafts(worked_out(money, tmp_path, text), actor="finance"))
    assert stands(money, 2026) == {("ICB1", "growth", "available"): 10_000}


def test_who_closes_at_year_end_is_followed_by_who_comes_after(money: Store, tmp_path: Path) -> None:
    day = INTO.first_day
    change = Draft(
        "merger", "structure", APRIL, "tests", "ICB2 is divided",
        records={
            Organisation: records(Organisation, [
                {"code": "ICB3", "name": "Third ICB", "tier": "icb", "valid_from": day},
            ]),
            Closure: records(Closure, [{"id": "gone", "organisation": "ICB2", "valid_to": day}]),
            Relationship: records(Relationship, [
                {"id": "new", "parent": "NHS", "child": "ICB3", "scheme": "line", "valid_from": day},
                {"id": "until", "parent": "NHS", "child": "ICB2", "scheme": "line", "valid_from": LONG_AGO, "valid_to": day,
                 "supersedes": "NHS>ICB2"},
            ]),
        },
    )  # fmt: skip
    post(money, [change])
    with pytest.raises(Refused, match="ICB2 does not exist on 2026-04-01, and nobody is known to come after it"):
        worked_out(money, tmp_path, ALL_GROWTH)
    rows = [
        {"id": code, "predecessor": "ICB2", "successor": code, "effective_date": day, "kind": "split", "weight": weight,
         "basis": "people"}
        for code, weight in (("ICB3", 2), ("ICB1", 1))
    ]  # fmt: skip
    after = Draft(
        "after", "structure", APRIL, "tests", "who comes after", records={Succession: records(Succession, rows)}
    )
    post(money, [after])
    post(money, drafts(worked_out(money, tmp_path, ALL_GROWTH), actor="finance"))
    assert stands(money, 2026)["ICB3", "growth", "available"] == 13_333
    assert stands(money, 2026)["ICB1", "growth", "available"] == 25_001 + 6_667
    with money.read() as reader:
        assert verify.verify(reader) == []


def test_a_deadline_that_passes_is_told(money: Store, tmp_path: Path) -> None:
    found = worked_out(money, tmp_path, HEAD + "  - {funds: [winter], of: held}\n")
    assert found.warnings[0].startswith("By its terms winter is to be spent by 2026-03-31: record new terms")


def test_a_year_is_not_carried_forward_before_it_has_ended(books: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda _: datetime(2026, 3, 31, 23, tzinfo=UTC))
    with books.read() as reader, pytest.raises(Refused, match="it has not ended: it is 2026-03-31"):
        refuse_too_early(reader, FinancialYear(2025))


@settings(max_examples=6, deadline=None)
@given(
    held=st.lists(st.integers(1, 100_000), min_size=3, max_size=3),
    percent=st.integers(0, 100),
    limit=st.one_of(st.none(), st.integers(0, 3_000)),
)
def test_carrying_forward_neither_makes_nor_loses_a_penny_of_any_fund(
    tmp_path_factory: pytest.TempPathFactory, held: list[int], percent: int, limit: int | None
) -> None:
    folder = tmp_path_factory.mktemp("year_end")
    with Store.open(small_file(folder / "books.duckdb")) as store:
        terms = new_terms(term("growth", "soft", recurrent=False, effective_from=APRIL))
        given_ = [
            entry("allocate", at("NHS", "limit"), at(code, "growth"), pence)
            for code, pence in zip(("ICB1", "ICB2", "P1"), held, strict=True)
        ]
        post(store, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 1_000_000), terms])
        post(store, [entry_ if n < 2 else entry("devolve", at("NHS", "limit"), at("P1", "growth"), held[2]) for n, entry_ in enumerate(given_)])  # fmt: skip
        cap = "" if limit is None else f", up_to_pounds: {limit}"
        text = HEAD + f"  - {{funds: [growth], share: {percent}%, of: held{cap}}}\n"
        found = worked_out(store, folder, text)
        before = stands(store, 2025)
        assert found.carried_pence + found.behind_pence == sum(before.values())
        assert found.carried_pence <= sum(held) * percent // 100
        assert limit is None or found.carried_pence <= limit * 100
        assert all(0 < each.pence <= each.left_pence for each in found.carried)
        if found.carried:
            post(store, drafts(found, actor="finance"))
        after, next_year = stands(store, 2025), stands(store, 2026)
        for fund in ("growth", "limit"):
            assert sum(pence for key, pence in before.items() if key[1] == fund) == sum(
                pence for year in (after, next_year) for key, pence in year.items() if key[1] == fund
            )
        for year in (2025, 2026):
            rows = [row for row in whole(store, date(2026, 4, 1)).to_pylist() if row["year"] == year]
            assert sum(row["amount_pence"] for row in rows) == 0
        with store.read() as reader:
            assert verify.verify(reader) == []
