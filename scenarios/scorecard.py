"""The propositions as tests: each a figure of any position, with its formula and what would move it.

They are shown side by side, and never put together into one score.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.reports.measures import measures, share
from scenarios.bridge import measured
from scenarios.change import condensed, held, total
from scenarios.selection import system_column
from scenarios.world import NATIONAL, World

_MILLION_POUNDS = 100_000_000
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
    Test("known_before_the_year", "Money is known before the year starts",
         "Money notified before 1 April of its year, over all money below the national body with a day of notice",
         "announce earlier; put the money in the baseline", "share", "higher"),
    Test("certain_for_three_years", "Money is certain for three years",
         "Recurrent money that no bid, claim or prize decides, over all money below the national body",
         "reroute bids to a formula; make pots recurrent", "share", "higher"),
    Test("returns_per_million", "Returns are light",
         "The median over ICBs of returns asked for in a year, for each £1 million held by the ICB and those below it",
         "release on terms with fewer returns; merge pots", "per £ million", "lower"),
)
# fmt: on
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
        "pots_per_icb": _middle([Fraction(each.pots) for each in systems]),
        "known_before_the_year": share(amounts["known_before"], dated),
        "certain_for_three_years": share(total(below.filter(_certain(below))), whole),
        "returns_per_million": _middle([each.returns for each in systems if each.returns is not None]),
    }
    notes = {"certain_for_three_years": _CERTAIN, "returns_per_million": _UNKNOWN_RETURNS}
    tests = [replace(test, value=values[test.name], note=notes.get(test.name, "")) for test in CATALOGUE]
    return (*tests, *_by_segment(systems, world))


@dataclass(frozen=True)
class _System:
    icb: str
    pots: int
    returns: Fraction | None


def _systems(below: pa.Table, world: World) -> list[_System]:
    """Each ICB with those below it: its pots, and the returns that they ask for."""
    keyed = below.append_column("icb", system_column(below, world))
    grouped = keyed.group_by(["icb", "pot", "year"]).aggregate([("amount_pence", "sum"), ("returns_per_year", "max")])
    found: dict[str, list[dict[str, Any]]] = {}
    for row in grouped.to_pylist():
        if row["icb"] in world.systems() and row["amount_pence_sum"] > 0:
            found.setdefault(row["icb"], []).append(row)
    return [_System(icb, len(rows), _returns(rows)) for icb, rows in sorted(found.items())]


def _returns(rows: Sequence[dict[str, Any]]) -> Fraction | None:
    known = [row["returns_per_year_max"] for row in rows if row["returns_per_year_max"] is not None]
    whole = sum(row["amount_pence_sum"] for row in rows)
    return Fraction(sum(known) * _MILLION_POUNDS, whole) if known and whole else None


def _by_segment(systems: Sequence[_System], world: World) -> list[Test]:
    """Returns per £ million against oversight segment: do those who are trusted more report less?"""
    pattern = next(test for test in CATALOGUE if test.name == "returns_per_million")
    if not world.segments:
        note = "Not available: the file gives no oversight segments."
        return [replace(pattern, name="returns_by_segment", says="Who is trusted more reports less", note=note)]
    found = []
    for segment in sorted(set(world.segments.values())):
        own = [s.returns for s in systems if world.segments.get(s.icb) == segment and s.returns is not None]
        test = replace(
            pattern,
            name=f"returns_in_segment_{segment}",
            says=f"Who is trusted more reports less: oversight segment {segment}",
            value=_middle(own),
            note=f"{len(own)} ICBs. {_UNKNOWN_RETURNS}",
        )
        found.append(test)
    return found


def _certain(table: pa.Table) -> pa.ChunkedArray:
    by_chance = pc.is_in(table["route"], value_set=pa.array(_CHANCE_ROUTES))
    return pc.fill_null(pc.and_kleene(table["recurrent"], pc.invert(by_chance)), False)


def _middle(values: Sequence[Fraction]) -> Fraction | None:
    return Fraction(median(values)) if values else None
