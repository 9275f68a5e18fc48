"""Moments of a fitted stochastic surrogate, exact where a closed form or a sum exists."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from glmmvi.model.advi_surrogate import AdviSurrogate, Coordinates
from glmmvi.model.bayesian_joint_distribution import BayesianModel
from glmmvi.results.posterior_moments import moments_of_effects

Array = NDArray[np.float64]

N_NODES = 41
N_DRAWS = 4000


def posterior_moments(
    model: BayesianModel, surrogate: AdviSurrogate, *, seed: int
) -> dict[str, Any]:
    """Return the moments that `glmmvi.results.posterior_moments.Moments` holds, by attribute name.

    Fixed and (centred) random effects are Gaussian; sds are a function of one Gaussian
    (Gauss-Hermite quadrature); correlations and non-centred random effects are summarised by
    4,000 draws with the seed given.

    Parameters
    ----------
    model : BayesianModel
    surrogate : AdviSurrogate
    seed : int

    Returns
    -------
    dict
    """
    import tensorflow as tf

    by_name = {c.variable.name: c for c in surrogate.coordinates}
    x_mean = np.asarray(surrogate.normal.loc)
    terms = range(len(model.design.terms))
    draws: dict[str, Array] = {}
    if not model.centred or any(v.kind == "cholesky" for v in model.latents):
        sample = surrogate.distribution.sample(N_DRAWS, seed=tf.constant([seed, 7], tf.int32))
        draws = {name: np.asarray(value) for name, value in sample.items()}

    def coordinates(kind: str, term: int | None = None) -> Coordinates | None:
        variable = model.of_kind(kind, term)
        return None if variable is None else by_name[variable.name]

    beta_at = coordinates("beta")
    beta, beta_cov = np.zeros(0), np.zeros((0, 0))
    if beta_at is not None:
        beta, covariance = _gaussian(surrogate, beta_at, x_mean)
        beta_cov = covariance[0]
    sds = [_positive(surrogate, coordinates("sds", r), x_mean) for r in terms]
    phi_at = coordinates("dispersion")
    phi, phi_cov = np.zeros(0), np.zeros((0, 0))
    if phi_at is not None:
        phi, covariance = _gaussian(surrogate, phi_at, x_mean)
        phi_cov = covariance[0]
    residual_at = coordinates("sigma")
    if residual_at is None:
        fixed = float(model.sigma or 1.0)
        residual = (np.array(fixed), np.array(0.0), np.array(fixed))
    else:
        residual = _positive(surrogate, residual_at, x_mean)
    correlations, correlations_sd, b, b_cov = [], [], [], []
    for r in terms:
        cholesky, effects = model.of_kind("cholesky", r), model.of_kind("effects", r)
        assert effects is not None
        factor = np.ones((1, 1, 1)) if cholesky is None else draws[cholesky.name]
        products = factor @ factor.swapaxes(-1, -2)
        correlations.append(products.mean(axis=0))
        correlations_sd.append(products.std(axis=0))
        if model.centred:
            mean, covariance = _gaussian(surrogate, by_name[effects.name], x_mean)
        else:
            scale = model.of_kind("sds", r)
            assert scale is not None
            mean, covariance = moments_of_effects(draws[effects.name], draws[scale.name], factor)
        b.append(mean)
        b_cov.append(covariance)
    return {
        "beta": beta,
        "beta_sd": np.sqrt(np.diag(beta_cov)),
        "beta_cov": beta_cov,
        "sds": tuple(mean for mean, _, _ in sds),
        "sds_sd": tuple(sd for _, sd, _ in sds),
        "sds_median": tuple(median for _, _, median in sds),
        "correlations": tuple(correlations),
        "correlations_sd": tuple(correlations_sd),
        "sigma": float(residual[0]),
        "sigma_sd": float(residual[1]),
        "sigma_median": float(residual[2]),
        "b": tuple(b),
        "b_sd": tuple(np.sqrt(np.einsum("ldd->ld", covariance)) for covariance in b_cov),
        "b_cov": tuple(b_cov),
        "dispersion": phi,
        "dispersion_sd": np.sqrt(np.diag(phi_cov)),
        "dispersion_cov": phi_cov,
    }


def _gaussian(surrogate: AdviSurrogate, c: Coordinates, x_mean: Array) -> tuple[Array, Array]:
    """Mean, and covariance matrix of each group, of an unconstrained variable."""
    x = x_mean[c.start : c.stop]
    if c.variable.kind == "effects":
        x = x.reshape(c.variable.shape[::-1]).T
    rows = surrogate.rows(c)
    rows = rows * np.reshape(c.scale, (rows.shape[0], rows.shape[1], 1))
    return c.loc + c.scale * x, rows @ rows.swapaxes(-1, -2)


def _positive(
    surrogate: AdviSurrogate, c: Coordinates | None, x_mean: Array
) -> tuple[Array, Array, Array]:
    """Mean, sd and median of a variable constrained to be positive, elementwise."""
    assert c is not None
    shape = c.variable.shape
    x_sd = np.sqrt((surrogate.rows(c)[0] ** 2).sum(axis=-1)).reshape(shape)
    centre = c.loc + c.scale * x_mean[c.start : c.stop].reshape(shape)
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_NODES)
    weights = weights / weights.sum()
    points = centre + c.scale * x_sd * nodes.reshape((-1,) + (1,) * len(shape))
    values = np.asarray(c.constrain.forward(points))
    mean = np.tensordot(weights, values, 1)
    variance = np.tensordot(weights, (values - mean) ** 2, 1)
    return mean, np.sqrt(variance), np.asarray(c.constrain.forward(centre))
