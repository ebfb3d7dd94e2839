"""A place is a set of practices of one ICB. Places must divide the ICB between them, with nobody twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa

from ledger.errors import Problem, refuse_any

UNASSIGNED = "(unassigned)"
# What people read of those practices, by the level at which they are in nothing.
IN_NONE = {"place": "In no place", "pcn": "In no PCN"}
DEFAULT = "default"
# The word for the place scheme beside the default one, where figures have it.
SUB_ICB = "sub-icb"


@dataclass(frozen=True, slots=True)
class Division:
    """How places divide an ICB.

    Attributes:
        place_of: practice code to place name, for every practice of the ICB; those that the file leaves
            out stand under ``UNASSIGNED``, always shown and never lost.
        unassigned: the practices that no place has.
        left_aside: places of other ICBs that the same file holds, which this division does not use.
        invisible: how many of the file's lines hold letters that nobody sees, and were read without them.
    """

    place_of: Mapping[str, str]
    unassigned: tuple[str, ...]
    left_aside: tuple[str, ...] = ()
    invisible: int = 0


@dataclass(frozen=True, slots=True)
class PlaceAssignment:
    """One line that puts practices in a place.

    Attributes:
        where: the line, in full, as ``places.csv, line 3``.
        again: the same in the middle of a sentence about another line, as ``on line 3``.
        what: what the line names, as ``practice B85005``, ``PCN U12345`` or ``district Craven``.
        practices: the practices that this is.
        place: the place they are put in.
    """

    where: str
    again: str
    what: str
    practices: tuple[str, ...]
    place: str


def divide(
    claims: Iterable[PlaceAssignment | Problem],
    source: str,
    icb: str,
    practices: Mapping[str, str],
    left_aside: Iterable[str] = (),
) -> Division:
    """Places of an ICB from what a file's lines claim.

    Args:
        claims: the lines in their order, each a claim or what is wrong with it.
        source: the file's name, for messages.
        icb: the ICB that the places divide.
        practices: every practice known for the year, with its ICB.
        left_aside: places of other ICBs in the same file.

    Raises:
        Refused: with every line that cannot be used: those that came as problems, a practice in two
            places or named twice, a line without a place; or nothing to share among.
    """
    holder: dict[str, PlaceAssignment] = {}
    spelling: dict[str, str] = {}
    problems: list[Problem] = []
    for claim in claims:
        found = [claim] if isinstance(claim, Problem) else _problems(claim, holder)
        problems.extend(found)
        if isinstance(claim, PlaceAssignment) and not found:
            # LEEDS and Leeds are one place, under the name that came first.
            spelling.setdefault(claim.place.casefold(), claim.place)
            holder.update(dict.fromkeys(claim.practices, claim))
    if not problems and not holder:
        why, remedy = "There are no places to share among.", "Give one line for each practice, with its code and place."
        problems.append(Problem(source, f"it has no practice of {icb}.", why, remedy))
    refuse_any(problems)
    own = sorted(code for code, its_icb in practices.items() if its_icb == icb)
    place_of = {code: spelling[holder[code].place.casefold()] if code in holder else UNASSIGNED for code in own}
    return Division(place_of, tuple(code for code in own if code not in holder), tuple(left_aside))


def with_places(practices: pa.Table, division: Division) -> pa.Table:
    """The same practices, each in the place that a division gives it.

    Args:
        practices: rows of one ICB with the columns ``practice`` and ``place``.
    """
    placed = [division.place_of[code] for code in practices["practice"].to_pylist()]
    return practices.set_column(practices.column_names.index("place"), "place", pa.array(placed, pa.string()))


def _problems(claim: PlaceAssignment, holder: Mapping[str, PlaceAssignment]) -> list[Problem]:
    if not claim.place:
        why, remedy = "Its people would belong nowhere.", "Name its place, or leave it out to see it as unassigned."
        return [Problem(claim.where, f"{claim.what} has no place.", why, remedy)]
    if claim.place.casefold() == UNASSIGNED:
        why = "That name stands for the practices that no place has."
        return [Problem(claim.where, f"the place is called {claim.place}.", why, "Call it something else.")]
    earlier: dict[PlaceAssignment, list[str]] = {}
    for code in claim.practices:
        if code in holder:
            earlier.setdefault(holder[code], []).append(code)
    return [
        Problem(claim.where, _twice(claim, other, both), "Its people would be counted twice.", "Keep one of the two.")
        for other, both in earlier.items()
    ]


def _twice(claim: PlaceAssignment, other: PlaceAssignment, both: list[str]) -> str:
    if claim.what == other.what:
        return f"{claim.what} is here in {claim.place}, and in {other.place} {other.again}."
    shown = ", ".join(both[:3]) + (f" and {len(both) - 3} more" if len(both) > 3 else "")  # noqa: PLR2004 - a few will do
    return f"{claim.what} is here in {claim.place}; {other.again} {other.what} put {shown} in {other.place}."


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
