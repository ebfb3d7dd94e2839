"""Fair shares: populations, weighted for need, added up and compared.

Weighted populations are summed and divided; indices are never averaged, for an average of ratios is not
the ratio of the sums.
"""

from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures.tables import WEIGHTINGS, billionths

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
    """There is no weighted population of that name."""

    def __init__(self, name: str) -> None:
        near = get_close_matches(name.lower(), (*WEIGHTINGS, *_ALSO_CALLED), 1)
        hint = f" Did you mean {near[0]}?" if near else ""
        super().__init__(f"There is no weighting '{name}'.{hint} Choose from {', '.join(WEIGHTINGS)}.")


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


def weights(populations: pa.Table, by: str, group: str) -> dict[str, int]:
    """Weighted population of each group, in billionths of a person: exact, and ready to share by.

    Args:
        populations: rows with decimal columns named by ``WEIGHTINGS``, such as practices.
        by: the weighting.
        group: the column to add up over; rows without a value there are left out.
    """
    rows = populations.filter(pc.is_valid(populations[group])).select([group, by])
    summed = rows.set_column(1, by, pc.cast(rows[by], pa.decimal128(38, 9))).group_by(group).aggregate([(by, "sum")])
    pairs = zip(summed[group].to_pylist(), summed[f"{by}_sum"].to_pylist(), strict=True)
    return {code: billionths(population) for code, population in sorted(pairs)}


def share_note(people_billionths: int, whole_billionths: int, by: str) -> str:
    """The arithmetic behind a share, in whole people, for whoever follows the money back."""
    count = by.replace("_", " ") if by == "registered" else f"{by.replace('_', ' ')} weighted"
    return f"{people_billionths // 10**9:,} of {whole_billionths // 10**9:,} {count} people"
