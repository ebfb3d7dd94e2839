"""What decisions would change: the balances that they touch before and after, and what holds instead of what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from ledger.entries.decisions.known import Known
from ledger.entries.draft import Draft
from ledger.models import Agreement, Closure, Organisation, Relationship, Terms
from ledger.money import spoken
from ledger.plans import Contract, Contribution, Forecast, Letter, Renaming, TestedInstalment
from ledger.store.base import Reader
from ledger.words import DUE
from ledger.years import FinancialYear, month_of

Place = tuple[str, str, int, str]

_BALANCES = """
SELECT a.organisation, a.fund, a.year, a.standing, CAST(
    coalesce((SELECT sum(t.amount_pence) FROM transfer t JOIN entry e ON e.number = t.entry_number
              WHERE t.to_account = a.id AND e.effective_date <= $day), 0)
    - coalesce((SELECT sum(t.amount_pence) FROM transfer t JOIN entry e ON e.number = t.entry_number
                WHERE t.from_account = a.id AND e.effective_date <= $day), 0) AS BIGINT) AS pence
FROM account a JOIN touched p ON p.organisation = a.organisation AND p.fund = a.fund AND p.year = a.year
    AND p.standing = a.standing
"""


@dataclass(frozen=True, slots=True)
class Balance:
    """What stands in one account on the day of the decision, before and after it."""

    organisation: str
    fund: str
    year: int
    standing: str
    before_pence: int
    after_pence: int


def balances(reader: Reader, drafts: Sequence[Draft], day: date) -> list[Balance]:
    """The accounts that drafts would touch, with what stands there on a day before and after them.

    Args:
        reader: the books before.
        day: entries up to it count.
    """
    moved: dict[Place, int] = {}
    for draft in drafts:
        for leg in draft.legs().to_pylist():
            for side, sign in (("from", -1), ("to", 1)):
                place = tuple(leg[f"{side}_{name}"] for name in ("organisation", "fund", "year", "standing"))
                moved[place] = moved.get(place, 0) + sign * leg["amount_pence"]
    if not moved:
        return []
    names = ("organisation", "fund", "year", "standing")
    reader.stage("touched", pa.Table.from_pylist([dict(zip(names, place, strict=True)) for place in moved]))
    held = {tuple(row[name] for name in names): row["pence"]
            for row in reader.table(_BALANCES, {"day": day}).to_pylist()}  # fmt: skip
    return [
        Balance(*place, held.get(place, 0), held.get(place, 0) + pence) for place, pence in moved.items()
    ]  # fmt: skip


def sentences(drafts: Sequence[Draft], before: Sequence[Balance], known: Known) -> list[str]:
    """What the books say before and after, in sentences.

    Args:
        drafts: the decision.
        before: the balances that it touches.
        known: the books before it.
    """
    said = [_of_money(one, known) for one in before]
    for draft in drafts:
        for model, table in draft.records.items():
            said += [text for row in table.to_pylist() if (text := _of_record(model, row, known))]
    return said


def _of_money(one: Balance, known: Known) -> str:
    name = known.organisations.get(one.organisation, {}).get("name", one.organisation)
    what = f"{one.fund}, {FinancialYear(one.year)}, {one.standing}"
    return f"{name} ({what}): {spoken(one.before_pence)} before, {spoken(one.after_pence)} after."


def _of_record(model: Any, row: dict[str, Any], known: Known) -> str:
    if model is Terms:
        held = known.terms_held(row["fund"], row["effective_from"])
        new = _in_words(row)
        was = f"was {_in_words(held)}" if held else "had no terms"
        return f"{row['fund']} {was}; from {row['effective_from']} it is {new}."
    if model is Agreement:
        until = f" until {row['valid_to']}" if row["valid_to"] else ""
        ended = "; it takes the place of what was agreed before" if row["supersedes"] else ""
        return (
            f"{row['organisation']} keeps money of {row['fund']} by agreement from {row['valid_from']}{until}{ended}."
        )
    if model is Organisation:
        return f"{row['name']} ({row['code']}) is not in the books; it begins on {row['valid_from']} as {row['tier']}."
    if model is Relationship:
        until = f" until {row['valid_to']}" if row["valid_to"] else ""
        return f"{row['child']} is part of {row['parent']} ({row['scheme']}) from {row['valid_from']}{until}."
    if model is Closure:
        return f"{row['organisation']} is no more from {row['valid_to']}."
    return _PLANS[model](row, known) if model in _PLANS else ""


def _of_renaming(row: dict[str, Any], _known: Known) -> str:
    return f"{row['organisation'] or row['fund']} is called {row['name']} from {row['valid_from']}."


def _of_forecast(row: dict[str, Any], _known: Known) -> str:
    year = FinancialYear(row["year"])
    expected = f"{row['organisation']} expects to spend {spoken(row['amount_pence'])} of {row['fund']} in {year}"
    return f"{expected}, as at {month_of(row['as_at'])}."


def _of_letter(row: dict[str, Any], known: Known) -> str:
    before = known.letters.get((row["reference"], row["to_organisation"]))
    was = f"; it was {spoken(before['amount_pence'])} before" if before else ""
    heard = f"notified on {row['notified_on']}" if row["notified_on"] else f"anticipated on {row['anticipated_on']}"
    what = f"{row['reference']}: {spoken(row['amount_pence'])} of {row['fund']} for {row['to_organisation']}"
    return f"{what} in {FinancialYear(row['year'])}, {heard}{was}."


def _of_contribution(row: dict[str, Any], _known: Known) -> str:
    least = row["minimum_pence"]
    inner = "" if least is None else f", at least {spoken(least)} of it for the inner purpose"
    agreed = f"{row['payer']} pays {spoken(row['agreed_pence'])} into {row['pool']} in {FinancialYear(row['year'])}"
    return f"{agreed}, on {row['fund']}{inner}."


def _of_contract(row: dict[str, Any], _known: Known) -> str:
    until = f" until {row['valid_to']}" if row["valid_to"] else ""
    part = f", as a part of {row['part_of']}" if row["part_of"] else ""
    return f"{row['holder']} holds {row['code']} from {row['commissioner']}{part}, from {row['valid_from']}{until}."


def _of_instalment(row: dict[str, Any], _known: Known) -> str:
    to = f" to {row['moved_to']}" if row["moved_to"] else f" on {row['due_on']}" if row["outcome"] == DUE else ""
    what = f"{row['code']}: {spoken(row['amount_pence'])} of {row['fund']} from {row['payer']} to {row['receiver']}"
    return f"{what} is {row['outcome']}{to}."


_PLANS = {
    Renaming: _of_renaming,
    Forecast: _of_forecast,
    Letter: _of_letter,
    Contribution: _of_contribution,
    Contract: _of_contract,
    TestedInstalment: _of_instalment,
}


def _in_words(terms: dict[str, Any]) -> str:
    grade = {"none": "without a ring-fence", None: "ring-fence not known"}.get(terms["grade"], terms["grade"])
    route = terms["route"] or "route not known"
    ends = f", to be spent by {terms['spend_by']}" if terms["spend_by"] else ""
    ways = f", left by {terms['leave_by'].replace(',', ' or ')}" if terms["leave_by"] else ""
    lasting = {True: "recurrent", False: "non-recurrent", None: "not known whether it recurs"}[terms["recurrent"]]
    return f"{grade}, {route}, {lasting}{ends}{ways}"
