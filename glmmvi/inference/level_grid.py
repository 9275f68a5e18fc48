r"""Gauss-Hermite grids over each level's random effects, centred and scaled by a surrogate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from glmmvi.inference.quadrature import gauss_hermite
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.variational_pirls import SurrogateState

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_LIGHTEST = 1e-18  # weight of a node, relative to the heaviest, below which it is left out


@dataclass(frozen=True, eq=False)
class LevelColumns:
    """All random-effects columns of one grouping factor, side by side.

    Attributes
    ----------
    Z : float64, shape (n, d)
    codes : intp, shape (n,)
    n_levels : int
    sizes : tuple of int
        Columns of every term; they add up to `d`.
    """

    Z: Matrix
    codes: NDArray[np.intp]
    n_levels: int
    sizes: tuple[int, ...]

    @property
    def d(self) -> int:
        """Columns in all."""
        return self.Z.shape[1]

    def blocks(self) -> list[slice]:
        """Where each term's columns are."""
        ends = np.cumsum(self.sizes)
        return [
            slice(int(end) - size, int(end)) for end, size in zip(ends, self.sizes, strict=True)
        ]


def one_factor(arrays: RegressionArrays) -> LevelColumns | None:
    """The columns of a model whose terms share one grouping factor, else None.

    Two terms share it if they have the same level on every row.

    Examples
    --------
    >>> from glmmvi.inference.regression_arrays import TermArrays
    >>> ones, codes = np.ones((4, 1)), np.array([0, 0, 1, 1])
    >>> terms = (TermArrays(ones, codes, 2), TermArrays(2.0 * ones, codes, 2))
    >>> nothing = np.zeros(4)
    >>> one_factor(RegressionArrays(nothing, ones, terms, nothing + 1.0, nothing)).sizes
    (1, 1)
    """
    first, *others = arrays.terms
    for term in others:
        if term.n_levels != first.n_levels or not np.array_equal(term.codes, first.codes):
            return None
    return LevelColumns(
        np.hstack([term.Z for term in arrays.terms]),
        first.codes,
        first.n_levels,
        tuple(term.d for term in arrays.terms),
    )


@lru_cache(maxsize=32)
def product_rule(count: int, d: int) -> tuple[Matrix, Vector]:
    r"""Nodes and log weights for an integral over :math:`R^d` scaled by a standard normal.

    :math:`\int f(x)\,dx / (2\pi)^{d/2} \approx \sum_k w_k e^{|x_k|^2 / 2} f(x_k)`, the product
    of `d` Gauss-Hermite rules of `count` nodes. Nodes in the corners, whose weight is negligible
    beside the heaviest, are left out.

    Returns
    -------
    nodes : float64, shape (K, d)
    log_weights : float64, shape (K,)
        ``log w + |x|^2 / 2``.

    Examples
    --------
    >>> nodes, log_weights = product_rule(5, 2)
    >>> float(np.round(np.exp(log_weights) @ np.exp(-0.5 * (nodes**2).sum(axis=1)), 12))
    1.0
    """
    rule = gauss_hermite(count)
    x, log_w = rule.nodes[:, 0], np.log(rule.weights)
    nodes = np.stack(np.meshgrid(*[x] * d, indexing="ij"), axis=-1).reshape(-1, d)
    weights = sum(np.meshgrid(*[log_w] * d, indexing="ij"), np.zeros(())).reshape(-1)
    keep = weights > weights.max() + np.log(_LIGHTEST)
    nodes, weights = nodes[keep], weights[keep]
    return nodes, weights + 0.5 * (nodes**2).sum(axis=1)


@dataclass(frozen=True, eq=False)
class LevelGrid:
    """Where each level's spherical random effects are put: ``mean + scale_tril x_k``.

    Attributes
    ----------
    mean : float64, shape (L, d)
    scale_tril : float64, shape (L, d, d)
    log_det : float64, shape (L,)
        ``log |scale_tril|``.
    nodes : float64, shape (K, d)
    log_weights : float64, shape (K,)
    """

    mean: Matrix
    scale_tril: Matrix
    log_det: Vector
    nodes: Matrix
    log_weights: Vector


def level_grid(columns: LevelColumns, state: SurrogateState, count: int) -> LevelGrid:
    """The grid of `count` nodes a dimension around a Gaussian surrogate.

    Parameters
    ----------
    columns : LevelColumns
    state : SurrogateState
        Its means, and the covariance ``(I + Lambda'Z'WZ Lambda)^-1`` of every level.
    count : int

    Returns
    -------
    LevelGrid
    """
    Lambda = block_diag(*state.factorization.factors)
    A = columns.Z @ Lambda
    precision = np.empty((columns.n_levels, columns.d, columns.d))
    for i in range(columns.d):
        for j in range(i + 1):
            products = state.curvature * A[:, i] * A[:, j]
            sums = np.bincount(columns.codes, weights=products, minlength=columns.n_levels)
            precision[:, i, j] = precision[:, j, i] = sums + float(i == j)
    scale_tril = np.linalg.cholesky(np.linalg.inv(precision))
    diagonal = np.diagonal(scale_tril, axis1=1, axis2=2)
    nodes, log_weights = product_rule(count, columns.d)
    return LevelGrid(
        np.hstack(state.u_mean), scale_tril, np.log(diagonal).sum(axis=1), nodes, log_weights
    )
