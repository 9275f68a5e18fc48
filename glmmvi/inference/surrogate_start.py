"""Where the fit of a generalized linear mixed model starts: the model without random effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.expectations import Likelihood
from glmmvi.inference.variational_pirls import (
    PirlsSystem,
    SurrogateState,
    evaluate,
    evaluated,
    newton_step,
)

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

LONGEST = 1.5  # most that a covariance factor or a log dispersion moves in one step
_STEPS = 20  # of the surrogate and the parameters together
_CLEARLY = 0.5  # nats
_LONGEST_POWER = 4.0  # of a scoring step, in EM steps
_DIFFERENCE = 1e-3  # in an unconstrained dispersion parameter


def predictor_unit(likelihood: Likelihood) -> float:
    """A power of ten near the size of what moves the linear predictor.

    The engine measures random effects in it, so that a fit does not depend on the unit of a
    response whose link has one (identity, inverse). It is 1 for logits and log means.

    Parameters
    ----------
    likelihood : Likelihood

    Returns
    -------
    float
        From the spread of the linear predictor of the responses themselves, or the sd that one
        row leaves in its linear predictor, whichever is larger.
    """
    eta, dispersion = likelihood.start()
    with np.errstate(all="ignore"):
        curvature = likelihood.expect(eta, np.zeros_like(eta), dispersion).curvature
    known = curvature[np.isfinite(curvature) & (curvature > 0.0)]
    spread = float(np.abs(eta - np.median(eta)).mean())
    size = max(spread, 1.0 / np.sqrt(known.mean()) if known.size else 0.0)
    return 10.0 ** round(float(np.log10(size))) if size > 0.0 else 1.0


def glm_start(system: PirlsSystem, dispersion: Vector, *, max_iterations: int = 25) -> Vector:
    """Fixed effects of the model without random effects, by damped Fisher scoring.

    Returns
    -------
    float64, shape (p,)
    """
    X, offset, likelihood = system.arrays.X, system.offset, system.likelihood
    nothing = np.zeros(len(offset))
    eta, _ = likelihood.start()
    beta = X.T @ (eta - offset)  # X is orthonormal
    prior = system.beta_prior
    at = likelihood.expect(offset + X @ beta, nothing, dispersion)
    for _ in range(max_iterations):
        w = np.maximum(at.curvature, 1e-8 * max(float(at.curvature.max()), 1e-8))
        score, information = X.T @ at.score, X.T @ (w[:, None] * X)
        if prior is not None:
            score, information = score + prior.gradient(beta), information + prior.precision(beta)
        if not np.isfinite(information).all() or not np.isfinite(score).all():
            break
        step = np.linalg.lstsq(information, score)[0] if len(beta) else beta
        gain = 0.5 * float(score @ step)
        if not gain > 1e-4:
            break
        length = 1.0
        while length > 1e-6:
            trial = likelihood.expect(offset + X @ (beta + length * step), nothing, dispersion)
            change = 0.0
            if prior is not None:
                change = prior.log_density(beta + length * step) - prior.log_density(beta)
            if trial.value.sum() + change >= at.value.sum():
                break
            length *= 0.4
        else:
            break
        beta, at = beta + length * step, trial
    return beta


def dispersion_start(system: PirlsSystem) -> Vector:
    """Dispersion parameters of the model without random effects, shape (k,)."""
    _, dispersion = system.likelihood.start()
    k = len(dispersion)
    if k == 0:
        return dispersion
    mean = system.offset + system.arrays.X @ glm_start(system, dispersion)
    nothing = np.zeros_like(mean)

    def objective(x: Vector) -> tuple[float, Vector]:
        at = system.likelihood.expect(mean, nothing, x)
        return -2.0 * float(at.value.sum()), -2.0 * at.dispersion_score

    state, _ = minimize(
        objective,
        dispersion,
        np.full(k, -np.inf),
        np.eye(k) * float(system.arrays.n),
        probe=np.ones(k),
        longest=LONGEST,
        tolerance=1e-3,
        max_evaluations=60,
    )
    return state.x


def first_state(system: PirlsSystem, dispersion: Vector) -> SurrogateState:
    """A state to start PIRLS from: the GLM's fixed effects, no random effects."""
    beta, curvature, _ = _without_random_effects(system, dispersion)
    factors = [np.eye(term.d) for term in system.arrays.terms]
    zero = [np.zeros((term.n_levels, term.d)) for term in system.arrays.terms]
    return evaluate(system, factors, dispersion, zero, beta, curvature)


