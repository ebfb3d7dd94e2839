"""A scenario's whole answer as plain data: what commands print, what is saved, and what a printed result is held to."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from ledger.attributes import picked
from ledger.readings import all_with
from ledger.reports.measures import PAYERS_VIEW, ends
from scenarios.gainers import Gain, View
from scenarios.outcome import Compared, Outcome, YearOutcome
from scenarios.ranges import PENCE, FigureRange, Ranges
from scenarios.scorecard import Test

FORMAT = 1


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


def ranges_document(ranges: Ranges) -> dict[str, Any]:
    """The ranges as plain data: money in whole pence. Ends of a range are estimates; the tornado's are exact."""
    return {
        "draws": ranges.draws,
        "seed": ranges.seed,
        "generator": f"PCG64 of NumPy {np.__version__}",
        "rests_on": list(ranges.rests_on),
        "readings": [each.name for each in ranges.readings],
        "run_in_full": ranges.checked,
        "estimate_off_pence": ranges.off_pence,
        "figures": [_figure(each) for each in ranges.figures],
        **(
            {"years": [{"year": str(one.year), "figures": list(map(_figure, one.figures))} for one in ranges.years]}
            if ranges.years
            else {}
        ),
    }


def _figure(figure: FigureRange) -> dict[str, Any]:
    suffix = "_pence" if figure.unit == PENCE else ""

    def told(value: Fraction) -> int | Fraction:
        return int(value) if suffix else value

    return {
        "figure": figure.name,
        "title": figure.title,
        "unit": figure.unit,
        f"central{suffix}": told(figure.central),
        f"low{suffix}": told(figure.low),
        f"high{suffix}": told(figure.high),
        "tornado": [
            {"driver": each.name, "ends": each.says, f"at_low{suffix}": told(each.low),
             f"at_high{suffix}": told(each.high)}
            for each in figure.drivers
        ],
    }  # fmt: skip
