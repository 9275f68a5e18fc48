"""Covariance parameters on an unconstrained scale: log sds and Fisher z of correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.linear_mixed import LinearMixedProblem
from glmmvi.inference.profiled_deviance import is_diagonal, profiled_deviance, unpack

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_STEP = 1e-3  # of a difference of the gradient, for a covariance factor of size 1
_EDGE = 1e-7  # a correlation so near to 1 or -1 has no Fisher z


@dataclass(frozen=True)
class UnconstrainedTerm:
    """The covariance matrix of one term, with derivatives by the engine's packed factor.

    Attributes
    ----------
    pairs : tuple of pair of int, length m
        ``(i, i)`` for the sd of column `i`, ``(i, j)`` with ``i > j`` for a correlation: all
        sds, then the correlations, columns first.
    natural : float64, shape (m,)
        Sds and correlations; nan for the correlation of a column whose sd is 0.
    values : float64, shape (m,)
        Log sds and Fisher z; not finite for an sd of 0 and a correlation of 1 or -1.
    jacobian : float64, shape (m, k)
        Derivatives of `values`; nan where these are not finite.
    """

    pairs: tuple[tuple[int, int], ...]
    natural: Vector
    values: Vector
    jacobian: Matrix


def unconstrained_term(factor: Matrix, Z_factor: Matrix) -> UnconstrainedTerm:
    """Log sds and Fisher z of a covariance matrix ``R^-1 F F' R'^-1``.

    Parameters
    ----------
    factor : float64, shape (d, d)
        The engine's lower triangle `F`.
    Z_factor : float64, shape (d, d)
        The upper triangle `R` of the engine's basis.

    Returns
    -------
    UnconstrainedTerm

    Examples
    --------
    >>> import numpy as np
    >>> term = unconstrained_term(np.array([[2.0, 0.0], [0.0, 3.0]]), np.eye(2))
    >>> term.natural.tolist()
    [2.0, 3.0, 0.0]
    >>> term.jacobian.round(3).tolist()
    [[0.5, 0.0, 0.0], [0.0, 0.0, 0.333], [0.0, 0.333, 0.0]]
    """
    d = len(factor)
    root = solve_triangular(Z_factor, factor)
    covariance = root @ root.T
    sd = np.sqrt(np.diag(covariance))
    pairs = [(i, i) for i in range(d)] + [(i, j) for j in range(d) for i in range(j + 1, d)]
    rows, columns = np.array(pairs).T
    inverse = solve_triangular(Z_factor, np.eye(d))
    by_factor = []
    for element in np.eye(d * (d + 1) // 2):
        half = inverse @ unpack(element, (d,))[0] @ root.T
        by_factor.append(half + half.T)
    slopes = np.array(by_factor).transpose(1, 2, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = 0.5 * slopes[np.arange(d), np.arange(d)] / sd[:, None] ** 2
        relative[~np.isfinite(relative)] = np.nan
        correlation = covariance / np.outer(sd, sd)
        i, j = rows[d:], columns[d:]
        rho = correlation[i, j]
        rho = np.where(np.abs(rho) > 1.0 - _EDGE, np.sign(rho), rho)
        by_rho = slopes[i, j] / (sd[i] * sd[j])[:, None]
        by_rho = by_rho - rho[:, None] * (relative[i] + relative[j])
        by_z = np.where(np.abs(rho) < 1.0, 1.0 / (1.0 - rho**2), np.nan)[:, None] * by_rho
        values = np.concatenate([np.log(sd), np.arctanh(rho)])
    return UnconstrainedTerm(
        tuple(pairs), np.concatenate([sd, rho]), values, np.concatenate([relative, by_z])
    )


def linear_parameter_covariance(problem: LinearMixedProblem, theta: Vector) -> Matrix:
    """Covariance matrix of (theta, log sigma) of a linear mixed model, shape (k + 1, k + 1).

    Twice the inverse Hessian of lme4's criterion with sigma as a parameter of its own. By
    `theta` it is found by central differences of the exact gradient of the profiled criterion;
    as the criterion at a given `theta` is ``df (exp(2 (s - l)) + 2 l)`` in ``l = log sigma``,
    with ``s`` where it is least, the rest follows from the derivatives of ``s``.

    Parameters
    ----------
    problem : LinearMixedProblem
    theta : float64, shape (k,)
        The optimum: packed relative covariance factors in the engine's basis. Diagonal elements
        that are 0 are held there: their rows and columns are 0.

    Returns
    -------
    float64, shape (k + 1, k + 1)
    """
    k, structure = theta.size, problem.structure
    df = problem.products.n - (structure.p if problem.reml else 0)
    diagonal = is_diagonal(structure.d)
    free = np.flatnonzero(~(diagonal & (theta <= 0.0)))
    steps = _STEP * (1.0 + np.abs(theta))
    steps = np.where(diagonal, np.minimum(steps, 0.5 * theta), steps)
    hessian, by_log_sigma = np.zeros((k, k)), np.zeros(k)
    for i in free:
        move = np.where(np.arange(k) == i, steps, 0.0)
        up, down = (
            profiled_deviance(problem.products, structure, at, reml=problem.reml)
            for at in (theta + move, theta - move)
        )
        hessian[i] = (up.gradient - down.gradient) / (2.0 * steps[i])
        by_log_sigma[i] = 0.5 * np.log(up.pwrss / down.pwrss) / (2.0 * steps[i])
    block = np.ix_(free, free)
    covariance = np.zeros((k + 1, k + 1))
    covariance[block] = 2.0 * np.linalg.inv(0.5 * (hessian + hessian.T)[block])
    covariance[:k, k] = covariance[k, :k] = covariance[:k, :k] @ by_log_sigma
    covariance[k, k] = by_log_sigma @ covariance[:k, k] + 0.5 / df
    return covariance
