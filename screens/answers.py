"""What the larger commands answer, for people and for programs."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from allocations.allocate import Allocation
from allocations.places import UNASSIGNED
from ledger.measures import Measure
from ledger.money import spoken
from ledger.picture import percent
from ledger.position import Moment
from ledger.posting import Posted
from ledger.years import FinancialYear
from screens.terminal import Answer


def clocks(at: Moment) -> str:
    """Which day and which knowledge an answer is for, and the head of the chain behind it."""
    return f"As at {at.as_at}, as known at {at.known_at:%Y-%m-%d %H:%M:%S} UTC. Head of the chain {at.head[:16]}."


def of_measures(
    found: Sequence[tuple[str, Measure]],
    *,
    ledger: str,
    at: Moment,
    organisation: str | None,
    year: FinancialYear | None,
    as_json: bool,
) -> Answer:
    """Measures with their scopes. Programs get values, people words; an empty scope is not defined for both."""
    extra = {"year": None if year is None else str(year), "organisation": organisation}
    if as_json:
        return Answer("measures", ledger, [_measure_row(scope, measure) for scope, measure in found], at, extra=extra)
    rows = [
        {"scope": scope, "measure": measure.title, "value": measure_text(measure), "note": measure.note}
        for scope, measure in found
    ]
    title = f"{organisation or 'The whole ledger'}, {year}. Grades are this project's reading, unless overridden."
    return Answer("measures", ledger, rows, at, title=title, after=[clocks(at)])


def measure_text(measure: Measure) -> str:
    """A measure's value as people write it."""
    value = measure.value
    if value is None:
        return "not defined"
    if isinstance(value, Fraction) and measure.unit == "share":
        return percent(value)
    if isinstance(value, int):
        return spoken(value) if measure.unit == "pence" else f"{value:,}"
    return f"{float(value):,.4f}" if measure.unit == "per £ million" else f"{float(value):,.2f}"


def _measure_row(scope: str, measure: Measure) -> dict[str, Any]:
    return {
        "scope": scope,
        "measure": measure.name,
        "title": measure.title,
        "unit": measure.unit,
        "amount_pence" if measure.unit == "pence" else "value": measure.value,
        "defined": measure.value is not None,
        "definition": measure.definition,
        "note": measure.note,
    }


def of_allocation(
    split: Allocation, posted: Sequence[Posted], *, ledger: str, at: Moment | None, dry_run: bool
) -> Answer:
    """A split of money: each receiver's part, who is left out, and what became of the posting."""
    rows = [
        {
            "organisation": part.code,
            "name": part.name,
            "practices": part.practices,
            "people": part.people_billionths // 10**9,
            "share": part.share,
            "amount_pence": part.amount_pence,
        }
        for part in split.parts
    ]
    left_out = [
        f"{part.practices} practices are in no {split.level}; their share is {spoken(part.amount_pence)}."
        for part in split.parts
        if part.code == UNASSIGNED
    ]
    entries = [
        {"number": entry.number, "key": entry.key, "replayed": entry.replayed, "dry_run": dry_run} for entry in posted
    ]
    weighting = split.by.replace("_", " ")
    return Answer(
        "allocate",
        ledger,
        rows,
        at,
        title=f"{spoken(split.amount_pence)} of {split.fund}, {split.icb}, {split.year}, by {weighting} population",
        after=[
            f"Split in whole units of one {split.unit}; the parts sum to the whole.",
            *left_out,
            *(f"Entry {entry.number} ({entry.key}) {_became(entry, dry_run=dry_run)}." for entry in posted),
        ],
        extra={
            "icb": split.icb,
            "year": str(split.year),
            "fund": split.fund,
            "to": split.level,
            "by": split.by,
            "unit": split.unit,
            "total_pence": split.amount_pence,
            "unassigned": list(split.division.unassigned) if split.division else [],
            "entries": entries,
        },
    )


def _became(entry: Posted, *, dry_run: bool) -> str:
    if entry.replayed:
        return "is in the books already; give --key to post it again"
    return "would be posted" if dry_run else "is posted"
