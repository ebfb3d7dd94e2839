"""A scenario's whole answer, from Python: run it, measure it, bridge it, and put it in words."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ledger.attributes import picked
from ledger.errors import Problem, Refused, refuse_any
from ledger.money import spoken
from ledger.readings import GradeReading, all_with
from ledger.reports.measures import PAYERS_VIEW, SCOPES, Measure, ends, measures_as_read
from ledger.reports.summary import percent
from ledger.store.base import Reader
from ledger.words import NO_CHOICE
from ledger.years import FinancialYear
from scenarios import baseline
from scenarios.baseline import Baseline, position_hash
from scenarios.bridge import Bridge, Bridges, bridges
from scenarios.change import condensed, held, total
from scenarios.engine import Run, refusals, run
from scenarios.files.scenario import WrittenScenario, read_scenario
from scenarios.files.variants import LIBRARY
from scenarios.gainers import Fifth, Gain, View, views
from scenarios.lines import DISCRETION, FUND, LineChange, by_line
from scenarios.movements import ResourceMovement, movements
from scenarios.paths.roll import Rolled, roll_forward
from scenarios.propositions import propositions
from scenarios.scorecard import Test

FORMAT = 1


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
        sentence=f"{along(years)} {last.sentence}",
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


def document(outcome: Outcome) -> dict[str, Any]:
    """Everything that the paragraph rests on, as plain data: money in whole pence, shares exact."""
    done, scenario = outcome.run, outcome.run.written.scenario
    at = done.books.at
    return {
        "format": FORMAT,
        "title": scenario.title,
        "question": scenario.question,
        "changed_from_library": [
            {"what": each.what, "library": each.values[0], "here": each.values[1]} for each in done.written.changes
        ],
        "scenario": scenario.content(),
        "hashes": {
            "scenario": scenario.content_hash(),
            "baseline": done.books.content_hash,
            "result": outcome.result_hash,
        },
        "head": None if at is None else at.head,
        "organisation": done.books.organisation,
        "sentence": outcome.sentence,
        "given": [_step(step) for step in done.given],
        "steps": [_step(step) for step in done.done],
        **({"years": [_year(each) for each in outcome.years]} if outcome.years else {}),
        "readings": [each.name for each in all_with(done.books.own)],
        "measures_are": PAYERS_VIEW,
        "measures": [_measure(each) for each in outcome.measures],
        "scorecard": [_tests(before, after) for before, after in outcome.scorecard],
        "bridges": [
            {
                "quantity": bridge.quantity.name,
                "title": bridge.quantity.title,
                "before_pence": bridge.before_pence,
                "steps": [picked(bar, "step", "lever", "effect_pence", "alone") for bar in bridge.bars],
                **picked(bridge, "interaction_pence", "after_pence"),
            }
            for bridge in outcome.bridges.bridges
        ],
        "order": {
            "matters": outcome.bridges.order_matters,
            "pairs": [picked(pair, "first", "second", "differs_pence") for pair in outcome.bridges.pairs],
        },
        "gainers": [_view(view) for view in outcome.views],
        "by_fund": [vars(line) for line in outcome.by_fund],
        "by_discretion": [vars(line) for line in outcome.by_discretion],
        "movements": [vars(each) for each in outcome.movements],
        "assumptions": [
            assumption.model_dump(mode="json", exclude_defaults=True) for assumption in scenario.assumptions
        ],
    }


def plain(value: Any) -> Any:
    """What JSON has no word for: exact fractions as the nearest number, days as text."""
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def document_hash(answer: Mapping[str, Any]) -> str:
    """SHA-256 over a document, for a result that was printed."""
    text = json.dumps(answer, default=plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _year(year: YearOutcome) -> dict[str, Any]:
    """A year of several: how well it is known, what became of the money since the year before, and its own answer."""
    rolled, answer = year.rolled, document(year.outcome)
    return {
        "year": str(rolled.year),
        "known": rolled.certainty_in_words,
        "certainty": rolled.certainty,
        **{f"{word}_pence": pence for word, pence in rolled.standing.items()},
        **picked(rolled, "held_pence", "grew_pence", "fell_away_pence"),
        "fell_away": [{"fund": name, "amount_pence": pence} for name, pence in rolled.fell_away],
        "recurrence_not_known_pence": rolled.not_known_pence,
        "no_rate_pence": rolled.no_rate_pence,
        **{name: answer[name] for name in ("hashes", "sentence", *_OF_A_YEAR)},
    }


# What a year of several says of itself; the rest is the same in all.
_OF_A_YEAR = ("given", "steps", "measures", "scorecard", "bridges", "gainers", "by_fund", "by_discretion", "movements")


def _step(step: Any) -> dict[str, Any]:
    return {
        "step": step.number,
        "lever": step.lever.lever_name(),
        "why": step.lever.why,
        **picked(step.change, "says", "moved_pence", "added_pence"),
        "details": dict(step.change.details),
    }


def _measure(compared: Compared) -> dict[str, Any]:
    suffix = "_pence" if compared.before.unit == "pence" else ""
    return {
        "scope": compared.scope,
        "measure": compared.before.name,
        "title": compared.before.title,
        "unit": compared.before.unit,
        f"before{suffix}": compared.before.value,
        f"after{suffix}": compared.after.value,
        **ends("before", compared.before.over, suffix),
        **ends("after", compared.after.over, suffix),
        "definition": compared.before.definition,
        "note": compared.after.note,
    }


def _tests(before: Test, after: Test) -> dict[str, Any]:
    return {
        "test": before.name,
        **picked(before, "says", "formula", "numerator", "denominator", "unit", "better"),
        "before": before.value,
        "after": after.value,
        **ends("before", before.over),
        **ends("after", after.over),
        "moves": before.moves,
        "note": after.note,
    }


def _view(view: View) -> dict[str, Any]:
    decided = () if view.of_money else ("decided_per_head_pence", "not_known_per_head_pence")
    return {
        **picked(view, "level", "title", "of_money", "same"),
        "changes": [_gain(gain) | _decision(view, gain) for gain in view.gains],
        "began": [_gain(gain) for gain in view.began],
        "ended": [_gain(gain) for gain in view.ended],
        "deprivation": view.basis,
        "fifths": [
            picked(each, "fifth", "organisations", "change_pence", "per_head_pence", *decided) for each in view.fifths
        ],
    }


def _gain(gain: Gain) -> dict[str, Any]:
    figures = picked(gain, "name", "before_pence", "after_pence", "change_pence", "change", "per_head_pence")
    return {"organisation": gain.code, **figures}


def _decision(view: View, gain: Gain) -> dict[str, int]:
    """Over how much of its change a holder decides, where nobody has more money and that alone is asked."""
    return {} if view.of_money else picked(gain, "decided_pence", "not_known_pence")


_QUANTITY_WORDS = {
    "held": "The money held in all",
    "by_population": "Money allocated by formula",
    "free": "Money free of conditions",
    "ring_fenced": "Ring-fenced money",
    "local": "Money decided at place or below",
    "local_and_free": "Money both local and free",
    "kept_without_agreement": "Money kept without agreement",
    "known_before": "Money known before the year starts",
    "front_line": "Money left for the front line, after bids, returns and administration,",
}


def paragraph(run: Run, bridges: Bridges, views: Sequence[View]) -> str:
    """What the scenario does, whom it touches, and how sure that is."""
    said = [_start(run), *(f"Step {done.number} {done.change.says}." for done in run.done)]
    said += _what_changes(bridges)
    said += [sentence for view in views if (sentence := _who(view))]
    said.append(_order(bridges, len(run.done)))
    said.append(_assumptions(run.written))
    return " ".join(sentence for sentence in said if sentence)


def along(years: Sequence[YearOutcome]) -> str:
    """What becomes of the money over the years without any step, and that the last of them is told."""
    first, last = years[0].rolled, years[-1].rolled
    gone = sum(each.rolled.fell_away_pence for each in years)
    said = f"Over {len(years)} years, {first.year} to {last.year}: {spoken(gone)} falls away because it does not recur"
    if last.not_known_pence or first.not_known_pence:
        said += f", and of {spoken(max(each.rolled.not_known_pence for each in years))} nobody knows whether it does"
    return f"{said}. This is the last year; the others have a column each."


def _start(run: Run) -> str:
    code = run.baseline.organisation
    scope = "England" if code is None else run.baseline.world.organisations[code].name
    # Of all that is cut nothing is left that has a year.
    there = run.position if run.position.num_rows else run.baseline.position
    years = sorted({FinancialYear(year) for year in there["year"].to_pylist()})
    whole = total(held(run.baseline.position))
    known = f" ({run.books.standing})" if run.books.standing else ""
    start = f"{scope} holds {spoken(whole)} in {' and '.join(map(str, years))}{known}."
    if run.given:
        start += f" Taken as given, though the books do not hold it: {'; '.join(d.change.says for d in run.given)}."
    return start


def _what_changes(bridges: Bridges) -> list[str]:
    changed = [bridge for bridge in bridges.bridges if bridge.before_pence != bridge.after_pence]
    if not changed:
        return ["No headline amount changes."]
    return [_from_to(bridge) for bridge in changed]


def _from_to(bridge: Bridge) -> str:
    moved = bridge.after_pence - bridge.before_pence
    way = "rises" if moved > 0 else "falls"
    start, end = spoken(bridge.before_pence), spoken(bridge.after_pence)
    ends = f" on {start}" if start == end else f", from {start} to {end}"
    return f"{_QUANTITY_WORDS[bridge.quantity.name]} {way} by {spoken(abs(moved))}{ends}."


def _who(view: View) -> str:
    """Who gains and who loses most at a level, and whether it goes to the more deprived."""
    if view.has_new_bounds:
        return f"{view.title}: {len(view.began)} come to be and {len(view.ended)} end, {len(view.gains)} others change."
    if not view.gains:
        return ""
    gainers = [gain for gain in view.gains if gain.change_pence > 0]
    losers = [gain for gain in view.gains if gain.change_pence < 0]
    most, least = ("gains most", "loses most") if view.of_money else ("most of all", "least of all")
    told = [" and ".join(view.counts)]
    for those, word in ((gainers[:1], most), (losers[-1:], least)):
        told += [f"{one.name} {word} ({_change(one)}{of_it(view, one)})" for one in those]
    sentence = f"{view.title}: {'; '.join(told)}."
    # Where neither gains a penny a head there is nothing to tell of them.
    ends = [each.per_head_pence for each in (*view.fifths[:1], *view.fifths[-1:])]
    if None not in ends and any(ends):
        first, last = (_a_head(view, fifth) for fifth in (view.fifths[0], view.fifths[-1]))
        sentence += f" Of people, the most deprived fifth {first}, the least deprived {last}."
    return sentence


def _a_head(view: View, fifth: Fifth) -> str:
    pence = fifth.per_head_pence or 0
    amount = f"{spoken(abs(pence))} a head"
    if not pence:
        return "has what it had" if view.of_money else "would hold what it has"
    if view.of_money:
        return f"{'gains' if pence >= 0 else 'loses'} {amount}"
    way = "more" if pence >= 0 else "less"
    if view.is_all_decided:
        return f"would decide over {amount} {way}"
    decided = _decided(pence, fifth.decided_per_head_pence or 0, fifth.not_known_per_head_pence or 0)
    return f"would hold {amount} {way} and {decided}"


def of_it(view: View, gain: Gain) -> str:
    """Over what of its change a holder would decide, to follow the change; empty where that is all of it."""
    if view.of_money or view.is_all_decided:
        return ""
    return f"; it would {_decided(gain.change_pence, gain.decided_pence, gain.not_known_pence)}"


def _decided(held: int, decided: int, not_known: int) -> str:
    """What whoever holds so much more or less decides over, in pence, after 'would'."""
    if not_known == held:
        return "decide over what of it is not known"
    if decided == held:
        told = "decide over all of it"
    elif not decided:
        told = "decide over none of it"
    elif 0 < Fraction(decided, held or 1) < 1:
        told = f"decide over {spoken(abs(decided))} of it"
    else:
        told = f"decide over {spoken(abs(decided))} {'more' if decided > 0 else 'less'}"
    return f"{told}, and of {spoken(abs(not_known))} that is not known" if not_known else told


def _change(gain: Gain) -> str:
    # A part too small to show to one decimal is not shown.
    part = gain.change
    shown = "" if part is None or abs(part) < Fraction(1, 2000) else f", {percent(abs(part))}"
    return spoken(abs(gain.change_pence)) + shown


def _order(bridges: Bridges, steps: int) -> str:
    if steps == 1:
        return ""
    if not bridges.order_matters:
        return "The order of the steps does not matter: any two may change places."
    told = [
        f"{pair.first} and {pair.second}"
        + (" (only one order can be done)" if pair.differs_pence is None else f" ({spoken(pair.differs_pence)})")
        for pair in bridges.pairs
    ]
    return f"The order of steps matters: {', '.join(told)}."


def _assumptions(written: WrittenScenario) -> str:
    """How many assumptions it rests on, and which are weak or weigh most. Brought figures count too.

    What no step uses works nothing out: it is named as such, and is not among those to look at.
    """
    scenario, used = written.scenario, written.used
    idle = [each.name for each in scenario.assumptions if used is not None and each.name not in used]
    made = [(each.name, "red" in (each.quality, each.impact)) for each in scenario.assumptions if each.name not in idle]
    made += [(f"the measure {name}", each.quality == "red") for name, each in scenario.measures.items()]
    if scenario.segments is not None:
        made.append(("the oversight segments", scenario.segments.quality == "red"))
    aside = f" No figure of a step uses {', '.join(idle)}." if idle else ""
    if not made:
        return f"It rests on no assumption but its steps.{aside}"
    weak = [name for name, look in made if look]
    told = f"It rests on {'1 assumption' if len(made) == 1 else f'{len(made)} assumptions'}"
    return f"{told}; look first at {', '.join(weak)}.{aside}" if weak else f"{told}.{aside}"
