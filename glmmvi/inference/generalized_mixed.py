"""The structured Gaussian engine for generalized linear mixed models.

The outer problem, over the covariance factors and the dispersion, takes the exact gradient of
the ELBO at the best surrogate (the envelope theorem); the inner problem is variational PIRLS,
warm-started. The fixed effects are a point and are optimised over with the surrogate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.blas_threads import with_blas_threads, with_one_blas_thread
from glmmvi.inference.block_matrices import congruence
from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.covariance_start import expected_curvature
from glmmvi.inference.cross_products import block_structure
from glmmvi.inference.elbo_gradient import level_information, schur_complement
from glmmvi.inference.expectations import Likelihood
from glmmvi.inference.gaussian_posterior import GaussianPosterior
from glmmvi.inference.optimization_record import OptimizationRecord, with_first_steps
from glmmvi.inference.orthogonal_basis import (
    OrthogonalBasis,
    covariance_factor,
    engine_factor,
    in_basis,
    orthogonal_basis,
)
from glmmvi.inference.outer_objective import OuterObjective
from glmmvi.inference.parameter_hessian import OuterLogPrior, inverse_or_nan, parameter_covariance
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, pack, unpack
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.row_index import row_index
from glmmvi.inference.surrogate_start import (
    LONGEST,
    dispersion_start,
    first_surrogate,
    predictor_unit,
)
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, rounding_error

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_SHARP = 100.0  # information a level, over the effects' precision, from which on it is much


@dataclass(frozen=True)
class GeneralizedMixedProblem:
    """A generalized linear mixed model, ready to be evaluated.

    Attributes
    ----------
    basis : OrthogonalBasis
    system : PirlsSystem
    """

    basis: OrthogonalBasis
    system: PirlsSystem

    @property
    def dense_rows(self) -> int:
        """Random effects in the dense block."""
        return self.system.structure.U


@dataclass(frozen=True)
class GeneralizedMixedSolution:
    """The optimum of the ELBO, on the user's scale.

    Attributes
    ----------
    Lambda : tuple of float64, shape (d, d)
        Covariance factors of the random effects, lower triangles.
    dispersion : float64, shape (k,)
        Unconstrained dispersion parameters.
    beta : float64, shape (p,)
    beta_cov : float64, shape (p, p)
        Inverse Hessian of the ELBO over all parameters, or, without the Hessian, the
        inverse Schur complement at fixed covariance parameters.
    parameter_cov : float64, shape (k, k), or None
        Of all parameters: packed `Lambda`, `beta`, `dispersion`.
    u_mean : tuple of float64, shape (L, d)
        Means of the spherical random effects, ``b = Lambda u``.
    b_mean : tuple of float64, shape (L, d)
    b_cov : tuple of float64, shape (L, d, d)
        The surrogate's covariance matrices of each level's effects.
    elbo : float
        Lower bound of the log likelihood, nats.
    state : SurrogateState
        In the engine's basis.
    rotations : tuple of float64, shape (d, d)
        From the engine's spherical effects to the user's.
    inner_evaluations : int
        Factorisations in all.
    """

    Lambda: tuple[Matrix, ...]
    dispersion: Vector
    beta: Vector
    beta_cov: Matrix
    parameter_cov: Matrix | None
    u_mean: tuple[Matrix, ...]
    b_mean: tuple[Matrix, ...]
    b_cov: tuple[Matrix, ...]
    elbo: float
    state: SurrogateState
    rotations: tuple[Matrix, ...]
    inner_evaluations: int


def posterior_of(solution: GeneralizedMixedSolution) -> GaussianPosterior:
    """The surrogate of the random effects; the fixed effects are a point."""
    return GaussianPosterior(solution.state.factorization, solution.rotations, 1.0)


@with_one_blas_thread
def build_problem(arrays: RegressionArrays, likelihood: Likelihood) -> GeneralizedMixedProblem:
    """Bring a model into the engine's basis.

    Parameters
    ----------
    arrays : RegressionArrays
        Its response is not used; its weights only tell which rows count, as the likelihood
        has the weights in it.
    likelihood : Likelihood
        Bound to the response.

    Returns
    -------
    GeneralizedMixedProblem
    """
    plain = RegressionArrays(
        np.zeros(arrays.n), arrays.X, arrays.terms, np.sign(arrays.weights), np.zeros(arrays.n)
    )
    basis = orthogonal_basis(plain)
    unit = predictor_unit(likelihood)
    basis = replace(basis, Z_factors=tuple(factor / unit for factor in basis.Z_factors))
    within = in_basis(plain, basis)
    structure = block_structure(within.terms, within.p)
    index = row_index(within, structure)
    system = PirlsSystem(within, arrays.offset, likelihood, structure, index)
    return GeneralizedMixedProblem(basis, system)


@with_blas_threads
def optimize(
    problem: GeneralizedMixedProblem,
    *,
    start: Sequence[Matrix] | None = None,
    hessian: bool = True,
    tolerance: float = 1e-9,
    inner_tolerance: float = 1e-10,
    max_evaluations: int = 500,
    penalty: OuterLogPrior | None = None,
) -> tuple[GeneralizedMixedSolution, OptimizationRecord]:
    """Maximise the ELBO over covariance factors, fixed effects and dispersion.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    start : sequence of float64, shape (d, d), optional
        Covariance factors to start from, on the user's scale.
    hessian : bool
        Whether standard errors come from the Hessian over all parameters.
    tolerance, inner_tolerance : float
        See :func:`glmmvi.inference.bounded_bfgs.minimize` (in units of ``-2 elbo``) and
        :func:`glmmvi.inference.variational_pirls.solve`.
    max_evaluations : int
        Limit on evaluations of the outer objective.
    penalty : callable, optional
        ``(theta, dispersion) -> (log prior, by theta, by dispersion)``, added to the ELBO. The
        prior of the fixed effects is the system's own.

    Returns
    -------
    GeneralizedMixedSolution
    OptimizationRecord
    """
    system = problem.system
    d = system.structure.d
    n_theta = sum(size * (size + 1) // 2 for size in d)
    dispersion = dispersion_start(system)
    tolerance = max(tolerance, rounding_error(system, dispersion))
    initial = dispersion
    found = first_surrogate(system, dispersion)
    first, dispersion = found.state, found.dispersion
    if start is None:
        factors = list(first.factorization.factors)
    else:
        pairs = zip(start, problem.basis.Z_factors, strict=True)
        factors = [engine_factor(factor, Z_factor) for factor, Z_factor in pairs]
    per_level = level_information(system, first.curvature)
    # information on a level's effects in units of their variance: where there is much of it a
    # small inexactness of the means is a large one of the gradient
    sharpness = max(
        information * float(np.vdot(factor, factor))
        for information, factor in zip(per_level, factors, strict=True)
    )
    objective = OuterObjective(
        system,
        penalty,
        sharpness=max(1.0, sharpness / _SHARP),
        tolerance=inner_tolerance,
        enough=tolerance if hessian else 0.0,
        start=first,
        start_x=np.concatenate([pack(first.factorization.factors), dispersion]),
        inner_evaluations=found.evaluations,
    )
    x = np.concatenate([pack(factors), dispersion])
    diagonal = np.concatenate([is_diagonal(d), np.zeros(len(dispersion), dtype=bool)])
    levels = system.structure.n_levels
    curvature = pack(expected_curvature(factors, levels, per_level))
    probe = [
        np.full(size * (size + 1) // 2, 0.1 / np.sqrt(h))
        for size, h in zip(d, per_level, strict=True)
    ]
    n = np.full(len(dispersion), float(system.arrays.n))
    final, record = minimize(
        objective,
        x,
        np.where(diagonal, 0.0, -np.inf),
        np.diag(np.concatenate([curvature, n])),
        probe=np.concatenate([*probe, np.ones(len(dispersion))]),
        longest=LONGEST,
        columns=columns_below(d),
        newton=objective.model,
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    if start is None and penalty is None:
        unit = pack([found.size * np.eye(size) for size in d])
        record = with_first_steps(record, np.concatenate([unit, initial]), found.trace)
    state = objective.solve(final.x, max(inner_tolerance, 10.0 * tolerance))
    count = {"inner": objective.inner_evaluations}
    theta, dispersion = final.x[:n_theta], final.x[n_theta:]
    solution = solution_at(
        problem,
        theta,
        dispersion,
        state,
        count,
        hessian=hessian,
        penalty=penalty,
        known=objective.known_hessian(final.x),
    )
    return solution, record


def solution_at(
    problem: GeneralizedMixedProblem,
    theta: Vector,
    dispersion: Vector,
    state: SurrogateState,
    count: dict[str, int],
    *,
    hessian: bool,
    penalty: OuterLogPrior | None = None,
    known: Matrix | None = None,
) -> GeneralizedMixedSolution:
    """Bring a state of the engine back to the user's scale, with its standard errors.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    theta : float64, shape (t,)
        Packed covariance factors in the engine's basis.
    dispersion : float64, shape (k,)
    state : SurrogateState
        At `theta` and `dispersion`.
    count : dict
        ``inner``: factorisations so far.
    hessian : bool
    penalty : callable, optional
        As in `optimize`.
    known : float64, shape (t + p + k, t + p + k), optional
        Second derivatives of the ELBO by all parameters, where they are known.

    Returns
    -------
    GeneralizedMixedSolution
    """
    system, basis, prior = problem.system, problem.basis, problem.system.beta_prior
    d, p = system.structure.d, system.structure.p
    X_inv = solve_triangular(basis.X_factor, np.eye(p)) if p else np.zeros((0, 0))
    factors = unpack(theta, d)
    moved = [
        covariance_factor(factor, Z_factor)
        for factor, Z_factor in zip(factors, basis.Z_factors, strict=True)
    ]
    full = None
    if hessian:
        full = parameter_covariance(system, theta, dispersion, state, count, penalty, known)
    if full is not None:
        within = full[theta.size : theta.size + p, theta.size : theta.size + p]
    else:
        within = inverse_or_nan(schur_complement(system, state))
    b_cov = []
    for block, Z_factor in zip(state.selected.blocks, basis.Z_factors, strict=True):
        inverse = solve_triangular(Z_factor, np.eye(len(Z_factor)))
        b_cov.append(congruence(inverse, block).transpose(2, 0, 1))
    u_mean = tuple(u @ rotation.T for u, (_, rotation) in zip(state.u_mean, moved, strict=True))
    return GeneralizedMixedSolution(
        Lambda=tuple(Lambda for Lambda, _ in moved),
        dispersion=dispersion,
        beta=X_inv @ state.beta,
        beta_cov=X_inv @ within @ X_inv.T,
        parameter_cov=full,
        u_mean=u_mean,
        b_mean=tuple(u @ Lambda.T for u, (Lambda, _) in zip(u_mean, moved, strict=True)),
        b_cov=tuple(b_cov),
        elbo=state.elbo if prior is None else state.elbo - prior.log_density(state.beta),
        state=state,
        rotations=tuple(rotation for _, rotation in moved),
        inner_evaluations=count["inner"],
    )
