"""The trend of one quantity over another, as means of bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]


def binned_trend(x: Vector, y: Vector, bins: int = 10) -> tuple[Vector, Vector]:
    """Mean of `x` and of `y` in bins of (nearly) equal count along `x`.

    Parameters
    ----------
    x, y : float64, shape (n,)
    bins : int
        At most; fewer where that would leave under three points a bin.

    Returns
    -------
    x, y : float64, shape (k,)

    Examples
    --------
    >>> x = np.arange(6.0)
    >>> at, mean = binned_trend(x, x**2, bins=2)
    >>> at.tolist(), mean.round(2).tolist()
    ([1.0, 4.0], [1.67, 16.67])
    """
    order = np.argsort(x, kind="stable")
    parts = np.array_split(order, max(1, min(bins, len(x) // 3)))
    return (
        np.array([x[part].mean() for part in parts]),
        np.array([y[part].mean() for part in parts]),
    )
