"""Issue what a pace of change or a budget schedule has worked out: one entry for each line, with its sources."""

from collections.abc import Mapping, Sequence
from datetime import date

from allocations.shares.historic import Historic
from allocations.shares.pace import PaceFile, PaceOutcome
from allocations.shares.schedule import ALL, Amounts, Line, Schedule
from ledger.entries.draft import Draft, Leg, Place, legs
from ledger.errors import Problem, refuse_any
from ledger.inputs import Action
from ledger.money import exact_pounds, signed_percent
from ledger.reports import register
from ledger.store.base import Reader
from ledger.words import DERIVED
from ledger.years import FinancialYear, working_day

# Who passes money on without handing over a decision of its own: everybody else devolves.
_ALLOCATES = ("government", "national", "region")


def of_schedule(
    schedule: Schedule,
    historic: Historic,
    *,
    pace_file: str,
    pace_hash: str,
    standing: str,
    actor: str,
    day: date | None,
) -> list[Draft]:
    """The entries that issue a planned schedule: one for each line, from the ICB to everybody on it.

    Args:
        schedule: a schedule that a pace of change planned.
        historic: the budgets it started from; each leg names the cell of its own.
        standing: which of the ICB's money: ``available`` or ``retained``.
        day: when it counts; today where that lies in the year, its first day otherwise.
    """
    drafts = []
    for fund, said in schedule.basis.items():
        lines = [line for line in schedule.lines if line.fund == fund and line.organisation != ALL]
        amounts = {line.organisation: (line.issued_pence or 0, _bridge(line, historic)) for line in lines}
        key = f"schedule/{schedule.icb}/{fund}/{schedule.year}/{schedule.level}/{historic.sha256}/{pace_hash}"
        draft = _entry(
            Place(schedule.icb, fund, schedule.year, standing),
            amounts,
            kind="devolve",
            key=key,
            reason=f"{fund} of {schedule.icb}: {said.removeprefix('planned, not issued: ')}",
            source=f"{historic.file}; {pace_file} (SHA-256 {pace_hash[:16]})",
            source_hash=historic.sha256,
            actor=actor,
            day=day,
        )
        drafts.append(draft)
    return drafts


def refuse_issued(reader: Reader, drafts: Sequence[Draft], issued: Amounts, schedule: Schedule) -> None:
    """Refuse to issue a line on top of what is issued on it already; asking again for the same plan is no harm.

    Raises:
        Refused: money of a line has reached those on it, by other entries than these.
    """
    problems = []
    for fund, draft in zip(schedule.basis, drafts, strict=True):
        if draft.key in register.keyed(reader, draft.key):
            continue
        already = sum(pence for (_, line), pence in issued.items() if line == fund)
        if already:
            sentence = f"£{exact_pounds(already)} of {fund} is issued already."
            why = "The plan is for all of the line, and would be paid on top."
            remedy = f"Reverse what was issued first, or split the rest with {Action.ALLOCATE.done()}."
            problems.append(Problem(f"{schedule.icb}, {schedule.year}", sentence, why, remedy))
    refuse_any(problems)


def of_pace(
    asked: PaceFile,
    outcome: PaceOutcome,
    *,
    holder: str,
    tier: str,
    fund: str,
    year: FinancialYear,
    file: str,
    digest: str,
    standing: str,
    actor: str,
    day: date | None,
) -> Draft:
    """The entry that issues a pace of change: from whoever holds the money to every organisation in it.

    Args:
        holder: whose money it is; ``tier`` is its tier, which says whether it allocates or devolves.
        digest: SHA-256 of the pace of change's file.

    Raises:
        Refused: somebody would get less than nothing.
    """
    amounts = {
        row.code: (
            row.allocation_pence,
            f"£{exact_pounds(row.baseline_pence)} {signed_percent(row.growth, 6)}; "
            f"{signed_percent(row.closing_distance, 4)} from target" + (f"; at the {row.limit}" if row.limit else ""),
        )
        for row in outcome.rows
    }
    return _entry(
        Place(holder, fund, year, standing),
        amounts,
        kind="allocate" if tier in _ALLOCATES else "devolve",
        key=f"pace/{holder}/{fund}/{year}/{digest}",
        reason=asked.title,
        source=file,
        source_hash=digest,
        actor=actor,
        day=day,
    )


def _bridge(line: Line, historic: Historic) -> str:
    cell = historic.cells.get((line.organisation, line.fund), "")
    parts = (line.historic_pence or 0, line.growth_pence or 0, line.movement_pence or 0)
    had, grown, moved = (exact_pounds(pence) for pence in parts)
    return f"{cell}: £{had} + growth £{grown} + movement £{moved}" + (f"; at the {line.limit}" if line.limit else "")


def _entry(
    source_place: Place,
    amounts: Mapping[str, tuple[int, str]],
    *,
    kind: str,
    key: str,
    reason: str,
    source: str,
    source_hash: str,
    actor: str,
    day: date | None,
) -> Draft:
    _refuse_negative(source_place.fund, [(code, pence) for code, (pence, _) in amounts.items()])
    movements = [
        Leg(source_place, Place(code, source_place.fund, source_place.year), pence, note=note)
        for code, (pence, note) in amounts.items()
        if pence
    ]
    return Draft(
        key=key,
        kind=kind,
        effective_date=day or working_day(source_place.year),
        actor=actor,
        reason=reason,
        source=source,
        source_hash=source_hash,
        standing=DERIVED,
        transfers=legs(movements),
    )


def _refuse_negative(fund: str, amounts: Sequence[tuple[str, int]]) -> None:
    problems = [
        Problem(
            f"{fund}, {code}",
            f"it would get £{exact_pounds(pence)}.",
            "Money that goes back is a return, not an issue.",
            "Post a return for it, or change the floor.",
        )
        for code, pence in amounts
        if pence < 0
    ]
    refuse_any(problems)
