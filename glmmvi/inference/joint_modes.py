r"""lme4's ``nAGQ = 0``: fixed effects and random effects maximised jointly, then Laplace.

At given covariance factors the penalised log likelihood
:math:`h = \sum_i \log p(y_i \mid \eta_i) - |u|^2 / 2` is maximised over ``u`` and ``beta``
together, by Newton's method, and the outer objective is Laplace's approximation there,

.. math:: F(\Lambda) = h(\hat u, \hat\beta) - \tfrac12 \log |I + A'WA|.

No expectation is taken, so an evaluation is cheaper than the variational engine's; but the fixed
effects do not know of the log determinant, and are shrunk. ``W`` is the observed information:
lme4's for a canonical link, while for the other links lme4 takes the expected one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.blas_threads import with_blas_threads
from glmmvi.inference.block_factorization import (
    BlockFactorization,
    backward,
    factorize,
    solve_scores,
)
from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.expectations import Expectation
from glmmvi.inference.generalized_mixed import (
    GeneralizedMixedProblem,
    GeneralizedMixedSolution,
    solution_at,
)
from glmmvi.inference.optimization_record import OptimizationRecord
from glmmvi.inference.orthogonal_basis import engine_factor
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, pack, unpack
from glmmvi.inference.surrogate_start import dispersion_start, first_state
from glmmvi.inference.variational_pirls import (
    PirlsInfo,
    PirlsSystem,
    SurrogateState,
    evaluate,
)

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_LONGEST = 1.5  # most that a covariance factor or a log dispersion moves in one step
_STEP = 1e-3  # of the differences of the curvature, which are of fourth order


@dataclass(frozen=True, eq=False)
class JointModes:
    """The penalised log likelihood at one point, factored there.

    Attributes
    ----------
    u : tuple of float64, shape (L, d)
        Spherical random effects.
    beta : float64, shape (p,)
    eta : float64, shape (n,)
        Linear predictor.
    at : Expectation
        Log density at `eta` with its derivatives.
    curvature : float64, shape (n,)
        ``W``: the observed information; on the way to the modes, 0 where it is negative.
    factorization : BlockFactorization
        Of ``I + A'WA``.
    penalised : float
        ``h``, nats.
    """

    u: tuple[Matrix, ...]
    beta: Vector
    eta: Vector
    at: Expectation
    curvature: Vector
    factorization: BlockFactorization
    penalised: float

    @property
    def laplace(self) -> float:
        """Laplace's approximation of the log likelihood, nats."""
        return self.penalised - 0.5 * self.factorization.log_det


def _predictor(
    system: PirlsSystem, factors: Sequence[Matrix], u: Sequence[Matrix], beta: Vector
) -> Vector:
    effects = [part @ factor.T for factor, part in zip(factors, u, strict=True)]
    return system.index.predictor(beta, effects)


def _density(system: PirlsSystem, eta: Vector, dispersion: Vector) -> Expectation:
    with np.errstate(all="ignore"):  # a trial may overflow; its value says so
        return system.likelihood.expect(eta, np.zeros_like(eta), dispersion)


def _penalised(
    system: PirlsSystem,
    factors: Sequence[Matrix],
    dispersion: Vector,
    u: Sequence[Matrix],
    beta: Vector,
) -> float:
    eta = system.offset + _predictor(system, factors, u, beta)
    value = float(_density(system, eta, dispersion).value.sum())
    return value - 0.5 * sum(float(np.vdot(part, part)) for part in u)


def _factorize(
    system: PirlsSystem, factors: Sequence[Matrix], curvature: Vector
) -> BlockFactorization:
    return factorize(system.index.products(curvature), system.structure, factors)


def modes_at(
    system: PirlsSystem,
    factors: Sequence[Matrix],
    dispersion: Vector,
    u: Sequence[Matrix],
    beta: Vector,
) -> JointModes:
    """The penalised log likelihood and its factorisation at one point."""
    eta = system.offset + _predictor(system, factors, u, beta)
    at = _density(system, eta, dispersion)
    penalised = float(at.value.sum()) - 0.5 * sum(float(np.vdot(part, part)) for part in u)
    curvature = np.maximum(at.curvature, 0.0)
    f = _factorize(system, factors, curvature)
    return JointModes(tuple(u), beta, eta, at, curvature, f, penalised)


