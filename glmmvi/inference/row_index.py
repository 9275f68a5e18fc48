"""What the generalized engine asks of the rows at every step: sums over them, and back.

The columns of a model do not change during a fit, only the weights of its rows do. A `RowIndex`
is set up once a fit, and answers in one of three ways: `RowTemplates` (sparse matrices of all
products of columns, as long as they are small), `SortedRows` (many rows, one grouping factor) or
`PlainRows` (anything). A test holds the three to the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.block_factorization import Adjoints
from glmmvi.inference.cross_products import (
    BlockStructure,
    CrossProducts,
    RowPositions,
    cross_products,
    row_positions,
)
from glmmvi.inference.predictor_variance import predictor_variance
from glmmvi.inference.regression_arrays import RegressionArrays
from glmmvi.inference.row_templates import product_count, row_templates
from glmmvi.inference.sorted_rows import sorted_rows

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

_PRODUCTS = 3_000_000  # rows times products of columns that are kept


class RowIndex(Protocol):
    """The rows of one model."""

    def products(self, weights: Vector) -> CrossProducts:
        """Cross-products under weights of the rows, shape (n,), the response's being 0."""
        ...

    def variance(self, selected: Adjoints) -> Vector:
        """``A_i V A_i'`` of every row from the selected inverse; see `predictor_variance`."""
        ...

    def predictor(self, beta: Vector, effects: list[Matrix]) -> Vector:
        """``X beta + sum_r Z_r b_r``, shape (n,), from effects of shapes (L, d)."""
        ...

    def scores(self, g: Vector) -> tuple[list[Matrix], Vector]:
        """``Z'g`` of every term by level, shapes (L, d), and ``X'g``, shape (p,)."""
        ...


@dataclass(frozen=True, eq=False)
class PlainRows:
    """A `RowIndex` that forms everything anew from the model's columns."""

    arrays: RegressionArrays
    structure: BlockStructure
    positions: RowPositions

    def products(self, weights: Vector) -> CrossProducts:
        """See :class:`RowIndex`."""
        return cross_products(
            self.arrays, self.structure, positions=self.positions, curvature=weights
        )

    def variance(self, selected: Adjoints) -> Vector:
        """See :class:`RowIndex`."""
        return predictor_variance(self.arrays.terms, self.structure, self.positions, selected)

    def predictor(self, beta: Vector, effects: list[Matrix]) -> Vector:
        """See :class:`RowIndex`."""
        eta = self.arrays.X @ beta
        for term, b in zip(self.arrays.terms, effects, strict=True):
            eta += np.einsum("nd,nd->n", term.Z, b[term.codes])
        return np.asarray(eta)

    def scores(self, g: Vector) -> tuple[list[Matrix], Vector]:
        """See :class:`RowIndex`."""
        by_level = [
            level_scores(term.Z, term.codes, g, term.n_levels) for term in self.arrays.terms
        ]
        return by_level, self.arrays.X.T @ g


def level_scores(Z: Matrix, codes: NDArray[np.intp], g: Vector, n_levels: int) -> Matrix:
    """``Z'g`` of a term by level, shape (L, d)."""
    return np.column_stack([np.bincount(codes, weights=g * z, minlength=n_levels) for z in Z.T])


def row_index(
    arrays: RegressionArrays, structure: BlockStructure, *, most_products: int = _PRODUCTS
) -> RowIndex:
    """Set up what does not change with the weights of the rows.

    Parameters
    ----------
    arrays : RegressionArrays
        In the engine's basis; the response is not used.
    structure : BlockStructure
    most_products : int
        Largest number of products of columns that are kept for all rows.

    Returns
    -------
    RowIndex
    """
    if arrays.n * product_count(structure) <= most_products:
        return row_templates(arrays, structure, row_positions(arrays.terms, structure))
    term = arrays.terms[0]
    if len(arrays.terms) == 1 and np.bincount(term.codes, minlength=term.n_levels).all():
        return sorted_rows(arrays, structure)
    without_response = RegressionArrays(
        np.zeros(arrays.n), arrays.X, arrays.terms, arrays.weights, arrays.offset
    )
    return PlainRows(without_response, structure, row_positions(arrays.terms, structure))
