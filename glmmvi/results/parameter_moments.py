"""Moments of a Gaussian over unconstrained parameters, on the parameters' own scales."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference import correlation_coordinates
from glmmvi.inference.parameter_posterior import ParameterPosterior
from glmmvi.inference.parameter_targets import GeneralizedTarget, LinearTarget
from glmmvi.results.posterior_moments import Moments

Array = NDArray[np.float64]

N_DRAWS = 4000


def parameter_moments(
    target: GeneralizedTarget | LinearTarget, parameters: ParameterPosterior
) -> Moments:
    """Posterior moments of a model.

    Sds and sigma are lognormal: exact. Random effects, products of a covariance factor and
    spherical effects, by the quadrature that the Gaussian was fitted with. Correlations by 4,000
    draws (always the same).

    Parameters
    ----------
    target : GeneralizedTarget or LinearTarget
    parameters : ParameterPosterior

    Returns
    -------
    Moments
    """
    layout, m, C = target.layout, parameters.mean, parameters.scale_tril
    covariance = C @ C.T
    variance = np.diag(covariance)
    z = np.random.default_rng(0).standard_normal((N_DRAWS, len(m)))
    draws = m + z @ C.T

    sds, correlations = [], []
    for at, d in zip(layout.terms, layout.d, strict=True):
        logs = slice(at.start, at.start + d)
        sds.append(_lognormal(m[logs], variance[logs]))
        products = np.ones((1, 1, 1))
        if d > 1:
            rows = draws[:, logs.stop : at.stop]
            factors = np.array([correlation_coordinates.cholesky(y, d) for y in rows])
            products = factors @ factors.swapaxes(-1, -2)
        correlations.append(products)
    b, b_cov = _effects(target, parameters)
    last, sigma = layout.last, (np.array(1.0), np.array(0.0), np.array(1.0))
    if isinstance(target, LinearTarget):
        sigma = tuple(part[0] for part in _lognormal(m[last], variance[last]))
        last = slice(last.stop, last.stop)
    return Moments(
        beta=m[layout.beta],
        beta_sd=np.sqrt(variance[layout.beta]),
        beta_cov=covariance[layout.beta, layout.beta],
        sds=tuple(mean for mean, _, _ in sds),
        sds_sd=tuple(sd for _, sd, _ in sds),
        sds_median=tuple(median for _, _, median in sds),
        correlations=tuple(products.mean(axis=0) for products in correlations),
        correlations_sd=tuple(products.std(axis=0) for products in correlations),
        sigma=float(sigma[0]),
        sigma_sd=float(sigma[1]),
        sigma_median=float(sigma[2]),
        b=b,
        b_sd=tuple(np.sqrt(np.einsum("ldd->ld", part)) for part in b_cov),
        b_cov=b_cov,
        dispersion=m[last],
        dispersion_sd=np.sqrt(variance[last]),
        dispersion_cov=covariance[last, last],
    )


def _lognormal(log_mean: Array, log_variance: Array) -> tuple[Array, Array, Array]:
    """Mean, sd and median."""
    mean = np.exp(log_mean + 0.5 * log_variance)
    return mean, mean * np.sqrt(np.expm1(log_variance)), np.exp(log_mean)


def split_effects(flat: Array, levels: tuple[int, ...], d: tuple[int, ...]) -> list[Array]:
    """Random effects of all terms in one vector, as arrays of shape (L, d)."""
    parts, start = [], 0
    for L, size in zip(levels, d, strict=True):
        parts.append(flat[start : start + L * size].reshape(L, size))
        start += L * size
    return parts


def levels_of(target: GeneralizedTarget | LinearTarget) -> tuple[int, ...]:
    """Levels of every term."""
    problem = target.problem
    structure = problem.structure if hasattr(problem, "structure") else problem.system.structure
    return structure.n_levels


def _effects(
    target: GeneralizedTarget | LinearTarget, parameters: ParameterPosterior
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    layout, m, C = target.layout, parameters.mean, parameters.scale_tril
    levels = levels_of(target)

    def on_link_scale(x: Array, flat: Array) -> list[Array]:
        parts = split_effects(flat, levels, layout.d)
        return [u @ M.T for u, M in zip(parts, layout.factors(x), strict=True)]

    at_mean = on_link_scale(m, parameters.centre.effects)
    means = [b.copy() for b in at_mean]
    factors = layout.factors(m)
    covs = [
        np.einsum("ab,lbc,dc->lad", M, V, M)
        for M, V in zip(factors, target.blocks(m, parameters.centre), strict=True)
    ]
    for i, direction in enumerate(np.sqrt(3.0) * C.T):
        up = on_link_scale(m + direction, parameters.above[i])
        down = on_link_scale(m - direction, parameters.below[i])
        for r, (a, b) in enumerate(zip(up, down, strict=True)):
            means[r] += (a + b - 2.0 * at_mean[r]) / 6.0
            covs[r] += np.einsum("la,lb->lab", a - b, a - b) / 12.0
    return tuple(means), tuple(covs)
