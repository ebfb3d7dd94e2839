"""What memory accepts, the questions accept: the same entries, judged both ways over random books.

Each batch is posted by the questions in a transaction that is thrown away, and then offered to memory. Where memory
takes it, the questions must have taken it too, with the same numbers, hashes and rows.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from ledger.entries import group_commit, posting
from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.entries.kinds import MONEY_KINDS
from ledger.entries.months import close
from ledger.entries.posting import Posted, post
from ledger.entries.proposals import submit
from ledger.errors import Refused
from ledger.models import Appointment, Closure, ControlTotal, Dismissal, Fund
from ledger.reports.verify import verify
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.store.reading import Reader
from ledger.years import FinancialYear, parse_month
from tests.books import APRIL, LONG_AGO, YEAR, at, entry, fund_all, new_relations, new_terms, term
from tests.profiles import times
from tests.shelves import Shelf

PARENTS = {"NHS": "GOV", "ICB1": "NHS", "ICB2": "NHS", "P1": "ICB1", "P2": "ICB1", "P3": "ICB2", "N1": "P1", "G1": "N1"}
FUNDS = ["limit", "core", "care", "care-inner", "winter", "growth", "estate", "shallow"]
WRITTEN = ("entry", "account", "transfer", "account_day", "person_day", "seal")


def snapshot(reader: Reader) -> dict[str, pa.Table]:
    """Everything that posting money writes, in an order of its own."""
    return {table: reader.table(f"SELECT * FROM {table} ORDER BY ALL") for table in WRITTEN}


def by_questions(store: Store, drafts: list[Draft]) -> tuple[list[Posted], dict[str, pa.Table]] | None:
    """What the questions make of a batch, thrown away; None where they refuse it."""
    try:
        with store.rehearse() as writer:
            return posting._post(writer, drafts), snapshot(writer)
    except Refused:
        return None


def by_memory(store: Store, drafts: list[Draft]) -> list[Posted] | None:
    group = group_commit.queue_of(store)
    assert group is not None
    return group.post(drafts, posting._now)


def tried(store: Store, drafts: list[Draft]) -> str:
    """Offer a batch to memory and compare; what became of it."""
    wanted = by_questions(store, drafts)
    posted = by_memory(store, drafts)
    if posted is None:
        if wanted is not None:
            post(store, drafts)
        return "refused" if wanted is None else "accepted by the questions alone"
    assert wanted is not None, "memory accepts what the questions refuse"
    assert posted == wanted[0]
    with store.read() as reader:
        found = snapshot(reader)
    assert [table for table in WRITTEN if not found[table].equals(wanted[1][table])] == []
    return "accepted by memory"


# What happens to the books besides: each with a day and an organisation of its own.


def closes(store: Store, day: date, who: str) -> None:
    rows = records(Closure, [{"id": f"close {who} {day}", "organisation": who, "valid_to": day}])
    post(store, [Draft(f"close {who} {day}", "structure", APRIL, "root", "it closes", records={Closure: rows})])


def moves(store: Store, day: date, who: str) -> None:
    """The second place goes to the other board."""
    line = {"child": "P2", "scheme": "line"}
    ended = {"id": "ended", "parent": "ICB1", "valid_from": LONG_AGO, "valid_to": day, "supersedes": "ICB1>P2", **line}
    post(store, [new_relations(ended, {"id": "moved", "parent": "ICB2", "valid_from": day, **line})])


def is_fenced(store: Store, day: date, who: str) -> None:
    post(store, [new_terms(term("growth", "hard", effective_from=day))])


def month_is_closed(store: Store, day: date, who: str) -> None:
    close(store, parse_month("2025-04"), actor="root", reason="it ended")


def total_is_published(store: Store, day: date, who: str) -> None:
    row = {
        "id": "total", "description": "to networks", "year": YEAR.start, "as_at": day, "from_tier": "icb",
        "to_tier": "pcn", "expected_pence": 0, "tolerance_pence": 0, "source": "a workbook",
    }  # fmt: skip
    post(store, [Draft("total", "assert", APRIL, "root", "x", records={ControlTotal: records(ControlTotal, [row])})])


def is_proposed(store: Store, day: date, who: str) -> None:
    bid = [entry("devolve", at("ICB1", "core"), at("P1", "core"), 70, day=day)]
    submit(store, bid, key="a bid", title="A bid", prepared_by="root")


def rights_begin(store: Store, day: date, who: str) -> None:
    """The tests may post for a part and within a limit, Anna for all, and Berta only what others propose."""
    limit = {"limit_pence": 5_000, "limit_period": ("day", "month", "year")[day.day % 3]} if day.day % 4 else {}
    alone = {"role": "approver", "alone": True, "valid_from": LONG_AGO}
    given = [
        {"id": "root", "person": "root", "role": "administrator", "alone": False, "valid_from": LONG_AGO},
        {"id": "tests", "person": "tests", "organisation": None if day.day % 2 else who, **limit, **alone},
        {"id": "anna", "person": "anna", **alone},
        {"id": "berta", "person": "berta", "role": "approver", "alone": False, "valid_from": LONG_AGO},
    ]
    for row in given:
        drafts = [Draft(row["id"], "appoint", APRIL, "root", "x", records={Appointment: records(Appointment, [row])})]
        post(
            store,
            drafts
            if row["id"] != "root"
            else [Draft("root", "appoint", APRIL, "founder", "x", records=drafts[0].records)],
        )


def is_dismissed(store: Store, day: date, who: str) -> None:
    row = {"id": "ends", "appointment": "tests", "valid_to": date(2026, 1, 2)}
    post(store, [Draft("ends", "dismiss", APRIL, "root", "x", records={Dismissal: records(Dismissal, [row])})])


HAPPENINGS = (
    closes, moves, is_fenced, month_is_closed, total_is_published, is_proposed, rights_begin, rights_begin, is_dismissed
)  # fmt: skip
days = st.integers(0, 200).map(lambda nth: APRIL + timedelta(days=nth))
happenings = st.tuples(st.sampled_from(HAPPENINGS), days, st.sampled_from(list(PARENTS)[1:]))


@st.composite
def movements(draw: st.DrawFn, kind: str) -> Leg:
    """A leg that an entry of a kind may have, one in eight changed into any."""
    rule = MONEY_KINDS[kind]
    payee = draw(
        st.sampled_from(
            {"down": ["P1", "P1", "P3", "N1", "G1"], "up": ["P1", "N1"], "within": ["ICB1"]}[rule.direction]
        )
    )
    ends = {"down": (PARENTS[payee], payee), "up": (payee, PARENTS[payee]), "within": (payee, payee)}[rule.direction]
    fund = draw(st.sampled_from(["core"] * 8 + FUNDS))
    inside, other = ["core", "care", "care-inner"], ["growth", "core", "shallow", "limit"]
    to_fund = {"same": [fund], "inside": inside, "same or inside": [fund, fund, *inside], "other": other}[rule.fund]
    standings = draw(st.sampled_from(sorted(rule.standings)))
    year, pence, note = YEAR, draw(st.sampled_from([1, 7, 90, 400, 900, 6_000])), None
    match draw(st.integers(0, 31)):
        case 0:
            ends = draw(st.tuples(*[st.sampled_from(["GOV", "N2", "nobody", *PARENTS])] * 2))
        case 1:
            year = FinancialYear(2024)
        case 2:
            note = draw(
                st.sampled_from(["sheet 1", "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "a\N{ZERO WIDTH SPACE}b"])
            )
        case 3:
            standings = draw(st.tuples(*[st.sampled_from(["available", "retained", "spent", "lent"])] * 2))
    source, destination = (
        Place(ends[0], fund, year, standings[0]),
        Place(ends[1], draw(st.sampled_from(to_fund)), YEAR, standings[1]),
    )
    return Leg(source, destination, pence, draw(st.booleans()), note)


@st.composite
def batches(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to three entries of one author, as arguments of drafts without their keys."""
    actor = draw(st.sampled_from(["tests", "tests", "tests", "anna", "berta", "newcomer"]))
    batch = []
    for _ in range(draw(st.sampled_from([1, 1, 1, 2, 3]))):
        kind = draw(
            st.sampled_from([*MONEY_KINDS] + ["devolve", "allocate", "earmark", "retain", "spend", "return"] * 4)
        )
        moved = draw(st.lists(movements(kind), min_size=1, max_size=2))
        authority = draw(st.sampled_from([None, None, "the board"]))
        batch.append({
            "kind": kind, "actor": actor, "effective_date": draw(days), "reason": "a case", "authority": authority,
            "transfers": moved,
        })  # fmt: skip
    return batch


