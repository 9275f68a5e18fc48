"""The slow and obvious Gaussian surrogate of a generalized model: dense matrices, many nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glmmvi.inference.regression_arrays import RegressionArrays
from tests.inference.dense_reference import indicator

POINTS, WEIGHTS = np.polynomial.hermite_e.hermegauss(101)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


@dataclass(frozen=True)
class DenseSurrogate:
    """A surrogate in full: its ELBO, its moments, and what is 0 at the best surrogate."""

    elbo: float
    covariance: np.ndarray
    beta_cov: np.ndarray
    residual_mean: np.ndarray
    residual_curvature: np.ndarray
    residual_beta: np.ndarray


def dense_surrogate(
    arrays: RegressionArrays, density, Lambda, dispersion, beta, u_mean, curvature
) -> DenseSurrogate:
    """Evaluate the surrogate ``N(u_mean, (I + A'WA)^-1)`` of spherical effects."""
    A = np.hstack(
        [
            indicator(term) @ np.kron(np.eye(term.n_levels), factor)
            for term, factor in zip(arrays.terms, Lambda, strict=True)
        ]
    )
    u = np.concatenate([part.reshape(-1) for part in u_mean])
    X, q = arrays.X, A.shape[1]
    precision = np.eye(q) + A.T @ (curvature[:, None] * A)
    V = np.linalg.inv(precision)
    mean = arrays.offset + X @ beta + A @ u
    variance = np.einsum("ia,ab,ib->i", A, V, A)
    sd = np.sqrt(variance)
    value, first, second = density.pointwise(mean + sd * POINTS[:, None], dispersion)
    E, g, w = WEIGHTS @ value, WEIGHTS @ first, -(WEIGHTS @ second)
    elbo = E.sum() - 0.5 * (u @ u + np.trace(V) - q) - 0.5 * np.linalg.slogdet(precision)[1]
    XW = X.T * curvature
    schur = XW @ X - XW @ A @ V @ (XW @ A).T
    return DenseSurrogate(float(elbo), V, np.linalg.inv(schur), u - A.T @ g, curvature - w, X.T @ g)


def marginal_log_likelihood(arrays: RegressionArrays, density, sd, dispersion, beta) -> float:
    """Of a model with one random intercept, by the trapezoidal rule on every level."""
    (term,) = arrays.terms
    z = np.linspace(-9.0, 9.0, 1801)
    log_weight = -0.5 * z**2 - 0.5 * np.log(2.0 * np.pi) + np.log(z[1] - z[0])
    eta = arrays.offset + arrays.X @ beta + sd * z[:, None] * term.Z[:, 0]
    value = density.pointwise(eta, dispersion)[0]
    by_level = np.array(
        [value[:, term.codes == level].sum(axis=1) for level in range(term.n_levels)]
    )
    return float(np.logaddexp.reduce(by_level + log_weight, axis=1).sum())
