"""Between which values an answer lies, and what drives it: assumptions, people and how grades are read.

Each assumption with a low and a high is taken to both with the others left alone, and the whole scenario is run there:
those figures are exact, and make the tornado. Between them, answers are estimated: the effect of an assumption runs in
straight lines from its low over its value to its high, and the effects of several add up. So a thousand draws are one
product of two tables. Some draws are then run in full, and how far the estimate was off is told beside it.

Of a scenario of several years every year has its ranges. A draw is the same in all of them: where growth is high, it is
high in every year that the assumption speaks of. A year that an assumption does not reach is not run for it.

No draw says who gains: an organisation has a range, and how many gain has one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from allocations.figures.weightings import WEIGHTINGS
from ledger.readings import RECORDED, SHIPPED, GradeReading, all_with
from ledger.years import FinancialYear
from scenarios.baseline import Baseline
from scenarios.bridge import QUANTITIES, measured
from scenarios.engine import GIVEN, STEPS, Run, at_work, run
from scenarios.files.expressions import number
from scenarios.files.scenario import Assumption, PeopleSpread, WrittenScenario, revalued
from scenarios.files.shapes import Draws, cut_normal, drawn
from scenarios.gainers import by_system
from scenarios.levers.base import Lever
from scenarios.order import differs
from scenarios.outcome import Outcome
from scenarios.paths.roll import roll_forward
from scenarios.propositions import values_after
from scenarios.world import ICB

DRAWS = 1000
# So many draws are run in full, to see how far the estimate is off.
CHECKED = 3
# Estimates of money are told to £1,000, rounded away from the central answer.
_GRAIN_PENCE = 100_000
_FINE = 10**6
MOVED, GAINING, LOSING = "moved_pence", "icbs_that_gain", "icbs_that_lose"
READINGS = "how grades are read"
PENCE = "pence"
_ICB = "icb "
_AFTER = "_after_pence"
_FIVE, _NINETY_FIVE = 5, 95
# A figure of an answer by name: pence, shares and counts, all exact; None where it is not defined.
Figures: TypeAlias = Mapping[str, Fraction | None]
# Every quantity, and what each ICB has with all below it, in pence.
_Start: TypeAlias = tuple[Mapping[str, int], Mapping[str, int]]


@dataclass(frozen=True)
class Driver:
    """One thing that an answer hangs on, and a figure at both its ends.

    Attributes:
        name: of the assumption, the people or the readings.
        says: its low and its high, with a comma.
        low, high: the figure there.
    """

    name: str
    says: str
    low: Fraction
    high: Fraction

    @property
    def swing(self) -> Fraction:
        """How far the figure is apart at the two ends."""
        return abs(self.high - self.low)


@dataclass(frozen=True)
class FigureRange:
    """One figure of the answer with its range.

    Attributes:
        unit: ``pence``, ``share``, ``count``, ``days`` or ``per £ million``.
        central: as the scenario has it, exactly.
        low, high: 90 of 100 draws and all readings of grades lie between, and the central answer; estimates.
        drivers: what moves it, what moves it most first.
    """

    name: str
    title: str
    unit: str
    central: Fraction
    low: Fraction
    high: Fraction
    drivers: tuple[Driver, ...]

    @property
    def is_of_an_icb(self) -> bool:
        """Whether it is what one ICB gains or loses."""
        return self.name.startswith(_ICB)


@dataclass(frozen=True)
class YearRanges:
    """The figures of one year of a scenario of several, each with its range.

    Attributes:
        heading: the year and how well it is known.
    """

    year: FinancialYear
    heading: str
    figures: tuple[FigureRange, ...]

    def named(self, name: str) -> FigureRange | None:
        """A figure by its name; None where it is not defined in this year."""
        return _named(self.figures, name)


@dataclass(frozen=True)
class Ranges:
    """Every figure with its range, and what the ranges rest on.

    Attributes:
        figures: of the year that is told, which is the last of several.
        rests_on: each distribution that was drawn, in words.
        checked: how many draws were run in full; ``off_pence`` is how far the money moved was estimated wrongly there.
        years: of a scenario of several years the figures of each. One draw is one draw in all of them.
        readings: of grades, which every range holds; the answer is as the first.
    """

    figures: tuple[FigureRange, ...]
    draws: int
    seed: int
    rests_on: tuple[str, ...]
    checked: int
    off_pence: int
    years: tuple[YearRanges, ...] = ()
    readings: tuple[GradeReading, ...] = SHIPPED

    def named(self, name: str) -> FigureRange | None:
        """A figure by its name; None where it is not defined in this scenario."""
        return _named(self.figures, name)


def _named(figures: Sequence[FigureRange], name: str) -> FigureRange | None:
    return next((each for each in figures if each.name == name), None)


@dataclass(frozen=True)
class _Input:
    """Something that is drawn: its draws, of which -1 is its low and 1 its high, and every figure there.

    Attributes:
        says: both ends of an assumption; of people, the ICB.
    """

    driver: str
    says: str
    at: Draws
    low: Figures
    high: Figures


@dataclass(frozen=True)
class _Known:
    """One year as the scenario has it: its answer, every figure of it, and what all starts from in it."""

    outcome: Outcome
    figures: Figures
    before: _Start


@dataclass(frozen=True)
class _Turned:
    """An assumption, its draws, and the figures of each year at its low and at its high."""

    assumed: Assumption
    values: Draws
    ends: Sequence[tuple[Figures, Figures]]

    def in_year(self, place: int) -> _Input:
        low, middle, high = _ends_of(self.assumed)
        at = _between(self.values, low, middle, high)
        return _Input(self.assumed.name, f"{self.assumed.low}, {self.assumed.high}", at, *self.ends[place])


def ranged(outcome: Outcome, draws: int = DRAWS) -> Ranges:
    """The ranges of a scenario's answer; of several years, those of each.

    Args:
        outcome: the answer, whose file says what is not known for sure; the seed is the file's.

    Raises:
        Refused: an assumption has no answer at one of its ends.
    """
    path = [_known(each.outcome, after=True) for each in outcome.years] or [_known(outcome, after=False)]
    scenario, content = outcome.run.written.scenario, outcome.run.written.content
    generator = np.random.default_rng(scenario.seed)
    unsure = [each for each in scenario.assumptions if each.low is not None and each.low != each.high]
    values = [(each, _drawn(each, draws, generator)) for each in (unsure if content is not None else [])]
    turned = [_Turned(each, drawn, _at_both_ends(each, path)) for each, drawn in values]
    codes = sorted(set(path[0].outcome.run.books.world.people[ICB].drop_null().to_pylist()))
    errors = [
        (each, {code: cut_normal(0.0, 1.0, -2.0, 2.0, draws, generator) for code in codes}) for each in scenario.people
    ]
    years, felt = list[tuple[FigureRange, ...]](), set[int]()
    for place, known in enumerate(path):
        assumed = [each.in_year(place) for each in turned]
        groups = [_people(spread, known.outcome.run, known.figures, drawn) for spread, drawn in errors]
        figures, moved = _in_a_year(known.outcome, known.figures, assumed, groups, draws)
        felt |= {number for number, group in enumerate(groups) if group}
        years.append(figures)
    told = [_in_words(each.assumed) for each in turned] + [_says_people(errors[number][0]) for number in sorted(felt)]
    last = [(spread, drawn) for (spread, drawn), group in zip(errors, groups, strict=True) if group]
    off = _off(path, values, last, moved) if told else 0
    headed = zip(outcome.years, years, strict=False)
    return Ranges(
        years[-1], draws, scenario.seed, tuple(told), CHECKED if told else 0, off,
        tuple(YearRanges(each.rolled.year, each.rolled.heading, figures) for each, figures in headed),
        all_with(outcome.run.books.own),
    )  # fmt: skip


def _in_a_year(
    outcome: Outcome, central: Figures, assumed: Sequence[_Input], groups: Sequence[Sequence[_Input]], draws: int
) -> tuple[tuple[FigureRange, ...], Draws]:
    """Every figure of one year with its range; and how far the money moved is from its central value in each draw."""
    titles, read = _titles(outcome), _readings(outcome)
    inputs = [*assumed, *(each for group in groups for each in group)]
    names = [name for name, value in central.items() if value is not None and _defined(name, inputs)]
    apart = _estimates(names, central, inputs, draws)
    felt = [group for group in groups if group]
    ends = np.percentile(apart, (_FIVE, _NINETY_FIVE), axis=1, method="inverted_cdf").T
    figures = []
    for name, between in zip(names, ends, strict=True):
        middle = central[name] or Fraction(0)
        drivers = list(_drivers(name, middle, assumed, felt, read.get(name, {})))
        figures.append(_figure(name, titles[name], middle, between, drivers))
    figures += [_counted(name, central, names, apart) for name in (GAINING, LOSING)]
    return tuple(figures), apart[0]


def _known(outcome: Outcome, *, after: bool) -> _Known:
    """An answer that was told, with all its figures, its propositions among them."""
    before = _before(outcome.run.baseline)
    tests = {test.name: test.value for _, test in outcome.scorecard}
    return _Known(outcome, _figures(outcome.run, tests, after=after, before=before), before)


def _figures(
    done: Run, tests: Mapping[str, Fraction | None] | None = None, *, after: bool = False, before: _Start | None = None
) -> dict[str, Fraction | None]:
    """Every figure of a run, by its name.

    Args:
        tests: those of the propositions, where they are asked.
        after: whether amounts are told as they are after the steps too: over years they grow without any step.
        before: what all starts from, where it is worked out already.
    """
    old, new = done.baseline, done.position
    start, had = before or _before(old)
    end = measured(new, done.world)
    found: dict[str, Fraction | None] = {MOVED: Fraction(differs(old.position, new))}
    found |= {f"{each.name}_pence": Fraction(end[each.name] - start[each.name]) for each in QUANTITIES}
    if after:
        found |= {f"{each.name}{_AFTER}": Fraction(end[each.name]) for each in QUANTITIES}
    found |= tests or {}
    has = by_system(new, done.world)
    return found | {f"{_ICB}{code}": Fraction(has[code] - had[code]) for code in sorted(had.keys() & has.keys())}


def _before(start: Baseline) -> _Start:
    return measured(start.position, start.world), by_system(start.position, start.world)


def _at_both_ends(assumed: Assumption, path: Sequence[_Known]) -> list[tuple[Figures, Figures]]:
    """Every figure of each year with an assumption at its low and at its high."""
    written = path[0].outcome.run.written
    ends = [
        [each.figures for each in path]
        if end == assumed.value
        else _run_again(revalued(written, {assumed.name: end}), path)
        for end in (assumed.low, assumed.high)
    ]
    return list(zip(*ends, strict=True))


def _run_again(written: WrittenScenario, path: Sequence[_Known]) -> list[Figures]:
    """Every figure of each year with other values; a year that these do not reach is as it was."""
    found = []
    for known, books in zip(path, _books(written, path), strict=True):
        was = known.outcome.run
        if books is was.books and _steps_at_work(written, books) == _steps_at_work(was.written, books):
            found.append(known.figures)
            continue
        done = run(written, books, was if books is was.books else None)
        # Most assumptions leave what all starts from as it was.
        before = known.before if done.baseline.position is was.baseline.position else None
        tests = values_after(done.position, done.world)
        found.append(_figures(done, tests, after=len(path) > 1, before=before))
    return found


def _books(written: WrittenScenario, path: Sequence[_Known]) -> list[Baseline]:
    """What each year starts from with other values, which may be rates of growth."""
    scenario, runs = written.scenario, [each.outcome.run for each in path]
    if scenario.years is None or scenario.growth == runs[0].written.scenario.growth:
        return [each.books for each in runs]
    rolled = roll_forward(runs[0].books, scenario.years, scenario.growth, scenario.recurrence_not_known, written.name)
    return [runs[0].books, *(each.books for each in rolled[1:])]


def _steps_at_work(written: WrittenScenario, books: Baseline) -> list[tuple[int, Lever]]:
    """The steps that are done in a year: all that the values of assumptions can change in it, but for its books."""
    return [each for keys in (GIVEN, STEPS) for each in at_work(written, keys, books.world)]


def _drawn(assumed: Assumption, draws: int, generator: np.random.Generator) -> Draws:
    values = drawn(assumed.shape, *_ends_of(assumed), draws, generator)
    return np.rint(values) if _is_whole(assumed) else values


def _ends_of(assumed: Assumption) -> tuple[float, float, float]:
    low, middle, high = (float(number(each)) for each in (assumed.low, assumed.value, assumed.high))
    return low, middle, high


def _between(values: Draws, low: float, middle: float, high: float) -> Draws:
    """Where values lie: -1 is low, 0 the middle, 1 high."""
    below, above = (middle - low) or 1.0, (high - middle) or 1.0
    return np.where(values < middle, (values - middle) / below, (values - middle) / above)


def _is_whole(assumed: Assumption) -> bool:
    return all(isinstance(each, int) for each in (assumed.low, assumed.value, assumed.high))


def _people(spread: PeopleSpread, done: Run, central: Figures, errors: Mapping[str, Draws]) -> list[_Input]:
    """One input for each ICB: an error of its people of one standard deviation, and what the scenario does with it.

    Args:
        errors: ICB to its error in each draw, in standard deviations.
    """
    codes = [code for code in errors if code in done.books.world.population(ICB)]
    size, after = Fraction(spread.spread), f"{QUANTITIES[0].name}{_AFTER}" in central
    if not codes or (
        _figures(_with_people(done, spread, dict.fromkeys(codes[::2], size)), after=after).items() <= central.items()
    ):
        return []
    found = []
    for code in codes:
        high = _figures(_with_people(done, spread, {code: size}), after=after)
        low = {name: _mirrored(central[name], value) for name, value in high.items()}
        found.append(_Input(f"{spread.weighting} people", code, errors[code], low, high))
    return found


def _mirrored(central: Fraction | None, value: Fraction | None) -> Fraction | None:
    return None if central is None or value is None else 2 * central - value


def _with_people(done: Run, spread: PeopleSpread, errors: Mapping[str, Fraction]) -> Run:
    """The scenario with other people: ICB to the relative error of its people."""
    return run(done.written, _wrong(done.books, spread, errors))


def _wrong(books: Baseline, spread: PeopleSpread, errors: Mapping[str, Fraction]) -> Baseline:
    people = books.world.people
    factors = np.array([float(1 + errors.get(code, 0)) for code in people[ICB].to_pylist()])
    for name in WEIGHTINGS if spread.weighting == "registered" else (spread.weighting,):
        wrong = np.rint(people[name].to_numpy() * factors).astype(np.int64)
        people = people.set_column(people.schema.get_field_index(name), name, pa.array(wrong))
    return replace(books, world=books.world.changed(people=people))


def _defined(name: str, inputs: Sequence[_Input]) -> bool:
    """Whether a figure is defined at both ends of everything that is drawn."""
    return all(end.get(name, Fraction(0)) is not None for each in inputs for end in (each.low, each.high))


def _estimates(names: Sequence[str], central: Figures, inputs: Sequence[_Input], draws: int) -> NDArray[np.float64]:
    """How far each figure is from its central value in each draw: one row a figure, one column a draw."""
    if not inputs:
        return np.zeros((len(names), draws))
    weights = np.stack([np.maximum(sign * each.at, 0) for each in inputs for sign in (-1, 1)])
    effects = np.array(
        [[_apart(central[name], end.get(name)) for each in inputs for end in (each.low, each.high)] for name in names]
    )
    found: NDArray[np.float64] = effects @ weights
    return found


def _apart(central: Fraction | None, end: Fraction | None) -> float:
    """What an input does to a figure; nothing to one that is not worked out for it."""
    return 0.0 if central is None or end is None else float(end - central)


def _readings(outcome: Outcome) -> dict[str, dict[str, Fraction]]:
    """Figures that rest on how grades are read: name to the title of a reading to the figure.

    Of propositions, whose ranges the answer tells, those at both ends.
    """
    done = outcome.run
    found: dict[str, dict[str, Fraction]] = {}
    for reading in all_with(done.books.own):
        if reading is RECORDED:
            continue
        before, after = reading.read(done.baseline.position), reading.read(done.position)
        start, end = measured(before), measured(after)
        for each in QUANTITIES:
            told = found.setdefault(f"{each.name}_pence", {})
            told[reading.title] = Fraction(end[each.name] - start[each.name])
    if done.world.withdrawn is None:
        for _, test in outcome.scorecard:
            if test.over is not None:
                over = test.over
                ends = (over.lowest_by, over.lowest), (over.highest_by, over.highest)
                found[test.name] = {reading.title: Fraction(value) for reading, value in ends}
    return found


def _figure(
    name: str, titled: tuple[str, str], middle: Fraction, between: Draws, drivers: Sequence[Driver]
) -> FigureRange:
    """One figure with its range and its drivers, what moves it most first.

    Args:
        between: how far from the middle 5 and 95 of 100 draws are at most.
    """
    title, unit = titled
    grain = _GRAIN_PENCE if unit == PENCE else Fraction(1, _FINE)
    low, high = (Fraction(float(end)) for end in between)
    # Half a penny and less is what numbers with a point leave over.
    nothing = Fraction(1, 2) if unit == PENCE else Fraction(1, 10**12)
    lowest = 0 if low > -nothing else floor(low / grain) * grain
    highest = 0 if high < nothing else ceil(high / grain) * grain
    read = [value for each in drivers if each.name == READINGS for value in (each.low, each.high)]
    ranked = tuple(sorted(drivers, key=lambda each: (-each.swing, each.name)))
    return FigureRange(name, title, unit, middle, min([middle + lowest, *read]), max([middle + highest, *read]), ranked)


def _drivers(
    name: str,
    middle: Fraction,
    assumed: Sequence[_Input],
    groups: Sequence[Sequence[_Input]],
    read: Mapping[str, Fraction],
) -> Iterator[Driver]:
    """What moves a figure: assumptions at both their ends exactly, people by 90 of 100 draws, readings of grades."""
    for each in assumed:
        low, high = each.low.get(name), each.high.get(name)
        if low is not None and high is not None and (low != middle or high != middle):
            yield Driver(each.driver, each.says, low, high)
    for group in groups:
        effects = np.array([_apart(middle, each.high.get(name)) for each in group])
        if effects.any():
            sums = effects @ np.stack([each.at for each in group])
            ends = (round(float(np.percentile(sums, end, method="inverted_cdf"))) for end in (_FIVE, _NINETY_FIVE))
            low, high = (middle + end for end in ends)
            yield Driver(group[0].driver, "90 of 100 draws", low, high)
    if read and {*read.values()} != {middle}:
        least, most = min(read, key=lambda each: read[each]), max(read, key=lambda each: read[each])
        yield Driver(READINGS, f"{least}, {most}", min(middle, read[least]), max(middle, read[most]))


def _counted(name: str, central: Figures, names: Sequence[str], apart: NDArray[np.float64]) -> FigureRange:
    """How many ICBs gain, or lose, which is counted in each draw; nobody is named."""
    sign = 1 if name == GAINING else -1
    whose = [place for place, each in enumerate(names) if each.startswith(_ICB)]
    middles = [central[names[place]] or 0 for place in whose]
    # A change of less than a penny is none.
    changes = sign * (np.array([float(each) for each in middles])[:, None] + apart[whose])
    counts = (changes > 1).sum(axis=0) if whose else np.zeros(1)
    middle = Fraction(sum(sign * each > 0 for each in middles))
    low, high = (Fraction(int(np.percentile(counts, end, method="inverted_cdf"))) for end in (_FIVE, _NINETY_FIVE))
    title = "ICBs that gain" if name == GAINING else "ICBs that lose"
    return FigureRange(name, title, "count", middle, min(low, middle), max(high, middle), ())


def _titles(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """Every figure's name to its title and its unit."""
    world = outcome.run.baseline.world
    found = {MOVED: ("Money that stands elsewhere, or on other terms", PENCE)}
    found |= {f"{each.name}_pence": (f"{each.title}, change", PENCE) for each in QUANTITIES}
    found |= {f"{each.name}{_AFTER}": (f"{each.title}, after", PENCE) for each in QUANTITIES}
    found |= {test.name: (test.says, test.unit) for _, test in outcome.scorecard}
    return found | {
        f"{_ICB}{code}": (each.name, PENCE) for code, each in world.organisations.items() if each.tier == ICB
    }


