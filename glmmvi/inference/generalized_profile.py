"""What can be profiled in a generalized model: sds, correlations, fixed effects.

The deviance is ``-2`` times the ELBO at its best surrogate, as in the fit itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.covariance_coordinates import engine_factor_and_rotation
from glmmvi.inference.elbo_gradient import factor_gradients, gradient_of
from glmmvi.inference.generalized_mixed import (
    GeneralizedMixedProblem,
    GeneralizedMixedSolution,
    build_problem,
)
from glmmvi.inference.linear_profile import (
    CovarianceParameter,
    covariance_spread,
    held_coordinates,
    vanishing_sds,
)
from glmmvi.inference.profile_likelihood import ProfileTarget
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, unpack
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.surrogate_start import first_state
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, solve

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_INNER = 1e-11  # nats, of the inner problem
_OUTER = 1e-8  # of -2 elbo, of the minimisation over the other parameters
_STEP = 0.05  # of a difference, in units of a rough standard error


@dataclass
class _Warm:
    """The last surrogate, from which the next solve starts."""

    state: SurrogateState

    def solve(
        self, system: PirlsSystem, factors: list[Matrix], dispersion: Vector
    ) -> SurrogateState:
        self.state, _ = solve(system, factors, dispersion, self.state, tolerance=_INNER)
        return self.state


def covariance_target(
    problem: GeneralizedMixedProblem,
    solution: GeneralizedMixedSolution,
    parameter: CovarianceParameter,
) -> ProfileTarget:
    """The deviance with an sd or a correlation of the random effects among its coordinates.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    solution : GeneralizedMixedSolution
        Its optimum.
    parameter : CovarianceParameter
        Of a random-effects term.

    Returns
    -------
    ProfileTarget
        Over the coordinates of the covariance matrices, on the link scale, and the
        unconstrained dispersion parameters; the fixed effects are at their best.
    """
    system, basis = problem.system, problem.basis
    coordinates, held, bounds = held_coordinates(parameter, system.structure.d)
    k = coordinates.size
    warm = _Warm(solution.state)

    def objective(x: Vector) -> tuple[float, Vector]:
        pairs = [
            engine_factor_and_rotation(factor, Z_factor)
            for factor, Z_factor in zip(coordinates.to_factors(x[:k]), basis.Z_factors, strict=True)
        ]
        state = warm.solve(system, [L for L, _ in pairs], x[k:])
        by_factor = [
            Z_factor.T @ G @ rotation
            for Z_factor, G, (_, rotation) in zip(
                basis.Z_factors, factor_gradients(system, state), pairs, strict=True
            )
        ]
        by_coordinate = coordinates.gradient(x[:k], by_factor)
        by_dispersion = state.expectation.dispersion_score
        return -2.0 * state.elbo, -2.0 * np.concatenate([by_coordinate, by_dispersion])

    levels = system.structure.n_levels
    spread = np.concatenate(
        [
            covariance_spread(factor, Z_factor, 1.0, L, system.arrays.n)
            for factor, Z_factor, L in zip(solution.Lambda, basis.Z_factors, levels, strict=True)
        ]
    )
    if len(parameter.columns) == 2:
        spread[held] = 1.0 / np.sqrt(levels[parameter.term or 0])
    m = len(solution.dispersion)
    return ProfileTarget(
        objective=objective,
        optimum=np.concatenate([coordinates.from_factors(solution.Lambda), solution.dispersion]),
        held=held,
        lower=np.concatenate([coordinates.lower, np.full(m, -np.inf)]),
        bounds=bounds,
        steps=_STEP * np.concatenate([spread, np.full(m, 1.0 / np.sqrt(system.arrays.n))]),
        mirrors=coordinates.mirrors,
        tolerance=_OUTER,
        vanishing=vanishing_sds(parameter, held, coordinates.d),
    )


def fixed_effect_target(
    problem: GeneralizedMixedProblem,
    solution: GeneralizedMixedSolution,
    arrays: RegressionArrays,
    column: int,
) -> ProfileTarget:
    """The deviance with one fixed effect among its coordinates.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    solution : GeneralizedMixedSolution
        Its optimum.
    arrays : RegressionArrays
        Of the model, on the user's scale.
    column : int
        Of ``X``: it becomes part of the offset.

    Returns
    -------
    ProfileTarget
        Over the covariance factors in the engine's basis, the unconstrained dispersion
        parameters and the fixed effect; the other fixed effects are at their best.
    """
    x_held = arrays.X[:, column] * np.sign(arrays.weights)
    without = replace(arrays, X=np.delete(arrays.X, column, axis=1))
    reduced = build_problem(without, problem.system.likelihood).system
    structure = problem.system.structure
    factors = solution.state.factorization.factors
    theta = np.concatenate([factor.T[np.triu_indices(len(factor))] for factor in factors])
    k, dispersion = theta.size, solution.dispersion
    estimate = float(solution.beta[column])
    fixed = without.X @ np.delete(solution.beta, column)
    beta = reduced.arrays.X.T @ fixed

    def system_at(value: float) -> PirlsSystem:
        return replace(reduced, offset=arrays.offset + value * x_held)

    first = first_state(system_at(estimate), dispersion)
    warm = _Warm(
        replace(
            first,
            u_mean=solution.state.u_mean,
            beta=beta,
            curvature=solution.state.curvature,
        )
    )

    def objective(x: Vector) -> tuple[float, Vector]:
        system = system_at(x[-1])
        state = warm.solve(system, unpack(x[:k], structure.d), x[k:-1])
        by_theta, _, by_dispersion = gradient_of(system, state)
        by_held = float(x_held @ state.expectation.score)
        return -2.0 * state.elbo, -2.0 * np.concatenate([by_theta, by_dispersion, [by_held]])

    d, m = structure.d, len(dispersion)
    spread = np.repeat(
        [1.0 / np.sqrt(2.0 * L) for L in structure.n_levels],
        [size * (size + 1) // 2 for size in d],
    )
    error = float(np.sqrt(solution.beta_cov[column, column]))
    unbounded = np.full(m + 1, -np.inf)
    all_spread = np.concatenate([spread, np.full(m, 1.0 / np.sqrt(reduced.arrays.n)), [error]])
    return ProfileTarget(
        objective=objective,
        optimum=np.concatenate([theta, dispersion, [estimate]]),
        held=k + m,
        lower=np.concatenate([np.where(is_diagonal(d), 0.0, -np.inf), unbounded]),
        bounds=(-np.inf, np.inf),
        steps=_STEP * all_spread,
        mirrors=columns_below(d),
        tolerance=_OUTER,
    )
