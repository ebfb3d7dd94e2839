"""A scenario with other figures than the file it comes from: written shortly, and always told apart from that file.

``devolve-80-at-once@share_at_place=76%`` is a scenario of the library with one figure turned. What is made of a library
scenario says so (``based_on``), so that whoever opens it later hears what is no longer the library's.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocations.reading.strict_yaml import read_lines
from scenarios.files.expressions import NoExpression, number

LIBRARY = Path(__file__).parents[1] / "library"
BASED_ON = "based_on"
_TURNS, _AND = "@", "+"
_ONE_TURN = re.compile(r"[a-z][\w.-]*=[^=]+")
# Words for people, which name a scenario and do nothing.
_PARTS = ("baseline", "given", "step", "assumption")
_NAMES = ("title", "question", "decision", "schema_version", BASED_ON)


@dataclass(frozen=True)
class Difference:
    """One thing that files say differently.

    Attributes:
        what: where it stands, such as ``step 1, devolve: until_share``.
        values: what each file says, in their order; None where it says nothing of it.
    """

    what: str
    values: tuple[str | None, ...]


def what_differs(contents: Sequence[Mapping[str, Any]]) -> tuple[Difference, ...]:
    """Everything that is not the same in all files: steps by number, assumptions by name.

    Args:
        contents: what each file says.
    """
    told = [dict(_leaves(_by_name(each), "")) for each in contents]
    # In the order of a file, whichever of them says a thing: where it starts, what is done, and on what grounds.
    places = sorted(dict.fromkeys(what for leaves in told for what in leaves), key=_order)
    rows = [Difference(what, tuple(leaves.get(what) for leaves in told)) for what in places]
    return tuple(row for row in rows if len(set(row.values)) > 1)


def changed_from_library(content: Any) -> tuple[Difference, ...]:
    """What a file that is based on a library scenario says otherwise; each with the library's value first.

    Args:
        content: what the file says, as ``read_lines`` gives it. Where it is based on nothing, nothing is changed.
    """
    name = content.get(BASED_ON) if isinstance(content, dict) else None
    if not isinstance(name, str):
        return ()
    shipped = LIBRARY / f"{name}.yaml"
    if Path(name).name != name or not shipped.is_file():
        return (Difference("based on", (f"{name}, which is not in this library", None)),)
    return what_differs([read_lines(shipped)[0], content])


def changed_sentence(changes: Sequence[Difference]) -> str:
    """What was changed, in a sentence; empty where nothing was."""
    return f"Changed from the library: {'; '.join(_in_words(each) for each in changes)}." if changes else ""


def changed_name(stem: str, changes: Sequence[Difference]) -> str:
    """Words for the name of a file that says what was changed: the stem, then each figure with its value."""
    return " ".join([stem, *(f"{_words(each)} {each.values[-1] or 'none'}" for each in changes)])


def parts(name: str) -> tuple[str, dict[str, str]]:
    """A scenario's name, and the figures that are turned in it; none where the name turns none."""
    stem, _, turns = name.rpartition(_TURNS)
    listed = turns.split(_AND)
    if not stem or not all(_ONE_TURN.fullmatch(each) for each in listed):
        return name, {}
    pairs = (each.partition("=") for each in listed)
    return stem, {key: value for key, _, value in pairs}


def turned_name(stem: str, turns: Mapping[str, str]) -> str:
    """The name of a scenario with figures turned; ``parts`` takes it apart again."""
    return f"{stem}{_TURNS}{_AND.join(f'{key}={value}' for key, value in turns.items())}" if turns else stem


def with_values(content: Any, values: Mapping[str, Any]) -> Any:
    """What a file says with other values of assumptions. Names that it does not make are passed over.

    Args:
        values: name of an assumption to its value, as a file writes it.
    """
    new = copy.deepcopy(content)
    for each in new.get("assumptions", ()):
        each["value"] = like(each.get("value"), values.get(each.get("name"), each.get("value")))
        make_room(each)
    return new


def like(before: Any, value: Any) -> Any:
    """A whole number as the file wrote what it takes the place of: in pounds where that said so."""
    is_money = str(before).strip().startswith("£") and str(value).isdecimal()
    return f"£{int(value):,}" if is_money else value


def make_room(assumption: dict[str, Any]) -> None:
    """Widen an assumption's range to its value, where somebody turned it beyond; what is no range stays as it is."""
    try:
        low, value, high = (number(assumption.get(key)) for key in ("low", "value", "high"))
    except NoExpression:
        return
    if value < low:
        assumption["low"] = assumption["value"]
    if value > high:
        assumption["high"] = assumption["value"]


def _in_words(change: Difference) -> str:
    before, after = change.values
    if after is None:
        return f"{_words(change)} is not said, and was {before}"
    return f"{_words(change)} is {after}" + (
        ", which the library does not say" if before is None else f", not {before}"
    )


def _words(change: Difference) -> str:
    """Where a thing stands, as people say it: an assumption by its name alone."""
    return change.what.removeprefix("assumption ").removesuffix(": value").replace("_", " ")


def _order(what: str) -> tuple[int, int, bool]:
    """Where a thing stands among the others: by its part, by its number there, and its lever before all else."""
    head, _, rest = what.partition(":")
    word, _, number = head.partition(" ")
    part = _PARTS.index(word) if word in _PARTS else len(_PARTS)
    return part, int(number) if number.isdecimal() else 0, rest.strip() != "lever"


def _by_name(content: Mapping[str, Any]) -> dict[str, Any]:
    """A file's content with its steps and assumptions under names that people know them by."""
    found = {key: value for key, value in content.items() if key not in _NAMES}
    steps = found.pop("steps", [])
    start = found.get("baseline", {})
    given = start.get("given", [])
    found["baseline"] = {key: value for key, value in start.items() if key != "given"}
    found |= {f"given {number}": step for number, step in enumerate(given, 1)}
    found |= {f"step {number}": step for number, step in enumerate(steps, 1)}
    found |= {f"assumption {each['name']}": each for each in found.pop("assumptions", [])}
    return found


def _leaves(part: Any, where: str) -> Iterator[tuple[str, str]]:
    """Each single thing that a file says, under the words that lead there."""
    if isinstance(part, dict):
        for key, value in part.items():
            if not (key == "name" and where.startswith("assumption")):
                yield from _leaves(value, f"{where}: {key}" if where else str(key))
    elif isinstance(part, list | tuple) and not any(isinstance(each, dict | list) for each in part):
        yield where, ", ".join(str(each) for each in part)
    elif isinstance(part, list | tuple):
        for number, value in enumerate(part, 1):
            yield from _leaves(value, f"{where} {number}")
    else:
        yield where, {True: "yes", False: "no"}.get(part, str(part)) if isinstance(part, bool) else str(part)
