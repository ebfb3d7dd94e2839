"""What a shell offers when somebody presses Tab: the names of scenarios, and the codes of ICBs with their names.

Nothing is loaded for it beyond these lists: a shell asks at every key.
"""

import csv
import re
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ORGANISATIONS = _ROOT / "allocations" / "figures" / "reference" / "organisations.csv"
_LIBRARY = _ROOT / "scenarios" / "library"


def icb_codes(incomplete: str) -> list[tuple[str, str]]:
    """Codes of ICBs, each with its name; by the beginning of either."""
    with _ORGANISATIONS.open(encoding="utf-8", newline="") as file:
        return _that_begin(
            ((row["code"], row["name"]) for row in csv.DictReader(file) if row["tier"] == "icb"), incomplete
        )


def scenario_names(incomplete: str) -> list[tuple[str, str]]:
    """Names of the scenarios of the library, each with its title."""
    named = ((path.stem, _title(path)) for path in sorted(_LIBRARY.glob("*.yaml")))
    return _that_begin(named, incomplete)


def _title(scenario: Path) -> str:
    """The title of a scenario, with its assumptions put in, read without loading what reads scenarios."""
    text = scenario.read_text(encoding="utf-8")
    title = next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("title:")), "")
    assumed = dict(re.findall(r"- name: (\w+)\n +value: (.+)", text))
    return re.sub(r"\$(\w+)", lambda named: assumed.get(named[1], named[0]), title)


def _that_begin(offered: Iterable[tuple[str, str]], incomplete: str) -> list[tuple[str, str]]:
    """Those whose code, or name without what all names begin with, begins with what was typed."""
    typed = incomplete.casefold()
    return [
        (code, name)
        for code, name in offered
        if code.casefold().startswith(typed) or name.removeprefix("NHS ").casefold().startswith(typed)
    ]
