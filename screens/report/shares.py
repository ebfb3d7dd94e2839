"""Who should get what: splits, paces of change, budget schedules and need indices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pyarrow as pa

from allocations.figures.tables import whole_people
from allocations.places.division import UNASSIGNED
from allocations.shares.pace import MOST_YEARS, PaceFile, PaceOutcome, years_until_within
from allocations.shares.planned import ScheduleAsked
from allocations.shares.populations import Populations
from allocations.shares.schedule import ALL, Amounts, Line, Schedule
from allocations.shares.split import Allocation
from ledger.attributes import picked
from ledger.money import round_half_up_fraction, signed_percent, spoken
from ledger.reports.position import Moment
from screens.report import marks, mixtures
from screens.report.marks import Span
from screens.report.report import (
    NOT_AVAILABLE,
    Cell,
    Column,
    Report,
    Table,
    columns,
    count,
    data,
    money,
    ratio,
    share,
    text,
    traced,
)

# How near target is near, above or below it.
_NEAR = {"2.5%": Fraction(25, 1000), "5%": Fraction(5, 100)}
_AMOUNTS = ("historic", "fair", "opening_distance", "growth", "movement", "issued", "closing_distance")


def allocation(split: Allocation, at: Moment | None) -> Report:
    """A split of money: each receiver's part, and who is left out."""
    left_out = [
        f"{part.practices} practices are in no {split.level}; their share is {spoken(part.amount_pence)}."
        for part in split.parts
        if part.code == UNASSIGNED
    ]
    aside = split.division.left_aside if split.division else ()
    if aside:
        left_out.append(f"Left aside, as places of other ICBs in the same file: {len(aside)} ({', '.join(aside)}).")
    invisible = split.division.invisible if split.division else 0
    if invisible:
        left_out.append(
            f"{invisible:,} lines of the places hold letters that nobody sees; names were read without them."
        )
    weighting = split.by.replace("_", " ")
    facts = {
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
        **({"lines_with_invisible_letters": invisible} if invisible else {}),
    }
    by = f"{weighting} population" if split.mixture is None else split.by
    title = f"{spoken(split.amount_pence)} of {split.fund}, {split.icb}, {split.year}, by {by}"
    sentences = [f"Split in whole units of one {split.unit}; the parts sum to the whole.", *left_out]
    if split.mixture is not None:
        facts |= mixtures.facts(split.mixture)
        sentences += mixtures.sentences(split, split.mixture)
        tables = [mixtures.parts(split, split.mixture, split.fund), mixtures.numbers(split, split.mixture)]
        return Report(tables, at, title, sentences, facts)
    return Report([parts(split, split.fund)], at, title, sentences, facts)


def parts(split: Allocation, line: str) -> Table:
    """The parts of a split.

    Args:
        line: the name of what is shared.
    """
    by = split.by.replace("_", " ")
    heads = [
        *data("organisation"), text("Name", "name"), text("Code"), count("Practices", "practices"),
        count("Registered people", "registered_people"), count(f"People weighted by {by}", "weighted_people"),
        share("Share", "share"), money("Fair share (£)", "amount_pence"),
    ]  # fmt: skip
    rows = [
        (part.code, part.name, "" if part.code == UNASSIGNED else part.code, part.practices,
         whole_people(part.registered_billionths),
         whole_people(part.people_billionths), part.share, part.amount_pence)
        for part in split.parts
    ]  # fmt: skip
    return Table(f"Fair shares of {line} by {split.level}", heads, rows)


