"""What a decision is asked for: its fields, each with what it holds, what it means and an example.

The options of the command, the columns of the register and the tables of the guide are made from these descriptions,
and every front door reads what people give by the one function here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from ledger import characters
from ledger.entries.decisions.known import Known
from ledger.entries.kinds import MONEY_KINDS
from ledger.errors import Problem
from ledger.money import parse_pounds
from ledger.rules.shapes import FIRST_DAY, LAST_DAY
from ledger.years import parse_month, parse_year

PPM = 1_000_000
_WHOLE = 100
# What a column of counts holds.
_MOST_COUNTED = 2**31 - 1
_YES, _NO = ("yes", "y", "true", "r", "recurrent"), ("no", "n", "false", "nr", "non-recurrent")


class Holds(StrEnum):
    """What a field holds, and so how it is read."""

    ORGANISATION = "an organisation's code"
    FUND = "a fund's code"
    TIER = "a tier's code"
    MONEY = "an amount in pounds"
    MONEY_FROM_0 = "an amount in pounds, or 0"
    MONEY_EITHER_WAY = "an amount in pounds, above or below zero"
    DAY = "a day"
    MONTH = "a month"
    YEAR = "a financial year"
    YES_NO = "yes or no"
    NUMBER = "a whole number"
    PERCENT = "a percentage"
    WORD = "one of a list"
    KINDS = "kinds of entry, by commas"
    TEXT = "words"


MONEY = (Holds.MONEY, Holds.MONEY_FROM_0, Holds.MONEY_EITHER_WAY)


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a decision is asked for.

    Attributes:
        name: in small letters with underscores, the same at every front door.
        meaning: what it is, in a sentence without a full stop.
        example: as somebody would write it.
        choices: the words to choose from, where it holds one of a list.
        most: the largest whole number that it may hold.
        among: the records whose names it holds one of, as an attribute of what the books know; empty where any words
            will do.
    """

    name: str
    holds: Holds
    meaning: str
    example: str
    required: bool = False
    choices: tuple[str, ...] = ()
    most: int = _MOST_COUNTED
    among: str = ""

    @property
    def title(self) -> str:
        """Its name for people: ``Spend by``."""
        return self.name.replace("_", " ").capitalize()


def read(
    fields: tuple[Field, ...], given: Mapping[str, str], known: Known, where: Callable[[str], str]
) -> tuple[dict[str, Any], list[Problem]]:
    """What somebody gave, as values.

    Args:
        fields: what is asked for.
        given: text by the name of the field; what is empty or left out is not given.
        known: the books, for their codes.
        where: from a field's name to where it was given, as this front door says it.

    Returns:
        Values by field, None where nothing was given; and every problem found. Money is in pence, a share in parts
        per million, a year a ``FinancialYear``, a month a ``Month``, kinds of entry a text with commas.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    names = {field.name for field in fields}
    for name, text in given.items():
        if name not in names and text.strip():
            why = "A decision of this kind is not asked for it."
            problems.append(Problem(where(name), f"it holds '{_short(text)}'.", why, "Leave it empty."))
    for field in fields:
        text = characters.normalise(" ".join(given.get(field.name, "").split()))
        values[field.name] = None
        if not text:
            if field.required:
                fix = f"Give {field.holds.value}, as {field.example}."
                why = f"A decision of this kind needs it: {field.meaning[:1].lower()}{field.meaning[1:]}."
                problems.append(Problem(where(field.name), "nothing is given.", why, fix))
            continue
        try:
            values[field.name] = _value(field, text, known)
        except ValueError as error:
            fix = f"Give {field.holds.value}, as {field.example}."
            if field.choices:
                fix = f"Choose one of {', '.join(field.choices)}."
            said = str(error) or f"'{_short(text)}' is not {field.holds.value}."
            problems.append(Problem(where(field.name), said, f"It says: {field.meaning}.", fix))
    return values, problems


def _value(field: Field, text: str, known: Known) -> Any:
    codes = {
        Holds.ORGANISATION: (known.organisations, "organisation"),
        Holds.FUND: (known.funds, "fund"),
        Holds.TIER: (known.tiers, "tier"),
    }
    if field.holds in codes:
        return _code(text, *codes[field.holds])
    if field.holds is Holds.WORD:
        return _word(text, field.choices)
    value = _READ[field.holds](text)
    if field.holds is Holds.NUMBER and value > field.most:
        raise ValueError(f"'{_short(text)}' is more than {field.most}.")
    return value


def _code(text: str, codes: Mapping[str, Any], what: str) -> str:
    if text in codes:
        return text
    near = get_close_matches(text.upper(), codes, 3, 0.5) or get_close_matches(text, codes, 3, 0.5)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise ValueError(f"there is no {what} '{_short(text)}'.{hint}")


def _amount(text: str) -> int:
    pence = parse_pounds(text)
    if pence <= 0:
        raise ValueError(f"the amount is {_short(text)}; money that goes back is a decision of its own.")
    return pence


def _amount_from_0(text: str) -> int:
    pence = parse_pounds(text)
    if pence < 0:
        raise ValueError(f"the amount is {_short(text)}, which is below zero.")
    return pence


def _amount_either_way(text: str) -> int:
    pence = parse_pounds(text)
    if pence == 0:
        raise ValueError("the amount is 0, which changes nothing.")
    return pence


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{_short(text)}' is not a day.") from None
    if not FIRST_DAY <= str(day) <= LAST_DAY:
        raise ValueError(f"'{day}' is not from {FIRST_DAY} to {LAST_DAY}.")
    return day


def _yes(text: str) -> bool:
    if text.lower() not in (*_YES, *_NO):
        raise ValueError
    return text.lower() in _YES


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(10**18))):
        raise ValueError
    return int(text)


def _share(text: str) -> int:
    try:
        share = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        raise ValueError from None
    if not share.is_finite() or not 0 <= share <= _WHOLE:
        raise ValueError(f"'{_short(text)}' is not between 0% and 100%.")
    parts = share * PPM / _WHOLE
    if parts != parts.to_integral_value():
        raise ValueError(f"'{_short(text)}' has more than four decimals.")
    return int(parts)


def _word(text: str, choices: tuple[str, ...]) -> str:
    if text.lower() not in choices:
        raise ValueError
    return text.lower()


def _kinds(text: str) -> str:
    kinds = [kind.strip() for kind in text.split(",") if kind.strip()]
    wrong = [kind for kind in kinds if kind not in MONEY_KINDS]
    if wrong:
        raise ValueError(f"'{_short(wrong[0])}' is no kind of entry that moves money: {', '.join(MONEY_KINDS)}.")
    return ",".join(kinds)


_READ: dict[Holds, Callable[[str], Any]] = {
    Holds.MONEY: _amount,
    Holds.MONEY_FROM_0: _amount_from_0,
    Holds.MONEY_EITHER_WAY: _amount_either_way,
    Holds.DAY: _day,
    Holds.MONTH: parse_month,
    Holds.YEAR: parse_year,
    Holds.YES_NO: _yes,
    Holds.NUMBER: _number,
    Holds.PERCENT: _share,
    Holds.KINDS: _kinds,
    Holds.TEXT: str,
}


def _short(text: str) -> str:
    most = 60
    return text if len(text) <= most else f"{text[:most]}..."
