"""The structured Gaussian engine for linear mixed models: exact REML and ML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.average_information import average_information
from glmmvi.inference.blas_threads import with_blas_threads, with_one_blas_thread
from glmmvi.inference.block_factorization import BlockFactorization, backward, random_effects
from glmmvi.inference.block_matrices import congruence
from glmmvi.inference.bounded_bfgs import LocalModel, minimize
from glmmvi.inference.covariance_start import em_step, expected_curvature
from glmmvi.inference.cross_products import (
    BlockStructure,
    CrossProducts,
    block_structure,
    cross_products,
)
from glmmvi.inference.gaussian_posterior import GaussianPosterior
from glmmvi.inference.moment_start import moment_factors
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.orthogonal_basis import (
    OrthogonalBasis,
    covariance_factor,
    engine_factor,
    in_basis,
    orthogonal_basis,
)
from glmmvi.inference.profiled_deviance import (
    ProfiledDeviance,
    columns_below,
    criterion_constant,
    is_diagonal,
    pack,
    profiled_deviance,
    unpack,
)
from glmmvi.inference.regression_arrays import RegressionArrays

Matrix = NDArray[np.float64]

_NEAR = 1e-5  # expected decrease of the criterion
_ENOUGH = 1e-12  # expected decrease of the criterion at which the optimiser stops
_ENOUGH_WHERE_COSTLY = 1e-9
_COSTLY = 100  # random effects in the dense block from which a solve is cheap beside a factor


@dataclass(frozen=True)
class LinearMixedProblem:
    """A linear mixed model, ready to be evaluated at any ``theta``.

    Attributes
    ----------
    basis : OrthogonalBasis
    structure : BlockStructure
    products : CrossProducts
    reml : bool
    constant : float
        Added to the engine's criterion to give lme4's.
    """

    basis: OrthogonalBasis
    structure: BlockStructure
    products: CrossProducts
    reml: bool
    constant: float

    @property
    def dense_rows(self) -> int:
        """Random effects in the dense block."""
        return self.structure.U


@dataclass(frozen=True)
class LinearMixedSolution:
    """The optimum of the ELBO of a linear mixed model, on the user's scale.

    Attributes
    ----------
    Lambda : tuple of float64, shape (d, d)
        Relative covariance factor of every term, lower triangle.
    sigma : float
        Residual standard deviation.
    beta : float64, shape (p,)
        Fixed effects.
    beta_cov : float64, shape (p, p)
        Their covariance matrix.
    u_mean : tuple of float64, shape (L, d)
        Means of the spherical random effects (``b = Lambda u``, ``u ~ N(0, sigma^2 I)``).
    b_mean : tuple of float64, shape (L, d)
        Means of the random effects.
    b_cov : tuple of float64, shape (L, d, d)
        Their covariance matrices given the fixed effects: lme4's ``condVar``.
    b_cov_marginal : tuple of float64, shape (L, d, d)
        The surrogate's own covariance matrices, the fixed effects' uncertainty included.
    criterion : float
        ``-2 elbo``: lme4's REML criterion, or ``-2 logLik`` under ML.
    factorization : BlockFactorization
        In the engine's basis; what the surrogate is built from.
    rotations : tuple of float64, shape (d, d)
        From the engine's spherical effects to the user's.
    """

    Lambda: tuple[Matrix, ...]
    sigma: float
    beta: NDArray[np.float64]
    beta_cov: Matrix
    u_mean: tuple[Matrix, ...]
    b_mean: tuple[Matrix, ...]
    b_cov: tuple[Matrix, ...]
    b_cov_marginal: tuple[Matrix, ...]
    criterion: float
    factorization: BlockFactorization
    rotations: tuple[Matrix, ...]

    @property
    def elbo(self) -> float:
        """The evidence lower bound at the optimum, which is exact here, in nats."""
        return -0.5 * self.criterion


def posterior_of(problem: LinearMixedProblem, solution: LinearMixedSolution) -> GaussianPosterior:
    """The surrogate of a solution: of the random effects and, under REML, the fixed ones."""
    return GaussianPosterior(
        solution.factorization,
        solution.rotations,
        solution.sigma,
        X_factor=problem.basis.X_factor if problem.reml else None,
        beta_cov=solution.beta_cov if problem.reml else None,
    )


@with_one_blas_thread
def build_problem(arrays: RegressionArrays, *, reml: bool) -> LinearMixedProblem:
    """Form the cross-products of a model.

    Parameters
    ----------
    arrays : RegressionArrays
    reml : bool
        Whether the fixed effects are integrated out.

    Returns
    -------
    LinearMixedProblem
    """
    basis = orthogonal_basis(arrays)
    structure = block_structure(arrays.terms, arrays.p)
    products = cross_products(in_basis(arrays, basis), structure)
    constant = criterion_constant(basis, arrays.weights, products.n, reml=reml)
    return LinearMixedProblem(basis, structure, products, reml, constant)


@with_blas_threads
def criterion(problem: LinearMixedProblem, Lambda: Sequence[Matrix]) -> float:
    """lme4's criterion (REML, or ``-2 logLik``) at covariance factors of the user's scale."""
    return _evaluate(problem, _to_engine(problem, Lambda)).value + problem.constant


@with_blas_threads
def solution_at(problem: LinearMixedProblem, Lambda: Sequence[Matrix]) -> LinearMixedSolution:
    """Estimates and surrogate at given covariance factors of the user's scale."""
    theta = _to_engine(problem, Lambda)
    return _solution(problem, theta, _evaluate(problem, theta))