def as_drafts(batch: list[dict[str, Any]], key: str) -> list[Draft]:
    return [
        Draft(key=f"{key}/{nth}", **{**given, "transfers": legs(given["transfers"])}) for nth, given in enumerate(batch)
    ]


def funded(store: Store) -> None:
    """Money in many places, one who is known to have posted, and a fund that goes no further down than places."""
    fund = {
        "code": "shallow", "name": "Shallow", "parent": "limit", "stream": "core", "lowest_tier": "place",
        "resource": "revenue",
    }  # fmt: skip
    post(store, [Draft("shallow", "terms", APRIL, "root", "another fund", records={Fund: records(Fund, [fund])})])
    fund_all(store, 10_000_000)
    passed = [("NHS", who, "limit", fund, 50_000) for who in ("ICB1", "ICB2") for fund in set(FUNDS) - {"estate"}]
    passed += [("ICB1", "P1", "core", "core", 90_000), ("ICB2", "P3", "core", "core", 9_000)]
    passed += [("P1", "N1", "core", "core", 40_000), ("N1", "G1", "core", "care", 4_000)]
    post(store, [entry("allocate", at(a, fund), at(b, to), pence) for a, b, fund, to, pence in passed])
    for actor in ("anna", "berta"):
        spent = legs([Leg(at("ICB1", "core"), at("ICB1", "core", "spent"), 1)])
        post(store, [Draft(f"{actor} was here", "spend", APRIL, actor, "to be known", transfers=spent)])


