"""How much of the money is tied, devolved, kept back and in pieces: one definition each, for any position.

A measure reads a position, actual or hypothetical, and knows nothing of how it came about. Shares are
exact fractions. An empty scope has no share: it is *not defined*, and never zero.

Two scopes are always shown together: all funding, and earmarked funding only, for one large general line
would hide how many small ones there are beside it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import exp, log
from statistics import median
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ledger.money import round_half_up_fraction, spoken
from ledger.readings import RECORDED, UNKNOWN_GRADES, GradeReading, all_with
from ledger.reports.position import BY_AGREEMENT, SOURCE, WITHOUT_AGREEMENT
from ledger.words import NO_CHOICE, NOT_OF_ICBS, RING_FENCED
from ledger.years import FinancialYear

ALL, EARMARKED = "all", "earmarked"
SCOPES = (ALL, EARMARKED)
# Earmarked money is tied to a purpose, softly or firmly; monitored money is only watched.
EARMARKED_GRADES = ("soft", *RING_FENCED)
UNTIED_GRADES = ("none", "monitored")
DEEPEST = 3
PENNY_PACKET_PENCE = 50_000_000
_MILLION_POUNDS = 100_000_000
_PENNY_SHARES = ("penny_packet_share_of_count", "penny_packet_share_of_value")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OverReadings:
    """Between which values a figure lies, by how the grades of ring-fences are read.

    Attributes:
        lowest, highest: its values, of the type of ``Measure.value``.
        lowest_by, highest_by: the first of the readings that give them.
    """

    lowest: Fraction | float
    lowest_by: GradeReading
    highest: Fraction | float
    highest_by: GradeReading

    def in_words(self, written: Callable[[Any], str]) -> str:
        """The two ends, each with its reading: 0.5% strict, 31.0% as published; empty where both are written alike."""
        low, high = written(self.lowest), written(self.highest)
        return "" if low == high else f"{low} {self.lowest_by.title}, {high} {self.highest_by.title}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of a position.

    Attributes:
        name: a fixed word, for programs.
        title: what it is called, for people.
        unit: ``pence``, ``share``, ``count``, ``days``, ``per £ million`` or ``index``.
        definition: how it is worked out, in a sentence.
        value: whole pence or a count as int, a share as Fraction, other ratios as float;
            None when the scope is empty and the measure is not defined.
        note: what the reader should know of this value, such as what is missing from it.
        over: its range over readings of grades; None where it does not depend on them, or they were not asked.
    """

    name: str
    title: str
    unit: str
    definition: str
    value: Fraction | float | None = None
    note: str = ""
    over: OverReadings | None = None


