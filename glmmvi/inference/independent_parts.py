"""The parts of a model that share no random effect.

Given the fixed effects, rows that are not linked through any level are independent, under the
model and under its surrogate. So the log likelihood is a sum over parts, and what is estimated
from draws part by part is estimated far better than from their product: a nested design has as
many parts as outermost levels, a crossed one usually one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from glmmvi.inference.regression_arrays import TermArrays

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class IndependentParts:
    """Which part every row and every level belongs to.

    Attributes
    ----------
    count : int
        Number of parts.
    rows : sparse matrix, shape (count, n)
        Sums rows by part.
    levels : tuple of sparse matrix, shape (count, L)
        Sums every term's levels by part.
    """

    count: int
    rows: sparse.csr_array
    levels: tuple[sparse.csr_array, ...]

    def sums(self, by_row: Array, by_level: Sequence[Array]) -> Array:
        """Sums by part of draws over rows ``(S, n)`` and levels ``(S, L)``: shape (S, count)."""
        total = _sum(self.rows, by_row)
        for summing, values in zip(self.levels, by_level, strict=True):
            total = total + _sum(summing, values)
        return total


def _sum(summing: sparse.csr_array, values: Array) -> Array:
    if summing.shape[0] == 1:
        return values.sum(axis=1, keepdims=True)
    return np.asarray((summing @ values.T).T)


def independent_parts(terms: Sequence[TermArrays]) -> IndependentParts:
    """Find the parts of a design.

    Parameters
    ----------
    terms : sequence of TermArrays

    Returns
    -------
    IndependentParts

    Examples
    --------
    >>> outer, inner = np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])
    >>> ones = np.ones((4, 1))
    >>> nested = [TermArrays(ones, inner, 4), TermArrays(ones, outer, 2)]
    >>> independent_parts(nested).count
    2
    >>> independent_parts([*nested, TermArrays(ones, np.array([0, 1, 0, 1]), 2)]).count
    1
    """
    starts = np.cumsum([0, *(term.n_levels for term in terms)])
    first = terms[0].codes
    ends = [start + term.codes for start, term in zip(starts[1:-1], terms[1:], strict=True)]
    row = np.tile(first, len(ends))
    column = np.concatenate([*ends, np.zeros(0, dtype=np.intp)])
    size = int(starts[-1])
    graph = sparse.coo_array((np.ones(len(row)), (row, column)), shape=(size, size))
    count, label = connected_components(graph.tocsr(), directed=False)
    part = np.asarray(label, dtype=np.intp)
    of_terms = np.split(part, starts[1:-1])
    return IndependentParts(
        int(count),
        _summing(part[first], int(count)),
        tuple(_summing(of_levels, int(count)) for of_levels in of_terms),
    )


def _summing(part: NDArray[np.intp], count: int) -> sparse.csr_array:
    n = len(part)
    return sparse.csr_array((np.ones(n), (part, np.arange(n))), shape=(count, n))
