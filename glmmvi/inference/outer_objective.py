"""The outer objective of a generalized linear mixed model, warm from one evaluation to the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.implicit_hessian import Tangent, has_implicit_hessian, implicit_hessian
from glmmvi.inference.level_curvature import (
    LevelCurvature,
    has_level_curvature,
    level_curvature,
    predicted_surrogate,
)
from glmmvi.inference.parameter_hessian import OuterLogPrior, prior_hessian
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, solve, tempered

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_NOISE = 1e-13  # relative rounding error of the objective
_EVERY = 6  # steps of the outer iteration: exact second derivatives


@dataclass(frozen=True)
class _LevelExpansion:
    """How the surrogate of a model with one random-effects term moves."""

    curvature: LevelCurvature
    beta_tangent: Matrix

    def moved(
        self, system: PirlsSystem, state: SurrogateState, x: Vector, change: Vector
    ) -> SurrogateState:
        """The surrogate at `x`, a change of parameters away, to first order."""
        t, beta = x.size - system.likelihood.n_dispersion, self.beta_tangent @ change
        every = np.concatenate([change[:t], beta, change[t:]])
        u_mean, weights = predicted_surrogate(system, state, self.curvature, x[:t], every)
        return replace(state, u_mean=(u_mean,), beta=state.beta + beta, curvature=weights)


@dataclass(frozen=True)
class _Expansion:
    """How the surrogate of any model moves."""

    tangents: list[Tangent]

    def moved(
        self, system: PirlsSystem, state: SurrogateState, x: Vector, change: Vector
    ) -> SurrogateState:
        """The surrogate at `x`, a change of parameters away, to first order."""
        u_mean, beta, old = list(state.u_mean), state.beta, state.expectation.curvature
        weights = old
        for step, tangent in zip(change, self.tangents, strict=True):
            u_mean = [u + step * du for u, du in zip(u_mean, tangent.u_mean, strict=True)]
            beta = beta + step * tangent.beta
            weights = weights + step * tangent.curvature
        curvature = tempered(weights, old)
        return replace(state, u_mean=tuple(u_mean), beta=beta, curvature=curvature)


class _Point(NamedTuple):
    """An evaluation of the objective."""

    x: Vector
    value: float
    gradient: Vector
    state: SurrogateState
    tolerance: float


@dataclass
class OuterObjective:
    """``-2`` times the maximised ELBO, less twice the log priors, and its gradient.

    A function of the packed covariance factors and the dispersion. It remembers where it was
    smallest, from which surrogate the next solve starts, and the last second derivatives, which
    tell where the surrogate moves.

    Attributes
    ----------
    system : PirlsSystem
    penalty : callable, optional
        ``(theta, dispersion) -> (log prior, by theta, by dispersion)``.
    looseness : float
        Tolerance of a solve, in units of the decrease that a step promises.
    tolerance : float
        Nats; no solve is more exact.
    start : SurrogateState
        Where the first solve starts.
    inner_evaluations : int
        Factorisations so far.
    """

    system: PirlsSystem
    penalty: OuterLogPrior | None
    looseness: float
    tolerance: float
    start: SurrogateState
    inner_evaluations: int
    steps: int = 0
    best: _Point | None = None
    expansion: _LevelExpansion | _Expansion | None = None

    @property
    def n_theta(self) -> int:
        """Number of elements of the packed covariance factors."""
        return sum(size * (size + 1) // 2 for size in self.system.structure.d)

    def __call__(self, x: Vector) -> tuple[float, Vector]:
        """Value and gradient, shape (t + k,)."""
        t, best, promised = self.n_theta, self.best, 1.0
        if best is not None:  # by a quasi-Newton step, in nats
            promised = 0.25 * abs(float(best.gradient @ (x - best.x)))
        # as exact as the progress of the outer iteration asks for
        tolerance = max(self.tolerance, self.looseness * min(0.1, promised))
        state = self.solve(x, tolerance)
        by_theta, _, by_dispersion = gradient_of(self.system, state)
        value, gradient = -2.0 * state.elbo, -2.0 * np.concatenate([by_theta, by_dispersion])
        if self.penalty is not None:
            log_prior, *slopes = self.penalty(x[:t], x[t:])
            value, gradient = value - 2.0 * log_prior, gradient - 2.0 * np.concatenate(slopes)
        if best is None or value <= best.value + _NOISE * max(1.0, abs(value)):
            self.best = _Point(x, value, gradient, state, tolerance)
        return value, gradient

    def solve(self, x: Vector, tolerance: float) -> SurrogateState:
        """The best surrogate at some parameters."""
        t, best, near = self.n_theta, self.best, self.start
        if best is not None:
            near = best.state
            if np.array_equal(x, best.x) and best.tolerance <= tolerance:
                return near
        start = near
        if best is not None and self.expansion is not None:
            start = self.expansion.moved(self.system, near, x, x - best.x)
        factors = unpack(x[:t], self.system.structure.d)
        found, info = solve(self.system, factors, x[t:], start, tolerance=tolerance)
        self.inner_evaluations += info.evaluations
        if start is not near and not info.converged:  # the tangent may lead too far
            other, info = solve(self.system, factors, x[t:], near, tolerance=tolerance)
            self.inner_evaluations += info.evaluations
            found = max(found, other, key=lambda state: state.elbo)
        return found

    def hessian(self, x: Vector) -> Matrix | None:
        """Second derivatives where the objective was smallest, shape (t + k, t + k).

        None elsewhere, where they are not to be had, and in the steps after those where they
        were: quasi-Newton updates do for a while.
        """
        self.steps += 1
        if self.best is None or not np.array_equal(x, self.best.x) or self.steps % _EVERY != 1:
            return None
        state = self.best.state
        try:
            if has_level_curvature(self.system.structure, x.size + self.system.structure.p):
                return self._by_level(x, state)
            if has_implicit_hessian(state.factorization.factors):
                return self._by_tangents(x, state)
        except np.linalg.LinAlgError:  # far from the optimum
            pass
        return None

    def _by_tangents(self, x: Vector, state: SurrogateState) -> Matrix:
        t, nothing = self.n_theta, np.zeros(0)
        hessian, tangents, factorizations = implicit_hessian(
            self.system, x[t:], state, fixed_beta=False
        )
        self.inner_evaluations += factorizations
        self.expansion = _Expansion(tangents)
        return -2.0 * (hessian + prior_hessian(self.system, x[:t], nothing, x[t:], self.penalty))

    def _by_level(self, x: Vector, state: SurrogateState) -> Matrix:
        t, p = self.n_theta, self.system.structure.p
        curvature = level_curvature(self.system, x[t:], state)
        prior = prior_hessian(self.system, x[:t], state.beta, x[t:], self.penalty)
        hessian = curvature.hessian + prior
        outer, beta = np.r_[0:t, t + p : x.size + p], slice(t, t + p)
        solved = np.linalg.solve(hessian[beta, beta], hessian[beta, outer])
        tangent = -np.asarray(solved, dtype=np.float64)
        self.expansion = _LevelExpansion(curvature, tangent)
        return -2.0 * (hessian[np.ix_(outer, outer)] + hessian[outer, beta] @ tangent)
