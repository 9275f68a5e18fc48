"""Families whose log density is a function of the log mean, under any link of a positive mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glmmvi.model.families.density import ConstantFunction, Density, Kernel
from glmmvi.model.families.link import Link
from glmmvi.model.families.mean_links import PowerLink

Array = NDArray[np.float64]

LogMeanKernel = Callable[[Array, Array, slice], Kernel]
"""``(log_mean (..., rows), dispersion, rows) -> Kernel`` with both derivatives in `log_mean`."""


@dataclass(frozen=True, eq=False)
class _Composed:
    """A kernel in the log mean, seen from the linear predictor of a power link."""

    kernel: LogMeanKernel
    link: PowerLink

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        log_mean, slope, bend = self.link.log_mean(eta)
        inner = self.kernel(log_mean, dispersion, rows)
        assert inner.second is not None
        return Kernel(
            inner.value,
            inner.first * slope,
            inner.second * (slope * slope) + inner.first * bend if second else None,
            inner.dispersion,
        )


@dataclass(frozen=True, eq=False)
class _Direct:
    """A kernel in the log mean under a log link."""

    kernel: LogMeanKernel

    def __call__(self, eta: Array, dispersion: Array, rows: slice, second: bool) -> Kernel:
        return self.kernel(eta, dispersion, rows)


def log_mean_likelihood(
    kernel: LogMeanKernel,
    link: Link,
    start: Array,
    dispersion: Array,
    constant: ConstantFunction,
    *,
    scale: Array | None = None,
    width: float = np.pi,
) -> Density:
    """Bind a kernel in the log mean to a link.

    Parameters
    ----------
    kernel : callable
        ``(log_mean, dispersion, rows) -> Kernel``, both derivatives in the log mean.
    link : Link
        Log, or a power, continued.
    start : float64, shape (n,)
        Starting linear predictor.
    dispersion : float64, shape (k,)
        Starting dispersion.
    constant : callable
        Of `Density`.
    scale : float64, shape (n,), optional
        Multiplies the kernel.
    width : float
        Of the kernel on the log scale.
    """
    composed: _Composed | _Direct
    if isinstance(link, PowerLink):
        composed = _Composed(kernel, link)
        width = 0.5 * max(float(np.median(np.abs(start))), link.floor)
    else:
        composed = _Direct(kernel)
    return Density(
        len(start), composed, start, dispersion, scale=scale, constant=constant, width=width
    )


def continued(
    link: Link, smallest_mean: float, largest_mean: float, *, rational: bool = False
) -> Link:
    """Return a power link continued beyond the means that the data rule out.

    Parameters
    ----------
    link : Link
        Returned as it is where it is not a power, or already continued.
    smallest_mean, largest_mean : float
        Means outside of which, by the data, no fitted mean lies.
    rational : bool
        Which continuation towards a mean of 0; see `mean_links`.

    Examples
    --------
    >>> continued(PowerLink("inverse", -1.0), 0.01, 100.0).floor
    0.01
    """
    if not isinstance(link, PowerLink) or link.floor > 0.0:
        return link
    rises = link.exponent > 0.0
    end = smallest_mean if rises else largest_mean
    return replace(link, floor=float(end ** (1.0 / link.exponent)), rational=rational and rises)


def plausible_means(y: Array) -> tuple[float, float]:
    """Return means outside of which no mean of a positive response lies.

    A fifth of its tenth percentile (a tenth of its minimum, where that is more), and ten times
    its maximum. A lower end nearer to 0 is dearly paid: ``1 / mu`` explodes there, and the
    Gaussian surrogate has to shun that end at the price of a random-effects sd that is too low
    (exponential responses with identity link: -40 % at a lower end of 0.0001 means, -8 % here).

    Parameters
    ----------
    y : float64, shape (n,)
        Positive.

    Examples
    --------
    >>> low, high = plausible_means(np.array([1.0, 2.0, 3.0]))
    >>> round(low, 2), high
    (0.24, 30.0)
    """
    low = max(0.2 * float(np.quantile(y, 0.1)), 0.1 * float(np.min(y)))
    return low, 10.0 * float(np.max(y))
