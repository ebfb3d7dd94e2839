"""Control totals over random money: what the one question says is what plain additions come to."""

import random
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.models import ControlTotal
from ledger.money import exact_pounds
from ledger.store.base import Store
from ledger.store.server import rules
from tests.books import APRIL, FUNDS, ORGANISATIONS, TIERS, YEAR, at, entry, fund_all

TIER_OF = {code: tier for code, _, tier in ORGANISATIONS}
RANK = {code: rank for code, _, rank, _, _ in TIERS}
BETWEEN = [("government", "national"), ("national", "icb"), ("icb", "place"), ("place", "pcn"), ("icb", "pcn"),
           ("national", "pcn"), ("icb", "national"), ("nowhere", "icb"), ("icb", "icb")]  # fmt: skip
PARENT_FUND = {code: parent for code, parent, _, _ in FUNDS}


class Moved(NamedTuple):
    day: date
    payer: str
    payee: str
    payer_fund: str
    payee_fund: str
    pence: int


def around(fund: str | None) -> set[str]:
    """A fund and those that it lies inside."""
    found = set()
    while fund is not None:
        found.add(fund)
        fund = PARENT_FUND[fund]
    return found


def by_hand(total: dict, moves: list[Moved]) -> int:
    """Money from tier to tier, read downwards, by the total's day."""
    pence = 0
    for move in moves:
        upper, lower, fund, sign = move.payer, move.payee, move.payee_fund, 1
        if RANK[TIER_OF[move.payer]] > RANK[TIER_OF[move.payee]]:
            upper, lower, fund, sign = move.payee, move.payer, move.payer_fund, -1
        if (
            upper != lower
            and (TIER_OF[upper], TIER_OF[lower]) == (total["from_tier"], total["to_tier"])
            and total["year"] == YEAR.start
            and move.day <= total["as_at"]
            and total["organisation"] in (None, lower)
            and (total["fund"] is None or total["fund"] in around(fund))
        ):
            pence += sign * move.pence
    return pence


def with_money(books: Store, chance: random.Random) -> list[Moved]:
    fund_all(books)
    moves = [
        Moved(APRIL, "GOV", "NHS", "limit", "limit", 1_000_000),
        Moved(APRIL, "NHS", "ICB1", "limit", "core", 600_000),
        Moved(APRIL, "NHS", "ICB2", "limit", "core", 300_000),
    ]
    drafts = []
    for kind, payer, payee, fund, to_fund in [
        ("devolve", "ICB1", "P1", "core", "core"), ("devolve", "ICB1", "P2", "core", "care"),
        ("devolve", "ICB2", "P3", "core", "core"), ("devolve", "P1", "N1", "core", "core"),
        ("allocate", "NHS", "ICB1", "limit", "growth"), ("return", "P1", "ICB1", "core", "core"),
        ("return", "ICB2", "NHS", "core", "core"), ("devolve", "ICB1", "N2", "core", "care"),
        ("return", "N1", "NHS", "core", "core"), ("earmark", "ICB2", "ICB2", "core", "care"),
    ] * 3:  # fmt: skip
        day, pence = APRIL + timedelta(days=chance.randrange(200)), chance.randrange(1, 900)
        drafts.append(entry(kind, at(payer, fund), at(payee, to_fund), pence, day=day))
        moves.append(Moved(day, payer, payee, fund, to_fund, pence))
    # What goes back, goes back from what is there on every day.
    first = [Moved(APRIL, "ICB1", "P1", "core", "core", 50_000), Moved(APRIL, "P1", "N1", "core", "core", 20_000)]
    there = [entry("devolve", at(m.payer, m.payer_fund), at(m.payee, m.payee_fund), m.pence) for m in first]
    post(books, [*there, *drafts])
    return [*moves, *first]


def asserted(rows: list[dict], key: str) -> Draft:
    return Draft(key, "assert", APRIL, "tests", "it was published", records={ControlTotal: records(ControlTotal, rows)})


@pytest.mark.parametrize("seed", range(4))
def test_totals_are_met_or_refused_by_what_plain_additions_come_to(books: Store, seed: int) -> None:
    chance = random.Random(seed)
    moves = with_money(books, chance)
    rows = []
    for nth in range(40):
        row = {
            "id": f"total {nth}", "description": f"the {nth}th", "year": chance.choice([YEAR.start] * 4 + [2024]),
            "as_at": APRIL + timedelta(days=chance.randrange(-3, 210)),
            **dict(zip(("from_tier", "to_tier"), chance.choice(BETWEEN), strict=True)),
            "organisation": chance.choice([None, None, "ICB1", "ICB2", "P1", "N1"]),
            "fund": chance.choice([None, None, "limit", "core", "care", "no such fund"]),
            "tolerance_pence": chance.choice([0, 3]), "source": "the workbook",
        }  # fmt: skip
        shown = 0 if row["fund"] == "no such fund" else by_hand(row, moves)
        rows.append({**row, "shown": shown, "expected_pence": shown + chance.choice([-1, 1]) * row["tolerance_pence"]})
    shown = [row.pop("shown") for row in rows]
    assert len(set(shown)) > 5
    post(books, [asserted(rows, "as published")])
    # One penny more than the tolerance in either direction is found, and named by how much.
    ways = [chance.choice([-1, 1]) for _ in rows]
    wrong = [
        {**row, "id": f"wrong {row['id']}", "expected_pence": pence + way * (row["tolerance_pence"] + 1)}
        for row, pence, way in zip(rows, shown, ways, strict=True)
    ]
    with pytest.raises(Refused) as refused:
        post(books, [asserted(wrong, "wrong")])
    said = {problem.where.split("'")[1]: problem.found for problem in refused.value.problems}
    assert said == {
        row["description"]: f"the books show £{exact_pounds(pence)}, which is "
        f"£{exact_pounds(row['tolerance_pence'] + 1)} {'too little' if way > 0 else 'too much'}."
        for row, pence, way in zip(rows, shown, ways, strict=True)
    }


def test_a_total_is_asked_again_when_its_money_moves_and_only_then(funded: Store) -> None:
    row = {
        "id": "core", "description": "core", "year": YEAR.start, "as_at": APRIL, "from_tier": "national",
        "to_tier": "icb", "fund": "core", "expected_pence": 900_000, "tolerance_pence": 0, "source": "the workbook",
    }  # fmt: skip
    post(funded, [asserted([row], "as published")])
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 5, day=APRIL + timedelta(days=1))])
    with pytest.raises(Refused, match=r"£0\.05 too much"):
        post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 5)])
    with pytest.raises(Refused, match=r"£0\.05 too little"):
        post(funded, [entry("return", at("ICB2", "core"), at("NHS", "core"), 5)])
    newer = {**row, "id": "newer", "expected_pence": 900_005, "supersedes": "core"}
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 5), asserted([newer], "newly published")])


def test_what_reads_all_that_was_moved_is_planned_for_what_the_tables_hold() -> None:
    """In the plans of a small batch, fifty printed totals over 150,000 payments took longer than anybody waited."""
    planned = {
        function.name for function in rules.functions() if ("plan_cache_mode", "force_custom_plan") in function.settings
    }
    assert planned == {"ledger_rule_published_totals", "ledger_rule_source_limit", "ledger_rule_source_elsewhere"}
