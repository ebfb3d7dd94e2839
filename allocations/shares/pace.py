"""Pace of change: how fast an allocation moves from its baseline towards its fair share.

The published form, since 2022/23, is base growth for all, then a convergence that depends on the distance
from target: allocation = baseline x (1 + growth) x (1 + convergence), rounded to the £1,000. To plan a new
year somebody has to choose the convergence so that all allocations sum to the money there is; ``plan``
does that with a floor and a cap, in exact fractions, and balances to the last unit.
"""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from allocations.figures import tables
from allocations.reading.strict_yaml import StrictModel, Whole, read_model
from allocations.shares.apportion import apportion
from ledger.errors import Problem, refuse, refuse_any
from ledger.money import exact_pounds, pence_from_pounds, round_half_up_fraction


@dataclass(frozen=True, slots=True)
class Curve:
    """Convergence as a function of opening distance from target: straight between knots, level outside.

    Attributes:
        knots: pairs (distance, convergence), both as fractions of one, in rising order of distance.
    """

    knots: tuple[tuple[Fraction, Fraction], ...]

    def problems(self) -> list[Problem]:
        """Knots out of order, or a curve that rewards being above target."""
        found = []
        for (left, high), (right, low) in pairwise(self.knots):
            if right <= left or low > high:
                found.append(
                    Problem(
                        f"curve, from {float(left):.4f} to {float(right):.4f}",
                        f"convergence goes from {float(high):.4f} to {float(low):.4f}.",
                        "Distances must rise, and who is further above target may not grow faster.",
                        "Put the knots in order.",
                    )
                )
        if not self.knots:
            found.append(
                Problem("curve", "it has no knots.", "There is no convergence to apply.", "Give at least one.")
            )
        return found

    def at(self, distance: Fraction) -> Fraction:
        """The convergence at a distance from target."""
        first, last = self.knots[0], self.knots[-1]
        if distance <= first[0]:
            return first[1]
        for (left, high), (right, low) in pairwise(self.knots):
            if distance <= right:
                return high + (low - high) * (distance - left) / (right - left)
        return last[1]


@dataclass(frozen=True, slots=True)
class PacePlan:
    """What is asked of a pace of change.

    Attributes:
        baseline_pence: code to recurrent baseline.
        target_share: code to fair share; together they make one.
        base_growth: growth for all, as a fraction of one.
        curve: convergence by opening distance from target.
        floor, cap: least and most growth of anybody.
        quantum_pence: the money there is; the baselines grown by ``base_growth`` where it is not given.
        unit_pence: what allocations are whole units of.
    """

    baseline_pence: Mapping[str, int]
    target_share: Mapping[str, Fraction]
    base_growth: Fraction
    curve: Curve
    floor: Fraction
    cap: Fraction
    quantum_pence: int | None = None
    unit_pence: int = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """One organisation's pace of change. Distances and growths are exact fractions of one.

    Attributes:
        target_pence: its fair share of the quantum, exact.
        opening_distance: baseline grown by base growth, over target, less one.
        convergence: what the curve gives at that distance.
        growth: growth before rounding, after scaling and limits.
        allocation_pence: what it gets, in whole units.
        closing_distance: allocation over target, less one.
        limit: ``floor``, ``cap`` or empty.
    """

    code: str
    baseline_pence: int
    target_pence: Fraction
    opening_distance: Fraction
    convergence: Fraction
    growth: Fraction
    allocation_pence: int
    closing_distance: Fraction
    limit: str


@dataclass(frozen=True, slots=True)
class PaceOutcome:
    """A pace of change that balances.

    Attributes:
        scaling: what is added to everybody's growth so that the money is spent exactly.
        scaling_is_unique: false when all are at a limit and a range of scalings would do; the middle is shown.
    """

    quantum_pence: int
    scaling: Fraction
    scaling_is_unique: bool
    rows: tuple[Pace, ...]