def pace(asked: PaceFile, outcome: PaceOutcome, *, source: str, digest: str, at: Moment | None) -> Report:
    """A pace of change, row by row, with its scaling and who is at a limit."""
    at_floor = [row.code for row in outcome.rows if row.limit == "floor"]
    at_cap = [row.code for row in outcome.rows if row.limit == "cap"]
    facts = {
        "title": asked.title,
        "sha256": digest,
        **picked(outcome, "quantum_pence", "scaling", "scaling_is_unique"),
        "at_floor": at_floor,
        "at_cap": at_cap,
    }
    heads = [
        text("Organisation", "organisation"), money("Baseline (£)", "baseline_pence"),
        money("Target (£)", "target_pence"), _distance("From target, opening", "opening_distance", 4),
        *data("convergence"), _distance("Growth", "growth", 4), money("Allocation (£)", "amount_pence"),
        _distance("From target, closing", "closing_distance", 4), text("Limit", "limit"),
    ]  # fmt: skip
    rows = [
        (row.code, row.baseline_pence, round_half_up_fraction(row.target_pence), row.opening_distance, row.convergence,
         row.growth, row.allocation_pence, row.closing_distance, row.limit)
        for row in outcome.rows
    ]  # fmt: skip
    limits = f"At the floor: {', '.join(at_floor) or 'nobody'}. At the cap: {', '.join(at_cap) or 'nobody'}."
    years = years_until_within(asked.plan(), outcome, list(_NEAR.values()))
    facts["within"] = [{"distance": said, "years": year} for said, year in zip(_NEAR, years, strict=True)]
    unique = "" if outcome.scaling_is_unique else " All are at a limit, so a range of scalings would do."
    sentences = [
        f"The allocations sum to {spoken(outcome.quantum_pence)} exactly. {limits}",
        f"Growth was scaled by {float(outcome.scaling * 100):+.4f} percentage points to balance.{unique}",
        _if_repeated(years),
    ]
    return Report([Table(asked.title, heads, rows)], at, asked.title, sentences, facts, source)


def _if_repeated(years: Sequence[int | None]) -> str:
    near = (
        f"{distance} of their targets in {f'none of {MOST_YEARS} years' if year is None else f'year {year}'}"
        for distance, year in zip(_NEAR, years, strict=True)
    )
    planned = "If every year were planned as this one, from what it allocates and with the same growth of the whole"
    return f"{planned}, all would be within {', and within '.join(near)}."


def scheduled(asked: ScheduleAsked, issued: Amounts | None = None, at: Moment | None = None) -> Report:
    """The schedule that is asked for.

    Args:
        issued: what the books say everybody has got, (organisation, fund) to pence.
        at: the moment of the books that say it; None where a pace of change or nobody does.

    Raises:
        Refused: as ``schedule`` of the allocations does.
    """
    brought = None if asked.historic is None else (asked.historic.file, asked.historic.sha256)
    is_planned = asked.pace is not None
    return schedule(asked.worked_out(issued), at, historic=brought, people=asked.populations, is_planned=is_planned)


def schedule(
    schedule: Schedule, at: Moment | None, *, historic: tuple[str, str] | None, people: Populations, is_planned: bool
) -> Report:
    """A schedule, line by line: the bridge from historic to issued budgets, and both distances.

    Args:
        historic: the file of historic budgets and its SHA-256.
        people: whom the fair shares count.
        is_planned: whether a pace of change planned it, which may hold somebody at a limit.
    """
    facts = {
        "icb": schedule.icb,
        "year": str(schedule.year),
        "to": schedule.level,
        "basis": dict(schedule.basis),
        "populations": {"source": people.source, "year": str(people.year), "sha256": people.sha256},
        "historic_file": None if historic is None else {"file": historic[0], "sha256": historic[1]},
    }
    funds = list(schedule.basis)
    shown = [line for line in schedule.lines if len(funds) > 1 or line.fund != ALL]
    line = "" if len(funds) > 1 else f"{funds[0]}, "
    sentences = [
        "Historic + growth + movement = issued, to the penny. Growth is the line's own, in proportion.",
        "Movement sums to nothing over a line. From target: above (+) or below (-) the fair share.",
        *([] if len(funds) > 1 else [beside_sentence(per_head(schedule.lines))]),
        *(f"{fund}: {said}." for fund, said in schedule.basis.items()),
        "Fair shares are derived from published populations; by which weighting a line is shared is our assumption.",
        *_people(people),
        *([] if historic is None else [f"Historic budgets: {historic[0]}, SHA-256 {historic[1][:16]}."]),
    ]
    title = f"{line}{schedule.icb}, {schedule.year}, by {schedule.level}"
    everything = Table("", data(*_SCHEDULE), [_all_figures(each) for each in schedule.lines])
    bridges = budgets(shown, title, with_fund=len(funds) > 1, with_limit=is_planned)
    return Report([everything, bridges], at, title, sentences, facts)


