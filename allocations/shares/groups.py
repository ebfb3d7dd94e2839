"""By what receivers of money are told apart: the region they are in, how deprived their people are, and how many."""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from functools import cache

from allocations.figures import tables

REGION, DEPRIVATION, SIZE = "region", "deprivation", "size"
TITLES: Mapping[str, str] = {
    REGION: "Region",
    DEPRIVATION: "Deprivation (Indices of 2025)",
    SIZE: "Size, by registered people of 2025/26",
}
_MORE_DEPRIVED = ("1 least deprived third", "2 middle third", "3 most deprived third")
_LARGER = ("1 smallest third", "2 middle third", "3 largest third")
ICB = "icb"


@cache
def groups(tier: str) -> Mapping[str, Mapping[str, str]]:
    """The receivers of a tier by region, deprivation and size: each way of telling them apart to code to group.

    Thirds are of all receivers of the tier in the published figures of 2025/26. An ICB's deprivation is its published
    average score; of others it is the mean of their practices' scores, by people. Who is not in the figures, or has no
    score, is in no group.

    Args:
        tier: ``icb``, ``place``, ``pcn`` or ``practice``.
    """
    regions = {row["code"]: row for row in tables.table("organisations").to_pylist()}
    indicators = tables.table("practice_indicators").select(["practice", "deprivation"])
    scores = {row["practice"]: row["deprivation"] for row in indicators.to_pylist()}
    # The scores are by the people of April 2026, so they are divided by those.
    of_2026: dict[str, int] = defaultdict(int)
    ages = tables.table("practice_ages")
    practices = ages["practice"].to_pylist()
    for name in ages.column_names:
        if name.startswith("from_"):
            for practice, number in zip(practices, ages[name].to_pylist(), strict=True):
                of_2026[practice] += number
    people: dict[str, Fraction] = defaultdict(Fraction)
    scored: dict[str, Fraction] = defaultdict(Fraction)
    deprived: dict[str, Fraction] = defaultdict(Fraction)
    most: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for row in tables.table("practices_2025_26").to_pylist():
        code, own = row[tier], Fraction(row["registered"])
        if code is None:
            continue
        people[code] += own
        most[code][row[ICB]] += own
        score = scores.get(row["practice"])
        if score is not None:
            scored[code] += of_2026[row["practice"]]
            deprived[code] += Fraction(score)
    if tier == ICB:
        rows = tables.table("deprivation_2025").to_pylist()
        averages = {row[ICB]: Fraction(row["average_score"]) for row in rows}
    else:
        averages = {code: deprived[code] / own for code, own in scored.items() if own}
    # A network in two ICBs is where most of its people are.
    home = {code: max(sorted(icbs), key=lambda icb: icbs[icb]) for code, icbs in most.items()}
    found = {code: regions[icb]["region"] for code, icb in home.items() if regions.get(icb)}
    return {
        REGION: {code: regions[region]["name"] for code, region in found.items() if region in regions},
        DEPRIVATION: _thirds(averages, _MORE_DEPRIVED),
        SIZE: _thirds(people, _LARGER),
    }


def _thirds(values: Mapping[str, Fraction], names: tuple[str, str, str]) -> dict[str, str]:
    """Each code to its third, by value and then by code."""
    order = sorted(values, key=lambda code: (values[code], code))
    return {code: names[place * 3 // len(order)] for place, code in enumerate(order)}
