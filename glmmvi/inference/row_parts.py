"""The rows of a model by independent part, parts of similar size together.

A nested design falls into as many parts as it has outermost levels (see
:mod:`glmmvi.inference.independent_parts`). Where they are small, a part is best worked on by
its rows: the arrays of all parts of about one size are stacked, the smaller ones padded with
rows that have no random effects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.independent_parts import independent_parts
from glmmvi.inference.regression_arrays import RegressionArrays

Array = NDArray[np.float64]
Index = NDArray[np.intp]

_CELLS = 1_000_000  # pairs of rows of one part
_PRODUCTS = 60_000_000  # triples of rows of one part


@dataclass(frozen=True, eq=False)
class PartBatch:
    """Parts of about one size.

    Attributes
    ----------
    rows : intp, shape (B, m)
        Rows of every part; ``n`` where there is none.
    Z : tuple of float64, shape (B, m, d)
        Every term's columns; 0 where there is no row.
    same : tuple of float64, shape (B, m, m)
        1 where two rows are of one level of the term.
    X : float64, shape (B, m, p)
    """

    rows: Index
    Z: tuple[Array, ...]
    same: tuple[Array, ...]
    X: Array

    def taken(self, values: Array) -> Array:
        """Numbers of the rows, shape (..., n), by part: shape (..., B, m)."""
        padded = np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1)
        return np.asarray(padded[..., self.rows])

    def put(self, values: Array, into: Array) -> None:
        """Write numbers by part, shape (B, m, k), into those of the rows, shape (n, k)."""
        there = self.rows < len(into)
        into[self.rows[there]] = values[there]


def row_parts(arrays: RegressionArrays) -> tuple[PartBatch, ...] | None:
    """The parts of a model with several terms, where they are small enough to be worth it.

    Parameters
    ----------
    arrays : RegressionArrays

    Returns
    -------
    tuple of PartBatch, or None
    """
    terms, n = arrays.terms, arrays.n
    if len(terms) < 2:
        return None
    for term in terms:  # a part has at least a level's rows
        if float(np.square(np.bincount(term.codes).astype(float)).sum()) > _CELLS:
            return None
    part = independent_parts(terms).rows
    label = np.empty(n, dtype=np.intp)
    label[part.indices] = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
    size = np.bincount(label)
    order = np.argsort(-size, kind="stable")
    batches = list(_batches(size[order]))
    cells = [(stop - start) * float(size[order[start]]) ** 2 for start, stop in batches]
    products = [c * size[order[start]] for c, (start, _) in zip(cells, batches, strict=True)]
    if sum(cells) > _CELLS or sum(products) > _PRODUCTS:
        return None
    by_part = np.split(np.argsort(label, kind="stable"), np.cumsum(size)[:-1])
    return tuple(_batch(arrays, [by_part[i] for i in order[start:stop]]) for start, stop in batches)


def _batches(size: Index) -> Iterator[tuple[int, int]]:
    """First and last of the parts of a batch: none smaller than a half. Sizes descend."""
    start = 0
    while start < len(size):
        stop = start + int(np.count_nonzero(2 * size[start:] >= size[start]))
        if len(size) - stop < 4:  # a batch of its own is not worth it
            stop = len(size)
        yield start, stop
        start = stop


def _batch(arrays: RegressionArrays, parts: Sequence[Index]) -> PartBatch:
    n, m = arrays.n, max(len(part) for part in parts)
    rows = np.full((len(parts), m), n)
    for i, part in enumerate(parts):
        rows[i, : len(part)] = part

    def padded(columns: Array) -> Array:
        return np.concatenate([columns, np.zeros((1, columns.shape[1]))])[rows]

    same = []
    for term in arrays.terms:
        codes = np.append(term.codes, -1)[rows]
        same.append((codes[:, :, None] == codes[:, None, :]).astype(float))
    return PartBatch(
        rows, tuple(padded(term.Z) for term in arrays.terms), tuple(same), padded(arrays.X)
    )
