"""A scenario's answer as tables: the same for the page, the printable pack and the workbook."""

from collections.abc import Sequence
from fractions import Fraction

from ledger.money import spoken
from ledger.reports import chart_marks
from ledger.reports.chart_marks import Span
from ledger.reports.measures import EARMARKED
from scenarios.bridge import Bridge, Pair
from scenarios.compare import Comparison, Figure, Level
from scenarios.gainers import Gain, View
from scenarios.outcome import Outcome
from scenarios.scorecard import Test
from screens.report.scenario_answers import value_text
from screens.report.tables import NOT_AVAILABLE, Cell, Money, Row, Share, Table, shown

HYPOTHETICAL = (
    "Hypothetical: nobody has decided any of this, and the books have not changed. How free each line is, and what "
    "ICBs devolve and keep today, is illustrative unless the books were given otherwise."
)
_NOT_DEFINED = "not defined"
_LIGHTS = {"red": "red: poor", "amber": "amber: fair", "green": "green: good"}
_IMPACTS = {"red": "red: much", "amber": "amber: some", "green": "green: little"}


def value(number: Figure, unit: str) -> Cell:
    """A value of a measure or test, as what it is."""
    if number is None:
        return _NOT_DEFINED
    if unit == "share" and isinstance(number, Fraction):
        return Share(number)
    if unit == "pence":
        return Money(int(number))
    return int(number) if unit == "count" and number == int(number) else value_text(number, unit)


def steps(found: Outcome) -> Table:
    """What is done, step by step; first what is taken as given."""
    rows = [
        (f"{word} {done.number}", done.lever.lever_name(), done.change.says, done.lever.why)
        for word, those in (("Given", found.run.given), ("Step", found.run.done))
        for done in those
    ]
    return Table("What is done", ("Step", "Lever", "What it does", "Why"), rows)


def amounts(found: Outcome) -> Table:
    """Every headline amount, before and after."""
    rows = [
        (each.quantity.title, Money(each.before_pence), Money(each.after_pence), Money(each.change_pence))
        for each in found.bridges.bridges
    ]
    return Table("Amounts before and after", ("Amount", "Before (£)", "After (£)", "Change (£)"), rows)


def spans(bridge: Bridge) -> list[Span]:
    """The bars of a bridge, with the interaction of its steps."""
    bars = [
        (f"Step {bar.step}, {bar.lever}{'' if bar.alone else ' (after those before it)'}", bar.effect_pence)
        for bar in bridge.bars
    ]
    # One step alone has nothing to interact with.
    if len(bars) > 1 or bridge.interaction_pence:
        bars.append(("Only together (interaction)", bridge.interaction_pence))
    return chart_marks.bridge(("Before", bridge.before_pence), bars, ("After", bridge.after_pence))


def bridge(of: Bridge) -> Table:
    """A bridge as a table; its last row is the amount after."""
    rows = [(span.label, Money(span.pence)) for span in spans(of)]
    return Table(f"{of.quantity.title}: from before to after", ("Step", "Amount (£)"), rows, has_total=True)


def bridge_sentence(of: Bridge) -> str:
    """What a bridge shows."""
    parts = ", ".join(f"step {bar.step} {spoken(bar.effect_pence)}" for bar in of.bars)
    together = f", and {spoken(of.interaction_pence)} only together" if of.interaction_pence else ""
    ends = f"{spoken(of.before_pence)} before, {spoken(of.after_pence)} after"
    return f"{of.quantity.title}: {ends}. Each step alone: {parts}{together}. The bars add up, to the penny."


def moving(found: Outcome) -> list[Bridge]:
    """The bridges in which a step does something."""
    return [each for each in found.bridges.bridges if each.change_pence or any(bar.effect_pence for bar in each.bars)]


def still(found: Outcome) -> str:
    """Which amounts do not move, in a sentence; empty where all do."""
    names = [each.quantity.title.lower() for each in found.bridges.bridges if each not in moving(found)]
    return f"Unchanged: {', '.join(names)}." if names else ""


def scorecard(found: Outcome) -> Table:
    """The propositions, before and after; never one score."""
    rows = [
        (before.says, _tested(before), _tested(after), before.better, before.formula, after.note)
        for before, after in found.scorecard
    ]
    headers = ("Proposition", "Before", "After", "Better", "How it is worked out", "Note")
    return Table("The propositions as tests", headers, rows)


def _tested(test: Test) -> Cell:
    return NOT_AVAILABLE if test.value is None and test.note else value(test.value, test.unit)


def measures(found: Outcome) -> Table:
    """Every measure in both scopes, before and after."""
    rows = [
        (
            f"{each.before.title}{' (earmarked lines)' if each.scope == EARMARKED else ''}",
            value(each.before.value, each.before.unit),
            value(each.after.value, each.after.unit),
            each.before.definition,
        )
        for each in found.measures
    ]
    return Table("Every measure", ("Measure", "Before", "After", "What it is"), rows)


def gains(view: View, rows: Sequence[Gain] | None = None) -> Table:
    """Who gains and who loses at a level, from the largest gain to the largest loss.

    Args:
        rows: those to show; all for whom something changes otherwise.
    """
    headers = ("Organisation", "Code", "Before (£)", "After (£)", "Change (£)", "Change", "Per head (£)")
    return Table(view.title, headers, [_gain(gain) for gain in (view.gains if rows is None else rows)])


def ends(view: View, most: int) -> list[Gain]:
    """The largest gains and the largest losses of a level, in their order, at most so many together."""
    if len(view.gains) <= most:
        return list(view.gains)
    largest = {gain.code for gain in sorted(view.gains, key=lambda gain: -abs(gain.change_pence))[:most]}
    return [gain for gain in view.gains if gain.code in largest]


