"""Covariance factors from moments: where the fit of a large linear mixed model starts.

Henderson's method in its simplest form (Searle, Casella & McCulloch 1992, Variance Components,
section 5.3): of the least-squares residuals ``r = My``, for every term the sum of squares of its
levels' means, ``q_k = sum_l (z_l'r)^2 / z_l'z_l``, and the sum of squares of all rows. Their
expectations are linear in the variances: ``sum_li (z_l'M z_i)^2 / z_l'z_l`` for the variance of
the effects `i`, ``sum_l z_l'M z_l / z_l'z_l`` for the residual one. It takes no factorisation,
and where levels are many it is nearer than a step of the EM algorithm. Without the division
(MINQUE(0)) it is several times further off where levels have very different numbers of rows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.cross_products import BlockStructure, CrossProducts

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_SHARE = 1e-6  # of a term that the fixed effects leave, from which its moment is used
_LEAST = 0.1  # information of a level over its effect's precision, at the smallest start


def moment_factors(products: CrossProducts, structure: BlockStructure) -> list[Matrix] | None:
    """Covariance factors relative to the residual sd, by the method of moments.

    Parameters
    ----------
    products : CrossProducts
        Of fixed-effects columns that are orthonormal.
    structure : BlockStructure

    Returns
    -------
    list of float64, shape (1, 1), or None
        None where a term has several columns, the fixed effects explain a whole term, or the
        residual variance would not be positive. What would be negative is a little above 0.
    """
    if max(structure.d) > 1:
        return None
    n_terms = len(structure.d)
    own = [_own(products, structure, k) for k in range(n_terms)]  # z_l'z_l by level
    n, p = float(products.n), structure.p
    fitted = [_on_fixed(products, structure, k) for k in range(n_terms)]  # X'z_l by level
    squares = [A.T @ A for A in fitted]
    expected = np.empty((n_terms + 1, n_terms + 1))
    observed = np.empty(n_terms + 1)
    for k, levels in enumerate(own):
        inverse = 1.0 / np.maximum(levels, 1e-300)
        observed[k] = float(np.square(_of_residuals(products, structure, k)) @ inverse)
        weighted = fitted[k] * inverse[:, None]
        expected[n_terms, k] = levels.sum() - np.trace(squares[k])
        expected[k, n_terms] = np.count_nonzero(levels) - np.sum(weighted * fitted[k])
        for j in range(n_terms):
            if j == k:
                of_rows = levels.sum() - 2.0 * np.square(fitted[k]).sum()
            else:
                of_rows = _shared(products, structure, k, j, inverse)
                of_rows -= 2.0 * _between(products, structure, k, j, weighted, fitted[j])
            expected[k, j] = of_rows + np.sum((fitted[k].T @ weighted) * squares[j])
        if expected[k, k] < _SHARE * levels.sum():
            return None
    fixed = products.dense[-1 - p : -1, -1]
    observed[n_terms] = products.dense[-1, -1] - float(fixed @ fixed)
    expected[n_terms, n_terms] = n - p
    try:
        *variances, residual = np.linalg.solve(expected, observed)
    except np.linalg.LinAlgError:
        return None
    if not (np.isfinite(variances).all() and residual > 0.0):
        return None
    per_level = [float(levels.mean()) for levels in own]
    return [
        np.sqrt([[max(variance / residual, _LEAST / max(levels, 1e-300))]])
        for variance, levels in zip(variances, per_level, strict=True)
    ]


def _own(products: CrossProducts, structure: BlockStructure, k: int) -> Vector:
    """``z_l'z_l`` of a term's levels, shape (L,)."""
    if k in products.diagonal:
        return products.diagonal[k][0, 0]
    return np.diag(products.dense)[structure.dense_slice(k)]


def _on_fixed(products: CrossProducts, structure: BlockStructure, k: int) -> Matrix:
    """``X'z_l`` of a term's levels, shape (L, p)."""
    start, stop = structure.U, structure.U + structure.p
    if k in products.rows:
        return structure.patterns[k].columns(products.rows[k], start, stop)[0]
    return products.dense[structure.dense_slice(k), start:stop]


def _of_residuals(products: CrossProducts, structure: BlockStructure, k: int) -> Vector:
    """``z_l'r`` of a term's levels, shape (L,)."""
    U, p = structure.U, structure.p
    combination = np.zeros(structure.m)
    combination[U : U + p] = -products.dense[U : U + p, -1]
    combination[-1] = 1.0
    if k in products.rows:
        return structure.patterns[k].apply(products.rows[k], combination)[0]
    return np.asarray(products.dense[structure.dense_slice(k)] @ combination)


def _shared(
    products: CrossProducts, structure: BlockStructure, k: int, j: int, inverse: Vector
) -> float:
    """``sum_l,i (z_l'z_i)^2 / z_l'z_l`` over the levels `l` of one term and `i` of another."""
    eliminated = products.rows
    if k in eliminated and j in eliminated:
        first, later = (k, j) if (k, j) in products.linked else (j, k)
        squared = np.square(products.linked[first, later][0, 0])
        if first == j:
            inverse = structure.links[first, later].spread(inverse)
        return float(squared @ inverse)
    if k in eliminated:
        by_column = structure.patterns[k].transposed(np.square(eliminated[k]), inverse[None, :])
        return float(by_column[structure.dense_slice(j)].sum())
    if j in eliminated:
        ones = np.ones((1, structure.n_levels[j]))
        by_column = structure.patterns[j].transposed(np.square(eliminated[j]), ones)
        return float(by_column[structure.dense_slice(k)] @ inverse)
    block = products.dense[structure.dense_slice(k), structure.dense_slice(j)]
    return float(np.square(block).sum(axis=1) @ inverse)


def _between(
    products: CrossProducts,
    structure: BlockStructure,
    k: int,
    j: int,
    of_k: Matrix,
    of_j: Matrix,
) -> float:
    """``sum_l,i (z_l'z_i) (a_l'a_i)`` over the levels of two terms, vectors of shape (L, p)."""
    eliminated = products.rows
    if k in eliminated and j in eliminated:
        if (k, j) not in products.linked:
            k, j, of_k, of_j = j, k, of_j, of_k
        met = of_j[structure.links[k, j].parent]
        return float(products.linked[k, j][0, 0] @ np.sum(of_k * met, axis=1))
    if j in eliminated:
        k, j, of_k, of_j = j, k, of_j, of_k
    if k in eliminated:
        column = np.zeros((structure.m, structure.p))
        column[structure.dense_slice(j)] = of_j
        return float(np.sum(of_k * structure.patterns[k].apply(eliminated[k], column)[0]))
    block = products.dense[structure.dense_slice(k), structure.dense_slice(j)]
    return float(np.sum(of_k * (block @ of_j)))
