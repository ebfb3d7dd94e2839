"""The picture of a trend in words: what is drawn of it, and what changed from its first point to its last."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from allocations.shares.national import TOGETHER
from ledger.money import spoken
from ledger.reports.summary import percent
from ledger.reports.trend import MEASURES, WHOLE, YEARS, TrendPoint
from ledger.years import FinancialYear
from screens.report.marks import Where, at_percent
from screens.report.render.colours import OVER_TIME


def labels(points: Sequence[TrendPoint], over: str) -> list[str]:
    """What is written under each point: its year, or its month."""
    return [str(FinancialYear(one.point.year)) if over == YEARS else f"{one.point.as_at:%b %y}" for one in points]


def lines(points: Sequence[TrendPoint]) -> Mapping[str, Sequence[Where | None]]:
    """The title of each measure that is drawn to where it stands at every point; None where nothing was held."""
    return {MEASURES[name]: [_where(one, name) for one in points] for name in OVER_TIME}


def _where(point: TrendPoint, measure: str) -> Where | None:
    value = point.values[measure]
    return None if value is None else at_percent(value)


def held(points: Sequence[TrendPoint]) -> list[TrendPoint]:
    """The points at which anything was held."""
    return [one for one in points if one.total_pence is not None]


def sentence(held: Sequence[TrendPoint]) -> str:
    """What changed from the first point to the last, measure by measure.

    Args:
        held: one point or more, each with money.
    """
    first, last = held[0], held[-1]
    if len(held) == 1:
        said = [f"{MEASURES[name].lower()} {percent(last.values[name])}" for name in OVER_TIME]
        return f"there is one point so far, {last.point.as_at:%-d %B %Y}: {', '.join(said)}."
    moved = [
        f"{MEASURES[name].lower()} {_went(percent(first.values[name]), percent(last.values[name]))}"
        for name in OVER_TIME
        if any(one.values[name] != first.values[name] for one in held)
    ]
    between = f"between {first.point.as_at:%-d %B %Y} and {last.point.as_at:%-d %B %Y}"
    return f"{between}, {'; '.join(moved)}." if moved else f"{between}, none of these shares changed."


def _went(start: str, end: str) -> str:
    return f"was {start} at both" if start == end else f"went from {start} to {end}"


_COMPARED = 3
# Per thousand: what is known of as much is told as a share of all.
_NEARLY_ALL = 995


def reservations(points: Sequence[TrendPoint], over: str) -> list[str]:
    """What has to be known of a trend before it is quoted: years that are lacking, and of how much a share is told."""
    return [*_years_without(points, over), *_of_what_is_known(points, over)]


def _of_what_is_known(points: Sequence[TrendPoint], over: str) -> list[str]:
    """Of how much of the money each share is, where that is not nearly all; and where nothing below an ICB is recorded.

    Of months the last alone is told.
    """
    told = held(points) if over == YEARS else held(points)[-1:]
    named = dict(zip(labels(told, over), told, strict=True))
    said = []
    for name, title in MEASURES.items():
        parts = [
            f"of {spoken(known)} of {spoken(whole)} in {when}"
            for when, one in named.items()
            for known, whole in [one.known[name]]
            if 0 < known * 1000 < whole * _NEARLY_ALL
        ]
        if parts:
            said.append(f"{title} is a share of what is known: {'; '.join(parts)}.")
    none = [when for when, one in named.items() if one.values["devolved_share"] == 0]
    if none:
        said.append(
            f"In {' and '.join(none)} nothing that ICBs passed on is recorded: devolved, and local and free, are of "
            "what the books hold, and not of what was done."
        )
    return said


def _years_without(points: Sequence[TrendPoint], over: str) -> list[str]:
    """Of which of the newest three years nothing is recorded; nothing is said where points are months."""
    years = {one.point.year for one in held(points)}
    if over != YEARS or not years:
        return []
    lacking = [str(FinancialYear(year)) for year in range(max(years) - _COMPARED + 1, max(years)) if year not in years]
    return [f"Of {' and '.join(lacking)} nothing is recorded here, so nothing is compared with it."] if lacking else []


def every_icb(
    found: Mapping[str, Sequence[TrendPoint]], names: Mapping[str, str], measure: str
) -> dict[str, list[Fraction | None]]:
    """Name of each ICB to its share at every point: all of them together first, then the highest at the last point.

    Args:
        found: what ICBs, and ``WHOLE`` for all together, held at the same points.
        names: of ICBs, by code. Those that have no share at any point are left out.
    """
    held = {code: [one.values[measure] for one in points] for code, points in found.items()}

    def place(code: str) -> tuple[bool, Fraction, str]:
        last = next((share for share in reversed(held[code]) if share is not None), Fraction(0))
        return code != WHOLE, -last, names.get(code, code)

    known = [code for code in sorted(held, key=place) if any(share is not None for share in held[code])]
    return {names.get(code, code) if code else TOGETHER: held[code] for code in known}
