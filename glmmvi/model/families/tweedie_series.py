r"""The normalising series of the Tweedie density with power between 1 and 2.

.. math:: p(y) = a(y, \phi, p) \exp\Bigl(-\frac1\phi \Bigl(\frac{y \mu^{1-p}}{p - 1}
          + \frac{\mu^{2-p}}{2 - p}\Bigr)\Bigr), \quad
          a = \frac1y \sum_{j \ge 1} \frac{r^j}{j!\, \Gamma(j \alpha)}, \quad
          \alpha = \frac{2 - p}{p - 1}

(Dunn and Smyth 2005). The terms are log-concave in ``j`` with their largest near
``y^(2-p) / (phi (2 - p))``; they are summed twelve sds to each side of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

_TERMS = 1_000_000  # of one pass


class TweedieSeries(NamedTuple):
    """``log a(y, phi, p)`` and its derivatives, shape (n,)."""

    log_a: Array
    by_log_phi: Array
    by_power: Array


def tweedie_series(y: Array, phi: float, power: float) -> TweedieSeries:
    """Evaluate the series.

    Parameters
    ----------
    y : float64, shape (n,)
        Positive.
    phi, power : float
        Dispersion, positive; power, strictly between 1 and 2.

    Returns
    -------
    TweedieSeries

    Examples
    --------
    >>> series = tweedie_series(np.array([1.0]), 1.0, 1.5)
    >>> series.log_a.round(6).tolist()
    [2.971385]
    """
    alpha = (2.0 - power) / (power - 1.0)
    alpha_slope = -1.0 / (power - 1.0) ** 2
    base = np.log(y) - np.log(power - 1.0) - np.log(phi)
    log_r = alpha * base - np.log(phi) - np.log(2.0 - power)
    log_r_slope = alpha_slope * base - alpha / (power - 1.0) + 1.0 / (2.0 - power)
    peak = y ** (2.0 - power) / (phi * (2.0 - power))
    reach = 12.0 * np.sqrt(peak * (power - 1.0)) + 30.0
    first = np.maximum(1.0, np.floor(peak - reach))
    counts = (np.ceil(peak + reach) - first + 1.0).astype(np.int64)
    results = np.empty((3, len(y)))
    ends = np.cumsum(counts)
    start = 0
    while start < len(y):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _TERMS)))
        rows = slice(start, stop)
        results[:, rows] = _sums(first[rows], counts[rows], log_r[rows], alpha)
        start = stop
    log_sum, mean, mean_digamma = results
    return TweedieSeries(
        log_sum - np.log(y),
        -(1.0 + alpha) * mean,
        log_r_slope * mean - alpha_slope * mean_digamma,
    )


def _sums(first: Array, counts: NDArray[np.int64], log_r: Array, alpha: float) -> Array:
    """Log of the sum, mean of ``j`` and mean of ``j digamma(j alpha)`` under the terms."""
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    offsets = np.arange(int(counts.sum())) - np.repeat(starts, counts)
    j = np.repeat(first, counts) + offsets
    terms = j * np.repeat(log_r, counts) - special.gammaln(j + 1.0) - special.gammaln(j * alpha)
    largest = np.maximum.reduceat(terms, starts)
    shares = np.exp(terms - np.repeat(largest, counts))
    total = np.add.reduceat(shares, starts)
    weighted = shares * j
    return np.array(
        [
            largest + np.log(total),
            np.add.reduceat(weighted, starts) / total,
            np.add.reduceat(weighted * special.psi(j * alpha), starts) / total,
        ]
    )
