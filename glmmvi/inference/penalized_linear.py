"""The penalised criterion of a linear mixed model, over covariance factors and residual sd.

With priors the residual sd no longer profiles out. What is maximised is

    log p(y | theta, sigma) + log p(sds, correlations) + log p(sigma)          (REML)
    max over beta of log p(y | beta, theta, sigma) + log p(beta) + ...         (ML)

where under REML ``beta`` is integrated out under its own prior: exactly for flat and normal
priors; for Student t through the best normal that touches its log density from below, a lower
bound (`CoefficientPrior.tangent`). Densities are those of the sds, of the correlation matrix
and of `sigma` themselves, so that nothing is maximised over a transformed scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.blas_threads import with_blas_threads
from glmmvi.inference.block_factorization import BlockFactorization, backward, factorize
from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.covariance_start import expected_curvature
from glmmvi.inference.linear_mixed import (
    LinearMixedProblem,
    LinearMixedSolution,
    solution_with,
)
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.orthogonal_basis import OrthogonalBasis, engine_factor
from glmmvi.inference.penalty import CoefficientPrior, Penalty
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, pack, unpack

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_LONGEST = 1.5  # most that a covariance factor or log sigma moves in one step


@dataclass(frozen=True)
class PenalizedCriterion:
    """-2 times the penalised log likelihood at one point, in the engine's basis.

    Attributes
    ----------
    value : float
        Constants included.
    gradient : float64, shape (k + 1,)
        By the packed relative covariance factors and by ``log sigma``.
    beta : float64, shape (p,)
        Engine's basis.
    precision : float64, shape (p, p)
        Of `beta`, engine's basis (units of its ``y``).
    factorization : BlockFactorization
    """

    value: float
    gradient: Vector
    beta: Vector
    precision: Matrix
    factorization: BlockFactorization


def penalized_criterion(
    problem: LinearMixedProblem, penalty: Penalty, x: Vector
) -> PenalizedCriterion:
    """Evaluate the criterion with its gradient.

    Parameters
    ----------
    problem : LinearMixedProblem
    penalty : Penalty
    x : float64, shape (k + 1,)
        Packed relative covariance factors in the engine's basis, then ``log sigma``.

    Returns
    -------
    PenalizedCriterion
    """
    basis, structure, n = problem.basis, problem.structure, problem.products.n
    p, reml = structure.p, problem.reml
    sigma = float(np.exp(x[-1]))
    scaled = sigma / basis.y_scale
    factors = unpack(x[:-1], structure.d)
    f = factorize(problem.products, structure, factors)
    prior = engine_prior(penalty.beta, basis)
    beta, at = _coefficients(f, prior, scaled, reml=reml)
    v = np.append(-beta, 1.0)
    pwrss = float(v @ f.fixed @ v)
    value = f.log_det + n * np.log(2.0 * np.pi * sigma**2) + pwrss / scaled**2 - 2.0 * at.log_prior
    adjoint = np.outer(v, v) / scaled**2
    by_log_sigma = 2.0 * n - 2.0 * pwrss / scaled**2
    if reml and p:
        inverse = np.linalg.inv(at.precision)
        value += float(np.linalg.slogdet(at.precision)[1]) - p * np.log(2.0 * np.pi)
        value += 2.0 * float(np.log(np.diag(basis.X_factor)).sum()) - 2.0 * p * np.log(
            basis.y_scale
        )
        adjoint[:p, :p] += inverse / scaled**2
        by_log_sigma -= 2.0 * float(np.vdot(inverse, f.fixed[:p, :p])) / scaled**2
    by_factor = list(backward(f, adjoint).factors)

    moved = [sigma * solve_triangular(R, L) for R, L in zip(basis.Z_factors, factors, strict=True)]
    log_prior, by_moved = penalty.of_covariance(moved)
    value -= 2.0 * log_prior
    for r, (R, slope) in enumerate(zip(basis.Z_factors, by_moved, strict=True)):
        by_factor[r] = by_factor[r] - 2.0 * sigma * solve_triangular(R, slope, trans="T")
        by_log_sigma -= 2.0 * float(np.vdot(slope, moved[r]))
    if penalty.sigma is not None:
        log_density, slope_sigma = penalty.sigma(sigma)
        value -= 2.0 * log_density
        by_log_sigma -= 2.0 * sigma * slope_sigma
    value += weights_constant(problem)
    gradient = np.append(pack(by_factor), by_log_sigma)
    return PenalizedCriterion(float(value), gradient, beta, at.precision, f)


def weights_constant(problem: LinearMixedProblem) -> float:
    """``-sum log weights``, from the constant of the unpenalised criterion."""
    n, p, basis = problem.products.n, problem.structure.p, problem.basis
    df = n - p if problem.reml else n
    known = df * (1.0 + np.log(2.0 * np.pi / df)) + 2.0 * df * np.log(basis.y_scale)
    if problem.reml:
        known += 2.0 * float(np.log(np.diag(basis.X_factor)).sum())
    return float(problem.constant - known)


def engine_prior(prior: CoefficientPrior, basis: OrthogonalBasis) -> CoefficientPrior:
    """The prior of the fixed effects over the engine's coefficients of ``y``."""
    to_user = basis.y_scale * solve_triangular(basis.X_factor, np.eye(len(basis.ols)))
    return prior.moved(to_user, basis.ols)


