"""What the scenario commands answer, for people and for programs."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from ledger.money import spoken
from ledger.reports.position import Moment
from ledger.reports.summary import percent
from scenarios import compare as comparing
from scenarios.compare import Comparison
from scenarios.outcome import Outcome, document
from scenarios.saved import Verdict
from screens.report.answers import about, clocks
from screens.report.terminal import Answer


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


def of_comparison(found: Comparison, *, ledger: str, at: Moment, as_json: bool) -> Answer:
    """Scenarios side by side; for people the propositions and the amounts that differ."""
    told = comparing.document(found)
    if as_json:
        return Answer("scenario compare", ledger, comparing.rows(found), at, extra=told)
    shown = [line for line in found.lines if line.kind in ("test", "amount") and len({line.before, *line.after}) > 1]
    rows = [
        {
            "What": line.title,
            "Before": value_text(line.before, line.unit),
            **{f"Scenario {number}": value_text(value, line.unit) for number, value in enumerate(line.after, 1)},
        }
        for line in shown
    ]
    numbered = [f"Scenario {number}: {name}." for number, name in enumerate(found.names, 1)]
    return Answer(
        "scenario compare",
        ledger,
        rows,
        at,
        title="\n".join(numbered),
        after=[*comparing.sentences(found), *about(at)],
        extra=told,
    )


def of_pack(outcomes: Sequence[Outcome], *, ledger: str, at: Moment, out: Path) -> Answer:
    """Which scenarios a board pack holds, each with its hashes."""
    rows = [{"title": found.run.written.scenario.title, **document(found)["hashes"]} for found in outcomes]
    told = [*(found.sentence for found in outcomes), "All of it is hypothetical: nobody has decided it.", *about(at)]
    return Answer("scenario pack", ledger, rows, at, title=f"Written to {out}.", after=told, extra={"file": str(out)})


def of_verdict(verdict: Verdict, *, ledger: str, at: Moment, name: str) -> Answer:
    """Whether an old result still holds, and what differs."""
    rows = [{"what": each.what, "then": each.then, "now": each.now} for each in verdict.differences]
    words = {
        "scenario": "the file says something else",
        "baseline": "the books hold something else",
        "result": "the new position is another",
    }
    title = (
        f"{name} matches: the same file on the same books gives the same position."
        if verdict.matches
        else f"{name} does not match: {'; '.join(words[each] for each in verdict.differs)}."
    )
    extra = {"matches": verdict.matches, "differs": list(verdict.differs)}
    return Answer("scenario check", ledger, rows, at, title=title, after=[clocks(at)], extra=extra)


def of_proposal(
    outcome: Outcome, rows: Sequence[Mapping[str, Any]], *, ledger: str, at: Moment, out: Path | None, key: str
) -> Answer:
    """What is proposed, and that nothing of it is posted."""
    title = f"Proposed from '{outcome.run.written.scenario.title}': {len(rows)} entries, tried against every rule."
    after = [f"Nothing is posted: the proposal {key} waits for somebody else to approve it; its money is reserved."]
    if out is not None:
        after.append(f"Written to {out}.")
    extra = {
        "title": outcome.run.written.scenario.title,
        "proposal": key,
        "posted": False,
        "sentence": outcome.sentence,
    }
    return Answer("scenario adopt", ledger, rows, at, title=title, after=[*after, clocks(at)], extra=extra)
