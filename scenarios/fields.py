"""What a value in a scenario may be: shares, pounds, days, and the words for weightings.

Any value may also be the name of an assumption, written ``$name``, or arithmetic with some; it is put in before the
value is read.
"""

import re
import unicodedata
from calendar import isleap
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from ledger.errors import LedgerError
from ledger.money import exact_pounds, parse_pounds
from ledger.years import FinancialYear, parse_year


class CannotApply(LedgerError):
    """The step cannot be applied to this position.

    Attributes:
        key: the key of the step that is at fault, such as ``funds``; empty for the step as a whole.
        found: what is there.
        why: why it matters.
        remedy: what to do.
    """

    def __init__(self, found: str, why: str, remedy: str, key: str = "") -> None:
        self.found, self.why, self.fix, self.key = found, why, remedy, key
        super().__init__(f"{found} {why} {remedy}")


NAMED = {"type": "string", "pattern": r"\$[a-z]", "description": "an assumption by name, or worked out from some"}

# How a file names the money that an earlier step frees.
PROCEEDS = re.compile(r"proceeds of step (\d{1,3})")
Grade = Literal["none", "monitored", "soft", "hard", "statutory"]
Discretion = Literal["free", "local contract", "national contract", "pass-through"]
Route = Literal[
    "formula", "equal shares", "bid", "claim", "prize", "direction", "historic",
    "achievement", "rent", "drugs", "locally agreed",
]  # fmt: skip
Light = Literal["red", "amber", "green"]


def _exact(written: Any) -> Any:
    """A number as it was written; a share may be written 80%."""
    if isinstance(written, str) and written.strip().endswith("%"):
        return Decimal(written.strip()[:-1].strip()) / 100
    return written


def _pence(written: Any) -> int:
    if isinstance(written, bool) or not isinstance(written, int | str | Decimal):
        raise ValueError(f"{written!r} is not an amount of money. Write it as 595000 or £1.2 million")  # noqa: TRY004
    return parse_pounds(str(written))


def _year(written: Any) -> FinancialYear:
    return written if isinstance(written, FinancialYear) else parse_year(str(written))


_MOST_YEARS = 15


def _years(written: Any) -> tuple[FinancialYear, ...]:
    """One year, or all from one to another, both counted."""
    if isinstance(written, tuple):
        return written
    ends = [parse_year(part) for part in str(written).split(" to ")]
    if len(ends) > 2 or ends[-1] < ends[0] or ends[-1].start - ends[0].start >= _MOST_YEARS:  # noqa: PLR2004
        raise ValueError(f"'{written}' is not a span of at most {_MOST_YEARS} years. Write it as 2025/26 to 2030/31")
    return tuple(FinancialYear(start) for start in range(ends[0].start, ends[-1].start + 1))


def _instant(written: Any) -> Any:
    if isinstance(written, str):
        written = date.fromisoformat(written) if len(written) == len("2025-06-30") else datetime.fromisoformat(written)
    if isinstance(written, date) and not isinstance(written, datetime):
        written = datetime.combine(written, time.max)
    return written.replace(tzinfo=UTC) if isinstance(written, datetime) and written.tzinfo is None else written


def _readable(text: str) -> str:
    hidden = [character for character in text if unicodedata.category(character) in ("Cc", "Cf") and character != "\n"]
    if hidden:
        raise ValueError(
            f"the character U+{ord(hidden[0]):04X} cannot be seen, and could make the text read as another"
        )
    return text


def _number(low: int | None, high: int | None) -> dict[str, Any]:
    limits = {"minimum": low, "maximum": high}
    number = {"type": "number", **{name: limit for name, limit in limits.items() if limit is not None}}
    percent = {"type": "string", "pattern": r"^-?\d+(\.\d+)?%$"}
    return {"anyOf": [number, percent]}


_AS_TEXT = PlainSerializer(lambda number: format(number.normalize(), "f"), return_type=str)

# A part of one: 0.8, or 80%.
Share = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1), _AS_TEXT, WithJsonSchema(_number(0, 1))]
# How likely something is, between never (0) and always (1).
Probability = Annotated[Decimal, BeforeValidator(_exact), Field(ge=0, le=1), _AS_TEXT, WithJsonSchema(_number(0, 1))]
# A rate of growth, which may be below zero.
Rate = Annotated[Decimal, BeforeValidator(_exact), Field(ge=-1, le=10), _AS_TEXT, WithJsonSchema(_number(-1, 10))]
# An amount in pounds as people write it, kept in whole pence.
Pounds = Annotated[
    int,
    BeforeValidator(_pence),
    Field(ge=0),
    PlainSerializer(lambda pence: exact_pounds(pence).replace(",", ""), return_type=str),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}], "description": "pounds, as 595000 or £1.2m"}
    ),
]
Year = Annotated[
    FinancialYear,
    BeforeValidator(_year),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{4}/\d{2}$", "description": "a financial year, as 2025/26"}),
]
# Several years on end, written by the first and the last.
Years = Annotated[
    tuple[FinancialYear, ...],
    BeforeValidator(_years),
    PlainSerializer(lambda years: " to ".join(map(str, dict.fromkeys((years[0], years[-1])))), return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{4}/\d{2}( to \d{4}/\d{2})?$",
            "description": "financial years, as 2025/26 to 2030/31",
        }
    ),
]
# A moment on the second clock. A bare day means its end, and a time without a zone is UTC.
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string"})]
# Words that people read. Nothing that could turn a terminal or a line of text about.
Text = Annotated[str, AfterValidator(_readable)]
# A weighted population by name, or several mixed: name to part, the parts making one.
By = str | dict[str, Share]


def exact(share: Decimal | Fraction | int) -> Fraction:
    """A share as an exact fraction."""
    return Fraction(share)


def years_on(day: date, years: int) -> date:
    """The same day so many years later; 28 February for a 29 February that is not there."""
    year = day.year + years
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=year, day=28) if is_leap_day and not isleap(year) else day.replace(year=year)