def test_memory_accepts_nothing_that_the_questions_refuse(
    template: Callable[[str], Address], shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shelf.kind == "server":
        pytest.skip("a server's entries are posted by the server")
    place = shelf.copy(template("file"))
    with Store.open(place) as store:
        funded(store)
        store.checkpoint()
    told: Counter[str] = Counter()
    moment = [datetime(2026, 1, 1, tzinfo=UTC)]
    monkeypatch.setattr(posting, "_now", lambda: moment[0])

    @settings(
        max_examples=times(quick=10, ci=15, nightly=1_000),
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.one_of(batches(), batches(), happenings), min_size=5, max_size=12))
    def over_random_books(history: list[Any]) -> None:
        with Store.open(shelf.copy(place)) as store:
            for nth, step in enumerate(history):
                moment[0] += timedelta(hours=7)
                if isinstance(step, list):
                    told[tried(store, as_drafts(step, f"batch {nth}"))] += 1
                    continue
                happen, day, who = step
                try:
                    happen(store, day, who)
                except Refused:
                    told[f"{happen.__name__} refused"] += 1
                else:
                    told[happen.__name__] += 1
            with store.read() as reader:
                assert verify(reader) == []

    over_random_books()
    # Most of what the questions accept memory accepts, so that the comparison says something.
    assert told["accepted by memory"] > told["accepted by the questions alone"] > 0, told
    assert told["refused"] > 0
