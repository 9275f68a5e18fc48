r"""Kenward and Roger's small-sample inference for the fixed effects of a linear mixed model.

The covariance matrix of the responses is linear in its parameters,
:math:`\Sigma = \sum_r \gamma_r G_r` with :math:`G_r = Z S_r Z'` for every element of a random
effects' covariance matrix and :math:`G = I` for the residual variance. The covariance matrix
of the fixed effects is corrected for the estimation of :math:`\gamma`, and a scaled F
distribution is matched to the Wald statistic (Kenward and Roger 1997, Biometrics 53(3), in the
form of Halekoh and Hojsgaard 2014, J. Stat. Softw. 59(9), pbkrtest).

All of it comes from :math:`M = Z'\Sigma^{-1}Z` and :math:`N = Z'\Sigma^{-1}X`: what has the
identity between two :math:`\Sigma^{-1}` follows from
:math:`I = (\Sigma - \sum_r \gamma_r G_r) / \sigma^2`, so that no n x n matrix is formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class KenwardRoger:
    """The corrected covariance matrix, and what the degrees of freedom come from.

    Attributes
    ----------
    beta_cov : float64, shape (p, p)
        As estimated.
    adjusted : float64, shape (p, p)
        Corrected for the estimation of the covariance parameters.
    P : float64, shape (k, p, p)
        ``-X' Sigma^-1 G_r Sigma^-1 X``.
    W : float64, shape (k, k)
        Covariance matrix of the covariance parameters, from the expected information.
    """

    beta_cov: Matrix
    adjusted: Matrix
    P: Matrix
    W: Matrix

    def df(self, contrast: Vector) -> float:
        """Denominator degrees of freedom of ``contrast @ beta``."""
        return scaled_f(self, contrast[None, :])[0]


@dataclass(frozen=True)
class KenwardRogerTest:
    """A scaled F test.

    Attributes
    ----------
    statistic : float
        Wald's, with the corrected covariance matrix, over `num_df`; without the scale.
    scale : float
        The statistic times this is compared with the F distribution.
    num_df, den_df : float
    """

    statistic: float
    scale: float
    num_df: float
    den_df: float


def kenward_roger(
    ZZ: Matrix,
    ZX: Matrix,
    beta_cov: Matrix,
    covariances: Sequence[Matrix],
    n_levels: Sequence[int],
    residual_variance: float,
    n: int,
) -> KenwardRoger:
    """Correct the covariance matrix of the fixed effects.

    Parameters
    ----------
    ZZ : float64, shape (q, q)
        ``Z' W Z`` of all terms side by side, level by level, with the prior weights `W`.
    ZX : float64, shape (q, p)
        ``Z' W X``.
    beta_cov : float64, shape (p, p)
        Under REML.
    covariances : sequence of float64, shape (d, d)
        Of the random effects of each term.
    n_levels : sequence of int
    residual_variance : float
    n : int
        Rows of positive weight.

    Returns
    -------
    KenwardRoger

    Notes
    -----
    With prior weights the rows' residual variances are ``residual_variance / W``, as in the
    model that was fitted. pbkrtest (0.5.2) leaves the weights out of the covariance matrix, so
    that its standard errors and degrees of freedom of weighted fits are others.
    """
    shapes = [(L, len(D)) for L, D in zip(n_levels, covariances, strict=True)]
    starts = np.cumsum([0, *(L * d for L, d in shapes)])
    M, N = _projected(ZZ, ZX, covariances, shapes, starts, residual_variance)
    p = beta_cov.shape[0]
    elements = [
        (a, i, j) for a, (_, d) in enumerate(shapes) for i in range(d) for j in range(i + 1)
    ]
    k = len(elements)
    gamma = np.array([covariances[a][i, j] for a, i, j in elements])

    def parts(a: int) -> Matrix:
        return N[starts[a] : starts[a + 1]].reshape(*shapes[a], p)

    selected = [_select(parts(a), i, j) for a, i, j in elements]  # S_r N, by level
    P = np.array(
        [
            -np.einsum("lip,liq->pq", parts(a), chosen)
            for (a, _, _), chosen in zip(elements, selected, strict=True)
        ]
    ).reshape(k, p, p)
    Q = np.empty((k + 1, k + 1, p, p))
    trace = np.empty((k + 1, k + 1))
    for s, (b, _, _) in enumerate(elements):
        moved = M[:, starts[b] : starts[b + 1]] @ selected[s].reshape(-1, p)  # M S_s N
        for r, (a, _, _) in enumerate(elements):
            Q[r, s] = selected[r].reshape(-1, p).T @ moved[starts[a] : starts[a + 1]]
    grams = {
        (a, b): _gram(M, starts, shapes, a, b)
        for a in range(len(shapes))
        for b in range(len(shapes))
    }
    for r, (a, i, j) in enumerate(elements):
        for s, (b, u, h) in enumerate(elements):
            T = grams[a, b]
            trace[r, s] = sum(T[y, x, z, w] for y, z in _pairs(i, j) for x, w in _pairs(u, h))
    # with the identity, the residual's G, in the place of one G or of both
    information = np.linalg.inv(beta_cov)
    single = np.array(
        [
            sum(
                float(np.einsum("lili->", _block(M, starts, shapes, a)[:, y : y + 1, :, z : z + 1]))
                for y, z in _pairs(i, j)
            )
            for a, i, j in elements
        ]
    )
    v = residual_variance
    P_last = -(information + np.einsum("r,rpq->pq", gamma, P)) / v
    for r in range(k):
        Q[r, k] = (-P[r] - np.einsum("s,spq->pq", gamma, Q[r, :k])) / v
        Q[k, r] = Q[r, k].T
        trace[r, k] = trace[k, r] = (single[r] - gamma @ trace[r, :k]) / v
    Q[k, k] = (-P_last - np.einsum("s,spq->pq", gamma, Q[:k, k].swapaxes(1, 2))) / v
    trace[k, k] = ((n - gamma @ single) / v - gamma @ trace[:k, k]) / v
    P = np.concatenate([P, P_last[None]])
    PhiP = beta_cov @ P
    expected = (
        trace - 2.0 * np.einsum("pq,rsqp->rs", beta_cov, Q) + np.einsum("rpq,sqp->rs", PhiP, PhiP)
    )
    W = 2.0 * np.linalg.pinv(0.5 * (expected + expected.T), rcond=1e-10, hermitian=True)
    U = np.einsum("rs,rspq->pq", W, Q) - np.einsum("rs,rpq,sqt->pt", W, P, PhiP)
    U = 0.5 * (U + U.T)
    return KenwardRoger(beta_cov, beta_cov + 2.0 * beta_cov @ U @ beta_cov, P, W)


def _projected(
    ZZ: Matrix,
    ZX: Matrix,
    covariances: Sequence[Matrix],
    shapes: Sequence[tuple[int, int]],
    starts: NDArray[np.intp],
    residual_variance: float,
) -> tuple[Matrix, Matrix]:
    """``Z' Sigma^-1 Z`` and ``Z' Sigma^-1 X``, by Woodbury's identity; any covariance matrix."""
    q = len(ZZ)
    DZ = np.empty((q, q))  # D Z'Z, blocks of D on the diagonal
    for a, ((L, d), D) in enumerate(zip(shapes, covariances, strict=True)):
        rows = slice(starts[a], starts[a + 1])
        DZ[rows] = np.einsum("ij,ljc->lic", D, ZZ[rows].reshape(L, d, q)).reshape(L * d, q)
    inner = residual_variance * np.eye(q) + DZ
    # Z' Sigma^-1 = (v I + Z'Z D)^-1 Z'
    both = np.linalg.solve(inner.T, np.hstack([ZZ, ZX]))
    M = both[:, :q]
    return 0.5 * (M + M.T), both[:, q:]


