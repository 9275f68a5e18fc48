"""Variational PIRLS: the best Gaussian surrogate at given covariance parameters.

Maximises the ELBO over the surrogate's mean and its curvature weights (and, where asked, over
the fixed effects) by damped Newton steps that cost what lme4's PIRLS steps cost; the ELBO
never falls. DESIGN.md section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.anderson import MixingHistory
from glmmvi.inference.block_factorization import (
    Adjoints,
    BlockFactorization,
    backward,
    factorize,
    solve_scores,
)
from glmmvi.inference.cross_products import BlockStructure, CrossProducts
from glmmvi.inference.expectations import Expectation, Likelihood
from glmmvi.inference.penalty import CoefficientPrior
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.row_index import RowIndex
from glmmvi.inference.row_parts import PartBatch, row_parts

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_NEAR = 0.5  # nats: from here on the fixed-point map is extrapolated
_LENGTHS = tuple(0.4**k for k in range(18))  # of a step, until the ELBO does not fall


@dataclass(frozen=True)
class SurrogateState:
    """A Gaussian surrogate and what the likelihood says of it.

    Attributes
    ----------
    u_mean : tuple of float64, shape (L, d)
        Means of the spherical random effects.
    beta : float64, shape (p,)
        Fixed effects, a point.
    curvature : float64, shape (n,)
        The weights `W` of ``V^-1 = I + A'WA``.
    mean, variance : float64, shape (n,)
        Of the linear predictor under the surrogate.
    expectation : Expectation
        At `mean` and `variance`.
    factorization : BlockFactorization
        Of ``V^-1``.
    selected : Adjoints
        Selected inverse, and derivative of ``log |V^-1|`` by the covariance factors.
    elbo : float
        Nats.
    """

    u_mean: tuple[Matrix, ...]
    beta: Vector
    curvature: Vector
    mean: Vector
    variance: Vector
    expectation: Expectation
    factorization: BlockFactorization
    selected: Adjoints
    elbo: float


@dataclass(frozen=True)
class PirlsSystem:
    """What does not change during a fit.

    Attributes
    ----------
    arrays : RegressionArrays
        In the engine's basis; `y` is not used.
    offset : float64, shape (n,)
    likelihood : Likelihood
    structure : BlockStructure
    index : RowIndex
    beta_prior : CoefficientPrior, optional
        Of the fixed effects; its log density is then part of the ELBO.
    """

    arrays: RegressionArrays
    offset: Vector
    likelihood: Likelihood
    structure: BlockStructure
    index: RowIndex
    beta_prior: CoefficientPrior | None = None

    @cached_property
    def parts(self) -> tuple[PartBatch, ...] | None:
        """The rows by independent part, where parts are small."""
        return row_parts(self.arrays)


@dataclass(frozen=True)
class NewtonStep:
    """A Newton step on a surrogate's means, and the slopes of the ELBO that it follows.

    Attributes
    ----------
    u_mean : list of float64, shape (L, d)
        Where it leads.
    beta : float64, shape (p,)
    gain : float
        Increase of the ELBO that it promises: half the product of slope and step, nats.
    pull : list of float64, shape (L, d)
        Slopes of the expected log likelihood by every level's effects.
    u_slope : list of float64, shape (L, d)
        Slopes of the ELBO by the spherical effects.
    beta_slope : float64, shape (p,)
    """

    u_mean: list[Matrix]
    beta: Vector
    gain: float
    pull: list[Matrix]
    u_slope: list[Matrix]
    beta_slope: Vector


@dataclass(frozen=True)
class PirlsInfo:
    """What a solve did.

    Attributes
    ----------
    evaluations : int
        Factorisations.
    converged : bool
        Whether it reached its tolerance.
    gain : float
        What the next step promises, means and curvature together, nats.
    step : NewtonStep, optional
        The next step of the means.
    """

    evaluations: int
    converged: bool
    gain: float = np.inf
    step: NewtonStep | None = None


@np.errstate(all="ignore")  # far away a trial may overflow; its ELBO says so
def evaluate(
    system: PirlsSystem,
    factors: Sequence[Matrix],
    dispersion: Vector,
    u_mean: Sequence[Matrix],
    beta: Vector,
    curvature: Vector,
) -> SurrogateState:
    """The ELBO and its ingredients at one surrogate.

    Parameters
    ----------
    system : PirlsSystem
    factors : sequence of float64, shape (d, d)
        Covariance factors.
    dispersion : float64, shape (k,)
        Unconstrained dispersion parameters.
    u_mean, beta, curvature
        See :class:`SurrogateState`.

    Returns
    -------
    SurrogateState
    """
    structure, index = system.structure, system.index
    products = index.products(curvature)
    if system.beta_prior is not None:
        products = with_precision(products, structure, system.beta_prior.precision(beta))
    f = factorize(products, structure, factors)
    p = structure.p
    selected = backward(f, np.zeros((p + 1, p + 1)))
    variance = index.variance(selected)
    effects = [u @ factor.T for factor, u in zip(factors, u_mean, strict=True)]
    mean = system.offset + index.predictor(beta, effects)
    expectation = system.likelihood.expect(mean, variance, dispersion)
    elbo = (
        float(expectation.value.sum())
        - 0.5 * sum(float(np.vdot(u, u)) for u in u_mean)
        + 0.5 * float(curvature @ variance)
        - 0.5 * f.log_det
    )
    if system.beta_prior is not None:
        elbo += system.beta_prior.log_density(beta)
    return SurrogateState(
        tuple(u_mean), beta, curvature, mean, variance, expectation, f, selected, elbo
    )


def evaluated(
    system: PirlsSystem,
    factors: Sequence[Matrix],
    dispersion: Vector,
    u_mean: Sequence[Matrix],
    beta: Vector,
    curvature: Vector,
) -> SurrogateState | None:
    """See :func:`evaluate`; None where negative weights leave no surrogate."""
    try:
        return evaluate(system, factors, dispersion, u_mean, beta, curvature)
    except np.linalg.LinAlgError:
        return None


def newton_step(system: PirlsSystem, state: SurrogateState, *, fixed_beta: bool) -> NewtonStep:
    """Where a Newton step on the means leads, and the increase of the ELBO that it promises."""
    f = state.factorization
    g = state.expectation.score
    working = state.curvature * (state.mean - system.offset) + g
    raw, fixed_working = system.index.scores(working)
    pull, beta_slope = system.index.scores(g)
    if system.beta_prior is not None:
        slope = system.beta_prior.gradient(state.beta)
        fixed_working += system.beta_prior.precision(state.beta) @ state.beta + slope
        beta_slope += slope
    target, beta = solve_scores(
        f,
        [score.T for score in raw],
        fixed_working,
        beta=state.beta if fixed_beta else None,
    )
    gain, u_slope = float(beta_slope @ (beta - state.beta)), []
    for score, factor, u, goal in zip(pull, f.factors, state.u_mean, target, strict=True):
        u_slope.append(score @ factor - u)
        gain += float(np.vdot(u_slope[-1], goal - u))
    return NewtonStep(target, beta, 0.5 * gain, pull, u_slope, beta_slope)


def with_precision(
    products: CrossProducts, structure: BlockStructure, precision: Matrix
) -> CrossProducts:
    """Cross-products with a precision matrix added to those of the fixed effects."""
    dense = products.dense.copy()
    fixed = slice(structure.U, structure.U + structure.p)
    dense[fixed, fixed] += precision
    return replace(products, dense=dense)


def tempered(weights: Vector, old: Vector) -> Vector:
    """Foretold curvature weights, at least a tenth of the old ones where those are positive."""
    return np.maximum(weights, np.minimum(0.1 * old, old))


def rounding_error(system: PirlsSystem, dispersion: Vector) -> float:
    """What the ELBO may be off by for its rounding, nats.

    The constants of huge counts (``log y!``) cancel against what varies: of counts of 1e9 some
    1e-4 nats are lost, and no tolerance below that can be met.
    """
    constant, _ = system.likelihood.density.constant(dispersion)
    largest = float(np.abs(np.broadcast_to(constant, system.arrays.n)).sum())
    return 4.0 * float(np.finfo(float).eps) * largest


def solve(
    system: PirlsSystem,
    factors: Sequence[Matrix],
    dispersion: Vector,
    start: SurrogateState,
    *,
    fixed_beta: Vector | None = None,
    tolerance: float = 1e-10,
    max_evaluations: int = 200,
    resume: bool = False,
) -> tuple[SurrogateState, PirlsInfo]:
    """Maximise the ELBO over the surrogate (and the fixed effects).

    A Newton step on the means together with a refreshed curvature is a fixed-point map; near
    the optimum it is extrapolated (Anderson acceleration), and no step is taken that lowers
    the ELBO.

    Parameters
    ----------
    system : PirlsSystem
    factors : sequence of float64, shape (d, d)
    dispersion : float64, shape (k,)
    start : SurrogateState
        Its means and curvature are where the iteration starts.
    fixed_beta : float64, shape (p,), optional
        Fixed effects that are not to be optimised over.
    tolerance : float
        Nats: stop when the next step promises less.
    max_evaluations : int
        Limit on factorisations.
    resume : bool
        Whether `start` was evaluated at these very parameters.

    Returns
    -------
    SurrogateState
    PirlsInfo
    """
    state, evaluations = start, 0
    if not resume:
        beta = start.beta if fixed_beta is None else fixed_beta
        first = evaluated(system, factors, dispersion, start.u_mean, beta, start.curvature)
        if first is None or not np.isfinite(first.elbo):
            positive = np.maximum(start.curvature, 0.0)
            first = evaluate(system, factors, dispersion, start.u_mean, beta, positive)
        state, evaluations = first, 1
    history = MixingHistory()
    rounding = rounding_error(system, dispersion)
    while evaluations < max_evaluations:
        try:
            step = newton_step(system, state, fixed_beta=fixed_beta is not None)
        except np.linalg.LinAlgError:  # separation: the curvature has vanished
            return state, PirlsInfo(evaluations, False)
        goal = (step.u_mean, step.beta, state.expectation.curvature)
        shift = (goal[2] - state.curvature) * state.variance
        gain = step.gain + 0.25 * float(shift @ shift)
        if gain <= tolerance:
            return state, PirlsInfo(evaluations, True, gain, step)
        here, there = _joined(state.u_mean, state.beta, state.curvature), _joined(*goal)
        weights = _metric(state)
        noise = max(1e-13 * max(1.0, abs(state.elbo)), rounding)
        history = history.extended(here, there) if gain < _NEAR else MixingHistory()
        for trial in _trials(history, here, there, weights):
            candidate = evaluated(system, factors, dispersion, *_parted(trial, state))
            evaluations += 1
            if candidate is not None and candidate.elbo >= state.elbo - noise:
                state = candidate
                break
            history = MixingHistory()
            if evaluations >= max_evaluations:
                return state, PirlsInfo(evaluations, False, gain, step)
        else:
            return state, PirlsInfo(evaluations, gain <= 1e-6, gain, step)
    return state, PirlsInfo(evaluations, False)


def _trials(
    history: MixingHistory, here: Vector, there: Vector, weights: Vector
) -> Iterator[Vector]:
    """Points to try, best first: the extrapolated one, then shorter and shorter steps."""
    if len(history.points) > 1:
        yield history.mixed(weights)
    for length in _LENGTHS:
        yield here + length * (there - here)


def _joined(u_mean: Sequence[Matrix], beta: Vector, curvature: Vector) -> Vector:
    return np.concatenate([*(u.reshape(-1) for u in u_mean), beta, curvature])


def _parted(joined: Vector, like: SurrogateState) -> tuple[list[Matrix], Vector, Vector]:
    u_mean, start = [], 0
    for u in like.u_mean:
        u_mean.append(joined[start : start + u.size].reshape(u.shape))
        start += u.size
    return u_mean, joined[start : start + like.beta.size], joined[start + like.beta.size :]


def _metric(state: SurrogateState) -> Vector:
    """Weights under which a squared length is about twice a number of nats."""
    q = sum(u.size for u in state.u_mean)
    information = max(float(np.abs(state.curvature).mean()), 1e-8)
    return np.concatenate(
        [np.ones(q), np.full(state.beta.size, information), 0.5 * state.variance**2]
    )
