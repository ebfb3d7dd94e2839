"""A way to a goal: what each has in each year, which limits bind, what moves, and what was published."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from fractions import Fraction
from typing import Any

from ledger.money import plain_decimal, signed_percent, spoken
from ledger.reports.position import Moment
from ledger.store.base import Reader
from scenarios.solve.exact import CAP, FLOOR
from scenarios.solve.file import ALONE, HeldGoal, ListedGoal, ReadGoal
from scenarios.solve.published import BesidePublished
from scenarios.solve.published import beside as beside_published
from scenarios.solve.together import AllWays, Ways, together
from scenarios.solve.way import Way, solve_all
from screens.report.report import Column, Report, Table, count, count_of, money, share, text

_MOST = 60
DISRUPTION = (
    "The disruption of a path is the mean over years and organisations, by opening budget, of the squared difference "
    "between a year's growth and equal growth, in parts of the opening budget."
)


def solved(goal: ReadGoal, books: Callable[[], AbstractContextManager[Reader]], source: str) -> tuple[Report, Ways]:
    """The way to a goal that a file asks for.

    Args:
        books: opens what the goal is read from, where it is about what is held there.
        source: the file.

    Returns:
        The report, and the ways behind it.

    Raises:
        Refused: the goal cannot be reached; or nothing is held there, or nobody's fair share is known.
    """
    asked = goal.asked
    if isinstance(asked, HeldGoal):
        with books() as reader:
            goals, at = asked.read(reader)
        found = solve_all(goals)
        return way(asked, found, None, source=source, digest=goal.sha256, at=at), found
    found = solve_all({ALONE: asked.alone()})
    published = None if asked.stream is None else beside_published(found[ALONE], asked.stream)
    return way(asked, found, published, source=source, digest=goal.sha256, at=None), found


def way(
    asked: ListedGoal | HeldGoal,
    ways: Ways,
    beside: BesidePublished | None,
    *,
    source: str,
    digest: str,
    at: Moment | None,
) -> Report:
    """The way to one goal or to several.

    Args:
        ways: fund and ICB to the way of those who share.
        beside: what was published, where the goal starts from published baselines.
        source: the file.
        digest: its SHA-256.
    """
    found = together(ways)
    facts: dict[str, Any] = {
        "title": asked.title,
        "sha256": digest,
        "goals": len(ways),
        "within": Fraction(asked.within),
        "disruption": {"measure": DISRUPTION, "mean_square": found.disruption},
        "years": by_year(found).records(),
        "moved_pence": found.moved_pence,
        "published": None if beside is None else _published(beside),
    }
    sentences = [_reached(asked, found), *_least(found), *([] if beside is None else _beside(beside, found))]
    tables = [_organisations(asked, ways, beside), by_year(found)]
    return Report(tables, at, asked.title, sentences, facts, source if at is None else None)


def by_year(answer: AllWays) -> Table:
    """What there is, what moves and who is at a limit, year by year."""
    heads = [
        text("Year", "year"), money("The whole (£)", "total_pence"),
        money("Moved against equal growth (£)", "moved_pence"), share("Farthest from target", "farthest"),
        count("At the floor", "at_floor"), count("At the cap", "at_cap"),
    ]  # fmt: skip
    rows = [
        (str(year.year), year.total_pence, year.moved_pence, year.farthest, year.at_floor, year.at_cap)
        for year in answer.years
    ]
    return Table("Year by year", heads, rows)


def _organisations(asked: ListedGoal | HeldGoal, ways: Ways, beside: BesidePublished | None) -> Table:
    years = range(1, asked.years + 1)
    of_a_ledger = isinstance(asked, HeldGoal)
    heads: list[Column] = [
        *([text("Fund", "fund"), text("ICB", "icb")] if of_a_ledger else []),
        text("Organisation", "organisation"), money("Today (£)", "opening_pence"),
        _distance("From target, today", "opening_distance"),
        *(money(f"Year {year} (£)", f"year_{year}_pence") for year in years),
        _distance("Least growth", "least_growth"), _distance("Most growth", "most_growth"),
        _distance("From target, at the end", "closing_distance"), text("Limits", "limits"),
        *([] if beside is None else [_distance("Year 1 over published", "over_published")]),
    ]  # fmt: skip
    rows = []
    for whose, each in ways.items():
        for code in each.goal.opening_pence:
            growths = [each.growth(code, year) for year in years]
            rows.append(
                [
                    *(whose if of_a_ledger else ()), code, each.goal.opening_pence[code], each.distance(code, 0),
                    *each.pence[code], min(growths), max(growths), each.distance(code, asked.years),
                    _limits(each, code), *([] if beside is None else [beside.difference[code]]),
                ]
            )  # fmt: skip
    return Table(asked.title, heads, rows, most=_MOST)


NEARER_HEADINGS = ("Name", "Organisation", "From target, today", "From target, at the end", "Limits")


def with_names(table: Table, names: Mapping[str, str]) -> Table:
    """The table of organisations with their names in front; programs get it as it was.

    Args:
        names: of organisations by code.
    """
    place = next(place for place, column in enumerate(table.columns) if column.key == "organisation")
    rows = [(names.get(row[place], row[place]), *row) for row in table.rows]
    return replace(table, columns=[text("Name"), *table.columns], rows=rows)


def distance_in_words(distance: Fraction) -> str:
    """How far somebody is from a fair share, with its side."""
    return signed_percent(distance, 2)


def _distance(heading: str, key: str) -> Column:
    return share(heading, key, signed=True, places=2)


def _limits(way: Way, code: str) -> str:
    pattern, years = way.patterns[code], way.goal.years
    said = [f"{tie} in {pattern.ties.count(tie)} of {years} years" for tie in (FLOOR, CAP) if tie in pattern.ties]
    return "; ".join([*said, *([f"ends {pattern.end}"] if pattern.end else [])])


def _reached(asked: ListedGoal | HeldGoal, answer: AllWays) -> str:
    number, beyond = len(answer.closing), len(answer.beyond)
    near = f"within {_fine(Fraction(asked.within))} of fair share in {count_of(asked.years, 'year', 'years')}"
    if not beyond:
        return f"All {number} come {near}; the farthest ends {_fine(max(answer.closing))} away."
    kept = f"Floor or cap keeps {beyond} farther away, as near as it allows: up to {_fine(max(answer.beyond))}."
    return f"{number - beyond} of {number} come {near}. {kept}"


def _least(answer: AllWays) -> list[str]:
    proved = "No path that keeps to every limit is less disruptive, which is proved in exact fractions."
    moved = f"{spoken(answer.years[0].moved_pence)} moves against equal growth in the first year"
    moved = f"{moved} and {spoken(answer.moved_pence)} in all"
    return [
        f"{proved} {DISRUPTION} Its root is {_points(answer.typical_points)} points a year.",
        f"{moved}. Every year sums to its total, and floor, cap and goal are kept to the penny.",
    ]


def _published(beside: BesidePublished) -> dict[str, Any]:
    return {
        "farthest_difference": max(beside.difference.values(), key=abs),
        "rule": {
            "years": beside.rule.years,
            "limit": beside.rule.limit,
            "farthest_difference": beside.rule.farthest,
            "closing_distance": beside.closing,
            "moved_pence": beside.moved_pence,
        },
    }


def _beside(beside: BesidePublished, answer: AllWays) -> Sequence[str]:
    code = max(beside.difference, key=lambda each: abs(beside.difference[each]))
    rule, apart = beside.rule, _fine(abs(beside.difference[code]), 3)
    by_rule = f"would leave the farthest {_fine(beside.closing)} from target and move {spoken(beside.moved_pence)}"
    here = f"leaves it {_fine(max(answer.closing))} away and moves {spoken(answer.moved_pence)}"
    farthest = f"nobody is more than {apart} from the published allocation of 2025/26, as a share of the same money"
    part = f"1/{rule.years} of the distance from target a year, at most {_fine(rule.limit)} either way"
    return [
        f"In its first year {farthest}; the farthest is {code}.",
        f"The published allocations follow, within {_fine(rule.farthest, 3)}, the rule: {part}.",
        f"Repeated over the same years with the same money, that rule {by_rule}; this path {here}.",
    ]


def _fine(part: Fraction, places: int = 2) -> str:
    return f"{_points(part, places)}%"


def _points(part: Fraction, places: int = 2) -> str:
    return plain_decimal(part * 100, places)
