"""Unconstrained coordinates of a covariance matrix: log sds, and rows of a Cholesky factor.

Row `i` of the Cholesky factor of the correlation matrix is ``(y_i, 1) / |(y_i, 1)|`` with ``y_i``
any vector of length `i` (TFP's ``CorrelationCholesky``, its numbers in the order of the rows).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


def size(d: int) -> int:
    """Number of coordinates of a term with `d` columns."""
    return d * (d + 1) // 2


def to_factor(x: Vector, d: int) -> Matrix:
    """Square root of the covariance matrix, ``diag(exp(log sds)) C``.

    Parameters
    ----------
    x : float64, shape (d (d + 1) / 2,)
        Log sds, then the rows of `y`.
    d : int

    Returns
    -------
    float64, shape (d, d)
        Lower triangle.

    Examples
    --------
    >>> import numpy as np
    >>> to_factor(np.array([0.0, np.log(2.0), 1.0]), 2).round(4).tolist()
    [[1.0, 0.0], [1.4142, 1.4142]]
    """
    return np.exp(x[:d])[:, None] * cholesky(x[d:], d)


def cholesky(y: Vector, d: int) -> Matrix:
    """Cholesky factor of the correlation matrix, shape (d, d)."""
    rows = np.eye(d)
    rows[np.tril_indices(d, -1)] = y
    return np.asarray(rows / np.linalg.norm(rows, axis=1)[:, None], dtype=np.float64)


def from_factor(factor: Matrix) -> Vector:
    """Coordinates of ``factor factor'`` for a lower triangle with a positive diagonal."""
    d = len(factor)
    rows = factor / np.diag(factor)[:, None]
    return np.concatenate([np.log(np.linalg.norm(factor, axis=1)), rows[np.tril_indices(d, -1)]])


def gradient(x: Vector, by_factor: Matrix) -> Vector:
    """Derivatives by the coordinates, from those by every element of the factor.

    Parameters
    ----------
    x : float64, shape (d (d + 1) / 2,)
    by_factor : float64, shape (d, d)

    Returns
    -------
    float64, shape (d (d + 1) / 2,)
    """
    d = len(by_factor)
    unit = cholesky(x[d:], d)
    by_unit = np.exp(x[:d])[:, None] * by_factor
    along = (by_unit * unit).sum(axis=1)
    by_rows = (by_unit - unit * along[:, None]) * np.diag(unit)[:, None]
    return np.concatenate([along, by_rows[np.tril_indices(d, -1)]])


def lkj_log_density(y: Vector, d: int, concentration: float) -> tuple[float, Vector]:
    """LKJ's log density over `y`, without its constant, and its gradient.

    The density of the correlation matrix, ``det(C)^(concentration - 1)``, times the Jacobian:
    each row is a multivariate t, ``(1 + |y_i|^2)^(-(d - 1 + 2 concentration) / 2)``.
    """
    rows = np.zeros((d, d))
    rows[np.tril_indices(d, -1)] = y
    squares = 1.0 + (rows**2).sum(axis=1)
    power = d - 1.0 + 2.0 * concentration
    slopes = -power * rows / squares[:, None]
    return -0.5 * power * float(np.log(squares).sum()), slopes[np.tril_indices(d, -1)]
