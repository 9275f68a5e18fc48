r"""The ELBO plus half the variance of the log ratios: an experimental correction.

.. math:: \log p(y) = \log E_q[e^w] = E_q[w] + \kappa_2 / 2 + \kappa_3 / 6 + \ldots, \qquad
          F_2(\beta, \theta, \phi) = F + \tfrac12 \mathrm{Var}_q[w]

with :math:`w = \log p(y, u \mid \beta, \theta, \phi) - \log q(u)` and `q` the best Gaussian
surrogate at the parameters. The variance is a sample variance, part by part, of fixed antithetic
standard normals that the surrogate's factors turn into draws: a smooth function of the
parameters. `F2` is not a bound. The series has no business being cut where its third term is not
small beside the second (binary data in extreme clusters); there the correction is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.blas_threads import with_blas_threads
from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.generalized_mixed import (
    GeneralizedMixedProblem,
    GeneralizedMixedSolution,
    solution_at,
)
from glmmvi.inference.generalized_mixed import optimize as optimize_surrogate
from glmmvi.inference.importance_ratios import (
    generalized_ratios,
    paired_normals,
    pairs_per_chunk,
)
from glmmvi.inference.importance_sampling import (
    LogRatioCumulants,
    log_ratio_cumulants,
    series_settles,
)
from glmmvi.inference.independent_parts import IndependentParts, independent_parts
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.profiled_deviance import is_diagonal, pack, unpack
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, solve

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_STEP = 0.05  # standard errors: step of the differences of the variance
_LONGEST = 1.5  # standard errors: most that a parameter moves in one step
_PROBE = 0.5  # standard errors: where a way off the boundary is looked for
_INNER = 1e-9  # nats: to which the surrogate of a difference is solved


@dataclass(frozen=True)
class CumulantSolution:
    """The maximum of the corrected ELBO, or the refusal to correct.

    Attributes
    ----------
    solution : GeneralizedMixedSolution
        Parameters with the best Gaussian surrogate at them; the covariance matrix of the
        parameters is from the curvature of the uncorrected ELBO there. If refused, the
        uncorrected maximum.
    log_likelihood : float
        ``F2``, nats; the ELBO if refused.
    cumulants : LogRatioCumulants
        At the solution; if refused, where the series did not settle.
    refused : bool
        Whether the third cumulant is not small.
    """

    solution: GeneralizedMixedSolution
    log_likelihood: float
    cumulants: LogRatioCumulants
    refused: bool


@dataclass(frozen=True, eq=False)
class CorrectedElbo:
    """``F2`` of a model on fixed draws.

    Attributes
    ----------
    system : PirlsSystem
    parts : IndependentParts
    pairs, seed : int
        Antithetic pairs of draws, and where their standard normals come from.
    """

    system: PirlsSystem
    parts: IndependentParts
    pairs: int
    seed: int

    def solve(self, x: Vector, start: SurrogateState) -> SurrogateState:
        """Best surrogate at ``x = (theta, beta, dispersion)``."""
        k, p = self._sizes
        factors = unpack(x[:k], self.system.structure.d)
        state, _ = solve(
            self.system, factors, x[k + p :], start, fixed_beta=x[k : k + p], tolerance=_INNER
        )
        return state

    def cumulants(self, x: Vector, state: SurrogateState) -> LogRatioCumulants:
        """Cumulants of the log ratios at `x`, whose best surrogate is `state`."""
        k, p = self._sizes
        normals = paired_normals(
            state.factorization, self.pairs, pairs_per_chunk(self.system.arrays), self.seed
        )
        return log_ratio_cumulants(
            generalized_ratios(self.system, state, x[k + p :], self.parts, normals)
        )

    def half_variance_gradient(
        self, x: Vector, state: SurrogateState, steps: Vector, half_variance: float
    ) -> Vector:
        """Derivative of ``Var_q[w] / 2``, the surrogate moving along with the parameters.

        By central differences over the covariance parameters and the dispersion, and by forward
        ones over the fixed effects, on which it hardly depends.
        """
        k, p = self._sizes
        gradient = np.zeros(x.size)
        for i in np.flatnonzero(steps > 0.0):
            moved = x.copy()
            moved[i] += steps[i]
            above = self.solve(moved, state)
            at_above = self.cumulants(moved, above).half_variance
            if k <= i < k + p:
                gradient[i] = (at_above - half_variance) / steps[i]
                continue
            moved[i] -= 2.0 * steps[i]
            at_below = self.cumulants(moved, self.solve(moved, state)).half_variance
            gradient[i] = (at_above - at_below) / (2.0 * steps[i])
        return gradient

    @property
    def _sizes(self) -> tuple[int, int]:
        d = self.system.structure.d
        return sum(size * (size + 1) // 2 for size in d), self.system.structure.p


@with_blas_threads
def optimize(
    problem: GeneralizedMixedProblem,
    *,
    start: Sequence[Matrix] | None = None,
    hessian: bool = True,
    tolerance: float = 1e-5,
    max_evaluations: int = 60,
    pairs: int = 500,
    seed: int = 1,
) -> tuple[CumulantSolution, OptimizationRecord]:
    """Maximise the corrected ELBO over covariance factors, fixed effects and dispersion.

    Starts from the maximum of the ELBO. The gradient is the ELBO's exact one plus differences of
    the variance, each with the surrogate solved again: exact to their step, not analytic.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    start : sequence of float64, shape (d, d), optional
        Covariance factors to start from, on the user's scale.
    hessian : bool
        Whether the standard errors come from the Hessian of the ELBO over all parameters.
    tolerance : float
        In units of ``-2 F2``; see :func:`glmmvi.inference.bounded_bfgs.minimize`.
    max_evaluations : int
        Limit on evaluations with gradient.
    pairs, seed : int
        Antithetic pairs of draws, and their seed.

    Returns
    -------
    CumulantSolution
    OptimizationRecord
        Of the corrected objective; if refused, of the uncorrected one.
    """
    system = problem.system
    plain, record = optimize_surrogate(problem, start=start)
    corrected = CorrectedElbo(system, independent_parts(system.arrays.terms), pairs, seed)
    d, p = system.structure.d, system.structure.p
    theta = pack(plain.state.factorization.factors)
    k = theta.size
    x = np.concatenate([theta, plain.state.beta, plain.dispersion])
    first = corrected.cumulants(x, plain.state)
    if not series_settles(first.half_variance, first.sixth_third):
        return refused(problem, plain, first, hessian=hessian), record

    covariance = plain.parameter_cov
    assert covariance is not None
    variances = np.diag(covariance)
    free = variances > 0.0
    unit = np.where(free, np.sqrt(np.where(free, variances, 1.0)), 0.1)
    curvature = 2.0 * np.eye(x.size)
    block = np.ix_(free, free)
    curvature[block] = 2.0 * np.linalg.inv(covariance[block] / np.outer(unit[free], unit[free]))
    bounded = np.concatenate([is_diagonal(d), np.zeros(x.size - k, dtype=bool)])
    best = {"state": plain.state}

    def objective(z: Vector) -> tuple[float, Vector]:
        at = unit * z
        state = corrected.solve(at, best["state"])
        best["state"] = state
        half = corrected.cumulants(at, state).half_variance
        steps = np.where(bounded, np.minimum(_STEP * unit, 0.5 * at), _STEP * unit)
        by_x = np.concatenate(gradient_of(system, state))
        by_x += corrected.half_variance_gradient(at, state, steps, half)
        return -2.0 * (state.elbo + half), -2.0 * unit * by_x

    final, corrected_record = minimize(
        objective,
        x / unit,
        np.where(bounded, 0.0, -np.inf),
        curvature,
        probe=np.full(x.size, _PROBE),
        longest=_LONGEST,
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    x = unit * final.x
    state = corrected.solve(x, best["state"])
    last = corrected.cumulants(x, state)
    if not series_settles(last.half_variance, last.sixth_third):
        return refused(problem, plain, last, hessian=hessian), record
    count = {"inner": plain.inner_evaluations}
    solution = solution_at(problem, x[:k], x[k + p :], state, count, hessian=hessian)
    answer = CumulantSolution(solution, state.elbo + last.half_variance, last, False)
    return answer, replace(
        corrected_record,
        optimizer="projected BFGS, corrected ELBO",
        start=unit * corrected_record.start,
        final=x,
        gradient=corrected_record.gradient / unit,
    )


def refused(
    problem: GeneralizedMixedProblem,
    plain: GeneralizedMixedSolution,
    cumulants: LogRatioCumulants,
    *,
    hessian: bool,
) -> CumulantSolution:
    """The uncorrected maximum, where the series does not settle."""
    if not hessian:
        theta = pack(plain.state.factorization.factors)
        count = {"inner": plain.inner_evaluations}
        plain = solution_at(problem, theta, plain.dispersion, plain.state, count, hessian=False)
    return CumulantSolution(plain, plain.elbo, cumulants, True)