# fmt: off
CATALOGUE = (
    # Where money is decided, and how free it is.
    Measure("total", "Total", "pence", "All that is held in the scope, spent money included."),
    Measure("ring_fenced_share", "Ring-fenced, hard", "share",
            "Hard and statutory ring-fences, as a share of the money of ICBs and those below whose grade is known."),
    Measure("ring_fenced_share_with_soft", "Ring-fenced, soft included", "share",
            "Soft, hard and statutory ring-fences, as a share of the money of ICBs and those below whose grade is "
            "known."),
    Measure("devolved_share", "Devolved", "share",
            "Decided below the ICB: at place, PCN or practice, as a share of the money of ICBs and those below."),
    Measure("untied_devolved_share", "Local and free", "share",
            "Decided below the ICB with no ring-fence, at most monitored, as a share of the money of ICBs and those "
            "below whose grade is known."),
    Measure("devolution_depth", "Depth of devolution", "index",
            "Mean steps below the ICB (place 1, PCN 2, practice 3), as a share of the deepest."),
    Measure("retained_with_agreement", "Kept with agreement", "pence",
            "Retained of the money that could be handed on, with an agreement on record that holds on the day."),
    Measure("retained_without_agreement", "Kept without agreement", "pence",
            "Retained of the money that could be handed on, without an agreement on record or after one ended."),
    Measure("retained_not_a_choice", "Kept, and not a choice", "pence",
            "Retained of the money that could not be handed on: held at the ICB at the lowest, or directed by a "
            "national contract."),
    Measure("retained_without_agreement_share", "Kept without agreement, share", "share",
            "Kept without agreement, as a share of the money of ICBs and those below them that could be handed on."),
    Measure("consented_retention_ratio", "Agreed part of what is kept", "share",
            "Kept with agreement, as a share of what is kept with and without it."),
    Measure("in_year_share", "Notified in the year", "share",
            "Notified on or after 1 April of its year, as a share of the money of ICBs and those below whose day of "
            "notice is known."),
    Measure("non_recurrent_share", "Non-recurrent", "share",
            "On terms that do not recur, as a share of the money of ICBs and those below of which it is known whether "
            "it recurs."),
    # In how many pieces it comes.
    Measure("pots", "Pots", "count", "Funds with terms of their own and money in the scope."),
    Measure("concentration", "Concentration (HHI)", "index", "Sum of the squared shares of the pots."),
    Measure("effective_number", "Effective number of pots", "index",
            "One over the sum of squared shares: how many equal pots would be as scattered."),
    Measure("effective_number_shannon", "Effective number (Shannon)", "index",
            "Exponential of the entropy of the shares, which counts small pots for more."),
    Measure("gini", "Gini of pot sizes", "index", "0 when pots are equal, towards 1 when one is nearly all."),
    Measure("median_pot", "Median pot", "pence", "The pot in the middle by size."),
    Measure("mean_pot", "Mean pot", "pence", "The total over the number of pots, to the penny."),
    Measure("smallest_pot", "Smallest pot", "pence", "The pot with the least money in the scope."),
    Measure("penny_packets", "Penny packets", "count", "Pots below the threshold."),
    Measure("penny_packet_share_of_count", "Penny packets, share of pots", "share",
            "Pots below the threshold, as a share of all pots."),
    Measure("penny_packet_share_of_value", "Penny packets, share of money", "share",
            "Money in pots below the threshold, as a share of the total."),
    # What it asks of those who receive it.
    Measure("bid_pots", "Pots that are bid for", "count", "Pots whose route is by bid."),
    Measure("bid_pot_value", "Money that is bid for", "pence", "Money in pots whose route is by bid."),
    Measure("returns_per_year", "Returns a year", "count",
            "Returns that the terms ask for, over the pots of which it is known how many."),
    Measure("returns_per_million", "Returns per £ million", "per £ million",
            "Returns a year for each £1 million, over the pots whose returns are known."),
    Measure("spend_window", "Days to spend in-year money", "days",
            "Days from notice to deadline, both included, over pots notified in the year, by value."),
)
# fmt: on
# Whose pots are counted here; what each receiver has to work with is asked in ``ledger.reports.receivers``.
AS_ONE_HOLDER = "seen by the payer: all of it as one holder's money"
PAYERS_VIEW = f"S{AS_ONE_HOLDER[1:]}, in which a pot for every ICB is one pot."
MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in CATALOGUE}
Values = dict[str, Fraction | float | None]


@dataclass(frozen=True, slots=True)
class PotHeld:
    """A fund with terms of its own, with all that is held of it in the scope.

    Attributes:
        reported_pence: the money in it of which it is known how many returns it asks for: all of it, or none; a part
            where pots were put together of which that is known of some. ``row`` has the most that any asks for.
    """

    code: str
    amount_pence: int
    row: Row
    reported_pence: int


class ReturnsAsked(NamedTuple):
    """How many returns pots ask for, as far as that is known.

    Attributes:
        at_least: the most that is known of any part of a pot, added up over pots; None where nothing is known.
        per_million: for each £1 million, over the pots of which it is known, on both sides. None where it is known of a
            part of a pot alone: with the pot, the part would be told as the whole; without it, a merger of pots of
            which one is not known would look as if it took returns away.
        unknown_pots, unknown_pence: the pots of which it is not known of all their money, and what is in them.
        partly: of how many of these it is known of a part.
    """

    at_least: int | None
    per_million: Fraction | None
    unknown_pots: int
    unknown_pence: int
    partly: int


