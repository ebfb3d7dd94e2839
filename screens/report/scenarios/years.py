"""A scenario of several years: what it starts from in each, and what it does, with a column a year.

Every heading says how well its year is known: published, projected or assumed.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ledger.reports.measures import AS_ONE_HOLDER
from scenarios.bridge import Bridge
from scenarios.gainers import View
from scenarios.outcome import Outcome, YearOutcome
from screens.report.report import NOT_AVAILABLE, NOT_DEFINED, Column, Row, Table, figure, money, text

_MOST_READ = 12
NOT_THERE = "not there"


def tables(outcome: Outcome) -> dict[str, Table]:
    """Every table with a column a year, by a short name, as of a sheet; none for a scenario of one year."""
    if not outcome.years:
        return {}
    found = {
        "Years": start(outcome.years),
        "Amounts by year": amounts(outcome.years),
        "Steps by year": bars(outcome.years),
        "Propositions by year": propositions(outcome.years),
        "Measures by year": measures(outcome.years),
    }
    for level, table in gains(outcome.years).items():
        found[f"{level} by year"] = table
    return {name: table for name, table in found.items() if table.rows}


def in_short(outcome: Outcome) -> list[Table]:
    """The tables that a terminal shows."""
    shown = tables(outcome)
    return [table for name, table in shown.items() if not name.startswith(("Measures", "Propositions"))]


def _heads(years: Sequence[YearOutcome], *first: str, unit: Callable[..., Column] = money) -> list[Column]:
    pounds = " (£)" if unit is money else ""
    return [*map(text, first), *(unit(f"{each.rolled.heading}{pounds}", missing=NOT_THERE) for each in years)]


def start(years: Sequence[YearOutcome]) -> Table:
    """What is held in each year before any step, and why that is not what the year before held."""
    rolled = [each.rolled for each in years]
    rows: list[Row] = [
        ("Held before any step", *(one.held_pence for one in rolled)),
        ("Growth since the year before", *(one.grew_pence for one in rolled)),
        ("Falls away, for it does not recur", *(one.fell_away_pence for one in rolled)),
        ("Of which nobody knows whether it recurs", *(one.not_known_pence for one in rolled)),
        ("Kept as it was, for no growth is said for it", *(one.no_rate_pence for one in rolled)),
    ]
    gone = {name: None for one in rolled for name, _ in one.fell_away}
    notes = [f"What falls away: {', '.join(gone)}."] if gone else []
    borrowed = [one for one in rolled if one.books.world.borrows_people]
    if borrowed:
        lent, named = borrowed[0].books.world.people_year, ", ".join(str(one.year) for one in borrowed)
        notes.append(f"No people are shipped for {named}: those of {lent} stand in for them.")
    return Table("The years before any step", _heads(years, "Amount"), rows, notes)


def amounts(years: Sequence[YearOutcome]) -> Table:
    """Every headline amount that a step moves in some year: before, after, and the change."""
    rows: list[Row] = []
    for found in moving(years):
        title = found[0].quantity.title
        rows += [
            (f"{title}, before", *(each.before_pence for each in found)),
            (f"{title}, after", *(each.after_pence for each in found)),
            (f"{title}, change", *(each.change_pence for each in found)),
        ]
    return Table("Amounts by year", _heads(years, "Amount"), rows)


def bars(years: Sequence[YearOutcome]) -> Table:
    """What each step does alone to each amount that moves, and what they do only together; they add up in each year."""
    steps = {bar.step: bar.lever for each in years for bar in each.outcome.bridges.bridges[0].bars}
    rows: list[Row] = []
    for found in moving(years):
        title = found[0].quantity.title
        by_year = [{bar.step: bar.effect_pence for bar in each.bars} for each in found]
        for number, lever in sorted(steps.items()):
            cells = [bars.get(number) for bars in by_year]
            if any(cells):
                # No step of that number is at work where there is no bar.
                rows.append((title, f"Step {number}, {lever}", *("not at work" if c is None else c for c in cells)))
        if any(each.interaction_pence for each in found):
            rows.append((title, "Only together (interaction)", *(each.interaction_pence for each in found)))
    return Table("What each step does, by year", _heads(years, "Amount", "Step"), rows)


def moving(years: Sequence[YearOutcome]) -> list[list[Bridge]]:
    """For each amount that a step moves in some year, its bridge in every year."""
    each = [{bridge.quantity.name: bridge for bridge in one.outcome.bridges.bridges} for one in years]
    names = [name for name in each[-1] if all(name in one for one in each)]
    found = [[one[name] for one in each] for name in names]
    return [way for way in found if any(b.change_pence or any(bar.effect_pence for bar in b.bars) for b in way)]


def propositions(years: Sequence[YearOutcome]) -> Table:
    """The propositions that some year answers otherwise after the steps: before and after."""
    by_name = [{before.name: (before, after) for before, after in one.outcome.scorecard} for one in years]
    rows: list[Row] = []
    for name, (first, _) in by_name[-1].items():
        pairs = [one.get(name) for one in by_name]
        if any(pair and pair[0].value != pair[1].value for pair in pairs):
            for place, word in enumerate(("before", "after")):
                rows.append((f"{first.says} ({word})", *(_tested(pair and pair[place]) for pair in pairs)))
    return Table("The propositions by year", _heads(years, "Question", unit=text), rows)


def _tested(test: Any) -> Any:
    if test is None:
        return NOT_AVAILABLE
    return figure(test.value, test.unit, missing=NOT_AVAILABLE if test.note else NOT_DEFINED, over=test.over)


def measures(years: Sequence[YearOutcome]) -> Table:
    """Every measure that some year has otherwise after the steps: before and after."""
    rows: list[Row] = []
    for found in zip(*(one.outcome.measures for one in years), strict=True):
        if any(each.before.value != each.after.value for each in found):
            title = f"{found[0].before.title}{'' if found[0].scope == 'all' else f' ({found[0].scope} lines)'}"
            rows.append(
                (
                    f"{title}, before",
                    *(figure(each.before.value, each.before.unit, over=each.before.over) for each in found),
                )
            )
            rows.append(
                (
                    f"{title}, after",
                    *(figure(each.after.value, each.after.unit, over=each.after.over) for each in found),
                )
            )
    return Table(f"Measures by year, {AS_ONE_HOLDER}", _heads(years, "Measure", unit=text), rows)


def gains(years: Sequence[YearOutcome]) -> dict[str, Table]:
    """Who gains and who loses in each year, by level: those with the largest change in the last year first."""
    levels = {view.level: view.title for each in years for view in each.outcome.views}
    found = {}
    for level, title in levels.items():
        views = [_view(each, level) for each in years]
        there = [_there(view) for view in views]
        names = {code: name for one in there for code, (name, _) in one.items()}
        changed = [code for code in names if any(code in one and one[code][1] for one in there)]
        in_order = sorted(changed, key=lambda code: (-max(abs(one.get(code, ("", 0))[1]) for one in there), code))
        rows = [
            (names[code], code, *(None if view is None else _change(view, one, code) for view, one in
                                  zip(views, there, strict=True)))
            for code in in_order
        ]  # fmt: skip
        heads = _heads(years, "Organisation", "Code")
        found[level] = Table(f"{title}: change by year", heads, rows, most=_MOST_READ)
    return {level: table for level, table in found.items() if table.rows}


def _view(year: YearOutcome, level: str) -> View | None:
    return next((view for view in year.outcome.views if view.level == level), None)


def _there(view: View | None) -> dict[str, tuple[str, int]]:
    """Code to name and change of all that the view names; who began or ended has no change."""
    if view is None:
        return {}
    return {gain.code: (gain.name, gain.change_pence) for gain in view.gains} | {
        gain.code: (gain.name, 0) for gain in (*view.began, *view.ended)
    }


def _change(view: View, there: dict[str, tuple[str, int]], code: str) -> int | None:
    """The change; None for who began or ended by a step, and nothing for who has what it had."""
    if any(gain.code == code for gain in (*view.began, *view.ended)):
        return None
    return there[code][1] if code in there else 0
