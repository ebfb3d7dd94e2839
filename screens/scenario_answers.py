"""What the scenario commands answer, for people and for programs."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ledger.money import spoken
from ledger.picture import percent
from scenarios.outcome import Outcome, document
from screens.answers import about
from screens.terminal import Answer


def of_outcome(outcome: Outcome, *, ledger: str, as_json: bool) -> Answer:
    """A scenario's answer: for people the paragraph and the tests that changed, for programs everything."""
    found = document(outcome)
    at = outcome.run.books.at
    if as_json:
        rows = found.pop("measures")
        return Answer("scenario run", ledger, rows, at, extra=found)
    rows = [
        {
            "Proposition": before.says,
            "Before": value_text(before.value, before.unit),
            "After": value_text(after.value, after.unit),
            "Better": before.better,
        }
        for before, after in outcome.scorecard
    ]
    clocks = [] if at is None else about(at)
    hashes = found["hashes"]
    return Answer(
        "scenario run",
        ledger,
        rows,
        at,
        title=f"{found['title']}\n{found['question']}\n\n{outcome.sentence}\n",
        after=[
            *_bridge_lines(found),
            "The books have not changed. Add --json for every measure, every bridge and everybody's gain or loss.",
            f"Scenario {hashes['scenario'][:16]}, baseline {hashes['baseline'][:16]}, result {hashes['result'][:16]}.",
            *clocks,
        ],
    )


def value_text(value: Fraction | float | None, unit: str) -> str:
    """A value as people write it."""
    if value is None:
        return "not available"
    if unit == "share" and isinstance(value, Fraction):
        return percent(value)
    if unit == "pence":
        return spoken(int(value))
    return f"{float(value):,.0f}" if unit == "count" else f"{float(value):,.4g}"


def _bridge_lines(found: Mapping[str, Any]) -> list[str]:
    """Each bridge that moves, in a line that adds up."""
    lines = []
    for bridge in found["bridges"]:
        if bridge["before_pence"] != bridge["after_pence"]:
            steps = ", ".join(f"step {bar['step']} {spoken(bar['effect_pence'])}" for bar in bridge["steps"])
            together = f", together {spoken(bridge['interaction_pence'])}" if bridge["interaction_pence"] else ""
            ends = f"{spoken(bridge['before_pence'])} before, {spoken(bridge['after_pence'])} after"
            lines.append(f"{bridge['title']}: {ends} ({steps}{together}).")
    return lines
