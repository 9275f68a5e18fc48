"""BFGS with lower bounds, for a handful of parameters with an exact gradient.

A projected quasi-Newton method (Bertsekas 1982, SIAM J. Control Optim. 20(2)): variables on
their bound whose gradient does not point inside stay there, the others take a BFGS step, and
the line search follows the projected path. It stops when the decrease expected from the next
step is negligible, a criterion that does not depend on the units of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.optimization_record import OptimizationRecord

Vector = NDArray[np.float64]
Index = NDArray[np.intp]
Objective = Callable[[Vector], tuple[float, Vector]]

_SUFFICIENT = 1e-4  # Armijo's constant
_SHORTEST = 1e-10  # step length at which the line search gives up
_PATIENCE = 10  # steps without a gain after which the iteration ends
_AT_BOUND = 1e-4  # of the distance at which a way down from a bound is looked for
_NOISE = 1e-13  # relative rounding error of the objective


@dataclass(frozen=True)
class BfgsState:
    """Where the iteration stands.

    Attributes
    ----------
    x : float64, shape (k,)
    value : float
    gradient : float64, shape (k,)
    hessian : float64, shape (k, k)
        BFGS approximation, positive definite.
    """

    x: Vector
    value: float
    gradient: Vector
    hessian: NDArray[np.float64]


@dataclass(frozen=True)
class LocalModel:
    """What is known of an objective at a point, better than one evaluation tells.

    Attributes
    ----------
    value : float
    gradient : float64, shape (k,)
    hessian : float64, shape (k, k), optional
        Second derivatives; where they are positive definite they take the place of the
        approximation.
    """

    value: float
    gradient: Vector
    hessian: NDArray[np.float64] | None


@dataclass(frozen=True)
class BfgsInfo:
    """What one step did.

    Attributes
    ----------
    evaluations : int
        Of the objective.
    moved : bool
        Whether a better point was found.
    """

    evaluations: int
    moved: bool


def init(objective: Objective, x: Vector, hessian: NDArray[np.float64]) -> BfgsState:
    """State at the starting point."""
    value, gradient = objective(x)
    return BfgsState(x, value, gradient, hessian)


def direction(state: BfgsState, lower: Vector) -> tuple[Vector, float]:
    """Quasi-Newton direction over the free variables, and the decrease it promises.

    Returns
    -------
    direction : float64, shape (k,)
        0 on the active bounds.
    expected_decrease : float
        ``g' H^-1 g / 2`` over the free variables.
    """
    free = (state.x > lower) | (state.gradient < 0.0)
    step = np.zeros_like(state.x)
    if free.all():
        step[:] = -np.linalg.solve(state.hessian, state.gradient)
        return step, float(-0.5 * state.gradient @ step)
    if not free.any():
        return step, 0.0
    g = state.gradient[free]
    step[free] = -np.linalg.solve(state.hessian[np.ix_(free, free)], g)
    return step, float(-0.5 * g @ step[free])


def step(
    objective: Objective, state: BfgsState, lower: Vector, longest: float = np.inf
) -> tuple[BfgsState, BfgsInfo]:
    """One step: direction, line search along the projected path, update of the Hessian.

    No parameter moves by more than `longest`.
    """
    towards, _ = direction(state, lower)
    length, evaluations = min(1.0, longest / max(float(np.abs(towards).max()), 1e-300)), 0
    noise = _NOISE * max(1.0, abs(state.value))
    while length > _SHORTEST:
        x = np.maximum(state.x + length * towards, lower)
        moved = x - state.x
        slope = float(state.gradient @ moved)
        value, gradient = objective(x)
        evaluations += 1
        if np.isfinite(value) and value <= state.value + _SUFFICIENT * slope + noise:
            hessian = _updated(state.hessian, moved, gradient - state.gradient)
            return BfgsState(x, value, gradient, hessian), BfgsInfo(evaluations, True)
        length *= _shorter(value - state.value, slope)
    return state, BfgsInfo(evaluations, False)


def _shorter(rise: float, slope: float) -> float:
    """Factor to shorten a step by: the minimum of the parabola, within [0.1, 0.5]."""
    if not np.isfinite(rise) or rise <= slope:
        return 0.5 if np.isfinite(rise) else 0.1
    return float(np.clip(-slope / (2.0 * (rise - slope)), 0.1, 0.5))


def _updated(H: NDArray[np.float64], s: Vector, y: Vector) -> NDArray[np.float64]:
    """BFGS update with Powell's damping, which keeps `H` positive definite."""
    Hs = H @ s
    sHs = float(s @ Hs)
    if sHs <= 0.0:
        return H
    sy = float(s @ y)
    if sy < 0.2 * sHs:
        weight = 0.8 * sHs / (sHs - sy)
        y = weight * y + (1.0 - weight) * Hs
        sy = float(s @ y)
    return H - np.outer(Hs, Hs) / sHs + np.outer(y, y) / sy


