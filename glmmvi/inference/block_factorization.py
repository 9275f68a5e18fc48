"""Block elimination of the system ``I + Lambda'Z'Z Lambda`` with its selected inverse.

Everything is written in terms of the *unscaled* cross-products ``H = Z'Z`` and, for each
eliminated level, ``C = Lambda (I + Lambda'H Lambda)^-1 Lambda'``: eliminating a level replaces
the cross-products of what is left by ``H - R'CR``. Nothing is divided by ``Lambda``, so a
singular covariance factor is an ordinary case.

The backward sweep is the reverse mode of that elimination. Its adjoint of ``H`` is
``Lambda V Lambda'`` on the pattern of the system, the selected inverse: it gives the gradient
over ``Lambda`` as well as every variance that is wanted after the fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from glmmvi.inference.block_matrices import (
    apply,
    congruence,
    inverse_and_log_det,
    left_multiply,
    multiply,
)
from glmmvi.inference.cross_products import BlockStructure, CrossProducts
from glmmvi.inference.row_patterns import Rows

Matrix = NDArray[np.float64]

_BLOCK = 64  # rows of a large matrix that are worked on at once: they stay in the cache


@dataclass(frozen=True)
class EliminatedTerm:
    """One eliminated term, after everything before it was eliminated.

    Attributes
    ----------
    H : float64, shape (d, d, L)
        Cross-products within each level.
    A_inv : float64, shape (d, d, L)
        ``(I + Lambda'H Lambda)^-1``.
    C : float64, shape (d, d, L)
        ``Lambda A_inv Lambda'``.
    rows : float64
        Cross-products with the dense block, on the term's pattern.
    linked : dict of int to float64, shape (d, d_j, L)
        Cross-products with the later eliminated terms.
    """

    H: Matrix
    A_inv: Matrix
    C: Matrix
    rows: Rows
    linked: dict[int, Matrix]


@dataclass(frozen=True)
class BlockFactorization:
    """The factored system of one value of ``Lambda``.

    Attributes
    ----------
    structure : BlockStructure
    factors : tuple of float64, shape (d, d)
        ``Lambda`` of every term.
    eliminated : dict of int to EliminatedTerm
    S : float64, shape (m, m)
        Cross-products of the dense block, eliminated terms gone.
    M_inv : float64, shape (U, U)
        Inverse of ``I + Lambda'S Lambda`` of the dense random effects.
    C : float64, shape (U, U)
        ``Lambda M_inv Lambda'``.
    fixed : float64, shape (p + 1, p + 1)
        Cross-products of the fixed effects and the response, all random effects gone.
    log_det : float
        ``log |I + Lambda'Z'Z Lambda|``.
    """

    structure: BlockStructure
    factors: tuple[Matrix, ...]
    eliminated: dict[int, EliminatedTerm]
    S: Matrix
    M_inv: Matrix
    C: Matrix
    fixed: Matrix
    log_det: float


@dataclass(frozen=True)
class Adjoints:
    """Derivatives of a function of the factored system.

    Attributes
    ----------
    factors : tuple of float64, shape (d, d)
        By ``Lambda`` of every term (full matrix; the lower triangle is meant).
    blocks : tuple of float64, shape (d, d, L)
        By the cross-products within every level of every term: ``Lambda V Lambda'`` when the
        function is ``log_det`` plus that of the fixed effects.
    linked : dict of (int, int) to float64, shape (d_k, d_j, L_k)
        By the cross-products of two eliminated terms.
    rows : dict of int to float64
        By the cross-products of an eliminated term with the dense block, on its pattern.
    dense : float64, shape (m, m)
        By those of the dense block.
    """

    factors: tuple[Matrix, ...]
    blocks: tuple[Matrix, ...]
    linked: dict[tuple[int, int], Matrix]
    rows: dict[int, Rows]
    dense: Matrix


def factorize(
    products: CrossProducts, structure: BlockStructure, factors: Sequence[Matrix]
) -> BlockFactorization:
    """Factor the system of a model at given covariance factors.

    Parameters
    ----------
    products : CrossProducts
    structure : BlockStructure
    factors : sequence of float64, shape (d, d)
        ``Lambda`` of every term.

    Returns
    -------
    BlockFactorization
    """
    order = structure.order
    diagonal, rows = dict(products.diagonal), dict(products.rows)
    linked = dict(products.linked)
    S = products.dense
    log_det = 0.0
    eliminated: dict[int, EliminatedTerm] = {}

    for position, k in enumerate(order.eliminated):
        Lambda, pattern = factors[k], structure.patterns[k]
        A = congruence(Lambda.T, diagonal[k])
        for a in range(structure.d[k]):
            A[a, a] += 1.0
        A_inv, part = inverse_and_log_det(A)
        log_det += part
        C = congruence(Lambda, A_inv)
        gone = pattern.gram(rows[k], pattern.combine(C, rows[k]))
        S = np.subtract(S, gone, out=gone)
        later = order.eliminated[position + 1 :]
        for j in later:
            link = structure.links[k, j]
            left = multiply(linked[k, j].transpose(1, 0, 2), C)
            diagonal[j] = diagonal[j] - link.scatter_blocks(multiply(left, linked[k, j]))
            rows[j] = rows[j] - link.scatter(pattern.combine(left, rows[k]), rows[j])
            for i in later[later.index(j) + 1 :]:
                linked[j, i] = linked[j, i] - link.scatter_blocks(multiply(left, linked[k, i]))
        eliminated[k] = EliminatedTerm(
            diagonal[k], A_inv, C, rows[k], {j: linked[k, j] for j in later}
        )

    U = structure.U
    if U == 0:
        empty = np.zeros((0, 0))
        return BlockFactorization(
            structure, tuple(factors), eliminated, S, empty, empty, S, log_det
        )
    M = _congruence(structure, [factor.T for factor in factors], S[:U, :U])
    np.einsum("ii->i", M)[:] += 1.0
    M_inv, part = _inverse_and_log_det(M)
    C = _congruence(structure, factors, M_inv)
    fixed = S[U:, U:] - S[U:, :U] @ C @ S[:U, U:]
    return BlockFactorization(
        structure, tuple(factors), eliminated, S, M_inv, C, fixed, log_det + part
    )


def backward(f: BlockFactorization, fixed_adjoint: Matrix) -> Adjoints:
    """Derivatives of ``log_det + h(fixed)`` by ``Lambda`` and by the cross-products.

    Parameters
    ----------
    f : BlockFactorization
    fixed_adjoint : float64, shape (p + 1, p + 1)
        Symmetric derivative of `h` by the matrix ``f.fixed``.

    Returns
    -------
    Adjoints
    """
    structure = f.structure
    order, U, m = structure.order, structure.U, structure.m
    by_factor: dict[int, Matrix] = {}
    by_block: dict[int, Matrix] = {}

    # The dense random effects, as one block.
    adjoint = np.empty((m, m))
    adjoint[U:, U:] = fixed_adjoint
    if U:
        coupling = f.S[:U, U:]
        transposed = [factor.T for factor in f.factors]
        of_dense = _dense_factor_slopes(structure, f.factors, f.S[:U, :U], f.M_inv)
        factor_parts: list[tuple[Matrix, Matrix]] = []
        if fixed_adjoint.any():
            half = f.C @ coupling
            adjoint[:U, U:] = -half @ fixed_adjoint
            adjoint[U:, :U] = adjoint[:U, U:].T
            np.matmul(half @ fixed_adjoint, half.T, out=adjoint[:U, :U])
            adjoint[:U, :U] += f.C
            left = coupling - f.S[:U, :U] @ half
            moved = f.M_inv @ _lambda_rows(structure, transposed, coupling)
            factor_parts.append((left, -moved @ fixed_adjoint))
        else:
            adjoint[:U, U:] = 0.0
            adjoint[U:, :U] = 0.0
            adjoint[:U, :U] = f.C
        for r in order.dense:
            here, d = structure.dense_slice(r), structure.d[r]
            by_factor[r] = of_dense[r]
            for left, right in factor_parts:
                by_factor[r] += 2.0 * _sum_of_blocks(left[here], right[here], d)
            by_block[r] = _diagonal_blocks(adjoint[here, here], d)

    # The eliminated terms, last first. `linked_adjoint[k, j]` and `rows_adjoint[k]` are the
    # adjoints of a term's cross-products with what comes after it.
    linked_adjoint: dict[tuple[int, int], Matrix] = {}
    rows_adjoint: dict[int, Rows] = {}
    coupled = U > 0 or bool(fixed_adjoint.any())  # else nothing comes from the dense block
    for position in range(len(order.eliminated) - 1, -1, -1):
        k = order.eliminated[position]
        term, pattern, Lambda = f.eliminated[k], structure.patterns[k], f.factors[k]
        later = order.eliminated[position + 1 :]
        seen: dict[int, Rows] = {}
        if coupled:
            seen = {j: structure.links[k, j].gather(rows_adjoint[j]) for j in later}
            Y_rows = pattern.times(term.rows, adjoint)
            for j in later:
                Y_rows = Y_rows + pattern.combine(term.linked[j], seen[j])
            Q_parts = [pattern.inner(Y_rows, term.rows)]
            rows_adjoint[k] = pattern.combine(-term.C, Y_rows)
        else:
            Q_parts, rows_adjoint[k] = [], np.zeros_like(term.rows)
        for j in later:
            parts = [pattern.inner(term.rows, seen[j])] if coupled else []
            for i in later:
                if i == j:
                    between = structure.links[k, j].spread(by_block[j])
                elif (i, j) in linked_adjoint:
                    between = structure.links[k, i].spread(linked_adjoint[i, j])
                else:
                    between = structure.links[k, j].spread(linked_adjoint[j, i])
                    between = between.transpose(1, 0, 2)
                parts.append(multiply(term.linked[i], between))
            Y_linked = _total(parts)
            Q_parts.append(multiply(Y_linked, term.linked[j].transpose(1, 0, 2)))
            linked_adjoint[k, j] = -multiply(term.C, Y_linked)
        # (H - (I - HC) Q) Lambda A_inv, summed over levels
        by_block[k], inner = term.C, term.H
        if Q_parts:
            Q = _total(Q_parts)
            CQ = multiply(term.C, Q)
            by_block[k] = term.C + multiply(CQ, term.C)
            inner = term.H - Q + multiply(term.H, CQ)
        by_factor[k] = 2.0 * np.einsum("abl,bcl->ac", inner, left_multiply(Lambda, term.A_inv))

    n_terms = len(structure.d)
    return Adjoints(
        factors=tuple(by_factor[r] for r in range(n_terms)),
        blocks=tuple(by_block[r] for r in range(n_terms)),
        linked=linked_adjoint,
        rows=rows_adjoint,
        dense=adjoint,
    )


def random_effects(f: BlockFactorization, fixed_effects: NDArray[np.float64]) -> list[Matrix]:
    """Conditional means of the spherical random effects, given the fixed effects.

    Parameters
    ----------
    f : BlockFactorization
    fixed_effects : float64, shape (p,)

    Returns
    -------
    list of float64, shape (L, d)
        In the engine's basis and unit of the response.
    """
    structure = f.structure
    U = structure.U
    v = np.append(-fixed_effects, 1.0)
    means: dict[int, Matrix] = {}
    dense = np.zeros(U)
    if U:
        dense = f.C @ (f.S[:U, U:] @ v)
        score = f.S[:U, U:] @ v
        spherical = f.M_inv @ _lambda_columns(structure, f.factors, score[None, :])[0]
        for r in structure.order.dense:
            means[r] = spherical[structure.dense_slice(r)].reshape(-1, structure.d[r])
    column = np.concatenate([-dense, v])
    for k in reversed(structure.order.eliminated):
        term = f.eliminated[k]
        score = structure.patterns[k].apply(term.rows, column)
        for j, block in term.linked.items():
            effect = structure.links[k, j].spread(f.factors[j] @ means[j].T)
            score = score - apply(block, effect)
        means[k] = apply(term.A_inv, f.factors[k].T @ score).T
    return [means[r] for r in range(len(structure.d))]


def solve_scores(
    f: BlockFactorization,
    scores: Sequence[Matrix],
    fixed_score: NDArray[np.float64],
    *,
    beta: NDArray[np.float64] | None = None,
) -> tuple[list[Matrix], NDArray[np.float64]]:
    """Solve the factored system, fixed effects included, for a right-hand side.

    ``[I + Lambda'H Lambda, Lambda'Z'WX; X'WZ Lambda, X'WX] (u, beta) = (Lambda'z, x)``.

    Parameters
    ----------
    f : BlockFactorization
        Its response column is not used.
    scores : sequence of float64, shape (d, L)
        ``z`` of every term, by level.
    fixed_score : float64, shape (p,)
        ``x``.
    beta : float64, shape (p,), optional
        Known fixed effects; then only the first equation is solved.

    Returns
    -------
    u : list of float64, shape (L, d)
    beta : float64, shape (p,)
    """
    structure = f.structure
    order, U, p = structure.order, structure.U, structure.p
    reduced = dict(enumerate(scores))
    right = np.zeros(structure.m)
    for r in order.dense:
        right[structure.dense_slice(r)] = scores[r].T.reshape(-1)
    right[U : U + p] = fixed_score
    for k in order.eliminated:
        term = f.eliminated[k]
        weighted = apply(term.C, reduced[k])
        right -= structure.patterns[k].transposed(term.rows, weighted)
        for j, block in term.linked.items():
            moved = apply(block.transpose(1, 0, 2), weighted)[:, None]
            reduced[j] = reduced[j] - structure.links[k, j].scatter_blocks(moved)[:, 0]
    if beta is None:
        at_fixed = right[U : U + p] - f.S[U : U + p, :U] @ (f.C @ right[:U])
        beta = _solution(f.fixed[:p, :p], at_fixed) if p else np.zeros(0)

    means: dict[int, Matrix] = {}
    column = np.zeros(structure.m)
    column[U : U + p] = -beta
    if U:
        score = right[:U] - f.S[:U, U : U + p] @ beta
        column[:U] = -(f.C @ score)
        spherical = f.M_inv @ _lambda_columns(structure, f.factors, score[None, :])[0]
        for r in order.dense:
            means[r] = spherical[structure.dense_slice(r)].reshape(-1, structure.d[r])
    for k in reversed(order.eliminated):
        term = f.eliminated[k]
        score = reduced[k] + structure.patterns[k].apply(term.rows, column)
        for j, block in term.linked.items():
            effect = structure.links[k, j].spread(f.factors[j] @ means[j].T)
            score = score - apply(block, effect)
        means[k] = apply(term.A_inv, f.factors[k].T @ score).T
    return [means[r] for r in range(len(structure.d))], beta


def _total(parts: Sequence[Matrix]) -> Matrix:
    """Sum of at least one array."""
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _solution(A: Matrix, b: NDArray[np.float64]) -> NDArray[np.float64]:
    """``A^-1 b`` for a small matrix."""
    _, _, x, info = lapack.dgesv(A, b)
    if info != 0:
        raise np.linalg.LinAlgError("the cross-products of the fixed effects are singular")
    return np.asarray(x, dtype=np.float64)


def _inverse_and_log_det(M: Matrix) -> tuple[Matrix, float]:
    """Inverse and log determinant of a symmetric positive definite matrix, overwriting it."""
    # the transpose of a C-ordered matrix is what LAPACK wants: nothing is copied
    factor, info = lapack.dpotrf(M.T, lower=1, overwrite_a=1)
    if info != 0:
        raise np.linalg.LinAlgError("the dense block is not positive definite")
    log_det = 2.0 * float(np.log(np.diag(factor)).sum())
    inverse, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
    upper = inverse.T
    _mirror_upper(upper)
    return upper, log_det


def _mirror_upper(A: Matrix) -> None:
    """Copy the upper triangle of a square matrix to the lower one, block by block."""
    for start in range(0, len(A), _BLOCK):
        stop = start + _BLOCK
        A[stop:, start:stop] = A[start:stop, stop:].T
        corner = A[start:stop, start:stop]
        below = _below_diagonal(len(corner))
        corner[below] = corner.T[below]


@lru_cache(maxsize=_BLOCK)
def _below_diagonal(size: int) -> tuple[NDArray[np.intp], ...]:
    return np.tril_indices(size, -1)


def _congruence(structure: BlockStructure, factors: Sequence[Matrix], A: Matrix) -> Matrix:
    """``Lambda A Lambda'`` for the dense terms' random effects, `A` symmetric, shape (U, U)."""
    if any(structure.d[r] > 1 for r in structure.order.dense):
        moved = _lambda_rows(structure, factors, A)
        return _lambda_columns(structure, [factor.T for factor in factors], moved)
    scale = np.empty(len(A))
    for r in structure.order.dense:
        scale[structure.dense_slice(r)] = factors[r][0, 0]
    result = np.empty(A.shape)
    for start in range(0, len(A), _BLOCK):
        here = slice(start, start + _BLOCK)
        np.multiply(A[here], scale[here, None] * scale, out=result[here])
    return result


def _lambda_rows(structure: BlockStructure, factors: Sequence[Matrix], A: Matrix) -> Matrix:
    """``Lambda A`` for the dense terms' random effects, shape (U, c)."""
    result = np.empty(A.shape)
    for r in structure.order.dense:
        here, d = structure.dense_slice(r), structure.d[r]
        if d == 1:
            np.multiply(A[here], factors[r][0, 0], out=result[here])
        else:
            blocks = A[here].reshape(-1, d, A.shape[1])
            result[here] = (factors[r] @ blocks).reshape(-1, A.shape[1])
    return result


def _lambda_columns(structure: BlockStructure, factors: Sequence[Matrix], A: Matrix) -> Matrix:
    """``A Lambda`` for the dense terms' random effects, shape (c, U)."""
    result = np.empty(A.shape)
    for r in structure.order.dense:
        here, d = structure.dense_slice(r), structure.d[r]
        if d == 1:
            np.multiply(A[:, here], factors[r][0, 0], out=result[:, here])
        else:
            blocks = A[:, here].reshape(A.shape[0], -1, d)
            result[:, here] = (blocks @ factors[r]).reshape(A.shape[0], -1)
    return result


def _dense_factor_slopes(
    structure: BlockStructure, factors: Sequence[Matrix], S: Matrix, M_inv: Matrix
) -> dict[int, Matrix]:
    """Derivatives of ``log |I + Lambda'S Lambda|`` by each dense term's ``Lambda``.

    ``2 S Lambda M_inv``, summed over the term's levels. Where every term has one column nothing
    of the matrices' size is formed.

    Parameters
    ----------
    structure : BlockStructure
    factors : sequence of float64, shape (d, d)
        ``Lambda`` of every term.
    S, M_inv : float64, shape (U, U)
        Symmetric.

    Returns
    -------
    dict of int to float64, shape (d, d)
    """
    order = structure.order
    if any(structure.d[r] > 1 for r in order.dense):
        scaled = _lambda_columns(structure, [factor.T for factor in factors], M_inv)
        return {
            r: 2.0 * _sum_of_blocks(S[here], scaled[here], structure.d[r])
            for r, here in ((r, structure.dense_slice(r)) for r in order.dense)
        }
    slopes = {}
    for r in order.dense:
        here = structure.dense_slice(r)
        by_column = np.einsum("ij,ij->j", S[here], M_inv[here])
        total = sum(
            factors[s][0, 0] * float(by_column[structure.dense_slice(s)].sum()) for s in order.dense
        )
        slopes[r] = np.array([[2.0 * total]])
    return slopes


def _sum_of_blocks(left: Matrix, right: Matrix, d: int) -> Matrix:
    """Sum over levels of ``left_l right_l'``, `left` and `right` of d rows a level."""
    return np.array(
        [[np.einsum("ij,ij->", left[a::d], right[b::d]) for b in range(d)] for a in range(d)]
    )


def _diagonal_blocks(A: Matrix, d: int) -> Matrix:
    """Diagonal blocks of a square matrix, shape (d, d, L)."""
    L = A.shape[0] // d
    four = A.reshape(L, d, L, d)
    index = np.arange(L)
    return np.ascontiguousarray(four[index, :, index, :].transpose(1, 2, 0))
