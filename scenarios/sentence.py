"""A scenario's answer in plain English, made from the same figures that programs get."""

from collections.abc import Sequence
from fractions import Fraction

from ledger.money import spoken
from ledger.reports.summary import percent
from ledger.years import FinancialYear
from scenarios.bridge import Bridge, Bridges
from scenarios.engine import Run
from scenarios.gainers import View
from scenarios.scenario import Scenario
from scenarios.tidy import held, total

_QUANTITY_WORDS = {
    "held": "The money held in all",
    "by_population": "Money allocated by formula",
    "free": "Money free of conditions",
    "ring_fenced": "Ring-fenced money",
    "local": "Money decided at place or below",
    "local_and_free": "Money both local and free",
    "kept_without_agreement": "Money kept without agreement",
    "known_before": "Money known before the year starts",
}


def paragraph(run: Run, bridges: Bridges, views: Sequence[View]) -> str:
    """What the scenario does, whom it touches, and how sure that is."""
    said = [_start(run), *(f"Step {done.number} {done.change.says}." for done in run.done)]
    said += _what_changes(bridges)
    said += [sentence for view in views if (sentence := _who(view))]
    said.append(_order(bridges, len(run.done)))
    said.append(_assumptions(run.written.scenario))
    return " ".join(sentence for sentence in said if sentence)


def _start(run: Run) -> str:
    code = run.baseline.organisation
    scope = "England" if code is None else run.baseline.world.organisations[code].name
    years = sorted({FinancialYear(year) for year in run.position["year"].to_pylist()})
    whole = total(held(run.baseline.position))
    start = f"{scope} holds {spoken(whole)} in {' and '.join(map(str, years))}."
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
    if view.began or view.ended:
        return f"{view.title}: {len(view.began)} come to be and {len(view.ended)} end, {len(view.gains)} others change."
    if not view.gains:
        return ""
    gainers = [gain for gain in view.gains if gain.change_pence > 0]
    losers = [gain for gain in view.gains if gain.change_pence < 0]
    told = [f"{len(gainers)} gain and {len(losers)} lose"]
    if gainers:
        told.append(f"{gainers[0].name} gains most ({_change(gainers[0].change_pence, gainers[0].change)})")
    if losers:
        told.append(f"{losers[-1].name} loses most ({_change(-losers[-1].change_pence, losers[-1].change)})")
    sentence = f"{view.title}: {'; '.join(told)}."
    if view.fifths and view.fifths[0].per_head_pence is not None and view.fifths[-1].per_head_pence is not None:
        most, least = view.fifths[0].per_head_pence, view.fifths[-1].per_head_pence
        sentence += f" Of people, the most deprived fifth {_gains(most)} a head, the least deprived {_gains(least)}."
    return sentence


def _gains(pence: int) -> str:
    return f"gains {spoken(pence)}" if pence >= 0 else f"loses {spoken(-pence)}"


def _change(pence: int, part: Fraction | None) -> str:
    # A part too small to show to one decimal is not shown.
    shown = "" if part is None or abs(part) < Fraction(1, 2000) else f", {percent(abs(part))}"
    return spoken(pence) + shown


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


def _assumptions(scenario: Scenario) -> str:
    """How many assumptions it rests on, and which are weak or weigh most. Brought figures count too."""
    made = [(each.name, "red" in (each.quality, each.impact)) for each in scenario.assumptions]
    made += [(f"the measure {name}", each.quality == "red") for name, each in scenario.measures.items()]
    if scenario.segments is not None:
        made.append(("the oversight segments", scenario.segments.quality == "red"))
    if not made:
        return "It rests on no assumption but its steps."
    weak = [name for name, look in made if look]
    told = f"It rests on {'1 assumption' if len(made) == 1 else f'{len(made)} assumptions'}"
    return f"{told}; look first at {', '.join(weak)}." if weak else f"{told}."
