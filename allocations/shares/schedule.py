"""The budget schedule of an ICB: what each place had on each line, its fair share, what it gets, and the bridge.

The same goes for networks and practices.
The bridge has three spans and always ties: the historic budget; growth, as everybody's budget grows when the
line does; and movement towards or away from the fair share, which sums to nothing over the line. What is left
to the fair share afterwards is the closing distance. Distances follow NHS England's convention: against a
budget that has grown with the whole line, so that the opening distance is the share of the old budgets over
the fair share, less one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from allocations.places.division import UNASSIGNED
from allocations.shares.apportion import apportion
from allocations.shares.historic import Historic
from allocations.shares.lines import weighting_of
from allocations.shares.pace import PacePlan, PaceRule, plan
from allocations.shares.populations import Populations
from allocations.shares.split import Allocation, Part, allocate
from ledger.errors import Problem, Refused, refuse, refuse_any
from ledger.inputs import Action, Input
from ledger.money import PENCE_PER_POUND, round_half_up_fraction
from ledger.reports.position import Moment, flows
from ledger.store.base import Reader
from ledger.years import FinancialYear

ALL = "(all)"
FROM_BOOKS = "issued: the books"
NOT_ISSUED = "nothing is issued: fair shares of what there was"
Amounts = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Line:
    """One organisation's budget on one line; or the sum over organisations or lines, where either is ``ALL``.

    Attributes:
        by: the weighting of the fair share; empty for a sum over lines.
        registered_billionths, weighted_billionths: people, in billionths; weighted people are not summed over lines.
        historic_pence: what it had; none where it is not known, which is not zero.
        growth_pence: its part of the growth of the whole line.
        movement_pence: what it gets beyond that, towards its fair share or away from it.
        issued_pence: what it gets; none where nothing is issued or planned.
        fair_pence: its fair share of all that is issued on the line.
        limit: ``floor`` or ``cap``, where a pace of change held it there.
    """

    fund: str
    by: str
    organisation: str
    name: str
    registered_billionths: int
    weighted_billionths: int | None
    historic_pence: int | None
    growth_pence: int | None
    movement_pence: int | None
    issued_pence: int | None
    fair_pence: int
    limit: str = ""

    @property
    def opening_pence(self) -> int | None:
        """Distance from target before movement, in pence."""
        if self.historic_pence is None or self.growth_pence is None:
            return None
        return self.historic_pence + self.growth_pence - self.fair_pence

    @property
    def closing_pence(self) -> int | None:
        """Distance from target of what it gets, in pence."""
        return None if self.issued_pence is None else self.issued_pence - self.fair_pence

    @property
    def distance_pence(self) -> int | None:
        """Distance from target of what it gets; of what it had, where nothing is issued or planned."""
        return self.opening_pence if self.closing_pence is None else self.closing_pence

    def of_target(self, pence: int | None) -> Fraction | None:
        """An amount as a part of the fair share; none where either is missing or nothing is due."""
        return None if pence is None or not self.fair_pence else Fraction(pence, self.fair_pence)

    def per_head_pence(self, pence: int | None) -> int | None:
        """An amount for each registered person, to the nearest penny; none where nobody is registered."""
        if pence is None or not self.registered_billionths:
            return None
        return round_half_up_fraction(Fraction(pence * 10**9, self.registered_billionths))


@dataclass(frozen=True, slots=True)
class Schedule:
    """All lines of an ICB at one level.

    Attributes:
        lines: by fund and organisation, each fund's sum and each organisation's sum after them.
        basis: fund to where its issued amounts come from.
    """

    icb: str
    year: FinancialYear
    level: str
    lines: tuple[Line, ...]
    basis: Mapping[str, str]


def issued_in_books(
    reader: Reader, at: Moment, icb: str, year: FinancialYear, level: str
) -> dict[tuple[str, str], int]:
    """What an ICB has passed to those of a tier, net of what came back: (organisation, fund) to pence."""
    by = ["from_organisation", "to_organisation", "to_tier", "fund"]
    rows = flows(reader, at, by, organisation=icb, year=year.start).to_pylist()
    return {
        (row["to_organisation"], row["fund"]): row["amount_pence"]
        for row in rows
        if row["from_organisation"] == icb and row["to_tier"] == level
    }


def schedule(
    *,
    icb: str,
    year: FinancialYear,
    level: str,
    funds: Sequence[str] = (),
    historic: Historic | None = None,
    issued: Amounts | None = None,
    pace: PaceRule | None = None,
    places_file: Path | None = None,
    populations: Populations | None = None,
) -> Schedule:
    """Work out the schedule.

    Args:
        icb: the ICB.
        level: ``place``, ``pcn`` or ``practice``.
        funds: which lines; those that the historic budgets or the issued amounts name otherwise.
        historic: what everybody had.
        issued: what the books say everybody has got.
        pace: how fast to move from historic budgets to fair shares; it then says what is issued, and on what
            the historic budgets have every line grows by its base growth.
        places_file: the user's own places; the default places otherwise.
        populations: the people of the fair shares; the shipped figures otherwise.

    Raises:
        Refused: no line to show; a pace of change for somebody whose historic budget is not known; whatever
            ``allocate`` and ``plan`` refuse.
    """
    had: Amounts = historic.pence if historic else {}
    got: Amounts = {} if pace else issued or {}
    names = sorted({fund for _, fund in (*had, *got)}) if not funds else list(funds)
    lines: list[Line] = []
    basis: dict[str, str] = {}
    problems: list[Problem] = []
    for fund in names:
        try:
            own, said = _of_fund(icb, year, level, fund, had, got, pace, places_file, populations)
        except Refused as refused:
            problems.extend(problem for problem in refused.problems if problem not in problems)
            continue
        basis[fund] = said
        lines.extend([*own, _sum(own, fund, ALL)])
    if pace is not None and pace.quantum_pounds is not None and len(names) > 1:
        sentence = f"it gives the money there is for one line, and there are {len(names)}."
        remedy = f"Choose the line {Input.LINE.given}, or take quantum_pounds out."
        problems.append(Problem(pace.title, sentence, "Each line has its own money.", remedy))
    if not names:
        remedy = f"Give historic budgets {Input.HISTORIC.given}, or issue some with {Action.ISSUE.done()}."
        problems.append(Problem(f"{icb}, {year}", "no line has a budget.", "There is nothing to compare.", remedy))
    refuse_any(problems)
    receivers = dict.fromkeys(line.organisation for line in lines if line.organisation != ALL)
    whole = [_sum([line for line in lines if line.organisation == code], ALL, code) for code in receivers]
    whole.append(_sum(whole, ALL, ALL))
    return Schedule(icb, year, level, (*lines, *whole), basis)


def _of_fund(
    icb: str, year: FinancialYear, level: str, fund: str, had: Amounts, got: Amounts, pace: PaceRule | None,
    places_file: Path | None, populations: Populations | None,
) -> tuple[list[Line], str]:  # fmt: skip
    """The lines of one fund, without their sum, and where its issued amounts come from."""
    historic = {code: pence for (code, line), pence in had.items() if line == fund}
    issued = {code: pence for (code, line), pence in got.items() if line == fund}

    def fair(pence: int) -> Allocation:
        return allocate(
            icb=icb,
            year=year,
            fund=fund,
            level=level,
            by=weighting_of(fund),
            amount_pence=pence,
            places_file=places_file,
            populations=populations,
        )

    if pace is not None:
        return _paced(fair, fund, historic, pace)
    if not issued and not historic:
        remedy = f"Give historic budgets {Input.HISTORIC.given}, or issue some with {Action.ISSUE.done()}."
        sentence = f"nothing was issued of {fund}, and no historic budget of it is given."
        refuse(f"{icb}, {year}", sentence, "What is not known is not zero: there is nothing to share.", remedy)
    whole = sum(issued.values()) if issued else sum(historic.values())
    split = fair(whole)
    elsewhere = sorted(set(issued) - {part.code for part in split.parts})
    if elsewhere:
        sentence = f"{fund} was issued to {', '.join(elsewhere[:5])}, who are not among these."
        remedy = f"Leave {Input.PLACES.named} out, or use the places to which it was issued."
        refuse(f"{icb}, {level}", sentence, "Its fair shares would be of other places.", remedy)
    # Nobody whose budget is unknown has nothing; but once a line is issued, who got none of it got none.
    now = {part.code: issued.get(part.code, 0) for part in split.parts} if issued else {}
    return _lines(fund, split, historic, now, {}), FROM_BOOKS if issued else NOT_ISSUED


def _paced(
    fair: Callable[[int], Allocation], fund: str, historic: Mapping[str, int], pace: PaceRule
) -> tuple[list[Line], str]:
    shares = fair(PENCE_PER_POUND)
    # Practices in no network have nobody to plan for: their money stays with the ICB, outside this plan.
    sharing = [part for part in shares.parts if part.code != UNASSIGNED or shares.level == "place"]
    missing = [_no_baseline(fund, part) for part in sharing if part.code not in historic]
    if missing:
        raise Refused(missing)
    baseline = {part.code: historic[part.code] for part in sharing}
    people = sum(part.people_billionths for part in sharing)
    target = {part.code: Fraction(part.people_billionths, people) for part in sharing}
    outcome = plan(
        PacePlan(
            baseline,
            target,
            pace.base_growth,
            pace.convergence_curve(),
            pace.floor,
            pace.cap,
            quantum_pence=None if pace.quantum_pounds is None else pace.quantum_pounds * PENCE_PER_POUND,
            unit_pence=pace.unit_pounds * PENCE_PER_POUND,
        )
    )
    left_out = [part for part in shares.parts if part not in sharing]
    now = {row.code: row.allocation_pence for row in outcome.rows}
    limits = {row.code: row.limit for row in outcome.rows}
    amounts = apportion(outcome.quantum_pence, {part.code: part.people_billionths for part in sharing})
    parts = tuple(replace(part, amount_pence=amounts[part.code], share=target[part.code]) for part in sharing)
    split = replace(shares, parts=parts, amount_pence=outcome.quantum_pence)
    said = f"planned, not issued: {pace.title}"
    for part in left_out:
        said += f"; {part.practices} practices in no {shares.level} are outside it, and their money stays with the ICB"
    return _lines(fund, split, historic, now, limits), said


def _no_baseline(fund: str, part: Part) -> Problem:
    why = "A pace of change starts from what everybody had; missing is not zero."
    if part.code == UNASSIGNED:
        sentence = f"{part.practices} practices are in no place."
        return Problem(f"{fund}, {part.name}", sentence, why, "Place every practice first.")
    sentence = "its historic budget is not known."
    return Problem(f"{fund}, {part.name}", sentence, why, "Add its line to the historic budgets.")


def _lines(
    fund: str, split: Allocation, historic: Mapping[str, int], issued: Mapping[str, int], limits: Mapping[str, str]
) -> list[Line]:
    had = {part.code: historic[part.code] for part in split.parts if part.code in historic}
    # Growth in proportion says nothing where a budget is unknown, or below zero.
    whole = len(had) == len(split.parts) and any(had.values()) and min(had.values()) >= 0
    growth = apportion(split.amount_pence - sum(had.values()), had) if whole else {}

    def line(part: Part) -> Line:
        before, grown, now = had.get(part.code), growth.get(part.code), issued.get(part.code)
        moved = None if before is None or grown is None or now is None else now - before - grown
        return Line(
            fund, split.by, part.code, part.name, part.registered_billionths, part.people_billionths, before, grown,
            moved, now, part.amount_pence, limits.get(part.code, ""),
        )  # fmt: skip

    return [line(part) for part in split.parts]


def _sum(lines: Sequence[Line], fund: str, organisation: str) -> Line:
    """The sum of lines; an amount that one of them lacks is lacking in the sum."""

    def whole(amounts: Iterable[int | None]) -> int | None:
        listed = list(amounts)
        known = [pence for pence in listed if pence is not None]
        return sum(known) if len(known) == len(listed) else None

    over_organisations = organisation == ALL
    return Line(
        fund=fund,
        by=lines[0].by if over_organisations else "",
        organisation=organisation,
        name=ALL if over_organisations else lines[0].name,
        registered_billionths=(
            sum(line.registered_billionths for line in lines) if over_organisations else lines[0].registered_billionths
        ),
        weighted_billionths=whole(line.weighted_billionths for line in lines) if over_organisations else None,
        historic_pence=whole(line.historic_pence for line in lines),
        growth_pence=whole(line.growth_pence for line in lines),
        movement_pence=whole(line.movement_pence for line in lines),
        issued_pence=whole(line.issued_pence for line in lines),
        fair_pence=sum(line.fair_pence for line in lines),
    )


def largest_line(issued: Mapping[tuple[str, str], int]) -> str | None:
    """The line on which most is issued, of (organisation, fund) to pence; None where nothing is."""
    sums: dict[str, int] = defaultdict(int)
    for (_, fund), pence in issued.items():
        sums[fund] += pence
    return max(sorted(sums), key=lambda fund: sums[fund], default=None)


def is_whole(line: Line) -> bool:
    """Whether it is the sum over all organisations."""
    return line.organisation == ALL
