"""A scenario's answer in plain English, made from the same figures that programs get."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from ledger.money import spoken
from ledger.picture import percent
from ledger.years import FinancialYear
from scenarios.bridge import Bridge, Bridges
from scenarios.engine import Run
from scenarios.gainers import View
from scenarios.scenario import Assumption
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
    said.append(_assumptions(run.written.scenario.assumptions))
    return " ".join(sentence for sentence in said if sentence)


def _start(run: Run) -> str:
    scope = run.baseline.organisation or "England"
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
    return (
        f"{_QUANTITY_WORDS[bridge.quantity.name]} {way} by {spoken(abs(moved))}, "
        f"from {spoken(bridge.before_pence)} to {spoken(bridge.after_pence)}."
    )


def _who(view: View) -> str:
    """Who gains and who loses most at a level, and whether it goes to the more deprived."""
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
    return spoken(pence) if part is None else f"{spoken(pence)}, {percent(abs(part))}"


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


def _assumptions(assumptions: Sequence[Assumption]) -> str:
    if not assumptions:
        return "It rests on no assumption but its steps."
    weak = [each.name for each in assumptions if each.quality == "red" or each.impact == "red"]
    counted: Mapping[bool, str] = {True: "1 assumption", False: f"{len(assumptions)} assumptions"}
    told = f"It rests on {counted[len(assumptions) == 1]}"
    return f"{told}; look first at {', '.join(weak)}." if weak else f"{told}."