def returns_asked(pots: Iterable[tuple[int, int | None, int]]) -> ReturnsAsked:
    """What is known of the returns that pots ask for: a pot of which some part is not known is not told as known.

    Args:
        pots: of each its pence, the most returns that any part of it is known to ask for (None where that is known of
            none), and the pence of which it is known.
    """
    every = list(pots)
    told = [(pence, returns, reported == pence) for pence, returns, reported in every if returns is not None]
    whole = [(pence, returns) for pence, returns, wholly in told if wholly]
    known_pence = sum(pence for pence, _ in whole)
    return ReturnsAsked(
        at_least=sum(returns for _, returns, _ in told) if told else None,
        per_million=None
        if len(told) > len(whole)
        else share(sum(returns for _, returns in whole) * _MILLION_POUNDS, known_pence),
        unknown_pots=len(every) - len(whole),
        unknown_pence=sum(pence for pence, *_ in every) - known_pence,
        partly=len(told) - len(whole),
    )


def returns_of(pots: Iterable[PotHeld]) -> ReturnsAsked:
    """What is known of the returns that pots ask for."""
    return returns_asked((pot.amount_pence, pot.row["returns_per_year"], pot.reported_pence) for pot in pots)


THERE_MAY_BE_MORE = "Where it is known of a part of a pot, those are counted: there may be more."
NOT_BY_MILLION = "Of a pot it is known of a part alone, so for each £1 million nobody can tell."


def measures(position: pa.Table, scope: str = ALL, *, penny_packet_pence: int = PENNY_PACKET_PENCE) -> list[Measure]:
    """Every measure of a position, in one scope.

    Args:
        position: a table of schema ``ledger.reports.position.SCHEMA``.
        scope: ``all`` or ``earmarked`` (soft, hard and statutory grades).
        penny_packet_pence: a pot below this is a penny packet; £500,000 suits an ICB, £100,000 a place
            and £25,000 a PCN.

    Raises:
        ValueError: an unknown scope.
    """
    if scope not in SCOPES:
        raise ValueError(f"'{scope}' is not a scope. Choose {' or '.join(SCOPES)}.")
    held = summed_over_holders(position.filter(pc.not_equal(position["standing"], SOURCE)))
    ungraded = held.filter(UNKNOWN_GRADES.meant(held)) if scope == EARMARKED else held.slice(0, 0)
    if scope == EARMARKED:
        held = held.filter(pc.is_in(held["grade"], value_set=pa.array(EARMARKED_GRADES)))
    rows = held.to_pylist()
    if not rows:
        # Nothing held is not nothing measured: an empty scope has no total either.
        return [replace(measure, note="Nothing is held in this scope.") for measure in CATALOGUE]
    found = pots(held)
    values = {**_control(rows), **_pieces(found, penny_packet_pence), **_burden(found)}
    notes = _notes(rows, found, penny_packet_pence)
    if unknown := pots(ungraded):
        left_out = f"Whether {spoken(sum(pot.amount_pence for pot in unknown))} more is earmarked is not known"
        notes["total"] = f"{left_out}: {len(unknown)} {'pot has' if len(unknown) == 1 else 'pots have'} no known grade."
    return [replace(m, value=values[m.name], note=notes.get(m.name, "")) for m in CATALOGUE]


_HOLDER = ("organisation", "organisation_name", "amount_pence")


def summed_over_holders(position: pa.Table) -> pa.Table:
    """A position summed over who holds the money: all that a measure asks of it, in a few rows.

    The largest come first, so that a pot that is on several terms is described by those that most of it is on.
    """
    kept = [name for name in position.column_names if name not in _HOLDER]
    summed = position.group_by(kept, use_threads=False).aggregate([("amount_pence", "sum")])
    order = [("amount_pence", "descending"), *((name, "ascending") for name in ("fund", "tier", "standing"))]
    return summed.rename_columns([*kept, "amount_pence"]).sort_by(order)


def measures_as_read(
    position: pa.Table,
    scope: str = ALL,
    *,
    penny_packet_pence: int = PENNY_PACKET_PENCE,
    reading: GradeReading = RECORDED,
    also: GradeReading | None = None,
) -> list[Measure]:
    """Every measure as one reading of grades has it, and its range over the readings where it depends on them.

    Args:
        position: of schema ``ledger.reports.position.SCHEMA``, with the grades of the books.
        scope, penny_packet_pence: as for ``measures``, which works out each value in every reading.
        reading: whose value is the central one; the range is over those that are shipped, this one, and ``also``.
    """
    few = summed_over_holders(position)
    every = dict.fromkeys([*all_with(reading), *all_with(also)])
    found = {one: measures(one.read(few), scope, penny_packet_pence=penny_packet_pence) for one in every}
    return [
        replace(central, over=over([(of_one[place].value, one) for one, of_one in found.items()]))
        for place, central in enumerate(found[reading])
    ]


