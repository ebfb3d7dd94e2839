"""All ICBs beside each other: ranked, beyond limits, over time, and above or below their targets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

from allocations.figures.tables import whole_people
from allocations.shares import national
from allocations.shares.national import DEFINITIONS, DISTANCE, TITLES, TOGETHER, Alert, Threshold
from allocations.shares.targets import Target, needed_pence
from ledger.attributes import picked
from ledger.money import plain_decimal, spoken
from ledger.readings import RECORDED, GradeReading
from ledger.reports import monitoring, over_receivers, receivers, register
from ledger.reports import trend as trends
from ledger.reports.lines_over_years import LineOverYears, YearStep, received_pence, steps
from ledger.reports.measures import MEASURES
from ledger.reports.monitoring import PotWatched, over_all
from ledger.reports.over_receivers import NoticeAndEnding
from ledger.reports.position import Moment
from ledger.reports.summary import percent
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report import over_time
from screens.report.readings import otherwise
from screens.report.report import (
    NOT_DEFINED,
    NOTHING,
    Cell,
    Column,
    FigureCell,
    Link,
    Report,
    Table,
    boundaries,
    columns,
    composed,
    count,
    data,
    day,
    link,
    money,
    ranged,
    share,
    text,
    with_ends,
)

_DISTANCE, _SHARE = share("", signed=True), share("")


def of_measure(name: str) -> Column:
    """The column of a measure, with its definition."""
    column = share(TITLES[name], name, signed=name == DISTANCE, missing=NOT_DEFINED)
    return column.defined(DEFINITIONS[name])


def written(value: Fraction | None, measure: str) -> Cell:
    """A value of a measure in a table whose rows are measures."""
    return NOT_DEFINED if value is None else FigureCell(value, _DISTANCE if measure == DISTANCE else _SHARE)


def in_percent(value: Fraction, measure: str) -> str:
    """A value of a measure as people write it."""
    return (_DISTANCE if measure == DISTANCE else _SHARE).text(value)


def icbs(
    rows: Sequence[national.IcbStanding],
    rank: str,
    *,
    shown: Sequence[str] = tuple(TITLES),
    year: int | None = None,
    together: national.IcbStanding | None = None,
) -> Table:
    """ICBs by a measure, the highest first; last those for which it is not defined.

    Args:
        shown: the measures that people read.
        year: of the books, where the totals are theirs and lead to what they are made of.
        together: all ICBs as one, for the last row.
    """
    names = list(rows[0].values) if rows else list(TITLES)
    order = [row for row, _ in national.ranked(rows, rank)]
    order += [row for row in rows if row not in order]
    heads = [
        *data("icb"), link("ICB", "name"), text("Code"), text("Region", "region", missing="not on record"),
        money("Total (£)", "total_pence").defined(MEASURES["total"].definition),
        *(of_measure(name) if name in shown else data(name)[0] for name in names),
    ]  # fmt: skip
    lines = [
        (row.code, Link(row.name, "./", {"icb": row.code}), row.code, row.region,
         row.total_pence if year is None else composed(row.total_pence, under=row.code, year=year),
         *(ranged(row.values[name], row.over.get(name)) for name in names))
        for row in order
    ]  # fmt: skip
    name = f"All ICBs by {TITLES[rank].lower()}"
    if together is None:
        return Table(name, heads, lines)
    values = (ranged(together.values[measure], together.over.get(measure)) for measure in names)
    return Table(name, heads, [*lines, ("", TOGETHER, "", None, together.total_pence, *values)], has_total=True)


def alerts(alerts: Sequence[Alert]) -> Table:
    """Those beyond a limit, each with its value and the limit."""
    heads = [
        *data("icb"), link("ICB", "name"), *data("measure"), text("Measure"),
        share("Value", "value").defined("The measure that the row names, defined under the table of all ICBs."),
        *data("limit", "side"), text("Limit"),
    ]  # fmt: skip
    rows = [
        (one.code, Link(one.name, "./", {"icb": one.code}), one.measure, TITLES[one.measure],
         ranged(written(one.value, one.measure), one.over), one.threshold, one.side,
         f"{one.side} {_SHARE.text(one.threshold)}")
        for one in alerts
    ]  # fmt: skip
    return Table("Alerts", heads, rows)


def ranking(
    rows: Sequence[national.IcbStanding],
    at: Moment,
    *,
    rank: str,
    limits: Sequence[Threshold],
    year: int | None,
    as_is: date | None,
    changes: Sequence[date],
    together: national.IcbStanding | None = None,
    reading: GradeReading = RECORDED,
) -> Report:
    """ICBs ranked by a measure, and who is beyond limits.

    Args:
        together: all ICBs as one.
        reading: how grades are read.
        year: in which the year starts; None where there is none in the books.
        changes: the days on which boundaries have changed by ``as_is``.
    """
    found = national.alerts(rows, limits)
    beyond = alerts(found)
    sentences = [] if rows else [NOTHING]
    if together is not None and together.values[rank] is not None:
        sentences.append(in_england(together, rank))
    sentences += otherwise(reading)
    if limits:
        sentences.append(national.alerts_in_words(found, len(rows)))
        sentences += [f"{one.name} ({one.code}): {TITLES[one.measure]} is {in_percent(one.value, one.measure)}, "
                      f"{one.side} {_SHARE.text(one.threshold)}." for one in found]  # fmt: skip
    facts = {
        "year": None if year is None else str(FinancialYear(year)),
        "rank": rank,
        "as_is": as_is,
        "reading": reading.name,
        "alerts": beyond.records(),
        "together": None if together is None else _as_one(together),
    }
    title = f"ICBs by {TITLES[rank].lower()}, the highest first"
    return Report([icbs(rows, rank, shown=[rank])], at, title, [*sentences, *boundaries(as_is, changes)], facts)


def _as_one(together: national.IcbStanding) -> dict[str, Cell]:
    """All ICBs as one, for programs: every measure, and the range of each that has one."""
    found: dict[str, Cell] = {"total_pence": together.total_pence}
    for name, value in together.values.items():
        found |= with_ends(name, ranged(value, together.over.get(name)))
    return found


def share_text(row: national.IcbStanding, measure: str) -> str:
    """A measure of one of them as people write it, with its range over readings where it has one."""
    value = row.values[measure]
    column = _DISTANCE if measure == DISTANCE else _SHARE
    return NOT_DEFINED if value is None else column.text(ranged(value, row.over.get(measure)))


def in_england(together: national.IcbStanding, measure: str) -> str:
    """A measure of all ICBs as one, in a sentence that says of which money."""
    return (
        f"All ICBs together: {share_text(together, measure)}. That is of the same money as each: what they and those "
        f"below them hold, without what NHS England itself holds. {together.notes.get(measure, '')}".rstrip()
    )


def ranked_sentence(
    order: Sequence[tuple[national.IcbStanding, Fraction]],
    measure: str,
    *,
    marked: str = "",
    together: national.IcbStanding | None = None,
) -> str:
    """Who has most and least of a measure, where the marked one stands, and all as one.

    Args:
        order: the ICBs for which it is defined, the highest first.
        marked: of one of them, by code.
    """
    (first, most), (last, least) = order[0], order[-1]
    places = {row.code: (place, row.name, value) for place, (row, value) in enumerate(order, 1)}
    place, name, value = places.get(marked, (0, "", None))
    own = f"; {name} is number {place} with {percent(value)}" if place else ""
    sentence = (
        f"{TITLES[measure]}: from {in_percent(least, measure)} ({last.name}) to {in_percent(most, measure)} "
        f"({first.name}), among {len(order)} ICBs{own}."
    )
    if together is None or together.values[measure] is None:
        return sentence
    return f"{sentence} {in_england(together, measure)}"


# What became of a pot: attribute, heading, and whether it is a sum.
_BECAME = (
    ("allocated_pence", "Allocated (£)"), ("spent_pence", "Spent on its purpose (£)"),
    ("redirected_pence", "Put to other pots (£)"), ("brought_in_pence", "Came from other pots (£)"),
    ("returned_pence", "Sent back (£)"), ("carried_pence", "Carried forward (£)"),
    ("not_reported_pence", "Not reported (£)"),
)  # fmt: skip


NOT_REPORTED = (
    "Not reported is what nobody has recorded as spent, put to another pot, sent back or carried forward by the day; "
    "it is not taken as spent. What a line below zero took off a pot is taken off what was allocated."
)


def pots_of_icbs(reader: Reader, at: Moment, year: FinancialYear) -> Report:
    """Every pot by ICB and over all ICBs: what became of it, when notice came, and how many end."""
    names = {code: row["name"] for code, row in register.organisations(reader, national.TIER).items()}
    received, _ = receivers.received(reader, at, national.TIER, organisation=None, year=year.start)
    watched = monitoring.watched(reader, at, year.start)
    return monitored(watched, names, at, year, over_receivers.notice_and_ending(received))


def monitored(
    pots: Sequence[PotWatched],
    names: Mapping[str, str],
    at: Moment,
    year: FinancialYear,
    received: NoticeAndEnding,
) -> Report:
    """Every pot by ICB, with what the entries say became of it; and each pot over all ICBs.

    Args:
        names: of ICBs, by code.
        received: when notice of their pots came and how many end, over all ICBs at once.
    """
    by_pot = pots_watched(pots)
    reported = [one for one in pots if one.is_reported]
    title = f"Pots of {year} by ICB: allocated, spent on purpose, redirected, sent back and not reported"
    sentences = [
        f"Of {len(pots):,} pots at ICBs the books record some use of {len(reported):,}." if pots else NOTHING,
        NOT_REPORTED,
        *notice_and_ending(received, year),
    ]
    facts = {
        "year": str(year),
        "by_pot": by_pot.records(),
        "reported": len(reported),
        "notice": picked(received, "pots", "before", "in_year", "not_known", "median_days"),
        "discontinued": {
            "pots": received.discontinued,
            "of": received.compared,
            "not_known": received.pots - received.compared,
            "share": received.discontinued_share,
        },
    }
    return Report([pots_watched_by_icb(pots, names), by_pot], at, title, sentences, facts)


def notice_and_ending(answer: NoticeAndEnding, year: FinancialYear) -> list[str]:
    """When notice of the pots of all ICBs came and how many of them end, with what is not known of each."""
    if not answer.pots:
        return []
    sentence = (
        f"Of {answer.pots:,} pots at ICBs, each counted at every ICB that holds it, notice of {answer.before:,} came "
        f"before the year, of {answer.in_year:,} in it, and of {answer.not_known:,} it is not known when."
    )
    if answer.median_days is not None:
        side = "before" if answer.median_days >= 0 else "after"
        sentence += (
            f" Of those known, the median came {plain_decimal(abs(answer.median_days), 1)} days {side} the year began."
        )
    following = FinancialYear(year.start + 1)
    if answer.discontinued_share is None:
        return [sentence, f"How many of them end is not known: no ICB has money of {following} in these books."]
    ended = (
        f"Discontinued, or not recorded in {following}: {answer.discontinued:,} of {answer.compared:,} "
        f"({_SHARE.text(answer.discontinued_share)}) are neither held then nor were put into a pot that is"
    )
    unknown = answer.pots - answer.compared
    return [sentence, f"{ended}; of {unknown:,} others it is not known." if unknown else f"{ended}."]


def _became(key: str, heading: str) -> Column:
    return money(heading, key).defined(monitoring.DEFINITIONS[key])


def pots_watched_by_icb(pots: Sequence[PotWatched], names: Mapping[str, str], *, most: int | None = 42) -> Table:
    """Every pot at every ICB."""
    heads = [
        text("ICB", "name"), *data("icb"), text("Pot", "pot_name"), *data("pot"),
        text("Ring-fence", "grade", missing="not known"), *(_became(key, heading) for key, heading in _BECAME),
        share("Leaked", "leaked", missing="not reported").defined(monitoring.DEFINITIONS["leaked"]),
    ]  # fmt: skip
    rows = [
        (names.get(one.organisation, one.organisation), one.organisation, one.name, one.pot, one.grade,
         *(getattr(one, key) for key, _ in _BECAME), one.leaked)
        for one in pots
    ]  # fmt: skip
    return Table("Every pot by ICB", heads, rows, most=most)


def pots_watched(pots: Sequence[PotWatched]) -> Table:
    """Every pot over all ICBs, the largest first; of how many of them some use is recorded."""
    heads = [
        text("Pot", "name"), *data("pot"), text("Ring-fence", "grade", missing="not known"),
        count("ICBs", "icbs").defined(monitoring.DEFINITIONS["icbs"]),
        count("ICBs that report", "reporting").defined(monitoring.DEFINITIONS["reporting"]),
        *(_became(key, heading) for key, heading in _BECAME),
    ]  # fmt: skip
    rows = [
        (one.name, one.pot, one.grade, one.holders, one.reporting, *(getattr(one.whole, key) for key, _ in _BECAME))
        for one in over_all(pots)
    ]  # fmt: skip
    return Table("Every pot over all ICBs", heads, rows)


def beside_sentence(rows: Sequence[national.IcbStanding], marked: str) -> str:
    """Whom one ICB is put beside."""
    (one,) = [row for row in rows if row.code == marked]
    near = ", ".join(row.name for row in national.peers(rows, marked))
    if not near:
        return "Its registered population is not on record, so it has no peers here."
    return (
        f"Its peers are the nearest in registered population: {near}. Its region is {one.region or 'not on record'}. "
        "Beside it stand medians: half of those have more, half less."
    )


def beside(rows: Sequence[national.IcbStanding], marked: str) -> Table:
    """One ICB beside its peers, its region and all: every measure."""
    (one,) = [row for row in rows if row.code == marked]
    lines = [
        (TITLES[line.measure], ranged(written(line.own, line.measure), one.over.get(line.measure)), _rank(line),
         *(written(value, line.measure) for value in (line.peers, line.region, line.everybody)))
        for line in national.beside(rows, marked)
    ]  # fmt: skip
    heads = columns(
        "Measure", text(one.name).defined("The measure that the row names, defined under the table of all ICBs."),
        "Rank, the highest first",
        text("Its peers").defined("The median of those nearest to it in registered population."),
        text("Its region").defined("The median of the ICBs of its region, it among them."),
        text("All ICBs").defined("The median of all ICBs."),
    )  # fmt: skip
    return Table("Beside others", heads, lines)


def _rank(line: national.Beside) -> str:
    if line.rank is None:
        return "not ranked"
    return f"{line.rank} of {line.of}" + (f", with {line.equal} others" if line.equal else "")


def trend(
    points: Sequence[trends.TrendPoint],
    at: Moment,
    *,
    organisation: str | None,
    over: str,
    known_then: bool,
    reading: GradeReading = RECORDED,
) -> Report:
    """How the money changed from point to point.

    Args:
        reading: how grades are read.
    """
    whose = organisation or "All money in the ledger, national money too"
    title = f"{whose}: at the end of each of the {over}, as known {'then' if known_then else 'now'}"
    facts = {"organisation": organisation, "over": over, "known_then": known_then, "reading": reading.name}
    table = trend_table(points, organisation, known_then=known_then)
    said = over_time.reservations(points, over) if points else [NOTHING]
    return Report([table], at, title, [*said, *otherwise(reading)], facts)


def trend_of_each(
    found: Mapping[str, Sequence[trends.TrendPoint]],
    names: Mapping[str, str],
    at: Moment,
    *,
    over: str,
    known_then: bool,
    reading: GradeReading = RECORDED,
) -> Report:
    """Every ICB at every point: programs get every measure, people how much is ring-fenced, soft included.

    Args:
        names: of ICBs, by code.
        reading: how grades are read.
    """
    measured = list(trends.MEASURES)
    heads = data("icb", "name", "as_at", "year", "total_pence", *measured)
    rows = [
        (code, names.get(code, code), one.point.as_at, str(FinancialYear(one.point.year)), one.total_pence,
         *(ranged(one.values[name], one.over.get(name)) for name in measured))
        for code, points in found.items()
        for one in points
    ]  # fmt: skip
    shown = each_at_points(found, names, _TIED)
    title = f"Every ICB at the end of each of the {over}, as known {'then' if known_then else 'now'}"
    facts = {"over": over, "known_then": known_then, "reading": reading.name}
    said = otherwise(reading) if rows else [NOTHING]
    return Report([Table("", heads, rows), shown], at, title, said, facts)


_TIED = "ring_fenced_share_with_soft"


def each_at_points(found: Mapping[str, Sequence[trends.TrendPoint]], names: Mapping[str, str], measure: str) -> Table:
    """A row for each ICB that ever had money, a column for each point, and the lowest, median and highest below.

    All together stand first where they were asked for.
    """
    points = [one.point for one in next(iter(found.values()), ())]
    said = MEASURES[measure].definition
    heads = [
        text("ICB"), *(share(f"{point.as_at:%-d %b %Y}", missing="nothing held").defined(said) for point in points)
    ]  # fmt: skip
    rows = [
        (names.get(code, code) if code else TOGETHER,
         *(ranged(one.values[measure], one.over.get(measure)) for one in each))
        for code, each in found.items()
        if any(one.total_pence for one in each)
    ]  # fmt: skip
    over = trends.ends({code: each for code, each in found.items() if code}, measure)
    titles = ("Lowest ICB", "Median ICB", "Highest ICB")
    last = [(title, *(end and end[place] for end in over)) for place, title in enumerate(titles)]
    return Table(f"{trends.MEASURES[measure]}: every ICB at every point", heads, [*rows, *last] if rows else [])


def with_lines(report: Report, years: Sequence[int], lines: Sequence[LineOverYears]) -> Report:
    """A trend over years with its lines beside each other, and what of one year can be compared with the next."""
    if len(years) < 2:  # noqa: PLR2004 - there is nothing to compare
        return report
    table = lines_table(years, lines)
    sentences = [sentence for step in steps(years, lines) for sentence in _compared(step)]
    return replace(
        report,
        tables=[*report.tables, table],
        sentences=[*report.sentences, *sentences],
        facts={**report.facts, "lines": table.records()},
    )


def lines_table(years: Sequence[int], lines: Sequence[LineOverYears]) -> Table:
    """What was received on each line in each year, and how tied it was at the end of it."""
    names = [str(FinancialYear(year)) for year in years]
    amounts = [
        money(f"{name} (£ million)", f"received_{year}_pence", missing="not in the books")
        for year, name in zip(years, names, strict=True)
    ]
    heads = [
        *data("fund"), text("Line", "name"), *amounts, *data(*(f"grade_{year}" for year in years)), text("Grade"),
    ]  # fmt: skip
    rows = [
        (line.fund, line.name, *map(line.received.get, years), *map(line.grades.get, years), _graded(line.grades))
        for line in lines
    ]
    return Table("Line by line, year by year", heads, rows)


def _graded(grades: Mapping[int, str | None]) -> str:
    """One grade, or each with the year from which it held."""
    if not grades:
        return "not graded"
    first, *later = sorted(grades)
    changes = [first, *(year for before, year in pairwise([first, *later]) if grades[before] != grades[year])]
    if len(changes) == 1:
        return grades[first] or "not known"
    return ", ".join(f"{grades[year] or 'not known'} from {FinancialYear(year)}" for year in changes)


def _compared(step: YearStep) -> list[str]:
    before, after = FinancialYear(step.before), FinancialYear(step.after)

    def received(lines: Sequence[LineOverYears], year: int) -> str:
        return spoken(received_pence(lines, year))

    common = (
        f"{len(step.common)}, with {received(step.common, step.before)} and then {received(step.common, step.after)}"
    )
    gone = f"in {before} alone: {len(step.gone)} ({received(step.gone, step.before)})"
    new = f"in {after} alone: {len(step.new)} ({received(step.new, step.after)})"
    alike = f"Lines in both {before} and {after}: {common}; {gone}; {new}."
    sentences = [f"{alike} Shares of the two years are shares of that money, and not of the same."]
    for word, changed in (("Loosened", step.loosened), ("Tightened", step.tightened)):
        for line in changed:
            was, now = f"{line.grades[step.before]} in {before}", f"{line.grades[step.after]} in {after}"
            sentences.append(f"{word}: {line.name}: {was}, {now}, with {spoken(line.received[step.after])}.")
    return sentences


def trend_table(points: Sequence[trends.TrendPoint], organisation: str | None, *, known_then: bool) -> Table:
    """Every measure at every point; the total leads to the balances that it is the sum of, at that point."""

    def total(standing: trends.TrendPoint) -> Cell:
        point = standing.point
        asked = {"view": "made", "under": organisation, "year": point.year, "as_at": str(point.as_at)}
        known = {"known_at": str(point.known_at.date())} if known_then else {}
        return None if standing.total_pence is None else Link(standing.total_pence, "audit", {**asked, **known})

    heads = [
        day("At the end of", "as_at"), *data("known_at"), text("Year", "year"),
        money("Total (£)", "total_pence", missing="nothing held").defined(MEASURES["total"].definition),
        *(of_measure(name) for name in trends.MEASURES),
    ]  # fmt: skip
    rows = [
        (one.point.as_at, one.point.known_at, str(FinancialYear(one.point.year)), total(one),
         *(ranged(one.values[name], one.over.get(name)) for name in trends.MEASURES))
        for one in points
    ]  # fmt: skip
    return Table("The trend, point by point", heads, rows)


# How far below target is still near it, as boards ask for it.
_WITHIN = {"2.5%": Fraction(25, 1000), "5%": Fraction(5, 100)}


_OF_TARGETS = {
    "baseline_pence": "What the stream had before growth and convergence, as published.",
    "opening_distance": "The baseline over its target, less one, as published.",
    "growth": "By how much everybody's baseline grows, as published.",
    "convergence": "What its distance from target adds to or takes from its growth, as published.",
    "allocation_pence": "The baseline, grown and converged: what the stream is allocated, as published.",
    "closing_distance": "The allocation over its target, less one, as published.",
    "closing_distance_pence": "The allocation, less the target at the size of the allocations.",
    "closing_distance_per_head_pence": "The same for each registered person.",
}


def _aimed(column: Column) -> Column:
    return column.defined(_OF_TARGETS[column.key])


def targets_sentence(targets: Sequence[Target], as_is: date | None) -> str:
    """How many ICBs are above their targets on one stream, and what the distances rest on."""
    above = [row for row in targets if row.closing_distance > 0]
    return (
        f"{len(above)} of {len(targets)} ICBs are above their target for {targets[0].stream} services in 2025/26. "
        f"Distances are {'published' if as_is is None else 'worked out anew from the sums (derived)'}."
    )


def targets(targets: Sequence[Target], *, as_is: date | None, changes: Sequence[date]) -> Report:
    """Targets of all ICBs on one stream, the furthest above it first."""
    stream = targets[0].stream
    heads = [
        *data("icb"), link("ICB", "name"), _aimed(money("Baseline (£ million)", "baseline_pence")),
        *data("opening_target_pence"), _aimed(_distance("From target, before", "opening_distance")),
        _aimed(_distance("Growth", "growth")), _aimed(_distance("Convergence", "convergence")),
        _aimed(money("Allocation (£ million)", "allocation_pence")), *data("closing_target_pence"),
        _aimed(_distance("From target, now", "closing_distance")),
        _aimed(money("Above target (£ million)", "closing_distance_pence")),
        _aimed(money("Above target per head (£)", "closing_distance_per_head_pence")), *data("registered_people"),
    ]  # fmt: skip
    rows = [
        (row.icb, Link(row.name, "./", {"icb": row.icb}), row.baseline_pence, row.opening_target_pence,
         row.opening_distance, row.growth, row.convergence, row.allocation_pence, row.closing_target_pence,
         row.closing_distance, row.closing_pence, row.per_head_pence(row.closing_pence),
         whole_people(row.registered_billionths))
        for row in targets
    ]  # fmt: skip
    needed = {said: needed_pence(targets, share) for said, share in _WITHIN.items()}
    near = (
        f"To bring every ICB to at most 2.5% below its target would take {spoken(needed['2.5%'])}, and to at most 5% "
        f"below it {spoken(needed['5%'])}. Nobody would lose."
    )
    sentences = [
        "Published: baseline, growth, convergence, allocation and distances (NHS England, March 2025).",
        "Derived: pounds above target, and per head of the registered population.",
        near,
        *boundaries(as_is, changes),
    ]
    title = f"Targets and pace of change 2025/26, {stream} services, furthest above target first"
    within = [{"below": said, "needed_pence": pence} for said, pence in needed.items()]
    facts = {"stream": stream, "year": "2025/26", "as_is": as_is, "within": within}
    return Report([Table(f"Targets, {stream} services, 2025/26", heads, rows)], None, title, sentences, facts)


def _distance(heading: str, key: str) -> Column:
    return share(heading, key, signed=True, places=2)