def published_allocation(baseline: Fraction, growth: Fraction, convergence: Fraction) -> int:
    """The published form: baseline x (1 + growth) x (1 + convergence), to the whole unit, halves up.

    With the baseline in £1,000 this gives NHS England's recurrent allocations of 2025/26 exactly.
    """
    return round_half_up_fraction(baseline * (1 + growth) * (1 + convergence))


def plan(asked: PacePlan) -> PaceOutcome:
    """Find allocations that follow the curve, keep to floor and cap, and sum to the quantum exactly.

    Raises:
        Refused: shares that do not make one, a floor above the cap, a curve out of order, or a quantum that
            floor and cap cannot meet; the message gives both bounds.
    """
    problems = _problems(asked)
    refuse_any(problems)
    quantum = _quantum(asked)
    target = {code: share * quantum for code, share in asked.target_share.items()}
    grown = {code: base * (1 + asked.base_growth) for code, base in asked.baseline_pence.items()}
    opening = {code: grown[code] / target[code] - 1 for code in target}
    convergence = {code: asked.curve.at(distance) for code, distance in opening.items()}
    raw = {code: asked.base_growth + convergence[code] for code in opening}
    scaling, unique = _scaling(asked, raw, _feasible(asked, quantum))
    growth = {code: min(max(raw[code] + scaling, asked.floor), asked.cap) for code in raw}
    exact = {code: asked.baseline_pence[code] * (1 + growth[code]) for code in raw}
    units = apportion(quantum // asked.unit_pence, exact)
    return PaceOutcome(
        quantum,
        scaling,
        unique,
        tuple(
            Pace(
                code,
                asked.baseline_pence[code],
                target[code],
                opening[code],
                convergence[code],
                growth[code],
                units[code] * asked.unit_pence,
                Fraction(units[code] * asked.unit_pence) / target[code] - 1,
                "floor" if growth[code] == asked.floor else "cap" if growth[code] == asked.cap else "",
            )
            for code in asked.baseline_pence
        ),
    )


def _quantum(asked: PacePlan) -> int:
    if asked.quantum_pence is not None:
        return asked.quantum_pence
    whole = sum(asked.baseline_pence.values()) * (1 + asked.base_growth) / asked.unit_pence
    return round_half_up_fraction(whole) * asked.unit_pence


def _problems(asked: PacePlan) -> list[Problem]:
    found = asked.curve.problems()
    together = sum(asked.target_share.values(), Fraction(0))
    if together != 1:
        sentence = f"the target shares sum to {float(together):.9f}."
        found.append(Problem("target shares", sentence, "They must make one whole.", "Correct the shares."))
    if set(asked.target_share) != set(asked.baseline_pence):
        only = sorted(set(asked.target_share) ^ set(asked.baseline_pence))
        sentence = f"{', '.join(only)} has a baseline or a target share, but not both."
        found.append(Problem("organisations", sentence, "Distance needs both; missing is not zero.", "Give both."))
    for code, pence in asked.baseline_pence.items():
        if pence <= 0:
            sentence = f"its baseline is £{exact_pounds(pence)}."
            found.append(Problem(code, sentence, "Growth is counted on a positive baseline.", "Correct the baseline."))
    for code, share in asked.target_share.items():
        if share <= 0:
            found.append(
                Problem(code, f"its target share is {share}.", "A fair share is positive.", "Correct the share.")
            )
    if asked.floor > asked.cap:
        sentence = f"the floor is {float(asked.floor):.4%} and the cap {float(asked.cap):.4%}."
        found.append(Problem("floor and cap", sentence, "Nobody could meet both.", "Put the floor below the cap."))
    if asked.quantum_pence is not None and asked.quantum_pence % asked.unit_pence:
        sentence = f"£{exact_pounds(asked.quantum_pence)} is not in whole units of £{exact_pounds(asked.unit_pence)}."
        found.append(Problem("quantum", sentence, "The allocations could not sum to it.", "Round it to the unit."))
    return found


def _feasible(asked: PacePlan, quantum: int) -> Fraction:
    """The sum that growth has to meet: the quantum, or a bound that it misses by the rounding to a unit."""
    whole = sum(asked.baseline_pence.values())
    least, most = whole * (1 + asked.floor), whole * (1 + asked.cap)
    nearest = min(max(Fraction(quantum), least), most)
    if abs(nearest - quantum) >= asked.unit_pence:
        bounds = " to ".join(f"£{exact_pounds(round_half_up_fraction(bound))}" for bound in (least, most))
        side = "floor" if quantum < least else "cap"
        remedy = f"Change the {side}, or bring the quantum within {bounds}."
        refuse("quantum", f"it is £{exact_pounds(quantum)}.", f"Floor and cap allow {bounds}.", remedy)
    return nearest


def _scaling(asked: PacePlan, raw: Mapping[str, Fraction], wanted: Fraction) -> tuple[Fraction, bool]:
    """Solve SUM baseline x (1 + clip(raw + scaling, floor, cap)) = wanted, exactly.

    The left side rises in straight pieces between the points at which somebody leaves the floor or meets
    the cap; the piece that holds the sum is found, and the line solved.
    """

    def spent(scaling: Fraction) -> Fraction:
        growths = {code: min(max(growth + scaling, asked.floor), asked.cap) for code, growth in raw.items()}
        return sum((base * (1 + growths[code]) for code, base in asked.baseline_pence.items()), Fraction(0))

    points = sorted({limit - growth for growth in raw.values() for limit in (asked.floor, asked.cap)})
    exactly = [point for point in points if spent(point) == wanted]
    if exactly:
        # With everybody at the floor, or at the cap, any scaling further out would do as well.
        all_at_a_limit = wanted in (spent(points[0]), spent(points[-1]))
        return (exactly[0] + exactly[-1]) / 2, exactly[0] == exactly[-1] and not all_at_a_limit
    above = bisect_right(points, wanted, lo=1, hi=len(points) - 1, key=spent)
    left, right = points[above - 1], points[above]
    low, high = spent(left), spent(right)
    return left + (wanted - low) * (right - left) / (high - low), True


PUBLISHED = "published 2025/26 "
_EXACT = re.compile(r"[-+]?\d{0,18}(\.\d{1,18})?([eE][-+]?\d{1,2})?|[-+]?\d{1,18}/0*[1-9]\d{0,17}", re.ASCII)


def _exact(written: object) -> Fraction:
    """A number as it was written: 0.0437 or 1/3."""
    if not _EXACT.fullmatch(str(written)):
        raise ValueError("it is not a number as 0.0437 or 1/3")
    return Fraction(str(written))


Exact = Annotated[Fraction, BeforeValidator(_exact)]


# Beyond so many years nobody plans, and what is not near by then is not said to come near.
MOST_YEARS = 30


def years_until_within(asked: PacePlan, outcome: PaceOutcome, distances: Sequence[Fraction]) -> list[int | None]:
    """In how many years everybody is within a distance of target, if each year is planned as this one.

    Each later year starts from what the one before allocates, with the same rule and shares, and with money that grows
    as it does in this one.

    Args:
        outcome: what the plan of the first year found.
        distances: fractions of one, above and below target alike.

    Returns:
        For each distance the number of the year, 1 for the one that is planned; None where that takes more than
        ``MOST_YEARS``.
    """
    growth = Fraction(outcome.quantum_pence, sum(asked.baseline_pence.values()))
    found: dict[Fraction, int] = {}
    for year in range(1, MOST_YEARS + 1):
        furthest = max(abs(row.closing_distance) for row in outcome.rows)
        found |= {distance: year for distance in distances if distance not in found and furthest <= distance}
        if len(found) == len(set(distances)):
            break
        units = round_half_up_fraction(outcome.quantum_pence * growth / asked.unit_pence)
        baseline = {row.code: row.allocation_pence for row in outcome.rows}
        asked = replace(asked, baseline_pence=baseline, quantum_pence=units * asked.unit_pence)
        outcome = plan(asked)
    return [found.get(distance) for distance in distances]


class OneOrganisation(StrictModel):
    """A baseline and a fair share, the share as a part of one or as a target in pounds."""

    code: str
    baseline_pounds: Decimal = Field(gt=0)
    target_share: Exact | None = None
    target_pounds: Decimal | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_target(self) -> "OneOrganisation":
        if (self.target_share is None) == (self.target_pounds is None):
            raise ValueError("give either target_share or target_pounds")
        return self


class PaceRule(StrictModel):
    """How fast to move towards fair shares: growth for all, a convergence curve, a floor and a cap."""

    title: str
    reason: str
    base_growth: Exact
    floor: Exact
    cap: Exact
    curve: tuple[tuple[Exact, Exact], ...]
    unit_pounds: Whole = Field(default=1, ge=1)
    quantum_pounds: Whole | None = None

    def convergence_curve(self) -> Curve:
        """Convergence by opening distance from target."""
        return Curve(self.curve)


class Converging(StrictModel):
    """Who has which budget and which target.

    ``organisations`` is a list, or ``published 2025/26 core`` (or ``specialised``, ``primary medical``) for
    the baselines and targets that NHS England published for the 42 ICBs.
    """

    organisations: tuple[OneOrganisation, ...] | str

    @model_validator(mode="after")
    def _known_organisations(self) -> "Converging":
        if isinstance(self.organisations, str):
            streams = sorted(set(tables.table("convergence_2025_26")["stream"].to_pylist()))
            if self.organisations not in (PUBLISHED + stream for stream in streams):
                known = ", ".join(f"'{PUBLISHED}{stream}'" for stream in streams)
                raise ValueError(f"organisations are a list, or one of {known}")
        elif len({row.code for row in self.organisations}) < len(self.organisations):
            raise ValueError("an organisation stands twice")
        elif len({row.target_share is None for row in self.organisations}) > 1:
            raise ValueError("give every organisation target_share, or every one target_pounds")
        return self

    @property
    def in_pounds(self) -> bool:
        """Whether targets are pounds; else they are parts of one."""
        return isinstance(self.organisations, str) or self.organisations[0].target_share is None

    def amounts(self) -> tuple[dict[str, int], dict[str, Fraction]]:
        """Code to its budget in pence, and code to its target: the published ones in £1,000."""
        if isinstance(self.organisations, str):
            stream = self.organisations.removeprefix(PUBLISHED)
            rows = [row for row in tables.table("convergence_2025_26").to_pylist() if row["stream"] == stream]
            return (
                {row["icb"]: pence_from_pounds(Decimal(row["baseline_thousands"]) * 1000) for row in rows},
                {row["icb"]: Fraction(row["target_thousands"]) for row in rows},
            )
        return (
            {row.code: pence_from_pounds(row.baseline_pounds) for row in self.organisations},
            {row.code: Fraction(row.target_share or row.target_pounds or 0) for row in self.organisations},
        )


class PaceFile(PaceRule, Converging):
    """What a pace of change is worked out from."""

    def plan(self) -> PacePlan:
        """The same, in pence and exact shares."""
        baseline, target = self.amounts()
        whole = sum(target.values())
        return PacePlan(
            baseline_pence=baseline,
            target_share={code: share / whole for code, share in target.items()} if self.in_pounds else target,
            base_growth=self.base_growth,
            curve=self.convergence_curve(),
            floor=self.floor,
            cap=self.cap,
            quantum_pence=None if self.quantum_pounds is None else self.quantum_pounds * 100,
            unit_pence=self.unit_pounds * 100,
        )


def read_rule(path: Path) -> tuple[PaceRule, str]:
    """A pace of change without organisations, for whoever brings their own, with the SHA-256 of the file.

    Raises:
        Refused: what the file says cannot be read, is unknown or impossible, each with its line or key.
    """
    return read_model(path, PaceRule), hashlib.sha256(path.read_bytes()).hexdigest()


def read_pace(path: Path) -> tuple[PaceFile, str]:
    """A pace of change from its file, with the SHA-256 of the file.

    Raises:
        Refused: what the file says cannot be read, is unknown or impossible, each with its line or key.
    """
    return read_model(path, PaceFile), hashlib.sha256(path.read_bytes()).hexdigest()
