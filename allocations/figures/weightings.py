"""The weighted populations that shares rest on, by name; nothing is loaded to know them."""

from collections.abc import Collection
from difflib import get_close_matches

WEIGHTINGS = (
    "registered",
    "general_acute",
    "community",
    "mental_health",
    "maternity",
    "prescribing",
    "health_inequalities",
    "core",
    "primary_medical_need",
    "primary_medical",
)
_ALSO_CALLED = {
    "population": "registered",
    "crude": "registered",
    "g&a": "general_acute",
    "general_and_acute": "general_acute",
    "acute": "general_acute",
    "rx": "prescribing",
    "hi": "health_inequalities",
    "overall": "core",
    "primary_care": "primary_medical",
    "pmc": "primary_medical",
}


class UnknownWeighting(ValueError):
    """There is no weighted population of that name.

    Args:
        name: as it was given.
        others: names of other measures that would do there.
        besides: a sentence about what else would do.
    """

    def __init__(self, name: str, others: Collection[str] = (), besides: str = "") -> None:
        near = get_close_matches(name.lower(), (*WEIGHTINGS, *_ALSO_CALLED, *others), 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        super().__init__(
            f"There is no weighting '{name}'.{hint} Choose from {', '.join(WEIGHTINGS)}. {besides}".rstrip()
        )


def weighting(name: str) -> str:
    """The column that a weighting's name, or one of its everyday names, stands for.

    Raises:
        UnknownWeighting: with the names there are.
    """
    cleaned = name.strip().lower().replace("-", "_").replace(" ", "_")
    known = _ALSO_CALLED.get(cleaned, cleaned)
    if known not in WEIGHTINGS:
        raise UnknownWeighting(name)
    return known