def _pairs(i: int, j: int) -> tuple[tuple[int, int], ...]:
    return ((i, i),) if i == j else ((i, j), (j, i))


def _select(block: Matrix, i: int, j: int) -> Matrix:
    """``S`` times a term's rows: those of columns `i` and `j` of the term change places."""
    chosen = np.zeros_like(block)
    for y, z in _pairs(i, j):
        chosen[:, y] = block[:, z]
    return chosen


def _block(
    M: Matrix, starts: NDArray[np.intp], shapes: Sequence[tuple[int, int]], a: int
) -> Matrix:
    rows = slice(starts[a], starts[a + 1])
    return M[rows, rows].reshape(*shapes[a], *shapes[a])


def _gram(
    M: Matrix, starts: NDArray[np.intp], shapes: Sequence[tuple[int, int]], a: int, b: int
) -> Matrix:
    """``T[y, x, z, w] = sum over levels of M_ab[l, z, m, x] M_ab[l, y, m, w]``."""
    (L, d), (m, e) = shapes[a], shapes[b]
    block = M[starts[a] : starts[a + 1], starts[b] : starts[b + 1]].reshape(L, d, m, e)
    flat = block.transpose(1, 3, 0, 2).reshape(d * e, L * m)
    products = (flat @ flat.T).reshape(d, e, d, e)  # [z, x, y, w]
    return np.asarray(products.transpose(2, 1, 0, 3))


