"""Where a stochastic optimisation of a generalized model starts."""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular

from glmmvi.inference.covariance_start import em_step
from glmmvi.inference.elbo_gradient import second_moments
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem, solution_at
from glmmvi.inference.profiled_deviance import pack
from glmmvi.inference.surrogate_start import dispersion_start, first_state
from glmmvi.inference.variational_pirls import solve
from glmmvi.model.starting_values import StartingValues


def variational_start(problem: GeneralizedMixedProblem) -> StartingValues:
    """Start from variational PIRLS at unit covariance, and one EM step for the sds.

    Parameters
    ----------
    problem : GeneralizedMixedProblem

    Returns
    -------
    StartingValues
    """
    system = problem.system
    dispersion = dispersion_start(system)
    unit = [np.eye(size) for size in system.structure.d]
    state, _ = solve(system, unit, dispersion, first_state(system, dispersion), tolerance=1e-2)
    at_unit = solution_at(problem, pack(unit), dispersion, state, {"inner": 0}, hessian=False)
    sds = []
    for factor, Z_factor in zip(
        em_step(second_moments(state)), problem.basis.Z_factors, strict=True
    ):
        moved = solve_triangular(Z_factor, factor)
        unit_sd = 1.0 / np.linalg.norm(Z_factor, axis=0)
        sds.append(np.maximum(np.linalg.norm(moved, axis=1), 0.05 * unit_sd))
    n = float(np.count_nonzero(system.arrays.weights))
    return StartingValues(
        beta=at_unit.beta,
        beta_sd=np.sqrt(np.diag(at_unit.beta_cov)),
        sds=tuple(sds),
        sigma=1.0,
        b=at_unit.b_mean,
        b_sd=tuple(np.sqrt(np.einsum("ldd->ld", cov)) for cov in at_unit.b_cov),
        dispersion=dispersion,
        dispersion_sd=np.full(len(dispersion), 1.0 / np.sqrt(n)),
    )
