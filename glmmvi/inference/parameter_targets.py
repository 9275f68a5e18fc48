"""Log joint densities of data and all parameters, with gradients: what a Gaussian is fitted to.

Coordinates, on the user's scale: for each term those of `correlation_coordinates`, then the
fixed effects, then ``log sigma`` (linear) or the unconstrained dispersion (generalized). Every
Jacobian is included: these are densities over the coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference import correlation_coordinates as coordinates
from glmmvi.inference.block_factorization import (
    BlockFactorization,
    backward,
    factorize,
    random_effects,
)
from glmmvi.inference.covariance_coordinates import engine_factor_and_rotation
from glmmvi.inference.elbo_gradient import factor_gradients
from glmmvi.inference.gaussian_posterior import GaussianPosterior
from glmmvi.inference.generalized_mixed import GeneralizedMixedProblem
from glmmvi.inference.linear_mixed import LinearMixedProblem
from glmmvi.inference.parameter_posterior import Evaluation
from glmmvi.inference.penalized_linear import weights_constant
from glmmvi.inference.penalty import Penalty, TermPrior
from glmmvi.inference.surrogate_start import first_state
from glmmvi.inference.variational_pirls import SurrogateState, solve

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_FARTHEST = 100.0  # log sds beyond which the density is taken as 0: no overflow


@dataclass(frozen=True)
class ParameterLayout:
    """Where each parameter stands among the coordinates.

    Attributes
    ----------
    d : tuple of int
        Columns of each term.
    p : int
        Fixed effects.
    k : int
        ``log sigma``, or dispersion parameters.
    """

    d: tuple[int, ...]
    p: int
    k: int

    @property
    def terms(self) -> list[slice]:
        """Coordinates of each term."""
        ends = np.cumsum([0, *(coordinates.size(d) for d in self.d)]).tolist()
        return [slice(a, b) for a, b in pairwise(ends)]

    @property
    def beta(self) -> slice:
        """The fixed effects."""
        start = sum(coordinates.size(d) for d in self.d)
        return slice(start, start + self.p)

    @property
    def last(self) -> slice:
        """``log sigma`` or the dispersion."""
        return slice(self.beta.stop, self.beta.stop + self.k)

    def factors(self, x: Vector) -> list[Matrix]:
        """Square roots of the covariance matrices, shapes (d, d)."""
        return [coordinates.to_factor(x[at], d) for at, d in zip(self.terms, self.d, strict=True)]


def term_log_prior(prior: TermPrior, x: Vector, d: int) -> tuple[float, Vector]:
    """Log prior density over the coordinates of a term, and its gradient."""
    value, slope = -prior.log_normalizer, np.zeros(len(x))
    for j, (density, log_sd) in enumerate(zip(prior.sds, x[:d], strict=True)):
        sd = float(np.exp(log_sd))
        part, by_sd = density(sd)
        value += part + float(log_sd)
        slope[j] = by_sd * sd + 1.0
    if d > 1:
        part, slope[d:] = coordinates.lkj_log_density(x[d:], d, prior.concentration)
        value += part
    return value, slope


def _covariance_log_prior(
    penalty: Penalty, layout: ParameterLayout, x: Vector
) -> tuple[float, list[Vector]]:
    parts = [
        term_log_prior(prior, x[at], d)
        for prior, at, d in zip(penalty.terms, layout.terms, layout.d, strict=True)
    ]
    return sum(value for value, _ in parts), [slope for _, slope in parts]


def _too_far(layout: ParameterLayout, x: Vector) -> bool:
    far = any(
        np.abs(x[at][:d]).max() > _FARTHEST for at, d in zip(layout.terms, layout.d, strict=True)
    )
    return far or not np.isfinite(x).all()


@dataclass(frozen=True)
class GeneralizedTarget:
    """The target of a generalized model: the surrogate's ELBO plus the log prior.

    Attributes
    ----------
    problem : GeneralizedMixedProblem
    penalty : Penalty
        Its dispersion densities are over the unconstrained parameters.
    layout : ParameterLayout
    """

    problem: GeneralizedMixedProblem
    penalty: Penalty
    layout: ParameterLayout

    def __call__(self, x: Vector, start: Any) -> Evaluation:
        """Evaluate; `start` is the surrogate of an earlier evaluation, or None."""
        layout, system, basis = self.layout, self.problem.system, self.problem.basis
        if _too_far(layout, x):
            return Evaluation(-np.inf, np.zeros(len(x)), np.zeros(0), start)
        pairs = self._pairs(x)
        dispersion, beta = x[layout.last], x[layout.beta]
        first: SurrogateState = first_state(system, dispersion) if start is None else start
        state, _ = solve(
            system,
            [L for L, _ in pairs],
            dispersion,
            first,
            fixed_beta=basis.X_factor @ beta,
            tolerance=1e-9,
        )
        value, by_terms = _covariance_log_prior(self.penalty, layout, x)
        more, by_dispersion = self.penalty.of_dispersion(dispersion)
        gradient = np.empty(len(x))
        for at, G, (_, Q), R, slope in zip(
            layout.terms,
            factor_gradients(system, state),
            pairs,
            basis.Z_factors,
            by_terms,
            strict=True,
        ):
            gradient[at] = coordinates.gradient(x[at], R.T @ G @ Q) + slope
        by_beta = basis.X_factor.T @ (system.arrays.X.T @ state.expectation.score)
        gradient[layout.beta] = by_beta + self.penalty.beta.gradient(beta)
        gradient[layout.last] = state.expectation.dispersion_score + by_dispersion
        value += more + state.elbo + self.penalty.beta.log_density(beta)
        effects = [u @ Q for u, (_, Q) in zip(state.u_mean, pairs, strict=True)]
        return Evaluation(float(value), gradient, _flat(effects), state)

    def _pairs(self, x: Vector) -> list[tuple[Matrix, Matrix]]:
        triangles = self.problem.basis.Z_factors
        return [
            engine_factor_and_rotation(M, R)
            for M, R in zip(self.layout.factors(x), triangles, strict=True)
        ]

    def posterior(self, x: Vector, at: Evaluation) -> GaussianPosterior:
        """The random effects' covariance given the parameters, spherical scale."""
        rotations = tuple(Q.T for _, Q in self._pairs(x))
        return GaussianPosterior(at.state.factorization, rotations, 1.0)

    def blocks(self, x: Vector, at: Evaluation) -> list[Matrix]:
        """Covariance matrices of each level's spherical effects, shapes (L, d, d)."""
        state: SurrogateState = at.state
        return _spherical_blocks(self._pairs(x), state.selected.blocks, state.factorization)


