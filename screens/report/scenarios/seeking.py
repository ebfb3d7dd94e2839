"""Goal seek: at which value of an assumption a figure is what is asked, beside the values next to it."""

from fractions import Fraction
from typing import Any

from ledger.money import plain_decimal
from ledger.reports.position import Moment
from scenarios.solve.crossing import ScalePoint
from scenarios.solve.seek import Sought
from screens.report.report import Report, Table, count_of, figure, in_words, text


def sought(answer: Sought, at: Moment) -> Report:
    """What was found, with the figure just before it, at it and just after, and every point that was looked at."""
    condition, crossing = answer.condition, answer.crossing
    facts = {
        "title": answer.title,
        "find": answer.assumption,
        "until": {
            "figure": condition.figure.name,
            "sign": ">=" if condition.at_least else "<=",
            "value": condition.value,
            "unit": condition.figure.unit,
        },
        "found": None if crossing.at is None else answer.scale.written(crossing.at.step),
        "figure": None if crossing.at is None else crossing.at.figure,
        "today": answer.scale.written(answer.scale.today),
        "between": [answer.scale.written(answer.scale.low), answer.scale.written(answer.scale.high)],
        "turns": crossing.turns,
        "crossings": crossing.crossings,
    }
    tables = [Table(f"{condition.figure.title}, by {answer.assumption}", _heads(answer), _rows(answer))]
    return Report(tables, at, answer.title, _sentences(answer), facts, is_refused=crossing.at is None)


def _heads(answer: Sought) -> list[Any]:
    return [
        text("Point", "point"), text(answer.assumption.replace("_", " ").capitalize(), "value"),
        text(answer.condition.figure.title, "figure", missing="cannot be run"), text("As asked", "is_met"),
    ]  # fmt: skip


def _rows(answer: Sought) -> list[list[Any]]:
    crossing = answer.crossing
    named = {
        point.step: word
        for word, point in (("after", crossing.after), ("before", crossing.before), ("found", crossing.at))
        if point is not None
    }
    return [
        [
            named.get(point.step, "today" if point.step == answer.scale.today else ""),
            answer.scale.written(point.step),
            None if point.figure is None else figure(point.figure, answer.condition.figure.unit),
            point.is_met,
        ]
        for point in crossing.looked_at
    ]


def _sentences(answer: Sought) -> list[str]:
    crossing, condition, scale = answer.crossing, answer.condition, answer.scale
    between = f"from {scale.written(scale.low)} to {scale.written(scale.high)}"
    bound = "at least" if condition.at_least else "at most"
    wanted = f"{condition.figure.title}: {bound} {_exactly(answer, condition.value)}"
    today = next(point for point in crossing.looked_at if point.step == scale.today)
    said = [f"{wanted}. Today {answer.assumption} is {scale.written(scale.today)}, which gives {_at(answer, today)}."]
    if crossing.at is None:
        best = crossing.most if condition.at_least else crossing.least
        nearest = "" if best is None else f" The nearest is {_at(answer, best)}, at {scale.written(best.step)}."
        said.append(f"No value that was looked at, {between}, does it.{nearest}")
    elif crossing.before is None:
        said.append(f"It is so at every value that was looked at, {between}: nothing has to change.")
    else:
        after = (
            ""
            if crossing.after is None
            else f", and {scale.written(crossing.after.step)} {_at(answer, crossing.after)}"
        )
        said.append(
            f"With {answer.assumption} at {scale.written(crossing.at.step)} it is {_at(answer, crossing.at)}; "
            f"{scale.written(crossing.before.step)} gives {_at(answer, crossing.before)}{after}."
        )
    if crossing.turns or crossing.crossings > 1:
        times = count_of(max(crossing.crossings, 1), "crossing was", "crossings were")
        said.append(
            f"The figure does not only rise or only fall: {times} seen among the points first looked at, and this is "
            "the nearest to today. There may be others between them."
        )
    if answer.refused:
        said.append(f"Not every value can be run. {answer.refused}")
    return said


def _at(answer: Sought, point: ScalePoint) -> str:
    return "no figure" if point.figure is None else _exactly(answer, point.figure)


def _exactly(answer: Sought, value: Fraction) -> str:
    """A share to four decimals, for neighbours differ by little."""
    unit = answer.condition.figure.unit
    return f"{plain_decimal(value * 100, 4)}%" if unit == "share" else in_words(value, unit)
