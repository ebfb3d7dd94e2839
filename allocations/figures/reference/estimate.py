"""Estimate what the core formula weighs, year by year, from the practice file itself.

NHS England publishes the weights of the components in a workbook that is not at hand. They can be recovered, because
a practice's final weighted population is made of the components' ones:

    core = cost of its district x (sum of weight x component, where cost scales it) + (sum of weight x component)

Costs of districts and weights are fitted in turn until they stand still, by least squares over all practices, each
counted by its people. What comes out are estimates, to about half a percentage point, and are called so.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ledger.years import FinancialYear

SHIPPED_ESTIMATES = (2025, 2026, 2027, 2028)
SCALED = ("general_acute", "community", "mental_health", "maternity", "primary_medical_need")
LEVEL = ("prescribing", "health_inequalities")
_TURNS = 200
_STANDS_STILL = 1e-7

Numbers = npt.NDArray[np.float64]


def estimated(year: FinancialYear, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, object]]:
    """Each component's weight, to three decimals, summing to one; rows of ``estimated_weights.csv``.

    Args:
        year: of the practices.
        rows: practices with ``district`` and a column for each weighting.
    """
    weights = fit(rows)
    thousandths = {name: int(weight * 1000) for name, weight in weights.items()}
    # The largest remainders are rounded up, so that the weights make one.
    nearest = sorted(weights, key=lambda name: thousandths[name] - weights[name] * 1000)
    for name in nearest[: 1000 - sum(thousandths.values())]:
        thousandths[name] += 1
    for name, value in thousandths.items():
        cost_adjusted = "true" if name in SCALED else "false"
        yield {"year": str(year), "component": name, "weight": f"0.{value:03}", "cost_adjusted": cost_adjusted}


def fit(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Component to weight, as parts of one."""
    people = np.array([float(row["registered"]) for row in rows])
    kept = people > 1
    districts = np.unique([row["district"] for row in rows], return_inverse=True)[1][kept]
    per_head = {name: _column(rows, name)[kept] / people[kept] for name in (*SCALED, *LEVEL, "core")}
    counted = np.sqrt(people[kept])
    cost: Numbers = np.ones(districts.max() + 1)
    before = np.zeros(len(SCALED) + len(LEVEL))
    for _ in range(_TURNS):
        columns = [per_head[name] * cost[districts] for name in SCALED] + [per_head[name] for name in LEVEL]
        table = np.column_stack(columns) * counted[:, None]
        weights = np.linalg.lstsq(table, per_head["core"] * counted, rcond=None)[0]
        scaled = sum(weight * per_head[name] for weight, name in zip(weights, SCALED, strict=False))
        level = sum(weight * per_head[name] for weight, name in zip(weights[len(SCALED) :], LEVEL, strict=True))
        over = np.bincount(districts, (per_head["core"] - level) * scaled * people[kept])
        cost = over / np.bincount(districts, scaled * scaled * people[kept])
        cost /= np.average(cost[districts], weights=people[kept] * scaled)
        if np.abs(weights - before).max() < _STANDS_STILL:
            break
        before = weights
    whole = float(weights.sum())
    return {name: float(weight) / whole for name, weight in zip((*SCALED, *LEVEL), weights, strict=True)}


def _column(rows: Sequence[dict[str, Any]], name: str) -> Numbers:
    return np.array([float(row[name]) for row in rows])
