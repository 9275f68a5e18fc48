"""Where the fit of a generalized linear mixed model starts: the model without random effects."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.bounded_bfgs import minimize
from glmmvi.inference.expectations import Likelihood
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, evaluate, solve

Vector = NDArray[np.float64]

LONGEST = 1.5  # most that a covariance factor or a log dispersion moves in one step


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
        if not gain > 1e-8:
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
    beta = glm_start(system, dispersion)
    mean = system.offset + system.arrays.X @ beta
    at = system.likelihood.expect(mean, np.zeros_like(mean), dispersion)
    factors = [np.eye(term.d) for term in system.arrays.terms]
    zero = [np.zeros((term.n_levels, term.d)) for term in system.arrays.terms]
    return evaluate(system, factors, dispersion, zero, beta, np.maximum(at.curvature, 0.0))


def first_surrogate(system: PirlsSystem, dispersion: Vector) -> tuple[SurrogateState, int]:
    """The surrogate at covariance factors of one unit, or of less where that is far too much.

    Too much it may be where the model without random effects has the higher ELBO: then a tenth
    of it is tried, as long as it is better.

    Returns
    -------
    SurrogateState
    int
        Factorisations.
    """
    glm = first_state(system, dispersion)
    mean = system.offset + system.arrays.X @ glm.beta
    without = system.likelihood.expect(mean, np.zeros_like(mean), dispersion)
    goal, size, inner = float(without.value.sum()), 1.0, 0
    best: SurrogateState | None = None
    while best is None or (best.elbo < goal and size > 1e-3):
        factors = [size * np.eye(d) for d in system.structure.d]
        state, info = solve(system, factors, dispersion, glm, tolerance=1e-2)
        inner += info.evaluations
        if best is not None and not state.elbo > best.elbo:
            break
        best, size = state, 0.1 * size
    return best, inner
