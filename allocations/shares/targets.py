"""Targets, distance from target and pace of change of every ICB at once, as NHS England published them.

As is, an ICB that has been merged or split stands as those that came after it: baselines, targets and
allocations are shared by the weighted population that fits the stream and added up, and the distances worked
out anew from the sums, never averaged.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil

from allocations.figures import tables
from allocations.shares.apportion import apportion
from allocations.shares.lines import weighting_of
from ledger.errors import refuse
from ledger.money import pence_from_pounds, round_half_up_fraction
from ledger.years import FinancialYear

PUBLISHED_YEAR = FinancialYear(2025)
FUNDS = {"core": "core", "specialised": "specialised", "primary medical": "primary-medical"}
STREAMS = tuple(FUNDS)


@dataclass(frozen=True, slots=True)
class Target:
    """One ICB on one stream.

    Attributes:
        opening_target_pence: the published target, at the size of the baselines.
        closing_target_pence: the target at the size of the allocations: the allocation over one and the published
            closing distance, to the penny.
        growth: base growth for all, as a fraction of one; none where it is a mixture of several ICBs'.
        convergence: what its distance from target adds or takes away; none likewise.
        registered_billionths: its registered population.
    """

    stream: str
    icb: str
    name: str
    baseline_pence: int
    opening_target_pence: int
    allocation_pence: int
    closing_target_pence: int
    opening_distance: Fraction
    closing_distance: Fraction
    growth: Fraction | None
    convergence: Fraction | None
    registered_billionths: int

    @property
    def closing_pence(self) -> int:
        """What it gets above its target, in pence."""
        return self.allocation_pence - self.closing_target_pence

    def per_head_pence(self, pence: int) -> int:
        """An amount for each registered person, to the nearest penny."""
        return round_half_up_fraction(Fraction(pence * 10**9, self.registered_billionths))


def targets(stream: str, as_is: date | None = None, year: FinancialYear = PUBLISHED_YEAR) -> list[Target]:
    """Every ICB's target on a stream, furthest above target first.

    Args:
        stream: one of ``STREAMS``.
        as_is: restated to the ICBs of this day, by the shipped successions; as published otherwise.
        year: the year of the money; targets in pounds are shipped for 2025/26 alone.

    Raises:
        Refused: the year's targets are not here.
    """
    if year != PUBLISHED_YEAR:
        sentence = f"the targets of {year} in pounds are not known here: those of {PUBLISHED_YEAR} are."
        why = "Allocations, targets and convergence of another year are not these, and nothing is projected in silence."
        fix = f"Ask for {PUBLISHED_YEAR}. Shares of the people of {year} are answered by 'need' and 'allocate'."
        refuse(f"targets, {year}", sentence, why, fix)
    rows = [row for row in tables.table("convergence_2025_26").to_pylist() if row["stream"] == stream]
    people: dict[str, int] = defaultdict(int)
    practices = tables.table("practices_2025_26")
    for icb, count in zip(practices["icb"].to_pylist(), practices["registered"].to_pylist(), strict=True):
        people[icb] += tables.billionths(count)
    names = {row["code"]: row["name"] for row in tables.table("organisations").to_pylist()}
    published = []
    for row in rows:
        allocation, closing = _pence(row["allocation_thousands"]), Fraction(row["closing_distance"])
        published.append(
            Target(
                stream=stream,
                icb=row["icb"],
                name=names[row["icb"]],
                baseline_pence=_pence(row["baseline_thousands"]),
                opening_target_pence=_pence(row["target_thousands"]),
                allocation_pence=allocation,
                closing_target_pence=round_half_up_fraction(allocation / (1 + closing)),
                opening_distance=Fraction(row["opening_distance"]),
                closing_distance=closing,
                growth=Fraction(row["base_growth"]),
                convergence=Fraction(row["convergence"]),
                registered_billionths=people[row["icb"]],
            )
        )
    if as_is is None:
        found = published
    else:
        by = weighting_of(FUNDS[stream])
        found = _restated(published, _successors(as_is, by), _successors(as_is, "registered"), names)
    return sorted(found, key=lambda row: (-row.closing_distance, row.icb))


def changes(as_is: date | None) -> list[date]:
    """The days of change behind a restatement."""
    if as_is is None:
        return []
    days = {row["effective_date"] for row in tables.table("successions").to_pylist()}
    return sorted(day for day in days if day <= as_is)


def _successors(day: date, by: str) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in tables.table("successions").to_pylist():
        if row["effective_date"] <= day:
            found[row["predecessor"]][row["successor"]] = Decimal(row[by])
    return found


def _restated(
    rows: list[Target],
    successors: Mapping[str, Mapping[str, Decimal]],
    people: Mapping[str, Mapping[str, Decimal]],
    names: Mapping[str, str],
) -> list[Target]:
    """Shares and sums, money by ``successors`` and heads by ``people``; an ICB that nobody joined or left stays."""
    joined = {code for parts in successors.values() for code in parts}
    amounts = (
        *("baseline_pence", "opening_target_pence", "allocation_pence", "closing_target_pence"),
        "registered_billionths",
    )
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(amounts, 0))
    kept = []
    for row in rows:
        if row.icb not in successors and row.icb not in joined:
            kept.append(row)
            continue
        for name in amounts:
            shares = people if name == "registered_billionths" else successors
            for code, part in apportion(getattr(row, name), shares.get(row.icb, {row.icb: Decimal(1)})).items():
                sums[code][name] += part
    for code, own in sums.items():
        opening = Fraction(own["baseline_pence"], own["opening_target_pence"]) - 1
        closing = Fraction(own["allocation_pence"], own["closing_target_pence"]) - 1
        mixture = Target(
            rows[0].stream, code, names[code], own["baseline_pence"], own["opening_target_pence"],
            own["allocation_pence"], own["closing_target_pence"], opening, closing, None, None,
            own["registered_billionths"],
        )  # fmt: skip
        kept.append(mixture)
    return kept


def _pence(thousands: str) -> int:
    return pence_from_pounds(Decimal(thousands) * 1000)


def needed_pence(targets: Sequence[Target], below: Fraction) -> int:
    """What it would take to bring everybody who is further below their target to so much below it, in pence.

    Args:
        below: a share of the target, such as 2.5%. Each is rounded up to the penny; nobody's money is taken.
    """
    return sum(max(0, ceil(row.closing_target_pence * (1 - below)) - row.allocation_pence) for row in targets)
