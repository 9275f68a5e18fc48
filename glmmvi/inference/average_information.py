r"""Average information: second derivatives of a linear mixed model's criterion that cost a solve.

The average of observed and expected information over the (co)variances has no traces (Gilmour,
Thompson & Cullis 1995, Biometrics 51(4)): with ``V = sigma^2 (I + Z Lambda Lambda' Z')``, ``P``
its projection and ``r`` the conditional residual,

.. math:: A_{ij} = t_i' P t_j, \qquad t_j = \partial_j V \, P y = Z \, \partial_j(\Lambda
   \Lambda') \, Z' r.

The residual variance is profiled out; what the curvature of ``Lambda Lambda'`` in ``theta`` adds
is exact.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import block_diag

from glmmvi.inference.block_factorization import random_effects, solve_scores
from glmmvi.inference.cross_products import BlockStructure, CrossProducts
from glmmvi.inference.profiled_deviance import ProfiledDeviance, unpack

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


def average_information(
    products: CrossProducts, structure: BlockStructure, at: ProfiledDeviance, df: int
) -> Matrix | None:
    """About the second derivatives of the profiled criterion by the packed covariance factors.

    Parameters
    ----------
    products : CrossProducts
    structure : BlockStructure
    at : ProfiledDeviance
        Where they are wanted.
    df : int
        Rows, less the fixed effects under REML.

    Returns
    -------
    float64, shape (k, k), or None
        None at a singular covariance factor.
    """
    f, p, d = at.factorization, structure.p, structure.d
    if any(float(np.diag(factor).min()) <= 0.0 for factor in f.factors):
        return None
    variance = at.pwrss / df
    effects = [
        u @ factor.T for u, factor in zip(random_effects(f, at.beta), f.factors, strict=True)
    ]
    column = np.append(-at.beta, 1.0)
    residual, _ = apply_cross_products(products, structure, [-b for b in effects], column)
    moves, sums, solutions, curved = [], [], [], []
    for r, factor in enumerate(f.factors):
        units = [unpack(unit, d[r : r + 1])[0] for unit in np.eye(d[r] * (d[r] + 1) // 2)]
        for unit in units:
            change = unit @ factor.T
            move = [np.zeros_like(b) for b in effects]
            move[r] = residual[r] @ (change + change.T)
            by_term, by_fixed = apply_cross_products(products, structure, move, np.zeros(p + 1))
            u, beta = solve_scores(f, [score.T for score in by_term], by_fixed[:p])
            b = [x @ other.T for x, other in zip(u, f.factors, strict=True)]
            moves.append(_flat(move, np.zeros(p)))
            sums.append(_flat(by_term, by_fixed[:p]))
            solutions.append(_flat(b, beta))
        curved.append(_curvature_of_square(factor, unpack(at.gradient, d)[r], np.array(units)))
    moved, summed = np.array(moves), np.array(sums)
    hessian = summed @ (moved - np.array(solutions)).T / variance
    along = moved @ _flat(residual, np.zeros(p))
    hessian += block_diag(*curved) - np.outer(along, along) / (df * variance**2)
    return 0.5 * (hessian + hessian.T)


def _flat(by_term: Sequence[Matrix], by_fixed: Vector) -> Vector:
    return np.concatenate([*(x.reshape(-1) for x in by_term), by_fixed])


def _curvature_of_square(factor: Matrix, slope: Matrix, units: Matrix) -> Matrix:
    """What the curvature of ``Lambda Lambda'`` adds, from the slope by `Lambda`, shape (k, k)."""
    d = len(factor)
    doubled = np.zeros((d, d))  # D, symmetric, whose D Lambda has the slope's lower triangle
    for j in reversed(range(d)):
        for i in reversed(range(j, d)):
            known = doubled[i, j + 1 :] @ factor[j + 1 :, j]
            doubled[i, j] = doubled[j, i] = (slope[i, j] - known) / factor[j, j]
    return np.einsum("iab,jab->ij", doubled @ units, units)


def apply_cross_products(
    products: CrossProducts,
    structure: BlockStructure,
    effects: Sequence[Matrix],
    column: Vector,
) -> tuple[list[Matrix], Vector]:
    """``[Z, X, y]' (Z b + [X, y] c)`` from the cross-products.

    Parameters
    ----------
    products : CrossProducts
    structure : BlockStructure
    effects : sequence of float64, shape (L, d)
        ``b`` of every term.
    column : float64, shape (p + 1,)
        ``c``.

    Returns
    -------
    list of float64, shape (L, d)
        By the levels of every term.
    float64, shape (p + 1,)
        By the fixed effects and the response.
    """
    order, U = structure.order, structure.U
    every = np.empty(structure.m)
    for r in order.dense:
        every[structure.dense_slice(r)] = effects[r].reshape(-1)
    every[U:] = column
    dense = products.dense @ every
    by_term: dict[int, Matrix] = {}
    for k in order.eliminated:
        b, pattern = effects[k].T, structure.patterns[k]
        by_term[k] = np.einsum("abl,bl->al", products.diagonal[k], b)
        by_term[k] = by_term[k] + pattern.apply(products.rows[k], every)
        dense = dense + pattern.transposed(products.rows[k], b)
    for (k, j), block in products.linked.items():
        link = structure.links[k, j]
        by_term[k] = by_term[k] + np.einsum("abl,bl->al", block, effects[j].T[:, link.parent])
        back = np.einsum("abl,al->bl", block, effects[k].T)[:, None]
        by_term[j] = by_term[j] + link.scatter_blocks(back)[:, 0]
    result = [
        by_term[r].T if r in by_term else dense[structure.dense_slice(r)].reshape(-1, d)
        for r, d in enumerate(structure.d)
    ]
    return result, dense[U:]
