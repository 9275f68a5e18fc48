"""Weighted least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class LeastSquares:
    """A regression.

    Attributes
    ----------
    coefficients : float64, shape (p,)
    unscaled_sd : float64, shape (p,)
        Roots of the diagonal of ``(X' W X)^-1``.
    residuals : float64, shape (n,)
        Not weighted.
    sigma : float
        nan without degrees of freedom.
    df : int
        Rows of positive weight minus `p`.
    """

    coefficients: Vector
    unscaled_sd: Vector
    residuals: Vector
    sigma: float
    df: int


def least_squares(X: NDArray[np.float64], y: Vector, weights: Vector) -> LeastSquares:
    """Minimise ``sum w (y - X beta)^2``, by a QR decomposition, as R's ``lm``.

    Parameters
    ----------
    X : float64, shape (n, p)
        Of full rank.
    y, weights : float64, shape (n,)

    Returns
    -------
    LeastSquares

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    >>> found = least_squares(X, np.array([1.0, 2.0, 6.0]), np.ones(3))
    >>> found.coefficients.round(6).tolist(), round(found.sigma, 4), found.df
    ([0.5, 2.5], 1.2247, 1)
    """
    root = np.sqrt(weights)
    Q, R = np.linalg.qr(root[:, None] * X)
    coefficients = solve_triangular(R, Q.T @ (root * y))
    inverse = solve_triangular(R, np.eye(X.shape[1]))
    residuals = y - X @ coefficients
    df = int(np.count_nonzero(weights)) - X.shape[1]
    rss = float(weights @ residuals**2)
    return LeastSquares(
        coefficients=coefficients,
        unscaled_sd=np.sqrt((inverse**2).sum(axis=1)),
        residuals=residuals,
        sigma=float(np.sqrt(rss / df)) if df > 0 else np.nan,
        df=max(df, 0),
    )
