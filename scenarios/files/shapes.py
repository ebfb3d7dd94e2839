"""How a figure that is not known for sure is drawn: a small fixed set of distributions between two bounds.

With ``low``, ``central`` and ``high`` the bounds and the most likely value:

- ``uniform``: every value between the bounds alike.
- ``triangular``: from no density at the bounds in straight lines to a peak at the central value.
- ``pert``: a beta distribution between the bounds, with parameters 1 + 4 (central - low) / (high - low) and
  1 + 4 (high - central) / (high - low); its mean is (low + 4 central + high) / 6.
- ``normal``: a normal distribution around the central value with a standard deviation of a quarter of (high - low), of
  which what lies beyond the bounds is drawn again.
"""

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Shape = Literal["uniform", "triangular", "pert", "normal"]
# Draws place estimates; they are never amounts of money to be read.
Draws: TypeAlias = NDArray[np.float64]


def drawn(shape: Shape, low: float, central: float, high: float, count: int, generator: np.random.Generator) -> Draws:
    """So many values of a distribution, all between its bounds."""
    if low == high:
        return np.full(count, central)
    if shape == "uniform":
        return generator.uniform(low, high, count)
    if shape == "triangular":
        return generator.triangular(low, central, high, count)
    if shape == "pert":
        before, after = (central - low) / (high - low), (high - central) / (high - low)
        return low + (high - low) * generator.beta(1 + 4 * before, 1 + 4 * after, count)
    return cut_normal(central, (high - low) / 4, low, high, count, generator)


def cut_normal(
    mean: float, deviation: float, low: float, high: float, count: int, generator: np.random.Generator
) -> Draws:
    """Values of a normal distribution; those beyond the bounds are drawn again."""
    values = generator.normal(mean, deviation, count)
    while (beyond := (values < low) | (values > high)).any():
        values[beyond] = generator.normal(mean, deviation, int(beyond.sum()))
    return values
