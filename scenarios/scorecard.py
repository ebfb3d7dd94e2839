"""The propositions as questions: each a figure of any position, with what it counts, of what, and what would move it.

They are shown side by side, and never put together into one score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from ledger.money import spoken
from ledger.readings import RECORDED, GradeReading, all_with
from ledger.reports.measures import (
    EARMARKED_GRADES,
    NOT_BY_MILLION,
    THERE_MAY_BE_MORE,
    UNTIED_GRADES,
    OverReadings,
    ReturnsAsked,
    over,
    returns_asked,
    share,
)
from ledger.reports.receivers import PENNY_PACKETS
from ledger.words import NOT_OF_ICBS, PAST_ICBS
from scenarios.bridge import ASKED, could_be_handed_on, measured
from scenarios.change import held, total
from scenarios.selection import system_column
from scenarios.world import ICB, NATIONAL, World

_THREE_YEARS = 3


@dataclass(frozen=True)
class Test:
    """One proposition as a question that a figure answers.

    Attributes:
        name: a fixed word, for programs.
        says: the question.
        numerator: what is counted, in words.
        denominator: of what, in words; empty where the figure is no share.
        moves: what would move it.
        unit: ``share``, ``count`` or ``per £ million``.
        better: ``higher`` or ``lower``, as the proposition would have it.
        value: None where it is not defined or not available; ``note`` then says why.
        note: what is not known, and so in neither the numerator nor the denominator.
        over: its range over readings of grades; None where it does not rest on them, or they were not asked.
    """

    name: str
    says: str
    numerator: str
    denominator: str
    moves: str
    unit: str
    better: str
    value: Fraction | None = None
    note: str = ""
    over: OverReadings | None = None

    @property
    def formula(self) -> str:
        """How its figure is worked out."""
        return f"{self.numerator}, over {self.denominator}" if self.denominator else self.numerator


_MONEY = "the money of ICBs and those below them"
# fmt: off
CATALOGUE = (
    Test("by_population", "How much of the money is allocated by a formula?",
         "Money whose route is by formula", f"{_MONEY} whose route is known",
         "reroute bids, claims and equal shares to a formula", "share", "higher"),
    Test("free_of_conditions", "How much of the money is not tied to a purpose?",
         "Money graded none or monitored", f"{_MONEY} whose grade is known",
         "release ring-fences; merge or settle pots on freer terms", "share", "higher"),
    Test("decided_locally", "How much of the money is decided at place or below?",
         "Money held at place, network or practice", _MONEY,
         "devolve; autonomy", "share", "higher"),
    Test("kept_without_agreement", "How much of what could be handed on is kept without an agreement on record?",
         "Money kept without an agreement that could be handed on", f"{_MONEY} that could be handed on",
         "devolve it, or retain it by agreement", "share", "lower"),
    Test("pots_per_icb", "With how many pots does an ICB work?",
         "The median over ICBs of the number of pots in which an ICB and those below it hold money", "",
         "merge; settlement", "count", "lower"),
    Test("packets_per_icb", "How many of them are penny packets?",
         f"The median over ICBs of the number of pots below {spoken(PENNY_PACKETS[ICB])}", "",
         "merge; settlement; put the money in the baseline", "count", "lower"),
    Test("strings_per_icb", "How many of them come with strings?",
         "The median over ICBs of the number of pots tied to a purpose: graded soft, hard or statutory", "",
         "release ring-fences; merge", "count", "lower"),
    Test("known_before_the_year", "How much of the money is known before its year starts?",
         "Money notified before 1 April of its year", f"{_MONEY} whose day of notice is known",
         "announce earlier; put the money in the baseline", "share", "higher"),
    Test("certain_for_three_years", "How much of the money is promised for three years?",
         "Money that is certain to the second year after its own or longer",
         f"{_MONEY} of which it is known until when it is certain",
         "promise it for longer", "share", "higher"),
    Test("returns_per_icb", "How many returns are asked of an ICB in a year?",
         "The median over ICBs of returns asked for in a year, over the pots of which it is known how many", "",
         "release on terms with fewer returns; merge pots", "count", "lower"),
    Test("returns_per_million", "How many returns are asked for each £1 million?",
         "The median over ICBs of returns asked for in a year, for each £1 million in the pots whose returns are known",
         "", "release on terms with fewer returns; merge pots", "per £ million", "lower"),
)
# fmt: on
# What is asked of those who receive the money, by the names that ``ledger.reports.receivers`` gives it.
_RECEIVED = {
    "pots_per_icb": "pots",
    "packets_per_icb": "penny_packets",
    "strings_per_icb": "tied_pots",
    "returns_per_icb": "returns_per_year",
    "returns_per_million": "returns_per_million",
}
# The column without which nobody can tell, of each share that rests on one.
_NEEDS = {
    "by_population": "route", "free_of_conditions": "grade", "known_before_the_year": "notified_on",
    "certain_for_three_years": "certain_to",
}  # fmt: skip


def scorecard(
    position: pa.Table, world: World, *, with_ranges: bool = True, also: GradeReading | None = None
) -> tuple[Test, ...]:
    """Every test on a position; with a row for each oversight segment where the file gives segments.

    Args:
        with_ranges: whether those that rest on grades are worked out in every reading of them.
        also: somebody's own reading, beside those that are shipped.
    """
    own = held(position.select(_LOOKED_AT))
    below = own.filter(pc.invert(pc.is_in(own["tier"], value_set=pa.array([NATIONAL, PAST_ICBS]))))
    if not below.num_rows:
        empty = (replace(test, note="Nothing is held below the national body.") for test in CATALOGUE)
        return (*empty, *_by_segment([], world))
    amounts, whole, pence = measured(below), total(below), below["amount_pence"]
    of_icbs = pc.invert(pc.is_in(below["tier"], value_set=pa.array(NOT_OF_ICBS)))
    could_be_kept = _sum(pence, pc.and_(of_icbs, could_be_handed_on(below)))
    few = _few(below, world)
    systems = _systems(few, world)
    known = {name: _sum(pence, pc.is_valid(below[column])) for name, column in _NEEDS.items()}
    values: dict[str, Fraction | None] = {
        "by_population": share(amounts["by_population"], known["by_population"]),
        "free_of_conditions": share(amounts["free"], known["free_of_conditions"]),
        "decided_locally": share(amounts["local"], whole),
        "kept_without_agreement": share(amounts["kept_without_agreement"], could_be_kept),
        **{name: _middle(systems, measure) for name, measure in _RECEIVED.items()},
        "known_before_the_year": share(amounts["known_before"], known["known_before_the_year"]),
        "certain_for_three_years": share(_sum(pence, _certain(below)), known["certain_for_three_years"]),
    }
    notes = {
        **{name: _unknown(whole - pence, whole) for name, pence in known.items() if pence != whole},
        **_of_returns(systems),
    }
    ranges = _over_readings(few, world, values, also) if with_ranges else {}
    tests = [
        replace(test, value=values[test.name], note=notes.get(test.name, ""), over=ranges.get(test.name))
        for test in CATALOGUE
    ]
    return (*tests, *_by_segment(systems, world))


def _sum(pence: pa.ChunkedArray, rows: pa.ChunkedArray) -> int:
    return pc.sum(pence.filter(rows)).as_py() or 0


_ON_GRADES = ("free_of_conditions", *_RECEIVED)


def _over_readings(
    few: pa.Table, world: World, recorded: Mapping[str, Fraction | None], also: GradeReading | None
) -> dict[str, OverReadings | None]:
    """The range of what rests on grades; a reading that makes headings pots also changes how many pots there are."""
    found = {RECORDED: recorded}
    for reading in all_with(also):
        if reading is RECORDED:
            continue
        read = reading.read(few)
        graded = read.filter(pc.is_valid(read["grade"]))
        free = graded.filter(pc.is_in(graded["grade"], value_set=pa.array(UNTIED_GRADES)))
        systems = _systems(read, world)
        found[reading] = {
            "free_of_conditions": share(total(free), total(graded)),
            **{name: _middle(systems, measure) for name, measure in _RECEIVED.items()},
        }
    return {name: over([(values[name], reading) for reading, values in found.items()]) for name in _ON_GRADES}


def _unknown(pence: int, whole: int) -> str:
    if pence == whole:
        return "Not known of any of the money."
    return f"Not known of {spoken(pence)} of {spoken(whole)}, which is left out of both sides."


@dataclass(frozen=True)
class _System:
    """What one ICB with those below it has to work with, by the names of ``ledger.reports.receivers``."""

    icb: str
    values: Mapping[str, Fraction | int | None]
    pence: int
    returns: ReturnsAsked


# What a pot of an ICB is judged by, in whatever reading of grades.
_OF_A_POT = ("pot", "year", "fund", "grade", "quality", "discretion", "returns_per_year")
# What a position is asked for here; the names of organisations and funds, and much else, are not copied for it.
_LOOKED_AT = [
    *dict.fromkeys([*_OF_A_POT, *ASKED, *_NEEDS.values(), "organisation", "tier", "standing", "amount_pence"])
]


def _few(below: pa.Table, world: World) -> pa.Table:
    """What each ICB with those below it holds, added up, in order of the funds: places and networks are hundreds."""
    rows = below.select([*_OF_A_POT, "amount_pence"]).append_column(ICB, system_column(below, world))
    summed = rows.group_by([ICB, *_OF_A_POT], use_threads=False).aggregate([("amount_pence", "sum")])
    return summed.rename_columns([ICB, *_OF_A_POT, "amount_pence"]).sort_by([("fund", "ascending")])


def _systems(few: pa.Table, world: World) -> list[_System]:
    """What each ICB with those below it has to work with; all at once, for ranges ask it of a hundred positions.

    A pot says what its first row by fund says, as in ``ledger.reports.measures.pots``; and it asks for returns once, as
    many as the most that is known of its money (``ledger.reports.measures.returns_asked``).

    Args:
        few: as ``_few`` gives it.
    """
    # The first row as it stands, its empty cells too.
    as_it_is = pc.ScalarAggregateOptions(skip_nulls=False)
    told = pc.if_else(pc.is_valid(few["returns_per_year"]), few["amount_pence"], 0)
    summed = few.append_column("told", told).group_by([ICB, "pot", "year"], use_threads=False).aggregate(
        [("amount_pence", "sum"), ("grade", "first", as_it_is), ("returns_per_year", "max"), ("told", "sum")]
    )  # fmt: skip
    known, pots = world.systems(), dict[str, list[_Pot]]()
    names = (ICB, "amount_pence_sum", "grade_first", "returns_per_year_max", "told_sum")
    for icb, pence, *asked in zip(*(summed[name].to_pylist() for name in names), strict=True):
        if pence > 0 and icb in known:
            pots.setdefault(icb, []).append((pence, *asked))
    return [_asked(icb, its) for icb, its in sorted(pots.items())]


# What is in a pot, its grade, the returns that are asked for, and of how much of its money that is known.
_Pot = tuple[int, str | None, int | None, int]


def _asked(icb: str, pots: Sequence[_Pot]) -> _System:
    """What pots ask of the ICB that has them."""
    returns = returns_asked((pence, its, told) for pence, _, its, told in pots)
    values = {
        "pots": len(pots),
        "penny_packets": sum(pence < PENNY_PACKETS[ICB] for pence, *_ in pots),
        "tied_pots": sum(grade in EARMARKED_GRADES for _, grade, *_ in pots),
        "returns_per_year": returns.at_least,
        "returns_per_million": returns.per_million,
    }
    return _System(icb, values, sum(pence for pence, *_ in pots), returns)


NOT_KNOWN_OF_POTS = "Pots whose returns are not known"


def _of_returns(systems: Sequence[_System]) -> dict[str, str]:
    """What is left out of figures of returns, in words: how much money it is that they are not known of."""
    unknown, whole = sum(one.returns.unknown_pence for one in systems), sum(one.pence for one in systems)
    if not unknown:
        return {}
    told = f"{NOT_KNOWN_OF_POTS} hold {spoken(unknown)} of {spoken(whole)}"
    if not any(one.returns.partly for one in systems):
        return {"returns_per_icb": f"{told}, left out.", "returns_per_million": f"{told}, left out of both sides."}
    known = len(_known(systems, "returns_per_million"))
    those = f" The figure is over the {known} of {len(systems)} ICBs of which it is known." if known else ""
    return {
        "returns_per_icb": f"{told}. {THERE_MAY_BE_MORE}",
        "returns_per_million": f"{told}. {NOT_BY_MILLION}{those}",
    }


def _known(systems: Sequence[_System], name: str) -> list[Fraction | int]:
    return [value for one in systems if (value := one.values[name]) is not None]


def _middle(systems: Sequence[_System], name: str) -> Fraction | None:
    """The median over ICBs; None where nobody has it."""
    values = sorted(_known(systems, name))
    return Fraction(values[(len(values) - 1) // 2] + values[len(values) // 2], 2) if values else None


def _by_segment(systems: Sequence[_System], world: World) -> list[Test]:
    """Returns per £ million against oversight segment: do those who are trusted more report less?"""
    pattern = next(test for test in CATALOGUE if test.name == "returns_per_million")
    if not world.segments:
        note = "Not available: the file gives no oversight segments."
        return [replace(pattern, name="returns_by_segment", says="Does who is trusted more report less?", note=note)]
    found = []
    for segment in sorted(set(world.segments.values())):
        own = [one for one in systems if world.segments.get(one.icb) == segment]
        test = replace(
            pattern,
            name=f"returns_in_segment_{segment}",
            says=f"Does who is trusted more report less: oversight segment {segment}?",
            value=_middle(own, pattern.name),
            note=f"{len(_known(own, pattern.name))} ICBs. {_of_returns(own).get(pattern.name, '')}".strip(),
        )
        found.append(test)
    return found


def _certain(table: pa.Table) -> pa.ChunkedArray:
    until = pc.add(table["year"], pa.scalar(_THREE_YEARS - 1, pa.int32()))
    return pc.fill_null(pc.greater_equal(table["certain_to"], until), False)
