"""Weights that divide the dispersion: a distribution whose shape is ``weights / sigma^2``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WeightedShapes:
    """Weights of the rows, and the distinct ones; a row of weight 0 says nothing.

    Attributes
    ----------
    weights : float64, shape (n,)
    informative : float64, shape (n,)
        1 where the weight is positive, else 0.
    distinct : float64, shape (k,)
        The positive weights, each once.
    codes : int, shape (n,)
        Of a row's weight in `distinct`; 0 where it is 0.

    Examples
    --------
    >>> shapes = WeightedShapes.of(np.ones(3), np.array([2.0, 0.0, 2.0]))
    >>> shapes.by_row(np.log(shapes.distinct)).round(3).tolist(), shapes.sum(shapes.distinct)
    ([0.693, 0.0, 0.693], 4.0)
    """

    weights: Array
    informative: Array
    distinct: Array
    codes: NDArray[np.intp]

    @classmethod
    def of(cls, response: Array, weights: Array | None) -> WeightedShapes:
        """Return the weights of a response, 1 if None."""
        values = np.ones_like(response) if weights is None else weights
        seen = values > 0.0
        distinct, inside = np.unique(values[seen], return_inverse=True)
        codes = np.zeros(len(values), dtype=np.intp)
        codes[seen] = inside
        return cls(values, seen.astype(np.float64), distinct if seen.any() else np.ones(1), codes)

    def by_row(self, values: Array) -> Array:
        """Return values of the distinct weights for every row, 0 where the weight is 0."""
        return self.informative * values[self.codes]

    def sum(self, values: Array) -> float:
        """Return the sum of `by_row`."""
        return float(self.by_row(values).sum())


def draw_where_informative(
    draw: Callable[[Array, Array | float], Array],
    mean: Array,
    precision: float,
    weights: ArrayLike | None,
) -> Array:
    """Draw ``draw(mean, shape)`` for ``shape = weights * precision``; the mean at weight 0.

    Examples
    --------
    >>> draw_where_informative(lambda mean, shape: mean + shape, np.ones(2), 3.0, [2.0, 0.0])
    array([7., 1.])
    """
    if weights is None:
        return draw(mean, precision)
    values = np.asarray(weights, dtype=np.float64)
    seen = values > 0.0
    return np.where(seen, draw(mean, precision * np.where(seen, values, 1.0)), mean)
