"""A scenario's whole answer, from Python: run it, measure it, bridge it; in words by ``paragraph``."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ledger.errors import Problem, Refused, refuse_any
from ledger.readings import GradeReading
from ledger.reports.measures import SCOPES, Measure, measures_as_read
from ledger.store.base import Reader
from ledger.words import NO_CHOICE
from scenarios import baseline
from scenarios.baseline import Baseline, position_hash
from scenarios.bridge import Bridges, bridges
from scenarios.change import condensed
from scenarios.engine import Run, refusals, run
from scenarios.files.scenario import WrittenScenario, read_scenario
from scenarios.files.variants import LIBRARY
from scenarios.gainers import View, views
from scenarios.lines import DISCRETION, FUND, LineChange, by_line
from scenarios.movements import ResourceMovement, movements
from scenarios.paragraph import along, paragraph
from scenarios.paths.roll import Rolled, roll_forward
from scenarios.propositions import propositions
from scenarios.scorecard import Test


@dataclass(frozen=True)
class Compared:
    """A measure before and after."""

    scope: str
    before: Measure
    after: Measure


@dataclass(frozen=True)
class YearOutcome:
    """One year of a scenario of several: what it starts from, and what the steps that are at work in it do."""

    rolled: Rolled
    outcome: "Outcome"


@dataclass(frozen=True)
class Outcome:
    """The answer to a scenario.

    Attributes:
        measures: every measure in both scopes, before and after.
        scorecard: the propositions before and after, in one order.
        views: who gains and who loses, by level.
        years: of a scenario of several years each with its own answer; the rest is then the answer of the last.
        movements: who has more or less of what, for which purpose.
        by_fund, by_discretion: every line that changes, and all money by whose decision it is.
        result_hash: SHA-256 of the new position.
    """

    run: Run
    measures: tuple[Compared, ...]
    scorecard: tuple[tuple[Test, Test], ...]
    bridges: Bridges
    views: tuple[View, ...]
    sentence: str
    result_hash: str
    by_fund: tuple[LineChange, ...] = ()
    by_discretion: tuple[LineChange, ...] = ()
    years: tuple[YearOutcome, ...] = ()
    movements: tuple[ResourceMovement, ...] = ()

    @property
    def directed_pence(self) -> int:
        """How much more is held at place or below on lines that national contracts direct, or that pass through."""
        return sum(line.local_change_pence for line in self.by_discretion if line.code in NO_CHOICE)


def work_out(reader: Reader, written: WrittenScenario, own: GradeReading | None = None) -> Outcome:
    """Run a scenario on the books that a reader reads.

    Args:
        own: somebody's own reading of grades, which ranges are over beside those that are shipped.

    Raises:
        Refused: the scenario cannot be run; with the place of each fault and a remedy.
    """
    return explore(written, replace(read_baseline(reader, written), own=own))


def work_out_all(reader: Reader, written: Sequence[WrittenScenario], own: GradeReading | None = None) -> list[Outcome]:
    """Run scenarios one after another; those that start from one position read it once.

    Args:
        own: as for ``work_out``.

    Raises:
        Refused: with the faults of all that cannot be run.
    """
    read: dict[tuple[object, ...], Baseline] = {}
    found, problems = [], list[Problem]()
    for each in written:
        start = each.scenario.baseline
        key = start.year, start.organisation, start.as_at, start.known_at
        try:
            if key not in read:
                read[key] = replace(read_baseline(reader, each), own=own)
            found.append(explore(each, read[key]))
        except Refused as refused:
            problems += refused.problems
    refuse_any(problems)
    return found


def read_baseline(reader: Reader, written: WrittenScenario) -> Baseline:
    """The position of the books that a scenario starts from.

    Raises:
        Refused: the year holds nothing, or the organisation is unknown.
    """
    start = written.scenario.baseline
    return baseline.read(
        reader, year=start.year, organisation=start.organisation, as_at=start.as_at, known_at=start.known_at
    )


def explore(written: WrittenScenario, books: Baseline) -> Outcome:
    """Run a scenario on any baseline, and measure what it does; of several years, year by year."""
    scenario = written.scenario
    if scenario.years is None:
        return _one_year(written, books)
    place = written.where(("recurrence_not_known",))
    with refusals(written.where(("growth",))):
        path = roll_forward(books, scenario.years, scenario.growth, scenario.recurrence_not_known, place)
    years = tuple(_year_of_several(written, rolled) for rolled in path)
    last = years[-1].outcome
    hashes = "".join(each.outcome.result_hash for each in years)
    return replace(
        last,
        years=years,
        sentence=f"{along([each.rolled for each in years])} {last.sentence}",
        result_hash=hashlib.sha256(hashes.encode()).hexdigest(),
    )


def _year_of_several(written: WrittenScenario, rolled: Rolled) -> YearOutcome:
    try:
        return YearOutcome(rolled, _one_year(written, rolled.books))
    except Refused as refused:
        # What cannot be done in one year may well be done in another: in a later one, money has fallen away.
        raise Refused([replace(each, where=f"{each.where}, in {rolled.year}") for each in refused.problems]) from None


def _one_year(written: WrittenScenario, books: Baseline) -> Outcome:
    done = run(written, books)
    before, after = done.baseline.position, done.position
    few_before, few_after = condensed(before), condensed(after)
    compared = tuple(
        Compared(scope, old, new)
        for scope in SCOPES
        for old, new in zip(
            measures_as_read(few_before, scope, also=books.own),
            measures_as_read(few_after, scope, also=books.own),
            strict=True,
        )
    )
    tests = propositions(before, after, done.baseline.world, done.world, books.own)
    bridged = bridges(done)
    gained = views(before, after, done.baseline.world, done.world)
    return Outcome(
        done, compared, tests, bridged, gained, paragraph(done, bridged, gained), position_hash(after),
        by_line(before, after, FUND), by_line(before, after, DISCRETION), (), movements(before, after, done.world),
    )  # fmt: skip


def library() -> dict[str, Path]:
    """Name to file of every scenario that the project ships."""
    return {path.stem: path for path in sorted(LIBRARY.glob("*.yaml"))}


def library_file(name: str) -> Path | None:
    """The file of a library scenario; None where the name is not one of them."""
    return library().get(name)


def find(name: str) -> WrittenScenario:
    """A scenario of the library by name, or one from a file.

    Raises:
        Refused: there is no such scenario, or its file has faults.
    """
    return read_scenario(library_file(name) or Path(name))
