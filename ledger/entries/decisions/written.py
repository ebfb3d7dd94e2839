"""Entries of the books, written as the decisions that would make them again, to the last letter."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.entries.canonical import ENTRY_FIELDS
from ledger.entries.chain import LEGS_OF
from ledger.entries.decisions.batch import DecisionRow, drafted
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import MONEY, Holds
from ledger.entries.decisions.known import Known
from ledger.entries.draft import LEGS, Draft, primary_key, schema_of
from ledger.entries.kinds import BRING, MONEY_KINDS, REVERSE, WITHIN
from ledger.entries.posting import canonical_records
from ledger.models import (
    RECORDS,
    Agreement,
    Appointment,
    ClosedMonth,
    Closure,
    ControlTotal,
    Dismissal,
    Fund,
    Organisation,
    Relationship,
    SourceLimit,
    Succession,
    Terms,
    Tier,
)
from ledger.money import plain_pounds
from ledger.plans import Contract, Contribution, Forecast, Letter, Renaming, TestedInstalment
from ledger.store.base import Reader
from ledger.words import AVAILABLE, DUE, RETAINED
from ledger.years import FinancialYear, month_of, year_of

Words = dict[str, str]
_HEADERS = "SELECT * FROM entry WHERE number <= $known ORDER BY number"
# Fields of a decision that go by another name in the table; those of one name are taken as they are.
_NAMES: Mapping[Any, tuple[str, Mapping[str, str]]] = {
    Organisation: ("organisation", {"until": "valid_to"}),
    Relationship: ("relate", {"until": "valid_to", "part_of": "parent"}),
    Closure: ("close", {}),
    Succession: ("succession", {"kind_of_change": "kind"}),
    Tier: ("tier", {}),
    ControlTotal: ("total", {}),
    Terms: ("terms", {}),
    Agreement: ("agree", {"reference": "decision_reference", "until": "valid_to"}),
    Appointment: ("appoint", {"period": "limit_period", "until": "valid_to"}),
    SourceLimit: ("limit", {}),
    ClosedMonth: ("close-month", {"month": "id"}),
    Renaming: ("rename", {}),
    Forecast: ("forecast", {"expected": "amount_pence", "month": "as_at"}),
    Letter: ("letter", {"to": "to_organisation", "from": "from_organisation", "line_amount": "amount_pence"}),
    Contribution: ("contribution", {"agreed": "agreed_pence", "minimum": "minimum_pence"}),
    Contract: (
        "contract",
        {"contract": "code", "contract_kind": "kind", "sub_contract_of": "part_of", "until": "valid_to"},
    ),
    TestedInstalment: ("instalment", {"instalment": "code", "from": "payer", "to": "receiver"}),
}


@dataclass(frozen=True, slots=True)
class Written:
    """The entries of a ledger as decisions.

    Attributes:
        rows: kind and fields of each decision, and who recorded it, as text by the name of the column.
        left_out: number and kind of each entry that no decision makes again exactly, as a proposal.
    """

    rows: Sequence[Words]
    left_out: Sequence[tuple[int, str]]


def written(reader: Reader, known: int) -> Written:
    """Every entry up to one, as decisions, in order; each is made again, and left out where it is not the same."""
    facts = Known({}, {}, {}, {}, {}, {})
    rows: list[Words] = []
    left_out: list[tuple[int, str]] = []
    for number, draft in _drafts(reader, known):
        words = list(_words(draft, facts))
        if words and _same(draft, words, facts):
            rows += words
        else:
            left_out.append((number, draft.kind))
        facts.learn(draft)
    return Written(rows, left_out)


def _drafts(reader: Reader, known: int) -> Iterator[tuple[int, Draft]]:
    headers = reader.table(_HEADERS, {"known": known}).to_pylist()
    legs = _by_entry(reader.table(LEGS_OF, {"first": 1, "last": known}))
    records = {model: _by_entry(reader.table(_records(model), {"known": known})) for model in RECORDS}
    for row in headers:
        number = row["number"]
        brought = {model: tables[number].select(schema_of(model).names) for model, tables in records.items()
                   if number in tables}  # fmt: skip
        moved = legs[number].select(LEGS.names) if number in legs else None
        named = {name: row[name] for name in ENTRY_FIELDS}
        yield number, Draft(**named, transfers=moved, records=brought)


def _records(model: Any) -> str:
    key = primary_key(model)
    return f'SELECT * FROM {model.__tablename__} WHERE entry_number <= $known ORDER BY entry_number, "{key}"'


def _by_entry(table: Any) -> dict[int, Any]:
    """The rows of each entry, from a table in the order of entries."""
    numbers = table["entry_number"].to_pylist()
    found: dict[int, Any] = {}
    start = 0
    for nth, number in enumerate(numbers):
        if nth + 1 == len(numbers) or numbers[nth + 1] != number:
            found[number] = table.slice(start, nth + 1 - start)
            start = nth + 1
    return found


def _words(draft: Draft, facts: Known) -> Iterator[Words]:
    """The decisions that would make an entry; none where there is no decision for what it does."""
    if draft.reverses is not None:
        undone = list(facts.learned)[draft.reverses - 1]
        yield {name: text for name, text in _headed(draft, REVERSE, {"entry": undone}).items() if name != "key"}
        return
    if draft.kind in MONEY_KINDS and draft.kind in DECISIONS:
        for leg in draft.legs().to_pylist():
            yield _headed(draft, draft.kind, _of_leg(draft, leg))
        return
    brought = {model: table.to_pylist() for model, table in draft.records.items()}
    together = list(_together(draft, brought, facts))
    if together:
        yield from together
        return
    for model, rows in brought.items():
        for row in rows if model in _NAMES else ():
            name, other = _NAMES[model]
            if row.get("supersedes") is not None and model in (Relationship, Agreement):
                if model is Relationship:
                    continue  # the new tie ends it
                yield _headed(draft, "end-agreement", {**row, "agreement": row["supersedes"]})
            else:
                yield _headed(draft, name, {**row, **{field: row[column] for field, column in other.items()}})


def _together(draft: Draft, records: Mapping[Any, Sequence[Mapping[str, Any]]], facts: Known) -> Iterator[Words]:
    """The one decision that brings all that an entry does, where there is such a decision."""
    if set(records) == {Fund, Terms} and len(records[Fund]) == len(records[Terms]) == 1:
        yield _headed(draft, "pot", {**records[Terms][0], **records[Fund][0]})
    if set(records) == {Organisation, Relationship} and len(records[Organisation]) == len(records[Relationship]) == 1:
        (one,), (tie,) = records[Organisation], records[Relationship]
        tied = {"part_of": tie["parent"], "scheme": tie["scheme"], "part": tie["part"], "until": one["valid_to"]}
        yield _headed(draft, "organisation", {**one, **tied})
    if set(records) == {Dismissal}:
        yield _headed(draft, "dismiss", _ended(records[Dismissal], facts))


def _ended(rows: Sequence[Mapping[str, Any]], facts: Known) -> dict[str, Any]:
    """Whose rights end: the person, and the role and the organisation where all of them have one."""
    ending = [facts.appointments[row["appointment"]] for row in rows]
    said: dict[str, Any] = {"person": ending[0]["person"]}
    for name in ("role", "organisation"):
        if len({one[name] for one in ending}) == 1:
            said[name] = ending[0][name]
    return said


def _of_leg(draft: Draft, leg: Mapping[str, Any]) -> dict[str, Any]:
    kind = MONEY_KINDS[draft.kind]
    usual = RETAINED if draft.kind == "release" else AVAILABLE
    standing = leg["to_standing" if draft.kind == BRING else "from_standing"]
    year = FinancialYear(leg["from_year"])
    row = {
        "fund": leg["from_fund"], "to_fund": None if leg["to_fund"] == leg["from_fund"] else leg["to_fund"],
        "amount_pence": leg["amount_pence"], "recurrent": leg["recurrent"], "note": leg["note"],
        "year": None if year == year_of(draft.effective_date) else year,
        "standing": None if standing == usual else standing,
    }  # fmt: skip
    if kind.direction == WITHIN:
        return {**row, "organisation": leg["from_organisation"]}
    return {**row, "from": leg["from_organisation"], "to": leg["to_organisation"]}


def _headed(draft: Draft, name: str, row: Mapping[str, Any]) -> Words:
    """A decision as text: its own fields from a row, and those that all have from its entry."""
    amount = row.get("amount_pence", row.get("expected_pence"))
    limit = row.get("limit_pence")
    if name == "limit":
        amount, limit = limit, None
    share = row.get("share_ppm")
    facts: dict[str, Any] = {
        **row,
        "amount": amount,
        "limit": limit,
        "share": None if share is None else f"{share // 10_000}.{share % 10_000:04}%",
        "year": FinancialYear(row["year"]) if isinstance(row.get("year"), int) else row.get("year"),
        "leave_by": row.get("leave_by") or None,
        "date": draft.effective_date, "reason": draft.reason, "authority": draft.authority, "source": draft.source,
        "source_hash": draft.source_hash, "rests_on": draft.standing, "key": draft.key,
    }  # fmt: skip
    if name == "instalment" and row["outcome"] != DUE:
        name = "outcome"
    holds = {field.name: field.holds for field in DECISIONS[name].fields}
    said = {field: _text(value, holds[field]) for field, value in facts.items() if field in holds and value is not None}
    return {"kind": name, **said, "recorded_by": draft.actor}


def _text(value: Any, holds: Holds) -> str:
    if holds in MONEY and isinstance(value, int):
        return plain_pounds(value)
    if holds is Holds.MONTH and isinstance(value, date):
        return str(month_of(value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _same(draft: Draft, words: Sequence[Words], facts: Known) -> bool:
    """Whether decisions make an entry again, exactly."""
    rows = [
        DecisionRow(one["kind"], {name: text for name, text in one.items() if name not in ("kind", "recorded_by")}, str,
            one["recorded_by"])
        for one in words
    ]  # fmt: skip
    made, _, problems = drafted(rows, facts, actor=draft.actor, learn=False)
    if problems or len(made) != 1:
        return False
    (again,) = made
    return (
        all(getattr(draft, name) == getattr(again, name) for name in ENTRY_FIELDS)
        and draft.legs().equals(again.legs())
        and {model: table for model, table in canonical_records(draft).items() if table.num_rows}
        == canonical_records(again)
    )
