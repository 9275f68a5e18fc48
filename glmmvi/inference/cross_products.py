"""Cross-products of a model's columns, formed once; a fit's cost per step is free of n.

They are sums over rows: a partition of the rows gives one :class:`CrossProducts`, and partial
sums add up (``a + b``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

    @property
    def U(self) -> int:
        """Random effects in the dense block."""
        return sum(self.d[r] * self.n_levels[r] for r in self.order.dense)

    @property
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
        links = {pair: Link(parent, None) for pair, parent in order.parents.items()}
    else:
        sparse_patterns = _sparse_patterns(terms, order, start, m, p + 1)
        links = {
            (k, j): Link(parent, _positions(sparse_patterns[k], sparse_patterns[j], parent))
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


def _lookup(
    pattern: SparsePattern, level: NDArray[np.intp], column: NDArray[np.intp]
) -> NDArray[np.intp]:
    keys = pattern.level * pattern.n_columns + pattern.indices
    return np.searchsorted(keys, level * pattern.n_columns + column)


def _positions(
    inner: SparsePattern, outer: SparsePattern, parent: NDArray[np.intp]
) -> NDArray[np.intp]:
    return _lookup(outer, parent[inner.level], inner.indices)


def cross_products(arrays: RegressionArrays, structure: BlockStructure) -> CrossProducts:
    """Cross-products of the rows of one partition.

    Parameters
    ----------
    arrays : RegressionArrays
        In the engine's basis (:func:`glmmvi.inference.orthogonal_basis.in_basis`).
    structure : BlockStructure
        Of the whole model, not of the partition.

    Returns
    -------
    CrossProducts
    """
    terms, order, U = arrays.terms, structure.order, structure.U
    Xy = np.column_stack([arrays.X, arrays.y])
    dense_effects = _dense_effects(terms, structure) if U else None

    diagonal, linked, rows = {}, {}, {}
    for k in order.eliminated:
        term = terms[k]
        diagonal[k] = _blocks_by_level(term, term)
        for j in order.eliminated:
            if (k, j) in order.parents:
                linked[k, j] = _blocks_by_level(term, terms[j])
        rows[k] = np.stack(
            [_rows_of(term, z, structure.patterns[k], dense_effects, Xy) for z in term.Z.T]
        )

    dense = np.empty((structure.m, structure.m))
    dense[U:, U:] = Xy.T @ Xy
    if dense_effects is not None:
        dense[:U, :U] = (dense_effects.T @ dense_effects).toarray()
        dense[:U, U:] = dense_effects.T @ Xy
        dense[U:, :U] = dense[:U, U:].T
    return CrossProducts(diagonal, linked, rows, dense, int(np.count_nonzero(arrays.weights)))


def _blocks_by_level(term: TermArrays, other: TermArrays) -> Matrix:
    blocks = np.empty((term.d, other.d, term.n_levels))
    for a in range(term.d):
        for b in range(other.d):
            if other is term and b < a:
                blocks[a, b] = blocks[b, a]
                continue
            product = term.Z[:, a] * other.Z[:, b]
            blocks[a, b] = np.bincount(term.codes, weights=product, minlength=term.n_levels)
    return blocks


def _dense_effects(terms: Sequence[TermArrays], structure: BlockStructure) -> sparse.csr_array:
    """``[Z_r]`` of the dense terms, shape (n, U)."""
    values, columns = [], []
    for r in structure.order.dense:
        for a in range(terms[r].d):
            values.append(terms[r].Z[:, a])
            columns.append(structure.start[r] + terms[r].codes * terms[r].d + a)
    per_row = len(values)
    n = len(values[0])
    indptr = np.arange(0, n * per_row + 1, per_row)
    data = np.column_stack(values).ravel()
    indices = np.column_stack(columns).ravel()
    return sparse.csr_array((data, indices, indptr), shape=(n, structure.U))


def _rows_of(
    term: TermArrays,
    z: NDArray[np.float64],
    pattern: RowPattern,
    dense_effects: sparse.csr_array | None,
    Xy: Matrix,
) -> Matrix:
    n = len(z)
    by_level = sparse.csc_array((z, term.codes, np.arange(n + 1)), shape=(term.n_levels, n))
    tail = np.asarray(by_level @ Xy)
    if dense_effects is None:
        return tail
    head = by_level.tocsr() @ dense_effects
    if isinstance(pattern, SparsePattern):
        head = head.tocoo()
        rows = np.zeros(len(pattern.level))
        rows[_lookup(pattern, head.row.astype(np.intp), head.col.astype(np.intp))] = head.data
        full = np.arange(pattern.n_columns - tail.shape[1], pattern.n_columns)
        every = np.arange(term.n_levels)
        for c, values in zip(full, tail.T, strict=True):
            rows[_lookup(pattern, every, np.full(term.n_levels, c))] = values
        return rows
    return np.hstack([head.toarray(), tail])
