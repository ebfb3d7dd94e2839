"""What differs between scenario files: their steps, their assumptions, and where they start."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scenarios.scenario import Scenario

# Words for people, which name a scenario and do nothing.
_PARTS = ("baseline", "given", "step", "assumption")
_NAMES = ("title", "question", "schema_version")


@dataclass(frozen=True)
class Difference:
    """One thing that files say differently.

    Attributes:
        what: where it stands, such as ``step 1, devolve: until_share``.
        values: what each file says, in their order; None where it says nothing of it.
    """

    what: str
    values: tuple[str | None, ...]


def differences(scenarios: Sequence[Scenario]) -> tuple[Difference, ...]:
    """Everything that is not the same in all files: steps by number, assumptions by name."""
    told = [dict(_leaves(_by_name(each.content()), "")) for each in scenarios]
    # In the order of a file, whichever of them says a thing: where it starts, what is done, and on what grounds.
    places = sorted(dict.fromkeys(what for leaves in told for what in leaves), key=_order)
    rows = [Difference(what, tuple(leaves.get(what) for leaves in told)) for what in places]
    return tuple(row for row in rows if len(set(row.values)) > 1)


def _order(what: str) -> tuple[int, int, bool]:
    """Where a thing stands among the others: by its part, by its number there, and its lever before all else."""
    head, _, rest = what.partition(":")
    word, _, number = head.partition(" ")
    part = _PARTS.index(word) if word in _PARTS else len(_PARTS)
    return part, int(number) if number.isdecimal() else 0, rest.strip() != "lever"


def _by_name(content: dict[str, Any]) -> dict[str, Any]:
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
