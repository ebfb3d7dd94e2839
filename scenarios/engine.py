"""Running a scenario: from a baseline, step by step, to a new position. Nothing here can write the books."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from allocations.reading.strict_yaml import Path_
from ledger.errors import Problem, Refused, refuse_any
from ledger.money import spoken
from ledger.reports.position import SOURCE
from ledger.words import RING_FENCED
from scenarios.baseline import Baseline, baseline_of
from scenarios.change import Change, held, tidied, total
from scenarios.fields import CannotApply
from scenarios.files.expressions import with_proceeds
from scenarios.files.scenario import WrittenScenario
from scenarios.levers.base import Lever
from scenarios.world import ICB, World

# Where steps stand in a file.
GIVEN: Path_ = ("baseline", "given")
STEPS: Path_ = ("steps",)
# What a step is judged by.
_JUDGED = ["fund", "fund_name", "resource", "year", "standing", "grade", "amount_pence"]


@dataclass(frozen=True)
class Done:
    """One step, done.

    Attributes:
        number: its place in the file, from 1.
        place: where it stands in the file, for messages.
    """

    number: int
    lever: Lever
    place: str
    change: Change


@dataclass(frozen=True)
class Run:
    """A scenario, run.

    Attributes:
        books: the position that the books hold.
        baseline: the same with what the scenario takes as given: what all is compared with.
        position: the position after the last step, tidy.
        world: the structure after the last step.
    """

    written: WrittenScenario
    books: Baseline
    given: tuple[Done, ...]
    baseline: Baseline
    done: tuple[Done, ...]
    position: pa.Table
    world: World


def run(written: WrittenScenario, books: Baseline, like: Run | None = None) -> Run:
    """Run every step, all or nothing.

    Args:
        like: the same scenario on the same books, run with other values of its assumptions: the steps before the first
            that these change are not done again.

    Raises:
        Refused: a step cannot be done; with its line in the file and a remedy. Names that do not exist are
            all listed, before anything runs.
    """
    scenario = written.scenario
    world = books.world.changed(
        given={name: measured.fractions() for name, measured in scenario.measures.items()},
        segments=_segments(written, books.world),
        segment_counts=_segment_counts(written, books.world),
        seed=scenario.seed,
        scope=books.organisation,
    )
    _check(written, world)
    given = tuple(_steps(written, GIVEN, books.position, world, like.given if like else ()))
    if like is not None and list(map(id, given)) == list(map(id, like.given)):
        world, start = like.baseline.world, like.baseline
    elif given:
        world = given[-1].change.world
        start = baseline_of(given[-1].change.position, world, books.organisation, books.at)
    else:
        start = replace(books, world=world)
    known = like.done if like is not None and start is like.baseline else ()
    done = tuple(_steps(written, STEPS, start.position, world, known))
    if not done:  # in this year of several no step is at work
        return Run(written, books, given, start, done, start.position, start.world)
    last = done[-1].change
    written = _told_of_proceeds(written, done)
    return Run(written, books, given, start, done, tidied(last.position), last.world)


def _told_of_proceeds(written: WrittenScenario, done: Sequence[Done]) -> WrittenScenario:
    """The same with what its steps freed in the sentences of its head that ask for it."""
    freed = {each.number: _freed(each.change) for each in done}
    said = {name: getattr(written.scenario, name) for name in ("title", "question", "decision")}
    told = {name: text and with_proceeds(text, freed) for name, text in said.items()}
    return written if told == said else replace(written, scenario=written.scenario.model_copy(update=told))


def _freed(change: Change) -> int:
    return -min(change.added_pence, 0)


def apply(lever: Lever, position: pa.Table, world: World, place: str = "the step") -> Change:
    """One step, with what must hold of every step.

    Raises:
        Refused: the step cannot be done, or it would take money out of a ring-fence without saying so.
    """
    with refusals(place):
        change = lever.apply(position, world)
    before, after = (held(table.select(_JUDGED)) for table in (position, change.position))
    _hold_to_promises(lever, position, (before, after), change)
    if change.added_pence == 0:
        _refuse_mixing(before, after, place)
    if not change.frees:
        problems = _ring_fence_problems(before, after, change.added_pence, place)
        refuse_any(problems)
    return _with_origins(change)


def _with_origins(change: Change) -> Change:
    """The change with a world that knows which ICB gave, or got back, what those in several ICBs have."""
    world, several = change.world, change.world.in_several()
    if change.moves is None or not several:
        return change
    names = pa.array(sorted(several), pa.string())
    givers, receivers = (table["organisation"] for table in change.moves)
    touched = pc.and_(pc.not_equal(givers, receivers), pc.or_(*(pc.is_in(each, names) for each in (givers, receivers))))
    pairs = [column.filter(touched).to_pylist() for column in (givers, receivers, change.moves.arrived["amount_pence"])]
    found = {code: dict(parts) for code, parts in world.came_from.items()}
    for giver, receiver, pence in zip(*pairs, strict=True):
        for code, other, moved in ((receiver, giver, pence), (giver, receiver, -pence)):
            icbs = world.systems().get(other, {})
            if code in several and len(icbs) == 1:
                own, icb = found.setdefault(code, {}), next(iter(icbs))
                own[icb] = own.get(icb, 0) + moved
    return change if found == world.came_from else replace(change, world=world.changed(came_from=found))


@contextmanager
def refusals(place: str) -> Iterator[None]:
    """What a step cannot do as a problem with its place in the file."""
    try:
        yield
    except CannotApply as error:
        where = f"{place}.{error.key}" if error.key else place
        raise Refused([Problem(where, error.found, error.why, error.fix)]) from error


def _refuse_mixing(before: pa.Table, after: pa.Table, place: str) -> None:
    """Capital is a resource of its own: no step that moves money makes revenue of it, or it of revenue."""
    capital = [total(table.filter(pc.equal(table["resource"], "capital"))) for table in (before, after)]
    if capital[0] != capital[1]:
        words = ("revenue of", "capital") if capital[1] < capital[0] else ("capital of", "revenue")
        raise Refused(
            [
                Problem(
                    place,
                    f"it makes {words[0]} {spoken(abs(capital[1] - capital[0]))} of {words[1]}.",
                    "Capital and revenue have limits of their own, which Parliament votes apart.",
                    "Choose funds of one resource, or take the one away and add the other as new money.",
                )
            ]
        )


def _ring_fence_problems(before: pa.Table, after: pa.Table, added_pence: int, place: str) -> list[Problem]:
    """Hard and statutory ring-fenced money that a step takes out of its fund.

    Money that leaves the position altogether went back to whoever gave it, and has not left its purpose.
    """
    fenced = before.filter(pc.is_in(before["grade"], value_set=pa.array(RING_FENCED, pa.string())))
    if not fenced.num_rows:
        return []
    now = _by_fund(after)
    returned = -min(added_pence, 0)
    found = []
    for (fund, year, name), pence in sorted(_by_fund(fenced).items()):
        missing = pence - now.get((fund, year, name), 0) - returned
        if missing > 0:
            found.append(
                Problem(
                    place,
                    f"it takes {spoken(missing)} out of {name}, which is ring-fenced.",
                    "Ring-fenced money leaves its fund only by a step that says so.",
                    "Put a release step before it, or name the 'authority' that allows it in this step.",
                )
            )
    return found


def _by_fund(table: pa.Table) -> dict[tuple[str, int, str], int]:
    summed = table.group_by(["fund", "year", "fund_name"], use_threads=False).aggregate([("amount_pence", "sum")])
    keys = zip(*(summed[name].to_pylist() for name in ("fund", "year", "fund_name")), strict=True)
    return dict(zip(keys, summed["amount_pence_sum"].to_pylist(), strict=True))


def _hold_to_promises(lever: Lever, position: pa.Table, sums: tuple[pa.Table, pa.Table], change: Change) -> None:
    """What no file can bring about: a lever that loses money, or says another sum than it added."""
    before, after = sums
    added = total(after) - total(before)
    assert added == change.added_pence, f"{type(lever).__name__} added {added}, and says {change.added_pence}"
    assert added == 0 or not lever.conserves, f"{type(lever).__name__} does not conserve money"
    sources = pc.any(pc.equal(position["standing"], SOURCE)).as_py()
    assert not sources or total(change.position) == total(position), f"{type(lever).__name__} leaves a gap"
    least = pc.min(after["amount_pence"]).as_py()
    assert least is None or least >= min(0, pc.min(before["amount_pence"]).as_py() or 0)


def _steps(
    written: WrittenScenario, keys: Path_, position: pa.Table, world: World, known: Sequence[Done] = ()
) -> Iterable[Done]:
    """Each step, done; as it is ``known`` where it and all before it are those of an earlier run."""
    freed, as_before = dict[int, int](), list(known)
    for index, asked in at_work(written, keys, world):
        place = written.where((*keys, index))
        with refusals(f"{place} ({asked.lever_name()})"):
            lever = asked.resting_on(freed)
        if (why := with_proceeds(lever.why, freed)) != lever.why:
            lever = lever.model_copy(update={"why": why})
        done = as_before.pop(0) if as_before else None
        if done is None or (done.number, done.lever) != (index + 1, lever):
            as_before = []
            done = Done(index + 1, lever, place, apply(lever, position, world, f"{place} ({lever.lever_name()})"))
        freed[index + 1] = _freed(done.change)
        yield done
        position, world = done.change.position, done.change.world


def at_work(written: WrittenScenario, keys: Path_, world: World) -> Iterator[tuple[int, Lever]]:
    """The steps that are done in the year of the world, each with its place from 0: all where there is one year."""
    scenario = written.scenario
    for index, asked in enumerate(scenario.baseline.given if keys == GIVEN else scenario.steps):
        if not scenario.years:
            yield index, asked
            continue
        with refusals(f"{written.where((*keys, index))} ({asked.lever_name()})"):
            lever = asked.at_work(world.year, scenario.years[0])
        if lever is not None:
            yield index, lever


def _check(written: WrittenScenario, world: World) -> None:
    """Every name in every step, before anything runs."""
    problems = []
    made = world
    for keys in (GIVEN, STEPS):
        for index, lever in at_work(written, keys, world):
            try:
                lever.check(made)
            except CannotApply as error:
                at = (*keys, index, error.key) if error.key else (*keys, index)
                problems.append(Problem(written.where(at), error.found, error.why, error.fix))
            made = lever.foretell(made)
    refuse_any(problems)


def _segments(written: WrittenScenario, world: World) -> dict[str, int]:
    """The oversight segment of every ICB, as the file gives them."""
    segments = written.scenario.segments
    if segments is None:
        return {}
    icbs = {code for code, each in world.organisations.items() if each.tier == "icb"}
    unknown = sorted(set(segments.values) - icbs)
    if unknown:
        raise Refused(
            [
                Problem(
                    written.where(("segments", "values", code)),
                    f"there is no ICB '{code}'.",
                    "Its segment would count for nobody.",
                    "Correct the code.",
                )
                for code in unknown
            ]
        )
    otherwise = {} if segments.otherwise is None else dict.fromkeys(icbs, segments.otherwise)
    return {**otherwise, **segments.values}


def _segment_counts(written: WrittenScenario, world: World) -> dict[int, int]:
    """How many ICBs are in each segment, all of them counted; empty where the file does not say."""
    segments = written.scenario.segments
    if segments is None or not segments.counts:
        return {}
    icbs = len(world.population(ICB))
    counted = sum(segments.counts.values())
    if counted != icbs:
        raise Refused(
            [
                Problem(
                    written.where(("segments", "counts")),
                    f"they count {counted} ICBs, and there are {icbs}.",
                    "Every ICB is in one segment.",
                    "Correct the counts, or take a baseline with as many ICBs.",
                )
            ]
        )
    return dict(segments.counts)
