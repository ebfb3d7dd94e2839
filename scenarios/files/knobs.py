"""The figures of a scenario that a reader can turn: shares, amounts, years, grades, each within sensible ends.

They are turned in what the file says, not in what was read from it, so that an assumption stays one: where a step
uses ``$share``, the knob turns the assumption. What is saved afterwards is a file like any other.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS
from allocations.reading.strict_yaml import Path_, TextLoader, read_lines
from ledger.money import PENCE_PER_POUND, parse_pounds
from scenarios.change import held
from scenarios.fields import Grade
from scenarios.files.variants import like, make_room
from scenarios.weighing import FAIR_SHARE
from scenarios.world import HOLDERS, ICB, PLACE

PERCENT, POUNDS, WHOLE, CHOICE = "percent", "pounds", "whole", "choice"
_WHOLE_STEPS = 20  # an amount goes from nothing to twice as much, by twentieths of itself
_TIERS = ("place", "pcn", "practice")


@dataclass(frozen=True)
class Knob:
    """A figure of a scenario that can be turned.

    Attributes:
        key: a short fixed name, for an address.
        kind: ``percent``, ``pounds``, ``whole`` or ``choice``; all but the last are in order.
        options: what it can be, as it is written into the file.
        value: which of the options the file has.
        spot: the keys that lead to it in the file.
    """

    key: str
    label: str
    kind: str
    options: tuple[str, ...]
    value: str
    spot: Path_

    def shown(self, option: str) -> str:
        """An option as people read it."""
        if self.kind == POUNDS:
            return f"£{int(option):,}"
        return option.replace("_", " ") if self.kind == CHOICE else option


@dataclass(frozen=True)
class _Field:
    kind: str
    words: str
    options: Sequence[Any] = ()


def _percents(low: int, high: int, parts: int = 1) -> list[Decimal]:
    return [Decimal(number) / (100 * parts) for number in range(low * parts, high * parts + 1)]


_SHARE = _percents(0, 100)
_FIELDS: Mapping[str, _Field] = {
    "share": _Field(PERCENT, "share", _SHARE),
    "until_share": _Field(PERCENT, "share of the line to end there", _SHARE),
    "presumed": _Field(PERCENT, "share presumed devolved", _SHARE),
    "movable": _Field(PERCENT, "share movable between themes", _SHARE),
    "spent_share": _Field(PERCENT, "share spent already", _SHARE),
    "growth": _Field(PERCENT, "growth", _percents(-5, 10, 10)),
    "floor": _Field(PERCENT, "least growth", _percents(-5, 10, 10)),
    "cap": _Field(PERCENT, "most growth", _percents(-5, 10, 10)),
    "pounds": _Field(POUNDS, "amount"),
    "each_pounds": _Field(POUNDS, "amount for each"),
    "spent_pounds": _Field(POUNDS, "amount spent already"),
    "over_years": _Field(WHOLE, "years to do it in", range(1, 11)),
    "in_year": _Field(WHOLE, "which year is shown", range(1, 11)),
    "left": _Field(PERCENT, "share that is left", _SHARE),
    "points": _Field(PERCENT, "points moved", _percents(0, 10, 10)),
    "risk_share": _Field(PERCENT, "part of a surplus or a deficit", _SHARE),
    "spent": _Field(PERCENT, "share of the budget that is spent", _percents(80, 120)),
    "term_years": _Field(WHOLE, "years that it lasts", range(1, 16)),
    "years": _Field(WHOLE, "years to get there", range(1, 31)),
    "days": _Field(WHOLE, "days later (earlier below zero)", range(-180, 181, 5)),
    "returns_per_year": _Field(WHOLE, "returns a year", range(13)),
    "grade": _Field(CHOICE, "grade", get_args(Grade)),
    "surplus": _Field(CHOICE, "what becomes of a surplus", ("kept", "returned", "shared")),
    "withheld": _Field(CHOICE, "what is withheld goes to", ("source", "those who earned")),
    "inner": _Field(CHOICE, "inner ring-fences", ("kept", "dropped")),
    "by": _Field(CHOICE, "shared by", (FAIR_SHARE, *WEIGHTINGS)),
    "from": _Field(CHOICE, "instead of by", (FAIR_SHARE, *WEIGHTINGS)),
}
_OF_FUNDS: Mapping[str, _Field] = {
    "below_pounds": _Field(POUNDS, "pots below"),
    "above_pounds": _Field(POUNDS, "pots above"),
}
# What ``to`` is differs from lever to lever, and whom the books do not know as holders is named by words of its own.
_TO = {
    **dict.fromkeys(("devolve", "autonomy"), _Field(CHOICE, "to whom", _TIERS)),
    "reweigh": _Field(CHOICE, "shared by", (FAIR_SHARE, *WEIGHTINGS)),
}
_TO_HOLDERS = _Field(CHOICE, "to whom", tuple(holder for holder in HOLDERS if holder != "provider"))


def knobs(content: Any) -> tuple[Knob, ...]:
    """Every figure of a file that can be turned, in the file's order; none where the file is no scenario.

    Args:
        content: what the file says, as ``allocations.reading.strict_yaml.read_lines`` gives it.
    """
    found: dict[str, Knob] = {}
    for spot, prefix, label, each in _places(content):
        value = _at(content, spot)
        knob_spot, key, words = spot, prefix, f"{label}: {each.words}"
        if isinstance(value, str) and value.startswith("$"):
            named = _assumption(content, value[1:])
            if named is None:
                continue
            knob_spot, key = ("assumptions", named, "value"), f"a.{value[1:]}"
            value, words = _at(content, knob_spot), value[1:].replace("_", " ").replace("-", " ").capitalize()
        knob = _knob(key, words, each, value, knob_spot)
        if knob is not None:
            found.setdefault(key, knob)
    return tuple(found.values())


def turned(content: Any, values: Mapping[str, str]) -> Any:
    """What a file says with knobs turned. What is left as it was stays as it was written.

    Args:
        values: key of a knob to one of its options. What is no knob or no option is passed over.
    """
    new = copy.deepcopy(content)
    for knob in knobs(content):
        option = values.get(knob.key, knob.value)
        if option != knob.value and option in knob.options:
            *above, last = knob.spot
            holder = _at(new, tuple(above))
            holder[last] = like(holder[last], int(option)) if knob.kind in (WHOLE, POUNDS) else option
            if knob.spot[0] == "assumptions":
                make_room(holder)
    return new


def as_text(content: Any) -> str:
    """A file's content as YAML that people read, in its own order; it reads back as the same."""
    return yaml.dump(content, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


def _places(content: Any) -> Iterator[tuple[Path_, str, str, _Field]]:
    """Where a figure may stand that can be turned: its keys, its short name, its label, and what it is."""
    if not isinstance(content, dict):
        return
    baseline = content.get("baseline")
    given = baseline.get("given") if isinstance(baseline, dict) else None
    listed: list[tuple[Path_, str, str, Any]] = [(("steps",), "s", "Step", content.get("steps"))]
    if isinstance(given, list):
        listed.append((("baseline", "given"), "g", "Given", given))
    for keys, letter, name, steps in listed:
        for index, step in enumerate(steps if isinstance(steps, list) else []):
            if isinstance(step, dict):
                label = f"{name} {index + 1}, {step.get('lever', '')}"
                yield from _of_step(step, (*keys, index), f"{letter}{index + 1}", label)


def _of_step(step: Mapping[str, Any], spot: Path_, prefix: str, label: str) -> Iterator[tuple[Path_, str, str, _Field]]:
    inner: Mapping[str, Any] = {key: value if isinstance(value, dict) else {} for key, value in step.items()}
    for key in step:
        each = _to(step) if key == "to" else _FIELDS.get(key)
        if each is not None:
            yield (*spot, key), f"{prefix}.{key}", label, each
        for below in inner[key]:
            if key == "funds" and below in _OF_FUNDS:
                yield (*spot, key, below), f"{prefix}.{below}", label, _OF_FUNDS[below]
            if key == "shares":
                words = _Field(PERCENT, f"share in segment {below}", _SHARE)
                yield (*spot, key, below), f"{prefix}.segment{below}", label, words
            if key == "sharing" and below == "by":
                yield (*spot, key, below), f"{prefix}.by", label, _FIELDS["by"]


def _to(step: Mapping[str, Any]) -> _Field | None:
    return _TO_HOLDERS if step["to"] in _TO_HOLDERS.options else _TO.get(str(step.get("lever")))


def _knob(key: str, label: str, field: _Field, value: Any, spot: Path_) -> Knob | None:
    read: Mapping[str, Callable[[Any, _Field], tuple[tuple[str, ...], str] | None]] = {
        PERCENT: _percent_options, POUNDS: _pound_options, WHOLE: _whole_options, CHOICE: _words,
    }  # fmt: skip
    found = read[field.kind](value, field)
    return None if found is None else Knob(key, label, field.kind, found[0], found[1], spot)


def _percent_options(value: Any, field: _Field) -> tuple[tuple[str, ...], str] | None:
    own = _decimal(value)
    if own is None or not min(field.options) <= own <= max(field.options):
        return None
    return tuple(_percent(option) for option in sorted({*field.options, own})), _percent(own)


def _pound_options(value: Any, _: _Field) -> tuple[tuple[str, ...], str] | None:
    try:
        pence = parse_pounds(str(value))
    except ValueError:
        return None
    pounds, rest = divmod(pence, PENCE_PER_POUND)
    if rest or pounds <= 0:
        return None
    options = {pounds * number // _WHOLE_STEPS for number in range(2 * _WHOLE_STEPS + 1)}
    return tuple(str(option) for option in sorted(options)), str(pounds)


def _whole_options(value: Any, field: _Field) -> tuple[tuple[str, ...], str] | None:
    if isinstance(value, bool) or not str(value).lstrip("-").isdecimal():
        return None
    own = int(value)
    if not min(field.options) <= own <= max(field.options):
        return None
    return tuple(str(option) for option in sorted({*field.options, own})), str(own)


def _words(value: Any, field: _Field) -> tuple[tuple[str, ...], str] | None:
    return (tuple(field.options), value) if value in field.options else None


def _decimal(value: Any) -> Decimal | None:
    text = str(value).strip()
    try:
        found = Decimal(text[:-1].strip()) / 100 if text.endswith("%") else Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _percent(part: Decimal) -> str:
    return f"{(part * 100).normalize():f}%"


def _assumption(content: Any, name: str) -> int | None:
    listed = content.get("assumptions")
    for index, each in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(each, dict) and each.get("name") == name and "value" in each:
            return index
    return None


def _at(content: Any, spot: Path_) -> Any:
    for key in spot:
        content = content[key]
    return content


class _Plain(yaml.SafeDumper):
    """Numbers with a point are kept as text, and written without quotation marks, as people write them."""

    yaml_implicit_resolvers = TextLoader.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        """Two equal parts are written twice: the reader refuses an alias."""
        del data
        return True


FILE = Path(__file__).parent / "building_blocks.yaml"
_CHOSEN = "Chosen by whoever built this scenario, to see what it does"
_EVERYBODY = "everybody of whom it is asked"
_LAST_QUARTER = 4
_NOBODY = "Nobody's figure yet: give it a source before a decision rests on it"


BLOCKS: Mapping[str, str]
"""Name of each block to what it does, in words. Read when it is first asked for: no command has a use for it."""


def __getattr__(name: str) -> Mapping[str, str]:
    if name == "BLOCKS":
        return {block: str(its["says"]) for block, its in _blocks().items()}
    raise AttributeError(name)


@cache
def _blocks() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read_lines(FILE)[0]
    return found


def built(
    names: Sequence[str],
    *,
    year: str,
    organisation: str | None,
    lines: Mapping[int, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """What a file says that does these blocks in this order.

    Args:
        names: of blocks, one for each step; a block may come again.
        year: of the baseline, as ``2025/26``.
        organisation: whose money alone; everybody's where there is none.
        lines: place of a step, from 0, to the only funds that it touches, by code.
    """
    blocks, steps, assumptions = _blocks(), [], []
    for place, name in enumerate(names):
        block = blocks[name]
        own = {one: f"{one}_{place + 1}" if name in names[:place] else one for one in block.get("assumptions", {})}
        step = _of_whom(_filled(block["step"], own), organisation)
        if lines and lines.get(place) and "funds" in step:
            kept = {key: value for key, value in step["funds"].items() if key.endswith("_pounds")}
            step["funds"] = {"codes": list(lines[place]), **kept}
        steps.append(step)
        assumptions += [_stated_assumption(own[one], value) for one, value in block.get("assumptions", {}).items()]
    says = [str(blocks[name]["says"]) for name in names]
    said = "; ".join(each[:1].lower() + each[1:] for each in says)
    what = said[:1].upper() + said[1:]
    start = {"year": year, **({"organisation": organisation} if organisation else {})}
    return {
        "title": what,
        "question": f"What if we did this: {said}?",
        "baseline": start,
        "steps": steps,
        **({"assumptions": assumptions} if assumptions else {}),
    }


def _of_whom(step: dict[str, Any], organisation: str | None) -> dict[str, Any]:
    """A step that has to name bodies, with those of one ICB; with everybody's where there is none.

    Nobody is singled out: whoever builds on it names whom it is about.
    """
    if _EVERYBODY not in step.values():
        return step
    shipped = tables.table("places_2025_26").select([PLACE, ICB]).to_pylist()
    icbs = {row[PLACE]: row[ICB] for row in shipped if organisation in (None, row[ICB])}
    whom = {"people_of": sorted(icbs), "missed": {icb: [_LAST_QUARTER] for icb in sorted(set(icbs.values()))}}
    return {key: whom[key] if value == _EVERYBODY else value for key, value in step.items()}


def lines(position: pa.Table) -> dict[str, str]:
    """The funds in which money is held, code to name, in the order of their names."""
    own = held(position)
    own = own.filter(pc.greater(own["amount_pence"], 0))
    pairs = zip(own["fund"].to_pylist(), own["fund_name"].to_pylist(), strict=True)
    return dict(sorted(set(pairs), key=lambda pair: (pair[1], pair[0])))


def _filled(part: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, Any]:
    """A block's step with the names of its own assumptions."""
    return {
        key: f"${own[value[1:]]}"
        if isinstance(value, str) and value.startswith("$")
        else _filled(value, own)
        if isinstance(value, dict)
        else value
        for key, value in part.items()
    }


def _stated_assumption(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "reason": _CHOSEN, "source": _NOBODY, "quality": "red", "impact": "red"}
