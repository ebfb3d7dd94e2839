"""A place is a set of practices of one ICB. Places must divide the ICB between them, with nobody twice."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from ledger.errors import Problem, Refused

UNASSIGNED = "(unassigned)"

_PRACTICE_HEADERS = (
    "practice",
    "practice code",
    "gp practice code",
    "gp code",
    "ods code",
    "organisation code",
    "code",
)
_PLACE_HEADERS = ("place", "place name", "place partnership", "place code", "group", "locality")


@dataclass(frozen=True, slots=True)
class Division:
    """How places divide an ICB.

    Attributes:
        place_of: practice code to place name, for every practice of the ICB; those that the file leaves
            out stand under ``UNASSIGNED``, always shown and never lost.
        unassigned: the practices that no place has.
    """

    place_of: Mapping[str, str]
    unassigned: tuple[str, ...]


def read_division(path: Path, icb: str, practices: Mapping[str, str]) -> Division:
    """Read a CSV file with a column of practice codes and a column of place names.

    Args:
        path: the file; other columns are ignored.
        icb: the ICB that the places divide.
        practices: every practice known for the year, with its ICB.

    Raises:
        Refused: with every line that cannot be used: a code that is unknown or of another ICB, a
            practice in two places, a place without a name; or a file without the two columns.
    """
    place_of: dict[str, str] = {}
    line_of: dict[str, int] = {}
    spelling: dict[str, str] = {}
    problems: list[Problem] = []
    for line, code, place in _rows(path):
        where = f"{path.name}, line {line}"
        if practices.get(code) != icb:
            problems.append(_wrong_practice(where, code, icb, practices))
        elif not place:
            problems.append(
                Problem(
                    where,
                    f"practice {code} has no place.",
                    "Its people would belong nowhere.",
                    "Name its place, or leave the line out to see it as unassigned.",
                )
            )
        elif code in place_of:
            problems.append(
                Problem(
                    where,
                    f"practice {code} is here in {place}, and in {place_of[code]} on line {line_of[code]}.",
                    "Its people would be counted twice.",
                    "Keep one of the two lines.",
                )
            )
        else:
            # LEEDS and Leeds are one place, under the name that came first.
            place_of[code] = spelling.setdefault(place.casefold(), place)
            line_of[code] = line
    if not problems and not place_of:
        problems.append(
            Problem(
                path.name,
                f"it has no practice of {icb}.",
                "There are no places to share among.",
                "Give one line for each practice, with its code and its place.",
            )
        )
    if problems:
        raise Refused(problems)
    own = sorted(code for code, its_icb in practices.items() if its_icb == icb)
    unassigned = tuple(code for code in own if code not in place_of)
    return Division({code: place_of.get(code, UNASSIGNED) for code in own}, unassigned)


def _rows(path: Path) -> Iterable[tuple[int, str, str]]:
    if not path.exists():
        raise Refused([Problem(str(path), "there is no such file.", "The places are read from it.", "Check the name.")])
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            [
                Problem(
                    str(path),
                    "it cannot be read as text.",
                    "Places are read from a CSV file in UTF-8.",
                    "Save the sheet as 'CSV UTF-8' and try again.",
                )
            ]
        ) from error
    reader = csv.reader(text.splitlines())
    headers = [" ".join(name.lower().replace("_", " ").split()) for name in next(reader, [])]
    practice = next((headers.index(name) for name in _PRACTICE_HEADERS if name in headers), None)
    place = next((headers.index(name) for name in _PLACE_HEADERS if name in headers), None)
    if practice is None or place is None:
        raise Refused(
            [
                Problem(
                    f"{path.name}, line 1",
                    f"the columns are {', '.join(headers) or 'missing'}.",
                    "A column of practice codes and one of places are needed.",
                    "Head them 'practice_code' and 'place'.",
                )
            ]
        )
    for line, row in enumerate(reader, start=2):
        if any(cell.strip() for cell in row):
            cells = row + [""] * (max(practice, place) + 1 - len(row))
            yield line, cells[practice].strip().upper(), " ".join(cells[place].split())


def _wrong_practice(where: str, code: str, icb: str, practices: Mapping[str, str]) -> Problem:
    if code in practices:
        return Problem(
            where,
            f"practice {code} belongs to {practices[code]}, not to {icb}.",
            "A place lies within one ICB.",
            "Take the line out, or correct the code.",
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