def solve_modes(
    system: PirlsSystem,
    factors: Sequence[Matrix],
    dispersion: Vector,
    u: Sequence[Matrix],
    beta: Vector,
    *,
    fixed_beta: bool = False,
    tolerance: float = 1e-12,
    max_steps: int = 100,
) -> tuple[JointModes, PirlsInfo]:
    """Maximise the penalised log likelihood over random and fixed effects together.

    Parameters
    ----------
    system : PirlsSystem
    factors : sequence of float64, shape (d, d)
    dispersion : float64, shape (k,)
    u, beta
        Where to start; the random effects from 0 if that is better.
    fixed_beta : bool
        Whether the fixed effects stay where they are: the conditional modes.
    tolerance : float
        Nats: stop when the next Newton step promises less.
    max_steps : int

    Returns
    -------
    JointModes
    PirlsInfo
    """
    zero = [np.zeros_like(part) for part in u]
    warm = _penalised(system, factors, dispersion, u, beta)
    if not warm >= _penalised(system, factors, dispersion, zero, beta):
        u = zero
    modes = modes_at(system, factors, dispersion, u, beta)
    count, converged = 0, False
    while count < max_steps and not converged:
        count += 1
        working = modes.curvature * (modes.eta - system.offset) + modes.at.score
        scores, fixed_score = system.index.scores(working)
        u_goal, beta_goal = solve_scores(
            modes.factorization,
            [score.T for score in scores],
            fixed_score,
            beta=modes.beta if fixed_beta else None,
        )
        u_step = [goal - here for goal, here in zip(u_goal, modes.u, strict=True)]
        beta_step = beta_goal - modes.beta
        slope = float(modes.at.score @ _predictor(system, factors, u_step, beta_step))
        slope -= sum(float(np.vdot(a, b)) for a, b in zip(modes.u, u_step, strict=True))
        if 0.5 * slope <= tolerance:  # the last step squares what is left of the error
            trial = [here + step for here, step in zip(modes.u, u_step, strict=True)]
            modes = modes_at(system, factors, dispersion, trial, beta_goal)
            converged = True
            break
        length, noise = 1.0, 1e-13 * max(1.0, abs(modes.penalised))
        while length > 1e-8:
            trial = [here + length * step for here, step in zip(modes.u, u_step, strict=True)]
            trial_beta = modes.beta + length * beta_step
            value = _penalised(system, factors, dispersion, trial, trial_beta)
            if value >= modes.penalised - noise:
                break
            length *= 0.4
        else:
            converged = 0.5 * slope <= 1e-6  # flat to the rounding error of the sum
            break
        modes = modes_at(system, factors, dispersion, trial, trial_beta)
    if (modes.at.curvature < 0.0).any():
        exact = modes.at.curvature
        modes = replace(modes, curvature=exact, factorization=_factorize(system, factors, exact))
    return modes, PirlsInfo(count, converged)


def laplace_state(
    system: PirlsSystem, factors: Sequence[Matrix], dispersion: Vector, modes: JointModes
) -> SurrogateState:
    """The Gaussian of Laplace's approximation: around the modes, with their curvature."""
    return evaluate(system, factors, dispersion, modes.u, modes.beta, modes.curvature)


