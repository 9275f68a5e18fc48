"""Where the rows of an eliminated term are non-zero in the columns that are left.

An eliminated term couples each of its levels with columns of the dense block (other terms'
random effects, the fixed effects, the response). The numbers are stored on a *pattern*: every
column (`DensePattern`), or only those that occur (`SparsePattern`). Both answer the same few
questions; a test holds the sparse one to the dense one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from glmmvi.inference.level_pairs import LevelPairs, level_pairs, pair_count

Rows = NDArray[np.float64]
Matrix = NDArray[np.float64]
Index = NDArray[np.intp]

_CHUNK = 4_000_000  # elements of a temporary
_TABLE = 50  # cells of a pattern for each position looked up, for a table of all cells
_MOST_PAIRS = 16_000_000  # of positions of a level that are kept
_PAIR_COST = 20.0  # of a pair of positions, in multiplications of a sparse with a dense matrix


class RowPattern(Protocol):
    """What the factorisation asks of a pattern. `Rows` hold ``d`` values on each position."""

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        ...

    @property
    def n_columns(self) -> int:
        """Number of columns of the dense block."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one of the `d` rows."""
        ...

    def position(self, level: Index, column: Index) -> Index:
        """Positions of (level, column) pairs in one of the `d` rows, flattened."""
        ...

    def assemble(
        self, parts: Sequence[tuple[Index, NDArray[np.float64]]], tail: NDArray[np.float64]
    ) -> Rows:
        """One of the `d` rows: sums of values at positions, and the last columns in full."""
        ...

    def combine(self, M: NDArray[np.float64], rows: Rows) -> Rows:
        """``sum_a M[b, a, l] rows[a, l, :]``, with `M` of shape (e, d, L)."""
        ...

    def gram(self, left: Rows, right: Rows) -> Matrix:
        """``sum_{a, l} left[a, l, :]' right[a, l, :]``, shape (m, m)."""
        ...

    def times(self, rows: Rows, matrix: Matrix) -> Rows:
        """``rows[a, l, :] @ matrix``, the matrix symmetric, at the positions of the pattern."""
        ...

    def inner(self, left: Rows, right: Rows) -> NDArray[np.float64]:
        """``left[a, l, :] . right[b, l, :]``, shape (d_left, d_right, L)."""
        ...

    def apply(self, rows: Rows, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """``rows[a, l, :] @ vector``, shape (d, L); of a matrix (m, S), shape (d, L, S)."""
        ...

    def transposed(self, rows: Rows, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """``sum_{a, l} rows[a, l, :] values[a, l]``, shape (m,)."""
        ...

    def columns(self, rows: Rows, start: int, stop: int) -> NDArray[np.float64]:
        """The numbers of some columns in full, shape (d, L, stop - start)."""
        ...


@dataclass(frozen=True)
class DensePattern:
    """Every column; rows have shape (d, L, m)."""

    n_levels: int
    n_columns: int

    @property
    def shape(self) -> tuple[int, ...]:
        """See :class:`RowPattern`."""
        return self.n_levels, self.n_columns

    def position(self, level: Index, column: Index) -> Index:
        """See :class:`RowPattern`."""
        return level * self.n_columns + column

    def assemble(
        self, parts: Sequence[tuple[Index, NDArray[np.float64]]], tail: NDArray[np.float64]
    ) -> Rows:
        """See :class:`RowPattern`."""
        if not parts:
            return tail
        flat = np.zeros(self.n_levels * self.n_columns)
        for position, values in parts:
            flat += np.bincount(position, weights=values, minlength=flat.size)
        row = flat.reshape(self.n_levels, self.n_columns)
        row[:, self.n_columns - tail.shape[1] :] = tail
        return row

    def combine(self, M: NDArray[np.float64], rows: Rows) -> Rows:
        """See :class:`RowPattern`."""
        if M.shape[1] == 1:
            return M[:, 0, :, None] * rows
        return np.einsum("bal,alm->blm", M, rows)

    def gram(self, left: Rows, right: Rows) -> Matrix:
        """See :class:`RowPattern`."""
        m = self.n_columns
        return left.reshape(-1, m).T @ right.reshape(-1, m)

    def times(self, rows: Rows, matrix: Matrix) -> Rows:
        """See :class:`RowPattern`."""
        return rows @ matrix

    def inner(self, left: Rows, right: Rows) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        return np.einsum("alm,blm->abl", left, right)

    def apply(self, rows: Rows, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        return rows @ vector

    def transposed(self, rows: Rows, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        return values.reshape(-1) @ rows.reshape(-1, self.n_columns)

    def columns(self, rows: Rows, start: int, stop: int) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        return rows[:, :, start:stop]


@dataclass(frozen=True)
class SparsePattern:
    """The columns that occur; rows have shape (d, nnz).

    Attributes
    ----------
    indptr, indices : intp
        Compressed sparse rows, one row a level, column indices ascending.
    level : intp, shape (nnz,)
        Level of each position.
    """

    n_levels: int
    n_columns: int
    indptr: NDArray[np.intp]
    indices: NDArray[np.intp]
    level: NDArray[np.intp]

    @property
    def shape(self) -> tuple[int, ...]:
        """See :class:`RowPattern`."""
        return self.level.shape

    def position(self, level: Index, column: Index) -> Index:
        """See :class:`RowPattern`."""
        keys = self.level * self.n_columns + self.indices
        wanted = level * self.n_columns + column
        if self.n_levels * self.n_columns > _TABLE * len(wanted):
            return np.searchsorted(keys, wanted)
        table = np.empty(self.n_levels * self.n_columns, dtype=np.intp)  # of no account elsewhere
        table[keys] = np.arange(len(keys))
        return table[wanted]

    def assemble(
        self, parts: Sequence[tuple[Index, NDArray[np.float64]]], tail: NDArray[np.float64]
    ) -> Rows:
        """See :class:`RowPattern`."""
        row = np.zeros(len(self.level))
        for position, values in parts:
            row += np.bincount(position, weights=values, minlength=row.size)
        width = tail.shape[1]
        row[self.indptr[1:, None] - width + np.arange(width)] = tail
        return row

    def combine(self, M: NDArray[np.float64], rows: Rows) -> Rows:
        """See :class:`RowPattern`."""
        if M.shape[1] == 1:
            return M[:, 0, self.level] * rows
        return np.einsum("bai,ai->bi", M[:, :, self.level], rows)

    def gram(self, left: Rows, right: Rows) -> Matrix:
        """See :class:`RowPattern`."""
        # of the product's transpose, as columns are what it is stored by: rows of the result
        first, *others = (
            (self._matrix(b).T @ self._matrix(a)).toarray().T
            for a, b in zip(left, right, strict=True)
        )
        for other in others:
            first += other
        return np.asarray(first)

    def times(self, rows: Rows, matrix: Matrix) -> Rows:
        """See :class:`RowPattern`."""
        if self._pairs is not None:
            return self._pairs.times(rows, matrix)
        result = np.empty_like(rows)
        step = max(1, _CHUNK // self.n_columns)
        for a, values in enumerate(rows):
            csr = self._matrix(values)
            for start in range(0, self.n_levels, step):
                stop = min(start + step, self.n_levels)
                here = slice(self.indptr[start], self.indptr[stop])
                product = csr[start:stop] @ matrix
                result[a, here] = product[self.level[here] - start, self.indices[here]]
        return result

    def inner(self, left: Rows, right: Rows) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        product: Rows = left[:, None, :] * right[None, :, :]
        summed = np.add.reduceat(product, self.indptr[:-1], axis=2)
        return np.asarray(summed, dtype=np.float64)

    def apply(self, rows: Rows, vector: NDArray[np.float64]) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        if vector.ndim == 2:
            return np.stack([self._matrix(values) @ vector for values in rows])
        return np.add.reduceat(rows * vector[self.indices], self.indptr[:-1], axis=1)

    def transposed(self, rows: Rows, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        weights = (rows * values[:, self.level]).sum(axis=0)
        sums = np.bincount(self.indices, weights=weights, minlength=self.n_columns)
        return np.asarray(sums, dtype=np.float64)

    def columns(self, rows: Rows, start: int, stop: int) -> NDArray[np.float64]:
        """See :class:`RowPattern`."""
        return np.stack([self._matrix(values)[:, start:stop].toarray() for values in rows])

    @cached_property
    def _pairs(self) -> LevelPairs | None:
        """Pairs of positions of the same level, where they are few enough."""
        count = pair_count(self.indptr)
        if count > _MOST_PAIRS or count * _PAIR_COST > len(self.level) * self.n_columns:
            return None
        return level_pairs(self.indptr, self.indices, self.n_columns)

    def _matrix(self, values: NDArray[np.float64]) -> sparse.csr_array:
        return sparse.csr_array(
            (values, self.indices, self.indptr), shape=(self.n_levels, self.n_columns)
        )


@dataclass(frozen=True)
class Link:
    """How the rows of a term lie in the rows of a later term that it is nested in.

    Attributes
    ----------
    parent : intp, shape (L,)
        The later term's level of each level.
    position : intp, shape (nnz,) or (L * m,), or None
        Where each position lies in the later term's rows, flattened. None for dense rows that
        are so large that they are summed level by level.
    n_levels : int
        Of the later term.
    """

    parent: NDArray[np.intp]
    position: NDArray[np.intp] | None
    n_levels: int

    def gather(self, rows: Rows) -> Rows:
        """The later term's rows, seen from this term's levels and positions."""
        index = self.parent if rows.ndim == 3 or self.position is None else self.position
        return np.take(rows, index, axis=1, mode="clip")

    def spread(self, blocks: NDArray[np.float64]) -> NDArray[np.float64]:
        """The later term's blocks, shape (..., n_levels), at this term's levels."""
        return np.take(blocks, self.parent, axis=-1, mode="clip")

    def scatter(self, rows: Rows, like: Rows) -> Rows:
        """Sum of this term's rows on the later term's levels and positions."""
        if self.position is None:
            return np.stack([self._sum @ values for values in rows])
        size = like[0].size
        summed = [
            np.bincount(self.position, weights=values.reshape(-1), minlength=size)
            for values in rows
        ]
        return np.array(summed, dtype=np.float64).reshape(len(rows), *like.shape[1:])

    def scatter_blocks(self, blocks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of blocks of shape (a, b, L) on the later term's levels."""
        a, b, L = blocks.shape
        summed = [
            np.bincount(self.parent, weights=values, minlength=self.n_levels)
            for values in blocks.reshape(a * b, L)
        ]
        return np.array(summed, dtype=np.float64).reshape(a, b, self.n_levels)

    @cached_property
    def _sum(self) -> sparse.csc_array:
        """The matrix that sums this term's levels on the later term's, shape (n_levels, L)."""
        L = len(self.parent)
        entries = (np.ones(L), self.parent, np.arange(L + 1))
        return sparse.csc_array(entries, shape=(self.n_levels, L))


def sparse_pattern(
    n_levels: int,
    n_columns: int,
    levels: Sequence[NDArray[np.intp]],
    columns: Sequence[NDArray[np.intp]],
    full: int,
) -> SparsePattern:
    """Pattern of the given (level, column) pairs, with the last `full` columns everywhere."""
    every = np.arange(n_levels)
    tail = range(n_columns - full, n_columns)
    row = np.concatenate([*levels, *(every for _ in tail)])
    column = np.concatenate([*columns, *(np.full(n_levels, c) for c in tail)])
    csr = sparse.csr_array((np.ones(len(row)), (row, column)), shape=(n_levels, n_columns))
    csr.sum_duplicates()
    indptr = csr.indptr.astype(np.intp)
    level = np.repeat(every, np.diff(indptr))
    return SparsePattern(n_levels, n_columns, indptr, csr.indices.astype(np.intp), level)
