"""What stands beside an amount in its row and says that it is not to be handed out as it stands.

A status (withdrawn, draft), another currency or unit in a column of its own, a credit, a deduction: none of these
are read as anything, so each is asked about.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from allocations.reading.amounts import UNIT_WORDS
from allocations.reading.letters import folded, tidy
from allocations.reading.numbers import Doubt
from allocations.reading.units import POUNDS, currency_in, units_in
from ledger.inputs import Input

_SHORT = 16  # letters of a cell that holds a unit or a currency and nothing else
_STATUS = re.compile(
    r"^(?:status: ?)?(?:draft|provisional|proposed|pending|awaiting\b.*|withdrawn|superseded|rejected|refused|declined|"
    r"cancelled|void|obsolete|removed|deleted|duplicate|replaced|unapproved|unconfirmed|on hold|do not use|"
    r"not (?:yet )?(?:approved|agreed|funded|confirmed)|subject to approval|last year|prior year)\b"
)
_CREDIT = re.compile(r"^(?:cr|credit|negative|minus)\.?$")
_LESS = re.compile(r"^(?:less|minus|deduct(?:ion)?|reduction|efficiency|clawback|recovery|repayment)\b")


@lru_cache(maxsize=8192)
def doubt_of(text: str, unit: str) -> Doubt | None:
    """Why an amount is not taken as it stands, by one cell beside it; none where the cell says nothing of it.

    Args:
        text: a cell of the row that is no amount.
        unit: what the amount is read in.
    """
    plain, shown = folded(text), tidy(text)
    if _STATUS.search(plain):
        return Doubt(
            f"'{shown}' stands beside an amount.",
            "It says that the money is not agreed.",
            f"Take the row out; if it is to be handed out all the same, say so {Input.PURPOSE.given}.",
        )
    if _CREDIT.match(plain):
        return Doubt(
            f"'{shown}' stands beside an amount, which has no minus sign of its own.",
            "A credit read as money handed out is wrong twice over.",
            "Write the amount with its sign.",
        )
    if len(plain) > _SHORT:
        return None
    currency = currency_in(f"currency: {plain}") if plain.isalpha() else currency_in(plain)
    if currency is not None:
        return Doubt(
            f"'{shown}' says that the amount beside it is in {currency}.",
            "The books are in pounds, and nothing is converted.",
            "Give the amounts in pounds.",
        )
    return other_unit(plain if "£" in plain or "000" in plain else f"in {plain}", unit, shown)


def other_unit(text: str, unit: str, shown: str = "") -> Doubt | None:
    """Why an amount is not taken where a text beside it says another unit than it is read in."""
    others = [each for each in units_in(text) if each not in (unit, POUNDS)]
    if not others:
        return None
    return Doubt(
        f"'{shown or tidy(text)}' says {UNIT_WORDS.get(others[0], others[0])}, and the amount is read in "
        f"{UNIT_WORDS[unit]}.",
        "Pounds read as thousands are wrong a thousandfold.",
        "Give all amounts in one unit, and head them with it.",
    )


def is_taken_off(text: str, pounds: Sequence[object]) -> Doubt | None:
    """Why an amount above zero is not taken whose row calls it a deduction."""
    if not _LESS.search(folded(text)) or not any(amount > 0 for amount in pounds):  # type: ignore[operator]
        return None
    return Doubt(
        f"'{tidy(text)}' calls an amount a deduction that has no minus sign.",
        "Money taken off would be added.",
        "Write the amount with its sign.",
    )
