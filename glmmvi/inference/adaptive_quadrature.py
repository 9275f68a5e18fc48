"""Maximum likelihood for one grouping factor by adaptive Gauss-Hermite quadrature.

lme4's ``nAGQ = k``, for terms with several columns too. Each level's random effects are
integrated out on a grid that the Gaussian surrogate centres and scales; so the objective is the
log likelihood, not a bound of it, to the accuracy of the quadrature.

The grid is held fixed while a quasi-Newton run moves the parameters, which makes the objective
smooth and its gradient exact; then the surrogate is fitted again at the new parameters, the grid
moves along, and the next run starts, until a run has nothing left to gain. (A gradient on moving
nodes that ignores their movement would be wrong by the quadrature error, and stall a line
search.) The answer is the parameters at which the grid belongs to the parameters and the gradient
on it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.blas_threads import with_blas_threads
from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.generalized_mixed import (
    GeneralizedMixedProblem,
    GeneralizedMixedSolution,
    solution_at,
)
from glmmvi.inference.generalized_mixed import optimize as optimize_surrogate
from glmmvi.inference.joint_modes import laplace_state, solve_modes
from glmmvi.inference.level_grid import LevelColumns, LevelGrid, level_grid, one_factor
from glmmvi.inference.level_integrals import LevelIntegrals, integrate
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.parameter_hessian import OuterLogPrior
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, pack, unpack
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, solve

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_RUN_TOLERANCES = (1e-2, 1e-4)  # of the first runs: their grid will move anyway
_MOST_RUNS = 60
_LONGEST = 3.0  # standard errors: most that a parameter moves in one step
_PROBE = 0.5  # standard errors: where a way off the boundary is looked for
_ON_BOUND = 1e-6  # standard errors: nearer to its bound a parameter is on it
_UPHILL = 1e-3  # by a standard error, of -2 logL: a bound that wants to be crossed
_DIFFERENCE = 0.02  # standard errors: step of the differences of the gradient


@dataclass(frozen=True)
class QuadratureSolution:
    """The maximum of the log likelihood.

    Attributes
    ----------
    solution : GeneralizedMixedSolution
        Parameters, their covariance matrix, and the Gaussian surrogate at them. Its `b_mean`
        and `b_cov` are lme4's: the conditional modes, and the inverse curvature there.
    log_likelihood : float
        Nats, every constant included.
    """

    solution: GeneralizedMixedSolution
    log_likelihood: float


def marginal(
    system: PirlsSystem,
    columns: LevelColumns,
    grid: LevelGrid,
    factors: Sequence[Matrix],
    beta: Vector,
    dispersion: Vector,
) -> LevelIntegrals:
    """The log likelihood on a grid; see :func:`glmmvi.inference.level_integrals.integrate`."""
    return integrate(
        system.likelihood.density,
        columns,
        grid,
        system.arrays.X,
        system.offset,
        factors,
        beta,
        dispersion,
    )


@with_blas_threads
def optimize(
    problem: GeneralizedMixedProblem,
    count: int,
    *,
    start: Sequence[Matrix] | None = None,
    hessian: bool = True,
    tolerance: float = 1e-9,
    inner_tolerance: float = 1e-10,
    max_evaluations: int = 500,
    penalty: OuterLogPrior | None = None,
) -> tuple[QuadratureSolution, OptimizationRecord]:
    """Maximise the log likelihood over covariance factors, fixed effects and dispersion.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
        With one grouping factor. Its prior of the fixed effects, if any, is added.
    count : int
        Nodes a dimension, lme4's ``nAGQ``.
    start, hessian, tolerance, inner_tolerance, max_evaluations, penalty
        See :func:`glmmvi.inference.generalized_mixed.optimize`. Without the Hessian the
        covariance matrix of the fixed effects is the inverse of their own block of it.

    Returns
    -------
    QuadratureSolution
    OptimizationRecord

    Raises
    ------
    ValueError
        If there is more than one grouping factor.
    """
    system = problem.system
    columns = one_factor(system.arrays)
    if columns is None:
        raise ValueError("adaptive quadrature needs one grouping factor")
    surrogate, first = optimize_surrogate(
        problem,
        start=start,
        tolerance=max(tolerance, 1e-5),
        inner_tolerance=inner_tolerance,
        max_evaluations=max_evaluations,
        penalty=penalty,
    )
    d, p = system.structure.d, system.structure.p
    state, inner = surrogate.state, surrogate.inner_evaluations
    theta = pack(state.factorization.factors)
    k = theta.size
    x = np.concatenate([theta, state.beta, surrogate.dispersion])
    bounded = np.concatenate([is_diagonal(d), np.zeros(x.size - k, dtype=bool)])
    lower = np.where(bounded, 0.0, -np.inf)
    unit, curvature = _scales(
        surrogate.parameter_cov, x.size, 1.0 / np.sqrt(2.0 * columns.n_levels)
    )

    def at(grid: LevelGrid, x: Vector) -> tuple[float, Vector]:
        factors, beta = unpack(x[:k], d), x[k : k + p]
        integrals = marginal(system, columns, grid, factors, beta, x[k + p :])
        log_prior, slopes = _log_prior(system, x[:k], beta, x[k + p :], penalty)
        return float(integrals.value.sum()) + log_prior, integrals.gradient + slopes

    records: list[OptimizationRecord] = []
    while True:
        grid = level_grid(columns, state, count)

        def objective(z: Vector, grid: LevelGrid = grid) -> tuple[float, Vector]:
            value, gradient = at(grid, unit * z)
            return -2.0 * value, -2.0 * unit * gradient

        run = len(records)
        goal = max(tolerance, _RUN_TOLERANCES[run]) if run < len(_RUN_TOLERANCES) else tolerance
        final, record = minimize(
            objective,
            x / unit,
            lower,
            curvature,
            probe=np.full(x.size, _PROBE),
            longest=_LONGEST,
            tolerance=goal,
            max_evaluations=max(max_evaluations - sum(r.evaluations for r in records), 1),
        )
        records.append(record)
        x, curvature = unit * final.x, final.hessian
        x[bounded & (final.x < _ON_BOUND)] = 0.0
        mirrored = _mirrored(x, final.gradient, d)
        settled = record.iterations == 0 and goal == tolerance and mirrored is None
        if record.converged and settled:
            break
        if mirrored is not None:
            x = mirrored
        state, info = solve(
            system,
            unpack(x[:k], d),
            x[k + p :],
            state,
            fixed_beta=x[k : k + p],
            tolerance=inner_tolerance,
        )
        inner += info.evaluations
        if not record.converged or len(records) == _MOST_RUNS:
            settled = False
            break

    # on a fixed grid the objective goes on smoothly behind the bound: differences may cross it
    chosen = np.flatnonzero(x > lower) if hessian else np.arange(k, k + p)
    covariance = _inverse_information(lambda y: at(grid, y)[1], x, _DIFFERENCE * unit, chosen)
    solution = _solution(problem, x, state, covariance, inner, hessian=hessian)
    log_prior, _ = _log_prior(system, x[:k], x[k : k + p], x[k + p :], penalty)
    value = -0.5 * records[-1].value - log_prior
    return QuadratureSolution(solution, value), _joined(records, first, unit, settled)


def _log_prior(
    system: PirlsSystem,
    theta: Vector,
    beta: Vector,
    dispersion: Vector,
    penalty: OuterLogPrior | None,
) -> tuple[float, Vector]:
    """Log prior density and its gradient by (theta, beta, dispersion)."""
    value, by_theta, by_dispersion = 0.0, np.zeros_like(theta), np.zeros_like(dispersion)
    if penalty is not None:
        value, by_theta, by_dispersion = penalty(theta, dispersion)
    by_beta = np.zeros_like(beta)
    if system.beta_prior is not None:
        value += system.beta_prior.log_density(beta)
        by_beta = system.beta_prior.gradient(beta)
    return value, np.concatenate([by_theta, by_beta, by_dispersion])


def _scales(covariance: Matrix | None, size: int, otherwise: float) -> tuple[Vector, Matrix]:
    """Standard errors to measure the parameters in, and the curvature of ``-2 logL`` in them."""
    unit, curvature = np.full(size, otherwise), 2.0 * np.eye(size)
    if covariance is None:
        return unit, curvature
    variances = np.diag(covariance)
    known = np.flatnonzero(np.isfinite(variances) & (variances > 0.0))
    unit[known] = np.sqrt(variances[known])
    block = np.ix_(known, known)
    correlation = covariance[block] / np.outer(unit[known], unit[known])
    if known.size and np.linalg.eigvalsh(correlation)[0] > 1e-8:
        curvature[block] = 2.0 * np.linalg.inv(correlation)
    return unit, curvature


def _inverse_information(
    gradient: Callable[[Vector], Vector], x: Vector, steps: Vector, chosen: NDArray[np.intp]
) -> Matrix:
    """Inverse of minus the Hessian over some parameters, by central differences; 0 elsewhere."""
    rows = []
    for i in chosen:
        move = np.where(np.arange(x.size) == i, steps, 0.0)
        rows.append((gradient(x - move) - gradient(x + move))[chosen] / (2.0 * steps[i]))
    covariance = np.zeros((x.size, x.size))
    if rows:
        information = np.array(rows)
        inverse = np.linalg.inv(0.5 * (information + information.T))
        covariance[np.ix_(chosen, chosen)] = inverse
    return covariance


def _solution(
    problem: GeneralizedMixedProblem,
    x: Vector,
    state: SurrogateState,
    covariance: Matrix,
    inner: int,
    *,
    hessian: bool,
) -> GeneralizedMixedSolution:
    """The solution on the user's scale: standard errors by quadrature, random effects as lme4's."""
    system, p = problem.system, problem.system.structure.p
    factors = state.factorization.factors
    k = x.size - p - system.likelihood.n_dispersion
    theta, dispersion = x[:k], x[k + p :]
    modes, info = solve_modes(
        system, factors, dispersion, state.u_mean, state.beta, fixed_beta=True
    )
    count = {"inner": inner + info.evaluations}
    surrogate = solution_at(problem, theta, dispersion, state, count, hessian=False)
    at_modes = laplace_state(system, factors, dispersion, modes)
    laplace = solution_at(problem, theta, dispersion, at_modes, count, hessian=False)
    X_inv = np.linalg.inv(problem.basis.X_factor) if p else np.zeros((0, 0))
    return replace(
        surrogate,
        beta_cov=X_inv @ covariance[k : k + p, k : k + p] @ X_inv.T,
        parameter_cov=covariance if hessian else None,
        b_mean=laplace.b_mean,
        b_cov=laplace.b_cov,
    )


def _mirrored(x: Vector, gradient: Vector, d: Sequence[int]) -> Vector | None:
    """The parameters on the other side of a bound that wants to be crossed, if there is one.

    A column of a covariance factor can change its sign; its diagonal element is held above 0.
    Where the objective would fall on behind the bound, it falls in front of it once the rest of
    the column has changed its sign.
    """
    for i, below in columns_below(d).items():
        if x[i] <= 0.0 and gradient[i] > _UPHILL and (x[below] != 0.0).any():
            mirrored = x.copy()
            mirrored[below] *= -1.0
            return mirrored
    return None


def _joined(
    records: Sequence[OptimizationRecord],
    surrogate: OptimizationRecord,
    unit: Vector,
    settled: bool,
) -> OptimizationRecord:
    """One record of all the runs."""
    first, last = records[0], records[-1]
    reason = last.reason
    if last.converged and not settled:
        reason = f"the grid still moves after {len(records)} runs: use a larger nAGQ"
    return replace(
        last,
        optimizer=f"projected BFGS, grid placed {len(records)} times",
        converged=settled,
        reason=reason,
        start=unit * first.start,
        final=unit * last.final,
        initial_value=first.initial_value,
        gradient=last.gradient / unit,
        iterations=sum(record.iterations for record in (surrogate, *records)),
        evaluations=sum(record.evaluations for record in (surrogate, *records)),
    )
