"""A Gaussian over all parameters of a model: variational inference one level up.

The parameters are unconstrained (log sds, correlation coordinates, fixed effects, log
dispersion). At each value the inner surrogate is solved for; its ELBO plus the log prior, with
their exact gradient, is a function ``f`` of a handful of numbers. The Gaussian ``N(m, S)`` that
maximises ``E[f] + entropy`` satisfies ``E[grad f] = 0`` and ``S^-1 = -E[Hessian f]`` (Opper and
Archambeau 2009, Neural Comput. 21, eq. 8-9). The expectations are three-point Gauss-Hermite rules
along the columns of the Cholesky factor of ``S``: exact for a sum of fifth-degree polynomials,
one along each column. It starts from Laplace's approximation, the Hessian at the mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.orthogonal_basis import upper_triangle

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_ROOT3 = np.sqrt(3.0)


@dataclass(frozen=True)
class Evaluation:
    """The target at one value of the parameters.

    Attributes
    ----------
    value : float
        Log joint density of data and parameters (its lower bound), nats.
    gradient : float64, shape (k,)
    effects : float64, shape (q,)
        Means of the random effects there, spherical scale, any fixed order.
    state : object
        What the next evaluation may start from.
    """

    value: float
    gradient: Vector
    effects: Vector
    state: Any


Target = Callable[[Vector, Any], Evaluation]
"""``(parameters, state to start from or None) -> Evaluation``."""


@dataclass(frozen=True)
class ParameterPosterior:
    """The Gaussian over the parameters.

    Attributes
    ----------
    mean : float64, shape (k,)
    scale_tril : float64, shape (k, k)
    mode : float64, shape (k,)
        Of the target.
    centre : Evaluation
        At `mean`.
    above, below : float64, shape (k, q)
        Means of the random effects at ``mean +- sqrt(3) scale_tril[:, i]``.
    elbo : float
        Lower bound of the log evidence, nats.
    record : OptimizationRecord
        Of the search for the mode; `converged` and `reason` are those of the Gaussian.
    """

    mean: Vector
    scale_tril: Matrix
    mode: Vector
    centre: Evaluation
    above: Matrix
    below: Matrix
    elbo: float
    record: OptimizationRecord


def fit_parameter_posterior(
    target: Target,
    start: Vector,
    units: Vector,
    *,
    tolerance: float = 1e-4,
    max_iterations: int = 40,
) -> ParameterPosterior:
    """Fit the Gaussian.

    Parameters
    ----------
    target : callable
    start : float64, shape (k,)
    units : float64, shape (k,)
        Rough posterior sds.
    tolerance : float
        Nats: the iteration stops when a step is expected to gain less.
    max_iterations : int
        Of the Gaussian; each takes ``2 k + 1`` evaluations.

    Returns
    -------
    ParameterPosterior
    """
    k = len(start)
    latest: dict[str, Any] = {"state": None}

    def objective(z: Vector) -> tuple[float, Vector]:
        at = target(start + units * z, latest["state"])
        latest["state"] = at.state
        return -2.0 * at.value, -2.0 * units * at.gradient

    found, record = minimize(
        objective,
        np.zeros(k),
        np.full(k, -np.inf),
        2.0 * np.eye(k),
        probe=np.ones(k),
        longest=3.0,
        tolerance=1e-7,
    )
    mode = start + units * found.x
    mean, centre = mode, target(mode, latest["state"])
    scale_tril = _laplace(target, centre, mode, units)
    evaluations = record.evaluations + 2 * k + 1
    sides = _sides(target, centre, mean, scale_tril)
    elbo, gradient, whitened = _expectations(centre, sides, scale_tril)
    evaluations += 2 * k
    reason, converged, step = "", False, 1.0
    for _ in range(max_iterations):
        # natural-gradient step: of the precision towards -E[Hessian], of the mean by Newton
        excess = whitened - np.eye(k)
        push = scale_tril.T @ gradient
        gain = 0.5 * float(push @ push) + 0.25 * float(np.vdot(excess, excess))
        if gain <= tolerance:
            converged, reason = True, "the next step is expected to gain less than the tolerance"
            break
        moved = False
        while step > 1e-3:
            new_tril, new_mean = _stepped(mean, scale_tril, whitened, push, step)
            new_centre = target(new_mean, centre.state)
            new_sides = _sides(target, new_centre, new_mean, new_tril)
            evaluations += 2 * k + 1
            trial = _expectations(new_centre, new_sides, new_tril)
            if np.isfinite(trial[0]) and trial[0] >= elbo - 1e-3 * gain - 1e-9 * abs(elbo):
                moved = True
                break
            step *= 0.5
        if not moved:
            reason = "no step of the Gaussian raised its ELBO"
            converged = gain <= 1e-2
            break
        mean, scale_tril, centre, sides = new_mean, new_tril, new_centre, new_sides
        elbo, gradient, whitened = trial
        step = min(1.0, 1.5 * step)
    else:
        reason = f"the limit of {max_iterations} iterations of the Gaussian was reached"
    above = np.array([side.effects for side, _ in sides])
    below = np.array([side.effects for _, side in sides])
    final = OptimizationRecord(
        optimizer="Gaussian over all parameters, from the Hessian at the mode",
        converged=converged and record.converged,
        reason=reason if record.converged else record.reason,
        start=start,
        final=mean,
        lower=np.full(k, -np.inf),
        initial_value=record.initial_value,
        value=-2.0 * elbo,
        gradient=gradient,
        expected_decrease=2.0 * gain,
        tolerance=2.0 * tolerance,
        iterations=record.iterations,
        evaluations=evaluations,
        max_evaluations=record.max_evaluations,
    )
    return ParameterPosterior(mean, scale_tril, mode, centre, above, below, elbo, final)


def _laplace(target: Target, centre: Evaluation, mode: Vector, units: Vector) -> Matrix:
    """Cholesky factor of the inverse of minus the Hessian, by differences of the gradient."""
    k = len(mode)
    hessian = np.empty((k, k))
    for i in range(k):
        step = np.zeros(k)
        step[i] = 0.1 * units[i]
        up, down = target(mode + step, centre.state), target(mode - step, centre.state)
        hessian[i] = units * (up.gradient - down.gradient) / 0.2
    values, vectors = np.linalg.eigh(-0.5 * (hessian + hessian.T))
    values = np.maximum(values, 0.05 * float(np.median(np.abs(values))))
    covariance = units[:, None] * (vectors / values) @ vectors.T * units
    return np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)


Sides = list[tuple[Evaluation, Evaluation]]


def _sides(target: Target, centre: Evaluation, mean: Vector, scale_tril: Matrix) -> Sides:
    return [
        (target(mean + _ROOT3 * c, centre.state), target(mean - _ROOT3 * c, centre.state))
        for c in scale_tril.T
    ]


def _expectations(
    centre: Evaluation, sides: Sides, scale_tril: Matrix
) -> tuple[float, Vector, Matrix]:
    """ELBO, ``E[gradient]``, and ``-E[Hessian]`` in whitened coordinates."""
    k = len(scale_tril)
    value, gradient = centre.value, centre.gradient.copy()
    whitened = np.empty((k, k))
    for i, (up, down) in enumerate(sides):
        value += (up.value + down.value - 2.0 * centre.value) / 6.0
        gradient += (up.gradient + down.gradient - 2.0 * centre.gradient) / 6.0
        whitened[i] = -scale_tril.T @ (up.gradient - down.gradient) / (2.0 * _ROOT3)
    entropy = 0.5 * k * np.log(2.0 * np.pi * np.e) + float(np.log(np.diag(scale_tril)).sum())
    return value + entropy, gradient, 0.5 * (whitened + whitened.T)


def _stepped(
    mean: Vector, scale_tril: Matrix, whitened: Matrix, push: Vector, step: float
) -> tuple[Matrix, Vector]:
    k = len(mean)
    precision = (1.0 - step) * np.eye(k) + step * whitened
    values, vectors = np.linalg.eigh(precision)
    values = np.clip(values, 0.25, 4.0)  # no sd changes by more than a factor of two
    inverse = (vectors / values) @ vectors.T
    root = scale_tril @ np.linalg.cholesky(inverse)
    triangle = upper_triangle(root.T).T
    return triangle, mean + step * scale_tril @ (inverse @ push)
