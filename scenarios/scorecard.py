"""The propositions as tests: each a figure of any position, with its formula and what would move it.

They are shown side by side, and never put together into one score.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from ledger.money import spoken
from ledger.reports.measures import measures, share
from ledger.reports.receivers import PENNY_PACKETS, Received, middle, seen_by_each, spread
from scenarios.bridge import measured
from scenarios.change import condensed, held, total
from scenarios.selection import system_column
from scenarios.world import ICB, NATIONAL, World

_CHANCE_ROUTES = ("bid", "claim", "prize")


@dataclass(frozen=True)
class Test:
    """One proposition, measured.

    Attributes:
        name: a fixed word, for programs.
        says: the proposition.
        formula: how its figure is worked out.
        moves: what would move it.
        unit: ``share``, ``count`` or ``per £ million``.
        better: ``higher`` or ``lower``, as the proposition would have it.
        value: None where it is not defined or not available; ``note`` then says why.
    """

    name: str
    says: str
    formula: str
    moves: str
    unit: str
    better: str
    value: Fraction | None = None
    note: str = ""


# fmt: off
CATALOGUE = (
    Test("by_population", "Funding is allocated on a population basis",
         "Money below the national body whose route is by formula, over all money below the national body",
         "reroute bids, claims and equal shares to a formula", "share", "higher"),
    Test("free_of_conditions", "Funding is not tied to specific deliverables",
         "Money graded none or monitored, over all money below the national body",
         "release ring-fences; merge or settle pots on freer terms", "share", "higher"),
    Test("decided_locally", "Decisions are taken at place or below",
         "Money held at place, network or practice, over all money below the national body",
         "devolve; autonomy", "share", "higher"),
    Test("kept_without_agreement", "Systems keep only what partners agree to keep",
         "Money kept without an agreement, over the money that could be held below the ICB",
         "devolve it, or retain it by agreement", "share", "lower"),
    Test("pots_per_icb", "There are few national programmes and pots",
         "The median over ICBs of the number of pots in which an ICB and those below it hold money",
         "merge; settlement", "count", "lower"),
    Test("packets_per_icb", "Money does not come in penny packets",
         f"The median over ICBs of the number of pots below {spoken(PENNY_PACKETS[ICB])}",
         "merge; settlement; put the money in the baseline", "count", "lower"),
    Test("strings_per_icb", "Money comes without strings",
         "The median over ICBs of the number of pots tied to a purpose: graded soft, hard or statutory",
         "release ring-fences; merge", "count", "lower"),
    Test("known_before_the_year", "Money is known before the year starts",
         "Money notified before 1 April of its year, over all money below the national body with a day of notice",
         "announce earlier; put the money in the baseline", "share", "higher"),
    Test("certain_for_three_years", "Money is certain for three years",
         "Recurrent money that no bid, claim or prize decides, over all money below the national body",
         "reroute bids to a formula; make pots recurrent", "share", "higher"),
    Test("returns_per_icb", "Returns are few",
         "The median over ICBs of returns asked for in a year, over the pots of which it is known how many",
         "release on terms with fewer returns; merge pots", "count", "lower"),
    Test("returns_per_million", "Returns are light",
         "The median over ICBs of returns asked for in a year, for each £1 million in the pots whose returns are known",
         "release on terms with fewer returns; merge pots", "per £ million", "lower"),
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
_REPORTED = ("returns_per_icb", "returns_per_million")
_CERTAIN = "An upper bound: the books record that money recurs, not that it was promised for three years."
_UNKNOWN_RETURNS = "Pots whose returns are not known are left out."


def scorecard(position: pa.Table, world: World) -> tuple[Test, ...]:
    """Every test on a position; with a row for each oversight segment where the file gives segments."""
    own = held(position)
    below = own.filter(pc.not_equal(own["tier"], NATIONAL))
    if not below.num_rows:
        empty = (replace(test, note="Nothing is held below the national body.") for test in CATALOGUE)
        return (*empty, *_by_segment([], world))
    amounts, whole = measured(below), total(below)
    kept = next(m for m in measures(condensed(below)) if m.name == "retained_without_agreement_share")
    dated = total(below.filter(pc.is_valid(below["notified_on"])))
    systems = _systems(below, world)
    values: dict[str, Fraction | None] = {
        "by_population": share(amounts["by_population"], whole),
        "free_of_conditions": share(amounts["free"], whole),
        "decided_locally": share(amounts["local"], whole),
        "kept_without_agreement": kept.value if isinstance(kept.value, Fraction) else None,
        **{name: middle(systems, measure) for name, measure in _RECEIVED.items()},
        "known_before_the_year": share(amounts["known_before"], dated),
        "certain_for_three_years": share(total(below.filter(_certain(below))), whole),
    }
    notes = {"certain_for_three_years": _CERTAIN, **dict.fromkeys(_REPORTED, _UNKNOWN_RETURNS)}
    tests = [replace(test, value=values[test.name], note=notes.get(test.name, "")) for test in CATALOGUE]
    return (*tests, *_by_segment(systems, world))


def _systems(below: pa.Table, world: World) -> list[Received]:
    """What each ICB with those below it has to work with."""
    systems = system_column(below, world).dictionary_encode()
    known = world.systems()
    each = {
        icb: below.filter(pc.equal(systems.indices, number))
        for number, icb in enumerate(systems.dictionary.to_pylist())
        if icb in known
    }
    return seen_by_each(each, {}, ICB)


def _by_segment(systems: Sequence[Received], world: World) -> list[Test]:
    """Returns per £ million against oversight segment: do those who are trusted more report less?"""
    pattern = next(test for test in CATALOGUE if test.name == "returns_per_million")
    if not world.segments:
        note = "Not available: the file gives no oversight segments."
        return [replace(pattern, name="returns_by_segment", says="Who is trusted more reports less", note=note)]
    found = []
    for segment in sorted(set(world.segments.values())):
        own = [one for one in systems if world.segments.get(one.organisation) == segment]
        test = replace(
            pattern,
            name=f"returns_in_segment_{segment}",
            says=f"Who is trusted more reports less: oversight segment {segment}",
            value=middle(own, pattern.name),
            note=f"{spread(own, pattern.name).known} ICBs. {_UNKNOWN_RETURNS}",
        )
        found.append(test)
    return found


def _certain(table: pa.Table) -> pa.ChunkedArray:
    by_chance = pc.is_in(table["route"], value_set=pa.array(_CHANCE_ROUTES))
    return pc.fill_null(pc.and_kleene(table["recurrent"], pc.invert(by_chance)), False)
