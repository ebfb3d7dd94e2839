"""A scenario's answer in words: what it does, whom it touches, and how sure that is."""

from collections.abc import Sequence
from fractions import Fraction

from ledger.money import spoken
from ledger.reports.summary import percent
from ledger.years import FinancialYear
from scenarios.bridge import Bridge, Bridges
from scenarios.change import held, total
from scenarios.engine import Run
from scenarios.files.scenario import WrittenScenario
from scenarios.gainers import Fifth, Gain, View
from scenarios.paths.roll import Rolled

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


def along(years: Sequence[Rolled]) -> str:
    """What becomes of the money over the years without any step, and that the last of them is told."""
    first, last = years[0], years[-1]
    gone = sum(each.fell_away_pence for each in years)
    said = f"Over {len(years)} years, {first.year} to {last.year}: {spoken(gone)} falls away because it does not recur"
    if last.not_known_pence or first.not_known_pence:
        said += f", and of {spoken(max(each.not_known_pence for each in years))} nobody knows whether it does"
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