def _gain(gain: Gain) -> Row:
    return (gain.name, gain.code, Money(gain.before_pence), Money(gain.after_pence), Money(gain.change_pence),
            _percent(gain), Money(gain.per_head_pence))  # fmt: skip


def gain_sentence(view: View) -> str:
    """How many gain and lose at a level, and who most."""
    up = [gain for gain in view.gains if gain.change_pence > 0]
    down = [gain for gain in view.gains if gain.change_pence < 0]
    most = "" if not up else f" {up[0].name} gains most: {spoken(up[0].change_pence)}{_of_its_own(up[0])}."
    least = "" if not down else f" {down[-1].name} loses most: {spoken(down[-1].change_pence)}{_of_its_own(down[-1])}."
    new = "" if not view.began else f" {len(view.began)} began."
    gone = "" if not view.ended else f" {len(view.ended)} ended."
    counted = f"{len(up):,} gain, {len(down):,} lose, {view.same:,} have what they had."
    return f"{view.title}: {counted}{most}{least}{new}{gone}"


def _of_its_own(gain: Gain) -> str:
    return "" if gain.change is None else f" ({shown(Share(gain.change, signed=True, places=2))})"


def fifths(view: View) -> Table | None:
    """Change by fifth of deprivation; None where there are too few organisations to tell."""
    if not view.fifths or not view.gains:
        return None
    rows = [
        (f"Fifth {each.fifth}", each.organisations, Money(each.change_pence), Money(each.per_head_pence))
        for each in view.fifths
    ]
    headers = ("Fifth of people", "Organisations", "Change (£)", "Per head (£)")
    return Table(f"By deprivation, {view.title[:1].lower()}{view.title[1:]}", headers, rows)


def assumptions(found: Outcome) -> Table | None:
    """What the scenario assumes, each with its grounds; None where it says nothing."""
    rows = [
        (each.name.replace("_", " "), str(each.value), each.reason, each.source, _LIGHTS[each.quality],
         _IMPACTS[each.impact])
        for each in found.run.written.scenario.assumptions
    ]  # fmt: skip
    headers = ("Assumption", "Value", "Why", "Source", "Evidence", "How much hangs on it")
    return Table("What is assumed", headers, rows) if rows else None


def order_sentence(found: Outcome) -> str:
    """Whether the order of the steps matters."""
    if not found.bridges.order_matters:
        return "" if len(found.run.done) == 1 else "The order of the steps does not matter."
    pairs = [f"steps {pair.first} and {pair.second} ({_apart(pair)})" for pair in found.bridges.pairs]
    return f"The order matters for {' and '.join(pairs)}."


def _apart(pair: Pair) -> str:
    """What it makes of a difference when two steps change places."""
    return "only this order can be done" if pair.differs_pence is None else f"{spoken(pair.differs_pence)} elsewhere"


# --- several side by side -------------------------------------------------------------------------


def numbered(found: Comparison) -> list[str]:
    """The names of compared scenarios for the heads of columns."""
    return [f"Scenario {number}" for number in range(1, len(found.names) + 1)]


def side_by_side(found: Comparison, kinds: Sequence[str], caption: str) -> Table:
    """Figures of every scenario, those that differ from each other or from before."""
    rows = [
        (line.title, value(line.before, line.unit), *(value(each, line.unit) for each in line.after))
        for line in found.lines
        if line.kind in kinds and len({line.before, *line.after}) > 1
    ]
    return Table(caption, ("Figure", "Before", *numbered(found)), rows)


def bridges_side_by_side(outcomes: Sequence[Outcome], quantity: str) -> Table:
    """One amount's bridge in every scenario, row by row."""
    each = [next(b for b in found.bridges.bridges if b.quantity.name == quantity) for found in outcomes]
    most = max(len(one.bars) for one in each)
    rows: list[tuple[Cell, ...]] = [("Before", *(Money(one.before_pence) for one in each))]
    for place in range(most):
        bars = [one.bars[place] if place < len(one.bars) else None for one in each]
        rows.append(
            (f"Step {place + 1}", *("no such step" if bar is None else Money(bar.effect_pence) for bar in bars))
        )
    rows.append(("Only together (interaction)", *(Money(one.interaction_pence) for one in each)))
    rows.append(("After", *(Money(one.after_pence) for one in each)))
    heads = ("Step", *(f"Scenario {number} (£)" for number in range(1, len(outcomes) + 1)))
    return Table(f"{each[0].quantity.title}, step by step", heads, rows, has_total=True)


def gains_side_by_side(found: Comparison, level: Level, most: int | None = None) -> Table:
    """What each scenario changes for each organisation, those with the largest change first."""
    rows = [
        (next(gain.name for gain in row if gain), *map(_pounds, row), *map(_percent, row)) for row in level.gains[:most]
    ]
    heads = [*(f"{name} (£)" for name in numbered(found)), *(f"{name} (%)" for name in numbered(found))]
    return Table(f"{level.title}: change in each scenario", ("Organisation", *heads), rows)


def _pounds(gain: Gain | None) -> Cell:
    return "no change" if gain is None else Money(gain.change_pence)


def _percent(gain: Gain | None) -> Cell:
    if gain is None:
        return "no change"
    return Share(gain.change, signed=True, places=2, missing="had nothing")


def what_differs(found: Comparison) -> Table | None:
    """What the files say differently; None where they say the same."""
    rows = [
        (each.what.replace("_", " "), *("not said" if text is None else text for text in each.values))
        for each in found.differences
    ]
    return Table("What differs between the files", ("Where", *numbered(found)), rows) if rows else None
