"""A scenario put together from blocks: each a step that people often ask about, with what it assumes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from allocations.reading.strict_yaml import read_lines
from scenarios.tidy import held

FILE = Path(__file__).parent / "building_blocks.yaml"
_CHOSEN = "Chosen by whoever built this scenario, to see what it does"
_NOBODY = "Nobody's figure yet: give it a source before a decision rests on it"


def _blocks() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read_lines(FILE)[0]
    return found


BLOCKS: Mapping[str, str] = {name: str(block["says"]) for name, block in _blocks().items()}
"""Name of each block to what it does, in words."""


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
        step = _filled(block["step"], own)
        if lines and lines.get(place):
            kept = {key: value for key, value in step["funds"].items() if key.endswith("_pounds")}
            step["funds"] = {"codes": list(lines[place]), **kept}
        steps.append(step)
        assumptions += [_assumption(own[one], value) for one, value in block.get("assumptions", {}).items()]
    said = "; ".join(BLOCKS[name][:1].lower() + BLOCKS[name][1:] for name in names)
    what = said[:1].upper() + said[1:]
    start = {"year": year, **({"organisation": organisation} if organisation else {})}
    return {
        "title": what,
        "question": f"What if we did this: {said}?",
        "baseline": start,
        "steps": steps,
        **({"assumptions": assumptions} if assumptions else {}),
    }


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


def _assumption(name: str, value: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "reason": _CHOSEN, "source": _NOBODY, "quality": "red", "impact": "red"}