def minimize(
    objective: Objective,
    x: Vector,
    lower: Vector,
    hessian: NDArray[np.float64],
    *,
    probe: Vector,
    columns: Mapping[int, Index] | None = None,
    newton: Callable[[Vector, float], LocalModel | None] | None = None,
    longest: float = np.inf,
    tolerance: float = 1e-12,
    max_evaluations: int = 500,
) -> tuple[BfgsState, OptimizationRecord]:
    """Minimise an objective under lower bounds.

    Parameters
    ----------
    objective : callable
        ``x -> (value, gradient)``.
    x : float64, shape (k,)
        Start, inside the bounds.
    lower : float64, shape (k,)
        Lower bounds.
    hessian : float64, shape (k, k)
        Positive definite guess of the Hessian at the start.
    probe : float64, shape (k,)
        Distance at which a solution on the boundary is tried for a way down: where the
        objective is even in a parameter its gradient at the bound is 0 whether or not the
        bound is the optimum.
    columns : mapping of int to intp, optional
        For a bounded parameter, those that change sign with it without changing the objective
        (the rest of its column in a covariance factor). The bound is then a mirror: a solution
        on it that would go on behind it goes on in front of it. Where the whole column is 0,
        its gradient is 0 too, and the curvature over the column decides.
    newton : callable, optional
        ``(x, expected decrease) -> LocalModel`` at the point where the objective was evaluated
        last, or None where no more is known of it.
    longest : float
        Most that a parameter moves in one step.
    tolerance : float
        The iteration stops when the next step is expected to gain less than this.
    max_evaluations : int
        Limit on evaluations.

    Returns
    -------
    state : BfgsState
    record : OptimizationRecord
    """
    state = init(objective, x, hessian)
    start, initial, trace = state.x, state.value, [state.value]
    iterations, evaluations = 0, 1
    converged, reason, stuck = False, "", False
    expected = np.inf
    while True:
        before, expected = expected, direction(state, lower)[1]
        # a step that its Hessian has led astray is tried again without
        known = None if newton is None or stuck else newton(state.x, expected)
        if known is not None:
            state = _informed(state, known)
            expected = direction(state, lower)[1]
        # below the objective's rounding error the gradient still leads on, until it does not
        stalled = expected <= _NOISE * abs(state.value) and expected >= 0.5 * before
        if expected <= tolerance or stalled:
            state, tried = _onto_bound(objective, state, lower, probe, tolerance)
            evaluations += tried
            inside, tried = _away_from_bound(
                objective, state, lower, probe, hessian, columns or {}, tolerance
            )
            evaluations += tried
            if inside is None:
                converged = True
                reason = "the next step is expected to gain less than the tolerance"
                break
            state, expected = inside, np.inf
            trace.append(state.value)
            continue
        if len(trace) > _PATIENCE:
            gained = trace[-1 - _PATIENCE] - state.value
            if gained < max(tolerance, _NOISE * abs(state.value)):
                converged = True
                reason = f"the last {_PATIENCE} steps gained less than the tolerance together"
                break
        if evaluations >= max_evaluations:
            reason = f"the limit of {max_evaluations} evaluations was reached"
            break
        state, info = step(objective, state, lower, longest)
        iterations += 1
        evaluations += info.evaluations
        trace.append(state.value)
        stuck = not info.moved
        if stuck:
            if expected <= 10.0 * _NOISE * abs(state.value):
                converged = True
                reason = "the objective is flat to its rounding error"
                break
            if np.array_equal(state.hessian, hessian):
                reason = "no better point was found along the gradient"
                break
            state = replace(state, hessian=hessian)  # a fresh start of the approximation
    record = OptimizationRecord(
        optimizer="projected BFGS",
        converged=converged,
        reason=reason,
        start=start,
        final=state.x,
        lower=lower,
        initial_value=initial,
        value=state.value,
        gradient=state.gradient,
        expected_decrease=direction(state, lower)[1],
        tolerance=tolerance,
        iterations=iterations,
        evaluations=evaluations,
        max_evaluations=max_evaluations,
        trace=np.array(trace),
    )
    return state, record


