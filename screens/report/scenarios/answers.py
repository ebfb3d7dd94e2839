"""What scenarios answer: one of them, several side by side, a board pack, a check and a proposal.

The tables are the same on the page, in the printable pack, in the workbook and on the command line.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ledger.money import signed_percent, spoken
from ledger.reports.measures import AS_ONE_HOLDER, EARMARKED
from ledger.reports.position import Moment
from scenarios import compare as comparing
from scenarios.bridge import Bridge
from scenarios.compare import Comparison, LevelCompared
from scenarios.document import document, ranges_document
from scenarios.files.variants import changed_sentence
from scenarios.gainers import Gain, View
from scenarios.lines import NOT_KNOWN, LineChange
from scenarios.order import Pair
from scenarios.outcome import Compared, Outcome
from scenarios.paragraph import of_it
from scenarios.ranges import Ranges
from scenarios.saved import Verdict
from scenarios.scorecard import Test
from screens.report import marks
from screens.report.marks import Span
from screens.report.report import (
    NOT_AVAILABLE,
    NOT_DEFINED,
    Cell,
    Column,
    Report,
    Row,
    Table,
    columns,
    count,
    figure,
    listed,
    share,
)
from screens.report.scenarios import years
from screens.report.scenarios.ranges import in_ranges

HYPOTHETICAL = (
    "Hypothetical: nobody has decided any of this, and the books have not changed. How free each line is, and what "
    "ICBs devolve and keep today, is illustrative unless the books were given otherwise."
)
_LIGHTS = {"red": "red: poor", "amber": "amber: fair", "green": "green: good"}
_IMPACTS = {"red": "red: much", "amber": "amber: some", "green": "green: little"}


_MOST_MOVEMENTS = 20
_UNDECIDED = "All of it is hypothetical: nobody has decided it."
_CHANGE = share("Change", signed=True, places=2, missing="had nothing")


def run(outcome: Outcome, ranges: Ranges | None = None) -> Report:
    """A scenario's answer: for people the paragraph and the tests that changed, for programs everything.

    Args:
        ranges: between which values it lies, where that was asked for.
    """
    found = document(outcome)
    rows, hashes = found.pop("measures"), found["hashes"]
    sentences = [
        *_bridge_lines(found),
        "The books have not changed. Add --json for every measure, every bridge and everybody's gain or loss.",
        f"Scenario {hashes['scenario'][:16]}, baseline {hashes['baseline'][:16]}, result {hashes['result'][:16]}.",
    ]
    title = _heading(outcome)
    tests = scorecard(outcome).with_only("Question", "Before", "After", "Better")
    in_short = [*years.in_short(outcome), tests, *lines_in_short(outcome)]
    shown = [*in_short, *([] if ranges is None else in_ranges(ranges))]
    told = {} if ranges is None else {"ranges": ranges_document(ranges)}
    return Report(shown, outcome.run.books.at, title, sentences, {**found, **told, "rows": rows})


def run_all(outcomes: Mapping[str, Outcome], at: Moment) -> Report:
    """The answers of several scenarios: for people a paragraph of each, for programs everything of each.

    Args:
        outcomes: by the name that each was asked for by.
    """
    answers = [{"name": name, **document(found)} for name, found in outcomes.items()]
    title = "\n".join(map(_heading, outcomes.values()))
    said = "The books have not changed. Add --json for every measure, every bridge and everybody's gain or loss."
    rows = [
        {"name": each["name"], "title": each["title"], "sentence": each["sentence"], **each["hashes"]}
        for each in answers
    ]
    return Report((), at, title, [said], {"scenarios": answers, "rows": rows})


def _heading(outcome: Outcome) -> str:
    """The title, what was changed from the library, the question, and the answer in a paragraph."""
    scenario = outcome.run.written.scenario
    lines = [scenario.title, changed(outcome), scenario.question]
    return "\n".join([*filter(None, lines), "", *filter(None, [outcome.sentence, directed(outcome)]), ""])


def directed(outcome: Outcome) -> str:
    """How much of what comes to be held locally its holders do not decide, in a sentence; empty where none is."""
    if outcome.directed_pence <= 0:
        return ""
    return (
        f"Of what comes to be held at place or below, {spoken(outcome.directed_pence)} is directed by a "
        "national contract or passed through: whoever holds it has little to decide."
    )


def changed(outcome: Outcome) -> str:
    """What was changed from the library, in a sentence; empty where nothing was."""
    return changed_sentence(outcome.run.written.changes)


def _bridge_lines(answer: Mapping[str, Any]) -> list[str]:
    """Each bridge that moves, in a line that adds up."""
    lines = []
    for bridge in answer["bridges"]:
        if bridge["before_pence"] != bridge["after_pence"]:
            steps = ", ".join(f"step {bar['step']} {spoken(bar['effect_pence'])}" for bar in bridge["steps"])
            together = f", together {spoken(bridge['interaction_pence'])}" if bridge["interaction_pence"] else ""
            ends = f"{spoken(bridge['before_pence'])} before, {spoken(bridge['after_pence'])} after"
            lines.append(f"{bridge['title']}: {ends} ({steps}{together}).")
    return lines


def compared(comparison: Comparison, at: Moment) -> Report:
    """Scenarios side by side; for people the propositions and the amounts that differ."""
    named = "\n".join(scenario_names(comparison))
    facts = {**comparing.document(comparison), "rows": comparing.rows(comparison)}
    tables = [side_by_side(comparison, ("test", "amount"), "What differs in the outcome")]
    return Report(tables, at, named, comparing.sentences(comparison), facts)


def pack(outcomes: Sequence[Outcome], at: Moment, out: Path) -> Report:
    """Which scenarios a board pack holds, each with its hashes."""
    rows = [{"title": found.run.written.scenario.title, **document(found)["hashes"]} for found in outcomes]
    said = (sentence for found in outcomes for sentence in (found.sentence, directed(found)) if sentence)
    sentences = [*said, _UNDECIDED]
    return Report([listed(rows)], at, f"Written to {out}.", sentences, {"file": str(out)})


def checked(verdict: Verdict, at: Moment, name: str) -> Report:
    """Whether an old result still holds, and what differs; a refusal where it does not.

    Args:
        name: of the old result.
    """
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
    facts = {"matches": verdict.matches, "differs": list(verdict.differs)}
    return Report([listed(rows)], at, title, facts=facts, is_refused=not verdict.matches)


def proposed(outcome: Outcome, rows: Sequence[Mapping[str, Any]], at: Moment, *, out: Path | None, key: str) -> Report:
    """What is proposed, and that nothing of it is posted.

    Args:
        out: the file that it is written to.
        key: the proposal's name.
    """
    name = outcome.run.written.scenario.title
    sentences = [f"Nothing is posted: the proposal {key} waits for somebody else to approve it; its money is reserved."]
    if out is not None:
        sentences.append(f"Written to {out}.")
    facts = {"title": name, "proposal": key, "posted": False, "sentence": outcome.sentence}
    title = f"Proposed from '{name}': {len(rows)} entries, tried against every rule."
    return Report([listed(rows)], at, title, sentences, facts)


# --- one scenario ---------------------------------------------------------------------------------


def steps(outcome: Outcome) -> Table:
    """What is done, step by step; first what is taken as given."""
    rows = [
        (f"{word} {done.number}", done.lever.lever_name(), done.change.says, done.lever.why)
        for word, those in (("Given", outcome.run.given), ("Step", outcome.run.done))
        for done in those
    ]
    return Table("What is done", columns("Step", "Lever", "What it does", "Why"), rows)


def amounts(outcome: Outcome) -> Table:
    """Every headline amount, before and after."""
    rows = [
        (each.quantity.title, each.before_pence, each.after_pence, each.change_pence)
        for each in outcome.bridges.bridges
    ]
    return Table("Amounts before and after", columns("Amount", "Before (£)", "After (£)", "Change (£)"), rows)


def spans(bridge: Bridge) -> list[Span]:
    """The bars of a bridge, with the interaction of its steps."""
    bars = [
        (f"Step {bar.step}, {bar.lever}{'' if bar.alone else ' (after those before it)'}", bar.effect_pence)
        for bar in bridge.bars
    ]
    # One step alone has nothing to interact with.
    if len(bars) > 1 or bridge.interaction_pence:
        bars.append(("Only together (interaction)", bridge.interaction_pence))
    return marks.bridge(("Before", bridge.before_pence), bars, ("After", bridge.after_pence))


def bridge(bridge: Bridge) -> Table:
    """A bridge as a table; its last row is the amount after."""
    rows = [(span.label, span.pence) for span in spans(bridge)]
    return Table(f"{bridge.quantity.title}: from before to after", columns("Step", "Amount (£)"), rows, has_total=True)


def by_fund(outcome: Outcome) -> Table:
    """Every line that changes: what of it is held, decided at place or below, and free."""
    return _lines("By fund: the lines that change", "Line", outcome.by_fund)


def by_discretion(outcome: Outcome) -> Table:
    """The same by whose decision the money really is, whoever holds it."""
    return _lines("By whose decision it really is", "Whose decision", outcome.by_discretion)


def movements(outcome: Outcome) -> Table:
    """The statement of resource movement: who has more or less, of what, and for which purpose."""
    rows = [
        (each.name, each.organisation, each.tier.replace("_", " "), each.purpose, each.resource, each.before_pence,
         each.after_pence, each.change_pence)
        for each in outcome.movements
    ]  # fmt: skip
    heads = columns("Receiver", "Code", "Tier", "Purpose", "Resource", "Before (£)", "After (£)", "Change (£)")
    return Table("Resource movement, by receiver and purpose", heads, rows, most=_MOST_MOVEMENTS)


def lines_in_short(outcome: Outcome) -> list[Table]:
    """Both tables with what changes alone; that of decisions only where it is known of something whose they are."""
    wanted = "Held, change (£)", "At place or below, change (£)", "Free, change (£)"
    known = [by_discretion(outcome)] if {line.code for line in outcome.by_discretion} - {NOT_KNOWN} else []
    both = [by_fund(outcome), *known]
    return [table.with_only(table.columns[0].heading, *wanted) for table in both if table.rows]


def _lines(caption: str, first: str, lines: Sequence[LineChange]) -> Table:
    rows = [
        (
            line.name,
            line.before_pence,
            line.after_pence,
            line.change_pence,
            line.local_before_pence,
            line.local_after_pence,
            line.local_change_pence,
            line.free_before_pence,
            line.free_after_pence,
            line.free_change_pence,
        )
        for line in lines
    ]
    heads = columns(
        first,
        "Held, before (£)", "Held, after (£)", "Held, change (£)",
        "At place or below, before (£)", "At place or below, after (£)", "At place or below, change (£)",
        "Free, before (£)", "Free, after (£)", "Free, change (£)",
    )  # fmt: skip
    return Table(caption, heads, rows)


def bridge_sentence(bridge: Bridge) -> str:
    """What a bridge shows."""
    parts = ", ".join(f"step {bar.step} {spoken(bar.effect_pence)}" for bar in bridge.bars)
    together = f", and {spoken(bridge.interaction_pence)} only together" if bridge.interaction_pence else ""
    ends = f"{spoken(bridge.before_pence)} before, {spoken(bridge.after_pence)} after"
    return f"{bridge.quantity.title}: {ends}. Each step alone: {parts}{together}. The bars add up, to the penny."


def moving(outcome: Outcome) -> list[Bridge]:
    """The bridges in which a step does something."""
    return [each for each in outcome.bridges.bridges if each.change_pence or any(bar.effect_pence for bar in each.bars)]


def still(outcome: Outcome) -> str:
    """Which amounts do not move, in a sentence; empty where all do."""
    names = [each.quantity.title.lower() for each in outcome.bridges.bridges if each not in moving(outcome)]
    return f"Unchanged: {', '.join(names)}." if names else ""


def scorecard(outcome: Outcome) -> Table:
    """The propositions, before and after; never one score."""
    rows = [
        (before.says, _tested(before), _tested(after), before.better, before.formula, after.note)
        for before, after in outcome.scorecard
    ]
    heads = columns("Question", "Before", "After", "Better", "How it is worked out", "Not known")
    return Table("The propositions as questions", heads, rows)


def _tested(test: Test) -> Cell:
    return figure(test.value, test.unit, missing=NOT_AVAILABLE if test.note else NOT_DEFINED, over=test.over)


def measures(outcome: Outcome) -> Table:
    """Every measure in both scopes, before and after."""
    rows = [
        (
            f"{each.before.title}{' (earmarked lines)' if each.scope == EARMARKED else ''}",
            figure(each.before.value, each.before.unit, over=each.before.over),
            figure(each.after.value, each.after.unit, over=each.after.over),
            " ".join([each.before.definition, *_not_known(each)]),
        )
        for each in outcome.measures
    ]
    return Table(f"Every measure, {AS_ONE_HOLDER}", columns("Measure", "Before", "After", "What it is"), rows)


def _not_known(each: Compared) -> list[str]:
    """What the books do not know of a measure; what a step sets, such as that nobody agreed, is no such thing."""
    before, after = each.before.note, each.after.note
    if after == before or not after.startswith("Not known"):
        return [before] if before else []
    return [f"Before: {before}", f"After: {after}"] if before else [f"After: {after}"]


def gains(view: View, rows: Sequence[Gain] | None = None) -> Table:
    """Who gains and who loses at a level, from the largest gain to the largest loss.

    Args:
        rows: those to show; all for whom something changes otherwise.
    """
    heads = columns("Organisation", "Code", "Before (£)", "After (£)", "Change (£)", _CHANGE, "Per head (£)")
    return Table(view.title, heads, [_gain(gain) for gain in (view.gains if rows is None else rows)])


def ends(view: View, most: int) -> list[Gain]:
    """The largest gains and the largest losses of a level, in their order, at most so many together."""
    if len(view.gains) <= most:
        return list(view.gains)
    largest = {gain.code for gain in sorted(view.gains, key=lambda gain: -abs(gain.change_pence))[:most]}
    return [gain for gain in view.gains if gain.code in largest]


def _gain(gain: Gain) -> Row:
    return (
        gain.name,
        gain.code,
        gain.before_pence,
        gain.after_pence,
        gain.change_pence,
        gain.change,
        gain.per_head_pence,
    )


_LEVELS = {"icb": "ICBs", "place": "places", "pcn": "networks", "practice": "practices"}


def gain_sentence(view: View) -> str:
    """How many gain and lose at a level, and who most; of new bounds, how many there are."""
    if view.has_new_bounds:
        return f"{_by_new_bounds(view)}, {view.same:,} have what they had."
    up = [gain for gain in view.gains if gain.change_pence > 0]
    down = [gain for gain in view.gains if gain.change_pence < 0]
    gains, loses = ("gains most", "loses most") if view.of_money else ("most of all", "least of all")
    most = (
        ""
        if not up
        else f" {up[0].name} {gains}: {spoken(up[0].change_pence)}{_of_its_own(up[0])}{of_it(view, up[0])}."
    )
    least = (
        ""
        if not down
        else f" {down[-1].name} {loses}: {spoken(down[-1].change_pence)}{_of_its_own(down[-1])}{of_it(view, down[-1])}."
    )
    same = f", {view.same:,} have what they had" if view.same else ""
    return f"{view.title}: {' and '.join(view.counts)}{same}.{most}{least}"


def _by_new_bounds(view: View) -> str:
    return f"{view.title}: {len(view.began)} come to be, {len(view.ended)} end, {len(view.gains)} others change"


def gainers_in_short(view: View) -> str:
    """How many gain and lose at a level, or how many there are of new bounds, in half a sentence."""
    if view.has_new_bounds:
        return _by_new_bounds(view)
    return f"of {_LEVELS.get(view.level, view.title)} {' and '.join(view.counts)}"


def rests_on(outcome: Outcome) -> str:
    """Each assumption with its value and how good its evidence is, in a sentence."""
    scenario = outcome.run.written.scenario
    told = [f"{each.name.replace('_', ' ')} {each.value} ({each.quality}: {each.source})"
            for each in scenario.assumptions]  # fmt: skip
    return f"It assumes {'; '.join(told)}." if told else "It rests on no assumption but its steps."


def cannot_say(outcome: Outcome) -> list[str]:
    """What the answer leaves open, and where it is not known."""
    notes = {after.note: None for _, after in outcome.scorecard if after.note and after.value is None}
    open_ones = [
        "Whether anybody would spend, staff or treat differently because of it: behaviour is not modelled.",
        "Who gains in any one draw: ranges are told of each figure alone.",
    ]
    if not outcome.years:
        open_ones.append("What becomes of it in later years: it looks at one year.")
    asked = [f"{after.says} {after.note}" for _, after in outcome.scorecard if after.note in notes]
    return [*open_ones, *asked]


def _of_its_own(gain: Gain) -> str:
    return "" if gain.change is None else f" ({signed_percent(gain.change, 2)})"


def fifths(view: View) -> Table | None:
    """Change by fifth of deprivation; None where there are too few organisations to tell."""
    if not view.fifths or not view.gains:
        return None
    rows = [(f"Fifth {each.fifth}", each.organisations, each.change_pence, each.per_head_pence) for each in view.fifths]
    heads = columns("Fifth of people", count("Organisations"), "Change (£)", "Per head (£)")
    return Table(f"By deprivation, {view.title[:1].lower()}{view.title[1:]}", heads, rows)


def assumptions(outcome: Outcome) -> Table | None:
    """What the scenario assumes, each with its grounds; None where it says nothing."""
    rows = [
        (each.name.replace("_", " "), str(each.value), each.reason, each.source, _LIGHTS[each.quality],
         _IMPACTS[each.impact])
        for each in outcome.run.written.scenario.assumptions
    ]  # fmt: skip
    heads = columns("Assumption", "Value", "Why", "Source", "Evidence", "How much hangs on it")
    return Table("What is assumed", heads, rows) if rows else None


def order_sentence(outcome: Outcome) -> str:
    """Whether the order of the steps matters."""
    if not outcome.bridges.order_matters:
        return "" if len(outcome.run.done) == 1 else "The order of the steps does not matter."
    pairs = [f"steps {pair.first} and {pair.second} ({_apart(pair)})" for pair in outcome.bridges.pairs]
    return f"The order matters for {' and '.join(pairs)}."


def _apart(pair: Pair) -> str:
    """What it makes of a difference when two steps change places."""
    return "only this order can be done" if pair.differs_pence is None else f"{spoken(pair.differs_pence)} elsewhere"


# --- several side by side -------------------------------------------------------------------------


def scenario_names(comparison: Comparison) -> list[str]:
    """Each scenario by number and name, with what was changed from the library."""
    pairs = zip(comparison.names, comparison.changed, strict=True)
    return [" ".join(filter(None, [f"Scenario {n}: {name}.", said])) for n, (name, said) in enumerate(pairs, 1)]


def numbered(comparison: Comparison) -> list[str]:
    """The names of compared scenarios for the heads of columns."""
    return [f"Scenario {number}" for number in range(1, len(comparison.names) + 1)]


def side_by_side(comparison: Comparison, kinds: Sequence[str], caption: str) -> Table:
    """Figures of every scenario, those that differ from each other or from before."""
    rows = [
        (line.title, figure(line.before, line.unit), *(figure(each, line.unit) for each in line.after))
        for line in comparison.lines
        if line.kind in kinds and len({line.before, *line.after}) > 1
    ]
    name = f"{caption}, {AS_ONE_HOLDER}" if "measure" in kinds else caption
    return Table(name, columns("Figure", "Before", *numbered(comparison)), rows)


def changes_side_by_side(outcomes: Sequence[Outcome]) -> Table:
    """How far each headline amount moves in every scenario; those that move in some."""
    names = {each.quantity.name: each.quantity.title for found in outcomes for each in moving(found)}
    by_name = [{each.quantity.name: each.change_pence for each in found.bridges.bridges} for found in outcomes]
    rows = [(title, *(changes[name] for changes in by_name)) for name, title in names.items()]
    heads = columns("Amount", *(f"Scenario {number} (£)" for number in range(1, len(outcomes) + 1)))
    return Table("Change of each amount", heads, rows)


def bridges_side_by_side(outcomes: Sequence[Outcome], quantity: str) -> Table:
    """One amount's bridge in every scenario, row by row."""
    each = [next(b for b in found.bridges.bridges if b.quantity.name == quantity) for found in outcomes]
    most = max(len(one.bars) for one in each)
    rows: list[Row] = [("Before", *(one.before_pence for one in each))]
    for place in range(most):
        bars = [one.bars[place] if place < len(one.bars) else None for one in each]
        rows.append((f"Step {place + 1}", *("no such step" if bar is None else bar.effect_pence for bar in bars)))
    rows.append(("Only together (interaction)", *(one.interaction_pence for one in each)))
    rows.append(("After", *(one.after_pence for one in each)))
    heads = columns("Step", *(f"Scenario {number} (£)" for number in range(1, len(outcomes) + 1)))
    return Table(f"{each[0].quantity.title}, step by step", heads, rows, has_total=True)


def gains_side_by_side(comparison: Comparison, level: LevelCompared, most: int | None = None) -> Table:
    """What each scenario changes for each organisation, those with the largest change first."""
    rows = [
        (next(gain.name for gain in row if gain), *("no change" if gain is None else gain.change_pence for gain in row),
         *("no change" if gain is None else gain.change for gain in row))
        for row in level.gains[:most]
    ]  # fmt: skip
    heads = columns(
        "Organisation",
        *(f"{name} (£)" for name in numbered(comparison)),
        *(_change(name) for name in numbered(comparison)),
    )
    return Table(f"{level.title}: change in each scenario", heads, rows)


def _change(name: str) -> Column:
    return share(f"{name} (%)", signed=True, places=2, missing="had nothing")


def what_differs(comparison: Comparison) -> Table | None:
    """What the files say differently; None where they say the same."""
    rows = [
        (each.what.replace("_", " "), *("not said" if text is None else text for text in each.values))
        for each in comparison.differences
    ]
    return Table("What differs between the files", columns("Where", *numbered(comparison)), rows) if rows else None