@dataclass(frozen=True)
class FirstSurrogate:
    """Where the first steps led.

    Attributes
    ----------
    state : SurrogateState
        Its covariance factors are those of its factorisation.
    dispersion : float64, shape (k,)
    trace : tuple of float
        The ELBO, nats: of the first surrogate and after every step.
    size : float
        Of the covariance factors at the first, in units of the predictor.
    evaluations : int
        Factorisations.
    """

    state: SurrogateState
    dispersion: Vector
    trace: tuple[float, ...]
    size: float
    evaluations: int


def first_surrogate(system: PirlsSystem, dispersion: Vector) -> FirstSurrogate:
    """A surrogate near the optimum: every step moves it together with the parameters.

    It starts at covariance factors of one unit, or of less where that is far too much: where
    the model without random effects has the higher ELBO, a tenth of it is tried, as long as it
    is better.

    Parameters
    ----------
    system : PirlsSystem
    dispersion : float64, shape (k,)

    Returns
    -------
    FirstSurrogate
    """
    beta, curvature, goal = _without_random_effects(system, dispersion)
    size, evaluations = 1.0, 0
    best: FirstSurrogate | None = None
    while best is None or (best.state.elbo < goal - _CLEARLY and size > 1e-3):
        factors = [size * np.eye(d) for d in system.structure.d]
        first, tried = _better_of_two(system, factors, dispersion, beta, curvature)
        found = _moved_together(system, dispersion, first, size)
        evaluations += tried + found.evaluations
        if best is not None and not found.state.elbo > best.state.elbo:
            break
        best, size = found, 0.1 * size
    return replace(best, evaluations=evaluations)


def _better_of_two(
    system: PirlsSystem,
    factors: list[Matrix],
    dispersion: Vector,
    beta: Vector,
    curvature: Vector,
) -> tuple[SurrogateState, int]:
    """Starts at given covariance factors: no random effects, or those of the responses.

    The latter are the effects in a linear model of the linear predictors that the responses
    have by themselves (R's ``mustart``), with their weights: a Newton step from there does not
    overshoot where one from the fixed effects alone would.
    """
    zero = [np.zeros((term.n_levels, term.d)) for term in system.arrays.terms]
    eta, _ = system.likelihood.start()
    at = system.likelihood.expect(eta, np.zeros_like(eta), dispersion)
    weights = np.maximum(at.curvature, 0.0)
    if not np.isfinite(weights).all() or not np.isfinite(at.score).all():
        return evaluate(system, factors, dispersion, zero, beta, curvature), 1
    plain = evaluate(system, factors, dispersion, zero, beta, weights)
    imagined = replace(plain, mean=eta, expectation=at)
    towards = newton_step(system, imagined, fixed_beta=False)
    moved = evaluate(system, factors, dispersion, towards.u_mean, towards.beta, weights)
    return (moved if moved.elbo > plain.elbo else plain), 2


