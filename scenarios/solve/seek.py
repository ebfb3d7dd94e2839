"""Goal seek: which value of one assumption makes a figure of a scenario what is asked of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from ledger.errors import Refused, refuse
from ledger.money import PENCE_PER_POUND, parse_pounds, plain_decimal
from ledger.reports import measures as reports
from ledger.store.address import Address
from ledger.store.base import Reader
from scenarios import outcome, saved
from scenarios.change import condensed
from scenarios.engine import Run, run
from scenarios.files.scenario import Assumption
from scenarios.scorecard import CATALOGUE, scorecard
from scenarios.solve.crossing import Crossing, cross

PERCENT, POUNDS, WHOLE = "percent", "pounds", "whole"
_CONDITION = re.compile(r"\s*(?:(earmarked)\s+)?([a-z_]+)\s*(>=|<=)\s*(\S.*?)\s*")
_MOST_DIGITS = 15
_HUNDREDTHS = 10_000
"""A share is looked for to a hundredth of a percentage point."""


@dataclass(frozen=True)
class SoughtFigure:
    """A figure of a position.

    Attributes:
        name: a fixed word; that of earmarked money alone begins with ``earmarked``.
        unit: as of a measure or a question of the scorecard.
        read: the figure of a run; None where it is not defined.
    """

    name: str
    title: str
    unit: str
    read: Callable[[Run], Fraction | None]


@dataclass(frozen=True)
class Condition:
    """What is asked of a figure.

    Attributes:
        at_least: whether the figure is to be the value or more; else the value or less.
    """

    figure: SoughtFigure
    at_least: bool
    value: Fraction

    def is_met(self, figure: Fraction) -> bool:
        """Whether it holds of a figure."""
        return figure >= self.value if self.at_least else figure <= self.value


@dataclass(frozen=True)
class Scale:
    """The values that an assumption is given.

    Attributes:
        kind: ``percent``, by hundredths of a point; ``pounds``, by the pound; ``whole``, by one.
        low, high: its ends, in steps.
        today: the file's own value, in steps.
    """

    kind: str
    low: int
    high: int
    today: int

    def written(self, step: int) -> str:
        """A value as a file writes it."""
        if self.kind == PERCENT:
            text = plain_decimal(Fraction(step, 100), 2)
            return f"{text.rstrip('0').rstrip('.')}%"
        return f"£{step:,}" if self.kind == POUNDS else str(step)


@dataclass(frozen=True)
class Sought:
    """What was found.

    Attributes:
        assumption: whose value was looked for.
        refused: why the scenario could not be run at the first value at which it could not; empty where it always
            could.
    """

    title: str
    assumption: str
    condition: Condition
    scale: Scale
    crossing: Crossing
    refused: str


def seek(
    reader: Reader, ledger: Address, name: str, assumption: str, asked: str, ends: tuple[str | None, str | None]
) -> Sought:
    """Look for the value of an assumption at which a figure is what is asked.

    Args:
        name: a scenario by name or file.
        asked: a figure, ``>=`` or ``<=``, and a value, as ``untied_devolved_share >= 50%``.
        ends: between which values to look; where nothing is said, from none to all of a share, and to twice the file's
            value of all else.

    Raises:
        Refused: there is no such scenario, assumption or figure; what is asked is no condition; or it cannot be run
            at the file's own value.
    """
    written = saved.find(name, ledger)
    condition = condition_of(asked)
    scale = scale_of(_assumption(written.scenario.assumptions, assumption, written.used), ends)
    books = outcome.read_baseline(reader, written)
    refusals: list[str] = []

    def figure(step: int) -> Fraction | None:
        try:
            turned = saved.read_text(saved.with_turns(name, {assumption: scale.written(step)}, ledger))
            return condition.figure.read(run(turned, books))
        except Refused as refused:
            if step == scale.today:
                raise
            refusals.append(f"At {scale.written(step)}: {refused.problems[0].found}")
            return None

    crossing = cross(figure, condition.is_met, scale.low, scale.high, scale.today)
    return Sought(written.scenario.title, assumption, condition, scale, crossing, (refusals or [""])[0])


def figures() -> Mapping[str, SoughtFigure]:
    """Every figure that can be asked for, by name: the measures in both scopes, then the questions of the scorecard."""
    found = {}
    for scope in reports.SCOPES:
        for measure in reports.CATALOGUE:
            name = measure.name if scope == reports.ALL else f"{scope} {measure.name}"
            title = measure.title if scope == reports.ALL else f"{measure.title}, earmarked money alone"
            found[name] = SoughtFigure(name, title, measure.unit, _measure(measure.name, scope))
    for test in CATALOGUE:
        found.setdefault(test.name, SoughtFigure(test.name, test.says, test.unit, _test(test.name)))
    return found


def _measure(name: str, scope: str) -> Callable[[Run], Fraction | None]:
    def read(done: Run) -> Fraction | None:
        listed = reports.measures(condensed(done.position), scope)
        return _exact(next(each.value for each in listed if each.name == name))

    return read


def _test(name: str) -> Callable[[Run], Fraction | None]:
    def read(done: Run) -> Fraction | None:
        return _exact(
            next(each.value for each in scorecard(done.position, done.world, with_ranges=False) if each.name == name)
        )

    return read


def _exact(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def condition_of(asked: str) -> Condition:
    """What is asked of a figure, read.

    Raises:
        Refused: it is no condition, or there is no such figure.
    """
    parts = _CONDITION.fullmatch(asked)
    if parts is None:
        refuse(
            "what is asked",
            f"'{asked}' is no figure with >= or <= and a value.",
            "It could not be said when the figure is there.",
            "Write it as: untied_devolved_share >= 50%",
        )
    scope, word, sign, value = parts.groups()
    known, name = figures(), f"{scope} {word}" if scope else word
    if name not in known:
        sentence = f"there is no figure '{name}'."
        refuse("what is asked", sentence, "Nothing could be looked for.", f"There are {', '.join(known)}.")
    figure = known[name]
    number = _pence(value) if figure.unit == "pence" else _number(value)
    if number is None:
        sentence = f"'{value}' is no value of {name}, which is in {figure.unit}."
        why = "It could not be said when the figure is there."
        refuse("what is asked", sentence, why, "Write a share as 50%, money as £10 million, all else as 12.5.")
    return Condition(figure, sign == ">=", number)


def scale_of(assumption: Assumption, ends: tuple[str | None, str | None]) -> Scale:
    """The values between which an assumption is looked for.

    Raises:
        Refused: it is no number, or an end is none, or its own value does not lie between them.
    """
    own = str(assumption.value).strip()
    kind = _kind(own)
    steps = [None if text is None else _steps(text, kind) for text in (own, *ends)]
    today = steps[0]
    if kind is None or today is None or any(step is None for step, text in zip(steps[1:], ends, strict=True) if text):
        sentence = f"'{own if today is None else ' to '.join(text or '' for text in ends)}' is no number of one kind."
        why = "Only what lies on a scale can be looked for by halving."
        refuse(
            assumption.name, sentence, why, "Choose an assumption in percent, pounds or whole numbers, and ends alike."
        )
    low = 0 if steps[1] is None else steps[1]
    high = steps[2] if steps[2] is not None else _HUNDREDTHS if kind == PERCENT else 2 * max(today, 1)
    if not low <= today <= high or low == high:
        scale = Scale(kind, low, high, today)
        sentence = f"its own value, {own}, does not lie from {scale.written(low)} to {scale.written(high)}."
        refuse(assumption.name, sentence, "What is found is compared with today's.", "Give ends on either side of it.")
    return Scale(kind, low, high, today)


def _assumption(listed: tuple[Assumption, ...], name: str, used: frozenset[str] | None) -> Assumption:
    known = {each.name: each for each in listed}
    if name not in known:
        made = ", ".join(known) or "none"
        refuse(name, "the scenario makes no such assumption.", "There is nothing to turn.", f"It makes {made}.")
    if used is not None and name not in used:
        why = "Whatever it is, no figure changes."
        refuse(name, "no figure of a step uses it.", why, "Choose an assumption that a step names.")
    return known[name]


def _kind(text: str) -> str | None:
    if text.endswith("%") or re.fullmatch(r"0?\.\d+", text):
        return PERCENT
    if re.fullmatch(r"-?\d+", text):
        return WHOLE
    return POUNDS if _pence(text) is not None else None


def _steps(text: str, kind: str | None) -> int | None:
    """A value in steps of its kind; None where it is no such value, or lies between two steps."""
    if kind == POUNDS:
        pence = _pence(text)
        number = None if pence is None else pence / PENCE_PER_POUND
    else:
        number = _number(text)
        number = number * _HUNDREDTHS if number is not None and kind == PERCENT else number
    return None if number is None or number.denominator != 1 else int(number)


def _number(text: str) -> Fraction | None:
    text = text.strip()
    try:
        number = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return None
    return Fraction(number) / 100 if text.endswith("%") else Fraction(number)


def _pence(text: str) -> Fraction | None:
    try:
        return Fraction(parse_pounds(text))
    except ValueError:
        return None
