"""The outer objective of a generalized linear mixed model, warm from one evaluation to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.elbo_gradient import gradient_of
from glmmvi.inference.level_curvature import (
    LevelCurvature,
    has_level_curvature,
    level_curvature,
    predicted_surrogate,
)
from glmmvi.inference.parameter_hessian import OuterLogPrior, prior_hessian
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, solve

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


class _Expansion(NamedTuple):
    """Second derivatives and where they were formed."""

    x: Vector
    state: SurrogateState
    curvature: LevelCurvature
    beta_tangent: Matrix


@dataclass
class OuterObjective:
    """``-2`` times the maximised ELBO, less twice the log priors, and its gradient.

    A function of the packed covariance factors and the dispersion. It remembers the last
    surrogate, from which the next solve starts, and, of a model with one random-effects term,
    the last second derivatives, which tell where the surrogate moves.

    Attributes
    ----------
    system : PirlsSystem
    penalty : callable, optional
        ``(theta, dispersion) -> (log prior, by theta, by dispersion)``.
    looseness : float
        Tolerance of a solve, in units of the last change of the ELBO, 1 nat at most.
    tolerance : float
        Nats; no solve is more exact.
    state : SurrogateState
        The last surrogate.
    inner_evaluations : int
        Factorisations so far.
    """

    system: PirlsSystem
    penalty: OuterLogPrior | None
    looseness: float
    tolerance: float
    state: SurrogateState
    inner_evaluations: int
    change: float = 1.0
    expansion: _Expansion | None = None

    @property
    def n_theta(self) -> int:
        """Number of elements of the packed covariance factors."""
        return sum(size * (size + 1) // 2 for size in self.system.structure.d)

    def __call__(self, x: Vector) -> tuple[float, Vector]:
        """Value and gradient, shape (t + k,)."""
        t = self.n_theta
        # as exact as the progress of the outer iteration asks for
        tolerance = max(self.tolerance, self.looseness * min(1.0, self.change))
        before = self.state.elbo
        self.solve(x, tolerance)
        self.change = abs(self.state.elbo - before)
        by_theta, _, by_dispersion = gradient_of(self.system, self.state)
        value, gradient = -2.0 * self.state.elbo, -2.0 * np.concatenate([by_theta, by_dispersion])
        if self.penalty is not None:
            log_prior, *slopes = self.penalty(x[:t], x[t:])
            value, gradient = value - 2.0 * log_prior, gradient - 2.0 * np.concatenate(slopes)
        return value, gradient

    def solve(self, x: Vector, tolerance: float) -> SurrogateState:
        """The best surrogate at some parameters, which is remembered."""
        t = self.n_theta
        factors = unpack(x[:t], self.system.structure.d)
        start = self._predicted(x)
        self.state, info = solve(self.system, factors, x[t:], start, tolerance=tolerance)
        self.inner_evaluations += info.evaluations
        return self.state

    def hessian(self, x: Vector) -> Matrix | None:
        """Second derivatives at the last evaluated point, shape (t + k, t + k).

        None where they are not to be had exactly.
        """
        t, p = self.n_theta, self.system.structure.p
        k = x.size - t
        if not has_level_curvature(self.system.structure, t + p + k):
            return None
        curvature = level_curvature(self.system, x[t:], self.state)
        prior = prior_hessian(self.system, x[:t], self.state.beta, x[t:], self.penalty)
        hessian = curvature.hessian + prior
        outer, beta = np.r_[0:t, t + p : t + p + k], slice(t, t + p)
        try:
            tangent = -np.linalg.solve(hessian[beta, beta], hessian[beta, outer])
        except np.linalg.LinAlgError:
            return None
        self.expansion = _Expansion(x, self.state, curvature, tangent)
        return -2.0 * (hessian[np.ix_(outer, outer)] + hessian[outer, beta] @ tangent)

    def _predicted(self, x: Vector) -> SurrogateState:
        """Where a solve starts: the last surrogate, moved along its tangent if that is known."""
        if self.expansion is None:
            return self.state
        t = self.n_theta
        at, state, curvature, beta_tangent = self.expansion
        moved = x - at
        by_beta = beta_tangent @ moved
        change = np.concatenate([moved[:t], by_beta, moved[t:]])
        u_mean, weights = predicted_surrogate(self.system, state, curvature, x[:t], change)
        return SurrogateState(
            (u_mean,),
            state.beta + by_beta,
            weights,
            state.mean,
            state.variance,
            state.expectation,
            state.factorization,
            state.selected,
            state.elbo,
        )
