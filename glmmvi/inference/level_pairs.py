"""Products with a symmetric matrix at the few columns that each level meets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Rows = NDArray[np.float64]
Matrix = NDArray[np.float64]

_NEAR = 8_192  # elements of the square matrix that are near: they stay in the cache


@dataclass(frozen=True, eq=False)
class LevelPairs:
    """Pairs of positions of a sparse pattern that are of one level, each pair once.

    They are in the order of their first position's column, some columns at a time: so the
    entries of the square matrix that are read one after the other are near.

    Attributes
    ----------
    first : intp, shape (nnz,)
        All positions in that order.
    start : int32, shape (nnz + 1,)
        First pair of each of them, and the number of pairs.
    second : int32, shape (pairs,)
        The other position, a later one of the same level.
    entry : intp, shape (pairs,)
        Where the two positions' columns meet in a flattened square matrix.
    columns : intp, shape (nnz,)
        Column of each position.
    n_columns : int
    """

    first: NDArray[np.intp]
    start: NDArray[np.int32]
    second: NDArray[np.int32]
    entry: NDArray[np.intp]
    columns: NDArray[np.intp]
    n_columns: int

    def times(self, rows: Rows, matrix: Matrix) -> Rows:
        """``rows[a] @ matrix`` at the positions, the matrix symmetric."""
        met = np.take(np.ascontiguousarray(matrix).reshape(-1), self.entry, mode="clip")
        nnz = len(self.columns)
        above = sparse.csr_array((met, self.second, self.start), shape=(nnz, nnz))
        diagonal = np.diagonal(matrix)[self.columns]
        result = rows * diagonal
        for row, total in zip(rows, result, strict=True):
            total += above.T @ row[self.first]
            total[self.first] += above @ row
        return result


def pair_count(indptr: NDArray[np.intp]) -> int:
    """Number of pairs of positions of the same level, each counted once."""
    counts = np.diff(indptr)
    return int((counts * (counts - 1)).sum()) // 2


def level_pairs(indptr: NDArray[np.intp], columns: NDArray[np.intp], n_columns: int) -> LevelPairs:
    """Pairs of the positions of compressed sparse rows, one row a level."""
    together = max(1, _NEAR // n_columns)
    first = np.argsort(columns // together, kind="stable")
    later = np.repeat(indptr[1:], np.diff(indptr))[first] - first - 1
    start = np.concatenate([[0], np.cumsum(later)])
    second = np.arange(start[-1]) + np.repeat(first + 1 - start[:-1], later)
    entry = np.repeat(columns[first] * n_columns, later) + columns[second]
    return LevelPairs(
        first,
        start.astype(np.int32),
        second.astype(np.int32),
        entry,
        columns,
        n_columns,
    )