# What the parts of the money ask of a row.
_OF_PARTS = ["tier", "grade", "depth", "year", "notified_on", "recurrent", "amount_pence"]


def parts_over_readings(
    position: pa.Table, reading: GradeReading = RECORDED
) -> tuple[dict[str, Fraction | None], dict[str, OverReadings]]:
    """The measures that are a part of the money as one reading has them, and the ranges of those that rest on grades.

    Args:
        position: as for ``measures_as_read``; summed over all else that ``PARTS`` and readings do not ask for, if
            need be, and without the source of the money.
    """
    found = {one: parts(one.read(position).select(_OF_PARTS).to_pylist()) for one in all_with(reading)}
    ranges = {name: over([(values[name], one) for one, values in found.items()]) for name in PARTS}
    return found[reading], {name: its for name, its in ranges.items() if its is not None}


def over(values: Iterable[tuple[Fraction | float | None, GradeReading]]) -> OverReadings | None:
    """Between which values a figure lies; None where all readings that define it agree."""
    known = [(value, reading) for value, reading in values if value is not None]
    if not known:
        return None
    low, high = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
    return None if low[0] == high[0] else OverReadings(*low, *high)


def ends(name: str, found: OverReadings | None, unit: str = "") -> dict[str, Any]:
    """The two ends of a figure's range as programs get them, under names that begin with its own; empty without one.

    Args:
        unit: ``_pence`` where the figure is money.
    """
    if found is None:
        return {}
    return {
        f"{name}_lowest{unit}": found.lowest,
        f"{name}_lowest_by": found.lowest_by.name,
        f"{name}_highest{unit}": found.highest,
        f"{name}_highest_by": found.highest_by.name,
    }


def pots(position: pa.Table) -> list[PotHeld]:
    """The pots of a position, largest first: what is held of each fund that has terms of its own."""
    return [pot for _, pot in _pots_by(position, ())]


def pots_of_each(position: pa.Table, whose: str) -> dict[str, list[PotHeld]]:
    """The pots of each of several holders, largest first, by the column that says whose a row is; asked at once.

    Args:
        position: of schema ``ledger.reports.position.SCHEMA``, with the column.

    Returns:
        Only holders that hold something.
    """
    found: dict[str, list[PotHeld]] = {}
    for holder, pot in _pots_by(position, (whose,)):
        found.setdefault(holder, []).append(pot)
    return found


def _pots_by(position: pa.Table, by: tuple[str, ...]) -> list[tuple[Any, PotHeld]]:
    """Pots, the largest first, each with whose it is; one holder's where nothing says whose they are."""
    # In one order, for the first row of a pot stands for what it says, and a position comes in any order.
    held = position.filter(pc.not_equal(position["standing"], SOURCE)).sort_by([("fund", "ascending")])
    described = [name for name in held.column_names if name not in by]
    # The first row as it stands, its empty cells too.
    nth = pa.array(range(held.num_rows), pa.int64())
    reported = pc.if_else(pc.is_valid(held["returns_per_year"]), held["amount_pence"], 0)
    whole = (
        held.select([*by, "pot", "year", "amount_pence", "returns_per_year"])
        .append_column("first_row", nth)
        .append_column("reported", reported)
        .group_by([*by, "pot", "year"], use_threads=False)
        .aggregate([("amount_pence", "sum"), ("first_row", "min"), ("returns_per_year", "max"), ("reported", "sum")])
    )
    examples = held.select(described).take(whole["first_row_min"])
    holders = whole[by[0]].to_pylist() if by else [None] * whole.num_rows
    sums = (whole[name].to_pylist() for name in ("amount_pence_sum", "returns_per_year_max", "reported_sum"))
    found = [
        (holder, PotHeld(row["pot"], pence, {**row, "returns_per_year": returns}, told))
        for holder, row, pence, returns, told in zip(holders, examples.to_pylist(), *sums, strict=True)
        if pence > 0
    ]
    return sorted(found, key=lambda one: (-one[1].amount_pence, one[1].code, one[1].row["year"]))


