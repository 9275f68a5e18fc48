"""The criterion of a fit as a function of its parameters: lme4's ``devfun``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.adaptive_quadrature import marginal
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem, GeneralizedMixedSolution
from glmmvi.inference.joint_modes import solve_modes
from glmmvi.inference.level_grid import level_grid, one_factor
from glmmvi.inference.orthogonal_basis import engine_factor
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.inference.variational_pirls import SurrogateState, solve

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_INNER = 1e-10  # nats


def _engine_factors(problem: GeneralizedMixedProblem, theta: Vector) -> list[Matrix]:
    factors: Sequence[Matrix] = unpack(theta, problem.system.structure.d)
    pairs = zip(factors, problem.basis.Z_factors, strict=True)
    return [engine_factor(factor, Z_factor) for factor, Z_factor in pairs]


def joint_modes_deviance(
    problem: GeneralizedMixedProblem, solution: GeneralizedMixedSolution
) -> Callable[[Vector], float]:
    """-2 times Laplace's approximation at the joint modes, by lme4's ``theta`` (``nAGQ = 0``)."""
    state = solution.state

    def deviance(theta: Vector) -> float:
        factors = _engine_factors(problem, theta)
        modes, _ = solve_modes(
            problem.system, factors, solution.dispersion, state.u_mean, state.beta
        )
        return -2.0 * modes.laplace

    return deviance


def marginal_deviance(
    problem: GeneralizedMixedProblem, solution: GeneralizedMixedSolution, count: int
) -> Callable[[Vector], float]:
    """-2 times the ELBO, or the log likelihood by quadrature, by ``theta`` and fixed effects.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    solution : GeneralizedMixedSolution
        Its optimum, whose dispersion is kept.
    count : int
        1 for the ELBO at its best surrogate, more for quadrature with so many nodes.

    Returns
    -------
    callable
        Of one vector, ``theta`` then ``beta``, both on the user's scale.

    Raises
    ------
    ValueError
        For quadrature over more than one grouping factor.
    """
    system = problem.system
    columns = one_factor(system.arrays) if count > 1 else None
    if count > 1 and columns is None:
        raise ValueError("quadrature needs one grouping factor")
    k = sum(d * (d + 1) // 2 for d in system.structure.d)

    def surrogate(factors: list[Matrix], beta: Vector) -> SurrogateState:
        state, _ = solve(
            system,
            factors,
            solution.dispersion,
            solution.state,
            fixed_beta=beta,
            tolerance=_INNER,
        )
        return state

    def deviance(parameters: Vector) -> float:
        factors = _engine_factors(problem, parameters[:k])
        beta = problem.basis.X_factor @ parameters[k:]
        state = surrogate(factors, beta)
        if columns is None:
            return -2.0 * state.elbo
        grid = level_grid(columns, state, count)
        at = marginal(system, columns, grid, factors, beta, solution.dispersion)
        return -2.0 * float(at.value.sum())

    return deviance
