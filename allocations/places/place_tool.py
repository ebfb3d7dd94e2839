"""The places that a user of NHS England's place tool saved as JSON, in its present form and its older one.

The file holds one object for each place, with its practices (``gps``, each a code, a colon and a name) and
its ICB by name, and a list of the places: ``places``, or ``group_list`` in older files. Places of several
ICBs may stand in one file.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allocations.places.division import Claim
from allocations.places.names import icb_code, nearest_icbs
from allocations.places.problems import wrong_practice
from ledger.errors import Problem, Refused

_LISTS = ("places", "group_list")
_NOT_UNDERSTOOD = "The file cannot be understood."
_SAVE_AGAIN = "Save the places in the tool again ('Download session data as JSON')."


@dataclass(frozen=True, slots=True)
class SavedPlaces:
    """What a file of the place tool says.

    Attributes:
        claims: each practice in a place of the ICB asked for, or what is wrong with it.
        left_aside: the names of the places that other ICBs have in the same file.
    """

    claims: tuple[Claim | Problem, ...]
    left_aside: tuple[str, ...]


def read(text: str, name: str, icb: str, practices: Mapping[str, str]) -> SavedPlaces:
    """Read the places that the place tool saved.

    Args:
        text: the file's content.
        name: the file's name, for messages.
        icb: the ICB asked for; the places of others are left aside.
        practices: every practice known for the year, with its ICB.

    Raises:
        Refused: it is not JSON, or not what the tool saves. What is wrong with single places and
            practices is in ``claims``.
    """
    saved, doubles = _load(text, name)
    listed_under = [key for key in _LISTS if key in saved]
    if len(listed_under) != 1:
        found = "it has both a list 'places' and a 'group_list'." if listed_under else "it has no list of places."
        why = "A file that the place tool saved has a list 'places', or 'group_list' in older ones."
        raise Refused([Problem(name, found, why, _SAVE_AGAIN)])
    (key,) = listed_under
    listed = saved.pop(key)
    if not isinstance(listed, list) or not all(isinstance(place, str) for place in listed):
        raise Refused([Problem(f'{name}, "{key}"', "it is not a list of names.", _NOT_UNDERSTOOD, _SAVE_AGAIN)])
    claims: list[Claim | Problem] = [*doubles, *_list_problems(name, key, listed, saved)]
    left_aside: list[str] = []
    of_icbs: set[str] = set()
    for place, group in saved.items():
        its_icb = _its_icb(name, place, group)
        if isinstance(its_icb, Problem):
            claims.append(its_icb)
            continue
        of_icbs.add(its_icb)
        if its_icb != icb:
            left_aside.append(place)
        claims.extend(_practices(name, place, group["gps"], icb, practices, is_ours=its_icb == icb))
    if icb not in of_icbs and not any(isinstance(claim, Problem) for claim in claims):
        found = f"its places are of {', '.join(sorted(of_icbs)) or 'nobody'}; none is of {icb}."
        remedy = "Ask for that ICB with --icb, or bring another file."
        claims.append(Problem(name, found, "There are no places to share among.", remedy))
    return SavedPlaces(tuple(claims), tuple(left_aside))


def _load(text: str, name: str) -> tuple[dict[str, Any], list[Problem]]:
    doubles: list[Problem] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                why = "JSON readers would keep the last in silence and lose the other's practices."
                doubles.append(Problem(name, f"the key '{key}' stands twice.", why, "Rename one, or take it out."))
            seen.add(key)
        return dict(pairs)

    try:
        saved = json.loads(text, object_pairs_hook=once)
        json.dumps(saved, ensure_ascii=False).encode()  # fails on half a character, which no name may hold
    except json.JSONDecodeError as error:
        where = f"{name}, line {error.lineno}, column {error.colno}"
        raise Refused([Problem(where, f"it is not JSON: {error.msg}.", _NOT_UNDERSTOOD, _SAVE_AGAIN)]) from error
    except (ValueError, RecursionError) as error:
        raise Refused([Problem(name, "it is not JSON that can be read.", _NOT_UNDERSTOOD, _SAVE_AGAIN)]) from error
    if not isinstance(saved, dict):
        found = "it is a list or a single value, not a set of places."
        raise Refused([Problem(name, found, _NOT_UNDERSTOOD, _SAVE_AGAIN)])
    return saved, doubles


def _list_problems(name: str, key: str, listed: list[str], saved: Mapping[str, Any]) -> Iterator[Problem]:
    for at, place in enumerate(listed):
        where = f'{name}, "{key}"[{at}]'
        if place in listed[:at]:
            yield Problem(where, f"'{place}' is listed twice.", "It is one place.", "Take one of them out.")
        elif place not in saved:
            why = "Its practices are not known."
            yield Problem(where, f"'{place}' is listed, but the file has no such place.", why, _SAVE_AGAIN)
    for place in saved:
        if place not in listed:
            why = "It cannot be told whether it is meant."
            remedy = f"Add it to '{key}', or take it out."
            yield Problem(f'{name}, "{place}"', f"it is not in the list '{key}'.", why, remedy)
    folded: dict[str, str] = {}
    for place in saved:
        other = folded.setdefault(" ".join(place.casefold().split()), place)
        if other != place:
            why = "They would be taken for one place."
            yield Problem(f'{name}, "{place}"', f"'{other}' is written almost the same.", why, "Rename one of them.")


def _its_icb(name: str, place: str, group: Any) -> str | Problem:
    """The code of the ICB that a place is in; what is wrong with the place otherwise."""
    where = f'{name}, "{place}"'
    if not isinstance(group, dict) or not isinstance(group.get("gps"), list) or not isinstance(group.get("icb"), str):
        found = "it is not a place with its practices ('gps') and its ICB ('icb')."
        return Problem(where, found, _NOT_UNDERSTOOD, _SAVE_AGAIN)
    if not group["gps"]:
        return Problem(where, "it has no practices.", "A place without people gets no share.", "Take it out.")
    code = icb_code(group["icb"])
    if code is None:
        near = nearest_icbs(group["icb"])
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Write the ICB's name, as NHS West Yorkshire ICB."
        return Problem(f"{where}, icb", f"there is no ICB '{group['icb']}'.", "A place lies within one ICB.", remedy)
    return code


def _practices(
    name: str, place: str, entries: list[Any], icb: str, practices: Mapping[str, str], *, is_ours: bool
) -> Iterator[Claim | Problem]:
    for at, entry in enumerate(entries):
        where, again = f'{name}, "{place}", gps[{at}]', f'at "{place}", gps[{at}]'
        code = entry.split(":")[0].strip().upper() if isinstance(entry, str) else ""
        if not code:
            remedy = "Write it as the tool does: B85005: SHEPLEY HEALTH CENTRE."
            yield Problem(where, "it is not a practice code and a name.", "Its people are not known.", remedy)
        elif is_ours and practices.get(code) != icb:
            yield wrong_practice(where, code, icb, practices)
        elif is_ours:
            yield Claim(where, again, f"practice {code}", (code,), " ".join(place.split()))
        elif practices.get(code) == icb:
            why = "A place lies within one ICB."
            yield Problem(
                where, f"practice {code} belongs to {icb}, but its place does not.", why, "Correct the place."
            )
