"""Log densities of counts at their own mean, exact for counts of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]
_SERIES_FROM = 10.0
_HALF_LOG_2PI = 0.5 * np.log(2.0 * np.pi)


def stirling_remainder(z: ArrayLike) -> Array:
    r"""``gammaln(z)`` less Stirling's formula, elementwise, for ``z > 0``.

    .. math:: \log \Gamma(z) = (z - 1/2) \log z - z + \log(2 \pi) / 2 + \rho(z)

    From 10 on by its series (Abramowitz and Stegun 6.1.41); differences of ``gammaln`` lose all
    digits of it for large ``z``.

    Examples
    --------
    >>> (12.0 * stirling_remainder([10.0, 1e6]) * [10.0, 1e6]).round(6).tolist()
    [0.999668, 1.0]
    """
    z = np.asarray(z, dtype=np.float64)
    small = np.minimum(z, _SERIES_FROM)
    direct = special.gammaln(small) - ((small - 0.5) * np.log(small) - small + _HALF_LOG_2PI)
    inverse = 1.0 / np.maximum(z, _SERIES_FROM)
    square = inverse * inverse
    series = inverse * np.polynomial.polynomial.polyval(
        square, [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156]
    )
    return np.where(z < _SERIES_FROM, direct, series)


def poisson_saturated(counts: Array) -> Array:
    """Poisson log density of counts whose mean is the count, elementwise; 0 for a count of 0.

    Examples
    --------
    >>> poisson_saturated(np.array([0.0, 1.0])).round(6).tolist()
    [0.0, -1.0]
    """
    positive = np.where(counts > 0.0, counts, 1.0)
    saturated = -0.5 * np.log(positive) - _HALF_LOG_2PI - stirling_remainder(positive)
    return np.where(counts > 0.0, saturated, 0.0)


def negative_binomial_saturated(counts: Array, theta: float) -> tuple[Array, Array]:
    """Negative binomial log density of positive counts at their own mean.

    Returns
    -------
    value : float64
        The log density.
    slope : float64
        Its derivative in ``log(theta)``.

    Examples
    --------
    >>> value, slope = negative_binomial_saturated(np.array([1.0]), 1.0)
    >>> float(np.exp(value[0]).round(6))
    0.25
    """
    sums = counts + theta
    value = 0.5 * np.log(theta / (counts * sums)) - _HALF_LOG_2PI
    value += stirling_remainder(sums) - stirling_remainder(counts) - stirling_remainder(theta)
    slope = theta * (special.psi(sums) - special.psi(theta) - np.log1p(counts / theta))
    return value, slope
