"""Books with a row in every table and an entry of every kind, half of it in the first form of the hashed text.

For tests that ask something of every table and column. The first half is written as version 4 of the tables had it,
and migrated; the second is posted after that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from ledger import plans
from ledger.entries import proposals
from ledger.entries.draft import Draft, Leg, legs, records
from ledger.entries.kinds import APPOINT, ARRANGE, DISMISS, FORECAST, LETTER, LIMIT
from ledger.entries.months import close
from ledger.entries.posting import post, reverse
from ledger.models import (
    RECORDS,
    Account,
    Agreement,
    Appointment,
    Closure,
    ControlTotal,
    Dismissal,
    Entry,
    Organisation,
    Relationship,
    SourceLimit,
    Succession,
    Terms,
    Transfer,
)
from ledger.store import backup, file, migrations
from ledger.store.base import Reader, Store
from ledger.years import FinancialYear, month_of
from tests import form_1
from tests.books import APRIL, JUNE, LONG_AGO, MAY, YEAR, at, entry, structure, term, terms

VERSION_1 = Path(__file__).parent / "ledger" / "schema_version_1.sql"
JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)


# What version 4 did not know of an entry, and what later versions know of terms.
STANDING = {"early": None, "late": "own"}
ADDED = {"recurrent": None, "notified_on": None, "discretion": "local contract", "certain_to": 2027,
         "announced_on": MAY, "bid_by": JUNE, "return_months": "07,10,01,04", "standing": "published"}  # fmt: skip


def rich_file(folder: Path) -> Path:
    """A file ledger with rows in every table, in both forms of the hashed text; closed."""
    now, then = folder / "first_half.duckdb", folder / "rich.duckdb"
    with Store.create(now) as store:
        first_half(store)
        with store.read() as reader:
            as_version_4(reader, then)
    backup.migrate(then)
    with Store.open(then) as store:
        second_half(store)
        store.checkpoint()
    return then


def first_half(store: Store) -> None:
    """Everything that version 4 of the tables had, by whoever keeps the books alone, and then their rights."""
    post(store, [structure(), terms()])
    _moves(store, APRIL, "April")
    _records(store, "early")
    _proposals(store, MAY, "early", preparer="anna", approver="boss")
    close(store, month_of(APRIL), actor="tests", reason="the month is over")
    chief = {"id": "chief", "person": "chief", "role": "administrator", "valid_from": LONG_AGO}
    post(store, [_brings("first appointment", APPOINT, "setting up", Appointment, [chief])])
    post(store, [_appointments()])
    post(store, [_dismissal("dismissed early", "visitor")])


def second_half(store: Store) -> None:
    """The same once more, under the rights that are in force, with what came with the second form."""
    _moves(store, JUNE, "June")
    _records(store, "late", actor="chief")
    _proposals(store, JULY, "late", preparer="anna", approver="boss")
    close(store, month_of(MAY), actor="chief", reason="the month is over")
    rows = [
        {"id": "clerk", "person": "clerk", "role": "preparer", "organisation": "ICB2", "limit_pence": 700,
         "limit_period": "month", "valid_from": JUNE},
        {"id": "guest", "person": "guest", "role": "viewer", "valid_from": JUNE, "valid_to": JULY},
    ]  # fmt: skip
    post(store, [_brings("appointed late", APPOINT, "chief", Appointment, rows)])
    post(store, [_dismissal("dismissed late", "guest")])
    limit = {"fund": "limit", "year": YEAR.start, "limit_pence": 90_000_000, "source": "the settlement"}
    post(store, [_brings("limits", LIMIT, "tests", SourceLimit, [{"id": "limit 1", **limit}])])
    more = {**limit, "id": "limit 2", "limit_pence": 95_000_000, "supersedes": "limit 1"}
    post(store, [_brings("limits again", LIMIT, "tests", SourceLimit, [more])])
    _plans(store)


def _plans(store: Store) -> None:
    """Rows of every table of what is expected and arranged, and later rows that take their place."""
    pay = {"fund": "core", "year": YEAR.start}
    line = {**pay, "reference": "M3/17", "month": date(2025, 6, 30), "from_organisation": "NHS",
            "to_organisation": "ICB1", "amount_pence": 500_000, "recurrent": False, "contact": "regional team"}  # fmt: skip
    contract = {"code": "A", "kind": "iho", "holder": "P1", "commissioner": "ICB1", "fund": "core",
                "population": 48_500, "valid_from": JUNE}  # fmt: skip
    part = {**contract, "code": "B", "kind": "snp", "holder": "N1", "commissioner": "P1", "part_of": "A"}
    due = {**pay, "code": "A/Q2", "payer": "ICB1", "receiver": "P1", "due_on": date(2025, 9, 30),
           "amount_pence": 7_500, "test": "90% of reviews are done"}  # fmt: skip
    pooled = {**pay, "pool": "P1", "payer": "ICB1", "agreed_pence": 60_000}
    rows: Sequence[tuple[str, str, str, Any, Sequence[Mapping[str, Any]]]] = (
        ("renamed", "structure", "chief", plans.Renaming, [
            {"id": "P1/1", "organisation": "P1", "name": "First neighbourhood", "valid_from": JULY},
            {"id": "core/1", "fund": "core", "name": "Core, all of it", "valid_from": JULY}]),
        ("forecast", FORECAST, "tests", plans.Forecast, [
            {**pay, "id": f"{place}/{amount}", "organisation": place, "as_at": date(2025, 6, 30), "amount_pence": amount}
            for place, amount in (("P1", 12_000), ("P2", 9_000))]),
        ("anticipated", LETTER, "tests", plans.Letter, [
            {**line, "id": "M3/17", "anticipated_on": JUNE},
            {**line, "id": "M3/18", "reference": "M3/18", "amount_pence": -300, "notified_on": JUNE}]),
        ("notified", LETTER, "tests", plans.Letter, [{**line, "id": "M3/17 again", "notified_on": JULY}]),
        ("pooled", ARRANGE, "tests", plans.Contribution, [
            {**pooled, "id": "one", "minimum_pence": 15_000}, {**pooled, "id": "other", "payer": "ICB2"}]),
        ("let", ARRANGE, "tests", plans.Contract, [{**contract, "id": "A"}]),
        ("let on", ARRANGE, "tests", plans.Contract, [{**part, "id": "B", "valid_to": date(2030, 4, 1)}]),
        ("due", ARRANGE, "tests", plans.TestedInstalment, [
            {**due, "id": "Q2"}, {**due, "id": "Q3", "code": "A/Q3", "test": "as before"}]),
        ("moved", ARRANGE, "tests", plans.TestedInstalment, [
            {**due, "id": "Q2 moved", "outcome": "moved", "moved_to": "P2"}]),
    )  # fmt: skip
    for key, kind, actor, model, its in rows:
        post(store, [_brings(key, kind, actor, model, its)])


def _moves(store: Store, day: date, word: str) -> None:
    """An entry of every kind that moves money, one with several legs, and a reversal."""
    move, next_year = partial(entry, day=day), FinancialYear(2026)
    post(
        store,
        [
            move("mandate", at("GOV", "limit"), at("NHS", "limit"), 20_000_000),
            move("allocate", at("NHS", "limit"), at("ICB1", "core"), 6_000_000),
            move("allocate", at("NHS", "limit"), at("ICB2", "core"), 3_000_000),
            replace(
                move("allocate", at("NHS", "limit"), at("ICB1", "winter"), 800_000),
                source="winter.xlsx", source_hash="ab" * 32,
            ),
            _several("devolve", day, f"{word}: to places", [
                Leg(at("ICB1", "core"), at("P1", "core"), 64_400, True, f"{word}, sheet Plan, cell D4"),
                Leg(at("ICB1", "core"), at("P2", "core"), 31_200, False, f"{word}, sheet Plan, cell D5"),
                Leg(at("ICB1", "core"), at("P1", "core"), 9_900, True),
                Leg(at("ICB1", "core"), at("P2", "core"), 8_800, True, f"{word}, sheet Plan, cell D7"),
            ]),
            _several("retain", day, f"{word}: kept back", [
                Leg(at("ICB1", "core"), at("ICB1", "core", "retained"), 64_400, True, "agreed in March"),
                Leg(at("ICB2", "core"), at("ICB2", "core", "retained"), 55_500, True, "agreed in April"),
            ]),
            _several("release", day, f"{word}: let go", [
                Leg(at("ICB1", "core", "retained"), at("ICB1", "core"), 4_400, True, "half of it"),
                Leg(at("ICB2", "core", "retained"), at("ICB2", "core"), 5_500, True, "a tenth"),
            ]),
            move("earmark", at("P1", "core"), at("P1", "care"), 7_000),
            move("spend", at("P1", "care"), at("P1", "care", "spent"), 3_000),
            move("return", at("P2", "core"), at("ICB1", "core"), 2_000),
            move("vire", at("ICB1", "winter"), at("ICB1", "core"), 1_000, authority="board minute 12"),
            move("consolidate", at("ICB1", "winter"), at("ICB1", "growth"), 1_500, authority="board minute 13"),
            _several("carry", YEAR.last_day, f"{word}: to the next year", [
                Leg(at("ICB2", "core"), at("GOV", "core"), 700, False)]),
            _several("bring", next_year.first_day, f"{word}: from the year before", [
                Leg(at("GOV", "core", year=next_year), at("ICB2", "core", year=next_year), 700, False)]),
        ],
    )  # fmt: skip
    (mistake,) = post(store, [move("devolve", at("ICB2", "core"), at("P3", "core"), 1_234)])
    reverse(store, mistake.number, reason="typed twice", actor="tests")


def _several(kind: str, day: date, reason: str, movements: Sequence[Leg]) -> Draft:
    return Draft(f"{kind} {reason}", kind, day, "tests", reason, transfers=legs(movements))


def _records(store: Store, word: str, actor: str = "tests") -> None:
    """Rows of every table that says who there is, what holds of a fund, and what was published."""
    new, old = f"{word}-new", f"{word}-old"
    organisations = [
        {"code": old, "name": f"Old place, {word}", "tier": "place", "ons_code": "E01", "valid_from": LONG_AGO},
        {"code": new, "name": f"New place, {word}", "tier": "place", "valid_from": LONG_AGO, "valid_to": date(2030, 1, 1)},
    ]  # fmt: skip
    relations = [
        {"id": f"ICB1>{old}", "parent": "ICB1", "child": old, "scheme": "line", "valid_from": LONG_AGO},
        {"id": f"ICB1>{new}", "parent": "ICB1", "child": new, "scheme": "line", "valid_from": LONG_AGO},
    ]
    places = Draft(f"places {word}", "structure", AUGUST, actor, "two places", records={
        Organisation: records(Organisation, organisations), Relationship: records(Relationship, relations)})  # fmt: skip
    ended = {**relations[0], "id": f"ICB1>{old} until August", "valid_to": AUGUST, "supersedes": f"ICB1>{old}"}
    went = [
        {"id": f"{old}>{new}", "predecessor": old, "successor": new, "effective_date": AUGUST, "kind": "merge",
         "weight": 3, "basis": "registered patients"},
    ]  # fmt: skip
    closed = [{"id": f"{old} closes", "organisation": old, "valid_to": AUGUST}]
    merger = Draft(f"merger {word}", "structure", AUGUST, actor, "they merge", records={
        Relationship: records(Relationship, [ended]), Closure: records(Closure, closed),
        Succession: records(Succession, went)})  # fmt: skip
    fence = {"match_percent": 10, "returns_per_year": 4, "spend_by": date(2026, 3, 31), "leave_by": "vire"}
    fence |= {} if word == "early" else ADDED
    fenced = [term(fund, "hard", effective_from=AUGUST, version=1 if word == "early" else 2, **fence)
              for fund in ("growth", "winter")]  # fmt: skip
    agreed = {"organisation": "ICB1", "fund": "core", "amount_pence": 5_000, "partners": "P1, P2",
              "decision_reference": "minute 7", "purpose": "risk", "valid_from": APRIL if word == "early" else JULY}  # fmt: skip
    shared = {**agreed, "id": f"shared {word}", "organisation": "ICB2", "amount_pence": None, "share_ppm": 250_000}
    first = {**agreed, "id": f"agreed {word}"}
    newer = {**agreed, "id": f"agreed {word} again", "amount_pence": 6_000, "supersedes": f"agreed {word}"}
    total = {"description": "core to ICBs", "year": YEAR.start, "as_at": date(2025, 4, 30), "from_tier": "national",
             "to_tier": "icb", "fund": "core", "expected_pence": 9_000_000, "tolerance_pence": 5, "source": "the workbook"}  # fmt: skip
    one = {**total, "id": f"ICB1 {word}", "organisation": "ICB1", "expected_pence": 6_000_000}
    again = {**total, "id": f"core {word} again", "supersedes": f"core {word}"}
    post(
        store,
        [
            places,
            merger,
            replace(_brings(f"terms {word}", "terms", "tests", Terms, fenced), standing=STANDING[word]),
            _brings(f"agree {word}", "agree", "tests", Agreement, [first, shared]),
            _brings(f"agree {word} again", "agree", "tests", Agreement, [newer]),
            _brings(f"totals {word}", "assert", actor, ControlTotal, [{**total, "id": f"core {word}"}, one]),
            _brings(f"totals {word} again", "assert", actor, ControlTotal, [again]),
        ],
    )


def _proposals(store: Store, day: date, word: str, *, preparer: str, approver: str) -> None:
    """A proposal for every way in which one can end, and one that is open."""
    agreed = {"id": f"agreed in a proposal, {word}", "organisation": "ICB1", "fund": "core", "amount_pence": 9,
              "partners": "P1", "decision_reference": "minute 9", "purpose": "risk", "valid_from": day}  # fmt: skip
    record = _brings(f"proposed agreement {word}", "agree", preparer, Agreement, [agreed])
    for name in ("posted", "part-posted", "rejected", "withdrawn", "open"):
        money = [
            _several("devolve", day, f"proposed {name} {word} {nth}", [
                Leg(at("ICB1", "core"), at("P1", "core"), 100 + nth, True, f"cell B{nth}"),
                Leg(at("ICB1", "core"), at("P2", "core"), 200 + nth, True, f"cell C{nth}"),
            ]) for nth in (1, 2)
        ]  # fmt: skip
        money = [replace(draft, standing=STANDING[word]) for draft in money]
        drafts = [*money, record] if name == "posted" else money
        with store.read() as reader:
            key = proposals.name_of(reader, f"{name} {word}", preparer)
        proposals.submit(
            store, drafts, key=key, title=f"to be {name}", prepared_by=preparer, expires_on=date(2030, 1, 1),
            source="plan.yaml", source_hash="cd" * 32,
        )  # fmt: skip
        if name == "open":
            continue
        by = preparer if name == "withdrawn" else approver
        only = (1,) if name == "part-posted" else ()
        proposals.decide(store, key, outcome=name, decided_by=by, reason=f"it is {name}", only=only)


def _appointments() -> Draft:
    rows = [
        {"id": "tests", "person": "tests", "role": "approver", "alone": True, "valid_from": LONG_AGO},
        {"id": "anna", "person": "anna", "role": "preparer", "valid_from": LONG_AGO},
        {"id": "boss", "person": "boss", "role": "approver", "limit_pence": 50_000_000, "limit_period": "year",
         "valid_from": LONG_AGO},
        {"id": "boss of terms", "person": "boss", "role": "approver", "valid_from": LONG_AGO},
        {"id": "visitor", "person": "visitor", "role": "viewer", "organisation": "ICB1", "valid_from": LONG_AGO,
         "valid_to": date(2030, 1, 1)},
    ]  # fmt: skip
    return _brings("appointed", APPOINT, "chief", Appointment, rows)


def _dismissal(key: str, appointment: str) -> Draft:
    row = {"id": f"{key}/1", "appointment": appointment, "valid_to": AUGUST}
    return _brings(key, DISMISS, "chief", Dismissal, [row])


def _brings(key: str, kind: str, actor: str, model: Any, rows: Sequence[Mapping[str, Any]]) -> Draft:
    return Draft(key, kind, JULY, actor, f"{key}, for the tests", records={model: records(model, rows)})


def as_version_4(reader: Reader, place: Path) -> None:
    """Write books as version 4 of the tables kept them, hashed in the first form, to a new file."""
    with duckdb.connect(str(place)) as old:
        old.execute(VERSION_1.read_text(encoding="utf-8"))
    file.migrate(place, migrations.MIGRATIONS[:3])
    with duckdb.connect(str(place)) as old:
        old.execute("SET TimeZone = 'UTC'")
        rows: dict[str, list[dict[str, Any]]] = {}
        for model in (Entry, *RECORDS, Account, Transfer):
            name = str(model.__tablename__)
            if there := old.execute(_COLUMNS, [name]).fetchall():
                rows[name] = reader.table(f"SELECT {', '.join(column for (column,) in there)} FROM {name}").to_pylist()
        brought = {name: its for name, its in rows.items() if name not in ("entry", "account", "transfer")}
        rows["entry"] = form_1.rehashed(rows["entry"], brought, rows["account"], rows["transfer"])
        for name, its in rows.items():
            marks = ", ".join("?" for _ in its[0])
            old.executemany(
                f"INSERT INTO {name} ({', '.join(its[0])}) VALUES ({marks})", [[*row.values()] for row in its]
            )
        old.execute("UPDATE seal SET entries = ?, head = ?", [len(rows["entry"]), rows["entry"][-1]["hash"]])


_COLUMNS = "SELECT column_name FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index"
