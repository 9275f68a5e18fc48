r"""Second derivatives of the maximised ELBO in the space of the rows, exactly.

With ``G = sum_k Z_k Lambda_k Lambda_k' Z_k'``, the covariance of the rows' random parts, the
equations of the best surrogate are those of the rows alone:

.. math::

    m = o + X \beta + G s, \qquad v = \operatorname{diag} C, \qquad C = (I + G W)^{-1} G,

where the scores ``s = E_m`` and the weights ``W = -2 E_v = -E_mm`` follow from ``m`` and ``v``.
Linearised, they are one linear system of the size of an independent part, with all parameters
as right-hand sides. Nothing is divided by a covariance factor or a weight: a singular factor is
an ordinary case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.profiled_deviance import unpack
from glmmvi.inference.row_derivatives import RowDerivatives, row_derivatives
from glmmvi.inference.row_parts import PartBatch
from glmmvi.inference.surrogate_expansion import Tangent
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class RowCurvature:
    """Second derivatives at the best surrogate, and how the rows' quantities move.

    Attributes
    ----------
    hessian : float64, shape (k, k)
        Of the maximised ELBO by ``(theta, beta, dispersion)``.
    score, variance, curvature : float64, shape (n, k)
        Derivatives of the rows' scores, variances and weights.
    """

    hessian: Matrix
    score: Matrix
    variance: Matrix
    curvature: Matrix


def row_curvature(
    system: PirlsSystem,
    batches: Sequence[PartBatch],
    dispersion: Vector,
    state: SurrogateState,
) -> RowCurvature:
    """Hessian of the maximised ELBO, and the tangents of the surrogate.

    Parameters
    ----------
    system : PirlsSystem
        Its prior of the fixed effects is left out.
    batches : sequence of PartBatch
        All parts of its rows.
    dispersion : float64, shape (k,)
    state : SurrogateState
        The best surrogate.

    Returns
    -------
    RowCurvature
    """
    row, factors = row_derivatives(system, dispersion, state), state.factorization.factors
    n, k = len(row.m), len(dispersion)
    t = sum(len(factor) * (len(factor) + 1) // 2 for factor in factors)
    size = t + system.structure.p + k
    hessian = np.zeros((size, size))
    score, variance, curvature = np.zeros((3, n, size))
    for batch in batches:
        within, *moved = _of_parts(batch, factors, row)
        hessian += within
        for whole, part in zip((score, variance, curvature), moved, strict=True):
            batch.put(part, whole)
    hessian[size - k :, size - k :] += row.ff
    return RowCurvature(0.5 * (hessian + hessian.T), score, variance, curvature)


def row_tangents(
    system: PirlsSystem, state: SurrogateState, curvature: RowCurvature, along: Matrix
) -> list[Tangent]:
    """How the surrogate moves along some directions.

    Parameters
    ----------
    system : PirlsSystem
    state : SurrogateState
        Where `curvature` was formed.
    curvature : RowCurvature
    along : float64, shape (k, c)
        Directions in ``(theta, beta, dispersion)``.

    Returns
    -------
    list of Tangent
    """
    factors = state.factorization.factors
    t = sum(len(factor) * (len(factor) + 1) // 2 for factor in factors)
    pull, _ = system.index.scores(state.expectation.score)
    tangents = []
    for direction, ds, dv, dw in zip(
        along.T,
        (curvature.score @ along).T,
        (curvature.variance @ along).T,
        (curvature.curvature @ along).T,
        strict=True,
    ):
        moved, _ = system.index.scores(ds)
        changes = unpack(direction[:t], system.structure.d)
        u = zip(moved, pull, factors, changes, strict=True)
        tangents.append(
            Tangent(
                u_mean=tuple(by_level @ factor + g @ change for by_level, g, factor, change in u),
                beta=direction[t : t + system.structure.p],
                curvature=dw,
                variance=dv,
            )
        )
    return tangents


def _of_parts(
    batch: PartBatch, factors: Sequence[Matrix], row: RowDerivatives
) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """What some parts add to the Hessian, and how their scores, variances and weights move."""
    s, W, mv, vv, mf, vf = (
        batch.taken(values) for values in (row.m, -row.mm, row.mv, row.vv, row.mf, row.vf)
    )
    B, m, p = batch.X.shape
    k, eye = len(mf), np.eye(m)
    G = np.zeros((B, m, m))
    for Z, same, factor in zip(batch.Z, batch.same, factors, strict=True):
        A = Z @ factor
        G += same * (A @ A.transpose(0, 2, 1))
    C = np.linalg.solve(eye + G * W[:, None, :], G)
    Q = eye - C * W[:, None, :]
    P = W[:, :, None] * (eye - C * W[:, None, :])

    # what the parameters do by themselves: to means and variances, weights and scores held
    directions = list(_directions(batch, factors))
    t = len(directions)
    size = t + p + k
    pulled = np.stack([dG @ s[:, :, None] for dG in directions], axis=1)[..., 0]  # (B, t, m)
    widened = np.stack([np.einsum("bij,bij->bi", Q @ dG, Q) for dG in directions], axis=1)
    mean = np.zeros((B, m, size))
    mean[:, :, :t] = Q @ pulled.transpose(0, 2, 1)
    mean[:, :, t : t + p] = Q @ batch.X
    mean[:, :, t + p :] = C @ mf.transpose(1, 2, 0)
    by_itself = np.zeros((2, B, m, size))  # scores and half the weights, by the dispersion
    by_itself[0, :, :, t + p :] = mf.transpose(1, 2, 0)
    by_itself[1, :, :, t + p :] = vf.transpose(1, 2, 0)
    squared = 2.0 * np.square(C)
    right = squared @ (mv[..., None] * mean + by_itself[1])
    right[:, :, :t] += widened.transpose(0, 2, 1)

    # and in all
    inner = mv[:, :, None] * C * mv[:, None, :] + vv[:, :, None] * eye
    variance = np.linalg.solve(eye - squared @ inner, right)
    mean += C @ (mv[..., None] * variance)
    curvature = -2.0 * (mv[..., None] * mean + vv[..., None] * variance + by_itself[1])
    score = mv[..., None] * variance - W[..., None] * mean + by_itself[0]

    hessian = np.zeros((size, size))
    hessian[:t] = np.einsum("btm,bmk->tk", pulled, score, optimize=True)
    hessian[:t] -= 0.5 * np.einsum("btm,bmk->tk", widened, curvature, optimize=True)
    hessian[:t, :t] += _of_factors(batch, s, P, directions, factors)
    hessian[t : t + p] = np.einsum("bmp,bmk->pk", batch.X, score, optimize=True)
    hessian[t + p :] = np.einsum("fbm,bmk->fk", mf, mean, optimize=True)
    hessian[t + p :] += np.einsum("fbm,bmk->fk", vf, variance, optimize=True)
    return hessian, score, variance, curvature


def _elements(factors: Sequence[Matrix]) -> Iterator[tuple[int, int, int]]:
    """Term, row and column of every element of the packed covariance factors, in order."""
    for r, factor in enumerate(factors):
        for column in range(len(factor)):
            for line in range(column, len(factor)):
                yield r, line, column


def _directions(batch: PartBatch, factors: Sequence[Matrix]) -> Iterator[Matrix]:
    """Derivatives of ``G`` by the elements of the covariance factors, shape (B, m, m)."""
    for r, a, b in _elements(factors):
        half = batch.Z[r][:, :, a, None] * (batch.Z[r] @ factors[r])[:, None, :, b]
        yield batch.same[r] * (half + half.transpose(0, 2, 1))


def _of_factors(
    batch: PartBatch,
    s: Matrix,
    P: Matrix,
    directions: Sequence[Matrix],
    factors: Sequence[Matrix],
) -> Matrix:
    """What the factors' own second derivatives and ``log |I + GW|`` add, shape (t, t)."""
    elements = list(_elements(factors))
    result = np.zeros((len(elements), len(elements)))
    moved = [P @ dG for dG in directions]
    pull = 0.5 * (s[:, :, None] * s[:, None, :] - P)
    for i, (r, a, b) in enumerate(elements):
        for j, (q, c, e) in enumerate(elements[: i + 1]):
            value = 0.5 * float(np.einsum("bij,bji->", moved[i], moved[j]))
            if r == q and b == e:
                both = batch.Z[r][:, :, a, None] * batch.Z[r][:, None, :, c]
                value += 2.0 * float(np.einsum("bij,bij->", batch.same[r] * pull, both))
            result[i, j] = result[j, i] = value
    return result
