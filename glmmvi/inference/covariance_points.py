"""Uncertainty of the covariance parameters, as a few fits around the estimate.

The covariance parameters are taken as normal around their estimates, with the inverse Hessian
of the criterion as covariance matrix, and that normal is replaced by ``2 k`` points of equal
weight on its axes at distance ``sqrt(k)``: the cubature rule of degree 3 (Arasaratnam and
Haykin 2009, IEEE Trans. Autom. Control 54(6), section III). A column of a covariance factor can
change its sign without changing the model, so a point below the bound is mirrored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.effects_posterior import EffectsPosterior
from glmmvi.inference.gaussian_posterior import GaussianPosterior
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem, GeneralizedMixedSolution
from glmmvi.inference.generalized_mixed import solution_at as generalized_solution_at
from glmmvi.inference.linear_mixed import LinearMixedProblem, LinearMixedSolution
from glmmvi.inference.linear_mixed import solution_at as linear_solution_at
from glmmvi.inference.orthogonal_basis import covariance_factor, engine_factor
from glmmvi.inference.parameter_hessian import parameter_covariance
from glmmvi.inference.profiled_deviance import (
    columns_below,
    is_diagonal,
    pack,
    profiled_deviance,
    unpack,
)
from glmmvi.inference.variational_pirls import solve

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class CovariancePoint:
    """The effects at one value of the covariance parameters; all points weigh the same.

    Attributes
    ----------
    effects : EffectsPosterior
    scale : float
        Residual sd of a linear mixed model, else 1.
    dispersion : float64, shape (k,)
        Unconstrained; empty for a linear mixed model.
    """

    effects: EffectsPosterior
    scale: float
    dispersion: Vector


def linear_effects(problem: LinearMixedProblem, solution: LinearMixedSolution) -> EffectsPosterior:
    """The joint surrogate of a linear mixed model, under REML and ML alike."""
    gaussian = GaussianPosterior(
        solution.factorization,
        solution.rotations,
        solution.sigma,
        X_factor=problem.basis.X_factor,
        beta_cov=solution.beta_cov,
    )
    return EffectsPosterior(gaussian, solution.Lambda, solution.beta, solution.u_mean)


def generalized_effects(
    problem: GeneralizedMixedProblem, solution: GeneralizedMixedSolution
) -> EffectsPosterior:
    """The joint surrogate of a generalized model: its own, and the fixed effects' covariance."""
    gaussian = GaussianPosterior(
        solution.state.factorization,
        solution.rotations,
        1.0,
        X_factor=problem.basis.X_factor,
        beta_cov=solution.beta_cov,
    )
    return EffectsPosterior(gaussian, solution.Lambda, solution.beta, solution.u_mean)


