"""What the money asks of those who receive it: every ICB, place, PCN or practice, measured one by one.

Of the whole nation forty-two pots of half a million look like one of twenty-one million; it is the receiver who has to
work with each. So money is measured at the receiver, and the nation is shown as its median, worst and best receiver.
What is not known of a pot stays out of both sides of a figure, and how many pots that leaves out is told.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.money import round_half_up_fraction
from ledger.readings import RECORDED, GradeReading, all_with
from ledger.reports.below import members
from ledger.reports.measures import EARMARKED_GRADES, OverReadings, PotHeld, over, pots_of_each, returns_of, share
from ledger.reports.position import SCHEMA, SOURCE, Moment, position_of_each
from ledger.reports.pots_over_years import OtherYears, funders_of_each, other_years, years_running
from ledger.store.base import Reader
from ledger.structure import lives, tier_of
from ledger.years import FinancialYear

# Below this many pence a pot is a penny packet to a receiver of that tier.
PENNY_PACKETS = {"icb": 50_000_000, "place": 10_000_000, "pcn": 2_500_000, "practice": 500_000}
MONTHS = 12
HIGHEST, LOWEST = "highest", "lowest"
Value = Fraction | int | None


@dataclass(frozen=True, slots=True)
class ReceiverMeasure:
    """One measure of what a receiver has to work with.

    Attributes:
        name: a fixed word, for programs.
        title: what it is called, for people.
        unit: ``pence``, ``count``, ``share``, ``index``, ``days`` or ``per £ million``.
        definition: how it is worked out, in a sentence.
        worst: which end is the more scattered or hurried one, ``highest`` or ``lowest``; empty where neither is.
    """

    name: str
    title: str
    unit: str
    definition: str
    worst: str = ""


# fmt: off
CATALOGUE = (
    ReceiverMeasure("total", "Held", "pence", "All that the receiver and those below it hold, spent money included."),
    ReceiverMeasure("pots", "Pots", "count", "Funds with terms of their own and money at the receiver.", HIGHEST),
    ReceiverMeasure("streams", "Streams", "count", "Lines of money, each heading inside a pot counted.", HIGHEST),
    ReceiverMeasure("effective_number", "Effective number of pots", "index",
                    "One over the sum of squared shares: how many equal pots would be as scattered.", HIGHEST),
    ReceiverMeasure("median_pot", "Median pot", "pence", "The pot in the middle by size.", LOWEST),
    ReceiverMeasure("smallest_pot", "Smallest pot", "pence", "The pot with the least money.", LOWEST),
    ReceiverMeasure("penny_packets", "Penny packets", "count", "Pots below the threshold of the tier.", HIGHEST),
    ReceiverMeasure("penny_packet_share_of_value", "Penny packets, of the money", "share",
                    "Money in pots below the threshold, over all money held.", HIGHEST),
    ReceiverMeasure("tied_pots", "Pots with strings", "count",
                    "Pots tied to a purpose: graded soft, hard or statutory.", HIGHEST),
    ReceiverMeasure("pots_in_last_1_percent", "Pots that share the last 1%", "count",
                    "The smallest pots that together bring at most 1% of the money.", HIGHEST),
    ReceiverMeasure("streams_in_last_1_percent", "Streams that share the last 1%", "share",
                    "The smallest streams that together bring at most 1% of the money, over all streams.", HIGHEST),
    ReceiverMeasure("streams_in_last_5_percent", "Streams that share the last 5%", "share",
                    "The smallest streams that together bring at most 5% of the money, over all streams.", HIGHEST),
    ReceiverMeasure("new_pots", "New pots", "count",
                    "Pots that neither were held the year before nor took one in that was, where that is known.",
                    HIGHEST),
    ReceiverMeasure("discontinued_pots", "Discontinued pots", "count",
                    "Pots that neither are held in the next year nor were put into one that is, where that is known.",
                    HIGHEST),
    ReceiverMeasure("discontinued_share", "Discontinued, of the pots", "share",
                    "Discontinued pots, over the pots of which it is known whether they go on.", HIGHEST),
    ReceiverMeasure("funders", "Funders", "count", "Those who gave it money of the year directly.", HIGHEST),
    ReceiverMeasure("in_year_share", "Notified in the year", "share",
                    "Money notified on or after 1 April of its year, over the money whose notice is known.", HIGHEST),
    ReceiverMeasure("non_recurrent_share", "Non-recurrent", "share",
                    "Money on terms that do not recur, over the money of which that is known.", HIGHEST),
    ReceiverMeasure("recurring_one_offs", "Non-recurrent year after year", "count",
                    "Pots held on terms that do not recur for the second year running or longer.", HIGHEST),
    ReceiverMeasure("days_to_spend", "Days from notice to deadline", "days",
                    "From notice, or 1 April if that is later, to the deadline, both included: the median over pots "
                    "of which both are known.", LOWEST),
    ReceiverMeasure("fewest_days_to_spend", "Fewest days from notice to deadline", "days",
                    "The same of the pot that leaves the fewest days.", LOWEST),
    ReceiverMeasure("deadlines", "Deadlines", "count", "Pots with a day by which they must be spent.", HIGHEST),
    ReceiverMeasure("returns_per_year", "Returns a year", "count",
                    "Returns that the terms ask for, over the pots of which it is known how many.", HIGHEST),
    ReceiverMeasure("returns_per_million", "Returns per £ million", "per £ million",
                    "Returns a year over the money, in £ million, of the pots whose returns are known.", HIGHEST),
)
# fmt: on
MEASURES = {one.name: one for one in CATALOGUE}


@dataclass(frozen=True, slots=True)
class StreamHeld:
    """One line of money that a receiver holds: a fund that is a pot, or a heading inside one."""

    code: str
    name: str
    pot: str
    amount_pence: int


@dataclass(frozen=True, slots=True)
class Received:
    """What one receiver has to work with.

    Attributes:
        values: of ``CATALOGUE``, by name; None where a measure is not defined or nothing is known for it.
        unknown: name to how many pots are left out of it, because what it asks of them is not known.
        pots, streams: the pots and the lines of money themselves, the largest first.
        penny_packet_pence: below which a pot is a penny packet.
        notices: of how many pots notice came in each month of the year, April first; ``noticed_before`` of how many
            before it.
        deadlines: how many pots must be spent by a day in each month, April first.
        returns: how many returns fall due by the end of each month, April first; see ``returns_by_month``.
        funders: the names of those who gave it money directly; None where a position alone is measured.
        new, discontinued: the codes of such pots; None where the year before, or the next, is not in the books.
        non_recurrent_years: pots that do not recur, by code, and for how many years running.
        by_reading: each reading of grades to the measures as it has them, where that was asked: those that it may
            change.
        every: what this and all other receivers asked for hold, with the grades of the books; ``rows`` its own.
    """

    organisation: str
    name: str
    values: Mapping[str, Value]
    unknown: Mapping[str, int]
    pots: tuple[PotHeld, ...]
    streams: tuple[StreamHeld, ...]
    penny_packet_pence: int
    notices: tuple[int, ...]
    noticed_before: int
    deadlines: tuple[int, ...]
    returns: tuple[int, ...]
    funders: tuple[str, ...] | None = None
    new: Sequence[str] | None = None
    discontinued: Sequence[str] | None = None
    non_recurrent_years: Mapping[str, int] = field(default_factory=dict)
    by_reading: Mapping[GradeReading, Mapping[str, Value]] = field(default_factory=dict)
    every: pa.Table = field(default=None, compare=False, repr=False)

    @property
    def rows(self) -> pa.Table:
        """What it holds, with whose each row is."""
        return self.every.filter(pc.equal(self.every[RECEIVER], self.organisation))

    def as_read(self, name: str, reading: GradeReading) -> Value:
        """A measure as a reading has it."""
        return self.by_reading.get(reading, {}).get(name, self.values[name])

    @property
    def resting_on_grades(self) -> set[str]:
        """The measures that some reading may change."""
        return {name for its in self.by_reading.values() for name in its}

    @property
    def over(self) -> Mapping[str, OverReadings]:
        """The measures that rest on grades, each with its range over how they are read."""
        ranges = {
            name: over([(self.as_read(name, one), one) for one in self.by_reading]) for name in self.resting_on_grades
        }
        return {name: found for name, found in ranges.items() if found is not None}


def _largest_first(held: list[Any]) -> list[Any]:
    return sorted(held, key=lambda one: (-one.amount_pence, one.code))


def _received(
    organisation: str,
    name: str,
    found: Sequence[PotHeld],
    streams: Sequence[StreamHeld],
    penny_packet_pence: int,
    around: OtherYears | None,
    funders: tuple[str, ...] | None,
) -> Received:
    amounts = [pot.amount_pence for pot in found]
    total = sum(amounts)
    lines = [stream.amount_pence for stream in streams]
    small = [pence for pence in amounts if pence < penny_packet_pence]
    squares = sum(pence * pence for pence in amounts)
    values: dict[str, Value] = {
        "total": total,
        "pots": len(found),
        "streams": len(lines),
        "effective_number": share(total * total, squares),
        "median_pot": round_half_up_fraction(Fraction(median(map(Fraction, amounts)))) if amounts else None,
        "smallest_pot": amounts[-1] if amounts else None,
        "penny_packets": len(small),
        "penny_packet_share_of_value": share(sum(small), total),
        "tied_pots": sum(pot.row["grade"] in EARMARKED_GRADES for pot in found),
        "pots_in_last_1_percent": last_part(amounts, 1),
        "streams_in_last_1_percent": share(last_part(lines, 1), len(lines)),
        "streams_in_last_5_percent": share(last_part(lines, 5), len(lines)),
        **_terms(found),
        "funders": None if funders is None else len(funders),
    }
    now = {pot.code: pot.row["recurrent"] for pot in found}
    new, discontinued = (around.new(now), around.discontinued(now)) if around else (None, None)
    not_told = around.not_told(now) if around else now.keys()
    not_told_before = around.not_told_before(now) if around else now.keys()
    running = years_running([now, *(around.earlier if around else ())])
    values |= {
        "new_pots": None if new is None else len(new),
        "discontinued_pots": None if discontinued is None else len(discontinued),
        "discontinued_share": None if discontinued is None else share(len(discontinued), len(now) - len(not_told)),
        "recurring_one_offs": sum(years > 1 for years in running.values()) if around and around.earlier else None,
    }
    unknown = {
        "tied_pots": _lacking(found, "grade"),
        "in_year_share": _lacking(found, "notified_on"),
        "non_recurrent_share": _lacking(found, "recurrent"),
        "days_to_spend": sum(days_to_spend(pot) is None for pot in found),
        "fewest_days_to_spend": sum(days_to_spend(pot) is None for pot in found),
        **dict.fromkeys(("returns_per_year", "returns_per_million"), returns_of(found).unknown_pots),
        "new_pots": len(not_told_before),
        "discontinued_pots": len(not_told),
        "discontinued_share": len(not_told),
    }
    due = [0] * MONTHS
    for pot in found:
        for month, number in enumerate(returns_by_month(pot.row["returns_per_year"] or 0)):
            due[month] += number
    return Received(
        organisation, name, values, unknown, tuple(found), tuple(streams), penny_packet_pence, *_notices(found),
        _deadlines(found), tuple(due), funders, new, discontinued, running,
    )  # fmt: skip


def seen_by_each(
    held: Mapping[str, pa.Table],
    names: Mapping[str, str],
    tier: str,
    *,
    penny_packet_pence: int | None = None,
    around: Mapping[str, OtherYears] | None = None,
    funders: Mapping[str, tuple[str, ...]] | None = None,
    reading: GradeReading = RECORDED,
) -> list[Received]:
    """What money asks of every receiver of a tier that holds any, the most scattered first.

    Args:
        held: each receiver to what it and those below it hold, of schema ``ledger.reports.position.SCHEMA``, with the
            grades of the books.
        names: code to name.
        tier: one of ``PENNY_PACKETS``.
        penny_packet_pence: in place of the threshold of the tier.
        around: the pots of each in the years around, by code, where books are measured.
        funders: who gave each money directly, by code, where books are measured.
        reading: how grades are read; every measure that rests on them has its range over the others too.
    """
    threshold = PENNY_PACKETS[tier] if penny_packet_pence is None else penny_packet_pence
    every = _of_all(held)

    def as_read(table: pa.Table) -> list[Received]:
        return measured(table, names, threshold, around, funders)

    found = as_read(reading.read(every))
    by_reading = _by_reading(every, found, as_read, reading)
    return sorted(
        (replace(one, by_reading=by_reading[one.organisation], every=every) for one in found),
        key=lambda one: (-(one.values["effective_number"] or 0), one.organisation),
    )


def measured(
    table: pa.Table,
    names: Mapping[str, str],
    penny_packet_pence: int,
    around: Mapping[str, OtherYears] | None = None,
    funders: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Received]:
    """Every receiver by the grades that a table has, without a range; in the order of the table.

    Args:
        table: what they hold, with whose each row is, and without the source of the money.
    """
    streams = _streams_of_each(table)
    return [
        _received(
            code, names.get(code, code), pots_, streams.get(code, []), penny_packet_pence,
            None if around is None else around.get(code), None if funders is None else funders.get(code, ()),
        )
        for code, pots_ in pots_of_each(table, RECEIVER).items()
    ]  # fmt: skip


RECEIVER = "receiver"
ByReading = Mapping[GradeReading, Mapping[str, Value]]


def _of_all(held: Mapping[str, pa.Table]) -> pa.Table:
    """What receivers hold in one table, with whose each row is; without the source of the money."""
    if not held:
        return SCHEMA.append(pa.field(RECEIVER, pa.string())).empty_table()
    every = pa.concat_tables(held.values()).combine_chunks()
    whose = [code for code, table in held.items() for _ in range(table.num_rows)]
    every = every.append_column(RECEIVER, pa.array(whose, pa.string()))
    return every.filter(pc.not_equal(every["standing"], SOURCE))


def _by_reading(
    every: pa.Table, found: Sequence[Received], as_read: Callable[[pa.Table], list[Received]], reading: GradeReading
) -> Mapping[str, ByReading]:
    """What rests on grades, as each reading has it, of each receiver.

    A reading that only grades anew changes how many pots have strings. One that reads headings as pots of their own
    changes in how many pieces the money comes, and all is measured anew.
    """
    values: dict[str, dict[GradeReading, Mapping[str, Value]]] = {one.organisation: {} for one in found}
    told: Mapping[str, Mapping[str, Value]]
    for one in all_with(reading):
        table = one.read(every)
        if one is reading or not table["pot"].equals(every["pot"]):
            again = found if one is reading else as_read(table)
            told = {its.organisation: its.values for its in again}
        else:
            tied = _tied_pots(table)
            told = {code: {"tied_pots": tied[code]} for code in values}
        for code, its in values.items():
            its[one] = told.get(code, {})
    return values


def _tied_pots(every: pa.Table) -> Counter[str]:
    """How many pots of each receiver are tied to a purpose."""
    tied = every.filter(pc.is_in(every["grade"], value_set=pa.array(EARMARKED_GRADES)))
    by_pot = tied.group_by([RECEIVER, "pot", "year"], use_threads=False).aggregate([("amount_pence", "sum")])
    return Counter(by_pot.filter(pc.greater(by_pot["amount_pence_sum"], 0))[RECEIVER].to_pylist())


def received(
    reader: Reader, at: Moment, tier: str, *, organisation: str | None, year: int, reading: GradeReading = RECORDED
) -> tuple[list[Received], list[str]]:
    """What the books ask of every receiver of a tier, the most scattered first, and the receivers that hold nothing.

    Args:
        tier: one of ``PENNY_PACKETS``.
        organisation: only receivers below this one, or itself.
        year: by the year it starts in.
        reading: how grades are read.

    Raises:
        Refused: the organisation is unknown.
    """
    first, last = FinancialYear(year).first_day, FinancialYear(year).last_day
    known = {
        code: life["name"]
        for code, life in lives(reader, at.known).items()
        if life["tier"] == tier
        and life["valid_from"] <= last
        and (life["valid_to"] is None or life["valid_to"] > first)
    }
    inside = set(known)
    if organisation is not None:
        tier_of(reader, organisation)
        inside = members(reader, organisation, min(max(at.as_at, first), last), at.known)
    held = position_of_each(reader, at, tier, year)
    own = {code: held[code] for code in known.keys() & inside & held.keys()}
    around, funders = other_years(reader, at, tier, year), funders_of_each(reader, at, tier, year)
    found = seen_by_each(own, known, tier, around=around, funders=funders, reading=reading)
    without = sorted((known.keys() & inside) - {one.organisation for one in found})
    return found, without


def streams_in_last(one: Received, percent: int) -> set[str]:
    """The codes of the smallest streams that together bring at most so many percent of the money."""
    number = last_part([stream.amount_pence for stream in one.streams], percent)
    return {stream.code for stream in one.streams[len(one.streams) - number :]}


def last_part(amounts: Sequence[int], percent: int) -> int:
    """How many of the smallest amounts bring at most so many percent of the whole between them."""
    most, added, number = sum(amounts) * percent, 0, 0
    for pence in sorted(amounts):
        added += pence
        if added * 100 > most:
            break
        number += 1
    return number


def returns_by_month(returns: int) -> tuple[int, ...]:
    """In which months, April first, so many returns a year fall due, spread evenly and the last at the year's end.

    The books know how many returns are asked for and not their days. Of four one is due at the end of each quarter.
    """
    due = [0] * MONTHS
    for number in range(1, returns + 1):
        due[-(-MONTHS * number // returns) - 1] += 1
    return tuple(due)


def days_to_spend(pot: PotHeld) -> int | None:
    """Days from notice, or 1 April if that is later, to the deadline, both included; None where either is not known."""
    notice: date | None = pot.row["notified_on"]
    deadline: date | None = pot.row["spend_by"]
    if notice is None or deadline is None:
        return None
    return (deadline - max(notice, FinancialYear(pot.row["year"]).first_day)).days + 1


def _terms(found: Sequence[PotHeld]) -> dict[str, Value]:
    """What the terms of pots ask, each over the pots of which it is known."""
    days = [days for pot in found if (days := days_to_spend(pot)) is not None]
    returns = returns_of(found)
    return {
        "in_year_share": _part(found, "notified_on", lambda pot: pot.row["notified_on"] >= _year(pot).first_day),
        "non_recurrent_share": _part(found, "recurrent", lambda pot: not pot.row["recurrent"]),
        "days_to_spend": Fraction(median(map(Fraction, days))) if days else None,
        "fewest_days_to_spend": min(days) if days else None,
        "deadlines": sum(pot.row["spend_by"] is not None for pot in found),
        "returns_per_year": returns.at_least,
        "returns_per_million": returns.per_million,
    }


def _part(found: Sequence[PotHeld], known_by: str, counts: Callable[[PotHeld], bool]) -> Fraction | None:
    """The part of the money that counts, over the pots of which the column is known."""
    known = [pot for pot in found if pot.row[known_by] is not None]
    return share(sum(pot.amount_pence for pot in known if counts(pot)), sum(pot.amount_pence for pot in known))


def _year(pot: PotHeld) -> FinancialYear:
    return FinancialYear(pot.row["year"])


def _lacking(found: Sequence[PotHeld], column: str) -> int:
    return sum(pot.row[column] is None for pot in found)


def _streams_of_each(every: pa.Table) -> dict[str, list[StreamHeld]]:
    """What each receiver holds of each line of money, headings inside a pot apart, the largest first."""
    keys = [RECEIVER, "fund", "fund_name", "pot", "year"]
    summed = every.group_by(keys, use_threads=False).aggregate([("amount_pence", "sum")])
    found: dict[str, list[StreamHeld]] = defaultdict(list)
    for row in summed.to_pylist():
        if row["amount_pence_sum"] > 0:
            stream = StreamHeld(row["fund"], row["fund_name"], row["pot"], row["amount_pence_sum"])
            found[row[RECEIVER]].append(stream)
    return {code: _largest_first(streams) for code, streams in found.items()}


def _notices(found: Sequence[PotHeld]) -> tuple[tuple[int, ...], int]:
    """Of how many pots notice came in each month of their year, and of how many before it."""
    by_month, before = [0] * MONTHS, 0
    for pot in found:
        notice: date | None = pot.row["notified_on"]
        if notice is None:
            continue
        if notice < _year(pot).first_day:
            before += 1
        else:
            by_month[(notice.month - 4) % MONTHS] += _year(pot).contains(notice)
    return tuple(by_month), before


def _deadlines(found: Sequence[PotHeld]) -> tuple[int, ...]:
    by_month = [0] * MONTHS
    for pot in found:
        if pot.row["spend_by"] is not None:
            # A deadline after the year's end is left to that year.
            by_month[(pot.row["spend_by"].month - 4) % MONTHS] += _year(pot).contains(pot.row["spend_by"])
    return tuple(by_month)