def _off(
    path: Sequence[_Known],
    assumed: Sequence[tuple[Assumption, Draws]],
    people: Sequence[tuple[PeopleSpread, Mapping[str, Draws]]],
    estimated: Draws,
) -> int:
    """How far the money moved was estimated wrongly in the draws that are run in full, at most; in pence.

    Of several years the last is run.
    """
    furthest, middle = 0, int(path[-1].figures[MOVED] or 0)
    for place in range(CHECKED):
        turned = {each.name: _as_written(each, values[place]) for each, values in assumed}
        written = revalued(path[-1].outcome.run.written, turned)
        books = _books(written, path)[-1]
        for spread, errors in people:
            size = Fraction(spread.spread)
            books = _wrong(books, spread, {code: Fraction(at[place]) * size for code, at in errors.items()})
        full = run(written, books)
        wanted = differs(full.baseline.position, full.position)
        furthest = max(furthest, abs(wanted - middle - round(float(estimated[place]))))
    return furthest


def _as_written(assumed: Assumption, value: float) -> str | int:
    """A drawn value as a file writes it: money where any of the three is, for one may have been turned to a number."""
    if _is_whole(assumed):
        return round(value)
    if str(assumed.value).strip().endswith("%"):
        return f"{value * 100:.6f}%"
    three = (assumed.value, assumed.low, assumed.high)
    return f"£{value:.0f}" if any("£" in str(each) for each in three) else f"{value:.9f}"