def _moved_together(
    system: PirlsSystem, dispersion: Vector, state: SurrogateState, size: float
) -> FirstSurrogate:
    """Steps of the surrogate, the covariance factors and the dispersion at once.

    They end when a step gains little. A step that would lower the ELBO is one of the surrogate
    alone, shortened until it does not.
    """
    evaluations, trace = 0, [state.elbo]
    settled, eager = any(u.any() for u in state.u_mean), 1.0
    for _ in range(_STEPS):
        towards = newton_step(system, state, fixed_beta=False)
        u_goal, beta = towards.u_mean, towards.beta
        old = state.factorization.factors
        if settled and eager > 0.1:
            factors = scoring_factors(state, u_goal, eager)
            pairs = zip(factors, old, u_goal, strict=True)
            u = [np.linalg.solve(new, was @ x.T).T for new, was, x in pairs]
            phi = dispersion + _dispersion_step(system, dispersion, state)
            trial = evaluated(system, factors, phi, u, beta, state.expectation.curvature)
            evaluations += 1
            rise = -np.inf if trial is None else trial.elbo - state.elbo
            if trial is not None and rise > 0.0:
                state, dispersion = trial, phi
                trace.append(state.elbo)
                if rise < _CLEARLY:
                    break
                continue
            eager *= 0.25
        length, rise = 1.0, -1.0
        while not rise > 0.0 and length > 1e-3:
            u = [x + length * (goal - x) for x, goal in zip(state.u_mean, u_goal, strict=True)]
            weights = state.curvature + length * (state.expectation.curvature - state.curvature)
            there = state.beta + length * (beta - state.beta)
            trial = evaluated(system, old, dispersion, u, there, weights)
            evaluations += 1
            rise = -np.inf if trial is None else trial.elbo - state.elbo
            settled = length == 1.0
            length *= 0.4
        if trial is None or not rise > 0.0:
            break
        state = trial
        trace.append(state.elbo)
        if rise < _CLEARLY and eager <= 0.1:
            break
    return FirstSurrogate(state, dispersion, tuple(trace), size, evaluations)


def scoring_factors(
    state: SurrogateState, u_goal: Sequence[Matrix], eager: float = 1.0
) -> list[Matrix]:
    """Covariance factors after a scoring step of each term alone.

    Where the surrogate knows the effects well it is the EM step; where a share ``r`` of their
    prior variance is left, EM's step is short by about ``(1 - r)^2``, and is made longer.

    Parameters
    ----------
    state : SurrogateState
    u_goal : sequence of float64, shape (L, d)
        Means of the spherical effects.
    eager : float
        Share of the step that is taken, on the log scale.

    Returns
    -------
    list of float64, shape (d, d)
        Lower triangles.
    """
    f = state.factorization
    moved = []
    for factor, u, block in zip(f.factors, u_goal, state.selected.blocks, strict=True):
        left = _whitened(factor, block.mean(axis=2))
        known = 1.0 - float(np.trace(left)) / len(factor)
        values, vectors = np.linalg.eigh(left + u.T @ u / len(u))
        power = eager * min(1.0 / max(known, 0.1) ** 2, _LONGEST_POWER)
        stretched = (vectors * np.clip(np.maximum(values, 0.0) ** power, 0.01, 100.0)) @ vectors.T
        moved.append(np.linalg.cholesky(factor @ stretched @ factor.T))
    return moved


def _whitened(factor: Matrix, covariance: Matrix) -> Matrix:
    half = np.linalg.solve(factor, covariance)
    return np.asarray(np.linalg.solve(factor, half.T), dtype=np.float64)


def _dispersion_step(system: PirlsSystem, dispersion: Vector, state: SurrogateState) -> Vector:
    """A Newton step of the dispersion parameters at a fixed linear predictor, shape (k,)."""
    k = len(dispersion)
    information = np.empty((k, k))
    for i, step in enumerate(_DIFFERENCE * np.eye(k)):
        sides = [
            system.likelihood.expect(state.mean, state.variance, dispersion + sign * step)
            for sign in (1.0, -1.0)
        ]
        slopes = [side.dispersion_score for side in sides]
        information[i] = (slopes[1] - slopes[0]) / (2.0 * _DIFFERENCE)
    information = 0.5 * (information + information.T)
    if not np.isfinite(information).all() or (k and np.linalg.eigvalsh(information)[0] <= 0.0):
        return np.zeros(k)
    step = np.linalg.solve(information, state.expectation.dispersion_score)
    return np.clip(step, -LONGEST, LONGEST)


def _without_random_effects(
    system: PirlsSystem, dispersion: Vector
) -> tuple[Vector, Vector, float]:
    """Fixed effects, curvature and log likelihood of the model without random effects."""
    beta = glm_start(system, dispersion)
    mean = system.offset + system.arrays.X @ beta
    at = system.likelihood.expect(mean, np.zeros_like(mean), dispersion)
    return beta, np.maximum(at.curvature, 0.0), float(at.value.sum())
