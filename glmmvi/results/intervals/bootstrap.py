"""Intervals from draws of the parameters: a parametric bootstrap's percentiles."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from glmmvi.errors import ArgumentError, GlmmviWarning
from glmmvi.results.intervals.parameters import tails
from glmmvi.results.tables import ConfidenceIntervals


def bootstrap_intervals(
    draws: ArrayLike, names: Sequence[str], level: float = 0.95
) -> ConfidenceIntervals:
    """Percentile intervals of a bootstrap, as R's ``boot.ci(type = "perc")``.

    The order statistics are interpolated on the normal scale (Davison and Hinkley 1997,
    *Bootstrap Methods and their Application*, equation 5.8), as the R package boot does.

    Parameters
    ----------
    draws : float64, shape (number of draws, number of parameters)
        Draws with a nan (a refit that failed) are left out, parameter by parameter.
    names : sequence of str
        Of the parameters.
    level : float

    Returns
    -------
    ConfidenceIntervals

    Raises
    ------
    ArgumentError
        If the shape does not fit the names, or there are no draws.

    Examples
    --------
    >>> import numpy as np
    >>> print(bootstrap_intervals(np.arange(1.0, 100.0)[:, None], ["x"], level=0.9))
      5 % 95 %
    x   5   95
    """
    values = np.asarray(draws, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(names) or not len(values):
        raise ArgumentError(
            f"draws have shape {values.shape}: one row a draw and one column a name "
            f"({len(names)}) were expected"
        )
    ends = [[order_statistic(column, tail) for column in values.T] for tail in tails(level)]
    return ConfidenceIntervals(tuple(names), np.array(ends[0]), np.array(ends[1]), level)


def order_statistic(draws: ArrayLike, tail: float) -> float:
    """The ``(R + 1) tail``-th of R draws, interpolated on the normal scale.

    Warns
    -----
    GlmmviWarning
        R's ``extreme order statistics used as endpoints``.

    Examples
    --------
    >>> order_statistic([3.0, 1.0, 2.0], 0.25)
    1.0
    """
    ordered = np.sort(np.asarray(draws, dtype=np.float64))
    ordered = ordered[np.isfinite(ordered)]
    R = ordered.size
    if R == 0:
        return float("nan")
    position = (R + 1) * tail
    k = int(np.floor(position + 1e-9))
    if k < 1 or k >= R:
        warnings.warn(
            "extreme order statistics used as endpoints: more simulations are needed",
            GlmmviWarning,
            stacklevel=3,
        )
        return float(ordered[0] if k < 1 else ordered[-1])
    if abs(position - k) < 1e-9:
        return float(ordered[k - 1])
    low, high = ndtri(k / (R + 1)), ndtri((k + 1) / (R + 1))
    share = (ndtri(tail) - low) / (high - low)
    return float(ordered[k - 1] + share * (ordered[k] - ordered[k - 1]))
