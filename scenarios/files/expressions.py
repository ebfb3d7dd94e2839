"""What a file may work out: ``$cut``, ``2 x $each``, ``1 - $cut``; in sentences ``$cut`` and ``{2 x $each}``.

Numbers are exact, and nothing else can be said: no names but assumptions, no functions, nothing that runs.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ledger.money import PENCE_PER_POUND, parse_pounds, plain_pounds, round_half_up_fraction, spoken
from scenarios.fields import PROCEEDS

# A hyphen belongs to a name; a minus stands between spaces.
NAME = re.compile(r"\$([a-z][a-z0-9_]*(?:-[a-z0-9_]+)*)")
_TOKEN = re.compile(
    r"\s*(?:(?P<name>\$[a-z][a-z0-9_]*(?:-[a-z0-9_]+)*)|(?P<pounds>£[\d,.]+(?:\s*(?:thousand|million|billion|k|m|bn))?)"
    r"|(?P<number>\d+(?:\.\d+)?%?)|(?P<sign>[-+x*/()]))"
)
_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_LONGEST = 200
_PLACES = 12  # a part that never ends, such as a third, is cut here


class NoExpression(ValueError):
    """The text is no arithmetic."""


def named(text: str) -> list[str]:
    """The assumptions that a text names."""
    return NAME.findall(text)


def put_in(text: str, values: Mapping[str, Any]) -> Any:
    """A text with its assumptions put in: the value itself, a number that is worked out, or a sentence.

    Args:
        values: every assumption that the text names, and perhaps others.
    """
    whole = NAME.fullmatch(text.strip())
    if whole:
        return values[whole[1]]
    try:
        return _written(_Reader(text, values).whole())
    except (NoExpression, ZeroDivisionError):
        return put_in_words(text, values)


def put_in_words(text: str, values: Mapping[str, Any]) -> str:
    """A sentence with the assumptions that it names put in, as the file writes their values.

    What stands in braces, such as ``{2 x $each}``, is worked out, and told as an amount where an amount is in it, and
    as a percentage where a percentage is; what is no arithmetic stays as it is.
    """

    def worked_out(found: re.Match[str]) -> str:
        try:
            return _worked_out_in_words(found[1], values) if named(found[1]) else found[0]
        except (NoExpression, ZeroDivisionError):
            return found[0]

    return NAME.sub(lambda found: str(values.get(found[1], found[0])), _IN_BRACES.sub(worked_out, text))


def with_proceeds(text: str, freed: Mapping[int, int]) -> str:
    """A sentence in which what steps free is told where braces ask for it: ``{proceeds of step 1}``, or a half of it.

    Args:
        freed: number of each step that is done to the money that it freed, in pence. What asks for another stays.
    """

    def worked_out(found: re.Match[str]) -> str:
        steps = PROCEEDS.findall(found[1])
        if not steps or any(int(step) not in freed for step in steps):
            return found[0]
        try:
            return _worked_out_in_words(
                PROCEEDS.sub(lambda step: f"£{plain_pounds(freed[int(step[1])])}", found[1]), {}
            )
        except (NoExpression, ZeroDivisionError):
            return found[0]

    return _IN_BRACES.sub(worked_out, text)


def _worked_out_in_words(text: str, values: Mapping[str, Any]) -> str:
    value = _Reader(text, values).whole()
    operands = NAME.sub(lambda found: str(values[found[1]]), text)
    if "£" in operands:
        return spoken(round_half_up_fraction(value * PENCE_PER_POUND))
    return f"{_written(value * 100)}%" if "%" in operands else _written(value)


def _written(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    return format(round(Decimal(value.numerator) / value.denominator, _PLACES).normalize(), "f")


def number(written: Any) -> Fraction:
    """A value as people write it: 80%, 0.8, £1.2 million.

    Raises:
        NoExpression: it is no number.
    """
    text = str(written).strip()
    try:
        return Fraction(text[:-1].strip()) / 100 if text.endswith("%") else Fraction(text)
    except (ValueError, ZeroDivisionError):
        pass
    try:
        return Fraction(parse_pounds(text), 100)
    except ValueError as error:
        raise NoExpression(text) from error


class _Reader:
    """Sums of products of numbers, amounts, names and brackets."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        if len(text) > _LONGEST:
            raise NoExpression(text)
        self.values, self.tokens, at = values, list[tuple[str, str]](), 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise NoExpression(text)
            self.tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
            at = found.end()

    def whole(self) -> Fraction:
        found = self._sum()
        if self.tokens:
            raise NoExpression(str(self.tokens[0]))
        return found

    def _sum(self) -> Fraction:
        found = self._product()
        while sign := self._taken("+", "-"):
            found += self._product() if sign == "+" else -self._product()
        return found

    def _product(self) -> Fraction:
        found = self._single()
        while sign := self._taken("x", "*", "/"):
            other = self._single()
            found = found / other if sign == "/" else found * other
        return found

    def _single(self) -> Fraction:
        if self._taken("("):
            found = self._sum()
            if not self._taken(")"):
                raise NoExpression("a bracket is open")
            return found
        if not self.tokens or self.tokens[0][0] == "sign":
            raise NoExpression("a number is missing")
        kind, text = self.tokens.pop(0)
        if kind == "name" and text[1:] not in self.values:
            raise NoExpression(text)
        return number(self.values[text[1:]] if kind == "name" else text)

    def _taken(self, *signs: str) -> str:
        """The next sign, taken, where it is one of these; else nothing."""
        return self.tokens.pop(0)[1] if self.tokens and self.tokens[0] in {("sign", sign) for sign in signs} else ""