def share(part: int, whole: int) -> Fraction | None:
    """An exact share; not defined where there is no whole."""
    return None if whole == 0 else Fraction(part, whole)


def tenths_of_percent(part: Fraction) -> int:
    """A share in tenths of a percent, halves up: 0.1234 is 123."""
    return round_half_up_fraction(part * 1000)


def _sum(rows: Sequence[Row], keep: Callable[[Row], bool]) -> int:
    return sum(row["amount_pence"] for row in rows if keep(row))


def _in_year(row: Row) -> bool:
    return row["notified_on"] is not None and row["notified_on"] >= FinancialYear(row["year"]).first_day


class MoneyPart(NamedTuple):
    """A part of the money that ICBs and those below them hold.

    Attributes:
        counts: whether a row is in it.
        needs: the column without which nobody can tell.
    """

    counts: Callable[[Row], bool]
    needs: str


PARTS: Mapping[str, MoneyPart] = {
    "ring_fenced_share": MoneyPart(lambda row: row["grade"] in RING_FENCED, "grade"),
    "ring_fenced_share_with_soft": MoneyPart(lambda row: row["grade"] in EARMARKED_GRADES, "grade"),
    "devolved_share": MoneyPart(lambda row: row["depth"] > 0, "depth"),
    "untied_devolved_share": MoneyPart(lambda row: row["depth"] > 0 and row["grade"] in UNTIED_GRADES, "grade"),
    "in_year_share": MoneyPart(_in_year, "notified_on"),
    "non_recurrent_share": MoneyPart(lambda row: row["recurrent"] is False, "recurrent"),
}


def parts(rows: Sequence[Row]) -> dict[str, Fraction | None]:
    """The measures that are a part of the money, from any rows that sum to it.

    Args:
        rows: tier, grade, depth, year, notified_on, recurrent and amount_pence, as in a position; summed over all
            else if need be, and without the source of the money.

    Returns:
        Every name of ``PARTS`` with its share of the money that ICBs and those below them hold and of which it is
        known: what is not known is in neither the part nor the whole. None where there is no such money.
    """
    return {name: share(*part_and_whole(rows, name)) for name in PARTS}


def part_and_whole(rows: Sequence[Row], name: str) -> tuple[int, int]:
    """The two sides of a measure that is a part of the money: what counts, and all of which it is known, in pence."""
    part = PARTS[name]
    known = [row for row in of_icbs(rows) if row[part.needs] is not None]
    return _sum(known, part.counts), _sum(known, lambda _: True)


def of_icbs(rows: Iterable[Row]) -> list[Row]:
    """The rows of ICBs and those below them: one whole for England as for each ICB."""
    return [row for row in rows if row["tier"] not in NOT_OF_ICBS]


def could_be_handed_on(row: Row) -> bool:
    """Whether keeping it is a choice: it could be held below the ICB, and no national contract directs it."""
    return bool(row["lowest_depth"] > 0) and row["discretion"] not in NO_CHOICE


def _control(rows: Sequence[Row]) -> Values:
    """Where money is decided and how free it is."""
    total = _sum(rows, lambda _: True)
    kept = [row for row in rows if row["standing"] in (BY_AGREEMENT, WITHOUT_AGREEMENT)]
    choice = [row for row in kept if could_be_handed_on(row)]
    agreed = _sum(choice, lambda row: row["standing"] == BY_AGREEMENT)
    unilateral = _sum(choice, lambda row: row["standing"] == WITHOUT_AGREEMENT)
    could_go_down = _sum(of_icbs(rows), could_be_handed_on)
    depth = sum(row["amount_pence"] * row["depth"] for row in rows)

    return {
        "total": total,
        **parts(rows),
        "devolution_depth": share(depth, total * DEEPEST),
        "retained_with_agreement": agreed,
        "retained_without_agreement": unilateral,
        "retained_not_a_choice": _sum(kept, lambda row: not could_be_handed_on(row)),
        "retained_without_agreement_share": share(unilateral, could_go_down),
        "consented_retention_ratio": share(agreed, agreed + unilateral),
    }


