"""The basis in which a linear mixed model is fitted: whatever the units, the same numbers.

The profiled likelihood does not change when the columns of ``X`` are replaced by others that
span the same space, when a linear combination of them is added to ``y``, or when a term's
columns are replaced by ``Z T`` for an invertible ``T`` (with ``Lambda`` moved along). The
engine works with orthonormal ``X``, the residuals of the regression on ``X`` as ``y``, and
columns of ``Z`` that are orthonormal up to ``sqrt(n)``. So a covariate in units of 1e6, or a
year in a random slope, costs no accuracy and gives no warning.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_ROWS = 4096  # of a tall matrix that are worked on at once


@dataclass(frozen=True)
class OrthogonalBasis:
    """How the engine's columns come from the user's.

    Attributes
    ----------
    X_factor : float64, shape (p, p)
        Upper triangle `R`: the engine's columns are ``sqrt(w) X R^-1``.
    ols : float64, shape (p,)
        Weighted least-squares coefficients of ``y - offset`` on ``X``.
    y_scale : float
        Norm of the weighted least-squares residuals, the engine's unit of ``y``.
    Z_factors : tuple of float64, shape (d, d)
        Upper triangle of each term: the engine's columns are ``sqrt(w) Z R^-1``.
    """

    X_factor: Matrix
    ols: NDArray[np.float64]
    y_scale: float
    Z_factors: tuple[Matrix, ...]


def upper_triangle(*columns: Matrix, root: Vector | None = None) -> Matrix:
    """R of ``root * [columns] = Q R``, with a diagonal that is not negative; shape (m, m).

    Tall matrices are taken some rows at a time, which stay in the cache: the triangle of the
    triangles is the whole's (Demmel et al. 2012, SIAM J. Sci. Comput. 34(1)).

    Parameters
    ----------
    *columns : float64, shape (n, k)
        Side by side.
    root : float64, shape (n,), optional
        Factor of every row.
    """
    n, m = len(columns[0]), sum(part.shape[1] for part in columns)
    triangles = []
    for start in range(0, max(n, 1), _ROWS):
        here = slice(start, start + _ROWS)
        rows = np.concatenate([part[here] for part in columns], axis=1)
        if root is not None:
            rows *= root[here, None]
        if len(rows) < m:
            rows = np.vstack([rows, np.zeros((m - len(rows), m))])
        triangles.append(np.linalg.qr(rows, mode="r") if m > 1 else [[np.linalg.norm(rows)]])
    triangle = np.asarray(triangles[0])
    if len(triangles) > 1:
        triangle = np.asarray(np.linalg.qr(np.vstack(triangles), mode="r"))
    return triangle * np.where(np.diag(triangle) < 0.0, -1.0, 1.0)[:, None]


def _invertible(triangle: Matrix) -> Matrix:
    """The triangle with a usable diagonal where columns are dependent, or zero."""
    norms = np.linalg.norm(triangle, axis=0)
    small = np.diag(triangle) <= 1e-12 * norms
    if small.any():
        triangle = triangle.copy()
        np.fill_diagonal(
            triangle, np.where(small, np.where(norms > 0, norms, 1.0), triangle.diagonal())
        )
    return triangle


def orthogonal_basis(arrays: RegressionArrays) -> OrthogonalBasis:
    """Basis of a model.

    Parameters
    ----------
    arrays : RegressionArrays
        With ``n > p`` and `X` of full rank.

    Returns
    -------
    OrthogonalBasis
    """
    p = arrays.p
    response = (arrays.y - arrays.offset)[:, None]
    triangle = upper_triangle(arrays.X, response, root=_root(arrays.weights))
    factor = triangle[:p, :p]
    ols = solve_triangular(factor, triangle[:p, p]) if p else np.zeros(0)
    return OrthogonalBasis(
        X_factor=factor,
        ols=ols,
        y_scale=float(triangle[p, p]),
        Z_factors=tuple(term_factor(term.Z, arrays.weights) for term in arrays.terms),
    )


def term_factor(Z: Matrix, weights: NDArray[np.float64]) -> Matrix:
    """Upper triangle `R` that makes the columns of ``sqrt(w) Z R^-1`` orthonormal.

    Parameters
    ----------
    Z : float64, shape (n, d)
    weights : float64, shape (n,)

    Returns
    -------
    float64, shape (d, d)
        Over ``sqrt(sum w)``, so that a column of ones stays as it is.
    """
    triangle = upper_triangle(Z, root=_root(weights))
    return _invertible(triangle / np.sqrt(weights.sum()))


def in_basis(arrays: RegressionArrays, basis: OrthogonalBasis) -> RegressionArrays:
    """The model in the engine's columns: no offset, weights 1 (0 where the user's are 0).

    ``X`` has orthonormal columns, ``y`` is orthogonal to them and of unit length, every
    term's ``Z`` has mean square one.
    """
    root = _root(arrays.weights)
    residual = arrays.y - arrays.offset - arrays.X @ basis.ols
    residual /= basis.y_scale or 1.0
    return RegressionArrays(
        y=residual if root is None else root * residual,
        X=_right_divide(arrays.X, basis.X_factor, root),
        terms=tuple(
            TermArrays(_right_divide(term.Z, factor, root), term.codes, term.n_levels)
            for term, factor in zip(arrays.terms, basis.Z_factors, strict=True)
        ),
        weights=np.sign(arrays.weights),
        offset=np.zeros(arrays.n),
    )


def _root(weights: Vector) -> Vector | None:
    """Square roots of the weights; None where they are all 1."""
    return None if (weights == 1.0).all() else np.sqrt(weights)


def _right_divide(columns: Matrix, triangle: Matrix, root: Vector | None) -> Matrix:
    """``root * columns @ inv(triangle)`` for an upper triangle."""
    m = triangle.shape[0]
    if root is not None:
        columns = columns * root[:, None]
    if m == 0:
        return columns
    if m == 1:
        return columns / triangle[0, 0]
    return columns @ solve_triangular(triangle, np.eye(m))


def covariance_factor(factor: Matrix, Z_factor: Matrix) -> tuple[Matrix, Matrix]:
    """A term's covariance factor on the user's scale.

    Parameters
    ----------
    factor : float64, shape (d, d)
        Lower triangle ``Lambda`` in the engine's basis.
    Z_factor : float64, shape (d, d)
        The term's upper triangle in :class:`OrthogonalBasis`.

    Returns
    -------
    Lambda : float64, shape (d, d)
        Lower triangle with a diagonal that is not negative, ``Z_factor^-1 factor O'``.
    rotation : float64, shape (d, d)
        The orthogonal ``O``: the user's spherical effects are ``O`` times the engine's.
    """
    d = factor.shape[0]
    if d == 1:
        return factor / Z_factor[0, 0], np.eye(1)
    moved = solve_triangular(Z_factor, factor)
    rotation, triangle = np.linalg.qr(moved.T)
    sign = np.where(np.diag(triangle) < 0.0, -1.0, 1.0)
    Lambda = (triangle * sign[:, None]).T
    scale = np.linalg.norm(Lambda, axis=1)
    negligible = np.abs(Lambda) <= 1e-12 * scale[:, None]
    return np.where(negligible, 0.0, Lambda), (rotation * sign).T


def engine_factor(Lambda: Matrix, Z_factor: Matrix) -> Matrix:
    """The inverse of :func:`covariance_factor`: a lower triangle in the engine's basis."""
    triangle = upper_triangle((Z_factor @ Lambda).T)
    return triangle.T
