"""Budget schedules, need indices and targets, for people and for programs."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa

from allocations.figures.tables import whole_people
from allocations.shares.populations import Populations
from allocations.shares.schedule import ALL, Line, Schedule
from allocations.shares.targets import Target
from ledger.money import signed_percent
from ledger.reports.position import Moment
from screens.report.answers import about, boundaries
from screens.report.terminal import Answer

NOT_AVAILABLE = "not available"


def of_schedule(
    found: Schedule,
    *,
    ledger: str,
    at: Moment | None,
    historic: tuple[str, str] | None,
    people: Populations,
    pace: bool,
    as_json: bool,
) -> Answer:
    """A schedule, line by line. Programs get every figure; people get the bridge and both distances.

    Args:
        historic: the file of historic budgets and its SHA-256.
        people: whom the fair shares count.
        pace: whether a pace of change planned it, which may hold somebody at a limit.
    """
    extra = {
        "icb": found.icb,
        "year": str(found.year),
        "to": found.level,
        "basis": dict(found.basis),
        "populations": {"source": people.source, "year": str(people.year), "sha256": people.sha256},
        "historic_file": None if historic is None else {"file": historic[0], "sha256": historic[1]},
    }
    if as_json:
        return Answer("schedule", ledger, [_schedule_row(line) for line in found.lines], at, extra=extra)
    funds = list(found.basis)
    shown = [line for line in found.lines if len(funds) > 1 or line.fund != ALL]
    rows = [_schedule_words(line, with_fund=len(funds) > 1, with_limit=pace) for line in shown]
    line = "" if len(funds) > 1 else f"{funds[0]}, "
    after = [
        "Historic + growth + movement = issued, to the penny. Growth is the line's own, in proportion.",
        "Movement sums to nothing over a line. From target: above (+) or below (-) the fair share.",
        *(f"{fund}: {said}." for fund, said in found.basis.items()),
        "Fair shares are derived from published populations; by which weighting a line is shared is our assumption.",
        *people_of(people),
        *([] if historic is None else [f"Historic budgets: {historic[0]}, SHA-256 {historic[1][:16]}."]),
        *([] if at is None else about(at)),
    ]
    return Answer("schedule", ledger, rows, at, title=f"{line}{found.icb}, {found.year}, by {found.level}", after=after)


def people_of(people: Populations) -> list[str]:
    """Which people shares count, where they are not the shipped ones."""
    if people.sha256 is None:
        return []
    return [f"People of {people.year}: {people.source}, SHA-256 {people.sha256[:16]}. {people.note}".rstrip()]


def _schedule_words(line: Line, *, with_fund: bool, with_limit: bool) -> dict[str, Any]:
    amounts = {
        "historic_pence": line.historic_pence,
        "fair share_pence": line.fair_pence,
        "from target": _percent(line.of_target(line.opening_pence)),
        "growth_pence": line.growth_pence,
        "movement_pence": line.movement_pence,
        "issued_pence": line.issued_pence,
        "from target, now": _percent(line.of_target(line.closing_pence)),
        "per head_pence": line.per_head_pence(line.issued_pence),
    }
    return {
        **({"fund": line.fund} if with_fund else {}),
        "name": line.name,
        **amounts,
        **({"limit": line.limit} if with_limit else {}),
    }


def _schedule_row(line: Line) -> dict[str, Any]:
    amounts = {
        "historic": line.historic_pence,
        "fair": line.fair_pence,
        "opening_distance": line.opening_pence,
        "growth": line.growth_pence,
        "movement": line.movement_pence,
        "issued": line.issued_pence,
        "closing_distance": line.closing_pence,
    }
    weighted = line.weighted_billionths
    return {
        "fund": line.fund,
        "by": line.by or None,
        "organisation": line.organisation,
        "name": line.name,
        "is_sum": ALL in (line.fund, line.organisation),
        "registered_people": whole_people(line.registered_billionths),
        "weighted_people": None if weighted is None else whole_people(weighted),
        **{f"{name}_pence": pence for name, pence in amounts.items()},
        **{f"{name}_per_head_pence": line.per_head_pence(pence) for name, pence in amounts.items()},
        "opening_distance": line.of_target(line.opening_pence),
        "closing_distance": line.of_target(line.closing_pence),
        "limit": line.limit or None,
    }


def of_need(found: pa.Table, *, icb: str, group: str, people: Populations, as_json: bool) -> Answer:
    """Need indices: row by row for programs; for people a row for each group and base, a column for each component."""
    rows = found.to_pylist()
    if as_json:
        return Answer("need", "", rows, extra={"icb": icb, "group": group, "year": str(people.year)})
    names = people.names(group)
    wide: dict[tuple[str | None, str, str], dict[str, Any]] = {}
    for row in rows:
        own = wide.setdefault(
            (row["group"], row["icb"], row["base"]),
            {
                "name": names.get(row["group"], row["group"]) or row["icb"],
                "relative to": row["base"],
                "people": whole_people(row["registered_billionths"]),
            },
        )
        own[row["component"]] = _thousandths(row["index_thousandths"])
    after = [
        "Each index is relative to the base in its row, where 1 is the average; different bases cannot be compared.",
        f"Derived from NHS England's practice figures of {people.year}. Small groups are less certain.",
        *people_of(people),
    ]
    return Answer("need", "", list(wide.values()), title=f"Need indices, {icb}", after=after)


def of_targets(found: Sequence[Target], *, as_is: date | None, changes: Sequence[date], as_json: bool) -> Answer:
    """Targets of all ICBs on one stream."""
    extra = {"stream": found[0].stream, "year": "2025/26", "as_is": as_is}
    if as_json:
        return Answer("targets", "", [_target_row(row) for row in found], extra=extra)
    rows = [
        {
            "icb": row.icb,
            "name": row.name,
            "baseline_pence": row.baseline_pence,
            "from target": _percent(row.opening_distance),
            "growth": _percent(row.growth),
            "convergence": _percent(row.convergence),
            "allocation_pence": row.allocation_pence,
            "from target, now": _percent(row.closing_distance),
            "above target_pence": row.closing_pence,
            "above target per head_pence": row.per_head_pence(row.closing_pence),
        }
        for row in found
    ]
    after = [
        "Published: baseline, growth, convergence, allocation and distances (NHS England, March 2025).",
        "Derived: pounds above target, and per head of the registered population.",
        *boundaries(as_is, changes),
    ]
    title = f"Targets and pace of change 2025/26, {found[0].stream} services, furthest above target first"
    return Answer("targets", "", rows, title=title, after=after, extra=extra)


def _target_row(row: Target) -> dict[str, Any]:
    return {
        "icb": row.icb,
        "name": row.name,
        "baseline_pence": row.baseline_pence,
        "opening_target_pence": row.opening_target_pence,
        "opening_distance": row.opening_distance,
        "growth": row.growth,
        "convergence": row.convergence,
        "allocation_pence": row.allocation_pence,
        "closing_target_pence": row.closing_target_pence,
        "closing_distance": row.closing_distance,
        "closing_distance_pence": row.closing_pence,
        "closing_distance_per_head_pence": row.per_head_pence(row.closing_pence),
        "registered_people": whole_people(row.registered_billionths),
    }


def _percent(part: Fraction | None) -> str:
    return NOT_AVAILABLE if part is None else signed_percent(part, 2)


def _thousandths(value: int | None) -> str:
    return NOT_AVAILABLE if value is None else f"{value // 1000}.{value % 1000:03}"
