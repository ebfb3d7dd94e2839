"""Scenarios that people save beside the ledger: the very files that the command line runs, version by version.

Saving writes no books. A name is found in this order: the library, what was saved, a file.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from allocations.reading.file_bytes import content_of
from allocations.reading.strict_yaml import read_lines
from ledger.errors import Problem, Refused, refuse, refuse_any
from ledger.inputs import Action
from ledger.store import attachments
from ledger.store.address import Address
from ledger.store.attachments import Version
from scenarios import outcome
from scenarios.document import document, plain
from scenarios.files.knobs import as_text, knobs, turned
from scenarios.files.scenario import WrittenScenario, read_scenario
from scenarios.files.variants import BASED_ON, parts, turned_name, with_values
from scenarios.outcome import Outcome

KIND = "scenarios"
LONGEST_NAME = 60
_NAME = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_DIGEST = re.compile(r"^[0-9a-f]{12,64}$")


def name_of(words: str) -> str:
    """The name that words are saved under: ``Our winter plan`` as ``our-winter-plan``; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", words.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-")


def saved(ledger: Address) -> Mapping[str, Version]:
    """Name to newest version of every scenario that people saved beside a ledger."""
    return attachments.newest(ledger, KIND)


def versions(ledger: Address, name: str) -> list[Version]:
    """All versions of a saved scenario, the first one first."""
    return attachments.versions(ledger, KIND, name)


def version(ledger: Address, name: str) -> Version | None:
    """A saved scenario: by name its newest version, by hash (twelve letters or more) that very one."""
    if _NAME.match(name):
        found = versions(ledger, name)
        if found:
            return found[-1]
    return attachments.by_digest(ledger, KIND, name) if _DIGEST.match(name) else None


def locate(name: str, ledger: Address) -> Path:
    """The file of a scenario: of the library, saved beside the ledger, or named itself; it need not be there."""
    kept = None if outcome.library_file(name) else version(ledger, name)
    return outcome.library_file(name) or (kept.path if kept else Path(name))


def find(name: str, ledger: Address) -> WrittenScenario:
    """A scenario of the library, one that was saved beside the ledger, or one from a file; perhaps with figures turned.

    Args:
        name: such as ``devolve-80-at-once``, or ``devolve-80-at-once@share_at_place=76%`` with a figure turned.

    Raises:
        Refused: there is no such scenario, it has no such figure, or its file has faults.
    """
    stem, turns = parts(name)
    path = locate(name, ledger)
    if not turns or path.exists():
        _refuse_unknown(name, path, ledger)
        return read_scenario(path)
    written = read_text(with_turns(stem, turns, ledger), f"{stem}.yaml")
    return replace(written, name=name)


def content(name: str, ledger: Address) -> bytes:
    """What the file of a scenario holds, found as ``find`` finds it.

    Raises:
        Refused: there is no such scenario, or it has no such figure.
    """
    stem, turns = parts(name)
    path = locate(name, ledger)
    if turns and not path.exists():
        return with_turns(stem, turns, ledger)
    _refuse_unknown(name, path, ledger)
    return content_of(path)


def _refuse_unknown(name: str, path: Path, ledger: Address) -> None:
    """Refuse a name that is neither a scenario's nor a file's, with those that are nearest to it."""
    try:
        if path.exists():
            return
    except OSError:  # a name that no disk would take is none of a file
        pass
    known = [*outcome.library(), *saved(ledger)]
    near = get_close_matches(Path(name).stem.casefold(), known, 3, 0.5)
    remedy = (
        f"Did you mean {' or '.join(near)}?" if near else f"Name a file that is there, or one of {', '.join(known)}."
    )
    found = f"there is no scenario '{name}' in the library or saved beside the ledger, and no such file."
    refuse(name, found, "There is nothing to run.", remedy)


