"""What the larger commands answer, for people and for programs."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ledger.money import spoken
from ledger.reports.measures import Measure
from ledger.reports.position import Moment
from ledger.reports.returned import Returned
from ledger.reports.returned import told as in_words
from ledger.reports.summary import percent
from ledger.years import FinancialYear
from screens.report.terminal import Answer

if TYPE_CHECKING:
    # To post takes the tables, and with them all of SQLAlchemy; most answers post nothing.
    from ledger.entries.posting import Posted


def clocks(at: Moment) -> str:
    """Which day and which knowledge an answer is for, and the head of the chain behind it."""
    return f"As at {at.as_at}, as known at {at.known_at:%Y-%m-%d %H:%M:%S} UTC. Head of the chain {at.head[:16]}."


NOTHING = "Nothing is recorded there."


def about(at: Moment) -> list[str]:
    """What a reader of any figure should know: whether part of it is illustrative, and its point on both clocks."""
    told = "Part of these books is illustrative: entries whose source says so, such as what ICBs devolve and keep."
    return [told, clocks(at)] if at.illustrative else [clocks(at)]


def boundaries(as_is: date | None, changes: Sequence[date]) -> list[str]:
    """Whose boundaries a report shows: those of its time, or restated to another day's."""
    if as_is is None:
        return []
    if not changes:
        return [f"As is on {as_is}: no boundary in these books has changed by then, so nothing was restated."]
    days = " and ".join(str(day) for day in changes)
    shared = f"What organisations held before {days} is shared among those that came after them"
    return [f"As is on {as_is}: derived figures. {shared} by registered population; every sum is as it was."]


def of_measures(
    found: Sequence[tuple[str, Measure]],
    *,
    ledger: str,
    at: Moment,
    organisation: str | None,
    year: FinancialYear | None,
    as_json: bool,
    told: Sequence[str] = (),
    as_is: date | None = None,
    back: Sequence[Returned] = (),
) -> Answer:
    """Measures with their scopes. Programs get values, people words; an empty scope is not defined for both.

    Args:
        back: ring-fenced money that went back to its source, which is told whatever became of it.
    """
    extra: dict[str, Any] = {"year": None if year is None else str(year), "organisation": organisation, "as_is": as_is}
    if back:
        extra["returned_to_source"] = [asdict(row) for row in back]
    if as_json:
        return Answer("measures", ledger, [_measure_row(scope, measure) for scope, measure in found], at, extra=extra)
    rows = [
        {"scope": scope, "measure": measure.title, "value": measure_text(measure), "note": measure.note}
        for scope, measure in found
    ]
    title = f"{organisation or 'The whole ledger'}, {year}. Grades are this project's reading, unless overridden."
    return Answer(
        "measures", ledger, rows, at, title=title, after=[*told, *map(in_words, back), *about(at)], extra=extra
    )


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


def with_entries(answer: Answer, posted: "Sequence[Posted]", *, dry_run: bool) -> Answer:
    """An answer with what became of the entries that it asked for."""
    told = [f"Entry {entry.number} ({entry.key}) {_became(entry, dry_run=dry_run)}." for entry in posted]
    return replace(
        answer, after=[*answer.after, *told], extra={**answer.extra, "entries": _entries(posted, dry_run=dry_run)}
    )


def _entries(posted: "Sequence[Posted]", *, dry_run: bool) -> list[dict[str, Any]]:
    return [
        {"number": entry.number, "key": entry.key, "replayed": entry.replayed, "dry_run": dry_run} for entry in posted
    ]


def _became(entry: "Posted", *, dry_run: bool) -> str:
    if entry.replayed:
        return "is in the books already, so nothing was added"
    return "would be posted" if dry_run else "is posted"
