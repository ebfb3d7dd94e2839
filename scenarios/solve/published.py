"""A way beside what NHS England published for 2025/26, and the rule that the published figures follow most nearly."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from allocations.figures import tables
from allocations.shares.apportion import apportion
from allocations.shares.pace import published_allocation
from scenarios.solve.way import Way

_MOST_PARTS = 20


@dataclass(frozen=True)
class ConvergenceRule:
    """Convergence by a part of the distance from target, within a limit either way.

    Attributes:
        years: in how many years it would bring everybody to target, one over the part.
        limit: the most that it adds or takes in a year, as a fraction of one.
        farthest: the largest difference that it leaves to a published allocation, in parts of that allocation.
    """

    years: int
    limit: Fraction
    farthest: Fraction

    def convergence(self, distance: Fraction) -> Fraction:
        """What it adds to growth at a distance from target."""
        return min(max(-distance / self.years, -self.limit), self.limit)


@dataclass(frozen=True)
class BesidePublished:
    """A way beside the published allocations.

    Attributes:
        difference: code to what the first year gives more than was published, in parts of it; what was published counts
            as the same share of the first year's money.
        rule: that which the published figures follow most nearly.
        closing: the farthest from target at the end, if the rule were repeated in every year of the way with its money.
        moved_pence: what would move by it over all years.
    """

    difference: Mapping[str, Fraction]
    rule: ConvergenceRule
    closing: Fraction
    moved_pence: int


def beside(way: Way, stream: str) -> BesidePublished:
    """A way beside the allocations of 2025/26.

    Args:
        way: of the published baselines of the stream, whose first year is 2025/26.
    """
    published = {row["icb"]: Fraction(row["allocation_thousands"]) for row in _rows(stream)}
    as_large = Fraction(way.goal.totals_pence[0]) / sum(published.values(), Fraction(0))
    difference = {code: Fraction(way.pence[code][0]) / (each * as_large) - 1 for code, each in published.items()}
    rule = nearest_rule(stream)
    closing, moved = _repeated(way, rule)
    return BesidePublished(difference, rule, closing, moved)


def nearest_rule(stream: str) -> ConvergenceRule:
    """The rule whose farthest difference to a published allocation is the smallest."""
    rows = _rows(stream)
    limit = max(abs(Fraction(row["convergence"])) for row in rows)
    return min((_rule(rows, years, limit) for years in range(1, _MOST_PARTS + 1)), key=lambda rule: rule.farthest)


def _rule(rows: list[dict[str, str]], years: int, limit: Fraction) -> ConvergenceRule:
    rule = ConvergenceRule(years, limit, Fraction(0))
    farthest = Fraction(0)
    for row in rows:
        convergence = rule.convergence(Fraction(row["opening_distance"]))
        by_rule = published_allocation(Fraction(row["baseline_thousands"]), Fraction(row["base_growth"]), convergence)
        farthest = max(farthest, abs(Fraction(by_rule) / Fraction(row["allocation_thousands"]) - 1))
    return ConvergenceRule(years, limit, farthest)


def _repeated(way: Way, rule: ConvergenceRule) -> tuple[Fraction, int]:
    goal, held, moved = way.goal, dict(way.goal.opening_pence), []
    for total in goal.totals_pence:
        whole = sum(held.values())
        wanted = {
            code: pence * (1 + rule.convergence(pence / (goal.target[code] * whole) - 1))
            for code, pence in held.items()
        }
        alike, held = apportion(total, held), apportion(total, wanted)
        moved.append(sum(max(0, held[code] - alike[code]) for code in held))
    target = {code: share * goal.totals_pence[-1] for code, share in goal.target.items()}
    return max(abs(held[code] / target[code] - 1) for code in held), sum(moved)


def _rows(stream: str) -> list[dict[str, str]]:
    return [row for row in tables.table("convergence_2025_26").to_pylist() if row["stream"] == stream]
