"""Derivatives of the ELBO at the best surrogate, by the envelope theorem."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import factorize
from glmmvi.inference.profiled_deviance import pack
from glmmvi.inference.variational_pirls import (
    PirlsSystem,
    SurrogateState,
    with_precision,
)

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


def factor_gradients(
    system: PirlsSystem, state: SurrogateState, scores: list[Matrix] | None = None
) -> list[Matrix]:
    """Derivatives of the ELBO by all elements of each covariance factor, shapes (d, d).

    `scores` are the expected log likelihood's slopes by every level's effects, where known.
    """
    by_factor = []
    if scores is None:
        scores, _ = system.index.scores(state.expectation.score)
    for score, u, log_det in zip(scores, state.u_mean, state.selected.factors, strict=True):
        by_factor.append(score.T @ u - 0.5 * log_det)
    return by_factor


def gradient_of(system: PirlsSystem, state: SurrogateState) -> tuple[Vector, Vector, Vector]:
    """Derivatives of the ELBO at the best surrogate: by theta, beta and the dispersion."""
    by_theta = pack(factor_gradients(system, state))
    by_beta = system.arrays.X.T @ state.expectation.score
    if system.beta_prior is not None:
        by_beta = by_beta + system.beta_prior.gradient(state.beta)
    return by_theta, by_beta, state.expectation.dispersion_score


def level_information(system: PirlsSystem, curvature: Vector) -> list[float]:
    """What a level tells of each of its random effects, on average, for every term."""
    return [
        max(float(curvature @ np.square(term.Z).mean(axis=1)) / term.n_levels, 0.1)
        for term in system.arrays.terms
    ]


def second_moments(state: SurrogateState) -> list[Matrix]:
    """``E[b b']`` of every level of every term under the surrogate, shapes (d, d, L)."""
    moments = []
    for u, factor, block in zip(
        state.u_mean, state.factorization.factors, state.selected.blocks, strict=True
    ):
        b = u @ factor.T
        moments.append(block + np.einsum("la,lb->abl", b, b))
    return moments


def schur_complement(system: PirlsSystem, state: SurrogateState) -> Matrix:
    """``X'WX - X'WA (I + A'WA)^-1 A'WX`` in the engine's basis, shape (p, p)."""
    products = system.index.products(state.curvature)
    if system.beta_prior is not None:
        precision = system.beta_prior.precision(state.beta)
        products = with_precision(products, system.structure, precision)
    f = factorize(products, system.structure, state.factorization.factors)
    p = system.structure.p
    return f.fixed[:p, :p]
