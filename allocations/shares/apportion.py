"""How a pound is split: largest remainder, exact, in whole units.

Every split of money in the house goes through ``apportion``. Each part is its exact quota rounded down;
the units left over go to the largest fractions, ties to the larger weight and then to the smaller code.
No part differs from its quota by a whole unit, and the parts always sum to the whole.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np

Weight = int | Decimal | Fraction


class CannotApportion(ValueError):
    """The weights given cannot divide anything. ``reason`` is a fixed word; the message is for people."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


def apportion(total: int, weights: Mapping[str, Weight]) -> dict[str, int]:
    """Split a whole number of units by weights, exactly.

    Args:
        total: whole units: pence, pounds or thousands of pounds. May be negative (a clawback), and is
            then the mirror of the same split of the positive amount.
        weights: code to weight. Whole numbers, decimals or fractions; never floats, whose sums depend
            on their order.

    Returns:
        Code to whole units, in the order of ``weights``. The parts sum to ``total``; each is within one
        unit of its quota, whatever the order of the weights or the unit they are counted in.

    Raises:
        CannotApportion: no weights, a negative weight, a weight that is not a number, or weights that
            sum to zero.
    """
    if type(total) is not int:
        raise CannotApportion("total_not_whole", f"The total {total!r} is not a whole number of units.")
    exact = _whole_weights(weights)
    whole = sum(exact.values())
    if whole == 0:
        raise CannotApportion(
            "weights_sum_zero", "The weights sum to zero, so they divide nothing: check the weighting."
        )
    sign = -1 if total < 0 else 1
    parts, remainders = {}, {}
    for code, weight in exact.items():
        parts[code], remainders[code] = divmod(abs(total) * weight, whole)
    left = abs(total) - sum(parts.values())
    in_line = sorted(exact, key=lambda code: (-remainders[code], -exact[code], code))
    for code in in_line[:left]:
        parts[code] += 1
    return {code: sign * part for code, part in parts.items()}


# Below these, arithmetic in eight bytes is exact: see below.
_LARGEST_TOTAL, _LARGEST_WEIGHT = 2**50, 2**61


def apportion_each(totals: Any, weights: Sequence[Mapping[str, int]]) -> tuple[Any, list[str], Any]:
    """Many totals, each split by weights of its own as ``apportion`` splits it, all at once.

    Args:
        totals: whole units, an array of ``n`` numbers.
        weights: for each total code to whole weight; one mapping may divide several.

    Returns:
        One element for each total and code, in that order: the place of the total, the code, and its whole units.

    Raises:
        CannotApportion: as ``apportion`` does.
    """
    pence, sizes = np.asarray(totals, np.int64), np.array([len(each) for each in weights], np.int64)
    whose, codes = np.repeat(np.arange(len(sizes)), sizes), [code for each in weights for code in each]
    different = {id(each): each for each in weights}
    facts = {key: (sum(each.values()), min(each.values(), default=0)) for key, each in different.items()}
    usual = all(0 < whole < _LARGEST_WEIGHT and least >= 0 for whole, least in facts.values())
    if not len(pence) or not usual or pence.min() < 0 or pence.max() >= _LARGEST_TOTAL:
        alone = (apportion(total, each).values() for total, each in zip(pence.tolist(), weights, strict=True))
        return whose, codes, np.array([part for its in alone for part in its], np.int64)
    weight = np.array([part for each in weights for part in each.values()], np.int64)
    whole, total = np.array([facts[id(each)][0] for each in weights], np.int64)[whose], pence[whose]
    # A quota in numbers with a point is right to within one. What is left over of it is exact: both products may lose
    # their upper bits, and the difference between them needs none of those.
    part = (total * (weight / whole)).astype(np.int64)
    rest = total * weight - part * whole
    too_much, too_little = rest < 0, rest >= whole
    part += too_little.astype(np.int64) - too_much
    rest += whole * (too_much.astype(np.int64) - too_little)
    first = np.cumsum(sizes) - sizes
    left = pence - np.add.reduceat(part, first)
    by_code = {code: place for place, code in enumerate(sorted(set(codes)))}
    rank = np.array([by_code[code] for code in codes])
    in_line = np.lexsort((rank, -weight, -rest, whose))
    nth = np.arange(len(whose)) - first[whose]
    part[in_line[nth < left[whose]]] += 1
    return whose, codes, part


def _whole_weights(weights: Mapping[str, Weight]) -> dict[str, int]:
    """The same weights as whole numbers: multiplied by whatever makes them all whole."""
    if not weights:
        raise CannotApportion("no_weights", "There is nobody to share among: check the selection.")
    if all(type(weight) is int for weight in weights.values()):
        whole = dict(weights)
    else:
        fractions = {}
        for code, weight in weights.items():
            if weight is None:
                raise CannotApportion("missing_weight", f"The weight of {code} is missing, and missing is not zero.")
            if not isinstance(weight, int | Decimal | Fraction):
                raise CannotApportion(
                    "float_weight",
                    f"The weight of {code}, {weight!r}, is a float or no number: give an exact one.",
                )
            if isinstance(weight, Decimal) and not weight.is_finite():
                raise CannotApportion("missing_weight", f"The weight of {code} is missing, and missing is not zero.")
            fractions[code] = Fraction(weight)
        scale = lcm(*(fraction.denominator for fraction in fractions.values()))
        whole = {code: int(fraction * scale) for code, fraction in fractions.items()}
    for code, weight in whole.items():
        if weight < 0:
            raise CannotApportion(
                "negative_weight",
                f"The weight of {code} is negative ({weights[code]}): correct it at its source.",
            )
    return {code: int(weight) for code, weight in whole.items()}
