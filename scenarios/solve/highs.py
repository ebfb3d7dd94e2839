"""The same programme for HiGHS, in floats: whether the goal can be reached, and which limits bind on the way.

Its answers are guesses that the exact equations start from (``scenarios.solve.exact``); no figure of money comes from
here. HiGHS is under the MIT licence, and is loaded when a way is looked for, by nothing else.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ledger.errors import refuse
from ledger.inputs import Action
from scenarios.solve.exact import CAP, FLOOR, FREE, HIGH, LOW, Pattern
from scenarios.solve.goal import Goal

_NEAR = 1e-7
"""How near a limit a float is taken to stand at it."""
_MOST_STEPS = 100
"""So many steps for each unknown are enough, wherever the solver comes to an end at all."""


class Undecided(Exception):
    """The solver neither found a path nor that there is none."""


def _library() -> Any:
    try:
        import highspy  # noqa: PLC0415 - only a way to a goal has a use for it
    except ModuleNotFoundError:
        sentence = "the solver HiGHS is not installed."
        why = "It looks for the path of least disruption; nothing else in the ledger needs it."
        refuse("highspy", sentence, why, f"Install the extra 'solve': {Action.INSTALL.done('solve')}.")
    return highspy


def guess(goal: Goal) -> Mapping[str, Pattern] | None:
    """Which limits bind everybody on the path of least disruption; None where no path keeps to all limits."""
    solved = _run(goal, with_disruption=True)
    return None if solved is None else _patterns(goal, solved)


def reachable(goal: Goal) -> bool:
    """Whether some path keeps to all limits, to the solver's tolerance."""
    return _run(goal, with_disruption=False) is not None


def _run(goal: Goal, *, with_disruption: bool) -> Any:
    """The path as an array, organisation by year, relative to equal growth."""
    library = _library()
    solver = library.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    # Where it goes round in circles it is stopped by its steps, not by the clock: the same on every machine.
    solver.setOptionValue("qp_iteration_limit", _MOST_STEPS * len(goal.opening_pence) * goal.years)
    model = library.HighsModel()
    model.lp_ = _programme(library, goal, with_disruption=with_disruption)
    if with_disruption:
        model.hessian_ = _disruption(library, goal)
    solver.passModel(model)
    solver.run()
    status = solver.getModelStatus()
    if status == library.HighsModelStatus.kOptimal:
        path = np.array(solver.getSolution().col_value).reshape(len(goal.opening_pence), goal.years)
        return path / _scale(goal)
    if status in (library.HighsModelStatus.kInfeasible, library.HighsModelStatus.kUnboundedOrInfeasible):
        return None
    raise Undecided


def _scale(goal: Goal) -> Any:
    """By what each organisation's figures are multiplied for the solver: so a step weighs alike, be it large or small.

    It is the root of the opening budget, the mean being 1, in a column.
    """
    opening = np.array(list(goal.opening_pence.values()), dtype=float)
    return np.sqrt(opening / opening.mean())[:, np.newaxis]


def _programme(library: Any, goal: Goal, *, with_disruption: bool) -> Any:
    people, years = len(goal.opening_pence), goal.years
    columns = np.arange(people * years).reshape(people, years)
    low, high = np.zeros(columns.shape), np.full(columns.shape, library.kHighsInf)
    for row, code in enumerate(goal.opening_pence):
        alike = goal.opening_pence[code] * goal.growth_of_all[-1]
        low[row, -1], high[row, -1] = (float(bound / alike) for bound in goal.end(code))
    low[:, 0] = np.maximum(low[:, 0], float(goal.least[0]))
    if goal.most is not None:
        high[:, 0] = np.minimum(high[:, 0], float(goal.most[0]))
    # Limits of later years tie a year to the one before: this year - limit x last year, above zero or below it.
    limits = [(goal.least, 0.0, library.kHighsInf)]
    if goal.most is not None:
        limits.append((goal.most, -library.kHighsInf, 0.0))
    scale = _scale(goal)
    low, high = low * scale, high * scale
    index, value, ends, lower, upper = [], [], [0], [], []
    for factors, least, most in limits:
        for year in range(1, years):
            index += np.stack([columns[:, year], columns[:, year - 1]], axis=1).ravel().tolist()
            value += [1.0, -float(factors[year])] * people
            ends += (ends[-1] + 2 * np.arange(1, people + 1)).tolist()
            lower += [least] * people
            upper += [most] * people
    for year in range(years):
        index += columns[:, year].tolist()
        value += scale.ravel().tolist()
        ends.append(ends[-1] + people)
        lower.append(float(people))
        upper.append(float(people))
    programme = library.HighsLp()
    programme.num_col_, programme.num_row_ = columns.size, len(lower)
    programme.col_lower_, programme.col_upper_ = low.ravel(), high.ravel()
    programme.row_lower_, programme.row_upper_ = np.array(lower), np.array(upper)
    cost = np.zeros(columns.shape)
    if with_disruption:
        cost[:, :1] = -scale
    programme.col_cost_ = cost.ravel()
    programme.a_matrix_.format_ = library.MatrixFormat.kRowwise
    programme.a_matrix_.start_ = np.array(ends)
    programme.a_matrix_.index_ = np.array(index)
    programme.a_matrix_.value_ = np.array(value)
    return programme


def _disruption(library: Any, goal: Goal) -> Any:
    """Half the sum of (this year - last year)**2, as a matrix: its lower half, column by column."""
    people, years = len(goal.opening_pence), goal.years
    start, index, value = [0], [], []
    for column in range(people * years):
        last = column % years == years - 1
        index += [column] if last else [column, column + 1]
        value += [1.0] if last else [2.0, -1.0]
        start.append(len(index))
    matrix = library.HighsHessian()
    matrix.dim_ = people * years
    matrix.format_ = library.HessianFormat.kTriangular
    matrix.start_, matrix.index_, matrix.value_ = np.array(start), np.array(index), np.array(value)
    return matrix


def _patterns(goal: Goal, path: Any) -> dict[str, Pattern]:
    before = np.concatenate([np.ones((len(path), 1)), path[:, :-1]], axis=1)
    least = np.array([float(factor) for factor in goal.least])
    at_floor = path - before * least <= _NEAR
    at_cap = np.zeros(path.shape, dtype=bool)
    if goal.most is not None:
        most = np.array([float(factor) for factor in goal.most])
        at_cap = before * most - path <= _NEAR
    found = {}
    for row, code in enumerate(goal.opening_pence):
        alike = goal.opening_pence[code] * goal.growth_of_all[-1]
        low, high = (float(bound / alike) for bound in goal.end(code))
        last = path[row, -1]
        end = LOW if last - low <= _NEAR else HIGH if high - last <= _NEAR else FREE
        ties = zip(at_floor[row], at_cap[row], strict=True)
        found[code] = Pattern(tuple(FLOOR if low_ else CAP if high_ else FREE for low_, high_ in ties), end)
    return found