def scaled_f(kr: KenwardRoger, contrasts: Matrix) -> tuple[float, float]:
    """Denominator degrees of freedom, and the scale of the F statistic.

    Parameters
    ----------
    kr : KenwardRoger
    contrasts : float64, shape (m, p)
        Of full row rank.

    Returns
    -------
    df, scale : float
    """
    m = contrasts.shape[0]
    Phi = kr.beta_cov
    theta = contrasts.T @ np.linalg.solve(contrasts @ Phi @ contrasts.T, contrasts)
    u = theta @ Phi @ kr.P @ Phi
    traces = np.einsum("rpp->r", u)
    A1 = float(np.einsum("rs,r,s->", kr.W, traces, traces))
    A2 = float(np.einsum("rs,rpq,sqp->", kr.W, u, u))
    if abs(A2) < 1e-14:  # the covariance parameters do not matter
        return float("inf"), 1.0
    B = (A1 + 6.0 * A2) / (2.0 * m)
    g = ((m + 1) * A1 - (m + 4) * A2) / ((m + 2) * A2)
    below = 3.0 * m + 2.0 * (1.0 - g)
    c1, c2, c3 = g / below, (m - g) / below, (m + 2 - g) / below
    V0, V1, V2 = 1.0 + c1 * B, 1.0 - c2 * B, 1.0 - c3 * B
    V0 = 0.0 if abs(V0) < 1e-10 else V0
    ratio = 1.0 if abs(1.0 - A2 / m) < 1e-14 and abs(V1) < 1e-14 else (1.0 - A2 / m) / V1
    rho = ratio**2 * V0 / V2 / m
    df = 4.0 + (m + 2) / (m * rho - 1.0)
    scale = 1.0 if abs(df - 2.0) < 0.01 else df * (1.0 - A2 / m) / (df - 2.0)
    return df, scale


def kenward_roger_test(
    kr: KenwardRoger, beta: Vector, contrasts: Matrix, rhs: Vector | None = None
) -> KenwardRogerTest:
    """Test ``contrasts @ beta = rhs``, as pbkrtest's ``KRmodcomp``.

    Parameters
    ----------
    kr : KenwardRoger
    beta : float64, shape (p,)
    contrasts : float64, shape (m, p)
        Dependent rows count once.
    rhs : float64, shape (m,), optional
        Zeros by default.

    Returns
    -------
    KenwardRogerTest
        nan where there was nothing to test.
    """
    nothing = float("nan")
    if not contrasts.shape[0]:
        return KenwardRogerTest(nothing, nothing, nothing, nothing)
    left, values, _ = np.linalg.svd(contrasts, full_matrices=False)
    kept = values > 1e-10 * max(float(values[0]), 1e-300)
    if not kept.any():
        return KenwardRogerTest(nothing, nothing, nothing, nothing)
    rows = left[:, kept].T @ contrasts
    distance = rows @ beta
    if rhs is not None:
        distance = distance - left[:, kept].T @ rhs
    df, scale = scaled_f(kr, rows)
    wald = float(distance @ np.linalg.solve(rows @ kr.adjusted @ rows.T, distance))
    return KenwardRogerTest(wald / len(rows), scale, float(len(rows)), df)