def budgets(lines: Sequence[Line], name: str, *, with_fund: bool = False, with_limit: bool = False) -> Table:
    """Historic budget, fair share, distance, growth, movement and issued budget of each; what is issued leads on."""
    heads = [
        *columns(
            *(["Fund"] if with_fund else []), "Name", count("Registered people"), "Historic (£)", "Fair share (£)"
        ),
        _distance("From target, before"),
        *columns("Growth (£)", "Movement (£)", "Issued (£)"),
        _distance("From target, now"),
        *columns(*(f"{name} per head (£)" for name in (HISTORIC, FAIR, ISSUED)), *(["Limit"] if with_limit else [])),
    ]
    rows = [
        [*([line.fund] if with_fund else []), *_budget(line), *([line.limit] if with_limit else [])] for line in lines
    ]
    return Table(name, heads, rows, has_total=bool(lines) and lines[-1].organisation == ALL)


def _budget(line: Line) -> Sequence[Cell]:
    is_whole = ALL in (line.fund, line.organisation)
    name, issued = "All together" if line.organisation == ALL else line.name, line.issued_pence
    return (
        name, whole_people(line.registered_billionths), line.historic_pence, line.fair_pence,
        line.of_target(line.opening_pence), line.growth_pence, line.movement_pence,
        issued if is_whole else traced(issued, organisation=line.organisation, fund=line.fund),
        line.of_target(line.closing_pence),
        *(line.per_head_pence(pence) for pence in (line.historic_pence, line.fair_pence, issued)),
    )  # fmt: skip


HISTORIC, FAIR, ISSUED = "Historic", "Fair share", "Issued"


@dataclass(frozen=True, slots=True)
class PerHead:
    """One organisation's budgets for each registered person, in pence.

    Attributes:
        pence: what it had, its fair share and what it gets, by name; what is not known is left out, and all of it
            where nobody is registered.
        distance: how far what it gets is from its fair share, as a part of it; what it had, where nothing is issued.
    """

    name: str
    pence: Mapping[str, int]
    distance: Fraction | None


def per_head(lines: Sequence[Line]) -> list[PerHead]:
    """The budgets of organisations for each registered person; sums are left out."""
    return [
        PerHead(line.name, _pence_per_head(line), line.of_target(line.distance_pence))
        for line in lines
        if ALL not in (line.fund, line.organisation)
    ]


def _pence_per_head(line: Line) -> dict[str, int]:
    amounts = {HISTORIC: line.historic_pence, FAIR: line.fair_pence, ISSUED: line.issued_pence}
    each = {name: line.per_head_pence(pence) for name, pence in amounts.items()}
    return {name: pence for name, pence in each.items() if pence is not None}


def beside_sentence(heads: Sequence[PerHead]) -> str:
    """From how much to how much the fair shares go, and who is furthest from its own."""
    fair = [one.pence[FAIR] for one in heads if FAIR in one.pence]
    if not fair:
        return "Nobody is registered, so nothing is worked out for each person."
    low, high = spoken(min(fair)), spoken(max(fair))
    goes = f"is {low}" if low == high else f"goes from {low} to {high}"
    said = f"The fair share for each registered person {goes}."
    far = [(one.distance, one.name) for one in heads if one.distance]
    if not far:
        return said if all(one.distance is None for one in heads) else f"{said} Nobody is above or below their own."
    (least, lowest), (most, highest) = min(far), max(far)
    ends = [f"{highest} is furthest above its own ({signed_percent(most, 1)})"] if most > 0 else []
    ends += [f"{lowest} is furthest below its own ({signed_percent(least, 1)})"] if least < 0 else []
    return f"{said} {' and '.join(ends)}."


