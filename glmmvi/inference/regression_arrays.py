"""The arrays that an engine fits: no frame, no formula, no names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class TermArrays:
    """One random-effects term as arrays.

    Attributes
    ----------
    Z : float64, shape (n, d)
        The term's columns.
    codes : intp, shape (n,)
        Level of each row, ``0 <= codes < n_levels``.
    n_levels : int
        Number of levels.
    """

    Z: NDArray[np.float64]
    codes: NDArray[np.intp]
    n_levels: int

    @property
    def d(self) -> int:
        """Number of columns."""
        return self.Z.shape[1]

    @property
    def q(self) -> int:
        """Number of random effects."""
        return self.d * self.n_levels


@dataclass(frozen=True)
class RegressionArrays:
    """Response, fixed-effects columns and random-effects terms of one model.

    Attributes
    ----------
    y : float64, shape (n,)
        Response, offset not subtracted.
    X : float64, shape (n, p)
        Fixed-effects columns, of full rank; ``p`` may be 0.
    terms : tuple of TermArrays
        At least one.
    weights : float64, shape (n,)
        Prior (precision) weights, not negative.
    offset : float64, shape (n,)
        Known part of the linear predictor.
    """

    y: NDArray[np.float64]
    X: NDArray[np.float64]
    terms: tuple[TermArrays, ...]
    weights: NDArray[np.float64]
    offset: NDArray[np.float64]

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.X.shape[0]

    @property
    def p(self) -> int:
        """Number of fixed-effects columns."""
        return self.X.shape[1]
