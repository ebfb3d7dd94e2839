"""What the larger commands answer, for people and for programs."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from allocations.allocate import Allocation
from allocations.excel.position_file import Guard
from allocations.excel.position_import import Imported
from allocations.excel.published_tables import Table
from allocations.excel.template_plan import TemplatePlan
from allocations.excel.working_plan import Plan
from allocations.pace_file import PaceFile
from allocations.pace_of_change import Outcome
from allocations.places import UNASSIGNED
from ledger.measures import Measure
from ledger.money import round_half_up_fraction, spoken
from ledger.picture import percent
from ledger.position import Moment
from ledger.posting import Posted
from ledger.years import FinancialYear
from screens.terminal import Answer


def clocks(at: Moment) -> str:
    """Which day and which knowledge an answer is for, and the head of the chain behind it."""
    return f"As at {at.as_at}, as known at {at.known_at:%Y-%m-%d %H:%M:%S} UTC. Head of the chain {at.head[:16]}."


NOTHING = "Nothing is recorded there."


def about(at: Moment) -> list[str]:
    """What a reader of any figure should know: whether part of it is illustrative, and its point on both clocks."""
    told = "Part of these books is illustrative: entries whose source says so, such as what ICBs devolve and keep."
    return [told, clocks(at)] if at.illustrative else [clocks(at)]


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
    return Answer("measures", ledger, rows, at, title=title, after=about(at))


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
            "registered_people": part.registered_billionths // 10**9,
            "weighted_people": part.people_billionths // 10**9,
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


def of_working(plan: Plan, *, ledger: str, at: Moment | None, out: str) -> Answer:
    """What a working workbook splits, line by line."""
    rows = [
        {
            "icb": line.icb,
            "fund": line.fund,
            "by": line.by,
            "amount_pence": line.amount_pence,
            **{f"{level} rows": len(blocks[index].receivers) for level, blocks in plan.blocks.items()},
            "amount from": line.origin,
        }
        for index, line in enumerate(plan.lines)
    ]
    close = [f"A pound may fall to either of two receivers in: {'; '.join(plan.too_close)}."] if plan.too_close else []
    title = f"Written to {out}: yellow cells are inputs, everything else is a formula."
    after = [*close, *([] if at is None else about(at))]
    return Answer("export allocations", ledger, rows, at, title=title, after=after, extra={"file": out})


def of_position_file(written: Guard, *, ledger: str, at: Moment, out: str) -> Answer:
    """What a position's file holds, as it says itself."""
    row = {
        "file": out,
        "rows": written.rows,
        "sum_pounds": str(written.sum_pounds),
        "content_hash": written.content_hash,
    }
    return Answer(
        "export position", ledger, [row], at, title=f"Written to {out}.", after=about(at), extra={"file": out}
    )


def of_position_import(done: Imported, *, ledger: str, at: Moment, dry_run: bool) -> Answer:
    """What an imported position posted, and that the same position came back."""
    rows = [
        {
            "entry": entry.number,
            "key": entry.key.rpartition("/")[2],
            "legs": entry.transfers,
            "replayed": entry.replayed,
        }
        for entry in done.posted
    ]
    again = all(entry.replayed for entry in done.posted)
    became = "was in the books already" if again else "would be posted" if dry_run else "is posted"
    title = f"The position of {done.file.name}, {done.file.table.num_rows:,} rows as at {done.file.as_at}, {became}."
    same = f"The same position comes back: content hash {done.content_hash}."
    extra = {
        "content_hash": done.content_hash,
        "sha256": done.file.sha256,
        "exported_head": done.file.head,
        "dry_run": dry_run,
    }
    return Answer("import position", ledger, rows, at, title=title, after=[same, *about(at)], extra=extra)


def of_published(tables: Sequence[Table], *, ledger: str, at: Moment, out: str) -> Answer:
    """Which tables a published workbook holds."""
    rows = [{"sheet": table.label, "title": table.title, "rows": len(table.rows)} for table in tables]
    title = f"Written to {out}: values only, by the Analysis Function's list for accessible spreadsheets."
    return Answer("export published", ledger, rows, at, title=title, after=about(at), extra={"file": out})


def of_template(plan: TemplatePlan, *, ledger: str, at: Moment | None, out: str) -> Answer:
    """Which lines a template has, and what the ICB has of each."""
    rows = [{"fund": line.fund, "name": line.name, "held_pence": line.held_pence} for line in plan.lines]
    title = f"Written to {out}: a row for each of {len(plan.places)} places and {len(rows)} lines, and free rows."
    after = [f"What the ICB has: {plan.origin}.", *([] if at is None else about(at))]
    return Answer("template", ledger, rows, at, title=title, after=after, extra={"file": out})


def of_pace(asked: PaceFile, outcome: Outcome, *, source: str, digest: str, as_json: bool) -> Answer:
    """A pace of change, row by row, with its scaling and who is at a limit."""
    at_floor = [row.code for row in outcome.rows if row.limit == "floor"]
    at_cap = [row.code for row in outcome.rows if row.limit == "cap"]
    extra = {
        "title": asked.title,
        "sha256": digest,
        "quantum_pence": outcome.quantum_pence,
        "scaling": outcome.scaling,
        "scaling_is_unique": outcome.scaling_is_unique,
        "at_floor": at_floor,
        "at_cap": at_cap,
    }
    if as_json:
        rows = [
            {
                "organisation": row.code,
                "baseline_pence": row.baseline_pence,
                "target_pence": round_half_up_fraction(row.target_pence),
                "opening_distance": row.opening_distance,
                "convergence": row.convergence,
                "growth": row.growth,
                "amount_pence": row.allocation_pence,
                "closing_distance": row.closing_distance,
                "limit": row.limit,
            }
            for row in outcome.rows
        ]
        return Answer("pace", source, rows, extra=extra)
    shown = [
        {
            "organisation": row.code,
            "baseline_pence": row.baseline_pence,
            "target_pence": round_half_up_fraction(row.target_pence),
            "from target, opening": _signed_percent(row.opening_distance),
            "growth": _signed_percent(row.growth),
            "allocation_pence": row.allocation_pence,
            "from target, closing": _signed_percent(row.closing_distance),
            "limit": row.limit,
        }
        for row in outcome.rows
    ]
    limits = f"At the floor: {', '.join(at_floor) or 'nobody'}. At the cap: {', '.join(at_cap) or 'nobody'}."
    unique = "" if outcome.scaling_is_unique else " All are at a limit, so a range of scalings would do."
    after = [
        f"The allocations sum to {spoken(outcome.quantum_pence)} exactly. {limits}",
        f"Growth was scaled by {float(outcome.scaling * 100):+.4f} percentage points to balance.{unique}",
    ]
    return Answer("pace", source, shown, title=asked.title, after=after)


def _signed_percent(part: Fraction) -> str:
    return f"{float(part * 100):+.4f}%"


def _became(entry: Posted, *, dry_run: bool) -> str:
    if entry.replayed:
        return "is in the books already; give --key to post it again"
    return "would be posted" if dry_run else "is posted"