@dataclass(frozen=True)
class _Normalised:
    precision: Matrix
    log_prior: float


def _coefficients(
    f: BlockFactorization, prior: CoefficientPrior, scaled: float, *, reml: bool
) -> tuple[Vector, _Normalised]:
    """Best coefficients, and what the prior says of them, at given covariance parameters."""
    p = len(prior.loc)
    if p == 0:
        return np.zeros(0), _Normalised(np.zeros((0, 0)), 0.0)
    information, score = f.fixed[:p, :p] / scaled**2, f.fixed[:p, p] / scaled**2
    square = np.where(np.isfinite(prior.scale), prior.scale, 1.0) ** 2
    at_zero = prior.distance(np.zeros(p))
    beta = np.zeros(p)
    for _ in range(200):
        touching, weights = prior.tangent(square)
        precision = information + prior.precision_at(weights)
        beta = np.linalg.solve(precision, score - prior.to_user.T @ (weights * at_zero))
        distance2 = prior.distance(beta) ** 2
        log_prior = float((touching - 0.5 * weights * (distance2 - square)).sum())
        if not np.isfinite(prior.df).any():
            break
        wanted = distance2
        if reml:
            wanted = wanted + np.diag(prior.to_user @ np.linalg.solve(precision, prior.to_user.T))
        settled = np.allclose(wanted, square, rtol=1e-13, atol=1e-300)
        square = wanted
        if settled:
            break
    return beta, _Normalised(precision, log_prior)


@with_blas_threads
def optimize_penalized(
    problem: LinearMixedProblem,
    penalty: Penalty,
    first: LinearMixedSolution,
    *,
    start: Sequence[Matrix] | None = None,
    tolerance: float = 1e-12,
    max_evaluations: int = 500,
) -> tuple[LinearMixedSolution, OptimizationRecord]:
    """Maximise the penalised criterion of this module.

    Parameters
    ----------
    problem : LinearMixedProblem
    penalty : Penalty
    first : LinearMixedSolution
        The fit without priors, from which the iteration starts.
    start : sequence of float64, shape (d, d), optional
        Relative covariance factors to start from instead, user's scale.
    tolerance, max_evaluations
        See :func:`glmmvi.inference.linear_mixed.optimize`.

    Returns
    -------
    solution : LinearMixedSolution
        Its ``criterion`` is that of the model without priors, at these estimates; `beta_cov` is
        the posterior's given the covariance parameters.
    record : OptimizationRecord
        Its objective is the penalised criterion.
    """
    basis, d = problem.basis, problem.structure.d
    levels, n = problem.structure.n_levels, problem.products.n
    per_level = [max(n / L, 1.0) for L in levels]
    given = first.Lambda if start is None else start
    pairs = list(zip(given, basis.Z_factors, strict=True))
    # off the boundary: there a concentrated LKJ prior has no density
    factors = []
    for (L, R), h in zip(pairs, per_level, strict=True):
        factor = engine_factor(L, R)
        small = np.diag(factor) < 1e-3
        factors.append(factor + np.diag(np.where(small, 0.1 / np.sqrt(h), 0.0)))
    diagonal = np.append(is_diagonal(d), False)
    sizes = [size * (size + 1) // 2 for size in d]

    def objective(x: Vector) -> tuple[float, Vector]:
        at = penalized_criterion(problem, penalty, x)
        return at.value, at.gradient

    curvature = pack(expected_curvature(factors, levels, per_level))
    state, record = minimize(
        objective,
        np.append(pack(factors), np.log(first.sigma)),
        np.where(diagonal, 0.0, -np.inf),
        np.diag(np.append(curvature, 4.0 * n)),
        probe=np.append(np.repeat([0.1 / np.sqrt(h) for h in per_level], sizes), 1.0),
        columns=columns_below(d),
        longest=_LONGEST,
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    at = penalized_criterion(problem, penalty, state.x)
    sigma = float(np.exp(state.x[-1]))
    p = problem.structure.p
    unit = (basis.y_scale / sigma) ** 2
    covariance = unit * np.linalg.inv(at.precision) if p else np.zeros((0, 0))
    fixed_cov = np.asarray(covariance, dtype=np.float64)
    solution = solution_with(
        problem,
        state.x[:-1],
        at.factorization,
        at.beta,
        sigma,
        fixed_cov,
        criterion=unpenalized(problem, at, sigma),
    )
    return solution, record


def unpenalized(problem: LinearMixedProblem, at: PenalizedCriterion, sigma: float) -> float:
    """The criterion of the model without priors (REML, or ``-2 logLik``) at the same estimates."""
    p, n, f = problem.structure.p, problem.products.n, at.factorization
    scaled = sigma / problem.basis.y_scale
    XX = f.fixed[:p, :p]
    beta = at.beta
    df, value = n, f.log_det
    if problem.reml:
        df = n - p
        beta = np.asarray(np.linalg.solve(XX, f.fixed[:p, p]) if p else beta)
        value += float(np.linalg.slogdet(XX)[1]) if p else 0.0
    v = np.append(-beta, 1.0)
    pwrss = float(v @ f.fixed @ v)
    profiled = df * (1.0 + np.log(2.0 * np.pi / df))
    value += df * np.log(2.0 * np.pi * scaled**2) + pwrss / scaled**2 - profiled
    return float(value + problem.constant)
