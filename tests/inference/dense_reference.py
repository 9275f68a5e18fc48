"""The slow and obvious linear mixed model: dense matrices, textbook formulas."""

from __future__ import annotations

import numpy as np

from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays


def indicator(term: TermArrays) -> np.ndarray:
    """``Z`` of a term in full, shape (n, L d), level after level."""
    n, d = term.Z.shape
    Z = np.zeros((n, term.n_levels, d))
    Z[np.arange(n), term.codes] = term.Z
    return Z.reshape(n, -1)


def dense_fit(arrays: RegressionArrays, Lambda, *, reml: bool) -> dict:
    """Everything at given relative covariance factors, by dense linear algebra."""
    keep = arrays.weights > 0
    w = arrays.weights[keep]
    y = (arrays.y - arrays.offset)[keep]
    X = arrays.X[keep]
    A = np.hstack(
        [
            indicator(term)[keep] @ np.kron(np.eye(term.n_levels), factor)
            for term, factor in zip(arrays.terms, Lambda, strict=True)
        ]
    )
    n, p = X.shape
    V = A @ A.T + np.diag(1.0 / w)
    V_inv = np.linalg.inv(V)
    XVX = X.T @ V_inv @ X
    beta = np.linalg.solve(XVX, X.T @ V_inv @ y)
    r = y - X @ beta
    df = n - p if reml else n
    sigma2 = r @ V_inv @ r / df
    criterion = np.linalg.slogdet(V)[1] + df * (1 + np.log(2 * np.pi * sigma2))
    if reml:
        criterion += np.linalg.slogdet(XVX)[1]
    P = np.eye(A.shape[1]) + A.T @ (w[:, None] * A)
    P_inv = np.linalg.inv(P)
    u = P_inv @ (A.T @ (w * r))
    G = P_inv @ (A.T @ (w[:, None] * X))
    marginal = P_inv + G @ np.linalg.inv(XVX) @ G.T
    return {
        "criterion": criterion,
        "beta": beta,
        "sigma": np.sqrt(sigma2),
        "beta_cov": sigma2 * np.linalg.inv(XVX),
        "u": u,
        "u_cov": sigma2 * P_inv,
        "u_cov_marginal": sigma2 * marginal,
    }


def split(vector_or_matrix: np.ndarray, arrays: RegressionArrays) -> list[np.ndarray]:
    """Per term: means as (L, d), or diagonal blocks as (L, d, d)."""
    parts, start = [], 0
    for term in arrays.terms:
        here = slice(start, start + term.q)
        if vector_or_matrix.ndim == 1:
            parts.append(vector_or_matrix[here].reshape(term.n_levels, term.d))
        else:
            block = vector_or_matrix[here, here].reshape(term.n_levels, term.d, -1, term.d)
            index = np.arange(term.n_levels)
            parts.append(block[index, :, index, :])
        start += term.q
    return parts
