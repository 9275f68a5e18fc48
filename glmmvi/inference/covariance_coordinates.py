"""Coordinates of covariance matrices in which one sd or one correlation stands by itself.

A covariance matrix is the product of a lower triangle with its transpose. With the rows in the
right order the first element of the triangle *is* the sd that is looked at, so that it can be
held while everything else stays free, without a constraint. For a correlation the second row
``(t r, t sqrt(1 - r^2))`` is written in terms of the sd ``t`` and the correlation ``r``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glmmvi.inference.orthogonal_basis import upper_triangle
from glmmvi.inference.profiled_deviance import columns_below, is_diagonal, pack, unpack

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]


@dataclass(frozen=True)
class TermCoordinates:
    """Coordinates of the covariance matrix of one term.

    Attributes
    ----------
    order : tuple of int, length d
        The term's columns as rows of the triangle.
    correlation : bool
        Whether elements 1 and `d` (the second row) are the correlation of the first two and
        the sd of the second.
    """

    order: tuple[int, ...]
    correlation: bool = False

    @property
    def d(self) -> int:
        """Columns of the term."""
        return len(self.order)

    def from_factor(self, factor: Matrix) -> Vector:
        """Coordinates of ``factor factor'``.

        Parameters
        ----------
        factor : float64, shape (d, d)
            Any square root of the covariance matrix, rows in the term's own order.

        Returns
        -------
        float64, shape (d (d + 1) / 2,)

        Examples
        --------
        >>> import numpy as np
        >>> both = TermCoordinates((1, 0), correlation=True)
        >>> both.from_factor(np.array([[2.0, 0.0], [1.2, 1.6]])).round(6).tolist()
        [2.0, 0.6, 2.0]
        """
        triangle = upper_triangle(np.asarray(factor)[list(self.order)].T).T
        if self.correlation:
            t = float(np.hypot(triangle[1, 0], triangle[1, 1]))
            triangle[1, 0] = triangle[1, 0] / t if t > 0.0 else 0.0
            triangle[1, 1] = t
        return pack([triangle])

    def to_factor(self, x: Vector) -> Matrix:
        """A square root of the covariance matrix, rows in the term's order, shape (d, d)."""
        triangle = unpack(x, (self.d,))[0]
        if self.correlation:
            r, t = triangle[1, 0], triangle[1, 1]
            triangle[1, 0], triangle[1, 1] = t * r, t * np.sqrt(max(1.0 - r * r, 0.0))
        factor = np.empty_like(triangle)
        factor[list(self.order)] = triangle
        return factor

    def gradient(self, x: Vector, by_factor: Matrix) -> Vector:
        """Derivatives by the coordinates, from those by every element of :meth:`to_factor`."""
        moved = by_factor[list(self.order)].copy()
        if self.correlation:
            triangle = unpack(x, (self.d,))[0]
            r, t = triangle[1, 0], triangle[1, 1]
            s = np.sqrt(max(1.0 - r * r, 0.0))
            by_r, by_s = moved[1, 0], moved[1, 1]
            with np.errstate(divide="ignore", invalid="ignore"):
                moved[1, 0] = t * (by_r - r / s * by_s)
            moved[1, 1] = r * by_r + s * by_s
        return pack([moved])


@dataclass(frozen=True)
class CovarianceCoordinates:
    """Coordinates of the covariance matrices of all terms, one after the other."""

    terms: tuple[TermCoordinates, ...]

    @classmethod
    def plain(cls, d: Sequence[int]) -> CovarianceCoordinates:
        """Lower triangles with the columns in their own order."""
        return cls(tuple(TermCoordinates(tuple(range(size))) for size in d))

    def with_first(self, r: int, *columns: int) -> CovarianceCoordinates:
        """The same with some columns of term `r` in front; two give their correlation."""
        rest = tuple(c for c in range(self.terms[r].d) if c not in columns)
        changed = TermCoordinates((*columns, *rest), correlation=len(columns) == 2)
        return CovarianceCoordinates((*self.terms[:r], changed, *self.terms[r + 1 :]))

    @property
    def d(self) -> tuple[int, ...]:
        """Columns of every term."""
        return tuple(term.d for term in self.terms)

    @property
    def starts(self) -> list[int]:
        """Where each term begins, and the end."""
        return np.cumsum([0, *(k * (k + 1) // 2 for k in self.d)]).tolist()

    @property
    def size(self) -> int:
        """Number of coordinates."""
        return self.starts[-1]

    def from_factors(self, factors: Sequence[Matrix]) -> Vector:
        """Coordinates of covariance matrices given by square roots of shape (d, d)."""
        pairs = zip(self.terms, factors, strict=True)
        return np.concatenate([term.from_factor(factor) for term, factor in pairs])

    def to_factors(self, x: Vector) -> list[Matrix]:
        """Square roots of the covariance matrices."""
        at = self.starts
        return [t.to_factor(x[at[r] : at[r + 1]]) for r, t in enumerate(self.terms)]

    def gradient(self, x: Vector, by_factor: Sequence[Matrix]) -> Vector:
        """Derivatives by the coordinates."""
        at = self.starts
        return np.concatenate(
            [term.gradient(x[at[r] : at[r + 1]], by_factor[r]) for r, term in enumerate(self.terms)]
        )

    @property
    def lower(self) -> Vector:
        """Lower bounds: 0 on the diagonals."""
        return np.where(is_diagonal(self.d), 0.0, -np.inf)

    @property
    def mirrors(self) -> dict[int, NDArray[np.intp]]:
        """The rest of the column of each diagonal element, where its sign means nothing."""
        below = columns_below(self.d)
        for r, term in enumerate(self.terms):
            if term.correlation:  # the second row's sign is the correlation's
                del below[self.starts[r]], below[self.starts[r] + term.d]
        return below


def sds_and_correlations(factor: Matrix) -> Matrix:
    """Standard deviations on the diagonal, correlations off it (nan where a sd is 0).

    Examples
    --------
    >>> import numpy as np
    >>> sds_and_correlations(np.array([[2.0, 0.0], [1.5, 2.0]])).tolist()
    [[2.0, 0.6], [0.6, 2.5]]
    """
    covariance = factor @ factor.T
    sd = np.sqrt(np.diag(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        table = covariance / np.outer(sd, sd)
    np.fill_diagonal(table, sd)
    return table


def engine_factor_and_rotation(factor: Matrix, Z_factor: Matrix) -> tuple[Matrix, Matrix]:
    """``Z_factor factor = L Q`` with a lower triangle and an orthogonal matrix.

    The engine's criterion has a derivative ``G`` by `L`; by `factor` it is ``Z_factor' G Q``.
    """
    rotation, triangle = np.linalg.qr((Z_factor @ factor).T)
    sign = np.where(np.diag(triangle) < 0.0, -1.0, 1.0)
    return (triangle * sign[:, None]).T, (rotation * sign).T
