"""Sums over rows as products with sparse matrices that are set up once.

All products of columns that the cross-products are sums of are formed once; an evaluation is
then one product of a sparse matrix with the weights of the rows, and its transpose takes the
selected inverse to the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from glmmvi.inference.block_factorization import Adjoints
from glmmvi.inference.cross_products import BlockStructure, CrossProducts, RowPositions
from glmmvi.inference.regression_arrays import RegressionArrays

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]
Index = NDArray[np.intp]
Stored: TypeAlias = "sparse.csr_array | Matrix"

_SMALL = 20_000  # elements up to which a dense matrix multiplies faster than a sparse one


@dataclass(frozen=True)
class Layout:
    """Where the parts of the cross-products lie in one vector.

    Attributes
    ----------
    diagonal, linked, rows
        Slice and shape of each of the arrays that `CrossProducts` describes.
    dense : slice
        Of the dense block, shape (m, m).
    size : int
    """

    diagonal: dict[int, tuple[slice, tuple[int, ...]]]
    linked: dict[tuple[int, int], tuple[slice, tuple[int, ...]]]
    rows: dict[int, tuple[slice, tuple[int, ...]]]
    dense: slice
    size: int


@dataclass(frozen=True, eq=False)
class RowTemplates:
    """A `RowIndex` of sparse matrices (of dense ones where they are small).

    Attributes
    ----------
    structure : BlockStructure
    layout : Layout
    sums : shape (size, n)
        From weights of the rows to cross-products, laid out; of the dense block the rows from
        the upper triangle down to the fixed effects' columns are left to be mirrored.
    variances : shape (n, size)
        From the selected inverse, laid out, to the predictors' variances.
    Z : shape (n, q)
        All random-effects columns, term after term, level after level.
    Z_transposed : shape (q, n)
    X : float64, shape (n, p)
    below : tuple of intp
        Below the diagonal of the fixed effects' corner of the dense block.
    n_weighted : int
        Rows with a positive prior weight.
    """

    structure: BlockStructure
    layout: Layout
    sums: Stored
    variances: Stored
    Z: Stored
    Z_transposed: Stored
    X: Matrix
    below: tuple[Index, Index]
    n_weighted: int

    def products(self, weights: Vector) -> CrossProducts:
        """See :class:`RowIndex`."""
        flat, layout, U, m = self.sums @ weights, self.layout, self.structure.U, self.structure.m
        dense = flat[layout.dense].reshape(m, m)
        dense[U:, :U] = dense[:U, U:].T
        corner = dense[U:, U:]
        corner[self.below] = corner.T[self.below]
        return CrossProducts(
            {k: flat[here].reshape(shape) for k, (here, shape) in layout.diagonal.items()},
            {k: flat[here].reshape(shape) for k, (here, shape) in layout.linked.items()},
            {k: flat[here].reshape(shape) for k, (here, shape) in layout.rows.items()},
            dense,
            self.n_weighted,
        )

    def variance(self, selected: Adjoints) -> Vector:
        """See :class:`RowIndex`."""
        layout = self.layout
        flat = np.empty(layout.size)
        for k, (here, _) in layout.diagonal.items():
            flat[here] = selected.blocks[k].reshape(-1)
        for pair, (here, _) in layout.linked.items():
            flat[here] = selected.linked[pair].reshape(-1)
        for k, (here, _) in layout.rows.items():
            flat[here] = selected.rows[k].reshape(-1)
        flat[layout.dense] = selected.dense.reshape(-1)
        variance = self.variances @ flat
        return np.maximum(variance, 0.0, out=variance)

    def predictor(self, beta: Vector, effects: list[Matrix]) -> Vector:
        """See :class:`RowIndex`."""
        b = np.concatenate([effect.reshape(-1) for effect in effects])
        return np.asarray(self.X @ beta + self.Z @ b)

    def scores(self, g: Vector) -> tuple[list[Matrix], Vector]:
        """See :class:`RowIndex`."""
        flat, by_level, start = self.Z_transposed @ g, [], 0
        for d, L in zip(self.structure.d, self.structure.n_levels, strict=True):
            by_level.append(flat[start : start + d * L].reshape(L, d))
            start += d * L
        return by_level, self.X.T @ g


def product_count(structure: BlockStructure) -> int:
    """Products of columns that one row adds to the cross-products."""
    d, p, order = structure.d, structure.p, structure.order
    in_dense = sum(d[r] for r in order.dense)
    return (
        sum(d[k] * (d[k] + in_dense + p) for k in order.eliminated)
        + sum(d[k] * d[j] for k, j in order.parents)
        + in_dense * (in_dense + p)
        + p * (p + 1) // 2
    )


def row_templates(
    arrays: RegressionArrays, structure: BlockStructure, positions: RowPositions
) -> RowTemplates:
    """Form the products of columns of a model, and where they are added."""
    terms, X, n, p = arrays.terms, arrays.X, arrays.n, arrays.p
    order, U, m, layout = structure.order, structure.U, structure.m, _layout(structure)
    random: list[tuple[Index, Vector, float]] = []  # where, product, how often in a variance
    fixed: list[tuple[Index, Vector]] = []
    for k in order.eliminated:
        codes, Z, d = terms[k].codes, terms[k].Z, terms[k].d
        first = layout.diagonal[k][0].start + codes
        pairs = [(a, b) for a in range(d) for b in range(d)]
        random += [
            (first + (a * d + b) * terms[k].n_levels, Z[:, a] * Z[:, b], 1.0) for a, b in pairs
        ]
        for j in order.eliminated:
            if (k, j) in order.parents:
                first, e = layout.linked[k, j][0].start + codes, terms[j].d
                random += [
                    (first + (a * e + b) * terms[k].n_levels, Z[:, a] * terms[j].Z[:, b], 2.0)
                    for a in range(d)
                    for b in range(e)
                ]
        here, shape = layout.rows[k]
        width = int(np.prod(shape[1:]))
        to_fixed = structure.patterns[k].position(codes, np.full(n, U))
        for a in range(d):
            first = here.start + a * width
            for r in order.dense:
                random += [
                    (first + positions.coupling[k, r] + b, Z[:, a] * terms[r].Z[:, b], 2.0)
                    for b in range(terms[r].d)
                ]
            fixed += [(first + to_fixed + x, Z[:, a] * X[:, x]) for x in range(p)]
    first = layout.dense.start
    for r in order.dense:
        for a in range(terms[r].d):
            row = first + (positions.column[r] + a) * m
            for s in order.dense:
                random += [
                    (row + positions.column[s] + b, terms[r].Z[:, a] * terms[s].Z[:, b], 1.0)
                    for b in range(terms[s].d)
                ]
            fixed += [(row + U + x, terms[r].Z[:, a] * X[:, x]) for x in range(p)]
    corner = first + U * m + U
    fixed += [
        (np.full(n, corner + x * m + y), X[:, x] * X[:, y]) for x in range(p) for y in range(x, p)
    ]
    Z_all = _design(arrays)
    sums = _by_output([*((where, z) for where, z, _ in random), *fixed], (layout.size, n))
    variances = _by_output([(where, times * z) for where, z, times in random], (layout.size, n))
    return RowTemplates(
        structure=structure,
        layout=layout,
        sums=_stored(sums),
        variances=_stored(variances.T.tocsr()),
        Z=_stored(Z_all),
        Z_transposed=_stored(Z_all.T.tocsr()),
        X=X,
        below=np.tril_indices(p, -1),
        n_weighted=int(np.count_nonzero(arrays.weights)),
    )


def _layout(structure: BlockStructure) -> Layout:
    d, L, m, order = structure.d, structure.n_levels, structure.m, structure.order
    size = 0

    def following(*shape: int) -> tuple[slice, tuple[int, ...]]:
        nonlocal size
        start, size = size, size + int(np.prod(shape))
        return slice(start, size), shape

    diagonal = {k: following(d[k], d[k], L[k]) for k in order.eliminated}
    linked = {(k, j): following(d[k], d[j], L[k]) for k, j in order.parents}
    rows = {k: following(d[k], *structure.patterns[k].shape) for k in order.eliminated}
    dense, _ = following(m, m)
    return Layout(diagonal, linked, rows, dense, size)


def _by_output(parts: list[tuple[Index, Vector]], shape: tuple[int, int]) -> sparse.csr_array:
    """The matrix that adds each value of a row to where it belongs."""
    rows = np.tile(np.arange(shape[1], dtype=np.int32), len(parts))
    where = np.concatenate([where for where, _ in parts]).astype(np.int32)
    values = np.concatenate([value for _, value in parts])
    return sparse.coo_array((values, (where, rows)), shape=shape).tocsr()


def _stored(matrix: sparse.csr_array) -> Stored:
    return matrix.toarray() if matrix.shape[0] * matrix.shape[1] <= _SMALL else matrix


def _design(arrays: RegressionArrays) -> sparse.csr_array:
    """All random-effects columns, shape (n, q)."""
    columns, start = [], 0
    for term in arrays.terms:
        columns.append(start + term.codes[:, None] * term.d + np.arange(term.d))
        start += term.q
    indices = np.concatenate(columns, axis=1).astype(np.int32)
    indptr = np.arange(arrays.n + 1, dtype=np.int32) * indices.shape[1]
    values = np.concatenate([term.Z for term in arrays.terms], axis=1)
    return sparse.csr_array((values.ravel(), indices.ravel(), indptr), shape=(arrays.n, start))