def _pieces(pots: Sequence[PotHeld], threshold_pence: int) -> Values:
    """In how many pieces money comes."""
    amounts = [pot.amount_pence for pot in pots]
    total, count = sum(amounts), len(amounts)
    small = [amount for amount in amounts if amount < threshold_pence]
    concentration = share(sum(amount * amount for amount in amounts), total * total)
    return {
        "pots": count,
        "concentration": concentration,
        "effective_number": None if concentration is None else 1 / concentration,
        "effective_number_shannon": _shannon(amounts),
        "gini": _gini(amounts),
        "median_pot": round_half_up_fraction(Fraction(median(map(Fraction, amounts)))) if amounts else None,
        "mean_pot": round_half_up_fraction(Fraction(total, count)) if amounts else None,
        "smallest_pot": amounts[-1] if amounts else None,
        "penny_packets": len(small),
        "penny_packet_share_of_count": share(len(small), count),
        "penny_packet_share_of_value": share(sum(small), total),
    }


def _burden(pots: Sequence[PotHeld]) -> Values:
    """What the money asks of those who receive it."""
    returns = returns_of(pots)
    bids = [pot.amount_pence for pot in pots if pot.row["route"] == "bid"]
    windows = [(pot.amount_pence, days) for pot in pots if _in_year(pot.row) and (days := spend_window(pot.row))]
    return {
        "bid_pots": len(bids),
        "bid_pot_value": sum(bids),
        "returns_per_year": returns.at_least,
        "returns_per_million": returns.per_million,
        "spend_window": share(sum(pence * days for pence, days in windows), sum(pence for pence, _ in windows)),
    }


def _notes(rows: Sequence[Row], pots: Sequence[PotHeld], threshold_pence: int) -> dict[str, str]:
    """What the reader of a value should know."""
    notes = dict.fromkeys(("penny_packets", *_PENNY_SHARES), f"Threshold {spoken(threshold_pence)}.")
    for name, part in PARTS.items():
        if unknown := [row for row in of_icbs(rows) if row[part.needs] is None]:
            which = len({(row["pot"], row["year"]) for row in unknown})
            told = f"Not known for {which} of {len(pots)} pots with {spoken(_sum(unknown, lambda _: True))}"
            notes[name] = f"{told}, which {'is' if which == 1 else 'are'} left out of both sides."
    kept = {row["standing"] for row in rows if could_be_handed_on(row)}
    if WITHOUT_AGREEMENT in kept and BY_AGREEMENT not in kept:
        told = "No agreement to keep any of it is on record here; whether one was made is not known."
        notes |= dict.fromkeys(("retained_with_agreement", "consented_retention_ratio"), told)
    returns = returns_of(pots)
    if unrouted := sum(pot.row["route"] is None and pot.row["quality"] is not None for pot in pots):
        told = f"Not known for {unrouted} of {len(pots)} pots, which are not counted."
        notes |= dict.fromkeys(("bid_pots", "bid_pot_value"), told)
    if returns.unknown_pots:
        told = f"Not known for {returns.unknown_pots} of {len(pots)} pots with {spoken(returns.unknown_pence)}"
        out = f"{told}, which {'is' if returns.unknown_pots == 1 else 'are'} left out"
        notes["returns_per_year"] = f"{told}. {THERE_MAY_BE_MORE}" if returns.partly else f"{out}."
        notes["returns_per_million"] = f"{told}. {NOT_BY_MILLION}" if returns.partly else f"{out} of both sides."
    return notes


def spend_window(row: Row) -> int | None:
    """Days in which a pot can be spent: from its notice, or 1 April if that is later, to its deadline.

    Both days count. None where the terms name no deadline, or the day of notice is not known.
    """
    deadline: date | None = row["spend_by"]
    if deadline is None or row["notified_on"] is None:
        return None
    start: date = max(row["notified_on"], FinancialYear(row["year"]).first_day)
    return (deadline - start).days + 1


def _shannon(amounts: Sequence[int]) -> float | None:
    total = sum(amounts)
    if total == 0:
        return None
    shares = [amount / total for amount in amounts if amount]
    return exp(-sum(part * log(part) for part in shares))


def _gini(amounts: Sequence[int]) -> Fraction | None:
    total, count = sum(amounts), len(amounts)
    if total == 0:
        return None
    ascending = sorted(amounts)
    return Fraction(sum((2 * rank - count - 1) * amount for rank, amount in enumerate(ascending, 1)), count * total)
