"""Sums by level for many rows of one grouping factor: rows in the order of their levels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from glmmvi.inference.block_factorization import Adjoints
from glmmvi.inference.cross_products import BlockStructure, CrossProducts
from glmmvi.inference.regression_arrays import RegressionArrays

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_ROWS = 16_384  # that are worked on at once: every temporary stays in the cache


@dataclass(frozen=True)
class Part:
    """Some thousand rows of neighbouring levels, in the order of the levels.

    Attributes
    ----------
    levels, rows : slice
    at : intp, shape (levels,)
        First row of each level, counted from the first of the part.
    """

    levels: slice
    rows: slice
    at: NDArray[np.intp]

    def sums(self, values: Matrix) -> Matrix:
        """Sums by level, shape (..., levels), of values of shape (..., rows)."""
        return np.asarray(np.add.reduceat(values, self.at, axis=-1))


@dataclass(frozen=True, eq=False)
class SortedRows:
    """A `RowIndex` of a model with one term.

    Products are summed in the order of the levels; what is one or two columns is quicker where
    it is.

    Attributes
    ----------
    structure : BlockStructure
    codes : intp, shape (n,)
        Level of each row.
    X : float64, shape (p, n)
        Fixed-effects columns.
    Z : float64, shape (d, n)
        The term's columns.
    rank : intp, shape (n,)
        Place of each row in the order of the levels.
    X_sorted, Z_sorted
        `X` and `Z` in that order.
    parts : tuple of Part
    n_weighted : int
        Rows with a positive prior weight.
    """

    structure: BlockStructure
    codes: NDArray[np.intp]
    X: Matrix
    Z: Matrix
    rank: NDArray[np.intp]
    X_sorted: Matrix
    Z_sorted: Matrix
    parts: tuple[Part, ...]
    n_weighted: int

    def products(self, weights: Vector) -> CrossProducts:
        """See :class:`RowIndex`."""
        d, p, L = len(self.Z), len(self.X), self.structure.n_levels[0]
        diagonal, rows = np.zeros((d, d, L)), np.zeros((d, L, p + 1))
        corner = np.zeros((p + 1, p + 1))
        in_order = np.empty_like(weights)
        in_order[self.rank] = weights  # writing is quicker than reading from all over
        for part in self.parts:
            w, X, Z = (v[..., part.rows] for v in (in_order, self.X_sorted, self.Z_sorted))
            for a, weighted in enumerate(w * Z):
                diagonal[a, a:, part.levels] = part.sums(weighted * Z[a:])
                rows[a, part.levels, :p] = part.sums(weighted * X).T
            corner[:p, :p] += (w * X) @ X.T
        for a in range(d):
            diagonal[a + 1 :, a] = diagonal[a, a + 1 :]
        return CrossProducts({0: diagonal}, {}, {0: rows}, corner, self.n_weighted)

    def variance(self, selected: Adjoints) -> Vector:
        """See :class:`RowIndex`."""
        (blocks,) = selected.blocks
        variance = np.empty(len(self.codes))
        for here in self._pieces():
            codes, Z, total = self.codes[here], self.Z[:, here], variance[here]
            total[:] = 0.0
            for a, z in enumerate(Z):
                inner = _spread(blocks[a, a], codes) * z
                for b in range(a):
                    inner += _spread(2.0 * blocks[a, b], codes) * Z[b]
                inner *= z
                total += inner
            np.maximum(total, 0.0, out=total)
        return variance

    def predictor(self, beta: Vector, effects: list[Matrix]) -> Vector:
        """See :class:`RowIndex`."""
        eta = beta @ self.X
        for here in self._pieces():
            codes, total = self.codes[here], eta[here]
            for z, b in zip(self.Z[:, here], effects[0].T.copy(), strict=True):
                total += _spread(b, codes) * z
        return np.asarray(eta)

    def scores(self, g: Vector) -> tuple[list[Matrix], Vector]:
        """See :class:`RowIndex`."""
        L = self.structure.n_levels[0]
        by_level = [np.bincount(self.codes, weights=g * z, minlength=L) for z in self.Z]
        return [np.stack(by_level, axis=1)], self.X @ g

    def _pieces(self) -> Iterator[slice]:
        """All rows, some thousand at a time."""
        for start in range(0, len(self.codes), _ROWS):
            yield slice(start, start + _ROWS)


def _spread(by_level: Vector, codes: NDArray[np.intp]) -> Vector:
    return np.take(by_level, codes, mode="clip")  # a mode other than this one checks each code


def sorted_rows(arrays: RegressionArrays, structure: BlockStructure) -> SortedRows:
    """Sort the rows of a model with one term, every level of which has a row."""
    (term,) = arrays.terms
    n, L = arrays.n, term.n_levels
    # the conversion sorts by counting: row numbers, level after level
    by_level = sparse.csc_array((np.arange(n), term.codes, np.arange(n + 1)), shape=(L, n)).tocsr()
    rank = np.empty(n, dtype=np.intp)
    rank[by_level.data] = np.arange(n)
    X, Z = np.ascontiguousarray(arrays.X.T), np.ascontiguousarray(term.Z.T)
    X_sorted, Z_sorted = np.empty_like(X), np.empty_like(Z)
    X_sorted[:, rank], Z_sorted[:, rank] = X, Z
    return SortedRows(
        structure=structure,
        codes=term.codes,
        X=X,
        Z=Z,
        rank=rank,
        X_sorted=X_sorted,
        Z_sorted=Z_sorted,
        parts=_parts(by_level.indptr.astype(np.intp)),
        n_weighted=int(np.count_nonzero(arrays.weights)),
    )


def _parts(start: NDArray[np.intp]) -> tuple[Part, ...]:
    parts, first = [], 0
    while first < len(start) - 1:
        beyond = int(np.searchsorted(start, start[first] + _ROWS, side="right"))
        stop = max(first + 1, beyond - 1)
        rows = slice(int(start[first]), int(start[stop]))
        parts.append(Part(slice(first, stop), rows, start[first:stop] - start[first]))
        first = stop
    return tuple(parts)