_SCHEDULE = (
    "fund", "by", "organisation", "name", "is_sum", "registered_people", "weighted_people",
    *(f"{name}_pence" for name in _AMOUNTS), *(f"{name}_per_head_pence" for name in _AMOUNTS),
    "opening_distance", "closing_distance", "limit",
)  # fmt: skip


def _all_figures(line: Line) -> Sequence[Cell]:
    amounts = (line.historic_pence, line.fair_pence, line.opening_pence, line.growth_pence, line.movement_pence,
               line.issued_pence, line.closing_pence)  # fmt: skip
    weighted = line.weighted_billionths
    return (
        line.fund, line.by or None, line.organisation, line.name, ALL in (line.fund, line.organisation),
        whole_people(line.registered_billionths), None if weighted is None else whole_people(weighted), *amounts,
        *(line.per_head_pence(pence) for pence in amounts), line.of_target(line.opening_pence),
        line.of_target(line.closing_pence), line.limit or None,
    )  # fmt: skip


def need(table: pa.Table, *, icb: str, group: str, people: Populations) -> Report:
    """Need indices: row by row for programs; for people a row for each group and base, a column for each component."""
    rows = table.to_pylist()
    components = list(dict.fromkeys(row["component"] for row in rows))
    names = people.names(group)
    wide: dict[tuple[str | int | None, ...], dict[str, Fraction | None]] = {}
    for row in rows:
        name = names.get(row["group"], row["group"]) or row["icb"]
        key = (name, row["base"], whole_people(row["registered_billionths"]), row["icb"], row["group"])
        wide.setdefault(key, {})[row["component"]] = _index(row["index_thousandths"])
    heads = columns(
        "Name", "Relative to", count("People"), *(ratio(name.replace("_", " ").capitalize()) for name in components)
    )
    shown = [(*key[:3], *(own.get(component) for component in components)) for key, own in wide.items()]
    sentences = [
        "Each index is relative to the base in its row, where 1 is the average; different bases cannot be compared.",
        f"Derived from NHS England's practice figures of {people.year}. Small groups are less certain.",
        *_people(people),
    ]
    facts = {"icb": icb, "group": group, "year": str(people.year)}
    every = Table("", data(*table.column_names), [list(row.values()) for row in rows])
    return Report([every, Table("Need", heads, shown)], None, f"Need indices, {icb}", sentences, facts)


def _people(people: Populations) -> list[str]:
    """Which people shares count, where they are not the shipped ones of the year asked for, or are projected."""
    if people.sha256 is None:
        return [people.note] if people.note else []
    return [f"People of {people.year}: {people.source}, SHA-256 {people.sha256[:16]}. {people.note}".rstrip()]


def _index(thousandths: int | None) -> Fraction | None:
    return None if thousandths is None else Fraction(thousandths, 1000)


def _distance(heading: str, key: str = "", places: int = 2) -> Column:
    return share(heading, key, signed=True, places=places, missing=NOT_AVAILABLE)


def bridge(line: Line) -> list[Span]:
    """The bars of a budget's bridge; none where nothing is issued.

    Where the historic budget is not known the bridge goes from the fair share to what is issued.
    """
    if line.issued_pence is None or line.closing_pence is None:
        return []
    end = ("Issued", line.issued_pence)
    if line.historic_pence is None or line.growth_pence is None or line.movement_pence is None:
        return marks.bridge(("Fair share", line.fair_pence), [("Distance from it", line.closing_pence)], end)
    steps = [("Growth of the line", line.growth_pence), ("Movement", line.movement_pence)]
    return marks.bridge(("Historic budget", line.historic_pence), steps, end)
