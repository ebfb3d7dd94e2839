"""A scenario's whole answer, from Python: run it, measure it, bridge it, and put it in words."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from ledger.reports.measures import SCOPES, Measure, measures
from ledger.store.base import Reader
from scenarios import baseline
from scenarios.baseline import Baseline, position_hash
from scenarios.bridge import Bridges, bridges
from scenarios.engine import Run, run
from scenarios.gainers import Gain, View, views
from scenarios.scenario import Written, read_scenario
from scenarios.scorecard import Test, scorecard
from scenarios.sentence import paragraph
from scenarios.tidy import condensed

LIBRARY = Path(__file__).parent / "library"
FORMAT = 1


@dataclass(frozen=True)
class Compared:
    """A measure before and after."""

    scope: str
    before: Measure
    after: Measure


@dataclass(frozen=True)
class Outcome:
    """The answer to a scenario.

    Attributes:
        measures: every measure in both scopes, before and after.
        scorecard: the propositions before and after, in one order.
        views: who gains and who loses, by level.
        result_hash: SHA-256 of the new position.
    """

    run: Run
    measures: tuple[Compared, ...]
    scorecard: tuple[tuple[Test, Test], ...]
    bridges: Bridges
    views: tuple[View, ...]
    sentence: str
    result_hash: str


def work_out(reader: Reader, written: Written) -> Outcome:
    """Run a scenario on the books that a reader reads.

    Raises:
        Refused: the scenario cannot be run; with the place of each fault and a remedy.
    """
    return explore(written, read_baseline(reader, written))


def read_baseline(reader: Reader, written: Written) -> Baseline:
    """The position of the books that a scenario starts from.

    Raises:
        Refused: the year holds nothing, or the organisation is unknown.
    """
    start = written.scenario.baseline
    return baseline.read(
        reader, year=start.year, organisation=start.organisation, as_at=start.as_at, known_at=start.known_at
    )


def explore(written: Written, books: Baseline) -> Outcome:
    """Run a scenario on any baseline, and measure what it does."""
    done = run(written, books)
    before, after = done.baseline.position, done.position
    few_before, few_after = condensed(before), condensed(after)
    compared = tuple(
        Compared(scope, old, new)
        for scope in SCOPES
        for old, new in zip(measures(few_before, scope), measures(few_after, scope), strict=True)
    )
    tests = tuple(zip(scorecard(before, done.baseline.world), scorecard(after, done.world), strict=True))
    bridged = bridges(done)
    gained = views(before, after, done.baseline.world, done.world)
    return Outcome(done, compared, tests, bridged, gained, paragraph(done, bridged, gained), position_hash(after))


def library() -> dict[str, Path]:
    """Name to file of every scenario that the project ships."""
    return {path.stem: path for path in sorted(LIBRARY.glob("*.yaml"))}


def library_file(name: str) -> Path | None:
    """The file of a library scenario; None where the name is not one of them."""
    return library().get(name)


def find(name: str) -> Written:
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
        "measures": [_measure(each) for each in outcome.measures],
        "scorecard": [_tests(before, after) for before, after in outcome.scorecard],
        "bridges": [
            {
                "quantity": bridge.quantity.name,
                "title": bridge.quantity.title,
                "before_pence": bridge.before_pence,
                "steps": [
                    {"step": bar.step, "lever": bar.lever, "effect_pence": bar.effect_pence, "alone": bar.alone}
                    for bar in bridge.bars
                ],
                "interaction_pence": bridge.interaction_pence,
                "after_pence": bridge.after_pence,
            }
            for bridge in outcome.bridges.bridges
        ],
        "order": {
            "matters": outcome.bridges.order_matters,
            "pairs": [
                {"first": pair.first, "second": pair.second, "differs_pence": pair.differs_pence}
                for pair in outcome.bridges.pairs
            ],
        },
        "gainers": [_view(view) for view in outcome.views],
        "assumptions": [assumption.model_dump(mode="json") for assumption in scenario.assumptions],
    }


def json_text(outcome: Outcome) -> str:
    """The document as JSON, the same bytes each time."""
    return json.dumps(document(outcome), default=plain, ensure_ascii=False, indent=1) + "\n"


def plain(value: Any) -> Any:
    """What JSON has no word for: exact fractions as the nearest number, days as text."""
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")


def document_hash(found: Mapping[str, Any]) -> str:
    """SHA-256 over a document, for a result that was printed."""
    text = json.dumps(found, default=plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _step(step: Any) -> dict[str, Any]:
    return {
        "step": step.number,
        "lever": step.lever.lever_name(),
        "why": step.lever.why,
        "says": step.change.says,
        "moved_pence": step.change.moved_pence,
        "added_pence": step.change.added_pence,
        "details": dict(step.change.details),
    }


def _measure(each: Compared) -> dict[str, Any]:
    suffix = "_pence" if each.before.unit == "pence" else ""
    return {
        "scope": each.scope,
        "measure": each.before.name,
        "title": each.before.title,
        "unit": each.before.unit,
        f"before{suffix}": each.before.value,
        f"after{suffix}": each.after.value,
        "definition": each.before.definition,
        "note": each.after.note,
    }


def _tests(before: Test, after: Test) -> dict[str, Any]:
    return {
        "test": before.name,
        "says": before.says,
        "formula": before.formula,
        "unit": before.unit,
        "better": before.better,
        "before": before.value,
        "after": after.value,
        "moves": before.moves,
        "note": after.note,
    }


def _view(view: View) -> dict[str, Any]:
    return {
        "level": view.level,
        "title": view.title,
        "same": view.same,
        "changes": [_gain(gain) for gain in view.gains],
        "began": [_gain(gain) for gain in view.began],
        "ended": [_gain(gain) for gain in view.ended],
        "deprivation": view.basis,
        "fifths": [
            {
                "fifth": each.fifth,
                "organisations": each.organisations,
                "change_pence": each.change_pence,
                "per_head_pence": each.per_head_pence,
            }
            for each in view.fifths
        ],
    }


def _gain(gain: Gain) -> dict[str, Any]:
    return {
        "organisation": gain.code,
        "name": gain.name,
        "before_pence": gain.before_pence,
        "after_pence": gain.after_pence,
        "change_pence": gain.change_pence,
        "change": gain.change,
        "per_head_pence": gain.per_head_pence,
    }