@with_blas_threads
def optimize(
    problem: LinearMixedProblem,
    *,
    start: Sequence[Matrix] | None = None,
    tolerance: float | None = None,
    max_evaluations: int = 500,
) -> tuple[LinearMixedSolution, OptimizationRecord]:
    """Maximise the ELBO over the covariance factors.

    Parameters
    ----------
    problem : LinearMixedProblem
    start : sequence of float64, shape (d, d), optional
        Relative covariance factors to start from, on the user's scale.
    tolerance : float, optional
        See :func:`glmmvi.inference.bounded_bfgs.minimize`. By default 1e-12, and 1e-9 (3e-5
        standard errors of a factor) where the dense block is large.
    max_evaluations : int
        Limit on evaluations of the criterion with its gradient.

    Returns
    -------
    LinearMixedSolution
    OptimizationRecord
        In the engine's basis, its objective lme4's criterion.
    """
    d = problem.structure.d
    diagonal = is_diagonal(d)
    costly, factors = problem.structure.U >= _COSTLY, None
    by_default = _ENOUGH_WHERE_COSTLY if costly else _ENOUGH
    enough = by_default if tolerance is None else tolerance
    if start is not None:
        factors = unpack(_to_engine(problem, start), d)
    elif costly:
        factors = moment_factors(problem.products, problem.structure)
    if factors is None:
        first = _evaluate(problem, pack([np.eye(size) for size in d]))
        factors = em_step(first.second_moments)
    levels = problem.structure.n_levels
    per_level = [max(problem.products.n / L, 1.0) for L in levels]
    # the last evaluation, and the lowest while others (at a bound, say) are tried
    evaluated: dict[bytes, ProfiledDeviance] = {}
    best: list[bytes] = []

    def objective(theta: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        for key in [key for key in evaluated if key not in best]:
            del evaluated[key]
        at = _evaluate(problem, theta)
        evaluated[theta.tobytes()] = at
        if not best or at.value <= evaluated[best[0]].value + enough:
            best[:] = [theta.tobytes()]
        return at.value + problem.constant, at.gradient

    def newton(theta: NDArray[np.float64], expected: float) -> LocalModel | None:
        if expected <= enough:
            return None
        df = problem.products.n - (problem.structure.p if problem.reml else 0)
        at = evaluated.get(theta.tobytes()) or _evaluate(problem, theta)
        hessian = average_information(problem.products, problem.structure, at, df)
        if hessian is None:
            return None
        gain = 0.5 * float(at.gradient @ np.linalg.lstsq(hessian, at.gradient)[0])
        # very near the optimum the quasi-Newton updates know the Hessian better
        if 0.0 <= gain < _NEAR:
            return None
        return LocalModel(at.value + problem.constant, at.gradient, hessian)

    state, record = minimize(
        objective,
        pack(factors),
        np.where(diagonal, 0.0, -np.inf),
        np.diag(pack(expected_curvature(factors, levels, per_level))),
        probe=np.repeat([0.1 / np.sqrt(h) for h in per_level], [k * (k + 1) // 2 for k in d]),
        columns=columns_below(d),
        newton=newton if costly else None,
        tolerance=enough,
        max_evaluations=max_evaluations,
    )
    at = evaluated.get(state.x.tobytes()) or _evaluate(problem, state.x)
    return _solution(problem, state.x, at), record


def _solution(
    problem: LinearMixedProblem, theta: NDArray[np.float64], at: ProfiledDeviance
) -> LinearMixedSolution:
    """Estimates and surrogate at one value of the packed factors of the engine's basis."""
    structure, f, basis = problem.structure, at.factorization, problem.basis
    p, n = structure.p, problem.products.n
    df = n - p if problem.reml else n
    sigma = float(np.sqrt(at.pwrss / df)) * basis.y_scale
    fixed_cov = np.asarray(np.linalg.inv(f.fixed[:p, :p]), dtype=np.float64)
    return solution_with(
        problem, theta, f, at.beta, sigma, fixed_cov, criterion=at.value + problem.constant
    )


def solution_with(
    problem: LinearMixedProblem,
    theta: NDArray[np.float64],
    f: BlockFactorization,
    beta: NDArray[np.float64],
    sigma: float,
    fixed_cov: Matrix,
    *,
    criterion: float,
) -> LinearMixedSolution:
    """Bring parameters of the engine's basis to the user's scale, with the surrogate.

    Parameters
    ----------
    problem : LinearMixedProblem
    theta : float64, shape (k,)
        Packed relative covariance factors.
    f : BlockFactorization
        At `theta`.
    beta : float64, shape (p,)
    sigma : float
        Residual sd, in the units of ``y``.
    fixed_cov : float64, shape (p, p)
        Covariance matrix of `beta`, in units of the residual variance.
    criterion : float
        What the solution reports.

    Returns
    -------
    LinearMixedSolution
    """
    basis, structure, p = problem.basis, problem.structure, problem.structure.p
    X_inv = solve_triangular(basis.X_factor, np.eye(p)) if p else np.zeros((0, 0))
    moved = [
        covariance_factor(factor, Z_factor)
        for factor, Z_factor in zip(unpack(theta, structure.d), basis.Z_factors, strict=True)
    ]
    u_engine = random_effects(f, beta)
    u_mean = tuple(
        basis.y_scale * u @ rotation.T for u, (_, rotation) in zip(u_engine, moved, strict=True)
    )
    given = np.zeros((p + 1, p + 1))
    b_cov = _block_covariances(basis, backward(f, given).blocks, sigma)
    if problem.reml and p:
        given[:p, :p] = fixed_cov
        b_cov_marginal = _block_covariances(basis, backward(f, given).blocks, sigma)
    else:
        b_cov_marginal = b_cov
    return LinearMixedSolution(
        Lambda=tuple(Lambda for Lambda, _ in moved),
        sigma=sigma,
        beta=basis.ols + basis.y_scale * (X_inv @ beta),
        beta_cov=sigma**2 * (X_inv @ fixed_cov @ X_inv.T),
        u_mean=u_mean,
        b_mean=tuple(u @ Lambda.T for u, (Lambda, _) in zip(u_mean, moved, strict=True)),
        b_cov=b_cov,
        b_cov_marginal=b_cov_marginal,
        criterion=criterion,
        factorization=f,
        rotations=tuple(rotation for _, rotation in moved),
    )


def _block_covariances(
    basis: OrthogonalBasis, blocks: Sequence[Matrix], sigma: float
) -> tuple[Matrix, ...]:
    covariances = []
    for block, Z_factor in zip(blocks, basis.Z_factors, strict=True):
        inverse = solve_triangular(Z_factor, np.eye(len(Z_factor)))
        covariances.append(sigma**2 * congruence(inverse, block).transpose(2, 0, 1))
    return tuple(covariances)


def _evaluate(problem: LinearMixedProblem, theta: NDArray[np.float64]) -> ProfiledDeviance:
    return profiled_deviance(problem.products, problem.structure, theta, reml=problem.reml)


def _to_engine(problem: LinearMixedProblem, Lambda: Sequence[Matrix]) -> NDArray[np.float64]:
    factors = zip(Lambda, problem.basis.Z_factors, strict=True)
    return pack([engine_factor(factor, Z_factor) for factor, Z_factor in factors])
