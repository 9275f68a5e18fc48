"""The outer objective of a generalized linear mixed model, warm from one evaluation to the next.

Between evaluations it knows how the best surrogate moves with the parameters (its *tangents*).
They tell where a solve starts; and a surrogate that is not quite the best one gives a gradient
that is right to second order once its own slopes, along the tangents, are added: an inexact
solve is as good as an exact one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.bounded_bfgs import LocalModel
from glmmvi.inference.elbo_gradient import factor_gradients
from glmmvi.inference.implicit_hessian import has_implicit_hessian, implicit_hessian
from glmmvi.inference.level_curvature import has_level_curvature, level_curvature
from glmmvi.inference.parameter_hessian import OuterLogPrior, prior_hessian
from glmmvi.inference.profiled_deviance import pack, unpack
from glmmvi.inference.row_curvature import row_curvature, row_tangents
from glmmvi.inference.row_parts import PartBatch
from glmmvi.inference.surrogate_expansion import LevelExpansion, TangentExpansion, combined
from glmmvi.inference.variational_pirls import (
    PirlsInfo,
    PirlsSystem,
    SurrogateState,
    solve,
)

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_NOISE = 1e-13  # relative rounding error of the objective
_EVERY = 6  # steps of the outer iteration: exact second derivatives
_FIRST = 1e-3  # nats: tolerance of a solve before the tangents are known
_INEXACT = 3e-2  # tolerance of a solve, of the decrease promised, with the tangents known
_ASTRAY = 1e4  # what tangents may add, squared, of what a solve is short of
_SAME = 3e-4  # relative change of second derivatives that is none


class _Point(NamedTuple):
    """An evaluation of the objective."""

    x: Vector
    value: float
    gradient: Vector
    state: SurrogateState
    info: PirlsInfo


class _Known(NamedTuple):
    """Second derivatives of the ELBO by all parameters, and where they were taken."""

    x: Vector
    gain: float
    hessian: Matrix
    outer: Matrix


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
    sharpness : float
        At least 1: by how much an inexact surrogate weighs more in the gradient than in the
        value.
    tolerance : float
        Nats; no solve is more exact.
    enough : float
        Decrease at which the outer iteration ends, unless second derivatives that are fresh
        promise more.
    start : SurrogateState
        Where the first solve starts.
    start_x : float64, shape (t + k,)
        The parameters that it was evaluated at.
    inner_evaluations : int
        Factorisations so far.
    """

    system: PirlsSystem
    penalty: OuterLogPrior | None
    sharpness: float
    tolerance: float
    enough: float
    start: SurrogateState
    start_x: Vector
    inner_evaluations: int
    steps: int = 0
    best: _Point | None = None
    expansion: LevelExpansion | TangentExpansion | None = None
    known: _Known | None = None

    @property
    def n_theta(self) -> int:
        """Number of elements of the packed covariance factors."""
        return sum(size * (size + 1) // 2 for size in self.system.structure.d)

    def __call__(self, x: Vector) -> tuple[float, Vector]:
        """Value and gradient, shape (t + k,)."""
        best, wanted = self.best, _FIRST / self.sharpness
        if best is not None:  # by a quasi-Newton step, in nats
            wanted = self._wanted(0.25 * abs(float(best.gradient @ (x - best.x))))
        # as exact as the progress of the outer iteration asks for
        point = self._point(x, *self._solved(x, max(self.tolerance, wanted)))
        if best is None or point.value <= best.value + _NOISE * max(1.0, abs(point.value)):
            self.best = point
        return point.value, point.gradient

    def solve(self, x: Vector, tolerance: float) -> SurrogateState:
        """The best surrogate at some parameters."""
        return self._solved(x, tolerance)[0]

    def model(self, x: Vector, expected: float) -> LocalModel | None:
        """What is known where the objective was smallest.

        Second derivatives, and with the tangents that they bring a better gradient. In the
        steps after those where they were formed quasi-Newton updates do for a while; where
        those promise no more they are formed again, and do for the standard errors. None where
        nothing new is known.

        Parameters
        ----------
        x : float64, shape (t + k,)
        expected : float
            Decrease that the next step promises.
        """
        self.steps += 1
        if self.best is None or not np.array_equal(x, self.best.x):
            return None
        before, hessian = self.best, None
        ends = expected <= self.enough and self.known_hessian(x) is None
        if ends:
            self._tighten(self.enough)
        if self.steps % _EVERY == 1 or ends:
            hessian = self._hessian(expected)
        if self.expansion is None:
            self._tighten(self._wanted(0.5 * expected))
        if hessian is None and self.best is before:
            return None
        self.best = self._point(x, self.best.state, self.best.info)
        return LocalModel(self.best.value, self.best.gradient, hessian)

    def known_hessian(self, x: Vector) -> Matrix | None:
        """Second derivatives of the ELBO by ``(theta, beta, dispersion)``, where they are known.

        They are those of a point so near that they cannot be told from those at `x`: a variance
        component of `L` levels has a log likelihood as skew as ``sqrt(8 / L)``, and along a
        standard error its second derivative changes by that much.
        """
        if self.known is None:
            return None
        away = x - self.known.x
        distance = abs(float(away @ self.known.outer @ away)) + 2.0 * self.known.gain
        return self.known.hessian if distance <= self._nowhere else None

    @property
    def _nowhere(self) -> float:
        """Squared distance, in standard errors, over which second derivatives do not change."""
        return _SAME**2 * min(self.system.structure.n_levels) / 8.0

    def _wanted(self, promised: float) -> float:
        """How exact a solve is to be where the outer iteration is promised so many nats."""
        share = 1e-5 if self.expansion is None else _INEXACT
        return share / self.sharpness * min(0.1, promised)

    def _solved(self, x: Vector, tolerance: float) -> tuple[SurrogateState, PirlsInfo]:
        best, near = self.best, self.start
        resume = np.array_equal(x, self.start_x if best is None else best.x)
        if best is not None:
            near = best.state
            if resume and best.info.gain <= tolerance:
                return near, best.info
        start = near
        if best is not None and self.expansion is not None and not resume:
            from_there, step = near, best.info.step
            if step is not None and best.info.converged:
                from_there = replace(near, u_mean=tuple(step.u_mean), beta=step.beta)
            start = self.expansion.moved(self.system, from_there, x, x - best.x)
        found, info = self._from(x, start, tolerance, resume)
        if start is not near and not info.converged:  # the tangent may lead too far
            other, of_other = self._from(x, near, tolerance, False)
            if other.elbo > found.elbo:
                return other, of_other
        return found, info

    def _from(
        self, x: Vector, start: SurrogateState, tolerance: float, resume: bool
    ) -> tuple[SurrogateState, PirlsInfo]:
        t = self.n_theta
        factors = unpack(x[:t], self.system.structure.d)
        found, info = solve(self.system, factors, x[t:], start, tolerance=tolerance, resume=resume)
        self.inner_evaluations += info.evaluations
        return found, info

    def _point(self, x: Vector, state: SurrogateState, info: PirlsInfo) -> _Point:
        """Value, and the gradient to second order in what the surrogate is short of the best.

        Where the tangents add more than an inexact solve can be short of (a fixed effect that
        goes to infinity moves as far with any parameter), they are forgotten, and the solve is
        made exact.
        """
        t, step = self.n_theta, info.step
        pull = None if step is None else step.pull
        by_theta = pack(factor_gradients(self.system, state, pull))
        gradient = np.concatenate([by_theta, state.expectation.dispersion_score])
        if self.expansion is not None and step is not None and info.converged:
            by_variance = 0.5 * (state.curvature - state.expectation.curvature)
            added = self.expansion.slopes(self.system, step, step.beta_slope, by_variance)
            if float(np.square(added) @ self.expansion.inverse) > _ASTRAY * info.gain:
                self.expansion = None
                tolerance = max(self.tolerance, self._wanted(info.gain))
                return self._point(x, *self._from(x, state, tolerance, True))
            gradient += added
        value, gradient = -2.0 * state.elbo, -2.0 * gradient
        if self.penalty is not None:
            log_prior, *slopes = self.penalty(x[:t], x[t:])
            value, gradient = value - 2.0 * log_prior, gradient - 2.0 * np.concatenate(slopes)
        return _Point(x, value, gradient, state, info)

    def _tighten(self, gain: float) -> None:
        """The best surrogate where the objective was smallest, short of no more than a gain."""
        best = self.best
        if best is not None and best.info.gain > max(self.tolerance, gain):
            self.best = self._point(best.x, *self._solved(best.x, max(self.tolerance, gain)))

    def _hessian(self, expected: float) -> Matrix | None:
        """Second derivatives where the objective was smallest, shape (t + k, t + k), or None.

        Near the optimum they are taken by all parameters: they may do for the standard errors.
        """
        by_all = expected <= 10.0 * self._nowhere
        if by_all:
            self._tighten(0.25 * self._nowhere)
        at = self.best
        if at is None:
            return None
        try:
            if has_level_curvature(self.system.structure, at.x.size + self.system.structure.p):
                return self._by_level(at)
            if (parts := self.system.parts) is not None:
                return self._by_rows(at, parts)
            if has_implicit_hessian(at.state.factorization.factors):
                return self._by_tangents(at, by_all)
        except np.linalg.LinAlgError:  # far from the optimum
            pass
        return None

    def _by_tangents(self, at: _Point, by_all: bool) -> Matrix:
        t, nothing, x = self.n_theta, np.zeros(0), at.x
        hessian, tangents, factorizations = implicit_hessian(
            self.system, x[t:], at.state, fixed_beta=by_all
        )
        self.inner_evaluations += factorizations
        if by_all:
            outer, along = self._over_beta(at, hessian)
            self.expansion = TangentExpansion(
                combined(tangents, along, self._beta), _inverse(outer)
            )
            return outer
        outer = -2.0 * (hessian + prior_hessian(self.system, x[:t], nothing, x[t:], self.penalty))
        self.expansion = TangentExpansion(tangents, _inverse(outer))
        return outer

    def _by_level(self, at: _Point) -> Matrix:
        curvature = level_curvature(self.system, at.x[self.n_theta :], at.state)
        outer, along = self._over_beta(at, curvature.hessian)
        self.expansion = LevelExpansion(curvature, along, _inverse(outer))
        return outer

    def _by_rows(self, at: _Point, parts: Sequence[PartBatch]) -> Matrix:
        curvature = row_curvature(self.system, parts, at.x[self.n_theta :], at.state)
        outer, along = self._over_beta(at, curvature.hessian)
        tangents = row_tangents(self.system, at.state, curvature, along)
        self.expansion = TangentExpansion(tangents, _inverse(outer))
        return outer

    @property
    def _beta(self) -> slice:
        return slice(self.n_theta, self.n_theta + self.system.structure.p)

    def _over_beta(self, at: _Point, hessian: Matrix) -> tuple[Matrix, Matrix]:
        """Second derivatives of the objective, the fixed effects the best ones.

        Parameters
        ----------
        at : _Point
        hessian : float64, shape (t + p + k, t + p + k)
            Of the ELBO by all parameters.

        Returns
        -------
        outer : float64, shape (t + k, t + k)
        along : float64, shape (t + p + k, t + k)
            How all parameters move with the outer ones.
        """
        t, beta, x = self.n_theta, self._beta, at.x
        whole = hessian + prior_hessian(self.system, x[:t], at.state.beta, x[t:], self.penalty)
        outer = np.delete(np.arange(len(whole)), beta)
        along = np.zeros((len(whole), outer.size))
        along[outer] = np.eye(outer.size)
        along[beta] = -np.linalg.solve(whole[beta, beta], whole[beta, outer])
        reduced = -2.0 * along.T @ whole @ along
        self.known = _Known(x, at.info.gain, hessian, reduced)
        return reduced, along


def _inverse(hessian: Matrix) -> Vector:
    """Inverse diagonal, shape (k,)."""
    return 1.0 / np.maximum(np.abs(np.diag(hessian)), 1e-300)
