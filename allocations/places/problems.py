"""What can be wrong with a practice that a file puts in a place; every kind of file says it alike."""

from collections.abc import Mapping
from difflib import get_close_matches

from ledger.errors import Problem


def wrong_practice(where: str, code: str, icb: str, practices: Mapping[str, str]) -> Problem:
    """Why a practice cannot be in a place of this ICB: it is of another one, or not known.

    Args:
        practices: every practice known for the year, with its ICB.
    """
    if code in practices:
        return Problem(
            where,
            f"practice {code} belongs to {practices[code]}, not to {icb}.",
            "A place lies within one ICB.",
            "Take it out, or correct the code.",
        )
    own = [known for known, its_icb in practices.items() if its_icb == icb]
    near = get_close_matches(code, own, 3, 0.6)
    remedy = f"Did you mean {' or '.join(near)}?" if near else "Correct the code."
    return Problem(
        where,
        f"there is no practice '{code}' in the figures of the year.",
        "Its population is not known.",
        remedy,
    )