def _informed(state: BfgsState, known: LocalModel) -> BfgsState:
    """The state with what is known of its point."""
    state, exact = replace(state, value=known.value, gradient=known.gradient), known.hessian
    if exact is None or not np.isfinite(exact).all():
        return state
    scale = np.sqrt(np.maximum(np.diag(exact), 1e-300))
    if np.linalg.eigvalsh(exact / np.outer(scale, scale))[0] < 1e-6:
        return state
    return replace(state, hessian=exact)


def _onto_bound(
    objective: Objective, state: BfgsState, lower: Vector, probe: Vector, tolerance: float
) -> tuple[BfgsState, int]:
    """The state with parameters that all but reached their bound on it, if nothing is lost."""
    near = (state.x > lower) & (state.x - lower < _AT_BOUND * probe)
    if not near.any():
        return state, 0
    on_it = init(objective, np.where(near, lower, state.x), state.hessian)
    noise = _NOISE * max(1.0, abs(state.value))
    return (on_it if on_it.value <= state.value + tolerance + noise else state), 1


def _away_from_bound(
    objective: Objective,
    state: BfgsState,
    lower: Vector,
    probe: Vector,
    hessian: NDArray[np.float64],
    columns: Mapping[int, Index],
    tolerance: float,
) -> tuple[BfgsState | None, int]:
    """A point to go on from, if one of the bounds is not an optimum."""
    tried = 0
    noise = _NOISE * max(1.0, abs(state.value))
    for i in np.flatnonzero(state.x <= lower):
        below = columns.get(int(i), np.zeros(0, dtype=np.intp))
        if (np.abs(state.x[below]) > 0.01 * probe[below]).any():
            if state.gradient[i] ** 2 > 2.0 * tolerance * hessian[i, i]:
                x = state.x.copy()
                x[below] *= -1.0
                return init(objective, x, hessian), tried + 1
            continue
        column = np.concatenate([[i], below]).astype(np.intp)
        curvature = np.empty((column.size, column.size))
        for row, j in enumerate(column):
            x = state.x.copy()
            x[j] += probe[j]
            curvature[row] = objective(x)[1][column] / probe[j]
            tried += 1
        values, vectors = np.linalg.eigh(0.5 * (curvature + curvature.T))
        if values[0] >= 0.0:
            continue
        downhill = vectors[:, 0] * np.where(vectors[0, 0] < 0.0, -1.0, 1.0)
        x = state.x.copy()
        x[column] += probe[i] * downhill
        candidate = init(objective, x, hessian)
        tried += 1
        if candidate.value < state.value - noise:
            return candidate, tried
    return None, tried
