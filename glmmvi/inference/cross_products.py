"""Cross-products of a model's columns, formed once; a fit's cost per step is free of n.

They are sums over rows: a partition of the rows gives one :class:`CrossProducts`, and partial
sums add up (``a + b``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from glmmvi.inference.elimination_order import EliminationOrder, elimination_order
from glmmvi.inference.regression_arrays import RegressionArrays, TermArrays
from glmmvi.inference.row_patterns import (
    DensePattern,
    Link,
    RowPattern,
    SparsePattern,
    sparse_pattern,
)

Matrix = NDArray[np.float64]

_ONE_BY_ONE = 20_000  # numbers that are summed sooner than a sparse matrix's product is called
_DENSE_ROWS = 2_000_000  # numbers in an eliminated term's rows up to which they are kept dense


@dataclass(frozen=True)
class BlockStructure:
    """Shape of a model's system: who is eliminated, what is coupled with what.

    The columns that are left (the *dense block*) are the random effects of the dense terms,
    level after level, then the `p` fixed effects, then the response.

    Attributes
    ----------
    d, n_levels : tuple of int
        Columns and levels of every term.
    p : int
        Fixed-effects columns.
    order : EliminationOrder
    start : dict of int to int
        First column of each dense term in the dense block.
    patterns : dict of int to RowPattern
        For every eliminated term, where its rows are non-zero in the dense block.
    links : dict of (int, int) to Link
        For eliminated terms `k` before `j`.
    """

    d: tuple[int, ...]
    n_levels: tuple[int, ...]
    p: int
    order: EliminationOrder
    start: dict[int, int]
    patterns: dict[int, RowPattern]
    links: dict[tuple[int, int], Link]

    @cached_property
    def U(self) -> int:
        """Random effects in the dense block."""
        return sum(self.d[r] * self.n_levels[r] for r in self.order.dense)

    @cached_property
    def m(self) -> int:
        """Columns of the dense block, response included."""
        return self.U + self.p + 1

    def dense_slice(self, r: int) -> slice:
        """Columns of a dense term in the dense block."""
        return slice(self.start[r], self.start[r] + self.d[r] * self.n_levels[r])


@dataclass(frozen=True)
class CrossProducts:
    """Sums over rows of products of columns.

    Attributes
    ----------
    diagonal : dict of int to float64, shape (d, d, L)
        For every eliminated term, ``Z'Z`` within each level.
    linked : dict of (int, int) to float64, shape (d_k, d_j, L_k)
        For eliminated terms `k` before `j`, ``Z_k'Z_j`` within each level of `k`.
    rows : dict of int to float64
        For every eliminated term, ``Z_k'D`` on the term's pattern, `D` the dense block.
    dense : float64, shape (m, m)
        ``D'D``.
    n : int
        Number of rows with a positive weight.
    """

    diagonal: dict[int, Matrix]
    linked: dict[tuple[int, int], Matrix]
    rows: dict[int, Matrix]
    dense: Matrix
    n: int

    def __add__(self, other: CrossProducts) -> CrossProducts:
        return CrossProducts(
            {k: v + other.diagonal[k] for k, v in self.diagonal.items()},
            {k: v + other.linked[k] for k, v in self.linked.items()},
            {k: v + other.rows[k] for k, v in self.rows.items()},
            self.dense + other.dense,
            self.n + other.n,
        )


def block_structure(
    terms: Sequence[TermArrays], p: int, *, dense_rows: int = _DENSE_ROWS
) -> BlockStructure:
    """Shape of the system of a model.

    Parameters
    ----------
    terms : sequence of TermArrays
    p : int
        Fixed-effects columns.
    dense_rows : int
        Largest size of an eliminated term's rows that are stored without a sparse pattern.

    Returns
    -------
    BlockStructure
    """
    order = elimination_order(terms)
    start: dict[int, int] = {}
    U = 0
    for r in order.dense:
        start[r] = U
        U += terms[r].q
    m = U + p + 1
    if U == 0 or max(terms[k].q * m for k in order.eliminated) <= dense_rows:
        patterns: dict[int, RowPattern] = {
            k: DensePattern(terms[k].n_levels, m) for k in order.eliminated
        }
        links = {
            (k, j): Link(parent, _dense_positions(parent, m), terms[j].n_levels)
            for (k, j), parent in order.parents.items()
        }
    else:
        sparse_patterns = _sparse_patterns(terms, order, start, m, p + 1)
        links = {
            (k, j): Link(
                parent,
                _positions(sparse_patterns[k], sparse_patterns[j], parent),
                terms[j].n_levels,
            )
            for (k, j), parent in order.parents.items()
        }
        patterns = {k: pattern for k, pattern in sparse_patterns.items()}  # noqa: C416 (the type)
    return BlockStructure(
        d=tuple(term.d for term in terms),
        n_levels=tuple(term.n_levels for term in terms),
        p=p,
        order=order,
        start=start,
        patterns=patterns,
        links=links,
    )


def _sparse_patterns(
    terms: Sequence[TermArrays], order: EliminationOrder, start: dict[int, int], m: int, full: int
) -> dict[int, SparsePattern]:
    patterns: dict[int, SparsePattern] = {}
    for j in order.eliminated:
        levels, columns = [], []
        for r in order.dense:
            for a in range(terms[r].d):
                levels.append(terms[j].codes)
                columns.append(start[r] + terms[r].codes * terms[r].d + a)
        for k, earlier in patterns.items():  # what eliminating k fills in
            levels.append(order.parents[k, j][earlier.level])
            columns.append(earlier.indices)
        patterns[j] = sparse_pattern(terms[j].n_levels, m, levels, columns, full)
    return patterns


def _dense_positions(parent: NDArray[np.intp], m: int) -> NDArray[np.intp] | None:
    """Where the rows of a term lie in those of a later term, both dense, if they are small."""
    if len(parent) * m > _ONE_BY_ONE:
        return None
    return (parent[:, None] * m + np.arange(m)).reshape(-1)


def _positions(
    inner: SparsePattern, outer: SparsePattern, parent: NDArray[np.intp]
) -> NDArray[np.intp]:
    return outer.position(parent[inner.level], inner.indices)


@dataclass(frozen=True)
class RowPositions:
    """Where each row of the data adds to the cross-products with the dense block.

    Attributes
    ----------
    coupling : dict of (int, int) to intp, shape (n,)
        For an eliminated term and a dense one, the position in the eliminated term's rows
        (flattened) of the dense term's first column at the row's levels.
    column : dict of int to intp, shape (n,)
        For a dense term, its first column in the dense block at the row's level.
    sums : dict of int to tuple of sparse array, shape (L, n)
        For each term, the matrices that sum rows times its columns by level.
    """

    coupling: dict[tuple[int, int], NDArray[np.intp]]
    column: dict[int, NDArray[np.intp]]
    sums: dict[int, tuple[sparse.csc_array, ...]]


def row_positions(terms: Sequence[TermArrays], structure: BlockStructure) -> RowPositions:
    """Positions of the rows of one partition, and their sums; weights do not change them."""
    order = structure.order
    column = {r: structure.start[r] + terms[r].codes * terms[r].d for r in order.dense}
    coupling = {
        (k, r): structure.patterns[k].position(terms[k].codes, column[r])
        for k in order.eliminated
        for r in order.dense
    }
    sums = {
        r: tuple(_sum_by_level(terms[r], terms[r].Z[:, a]) for a in range(terms[r].d))
        for r in (*order.eliminated, *order.dense)
    }
    return RowPositions(coupling, column, sums)


def cross_products(
    arrays: RegressionArrays,
    structure: BlockStructure,
    *,
    positions: RowPositions | None = None,
    curvature: NDArray[np.float64] | None = None,
) -> CrossProducts:
    """Cross-products of the rows of one partition.

    Parameters
    ----------
    arrays : RegressionArrays
        In the engine's basis (:func:`glmmvi.inference.orthogonal_basis.in_basis`).
    structure : BlockStructure
        Of the whole model, not of the partition.
    positions : RowPositions, optional
        Of these rows, if it is at hand.
    curvature : float64, shape (n,), optional
        Weights of the rows (1 by default), of any sign.

    Returns
    -------
    CrossProducts
    """
    terms, order, U, m = arrays.terms, structure.order, structure.U, structure.m
    index = row_positions(terms, structure) if positions is None else positions
    plain = np.column_stack([arrays.X, arrays.y])

    def weighted_by_row(columns: Matrix) -> Matrix:
        return columns if curvature is None else curvature[:, None] * columns

    Xy = weighted_by_row(plain)

    diagonal, linked, rows = {}, {}, {}
    for k in order.eliminated:
        term = terms[k]
        weighted = weighted_by_row(term.Z)
        diagonal[k] = _blocks_by_level(term, weighted, term.Z)
        for j in order.eliminated:
            if (k, j) in order.parents:
                linked[k, j] = _blocks_by_level(term, weighted, terms[j].Z)
        pattern = structure.patterns[k]
        rows[k] = np.stack(
            [
                pattern.assemble(
                    [
                        (index.coupling[k, r] + b, weighted[:, a] * terms[r].Z[:, b])
                        for r in order.dense
                        for b in range(terms[r].d)
                    ],
                    index.sums[k][a] @ Xy,
                )
                for a in range(term.d)
            ]
        )

    dense = np.zeros((m, m))
    corner = plain.T @ Xy
    corner[-1, :-1] = corner[:-1, -1]
    dense[U:, U:] = corner
    for r in order.dense:
        here = structure.dense_slice(r)
        for a in range(terms[r].d):
            z = weighted_by_row(terms[r].Z)[:, a]
            columns = slice(here.start + a, here.stop, terms[r].d)
            dense[columns, U:] = index.sums[r][a] @ Xy
            dense[U:, columns] = dense[columns, U:].T
            for s in order.dense:
                if s <= r:
                    dense[:U, :U] += _dense_pairs(terms, index, r, a, s, z, U)
    return CrossProducts(diagonal, linked, rows, dense, int(np.count_nonzero(arrays.weights)))


def _blocks_by_level(term: TermArrays, left: Matrix, right: Matrix) -> Matrix:
    """Sums over the rows of each level of ``left' right``, shape (d, e, L)."""
    d, e = left.shape[1], right.shape[1]
    blocks = np.empty((d, e, term.n_levels))
    symmetric = right is term.Z
    for a in range(d):
        for b in range(e):
            if symmetric and b < a:
                blocks[a, b] = blocks[b, a]
                continue
            product = left[:, a] * right[:, b]
            blocks[a, b] = np.bincount(term.codes, weights=product, minlength=term.n_levels)
    return blocks


def _sum_by_level(term: TermArrays, z: NDArray[np.float64]) -> sparse.csc_array:
    """The matrix, shape (L, n), that sums rows times `z` by level."""
    n = len(z)
    return sparse.csc_array((z, term.codes, np.arange(n + 1)), shape=(term.n_levels, n))


def _dense_pairs(
    terms: Sequence[TermArrays],
    index: RowPositions,
    r: int,
    a: int,
    s: int,
    left: NDArray[np.float64],
    U: int,
) -> Matrix:
    """``Z_ra'Z_s`` of two dense terms and, off the diagonal, its transpose, shape (U, U)."""
    total = np.zeros((U, U))
    row = index.column[r] + a
    for b in range(terms[s].d):
        weights = left * terms[s].Z[:, b]
        flat = np.bincount(row * U + index.column[s] + b, weights=weights, minlength=U * U)
        block = flat.reshape(U, U)
        total += block if s == r else block + block.T
    return total
