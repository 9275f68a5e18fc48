"""What can be profiled in a linear mixed model: sds, correlations, sigma, fixed effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.block_factorization import backward, factorize
from glmmvi.inference.covariance_coordinates import (
    CovarianceCoordinates,
    engine_factor_and_rotation,
)
from glmmvi.inference.gaussian_deviance import gaussian_deviance
from glmmvi.inference.linear_mixed import LinearMixedProblem, LinearMixedSolution
from glmmvi.inference.orthogonal_basis import engine_factor
from glmmvi.inference.profile_likelihood import ProfileTarget
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, pack, unpack

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_STEP = 0.01  # of a difference, in units of a rough standard error


@dataclass(frozen=True)
class CovarianceParameter:
    """One covariance parameter, on the scale on which people read it.

    Attributes
    ----------
    term : int or None
        Number of the random-effects term; None is the residual sd.
    columns : tuple of int
        One column: its sd. Two: their correlation, the first being the later column.
    """

    term: int | None
    columns: tuple[int, ...] = ()


def covariance_parameters(d: Sequence[int], *, residual: bool) -> list[CovarianceParameter]:
    """All of them in lme4's order: the lower triangle of each term, columns first.

    Examples
    --------
    >>> [(p.term, p.columns) for p in covariance_parameters([2], residual=True)]
    [(0, (0,)), (0, (1, 0)), (0, (1,)), (None, ())]
    """
    parameters = [
        CovarianceParameter(r, (j,) if i == j else (i, j))
        for r, size in enumerate(d)
        for j in range(size)
        for i in range(j, size)
    ]
    return [*parameters, CovarianceParameter(None)] if residual else parameters


def held_coordinates(
    parameter: CovarianceParameter, d: Sequence[int]
) -> tuple[CovarianceCoordinates, int, tuple[float, float]]:
    """Coordinates among which a parameter is one, its position, and its bounds."""
    plain = CovarianceCoordinates.plain(d)
    if parameter.term is None:
        return plain, plain.size, (0.0, np.inf)
    coordinates = plain.with_first(parameter.term, *parameter.columns)
    start = coordinates.starts[parameter.term]
    if len(parameter.columns) == 2:
        return coordinates, start + 1, (-1.0, 1.0)
    return coordinates, start, (0.0, np.inf)


def vanishing_sds(parameter: CovarianceParameter, held: int, d: Sequence[int]) -> tuple[int, ...]:
    """Positions of a held correlation's two sds; without a correlation none.

    Examples
    --------
    >>> vanishing_sds(CovarianceParameter(0, (1, 0)), 1, [2])
    (0, 2)
    """
    if parameter.term is None or len(parameter.columns) < 2:
        return ()
    return held - 1, held - 1 + d[parameter.term]


def covariance_target(
    problem: LinearMixedProblem, solution: LinearMixedSolution, parameter: CovarianceParameter
) -> ProfileTarget:
    """The deviance with an sd, a correlation or the residual sd among its coordinates.

    Parameters
    ----------
    problem : LinearMixedProblem
    solution : LinearMixedSolution
        Its optimum.
    parameter : CovarianceParameter

    Returns
    -------
    ProfileTarget
        Over the coordinates of ``sigma Lambda`` and the residual sd, in units of the response.
    """
    coordinates, held, bounds = held_coordinates(parameter, problem.structure.d)
    k, basis = coordinates.size, problem.basis

    def objective(x: Vector) -> tuple[float, Vector]:
        sigma = x[k]
        pairs = [
            engine_factor_and_rotation(factor / sigma, Z_factor)
            for factor, Z_factor in zip(coordinates.to_factors(x[:k]), basis.Z_factors, strict=True)
        ]
        at = gaussian_deviance(problem, [L for L, _ in pairs], np.log(sigma / basis.y_scale))
        by_factor, along = [], 0.0
        for G, (L, rotation), Z_factor in zip(at.by_factor, pairs, basis.Z_factors, strict=True):
            by_factor.append(Z_factor.T @ G @ rotation / sigma)
            along += float(np.vdot(G, L))
        by_sigma = (at.by_log_sigma - along) / sigma
        return at.value, np.append(coordinates.gradient(x[:k], by_factor), by_sigma)

    scaled = [solution.sigma * factor for factor in solution.Lambda]
    spread = np.concatenate(
        [
            covariance_spread(factor, Z_factor, solution.sigma, L, problem.products.n)
            for factor, Z_factor, L in zip(
                scaled, basis.Z_factors, problem.structure.n_levels, strict=True
            )
        ]
    )
    if len(parameter.columns) == 2:
        spread[held] = 1.0 / np.sqrt(problem.structure.n_levels[parameter.term or 0])
    return ProfileTarget(
        objective=objective,
        optimum=np.append(coordinates.from_factors(scaled), solution.sigma),
        held=held,
        lower=np.append(coordinates.lower, 0.0),
        bounds=bounds,
        steps=_STEP * np.append(spread, solution.sigma / np.sqrt(2.0 * problem.products.n)),
        mirrors=coordinates.mirrors,
        vanishing=vanishing_sds(parameter, held, coordinates.d),
    )


def covariance_spread(
    factor: Matrix, Z_factor: Matrix, sigma: float, n_levels: int, n: int
) -> Vector:
    """Rough standard errors of a term's coordinates, shape (d (d + 1) / 2,)."""
    size = np.linalg.norm(Z_factor @ factor, axis=1).max() + sigma * np.sqrt(n_levels / n)
    unit = float(np.linalg.norm(Z_factor, axis=0).max())
    d = factor.shape[0]
    return np.full(d * (d + 1) // 2, size / unit / np.sqrt(2.0 * n_levels))


def fixed_effect_target(
    problem: LinearMixedProblem, solution: LinearMixedSolution, contrast: Vector
) -> ProfileTarget:
    """The deviance with a linear combination of the fixed effects among its coordinates.

    Parameters
    ----------
    problem : LinearMixedProblem
        Under maximum likelihood.
    solution : LinearMixedSolution
        Its optimum.
    contrast : float64, shape (p,)
        On the user's scale; a unit vector profiles one fixed effect.

    Returns
    -------
    ProfileTarget
        Over the covariance factors in the engine's basis and the combination's value; the
        residual sd and the other fixed effects are at their best.

    Notes
    -----
    With ``F`` the cross-products of ``(X, y)`` after the random effects are eliminated, holding
    ``c'beta`` adds ``(c'beta - c'beta_hat)^2 / (c'F_XX^-1 c)`` to the penalised sum of squares.
    """
    structure, basis, products = problem.structure, problem.basis, problem.products
    p, n = structure.p, products.n
    within = solve_triangular(basis.X_factor, contrast, trans="T") * basis.y_scale
    at_ols = float(contrast @ basis.ols)
    theta = pack(
        [
            engine_factor(factor, Z_factor)
            for factor, Z_factor in zip(solution.Lambda, basis.Z_factors, strict=True)
        ]
    )

    def objective(x: Vector) -> tuple[float, Vector]:
        f = factorize(products, structure, unpack(x[:-1], structure.d))
        XX, Xy, yy = f.fixed[:p, :p], f.fixed[:p, p], f.fixed[p, p]
        beta, direction = np.linalg.solve(XX, np.column_stack([Xy, within])).T
        stiffness = 1.0 / float(within @ direction)
        distance = (x[-1] - at_ols) - float(within @ beta)
        pwrss = float(yy - Xy @ beta) + stiffness * distance**2
        v = np.append(-(beta + direction * stiffness * distance), 1.0)
        gradient = pack(backward(f, (n / pwrss) * np.outer(v, v)).factors)
        by_held = 2.0 * n / pwrss * stiffness * distance
        value = f.log_det + n * np.log(pwrss) + problem.constant
        return float(value), np.append(gradient, by_held)

    d = structure.d
    spread = np.repeat(
        [1.0 / np.sqrt(2.0 * L) for L in structure.n_levels],
        [size * (size + 1) // 2 for size in d],
    )
    error = float(np.sqrt(contrast @ solution.beta_cov @ contrast))
    return ProfileTarget(
        objective=objective,
        optimum=np.append(theta, float(contrast @ solution.beta)),
        held=theta.size,
        lower=np.append(np.where(is_diagonal(d), 0.0, -np.inf), -np.inf),
        bounds=(-np.inf, np.inf),
        steps=_STEP * np.append(spread, error),
        mirrors=columns_below(d),
    )
