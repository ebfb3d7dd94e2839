"""Two or more scenarios side by side: the same tests, the same amounts, and how far apart they end."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any, TypeAlias

from ledger.errors import refuse
from ledger.money import spoken
from ledger.reports.measures import PAYERS_VIEW
from scenarios.bridge import measured, quantities
from scenarios.files.scenario import Scenario
from scenarios.files.variants import Difference, changed_sentence, what_differs
from scenarios.gainers import Gain, by_system
from scenarios.order import differs
from scenarios.outcome import Outcome


def differences(scenarios: Sequence[Scenario]) -> tuple[Difference, ...]:
    """Everything that is not the same in all files: steps by number, assumptions by name."""
    return what_differs([each.content() for each in scenarios])


# A figure of any unit; None where it is not defined.
Figure: TypeAlias = Fraction | float | None


@dataclass(frozen=True)
class LineCompared:
    """One figure in every scenario, in their order.

    Attributes:
        kind: ``test``, ``measure``, ``amount`` or ``icb``.
        before: what it is in the baseline of the first; None where it is not defined.
    """

    kind: str
    name: str
    title: str
    unit: str
    before: Figure
    after: tuple[Figure, ...]


@dataclass(frozen=True)
class LevelCompared:
    """Who gains and who loses at one level, in every scenario.

    Attributes:
        gains: one row for each organisation for whom any scenario changes something, those with the largest change
            first; None in a row where the scenario leaves it what it had.
    """

    level: str
    title: str
    gains: tuple[tuple[Gain | None, ...], ...]


@dataclass(frozen=True)
class Comparison:
    """Scenarios side by side.

    Attributes:
        differences: what their files say differently.
        levels: who gains and who loses, level by level.
        changed: of each scenario what was changed from the library, in a sentence; empty where nothing was.
        same_baseline: whether all start from the same rows of the books.
        apart: for each pair, by number, how much money stands elsewhere or on other terms.
    """

    names: tuple[str, ...]
    lines: tuple[LineCompared, ...]
    same_baseline: bool
    apart: tuple[tuple[int, int, int], ...]
    differences: tuple[Difference, ...]
    levels: tuple[LevelCompared, ...]
    changed: tuple[str, ...] = ()


def compare(outcomes: Sequence[Outcome]) -> Comparison:
    """Put scenarios side by side.

    Raises:
        Refused: fewer than two.
    """
    if len(outcomes) < 2:  # noqa: PLR2004 - one beside nothing
        refuse("scenario compare", "it names one scenario.", "There is nothing to compare.", "Name two or more.")
    first = outcomes[0]
    lines = [*_tests(outcomes), *_amounts(outcomes), *_measures(outcomes), *_icbs(outcomes)]
    apart = tuple(
        (one + 1, other + 1, differs(outcomes[one].run.position, outcomes[other].run.position))
        for one, other in combinations(range(len(outcomes)), 2)
    )
    start = first.run.books.content_hash
    names = tuple(outcome.run.written.scenario.title for outcome in outcomes)
    return Comparison(
        names,
        tuple(lines),
        all(o.run.books.content_hash == start for o in outcomes),
        apart,
        differences([outcome.run.written.scenario for outcome in outcomes]),
        _levels(outcomes),
        tuple(changed_sentence(outcome.run.written.changes) for outcome in outcomes),
    )


def _tests(outcomes: Sequence[Outcome]) -> list[LineCompared]:
    found = []
    for before, _ in outcomes[0].scorecard:
        after = [
            next((new.value for old, new in outcome.scorecard if old.name == before.name), None) for outcome in outcomes
        ]
        found.append(LineCompared("test", before.name, before.says, before.unit, before.value, tuple(after)))
    return found


def _amounts(outcomes: Sequence[Outcome]) -> list[LineCompared]:
    first = outcomes[0].run.baseline
    start = measured(first.position, first.world)
    ends = [measured(outcome.run.position, outcome.run.world) for outcome in outcomes]
    return [
        LineCompared("amount", each.name, each.title, "pence", start[each.name], tuple(end[each.name] for end in ends))
        for each in quantities(first.world, *(outcome.run.world for outcome in outcomes))
    ]


def _measures(outcomes: Sequence[Outcome]) -> list[LineCompared]:
    found = []
    for number, compared in enumerate(outcomes[0].measures):
        after = tuple(outcome.measures[number].after.value for outcome in outcomes)
        name = f"{compared.scope}: {compared.before.name}"
        title = f"{compared.before.title} ({compared.scope})"
        found.append(LineCompared("measure", name, title, compared.before.unit, compared.before.value, after))
    return found


def _icbs(outcomes: Sequence[Outcome]) -> list[LineCompared]:
    """What each ICB ends with, all below it counted, where the scenarios differ in it."""
    start = by_system(outcomes[0].run.baseline.position, outcomes[0].run.baseline.world)
    ends = [by_system(outcome.run.position, outcome.run.world) for outcome in outcomes]
    names = outcomes[0].run.world.organisations
    found = []
    for code in sorted({code for end in ends for code in end}):
        after = tuple(end.get(code) for end in ends)
        if len(set(after)) > 1:
            title = names[code].name if code in names else code
            found.append(LineCompared("icb", code, title, "pence", start.get(code), after))
    return found


def _levels(outcomes: Sequence[Outcome]) -> tuple[LevelCompared, ...]:
    titles = {view.level: view.title for outcome in outcomes for view in outcome.views}
    found = []
    for level, title in titles.items():
        each = [
            {gain.code: gain for view in outcome.views if view.level == level for gain in view.gains}
            for outcome in outcomes
        ]
        rows = [tuple(gains.get(code) for gains in each) for code in dict.fromkeys(code for g in each for code in g)]
        rows.sort(key=lambda row: (-max(abs(gain.change_pence) for gain in row if gain), _code(row)))
        if rows:
            found.append(LevelCompared(level, title, tuple(rows)))
    return tuple(found)


def _code(row: Sequence[Gain | None]) -> str:
    return next(gain.code for gain in row if gain)


def document(comparison: Comparison) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "scenarios": list(comparison.names),
        "changed_from_library": list(comparison.changed),
        "same_baseline": comparison.same_baseline,
        "apart": [{"first": one, "second": other, "differs_pence": pence} for one, other, pence in comparison.apart],
        "differences": [{"what": each.what, "values": list(each.values)} for each in comparison.differences],
        "measures_are": PAYERS_VIEW,
        "gainers": [
            {
                "level": level.level,
                "title": level.title,
                "organisations": [
                    {
                        "organisation": _code(row),
                        "name": next(gain.name for gain in row if gain),
                        "change_pence": [0 if gain is None else gain.change_pence for gain in row],
                    }
                    for row in level.gains
                ],
            }
            for level in comparison.levels
        ],
    }


def sentences(comparison: Comparison) -> list[str]:
    """Whether all start from the same books, and how far apart they end, two by two."""
    start = "All start from the same books." if comparison.same_baseline else "They do not start from the same books."
    apart = [
        f"Scenarios {one} and {other} end {spoken(pence)} apart: so much stands elsewhere, or on other terms."
        for one, other, pence in comparison.apart
    ]
    return [start, *apart]


def rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One row for each figure; amounts under names that end in ``_pence``."""
    listed = []
    for line in comparison.lines:
        suffix = "_pence" if line.unit == "pence" else ""
        after = {f"scenario_{number}{suffix}": value for number, value in enumerate(line.after, 1)}
        listed.append({"kind": line.kind, "name": line.name, "title": line.title, "unit": line.unit,
                       f"before{suffix}": line.before, **after})  # fmt: skip
    return listed
