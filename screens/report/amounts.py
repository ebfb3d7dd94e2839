"""How people read amounts: one rule for every table of a page. Files have amounts to the penny."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from ledger.money import exact_pounds, millions, spoken, whole_pounds

_MILLION_PENCE, _LEAST_IN_POUNDS = 10**8, 10**4
_A_HEAD = re.compile(r" (head|person)\b")


class MoneyAs(StrEnum):
    """How people read an amount; ``EXACT`` where it is traced, or about to be posted."""

    EXACT = "exact"
    PENCE = "pence"
    MILLIONS = "millions"
    POUNDS = "pounds"
    SPOKEN = "spoken"


_WRITTEN: Mapping[MoneyAs, Callable[[int], str]] = {
    MoneyAs.EXACT: exact_pounds,
    MoneyAs.PENCE: exact_pounds,
    MoneyAs.MILLIONS: millions,
    MoneyAs.POUNDS: whole_pounds,
    MoneyAs.SPOKEN: spoken,
}


def written(pence: int, how: MoneyAs) -> str:
    """An amount as people read it."""
    return _WRITTEN[how](pence)


def unit(amounts: Sequence[int]) -> MoneyAs:
    """How the amounts of a table are shown on a page, by the largest of them.

    In £ million from a million pounds on, in whole pounds below it, and with pence where nothing reaches £100.
    """
    most = max(map(abs, amounts), default=0)
    if most >= _MILLION_PENCE:
        return MoneyAs.MILLIONS
    return MoneyAs.PENCE if 0 < most < _LEAST_IN_POUNDS else MoneyAs.POUNDS


def is_a_head(heading: str) -> bool:
    """Whether a column is a rate, and so no part of the money that the other columns of its table tell of."""
    return _A_HEAD.search(heading) is not None