def _in_words(assumed: Assumption) -> str:
    """A distribution in words."""
    name = assumed.name.replace("_", " ").replace("-", " ")
    how = {
        "uniform": "every value between alike",
        "triangular": f"a triangle with its peak at {assumed.value}",
        "pert": f"PERT with {assumed.value} as most likely",
        "normal": f"normal around {assumed.value}, cut at both ends, which are two standard deviations away",
    }
    return f"{name} from {assumed.low} to {assumed.high}: {how[assumed.shape]}"


def _says_people(spread: PeopleSpread) -> str:
    whose = spread.weighting.replace("_", " ")
    return (
        f"{whose} people of each ICB: an error of its own, normal with a standard deviation of "
        f"{float(spread.spread * 100):g}%, cut at two"
    )


def without_ranges(outcome: Outcome) -> Ranges:
    """Every figure as the scenario has it, before anybody asks between which values it lies."""
    central, titles = _known(outcome, after=bool(outcome.years)).figures, _titles(outcome)
    figures = [
        FigureRange(name, *titles[name], each, each, each, ()) for name, each in central.items() if each is not None
    ]
    whose = [name for name in central if name.startswith(_ICB)]
    # Of single values there is one draw, in which nothing is apart from what it is.
    counted = [_counted(name, central, whose, np.zeros((len(whose), 1))) for name in (GAINING, LOSING)]
    return Ranges(
        (*figures, *counted), 0, outcome.run.written.scenario.seed, (), 0, 0, (), all_with(outcome.run.books.own)
    )