def linear_points(
    problem: LinearMixedProblem, solution: LinearMixedSolution
) -> list[CovariancePoint]:
    """Points of a linear mixed model: over ``theta``, and the residual sd given it.

    Parameters
    ----------
    problem : LinearMixedProblem
    solution : LinearMixedSolution
        Its optimum.

    Returns
    -------
    list of CovariancePoint
        ``2 (k + 1)`` of them, for `k` parameters in ``theta``.
    """
    structure, basis = problem.structure, problem.basis
    d, n = structure.d, problem.products.n
    pairs = zip(solution.Lambda, basis.Z_factors, strict=True)
    theta = pack([engine_factor(factor, Z_factor) for factor, Z_factor in pairs])
    rough = np.repeat(
        [1.0 / np.sqrt(2.0 * L) for L in structure.n_levels],
        [size * (size + 1) // 2 for size in d],
    )

    def gradient(x: Vector) -> Vector:
        return profiled_deviance(problem.products, structure, x, reml=problem.reml).gradient

    spread = spread_at(gradient, theta, d, 0.02 * rough)
    df = n - structure.p if problem.reml else n
    k = theta.size + 1
    points = []
    for x in mirrored_points(theta, np.sqrt(k) * spread, d):
        moved = [
            covariance_factor(factor, Z_factor)[0]
            for factor, Z_factor in zip(unpack(x, d), basis.Z_factors, strict=True)
        ]
        there = linear_solution_at(problem, moved)
        points.append(CovariancePoint(linear_effects(problem, there), there.sigma, np.empty(0)))
    effects = linear_effects(problem, solution)
    for sign in (1.0, -1.0):  # log sigma has sd 1 / sqrt(2 df), given theta
        ratio = float(np.exp(sign * np.sqrt(k / (2.0 * df))))
        points.append(
            CovariancePoint(_rescaled(effects, ratio), ratio * solution.sigma, np.empty(0))
        )
    return points


def generalized_points(
    problem: GeneralizedMixedProblem, solution: GeneralizedMixedSolution
) -> list[CovariancePoint]:
    """Points of a generalized model: over ``theta`` and the dispersion, fixed effects refitted.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    solution : GeneralizedMixedSolution
        Its optimum.

    Returns
    -------
    list of CovariancePoint
        ``2 k`` of them, for `k` covariance and dispersion parameters.
    """
    system, state = problem.system, solution.state
    d, p = system.structure.d, system.structure.p
    theta = pack(list(state.factorization.factors))
    full = solution.parameter_cov
    if full is None:
        full = parameter_covariance(system, theta, solution.dispersion, state, {"inner": 0})
    if full is None:
        raise np.linalg.LinAlgError("the Hessian over all parameters is not positive definite")
    ours = np.r_[: theta.size, theta.size + p : len(full)]
    covariance = full[np.ix_(ours, ours)]
    centre = np.concatenate([theta, solution.dispersion])
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    points = []
    for x in mirrored_points(centre, np.sqrt(centre.size) * root, d):
        moved_theta, dispersion = x[: theta.size], x[theta.size :]
        moved, _ = solve(system, unpack(moved_theta, d), dispersion, state, tolerance=1e-8)
        there = generalized_solution_at(
            problem, moved_theta, dispersion, moved, {"inner": 0}, hessian=False
        )
        points.append(CovariancePoint(generalized_effects(problem, there), 1.0, dispersion))
    return points


def spread_at(
    gradient: Callable[[Vector], Vector], theta: Vector, d: tuple[int, ...], steps: Vector
) -> Matrix:
    """A square root of the covariance matrix of ``theta``, from differences of the gradient.

    Parameters
    ----------
    gradient : callable
        Of the criterion on the deviance's scale.
    theta : float64, shape (k,)
        Packed covariance factors at the optimum; on a bound the criterion is even.
    d : tuple of int
        Columns of every term.
    steps : float64, shape (k,)

    Returns
    -------
    float64, shape (k, k)
        Parameters without any curvature (an off-diagonal element whose column is 0 may have
        none) are kept where they are.
    """
    k = theta.size
    hessian = np.zeros((k, k))
    for i in range(k):
        sides = []
        for sign in (1.0, -1.0):
            x = theta.copy()
            x[i] += sign * steps[i]
            x, flip = mirrored(x, d)
            sides.append(gradient(x) * flip)
        hessian[i] = (sides[0] - sides[1]) / (2.0 * steps[i])
    hessian = 0.25 * (hessian + hessian.T)  # of minus the log likelihood
    scale = np.sqrt(np.maximum(np.diag(hessian), 0.0))
    free = scale > 1e-6 * max(float(scale.max(initial=0.0)), 1e-300)
    within = hessian[np.ix_(free, free)] / np.outer(scale[free], scale[free])
    values, vectors = np.linalg.eigh(within)
    root = np.zeros((k, k))
    root[np.ix_(free, free)] = (vectors / np.sqrt(np.maximum(values, 1e-3))) / scale[free][:, None]
    return root


def mirrored(x: Vector, d: tuple[int, ...]) -> tuple[Vector, Vector]:
    """The same model with diagonals that are not negative, and the signs that were changed.

    Examples
    --------
    >>> x, flip = mirrored(np.array([-1.0, 2.0, 3.0]), (2,))
    >>> x.tolist(), flip.tolist()
    ([1.0, -2.0, 3.0], [-1.0, -1.0, 1.0])
    """
    flip = np.ones(x.size)
    for i, below in columns_below(d).items():
        if x[i] < 0.0:
            flip[i] = -1.0
            flip[below] = -1.0
    return x * flip, flip


def mirrored_points(centre: Vector, axes: Matrix, d: tuple[int, ...]) -> list[Vector]:
    """``centre + axis`` and ``centre - axis`` of every axis (column), mirrored at the bound."""
    k = int(is_diagonal(d).size)
    points = []
    for axis in axes.T:
        for sign in (1.0, -1.0):
            x = centre + sign * axis
            points.append(np.concatenate([mirrored(x[:k], d)[0], x[k:]]))
    return points


def _rescaled(effects: EffectsPosterior, ratio: float) -> EffectsPosterior:
    gaussian = effects.gaussian
    beta_cov = None if gaussian.beta_cov is None else ratio**2 * gaussian.beta_cov
    return replace(
        effects, gaussian=replace(gaussian, sigma=ratio * gaussian.sigma, beta_cov=beta_cov)
    )