@dataclass(frozen=True)
class LinearTarget:
    """The target of a linear mixed model: the log likelihood plus the log prior.

    Attributes
    ----------
    problem : LinearMixedProblem
    penalty : Penalty
    layout : ParameterLayout
    """

    problem: LinearMixedProblem
    penalty: Penalty
    layout: ParameterLayout

    def __call__(self, x: Vector, start: Any) -> Evaluation:
        """Evaluate; `start` is not used."""
        layout, problem, basis = self.layout, self.problem, self.problem.basis
        if _too_far(layout, x) or abs(x[-1]) > _FARTHEST:
            return Evaluation(-np.inf, np.zeros(len(x)), np.zeros(0), start)
        structure, n, p = problem.structure, problem.products.n, layout.p
        log_sigma = float(x[layout.last][0])
        sigma = float(np.exp(log_sigma))
        scaled, pairs = sigma / basis.y_scale, self._pairs(x)
        f = factorize(problem.products, structure, [L for L, _ in pairs])
        beta = x[layout.beta]
        engine_beta = basis.X_factor @ (beta - basis.ols) / basis.y_scale
        v = np.append(-engine_beta, 1.0)
        residual = f.fixed @ v
        pwrss = float(v @ residual)
        deviance = f.log_det + n * np.log(2.0 * np.pi * sigma**2) + pwrss / scaled**2
        by_factor = backward(f, np.outer(v, v) / scaled**2).factors

        value, by_terms = _covariance_log_prior(self.penalty, layout, x)
        gradient, along = np.empty(len(x)), 0.0
        for at, G, (L, Q), R, slope in zip(
            layout.terms, by_factor, pairs, basis.Z_factors, by_terms, strict=True
        ):
            by_moved = -0.5 * R.T @ G @ Q / sigma
            gradient[at] = coordinates.gradient(x[at], by_moved) + slope
            along += float(np.vdot(G, L))
        by_beta = basis.X_factor.T @ residual[:p] / scaled**2 / basis.y_scale
        gradient[layout.beta] = by_beta + self.penalty.beta.gradient(beta)
        by_log_sigma = -n + pwrss / scaled**2 + 0.5 * along + 1.0
        value += log_sigma
        if self.penalty.sigma is not None:
            part, by_sigma = self.penalty.sigma(sigma)
            value += part
            by_log_sigma += sigma * by_sigma
        gradient[layout.last] = by_log_sigma
        value += -0.5 * (deviance + weights_constant(problem)) + self.penalty.beta.log_density(beta)
        unit = basis.y_scale / sigma
        effects = [
            unit * u @ Q for u, (_, Q) in zip(random_effects(f, engine_beta), pairs, strict=True)
        ]
        return Evaluation(float(value), gradient, _flat(effects), f)

    def _pairs(self, x: Vector) -> list[tuple[Matrix, Matrix]]:
        sigma = float(np.exp(x[self.layout.last][0]))
        return [
            engine_factor_and_rotation(M / sigma, R)
            for M, R in zip(self.layout.factors(x), self.problem.basis.Z_factors, strict=True)
        ]

    def posterior(self, x: Vector, at: Evaluation) -> GaussianPosterior:
        """The random effects' covariance given the parameters, spherical scale."""
        return GaussianPosterior(at.state, tuple(Q.T for _, Q in self._pairs(x)), 1.0)

    def blocks(self, x: Vector, at: Evaluation) -> list[Matrix]:
        """Covariance matrices of each level's spherical effects, shapes (L, d, d)."""
        p = self.layout.p
        f: BlockFactorization = at.state
        selected = backward(f, np.zeros((p + 1, p + 1)))
        return _spherical_blocks(self._pairs(x), selected.blocks, f)


def _spherical_blocks(
    pairs: Sequence[tuple[Matrix, Matrix]], blocks: Sequence[Matrix], f: BlockFactorization
) -> list[Matrix]:
    """``Lambda V Lambda'`` of every level, brought to the user's spherical effects."""
    moved = []
    for (L, Q), block in zip(pairs, blocks, strict=True):
        inverse = Q.T @ np.linalg.inv(L)
        moved.append(np.einsum("ab,bcl,dc->lad", inverse, block, inverse))
    return moved


def _flat(effects: Sequence[Matrix]) -> Vector:
    return np.concatenate([u.reshape(-1) for u in effects]) if effects else np.zeros(0)
