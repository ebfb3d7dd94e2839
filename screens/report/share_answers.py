"""What the commands that share money out answer, for people and for programs."""

from collections.abc import Sequence

from allocations.figures.tables import whole_people
from allocations.places.division import UNASSIGNED
from allocations.shares.pace import Outcome, PaceFile
from allocations.shares.split import Allocation
from ledger.entries.posting import Posted
from ledger.money import round_half_up_fraction, signed_percent, spoken
from ledger.reports.position import Moment
from screens.report.answers import with_entries
from screens.report.terminal import Answer


def of_allocation(
    split: Allocation, posted: Sequence[Posted], *, ledger: str, at: Moment | None, dry_run: bool
) -> Answer:
    """A split of money: each receiver's part, who is left out, and what became of the posting."""
    rows = [
        {
            "organisation": part.code,
            "name": part.name,
            "practices": part.practices,
            "registered_people": whole_people(part.registered_billionths),
            "weighted_people": whole_people(part.people_billionths),
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
    aside = split.division.left_aside if split.division else ()
    if aside:
        left_out.append(f"Left aside, as places of other ICBs in the same file: {len(aside)} ({', '.join(aside)}).")
    weighting = split.by.replace("_", " ")
    answer = Answer(
        "allocate",
        ledger,
        rows,
        at,
        title=f"{spoken(split.amount_pence)} of {split.fund}, {split.icb}, {split.year}, by {weighting} population",
        after=[
            f"Split in whole units of one {split.unit}; the parts sum to the whole.",
            *left_out,
        ],
        extra={
            "icb": split.icb,
            "year": str(split.year),
            "fund": split.fund,
            "to": split.level,
            "by": split.by,
            "populations": split.populations.source,
            "unit": split.unit,
            "total_pence": split.amount_pence,
            "unassigned": list(split.division.unassigned) if split.division else [],
            "left_aside": list(aside),
        },
    )
    return with_entries(answer, posted, dry_run=dry_run)


def of_pace(asked: PaceFile, outcome: Outcome, *, source: str, digest: str, at: Moment | None, as_json: bool) -> Answer:
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
        return Answer("pace", source, rows, at, extra=extra)
    shown = [
        {
            "organisation": row.code,
            "baseline_pence": row.baseline_pence,
            "target_pence": round_half_up_fraction(row.target_pence),
            "from target, opening": signed_percent(row.opening_distance, 4),
            "growth": signed_percent(row.growth, 4),
            "allocation_pence": row.allocation_pence,
            "from target, closing": signed_percent(row.closing_distance, 4),
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
    return Answer("pace", source, shown, at, title=asked.title, after=after)
