"""An old result, checked: does the same file on the same books still give the same answer, and if not, what differs?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocations.reading.file_bytes import content_of
from ledger.errors import Problem, Refused
from scenarios.outcome import Outcome, document, plain

_NOT_THE_ANSWER = ("head", "known_at", "as_at", "ledger", "command", "illustrative")


@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was: where in the result, then and now."""

    what: str
    then: Any
    now: Any


@dataclass(frozen=True)
class Verdict:
    """Whether an old result still holds.

    Attributes:
        matches: the file says the same, the books hold the same, and the new position is the same.
        differs: which of ``scenario``, ``baseline`` and ``result`` differ.
    """

    matches: bool
    differs: tuple[str, ...]
    differences: tuple[Difference, ...]


def read_result(path: Path) -> dict[str, Any]:
    """A result that ``scenario run --json`` printed.

    Raises:
        Refused: the file cannot be read, or is no result of a scenario.
    """
    try:
        found = json.loads(content_of(path).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(
            [
                Problem(
                    str(path), "it cannot be read as JSON.", "It is no result.", "Name what 'scenario run --json' gave."
                )
            ]
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("hashes"), dict) or "scenario" not in found:
        raise Refused(
            [Problem(str(path), "it is not the result of a scenario.", "There is nothing to check.",
                     "Name a file that 'scenario run --json' gave.")]
        )  # fmt: skip
    return found


def recheck(outcome: Outcome, old: Mapping[str, Any]) -> Verdict:
    """Compare a fresh outcome with an old result."""
    new = json.loads(json.dumps(document(outcome), default=plain))
    differs = tuple(
        name for name in ("scenario", "baseline", "result") if old["hashes"].get(name) != new["hashes"][name]
    )
    if not differs:
        return Verdict(matches=True, differs=(), differences=())
    found = [
        Difference(what, then, now)
        for key in ("scenario", "steps", "sentence", "scorecard", "bridges")
        for what, then, now in _apart(old.get(key), new.get(key), key)
    ]
    return Verdict(matches=False, differs=differs, differences=tuple(found))


def _apart(then: Any, now: Any, where: str) -> list[tuple[str, Any, Any]]:
    """Every leaf that differs, with the keys that lead there."""
    if isinstance(then, dict) and isinstance(now, dict):
        keys = [key for key in (*then, *(key for key in now if key not in then)) if key not in _NOT_THE_ANSWER]
        return [each for key in keys for each in _apart(then.get(key), now.get(key), f"{where}.{key}")]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [each for at, pair in enumerate(zip(then, now, strict=True)) for each in _apart(*pair, f"{where}.{at}")]
    return [] if then == now else [(where, then, now)]