def with_turns(name: str, turns: Mapping[str, str], ledger: Address) -> bytes:
    """The content of a scenario's file with figures turned, which says of which library scenario it is made.

    Args:
        turns: key of a knob, or name of an assumption, to what it is to be.

    Raises:
        Refused: there is no such scenario, or it has no such figure.
    """
    path = locate(name, ledger)
    _refuse_unknown(name, path, ledger)
    said = read_lines(path)[0]
    known = {knob.key: knob for knob in knobs(said)}
    assumed = {str(each.get("name")) for each in said.get("assumptions", ()) if isinstance(each, dict)}
    problems = []
    for key, value in turns.items():
        if key in assumed:
            said = with_values(said, {key: value})
        elif key in known and value in known[key].options:
            said = turned(said, {key: value})
        else:
            can = ", ".join([*sorted(assumed), *(each for each in known if not each.startswith("a."))]) or "none"
            found = f"'{key}' cannot be {value} there." if key in known else f"it has no figure '{key}'."
            why = "The scenario would run as its file has it."
            problems.append(Problem(turned_name(name, turns), found, why, f"Its figures are {can}."))
    refuse_any(problems)
    return as_text(based(said, name) if outcome.library_file(name) else said).encode()


def based(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What a file says, made from a library scenario, which it names after its question."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        found[key] = value
        if key == "question":
            found[BASED_ON] = name
    return found


def find_all(names: Sequence[str], ledger: Address) -> list[WrittenScenario]:
    """Scenarios by name or file, in their order.

    Raises:
        Refused: with the faults of all of them.
    """
    found, problems = [], list[Problem]()
    for name in names:
        try:
            found.append(find(name, ledger))
        except Refused as refused:
            problems += refused.problems
    refuse_any(problems)
    return found


def read_text(content: bytes, name: str = "scenario.yaml") -> WrittenScenario:
    """A scenario from the content of a file that somebody brings or makes.

    Raises:
        Refused: something in it is unknown, missing, impossible or said twice; each with its line.
    """
    with TemporaryDirectory() as below:
        path = Path(below) / (Path(name.replace("\\", "/")).name or "scenario.yaml")
        path.write_bytes(content)
        return read_scenario(path)


def save(ledger: Address, name: str, content: bytes, *, opened: str | None) -> Version:
    """Save a scenario under a name, as a new version.

    Args:
        name: as ``name_of`` gives it.
        opened: the digest of the version that it was made from; None where the name is meant to be new.

    Raises:
        SavedSince: somebody saved this name since; nothing was written.
        Refused: the name cannot be used, the content is no scenario, or the folder cannot be written.
    """
    problems = _name_problems(name)
    try:
        read_text(content, f"{name or 'scenario'}.yaml")
    except Refused as refused:
        problems += refused.problems
    refuse_any(problems)
    return attachments.save(ledger, KIND, name, content, suffix=".yaml", opened=opened)


def _name_problems(name: str) -> list[Problem]:
    place, remedy = "the name", "Give it a name of letters, digits and hyphens, such as our-winter-plan."
    if not _NAME.match(name) or len(name) > LONGEST_NAME:
        found = f"'{name}' cannot be a name." if name else "there is none."
        return [Problem(place, found, "People and commands ask for the scenario by it.", remedy)]
    if outcome.library_file(name):
        why = "The project's own scenario would be hidden."
        return [Problem(place, f"'{name}' is a scenario of the library.", why, "Choose another name.")]
    if _DIGEST.match(name):
        return [Problem(place, f"'{name}' looks like a hash.", "It could be taken for a version.", remedy)]
    return []


_NOT_THE_ANSWER = ("head", "known_at", "as_at", "ledger", "command", "illustrative")


@dataclass(frozen=True)
class ResultDifference:
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
    differences: tuple[ResultDifference, ...]


def read_result(path: Path) -> dict[str, Any]:
    """The result of a scenario that was run, as JSON.

    Raises:
        Refused: the file cannot be read, or is no result of a scenario.
    """
    try:
        found = json.loads(content_of(path).decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Refused(
            [
                Problem(
                    str(path),
                    "it cannot be read as JSON.",
                    "It is no result.",
                    f"Name what {Action.RUN_SCENARIO.done()} gave.",
                )
            ]
        ) from error
    if not isinstance(found, dict) or not isinstance(found.get("hashes"), dict) or "scenario" not in found:
        refuse(str(path), "it is not the result of a scenario.", "There is nothing to check.",
                     f"Name a file that {Action.RUN_SCENARIO.done()} gave.")  # fmt: skip
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
        ResultDifference(what, then, now)
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
