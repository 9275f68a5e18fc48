r"""Second derivatives of the ELBO of a model with one random-effects term, exactly.

Given the parameters ``x = (theta, beta, dispersion)`` such a model falls into one small problem
a level, in the level's surrogate ``z = (mean, covariance)``. At the best surrogate the Hessian
of the maximised ELBO is, by the implicit function theorem,

.. math:: F_{xx} - \sum_l F_{xz,l} F_{zz,l}^{-1} F_{zx,l},

and the surrogate moves with the parameters by ``dz/dx = -F_zz^-1 F_zx``. Both cost about as much
as one evaluation of the ELBO. The expected log likelihood `E(m, v)` obeys the heat equation
(``E_v = E_mm / 2``), so all its second derivatives are derivatives by the mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.cross_products import BlockStructure
from glmmvi.inference.profiled_deviance import unpack
from glmmvi.inference.regression_arrays import TermArrays
from glmmvi.inference.row_derivatives import row_derivatives
from glmmvi.inference.variational_pirls import PirlsSystem, SurrogateState, tempered

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_LARGEST = 14  # numbers of a level's surrogate: its mean and covariance, for four columns
_CELLS = 20_000_000  # numbers in the levels' tangents


@dataclass(frozen=True)
class LevelCurvature:
    """Second derivatives at the best surrogate, and how the surrogate moves.

    Attributes
    ----------
    hessian : float64, shape (k, k)
        Of the maximised ELBO by ``(theta, beta, dispersion)``.
    u_tangent, mean_tangent : float64, shape (L, d, k)
        Derivatives of the levels' `u` and ``Lambda u``.
    covariance_tangent : float64, shape (L, s, k)
        Derivatives of the lower triangles of the levels' ``Lambda V Lambda'``.
    third, fourth : float64, shape (n,)
        Derivatives of the expected log likelihood by the mean of the linear predictor.
    """

    hessian: Matrix
    u_tangent: Matrix
    mean_tangent: Matrix
    covariance_tangent: Matrix
    third: Vector
    fourth: Vector


def has_level_curvature(structure: BlockStructure, n_parameters: int) -> bool:
    """Whether a model has one random-effects term, of few columns and not too many levels."""
    if len(structure.d) != 1 or structure.U:
        return False
    d = structure.d[0]
    size = d + d * (d + 1) // 2
    return size <= _LARGEST and size * n_parameters * structure.n_levels[0] <= _CELLS


def level_curvature(
    system: PirlsSystem, dispersion: Vector, state: SurrogateState
) -> LevelCurvature:
    """Hessian of the maximised ELBO, and the tangents of the surrogate.

    Parameters
    ----------
    system : PirlsSystem
        Of a model that :func:`has_level_curvature`. Its prior of the fixed effects is left out.
    dispersion : float64, shape (k,)
    state : SurrogateState
        The best surrogate.

    Returns
    -------
    LevelCurvature
    """
    (term,), (Lambda,) = system.arrays.terms, state.factorization.factors
    row = row_derivatives(system, dispersion, state)
    X, Z, d = np.asfortranarray(system.arrays.X), np.asfortranarray(term.Z), term.d
    packs = _Packing.of(d)
    u = state.u_mean[0]
    V = state.factorization.eliminated[0].A_inv.transpose(2, 0, 1)
    zz = packs.products(Z)

    # sums by level of the rows' derivatives by (Lambda u, Lambda V Lambda')
    slope_m = _by_level(term, row.m, Z)
    slope_v = packs.symmetric(_by_level(term, row.v, zz / packs.multiplicity))
    of_rows = _stacked(
        _pairs_by_level(term, row.mm, Z, Z),
        _pairs_by_level(term, row.mv, Z, zz),
        _pairs_by_level(term, row.vv, zz, zz),
    )
    with_beta = np.concatenate(
        [_pairs_by_level(term, row.mm, Z, X), _pairs_by_level(term, row.mv, zz, X)], axis=1
    )
    with_dispersion = (
        np.concatenate(
            [
                np.stack([_by_level(term, w, Z) for w in row.mf], axis=2),
                np.stack([_by_level(term, w, zz) for w in row.vf], axis=2),
            ],
            axis=1,
        )
        if len(dispersion)
        else np.zeros((term.n_levels, packs.size, 0))
    )

    # the same by the spherical surrogate and by Lambda
    by_surrogate = packs.by_surrogate(Lambda)
    by_theta = packs.by_theta(Lambda, u, V)
    moved = by_surrogate.T @ of_rows
    inner = moved @ by_surrogate
    inner[:, :d, :d] -= np.eye(d)
    inner[:, d:, d:] -= packs.curvature_of_log_det(np.linalg.inv(V))
    cross = np.concatenate(
        [
            moved @ by_theta + packs.twice_mixed(Lambda, slope_m, slope_v),
            by_surrogate.T @ with_beta,
            by_surrogate.T @ with_dispersion,
        ],
        axis=2,
    )
    tangent = -np.linalg.solve(inner, cross)

    t, p = by_theta.shape[2], X.shape[1]
    size = t + p + len(dispersion)
    hessian = np.zeros((size, size))
    hessian[:t, :t] = _total(by_theta, of_rows @ by_theta) + packs.twice_theta(slope_v, V)
    hessian[:t, t : t + p] = _total(by_theta, with_beta)
    hessian[:t, t + p :] = _total(by_theta, with_dispersion)
    hessian[t : t + p, t : t + p] = X.T @ (row.mm[:, None] * X)
    hessian[t : t + p, t + p :] = X.T @ row.mf.T
    hessian[t + p :, t + p :] = row.ff
    hessian = np.triu(hessian) + np.triu(hessian, 1).T + _total(cross, tangent)
    moves = by_surrogate @ tangent
    moves[:, :, :t] += by_theta
    return LevelCurvature(
        hessian=0.5 * (hessian + hessian.T),
        u_tangent=tangent[:, :d],
        mean_tangent=moves[:, :d],
        covariance_tangent=moves[:, d:],
        third=2.0 * row.mv,
        fourth=4.0 * row.vv,
    )


def predicted_surrogate(
    system: PirlsSystem,
    state: SurrogateState,
    curvature: LevelCurvature,
    theta: Vector,
    change: Vector,
) -> tuple[Matrix, Vector]:
    """The surrogate at other parameters, to first order.

    Parameters
    ----------
    system : PirlsSystem
    state : SurrogateState
        Where `curvature` was formed.
    curvature : LevelCurvature
    theta : float64, shape (t,)
        The new packed covariance factor.
    change : float64, shape (k,)
        From the old parameters to the new, ``(theta, beta, dispersion)``.

    Returns
    -------
    u_mean : float64, shape (L, d)
    curvature : float64, shape (n,)
        Weights, at least a tenth of the old ones.
    """
    (term,), (old,) = system.arrays.terms, state.factorization.factors
    d, t, p = term.d, theta.size, system.structure.p
    (new,) = unpack(theta, [d])
    b_change = curvature.mean_tangent @ change
    singular = np.diag(new) <= 0.0
    b = state.u_mean[0] @ old.T + b_change
    u = np.zeros_like(b) if singular.any() else np.linalg.solve(new, b.T).T
    packs = _Packing.of(d)
    moved = system.index.predictor(change[t : t + p], [b_change])
    spread = curvature.covariance_tangent @ change
    widened = np.einsum("ns,ns->n", packs.products(term.Z), spread[term.codes])
    weights = state.expectation.curvature
    predicted = weights - curvature.third * moved - 0.5 * curvature.fourth * widened
    return u, tempered(predicted, weights)


def tangent_slopes(
    system: PirlsSystem, curvature: LevelCurvature, u_slope: Matrix, by_variance: Vector
) -> Vector:
    """Slopes of a function of the surrogate along its tangents, shape (k,).

    Parameters
    ----------
    system : PirlsSystem
    curvature : LevelCurvature
    u_slope : float64, shape (L, d)
        Of the function by the spherical means.
    by_variance : float64, shape (n,)
        Of the function by the variances of the predictors.
    """
    (term,) = system.arrays.terms
    by_covariance = _by_level(term, by_variance, _Packing.of(term.d).products(term.Z))
    along_mean = np.tensordot(u_slope, curvature.u_tangent, axes=2)
    return np.asarray(
        along_mean + np.tensordot(by_covariance, curvature.covariance_tangent, axes=2)
    )


@dataclass(frozen=True)
class _Packing:
    """Lower triangles of symmetric matrices of size `d`, and derivatives in terms of them.

    Attributes
    ----------
    rows, columns : intp, shape (s,)
        Of the elements of a lower triangle.
    multiplicity : float64, shape (s,)
        1 on the diagonal, 2 below it.
    symmetric_basis : float64, shape (s, d, d)
        Symmetric matrices with one free element.
    theta_basis : float64, shape (t, d, d)
        Covariance factors with one free element, in the order of ``theta``.
    """

    d: int
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    multiplicity: Vector
    symmetric_basis: Matrix
    theta_basis: Matrix

    @classmethod
    def of(cls, d: int) -> _Packing:
        rows, columns = np.tril_indices(d)
        basis = np.zeros((len(rows), d, d))
        basis[np.arange(len(rows)), rows, columns] = 1.0
        basis[np.arange(len(rows)), columns, rows] = 1.0
        theta = np.stack([unpack(unit, [d])[0] for unit in np.eye(len(rows))])
        return cls(d, rows, columns, np.where(rows == columns, 1.0, 2.0), basis, theta)

    @property
    def size(self) -> int:
        return self.d + len(self.rows)

    def packed(self, matrices: Matrix) -> Matrix:
        return matrices[..., self.rows, self.columns]

    def symmetric(self, packed: Matrix) -> Matrix:
        return np.tensordot(packed, self.symmetric_basis, axes=1)

    def products(self, Z: Matrix) -> Matrix:
        """What a row's variance is in a packed covariance matrix of its level, shape (n, s)."""
        columns = [
            m * Z[:, a] * Z[:, b]
            for m, a, b in zip(self.multiplicity, self.rows, self.columns, strict=True)
        ]
        return np.array(columns).T

    def by_surrogate(self, Lambda: Matrix) -> Matrix:
        """Derivatives of (Lambda u, packed Lambda V Lambda') by (u, packed V)."""
        result = np.zeros((self.size, self.size))
        result[: self.d, : self.d] = Lambda
        result[self.d :, self.d :] = self.packed(Lambda @ self.symmetric_basis @ Lambda.T).T
        return result

    def by_theta(self, Lambda: Matrix, u: Matrix, V: Matrix) -> Matrix:
        """Derivatives of the same by theta, shape (L, d + s, t)."""
        of_mean = np.einsum("tab,lb->lat", self.theta_basis, u)
        half = np.einsum("tab,lbc,dc->ltad", self.theta_basis, V, Lambda)
        of_covariance = self.packed(half + half.transpose(0, 1, 3, 2)).transpose(0, 2, 1)
        return np.concatenate([of_mean, of_covariance], axis=1)

    def curvature_of_log_det(self, precision: Matrix) -> Matrix:
        """``tr(P S_a P S_b) / 2`` of every level's precision matrix P, shape (L, s, s)."""
        half = precision[:, None] @ self.symmetric_basis
        return 0.5 * np.einsum("laij,lbji->lab", half, half)

    def twice_mixed(self, Lambda: Matrix, slope_m: Matrix, slope_v: Matrix) -> Matrix:
        """What the curvature of (Lambda u, Lambda V Lambda') adds to F_zx, shape (L, d + s, t)."""
        of_mean = np.einsum("tab,la->lbt", self.theta_basis, slope_m)
        right = self.symmetric_basis @ Lambda.T
        of_covariance = 2.0 * np.einsum("lij,tjk,ski->lst", slope_v, self.theta_basis, right)
        return np.concatenate([of_mean, of_covariance], axis=1)

    def twice_theta(self, slope_v: Matrix, V: Matrix) -> Matrix:
        """What it adds to F_xx, shape (t, t)."""
        inner = np.einsum("lij,lkm->ijkm", slope_v, V)
        basis = self.theta_basis
        return 2.0 * np.einsum("ijkm,tjk,sim->ts", inner, basis, basis)


def _by_level(term: TermArrays, w: Vector, columns: Matrix) -> Matrix:
    """Sums by level of weighted columns, shape (L, c)."""
    sums = [np.bincount(term.codes, w * column, term.n_levels) for column in columns.T]
    return np.stack(sums, axis=1) if sums else np.zeros((term.n_levels, 0))


def _pairs_by_level(term: TermArrays, w: Vector, left: Matrix, right: Matrix) -> Matrix:
    """Sums by level of weighted products of columns, shape (L, c, e)."""
    return np.stack([_by_level(term, w * column, right) for column in left.T], axis=1)


def _stacked(upper: Matrix, corner: Matrix, lower: Matrix) -> Matrix:
    """Symmetric matrices from their blocks, one a level."""
    above = np.concatenate([upper, corner], axis=2)
    return np.concatenate(
        [above, np.concatenate([corner.transpose(0, 2, 1), lower], axis=2)], axis=1
    )


def _total(left: Matrix, right: Matrix) -> Matrix:
    """``sum_l left_l' right_l``."""
    return np.tensordot(left, right, axes=((0, 1), (0, 1)))
