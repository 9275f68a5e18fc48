"""Checks of a response, with R's sentences, and small numerical pieces of several families."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glmmvi.errors import DataError, GlmmviWarning

Array = NDArray[np.float64]


def response_and_weights(y: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array | None]:
    """Return both as float64 vectors of one length; weights that are all 1 as None.

    Raises
    ------
    DataError
        If a weight is negative or missing, or the lengths differ.

    Examples
    --------
    >>> response_and_weights([1, 2], [1, 1])
    (array([1., 2.]), None)
    """
    response = np.ascontiguousarray(y, dtype=np.float64)
    if weights is None:
        return response, None
    values = np.ascontiguousarray(weights, dtype=np.float64)
    if values.shape != response.shape:
        raise DataError(
            f"weights have shape {values.shape}, the response {response.shape}: give one weight "
            "a row."
        )
    if not (values >= 0.0).all():
        row = int(np.flatnonzero(~(values >= 0.0))[0])
        raise DataError(f"negative weights not allowed (row {row} of the rows used: {values[row]})")
    return response, None if (values == 1.0).all() else values


def require(condition: NDArray[np.bool_], sentence: str, y: Array) -> None:
    """Raise a `DataError` with R's sentence and the first row where `condition` fails."""
    if not condition.all():
        row = int(np.flatnonzero(~condition)[0])
        raise DataError(f"{sentence} (row {row} of the rows used: {y[row]:.7g})")


def warn_non_integer(y: Array) -> None:
    """Warn about counts that are not whole numbers, as R's ``dpois``, once."""
    odd = np.flatnonzero(np.abs(y - np.round(y)) > 1e-7 * np.maximum(1.0, np.abs(y)))
    if len(odd):
        more = "" if len(odd) == 1 else f" (and {len(odd) - 1} more rows)"
        warnings.warn(f"non-integer x = {y[odd[0]]:f}{more}", GlmmviWarning, stacklevel=4)


def times(weights: Array | None, values: Array | float) -> Array | float:
    """Return ``weights * values``, with None for weights that are all 1."""
    return values if weights is None else weights * values


def total(weights: Array | None, values: Array) -> float:
    """Return ``sum(weights * values)``, with None for weights that are all 1."""
    return float(values.sum() if weights is None else values @ weights)


def average(y: Array, weights: Array | None) -> float:
    """Return the weighted mean."""
    if weights is None or weights.sum() == 0.0:
        return float(y.mean())
    return float(np.average(y, weights=weights))


def y_log_y_over_mu(y: Array, mu: Array) -> Array:
    """Return ``y log(y / mu)``, 0 where ``y = 0``."""
    return np.where(y > 0.0, y * np.log(np.where(y > 0.0, y, 1.0) / mu), 0.0)