def laplace_gradient(
    system: PirlsSystem, modes: JointModes, dispersion: Vector
) -> tuple[Vector, Vector]:
    """Derivatives of Laplace's approximation at the joint modes.

    The curvature moves with the modes and the modes with the parameters: the chain runs through
    one more solve with the factored system (the adjoint of Newton's equations). The derivative
    of the curvature by the linear predictor is a difference of fourth order.

    Returns
    -------
    by_theta : float64, shape (t,)
        By the packed covariance factors.
    by_dispersion : float64, shape (k,)
    """
    f = modes.factorization
    p = system.structure.p
    selected = backward(f, np.zeros((p + 1, p + 1)))
    v = system.index.variance(selected)

    def differences(at: Callable[[float], Vector]) -> Vector:
        """First derivative at 0, by five points."""
        near, far = at(_STEP) - at(-_STEP), at(2.0 * _STEP) - at(-2.0 * _STEP)
        return (8.0 * near - far) / (12.0 * _STEP)

    t = -0.5 * v * differences(lambda h: _density(system, modes.eta + h, dispersion).curvature)

    by_level, fixed_score = system.index.scores(t)
    u_dual, beta_dual = solve_scores(f, [part.T for part in by_level], fixed_score)
    eta_dual = _predictor(system, f.factors, u_dual, beta_dual)
    direct, _ = system.index.scores(modes.at.score + t - modes.curvature * eta_dual)
    through, _ = system.index.scores(modes.at.score)
    by_factor = [
        a.T @ u + b.T @ dual - 0.5 * log_det
        for a, u, b, dual, log_det in zip(
            direct, modes.u, through, u_dual, selected.factors, strict=True
        )
    ]
    by_dispersion = modes.at.dispersion_score.copy()
    for j in range(len(dispersion)):
        unit = np.where(np.arange(len(dispersion)) == j, 1.0, 0.0)

        def through_dispersion(h: float, unit: Vector = unit) -> Vector:
            at = _density(system, modes.eta, dispersion + h * unit)
            return -0.5 * v * at.curvature + eta_dual * at.score

        by_dispersion[j] += float(differences(through_dispersion).sum())
    return pack(by_factor), by_dispersion


@with_blas_threads
def optimize(
    problem: GeneralizedMixedProblem,
    *,
    start: Sequence[Matrix] | None = None,
    tolerance: float = 1e-9,
    max_evaluations: int = 500,
) -> tuple[GeneralizedMixedSolution, float, OptimizationRecord]:
    """Maximise Laplace's approximation at the joint modes over covariance factors and dispersion.

    Parameters
    ----------
    problem : GeneralizedMixedProblem
    start, tolerance, max_evaluations
        See :func:`glmmvi.inference.generalized_mixed.optimize`.

    Returns
    -------
    solution : GeneralizedMixedSolution
        Its means are the modes, its covariance matrices the inverse curvature there; standard
        errors are those of the fixed effects at fixed covariance parameters.
    laplace : float
        Approximate log likelihood, nats.
    record : OptimizationRecord
    """
    system = problem.system
    d = system.structure.d
    dispersion = dispersion_start(system)
    if start is None:
        theta = pack([np.eye(size) for size in d])
    else:
        pairs = zip(start, problem.basis.Z_factors, strict=True)
        theta = pack([engine_factor(factor, Z_factor) for factor, Z_factor in pairs])
    first = first_state(system, dispersion)
    k, best, inner = theta.size, (first.u_mean, first.beta), 0

    def objective(x: Vector) -> tuple[float, Vector]:
        nonlocal best, inner
        modes, info = solve_modes(system, unpack(x[:k], d), x[k:], *best)
        best, inner = (modes.u, modes.beta), inner + info.evaluations
        gradient = np.concatenate(laplace_gradient(system, modes, x[k:]))
        return -2.0 * modes.laplace, -2.0 * gradient

    bounded = np.concatenate([is_diagonal(d), np.zeros(len(dispersion), dtype=bool)])
    levels = np.repeat(system.structure.n_levels, [size * (size + 1) // 2 for size in d])
    n = system.arrays.n
    final, record = minimize(
        objective,
        np.concatenate([theta, dispersion]),
        np.where(bounded, 0.0, -np.inf),
        np.diag(np.concatenate([2.0 * levels, np.full(len(dispersion), float(n))])),
        probe=np.concatenate([0.1 * np.sqrt(levels / n), np.ones(len(dispersion))]),
        longest=_LONGEST,
        columns=columns_below(d),
        tolerance=tolerance,
        max_evaluations=max_evaluations,
    )
    factors, dispersion = unpack(final.x[:k], d), final.x[k:]
    modes, info = solve_modes(system, factors, dispersion, *best)
    if not info.converged:
        reason = "the modes of the random effects were not found"
        record = replace(record, converged=False, reason=reason)
    state = laplace_state(system, factors, dispersion, modes)
    count = {"inner": inner + info.evaluations}
    solution = solution_at(problem, final.x[:k], dispersion, state, count, hessian=False)
    return solution, modes.laplace, record
