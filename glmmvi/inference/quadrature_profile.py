"""What can be profiled in a fit by adaptive Gauss-Hermite quadrature.

The deviance is ``-2`` times the log likelihood by quadrature, the grid centred and scaled anew
at every value of the parameters by the Gaussian surrogate there. The gradient is exact for a
grid that stays; with the few nodes that quadrature needs, the two agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.adaptive_quadrature import marginal
from glmmvi.inference.covariance_coordinates import (
    CovarianceCoordinates,
    engine_factor_and_rotation,
)
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem, GeneralizedMixedSolution
from glmmvi.inference.level_grid import level_grid, one_factor
from glmmvi.inference.linear_profile import (
    CovarianceParameter,
    covariance_spread,
    held_coordinates,
    vanishing_sds,
)
from glmmvi.inference.profile_likelihood import ProfileTarget
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.variational_pirls import solve

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_INNER = 1e-10  # nats, of the surrogate that the grid is centred on
_OUTER = 1e-7  # of -2 logL, of the minimisation over the other parameters
_STEP = 0.05  # of a difference, in units of a rough standard error


def quadrature_target(
    problem: GeneralizedMixedProblem,
    solution: GeneralizedMixedSolution,
    count: int,
    parameter: CovarianceParameter | int,
) -> ProfileTarget:
    """The deviance with a covariance parameter or a fixed effect among its coordinates.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
        With one grouping factor.
    solution : GeneralizedMixedSolution
        Its optimum.
    count : int
        Nodes a dimension.
    parameter : CovarianceParameter or int
        Of a random-effects term; or the number of a column of ``X``.

    Returns
    -------
    ProfileTarget
        Over the coordinates of the covariance matrices, the fixed effects (both on the user's
        scale) and the unconstrained dispersion parameters.

    Raises
    ------
    ValueError
        If there is more than one grouping factor.
    """
    system, basis = problem.system, problem.basis
    columns = one_factor(system.arrays)
    if columns is None:
        raise ValueError("quadrature needs one grouping factor")
    d, p = system.structure.d, system.structure.p
    if isinstance(parameter, CovarianceParameter):
        coordinates, held, bounds = held_coordinates(parameter, d)
        vanishing = vanishing_sds(parameter, held, d)
    else:
        coordinates, bounds = CovarianceCoordinates.plain(d), (-np.inf, np.inf)
        held, vanishing = coordinates.size + parameter, ()
    k, m = coordinates.size, len(solution.dispersion)
    last = {"state": solution.state}

    def objective(x: Vector) -> tuple[float, Vector]:
        pairs = [
            engine_factor_and_rotation(factor, Z_factor)
            for factor, Z_factor in zip(coordinates.to_factors(x[:k]), basis.Z_factors, strict=True)
        ]
        factors, beta = [L for L, _ in pairs], basis.X_factor @ x[k : k + p]
        state, _ = solve(
            system, factors, x[k + p :], last["state"], fixed_beta=beta, tolerance=_INNER
        )
        last["state"] = state
        grid = level_grid(columns, state, count)
        at = marginal(system, columns, grid, factors, beta, x[k + p :])
        by_factor = [
            Z_factor.T @ whole_gradient(by_lower, L) @ rotation
            for Z_factor, by_lower, (L, rotation) in zip(
                basis.Z_factors, unpack(at.by_theta, d), pairs, strict=True
            )
        ]
        gradient = [
            coordinates.gradient(x[:k], by_factor),
            basis.X_factor.T @ at.by_beta,
            at.by_dispersion,
        ]
        return -2.0 * float(at.value.sum()), -2.0 * np.concatenate(gradient)

    spread = [
        covariance_spread(factor, Z_factor, 1.0, columns.n_levels, system.arrays.n)
        for factor, Z_factor in zip(solution.Lambda, basis.Z_factors, strict=True)
    ]
    spread += [np.sqrt(np.diag(solution.beta_cov)), np.full(m, 1.0 / np.sqrt(system.arrays.n))]
    steps = np.concatenate(spread)
    if isinstance(parameter, CovarianceParameter) and len(parameter.columns) == 2:
        steps[held] = 1.0 / np.sqrt(columns.n_levels)
    return ProfileTarget(
        objective=objective,
        optimum=np.concatenate(
            [coordinates.from_factors(solution.Lambda), solution.beta, solution.dispersion]
        ),
        held=held,
        lower=np.concatenate([coordinates.lower, np.full(p + m, -np.inf)]),
        bounds=bounds,
        steps=_STEP * steps,
        mirrors=coordinates.mirrors,
        tolerance=_OUTER,
        vanishing=vanishing,
    )


def whole_gradient(by_lower: Matrix, L: Matrix) -> Matrix:
    """Derivatives by all elements of a covariance factor from those by its lower triangle.

    Parameters
    ----------
    by_lower : float64, shape (d, d)
        Of a function of ``L L'``; what stands above the diagonal is not used.
    L : float64, shape (d, d)
        Lower triangle.

    Returns
    -------
    float64, shape (d, d)
        ``2 S L`` with the symmetric `S` whose lower triangle is `by_lower`.

    Examples
    --------
    >>> import numpy as np
    >>> S, L = np.array([[1.0, 2.0], [2.0, 5.0]]), np.array([[3.0, 0.0], [1.0, 2.0]])
    >>> np.allclose(whole_gradient(np.tril(2 * S @ L), L), 2 * S @ L)
    True
    """
    d = len(L)
    if d == 1:
        return by_lower
    symmetric = []
    for j in range(d):
        for i in range(j, d):
            unit = np.zeros((d, d))
            unit[i, j] = unit[j, i] = 1.0
            symmetric.append(unit)
    system = np.column_stack([pack([2.0 * unit @ L]) for unit in symmetric])
    weights = np.linalg.lstsq(system, pack([by_lower]), rcond=None)[0]
    S = np.einsum("k,kij->ij", weights, np.array(symmetric))
    return np.asarray(2.0 * S @ L)
