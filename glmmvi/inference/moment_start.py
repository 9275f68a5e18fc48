"""Covariance factors from moments: where the fit of a large linear mixed model starts.

Henderson's method in its simplest form (Searle, Casella & McCulloch 1992, Variance Components,
section 5.3): of the least-squares residuals `r`, for every term the sum of squares of its
levels' means, ``q_k = sum_l (z_l'r)^2 / z_l'z_l``, and the sum of squares of all rows. Their
expectations are linear in the variances. It takes no factorisation, and where levels are many it
is nearer than a step of the EM algorithm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.cross_products import BlockStructure, CrossProducts

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

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
        None where a term has several columns, or the residual variance would not be positive.
        The fixed effects' share of the expectations, of the order of ``p`` levels, is neglected;
        what would be negative is a little above 0.
    """
    if max(structure.d) > 1:
        return None
    n_terms = len(structure.d)
    own = [_own(products, structure, k) for k in range(n_terms)]  # z_l'z_l by level
    n, p = float(products.n), structure.p
    expected = np.empty((n_terms + 1, n_terms + 1))
    observed = np.empty(n_terms + 1)
    for k, levels in enumerate(own):
        inverse = 1.0 / np.maximum(levels, 1e-300)
        observed[k] = float(np.square(_of_residuals(products, structure, k)) @ inverse)
        expected[k, k] = expected[n_terms, k] = levels.sum()
        expected[k, n_terms] = np.count_nonzero(levels)
        for j in range(n_terms):
            if j != k:
                expected[k, j] = _shared(products, structure, k, j, inverse)
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
